package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"

	"kaveri/crm"
)

// LadderOn gives the facts by which customers stood on a day: the newest until
// then. ok is false before the first.
func (s *Store) LadderOn(ctx context.Context, day crm.Day) (f crm.LadderFacts, ok bool, err error) {
	err = s.view(ctx, func(x *tx) (err error) {
		f, ok, err = x.ladder(`SELECT facts FROM ladders WHERE day <= $1 ORDER BY day DESC LIMIT 1`, int64(day))
		return err
	})
	return f, ok, err
}

func (x *tx) ladder(query string, args ...any) (f crm.LadderFacts, ok bool, err error) {
	var j string
	err = x.row(query, args...).Scan(&j)
	if errors.Is(err, sql.ErrNoRows) {
		return f, false, nil
	}
	if err == nil {
		ok, err = true, json.Unmarshal([]byte(j), &f)
	}
	return f, ok, err
}

// SaveMoves keeps who moved over a span, of the customers with ids above from, up
// to to: what has changed is written, and who is not in the list has none.
func (s *Store) SaveMoves(ctx context.Context, span int, from, to crm.CustomerID, list []crm.Moved) error {
	return s.write(ctx, func(x *tx) error {
		was, err := x.movesOf(span, from, to)
		if err != nil {
			return err
		}
		ids := make([]int64, len(list))
		for i := range list {
			ids[i] = int64(list[i].Customer)
		}
		there, err := x.present(ids)
		if err != nil {
			return err
		}
		var rows []any
		for _, m := range list {
			if there[int64(m.Customer)] && was[m.Customer] != m {
				rows = append(rows, int64(span), int64(m.Customer), string(m.Was), string(m.Now))
			}
			delete(was, m.Customer)
		}
		for id := range was {
			if err := x.exec(`DELETE FROM moves WHERE span = $1 AND customer_id = $2`, int64(span), int64(id)); err != nil {
				return err
			}
		}
		return x.insert(`INSERT INTO moves (span, customer_id, rung_was, rung_now) VALUES `, 4, rows, ` ON CONFLICT (span, customer_id) DO UPDATE SET rung_was = excluded.rung_was, rung_now = excluded.rung_now`)
	})
}

func (x *tx) movesOf(span int, from, to crm.CustomerID) (map[crm.CustomerID]crm.Moved, error) {
	rows, err := x.query(`SELECT customer_id, rung_was, rung_now FROM moves WHERE span = $1 AND customer_id > $2 AND customer_id <= $3`, int64(span), int64(from), int64(to))
	list, err := collect(rows, err, func(r *sql.Rows, m *crm.Moved) error { return r.Scan(&m.Customer, &m.Was, &m.Now) })
	was := make(map[crm.CustomerID]crm.Moved, len(list))
	for _, m := range list {
		was[m.Customer] = m
	}
	return was, err
}

// SaveMovement keeps by what it was told who moved over a span.
func (s *Store) SaveMovement(ctx context.Context, m crm.Movement) error {
	j, err := json.Marshal(m)
	if err != nil {
		return err
	}
	return s.write(ctx, func(x *tx) error {
		x.tell(crm.Event{Kind: "ladder"})
		return x.exec(`INSERT INTO movements (span, facts) VALUES ($1, $2) ON CONFLICT (span) DO UPDATE SET facts = excluded.facts`, int64(m.Span), string(j))
	})
}

// RungMoves counts who moved over a span of days, by the rungs that they moved
// from and to. ok is false while it was not found.
func (s *Store) RungMoves(ctx context.Context, v crm.Viewer, span int) (m crm.Movement, list []crm.RungMove, ok bool, err error) {
	if !mayRead(v) {
		return m, nil, false, nil
	}
	err = s.view(ctx, func(x *tx) error {
		var j string
		err := x.row(`SELECT facts FROM movements WHERE span = $1`, int64(span)).Scan(&j)
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		if err == nil {
			ok, err = true, json.Unmarshal([]byte(j), &m)
		}
		if err != nil {
			return err
		}
		rows, err := x.query(`SELECT rung_was, rung_now, count(*) FROM moves WHERE span = $1 GROUP BY rung_was, rung_now ORDER BY rung_was, rung_now`, int64(span))
		list, err = collect(rows, err, func(r *sql.Rows, m *crm.RungMove) error { return r.Scan(&m.Was, &m.Now, &m.Customers) })
		return err
	})
	return m, list, ok, err
}
