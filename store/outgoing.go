package store

import (
	"context"
	"database/sql"
	"slices"
	"strconv"
	"time"

	"kaveri/crm"
)

// captured is the condition that the mail of a draft w stands on timelines.
const captured = `EXISTS (SELECT 1 FROM thread_ids t JOIN messages cm ON cm.conversation_id = t.conversation_id AND cm.message_id = t.message_id WHERE t.message_id = w.message_id)`

// Outgoing lists mails of a customer or conversation that were sent from here
// and are not captured yet, the oldest first. The author sees them from the
// start; colleagues when a server has taken them, as they would on the timeline:
// an answer to a mail that the viewer may not see is not shown. The author sees
// for a week as well what is captured and does not reach everybody.
func (s *Store) Outgoing(ctx context.Context, v crm.Viewer, of crm.Correspondence) (list []crm.Outgoing, err error) {
	if v.Staff == 0 {
		return nil, nil
	}
	err = s.view(ctx, func(x *tx) error {
		list = nil
		condition, args, err := x.draftsOf(of, nil)
		if err != nil {
			return err
		}
		sees, args := x.answeredVisible(v, args)
		mine := arg(&args, int64(v.Staff))
		week := arg(&args, micros(s.now().Add(-7*24*time.Hour)))
		rows, err := x.query(`SELECT `+draftCols+`, st.name, m.from_address, m.state, w.file_trouble, CASE WHEN `+captured+` THEN 1 ELSE 0 END AS there FROM drafts w JOIN staff st ON st.id = w.staff_id JOIN mailings m ON m.id = w.mailing_id
WHERE w.mailing_id IS NOT NULL AND `+condition+` AND `+sees+` AND (w.staff_id = `+mine+` OR `+accepted+`) AND (NOT `+captured+` OR (w.staff_id = `+mine+` AND w.sent_us > `+week+` AND `+incomplete+`)) ORDER BY w.id LIMIT 50`, args...)
		list, err = collect(rows, err, func(r *sql.Rows, o *crm.Outgoing) error {
			var there int64
			err := scanDraft(r, &o.SavedDraft, &o.Author, &o.From, &o.State, &o.Trouble, &there)
			o.Captured = there == 1
			return err
		})
		if err != nil {
			return err
		}
		for i := range list {
			if err := x.fillOutgoing(&list[i]); err != nil {
				return err
			}
		}
		return nil
	})
	return list, err
}

// accepted is the condition that a server has taken the mail of a draft w for
// some recipient.
const accepted = `EXISTS (SELECT 1 FROM dispatches d WHERE d.mailing_id = w.mailing_id AND (d.state = 'sent' OR EXISTS (SELECT 1 FROM attempts a WHERE a.dispatch_id = d.id AND a.state = 'sent')))`

// incomplete is the condition that somebody does not have the mail of a draft w.
const incomplete = `EXISTS (SELECT 1 FROM dispatches d WHERE d.mailing_id = w.mailing_id AND d.state NOT IN ('sent', 'cancelled'))`

// answeredVisible is the condition that the viewer may see the mail that a draft
// w answers, or it answers none. An answer to a private mail that is not kept any
// more is its author's alone.
func (x *tx) answeredVisible(v crm.Viewer, args []any) (string, []any) {
	condition, args := visible(v, args)
	args = append(args, int64(v.Staff), flag(v.System))
	n := len(args)
	return `(w.answers_id IS NULL AND (w.lost = 0 OR w.staff_id = $` + strconv.Itoa(n-1) + ` OR CAST($` + strconv.Itoa(n) + ` AS BIGINT) = 1) OR EXISTS (SELECT 1 FROM messages m WHERE m.id = w.answers_id AND ` + condition + `))`, args
}

func (x *tx) fillOutgoing(o *crm.Outgoing) (err error) {
	if o.Files, err = x.draftFiles(o.ID, false); err != nil {
		return err
	}
	rows, err := x.query(`SELECT `+dispatchCols+` FROM dispatches d JOIN recipients r ON r.dispatch_id = d.id WHERE d.mailing_id = $1 ORDER BY d.id`, int64(o.Mailing))
	cs, err := collect(rows, err, func(r *sql.Rows, c *claimed) error { return scanDispatch(r, c) })
	if err != nil {
		return err
	}
	if o.Recipients, err = dispatchesOf(cs); err != nil {
		return err
	}
	_, o.Unsent, err = x.unsent(o.Mailing)
	return err
}

// Writers lists the colleagues who are writing to a customer or in a
// conversation just now, or whose mail is on its way, the longest writing first.
// Nothing of what they write is told, and nothing at all of an answer to a mail
// that the viewer may not see.
func (s *Store) Writers(ctx context.Context, v crm.Viewer, of crm.Correspondence) (list []crm.Writing, err error) {
	if v.Staff == 0 {
		return nil, nil
	}
	err = s.view(ctx, func(x *tx) error {
		condition, args, err := x.draftsOf(of, nil)
		if err != nil {
			return err
		}
		sees, args := x.answeredVisible(v, args)
		me, fresh := arg(&args, int64(v.Staff)), arg(&args, micros(s.now().Add(-crm.WritingRest)))
		sent := arg(&args, micros(s.now().Add(-time.Hour)))
		rows, err := x.query(`SELECT w.staff_id, st.name, w.began_us, CASE WHEN w.mailing_id IS NULL THEN 0 ELSE 1 END AS gone FROM drafts w JOIN staff st ON st.id = w.staff_id
WHERE w.staff_id <> `+me+` AND `+condition+` AND `+sees+` AND ((w.mailing_id IS NULL AND w.changed_us > `+fresh+`) OR (w.sent_us > `+sent+` AND NOT `+accepted+`)) ORDER BY w.began_us, w.id`, args...)
		list, err = collect(rows, err, func(r *sql.Rows, w *crm.Writing) error {
			var began, gone int64
			err := r.Scan(&w.Staff, &w.Name, &began, &gone)
			w.Since, w.Sent = fromMicros(began), gone == 1
			return err
		})
		list = slices.CompactFunc(list, func(a, b crm.Writing) bool { return a.Staff == b.Staff && a.Sent == b.Sent })
		return err
	})
	return list, err
}
