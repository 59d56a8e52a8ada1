package enrich_test

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"kaveri/crm"
	"kaveri/ingest"
	"kaveri/ingest/enrich"
	"kaveri/store"
)

// TestRun imports a Finnish mail and waits for its customer to be Finnish.
func TestRun(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	s, err := store.Open(ctx, "sqlite://"+filepath.Join(t.TempDir(), "kaveri.db"), store.Options{Key: make([]byte, store.KeySize)})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	check := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	check(s.SaveFirm(ctx, crm.SystemViewer, crm.Firm{Name: "Oy", Domains: []string{"oy.example"}, Policy: crm.PolicyAll}))
	aino, err := s.AddStaff(ctx, crm.SystemViewer, crm.Staff{Name: "Aino", Address: "aino@oy.example", Role: crm.StaffAdmin}, "a long password")
	check(err)
	c, err := s.AddCustomer(ctx, crm.SystemViewer, "Olli", []crm.Address{"olli@asiakas.example"})
	check(err)
	_, err = ingest.Import(ctx, s, ingest.ImportOptions{Kind: "eml", Path: "testdata/letter.eml", Owner: aino.ID})
	check(err)

	done := make(chan error)
	run, stop := context.WithCancel(ctx)
	busy := 2 // times asked
	go func() {
		done <- enrich.Run(run, enrich.Options{Store: s, Busy: func() bool { busy--; return busy >= 0 }, Every: time.Hour, Pause: time.Millisecond})
	}()
	for {
		cu, err := s.Customer(ctx, crm.SystemViewer, c.ID)
		check(err)
		if cu.Language == "fi" {
			break
		}
	}
	stop()
	check(<-done)
	if n, err := enrich.CatchUp(ctx, s); n != 0 || err != nil {
		t.Errorf("what was told is told again: %d, %v", n, err)
	}
}
