package store

import (
	"bytes"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"kaveri/crm"
)

func openHere(t *testing.T, o Options) *Store {
	t.Helper()
	o.Key = bytes.Repeat([]byte{7}, KeySize)
	s, err := Open(t.Context(), "sqlite://"+filepath.ToSlash(filepath.Join(t.TempDir(), "kaveri.db")), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// A dispatch that has lost its recipient is called off, whether that is seen
// when it is claimed or when it is to be armed: put back it would come again
// for ever.
func TestDispatchWithoutRecipient(t *testing.T) {
	s := openHere(t, Options{})
	put := func() crm.DispatchID {
		d, err := s.PutDispatch(t.Context(), crm.MailingAudience, "aino@firm.example", "olli@customer.example", crm.Queued, s.now())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.w.Exec(`UPDATE mailings SET begun_us = 1, start_us = 1, until_us = ?`, micros(s.now().Add(time.Hour))); err != nil {
			t.Fatal(err)
		}
		return d
	}
	lose := func() {
		if _, err := s.w.Exec(`DELETE FROM recipients`); err != nil {
			t.Fatal(err)
		}
	}
	fate := func(d crm.DispatchID) string {
		var state, reason string
		if err := s.w.QueryRow(`SELECT state, reason FROM dispatches WHERE id = ?`, d).Scan(&state, &reason); err != nil {
			t.Fatal(err)
		}
		if _, _, _, err := s.ReadDispatch(t.Context(), d); err != nil { // the counts
			t.Error(err)
		}
		return state + ": " + reason
	}
	lease, err := s.AcquireLease(t.Context(), "the test", time.Hour)
	if err != nil {
		t.Fatal(err)
	}

	late := put()
	if got, err := s.Claim(t.Context(), lease, 10); err != nil || len(got) != 1 {
		t.Fatalf("%v, %v", got, err)
	}
	lose()
	refused, err := s.Settle(t.Context(), lease, nil, []crm.DispatchID{late})
	if err != nil || len(refused) != 1 || refused[0].State != crm.Cancelled || refused[0].Reason != nobody {
		t.Errorf("armed: %+v, %v", refused, err)
	}
	early := put()
	lose()
	if got, err := s.Claim(t.Context(), lease, 10); err != nil || len(got) != 0 {
		t.Errorf("%v, %v", got, err)
	}
	for _, d := range []crm.DispatchID{late, early} {
		if got := fate(d); got != "cancelled: "+nobody {
			t.Errorf("%d is %s", d, got)
		}
	}
}

// What the rules do not bring to rest is said, and not silently let be.
func TestRoundsEnd(t *testing.T) {
	var said strings.Builder
	s := openHere(t, Options{Log: slog.New(slog.NewTextHandler(&said, nil))})
	defer func(was int) { maxRounds = was }(maxRounds)
	maxRounds = 0
	err := s.write(t.Context(), func(x *tx) error {
		if err := x.exec(`INSERT INTO conversations (id, created_us) VALUES (1, 1)`); err != nil {
			return err
		}
		if err := x.exec(`INSERT INTO messages (id, content, conversation_id, message_id, at_us, sent_us, direction, class, subject, preview, attachments, size, loose, details, body)
VALUES (1, $1, 1, 'a', 1, 1, 'in', 'human', '', '', 0, 0, 1, '{}', $2)`, make([]byte, 32), []byte{}); err != nil {
			return err
		}
		b, err := x.newBatch(s.now())
		if err != nil {
			return err
		}
		b.grown[1] = 1
		return b.follow()
	})
	if err != nil || !strings.Contains(said.String(), "kaveri rematch") || !strings.Contains(said.String(), "mails=1") {
		t.Errorf("%v; it says: %s", err, said.String())
	}
}
