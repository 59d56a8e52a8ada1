package store

import (
	"context"
	"database/sql"
	"strings"
	"time"

	"kaveri/crm"
)

// PutDispatch puts a mail on the ledger in the state given, in a mailing of its
// own that was made long ago.
func (s *Store) PutDispatch(ctx context.Context, kind crm.MailingKind, from, to crm.Address, state crm.DispatchState, at time.Time) (d crm.DispatchID, err error) {
	err = s.write(ctx, func(x *tx) error {
		mailing, err := x.id()
		if err != nil {
			return err
		}
		id, err := x.id()
		if err != nil {
			return err
		}
		d = crm.DispatchID(id)
		if err := x.exec(`INSERT INTO mailings (id, kind, name, from_address, subject, body_text, body_html, doubt, state, start_us, patience_us, created_us)
VALUES ($1, $2, 'Letter', $3, 'Letter', 'Text', '', 'hold', 'running', 0, 0, 1)`, mailing, string(kind), string(from)); err != nil {
			return err
		}
		if err := x.exec(`INSERT INTO dispatches (id, mailing_id, state, due_us, changed_us) VALUES ($1, $2, $3, 0, $4)`, id, mailing, string(state), micros(at)); err != nil {
			return err
		}
		if err := x.exec(`INSERT INTO recipients (dispatch_id, mailing_id, address) VALUES ($1, $2, $3)`, id, mailing, string(to)); err != nil {
			return err
		}
		return x.exec(`INSERT INTO dispatch_counts (mailing_id, state, n) VALUES ($1, $2, 1)`, mailing, string(state))
	})
	return d, err
}

// ReadDispatch gives the state of a mail on the ledger, the kinds of its events
// in their order, and why its address is suppressed.
func (s *Store) ReadDispatch(ctx context.Context, d crm.DispatchID) (state crm.DispatchState, events, suppressed string, err error) {
	err = s.view(ctx, func(x *tx) error {
		var mailing, counted int64
		if err := x.row(`SELECT state, mailing_id FROM dispatches WHERE id = $1`, int64(d)).Scan(&state, &mailing); err != nil {
			return err
		}
		if err := x.row(`SELECT n FROM dispatch_counts WHERE mailing_id = $1 AND state = $2`, mailing, string(state)).Scan(&counted); err != nil || counted != 1 {
			return crm.Conflict("the counts of the mailing say %d %s: %v", counted, state, err)
		}
		if events, err = x.joined(`SELECT kind FROM dispatch_events WHERE dispatch_id = $1 ORDER BY id`, int64(d)); err != nil {
			return err
		}
		suppressed, err = x.joined(`SELECT reason FROM suppressions WHERE dispatch_id = $1 ORDER BY id`, int64(d))
		return err
	})
	return state, events, suppressed, err
}

// ReadUnmatched gives the reasons of the reports that name no dispatch.
func (s *Store) ReadUnmatched(ctx context.Context) (reasons string, err error) {
	err = s.view(ctx, func(x *tx) error {
		reasons, err = x.joined(`SELECT reason FROM unmatched_reports ORDER BY message_id`)
		return err
	})
	return reasons, err
}

func (x *tx) joined(query string, args ...any) (string, error) {
	rows, err := x.query(query, args...)
	list, err := collect(rows, err, func(r *sql.Rows, s *string) error { return r.Scan(s) })
	return strings.Join(list, " "), err
}
