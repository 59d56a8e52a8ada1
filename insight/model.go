package insight

import (
	"math"

	"kaveri/crm"
)

// Family names a customer-base model.
type Family string

// The families (docs/loyalty.md §3). MBG/NBD is MBG/CNBD-k with k = 1.
const (
	BGNBD   Family = "bgnbd"   // a customer may leave after each repeat
	MBGNBD  Family = "mbgnbd"  // and after the first order
	MBGCNBD Family = "mbgcnbd" // and orders at more regular intervals: k stages to an order
)

// Model is a fitted or assumed customer-base model, in days. While customers
// stay, their gaps are Erlang-k with a rate that is Gamma(R, Alpha) over the
// customers; after an order they leave for good with a probability that is
// Beta(A, B) over the customers.
type Model struct {
	Family         Family
	R, Alpha, A, B float64
	K              int
}

// Starter is the model of a business of which too little is known for a fit
// (docs/loyalty.md §8.2).
func Starter(clock float64) Model { return Model{MBGCNBD, 1, clock, 1, 3, 1} }

// maxK is the most stages that a model may have, not the most that a fit tries.
const maxK = 100

// Check refuses parameters that make no model.
func (m Model) Check() error {
	for _, p := range []struct {
		name  string
		value float64
	}{{"r", m.R}, {"alpha", m.Alpha}, {"a", m.A}, {"b", m.B}} {
		if !(p.value > 0) || math.IsInf(p.value, 0) {
			return crm.Invalid("model."+p.name, "%v is not a number above 0", p.value)
		}
	}
	if m.K < 1 || m.K > maxK || m.K > 1 && m.Family != MBGCNBD {
		return crm.Invalid("model.k", "%d is not a number of stages from 1 to %d, or the model has none", m.K, maxK)
	}
	return nil
}

// shape gives A = r + k x of the posterior of the rate.
func (m Model) shape(s Summary) float64 { return m.R + float64(m.K*s.Repeats) }

// chances gives how often a customer with so many repeats may have left.
func (m Model) chances(repeats int) int {
	if m.Family == BGNBD {
		return repeats
	}
	return repeats + 1
}

// logOdds gives ln delta, of leaving after the last order against staying:
// minus infinity when the family does not let anybody leave so early.
func (m Model) logOdds(repeats int) float64 {
	n := m.chances(repeats)
	if n == 0 {
		return math.Inf(-1)
	}
	return math.Log(m.A / (m.B + float64(n-1)))
}

// logSilence gives ln S_k(e) (docs/loyalty.md §3): that somebody who is still
// interested keeps silent for e days after the last event of the history.
func (m Model) logSilence(s Summary, e float64) float64 {
	c, shape := m.Alpha+s.Span, m.shape(s)
	l := shape * (math.Log(c) - math.Log(c+e))
	if m.K == 1 {
		return l
	}
	sum, term := 1.0, 1.0
	for j := 1; j < m.K; j++ {
		term *= (shape + float64(j-1)) / float64(j) * e / (c + e)
		sum += term
	}
	return l + math.Log(sum)
}

// Silence gives S(e): the probability that a customer with this history, still
// interested, is silent for e days after the last event.
func (m Model) Silence(s Summary, e float64) float64 { return math.Exp(m.logSilence(s, e)) }

// PAlive gives the probability that the customer has not left: S / (S + delta).
func (m Model) PAlive(s Summary) float64 {
	return 1 / (1 + math.Exp(m.logOdds(s.Repeats)-m.logSilence(s, s.Silence())))
}

// POrder gives the probability of at least one event in the next h days.
func (m Model) POrder(s Summary, h float64) float64 {
	e := s.Silence()
	if m.K == 1 { // without the difference of two logs that are nearly the same
		return m.PAlive(s) * -math.Expm1(-m.shape(s)*math.Log1p(h/(m.Alpha+s.Age)))
	}
	return m.PAlive(s) * -math.Expm1(m.logSilence(s, e+h)-m.logSilence(s, e))
}

// Median gives the day after the last event by which half of those still
// interested have ordered again.
func (m Model) Median(s Summary) float64 {
	c := m.Alpha + s.Span
	if m.K == 1 {
		return c * (math.Exp2(1/m.shape(s)) - 1)
	}
	high := c
	for m.Silence(s, high) > .5 {
		high *= 2
	}
	return bisect(0, high, func(e float64) bool { return m.Silence(s, e) <= .5 })
}

// bisect finds where a condition that is false at low and true at high begins
// to hold.
func bisect(low, high float64, holds func(float64) bool) float64 {
	for range 200 {
		mid := (low + high) / 2
		if mid <= low || mid >= high {
			break
		}
		if holds(mid) {
			high = mid
		} else {
			low = mid
		}
	}
	return high
}
