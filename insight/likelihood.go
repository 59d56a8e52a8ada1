package insight

import (
	"math"
	"runtime"
	"sync"
	"sync/atomic"
)

// params are r, alpha, a and b, or a gradient by them.
type params [4]float64

// tables hold what depends on the number of repeats only.
type tables struct {
	rising, risingSlope []float64 // by k x
	stay                []float64 // ln B(a, b+n)/B(a, b), by n
	staySlopeA          []float64
	staySlopeB          []float64
}

func (m Model) tabulate(mostRepeats int) *tables {
	n := m.chances(mostRepeats)
	t := &tables{
		rising: risingLogs(m.R, m.K*mostRepeats), risingSlope: risingSlopes(m.R, m.K*mostRepeats),
		stay: betaLogs(m.A, m.B, n), staySlopeA: risingSlopes(m.A+m.B, n), staySlopeB: risingSlopes(m.B, n),
	}
	for i, both := range t.staySlopeA {
		t.staySlopeA[i] = -both
		t.staySlopeB[i] -= both
	}
	return t
}

// score is a part of the log-likelihood and its gradient.
type score struct {
	loglik   float64
	gradient params
}

func (s *score) add(o score) {
	s.loglik += o.loglik
	for i := range s.gradient {
		s.gradient[i] += o.gradient[i]
	}
}

// blockCells is how many cells are summed up at a time. The sum is the same on
// any number of processors, since the blocks are added in their order.
const blockCells = 1 << 13

// likelihood gives the log-likelihood of the cells and its gradient, without
// what the gaps add (see [Cells.gapTerm]).
func (m Model) likelihood(c *Cells) score {
	if len(c.list) == 0 {
		return score{}
	}
	t := m.tabulate(c.list[len(c.list)-1].repeats)
	parts := make([]score, (len(c.list)+blockCells-1)/blockCells)
	inParallel(len(parts), func(i int) {
		parts[i] = m.sum(c.list[i*blockCells:min((i+1)*blockCells, len(c.list))], t)
	})
	var all score
	for _, p := range parts {
		all.add(p)
	}
	return all
}

// inParallel calls do for 0 to n-1, on all processors.
func inParallel(n int, do func(int)) {
	workers := min(n, runtime.GOMAXPROCS(0))
	if workers < 2 {
		for i := range n {
			do(i)
		}
		return
	}
	var next atomic.Int64
	var group sync.WaitGroup
	for range workers {
		group.Go(func() {
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				do(i)
			}
		})
	}
	group.Wait()
}

// sum gives the likelihood of some cells (docs/loyalty.md §3): of each
//
//	ln (r)_kx + r ln alpha - (r+kx) ln(alpha+t_x) + ln B(a,b+n)/B(a,b) + ln(S + delta)
//
// n being the chances to leave. q is the probability of having left.
func (m Model) sum(list []cell, t *tables) score {
	var out score
	g := &out.gradient
	same := m.shared(list[0].repeats, t)
	for i := range list {
		c := &list[i]
		if c.repeats != same.repeats {
			same = m.shared(c.repeats, t)
		}
		rest := m.Alpha + c.span
		s := m.silenceSlope(same.shape, rest, c.age-c.span)
		either, q := s.log, 0.0
		if same.odds > 0 {
			both := math.Exp(s.log) + same.odds
			either, q = math.Log(both), same.odds/both
		}
		w := c.weight
		out.loglik += w * (same.loglik - same.shape*s.logRest + either)
		g[0] += w * (same.slopeR - s.logRest + (1-q)*s.byShape)
		g[1] += w * (m.R/m.Alpha - same.shape/rest + (1-q)*s.byRest)
		g[2] += w * (same.slopeA + q/m.A)
		g[3] += w * (same.slopeB - q*same.perB)
	}
	return out
}

// shared is what cells with equally many repeats have in common.
type shared struct {
	repeats        int
	shape          float64 // r + k x
	odds           float64 // delta
	perB           float64 // minus the slope of ln delta by b
	loglik         float64
	slopeR         float64
	slopeA, slopeB float64
}

func (m Model) shared(repeats int, t *tables) shared {
	kx, n, logAlpha := m.K*repeats, m.chances(repeats), math.Log(m.Alpha)
	s := shared{
		repeats: repeats, shape: m.R + float64(kx),
		loglik: t.rising[kx] + m.R*logAlpha + t.stay[n],
		slopeR: t.risingSlope[kx] + logAlpha,
		slopeA: t.staySlopeA[n], slopeB: t.staySlopeB[n],
	}
	if n > 0 {
		s.perB = 1 / (m.B + float64(n-1))
		s.odds = m.A * s.perB
	}
	return s
}

// silenceSlope is ln S_k and its slopes by shape and by c = alpha + t_x.
type silenceSlope struct {
	logRest         float64 // ln c
	log             float64
	byShape, byRest float64
}

func (m Model) silenceSlope(shape, rest, e float64) silenceSlope {
	logRest := math.Log(rest)
	byShape := logRest - math.Log(rest+e)
	s := silenceSlope{logRest, shape * byShape, byShape, shape * (1/rest - 1/(rest+e))}
	if m.K == 1 {
		return s
	}
	// Q = sum of (A)_j/j! v^j over j < k, v = e/(c+e).
	v := e / (rest + e)
	sum, term, harmonic, sumH, sumJ := 1.0, 1.0, 0.0, 0.0, 0.0
	for j := 1; j < m.K; j++ {
		i := shape + float64(j-1)
		term *= i / float64(j) * v
		harmonic += 1 / i
		sum += term
		sumH += term * harmonic
		sumJ += term * float64(j)
	}
	s.log += math.Log(sum)
	s.byShape += sumH / sum
	s.byRest -= sumJ / sum / (rest + e)
	return s
}

// gapTerm is what the gaps between events add to the log-likelihood. It does
// not depend on the parameters, but on k: with it likelihoods of several k are
// comparable. days is the unit of time in days.
func (c *Cells) gapTerm(k int, days float64) float64 {
	if k == 1 {
		return 0
	}
	return float64(k-1)*(c.logGaps-c.repeats*math.Log(days)) - c.repeats*lgamma(float64(k))
}
