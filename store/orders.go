package store

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/json"
	"slices"
	"time"

	"kaveri/crm"
)

// OrderOptions say how orders are kept.
type OrderOptions = crm.OrderOptions

// SaveOrders keeps orders, all in one transaction, and says of each what became
// of it; those refused change nothing. An order that is here just like it stands
// is the same. Buyers that nobody knows become customers, see [crm.Firm.PlaceOrder].
func (s *Store) SaveOrders(ctx context.Context, v crm.Viewer, list []crm.Order, o OrderOptions) ([]crm.OrderResult, error) {
	if !mayRead(v) {
		return nil, errNobody
	}
	var out []crm.OrderResult
	err := s.write(ctx, func(x *tx) error {
		g, err := x.newOrders(slices.Clone(list), o)
		if err != nil {
			return err
		}
		out, err = g.save()
		return err
	})
	if err != nil {
		return nil, err
	}
	return out, s.decideStale(ctx)
}

// orderBatch is one transaction's worth of orders.
type orderBatch struct {
	*batch
	how      OrderOptions
	restores bool // what was replaced: nothing is kept of what it replaces
	list     []crm.Order
	zone     *time.Location
	rates    map[string][]rateFrom
	known    map[orderKey]*knownOrder
	numbered map[orderKey]crm.Person // whom shops have under a number
	products map[string]*knownProduct
	groups   map[string]int64
	offers   map[string]int64

	rows, lines, offered, buyerRows, madeRows []any
	refunds                                   map[orderKey][]int64 // what is refunded -> refunds of this batch
	refunded                                  map[int64]bool       // orders whose refunds changed
	people                                    map[int64]bool       // customers whose orders changed
	shrunk                                    map[int64]bool       // those of them who may have lost their newest
}

// orderKey names an order, or a buyer, in its source.
type orderKey struct{ source, number string }

// knownOrder is an order as it is stored.
type knownOrder struct {
	id, customer, contact int64
	rule, evidence        string
	digest                [32]byte
}

// knownProduct is a product as it is stored.
type knownProduct struct {
	id, group int64
	name      string
}

// The number of columns of an order's row, and of its lines'.
const (
	orderCols     = 25
	orderLineCols = 6
)

const orderHead = `INSERT INTO orders (id, source, number, customer_id, contact_id, rule, evidence, buyer_number, buyer_name, buyer_address, buyer_key, buyer_phone,
at_us, day, state, currency, total, discount, full_price, value, refunds, refunds_id, import_id, digest, changed_us) VALUES `

// newOrders looks up what the orders of a transaction meet.
func (x *tx) newOrders(list []crm.Order, how OrderOptions) (*orderBatch, error) {
	b, err := x.newBatch(x.s.now())
	if err != nil {
		return nil, err
	}
	g := &orderBatch{batch: b, how: how, list: list, known: map[orderKey]*knownOrder{}, numbered: map[orderKey]crm.Person{},
		products: map[string]*knownProduct{}, groups: map[string]int64{}, offers: map[string]int64{},
		refunds: map[orderKey][]int64{}, refunded: map[int64]bool{}, people: map[int64]bool{}, shrunk: map[int64]bool{}}
	g.zone = b.firm.Zone()
	if g.rates, err = x.rates(); err != nil {
		return nil, err
	}
	return g, nil
}

// save keeps the orders one after another.
func (g *orderBatch) save() ([]crm.OrderResult, error) {
	out := make([]crm.OrderResult, len(g.list))
	for i := range g.list {
		if err := g.list[i].Validate(g.now); err != nil {
			out[i] = refused(err)
		}
	}
	if err := g.lookUp(out); err != nil {
		return nil, err
	}
	for i := range g.list {
		if out[i].Err != nil {
			continue
		}
		var err error
		if out[i], err = g.one(&g.list[i]); err != nil {
			return nil, err
		}
	}
	if err := g.count(out); err != nil {
		return nil, err
	}
	return out, g.finish()
}

// count notes how many orders an import has brought.
func (g *orderBatch) count(results []crm.OrderResult) error {
	n := map[crm.OrderOutcome]int{}
	for _, r := range results {
		n[r.Outcome]++
	}
	if g.how.Import == 0 || g.restores {
		return nil
	}
	return g.x.exec(`UPDATE order_imports SET added = added + $1, replaced = replaced + $2 WHERE id = $3`, n[crm.OrderAdded], n[crm.OrderReplaced], int64(g.how.Import))
}

func refused(err error) crm.OrderResult {
	return crm.OrderResult{Outcome: crm.OrderRefused, Err: err}
}

// one keeps an order. What is wrong with it stands in the result.
func (g *orderBatch) one(o *crm.Order) (crm.OrderResult, error) {
	key := orderKey{o.Source, o.Number}
	digest := digestOf(o)
	was := g.known[key]
	if was != nil && was.digest == digest {
		return crm.OrderResult{Outcome: crm.OrderSame, Order: crm.OrderID(was.id), Customer: crm.CustomerID(was.customer)}, nil
	}
	if was != nil && !g.how.Replace {
		return refused(crm.Conflict("order %s: it is here already, with other content; say that it is to be replaced, or give it another number", o.Number)), nil
	}
	var wrong error
	if o.Value, wrong = g.valueOf(o); wrong != nil {
		return refused(wrong), nil
	}
	p := g.placeOf(o, was)
	o.Customer = p.Customer
	target, wrong, err := g.refundOf(o)
	if err != nil {
		return crm.OrderResult{}, err
	}
	if wrong != nil {
		return refused(wrong), nil
	}
	made, err := g.place(o, &p)
	if err != nil {
		return crm.OrderResult{}, err
	}
	id, err := g.keep(o, was, target, digest)
	if err != nil {
		return crm.OrderResult{}, err
	}
	g.known[key] = &knownOrder{id: id, customer: int64(o.Customer), contact: int64(o.Contact), rule: string(o.Rule), evidence: o.Evidence, digest: digest}
	out := crm.OrderResult{Outcome: crm.OrderAdded, Order: crm.OrderID(id), Customer: o.Customer, Made: made}
	if was != nil {
		out.Outcome = crm.OrderReplaced
	}
	return out, nil
}

// digestOf tells orders of one number apart: by all that was said of them.
func digestOf(o *crm.Order) [32]byte {
	said := *o
	said.ID, said.Customer, said.Contact, said.Rule, said.Evidence, said.Value, said.Refunded, said.RefundedBy = 0, 0, 0, "", "", 0, 0, nil
	said.At = said.At.UTC()
	j, err := json.Marshal(said)
	if err != nil {
		panic(err) // nothing in it can fail
	}
	return sha256.Sum256(j)
}

// valueOf gives an order's total in the firm's currency, by the rate of its day.
func (g *orderBatch) valueOf(o *crm.Order) (crm.Money, error) {
	if o.Currency == g.firm.Currency {
		return o.Total, nil
	}
	rate, ok := rateAt(g.rates[o.Currency], dayOf(o.At, g.zone))
	if !ok {
		return 0, crm.Invalid("currency", "order %s is in %s, and what that is worth in %s at %s is not known; set its rate first",
			o.Number, o.Currency, g.firm.Currency, o.At.In(g.zone).Format(time.DateOnly))
	}
	return o.Total.At(rate), nil
}

// dayOf gives the number of the day of a time in a zone.
func dayOf(t time.Time, zone *time.Location) int64 { return int64(crm.DayOf(t.In(zone))) }

// keep writes an order's rows: a new one with those of the batch, one that is
// replaced at once.
func (g *orderBatch) keep(o *crm.Order, was *knownOrder, target int64, digest [32]byte) (int64, error) {
	id, err := int64(0), error(nil)
	if was != nil {
		id = was.id
		if err := g.putAside(id); err != nil {
			return 0, err
		}
		g.people[was.customer], g.shrunk[was.customer], g.shrunk[int64(o.Customer)] = true, true, true
	} else if id, err = g.x.id(); err != nil {
		return 0, err
	}
	g.people[int64(o.Customer)] = true
	if o.Customer != 0 {
		g.last[int64(o.Customer)] = max(g.last[int64(o.Customer)], micros(o.At))
	}
	g.rows = append(g.rows, id, o.Source, o.Number, orNull(o.Customer), orNull(o.Contact), string(o.Rule), cut(o.Evidence, 1000),
		o.Buyer.Number, o.Buyer.Name, string(o.Buyer.Address), string(o.Buyer.Address.Canonical()), o.Buyer.Phone,
		micros(o.At), dayOf(o.At, g.zone), string(o.State), o.Currency, int64(o.Total), int64(o.Discount), flag(o.Discount == 0 && len(o.Offers) == 0), int64(o.Value),
		o.Refunds, nil, orNull(g.how.Import), digest[:], micros(g.now))
	if target != 0 {
		g.rows[len(g.rows)-4] = target
		g.refunded[target] = true
	} else if o.Refunds != "" {
		key := orderKey{o.Source, o.Refunds}
		g.refunds[key] = append(g.refunds[key], id)
	}
	for i, l := range o.Lines {
		product, err := g.product(&l.Product)
		if err != nil {
			return 0, err
		}
		g.lines = append(g.lines, id, int64(i+1), product, int64(l.Quantity), int64(l.Total), int64(l.Discount))
	}
	for _, code := range distinct(o.Offers) {
		offer, err := g.offer(code)
		if err != nil {
			return 0, err
		}
		g.offered = append(g.offered, id, offer)
	}
	return id, nil
}

// putAside makes room for what replaces an order; one that an import replaces is
// kept as it was. What is pending of the batch may be about it.
func (g *orderBatch) putAside(id int64) error {
	if err := g.write(); err != nil {
		return err
	}
	if g.how.Import != 0 && !g.restores {
		if err := g.keepVersion(id); err != nil {
			return err
		}
	}
	var target sql.NullInt64
	if err := g.x.row(`SELECT refunds_id FROM orders WHERE id = $1`, id).Scan(&target); err != nil {
		return err
	}
	if target.Valid {
		g.refunded[target.Int64] = true
	}
	g.refunded[id] = true
	return g.x.clearOrder(id)
}

// keepVersion keeps an order as it was, unless this import has made it so.
func (g *orderBatch) keepVersion(id int64) error {
	was, err := g.x.wholeOrder(id)
	if err != nil {
		return err
	}
	var of sql.NullInt64
	if err := g.x.row(`SELECT import_id FROM orders WHERE id = $1`, id).Scan(&of); err != nil || of.Int64 == int64(g.how.Import) {
		return err
	}
	j, err := json.Marshal(was)
	if err != nil {
		return err
	}
	return g.x.exec(`INSERT INTO order_versions (order_id, import_id, was_import_id, was) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING`, id, int64(g.how.Import), of, string(j))
}

// clearOrder removes the parts of an order.
func (x *tx) clearOrder(id int64) error {
	for _, q := range []string{`DELETE FROM order_lines WHERE order_id = $1`, `DELETE FROM order_offers WHERE order_id = $1`} {
		if err := x.exec(q, id); err != nil {
			return err
		}
	}
	return nil
}

// write writes the rows that are pending, parents before children.
func (g *orderBatch) write() error {
	for _, w := range []struct {
		head string
		cols int
		rows *[]any
		tail string
	}{
		{orderHead, orderCols, &g.rows, ` ON CONFLICT (id) DO UPDATE SET customer_id = excluded.customer_id, contact_id = excluded.contact_id, rule = excluded.rule, evidence = excluded.evidence,
buyer_number = excluded.buyer_number, buyer_name = excluded.buyer_name, buyer_address = excluded.buyer_address, buyer_key = excluded.buyer_key, buyer_phone = excluded.buyer_phone,
at_us = excluded.at_us, day = excluded.day, state = excluded.state, currency = excluded.currency, total = excluded.total, discount = excluded.discount, full_price = excluded.full_price, value = excluded.value,
refunds = excluded.refunds, refunds_id = excluded.refunds_id, import_id = excluded.import_id, digest = excluded.digest, changed_us = excluded.changed_us`},
		{`INSERT INTO order_lines (order_id, n, product_id, quantity, total, discount) VALUES `, orderLineCols, &g.lines, ``},
		{`INSERT INTO order_offers (order_id, offer_id) VALUES `, 2, &g.offered, ``},
		{`INSERT INTO buyers (source, number, contact_id) VALUES `, 3, &g.buyerRows, ` ON CONFLICT DO NOTHING`},
		{`INSERT INTO import_contacts (import_id, contact_id) VALUES `, 2, &g.madeRows, ` ON CONFLICT DO NOTHING`},
	} {
		if err := g.x.insert(w.head, w.cols, *w.rows, w.tail); err != nil {
			return err
		}
		*w.rows = (*w.rows)[:0]
	}
	return nil
}

// finish writes what is left, binds refunds to what they refund, and tells. Orders
// that were here before are placed again first, while those of this batch, whose
// place is new, are not written yet.
func (g *orderBatch) finish() error {
	for _, c := range customersOf(g.people) {
		g.touched[int64(c)] = true
	}
	if err := g.batch.finish(); err != nil {
		return err
	}
	if err := g.write(); err != nil {
		return err
	}
	if err := g.bindRefunds(); err != nil {
		return err
	}
	for _, c := range customersOf(g.shrunk) {
		if err := g.x.recomputeLast(c); err != nil {
			return err
		}
	}
	return g.x.unrank(customersOf(g.people)...)
}

// customersOf gives the customers among keys that may be 0.
func customersOf(people map[int64]bool) (out []crm.CustomerID) {
	for _, id := range sortedKeys(people) {
		if id != 0 {
			out = append(out, crm.CustomerID(id))
		}
	}
	return out
}
