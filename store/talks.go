package store

import (
	"context"
	"database/sql"
	"slices"

	"kaveri/crm"
)

// This file says who of us knows whom: from mail that the viewer may see, and
// from calls. Who wrote or was written to is told by the addresses of
// colleagues and of their mailboxes, removed ones and those of colleagues who
// have left included.

// ownAddresses gives whose addresses are ours, by the number of the address. An
// address of two colleagues is that of the one who signs in with it.
func (x *tx) ownAddresses() (map[int64]crm.StaffID, error) {
	rows, err := x.query(`SELECT a.id, s.staff FROM (SELECT id AS staff, address, 0 AS n FROM staff UNION SELECT staff_id AS staff, address, 1 AS n FROM mailboxes) AS s
JOIN addresses a ON a.address = s.address ORDER BY s.n DESC, s.staff DESC`)
	if err != nil {
		return nil, err
	}
	own := map[int64]crm.StaffID{}
	return own, scanAll(rows, func(r *sql.Rows) error {
		var id int64
		var staff crm.StaffID
		err := r.Scan(&id, &staff)
		own[id] = staff
		return err
	})
}

// KnownCustomers gives the customers whom a colleague looks after, and those with
// whom they have been in touch by mail that the viewer may see or by a call, in
// the order of their numbers.
func (s *Store) KnownCustomers(ctx context.Context, v crm.Viewer, staff crm.StaffID) (out []crm.Known, err error) {
	if !mayRead(v) {
		return nil, errNobody
	}
	err = s.view(ctx, func(x *tx) error {
		known := map[int64]bool{}
		note := func(r *sql.Rows) error {
			var id int64
			err := r.Scan(&id)
			known[id] = true
			return err
		}
		rows, err := x.query(`SELECT id FROM customers WHERE owner_id = $1 AND merged_into = 0 UNION SELECT customer_id FROM notes WHERE staff_id = $1 AND kind = 'call'`, int64(staff))
		if err == nil {
			err = scanAll(rows, note)
		}
		if err != nil {
			return err
		}
		if err := x.correspondedWith(v, staff, note); err != nil {
			return err
		}
		out = make([]crm.Known, 0, len(known))
		return each(x, `SELECT c.id, CASE WHEN o.disabled = 0 THEN o.id ELSE 0 END FROM customers c LEFT JOIN staff o ON o.id = c.owner_id WHERE c.merged_into = 0 AND c.id IN (IN) ORDER BY c.id`, nil, sortedKeys(known), func(r *sql.Rows) error {
			var k crm.Known
			err := r.Scan(&k.Customer, &k.Owner)
			out = append(out, k)
			return err
		})
	})
	return out, err
}

// correspondedWith notes the customers of the mails in which a colleague takes
// part. It goes by the numbers of their addresses, so that the index on those is
// what leads.
func (x *tx) correspondedWith(v crm.Viewer, staff crm.StaffID, note func(*sql.Rows) error) error {
	own, err := x.ownAddresses()
	if err != nil {
		return err
	}
	var ids []int64
	for _, id := range sortedKeys(own) {
		if own[id] == staff {
			ids = append(ids, id)
		}
	}
	condition, args := visible(v, nil)
	return each(x, `SELECT DISTINCT ct.customer_id FROM participants p JOIN messages m ON m.id = p.message_id JOIN links l ON l.message_id = m.id JOIN contacts ct ON ct.id = l.contact_id
WHERE p.role IN ('from', 'to', 'cc') AND m.class = 'human' AND `+condition+` AND p.address_id IN (IN)`, args, ids, note)
}

// Talks gives who of us was in touch with customers, by mail that the viewer may
// see and by calls, in no order.
func (s *Store) Talks(ctx context.Context, v crm.Viewer, customers []crm.CustomerID) (out map[crm.CustomerID][]crm.Talk, err error) {
	if !mayRead(v) {
		return nil, errNobody
	}
	err = s.view(ctx, func(x *tx) error {
		own, err := x.ownAddresses()
		if err != nil {
			return err
		}
		out = map[crm.CustomerID][]crm.Talk{}
		mails, err := x.peoplesMails(v, own, customers)
		if err != nil {
			return err
		}
		for _, run := range conversations(mails) {
			out[run[0].customer] = append(out[run[0].customer], talksOf(run)...)
		}
		return each(x, `SELECT customer_id, staff_id, at_us FROM notes WHERE kind = 'call' AND customer_id IN (IN) ORDER BY customer_id, at_us, id`, nil, numbers(customers), func(r *sql.Rows) error {
			var c crm.CustomerID
			var at int64
			t := crm.Talk{Answered: true}
			err := r.Scan(&c, &t.Staff, &at)
			t.At = fromMicros(at)
			out[c] = append(out[c], t)
			return err
		})
	})
	return out, err
}

func numbers[T ~int64](ids []T) []int64 {
	out := make([]int64, len(ids))
	for i, id := range ids {
		out[i] = int64(id)
	}
	return out
}

// peoplesMail is a mail of people with a customer: who of us wrote it (0: a
// customer, or an address that is of nobody of us), and to whom of us it went.
type peoplesMail struct {
	customer         crm.CustomerID
	conversation, id int64
	at               int64
	in               bool
	from             crm.StaffID
	to               []crm.StaffID
}

const peoplesMailQuery = `SELECT ct.customer_id, m.conversation_id, m.at_us, m.id, m.direction, COALESCE(p.role, ''), COALESCE(p.address_id, 0)
FROM customers c JOIN contacts ct ON ct.customer_id = c.id JOIN links l ON l.contact_id = ct.id JOIN messages m ON m.id = l.message_id
LEFT JOIN participants p ON p.message_id = m.id AND p.role IN ('from', 'to', 'cc') WHERE m.class = 'human' AND m.direction IN ('in', 'out') AND `

// peoplesMails reads the mails of people with these customers, conversation by
// conversation, the oldest first.
func (x *tx) peoplesMails(v crm.Viewer, own map[int64]crm.StaffID, customers []crm.CustomerID) (out []peoplesMail, err error) {
	condition, args := visible(v, nil)
	g := mailGatherer{own: own, out: &out}
	err = each(x, peoplesMailQuery+condition+` AND c.id IN (IN) ORDER BY ct.customer_id, m.conversation_id, m.at_us, m.id, p.n, ct.id`, args, numbers(customers), g.scan)
	return out, err
}

// mailGatherer joins the rows of a mail: one for each participant, and again for
// each contact of the customer.
type mailGatherer struct {
	own map[int64]crm.StaffID
	out *[]peoplesMail
}

func (g mailGatherer) scan(r *sql.Rows) error {
	var m peoplesMail
	var direction crm.Direction
	var role crm.Role
	var address int64
	if err := r.Scan(&m.customer, &m.conversation, &m.at, &m.id, &direction, &role, &address); err != nil {
		return err
	}
	n := len(*g.out)
	if n == 0 || (*g.out)[n-1].id != m.id || (*g.out)[n-1].customer != m.customer {
		m.in = direction == crm.In
		*g.out = append(*g.out, m)
		n++
	}
	last, staff := &(*g.out)[n-1], g.own[address]
	switch {
	case staff == 0:
	case role == crm.RoleFrom && !last.in:
		last.from = staff
	case role != crm.RoleFrom && last.in && !slices.Contains(last.to, staff):
		last.to = append(last.to, staff)
	}
	return nil
}

// conversations cuts mails into those of one customer and conversation.
func conversations(mails []peoplesMail) (out [][]peoplesMail) {
	for i := 0; i < len(mails); {
		j := i + 1
		for j < len(mails) && mails[j].customer == mails[i].customer && mails[j].conversation == mails[i].conversation {
			j++
		}
		out = append(out, mails[i:j])
		i = j
	}
	return out
}

// talksOf gives who was in touch in a conversation. Where the direction turns,
// one side has answered the other: whoever of us wrote is said to have talked
// with them then.
func talksOf(run []peoplesMail) (out []crm.Talk) {
	for i, m := range run {
		at := fromMicros(m.at)
		if m.from != 0 {
			out = append(out, crm.Talk{Staff: m.from, At: at})
		}
		for _, staff := range m.to {
			out = append(out, crm.Talk{Staff: staff, At: at})
		}
		if staff := answeredBy(run, i); staff != 0 {
			out = append(out, crm.Talk{Staff: staff, At: at, Answered: true})
		}
	}
	return out
}

// answeredBy gives who of us talked when the i-th mail answers the one before it,
// 0 when it does not.
func answeredBy(run []peoplesMail, i int) crm.StaffID {
	if i == 0 || run[i].in == run[i-1].in {
		return 0
	}
	return max(run[i].from, run[i-1].from) // one of them is a customer's
}

// Worths gives the newest standings of customers; those of whom none was found
// are left out.
func (s *Store) Worths(ctx context.Context, v crm.Viewer, customers []crm.CustomerID) (out map[crm.CustomerID]crm.LoyaltyRow, err error) {
	if !mayRead(v) {
		return nil, errNobody
	}
	err = s.view(ctx, func(x *tx) error {
		out, err = x.worths(customers)
		return err
	})
	return out, err
}

func (x *tx) worths(customers []crm.CustomerID) (map[crm.CustomerID]crm.LoyaltyRow, error) {
	out := map[crm.CustomerID]crm.LoyaltyRow{}
	return out, each(x, `SELECT `+loyaltyColumns+` FROM loyalty l JOIN customers c ON c.id = l.customer_id WHERE l.customer_id IN (IN)`, nil, numbers(customers), func(r *sql.Rows) error {
		var l crm.LoyaltyRow
		err := scanLoyalty(r, &l)
		out[l.Customer] = l
		return err
	})
}

// GiveCustomers says who looks after customers, all of them or, when one of the
// colleagues is not there or has left, none.
func (s *Store) GiveCustomers(ctx context.Context, v crm.Viewer, list []crm.Ownership) error {
	if !v.MayAdminister() {
		return crm.Forbidden("only an administrator may give customers to a colleague")
	}
	return s.write(ctx, func(x *tx) error {
		for _, o := range list {
			var here int
			if err := x.row(`SELECT count(*) FROM staff WHERE id = $1 AND disabled = 0`, int64(o.Staff)).Scan(&here); err != nil {
				return err
			}
			if here == 0 && o.Staff != 0 {
				return crm.Invalid("colleague", "this colleague cannot sign in any more; choose somebody else")
			}
			c, err := x.customer(o.Customer)
			if err != nil {
				return err
			}
			if err := x.exec(`UPDATE customers SET owner_id = $1 WHERE id = $2`, orNull(o.Staff), int64(c.ID)); err != nil {
				return err
			}
			x.tell(crm.Event{Kind: "detail", Customer: c.ID})
		}
		return nil
	})
}

// inheritOwner gives a customer whom nobody looks after the owner of another that
// is merged into it, and gives who that is; 0 when nothing has changed.
func (x *tx) inheritOwner(keep, other crm.CustomerID) (owner int64, err error) {
	err = x.row(`SELECT COALESCE(max(o.owner_id), 0) FROM customers o WHERE o.id = $1 AND EXISTS (SELECT 1 FROM customers k WHERE k.id = $2 AND k.owner_id IS NULL)`, int64(other), int64(keep)).Scan(&owner)
	if err != nil || owner == 0 {
		return 0, err
	}
	return owner, x.exec(`UPDATE customers SET owner_id = $1 WHERE id = $2`, owner, int64(keep))
}
