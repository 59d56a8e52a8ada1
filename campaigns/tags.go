package campaigns

import "strings"

// Context is where a text will stand in the mail. It says how data is escaped.
type Context int

// The contexts.
const (
	Subject Context = iota // a header field: one line
	Plain                  // the plain text part
	HTML                   // the HTML part; each tag is escaped for the place it stands in
)

// The caps of a text. They are far above any mail that people want to read.
const (
	maxSource  = 2 << 20 // bytes of a text before it is rendered
	maxNesting = 20      // blocks within blocks, parentheses within parentheses
	maxItems   = 100     // rounds of one for
	fewItems   = 20      // rounds of a for without a limit
	maxRounds  = 1000    // rounds of all for of one rendering together
	maxLine    = 900     // bytes of a rendered subject; RFC 5322 §2.1.1 allows 998 in a line
	maxOutput  = 4 << 20 // bytes of a rendered part
)

// Text is a compiled text with merge tags. It is immutable: any number of
// goroutines may render it.
type Text struct {
	context Context
	nodes   []node
	names   []string // of the fields it reads, by slot
	fields  []Field
	links   []Link
	bodyEnd int // offset of the last </body of the source, 0 none
	size    int // bytes of the source, from which the size of a rendering is guessed
}

// Field is a field that a text names.
type Field struct {
	Name string
	Line int // of its first use; when it is required, of the first use without a fallback
	Col  int // in characters, from 1
	// Required: somewhere it is printed without a fallback, and not only where
	// an if says that it has a value. A recipient without it gets no mail.
	Required bool
}

// Data is what one recipient's texts may name, and all they may name.
type Data struct {
	Fields      map[string]string              // by [FieldName]
	Lists       map[string][]map[string]string // for "for"; an item's own value has the name ""
	Name        string                         // of the recipient: "name", when Fields has none
	Email       string                         // "email"
	Unsubscribe string                         // "unsubscribe_url"
	Preferences string                         // "preferences_url"
	Copy        string                         // "copy_url"
	Language    string                         // "language", and that of dates and numbers: en, fi, sv, de

	links mailLinks // of the mail, where clicks are counted
}

// The fields that every recipient has, whatever the audience's columns are.
const (
	fieldName        = "name"
	fieldEmail       = "email"
	fieldUnsubscribe = "unsubscribe_url"
	fieldPreferences = "preferences_url"
	fieldCopy        = "copy_url"
	fieldLanguage    = "language"
)

// Compile reads a text. Its error is [SyntaxErrors], all that was found, each
// with line and column, counted from 1.
func Compile(text string, as Context) (*Text, error) { return compileAt(text, as, 1, 1) }

// Fields gives the fields that the text names, in the order of their first use.
func (t *Text) Fields() []Field { return t.fields }

// MissingFallbacks gives the fields that a recipient must have: printed without
// a fallback where nothing says that they have a value. An item of a list is
// named like products.price.
func (t *Text) MissingFallbacks() []Field {
	var out []Field
	for _, f := range t.fields {
		if f.Required {
			out = append(out, f)
		}
	}
	return out
}

// Names reports whether the text names a field.
func (t *Text) Names(field string) bool {
	for _, n := range t.names {
		if n == field {
			return true
		}
	}
	return false
}

// Render appends the text for one recipient to dst. Its error is
// [ValueErrors], every field that cannot be used; dst is then of no use.
func (t *Text) Render(dst []byte, d *Data) ([]byte, error) {
	r := rendering{text: t, data: d, out: dst, start: len(dst), rounds: maxRounds}
	r.run()
	if len(r.errs) > 0 {
		return dst, r.errs
	}
	return r.out, nil
}

// Outline gives the text for nobody: with its fallbacks, and dots where a
// recipient's own value would stand. A mailing is named by that of its subject.
func (t *Text) Outline() string {
	r := rendering{text: t, data: &Data{}, rounds: maxRounds, outline: true}
	r.run()
	return strings.Join(strings.Fields(string(r.out)), " ")
}

// value gives a field of the recipient, "" when there is none.
func (d *Data) value(name string) string {
	switch name {
	case fieldEmail:
		return d.Email
	case fieldUnsubscribe:
		return d.Unsubscribe
	case fieldPreferences:
		return d.Preferences
	case fieldCopy:
		return d.Copy
	case fieldLanguage:
		return d.Language
	case fieldName:
		if v := d.Fields[name]; v != "" {
			return v
		}
		return d.Name
	}
	return d.Fields[name]
}

// always reports a field that needs no fallback, since we give it.
func always(name string) bool {
	return name == fieldEmail || name == fieldLanguage || OwnLink(name)
}

// OwnLink reports a field that holds a link of ours. It has a value where a
// public address is known.
func OwnLink(name string) bool {
	return name == fieldUnsubscribe || name == fieldPreferences || name == fieldCopy
}
