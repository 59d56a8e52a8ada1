package store_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
	"time"

	"kaveri/crm"
	"kaveri/store"
)

// guarded opens the database of a folder, with the instance file beside it.
func guarded(t *testing.T, dir string) *store.Store {
	t.Helper()
	o := options
	o.Instance = filepath.Join(dir, "instance")
	s, err := store.Open(t.Context(), "sqlite://"+filepath.Join(dir, "kaveri.db"), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// enlists puts somebody on the ledger.
func enlists(t *testing.T, s *store.Store) {
	t.Helper()
	m := crm.Mailing{Kind: crm.MailingAudience, From: crm.Party{Address: "news@firm.example"}, Template: crm.Template{Subject: "news"}}
	_, sum, err := s.AddMailing(t.Context(), crm.SystemViewer, m, func(yield func(crm.Recipient, error) bool) { yield(crm.Recipient{Address: "a@x.example"}, nil) }, nil)
	if err != nil || sum.Queued != 1 {
		t.Fatal(sum, err)
	}
}

// sends holds whether the database sends against what is said about it.
func sends(t *testing.T, s *store.Store, want bool, when string) {
	t.Helper()
	held, err := s.SendingHeld(t.Context())
	if err != nil || (held == "") != want {
		t.Errorf("%s: held %q, %v", when, held, err)
	}
	l, err := s.AcquireLease(t.Context(), "test", time.Minute)
	if (err == nil) != want || !want && (crm.KindOf(err) != crm.KindForbidden || err.Error() != held) {
		t.Errorf("%s: the lease is %+v, %v", when, l, err)
	}
	if err == nil {
		if err := s.ReleaseLease(t.Context(), l); err != nil {
			t.Error(err)
		}
	}
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	b, err := os.ReadFile(from)
	if err == nil {
		err = os.WriteFile(to, b, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// A database that is not where it was, or was restored, sends nothing until a
// person says that it may.
func TestInstance(t *testing.T) {
	home := t.TempDir()
	s := guarded(t, home)
	sends(t, s, true, "new")
	enlists(t, s)
	sends(t, s, true, "in use")
	var backup bytes.Buffer
	if _, err := s.Backup(t.Context(), &backup, nil); err != nil {
		t.Fatal(err)
	}
	s.Close()
	s = guarded(t, home)
	sends(t, s, true, "started again")
	s.Close()

	// A copy of the whole folder.
	other := t.TempDir()
	for _, name := range []string{"kaveri.db", "instance"} {
		copyFile(t, filepath.Join(home, name), filepath.Join(other, name))
	}
	c := guarded(t, other)
	sends(t, c, false, "a copy")
	if err := c.ConfirmInstance(t.Context(), crm.Viewer{Staff: 7, Role: crm.StaffMember}); crm.KindOf(err) != crm.KindForbidden {
		t.Errorf("anybody confirms: %v", err)
	}
	if err := c.ConfirmInstance(t.Context(), crm.SystemViewer); err != nil {
		t.Error(err)
	}
	sends(t, c, true, "a copy that was confirmed")

	// The database's file alone, set back from a copy beside the same key.
	copyFile(t, filepath.Join(home, "kaveri.db"), filepath.Join(home, "copy.db"))
	if err := os.Rename(filepath.Join(home, "copy.db"), filepath.Join(home, "kaveri.db")); err != nil {
		t.Fatal(err)
	}
	s = guarded(t, home)
	sends(t, s, false, "set back")
	s.Close()

	// A backup, restored beside the same key, into a file of another name.
	o := options
	o.Instance = filepath.Join(home, "instance")
	dsn := "sqlite://" + filepath.Join(home, "restored.db")
	if _, err := store.Restore(t.Context(), dsn, o, &backup, nil); err != nil {
		t.Fatal(err)
	}
	r, err := store.Open(t.Context(), dsn, o)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	sends(t, r, false, "restored")
	if err := r.ConfirmInstance(t.Context(), crm.SystemViewer); err != nil {
		t.Error(err)
	}
	sends(t, r, true, "restored and confirmed")
	if err := os.Remove(o.Instance); err != nil {
		t.Fatal(err)
	}
	sends(t, r, false, "without its file")
}
