package block

import (
	"html"
	"strings"
)

// inline is a piece of a paragraph: words, a tag, or a link with pieces within.
type inline struct {
	text   string // as it is; of a tag with its brackets
	tag    bool
	strong bool
	weak   bool   // emphasis
	link   string // where it leads; "" nowhere
}

// paragraph is one of a text, or one item of a list in it.
type paragraph struct {
	item  bool
	lines [][]inline
}

// paragraphs reads words with their marks. Marks that are not closed are what they
// look like.
func paragraphs(text string) []paragraph {
	var out []paragraph
	var at *paragraph
	for line := range strings.Lines(strings.ReplaceAll(text, "\r\n", "\n")) {
		line = strings.TrimRight(line, "\n\r \t")
		if strings.TrimSpace(line) == "" {
			at = nil
			continue
		}
		item, is := strings.CutPrefix(strings.TrimLeft(line, " \t"), "- ")
		switch {
		case is:
			out = append(out, paragraph{item: true})
			at, line = &out[len(out)-1], item
		case at == nil:
			out = append(out, paragraph{})
			at = &out[len(out)-1]
		}
		at.lines = append(at.lines, inlines(line))
	}
	return out
}

// inlines reads one line.
func inlines(s string) []inline {
	var out []inline
	var plain strings.Builder
	style := inline{}
	flush := func() {
		if plain.Len() > 0 {
			piece := style
			piece.text = plain.String()
			out = append(out, piece)
			plain.Reset()
		}
	}
	for s != "" {
		switch {
		case strings.HasPrefix(s, "{{"):
			end := strings.Index(s, "}}")
			if end < 0 {
				end = len(s) - 2
			}
			flush()
			piece := style
			piece.text, piece.tag = s[:end+2], true
			out = append(out, piece)
			s = s[end+2:]
			continue
		case s[0] == '\\' && len(s) > 1 && strings.IndexByte(`*[]\-`, s[1]) >= 0:
			plain.WriteByte(s[1])
			s = s[2:]
			continue
		case strings.HasPrefix(s, "**") && (style.strong || strings.Contains(s[2:], "**")):
			flush()
			style.strong = !style.strong
			s = s[2:]
			continue
		case s[0] == '*' && (style.weak || closes(s[1:])):
			flush()
			style.weak = !style.weak
			s = s[1:]
			continue
		case s[0] == '[':
			if label, to, rest, ok := linkAt(s); ok {
				flush()
				for _, piece := range inlines(label) {
					piece.link, piece.strong, piece.weak = to, piece.strong || style.strong, piece.weak || style.weak
					out = append(out, piece)
				}
				s = rest
				continue
			}
		}
		plain.WriteByte(s[0])
		s = s[1:]
	}
	flush()
	return out
}

// closes reports that a lone star of emphasis is closed within the line: 2 * 3 is
// a product.
func closes(rest string) bool {
	if rest == "" || rest[0] == ' ' {
		return false
	}
	i := strings.IndexByte(rest, '*')
	return i > 0 && rest[i-1] != ' '
}

// linkAt reads [label](address).
func linkAt(s string) (label, to, rest string, ok bool) {
	mid := strings.Index(s, "](")
	if mid < 0 {
		return "", "", "", false
	}
	end := strings.IndexByte(s[mid:], ')')
	if end < 0 {
		return "", "", "", false
	}
	label, to, rest = s[1:mid], strings.TrimSpace(s[mid+2:mid+end]), s[mid+end+1:]
	return label, to, rest, label != "" && !strings.Contains(label, "[") && badLink(to, false) == ""
}

// htmlOf writes a line as HTML; tags stay as they are.
func htmlOf(b *strings.Builder, line []inline, accent string) {
	for i := 0; i < len(line); i++ {
		p := line[i]
		if p.link == "" {
			p.write(b)
			continue
		}
		b.WriteString(`<a href="` + attribute(p.link) + `" style="color:` + accent + `;text-decoration:underline" class="kl">`)
		for ; i < len(line) && line[i].link == p.link; i++ {
			line[i].write(b)
		}
		i--
		b.WriteString(`</a>`)
	}
}

func (p *inline) write(b *strings.Builder) {
	if p.strong {
		b.WriteString(`<strong>`)
	}
	if p.weak {
		b.WriteString(`<em>`)
	}
	if p.tag {
		b.WriteString(p.text)
	} else {
		b.WriteString(html.EscapeString(p.text))
	}
	if p.weak {
		b.WriteString(`</em>`)
	}
	if p.strong {
		b.WriteString(`</strong>`)
	}
}

// attribute escapes a value of an attribute but for the tags in it.
func attribute(s string) string {
	var b strings.Builder
	for s != "" {
		at := tag.FindStringIndex(s)
		if at == nil {
			at = []int{len(s), len(s)}
		}
		b.WriteString(html.EscapeString(s[:at[0]]))
		b.WriteString(s[at[0]:at[1]])
		s = s[at[1]:]
	}
	return b.String()
}

// plainOf writes a line as plain text, links as "label (address)".
func plainOf(b *strings.Builder, line []inline) {
	for i := 0; i < len(line); i++ {
		to := line[i].link
		if to == "" {
			b.WriteString(line[i].text)
			continue
		}
		var label strings.Builder
		for ; i < len(line) && line[i].link == to; i++ {
			label.WriteString(line[i].text)
		}
		i--
		b.WriteString(label.String())
		if label.String() != to {
			b.WriteString(" (" + to + ")")
		}
	}
}

// plainWords writes a whole text without marks.
func plainWords(text string) string {
	var b strings.Builder
	last := false
	for i, p := range paragraphs(text) {
		if i > 0 && !(last && p.item) {
			b.WriteByte('\n')
		}
		last = p.item
		for j, line := range p.lines {
			switch {
			case p.item && j == 0:
				b.WriteString("- ")
			case p.item:
				b.WriteString("  ")
			}
			plainOf(&b, line)
			b.WriteByte('\n')
		}
	}
	return b.String()
}
