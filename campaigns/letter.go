package campaigns

import (
	"mime"
	"regexp"
	"slices"
	"strings"

	"kaveri/crm"
	"kaveri/crm/sheet"
)

// Letter is a template file: what one mailing says to everybody.
type Letter struct {
	Template crm.Template
	From     crm.Party
	ReplyTo  crm.Party // zero: answers go to From
	ListID   string    // RFC 2919, without angle brackets; "" none
	Charset  string    // of the file, as guessed
	Texts    Texts
}

// Texts are the compiled texts of a mail; Plain or HTML may be nil.
type Texts struct{ Subject, Plain, HTML *Text }

// each calls f for every text there is.
func (t *Texts) each(f func(*Text)) {
	for _, text := range []*Text{t.Subject, t.Plain, t.HTML} {
		if text != nil {
			f(text)
		}
	}
}

// Fields gives the fields of all texts, each once.
func (t *Texts) Fields() []Field { return t.merge((*Text).Fields) }

// MissingFallbacks gives what a recipient must have for all texts.
func (t *Texts) MissingFallbacks() []Field { return t.merge((*Text).MissingFallbacks) }

func (t *Texts) merge(of func(*Text) []Field) []Field {
	var out []Field
	t.each(func(text *Text) {
		for _, f := range of(text) {
			i := slices.IndexFunc(out, func(g Field) bool { return g.Name == f.Name })
			switch {
			case i < 0:
				out = append(out, f)
			case f.Required && !out[i].Required:
				out[i] = f
			}
		}
	})
	return out
}

// CompileTemplate compiles the texts of a mailing.
func CompileTemplate(t crm.Template) (Texts, error) {
	var out Texts
	var errs SyntaxErrors
	compile := func(to **Text, text string, as Context, line, col int) {
		if text != "" || as == Subject {
			var wrong SyntaxErrors
			*to, wrong = compiled(text, as, line, col)
			errs = append(errs, wrong...)
		}
	}
	compile(&out.Subject, t.Subject, Subject, 1, 1)
	compile(&out.Plain, t.Text, Plain, 1, 1)
	compile(&out.HTML, t.HTML, HTML, 1, 1)
	if len(errs) > 0 {
		return Texts{}, errs
	}
	return out, nil
}

// compiled is compileAt with the error as what it is.
func compiled(text string, as Context, line, col int) (*Text, SyntaxErrors) {
	t, err := compileAt(text, as, line, col)
	if err != nil {
		return nil, err.(SyntaxErrors)
	}
	return t, nil
}

// part is a stretch of lines of a template file.
type part struct {
	text string
	line int // of its first byte
	col  int
}

// letterReader reads a template file and notes all that is wrong with it.
type letterReader struct {
	lines   []string
	fields  map[string]part // of the head, by lower-case name
	plain   part
	html    part
	errs    SyntaxErrors
	headEnd int // index of the empty line
}

// headFields are the fields that a template's head may have.
var headFields = map[string]string{"subject": "Subject", "from": "From", "reply-to": "Reply-To", "list-id": "List-Id", "content-type": "Content-Type",
	"mime-version": "MIME-Version", "content-transfer-encoding": "Content-Transfer-Encoding"}

// ReadLetter reads a template file: a head like that of a mail (RFC 5322 §2.2),
// an empty line, and the body. docs/cli.md describes the form. Its error is
// [SyntaxErrors], all that was found, or of kind [crm.KindInvalid] when the file
// is no text.
func ReadLetter(data []byte) (*Letter, error) {
	text, charset, err := sheet.Decode(data)
	if err != nil {
		return nil, crm.Invalid("template", "this is not a text file; write the letter as plain text or HTML")
	}
	text = strings.ReplaceAll(strings.ReplaceAll(text, "\r\n", "\n"), "\r", "\n")
	r := &letterReader{lines: strings.Split(text, "\n"), fields: map[string]part{}}
	r.head()
	r.body()
	l := &Letter{Charset: charset}
	r.people(l)
	r.texts(l)
	if len(r.errs) > 0 {
		slices.SortStableFunc(r.errs, func(a, b *SyntaxError) int { return a.Line - b.Line })
		return nil, r.errs
	}
	return l, nil
}

func (r *letterReader) fail(line, col int, text string) {
	source := ""
	if line <= len(r.lines) {
		source = r.lines[line-1]
	}
	r.errs = append(r.errs, &SyntaxError{Line: line, Col: col, Text: text, Source: source})
}

// head reads the fields up to the empty line.
func (r *letterReader) head() {
	last := ""
	for i, line := range r.lines {
		if r.headEnd = i; strings.TrimSpace(line) == "" {
			return
		}
		if line[0] == ' ' || line[0] == '\t' {
			if p, ok := r.fields[last]; ok {
				p.text += "\n" + line
				r.fields[last] = p
			}
			continue
		}
		name, value, ok := strings.Cut(line, ":")
		key := strings.ToLower(strings.TrimSpace(name))
		switch {
		case !ok || strings.Contains(name, "{{"):
			r.fail(i+1, 1, "a line of the head is Field: value; an empty line ends the head")
		case headFields[key] == "":
			r.fail(i+1, 1, "the head of a template has Subject, From, Reply-To, List-Id and Content-Type; "+strings.TrimSpace(name)+" is none of them")
		case r.fields[key].line > 0:
			r.fail(i+1, 1, "there are two fields "+headFields[key])
		default:
			blanks := len(value) - len(strings.TrimLeft(value, " \t"))
			r.fields[key] = part{value[blanks:], i + 1, len([]rune(name)) + 2 + blanks}
		}
		last = key
	}
	r.headEnd = len(r.lines)
}

// partLine begins a part of the body.
var partLine = regexp.MustCompile(`(?i)^-{3,}[ \t]*(html|text)[ \t]*-{3,}[ \t]*$`)

// body finds the parts.
func (r *letterReader) body() {
	p := part{line: r.headEnd + 2, col: 1}
	begin := min(r.headEnd+1, len(r.lines))
	html := r.bodyIsHTML(begin)
	for i := begin; i <= len(r.lines); i++ {
		var m []string
		if i < len(r.lines) {
			if m = partLine.FindStringSubmatch(r.lines[i]); m == nil {
				continue
			}
		}
		p.text = strings.TrimRight(strings.Join(r.lines[begin:i], "\n"), " \t\n")
		r.take(p, html)
		if m != nil {
			html, begin, p = strings.EqualFold(m[1], "html"), i+1, part{line: i + 2, col: 1}
		}
	}
}

// take keeps a part of the body; an empty one is none.
func (r *letterReader) take(p part, html bool) {
	to := &r.plain
	if html {
		to = &r.html
	}
	switch {
	case strings.TrimSpace(p.text) == "":
	case to.line > 0:
		r.fail(p.line-1, 1, "the body has this part already")
	default:
		p.text += "\n"
		*to = p
	}
}

// bodyIsHTML says what the body begins with.
func (r *letterReader) bodyIsHTML(begin int) bool {
	if p, ok := r.fields["content-type"]; ok {
		kind, _, err := mime.ParseMediaType(strings.ReplaceAll(p.text, "\n", ""))
		if err != nil || kind != "text/html" && kind != "text/plain" {
			r.fail(p.line, p.col, "the Content-Type of a template is text/plain or text/html; a line --- html --- begins an HTML part")
		}
		return kind == "text/html"
	}
	for _, line := range r.lines[begin:] {
		if line = strings.ToLower(strings.TrimSpace(line)); line != "" {
			return strings.HasPrefix(line, "<!doctype html") || strings.HasPrefix(line, "<html")
		}
	}
	return false
}

// people reads From, Reply-To and List-Id.
func (r *letterReader) people(l *Letter) {
	l.From = r.party("from")
	l.ReplyTo = r.party("reply-to")
	p := r.fields["list-id"]
	id := strings.TrimSpace(p.text)
	if open := strings.LastIndexByte(id, '<'); open >= 0 {
		id = strings.TrimSuffix(id[open+1:], ">")
	}
	// RFC 2919 §2: a dot-atom, like a domain.
	if p.line > 0 && (!strings.Contains(id, ".") || strings.ContainsAny(id, " \t\r\n<>@{}:;,\"")) {
		r.fail(p.line, p.col, "a List-Id is like a domain: news.firm.example")
	}
	l.ListID = id
}

// party reads a field with one address, and a name or not.
func (r *letterReader) party(field string) crm.Party {
	p, ok := r.fields[field]
	if !ok {
		if field == "from" {
			r.fail(1, 1, "the head has no From: write From: Name <name@your.domain>")
		}
		return crm.Party{}
	}
	value := strings.Join(strings.Fields(p.text), " ")
	if strings.Contains(value, "{{") {
		r.fail(p.line, p.col, headFields[field]+" is the same for everybody and has no tags")
		return crm.Party{}
	}
	name, address := "", value
	if open := strings.LastIndexByte(value, '<'); open >= 0 {
		name, address = strings.TrimSpace(value[:open]), value[open:]
		if n := len(name); n >= 2 && name[0] == '"' && name[n-1] == '"' {
			name = strings.ReplaceAll(name[1:n-1], `\"`, `"`)
		}
		if decoded, err := new(mime.WordDecoder).DecodeHeader(name); err == nil {
			name = decoded
		}
	}
	_, a, err := deliverable(strings.TrimSpace(address))
	switch {
	case err != nil:
		r.fail(p.line, p.col, headFields[field]+": "+err.Error())
	case strings.ContainsFunc(name, control):
		r.fail(p.line, p.col, headFields[field]+": the name has a control character")
	}
	return crm.Party{Name: name, Address: a, Written: string(a)}
}

// texts compiles subject and parts, each at its place in the file.
func (r *letterReader) texts(l *Letter) {
	compile := func(p part, as Context) *Text {
		t, errs := compiled(p.text, as, p.line, p.col)
		for _, e := range errs {
			e.Source = r.lines[min(e.Line, len(r.lines))-1]
		}
		r.errs = append(r.errs, errs...)
		return t
	}
	subject, ok := r.fields["subject"]
	switch {
	case !ok:
		r.fail(1, 1, "the head has no Subject")
	case strings.TrimSpace(subject.text) == "":
		r.fail(subject.line, subject.col, "the Subject is empty")
	default:
		subject.text = strings.TrimRight(subject.text, " \t")
		l.Texts.Subject = compile(subject, Subject)
	}
	if r.plain.line == 0 && r.html.line == 0 {
		r.fail(max(1, min(r.headEnd+1, len(r.lines))), 1, "there is no text: an empty line ends the head, and the body follows")
	}
	if r.plain.line > 0 {
		l.Texts.Plain = compile(r.plain, Plain)
	}
	if r.html.line > 0 {
		l.Texts.HTML = compile(r.html, HTML)
	}
	l.Template = crm.Template{Subject: oneLine(subject.text), Text: r.plain.text, HTML: r.html.text}
}

// LinksOut reports whether every part has a link to unsubscribe of its own.
func (l *Letter) LinksOut() bool {
	for _, t := range []*Text{l.Texts.Plain, l.Texts.HTML} {
		if t != nil && !t.Names(fieldUnsubscribe) {
			return false
		}
	}
	return true
}
