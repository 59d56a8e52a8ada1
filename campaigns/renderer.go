package campaigns

import (
	"context"
	"fmt"
	"maps"
	"net/url"
	"strings"
	"sync"

	"kaveri/crm"
)

// UnsubscribePath is where the public link to unsubscribe lies, below the public
// address; a token of [crm.TokenUnsubscribe] for the dispatch follows it.
const UnsubscribePath = crm.PathUnsubscribe

// RendererOptions are what a renderer knows besides mailing and recipient.
type RendererOptions struct {
	Keys      crm.Keyring
	PublicURL string // such as https://mail.firm.example; "": mails bear no link to unsubscribe
	Language  string // of recipients of whom none is known
	// Surveys finds a survey by its name, 0 when there is none; nil: there are none.
	Surveys func(name string) crm.SurveyID
}

// Renderer makes the mails of mailings with merge tags. It satisfies
// outbound.Renderer, and any number of goroutines may use it.
type Renderer struct {
	options RendererOptions
	base    string // of the link to unsubscribe
	secure  bool   // it is https
	buffers sync.Pool

	mu      sync.Mutex
	letters map[crm.MailingID]*letter
}

// letter is a mailing's template, compiled with its footers.
type letter struct {
	template crm.Template
	texts    Texts
	surveys  map[string]crm.SurveyID // by the field that names one
}

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
	r.base, r.secure = strings.TrimRight(o.PublicURL, "/")+UnsubscribePath, u.Scheme == "https"
	return r, nil
}

// Render makes the mail of a dispatch. What is wrong with the recipient's data
// is an error of kind [crm.KindInvalid], see [ValueErrors]. A mailing whose text
// does not compile, or that a colleague wrote by hand, is an error of another
// kind: no recipient is at fault.
func (r *Renderer) Render(_ context.Context, m *crm.Mailing, d *crm.Dispatch) (*crm.Draft, error) {
	l, err := r.letter(m)
	if err != nil {
		return nil, err
	}
	data := Data{Fields: r.withSurveys(l, d), Name: d.Name, Email: string(d.Address), Unsubscribe: r.link(m, d), Language: r.languageOf(d)}
	out := &crm.Draft{From: m.From, To: []crm.Party{{Name: d.Name, Address: d.Address}}, Bulk: m.Kind.Bulk(), ListID: listID(m), FeedbackID: feedbackID(m)}
	if m.ReplyTo.Address != "" {
		out.ReplyTo = []crm.Party{m.ReplyTo}
	}
	if r.secure { // RFC 8058 §3.1 asks for https
		out.Unsubscribe = data.Unsubscribe
	}
	return out, r.fill(out, &l.texts, &data)
}

// fill renders the texts. All errors are told together, each field once.
func (r *Renderer) fill(out *crm.Draft, t *Texts, data *Data) error {
	buffer := r.buffers.Get().(*[]byte)
	defer r.buffers.Put(buffer)
	var all ValueErrors
	for _, part := range []struct {
		text *Text
		to   *string
	}{{t.Subject, &out.Subject}, {t.Plain, &out.Text}, {t.HTML, &out.HTML}} {
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
	if l := r.letters[m.ID]; l != nil && l.template == m.Template {
		return l, nil
	}
	if m.Kind == crm.MailingDirect {
		return nil, fmt.Errorf("mailing %d was written by hand and has no merge tags", m.ID)
	}
	t := m.Template
	if r.base != "" && m.Kind.Bulk() {
		t = withFooter(t)
	}
	texts, err := CompileTemplate(t)
	if err != nil {
		// Not the kind of err: that would be the recipient's fault.
		return nil, fmt.Errorf("the text of mailing %d does not compile: %s", m.ID, err.Error())
	}
	if len(r.letters) >= maxLetters {
		clear(r.letters)
	}
	l := &letter{template: m.Template, texts: texts, surveys: r.surveysOf(&texts)}
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
	if !ok || r.base == "" || r.options.Surveys == nil {
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
	links := crm.PublicLinks{Base: strings.TrimSuffix(r.base, UnsubscribePath), Keys: r.options.Keys}
	for field, id := range l.surveys {
		fields[field] = links.Survey(d.ID, id)
	}
	return fields
}

// link gives the address under which this recipient can unsubscribe.
func (r *Renderer) link(m *crm.Mailing, d *crm.Dispatch) string {
	if r.base == "" || !m.Kind.Bulk() {
		return ""
	}
	return r.base + r.options.Keys.Make(crm.TokenUnsubscribe, int64(d.ID))
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

// listID is the mailing's own, or one of the From domain (RFC 2919 §2): filters
// of recipients hang on it, so it does not change from mailing to mailing.
func listID(m *crm.Mailing) string {
	switch {
	case !m.Kind.Bulk():
		return ""
	case m.ListID != "":
		return m.ListID
	}
	return "mailings." + m.From.Address.Domain()
}

// feedbackID names the mailing in the complaint reports of large providers: up
// to three parts of our choice and the sender, which stays the same.
func feedbackID(m *crm.Mailing) string {
	if !m.Kind.Bulk() {
		return ""
	}
	return fmt.Sprintf("%d:%s:%s:kaveri", m.ID, m.Kind, m.From.Address.Domain())
}
