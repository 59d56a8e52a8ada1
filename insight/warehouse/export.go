package warehouse

import (
	"time"
)

// Options are what an export needs besides its source.
type Options struct {
	As  string           // on whose behalf the source reads, for the manifest
	Now func() time.Time // nil: time.Now
	// Progress is told now and then how many rows of a table were read; nil: nobody
	// is.
	Progress func(table string, rows int64)

	create func(name string) (file, error) // for tests; nil: a file
	step   func(name string) error         // for tests, before each step; an error ends all at once, as a kill does
}

// Summary is what an export has done.
type Summary struct {
	Folder   string
	State    string // the current one, a folder beside the others
	Changed  bool   // it is a new one; false: nothing was written
	Manifest Manifest
	Tables   []TableSummary
	Left     []string // folders of old states that could not be removed
}

// TableSummary is what was done about a table.
type TableSummary struct {
	Name    string
	Rows    int64
	Bytes   int64
	Files   int
	Written int // of these files, anew
	Removed int // files of the last state that are no more
}

// exporter is a table of any row.
type exporter interface {
	describe() Table
	export(*run) error
}

// run is an export under way.
type run struct {
	*folder
	reading
	o     Options
	next  Manifest
	state string   // that is being written, "" as long as there is nothing to write
	kept  []placed // of the last state
	told  []TableSummary
}

// placed is where a file lies in a state.
type placed struct{ table, file string }

// Write brings a folder up to date with a source. What has not changed since the
// last export is kept; when nothing has, nothing is written. Until all of it is
// on the disk, and when anything fails, current leads to the last complete state.
func Write(dir string, src Source, o Options) (Summary, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	firm := src.Firm()
	zone, err := time.LoadLocation(firm.TimeZone)
	if err != nil {
		return Summary{}, err
	}
	d, err := openFolder(dir)
	if err != nil {
		return Summary{}, err
	}
	defer d.close()
	w := &run{folder: d, o: o, reading: reading{Source: src, zone: zone, currency: firm.Currency},
		next: Manifest{Schema: Schema, Made: o.Now().UTC(), As: o.As, Currency: firm.Currency, TimeZone: firm.TimeZone, Tables: map[string]map[string]Part{}}}
	d.clean() // what an export that was killed has left takes room; what cannot go is told of at the end
	if err := w.all(); err != nil {
		if o.step == nil {
			d.clean()
		}
		return Summary{}, err
	}
	return w.summary(), nil
}

func (w *run) all() error {
	for _, t := range tables {
		if err := t.export(w); err != nil {
			return err
		}
	}
	if w.state == "" && w.was != nil && w.whole && w.was.sameTerms(&w.next) {
		w.next = *w.was
		return nil
	}
	if err := w.begun(); err != nil {
		return err
	}
	return w.conclude()
}

// conclude makes the new state the current one.
func (w *run) conclude() error {
	if err := w.step("keep"); err != nil {
		return err
	}
	for _, k := range w.kept {
		if err := w.keep(w.state, k.table, k.file); err != nil {
			return err
		}
	}
	if err := w.step("complete"); err != nil {
		return err
	}
	if err := w.complete(w.state, &w.next); err != nil {
		return err
	}
	if err := w.step("publish"); err != nil {
		return err
	}
	if err := w.publish(w.state); err != nil {
		return err
	}
	return w.step("clean")
}

func (w *run) step(name string) error {
	if w.o.step == nil {
		return nil
	}
	return w.o.step(name)
}

// begun makes sure that there is a new state to write to.
func (w *run) begun() (err error) {
	if w.state == "" {
		w.state, err = w.begin()
	}
	return err
}

func (w *run) summary() Summary {
	return Summary{Folder: w.path, State: w.folder.state, Changed: w.state != "", Manifest: w.next, Tables: w.told, Left: w.clean()}
}
