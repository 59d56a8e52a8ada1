package store

import (
	"context"
	"embed"
	"io/fs"
	"path"
	"sort"
	"testing/fstest"
	"time"

	"github.com/pressly/goose/v3"

	"kaveri/crm"
)

//go:embed migrations
var migrationFiles embed.FS

// Migration is one step of the schema's history.
type Migration struct {
	Version int64
	Name    string
	Applied time.Time // zero while pending
}

// migrations merges the common steps with those of the engine into one
// history, with each text in the engine's spelling.
func (e *engine) migrations() (fs.FS, error) {
	merged := fstest.MapFS{}
	for _, dir := range []string{"migrations/both", "migrations/" + e.name} {
		files, err := fs.ReadDir(migrationFiles, dir)
		if err != nil {
			return nil, err
		}
		for _, f := range files {
			b, err := fs.ReadFile(migrationFiles, path.Join(dir, f.Name()))
			if err != nil {
				return nil, err
			}
			merged[f.Name()] = &fstest.MapFile{Data: []byte(e.ddl(string(b)))}
		}
	}
	return merged, nil
}

func (s *Store) provider() (*goose.Provider, error) {
	files, err := s.engine.migrations()
	if err != nil {
		return nil, err
	}
	dialect := goose.DialectSQLite3
	if s.engine == postgresEngine {
		dialect = goose.DialectPostgres
	}
	return goose.NewProvider(dialect, s.w, files)
}

// Migrate brings the schema up to date and gives the steps it took. Two
// processes may start at once: the second waits for the first.
func (s *Store) Migrate(ctx context.Context) ([]Migration, error) {
	unlock, err := s.migrationLock(ctx)
	if err != nil {
		return nil, err
	}
	defer unlock()
	p, err := s.provider()
	if err != nil {
		return nil, err
	}
	newest := p.ListSources()[len(p.ListSources())-1].Version
	have, err := p.GetDBVersion(ctx)
	if err != nil {
		return nil, err
	}
	if have > newest {
		return nil, crm.Of("database", crm.Conflict("the database is of a newer Kaveri (schema %d, this one knows %d); use that version", have, newest))
	}
	done, err := p.Up(ctx)
	if err != nil {
		return nil, err
	}
	var out []Migration
	for _, r := range done {
		out = append(out, Migration{Version: r.Source.Version, Name: path.Base(r.Source.Path), Applied: s.now()})
	}
	return out, nil
}

// Migrations lists the schema's history.
func (s *Store) Migrations(ctx context.Context) ([]Migration, error) {
	p, err := s.provider()
	if err != nil {
		return nil, err
	}
	status, err := p.Status(ctx)
	if err != nil {
		return nil, err
	}
	var out []Migration
	for _, st := range status {
		out = append(out, Migration{Version: st.Source.Version, Name: path.Base(st.Source.Path), Applied: st.AppliedAt})
	}
	sort.Slice(out, func(i, j int) bool { return out[i].Version < out[j].Version })
	return out, nil
}

// migrationLock holds off a second process that starts at the same time: a
// row in a table of its own, taken by an upsert and freed by its age when the
// holder died.
func (s *Store) migrationLock(ctx context.Context) (unlock func(), err error) {
	const stale = 2 * time.Minute
	if _, err := s.w.ExecContext(ctx, s.engine.ddl(`CREATE TABLE IF NOT EXISTS migration_lock (id BIGINT PRIMARY KEY, held_us BIGINT NOT NULL)`)); err != nil && !s.engine.unique(err) {
		return nil, err
	}
	take := s.bound.sql(`INSERT INTO migration_lock (id, held_us) VALUES (1, $1) ON CONFLICT (id) DO UPDATE SET held_us = $2 WHERE migration_lock.held_us < $3`)
	for {
		now := time.Now()
		r, err := s.w.ExecContext(ctx, take, now.UnixMicro(), now.UnixMicro(), now.Add(-stale).UnixMicro())
		if err != nil && !s.engine.retryable(err) {
			return nil, err
		}
		if err == nil {
			if n, _ := r.RowsAffected(); n == 1 {
				break
			}
		}
		select {
		case <-ctx.Done():
			return nil, crm.Unavailable(ctx.Err(), "another process is changing the schema")
		case <-time.After(100 * time.Millisecond):
		}
	}
	return func() {
		if _, err := s.w.Exec(`DELETE FROM migration_lock WHERE id = 1`); err != nil {
			s.log.Warn("the migration lock was not freed", "err", err)
		}
	}, nil
}
