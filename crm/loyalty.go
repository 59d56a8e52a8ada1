package crm

import "time"

// OrderDay is one order as the ladder counts it.
type OrderDay struct {
	Customer CustomerID
	Day      Day
	Net      Money // in the firm's currency, less what was given back
}

// Signs are what is known of a customer besides the orders (docs/loyalty.md §8.4).
type Signs struct {
	Tallies         [SignalCount]Tally // of the last 24 months
	Recommendations int                // that became a contact, of the last 24 months
	Recent          int                // of them in the last 365 days
	Competitor      bool               // they said that they have gone to a competitor
	OpenComplaint   bool
	Unsubscribed    bool // from marketing
}

// Account is all that a customer's standing rests on.
type Account struct {
	Customer CustomerID
	Days     []Day   // of the order events, ascending
	Values   []Money // of each
	Signs    Signs
	Groups   []GroupID // of products, bought in the last 24 months
}

// Observation says over what accounts are looked at.
type Observation struct {
	Today Day
	Clock float64   // days, see docs/loyalty.md §8.1
	Core  []GroupID // groups of products that at least one customer in twenty buys

	// Signs are counted from Since, the zero time: as far back as they count, and
	// before Until, the zero time: until now.
	Since, Until time.Time
}

// LadderFacts are what the standings of a day have in common.
type LadderFacts struct {
	Day       Day         `json:"day"`       // on which it was computed
	Fitted    Day         `json:"fitted"`    // on which clock and model were told
	Clock     float64     `json:"clock"`     // days
	Customers int         `json:"customers"` // with two events or more, from whom the clock was told
	Assumed   bool        `json:"assumed"`   // the clock is the usual one: they are too few
	Proposed  float64     `json:"proposed"`  // a clock so far off the one in use that a person is asked; 0: none
	Family    string      `json:"family"`    // of the model
	Params    [4]float64  `json:"params"`    // r, alpha, a, b; in days
	K         int         `json:"k"`
	Starter   bool        `json:"starter"`    // the model is the starter prior
	Silent    []float64   `json:"silent"`     // share of one-time buyers who are still silent, by day
	Seconds   int         `json:"seconds"`    // second orders that Silent was told from
	Spend     *[3]float64 `json:"spend"`      // p, q, gamma of what an order is worth; null: the mean is used
	MeanOrder Money       `json:"mean_order"` // of all events
	Core      []GroupID   `json:"core"`
	Typical   []float64   `json:"typical"` // rates by signal; none: the starter values
	Weights   []float64   `json:"weights"` // of the signals; none: those of the table
	Ranked    int         `json:"ranked"`  // customers

	// Afterwards: nobody stood by them on that day. They were told later, from the
	// orders until then.
	Afterwards bool `json:"afterwards,omitempty"`
}

// Ranked is a customer with the standing that was found.
type Ranked struct {
	Customer CustomerID
	Standing Standing
	Spent    Money // all events
	Value    Money // awaited in the next 12 months
}

// LoyaltyRow is a customer's newest standing, as pages and lists show it.
type LoyaltyRow struct {
	Customer CustomerID
	Name     string
	Rung     Rung
	Timing   Timing
	Note     RungNote
	Since    Day // on this rung
	Events   int
	Filled   int
	Cycles   int
	First    Day
	Last     Day
	Due      Day // 0: no such day
	Overdue  Day
	Lapsed   Day
	PAlive   float64
	POrder   float64
	Spent    Money
	Value    Money
	Attitude Attitude
}

// Standing gives what the row holds of the standing: enough for what is to be
// done next.
func (l *LoyaltyRow) Standing() Standing {
	return Standing{Rung: l.Rung, Timing: l.Timing, Note: l.Note, Events: l.Events, Filled: l.Filled, Cycles: l.Cycles, First: l.First, Last: l.Last, PAlive: l.PAlive, POrder: l.POrder, Attitude: l.Attitude}
}

// RungChange is a day on which a customer's standing changed.
type RungChange struct {
	Day    Day
	Rung   Rung
	Timing Timing
	Note   RungNote
}

// RungCount is how many customers stand on a rung, and how they are in time.
type RungCount struct {
	Rung      Rung
	Customers int
	Timings   map[Timing]int
	Notes     map[RungNote]int // without [NoteNone]
	Value     Money            // awaited in the next 12 months
}

// MoveSpans are the days over which it is told who moved.
var MoveSpans = []int{30, 91, 365}

// Movement says of which two days it is told who moved, and by what. Both are told
// by clock and model of the first (docs/loyalty.md §8.6).
type Movement struct {
	Span    int     `json:"span"`  // in days
	Since   Day     `json:"since"` // the first day
	Until   Day     `json:"until"`
	Clock   float64 `json:"clock"` // days
	Starter bool    `json:"starter"`
	Kept    bool    `json:"kept"` // clock and model were those in use on that day; else they are told from the orders until then
}

// Moved is where a customer stood on the two days of a [Movement]. Who had not
// ordered was a [RungContact].
type Moved struct {
	Customer CustomerID
	Was, Now Rung
}

// RungMove is how many customers went from one rung to another one.
type RungMove struct {
	Was, Now  Rung
	Customers int
}

// RungDay is how many customers stood on a rung on a day.
type RungDay struct {
	Day       Day
	Rung      Rung
	Customers int
}

// OrderWeek is what was ordered in a week.
type OrderWeek struct {
	Monday Day
	Orders int
	Value  Money // in the firm's currency, less what was given back in that week
}

// WeightChange is a day on which the signs came to weigh otherwise.
type WeightChange struct {
	Staff        StaffID   // 0: on the machine itself
	Name         string    // theirs
	Weights, Was []float64 // by signal; none: those of the table
	At           time.Time
}

// Traced is where a customer stood in the past, as it was found afterwards.
type Traced struct {
	Customer CustomerID
	Changes  []RungChange // the oldest first
}

// LoyaltyQuery selects customers by where they stand.
type LoyaltyQuery struct {
	Rungs   []Rung
	Timings []Timing
	Note    RungNote
	Day     Day    // as they stood then; 0: now
	Span    int    // one of [MoveSpans]: Rungs is where they moved to over it
	Was     []Rung // and these where from
	After   int64  // the key that the page before gave
	Limit   int
}

// signYears is how far back signs are looked for.
const signYears = 2

// SignsSince gives the first moment of the signs that count on a day.
func SignsSince(today Day) time.Time { return today.Time().AddDate(-signYears, 0, 0) }
