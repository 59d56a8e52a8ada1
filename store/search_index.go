package store

import (
	"sort"
	"strconv"
	"strings"

	"kaveri/crm"
)

// maxIndexed bounds the tokens of one mail's body, in bytes: about 40,000
// words. What is longer is a log file, not a letter.
const maxIndexed = 256 << 10

// document is what the index holds of a message: tokens, a space after each.
type document struct {
	subject, people, body, files string
}

func documentOf(m *crm.Message) document {
	var people, files []byte
	for _, p := range m.Participants() {
		people = crm.AppendTokens(people, p.Name, 200)
		people = crm.AppendTokens(people, string(p.Address), 200)
		if len(people) > 8<<10 {
			break
		}
	}
	for _, a := range m.Attachments {
		files = crm.AppendTokens(files, a.Name, 300)
		if len(files) > 8<<10 {
			break
		}
	}
	return document{
		subject: string(crm.AppendTokens(nil, m.Subject, crm.MaxSubject)),
		people:  string(people),
		body:    string(crm.AppendTokens(make([]byte, 0, min(len(m.Text)+16, maxIndexed)), m.Text, maxIndexed)),
		files:   string(files),
	}
}

// vector gives the document as PostgreSQL's tsvector: 'token':1A,7D 'next':2D.
// Positions stop at 16383 and at 255 a token, as the type demands.
func (d document) vector() string {
	const maxPosition, maxPerToken = 16383, 255
	at := map[string][]byte{}
	count := map[string]int{}
	n := 0
	for _, field := range []struct {
		text   string
		weight byte
	}{{d.subject, 'A'}, {d.people, 'B'}, {d.files, 'C'}, {d.body, 'D'}} {
		n++ // no phrase goes from one field into the next
		for _, token := range strings.Fields(field.text) {
			n = min(n+1, maxPosition)
			if count[token]++; count[token] > maxPerToken {
				continue
			}
			b := at[token]
			if b != nil {
				b = append(b, ',')
			}
			at[token] = append(strconv.AppendInt(b, int64(n), 10), field.weight)
		}
	}
	tokens := make([]string, 0, len(at))
	for t := range at {
		tokens = append(tokens, t)
	}
	sort.Strings(tokens)
	var b strings.Builder
	for _, t := range tokens {
		b.WriteByte('\'')
		b.WriteString(t)
		b.WriteString("':")
		b.Write(at[t])
		b.WriteByte(' ')
	}
	return b.String()
}

// term is one word or phrase of a query. A word is matched by a mail that has
// one of its forms, as a whole word or as the beginning of one.
type term struct {
	forms  []string // tokens: letters and digits only
	phrase []string // tokens that must follow each other, instead of forms
	open   bool     // the last token of the phrase may be the beginning of a word
	not    bool     // a mail that matches it is left out
}

// matchFTS5 writes the query for SQLite: ("matka"* OR "matk"*) AND "x y" NOT "z".
func matchFTS5(terms []term) string {
	return matchText(terms, " AND ", " OR ", " NOT ", func(p []string, open bool) string {
		if open {
			return `"` + strings.Join(p, " ") + `"*`
		}
		return `"` + strings.Join(p, " ") + `"`
	})
}

// matchTSQuery writes it for PostgreSQL: ('matka':* | 'matk':*) & ('x' <-> 'y') & !('z').
func matchTSQuery(terms []term) string {
	return matchText(terms, " & ", " | ", " & !", func(p []string, open bool) string {
		s := "('" + strings.Join(p, "' <-> '") + "'"
		if open {
			s += ":*"
		}
		return s + ")"
	})
}

func matchText(terms []term, and, or, not string, phrase func(tokens []string, open bool) string) string {
	var with, without []string
	for _, t := range terms {
		alternatives := make([]string, len(t.forms))
		for i, f := range t.forms {
			alternatives[i] = phrase([]string{f}, true)
		}
		if len(t.phrase) > 0 {
			alternatives = []string{phrase(t.phrase, t.open)}
		}
		text := "(" + strings.Join(alternatives, or) + ")"
		if t.not {
			without = append(without, not+text)
		} else {
			with = append(with, text)
		}
	}
	return strings.Join(with, and) + strings.Join(without, "")
}
