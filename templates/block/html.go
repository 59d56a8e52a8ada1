package block

import (
	"cmp"
	"fmt"
	"html"
	"math"
	"strconv"
	"strings"

	"kaveri/crm"
)

const fonts = `font-family:-apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif`

// head is what every mail begins with. What programs drop of it is not missed.
const head = `<!doctype html>
<html lang="%s" xmlns="http://www.w3.org/1999/xhtml">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="supported-color-schemes" content="light dark">
<title>%s</title>
<style>
:root{color-scheme:light dark}
@media (max-width:620px){.kc{display:block!important;width:100%%!important;padding:0!important}.kw{width:100%%!important}}
@media (prefers-color-scheme:dark){.kb{background:#161a17!important}.kp{background:#1f2521!important}.kt,.kt p,.kt h1,.kt li{color:#e7ebe8!important}.kl{color:#8fd3a8!important}.kq{border-color:#8fd3a8!important}.kd{border-color:#3a443d!important}}
</style>
</head>
<body class="kb" style="margin:0;padding:0;background:#f3f4f1">
`

// Render gives the texts of a mailing in a language. The document must be valid.
func (d *Document) Render(language string) crm.Template {
	w := &writer{accent: cmp.Or(d.Accent, usualAccent)}
	fmt.Fprintf(&w.b, head, html.EscapeString(cmp.Or(language, "en")), html.EscapeString(tag.ReplaceAllString(d.Subject, "…")))
	if d.Preview != "" {
		w.b.WriteString(`<div style="display:none;max-height:0;overflow:hidden;mso-hide:all">`)
		htmlOf(&w.b, inlines(d.Preview), w.accent)
		// Blanks of no width, so that no other words follow in the list.
		w.b.WriteString(strings.Repeat("&#847;&zwnj;&nbsp;", 40) + "</div>\n")
	}
	w.b.WriteString(`<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0" class="kb" style="background:#f3f4f1"><tr><td align="center" style="padding:24px 12px">` + "\n" +
		`<table role="presentation" width="600" cellpadding="0" cellspacing="0" border="0" class="kw kp" style="width:600px;max-width:100%;background:#ffffff;border-radius:8px"><tr><td class="kt" style="padding:32px 32px 16px;` + fonts + `;font-size:16px;line-height:1.55;color:#1d2420">` + "\n")
	w.blocks(d.Blocks)
	w.b.WriteString("</td></tr></table>\n</td></tr></table>\n</body>\n</html>\n")
	return crm.Template{Subject: d.Subject, Text: d.plain(), HTML: w.b.String()}
}

// writer writes the HTML of blocks.
type writer struct {
	b      strings.Builder
	accent string
}

func (w *writer) blocks(list []Block) {
	for i := range list {
		b := &list[i]
		if b.If != "" {
			w.b.WriteString("{{ if " + b.If + " }}\n")
		}
		w.block(b)
		if b.If != "" {
			w.b.WriteString("{{ endif }}\n")
		}
	}
}

func (w *writer) block(b *Block) {
	switch b.Kind {
	case Heading:
		w.b.WriteString(`<h1 style="margin:0 0 16px;font-size:24px;line-height:1.25;font-weight:600;color:#1d2420">`)
		htmlOf(&w.b, inlines(strings.ReplaceAll(b.Text, "\n", " ")), w.accent)
		w.b.WriteString("</h1>\n")
	case Text:
		w.words(b.Text)
	case Quote:
		w.b.WriteString(`<blockquote class="kq" style="margin:0 0 16px;padding:4px 0 4px 16px;border-left:3px solid ` + w.accent + `">`)
		w.words(b.Text)
		w.b.WriteString("</blockquote>\n")
	case Button:
		w.button(b)
	case Image:
		w.image(b)
	case Divider:
		w.b.WriteString(`<hr class="kd" style="margin:24px 0;border:0;border-top:1px solid #d9ddd6">` + "\n")
	case Columns:
		w.columns(b)
	case Picks:
		w.picks(b)
	}
}

func (w *writer) words(text string) {
	list := false
	for _, p := range paragraphs(text) {
		if p.item != list {
			w.b.WriteString(map[bool]string{true: `<ul style="margin:0 0 16px;padding:0 0 0 24px">`, false: "</ul>\n"}[p.item])
			list = p.item
		}
		w.b.WriteString(map[bool]string{true: `<li style="margin:0 0 4px">`, false: `<p style="margin:0 0 16px">`}[p.item])
		for i, line := range p.lines {
			if i > 0 {
				w.b.WriteString("<br>\n")
			}
			htmlOf(&w.b, line, w.accent)
		}
		w.b.WriteString(map[bool]string{true: "</li>", false: "</p>\n"}[p.item])
	}
	if list {
		w.b.WriteString("</ul>\n")
	}
}

// button writes a button as a cell with a colour, which Outlook shows too.
func (w *writer) button(b *Block) {
	w.b.WriteString(`<table role="presentation" cellpadding="0" cellspacing="0" border="0" style="margin:8px 0 24px"><tr><td bgcolor="` + w.accent + `" style="background:` + w.accent + `;border-radius:6px">` +
		`<a href="` + attribute(strings.TrimSpace(b.URL)) + `" style="display:inline-block;padding:12px 24px;` + fonts + `;font-size:16px;line-height:20px;font-weight:600;color:` + wordsOn(w.accent) + `;text-decoration:none">`)
	for _, p := range inlines(strings.ReplaceAll(b.Text, "\n", " ")) {
		p.link = ""
		p.write(&w.b)
	}
	w.b.WriteString("</a></td></tr></table>\n")
}

func (w *writer) image(b *Block) {
	width := cmp.Or(b.Width, column-64)
	img := `<img src="` + attribute(strings.TrimSpace(b.Image)) + `" alt="` + attribute(strings.TrimSpace(b.Text)) + `" width="` + strconv.Itoa(width) + `" style="display:block;width:` + strconv.Itoa(width) + `px;max-width:100%;height:auto;border:0;border-radius:6px">`
	if b.URL != "" {
		img = `<a href="` + attribute(strings.TrimSpace(b.URL)) + `">` + img + `</a>`
	}
	w.b.WriteString(`<div style="margin:0 0 16px">` + img + "</div>\n")
}

func (w *writer) columns(b *Block) {
	w.b.WriteString(`<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0"><tr>`)
	for i, side := range [][]Block{b.Left, b.Right} {
		w.b.WriteString(`<td class="kc kt" width="50%" valign="top" style="width:50%;padding:` + []string{"0 12px 0 0", "0 0 0 12px"}[i] + `">` + "\n")
		w.blocks(side)
		w.b.WriteString("</td>")
	}
	w.b.WriteString("</tr></table>\n")
}

// picks writes the products that go with what somebody bought, and nothing where
// there are none.
func (w *writer) picks(b *Block) {
	w.b.WriteString("{{ if picks }}\n")
	if strings.TrimSpace(b.Text) != "" {
		w.words(b.Text)
	}
	w.b.WriteString(`<ul style="margin:0 0 16px;padding:0 0 0 24px">` + "\n{{ for p in picks limit: 3 }}\n" + `<li style="margin:0 0 4px">{{ p }}</li>` + "\n{{ endfor }}\n</ul>\n{{ endif }}\n")
}

// plain gives the plain text.
func (d *Document) plain() string {
	var b strings.Builder
	plainBlocks(&b, d.Blocks)
	return strings.TrimSpace(b.String()) + "\n"
}

func plainBlocks(b *strings.Builder, list []Block) {
	for i := range list {
		k := &list[i]
		if k.If != "" {
			b.WriteString("{{ if " + k.If + " }}\n")
		}
		plainBlock(b, k)
		if k.If != "" {
			b.WriteString("{{ endif }}\n")
		}
	}
}

func plainBlock(b *strings.Builder, k *Block) {
	switch k.Kind {
	case Heading:
		b.WriteString(strings.TrimRight(plainWords(strings.ReplaceAll(k.Text, "\n", " ")), "\n") + "\n\n")
	case Text:
		b.WriteString(plainWords(k.Text) + "\n")
	case Quote:
		for line := range strings.Lines(plainWords(k.Text)) {
			b.WriteString("> " + line)
		}
		b.WriteByte('\n')
	case Button:
		b.WriteString(strings.TrimRight(plainWords(k.Text), "\n") + ": " + strings.TrimSpace(k.URL) + "\n\n")
	case Image:
		b.WriteString("[" + strings.TrimSpace(k.Text) + "]")
		if k.URL != "" {
			b.WriteString(" " + strings.TrimSpace(k.URL))
		}
		b.WriteString("\n\n")
	case Divider:
		b.WriteString("----\n\n")
	case Columns:
		plainBlocks(b, k.Left)
		plainBlocks(b, k.Right)
	case Picks:
		b.WriteString("{{ if picks }}\n")
		if strings.TrimSpace(k.Text) != "" {
			b.WriteString(plainWords(k.Text))
		}
		b.WriteString("{{ for p in picks limit: 3 }}\n- {{ p }}\n{{ endfor }}\n\n{{ endif }}\n")
	}
}

// wordsOn gives the colour of words that can be read on another: white or
// black, whichever has the higher contrast (WCAG 2.2 §1.4.3).
func wordsOn(colour string) string {
	const dark = "#000000"
	if contrast(colour, "#ffffff") >= contrast(colour, dark) {
		return "#ffffff"
	}
	return dark
}

// contrast gives the ratio of two colours' luminances, from 1 to 21.
func contrast(a, b string) float64 {
	x, y := luminance(a), luminance(b)
	return (max(x, y) + 0.05) / (min(x, y) + 0.05)
}

func luminance(colour string) float64 {
	sum := 0.0
	for i, weight := range []float64{0.2126, 0.7152, 0.0722} {
		n, err := strconv.ParseUint(colour[1+2*i:3+2*i], 16, 8)
		if err != nil {
			return 0
		}
		c := float64(n) / 255
		if c <= 0.04045 {
			c /= 12.92
		} else {
			c = math.Pow((c+0.055)/1.055, 2.4)
		}
		sum += weight * c
	}
	return sum
}
