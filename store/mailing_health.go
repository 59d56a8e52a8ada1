package store

import (
	"context"
	"database/sql"

	"kaveri/crm"
)

// MailingHealth tells what came of the running mailings to many since they were
// last resumed: what a person has looked at and let go on is not held against a
// mailing twice.
func (s *Store) MailingHealth(ctx context.Context) (list []crm.MailingHealth, err error) {
	err = s.view(ctx, func(x *tx) error {
		rows, err := x.query(`SELECT id, begun_us FROM mailings WHERE state = 'running' AND kind <> 'direct' AND begun_us > 0 ORDER BY id`)
		type running struct{ id, since int64 }
		all, err := collect(rows, err, func(r *sql.Rows, m *running) error { return r.Scan(&m.id, &m.since) })
		if err != nil {
			return err
		}
		for _, m := range all {
			h, err := x.mailingHealth(m.id, m.since)
			if err != nil {
				return err
			}
			list = append(list, h)
		}
		return nil
	})
	return list, err
}

func (x *tx) mailingHealth(id, since int64) (crm.MailingHealth, error) {
	h := crm.MailingHealth{Mailing: crm.MailingID(id)}
	counts := []crm.MailingRow{{Mailing: crm.Mailing{ID: h.Mailing}}}
	if err := x.fillCounts(counts); err != nil {
		return h, err
	}
	h.Sent = counts[0].Recipients[crm.Sent]
	err := x.row(`SELECT count(DISTINCT e.dispatch_id) FROM dispatch_events e JOIN dispatches d ON d.id = e.dispatch_id WHERE d.mailing_id = $1 AND e.kind = 'complained' AND e.at_us >= $2`, id, since).Scan(&h.Complained)
	if err != nil || counts[0].Recipients[crm.Failed] == 0 {
		return h, err
	}
	// A mail that could not be made has not come back.
	err = x.row(`SELECT count(*) FROM dispatches d WHERE d.mailing_id = $1 AND d.state = 'failed' AND d.changed_us >= $2
AND (EXISTS (SELECT 1 FROM attempts a WHERE a.dispatch_id = d.id AND a.code >= 500) OR EXISTS (SELECT 1 FROM dispatch_events e WHERE e.dispatch_id = d.id AND e.kind = 'bounced'))`, id, since).Scan(&h.Bounced)
	if err != nil || h.Bounced == 0 {
		return h, err
	}
	err = x.row(`SELECT count(*) FROM dispatches WHERE mailing_id = $1 AND state = 'sent' AND changed_us >= $2`, id, since).Scan(&h.Sent)
	return h, err
}
