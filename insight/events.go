package insight

import (
	"slices"

	"kaveri/crm"
)

// Order is one order of a customer. Cancelled orders are left out by whoever
// makes the list.
type Order struct {
	Customer int32 // place in the list of customers, from 0
	Day      crm.Day
	Net      float64 // below 0: a refund
}

// Counting says which orders make an order event.
type Counting bool

// The countings. Kaveri's own orders are counted by Paid, the definition of
// docs/loyalty.md §8. Files of others may hold orders of value 0 that their
// published figures count: so does CDNOW.
const (
	Paid       Counting = false // net value above 0
	PaidOrFree Counting = true  // or exactly 0
)

// counts reports an order that makes an event.
func (c Counting) counts(net float64) bool { return net > 0 || bool(c) && net == 0 }

// Histories holds the order events of many customers in flat arrays. An event
// is a calendar day with at least one order that counts; refunds make none.
type Histories struct {
	start  []int // customer i has the events start[i] to start[i+1]
	days   []crm.Day
	values []float64
}

// dayValue is an order under its customer.
type dayValue struct {
	day crm.Day
	net float64
}

// Collect sorts orders, given in any order, into the events of the customers
// 0 to customers-1. An event's value is the sum of its orders.
func Collect(orders []Order, customers int, c Counting) *Histories {
	at := make([]int, customers+1)
	for i := range orders {
		if c.counts(orders[i].Net) {
			at[orders[i].Customer+1]++
		}
	}
	for i := range customers {
		at[i+1] += at[i]
	}
	sorted := make([]dayValue, at[customers])
	next := slices.Clone(at[:customers])
	for i := range orders {
		if o := &orders[i]; c.counts(o.Net) {
			sorted[next[o.Customer]] = dayValue{o.Day, o.Net}
			next[o.Customer]++
		}
	}
	h := &Histories{start: at, days: make([]crm.Day, 0, len(sorted)), values: make([]float64, 0, len(sorted))}
	for i := range customers {
		h.merge(i, sorted[at[i]:next[i]])
	}
	at[customers] = len(h.days)
	return h
}

// merge appends the events of customer i, whose orders are given, and sets
// where they begin.
func (h *Histories) merge(i int, orders []dayValue) {
	if !slices.IsSortedFunc(orders, byDay) {
		slices.SortStableFunc(orders, byDay)
	}
	h.start[i] = len(h.days)
	for _, o := range orders {
		if n := len(h.days); n > h.start[i] && h.days[n-1] == o.day {
			h.values[n-1] += o.net
			continue
		}
		h.days = append(h.days, o.day)
		h.values = append(h.values, o.net)
	}
}

func byDay(a, b dayValue) int { return int(a.day) - int(b.day) }

// Len gives the number of customers.
func (h *Histories) Len() int { return len(h.start) - 1 }

// Days gives the days of a customer's events, ascending; not to be changed.
func (h *Histories) Days(customer int) []crm.Day {
	return h.days[h.start[customer]:h.start[customer+1]]
}

// Values gives the values of a customer's events, beside [Histories.Days].
func (h *Histories) Values(customer int) []float64 {
	return h.values[h.start[customer]:h.start[customer+1]]
}

// Until gives the part of ascending days up to today, which is included.
func Until(days []crm.Day, today crm.Day) []crm.Day {
	n := len(days)
	for n > 0 && days[n-1] > today {
		n--
	}
	return days[:n]
}

// Insert gives ascending days with one more, days itself when it is there: the
// history of a customer who has just ordered.
func Insert(days []crm.Day, day crm.Day) []crm.Day {
	i, found := slices.BinarySearch(days, day)
	if found {
		return days
	}
	return slices.Insert(slices.Clone(days), i, day)
}
