package warehouse

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"kaveri/crm"
)

var errKilled = errors.New("killed")

// killedAt exports, and ends all at once before the n-th step, as a kill does. It
// gives the name of that step, "" when there are fewer.
func (o *office) killedAt(n int) (step string) {
	o.Helper()
	_, err := o.exports(o.ritva, Options{step: func(name string) error {
		if n--; n < 0 {
			step = name
			return errKilled
		}
		return nil
	}})
	if step != "" && !errors.Is(err, errKilled) || step == "" && err != nil {
		o.Fatalf("killed before %q: %v", step, err)
	}
	return step
}

// told tells the order lines of the current state, "" when there is none.
func (o *office) told() (lines string) {
	o.Helper()
	if _, err := os.Stat(filepath.Join(o.dir, "current")); err != nil {
		return ""
	}
	sum := crm.Money(0)
	for _, l := range read[lineRow](o, "order_line") {
		sum += crm.Money(l.Value)
		lines += fmt.Sprint(l.Number, "/", l.Line, " ")
	}
	return lines + sum.String()
}

// Killed before any step, a first export leaves nothing, and the next one begins
// anew.
func TestFirstKilledAnywhere(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.write()
	for n := 0; ; n++ {
		o.dir = filepath.Join(t.TempDir(), "star")
		step := o.killedAt(n)
		if step == "" {
			break
		}
		if got := o.told(); (got == "") == (step == "clean") {
			t.Errorf("killed before %s, the first export shows %q", step, got)
		}
		o.export()
		same[lineRow](o, "order_line")
		if got := o.states(); len(got) != 3 {
			t.Errorf("killed before %s, then exported: %q", step, got)
		}
	}
}

// Killed before any step, an export leaves the last complete state, and the next
// one finishes what it began and leaves nothing else.
func TestKilledAnywhere(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.write()
	o.export()
	for n := 0; ; n++ {
		old := o.told()
		o.order("1", "2026-01-14", "dora@acme.example", "EUR", fmt.Sprint(11+n))
		o.order("3", "2026-03-14", "carl@home.example", "EUR", fmt.Sprint(8+n), "1 tea 8.00")
		step := o.killedAt(n)
		if got := o.told(); (got == old) != (step != "clean" && step != "") {
			t.Errorf("killed before %q, an export shows %s; before it was %s", step, got, old)
		}
		o.export()
		same[lineRow](o, "order_line")
		if got := o.states(); len(got) != 3 || got[0] != markerName || got[1] != currentName {
			t.Errorf("killed before %q, then exported: %q", step, got)
		}
		if step == "" {
			if n < 6 {
				t.Errorf("an export has only %d steps", n)
			}
			return
		}
	}
}

// full is a disk with room for so many bytes.
type full struct {
	*os.File
	room *int
}

func (f full) Write(b []byte) (int, error) {
	if *f.room -= len(b); *f.room < 0 {
		return 0, &os.PathError{Op: "write", Path: f.Name(), Err: syscall.ENOSPC}
	}
	return f.File.Write(b)
}

func TestDiskFull(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.write()
	for _, exported := range []bool{false, true} {
		before := o.told()
		room := 5000
		_, err := o.exports(o.ritva, Options{create: func(name string) (file, error) {
			f, err := os.OpenFile(name, os.O_CREATE|os.O_WRONLY, 0o600)
			return full{f, &room}, err
		}})
		if crm.KindOf(err) != crm.KindUnavailable || !strings.Contains(err.Error(), "the disk is full") {
			t.Errorf("exported before: %v: %v", exported, err)
		}
		want := []string{markerName}
		if exported {
			want = append(want, currentName, "state-000001")
		}
		if got := o.states(); o.told() != before || !slices.Equal(got, want) {
			t.Errorf("exported before: %v: %s, was %s; in the folder %q", exported, o.told(), before, got)
		}
		o.export()
		for day := range 40 { // more than there is room for
			o.order(fmt.Sprint("more ", day), fmt.Sprintf("2026-%02d-01", 1+day%5), "dora@acme.example", "EUR", "11.00")
		}
	}
}

func TestFolderRefused(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.write()
	put := func(name, text string) {
		t.Helper()
		o.check(os.MkdirAll(filepath.Dir(name), 0o755))
		o.check(os.WriteFile(name, []byte(text), 0o644))
	}
	refused := func(dir string, kind crm.Kind, says string) {
		t.Helper()
		was := o.dir
		defer func() { o.dir = was }()
		o.dir = dir
		if _, err := o.exports(o.ritva, Options{}); crm.KindOf(err) != kind || crm.FieldOf(err) != "folder" || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v", dir, err)
		}
	}
	top := t.TempDir()
	put(top+"/file", "a file")
	refused(top+"/file", crm.KindInvalid, "is a file")
	refused(top+"/no/such", crm.KindNotFound, "does not exist")
	put(top+"/mine/notes.txt", "notes")
	refused(top+"/mine", crm.KindConflict, "something else in it (notes.txt)")
	if b, err := os.ReadFile(top + "/mine/notes.txt"); err != nil || string(b) != "notes" {
		t.Errorf("the notes: %q, %v", b, err)
	}

	o.export()
	manifest := filepath.Join(o.dir, currentName, manifestName)
	body, err := os.ReadFile(manifest)
	o.check(err)
	o.check(os.WriteFile(manifest, []byte(`{"schema": 99}`), 0o644))
	refused(o.dir, crm.KindConflict, "written by a newer Kaveri")
	o.check(os.WriteFile(manifest, []byte(`{`), 0o644))
	refused(o.dir, crm.KindConflict, "is damaged")
	o.check(os.WriteFile(manifest, body, 0o644))
	lock, err := openFolder(o.dir)
	o.check(err)
	refused(o.dir, crm.KindConflict, "another export is writing")
	lock.close()
	o.export()
	// A state that somebody has deleted does not come again under its name, since
	// current leads to that until the new one is complete.
	o.check(os.RemoveAll(filepath.Join(o.dir, "state-000001")))
	if sum := o.export(); sum.State != "state-000002" || !sum.Changed {
		t.Errorf("after the state was deleted: %+v", sum)
	}
	o.check(os.Remove(filepath.Join(o.dir, currentName)))
	put(filepath.Join(o.dir, currentName, "x"), "")
	refused(o.dir, crm.KindConflict, "not the link")
}

// What somebody else has put into a state stays, and is told of: the state could
// not be removed. What lies beside the states is nobody's business.
func TestForeignFilesStay(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.write()
	o.export()
	theirs := filepath.Join(o.dir, "state-000001", "order_line", "mine.parquet")
	o.check(os.WriteFile(theirs, nil, 0o644))
	o.check(os.WriteFile(filepath.Join(o.dir, "notebook.ipynb"), nil, 0o644))
	o.order("1", "2026-01-14", "dora@acme.example", "EUR", "11.00")
	if sum := o.export(); len(sum.Left) != 1 || filepath.Base(sum.Left[0]) != "state-000001" {
		t.Errorf("left: %q", sum.Left)
	}
	left, err := filepath.Glob(filepath.Join(o.dir, "state-000001", "*", "*"))
	if err != nil || !slices.Equal(left, []string{theirs}) {
		t.Errorf("of the old state: %q", left)
	}
	o.check(os.Remove(theirs))
	if sum := o.export(); sum.Changed || len(sum.Left) != 0 || !slices.Equal(o.states(), []string{markerName, currentName, "notebook.ipynb", "state-000002"}) {
		t.Errorf("cleaned up: %+v, %q", sum, o.states())
	}
}

func TestFileErrors(t *testing.T) {
	t.Parallel()
	for cause, want := range map[error]crm.Kind{
		syscall.ENOSPC: crm.KindUnavailable, syscall.EDQUOT: crm.KindUnavailable, syscall.EIO: crm.KindUnavailable,
		syscall.EACCES: crm.KindForbidden, syscall.EPERM: crm.KindForbidden, syscall.EROFS: crm.KindForbidden, syscall.ENOENT: crm.KindNotFound,
	} {
		err := fileError("star/x", &os.PathError{Op: "open", Path: "star/x", Err: cause})
		if crm.KindOf(err) != want || crm.FieldOf(err) != "folder" || strings.Contains(err.Error(), "open star") {
			t.Errorf("%v: %v", cause, err)
		}
	}
	if err := fileError("star", nil); err != nil {
		t.Error(err)
	}
}
