package store

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/blevesearch/snowballstem"
	"github.com/blevesearch/snowballstem/english"
	"github.com/blevesearch/snowballstem/finnish"
	"github.com/blevesearch/snowballstem/german"
	"github.com/blevesearch/snowballstem/swedish"
	"golang.org/x/text/unicode/norm"

	"kaveri/crm"
)

const (
	maxQuery = 1000 // bytes
	maxForms = 24   // of one word
	minStem  = 4    // bytes; a shorter beginning is the beginning of anything
)

// parseQuery reads what people type: words, all of which must be there in some
// form; "phrases"; and -words or -"phrases" that must not be there. An address
// is a phrase whose end may be missing.
func parseQuery(q string) ([]term, error) {
	if len(q) > maxQuery {
		return nil, crm.Invalid("search", "the search is longer than %d characters", maxQuery)
	}
	q = norm.NFC.String(strings.ToValidUTF8(q, " "))
	var terms []term
	positive := false
	for q != "" && len(terms) < maxQueryWords {
		var t []term
		t, q = nextTerms(q)
		for _, t := range t {
			positive = positive || !t.not
			terms = append(terms, t)
		}
	}
	if !positive {
		return nil, crm.Invalid("search", "write at least one word to search for")
	}
	return terms, nil
}

// nextTerms reads one word or phrase and gives the rest of the query.
func nextTerms(q string) (terms []term, rest string) {
	q = strings.TrimLeftFunc(q, unicode.IsSpace)
	bare, not := strings.CutPrefix(q, "-")
	if not {
		q = bare
	}
	if quoted, ok := strings.CutPrefix(q, `"`); ok {
		text, rest, _ := strings.Cut(quoted, `"`)
		if p := crm.Tokens(text); len(p) > 0 {
			terms = []term{{phrase: p, not: not}}
		}
		return terms, rest
	}
	end := strings.IndexFunc(q, func(r rune) bool { return r == '"' || unicode.IsSpace(r) })
	if end < 0 {
		end = len(q)
	}
	word, rest := q[:end], q[end:]
	tokens := crm.Tokens(word)
	switch {
	case len(tokens) == 0:
	case not:
		terms = []term{{phrase: tokens, not: true}}
	case len(tokens) > 1 && strings.Contains(word, "@"):
		terms = []term{{phrase: tokens, open: true}}
	default:
		for start, end := range wordsOf(word) {
			if t, ok := wordTerm(word[start:end]); ok {
				terms = append(terms, t)
			}
		}
	}
	return terms, rest
}

// wordsOf gives the places of the words of s, as [crm.AppendTokens] cuts them.
func wordsOf(s string) func(yield func(start, end int) bool) {
	return func(yield func(start, end int) bool) {
		start := -1
		for i := 0; i < len(s); {
			r, n := rune(s[i]), 1
			if r >= utf8.RuneSelf {
				r, n = utf8.DecodeRuneInString(s[i:])
			}
			if inWord(r) {
				if start < 0 {
					start = i
				}
			} else if start >= 0 {
				if !yield(start, i) {
					return
				}
				start = -1
			}
			i += n
		}
		if start >= 0 {
			yield(start, len(s))
		}
	}
}

func inWord(r rune) bool {
	if r < utf8.RuneSelf {
		return 'a' <= r && r <= 'z' || '0' <= r && r <= '9' || 'A' <= r && r <= 'Z'
	}
	return unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.Is(unicode.Mn, r)
}

// wordTerm gives the forms of a word as it was written.
func wordTerm(word string) (term, bool) {
	tokens := crm.Tokens(word)
	if len(tokens) == 0 {
		return term{}, false
	}
	if utf8.RuneCountInString(tokens[0]) == 1 { // as a beginning it would match everything
		return term{phrase: tokens}, true
	}
	var t term
	add := func(s string, least int) {
		if f := crm.Tokens(s); len(f) == 1 && len(f[0]) >= least && len(t.forms) < maxForms {
			t.forms = append(t.forms, f[0])
		}
	}
	add(word, 1)
	for _, spelling := range spellings(strings.ToLower(word)) {
		add(spelling, minStem)
		for _, stem := range stems(spelling) {
			add(stem, minStem)
		}
	}
	t.forms = distinct(t.forms)
	return t, true
}

var (
	transliterated = strings.NewReplacer("ä", "ae", "ö", "oe", "ü", "ue", "å", "aa", "ø", "oe")
	// The index has a for ä, so a transliterated word is looked for without its e.
	untransliterated = strings.NewReplacer("ae", "a", "oe", "o", "ue", "u")
)

// spellings gives a word as written, as it is written where there are no
// umlauts (Müller, Mueller), and the other way round.
func spellings(word string) []string {
	return distinct([]string{word, transliterated.Replace(word), untransliterated.Replace(word)})
}

// stems gives the stems of a word in the languages of the firms we meet; which
// one a word belongs to cannot be told.
func stems(word string) []string {
	if len(word) < minStem || strings.ContainsFunc(word, unicode.IsDigit) {
		return nil
	}
	var out []string
	for _, stem := range []func(*snowballstem.Env) bool{finnish.Stem, german.Stem, swedish.Stem, english.Stem} {
		env := snowballstem.NewEnv(word)
		stem(env)
		out = append(out, env.Current())
	}
	return append(out, finnishStems(word, out[0])...)
}

// finnishStems adds the stem that the algorithm, which only cuts, cannot see:
// nominatives in -nen have their other cases in -s- (päivällinen,
// päivällisen), those in -us, -ys, -os, -ös in -ks- (varaus, varauksen).
func finnishStems(word, stem string) []string {
	var out []string
	if base, ok := strings.CutSuffix(word, "nen"); ok {
		out = append(out, base+"s")
	}
	for _, end := range []string{"us", "ys", "os", "ös"} {
		if base, ok := strings.CutSuffix(word, end); ok {
			out = append(out, base+strings.TrimSuffix(end, "s")+"ks")
		}
		if base, ok := strings.CutSuffix(stem, strings.TrimSuffix(end, "s")+"ks"); ok {
			out = append(out, base+end)
		}
	}
	if base, ok := strings.CutSuffix(stem, "s"); ok && stem != word {
		out = append(out, base+"nen")
	}
	return out
}
