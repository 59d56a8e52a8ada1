package store

import (
	"path/filepath"
	"testing"
	"time"

	"kaveri/crm"
)

// On one machine nobody waits for the lease of a process that has died.
func TestLeaseOfTheDead(t *testing.T) {
	dsn := "sqlite://" + filepath.ToSlash(filepath.Join(t.TempDir(), "kaveri.db"))
	open := func() *Store {
		s, err := Open(t.Context(), dsn, Options{Key: make([]byte, KeySize)})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { s.Close() })
		return s
	}
	a, b := open(), open()
	first, err := a.AcquireLease(t.Context(), "a", time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.AcquireLease(t.Context(), "b", time.Hour); crm.KindOf(err) != crm.KindConflict {
		t.Fatalf("while a lives: %v", err)
	}
	a.Close() // without giving it up, as a process that is killed
	second, err := b.AcquireLease(t.Context(), "b", time.Hour)
	if err != nil || second.Token <= first.Token {
		t.Fatalf("after a has died: %+v after %+v, %v", second, first, err)
	}
}
