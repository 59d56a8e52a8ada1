package store

import (
	"context"
	"database/sql"
	"errors"
	"io"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"kaveri/crm"
	_ "kaveri/internal/buildtags" // without full-text search this package does not compile
)

// Options are what a store needs beside its address.
type Options struct {
	// Key makes keyed hashes and seals mailbox passwords. 32 bytes, kept
	// outside the database.
	Key []byte
	// Instance is a file outside the database that says from where it may send,
	// see [Store.SendingHeld]. "" asks nobody: for tests and for tools that
	// send nothing.
	Instance string
	// Now is the clock; nil is time.Now.
	Now func() time.Time
	// Log takes warnings; nil is silent.
	Log *slog.Logger
}

// Store is all persistent state. It is safe for concurrent use.
type Store struct {
	engine   *engine
	bound    bound
	w, r     *sql.DB
	key      keys
	keyring  crm.Keyring
	instance instance
	now      func() time.Time
	log      *slog.Logger
	ids      idBlock
	group    *group
	events   broadcaster
	dsn      string
	sendMu   sync.Mutex
	sendLock io.Closer   // held while this process has the right to send, see standAlone
	segments *segments   // nil: raw mail stands in its rows
	untidy   atomic.Bool // something was removed and is still to be erased

	endTend   context.CancelFunc
	tended    chan struct{}
	closeOnce sync.Once
}

// Open opens the database at dsn (sqlite:///path or postgres://...), brings
// its schema up to date and returns the store.
func Open(ctx context.Context, dsn string, o Options) (*Store, error) {
	s, err := OpenUnmigrated(ctx, dsn, o)
	if err != nil {
		return nil, err
	}
	if _, err = s.Migrate(ctx); err == nil {
		err = s.checkKey(ctx)
	}
	if err == nil {
		err = s.settleIn(ctx)
	}
	if err == nil {
		err = s.decideStale(ctx) // what a process that ended has left
	}
	if err == nil {
		err = s.Tidy(ctx)
	}
	if err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

// checkKey refuses a key that is not the one the database was made with:
// passwords would not open, and keyed hashes would match nothing without
// anybody noticing.
func (s *Store) checkKey(ctx context.Context) error {
	var mark string
	err := s.r.QueryRowContext(ctx, `SELECT value FROM settings WHERE name = 'key mark'`).Scan(&mark)
	if errors.Is(err, sql.ErrNoRows) {
		return s.write(ctx, func(x *tx) error {
			return x.exec(`INSERT INTO settings (name, value) VALUES ('key mark', $1) ON CONFLICT DO NOTHING`, s.key.mark())
		})
	}
	if err == nil && mark != s.key.mark() {
		err = crm.Invalid("key", "this key does not belong to this database; give the key file that was made with it")
	}
	return err
}

// OpenUnmigrated opens the database and leaves its schema as it is: for
// kaveri migrate status.
func OpenUnmigrated(ctx context.Context, dsn string, o Options) (*Store, error) {
	e, err := engineFor(dsn)
	if err != nil {
		return nil, err
	}
	key, err := newKeys(o.Key)
	if err != nil {
		return nil, err
	}
	w, r, err := e.open(ctx, dsn)
	if err != nil {
		return nil, err
	}
	s := &Store{engine: e, w: w, r: r, key: key, keyring: key.ring(), instance: instance{o.Instance, dsn}, dsn: dsn, now: o.Now, log: o.Log}
	s.bound.rewrite = e.bind
	if s.now == nil {
		s.now = time.Now
	}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	if e.segments != nil {
		dir, err := e.segments(dsn)
		if err == nil {
			s.segments, err = newSegments(dir)
		}
		if err != nil {
			w.Close()
			r.Close()
			return nil, err
		}
	}
	s.group = newGroup(s)
	s.tended = make(chan struct{})
	tend, cancel := context.WithCancel(context.Background())
	s.endTend = cancel
	go func() {
		defer close(s.tended)
		if e.tend != nil {
			e.tend(tend, dsn, s.log, s.group.whenQuiet)
		}
	}()
	return s, nil
}

func engineFor(dsn string) (*engine, error) {
	switch scheme, _, _ := strings.Cut(dsn, ":"); scheme {
	case "sqlite":
		return sqliteEngine, nil
	case "postgres", "postgresql":
		return postgresEngine, nil
	}
	return nil, crm.Invalid("database", "%q is not understood; write sqlite:///path/kaveri.db or postgres://user@host/name", dsn)
}

// Close finishes what is being written and closes the database. It may be
// called more than once.
func (s *Store) Close() error {
	var err error
	s.closeOnce.Do(func() {
		s.endTend()
		s.group.stop()
		<-s.tended
		s.standAside()
		s.segments.close()
		s.events.close()
		if s.r != s.w {
			s.r.Close()
		}
		err = s.w.Close()
	})
	return err
}

// Keyring gives the keyring of the tokens that go out in mail: a key for each
// purpose, derived from the key outside the database.
func (s *Store) Keyring() crm.Keyring { return s.keyring }

// Engine names the database engine, for people: "sqlite" or "postgres".
func (s *Store) Engine() string { return s.engine.name }

func micros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

func fromMicros(us int64) time.Time {
	if us == 0 {
		return time.Time{}
	}
	return time.UnixMicro(us).UTC()
}
