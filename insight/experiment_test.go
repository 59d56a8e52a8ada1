package insight

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"kaveri/crm"
)

// The toy of docs/loyalty.md, "Campaigns against a holdout".
var (
	toyTreated = Sample{Y: []float64{0, 0, 30, 45, 0, 60, 20, 25}, X: []float64{10, 0, 20, 40, 0, 50, 10, 30}}
	toyHoldout = Sample{Y: []float64{0, 20, 0, 30}, X: []float64{0, 20, 10, 40}}
)

// The digests begin e321d316c7e2c89e and 087b4b3ca8a71a86, as any SHA-256
// program tells.
func TestArm(t *testing.T) {
	for _, c := range []struct {
		customer string
		draw     float64
		want     Arm
	}{{"cust-0001", float64(0xe321d316c7e2c89e) / (1 << 64), ArmTreated}, {"cust-0022", float64(0x087b4b3ca8a71a86) / (1 << 64), ArmHoldout}} {
		about(t, c.customer, ArmDraw("2026-q1", c.customer), c.draw, 1e-15)
		if got := ArmOf("2026-q1", c.customer, DefaultHoldout); got != c.want {
			t.Errorf("%s: %s, want %s", c.customer, got, c.want)
		}
	}
	about(t, "cust-0001", ArmDraw("2026-q1", "cust-0001"), .887235, 5e-7)
	about(t, "cust-0022", ArmDraw("2026-q1", "cust-0022"), .033131, 5e-7)
	held := 0
	for i := range 100000 {
		if ArmOf("ring:2026-q1", fmt.Sprint(i), .10) == ArmHoldout {
			held++
		}
	}
	if chi2, _ := SampleRatio(100000-held, held, .10); chi2 > SampleRatioLimit {
		t.Errorf("%d of 100,000 are held out, chi-squared %.1f", held, chi2)
	}
}

func TestSampleRatio(t *testing.T) {
	chi2, p := SampleRatio(1850, 150, .10)
	about(t, "chi-squared", chi2, 13.889, 5e-4)
	about(t, "p", p, .00019394, 5e-8)
	if chi2, p := SampleRatio(0, 0, .5); chi2 != 0 || p != 1 {
		t.Errorf("of nobody: %v %v", chi2, p)
	}
}

func TestToy(t *testing.T) {
	e, err := Measure(toyTreated, toyHoldout, ExperimentOptions{Holdout: 1. / 3})
	if err != nil {
		t.Fatal(err)
	}
	about(t, "mean of the treated", e.Raw.Treated.Mean, 22.5, 0)
	about(t, "mean of the holdout", e.Raw.Holdout.Mean, 12.5, 0)
	about(t, "difference", e.Raw.Difference, 10, 5e-5)
	about(t, "SE", e.Raw.SE, 10.8972, 5e-5)
	about(t, "Welch's df", e.Raw.DF, 8.744, 5e-4)
	about(t, "t interval", e.Raw.Interval.High, 10+10.8972*2.27229, 5e-3)
	about(t, "theta", e.Adjusted.Theta, 1.061069, 5e-7)
	about(t, "adjusted mean of the treated", e.Adjusted.Treated.Mean, 21.6158, 5e-5)
	about(t, "adjusted mean of the holdout", e.Adjusted.Holdout.Mean, 14.2684, 5e-5)
	about(t, "adjusted difference", e.Adjusted.Difference, 7.3473, 5e-5)
	about(t, "adjusted SE", e.Adjusted.SE, 4.0831, 5e-5)
	about(t, "variance factor", e.Adjusted.VarianceFactor, .1404, 5e-5)
	about(t, "sample ratio", e.SampleRatio, 0, 1e-12)
	if e.Verdict != VerdictUnknown {
		t.Errorf("12 people are said to prove that it %s", e.Verdict)
	}
}

// 1,800 people with 6.20 each against 200 with 4.10.
func TestSummary(t *testing.T) {
	e := Difference(Moments{1800, 6.20, 24 * 24}, Moments{200, 4.10, 20 * 20}, 2000)
	about(t, "difference", e.Difference, 2.10, 1e-12)
	about(t, "SE", e.SE, 1.5232, 5e-5)
	about(t, "z", e.Z(), 1.3787, 5e-5)
	about(t, "p", 2*NormalCDF(-e.Z()), .1680, 5e-5)
	about(t, "low", e.NormalInterval().Low, -.885, 5e-4)
	about(t, "high", e.NormalInterval().High, 5.085, 5e-4)
	total, interval := e.Total(e.NormalInterval())
	about(t, "total", total, 3780, .5)
	about(t, "total low", interval.Low, -1594, .5)
	about(t, "total high", interval.High, 9154, .5)
	about(t, "multiplier", AlwaysValidMultiplier(2000, 2000), 3.0352, 5e-5)
	about(t, "always low", e.AlwaysValid.Low, -2.523, 5e-4)
	about(t, "always high", e.AlwaysValid.High, 6.723, 5e-4)
	about(t, "probability above 1", e.ProbabilityAbove(1), NormalCDF(1.10/1.52315), 1e-5)
	if e.Verdict() != VerdictUnknown {
		t.Errorf("verdict %q", e.Verdict())
	}
}

// The interval that is always valid is narrowest, by its multiplier, near the
// plan, and wider than that of one look everywhere.
func TestAlwaysValid(t *testing.T) {
	for _, n := range []int{10, 500, 2000, 8000, 1e6} {
		if m := AlwaysValidMultiplier(n, 2000); m < 3.03 {
			t.Errorf("%d people: %.4f", n, m)
		}
	}
	if !math.IsInf(AlwaysValidMultiplier(0, 10), 1) {
		t.Error("nobody is somebody")
	}
}

func TestPeopleNeeded(t *testing.T) {
	for _, c := range []struct {
		rho, holdout float64
		want         int
	}{{0, .10, 12559}, {.5, .10, 9419}, {.5, .5, 3391}} {
		if got := PeopleNeeded(2, 24, c.rho, c.holdout); got != c.want {
			t.Errorf("rho %v, holdout %v: %d, want %d", c.rho, c.holdout, got, c.want)
		}
	}
	if got := PeopleNeededShares(.03, .04); got != 5298 {
		t.Errorf("3 %% against 4 %%: %d for each arm", got)
	}
	if PeopleNeeded(0, 24, 0, .1) != 0 || PeopleNeededShares(.5, .5) != 0 {
		t.Error("no number of people shows a difference that is not there")
	}
}

func TestPool(t *testing.T) {
	p := Pool([]Estimate{{2.10, 1.52}, {.40, .90}, {1.20, .60}, {-.30, 1.10}})
	about(t, "mean", p.Mean, .8514, 5e-5)
	about(t, "SE", p.SE, .4355, 5e-5)
	about(t, "Q", p.Q, 2.3595, 5e-5)
	about(t, "tau2", p.Tau2, 0, 0)
	for _, s := range p.Shrunk {
		about(t, "shrunk", s, p.Mean, 0)
	}
	// Two that contradict each other: Q = 50, tau2 = (50-1)/(2-1), by hand.
	p = Pool([]Estimate{{0, 1}, {10, 1}})
	about(t, "tau2", p.Tau2, 49, 1e-9)
	about(t, "mean", p.Mean, 5, 1e-9)
	about(t, "SE", p.SE, 5, 1e-9)
	about(t, "shrunk", p.Shrunk[1], (10+5./49)/(1+1./49), 1e-9)
	if one := Pool([]Estimate{{3, 2}}); one.Mean != 3 || one.SE != 2 || one.Tau2 != 0 {
		t.Errorf("of one: %+v", one)
	}
}

func TestVerdict(t *testing.T) {
	for _, c := range []struct {
		treated, holdout Moments
		want             Verdict
	}{
		{Moments{5000, 12, 100}, Moments{5000, 10, 100}, VerdictWorks},
		{Moments{5000, 10, 100}, Moments{5000, 12, 100}, VerdictHarms},
		{Moments{5000, 10.5, 100}, Moments{5000, 10, 100}, VerdictUnknown}, // 2.5 SE: of one look it would do
		{Moments{50, 1, 0}, Moments{50, 0, 0}, VerdictUnknown},             // nothing varies
		{Moments{50, 1, math.Inf(1)}, Moments{50, 0, 1}, VerdictUnknown},   // more than a float64 holds
		{Moments{2, 4, 1}, Moments{2, 0, 1}, VerdictUnknown},               // 4 SE, of four people
	} {
		if got := Difference(c.treated, c.holdout, 0).Verdict(); got != c.want {
			t.Errorf("%v against %v: %q, want %q", c.treated, c.holdout, got, c.want)
		}
	}
}

func TestCapped(t *testing.T) {
	treated, holdout := make([]float64, 50), make([]float64, 51)
	for i := range treated {
		treated[i], holdout[i] = float64(i), float64(i)
	}
	treated[0] = 100000
	holdout[50] = 49
	e, err := Measure(Sample{Y: treated}, Sample{Y: holdout}, ExperimentOptions{Holdout: .5})
	if err != nil {
		t.Fatal(err)
	}
	about(t, "cap", e.Capped.Cap, 49, 0) // position .99 * 100 of 101 values
	about(t, "capped mean", e.Capped.Treated.Mean, 49./50+24.5, 1e-12)
	if e.Adjusted != nil {
		t.Error("adjusted without a history")
	}
	if e.Needed.People == 0 || e.Needed.AnyTime <= e.Needed.People {
		t.Errorf("needed: %+v", e.Needed)
	}
}

// People without a history are a group of their own: they may differ from those
// who were there and bought nothing.
func TestAdjustNew(t *testing.T) {
	r := rand.New(rand.NewPCG(4, 4))
	draw := func(n int, effect float64) (s Sample) {
		for range n {
			x := r.NormFloat64() * 10
			y := effect + .8*x + r.NormFloat64()
			if r.IntN(3) == 0 {
				y, x = effect+20+r.NormFloat64(), math.NaN()
			}
			s.Y, s.X = append(s.Y, y), append(s.X, x)
		}
		return s
	}
	e, err := Measure(draw(400, 1), draw(400, 0), ExperimentOptions{Holdout: .5})
	if err != nil {
		t.Fatal(err)
	}
	about(t, "theta", e.Adjusted.Theta, .8, .02)
	about(t, "difference", e.Adjusted.Difference, 1, .3)
	if e.Adjusted.VarianceFactor > .03 || e.Adjusted.New < 200 || e.Adjusted.New > 330 {
		t.Errorf("variance factor %.4f, %d new", e.Adjusted.VarianceFactor, e.Adjusted.New)
	}
	if e.Verdict != VerdictWorks || e.Raw.Verdict() != VerdictUnknown {
		t.Errorf("adjusted %q, raw %q", e.Verdict, e.Raw.Verdict())
	}
	// Nobody has a history, or all have the same: nothing to adjust by.
	for _, x := range [][]float64{{math.NaN(), math.NaN()}, {3, 3}} {
		if e, _ := Measure(Sample{[]float64{1, 2}, x}, Sample{[]float64{2, 3}, x}, ExperimentOptions{Holdout: .5}); e.Adjusted != nil {
			t.Errorf("adjusted by %v", x)
		}
	}
}

func TestMeasureRefuses(t *testing.T) {
	two := Sample{Y: []float64{1, 2}}
	for name, c := range map[string]struct {
		treated, holdout Sample
		o                ExperimentOptions
	}{
		"one treated":   {Sample{Y: []float64{1}}, two, ExperimentOptions{Holdout: .5}},
		"empty holdout": {two, Sample{}, ExperimentOptions{Holdout: .5}},
		"holdout 0":     {two, two, ExperimentOptions{}},
		"holdout 1":     {two, two, ExperimentOptions{Holdout: 1}},
		"holdout NaN":   {two, two, ExperimentOptions{Holdout: math.NaN()}},
		"cap 99":        {two, two, ExperimentOptions{Holdout: .5, Cap: 99}},
	} {
		if _, err := Measure(c.treated, c.holdout, c.o); crm.KindOf(err) != crm.KindInvalid {
			t.Errorf("%s: %v", name, err)
		}
	}
}
