//go:build score

package insight

import (
	"encoding/csv"
	"math"
	"strconv"
	"strings"
	"testing"
)

// TestScoreHillstrom compares the mailings of Hillstrom's experiment with its
// holdout. The expected values are computed here anew: sums over rows, and the
// quantile of Student's t from an integral of its density.
func TestScoreHillstrom(t *testing.T) {
	rows, err := csv.NewReader(strings.NewReader(orders(t, "hillstrom.dev.csv.gz"))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	column := map[string]int{}
	for i, title := range rows[0] {
		column[title] = i
	}
	arm := func(segment, outcome string) (s Sample) {
		for _, row := range rows[1:] {
			if row[column["segment"]] == segment {
				s.Y = append(s.Y, number(t, row[column[outcome]]))
				s.X = append(s.X, number(t, row[column["history"]]))
			}
		}
		return s
	}
	for _, mailing := range []string{"Mens E-Mail", "Womens E-Mail"} {
		for _, outcome := range []string{"visit", "conversion", "spend"} {
			treated, holdout := arm(mailing, outcome), arm("No E-Mail", outcome)
			e, err := Measure(treated, holdout, ExperimentOptions{Holdout: .5})
			if err != nil {
				t.Fatal(err)
			}
			difference, low, high := welchAnew(treated.Y, holdout.Y)
			t.Logf("%s, %s: %+.6f [%.6f, %.6f] reached, %+.6f [%.6f, %.6f] expected; always [%.6f, %.6f], adjusted SE %.6f of %.6f, chi2 %.2f, %s", mailing, outcome,
				e.Raw.Difference, e.Raw.Interval.Low, e.Raw.Interval.High, difference, low, high,
				e.Raw.AlwaysValid.Low, e.Raw.AlwaysValid.High, e.Adjusted.SE, e.Raw.SE, e.SampleRatio, e.Verdict)
			about(t, "difference", e.Raw.Difference, difference, 1e-9)
			about(t, "low", e.Raw.Interval.Low, low, 1e-6)
			about(t, "high", e.Raw.Interval.High, high, 1e-6)
			if e.SampleRatio > SampleRatioLimit {
				t.Errorf("the arms of %d and %d do not fit", len(treated.Y), len(holdout.Y))
			}
			if (outcome == "visit" || mailing == "Mens E-Mail" && outcome == "conversion") && e.Verdict != VerdictWorks {
				t.Errorf("%s, %s: %s", mailing, outcome, e.Verdict)
			}
		}
	}
}

func number(t *testing.T, s string) float64 {
	t.Helper()
	v, err := strconv.ParseFloat(s, 64)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// welchAnew computes difference and interval by sums of squares and a quantile
// by bisecting an integral.
func welchAnew(treated, holdout []float64) (difference, low, high float64) {
	stats := func(y []float64) (n, mean, variance float64) {
		n = float64(len(y))
		var sum, squares float64
		for _, v := range y {
			sum, squares = sum+v, squares+v*v
		}
		return n, sum / n, (squares - sum*sum/n) / (n - 1)
	}
	n1, m1, v1 := stats(treated)
	n2, m2, v2 := stats(holdout)
	a, b := v1/n1, v2/n2
	df := (a + b) * (a + b) / (a*a/(n1-1) + b*b/(n2-1))
	half := math.Sqrt(a+b) * studentByIntegral(.975, df)
	return m1 - m2, m1 - m2 - half, m1 - m2 + half
}

func studentByIntegral(p, df float64) float64 {
	const steps = 2000
	lead := math.Exp(logGamma((df+1)/2)-logGamma(df/2)) / math.Sqrt(df*math.Pi)
	density := func(x float64) float64 { return lead * math.Exp(-(df+1)/2*math.Log1p(x*x/df)) }
	low, high := 0.0, 50.0
	for range 60 {
		mid := (low + high) / 2
		sum := density(0) + density(mid)
		for i := 1; i < steps; i++ {
			sum += density(mid*float64(i)/steps) * float64(2+2*(i%2)) // Simpson
		}
		if .5+sum*mid/(3*steps) < p {
			low = mid
		} else {
			high = mid
		}
	}
	return low
}
