package insight

import "math"

// Adjusted is a comparison after what people were like beforehand has been taken
// out (CUPED; Deng and others 2013). What can be foretold of an outcome says
// nothing of the campaign and only blurs it: Y' = Y - theta (X - mean of X).
type Adjusted struct {
	Effect
	Theta          float64
	VarianceFactor float64 // of the raw variance, what is left: 1 - rho^2
	New            int     // people without a history
}

// history is what is known of one person beforehand: the outcome of an earlier
// period, 0 for those who were not there, and 1 for them, that they may differ in
// any way from those who were there and brought nothing.
type history [2]float64

// adjust gives nil when there is no history or nothing in it varies.
func adjust(treated, holdout Sample, plan int) *Adjusted {
	if treated.X == nil || holdout.X == nil {
		return nil
	}
	t, c := histories(treated.X), histories(holdout.X)
	theta, ok := slopes(productsOf(treated.Y, t), productsOf(holdout.Y, c))
	if !ok {
		return nil
	}
	all := meanHistory(append(append([]history{}, t...), c...))
	shifted := func(y []float64, x []history) Moments {
		out := make([]float64, len(y))
		for i := range y {
			out[i] = y[i] - theta[0]*(x[i][0]-all[0]) - theta[1]*(x[i][1]-all[1])
		}
		return MomentsOf(out)
	}
	a := &Adjusted{Effect: Difference(shifted(treated.Y, t), shifted(holdout.Y, c), plan), Theta: theta[0]}
	a.New = int(math.Round(all[1] * float64(len(t)+len(c))))
	raw := Difference(MomentsOf(treated.Y), MomentsOf(holdout.Y), plan)
	a.VarianceFactor = square(a.SE / raw.SE)
	return a
}

func histories(x []float64) []history {
	out := make([]history, len(x))
	for i, v := range x {
		if math.IsNaN(v) {
			out[i] = history{0, 1}
		} else {
			out[i] = history{v, 0}
		}
	}
	return out
}

func meanHistory(x []history) (mean history) {
	for _, h := range x {
		mean[0] += h[0]
		mean[1] += h[1]
	}
	return history{mean[0] / float64(len(x)), mean[1] / float64(len(x))}
}

// products are sums of squares and products about the means of one arm.
type products struct{ xx, xn, nn, xy, ny float64 }

// productsOf sums about the means of the arm itself: about those of both, the effect
// of the campaign would be taken for one of the history.
func productsOf(y []float64, x []history) (p products) {
	meanX, meanY := meanHistory(x), MomentsOf(y).Mean
	for i := range y {
		dx, dn, dy := x[i][0]-meanX[0], x[i][1]-meanX[1], y[i]-meanY
		p.xx, p.xn, p.nn = p.xx+dx*dx, p.xn+dx*dn, p.nn+dn*dn
		p.xy, p.ny = p.xy+dx*dy, p.ny+dn*dy
	}
	return p
}

// slopes solves the normal equations of both arms together: of the history, and
// of having none.
func slopes(a, b products) (theta history, ok bool) {
	xx, xn, nn, xy, ny := a.xx+b.xx, a.xn+b.xn, a.nn+b.nn, a.xy+b.xy, a.ny+b.ny
	det := xx*nn - xn*xn
	switch {
	case nn > 0 && det > 1e-12*xx*nn:
		return history{(xy*nn - ny*xn) / det, (ny*xx - xy*xn) / det}, true
	case xx > 0:
		return history{xy / xx, 0}, true
	}
	return history{}, false
}
