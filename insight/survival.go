package insight

import (
	"slices"

	"kaveri/crm"
)

// Spell is a wait for an order that has come, or not yet.
type Spell struct {
	Days  int
	Ended bool
}

// Spells gives the waits from event number n to the next, as they are known
// today. n counts from 1.
func (h *Histories) Spells(n int, today crm.Day) []Spell {
	var list []Spell
	for i := range h.Len() {
		days := Until(h.Days(i), today)
		switch {
		case len(days) > n:
			list = append(list, Spell{int(days[n] - days[n-1]), true})
		case len(days) == n:
			list = append(list, Spell{int(today - days[n-1]), false})
		}
	}
	return list
}

// Curve is the silence curve G of Kaplan and Meier: the share of customers who
// have not ordered again by a day. Those who have waited for less than that are
// counted for as long as they are known.
type Curve struct {
	Spells, Events int
	silent         []float64 // by day, 0 to the longest spell
}

// KaplanMeier makes the curve of spells. An order on a day is counted before
// the waits that are cut off on it.
func KaplanMeier(spells []Spell) *Curve {
	c := &Curve{Spells: len(spells), silent: []float64{1}}
	if len(spells) == 0 {
		return c
	}
	longest := slices.MaxFunc(spells, func(a, b Spell) int { return a.Days - b.Days }).Days
	came, cut := make([]int, longest+1), make([]int, longest+1)
	for _, s := range spells {
		if s.Ended {
			came[s.Days]++
			c.Events++
		} else {
			cut[s.Days]++
		}
	}
	c.silent = make([]float64, longest+1)
	waiting, share := len(spells), 1.0
	for d := range c.silent {
		if came[d] > 0 {
			share *= 1 - float64(came[d])/float64(waiting)
		}
		c.silent[d] = share
		waiting -= came[d] + cut[d]
	}
	return c
}

// CurveOf gives a curve that was kept by its shares, by day from 0, and its
// second orders; nil without any.
func CurveOf(silent []float64, events int) *Curve {
	if len(silent) == 0 {
		return nil
	}
	return &Curve{Events: events, silent: silent}
}

// Last gives the last day that the curve knows of.
func (c *Curve) Last() int { return len(c.silent) - 1 }

// Silent gives G: the share still silent at the end of a day. Behind the last
// day it stays as it was.
func (c *Curve) Silent(days int) float64 {
	return c.silent[min(max(days, 0), len(c.silent)-1)]
}

// Returned gives F = 1 - G.
func (c *Curve) Returned(days int) float64 { return 1 - c.Silent(days) }

// Chance gives the probability of an order within h days after e days of
// silence.
func (c *Curve) Chance(e, h int) float64 {
	if c.Silent(e) == 0 {
		return 0
	}
	return 1 - c.Silent(e+h)/c.Silent(e)
}

// Waiting gives S_H of the curve: of those who return within the horizon, the
// share still silent after so many days.
func (c *Curve) Waiting(days, horizon int) float64 {
	return waiting(c.Silent(days), c.Silent(horizon), days >= horizon)
}

// Day gives the first day by which S_H has fallen to q. ok is false when nobody
// returns within the horizon.
func (c *Curve) Day(q float64, horizon int) (day int, ok bool) {
	if c.Silent(horizon) == 1 {
		return 0, false
	}
	for above(c.Waiting(day, horizon), q) {
		day++
	}
	return day, true
}

// Days gives the days on which those behind the curve become due, overdue and
// lapsed (docs/loyalty.md §8.2). ok is false when nobody returns within the
// horizon.
func (c *Curve) Days(horizon int) (due, overdue, lapsed int, ok bool) {
	due, ok = c.Day(dueShare, horizon)
	overdue, _ = c.Day(overdueShare, horizon)
	lapsed, _ = c.Day(lapsedShare, horizon)
	return due, overdue, lapsed, ok
}
