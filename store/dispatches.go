package store

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"kaveri/crm"
)

// waitingStates are the states of dispatches that are to be claimed, as the
// index dispatches_due names them.
const waitingStates = `('queued', 'deferred')`

// waiting is a mailing of which dispatches wait, and whose turn has come.
type waiting struct {
	id, until, due int64
	bulk, stopped  bool
}

// candidate is a dispatch that may be claimed.
type candidate struct {
	d            dispatchRow
	due, expires int64
	place        int64
	m            *waiting
}

// claimed is a dispatch as it is read for the sending process.
type claimed struct {
	d       crm.Dispatch
	expires int64
	fields  string
}

// Claim gives up to n dispatches of running mailings whose time has come:
// colleagues' own mails first, then the longest due first, and of those that are
// due together the recipients who have written or bought last. What has expired or
// must not be written to is moved to that state instead. A mailing that would
// begin more than [crm.LateStart] late is held instead, and waits for a person.
func (s *Store) Claim(ctx context.Context, l crm.Lease, n int) ([]crm.Dispatch, error) {
	for {
		var got []claimed
		var held []crm.MailingID
		var dropped int
		err := s.write(ctx, func(x *tx) (err error) {
			got, dropped = nil, 0
			if _, err = x.fence(l); err != nil {
				return err
			}
			if held, err = x.beginMailings(); err != nil {
				return err
			}
			got, dropped, err = x.claim(l, n)
			return err
		})
		if err != nil {
			return nil, err
		}
		s.mailingsChanged(held)
		if len(got) == 0 && dropped > 0 {
			continue // all of them must not be sent: there may be more behind
		}
		return dispatchesOf(got)
	}
}

func (x *tx) claim(l crm.Lease, n int) (got []claimed, dropped int, err error) {
	g := x.steps()
	cs, err := x.candidates(g.now, max(n, 0))
	if err != nil || len(cs) == 0 {
		return nil, 0, err
	}
	ids := make([]int64, len(cs))
	for i := range cs {
		ids[i] = cs[i].d.id
	}
	to, err := x.recipientsOf(ids)
	if err != nil {
		return nil, 0, err
	}
	stopped, err := x.suppressed(ids)
	if err != nil {
		return nil, 0, err
	}
	got = make([]claimed, 0, len(cs))
	for i := range cs {
		c := &cs[i]
		reason, no := stopped[c.d.id]
		r, known := to[c.d.id]
		switch expires := max(c.expires, c.m.until); {
		case c.m.stopped:
			g.move(&c.d, crm.Cancelled, "")
		case !known:
			g.move(&c.d, crm.Cancelled, nobody)
		case no:
			g.move(&c.d, crm.Suppressed, reason)
		case expires <= g.now:
			g.move(&c.d, crm.Expired, "")
		default:
			g.claim(&c.d, l.Token)
			r.d.ID, r.d.Mailing, r.d.State, r.d.Token, r.d.Tries = crm.DispatchID(c.d.id), crm.MailingID(c.d.mailing), c.d.state, c.d.token, int(c.d.tries)
			r.d.Due, r.d.Expires, r.d.Changed = fromMicros(c.due), fromMicros(expires), fromMicros(g.now)
			got = append(got, r)
		}
	}
	return got, len(cs) - len(got), g.finish()
}

// candidates gives the n dispatches whose turn it is.
func (x *tx) candidates(now int64, n int) ([]candidate, error) {
	ws, err := x.waitingMailings(now)
	if err != nil {
		return nil, err
	}
	order := func(a, b candidate) int {
		return cmp.Or(cmp.Compare(rank(a.m), rank(b.m)), cmp.Compare(a.due, b.due), cmp.Compare(a.place, b.place), cmp.Compare(a.d.id, b.d.id))
	}
	var out []candidate
	for i := range ws {
		m := &ws[i]
		if n > 0 && len(out) == n && order(out[n-1], candidate{due: m.due, m: m}) < 0 {
			break // those that follow begin later still
		}
		before := now
		if m.stopped {
			before = 1<<63 - 1
		}
		rows, err := x.query(`SELECT id, state, token, tries, due_us, expires_us, place FROM dispatches WHERE mailing_id = $1 AND state IN `+waitingStates+` AND due_us <= $2 ORDER BY due_us, place, id LIMIT $3`, m.id, before, n)
		more, err := collect(rows, err, func(r *sql.Rows, c *candidate) error {
			c.m, c.d.mailing = m, m.id
			return r.Scan(&c.d.id, &c.d.state, &c.d.token, &c.d.tries, &c.due, &c.expires, &c.place)
		})
		if err != nil {
			return nil, err
		}
		out = append(out, more...)
		slices.SortFunc(out, order)
		out = out[:min(len(out), n)]
	}
	return out, nil
}

// rank puts colleagues' own mails first: somebody waits for them.
func rank(m *waiting) int {
	if m.bulk {
		return 1
	}
	return 0
}

// waitingMailings gives the mailings of which something is due, in the order of
// candidates. It steps through the index from one mailing to the next, so that
// neither the thousands that are done nor one that is paused cost anything.
func (x *tx) waitingMailings(now int64) ([]waiting, error) {
	const first = `(SELECT min(d.due_us) FROM dispatches d WHERE d.mailing_id = m.id AND d.state IN ` + waitingStates + `)`
	rows, err := x.query(`WITH RECURSIVE w (id) AS (
SELECT min(d.mailing_id) FROM dispatches d WHERE d.state IN `+waitingStates+`
UNION ALL SELECT (SELECT min(d.mailing_id) FROM dispatches d WHERE d.state IN `+waitingStates+` AND d.mailing_id > w.id) FROM w WHERE w.id IS NOT NULL)
SELECT m.id, m.kind, m.state, m.until_us, `+first+` FROM w JOIN mailings m ON m.id = w.id
WHERE m.state = $1 OR (m.state = $2 AND m.begun_us > 0)`, string(crm.MailingStopped), string(crm.MailingRunning))
	ws, err := collect(rows, err, func(r *sql.Rows, w *waiting) error {
		var kind crm.MailingKind
		var state crm.MailingState
		err := r.Scan(&w.id, &kind, &state, &w.until, &w.due)
		w.bulk, w.stopped = kind.Bulk(), state == crm.MailingStopped
		return err
	})
	if err != nil {
		return nil, err
	}
	ws = slices.DeleteFunc(ws, func(w waiting) bool { return !w.stopped && w.due > now })
	slices.SortFunc(ws, func(a, b waiting) int {
		return cmp.Or(cmp.Compare(rank(&a), rank(&b)), cmp.Compare(a.due, b.due), cmp.Compare(a.id, b.id))
	})
	return ws, nil
}

const dispatchCols = `d.id, d.mailing_id, d.state, d.token, d.tries, d.due_us, d.expires_us, d.changed_us, d.reason, COALESCE(r.contact_id, 0), r.address, r.name, r.fields`

func scanDispatch(r *sql.Rows, c *claimed, more ...any) error {
	var due, changed int64
	err := r.Scan(append([]any{&c.d.ID, &c.d.Mailing, &c.d.State, &c.d.Token, &c.d.Tries, &due, &c.expires, &changed, &c.d.Reason, &c.d.Contact, &c.d.Address, &c.d.Name, &c.fields}, more...)...)
	c.d.Due, c.d.Changed = fromMicros(due), fromMicros(changed)
	return err
}

// recipientsOf reads to whom dispatches go.
func (x *tx) recipientsOf(ids []int64) (map[int64]claimed, error) {
	to := make(map[int64]claimed, len(ids))
	err := each(x, `SELECT dispatch_id, COALESCE(contact_id, 0), address, name, fields FROM recipients WHERE dispatch_id IN (IN)`, nil, ids, func(r *sql.Rows) error {
		var id, contact int64
		var address string
		var c claimed
		err := r.Scan(&id, &contact, &address, &c.d.Name, &c.fields)
		c.d.Contact, c.d.Address = crm.ContactID(contact), crm.Address(address)
		to[id] = c
		return err
	})
	return to, err
}

// dispatchesOf reads the fields, outside of the transaction.
func dispatchesOf(got []claimed) ([]crm.Dispatch, error) {
	out := make([]crm.Dispatch, len(got))
	for i, c := range got {
		out[i] = c.d
		if c.fields != "" {
			if err := json.Unmarshal([]byte(c.fields), &out[i].Fields); err != nil {
				return nil, fmt.Errorf("the fields of dispatch %d: %w", c.d.ID, err)
			}
		}
	}
	return out, nil
}

// stops is the SQL form of [crm.Suppression.Stops], for a suppression s
// and a mailing m.
var stops = func() string {
	var mild []string
	for _, r := range crm.SuppressionReasons {
		if !r.Stops(crm.MailingDirect) {
			mild = append(mild, "'"+string(r)+"'")
		}
	}
	return `((m.kind <> '` + string(crm.MailingDirect) + `' OR s.reason NOT IN (` + strings.Join(mild, ", ") + `)) AND (s.topic = '' OR s.topic = m.topic))`
}()

// suppressed gives those of the dispatches whose addresses must not be written
// to, with the reason.
func (x *tx) suppressed(ids []int64) (map[int64]string, error) {
	out := map[int64]string{}
	err := each(x, `SELECT r.dispatch_id, min(s.reason) FROM recipients r JOIN suppressions s ON s.address = r.address AND s.lifted_us = 0
JOIN mailings m ON m.id = r.mailing_id WHERE r.dispatch_id IN (IN) AND `+stops+` GROUP BY r.dispatch_id`, nil, ids, func(r *sql.Rows) error {
		var id int64
		var reason string
		err := r.Scan(&id, &reason)
		out[id] = reason
		return err
	})
	return out, err
}

// beginMailings looks at the running mailings whose start has come for the
// first time: they begin, or are held because it is too late. It gives those
// that it holds. Renewing the lease does it too: a process that is alive but
// busy with another mailing is not late.
func (x *tx) beginMailings() (held []crm.MailingID, err error) {
	now := x.s.now()
	type begin struct{ id, start int64 }
	rows, err := x.query(`SELECT id, start_us FROM mailings WHERE state = 'running' AND begun_us = 0 AND start_us <= $1 ORDER BY start_us, id`, micros(now))
	bs, err := collect(rows, err, func(r *sql.Rows, b *begin) error { return r.Scan(&b.id, &b.start) })
	if err != nil {
		return nil, err
	}
	for _, b := range bs {
		late := now.Sub(fromMicros(b.start))
		if late <= crm.LateStart {
			if err := x.exec(`UPDATE mailings SET begun_us = $1 WHERE id = $2 AND state = 'running'`, micros(now), b.id); err != nil {
				return nil, err
			}
			continue
		}
		reason := fmt.Sprintf("it was to begin %s before anything could send it; send it now, or call it off", late.Round(time.Minute))
		if err := x.exec(`UPDATE mailings SET state = 'held', reason = $1 WHERE id = $2 AND state = 'running'`, reason, b.id); err != nil {
			return nil, err
		}
		held = append(held, crm.MailingID(b.id))
	}
	return held, nil
}

// Return gives claimed dispatches back unsent; an armed one too, when its final
// dot has provably not left. Those of a mailing that was stopped meanwhile are
// cancelled. What was claimed under an earlier lease is named with its token;
// what is under another claim by now is left alone.
func (s *Store) Return(ctx context.Context, l crm.Lease, rs []crm.Return) error {
	ids := make([]int64, len(rs))
	under := make(map[int64]int64, len(rs))
	for i, r := range rs {
		ids[i] = int64(r.Dispatch)
		under[ids[i]] = cmp.Or(r.Token, l.Token)
	}
	ids = distinct(ids)
	return s.write(ctx, func(x *tx) error {
		if _, err := x.fence(l); err != nil {
			return err
		}
		g := x.steps()
		rows, err := g.rows(ids)
		if err != nil {
			return err
		}
		for _, d := range rows {
			if d.token == under[d.id] && d.state == crm.Armed {
				g.move(d, crm.Ready, "")
			}
		}
		if err := g.flush(); err != nil {
			return err
		}
		stopped, err := g.stoppedMailings(rows)
		if err != nil {
			return err
		}
		until := map[int64]int64{} // of what waits for a reason, by mailing
		for _, r := range rs {
			d := rows[int64(r.Dispatch)]
			switch {
			case d == nil || d.token != under[d.id] || d.state != crm.Claimed && d.state != crm.Ready:
			case stopped[d.mailing]:
				g.move(d, crm.Cancelled, "")
			case r.Cancel:
				g.move(d, crm.Cancelled, clean(r.Reason, 500))
			case r.Due.IsZero():
				g.move(d, crm.Queued, "")
			default:
				g.again(d, micros(r.Due), r.Reason, false)
				if r.Reason != "" {
					until[d.mailing] = max(until[d.mailing], micros(r.Due))
				}
			}
		}
		if err := x.waitsFor(until); err != nil {
			return err
		}
		return g.finish()
	})
}

// waitsFor gives mailings their patience from the times until which some of
// their mail waits.
func (x *tx) waitsFor(until map[int64]int64) error {
	for _, id := range sortedKeys(until) {
		m, err := x.mailing(crm.SystemViewer, crm.MailingID(id))
		if err == nil {
			err = x.patientFrom(&m, fromMicros(until[id]))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (g *steps) stoppedMailings(rows map[int64]*dispatchRow) (map[int64]bool, error) {
	var ids []int64
	for _, d := range rows {
		ids = append(ids, d.mailing)
	}
	stopped := map[int64]bool{}
	err := each(g.x, `SELECT id FROM mailings WHERE state = 'stopped' AND id IN (IN)`, nil, distinct(ids), func(r *sql.Rows) error {
		var id int64
		err := r.Scan(&id)
		stopped[id] = true
		return err
	})
	return stopped, err
}
