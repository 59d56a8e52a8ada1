package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"math"

	"kaveri/crm"
)

// toldOneByOne is up to how many standings at once are told of, each to the page
// of its customer; a night's chunk is more.
const toldOneByOne = 200

// millionths is the unit of the shares that are stored.
const millionths = 1_000_000

// Ladder gives the facts of the newest ladder; ok is false before the first.
func (s *Store) Ladder(ctx context.Context) (f crm.LadderFacts, ok bool, err error) {
	err = s.view(ctx, func(x *tx) (err error) {
		f, ok, err = x.ladder(`SELECT facts FROM ladders ORDER BY day DESC LIMIT 1`)
		return err
	})
	return f, ok, err
}

// SaveLadder keeps the facts of a day's ladder.
func (s *Store) SaveLadder(ctx context.Context, f crm.LadderFacts) error {
	j, err := json.Marshal(f)
	if err != nil {
		return err
	}
	return s.write(ctx, func(x *tx) error {
		x.tell(crm.Event{Kind: "ladder"})
		return x.saveLadder(f.Day, j)
	})
}

func (x *tx) saveLadder(day crm.Day, facts []byte) error {
	return x.exec(`INSERT INTO ladders (day, facts, at_us) VALUES ($1, $2, $3) ON CONFLICT (day) DO UPDATE SET facts = excluded.facts, at_us = excluded.at_us`, int64(day), string(facts), micros(x.s.now()))
}

// Unranked gives some of the customers whose standing is to be found anew.
func (s *Store) Unranked(ctx context.Context, n int) (ids []crm.CustomerID, err error) {
	err = s.view(ctx, func(x *tx) error {
		ids, err = column[crm.CustomerID](x, `SELECT customer_id FROM unranked ORDER BY customer_id LIMIT $1`, n)
		return err
	})
	return ids, err
}

// unrank has the standings of customers found anew.
func (x *tx) unrank(customers ...crm.CustomerID) error {
	var rows []any
	for _, c := range distinct(customers) {
		rows = append(rows, int64(c))
	}
	if len(rows) > 0 {
		x.tell(crm.Event{Kind: "order"})
	}
	return x.insert(`INSERT INTO unranked (customer_id) VALUES `, 1, rows, ` ON CONFLICT DO NOTHING`)
}

// The columns of a customer's figures.
const (
	loyaltyCols = 20
	loyaltyHead = `INSERT INTO loyalty (customer_id, rung, timing, note, since_day, events, filled, cycles, first_day, last_day, due_day, overdue_day, lapsed_day, p_alive, p_order, spent, value, points, enough, signs) VALUES `
	loyaltyTail = ` ON CONFLICT (customer_id) DO UPDATE SET rung = excluded.rung, timing = excluded.timing, note = excluded.note, since_day = excluded.since_day, events = excluded.events,
filled = excluded.filled, cycles = excluded.cycles, first_day = excluded.first_day, last_day = excluded.last_day, due_day = excluded.due_day, overdue_day = excluded.overdue_day, lapsed_day = excluded.lapsed_day,
p_alive = excluded.p_alive, p_order = excluded.p_order, spent = excluded.spent, value = excluded.value, points = excluded.points, enough = excluded.enough, signs = excluded.signs`
)

// stood is where a customer stood before.
type stood struct {
	rung   crm.Rung
	timing crm.Timing
	note   crm.RungNote
	since  crm.Day
	row    []any // as it was written
}

// SaveStandings keeps standings: the figures of each customer whose figures have
// changed, and a row of the day for each who stands elsewhere than before. None
// of them is unranked then.
func (s *Store) SaveStandings(ctx context.Context, list []crm.Ranked) error {
	if len(list) == 0 {
		return nil
	}
	return s.write(ctx, func(x *tx) error {
		if len(list) <= toldOneByOne {
			for i := range list {
				x.tell(crm.Event{Kind: "standing", Customer: list[i].Customer})
			}
		}
		var ids []int64
		for i := range list {
			ids = append(ids, int64(list[i].Customer))
		}
		was, err := x.stood(ids)
		if err != nil {
			return err
		}
		there, err := x.present(ids)
		if err != nil {
			return err
		}
		var figures, days []any
		for i := range list {
			r := &list[i]
			if !there[int64(r.Customer)] { // merged meanwhile
				continue
			}
			before := was[int64(r.Customer)]
			row, moved, err := rowOf(r, before)
			if err != nil {
				return err
			}
			if before == nil || !alike(row, before.row) {
				figures = append(figures, row...)
			}
			if moved {
				days = append(days, int64(r.Customer), int64(r.Standing.Day), string(r.Standing.Rung), string(r.Standing.Timing), string(r.Standing.Note))
			}
		}
		if err := x.insert(loyaltyHead, loyaltyCols, figures, loyaltyTail); err != nil {
			return err
		}
		if err := x.insert(`INSERT INTO standings (customer_id, day, rung, timing, note) VALUES `, 5, days, ` ON CONFLICT (customer_id, day) DO UPDATE SET rung = excluded.rung, timing = excluded.timing, note = excluded.note`); err != nil {
			return err
		}
		return each(x, `DELETE FROM unranked WHERE customer_id IN (IN)`, nil, ids, func(*sql.Rows) error { return nil })
	})
}

// present gives which of these customers are there.
func (x *tx) present(ids []int64) (map[int64]bool, error) {
	there := map[int64]bool{}
	return there, each(x, `SELECT id FROM customers WHERE merged_into = 0 AND id IN (IN)`, nil, ids, func(r *sql.Rows) error {
		var id int64
		err := r.Scan(&id)
		there[id] = true
		return err
	})
}

// stood reads where customers stood.
func (x *tx) stood(ids []int64) (map[int64]*stood, error) {
	out := make(map[int64]*stood, len(ids))
	err := each(x, `SELECT customer_id, rung, timing, note, since_day, events, filled, cycles, first_day, last_day, due_day, overdue_day, lapsed_day, p_alive, p_order, spent, value, points, enough, signs
FROM loyalty WHERE customer_id IN (IN)`, nil, ids, func(r *sql.Rows) error {
		var n [16]int64
		var rung, timing, note, signs string
		if err := r.Scan(&n[0], &rung, &timing, &note, &n[1], &n[2], &n[3], &n[4], &n[5], &n[6], &n[7], &n[8], &n[9], &n[10], &n[11], &n[12], &n[13], &n[14], &n[15], &signs); err != nil {
			return err
		}
		row := []any{n[0], rung, timing, note}
		for _, v := range n[1:] {
			row = append(row, v)
		}
		out[n[0]] = &stood{crm.Rung(rung), crm.Timing(timing), crm.RungNote(note), crm.Day(n[1]), append(row, signs)}
		return nil
	})
	return out, err
}

// rowOf gives the figures of a customer as they are stored, and whether they
// stand elsewhere than before.
func rowOf(r *crm.Ranked, was *stood) (row []any, moved bool, err error) {
	st := &r.Standing
	since := st.Day
	if was != nil && was.rung == st.Rung {
		since = was.since
	}
	signs, err := json.Marshal(st.Attitude)
	if err != nil {
		return nil, false, err
	}
	after := func(days float64) int64 {
		if days <= 0 || st.Events == 0 || days > 1e6 {
			return 0
		}
		return int64(st.Last) + int64(math.Ceil(days))
	}
	row = []any{int64(r.Customer), string(st.Rung), string(st.Timing), string(st.Note), int64(since), int64(st.Events), int64(st.Filled), int64(st.Cycles), int64(st.First), int64(st.Last),
		after(st.DueDay), after(st.OverdueDay), after(st.LapsedDay), units6(st.PAlive), units6(st.POrder), int64(r.Spent), int64(r.Value), units6(st.Attitude.Points), flag(st.Attitude.Enough), string(signs)}
	return row, was == nil || was.rung != st.Rung || was.timing != st.Timing || was.note != st.Note, nil
}

// The places in a row of what changes with each day, and by how much it changes
// before it is written again: about a hundredth of a share, two hundredths of a
// value. Of a million customers most change less from one night to the next, and a
// row that is written moves in three indexes.
const (
	sharesFrom, sharesTo = 13, 15 // p_alive, p_order
	valueAt              = 16
	shareStep            = millionths / 100
	valueSteps           = 50
)

// alike reports rows of a customer's figures that say the same to people. Both
// shares and value are those of an earlier night then, within the steps; these
// differ among customers, so that not all who were written in one night are in
// another one again.
func alike(a, b []any) bool {
	const parts = 5
	part := a[0].(int64)%parts + 3 // of parts, from .6 to 1.4
	for i := range a {
		switch {
		case a[i] == b[i]:
		case i >= sharesFrom && i < sharesTo:
			if x, y := a[i].(int64), b[i].(int64); x == 0 || y == 0 || max(x, y)-min(x, y) >= shareStep*part/parts {
				return false
			}
		case i == valueAt:
			x, y := a[i].(int64), b[i].(int64)
			if d := max(x, y) - min(x, y); d >= max(x, y, -x, -y)*part/(parts*valueSteps) {
				return false
			}
		default:
			return false
		}
	}
	return true
}

func units6(f float64) int64 { return int64(math.Round(f * millionths)) }
