package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"strconv"

	"kaveri/crm"
)

const loyaltyColumns = `l.customer_id, c.name, l.rung, l.timing, l.note, l.since_day, l.events, l.filled, l.cycles, l.first_day, l.last_day, l.due_day, l.overdue_day, l.lapsed_day, l.p_alive, l.p_order, l.spent, l.value, l.signs`

func scanLoyalty(r *sql.Rows, l *crm.LoyaltyRow) error {
	var alive, order int64
	var signs string
	if err := r.Scan(&l.Customer, &l.Name, &l.Rung, &l.Timing, &l.Note, &l.Since, &l.Events, &l.Filled, &l.Cycles, &l.First, &l.Last, &l.Due, &l.Overdue, &l.Lapsed, &alive, &order, &l.Spent, &l.Value, &signs); err != nil {
		return err
	}
	l.PAlive, l.POrder = float64(alive)/millionths, float64(order)/millionths
	return json.Unmarshal([]byte(signs), &l.Attitude)
}

// Loyalty gives a customer's newest standing; ok is false while none was found.
func (s *Store) Loyalty(ctx context.Context, v crm.Viewer, id crm.CustomerID) (l crm.LoyaltyRow, ok bool, err error) {
	if !mayRead(v) {
		return l, false, noCustomer(id)
	}
	err = s.view(ctx, func(x *tx) error {
		c, err := x.customer(id)
		if err != nil {
			return err
		}
		rows, err := x.query(`SELECT `+loyaltyColumns+` FROM loyalty l JOIN customers c ON c.id = l.customer_id WHERE l.customer_id = $1`, int64(c.ID))
		list, err := collect(rows, err, scanLoyalty)
		if err == nil && len(list) > 0 {
			l, ok = list[0], true
		}
		return err
	})
	return l, ok, err
}

// LoyaltyHistory gives the days on which a customer's standing changed, the
// oldest first.
func (s *Store) LoyaltyHistory(ctx context.Context, v crm.Viewer, id crm.CustomerID) (out []crm.RungChange, err error) {
	if !mayRead(v) {
		return nil, noCustomer(id)
	}
	err = s.view(ctx, func(x *tx) error {
		rows, err := x.query(`SELECT day, rung, timing, note FROM standings WHERE customer_id = $1 ORDER BY day`, int64(id))
		out, err = collect(rows, err, func(r *sql.Rows, c *crm.RungChange) error { return r.Scan(&c.Day, &c.Rung, &c.Timing, &c.Note) })
		return err
	})
	return out, err
}

// LadderCounts counts the customers on each rung, in the order of [crm.Rungs].
func (s *Store) LadderCounts(ctx context.Context, v crm.Viewer) ([]crm.RungCount, error) {
	if !mayRead(v) {
		return nil, nil
	}
	at := map[crm.Rung]*crm.RungCount{}
	err := s.view(ctx, func(x *tx) error {
		rows, err := x.query(`SELECT rung, timing, note, count(*), sum(value) FROM loyalty GROUP BY rung, timing, note ORDER BY rung, timing, note`)
		if err != nil {
			return err
		}
		return scanAll(rows, func(r *sql.Rows) error {
			var rung crm.Rung
			var timing crm.Timing
			var note crm.RungNote
			var n int
			var value crm.Money
			if err := r.Scan(&rung, &timing, &note, &n, &value); err != nil {
				return err
			}
			if at[rung] == nil {
				at[rung] = &crm.RungCount{Rung: rung, Timings: map[crm.Timing]int{}, Notes: map[crm.RungNote]int{}}
			}
			at[rung].Customers += n
			at[rung].Value += value
			if timing != "" {
				at[rung].Timings[timing] += n
			}
			if note != "" {
				at[rung].Notes[note] += n
			}
			return nil
		})
	})
	var out []crm.RungCount
	for _, rung := range crm.Rungs {
		if c := at[rung]; c != nil {
			out = append(out, *c)
		} else {
			out = append(out, crm.RungCount{Rung: rung, Timings: map[crm.Timing]int{}, Notes: map[crm.RungNote]int{}})
		}
	}
	return out, err
}

// LoyaltyQuery selects customers by where they stand.
type LoyaltyQuery = crm.LoyaltyQuery

// Standings lists customers by the value that is awaited of them, the highest
// first, and gives the key of the next page, 0 at the end.
func (s *Store) Standings(ctx context.Context, v crm.Viewer, q LoyaltyQuery) (out []crm.LoyaltyRow, next int64, err error) {
	if !mayRead(v) {
		return nil, 0, nil
	}
	where, args := `1 = 1`, []any{}
	arg := func(v any) string {
		args = append(args, v)
		return "$" + strconv.Itoa(len(args))
	}
	from := `loyalty l JOIN customers c ON c.id = l.customer_id`
	rung, timing, note := "l.rung", "l.timing", "l.note"
	if q.Day != 0 {
		from += ` JOIN standings t ON ` + stoodOn("t", arg(int64(q.Day)))
		rung, timing, note = "t.rung", "t.timing", "t.note"
	}
	if q.Span != 0 {
		from += ` JOIN moves m ON m.span = ` + arg(int64(q.Span)) + ` AND m.customer_id = l.customer_id`
		if len(q.Was) > 0 {
			where += ` AND m.rung_was IN (` + list(q.Was, arg) + `)`
		}
	}
	if len(q.Rungs) > 0 {
		on := rung
		if q.Span != 0 {
			on = "m.rung_now"
		}
		where += ` AND ` + on + ` IN (` + list(q.Rungs, arg) + `)`
	}
	if len(q.Timings) > 0 {
		where += ` AND ` + timing + ` IN (` + list(q.Timings, arg) + `)`
	}
	if q.Note != "" {
		where += ` AND ` + note + ` = ` + arg(string(q.Note))
	}
	limit := pageLimit(q.Limit, 50)
	err = s.view(ctx, func(x *tx) error {
		if q.After != 0 {
			where += ` AND (l.value, l.customer_id) < (SELECT b.value, b.customer_id FROM loyalty b WHERE b.customer_id = ` + arg(q.After) + `)`
		}
		rows, err := x.query(`SELECT `+loyaltyColumns+`, `+rung+`, `+timing+`, `+note+` FROM `+from+` WHERE `+where+` ORDER BY l.value DESC, l.customer_id DESC LIMIT `+arg(limit+1), args...)
		out, err = collect(rows, err, scanStanding)
		if err == nil && len(out) > limit {
			out = out[:limit]
			next = int64(out[limit-1].Customer)
		}
		return err
	})
	return out, next, err
}

// stoodOn joins the standings on a day, under an alias, with loyalty as l.
func stoodOn(alias, day string) string {
	return alias + `.customer_id = l.customer_id AND ` + alias + `.day = (SELECT max(u.day) FROM standings u WHERE u.customer_id = l.customer_id AND u.day <= ` + day + `)`
}

// list gives placeholders for values.
func list[T ~string](values []T, arg func(any) string) string {
	s := ""
	for i, v := range values {
		if i > 0 {
			s += ", "
		}
		s += arg(string(v))
	}
	return s
}

// scanStanding reads figures with the rung, timing and note of the day asked for.
func scanStanding(r *sql.Rows, l *crm.LoyaltyRow) error {
	var alive, order int64
	var signs string
	var was [3]string
	if err := r.Scan(&l.Customer, &l.Name, &was[0], &was[1], &was[2], &l.Since, &l.Events, &l.Filled, &l.Cycles, &l.First, &l.Last, &l.Due, &l.Overdue, &l.Lapsed, &alive, &order, &l.Spent, &l.Value, &signs, &l.Rung, &l.Timing, &l.Note); err != nil {
		return err
	}
	l.PAlive, l.POrder = float64(alive)/millionths, float64(order)/millionths
	return json.Unmarshal([]byte(signs), &l.Attitude)
}

// RungsOn gives the rung of every customer who stood somewhere on a day.
func (s *Store) RungsOn(ctx context.Context, v crm.Viewer, day crm.Day) (map[crm.CustomerID]crm.Rung, error) {
	if !mayRead(v) {
		return nil, nil
	}
	out := map[crm.CustomerID]crm.Rung{}
	err := s.view(ctx, func(x *tx) error {
		rows, err := x.query(`SELECT t.customer_id, t.rung FROM standings t WHERE t.day = (SELECT max(u.day) FROM standings u WHERE u.customer_id = t.customer_id AND u.day <= $1)`, int64(day))
		if err != nil {
			return err
		}
		return scanAll(rows, func(r *sql.Rows) error {
			var id crm.CustomerID
			var rung crm.Rung
			err := r.Scan(&id, &rung)
			out[id] = rung
			return err
		})
	})
	return out, err
}
