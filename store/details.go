package store

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"strconv"
	"strings"

	"kaveri/crm"
)

// proposedDetails are the details that signatures show of contacts who have
// their address for themselves. What was decided, or is known, is none; a title
// and the like only when the mail is newer than the last that was accepted.
const proposedDetails = `contacts c JOIN contact_addresses u ON u.contact_id = c.id JOIN signed_details d ON d.address_id = u.address_id
JOIN messages m ON m.id = d.message_id JOIN customers cu ON cu.id = c.customer_id
WHERE c.merged_into = 0 AND (u.from_us = 0 OR m.at_us >= u.from_us) AND (u.until_us = 0 OR m.at_us < u.until_us)
AND NOT EXISTS (SELECT 1 FROM contact_addresses o WHERE o.address_id = u.address_id AND o.contact_id <> c.id)
AND NOT EXISTS (SELECT 1 FROM phones p WHERE p.contact_id = c.id AND p.phone = d.key AND d.kind = 'phone')
AND NOT EXISTS (SELECT 1 FROM contacts k JOIN contact_details s ON s.contact_id = k.id LEFT JOIN messages sm ON sm.id = s.message_id
WHERE k.customer_id = c.customer_id AND (k.id = c.id OR k.merged_into = c.id) AND s.kind = d.kind
AND (s.accepted = 0 AND s.key = d.key OR s.accepted = 1 AND (s.key = d.key AND s.kind = 'phone' OR s.kind <> 'phone' AND COALESCE(sm.at_us, s.at_us) >= m.at_us))) `

// maxProposedPhones bounds the phones of one contact that are proposed at a
// time, the newest: behind them come those that nobody answers any more.
const maxProposedPhones = 3

// DetailProposals lists what the signatures of mails that the viewer may see
// show of a customer's contacts, or of all with 0, and nobody has decided about:
// the newest of each kind, of phones some.
func (s *Store) DetailProposals(ctx context.Context, v crm.Viewer, customer crm.CustomerID, limit int) ([]crm.DetailProposal, error) {
	if !mayRead(v) {
		return nil, errNobody
	}
	var out []crm.DetailProposal
	err := s.view(ctx, func(x *tx) (err error) {
		out, err = x.detailProposals(v, customer, limit)
		return err
	})
	return out, err
}

func (x *tx) detailProposals(v crm.Viewer, customer crm.CustomerID, limit int) ([]crm.DetailProposal, error) {
	condition, args := visible(v, nil)
	if customer != 0 {
		args = append(args, int64(customer))
		condition += ` AND c.customer_id = $` + strconv.Itoa(len(args))
	}
	rows, err := x.query(`SELECT d.id, d.kind, d.value, c.id, c.name, c.customer_id, m.id, m.at_us, cu.name FROM `+proposedDetails+`AND `+condition+` ORDER BY m.at_us DESC, d.id DESC`, args...)
	if err != nil {
		return nil, err
	}
	var out []crm.DetailProposal
	proposed := map[slot]int{}
	err = scanAll(rows, func(r *sql.Rows) error {
		var p crm.DetailProposal
		var at int64
		var called string
		if err := r.Scan(&p.ID, &p.Kind, &p.Value, &p.Contact, &p.ContactName, &p.Customer, &p.Message, &at, &called); err != nil {
			return err
		}
		p.At = fromMicros(at)
		k := slot{p.Contact, p.Kind}
		enough := proposed[k] > 0 && !p.Kind.Several() || proposed[k] >= maxProposedPhones
		if enough || len(out) >= limit || p.Kind == crm.DetailCompany && p.Key() == (crm.Detail{Value: called}).Key() {
			return nil
		}
		proposed[k]++
		out = append(out, p)
		return nil
	})
	if err != nil || len(out) == 0 {
		return nil, err
	}
	return x.besideKnown(out)
}

// slot is where a detail of a contact stands.
type slot struct {
	contact crm.ContactID
	kind    crm.DetailKind
}

// besideKnown adds what is known instead, so that who decides sees both, and
// leaves out what is known.
func (x *tx) besideKnown(ps []crm.DetailProposal) ([]crm.DetailProposal, error) {
	var customers []int64
	for _, p := range ps {
		customers = append(customers, int64(p.Customer))
	}
	known, err := x.knownDetails(distinct(customers))
	if err != nil {
		return nil, err
	}
	for i := range ps {
		for _, d := range known[ps[i].Contact] {
			if d.Kind == ps[i].Kind && !d.Kind.Several() {
				ps[i].Now = d.Value
			}
		}
	}
	return slices.DeleteFunc(ps, func(p crm.DetailProposal) bool {
		return slices.ContainsFunc(known[p.Contact], func(d crm.KnownDetail) bool { return d.Kind == p.Kind && d.Key() == p.Key() })
	}), nil
}

// knownDetails reads what colleagues have accepted of the contacts of these
// customers: phones, and the newest of each other kind. A contact has what those
// have who turned out to be the same human.
func (x *tx) knownDetails(customers []int64) (map[crm.ContactID][]crm.KnownDetail, error) {
	known := map[crm.ContactID][]crm.KnownDetail{}
	err := each(x, `SELECT CASE WHEN c.merged_into = 0 THEN c.id ELSE c.merged_into END, d.kind, d.value, COALESCE(s.name, ''), d.at_us
FROM contacts c JOIN contact_details d ON d.contact_id = c.id AND d.accepted = 1 LEFT JOIN staff s ON s.id = d.staff_id
WHERE c.customer_id IN (IN) ORDER BY d.at_us DESC, d.kind, d.key, c.id`, nil, customers, func(r *sql.Rows) error {
		var contact crm.ContactID
		var d crm.KnownDetail
		var at int64
		if err := r.Scan(&contact, &d.Kind, &d.Value, &d.Staff, &at); err != nil {
			return err
		}
		d.At = fromMicros(at)
		if !slices.ContainsFunc(known[contact], func(o crm.KnownDetail) bool {
			return o.Kind == d.Kind && (!d.Kind.Several() || o.Value == d.Value)
		}) {
			known[contact] = append(known[contact], d)
		}
		return nil
	})
	return known, err
}

// DecideDetail gives a contact what a signature shows, or says that it is not to
// be proposed again. A title, company or address that was known stays in the
// record and is not true any more.
func (s *Store) DecideDetail(ctx context.Context, v crm.Viewer, id crm.DetailID, yes bool) error {
	if !mayRead(v) {
		return errNobody
	}
	var customer crm.CustomerID
	err := s.write(ctx, func(x *tx) error {
		p, err := x.detailProposal(v, id)
		if err != nil {
			return err
		}
		customer = p.Customer
		return x.decideDetail(v, p.Contact, p.Detail, p.Message, yes)
	})
	return s.detailDecided(ctx, customer, err)
}

func (s *Store) detailDecided(ctx context.Context, customer crm.CustomerID, err error) error {
	if err != nil {
		return err
	}
	s.events.send(crm.Event{Kind: "detail", Customer: customer})
	return s.decideStale(ctx)
}

// detailProposal reads a proposal that the viewer may decide about.
func (x *tx) detailProposal(v crm.Viewer, id crm.DetailID) (crm.DetailProposal, error) {
	p := crm.DetailProposal{ID: id}
	condition, args := visible(v, []any{int64(id)})
	err := x.row(`SELECT d.kind, d.value, c.id, c.customer_id, m.id FROM `+proposedDetails+`AND d.id = $1 AND `+condition, args...).Scan(&p.Kind, &p.Value, &p.Contact, &p.Customer, &p.Message)
	if errors.Is(err, sql.ErrNoRows) {
		err = crm.Of("detail", crm.NotFound("no signature shows anything with the number %d, or it has been decided", id))
	}
	return p, err
}

// decideDetail notes a decision; a phone is written to the contact.
func (x *tx) decideDetail(v crm.Viewer, contact crm.ContactID, d crm.Detail, shown crm.MessageID, yes bool) error {
	if err := x.exec(`INSERT INTO contact_details (contact_id, kind, key, value, accepted, message_id, staff_id, at_us) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
ON CONFLICT (contact_id, kind, key) DO UPDATE SET value = excluded.value, accepted = excluded.accepted, message_id = excluded.message_id, staff_id = excluded.staff_id, at_us = excluded.at_us`,
		int64(contact), string(d.Kind), d.Key(), d.Value, flag(yes), orNull(shown), orNull(v.Staff), micros(x.s.now())); err != nil {
		return err
	}
	if d.Kind != crm.DetailPhone {
		return nil
	}
	q := `DELETE FROM phones WHERE contact_id = $1 AND phone = $2`
	if yes {
		q = `INSERT INTO phones (contact_id, phone) VALUES ($1, $2) ON CONFLICT DO NOTHING`
	}
	if err := x.exec(q, int64(contact), d.Value); err != nil {
		return err
	}
	b, err := x.newBatch(x.s.now())
	if err != nil {
		return err
	}
	if err := b.phonesChanged([]string{d.Key()}); err != nil {
		return err
	}
	return b.finish()
}

// RemoveDetail takes from a contact what a colleague has accepted, or a phone
// that came otherwise; signatures do not propose it again.
func (s *Store) RemoveDetail(ctx context.Context, v crm.Viewer, contact crm.ContactID, d crm.Detail) error {
	if !mayRead(v) {
		return errNobody
	}
	var customer int64
	err := s.write(ctx, func(x *tx) (err error) {
		if customer, err = x.contact(contact); err != nil {
			return err
		}
		who, err := x.holding(contact, d)
		if err != nil {
			return err
		}
		for _, c := range who {
			if err := x.decideDetail(v, c, d, 0, false); err != nil {
				return err
			}
			// What was true before does not become true again.
			if err := x.exec(`UPDATE contact_details SET accepted = 0 WHERE contact_id = $1 AND kind = $2 AND kind <> 'phone'`, int64(c), string(d.Kind)); err != nil {
				return err
			}
		}
		if len(who) == 0 {
			err = crm.Of("detail", crm.NotFound("%s is not known of this contact", strings.TrimSpace(d.Value)))
		}
		return err
	})
	return s.detailDecided(ctx, crm.CustomerID(customer), err)
}

// holding gives the contact, and those who turned out to be the same human, who
// have a detail.
func (x *tx) holding(contact crm.ContactID, d crm.Detail) ([]crm.ContactID, error) {
	rows, err := x.query(`SELECT k.id FROM contacts c JOIN contacts k ON k.customer_id = c.customer_id AND (k.id = c.id OR k.merged_into = c.id)
WHERE c.id = $1 AND (EXISTS (SELECT 1 FROM contact_details s WHERE s.contact_id = k.id AND s.kind = $2 AND s.key = $3 AND s.accepted = 1)
OR $4 = 'phone' AND EXISTS (SELECT 1 FROM phones p WHERE p.contact_id = k.id AND p.phone = $5)) ORDER BY k.id`, int64(contact), string(d.Kind), d.Key(), string(d.Kind), d.Value)
	return collect(rows, err, func(r *sql.Rows, c *crm.ContactID) error { return r.Scan(c) })
}
