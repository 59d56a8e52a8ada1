package warehouse

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"

	"kaveri/crm"
)

// The names in a folder. Whatever is called otherwise is not ours, and is never
// touched.
const (
	markerName  = "KAVERI"
	currentName = "current"
	freshName   = ".current-new" // the link, before it gets its name
	viewsName   = "views.sql"
)

const markerText = "This folder is written by \"kaveri export parquet\" (docs/warehouse.md). Read what is in current;\nthe rest comes and goes with each export.\n"

var (
	stateNames = regexp.MustCompile(`^state-\d{6}$`)
	tableNames = regexp.MustCompile(`^[a-z_]+$`)
	partNames  = regexp.MustCompile(`^(all|none|\d{4}-\d{2})\.parquet$`)
)

// The rights of what is written: its owner's, to read also its group's. It holds
// personal data, and analysts need not be who runs Kaveri.
const (
	dirMode  = 0o750
	fileMode = 0o640
)

// folder is the folder of an export, locked against another one.
type folder struct {
	path  string
	lock  *os.File
	state string    // that current leads to, "" for none
	was   *Manifest // of that state, nil for none
	whole bool      // its files are as it says
}

// openFolder makes the folder when there is none, and locks it. One that holds
// anything and was not made by us is refused.
func openFolder(path string) (*folder, error) {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if err := os.Mkdir(path, dirMode); err != nil {
			return nil, fileError(path, err)
		}
	case err != nil:
		return nil, fileError(path, err)
	case !info.IsDir():
		return nil, crm.Invalid("folder", "%s is a file; name a folder", path)
	}
	if err := ours(path); err != nil {
		return nil, err
	}
	d := &folder{path: path}
	if err := d.mark(); err != nil {
		return nil, err
	}
	if err := d.look(); err != nil {
		d.close()
		return nil, err
	}
	return d, nil
}

// ours refuses a folder with things in it that was not marked by us.
func ours(path string) error {
	if _, err := os.Lstat(filepath.Join(path, markerName)); err == nil {
		return nil
	}
	entries, err := os.ReadDir(path)
	if err != nil {
		return fileError(path, err)
	}
	if len(entries) > 0 {
		return crm.Of("folder", crm.Conflict("%s has something else in it (%s); name an empty folder or a new one", path, entries[0].Name()))
	}
	return nil
}

// mark marks the folder as ours and locks it; the kernel lets go of the lock when
// the process ends, however that comes.
func (d *folder) mark() error {
	name := filepath.Join(d.path, markerName)
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE, fileMode)
	if err != nil {
		return fileError(name, err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		f.Close()
		return crm.Of("folder", crm.Conflict("another export is writing to %s; wait until it has ended", d.path))
	}
	d.lock = f
	if info, err := f.Stat(); err == nil && info.Size() == 0 {
		_, err := f.WriteString(markerText)
		if err = errors.Join(err, f.Sync()); err != nil {
			d.close()
			return fileError(name, err)
		}
	}
	return nil
}

func (d *folder) close() { d.lock.Close() }

// look finds the last complete state.
func (d *folder) look() error {
	target, err := os.Readlink(filepath.Join(d.path, currentName))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil || !stateNames.MatchString(target) {
		return crm.Of("folder", crm.Conflict("%s in %s is not the link that an export makes; remove it, or name another folder", currentName, d.path))
	}
	d.state = target
	if d.was, err = readManifest(d.in(target)); err != nil || d.was == nil {
		return err
	}
	if d.was.Schema != Schema { // nothing of it is as it is to be
		d.was = nil
		return nil
	}
	d.whole = d.was.intact(d.in(target))
	return nil
}

func (d *folder) in(parts ...string) string {
	return filepath.Join(append([]string{d.path}, parts...)...)
}

// begin makes the folder of a new state.
func (d *folder) begin() (state string, err error) {
	names, err := d.states()
	if err != nil {
		return "", err
	}
	newest := 0
	for _, s := range append(names, d.state) { // which may have been deleted
		var n int
		fmt.Sscanf(s, "state-%d", &n)
		newest = max(newest, n)
	}
	state = fmt.Sprintf("state-%06d", newest+1)
	if err := os.Mkdir(d.in(state), dirMode); err != nil {
		return "", fileError(d.in(state), err)
	}
	for _, t := range tables {
		if err := os.Mkdir(d.in(state, t.describe().Name), dirMode); err != nil {
			return "", fileError(d.in(state), err)
		}
	}
	return state, nil
}

// states lists what there is of states, complete or not.
func (d *folder) states() ([]string, error) {
	entries, err := os.ReadDir(d.path)
	if err != nil {
		return nil, fileError(d.path, err)
	}
	var names []string
	for _, e := range entries {
		if e.IsDir() && stateNames.MatchString(e.Name()) {
			names = append(names, e.Name())
		}
	}
	return names, nil
}

// keep takes a file over from the last state: by a second name for the same
// bytes, or where the file system has no such thing, by a copy.
func (d *folder) keep(state, table, file string) error {
	from, to := d.in(d.state, table, file), d.in(state, table, file)
	if os.Link(from, to) == nil {
		return nil
	}
	in, err := os.Open(from)
	if err != nil {
		return fileError(from, err)
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, fileMode)
	if err == nil {
		_, err = io.Copy(out, in)
		err = errors.Join(err, out.Sync(), out.Close())
	}
	return fileError(to, err)
}

// complete writes what belongs to a state besides its tables, and has all of it
// on the disk.
func (d *folder) complete(state string, m *Manifest) error {
	body, err := json.MarshalIndent(m, "", " ")
	if err != nil {
		return err
	}
	for name, body := range map[string][]byte{viewsName: []byte(views()), manifestName: append(body, '\n')} {
		if err := writeFile(d.in(state, name), body); err != nil {
			return err
		}
	}
	for table := range m.Tables {
		if err := syncDir(d.in(state, table)); err != nil {
			return err
		}
	}
	return syncDir(d.in(state))
}

// publish makes a state the current one, in one step: whoever opens current has
// the last state before it, and this one after it.
func (d *folder) publish(state string) error {
	fresh := d.in(freshName)
	if err := os.Remove(fresh); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fileError(fresh, err)
	}
	if err := syncDir(d.path); err != nil {
		return err
	}
	if err := os.Symlink(state, fresh); err != nil {
		return fileError(fresh, fmt.Errorf("the file system has no symbolic links, name a folder on another one: %w", err))
	}
	if err := os.Rename(fresh, d.in(currentName)); err != nil {
		return fileError(d.in(currentName), err)
	}
	d.state = state
	return syncDir(d.path)
}

// clean removes the states that are not the current one, and gives those that
// could not be removed, because of what somebody else has put there or may write.
func (d *folder) clean() (left []string) {
	names, err := d.states()
	if err != nil {
		return []string{d.path}
	}
	for _, name := range names {
		if name != d.state && d.remove(name) != nil {
			left = append(left, d.in(name))
		}
	}
	return left
}

// remove removes a state: the files that an export writes, and then the folders,
// which fails when there is anything else in them.
func (d *folder) remove(state string) error {
	entries, err := os.ReadDir(d.in(state))
	if err != nil {
		return err
	}
	for _, e := range entries {
		switch name := d.in(state, e.Name()); {
		case e.IsDir() && tableNames.MatchString(e.Name()):
			parts, err := os.ReadDir(name)
			if err != nil {
				return err
			}
			for _, p := range parts {
				if partNames.MatchString(p.Name()) {
					os.Remove(filepath.Join(name, p.Name())) // or else the folder cannot be removed
				}
			}
			os.Remove(name)
		case e.Name() == manifestName || e.Name() == viewsName:
			os.Remove(name)
		}
	}
	return os.Remove(d.in(state))
}

func writeFile(name string, body []byte) error {
	f, err := os.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, fileMode)
	if err == nil {
		_, err = f.Write(body)
		err = errors.Join(err, f.Sync(), f.Close())
	}
	return fileError(name, err)
}

// syncDir has the names in a folder on the disk.
func syncDir(name string) error {
	f, err := os.Open(name)
	if err == nil {
		err = errors.Join(f.Sync(), f.Close())
	}
	return fileError(name, err)
}

// fileError says what is wrong with a file or folder, and nil of nil.
func fileError(name string, err error) error {
	var known *crm.Error
	var at *fs.PathError
	switch {
	case err == nil || errors.As(err, &known):
		return err
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT), errors.Is(err, syscall.EFBIG):
		return crm.Of("folder", crm.Unavailable(err, "the disk is full, or a limit keeps files from growing; the last complete export stays as it is, make room and export again"))
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS):
		return crm.Of("folder", crm.Forbidden("%s may not be written by you; name another place", name))
	case errors.Is(err, fs.ErrNotExist):
		return crm.Of("folder", crm.NotFound("the folder of %s does not exist; make it, or name another", name))
	case errors.As(err, &at): // it names the file again
		return crm.Of("folder", crm.Unavailable(err, "%s cannot be written: %s", name, strings.TrimSpace(at.Err.Error())))
	}
	return crm.Of("folder", crm.Unavailable(err, "%s cannot be written: %s", name, err))
}
