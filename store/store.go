package store

import (
	"context"
	"database/sql"
	"log/slog"
	"strings"
	"sync"
	"time"

	"kaveri/crm"
	_ "kaveri/internal/buildtags" // without full-text search this package does not compile
)

// Options are what a store needs beside its address.
type Options struct {
	// Key makes keyed hashes and seals mailbox passwords. 32 bytes, kept
	// outside the database.
	Key []byte
	// Now is the clock; nil is time.Now.
	Now func() time.Time
	// Log takes warnings; nil is silent.
	Log *slog.Logger
}

// Store is all persistent state. It is safe for concurrent use.
type Store struct {
	engine *engine
	bound  bound
	w, r   *sql.DB
	key    keys
	now    func() time.Time
	log    *slog.Logger
	ids    idBlock
	group  *group
	events broadcaster

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
	if _, err := s.Migrate(ctx); err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
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
	s := &Store{engine: e, w: w, r: r, key: key, now: o.Now, log: o.Log}
	s.bound.rewrite = e.bind
	if s.now == nil {
		s.now = time.Now
	}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
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
		s.events.close()
		if s.r != s.w {
			s.r.Close()
		}
		err = s.w.Close()
	})
	return err
}

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
