package store

import (
	"context"
	"database/sql"
	"strings"
	"unicode/utf8"

	"kaveri/crm"
)

// Settle records attempts and arms dispatches, in this order and in one
// transaction that is durable when it returns. Of those to be armed it gives
// the ones that it refused: called off, held up or suppressed since they were
// claimed, which are settled as such and no concern of the caller's any more; or
// not claimed under this lease. All others are armed.
//
// An attempt is known by its dispatch and the claim it was made under, which
// may be an earlier one than l: what a server said about a mail that is unknown
// by now settles the doubt. An attempt that is recorded already, or whose
// dispatch went on under another claim, changes nothing.
func (s *Store) Settle(ctx context.Context, l crm.Lease, attempts []crm.Attempt, arm []crm.DispatchID) ([]crm.Refused, error) {
	for i := range attempts {
		switch a := &attempts[i]; a.State {
		case crm.Sent, crm.Deferred, crm.Failed, crm.Unknown:
		default:
			return nil, crm.Invalid("attempt", "no attempt leads to the state %q", a.State)
		}
	}
	var refused []crm.Refused
	var late []crm.Attempt
	err := s.write(ctx, func(x *tx) (err error) {
		if _, err = x.fence(l); err != nil {
			return err
		}
		g := x.steps()
		if late, err = g.record(attempts); err != nil {
			return err
		}
		if err = g.flush(); err != nil {
			return err
		}
		if refused, err = g.arm(l, arm); err != nil {
			return err
		}
		return g.finish()
	})
	if err != nil {
		return nil, err
	}
	for _, a := range late {
		s.log.Info("an attempt came too late for the ledger", "dispatch", a.Dispatch, "state", a.State, "reply", a.Reply.String())
	}
	return refused, nil
}

const (
	attemptInsert = `INSERT INTO attempts (dispatch_id, n, sender_id, server, stage, at_us, took_us, code, enhanced, words, state, reason) VALUES `
	attemptCols   = 12
)

// record writes attempts, and gives those that change nothing.
func (g *steps) record(attempts []crm.Attempt) (late []crm.Attempt, err error) {
	ids := make([]int64, len(attempts))
	for i, a := range attempts {
		ids[i] = int64(a.Dispatch)
	}
	rows, err := g.rows(ids)
	if err != nil {
		return nil, err
	}
	args := make([]any, 0, len(attempts)*attemptCols)
	for _, a := range attempts {
		d := rows[int64(a.Dispatch)]
		to, ok := follows(d, &a)
		if !ok {
			late = append(late, a)
			continue
		}
		reason := clean(a.Reason, 500)
		args = append(args, d.id, d.tries+1, int64(a.Sender), clean(a.Server, 255), string(a.Stage), micros(a.At), a.Took.Microseconds(),
			int64(a.Reply.Code), clean(a.Reply.Enhanced, 20), clean(a.Reply.Text, 2000), string(a.State), reason)
		due := int64(0)
		switch to {
		case crm.Sent:
			reason = "" // the state says it, and all that were sent are one statement
		case crm.Deferred, crm.Queued:
			due = micros(a.Due)
		}
		g.tried(d, to, due, reason)
		g.warm(&a)
	}
	if err := g.warmed(); err != nil {
		return nil, err
	}
	return late, g.x.insert(attemptInsert, attemptCols, args, ``)
}

// follows gives the state that an attempt leads to, and false when its
// dispatch is not where the attempt was made.
func follows(d *dispatchRow, a *crm.Attempt) (crm.DispatchState, bool) {
	if d == nil || d.token != a.Token {
		return "", false
	}
	to := a.State
	if d.state == crm.Unknown && to == crm.Deferred {
		to = crm.Queued
	}
	switch d.state {
	case crm.Claimed, crm.Ready, crm.Armed, crm.Unknown:
		return to, d.state.MayBecome(to)
	}
	return "", false
}

// armUpdate arms what is still claimed under the lease, of a mailing that still
// runs, to an address that may still be written to. The claimed are ready as
// well: that a mail's bytes exist is not written.
var armUpdate = `UPDATE dispatches SET state = 'armed', changed_us = $1 WHERE state = 'claimed' AND token = $2 AND id IN (IN)
AND EXISTS (SELECT 1 FROM mailings m JOIN recipients r ON r.dispatch_id = dispatches.id WHERE m.id = dispatches.mailing_id AND m.state = 'running'
AND NOT EXISTS (SELECT 1 FROM suppressions s WHERE s.address = r.address AND s.lifted_us = 0 AND ` + stops + `))`

func (g *steps) arm(l crm.Lease, arm []crm.DispatchID) (refused []crm.Refused, err error) {
	ids := make([]int64, len(arm))
	for i, d := range arm {
		ids[i] = int64(d)
	}
	ids = distinct(ids)
	mine, err := g.claimedOf(l, ids)
	if err != nil {
		return nil, err
	}
	if mine != len(ids) {
		if ids, refused, err = g.notClaimed(l, ids); err != nil {
			return nil, err
		}
	}
	n, err := g.x.changedEach(armUpdate, []any{g.now, l.Token}, ids)
	if err != nil || n == int64(len(ids)) {
		return refused, err
	}
	more, err := g.refuse(ids)
	return append(refused, more...), err
}

// claimedOf counts the dispatches that are claimed under the lease, and counts
// them as armed.
func (g *steps) claimedOf(l crm.Lease, ids []int64) (mine int, err error) {
	err = each(g.x, `SELECT mailing_id, count(*) FROM dispatches WHERE state = 'claimed' AND token = $1 AND id IN (IN) GROUP BY mailing_id`, []any{l.Token}, ids, func(r *sql.Rows) error {
		var mailing, n int64
		err := r.Scan(&mailing, &n)
		mine += int(n)
		g.counts[count{mailing, crm.Claimed}] -= n
		g.counts[count{mailing, crm.Armed}] += n
		return err
	})
	return mine, err
}

// notClaimed gives those that are claimed under the lease, and refuses the
// others.
func (g *steps) notClaimed(l crm.Lease, ids []int64) (mine []int64, refused []crm.Refused, err error) {
	rows, err := g.rows(ids)
	if err != nil {
		return nil, nil, err
	}
	for _, id := range ids {
		switch d := rows[id]; {
		case d == nil:
			refused = append(refused, crm.Refused{Dispatch: crm.DispatchID(id), Reason: "there is no such dispatch"})
		case d.state == crm.Claimed && d.token == l.Token:
			mine = append(mine, id)
		default:
			refused = append(refused, crm.Refused{Dispatch: crm.DispatchID(id), State: d.state, Reason: "it is not claimed under this lease"})
		}
	}
	return mine, refused, nil
}

// nobody is why a dispatch is called off that has lost its recipient: by damage,
// or by somebody's hand in the database.
const nobody = "the ledger has no recipient for it any more"

// refuse settles what the statement has left claimed.
func (g *steps) refuse(ids []int64) (refused []crm.Refused, err error) {
	type why struct {
		state  crm.MailingState
		reason string
	}
	whys := map[int64]why{}
	var left []int64
	err = each(g.x, `SELECT d.id, m.state, m.reason FROM dispatches d JOIN mailings m ON m.id = d.mailing_id WHERE d.state = 'claimed' AND d.id IN (IN)`, nil, ids, func(r *sql.Rows) error {
		var id int64
		var w why
		err := r.Scan(&id, &w.state, &w.reason)
		whys[id] = w
		left = append(left, id)
		return err
	})
	if err != nil {
		return nil, err
	}
	rows, err := g.rows(left)
	if err != nil {
		return nil, err
	}
	stopped, err := g.x.suppressed(left)
	if err != nil {
		return nil, err
	}
	known, err := g.x.recipientsOf(left)
	if err != nil {
		return nil, err
	}
	for _, id := range left {
		d := rows[id]
		g.counts[count{d.mailing, crm.Claimed}]++ // it was not armed
		g.counts[count{d.mailing, crm.Armed}]--
		to, reason := crm.Queued, whys[id].reason
		if whys[id].state == crm.MailingStopped {
			to = crm.Cancelled
		}
		if r, no := stopped[id]; no {
			to, reason = crm.Suppressed, r
		}
		if _, ok := known[id]; !ok { // queued, it would be refused for ever
			to, reason = crm.Cancelled, nobody
		}
		refused = append(refused, crm.Refused{Dispatch: crm.DispatchID(id), State: to, Reason: reason})
		if to == crm.Queued {
			reason = "" // the mailing has it
		}
		g.move(d, to, reason)
	}
	return refused, nil
}

// clean makes foreign text fit for both engines: PostgreSQL refuses NUL and
// what is not UTF-8.
func clean(s string, n int) string {
	if !utf8.ValidString(s) {
		s = strings.ToValidUTF8(s, "\uFFFD")
	}
	if strings.IndexByte(s, 0) >= 0 {
		s = strings.ReplaceAll(s, "\x00", "")
	}
	return cut(s, n)
}
