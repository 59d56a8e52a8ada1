package campaigns

import (
	"strings"
	"testing"

	"kaveri/templates/block"
)

// TestStarters compiles each ready-made mail in each language, and makes it for
// somebody of whom nothing but what it is about is known.
func TestStarters(t *testing.T) {
	list, err := block.Starters()
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range list {
		for language, letter := range s.Letters() {
			texts, err := CompileTemplate(letter)
			if err != nil {
				t.Errorf("%s in %s: %v", s.Name, language, err)
				continue
			}
			for _, f := range texts.MissingFallbacks() {
				if f.Name != "wish" {
					t.Errorf("%s in %s cannot be made without %s", s.Name, language, f.Name)
				}
			}
			for _, fields := range []map[string]string{
				{"wish": "a cruise on the <lake>"},
				{"wish": "a cruise on the <lake>", "first_name": "Dora", "last_product": "Tea & co", "last_order": "2026-03-01", "rung": "LAPSED", "picks": "a; b; c; d", "writer_name": "Anna Aalto"},
			} {
				made := func(text *Text) string {
					t.Helper()
					b, err := text.Render(nil, &Data{Fields: fields, Language: language})
					if err != nil {
						t.Errorf("%s in %s: %v", s.Name, language, err)
					}
					return string(b)
				}
				html, plain := made(texts.HTML), made(texts.Plain)
				made(texts.Subject)
				if strings.Contains(html, "<lake>") {
					t.Errorf("%s in %s: a wish became HTML", s.Name, language)
				}
				for _, text := range []string{html, plain} {
					if strings.Contains(text, "{{") {
						t.Errorf("%s in %s: a tag is left in\n%s", s.Name, language, text)
					}
				}
			}
		}
	}
}
