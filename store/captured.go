package store

import (
	"context"
	"database/sql"
	"slices"
	"time"

	"kaveri/crm"
)

// This file counts what was captured for colleagues in a span of time, and what
// it led to. Mail counts when the viewer may see it. Only customers are looked
// at of whom there is mail that everybody may see, or an order, since the span
// began: that has an index. Who exchanges private mail alone is not counted.

// longestWait is how far back before a span a question may lie that is answered
// in it.
const longestWait = 60 * 24 * time.Hour

// followedShown is how many orders that followed a conversation are named.
const followedShown = 5

// Captured gives what was captured for the colleague who asks, in a span of time,
// and what it led to.
func (s *Store) Captured(ctx context.Context, v crm.Viewer, span crm.Span) (crm.Captured, error) {
	if v.Staff == 0 {
		return crm.Captured{}, errNobody
	}
	out := crm.Captured{Staff: v.Staff}
	err := s.view(ctx, func(x *tx) error {
		c, err := x.capturing(v, span)
		if err != nil {
			return err
		}
		g := c.of(v.Staff)
		out = g.sum()
		touched := sortedKeys(g.touched)
		if out.Waiting, err = x.waitingOf(v, touched); err != nil {
			return err
		}
		out.Inherited, out.Inheriting, err = x.inherited(v, touched)
		return err
	})
	return out, err
}

// TeamCaptured gives the same for all colleagues, in the order in which they
// were added. It is refused unless the firm compares its colleagues, and to all
// but administrators.
func (s *Store) TeamCaptured(ctx context.Context, v crm.Viewer, span crm.Span) (out []crm.Captured, err error) {
	if !v.MayAdminister() {
		return nil, crm.Forbidden("only an administrator may compare colleagues")
	}
	err = s.view(ctx, func(x *tx) error {
		f, err := x.savedFirm()
		if err != nil {
			return err
		}
		if !f.CompareColleagues {
			return crm.Forbidden("colleagues are not compared here; it can be switched on in Settings, Capture")
		}
		c, err := x.capturing(v, span)
		if err != nil {
			return err
		}
		ids, err := column[crm.StaffID](x, `SELECT id FROM staff WHERE disabled = 0 ORDER BY id`)
		for _, id := range ids {
			out = append(out, c.of(id).sum())
		}
		return err
	})
	return out, err
}

// capturing is a count under way.
type capturing struct {
	span crm.Span
	by   map[crm.StaffID]*tally
	// talked is when colleagues talked with customers, ascending.
	talked map[crm.CustomerID]map[crm.StaffID][]int64
}

// tally is what was counted for one colleague.
type tally struct {
	crm.Captured
	touched map[crm.CustomerID]bool
}

func (c *capturing) of(staff crm.StaffID) *tally {
	if c.by[staff] == nil {
		c.by[staff] = &tally{Captured: crm.Captured{Staff: staff}, touched: map[crm.CustomerID]bool{}}
	}
	return c.by[staff]
}

func (t *tally) sum() crm.Captured {
	slices.Sort(t.Answers)
	t.Customers = len(t.touched)
	return t.Captured
}

func (c *capturing) in(at int64) bool { return at >= micros(c.span.Since) && at < micros(c.span.Until) }

// capturing counts all but what was inherited.
func (x *tx) capturing(v crm.Viewer, span crm.Span) (*capturing, error) {
	c := &capturing{span: span, by: map[crm.StaffID]*tally{}, talked: map[crm.CustomerID]map[crm.StaffID][]int64{}}
	mails, err := x.mailsOfSpan(v, span)
	if err != nil {
		return nil, err
	}
	if err := x.countMailsOf(c, mails); err != nil {
		return nil, err
	}
	for _, run := range conversations(mails) {
		c.conversation(run)
	}
	for _, read := range []func(*capturing) error{x.countNotesOf, x.countOrdersOf} {
		if err := read(c); err != nil {
			return nil, err
		}
	}
	return c, x.countWishesOf(c, v)
}

// mailsOfSpan reads the mails of people of a span, with what they may answer.
func (x *tx) mailsOfSpan(v crm.Viewer, span crm.Span) (out []peoplesMail, err error) {
	own, err := x.ownAddresses()
	if err != nil {
		return nil, err
	}
	condition, args := visible(v, []any{micros(span.Since), micros(span.Since.Add(-longestWait)), micros(span.Until)})
	rows, err := x.query(peoplesMailQuery+`c.merged_into = 0 AND c.last_us >= $1 AND l.at_us >= $2 AND l.at_us < $3 AND `+condition+` ORDER BY ct.customer_id, m.conversation_id, m.at_us, m.id, p.n, ct.id`, args...)
	if err != nil {
		return nil, err
	}
	g := mailGatherer{own: own, out: &out}
	return out, scanAll(rows, g.scan)
}

// countMailsOf counts mails both ways: what customers wrote for whoever has it in
// an own mailbox, what went to them for whoever wrote it.
func (x *tx) countMailsOf(c *capturing, mails []peoplesMail) error {
	in := map[int64][]crm.CustomerID{}
	seen := map[int64]bool{}
	for _, m := range mails {
		if !c.in(m.at) {
			continue
		}
		if m.in {
			in[m.id] = append(in[m.id], m.customer)
			continue
		}
		if m.from == 0 {
			continue
		}
		t := c.of(m.from)
		t.touched[m.customer] = true
		if !seen[m.id] { // it may be with several customers
			seen[m.id] = true
			t.Out++
		}
	}
	return each(x, `SELECT DISTINCT g.message_id, b.staff_id FROM sightings g JOIN folders f ON f.id = g.folder_id JOIN mailboxes b ON b.id = f.mailbox_id WHERE g.message_id IN (IN) ORDER BY g.message_id, b.staff_id`, nil, sortedKeys(in), func(r *sql.Rows) error {
		var id int64
		var staff crm.StaffID
		err := r.Scan(&id, &staff)
		t := c.of(staff)
		t.In++
		for _, customer := range in[id] {
			t.touched[customer] = true
		}
		return err
	})
}

// conversation notes when colleagues talked in a conversation, and how long each
// question had waited that one of us answered.
func (c *capturing) conversation(run []peoplesMail) {
	var asked int64 // the first mail of theirs that nobody had answered
	for i, m := range run {
		if staff := answeredBy(run, i); staff != 0 {
			c.talk(m.customer, staff, m.at)
		}
		switch {
		case m.in && asked == 0:
			asked = m.at
		case !m.in && asked != 0:
			if m.from != 0 && c.in(m.at) {
				t := c.of(m.from)
				t.Answers = append(t.Answers, time.Duration(m.at-asked)*time.Microsecond)
			}
			asked = 0
		}
	}
}

func (c *capturing) talk(customer crm.CustomerID, staff crm.StaffID, at int64) {
	if c.talked[customer] == nil {
		c.talked[customer] = map[crm.StaffID][]int64{}
	}
	c.talked[customer][staff] = append(c.talked[customer][staff], at)
}

// countNotesOf counts notes and calls; a call is a conversation.
func (x *tx) countNotesOf(c *capturing) error {
	rows, err := x.query(`SELECT staff_id, customer_id, kind, at_us FROM notes WHERE at_us >= $1 AND at_us < $2 ORDER BY at_us, id`, micros(c.span.Since)-crm.FollowDays*dayMicros, micros(c.span.Until))
	if err != nil {
		return err
	}
	return scanAll(rows, func(r *sql.Rows) error {
		var staff crm.StaffID
		var customer crm.CustomerID
		var kind string
		var at int64
		if err := r.Scan(&staff, &customer, &kind, &at); err != nil {
			return err
		}
		if kind == crm.NoteKindCall {
			c.talk(customer, staff, at)
		}
		if !c.in(at) {
			return nil
		}
		t := c.of(staff)
		t.touched[customer] = true
		if kind == crm.NoteKindCall {
			t.Calls++
		} else {
			t.Notes++
		}
		return nil
	})
}

// countOrdersOf counts orders that came within days after a conversation, for
// each colleague who had one. What came after is not what came of it.
func (x *tx) countOrdersOf(c *capturing) error {
	rows, err := x.query(`SELECT o.id, o.customer_id, cu.name, o.at_us FROM orders o JOIN customers cu ON cu.id = o.customer_id
WHERE o.at_us >= $1 AND o.at_us < $2 AND o.state = 'placed' AND o.value + o.refunded > 0 ORDER BY o.at_us DESC, o.id DESC`, micros(c.span.Since), micros(c.span.Until))
	if err != nil {
		return err
	}
	return scanAll(rows, func(r *sql.Rows) error {
		var f crm.Followed
		var at int64
		if err := r.Scan(&f.Order, &f.Customer.ID, &f.Customer.Name, &at); err != nil {
			return err
		}
		for staff, talked := range c.talked[f.Customer.ID] {
			last := lastBefore(talked, at)
			if last < at-crm.FollowDays*dayMicros {
				continue
			}
			t := c.of(staff)
			if t.Orders++; len(t.Followed) < followedShown {
				f.Ordered, f.Talked = fromMicros(at), fromMicros(last)
				t.Followed = append(t.Followed, f)
			}
		}
		return nil
	})
}

// lastBefore gives the last of some times that lies before another, 0 when none
// does.
func lastBefore(times []int64, at int64) (last int64) {
	for _, t := range times {
		if t < at {
			last = max(last, t)
		}
	}
	return last
}

// countWishesOf counts the wishes that colleagues wrote down or confirmed, and of
// theirs those that were met.
func (x *tx) countWishesOf(c *capturing, v crm.Viewer) error {
	condition, args := wishVisible(v, []any{micros(c.span.Since), micros(c.span.Until)})
	rows, err := x.query(`SELECT w.staff_id, h.state, count(DISTINCT w.id) FROM wish_steps h JOIN wishes w ON w.id = h.wish_id
WHERE h.at_us >= $1 AND h.at_us < $2 AND w.staff_id IS NOT NULL AND (h.state = 'new' AND h.n = 1 OR h.state = 'done' AND w.done_us > 0) AND w.state <> 'dismissed' AND `+condition+` GROUP BY w.staff_id, h.state ORDER BY w.staff_id, h.state`, args...)
	if err != nil {
		return err
	}
	return scanAll(rows, func(r *sql.Rows) error {
		var staff crm.StaffID
		var state crm.WishState
		var n int
		err := r.Scan(&staff, &state, &n)
		if t := c.of(staff); state == crm.WishDone {
			t.Met = n
		} else {
			t.Confirmed = n
		}
		return err
	})
}

// inherited counts the mails with customers that lie in mailboxes of colleagues
// who left and not in the viewer's own, and those customers.
func (x *tx) inherited(v crm.Viewer, customers []crm.CustomerID) (mails, of int, err error) {
	condition, args := visible(v, []any{int64(v.Staff)})
	found, with := map[int64]bool{}, map[int64]bool{}
	err = each(x, `SELECT ct.customer_id, m.id FROM contacts ct JOIN links l ON l.contact_id = ct.id JOIN messages m ON m.id = l.message_id
WHERE m.class = 'human' AND EXISTS (SELECT 1 FROM sightings g JOIN folders f ON f.id = g.folder_id JOIN mailboxes b ON b.id = f.mailbox_id JOIN staff st ON st.id = b.staff_id WHERE g.message_id = m.id AND st.disabled = 1)
AND NOT EXISTS (SELECT 1 FROM sightings og JOIN folders og2 ON og2.id = og.folder_id JOIN mailboxes ob ON ob.id = og2.mailbox_id WHERE og.message_id = m.id AND ob.staff_id = $1) AND `+condition+` AND ct.customer_id IN (IN)`, args, numbers(customers), func(r *sql.Rows) error {
		var customer, id int64
		err := r.Scan(&customer, &id)
		found[id], with[customer] = true, true
		return err
	})
	return len(found), len(with), err
}

// waitingOf counts the customers of these who wait for an answer now.
func (x *tx) waitingOf(v crm.Viewer, customers []crm.CustomerID) (n int, err error) {
	condition, args := visible(v, nil)
	err = each(x, `SELECT ct.customer_id, COALESCE(max(CASE WHEN m.direction = 'in' AND m.class = 'human' THEN m.at_us END), 0), COALESCE(max(CASE WHEN m.direction = 'out' AND m.class <> 'auto-reply' THEN m.at_us END), 0)
FROM contacts ct JOIN links l ON l.contact_id = ct.id JOIN messages m ON m.id = l.message_id WHERE `+condition+` AND ct.customer_id IN (IN) GROUP BY ct.customer_id`, args, numbers(customers), func(r *sql.Rows) error {
		var customer, in, answered int64
		err := r.Scan(&customer, &in, &answered)
		if in > answered {
			n++
		}
		return err
	})
	return n, err
}
