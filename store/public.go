package store

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"slices"
	"time"

	"kaveri/crm"
)

// PublicRecipient gives what the public pages know of the recipient of a mail;
// [crm.KindNotFound] when there is none.
func (s *Store) PublicRecipient(ctx context.Context, id crm.DispatchID) (p crm.PublicRecipient, err error) {
	err = s.view(ctx, func(x *tx) error {
		if p, err = x.publicRecipient(id); err != nil {
			return err
		}
		if err := x.publicStop(&p); err != nil {
			return err
		}
		return x.publicTopics(&p)
	})
	return p, err
}

// publicRecipient reads to whom a mail went.
func (x *tx) publicRecipient(id crm.DispatchID) (p crm.PublicRecipient, err error) {
	err = x.row(`SELECT r.dispatch_id, r.mailing_id, r.address, m.topic, COALESCE(u.language, '') FROM recipients r JOIN mailings m ON m.id = r.mailing_id
LEFT JOIN contacts c ON c.id = r.contact_id LEFT JOIN customers u ON u.id = c.customer_id WHERE r.dispatch_id = $1`, int64(id)).Scan(&p.Dispatch, &p.Mailing, &p.Address, &p.Topic, &p.Language)
	if errors.Is(err, sql.ErrNoRows) {
		err = noDispatch(id)
	}
	return p, err
}

// publicStop says whether mailings reach the recipient. That somebody has opted
// out is told before any other reason: that they can change.
func (x *tx) publicStop(p *crm.PublicRecipient) error {
	rows, err := x.query(`SELECT `+suppressionCols+` FROM suppressions s WHERE s.address = $1 AND s.lifted_us = 0 ORDER BY s.id`, string(p.Address))
	list, err := collect(rows, err, scanSuppression)
	for _, r := range list {
		switch {
		case r.Topic != "" && r.Topic != p.Topic || !r.Reason.Stops(crm.MailingAudience):
			continue
		case r.Topic != "":
			p.Out = true
		case p.Stopped != crm.SuppressedUnsubscribed:
			p.Stopped = r.Reason
		}
		if r.Reason == crm.SuppressedUnsubscribed && r.Dispatch == p.Dispatch && x.s.now().Sub(r.At) < crm.UndoWindow {
			p.Undo = true
		}
	}
	return err
}

// publicTopics says of each topic whether mailings about it go to the
// recipient: the firm's, in the order of its list, and others that were named.
func (x *tx) publicTopics(p *crm.PublicRecipient) error {
	firm, err := x.savedFirm()
	if err != nil {
		return err
	}
	list, err := x.consentsOf(p.Address)
	if err != nil {
		return err
	}
	out, err := column[string](x, `SELECT topic FROM suppressions WHERE address = $1 AND lifted_us = 0 AND reason = $2 AND topic <> ''`, string(p.Address), string(crm.SuppressedUnsubscribed))
	if err != nil {
		return err
	}
	current := crm.CurrentConsents(list)
	add := func(topic string, c crm.Consent) {
		c.Topic, c.Given = topic, c.Given && !slices.Contains(out, topic)
		p.Topics = append(p.Topics, c)
	}
	for _, t := range firm.Topics {
		c, said := current[t.Name]
		if !said {
			c.Given = true // nobody has said anything: mailings go there
		}
		add(t.Name, c)
	}
	for _, topic := range sortedKeys(current) {
		if _, listed := firm.Topic(topic); topic != "" && !listed {
			add(topic, current[topic])
		}
	}
	return nil
}

func (x *tx) consentsOf(a crm.Address) ([]crm.Consent, error) {
	rows, err := x.query(`SELECT topic, given, at_us, source FROM consents WHERE address = $1 ORDER BY at_us, id`, string(a))
	return collect(rows, err, func(r *sql.Rows, c *crm.Consent) error {
		var given, at int64
		err := r.Scan(&c.Topic, &given, &at, &c.Source)
		c.Given, c.At = given == 1, fromMicros(at)
		return err
	})
}

// OptOut notes that the recipient of a mail wants no mailings any more, or none
// about the mail's topic: at once, also for what waits on the ledger, and for
// all addresses that are theirs alone. Once is enough; a second time changes
// nothing.
func (s *Store) OptOut(ctx context.Context, st crm.Statement) error {
	return s.public(ctx, st.Dispatch, func(x *tx, p *crm.PublicRecipient) error {
		if st.Topic != "" && st.Topic != p.Topic {
			return crm.Invalid("topic", "that mail is not about %q", st.Topic)
		}
		now := x.s.now()
		addresses, err := x.personal(p)
		if err != nil {
			return err
		}
		for _, a := range addresses {
			if err := x.optOut(a, st, now); err != nil {
				return err
			}
		}
		e := crm.DispatchEvent{Dispatch: p.Dispatch, Kind: crm.EventUnsubscribed, Mark: eventMark(st), Evidence: st.Proof, At: now}
		if _, err := x.addEvent(e); err != nil {
			return err
		}
		return x.arrived(p.Dispatch, "its recipient opted out by its link")
	})
}

// eventMark tells the opt-outs by one mail apart.
func eventMark(st crm.Statement) string {
	if st.Topic == "" {
		return st.Source
	}
	return st.Source + ", " + st.Topic
}

// optOut suppresses one address and keeps the statement, unless it has opted
// out already.
func (x *tx) optOut(a crm.Address, st crm.Statement, now time.Time) error {
	fresh, err := x.suppress(crm.Suppression{Address: a, Reason: crm.SuppressedUnsubscribed, Topic: st.Topic, Evidence: st.Source + ": " + st.Proof, Dispatch: st.Dispatch, At: now})
	if err != nil || !fresh {
		return err
	}
	return x.addConsent(crm.Consent{Address: a, Topic: st.Topic, At: now, Source: st.Source, Wording: st.Wording, Proof: st.Proof})
}

// personal gives the address that a mail went to, and those others of the same
// contact that nobody shares: who opts out is a person, not an address.
func (x *tx) personal(p *crm.PublicRecipient) ([]crm.Address, error) {
	now := micros(x.s.now())
	contact, err := x.contactOf(0, p.Address)
	if err != nil || contact == 0 {
		return []crm.Address{p.Address}, err
	}
	all, err := column[crm.Address](x, `SELECT a.address FROM contact_addresses u JOIN addresses a ON a.id = u.address_id WHERE u.contact_id = $1 AND u.from_us <= $2 AND (u.until_us = 0 OR u.until_us > $3) AND u.shared = 0
AND NOT EXISTS (SELECT 1 FROM contact_addresses o WHERE o.address_id = u.address_id AND o.contact_id <> u.contact_id AND o.from_us <= $4 AND (o.until_us = 0 OR o.until_us > $5)) ORDER BY a.address`,
		int64(contact), now, now, now, now)
	if !slices.Contains(all, p.Address) {
		all = append(all, p.Address)
	}
	return all, err
}

// UndoOptOut takes back what OptOut has done by the link of this mail, within
// [crm.UndoWindow]; later it is an error of kind [crm.KindConflict]. What was
// said stays, with what was said now.
func (s *Store) UndoOptOut(ctx context.Context, st crm.Statement) error {
	return s.public(ctx, st.Dispatch, func(x *tx, p *crm.PublicRecipient) error {
		now := x.s.now()
		type lifted struct {
			topic   string
			address crm.Address
		}
		rows, err := x.query(`UPDATE suppressions SET lifted_us = $1 WHERE dispatch_id = $2 AND reason = $3 AND lifted_us = 0 AND at_us > $4 AND topic IN ('', $5) RETURNING topic, address`,
			micros(now), int64(p.Dispatch), string(crm.SuppressedUnsubscribed), micros(now.Add(-crm.UndoWindow)), p.Topic)
		undone, err := collect(rows, err, func(r *sql.Rows, l *lifted) error { return r.Scan(&l.topic, &l.address) })
		if err == nil && len(undone) == 0 {
			err = crm.Of("undo", crm.Conflict("there is nothing to undo any more"))
		}
		if err != nil {
			return err
		}
		slices.SortFunc(undone, func(a, b lifted) int { return cmp.Or(cmp.Compare(a.topic, b.topic), cmp.Compare(a.address, b.address)) })
		for _, l := range undone {
			if err := x.wanted(l.address, l.topic, st, now); err != nil {
				return err
			}
		}
		return nil
	})
}

// OptIn notes that the recipient of a mail wants mailings again. Only an opt-out
// ends by it: a complaint or a bounce is for people of the firm to judge.
func (s *Store) OptIn(ctx context.Context, st crm.Statement) error {
	return s.public(ctx, st.Dispatch, func(x *tx, p *crm.PublicRecipient) error {
		now := x.s.now()
		n, err := x.changed(`UPDATE suppressions SET lifted_us = $1 WHERE address = $2 AND reason = $3 AND topic = $4 AND lifted_us = 0`, micros(now), string(p.Address), string(crm.SuppressedUnsubscribed), st.Topic)
		if err != nil || n == 0 {
			return err
		}
		return x.wanted(p.Address, st.Topic, st, now)
	})
}

// wanted keeps the statement that mailings are wanted at an address.
func (x *tx) wanted(a crm.Address, topic string, st crm.Statement, now time.Time) error {
	return x.addConsent(crm.Consent{Address: a, Topic: topic, Given: true, At: now, Source: st.Source, Wording: st.Wording, Proof: st.Proof})
}

// ChooseTopics keeps what the recipient of a mail said of topics, and makes it
// hold: what they do not want, at all addresses that are theirs alone. What is
// so already is not said again, and a topic that is neither on the firm's list
// nor was named before is left out.
func (s *Store) ChooseTopics(ctx context.Context, st crm.Statement, choices []crm.Choice) error {
	return s.public(ctx, st.Dispatch, func(x *tx, p *crm.PublicRecipient) error {
		if err := x.publicTopics(p); err != nil {
			return err
		}
		all, err := x.personal(p)
		if err != nil {
			return err
		}
		for _, ch := range choices {
			i := slices.IndexFunc(p.Topics, func(c crm.Consent) bool { return c.Topic == ch.Topic })
			if i < 0 || p.Topics[i].Given == ch.Given {
				continue
			}
			where := all
			if ch.Given {
				where = []crm.Address{p.Address}
			}
			c := crm.Consent{Topic: ch.Topic, Given: ch.Given, At: x.s.now(), Source: st.Source, Wording: ch.Wording, Proof: st.Proof}
			if err := x.topicSaid(c, p.Dispatch, where); err != nil {
				return err
			}
		}
		return nil
	})
}

// public changes what the recipient of a mail wants, and tells it.
func (s *Store) public(ctx context.Context, id crm.DispatchID, f func(*tx, *crm.PublicRecipient) error) error {
	return s.write(ctx, func(x *tx) error {
		p, err := x.publicRecipient(id)
		if err != nil {
			return err
		}
		x.tell(crm.Event{Kind: "mailing", Mailing: p.Mailing})
		return f(x, &p)
	})
}

// arrived settles a doubt: a link of a mail is known to nobody whom the mail
// has not reached, be it a scanner.
func (x *tx) arrived(id crm.DispatchID, evidence string) error {
	g := x.steps()
	rows, err := g.rows([]int64{int64(id)})
	if err != nil {
		return err
	}
	d := rows[int64(id)]
	if d == nil || d.state != crm.Unknown {
		return nil
	}
	g.move(d, crm.Sent, evidence)
	if err := x.settled(id, crm.Sent, evidence); err != nil {
		return err
	}
	return g.finish()
}
