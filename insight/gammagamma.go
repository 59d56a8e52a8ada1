package insight

import (
	"math"
	"slices"

	"kaveri/crm"
)

// Spend is what a customer's repeats were worth: the first event is left out,
// as §3 of docs/loyalty.md has it.
type Spend struct {
	Repeats int
	Mean    float64 // value of a repeat
}

// SpendOf sums up what the repeats up to today were worth, given a customer's
// event days and values. Without repeats both fields are 0.
func SpendOf(days []crm.Day, values []float64, today crm.Day) Spend {
	n := len(Until(days, today))
	if n < 2 {
		return Spend{}
	}
	sum := 0.0
	for _, v := range values[1:n] {
		sum += v
	}
	return Spend{n - 1, sum / float64(n-1)}
}

// Spends gives the spend of all customers with an event up to today, beside
// [Histories.Summaries].
func (h *Histories) Spends(today crm.Day) []Spend {
	var list []Spend
	for i := range h.Len() {
		if len(Until(h.Days(i), today)) > 0 {
			list = append(list, SpendOf(h.Days(i), h.Values(i), today))
		}
	}
	return list
}

// GammaGamma is the model of what an order is worth: Gamma(P, nu) for one
// customer, nu being Gamma(Q, Gamma) over the customers.
type GammaGamma struct{ P, Q, Gamma float64 }

// SpendFit is a fitted [GammaGamma].
type SpendFit struct {
	GammaGamma
	LogLikelihood float64
	Customers     int     // with repeats of some value: those it is fitted to
	Worthless     int     // with repeats whose mean is 0: left out, since their logarithm is not a number
	Correlation   float64 // of the number of repeats and their mean; the model holds it for 0
	AtBound       bool
	Rounds        int
}

// CorrelationWarning is the correlation above which the model's assumption
// that orders and their worth are unrelated does not hold.
const CorrelationWarning = .3

// Value gives the expected worth of the customer's next event. It is infinite
// when nothing is known of them and Q is not above 1.
func (g GammaGamma) Value(s Spend) float64 {
	x := float64(s.Repeats)
	if s.Repeats == 0 {
		s.Mean = 0
	}
	if below := g.P*x + g.Q - 1; below > 0 {
		return g.P * (g.Gamma + x*s.Mean) / below
	}
	return math.Inf(1)
}

// FitSpend fits the model by maximum likelihood to the customers with repeats.
func FitSpend(list []Spend) (SpendFit, error) {
	var out SpendFit
	var used []Spend
	scale := 0.0
	for _, s := range list {
		switch {
		case s.Repeats > 0 && s.Mean > 0:
			used = append(used, s)
			scale += s.Mean
		case s.Repeats > 0:
			out.Worthless++
		}
	}
	if len(used) < 2 {
		return out, crm.Invalid("orders", "fewer than two customers have paid for a second order by then: there is nothing to fit")
	}
	// In units of the mean, so that the box suits any currency.
	scale /= float64(len(used))
	scaled := slices.Clone(used)
	for i := range scaled {
		scaled[i].Mean /= scale
	}
	slices.SortFunc(scaled, func(a, b Spend) int { return a.Repeats - b.Repeats })
	got := searchSpend(scaled)
	n := float64(len(used))
	out.GammaGamma = GammaGamma{math.Exp(got.at[0]), math.Exp(got.at[1]), math.Exp(got.at[2]) * scale}
	out.LogLikelihood = -got.value*n - n*math.Log(scale)
	out.Customers, out.AtBound, out.Rounds = len(used), atBound(got.at), got.rounds
	out.Correlation = correlation(used)
	return out, nil
}

func searchSpend(sorted []Spend) found {
	n := 1 / float64(len(sorted))
	low, high := math.Log(lowestParameter), math.Log(highestParameter)
	return minimise(func(at, gradient []float64) float64 {
		p := [3]float64{math.Exp(at[0]), math.Exp(at[1]), math.Exp(at[2])}
		l, g := GammaGamma{p[0], p[1], p[2]}.likelihood(sorted)
		for i := range gradient {
			gradient[i] = -g[i] * p[i] * n
		}
		return -l * n
	}, []float64{math.Log(3), math.Log(3), 0}, low, high)
}

// likelihood gives, summed over spends in the order of their repeats,
//
//	lnG(px+q) - lnG(px) - lnG(q) + q ln g + (px-1) ln z + px ln x - (px+q) ln(g+xz)
//
// and its gradient by p, q and g.
func (g GammaGamma) likelihood(sorted []Spend) (l float64, slope [3]float64) {
	logG, lgQ, psiQ := math.Log(g.Gamma), lgamma(g.Q), digamma(g.Q)
	last, constant, byP, byQ := -1, 0.0, 0.0, 0.0
	for _, s := range sorted {
		x := float64(s.Repeats)
		px := g.P * x
		if s.Repeats != last {
			last = s.Repeats
			constant = lgamma(px+g.Q) - lgamma(px) - lgQ + g.Q*logG + px*math.Log(x)
			psi := digamma(px + g.Q)
			byP, byQ = x*(psi-digamma(px)+math.Log(x)), psi-psiQ+logG
		}
		logZ, all := math.Log(s.Mean), g.Gamma+x*s.Mean
		logAll := math.Log(all)
		l += constant + (px-1)*logZ - (px+g.Q)*logAll
		slope[0] += byP + x*(logZ-logAll)
		slope[1] += byQ - logAll
		slope[2] += g.Q/g.Gamma - (px+g.Q)/all
	}
	return l, slope
}

// correlation gives Pearson's coefficient of the number of repeats and their
// mean, 0 when one of them does not vary.
func correlation(list []Spend) float64 {
	n := float64(len(list))
	var mx, mz float64
	for _, s := range list {
		mx += float64(s.Repeats) / n
		mz += s.Mean / n
	}
	var xx, zz, xz float64
	for _, s := range list {
		dx, dz := float64(s.Repeats)-mx, s.Mean-mz
		xx += dx * dx
		zz += dz * dz
		xz += dx * dz
	}
	if xx == 0 || zz == 0 {
		return 0
	}
	return xz / math.Sqrt(xx*zz)
}

// Mean gives the expected worth of an event of whom nothing is known; infinite
// when Q is not above 1.
func (g GammaGamma) Mean() float64 { return g.Value(Spend{}) }
