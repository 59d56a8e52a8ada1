package insight

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"kaveri/crm"
)

func basketsOf(lines ...string) *Baskets {
	b := new(Baskets)
	for _, line := range lines {
		b.Add(strings.Split(line, ",")...)
	}
	return b
}

func fraction(t testing.TB, s string) Fraction {
	t.Helper()
	f, err := ParseFraction(s)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// Ten baskets that can be counted by eye.
func TestMineByHand(t *testing.T) {
	b := basketsOf("bread,butter", "bread,butter,jam", "bread , butter,bread", "bread", "butter", "milk", "milk,bread,butter", "milk", "milk,", "jam,bread,butter")
	f, err := Mine(b, BasketOptions{MinSupport: fraction(t, "0.2"), MinConfidence: fraction(t, "80%")})
	if err != nil {
		t.Fatal(err)
	}
	if f.Baskets != 10 || f.Items != 4 || f.MinCount != 2 || f.Itemsets != 8 || fmt.Sprint(f.BySize) != "map[1:4 2:3 3:1]" {
		t.Errorf("%+v", f)
	}
	var got []string
	for _, r := range f.Rules {
		got = append(got, fmt.Sprintf("%s=>%s %d %.4f %.4f %.4f %.4f %.4f", strings.Join(r.LHS, "+"), r.RHS, r.Count, r.Support, r.Confidence, r.Lift, r.Leverage, r.Conviction))
	}
	want := []string{
		"bread+jam=>butter 2 0.2000 1.0000 1.6667 0.0800 +Inf",
		"butter+jam=>bread 2 0.2000 1.0000 1.6667 0.0800 +Inf",
		"jam=>bread 2 0.2000 1.0000 1.6667 0.0800 +Inf",
		"jam=>butter 2 0.2000 1.0000 1.6667 0.0800 +Inf",
		"bread=>butter 5 0.5000 0.8333 1.3889 0.1400 2.4000",
		"butter=>bread 5 0.5000 0.8333 1.3889 0.1400 2.4000",
	}
	slices.Sort(want[:4])
	slices.Sort(got[:4])
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	// Of ten baskets nothing is proved, so nothing is recommended.
	if ranked := RankRules(f.Rules); len(ranked) != 0 {
		t.Errorf("recommended: %+v", ranked)
	}
}

// What a shorter rule says as well is not said again.
func TestRankRules(t *testing.T) {
	rule := func(confidence, low float64, right string, left ...string) Rule {
		return Rule{LHS: left, RHS: right, Count: 10, Confidence: confidence, LiftLow: low}
	}
	rare, chance := rule(.9, 9, "x", "r"), rule(.9, 9, "x", "s")
	rare.Count, chance.Adjusted = 9, .06
	got := RankRules([]Rule{rule(.8, 2, "x", "a"), rule(.8, 7, "x", "a", "b"), rule(.9, 3, "x", "a", "c"), rule(.8, 1, "y", "a", "b"), rule(.7, 8, "x", "a", "d", "e"), rare, chance})
	if len(got) != 3 || got[0].LiftLow != 3 || got[1].LiftLow != 2 || got[2].RHS != "y" {
		t.Errorf("%+v", got)
	}
}

// bruteForce counts every subset of every basket.
func bruteForce(lines [][]string, min, maxLength int) map[string]int {
	counts := map[string]int{}
	for _, line := range lines {
		line = slices.Compact(slices.Sorted(slices.Values(line)))
		for mask := 1; mask < 1<<len(line); mask++ {
			var set []string
			for i, item := range line {
				if mask>>i&1 == 1 {
					set = append(set, item)
				}
			}
			if maxLength == 0 || len(set) <= maxLength {
				counts[strings.Join(set, "+")]++
			}
		}
	}
	for set, n := range counts {
		if n < min {
			delete(counts, set)
		}
	}
	return counts
}

// The search finds what counting all subsets finds, on baskets of several
// densities, and rules are those whose counts say so.
func TestMineAgainstCounting(t *testing.T) {
	r := rand.New(rand.NewPCG(6, 6))
	for round := range 60 {
		items, width, maxLength := 3+r.IntN(12), 1+r.IntN(8), r.IntN(4)
		b, lines := new(Baskets), make([][]string, 1+r.IntN(200))
		for i := range lines {
			for range r.IntN(width + 1) {
				lines[i] = append(lines[i], fmt.Sprint("i", r.IntN(1+r.IntN(items))))
			}
			b.Add(lines[i]...)
		}
		o := BasketOptions{MinSupport: Fraction{int64(r.IntN(20)), 100}, MinConfidence: Fraction{int64(r.IntN(101)), 100}, MaxLength: maxLength}
		f, err := Mine(b, o)
		if err != nil {
			t.Fatal(err)
		}
		counts := bruteForce(lines, f.MinCount, maxLength)
		bySize := map[int]int{}
		rules := 0
		for set, n := range counts {
			parts := strings.Split(set, "+")
			bySize[len(parts)]++
			for i := range parts {
				left := strings.Join(slices.Concat(parts[:i], parts[i+1:]), "+")
				if len(parts) > 1 && int64(n)*o.MinConfidence.den >= o.MinConfidence.num*int64(counts[left]) {
					rules++
				}
			}
		}
		if f.Itemsets != len(counts) || fmt.Sprint(f.BySize) != fmt.Sprint(bySize) || len(f.Rules) != rules {
			t.Fatalf("round %d: %d itemsets %v, %d rules; want %d %v, %d", round, f.Itemsets, f.BySize, len(f.Rules), len(counts), bySize, rules)
		}
		for _, rule := range f.Rules {
			checkRule(t, rule, counts, len(lines))
		}
		if !slices.IsSortedFunc(f.Rules, compareRules) {
			t.Fatal("the rules are not in order")
		}
	}
}

func checkRule(t *testing.T, r Rule, counts map[string]int, n int) {
	t.Helper()
	all := strings.Join(slices.Sorted(slices.Values(append(slices.Clone(r.LHS), r.RHS))), "+")
	both, left, right := float64(counts[all]), float64(counts[strings.Join(r.LHS, "+")]), float64(counts[r.RHS])
	if r.Count != counts[all] || r.Confidence != both/left {
		t.Fatalf("%+v: %v of %v", r, both, left)
	}
	near(t, "lift", r.Lift, both/left/(right/float64(n)), 1e-12)
	about(t, "leverage", r.Leverage, both/float64(n)-left*right/float64(n*n), 1e-12)
	if r.LiftLow > r.Lift || r.LiftLow < 0 || r.P < 0 || r.P > 1 || r.Adjusted < r.P*(1-1e-9) {
		t.Fatalf("%+v", r)
	}
}

// Fisher's exact test against sums of all its terms.
func TestTogetherP(t *testing.T) {
	choose := func(n, k int) float64 {
		v := 1.0
		for i := range k {
			v *= float64(n-i) / float64(i+1)
		}
		return v
	}
	for _, m := range []together{{3, 5, 4, 12}, {4, 5, 4, 12}, {0, 5, 4, 12}, {1, 5, 4, 12}, {5, 5, 9, 12}, {2, 5, 9, 12}, {10, 20, 30, 60}} {
		want := 0.0
		for k := m.both; k <= min(m.left, m.right); k++ {
			want += choose(m.left, k) * choose(m.baskets-m.left, m.right-k) / choose(m.baskets, m.right)
		}
		near(t, fmt.Sprint(m), m.p(), want, 1e-10)
	}
	// Far more than chance: 19 of 21 among 792 of 9,835.
	if p := (together{19, 21, 805, 9835}).p(); p > 1e-18 || p <= 0 {
		t.Errorf("p %v", p)
	}
}

// A lift of ten baskets out of ten is not the surest of all.
func TestLiftLow(t *testing.T) {
	few, many := together{10, 10, 100, 10000}, together{500, 1000, 100, 10000}
	if few.lift() != 100 || few.liftLow() > 80 || few.liftLow() < 50 {
		t.Errorf("few: %.2f from %.2f", few.lift(), few.liftLow())
	}
	many.right = 1000
	if low := many.liftLow(); low < 4.4 || low > 5 {
		t.Errorf("many: %.2f from %.2f", many.lift(), low)
	}
}

func TestFraction(t *testing.T) {
	for _, c := range []struct {
		text string
		n    int
		want int
	}{
		{"0.001", 9835, 10}, {".001", 9835, 10}, {"1e-3", 9835, 10}, {"0.1%", 9835, 10}, {"1/1000", 9835, 10}, {".07", 100, 7},
		{"0", 100, 0}, {"1", 100, 100}, {"100 %", 7, 7}, {"0.000000000000000001", 1000, 1},
	} {
		f, err := ParseFraction(c.text)
		if err != nil {
			t.Errorf("%q: %v", c.text, err)
		}
		if got := f.least(c.n); got != c.want {
			t.Errorf("%q of %d: %d, want %d", c.text, c.n, got, c.want)
		}
	}
	for _, text := range []string{"", "x", "-0.1", "10", "1.01", "200%", "NaN", "Inf", "1/0", "1e-30", strings.Repeat("1", 99)} {
		if f, err := ParseFraction(text); crm.KindOf(err) != crm.KindInvalid || err == nil {
			t.Errorf("%q is read as %v, %v", text, f, err)
		}
	}
}

func TestBasketsOfNothing(t *testing.T) {
	f, err := Mine(new(Baskets), BasketOptions{})
	if err != nil || f.Itemsets != 0 || len(f.Rules) != 0 || f.Baskets != 0 {
		t.Errorf("%+v, %v", f, err)
	}
	b := basketsOf("", " , ,")
	if b.Len() != 2 || b.Items() != 0 {
		t.Errorf("%d baskets of %d items", b.Len(), b.Items())
	}
	if c := b.Companions("milk", 1); c != nil {
		t.Errorf("companions: %v", c)
	}
}

// One basket of 24 items has 16 million subsets.
func TestMineTooMuch(t *testing.T) {
	b, items := new(Baskets), make([]string, 24)
	for i := range items {
		items[i] = fmt.Sprint(i)
	}
	b.Add(items...)
	e := newEclat(b, 1, 0)
	if e.limit = 100_000; e.search() {
		t.Errorf("found %d itemsets", len(e.nodes))
	}
	if f, err := Mine(b, BasketOptions{MaxLength: 2}); err != nil || f.Itemsets != 24+24*23/2 {
		t.Errorf("of two at most: %d itemsets, %v", f.Itemsets, err)
	}
}

func TestCompanions(t *testing.T) {
	b := basketsOf("sugar,flour", "sugar,flour,coffee", "coffee", "coffee,milk", "sugar,coffee", "flour")
	got := b.Companions("sugar", 1)
	if len(got) != 2 || got[0].Item != "flour" || got[0].Count != 2 || math.Abs(got[0].Lift-4./3) > 1e-12 || got[1].Item != "coffee" {
		t.Errorf("%+v", got)
	}
	if got := b.Companions("sugar", 3); len(got) != 0 {
		t.Errorf("at least three: %+v", got)
	}
}

// Whatever is read as a share is one, and its least count of n is at most n.
func FuzzParseFraction(f *testing.F) {
	for _, s := range []string{"0.001", "1/3", "10%", "1e-3", "0x1p-2", "1_0", "1e999999999", "-0", "٠٫٥"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		share, err := ParseFraction(s)
		if err != nil {
			if crm.KindOf(err) != crm.KindInvalid {
				t.Fatal(err)
			}
			return
		}
		if n := share.least(1_000_000); n < 0 || n > 1_000_000 || share.den <= 0 {
			t.Fatalf("%q: %+v, %d", s, share, n)
		}
	})
}

// The upper end of a lift is its lower end seen from the other side: both keep
// what is true of a rule that is known well, and draw together as it is.
func TestLiftInterval(t *testing.T) {
	few, many := together{20, 50, 100, 1000}, together{2000, 5000, 10_000, 100_000}
	if few.lift() != many.lift() || few.liftLow() >= many.liftLow() || many.liftLow() >= many.lift() || many.lift() >= many.liftHigh() || many.liftHigh() >= few.liftHigh() {
		t.Errorf("few: %.2f [%.2f, %.2f], many: %.2f [%.2f, %.2f]", few.lift(), few.liftLow(), few.liftHigh(), many.lift(), many.liftLow(), many.liftHigh())
	}
	// Zou and Donner by hand: c = .4 in [.2761, .5382], s = .1 in [.0829, .1202].
	about(t, "low", few.liftLow(), 4*math.Exp(-math.Hypot(math.Log(.4/.276074), math.Log(.120162/.1))), 1e-3)
	about(t, "high", few.liftHigh(), 4*math.Exp(math.Hypot(math.Log(.538210/.4), math.Log(.1/.082917))), 1e-3)
}

// Without a support, one is found that suits the baskets, and that keeps the
// search small.
func TestMineUsual(t *testing.T) {
	if f := MineUsual(new(Baskets)); f.Baskets != 0 || f.Rules != nil {
		t.Errorf("of nothing: %+v", f)
	}
	var b Baskets
	for i := range 60_000 {
		b.Add("bread", fmt.Sprint(i%1000), fmt.Sprint("x", i%3))
	}
	f := MineUsual(&b)
	if f.MinCount != 12 || f.BySize[3] == 0 || f.BySize[4] != 0 {
		t.Errorf("%d itemsets in at least %d baskets, by size %v", f.Itemsets, f.MinCount, f.BySize)
	}
	for _, r := range f.Rules {
		if r.Confidence < .05 || r.Count > r.WithLHS || r.Count > r.WithRHS {
			t.Fatalf("%+v", r)
		}
	}
	var dense Baskets
	for range 40 {
		var all []string
		for j := range 120 {
			all = append(all, fmt.Sprint(j))
		}
		dense.Add(all...)
	}
	if f := MineUsual(&dense); f.Itemsets != 0 || f.MinCount != 80 {
		t.Errorf("%d itemsets in at least %d baskets", f.Itemsets, f.MinCount)
	}
}

// A vest goes with a kayak, whatever else is bought; a pump only with kayak and
// tent together.
func TestOwnRules(t *testing.T) {
	var b Baskets
	for i := range 2000 {
		items := []string{"stamp", "pen"}[:i%3%2+1]
		if i%7 == 0 {
			items = append(items, "map")
		}
		if i%5 == 0 {
			items = append(items, "kayak", "vest")
		}
		if i%4 == 0 {
			items = append(items, "tent")
		}
		if i%20 == 0 {
			items = append(items, "pump")
		}
		b.Add(items...)
	}
	f := MineUsual(&b)
	own := map[string]bool{}
	for _, r := range OwnRules(RankRules(f.Rules), f.Rules) {
		own[fmt.Sprint(r.LHS, r.RHS)] = true
	}
	for rule, want := range map[string]bool{"[kayak]vest": true, "[kayak map]vest": false, "[kayak tent]pump": true, "[kayak]pump": true, "[tent vest]pump": true, "[kayak vest]pump": false} {
		if own[rule] != want {
			t.Errorf("%s stands there: %v", rule, own[rule])
		}
	}
}
