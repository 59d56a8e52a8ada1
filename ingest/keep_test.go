package ingest_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"kaveri/crm"
	"kaveri/ingest"
	"kaveri/store"
)

// dropping is a firm with a dropbox for its first colleague.
func dropping(t *testing.T, dsn string, policy crm.Policy) (*store.Store, func(raw []byte, policy crm.Policy) crm.Outcome) {
	st, _ := firm(t, dsn, policy)
	staff, err := st.Staff(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	k := ingest.NewKeeper(ingest.New(quick(t, st)), st)
	return st, func(raw []byte, policy crm.Policy) crm.Outcome {
		t.Helper()
		out, err := k.Keep(t.Context(), ingest.Dropped{Raw: raw, Owner: staff[0], Policy: policy, At: time.Now()})
		if err != nil {
			t.Errorf("keep: %v", err)
		}
		return out
	}
}

// The same mail is one, whether it was dropped twice or captured before.
func TestKeep(t *testing.T) {
	onBothEngines(t, func(t *testing.T, dsn string) {
		st, keep := dropping(t, dsn, crm.PolicyKnown)
		raw := mail("yksi", aino, "olli@kauppa.example", "Yksi", "Hei!")
		first := keep(raw, crm.PolicyAll)
		if first.Message == 0 || !first.New || len(first.Customers) != 1 {
			t.Fatalf("%+v", first)
		}
		for _, copied := range [][]byte{raw, append([]byte("Received: from elsewhere\r\nDelivered-To: olli@kauppa.example\r\n"), raw...)} {
			if again := keep(copied, crm.PolicyAll); again.Message != first.Message || again.New {
				t.Errorf("again: %+v", again)
			}
		}
		m, err := st.Mail(t.Context(), crm.SystemViewer, first.Message)
		if err != nil || len(m.Sightings) != 3 || m.Raws != 2 || m.Sightings[0].Folder != "INBOX" {
			t.Errorf("%d raws, sightings %+v: %v", m.Raws, m.Sightings, err)
		}
	})
}

// What the policy leaves out is forgotten: nobody could fetch it later. What
// has to be kept is, by the policy that is given.
func TestKeepByPolicy(t *testing.T) {
	st, keep := dropping(t, sqliteDSN(t), crm.PolicyKnown)
	stranger := mail("kaksi", "vieras@muualla.example", "olli@kauppa.example", "Kaksi", "Hei!")
	for range 2 {
		if out := keep(stranger, ""); out.Message != 0 || out.Rule != crm.RuleNoCustomer {
			t.Errorf("by the firm's policy: %+v", out)
		}
	}
	if out := keep(stranger, crm.PolicyAll); out.Message == 0 {
		t.Errorf("by its own policy: %+v", out)
	}
	if out := keep(mail("kolme", "mailer-daemon@muualla.example", "b-x@kauppa.example", "Undelivered", "No such user"), crm.PolicyAll); out.Message == 0 {
		t.Errorf("a bounce: %+v", out)
	}
	boxes, err := st.Mailboxes(t.Context(), crm.SystemViewer)
	if err != nil || len(boxes) != 1 || boxes[0].Label != "Dropbox" || boxes[0].Address != "olli@kauppa.example" || boxes[0].State != crm.MailboxImported {
		t.Fatalf("%+v: %v", boxes, err)
	}
	folders, err := st.Folders(t.Context(), boxes[0].ID)
	if err != nil || len(folders) != 1 || folders[0].High != 4 {
		t.Errorf("%+v: %v", folders, err)
	}
	due, err := st.Due(t.Context(), folders[0].ID, folders[0].UIDValidity, 10)
	if err != nil || len(due) != 0 {
		t.Errorf("waits for what cannot be fetched: %+v, %v", due, err)
	}
	if followed, err := st.FollowedMailboxes(t.Context()); err != nil || len(followed) != 0 {
		t.Errorf("a dropbox is followed: %+v, %v", followed, err)
	}
	counts, err := st.FolderCounts(t.Context(), boxes[0].ID)
	if err != nil || len(counts) != 1 || counts[0].Waiting != 0 || counts[0].Excluded() != 0 {
		t.Errorf("%+v: %v", counts, err)
	}
}

// Many at once each have a UID of their own, also beside another process.
func TestKeepAtOnce(t *testing.T) {
	st, keep := dropping(t, sqliteDSN(t), crm.PolicyAll)
	staff, err := st.Staff(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	other := ingest.NewKeeper(ingest.New(quick(t, st)), st)
	var wg sync.WaitGroup
	for i := range 20 {
		raw := mail(fmt.Sprint("mail", i), aino, "olli@kauppa.example", fmt.Sprint("Viesti ", i), "Hei!")
		wg.Go(func() {
			if i%2 == 0 {
				keep(raw, "")
				return
			}
			if _, err := other.Keep(t.Context(), ingest.Dropped{Raw: raw, Owner: staff[0], At: time.Now()}); err != nil {
				t.Errorf("keep: %v", err)
			}
		})
	}
	wg.Wait()
	boxes, err := st.Mailboxes(t.Context(), crm.SystemViewer)
	if err != nil || len(boxes) != 1 {
		t.Fatalf("%+v: %v", boxes, err)
	}
	counts, err := st.FolderCounts(t.Context(), boxes[0].ID)
	if err != nil || len(counts) != 1 || counts[0].Stored != 20 {
		t.Errorf("%+v: %v", counts, err)
	}
}
