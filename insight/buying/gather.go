package buying

import (
	"context"
	"errors"
	"strconv"

	"kaveri/crm"
	"kaveri/insight"
)

// The bounds of what is looked at.
const (
	lookBack   = 730       // days before the newest order
	MaxBasket  = 100       // products of an order: in larger ones everything lies beside everything
	maxLines   = 4_000_000 // products in baskets: about 100 MB while they are mined
	KeptRules  = 1500      // by each order in which they are looked at
	keptOffers = 1000
)

// Gathered is what was bought in the orders of some days.
type Gathered struct {
	Baskets     insight.Baskets // orders that list products; the items are product ids
	First, Last crm.Day         // of the orders; 0: none
	Orders      int             // that stand
	Several     int             // of two products and more
	Large       int             // of more than 100 products, left out
	Cut         bool            // there are older ones, which were too many

	lines int
	items map[crm.ProductID]string
}

// lastDay is a day after all orders.
const lastDay = 1 << 17

// errEnough ends the reading.
var errEnough = errors.New("enough")

// Gather reads the orders of the two years before the newest one; seen, when it
// is not nil, is told how many there are so far.
func Gather(ctx context.Context, s Store, v crm.Viewer, seen func(orders int)) (*Gathered, error) {
	g := &Gathered{items: map[crm.ProductID]string{}}
	err := s.Baskets(ctx, v, 0, lastDay, func(b *crm.Basket) error {
		if err := g.add(b); err != nil {
			return err
		}
		if seen != nil && g.Orders%1000 == 0 {
			seen(g.Orders)
		}
		return nil
	})
	if errors.Is(err, errEnough) {
		err = nil
	}
	return g, err
}

func (g *Gathered) add(b *crm.Basket) error {
	n := len(b.Products)
	if g.Orders == 0 {
		g.Last = b.Day
	}
	if b.Day <= g.Last-lookBack {
		return errEnough
	}
	if g.Cut = g.lines+n > maxLines; g.Cut {
		return errEnough
	}
	g.Orders++
	g.First = b.Day
	switch {
	case n == 0:
		return nil
	case n > MaxBasket:
		g.Large++
		return nil
	case n > 1:
		g.Several++
	}
	g.lines += n
	items := make([]string, n)
	for i, p := range b.Products {
		items[i] = g.item(p)
	}
	g.Baskets.Add(items...)
	return nil
}

func (g *Gathered) item(p crm.ProductID) string {
	s, ok := g.items[p]
	if !ok {
		s = ItemOf(p)
		g.items[p] = s
	}
	return s
}

// ItemOf names a product where arithmetic has names; productOf reads it again.
func ItemOf(p crm.ProductID) string { return strconv.FormatInt(int64(p), 10) }

func productOf(item string) crm.ProductID {
	n, _ := strconv.ParseInt(item, 10, 64) // 0 of a group
	return crm.ProductID(n)
}
