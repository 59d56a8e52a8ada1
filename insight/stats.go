package insight

import (
	"math"
	"slices"
)

// The standard library has erf and the gamma function; the few distributions
// that the rest of this package needs are made of these here, each correct to
// ten digits or better (stats_test.go holds them to values of 20 digits).

// NormalCDF gives the share of the standard normal distribution below z.
func NormalCDF(z float64) float64 { return math.Erfc(-z/math.Sqrt2) / 2 }

// NormalQuantile gives the z that a share p of the standard normal distribution
// lies below: 1.959964 for .975. It is infinite at 0 and 1.
func NormalQuantile(p float64) float64 {
	return symmetricQuantile(func(z float64) float64 { return NormalCDF(-z) }, p)
}

// StudentCDF gives the share of Student's t distribution below t. The degrees of
// freedom need not be whole: Welch's seldom are.
func StudentCDF(t, df float64) float64 {
	if t < 0 {
		return studentTail(-t, df)
	}
	return 1 - studentTail(t, df)
}

// StudentQuantile gives the t that a share p of Student's t distribution lies
// below; NaN for degrees of freedom that are none.
func StudentQuantile(p, df float64) float64 {
	if !(df > 0) {
		return math.NaN()
	}
	return symmetricQuantile(func(t float64) float64 { return studentTail(t, df) }, p)
}

// manyDegrees of freedom are so many that three terms beside the normal
// distribution are exact to 16 places, and that the fraction of the beta
// distribution would begin to lose some.
const manyDegrees = 1e4

// studentTail is the share above t, for t >= 0.
func studentTail(t, df float64) float64 {
	if t > 1e100 || t > 40 && df > manyDegrees {
		return 0 // less than can be told; its square might be infinite
	}
	t2 := t * t
	if df > manyDegrees {
		// Abramowitz and Stegun 26.7.8: how far it is from the normal.
		x, first := t2, (t2+1)/(4*df)
		second := (((3*x-7)*x-5)*x - 3) / (96 * df * df)
		third := (((((x-11)*x+14)*x+6)*x-3)*x - 15) / (384 * df * df * df)
		density := math.Exp(-t2/2) / math.Sqrt(2*math.Pi)
		return NormalCDF(-t) + density*t*(first+second+third)
	}
	return betaShare(df/2, .5, df/(df+t2), t2/(df+t2)) / 2
}

// symmetricQuantile inverts a distribution that is symmetric about 0, given by
// the share above a point that is not negative.
func symmetricQuantile(above func(float64) float64, p float64) float64 {
	switch {
	case math.IsNaN(p) || p < 0 || p > 1:
		return math.NaN()
	case p < .5:
		return -upperPoint(above, p)
	}
	return upperPoint(above, 1-p)
}

// upperPoint finds the point that a share of at most a half lies above.
func upperPoint(above func(float64) float64, share float64) float64 {
	switch share {
	case 0:
		return math.Inf(1)
	case .5:
		return 0
	}
	low, high := 0.0, 1.0
	for above(high) > share {
		low, high = high, 2*high
	}
	for { // until the two are neighbours
		mid := low + (high-low)/2
		if mid <= low || mid >= high {
			return mid
		}
		if above(mid) > share {
			low = mid
		} else {
			high = mid
		}
	}
}

// ChiSquareTail gives the share of the chi-squared distribution above x.
//
// For whole degrees of freedom the incomplete gamma function is a finite sum.
func ChiSquareTail(x float64, df int) float64 {
	if x <= 0 {
		return 1
	}
	half := x / 2
	sum, term, next := 0.0, math.Exp(-half), 1.0 // even: e^-h (1 + h + h^2/2 + ...)
	if df%2 == 1 {
		sum = math.Erfc(math.Sqrt(half))
		term, next = term*math.Sqrt(half)*2/math.SqrtPi, 1.5
	}
	for range df / 2 {
		sum += term
		term *= half / next
		next++
	}
	return sum
}

// BetaCDF gives the regularised incomplete beta function I_x(a, b): the share of
// the beta distribution below x.
func BetaCDF(x, a, b float64) float64 {
	switch {
	case x <= 0:
		return 0
	case x >= 1:
		return 1
	}
	return betaShare(a, b, x, 1-x)
}

// betaShare is I_x(a, b). It takes y = 1-x too, since whoever knows a small y
// knows it better than 1-x does.
func betaShare(a, b, x, y float64) float64 {
	if y <= 0 {
		return 1
	}
	logX, logY := math.Log(x), math.Log(y)
	if y < .5 {
		logX = math.Log1p(-y)
	} else {
		logY = math.Log1p(-x)
	}
	front := math.Exp(a*logX + b*logY - logBeta(a, b))
	if x < (a+1)/(a+b+2) { // where the fraction converges fast
		return front * betaFraction(a, b, x) / a
	}
	return 1 - front*betaFraction(b, a, y)/b
}

// betaFraction is the continued fraction of the incomplete beta function
// (Abramowitz and Stegun 26.5.8), by Lentz's method.
func betaFraction(a, b, x float64) float64 {
	const tiny = 1e-300 // in place of a zero that would be divided by
	keep := func(v float64) float64 {
		if math.Abs(v) < tiny {
			return tiny
		}
		return v
	}
	c, d := 1.0, 1/keep(1-(a+b)*x/(a+1))
	sum := d
	for m := 1.0; m < 1e6; m++ {
		even := m * (b - m) * x / ((a + 2*m - 1) * (a + 2*m))
		d, c = 1/keep(1+even*d), keep(1+even/c)
		sum *= d * c
		odd := -(a + m) * (a + b + m) * x / ((a + 2*m) * (a + 2*m + 1))
		d, c = 1/keep(1+odd*d), keep(1+odd/c)
		sum *= d * c
		if !(math.Abs(d*c-1) >= 1e-16) { // NaN ends it too
			break
		}
	}
	return sum
}

// logBeta is ln B(a, b). The difference of three large lnG would lose the digits
// that matter (a million degrees of freedom are usual), so what they have in
// common is taken out by hand.
func logBeta(a, b float64) float64 {
	if a > b {
		a, b = b, a
	}
	switch {
	case b < 10:
		return logGamma(a) + logGamma(b) - logGamma(a+b)
	case a < 10:
		return logGamma(a) + stirling(b) - stirling(a+b) + a - a*math.Log(a+b) + (b-.5)*math.Log1p(-a/(a+b))
	}
	return stirling(a) + stirling(b) - stirling(a+b) + (math.Log(2*math.Pi)-math.Log(b))/2 +
		(a-.5)*math.Log(a/(a+b)) + b*math.Log1p(-a/(a+b))
}

func logGamma(x float64) float64 {
	v, _ := math.Lgamma(x)
	return v
}

// stirling is what Stirling's formula lacks of ln G(x), for x >= 10 (Abramowitz
// and Stegun 6.1.41).
func stirling(x float64) float64 {
	z := 1 / (x * x)
	return (1./12 - z*(1./360-z*(1./1260-z*(1./1680-z*(1./1188-z*(691./360360-z*(1./156-z*3617./122400))))))) / x
}

// z975 is NormalQuantile(.975).
const z975 = 1.959963984540054235525

// Wilson gives the interval of a share, successes of n (Wilson 1927). Unlike the
// usual p +- 2 SE it is sensible for few and for none; of n = 0 it is all of
// [0, 1].
func Wilson(successes, n int, confidence float64) (low, high float64) {
	if n <= 0 {
		return 0, 1
	}
	z := z975 // of the 95 % that all ask for
	if confidence != .95 {
		z = NormalQuantile((1 + confidence) / 2)
	}
	size, p := float64(n), float64(successes)/float64(n)
	middle := p + z*z/(2*size)
	half := z * math.Sqrt(p*(1-p)/size+z*z/(4*size*size))
	scale := 1 + z*z/size
	return max(0, (middle-half)/scale), min(1, (middle+half)/scale)
}

// BenjaminiHochberg adjusts p-values for their number (Benjamini and Hochberg
// 1995): taking all that are at most q, a share q of the taken is expected to be
// false. NaN stays NaN and does not count.
func BenjaminiHochberg(p []float64) []float64 {
	return benjaminiHochbergOf(p, 0)
}

// benjaminiHochbergOf does the same for p-values that are the smallest of a
// larger number of tests, at least tests. Ranks count within p, which can only
// make them larger than they would be.
func benjaminiHochbergOf(p []float64, tests int) []float64 {
	order := make([]int, 0, len(p))
	out := make([]float64, len(p))
	for i, v := range p {
		out[i] = v
		if !math.IsNaN(v) {
			order = append(order, i)
		}
	}
	slices.SortStableFunc(order, func(a, b int) int {
		switch {
		case p[a] < p[b]:
			return -1
		case p[a] > p[b]:
			return 1
		}
		return 0
	})
	m, least := float64(max(tests, len(order))), 1.0
	for rank := len(order); rank > 0; rank-- {
		i := order[rank-1]
		least = min(least, p[i]*m/float64(rank))
		out[i] = least
	}
	return out
}

// quantileOf gives the q-quantile of values that are sorted, between neighbours
// in proportion: position q(n-1), as in most spreadsheets (definition 7 of
// Hyndman and Fan 1996).
func quantileOf(sorted []float64, q float64) float64 {
	at := q * float64(len(sorted)-1)
	i := int(at)
	if i+1 >= len(sorted) {
		return sorted[len(sorted)-1]
	}
	return sorted[i] + (at-float64(i))*(sorted[i+1]-sorted[i])
}
