package segment

import (
	"time"

	"kaveri/crm"
)

// Clock says when a rule is asked. Days are those of the firm's time zone, so
// that "in the last 7 days" means the same to everybody there.
type Clock struct {
	Now  time.Time
	Zone *time.Location
}

// Today gives the day.
func (c Clock) Today() crm.Day { return crm.DayOf(c.Now.In(c.Zone)) }

// Start gives the first moment of a day, in microseconds of UTC.
func (c Clock) Start(d crm.Day) int64 {
	y, m, day := d.Time().Date()
	return time.Date(y, m, day, 0, 0, 0, 0, c.Zone).UnixMicro()
}

// Back gives the day so long ago.
func (c Clock) Back(s Span) crm.Day { return c.Today() - crm.Day(s.Days()) }

// Window is a stretch of time, in microseconds of UTC: From belongs to it, To
// does not. No window holds what never was, whose time is 0.
type Window struct{ From, To int64 }

// Holds reports whether a moment lies in the window.
func (w Window) Holds(t time.Time) bool {
	return !t.IsZero() && t.UnixMicro() >= w.From && t.UnixMicro() < w.To
}

// Ever is when anything has been.
const Ever = 1

// Last gives the window of "in the last so many days": from the beginning of the
// day so long ago to the end of today; of no span, all that has been.
func (c Clock) Last(s Span) Window {
	w := Window{Ever, c.Start(c.Today() + 1)}
	if !s.IsZero() {
		w.From = max(Ever, c.Start(c.Back(s)))
	}
	return w
}

// Past gives the window of a condition on a day that has been: in the last
// so many days, longer ago, before, after or on a day.
func (c Clock) Past(of *Condition) Window {
	w := Window{Ever, c.Start(c.Today() + 1)}
	switch of.Test {
	case TestAny:
		return c.Last(of.Last)
	case TestWithinDays:
		return c.Last(of.Span)
	case TestAgo:
		w.To = c.Start(c.Back(of.Span))
	case TestSinceDays:
		w.To = c.Start(c.Back(of.Span) + 1)
	case TestBefore:
		w.To = c.Start(of.Day)
	case TestAfter:
		w.From = max(Ever, c.Start(of.Day+1))
	case TestOn:
		w.From, w.To = max(Ever, c.Start(of.Day)), c.Start(of.Day+1)
	}
	w.To = min(w.To, c.Start(c.Today()+1))
	return w
}

// Coming gives the days of a condition on a day that is awaited, both of them
// among it.
func (c Clock) Coming(of *Condition) (from, to crm.Day) {
	const last = crm.Day(1 << 30)
	today, n := c.Today(), crm.Day(of.Span.Days())
	switch of.Test {
	case TestAfterDays:
		return today + n + 1, last
	case TestWithinDays:
		return today, today + n
	case TestSinceDays:
		return 1, today - n
	case TestBefore:
		return 1, of.Day - 1
	case TestAfter:
		return of.Day + 1, last
	}
	return of.Day, of.Day
}

// Member is a customer of a segment, as lists show it and audiences are frozen
// from it.
type Member struct {
	Customer crm.CustomerID
	Name     string
	Language string
	Owner    crm.StaffID
	Rung     crm.Rung
	Timing   crm.Timing
	Note     crm.RungNote
	Last     crm.Day   // of the orders; 0: none
	Due      crm.Day   // 0: no such day
	Spent    crm.Money // all time
	Value    crm.Money // awaited in the next 12 months
}

// Facts are all that rules ask of one customer, as the store reads it in one
// view. Times that never were are zero.
type Facts struct {
	Clock    Clock
	Customer crm.CustomerID
	Name     string
	Language string      // ISO 639-1; "" unknown
	Company  bool        // it is an organisation
	Owner    crm.Address // of the colleague; "" nobody

	// Stands is the newest standing; who has none is a contact. Its day is that
	// since which they are on the rung.
	Stands               crm.RungChange
	History              []crm.RungChange // the oldest first
	Due, Overdue, Lapsed crm.Day          // 0: none
	Value                crm.Money        // awaited in the next 12 months

	Orders []Order // that stand, in no order

	Wrote, Written, Began time.Time // they, we, they of their own accord: last
	Open                  time.Time // since when a question has waited for us

	Wishes      []Wish
	Complaint   time.Time // when the oldest open one was told; zero: none is open
	Addresses   []Address
	Tags        []string // folded
	Rounds      []Round
	Received    []Touch     // mail of campaigns that was sent
	Replies     []Touch     // of people, to such mail
	CameBy      []time.Time // somebody recommended us to one of them
	Recommended []time.Time // one of them recommended us
}

// Order is an order that stands, as far as rules ask.
type Order struct {
	At     time.Time
	Net    crm.Money // in the firm's currency, less what was given back; above 0
	Full   bool      // without discount or offer
	Lines  []Product // bought for more than nothing
	Offers []string
}

// Product is one of an order.
type Product struct{ SKU, Name, Group string }

// Wish is one that everybody may know of: those in private mail are no part of
// segments, since a count would tell of their words.
type Wish struct {
	State crm.WishState
	Words []string // folded, of quote and topic
	Said  time.Time
	Done  time.Time
	Told  []time.Time // when they were told
}

// Address is one that somebody of the customer uses now.
type Address struct {
	Address  crm.Address
	Stopped  bool // no mailings may go there
	Consents []crm.Consent
}

// Round is the customer's part in a campaign.
type Round struct {
	Campaign string // its name, folded
	HeldOut  bool
	Treated  bool
	Entered  time.Time
	Exposed  time.Time // the first mail; zero: not yet
}

// Touch is what a campaign did at some time.
type Touch struct {
	Campaign string // its name, folded
	At       time.Time
}
