package insight

import "math"

// digamma gives the derivative of ln Gamma at x > 0: upwards by its recurrence
// to where the asymptotic series has 16 digits.
func digamma(x float64) float64 {
	d := 0.0
	for ; x < 10; x++ {
		d -= 1 / x
	}
	i := 1 / (x * x)
	return d + math.Log(x) - .5/x - i*(1./12-i*(1./120-i*(1./252-i*(1./240-i*(1./132-i*(691./32760-i/12))))))
}

// lgamma gives ln Gamma at x > 0.
func lgamma(x float64) float64 {
	l, _ := math.Lgamma(x)
	return l
}

// risingLogs gives ln of the rising factorials r (r+1) ... (r+n-1) for n from 0
// to most. The difference of two ln Gamma would lose all digits at large r.
func risingLogs(r float64, most int) []float64 {
	out := make([]float64, most+1)
	for n := range most {
		out[n+1] = out[n] + math.Log(r+float64(n))
	}
	return out
}

// risingSlopes gives the derivatives of [risingLogs] by r: psi(r+n) - psi(r).
func risingSlopes(r float64, most int) []float64 {
	out := make([]float64, most+1)
	for n := range most {
		out[n+1] = out[n] + 1/(r+float64(n))
	}
	return out
}

// betaLogs gives ln B(a, b+n) - ln B(a, b) for n from 0 to most, in a form that
// keeps its digits when b is large.
func betaLogs(a, b float64, most int) []float64 {
	out := make([]float64, most+1)
	for n := range most {
		out[n+1] = out[n] - math.Log1p(a/(b+float64(n)))
	}
	return out
}

// hyperTerms bounds the power series; the slowest in use has some 100 terms.
const hyperTerms = 20_000

// hyper is the power series of the hypergeometric function F(a, b; c; z) for
// z in [0, 1). ok is false when it has not come to rest.
func hyper(a, b, c, z float64) (sum float64, ok bool) {
	sum, term := 1.0, 1.0
	for n := range hyperTerms {
		k := float64(n)
		term *= (a + k) * (b + k) / ((c + k) * (k + 1)) * z
		sum += term
		if math.Abs(term) <= 1e-17*math.Abs(sum) {
			return sum, !math.IsInf(sum, 0) && !math.IsNaN(sum)
		}
	}
	return sum, false
}
