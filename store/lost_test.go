package store_test

import (
	"crypto/rand"
	"fmt"
	"os"
	"testing"
	"time"

	"kaveri/crm"
	"kaveri/internal/testpg"
	"kaveri/internal/testproxy"
	"kaveri/store"
)

// soak asks for the full sizes.
var soak = os.Getenv("KAVERI_SOAK") != ""

// lossy is a store whose connection to PostgreSQL a test breaks.
func lossy(t *testing.T) (*store.Store, *testproxy.Proxy) {
	t.Helper()
	if testing.Short() {
		t.Skip("starts a PostgreSQL server")
	}
	var proxy *testproxy.Proxy
	dsn := testpg.Through(t, func(socket string) string {
		proxy = testproxy.Start(t, socket)
		return proxy.Addr()
	})
	s, err := store.Open(t.Context(), dsn, options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s, proxy
}

// cutting does something again and again until it is done, each time with the
// connection cut after some more bytes from the server than the time before, and
// from the beginning when that was too much to cut anything. Whatever fails in
// between must say that it will pass.
func cutting(t *testing.T, proxy *testproxy.Proxy, do func(n int) (done bool, err error)) {
	t.Helper()
	const step = 97
	after, shift := int64(0), int64(0)
	for n := range 4000 {
		cuts := proxy.Cuts()
		after += step
		proxy.CutAfter(after)
		done, err := do(n)
		if proxy.Cuts() == cuts {
			shift = (shift + 13) % step
			after = shift
		}
		if err != nil && crm.KindOf(err) != crm.KindUnavailable {
			t.Errorf("cut after %d bytes: %v, which blames somebody", after, err)
		}
		if done {
			proxy.CutAfter(1 << 40)
			if proxy.Cuts() < 10 {
				t.Errorf("only %d cuts", proxy.Cuts())
			}
			return
		}
	}
	t.Fatal("it is never done")
}

// A connection that breaks anywhere in a delivery, its COMMIT included, loses no
// mail and doubles none: delivered once more, it is there once.
func TestLostConnectionDelivering(t *testing.T) {
	s, proxy := lossy(t)
	if err := s.SaveFirm(t.Context(), crm.SystemViewer, crm.Firm{Name: "Kauppa Oy", Domains: []string{"kauppa.example"}, Policy: crm.PolicyAll}); err != nil {
		t.Fatal(err)
	}
	staff, err := s.AddStaff(t.Context(), crm.SystemViewer, crm.Staff{Name: "Olli", Address: "olli@kauppa.example", Role: crm.StaffAdmin}, "a long password for tests")
	if err != nil {
		t.Fatal(err)
	}
	box, err := s.AddMailbox(t.Context(), crm.SystemViewer, crm.Mailbox{Staff: staff.ID, Address: "olli@kauppa.example", Host: "127.0.0.1", Security: crm.SecurityNone, Username: "olli", Password: "x"})
	if err != nil {
		t.Fatal(err)
	}
	folders, err := s.SyncFolders(t.Context(), box.ID, []crm.Folder{{Name: "INBOX", Enabled: true}})
	if err != nil {
		t.Fatal(err)
	}
	mails := 60
	if soak {
		mails = 600
	}
	var tried []crm.Delivery
	cutting(t, proxy, func(n int) (bool, error) {
		d := crm.Delivery{Folder: folders[0].ID, UIDValidity: 1, UID: uint32(n + 1), Internal: time.Now(), Message: &crm.Message{Text: fmt.Sprint("mail ", n)}}
		d.Message.MessageID, d.Message.Class = fmt.Sprintf("%d@asiakas.example", n), crm.ClassHuman
		d.Message.From = []crm.Party{{Address: "aino@asiakas.example"}}
		rand.Read(d.Raw.Sum[:])
		d.Raw.Content, d.Raw.Size, d.Raw.Zstd = d.Raw.Sum, 1, []byte{1}
		tried = append(tried, d)
		_, err := s.Deliver(t.Context(), []crm.Delivery{d})
		return len(tried) == mails, err
	})
	for i := range tried {
		if _, err := s.Deliver(t.Context(), tried[i:i+1]); err != nil {
			t.Fatalf("mail %d: %v", i, err)
		}
	}
	c, err := s.Counts(t.Context())
	if n := int64(len(tried)); err != nil || c.Messages != n || c.Sightings != n || c.Raws != n {
		t.Errorf("of %d mails: %+v, %v", n, c, err)
	}
}

// A connection that breaks anywhere while attempts are recorded and dispatches
// armed: what is handed in again is recorded once, and each mail has one state.
func TestLostConnectionSettling(t *testing.T) {
	s, proxy := lossy(t)
	n := 3
	if soak {
		n = 30
	}
	m, _, err := s.AddMailing(t.Context(), crm.SystemViewer, crm.Mailing{Kind: crm.MailingAudience, Name: "x", From: crm.Party{Address: "aino@kauppa.example"}, Template: crm.Template{Subject: "x", Text: "x"}},
		func(yield func(crm.Recipient, error) bool) {
			for i := range n {
				if !yield(crm.Recipient{Row: i + 2, Address: crm.Address(fmt.Sprintf("c%d@asiakas.example", i))}, nil) {
					return
				}
			}
		}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.StartMailing(t.Context(), crm.SystemViewer, m.ID); err != nil {
		t.Fatal(err)
	}
	lease, err := s.AcquireLease(t.Context(), "the test", time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	ds, err := s.Claim(t.Context(), lease, n)
	if err != nil || len(ds) != n {
		t.Fatalf("%d, %v", len(ds), err)
	}
	// As a connection does it: the last answer, and the next to be armed; what
	// may have been armed or not is given back.
	sent := map[crm.DispatchID]bool{}
	var owed []crm.Attempt
	var back []crm.Return
	cutting(t, proxy, func(int) (bool, error) {
		if len(back) > 0 {
			if err := s.Return(t.Context(), lease, back); err != nil {
				return false, err
			}
			back = nil
		}
		if len(ds) == 0 {
			ds = claimedAll(t, s, proxy, lease)
		}
		if len(ds) == 0 {
			_, err := s.Settle(t.Context(), lease, owed, nil)
			return err == nil, err
		}
		d := ds[0]
		ds = ds[1:]
		refused, err := s.Settle(t.Context(), lease, owed, []crm.DispatchID{d.ID})
		if err != nil {
			back = append(back, crm.Return{Dispatch: d.ID})
			return false, err
		}
		if sent[d.ID] || len(refused) > 0 {
			t.Errorf("%d was armed before: %v", d.ID, refused)
		}
		sent[d.ID] = true
		owed = []crm.Attempt{{Dispatch: d.ID, Token: d.Token, Server: "mx", Stage: crm.StageDot, At: time.Now(), Reply: crm.Reply{Code: 250, Text: "ok"}, State: crm.Sent}}
		return false, nil
	})
	for id := range sent {
		tries, err := s.Attempts(t.Context(), crm.SystemViewer, id)
		if d, e := s.Dispatch(t.Context(), crm.SystemViewer, id); err != nil || e != nil || len(tries) != 1 || d.State != crm.Sent {
			t.Errorf("%d is %s after %d attempts: %v, %v", id, d.State, len(tries), err, e)
		}
	}
	counts, err := s.MailingCounts(t.Context(), crm.SystemViewer, m.ID)
	if err != nil || counts.Total() != n || counts[crm.Sent] != n || len(sent) != n {
		t.Errorf("%d were sent: %v, %v", len(sent), counts, err)
	}
}

// claimedAll claims over a connection that holds: what a claim took whose answer
// is lost is found by the next owner of the lease, which is tested elsewhere.
func claimedAll(t *testing.T, s *store.Store, proxy *testproxy.Proxy, lease crm.Lease) []crm.Dispatch {
	t.Helper()
	proxy.CutAfter(1 << 40)
	ds, err := s.Claim(t.Context(), lease, 100)
	if err != nil {
		t.Fatal(err)
	}
	return ds
}

// A database that may only be read is nobody's fault, and is said to be that.
func TestReadOnlyDatabase(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a PostgreSQL server")
	}
	dsn := testpg.DSN(t)
	s, err := store.Open(t.Context(), dsn, options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	testpg.Admin(t, dsn, `ALTER DATABASE %s SET default_transaction_read_only = on`)
	firm := crm.Firm{Name: "Kauppa Oy", Domains: []string{"kauppa.example"}}
	// The pool finds out one by one which of its connections are gone.
	said := map[string]bool{}
	for range 20 {
		err := s.SaveFirm(t.Context(), crm.SystemViewer, firm)
		if crm.KindOf(err) != crm.KindUnavailable {
			t.Fatalf("%v", err)
		}
		said[err.Error()] = true
	}
	if !said["the database can only be read just now; everything goes on by itself when it can be written again"] {
		t.Errorf("it says %v", said)
	}
	testpg.Admin(t, dsn, `ALTER DATABASE %s RESET default_transaction_read_only`)
	for range 20 {
		if err = s.SaveFirm(t.Context(), crm.SystemViewer, firm); crm.KindOf(err) != crm.KindUnavailable {
			break
		}
	}
	if err != nil {
		t.Error(err)
	}
}
