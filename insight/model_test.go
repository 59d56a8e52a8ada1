package insight

import (
	"math"
	"math/rand/v2"
	"testing"

	"kaveri/crm"
)

// weeks gives a model whose alpha is in weeks, as most published ones are; it is
// then asked in weeks.
func weeks(f Family, r, alpha, a, b float64) Model { return Model{f, r, alpha, a, b, 1} }

var published = weeks(BGNBD, .243, 4.414, .793, 2.426)

// The function values of docs/loyalty.md §10.
func TestFunctionValues(t *testing.T) {
	for _, c := range []struct {
		s              Summary
		alive, ordered float64
		tolerance      float64
	}{
		{Summary{2, 30.43, 38.86}, .726579, 1.226028, 1e-6},
		{Summary{7, 37, 38.86}, .885446, 4.604210, 1e-6},
		{Summary{7, 10, 38.86}, .003687, .019170, 1e-6},
		{Summary{26, 30.86, 31}, .968916, 20.749726, 1e-6},
	} {
		within(t, "P(alive)", published.PAlive(c.s), c.alive, c.tolerance)
		within(t, "E in 39 weeks", published.Expected(c.s, 39), c.ordered, c.tolerance)
	}
	optimum := weeks(BGNBD, .242595, 4.413602, .792922, 2.425906)
	for at, want := range map[float64]float64{.1429: .007816, 1: .053184, 3: .150631, 31.8571: 1.040489, 32: 1.043732, 39: 1.195010, 52: 1.444012, 78: 1.857958} {
		within(t, "E[X(t)]", optimum.Mean(at), want, 1e-5)
	}
	counts := published.Counts(30, 200)
	for n, want := range map[int]float64{0: .607110, 1: .193712, 2: .080079, 10: .00266879, 11: .0019995214, 20: .000222226} {
		within(t, "P(X(30)=n)", counts[n], want, 6e-7)
	}
	sum := 0.0
	for _, p := range counts {
		sum += p
	}
	within(t, "all of them", sum, 1, 1e-9)
	within(t, "P(X(2)=10)", published.Counts(2, 10)[10], 1.07869e-07, 1e-11)
	within(t, "P(X(39)=0)", published.Counts(39, 1)[0], .5737864, 1e-6)

	one := Collapse([]Summary{{2, 213. / 7, 272. / 7}})
	within(t, "BG, one customer", published.likelihood(one).loglik, -9.458474, 1e-6)
	within(t, "MBG, one customer", weeks(MBGNBD, .525, 6.183, .891, 1.614).likelihood(one).loglik, -9.485409, 1e-6)

	mbg := weeks(MBGNBD, .524843, 6.183086, .891360, 1.614002)
	first := Summary{2, 30.43, 38.86}
	within(t, "MBG P(alive)", mbg.PAlive(first), .706126, 1e-6)
	within(t, "MBG E in 39 weeks", mbg.Expected(first, 39), 1.262669, 1e-6)
	exact := Summary{2, 213.0 / 7, 272.0 / 7}
	within(t, "MBG E in 52 weeks", mbg.Expected(exact, 52), 1.596933, 1e-6)
	spend := GammaGamma{6.24957, 3.74422, 15.44352}
	worth := spend.Value(Spend{2, 22.345})
	within(t, "E(M)", worth, 24.6539, 1e-4)
	within(t, "value in 52 weeks", mbg.Expected(exact, 52)*worth, 39.3707, 1e-3)
	within(t, "E(M) of nobody in particular", spend.Value(Spend{}), 35.1704, 1e-4)
}

// families are the models of the property tests, with parameters of all sorts:
// a+b below 1, a near 1 and at it, large ones.
func families() []Model {
	var list []Model
	for _, p := range []params{{.243, 4.414, .793, 2.426}, {.5, 6, .3, .4}, {2, 30, 1, 3}, {.7, 9, 1 + 1e-9, 2}, {1, 5, .2, .3}, {12, 100, 3, 40}, {400, 3000, .1, .1}, {.05, .3, 60, 900}} {
		list = append(list, Model{BGNBD, p[0], p[1], p[2], p[3], 1}, Model{MBGNBD, p[0], p[1], p[2], p[3], 1})
		for _, k := range []int{1, 2, 3, 6} {
			list = append(list, Model{MBGCNBD, p[0], p[1], p[2], p[3], k})
		}
	}
	return list
}

func randomSummary(r *rand.Rand) Summary {
	age := math.Floor(r.Float64() * 900)
	x := r.IntN(40)
	if age < 2 || r.IntN(3) == 0 {
		return Summary{0, 0, age}
	}
	if r.IntN(10) == 0 {
		x *= 120
	}
	return Summary{x + 1, 1 + math.Floor(r.Float64()*(age-1)), age}
}

// S falls with silence, P(alive) is a probability and falls with it, the chance
// of an order grows with the time, and expectations lie between it and what no
// loss would give.
func TestModelsBehave(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 8))
	for _, m := range families() {
		for range 60 {
			s := randomSummary(r)
			silence, alive := 1.0, 1.0
			for e := 0.0; e < 3000; e = e*1.5 + 1 {
				now := Summary{s.Repeats, s.Span, s.Span + e}
				if g := m.Silence(s, e); !(g <= silence && g >= 0) {
					t.Fatalf("%+v %+v: S(%v) = %v after %v", m, s, e, g, silence)
				} else {
					silence = g
				}
				p := m.PAlive(now)
				if !(p >= 0 && p <= alive+1e-15) {
					t.Fatalf("%+v %+v: P(alive) %v after %v", m, now, p, alive)
				}
				alive = p
			}
			last := 0.0
			for _, h := range []float64{.1, 1, 30, 365, 3650} {
				p, e := m.POrder(s, h), m.Expected(s, h)
				if !(p >= last-1e-12 && p <= 1 && e >= p*(1-1e-5) && !math.IsInf(e, 0)) {
					t.Fatalf("%+v %+v in %v days: P %v, E %v", m, s, h, p, e)
				}
				last = p
			}
		}
	}
}

// The bracket form and the sum over stages are two ways to one number.
func TestExpectationTwoWays(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, m := range families() {
		if m.K > 1 {
			continue
		}
		for range 100 {
			s, h := randomSummary(r), 1+r.Float64()*800
			if e, ok := m.bracket(s, h); ok {
				if sum := m.stages(s, h); math.Abs(e-sum) > 1e-9*math.Max(sum, 1e-3) {
					t.Errorf("%+v %+v in %v days: bracket %v, sum %v", m, s, h, e, sum)
				}
			}
		}
	}
}

// Thousands of repeats, a+b below 1 without repeats, a at 1 and beside it: none
// may overflow or jump (docs/loyalty.md §3, traps 1 and 2).
func TestExpectationAtTheEdges(t *testing.T) {
	for _, x := range []int{0, 300, 1500, 5000} {
		s := Summary{x, 38, 38.86}
		if x == 0 {
			s.Span = 0
		}
		if e := published.Expected(s, 39); math.IsNaN(e) || e <= 0 || e > float64(2*x+2) {
			t.Errorf("x=%d: %v", x, e)
		}
		low := Model{BGNBD, .3, 5, .2, .3, 1}
		if e := low.Expected(s, 39); math.IsNaN(e) || e <= 0 {
			t.Errorf("a+b<1, x=%d: %v", x, e)
		}
	}
	for _, family := range []Family{BGNBD, MBGNBD} {
		at := func(a, b float64) float64 { return Model{family, .5, 6, a, b, 1}.Expected(Summary{0, 0, 30}, 39) }
		for _, off := range []float64{1e-4, 2e-6, 1e-8, 0} {
			within(t, "E near a=1", at(1+off, 2), at(1-off, 2), off/2+1e-9)
		}
		within(t, "E near a+b=1", at(.4, .6+1e-8), at(.4, .6-1e-8), 1e-6)
	}
}

// Large parameters keep their digits (trap 3): with b growing, nobody leaves and
// the likelihood settles.
func TestLargeParametersKeepDigits(t *testing.T) {
	c := Collapse([]Summary{{5, 30, 39}, {0, 0, 39}, {26, 30, 31}})
	at := func(b float64) float64 { return Model{MBGNBD, .5, 6, 1, b, 1}.likelihood(c).loglik }
	for _, b := range []float64{1e6, 1e9, 1e12, 1e15} {
		within(t, "log-likelihood", at(b), at(1e5), 1e-2)
	}
	if l := at(8.6e15); l > 0 || math.IsNaN(l) {
		t.Errorf("a fake likelihood: %v", l)
	}
}

// The slopes agree with differences, for each family and k.
func TestGradients(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	var list []Summary
	for range 200 {
		list = append(list, randomSummary(r))
	}
	c := Collapse(list)
	for _, m := range families() {
		p := params{m.R, m.Alpha, m.A, m.B}
		got := m.likelihood(c).gradient
		for i := range p {
			at := func(d float64) float64 {
				q := p
				q[i] *= 1 + d
				return Model{m.Family, q[0], q[1], q[2], q[3], m.K}.likelihood(c).loglik
			}
			const h = 1e-4
			slope := (8*(at(h)-at(-h)) - (at(2*h) - at(-2*h))) / (12 * h)
			if math.Abs(slope-got[i]*p[i]) > 1e-5*math.Max(100, math.Abs(slope)) {
				t.Errorf("%+v: slope %d is %v, differences say %v", m, i, got[i]*p[i], slope)
			}
		}
	}
	var spends []Spend
	for x := range 30 {
		spends = append(spends, Spend{x/3 + 1, 5 + r.Float64()*90})
	}
	g := [3]float64{6, 4, 15}
	_, got := GammaGamma{g[0], g[1], g[2]}.likelihood(spends)
	for i := range g {
		at := func(d float64) float64 {
			q := g
			q[i] *= 1 + d
			l, _ := GammaGamma{q[0], q[1], q[2]}.likelihood(spends)
			return l
		}
		within(t, "spend slope", got[i]*g[i], (at(1e-5)-at(-1e-5))/2e-5, 1e-4)
	}
}

// Cells give the likelihood of the customers one by one.
func TestCellsAreTheCustomers(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 9))
	m := Model{MBGCNBD, .8, 20, .5, 2, 2}
	var list []Summary
	want := score{}
	for range 20_000 {
		s := Summary{0, 0, float64(r.IntN(20))}
		if r.IntN(2) == 0 {
			s = Summary{1 + r.IntN(3), float64(3 + r.IntN(10)), 20}
		}
		list = append(list, s)
		want.add(m.sum([]cell{{s.Repeats, s.Span, s.Age, 1}}, m.tabulate(3)))
	}
	c := Collapse(list)
	if len(c.list) > 60 || c.Customers != len(list) {
		t.Fatalf("%d cells of %d customers", len(c.list), c.Customers)
	}
	got := m.likelihood(c)
	within(t, "log-likelihood", got.loglik, want.loglik, 1e-6)
	for i := range got.gradient {
		within(t, "gradient", got.gradient[i], want.gradient[i], 1e-6)
	}
	for i := range list { // fractions of days cannot be packed
		list[i].Age += .25
	}
	if f := Collapse(list); len(f.list) != len(c.list) {
		t.Errorf("%d cells of fractions, %d of whole days", len(f.list), len(c.list))
	}
}

// simulate draws histories of a model: events from the first on, until the day
// of leaving or the end.
func simulate(m Model, customers, end int, seed uint64) *Histories {
	r := rand.New(rand.NewPCG(seed, 77))
	var orders []Order
	for c := range customers {
		rate, leave := gammaDraw(r, m.R)/m.Alpha, betaDraw(r, m.A, m.B)
		at := float64(r.IntN(end / 2))
		orders = append(orders, Order{int32(c), crm.Day(at), 10})
		for m.Family == BGNBD || r.Float64() >= leave {
			for range m.K {
				at += r.ExpFloat64() / rate
			}
			if at > 1e8 || int(at) > end {
				break
			}
			orders = append(orders, Order{int32(c), crm.Day(at), 10})
			if m.Family == BGNBD && r.Float64() < leave {
				break
			}
		}
	}
	return Collect(orders, customers, Paid)
}

// gammaDraw draws by Marsaglia and Tsang's method.
func gammaDraw(r *rand.Rand, shape float64) float64 {
	if shape < 1 {
		return gammaDraw(r, shape+1) * math.Pow(r.Float64(), 1/shape)
	}
	d := shape - 1./3
	for {
		x := r.NormFloat64()
		v := math.Pow(1+x/math.Sqrt(9*d), 3)
		if v > 0 && math.Log(r.Float64()) < .5*x*x+d-d*v+d*math.Log(v) {
			return d * v
		}
	}
}

func betaDraw(r *rand.Rand, a, b float64) float64 {
	x := gammaDraw(r, a)
	return x / (x + gammaDraw(r, b))
}

// A fit finds the model that the histories were drawn from, with its k, and the
// forecast of what comes meets the total. Events of one day are merged, so the
// rates are slow ones.
func TestFitFindsTheModel(t *testing.T) {
	for _, m := range []Model{{BGNBD, 1.2, 100, .8, 2.5, 1}, {MBGNBD, 1.2, 100, .6, 2, 1}, {MBGCNBD, 1.5, 60, .5, 2, 2}, {MBGCNBD, 2, 60, .4, 1.5, 3}} {
		h := simulate(m, 12_000, 1500, 11)
		cells := h.CellsOf(1000)
		var fit Fit
		var err error
		if m.Family == MBGCNBD {
			fit, err = cells.FitRegularity()
		} else {
			fit, err = cells.Fit(m.Family, 1)
		}
		if err != nil {
			t.Fatal(err)
		}
		if fit.K != m.K || fit.AtBound {
			t.Errorf("%+v: found %+v", m, fit)
		}
		for what, pair := range map[string][2]float64{"r": {fit.R, m.R}, "alpha": {fit.Alpha, m.Alpha}, "a": {fit.A, m.A}, "b": {fit.B, m.B}} {
			within(t, string(m.Family)+" "+what, pair[0]/pair[1], 1, .15)
		}
		if truth := m.likelihood(cells).loglik + cells.gapTerm(m.K, 1); fit.LogLikelihood < truth-.01 {
			t.Errorf("%+v: found %v, the truth has %v", m, fit.LogLikelihood, truth)
		}
		f := HoldOut(h, 1000, 1500).Model(fit.Model)
		within(t, string(m.Family)+" forecast", f.Expected/f.Actual, 1, .05)
	}
}

func TestFitRefusesTooLittle(t *testing.T) {
	for name, list := range map[string][]Summary{"nobody": nil, "no repeats": {{0, 0, 9}, {0, 0, 5}}} {
		if _, err := Collapse(list).Fit(MBGNBD, 1); crm.KindOf(err) != crm.KindInvalid {
			t.Errorf("%s: %v", name, err)
		}
	}
	// So regular that no parameter is told by the data: it ends at a bound, and says so.
	list := make([]Summary, 400)
	for i := range list {
		list[i] = Summary{10, 100, 101}
	}
	fit, err := Collapse(list).Fit(MBGNBD, 1)
	if err != nil || !fit.AtBound || math.IsNaN(fit.LogLikelihood) || fit.B > highestParameter*(1+1e-9) {
		t.Errorf("%+v, %v", fit, err)
	}
	if _, err := FitSpend([]Spend{{1, 10}, {2, 0}, {0, 0}}); crm.KindOf(err) != crm.KindInvalid {
		t.Errorf("one customer's spend: %v", err)
	}
}

// The spend of customers is fitted in any currency, and worthless repeats are
// told.
func TestFitSpend(t *testing.T) {
	r := rand.New(rand.NewPCG(21, 3))
	truth := GammaGamma{4, 3, 30}
	for _, currency := range []float64{1, 1e7, 1e-6} {
		list := []Spend{{3, 0}, {0, 0}}
		for range 20_000 {
			x := 1 + r.IntN(6)
			scale := truth.Gamma / gammaDraw(r, truth.Q)
			list = append(list, Spend{x, gammaDraw(r, truth.P*float64(x)) * scale / float64(x) * currency})
		}
		fit, err := FitSpend(list)
		if err != nil {
			t.Fatal(err)
		}
		if fit.Worthless != 1 || fit.Customers != 20_000 || fit.AtBound || math.Abs(fit.Correlation) > .05 {
			t.Errorf("%+v", fit)
		}
		within(t, "p", fit.P, 4, .3)
		within(t, "q", fit.Q, 3, .2)
		within(t, "gamma", fit.Gamma/currency, 30, 3)
	}
	if v := (GammaGamma{2, .9, 5}).Value(Spend{}); !math.IsInf(v, 1) {
		t.Errorf("q below 1 and no repeats: %v", v)
	}
}

func TestDigamma(t *testing.T) {
	const euler = .5772156649015329
	within(t, "psi(1)", digamma(1), -euler, 1e-14)
	within(t, "psi(1/2)", digamma(.5), -euler-2*math.Ln2, 1e-14)
	within(t, "psi(100)", digamma(100), math.Log(100)-1./200-1./120000, 1e-9)
	within(t, "psi(x+1)-psi(x)", digamma(1e-4+1)-digamma(1e-4), 1e4, 1e-9)
}
