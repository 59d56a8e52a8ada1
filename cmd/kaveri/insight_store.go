package main

import (
	"context"
	"slices"

	"kaveri/crm"
	"kaveri/insight"
	"kaveri/insight/buying"
	"kaveri/store"
)

// inStore opens the database for a verb that answers for a file otherwise.
func (p *program) inStore(ctx context.Context, do func(s *store.Store, names map[string]string) error) error {
	s, err := p.openExisting(ctx)
	if err != nil {
		return err
	}
	defer s.Close()
	names, alike := map[string]string{}, map[string]int{}
	var all []crm.Product
	if err := s.Products(ctx, crm.SystemViewer, func(one crm.Product) error {
		if one.Name == "" {
			one.Name = one.SKU
		}
		alike[one.Name]++
		all = append(all, one)
		return nil
	}); err != nil {
		return err
	}
	for _, one := range all {
		name := one.Name
		if alike[name] > 1 && one.SKU != name {
			name += " (" + one.SKU + ")"
		}
		names[buying.ItemOf(one.ID)] = name
	}
	return do(s, names)
}

// storedBaskets gives what is bought together in the database: the orders that
// the pages look at. Without a support one is found that suits.
func (p *program) storedBaskets(ctx context.Context, o insight.BasketOptions, usual bool) error {
	return p.inStore(ctx, func(s *store.Store, names map[string]string) error {
		g, err := buying.Gather(ctx, s, crm.SystemViewer, nil)
		if err != nil {
			return err
		}
		if g.Baskets.Len() == 0 {
			return crm.NotFound("the database has no orders that list products")
		}
		if g.Large > 0 {
			p.notef("%s of more than %d products left out\n", plural(g.Large, "order", "orders"), buying.MaxBasket)
		}
		if g.Cut {
			p.notef("orders older than %s left out: there are too many\n", g.First)
		}
		var f insight.Found
		if usual {
			f = insight.MineUsual(&g.Baskets)
		} else if f, err = insight.Mine(&g.Baskets, o); err != nil {
			return err
		}
		for i := range f.Rules {
			r := &f.Rules[i]
			for j := range r.LHS {
				r.LHS[j] = names[r.LHS[j]]
			}
			slices.Sort(r.LHS)
			r.RHS = names[r.RHS]
		}
		insight.SortRules(f.Rules)
		if p.json {
			return p.printJSON(basketsOf(f))
		}
		return p.printBaskets(f)
	})
}

// storedPromo says what an offer did, from the orders in the database.
func (p *program) storedPromo(ctx context.Context, what string, group bool, from, to string) error {
	var a buying.Ask
	var err error
	if a.From, err = dayFlag("from", from); err != nil {
		return err
	}
	if a.To, err = dayFlag("to", to); err != nil {
		return err
	}
	return p.inStore(ctx, func(s *store.Store, names map[string]string) error {
		k := buying.New(buying.Options{Store: s, Log: p.log, Now: p.now})
		if a.Group = what; !group {
			a.Group = ""
			if a.Product, err = p.oneProduct(ctx, k, what); err != nil {
				return err
			}
		}
		st, err := k.Measure(ctx, crm.SystemViewer, a)
		if err != nil {
			return err
		}
		l := st.Control
		for _, one := range st.Products {
			lift := one.ProductLift
			if lift.Product = names[buying.ItemOf(one.Product.ID)]; one.Product.ID == 0 {
				lift.Product = one.Product.Name
			}
			l.Products = append(l.Products, lift)
		}
		if l.ControlProducts == 0 {
			p.notef("no product is of another category, so nothing tells what would have happened without the offer\n")
		}
		if p.json {
			return p.printJSON(promoOf(l, st.After > 0))
		}
		p.printf("%s during the offer, %s on like days from %s to %s.\n", plural(st.Promo, "order", "orders"), plural(st.Base, "order", "orders"), st.First, st.Last)
		return p.printPromo(l, insight.Promotion{AfterBaskets: st.After})
	})
}

// oneProduct finds the product that is called just so, by name or number.
func (p *program) oneProduct(ctx context.Context, k *buying.Service, what string) (crm.ProductID, error) {
	hits, err := k.Search(ctx, crm.SystemViewer, what, 20)
	if err != nil {
		return 0, err
	}
	var found []crm.Product
	for _, h := range hits {
		if h.Exact && h.Product.ID != 0 {
			found = append(found, h.Product)
		}
	}
	switch len(found) {
	case 0:
		return 0, crm.NotFound("no product is called %q; with --group it is a group's name", what)
	case 1:
		return found[0].ID, nil
	}
	return 0, crm.Conflict("%d products are called %q; give the number of one, such as %s", len(found), what, found[0].SKU)
}
