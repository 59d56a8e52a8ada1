package campaigns

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"kaveri/crm"
)

const linkedHTML = `<html><head><link href="https://styles.example/x.css"></head><body background="https://pictures.example/b.png">
<a href="https://shop.example/autumn?a=1&amp;b=2">Autumn</a> <A HREF='https://shop.example/autumn?a=1&b=2'>again</A>
<a class="x" href="HTTP://Shop.example/sale">Sale</a> <img src="https://pictures.example/a.png">
<a href="mailto:anna@oy.example">Anna</a> <a href="tel:+358401234567">call</a> <a href="cid:map">map</a> <a href="#top">top</a>
<a href="https://shop.example/order/{{ order }}">your order</a> <a href="{{ site | default: "https://shop.example/" }}">yours</a>
<a href="{{ if order }}https://a.example/{{ else }}https://b.example/{{ endif }}">either</a>
{{ for p in picks }}<a href="https://shop.example/picks">{{ p }}</a>{{ endfor }}
<a href=https://shop.example/bare>bare</a> <a href="https://mail.oy.example/about">about us</a> <a href="https://user@shop.example/">odd</a>
<a href="{{ unsubscribe_url }}">out</a> <a href="{{ preferences_url }}">choose</a> <a href="{{ copy_url }}">in a browser</a>
<!-- <a href="https://comment.example/">nobody</a> --><!--[if mso]><v:roundrect href="https://shop.example/outlook"></v:roundrect><![endif]-->
</body></html>`

// clickedLetter is a letter whose clicks are counted, and its mail to Aino.
func clickedLetter(t *testing.T, change func(*crm.Mailing)) (*Renderer, *crm.Mailing, *crm.Dispatch) {
	t.Helper()
	m := mailing("Autumn: https://shop.example/autumn?a=1&b=2", linkedHTML)
	m.Links = CountedLinks(m.Template, "https://mail.oy.example")
	if change != nil {
		change(m)
	}
	return renderer(t, "https://mail.oy.example"), m, &crm.Dispatch{ID: 77, Address: "aino@asiakas.example", Fields: map[string]string{"order": "5", "picks": "a;b"}}
}

func TestCountedLinks(t *testing.T) {
	_, m, _ := clickedLetter(t, nil)
	want := []string{"https://shop.example/autumn?a=1&b=2", "http://Shop.example/sale", "https://shop.example/picks", "https://shop.example/outlook"}
	if !slices.Equal(m.Links, want) {
		t.Errorf("counted: %q", m.Links)
	}
	text, err := Compile(linkedHTML, HTML)
	if err != nil {
		t.Fatal(err)
	}
	var left []string
	for _, l := range text.Links() {
		if l.Left != "" {
			left = append(left, fmt.Sprintf("%d:%d %s", l.Line, l.Col, l.URL))
		}
	}
	if got := strings.Join(left, "\n"); got != `5:10 https://shop.example/order/{{ order }}
5:74 {{ site | default: "https://shop.example/" }}
6:10 {{ if order }}https://a.example/{{ else }}https://b.example/{{ endif }}
8:9 https://shop.example/bare
8:106 https://user@shop.example/` {
		t.Errorf("left as they are:\n%s", got)
	}
}

var hrefs = regexp.MustCompile(`(?i)href=['"]?([^'" >]+)`)

// Each link leads over the public address by its number; whatever cannot be
// stored stays as it is.
func TestClicksInMail(t *testing.T) {
	r, m, d := clickedLetter(t, nil)
	draft, err := r.Render(context.Background(), m, d)
	if err != nil {
		t.Fatal(err)
	}
	links := crm.PublicLinks{Base: "https://mail.oy.example", Keys: keys}
	want := []string{"https://styles.example/x.css", links.Click(77, 1), links.Click(77, 1), links.Click(77, 2), "mailto:anna@oy.example", "tel:+358401234567", "cid:map", "#top",
		"https://shop.example/order/5", "https://shop.example/", "https://a.example/", links.Click(77, 3), links.Click(77, 3), "https://shop.example/bare", "https://mail.oy.example/about", "https://user@shop.example/",
		links.Unsubscribe(77), links.Preferences(77), links.Copy(77), "https://comment.example/", links.Click(77, 4), links.Trap(77)}
	var got []string
	for _, h := range hrefs.FindAllStringSubmatch(draft.HTML, -1) {
		got = append(got, h[1])
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if !strings.Contains(draft.Text, "https://shop.example/autumn?a=1&b=2") || strings.Contains(draft.Text, "/c/") {
		t.Errorf("the plain text is %q", draft.Text)
	}
	trap := `<div style="display:none" aria-hidden="true"><a href="` + links.Trap(77) + `" tabindex="-1" rel="nofollow"></a></div></body>`
	if !strings.Contains(draft.HTML, trap) || strings.Contains(draft.HTML, "/o/") {
		t.Errorf("the HTML ends %q", draft.HTML[len(draft.HTML)-300:])
	}
	shown, err := r.Copy(context.Background(), m, d)
	if err != nil || strings.Contains(shown.HTML, links.Trap(77)) || !strings.Contains(shown.HTML, links.Click(77, 4)) {
		t.Errorf("the copy hides something, or has no links: %v", err)
	}
}

// A link that was not stored with the mailing leads where it says.
func TestLinkThatIsNotStored(t *testing.T) {
	r, m, d := clickedLetter(t, func(m *crm.Mailing) { m.Links = []string{"https://shop.example/picks"} })
	draft, err := r.Render(context.Background(), m, d)
	if err != nil || strings.Count(draft.HTML, "/c/") != 3 || !strings.Contains(draft.HTML, "https://shop.example/autumn?a=1&amp;b=2") {
		t.Errorf("%v\n%s", err, draft.HTML)
	}
	m.Links = nil
	if draft, err = r.Render(context.Background(), m, d); err != nil || strings.Contains(draft.HTML, "/c/") || strings.Contains(draft.HTML, "display:none") {
		t.Errorf("clicks are counted unasked: %v\n%s", err, draft.HTML)
	}
}

// The picture comes when it is asked for, at the end of what is shown.
func TestOpenPicture(t *testing.T) {
	for html, end := range map[string]string{"<p>Hei {{ name | default: \"\" }}</p>": "", "<body><p>Hei</p><!-- </body> --></body></html>": "</body></html>"} {
		r, m, d := clickedLetter(t, func(m *crm.Mailing) { m.Opens, m.Template.HTML, m.Links = true, html+"{{ unsubscribe_url }}", nil })
		picture := `<img src="https://mail.oy.example/o/` + keys.Make(crm.TokenOpen, 77) + `" alt="" width="1" height="1" style="border:0">`
		draft, err := r.Render(context.Background(), m, d)
		if err != nil || !strings.Contains(draft.HTML, picture+end) || strings.Contains(draft.HTML, "tabindex") {
			t.Errorf("%v: %s", err, draft.HTML)
		}
		if shown, err := r.Copy(context.Background(), m, d); err != nil || strings.Contains(shown.HTML, "/o/") {
			t.Errorf("the copy has the picture: %v", err)
		}
	}
}

// A plain text that is made from the HTML keeps the links as they were written,
// and nothing of what is hidden.
func TestTextOfCountedHTML(t *testing.T) {
	r, m, d := clickedLetter(t, func(m *crm.Mailing) { m.Template.Text = "" })
	draft, err := r.Render(context.Background(), m, d)
	if err != nil || draft.Text != "" || !strings.Contains(draft.Plain, "https://shop.example/autumn?a=1&amp;b=2") || strings.Contains(draft.Plain, "/c/") || !strings.Contains(draft.Plain, "/u/") {
		t.Errorf("%v: %q", err, draft.Plain)
	}
}

// Only mail to many, and only with a public address, has links of ours.
func TestNoCountedLinks(t *testing.T) {
	_, m, d := clickedLetter(t, func(m *crm.Mailing) {
		m.Template.HTML = `<a href="https://shop.example/">x</a>`
		m.Links, m.Opens = []string{"https://shop.example/"}, true
	})
	draft, err := renderer(t, "").Render(context.Background(), m, d)
	if err != nil || draft.HTML != m.Template.HTML {
		t.Errorf("%v: %s", err, draft.HTML)
	}
}

// A mailing's topic names its list.
func TestListOfTopic(t *testing.T) {
	r, m, d := clickedLetter(t, func(m *crm.Mailing) { m.Topic = "offers" })
	if draft, err := r.Render(context.Background(), m, d); err != nil || draft.ListID != "offers.oy.example" {
		t.Errorf("%v: %q", err, draft.ListID)
	}
}
