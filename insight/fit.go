package insight

import (
	"math"

	"kaveri/crm"
)

// Parameters of the models stay within this box, the times in weeks: an
// optimiser that runs away would else bring back a likelihood that is made of
// rounding errors.
const (
	lowestParameter  = 1e-4
	highestParameter = 1e4
	week             = 7.0
)

// The least data for a fit (docs/loyalty.md §3); with less the starter prior is
// used.
const (
	fitCustomers = 300
	fitRepeaters = 100
)

// mostFittedK bounds the search for the regularity k.
const mostFittedK = 6

// Fit is a model fitted to customers by maximum likelihood.
type Fit struct {
	Model
	LogLikelihood        float64 // of times in days
	Customers, Repeaters int
	Cells                int
	Rounds               int
	AtBound              bool // a parameter ended at the edge of what is allowed: the data do not tell it
	repeats              float64
}

// Enough reports whether there is enough data for a fit.
func (c *Cells) Enough() bool { return c.Customers >= fitCustomers && c.Repeaters >= fitRepeaters }

// Fit fits a model of a family with k stages; k is 1 but for [MBGCNBD].
func (c *Cells) Fit(f Family, k int) (Fit, error) {
	if c.Customers == 0 || c.Repeaters == 0 {
		return Fit{}, crm.Invalid("orders", "no customer has ordered twice by then: there is nothing to fit")
	}
	if err := (Model{f, 1, 1, 1, 1, k}).Check(); err != nil {
		return Fit{}, err
	}
	scaled := c.scaled(1 / week)
	best := found{value: math.Inf(1)}
	rounds := 0
	for _, start := range scaled.starts(k) {
		got := scaled.search(f, k, start)
		rounds += got.rounds
		if got.value < best.value {
			best = got
		}
		if !atBound(best.at) {
			break
		}
	}
	p := exponentials(best.at)
	fit := Fit{
		Model:     Model{f, p[0], p[1] * week, p[2], p[3], k},
		Customers: c.Customers, Repeaters: c.Repeaters, Cells: len(c.list), Rounds: rounds, AtBound: atBound(best.at), repeats: c.repeats,
	}
	fit.LogLikelihood = -best.value*float64(c.Customers) - c.repeats*math.Log(week) + c.gapTerm(k, week)
	return fit, nil
}

// FitRegularity fits MBG/CNBD-k for k from 1 on and gives the likeliest; it
// stops after two falls.
func (c *Cells) FitRegularity() (Fit, error) {
	var best Fit
	falls := 0
	for k := 1; k <= mostFittedK && falls < 2; k++ {
		fit, err := c.Fit(MBGCNBD, k)
		switch {
		case err != nil:
			return Fit{}, err
		case k == 1 || fit.LogLikelihood > best.LogLikelihood:
			best, falls = fit, 0
		default:
			falls++
		}
	}
	return best, nil
}

// Usual gives the model by which a business's customers are judged on a day: one
// fitted to them, when there is enough to fit and no parameter ends at the edge
// of what is allowed, else the starter prior (docs/loyalty.md §8.2).
func Usual(h *Histories, today crm.Day, clock float64) (m Model, fitted bool, err error) {
	cells := h.CellsOf(today)
	if !cells.Enough() {
		return Starter(clock), false, nil
	}
	fit, err := cells.FitRegularity()
	if err != nil || fit.AtBound {
		return Starter(clock), false, err
	}
	return fit.Model, true, nil
}

// LogLikelihoodIn gives the log-likelihood when time is counted in units of so
// many days: a density changes with its unit, once for each repeat.
func (f Fit) LogLikelihoodIn(days float64) float64 { return f.LogLikelihood + f.repeats*math.Log(days) }

// scaled gives the cells with other units of time.
func (c *Cells) scaled(by float64) *Cells {
	out := &Cells{Customers: c.Customers, Repeaters: c.Repeaters, repeats: c.repeats, list: make([]cell, len(c.list))}
	for i, l := range c.list {
		out.list[i] = cell{l.repeats, l.span * by, l.age * by, l.weight}
	}
	return out
}

// starts gives where searches begin: the second only when the first ends at a
// bound.
func (c *Cells) starts(k int) []params {
	span, repeats := 0.0, 0.0
	for _, l := range c.list {
		if l.repeats > 0 {
			span += l.weight * l.span
			repeats += l.weight * float64(l.repeats)
		}
	}
	stage := math.Min(math.Max(span/repeats/float64(k), 1e-2), 1e3)
	return []params{{.5, stage, .8, 2.5}, {1, 2 * stage, 1, 10}, {5, 5 * stage, .3, 1}}
}

// search finds the likeliest parameters from a start. Of many cells a part is
// searched first: it ends near, in a fraction of the time, and the search over all
// has but a few rounds to go.
func (c *Cells) search(f Family, k int, start params) found {
	from := found{at: make([]float64, len(start))}
	for i, p := range start {
		from.at[i] = math.Log(p)
	}
	rounds := 0
	if part := c.part(); part != nil {
		from = part.searchFrom(f, k, from)
		rounds = from.rounds
	}
	out := c.searchFrom(f, k, from)
	out.rounds += rounds
	return out
}

// partCells is how many cells are enough to come near.
const partCells = 4000

// part gives every so many-th of many cells, which are in order, so that the part
// has its share of each kind of customer; nil when they are few.
func (c *Cells) part() *Cells {
	every := len(c.list) / partCells
	if every < 4 {
		return nil
	}
	out := &Cells{}
	weight := 0.0
	for i := every / 2; i < len(c.list); i += every {
		out.list = append(out.list, c.list[i])
		weight += c.list[i].weight
	}
	out.Customers = int(weight)
	return out
}

func (c *Cells) searchFrom(f Family, k int, from found) found {
	n := 1 / float64(c.Customers)
	return minimiseFrom(func(at, gradient []float64) float64 {
		p := exponentials(at)
		s := Model{f, p[0], p[1], p[2], p[3], k}.likelihood(c)
		for i := range gradient {
			gradient[i] = -s.gradient[i] * p[i] * n
		}
		return -s.loglik * n
	}, from, math.Log(lowestParameter), math.Log(highestParameter))
}

func exponentials(logs []float64) params {
	var p params
	for i, l := range logs {
		p[i] = math.Exp(l)
	}
	return p
}

// atBound reports logs of parameters of which one is at the edge of the box.
func atBound(logs []float64) bool {
	for _, l := range logs {
		if l <= math.Log(lowestParameter) || l >= math.Log(highestParameter) {
			return true
		}
	}
	return false
}
