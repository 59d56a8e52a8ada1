package web

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"time"

	"kaveri/crm"
	"kaveri/insight/buying"
)

// stall is a small Baskets: the service itself over orders that are drawn, with
// studies made at once.
type stall struct {
	*buying.Service
	counter *counter
	pending bool // studies are never ready
}

// Study measures at once.
func (s *stall) Study(ctx context.Context, v crm.Viewer, a buying.Ask) (*buying.Study, bool, error) {
	if s.pending {
		return nil, false, nil
	}
	st, err := s.Measure(ctx, v, a)
	return st, err == nil, err
}

// counter is what the service reads: orders in memory, the newest first.
type counter struct {
	mu       sync.Mutex
	products []crm.Product
	baskets  []crm.Basket
	cheaper  []crm.ProductDay
	uses     []crm.OfferUse
	found    []byte
	at       time.Time
}

// openStall is that of the company, drawn once.
var openStall = sync.OnceValue(func() *stall { return stallOf(6000, 13) })

// stallOf draws orders of the past 26 weeks: who rents a kayak takes a life vest
// along, and a week of cheap bicycles brought helmets. Products are as many as
// given, at least the named ones.
func stallOf(orders, products int) *stall {
	k := &counter{}
	s := &stall{Service: buying.New(buying.Options{Store: k, Now: func() time.Time { return now }}), counter: k}
	if orders == 0 {
		return s
	}
	for i, p := range []string{"Välineet/Kajakki", "Välineet/Pelastusliivi <koko L>", "Välineet/Polkupyörän vuokra", "Välineet/Kypärä", "Kartat/Saaristokartta", "Kartat/Pyöräilykartta", "Ruoka/Eväskori", "Ruoka/Savulahna", "Sauna/Sauna-aika", "Sauna/Polttopuut", "Välineet/Sähköpyörän vuokra", "Mökit/Kökar, rantamökki", `Mökit/=HYPERLINK("http://evil.example")`} {
		group, name, _ := strings.Cut(p, "/")
		k.products = append(k.products, crm.Product{ID: crm.ProductID(700 + i), SKU: fmt.Sprintf("T-%03d", i), Name: name, Group: group})
	}
	for i := len(k.products); i < products; i++ {
		k.products = append(k.products, crm.Product{ID: crm.ProductID(700 + i), SKU: fmt.Sprintf("T-%03d", i), Name: fmt.Sprintf("Matkamuisto %d", i), Group: "Matkamuistot"})
	}
	k.draw(orders)
	if _, err := s.Find(context.Background()); err != nil {
		panic(err)
	}
	return s
}

// draw draws the orders.
func (k *counter) draw(orders int) {
	r, today := rand.New(rand.NewPCG(5, 11)), crm.DayOf(now)
	const days = 182
	from, to := today-60, today-54
	cheap := crm.ProductDay{Product: 702}
	for i := range orders {
		b := crm.Basket{Order: crm.OrderID(10_000 + i), Day: today - crm.Day(i*days/orders)}
		put := func(p int, share float64) bool {
			if r.Float64() < share {
				b.Products = append(b.Products, crm.ProductID(700+p))
				return true
			}
			return false
		}
		offer := b.Day >= from && b.Day <= to
		if put(0, .12) {
			put(1, .6)
			put(6, .25)
		} else {
			put(1, .02)
		}
		switch {
		case offer:
			put(2, .4)
			put(3, .22)
			put(10, .02)
		case put(2, .14):
			put(3, .3)
			put(5, .4)
		default:
			put(3, .03)
			put(10, .22)
		}
		for p := 4; p < len(k.products); p++ {
			if p != 10 {
				put(p, min(.09, 3/float64(len(k.products))))
			}
		}
		if offer && slices.Contains(b.Products, 702) {
			if cheap.Day != b.Day && cheap.Orders > 0 {
				k.cheaper = append(k.cheaper, cheap)
				cheap = crm.ProductDay{Product: 702}
			}
			cheap.Day, cheap.Orders, cheap.Cheaper = b.Day, cheap.Orders+1, cheap.Cheaper+1
		}
		slices.Sort(b.Products)
		b.Products = slices.Compact(b.Products)
		k.baskets = append(k.baskets, b)
	}
	if cheap.Orders > 0 {
		k.cheaper = append(k.cheaper, cheap)
	}
	slices.SortFunc(k.cheaper, func(a, b crm.ProductDay) int { return int(a.Day - b.Day) })
	k.uses = []crm.OfferUse{{Code: "SYKSY", First: from, Last: to, Orders: 41}, {Code: "KANTA-ASIAKAS", First: today - 180, Last: today, Orders: 260}}
}

// take makes what another has found known.
func (k *counter) take(other *counter) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.products, k.baskets, k.cheaper, k.uses, k.found, k.at = other.products, other.baskets, other.cheaper, other.uses, other.found, other.at
}

// all gives the orders and products.
func (k *counter) all() ([]crm.Basket, []crm.Product) {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.baskets, k.products
}

func (k *counter) Firm(context.Context) (crm.Firm, error) {
	return crm.Firm{TimeZone: "Europe/Helsinki"}, nil
}

func (k *counter) Baskets(_ context.Context, _ crm.Viewer, first, last crm.Day, yield func(*crm.Basket) error) error {
	baskets, _ := k.all()
	for i := range baskets {
		if b := &baskets[i]; b.Day >= first && b.Day <= last {
			if err := yield(b); err != nil {
				return err
			}
		}
	}
	return nil
}

func (k *counter) ProductDays(_ context.Context, _ crm.Viewer, _ crm.Day, yield func(crm.ProductDay) error) error {
	for _, d := range k.cheaper {
		if err := yield(d); err != nil {
			return err
		}
	}
	return nil
}

func (k *counter) OfferUses(context.Context, crm.Viewer, crm.Day, int) ([]crm.OfferUse, error) {
	return k.uses, nil
}

func (k *counter) OfferProducts(_ context.Context, _ crm.Viewer, code string, _ int) ([]crm.ProductUse, error) {
	if len(k.products) == 0 || code != k.uses[0].Code && code != k.uses[1].Code {
		return nil, nil
	}
	return []crm.ProductUse{{Product: k.products[2], Orders: 31, Cheaper: 30}, {Product: k.products[3], Orders: 18}}, nil
}

func (k *counter) Products(_ context.Context, _ crm.Viewer, yield func(crm.Product) error) error {
	_, products := k.all()
	for _, p := range products {
		if err := yield(p); err != nil {
			return err
		}
	}
	return nil
}

func (k *counter) OrderMark(context.Context) (int64, error) { return int64(len(k.baskets)), nil }

func (k *counter) SaveFindings(_ context.Context, at time.Time, body []byte) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.found, k.at = body, at
	return nil
}

func (k *counter) FindingsSince(_ context.Context, _ crm.Viewer, since time.Time) ([]byte, time.Time, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.found == nil || !k.at.After(since) {
		return nil, k.at, nil
	}
	return k.found, k.at, nil
}
