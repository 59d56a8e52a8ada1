package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"

	"kaveri/crm"
)

// moved is what a merge has moved, so that it can be moved back: nothing is
// rewritten or lost.
type moved struct {
	Contacts []int64  `json:"contacts,omitempty"` // to the kept customer
	Notes    []int64  `json:"notes,omitempty"`
	Orders   []int64  `json:"orders,omitempty"`
	Wishes   []int64  `json:"wishes,omitempty"`
	Words    []string `json:"words,omitempty"`   // new to the kept customer
	Tags     []string `json:"tags,omitempty"`    // likewise
	Domains  []string `json:"domains,omitempty"` // of the other's organisation
	Company  int64    `json:"company,omitempty"` // that organisation
	Owner    int64    `json:"owner,omitempty"`   // who looked after the other, and now after the kept one
	Person   *person  `json:"person,omitempty"`  // when the two were one human
}

// person is what became of a contact that was another one.
type person struct {
	Kept      int64    `json:"kept"`
	Gone      int64    `json:"gone"`
	Addresses []int64  `json:"addresses,omitempty"`
	Phones    []string `json:"phones,omitempty"`
	Notes     []int64  `json:"notes,omitempty"`
	Orders    []int64  `json:"orders,omitempty"`
	Wishes    []int64  `json:"wishes,omitempty"`
	Buyers    []shop   `json:"buyers,omitempty"`
	Followers []int64  `json:"followers,omitempty"` // merged into Gone before
}

// shop is the number that a shop has for somebody.
type shop struct {
	Source string `json:"source"`
	Number string `json:"number"`
}

// Merge makes two customers one: keep takes over the contacts, notes, orders,
// wishes and tags of other. What campaigns have done with either stays theirs: the
// row of customers says that the two are one, and an estimate sees two arms. When samePerson is set, their contacts are one human. Everything can
// be undone by [Store.Unmerge].
func (s *Store) Merge(ctx context.Context, v crm.Viewer, keep, other crm.CustomerID, samePerson bool) (crm.MergeID, error) {
	if !mayRead(v) {
		return 0, errNobody
	}
	var id crm.MergeID
	err := s.write(ctx, func(x *tx) (err error) {
		var one *person
		if samePerson {
			one = &person{}
		}
		id, err = x.merge(v, keep, other, one)
		return err
	})
	if err != nil {
		return 0, err
	}
	return id, s.decideStale(ctx)
}

// mergePeople makes two contacts one human. The customer of several contacts
// stays; two of them cannot become one because of one person.
func (x *tx) mergePeople(v crm.Viewer, q crm.Review) error {
	contacts, err := x.standing(q.OtherOf)
	if err != nil {
		return err
	}
	keep, other, one := q.Customer, q.OtherOf, &person{Kept: int64(q.Contact), Gone: int64(q.Other)}
	if len(contacts) > 1 {
		if contacts, err = x.standing(keep); err != nil {
			return err
		}
		keep, other, one = other, keep, &person{Kept: one.Gone, Gone: one.Kept}
	}
	if len(contacts) > 1 {
		return crm.Invalid("same person", "both customers have several contacts; merge them as one company, or take the address from one of the two")
	}
	_, err = x.merge(v, keep, other, one)
	return err
}

// merge makes two customers one, and with them the two contacts of one, which
// are the only ones when it names none.
func (x *tx) merge(v crm.Viewer, keep, other crm.CustomerID, one *person) (crm.MergeID, error) {
	if keep == other {
		return 0, crm.Invalid("customer", "these two are one customer already")
	}
	a, err := x.standing(keep)
	if err != nil {
		return 0, err
	}
	b, err := x.standing(other)
	if err != nil {
		return 0, err
	}
	if one != nil && one.Kept == 0 {
		if len(a) != 1 || len(b) != 1 {
			return 0, crm.Invalid("same person", "one of the customers has several contacts; merge them as one company")
		}
		one = &person{Kept: a[0], Gone: b[0]}
	}
	m := moved{Contacts: b}
	if m.Notes, err = column[int64](x, `SELECT id FROM notes WHERE customer_id = $1 ORDER BY id`, int64(other)); err != nil {
		return 0, err
	}
	if m.Orders, err = column[int64](x, `SELECT id FROM orders WHERE customer_id = $1 ORDER BY id`, int64(other)); err != nil {
		return 0, err
	}
	if m.Wishes, err = column[int64](x, `SELECT id FROM wishes WHERE customer_id = $1 ORDER BY id`, int64(other)); err != nil {
		return 0, err
	}
	if m.Words, err = x.newWords(keep, other); err != nil {
		return 0, err
	}
	if m.Tags, err = x.newTags(keep, other); err != nil {
		return 0, err
	}
	if m.Owner, err = x.inheritOwner(keep, other); err != nil {
		return 0, err
	}
	if one != nil {
		if m.Person, err = x.onePerson(one.Kept, one.Gone); err != nil {
			return 0, err
		}
	}
	if err := x.moveTo(keep, other, &m); err != nil {
		return 0, err
	}
	j, err := json.Marshal(m)
	if err != nil {
		return 0, err
	}
	id, err := x.id()
	if err != nil {
		return 0, err
	}
	if err := x.exec(`INSERT INTO merges (id, kept_id, gone_id, moved, staff_id, at_us) VALUES ($1, $2, $3, $4, $5, $6)`,
		id, int64(keep), int64(other), string(j), orNull(v.Staff), micros(x.s.now())); err != nil {
		return 0, err
	}
	return crm.MergeID(id), x.merged(keep, other, append(a, b...))
}

// standing gives the contacts of a customer that is there.
func (x *tx) standing(c crm.CustomerID) ([]int64, error) {
	var into int64
	err := x.row(`SELECT merged_into FROM customers WHERE id = $1`, int64(c)).Scan(&into)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return nil, noCustomer(c)
	case err == nil && into != 0:
		return nil, crm.Of("customer", crm.Conflict("customer %d was merged into customer %d; name that one", c, into))
	case err != nil:
		return nil, err
	}
	return column[int64](x, `SELECT id FROM contacts WHERE customer_id = $1 AND merged_into = 0 ORDER BY id`, int64(c))
}

func (x *tx) newWords(keep, other crm.CustomerID) ([]string, error) {
	return column[string](x, `SELECT word FROM customer_words WHERE customer_id = $1 AND word NOT IN (SELECT word FROM customer_words WHERE customer_id = $2) ORDER BY word`, int64(other), int64(keep))
}

// moveTo moves contacts, notes, words and the organisation's domains.
func (x *tx) moveTo(keep, other crm.CustomerID, m *moved) error {
	var mine, theirs int64
	if err := x.row(`SELECT COALESCE(organisation_id, 0) FROM customers WHERE id = $1`, int64(keep)).Scan(&mine); err != nil {
		return err
	}
	if err := x.row(`SELECT COALESCE(organisation_id, 0) FROM customers WHERE id = $1`, int64(other)).Scan(&theirs); err != nil {
		return err
	}
	if theirs != 0 {
		m.Company = theirs
		var err error
		if m.Domains, err = column[string](x, `SELECT domain FROM organisation_domains WHERE organisation_id = $1 ORDER BY domain`, theirs); err != nil {
			return err
		}
		if mine == 0 { // the kept customer becomes that organisation's
			if err := x.exec(`UPDATE customers SET organisation_id = $1 WHERE id = $2`, theirs, int64(keep)); err != nil {
				return err
			}
		} else if err := x.exec(`UPDATE organisation_domains SET organisation_id = $1 WHERE organisation_id = $2`, mine, theirs); err != nil {
			return err
		}
	}
	var words []any
	for _, w := range m.Words {
		words = append(words, w, int64(keep))
	}
	if err := x.insert(`INSERT INTO customer_words (word, customer_id) VALUES `, 2, words, ` ON CONFLICT DO NOTHING`); err != nil {
		return err
	}
	if err := x.giveTags(keep, other, m.Tags); err != nil {
		return err
	}
	for _, q := range []string{
		`UPDATE contacts SET customer_id = $1 WHERE customer_id = $2`,
		`UPDATE notes SET customer_id = $1 WHERE customer_id = $2`,
		`UPDATE orders SET customer_id = $1 WHERE customer_id = $2`,
		`UPDATE wishes SET customer_id = $1 WHERE customer_id = $2`,
		`UPDATE customers SET merged_into = $1 WHERE id = $2`,
	} {
		if err := x.exec(q, int64(keep), int64(other)); err != nil {
			return err
		}
	}
	return nil
}

// onePerson gives a contact all that another one has.
func (x *tx) onePerson(kept, gone int64) (*person, error) {
	p := &person{Kept: kept, Gone: gone}
	var err error
	if p.Addresses, err = column[int64](x, `SELECT address_id FROM contact_addresses WHERE contact_id = $1 AND address_id NOT IN (SELECT address_id FROM contact_addresses WHERE contact_id = $2) ORDER BY address_id`, gone, kept); err != nil {
		return nil, err
	}
	if p.Notes, err = column[int64](x, `SELECT id FROM notes WHERE contact_id = $1 ORDER BY id`, gone); err != nil {
		return nil, err
	}
	if p.Orders, err = column[int64](x, `SELECT id FROM orders WHERE contact_id = $1 ORDER BY id`, gone); err != nil {
		return nil, err
	}
	if p.Wishes, err = column[int64](x, `SELECT id FROM wishes WHERE contact_id = $1 ORDER BY id`, gone); err != nil {
		return nil, err
	}
	rows, err := x.query(`SELECT source, number FROM buyers WHERE contact_id = $1 ORDER BY source, number`, gone)
	if p.Buyers, err = collect(rows, err, func(r *sql.Rows, s *shop) error { return r.Scan(&s.Source, &s.Number) }); err != nil {
		return nil, err
	}
	if p.Followers, err = column[int64](x, `SELECT id FROM contacts WHERE merged_into = $1 ORDER BY id`, gone); err != nil {
		return nil, err
	}
	if p.Phones, err = column[string](x, `SELECT phone FROM phones WHERE contact_id = $1 AND phone NOT IN (SELECT phone FROM phones WHERE contact_id = $2) ORDER BY phone`, gone, kept); err != nil {
		return nil, err
	}
	if err := x.hand(p, p.Gone, p.Kept); err != nil {
		return nil, err
	}
	return p, x.exec(`UPDATE contacts SET merged_into = $1 WHERE id = $2 OR merged_into = $3`, kept, gone, gone)
}

// hand gives what a merge has moved from one contact to the other.
func (x *tx) hand(p *person, from, to int64) error {
	for _, a := range p.Addresses {
		if err := x.exec(`UPDATE contact_addresses SET contact_id = $1 WHERE address_id = $2 AND contact_id = $3`, to, a, from); err != nil {
			return err
		}
	}
	for _, phone := range p.Phones {
		if err := x.exec(`UPDATE phones SET contact_id = $1 WHERE phone = $2 AND contact_id = $3`, to, phone, from); err != nil {
			return err
		}
	}
	for _, n := range p.Notes {
		if err := x.exec(`UPDATE notes SET contact_id = $1 WHERE id = $2 AND contact_id = $3`, to, n, from); err != nil {
			return err
		}
	}
	for _, o := range p.Orders {
		if err := x.exec(`UPDATE orders SET contact_id = $1 WHERE id = $2 AND contact_id = $3`, to, o, from); err != nil {
			return err
		}
	}
	for _, w := range p.Wishes {
		if err := x.exec(`UPDATE wishes SET contact_id = $1 WHERE id = $2 AND contact_id = $3`, to, w, from); err != nil {
			return err
		}
	}
	for _, s := range p.Buyers {
		if err := x.exec(`UPDATE buyers SET contact_id = $1 WHERE source = $2 AND number = $3 AND contact_id = $4`, to, s.Source, s.Number, from); err != nil {
			return err
		}
	}
	return nil
}

// merged marks stale what names one of the contacts, finds the newest mail of
// both customers again, and tells of them.
func (x *tx) merged(a, b crm.CustomerID, contacts []int64) error {
	for _, c := range contacts {
		for _, q := range []string{
			`INSERT INTO stale (message_id) SELECT DISTINCT p.message_id FROM contact_addresses u JOIN participants p ON p.address_id = u.address_id WHERE u.contact_id = $1 ON CONFLICT DO NOTHING`,
			`INSERT INTO stale (message_id) SELECT DISTINCT l.message_id FROM links l WHERE l.contact_id = $1 ON CONFLICT DO NOTHING`,
			`INSERT INTO stale (message_id) SELECT DISTINCT k.message_id FROM corrections k WHERE k.contact_id = $1 ON CONFLICT DO NOTHING`,
			`INSERT INTO stale (message_id) SELECT DISTINCT r.message_id FROM reviews r WHERE r.contact_id = $1 AND r.message_id IS NOT NULL ON CONFLICT DO NOTHING`,
			`INSERT INTO stale (message_id) SELECT DISTINCT o.id FROM links l JOIN messages m ON m.id = l.message_id JOIN messages o ON o.conversation_id = m.conversation_id AND o.loose = 1 WHERE l.contact_id = $1 ON CONFLICT DO NOTHING`,
		} {
			if err := x.exec(q, c); err != nil {
				return err
			}
		}
	}
	for _, table := range []string{`loyalty`, `moves`} {
		if err := x.exec(`DELETE FROM `+table+` WHERE customer_id IN ($1, $2)`, int64(a), int64(b)); err != nil {
			return err
		}
	}
	if err := x.unrank(a, b); err != nil {
		return err
	}
	for _, c := range []crm.CustomerID{a, b} {
		if err := x.recomputeLast(c); err != nil {
			return err
		}
		x.tell(crm.Event{Kind: "mail", Customer: c})
		x.mark(int64(c))
	}
	if err := x.tellQuestions(0); err != nil { // whether two are the same is asked of two only
		return err
	}
	return x.stalePhonesOf(contacts)
}

// Unmerge undoes a merge: every contact, address, phone, note, order and wish goes back to
// where it was, unless it was moved again since. Mail that came meanwhile goes
// where its address says.
func (s *Store) Unmerge(ctx context.Context, v crm.Viewer, id crm.MergeID) error {
	if !mayRead(v) {
		return errNobody
	}
	err := s.write(ctx, func(x *tx) error { return x.unmerge(id) })
	if err != nil {
		return err
	}
	return s.decideStale(ctx)
}

func (x *tx) unmerge(id crm.MergeID) error {
	var keep, other, undone int64
	var j string
	err := x.row(`SELECT kept_id, gone_id, moved, undone_us FROM merges WHERE id = $1`, int64(id)).Scan(&keep, &other, &j, &undone)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return crm.Of("merge", crm.NotFound("no merge has the number %d", id))
	case err != nil:
		return err
	case undone != 0:
		return crm.Of("merge", crm.Conflict("this merge is undone already"))
	}
	var later int64
	if err := x.row(`SELECT COALESCE(max(id), 0) FROM merges WHERE undone_us = 0 AND id > $1 AND (kept_id = $2 OR gone_id = $3)`, int64(id), other, keep).Scan(&later); err != nil {
		return err
	}
	if later != 0 {
		return crm.Of("merge", crm.Conflict("undo merge %d first: it rests on this one", later))
	}
	var m moved
	if err := json.Unmarshal([]byte(j), &m); err != nil {
		return err
	}
	contacts, err := column[int64](x, `SELECT id FROM contacts WHERE customer_id = $1 ORDER BY id`, keep)
	if err != nil {
		return err
	}
	if p := m.Person; p != nil {
		if err := x.hand(p, p.Kept, p.Gone); err != nil {
			return err
		}
		for _, f := range p.Followers {
			if err := x.exec(`UPDATE contacts SET merged_into = $1 WHERE id = $2`, p.Gone, f); err != nil {
				return err
			}
		}
		if err := x.exec(`UPDATE contacts SET merged_into = 0 WHERE id = $1`, p.Gone); err != nil {
			return err
		}
	}
	if err := x.moveBack(keep, other, &m); err != nil {
		return err
	}
	if err := x.exec(`UPDATE merges SET undone_us = $1 WHERE id = $2`, micros(x.s.now()), int64(id)); err != nil {
		return err
	}
	return x.merged(crm.CustomerID(keep), crm.CustomerID(other), contacts)
}

func (x *tx) moveBack(keep, other int64, m *moved) error {
	for _, w := range []struct {
		ids   []int64
		query string
	}{
		{m.Contacts, `UPDATE contacts SET customer_id = $1 WHERE customer_id = $2 AND (id = $3 OR merged_into = $4)`},
		{m.Notes, `UPDATE notes SET customer_id = $1 WHERE customer_id = $2 AND id = $3 AND id = $4`},
		{m.Orders, `UPDATE orders SET customer_id = $1 WHERE customer_id = $2 AND id = $3 AND id = $4`},
		{m.Wishes, `UPDATE wishes SET customer_id = $1 WHERE customer_id = $2 AND id = $3 AND id = $4`},
	} {
		for _, id := range w.ids {
			if err := x.exec(w.query, other, keep, id, id); err != nil {
				return err
			}
		}
	}
	for _, w := range m.Words {
		if err := x.exec(`DELETE FROM customer_words WHERE customer_id = $1 AND word = $2`, keep, w); err != nil {
			return err
		}
	}
	for _, t := range m.Tags {
		if err := x.exec(`DELETE FROM customer_tags WHERE customer_id = $1 AND tag = $2`, keep, t); err != nil {
			return err
		}
	}
	if m.Company != 0 {
		for _, d := range m.Domains {
			if err := x.exec(`UPDATE organisation_domains SET organisation_id = $1 WHERE domain = $2`, m.Company, d); err != nil {
				return err
			}
		}
		if err := x.exec(`UPDATE customers SET organisation_id = NULL WHERE id = $1 AND organisation_id = $2`, keep, m.Company); err != nil {
			return err
		}
	}
	if m.Owner != 0 {
		if err := x.exec(`UPDATE customers SET owner_id = NULL WHERE id = $1 AND owner_id = $2`, keep, m.Owner); err != nil {
			return err
		}
	}
	return x.exec(`UPDATE customers SET merged_into = 0 WHERE id = $1`, other)
}

// Merges lists the merges into a customer that are not undone, the newest
// first.
func (s *Store) Merges(ctx context.Context, v crm.Viewer, c crm.CustomerID) ([]crm.MergeRow, error) {
	if !mayRead(v) {
		return nil, errNobody
	}
	var out []crm.MergeRow
	err := s.view(ctx, func(x *tx) error {
		rows, err := x.query(`SELECT m.id, m.gone_id, c.name, COALESCE(s.name, ''), m.at_us FROM merges m JOIN customers c ON c.id = m.gone_id LEFT JOIN staff s ON s.id = m.staff_id
WHERE m.kept_id = $1 AND m.undone_us = 0 ORDER BY m.id DESC`, int64(c))
		out, err = collect(rows, err, func(r *sql.Rows, m *crm.MergeRow) error {
			var at int64
			err := r.Scan(&m.ID, &m.Other, &m.Name, &m.Staff, &at)
			m.At = fromMicros(at)
			return err
		})
		return err
	})
	return out, err
}
