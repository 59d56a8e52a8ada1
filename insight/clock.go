package insight

import (
	"math"
	"slices"

	"kaveri/crm"
)

// The bounds of docs/loyalty.md §8.1.
const (
	DefaultClock   = 90.0 // days, until the firm's own can be told
	clockCustomers = 30   // with two events or more, to tell it
	clockShift     = 0.20 // a larger change is asked about
)

// Clock is the business clock: the time in days in which a typical returning
// customer orders again.
type Clock struct {
	Days      float64
	Customers int  // with two events or more: those it was told from
	Assumed   bool // they are too few, and it is [DefaultClock]
}

// BusinessClock gives the median over the customers with two events or more of
// their mean gap, up to today (docs/loyalty.md §8.1).
func BusinessClock(h *Histories, today crm.Day) Clock {
	var gaps []float64
	for i := range h.Len() {
		if s, _ := Summarise(h.Days(i), today); s.Repeats > 0 {
			gaps = append(gaps, s.Span/float64(s.Repeats))
		}
	}
	if len(gaps) < clockCustomers {
		return Clock{DefaultClock, len(gaps), true}
	}
	slices.Sort(gaps)
	n := len(gaps)
	return Clock{(gaps[(n-1)/2] + gaps[n/2]) / 2, n, false}
}

// Moved reports a clock that differs from the one in use so much that a person
// is asked before it applies: rungs would change that no customer moved.
func (c Clock) Moved(from Clock) bool { return math.Abs(c.Days-from.Days) > clockShift*from.Days }
