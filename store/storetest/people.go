package storetest

import (
	"crypto/sha256"
	"strings"
	"testing"
	"time"

	"kaveri/crm"
	"kaveri/store"
)

func testFirm(t *testing.T, s *store.Store) {
	ctx := t.Context()
	f, err := s.Firm(ctx)
	if err != nil || f.Policy != crm.PolicyKnown || f.TimeZone == "" || f.Language != "en" {
		t.Fatalf("before the first run the firm is %+v, %v", f, err)
	}
	if done, err := s.Configured(ctx); err != nil || done {
		t.Fatalf("an empty store says that it is configured (%v)", err)
	}
	given := crm.Firm{Name: " Kaukoranta ", Domains: []string{"Kaukoranta.EXAMPLE"}, Addresses: []crm.Address{"Kaukoranta@Gmail.com"}, Language: "fi", Currency: "EUR"}
	if err := s.SaveFirm(ctx, crm.SystemViewer, given); err != nil {
		t.Fatal(err)
	}
	w := &world{TB: t, ctx: ctx, s: s, boxes: map[crm.StaffID]crm.FolderID{}}
	f, err = s.Firm(ctx)
	w.check(err)
	if f.Name != "Kaukoranta" || f.Domains[0] != "kaukoranta.example" || f.Addresses[0] != "kaukoranta@gmail.com" || len(f.Addresses) != 1 {
		t.Errorf("saved and read back: %+v", f)
	}
	if done, _ := s.Configured(ctx); !done {
		t.Error("a firm with a name is not configured")
	}
	if given.Domains[0] != "Kaukoranta.EXAMPLE" {
		t.Error("saving changed the caller's value")
	}

	anna := w.colleague("Anna", crm.StaffMember)
	w.refused(s.SaveFirm(ctx, anna, f), crm.KindForbidden, "")
	f.Domains = []string{"gmail.com"}
	w.refused(s.SaveFirm(ctx, crm.SystemViewer, f), crm.KindInvalid, "own domain")
	f.Domains, f.Addresses = nil, []crm.Address{"nobody"}
	w.refused(s.SaveFirm(ctx, crm.SystemViewer, f), crm.KindInvalid, "own address")
}

func testStaff(t *testing.T, s *store.Store) {
	w := newWorld(t, s)
	// Anna works there, but she does not decide who does.
	_, err := s.AddStaff(w.ctx, w.anna, crm.Staff{Name: "Matti", Address: "matti@kaukoranta.example"}, password)
	w.refused(err, crm.KindForbidden, "")
	_, err = s.AddStaff(w.ctx, w.ritva, crm.Staff{Name: "Matti", Address: "matti@kaukoranta.example"}, "kort ord")
	w.refused(err, crm.KindInvalid, "password")
	_, err = s.AddStaff(w.ctx, w.ritva, crm.Staff{Address: "Anna@Kaukoranta.example"}, password)
	w.refused(err, crm.KindConflict, "")
	_, err = s.AddStaff(w.ctx, w.ritva, crm.Staff{Name: "Matti", Address: "matti@kaukoranta.example", Role: "boss"}, password)
	w.refused(err, crm.KindInvalid, "role")

	me, err := s.SignIn(w.ctx, " Anna@KAUKORANTA.example", password)
	w.check(err)
	if me.ID != w.anna.Staff || me.Name != "Anna" || me.Role != crm.StaffMember {
		t.Errorf("Anna signs in as %+v", me)
	}
	// The same password, its letters composed in another way.
	if _, err := s.SignIn(w.ctx, "anna@kaukoranta.example", strings.ReplaceAll(password, "ä", "a\u0308")); err != nil {
		t.Errorf("a decomposed ä: %v", err)
	}
	_, wrong := s.SignIn(w.ctx, "anna@kaukoranta.example", "not her password")
	_, unknown := s.SignIn(w.ctx, "nobody@kaukoranta.example", password)
	_, nonsense := s.SignIn(w.ctx, "", "")
	for _, err := range []error{wrong, unknown, nonsense} {
		w.refused(err, crm.KindForbidden, "")
		if err.Error() != wrong.Error() {
			t.Errorf("the answers differ: %q, %q", err, wrong)
		}
	}

	// Everybody changes the own password, Ritva anybody's.
	w.refused(s.SetPassword(w.ctx, w.pekka, w.anna.Staff, "pekka was here"), crm.KindForbidden, "")
	w.refused(s.SetPassword(w.ctx, crm.Viewer{}, 0, "nobody was here"), crm.KindForbidden, "")
	w.refused(s.SetPassword(w.ctx, w.anna, w.anna.Staff, "short"), crm.KindInvalid, "password")
	w.refused(s.SetPassword(w.ctx, w.ritva, 1<<40, "nobody has this one"), crm.KindNotFound, "")
	w.check(s.SetPassword(w.ctx, w.anna, w.anna.Staff, "a new and better one"))
	_, err = s.SignIn(w.ctx, "anna@kaukoranta.example", password)
	w.refused(err, crm.KindForbidden, "")
	_, err = s.SignIn(w.ctx, "anna@kaukoranta.example", "a new and better one")
	w.check(err)

	list, err := s.Staff(w.ctx)
	w.check(err)
	if len(list) != 3 || list[0].Name != "Ritva" || list[1].Name != "Anna" || list[0].Created.IsZero() {
		t.Errorf("the colleagues are %+v", list)
	}
}

func testLastAdministrator(t *testing.T, s *store.Store) {
	w := newWorld(t, s)
	w.refused(s.DisableStaff(w.ctx, w.anna, w.pekka.Staff, true), crm.KindForbidden, "")
	w.refused(s.DisableStaff(w.ctx, w.ritva, w.ritva.Staff, true), crm.KindConflict, "")
	if _, err := s.SignIn(w.ctx, "ritva@kaukoranta.example", password); err != nil {
		t.Errorf("Ritva was locked out: %v", err)
	}

	token := sha256.Sum256([]byte("pekka's token"))
	now := time.Now()
	w.check(s.NewSession(w.ctx, token, w.pekka.Staff, now))
	w.check(s.DisableStaff(w.ctx, w.ritva, w.pekka.Staff, true))
	_, err := s.Session(w.ctx, token, now)
	w.refused(err, crm.KindNotFound, "")
	_, err = s.SignIn(w.ctx, "pekka@kaukoranta.example", password)
	w.refused(err, crm.KindForbidden, "")
	w.check(s.DisableStaff(w.ctx, w.ritva, w.pekka.Staff, false))
	_, err = s.SignIn(w.ctx, "pekka@kaukoranta.example", password)
	w.check(err)
}

func testSessions(t *testing.T, s *store.Store) {
	w := newWorld(t, s)
	start := time.Date(2026, 5, 1, 9, 0, 0, 0, time.UTC)
	open := func(name string) [32]byte {
		token := sha256.Sum256([]byte(name))
		w.check(s.NewSession(w.ctx, token, w.anna.Staff, start))
		return token
	}
	alive := func(token [32]byte, at time.Time) bool {
		m, err := s.Session(w.ctx, token, at)
		if err != nil {
			w.refused(err, crm.KindNotFound, "")
			return false
		}
		return m.ID == w.anna.Staff
	}

	idle := open("left in the evening")
	if !alive(idle, start.Add(time.Second)) || alive(idle, start.Add(store.SessionIdle)) {
		t.Error("a session lives until it was idle for 12 hours")
	}

	used := open("used all day, every day")
	at := start
	for ; at.Before(start.Add(store.SessionLife)); at = at.Add(11 * time.Hour) {
		if !alive(used, at) {
			t.Fatalf("a session in use ended after %v", at.Sub(start))
		}
	}
	if alive(used, at) {
		t.Error("a session outlived its 14 days")
	}

	out := open("signed out")
	w.check(s.EndSession(w.ctx, out))
	w.check(s.EndSession(w.ctx, out))
	if alive(out, start) || alive(sha256.Sum256([]byte("guessed")), start) {
		t.Error("a session without a row is alive")
	}

	stolen := open("on a lost phone")
	w.check(s.SetPassword(w.ctx, w.anna, w.anna.Staff, "after the phone was lost"))
	if alive(stolen, start) {
		t.Error("a session outlived the password it was opened with")
	}
}

func testMailboxes(t *testing.T, s *store.Store) {
	w := newWorld(t, s)
	second := crm.Mailbox{Staff: w.anna.Staff, Address: "anna.k@example.org", Host: "Mail.Example.org.", Password: "pw", Folders: crm.FolderChoice{Exclude: []string{"Old"}}}
	_, err := s.AddMailbox(w.ctx, w.pekka, second)
	w.refused(err, crm.KindForbidden, "")
	m, err := s.AddMailbox(w.ctx, w.anna, second) // her own: she may
	w.check(err)
	if m.ID == 0 || m.Port != 993 || m.Security != crm.SecurityTLS || m.Username != "anna.k@example.org" || m.Host != "mail.example.org" || m.State != crm.MailboxNew || m.Password != "" {
		t.Errorf("added: %+v", m)
	}
	_, err = s.AddMailbox(w.ctx, w.anna, second)
	w.refused(err, crm.KindConflict, "")

	for field, bad := range map[string]crm.Mailbox{
		"address":  {Staff: w.anna.Staff, Address: "anna", Host: "h"},
		"host":     {Staff: w.anna.Staff, Address: "a@b.example", Host: " "},
		"port":     {Staff: w.anna.Staff, Address: "a@b.example", Host: "h", Port: 70000},
		"security": {Staff: w.anna.Staff, Address: "a@b.example", Host: "h.example", Security: crm.SecurityNone},
	} {
		_, err := s.AddMailbox(w.ctx, w.anna, bad)
		w.refused(err, crm.KindInvalid, field)
	}
	_, err = s.AddMailbox(w.ctx, w.ritva, crm.Mailbox{Staff: 1 << 40, Address: "a@b.example", Host: "h"})
	w.refused(err, crm.KindInvalid, "owner")
	_, err = s.AddMailbox(w.ctx, w.anna, crm.Mailbox{Staff: w.anna.Staff, Address: "a@b.example", Host: "127.0.0.1", Port: 1143, Security: crm.SecurityNone})
	w.check(err)

	// Removed, it is gone from the lists; added again, it is the same one.
	w.refused(s.RemoveMailbox(w.ctx, w.pekka, m.ID), crm.KindForbidden, "")
	w.check(s.RemoveMailbox(w.ctx, w.anna, m.ID))
	w.refused(s.RemoveMailbox(w.ctx, w.anna, m.ID), crm.KindNotFound, "")
	list, err := s.Mailboxes(w.ctx, w.pekka)
	w.check(err)
	for _, b := range list {
		if b.ID == m.ID || b.Password != "" {
			t.Errorf("the list has %+v", b)
		}
	}
	second.Staff = w.pekka.Staff
	_, err = s.AddMailbox(w.ctx, w.ritva, second) // with it, Pekka would get Anna's private mail
	w.refused(err, crm.KindConflict, "")
	second.Staff = w.anna.Staff
	again, err := s.AddMailbox(w.ctx, w.anna, second)
	w.check(err)
	if again.ID != m.ID {
		t.Errorf("revived as %d, was %d", again.ID, m.ID)
	}
}

func testMailboxSecrets(t *testing.T, s *store.Store) {
	w := newWorld(t, s)
	followed := func(id crm.MailboxID) *crm.Mailbox {
		list, err := s.FollowedMailboxes(w.ctx)
		w.check(err)
		for _, m := range list {
			if m.ID == id {
				return &m
			}
		}
		return nil
	}
	m, err := s.AddMailbox(w.ctx, w.anna, crm.Mailbox{Staff: w.anna.Staff, Address: "anna@other.example", Host: "imap.other.example", Password: "äiti's secret"})
	w.check(err)
	if f := followed(m.ID); f == nil || f.Password != "äiti's secret" {
		t.Fatalf("the follower gets %+v", f)
	}

	m.Label = "the other one" // no password given: the old one stays
	w.check(s.UpdateMailbox(w.ctx, w.anna, m))
	if f := followed(m.ID); f == nil || f.Password != "äiti's secret" || f.Label != "the other one" {
		t.Errorf("after a new label: %+v", f)
	}
	elsewhere := m
	elsewhere.Host = "imap.thief.example"
	w.refused(s.UpdateMailbox(w.ctx, w.ritva, elsewhere), crm.KindInvalid, "password")
	w.refused(s.UpdateMailbox(w.ctx, w.pekka, m), crm.KindForbidden, "")
	elsewhere.Password = "given anew"
	w.check(s.UpdateMailbox(w.ctx, w.anna, elsewhere))
	if f := followed(m.ID); f == nil || f.Password != "given anew" || f.Host != "imap.thief.example" {
		t.Errorf("after a move: %+v", f)
	}
	m.ID = 1 << 40
	w.refused(s.UpdateMailbox(w.ctx, w.ritva, m), crm.KindNotFound, "")
	w.check(s.RemoveMailbox(w.ctx, w.anna, elsewhere.ID))
	if followed(elsewhere.ID) != nil {
		t.Error("a removed mailbox is followed")
	}
}

func testMailboxState(t *testing.T, s *store.Store) {
	w := newWorld(t, s)
	list, err := s.Mailboxes(w.ctx, w.anna)
	w.check(err)
	m := list[0]
	seen := time.Date(2026, 4, 1, 12, 0, 0, 0, time.UTC)
	read := func() crm.Mailbox {
		list, err := s.Mailboxes(w.ctx, w.anna)
		w.check(err)
		return list[0]
	}
	w.check(s.SetMailboxState(w.ctx, m.ID, crm.MailboxFollowed, "", seen))
	w.check(s.SetMailboxState(w.ctx, m.ID, crm.MailboxRetrying, "the server is silent", time.Time{}))
	if b := read(); b.State != crm.MailboxRetrying || b.Problem != "the server is silent" || !b.LastSeen.Equal(seen) {
		t.Errorf("after trouble: %+v", b)
	}
	m.State = crm.MailboxPaused
	w.check(s.UpdateMailbox(w.ctx, w.ritva, m))
	w.check(s.SetMailboxState(w.ctx, m.ID, crm.MailboxFollowed, "", seen)) // the follower had not heard of it yet
	if b := read(); b.State != crm.MailboxPaused {
		t.Errorf("a paused mailbox is %s", b.State)
	}
	followed, err := s.FollowedMailboxes(w.ctx)
	w.check(err)
	if len(followed) != 2 {
		t.Errorf("%d mailboxes are followed, want 2", len(followed))
	}
	m.State = crm.MailboxNew
	w.check(s.UpdateMailbox(w.ctx, w.ritva, m))
	if b := read(); b.State != crm.MailboxNew {
		t.Errorf("a mailbox switched on again is %s", b.State)
	}
	files, err := s.AddMailbox(w.ctx, w.anna, crm.Mailbox{Staff: w.anna.Staff, Address: "anna@kaukoranta.example", Username: "import:/old.mbox", State: crm.MailboxImported})
	w.check(err)
	if files.State != crm.MailboxImported {
		t.Errorf("imported files are %s", files.State)
	}
}
