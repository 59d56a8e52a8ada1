package insight

import "math"

// Expected gives the expected number of events in the next h days.
//
// For k = 1 it is the bracket form of docs/loyalty.md §3, the Euler transform of
// the textbook's: that one overflows from some hundreds of repeats on. Where the
// bracket loses its digits (a near 1, C near 0, a large a or r), and for k > 1,
// the sum over the number of stages is taken, which has positive terms only.
func (m Model) Expected(s Summary, h float64) float64 {
	if h <= 0 {
		return 0
	}
	if m.K == 1 {
		if e, ok := m.bracket(s, h); ok {
			return m.PAlive(s) * e
		}
	}
	return m.PAlive(s) * m.stages(s, h)
}

// bracket gives the expected events of a customer who has not left:
//
//	C/(a-1) [1 - (1-z)^(a-1) F(C-r-x, a-1; C; z)],  z = h/(alpha+T+h)
//
// with C = a+b+x for MBG/NBD and a+b+x-1 for BG/NBD.
func (m Model) bracket(s Summary, h float64) (float64, bool) {
	z := h / (m.Alpha + s.Age + h)
	c := m.A + m.B + float64(m.chances(s.Repeats)-1)
	if m.Family != BGNBD {
		c = m.A + m.B + float64(s.Repeats)
	}
	first := c - m.shape(s)
	log := (m.A - 1) * math.Log1p(-z)
	if math.Abs(m.A-1) < 1e-6 || math.Abs(c) < 1e-6 || first < -10 || math.Abs(log) > 100 {
		return 0, false
	}
	f, ok := hyper(first, m.A-1, c, z)
	if !ok {
		return 0, false
	}
	return c / (m.A - 1) * (1 - math.Exp(log)*f), true
}

// stages gives the expected events of a customer who has not left, for any k.
//
// Such a customer has passed j < k stages since the last order with a weight
// proportional to (A)_j/j! (e/(c+e))^j, the terms of S_k; the rate is then
// Gamma(A+j, c+e), and the stages of the next h days are negative binomial. The
// order number i comes with stage k i - j, if the customer has stayed after the
// i-1 orders before it.
func (m Model) stages(s Summary, h float64) float64 {
	c, e, shape := m.Alpha+s.Span, s.Silence(), m.shape(s)
	z := h / (c + e + h)
	b := m.B + float64(m.chances(s.Repeats))
	weight, weights, sum := 1.0, 0.0, 0.0
	for j := range m.K {
		if j > 0 {
			weight *= (shape + float64(j-1)) / float64(j) * e / (c + e)
		}
		weights += weight
		if weight > 0 {
			sum += weight * offers{m.A, b, j, m.K}.expected(shape+float64(j), z)
		}
	}
	return sum / weights
}

// offers are the coming orders of a customer who leaves after each with a
// probability that is Beta(a, b), and who has passed j stages of k.
type offers struct {
	a, b float64
	j, k int
}

// taken sums up E[(1-p)^(i-1)] over the orders i that n stages bring.
type taken struct {
	offers
	orders int
	next   float64 // of the first order that is not in the sum
	sum    float64
}

func (t *taken) to(n int) {
	for ; t.orders < (n+t.j)/t.k; t.orders++ {
		t.sum += t.next
		t.next *= (t.b + float64(t.orders)) / (t.a + t.b + float64(t.orders))
	}
}

// maxStages bounds the sum over stages: ten thousand orders a day for a year.
const maxStages = 5_000_000

// restStages is what the sum leaves out at either end, relative to all of it.
const restStages = 1e-14

// expected gives the expected events when the number of stages is negative
// binomial. Probabilities are relative to the mode, where they cannot underflow,
// and the sum is divided by what it makes of 1.
func (o offers) expected(shape, z float64) float64 {
	mode := 0
	if shape > 1 {
		mode = int(math.Min((shape-1)*z/(1-z), maxStages))
	}
	n, p := mode, 1.0
	for ; n > 0 && p > restStages; n-- {
		p *= float64(n) / ((shape + float64(n-1)) * z)
	}
	t := taken{offers: o, next: 1}
	sum, total := 0.0, 0.0
	for ; n < mode+maxStages; n++ {
		t.to(n)
		sum += p * t.sum
		total += p
		ratio := (shape + float64(n)) / float64(n+1) * z
		p *= ratio
		if n >= mode && ratio < 1 && p <= restStages*total*(1-ratio) && p*t.sum <= restStages*sum*(1-ratio) {
			break
		}
	}
	return sum / total
}

// Mean gives the expected number of repeats in the first t days of a customer
// of whom nothing is known.
func (m Model) Mean(t float64) float64 { return m.Expected(Summary{}, t) }

// Counts gives the probabilities of 0 to most repeats in the first t days of a
// customer of whom nothing is known (docs/loyalty.md §10, the pmf).
func (m Model) Counts(t float64, most int) []float64 {
	n := m.K * (most + 1)
	stage := make([]float64, n+1) // probability of so many stages
	logs, z := risingLogs(m.R, n), t/(m.Alpha+t)
	for i := range stage {
		stage[i] = math.Exp(logs[i] - lgamma(float64(i+1)) + float64(i)*math.Log(z) + m.R*math.Log1p(-z))
	}
	if t <= 0 {
		clear(stage)
		stage[0] = 1
	}
	stays := betaLogs(m.A, m.B, m.chances(most))
	out := make([]float64, most+1)
	reached := 0.0 // probability of fewer stages than k x
	for x := range out {
		within := 0.0
		for i := m.K * x; i < m.K*(x+1); i++ {
			within += stage[i]
		}
		c := m.chances(x)
		out[x] = math.Exp(stays[c]) * within
		if c > 0 { // left after the order number x
			leave := m.A / (m.B + float64(c-1)) * math.Exp(stays[c])
			out[x] += leave * math.Max(0, 1-reached)
		}
		reached += within
	}
	return out
}
