package store

import (
	"slices"

	"kaveri/crm"
)

// This file counts signs (docs/loyalty.md §8.4) in what was gathered of a customer.

const (
	dayMicros      = 24 * 60 * 60 * 1_000_000
	promptedWithin = 7 * dayMicros // an order so soon after mail to many was asked for
	answeredWithin = 7 * dayMicros
)

// tally counts one opportunity.
func (g *gathered) tally(s crm.Signal, success bool) {
	g.Signs.Tallies[s].Of++
	if success {
		g.Signs.Tallies[s].Successes++
	}
}

// count counts what was gathered. An order before the firm first wrote to many is
// no sign that nobody had to ask for it.
func (g *gathered) count(all *accounts) {
	o := all.o
	for _, order := range g.orders {
		if all.discounts {
			g.tally(crm.SignalFullPrice, !order.discounted)
		}
		if all.campaigns != 0 && order.at >= all.campaigns {
			g.tally(crm.SignalUnprompted, !g.prompted(order.at))
		}
	}
	g.countMails(o)
	if len(o.Core) > 0 && len(g.orders) > 0 {
		t := &g.Signs.Tallies[crm.SignalBreadth]
		t.Of = float64(len(o.Core))
		for _, group := range g.Groups {
			if slices.Contains(o.Core, group) {
				t.Successes++
			}
		}
	}
}

// prompted reports that mail to many went to them shortly before a time.
func (g *gathered) prompted(at int64) bool {
	i, found := slices.BinarySearch(g.prompts, at)
	return found || i > 0 && at-g.prompts[i-1] <= promptedWithin
}

// countMails counts the personal mails that they answered, and the conversations
// that they began. A mail of the last week that they have not answered may still
// be.
func (g *gathered) countMails(o crm.Observation) {
	since, now := micros(crm.SignsSince(o.Today)), micros(o.Today.Time())+dayMicros
	answers := map[int64][]int64{} // conversation -> when they wrote
	for _, m := range g.mails {
		if m.in {
			answers[m.conversation] = append(answers[m.conversation], m.at)
		}
	}
	begun := map[int64]bool{}
	for _, m := range g.mails {
		if !begun[m.conversation] {
			begun[m.conversation] = true
			if m.at >= since && !g.grieved[m.conversation] {
				g.tally(crm.SignalInitiative, m.in)
			}
		}
		if m.in || !m.alone || m.at < since {
			continue
		}
		theirs := answers[m.conversation]
		i, _ := slices.BinarySearch(theirs, m.at+1)
		answered := i < len(theirs) && theirs[i]-m.at <= answeredWithin
		if answered || now-m.at > answeredWithin {
			g.tally(crm.SignalReply, answered)
		}
	}
}

// complaint counts a problem that they told us of: open, or solved two cycles ago
// and forgiven when they have ordered since.
func (g *gathered) complaint(state crm.WishState, done int64, o crm.Observation) {
	if done == 0 {
		g.Signs.OpenComplaint = g.Signs.OpenComplaint || state.Open()
		return
	}
	within := int64(2 * o.Clock * dayMicros)
	if micros(o.Today.Time())-done <= within {
		return
	}
	g.tally(crm.SignalForgive, slices.ContainsFunc(g.Days, func(d crm.Day) bool {
		at := micros(d.Time())
		return at > done && at-done <= within
	}))
}
