package storetest

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"kaveri/crm"
	"kaveri/store"
)

// order is an order as a test tells it.
func order(number, buyer, total string, lines ...string) crm.Order {
	o := crm.Order{Source: "shop", Number: number, At: time.Date(2026, 2, 1, 12, 0, 0, 0, time.UTC), Currency: "EUR", Total: money(total)}
	if strings.Contains(buyer, "@") {
		o.Buyer.Address = crm.Address(buyer)
	} else {
		o.Buyer.Number = buyer
	}
	for _, l := range lines { // "2 tea 5.00"
		var l2 crm.OrderLine
		var sku, quantity, paid string
		fmt.Sscan(l, &quantity, &sku, &paid)
		l2.Product, l2.Total = crm.Product{SKU: sku, Name: "Fine " + sku, Group: "drinks"}, money(paid)
		l2.Quantity, _ = crm.ParseQuantity("quantity", quantity)
		o.Lines = append(o.Lines, l2)
	}
	return o
}

func money(s string) crm.Money {
	m, err := crm.ParseMoney("total", s)
	if err != nil {
		panic(err)
	}
	return m
}

// orders saves orders and gives the outcomes as words.
func (w *world) orders(how store.OrderOptions, list ...crm.Order) []crm.OrderResult {
	w.Helper()
	out, err := w.s.SaveOrders(w.ctx, w.anna, list, how)
	w.check(err)
	return out
}

// bought tells the orders of a customer, the newest first, as "number net".
func (w *world) bought(c crm.CustomerID) (told []string) {
	w.Helper()
	list, _, err := w.s.Orders(w.ctx, w.anna, store.OrderQuery{Customer: c})
	w.check(err)
	for _, o := range list {
		told = append(told, fmt.Sprintf("%s %s", o.Number, o.Net()))
	}
	return told
}

func (w *world) buys(c crm.CustomerID, want ...string) {
	w.Helper()
	if got := w.bought(c); !equal(got, want) {
		w.Errorf("orders are %q, want %q", got, want)
	}
}

func outcomes(rs []crm.OrderResult) (told []string) {
	for _, r := range rs {
		told = append(told, string(r.Outcome))
	}
	return told
}

func testOrders(t *testing.T, s *store.Store) {
	w := newWorld(t, s)
	dora := w.customer("Dora Dorsey", "dora@acme.example")
	first := order("1001", "dora@acme.example", "10.00", "2 tea 8.00", "1 mug 2.00")
	first.Offers = []string{"AUTUMN", "AUTUMN", "FREE"}
	got := w.orders(store.OrderOptions{}, first, order("1002", "new@shop.example", "5.50"), order("1003", "", "3.00"))
	if !equal(outcomes(got), []string{"added", "added", "added"}) || got[0].Customer != dora.ID || got[0].Made || !got[1].Made || got[2].Customer != 0 {
		t.Fatalf("outcomes: %+v", got)
	}
	o, err := s.Order(w.ctx, w.anna, got[0].Order)
	w.check(err)
	if o.Rule != crm.RuleExact || o.Contact != dora.Contacts[0].ID || len(o.Lines) != 2 || o.Lines[0].Product.Name != "Fine tea" || o.Lines[0].Product.Group != "drinks" || o.Lines[0].Quantity.String() != "2" || !equal(o.Offers, []string{"AUTUMN", "FREE"}) {
		t.Errorf("the order is %+v", o)
	}
	again := w.orders(store.OrderOptions{}, first, first)
	if !equal(outcomes(again), []string{"same", "same"}) || again[0].Order != got[0].Order {
		t.Errorf("again: %+v", again)
	}

	changed := first
	changed.Total = money("12.00")
	r := w.orders(store.OrderOptions{}, changed)[0]
	w.refused(r.Err, crm.KindConflict, "")
	w.buys(dora.ID, "1001 10.00")
	if r := w.orders(store.OrderOptions{Replace: true}, changed)[0]; r.Outcome != crm.OrderReplaced || r.Order != got[0].Order {
		t.Errorf("replaced: %+v", r)
	}
	w.buys(dora.ID, "1001 12.00")

	called := order("1004", "dora@acme.example", "99.00")
	called.State = crm.OrderCancelled
	w.orders(store.OrderOptions{}, called)
	w.buys(dora.ID, "1004 0.00", "1001 12.00")

	items, _, err := s.Timeline(w.ctx, w.anna, dora.ID, crm.PageKey{}, 10)
	w.check(err)
	if len(items) != 2 || items[1].Kind != "order" || items[1].Order.Number != "1001" || len(items[1].Order.Lines) != 2 {
		t.Errorf("the timeline: %+v", items)
	}
	nobody, _, err := s.Orders(w.ctx, w.anna, store.OrderQuery{Nobody: true})
	w.check(err)
	if len(nobody) != 1 || nobody[0].Number != "1003" || nobody[0].Rule != crm.ReasonNoBuyer {
		t.Errorf("nobody's: %+v", nobody)
	}
	if list, _, err := s.Orders(w.ctx, crm.Viewer{}, store.OrderQuery{}); err != nil || list != nil {
		t.Errorf("a stranger sees %v, %v", list, err)
	}
	if _, err := s.SaveOrders(w.ctx, crm.Viewer{}, nil, store.OrderOptions{}); crm.KindOf(err) != crm.KindForbidden {
		t.Errorf("a stranger saves: %v", err)
	}
}

func testOrdersRefused(t *testing.T, s *store.Store) {
	w := newWorld(t, s)
	for _, c := range []struct {
		field string
		spoil func(*crm.Order)
	}{
		{"order", func(o *crm.Order) { o.Number = " " }},
		{"source", func(o *crm.Order) { o.Source = "" }},
		{"date", func(o *crm.Order) { o.At = time.Time{} }},
		{"date", func(o *crm.Order) { o.At = time.Now().AddDate(3, 0, 0) }},
		{"currency", func(o *crm.Order) { o.Currency = "ZZZ" }},
		{"currency", func(o *crm.Order) { o.Currency = "SEK" }}, // no rate yet
		{"total", func(o *crm.Order) { o.Total = money("-5") }},
		{"refunds", func(o *crm.Order) { o.Refunds = "7" }},
		{"state", func(o *crm.Order) { o.State = "lost" }},
		{"discount", func(o *crm.Order) { o.Discount = -1 }},
		{"product", func(o *crm.Order) { o.Lines = []crm.OrderLine{{}} }},
	} {
		o := order("1", "aino@home.example", "5.00")
		c.spoil(&o)
		good := order("2"+c.field, "aino@home.example", "1.00")
		rs := w.orders(store.OrderOptions{}, o, good)
		w.refused(rs[0].Err, crm.KindInvalid, c.field)
		if rs[0].Outcome != crm.OrderRefused || rs[1].Err != nil {
			t.Errorf("%s: %+v", c.field, rs)
		}
	}
}

func testOrderRefunds(t *testing.T, s *store.Store) {
	w := newWorld(t, s)
	refund := func(number, of, total string, lines ...string) crm.Order {
		o := order(number, "aino@home.example", total, lines...)
		o.Refunds, o.At = of, o.At.AddDate(0, 0, 5)
		return o
	}
	// Named, before what it refunds is here.
	aino := w.orders(store.OrderOptions{}, refund("R1", "1", "-4.00"))[0].Customer
	w.buys(aino, "R1 -4.00")
	w.orders(store.OrderOptions{}, order("1", "aino@home.example", "10.00", "2 tea 10.00"))
	w.buys(aino, "R1 -4.00", "1 6.00")
	// In one batch, and replaced by a smaller one later.
	w.orders(store.OrderOptions{}, refund("R2", "2", "-1.00"), order("2", "aino@home.example", "3.00"))
	w.buys(aino, "R2 -1.00", "R1 -4.00", "2 2.00", "1 6.00")
	w.orders(store.OrderOptions{Replace: true}, refund("R2", "2", "-0.50"))
	w.buys(aino, "R2 -0.50", "R1 -4.00", "2 2.50", "1 6.00")
	// Found by its lines: the newest order that has them, as long as it has.
	later := order("3", "aino@home.example", "5.00", "1 tea 5.00")
	later.At = later.At.AddDate(0, 0, 1)
	w.orders(store.OrderOptions{}, later)
	for i, want := range []string{"3", "1", "1"} {
		number := fmt.Sprintf("R%d", 10+i)
		rs := w.orders(store.OrderOptions{}, refund(number, "", "-5.00", "-1 tea -5.00"))
		w.check(rs[0].Err)
		o := w.numbered(aino, want)
		if !slices.Contains(o.RefundedBy, number) {
			t.Errorf("%s: order %s is refunded by %v", number, want, o.RefundedBy)
		}
	}
	w.refused(w.orders(store.OrderOptions{}, refund("R13", "", "-5.00", "-1 tea -5.00"))[0].Err, crm.KindInvalid, "total")
	w.refused(w.orders(store.OrderOptions{}, refund("R14", "", "-5.00", "-1 coffee -5.00"))[0].Err, crm.KindInvalid, "total")
}

// numbered gives an order of a customer by its number.
func (w *world) numbered(c crm.CustomerID, number string) crm.Order {
	w.Helper()
	list, _, err := w.s.Orders(w.ctx, w.anna, store.OrderQuery{Customer: c})
	w.check(err)
	i := slices.IndexFunc(list, func(o crm.Order) bool { return o.Number == number })
	if i < 0 {
		w.Fatalf("customer %d has no order %s", c, number)
	}
	return list[i]
}

func testOrderBuyers(t *testing.T, s *store.Store) {
	w := newWorld(t, s)
	dora, carl := w.customer("Dora", "dora@acme.example"), w.customer("Carl", "carl@home.example")

	// A plus tag, a number that the shop has for her, the firm's own address.
	w.orders(store.OrderOptions{}, order("1", "dora+shop@acme.example", "1.00"))
	both := order("2", "dora@acme.example", "2.00")
	both.Buyer.Number = "C7"
	w.orders(store.OrderOptions{}, both, order("3", "C7", "3.00"))
	w.buys(dora.ID, "3 3.00", "2 2.00", "1 1.00")
	own := w.orders(store.OrderOptions{}, order("4", "anna@kaukoranta.example", "4.00"))[0]
	if own.Err != nil || own.Customer != 0 {
		t.Errorf("our own purchase: %+v", own)
	}

	// One number for two people is a question, not a merge.
	other := order("5", "carl@home.example", "5.00")
	other.Buyer.Number = "C7"
	w.orders(store.OrderOptions{}, other)
	w.buys(carl.ID, "5 5.00")
	if q := w.open(); len(q) != 1 || q[0].Kind != crm.ReviewMerge || q[0].Reason != crm.ReasonBuyer {
		t.Errorf("questions: %+v", q)
	}

	// An address that two customers share decides nothing; a colleague does.
	w.check(s.AddAddress(w.ctx, w.anna, dora.Contacts[0].ID, crm.ContactAddress{Address: "info@pool.example"}))
	w.check(s.AddAddress(w.ctx, w.anna, carl.Contacts[0].ID, crm.ContactAddress{Address: "info@pool.example"}))
	r := w.orders(store.OrderOptions{}, order("6", "info@pool.example", "6.00"))[0]
	if r.Err != nil || r.Customer != 0 {
		t.Fatalf("shared: %+v", r)
	}
	w.check(s.AssignOrder(w.ctx, w.anna, r.Order, carl.ID, 0))
	w.buys(carl.ID, "6 6.00", "5 5.00")
	changed := order("6", "info@pool.example", "6.50")
	w.orders(store.OrderOptions{Replace: true}, changed)
	w.buys(carl.ID, "6 6.50", "5 5.00")
	if o := w.numbered(carl.ID, "6"); o.Rule != crm.RuleByHand || o.Evidence != "Anna" {
		t.Errorf("by hand: %+v", o)
	}
	w.refused(s.AssignOrder(w.ctx, w.anna, r.Order, 1<<40, 0), crm.KindNotFound, "")
	w.refused(s.AssignOrder(w.ctx, w.anna, 1<<40, carl.ID, 0), crm.KindNotFound, "")

	// An order follows an address that comes to be somebody's.
	newcomer := w.orders(store.OrderOptions{}, order("7", "d.dorsey@home.example", "7.00"))[0]
	merged, err := s.Merge(w.ctx, w.anna, dora.ID, newcomer.Customer, true)
	w.check(err)
	w.buys(dora.ID, "7 7.00", "3 3.00", "2 2.00", "1 1.00")
	w.check(s.Unmerge(w.ctx, w.anna, merged))
	w.buys(dora.ID, "3 3.00", "2 2.00", "1 1.00")
	w.buys(newcomer.Customer, "7 7.00")
}

func testOrderCurrencies(t *testing.T, s *store.Store) {
	w := newWorld(t, s)
	in := order("1", "aino@home.example", "100.00")
	in.Currency = "SEK"
	w.refused(w.orders(store.OrderOptions{}, in)[0].Err, crm.KindInvalid, "currency")
	day := func(s string) time.Time { d, _ := time.Parse(time.DateOnly, s); return d }
	rate, err := crm.ParseRate("0.09")
	w.check(err)
	w.refused(s.SetRate(w.ctx, w.anna, crm.CurrencyRate{Currency: "SEK", From: day("2026-01-01"), Rate: rate}), crm.KindForbidden, "")
	w.check(s.SetRate(w.ctx, w.ritva, crm.CurrencyRate{Currency: "SEK", From: day("2026-01-01"), Rate: rate}))
	aino := w.orders(store.OrderOptions{}, in)[0].Customer
	back := order("R", "aino@home.example", "-50.00")
	back.Currency, back.Refunds = "SEK", "1"
	w.orders(store.OrderOptions{}, back)
	w.buys(aino, "R -4.50", "1 4.50")
	w.check(s.SetRate(w.ctx, w.ritva, crm.CurrencyRate{Currency: "sek", From: day("2026-02-01"), Rate: 2 * rate}))
	w.buys(aino, "R -9.00", "1 9.00")
	if rates, err := s.Rates(w.ctx); err != nil || len(rates) != 2 || rates[1].From != day("2026-02-01") || rates[0].Currency != "SEK" {
		t.Errorf("rates: %+v, %v", rates, err)
	}
	firm, err := s.Firm(w.ctx)
	w.check(err)
	firm.Currency = "USD"
	w.refused(s.SaveFirm(w.ctx, w.ritva, firm), crm.KindConflict, "")
}

func testOrderImports(t *testing.T, s *store.Store) {
	w := newWorld(t, s)
	dora := w.customer("Dora", "dora@acme.example")
	w.orders(store.OrderOptions{}, order("1", "dora@acme.example", "1.00", "1 tea 1.00"))
	begin := func(name string) store.OrderOptions {
		id, err := s.BeginOrderImport(w.ctx, w.anna, "shop", name)
		w.check(err)
		return store.OrderOptions{Import: id, Replace: true}
	}
	one := begin("january.csv")
	rs := w.orders(one, order("1", "dora@acme.example", "9.00", "1 mug 9.00"), order("2", "dora@acme.example", "2.00"), order("3", "newcomer@shop.example", "3.00"), order("4", "writes@shop.example", "4.00"))
	newcomer, writes := rs[2].Customer, rs[3].Customer
	w.buys(dora.ID, "2 2.00", "1 9.00")
	w.arrives(letter{From: "writes@shop.example", To: "anna@kaukoranta.example", Subject: "Where is it?"}, w.anna)

	two := begin("february.csv")
	w.orders(two, order("1", "dora@acme.example", "7.00"))
	_, _, err := s.UndoOrderImport(w.ctx, w.anna, one.Import)
	w.refused(err, crm.KindConflict, "")
	if list, err := s.OrderImports(w.ctx, w.anna); err != nil || len(list) != 2 || list[1].Added != 3 || list[1].Name != "january.csv" || list[0].Replaced != 1 {
		t.Errorf("imports: %+v, %v", list, err)
	}

	orders, customers, err := s.UndoOrderImport(w.ctx, w.anna, two.Import)
	w.check(err)
	if orders != 1 || customers != 0 {
		t.Errorf("the second took %d orders, %d customers", orders, customers)
	}
	w.buys(dora.ID, "2 2.00", "1 9.00")
	orders, customers, err = s.UndoOrderImport(w.ctx, w.anna, one.Import)
	w.check(err)
	if orders != 4 || customers != 1 {
		t.Errorf("the first took %d orders, %d customers", orders, customers)
	}
	w.buys(dora.ID, "1 1.00")
	if o := w.numbered(dora.ID, "1"); len(o.Lines) != 1 || o.Lines[0].Product.SKU != "tea" {
		t.Errorf("put back: %+v", o)
	}
	if _, err := s.Customer(w.ctx, w.anna, newcomer); crm.KindOf(err) != crm.KindNotFound {
		t.Errorf("the newcomer stays: %v", err)
	}
	w.buys(writes)
	_, _, err = s.UndoOrderImport(w.ctx, w.anna, one.Import)
	w.refused(err, crm.KindConflict, "")
	_, _, err = s.UndoOrderImport(w.ctx, w.anna, 1<<40)
	w.refused(err, crm.KindNotFound, "")
	// What was taken back can come again.
	if rs := w.orders(begin("again.csv"), order("2", "dora@acme.example", "2.00")); rs[0].Outcome != crm.OrderAdded {
		t.Errorf("again: %+v", rs)
	}
}

// A stranger who names an order is asked about, and on nobody's page till then.
func testOrderNumberClues(t *testing.T, s *store.Store) {
	w := newWorld(t, s)
	dora := w.customer("Dora", "dora@acme.example")
	w.orders(store.OrderOptions{}, order("TL-2048", "dora@acme.example", "5.00"))
	about := w.arrives(letter{From: "d@home.example", To: "anna@kaukoranta.example", Subject: "Late", Text: "Where is my order TL-2048?"}, w.anna)
	w.arrives(letter{From: "e@home.example", To: "anna@kaukoranta.example", Subject: "Order TL-2049", Text: "TL-2048 is a nice number."}, w.anna)
	open := w.open()
	if len(open) != 1 || open[0].Message != about || open[0].Customer != dora.ID || open[0].Reason != crm.ReasonOrder || open[0].Evidence != "order: TL-2048" {
		t.Errorf("asked about: %+v", open)
	}
	w.linked(about)
	w.check(s.DecideReview(w.ctx, w.anna, open[0].ID, true))
	w.linked(about, "Dora: by-hand: said by Anna")
}
