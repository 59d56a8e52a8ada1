package store

import (
	"context"
	"database/sql"
	"time"

	"kaveri/crm"
)

// Coverage counts how much of what goes on with customers is captured: of all
// there is, and on the days of a span. A day begins where zone says.
func (s *Store) Coverage(ctx context.Context, v crm.Viewer, span crm.Span, zone *time.Location) (out crm.Coverage, err error) {
	if !mayRead(v) {
		return out, errNobody
	}
	err = s.view(ctx, func(x *tx) error {
		out = crm.Coverage{First: span.Since}
		for _, read := range []func() error{
			func() error { return x.reached(v, &out) },
			func() error { return x.boxes(&out) },
			func() error { return x.placedMails(v, span, zone, &out) },
		} {
			if err := read(); err != nil {
				return err
			}
		}
		condition, args := visible(v, nil)
		return x.row(`SELECT count(*) FROM reviews r JOIN messages m ON m.id = r.message_id WHERE r.state = 'open' AND r.kind = 'mail' AND `+condition, args...).Scan(&out.Asked)
	})
	return out, err
}

// reached counts the customers of whom anything is captured.
func (x *tx) reached(v crm.Viewer, out *crm.Coverage) error {
	condition, args := visible(v, nil)
	return x.row(`SELECT count(*), COALESCE(sum(CASE WHEN EXISTS (SELECT 1 FROM contacts ct JOIN links l ON l.contact_id = ct.id JOIN messages m ON m.id = l.message_id WHERE ct.customer_id = c.id AND `+condition+`)
OR EXISTS (SELECT 1 FROM notes n WHERE n.customer_id = c.id) THEN 1 ELSE 0 END), 0) FROM customers c WHERE c.merged_into = 0`, args...).Scan(&out.Customers, &out.Reached)
}

// boxes counts colleagues and mailboxes. Files that were imported are followed by
// nobody.
func (x *tx) boxes(out *crm.Coverage) error {
	const live = ` b.removed_us = 0 AND b.state NOT IN ('imported', 'paused')`
	return x.row(`SELECT (SELECT count(*) FROM staff WHERE disabled = 0),
(SELECT count(*) FROM staff st WHERE st.disabled = 0 AND EXISTS (SELECT 1 FROM mailboxes b WHERE b.staff_id = st.id AND`+live+`)),
(SELECT count(*) FROM mailboxes b WHERE`+live+`), (SELECT count(*) FROM mailboxes b WHERE b.removed_us = 0 AND b.state IN ('retrying', 'refused'))`).Scan(&out.Colleagues, &out.Followed, &out.Boxes, &out.Troubled)
}

// placedMails counts the mails of a span, on each of its days, and who placed them.
func (x *tx) placedMails(v crm.Viewer, span crm.Span, zone *time.Location, out *crm.Coverage) error {
	condition, args := visible(v, []any{micros(span.Since), micros(span.Until), string(crm.RuleByHand)})
	rows, err := x.query(`SELECT m.id, max(m.at_us), max(CASE WHEN l.rule = $3 THEN 1 ELSE 0 END) FROM customers c JOIN contacts ct ON ct.customer_id = c.id JOIN links l ON l.contact_id = ct.id JOIN messages m ON m.id = l.message_id
WHERE c.merged_into = 0 AND c.last_us >= $1 AND l.at_us >= $1 AND l.at_us < $2 AND `+condition+` GROUP BY m.id`, args...)
	if err != nil {
		return err
	}
	first := crm.DayOf(span.Since.In(zone))
	out.Mails = make([]int, crm.DayOf(span.Until.Add(-time.Microsecond).In(zone))-first+1)
	return scanAll(rows, func(r *sql.Rows) error {
		var id, at, byHand int64
		if err := r.Scan(&id, &at, &byHand); err != nil {
			return err
		}
		if byHand != 0 {
			out.ByHand++
		} else {
			out.ByItself++
		}
		if day := int(crm.DayOf(fromMicros(at).In(zone)) - first); day >= 0 && day < len(out.Mails) {
			out.Mails[day]++
		}
		return nil
	})
}
