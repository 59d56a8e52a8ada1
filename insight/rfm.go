package insight

import (
	"math"

	"kaveri/crm"
)

// RFM is recency, frequency and monetary value of a customer. Without an event
// all is 0.
type RFM struct {
	Last   crm.Day
	Events int32
	Value  float64
}

// RFMs gives the figures of all customers up to today.
func (h *Histories) RFMs(today crm.Day) []RFM {
	out := make([]RFM, h.Len())
	for i := range out {
		days := Until(h.Days(i), today)
		if len(days) == 0 {
			continue
		}
		r := RFM{Last: days[len(days)-1], Events: int32(len(days))}
		for _, v := range h.Values(i)[:len(days)] {
			r.Value += v
		}
		out[i] = r
	}
	return out
}

// AggregateRFM gives the figures of the customers 0 to customers-1 straight from
// their orders, in one pass: for whole lists, when nothing else of the histories
// is asked. Events counts orders here, not days.
func AggregateRFM(orders []Order, customers int, c Counting, today crm.Day) []RFM {
	out := make([]RFM, customers)
	for i := range orders {
		o := &orders[i]
		if o.Day > today || !c.counts(o.Net) {
			continue
		}
		r := &out[o.Customer]
		if r.Events == 0 || o.Day > r.Last {
			r.Last = o.Day
		}
		r.Events++
		r.Value += o.Net
	}
	return out
}

// scoreSteps is the highest score.
const scoreSteps = 5

// Scores are the familiar view of a customer, 1 to 5 each, 5 being the best; 0
// without an event. It decides nothing: a customer's scores change because
// others moved.
type Scores struct{ R, F, M uint8 }

// Ties are the shares of customers who have their value in common with others:
// how little a score by rank can tell them apart.
type Ties struct{ R, F, M float64 }

// ScoreRFM scores by rank with ties kept together: ceil(5 midrank / N)
// (docs/loyalty.md §1). Quintiles would split at random the many customers with
// exactly one order.
func ScoreRFM(list []RFM) ([]Scores, Ties) {
	out := make([]Scores, len(list))
	var ties Ties
	var who []int32
	for i := range list {
		if list[i].Events > 0 {
			who = append(who, int32(i))
		}
	}
	score := func(value func(*RFM) float64, put func(*Scores, uint8)) float64 {
		return scoreRanks(list, who, value, func(i int32, s uint8) { put(&out[i], s) })
	}
	ties.R = score(func(r *RFM) float64 { return float64(r.Last) }, func(s *Scores, v uint8) { s.R = v })
	ties.F = score(func(r *RFM) float64 { return float64(r.Events) }, func(s *Scores, v uint8) { s.F = v })
	ties.M = score(func(r *RFM) float64 { return r.Value }, func(s *Scores, v uint8) { s.M = v })
	return out, ties
}

// scoreRanks scores by one value and gives the share of ties.
func scoreRanks(list []RFM, who []int32, value func(*RFM) float64, put func(int32, uint8)) float64 {
	order := make([]ranked, len(who))
	for i, w := range who {
		order[i] = ranked{sortKey(value(&list[w])), w}
	}
	order = sortRanked(order)
	n, tied := len(order), 0
	for i := 0; i < n; {
		j := i + 1
		for j < n && order[j].key == order[i].key {
			j++
		}
		if j-i > 1 {
			tied += j - i
		}
		mid := float64(i+1+j) / 2
		s := uint8(math.Ceil(scoreSteps * mid / float64(n)))
		for ; i < j; i++ {
			put(order[i].who, s)
		}
	}
	if n == 0 {
		return 0
	}
	return float64(tied) / float64(n)
}

// ranked is a customer with the key that they are ranked by.
type ranked struct {
	key uint64
	who int32
}

// sortKey gives a number that sorts like f.
func sortKey(f float64) uint64 {
	bits := math.Float64bits(f + 0) // -0 is 0
	if bits>>63 == 1 {
		return ^bits
	}
	return bits | 1<<63
}

// sortRanked sorts by key: digit by digit from the last, and only those digits
// that differ, since ranks of days and counts have but few. It uses list as room.
func sortRanked(list []ranked) []ranked {
	const bits = 11
	other := make([]ranked, len(list))
	common, seen := ^uint64(0), uint64(0)
	for _, r := range list {
		common, seen = common&r.key, seen|r.key
	}
	for shift := 0; shift < 64; shift += bits {
		if (common^seen)>>shift&(1<<bits-1) == 0 {
			continue
		}
		var at [1<<bits + 1]int32
		for _, r := range list {
			at[r.key>>shift&(1<<bits-1)+1]++
		}
		for i := range len(at) - 1 {
			at[i+1] += at[i]
		}
		for _, r := range list {
			digit := r.key >> shift & (1<<bits - 1)
			other[at[digit]] = r
			at[digit]++
		}
		list, other = other, list
	}
	return list
}
