package insight

import (
	"math"

	"kaveri/crm"
)

// The rules of docs/loyalty.md §8.3.
const (
	mostCycles     = 8
	steadyEvents   = 4
	steadyCycles   = 3
	steadyShare    = .5
	orderWindow    = 90  // days, of [crm.Standing.POrder]
	secondsForThem = 100 // second orders, before the curve of second orders replaces the model
)

// Ladder holds what the standings of a day have in common. Make one by
// [NewLadder] and ask it for each customer; it is safe for concurrent use.
type Ladder struct {
	Today   crm.Day
	Clock   float64 // days
	Model   Model
	Typical Rates
	Weights Weights

	horizon float64
	seconds *Curve
	days    [3]float64 // due, overdue, lapsed, by the curve
}

// NewLadder makes a ladder. seconds is the curve of the firm's second orders
// ([Histories.Spells] of 1): with 100 of them or more it tells the timing of
// those who have ordered once. nil: the model does.
func NewLadder(today crm.Day, clock float64, m Model, seconds *Curve) *Ladder {
	l := &Ladder{Today: today, Clock: clock, Model: m, Typical: StarterRates, Weights: TableWeights, horizon: Horizon(clock)}
	if seconds != nil && seconds.Events >= secondsForThem {
		if due, overdue, lapsed, ok := seconds.Days(l.horizonDays()); ok {
			l.seconds, l.days = seconds, [3]float64{float64(due), float64(overdue), float64(lapsed)}
		}
	}
	return l
}

// horizonDays is the horizon as a curve of whole days has it.
func (l *Ladder) horizonDays() int { return int(math.Ceil(l.horizon)) }

// BySecondOrders reports whether the curve of second orders is in use.
func (l *Ladder) BySecondOrders() bool { return l.seconds != nil }

// Stand says where a customer stands, from their event days (ascending; later
// ones than today are passed over) and signs (nil: nothing is known).
func (l *Ladder) Stand(days []crm.Day, signs *crm.Signs) crm.Standing {
	if signs == nil {
		signs = &crm.Signs{}
	}
	days = Until(days, l.Today)
	s := crm.Standing{Day: l.Today, Rung: crm.RungContact, Events: len(days)}
	s.Attitude = AttitudeOf(signs, len(days), &l.Typical, &l.Weights)
	if len(days) == 0 {
		return s
	}
	s.First, s.Last = days[0], days[len(days)-1]
	s.Filled, s.Cycles = l.cycles(days, l.Today)
	l.time(&s, days)
	s.Rung, s.Note = l.rung(&s, days, signs)
	return s
}

// cycles gives m and K: of the last cycles before today, at most eight and not
// before the first event, those that hold an event.
func (l *Ladder) cycles(days []crm.Day, today crm.Day) (filled, of int) {
	of = l.bin(days[0], today) + 1
	of = min(mostCycles, of)
	last := -1
	for i := len(days) - 1; i >= 0; i-- {
		b := l.bin(days[i], today)
		if b >= of {
			break
		}
		if b != last {
			filled, last = filled+1, b
		}
	}
	return filled, of
}

// bin gives in which cycle before today an event lies, from 0.
func (l *Ladder) bin(event, today crm.Day) int { return int(float64(today-event) / l.Clock) }

// time fills in the figures of silence.
func (l *Ladder) time(s *crm.Standing, days []crm.Day) {
	sum, _ := Summarise(days, l.Today)
	e, m := sum.Silence(), &l.Model
	log := m.logSilence(sum, e)
	s.PAlive = m.alive(sum.Repeats, log)
	s.POrder = m.POrder(sum, orderWindow)
	if len(days) == 1 && l.seconds != nil {
		s.BySecondOrders = true
		s.Silence = l.seconds.Silent(int(e))
		s.Waiting = l.seconds.Waiting(int(e), l.horizonDays())
		s.DueDay, s.OverdueDay, s.LapsedDay = l.days[0], l.days[1], l.days[2]
	} else {
		end := m.Silence(sum, l.horizon)
		s.Silence = math.Exp(log)
		s.Waiting = waiting(s.Silence, end, e >= l.horizon)
		s.DueDay = m.day(sum, dueShare, l.horizon, end)
		s.OverdueDay = m.day(sum, overdueShare, l.horizon, end)
		s.LapsedDay = m.day(sum, lapsedShare, l.horizon, end)
	}
	s.Timing = TimingOf(s.Waiting)
}

// rung applies the table of §8.3, whose order of precedence is: no order,
// LAPSED or QUIET, the steady rungs, the rest.
func (l *Ladder) rung(s *crm.Standing, days []crm.Day, signs *crm.Signs) (crm.Rung, crm.RungNote) {
	switch {
	case s.Timing == crm.TimingLapsed && s.Events == 1:
		return crm.RungQuiet, crm.NoteNone
	case s.Timing == crm.TimingLapsed:
		return crm.RungLapsed, crm.NoteWas(l.fallenFrom(s, days, signs))
	}
	return climb(s.Events, s.Filled, s.Cycles, &s.Attitude, signs.Recent)
}

// climb gives the rung of somebody who has not lapsed.
func climb(events, filled, cycles int, a *crm.Attitude, recent int) (crm.Rung, crm.RungNote) {
	high := a.Enough && a.Index >= highAttitude
	switch steady := steady(events, filled, cycles); {
	case steady && high && recent > 0:
		return crm.RungAdvocate, crm.NoteNone
	case steady && high:
		return crm.RungLoyal, crm.NoteNone
	case steady && a.Enough && a.Index <= lowAttitude:
		return crm.RungFrequent, crm.NoteBound
	case steady:
		return crm.RungFrequent, crm.NoteUnproven
	}
	rung, note := crm.RungOccasional, crm.NoteNone
	if events == 1 {
		rung = crm.RungOneTime
	}
	if high {
		note = crm.NoteWellWisher
	}
	return rung, note
}

// steady is the test of FREQUENT. A typical customer fills 63 % of the cycles
// (1 - 1/e), so that half is a fair bar.
func steady(events, filled, cycles int) bool {
	return events >= steadyEvents && filled >= steadyCycles && float64(filled) >= steadyShare*float64(cycles)
}

// fallenFrom gives the rung that a lapsed customer stood on the day before they
// lapsed. The cycles are counted from that day: counted from today, everybody
// who lapsed long ago would seem never to have been steady.
func (l *Ladder) fallenFrom(s *crm.Standing, days []crm.Day, signs *crm.Signs) crm.Rung {
	before := s.Last + crm.Day(math.Max(0, math.Ceil(s.LapsedDay)-1))
	filled, cycles := l.cycles(days, min(before, l.Today))
	rung, _ := climb(s.Events, filled, cycles, &s.Attitude, signs.Recent)
	return rung
}
