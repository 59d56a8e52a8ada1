package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"time"

	"kaveri/crm"
)

// CampaignWriters gives the colleagues in whose name a campaign may write: where
// their mailbox is, and until when their own automatic answers say that they are
// away.
func (s *Store) CampaignWriters(ctx context.Context) (list []crm.CampaignWriter, err error) {
	err = s.view(ctx, func(x *tx) error {
		rows, err := x.query(`SELECT st.id, st.name, COALESCE((SELECT b.address FROM mailboxes b WHERE b.staff_id = st.id AND b.removed_us = 0 ORDER BY b.id LIMIT 1), ''), st.disabled FROM staff st ORDER BY st.id`)
		list, err = collect(rows, err, func(r *sql.Rows, w *crm.CampaignWriter) error {
			var disabled int64
			err := r.Scan(&w.Staff, &w.Name, &w.Address, &disabled)
			w.Disabled = disabled != 0
			return err
		})
		if err != nil {
			return err
		}
		return x.away(list)
	})
	return list, err
}

// How far back automatic answers of colleagues are looked for, and how long one is
// believed that tells no day of return.
const (
	absentWithin = 90 * 24 * time.Hour
	absentFor    = 3 * 24 * time.Hour
)

// away reads the newest automatic answer of each colleague.
func (x *tx) away(list []crm.CampaignWriter) error {
	now := x.s.now()
	for i := range list {
		w := &list[i]
		var at int64
		var j string
		rows, err := x.query(`SELECT m.at_us, m.details FROM addresses a JOIN participants p ON p.address_id = a.id AND p.role = 'from' JOIN messages m ON m.id = p.message_id
WHERE m.class = $1 AND m.at_us >= $2 AND a.address IN (SELECT b.address FROM mailboxes b WHERE b.staff_id = $3 UNION SELECT st.address FROM staff st WHERE st.id = $3) ORDER BY m.at_us DESC, m.id DESC LIMIT 1`,
			string(crm.ClassAutoReply), micros(now.Add(-absentWithin)), int64(w.Staff))
		if err != nil {
			return err
		}
		if err := scanAll(rows, func(r *sql.Rows) error { return r.Scan(&at, &j) }); err != nil || at == 0 {
			if err != nil {
				return err
			}
			continue
		}
		var d details
		if err := json.Unmarshal([]byte(j), &d); err != nil {
			return err
		}
		until := fromMicros(at).Add(absentFor)
		if d.Absence != nil && !d.Absence.Until.IsZero() {
			until = d.Absence.Until
		}
		w.Disabled = w.Disabled || d.Absence != nil && d.Absence.Left
		if until.After(now) {
			w.Away = until
		}
	}
	return nil
}

// WrittenBy gives the mails of colleagues, since a time, in conversations in which
// people of these customers wrote as well.
func (s *Store) WrittenBy(ctx context.Context, customers []crm.CustomerID, since time.Time) (list []crm.WrittenBy, err error) {
	err = s.view(ctx, func(x *tx) error {
		whose := map[string]crm.StaffID{}
		rows, err := x.query(`SELECT address, staff_id FROM mailboxes UNION SELECT address, id FROM staff`)
		if err != nil {
			return err
		}
		if err := scanAll(rows, func(r *sql.Rows) error {
			var a string
			var id crm.StaffID
			err := r.Scan(&a, &id)
			whose[a] = id
			return err
		}); err != nil {
			return err
		}
		return each(x, `SELECT DISTINCT ct.customer_id, m.id, m.at_us, a.address FROM contacts ct JOIN links l ON l.contact_id = ct.id JOIN messages m ON m.id = l.message_id JOIN participants p ON p.message_id = m.id AND p.role = 'from' JOIN addresses a ON a.id = p.address_id
WHERE l.at_us >= $1 AND m.direction = $2 AND m.class = $3 AND EXISTS (SELECT 1 FROM messages o WHERE o.conversation_id = m.conversation_id AND o.direction = $4 AND o.class = $3) AND ct.customer_id IN (IN)`,
			[]any{micros(since), string(crm.Out), string(crm.ClassHuman), string(crm.In)}, distinct(customers), func(r *sql.Rows) error {
				var w crm.WrittenBy
				var id, at int64
				var a string
				if err := r.Scan(&w.Customer, &id, &at, &a); err != nil {
					return err
				}
				if w.Staff, w.At = whose[a], fromMicros(at); w.Staff != 0 {
					list = append(list, w)
				}
				return nil
			})
	})
	return list, err
}

// SentInName counts, since a time, the campaign mails in the name of each
// colleague.
func (s *Store) SentInName(ctx context.Context, since time.Time) (map[crm.StaffID]int, error) {
	n := map[crm.StaffID]int{}
	err := s.view(ctx, func(x *tx) error {
		rows, err := x.query(`SELECT k.writer_id, count(*) FROM campaign_mailings k JOIN dispatches d ON d.mailing_id = k.mailing_id JOIN touches t ON t.dispatch_id = d.id
WHERE k.writer_id <> 0 AND d.state <> 'cancelled' AND t.at_us >= $1 GROUP BY k.writer_id`, micros(since))
		if err != nil {
			return err
		}
		return scanAll(rows, func(r *sql.Rows) error {
			var id crm.StaffID
			var count int
			err := r.Scan(&id, &count)
			n[id] = count
			return err
		})
	})
	return n, err
}
