package insight

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

// tally counts what simulated campaigns of a known effect were said to be.
type tally struct {
	campaigns, fixed, always, win, harm int
}

// simulate runs a campaign of 2,400 people, of whom the lot holds out 30 %, over
// 12 days. Without it one in ten buys. Somebody looks every evening.
func (s *tally) simulate(key string, effect float64, r *rand.Rand) {
	const people, days, base = 2400, 12, .10
	var counts [2]struct{ n, bought int }
	covered, win, harm := true, false, false
	var last Effect
	for i := range people {
		arm, share := 0, base+effect
		if ArmOf(key, fmt.Sprint("cust-", i), .3) == ArmHoldout {
			arm, share = 1, base
		}
		counts[arm].n++
		if r.Float64() < share {
			counts[arm].bought++
		}
		if (i+1)%(people/days) != 0 {
			continue
		}
		last = Difference(shareMoments(counts[0].bought, counts[0].n), shareMoments(counts[1].bought, counts[1].n), people)
		covered = covered && last.AlwaysValid.Contains(effect)
		win, harm = win || last.Verdict() == VerdictWorks, harm || last.Verdict() == VerdictHarms
	}
	s.campaigns++
	for _, c := range []struct {
		is    bool
		count *int
	}{{last.Interval.Contains(effect), &s.fixed}, {covered, &s.always}, {win, &s.win}, {harm, &s.harm}} {
		if c.is {
			*c.count++
		}
	}
}

// shareMoments are the moments of k ones among n numbers, the rest zeros.
func shareMoments(k, n int) Moments {
	p := float64(k) / float64(n)
	return Moments{n, p, p * (1 - p) * float64(n) / float64(n-1)}
}

// 500 campaigns of each effect, in shares of the people. The interval for one
// look holds the truth in about 95 of 100 (500 give a standard error of 1), the
// always-valid one at every look of a campaign in at least as many, and what
// does nothing is called a win or a harm in at most 5.
func TestTruth(t *testing.T) {
	for _, effect := range []float64{0, .02, .05} {
		var s tally
		r := rand.New(rand.NewPCG(2026, uint64(1000*effect)))
		for i := range 500 {
			s.simulate(fmt.Sprintf("truth-%v-%d", effect, i), effect, r)
		}
		t.Logf("effect %+.2f: one look %.1f %%, always %.1f %%, works %.1f %%, harms %.1f %%", effect,
			s.percent(s.fixed), s.percent(s.always), s.percent(s.win), s.percent(s.harm))
		if p := s.percent(s.fixed); p < 93 || p > 97 {
			t.Errorf("effect %v: the interval of one look holds it in %.1f %%", effect, p)
		}
		if p := s.percent(s.always); p < 95 {
			t.Errorf("effect %v: the always-valid interval holds it in %.1f %%", effect, p)
		}
		if wrong := s.harm + boolInt(effect == 0)*s.win; s.percent(wrong) > 5 {
			t.Errorf("effect %v: the verdict is wrong in %.1f %%", effect, s.percent(wrong))
		}
		if effect == .05 && s.percent(s.win) < 50 {
			t.Errorf("an effect of five points is found in %.1f %% alone", s.percent(s.win))
		}
	}
}

func (s *tally) percent(n int) float64 { return 100 * float64(n) / float64(s.campaigns) }

func boolInt(b bool) int {
	if b {
		return 1
	}
	return 0
}
