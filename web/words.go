package web

import (
	"fmt"
	"strings"
)

// Key names a sentence of the catalogue. A key that is counted has two forms,
// apart by a bar: for one, and for every other number.
type Key string

// phrase is one sentence in each language.
type phrase struct{ en, fi string }

func (p phrase) has() bool { return p.en != "" }

func (p phrase) in(lang string) string {
	if lang == "fi" {
		return p.fi
	}
	return p.en
}

// together makes one catalogue of several. A key that stands in two would hide
// one of its meanings.
func together(parts ...map[Key]phrase) map[Key]phrase {
	all := map[Key]phrase{}
	for _, part := range parts {
		for k, p := range part {
			if all[k].has() {
				panic("web: the catalogue has " + string(k) + " twice")
			}
			all[k] = p
		}
	}
	return all
}

var languages = []string{"en", "fi"}

func otherLanguage(lang string) string {
	if lang == "fi" {
		return "en"
	}
	return "fi"
}

// say gives the words of a key, with its arguments in place. An unknown key is
// an error, so that no page can show one.
func say(lang string, k Key, args ...any) (string, error) {
	p, ok := words[k]
	if !ok {
		return "", fmt.Errorf("web: the catalogue has no %q", k)
	}
	for i, a := range args {
		switch n := a.(type) {
		case int:
			args[i] = number(lang, int64(n))
		case error:
			return "", fmt.Errorf("web: %q was given an error to show", k)
		}
	}
	if len(args) == 0 {
		return p.in(lang), nil
	}
	return fmt.Sprintf(p.in(lang), args...), nil
}

// count gives the words of a counted key.
func count(lang string, k Key, n int) (string, error) {
	p, ok := words[k]
	if !ok {
		return "", fmt.Errorf("web: the catalogue has no %q", k)
	}
	one, other, ok := strings.Cut(p.in(lang), "|")
	if !ok {
		return "", fmt.Errorf("web: %q is not counted", k)
	}
	if n == 1 {
		return strings.ReplaceAll(one, "%s", "1"), nil
	}
	return strings.ReplaceAll(other, "%s", number(lang, int64(n))), nil
}
