package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"kaveri/crm"
)

// Reviews lists the open questions that the viewer may see, the newest first.
func (s *Store) Reviews(ctx context.Context, v crm.Viewer, limit int) ([]crm.Review, error) {
	if !mayRead(v) {
		return nil, errNobody
	}
	var out []crm.Review
	err := s.view(ctx, func(x *tx) (err error) {
		out, err = x.reviews(v, "", nil, limit)
		return err
	})
	return out, err
}

// DecideReview answers a question with yes or no. The answer is remembered and
// outranks the rules; what follows from it is done before DecideReview returns. A
// question that is answered already is a conflict of the field "question"; other
// conflicts come of what would follow.
func (s *Store) DecideReview(ctx context.Context, v crm.Viewer, id crm.ReviewID, yes bool) error {
	if !mayRead(v) {
		return errNobody
	}
	err := s.write(ctx, func(x *tx) error {
		q, err := x.openReview(v, id)
		if err != nil {
			return err
		}
		state := crm.ReviewDismissed
		if yes {
			state = crm.ReviewConfirmed
		}
		if err := x.exec(`UPDATE reviews SET state = $1, staff_id = $2, decided_us = $3 WHERE id = $4`, string(state), orNull(v.Staff), micros(s.now()), int64(id)); err != nil {
			return err
		}
		if err := x.tellQuestions(q.Message); err != nil {
			return err
		}
		switch q.Kind {
		case crm.ReviewMail:
			return x.correct(v, q.Message, q.Contact, yes)
		case crm.ReviewAddress:
			return x.decideAddress(v, q, yes)
		case crm.ReviewOrganisation:
			if yes {
				_, err = x.confirmOrganisation(v, q.Subject, "")
			}
			return err
		}
		if yes {
			err = x.mergePeople(v, q)
		}
		return err
	})
	if err != nil {
		return err
	}
	return s.decideStale(ctx)
}

func (x *tx) openReview(v crm.Viewer, id crm.ReviewID) (crm.Review, error) {
	q := crm.Review{ID: id}
	condition, args := visible(v, []any{int64(id)})
	err := x.row(`SELECT r.kind, COALESCE(r.message_id, 0), COALESCE(c.id, 0), COALESCE(o.id, 0), r.subject, r.state, COALESCE(c.customer_id, 0), COALESCE(o.customer_id, 0)
FROM `+reviewTables+`
WHERE r.id = $1 AND (r.message_id IS NULL OR `+condition+`)`, args...).Scan(&q.Kind, &q.Message, &q.Contact, &q.Other, &q.Subject, &q.State, &q.Customer, &q.OtherOf)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return q, crm.Of("question", crm.NotFound("no question has the number %d", id))
	case err == nil && q.State != crm.ReviewOpen:
		return q, &crm.Error{Kind: crm.KindConflict, Field: "question", Text: fmt.Sprintf("it is answered already (%s)", q.State)}
	}
	return q, err
}

// decideAddress gives a contact a proposed address, or takes back what the
// proposal rested on.
func (x *tx) decideAddress(v crm.Viewer, q crm.Review, yes bool) error {
	a := crm.Address(q.Subject)
	if yes {
		return x.addAddress(q.Contact, crm.ContactAddress{Address: a})
	}
	ids, err := column[crm.MessageID](x, `SELECT l.message_id FROM addresses a JOIN participants p ON p.address_id = a.id AND p.role = 'from' JOIN links l ON l.message_id = p.message_id
WHERE a.address = $1 AND l.contact_id = $2 AND l.rule = $3 ORDER BY l.message_id`, string(a), int64(q.Contact), string(crm.RuleThread))
	if err != nil {
		return err
	}
	for _, m := range ids {
		if err := x.correct(v, m, q.Contact, false); err != nil {
			return err
		}
	}
	return nil
}

// Correct notes a colleague's word on whether a mail belongs to a contact. It
// outranks every rule, now and whenever the rules are applied again.
func (s *Store) Correct(ctx context.Context, v crm.Viewer, m crm.MessageID, contact crm.ContactID, belongs bool) error {
	if !mayRead(v) {
		return errNobody
	}
	err := s.write(ctx, func(x *tx) error {
		if err := x.sees(v, m); err != nil {
			return err
		}
		return x.correct(v, m, contact, belongs)
	})
	if err != nil {
		return err
	}
	return s.decideStale(ctx)
}

func (x *tx) correct(v crm.Viewer, m crm.MessageID, contact crm.ContactID, belongs bool) error {
	if _, err := x.contact(contact); err != nil {
		return err
	}
	if err := x.exec(`INSERT INTO corrections (message_id, contact_id, belongs, staff_id, at_us) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (message_id, contact_id) DO UPDATE SET belongs = excluded.belongs, staff_id = excluded.staff_id, at_us = excluded.at_us`,
		int64(m), int64(contact), flag(belongs), orNull(v.Staff), micros(x.s.now())); err != nil {
		return err
	}
	return x.markStale([]int64{int64(m)})
}

// contact gives the customer of a contact.
func (x *tx) contact(id crm.ContactID) (customer int64, err error) {
	err = x.row(`SELECT customer_id FROM contacts WHERE id = $1 AND merged_into = 0`, int64(id)).Scan(&customer)
	if errors.Is(err, sql.ErrNoRows) {
		err = crm.Of("contact", crm.NotFound("no contact has the number %d", id))
	}
	return customer, err
}

// AddAddress gives a contact an address, from and until when, or changes these
// times. Mail that is stored finds its place at once; what was withheld is
// fetched.
func (s *Store) AddAddress(ctx context.Context, v crm.Viewer, contact crm.ContactID, a crm.ContactAddress) error {
	if !mayRead(v) {
		return errNobody
	}
	if !a.From.IsZero() && !a.Until.IsZero() && !a.Until.After(a.From) {
		return crm.Invalid("until", "the address ends before it begins; give a later day")
	}
	if err := s.write(ctx, func(x *tx) error { return x.addAddress(contact, a) }); err != nil {
		return err
	}
	return s.decideStale(ctx)
}

func (x *tx) addAddress(contact crm.ContactID, a crm.ContactAddress) error {
	customer, err := x.contact(contact)
	if err != nil {
		return err
	}
	b, err := x.newBatch(x.s.now())
	if err != nil {
		return err
	}
	if b.firm.Internal(a.Address) {
		return crm.Invalid("address", "%s is one of your own addresses", a.Address)
	}
	if err := b.lookUpAddresses([]crm.Address{a.Address}); err != nil {
		return err
	}
	if err := b.use(a.Address, int64(contact), customer); err != nil {
		return err
	}
	if err := x.exec(`UPDATE contact_addresses SET from_us = $1, until_us = $2 WHERE address_id = $3 AND contact_id = $4`, micros(a.From), micros(a.Until), b.addresses[a.Address], int64(contact)); err != nil {
		return err
	}
	return b.finish()
}

// RemoveAddress takes an address from a contact; the mail that was there
// because of it goes.
func (s *Store) RemoveAddress(ctx context.Context, v crm.Viewer, contact crm.ContactID, a crm.Address) error {
	if !mayRead(v) {
		return errNobody
	}
	err := s.write(ctx, func(x *tx) error {
		b, err := x.newBatch(s.now())
		if err != nil {
			return err
		}
		n, err := x.changed(`DELETE FROM contact_addresses WHERE contact_id = $1 AND address_id = (SELECT id FROM addresses WHERE address = $2)`, int64(contact), string(a))
		if err != nil {
			return err
		}
		if n == 0 {
			return crm.Of("address", crm.NotFound("%s is no address of this contact", a))
		}
		b.changed[a.Canonical()] = 0
		customer, err := x.contact(contact)
		if err != nil {
			return err
		}
		b.touched[customer] = true
		return b.finish()
	})
	if err != nil {
		return err
	}
	return s.decideStale(ctx)
}
