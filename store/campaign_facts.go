package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"slices"
	"time"

	"kaveri/crm"
)

// CheckFacts gives what the last-moment check looks at for members of one campaign,
// in their order, as it is now. topic is what the campaign is about. own are the
// dispatches, in the same order, that the look is about, which are no mails that
// they got yet; nil: none.
func (s *Store) CheckFacts(ctx context.Context, topic string, ms []crm.Member, own []crm.DispatchID) ([]crm.MemberCheck, error) {
	g := checking{s: s, now: s.now(), ms: ms, own: own, topic: topic, out: make([]crm.MemberCheck, len(ms)), byCustomer: map[int64][]int{}, byContact: map[int64][]int{}, byAddress: map[string][]int{}}
	err := s.view(ctx, func(x *tx) error {
		g.x = x
		if err := g.who(); err != nil {
			return err
		}
		for _, read := range []func() error{g.stops, g.consents, g.replies, g.answers, g.orders, g.earlier, g.wishes, g.questions, g.written, g.mails, g.sent, g.held, g.twins} {
			if err := read(); err != nil {
				return err
			}
		}
		return nil
	})
	for i := range g.out {
		slices.SortFunc(g.out[i].Mails, time.Time.Compare)
	}
	return g.out, err
}

// checking reads facts for a batch of members, with a few statements.
type checking struct {
	s     *Store
	x     *tx
	now   time.Time
	topic string
	ms    []crm.Member
	own   []crm.DispatchID
	out   []crm.MemberCheck

	byCustomer map[int64][]int // as they are now, after merges
	byContact  map[int64][]int
	byAddress  map[string][]int
}

// who finds the customers and contacts that the members are now.
func (g *checking) who() error {
	var customers, contacts []int64
	for i := range g.ms {
		m := &g.ms[i]
		f := &g.out[i].CheckFacts
		f.Now, f.Arm, f.Address, f.Topic, f.Since = g.now, m.Arm, m.Address, g.topic, m.Entered
		customers, contacts = append(customers, int64(m.Customer)), append(contacts, int64(m.Contact))
	}
	into, err := g.x.customersNow(customers)
	if err != nil {
		return err
	}
	people := map[int64]int64{}
	zones := map[int64]string{}
	if err := each(g.x, `SELECT c.id, CASE WHEN c.merged_into = 0 THEN c.id ELSE c.merged_into END, COALESCE(z.zone, '') FROM contacts c LEFT JOIN contact_zones z ON z.contact_id = c.id WHERE c.id IN (IN)`, nil, distinct(contacts), func(r *sql.Rows) error {
		var id, now int64
		var zone string
		err := r.Scan(&id, &now, &zone)
		people[id], zones[id] = now, zone
		return err
	}); err != nil {
		return err
	}
	for i := range g.ms {
		m := &g.ms[i]
		g.out[i].Customer = crm.CustomerID(into[int64(m.Customer)])
		g.byCustomer[into[int64(m.Customer)]] = append(g.byCustomer[into[int64(m.Customer)]], i)
		if m.Contact != 0 {
			g.out[i].TheirZone = zones[int64(m.Contact)]
			g.out[i].Erased = people[int64(m.Contact)] == 0
			g.byContact[people[int64(m.Contact)]] = append(g.byContact[people[int64(m.Contact)]], i)
		}
		g.byAddress[string(m.Address)] = append(g.byAddress[string(m.Address)], i)
	}
	return nil
}

// customersNow gives the customers that customers are now.
func (x *tx) customersNow(ids []int64) (map[int64]int64, error) {
	into := map[int64]int64{}
	for _, id := range ids {
		into[id] = id
	}
	for look := distinct(ids); len(look) > 0; {
		next := map[int64]int64{}
		if err := each(x, `SELECT id, merged_into FROM customers WHERE merged_into <> 0 AND id IN (IN)`, nil, look, func(r *sql.Rows) error {
			var id, to int64
			err := r.Scan(&id, &to)
			next[id] = to
			return err
		}); err != nil {
			return nil, err
		}
		look = look[:0]
		for id, now := range into {
			if to, ok := next[now]; ok {
				into[id] = to
				look = append(look, to)
			}
		}
		look = distinct(look)
	}
	return into, nil
}

// set calls f for the facts of all members with a key.
func set[K comparable](g *checking, by map[K][]int, key K, f func(*crm.MemberCheck)) {
	for _, i := range by[key] {
		f(&g.out[i])
	}
}

func (g *checking) addresses() []string { return sortedKeys(g.byAddress) }
func (g *checking) customers() []int64  { return sortedKeys(g.byCustomer) }
func (g *checking) contacts() []int64   { return sortedKeys(g.byContact) }

func (g *checking) stops() error {
	return each(g.x, `SELECT address, min(reason) FROM suppressions WHERE lifted_us = 0 AND topic IN ('', $1) AND address IN (IN) GROUP BY address`, []any{g.topic}, g.addresses(), func(r *sql.Rows) error {
		var a, reason string
		err := r.Scan(&a, &reason)
		set(g, g.byAddress, a, func(f *crm.MemberCheck) { f.Suppressed = reason })
		return err
	})
}

func (g *checking) consents() error {
	return eachConsent(g.x, g.addresses(), g.topic, func(a string, c crm.Consent) {
		set(g, g.byAddress, a, func(f *crm.MemberCheck) { f.Consented = c.Given })
	})
}

// replies reads when people of the customers wrote to us last. Robots' mail is not
// theirs.
func (g *checking) replies() error {
	return each(g.x, `SELECT c.customer_id, (SELECT l.at_us FROM links l JOIN messages m ON m.id = l.message_id WHERE l.contact_id = c.id AND m.direction = $1 AND m.class = $2 ORDER BY l.at_us DESC, l.message_id DESC LIMIT 1)
FROM contacts c WHERE c.merged_into = 0 AND c.customer_id IN (IN)`, []any{string(crm.In), string(crm.ClassHuman)}, g.customers(), g.repliedOf(g.byCustomer))
}

// answers reads answers to mails of ours by which they were recognised, also those
// that are nobody's mail: from an address that nobody knows.
func (g *checking) answers() error {
	at := map[int64][]int{}
	for i, m := range g.ms {
		at[int64(m.Customer)] = append(at[int64(m.Customer)], i)
	}
	return each(g.x, `SELECT t.customer_id, max(e.at_us) FROM touches t JOIN dispatch_events e ON e.dispatch_id = t.dispatch_id WHERE e.kind = $1 AND t.customer_id IN (IN) GROUP BY t.customer_id`, []any{string(crm.EventAnswered)}, sortedKeys(at), g.repliedOf(at))
}

// repliedOf reads customers and when they wrote.
func (g *checking) repliedOf(by map[int64][]int) func(*sql.Rows) error {
	return func(r *sql.Rows) error {
		var id int64
		var at sql.NullInt64
		err := r.Scan(&id, &at)
		set(g, by, id, func(f *crm.MemberCheck) { f.Replied = later(f.Replied, fromMicros(at.Int64)) })
		return err
	}
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

func (g *checking) orders() error {
	return each(g.x, `SELECT customer_id, max(at_us) FROM orders WHERE state = $1 AND refunds = '' AND customer_id IN (IN) GROUP BY customer_id`, []any{string(crm.OrderPlaced)}, g.customers(), func(r *sql.Rows) error {
		var id, at int64
		err := r.Scan(&id, &at)
		set(g, g.byCustomer, id, func(f *crm.MemberCheck) { f.Ordered = fromMicros(at) })
		return err
	})
}

// earlier reads who got mail of the campaign, and whose mail has failed for good.
func (g *checking) earlier() error {
	at := g.at()
	return g.eachOfCampaign(`SELECT DISTINCT t.customer_id, t.round, d.state FROM touches t JOIN dispatches d ON d.id = t.dispatch_id WHERE d.state IN ('sent', 'unknown', 'armed', 'failed') AND t.campaign_id = $1 AND t.customer_id IN (IN)`, func(r *sql.Rows) error {
		var k memberKey
		var state crm.DispatchState
		err := r.Scan(&k.customer, &k.round, &state)
		if i, ok := at[k]; ok {
			g.out[i].Bounced = g.out[i].Bounced || state == crm.Failed
			g.out[i].Written = true
		}
		return err
	})
}

// memberKey names a member within a campaign.
type memberKey struct {
	customer int64
	round    int
}

func (g *checking) at() map[memberKey]int {
	at := make(map[memberKey]int, len(g.ms))
	for i, m := range g.ms {
		at[memberKey{int64(m.Customer), m.Round}] = i
	}
	return at
}

// eachOfCampaign runs a query over the members by the customers that they were.
func (g *checking) eachOfCampaign(query string, scan func(*sql.Rows) error) error {
	if len(g.ms) == 0 {
		return nil
	}
	ids := make([]int64, len(g.ms))
	for i, m := range g.ms {
		ids[i] = int64(m.Customer)
	}
	return each(g.x, query, []any{int64(g.ms[0].Campaign)}, distinct(ids), scan)
}

// wishes reads problems that are open, and until when they asked to be left alone.
func (g *checking) wishes() error {
	firm, err := g.x.firm()
	if err != nil {
		return err
	}
	zone := firm.Zone()
	for i := range g.out {
		g.out[i].Zone = zone
	}
	return each(g.x, `SELECT customer_id, kind, state, at_us, from_day FROM wishes WHERE (kind = $1 OR from_day > 0) AND customer_id IN (IN) ORDER BY customer_id, at_us DESC`, []any{string(crm.WishProblem)}, g.customers(), func(r *sql.Rows) error {
		var id, at int64
		var kind crm.WishKind
		var state crm.WishState
		var from crm.Day
		err := r.Scan(&id, &kind, &state, &at, &from)
		if err != nil || !state.Open() {
			return err
		}
		y, m, d := from.Time().Date()
		set(g, g.byCustomer, id, func(f *crm.MemberCheck) {
			if kind == crm.WishProblem {
				f.Complaint = fromMicros(at) // the oldest comes last
			}
			if from > 0 {
				f.NotBefore = later(f.NotBefore, time.Date(y, m, d, 0, 0, 0, 0, zone))
			}
		})
		return nil
	})
}

func (g *checking) questions() error {
	return each(g.x, `SELECT customer_id, open_us FROM correspondence WHERE open_us > 0 AND customer_id IN (IN)`, nil, g.customers(), func(r *sql.Rows) error {
		var id, at int64
		err := r.Scan(&id, &at)
		set(g, g.byCustomer, id, func(f *crm.MemberCheck) { f.Question = fromMicros(at) })
		return err
	})
}

// written reads when a colleague wrote to them last, and who: as it was captured,
// or as it stands on the ledger before it is.
func (g *checking) written() error {
	wrote := func(r *sql.Rows) error {
		var id, at int64
		var by string
		err := r.Scan(&id, &at, &by)
		set(g, g.byContact, id, func(f *crm.MemberCheck) {
			if t := fromMicros(at); t.After(f.Wrote) {
				f.Wrote, f.WroteBy = t, by
			}
		})
		return err
	}
	since := micros(g.now.AddDate(0, 0, -3)) // it matters on the day only
	if err := each(g.x, `SELECT l.contact_id, l.at_us, COALESCE((SELECT p.name FROM participants p WHERE p.message_id = m.id AND p.role = 'from' ORDER BY p.n LIMIT 1), '') FROM links l JOIN messages m ON m.id = l.message_id
WHERE l.at_us >= $1 AND m.direction = $2 AND m.class = $3 AND l.contact_id IN (IN) ORDER BY l.at_us, m.id`, []any{since, string(crm.Out), string(crm.ClassHuman)}, g.contacts(), wrote); err != nil {
		return err
	}
	return each(g.x, `SELECT r.contact_id, d.changed_us, COALESCE(s.name, '') FROM recipients r JOIN mailings m ON m.id = r.mailing_id JOIN dispatches d ON d.id = r.dispatch_id LEFT JOIN staff s ON s.id = m.staff_id
WHERE m.kind = $1 AND d.state NOT IN ('cancelled', 'suppressed', 'failed', 'expired') AND d.changed_us >= $2 AND r.contact_id IN (IN) ORDER BY d.changed_us, d.id`, []any{string(crm.MailingDirect), since}, g.contacts(), wrote)
}

// mails reads what was captured that went to them within the last week. What went
// from here counts by the ledger.
func (g *checking) mails() error {
	return each(g.x, `SELECT l.contact_id, l.at_us, m.message_id FROM links l JOIN messages m ON m.id = l.message_id WHERE l.at_us >= $1 AND m.direction = $2 AND l.contact_id IN (IN)`,
		[]any{micros(g.now.AddDate(0, 0, -7)), string(crm.Out)}, g.contacts(), func(r *sql.Rows) error {
			var id, at int64
			var mail string
			err := r.Scan(&id, &at, &mail)
			if _, ours := g.s.keyring.DispatchOf(mail); !ours {
				set(g, g.byContact, id, func(f *crm.MemberCheck) { f.Mails = append(f.Mails, fromMicros(at)) })
			}
			return err
		})
}

// sent reads what went from here to them within the last week, or is on its way.
func (g *checking) sent() error {
	return each(g.x, `SELECT r.contact_id, d.changed_us, d.id, d.state FROM recipients r JOIN dispatches d ON d.id = r.dispatch_id WHERE d.state IN ('sent', 'claimed', 'ready', 'armed', 'unknown') AND d.changed_us >= $1 AND r.contact_id IN (IN)`,
		[]any{micros(g.now.AddDate(0, 0, -7))}, g.contacts(), func(r *sql.Rows) error {
			var id, at, dispatch int64
			var state crm.DispatchState
			err := r.Scan(&id, &at, &dispatch, &state)
			going := state == crm.Claimed || state == crm.Ready
			for _, i := range g.byContact[id] {
				// Of two that are in hand at once the first one goes.
				if g.own == nil || int64(g.own[i]) != dispatch && !(going && dispatch > int64(g.own[i])) {
					g.out[i].Mails = append(g.out[i].Mails, fromMicros(at))
				}
			}
			return err
		})
}

// held reads since when they are put off at the step at which they are.
func (g *checking) held() error {
	at := g.at()
	return g.eachOfCampaign(`SELECT customer_id, round, step, min(at_us) FROM touches WHERE kind = 'put-off' AND campaign_id = $1 AND customer_id IN (IN) GROUP BY customer_id, round, step`, func(r *sql.Rows) error {
		var k memberKey
		var step string
		var since int64
		err := r.Scan(&k.customer, &k.round, &step, &since)
		if i, ok := at[k]; ok && g.ms[i].Step == step {
			g.out[i].Held, g.out[i].HeldFor = fromMicros(since), g.ms[i].Reason.Code
		}
		return err
	})
}

// twins finds members who were joined with another of the campaign, of the same
// arm, who came in before them.
func (g *checking) twins() error {
	kept, err := g.x.mergedOf(g.customers())
	if err != nil {
		return err
	}
	for _, now := range kept {
		for _, i := range g.byCustomer[now] {
			m := &g.ms[i]
			t, err := g.x.twin(m.Campaign, now, m.Customer, m.Arm, m.Entered)
			if err != nil {
				return err
			}
			g.out[i].Twin = t.later
		}
	}
	return nil
}

// Posted finds the members to whom dispatches of campaigns go.
func (s *Store) Posted(ctx context.Context, ids []crm.DispatchID) (list []crm.Posted, err error) {
	raw := make([]int64, len(ids))
	for i, id := range ids {
		raw[i] = int64(id)
	}
	err = s.view(ctx, func(x *tx) error {
		return each(x, `SELECT t.dispatch_id, t.step, t.version, c.state, `+memberCols+` FROM touches t JOIN campaigns c ON c.id = t.campaign_id
JOIN members b ON b.campaign_id = t.campaign_id AND b.customer_id = t.customer_id AND b.round = t.round WHERE t.kind = 'sent' AND t.dispatch_id IN (IN)`, nil, raw, func(r *sql.Rows) error {
			var p crm.Posted
			var due, entered, exposed, left int64
			var reason, why string
			m := &p.Member
			if err := r.Scan(&p.Dispatch, &p.Step, &p.Version, &p.State, &m.Campaign, &m.Customer, &m.Round, &m.Contact, &m.Address, &m.Arm, &m.Variant, &m.Version, &m.Writer, &m.Rung, &m.Timing, &m.Before, &m.State, &m.Step,
				&due, &reason, &why, &entered, &exposed, &left); err != nil {
				return err
			}
			m.Due, m.Entered, m.Exposed, m.Left, m.Reason = fromMicros(due), fromMicros(entered), fromMicros(exposed), fromMicros(left), crm.ParseReason(reason)
			list = append(list, p)
			return json.Unmarshal([]byte(why), &m.Why)
		})
	})
	return list, err
}
