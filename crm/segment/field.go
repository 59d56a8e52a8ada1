package segment

import (
	"slices"
	"strings"

	"kaveri/crm"
)

// Kind says what sort of value a field has, and so which tests it knows.
type Kind string

// The kinds.
const (
	KindLadder  Kind = "ladder"  // a place on a scale, with its history
	KindLabel   Kind = "label"   // a label with its history
	KindDay     Kind = "day"     // a day, mostly to come
	KindPast    Kind = "past"    // a day that has been
	KindNumber  Kind = "number"  // a count
	KindMoney   Kind = "money"   // an amount of the firm's currency
	KindPercent Kind = "percent" // a share
	KindMoment  Kind = "moment"  // when something happened last
	KindEvent   Kind = "event"   // what happens now and then
	KindNamed   Kind = "named"   // the same, of something that has a name
	KindWish    Kind = "wish"
	KindSince   Kind = "since" // a state with its beginning
	KindSpan    Kind = "span"  // for so long
	KindFlag    Kind = "flag"  // so or not
	KindText    Kind = "text"  // a word or a name
	KindCode    Kind = "code"  // one of many that nobody lists here: languages, colleagues
)

// Words are what people read, in the languages of the product.
type Words struct{ English, Finnish string }

// In gives the words of a language (en, fi).
func (w Words) In(language string) string {
	if language == "fi" && w.Finnish != "" {
		return w.Finnish
	}
	return w.English
}

// Field is what a condition can ask about. Parser, printer, evaluator, the
// statement that the store makes of a rule, and the builder of the page all go
// by the same table of them.
type Field struct {
	Name     string
	Kind     Kind
	Values   []string // closed vocabulary; nil: none
	Help     Words
	Examples []string // conditions that can be written
	forms    []form
	test     func(*Condition, *Facts) bool
	found    func(*Condition, *Facts) Words
}

// Form is one way to write a condition on a field: words, and slots in braces;
// one that ends in a question mark may be left out.
type Form struct {
	Test    Test
	Pattern string
}

// Forms lists how conditions on the field are written, each in its canonical
// words.
func (f *Field) Forms() []Form {
	var out []Form
	for _, form := range f.forms {
		out = append(out, Form{form.test, form.patterns[0].text})
	}
	return out
}

// Fields gives the table of fields, in the order in which people read it.
func Fields() []Field { return slices.Clone(fields) }

// FieldNamed finds a field by its name.
func FieldNamed(name string) (*Field, bool) {
	i, ok := fieldAt[name]
	if !ok {
		return nil, false
	}
	return &fields[i], true
}

var fieldAt = map[string]int{}

// rungs, timings and notes are the vocabularies, as rules write them: in small
// letters, with a hyphen where there are several words.
var (
	rungWords   = vocabulary(crm.Rungs)
	timingWords = vocabulary(crm.Timings)
	noteWords   = append(vocabulary([]crm.RungNote{crm.NoteUnproven, crm.NoteBound, crm.NoteWellWisher}), wasWords()...)
	wishStates  = []string{"open", "fulfilled", "told"}
)

func wasWords() (words []string) {
	for _, r := range crm.Rungs {
		if r != crm.RungContact && r != crm.RungLapsed {
			words = append(words, hyphened(crm.NoteWas(r)))
		}
	}
	return words
}

func vocabulary[T ~string](values []T) (words []string) {
	for _, v := range values {
		words = append(words, hyphened(v))
	}
	return words
}

// hyphened gives a value as rules write it: "ON TIME" is on-time.
func hyphened[T ~string](value T) string {
	return strings.ReplaceAll(strings.ToLower(string(value)), " ", "-")
}

// Stored gives a word of the vocabularies of rung, timing and note as the ladder
// writes it, "" for another word.
func Stored(field, word string) string {
	values := map[string][]string{"rung": values(crm.Rungs), "timing": values(crm.Timings), "note": storedNotes}[field]
	for _, v := range values {
		if hyphened(v) == word {
			return v
		}
	}
	return ""
}

func values[T ~string](list []T) (out []string) {
	for _, v := range list {
		out = append(out, string(v))
	}
	return out
}

var storedNotes = func() []string {
	list := values([]crm.RungNote{crm.NoteUnproven, crm.NoteBound, crm.NoteWellWisher})
	for _, r := range crm.Rungs {
		list = append(list, string(crm.NoteWas(r)))
	}
	return list
}()
