package store

import (
	"context"
	"database/sql"

	"kaveri/crm"
)

// Suppress notes that an address is not to be written to, at once: it is
// looked at when a mail is claimed and again when it is armed. An address that
// is suppressed for this reason already keeps the first evidence.
func (s *Store) Suppress(ctx context.Context, p crm.Suppression) error {
	a, err := crm.ParseAddress(string(p.Address))
	if err != nil {
		return err
	}
	if _, err := crm.ParseSuppressionReason(string(p.Reason)); err != nil {
		return err
	}
	p.Address = a
	return s.write(ctx, func(x *tx) error {
		_, err := x.suppress(p)
		return err
	})
}

// suppress notes that an address is not to be written to, and reports whether
// that is new: the first evidence stays.
func (x *tx) suppress(p crm.Suppression) (fresh bool, err error) {
	if p.At.IsZero() {
		p.At = x.s.now()
	}
	contact, err := x.contactOf(p.Contact, p.Address)
	if err != nil {
		return false, err
	}
	id, err := x.id()
	if err != nil {
		return false, err
	}
	n, err := x.changed(`INSERT INTO suppressions (id, address, contact_id, reason, topic, evidence, dispatch_id, staff_id, at_us) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
ON CONFLICT (address, reason, topic) WHERE lifted_us = 0 DO NOTHING`,
		id, string(p.Address), orNull(contact), string(p.Reason), p.Topic, clean(p.Evidence, 2000), orNull(p.Dispatch), orNull(p.Staff), micros(p.At))
	return n > 0, err
}

// contactOf gives the contact, or when none is named the one whose address it
// is.
func (x *tx) contactOf(c crm.ContactID, a crm.Address) (crm.ContactID, error) {
	if c != 0 {
		return c, nil
	}
	e := enlisting{x: x, now: x.s.now(), known: map[crm.Address]int64{}}
	err := e.lookUpContacts([]string{string(a)})
	return crm.ContactID(e.known[a]), err
}

// LiftSuppression lets an address be written to again, as far as this reason
// and topic go; who did it is noted. Nothing else lifts one, an import least of all.
// What was left out meanwhile is not sent by itself.
func (s *Store) LiftSuppression(ctx context.Context, v crm.Viewer, a crm.Address, r crm.SuppressionReason, topic string) error {
	if !mayRead(v) {
		return errNobody
	}
	return s.write(ctx, func(x *tx) error {
		n, err := x.changed(`UPDATE suppressions SET lifted_us = $1, lifted_by = $2 WHERE address = $3 AND reason = $4 AND topic = $5 AND lifted_us = 0`,
			micros(x.s.now()), orNull(v.Staff), string(a), string(r), topic)
		if err == nil && n == 0 {
			err = crm.Of("address", crm.NotFound("%s is not suppressed as %s", a, r))
		}
		return err
	})
}

const suppressionCols = `s.id, s.address, COALESCE(s.contact_id, 0), s.reason, s.topic, s.evidence, COALESCE(s.dispatch_id, 0), COALESCE(s.staff_id, 0), s.at_us, s.lifted_us, COALESCE(s.lifted_by, 0)`

type suppressionRow struct {
	id int64
	crm.Suppression
}

func scanSuppression(r *sql.Rows, p *suppressionRow) error {
	var at, lifted int64
	err := r.Scan(&p.id, &p.Address, &p.Contact, &p.Reason, &p.Topic, &p.Evidence, &p.Dispatch, &p.Staff, &at, &lifted, &p.LiftedBy)
	p.At, p.Lifted = fromMicros(at), fromMicros(lifted)
	return err
}

// Suppressions lists suppressions that stand, the newest first, and gives the
// key of the next page, zero at the end.
func (s *Store) Suppressions(ctx context.Context, v crm.Viewer, page crm.PageKey, limit int) (list []crm.Suppression, next crm.PageKey, err error) {
	return s.suppressions(ctx, v, `s.lifted_us = 0 AND `, page, limit)
}

// AllSuppressions is [Store.Suppressions] with those that were lifted.
func (s *Store) AllSuppressions(ctx context.Context, v crm.Viewer, page crm.PageKey, limit int) (list []crm.Suppression, next crm.PageKey, err error) {
	return s.suppressions(ctx, v, "", page, limit)
}

func (s *Store) suppressions(ctx context.Context, v crm.Viewer, which string, page crm.PageKey, limit int) (list []crm.Suppression, next crm.PageKey, err error) {
	if !mayRead(v) {
		return nil, next, nil
	}
	limit = pageLimit(limit, 100)
	at, id := after(page)
	var read []suppressionRow
	err = s.view(ctx, func(x *tx) error {
		rows, err := x.query(`SELECT `+suppressionCols+` FROM suppressions s WHERE `+which+`(s.at_us, s.id) < ($1, $2) ORDER BY s.at_us DESC, s.id DESC LIMIT $3`, at, id, limit+1)
		read, err = collect(rows, err, scanSuppression)
		return err
	})
	read, next = paged(read, limit, func(e *suppressionRow) crm.PageKey { return crm.PageKey{At: e.At, ID: e.id} })
	for _, r := range read {
		list = append(list, r.Suppression)
	}
	return list, next, err
}

// SuppressionsOf lists all that was ever noted about an address, also what was
// lifted, the oldest first.
func (s *Store) SuppressionsOf(ctx context.Context, v crm.Viewer, a crm.Address) (list []crm.Suppression, err error) {
	if !mayRead(v) {
		return nil, nil
	}
	err = s.view(ctx, func(x *tx) error {
		rows, err := x.query(`SELECT `+suppressionCols+` FROM suppressions s WHERE s.address = $1 ORDER BY s.id`, string(a))
		read, err := collect(rows, err, scanSuppression)
		for _, r := range read {
			list = append(list, r.Suppression)
		}
		return err
	})
	return list, err
}

// IsSuppressed gives why an address must not be written to with mail of this
// kind about this topic ("": none); false when it may.
func (s *Store) IsSuppressed(ctx context.Context, a crm.Address, k crm.MailingKind, topic string) (crm.Suppression, bool, error) {
	list, err := s.SuppressionsOf(ctx, crm.SystemViewer, a)
	for _, p := range list {
		if p.Lifted.IsZero() && p.Stops(k, topic) {
			return p, true, nil
		}
	}
	return crm.Suppression{}, false, err
}

// AddConsent adds a statement about whether somebody wants a kind of mail. The
// list is only ever added to.
func (s *Store) AddConsent(ctx context.Context, c crm.Consent) error {
	a, err := crm.ParseAddress(string(c.Address))
	if err != nil {
		return err
	}
	if c.Source == "" {
		return crm.Invalid("source", "say where the statement comes from")
	}
	c.Address = a
	return s.write(ctx, func(x *tx) error {
		if c.Topic == "" {
			return x.addConsent(c)
		}
		return x.topicSaid(c, 0, []crm.Address{a})
	})
}

// topicSaid keeps what somebody said of a topic, and makes it hold at these
// addresses: who does not want it any more is not sent it, and only a statement
// of their own, no import, ends that.
func (x *tx) topicSaid(c crm.Consent, d crm.DispatchID, addresses []crm.Address) error {
	if c.At.IsZero() {
		c.At = x.s.now()
	}
	for _, a := range addresses {
		c.Address = a
		if err := x.addConsent(c); err != nil {
			return err
		}
		var err error
		switch {
		case !c.Given:
			_, err = x.suppress(crm.Suppression{Address: a, Reason: crm.SuppressedUnsubscribed, Topic: c.Topic, Evidence: c.Source + ": " + c.Proof, Dispatch: d, At: c.At, Staff: c.Staff})
		case c.Source != crm.ConsentImport:
			err = x.exec(`UPDATE suppressions SET lifted_us = $1, lifted_by = $2 WHERE address = $3 AND reason = $4 AND topic = $5 AND lifted_us = 0`,
				micros(c.At), orNull(c.Staff), string(a), string(crm.SuppressedUnsubscribed), c.Topic)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (x *tx) addConsent(c crm.Consent) error {
	if c.At.IsZero() {
		c.At = x.s.now()
	}
	contact, err := x.contactOf(c.Contact, c.Address)
	if err != nil {
		return err
	}
	id, err := x.id()
	if err != nil {
		return err
	}
	return x.exec(`INSERT INTO consents (id, contact_id, address, topic, given, at_us, source, wording, proof, staff_id) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
		id, orNull(contact), string(c.Address), clean(c.Topic, 300), flag(c.Given), micros(c.At), clean(c.Source, 300), clean(c.Wording, 10_000), clean(c.Proof, 2000), orNull(c.Staff))
}

// Consents lists all statements about an address, the oldest first: by when
// they were made, then by when they were added.
func (s *Store) Consents(ctx context.Context, v crm.Viewer, a crm.Address) (list []crm.Consent, err error) {
	if !mayRead(v) {
		return nil, nil
	}
	err = s.view(ctx, func(x *tx) error {
		rows, err := x.query(`SELECT COALESCE(contact_id, 0), address, topic, given, at_us, source, wording, proof, COALESCE(staff_id, 0) FROM consents WHERE address = $1 ORDER BY at_us, id`, string(a))
		list, err = collect(rows, err, func(r *sql.Rows, c *crm.Consent) error {
			var given, at int64
			err := r.Scan(&c.Contact, &c.Address, &c.Topic, &given, &at, &c.Source, &c.Wording, &c.Proof, &c.Staff)
			c.Given, c.At = given == 1, fromMicros(at)
			return err
		})
		return err
	})
	return list, err
}

// ConsentNow gives the statement that counts for each topic, see
// [crm.CurrentConsents].
func (s *Store) ConsentNow(ctx context.Context, v crm.Viewer, a crm.Address) (map[string]crm.Consent, error) {
	list, err := s.Consents(ctx, v, a)
	return crm.CurrentConsents(list), err
}
