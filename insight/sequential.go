package insight

import "math"

// alpha is how often an interval may miss; confidence is the rest.
const (
	alpha      = .05
	confidence = 1 - alpha
)

// AlwaysValidMultiplier gives how many standard errors an interval must reach to
// either side so that the true value lies within it at all times, however often
// somebody looks (95 %): an asymptotic confidence sequence after Waudby-Smith and
// others. n is how many people there are now, plan for how many the interval is
// to be narrowest. At n = plan it is 3.035, where a single look would need 1.960.
func AlwaysValidMultiplier(n, plan int) float64 {
	if n <= 0 || plan <= 0 {
		return math.Inf(1)
	}
	// rho^2 by the lower branch of Lambert's W, to the second term of its series.
	u := alpha * alpha * math.Exp(alpha*alpha-1)
	w := math.Log(u) - math.Log(-math.Log(u))
	m := float64(n) * (-w - 1) / float64(plan) // n rho^2
	return math.Sqrt(2 * (m + 1) / m * math.Log(math.Sqrt(m+1)/alpha))
}
