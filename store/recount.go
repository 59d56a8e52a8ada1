package store

import (
	"context"
	"database/sql"
	"slices"
	"time"

	"kaveri/crm"
)

// This file keeps what the mail of each customer comes to ([crm.ExchangeOf]) in
// correspondence and open_questions. Whatever changes what that rests on marks the
// customers in its own transaction, and they are read anew before anybody asks.

// mark notes that the mail of customers has changed. They are written once, with
// the transaction: one statement for a batch, however many mails it has.
func (x *tx) mark(customers ...int64) { x.marked = append(x.marked, customers...) }

// writeMarks writes what the transaction has marked. A customer may have gone
// with it.
func (x *tx) writeMarks() error {
	if len(x.marked) == 0 {
		return nil
	}
	slices.Sort(x.marked)
	ids := slices.Compact(x.marked)
	x.marked = nil
	return each(x, `INSERT INTO uncounted (customer_id) SELECT id FROM customers WHERE id IN (IN) ON CONFLICT DO NOTHING`, nil, ids, nothing)
}

// markConversation marks whose mail a conversation holds.
func (x *tx) markConversation(conversation int64) error {
	of, err := column[int64](x, `SELECT DISTINCT ct.customer_id FROM messages m JOIN links l ON l.message_id = m.id JOIN contacts ct ON ct.id = l.contact_id WHERE m.conversation_id = $1`, conversation)
	x.mark(of...)
	return err
}

// markWritten marks those to whom a colleague's mail has gone, or has not after
// all. Nobody waits for an answer by mail to many.
func (g *steps) markWritten() error {
	var mailings []int64
	for k := range g.counts {
		if k.state == crm.Sent {
			mailings = append(mailings, k.mailing)
		}
	}
	direct, err := g.x.idsOf(`SELECT id FROM mailings WHERE kind = 'direct' AND id IN (IN)`, distinct(mailings))
	if err != nil {
		return err
	}
	of, err := g.x.idsOf(`SELECT DISTINCT ct.customer_id FROM dispatches d JOIN recipients r ON r.dispatch_id = d.id JOIN contacts ct ON ct.id = r.contact_id WHERE d.mailing_id IN (IN)`, direct)
	g.x.mark(of...)
	return err
}

// recountChunk is how many customers are read anew in one transaction: others can
// write between them.
const recountChunk = 500

// Recount reads anew the mail of the customers in whose mail something has
// changed, and of those whose question has waited for too long. When it returns,
// correspondence and open_questions say what was true when it was called. It is
// cheap when nothing has changed.
func (s *Store) Recount(ctx context.Context) error {
	for {
		var left bool
		rested := micros(s.now().Add(-crm.QuestionRests))
		err := s.view(ctx, func(x *tx) error {
			var n int64
			err := x.row(`SELECT CASE WHEN EXISTS (SELECT 1 FROM uncounted) OR EXISTS (SELECT 1 FROM correspondence WHERE open_us > 0 AND open_us <= $1) THEN 1 ELSE 0 END`, rested).Scan(&n)
			left = n != 0
			return err
		})
		if err != nil || !left {
			return err
		}
		if err := s.write(ctx, (*tx).recount); err != nil {
			return err
		}
	}
}

// recount reads some of the marked customers anew.
func (x *tx) recount() error {
	now := x.s.now()
	if err := x.exec(`INSERT INTO uncounted (customer_id) SELECT customer_id FROM correspondence WHERE open_us > 0 AND open_us <= $1 ON CONFLICT DO NOTHING`, micros(now.Add(-crm.QuestionRests))); err != nil {
		return err
	}
	ids, err := column[int64](x, `SELECT customer_id FROM uncounted ORDER BY customer_id LIMIT $1`, recountChunk)
	if err != nil || len(ids) == 0 {
		return err
	}
	all, err := x.exchanges(ids, now)
	if err != nil {
		return err
	}
	was, err := x.counted(ids)
	if err != nil {
		return err
	}
	var changed []int64
	var rows, open []any
	for i := range all {
		e := &all[i]
		before := was[e.Customer]
		if before.same(e) {
			continue
		}
		changed = append(changed, int64(e.Customer))
		if !slices.Equal(e.Waiting, before.Waiting) { // whoever looks at what waits looks again
			x.tell(crm.Event{Kind: "waiting", Customer: e.Customer})
		}
		if e.Wrote.IsZero() && e.Written.IsZero() {
			continue
		}
		var first crm.Question
		for _, q := range e.Waiting {
			open = append(open, int64(e.Customer), int64(q.Mail), int64(q.Contact), int64(q.Conversation), micros(q.At))
		}
		if len(e.Waiting) > 0 {
			first = e.Waiting[0]
		}
		rows = append(rows, int64(e.Customer), micros(e.Wrote), micros(e.Written), micros(e.Began), micros(first.At), int64(first.Mail))
	}
	return x.keepCounted(ids, changed, rows, open)
}

// keepCounted writes what the mail of customers comes to, where it has changed,
// and takes the marks off.
func (x *tx) keepCounted(ids, changed []int64, rows, open []any) error {
	for _, d := range []struct {
		query string
		ids   []int64
	}{
		{`DELETE FROM open_questions WHERE customer_id IN (IN)`, changed},
		{`DELETE FROM correspondence WHERE customer_id IN (IN)`, changed},
		{`DELETE FROM uncounted WHERE customer_id IN (IN)`, ids},
	} {
		if err := each(x, d.query, nil, d.ids, nothing); err != nil {
			return err
		}
	}
	if err := x.insert(`INSERT INTO correspondence (customer_id, wrote_us, written_us, began_us, open_us, open_id) VALUES `, 6, rows, ``); err != nil {
		return err
	}
	return x.insert(`INSERT INTO open_questions (customer_id, message_id, contact_id, conversation_id, at_us) VALUES `, 5, open, ``)
}

// Correspondence reads what the mail of these customers comes to at this moment,
// in their order, whatever was counted before: for the check before a mail goes
// out. Private mail counts like any other; it gives times here, and no words.
func (s *Store) Correspondence(ctx context.Context, customers []crm.CustomerID) (all []crm.Exchange, err error) {
	ids := make([]int64, len(customers))
	for i, c := range customers {
		ids[i] = int64(c)
	}
	err = s.view(ctx, func(x *tx) error {
		all, err = x.exchanges(ids, s.now())
		return err
	})
	return all, err
}

// exchanges reads what was said between these customers and us, in their order.
func (x *tx) exchanges(ids []int64, now time.Time) ([]crm.Exchange, error) {
	h := listening{x: x, since: micros(now.Add(-crm.QuestionRests)), said: map[crm.CustomerID][]crm.Said{}, at: map[spokenAs]int{}}
	for _, read := range []func([]int64) error{h.mails, h.sent, h.calls} {
		if err := read(ids); err != nil {
			return nil, err
		}
	}
	out := make([]crm.Exchange, len(ids))
	for i, id := range ids {
		out[i] = crm.ExchangeOf(h.said[crm.CustomerID(id)], now)
		out[i].Customer = crm.CustomerID(id)
	}
	return out, nil
}

// listening gathers what was said.
type listening struct {
	x     *tx
	since int64 // what came before waits no more, so its words do not matter
	said  map[crm.CustomerID][]crm.Said
	at    map[spokenAs]int // where in said a mail stands
}

// spokenAs is a mail in the eyes of one customer.
type spokenAs struct {
	customer crm.CustomerID
	mail     crm.MessageID
}

// mails reads the mail of people. One that is linked to several contacts of a
// customer is theirs when one of them wrote it.
func (h *listening) mails(ids []int64) error {
	return each(h.x, `SELECT ct.customer_id, ct.id, ct.name, m.id, m.conversation_id, m.at_us, m.direction, l.rule, l.evidence, CASE WHEN k.message_id IS NULL THEN 0 ELSE 1 END,
m.attachments, CASE WHEN m.private = 0 AND m.at_us > $1 THEN m.subject ELSE '' END, CASE WHEN m.private = 0 AND m.at_us > $1 THEN m.preview ELSE '' END,
CASE WHEN m.at_us > $1 AND EXISTS (SELECT 1 FROM attachments a WHERE a.message_id = m.id AND a.type = 'text/calendar') THEN 1 ELSE 0 END
FROM contacts ct JOIN links l ON l.contact_id = ct.id JOIN messages m ON m.id = l.message_id LEFT JOIN closed_questions k ON k.message_id = m.id
WHERE m.class = 'human' AND ct.customer_id IN (IN) ORDER BY ct.customer_id, m.id, ct.id`, []any{h.since}, ids, func(r *sql.Rows) error {
		var customer crm.CustomerID
		var s crm.Said
		var l crm.Link
		var direction crm.Direction
		var at, closed, calendar int64
		w := crm.Wording{Class: crm.ClassHuman}
		if err := r.Scan(&customer, &s.Contact, &w.Author, &s.Mail, &s.Conversation, &at, &direction, &l.Rule, &l.Evidence, &closed, &w.Files, &w.Subject, &w.Words, &calendar); err != nil {
			return err
		}
		s.At, s.Side, s.Closed = fromMicros(at), l.Side(direction), closed != 0
		if s.Side == crm.SideTheirs && at > h.since {
			w.Calendar = calendar != 0
			s.Asks = w.CallsForAnswer()
		}
		h.add(customer, s)
		return nil
	})
}

func (h *listening) add(customer crm.CustomerID, s crm.Said) {
	k := spokenAs{customer, s.Mail}
	i, twice := h.at[k]
	switch {
	case !twice:
		h.at[k] = len(h.said[customer])
		h.said[customer] = append(h.said[customer], s)
	case s.Side == crm.SideTheirs && h.said[customer][i].Side != crm.SideTheirs, h.said[customer][i].Side == crm.SideOthers:
		h.said[customer][i] = s
	}
}

// sent reads what colleagues have sent from here, which their mailboxes may not
// show yet: an answer is in the conversation of what it answers.
func (h *listening) sent(ids []int64) error {
	return each(h.x, `SELECT ct.customer_id, ct.id, w.sent_us, COALESCE(a.conversation_id, 0) FROM contacts ct JOIN recipients r ON r.contact_id = ct.id
JOIN drafts w ON w.mailing_id = r.mailing_id JOIN dispatches d ON d.id = r.dispatch_id LEFT JOIN messages a ON a.id = w.answers_id
WHERE d.state = 'sent' AND ct.customer_id IN (IN) ORDER BY ct.customer_id, w.id`, nil, ids, func(r *sql.Rows) error {
		var customer crm.CustomerID
		s := crm.Said{Side: crm.SideOurs}
		var at int64
		err := r.Scan(&customer, &s.Contact, &at, &s.Conversation)
		s.At = fromMicros(at)
		h.said[customer] = append(h.said[customer], s)
		return err
	})
}

func (h *listening) calls(ids []int64) error {
	return each(h.x, `SELECT customer_id, COALESCE(contact_id, 0), at_us FROM notes WHERE kind = 'call' AND customer_id IN (IN) ORDER BY customer_id, id`, nil, ids, func(r *sql.Rows) error {
		var customer crm.CustomerID
		s := crm.Said{Call: true}
		var at int64
		err := r.Scan(&customer, &s.Contact, &at)
		s.At = fromMicros(at)
		h.said[customer] = append(h.said[customer], s)
		return err
	})
}
