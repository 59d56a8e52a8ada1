package store

import (
	"context"
	"strings"

	"kaveri/crm"
)

// ConfirmOrganisation says that everybody at a domain is of one organisation:
// its people become contacts of one customer, those who are there and those
// who will write.
func (s *Store) ConfirmOrganisation(ctx context.Context, v crm.Viewer, domain, name string) (crm.CustomerID, error) {
	if !mayRead(v) {
		return 0, errNobody
	}
	var id crm.CustomerID
	err := s.write(ctx, func(x *tx) (err error) {
		id, err = x.confirmOrganisation(v, domain, name)
		return err
	})
	if err != nil {
		return 0, err
	}
	return id, s.decideStale(ctx)
}

func (x *tx) confirmOrganisation(v crm.Viewer, domain, name string) (crm.CustomerID, error) {
	d, err := crm.ParseDomain(domain)
	if err != nil {
		return 0, err
	}
	if crm.Address("x@"+d).Organisation() != d {
		return 0, crm.Invalid("domain", "%s is shared among strangers, or not the registered domain; give the organisation's own, like acme.example", d)
	}
	b, err := x.newBatch(x.s.now())
	if err != nil {
		return 0, err
	}
	if b.firm.Internal(crm.Address("x@" + d)) {
		return 0, crm.Invalid("domain", "%s is your own", d)
	}
	if err := b.lookUpDomains([]string{d}); err != nil {
		return 0, err
	}
	if c := b.domains[d]; c != 0 {
		return 0, crm.Of("domain", crm.Conflict("%s belongs to the organisation of customer %d already; merge with that one", d, c))
	}
	all, err := column[int64](x, `SELECT DISTINCT c.customer_id FROM addresses a JOIN contact_addresses u ON u.address_id = a.id JOIN contacts c ON c.id = u.contact_id
WHERE a.domain = $1 AND a.domain <> '' ORDER BY c.customer_id`, d)
	if err != nil {
		return 0, err
	}
	if len(all) == 0 {
		return 0, crm.Of("domain", crm.NotFound("no customer has an address at %s; add one first", d))
	}
	keep := crm.CustomerID(all[0])
	company, err := x.organisation(keep, d, name)
	if err != nil {
		return 0, err
	}
	if err := x.exec(`INSERT INTO organisation_domains (domain, organisation_id) VALUES ($1, $2)`, d, company); err != nil {
		return 0, err
	}
	for _, other := range all[1:] {
		if _, err := x.merge(v, keep, crm.CustomerID(other), nil); err != nil {
			return 0, err
		}
	}
	if err := x.exec(`UPDATE reviews SET state = 'settled' WHERE kind = 'organisation' AND subject = $1 AND state = 'open'`, d); err != nil {
		return 0, err
	}
	if err := x.tellQuestions(0); err != nil {
		return 0, err
	}
	b.wantKey(b.addressKey(domainKey(d)))
	x.tell(crm.Event{Kind: "mail", Customer: keep})
	if err := x.exec(`INSERT INTO stale (message_id) SELECT DISTINCT p.message_id FROM addresses a JOIN participants p ON p.address_id = a.id WHERE a.domain = $1 AND a.domain <> '' ON CONFLICT DO NOTHING`, d); err != nil {
		return 0, err
	}
	return keep, b.flush()
}

// RemoveDomain takes back that everybody at a domain is of one organisation. Who
// is a contact already stays one.
func (s *Store) RemoveDomain(ctx context.Context, v crm.Viewer, domain string) error {
	if !mayRead(v) {
		return errNobody
	}
	err := s.write(ctx, func(x *tx) error {
		of, err := column[crm.CustomerID](x, `SELECT c.id FROM organisation_domains d JOIN customers c ON c.organisation_id = d.organisation_id WHERE d.domain = $1 ORDER BY c.id`, domain)
		if err != nil {
			return err
		}
		for _, c := range of {
			x.tell(crm.Event{Kind: "mail", Customer: c})
		}
		n, err := x.changed(`DELETE FROM organisation_domains WHERE domain = $1`, domain)
		if err == nil && n == 0 {
			err = crm.Of("domain", crm.NotFound("%s is not confirmed as an organisation's domain", domain))
		}
		if err != nil {
			return err
		}
		return x.exec(`INSERT INTO stale (message_id) SELECT DISTINCT p.message_id FROM addresses a JOIN participants p ON p.address_id = a.id WHERE a.domain = $1 AND a.domain <> '' ON CONFLICT DO NOTHING`, domain)
	})
	if err != nil {
		return err
	}
	return s.decideStale(ctx)
}

// organisation gives the organisation of a customer, made when there is none.
func (x *tx) organisation(c crm.CustomerID, domain, name string) (int64, error) {
	var id int64
	if err := x.row(`SELECT COALESCE(organisation_id, 0) FROM customers WHERE id = $1`, int64(c)).Scan(&id); err != nil || id != 0 {
		return id, err
	}
	if name = strings.TrimSpace(name); name == "" {
		label, _, _ := strings.Cut(domain, ".")
		name = crm.NameFromAddress(crm.Address(label + "@" + domain))
	}
	id, err := x.id()
	if err != nil {
		return 0, err
	}
	if err := x.exec(`INSERT INTO organisations (id, name, confirmed_us) VALUES ($1, $2, $3)`, id, cut(name, 300), micros(x.s.now())); err != nil {
		return 0, err
	}
	if err := x.exec(`UPDATE customers SET organisation_id = $1, name = $2, sort_key = $3 WHERE id = $4`, id, cut(name, 300), crm.SortKey(name), int64(c)); err != nil {
		return 0, err
	}
	return id, x.words(int64(c), name)
}
