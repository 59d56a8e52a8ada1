package store

import (
	"context"
	"database/sql"
	"iter"
	"slices"
	"strconv"
	"strings"
	"time"

	"kaveri/crm"
	"kaveri/crm/segment"
)

// CheckRule reads a rule and gives its canonical form. What is wrong with it is an
// error of kind [crm.KindInvalid].
func (s *Store) CheckRule(_ context.Context, rule string) (canonical string, err error) {
	r, err := segment.Parse(rule)
	if err != nil {
		return "", err
	}
	return r.String(), nil
}

// CustomersOf gives the customers for whom a rule holds at a moment, by ascending
// number. They are found in one view; nobody waits for whoever reads them.
func (s *Store) CustomersOf(ctx context.Context, rule string, at time.Time) iter.Seq2[crm.CustomerID, error] {
	return func(yield func(crm.CustomerID, error) bool) {
		r, err := segment.Parse(rule)
		var ids []int64
		if err == nil {
			ids, err = s.ruledIDs(ctx, r, at)
		}
		if err != nil {
			yield(0, err)
			return
		}
		for _, id := range ids {
			if !yield(crm.CustomerID(id), nil) {
				return
			}
		}
	}
}

// amongChunk is how many customers stand in one statement.
const amongChunk = 500

// Among gives those of the customers for whom a rule holds at a moment.
func (s *Store) Among(ctx context.Context, rule string, customers []crm.CustomerID, at time.Time) (map[crm.CustomerID]bool, error) {
	r, err := segment.Parse(rule)
	if err != nil {
		return nil, err
	}
	out := map[crm.CustomerID]bool{}
	err = s.view(ctx, func(x *tx) error {
		clock, err := x.clockAt(at)
		if err != nil {
			return err
		}
		for ids := range slices.Chunk(distinct(customers), amongChunk) {
			numbers := make([]string, len(ids))
			for i, id := range ids {
				numbers[i] = strconv.FormatInt(int64(id), 10)
			}
			rows, err := x.ruled(r, clock, `c.id`, ` AND c.id IN (`+strings.Join(numbers, `, `)+`)`)
			if err != nil {
				return err
			}
			if err := scanAll(rows, func(r *sql.Rows) error {
				var id crm.CustomerID
				err := r.Scan(&id)
				out[id] = true
				return err
			}); err != nil {
				return err
			}
		}
		return nil
	})
	return out, err
}
