package campaigns

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
	"sync"

	"kaveri/crm"
)

// RendererOptions are what a renderer knows besides mailing and recipient.
type RendererOptions struct {
	Keys      crm.Keyring
	PublicURL string // such as https://mail.firm.example; "": mails bear no link of ours
	Language  string // of recipients of whom none is known
	// Surveys finds a survey by its name, 0 when there is none; nil: there are none.
	Surveys func(name string) crm.SurveyID
}

// Renderer makes the mails of mailings with merge tags. It satisfies
// outbound.Renderer, and any number of goroutines may use it.
type Renderer struct {
	options RendererOptions
	links   crm.PublicLinks
	secure  bool // they are https
	buffers sync.Pool

	mu      sync.Mutex
	letters map[crm.MailingID]*letter
}

// letter is a mailing's template, compiled with its footers and links.
type letter struct {
	template crm.Template
	links    []string // of the mailing
	texts    Texts
	surveys  map[string]crm.SurveyID // by the field that names one
	unlinked *Text                   // the HTML with its links as they were written; nil unless a text is made of it
	names    [2]bool
}

// What letter.names tells: whether a text names the link.
const (
	namesPreferences = iota
	namesCopy
)

// maxLetters bounds the cache: more mailings than run at a time.
const maxLetters = 64

// NewRenderer gives a renderer. A public address that is none is an error of
// kind [crm.KindInvalid].
func NewRenderer(o RendererOptions) (*Renderer, error) {
	r := &Renderer{options: o, letters: map[crm.MailingID]*letter{}}
	r.buffers.New = func() any { return new([]byte) }
	if o.PublicURL == "" {
		return r, nil
	}
	u, err := url.Parse(o.PublicURL)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" || u.RawQuery != "" || u.Fragment != "" {
		return nil, crm.Invalid("url", "%q is not the address of your public pages; write it like https://mail.firm.example", o.PublicURL)
	}
	r.links, r.secure = crm.PublicLinks{Base: strings.TrimRight(o.PublicURL, "/"), Keys: o.Keys}, u.Scheme == "https"
	return r, nil
}

// Render makes the mail of a dispatch. What is wrong with the recipient's data
// is an error of kind [crm.KindInvalid], see [ValueErrors]. A mailing whose text
// does not compile, or that a colleague wrote by hand, is an error of another
// kind: no recipient is at fault.
func (r *Renderer) Render(_ context.Context, m *crm.Mailing, d *crm.Dispatch) (*crm.Draft, error) {
	return r.render(m, d, false)
}

// Copy makes the mail of a dispatch for a browser: the same without what the
// mail hides. Whoever looks at the copy is counted by that.
func (r *Renderer) Copy(_ context.Context, m *crm.Mailing, d *crm.Dispatch) (*crm.Draft, error) {
	return r.render(m, d, true)
}

func (r *Renderer) render(m *crm.Mailing, d *crm.Dispatch, bare bool) (*crm.Draft, error) {
	l, err := r.letter(m)
	if err != nil {
		return nil, err
	}
	data := Data{Fields: r.withSurveys(l, d), Name: d.Name, Email: string(d.Address), Language: r.languageOf(d)}
	r.link(&data, l, m, d, bare)
	out := &crm.Draft{From: m.From, To: []crm.Party{{Name: d.Name, Address: d.Address}}, Bulk: m.Kind.Bulk(), ListID: listID(m), FeedbackID: feedbackID(m)}
	if m.ReplyTo.Address != "" {
		out.ReplyTo = []crm.Party{m.ReplyTo}
	}
	if r.secure { // RFC 8058 §3.1 asks for https
		out.Unsubscribe = data.Unsubscribe
	}
	return out, r.fill(out, l, &data)
}

// fill renders the texts. All errors are told together, each field once.
func (r *Renderer) fill(out *crm.Draft, l *letter, data *Data) error {
	t := &l.texts
	buffer := r.buffers.Get().(*[]byte)
	defer r.buffers.Put(buffer)
	var all ValueErrors
	for _, part := range []struct {
		text *Text
		to   *string
	}{{t.Subject, &out.Subject}, {t.Plain, &out.Text}, {t.HTML, &out.HTML}, {l.unlinked, &out.Plain}} {
		if part.text == nil {
			continue
		}
		b, err := part.text.Render((*buffer)[:0], data)
		if wrong, ok := err.(ValueErrors); ok {
			all = all.with(wrong)
			continue
		}
		*part.to, *buffer = string(b), b
	}
	if len(all) > 0 {
		return all
	}
	return nil
}

// with adds errors that are not among es yet.
func (es ValueErrors) with(more ValueErrors) ValueErrors {
next:
	for _, e := range more {
		for _, known := range es {
			if known.Field == e.Field && known.Problem == e.Problem {
				continue next
			}
		}
		es = append(es, e)
	}
	return es
}

// letter gives a mailing's compiled texts, and compiles them when they are not
// those that it had.
func (r *Renderer) letter(m *crm.Mailing) (*letter, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if l := r.letters[m.ID]; l != nil && l.template == m.Template && slices.Equal(l.links, m.Links) {
		return l, nil
	}
	if m.Kind == crm.MailingDirect {
		return nil, fmt.Errorf("mailing %d was written by hand and has no merge tags", m.ID)
	}
	l, err := r.compile(m)
	if err != nil {
		// Not the kind of err: that would be the recipient's fault.
		return nil, fmt.Errorf("the text of mailing %d does not compile: %s", m.ID, err.Error())
	}
	if len(r.letters) >= maxLetters {
		clear(r.letters)
	}
	r.letters[m.ID] = l
	return l, nil
}

// surveysOf finds the surveys that a letter names, by their fields.
func (r *Renderer) surveysOf(t *Texts) map[string]crm.SurveyID {
	out := map[string]crm.SurveyID{}
	for _, f := range t.Fields() {
		if id := r.Survey(f.Name); id != 0 {
			out[f.Name] = id
		}
	}
	return out
}

// Survey gives the survey that a field names ({{ survey_after_visit }}), 0 when it
// names none or mails bear no links.
func (r *Renderer) Survey(field string) crm.SurveyID {
	name, ok := strings.CutPrefix(field, crm.SurveyTag)
	if !ok || r.links.Base == "" || r.options.Surveys == nil {
		return 0
	}
	return r.options.Surveys(strings.ReplaceAll(name, "_", "-"))
}

// withSurveys gives the recipient's fields, with the pages of the surveys that the
// letter names.
func (r *Renderer) withSurveys(l *letter, d *crm.Dispatch) map[string]string {
	if len(l.surveys) == 0 {
		return d.Fields
	}
	fields := make(map[string]string, len(d.Fields)+len(l.surveys))
	maps.Copy(fields, d.Fields)
	for field, id := range l.surveys {
		fields[field] = r.links.Survey(d.ID, id)
	}
	return fields
}

// compile makes a letter: the footers, the links whose clicks are counted, and
// the place for what nobody sees.
func (r *Renderer) compile(m *crm.Mailing) (*letter, error) {
	t := m.Template
	linked := r.links.Base != "" && m.Kind.Bulk()
	if linked {
		t = withFooter(t)
	}
	texts, err := CompileTemplate(t)
	if err != nil {
		return nil, err
	}
	l := &letter{template: m.Template, links: slices.Clone(m.Links), texts: texts, surveys: r.surveysOf(&texts)}
	texts.each(func(t *Text) {
		l.names[namesPreferences] = l.names[namesPreferences] || t.Names(fieldPreferences)
		l.names[namesCopy] = l.names[namesCopy] || t.Names(fieldCopy)
	})
	if linked && texts.HTML != nil && (len(m.Links) > 0 || m.Opens) {
		err = l.count(t.HTML)
	}
	return l, err
}

// count compiles the HTML of a letter for counting. The plain text keeps its
// links as they are: there the address is what people read.
func (l *letter) count(html string) (err error) {
	how := linking{numbers: map[string]crm.LinkNumber{}, hidden: l.texts.HTML.bodyEnd}
	for i, url := range l.links {
		how.numbers[url] = crm.LinkNumber(i + 1)
	}
	if l.texts.Plain == nil && len(l.links) > 0 {
		l.unlinked = l.texts.HTML
	}
	if l.texts.HTML, err = compileLinked(html, HTML, 1, 1, how); err == nil && how.hidden == 0 {
		l.texts.HTML.nodes = append(l.texts.HTML.nodes, node{hidden: true})
	}
	return err
}

// link gives the texts of a mail their links of ours.
func (r *Renderer) link(data *Data, l *letter, m *crm.Mailing, d *crm.Dispatch, bare bool) {
	if r.links.Base == "" || !m.Kind.Bulk() {
		return
	}
	data.Unsubscribe = r.links.Unsubscribe(d.ID)
	if l.names[namesPreferences] {
		data.Preferences = r.links.Preferences(d.ID)
	}
	if l.names[namesCopy] {
		data.Copy = r.links.Copy(d.ID)
	}
	data.links = mailLinks{PublicLinks: r.links, dispatch: d.ID, trap: len(l.links) > 0 && !bare, picture: m.Opens && !bare}
}

// languageOf gives the language to write to somebody in, by its two letters.
func (r *Renderer) languageOf(d *crm.Dispatch) string {
	code, _, _ := strings.Cut(strings.ToLower(d.Fields[fieldLanguage]), "-")
	if code == "" {
		return r.options.Language
	}
	if short, ok := languageNames[code]; ok {
		return short
	}
	return code
}

// languageNames are what files call languages.
var languageNames = map[string]string{"english": "en", "englanti": "en", "suomi": "fi", "finnish": "fi", "finska": "fi", "svenska": "sv", "ruotsi": "sv", "swedish": "sv",
	"deutsch": "de", "saksa": "de", "german": "de"}

// listID is the mailing's own, or one of its topic and From domain (RFC 2919 §2):
// filters of recipients hang on it, so it does not change from mailing to
// mailing.
func listID(m *crm.Mailing) string {
	switch {
	case !m.Kind.Bulk():
		return ""
	case m.ListID != "":
		return m.ListID
	}
	return cmp.Or(m.Topic, "mailings") + "." + m.From.Address.Domain()
}

// feedbackID names the mailing in the complaint reports of large providers: up
// to three parts of our choice and the sender, which stays the same.
func feedbackID(m *crm.Mailing) string {
	if !m.Kind.Bulk() {
		return ""
	}
	return fmt.Sprintf("%d:%s:%s:kaveri", m.ID, m.Kind, m.From.Address.Domain())
}
