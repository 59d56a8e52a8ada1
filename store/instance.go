package store

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"kaveri/crm"
)

// settingInstance names the row of settings with the database's instance id.
const settingInstance = "instance"

// instance is the file outside the database that says which databases may send
// from here. A copy of a database, or one that was restored, holds mail as
// queued that the original has sent since; so it sends nothing until a person
// says that it is the only one.
//
// The file has a line for each database: its id, and a hash of where both lie
// (machine, file, database). A copied folder is told by its files being others,
// a restored backup by its id being new. A machine that was copied or set back
// as a whole, with its disk, is not told from the one it was: there only
// [crm.LateStart] and what other programs know can help.
type instance struct{ file, dsn string }

// place gives the hash of where file and database lie. Device numbers are no
// part of it: they change when a machine starts anew.
func (i instance) place(ctx context.Context, f fs.FileInfo, s *Store) (string, error) {
	database, err := s.engine.place(ctx, i.dsn, s.w)
	if err != nil {
		return "", err
	}
	machine, err := os.ReadFile("/etc/machine-id")
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", err
	}
	sum := sha256.Sum256([]byte(strings.Join([]string{"kaveri instance 1", strings.TrimSpace(string(machine)), fileMark(f), database}, "\x00")))
	return hex.EncodeToString(sum[:16]), nil
}

// listed reports whether the file has this database at this place.
func (i instance) listed(ctx context.Context, id string, s *Store) (bool, error) {
	text, err := os.ReadFile(i.file)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	info, err := os.Stat(i.file)
	if err != nil {
		return false, err
	}
	place, err := i.place(ctx, info, s)
	return err == nil && bytes.Contains(append([]byte("\n"), text...), []byte("\n"+id+" "+place+"\n")), err
}

// add writes the database's line into the file, which stays the same file.
func (i instance) add(ctx context.Context, id string, s *Store) error {
	if err := os.MkdirAll(filepath.Dir(i.file), 0o700); err != nil {
		return err
	}
	f, err := os.OpenFile(i.file, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	place, err := i.place(ctx, info, s)
	if err != nil {
		return err
	}
	was, err := os.ReadFile(i.file)
	if err != nil {
		return err
	}
	text := id + " " + place + "\n"
	for line := range strings.Lines(string(was)) {
		if !strings.HasPrefix(line, id+" ") && strings.HasSuffix(line, "\n") {
			text += line
		}
	}
	_, err = f.WriteAt([]byte(text), 0)
	return errors.Join(err, f.Truncate(int64(len(text))), f.Sync())
}

// settleIn gives the database an instance id and the file its line, as long as
// there is nothing to be sent twice: the ledger is empty.
func (s *Store) settleIn(ctx context.Context) error {
	if s.instance.file == "" {
		return nil
	}
	id, used, err := s.instanceID(ctx)
	if err != nil || used {
		return err
	}
	if id == "" {
		if id, err = s.newInstanceID(ctx); err != nil {
			return err
		}
	}
	if ok, err := s.instance.listed(ctx, id, s); err == nil && ok {
		return nil
	}
	if err := s.instance.add(ctx, id, s); err != nil {
		s.log.Warn("nothing can be sent: the instance file cannot be written", "file", s.instance.file, "err", err)
	}
	return nil
}

// instanceID gives the database's id, "" when it has none, and whether
// anything is on the ledger.
func (s *Store) instanceID(ctx context.Context) (id string, used bool, err error) {
	err = s.view(ctx, func(x *tx) error {
		var n int
		if err := x.row(`SELECT count(*) FROM (SELECT 1 AS one FROM dispatches LIMIT 1) AS d`).Scan(&n); err != nil {
			return err
		}
		used = n > 0
		err := x.row(`SELECT value FROM settings WHERE name = $1`, settingInstance).Scan(&id)
		if errors.Is(err, sql.ErrNoRows) {
			err = nil
		}
		return err
	})
	return id, used, err
}

// newInstanceID gives the database an id, unless another process has.
func (s *Store) newInstanceID(ctx context.Context) (id string, err error) {
	err = s.write(ctx, func(x *tx) error {
		if err := x.exec(`INSERT INTO settings (name, value) VALUES ($1, $2) ON CONFLICT DO NOTHING`, settingInstance, rand.Text()); err != nil {
			return err
		}
		return x.row(`SELECT value FROM settings WHERE name = $1`, settingInstance).Scan(&id)
	})
	return id, err
}

// SendingHeld says why nothing may be sent from this database, in one sentence
// for people; "" when it may.
func (s *Store) SendingHeld(ctx context.Context) (string, error) {
	if s.instance.file == "" {
		return "", nil
	}
	id, _, err := s.instanceID(ctx)
	if err != nil {
		return "", err
	}
	if id != "" {
		ok, err := s.instance.listed(ctx, id, s)
		if err != nil {
			return "nothing is sent: the file " + s.instance.file + " cannot be read", nil
		}
		if ok {
			return "", nil
		}
	}
	return "nothing is sent: this database was restored, copied or moved; when no other copy of it sends mail, an administrator confirms that this one may", nil
}

// ConfirmInstance notes that this database, where it lies now, may send: a
// person has made sure that no other copy of it does.
func (s *Store) ConfirmInstance(ctx context.Context, v crm.Viewer) error {
	if !v.MayAdminister() {
		return crm.Forbidden("only an administrator may confirm that this database sends")
	}
	if s.instance.file == "" {
		return nil
	}
	id, err := s.newInstanceID(ctx)
	if err != nil {
		return err
	}
	if err := s.instance.add(ctx, id, s); err != nil {
		return crm.Unavailable(err, "the file %s cannot be written; make it writable for Kaveri", s.instance.file)
	}
	return nil
}

// anotherInstance gives a restored database a new id, so that no file lists it.
func (x *tx) anotherInstance() error {
	return x.exec(`UPDATE settings SET value = $1 WHERE name = $2`, rand.Text(), settingInstance)
}
