//go:build score

package insight

import (
	"fmt"
	"math"
	"strings"
	"testing"
)

// TestScoreGroceries holds the itemsets and rules of the Groceries baskets to
// the counts that two other programs gave.
func TestScoreGroceries(t *testing.T) {
	b := groceries(t)
	for _, c := range []struct {
		support, confidence, itemsets, bySize string
		rules                                 int
		best                                  string
		lift                                  float64
	}{
		{".001", ".8", "13492", "map[1:157 2:2981 3:6831 4:3137 5:376 6:10]", 410, "liquor+red/blush wine=>bottled beer", 11.23527},
		{".001", ".5", "13492", "map[1:157 2:2981 3:6831 4:3137 5:376 6:10]", 5668, "", 0},
		{".006", ".25", "", "", 463, "herbs=>root vegetables", 3.95648},
		{".01", ".5", "", "", 15, "", 0},
	} {
		f, err := Mine(b, BasketOptions{MinSupport: fraction(t, c.support), MinConfidence: fraction(t, c.confidence)})
		if err != nil {
			t.Fatal(err)
		}
		best := f.Rules[0]
		name := strings.Join(best.LHS, "+") + "=>" + best.RHS
		t.Logf("support %s, confidence %s: %d rules reached, %d expected; %d itemsets; best %s, lift %.5f; %d to recommend",
			c.support, c.confidence, len(f.Rules), c.rules, f.Itemsets, name, best.Lift, len(RankRules(f.Rules)))
		if f.Baskets != 9835 || f.Items != 169 || len(f.Rules) != c.rules {
			t.Errorf("%d baskets, %d items, %d rules", f.Baskets, f.Items, len(f.Rules))
		}
		if c.itemsets != "" && (fmt.Sprint(f.Itemsets) != c.itemsets || fmt.Sprint(f.BySize) != c.bySize) {
			t.Errorf("%d itemsets, %v", f.Itemsets, f.BySize)
		}
		if c.best != "" && (name != c.best || math.Abs(best.Lift-c.lift) > 5e-6) {
			t.Errorf("the best is %s with %.6f, want %s with %.6f", name, best.Lift, c.best, c.lift)
		}
		if c.rules == 410 {
			scoreBestGroceries(t, f.Rules)
		}
	}
	scoreSugar(t, b)
}

// scoreBestGroceries checks what is known of the 410 rules.
func scoreBestGroceries(t *testing.T, rules []Rule) {
	lengths, certain, sum := map[int]int{}, 0, 0.0
	for _, r := range rules {
		lengths[len(r.LHS)+1]++
		sum += r.Lift
		if math.IsInf(r.Conviction, 1) {
			certain++
		}
	}
	first, last := rules[0], rules[len(rules)-1]
	about(t, "support", first.Support, .001932, 5e-7)
	about(t, "confidence", first.Confidence, .904762, 5e-7)
	about(t, "conviction", first.Conviction, 9.6544, 5e-5)
	about(t, "lowest lift", last.Lift, 3.1309, 5e-5)
	about(t, "mean lift", sum/float64(len(rules)), 3.9506, 5e-5)
	if first.Count != 19 || certain != 28 || fmt.Sprint(lengths) != "map[3:29 4:229 5:140 6:12]" {
		t.Errorf("count %d, %d without exception, lengths %v", first.Count, certain, lengths)
	}
}

func scoreSugar(t *testing.T, b *Baskets) {
	for _, c := range b.Companions("sugar", 10) {
		want, ok := map[string]Companion{"flour": {Count: 49, Lift: 8.4631}, "baking powder": {Count: 32, Lift: 5.4316}, "margarine": {Count: 54, Lift: 2.7689}}[c.Item]
		if !ok {
			continue
		}
		t.Logf("sugar and %s: %d baskets, lift %.4f from %.4f", c.Item, c.Count, c.Lift, c.LiftLow)
		if c.Count != want.Count || math.Abs(c.Lift-want.Lift) > 5e-5 {
			t.Errorf("want %+v", want)
		}
	}
}
