package segment

import (
	"slices"

	"kaveri/crm"
)

// Op says what a [Rule] is made of.
type Op string

// The operators. The zero one holds for everybody.
const (
	Everybody Op = ""
	And       Op = "and"
	Or        Op = "or"
	Not       Op = "not"
	Is        Op = "is" // one condition
)

// Rule says which customers are meant. The zero Rule means all of them.
//
// A rule made by [Parse], [All], [Any] or [Negate] is in normal form: And and Or
// have two members or more, and none of their own kind, so that a rule has one
// text and a text one rule.
type Rule struct {
	Op Op         `json:"op"`
	Of []Rule     `json:"of,omitempty"` // members of And and Or; the one of Not
	Is *Condition `json:"is,omitempty"` // when Op is Is
}

// Condition is one test of one field. Which of its parts say something follows
// from the field's form, see [Field.Forms].
type Condition struct {
	Field string   `json:"field"` // its name in the table of [Fields]
	Test  Test     `json:"test"`
	Words []string `json:"words,omitempty"` // values of a vocabulary, texts, addresses

	Number int64 `json:"number,omitempty"` // a count, per cent, or ten-thousandths of the firm's currency
	To     int64 `json:"to,omitempty"`     // upper end of Between

	Day  crm.Day `json:"day,omitempty"`
	Span Span    `json:"span,omitzero"` // a number of days

	Last  Span   `json:"last,omitzero"`   // in the last so many days; none: at any time
	Full  bool   `json:"full,omitempty"`  // at full price
	State string `json:"state,omitempty"` // of wishes: open, fulfilled or told; "": any
}

// Test is what a condition asks of its field.
type Test string

// The tests.
const (
	TestIs      Test = "is"
	TestIsNot   Test = "is not"
	TestOneOf   Test = "one of"
	TestNoneOf  Test = "none of"
	TestUnknown Test = "unknown" // nothing is known of it

	TestWasOn   Test = "was on" // on a day
	TestEver    Test = "ever"
	TestChanged Test = "changed"
	TestRose    Test = "rose"
	TestFell    Test = "fell"

	TestAfterDays  Test = "after days"  // later than so many days from today
	TestWithinDays Test = "within days" // today or in so many days
	TestSinceDays  Test = "since days"  // so many days ago, or longer
	TestAgo        Test = "ago"         // longer than so many days ago
	TestBefore     Test = "before"
	TestAfter      Test = "after"
	TestOn         Test = "on"

	TestExactly Test = "exactly"
	TestAtLeast Test = "at least"
	TestAtMost  Test = "at most"
	TestMore    Test = "more than"
	TestLess    Test = "less than"
	TestBetween Test = "between"

	TestAny   Test = "any"   // it is so at all
	TestNamed Test = "named" // of what the text names
)

// The bounds of a rule. Its text is capped before and after it is made
// canonical, so that what is printed can be read again.
const (
	MaxText       = 8000 // bytes
	MaxConditions = 100
	MaxDepth      = 24  // brackets and nots within each other
	MaxName       = 200 // bytes of a text in quotation marks
	MaxDays       = 36_500
)

// All gives the rule that holds when all of these do. Without any it holds for
// everybody.
func All(rules ...Rule) Rule {
	return joined(And, slices.DeleteFunc(slices.Clone(rules), func(r Rule) bool { return r.Op == Everybody }))
}

// Any gives the rule that holds when one of these does. Without any it holds for
// everybody, as a list of choices of which none was made.
func Any(rules ...Rule) Rule { return joined(Or, rules) }

// Negate gives the rule that holds when this one does not.
func Negate(r Rule) Rule { return Rule{Op: Not, Of: []Rule{r}} }

// joined takes members of the same operator apart, so that the rule is in normal
// form.
func joined(op Op, rules []Rule) Rule {
	var of []Rule
	for _, r := range rules {
		if r.Op == op {
			of = append(of, r.Of...)
		} else {
			of = append(of, r)
		}
	}
	switch len(of) {
	case 0:
		return Rule{}
	case 1:
		return of[0]
	}
	return Rule{Op: op, Of: of}
}

// Conditions gives the conditions of the rule, from left to right.
func (r Rule) Conditions() []*Condition {
	if r.Op == Is {
		return []*Condition{r.Is}
	}
	var all []*Condition
	for _, of := range r.Of {
		all = append(all, of.Conditions()...)
	}
	return all
}

// Span is a number of days, said in days, weeks, months or years.
type Span struct {
	N    int  `json:"n"`
	Unit Unit `json:"unit"`
}

// Unit is in what a [Span] is said.
type Unit string

// The units. A month is 30 days and a year 365: the rule asks for about so
// long, and so it means the same on every day.
const (
	Days   Unit = "day"
	Weeks  Unit = "week"
	Months Unit = "month"
	Years  Unit = "year"
)

var unitDays = map[Unit]int{Days: 1, Weeks: 7, Months: 30, Years: 365}

// IsZero reports that no span is given; one of 0 days is one.
func (s Span) IsZero() bool { return s.Unit == "" }

// Days gives the length.
func (s Span) Days() int { return s.N * unitDays[s.Unit] }
