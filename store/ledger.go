package store

import (
	"database/sql"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"kaveri/crm"
)

// dispatchRow is what a step of a dispatch needs to know.
type dispatchRow struct {
	id, mailing  int64
	state        crm.DispatchState
	token, tries int64
}

// move is a step that many dispatches take in one statement, which names the
// state and the claim that they leave.
type move struct {
	from, to   crm.DispatchState
	was, token int64 // of the claim before and after
	tried      bool  // an attempt was made
	reason     string
}

// timed is a step that dispatches take with a due time and a reason of their
// own.
type timed struct {
	from, to crm.DispatchState
	was      int64
	tried    bool
	resent   bool
}

// count names a row of dispatch_counts.
type count struct {
	mailing int64
	state   crm.DispatchState
}

// steps are changes of state that are written together, with the counts that
// go with them. Within a write transaction nobody else writes, so what was read
// in it is still true when the steps are written; the statements make sure.
type steps struct {
	x      *tx
	now    int64
	moves  map[move][]int64
	timed  map[timed][]any // id, due, reason
	counts map[count]int64
	warms  map[warmDay]int64 // mails of domains that warm up
}

func (x *tx) steps() *steps {
	return &steps{x: x, now: micros(x.s.now()), moves: map[move][]int64{}, timed: map[timed][]any{}, counts: map[count]int64{}}
}

// rows reads dispatches by id.
func (g *steps) rows(ids []int64) (map[int64]*dispatchRow, error) {
	out := make(map[int64]*dispatchRow, len(ids))
	err := each(g.x, `SELECT id, mailing_id, state, token, tries FROM dispatches WHERE id IN (IN)`, nil, ids, func(r *sql.Rows) error {
		var d dispatchRow
		if err := r.Scan(&d.id, &d.mailing, &d.state, &d.token, &d.tries); err != nil {
			return err
		}
		out[d.id] = &d
		return nil
	})
	return out, err
}

// move takes a step; the row is changed with it.
func (g *steps) move(d *dispatchRow, to crm.DispatchState, reason string) {
	m := move{from: d.state, to: to, was: d.token, token: d.token, reason: reason}
	g.moves[m] = append(g.moves[m], d.id)
	g.stepped(d, to)
}

// claim takes the step under a lease.
func (g *steps) claim(d *dispatchRow, token int64) {
	m := move{from: d.state, to: crm.Claimed, was: d.token, token: token}
	g.moves[m] = append(g.moves[m], d.id)
	g.stepped(d, crm.Claimed)
	d.token = token
}

// tried takes the step that an attempt has led to, with a due time (zero: as it
// was) and a reason.
func (g *steps) tried(d *dispatchRow, to crm.DispatchState, due int64, reason string) {
	if due == 0 && reason == "" {
		m := move{from: d.state, to: to, was: d.token, token: d.token, tried: true}
		g.moves[m] = append(g.moves[m], d.id)
	} else {
		k := timed{from: d.state, to: to, was: d.token, tried: true}
		g.timed[k] = append(g.timed[k], d.id, due, reason)
	}
	g.stepped(d, to)
	d.tries++
}

// again puts a dispatch back to be sent when due; resent says that it is for a
// doubt.
func (g *steps) again(d *dispatchRow, due int64, reason string, resent bool) {
	k := timed{from: d.state, to: crm.Queued, was: d.token, resent: resent}
	g.timed[k] = append(g.timed[k], d.id, due, reason)
	g.stepped(d, crm.Queued)
}

func (g *steps) stepped(d *dispatchRow, to crm.DispatchState) {
	g.counts[count{d.mailing, d.state}]--
	g.counts[count{d.mailing, to}]++
	d.state = to
}

// flush writes the steps, but not the counts: steps may follow.
func (g *steps) flush() error {
	for m, ids := range g.moves {
		if err := legal(m.from, m.to); err != nil {
			return err
		}
		n, err := g.x.changedEach(`UPDATE dispatches SET state = $1, changed_us = $2, token = $3, tries = tries + $4, reason = $5 WHERE state = $6 AND token = $7 AND id IN (IN)`,
			[]any{string(m.to), g.now, m.token, flag(m.tried), m.reason, string(m.from), m.was}, ids)
		if err := allOf(n, len(ids), err); err != nil {
			return err
		}
	}
	for k, rows := range g.timed {
		if err := legal(k.from, k.to); err != nil {
			return err
		}
		n, err := g.x.changedValues(timedUpdate, []string{"BIGINT", "BIGINT", "TEXT"},
			[]any{string(k.to), g.now, flag(k.tried), flag(k.resent), string(crm.Deferred), string(k.from), k.was}, rows)
		if err := allOf(n, len(rows)/3, err); err != nil {
			return err
		}
	}
	clear(g.moves)
	clear(g.timed)
	return nil
}

// timedUpdate gives the first deferral the mailing's patience.
const timedUpdate = `UPDATE dispatches SET state = $1, changed_us = $2, tries = tries + $3,
resent = CASE WHEN CAST($4 AS BIGINT) = 1 THEN 1 ELSE resent END,
due_us = CASE WHEN v.column2 = 0 THEN due_us ELSE v.column2 END, reason = v.column3,
expires_us = CASE WHEN CAST($1 AS TEXT) = $5 AND expires_us = 0 THEN $2 + (SELECT m.patience_us FROM mailings m WHERE m.id = dispatches.mailing_id) ELSE expires_us END
FROM (VALUES VALUES_HERE) AS v WHERE dispatches.id = v.column1 AND dispatches.state = $6 AND dispatches.token = $7`

// legal holds a step against the state machine of the domain.
func legal(from, to crm.DispatchState) error {
	if !from.MayBecome(to) {
		return fmt.Errorf("the ledger was about to make a mail that is %s %s", from, to)
	}
	return nil
}

func allOf(n int64, want int, err error) error {
	if err == nil && n != int64(want) {
		err = fmt.Errorf("%d of %d dispatches have changed under a transaction", int64(want)-n, want)
	}
	return err
}

// finish writes all steps and the counts.
func (g *steps) finish() error {
	if err := g.flush(); err != nil {
		return err
	}
	if err := g.markWritten(); err != nil {
		return err
	}
	keys := slices.SortedFunc(maps.Keys(g.counts), func(a, b count) int {
		if a.mailing != b.mailing {
			return int(min(max(a.mailing-b.mailing, -1), 1))
		}
		return strings.Compare(string(a.state), string(b.state))
	})
	var args []any
	for _, k := range keys {
		if n := g.counts[k]; n != 0 {
			args = append(args, k.mailing, string(k.state), n)
		}
	}
	clear(g.counts)
	return g.x.insert(`INSERT INTO dispatch_counts (mailing_id, state, n) VALUES `, 3, args, ` ON CONFLICT (mailing_id, state) DO UPDATE SET n = dispatch_counts.n + excluded.n`)
}

// changedEach runs a statement as [each] does and gives the number of rows that
// it has changed.
func (x *tx) changedEach(query string, fixed []any, vals []int64) (int64, error) {
	var total int64
	args := append(make([]any, 0, len(fixed)+lookUpSizes[0]), fixed...)
	for len(vals) > 0 {
		n, size := chunk(len(vals))
		args = args[:len(fixed)]
		for i := range size {
			args = append(args, vals[min(i, n-1)])
		}
		changed, err := x.changed(inText(query, len(fixed), size), args...)
		if err != nil {
			return total, err
		}
		total += changed
		vals = vals[n:]
	}
	return total, nil
}

// chunk gives how many of n values the next statement takes, and its size.
func chunk(n int) (take, size int) {
	size = lookUpSizes[0]
	take = min(n, size)
	for _, s := range lookUpSizes {
		if s >= take {
			size = s
		}
	}
	return take, size
}

// changedValues runs a statement that reads rows from a list of values, named
// VALUES_HERE in it, whose columns have these types; it gives the number of rows
// changed. The last row fills the list up, which changes nothing.
func (x *tx) changedValues(query string, types []string, fixed, rows []any) (int64, error) {
	var total int64
	cols := len(types)
	for len(rows) > 0 {
		n, size := chunk(len(rows) / cols)
		args := append(make([]any, 0, len(fixed)+size*cols), fixed...)
		args = append(args, rows[:n*cols]...)
		for range size - n {
			args = append(args, rows[(n-1)*cols:n*cols]...)
		}
		changed, err := x.changed(valuesText(query, types, len(fixed), size), args...)
		if err != nil {
			return total, err
		}
		total += changed
		rows = rows[n*cols:]
	}
	return total, nil
}

// valuesText writes the list. PostgreSQL takes the types from its first row.
func valuesText(query string, types []string, fixed, rows int) string {
	k := insertText{head: query, cols: fixed, rows: rows, tail: "VALUES"}
	if q, ok := insertTexts.Load(k); ok {
		return q.(string)
	}
	var b strings.Builder
	n := fixed
	for i := range rows {
		b.WriteString(map[bool]string{true: "(", false: ", ("}[i == 0])
		for j, t := range types {
			if j > 0 {
				b.WriteString(", ")
			}
			n++
			if i == 0 {
				b.WriteString("CAST($" + strconv.Itoa(n) + " AS " + t + ")")
			} else {
				b.WriteString("$" + strconv.Itoa(n))
			}
		}
		b.WriteByte(')')
	}
	q := strings.Replace(query, "VALUES_HERE", b.String(), 1)
	insertTexts.Store(k, q)
	return q
}
