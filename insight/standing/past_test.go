package standing_test

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"kaveri/crm"
	"kaveri/insight"
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
	told, moves, _, err := p.s.RungMoves(p.ctx, crm.SystemViewer, 365)
	p.check(err)
	if told.Kept || told.Clock != insight.DefaultClock || told.Since != crm.DayOf(p.now)-365 {
		t.Errorf("who moved is told by %+v", told)
	}
	n := 0
	for _, m := range moves {
		n += m.Customers
		if m.Was == crm.RungContact && m.Now == crm.RungOneTime {
			n += 100
		}
	}
	p.is("who moved, and who is new", n, 103)
	was, _, err := p.s.Standings(p.ctx, crm.SystemViewer, crm.LoyaltyQuery{Span: 365, Was: []crm.Rung{crm.RungOneTime}, Rungs: []crm.Rung{crm.RungQuiet}})
	p.check(err)
	if len(was) != 1 || was[0].Customer != once {
		t.Errorf("behind the move stand %+v", was)
	}
	gone, _, err := p.s.Standings(p.ctx, crm.SystemViewer, crm.LoyaltyQuery{Span: 365, Was: []crm.Rung{crm.RungContact}})
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

// moves tells who moved over a span, as "FROM TO n".
func (p *shop) moves(span int) (out []string) {
	p.Helper()
	_, list, ok, err := p.s.RungMoves(p.ctx, crm.SystemViewer, span)
	p.check(err)
	if !ok {
		p.Fatal("nobody has told who moved")
	}
	for _, m := range list {
		out = append(out, fmt.Sprintf("%s %s %d", m.Was, m.Now, m.Customers))
	}
	return out
}

// A clock that was set anew moves nobody who has not moved: both days are told by
// that of the first, although the standings that were kept are told by their own.
func TestNobodyMovesByAnotherClock(t *testing.T) {
	p := newShop(t)
	steady := p.order("steady", 400, 40)
	for _, days := range []int{320, 240, 160, 80} {
		p.order("steady", days, 40)
	}
	p.order("once", 60, 40)
	f := p.night()
	p.check(p.k.Review(p.ctx, f))
	p.wants(steady, "FREQUENT DUE unproven")

	p.now = p.now.AddDate(0, 0, 30)
	f.Proposed, f.Assumed, f.Fitted = 12, false, crm.DayOf(p.now)
	p.check(p.s.SaveLadder(p.ctx, f))
	f, err := p.k.AcceptClock(p.ctx)
	p.check(err)
	p.wants(steady, "OCCASIONAL DUE ") // by the new pace they are not steady any more
	p.check(p.k.Review(p.ctx, f))
	p.is("over the month", fmt.Sprint(p.moves(30)), "[FREQUENT FREQUENT 1 ONE-TIME ONE-TIME 1]")
	m, _, _, err := p.s.RungMoves(p.ctx, crm.SystemViewer, 30)
	p.check(err)
	if !m.Kept || m.Clock != insight.DefaultClock || m.Until-m.Since != 30 {
		t.Errorf("told by %+v", m)
	}
}

// Who moved before there was a ladder is told by the clock that the orders of then
// show, and orders that came since are not known then.
func TestMovesBeforeTheFirstLadder(t *testing.T) {
	p := newShop(t)
	for i := range 40 {
		for days := 700; days > 100; days -= 30 {
			p.order(fmt.Sprint("monthly", i), days+i%3, 40)
		}
		p.order(fmt.Sprint("new", i), 20, 40)
	}
	p.check(p.k.Review(p.ctx, p.night()))
	m, _, _, err := p.s.RungMoves(p.ctx, crm.SystemViewer, 365)
	p.check(err)
	if m.Kept || m.Clock < 29 || m.Clock > 31 {
		t.Errorf("told by %+v", m)
	}
	p.is("over the year", fmt.Sprint(p.moves(365)), "[CONTACT ONE-TIME 40 FREQUENT LAPSED 40]")

	// The ladder of then is kept, so that it is not told anew each night.
	p.now = p.now.AddDate(0, 0, 1)
	p.check(p.k.Review(p.ctx, p.night()))
	g, _, err := p.s.LadderOn(p.ctx, crm.DayOf(p.now)-365)
	p.check(err)
	if !g.Afterwards || g.Day != crm.DayOf(p.now)-366 {
		t.Errorf("the ladder of then: %s, afterwards %v", g.Day, g.Afterwards)
	}
	days, err := p.s.RungDays(p.ctx, crm.SystemViewer, 0)
	p.check(err)
	seen := map[crm.Day]int{}
	for _, d := range days {
		if d.Rung == crm.RungFrequent {
			seen[d.Day] = d.Customers
		}
	}
	if len(seen) < 10 || seen[crm.DayOf(p.now)] != 0 {
		t.Errorf("frequent customers by day: %v", seen)
	}
}

// Weights that are offered are put in use on a person's word, noted, and taken
// back.
func TestWeightsAreAccepted(t *testing.T) {
	p := newShop(t)
	aino := p.order("aino", 20, 40)
	f := p.night()
	if _, err := p.k.AcceptWeights(p.ctx, crm.SystemViewer); crm.KindOf(err) != crm.KindConflict {
		t.Errorf("before any are offered: %v", err)
	}
	offer := insight.WeightOffer{Weights: insight.Weights{0, 1, .5, 2, 2, 1, 1}, After: insight.WeightProof{Proof: insight.ProofNone}}
	save := func() {
		t.Helper()
		body, err := json.Marshal(standing.Trial{Asked: f.Day - 200, Until: f.Day, Offer: &offer})
		p.check(err)
		p.check(p.s.SaveValidity(p.ctx, f.Day, body))
	}
	save()
	if _, err := p.k.AcceptWeights(p.ctx, crm.SystemViewer); crm.KindOf(err) != crm.KindConflict {
		t.Errorf("weights that do no better: %v", err)
	}
	offer.After.Proof = insight.ProofBetter
	save()
	p.now = p.now.AddDate(0, 0, 1)
	f, err := p.k.AcceptWeights(p.ctx, crm.SystemViewer)
	p.check(err)
	if !offer.Weights.Weighs(f.Weights) || f.Day != crm.DayOf(p.now) {
		t.Errorf("in use on %s: %v", f.Day, f.Weights)
	}
	if before, _, err := p.s.LadderOn(p.ctx, f.Day-1); err != nil || before.Weights != nil {
		t.Errorf("on the day before: %v %v", before.Weights, err)
	}
	p.order("aino", 0, 40)
	p.check(p.k.Catch(p.ctx))
	l, _, err := p.s.Loyalty(p.ctx, crm.SystemViewer, aino)
	p.check(err)
	for _, e := range l.Attitude.Evidence {
		p.is("weight of "+e.Signal.String(), e.Weight, offer.Weights[e.Signal])
	}
	if _, err := p.k.AcceptWeights(p.ctx, crm.SystemViewer); crm.KindOf(err) != crm.KindConflict {
		t.Errorf("again: %v", err)
	}
	if f, err = p.k.TableWeights(p.ctx, crm.SystemViewer); err != nil || f.Weights != nil {
		t.Errorf("taken back: %v %v", f.Weights, err)
	}
	changes, err := p.s.WeightChanges(p.ctx, crm.SystemViewer)
	p.check(err)
	if len(changes) != 2 || len(changes[0].Weights) != 0 || !offer.Weights.Weighs(changes[1].Weights) {
		t.Errorf("noted: %+v", changes)
	}
}

// Where steady customers come whatever they pay, and those who buy of all kinds come
// most surely, LOYAL does not prove itself by the usual weights, and the trial
// offers others by which it would.
func TestTrialOffersWeights(t *testing.T) {
	p := newShop(t)
	kinds := []struct{ groups, come int }{{4, 9}, {2, 2}, {1, 3}} // of ten
	var list []crm.Order
	for i := range 360 {
		kind, last := kinds[i%3], 200
		if i/6%10 < kind.come {
			last = 10
		}
		for n, days := 0, 740; days > last; n, days = n+1, days-60 {
			o := crm.Order{Buyer: crm.Buyer{Number: fmt.Sprint(i)}, At: p.now.AddDate(0, 0, -days), Total: 400_000}
			o.Discount = crm.Money(i / 3 % 2 * (n % 2) * 10_000)
			group := fmt.Sprint("group ", n%kind.groups)
			o.Lines = []crm.OrderLine{{Product: crm.Product{SKU: group, Group: group}, Quantity: 1000, Total: o.Total, Discount: o.Discount}}
			list = append(list, o)
		}
	}
	p.orders(list...)
	p.check(p.k.Review(p.ctx, p.night()))
	tr := p.trial()
	if tr.Validity == nil || tr.Validity.Loyal == insight.ProofBetter || tr.Weights != insight.TableWeights {
		t.Fatalf("%+v", tr.Validity)
	}
	if o := tr.Offer; o == nil || !o.Better() || o.Weights[crm.SignalBreadth] < 2*o.Weights[crm.SignalFullPrice] {
		t.Fatalf("%+v", o)
	}
	f, err := p.k.AcceptWeights(p.ctx, crm.SystemViewer)
	p.check(err)
	p.check(p.k.Review(p.ctx, f))
	if tr := p.trial(); tr.Validity.Loyal != insight.ProofBetter || !tr.Weights.Weighs(f.Weights) || tr.Offer != nil {
		t.Errorf("by them: %s, %+v", tr.Validity.Loyal, tr.Offer)
	}
}
