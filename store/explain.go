package store

import (
	"context"
	"database/sql"
	"errors"
	"strconv"

	"kaveri/crm"
)

// This file reads what pages and commands tell about where a mail belongs.

// maxMailReviews bounds the questions shown about one mail.
const maxMailReviews = 50

// reviewTables are what a question is read from. A contact that was merged into
// another one since is that one.
const reviewTables = `reviews r LEFT JOIN messages m ON m.id = r.message_id
LEFT JOIN contacts rc ON rc.id = r.contact_id LEFT JOIN contacts c ON c.id = CASE WHEN rc.merged_into = 0 THEN rc.id ELSE rc.merged_into END
LEFT JOIN contacts ro ON ro.id = r.other_id LEFT JOIN contacts o ON o.id = CASE WHEN ro.merged_into = 0 THEN ro.id ELSE ro.merged_into END`

// stillAsked holds for questions that are open and make sense: two who have
// become one customer since are not asked about.
const stillAsked = `r.state = 'open' AND (r.kind <> 'merge' OR c.customer_id <> o.customer_id)`

// maxCounted bounds a count that stands on every page.
const maxCounted = 1000

// OpenReviews counts the open questions that the viewer may see, up to 1000.
func (s *Store) OpenReviews(ctx context.Context, v crm.Viewer) (n int, err error) {
	if !mayRead(v) {
		return 0, errNobody
	}
	err = s.view(ctx, func(x *tx) error {
		condition, args := visible(v, nil)
		args = append(args, maxCounted)
		return x.row(`SELECT count(*) FROM (SELECT r.id FROM `+reviewTables+` WHERE `+stillAsked+` AND (r.message_id IS NULL OR `+condition+`) LIMIT $`+strconv.Itoa(len(args))+`) q`, args...).Scan(&n)
	})
	return n, err
}

// MailReviews lists the open questions about one mail, or raised by it, that
// the viewer may see.
func (s *Store) MailReviews(ctx context.Context, v crm.Viewer, m crm.MessageID) ([]crm.Review, error) {
	if !mayRead(v) {
		return nil, errNobody
	}
	var out []crm.Review
	err := s.view(ctx, func(x *tx) (err error) {
		out, err = x.reviews(v, `r.message_id = $1 AND `, []any{int64(m)}, maxMailReviews)
		return err
	})
	return out, err
}

// reviews reads open questions that also fit a condition with its arguments.
func (x *tx) reviews(v crm.Viewer, also string, args []any, limit int) ([]crm.Review, error) {
	condition, args := visible(v, args)
	args = append(args, limit)
	rows, err := x.query(`SELECT r.id, r.kind, COALESCE(r.message_id, 0), COALESCE(c.id, 0), COALESCE(o.id, 0), r.subject, r.reason, r.evidence, r.state, r.at_us,
COALESCE(c.name, ''), COALESCE(c.customer_id, 0), COALESCE(o.name, ''), COALESCE(o.customer_id, 0)
FROM `+reviewTables+`
WHERE `+stillAsked+` AND `+also+`(r.message_id IS NULL OR `+condition+`) ORDER BY r.id DESC LIMIT $`+strconv.Itoa(len(args)), args...)
	out, err := collect(rows, err, func(r *sql.Rows, q *crm.Review) error {
		var at int64
		err := r.Scan(&q.ID, &q.Kind, &q.Message, &q.Contact, &q.Other, &q.Subject, &q.Reason, &q.Evidence, &q.State, &at, &q.ContactName, &q.Customer, &q.OtherName, &q.OtherOf)
		q.At = fromMicros(at)
		return err
	})
	if err != nil {
		return nil, err
	}
	var ids []int64
	for _, q := range out {
		if q.Message != 0 {
			ids = append(ids, int64(q.Message))
		}
	}
	mails, err := x.mailRows(distinct(ids))
	for i := range out {
		out[i].Mail = mails[int64(out[i].Message)]
	}
	return out, err
}

// MailNamed finds a mail by its Message-ID; of several, the one that came
// first. One that the viewer may not see is as one that is not there.
func (s *Store) MailNamed(ctx context.Context, v crm.Viewer, messageID string) (crm.MessageID, error) {
	var id crm.MessageID
	err := s.view(ctx, func(x *tx) error {
		condition, args := visible(v, []any{messageID})
		err := x.row(`SELECT m.id FROM thread_ids t JOIN messages m ON m.conversation_id = t.conversation_id AND m.message_id = t.message_id
WHERE t.message_id = $1 AND `+condition+` ORDER BY m.id LIMIT 1`, args...).Scan(&id)
		if errors.Is(err, sql.ErrNoRows) {
			return crm.Of("mail", crm.NotFound("no mail has the Message-ID %s", messageID))
		}
		return err
	})
	return id, err
}

// Withheld says where a mail lies that is not stored, and why not, by the keyed
// hash of its Message-ID: nothing else is known of it. Only who owns the mailbox,
// and an administrator, learn of it.
func (s *Store) Withheld(ctx context.Context, v crm.Viewer, messageID string) (out []crm.WithheldRow, err error) {
	if !mayRead(v) {
		return nil, nil
	}
	err = s.view(ctx, func(x *tx) error {
		key := s.key.messageID(messageID)
		rows, err := x.query(`SELECT b.label, b.address, f.name, u.uid, u.rule FROM uid_keys k JOIN uids u ON u.folder_id = k.folder_id AND u.uid = k.uid AND u.uidvalidity = k.uidvalidity
JOIN folders f ON f.id = u.folder_id JOIN mailboxes b ON b.id = f.mailbox_id
WHERE k.key = $1 AND u.id_key = $1 AND u.state = 'withheld' AND (b.staff_id = $2 OR $3 = 1) ORDER BY b.id, f.id, u.uid LIMIT 100`, key, int64(v.Staff), flag(v.MayAdminister()))
		out, err = collect(rows, err, func(r *sql.Rows, w *crm.WithheldRow) error {
			var label string
			if err := r.Scan(&label, &w.Mailbox, &w.Folder, &w.UID, &w.Rule); err != nil {
				return err
			}
			if label != "" {
				w.Mailbox = label
			}
			return nil
		})
		return err
	})
	return out, err
}

// mailDenials reads whose a mail is not by a colleague's word; of a contact
// that was merged into another one, that one.
func (x *tx) mailDenials(m *crm.MailView) error {
	rows, err := x.query(`SELECT ct.id, ct.name, c.id, c.name, COALESCE(s.name, ''), k.at_us
FROM corrections k JOIN contacts said ON said.id = k.contact_id JOIN contacts ct ON ct.id = CASE WHEN said.merged_into = 0 THEN said.id ELSE said.merged_into END
JOIN customers c ON c.id = ct.customer_id LEFT JOIN staff s ON s.id = k.staff_id
WHERE k.message_id = $1 AND k.belongs = 0 AND NOT EXISTS (SELECT 1 FROM links l WHERE l.message_id = k.message_id AND l.contact_id = ct.id) ORDER BY k.at_us, ct.id`, int64(m.ID))
	m.Denied, err = collect(rows, err, func(r *sql.Rows, d *crm.MailDenial) error {
		var at int64
		err := r.Scan(&d.Contact, &d.ContactName, &d.Customer, &d.CustomerName, &d.Staff, &at)
		d.At = fromMicros(at)
		return err
	})
	return err
}
