package store

import (
	"cmp"
	"context"
	"slices"
	"time"

	"kaveri/crm"
)

// This file keeps the register of wishes (docs/loyalty.md §7): what customers said that they
// want, in their words, and what became of it.

// AddWish keeps what a customer wishes. Without a time it is of now, and when
// its words bound from when on ("not before March"), so is it. The product is
// found by the topic. The same words of the same time, or of the same note,
// again are the wish that is there: a note that came by mail may come twice.
func (s *Store) AddWish(ctx context.Context, v crm.Viewer, w crm.Wish) (crm.Wish, error) {
	if !v.System {
		w.Staff = v.Staff
	}
	if w.Staff == 0 {
		return crm.Wish{}, crm.Forbidden("sign in to write down a wish")
	}
	if err := w.Validate(); err != nil {
		return crm.Wish{}, err
	}
	if w.State != crm.WishNew {
		return crm.Wish{}, crm.Invalid("state", "a wish begins as new")
	}
	now := s.now()
	if w.At.IsZero() || w.At.After(now) {
		w.At = now
	}
	w.At, w.Changed, w.Done = fromMicros(micros(w.At)), fromMicros(micros(now)), time.Time{}
	if d, bound := crm.FirstDay(w.Quote, crm.DayOf(w.At)); bound && w.NotBefore == 0 && (w.ExpiresOn == 0 || d <= w.ExpiresOn) {
		w.NotBefore = d
	}
	err := s.write(ctx, func(x *tx) error {
		if err := x.wishTarget(v, &w); err != nil {
			return err
		}
		known, err := x.sameWish(&w)
		if err != nil || known != 0 {
			w.ID = known
			return err
		}
		return x.addWish(&w)
	})
	if err != nil {
		return crm.Wish{}, err
	}
	return w, nil
}

// wishTarget makes sure that what a wish names is there and may be named.
func (x *tx) wishTarget(v crm.Viewer, w *crm.Wish) error {
	n := crm.Note{Customer: w.Customer, Contact: w.Contact}
	if err := x.noteTarget(&n); err != nil {
		return err
	}
	w.Customer = n.Customer
	if w.Message != 0 {
		if err := x.sees(v, w.Message); err != nil {
			return err
		}
	}
	if w.Note != 0 {
		var found int
		if err := x.row(`SELECT count(*) FROM notes WHERE id = $1 AND customer_id = $2`, int64(w.Note), int64(w.Customer)).Scan(&found); err != nil {
			return err
		}
		if found == 0 {
			return crm.NotFound("this customer has no note %d", w.Note)
		}
	}
	return x.findProduct(w)
}

// findProduct looks up the product that a topic names, by its name or number.
func (x *tx) findProduct(w *crm.Wish) error {
	if w.Topic == "" || w.Product != 0 {
		return nil
	}
	return x.row(`SELECT COALESCE(min(id), 0) FROM products WHERE name = $1 OR sku = $1`, w.Topic).Scan(&w.Product)
}

// sameWish finds a wish that says the same, 0 when there is none.
func (x *tx) sameWish(w *crm.Wish) (id crm.WishID, err error) {
	err = x.row(`SELECT COALESCE(min(id), 0) FROM wishes WHERE customer_id = $1 AND kind = $2 AND quote = $3 AND (at_us = $4 OR note_id = $5) AND COALESCE(message_id, 0) = $6`,
		int64(w.Customer), string(w.Kind), w.Quote, micros(w.At), orNull(w.Note), int64(w.Message)).Scan(&id)
	return id, err
}

// addWish writes a wish with its words and its first step.
func (x *tx) addWish(w *crm.Wish) error {
	id, err := x.id()
	if err != nil {
		return err
	}
	w.ID = crm.WishID(id)
	if err := x.exec(`INSERT INTO wishes (id, customer_id, contact_id, message_id, place, note_id, quote, kind, topic, topic_key, product_id, job, force, strength, state, reason, from_day, until_day, staff_id, asked_id, at_us, changed_us, done_us)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23)`,
		id, int64(w.Customer), orNull(w.Contact), orNull(w.Message), w.Place, orNull(w.Note), w.Quote, string(w.Kind), w.Topic, crm.TopicKey(w.Topic), orNull(w.Product), w.Job, string(w.Force), string(w.Strength),
		string(w.State), w.Reason, int64(w.NotBefore), int64(w.ExpiresOn), orNull(w.Staff), orNull(w.Asked), micros(w.At), micros(w.Changed), micros(w.Done)); err != nil {
		return err
	}
	if err := x.wishWords(w); err != nil {
		return err
	}
	return x.wishStepped(w)
}

// wishWords keeps the words by which a wish is found.
func (x *tx) wishWords(w *crm.Wish) error {
	if err := x.exec(`DELETE FROM wish_words WHERE wish_id = $1`, int64(w.ID)); err != nil {
		return err
	}
	var rows []any
	for _, word := range distinct(crm.Tokens(w.Topic + " " + w.Quote)) {
		rows = append(rows, word, int64(w.ID))
	}
	return x.insert(`INSERT INTO wish_words (word, wish_id) VALUES `, 2, rows, ` ON CONFLICT DO NOTHING`)
}

// wishStepped notes the step that has made a wish what it is, and tells of it.
func (x *tx) wishStepped(w *crm.Wish) error {
	var n int64
	if err := x.row(`SELECT COALESCE(max(n), 0) + 1 FROM wish_steps WHERE wish_id = $1`, int64(w.ID)).Scan(&n); err != nil {
		return err
	}
	if err := x.exec(`INSERT INTO wish_steps (wish_id, n, state, reason, staff_id, at_us) VALUES ($1, $2, $3, $4, $5, $6)`,
		int64(w.ID), n, string(w.State), w.Reason, orNull(w.Staff), micros(w.Changed)); err != nil {
		return err
	}
	return x.wishChanged(w)
}

// wishChanged tells those who may know, and has the customer ranked anew when
// the ladder rests on it.
func (x *tx) wishChanged(w *crm.Wish) error {
	e := crm.Event{Kind: "wish", Customer: w.Customer}
	if w.Message != 0 {
		var private int64
		if err := x.row(`SELECT private FROM messages WHERE id = $1`, int64(w.Message)).Scan(&private); err != nil {
			return err
		}
		if private != 0 {
			e.Message = w.Message
		}
	}
	x.tell(e)
	if w.Kind.Ranks() {
		return x.unrank(w.Customer)
	}
	return nil
}

// StepWish takes a wish to another state; see [crm.WishState.Step] for what is
// refused. When it is done is kept, and forgotten when it turns out not to be.
func (s *Store) StepWish(ctx context.Context, v crm.Viewer, id crm.WishID, to crm.WishState, reason string) error {
	if !mayRead(v) {
		return errNobody
	}
	return s.write(ctx, func(x *tx) error {
		row, err := x.wish(v, id)
		if err != nil {
			return err
		}
		w := row.Wish
		if err := w.State.Step(to, reason); err != nil {
			return err
		}
		w.State, w.Reason, w.Staff, w.Changed = to, reason, v.Staff, s.now()
		if err := w.Validate(); err != nil {
			return err
		}
		switch to {
		case crm.WishDone:
			w.Done = w.Changed
		case crm.WishTold:
		default:
			w.Done = time.Time{}
		}
		if err := x.exec(`UPDATE wishes SET state = $1, reason = $2, changed_us = $3, done_us = $4 WHERE id = $5`, string(w.State), w.Reason, micros(w.Changed), micros(w.Done), int64(id)); err != nil {
			return err
		}
		return x.wishStepped(&w)
	})
}

// EditWish changes what a wish says: all but whose it is, where it was said, and
// its state.
func (s *Store) EditWish(ctx context.Context, v crm.Viewer, w crm.Wish) error {
	if !mayRead(v) {
		return errNobody
	}
	return s.write(ctx, func(x *tx) error {
		row, err := x.wish(v, w.ID)
		if err != nil {
			return err
		}
		was := row.Wish
		w.Customer, w.Message, w.State, w.Reason = was.Customer, was.Message, was.State, was.Reason
		if err := w.Validate(); err != nil {
			return err
		}
		if err := x.findProduct(&w); err != nil {
			return err
		}
		if err := x.exec(`UPDATE wishes SET quote = $1, kind = $2, topic = $3, topic_key = $4, product_id = $5, job = $6, force = $7, strength = $8, from_day = $9, until_day = $10, asked_id = $11, changed_us = $12 WHERE id = $13`,
			w.Quote, string(w.Kind), w.Topic, crm.TopicKey(w.Topic), orNull(w.Product), w.Job, string(w.Force), string(w.Strength), int64(w.NotBefore), int64(w.ExpiresOn), orNull(w.Asked), micros(s.now()), int64(w.ID)); err != nil {
			return err
		}
		if err := x.wishWords(&w); err != nil {
			return err
		}
		if was.Kind.Ranks() && !w.Kind.Ranks() {
			if err := x.unrank(w.Customer); err != nil {
				return err
			}
		}
		return x.wishChanged(&w)
	})
}

// noteSayings keeps what mails were found to say. A mail that is read again says
// nothing new.
func (x *tx) noteSayings(list []crm.Reading) error {
	var rows []any
	for _, r := range list {
		for _, s := range r.Sayings {
			id, err := x.id()
			if err != nil {
				return err
			}
			rows = append(rows, id, int64(r.ID), s.Place, string(s.Kind), cut(clean(s.Quote, crm.MaxQuote), crm.MaxQuote), int64(s.NotBefore))
		}
	}
	return x.insert(`INSERT INTO sayings (id, message_id, place, kind, quote, from_day) VALUES `, 6, rows, ` ON CONFLICT (message_id, place) DO NOTHING`)
}

// DecideWish answers whether what a mail says is a wish: yes makes it a new one,
// of the topic given. One that is decided, or not to be seen, is
// [crm.KindNotFound].
func (s *Store) DecideWish(ctx context.Context, v crm.Viewer, id crm.WishID, yes bool, topic string) (crm.WishID, error) {
	if !mayRead(v) || v.Staff == 0 && !v.System {
		return 0, errNobody
	}
	var made crm.WishID
	err := s.write(ctx, func(x *tx) error {
		list, err := x.wishProposals(v, 0, id, 1)
		if err != nil {
			return err
		}
		if len(list) == 0 {
			return crm.NotFound("no mail says anything with the number %d, or it has been decided", id)
		}
		p := list[0]
		if err := x.exec(`UPDATE sayings SET decided_us = $1, staff_id = $2 WHERE id = $3`, micros(s.now()), orNull(v.Staff), int64(id)); err != nil {
			return err
		}
		w := crm.Wish{Customer: p.Customer, Contact: p.Contact, Message: p.Message, Place: p.Place, Quote: p.Quote, Kind: p.Kind, Topic: topic, NotBefore: p.NotBefore, Staff: v.Staff, At: p.At, Changed: s.now()}
		if !yes {
			return x.wishChanged(&crm.Wish{Customer: p.Customer, Message: p.Message})
		}
		if err := w.Validate(); err != nil {
			return err
		}
		if err := x.findProduct(&w); err != nil {
			return err
		}
		if err := x.addWish(&w); err != nil {
			return err
		}
		made = w.ID
		return nil
	})
	return made, err
}

// Recommend says by whose word a contact came; by 0 takes it back. The ladder
// counts it for who recommended us.
func (s *Store) Recommend(ctx context.Context, v crm.Viewer, contact, by crm.ContactID) error {
	if !mayRead(v) {
		return errNobody
	}
	return s.write(ctx, func(x *tx) error {
		came, err := x.contact(contact)
		if err != nil {
			return err
		}
		ranked, err := column[crm.CustomerID](x, `SELECT c.customer_id FROM recommendations r JOIN contacts c ON c.id = r.by_id WHERE r.contact_id = $1`, int64(contact))
		if err != nil {
			return err
		}
		if err := x.exec(`DELETE FROM recommendations WHERE contact_id = $1`, int64(contact)); err != nil {
			return err
		}
		if by != 0 {
			from, err := x.contact(by)
			if err != nil {
				return err
			}
			if from == came {
				return crm.Invalid("recommended by", "nobody comes by their own word; choose another customer")
			}
			if circle, err := x.cameBy(from, came); err != nil || circle {
				return cmp.Or(err, crm.Invalid("recommended by", "that customer came by the word of this one, so it cannot be the other way round as well"))
			}
			ranked = append(ranked, crm.CustomerID(from))
			if err := x.exec(`INSERT INTO recommendations (contact_id, by_id, staff_id, at_us) VALUES ($1, $2, $3, $4)`, int64(contact), int64(by), orNull(v.Staff), micros(s.now())); err != nil {
				return err
			}
		}
		x.tell(crm.Event{Kind: "detail", Customer: crm.CustomerID(came)})
		slices.Sort(ranked)
		return x.unrank(ranked...)
	})
}

// cameBy reports that a customer came, over whatever steps, by the word of another.
func (x *tx) cameBy(customer, other int64) (bool, error) {
	seen := map[int64]bool{}
	for next := []int64{customer}; len(next) > 0; {
		of, err := x.idsOf(`SELECT DISTINCT b.customer_id FROM contacts t JOIN recommendations r ON r.contact_id = t.id JOIN contacts b ON b.id = r.by_id WHERE t.customer_id IN (IN)`, next)
		if err != nil {
			return false, err
		}
		next = next[:0]
		for _, id := range of {
			if id == other {
				return true, nil
			}
			if !seen[id] {
				seen[id] = true
				next = append(next, id)
			}
		}
	}
	return false, nil
}
