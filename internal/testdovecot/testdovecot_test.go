package testdovecot

import (
	"bytes"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
)

var noon = time.Date(2026, 11, 2, 12, 0, 0, 0, time.UTC)

func mail(n int) []byte {
	return fmt.Appendf(nil, "From: a@example.com\r\nTo: b@example.com\r\nSubject: %d\r\n\r\nHei %d\r\n", n, n)
}

func short(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("starts a Dovecot server")
	}
}

// Names and attributes come over IMAP as they were given; "Tärkeät" has gone through modified UTF-7 twice.
func TestFolders(t *testing.T) {
	short(t)
	s := Start(t)
	s.AddUser("aino")
	s.CreateFolder("aino", "Trash")
	list, err := s.Dial("aino").List("", "*", &imap.ListOptions{ReturnSubscribed: true, ReturnSpecialUse: true}).Collect()
	if err != nil {
		t.Fatal(err)
	}
	got := map[string][]imap.MailboxAttr{}
	for _, m := range list {
		got[m.Mailbox] = m.Attrs
		if m.Delim != '/' {
			t.Errorf("%s: the separator is %q", m.Mailbox, m.Delim)
		}
		if m.Mailbox != "INBOX" && !slices.Contains(m.Attrs, imap.MailboxAttrSubscribed) {
			t.Errorf("%s is not subscribed: %v", m.Mailbox, m.Attrs)
		}
	}
	want := append(slices.Clone(StandardFolders), "Trash")
	slices.Sort(want)
	if names := slices.Sorted(maps.Keys(got)); !slices.Equal(names, want) {
		t.Errorf("folders %q, want %q", names, want)
	}
	for name, attr := range map[string]imap.MailboxAttr{
		"Sent": imap.MailboxAttrSent, "Archive": imap.MailboxAttrArchive, "Trash": imap.MailboxAttrTrash,
	} {
		if !slices.Contains(got[name], attr) {
			t.Errorf("%s has the attributes %v, want %s among them", name, got[name], attr)
		}
	}
}

// What is delivered, filled and appended is there byte for byte, with its time and flags, in the order it was given.
func TestMailArrives(t *testing.T) {
	short(t)
	s := Start(t)
	s.AddUser("aino")
	const folder = "Asiakkaat/Tärkeät"
	s.Fill("aino", folder, []Mail{{Raw: mail(1), At: noon, Flags: "SF"}, {Raw: mail(2), At: noon.Add(time.Hour)}})
	s.Deliver("aino", folder, mail(3), noon.Add(2*time.Hour))
	if uid := s.Append("aino", folder, mail(4), noon.Add(3*time.Hour), imap.FlagSeen); uid != 4 {
		t.Errorf("the appended mail has UID %d, want 4", uid)
	}
	c := s.Dial("aino")
	examine(t, c, folder)
	section := &imap.FetchItemBodySection{Peek: true}
	got, err := c.Fetch(imap.UIDSet{imap.UIDRange{Start: 1}}, &imap.FetchOptions{
		UID: true, Flags: true, InternalDate: true, BodySection: []*imap.FetchItemBodySection{section}}).Collect()
	if err != nil {
		t.Fatal(err)
	}
	flags := [][]imap.Flag{{imap.FlagFlagged, imap.FlagSeen}, {}, {}, {imap.FlagSeen}}
	if len(got) != len(flags) {
		t.Fatalf("%d mails, want %d", len(got), len(flags))
	}
	for i, m := range got {
		if m.UID != imap.UID(i+1) || !bytes.Equal(m.FindBodySection(section), mail(i+1)) {
			t.Errorf("mail %d: UID %d, %q", i+1, m.UID, m.FindBodySection(section))
		}
		if want := noon.Add(time.Duration(i) * time.Hour); !m.InternalDate.Equal(want) {
			t.Errorf("mail %d: INTERNALDATE %v, want %v", i+1, m.InternalDate, want)
		}
		m.Flags = slices.DeleteFunc(m.Flags, func(f imap.Flag) bool { return f == `\Recent` })
		slices.Sort(m.Flags)
		if !slices.Equal(m.Flags, flags[i]) {
			t.Errorf("mail %d: flags %v, want %v", i+1, m.Flags, flags[i])
		}
	}
}

// A snapshot changes nothing, and shows each thing that a client can do to a mailbox.
func TestSnapshotShowsEveryChange(t *testing.T) {
	short(t)
	s := Start(t)
	s.AddUser("aino")
	for i := range 5 {
		s.Deliver("aino", "INBOX", mail(i), noon)
	}
	// A snapshot after each step must differ from the one before; two in a row must not.
	last := s.Snapshot("aino")
	if n := len(last["INBOX"].Mails); n != 5 || len(last) != len(StandardFolders) {
		t.Fatalf("%d mails in %d folders, want 5 in %d", n, len(last), len(StandardFolders))
	}
	section := []*imap.FetchItemBodySection{{}}
	for _, step := range []struct {
		name string
		do   func(c *imapclient.Client) error
	}{
		{"SELECT, which takes Recent away", func(c *imapclient.Client) error { return nil }},
		{"a body read without PEEK", func(c *imapclient.Client) error {
			return c.Fetch(imap.UIDSetNum(2), &imap.FetchOptions{BodySection: section}).Close()
		}},
		{"a flag", func(c *imapclient.Client) error {
			return c.Store(imap.UIDSetNum(3), &imap.StoreFlags{Op: imap.StoreFlagsAdd, Flags: []imap.Flag{"\\Flagged"}}, nil).Close()
		}},
		{"a copy", func(c *imapclient.Client) error {
			_, err := c.Copy(imap.UIDSetNum(4), "Archive").Wait()
			return err
		}},
	} {
		c := s.Dial("aino")
		if _, err := c.Select("INBOX", nil).Wait(); err != nil {
			t.Fatal(err)
		}
		if err := step.do(c); err != nil {
			t.Fatalf("%s: %v", step.name, err)
		}
		c.Close()
		last = changed(t, s, last, step.name)
	}
	s.Expunge("aino", "INBOX", 1)
	last = changed(t, s, last, "an expunge")
	s.Move("aino", "INBOX", "Archive", 2)
	last = changed(t, s, last, "a move")
	s.Append("aino", "Sent", mail(9), noon)
	last = changed(t, s, last, "an append")
	s.CreateFolder("aino", "Uusi")
	changed(t, s, last, "a new folder")
}

func changed(t *testing.T, s *Server, before Snapshot, what string) Snapshot {
	t.Helper()
	after := s.Snapshot("aino")
	if reflect.DeepEqual(before, after) {
		t.Errorf("%s does not show in the snapshot", what)
	}
	if again := s.Snapshot("aino"); !reflect.DeepEqual(after, again) {
		t.Errorf("after %s: the snapshot itself changes the mailbox:\n%v\n%v", what, after, again)
	}
	return after
}

func TestKillAndRestart(t *testing.T) {
	short(t)
	s := Start(t)
	s.AddUser("aino")
	s.Append("aino", "INBOX", mail(1), noon)
	before, addr := s.Snapshot("aino"), s.Addr()
	c := s.Dial("aino")
	s.Kill()
	if err := c.Noop().Wait(); err == nil {
		t.Error("a session outlived the kill")
	}
	if _, err := imapclient.DialInsecure(addr, nil); err == nil {
		t.Error("the killed server takes connections")
	}
	s.Restart()
	if s.Addr() != addr {
		t.Errorf("the address changed from %s to %s", addr, s.Addr())
	}
	if after := s.Snapshot("aino"); !reflect.DeepEqual(after, before) {
		t.Errorf("after the restart:\n%v\nbefore:\n%v", after, before)
	}
	s.Stop()
	s.Restart()
}

// After BumpUIDValidity the same mails have other UIDs under a higher UIDVALIDITY; other folders keep theirs.
func TestBumpUIDValidity(t *testing.T) {
	short(t)
	s := Start(t)
	s.AddUser("aino")
	for _, folder := range []string{"INBOX", "Asiakkaat/Tärkeät"} {
		for i := range 3 {
			s.Deliver("aino", folder, mail(i), noon)
		}
		s.Expunge("aino", folder, 1)
		before := s.Snapshot("aino")
		s.BumpUIDValidity("aino", folder)
		after := s.Snapshot("aino")
		if b, a := before[folder].UIDValidity, after[folder].UIDValidity; a <= b {
			t.Errorf("%s: UIDVALIDITY %d, before %d", folder, a, b)
		}
		for i, m := range after[folder].Mails {
			if m.UID != imap.UID(i+1) || m.SHA256 != before[folder].Mails[i].SHA256 {
				t.Errorf("%s: mail %d is %v, before %v", folder, i, m, before[folder].Mails[i])
			}
		}
		if len(after[folder].Mails) != 2 {
			t.Errorf("%s: %d mails, want 2", folder, len(after[folder].Mails))
		}
		if !reflect.DeepEqual(before["Sent"], after["Sent"]) {
			t.Errorf("Sent changed: %v, before %v", after["Sent"], before["Sent"])
		}
	}
}

func TestCapabilities(t *testing.T) {
	short(t)
	s := Start(t)
	s.AddUser("aino")
	if caps := s.Dial("aino").Caps(); !caps.Has(imap.CapCondStore) || !caps.Has(imap.CapIdle) || !caps.Has(imap.CapESearch) {
		t.Errorf("a full server lacks something: %v", caps)
	}
	poor := Start(t, WithCapabilities("IMAP4rev1 IDLE"))
	poor.AddUser("aino")
	if caps := poor.Dial("aino").Caps(); caps.Has(imap.CapCondStore) || !caps.Has(imap.CapIdle) {
		t.Errorf("a poor server announces %v", caps)
	}
}

func TestModifiedUTF7(t *testing.T) {
	for name, want := range map[string]string{
		"Sent":               "Sent",
		"Tärkeät":            "T&AOQ-rke&AOQ-t",
		"Myynti & tuki":      "Myynti &- tuki",
		"~peter/mail/台北/日本語": "~peter/mail/&U,BTFw-/&ZeVnLIqe-", // the example of RFC 3501 §5.1.3
		"😀":                  "&2D3eAA-",
	} {
		if got := modifiedUTF7(name); got != want {
			t.Errorf("modifiedUTF7(%q) = %q, want %q", name, got, want)
		}
	}
}
