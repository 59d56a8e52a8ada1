package insight

import "math"

// Score is a net promoter score, from -100 to 100, with its standard error and
// its 95 % interval.
type Score struct {
	Value, SE, Low, High float64
}

// NPS gives the net promoter score of n answers: 100(p-d), with SE 100
// sqrt((p+d-(p-d)^2)/n), p and d the shares of promoters and detractors
// (docs/loyalty.md §7). Where all answers are alike the formula knows no error;
// the bounds of Wilson's interval do, and stand in its place.
func NPS(promoters, detractors, n int) Score {
	if n == 0 {
		return Score{Low: -100, High: 100}
	}
	p, d := float64(promoters)/float64(n), float64(detractors)/float64(n)
	s := Score{Value: 100 * (p - d), SE: 100 * math.Sqrt(max(0, p+d-(p-d)*(p-d))/float64(n))}
	const z = 1.959963984540054 // two-sided 95 %
	s.Low, s.High = max(-100, s.Value-z*s.SE), min(100, s.Value+z*s.SE)
	if s.SE == 0 {
		pl, ph := Wilson(promoters, n, .95)
		dl, dh := Wilson(detractors, n, .95)
		s.Low, s.High = 100*max(-1, pl-dh), 100*min(1, ph-dl)
	}
	return s
}

// Content gives the share of n answers that are content, in per cent, with Wilson's
// interval.
func Content(content, n int) Score {
	if n == 0 {
		return Score{High: 100}
	}
	low, high := Wilson(content, n, .95)
	return Score{Value: 100 * float64(content) / float64(n), Low: 100 * low, High: 100 * high}
}
