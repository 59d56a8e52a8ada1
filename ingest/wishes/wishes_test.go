package wishes

import (
	"os"
	"strings"
	"testing"
	"time"

	"kaveri/crm"
)

var day = crm.DayOf(time.Date(2026, 1, 14, 0, 0, 0, 0, time.UTC))

// Each sentence of the corpus is what it says, alone and within a letter; what is
// usual in business is nothing.
func TestCorpus(t *testing.T) {
	b, err := os.ReadFile("testdata/corpus.txt")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(b)) {
		parts := strings.SplitN(strings.TrimSpace(line), " | ", 3)
		if len(parts) != 3 || line[0] == '#' {
			continue
		}
		language, want, sentence := parts[0], strings.TrimSuffix(strings.TrimSpace(parts[1]), "!"), parts[2]
		letter := "Hei Anna,\n\n" + sentence + "\nRegards\nDora\n"
		for _, text := range []string{sentence, letter} {
			got := "-"
			for _, s := range Find(text, language, 100, day) {
				got = string(s.Kind)
				if s.NotBefore != 0 {
					got += " " + s.NotBefore.String()
				}
				if s.Quote != sentence || !strings.HasPrefix(letter[strings.Index(letter, sentence):], s.Quote) || s.Place != 100+strings.Index(text, sentence) {
					t.Errorf("%q is quoted as %q at %d", sentence, s.Quote, s.Place)
				}
			}
			if got != want {
				t.Errorf("%s: %q is %q, want %q", language, sentence, got, want)
			}
		}
	}
}

// Sentences end where their author ends them, whatever the width of the lines.
func TestSentences(t *testing.T) {
	for _, c := range []struct {
		text string
		want []string
	}{
		{"One two. Three? Four!! Five", []string{"One two.", "Three?", "Four!!", "Five"}},
		{"It is 12.5 m, e.g. from 12. maaliskuuta on. Then", []string{"It is 12.5 m, e.g. from 12. maaliskuuta on.", "Then"}},
		{"A line that a program has wrapped because it was\nso long. Next", []string{"A line that a program has wrapped because it was\nso long.", "Next"}},
		{"Hi\nshort lines\n- one\n- two\n\nthree", []string{"Hi", "short lines", "one", "two", "three"}},
		{"", nil},
	} {
		var got []string
		for _, s := range sentences(c.text) {
			got = append(got, s.text)
			if !strings.HasPrefix(c.text[s.at:], s.text) {
				t.Errorf("%q is not at %d", s.text, s.at)
			}
		}
		if strings.Join(got, "|") != strings.Join(c.want, "|") {
			t.Errorf("%q is cut into %q", c.text, got)
		}
	}
}

func TestBounds(t *testing.T) {
	if got := Find(strings.Repeat("The heater does not work. ", 100), "en", 0, day); len(got) != maxFound {
		t.Errorf("%d of one mail", len(got))
	}
	if got := Find(strings.Repeat("x ", maxText)+"The heater does not work.", "en", 0, day); len(got) != 0 {
		t.Errorf("behind the bound: %v", got)
	}
	if got := Find("The heater does not work.", "sv", 0, day); got != nil {
		t.Errorf("in a language without a pack: %v", got)
	}
	for _, text := range []string{"wish", "joy: we love", "wish: ^"} {
		if _, err := readPack(text); err == nil {
			t.Errorf("the pack %q is read", text)
		}
	}
}

// FuzzFind holds places and bounds for any text.
func FuzzFind(f *testing.F) {
	f.Add("The heater does\nnot work. Ei ennen 12.3., kiitos!")
	f.Fuzz(func(t *testing.T, text string) {
		for language := range packs {
			for _, s := range Find(text, language, 0, day) {
				first, _, _ := strings.Cut(s.Quote, " ")
				if s.Place < 0 || !strings.HasPrefix(text[s.Place:], first) {
					t.Errorf("%q is not at %d of %q", s.Quote, s.Place, text)
				}
			}
		}
	})
}
