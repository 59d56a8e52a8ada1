package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/mattn/go-sqlite3"

	"kaveri/crm"
)

// minSQLite is the first release without the WAL-reset race, which can corrupt
// a database under concurrent checkpoints (3.7.0 to 3.51.2).
const minSQLite = 3051003

var sqliteEngine = &engine{
	name: "sqlite",
	bind: bindNumbered,
	ddl:  ddlSQLite,
	open: openSQLite,
	tend: tendSQLite,
	segments: func(dsn string) (string, error) {
		path, err := sqlitePath(dsn)
		return strings.TrimSuffix(path, ".db") + "-raw", err
	},
	clock: `0`,
	alone: lockSending,
	place: func(_ context.Context, dsn string, _ *sql.DB) (string, error) {
		path, err := sqlitePath(dsn)
		if err != nil {
			return "", err
		}
		info, err := os.Stat(path)
		if err != nil {
			return "", err
		}
		return fileMark(info), nil
	},
	retryable: func(err error) bool {
		var e sqlite3.Error
		return errors.As(err, &e) && (e.Code == sqlite3.ErrBusy || e.Code == sqlite3.ErrLocked)
	},
	unique: func(err error) bool {
		var e sqlite3.Error
		return errors.As(err, &e) && (e.ExtendedCode == sqlite3.ErrConstraintUnique || e.ExtendedCode == sqlite3.ErrConstraintPrimaryKey)
	},
	match: `SELECT id, r FROM (SELECT rowid AS id, -bm25(search, 8.0, 4.0, 1.0, 2.0) AS r
FROM search WHERE search MATCH $1 ORDER BY rowid DESC LIMIT $2) ORDER BY r DESC, id DESC LIMIT $3`,
	matchQuery: matchFTS5,
	index:      `INSERT INTO search (rowid, subject, people, body, files) VALUES `,
	// QUIRK: FTS5 writes a segment whenever a savepoint begins while it holds
	// documents, and a statement of several rows begins one. Row by row, and
	// last in a transaction, there is one segment for all.
	indexRows:   1,
	indexCols:   5,
	indexValues: func(d document) []any { return []any{d.subject, d.people, d.body, d.files} },
	unindex:     `DELETE FROM search WHERE rowid = $1`,
	purgeIndex:  purgeFTS5,
	purge:       purgeSQLite,
	integrity:   `PRAGMA integrity_check(1)`,
	// QUIRK: FTS5 checks by what the connection remembers of the index, and
	// calls it corrupt when another one has written since. Any search makes it
	// look again.
	refresh: `SELECT count(*) FROM search WHERE search MATCH 'kaveri'`,
}

// openSQLite opens sqlite:///path. The file is created when missing.
func openSQLite(ctx context.Context, dsn string) (writer, reader *sql.DB, err error) {
	path, err := sqlitePath(dsn)
	if err != nil {
		return nil, nil, err
	}
	if err := checkSQLite(); err != nil {
		return nil, nil, err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, nil, crm.Invalid("database", "the folder of %s cannot be made: %v", path, err)
	}
	// The file holds customers' mail: not for other users of the machine. WAL
	// and shared-memory files take their mode from it.
	if f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600); err != nil {
		return nil, nil, crm.Invalid("database", "%s cannot be opened: %v", path, err)
	} else {
		f.Close()
	}
	common := "file:" + (&url.URL{Path: path}).EscapedPath() +
		"?_busy_timeout=10000&_foreign_keys=1&_stmt_cache_size=256&_mutex=no" // database/sql gives a connection to one goroutine at a time
	// synchronous=FULL: with WAL, NORMAL forgets commits when power fails.
	// The page size takes effect when the file is made; mails are large rows.
	// secure_delete: a page that is freed holds nothing, so removed mail is gone
	// from the file; only from the first row on does that reach copies that moved.
	w, err := sql.Open("sqlite3", common+"&_synchronous=FULL&_txlock=immediate&_cache_size=-24576&_secure_delete=on")
	if err != nil {
		return nil, nil, err
	}
	w.SetMaxOpenConns(1)
	if err := prepareSQLite(ctx, w); err != nil {
		w.Close()
		return nil, nil, err
	}
	r, err := sql.Open("sqlite3", common+"&_query_only=1&_cache_size=-4096")
	if err != nil {
		w.Close()
		return nil, nil, err
	}
	r.SetMaxOpenConns(8)
	r.SetMaxIdleConns(4)
	return w, r, nil
}

func prepareSQLite(ctx context.Context, w *sql.DB) error {
	var mode string
	if err := w.QueryRowContext(ctx, `PRAGMA journal_mode=WAL`).Scan(&mode); err != nil {
		return crm.Invalid("database", "this is not an SQLite database, or it is damaged: %v", err)
	}
	if mode != "wal" {
		return fmt.Errorf("journal mode is %s, not wal: the file system cannot share memory", mode)
	}
	// Checkpoints are made beside the writer (tendSQLite), not in its commits.
	// What a statement over many rows or a savepoint would need to go back, the
	// pages it changes, is kept in memory: as a file it was more than half of
	// all that a first sync wrote.
	_, err := w.ExecContext(ctx, `PRAGMA wal_autocheckpoint = 0; PRAGMA temp_store = MEMORY`)
	return err
}

// How long the write-ahead log may grow: when tendAt bytes of it are not in the
// database yet they are copied while the writer goes on; at tendMax the writer
// waits for that, so that the log starts anew. The longer it may grow, the more
// often a page is written to the log alone and not to the database as well.
const (
	tendAt  = 32 << 20
	tendMax = 96 << 20
)

// tendSQLite copies the write-ahead log into the database beside the writer,
// on a connection of its own, so that commits wait for one fsync and not for
// two more. between is called to run a function when no transaction is open.
func tendSQLite(ctx context.Context, dsn string, log *slog.Logger, between func(func(*sql.DB))) {
	path, err := sqlitePath(dsn)
	if err != nil {
		return
	}
	db, err := sql.Open("sqlite3", "file:"+(&url.URL{Path: path}).EscapedPath()+"?_busy_timeout=1000&_synchronous=FULL")
	if err != nil {
		return
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	for {
		select {
		case <-ctx.Done():
			return
		case <-time.After(100 * time.Millisecond):
		}
		// The file stays as long as it once was: only SQLite knows how much of
		// it is in use.
		if st, err := os.Stat(path + "-wal"); err != nil || st.Size() < tendAt {
			continue
		}
		used, copied, err := checkpoint(ctx, db, "NOOP")
		if err == nil && used-copied >= tendAt {
			_, _, err = checkpoint(ctx, db, "PASSIVE")
		}
		if err == nil && used >= tendMax {
			between(func(w *sql.DB) { _, _, err = checkpoint(ctx, w, "RESTART") })
		}
		if err != nil && ctx.Err() == nil {
			log.Warn("the write-ahead log could not be copied into the database", "err", err)
		}
	}
}

// checkpoint runs one in this mode and gives how many bytes of the log are in
// use, and how many of them are in the database.
func checkpoint(ctx context.Context, db *sql.DB, mode string) (used, copied int64, err error) {
	var busy int64
	err = db.QueryRowContext(ctx, `PRAGMA wal_checkpoint(`+mode+`)`).Scan(&busy, &used, &copied)
	return used * pageSize, copied * pageSize, err
}

// pageSize is SQLite's own default; a log frame is 24 bytes more.
const pageSize = 4096

// lockSending locks a file beside the database. The kernel lets go of it when
// the process ends, however that comes.
func lockSending(dsn string) (io.Closer, error) {
	path, err := sqlitePath(dsn)
	if err != nil {
		return nil, err
	}
	f, err := os.OpenFile(path+"-send", os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, passing(err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		f.Close()
		return nil, nil
	}
	return f, nil
}

// checkSQLite asserts the embedded version and the full-text extension.
func checkSQLite() error {
	version, number, _ := sqlite3.Version()
	if number < minSQLite {
		return fmt.Errorf("embedded SQLite is %s; 3.51.3 or newer is needed", version)
	}
	return nil
}

func sqlitePath(dsn string) (string, error) {
	path, ok := strings.CutPrefix(dsn, "sqlite://")
	if !ok || path == "" || path == "/" || strings.HasPrefix(path, "/:memory:") {
		return "", crm.Invalid("database", "%q names no file; write it like sqlite:///var/lib/kaveri/kaveri.db", dsn)
	}
	return path, nil
}
