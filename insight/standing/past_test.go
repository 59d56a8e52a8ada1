package standing_test

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"kaveri/crm"
	"kaveri/insight/standing"
)

// Customers whose orders came with a history get a past: each was on a lower rung
// before, and stands where they stand since the month in which it came to be.
func TestPastStandings(t *testing.T) {
	p := newShop(t)
	var steady crm.CustomerID
	for days := 500; days > 0; days -= 50 {
		steady = p.order("steady", days, 40)
	}
	once := p.order("once", 400, 30)
	late := p.order("new", 5, 30)
	f := p.night()
	p.check(p.k.Review(p.ctx, f))
	p.is("the steady one's first", p.past(steady)[0].Rung, crm.RungOneTime)
	p.is("who ordered once", fmt.Sprint(p.rungs(once)), "[ONE-TIME QUIET]")
	p.is("who is new", fmt.Sprint(p.rungs(late)), "[ONE-TIME]")
	l, _, err := p.s.Loyalty(p.ctx, crm.SystemViewer, steady)
	p.check(err)
	if l.Rung != crm.RungFrequent || f.Day-l.Since < 200 {
		t.Errorf("the steady one is %s since %s", l.Rung, l.Since)
	}
	before := len(p.past(steady))
	p.now = p.now.AddDate(0, 0, 1)
	p.check(p.k.Review(p.ctx, p.night()))
	if n := len(p.past(steady)); n > before+1 {
		t.Errorf("the past was found again: %d standings, before %d", n, before)
	}
	moves, err := p.s.RungMoves(p.ctx, crm.SystemViewer, crm.DayOf(p.now)-365)
	p.check(err)
	n := 0
	for _, m := range moves {
		n += m.Customers
		if m.Was == crm.RungContact && m.Now == crm.RungOneTime {
			n += 100
		}
	}
	p.is("who moved, and who is new", n, 103)
	was, _, err := p.s.Standings(p.ctx, crm.SystemViewer, crm.LoyaltyQuery{Was: []crm.Rung{crm.RungOneTime}, WasDay: crm.DayOf(p.now) - 365, Rungs: []crm.Rung{crm.RungQuiet}})
	p.check(err)
	if len(was) != 1 || was[0].Customer != once {
		t.Errorf("behind the move stand %+v", was)
	}
	gone, _, err := p.s.Standings(p.ctx, crm.SystemViewer, crm.LoyaltyQuery{Was: []crm.Rung{crm.RungContact}, WasDay: crm.DayOf(p.now) - 365})
	p.check(err)
	if len(gone) != 1 || gone[0].Customer != late {
		t.Errorf("who had not ordered are %+v", gone)
	}
}

func (p *shop) past(c crm.CustomerID) []crm.RungChange {
	p.Helper()
	list, err := p.s.LoyaltyHistory(p.ctx, crm.SystemViewer, c)
	p.check(err)
	return list
}

// rungs gives the rungs that somebody has stood on, each once in its turn.
func (p *shop) rungs(c crm.CustomerID) (out []crm.Rung) {
	for _, h := range p.past(c) {
		if len(out) == 0 || out[len(out)-1] != h.Rung {
			out = append(out, h.Rung)
		}
	}
	return out
}

func (p *shop) is(what string, got, want any) {
	p.Helper()
	if got != want {
		p.Errorf("%s: %v, want %v", what, got, want)
	}
}

// The labels of two clocks ago are held against what came since: who was on time
// and has ordered, and who was not known then, who does not count.
func TestTrialOfTheLabels(t *testing.T) {
	p := newShop(t)
	for i := range 60 {
		came := fmt.Sprint("came", i)
		for days := 700; days > 0; days -= 85 {
			p.order(came, days, 40)
		}
		p.order(fmt.Sprint("gone", i), 600, 40)
		p.order(fmt.Sprint("new", i), 10, 40)
	}
	f := p.night()
	p.check(p.k.Review(p.ctx, f))
	tr := p.trial()
	if tr.Validity == nil || tr.Customers != 120 || tr.Until != f.Day || float64(tr.Until-tr.Asked) < 2*tr.Clock {
		t.Fatalf("%+v", tr)
	}
	active := map[string]string{}
	for _, r := range tr.Validity.Rungs {
		if r.Active.Of > 0 {
			active[r.Label] = fmt.Sprintf("%d of %d, %d orders", r.Active.Count, r.Active.Of, r.FullPrice.Of)
		}
	}
	p.is("who had been silent for long", active["QUIET"], "0 of 60, 0 orders")
	delete(active, "QUIET")
	for label, what := range active {
		p.is("who came, of "+label, what, "60 of 60, 120 orders")
	}
}

func TestTrialIsTooEarly(t *testing.T) {
	p := newShop(t)
	p.order("a", 40, 30)
	p.order("a", 10, 30)
	p.check(p.k.Review(p.ctx, p.night()))
	tr := p.trial()
	if tr.Validity != nil || tr.Ready() != crm.DayOf(p.now.AddDate(0, 0, -40))+360 {
		t.Errorf("it can be told from %s: %+v", tr.Ready(), tr)
	}
	p.now = tr.Ready().Time().Add(10 * time.Hour)
	p.check(p.k.Review(p.ctx, p.night()))
	if p.trial().Validity == nil {
		t.Error("it cannot be told on the day that was promised")
	}
}

func (p *shop) trial() (tr standing.Trial) {
	p.Helper()
	body, err := p.s.Validity(p.ctx, crm.SystemViewer)
	p.check(err)
	p.check(json.Unmarshal(body, &tr))
	return tr
}
