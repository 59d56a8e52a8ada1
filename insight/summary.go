package insight

import (
	"math"
	"slices"

	"kaveri/crm"
)

// Summary is all that the models need of a customer's history
// (docs/loyalty.md §0), in days.
type Summary struct {
	Repeats int     // order events after the first: x
	Span    float64 // from the first event to the last: t_x
	Age     float64 // from the first event to today: T
}

// Silence gives the days since the last event: e.
func (s Summary) Silence() float64 { return s.Age - s.Span }

// Summarise sums up ascending event days on a day. ok is false when none has
// come by then.
func Summarise(days []crm.Day, today crm.Day) (s Summary, ok bool) {
	days = Until(days, today)
	if len(days) == 0 {
		return Summary{}, false
	}
	first, last := days[0], days[len(days)-1]
	return Summary{len(days) - 1, float64(last - first), float64(today - first)}, true
}

// Summaries sums up all customers with an event up to today. who names them by
// their place in the histories.
func (h *Histories) Summaries(today crm.Day) (list []Summary, who []int32) {
	for i := range h.Len() {
		if s, ok := Summarise(h.Days(i), today); ok {
			list = append(list, s)
			who = append(who, int32(i))
		}
	}
	return list, who
}

// Cells holds customers with equal summaries once, with their number: a fit
// needs no more, and is as much faster as customers resemble each other.
type Cells struct {
	list      []cell // by repeats, span, age
	Customers int
	Repeaters int     // customers with repeats
	logGaps   float64 // the sum of the logs of all gaps between events, in days
	repeats   float64 // the sum of all repeats
}

type cell struct {
	repeats           int
	span, age, weight float64
}

// CellsOf collapses the customers that had an event up to today.
func (h *Histories) CellsOf(today crm.Day) *Cells {
	list, _ := h.Summaries(today)
	c := Collapse(list)
	for i := range h.Len() {
		days := Until(h.Days(i), today)
		for j := 1; j < len(days); j++ {
			c.logGaps += math.Log(float64(days[j] - days[j-1]))
		}
	}
	return c
}

// Collapse counts equal summaries. The gaps between their events are not
// known: likelihoods of several k cannot be compared then.
func Collapse(list []Summary) *Cells {
	c := &Cells{Customers: len(list)}
	for _, s := range list {
		c.repeats += float64(s.Repeats)
		if s.Repeats > 0 {
			c.Repeaters++
		}
	}
	keys := make([]uint64, len(list))
	for i, s := range list {
		key, ok := pack(s)
		if !ok {
			c.list = countSorted(list)
			return c
		}
		keys[i] = key
	}
	slices.Sort(keys)
	for i, key := range keys {
		if i > 0 && key == keys[i-1] {
			c.list[len(c.list)-1].weight++
			continue
		}
		c.list = append(c.list, unpack(key))
	}
	return c
}

// dayBits and repeatBits part a key: 2,872 years and 16 million repeats.
const (
	dayBits    = 20
	repeatBits = 64 - 2*dayBits
)

// pack makes a key that sorts like the summary, when that is of whole days.
func pack(s Summary) (uint64, bool) {
	span, age := uint64(s.Span), uint64(s.Age)
	ok := s.Span >= 0 && s.Age >= 0 && float64(span) == s.Span && float64(age) == s.Age &&
		span < 1<<dayBits && age < 1<<dayBits && s.Repeats < 1<<repeatBits
	return uint64(s.Repeats)<<(2*dayBits) | span<<dayBits | age, ok
}

func unpack(key uint64) cell {
	const mask = 1<<dayBits - 1
	return cell{int(key >> (2 * dayBits)), float64(key >> dayBits & mask), float64(key & mask), 1}
}

// countSorted counts equal summaries of any numbers.
func countSorted(list []Summary) []cell {
	list = slices.Clone(list)
	slices.SortFunc(list, compareSummaries)
	var out []cell
	for i, s := range list {
		if i > 0 && s == list[i-1] {
			out[len(out)-1].weight++
			continue
		}
		out = append(out, cell{s.Repeats, s.Span, s.Age, 1})
	}
	return out
}

func compareSummaries(a, b Summary) int {
	switch {
	case a.Repeats != b.Repeats:
		return a.Repeats - b.Repeats
	case a.Span != b.Span:
		return sign(a.Span - b.Span)
	}
	return sign(a.Age - b.Age)
}

func sign(f float64) int {
	switch {
	case f < 0:
		return -1
	case f > 0:
		return 1
	}
	return 0
}
