package store

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"kaveri/crm"
	"kaveri/crm/segment"
)

const savedColumns = `g.id, g.name, g.rule, g.starter, COALESCE(g.staff_id, 0), COALESCE(s.name, ''), g.created_us, g.changed_us, g.counted_us, g.archived_us,
COALESCE((SELECT d.n FROM segment_days d WHERE d.segment_id = g.id ORDER BY d.day DESC LIMIT 1), 0)`

func scanSaved(r *sql.Rows, g *segment.Saved) error {
	var created, changed, counted, archived int64
	err := r.Scan(&g.ID, &g.Name, &g.Text, &g.Starter, &g.Staff, &g.Maker, &created, &changed, &counted, &archived, &g.Members)
	g.Created, g.Changed, g.Counted, g.Archived = fromMicros(created), fromMicros(changed), fromMicros(counted), fromMicros(archived)
	return err
}

func noSegment(id crm.SegmentID) error {
	return crm.Of("segment", crm.NotFound("no segment has the number %d", id))
}

// Segments lists the saved segments by name; those in the archive, when archived
// is set, instead of those in use.
func (s *Store) Segments(ctx context.Context, v crm.Viewer, archived bool) (list []segment.Saved, err error) {
	if !mayRead(v) {
		return nil, errNobody
	}
	op := map[bool]string{false: "=", true: "<>"}[archived]
	err = s.view(ctx, func(x *tx) error {
		rows, err := x.query(`SELECT ` + savedColumns + ` FROM segments g LEFT JOIN staff s ON s.id = g.staff_id WHERE g.archived_us ` + op + ` 0 ORDER BY g.name_key, g.id`)
		list, err = collect(rows, err, scanSaved)
		return err
	})
	return list, err
}

// ReadSegment gives a saved segment.
func (s *Store) ReadSegment(ctx context.Context, v crm.Viewer, id crm.SegmentID) (g segment.Saved, err error) {
	return s.oneSegment(ctx, v, `g.id = $1`, int64(id), noSegment(id))
}

// SegmentNamed gives the saved segment of a name; case and accents say nothing.
func (s *Store) SegmentNamed(ctx context.Context, v crm.Viewer, name string) (g segment.Saved, err error) {
	return s.oneSegment(ctx, v, `g.name_key = $1`, segment.Key(name), crm.Of("segment", crm.NotFound("no segment is called %q", name)))
}

func (s *Store) oneSegment(ctx context.Context, v crm.Viewer, where string, arg any, missing error) (g segment.Saved, err error) {
	if !mayRead(v) {
		return g, missing
	}
	err = s.view(ctx, func(x *tx) error {
		rows, err := x.query(`SELECT `+savedColumns+` FROM segments g LEFT JOIN staff s ON s.id = g.staff_id WHERE `+where, arg)
		list, err := collect(rows, err, scanSaved)
		if err == nil && len(list) == 0 {
			err = missing
		}
		if err == nil {
			g = list[0]
		}
		return err
	})
	return g, err
}

// SaveSegment keeps a segment: a new one, or with an ID another name or rule for
// the one that is there. A rule that has changed is counted anew before movement
// is told of it again. A name that another segment has is an error of kind
// [crm.KindConflict], also when that one is in the archive.
func (s *Store) SaveSegment(ctx context.Context, v crm.Viewer, g segment.Saved) (segment.Saved, error) {
	if !mayRead(v) {
		return g, errNobody
	}
	if err := g.Validate(); err != nil {
		return g, err
	}
	err := s.write(ctx, func(x *tx) (err error) {
		if err := x.freeName(g.Name, g.ID); err != nil {
			return err
		}
		if g.ID == 0 {
			g.ID, err = x.addSegment(g.Name, g.Text, "", v.Staff)
			return err
		}
		n, err := x.changed(`UPDATE segments SET name = $1, name_key = $2, counted_us = CASE WHEN rule = $3 THEN counted_us ELSE 0 END, rule = $3, changed_us = $4 WHERE id = $5`,
			g.Name, segment.Key(g.Name), g.Text, micros(s.now()), int64(g.ID))
		if err == nil && n == 0 {
			err = noSegment(g.ID)
		}
		return err
	})
	if err != nil {
		return g, err
	}
	return s.ReadSegment(ctx, v, g.ID)
}

// freeName refuses a name that another segment has.
func (x *tx) freeName(name string, id crm.SegmentID) error {
	var other, archived int64
	err := x.row(`SELECT id, archived_us FROM segments WHERE name_key = $1 AND id <> $2`, segment.Key(name), int64(id)).Scan(&other, &archived)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return nil
	case err == nil && archived != 0:
		return crm.Of("name", crm.Conflict("segment %d in the archive is called so; choose another name, or take that one out", other))
	case err == nil:
		return crm.Of("name", crm.Conflict("segment %d is called so; choose another name", other))
	}
	return err
}

func (x *tx) addSegment(name, rule, starter string, staff crm.StaffID) (crm.SegmentID, error) {
	id, err := x.id()
	if err != nil {
		return 0, err
	}
	now := micros(x.s.now())
	return crm.SegmentID(id), x.exec(`INSERT INTO segments (id, name, name_key, rule, starter, staff_id, created_us, changed_us) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
		id, name, segment.Key(name), rule, starter, orNull(staff), now, now)
}

// ArchiveSegment puts a segment into the archive, or takes it out. In the archive
// it is not counted; campaigns that were made of it keep their rule.
func (s *Store) ArchiveSegment(ctx context.Context, v crm.Viewer, id crm.SegmentID, archived bool) error {
	if !mayRead(v) {
		return errNobody
	}
	at := int64(0)
	if archived {
		at = micros(s.now())
	}
	return s.write(ctx, func(x *tx) error {
		n, err := x.changed(`UPDATE segments SET archived_us = $1, counted_us = 0 WHERE id = $2`, at, int64(id))
		if err == nil && n == 0 {
			err = noSegment(id)
		}
		return err
	})
}

// settingStarters names the row of settings that says that the ready-made
// segments were added.
const settingStarters = "starter segments"

// AddStarters adds the ready-made segments, named in the firm's language, once:
// one that somebody has changed or put into the archive stays so.
func (s *Store) AddStarters(ctx context.Context) error {
	var added bool
	if err := s.view(ctx, func(x *tx) (err error) {
		added, err = x.setting(settingStarters)
		return err
	}); err != nil || added {
		return err
	}
	return s.write(ctx, func(x *tx) error {
		if added, err := x.setting(settingStarters); err != nil || added {
			return err
		}
		firm, err := x.savedFirm()
		if err != nil {
			return err
		}
		for _, of := range segment.Starters() {
			name := of.Name.In(firm.Language)
			if x.freeName(name, 0) != nil { // a colleague was quicker
				continue
			}
			if _, err := x.addSegment(name, of.Text, of.Mark, 0); err != nil {
				return err
			}
		}
		return x.exec(`INSERT INTO settings (name, value) VALUES ($1, '1')`, settingStarters)
	})
}

// setting reports whether there is a setting of a name.
func (x *tx) setting(name string) (bool, error) {
	var n int
	err := x.row(`SELECT count(*) FROM settings WHERE name = $1`, name).Scan(&n)
	return n > 0, err
}

// SegmentDays gives what the counts of a segment since a day have found, the
// oldest first.
func (s *Store) SegmentDays(ctx context.Context, v crm.Viewer, id crm.SegmentID, since crm.Day) (days []segment.Day, err error) {
	if !mayRead(v) {
		return nil, errNobody
	}
	err = s.view(ctx, func(x *tx) error {
		rows, err := x.query(`SELECT day, n, came, went FROM segment_days WHERE segment_id = $1 AND day >= $2 ORDER BY day`, int64(id), int64(since))
		days, err = collect(rows, err, func(r *sql.Rows, d *segment.Day) error { return r.Scan(&d.Day, &d.Members, &d.Came, &d.Went) })
		return err
	})
	return days, err
}

// SegmentsOf gives the segments in which a customer was when they were counted
// last.
func (s *Store) SegmentsOf(ctx context.Context, v crm.Viewer, c crm.CustomerID) (list []segment.Saved, err error) {
	if !mayRead(v) {
		return nil, noCustomer(c)
	}
	err = s.view(ctx, func(x *tx) error {
		rows, err := x.query(`SELECT `+savedColumns+` FROM segment_members m JOIN segments g ON g.id = m.segment_id LEFT JOIN staff s ON s.id = g.staff_id WHERE m.customer_id = $1 AND g.archived_us = 0 ORDER BY g.name_key, g.id`, int64(c))
		list, err = collect(rows, err, scanSaved)
		return err
	})
	return list, err
}

// Uncounted gives the segments in use that have not been counted since a moment.
func (s *Store) Uncounted(ctx context.Context, since time.Time) (list []segment.Saved, err error) {
	err = s.view(ctx, func(x *tx) error {
		rows, err := x.query(`SELECT `+savedColumns+` FROM segments g LEFT JOIN staff s ON s.id = g.staff_id WHERE g.archived_us = 0 AND g.counted_us < $1 ORDER BY g.counted_us, g.id`, micros(since))
		list, err = collect(rows, err, scanSaved)
		return err
	})
	return list, err
}
