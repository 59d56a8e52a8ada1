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

// No file of the database has the private part of a key.
func TestDKIMKeysAreSealed(t *testing.T) {
	dir := t.TempDir()
	s, err := store.Open(t.Context(), "sqlite://"+filepath.Join(dir, "kaveri.db"), options)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	key := crm.DKIMKey{Domain: "x.example", Selector: "s", Algorithm: crm.DKIMEd25519, Public: []byte("what DNS shows"), Private: []byte("what nobody sees"), Created: time.Now()}
	if err := s.AddDKIMKeys(t.Context(), crm.SystemViewer, []crm.DKIMKey{key}); err != nil {
		t.Fatal(err)
	}
	if err := s.UseDKIMKeys(t.Context(), crm.SystemViewer, "x.example"); err != nil {
		t.Fatal(err)
	}
	shown := false
	for _, name := range []string{"kaveri.db", "kaveri.db-wal"} {
		content, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		shown = shown || bytes.Contains(content, key.Public)
		if bytes.Contains(content, key.Private) {
			t.Errorf("%s has the private part", name)
		}
	}
	if !shown {
		t.Error("the key is in none of the files: the test looks in the wrong place")
	}
	keys, err := s.SigningKeys(t.Context())
	if err != nil || len(keys) != 1 || !bytes.Equal(keys[0].Private, key.Private) {
		t.Errorf("the signer gets %+v, %v", keys, err)
	}
}
