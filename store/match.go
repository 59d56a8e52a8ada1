package store

import (
	"database/sql"
	"errors"
	"sort"
	"strings"
	"time"

	"kaveri/crm"
)

// This file answers what the rules ask ([crm.Directory]): from what was looked
// up for the whole batch, and for the few mails that only their thread can
// place, on demand.

// ContactsOf answers from the addresses' uses.
func (b *batch) ContactsOf(a crm.Address, at time.Time) []crm.Person {
	return b.inUse(nil, a, micros(at))
}

// ContactsLike answers from the uses of other forms of the address.
func (b *batch) ContactsLike(a crm.Address, at time.Time) []crm.Person {
	var out []crm.Person
	for _, other := range b.alike[a.Canonical()] {
		if other != a {
			out = b.inUse(out, other, micros(at))
		}
	}
	return out
}

func (b *batch) inUse(out []crm.Person, a crm.Address, t int64) []crm.Person {
	for _, u := range b.usages[a] {
		if (u.from == 0 || t >= u.from) && (u.until == 0 || t < u.until) && !has(out, u.contact) {
			out = append(out, crm.Person{Contact: crm.ContactID(u.contact), Customer: crm.CustomerID(u.customer)})
		}
	}
	return out
}

func has(ps []crm.Person, contact int64) bool {
	for _, p := range ps {
		if int64(p.Contact) == contact {
			return true
		}
	}
	return false
}

// TwoWay answers from the correspondence.
func (b *batch) TwoWay(a crm.Address) bool {
	s := b.spoken[b.addressKey(a)]
	return s.wrote && s.answered
}

// CustomerOfDomain answers from the confirmed organisations.
func (b *batch) CustomerOfDomain(domain string) crm.CustomerID {
	return crm.CustomerID(b.domains[domain])
}

func (b *batch) lookUpDomains(domains []string) error {
	return each(b.x, `SELECT d.domain, c.id FROM organisation_domains d JOIN customers c ON c.organisation_id = d.organisation_id AND c.merged_into = 0 WHERE d.domain IN (IN)`, nil, domains, func(r *sql.Rows) error {
		var d string
		var c int64
		if err := r.Scan(&d, &c); err != nil {
			return err
		}
		b.domains[d] = c
		return nil
	})
}

// Corrections answers from what colleagues have said.
func (b *batch) Corrections(m crm.MessageID) []crm.Correction { return b.said[int64(m)] }

func (b *batch) lookUpCorrections(messages []int64) error {
	return each(b.x, `SELECT k.message_id, c.id, c.customer_id, k.belongs, COALESCE(s.name, '') FROM corrections k
JOIN contacts said ON said.id = k.contact_id JOIN contacts c ON c.id = CASE WHEN said.merged_into = 0 THEN said.id ELSE said.merged_into END LEFT JOIN staff s ON s.id = k.staff_id WHERE k.message_id IN (IN) ORDER BY k.message_id, k.at_us, k.contact_id`, nil, messages, func(r *sql.Rows) error {
		var m, belongs int64
		var c crm.Correction
		if err := r.Scan(&m, &c.Contact, &c.Customer, &belongs, &c.Staff); err != nil {
			return err
		}
		c.Belongs = belongs != 0
		b.said[m] = append(b.said[m], c)
		return nil
	})
}

// maxNamesakes bounds how many contacts of a name are proposed: of very many,
// none is worth a look.
const maxNamesakes = 5

// nameKey is what names that can be one person's have in common.
func nameKey(name string) string {
	words := crm.Tokens(name)
	if len(words) < 2 {
		return ""
	}
	sort.Strings(words)
	return cut(strings.Join(words, " "), 300)
}

// ContactsNamed reads who is called so.
func (b *batch) ContactsNamed(name string) []crm.Person {
	key := nameKey(name)
	if key == "" {
		return nil
	}
	if ps, ok := b.named[key]; ok {
		return ps
	}
	rows, err := b.x.query(`SELECT id, customer_id FROM contacts WHERE name_key = $1 AND name_key <> '' AND merged_into = 0 ORDER BY id LIMIT $2`, key, maxNamesakes+1)
	ps, err := collect(rows, err, func(r *sql.Rows, p *crm.Person) error { return r.Scan(&p.Contact, &p.Customer) })
	b.fail(err)
	if len(ps) > maxNamesakes {
		ps = nil
	}
	b.named[key] = ps
	return ps
}

// fail notes the first error of a lookup that the rules have made.
func (b *batch) fail(err error) {
	if b.err == nil {
		b.err = err
	}
}

// Parent reads the nearest ancestor that is stored and to whom it is linked.
func (b *batch) Parent(ids []string) (crm.Parent, string) {
	for i := len(ids) - 1; i >= 0; i-- {
		m, err := b.messageOf(ids[i])
		if err != nil {
			b.fail(err)
			return crm.Parent{}, ""
		}
		if m == 0 {
			continue
		}
		p, err := b.parent(m)
		b.fail(err)
		return p, ids[i]
	}
	return crm.Parent{}, ""
}

// messageOf finds the mail with a Message-ID; of several, the first that came.
func (b *batch) messageOf(id string) (int64, error) {
	if m, ok := b.byID[id]; ok {
		return m, nil
	}
	c, ok := b.threads[id]
	if !ok {
		return 0, nil
	}
	var m int64
	err := b.x.row(`SELECT id FROM messages WHERE conversation_id = $1 AND message_id = $2 ORDER BY id LIMIT 1`, b.root(c), id).Scan(&m)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil
	}
	return m, err
}

func (b *batch) parent(m int64) (crm.Parent, error) {
	var p crm.Parent
	var contacts []int64
	if d := b.stored[m]; d != nil {
		p.Author, contacts = d.author, d.people
	} else {
		var err error
		if contacts, err = column[int64](b.x, `SELECT contact_id FROM links WHERE message_id = $1 ORDER BY contact_id`, m); err != nil {
			return p, err
		}
		err = b.x.row(`SELECT a.address FROM participants p JOIN addresses a ON a.id = p.address_id WHERE p.message_id = $1 AND p.role = 'from' ORDER BY p.n LIMIT 1`, m).Scan(&p.Author)
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return p, err
		}
	}
	for _, c := range contacts {
		person, err := b.person(c)
		if err != nil {
			return p, err
		}
		p.People = append(p.People, person)
	}
	return p, nil
}

// person reads what proof may rest on: the contact's name and the domains of
// the customer's addresses.
func (b *batch) person(contact int64) (crm.Person, error) {
	p := crm.Person{Contact: crm.ContactID(contact)}
	var named int64
	if err := b.x.row(`SELECT customer_id, name, named FROM contacts WHERE id = $1`, contact).Scan(&p.Customer, &p.Name, &named); err != nil {
		return p, err
	}
	if named == 0 {
		p.Name = ""
	}
	var err error
	p.Domains, err = column[string](b.x, `SELECT DISTINCT a.domain FROM contacts c JOIN contact_addresses u ON u.contact_id = c.id JOIN addresses a ON a.id = u.address_id WHERE c.customer_id = $1 AND a.domain <> '' ORDER BY a.domain`, int64(p.Customer))
	return p, err
}

// Quotes compares the text of the mail at hand with that of an ancestor.
func (b *batch) Quotes(via string) bool {
	m, err := b.messageOf(via)
	if err != nil || m == 0 || b.hand == nil {
		b.fail(err)
		return false
	}
	mine, err := b.hand.text()
	if err == nil && mine != "" {
		var theirs string
		if theirs, err = b.textOf(m); err == nil {
			return crm.SharesLine(mine, theirs)
		}
	}
	b.fail(err)
	return false
}

func (b *batch) textOf(m int64) (string, error) {
	if d := b.stored[m]; d != nil {
		return d.text()
	}
	return b.x.messageText(m)
}

func (x *tx) messageText(m int64) (string, error) {
	var body []byte
	if err := x.row(`SELECT body FROM messages WHERE id = $1`, m).Scan(&body); err != nil {
		return "", err
	}
	text, err := unpack(body)
	return string(text), err
}
