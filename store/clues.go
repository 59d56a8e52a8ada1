package store

import (
	"database/sql"
	"slices"

	"kaveri/crm"
)

// This file finds to whom something in a mail points: who has an order that it
// names, and who has a phone: a contact who was given it, or who signs
// with it in mail that everybody may see. Mail that is not everybody's must not
// show in what others are asked.

// maxHolders bounds the contacts that a phone can tell apart: what more have is
// a switchboard.
const maxHolders = 4

// holder is a contact who has a phone.
type holder struct {
	phone             string
	contact, customer int64
	message           int64 // that shows it, 0 when a colleague or a list did
	address           crm.Address
}

// holders reads who has these phones.
func (x *tx) holders(phones []string) (map[string][]holder, error) {
	out := map[string][]holder{}
	for _, query := range []string{
		`SELECT p.phone, c.id, c.customer_id, 0, '' FROM phones p JOIN contacts c ON c.id = p.contact_id AND c.merged_into = 0 WHERE p.phone IN (IN) ORDER BY p.phone, c.id`,
		`SELECT d.key, c.id, c.customer_id, m.id, a.address FROM signed_details d JOIN messages m ON m.id = d.message_id AND m.private = 0 JOIN addresses a ON a.id = d.address_id
JOIN contact_addresses u ON u.address_id = d.address_id JOIN contacts c ON c.id = u.contact_id AND c.merged_into = 0 WHERE d.kind = 'phone' AND d.key IN (IN) ORDER BY d.key, c.id, m.id`,
	} {
		if err := each(x, query, nil, phones, func(r *sql.Rows) error {
			var h holder
			err := r.Scan(&h.phone, &h.contact, &h.customer, &h.message, &h.address)
			out[h.phone] = append(out[h.phone], h)
			return err
		}); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// people gives each holder once, nobody when they are too many.
func people(hs []holder) []holder {
	var out []holder
	for _, h := range hs {
		if !slices.ContainsFunc(out, func(o holder) bool { return o.contact == h.contact }) {
			out = append(out, h)
		}
	}
	if len(out) > maxHolders {
		return nil
	}
	slices.SortFunc(out, func(a, b holder) int { return int(a.contact - b.contact) })
	return out
}

// Clues finds whose orders a mail names, and who has a phone with which its
// author signs.
func (b *batch) Clues(m *crm.Facts) []crm.Candidate {
	return append(b.orderClues(m), b.phoneClues(m)...)
}

// orderClues finds whose orders a mail names by their numbers.
func (b *batch) orderClues(m *crm.Facts) []crm.Candidate {
	text, err := b.hand.text()
	b.fail(err)
	var out []crm.Candidate
	b.fail(each(b.x, `SELECT o.number, c.id, c.customer_id FROM orders o JOIN contacts c ON c.id = o.contact_id WHERE o.number IN (IN) ORDER BY o.number, o.id`, nil,
		distinct(append(crm.OrderNumbers(m.Subject), crm.OrderNumbers(text)...)), func(r *sql.Rows) error {
			var number string
			c := crm.Candidate{Reason: crm.ReasonOrder}
			err := r.Scan(&number, &c.Contact, &c.Customer)
			c.Evidence = "order: " + number
			out = append(out, c)
			return err
		}))
	if len(out) > maxHolders { // numbers that tell nobody apart
		return nil
	}
	return out
}

// phoneClues finds who has a phone with which the author signs. A mail that is
// just coming has not been read yet: it is asked about when it has been.
func (b *batch) phoneClues(m *crm.Facts) []crm.Candidate {
	if m.Mail == 0 {
		return nil
	}
	author := m.Author().Address
	rows, err := b.x.query(`SELECT d.key FROM addresses a JOIN signed_details d ON d.address_id = a.id AND d.kind = 'phone' JOIN messages m ON m.id = d.message_id AND m.private = 0 WHERE a.address = $1 ORDER BY d.key`, string(author))
	phones, err := collect(rows, err, func(r *sql.Rows, p *string) error { return r.Scan(p) })
	if err != nil || len(phones) == 0 {
		b.fail(err)
		return nil
	}
	all, err := b.x.holders(phones)
	b.fail(err)
	var out []crm.Candidate
	for _, p := range phones {
		others := slices.DeleteFunc(all[p], func(h holder) bool { return h.address == author })
		for _, h := range people(others) {
			out = append(out, crm.Candidate{Person: crm.Person{Contact: crm.ContactID(h.contact), Customer: crm.CustomerID(h.customer)}, Reason: crm.ReasonPhone, Evidence: "phone: " + p})
		}
	}
	return out
}

// phonesChanged looks again at what rests on who has these phones: mails that
// nobody has, and customers who may be one person.
func (b *batch) phonesChanged(phones []string) error {
	if err := b.x.stalePhones(phones); err != nil {
		return err
	}
	return b.proposeSharers(phones)
}

// proposeSharers asks whether customers who have one of these phones are one
// person.
func (b *batch) proposeSharers(phones []string) error {
	all, err := b.x.holders(phones)
	if err != nil {
		return err
	}
	for _, p := range phones {
		who := people(all[p])
		for i, h := range who {
			for _, o := range who[:i] {
				if o.customer == h.customer {
					continue
				}
				b.touched[o.customer], b.touched[h.customer] = true, true
				if err := b.review(crm.Review{Kind: crm.ReviewMerge, Message: crm.MessageID(max(o.message, h.message)), Contact: crm.ContactID(o.contact), Other: crm.ContactID(h.contact), Reason: crm.ReasonPhone, Evidence: "phone: " + p}); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// astray holds for mails m that no contact has.
const astray = `NOT EXISTS (SELECT 1 FROM links l WHERE l.message_id = m.id)`

// stalePhones has the mails decided anew that nobody has and whose author signs
// with one of these phones.
func (x *tx) stalePhones(phones []string) error {
	return each(x, `INSERT INTO stale (message_id) SELECT DISTINCT m.id FROM signed_details d JOIN participants p ON p.address_id = d.address_id AND p.role = 'from' JOIN messages m ON m.id = p.message_id
WHERE d.kind = 'phone' AND `+astray+` AND d.key IN (IN) ON CONFLICT DO NOTHING`, nil, phones, func(*sql.Rows) error { return nil })
}

// markAstray has those of these mails decided anew that nobody has and whose
// author signs with a phone.
func (x *tx) markAstray(ids []int64) error {
	return each(x, `INSERT INTO stale (message_id) SELECT DISTINCT m.id FROM messages m JOIN participants p ON p.message_id = m.id AND p.role = 'from' JOIN signed_details d ON d.address_id = p.address_id AND d.kind = 'phone'
WHERE `+astray+` AND m.id IN (IN) ON CONFLICT DO NOTHING`, nil, ids, func(*sql.Rows) error { return nil })
}

// stalePhonesOf does so for all phones of these contacts.
func (x *tx) stalePhonesOf(contacts []int64) error {
	var phones []string
	for _, query := range []string{
		`SELECT phone FROM phones WHERE contact_id IN (IN)`,
		`SELECT d.key FROM contact_addresses u JOIN signed_details d ON d.address_id = u.address_id AND d.kind = 'phone' WHERE u.contact_id IN (IN)`,
	} {
		if err := each(x, query, nil, contacts, func(r *sql.Rows) error {
			var p string
			err := r.Scan(&p)
			phones = append(phones, p)
			return err
		}); err != nil {
			return err
		}
	}
	return x.stalePhones(distinct(phones))
}

// stalePhonesIn does so for the phones that are known by a mail.
func (x *tx) stalePhonesIn(m crm.MessageID) error {
	rows, err := x.query(`SELECT DISTINCT key FROM signed_details WHERE message_id = $1 AND kind = 'phone'`, int64(m))
	phones, err := collect(rows, err, func(r *sql.Rows, p *string) error { return r.Scan(p) })
	if err != nil {
		return err
	}
	return x.stalePhones(phones)
}

// phonesOf gives the phones with which an address signs.
func (x *tx) phonesOf(address int64) ([]string, error) {
	rows, err := x.query(`SELECT key FROM signed_details WHERE address_id = $1 AND kind = 'phone' ORDER BY key`, address)
	return collect(rows, err, func(r *sql.Rows, p *string) error { return r.Scan(p) })
}

// proposeTwin asks whether the author of a stored mail is the contact of another
// customer, whose mail it answers.
func (b *batch) proposeTwin(m *storedMail) error {
	self, other, evidence, ok := crm.Twin(&b.firm, &m.Facts, b)
	if b.err != nil || !ok {
		return b.err
	}
	b.touched[int64(self.Customer)], b.touched[int64(other.Customer)] = true, true
	return b.review(crm.Review{Kind: crm.ReviewMerge, Message: m.Mail, Contact: other.Contact, Other: self.Contact, Reason: crm.ReasonAnswer, Evidence: evidence})
}
