package crm

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// bearsName reports a name that proves something: it can be one person's, and
// two words of it are in both. Of a first name there are many in any thread.
// A word of three signs in a script that is written without spaces is a whole
// name: 田中太郎.
func bearsName(a, b string) bool {
	if !SameName(a, b) {
		return false
	}
	x, y := Tokens(a), Tokens(b)
	short := x
	if len(y) < len(x) {
		short = y
	}
	if len(short) > 1 {
		return true
	}
	return signs(short[0]) > 2
}

// signs counts the letters of a word in scripts whose letters are syllables or
// words.
func signs(word string) (n int) {
	for _, r := range word {
		if unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul) {
			n++
		}
	}
	return n
}

// SameName reports whether two names can be one person's: all words of the
// shorter stand in the longer, in any order. Initials are no name, nor are two
// letters; of a script whose letters are syllables or words, two are.
func SameName(a, b string) bool {
	x, y := Tokens(a), Tokens(b)
	if len(x) > len(y) {
		x, y = y, x
	}
	long, all := 0, 0
	for _, w := range x {
		if !slices.Contains(y, w) {
			return false
		}
		n := utf8.RuneCountInString(w) + signs(w)/2
		long, all = max(long, n), all+n
	}
	return long > 1 && all > 2
}

// How much a line needs to prove, by being repeated, that somebody has read it.
// Greetings and closing formulas, which everybody writes, have fewer words, and
// rules have none; scripts without spaces are counted by their signs.
const (
	minShared      = 20 // letters and digits, in
	minSharedWords = 5  // words
	minSharedSigns = 14 // or signs of a script without spaces
)

// telling reports a line that not everybody writes.
func telling(line string) bool {
	letters, words, signs, within := 0, 0, 0, false
	for _, r := range line {
		letter := unicode.IsLetter(r) || unicode.IsDigit(r)
		if letter {
			letters++
			if !within {
				words++
			}
			if unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Thai) {
				signs++
			}
		}
		within = letter
	}
	return words >= minSharedWords && letters >= minShared || signs >= minSharedSigns
}

// SharesLine reports whether a text repeats a line of another one, quoted or
// not.
func SharesLine(text, of string) bool {
	lines := map[string]bool{}
	for line := range strings.Lines(of) {
		if telling(line) && len(lines) < 2000 {
			lines[unquoted(line)] = true
		}
	}
	for line := range strings.Lines(text) {
		if telling(line) && lines[unquoted(line)] {
			return true
		}
	}
	return false
}

// unquoted gives a line without quote marks and space, in which mail programs
// differ.
func unquoted(line string) string {
	return strings.Map(func(r rune) rune {
		if r == '>' || r == '|' || r <= ' ' || r == 0xa0 {
			return -1
		}
		return r
	}, line)
}
