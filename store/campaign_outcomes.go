package store

import (
	"context"
	"database/sql"
	"time"

	"kaveri/crm"
)

// Outcomes gives what came of the members of a campaign who were exposed, in both
// arms, within so many days of that, up to so many at a time, in the order of
// their customers; the key of the next page is zero at the end.
func (s *Store) Outcomes(ctx context.Context, id crm.CampaignID, days int, page crm.PageKey, limit int) (list []crm.MemberOutcome, next crm.PageKey, err error) {
	g := outcomes{id: id, days: time.Duration(days) * 24 * time.Hour, at: map[int64][]int{}, was: map[int64][]int{}}
	err = s.view(ctx, func(x *tx) error {
		g.x = x
		if err := g.members(page, limit); err != nil {
			return err
		}
		for _, read := range []func() error{g.now, g.twins, g.orders, g.rungs, g.mails, g.answers} {
			if err := read(); err != nil {
				return err
			}
		}
		return nil
	})
	return g.list, g.next, err
}

// outcomes are being read.
type outcomes struct {
	x    *tx
	id   crm.CampaignID
	days time.Duration
	list []crm.MemberOutcome
	next crm.PageKey

	exposed []time.Time
	entered []time.Time
	at      map[int64][]int // by the customer that they are now
	was     map[int64][]int // by the one that they came as
	since   int64
}

func (g *outcomes) members(page crm.PageKey, limit int) error {
	rows, err := g.x.query(`SELECT customer_id, round, arm, variant, rung, before, exposed_us, entered_us FROM members WHERE campaign_id = $1 AND (customer_id, round) > ($2, $3) AND exposed_us > 0 ORDER BY customer_id, round LIMIT $4`,
		int64(g.id), page.ID, micros(page.At), limit)
	if err != nil {
		return err
	}
	last := crm.PageKey{}
	err = scanAll(rows, func(r *sql.Rows) error {
		var o crm.MemberOutcome
		var round, exposed, entered int64
		err := r.Scan(&o.Customer, &round, &o.Arm, &o.Variant, &o.Rung, &o.Before, &exposed, &entered)
		g.was[int64(o.Customer)] = append(g.was[int64(o.Customer)], len(g.list))
		g.list, g.exposed, g.entered = append(g.list, o), append(g.exposed, fromMicros(exposed)), append(g.entered, fromMicros(entered))
		if g.since == 0 || exposed < g.since {
			g.since = exposed
		}
		last = crm.PageKey{At: fromMicros(round), ID: int64(o.Customer)}
		return err
	})
	if len(g.list) == limit {
		g.next = last
	}
	return err
}

// within reports that a time lies in the days after a member's exposure.
func (g *outcomes) within(i int, at time.Time) bool {
	return at.After(g.exposed[i]) && at.Sub(g.exposed[i]) <= g.days
}

func (g *outcomes) now() error {
	into, err := g.x.customersNow(sortedKeys(g.was))
	for id, is := range g.was {
		g.at[into[id]] = append(g.at[into[id]], is...)
	}
	return err
}

// twins finds members who were joined with others of the campaign.
func (g *outcomes) twins() error {
	kept, err := g.x.mergedOf(sortedKeys(g.at))
	if err != nil {
		return err
	}
	for _, now := range kept {
		for _, i := range g.at[now] {
			t, err := g.x.twin(g.id, now, g.list[i].Customer, g.list[i].Arm, g.entered[i])
			if err != nil {
				return err
			}
			g.list[i].OtherArm, g.list[i].Twin = t.other, t.later
		}
	}
	return nil
}

// mergedOf gives those of the customers that took over another one.
func (x *tx) mergedOf(customers []int64) ([]int64, error) {
	return x.idsOf(`SELECT DISTINCT kept_id FROM merges WHERE undone_us = 0 AND kept_id IN (IN)`, customers)
}

// twinned is what a merge means for a member.
type twinned struct {
	other bool // a customer of the other arm was joined with them
	later bool // one of the same arm was, who came in before them
}

// twin looks for other members of a campaign that are the same customer now.
func (x *tx) twin(id crm.CampaignID, now int64, was crm.CustomerID, arm crm.Arm, entered time.Time) (t twinned, err error) {
	rows, err := x.query(`SELECT b.customer_id, b.arm, b.entered_us FROM members b WHERE b.campaign_id = $1 AND b.arm <> 'left-out' AND b.customer_id IN
(SELECT g.gone_id FROM merges g WHERE g.kept_id = $2 AND g.undone_us = 0 UNION SELECT u.id FROM customers u WHERE u.id = $2)`, int64(id), now)
	if err != nil {
		return t, err
	}
	err = scanAll(rows, func(r *sql.Rows) error {
		var other, at int64
		var theirs crm.Arm
		err := r.Scan(&other, &theirs, &at)
		switch {
		case other == int64(was):
		case theirs != arm:
			t.other = true
		case at < micros(entered) || at == micros(entered) && other < int64(was):
			t.later = true
		}
		return err
	})
	return t, err
}

func (g *outcomes) orders() error {
	return each(g.x, `SELECT customer_id, at_us, value + refunded FROM orders WHERE at_us > $1 AND state = $2 AND refunds = '' AND value + refunded > 0 AND customer_id IN (IN)`, []any{g.since, string(crm.OrderPlaced)}, sortedKeys(g.at), func(r *sql.Rows) error {
		var id, at int64
		var value crm.Money
		err := r.Scan(&id, &at, &value)
		for _, i := range g.at[id] {
			if g.within(i, fromMicros(at)) {
				g.list[i].Orders++
				g.list[i].Value += value
			}
		}
		return err
	})
}

func (g *outcomes) rungs() error {
	return each(g.x, `SELECT c.id, COALESCE(l.rung, 'CONTACT') FROM customers c LEFT JOIN loyalty l ON l.customer_id = c.id WHERE c.id IN (IN)`, nil, sortedKeys(g.at), func(r *sql.Rows) error {
		var id int64
		var rung crm.Rung
		err := r.Scan(&id, &rung)
		for _, i := range g.at[id] {
			g.list[i].Now = rung
		}
		return err
	})
}

// mails reads what they wrote to us, whether in answer to the campaign or not: for
// the held-out there is nothing to answer.
func (g *outcomes) mails() error {
	return each(g.x, `SELECT ct.customer_id, l.at_us, m.id FROM contacts ct JOIN links l ON l.contact_id = ct.id JOIN messages m ON m.id = l.message_id WHERE l.at_us > $1 AND m.direction = $2 AND m.class = $3 AND ct.customer_id IN (IN) ORDER BY ct.customer_id, l.at_us, m.id`,
		[]any{g.since, string(crm.In), string(crm.ClassHuman)}, sortedKeys(g.at), func(r *sql.Rows) error {
			var id, at, mail int64
			err := r.Scan(&id, &at, &mail)
			for _, i := range g.at[id] {
				if g.within(i, fromMicros(at)) {
					g.list[i].Replied = true
					if g.list[i].FirstMail == 0 {
						g.list[i].FirstMail = crm.MessageID(mail)
					}
				}
			}
			return err
		})
}

// answers reads answers that are on nobody's page.
func (g *outcomes) answers() error {
	return each(g.x, `SELECT t.customer_id, e.at_us FROM touches t JOIN dispatch_events e ON e.dispatch_id = t.dispatch_id WHERE t.campaign_id = $1 AND e.kind = $2 AND t.customer_id IN (IN)`, []any{int64(g.id), string(crm.EventAnswered)}, sortedKeys(g.was), func(r *sql.Rows) error {
		var id, at int64
		err := r.Scan(&id, &at)
		for _, i := range g.was[id] {
			g.list[i].Replied = g.list[i].Replied || g.within(i, fromMicros(at))
		}
		return err
	})
}

// ReplyReasons counts mails by what reading them found their authors to want, each
// mail by the first that it says: "" when nothing was found.
func (s *Store) ReplyReasons(ctx context.Context, mails []crm.MessageID) (map[crm.WishKind]int, error) {
	found := map[crm.MessageID]crm.WishKind{}
	err := s.view(ctx, func(x *tx) error {
		return each(x, `SELECT message_id, kind FROM sayings WHERE message_id IN (IN) ORDER BY message_id, place DESC`, nil, mails, func(r *sql.Rows) error {
			var id crm.MessageID
			var kind crm.WishKind
			err := r.Scan(&id, &kind)
			found[id] = kind
			return err
		})
	})
	out := map[crm.WishKind]int{}
	for _, id := range mails {
		out[found[id]]++
	}
	return out, err
}
