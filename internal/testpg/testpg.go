package testpg

import (
	"context"
	"crypto/rand"
	"database/sql"
	"fmt"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"
)

// theServer is the one server of this process, started at first need.
var theServer = sync.OnceValues(start)

// DSN returns the address, as a postgres:// URL, of a fresh empty database that is dropped when the test ends. The
// test owns the database alone and may open as many connections as it likes (the server allows 300 in all).
func DSN(t testing.TB) string {
	t.Helper()
	return clone(t, "template1")
}

// Through is DSN with a proxy before the server: via is given the path of the server's socket and returns the address
// ("host:port") that the connections of the DSN go to.
func Through(t testing.TB, via func(socket string) string) string {
	t.Helper()
	direct, err := url.Parse(DSN(t))
	if err != nil {
		t.Fatalf("testpg: %v", err)
	}
	direct.Host = via(filepath.Join(running(t).dir.Path, socketName))
	direct.RawQuery = url.Values{"sslmode": {"disable"}}.Encode()
	return direct.String()
}

// Prepared is DSN for a database that starts as prepare left it. The first call with a name runs prepare on an empty
// database; each call, also the first, returns a copy of the result. prepare must close its connections.
func Prepared(t testing.TB, name string, prepare func(dsn string) error) string {
	t.Helper()
	s := running(t)
	s.mu.Lock()
	p, ok := s.prepared[name]
	if !ok {
		p = sync.OnceValues(func() (string, error) { return s.prepare(prepare) })
		s.prepared[name] = p
	}
	s.mu.Unlock()
	template, err := p()
	if err != nil {
		t.Fatalf("testpg: prepare database %q: %v", name, err)
	}
	return clone(t, template)
}

func running(t testing.TB) *server {
	t.Helper()
	s, err := theServer()
	if err != nil {
		t.Fatalf("testpg: %v", err)
	}
	return s
}

func clone(t testing.TB, template string) string {
	t.Helper()
	s := running(t)
	name := newName()
	if err := s.create(name, template); err != nil {
		t.Fatalf("testpg: %v%s", err, s.lastWords())
	}
	t.Cleanup(func() {
		// FORCE: a test that failed may have left connections open.
		if _, err := s.admin.Exec("DROP DATABASE IF EXISTS " + name + " WITH (FORCE)"); err != nil {
			t.Errorf("testpg: drop %s: %v%s", name, err, s.lastWords())
		}
	})
	return s.dsn(name)
}

func newName() string { return "t" + strings.ToLower(rand.Text()[:16]) }

func (s *server) prepare(fill func(dsn string) error) (string, error) {
	name := newName()
	if err := s.create(name, "template1"); err != nil {
		return "", err
	}
	return name, fill(s.dsn(name))
}

// create serialises: two CREATE DATABASE from one template at the same time fail, since the source must be idle.
func (s *server) create(name, template string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, err := s.admin.ExecContext(context.Background(), "CREATE DATABASE "+name+" TEMPLATE "+template)
	return err
}

func (s *server) dsn(database string) string {
	u := url.URL{
		Scheme:   "postgres",
		User:     url.User(superuser),
		Path:     "/" + database,
		RawQuery: url.Values{"host": {s.dir.Path}, "sslmode": {"disable"}}.Encode(),
	}
	return u.String()
}

func openAdmin(dsn string) (*sql.DB, error) {
	db, err := sql.Open("pgx", dsn)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", dsn, err)
	}
	db.SetMaxOpenConns(4)
	return db, nil
}

// Admin runs a statement as the server's owner; its %s is the database of the DSN. The sessions of that database are
// ended, as a change of its settings needs.
func Admin(t testing.TB, dsn, statement string) {
	t.Helper()
	s := running(t)
	u, err := url.Parse(dsn)
	if err != nil {
		t.Fatalf("testpg: %v", err)
	}
	name := strings.TrimPrefix(u.Path, "/")
	if _, err := s.admin.Exec(fmt.Sprintf(statement, name)); err != nil {
		t.Fatalf("testpg: %v", err)
	}
	if _, err := s.admin.Exec(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1`, name); err != nil {
		t.Fatalf("testpg: %v", err)
	}
}
