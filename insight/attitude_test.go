package insight

import (
	"math"
	"strconv"
	"strings"
	"testing"

	"kaveri/crm"
)

// TestArithmeticAddsUp holds that the lines that people read add up to the points,
// also with what is no signal.
func TestArithmeticAddsUp(t *testing.T) {
	for _, s := range []crm.Signs{
		{},
		{Recommendations: 1},
		{Recommendations: 3, Competitor: true, OpenComplaint: true, Unsubscribed: true},
		{Recommendations: 1, Recent: 1, Tallies: [crm.SignalCount]crm.Tally{{Successes: 5, Of: 5}, {Successes: 4, Of: 5}, {}, {Successes: 3, Of: 4}}},
	} {
		a := AttitudeOf(&s, 5, &StarterRates, &TableWeights)
		sum := 0.0
		for _, line := range a.Arithmetic() {
			_, points, ok := strings.Cut(line[strings.LastIndex(line, ": "):], ": ")
			n, err := strconv.ParseFloat(points, 64)
			if !ok || err != nil {
				t.Errorf("%q ends in no points", line)
			}
			sum += n
		}
		if math.Abs(sum-a.Points) > .005*float64(len(a.Arithmetic())+1) {
			t.Errorf("%v add up to %.2f, and L is %.2f", a.Arithmetic(), sum, a.Points)
		}
	}
}

// TestFewPeople holds that looking at any time never needs less than one look.
func TestFewPeople(t *testing.T) {
	for n := 2; n < 40; n++ {
		y := make([]float64, n)
		z := make([]float64, n)
		for i := range y {
			y[i], z[i] = float64(10+i%3), float64(5+i%2)
		}
		e := Difference(MomentsOf(y), MomentsOf(z), 0)
		if e.AlwaysValid.Low > e.Interval.Low || e.AlwaysValid.High < e.Interval.High {
			t.Errorf("with %d a side: %v at any time, %v for one look", n, e.AlwaysValid, e.Interval)
		}
	}
}
