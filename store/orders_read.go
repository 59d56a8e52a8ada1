package store

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"kaveri/crm"
)

// orderColumns are what [scanOrder] reads.
const orderColumns = `o.id, o.source, o.number, COALESCE(o.customer_id, 0), COALESCE(o.contact_id, 0), o.rule, o.evidence,
o.buyer_number, o.buyer_name, o.buyer_address, o.buyer_phone, o.at_us, o.state, o.currency, o.total, o.discount, o.value, o.refunded, o.refunds`

func scanOrder(r *sql.Rows, o *crm.Order) error {
	var at int64
	err := r.Scan(&o.ID, &o.Source, &o.Number, &o.Customer, &o.Contact, &o.Rule, &o.Evidence,
		&o.Buyer.Number, &o.Buyer.Name, &o.Buyer.Address, &o.Buyer.Phone, &at, &o.State, &o.Currency, &o.Total, &o.Discount, &o.Value, &o.Refunded, &o.Refunds)
	o.At = fromMicros(at)
	return err
}

func noOrder(id crm.OrderID) error { return crm.NotFound("no order has the id %d", id) }

// Order gives an order with its lines.
func (s *Store) Order(ctx context.Context, v crm.Viewer, id crm.OrderID) (crm.Order, error) {
	if !mayRead(v) {
		return crm.Order{}, noOrder(id)
	}
	var o crm.Order
	err := s.view(ctx, func(x *tx) (err error) {
		o, err = x.wholeOrder(int64(id))
		return err
	})
	return o, err
}

func (x *tx) wholeOrder(id int64) (crm.Order, error) {
	rows, err := x.query(`SELECT `+orderColumns+` FROM orders o WHERE o.id = $1`, id)
	orders, err := collect(rows, err, scanOrder)
	if err != nil {
		return crm.Order{}, err
	}
	if len(orders) == 0 {
		return crm.Order{}, noOrder(crm.OrderID(id))
	}
	return orders[0], x.fillOrders(orders)
}

// fillOrders adds lines, offers and refunds.
func (x *tx) fillOrders(orders []crm.Order) error {
	at := make(map[int64]*crm.Order, len(orders))
	ids := make([]int64, len(orders))
	for i := range orders {
		ids[i] = int64(orders[i].ID)
		at[ids[i]] = &orders[i]
	}
	if err := each(x, `SELECT l.order_id, p.id, p.sku, p.name, COALESCE(g.name, ''), l.quantity, l.total, l.discount FROM order_lines l
JOIN products p ON p.id = l.product_id LEFT JOIN product_groups g ON g.id = p.group_id WHERE l.order_id IN (IN) ORDER BY l.order_id, l.n`, nil, ids, func(r *sql.Rows) error {
		var order int64
		var l crm.OrderLine
		if err := r.Scan(&order, &l.Product.ID, &l.Product.SKU, &l.Product.Name, &l.Product.Group, &l.Quantity, &l.Total, &l.Discount); err != nil {
			return err
		}
		at[order].Lines = append(at[order].Lines, l)
		return nil
	}); err != nil {
		return err
	}
	if err := each(x, `SELECT u.order_id, f.code FROM order_offers u JOIN offers f ON f.id = u.offer_id WHERE u.order_id IN (IN) ORDER BY u.order_id, f.id`, nil, ids, func(r *sql.Rows) error {
		var order int64
		var code string
		err := r.Scan(&order, &code)
		at[order].Offers = append(at[order].Offers, code)
		return err
	}); err != nil {
		return err
	}
	return each(x, `SELECT refunds_id, number FROM orders WHERE refunds_id IN (IN) ORDER BY refunds_id, at_us, id`, nil, ids, func(r *sql.Rows) error {
		var order int64
		var number string
		err := r.Scan(&order, &number)
		at[order].RefundedBy = append(at[order].RefundedBy, number)
		return err
	})
}

// OrderQuery selects orders.
type OrderQuery = crm.OrderQuery

// Orders lists orders, the newest first, and gives the key of the next page,
// zero at the end.
func (s *Store) Orders(ctx context.Context, v crm.Viewer, q OrderQuery) ([]crm.Order, crm.PageKey, error) {
	if !mayRead(v) {
		return nil, crm.PageKey{}, nil
	}
	limit := pageLimit(q.Limit, 50)
	at, id := after(q.After)
	args := []any{at, id, limit + 1}
	where := `(o.at_us, o.id) < ($1, $2)`
	var out []crm.Order
	var next crm.PageKey
	err := s.view(ctx, func(x *tx) error {
		if q.Customer != 0 {
			c, err := x.customer(q.Customer)
			if err != nil {
				return err
			}
			where, args = where+` AND o.customer_id = $4`, append(args, int64(c.ID))
		} else if q.Nobody {
			where += ` AND o.customer_id IS NULL`
		}
		rows, err := x.query(`SELECT `+orderColumns+` FROM orders o WHERE `+where+` ORDER BY o.at_us DESC, o.id DESC LIMIT $3`, args...)
		if out, err = collect(rows, err, scanOrder); err != nil {
			return err
		}
		out, next = paged(out, limit, func(e *crm.Order) crm.PageKey { return crm.PageKey{At: e.At, ID: int64(e.ID)} })
		return x.fillOrders(out)
	})
	return out, next, err
}

// ordersBefore gives the orders of a page of a timeline.
func (x *tx) ordersBefore(c crm.CustomerID, page crm.PageKey, limit int) ([]entry, error) {
	at, id := after(page)
	rows, err := x.query(`SELECT `+orderColumns+` FROM orders o WHERE o.customer_id = $1 AND (o.at_us, o.id) < ($2, $3) ORDER BY o.at_us DESC, o.id DESC LIMIT $4`, int64(c), at, id, limit)
	orders, err := collect(rows, err, scanOrder)
	if err != nil {
		return nil, err
	}
	entries := make([]entry, len(orders))
	for i := range orders {
		entries[i] = entry{at: micros(orders[i].At), id: int64(orders[i].ID), contact: int64(orders[i].Contact), order: &orders[i]}
	}
	return entries, nil
}

// fillTimelineOrders adds the lines of the orders of a page.
func (x *tx) fillTimelineOrders(items []crm.TimelineItem) error {
	var orders []crm.Order
	for _, item := range items {
		if item.Order != nil {
			orders = append(orders, *item.Order)
		}
	}
	if err := x.fillOrders(orders); err != nil {
		return err
	}
	for i, n := 0, 0; i < len(items); i++ {
		if items[i].Order != nil {
			items[i].Order = &orders[n]
			n++
		}
	}
	return nil
}

// AssignOrder says by a colleague's word whose an order is; 0: nobody's. It
// outranks the rules from then on.
func (s *Store) AssignOrder(ctx context.Context, v crm.Viewer, id crm.OrderID, customer crm.CustomerID, contact crm.ContactID) error {
	if !mayRead(v) {
		return errNobody
	}
	return s.write(ctx, func(x *tx) error {
		o, err := x.wholeOrder(int64(id))
		if err != nil {
			return err
		}
		if customer != 0 {
			n := crm.Note{Customer: customer, Contact: contact}
			if err := x.noteTarget(&n); err != nil {
				return err
			}
			customer = n.Customer
		}
		who := "on the machine itself"
		if v.Staff != 0 {
			if err := x.row(`SELECT name FROM staff WHERE id = $1`, int64(v.Staff)).Scan(&who); err != nil && !errors.Is(err, sql.ErrNoRows) {
				return err
			}
		}
		if err := x.exec(`UPDATE orders SET customer_id = $1, contact_id = $2, rule = $3, evidence = $4, changed_us = $5 WHERE id = $6`,
			orNull(customer), orNull(contact), string(crm.RuleByHand), cut(who, 1000), micros(x.s.now()), int64(id)); err != nil {
			return err
		}
		return x.ordersMoved(o.Customer, customer)
	})
}

// ordersMoved notes that customers have gained or lost orders.
func (x *tx) ordersMoved(customers ...crm.CustomerID) error {
	for _, c := range distinct(customers) {
		if err := x.recomputeLast(c); err != nil {
			return err
		}
		x.tell(crm.Event{Kind: "mail", Customer: c})
	}
	return x.unrank(customers...)
}

// placeOrdersAgain places the orders of buyers whose address has come to be used
// by somebody, or not to be used any more. No customers are made of them: an
// order that has lost its buyer waits for a colleague's word.
func (b *batch) placeOrdersAgain() error {
	forms := sortedKeys(b.changed)
	if len(forms) == 0 {
		return nil
	}
	var orders []crm.Order
	if err := each(b.x, `SELECT `+orderColumns+` FROM orders o WHERE o.buyer_key <> '' AND o.buyer_key IN (IN) ORDER BY o.id`, nil, forms, func(r *sql.Rows) error {
		var o crm.Order
		err := scanOrder(r, &o)
		orders = append(orders, o)
		return err
	}); err != nil {
		return err
	}
	if len(orders) == 0 {
		return nil
	}
	g := &orderBatch{batch: b, numbered: map[orderKey]crm.Person{}}
	var numbers []string
	for i := range orders {
		numbers = append(numbers, orders[i].Buyer.Number)
	}
	if err := g.lookUpBuyers(numbers); err != nil {
		return err
	}
	for i := range orders {
		if err := g.again(&orders[i]); err != nil {
			return err
		}
	}
	return nil
}

// again places an order that is here, by the rules as they stand.
func (g *orderBatch) again(o *crm.Order) error {
	if o.Rule == crm.RuleByHand {
		return nil
	}
	p := g.firm.PlaceOrder(o, g)
	if p.New {
		if o.Rule == crm.RuleBuyer || o.Rule == crm.RuleDomain { // as it was found when it came
			return nil
		}
		p = crm.Placement{Rule: crm.RuleNoCustomer, Evidence: p.Evidence}
	}
	if p.Customer == o.Customer && p.Contact == o.Contact && (p.Rule == o.Rule && p.Evidence == o.Evidence || o.Rule == crm.RuleBuyer) { // who became known by this order is known by it
		return nil
	}
	if err := g.x.exec(`UPDATE orders SET customer_id = $1, contact_id = $2, rule = $3, evidence = $4, changed_us = $5 WHERE id = $6`,
		orNull(p.Customer), orNull(p.Contact), string(p.Rule), cut(p.Evidence, 1000), micros(g.now), int64(o.ID)); err != nil {
		return err
	}
	return g.x.ordersMoved(o.Customer, p.Customer)
}

// redateOrders counts the days of all orders anew, in another time zone.
func (x *tx) redateOrders(zone *time.Location) error {
	const chunk = 10_000
	for last := int64(0); ; {
		rows, err := x.query(`SELECT id, at_us, day FROM orders WHERE id > $1 ORDER BY id LIMIT $2`, last, chunk)
		list, err := collect(rows, err, func(r *sql.Rows, o *[3]int64) error { return r.Scan(&o[0], &o[1], &o[2]) })
		if err != nil || len(list) == 0 {
			return err
		}
		for _, o := range list {
			if day := dayOf(fromMicros(o[1]), zone); day != o[2] {
				if err := x.exec(`UPDATE orders SET day = $1 WHERE id = $2`, day, o[0]); err != nil {
					return err
				}
			}
		}
		last = list[len(list)-1][0]
	}
}
