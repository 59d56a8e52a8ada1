package store

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"time"

	"kaveri/crm"
)

// This file gives what was bought together, and when something was cheaper.
//
// An order counts as on the ladder: it was placed and something of it is left. An
// order of nobody known counts too, since what lies together in a basket does not
// depend on whose it is; one of a colleague does not. A line that gives back what
// was bought before is no purchase; something for nothing is one.

// basketOrders is the condition on the orders o that count, with the state at $1 and
// the rule that leaves out at $2, basketLines that on their lines l.
const (
	basketOrders = `o.state = $1 AND o.value + o.refunded > 0 AND o.rule <> $2`
	basketLines  = `l.quantity > 0 AND l.total >= 0`
)

func basketArgs(more ...any) []any {
	return append([]any{string(crm.OrderPlaced), string(crm.RuleInternal)}, more...)
}

// Baskets gives the orders of the days from first to last, the newest first, with
// what was bought. Memory does not grow with them: what yield is given is valid
// until it returns. An error of yield ends the reading and comes back.
func (s *Store) Baskets(ctx context.Context, v crm.Viewer, first, last crm.Day, yield func(*crm.Basket) error) error {
	if !mayRead(v) {
		return nil
	}
	// The index is by time, the days are those of the firm's zone.
	from, to := micros(first.Time())-dayMicros, micros(last.Time())+2*dayMicros
	return s.view(ctx, func(x *tx) error {
		rows, err := x.query(`SELECT o.id, o.day, l.product_id FROM orders o LEFT JOIN order_lines l ON l.order_id = o.id AND `+basketLines+`
WHERE `+basketOrders+` AND o.at_us >= $3 AND o.at_us < $4 AND o.day >= $5 AND o.day <= $6 ORDER BY o.at_us DESC, o.id DESC`, basketArgs(from, to, int64(first), int64(last))...)
		if err != nil {
			return err
		}
		return eachBasket(rows, yield)
	})
}

// eachBasket makes baskets of rows that come order by order.
func eachBasket(rows *sql.Rows, yield func(*crm.Basket) error) error {
	var b crm.Basket
	give := func() error {
		slices.Sort(b.Products)
		b.Products = slices.Compact(b.Products)
		return yield(&b)
	}
	err := scanAll(rows, func(r *sql.Rows) error {
		var order crm.OrderID
		var day crm.Day
		var product sql.NullInt64
		if err := r.Scan(&order, &day, &product); err != nil {
			return err
		}
		if order != b.Order {
			if b.Order != 0 {
				if err := give(); err != nil {
					return err
				}
			}
			b.Order, b.Day, b.Products = order, day, b.Products[:0]
		}
		if product.Valid {
			b.Products = append(b.Products, crm.ProductID(product.Int64))
		}
		return nil
	})
	if err == nil && b.Order != 0 {
		err = give()
	}
	return err
}

// ProductDays gives, of each product that was ever cheaper, how often it was
// bought on each day since one: product by product, the days in order.
func (s *Store) ProductDays(ctx context.Context, v crm.Viewer, since crm.Day, yield func(crm.ProductDay) error) error {
	if !mayRead(v) {
		return nil
	}
	return s.view(ctx, func(x *tx) error {
		rows, err := x.query(`SELECT l.product_id, o.day, count(DISTINCT o.id), count(DISTINCT CASE WHEN l.discount > 0 THEN o.id END) FROM order_lines l JOIN orders o ON o.id = l.order_id
WHERE `+basketOrders+` AND `+basketLines+` AND o.day >= $3 AND l.product_id IN (SELECT c.product_id FROM order_lines c WHERE c.discount > 0) GROUP BY l.product_id, o.day ORDER BY l.product_id, o.day`, basketArgs(int64(since))...)
		if err != nil {
			return err
		}
		return scanAll(rows, func(r *sql.Rows) error {
			var d crm.ProductDay
			if err := r.Scan(&d.Product, &d.Day, &d.Orders, &d.Cheaper); err != nil {
				return err
			}
			return yield(d)
		})
	})
}

// OfferUses gives the offers and coupons that orders since a day bear, those used
// last first.
func (s *Store) OfferUses(ctx context.Context, v crm.Viewer, since crm.Day, limit int) (out []crm.OfferUse, err error) {
	if !mayRead(v) {
		return nil, nil
	}
	err = s.view(ctx, func(x *tx) error {
		rows, err := x.query(`SELECT f.code, min(o.day), max(o.day), count(*) FROM order_offers u JOIN offers f ON f.id = u.offer_id JOIN orders o ON o.id = u.order_id
WHERE `+basketOrders+` AND o.day >= $3 GROUP BY f.id, f.code ORDER BY max(o.day) DESC, f.id LIMIT $4`, basketArgs(int64(since), limit)...)
		out, err = collect(rows, err, func(r *sql.Rows, u *crm.OfferUse) error { return r.Scan(&u.Code, &u.First, &u.Last, &u.Orders) })
		return err
	})
	return out, err
}

// OfferProducts gives what was bought most by those who used an offer, first what
// its orders had cheaper.
func (s *Store) OfferProducts(ctx context.Context, v crm.Viewer, code string, limit int) (out []crm.ProductUse, err error) {
	if !mayRead(v) {
		return nil, nil
	}
	err = s.view(ctx, func(x *tx) error {
		rows, err := x.query(`SELECT p.id, p.sku, p.name, COALESCE(g.name, ''), count(DISTINCT o.id), count(DISTINCT CASE WHEN l.discount > 0 THEN o.id END) FROM offers f JOIN order_offers u ON u.offer_id = f.id
JOIN orders o ON o.id = u.order_id JOIN order_lines l ON l.order_id = o.id JOIN products p ON p.id = l.product_id LEFT JOIN product_groups g ON g.id = p.group_id
WHERE `+basketOrders+` AND `+basketLines+` AND f.code = $3 GROUP BY p.id, p.sku, p.name, g.name ORDER BY 6 DESC, 5 DESC, p.id LIMIT $4`, basketArgs(code, limit)...)
		out, err = collect(rows, err, func(r *sql.Rows, u *crm.ProductUse) error {
			return r.Scan(&u.Product.ID, &u.Product.SKU, &u.Product.Name, &u.Product.Group, &u.Orders, &u.Cheaper)
		})
		return err
	})
	return out, err
}

// Products gives all products, as they came to be known.
func (s *Store) Products(ctx context.Context, v crm.Viewer, yield func(crm.Product) error) error {
	if !mayRead(v) {
		return nil
	}
	return s.view(ctx, func(x *tx) error {
		rows, err := x.query(`SELECT p.id, p.sku, p.name, COALESCE(g.name, '') FROM products p LEFT JOIN product_groups g ON g.id = p.group_id ORDER BY p.id`)
		if err != nil {
			return err
		}
		return scanAll(rows, func(r *sql.Rows) error {
			var p crm.Product
			if err := r.Scan(&p.ID, &p.SKU, &p.Name, &p.Group); err != nil {
				return err
			}
			return yield(p)
		})
	})
}

// OrderMark gives a number that grows with each order that comes in; 0 while
// there is none. It tells cheaply whether there is anything new.
func (s *Store) OrderMark(ctx context.Context) (mark int64, err error) {
	err = s.view(ctx, func(x *tx) error {
		return x.row(`SELECT COALESCE(max(id), 0) FROM orders`).Scan(&mark)
	})
	return mark, err
}

// SaveFindings keeps what is bought together, as JSON, in place of what was found
// before.
func (s *Store) SaveFindings(ctx context.Context, at time.Time, body []byte) error {
	return s.write(ctx, func(x *tx) error {
		x.tell(crm.Event{Kind: "baskets"})
		return x.exec(`INSERT INTO findings (id, found, at_us) VALUES (1, $1, $2) ON CONFLICT (id) DO UPDATE SET found = excluded.found, at_us = excluded.at_us`, string(body), micros(at))
	})
}

// FindingsSince gives what was found, and when; body is nil when that is not
// after since, so that who has it need not read it again.
func (s *Store) FindingsSince(ctx context.Context, v crm.Viewer, since time.Time) (body []byte, at time.Time, err error) {
	if !mayRead(v) {
		return nil, at, nil
	}
	err = s.view(ctx, func(x *tx) error {
		var us int64
		err := x.row(`SELECT at_us FROM findings WHERE id = 1`).Scan(&us)
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		if err != nil {
			return err
		}
		if at = fromMicros(us); !at.After(since) {
			return nil
		}
		return x.row(`SELECT found FROM findings WHERE id = 1`).Scan(&body)
	})
	return body, at, err
}
