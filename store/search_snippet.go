package store

import (
	"bytes"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"kaveri/crm"
)

// A snippet shows so much of a text, in bytes: some before the first hit, and
// in all.
const (
	snippetBefore = 80
	snippetSize   = 240
)

// marker finds the words of a query in a text as it was written.
type marker struct {
	prefixes [][]byte
	phrases  []term
	longest  int // phrase, in tokens
}

func newMarker(terms []term) *marker {
	m := &marker{}
	for _, t := range terms {
		switch {
		case t.not:
		case len(t.phrase) > 0:
			m.phrases = append(m.phrases, t)
			m.longest = max(m.longest, len(t.phrase))
		default:
			for _, f := range t.forms {
				m.prefixes = append(m.prefixes, []byte(f))
			}
		}
	}
	return m
}

// hit is a place in a text, from byte start to before end.
type hit struct{ start, end int }

// hits gives the first hit and those that can stand in one snippet with it.
func (m *marker) hits(text string) []hit {
	var out []hit
	var token []byte
	var lately []struct { // the last tokens, for phrases
		hit
		token string
	}
	for start, end := range wordsOf(text) {
		if len(out) > 0 && start > out[0].start+snippetSize {
			break
		}
		token = crm.AppendTokens(token[:0], text[start:end], 4*crm.MaxToken)
		if len(token) == 0 {
			continue
		}
		token = token[:len(token)-1] // the space
		if slices.ContainsFunc(m.prefixes, func(p []byte) bool { return bytes.HasPrefix(token, p) }) {
			out = append(out, hit{start, end})
		}
		if m.longest == 0 {
			continue
		}
		if len(lately) == m.longest {
			lately = slices.Delete(lately, 0, 1)
		}
		lately = append(lately, struct {
			hit
			token string
		}{hit{start, end}, string(token)})
		for _, p := range m.phrases {
			if n := len(lately) - len(p.phrase); n >= 0 && p.endsHere(len(p.phrase), func(i int) string { return lately[n+i].token }) {
				for _, l := range lately[n:] {
					out = append(out, l.hit)
				}
			}
		}
	}
	return out
}

// endsHere reports whether the tokens are those of the phrase.
func (t term) endsHere(n int, token func(int) string) bool {
	for i := range n {
		if got := token(i); got != t.phrase[i] && !(t.open && i == n-1 && strings.HasPrefix(got, t.phrase[i])) {
			return false
		}
	}
	return true
}

// snippet cuts the surroundings of the first hit and marks the hits in it; nil
// when there is none.
func (m *marker) snippet(text string) []crm.SnippetPart {
	hits := m.hits(text)
	if len(hits) == 0 {
		return nil
	}
	slices.SortFunc(hits, func(a, b hit) int { return a.start - b.start })
	from := wordEdge(text, hits[0].start-snippetBefore)
	to := len(cut(text, max(hits[0].end, min(len(text), from+snippetSize))))
	var parts []crm.SnippetPart
	add := func(s string, isHit bool) {
		if s != "" {
			parts = append(parts, crm.SnippetPart{Text: oneLine(s), Hit: isHit})
		}
	}
	if from > 0 {
		parts = append(parts, crm.SnippetPart{Text: "… "})
	}
	at := from
	for _, h := range hits {
		if h.start < at || h.end > to {
			continue
		}
		add(text[at:h.start], false)
		add(text[h.start:h.end], true)
		at = h.end
	}
	add(text[at:to], false)
	if to < len(text) {
		parts = append(parts, crm.SnippetPart{Text: " …"})
	}
	return parts
}

// wordEdge gives the beginning of the first word at or after i.
func wordEdge(text string, i int) int {
	if i <= 0 {
		return 0
	}
	for i < len(text) && !utf8.RuneStart(text[i]) {
		i++
	}
	if space := strings.IndexFunc(text[i:min(len(text), i+snippetBefore/2)], unicode.IsSpace); space >= 0 {
		_, n := utf8.DecodeRuneInString(text[i+space:])
		return i + space + n
	}
	return i
}

// oneLine makes one space of each run of white space and of the marks of
// quoting that begin a line.
func oneLine(s string) string {
	var b strings.Builder
	space, begins := false, false
	for _, r := range s {
		if unicode.IsSpace(r) || r == '>' && begins {
			space = true
			begins = begins || r == '\n'
			continue
		}
		begins = false
		if space {
			b.WriteByte(' ')
			space = false
		}
		b.WriteRune(r)
	}
	if space {
		b.WriteByte(' ')
	}
	return b.String()
}
