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

// parameterLimit bounds parameters that others give, and its inverse too: far
// beyond what any fit finds.
const parameterLimit = 1e12

// Check refuses parameters that make no model.
func (m Model) Check() error {
	for _, p := range []struct {
		name  string
		value float64
	}{{"r", m.R}, {"alpha", m.Alpha}, {"a", m.A}, {"b", m.B}} {
		if !(p.value >= 1/parameterLimit && p.value <= parameterLimit) {
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
	l, _ := m.hazard(s, e)
	return l
}

// hazard gives ln S_k(e), and the rate at which the silence ends then: the
// slope of -ln S_k. The slope of the sum of k terms is its last term alone.
func (m Model) hazard(s Summary, e float64) (log, rate float64) {
	c, shape := m.Alpha+s.Span, m.shape(s)
	log = shape * (math.Log(c) - math.Log(c+e))
	if m.K == 1 {
		return log, shape / (c + e)
	}
	v := e / (c + e)
	sum, term := 1.0, 1.0
	for j := 1; j < m.K; j++ {
		term *= (shape + float64(j-1)) / float64(j) * v
		sum += term
	}
	return log + math.Log(sum), term * (shape + float64(m.K-1)) / (sum * (c + e))
}

// Silence gives S(e): the probability that a customer with this history, still
// interested, is silent for e days after the last event.
func (m Model) Silence(s Summary, e float64) float64 { return math.Exp(m.logSilence(s, e)) }

// PAlive gives the probability that the customer has not left: S / (S + delta).
func (m Model) PAlive(s Summary) float64 {
	return m.alive(s.Repeats, m.logSilence(s, s.Silence()))
}

// alive gives P(alive) when ln S is known.
func (m Model) alive(repeats int, logSilence float64) float64 {
	return 1 / (1 + math.Exp(m.logOdds(repeats)-logSilence))
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
func (m Model) Median(s Summary) float64 { return m.silentUntil(s, math.Log(.5), math.Inf(1)) }

// silentUntil gives the day, at most high, on which ln S has fallen to a level.
// For k = 1 there is a closed form; else it is where Newton's steps begin, which
// a bracket keeps from going astray.
func (m Model) silentUntil(s Summary, level, high float64) float64 {
	c := m.Alpha + s.Span
	e := c * math.Expm1(-level*float64(m.K)/m.shape(s))
	if m.K == 1 {
		return math.Min(e, high)
	}
	low := 0.0
	e = math.Min(e, high)
	for range 200 {
		log, rate := m.hazard(s, e)
		over := log - level
		if over > 0 {
			low = e
		} else {
			high = e
		}
		next := e + over/rate
		switch {
		case next > low && next < high: // also where nothing is known above
		case math.IsInf(high, 1):
			next = 2*e + c
		default:
			next = (low + high) / 2
		}
		if math.Abs(next-e) <= 1e-13*next {
			return next
		}
		e = next
	}
	return e
}
