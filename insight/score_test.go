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
	return Collect(orders, len(customers), PaidOrFree)
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
