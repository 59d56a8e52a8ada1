package store

import (
	"context"
	"database/sql"
	"slices"
	"strconv"
	"strings"

	"kaveri/crm"
)

// ContactImport is an entry of an address book.
type ContactImport struct {
	CustomerImport
	Note string // kept on the timeline of a new customer
}

// importChunk is how many entries share a transaction, or a look at the database.
const importChunk = 2000

// importing decides and carries out an import over a batch.
type importing struct {
	*batch
	phones map[int64]map[string]bool // of contacts
	names  map[int64]string          // of customers
	stop   map[crm.Address]bool      // is not written to
	out    map[crm.Address][]optOut  // what its owner does not want
	left   map[int64][]optOut        // what contacts do not want, by any of their own addresses
}

// optOut is that somebody wants no mail, of a topic or at all, and the address by
// which that is known.
type optOut struct {
	reason  crm.SuppressionReason
	topic   string // "": no mailings at all
	address crm.Address
}

func (x *tx) importing(s *Store) (*importing, error) {
	b, err := x.newBatch(s.now())
	return &importing{b, map[int64]map[string]bool{}, map[int64]string{}, map[crm.Address]bool{}, map[crm.Address][]optOut{}, map[int64][]optOut{}}, err
}

// PlanContactImport says what [Store.ImportContacts] would do with each entry, and
// changes nothing.
func (s *Store) PlanContactImport(ctx context.Context, v crm.Viewer, list []ContactImport) (steps []crm.ImportStep, err error) {
	if !mayRead(v) {
		return nil, errNobody
	}
	err = s.view(ctx, func(x *tx) error {
		im, err := x.importing(s)
		if err != nil {
			return err
		}
		steps = make([]crm.ImportStep, 0, len(list))
		for chunk := range slices.Chunk(list, importChunk) {
			if err := im.lookUp(chunk); err != nil {
				return err
			}
			for i := range chunk {
				step := im.step(len(steps), &chunk[i])
				im.suppose(&step)
				steps = append(steps, step)
			}
		}
		return nil
	})
	return steps, err
}

// lookUp reads all that the steps of these entries ask for.
func (im *importing) lookUp(list []ContactImport) error {
	var all []crm.Address
	for i := range list {
		for _, a := range list[i].Addresses {
			if len(im.usages[a]) == 0 { // of an earlier entry it is known already
				all = append(all, a)
			}
		}
	}
	all = distinct(all)
	if err := im.lookUpAddresses(all); err != nil {
		return err
	}
	var contacts, customers []int64
	for _, a := range all {
		for _, u := range im.usages[a] {
			contacts, customers = append(contacts, u.contact), append(customers, u.customer)
		}
	}
	if err := each(im.x, `SELECT contact_id, phone FROM phones WHERE contact_id IN (IN)`, nil, distinct(contacts), func(r *sql.Rows) error {
		var c int64
		var phone string
		err := r.Scan(&c, &phone)
		im.hasPhone(c, phone)
		return err
	}); err != nil {
		return err
	}
	if err := each(im.x, `SELECT id, name FROM customers WHERE id IN (IN)`, nil, distinct(customers), func(r *sql.Rows) error {
		var c int64
		var name string
		err := r.Scan(&c, &name)
		im.names[c] = name
		return err
	}); err != nil {
		return err
	}
	return im.lookUpStopped(all, distinct(contacts))
}

// lookUpStopped reads which of the addresses are not written to, and which of the
// contacts have an address of their own by which they have opted out: who opts
// out is a person, so what they gain is not written to either.
func (im *importing) lookUpStopped(addresses []crm.Address, contacts []int64) error {
	if err := each(im.x, `SELECT address, reason, topic FROM suppressions WHERE lifted_us = 0 AND address IN (IN)`, nil, addresses, func(r *sql.Rows) error {
		var o optOut
		err := r.Scan(&o.address, &o.reason, &o.topic)
		im.stop[o.address] = im.stop[o.address] || o.topic == ""
		if o.reason != crm.SuppressedBounced {
			im.out[o.address] = append(im.out[o.address], o)
		}
		return err
	}); err != nil {
		return err
	}
	return each(im.x, `SELECT u.contact_id, s.address, s.reason, s.topic FROM contact_addresses u JOIN addresses a ON a.id = u.address_id JOIN suppressions s ON s.address = a.address
WHERE s.lifted_us = 0 AND s.reason <> 'bounced' AND u.shared = 0 AND u.contact_id IN (IN)`, nil, contacts, func(r *sql.Rows) error {
		var c int64
		var o optOut
		err := r.Scan(&c, &o.address, &o.reason, &o.topic)
		im.left[c] = append(im.left[c], o)
		return err
	})
}

func (im *importing) hasPhone(contact int64, phone string) {
	if im.phones[contact] == nil {
		im.phones[contact] = map[string]bool{}
	}
	im.phones[contact][phone] = true
}

// step decides about one entry. It is the one with the first of its addresses
// that is known; who has another of them keeps it.
func (im *importing) step(entry int, c *ContactImport) crm.ImportStep {
	out := crm.ImportStep{Entry: entry, Name: c.Name}
	var owner *usage
	own := crm.Address("")
	for _, a := range distinct(c.Addresses) {
		us := im.usages[a]
		switch {
		case im.firm.Internal(a):
			own = a
		case len(us) == 0:
			out.Addresses = append(out.Addresses, a)
		case owner == nil:
			owner = &us[0]
		case !slices.ContainsFunc(us, func(u usage) bool { return u.contact == owner.contact }):
			out.Elsewhere = append(out.Elsewhere, a)
		}
	}
	switch {
	case owner != nil:
		im.extend(&out, c, owner)
	case len(out.Addresses) > 0:
		if out.Verb, out.Phones, out.Note = crm.ImportAdd, distinct(c.Phones), c.Note; out.Name == "" {
			out.Name = crm.NameFromAddress(out.Addresses[0])
		}
	case own != "":
		out.Verb, out.Reason = crm.ImportRefuse, string(own)+" is one of your own addresses"
	default:
		out.Verb, out.Reason = crm.ImportRefuse, "it has no mail address"
	}
	left := slices.ContainsFunc(im.unwanted(&out), func(o optOut) bool { return o.topic == "" })
	for _, a := range out.Addresses {
		if im.stop[a] || left {
			out.Stopped = append(out.Stopped, a)
		}
	}
	return out
}

// unwanted gives what the person of a step is known not to want.
func (im *importing) unwanted(step *crm.ImportStep) []optOut {
	all := slices.Clone(im.left[int64(step.Contact)])
	for _, a := range step.Addresses {
		all = append(all, im.out[a]...)
	}
	return all
}

// stay keeps the addresses that somebody gains from being sent what they have
// opted out of.
func (im *importing) stay(step *crm.ImportStep) error {
	all := im.unwanted(step)
	if len(all) == 0 {
		return nil
	}
	im.left[int64(step.Contact)] = all
	for _, a := range step.Addresses {
		for _, o := range all {
			if a == o.address {
				continue
			}
			if _, err := im.x.suppress(crm.Suppression{Address: a, Reason: o.reason, Topic: o.topic, Evidence: "imported as an address of " + string(o.address) + ", who is not written to", At: im.now}); err != nil {
				return err
			}
		}
	}
	return nil
}

func (im *importing) extend(out *crm.ImportStep, c *ContactImport, owner *usage) {
	out.Verb, out.Contact, out.Customer, out.Owner = crm.ImportExtend, crm.ContactID(owner.contact), crm.CustomerID(owner.customer), im.names[owner.customer]
	for _, p := range distinct(c.Phones) {
		if !im.phones[owner.contact][p] {
			out.Phones = append(out.Phones, p)
		}
	}
	if len(out.Addresses)+len(out.Phones) == 0 {
		out.Verb = crm.ImportKnown
	}
}

// suppose goes on as if the step had been taken: an entry may meet one that
// comes before it. Whom nothing but the import makes has a number below 0.
func (im *importing) suppose(step *crm.ImportStep) {
	contact, customer := int64(step.Contact), int64(step.Customer)
	switch step.Verb {
	case crm.ImportAdd:
		contact = -int64(step.Entry) - 1
		customer = contact
		im.names[customer] = step.Name
		im.left[contact] = im.unwanted(step)
	case crm.ImportExtend:
	default:
		step.Contact, step.Customer = max(step.Contact, 0), max(step.Customer, 0)
		return
	}
	for _, a := range step.Addresses {
		im.using(a, usage{contact: contact, customer: customer, named: true})
	}
	for _, p := range step.Phones {
		im.hasPhone(contact, p)
	}
	step.Contact, step.Customer = max(step.Contact, 0), max(step.Customer, 0)
}

// ImportContacts imports an address book, some entries a transaction, and calls
// told with the steps taken. All it changes is noted under the number that it
// gives, for [Store.UndoContactImport]; of an import that is cut short that number is
// the last of [Store.ContactImports].
func (s *Store) ImportContacts(ctx context.Context, v crm.Viewer, source string, list []ContactImport, told func([]crm.ImportStep)) (crm.ImportID, error) {
	if !mayRead(v) {
		return 0, errNobody
	}
	var id int64
	err := s.write(ctx, func(x *tx) (err error) {
		if id, err = x.id(); err != nil {
			return err
		}
		return x.exec(`INSERT INTO contact_imports (id, source, staff_id, at_us) VALUES ($1, $2, $3, $4)`, id, clean(source, 300), orNull(v.Staff), micros(s.now()))
	})
	if err != nil {
		return 0, err
	}
	done, changes := 0, 0
	for chunk := range slices.Chunk(list, importChunk) {
		var steps []crm.ImportStep
		var rows *importRows
		err := s.write(ctx, func(x *tx) (err error) {
			steps, rows, err = x.importChunk(s, v, id, chunk, done, changes)
			return err
		})
		if err != nil {
			return crm.ImportID(id), err
		}
		done, changes = done+len(chunk), changes+len(rows.changes)/importChangeCols
		told(steps)
		if err := s.decideStale(ctx); err != nil {
			return crm.ImportID(id), err
		}
	}
	return crm.ImportID(id), nil
}

// importChunk carries out the steps of some entries. done and changes are how
// many entries and changes came before.
func (x *tx) importChunk(s *Store, v crm.Viewer, id int64, list []ContactImport, done, changes int) ([]crm.ImportStep, *importRows, error) {
	im, err := x.importing(s)
	if err == nil {
		err = im.lookUp(list)
	}
	if err != nil {
		return nil, nil, err
	}
	rows := &importRows{id: id, n: changes}
	steps := make([]crm.ImportStep, len(list))
	for i := range list {
		steps[i] = im.step(done+i, &list[i])
		if err := im.take(rows, v, &steps[i], &list[i]); err != nil {
			return nil, nil, err
		}
	}
	if err := rows.write(im.batch); err != nil {
		return nil, nil, err
	}
	return steps, rows, im.finish()
}

// importRows are the rows of a chunk, written together: one by one they would
// take most of the time.
type importRows struct {
	id                                                       int64 // of the import
	n                                                        int
	customers, contacts, words, uses, phones, notes, changes []any
	called                                                   []string // the phones
}

const importChangeCols = 5

func (r *importRows) change(kind string, contact int64, value string) {
	r.changes = append(r.changes, r.id, r.n, kind, contact, value)
	r.n++
}

func (r *importRows) find(customer int64, texts ...string) {
	for _, w := range distinct(crm.Tokens(strings.Join(texts, " "))) {
		r.words = append(r.words, w, customer)
	}
}

// take enters a step into the rows.
func (im *importing) take(rows *importRows, v crm.Viewer, step *crm.ImportStep, c *ContactImport) (err error) {
	if step.Verb != crm.ImportAdd && step.Verb != crm.ImportExtend {
		return nil
	}
	contact, customer := int64(step.Contact), int64(step.Customer)
	if step.Verb == crm.ImportAdd {
		if customer, contact, err = im.newPerson(rows, step.Name, c); err != nil {
			return err
		}
		step.Contact, step.Customer, step.Owner = crm.ContactID(contact), crm.CustomerID(customer), step.Name
		if err := im.note(rows, v, customer, contact, step.Note); err != nil {
			return err
		}
	}
	if err := im.stay(step); err != nil { // before the address is theirs: the opt-out outlives an undoing
		return err
	}
	for _, a := range step.Addresses {
		if err := im.give(rows, a, contact, customer); err != nil {
			return err
		}
	}
	for _, p := range step.Phones {
		im.hasPhone(contact, p)
		rows.phones = append(rows.phones, contact, cut(p, 60))
		rows.called = append(rows.called, p)
		rows.change("phone", contact, cut(p, 60))
	}
	im.touched[customer] = true
	return nil
}

// newPerson makes a customer of one contact. One that is called after its
// address has no name yet, and takes that of its first mail.
func (im *importing) newPerson(rows *importRows, name string, c *ContactImport) (customer, contact int64, err error) {
	if customer, err = im.x.id(); err == nil {
		contact, err = im.x.id()
	}
	if err != nil {
		return 0, 0, err
	}
	name = cut(strings.TrimSpace(name), 300)
	at, key := micros(im.now), ""
	if c.Name != "" {
		key = nameKey(name)
	}
	rows.customers = append(rows.customers, customer, name, crm.SortKey(name), 0, at)
	rows.contacts = append(rows.contacts, contact, customer, name, flag(c.Name != ""), key, "import", at)
	rows.find(customer, name, c.Organisation)
	rows.change("customer", contact, name)
	im.names[customer] = name
	return customer, contact, nil
}

// give gives a contact an address, as [batch.use] does.
func (im *importing) give(rows *importRows, a crm.Address, contact, customer int64) error {
	_, seen := im.addresses[a]
	id, err := im.addressID(a)
	if err != nil {
		return err
	}
	rows.uses = append(rows.uses, id, contact, 0)
	rows.find(customer, string(a))
	rows.change("address", contact, string(a))
	im.using(a, usage{contact: contact, customer: customer, named: true})
	im.changed[a.Canonical()] = len(im.stored)
	im.wantKey(im.addressKey(a))
	im.wantKey(im.addressKey(a.Canonical()))
	if !seen {
		return nil
	}
	signed, err := im.x.phonesOf(id)
	rows.called = append(rows.called, signed...)
	return err
}

// note keeps what the address book says of somebody.
func (im *importing) note(rows *importRows, v crm.Viewer, customer, contact int64, text string) error {
	if text = clean(text, 4000); text == "" || v.Staff == 0 {
		return nil
	}
	id, err := im.x.id()
	if err != nil {
		return err
	}
	rows.notes = append(rows.notes, id, customer, contact, int64(v.Staff), crm.NoteKindNote, text, micros(im.now))
	rows.change("note", contact, strconv.FormatInt(id, 10))
	return nil
}

// write writes the rows, parents before children.
func (r *importRows) write(b *batch) error {
	insert := func(head string, cols int, rows []any) func() error {
		return func() error {
			return b.x.insert(`INSERT INTO `+head+` VALUES `, cols, rows, map[bool]string{true: ` ON CONFLICT DO NOTHING`}[cols < 4])
		}
	}
	for _, step := range []func() error{
		insert(`customers (id, name, sort_key, last_us, created_us)`, 5, r.customers),
		insert(`contacts (id, customer_id, name, named, name_key, origin, created_us)`, 7, r.contacts),
		b.parents, // the addresses
		insert(`contact_addresses (address_id, contact_id, shared)`, 3, r.uses),
		insert(`customer_words (word, customer_id)`, 2, r.words),
		insert(`phones (contact_id, phone)`, 2, r.phones),
		insert(`notes (id, customer_id, contact_id, staff_id, kind, body, at_us)`, 7, r.notes),
		insert(`contact_import_changes (import_id, n, kind, contact_id, value)`, importChangeCols, r.changes),
	} {
		if err := step(); err != nil {
			return err
		}
	}
	return b.phonesChanged(distinct(r.called))
}

// ContactImports lists the address books that were imported, the newest first.
func (s *Store) ContactImports(ctx context.Context, v crm.Viewer) (list []crm.ContactBook, err error) {
	if !mayRead(v) {
		return nil, nil
	}
	err = s.view(ctx, func(x *tx) error {
		rows, err := x.query(`SELECT i.id, i.source, COALESCE(st.name, ''), i.at_us, i.undone_us FROM contact_imports i LEFT JOIN staff st ON st.id = i.staff_id ORDER BY i.at_us DESC, i.id DESC LIMIT $1`, 1000)
		list, err = collect(rows, err, func(r *sql.Rows, b *crm.ContactBook) error {
			var at, undone int64
			err := r.Scan(&b.ID, &b.Source, &b.Staff, &at, &undone)
			b.At, b.Undone = fromMicros(at), fromMicros(undone)
			return err
		})
		if err != nil {
			return err
		}
		at := map[int64]*crm.ContactBook{}
		ids := make([]int64, len(list))
		for i := range list {
			ids[i] = int64(list[i].ID)
			at[ids[i]] = &list[i]
		}
		return each(x, `SELECT import_id, kind, count(*) FROM contact_import_changes WHERE import_id IN (IN) GROUP BY import_id, kind`, nil, ids, func(r *sql.Rows) error {
			var id int64
			var kind string
			var n int
			err := r.Scan(&id, &kind, &n)
			switch b := at[id]; kind {
			case "customer":
				b.Customers = n
			case "address":
				b.Addresses = n
			case "phone":
				b.Phones = n
			}
			return err
		})
	})
	return list, err
}
