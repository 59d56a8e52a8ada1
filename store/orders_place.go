package store

import (
	"database/sql"
	"fmt"
	"slices"

	"kaveri/crm"
)

// This file finds whose orders are, and what they name: products, offers, the
// orders that they refund.

// ContactNumbered answers from the numbers that shops have for their customers.
func (g *orderBatch) ContactNumbered(source, number string) (crm.Person, bool) {
	p, ok := g.numbered[orderKey{source, number}]
	return p, ok
}

// lookUp reads what the good orders of the batch meet.
func (g *orderBatch) lookUp(results []crm.OrderResult) error {
	var numbers, buyers, skus, groups, codes []string
	var addresses []crm.Address
	for i := range g.list {
		o := &g.list[i]
		if results[i].Err != nil {
			continue
		}
		numbers, buyers = append(numbers, o.Number, o.Refunds), append(buyers, o.Buyer.Number)
		if o.Buyer.Address != "" {
			addresses = append(addresses, o.Buyer.Address)
		}
		for _, l := range o.Lines {
			skus, groups = append(skus, l.Product.SKU), append(groups, l.Product.Group)
		}
		codes = append(codes, o.Offers...)
	}
	if err := g.lookUpAddresses(addresses); err != nil {
		return err
	}
	if err := g.lookUpOrders(numbers); err != nil {
		return err
	}
	if err := g.lookUpBuyers(buyers); err != nil {
		return err
	}
	if err := g.lookUpProducts(distinct(skus)); err != nil {
		return err
	}
	for _, w := range []struct {
		query string
		names []string
		ids   map[string]int64
	}{
		{`SELECT name, id FROM product_groups WHERE name IN (IN)`, groups, g.groups},
		{`SELECT code, id FROM offers WHERE code IN (IN)`, codes, g.offers},
	} {
		if err := each(g.x, w.query, nil, distinct(w.names), func(r *sql.Rows) error {
			var name string
			var id int64
			err := r.Scan(&name, &id)
			w.ids[name] = id
			return err
		}); err != nil {
			return err
		}
	}
	return nil
}

func (g *orderBatch) lookUpOrders(numbers []string) error {
	return each(g.x, `SELECT source, number, id, COALESCE(customer_id, 0), COALESCE(contact_id, 0), rule, evidence, digest FROM orders WHERE number IN (IN)`, nil, distinct(numbers), func(r *sql.Rows) error {
		var k orderKey
		var o knownOrder
		var digest []byte
		if err := r.Scan(&k.source, &k.number, &o.id, &o.customer, &o.contact, &o.rule, &o.evidence, &digest); err != nil {
			return err
		}
		copy(o.digest[:], digest)
		g.known[k] = &o
		return nil
	})
}

func (g *orderBatch) lookUpBuyers(numbers []string) error {
	return each(g.x, `SELECT b.source, b.number, c.id, c.customer_id FROM buyers b JOIN contacts c ON c.id = b.contact_id WHERE b.number IN (IN)`, nil, distinct(numbers), func(r *sql.Rows) error {
		var k orderKey
		var p crm.Person
		if err := r.Scan(&k.source, &k.number, &p.Contact, &p.Customer); err != nil {
			return err
		}
		g.numbered[k] = p
		return nil
	})
}

func (g *orderBatch) lookUpProducts(skus []string) error {
	return each(g.x, `SELECT sku, id, name, COALESCE(group_id, 0) FROM products WHERE sku IN (IN)`, nil, skus, func(r *sql.Rows) error {
		var sku string
		var p knownProduct
		if err := r.Scan(&sku, &p.id, &p.name, &p.group); err != nil {
			return err
		}
		g.products[sku] = &p
		return nil
	})
}

// placeOf says whose an order is. A colleague's word stays.
func (g *orderBatch) placeOf(o *crm.Order, was *knownOrder) crm.Placement {
	if was != nil && was.rule == string(crm.RuleByHand) {
		return crm.Placement{Customer: crm.CustomerID(was.customer), Contact: crm.ContactID(was.contact), Rule: crm.RuleByHand, Evidence: was.evidence}
	}
	return g.firm.PlaceOrder(o, g)
}

// place gives an order to a customer, and makes the buyer a contact when nobody
// is.
func (g *orderBatch) place(o *crm.Order, p *crm.Placement) (made bool, err error) {
	if p.New {
		if made, err = g.admitBuyer(o, p); err != nil {
			return false, err
		}
	}
	o.Customer, o.Contact, o.Rule, o.Evidence = p.Customer, p.Contact, p.Rule, p.Evidence
	return made, g.number(o)
}

// admitBuyer makes a buyer a contact: of an organisation, or a customer of its
// own.
func (g *orderBatch) admitBuyer(o *crm.Order, p *crm.Placement) (made bool, err error) {
	name, named := properName(crm.Party{Name: o.Buyer.Name})
	switch {
	case named:
	case o.Buyer.Address != "":
		name = crm.NameFromAddress(o.Buyer.Address)
	case o.Buyer.Number != "":
		name = fmt.Sprintf("%s %s", o.Source, o.Buyer.Number)
	default:
		name = o.Buyer.Phone
	}
	customer := int64(p.Customer)
	if customer == 0 {
		if customer, err = g.x.newCustomer(name, g.now); err != nil {
			return false, err
		}
		made = true
	}
	contact, err := g.x.newContact(customer, name, named, "order", g.now)
	if err != nil {
		return false, err
	}
	p.Customer, p.Contact = crm.CustomerID(customer), crm.ContactID(contact)
	g.customers[contact] = customer
	if g.how.Import != 0 {
		g.madeRows = append(g.madeRows, int64(g.how.Import), contact)
	}
	if a := o.Buyer.Address; a != "" {
		if err := g.use(a, contact, customer); err != nil {
			return false, err
		}
	}
	if o.Buyer.Phone != "" {
		if err := g.x.exec(`INSERT INTO phones (contact_id, phone) VALUES ($1, $2) ON CONFLICT DO NOTHING`, contact, cut(o.Buyer.Phone, 60)); err != nil {
			return false, err
		}
		if err := g.phonesChanged([]string{o.Buyer.Phone}); err != nil {
			return false, err
		}
	}
	if !made {
		return false, g.x.words(customer, name)
	}
	if named {
		if err := g.proposeNamesake(name, contact); err != nil {
			return false, err
		}
	}
	return true, g.proposeOrganisation(o.Buyer.Address, contact, customer)
}

// number notes the number that a shop has for a contact. One that it has for
// somebody else is a sign that the two are one human, and is asked about.
func (g *orderBatch) number(o *crm.Order) error {
	if o.Buyer.Number == "" || o.Contact == 0 {
		return nil
	}
	key := orderKey{o.Source, o.Buyer.Number}
	known, ok := g.numbered[key]
	if !ok {
		g.numbered[key] = crm.Person{Contact: o.Contact, Customer: o.Customer}
		g.buyerRows = append(g.buyerRows, o.Source, o.Buyer.Number, int64(o.Contact))
		return nil
	}
	if known.Contact == o.Contact || o.Rule == crm.RuleByHand {
		return nil
	}
	return g.review(crm.Review{Kind: crm.ReviewMerge, Contact: known.Contact, Other: o.Contact, Subject: cut(o.Buyer.Number, 300), Reason: crm.ReasonBuyer,
		Evidence: fmt.Sprintf("%s %s", o.Source, o.Buyer.Number)})
}

// product gives the row of a product, made when new. The name and group that an
// order has for it are the ones that count now.
func (g *orderBatch) product(p *crm.Product) (int64, error) {
	group, err := g.named(g.groups, `INSERT INTO product_groups (id, name, name_key) VALUES ($1, $2, $3)`, p.Group, crm.NameKey(p.Group))
	if err != nil {
		return 0, err
	}
	known := g.products[p.SKU]
	if known == nil {
		id, err := g.x.id()
		if err != nil {
			return 0, err
		}
		g.products[p.SKU] = &knownProduct{id: id, group: group, name: p.Name}
		return id, g.x.exec(`INSERT INTO products (id, sku, name, name_key, group_id) VALUES ($1, $2, $3, $4, $5)`, id, p.SKU, p.Name, crm.NameKey(p.Name), orNull(group))
	}
	name := p.Name
	if name == "" {
		name = known.name
	}
	if group == 0 {
		group = known.group
	}
	if name == known.name && group == known.group {
		return known.id, nil
	}
	known.name, known.group = name, group
	return known.id, g.x.exec(`UPDATE products SET name = $1, name_key = $2, group_id = $3 WHERE id = $4`, name, crm.NameKey(name), orNull(group), known.id)
}

func (g *orderBatch) offer(code string) (int64, error) {
	return g.named(g.offers, `INSERT INTO offers (id, code) VALUES ($1, $2)`, cut(code, 300))
}

// named gives the row with a name, made when new; 0 for none. more follows id and
// name in the row.
func (g *orderBatch) named(ids map[string]int64, insert, name string, more ...any) (int64, error) {
	if id := ids[name]; id != 0 || name == "" {
		return id, nil
	}
	id, err := g.x.id()
	if err != nil {
		return 0, err
	}
	ids[name] = id
	return id, g.x.exec(insert, append([]any{id, name}, more...)...)
}

// refundOf gives the order for which another one gives money back: the one that
// it names, or the newest one before it that has all its products; 0 for an order
// that refunds none, or one that is not here yet. wrong says why it cannot be
// kept.
func (g *orderBatch) refundOf(o *crm.Order) (target int64, wrong, err error) {
	switch {
	case o.Total >= 0 && o.Refunds != "":
		return 0, crm.Invalid("refunds", "order %s gives money back for %s, but its total is not below zero", o.Number, o.Refunds), nil
	case o.Total >= 0 || o.State == crm.OrderCancelled:
		return 0, nil, nil
	case o.Refunds != "":
		if known := g.known[orderKey{o.Source, o.Refunds}]; known != nil {
			target = known.id
		}
		return target, nil, nil
	}
	if o.Customer != 0 && len(o.Lines) > 0 {
		target, err = g.refundByLines(o)
	}
	if err == nil && target == 0 {
		wrong = crm.Invalid("total", "order %s has a total below zero, names no order that it refunds, and this customer has no earlier order with its products; name that order", o.Number)
	}
	return target, wrong, err
}

// refundByLines finds the newest order of the customer from which all that is
// given back can be: as much of each product, less what was given back before.
func (g *orderBatch) refundByLines(o *crm.Order) (int64, error) {
	back := map[int64]int64{}
	for _, l := range o.Lines {
		if p := g.products[l.Product.SKU]; p != nil {
			back[p.id] -= int64(l.Quantity)
		} else {
			return 0, nil
		}
	}
	if err := g.write(); err != nil { // it may be of this batch
		return 0, err
	}
	type bought struct {
		at   int64
		left map[int64]int64
	}
	orders := map[int64]*bought{}
	err := each(g.x, `SELECT COALESCE(o.refunds_id, o.id), l.product_id, sum(l.quantity), max(CASE WHEN o.refunds_id IS NULL THEN o.at_us ELSE 0 END)
FROM orders o JOIN order_lines l ON l.order_id = o.id WHERE o.customer_id = $1 AND o.at_us <= $2 AND o.state = $3 AND l.product_id IN (IN)
GROUP BY COALESCE(o.refunds_id, o.id), l.product_id`, []any{int64(o.Customer), micros(o.At), string(crm.OrderPlaced)}, sortedKeys(back), func(r *sql.Rows) error {
		var id, product, quantity, at int64
		if err := r.Scan(&id, &product, &quantity, &at); err != nil {
			return err
		}
		if orders[id] == nil {
			orders[id] = &bought{left: map[int64]int64{}}
		}
		orders[id].left[product], orders[id].at = quantity, max(orders[id].at, at)
		return nil
	})
	var best int64
	for _, id := range sortedKeys(orders) {
		b := orders[id]
		all := !slices.ContainsFunc(sortedKeys(back), func(p int64) bool { return b.left[p] < back[p] || back[p] <= 0 })
		if all && (best == 0 || b.at >= orders[best].at) {
			best = id
		}
	}
	return best, err
}

// bindRefunds ties refunds to orders that came in the same batch or later, and
// sums anew what was given back for the orders concerned.
func (g *orderBatch) bindRefunds() error {
	for key, refunds := range g.refunds {
		known := g.known[key]
		if known == nil {
			continue
		}
		for _, id := range refunds {
			if err := g.x.exec(`UPDATE orders SET refunds_id = $1 WHERE id = $2`, known.id, id); err != nil {
				return err
			}
		}
		g.refunded[known.id] = true
	}
	if err := g.bindWaiting(); err != nil {
		return err
	}
	return g.x.sumRefunds(sortedKeys(g.refunded))
}

// bindWaiting finds refunds that were here before what they refund.
func (g *orderBatch) bindWaiting() error {
	var numbers []string
	for i := range g.list {
		numbers = append(numbers, g.list[i].Number)
	}
	bind := map[int64]int64{}
	if err := each(g.x, `SELECT id, source, refunds FROM orders WHERE refunds_id IS NULL AND refunds <> '' AND refunds IN (IN)`, nil, distinct(numbers), func(r *sql.Rows) error {
		var id int64
		var key orderKey
		if err := r.Scan(&id, &key.source, &key.number); err != nil {
			return err
		}
		if known := g.known[key]; known != nil {
			bind[id] = known.id
		}
		return nil
	}); err != nil {
		return err
	}
	for _, id := range sortedKeys(bind) {
		g.refunded[bind[id]] = true
		if err := g.x.exec(`UPDATE orders SET refunds_id = $1 WHERE id = $2`, bind[id], id); err != nil {
			return err
		}
	}
	return nil
}

// noteRefunds says of refunds that are kept what whoever sent them may not know:
// that one waits for its order, or that more is given back than that was worth.
func (g *orderBatch) noteRefunds(results []crm.OrderResult) error {
	for i := range results {
		o, r := &g.list[i], &results[i]
		if r.Err != nil || o.Total >= 0 || o.State == crm.OrderCancelled {
			continue
		}
		var target sql.NullString
		var left crm.Money
		if err := g.x.row(`SELECT t.number, COALESCE(t.value + t.refunded, 0) FROM orders o LEFT JOIN orders t ON t.id = o.refunds_id WHERE o.id = $1`, int64(r.Order)).Scan(&target, &left); err != nil {
			return err
		}
		switch {
		case !target.Valid:
			r.Note = fmt.Sprintf("order %s, which this one refunds, is not here; the refund is bound to it when it comes", o.Refunds)
		case left < 0:
			r.Note = fmt.Sprintf("with this refund, %s more is given back for order %s than it was worth", -left, target.String)
		}
	}
	return nil
}

// sumRefunds sums what was given back for orders.
func (x *tx) sumRefunds(orders []int64) error {
	for _, id := range orders {
		if err := x.exec(`UPDATE orders SET refunded = COALESCE((SELECT sum(r.value) FROM orders r WHERE r.refunds_id = $1 AND r.state = $2), 0) WHERE id = $1`, id, string(crm.OrderPlaced)); err != nil {
			return err
		}
	}
	return nil
}
