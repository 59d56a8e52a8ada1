package enrich_test

import (
	"context"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"kaveri/crm"
	"kaveri/ingest"
	"kaveri/ingest/enrich"
	"kaveri/store"
)

// TestRun imports a Finnish mail and waits for its customer to be Finnish; what
// they wish below a quotation is proposed with its place.
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
	proposed, err := s.WishProposals(ctx, crm.ViewerOf(aino), c.ID, 10)
	check(err)
	if len(proposed) != 1 || proposed[0].Kind != crm.WishWish || proposed[0].NotBefore.String() != "2025-09-01" {
		t.Fatalf("proposed: %+v", proposed)
	}
	letter, err := s.MailText(ctx, crm.ViewerOf(aino), proposed[0].Message)
	check(err)
	if !strings.HasPrefix(letter.Text[proposed[0].Place:], proposed[0].Quote) {
		t.Errorf("%q is not at %d of %q", proposed[0].Quote, proposed[0].Place, letter.Text)
	}
	if n, err := enrich.CatchUp(ctx, s); n != 0 || err != nil {
		t.Errorf("what was told is told again: %d, %v", n, err)
	}
}
