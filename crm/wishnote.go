package crm

import (
	"slices"
	"strings"
)

// noteMarks are the words before a colon that begin a line about a wish.
var noteMarks = map[string]WishKind{
	"wish": WishWish, "toive": WishWish, "preference": WishPreference, "mieltymys": WishPreference,
	"problem": WishProblem, "ongelma": WishProblem, "complaint": WishProblem, "valitus": WishProblem,
	"praise": WishPraise, "kiitos": WishPraise, "question": WishQuestion, "kysymys": WishQuestion,
	"plan": WishPlan, "suunnitelma": WishPlan, "switch": WishSwitch, "vaihtaa": WishSwitch,
}

// noteVerbs begin a colleague's own words about what somebody wants: "wants blue".
var noteVerbs = []string{"wants", "wishes", "would like", "would love", "hopes for", "haluaa", "haluaisi", "toivoo", "toivoisi", "kaipaa"}

// notePersons may stand before them.
var notePersons = []string{"she", "he", "they", "customer", "asiakas", "han", "he"}

// WishesInNote gives the wishes that a colleague's note tells of: lines that begin
// with "wish:" or "toive:" and the like, and those that say what somebody wants
// ("wants blue, not before March").
func WishesInNote(text string) []Wish {
	var out []Wish
	for line := range strings.Lines(text) {
		line = strings.TrimLeft(tidyLine(line), "-*• ")
		if mark, rest, ok := strings.Cut(line, ":"); ok {
			if kind, known := noteMarks[strings.ToLower(strings.TrimSpace(mark))]; known && strings.TrimSpace(rest) != "" {
				out = append(out, Wish{Kind: kind, Quote: strings.TrimSpace(rest)})
				continue
			}
		}
		if saysWant(line) {
			out = append(out, Wish{Kind: WishWish, Quote: line})
		}
	}
	for i := range out {
		if len(out[i].Quote) > MaxQuote {
			out[i].Quote = strings.ToValidUTF8(out[i].Quote[:MaxQuote], "")
		}
	}
	return out
}

func saysWant(line string) bool {
	words := Tokens(line)
	if len(words) > 0 && slices.Contains(notePersons, words[0]) {
		words = words[1:]
	}
	said := strings.Join(words, " ") + " "
	return slices.ContainsFunc(noteVerbs, func(v string) bool { return strings.HasPrefix(said, v+" ") && len(said) > len(v)+1 })
}
