package campaigns

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"kaveri/crm"
)

var keys = crm.NewKeyring(func(p crm.TokenPurpose) []byte { return []byte("a key of tests for " + p) })

func renderer(t testing.TB, url string) *Renderer {
	t.Helper()
	r, err := NewRenderer(RendererOptions{Keys: keys, PublicURL: url, Language: "en"})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func mailing(text, html string) *crm.Mailing {
	return &crm.Mailing{ID: 12, Kind: crm.MailingAudience, From: crm.Party{Name: "Anna Virta", Address: "anna@oy.example"},
		ReplyTo: crm.Party{Address: "care@oy.example"}, Template: crm.Template{Subject: "Hei {{ name | default: \"ystävä\" }}", Text: text, HTML: html}}
}

// A mail to many has its list fields and its own link to unsubscribe.
func TestRender(t *testing.T) {
	r := renderer(t, "https://mail.oy.example/")
	d := &crm.Dispatch{ID: 77, Address: "aino@asiakas.example", Name: "Aino Puro", Fields: map[string]string{"city": "Turku"}}
	m := mailing("Hei {{ city }}, {{ email }}. Peru: {{ unsubscribe_url }}", "<p>Hei {{ city }}</p>")
	draft, err := r.Render(context.Background(), m, d)
	if err != nil {
		t.Fatal(err)
	}
	link := "https://mail.oy.example/u/" + keys.Make(crm.TokenUnsubscribe, 77)
	got := fmt.Sprintf("%v %v %v %q %v %s %s", draft.From, draft.ReplyTo, draft.To, draft.Subject, draft.Bulk, draft.ListID, draft.FeedbackID)
	want := `{Anna Virta anna@oy.example } [{ care@oy.example }] [{Aino Puro aino@asiakas.example }] "Hei Aino Puro" true mailings.oy.example 12:audience:oy.example:kaveri`
	if got != want || draft.Unsubscribe != link {
		t.Errorf("got  %s %s\nwant %s %s", got, draft.Unsubscribe, want, link)
	}
	if draft.Text != "Hei Turku, aino@asiakas.example. Peru: "+link {
		t.Errorf("the text is %q", draft.Text)
	}
	if id, ok := keys.Read(crm.TokenUnsubscribe, strings.TrimPrefix(draft.Unsubscribe, "https://mail.oy.example/u/")); !ok || id != 77 {
		t.Errorf("the token reads as %d, %v", id, ok)
	}
}

// Where the text has no link, a footer has it, in the recipient's language, and
// within the body.
func TestFooter(t *testing.T) {
	r := renderer(t, "https://mail.oy.example")
	for name, c := range map[string]struct{ text, html, language, wantText, wantHTML string }{
		"English":                {"Hello", "<html><body><p>Hello</p></BODY></html>", "", "You do not want these mails? Unsubscribe: https://", `choose what you get</a>.</p>` + "\n</BODY>"},
		"Finnish":                {"Hei", "<p>Hei</p>", "fi-FI", "Valitse, mitä saat: https://", `Peru ne</a> tai <a href="https://mail.oy.example/p/`},
		"as files write it":      {"Hei", "", "Suomi", "Peru ne: https://", ""},
		"a body in a comment":    {"", "<p>Hei</p><!-- </body> -->", "", "", "<!-- </body> -->\n<p style="},
		"a body within a branch": {"", `<p>Hei</p>{{ if email }}</body>{{ endif }}`, "", "", "</body>\n<p style="},
	} {
		t.Run(name, func(t *testing.T) {
			m := mailing(c.text, c.html)
			draft, err := r.Render(context.Background(), m, &crm.Dispatch{ID: 1, Address: "a@x.example", Fields: map[string]string{"language": c.language}})
			if err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(draft.Text, c.wantText) || !strings.Contains(draft.HTML, c.wantHTML) || strings.Count(draft.HTML, "/u/") > 1 {
				t.Errorf("text %q\nhtml %q", draft.Text, draft.HTML)
			}
			r.letters = map[crm.MailingID]*letter{}
		})
	}
}

// Without a public address there is no link, and a text that asks for one says
// so; http is no address for RFC 8058.
func TestNoLink(t *testing.T) {
	ctx, d := context.Background(), &crm.Dispatch{ID: 1, Address: "a@x.example"}
	draft, err := renderer(t, "").Render(ctx, mailing("Hei", ""), d)
	if err != nil || draft.Text != "Hei" || draft.Unsubscribe != "" {
		t.Errorf("%+v, %v", draft, err)
	}
	if _, err := renderer(t, "").Render(ctx, mailing("{{ unsubscribe_url }}", ""), d); err == nil || !strings.Contains(err.Error(), "unsubscribe_url has no value") {
		t.Errorf("%v", err)
	}
	if draft, err := renderer(t, "http://127.0.0.1:8900").Render(ctx, mailing("Hei", ""), d); err != nil || draft.Unsubscribe != "" || !strings.Contains(draft.Text, "http://127.0.0.1:8900/u/") {
		t.Errorf("%+v, %v", draft, err)
	}
	for _, bad := range []string{"mail.oy.example", "ftp://x", "https://x/?a=b", "https://"} {
		if _, err := NewRenderer(RendererOptions{PublicURL: bad}); crm.KindOf(err) != crm.KindInvalid {
			t.Errorf("%s: %v", bad, err)
		}
	}
}

// An edited text is compiled anew; what fails for everybody is nobody's fault.
func TestRenderChanges(t *testing.T) {
	ctx, r, d := context.Background(), renderer(t, ""), &crm.Dispatch{ID: 1, Address: "a@x.example"}
	m := mailing("one", "")
	for _, text := range []string{"one", "two", "two"} {
		m.Template.Text = text
		if draft, err := r.Render(ctx, m, d); err != nil || draft.Text != text {
			t.Errorf("%q, %v", draft.Text, err)
		}
	}
	m.Template.Text = "{{ if"
	if _, err := r.Render(ctx, m, d); err == nil || crm.KindOf(err) == crm.KindInvalid {
		t.Errorf("a text that does not compile: %v", err)
	}
	direct := mailing("one", "")
	direct.ID, direct.Kind = 13, crm.MailingDirect
	if _, err := r.Render(ctx, direct, d); err == nil || crm.KindOf(err) == crm.KindInvalid {
		t.Errorf("a mail of a colleague: %v", err)
	}
	m.Template.Text, m.Template.Subject = "{{ city }}", "{{ city }} {{ order }}"
	_, err := r.Render(ctx, m, d)
	if crm.KindOf(err) != crm.KindInvalid || strings.Count(err.Error(), "city") != 1 || !strings.Contains(err.Error(), "order") {
		t.Errorf("missing fields: %v", err)
	}
}

// Every recipient is tried, and the field that most lack comes first.
func TestCheck(t *testing.T) {
	r, m := renderer(t, "https://mail.oy.example"), mailing("{{ city }} {{ order }} {{ day | date }}", "")
	report, err := r.Check(context.Background(), m, func(yield func(int, *crm.Dispatch) bool) {
		for i := range 100 {
			f := map[string]string{"order": "1", "city": "Turku", "day": "2026-11-14"}
			if i%2 == 1 {
				delete(f, "city")
			}
			if i%10 == 1 {
				delete(f, "order")
			}
			if i == 50 {
				f["day"] = "soon"
			}
			if !yield(i+2, &crm.Dispatch{Address: crm.Address(fmt.Sprintf("a%d@x.example", i)), Fields: f}) {
				return
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	want := "[{city missing 50 [3 5 7 9 11] [    ]} {order missing 10 [3 13 23 33 43] [    ]} {day date 1 [52] [soon]}]"
	if got := fmt.Sprint(report.Fields); got != want || report.Recipients != 100 || report.Good != 49 || report.First.To[0].Address != "a0@x.example" || report.Largest < 100 {
		t.Errorf("got  %s, %d of %d, %d bytes\nwant %s", got, report.Good, report.Recipients, report.Largest, want)
	}
	m.Template.Text, m.ID = "{{ if", 14
	if _, err := r.Check(context.Background(), m, func(yield func(int, *crm.Dispatch) bool) { yield(2, &crm.Dispatch{}) }); err == nil {
		t.Error("a text that does not compile passes")
	}
}

// The same mail with ten links, without and with clicks counted.
func BenchmarkRenderMail(b *testing.B) {
	for _, clicks := range []bool{false, true} {
		b.Run(fmt.Sprintf("clicks=%v", clicks), func(b *testing.B) { renderMails(b, clicks) })
	}
}

func renderMails(b *testing.B, clicks bool) {
	html := strings.Replace(letter5k(), "</body>", strings.Repeat(`<a href="https://shop.example/page">page</a> `, 10)+"</body>", 1)
	r, m := renderer(b, "https://mail.oy.example"), mailing("Hei {{ name }}, {{ city }}", html)
	if clicks {
		m.Links = CountedLinks(m.Template, "https://mail.oy.example")
	}
	d := &crm.Dispatch{ID: 1, Address: "aino@asiakas.example", Name: "Aino Puro", Fields: reader.Fields}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := r.Render(context.Background(), m, d); err != nil {
			b.Fatal(err)
		}
	}
}

// A letter that names a survey bears its page, one for each recipient; one that
// names none that there is, or without a public address, is wrong.
func TestRenderSurvey(t *testing.T) {
	keys := crm.NewKeyring(func(p crm.TokenPurpose) []byte { return []byte(p) })
	o := RendererOptions{Keys: keys, PublicURL: "https://mail.firm.example", Surveys: func(name string) crm.SurveyID {
		return map[string]crm.SurveyID{"after-visit": 7}[name]
	}}
	d := &crm.Dispatch{ID: 5, Address: "a@x.example", Fields: map[string]string{"city": "Turku"}}
	m := mailing("{{ city }}: {{ survey_after_visit }}", `<a href="{{ survey_after_visit }}/9">9</a>`)
	r, err := NewRenderer(o)
	if err != nil {
		t.Fatal(err)
	}
	out, err := r.Render(t.Context(), m, d)
	page := crm.PublicLinks{Base: o.PublicURL, Keys: keys}.Survey(5, 7)
	if err != nil || !strings.HasPrefix(out.Text, "Turku: "+page+"\n") && out.Text != "Turku: "+page || !strings.Contains(out.HTML, page+"/9") || len(d.Fields) != 1 {
		t.Errorf("%+v, %v", out, err)
	}
	o.PublicURL = ""
	for _, c := range []struct {
		o    RendererOptions
		text string
	}{{o, "{{ survey_after_visit }}"}, {RendererOptions{Keys: keys, PublicURL: "https://mail.firm.example", Surveys: func(string) crm.SurveyID { return 0 }}, "{{ survey_else }}"}} {
		r, err := NewRenderer(c.o)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := r.Render(t.Context(), mailing(c.text, ""), d); crm.KindOf(err) != crm.KindInvalid {
			t.Errorf("%s: %v", c.text, err)
		}
	}
}
