package store

import (
	"context"
	"database/sql"
	"encoding/binary"
	"errors"
	"os"
	"syscall"
	"time"

	"kaveri/crm"
)

// This file takes away what removed mail has left behind beside its rows: the
// bytes in segments, the words in the index, the copies in the write-ahead log.
// The transaction that removes mail notes that this is due, so what a process
// leaves undone the next one does. docs/decisions/0006 has the reasons.

// settingTidy stands while something is to be erased.
const settingTidy = "to be erased"

// tidyLater notes in this transaction that something is to be erased.
func (x *tx) tidyLater() error {
	x.s.untidy.Store(true)
	return x.exec(`INSERT INTO settings (name, value) VALUES ($1, '') ON CONFLICT DO NOTHING`, settingTidy)
}

// Tidy erases what removed mail has left behind. It is called by what removes
// mail and when a store is opened, and may be called at any time. While a backup
// is being made it erases nothing, since that reads mail that is removed
// meanwhile; the next call does it.
func (s *Store) Tidy(ctx context.Context) error {
	var due int
	if err := s.r.QueryRowContext(ctx, s.bound.sql(`SELECT count(*) FROM settings WHERE name = $1`), settingTidy).Scan(&due); err != nil || due == 0 {
		return err
	}
	done := false
	defer func() {
		if !done {
			s.untidy.Store(true)
		}
	}()
	unlock, free, err := s.segments.hold(syscall.LOCK_EX | syscall.LOCK_NB)
	if err != nil || !free {
		return err
	}
	defer unlock()
	s.untidy.Store(false)
	if err := s.write(ctx, (*tx).forgetExcluded); err != nil {
		return err
	}
	if err := s.eraseRaws(ctx); err != nil {
		return err
	}
	if err := s.purgeIndex(ctx); err != nil {
		return err
	}
	// Somebody may be reading an old state, or copying the log, just now. Between
	// the tries others can write.
	clean := s.engine.purge == nil
	for try := 0; !clean && err == nil && try < purgeTries; try++ {
		s.group.whenQuiet(func(w *sql.DB) { clean, err = s.engine.purge(ctx, w) })
	}
	if err != nil { // it is tried again; the rows, bytes and words are gone
		s.log.Warn("files could not be purged of what was removed", "err", err)
	}
	if err != nil || !clean {
		return nil
	}
	return s.write(ctx, func(x *tx) error {
		if s.untidy.Load() { // more was removed meanwhile
			return nil
		}
		done = true
		return x.exec(`DELETE FROM settings WHERE name = $1`, settingTidy)
	})
}

// purgeTries is how often the log is tried to be emptied, half a second each; after
// that it is the next Tidy's.
const purgeTries = 20

// How often, and after what pause, the log is tried to be emptied.
const (
	emptyTries = 10
	emptyPause = 50 * time.Millisecond
)

// eraseChunk is how many mails are erased between two transactions.
const eraseChunk = 2000

// eraseRaws overwrites the raw mail that no row refers to any more.
func (s *Store) eraseRaws(ctx context.Context) error {
	for s.segments != nil {
		rows, err := s.r.QueryContext(ctx, s.bound.sql(`SELECT place FROM erasures ORDER BY place LIMIT $1`), eraseChunk)
		places, err := collect(rows, err, func(r *sql.Rows, p *[]byte) error { return r.Scan(p) })
		if err != nil || len(places) == 0 {
			return err
		}
		if err := s.segments.erase(places); err != nil {
			return passing(err)
		}
		if err := s.write(ctx, func(x *tx) error {
			return each(x, `DELETE FROM erasures WHERE place IN (IN)`, nil, places, nothing)
		}); err != nil {
			return err
		}
	}
	return nil
}

// erase overwrites mails in their segments, in the order of their places, and
// returns when that is durable.
func (g *segments) erase(places [][]byte) (err error) {
	var file *os.File
	done := func() error {
		if file == nil {
			return nil
		}
		err := syscall.Fdatasync(int(file.Fd()))
		return errors.Join(err, file.Close())
	}
	at := int64(0)
	zeros := make([]byte, 256<<10)
	for _, p := range places {
		if len(p) != 28 {
			continue
		}
		if id := int64(binary.BigEndian.Uint64(p[4:])); file == nil || id != at {
			if err := done(); err != nil {
				return err
			}
			if file, err = os.OpenFile(g.path(id), os.O_WRONLY, 0); errors.Is(err, os.ErrNotExist) {
				file = nil // with the bytes
				continue
			} else if err != nil {
				return err
			}
			at = id
		}
		offset, length := int64(binary.BigEndian.Uint64(p[12:])), int64(binary.BigEndian.Uint64(p[20:]))
		for length > 0 {
			n := min(length, int64(len(zeros)))
			if _, err := file.WriteAt(zeros[:n], offset); err != nil {
				file.Close()
				return err
			}
			offset, length = offset+n, length-n
		}
	}
	return done()
}

// hold locks the segments against erasing (LOCK_SH) or for it (LOCK_EX), for
// every process. free is false when LOCK_NB was asked for and somebody has them.
func (g *segments) hold(how int) (unlock func(), free bool, err error) {
	if g == nil {
		return func() {}, true, nil
	}
	dir, err := os.Open(g.dir)
	if err != nil {
		return nil, false, passing(err)
	}
	if err := syscall.Flock(int(dir.Fd()), how); err != nil {
		dir.Close()
		if errors.Is(err, syscall.EWOULDBLOCK) {
			err = nil
		}
		return nil, false, err
	}
	return func() { dir.Close() }, true, nil
}

// purgeIndex has the search index forget the words of removed mail, step by step
// so that others can write meanwhile.
func (s *Store) purgeIndex(ctx context.Context) error {
	for step := 0; s.engine.purgeIndex != nil; step++ {
		more := false
		if err := s.write(ctx, func(x *tx) (err error) {
			more, err = s.engine.purgeIndex(x, step == 0)
			return err
		}); err != nil || !more {
			return err
		}
	}
	return nil
}

// purgeFTS5 takes a step of merging all segments of the index into one, by which
// it drops the words of deleted rows: a contentless table only marks them until
// then. It reports whether there is more to do.
func purgeFTS5(x *tx, first bool) (more bool, err error) {
	const pages = 500 // about 2 MB
	n := pages
	if first {
		n = -pages // takes hold of the segments that there are now
	}
	var before, after int64
	if err := x.row(`SELECT total_changes()`).Scan(&before); err != nil {
		return false, err
	}
	if err := x.exec(`INSERT INTO search (search, rank) VALUES ('merge', $1)`, n); err != nil {
		return false, err
	}
	err = x.row(`SELECT total_changes()`).Scan(&after)
	return after-before >= 2, err
}

// purgeSQLite empties the write-ahead log, which still has pages as they were.
// A reader who is in an old state of the database is waited for briefly.
func purgeSQLite(ctx context.Context, w *sql.DB) (clean bool, err error) {
	wait := func(ms string) error {
		var set int
		return w.QueryRowContext(context.WithoutCancel(ctx), `PRAGMA busy_timeout = `+ms).Scan(&set)
	}
	if err := wait("500"); err != nil {
		return false, err
	}
	// Who copies the log already, as what tends the file does, is not waited for:
	// SQLite's timeout is for readers.
	for try := 0; try < emptyTries && !clean && err == nil; try++ {
		if try > 0 {
			time.Sleep(emptyPause)
		}
		var busy, used, copied int64
		err = w.QueryRowContext(ctx, `PRAGMA wal_checkpoint(TRUNCATE)`).Scan(&busy, &used, &copied)
		clean = err == nil && busy == 0
	}
	return clean, errors.Join(err, wait("10000"))
}

// purgePostgres has PostgreSQL take removed rows out of its tables and indexes.
func purgePostgres(ctx context.Context, w *sql.DB) (clean bool, err error) {
	_, err = w.ExecContext(ctx, `VACUUM messages, raws, search, participants, attachments, links, thread_ids, addresses`)
	return err == nil, err
}

// errErased says that a mail was removed while it was being read.
var errErased = crm.NotFound("this mail is not kept any more")
