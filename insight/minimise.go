package insight

import "math"

// The limits of a search.
const (
	mostRounds   = 300
	restChange   = 1e-12 // relative; a tighter rule only costs line searches
	armijo       = 1e-4
	mostHalvings = 40
	crawlChange  = 1e-7 // relative; slower than this along a bound, the way has no end
	crawlRounds  = 5
)

// objective gives a value and fills its gradient.
type objective func(at, gradient []float64) float64

// found is where a search ended.
type found struct {
	at     []float64
	value  float64
	rounds int
	rested bool        // it ended because nothing changed any more
	curve  [][]float64 // the inverse of the second derivatives there; nil: not learned
}

// minimise searches a minimum in a box, from a start within it, by BFGS steps
// that are projected onto the box: a variable at its bound stays there while the
// gradient points outwards.
func minimise(f objective, start []float64, low, high float64) found {
	return minimiseFrom(f, found{at: start}, low, high)
}

// minimiseFrom searches from where another search for nearly the same minimum has
// ended, with what that has learned.
func minimiseFrom(f objective, from found, low, high float64) found {
	start, n := from.at, len(from.at)
	s := search{f: f, low: low, high: high, at: append([]float64(nil), start...), gradient: make([]float64, n)}
	s.value = f(s.at, s.gradient)
	s.reset()
	if from.curve != nil {
		s.inverse, s.fresh = from.curve, false
	}
	rests, crawls := 0, 0
	for s.rounds < mostRounds {
		s.rounds++
		before := s.value
		if !s.step() {
			if s.fresh { // even the steepest way leads nowhere
				return s.end(true)
			}
			s.reset()
			continue
		}
		scale := math.Abs(s.value) + 1
		if before-s.value > restChange*scale {
			rests = 0
		} else if rests++; rests == 2 {
			return s.end(true)
		}
		if !s.atBound() || before-s.value > crawlChange*scale {
			crawls = 0
		} else if crawls++; crawls == crawlRounds { // a ridge that the box cuts off
			return s.end(true)
		}
	}
	return s.end(false)
}

// end says where the search has come to.
func (s *search) end(rested bool) found {
	out := found{at: s.at, value: s.value, rounds: s.rounds, rested: rested}
	if !s.fresh {
		out.curve = s.inverse
	}
	return out
}

type search struct {
	f            objective
	low, high    float64
	at, gradient []float64
	value        float64
	inverse      [][]float64 // of the second derivatives, as learned
	fresh        bool        // nothing has been learned yet
	rounds       int
}

// reset forgets the second derivatives.
func (s *search) reset() {
	s.fresh = true
	s.inverse = make([][]float64, len(s.at))
	for i := range s.inverse {
		s.inverse[i] = make([]float64, len(s.at))
		s.inverse[i][i] = 1
	}
}

// held reports a variable at a bound that the gradient pushes it against.
func (s *search) held(i int) bool {
	return s.at[i] <= s.low && s.gradient[i] > 0 || s.at[i] >= s.high && s.gradient[i] < 0
}

// atBound reports that a variable has come to the edge of the box.
func (s *search) atBound() bool {
	for _, v := range s.at {
		if v <= s.low || v >= s.high {
			return true
		}
	}
	return false
}

// direction gives where to go, and how steep it is there.
func (s *search) direction() (d []float64, slope float64) {
	d = make([]float64, len(s.at))
	for i := range d {
		if s.held(i) {
			continue
		}
		for j := range d {
			if !s.held(j) {
				d[i] -= s.inverse[i][j] * s.gradient[j]
			}
		}
		slope += d[i] * s.gradient[i]
	}
	if s.fresh { // of unknown scale: at most 1 far
		length := math.Sqrt(math.Max(1, -slope))
		for i := range d {
			d[i] /= length
		}
		slope /= length
	}
	return d, slope
}

// step goes downwards, and reports whether there was a way.
func (s *search) step() bool {
	d, slope := s.direction()
	if !(slope < 0) {
		return false
	}
	next, gradient := make([]float64, len(d)), make([]float64, len(d))
	t := 1.0
	for range mostHalvings {
		fall, moved := 0.0, false
		for i := range d {
			next[i] = math.Min(s.high, math.Max(s.low, s.at[i]+t*d[i]))
			fall += s.gradient[i] * (next[i] - s.at[i])
			moved = moved || next[i] != s.at[i]
		}
		if !moved {
			return false
		}
		value := s.f(next, gradient)
		if value <= s.value+armijo*fall {
			s.learn(next, gradient)
			s.at, s.gradient, s.value = next, gradient, value
			return true
		}
		t *= shrink(s.value, value, t*slope)
	}
	return false
}

// shrink says by how much to shorten a step that went too far: to the lowest
// point of the parabola through what is known.
func shrink(before, after, slope float64) float64 {
	best := -slope / (2 * (after - before - slope))
	if !(best > .1) { // also when after is no number
		return .1
	}
	return math.Min(best, .5)
}

// learn updates the inverse by a step (Broyden, Fletcher, Goldfarb, Shanno).
func (s *search) learn(next, gradient []float64) {
	n := len(next)
	d, y := make([]float64, n), make([]float64, n)
	sy, yy, dd := 0.0, 0.0, 0.0
	for i := range n {
		d[i], y[i] = next[i]-s.at[i], gradient[i]-s.gradient[i]
		sy += d[i] * y[i]
		yy += y[i] * y[i]
		dd += d[i] * d[i]
	}
	if sy <= 1e-12*math.Sqrt(yy*dd) { // the curvature says nothing
		return
	}
	if s.fresh {
		for i := range n {
			s.inverse[i][i] = sy / yy
		}
		s.fresh = false
	}
	hy, yhy := make([]float64, n), 0.0
	for i := range n {
		for j := range n {
			hy[i] += s.inverse[i][j] * y[j]
		}
		yhy += y[i] * hy[i]
	}
	for i := range n {
		for j := range n {
			s.inverse[i][j] += (1+yhy/sy)*d[i]*d[j]/sy - (hy[i]*d[j]+d[i]*hy[j])/sy
		}
	}
}
