package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"kaveri/crm"
)

// arg appends a value and gives its placeholder.
func arg(args *[]any, v any) string {
	*args = append(*args, v)
	return "$" + strconv.Itoa(len(*args))
}

// endedStates are those of the index dispatches_ended: few among very many
// others. SQLite uses such an index when its condition stands in the query word
// for word.
var endedStates = []crm.DispatchState{crm.Failed, crm.Unknown, crm.Suppressed, crm.Expired, crm.Cancelled}

const endedList = `('failed', 'unknown', 'suppressed', 'expired', 'cancelled')`

// Dispatches lists the dispatches of a mailing, in a state or ("") in any, in
// the order in which they came onto the ledger, and gives the key of the next
// page, zero at the end.
func (s *Store) Dispatches(ctx context.Context, v crm.Viewer, id crm.MailingID, state crm.DispatchState, page crm.PageKey, limit int) (list []crm.Dispatch, next crm.PageKey, err error) {
	limit = pageLimit(limit, 100)
	args := []any{int64(id), page.ID, limit + 1}
	condition := ``
	if state != "" {
		if _, err := crm.ParseDispatchState(string(state)); err != nil {
			return nil, next, err
		}
		condition = ` AND d.state = ` + arg(&args, string(state))
		if slices.Contains(endedStates, state) {
			condition += ` AND d.state IN ` + endedList
		}
	}
	var read []claimed
	err = s.view(ctx, func(x *tx) error {
		if _, err := x.mailing(v, id); err != nil {
			return err
		}
		rows, err := x.query(`SELECT `+dispatchCols+`, m.until_us FROM dispatches d JOIN recipients r ON r.dispatch_id = d.id JOIN mailings m ON m.id = d.mailing_id
WHERE d.mailing_id = $1 AND d.id > $2`+condition+` ORDER BY d.id LIMIT $3`, args...)
		read, err = collect(rows, err, scanShown)
		return err
	})
	if err == nil {
		list, err = dispatchesOf(read)
	}
	list, next = paged(list, limit, func(e *crm.Dispatch) crm.PageKey { return crm.PageKey{At: e.Changed, ID: int64(e.ID)} })
	return list, next, err
}

func scanShown(r *sql.Rows, c *claimed) error {
	var until int64
	err := scanDispatch(r, c, &until)
	if c.d.Expires = fromMicros(max(c.expires, until)); !c.d.State.Open() {
		c.d.Expires = time.Time{}
	}
	return err
}

// Dispatch gives one dispatch.
func (s *Store) Dispatch(ctx context.Context, v crm.Viewer, id crm.DispatchID) (d crm.Dispatch, err error) {
	condition, args := mailingVisible(v, []any{int64(id)})
	list, err := s.shown(ctx, v, `d.id = $1 AND `+condition, args)
	if err == nil && len(list) == 0 {
		err = noDispatch(id)
	}
	if err != nil {
		return d, err
	}
	return list[0], nil
}

// DispatchesTo lists what was sent, or is to be sent, to an address, the newest
// first: who got what.
func (s *Store) DispatchesTo(ctx context.Context, v crm.Viewer, a crm.Address, limit int) ([]crm.Dispatch, error) {
	args := []any{string(a), pageLimit(limit, 50)}
	condition, args := mailingVisible(v, args)
	return s.shown(ctx, v, `r.address = $1 AND `+condition+` ORDER BY r.mailing_id DESC, d.id DESC LIMIT $2`, args)
}

// DispatchesToContact lists what was sent, or is to be sent, to a contact, the
// newest first.
func (s *Store) DispatchesToContact(ctx context.Context, v crm.Viewer, c crm.ContactID, limit int) ([]crm.Dispatch, error) {
	args := []any{int64(c), pageLimit(limit, 50)}
	condition, args := mailingVisible(v, args)
	return s.shown(ctx, v, `r.contact_id = $1 AND `+condition+` ORDER BY r.mailing_id DESC, d.id DESC LIMIT $2`, args)
}

func (s *Store) shown(ctx context.Context, v crm.Viewer, where string, args []any) ([]crm.Dispatch, error) {
	if !mayRead(v) {
		return nil, nil
	}
	var read []claimed
	err := s.view(ctx, func(x *tx) error {
		rows, err := x.query(`SELECT `+dispatchCols+`, m.until_us FROM recipients r JOIN dispatches d ON d.id = r.dispatch_id JOIN mailings m ON m.id = d.mailing_id WHERE `+where, args...)
		read, err = collect(rows, err, scanShown)
		return err
	})
	if err != nil {
		return nil, err
	}
	return dispatchesOf(read)
}

// Attempts lists the attempts at a dispatch, the first one first.
func (s *Store) Attempts(ctx context.Context, v crm.Viewer, id crm.DispatchID) (list []crm.Attempt, err error) {
	condition, args := mailingVisible(v, []any{int64(id)})
	err = s.view(ctx, func(x *tx) error {
		rows, err := x.query(`SELECT a.sender_id, a.server, a.stage, a.at_us, a.took_us, a.code, a.enhanced, a.words, a.state, a.reason
FROM attempts a JOIN dispatches d ON d.id = a.dispatch_id JOIN mailings m ON m.id = d.mailing_id WHERE a.dispatch_id = $1 AND `+condition+` ORDER BY a.n`, args...)
		list, err = collect(rows, err, func(r *sql.Rows, a *crm.Attempt) error {
			var at, took int64
			err := r.Scan(&a.Sender, &a.Server, &a.Stage, &at, &took, &a.Reply.Code, &a.Reply.Enhanced, &a.Reply.Text, &a.State, &a.Reason)
			a.Dispatch, a.At, a.Took = id, fromMicros(at), time.Duration(took)*time.Microsecond
			return err
		})
		return err
	})
	return list, err
}

// checkCounts holds the counts of the ledger against all of its rows.
func (x *tx) checkCounts() error {
	var mailing, kept, are int64
	var state string
	err := x.row(`SELECT mailing_id, state, sum(kept), sum(are) FROM (
SELECT mailing_id, state, n AS kept, 0 AS are FROM dispatch_counts UNION ALL SELECT mailing_id, state, 0, 1 FROM dispatches) AS both_of
GROUP BY mailing_id, state HAVING sum(kept) <> sum(are) ORDER BY mailing_id, state LIMIT 1`).Scan(&mailing, &state, &kept, &are)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err == nil {
		err = &crm.Error{Kind: crm.KindInternal, Text: fmt.Sprintf("the ledger is damaged: of mailing %d, %d dispatches are %s and %d are counted", mailing, are, state, kept)}
	}
	return err
}
