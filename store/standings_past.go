package store

import (
	"context"
	"database/sql"
	"errors"

	"kaveri/crm"
)

// tracedLate is by how many days the first standing may come after the first
// order: the past is found month by month.
const tracedLate = 31

// Untraced gives some of the customers with ids above after who ordered long
// before their first standing: their history came with them. What lies before
// since is not asked about.
func (s *Store) Untraced(ctx context.Context, after crm.CustomerID, since crm.Day, n int) (ids []crm.CustomerID, err error) {
	err = s.view(ctx, func(x *tx) error {
		ids, err = column[crm.CustomerID](x, `SELECT l.customer_id FROM loyalty l WHERE l.customer_id > $1 AND l.first_day > 0
AND (SELECT min(s.day) FROM standings s WHERE s.customer_id = l.customer_id AND s.rung <> $2) > CASE WHEN l.first_day > $3 THEN l.first_day ELSE $3 END + $4 ORDER BY l.customer_id LIMIT $5`,
			int64(after), string(crm.RungContact), int64(since), tracedLate, n)
		return err
	})
	return ids, err
}

// SaveTraced keeps past standings. That somebody seemed to be a mere contact,
// while their orders were not known, is forgotten.
func (s *Store) SaveTraced(ctx context.Context, list []crm.Traced) error {
	return s.write(ctx, func(x *tx) error {
		var rows []any
		for _, t := range list {
			if err := x.exec(`DELETE FROM standings WHERE customer_id = $1 AND rung = $2`, int64(t.Customer), string(crm.RungContact)); err != nil {
				return err
			}
			for _, c := range t.Changes {
				rows = append(rows, int64(t.Customer), int64(c.Day), string(c.Rung), string(c.Timing), string(c.Note))
			}
		}
		if err := x.insert(`INSERT INTO standings (customer_id, day, rung, timing, note) VALUES `, 5, rows, ` ON CONFLICT DO NOTHING`); err != nil {
			return err
		}
		for _, t := range list { // since when they stand where they stand
			if err := x.exec(`UPDATE loyalty SET since_day = COALESCE((SELECT min(s.day) FROM standings s WHERE s.customer_id = loyalty.customer_id
AND s.day > COALESCE((SELECT max(o.day) FROM standings o WHERE o.customer_id = loyalty.customer_id AND o.rung <> loyalty.rung), 0)), since_day) WHERE customer_id = $1`, int64(t.Customer)); err != nil {
				return err
			}
		}
		return nil
	})
}

// SaveValidity keeps how the labels of some time ago have proved themselves, as
// JSON, beside the ladder of a day.
func (s *Store) SaveValidity(ctx context.Context, day crm.Day, body []byte) error {
	return s.write(ctx, func(x *tx) error {
		x.tell(crm.Event{Kind: "ladder"})
		return x.exec(`UPDATE ladders SET validity = $1 WHERE day = $2`, string(body), int64(day))
	})
}

// Validity gives the newest that was kept, nil before the first.
func (s *Store) Validity(ctx context.Context, v crm.Viewer) (body []byte, err error) {
	if !mayRead(v) {
		return nil, nil
	}
	err = s.view(ctx, func(x *tx) error {
		err := x.row(`SELECT validity FROM ladders WHERE validity <> '' ORDER BY day DESC LIMIT 1`).Scan(&body)
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		return err
	})
	return body, err
}
