package outbound_test

import (
	"fmt"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"kaveri/crm"
	"kaveri/internal/testsmtp"
	"kaveri/store"
)

// A new domain sends what its plan has for the day, over restarts too; the rest
// is put off with reason and forecast, does not expire, and goes on the next
// days.
func TestWarmUp(t *testing.T) {
	engines(t, func(t *testing.T, dsn string) {
		file := filepath.Join(t.TempDir(), "accepted")
		sink := testsmtp.Start(t, testsmtp.Options{File: file})
		start := time.Date(2026, 11, 2, 9, 30, 0, 0, time.UTC)
		var days atomic.Int64 // since then
		now := func() time.Time { return start.AddDate(0, 0, int(days.Load())) }
		st := openStore(t, dsn, now)
		if _, err := st.AddSender(t.Context(), crm.SystemViewer, warming(sink.Sender())); err != nil {
			t.Fatal(err)
		}
		const n = 30
		id := toOneProvider(t, st, "shop.example", n)
		few := toOneProvider(t, st, "elsewhere.example", 2)
		sent := 0
		for day, more := range []int{3, 6, 12, 9} {
			sent += more
			for restart := range 2 {
				counts := finish(t, st, id, now, func(r crm.Recipients) bool {
					wait, err := st.MailingWaits(t.Context(), crm.SystemViewer, id)
					if err != nil {
						t.Fatal(err)
					}
					return r[crm.Sent] == sent && wait.N == n-sent
				})
				if got := len(accepted(t, file)); counts[crm.Sent] != sent || got-sent > 2 || got < sent {
					t.Fatalf("day %d, start %d: %d at the server, the ledger has %v", day+1, restart, got, counts)
				}
			}
			if day == 0 {
				wait, err := st.MailingWaits(t.Context(), crm.SystemViewer, id)
				if err != nil || !wait.Next.Equal(start.AddDate(0, 0, 1)) || !wait.Until.Equal(start.AddDate(0, 0, 3)) || wait.Reason != "warm-up: 3 mails from new.example to shop.example go today, and that many have gone" {
					t.Errorf("the forecast is %+v, %v", wait, err)
				}
				finish(t, st, few, now, func(r crm.Recipients) bool { return r[crm.Sent] == 2 }) // another provider
			}
			days.Add(1)
		}
		row, err := st.ReadMailing(t.Context(), crm.SystemViewer, id)
		if err != nil || !row.Finished() {
			t.Errorf("after four days: %+v, %v", row.Recipients, err)
		}
		for a, times := range accepted(t, file) {
			if times != 1 {
				t.Errorf("%s got %d mails", a, times)
			}
		}
	})
}

// warming is a sender whose domains warm up.
func warming(s crm.Sender) crm.Sender {
	s.Name, s.Connections, s.WarmUp = "sink", 2, crm.WarmUp{Start: 3, Factor: 2, Full: 1000}
	return s
}

// toOneProvider starts a mailing to n people of one domain.
func toOneProvider(t *testing.T, st *store.Store, domain string, n int) crm.MailingID {
	t.Helper()
	m, _, err := st.AddMailing(t.Context(), crm.SystemViewer, crm.Mailing{Kind: crm.MailingAudience, Name: domain, From: crm.Party{Address: "news@new.example"}, Patience: time.Hour, Template: crm.Template{Subject: "News", Text: "News"}},
		func(yield func(crm.Recipient, error) bool) {
			for i := range n {
				if !yield(crm.Recipient{Address: crm.Address(fmt.Sprintf("c%d@%s", i, domain))}, nil) {
					return
				}
			}
		}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := st.StartMailing(t.Context(), crm.SystemViewer, m.ID); err != nil {
		t.Fatal(err)
	}
	return m.ID
}
