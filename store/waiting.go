package store

import (
	"cmp"
	"context"
	"database/sql"
	"slices"
	"strconv"
	"time"

	"kaveri/crm"
)

// Waiting lists what waits for our answer, as far as the viewer may see the mails:
// one row for a customer and conversation, the longest waiting first; of one
// customer, or of all (0).
func (s *Store) Waiting(ctx context.Context, v crm.Viewer, customer crm.CustomerID) (out []crm.WaitingRow, err error) {
	if !mayRead(v) {
		return nil, errNobody
	}
	if err := s.Recount(ctx); err != nil {
		return nil, err
	}
	condition, args := visible(v, nil)
	if customer != 0 {
		condition += ` AND q.customer_id = ` + arg(&args, int64(customer))
	}
	err = s.view(ctx, func(x *tx) error {
		rows, err := x.query(`SELECT q.customer_id, c.name, COALESCE(st.name, ''), q.conversation_id, q.message_id, q.at_us, COALESCE(ct.name, ''), m.subject, m.preview, m.private,
COALESCE(l.rung, ''), COALESCE(l.note, ''), COALESCE(l.timing, '')
FROM open_questions q JOIN messages m ON m.id = q.message_id JOIN customers c ON c.id = q.customer_id LEFT JOIN contacts ct ON ct.id = q.contact_id
LEFT JOIN staff st ON st.id = c.owner_id LEFT JOIN loyalty l ON l.customer_id = q.customer_id WHERE `+condition+` ORDER BY q.customer_id, q.conversation_id, q.at_us, q.message_id`, args...)
		all, err := collect(rows, err, scanWaiting)
		out = oneEach(all)
		return err
	})
	slices.SortStableFunc(out, func(a, b crm.WaitingRow) int { return cmp.Or(a.Since.Compare(b.Since), cmp.Compare(a.First, b.First)) })
	return out, err
}

func scanWaiting(r *sql.Rows, w *crm.WaitingRow) error {
	var at, private int64
	err := r.Scan(&w.Customer, &w.Name, &w.Owner, &w.Conversation, &w.First, &at, &w.Contact, &w.Subject, &w.Preview, &private, &w.Rung, &w.Note, &w.Timing)
	w.Newest, w.Mails, w.Since, w.Private = w.First, 1, fromMicros(at), private != 0
	return err
}

// oneEach puts the mails of a customer in one conversation, which stand together,
// into one row.
func oneEach(all []crm.WaitingRow) (out []crm.WaitingRow) {
	for _, w := range all {
		if n := len(out); n > 0 && out[n-1].Customer == w.Customer && out[n-1].Conversation == w.Conversation {
			was := &out[n-1]
			was.Newest, was.Subject, was.Preview, was.Private, was.Mails = w.Newest, w.Subject, w.Preview, w.Private, was.Mails+1
			continue
		}
		out = append(out, w)
	}
	return out
}

// CloseQuestion notes a colleague's word that a mail needs no answer, and those
// that wait before it in its conversation, as far as the viewer may see them.
// Said twice it changes nothing; of a mail that does not wait it is an error of
// kind [crm.KindConflict].
func (s *Store) CloseQuestion(ctx context.Context, v crm.Viewer, id crm.MessageID) error {
	if !mayRead(v) {
		return errNobody
	}
	return s.write(ctx, func(x *tx) error {
		if err := x.sees(v, id); err != nil {
			return err
		}
		closed, err := column[int64](x, `SELECT message_id FROM closed_questions WHERE message_id = $1`, int64(id))
		if err != nil || len(closed) > 0 {
			return err
		}
		customers, waiting, err := x.waitingBefore(v, id)
		if err != nil {
			return err
		}
		if !slices.Contains(waiting, int64(id)) {
			return crm.Of("mail", crm.Conflict("this mail does not wait for an answer any more"))
		}
		var rows []any
		for _, m := range waiting {
			rows = append(rows, m, orNull(v.Staff), micros(s.now()))
		}
		if err := x.insert(`INSERT INTO closed_questions (message_id, staff_id, at_us) VALUES `, 3, rows, ``); err != nil {
			return err
		}
		return x.questionsChanged(customers)
	})
}

// waitingBefore gives the mails that wait in the conversation of one, up to it,
// and that the viewer may see, with the customers of that mail.
func (x *tx) waitingBefore(v crm.Viewer, id crm.MessageID) (customers, waiting []int64, err error) {
	if customers, err = column[int64](x, `SELECT DISTINCT ct.customer_id FROM links l JOIN contacts ct ON ct.id = l.contact_id WHERE l.message_id = $1 ORDER BY ct.customer_id`, int64(id)); err != nil {
		return nil, nil, err
	}
	all, err := x.exchanges(customers, x.s.now())
	if err != nil {
		return nil, nil, err
	}
	var before []int64
	for i := range all {
		at := slices.IndexFunc(all[i].Waiting, func(q crm.Question) bool { return q.Mail == id })
		for j := 0; j <= at; j++ {
			if q := all[i].Waiting[j]; q.Conversation == all[i].Waiting[at].Conversation {
				before = append(before, int64(q.Mail))
			}
		}
	}
	condition, args := visible(v, nil)
	err = each(x, `SELECT m.id FROM messages m WHERE `+condition+` AND m.id IN (IN)`, args, distinct(before), func(r *sql.Rows) error {
		var m int64
		err := r.Scan(&m)
		waiting = append(waiting, m)
		return err
	})
	return customers, distinct(waiting), err
}

// questionsChanged marks customers and tells of them.
func (x *tx) questionsChanged(customers []int64) error {
	x.mark(customers...)
	for _, c := range customers {
		x.tell(crm.Event{Kind: "waiting", Customer: crm.CustomerID(c)})
	}
	return nil
}

// ReopenQuestion takes back that a mail needs no answer, and with it those of
// which the same was said at that moment.
func (s *Store) ReopenQuestion(ctx context.Context, v crm.Viewer, id crm.MessageID) error {
	if !mayRead(v) {
		return errNobody
	}
	return s.write(ctx, func(x *tx) error {
		if err := x.sees(v, id); err != nil {
			return err
		}
		condition, args := visible(v, []any{int64(id)})
		of, err := column[int64](x, `SELECT m.id FROM closed_questions o JOIN messages om ON om.id = o.message_id JOIN closed_questions k ON k.at_us = o.at_us AND COALESCE(k.staff_id, 0) = COALESCE(o.staff_id, 0)
JOIN messages m ON m.id = k.message_id AND m.conversation_id = om.conversation_id WHERE o.message_id = $1 AND `+condition+` ORDER BY m.id`, args...)
		if err != nil {
			return err
		}
		if len(of) == 0 {
			return crm.Of("mail", crm.Conflict("nobody has said that this mail needs no answer"))
		}
		customers, err := x.idsOf(`SELECT DISTINCT ct.customer_id FROM links l JOIN contacts ct ON ct.id = l.contact_id WHERE l.message_id IN (IN)`, of)
		if err != nil {
			return err
		}
		if err := each(x, `DELETE FROM closed_questions WHERE message_id IN (IN)`, nil, of, nothing); err != nil {
			return err
		}
		return x.questionsChanged(distinct(customers))
	})
}

// Closed lists the mails of which colleagues have said since a time that they
// need no answer, the newest word first, as far as the viewer may see them: of one
// customer, or of all (0). Of those of one conversation that were closed together
// it gives the newest mail.
func (s *Store) Closed(ctx context.Context, v crm.Viewer, customer crm.CustomerID, since time.Time) (out []crm.ClosedRow, err error) {
	if !mayRead(v) {
		return nil, errNobody
	}
	condition, args := visible(v, []any{micros(since)})
	if customer != 0 {
		condition += ` AND c.id = ` + arg(&args, int64(customer))
	}
	err = s.view(ctx, func(x *tx) error {
		rows, err := x.query(`SELECT DISTINCT k.at_us, m.at_us, m.id, m.conversation_id, c.id, c.name, m.subject, COALESCE(st.name, '') FROM closed_questions k JOIN messages m ON m.id = k.message_id
JOIN links l ON l.message_id = m.id JOIN contacts ct ON ct.id = l.contact_id JOIN customers c ON c.id = ct.customer_id LEFT JOIN staff st ON st.id = k.staff_id
WHERE k.at_us > $1 AND `+condition+` ORDER BY k.at_us DESC, c.id, m.conversation_id, m.at_us DESC, m.id DESC`, args...)
		var last crm.ConversationID
		out, err = collect(rows, err, func(r *sql.Rows, o *crm.ClosedRow) error {
			var at, sent int64
			err := r.Scan(&at, &sent, &o.Mail, &last, &o.Customer, &o.Name, &o.Subject, &o.Staff)
			o.At, o.Conversation = fromMicros(at), last
			return err
		})
		out = slices.CompactFunc(out, func(a, b crm.ClosedRow) bool {
			return a.Conversation == b.Conversation && a.Customer == b.Customer && a.At.Equal(b.At)
		})
		return err
	})
	return out, err
}

// knownBy is how many of our newest mails to a customer say who knows them.
const knownBy = 40

// Knowers says of each of these customers which colleague has written most of our
// newest mails to them, as far as the viewer may see them: nobody when no one has
// written most.
func (s *Store) Knowers(ctx context.Context, v crm.Viewer, customers []crm.CustomerID) (map[crm.CustomerID]crm.Knower, error) {
	out := map[crm.CustomerID]crm.Knower{}
	if !mayRead(v) {
		return out, errNobody
	}
	condition, args := visible(v, nil)
	args = append(args, nil, knownBy)
	of, limit := len(args)-1, len(args)
	err := s.view(ctx, func(x *tx) error {
		for _, c := range customers {
			args[of-1] = int64(c)
			rows, err := x.query(`SELECT DISTINCT l.at_us, m.id, p.name, a.address FROM contacts ct JOIN links l ON l.contact_id = ct.id JOIN messages m ON m.id = l.message_id JOIN participants p ON p.message_id = m.id AND p.role = 'from' JOIN addresses a ON a.id = p.address_id
WHERE ct.customer_id = `+`$`+strconv.Itoa(of)+` AND m.direction = 'out' AND m.class = 'human' AND `+condition+` ORDER BY l.at_us DESC, m.id DESC LIMIT `+`$`+strconv.Itoa(limit), args...)
			writers, err := collect(rows, err, func(r *sql.Rows, p *crm.Party) error {
				var at, id int64
				return r.Scan(&at, &id, &p.Name, &p.Address)
			})
			if err != nil {
				return err
			}
			if k := mostOf(writers); k.Name != "" {
				out[c] = k
			}
		}
		return nil
	})
	return out, err
}

// mostOf gives who wrote more than half, of two mails or more.
func mostOf(writers []crm.Party) crm.Knower {
	by := map[crm.Address]int{}
	for _, w := range writers {
		by[w.Address]++
		if n := by[w.Address]; n*2 > len(writers) && len(writers) > 1 {
			i := slices.IndexFunc(writers, func(p crm.Party) bool { return p.Address == w.Address })
			k := crm.Knower{Name: writers[i].Display(), Of: len(writers)}
			for _, o := range writers {
				if o.Address == w.Address {
					k.Mails++
				}
			}
			return k
		}
	}
	return crm.Knower{}
}
