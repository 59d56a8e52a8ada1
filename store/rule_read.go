package store

import (
	"cmp"
	"context"
	"database/sql"
	"iter"
	"slices"
	"time"

	"kaveri/crm"
	"kaveri/crm/segment"
)

// This file finds the customers for whom a rule holds. The rules that people try
// are without number, so the texts of their statements are not kept.

// ruled runs the statement of a rule.
func (x *tx) ruled(r segment.Rule, clock segment.Clock, columns, tail string) (*sql.Rows, error) {
	query, args := ruleQuery(r, clock, columns, tail)
	return x.t.Query(x.s.engine.bind(query), args...)
}

// clockAt gives the clock of rules at a moment, in the firm's time zone; the zero
// moment is now.
func (x *tx) clockAt(at time.Time) (segment.Clock, error) {
	firm, err := x.savedFirm()
	if err != nil {
		return segment.Clock{}, err
	}
	if at.IsZero() {
		at = x.s.now()
	}
	return segment.Clock{Now: fromMicros(micros(at)), Zone: firm.Zone()}, nil
}

// CountSegment counts the customers for whom a rule holds at a moment; the zero
// one is now.
func (s *Store) CountSegment(ctx context.Context, v crm.Viewer, r segment.Rule, at time.Time) (n int, err error) {
	if !mayRead(v) {
		return 0, errNobody
	}
	err = s.view(ctx, func(x *tx) error {
		clock, err := x.clockAt(at)
		if err != nil {
			return err
		}
		rows, err := x.ruled(r, clock, `count(*)`, ``)
		if err != nil {
			return err
		}
		return scanAll(rows, func(r *sql.Rows) error { return r.Scan(&n) })
	})
	return n, err
}

// ruledIDs gives the ids of the customers for whom a rule holds, ascending: eight
// bytes for each.
func (s *Store) ruledIDs(ctx context.Context, r segment.Rule, at time.Time) (ids []int64, err error) {
	err = s.view(ctx, func(x *tx) error {
		clock, err := x.clockAt(at)
		if err != nil {
			return err
		}
		rows, err := x.ruled(r, clock, `c.id`, ``)
		if err != nil {
			return err
		}
		return scanAll(rows, func(r *sql.Rows) error {
			var id int64
			err := r.Scan(&id)
			ids = append(ids, id)
			return err
		})
	})
	slices.Sort(ids)
	return ids, err
}

// memberPage is how many members of a segment are read at once.
const memberPage = 4096

// SegmentCustomers gives the customers for whom a rule holds at a moment, by
// their ids. Who they are is found in one view, and their ids are held in memory;
// the rest is read some at a time, in views of their own, so that whoever writes
// meanwhile waits for nothing. Who was merged since is left out.
func (s *Store) SegmentCustomers(ctx context.Context, v crm.Viewer, r segment.Rule, at time.Time) iter.Seq2[segment.Member, error] {
	return func(yield func(segment.Member, error) bool) {
		if !mayRead(v) {
			yield(segment.Member{}, errNobody)
			return
		}
		ids, err := s.ruledIDs(ctx, r, at)
		if err != nil {
			yield(segment.Member{}, err)
			return
		}
		for page := range slices.Chunk(ids, memberPage) {
			members, err := s.segmentMembers(ctx, page)
			if err != nil {
				yield(segment.Member{}, err)
				return
			}
			for _, m := range members {
				if !yield(m, nil) {
					return
				}
			}
		}
	}
}

// segmentMembers reads customers by their ids.
func (s *Store) segmentMembers(ctx context.Context, ids []int64) (out []segment.Member, err error) {
	err = s.view(ctx, func(x *tx) error {
		return each(x, `SELECT c.id, c.name, c.language, COALESCE(c.owner_id, 0), COALESCE(l.rung, 'CONTACT'), COALESCE(l.timing, ''), COALESCE(l.note, ''),
COALESCE(l.last_day, 0), COALESCE(l.due_day, 0), COALESCE(l.spent, 0), COALESCE(l.value, 0)
FROM customers c LEFT JOIN loyalty l ON l.customer_id = c.id WHERE c.merged_into = 0 AND c.id IN (IN)`, nil, ids, func(r *sql.Rows) error {
			var m segment.Member
			err := r.Scan(&m.Customer, &m.Name, &m.Language, &m.Owner, &m.Rung, &m.Timing, &m.Note, &m.Last, &m.Due, &m.Spent, &m.Value)
			out = append(out, m)
			return err
		})
	})
	slices.SortFunc(out, func(a, b segment.Member) int { return cmp.Compare(a.Customer, b.Customer) })
	return out, err
}

// SegmentSample gives up to n of the customers for whom a rule holds at a moment,
// by a draw that is the same each time, so that a rule that is being edited shows
// the same people as long as they fit.
func (s *Store) SegmentSample(ctx context.Context, v crm.Viewer, r segment.Rule, at time.Time, n int) ([]segment.Member, error) {
	if !mayRead(v) {
		return nil, errNobody
	}
	ids, err := s.ruledIDs(ctx, r, at)
	if err != nil {
		return nil, err
	}
	slices.SortFunc(ids, func(a, b int64) int { return cmp.Compare(scattered(a), scattered(b)) })
	return s.segmentMembers(ctx, ids[:min(len(ids), pageLimit(n, 20))])
}

// scattered gives a place of an id that nothing about the customer decides
// (the finaliser of SplitMix64).
func scattered(id int64) uint64 {
	z := uint64(id) * 0x9e3779b97f4a7c15
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// ExplainCustomer says step by step whether a rule holds for a customer at a
// moment, and why.
func (s *Store) ExplainCustomer(ctx context.Context, v crm.Viewer, r segment.Rule, c crm.CustomerID, at time.Time) (segment.Step, error) {
	f, err := s.CustomerFacts(ctx, v, c, at)
	if err != nil {
		return segment.Step{}, err
	}
	return r.Explain(&f), nil
}
