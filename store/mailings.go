package store

import (
	"context"
	"database/sql"
	"errors"
	"math"
	"slices"
	"strconv"
	"time"

	"kaveri/crm"
)

const mailingCols = `m.id, m.kind, m.name, m.from_address, m.from_name, m.reply_to, m.reply_name, COALESCE(m.sender_id, 0), m.subject, m.body_text, m.body_html,
m.list_id, m.topic, m.opens, m.mark, m.doubt, m.state, m.reason, m.start_us, m.patience_us, COALESCE(m.staff_id, 0), m.created_us`

func scanMailing(r interface{ Scan(...any) error }, m *crm.Mailing) error {
	var opens, start, patience, created int64
	err := r.Scan(&m.ID, &m.Kind, &m.Name, &m.From.Address, &m.From.Name, &m.ReplyTo.Address, &m.ReplyTo.Name, &m.Sender, &m.Template.Subject, &m.Template.Text, &m.Template.HTML,
		&m.ListID, &m.Topic, &opens, &m.Mark, &m.Doubt, &m.State, &m.Reason, &start, &patience, &m.Staff, &created)
	m.Opens = opens == 1
	m.Start, m.Patience, m.Created = fromMicros(start), time.Duration(patience)*time.Microsecond, fromMicros(created)
	return err
}

// mailingVisible is the condition that the viewer may see the mailing m: mail
// to many is seen by every colleague, a colleague's own by its writer alone.
// What comes of that is seen as all mail is, see [crm.Viewer.MaySee].
func mailingVisible(v crm.Viewer, args []any) (condition string, all []any) {
	switch {
	case v.System:
		return `TRUE`, args
	case v.Staff == 0:
		return `FALSE`, args
	}
	args = append(args, string(crm.MailingDirect), int64(v.Staff))
	n := len(args)
	return `(m.kind <> $` + strconv.Itoa(n-1) + ` OR m.staff_id = $` + strconv.Itoa(n) + `)`, args
}

func noMailing(id crm.MailingID) error {
	return crm.Of("mailing", crm.NotFound("no mailing has the number %d", id))
}

// Mailing gives a mailing with its text and links, for the sending process.
func (s *Store) Mailing(ctx context.Context, id crm.MailingID) (m crm.Mailing, err error) {
	err = s.view(ctx, func(x *tx) error {
		if m, err = x.mailing(crm.SystemViewer, id); err != nil {
			return err
		}
		m.Links, err = column[string](x, `SELECT url FROM mailing_links WHERE mailing_id = $1 ORDER BY n`, int64(id))
		return err
	})
	return m, err
}

// MailingByMark finds the mailing with a mark; [crm.KindNotFound] when there is
// none.
func (s *Store) MailingByMark(ctx context.Context, v crm.Viewer, mark string) (row crm.MailingRow, err error) {
	var id int64
	err = s.view(ctx, func(x *tx) error {
		return x.row(`SELECT id FROM mailings WHERE mark = $1 AND mark <> ''`, mark).Scan(&id)
	})
	if errors.Is(err, sql.ErrNoRows) {
		return row, crm.NotFound("no mailing was made from this")
	}
	if err != nil {
		return row, err
	}
	return s.ReadMailing(ctx, v, crm.MailingID(id))
}

func (x *tx) mailing(v crm.Viewer, id crm.MailingID) (m crm.Mailing, err error) {
	condition, args := mailingVisible(v, []any{int64(id)})
	err = scanMailing(x.row(`SELECT `+mailingCols+` FROM mailings m WHERE m.id = $1 AND `+condition, args...), &m)
	if errors.Is(err, sql.ErrNoRows) {
		err = noMailing(id)
	}
	return m, err
}

// ReadMailing gives a mailing with its text and counts, for people.
func (s *Store) ReadMailing(ctx context.Context, v crm.Viewer, id crm.MailingID) (row crm.MailingRow, err error) {
	err = s.view(ctx, func(x *tx) error {
		if row.Mailing, err = x.mailing(v, id); err != nil {
			return err
		}
		rows := []crm.MailingRow{row}
		err = x.fillCounts(rows)
		row = rows[0]
		return err
	})
	return row, err
}

// Mailings lists mailings without their texts, the newest first, in these
// states (all when none is named), and gives the key of the next page, zero at
// the end.
func (s *Store) Mailings(ctx context.Context, v crm.Viewer, states []crm.MailingState, page crm.PageKey, limit int) (list []crm.MailingRow, next crm.PageKey, err error) {
	limit = pageLimit(limit, 50)
	before := page.ID
	if before == 0 {
		before = math.MaxInt64
	}
	condition, args := mailingVisible(v, []any{before, limit + 1})
	if len(states) > 0 {
		condition += ` AND m.state IN (`
		for i, state := range states {
			args = append(args, string(state))
			condition += map[bool]string{true: "$", false: ", $"}[i == 0] + strconv.Itoa(len(args))
		}
		condition += `)`
	}
	err = s.view(ctx, func(x *tx) error {
		rows, err := x.query(`SELECT `+mailingCols+` FROM mailings m WHERE m.id < $1 AND `+condition+` ORDER BY m.id DESC LIMIT $2`, args...)
		list, err = collect(rows, err, func(r *sql.Rows, m *crm.MailingRow) error {
			err := scanMailing(r, &m.Mailing)
			m.Template.Text, m.Template.HTML = "", ""
			return err
		})
		if err != nil {
			return err
		}
		list, next = paged(list, limit, func(e *crm.MailingRow) crm.PageKey { return crm.PageKey{At: e.Created, ID: int64(e.ID)} })
		return x.fillCounts(list)
	})
	return list, next, err
}

// MailingCounts counts the dispatches of a mailing by state.
func (s *Store) MailingCounts(ctx context.Context, v crm.Viewer, id crm.MailingID) (crm.Recipients, error) {
	var rows []crm.MailingRow
	err := s.view(ctx, func(x *tx) error {
		m, err := x.mailing(v, id)
		if err != nil {
			return err
		}
		rows = []crm.MailingRow{{Mailing: m}}
		return x.fillCounts(rows)
	})
	if err != nil {
		return nil, err
	}
	return rows[0].Recipients, nil
}

func (x *tx) fillCounts(list []crm.MailingRow) error {
	at := map[int64]int{}
	var ids []int64
	for i := range list {
		list[i].Recipients = crm.Recipients{}
		ids = append(ids, int64(list[i].ID))
		at[int64(list[i].ID)] = i
	}
	return each(x, `SELECT mailing_id, state, n FROM dispatch_counts WHERE n <> 0 AND mailing_id IN (IN)`, nil, ids, func(r *sql.Rows) error {
		var id int64
		var state crm.DispatchState
		var n int
		err := r.Scan(&id, &state, &n)
		list[at[id]].Recipients[state] = n
		return err
	})
}

// putMailing writes a new mailing, as a draft.
func (x *tx) putMailing(m *crm.Mailing) error {
	id, err := x.id()
	if err != nil {
		return err
	}
	m.ID, m.State, m.Reason, m.Created = crm.MailingID(id), crm.MailingDraft, "", fromMicros(micros(x.s.now()))
	if err := x.exec(`INSERT INTO mailings (id, kind, name, from_address, from_name, reply_to, reply_name, sender_id, subject, body_text, body_html, list_id, topic, opens, mark, doubt, state, start_us, patience_us, staff_id, created_us)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21)`,
		id, string(m.Kind), m.Name, string(m.From.Address), m.From.Name, string(m.ReplyTo.Address), m.ReplyTo.Name, orNull(m.Sender), m.Template.Subject, m.Template.Text, m.Template.HTML, m.ListID, m.Topic, flag(m.Opens), m.Mark,
		string(m.Doubt), string(m.State), micros(m.Start), m.Patience.Microseconds(), orNull(m.Staff), micros(m.Created)); err != nil {
		return err
	}
	return x.putLinks(m)
}

// putLinks keeps where the links of a new mailing lead.
func (x *tx) putLinks(m *crm.Mailing) error {
	var args []any
	for i, url := range m.Links {
		args = append(args, int64(m.ID), i+1, url)
	}
	return x.insert(`INSERT INTO mailing_links (mailing_id, n, url) VALUES `, 3, args, ``)
}

// StartMailing lets a mailing that is a draft be claimed, from its start time
// on, or at once when it has none.
func (s *Store) StartMailing(ctx context.Context, v crm.Viewer, id crm.MailingID) error {
	return s.turn(ctx, v, id, func(x *tx, m *crm.Mailing) error {
		if m.State != crm.MailingDraft {
			return crm.Of("mailing", crm.Conflict("the mailing is %s already", m.State))
		}
		if m.Start.IsZero() {
			m.Start = x.s.now()
		}
		return x.exec(`UPDATE mailings SET state = 'running', start_us = $1, until_us = $2 WHERE id = $3 AND state = 'draft'`,
			micros(m.Start), micros(m.Start.Add(m.Patience)), int64(id))
	})
}

// ResumeMailing goes on with a mailing that is paused or held. What waited
// meanwhile has its mailing's patience again.
func (s *Store) ResumeMailing(ctx context.Context, v crm.Viewer, id crm.MailingID) error {
	return s.turn(ctx, v, id, func(x *tx, m *crm.Mailing) error {
		if m.State != crm.MailingPaused && m.State != crm.MailingHeld {
			return crm.Of("mailing", crm.Conflict("the mailing is %s; only what is paused or held goes on", m.State))
		}
		now := x.s.now()
		begun, from := micros(now), now
		if m.Start.After(now) {
			begun, from = 0, m.Start
		}
		return x.exec(`UPDATE mailings SET state = 'running', reason = '', begun_us = $1, until_us = $2 WHERE id = $3 AND state IN ('paused', 'held')`,
			begun, micros(from.Add(m.Patience)), int64(id))
	})
}

// PauseMailing stops claims of a mailing, with the reason for people. What is
// claimed already is not armed any more. A mailing that does not run stays as it
// is.
func (s *Store) PauseMailing(ctx context.Context, id crm.MailingID, reason string) error {
	return s.turn(ctx, crm.SystemViewer, id, func(x *tx, m *crm.Mailing) error {
		return x.exec(`UPDATE mailings SET state = 'paused', reason = $1 WHERE id = $2 AND state = 'running'`, clean(reason, 500), int64(id))
	})
}

// RerouteMailing has another sender take what is left of a mailing, and another
// policy settle its doubts.
func (s *Store) RerouteMailing(ctx context.Context, v crm.Viewer, id crm.MailingID, sender crm.SenderID, doubt crm.DoubtPolicy) error {
	return s.turn(ctx, v, id, func(x *tx, m *crm.Mailing) error {
		return x.exec(`UPDATE mailings SET sender_id = $1, doubt = $2 WHERE id = $3`, orNull(sender), string(doubt), int64(id))
	})
}

// StopMailing calls a mailing off: what waits is cancelled. What is in hand at
// this moment is cancelled when it comes back, unless it has been sent. It may
// be called again.
func (s *Store) StopMailing(ctx context.Context, v crm.Viewer, id crm.MailingID) error {
	if err := s.turn(ctx, v, id, func(x *tx, m *crm.Mailing) error {
		return x.exec(`UPDATE mailings SET state = 'stopped', reason = '' WHERE id = $1`, int64(id))
	}); err != nil {
		return err
	}
	return s.stepAll(ctx, id, `state IN `+waitingStates, func(g *steps, d *dispatchRow) { g.move(d, crm.Cancelled, "") })
}

// RetryFailed sends to those again whose mail has failed or expired, and gives
// how many they are. Their mailing runs again when it had been stopped by
// nobody.
func (s *Store) RetryFailed(ctx context.Context, v crm.Viewer, id crm.MailingID) (int, error) {
	n := 0
	err := s.turn(ctx, v, id, func(x *tx, m *crm.Mailing) error {
		if m.State == crm.MailingStopped || m.State == crm.MailingDraft {
			return crm.Of("mailing", crm.Conflict("the mailing is %s; write to them by a new one", m.State))
		}
		return x.patient(m)
	})
	if err == nil {
		now := micros(s.now())
		err = s.stepAll(ctx, id, `state IN ('failed', 'expired')`, func(g *steps, d *dispatchRow) {
			g.again(d, now, "", false)
			n++
		})
	}
	return n, err
}

// patient lets nothing of a mailing expire before its patience has run from now.
func (x *tx) patient(m *crm.Mailing) error { return x.patientFrom(m, x.s.now()) }

// patientFrom does it from another time.
func (x *tx) patientFrom(m *crm.Mailing, from time.Time) error {
	until := micros(from.Add(m.Patience))
	return x.exec(`UPDATE mailings SET until_us = $1 WHERE id = $2 AND until_us < $3`, until, int64(m.ID), until)
}

// turn changes a mailing that the viewer may see, and tells it.
func (s *Store) turn(ctx context.Context, v crm.Viewer, id crm.MailingID, f func(*tx, *crm.Mailing) error) error {
	if !mayRead(v) {
		return errNobody
	}
	err := s.write(ctx, func(x *tx) error {
		m, err := x.mailing(v, id)
		if err != nil {
			return err
		}
		return f(x, &m)
	})
	if err == nil {
		s.mailingsChanged([]crm.MailingID{id})
	}
	return err
}

// stepAll takes a step with all dispatches of a mailing for which the condition
// holds, some at a time, so that others are not kept waiting.
func (s *Store) stepAll(ctx context.Context, id crm.MailingID, condition string, step func(*steps, *dispatchRow)) error {
	const some = 1024
	for after := int64(0); ; {
		var ids []int64
		if err := s.view(ctx, func(x *tx) (err error) {
			ids, err = column[int64](x, `SELECT id FROM dispatches WHERE mailing_id = $1 AND `+condition+` AND id > $2 ORDER BY id LIMIT $3`, int64(id), after, some)
			return err
		}); err != nil || len(ids) == 0 {
			return err
		}
		if err := s.write(ctx, func(x *tx) error {
			g := x.steps()
			var still []int64 // it was read before this transaction
			if err := each(x, `SELECT id FROM dispatches WHERE `+condition+` AND id IN (IN)`, nil, ids, func(r *sql.Rows) error {
				var id int64
				err := r.Scan(&id)
				still = append(still, id)
				return err
			}); err != nil {
				return err
			}
			rows, err := g.rows(still)
			if err != nil {
				return err
			}
			for _, id := range still {
				step(g, rows[id])
			}
			return g.finish()
		}); err != nil {
			return err
		}
		after = slices.Max(ids)
	}
}

func (s *Store) mailingsChanged(ids []crm.MailingID) {
	for _, id := range ids {
		s.events.send(crm.Event{Kind: "mailing", Mailing: id})
	}
}
