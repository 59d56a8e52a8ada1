package storetest

import (
	"testing"
	"time"

	"kaveri/crm"
	"kaveri/store"
)

func testHealth(t *testing.T, s *store.Store) {
	w := newWorld(t, s)
	boxes, err := s.Mailboxes(w.ctx, w.anna)
	w.check(err)
	var mine crm.Mailbox
	for _, b := range boxes {
		if b.Staff == w.anna.Staff {
			mine = b
		}
	}
	folders, err := s.SyncFolders(w.ctx, mine.ID, []crm.Folder{{Mailbox: mine.ID, Name: "INBOX", Enabled: true}, {Mailbox: mine.ID, Name: "Trash", Use: "trash"}})
	w.check(err)
	f, err := s.Firm(w.ctx)
	w.check(err)
	f.Policy = crm.PolicyKnown
	w.check(s.SaveFirm(w.ctx, w.ritva, f))

	w.customer("Liisa", "liisa@l.example")
	w.arrives(letter{From: "liisa@l.example", To: "anna@kaukoranta.example", Subject: "1", Text: "stored"}, w.anna)
	list := []crm.Listed{}
	for i, from := range []string{"liisa@l.example", "stranger@s.example", "pekka@kaukoranta.example", "liisa@l.example"} {
		d := w.delivery(letter{From: from, To: "anna@kaukoranta.example", Subject: "listed"}, w.clock)
		list = append(list, crm.Listed{UID: uint32(100 + i), Internal: w.clock, Size: 10, Envelope: &d.Message.Envelope})
	}
	w.check(s.Listed(w.ctx, folders[0].ID, crm.Cursor{UIDValidity: 1, High: 103, Low: 1}, list))
	for range store.MaxTries {
		_, err := s.Fail(w.ctx, folders[0].ID, 1, []crm.Failure{{UID: 103, Reason: "broken", Raw: []byte("x")}})
		w.check(err)
	}

	counts, err := s.FolderCounts(w.ctx, mine.ID)
	w.check(err)
	if len(counts) != 2 || counts[0].FolderName != "INBOX" || counts[1].Captured {
		t.Fatalf("the folders are %+v", counts)
	}
	c := &counts[0]
	if !c.Captured || c.Stored != 1 || c.Waiting != 1 || c.Withheld[crm.RuleNoCustomer] != 1 || c.Withheld[crm.RuleInternal] != 1 || c.Quarantined != 1 || c.MailboxName != "Anna's mail" {
		t.Errorf("the counts are %+v", c)
	}
	c.InMailbox, c.At = 6, time.Date(2026, 5, 1, 3, 0, 0, 0, time.UTC)
	if c.Difference() != 1 {
		t.Errorf("the difference is %d", c.Difference())
	}
	counts[1].Error = "refused"
	w.check(s.SaveCensus(w.ctx, counts))
	c.InMailbox = 5
	w.check(s.SaveCensus(w.ctx, counts))
	saved, err := s.LastCensus(w.ctx, w.pekka)
	w.check(err)
	if len(saved) != 2 || saved[0].InMailbox != 5 || saved[0].Withheld[crm.RuleInternal] != 1 || !saved[0].At.Equal(c.At) || saved[0].Difference() != 0 || saved[1].Error != "refused" || saved[1].Captured {
		t.Errorf("the census reads back as %+v", saved)
	}

	health, err := s.Health(w.ctx, w.pekka)
	w.check(err)
	if len(health) != 3 {
		t.Fatalf("%d mailboxes, want 3", len(health))
	}
	for _, h := range health {
		if h.Password != "" {
			t.Error("a password is shown")
		}
		if h.ID == mine.ID && (h.Owner != "Anna" || h.Stored != 1 || h.Waiting != 1 || h.Quarantined != 1 || len(h.Folders) != 2) {
			t.Errorf("the health is %+v", h)
		}
	}
	all, err := s.Counts(w.ctx)
	w.check(err)
	if all.Messages != 1 || all.Raws != 1 || all.Sightings != 1 || all.Customers != 1 || all.Mailboxes != 3 || all.Staff != 3 || all.Waiting != 1 || all.Withheld != 2 || all.Quarantined != 1 {
		t.Errorf("the counts are %+v", all)
	}
	w.check(s.Integrity(w.ctx))
	w.check(s.RemoveMailbox(w.ctx, w.anna, mine.ID))
	if health, err = s.Health(w.ctx, w.pekka); err != nil || len(health) != 2 {
		t.Errorf("after the removal: %d mailboxes, %v", len(health), err)
	}
}

// What nobody could read may be private: its bytes are its owner's.
func testQuarantine(t *testing.T, s *store.Store) {
	w := newWorld(t, s)
	folder := w.boxes[w.anna.Staff]
	fail := func(uid uint32, raw []byte, times int) {
		for range times {
			_, err := s.Fail(w.ctx, folder, 1, []crm.Failure{{UID: uid, Reason: "no boundary", Raw: raw}})
			w.check(err)
		}
	}
	fail(7, []byte("From: broken"), store.MaxTries)
	fail(8, nil, store.MaxTries)
	fail(9, []byte("tried again later"), 1)

	for name, want := range map[string]struct {
		viewer crm.Viewer
		listed int
		bytes  bool
	}{
		"the owner":         {w.anna, 2, true},
		"another colleague": {w.pekka, 0, false},
		"an administrator":  {w.ritva, 2, false},
		"the program":       {crm.SystemViewer, 2, true},
		"nobody":            {crm.Viewer{}, 0, false},
	} {
		list, err := s.Quarantine(w.ctx, want.viewer)
		w.check(err)
		if len(list) != want.listed {
			t.Errorf("%s is shown %d, want %d", name, len(list), want.listed)
		}
		raw, err := s.QuarantinedRaw(w.ctx, want.viewer, folder, 7)
		if want.bytes {
			w.check(err)
			if string(raw) != "From: broken" {
				t.Errorf("%s gets %q", name, raw)
			}
		} else {
			w.refused(err, crm.KindNotFound, "")
		}
	}
	list, err := s.Quarantine(w.ctx, w.anna)
	w.check(err)
	if q := list[0]; q.UID != 7 || q.Tries != store.MaxTries || q.Reason != "no boundary" || q.Size != 12 || q.MailboxName != "Anna's mail" || q.FolderName != "INBOX" {
		t.Errorf("the list has %+v", q)
	}
	_, err = s.QuarantinedRaw(w.ctx, w.anna, folder, 8)
	w.refused(err, crm.KindNotFound, "")
}
