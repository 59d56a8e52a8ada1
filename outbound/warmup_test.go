package outbound

import (
	"testing"
	"time"

	"kaveri/crm"
)

var toX = crm.WarmUpKey{Domain: "new.example", Provider: "x.example"}

// Mail that waits is planned for the days on which it can go.
func TestWarmUpPlans(t *testing.T) {
	plan := crm.WarmUp{Start: 2, Factor: 3, Full: 15}
	p := &warmth{}
	if !p.stale(noon) {
		t.Error("nothing was read, and it is not stale")
	}
	p.load([]crm.WarmUpCount{{WarmUpKey: toX, Today: 1}}, noon)
	days := map[int64]int{}
	went := 0
	for range 40 {
		ok, day, most := p.reserve(plan, toX)
		if ok {
			went++
		} else {
			days[day-crm.WarmUpDay(noon)]++
		}
		if most != 2 {
			t.Fatalf("%d go today", most)
		}
	}
	// 2, 6, 18, and then the best day is above 15: no ceiling.
	if went != 1 || days[1] != 6 || days[2] != 18 || days[3] != 15 {
		t.Errorf("%d went, and then %v", went, days)
	}
	if ok, _, _ := p.reserve(plan, crm.WarmUpKey{Domain: "new.example", Provider: "y.example"}); !ok {
		t.Error("another provider has its own plan")
	}
	j := &job{warm: toX, warmDay: p.day}
	p.release(j)
	p.release(j)
	if ok, _, _ := p.reserve(plan, toX); !ok {
		t.Error("the place of a mail that was not sent is not free")
	}
	if ok, _, _ := p.reserve(plan, toX); ok {
		t.Error("a place that was given back twice is two")
	}
	if p.stale(noon) || !p.stale(noon.AddDate(0, 0, 1)) {
		t.Error("the day does not end at midnight")
	}
}

// A day never carries more than a few times what one day before has proven, and
// at the end of the plan there is no ceiling.
func TestWarmUpCeiling(t *testing.T) {
	plan := crm.WarmUp{Start: 50, Factor: 2, Full: 10_000}
	for best, want := range map[int]int{0: 50, 20: 50, 30: 60, 50: 100, 400: 800, 9_999: 19_998, 10_000: 0} {
		if n, limited := plan.Ceiling(best); n != want || limited != (want > 0) {
			t.Errorf("after %d: %d, %v", best, n, limited)
		}
	}
	if _, limited := (crm.WarmUp{}).Ceiling(0); limited {
		t.Error("no plan is a ceiling")
	}
	for _, bad := range []crm.WarmUp{{Start: -1}, {Start: 50, Factor: 1}, {Start: 50, Factor: 11}, {Start: 50, Full: 10}} {
		if err := bad.Validate(); crm.KindOf(err) != crm.KindInvalid {
			t.Errorf("%+v: %v", bad, err)
		}
	}
	usual := crm.WarmUp{Start: 20_000}
	if err := usual.Validate(); err != nil || usual.Factor != 2 || usual.Full != 20_000 {
		t.Errorf("%+v, %v", usual, err)
	}
}

// Only mail to many, by a sender with a plan, is kept waiting; what waits goes at
// the time of the day at which its mailing began.
func TestWarmUpPutsOff(t *testing.T) {
	s := New(Options{})
	s.warmth.load(nil, noon)
	plan := crm.WarmUp{Start: 1, Factor: 2, Full: 10}
	put := func(kind crm.MailingKind, plan crm.WarmUp) (crm.Return, bool) {
		return s.warmUp(&job{d: crm.Dispatch{ID: 7}, m: &crm.Mailing{Kind: kind, From: crm.Party{Address: "a@new.example"}, Start: noon.AddDate(0, 0, -40).Add(-3 * time.Hour)}}, plan, "x.example")
	}
	for i, c := range []struct {
		kind crm.MailingKind
		plan crm.WarmUp
		goes bool
	}{{crm.MailingAudience, plan, true}, {crm.MailingCampaign, plan, false}, {crm.MailingDirect, plan, true}, {crm.MailingAudience, crm.WarmUp{}, true}} {
		back, ok := put(c.kind, c.plan)
		if ok != c.goes || !ok && (back.Dispatch != 7 || !back.Due.Equal(noon.AddDate(0, 0, 1).Add(-3*time.Hour)) || back.Reason == "") {
			t.Errorf("%d: %+v, %v", i, back, ok)
		}
	}
}
