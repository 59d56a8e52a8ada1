package main

import (
	"fmt"
	"strings"

	"kaveri/campaigns"
	"kaveri/crm"
)

// sendJSON is what send has found and done, in JSON.
type sendJSON struct {
	Template    string             `json:"template"`
	Audience    audienceJSON       `json:"audience"`
	From        party              `json:"from"`
	Sender      string             `json:"sender"`
	Policy      string             `json:"policy"`
	Topic       string             `json:"topic"` // "": of none
	Opens       bool               `json:"opens"`
	Links       []string           `json:"links"`      // whose clicks are counted
	LinksLeft   []templateLinkJSON `json:"links_left"` // that lead where they say, when clicks are counted
	Rows        int                `json:"rows"`
	Good        int                `json:"good"`
	LeftOut     int                `json:"left_out"`
	LeftOutRows []leftOut          `json:"left_out_rows"` // the first 1,000
	Problems    map[string]int     `json:"problems"`      // rows left out, by problem
	Fields      []fieldJSON        `json:"fields"`        // that some rows cannot be written with, the worst first
	Notes       []string           `json:"notes"`
	Preview     *previewJSON       `json:"preview"` // of the first good row
	Mailing     crm.MailingID      `json:"mailing"` // 0: nothing was sent
	Recipients  crm.Recipients     `json:"recipients"`
}

type audienceJSON struct {
	File      string   `json:"file"`
	Charset   string   `json:"charset"`
	Assumed   bool     `json:"assumed"` // the charset: nothing in the file says it
	Delimiter string   `json:"delimiter"`
	Columns   string   `json:"columns"`
	Fields    []string `json:"fields"`
}

type fieldJSON struct {
	Field   string `json:"field"`
	Problem string `json:"problem"`
	Count   int    `json:"count"`
	Rows    []int  `json:"rows"` // the first of them
}

type previewJSON struct {
	To      party  `json:"to"`
	Subject string `json:"subject"`
	Text    string `json:"text"`
	HTML    string `json:"html"`
}

func (f *preflight) json(flags sendFlags) sendJSON {
	g := f.audience.Guess()
	m := &f.mailing
	j := sendJSON{Topic: m.Topic, Opens: m.Opens, Links: orEmpty(m.Links), LinksLeft: []templateLinkJSON{}, Template: flags.template, From: partyOf(f.mailing.From), Sender: f.sender.Name, Policy: string(f.mailing.Doubt),
		Audience: audienceJSON{flags.audience, g.Charset, g.Assumed, string(g.Delimiter), f.audience.Columns(), orEmpty(f.audience.Fields())},
		Rows:     f.rows, Good: f.report.Good, LeftOut: f.left(), LeftOutRows: orEmpty(f.leftOut), Problems: f.counts, Fields: []fieldJSON{}, Notes: orEmpty(f.notes),
		Recipients: crm.Recipients{}}
	for _, r := range f.report.Fields {
		j.Fields = append(j.Fields, fieldJSON{r.Field, string(r.Problem), r.Count, r.Rows})
	}
	if d := f.report.First; d != nil {
		j.Preview = &previewJSON{partyOf(d.To[0]), d.Subject, d.Text, d.HTML}
	}
	if len(m.Links) > 0 {
		for _, l := range linksOf(f.letter) {
			if l.Left != "" {
				j.LinksLeft = append(j.LinksLeft, l)
			}
		}
	}
	if f.report.Largest > campaigns.ClipSize {
		j.Notes = append(j.Notes, fmt.Sprintf("the largest mail has %s; Gmail shows only the first 102 kB and hides the rest", bytesOf(int64(f.report.Largest))))
	}
	return j
}

// noteLeftOut names the rows that get no mail.
func (p *program) noteLeftOut(f *preflight) {
	for i, row := range f.leftOut {
		if i == maxToldRows {
			break
		}
		where := fmt.Sprintf("row %d", row.Row)
		if row.Line != row.Row {
			where += fmt.Sprintf(" (line %d)", row.Line)
		}
		if row.Address != "" && !strings.Contains(strings.ToLower(row.Reason), strings.ToLower(row.Address)) {
			where += ", " + row.Address
		}
		p.notef("kaveri: %s: %s\n", printable(where), printable(row.Reason))
	}
	if n := f.left(); n > maxToldRows {
		p.notef("kaveri: ... and %d rows more\n", n-maxToldRows)
	}
}

// printPreflight shows what would go, to whom, and what stays behind.
func (p *program) printPreflight(j sendJSON) {
	line := func(what, format string, args ...any) {
		p.printf("%-9s %s\n", what, printable(fmt.Sprintf(format, args...)))
	}
	line("template", "%s", j.Template)
	line("from", "%s <%s>, by %s", j.From.Name, j.From.Address, j.Sender)
	charset := j.Audience.Charset
	if j.Audience.Assumed {
		charset += " (assumed)"
	}
	line("audience", "%s: %s, delimiter %q; %s", j.Audience.File, charset, j.Audience.Delimiter, j.Audience.Columns)
	line("fields", "%s", strings.Join(j.Audience.Fields, " "))
	line("rows", "%d; %d can be written to, %d left out", j.Rows, j.Good, j.LeftOut)
	for _, f := range j.Fields {
		rows := strings.Trim(fmt.Sprint(f.Rows), "[]")
		if f.Count > len(f.Rows) {
			rows += " ..."
		}
		line("", "%s: %s in %s: %s", f.Field, problemText[campaigns.Problem(f.Problem)], plural(f.Count, "row", "rows"), rows)
	}
	if j.Topic != "" {
		line("topic", "%s", j.Topic)
	}
	if len(j.Links) > 0 {
		line("clicks", "counted of %s", plural(len(j.Links), "link", "links"))
	}
	for _, l := range j.LinksLeft {
		line("", "not of line %d: %s (%s)", l.Line, l.URL, l.Left)
	}
	if j.Opens {
		line("opens", "told by a picture")
	}
	for _, n := range j.Notes {
		line("note", "%s", n)
	}
	if j.Preview == nil {
		return
	}
	p.printf("\n")
	line("to", "%s <%s>", j.Preview.To.Name, j.Preview.To.Address)
	line("subject", "%s", j.Preview.Subject)
	body := j.Preview.Text
	if body == "" {
		body = j.Preview.HTML
	}
	p.printf("\n")
	for l := range strings.Lines(body) {
		p.printf("%s\n", printable(strings.TrimRight(l, "\n")))
	}
	p.printf("\n")
}

// problemText says what is wrong with a field's values.
var problemText = map[campaigns.Problem]string{
	campaigns.Missing:   "no value",
	campaigns.LineBreak: "a line break in the subject",
	campaigns.NoLink:    "no address of a page",
	campaigns.NoDate:    "no date",
	campaigns.NoNumber:  "no number",
	campaigns.TooLong:   "too long",
}
