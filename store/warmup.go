package store

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"maps"
	"slices"

	"kaveri/crm"
)

// warmDay names a row of warm_ups.
type warmDay struct {
	crm.WarmUpKey
	day int64
}

// warm counts an attempt of a domain that warms up: what was sent, and what may
// have been.
func (g *steps) warm(a *crm.Attempt) {
	if a.WarmUp.Domain == "" || a.State != crm.Sent && a.State != crm.Unknown {
		return
	}
	if g.warms == nil {
		g.warms = map[warmDay]int64{}
	}
	g.warms[warmDay{a.WarmUp, crm.WarmUpDay(a.At)}]++
}

// warmed writes what was counted, in the transaction of the attempts: no crash
// lets a domain send more than its plan.
func (g *steps) warmed() error {
	days := slices.SortedFunc(maps.Keys(g.warms), func(a, b warmDay) int {
		return cmp.Or(cmp.Compare(a.Domain, b.Domain), cmp.Compare(a.Provider, b.Provider), cmp.Compare(a.day, b.day))
	})
	var args []any
	for _, d := range days {
		args = append(args, d.Domain, d.Provider, d.day, g.warms[d])
	}
	g.warms = nil
	return g.x.insert(`INSERT INTO warm_ups (domain, provider, day, n) VALUES `, 4, args, ` ON CONFLICT (domain, provider, day) DO UPDATE SET n = warm_ups.n + excluded.n`)
}

// WarmUps gives how much domains that warm up have sent to each provider, by
// domain, then the most today first.
func (s *Store) WarmUps(ctx context.Context) (list []crm.WarmUpCount, err error) {
	today := crm.WarmUpDay(s.now())
	err = s.view(ctx, func(x *tx) error {
		rows, err := x.query(`SELECT domain, provider, sum(CASE WHEN day = $1 THEN n ELSE 0 END), max(CASE WHEN day < $2 THEN n ELSE 0 END) FROM warm_ups WHERE day > $3 GROUP BY domain, provider ORDER BY domain, 3 DESC, 4 DESC, provider`,
			today, today, today-crm.WarmUpMemory)
		list, err = collect(rows, err, func(r *sql.Rows, c *crm.WarmUpCount) error {
			return r.Scan(&c.Domain, &c.Provider, &c.Today, &c.Best)
		})
		return err
	})
	return list, err
}

// ForgetWarmUps takes away what no plan looks at any more.
func (s *Store) ForgetWarmUps(ctx context.Context) error {
	return s.write(ctx, func(x *tx) error {
		return x.exec(`DELETE FROM warm_ups WHERE day <= $1`, crm.WarmUpDay(s.now())-crm.WarmUpMemory)
	})
}

// wakePutOff has mail that a plan put off to another day looked at again now: the
// plan has changed. What is still too much is put off once more.
func (x *tx) wakePutOff() error {
	now := micros(x.s.now())
	return x.exec(`UPDATE dispatches SET due_us = $1 WHERE state = 'queued' AND due_us > $1 AND reason <> ''`, now)
}

// MailingWaits gives the latest time for which a mail of a mailing is put off;
// zero when none waits for a later day.
func (s *Store) MailingWaits(ctx context.Context, v crm.Viewer, id crm.MailingID) (w crm.MailingWait, err error) {
	err = s.view(ctx, func(x *tx) error {
		if _, err := x.mailing(v, id); err != nil {
			return err
		}
		now := micros(s.now())
		var until int64
		if err := x.row(`SELECT COALESCE(max(due_us), 0) FROM dispatches WHERE mailing_id = $1 AND state IN `+waitingStates, int64(id)).Scan(&until); err != nil || until <= now {
			return err
		}
		err := x.row(`SELECT reason, due_us FROM dispatches WHERE mailing_id = $1 AND state IN `+waitingStates+` AND due_us > $2 AND reason <> '' AND state = 'queued' ORDER BY due_us, place, id LIMIT 1`, int64(id), now).Scan(&w.Reason, &until)
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		if err != nil {
			return err
		}
		w.Next = fromMicros(until)
		err = x.row(`SELECT count(*), max(due_us) FROM dispatches WHERE mailing_id = $1 AND state IN `+waitingStates+` AND due_us > $2`, int64(id), now).Scan(&w.N, &until)
		w.Until = fromMicros(until)
		return err
	})
	return w, err
}
