package store

import (
	"context"
	"database/sql"
	"encoding/json"

	"kaveri/crm"
)

// This file keeps what charts of time are drawn from, and who changed by what
// customers are ranked.

// SaveRungCounts keeps how many customers stood on each rung on some days, in
// place of what was kept of those days.
func (s *Store) SaveRungCounts(ctx context.Context, list []crm.RungDay) error {
	return s.write(ctx, func(x *tx) error {
		var rows []any
		for _, c := range list {
			rows = append(rows, int64(c.Day), string(c.Rung), int64(c.Customers))
		}
		return x.insert(`INSERT INTO rung_counts (day, rung, customers) VALUES `, 3, rows, ` ON CONFLICT (day, rung) DO UPDATE SET customers = excluded.customers`)
	})
}

// RungDays gives how many customers stood on each rung, on the days since one that
// were counted, the oldest first.
func (s *Store) RungDays(ctx context.Context, v crm.Viewer, since crm.Day) (out []crm.RungDay, err error) {
	if !mayRead(v) {
		return nil, nil
	}
	err = s.view(ctx, func(x *tx) error {
		rows, err := x.query(`SELECT day, rung, customers FROM rung_counts WHERE day >= $1 ORDER BY day, rung`, int64(since))
		out, err = collect(rows, err, func(r *sql.Rows, c *crm.RungDay) error { return r.Scan(&c.Day, &c.Rung, &c.Customers) })
		return err
	})
	return out, err
}

// RungsCounted counts on which rung how many customers stood on a day, by the
// standings that were kept.
func (s *Store) RungsCounted(ctx context.Context, day crm.Day) (out []crm.RungDay, err error) {
	err = s.view(ctx, func(x *tx) error {
		rows, err := x.query(`SELECT t.rung, count(*) FROM standings t WHERE t.day = (SELECT max(u.day) FROM standings u WHERE u.customer_id = t.customer_id AND u.day <= $1) GROUP BY t.rung ORDER BY t.rung`, int64(day))
		out, err = collect(rows, err, func(r *sql.Rows, c *crm.RungDay) error {
			c.Day = day
			return r.Scan(&c.Rung, &c.Customers)
		})
		return err
	})
	return out, err
}

// OrderWeeks sums the orders of each week since a Monday, the oldest first. Weeks
// without orders are not among them.
func (s *Store) OrderWeeks(ctx context.Context, v crm.Viewer, since crm.Day) (out []crm.OrderWeek, err error) {
	if !mayRead(v) {
		return nil, nil
	}
	err = s.view(ctx, func(x *tx) error {
		// The time bounds by its index what is read, a day more than the zones of the
		// world are apart.
		rows, err := x.query(`SELECT day, sum(CASE WHEN total >= 0 THEN 1 ELSE 0 END), sum(value) FROM orders WHERE at_us >= $1 AND day >= $2 AND state = $3 GROUP BY day ORDER BY day`,
			micros((since - 2).Time()), int64(since), string(crm.OrderPlaced))
		days, err := collect(rows, err, func(r *sql.Rows, w *crm.OrderWeek) error { return r.Scan(&w.Monday, &w.Orders, &w.Value) })
		for _, d := range days {
			d.Monday = d.Monday.Monday()
			if n := len(out); n > 0 && out[n-1].Monday == d.Monday {
				out[n-1].Orders += d.Orders
				out[n-1].Value += d.Value
			} else {
				out = append(out, d)
			}
		}
		return err
	})
	return out, err
}

// ChangeWeights keeps the facts of a ladder with other weights, and who put them in
// use.
func (s *Store) ChangeWeights(ctx context.Context, v crm.Viewer, f crm.LadderFacts, was []float64) error {
	if !v.System && v.Role != crm.StaffAdmin {
		return crm.Forbidden("only an administrator decides by what customers are ranked")
	}
	facts, err := json.Marshal(f)
	if err != nil {
		return err
	}
	lists := [2]string{}
	for i, w := range [][]float64{f.Weights, was} {
		if len(w) > 0 {
			j, err := json.Marshal(w)
			if err != nil {
				return err
			}
			lists[i] = string(j)
		}
	}
	return s.write(ctx, func(x *tx) error {
		id, err := x.id()
		if err != nil {
			return err
		}
		x.tell(crm.Event{Kind: "ladder"})
		if err := x.saveLadder(f.Day, facts); err != nil {
			return err
		}
		return x.exec(`INSERT INTO weight_changes (id, staff_id, weights, was, at_us) VALUES ($1, $2, $3, $4, $5)`, id, orNull(v.Staff), lists[0], lists[1], micros(s.now()))
	})
}

// WeightChanges lists who put which weights in use, the newest first.
func (s *Store) WeightChanges(ctx context.Context, v crm.Viewer) (out []crm.WeightChange, err error) {
	if !mayRead(v) {
		return nil, nil
	}
	err = s.view(ctx, func(x *tx) error {
		rows, err := x.query(`SELECT COALESCE(w.staff_id, 0), COALESCE(p.name, ''), w.weights, w.was, w.at_us FROM weight_changes w LEFT JOIN staff p ON p.id = w.staff_id ORDER BY w.id DESC LIMIT 50`)
		out, err = collect(rows, err, func(r *sql.Rows, c *crm.WeightChange) error {
			var lists [2]string
			var at int64
			if err := r.Scan(&c.Staff, &c.Name, &lists[0], &lists[1], &at); err != nil {
				return err
			}
			c.At = fromMicros(at)
			for i, to := range []*[]float64{&c.Weights, &c.Was} {
				if lists[i] == "" {
					continue
				}
				if err := json.Unmarshal([]byte(lists[i]), to); err != nil {
					return err
				}
			}
			return nil
		})
		return err
	})
	return out, err
}
