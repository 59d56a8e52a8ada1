package store

import (
	"context"

	"kaveri/crm"
)

// AddNote keeps what a colleague wrote down about a customer. Without a time
// it is of now; a call may be noted afterwards. The same text of the same time
// again is the note that is there: one that came by mail may come twice.
func (s *Store) AddNote(ctx context.Context, v crm.Viewer, n crm.Note) (crm.Note, error) {
	if !v.System {
		n.Staff = v.Staff
	}
	if n.Staff == 0 {
		return crm.Note{}, crm.Forbidden("sign in to write a note")
	}
	if n.Kind == "" {
		n.Kind = crm.NoteKindNote
	}
	if err := n.Validate(); err != nil {
		return crm.Note{}, err
	}
	if now := s.now(); n.At.IsZero() || n.At.After(now) {
		n.At = now
	}
	n.At = fromMicros(micros(n.At))
	err := s.write(ctx, func(x *tx) error {
		if err := x.noteTarget(&n); err != nil {
			return err
		}
		known, err := x.sameNote(&n)
		if err != nil || known != 0 {
			n.ID = known
			return err
		}
		id, err := x.id()
		if err != nil {
			return err
		}
		n.ID = crm.NoteID(id)
		var contact any
		if n.Contact != 0 {
			contact = int64(n.Contact)
		}
		x.tell(crm.Event{Kind: "note", Customer: n.Customer})
		if n.Kind == crm.NoteKindCall { // it answers what they had asked
			x.mark(int64(n.Customer))
		}
		return x.exec(`INSERT INTO notes (id, customer_id, contact_id, staff_id, kind, body, at_us) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
			id, int64(n.Customer), contact, int64(n.Staff), n.Kind, n.Body, micros(n.At))
	})
	if err != nil {
		return crm.Note{}, err
	}
	return n, nil
}

// noteTarget makes sure that the customer is there, and the contact its own. A
// note on one who was merged meanwhile is on the one that was kept.
func (x *tx) noteTarget(n *crm.Note) error {
	c, err := x.customer(n.Customer)
	if err != nil {
		return err
	}
	n.Customer = c.ID
	if n.Contact == 0 {
		return nil
	}
	var found int
	err = x.row(`SELECT count(*) FROM contacts WHERE id = $1 AND customer_id = $2`, int64(n.Contact), int64(n.Customer)).Scan(&found)
	if err == nil && found == 0 {
		err = crm.Invalid("contact", "the contact belongs to another customer")
	}
	return err
}

// sameNote finds a note that says the same, 0 when there is none.
func (x *tx) sameNote(n *crm.Note) (id crm.NoteID, err error) {
	err = x.row(`SELECT COALESCE(min(id), 0) FROM notes WHERE customer_id = $1 AND staff_id = $2 AND at_us = $3 AND kind = $4 AND body = $5`,
		int64(n.Customer), int64(n.Staff), micros(n.At), n.Kind, n.Body).Scan(&id)
	return id, err
}

// SetPrivate marks a mail private or lifts the mark. Only a colleague who
// holds a copy of it may, not even an administrator without one; and a mail
// that the viewer may not see is as one that is not there.
func (s *Store) SetPrivate(ctx context.Context, v crm.Viewer, id crm.MessageID, private bool) error {
	err := s.write(ctx, func(x *tx) error {
		if err := x.holder(v, id); err != nil {
			return err
		}
		n, err := x.changed(`UPDATE messages SET private = $1 WHERE id = $2 AND private <> $3`, flag(private), int64(id), flag(private))
		if err != nil || n == 0 {
			return err
		}
		if err := x.stalePhonesIn(id); err != nil {
			return err
		}
		customers, err := column[crm.CustomerID](x, `SELECT DISTINCT ct.customer_id FROM links l JOIN contacts ct ON ct.id = l.contact_id WHERE l.message_id = $1 ORDER BY ct.customer_id`, int64(id))
		if err != nil {
			return err
		}
		for _, c := range customers {
			if err := x.recomputeLast(c); err != nil {
				return err
			}
			// Everybody may hear of it: they see the mail now, or did before
			// and must see it go.
			x.tell(crm.Event{Kind: "mail", Customer: c})
			x.mark(int64(c)) // the words of private mail are not looked at
		}
		var asked int
		if err := x.row(`SELECT count(*) FROM reviews WHERE message_id = $1 AND state = 'open'`, int64(id)).Scan(&asked); err != nil || asked == 0 {
			return err
		}
		x.tell(crm.Event{Kind: "question"})
		return nil
	})
	if err != nil {
		return err
	}
	return s.decideStale(ctx)
}

func (x *tx) holder(v crm.Viewer, id crm.MessageID) error {
	if err := x.sees(v, id); err != nil {
		return err
	}
	var copies int
	err := x.row(`SELECT count(*) FROM sightings g JOIN folders f ON f.id = g.folder_id JOIN mailboxes b ON b.id = f.mailbox_id WHERE g.message_id = $1 AND b.staff_id = $2`,
		int64(id), int64(v.Staff)).Scan(&copies)
	if err == nil && copies == 0 {
		err = crm.Forbidden("only a colleague with a copy of this mail in an own mailbox may change whether it is private")
	}
	return err
}

// recomputeLast sets the time by which customers are sorted: that of the newest
// order, or of the newest mail which everybody may see, so that the order tells
// nothing of private mail.
func (x *tx) recomputeLast(c crm.CustomerID) error {
	return x.exec(`UPDATE customers SET last_us = COALESCE((SELECT max(t.at_us) FROM (
SELECT (SELECT l.at_us FROM links l JOIN messages m ON m.id = l.message_id WHERE l.contact_id = ct.id AND m.private = 0 ORDER BY l.at_us DESC LIMIT 1) AS at_us
FROM contacts ct WHERE ct.customer_id = $1
UNION ALL SELECT max(o.at_us) AS at_us FROM orders o WHERE o.customer_id = $1) AS t), 0) WHERE id = $1`, int64(c))
}
