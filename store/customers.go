package store

import (
	"context"
	"database/sql"
	"errors"
	"math"
	"strconv"
	"strings"

	"kaveri/crm"
)

// maxQueryWords bounds the words of a query that are looked at.
const maxQueryWords = 16

// after gives the keyset bounds of a page: rows come strictly before them, for
// lists run from the newest to the oldest.
func after(k crm.PageKey) (at, id int64) {
	if k == (crm.PageKey{}) {
		return math.MaxInt64, math.MaxInt64
	}
	return micros(k.At), k.ID
}

// Customers lists customers, the newest contact first, and gives the key of
// the next page, zero at the end. What it counts is what the viewer may see.
func (s *Store) Customers(ctx context.Context, v crm.Viewer, q crm.CustomerQuery) ([]crm.CustomerRow, crm.PageKey, error) {
	words := distinct(crm.Tokens(q.Text))
	if !mayRead(v) || len(words) == 0 && strings.TrimSpace(q.Text) != "" {
		return nil, crm.PageKey{}, nil
	}
	if err := s.Recount(ctx); err != nil {
		return nil, crm.PageKey{}, err
	}
	limit := pageLimit(q.Limit, 50)
	at, id := after(q.After)
	args := []any{at, id}
	where := `c.merged_into = 0 AND (c.last_us, c.id) < ($1, $2)`
	for _, w := range words[:min(len(words), maxQueryWords)] {
		args = append(args, w, w+"\U0010FFFF") // no word goes on with the last rune
		where += ` AND c.id IN (SELECT w.customer_id FROM customer_words w WHERE w.word >= $` + strconv.Itoa(len(args)-1) + ` AND w.word < $` + strconv.Itoa(len(args)) + `)`
	}
	if q.Tag != "" {
		key, _, err := crm.ParseTag(q.Tag)
		if err != nil {
			return nil, crm.PageKey{}, err
		}
		where += ` AND c.id IN (SELECT t.customer_id FROM customer_tags t WHERE t.tag = ` + arg(&args, key) + `)`
	}
	args = append(args, limit+1)
	var rows []crm.CustomerRow
	var next crm.PageKey
	err := s.view(ctx, func(x *tx) error {
		var last []int64
		r, err := x.query(`SELECT c.id, c.name, c.last_us FROM customers c WHERE `+where+` ORDER BY c.last_us DESC, c.id DESC LIMIT $`+strconv.Itoa(len(args)), args...)
		rows, err = collect(r, err, func(r *sql.Rows, c *crm.CustomerRow) error {
			last = append(last, 0)
			return r.Scan(&c.ID, &c.Name, &last[len(last)-1])
		})
		if err != nil {
			return err
		}
		if len(rows) > limit {
			rows = rows[:limit]
			next = crm.PageKey{At: fromMicros(last[limit-1]), ID: int64(rows[limit-1].ID)}
		}
		return x.fillCustomers(v, rows)
	})
	return rows, next, err
}

// fillCustomers adds to the rows of a page what is counted and derived.
func (x *tx) fillCustomers(v crm.Viewer, rows []crm.CustomerRow) error {
	ids := make([]int64, len(rows))
	at := make(map[crm.CustomerID]*crm.CustomerRow, len(rows))
	for i := range rows {
		ids[i] = int64(rows[i].ID)
		at[rows[i].ID] = &rows[i]
	}
	seen := map[crm.ContactID]bool{}
	err := each(x, `SELECT ct.customer_id, ct.id, COALESCE(a.address, '') FROM contacts ct
LEFT JOIN contact_addresses u ON u.contact_id = ct.id LEFT JOIN addresses a ON a.id = u.address_id
WHERE ct.customer_id IN (IN) ORDER BY ct.customer_id, ct.id, a.id`, nil, ids, func(r *sql.Rows) error {
		var customer crm.CustomerID
		var contact crm.ContactID
		var a crm.Address
		if err := r.Scan(&customer, &contact, &a); err != nil {
			return err
		}
		c := at[customer]
		if !seen[contact] {
			seen[contact] = true
			c.Contacts++
		}
		if c.Address == "" {
			c.Address = a
		}
		return nil
	})
	if err != nil {
		return err
	}
	if err := each(x, `SELECT customer_id, count(*) FROM notes WHERE customer_id IN (IN) GROUP BY customer_id`, nil, ids, func(r *sql.Rows) error {
		var customer crm.CustomerID
		var n int
		err := r.Scan(&customer, &n)
		at[customer].Notes = n
		return err
	}); err != nil {
		return err
	}
	if err := each(x, `SELECT customer_id, count(*), max(at_us) FROM orders WHERE customer_id IN (IN) GROUP BY customer_id`, nil, ids, func(r *sql.Rows) error {
		var customer crm.CustomerID
		var n int
		var last int64
		err := r.Scan(&customer, &n, &last)
		at[customer].Orders, at[customer].Ordered = n, fromMicros(last)
		return err
	}); err != nil {
		return err
	}
	tags, err := x.tagsOf(ids)
	if err != nil {
		return err
	}
	for id, list := range tags {
		at[id].Tags = list
	}
	condition, args := visible(v, nil)
	if err := each(x, `SELECT q.customer_id, min(q.at_us) FROM open_questions q JOIN messages m ON m.id = q.message_id WHERE `+condition+` AND q.customer_id IN (IN) GROUP BY q.customer_id`, args, ids, func(r *sql.Rows) error {
		var customer crm.CustomerID
		var since int64
		err := r.Scan(&customer, &since)
		at[customer].Waits = fromMicros(since)
		return err
	}); err != nil {
		return err
	}
	return x.countMails(v, ids, at)
}

// countMails counts the mails the viewer may see. A robot's mail does not make
// a customer wait, nor does an out-of-office of ours answer one.
func (x *tx) countMails(v crm.Viewer, ids []int64, at map[crm.CustomerID]*crm.CustomerRow) error {
	condition, args := visible(v, []any{string(crm.In), string(crm.ClassHuman), string(crm.Out), string(crm.ClassAutoReply)})
	return each(x, `SELECT ct.customer_id, count(DISTINCT m.id),
COALESCE(max(CASE WHEN m.direction = $1 AND m.class = $2 THEN m.at_us END), 0),
COALESCE(max(CASE WHEN m.direction = $3 AND m.class <> $4 THEN m.at_us END), 0)
FROM contacts ct JOIN links l ON l.contact_id = ct.id JOIN messages m ON m.id = l.message_id
WHERE `+condition+` AND ct.customer_id IN (IN) GROUP BY ct.customer_id`, args, ids, func(r *sql.Rows) error {
		var customer crm.CustomerID
		var n int
		var in, out int64
		if err := r.Scan(&customer, &n, &in, &out); err != nil {
			return err
		}
		c := at[customer]
		c.Mails, c.LastIn, c.LastOut = n, fromMicros(in), fromMicros(out)
		return nil
	})
}

// Customer gives a customer with its contacts.
func (s *Store) Customer(ctx context.Context, v crm.Viewer, id crm.CustomerID) (crm.Customer, error) {
	if !mayRead(v) {
		return crm.Customer{}, noCustomer(id)
	}
	var c crm.Customer
	err := s.view(ctx, func(x *tx) (err error) {
		c, err = x.customer(id)
		return err
	})
	return c, err
}

func noCustomer(id crm.CustomerID) error {
	return crm.Of("customer", crm.NotFound("no customer has the number %d", id))
}

// customer reads a customer; one that was merged into another is that one.
func (x *tx) customer(id crm.CustomerID) (crm.Customer, error) {
	var c crm.Customer
	var created, into, said int64
	err := x.row(`SELECT id, name, COALESCE(organisation_id, 0), COALESCE(owner_id, 0), language, language_said, merged_into, created_us FROM customers WHERE id = $1`, int64(id)).
		Scan(&c.ID, &c.Name, &c.Organisation, &c.Owner, &c.Language, &said, &into, &created)
	if err == nil && into != 0 {
		return x.customer(crm.CustomerID(into))
	}
	if errors.Is(err, sql.ErrNoRows) {
		return c, noCustomer(id)
	}
	if err != nil {
		return c, err
	}
	c.Created, c.LanguageSaid = fromMicros(created), said != 0
	rows, err := x.query(`SELECT id, customer_id, name, origin, created_us FROM contacts WHERE customer_id = $1 AND merged_into = 0 ORDER BY id`, int64(id))
	c.Contacts, err = collect(rows, err, func(r *sql.Rows, k *crm.Contact) error {
		var created int64
		err := r.Scan(&k.ID, &k.Customer, &k.Name, &k.Origin, &created)
		k.Created = fromMicros(created)
		return err
	})
	if err != nil {
		return c, err
	}
	if c.Organisation != 0 {
		if c.Domains, err = column[string](x, `SELECT domain FROM organisation_domains WHERE organisation_id = $1 ORDER BY domain`, int64(c.Organisation)); err != nil {
			return c, err
		}
	}
	tags, err := x.tagsOf([]int64{int64(id)})
	if err != nil {
		return c, err
	}
	c.Tags = tags[c.ID]
	return c, x.fillContacts(c.Contacts)
}

// fillContacts adds addresses, phones and details.
func (x *tx) fillContacts(contacts []crm.Contact) error {
	ids := make([]int64, len(contacts))
	at := make(map[int64]*crm.Contact, len(contacts))
	for i := range contacts {
		ids[i] = int64(contacts[i].ID)
		at[ids[i]] = &contacts[i]
	}
	err := each(x, `SELECT u.contact_id, a.address, u.from_us, u.until_us, u.shared FROM contact_addresses u JOIN addresses a ON a.id = u.address_id
WHERE u.contact_id IN (IN) ORDER BY u.contact_id, a.id`, nil, ids, func(r *sql.Rows) error {
		var contact, from, until, shared int64
		var a crm.ContactAddress
		if err := r.Scan(&contact, &a.Address, &from, &until, &shared); err != nil {
			return err
		}
		a.From, a.Until, a.Shared = fromMicros(from), fromMicros(until), shared != 0
		at[contact].Addresses = append(at[contact].Addresses, a)
		return nil
	})
	if err != nil {
		return err
	}
	err = each(x, `SELECT contact_id, phone FROM phones WHERE contact_id IN (IN) ORDER BY contact_id, phone`, nil, ids, func(r *sql.Rows) error {
		var contact int64
		var phone string
		err := r.Scan(&contact, &phone)
		at[contact].Phones = append(at[contact].Phones, phone)
		return err
	})
	if err != nil || len(contacts) == 0 {
		return err
	}
	known, err := x.knownDetails([]int64{int64(contacts[0].Customer)})
	for i := range contacts {
		contacts[i].Details = known[contacts[i].ID]
	}
	return err
}
