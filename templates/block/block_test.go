package block

import (
	"errors"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"kaveri/crm"
)

func mailOf(blocks ...Block) *Document { return &Document{Subject: "Autumn", Blocks: blocks} }

func TestValidate(t *testing.T) {
	words := Block{Kind: Text, Text: "Hello"}
	for _, c := range []struct {
		field string
		d     *Document
	}{
		{"subject", &Document{Blocks: []Block{words}}},
		{"subject", &Document{Subject: "a\nb", Blocks: []Block{words}}},
		{"accent", &Document{Subject: "a", Accent: "green", Blocks: []Block{words}}},
		{"blocks", mailOf()},
		{"blocks", mailOf(make([]Block, MaxBlocks+1)...)},
		{"blocks.1.kind", mailOf(Block{Kind: "video"})},
		{"blocks.2.text", mailOf(words, Block{Kind: Heading, Text: " "})},
		{"blocks.1.text", mailOf(Block{Kind: Image, Image: "https://firm.example/a.png"})},
		{"blocks.1.image", mailOf(Block{Kind: Image, Text: "a lake"})},
		{"blocks.1.image", mailOf(Block{Kind: Image, Text: "a lake", Image: "data:image/png;base64,xx"})},
		{"blocks.1.width", mailOf(Block{Kind: Image, Text: "a lake", Image: "https://firm.example/a.png", Width: 9000})},
		{"blocks.1.url", mailOf(Block{Kind: Button, Text: "Look"})},
		{"blocks.1.url", mailOf(Block{Kind: Button, Text: "Look", URL: "javascript:alert(1)"})},
		{"blocks.1.url", mailOf(Block{Kind: Button, Text: "Look", URL: "firm.example"})},
		{"blocks.1.if", mailOf(Block{Kind: Text, Text: "x", If: "{{ rung }}"})},
		{"blocks.1", mailOf(Block{Kind: Text, Text: "x", Left: []Block{words}})},
		{"blocks.1", mailOf(Block{Kind: Columns, Left: []Block{words}})},
		{"blocks.1.left.1", mailOf(Block{Kind: Columns, Left: []Block{{Kind: Columns, Left: []Block{words}, Right: []Block{words}}}, Right: []Block{words}})},
		{"blocks.1.right.2.url", mailOf(Block{Kind: Columns, Left: []Block{words}, Right: []Block{words, {Kind: Button, Text: "Look"}}})},
	} {
		if c.field == "blocks" && len(c.d.Blocks) > 0 {
			for i := range c.d.Blocks {
				c.d.Blocks[i] = words
			}
		}
		var e *crm.Error
		if err := c.d.Validate(); !errors.As(err, &e) || e.Field != c.field || e.Kind != crm.KindInvalid {
			t.Errorf("want a fault of %s, got %v", c.field, err)
		}
	}
	if _, err := Parse([]byte("{")); err == nil {
		t.Error("half a document is read")
	}
}

// TestWords has the marks, and what only looks like one.
func TestWords(t *testing.T) {
	for in, want := range map[string]string{
		"a **b** c":                           `a <strong>b</strong> c`,
		"*a* and **b *c***":                   `<em>a</em> and <strong>b </strong><strong><em>c</em></strong>`,
		"2 * 3 * 4":                           `2 * 3 * 4`,
		"a ** b":                              `a ** b`,
		`\*a\*`:                               `*a*`,
		"<b>&</b>":                            `&lt;b&gt;&amp;&lt;/b&gt;`,
		`{{ a | default: "<x>" }}`:            `{{ a | default: "<x>" }}`,
		"[look](https://firm.example/?a=1&b)": `<a href="https://firm.example/?a=1&amp;b" style="color:#14532d;text-decoration:underline" class="kl">look</a>`,
		"[**a** b](https://x.example)":        `<a href="https://x.example" style="color:#14532d;text-decoration:underline" class="kl"><strong>a</strong> b</a>`,
		"[x](javascript:alert)":               `[x](javascript:alert)`,
		"[not a link]":                        `[not a link]`,
		"**{{ name }}**":                      `<strong>{{ name }}</strong>`,
		"{{ open":                             `{{ open`,
	} {
		var b strings.Builder
		htmlOf(&b, inlines(in), usualAccent)
		if b.String() != want {
			t.Errorf("%s\n got %s\nwant %s", in, b.String(), want)
		}
	}
	const text = "Hello *you*,\nsecond line\n\n- one\n- [two](https://x.example)\n\nEnd"
	const want = "Hello you,\nsecond line\n\n- one\n- two (https://x.example)\n\nEnd\n"
	if got := plainWords(text); got != want {
		t.Errorf("as plain text\n%q\nwant\n%q", got, want)
	}
}

// TestRender looks at the tree of a mail with every kind of block: it nests
// rightly, pictures have words, tables are layout, the language is named.
func TestRender(t *testing.T) {
	d := mailOf(
		Block{Kind: Heading, Text: "Autumn & winter"},
		Block{Kind: Text, Text: "Hello {{ first_name | default: \"there\" }},\n\n- a\n- b"},
		Block{Kind: Text, Text: "for the loyal", If: `rung == "LOYAL"`},
		Block{Kind: Quote, Text: "{{ wish }}"},
		Block{Kind: Columns, Left: []Block{{Kind: Text, Text: "left"}}, Right: []Block{{Kind: Image, Text: "A lake", Image: "https://x.example/l.png", URL: "https://x.example"}}},
		Block{Kind: Picks, Text: "Often taken next:"},
		Block{Kind: Divider},
		Block{Kind: Button, Text: "Look", URL: "https://x.example/a?b=1&c=2"},
	)
	d.Preview = "for you"
	if err := d.Validate(); err != nil {
		t.Fatal(err)
	}
	m := d.Render("fi")
	root, err := html.Parse(strings.NewReader(m.HTML))
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]int{}
	for n := range root.Descendants() {
		if n.Type != html.ElementNode {
			continue
		}
		seen[n.Data]++
		attr := map[string]string{}
		for _, a := range n.Attr {
			attr[a.Key] = a.Val
		}
		switch {
		case n.Data == "table" && attr["role"] != "presentation":
			t.Error("a table of layout is read out as one of data")
		case n.Data == "img" && attr["alt"] == "":
			t.Error("a picture has no words")
		case n.Data == "html" && attr["lang"] != "fi":
			t.Errorf("the language is %q", attr["lang"])
		case n.Data == "a" && attr["href"] == "":
			t.Error("a link leads nowhere")
		}
	}
	for tag, n := range map[string]int{"h1": 1, "blockquote": 1, "img": 1, "hr": 1, "a": 2, "ul": 2} {
		if seen[tag] != n {
			t.Errorf("%d of %s, want %d", seen[tag], tag, n)
		}
	}
	for _, want := range []string{"Autumn & winter", "{{ if rung == \"LOYAL\" }}", "> {{ wish }}", "Look: https://x.example/a?b=1&c=2", "[A lake] https://x.example", "- {{ p }}"} {
		if !strings.Contains(m.Text, want) {
			t.Errorf("the plain text lacks %q:\n%s", want, m.Text)
		}
	}
	if strings.Contains(m.Text, "<") {
		t.Errorf("the plain text has HTML:\n%s", m.Text)
	}
}

// TestButtonContrast holds that the words of a button can be read, whatever its
// colour.
func TestButtonContrast(t *testing.T) {
	for _, colour := range []string{usualAccent, "#ffff00", "#000000", "#ffffff", "#777777", "#ff0000", "#3366cc", "#808080"} {
		if c := contrast(colour, wordsOn(colour)); c < 4.5 {
			t.Errorf("words on %s have %.2f:1", colour, c)
		}
	}
}

func TestStarters(t *testing.T) {
	list, err := Starters()
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range list {
		for _, language := range []string{"en", "fi"} {
			if s.Documents[language] == nil {
				t.Errorf("%s is not there in %s", s.Name, language)
			}
		}
	}
}
