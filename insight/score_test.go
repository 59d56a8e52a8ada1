//go:build score

package insight

import (
	"compress/gzip"
	"encoding/csv"
	"io"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"kaveri/crm"
	"kaveri/internal/corpora"
)

func ordersFile(t *testing.T, name string) io.Reader {
	t.Helper()
	f, err := os.Open(filepath.Join(corpora.Dir(t), "orders", name))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

func day(t *testing.T, s string) crm.Day {
	t.Helper()
	d, err := time.Parse(time.DateOnly, s)
	if err != nil {
		t.Fatal(err)
	}
	return crm.DayOf(d)
}

// cdnow reads the sample of 2,357 customers.
func cdnow(t *testing.T) *Histories {
	t.Helper()
	h, _ := cdnowNamed(t)
	return h
}

// cdnowNamed gives the places of the customers by their numbers too.
func cdnowNamed(t *testing.T) (*Histories, map[string]int32) {
	t.Helper()
	text, err := io.ReadAll(ordersFile(t, "CDNOW_sample.txt.gz"))
	if err != nil {
		t.Fatal(err)
	}
	customers := map[string]int32{}
	var orders []Order
	for line := range strings.Lines(string(text)) {
		f := strings.Fields(line)
		d, err := time.Parse("20060102", f[2])
		if err != nil {
			t.Fatal(err)
		}
		net, err := strconv.ParseFloat(f[4], 64)
		if err != nil {
			t.Fatal(err)
		}
		if _, ok := customers[f[0]]; !ok {
			customers[f[0]] = int32(len(customers))
		}
		orders = append(orders, Order{customers[f[0]], crm.DayOf(d), net})
	}
	return Collect(orders, len(customers), PaidOrFree), customers
}

// cdnowSummary reads the published summary, whose weeks have two decimals.
func cdnowSummary(t *testing.T) []Summary {
	t.Helper()
	rows, err := csv.NewReader(ordersFile(t, "cdnow_customers_summary.csv.gz")).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var list []Summary
	for _, r := range rows[1:] {
		var f [3]float64
		for i := range f {
			if f[i], err = strconv.ParseFloat(r[i+1], 64); err != nil {
				t.Fatal(err)
			}
		}
		list = append(list, Summary{int(f[0]), f[1] * 7, f[2] * 7})
	}
	return list
}

// measure compares a figure with the expected one and prints both.
func measure(t *testing.T, what string, got, want, tolerance float64) {
	t.Helper()
	verdict := "reached"
	if !(math.Abs(got-want) <= tolerance) {
		verdict = "MISSED"
		t.Errorf("%s: %v, want %v within %v", what, got, want, tolerance)
	}
	t.Logf("%-44s expected %14.6f  reached %14.6f  tolerance %g: %s", what, want, got, tolerance, verdict)
}

func measureFit(t *testing.T, name string, f Fit, r, alpha, a, b, ll float64) {
	t.Helper()
	measure(t, name+" r", f.R, r, .0005)
	measure(t, name+" alpha", f.Alpha/7, alpha, .005)
	measure(t, name+" a", f.A, a, .002)
	measure(t, name+" b", f.B, b, .005)
	measure(t, name+" log-likelihood", f.LogLikelihoodIn(7), ll, .01)
	t.Logf("%d cells, %d rounds", f.Cells, f.Rounds)
}

// TestScoreFits holds the fits to docs/loyalty.md §10.
func TestScoreFits(t *testing.T) {
	h := cdnow(t)
	cells := h.CellsOf(day(t, "1997-09-30"))
	measure(t, "customers", float64(cells.Customers), 2357, 0)
	measure(t, "repeat customers", float64(cells.Repeaters), 946, 0)
	fit := func(c *Cells, f Family, k int) Fit {
		got, err := c.Fit(f, k)
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	measureFit(t, "BG/NBD", fit(cells, BGNBD, 1), .242595, 4.413602, .792922, 2.425906, -9582.4292)
	measureFit(t, "BG/NBD, two decimals", fit(Collapse(cdnowSummary(t)), BGNBD, 1), .242593, 4.413531, .792886, 2.425754, -9582.4256)
	measureFit(t, "MBG/NBD", fit(cells, MBGNBD, 1), .524843, 6.183086, .891360, 1.614002, -9582.1357)
	regular, err := cells.FitRegularity()
	if err != nil {
		t.Fatal(err)
	}
	measure(t, "k", float64(regular.K), 1, 0)
	measure(t, "k=2 log-likelihood", fit(cells, MBGCNBD, 2).LogLikelihoodIn(7), -9853.25, .01)
	published := func(r, alpha, a, b float64) score {
		return (Model{BGNBD, r, alpha, a, b, 1}).likelihood(cells.scaled(1.0 / 7))
	}
	at := published(.5, 5, .7, 2)
	for i, want := range []float64{-1824.5082, 85.8470, 29.7912, -8.2267} {
		measure(t, "gradient", at.gradient[i], want, 1e-4)
	}
	measure(t, "log-likelihood there", at.loglik, -9851.4448, 1e-4)
	measure(t, "log-likelihood at the published", published(.243, 4.414, .793, 2.426).loglik, -9582.4305, .001)
}

// rungs gives where everybody stands.
func rungs(h *Histories, l *Ladder) (list []crm.Rung) {
	for i := range h.Len() {
		list = append(list, l.Stand(h.Days(i), nil).Rung)
	}
	return list
}

// TestScoreLabels holds summaries, spend and held out orders to the labels, customer by customer.
func TestScoreLabels(t *testing.T) {
	h, places := cdnowNamed(t)
	today, end := day(t, "1997-09-30"), day(t, "1998-06-30")
	rows := corpora.Labels[struct {
		Customer string  `json:"customer"`
		X        float64 `json:"x"`
		Span     float64 `json:"t_x"`
		Age      float64 `json:"T_cal"`
		Spend    float64 `json:"mean_spend"`
		Expected struct {
			Came float64 `json:"x_star_weeks_40_78"`
		} `json:"expected"`
	}](t, "cdnow-holdout.jsonl.gz")
	right := 0
	for _, r := range rows {
		c := int(places[r.Customer])
		s, _ := Summarise(h.Days(c), today)
		spend := SpendOf(h.Days(c), h.Values(c), today)
		came := len(Until(h.Days(c), end)) - s.Repeats - 1
		if float64(s.Repeats) != r.X || math.Abs(s.Span/7-r.Span) > 1e-9 || math.Abs(s.Age/7-r.Age) > 1e-9 || math.Abs(spend.Mean-r.Spend) > 1e-9 || float64(came) != r.Expected.Came {
			t.Errorf("customer %s: %+v %+v, came %d; labelled %+v", r.Customer, s, spend, came, r)
			continue
		}
		right++
	}
	measure(t, "customers as labelled", float64(right), float64(len(rows)), 0)
}

// TestScoreSpend holds Gamma-Gamma.
func TestScoreSpend(t *testing.T) {
	h := cdnow(t)
	spends := h.Spends(day(t, "1997-09-30"))
	fit, err := FitSpend(spends)
	if err != nil {
		t.Fatal(err)
	}
	measure(t, "Gamma-Gamma customers", float64(fit.Customers), 946, 0)
	measure(t, "Gamma-Gamma p", fit.P, 6.24957, .01)
	measure(t, "Gamma-Gamma q", fit.Q, 3.74422, .005)
	measure(t, "Gamma-Gamma gamma", fit.Gamma, 15.44352, .03)
	measure(t, "Gamma-Gamma log-likelihood", fit.LogLikelihood, -4055.9177, .01)
	measure(t, "correlation of orders and their worth", fit.Correlation, .114, .0005)
	for i, want := range []float64{24.6539, 18.9100, 35.1704, 35.1704, 35.1704, 71.4647, 18.9100, 35.1704, 27.2819, 35.1704} {
		measure(t, "worth of an order, customer "+strconv.Itoa(i+1), fit.Value(spends[i]), want, .01)
	}
}

// TestScoreHoldout holds the forecasts of 39 weeks.
func TestScoreHoldout(t *testing.T) {
	h := cdnow(t)
	today, end := day(t, "1997-09-30"), day(t, "1998-06-30")
	cells := h.CellsOf(today)
	out := HoldOut(h, today, end)
	came := make([]bool, len(out.Actual))
	recency := make([]float64, len(out.Actual))
	for i, n := range out.Actual {
		came[i], recency[i] = n > 0, -out.Summaries[i].Silence()
	}
	forecast := func(name string, f Forecast, total, mae, rmse, corr float64) {
		measure(t, name+" total", f.Expected, total, .002*total)
		measure(t, name+" MAE", f.MAE, mae, .001)
		measure(t, name+" RMSE", f.RMSE, rmse, .001)
		measure(t, name+" correlation", f.Correlation, corr, .001)
	}
	measure(t, "orders held out", out.Model(Starter(90)).Actual, 1882, 0)
	measure(t, "AUC of recency", AUC(recency, came), .7714, .0002)
	forecast("own rate", out.OwnRate(), 2930.10, 1.0237, 2.2119, .5839)
	forecast("recent rate", out.RecentRate(), 2266.03, .8848, 2.0952, .5981)
	actual, _ := byRepeats(out, out.Actual)
	measureList(t, "orders held out by repeats", actual, []float64{.2367, .6970, 1.3925, 1.5600, 2.5323, 2.9474, 3.8621, 6.3594}, 6e-5)
	for _, c := range []struct {
		family                 Family
		total, mae, rmse, corr float64
		auc, brier, week78     float64
		by                     []float64
	}{
		{BGNBD, 1653.41, .7855, 1.6080, .6256, .7569, .1612, 4160.6, []float64{.2251, .5231, 1.0441, 1.5203, 2.1639, 2.6538, 3.5040, 6.1572}},
		{MBGNBD, 1576.73, .7648, 1.6072, .6273, .7601, .1614, 4050.0, []float64{.1852, .5514, 1.0490, 1.4929, 2.1043, 2.5636, 3.3608, 5.8485}},
	} {
		fit, err := cells.Fit(c.family, 1)
		if err != nil {
			t.Fatal(err)
		}
		name := string(c.family)
		forecast(name, out.Model(fit.Model), c.total, c.mae, c.rmse, c.corr)
		p, expected, sum := make([]float64, len(came)), make([]float64, len(came)), 0.0
		for i, s := range out.Summaries {
			p[i], expected[i] = fit.POrder(s, out.Days), fit.Expected(s, out.Days)
			sum += fit.Mean(s.Age + out.Days)
		}
		measure(t, name+" AUC", AUC(p, came), c.auc, .0002)
		measure(t, name+" Brier", Brier(p, came), c.brier, .0001)
		measure(t, name+" repeats by week 78", sum, c.week78, .1)
		got, _ := byRepeats(out, expected)
		measureList(t, name+" by repeats", got, c.by, 2e-4)
	}
}

// byRepeats gives the mean of what customers with 0 to 6, and 7 or more repeats have, and their number.
func byRepeats(h Holdout, values []float64) (means, customers []float64) {
	means, customers = make([]float64, 8), make([]float64, 8)
	for i, s := range h.Summaries {
		b := min(s.Repeats, 7)
		means[b] += values[i]
		customers[b]++
	}
	for b := range means {
		means[b] /= customers[b]
	}
	return means, customers
}

func measureList(t *testing.T, what string, got, want []float64, tolerance float64) {
	t.Helper()
	for i := range want {
		measure(t, what+", "+strconv.Itoa(i), got[i], want[i], tolerance)
	}
}

// TestScoreSample holds how the fitted model spreads the customers, and what their spend would be.
func TestScoreSample(t *testing.T) {
	h := cdnow(t)
	today := day(t, "1997-09-30")
	fit, err := h.CellsOf(today).Fit(BGNBD, 1)
	if err != nil {
		t.Fatal(err)
	}
	spend, err := FitSpend(h.Spends(today))
	if err != nil {
		t.Fatal(err)
	}
	list, who := h.Summaries(today)
	counts, worth := make([]float64, 8), 0.0
	for i, s := range list {
		p := fit.Counts(s.Age, 7)
		rest := 1.0
		for n := range 7 {
			counts[n] += p[n]
			rest -= p[n]
		}
		counts[7] += rest
		c := int(who[i])
		worth += fit.Expected(s, 273) * spend.Value(SpendOf(h.Days(c), h.Values(c), today))
	}
	measureList(t, "customers by repeats", counts, []float64{1407.68, 460.32, 192.46, 101.16, 59.85, 38.12, 25.55, 71.85}, .01)
	measure(t, "spend of 39 weeks", worth, 59931.63, 60)
}

// TestScoreSecondOrders holds the silence curve of 1 to 2.
func TestScoreSecondOrders(t *testing.T) {
	h := cdnow(t)
	today := day(t, "1998-06-30")
	c := KaplanMeier(h.Spells(1, today))
	measure(t, "spells", float64(c.Spells), 2357, 0)
	measure(t, "second orders", float64(c.Events), 1139, 0)
	for at, want := range map[int]float64{7: .0615, 14: .1112, 28: .1676, 49: .2266, 91: .2919, 182: .3776, 273: .4255, 365: .4557, 450: .4760} {
		measure(t, "F at "+strconv.Itoa(at), c.Returned(at), want, 5.1e-5)
	}
	for at, want := range map[int]float64{0: .2266, 28: .1335, 49: .0938, 91: .0731, 182: .0395, 273: .0303, 365: .0257} {
		measure(t, "return after "+strconv.Itoa(at), c.Chance(at, 49), want, 5.1e-5)
	}
	due, overdue, lapsed, _ := c.Days(365)
	measureList(t, "due, overdue, lapsed", []float64{float64(due), float64(overdue), float64(lapsed)}, []float64{50, 166, 292}, 0)
	for n, want := range map[int]float64{1: .456, 2: .669, 3: .801, 4: .812} {
		measure(t, "repurchase within 365 days after order "+strconv.Itoa(n), KaplanMeier(h.Spells(n, today)).Returned(365), want, .0006)
	}
}

// TestScoreTransitions holds the verified matrix: counts are exact.
func TestScoreTransitions(t *testing.T) {
	h := cdnow(t)
	from, to := day(t, "1997-09-30"), day(t, "1997-12-31")
	clock := BusinessClock(h, from)
	measure(t, "clock", clock.Days, 48.6667, .0001)
	measure(t, "clock customers", float64(clock.Customers), 946, 0)
	before := rungs(h, NewLadder(from, clock.Days, Starter(clock.Days), nil))
	after := rungs(h, NewLadder(to, clock.Days, Starter(clock.Days), nil))
	got := CountTransitions(before, after)
	want := map[string][]int{ // ONE-TIME QUIET OCCASIONAL FREQUENT LOYAL ADVOCATE LAPSED
		"ONE-TIME": {0, 1052, 78, 1, 0, 0, 0}, "QUIET": {0, 265, 15, 0, 0, 0, 0}, "OCCASIONAL": {0, 0, 298, 77, 0, 0, 114},
		"FREQUENT": {0, 0, 21, 163, 0, 0, 36}, "LAPSED": {0, 0, 25, 12, 0, 0, 200},
	}
	for i, row := range got.Rows {
		for j, column := range got.Columns {
			expected := 0
			if w := want[row]; w != nil {
				expected = w[j]
			}
			if expected+got.Counts[i][j] > 0 {
				measure(t, row+" -> "+column, float64(got.Counts[i][j]), float64(expected), 0)
			}
		}
	}
}

// TestScoreValidity holds who was active in the 26 weeks after the labels of
// 1997-12-31 to the reference pattern of docs/loyalty.md §8.8, and finding 5.
func TestScoreValidity(t *testing.T) {
	h := cdnow(t)
	today, end := day(t, "1997-12-31"), day(t, "1998-07-01")
	clock := BusinessClock(h, day(t, "1997-09-30")).Days
	l := NewLadder(today, clock, Starter(clock), nil)
	var standings []crm.Standing
	var outcomes []Outcome
	for i := range h.Len() {
		days := h.Days(i)
		s := l.Stand(days, nil)
		standings = append(standings, s)
		outcomes = append(outcomes, Outcome{Active: len(Until(days, end)) > s.Events})
	}
	v := HoldAgainst(standings, outcomes, clock)
	active := map[string]Proportion{}
	for _, rows := range [][]ValidityRow{v.Rungs, v.Timings} {
		for _, r := range rows {
			if _, ok := active[r.Label]; ok {
				continue // LAPSED is a rung and a timing
			}
			active[r.Label] = r.Active
			t.Logf("%-12s %4d of %4d active, %.1f %%", r.Label, r.Active.Count, r.Active.Of, 100*r.Active.Rate())
		}
	}
	for label, want := range map[string]float64{"ON TIME": 55.6, "DUE": 49.0, "OVERDUE": 38.4, "FREQUENT": 68.4, "OCCASIONAL": 37.3} {
		measure(t, label+" active, %", 100*active[label].Rate(), want, .06)
	}
	steadily, ordersSteadily := spread(h, standings, outcomes, today, end, true)
	others, ordersOthers := spread(h, standings, outcomes, today, end, false)
	measure(t, "four orders or more, steady", float64(steadily.Of), 284, 0)
	measure(t, "active, %", 100*steadily.Rate(), 64.8, .06)
	measure(t, "orders each", ordersSteadily, 2.06, .006)
	measure(t, "four orders or more, not steady", float64(others.Of), 113, 0)
	measure(t, "active, %", 100*others.Rate(), 38.9, .06)
	measure(t, "orders each", ordersOthers, .98, .006)
	quiet, lapsed := active["QUIET"], active["LAPSED"]
	measure(t, "QUIET ordered again", float64(quiet.Count), 99, 0)
	measure(t, "QUIET", float64(quiet.Of), 1317, 0)
	measure(t, "LAPSED ordered again", float64(lapsed.Count), 80, 0)
	measure(t, "LAPSED", float64(lapsed.Of), 350, 0)
	t.Logf("AUC: P(alive) %.3f, silence %.3f, count %.3f", v.AUCAlive, v.AUCSilence, v.AUCCount)
}

// spread gives who was active, and the mean orders, of those with four events or more that pass the test of steadiness,
// or do not.
func spread(h *Histories, standings []crm.Standing, outcomes []Outcome, today, end crm.Day, pass bool) (Proportion, float64) {
	active, of, orders := 0, 0, 0
	for i, s := range standings {
		if s.Events < steadyEvents || steady(s.Events, s.Filled, s.Cycles) != pass {
			continue
		}
		of++
		active += one(outcomes[i].Active)
		orders += len(Until(h.Days(i), end)) - len(Until(h.Days(i), today))
	}
	return ProportionOf(active, of), float64(orders) / float64(of)
}
