package store

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"kaveri/crm"
)

// The places of words are those of the tokens that the index holds.
func FuzzWordsOf(f *testing.F) {
	for _, s := range []string{"Päivällinen, kello 18!", "ka\u0308ma\u0308rä", "a\u0308\u0308 ß İstanbul", "x@y.example", "日本語 テスト", "\xff\xfea", "\u0308", strings.Repeat("pitkä", 40)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		var got []string
		for start, end := range wordsOf(s) {
			got = append(got, crm.Tokens(s[start:end])...)
		}
		if want := crm.Tokens(s); len(s) < 1<<20 && !slices.Equal(got, want) {
			t.Errorf("%q: %q, the index has %q", s, got, want)
		}
	})
}

// Whatever people type, both engines get a query of their own language, and a
// snippet is text.
func FuzzSearchQuery(f *testing.F) {
	for _, s := range []string{`matka -"kello 18" anna@firma.example`, `"`, `-`, `"a" b`, `*:"'&|!()<->\`, "Müller\x00", "ﬁ"} {
		f.Add(s, "Päivällinen on katettu.\n\nTervetuloa!")
	}
	f.Fuzz(func(t *testing.T, query, text string) {
		terms, err := parseQuery(query)
		if err != nil {
			if crm.KindOf(err) != crm.KindInvalid {
				t.Errorf("%q: %v", query, err)
			}
			return
		}
		for _, term := range terms {
			for _, token := range append(slices.Clone(term.forms), term.phrase...) {
				if token == "" || strings.ContainsFunc(token, func(r rune) bool { return r < utf8.RuneSelf && !inWord(r) }) {
					t.Errorf("%q has the token %q", query, token)
				}
			}
			if len(term.forms)+len(term.phrase) == 0 {
				t.Errorf("%q has an empty term", query)
			}
		}
		var whole strings.Builder
		for _, p := range newMarker(terms).snippet(text) {
			whole.WriteString(p.Text)
			if p.Text == "" || utf8.ValidString(text) && !utf8.ValidString(p.Text) {
				t.Errorf("%q in %q gives the part %q", query, text, p.Text)
			}
		}
		if n := whole.Len(); n > snippetSize+snippetBefore+len(text) {
			t.Errorf("a snippet of %d bytes", n)
		}
	})
}
