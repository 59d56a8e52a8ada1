package store

import (
	"context"
	"database/sql"

	"kaveri/crm"
)

// AddDispatchEvent notes what was reported about a dispatch, and reports
// whether it is new: the same mark of a kind counts once.
func (s *Store) AddDispatchEvent(ctx context.Context, e crm.DispatchEvent) (added bool, err error) {
	err = s.write(ctx, func(x *tx) error {
		var n int
		if err := x.row(`SELECT count(*) FROM dispatches WHERE id = $1`, int64(e.Dispatch)).Scan(&n); err != nil {
			return err
		}
		if n == 0 {
			return noDispatch(e.Dispatch)
		}
		added, err = x.addEvent(e)
		return err
	})
	return added, err
}

// addEvent adds an event, and reports whether it is new.
func (x *tx) addEvent(e crm.DispatchEvent) (fresh bool, err error) {
	id, err := x.id()
	if err != nil {
		return false, err
	}
	if e.At.IsZero() {
		e.At = x.s.now()
	}
	n, err := x.changed(`INSERT INTO dispatch_events (id, dispatch_id, kind, mark, message_id, evidence, machine, at_us) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
ON CONFLICT (dispatch_id, kind, mark) DO NOTHING`,
		id, int64(e.Dispatch), string(e.Kind), clean(e.Mark, 500), orNull(e.Message), clean(e.Evidence, 2000), flag(e.Machine), micros(e.At))
	return n > 0, err
}

// DispatchEvents lists what was reported about a dispatch, the oldest first.
func (s *Store) DispatchEvents(ctx context.Context, v crm.Viewer, id crm.DispatchID) (list []crm.DispatchEvent, err error) {
	condition, args := mailingVisible(v, []any{int64(id)})
	err = s.view(ctx, func(x *tx) error {
		rows, err := x.query(`SELECT e.dispatch_id, e.kind, e.mark, COALESCE(e.message_id, 0), e.evidence, e.machine, e.at_us
FROM dispatch_events e JOIN dispatches d ON d.id = e.dispatch_id JOIN mailings m ON m.id = d.mailing_id WHERE e.dispatch_id = $1 AND `+condition+` ORDER BY e.at_us, e.id`, args...)
		list, err = collect(rows, err, func(r *sql.Rows, e *crm.DispatchEvent) error {
			var machine, at int64
			err := r.Scan(&e.Dispatch, &e.Kind, &e.Mark, &e.Message, &e.Evidence, &machine, &at)
			e.Machine, e.At = machine == 1, fromMicros(at)
			return err
		})
		return err
	})
	return list, err
}

// AddUnmatched keeps a report that names no dispatch of ours in sight.
func (s *Store) AddUnmatched(ctx context.Context, u crm.UnmatchedReport) error {
	return s.write(ctx, func(x *tx) error {
		if u.At.IsZero() {
			u.At = x.s.now()
		}
		return x.exec(`INSERT INTO unmatched_reports (message_id, reason, at_us) VALUES ($1, $2, $3) ON CONFLICT (message_id) DO NOTHING`, int64(u.Message), clean(u.Reason, 500), micros(u.At))
	})
}

// UnmatchedReports lists the reports that name no dispatch, of mails that the
// viewer may see, the newest first, and gives the key of the next page, zero at
// the end.
func (s *Store) UnmatchedReports(ctx context.Context, v crm.Viewer, page crm.PageKey, limit int) (list []crm.UnmatchedReport, next crm.PageKey, err error) {
	limit = pageLimit(limit, 50)
	at, id := after(page)
	condition, args := visible(v, []any{at, id, limit + 1})
	err = s.view(ctx, func(x *tx) error {
		rows, err := x.query(`SELECT u.message_id, u.reason, u.at_us, u.seen_us, m.subject FROM unmatched_reports u JOIN messages m ON m.id = u.message_id
WHERE (u.at_us, u.message_id) < ($1, $2) AND `+condition+` ORDER BY u.at_us DESC, u.message_id DESC LIMIT $3`, args...)
		list, err = collect(rows, err, func(r *sql.Rows, u *crm.UnmatchedReport) error {
			var at, seen int64
			err := r.Scan(&u.Message, &u.Reason, &at, &seen, &u.Subject)
			u.At, u.Seen = fromMicros(at), seen != 0
			return err
		})
		return err
	})
	list, next = paged(list, limit, func(e *crm.UnmatchedReport) crm.PageKey { return crm.PageKey{At: e.At, ID: int64(e.Message)} })
	return list, next, err
}

// SeenUnmatched notes that a colleague has looked at an unmatched report.
func (s *Store) SeenUnmatched(ctx context.Context, v crm.Viewer, id crm.MessageID) error {
	return s.write(ctx, func(x *tx) error {
		if err := x.sees(v, id); err != nil {
			return err
		}
		return x.exec(`UPDATE unmatched_reports SET seen_us = $1 WHERE message_id = $2 AND seen_us = 0`, micros(x.s.now()), int64(id))
	})
}

// Paces gives what was learned of how much providers take from senders.
func (s *Store) Paces(ctx context.Context) (list []crm.SavedPace, err error) {
	err = s.view(ctx, func(x *tx) error {
		rows, err := x.query(`SELECT sender_id, provider, state, at_us FROM paces ORDER BY sender_id, provider`)
		list, err = collect(rows, err, func(r *sql.Rows, p *crm.SavedPace) error {
			var at int64
			err := r.Scan(&p.Sender, &p.Provider, &p.State, &at)
			p.At = fromMicros(at)
			return err
		})
		return err
	})
	return list, err
}

// SavePaces keeps what was learned, over what was kept before.
func (s *Store) SavePaces(ctx context.Context, ps []crm.SavedPace) error {
	return s.write(ctx, func(x *tx) error {
		var args []any
		for _, p := range ps {
			args = append(args, int64(p.Sender), clean(p.Provider, 255), string(p.State), micros(p.At))
		}
		return x.insert(`INSERT INTO paces (sender_id, provider, state, at_us) VALUES `, 4, args, ` ON CONFLICT (sender_id, provider) DO UPDATE SET state = excluded.state, at_us = excluded.at_us`)
	})
}
