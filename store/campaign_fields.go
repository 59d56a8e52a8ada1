package store

import (
	"context"
	"database/sql"
	"strconv"
	"strings"

	"kaveri/crm"
)

// MemberFields gives what texts may say about members, in their order. Its fields:
//
//	first_name, name             of the person
//	language                     ISO 639-1, when known
//	rung, timing                 as on the ladder now
//	orders, last_order, days     how many, the day of the last (2006-01-02), days since
//	last_product                 what made up most of it
//	due                          the day on which the next one may be expected
//	wish, wish_topic             their newest open wish, in their words
//
// A field without a value is not there.
func (s *Store) MemberFields(ctx context.Context, ms []crm.Member) ([]crm.MemberFacts, error) {
	g := telling{out: make([]crm.MemberFacts, len(ms)), at: map[int64][]int{}, person: map[int64][]int{}}
	for i, m := range ms {
		g.out[i] = crm.MemberFacts{Customer: m.Customer, Fields: map[string]string{}}
		g.at[int64(m.Customer)] = append(g.at[int64(m.Customer)], i)
		g.person[int64(m.Contact)] = append(g.person[int64(m.Contact)], i)
	}
	err := s.view(ctx, func(x *tx) error {
		firm, err := x.firm()
		if err != nil {
			return err
		}
		g.x, g.today = x, crm.DayOf(s.now().In(firm.Zone()))
		for _, read := range []func() error{g.people, g.customers, g.orders, g.wishes} {
			if err := read(); err != nil {
				return err
			}
		}
		return nil
	})
	return g.out, err
}

// telling reads fields for a batch of members.
type telling struct {
	x          *tx
	today      crm.Day
	out        []crm.MemberFacts
	at, person map[int64][]int // by customer, by contact
}

func (g *telling) set(is []int, name, value string) {
	for _, i := range is {
		if value != "" {
			g.out[i].Fields[name] = value
		}
	}
}

func (g *telling) people() error {
	return each(g.x, `SELECT id, name FROM contacts WHERE id IN (IN)`, nil, sortedKeys(g.person), func(r *sql.Rows) error {
		var id int64
		var name string
		err := r.Scan(&id, &name)
		if strings.Contains(name, "@") { // nobody has told it
			return err
		}
		for _, i := range g.person[id] {
			g.out[i].Name = name
		}
		first, _, _ := strings.Cut(name, " ")
		g.set(g.person[id], "first_name", first)
		return err
	})
}

func (g *telling) customers() error {
	return each(g.x, `SELECT c.id, c.language, COALESCE(l.rung, ''), COALESCE(l.timing, ''), COALESCE(l.due_day, 0) FROM customers c LEFT JOIN loyalty l ON l.customer_id = c.id WHERE c.id IN (IN)`, nil, sortedKeys(g.at), func(r *sql.Rows) error {
		var id int64
		var language, rung, timing string
		var due crm.Day
		err := r.Scan(&id, &language, &rung, &timing, &due)
		for _, i := range g.at[id] {
			g.out[i].Language = language
		}
		g.set(g.at[id], "language", language)
		g.set(g.at[id], "rung", rung)
		g.set(g.at[id], "timing", timing)
		if due > 0 {
			g.set(g.at[id], "due", due.String())
		}
		return err
	})
}

func (g *telling) orders() error {
	last := map[int64]int64{} // order -> customer
	if err := each(g.x, `SELECT o.customer_id, count(*), max(o.day), (SELECT l.id FROM orders l WHERE l.customer_id = o.customer_id AND l.state = $1 AND l.refunds = '' AND l.value + l.refunded > 0 ORDER BY l.at_us DESC, l.id DESC LIMIT 1)
FROM orders o WHERE o.state = $1 AND o.refunds = '' AND o.value + o.refunded > 0 AND o.customer_id IN (IN) GROUP BY o.customer_id`, []any{string(crm.OrderPlaced)}, sortedKeys(g.at), func(r *sql.Rows) error {
		var id, order int64
		var n int
		var day crm.Day
		err := r.Scan(&id, &n, &day, &order)
		g.set(g.at[id], "orders", strconv.Itoa(n))
		g.set(g.at[id], "last_order", day.String())
		g.set(g.at[id], "days", strconv.Itoa(int(max(g.today-day, 0))))
		last[order] = id
		return err
	}); err != nil {
		return err
	}
	told := map[int64]bool{}
	return each(g.x, `SELECT l.order_id, p.name FROM order_lines l JOIN products p ON p.id = l.product_id WHERE l.order_id IN (IN) ORDER BY l.order_id, l.total DESC, l.n`, nil, sortedKeys(last), func(r *sql.Rows) error {
		var order int64
		var name string
		err := r.Scan(&order, &name)
		if !told[order] {
			told[order] = true
			g.set(g.at[last[order]], "last_product", name)
		}
		return err
	})
}

// wishes reads the newest open wish of each person. One that a colleague of theirs
// has told us is not theirs to be reminded of.
func (g *telling) wishes() error {
	told := map[int64]bool{}
	return each(g.x, `SELECT contact_id, state, quote, topic FROM wishes WHERE kind = $1 AND contact_id IS NOT NULL AND customer_id IN (IN) ORDER BY customer_id, at_us DESC, id DESC`, []any{string(crm.WishWish)}, sortedKeys(g.at), func(r *sql.Rows) error {
		var id int64
		var state crm.WishState
		var quote, topic string
		err := r.Scan(&id, &state, &quote, &topic)
		if len(g.person[id]) == 0 || told[id] || !state.Open() && state != crm.WishDone {
			return err
		}
		told[id] = true
		g.set(g.person[id], "wish", quote)
		g.set(g.person[id], "wish_topic", topic)
		return err
	})
}
