package main

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

	"kaveri/campaigns"
	"kaveri/crm"
)

// maxTemplate bounds a template file, in bytes.
const maxTemplate = 8 << 20

func (p *program) templateCommand() *cobra.Command {
	check := p.reads(&cobra.Command{
		Use: "check FILE", Short: "Say which fields a template uses, which have no fallback, and what is wrong with it, without a database",
		Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error { return p.checkTemplate(c.Context(), args[0]) },
	})
	return group("template", "Templates: the texts of mailings, with merge tags", check)
}

// templateJSON is what was found in a template, in JSON.
type templateJSON struct {
	File             string             `json:"file"`
	Charset          string             `json:"charset"`
	Subject          string             `json:"subject"`
	From             *party             `json:"from"`
	ReplyTo          *party             `json:"reply_to"`
	ListID           string             `json:"list_id"`
	Parts            []string           `json:"parts"` // text, html
	Fields           []string           `json:"fields"`
	MissingFallbacks []placeJSON        `json:"missing_fallbacks"`
	UnsubscribeLink  bool               `json:"unsubscribe_link"` // in every part
	Links            []templateLinkJSON `json:"links"`            // of the HTML, that lead elsewhere
	Errors           []syntaxJSON       `json:"errors"`
}

// templateLinkJSON is a link of a template, in JSON.
type templateLinkJSON struct {
	URL    string `json:"url"`
	Line   int    `json:"line"`
	Column int    `json:"column"`
	Left   string `json:"left"` // why clicks of it cannot be counted; "": they can
}

// linksOf gives the links of a letter's HTML.
func linksOf(l *campaigns.Letter) []templateLinkJSON {
	out := []templateLinkJSON{}
	if l.Texts.HTML != nil {
		for _, link := range l.Texts.HTML.Links() {
			out = append(out, templateLinkJSON{link.URL, link.Line, link.Col, link.Left})
		}
	}
	return out
}

type placeJSON struct {
	Field  string `json:"field"`
	Line   int    `json:"line"`
	Column int    `json:"column"`
}

type syntaxJSON struct {
	Line    int    `json:"line"`
	Column  int    `json:"column"`
	Message string `json:"message"`
}

func (p *program) checkTemplate(ctx context.Context, file string) error {
	l, err := p.readLetter(ctx, file)
	var wrong campaigns.SyntaxErrors
	if err != nil && !errors.As(err, &wrong) {
		return err
	}
	if p.json {
		if err := p.printJSON(templateOf(file, l, wrong)); err != nil {
			return err
		}
	} else if l != nil {
		p.printLetter(file, l)
	}
	return p.toldErrors(file, wrong)
}

// readLetter reads a template file. What is wrong with its text is
// [campaigns.SyntaxErrors].
func (p *program) readLetter(ctx context.Context, file string) (*campaigns.Letter, error) {
	data, err := p.readFileAs(ctx, "template", file, maxTemplate)
	if err != nil {
		return nil, err
	}
	return campaigns.ReadLetter(data)
}

// toldErrors prints the errors of a template with their places and gives the
// one that ends the program, nil when there are none.
func (p *program) toldErrors(file string, wrong campaigns.SyntaxErrors) error {
	if len(wrong) == 0 {
		return nil
	}
	for _, e := range wrong {
		p.notef("%s:%d:%d: %s\n%s\n", file, e.Line, e.Col, printable(e.Text), e.Caret())
	}
	return crm.Invalid("template", "%s has %s; nothing was done with it", file, plural(len(wrong), "error", "errors"))
}

func templateOf(file string, l *campaigns.Letter, wrong campaigns.SyntaxErrors) templateJSON {
	j := templateJSON{File: file, Parts: []string{}, Fields: []string{}, MissingFallbacks: []placeJSON{}, Links: []templateLinkJSON{}, Errors: []syntaxJSON{}}
	for _, e := range wrong {
		j.Errors = append(j.Errors, syntaxJSON{e.Line, e.Col, e.Text})
	}
	if l == nil {
		return j
	}
	from := partyOf(l.From)
	j.Charset, j.Subject, j.From, j.ListID, j.UnsubscribeLink = l.Charset, l.Template.Subject, &from, l.ListID, l.LinksOut()
	if l.ReplyTo.Address != "" {
		to := partyOf(l.ReplyTo)
		j.ReplyTo = &to
	}
	j.Links = linksOf(l)
	if l.Template.Text != "" {
		j.Parts = append(j.Parts, "text")
	}
	if l.Template.HTML != "" {
		j.Parts = append(j.Parts, "html")
	}
	for _, f := range l.Texts.Fields() {
		j.Fields = append(j.Fields, f.Name)
	}
	for _, f := range l.Texts.MissingFallbacks() {
		j.MissingFallbacks = append(j.MissingFallbacks, placeJSON{f.Name, f.Line, f.Col})
	}
	return j
}

func (p *program) printLetter(file string, l *campaigns.Letter) {
	p.printf("%s, %s\n", printable(file), l.Charset)
	p.printf("from     %s\n", printable(l.From.Name+" <"+string(l.From.Address)+">"))
	p.printf("subject  %s\n", printable(l.Template.Subject))
	for _, f := range l.Texts.Fields() {
		if f.Required {
			p.printf("field    %s: must have a value for everybody (line %d, column %d has no fallback)\n", f.Name, f.Line, f.Col)
			continue
		}
		p.printf("field    %s\n", f.Name)
	}
	for _, link := range linksOf(l) {
		p.printf("link     %s", printable(link.URL))
		if link.Left != "" {
			p.printf(": left as it is (line %d, column %d), since %s", link.Line, link.Column, link.Left)
		}
		p.printf("\n")
	}
	if !l.LinksOut() {
		p.printf("The text has no {{ unsubscribe_url }}; the mails get a footer with the link.\n")
	}
}
