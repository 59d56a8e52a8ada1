package store

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"kaveri/crm"
	"kaveri/crm/segment"
)

// This file counts the members of saved segments and who came and went. The ids
// of those who are in are held in memory, sorted; those who were are read a page
// at a time beside them, and what differs is written in small transactions. Each
// of them says only what it has truly changed, so a count that was cut short, or
// two at once, tell no movement twice.

// changedAtOnce is how many members come or go in one transaction.
const changedAtOnce = 1000

// errRuleChanged ends a count whose segment has got another rule meanwhile.
var errRuleChanged = crm.Conflict("the segment was changed while it was counted; it is counted again")

// CountMembers finds who is in a segment at a moment, keeps it, and gives what
// the day's counts have found so far. The first count after the rule was made or
// changed tells no movement. When the segment is changed meanwhile, that is an
// error of kind [crm.KindConflict].
func (s *Store) CountMembers(ctx context.Context, id crm.SegmentID, at time.Time) (segment.Day, error) {
	g, err := s.ReadSegment(ctx, crm.SystemViewer, id)
	if err != nil {
		return segment.Day{}, err
	}
	r, err := g.Rule()
	if err != nil {
		return segment.Day{}, err
	}
	var clock segment.Clock
	if err := s.view(ctx, func(x *tx) (err error) {
		clock, err = x.clockAt(at)
		return err
	}); err != nil {
		return segment.Day{}, err
	}
	ids, err := s.ruledIDs(ctx, r, at)
	if err != nil {
		return segment.Day{}, err
	}
	c := counting{s: s, ctx: ctx, g: &g, day: clock.Today()}
	if err := c.compare(ids); err != nil {
		return segment.Day{}, err
	}
	return c.finish(len(ids), clock.Now)
}

// counting is the count of a segment under way.
type counting struct {
	s          *Store
	ctx        context.Context
	g          *segment.Saved
	day        crm.Day
	came, went []int64
}

// compare goes over those who are in and those who were, both by their ids.
func (c *counting) compare(in []int64) error {
	for after := int64(0); ; {
		was, err := c.page(after)
		if err != nil {
			return err
		}
		last := len(was) < memberPage
		upTo := int64(1<<63 - 1)
		if !last {
			upTo = was[len(was)-1]
			after = upTo
		}
		n := 0
		for n < len(in) && in[n] <= upTo {
			n++
		}
		if err := c.difference(was, in[:n]); err != nil {
			return err
		}
		if in = in[n:]; last {
			return c.write()
		}
	}
}

// page reads the next of those who were in.
func (c *counting) page(after int64) (was []int64, err error) {
	err = c.s.view(c.ctx, func(x *tx) error {
		was, err = column[int64](x, `SELECT customer_id FROM segment_members WHERE segment_id = $1 AND customer_id > $2 ORDER BY customer_id LIMIT $3`, int64(c.g.ID), after, memberPage)
		return err
	})
	return was, err
}

// difference notes who is on one of two sorted lists only.
func (c *counting) difference(was, is []int64) error {
	for len(was) > 0 || len(is) > 0 {
		switch {
		case len(is) == 0 || len(was) > 0 && was[0] < is[0]:
			c.went, was = append(c.went, was[0]), was[1:]
		case len(was) == 0 || is[0] < was[0]:
			c.came, is = append(c.came, is[0]), is[1:]
		default:
			was, is = was[1:], is[1:]
		}
		if len(c.came)+len(c.went) >= changedAtOnce {
			if err := c.write(); err != nil {
				return err
			}
		}
	}
	return nil
}

// write keeps who came and went, and how many.
func (c *counting) write() error {
	if len(c.came)+len(c.went) == 0 {
		return nil
	}
	err := c.s.write(c.ctx, func(x *tx) error {
		if err := c.fence(x); err != nil {
			return err
		}
		var rows []any
		for _, id := range c.came {
			rows = append(rows, int64(c.g.ID), id)
		}
		came, err := x.inserted(`INSERT INTO segment_members (segment_id, customer_id) VALUES `, 2, rows, ` ON CONFLICT DO NOTHING`)
		if err != nil {
			return err
		}
		went := int64(0)
		for _, id := range c.went {
			n, err := x.changed(`DELETE FROM segment_members WHERE segment_id = $1 AND customer_id = $2`, int64(c.g.ID), id)
			if err != nil {
				return err
			}
			went += n
		}
		if c.g.Counted.IsZero() { // of a new rule that is no movement
			return nil
		}
		return x.exec(`INSERT INTO segment_days (segment_id, day, n, came, went) VALUES ($1, $2, 0, $3, $4)
ON CONFLICT (segment_id, day) DO UPDATE SET came = segment_days.came + excluded.came, went = segment_days.went + excluded.went`, int64(c.g.ID), int64(c.day), came, went)
	})
	c.came, c.went = c.came[:0], c.went[:0]
	return err
}

// fence makes sure that the segment is still the one that is counted, until the
// transaction ends.
func (c *counting) fence(x *tx) error {
	var rule string
	var counted, archived int64
	err := x.row(`SELECT rule, counted_us, archived_us FROM segments WHERE id = $1`+x.s.engine.share, int64(c.g.ID)).Scan(&rule, &counted, &archived)
	if errors.Is(err, sql.ErrNoRows) || err == nil && (rule != c.g.Text || (counted == 0) != c.g.Counted.IsZero()) {
		return errRuleChanged
	}
	return err
}

// finish keeps how many are in.
func (c *counting) finish(n int, at time.Time) (d segment.Day, err error) {
	err = c.s.write(c.ctx, func(x *tx) error {
		if err := c.fence(x); err != nil {
			return err
		}
		if err := x.exec(`UPDATE segments SET counted_us = $1 WHERE id = $2`, micros(at), int64(c.g.ID)); err != nil {
			return err
		}
		x.tell(crm.Event{Kind: "segment"})
		return x.row(`INSERT INTO segment_days (segment_id, day, n, came, went) VALUES ($1, $2, $3, 0, 0) ON CONFLICT (segment_id, day) DO UPDATE SET n = excluded.n RETURNING day, n, came, went`,
			int64(c.g.ID), int64(c.day), n).Scan(&d.Day, &d.Members, &d.Came, &d.Went)
	})
	return d, err
}
