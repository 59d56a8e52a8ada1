package buying_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"kaveri/crm"
	"kaveri/insight"
	"kaveri/insight/buying"
	"kaveri/store"
)

// shop is a store with orders, and a clock that can be set.
type shop struct {
	testing.TB
	ctx context.Context
	s   *store.Store
	mu  sync.Mutex
	now time.Time
	k   *buying.Service
	n   int // orders so far
}

func newShop(t testing.TB) *shop {
	t.Helper()
	p := &shop{TB: t, ctx: context.Background(), now: time.Date(2026, 6, 1, 10, 0, 0, 0, time.UTC)}
	s, err := store.Open(p.ctx, "sqlite://"+filepath.Join(t.TempDir(), "kaveri.db"), store.Options{Key: make([]byte, store.KeySize), Now: p.clock})
	p.check(err)
	t.Cleanup(func() { s.Close() })
	p.check(s.SaveFirm(p.ctx, crm.SystemViewer, crm.Firm{Name: "Oy", TimeZone: "Europe/Helsinki"}))
	p.s, p.k = s, buying.New(buying.Options{Store: s, Now: p.clock, Patience: time.Minute})
	return p
}

func (p *shop) clock() time.Time {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.now
}

// pass lets time pass.
func (p *shop) pass(days int, d time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.now = p.now.AddDate(0, 0, days).Add(d)
}

func (p *shop) check(err error) {
	p.Helper()
	if err != nil {
		p.Fatal(err)
	}
}

// groups sorts the products of the shop.
var groups = map[string]string{"sugar": "sweet", "cane sugar": "sweet", "honey": "sweet", "flour": "baking", "bread": "bakery"}

// order makes an order of some days ago; a product with a bang was cheaper.
func (p *shop) order(daysAgo int, products ...string) crm.Order {
	p.n++
	o := crm.Order{Source: "shop", Number: fmt.Sprint(p.n), Currency: "EUR", At: p.now.AddDate(0, 0, -daysAgo), Total: crm.Money(10_000 * int64(max(1, len(products))))}
	for _, name := range products {
		l := crm.OrderLine{Quantity: 1000, Total: 10_000}
		if last := len(name) - 1; name[last] == '!' {
			name, l.Discount = name[:last], 5000
		}
		l.Product = crm.Product{SKU: name, Name: "Fine " + name, Group: groups[name]}
		o.Lines = append(o.Lines, l)
	}
	return o
}

func (p *shop) orders(list ...crm.Order) {
	p.Helper()
	for part := range slices.Chunk(list, 1000) {
		rs, err := p.s.SaveOrders(p.ctx, crm.SystemViewer, part, store.OrderOptions{})
		p.check(err)
		for _, r := range rs {
			p.check(r.Err)
		}
	}
}

func (p *shop) find() *buying.Findings {
	p.Helper()
	f, err := p.k.Find(p.ctx)
	p.check(err)
	return f
}

func (p *shop) product(sku string) crm.ProductID {
	p.Helper()
	var id crm.ProductID
	p.check(p.s.Products(p.ctx, crm.SystemViewer, func(one crm.Product) error {
		if one.SKU == sku {
			id = one.ID
		}
		return nil
	}))
	return id
}

// What is found is what the arithmetic says of the same baskets, with the
// products' names, and it is kept.
func TestFind(t *testing.T) {
	p := newShop(t)
	var list []crm.Order
	for i := range 60 {
		switch {
		case i < 20:
			list = append(list, p.order(i, "bread", "butter"))
		case i < 25:
			list = append(list, p.order(i, "bread"))
		case i < 30:
			list = append(list, p.order(i, "butter", "jam"))
		case i < 35:
			list = append(list, p.order(i))
		default:
			list = append(list, p.order(i, "tea"))
		}
	}
	many := make([]string, 101)
	for i := range many {
		many[i] = fmt.Sprint("item ", i)
	}
	list = append(list, p.order(3, many...), p.order(800, "bread", "butter"))
	p.orders(list...)
	f := p.find()
	if f.Orders != 61 || f.Baskets != 55 || f.Several != 25 || f.Large != 1 || f.Cut || f.Least != insight.UsualCount || f.Last-f.First != 59 {
		t.Errorf("it looked at %+v", f)
	}
	if len(f.Rules) != 2 || f.Sure != 2 {
		t.Fatalf("rules: %+v", f.Rules)
	}
	r := f.Rules[0]
	if r.Count != 20 || r.WithLeft+r.WithRight != 50 || r.Lift != 20.*55/(25*25) || r.Confidence != .8 || r.LiftLow >= r.Lift || r.LiftHigh <= r.Lift || r.Support != 20./55 || r.Conviction == 0 {
		t.Errorf("the rule: %+v", r)
	}
	names := map[crm.ProductID]string{}
	for _, one := range f.Products {
		names[one.ID] = one.Name
	}
	if len(names) != 2 || names[r.Right] == "" || names[r.Left[0]] == "" {
		t.Errorf("names: %v", names)
	}
	other := buying.New(buying.Options{Store: p.s})
	kept, err := other.Findings(p.ctx, crm.Viewer{Staff: 7})
	if err != nil || kept == nil || len(kept.Rules) != 2 || !kept.At.Equal(f.At) {
		t.Errorf("kept: %+v, %v", kept, err)
	}
	if kept, err := other.Findings(p.ctx, crm.Viewer{}); kept != nil || err != nil {
		t.Errorf("a stranger sees %v, %v", kept, err)
	}
}

// seasons are ten weeks of orders in which sugar was cheaper for a week that
// began so many days ago: it sold more and brought flour along, at the cost of
// honey.
func (p *shop) seasons(began int) {
	r := rand.New(rand.NewPCG(4, 2))
	var list []crm.Order
	for day := began + 35; day > began-7-35; day-- {
		offer := day <= began && day > began-7
		for range 120 {
			var products []string
			put := func(name string, share float64) {
				if r.Float64() < share {
					products = append(products, name)
				}
			}
			if offer {
				put("sugar!", .3)
				put("flour", .16)
				put("honey", .03)
			} else {
				put("sugar", .1)
				put("flour", .05)
				put("honey", .12)
			}
			for i := range 12 {
				put(fmt.Sprint("other ", i), .1)
			}
			list = append(list, p.order(day, products...))
		}
	}
	p.orders(list...)
}

func TestStudy(t *testing.T) {
	p := newShop(t)
	p.seasons(60)
	f := p.find()
	sugar, from := p.product("sugar"), crm.DayOf(p.now)-60
	if len(f.Offers) != 1 || f.Offers[0].Product != sugar || f.Offers[0].From != from || f.Offers[0].To != from+6 {
		t.Fatalf("offers: %+v", f.Offers)
	}
	ctx, stop := context.WithCancel(p.ctx)
	ended := make(chan error)
	go func() { ended <- p.k.Run(ctx) }()
	ask := buying.Ask{Product: sugar, From: from, To: from + 6}
	st, ready, err := p.k.Study(p.ctx, crm.Viewer{Staff: 1}, ask)
	if err != nil || !ready {
		t.Fatalf("ready %v, %v", ready, err)
	}
	if st.Name != "Fine sugar" || st.Promo < 600 || st.Promo > 7*120 || st.After == 0 || st.Early || st.First != from-28 || st.Products[0].Product.ID != sugar || st.Control.ControlProducts < 10 {
		t.Errorf("the study: %+v", st)
	}
	parts := map[string]insight.Part{}
	for _, one := range st.Products {
		parts[one.Product.SKU] = one.Part
	}
	if parts["sugar"] != insight.PartPromoted || parts["flour"] != insight.PartHalo || parts["honey"] != insight.PartCannibalised || parts["other 3"] != insight.PartNone {
		t.Errorf("parts: %v", parts)
	}
	again, _, err := p.k.Study(p.ctx, crm.Viewer{Staff: 1}, ask)
	p.check(err)
	theirs, _, err := p.k.Study(p.ctx, crm.Viewer{Staff: 2}, ask)
	p.check(err)
	p.pass(0, time.Hour)
	later, _, err := p.k.Study(p.ctx, crm.Viewer{Staff: 1}, ask)
	if p.check(err); again != st || theirs == st || later == st {
		t.Error("what was measured is not kept for who has asked, for a while")
	}
	// Of the whole group on offer, nothing within it can have lost.
	g, _, err := p.k.Study(p.ctx, crm.SystemViewer, buying.Ask{Group: "sweet", From: from, To: from + 6})
	p.check(err)
	if g.Name != "sweet" || g.Products[0].Part != insight.PartPromoted || slices.ContainsFunc(g.Products[1:], func(one buying.StudyProduct) bool { return one.Product.Group == "sweet" }) {
		t.Errorf("of the group: %+v", g.Products[:2])
	}
	stop()
	p.check(<-ended)
}

func TestStudyRefuses(t *testing.T) {
	p := newShop(t)
	p.orders(p.order(10, "tea"), p.order(0, "tea"))
	tea, today := p.product("tea"), crm.DayOf(p.now)
	for name, c := range map[string]struct {
		ask   buying.Ask
		field string
	}{
		"nothing":        {buying.Ask{From: today - 3, To: today}, "what"},
		"no beginning":   {buying.Ask{Product: tea, To: today}, "from"},
		"no end":         {buying.Ask{Product: tea, From: today}, "to"},
		"backwards":      {buying.Ask{Product: tea, From: today, To: today - 1}, "to"},
		"too long":       {buying.Ask{Product: tea, From: today - 92, To: today}, "to"},
		"to come":        {buying.Ask{Product: tea, From: today + 1, To: today + 2}, "from"},
		"without a base": {buying.Ask{Product: tea, From: today, To: today}, "offer"},
	} {
		if _, err := p.k.Measure(p.ctx, crm.SystemViewer, c.ask); crm.KindOf(err) != crm.KindInvalid || crm.FieldOf(err) != c.field {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := p.k.Measure(p.ctx, crm.SystemViewer, buying.Ask{Group: "none", From: today, To: today}); crm.KindOf(err) != crm.KindNotFound {
		t.Errorf("a group that is none: %v", err)
	}
	// Who may read nothing learns nothing.
	if st, err := p.k.Measure(p.ctx, crm.Viewer{}, buying.Ask{Product: tea, From: today - 10, To: today}); st != nil || err == nil {
		t.Errorf("a stranger gets %v, %v", st, err)
	}
}

// While nobody measures, what is asked for is not there yet, and no more is taken
// on than can be kept.
func TestStudyIsAwaited(t *testing.T) {
	p := newShop(t)
	p.k = buying.New(buying.Options{Store: p.s, Now: p.clock, Patience: time.Nanosecond})
	p.orders(p.order(10, "tea"))
	tea, today := p.product("tea"), crm.DayOf(p.now)
	var err error
	n := 0
	for ; err == nil && n < 100; n++ {
		var ready bool
		if _, ready, err = p.k.Study(p.ctx, crm.SystemViewer, buying.Ask{Product: tea, From: today - crm.Day(n), To: today}); ready {
			t.Fatal("it was measured by nobody")
		}
	}
	if crm.KindOf(err) != crm.KindUnavailable || n != 33 {
		t.Errorf("after %d: %v", n, err)
	}
}

// It is looked at when nothing was found yet, when a day has begun, and when
// orders have come since a look that was cheap.
func TestRunLooksAgain(t *testing.T) {
	p := newShop(t)
	events := p.s.Subscribe(p.ctx)
	found := func() {
		t.Helper()
		for e := range events {
			if e.Kind == "baskets" {
				return
			}
		}
	}
	mark := func() int64 {
		t.Helper()
		f, err := p.k.Findings(p.ctx, crm.SystemViewer)
		p.check(err)
		return f.Mark
	}
	turn := func() {
		t.Helper()
		ctx, stop := context.WithCancel(p.ctx)
		wake := make(chan struct{})
		ended := make(chan error)
		k := buying.New(buying.Options{Store: p.s, Now: p.clock, Wake: wake, Every: time.Hour})
		go func() { ended <- k.Run(ctx) }()
		wake <- struct{}{} // taken after the first turn
		stop()
		p.check(<-ended)
	}
	turn()
	if f, err := p.k.Findings(p.ctx, crm.SystemViewer); f != nil || err != nil {
		t.Errorf("without orders it found %+v, %v", f, err)
	}
	p.orders(p.order(1, "tea"))
	turn()
	found()
	first := mark()
	p.orders(p.order(0, "tea"))
	turn()
	if mark() != first {
		t.Error("it looks again at once")
	}
	p.pass(0, 2*time.Minute)
	turn()
	found()
	if mark() == first {
		t.Error("it does not look again")
	}
	before, err := p.k.Findings(p.ctx, crm.SystemViewer)
	p.check(err)
	p.pass(1, 0)
	turn()
	if after, err := p.k.Findings(p.ctx, crm.SystemViewer); err != nil || !after.At.After(before.At) || p.k.Status().Running {
		t.Errorf("the next day it found nothing anew: %v", err)
	}
}

func TestSearch(t *testing.T) {
	p := newShop(t)
	p.orders(p.order(1, "sugar", "cane sugar", "flour"))
	for text, want := range map[string]string{"sugar": "[Fine cane sugar Fine sugar]", "FINE SUGAR": "[Fine sugar Fine cane sugar]", "sweet": "[group sweet]", "fine fl": "[Fine flour]", "": "[]", "zzz": "[]"} {
		hits, err := p.k.Search(p.ctx, crm.SystemViewer, text, 5)
		p.check(err)
		var got []string
		for _, h := range hits {
			if h.Product.ID == 0 {
				got = append(got, "group "+h.Product.Group)
			} else {
				got = append(got, h.Product.Name)
			}
		}
		if text == "sugar" { // by its number it is called just so
			slices.Sort(got)
		}
		if fmt.Sprint(got) != want {
			t.Errorf("%q finds %v, want %s", text, got, want)
		}
	}
}
