package storetest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"kaveri/crm"
	"kaveri/store"
)

// products gives the names of all products by their ids.
func (w *world) products() map[crm.ProductID]string {
	w.Helper()
	names := map[crm.ProductID]string{}
	w.check(w.s.Products(w.ctx, w.anna, func(p crm.Product) error {
		names[p.ID] = p.SKU + " " + p.Name + " " + p.Group
		return nil
	}))
	return names
}

// baskets tells the baskets of some days, the newest first: "2026-02-01 tea mug".
func (w *world) baskets(first, last crm.Day) (told []string) {
	w.Helper()
	names := w.products()
	w.check(w.s.Baskets(w.ctx, w.anna, first, last, func(b *crm.Basket) error {
		line := b.Day.String()
		for _, p := range b.Products {
			sku, _, _ := strings.Cut(names[p], " ")
			line += " " + sku
		}
		told = append(told, line)
		return nil
	}))
	return told
}

func on(o crm.Order, year, month, day int) crm.Order {
	o.At = time.Date(year, time.Month(month), day, 12, 0, 0, 0, time.UTC)
	return o
}

// Baskets are what was bought: without what was called off, given back in full,
// bought by colleagues, or is itself a return; nobody's orders count.
func testBaskets(t *testing.T, s *store.Store) {
	w := newWorld(t, s)
	w.customer("Dora", "dora@acme.example")
	called := on(order("3", "dora@acme.example", "9.00", "1 jam 9.00"), 2026, 2, 3)
	called.State = crm.OrderCancelled
	back := on(order("5", "dora@acme.example", "-4.00", "-1 jam -4.00"), 2026, 2, 5)
	back.Refunds = "4"
	w.orders(store.OrderOptions{},
		on(order("1", "dora@acme.example", "10.00", "2 tea 8.00", "1 mug 2.00", "1 tea 0.00"), 2026, 2, 1),
		on(order("2", "", "3.00", "1 tea 3.00", "1 sample 0.00", "-1 mug -1.00"), 2026, 2, 2),
		called,
		on(order("4", "dora@acme.example", "4.00", "1 jam 4.00"), 2026, 2, 4), back,
		on(order("6", "anna@kaukoranta.example", "5.00", "1 tea 5.00"), 2026, 2, 6),
		on(order("7", "dora@acme.example", "6.00"), 2026, 2, 7),
		on(order("8", "dora@acme.example", "-7.00"), 2026, 2, 8))
	first := crm.DayOf(time.Date(2026, 2, 1, 0, 0, 0, 0, time.UTC))
	if got := w.baskets(first, first+30); !equal(got, []string{"2026-02-07", "2026-02-02 tea sample", "2026-02-01 tea mug"}) {
		t.Errorf("baskets: %q", got)
	}
	if got := w.baskets(first+1, first+1); !equal(got, []string{"2026-02-02 tea sample"}) {
		t.Errorf("of one day: %q", got)
	}
	enough := errors.New("enough")
	n := 0
	if err := s.Baskets(w.ctx, w.anna, first, first+30, func(*crm.Basket) error { n++; return enough }); !errors.Is(err, enough) || n != 1 {
		t.Errorf("%d baskets were given, %v", n, err)
	}
	for name, read := range map[string]func(context.Context, crm.Viewer) error{
		"baskets": func(ctx context.Context, v crm.Viewer) error {
			return s.Baskets(ctx, v, first, first+30, func(*crm.Basket) error { return enough })
		},
		"days": func(ctx context.Context, v crm.Viewer) error {
			return s.ProductDays(ctx, v, first, func(crm.ProductDay) error { return enough })
		},
		"products": func(ctx context.Context, v crm.Viewer) error {
			return s.Products(ctx, v, func(crm.Product) error { return enough })
		},
	} {
		if err := read(w.ctx, crm.Viewer{}); err != nil {
			t.Errorf("a stranger sees %s: %v", name, err)
		}
	}
}

// Days are told of products that were ever cheaper, also those at the full price.
func testBasketDays(t *testing.T, s *store.Store) {
	w := newWorld(t, s)
	cheaper := func(o crm.Order) crm.Order {
		o.Lines[0].Discount = money("1.00")
		return o
	}
	w.orders(store.OrderOptions{},
		on(order("1", "", "3.00", "1 tea 3.00"), 2026, 2, 1), on(order("2", "", "3.00", "1 tea 3.00"), 2026, 2, 1), cheaper(on(order("3", "", "2.00", "1 tea 2.00", "1 mug 1.00"), 2026, 2, 1)),
		cheaper(on(order("4", "", "4.00", "2 tea 4.00", "1 tea 2.00"), 2026, 2, 3)), cheaper(on(order("5", "", "4.00", "2 tea 4.00"), 2025, 2, 3)))
	names, told := w.products(), []string{}
	w.check(s.ProductDays(w.ctx, w.anna, crm.DayOf(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)), func(d crm.ProductDay) error {
		told = append(told, fmt.Sprint(names[d.Product], " ", d.Day, " ", d.Orders, " ", d.Cheaper))
		return nil
	}))
	if !equal(told, []string{"tea Fine tea drinks 2026-02-01 3 1", "tea Fine tea drinks 2026-02-03 1 1"}) {
		t.Errorf("days: %q", told)
	}
}

func testOffersUsed(t *testing.T, s *store.Store) {
	w := newWorld(t, s)
	with := func(o crm.Order, codes ...string) crm.Order {
		o.Offers = codes
		return o
	}
	cheap := with(on(order("1", "", "3.00", "1 tea 3.00", "1 mug 2.00"), 2026, 2, 1), "SPRING")
	cheap.Lines[1].Discount = money("1.00")
	called := with(on(order("4", "", "3.00", "1 tea 3.00"), 2026, 5, 1), "SPRING")
	called.State = crm.OrderCancelled
	w.orders(store.OrderOptions{}, cheap, with(on(order("2", "", "3.00", "1 tea 3.00"), 2026, 2, 4), "SPRING", "VIP"), with(on(order("3", "", "3.00", "1 jam 3.00"), 2026, 3, 1), "VIP"), called, with(on(order("5", "", "3.00"), 2024, 3, 1), "OLD"))
	since := crm.DayOf(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))
	uses, err := s.OfferUses(w.ctx, w.anna, since, 10)
	w.check(err)
	if got := fmt.Sprint(uses); got != "[{VIP 2026-02-04 2026-03-01 2} {SPRING 2026-02-01 2026-02-04 2}]" {
		t.Errorf("offers: %s", got)
	}
	products, err := s.OfferProducts(w.ctx, w.anna, "SPRING", 10)
	w.check(err)
	var told []string
	for _, p := range products {
		told = append(told, fmt.Sprint(p.Product.Name, " ", p.Product.Group, " ", p.Orders, " ", p.Cheaper))
	}
	if !equal(told, []string{"Fine mug drinks 1 1", "Fine tea drinks 2 0"}) {
		t.Errorf("products: %q", told)
	}
	if uses, err := s.OfferUses(w.ctx, crm.Viewer{}, since, 10); err != nil || uses != nil {
		t.Errorf("a stranger sees %v, %v", uses, err)
	}
	if products, err := s.OfferProducts(w.ctx, crm.Viewer{}, "VIP", 10); err != nil || products != nil {
		t.Errorf("a stranger sees %v, %v", products, err)
	}
}

func testFindings(t *testing.T, s *store.Store) {
	w := newWorld(t, s)
	mark, err := s.OrderMark(w.ctx)
	w.check(err)
	if body, at, err := s.FindingsSince(w.ctx, w.anna, time.Time{}); err != nil || body != nil || !at.IsZero() || mark != 0 {
		t.Errorf("before the first: %q at %s, %v; mark %d", body, at, err, mark)
	}
	w.orders(store.OrderOptions{}, order("1", "", "3.00"))
	one, err := s.OrderMark(w.ctx)
	w.check(err)
	w.orders(store.OrderOptions{}, order("2", "", "3.00"))
	if two, err := s.OrderMark(w.ctx); err != nil || one <= mark || two <= one {
		t.Errorf("marks %d, %d, %d, %v", mark, one, two, err)
	}
	ctx, cancel := context.WithCancel(w.ctx)
	defer cancel()
	events := s.Subscribe(ctx)
	first := time.Date(2026, 3, 1, 4, 0, 0, 0, time.UTC)
	w.check(s.SaveFindings(w.ctx, first, []byte(`{"orders":1}`)))
	if e := <-events; e.Kind != "baskets" {
		t.Errorf("event: %+v", e)
	}
	w.check(s.SaveFindings(w.ctx, first.AddDate(0, 0, 1), []byte(`{"orders":2}`)))
	body, at, err := s.FindingsSince(w.ctx, w.anna, first)
	if err != nil || string(body) != `{"orders":2}` || !at.Equal(first.AddDate(0, 0, 1)) {
		t.Errorf("found %q at %s, %v", body, at, err)
	}
	if body, _, err := s.FindingsSince(w.ctx, w.anna, at); err != nil || body != nil {
		t.Errorf("what is known is given again: %q, %v", body, err)
	}
	if body, _, err := s.FindingsSince(w.ctx, crm.Viewer{}, time.Time{}); err != nil || body != nil {
		t.Errorf("a stranger sees %q, %v", body, err)
	}
}
