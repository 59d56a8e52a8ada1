package wishes

import (
	"embed"
	"fmt"
	"path"
	"slices"
	"strings"

	"kaveri/crm"
)

//go:embed packs/*.txt
var files embed.FS

// packs are the language packs, by language.
var packs = func() map[string]*pack {
	all := map[string]*pack{}
	names, err := files.ReadDir("packs")
	if err != nil {
		panic(err)
	}
	for _, n := range names {
		b, err := files.ReadFile(path.Join("packs", n.Name()))
		if err == nil {
			all[strings.TrimSuffix(n.Name(), ".txt")], err = readPack(string(b))
		}
		if err != nil {
			panic("wishes: " + n.Name() + ": " + err.Error()) // the file is part of the program
		}
	}
	return all
}()

// pack is what a language says, by kind; "not" takes back all others.
type pack struct{ phrases map[crm.WishKind][]phrase }

// phrase is words to be found one behind the other.
type phrase struct {
	words []pattern
	first bool // of the sentence
}

// pattern is a word, or the beginning of one; gap says that others may stand
// before it.
type pattern struct {
	text   string
	prefix bool
	gap    bool
}

// maxGap is how many words a star stands for.
const maxGap = 4

func readPack(text string) (*pack, error) {
	p := &pack{map[crm.WishKind][]phrase{}}
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		kind, words, ok := strings.Cut(line, ":")
		if k := crm.WishKind(kind); !ok || k != "not" && !slices.Contains(crm.WishKinds, k) {
			return nil, fmt.Errorf("%q has no kind", line)
		}
		var ph phrase
		gap := false
		for _, w := range strings.Fields(words) {
			switch {
			case w == "^":
				ph.first = true
			case w == "*":
				gap = true
			default:
				prefix := strings.HasSuffix(w, "-")
				for _, t := range crm.Tokens(w) {
					ph.words = append(ph.words, pattern{t, prefix, gap})
					gap = false
				}
			}
		}
		if len(ph.words) == 0 {
			return nil, fmt.Errorf("%q has no words", line)
		}
		p.phrases[crm.WishKind(kind)] = append(p.phrases[crm.WishKind(kind)], ph)
	}
	return p, nil
}

// has reports that a sentence has a phrase of a kind.
func (p *pack) has(kind crm.WishKind, words []string) bool {
	return slices.ContainsFunc(p.phrases[kind], func(ph phrase) bool { return ph.in(words) })
}

func (ph *phrase) in(words []string) bool {
	for i := range words {
		if matches(ph.words, words[i:]) {
			return true
		}
		if ph.first {
			return false
		}
	}
	return false
}

// matches reports that the words begin with a phrase.
func matches(ps []pattern, words []string) bool {
	if len(ps) == 0 {
		return true
	}
	most := 0
	if ps[0].gap {
		most = maxGap
	}
	for skip := 0; skip <= most && skip < len(words); skip++ {
		if ps[0].is(words[skip]) && matches(ps[1:], words[skip+1:]) {
			return true
		}
	}
	return false
}

func (p pattern) is(word string) bool {
	return word == p.text || p.prefix && strings.HasPrefix(word, p.text)
}
