package store

import (
	"context"
	"database/sql"
	"math"
	"slices"

	"kaveri/crm"
)

// This file gathers what standings rest on: orders, and what mail, mailings,
// surveys and wishes show of a customer's attitude. Private mail counts like any
// other: it gives numbers here, and no words.

// OrderDays gives all orders that stand, in no order.
func (s *Store) OrderDays(ctx context.Context, yield func(crm.OrderDay) error) error {
	return s.view(ctx, func(x *tx) error {
		rows, err := x.query(`SELECT customer_id, day, value + refunded FROM orders WHERE customer_id IS NOT NULL AND state = $1 AND value + refunded > 0`, string(crm.OrderPlaced))
		if err != nil {
			return err
		}
		return scanAll(rows, func(r *sql.Rows) error {
			var o crm.OrderDay
			if err := r.Scan(&o.Customer, &o.Day, &o.Net); err != nil {
				return err
			}
			return yield(o)
		})
	})
}

// CustomersAfter gives the last of the next n customers behind one, 0 at the end:
// where a chunk of all customers ends.
func (s *Store) CustomersAfter(ctx context.Context, after crm.CustomerID, n int) (last crm.CustomerID, err error) {
	err = s.view(ctx, func(x *tx) error {
		return x.row(`SELECT COALESCE(max(id), 0) FROM (SELECT id FROM customers WHERE id > $1 AND merged_into = 0 ORDER BY id LIMIT $2) AS c`, int64(after), n).Scan(&last)
	})
	return last, err
}

// accounts are those of a span of customers, under way.
type accounts struct {
	x     *tx
	o     crm.Observation
	span  []any // the customers' bounds: behind the first, up to the second
	since int64 // of signs
	until int64 // before which they count
	list  []crm.Account
	at    map[crm.CustomerID]*gathered

	campaigns int64 // when mail to many was first sent, to anybody; 0: never
	discounts bool  // some order was below the usual price
}

// gathered is what the signs of a customer are counted from.
type gathered struct {
	*crm.Account
	orders  []orderSeen
	prompts []int64 // when mail to many was sent to them
	mails   []mailSeen
	grieved map[int64]bool // conversations in which they complained
}

type orderSeen struct {
	at         int64
	discounted bool
}

type mailSeen struct {
	conversation, at int64
	in               bool
	alone            bool // it is to them alone
}

// Accounts gives the accounts of the customers with ids above from, up to to.
func (s *Store) Accounts(ctx context.Context, from, to crm.CustomerID, o crm.Observation) ([]crm.Account, error) {
	g := accounts{o: o, span: []any{int64(from), int64(to)}, since: micros(crm.SignsSince(o.Today)), until: math.MaxInt64, at: map[crm.CustomerID]*gathered{}}
	if !o.Since.IsZero() {
		g.since = micros(o.Since)
	}
	if !o.Until.IsZero() {
		g.until = micros(o.Until)
	}
	err := s.view(ctx, func(x *tx) error {
		g.x = x
		return g.gather()
	})
	return g.list, err
}

func (g *accounts) gather() error {
	ids, err := column[crm.CustomerID](g.x, `SELECT id FROM customers WHERE id > $1 AND id <= $2 AND merged_into = 0 ORDER BY id`, g.span...)
	if err != nil {
		return err
	}
	g.list = make([]crm.Account, len(ids))
	for i, id := range ids {
		g.list[i].Customer = id
		g.at[id] = &gathered{Account: &g.list[i], grieved: map[int64]bool{}}
	}
	for _, read := range []func() error{g.habits, g.orders, g.prompts, g.wishes, g.mails, g.groups, g.votes, g.recommendations, g.optOuts} {
		if err := read(); err != nil {
			return err
		}
	}
	for _, id := range ids {
		g.at[id].count(g)
	}
	return nil
}

// habits reads what the firm does at all. Where nothing is ever cheaper, and
// nobody is ever asked to order, full price and unprompted orders say nothing.
func (g *accounts) habits() error {
	var n int
	if err := g.x.row(`SELECT (SELECT count(*) FROM (SELECT id FROM orders WHERE discount > 0 LIMIT 1) AS d) + (SELECT count(*) FROM (SELECT order_id FROM order_offers LIMIT 1) AS f)`).Scan(&n); err != nil {
		return err
	}
	g.discounts = n > 0
	return g.x.row(`SELECT COALESCE(min(begun_us), 0) FROM mailings WHERE kind <> $1 AND begun_us > 0`, string(crm.MailingDirect)).Scan(&g.campaigns)
}

// each runs a query over the span; the customer stands in the first column. The
// plus before the times that are bounded from above keeps SQLite from going by
// their index, which is of all customers.
func (g *accounts) each(query string, more []any, scan func(r *sql.Rows) error) error {
	rows, err := g.x.query(query, append(slices.Clone(g.span), more...)...)
	if err != nil {
		return err
	}
	return scanAll(rows, scan)
}

func (g *accounts) orders() error {
	return g.each(`SELECT o.customer_id, o.day, o.at_us, o.value + o.refunded, o.full_price
FROM orders o WHERE o.customer_id > $1 AND o.customer_id <= $2 AND o.state = $3 AND o.value + o.refunded > 0 ORDER BY o.customer_id, o.at_us, o.id`, []any{string(crm.OrderPlaced)}, func(r *sql.Rows) error {
		var id crm.CustomerID
		var day crm.Day
		var net crm.Money
		var seen orderSeen
		var full int64
		if err := r.Scan(&id, &day, &seen.at, &net, &full); err != nil {
			return err
		}
		of := g.at[id]
		if of == nil || day > g.o.Today {
			return nil
		}
		if n := len(of.Days); n > 0 && of.Days[n-1] == day {
			of.Values[n-1] += net
		} else {
			of.Days, of.Values = append(of.Days, day), append(of.Values, net)
		}
		if seen.discounted = full == 0; seen.at >= g.since {
			of.orders = append(of.orders, seen)
		}
		return nil
	})
}

// prompts reads when mail to many went to them.
func (g *accounts) prompts() error {
	return g.each(`SELECT c.customer_id, d.changed_us FROM contacts c JOIN recipients r ON r.contact_id = c.id JOIN dispatches d ON d.id = r.dispatch_id JOIN mailings m ON m.id = d.mailing_id
WHERE c.customer_id > $1 AND c.customer_id <= $2 AND d.state = $3 AND d.changed_us >= $4 AND m.kind <> $5 AND +d.changed_us < $6 ORDER BY c.customer_id, d.changed_us, d.id`,
		[]any{string(crm.Sent), g.since - promptedWithin, string(crm.MailingDirect), g.until}, func(r *sql.Rows) error {
			var id crm.CustomerID
			var at int64
			err := r.Scan(&id, &at)
			if of := g.at[id]; of != nil {
				of.prompts = append(of.prompts, at)
			}
			return err
		})
}

// mails reads the mail of people, a year more than counts: a conversation is of
// its first mail's time.
func (g *accounts) mails() error {
	return g.each(`SELECT c.customer_id, m.conversation_id, m.at_us, m.direction, (SELECT count(*) FROM links k WHERE k.message_id = m.id)
FROM contacts c JOIN links l ON l.contact_id = c.id JOIN messages m ON m.id = l.message_id
WHERE c.customer_id > $1 AND c.customer_id <= $2 AND l.at_us >= $3 AND m.class = $4 AND +l.at_us < $5 ORDER BY c.customer_id, m.at_us, m.id`,
		[]any{g.since - 365*dayMicros, string(crm.ClassHuman), g.until}, func(r *sql.Rows) error {
			var id crm.CustomerID
			var m mailSeen
			var direction crm.Direction
			var links int64
			if err := r.Scan(&id, &m.conversation, &m.at, &direction, &links); err != nil {
				return err
			}
			if of := g.at[id]; of != nil && direction != crm.Internal {
				m.in, m.alone = direction == crm.In, links == 1
				of.mails = append(of.mails, m)
			}
			return nil
		})
}

// groups reads of which groups of products they have bought.
func (g *accounts) groups() error {
	return g.each(`SELECT o.customer_id, p.group_id FROM orders o JOIN order_lines l ON l.order_id = o.id JOIN products p ON p.id = l.product_id
WHERE o.customer_id > $1 AND o.customer_id <= $2 AND o.state = $3 AND o.at_us >= $4 AND +o.at_us < $5 AND l.total > 0 AND p.group_id IS NOT NULL GROUP BY o.customer_id, p.group_id ORDER BY o.customer_id, p.group_id`,
		[]any{string(crm.OrderPlaced), g.since, g.until}, func(r *sql.Rows) error {
			var id crm.CustomerID
			var group crm.GroupID
			err := r.Scan(&id, &group)
			if of := g.at[id]; of != nil {
				of.Groups = append(of.Groups, group)
			}
			return err
		})
}

// votes reads what they answered in surveys.
func (g *accounts) votes() error {
	return g.each(`SELECT c.customer_id, s.kind, v.score FROM contacts c JOIN votes v ON v.contact_id = c.id JOIN surveys s ON s.id = v.survey_id
WHERE c.customer_id > $1 AND c.customer_id <= $2 AND v.at_us >= $3 AND +v.at_us < $4 ORDER BY c.customer_id, v.id`, []any{g.since, g.until}, func(r *sql.Rows) error {
		var id crm.CustomerID
		var kind crm.SurveyKind
		var score int
		err := r.Scan(&id, &kind, &score)
		if of := g.at[id]; of != nil {
			of.tally(crm.SignalVoice, kind.Glad(score))
		}
		return err
	})
}

// wishes reads their complaints, and whether they said that they have gone.
func (g *accounts) wishes() error {
	return g.each(`SELECT w.customer_id, w.kind, w.state, w.done_us, COALESCE(m.conversation_id, 0) FROM wishes w LEFT JOIN messages m ON m.id = w.message_id
WHERE w.customer_id > $1 AND w.customer_id <= $2 AND w.kind IN ($3, $4) AND w.state NOT IN ($5, $6) AND (w.at_us >= $7 OR w.done_us >= $7) AND +w.at_us < $8 ORDER BY w.customer_id, w.id`,
		[]any{string(crm.WishProblem), string(crm.WishSwitch), string(crm.WishProposed), string(crm.WishDismissed), g.since, g.until}, func(r *sql.Rows) error {
			var id crm.CustomerID
			var kind crm.WishKind
			var state crm.WishState
			var done, conversation int64
			if err := r.Scan(&id, &kind, &state, &done, &conversation); err != nil {
				return err
			}
			of := g.at[id]
			if done >= g.until { // it was open then
				done, state = 0, crm.WishNew
			}
			switch {
			case of == nil:
			case kind == crm.WishSwitch:
				of.Signs.Competitor = true
			default:
				of.grieved[conversation] = true
				of.complaint(state, done, g.o)
			}
			return nil
		})
}

// recommendations counts who came by their word, from the day on which they came:
// with their first order, or when they became known. Noting it later makes nobody
// new.
func (g *accounts) recommendations() error {
	return g.each(`SELECT c.customer_id, t.created_us, COALESCE((SELECT o.at_us FROM orders o WHERE o.customer_id = t.customer_id AND o.state = $3 ORDER BY o.at_us, o.id LIMIT 1), t.created_us)
FROM contacts c JOIN recommendations r ON r.by_id = c.id JOIN contacts t ON t.id = r.contact_id WHERE c.customer_id > $1 AND c.customer_id <= $2 AND +r.at_us < $4 ORDER BY c.customer_id`,
		[]any{string(crm.OrderPlaced), g.until}, func(r *sql.Rows) error {
			var id crm.CustomerID
			var known, ordered int64
			err := r.Scan(&id, &known, &ordered)
			at := min(known, ordered)
			if of := g.at[id]; of != nil && at >= g.since {
				of.Signs.Recommendations++
				if at >= micros(g.o.Today.Time())-365*dayMicros {
					of.Signs.Recent++
				}
			}
			return err
		})
}

func (g *accounts) optOuts() error {
	return g.each(`SELECT DISTINCT c.customer_id FROM contacts c JOIN suppressions s ON s.contact_id = c.id WHERE c.customer_id > $1 AND c.customer_id <= $2 AND s.lifted_us = 0 AND s.reason = $3 AND +s.at_us < $4`,
		[]any{string(crm.SuppressedUnsubscribed), g.until}, func(r *sql.Rows) error {
			var id crm.CustomerID
			err := r.Scan(&id)
			if of := g.at[id]; of != nil {
				of.Signs.Unsubscribed = true
			}
			return err
		})
}
