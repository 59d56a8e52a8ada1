package testpg

import (
	"database/sql"
	"errors"
	"fmt"
	"testing"
)

func open(t testing.TB, dsn string) *sql.DB {
	t.Helper()
	db, err := sql.Open("pgx", dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

func run(t testing.TB, db *sql.DB, query string, args ...any) {
	t.Helper()
	if _, err := db.Exec(query, args...); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
}

func count(t testing.TB, db *sql.DB, query string, args ...any) int {
	t.Helper()
	var n int
	if err := db.QueryRow(query, args...).Scan(&n); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return n
}

// Each call gives an empty database: what one test writes, another does not see.
func TestDatabasesAreSeparate(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a PostgreSQL server")
	}
	a, b := open(t, DSN(t)), open(t, DSN(t))
	run(t, a, "CREATE TABLE friend (name TEXT)")
	run(t, a, "INSERT INTO friend VALUES ($1)", "Päivi")
	if n := count(t, a, "SELECT count(*) FROM friend WHERE name = $1", "Päivi"); n != 1 {
		t.Errorf("the first database has %d rows, want 1", n)
	}
	if n := count(t, b, "SELECT count(*) FROM pg_tables WHERE tablename = 'friend'"); n != 0 {
		t.Error("the second database has the first one's table")
	}
}

// The database goes with its test, even when the test left a connection open.
func TestDroppedAtCleanup(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a PostgreSQL server")
	}
	admin := open(t, DSN(t))
	var name string
	t.Run("inner", func(t *testing.T) {
		db, err := sql.Open("pgx", DSN(t))
		if err != nil {
			t.Fatal(err)
		}
		if err := db.QueryRow("SELECT current_database()").Scan(&name); err != nil {
			t.Fatal(err)
		}
		// db stays open on purpose
	})
	if n := count(t, admin, "SELECT count(*) FROM pg_database WHERE datname = $1", name); n != 0 {
		t.Errorf("the database %s outlived its test", name)
	}
}

func TestParallelCreation(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a PostgreSQL server")
	}
	for i := range 16 {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			t.Parallel()
			if n := count(t, open(t, DSN(t)), "SELECT 1"); n != 1 {
				t.Errorf("SELECT 1 gives %d", n)
			}
		})
	}
}

// A prepared database is filled once, and its copies are independent of each other.
func TestPrepared(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a PostgreSQL server")
	}
	runs, name := 0, newName() // a new name, since the server outlives a -count of more than one
	fill := func(dsn string) error {
		runs++
		db, err := sql.Open("pgx", dsn)
		if err != nil {
			return err
		}
		_, err = db.Exec("CREATE TABLE rung (n INT)")
		return errors.Join(err, db.Close())
	}
	t.Run("copies", func(t *testing.T) {
		for i := range 3 {
			t.Run(fmt.Sprint(i), func(t *testing.T) {
				t.Parallel()
				db := open(t, Prepared(t, name, fill))
				run(t, db, "INSERT INTO rung VALUES (1)")
				if n := count(t, db, "SELECT count(*) FROM rung"); n != 1 {
					t.Errorf("the copy has %d rows, want 1", n)
				}
			})
		}
	})
	if runs != 1 {
		t.Errorf("prepared %d times, want once", runs)
	}
}

func TestVersionOrder(t *testing.T) {
	for path, want := range map[string]float64{
		"/usr/lib/postgresql/15/bin/postgres":  15,
		"/usr/lib/postgresql/9.6/bin/postgres": 9.6,
		"/usr/lib/postgresql/dev/bin/postgres": 0,
	} {
		if got := version(path); got != want {
			t.Errorf("version(%q) = %v, want %v", path, got, want)
		}
	}
}

func BenchmarkDSN(b *testing.B) {
	for b.Loop() {
		DSN(b)
	}
}
