package store

import (
	"context"
	"database/sql"
	"strings"
	"time"

	"kaveri/crm"
)

// correspond notes who wrote to us and to whom we wrote.
func (b *batch) correspond(e *crm.Envelope) error {
	wrote, answered := b.firm.Correspondence(e)
	for _, p := range wrote {
		b.speak(p.Address, spoken{wrote: true})
	}
	for _, p := range answered {
		b.speak(p.Address, spoken{answered: true})
	}
	return nil
}

func (b *batch) speak(a crm.Address, way spoken) {
	k := b.addressKey(a)
	was := b.spoken[k]
	is := spoken{was.wrote || way.wrote, was.answered || way.answered}
	if is != was {
		b.spoken[k] = is
		b.spokenNow[k] = is
	}
}

func (b *batch) flushCorrespondence() error {
	var rows []any
	for _, k := range sortedKeys(b.spokenNow) {
		rows = append(rows, k, flag(b.spokenNow[k].wrote), flag(b.spokenNow[k].answered))
	}
	return b.x.insert(`INSERT INTO correspondents (key, wrote, answered) VALUES `, 3, rows,
		` ON CONFLICT (key) DO UPDATE SET wrote = CASE WHEN excluded.wrote = 1 THEN 1 ELSE correspondents.wrote END, answered = CASE WHEN excluded.answered = 1 THEN 1 ELSE correspondents.answered END`)
}

// Where contacts that mail has made come from.
const (
	originTwoWay       = "two-way mail"
	originOrganisation = "confirmed organisation"
)

// admit makes a correspondent a contact and a customer of that contact alone.
func (b *batch) admit(p crm.Newcomer, origin string) error {
	if len(b.usages[p.Address]) > 0 {
		return nil
	}
	name, named := properName(p.Party)
	if !named {
		name = crm.NameFromAddress(p.Address)
	}
	customer, err := int64(p.Customer), error(nil)
	if customer != 0 {
		origin = originOrganisation
	} else if customer, err = b.x.newCustomer(name, b.now); err != nil {
		return err
	}
	contact, err := b.x.newContact(customer, name, named, origin, b.now)
	if err != nil {
		return err
	}
	if err := b.use(p.Address, contact, customer); err != nil {
		return err
	}
	us := b.usages[p.Address]
	us[len(us)-1].named = named
	if named {
		if err := b.proposeNamesake(name, contact); err != nil {
			return err
		}
	}
	if p.Customer != 0 {
		return b.x.words(customer, name)
	}
	return b.proposeOrganisation(p.Address, contact, customer)
}

// properName gives the display name when it is one, and not the address again.
func properName(p crm.Party) (name string, ok bool) {
	name = strings.TrimSpace(p.Name)
	return name, name != "" && !strings.Contains(name, "@")
}

// nameUnnamed gives contacts whose name was made from their address the first
// name that a mail has for them. A name that is known is never overwritten.
func (b *batch) nameUnnamed(e *crm.Envelope) error {
	for _, p := range b.firm.Considered(e) {
		us := b.usages[p.Address]
		if len(us) != 1 || us[0].named {
			continue
		}
		name, ok := properName(p.Party)
		if !ok {
			continue
		}
		us[0].named = true
		b.touched[us[0].customer] = true
		b.x.mark(us[0].customer) // the name is looked for in what they write
		if err := b.x.exec(`UPDATE contacts SET name = $1, named = 1, name_key = $2 WHERE id = $3`, cut(name, 300), nameKey(name), us[0].contact); err != nil {
			return err
		}
		// The customer of one contact alone is called as that contact is.
		if err := b.x.exec(`UPDATE customers SET name = $1, sort_key = $2 WHERE id = $3 AND organisation_id IS NULL AND NOT EXISTS (SELECT 1 FROM contacts c WHERE c.customer_id = $3 AND c.id <> $4)`,
			cut(name, 300), crm.SortKey(name), us[0].customer, us[0].contact); err != nil {
			return err
		}
		if err := b.x.words(us[0].customer, name); err != nil {
			return err
		}
	}
	return nil
}

// use gives a contact an address: mail that is stored is linked, mail that was
// withheld is fetched.
func (b *batch) use(a crm.Address, contact, customer int64) error {
	_, seen := b.addresses[a]
	id, err := b.addressID(a)
	if err != nil {
		return err
	}
	if err := b.parents(); err != nil {
		return err
	}
	if err := b.x.exec(`INSERT INTO contact_addresses (address_id, contact_id, shared) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING`,
		id, contact, flag(len(b.usages[a]) > 0)); err != nil {
		return err
	}
	if err := b.x.words(customer, string(a)); err != nil {
		return err
	}
	b.using(a, usage{contact: contact, customer: customer, named: true})
	b.touched[customer] = true
	b.changed[a.Canonical()] = len(b.stored)
	b.wantKey(b.addressKey(a))
	b.wantKey(b.addressKey(a.Canonical()))
	if !seen {
		return nil
	}
	phones, err := b.x.phonesOf(id)
	if err != nil || len(phones) == 0 {
		return err
	}
	return b.proposeSharers(phones)
}

// link notes the links of a mail and gives the customers it belongs to.
func (b *batch) link(message int64, at time.Time, links []crm.Link) ([]crm.CustomerID, error) {
	var customers []crm.CustomerID
	for _, l := range links {
		c := int64(l.Contact)
		customer := int64(l.Customer) // not by what was looked up: a thread may lead to people whom no address names
		b.x.mark(customer)
		b.links = append(b.links, c, micros(at), message, string(l.Rule), cut(l.Evidence, 1000), units(l.Confidence))
		b.last[customer] = max(b.last[customer], micros(at))
		customers = append(customers, crm.CustomerID(customer))
	}
	return customers, nil
}

// domainKey stands for everybody at a domain among the keyed addresses.
func domainKey(domain string) crm.Address { return crm.Address("@" + domain) }

// idKey gives the keyed hash of a mail's Message-ID, 0 without one.
func (b *batch) idKey(e *crm.Envelope) int64 {
	if e.MessageID == "" {
		return 0
	}
	return b.x.s.key.messageID(e.MessageID)
}

// keysOf gives the keys by which a withheld mail can be found again: its
// outsiders' addresses, its Message-ID and its ancestors'.
func (b *batch) keysOf(e *crm.Envelope) []int64 {
	var keys []int64
	for _, p := range b.firm.Outsiders(e) {
		keys = append(keys, b.addressKey(p.Address), b.addressKey(p.Address.Canonical()))
		if d := p.Address.Organisation(); d != "" && e.Class == crm.ClassHuman {
			keys = append(keys, b.addressKey(domainKey(d)))
		}
	}
	for _, p := range b.firm.WritesFor(e) {
		keys = append(keys, b.addressKey(p.Address), b.addressKey(p.Address.Canonical()))
	}
	for _, id := range threadIDs(e) {
		keys = append(keys, b.x.s.key.messageID(id))
	}
	return distinct(keys)
}

// want notes that the thread of a linked mail belongs to somebody, so that
// mails of it from addresses we do not know are fetched as well. Only the
// policy "known" withholds such mail.
func (b *batch) want(e *crm.Envelope, links []crm.Link) {
	if b.firm.Policy != crm.PolicyKnown || len(links) == 0 {
		return
	}
	for _, id := range threadIDs(e) {
		b.wantKey(b.x.s.key.messageID(id))
	}
}

func (b *batch) wantKey(k int64) {
	if !b.wanted[k] {
		b.wanted[k] = true
		b.wantedRows = append(b.wantedRows, k)
	}
}

// wake turns withheld mails whose key has become wanted into waiting ones.
func (b *batch) wake() error {
	var keys []int64
	for _, k := range b.wantedRows {
		keys = append(keys, k.(int64))
	}
	var places []place
	if err := each(b.x, `SELECT folder_id, uidvalidity, uid FROM uid_keys WHERE key IN (IN)`, nil, keys, func(r *sql.Rows) error {
		var p place
		if err := r.Scan(&p.folder, &p.uidValidity, &p.uid); err != nil {
			return err
		}
		places = append(places, p)
		return nil
	}); err != nil {
		return err
	}
	for _, p := range distinct(places) {
		if err := b.x.exec(`UPDATE uids SET state = 'waiting', rule = '' WHERE folder_id = $1 AND uid = $2 AND uidvalidity = $3 AND state = 'withheld' AND rule = $4`,
			int64(p.folder), int64(p.uid), int64(p.uidValidity), string(crm.RuleNoCustomer)); err != nil {
			return err
		}
	}
	return nil
}

func (x *tx) newCustomer(name string, now time.Time) (int64, error) {
	id, err := x.id()
	if err != nil {
		return 0, err
	}
	if err := x.exec(`INSERT INTO customers (id, name, sort_key, last_us, created_us) VALUES ($1, $2, $3, 0, $4)`,
		id, cut(name, 300), crm.SortKey(name), micros(now)); err != nil {
		return 0, err
	}
	return id, x.words(id, name)
}

func (x *tx) newContact(customer int64, name string, named bool, origin string, now time.Time) (int64, error) {
	id, err := x.id()
	if err != nil {
		return 0, err
	}
	key := ""
	if named { // who is called after the address has no name to be found by
		key = nameKey(name)
	}
	return id, x.exec(`INSERT INTO contacts (id, customer_id, name, named, name_key, origin, created_us) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
		id, customer, cut(name, 300), flag(named), key, origin, micros(now))
}

// words adds what a customer can be found by.
func (x *tx) words(customer int64, text string) error {
	var rows []any
	for _, w := range distinct(crm.Tokens(text)) {
		rows = append(rows, w, customer)
	}
	return x.insert(`INSERT INTO customer_words (word, customer_id) VALUES `, 2, rows, ` ON CONFLICT DO NOTHING`)
}

// errNobody refuses a change on behalf of nobody.
var errNobody = crm.Forbidden("sign in first")

// CustomerImport is a customer from a list of the firm's own.
type CustomerImport struct {
	Name         string
	Organisation string
	Addresses    []crm.Address
	Phones       []string
}

// AddCustomer adds a customer of one contact by hand. An address that belongs
// to somebody already is a conflict that names them.
func (s *Store) AddCustomer(ctx context.Context, v crm.Viewer, name string, addresses []crm.Address) (crm.Customer, error) {
	if !mayRead(v) {
		return crm.Customer{}, errNobody
	}
	name = strings.TrimSpace(name)
	if name == "" && len(addresses) == 0 {
		return crm.Customer{}, crm.Invalid("name", "give a name or an address")
	}
	if name == "" {
		name = crm.NameFromAddress(addresses[0])
	}
	var id int64
	err := s.write(ctx, func(x *tx) error {
		b, err := x.newBatch(s.now())
		if err != nil {
			return err
		}
		if err := b.lookUpAddresses(addresses); err != nil {
			return err
		}
		for _, a := range addresses {
			if err := b.free(a); err != nil {
				return err
			}
		}
		id, err = b.add(CustomerImport{Name: name, Addresses: addresses}, "added by hand")
		if err != nil {
			return err
		}
		return b.finish()
	})
	if err != nil {
		return crm.Customer{}, err
	}
	if err := s.decideStale(ctx); err != nil {
		return crm.Customer{}, err
	}
	return s.Customer(ctx, v, crm.CustomerID(id))
}

// free refuses an address that is ours or somebody's already.
func (b *batch) free(a crm.Address) error {
	if b.firm.Internal(a) {
		return crm.Invalid("address", "%s is one of your own addresses", a)
	}
	if len(b.usages[a]) == 0 {
		return nil
	}
	u := b.usages[a][0]
	var name string
	if err := b.x.row(`SELECT name FROM customers WHERE id = $1`, u.customer).Scan(&name); err != nil {
		return err
	}
	return crm.Of("address", crm.Conflict("%s belongs to the customer %s already (number %d)", a, name, u.customer))
}

func (b *batch) lookUpAddresses(as []crm.Address) error {
	e := &crm.Envelope{}
	for _, a := range as {
		e.To = append(e.To, crm.Party{Address: a})
	}
	return b.lookUpPeople([]*crm.Envelope{e})
}

// add makes the customer, its contact, and the uses of its addresses.
func (b *batch) add(c CustomerImport, origin string) (int64, error) {
	customer, err := b.x.newCustomer(c.Name, b.now)
	if err != nil {
		return 0, err
	}
	if c.Organisation != "" { // found by it; an organisation of its own comes by confirmation
		if err := b.x.words(customer, c.Organisation); err != nil {
			return 0, err
		}
	}
	contact, err := b.x.newContact(customer, c.Name, true, origin, b.now)
	if err != nil {
		return 0, err
	}
	for _, a := range c.Addresses {
		if err := b.use(a, contact, customer); err != nil {
			return 0, err
		}
	}
	for _, p := range c.Phones {
		if err := b.x.exec(`INSERT INTO phones (contact_id, phone) VALUES ($1, $2) ON CONFLICT DO NOTHING`, contact, cut(p, 60)); err != nil {
			return 0, err
		}
	}
	return customer, b.phonesChanged(c.Phones)
}

// ImportCustomers adds customers from a list. One whose address is known
// already is the customer it belongs to, and gains the other addresses.
func (s *Store) ImportCustomers(ctx context.Context, v crm.Viewer, list []CustomerImport) (added, matched int, err error) {
	if !mayRead(v) {
		return 0, 0, errNobody
	}
	err = s.write(ctx, func(x *tx) error {
		added, matched = 0, 0
		b, err := x.newBatch(s.now())
		if err != nil {
			return err
		}
		var all []crm.Address
		for _, c := range list {
			all = append(all, c.Addresses...)
		}
		if err := b.lookUpAddresses(all); err != nil {
			return err
		}
		for _, c := range list {
			isNew, err := b.importOne(c)
			if err != nil {
				return err
			}
			if isNew {
				added++
			} else {
				matched++
			}
		}
		return b.finish()
	})
	if err != nil {
		return added, matched, err
	}
	return added, matched, s.decideStale(ctx)
}

func (b *batch) importOne(c CustomerImport) (isNew bool, err error) {
	var addresses []crm.Address
	var owner *usage
	for _, a := range distinct(c.Addresses) {
		if b.firm.Internal(a) {
			continue
		}
		if us := b.usages[a]; len(us) > 0 {
			if owner == nil {
				owner = &us[0]
			}
			continue
		}
		addresses = append(addresses, a)
	}
	if owner == nil {
		c.Addresses = addresses
		if c.Name == "" && len(addresses) > 0 {
			c.Name = crm.NameFromAddress(addresses[0])
		}
		_, err := b.add(c, "import")
		return true, err
	}
	for _, a := range addresses {
		if err := b.use(a, owner.contact, owner.customer); err != nil {
			return false, err
		}
	}
	return false, nil
}
