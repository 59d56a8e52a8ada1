package language

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/abadojack/whatlanggo"
)

// Limits on what is looked at.
const (
	maxText    = 4 << 10 // bytes of a text
	maxWord    = 40      // bytes of a word that is looked up
	minLetters = 80      // letters from which on statistics say something
)

// Of gives the language of a text by its ISO 639-1 code, and how sure that is
// from 0 to 1; "" and 0 when it cannot be told. text is what one person wrote:
// what they quote may be in another language.
func Of(text string) (code string, sure float64) {
	if len(text) > maxText {
		text = text[:maxText]
		for len(text) > 0 && !utf8.RuneStart(text[len(text)-1]) {
			text = text[:len(text)-1]
		}
	}
	c := count(text)
	said, wordSure := c.byWords()
	if said == "ru" && strings.ContainsAny(text, "іїєґІЇЄҐ") {
		said, wordSure = "", 0 // Ukrainian, whose words are not known
	}
	if c.letters < minLetters || c.clear(said, wordSure) {
		return said, wordSure
	}
	guess, guessSure := byTrigrams(c.prose.String())
	switch {
	case guess == "":
		return said, wordSure
	case guess == said:
		return said, max(wordSure, guessSure)
	case said == "":
		return c.byTrigramsAlone(guess, guessSure)
	case c.seen[indexOf(said)] >= fewWords || guessSure < 0.5:
		return said, wordSure
	}
	return "", 0
}

// Known words of a language by which it is told.
const (
	fewWords  = 3 // more than statistics outweigh
	manyWords = 6 // so many that statistics are not asked: they cost most
)

// clear reports that the words alone leave no doubt.
func (c *counted) clear(said string, sure float64) bool {
	return said != "" && sure > 0.6 && c.seen[indexOf(said)] >= manyWords
}

// byTrigramsAlone decides where no known word speaks: of languages of which
// words are known that is a list of names or products, not prose.
func (c *counted) byTrigramsAlone(guess string, sure float64) (string, float64) {
	if indexOf(guess) >= 0 || sure < 0.5 || c.distinct() < minDistinct {
		return "", 0
	}
	return guess, 0.8 * sure
}

// minDistinct is how many different words statistics need to decide alone.
const minDistinct = 10

func (c *counted) distinct() int {
	seen := map[string]bool{}
	for w := range strings.FieldsSeq(c.prose.String()) {
		seen[w] = true
	}
	return len(seen)
}

func indexOf(code string) int { return slices.Index(codes[:], code) }

// counted is what the words of a text say.
type counted struct {
	letters int // in words that were looked at
	words   int
	score   [len(codes)]float64
	seen    [len(codes)]int // words that speak for a language
	prose   strings.Builder
}

// count looks the words of a text up. What is no language is left out:
// addresses, links, numbers, names of files.
func count(text string) *counted {
	c := &counted{}
	c.prose.Grow(len(text))
	for field := range strings.FieldsSeq(text) {
		if strings.HasPrefix(field, "¿") || strings.HasPrefix(field, "¡") {
			c.weigh(entry{spanish, 1})
		}
		if strings.ContainsAny(field, "@/\\_=<>0123456789") {
			continue
		}
		for word := range strings.FieldsFuncSeq(field, notLetter) {
			c.add(word)
		}
	}
	return c
}

func notLetter(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsMark(r) }

func (c *counted) add(word string) {
	n := utf8.RuneCountInString(word)
	c.letters += n
	c.words++
	c.prose.WriteString(word)
	c.prose.WriteByte(' ')
	if len(word) > maxWord {
		return
	}
	word = strings.ToLower(word)
	if e, ok := table[word]; ok {
		c.speak(e)
		return
	}
	var had uint32 // a letter counts once a word
	for _, r := range word {
		if e, ok := lettersOf[r]; ok && had&e.languages != e.languages {
			had |= e.languages
			c.weigh(e)
		}
	}
	if n < minEnded {
		return
	}
	for _, e := range endingsBy[word[len(word)-1]] {
		if strings.HasSuffix(word, e.text) {
			c.score[e.language] += endingWeight
			return
		}
	}
}

// speak counts a known word.
func (c *counted) speak(e entry) {
	c.weigh(e)
	for i := range codes {
		if e.languages&(1<<i) != 0 {
			c.seen[i]++
		}
	}
}

func (c *counted) weigh(e entry) {
	for i := range codes {
		if e.languages&(1<<i) != 0 {
			c.score[i] += e.weight
		}
	}
}

// byWords gives the language for which most words speak, "" when none does or
// when another has nearly as many.
func (c *counted) byWords() (string, float64) {
	best, second := -1, 0.0
	for i, s := range c.score {
		switch {
		case s == 0:
		case best < 0 || s > c.score[best]:
			if best >= 0 {
				second = max(second, c.score[best])
			}
			best = i
		default:
			second = max(second, s)
		}
	}
	if best < 0 {
		return "", 0
	}
	s := c.score[best]
	// A word that belongs to one language weighs 1, so one such word decides a
	// mail of a few words, and not one of twenty.
	if s < 0.99 || s < 1.25*second || s < 0.02*float64(c.words) {
		return "", 0
	}
	margin := (s - second) / s
	return codes[best], min(0.99, margin*(1-1/(1+s)))
}

// byTrigrams asks the statistics.
func byTrigrams(text string) (string, float64) {
	if text == "" {
		return "", 0
	}
	info := whatlanggo.DetectWithOptions(text, whatlanggo.Options{Whitelist: customers})
	if info.Lang < 0 || !customers[info.Lang] && !byScript[info.Lang] {
		return "", 0
	}
	code := info.Lang.Iso6391()
	if code == "nb" || code == "nn" {
		code = "no" // ISO 639-1 has one for both
	}
	return code, min(info.Confidence, 1)
}

// customers are the languages that the statistics choose from. Norwegian has
// two written forms; whatlanggo knows Bokmål.
var customers = map[whatlanggo.Lang]bool{
	whatlanggo.Eng: true, whatlanggo.Fin: true, whatlanggo.Swe: true, whatlanggo.Deu: true, whatlanggo.Est: true, whatlanggo.Rus: true,
	whatlanggo.Nob: true, whatlanggo.Dan: true, whatlanggo.Fra: true, whatlanggo.Spa: true, whatlanggo.Ita: true, whatlanggo.Nld: true,
	whatlanggo.Pol: true, whatlanggo.Por: true, whatlanggo.Lav: true, whatlanggo.Lit: true, whatlanggo.Ukr: true, whatlanggo.Ces: true,
	whatlanggo.Hun: true, whatlanggo.Ron: true, whatlanggo.Bul: true, whatlanggo.Hrv: true, whatlanggo.Slv: true, whatlanggo.Tur: true,
}

// byScript are languages that their script gives away.
var byScript = map[whatlanggo.Lang]bool{whatlanggo.Ell: true, whatlanggo.Cmn: true, whatlanggo.Jpn: true, whatlanggo.Kor: true}
