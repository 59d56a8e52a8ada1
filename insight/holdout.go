package insight

import (
	"math"
	"slices"

	"kaveri/crm"
)

// Forecast compares expected numbers of events with those that came, over
// customers (docs/loyalty.md §10).
type Forecast struct {
	Actual, Expected float64 // totals
	MAE, RMSE        float64 // of a customer
	Correlation      float64
}

// ForecastOf compares customer by customer. Without customers all is 0.
func ForecastOf(expected, actual []float64) Forecast {
	var f Forecast
	n := float64(len(expected))
	if n == 0 {
		return f
	}
	var square, ee, aa, ea float64
	for i, e := range expected {
		a := actual[i]
		f.Actual, f.Expected = f.Actual+a, f.Expected+e
		f.MAE += math.Abs(e-a) / n
		square += (e - a) * (e - a) / n
	}
	me, ma := f.Expected/n, f.Actual/n
	for i, e := range expected {
		ee += (e - me) * (e - me)
		aa += (actual[i] - ma) * (actual[i] - ma)
		ea += (e - me) * (actual[i] - ma)
	}
	f.RMSE = math.Sqrt(square)
	if ee > 0 && aa > 0 {
		f.Correlation = ea / math.Sqrt(ee*aa)
	}
	return f
}

// Holdout is what came after a day, beside what the history up to it says.
type Holdout struct {
	Summaries []Summary
	Actual    []float64 // events after today, up to the end
	Days      float64   // from today to the end
}

// HoldOut parts the histories: those with an event up to today, and their
// events from the day after to the end, which is included.
func HoldOut(h *Histories, today, end crm.Day) Holdout {
	list, who := h.Summaries(today)
	out := Holdout{list, make([]float64, len(list)), float64(end - today)}
	for i, customer := range who {
		days := Until(h.Days(int(customer)), end)
		out.Actual[i] = float64(len(days) - list[i].Repeats - 1)
	}
	return out
}

// Model gives the forecast of a model.
func (h Holdout) Model(m Model) Forecast {
	expected := make([]float64, len(h.Summaries))
	m.Score(h.Summaries, h.Days, nil, expected)
	return ForecastOf(expected, h.Actual)
}

// OwnRate is the plain forecast that everybody goes on as before.
func (h Holdout) OwnRate() Forecast { return h.plain(math.Inf(1)) }

// RecentRate is the plain forecast that those whose last event lies at most
// half the time ahead back go on as before, and the others never order again.
func (h Holdout) RecentRate() Forecast { return h.plain(h.Days / 2) }

func (h Holdout) plain(silence float64) Forecast {
	expected := make([]float64, len(h.Summaries))
	for i, s := range h.Summaries {
		if s.Silence() <= silence && s.Age > 0 {
			expected[i] = float64(s.Repeats) / s.Age * h.Days
		}
	}
	return ForecastOf(expected, h.Actual)
}

// Score gives for each customer the probability of being alive and the expected
// events of the next h days, into slices as long as the summaries; a nil slice
// is not asked for. It uses all processors.
func (m Model) Score(list []Summary, h float64, alive, expected []float64) {
	const block = 1 << 12
	inParallel((len(list)+block-1)/block, func(b int) {
		for i := b * block; i < min((b+1)*block, len(list)); i++ {
			if alive != nil {
				alive[i] = m.PAlive(list[i])
			}
			if expected != nil {
				expected[i] = m.Expected(list[i], h)
			}
		}
	})
}

// AUC gives the probability that a score puts one who came above one who did
// not, ties counted half: 0.5 is no better than chance, NaN when all or none
// came.
func AUC(scores []float64, came []bool) float64 {
	order := make([]int, len(scores))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return sign(scores[a] - scores[b]) })
	ranks, n := 0.0, 0.0
	for i := 0; i < len(order); {
		j := i
		for j < len(order) && scores[order[j]] == scores[order[i]] {
			j++
		}
		mid := float64(i+j+1) / 2
		for ; i < j; i++ {
			if came[order[i]] {
				ranks, n = ranks+mid, n+1
			}
		}
	}
	return (ranks - n*(n+1)/2) / (n * (float64(len(scores)) - n))
}

// Brier gives the mean squared error of probabilities.
func Brier(p []float64, came []bool) float64 {
	sum := 0.0
	for i := range p {
		d := p[i]
		if came[i] {
			d--
		}
		sum += d * d
	}
	return sum / float64(len(p))
}
