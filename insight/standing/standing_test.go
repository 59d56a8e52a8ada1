package standing_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"testing"
	"time"

	"kaveri/crm"
	"kaveri/insight"
	"kaveri/insight/standing"
	"kaveri/store"
)

// shop is a store with customers who order, and a clock that can be set.
type shop struct {
	testing.TB
	ctx context.Context
	s   *store.Store
	now time.Time
	k   *standing.Service
	n   int // orders so far
}

func newShop(t testing.TB) *shop {
	t.Helper()
	p := &shop{TB: t, ctx: context.Background(), now: time.Date(2026, 6, 1, 10, 0, 0, 0, time.UTC)}
	s, err := store.Open(p.ctx, "sqlite://"+filepath.Join(t.TempDir(), "kaveri.db"), store.Options{Key: make([]byte, store.KeySize), Now: func() time.Time { return p.now }})
	p.check(err)
	t.Cleanup(func() { s.Close() })
	p.check(s.SaveFirm(p.ctx, crm.SystemViewer, crm.Firm{Name: "Oy", TimeZone: "Europe/Helsinki"}))
	p.s, p.k = s, standing.New(standing.Options{Store: s, Now: func() time.Time { return p.now }})
	return p
}

func (p *shop) check(err error) {
	p.Helper()
	if err != nil {
		p.Fatal(err)
	}
}

// order has a buyer order on a day before today, below the usual price, and gives
// the customer.
func (p *shop) order(buyer string, daysAgo int, total int64) crm.CustomerID {
	p.Helper()
	return p.orders(crm.Order{Buyer: crm.Buyer{Number: buyer}, At: p.now.AddDate(0, 0, -daysAgo), Total: crm.Money(total * 10_000), Discount: 1})[0]
}

func (p *shop) orders(list ...crm.Order) (customers []crm.CustomerID) {
	p.Helper()
	for i := range list {
		p.n++
		list[i].Source, list[i].Number, list[i].Currency = "shop", fmt.Sprint(p.n), "EUR"
	}
	rs, err := p.s.SaveOrders(p.ctx, crm.SystemViewer, list, store.OrderOptions{})
	p.check(err)
	for _, r := range rs {
		p.check(r.Err)
		customers = append(customers, r.Customer)
	}
	return customers
}

func (p *shop) night() crm.LadderFacts {
	p.Helper()
	f, err := p.k.Night(p.ctx)
	p.check(err)
	return f
}

func (p *shop) stands(c crm.CustomerID) string {
	p.Helper()
	l, ok, err := p.s.Loyalty(p.ctx, crm.SystemViewer, c)
	p.check(err)
	if !ok {
		return "nowhere"
	}
	return fmt.Sprintf("%s %s %s", l.Rung, l.Timing, l.Note)
}

func (p *shop) wants(c crm.CustomerID, want string) {
	p.Helper()
	if got := p.stands(c); got != want {
		p.Errorf("customer %d stands %q, want %q", c, got, want)
	}
}

// Worked example E of docs/loyalty.md §8.5, through the store: orders at a steady
// pace. Time moves her on by itself, an order back.
func TestOverTheDays(t *testing.T) {
	p := newShop(t)
	var aino crm.CustomerID
	for _, day := range []int{400, 310, 220, 130, 50} {
		aino = p.order("aino", day, 20)
	}
	once := p.order("once", 40, 10)
	none, err := p.s.AddCustomer(p.ctx, crm.SystemViewer, "None", []crm.Address{"none@home.example"})
	p.check(err)
	p.wants(aino, "nowhere")
	f := p.night()
	if f.Clock != insight.DefaultClock || !f.Assumed || !f.Starter || f.Ranked != 3 {
		t.Errorf("the ladder: %+v", f)
	}
	p.wants(aino, "FREQUENT ON TIME unproven")
	p.wants(once, "ONE-TIME ON TIME ")
	p.wants(none.ID, "CONTACT  ")

	p.now = p.now.AddDate(0, 0, 70)
	p.night()
	p.wants(aino, "FREQUENT DUE unproven")
	p.now = p.now.AddDate(1, 0, 0)
	p.night()
	p.wants(aino, "LAPSED LAPSED was FREQUENT")
	p.wants(once, "QUIET LAPSED ")
	p.order("aino", 0, 20)
	p.check(p.k.Catch(p.ctx))
	p.wants(aino, "FREQUENT ON TIME unproven")
	h, err := p.s.LoyaltyHistory(p.ctx, crm.SystemViewer, aino)
	p.check(err)
	// Within a day, the last word counts: in the end she never lapsed.
	if len(h) != 3 || h[2].Rung != crm.RungFrequent || h[2].Timing != crm.TimingOnTime {
		t.Errorf("her history: %+v", h)
	}
}

// What is found customer by customer as orders come is what a night finds of all.
func TestCatchAgreesWithNight(t *testing.T) {
	p := newShop(t)
	r := rand.New(rand.NewPCG(5, 7))
	var customers []crm.CustomerID
	seen := map[crm.CustomerID]bool{}
	buy := func(n int) {
		for range n {
			c := p.order(fmt.Sprint("b", r.IntN(60)), r.IntN(700), 5+r.Int64N(50))
			if !seen[c] {
				seen[c], customers = true, append(customers, c)
			}
		}
	}
	buy(150)
	p.night()
	p.night() // the rates of the first are those of the second from here on
	buy(60)
	p.check(p.k.Catch(p.ctx))
	var caught []string
	for _, c := range customers {
		l, _, err := p.s.Loyalty(p.ctx, crm.SystemViewer, c)
		p.check(err)
		caught = append(caught, fmt.Sprintf("%+v", l))
	}
	// The same facts: a night from those that were in use while catching.
	f, _, err := p.s.Ladder(p.ctx)
	p.check(err)
	if f.Fitted != crm.DayOf(p.now) {
		t.Fatalf("told anew: %+v", f)
	}
	for i, c := range customers {
		accounts, err := p.s.Accounts(p.ctx, c-1, c, crm.Observation{Today: f.Day, Clock: f.Clock, Core: f.Core})
		p.check(err)
		ladder := insight.NewLadder(f.Day, f.Clock, insight.Model{Family: insight.Family(f.Family), R: f.Params[0], Alpha: f.Params[1], A: f.Params[2], B: f.Params[3], K: f.K}, insight.CurveOf(f.Silent, f.Seconds))
		copy(ladder.Typical[:], f.Typical)
		st := ladder.Stand(accounts[0].Days, &accounts[0].Signs)
		l, _, err := p.s.Loyalty(p.ctx, crm.SystemViewer, c)
		p.check(err)
		if l.Rung != st.Rung || l.Timing != st.Timing || l.Note != st.Note || l.Events != st.Events || fmt.Sprintf("%.6f", l.PAlive) != fmt.Sprintf("%.6f", st.PAlive) {
			t.Errorf("customer %d: caught %s, by hand %+v", c, caught[i], st)
		}
	}
}

// A clock that has moved far is proposed, and used when a person agrees.
func TestClockIsAskedAbout(t *testing.T) {
	p := newShop(t)
	for i := range 40 {
		for _, day := range []int{300, 200, 100} {
			p.order(fmt.Sprint("b", i), day, 10)
		}
	}
	if f := p.night(); f.Clock != 100 || f.Proposed != 0 || f.Customers != 40 {
		t.Fatalf("the first: %+v", f)
	}
	for i := range 40 {
		for _, day := range []int{98, 96, 94, 92, 90, 88, 86, 84, 82} {
			p.order(fmt.Sprint("b", i), day, 10)
		}
	}
	p.now = p.now.AddDate(0, 0, 91)
	f := p.night()
	if f.Clock != 100 || f.Proposed < 15 || f.Proposed > 25 {
		t.Fatalf("a quarter later: %+v", f)
	}
	f, err := p.k.AcceptClock(p.ctx)
	p.check(err)
	if f.Proposed != 0 || f.Clock < 15 || f.Clock > 25 {
		t.Errorf("accepted: %+v", f)
	}
	if _, err := p.k.AcceptClock(p.ctx); crm.KindOf(err) != crm.KindConflict {
		t.Errorf("accepted twice: %v", err)
	}
}

// The service does a night's work when there is none, then what an order wakes.
func TestRun(t *testing.T) {
	p := newShop(t)
	wake := make(chan struct{})
	k := standing.New(standing.Options{Store: p.s, Now: func() time.Time { return p.now }, Wake: wake, Every: time.Hour})
	ctx, stop := context.WithCancel(p.ctx)
	ended := make(chan error)
	aino := p.order("aino", 10, 20)
	go func() { ended <- k.Run(ctx) }()
	wake <- struct{}{} // taken when the night is done
	p.wants(aino, "ONE-TIME ON TIME ")
	p.order("aino", 5, 20)
	wake <- struct{}{}
	wake <- struct{}{}
	p.wants(aino, "OCCASIONAL ON TIME ")
	stop()
	p.check(<-ended)
}
