package warehouse

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"kaveri/crm"
)

// The parts of a table, by file.
const (
	partEnding = ".parquet"
	wholePart  = "all"  // of a table that is not divided
	emptyPart  = "none" // of a table without rows: a reader's pattern must find a file
	monthPart  = "2006-01"
)

// sink takes the rows of a part.
type sink[R any] interface {
	add(*R) error
	end() error
	drop() // instead of end
}

// export brings a table up to date: its parts are compared with those of the last
// state, and those that differ are written.
func (t *table[R]) export(w *run) error {
	var have map[string]Part
	if w.was != nil {
		have = w.was.Tables[t.name]
	}
	parts, stale := map[string]Part{}, map[string]bool{}
	if have != nil {
		if err := t.walk(w, 0, 0, func(file string) (sink[R], error) { return newComparing[R](t.name, parts, file), nil }); err != nil {
			return err
		}
		for file, p := range parts {
			if have[file].Fingerprint != p.Fingerprint {
				stale[file] = true
			}
			parts[file] = have[file]
		}
	}
	if have == nil || len(stale) > 0 {
		if err := w.begun(); err != nil {
			return err
		}
		from, to := spanOf(stale)
		if err := t.walk(w, from, to, func(file string) (sink[R], error) {
			if have != nil && !stale[file] {
				return nil, nil
			}
			stale[file] = true
			return newWriting[R](w, t.name, parts, file)
		}); err != nil {
			return err
		}
	}
	return w.account(t.name, parts, have, stale)
}

// account notes what was done about a table.
func (w *run) account(table string, parts, have map[string]Part, written map[string]bool) error {
	s := TableSummary{Name: table, Files: len(parts), Written: len(written)}
	for file, p := range parts {
		s.Rows, s.Bytes = s.Rows+p.Rows, s.Bytes+p.Bytes
		if !written[file] {
			w.kept = append(w.kept, placed{table, file})
		}
	}
	for file := range have {
		if _, ok := parts[file]; !ok {
			s.Removed++
		}
	}
	w.next.Tables[table] = parts
	w.told = append(w.told, s)
	if s.Removed > 0 {
		return w.begun()
	}
	return nil
}

// spanOf gives the days of the parts from the first to the last, 0 and 0 for all
// that there are.
func spanOf(files map[string]bool) (from, to crm.Day) {
	var months []string
	for file := range files {
		months = append(months, strings.TrimSuffix(file, partEnding))
	}
	if len(months) == 0 {
		return 0, 0
	}
	first, err := time.Parse(monthPart, slices.Min(months))
	last, err2 := time.Parse(monthPart, slices.Max(months))
	if err != nil || err2 != nil { // a part that is no month
		return 0, 0
	}
	return crm.DayOf(first), crm.DayOf(last.AddDate(0, 1, 0))
}

// partOf gives the part to which a row belongs.
func (t *table[R]) partOf(row *R) string {
	if t.day == nil {
		return wholePart
	}
	return t.day(row).Time().Format(monthPart)
}

// noteDays notes the days that a row names.
func (t *table[R]) noteDays(x *reading, row *R) {
	if t.day != nil {
		x.name(t.day(row))
	}
	if t.days != nil {
		for _, d := range t.days(row) {
			if d != 0 {
				x.name(d)
			}
		}
	}
}

// progressEvery is after how many rows somebody is told.
const progressEvery = 10_000

// walk reads the rows of the days from one up to another, and hands those of each
// part to the sink that open gives; nil passes over them.
func (t *table[R]) walk(w *run, from, to crm.Day, open func(file string) (sink[R], error)) error {
	turns := turning[R]{table: t.name, open: open, seen: map[string]bool{}}
	n := int64(0)
	err := t.rows(&w.reading, from, to, func(row *R) error {
		if n++; n%progressEvery == 0 && w.o.Progress != nil {
			w.o.Progress(t.name, n)
		}
		t.noteDays(&w.reading, row)
		return turns.add(t.partOf(row), row)
	})
	if err == nil && n == 0 {
		err = turns.to(emptyPart)
	}
	if err == nil {
		return turns.to("")
	}
	if turns.into != nil {
		turns.into.drop()
	}
	return err
}

// turning turns from part to part as their rows come.
type turning[R any] struct {
	table string
	open  func(file string) (sink[R], error)
	seen  map[string]bool
	part  string
	into  sink[R]
}

func (u *turning[R]) add(part string, row *R) error {
	if part != u.part {
		if err := u.to(part); err != nil {
			return err
		}
	}
	if u.into == nil {
		return nil
	}
	return u.into.add(row)
}

// to ends the part before and begins the next one, "" for none.
func (u *turning[R]) to(part string) error {
	before := u.into
	u.part, u.into = part, nil
	if before != nil {
		if err := before.end(); err != nil {
			return err
		}
	}
	if part == "" {
		return nil
	}
	if u.seen[part] {
		return fmt.Errorf("warehouse: the rows of %s come out of order at %s", u.table, part)
	}
	u.seen[part] = true
	into, err := u.open(part + partEnding)
	if err == nil {
		u.into = into
	}
	return err
}
