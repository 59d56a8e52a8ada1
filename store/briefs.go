package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"strings"

	"kaveri/crm"
)

// The bounds of a brief.
const (
	briefGist   = 300 // bytes of what somebody wrote
	briefOrders = 3
)

// briefing is what briefs are gathered in.
type briefing struct {
	x    *tx
	v    crm.Viewer
	ids  []int64
	list []crm.CustomerBrief
	at   map[crm.CustomerID]*crm.CustomerBrief
}

// Briefs gives what is to be known of customers without a screen, in the order
// asked for. Of mail and wishes it gives what the viewer may see; a customer who
// is not there, or was merged into another, is left out.
func (s *Store) Briefs(ctx context.Context, v crm.Viewer, customers []crm.CustomerID) ([]crm.CustomerBrief, error) {
	if !mayRead(v) {
		return nil, errNobody
	}
	b := briefing{v: v, ids: numbers(customers), list: make([]crm.CustomerBrief, len(customers)), at: map[crm.CustomerID]*crm.CustomerBrief{}}
	err := s.view(ctx, func(x *tx) (err error) {
		b.x = x
		for i, id := range customers {
			b.at[id] = &b.list[i]
		}
		for _, read := range []func() error{b.names, b.contacts, b.mails, b.notes, b.wishes, b.orders, b.standings} {
			if err := read(); err != nil {
				return err
			}
		}
		return nil
	})
	out := b.list[:0]
	for _, one := range b.list {
		if one.Customer != 0 {
			out = append(out, one)
		}
	}
	return out, err
}

func (b *briefing) names() error {
	return each(b.x, `SELECT id, name, COALESCE(owner_id, 0) FROM customers WHERE merged_into = 0 AND id IN (IN)`, nil, b.ids, func(r *sql.Rows) error {
		var c crm.CustomerBrief
		err := r.Scan(&c.Customer, &c.Name, &c.Owner)
		*b.at[c.Customer] = c
		return err
	})
}

// contacts reads the people of customers with their addresses and phones.
func (b *briefing) contacts() error {
	err := each(b.x, `SELECT customer_id, id, name FROM contacts WHERE merged_into = 0 AND customer_id IN (IN) ORDER BY customer_id, id`, nil, b.ids, func(r *sql.Rows) error {
		var k crm.Contact
		err := r.Scan(&k.Customer, &k.ID, &k.Name)
		b.at[k.Customer].Contacts = append(b.at[k.Customer].Contacts, k)
		return err
	})
	if err != nil {
		return err
	}
	people := map[int64]*crm.Contact{}
	var ids []int64
	for i := range b.list {
		for j := range b.list[i].Contacts {
			k := &b.list[i].Contacts[j]
			people[int64(k.ID)], ids = k, append(ids, int64(k.ID))
		}
	}
	if err := each(b.x, `SELECT u.contact_id, a.address FROM contact_addresses u JOIN addresses a ON a.id = u.address_id WHERE u.until_us = 0 AND u.contact_id IN (IN) ORDER BY u.contact_id, a.id`, nil, ids, func(r *sql.Rows) error {
		var id int64
		var a crm.ContactAddress
		err := r.Scan(&id, &a.Address)
		people[id].Addresses = append(people[id].Addresses, a)
		return err
	}); err != nil {
		return err
	}
	if err := each(b.x, `SELECT contact_id, phone FROM phones WHERE contact_id IN (IN) ORDER BY contact_id, phone`, nil, ids, func(r *sql.Rows) error {
		var id int64
		var phone string
		err := r.Scan(&id, &phone)
		people[id].Phones = append(people[id].Phones, phone)
		return err
	}); err != nil {
		return err
	}
	known, err := b.x.knownDetails(b.ids)
	for id, k := range people {
		k.Details = known[crm.ContactID(id)]
	}
	return err
}

// lastMails are the newest mails of a customer each way, and since when they wait.
type lastMails struct{ in, out, owed, answered int64 }

// mails finds the last words each way. Who waits is told as in the list of
// customers: a robot's mail makes nobody wait, and an out-of-office of ours
// answers nobody.
func (b *briefing) mails() error {
	last := map[crm.CustomerID]*lastMails{}
	condition, args := visible(b.v, nil)
	err := each(b.x, `SELECT ct.customer_id, m.id, m.at_us, m.direction, m.class FROM contacts ct JOIN links l ON l.contact_id = ct.id JOIN messages m ON m.id = l.message_id
WHERE (m.direction = 'in' AND m.class = 'human' OR m.direction = 'out' AND m.class <> 'auto-reply') AND `+condition+` AND ct.customer_id IN (IN) ORDER BY ct.customer_id, m.at_us, m.id`, args, b.ids, func(r *sql.Rows) error {
		var c crm.CustomerID
		var id, at int64
		var direction crm.Direction
		var class crm.Class
		if err := r.Scan(&c, &id, &at, &direction, &class); err != nil {
			return err
		}
		l := last[c]
		if l == nil {
			l = &lastMails{}
			last[c] = l
		}
		l.add(id, at, direction, class)
		return nil
	})
	if err != nil {
		return err
	}
	words := map[int64]*crm.Words{}
	for c, l := range last {
		of := b.at[c]
		of.Owed = fromMicros(l.owed)
		if l.in != 0 {
			words[l.in] = &crm.Words{}
		}
		if l.out != 0 {
			words[l.out] = &crm.Words{}
		}
	}
	if err := b.x.gists(words); err != nil {
		return err
	}
	for c, l := range last { // one mail may be the last word of two customers
		if w := words[l.in]; w != nil {
			b.at[c].Said = *w
		}
		if w := words[l.out]; w != nil {
			b.at[c].Wrote = *w
		}
	}
	return nil
}

// add takes the next mail, the oldest first.
func (l *lastMails) add(id, at int64, direction crm.Direction, class crm.Class) {
	if direction == crm.In {
		if l.in = id; l.owed == 0 && at > l.answered {
			l.owed = at
		}
		return
	}
	l.owed, l.answered = 0, at
	if class == crm.ClassHuman {
		l.out = id
	}
}

// gists reads what mails say anew. That their viewer may see them has been asked.
func (x *tx) gists(of map[int64]*crm.Words) error {
	ids := sortedKeys(of)
	if err := each(x, `SELECT id, at_us, subject, body, details FROM messages WHERE id IN (IN)`, nil, ids, func(r *sql.Rows) error {
		var id, at int64
		var subject, j string
		var body []byte
		if err := r.Scan(&id, &at, &subject, &body, &j); err != nil {
			return err
		}
		text, err := unpack(body)
		if err != nil {
			return err
		}
		var d details
		if err := json.Unmarshal([]byte(j), &d); err != nil {
			return err
		}
		w := of[id]
		w.At, w.Subject, w.Text = fromMicros(at), subject, gist(&d, string(text))
		return nil
	}); err != nil {
		return err
	}
	return each(x, `SELECT p.message_id, p.name, a.address FROM participants p JOIN addresses a ON a.id = p.address_id WHERE p.role = 'from' AND p.message_id IN (IN) ORDER BY p.message_id, p.n DESC`, nil, ids, func(r *sql.Rows) error {
		var id int64
		var p crm.Party
		err := r.Scan(&id, &p.Name, &p.Address)
		of[id].By = p.Display()
		return err
	})
}

// gist puts what its author wrote anew on one line, cut at a word.
func gist(d *details, text string) string {
	anew, _ := d.newIn(text)
	return shortened(anew, briefGist)
}

// shortened puts a text on one line of at most n bytes, and marks where it was
// cut.
func shortened(text string, n int) string {
	text = strings.Join(strings.Fields(text), " ")
	if len(text) <= n {
		return text
	}
	text = cut(text, n)
	if at := strings.LastIndexByte(text, ' '); at > n/2 {
		text = text[:at]
	}
	return strings.TrimRight(text, " ,;:.-–") + " …"
}

func (b *briefing) notes() error {
	return each(b.x, `SELECT n.customer_id, n.kind, n.body, n.at_us, st.name FROM notes n JOIN staff st ON st.id = n.staff_id WHERE n.customer_id IN (IN) ORDER BY n.customer_id, n.at_us, n.id`, nil, b.ids, func(r *sql.Rows) error {
		var c crm.CustomerID
		var w crm.Words
		var at int64
		err := r.Scan(&c, &w.Kind, &w.Text, &at, &w.By)
		w.At, w.Text = fromMicros(at), shortened(w.Text, briefGist)
		b.at[c].Noted = w
		return err
	})
}

func (b *briefing) wishes() error {
	condition, args := wishVisible(b.v, nil)
	return each(b.x, `SELECT w.id, w.customer_id, w.quote, w.kind, w.topic, w.strength, w.state, w.from_day, w.until_day, w.at_us FROM wishes w
WHERE w.state IN ('new', 'considering', 'promised') AND `+condition+` AND w.customer_id IN (IN) ORDER BY w.customer_id, w.at_us, w.id`, args, b.ids, func(r *sql.Rows) error {
		var w crm.Wish
		var at int64
		err := r.Scan(&w.ID, &w.Customer, &w.Quote, &w.Kind, &w.Topic, &w.Strength, &w.State, &w.NotBefore, &w.ExpiresOn, &at)
		w.At = fromMicros(at)
		b.at[w.Customer].Wishes = append(b.at[w.Customer].Wishes, w)
		return err
	})
}

// orders reads the last orders that stand.
func (b *briefing) orders() error {
	return each(b.x, `SELECT `+orderColumns+` FROM orders o WHERE o.state = 'placed' AND o.value + o.refunded > 0 AND o.customer_id IN (IN) ORDER BY o.customer_id, o.at_us DESC, o.id DESC`, nil, b.ids, func(r *sql.Rows) error {
		var o crm.Order
		err := scanOrder(r, &o)
		if of := b.at[o.Customer]; err == nil && len(of.Orders) < briefOrders {
			of.Orders = append(of.Orders, o)
		}
		return err
	})
}

func (b *briefing) standings() error {
	customers := make([]crm.CustomerID, len(b.ids))
	for i, id := range b.ids {
		customers[i] = crm.CustomerID(id)
	}
	found, err := b.x.worths(customers)
	for id, l := range found {
		b.at[id].Standing = l
	}
	return err
}
