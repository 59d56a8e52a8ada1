package insight

import "math"

// Estimate is the effect that one campaign showed.
type Estimate struct{ Difference, SE float64 }

// Pooled is what many campaigns show together.
type Pooled struct {
	Mean     float64
	SE       float64
	Interval Interval
	Q        float64   // how much they differ beyond their own uncertainty
	Tau2     float64   // the variance between their true effects
	Shrunk   []float64 // each campaign's effect, drawn towards the mean by what is not known of it
}

// Pool combines the effects of campaigns that were measured apart (DerSimonian
// and Laird 1986): many small campaigns can say together what none of them can
// say alone. Standard errors must be above 0; of no campaigns all is NaN.
func Pool(campaigns []Estimate) Pooled {
	var sumW, sumW2, sumWD float64
	for _, c := range campaigns {
		w := 1 / square(c.SE)
		sumW, sumW2, sumWD = sumW+w, sumW2+w*w, sumWD+w*c.Difference
	}
	var p Pooled
	fixed := sumWD / sumW
	for _, c := range campaigns {
		p.Q += square((c.Difference - fixed) / c.SE)
	}
	if spare := p.Q - float64(len(campaigns)-1); spare > 0 && len(campaigns) > 1 {
		p.Tau2 = spare / (sumW - sumW2/sumW)
	}
	p.Mean, p.SE = weighted(campaigns, p.Tau2)
	p.Interval = around(p.Mean, p.SE*z975)
	for _, c := range campaigns {
		p.Shrunk = append(p.Shrunk, shrunkTo(c, p.Mean, p.Tau2))
	}
	return p
}

func weighted(campaigns []Estimate, tau2 float64) (mean, se float64) {
	var sumW, sumWD float64
	for _, c := range campaigns {
		w := 1 / (square(c.SE) + tau2)
		sumW, sumWD = sumW+w, sumWD+w*c.Difference
	}
	return sumWD / sumW, math.Sqrt(1 / sumW)
}

// shrunkTo weighs an estimate against the mean of its like. When they do not
// differ (tau2 = 0) each is the mean.
func shrunkTo(c Estimate, mean, tau2 float64) float64 {
	if tau2 == 0 {
		return mean
	}
	own, others := 1/square(c.SE), 1/tau2
	return (c.Difference*own + mean*others) / (own + others)
}
