package store

import (
	"context"
	"database/sql"
	"time"

	"kaveri/crm"
)

// Entrants gives those of the customers that are there, with their people, in the
// order in which they are named.
func (s *Store) Entrants(ctx context.Context, customers []crm.CustomerID, o crm.EntrantsOptions) ([]crm.Entrant, error) {
	g := entrants{o: o, ids: distinct(customers), at: make(map[crm.CustomerID]int, len(customers)), now: micros(s.now())}
	err := s.view(ctx, func(x *tx) error {
		g.x = x
		for _, read := range []func() error{g.customers, g.values, g.rounds, g.people, g.consents, g.suppressions} {
			if err := read(); err != nil {
				return err
			}
		}
		return nil
	})
	return g.list, err
}

// entrants are candidates being read: a few statements for each chunk of them,
// however many there are.
type entrants struct {
	x    *tx
	o    crm.EntrantsOptions
	now  int64
	ids  []crm.CustomerID
	list []crm.Entrant
	at   map[crm.CustomerID]int // in list

	addresses []string
	of        map[string][]seat // who uses an address
}

// seat is a person of an entrant.
type seat struct{ entrant, person int }

func (g *entrants) customers() error {
	found := map[crm.CustomerID]crm.Entrant{}
	err := each(g.x, `SELECT c.id, COALESCE(l.rung, 'CONTACT'), COALESCE(l.timing, ''), COALESCE(l.due_day, 0), c.language, COALESCE(c.owner_id, 0)
FROM customers c LEFT JOIN loyalty l ON l.customer_id = c.id WHERE c.merged_into = 0 AND c.id IN (IN)`, nil, g.ids, func(r *sql.Rows) error {
		var e crm.Entrant
		err := r.Scan(&e.Customer, &e.Rung, &e.Timing, &e.DueDay, &e.Language, &e.Owner)
		found[e.Customer] = e
		return err
	})
	for _, id := range g.ids {
		if e, ok := found[id]; ok {
			g.at[id] = len(g.list)
			g.list = append(g.list, e)
		}
	}
	return err
}

func (g *entrants) values() error {
	return each(g.x, `SELECT customer_id, CAST(sum(value + refunded) AS BIGINT) FROM orders WHERE at_us >= $1 AND at_us < $2 AND state = $3 AND refunds = '' AND value + refunded > 0 AND customer_id IN (IN) GROUP BY customer_id`,
		[]any{micros(g.o.Since), micros(g.o.Until), string(crm.OrderPlaced)}, g.ids, func(r *sql.Rows) error {
			var id crm.CustomerID
			var value crm.Money
			err := r.Scan(&id, &value)
			if i, ok := g.at[id]; ok {
				g.list[i].Before = value
			}
			return err
		})
}

// rounds reads in which rounds of the campaign they have been.
func (g *entrants) rounds() error {
	if g.o.Campaign == 0 {
		return nil
	}
	return each(g.x, `SELECT customer_id, round, state, entered_us FROM members WHERE campaign_id = $1 AND customer_id IN (IN) ORDER BY customer_id, round`, []any{int64(g.o.Campaign)}, g.ids, func(r *sql.Rows) error {
		var id crm.CustomerID
		var round int
		var state crm.MemberState
		var entered int64
		err := r.Scan(&id, &round, &state, &entered)
		if i, ok := g.at[id]; ok {
			e := &g.list[i]
			e.Round, e.Open, e.Last = round, state == crm.MemberWaiting, fromMicros(entered)
		}
		return err
	})
}

// people reads the addresses in use of all contacts; when they wrote and ordered
// last.
func (g *entrants) people() error {
	g.of = map[string][]seat{}
	return each(g.x, `SELECT ct.customer_id, ct.id, ct.name, COALESCE(a.address, ''), COALESCE(u.shared, 0), COALESCE(z.zone, ''),
CASE WHEN a.id IS NULL THEN 0 ELSE (SELECT count(*) FROM contact_addresses o WHERE o.address_id = a.id AND o.contact_id <> ct.id AND o.from_us <= $1 AND (o.until_us = 0 OR o.until_us > $1)) END,
COALESCE((SELECT l.at_us FROM links l JOIN messages m ON m.id = l.message_id WHERE l.contact_id = ct.id AND m.direction = $2 AND m.class = $3 ORDER BY l.at_us DESC, l.message_id DESC LIMIT 1), 0),
COALESCE((SELECT max(o.at_us) FROM orders o WHERE o.contact_id = ct.id AND o.state = $4 AND o.refunds = ''), 0)
FROM contacts ct LEFT JOIN contact_addresses u ON u.contact_id = ct.id AND u.from_us <= $1 AND (u.until_us = 0 OR u.until_us > $1) LEFT JOIN addresses a ON a.id = u.address_id
LEFT JOIN contact_zones z ON z.contact_id = ct.id WHERE ct.merged_into = 0 AND ct.customer_id IN (IN) ORDER BY ct.customer_id, ct.id, a.address`,
		[]any{g.now, string(crm.In), string(crm.ClassHuman), string(crm.OrderPlaced)}, g.ids, func(r *sql.Rows) error {
			var id crm.CustomerID
			var p crm.EntrantPerson
			var shared, others, wrote, ordered int64
			if err := r.Scan(&id, &p.Contact, &p.Name, &p.Address, &shared, &p.Zone, &others, &wrote, &ordered); err != nil {
				return err
			}
			p.Shared, p.Wrote, p.Ordered = shared != 0 || others > 0, fromMicros(wrote), fromMicros(ordered)
			i, ok := g.at[id]
			if !ok {
				return nil
			}
			e := &g.list[i]
			if p.Address != "" {
				a := string(p.Address)
				if len(g.of[a]) == 0 {
					g.addresses = append(g.addresses, a)
				}
				g.of[a] = append(g.of[a], seat{i, len(e.People)})
			}
			e.People = append(e.People, p)
			return nil
		})
}

// consents reads the statement that counts for the topic: the one about it, or the
// one about all mailings when nothing was said about it.
func (g *entrants) consents() error {
	return eachConsent(g.x, g.addresses, g.o.Topic, func(a string, c crm.Consent) {
		for _, p := range g.of[a] {
			g.list[p.entrant].People[p.person].Consent = c
		}
	})
}

// eachConsent gives for addresses the statement that counts for a topic.
func eachConsent(x *tx, addresses []string, topic string, yield func(address string, c crm.Consent)) error {
	said := map[string][]crm.Consent{}
	err := each(x, `SELECT address, topic, given, at_us, source, wording FROM consents WHERE topic IN ('', $1) AND address IN (IN) ORDER BY address, at_us, id`, []any{topic}, addresses, func(r *sql.Rows) error {
		var c crm.Consent
		var given, at int64
		err := r.Scan(&c.Address, &c.Topic, &given, &at, &c.Source, &c.Wording)
		c.Given, c.At = given == 1, fromMicros(at)
		said[string(c.Address)] = append(said[string(c.Address)], c)
		return err
	})
	for _, a := range sortedKeys(said) {
		if c, ok := crm.ConsentFor(said[a], topic); ok {
			yield(a, c)
		}
	}
	return err
}

func (g *entrants) suppressions() error {
	return each(g.x, `SELECT address, min(reason) FROM suppressions WHERE lifted_us = 0 AND topic IN ('', $1) AND address IN (IN) GROUP BY address`, []any{g.o.Topic}, g.addresses, func(r *sql.Rows) error {
		var a string
		var reason crm.SuppressionReason
		err := r.Scan(&a, &reason)
		for _, p := range g.of[a] {
			g.list[p.entrant].People[p.person].Suppressed = reason
		}
		return err
	})
}

// SetZone notes whose clock a contact lives by; "" that it is the firm's.
func (s *Store) SetZone(ctx context.Context, v crm.Viewer, id crm.ContactID, zone string) error {
	if !mayRead(v) {
		return errNobody
	}
	if _, err := time.LoadLocation(zone); err != nil || zone == "Local" {
		return crm.Invalid("zone", "%q is not a time zone; write one like Europe/Helsinki", zone)
	}
	return s.write(ctx, func(x *tx) error {
		if zone == "" {
			return x.exec(`DELETE FROM contact_zones WHERE contact_id = $1`, int64(id))
		}
		return x.exec(`INSERT INTO contact_zones (contact_id, zone) VALUES ($1, $2) ON CONFLICT (contact_id) DO UPDATE SET zone = excluded.zone`, int64(id), zone)
	})
}
