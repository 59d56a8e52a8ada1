package segment

import (
	"strings"
	"time"

	"kaveri/crm"
)

// Saved is a rule with a name. It is live: who is in it is found each time
// somebody asks.
type Saved struct {
	ID       crm.SegmentID
	Name     string
	Text     string // the rule, canonical
	Starter  string // which of the ready-made ones it is; "" none
	Staff    crm.StaffID
	Maker    string // the colleague's name; "" when it is ready-made
	Created  time.Time
	Changed  time.Time
	Counted  time.Time // when its members were counted last; zero: not since the rule has changed
	Members  int       // then
	Archived time.Time // zero: in use
}

// Rule reads the rule. A text that an older Kaveri has kept and this one cannot
// read any more is an error, and never a rule that holds for everybody.
func (s *Saved) Rule() (Rule, error) { return Parse(s.Text) }

// Title gives the name for people who read a language: that of a ready-made
// segment in their language, unless somebody has given it another.
func (s *Saved) Title(language string) string {
	for _, of := range starters {
		if of.Mark == s.Starter && (s.Name == of.Name.English || s.Name == of.Name.Finnish) {
			return of.Name.In(language)
		}
	}
	return s.Name
}

// Validate checks a segment before it is kept and makes its rule canonical.
func (s *Saved) Validate() error {
	s.Name = strings.Join(strings.Fields(strings.ToValidUTF8(s.Name, "")), " ")
	switch {
	case s.Name == "":
		return crm.Invalid("name", "give the segment a name, by which colleagues know it")
	case len(s.Name) > MaxName:
		return crm.Invalid("name", "the name is longer than %d characters", MaxName)
	case strings.ContainsFunc(s.Name, isControl):
		return crm.Invalid("name", "the name has a control character in it")
	}
	r, err := Parse(s.Text)
	s.Text = r.String()
	return err
}

// Day is what a day's count has found: how many are in, and how many came and
// went since the count before.
type Day struct {
	Day     crm.Day
	Members int
	Came    int
	Went    int
}

// Starter is a ready-made segment.
type Starter struct {
	Mark string // by which it is known
	Name Words
	Text string
}

// Starters gives the ready-made segments.
func Starters() []Starter { return append([]Starter(nil), starters...) }

var starters = []Starter{
	{"one-time-on-time", Words{"One order, on time", "Yksi tilaus, ajallaan"}, "rung is one-time and timing is on-time"},
	{"one-time-due", Words{"One order, the second is due", "Yksi tilaus, toinen odotettavissa"}, "rung is one-time and timing is due"},
	{"one-time-overdue", Words{"One order, the second is overdue", "Yksi tilaus, toinen myöhässä"}, "rung is one-time and timing is overdue"},
	{"quiet", Words{"Quiet after one order", "Hiljentyneet yhden tilauksen jälkeen"}, "rung is quiet"},
	{"well-wishers", Words{"Occasional well-wishers", "Satunnaiset ystävät"}, "rung is occasional and note is well-wisher"},
	{"frequent-unproven", Words{"Frequent, unproven", "Usein tilaavat, uskollisuus näyttämättä"}, "rung is frequent and note is unproven"},
	{"frequent-bound", Words{"Frequent, bound by price or convenience", "Usein tilaavat hinnan tai helppouden vuoksi"}, "rung is frequent and note is bound"},
	{"loyal-overdue", Words{"Loyal, overdue", "Uskolliset, tilaus myöhässä"}, "rung is one of loyal, advocate and timing is overdue"},
	{"lapsed-was-loyal", Words{"Lapsed, were loyal", "Menetetyt, aiemmin uskolliset"}, "rung is lapsed and note is one of was-loyal, was-advocate"},
	{"wish-fulfilled", Words{"Wish fulfilled, not told yet", "Toive täytetty, ei vielä kerrottu"}, "wishes fulfilled"},
	{"true-silence", Words{"True silence", "Todellinen hiljaisuus"}, "orders at least 1 and silent for 180 days"},
}
