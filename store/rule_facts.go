package store

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"kaveri/crm"
	"kaveri/crm/segment"
)

// CustomerFacts reads all that rules ask of a customer, in one view: what
// [segment.Rule.Holds] says of it is what the statement of a rule finds at that
// moment.
func (s *Store) CustomerFacts(ctx context.Context, v crm.Viewer, id crm.CustomerID, at time.Time) (segment.Facts, error) {
	var f segment.Facts
	if !mayRead(v) {
		return f, noCustomer(id)
	}
	err := s.view(ctx, func(x *tx) error {
		clock, err := x.clockAt(at)
		if err != nil {
			return err
		}
		g := facts{x: x, f: &f, order: map[int64]int{}, wished: map[int64]int{}}
		f = segment.Facts{Clock: clock, Stands: segment.Nowhere}
		if err := g.customer(id); err != nil {
			return err
		}
		for _, read := range []func() error{g.standing, g.orders, g.lines, g.offers, g.mail, g.wishes, g.wishWords, g.addresses, g.consents, g.tags, g.rounds, g.touches, g.recommendations} {
			if err := read(); err != nil {
				return err
			}
		}
		return nil
	})
	return f, err
}

// facts are those of a customer, under way.
type facts struct {
	x      *tx
	f      *segment.Facts
	order  map[int64]int // id -> place in Orders
	wished map[int64]int // id -> place in Wishes
}

// each runs a query whose first argument is the customer.
func (g *facts) each(query string, scan func(*sql.Rows) error, more ...any) error {
	rows, err := g.x.query(query, append([]any{int64(g.f.Customer)}, more...)...)
	if err != nil {
		return err
	}
	return scanAll(rows, scan)
}

func (g *facts) customer(id crm.CustomerID) error {
	var organisation, into int64
	f := g.f
	err := g.x.row(`SELECT c.id, c.name, c.language, COALESCE(c.organisation_id, 0), COALESCE(s.address, ''), c.merged_into FROM customers c LEFT JOIN staff s ON s.id = c.owner_id WHERE c.id = $1`, int64(id)).
		Scan(&f.Customer, &f.Name, &f.Language, &organisation, &f.Owner, &into)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return noCustomer(id)
	case err == nil && into != 0:
		return g.customer(crm.CustomerID(into))
	}
	f.Company = organisation != 0
	return err
}

func (g *facts) standing() error {
	if err := g.each(`SELECT rung, timing, note, since_day, due_day, overdue_day, lapsed_day, value FROM loyalty WHERE customer_id = $1`, func(r *sql.Rows) error {
		f := g.f
		return r.Scan(&f.Stands.Rung, &f.Stands.Timing, &f.Stands.Note, &f.Stands.Day, &f.Due, &f.Overdue, &f.Lapsed, &f.Value)
	}); err != nil {
		return err
	}
	return g.each(`SELECT day, rung, timing, note FROM standings WHERE customer_id = $1 ORDER BY day`, func(r *sql.Rows) error {
		var c crm.RungChange
		err := r.Scan(&c.Day, &c.Rung, &c.Timing, &c.Note)
		g.f.History = append(g.f.History, c)
		return err
	})
}

// standingOf conditions the orders o of a customer that stand.
const standingOf = `o.customer_id = $1 AND o.state = 'placed' AND o.value + o.refunded > 0`

func (g *facts) orders() error {
	return g.each(`SELECT o.id, o.at_us, o.value + o.refunded, o.full_price FROM orders o WHERE `+standingOf+` ORDER BY o.id`, func(r *sql.Rows) error {
		var o segment.Order
		var id, at, full int64
		err := r.Scan(&id, &at, &o.Net, &full)
		o.At, o.Full = fromMicros(at), full != 0
		g.order[id] = len(g.f.Orders)
		g.f.Orders = append(g.f.Orders, o)
		return err
	})
}

func (g *facts) lines() error {
	return g.each(`SELECT o.id, p.sku, p.name, COALESCE(g.name, '') FROM orders o JOIN order_lines i ON i.order_id = o.id JOIN products p ON p.id = i.product_id LEFT JOIN product_groups g ON g.id = p.group_id
WHERE `+standingOf+` AND i.total > 0 ORDER BY o.id, i.n`, func(r *sql.Rows) error {
		var id int64
		var p segment.Product
		err := r.Scan(&id, &p.SKU, &p.Name, &p.Group)
		o := &g.f.Orders[g.order[id]]
		o.Lines = append(o.Lines, p)
		return err
	})
}

func (g *facts) offers() error {
	return g.each(`SELECT o.id, f.code FROM orders o JOIN order_offers u ON u.order_id = o.id JOIN offers f ON f.id = u.offer_id WHERE `+standingOf+` ORDER BY o.id, f.id`, func(r *sql.Rows) error {
		var id int64
		var code string
		err := r.Scan(&id, &code)
		o := &g.f.Orders[g.order[id]]
		o.Offers = append(o.Offers, code)
		return err
	})
}

func (g *facts) mail() error {
	return g.each(`SELECT wrote_us, written_us, began_us, open_us FROM correspondence WHERE customer_id = $1`, func(r *sql.Rows) error {
		var wrote, written, began, open int64
		err := r.Scan(&wrote, &written, &began, &open)
		f := g.f
		f.Wrote, f.Written, f.Began, f.Open = fromMicros(wrote), fromMicros(written), fromMicros(began), fromMicros(open)
		return err
	})
}

// publicWishes conditions the wishes w of a customer that rules ask for.
const publicWishes = `w.customer_id = $1 AND w.kind NOT IN ('praise', 'problem', 'switch') AND (w.message_id IS NULL OR EXISTS (SELECT 1 FROM messages m WHERE m.id = w.message_id AND m.private = 0))`

func (g *facts) wishes() error {
	if err := g.each(`SELECT COALESCE(min(w.at_us), 0) FROM wishes w WHERE w.customer_id = $1 AND w.kind = 'problem' AND w.state IN ('new', 'considering', 'promised')`, func(r *sql.Rows) error {
		var at int64
		err := r.Scan(&at)
		g.f.Complaint = fromMicros(at)
		return err
	}); err != nil {
		return err
	}
	if err := g.each(`SELECT w.id, w.state, w.at_us, w.done_us FROM wishes w WHERE `+publicWishes+` ORDER BY w.id`, func(r *sql.Rows) error {
		var w segment.Wish
		var id, said, done int64
		err := r.Scan(&id, &w.State, &said, &done)
		w.Said, w.Done = fromMicros(said), fromMicros(done)
		g.wished[id] = len(g.f.Wishes)
		g.f.Wishes = append(g.f.Wishes, w)
		return err
	}); err != nil {
		return err
	}
	return g.each(`SELECT w.id, h.at_us FROM wishes w JOIN wish_steps h ON h.wish_id = w.id WHERE `+publicWishes+` AND h.state = 'told' ORDER BY w.id, h.n`, func(r *sql.Rows) error {
		var id, at int64
		err := r.Scan(&id, &at)
		w := &g.f.Wishes[g.wished[id]]
		w.Told = append(w.Told, fromMicros(at))
		return err
	})
}

func (g *facts) wishWords() error {
	return g.each(`SELECT w.id, s.word FROM wishes w JOIN wish_words s ON s.wish_id = w.id WHERE `+publicWishes+` ORDER BY w.id, s.word`, func(r *sql.Rows) error {
		var id int64
		var word string
		err := r.Scan(&id, &word)
		w := &g.f.Wishes[g.wished[id]]
		w.Words = append(w.Words, word)
		return err
	})
}

func (g *facts) addresses() error {
	return g.each(`SELECT DISTINCT a.address, CASE WHEN EXISTS (SELECT 1 FROM suppressions s WHERE s.address = a.address AND s.lifted_us = 0 AND s.topic = '') THEN 1 ELSE 0 END
FROM contacts p JOIN contact_addresses u ON u.contact_id = p.id JOIN addresses a ON a.id = u.address_id
WHERE p.customer_id = $1 AND p.merged_into = 0 AND u.from_us <= $2 AND (u.until_us = 0 OR u.until_us > $2) ORDER BY a.address`, func(r *sql.Rows) error {
		var a segment.Address
		var stopped int64
		err := r.Scan(&a.Address, &stopped)
		a.Stopped = stopped != 0
		g.f.Addresses = append(g.f.Addresses, a)
		return err
	}, micros(g.f.Clock.Now))
}

func (g *facts) consents() error {
	for i := range g.f.Addresses {
		a := &g.f.Addresses[i]
		rows, err := g.x.query(`SELECT topic, given, at_us, source FROM consents WHERE address = $1 ORDER BY at_us, id`, string(a.Address))
		a.Consents, err = collect(rows, err, func(r *sql.Rows, c *crm.Consent) error {
			var given, at int64
			err := r.Scan(&c.Topic, &given, &at, &c.Source)
			c.Given, c.At, c.Address = given != 0, fromMicros(at), a.Address
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (g *facts) tags() error {
	return g.each(`SELECT tag FROM customer_tags WHERE customer_id = $1 ORDER BY tag`, func(r *sql.Rows) error {
		var tag string
		err := r.Scan(&tag)
		g.f.Tags = append(g.f.Tags, tag)
		return err
	})
}

func (g *facts) rounds() error {
	return g.each(`SELECT g.name_key, b.arm, b.entered_us, b.exposed_us FROM members b JOIN campaigns g ON g.id = b.campaign_id WHERE b.customer_id = $1 ORDER BY b.campaign_id, b.round`, func(r *sql.Rows) error {
		var b segment.Round
		var arm crm.Arm
		var entered, exposed int64
		err := r.Scan(&b.Campaign, &arm, &entered, &exposed)
		b.HeldOut, b.Treated, b.Entered, b.Exposed = arm == crm.ArmHeldOut, arm == crm.ArmTreated, fromMicros(entered), fromMicros(exposed)
		g.f.Rounds = append(g.f.Rounds, b)
		return err
	})
}

func (g *facts) touches() error {
	const sent = `FROM touches t JOIN campaigns g ON g.id = t.campaign_id JOIN dispatches d ON d.id = t.dispatch_id`
	const where = ` WHERE t.customer_id = $1 AND t.kind = $2 AND d.state = $3`
	scan := func(into *[]segment.Touch) func(*sql.Rows) error {
		return func(r *sql.Rows) error {
			var t segment.Touch
			var at int64
			err := r.Scan(&t.Campaign, &at)
			t.At = fromMicros(at)
			*into = append(*into, t)
			return err
		}
	}
	if err := g.each(`SELECT g.name_key, t.at_us `+sent+where+` ORDER BY t.id`, scan(&g.f.Received), string(crm.TouchSent), string(crm.Sent)); err != nil {
		return err
	}
	return g.each(`SELECT g.name_key, e.at_us `+sent+` JOIN dispatch_events e ON e.dispatch_id = d.id`+where+` AND e.kind = $4 ORDER BY e.id`, scan(&g.f.Replies), string(crm.TouchSent), string(crm.Sent), string(crm.EventAnswered))
}

func (g *facts) recommendations() error {
	for _, w := range []struct {
		column string
		into   *[]time.Time
	}{{"r.contact_id", &g.f.CameBy}, {"r.by_id", &g.f.Recommended}} {
		if err := g.each(`SELECT r.at_us FROM recommendations r JOIN contacts p ON p.id = `+w.column+` WHERE p.customer_id = $1 ORDER BY r.at_us, r.contact_id`, func(r *sql.Rows) error {
			var at int64
			err := r.Scan(&at)
			*w.into = append(*w.into, fromMicros(at))
			return err
		}); err != nil {
			return err
		}
	}
	return nil
}
