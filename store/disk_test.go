package store

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"kaveri/crm"
)

// A full disk is nobody's fault but the disk's: whatever was to be written says
// [crm.KindUnavailable], nothing is half there, and with room it goes on.
func TestDiskFull(t *testing.T) {
	s, err := Open(t.Context(), "sqlite://"+filepath.Join(t.TempDir(), "kaveri.db"), Options{Key: bytes.Repeat([]byte{7}, KeySize)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	firm := crm.Firm{Name: "Kauppa Oy", Domains: []string{"kauppa.example"}, Policy: crm.PolicyAll}
	if err := s.SaveFirm(t.Context(), crm.SystemViewer, firm); err != nil {
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
	pages := func(q string) {
		if _, err := s.w.Exec(`PRAGMA max_page_count = ` + q); err != nil {
			t.Fatal(err)
		}
	}
	pages("60") // of 16 KiB; the schema takes about as many

	// Many at once, so that they share transactions and savepoints.
	var wg sync.WaitGroup
	errs := make([]error, 24)
	for i := range errs {
		wg.Go(func() { _, errs[i] = s.Deliver(t.Context(), []crm.Delivery{largeDelivery(folders[0].ID, uint32(i+1))}) })
	}
	wg.Wait()
	stored := 0
	for i, err := range errs {
		if err == nil {
			stored++
		} else if crm.KindOf(err) != crm.KindUnavailable {
			t.Errorf("mail %d: %v, which blames the mail", i, err)
		}
	}
	if stored == len(errs) {
		t.Fatal("there was room for all: this test tests nothing")
	}
	count := func() int64 {
		c, err := s.Counts(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if c.Messages != c.Sightings || c.Messages != c.Raws {
			t.Errorf("half a mail is stored: %+v", c)
		}
		return c.Messages
	}
	if n := count(); n != int64(stored) {
		t.Errorf("%d mails are stored, %d were said to be", n, stored)
	}
	if _, err := s.Fail(t.Context(), folders[0].ID, 1, []crm.Failure{{UID: 99, Raw: make([]byte, 4<<20)}}); crm.KindOf(err) != crm.KindUnavailable {
		t.Errorf("a failure was noted on a full disk: %v", err)
	}

	pages("100000")
	for i := range errs {
		if _, err := s.Deliver(t.Context(), []crm.Delivery{largeDelivery(folders[0].ID, uint32(i+1))}); err != nil {
			t.Errorf("with room, mail %d: %v", i, err)
		}
	}
	if n := count(); n < int64(len(errs)) {
		t.Errorf("%d mails are stored in the end", n)
	}
	if err := s.Integrity(t.Context()); err != nil {
		t.Error(err)
	}
}

// largeDelivery makes a mail whose text does not compress.
func largeDelivery(folder crm.FolderID, uid uint32) crm.Delivery {
	noise := make([]byte, 32<<10)
	rand.Read(noise)
	d := crm.Delivery{Folder: folder, UIDValidity: 1, UID: uid, Internal: time.Now(), Message: &crm.Message{Text: hex.EncodeToString(noise)}}
	d.Message.Class = crm.ClassHuman
	d.Message.From = []crm.Party{{Address: "aino@virtanen.example"}}
	rand.Read(d.Raw.Sum[:])
	d.Raw.Content = d.Raw.Sum
	d.Raw.Zstd = textEncoder.EncodeAll(noise, nil)
	d.Raw.Size = int64(len(noise))
	return d
}
