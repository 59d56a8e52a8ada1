package crm

import (
	"strconv"
	"time"
)

// Day is a calendar day in the firm's time zone, counted from 1970-01-01.
// Ladder and models know days only: several orders of a day are one event.
type Day int32

// DayOf gives the day that a clock in t's own zone shows.
func DayOf(t time.Time) Day {
	y, m, d := t.Date()
	return Day(time.Date(y, m, d, 0, 0, 0, 0, time.UTC).Unix() / 86400)
}

// Time gives the day's midnight in UTC.
func (d Day) Time() time.Time { return time.Unix(int64(d)*86400, 0).UTC() }

// Monday gives the first day of its week (ISO 8601). Day 0 was a Thursday.
func (d Day) Monday() Day { return d - ((d+3)%7+7)%7 }

// String gives the day as 2006-01-02.
func (d Day) String() string { return d.Time().Format(time.DateOnly) }

// MarshalJSON writes the day as 2006-01-02, null for none.
func (d Day) MarshalJSON() ([]byte, error) {
	if d == 0 {
		return []byte("null"), nil
	}
	return strconv.AppendQuote(nil, d.String()), nil
}

// UnmarshalJSON reads what [Day.MarshalJSON] writes.
func (d *Day) UnmarshalJSON(b []byte) error {
	if *d = 0; string(b) == "null" {
		return nil
	}
	t, err := time.Parse(strconv.Quote(time.DateOnly), string(b))
	if err != nil {
		return Invalid("day", "%s is not a day; write it like 2006-01-31", b)
	}
	*d = DayOf(t)
	return nil
}

// Rung is a customer's place on the loyalty ladder (docs/loyalty.md §8.3).
type Rung string

// The rungs, in the order of the tables that show them.
const (
	RungContact    Rung = "CONTACT"    // no order yet
	RungOneTime    Rung = "ONE-TIME"   // one order event
	RungQuiet      Rung = "QUIET"      // one, so long ago that a second is unlikely
	RungOccasional Rung = "OCCASIONAL" // several, not steadily
	RungFrequent   Rung = "FREQUENT"   // steadily; why is not proven
	RungLoyal      Rung = "LOYAL"      // steadily, and the attitude is proven
	RungAdvocate   Rung = "ADVOCATE"   // loyal, and somebody came by their word
	RungLapsed     Rung = "LAPSED"     // several, and silent for too long
)

// Rungs lists the rungs.
var Rungs = []Rung{RungContact, RungOneTime, RungQuiet, RungOccasional, RungFrequent, RungLoyal, RungAdvocate, RungLapsed}

// Steady reports a rung of those who order steadily.
func (r Rung) Steady() bool { return r == RungFrequent || r == RungLoyal || r == RungAdvocate }

// Active reports a rung of those from whom an order may still be awaited.
func (r Rung) Active() bool { return r == RungOneTime || r == RungOccasional || r.Steady() }

// Timing says how a customer's silence compares with their own rhythm
// (docs/loyalty.md §8.2). A contact without an order has none.
type Timing string

// The timings, from the shortest silence to the longest.
const (
	TimingOnTime  Timing = "ON TIME"
	TimingDue     Timing = "DUE"
	TimingOverdue Timing = "OVERDUE"
	TimingLapsed  Timing = "LAPSED"
)

// Timings lists the timings.
var Timings = []Timing{TimingOnTime, TimingDue, TimingOverdue, TimingLapsed}

// RungNote is the sub-label beside a rung (docs/loyalty.md §8.3); "" says nothing.
type RungNote string

// The notes, next to those of [NoteWas].
const (
	NoteNone       RungNote = ""
	NoteUnproven   RungNote = "unproven"    // orders steadily; too little is known of the attitude, or it is neither high nor low
	NoteBound      RungNote = "bound"       // orders steadily for price or convenience
	NoteWellWisher RungNote = "well-wisher" // thinks well of the firm and orders seldom
)

// NoteWas is the note of a lapsed customer: the rung that they fell from.
func NoteWas(r Rung) RungNote { return RungNote("was " + string(r)) }

// Standing is where a customer stands on a day, with the figures behind it.
// Without an order event there is no timing, and the figures of silence are 0.
type Standing struct {
	Day    Day
	Rung   Rung
	Timing Timing
	Note   RungNote

	Events         int  // order events: n
	Filled, Cycles int  // cycles with an event, of so many looked at: m of K
	First, Last    Day  // of the events
	BySecondOrders bool // timing by the curve of the firm's own second orders, not by the model

	Silence float64 // S: of those still interested with this rhythm, the share that would be silent as long
	Waiting float64 // S_H: of those who will order again within the horizon, the share still silent
	PAlive  float64 // probability that there will be further orders
	POrder  float64 // probability of an order in the next 90 days

	// Days after the last event: half of those who will return have, all but
	// a fifth, all but a twentieth. 0: the curve does not come to it.
	DueDay, OverdueDay, LapsedDay float64

	Attitude Attitude
}
