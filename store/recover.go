package store

import (
	"context"
	"database/sql"
	"slices"
	"strings"

	"kaveri/crm"
)

// Recover settles what earlier owners of the lease had in hand, see
// [crm.DispatchState.AfterCrash].
func (s *Store) Recover(ctx context.Context, l crm.Lease) (crm.Recovered, error) {
	var total crm.Recovered
	ids, err := s.inHand(ctx, l)
	for chunk := range slices.Chunk(ids, 512) {
		var r crm.Recovered
		if err = s.write(ctx, func(x *tx) (err error) {
			r, err = x.recover(l, chunk)
			return err
		}); err != nil {
			break
		}
		total.Queued += r.Queued
		total.Unknown += r.Unknown
	}
	return total, err
}

// inHand gives the dispatches under other leases than l. It reads the ledger
// when the counts say that there are any; an index for it would cost each mail
// more than a start now and then.
func (s *Store) inHand(ctx context.Context, l crm.Lease) (ids []int64, err error) {
	err = s.view(ctx, func(x *tx) error {
		var n int64
		if err := x.row(`SELECT COALESCE(sum(n), 0) FROM dispatch_counts WHERE state IN ('claimed', 'ready', 'armed')`).Scan(&n); err != nil || n == 0 {
			return err
		}
		ids, err = column[int64](x, `SELECT id FROM dispatches WHERE state IN ('claimed', 'ready', 'armed') AND token <> $1 ORDER BY id`, l.Token)
		return err
	})
	return ids, err
}

// doubtful is why a dispatch is unknown after a crash.
const doubtful = "Kaveri was interrupted after the mail had gone to the server and before its answer was kept"

func (x *tx) recover(l crm.Lease, ids []int64) (r crm.Recovered, err error) {
	if _, err := x.fence(l); err != nil {
		return r, err
	}
	g := x.steps()
	rows, err := g.rows(ids)
	if err != nil {
		return r, err
	}
	gone, err := x.gone(ids)
	if err != nil {
		return r, err
	}
	var args []any
	for _, id := range ids {
		d := rows[id]
		if d == nil || d.token == l.Token {
			continue
		}
		switch to := d.state.AfterCrash(); to {
		case crm.Queued:
			if d.state != crm.Queued {
				g.move(d, to, "")
				r.Queued++
			}
		case crm.Unknown:
			if d.state != crm.Unknown {
				a := gone[id]
				args = append(args, id, d.tries+1, int64(a.Sender), clean(a.Server, 255), string(crm.StageDot), micros(a.At), 0, 0, "", "", string(to), doubtful)
				g.tried(d, to, 0, doubtful)
				r.Unknown++
			}
		}
	}
	if err := x.insert(attemptInsert, attemptCols, args, ``); err != nil {
		return r, err
	}
	return r, g.finish()
}

// gone tells of dispatches that were armed when their mail went to the server,
// and to which: over the mailing's own sender, or over one that its From domain
// goes by. Where several could have it, all are named.
func (x *tx) gone(ids []int64) (map[int64]crm.Attempt, error) {
	out := map[int64]crm.Attempt{}
	from := map[int64]crm.Address{}
	err := each(x, `SELECT d.id, d.changed_us, COALESCE(m.sender_id, 0), m.from_address FROM dispatches d JOIN mailings m ON m.id = d.mailing_id WHERE d.state = 'armed' AND d.id IN (IN)`, nil, ids, func(r *sql.Rows) error {
		var id, at int64
		var a crm.Attempt
		var author crm.Address
		err := r.Scan(&id, &at, &a.Sender, &author)
		a.At = fromMicros(at)
		out[id], from[id] = a, author
		return err
	})
	if err != nil || len(out) == 0 {
		return out, err
	}
	rows, err := x.query(`SELECT ` + senderCols + ` FROM senders WHERE removed_us = 0 ORDER BY place, id`)
	senders, err := collect(rows, err, func(r *sql.Rows, m *crm.Sender) error { return scanSender(r, m) })
	for id, a := range out {
		var hosts []string
		for i := range senders {
			if k := &senders[i]; k.ID == a.Sender || a.Sender == 0 && k.Serves(from[id]) {
				hosts = append(hosts, k.Host)
			}
		}
		a.Server = strings.Join(hosts, " or ")
		out[id] = a
	}
	return out, err
}
