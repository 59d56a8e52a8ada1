package ingest_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"

	"kaveri/crm"
	"kaveri/ingest"
	"kaveri/internal/testdovecot"
	"kaveri/internal/testproxy"
	"kaveri/store"
)

// How long a test waits for a mail to arrive, and for whatever else should
// take a second or two on a machine that is not busy.
const (
	arrival = 15 * time.Second
	soon    = 2 * time.Minute
)

// openAt asks whether a subject's mail is stored and how many open sightings
// it has in a folder.
func (d database) openAt(subject, folder string) int {
	return d.number(`SELECT count(*) FROM messages m JOIN sightings s ON s.message_id = m.id JOIN folders f ON f.id = s.folder_id WHERE m.subject = $1 AND f.name = $2 AND s.gone_us = 0`, subject, folder)
}

// arrives waits for the event of a customer's mail, and gives the time since
// the mail was put into the mailbox.
func arrives(t *testing.T, events <-chan crm.Event, db database, since time.Time, subject, folder string) time.Duration {
	t.Helper()
	limit := time.After(arrival)
	for {
		select {
		case e := <-events:
			if e.Kind == "mail" && e.Message != 0 && db.number(`SELECT count(*) FROM messages WHERE id = $1 AND subject = $2`, int64(e.Message), subject) == 1 {
				took := time.Since(since)
				if db.openAt(subject, folder) != 1 {
					t.Errorf("%q is stored and not seen in %s", subject, folder)
				}
				return took.Round(time.Millisecond)
			}
		case <-limit:
			t.Fatalf("no event of %q within %v", subject, arrival)
		}
	}
}

func TestLive(t *testing.T) {
	t.Parallel()
	onBothEngines(t, func(t *testing.T, dsn string) {
		o := newOffice(t, 8, 100, 3)
		staff, customer := o.staff[2], o.customers[0]
		user, ours, theirs := staff.User(), staff.Addresses[0], customer.Addresses[0]
		o.CreateFolder(user, "Trash")
		o.Deliver(user, "Trash", mail("roska", theirs, ours, "Heitetty", "pois"), time.Now())
		st := openStore(t, dsn, nil)
		o.enrol(t, st, o.Addr(), crm.PolicyAll)
		o.seed(t, st)
		db := openDatabase(t, dsn)
		events := st.Subscribe(t.Context())
		service, stop := serve(t, quick(t, st))
		eventually(t, soon, "the history is stored", func() bool { return db.number(`SELECT count(*) FROM sightings`) == 100 })

		at := time.Now()
		first := o.Append(user, "INBOX", mail("eka", theirs, ours, "Ensimmäinen", "Hei!"), at)
		inbox := arrives(t, events, db, at, "Ensimmäinen", "INBOX")
		at = time.Now()
		o.Append(user, "Sent", mail("toka", ours, theirs, "Toinen", "Hei vaan!"), at)
		sent := arrives(t, events, db, at, "Toinen", "Sent")
		at = time.Now()
		o.Append(user, "Asiakkaat/Tärkeät", mail("kolmas", theirs, ours, "Kolmas", "Hei taas!"), at)
		t.Logf("latency: INBOX %v, Sent %v (IDLE); another folder %v (polled each 100 ms)", inbox, sent, arrives(t, events, db, at, "Kolmas", "Asiakkaat/Tärkeät"))

		// Moved: one sighting closes, one opens; it is one mail all the while.
		o.Move(user, "INBOX", "Archive", first)
		eventually(t, soon, "the move is seen", func() bool {
			return db.openAt("Ensimmäinen", "INBOX") == 0 && db.openAt("Ensimmäinen", "Archive") == 1
		})
		// Expunged: the firm's copy stays.
		second := o.Append(user, "INBOX", mail("neljas", theirs, ours, "Neljäs", "Katoaa."), time.Now())
		arrives(t, events, db, time.Now(), "Neljäs", "INBOX")
		o.Expunge(user, "INBOX", second)
		eventually(t, soon, "the expunge is seen", func() bool { return db.openAt("Neljäs", "INBOX") == 0 })
		for _, subject := range []string{"Ensimmäinen", "Neljäs"} {
			if n := db.number(`SELECT count(*) FROM messages m JOIN links l ON l.message_id = m.id WHERE m.subject = $1`, subject); n != 1 {
				t.Errorf("%q: %d linked messages, want 1", subject, n)
			}
		}

		// A folder that comes later, and one that is switched on later.
		c := o.Dial(user)
		if err := c.Create("Uusi kansio", nil).Wait(); err != nil {
			t.Fatal(err)
		}
		o.Append(user, "Uusi kansio", mail("viides", theirs, ours, "Viides", "Uudessa kansiossa."), time.Now())
		took := eventually(t, soon, "the new folder is read", func() bool { return db.openAt("Viides", "Uusi kansio") == 1 })
		if db.openAt("Heitetty", "Trash") != 0 {
			t.Error("Trash was captured without being asked for")
		}
		include(t, st, user, "Trash")
		service.Wake()
		on := eventually(t, soon, "the folder switched on is read", func() bool { return db.openAt("Heitetty", "Trash") == 1 })
		t.Logf("a new folder was read after %v, one switched on after %v", took.Round(time.Millisecond), on.Round(time.Millisecond))

		// A folder that goes away is no difference in the census, and its mail stays.
		if err := c.Delete("Uusi kansio").Wait(); err != nil {
			t.Fatal(err)
		}
		stop()
		snaps := o.snapshots()
		checkCensus(t, st, snaps)
		db.checkConsistent()
		if n := db.number(`SELECT count(*) FROM messages WHERE subject = 'Viides'`); n != 1 {
			t.Error("the mail of a deleted folder is gone")
		}
	})
}

// include switches a folder on that is left out by default.
func include(t *testing.T, st *store.Store, user, folder string) {
	t.Helper()
	m := mailboxOf(t, st, user)
	m.Folders.Include = append(m.Folders.Include, folder)
	if err := st.UpdateMailbox(t.Context(), crm.SystemViewer, m); err != nil {
		t.Fatal(err)
	}
}

func mailboxOf(t *testing.T, st *store.Store, user string) crm.Mailbox {
	t.Helper()
	boxes, err := st.Mailboxes(t.Context(), crm.SystemViewer)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range boxes {
		if m.Username == user {
			return m
		}
	}
	t.Fatalf("no mailbox of %s", user)
	return crm.Mailbox{}
}

// IDLE alone brings new mail when the next poll is an hour away, and polling
// alone when the server offers no IDLE.
func TestLiveByIdleOrPoll(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		poll    time.Duration
		folders []string
		options []testdovecot.Option
	}{
		"idle":              {time.Hour, []string{"INBOX", "Sent", "INBOX", "Sent"}, nil},
		"poll":              {100 * time.Millisecond, []string{"INBOX", "Sent", "Sent", "Archive", "Archive"}, []testdovecot.Option{testdovecot.WithCapabilities("IMAP4rev1 UNSELECT")}},
		"poll, bare server": {100 * time.Millisecond, []string{"INBOX", "Sent", "Sent", "Archive", "Archive"}, []testdovecot.Option{testdovecot.WithCapabilities("IMAP4rev1")}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := newOffice(t, 9, 0, 3, c.options...)
			user, ours, theirs := o.staff[2].User(), o.staff[2].Addresses[0], o.customers[0].Addresses[0]
			dsn := sqliteDSN(t)
			st := openStore(t, dsn, nil)
			owner := o.found(t, st, crm.PolicyAll)
			o.addMailbox(t, st, owner, o.Addr(), user, testdovecot.Password)
			o.seed(t, st)
			db := openDatabase(t, dsn)
			events := st.Subscribe(t.Context())
			opts := quick(t, st)
			opts.Poll = c.poll
			serve(t, opts)
			eventually(t, soon, "the folders are listed", func() bool {
				return db.number(`SELECT count(*) FROM folders WHERE low = 1`) == len(testdovecot.StandardFolders)
			})
			// Sent and Archive twice: the folder read last is the one that is examined.
			for i, folder := range c.folders {
				from, to := theirs, ours
				if folder == "Sent" {
					from, to = to, from
				}
				subject, at := fmt.Sprintf("Uutta %d", i), time.Now()
				uid := o.Append(user, folder, mail(fmt.Sprint(i), from, to, subject, "Hei!"), at)
				t.Logf("%s: %v", folder, arrives(t, events, db, at, subject, folder))
				if c.poll < time.Minute {
					o.Expunge(user, folder, uid)
					eventually(t, soon, "the expunge is seen", func() bool { return db.openAt(subject, folder) == 0 })
				}
			}
		})
	}
}

// A mail that comes by IDLE and is gone before the next poll leaves the number
// of mails in the folder as it was: it is found to be gone all the same.
func TestLiveExpungedBeforePoll(t *testing.T) {
	t.Parallel()
	o := newOffice(t, 10, 0, 3)
	user, ours, theirs := o.staff[2].User(), o.staff[2].Addresses[0], o.customers[0].Addresses[0]
	dsn := sqliteDSN(t)
	st := openStore(t, dsn, nil)
	owner := o.found(t, st, crm.PolicyAll)
	o.addMailbox(t, st, owner, o.Addr(), user, testdovecot.Password)
	o.seed(t, st)
	db := openDatabase(t, dsn)
	events := st.Subscribe(t.Context())
	opts := quick(t, st)
	opts.Poll = 2 * time.Second
	serve(t, opts)
	eventually(t, soon, "the folders are listed", func() bool {
		return db.number(`SELECT count(*) FROM folders WHERE low = 1`) == len(testdovecot.StandardFolders)
	})
	for i := range 3 {
		subject := fmt.Sprintf("Käväisy %d", i)
		at := time.Now()
		uid := o.Append(user, "INBOX", mail(fmt.Sprint("kay", i), theirs, ours, subject, "Hei!"), at)
		arrives(t, events, db, at, subject, "INBOX")
		o.Expunge(user, "INBOX", uid)
	}
	eventually(t, soon, "the sightings are closed", func() bool { return db.number(`SELECT count(*) FROM sightings WHERE gone_us = 0`) == 0 })
}

// Trouble with one mailbox is its own: a stalled line, a wrong password, a
// server that goes away. Each says what it is, delays nobody, and what passes
// by itself is mended by itself.
func TestLiveTrouble(t *testing.T) {
	t.Parallel()
	// Without Dovecot's penalty, by which a wrong password from one address slows all logins from there.
	o := newOffice(t, 11, 150, 3, testdovecot.WithConfig("service anvil {\n  unix_listener anvil-auth-penalty {\n    mode = 0\n  }\n}\n"))
	dsn := sqliteDSN(t)
	st := openStore(t, dsn, nil)
	owner := o.found(t, st, crm.PolicyAll)
	o.seed(t, st)
	proxy := testproxy.Start(t, o.Addr())
	proxy.Stall(true)
	stalled, refused, well := o.staff[0].User(), o.staff[1].User(), o.staff[2].User()
	o.addMailbox(t, st, owner, proxy.Addr(), stalled, testdovecot.Password)
	o.addMailbox(t, st, owner, o.Addr(), refused, "wrong")
	o.addMailbox(t, st, owner, o.Addr(), well, testdovecot.Password)
	want := map[string]int{}
	for p := range onServer(o.snapshots()) {
		want[p.user]++
	}
	db := openDatabase(t, dsn)
	have := func(user string) int {
		return db.number(`SELECT count(*) FROM sightings s JOIN folders f ON f.id = s.folder_id JOIN mailboxes b ON b.id = f.mailbox_id WHERE b.username = $1`, user)
	}
	state := func(user string, want crm.MailboxState) func() bool {
		return func() bool { return mailboxOf(t, st, user).State == want }
	}
	events := st.Subscribe(t.Context())
	opts := quick(t, st)
	opts.Patience = ingest.Patience{Dial: time.Second, Quiet: time.Second}
	service, _ := serve(t, opts)

	took := eventually(t, soon, "the well mailbox is read", func() bool { return have(well) == want[well] })
	ours, theirs := address(t, well+"@"+o.domain), o.customers[0].Addresses[0]
	at := time.Now()
	o.Append(well, "INBOX", mail("terve", theirs, string(ours), "Terve", "Hei!"), at)
	t.Logf("beside a stalled and a refused mailbox: %d mails after %v, a new one after %v", want[well], took.Round(time.Millisecond), arrives(t, events, db, at, "Terve", "INBOX"))
	eventually(t, soon, "the wrong password is refused", state(refused, crm.MailboxRefused))
	eventually(t, soon, "the stalled mailbox is retrying", state(stalled, crm.MailboxRetrying))
	for _, user := range []string{stalled, refused} {
		if m := mailboxOf(t, st, user); m.Problem == "" || have(user) != 0 {
			t.Errorf("%s: problem %q, %d mails", user, m.Problem, have(user))
		} else {
			t.Logf("%s: %s", m.State, m.Problem)
		}
	}

	proxy.Stall(false)
	eventually(t, soon, "the stalled mailbox is read", func() bool { return have(stalled) == want[stalled] })
	eventually(t, soon, "the stalled mailbox is followed", state(stalled, crm.MailboxFollowed))
	if m := mailboxOf(t, st, stalled); m.Problem != "" {
		t.Errorf("the problem stays although it is over: %q", m.Problem)
	}

	proxy.Refuse(true)
	proxy.CutAll()
	eventually(t, soon, "the server that is away is noticed", state(stalled, crm.MailboxRetrying))
	o.Append(stalled, "INBOX", mail("poissa", theirs, stalled+"@"+o.domain, "Sillä välin", "Hei!"), time.Now())
	proxy.Refuse(false)
	took = eventually(t, soon, "the mail of the meantime is stored", func() bool { return db.openAt("Sillä välin", "INBOX") == 1 })
	t.Logf("after the server came back: %v", took.Round(time.Millisecond))
	eventually(t, soon, "the mailbox is followed again", state(stalled, crm.MailboxFollowed))

	// A half-open line: connected, and not a byte comes.
	proxy.Stall(true)
	eventually(t, soon, "the silent server is noticed", state(stalled, crm.MailboxRetrying))
	proxy.Stall(false)
	eventually(t, soon, "the mailbox is followed once more", state(stalled, crm.MailboxFollowed))

	m := mailboxOf(t, st, refused)
	m.Password = testdovecot.Password
	if err := st.UpdateMailbox(t.Context(), crm.SystemViewer, m); err != nil {
		t.Fatal(err)
	}
	service.Wake()
	eventually(t, soon, "the mailbox with its new password is read", func() bool { return have(refused) == want[refused] })
	db.checkConsistent()
}

// One folder that the server does not open is one folder: the others of the
// mailbox are read, and the census names it.
func TestLiveClosedFolder(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.Chmod(filepath.Dir(dir), 0o755); err != nil { // Dovecot runs as another user
		t.Fatal(err)
	}
	// "Archive" may be listed and not read.
	acl := filepath.Join(dir, "acl")
	if err := os.WriteFile(acl, []byte("Archive owner l\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	o := newOffice(t, 12, 60, 3, testdovecot.WithConfig("mail_plugins = acl\nplugin {\n  acl = vfile:"+acl+"\n}\n"))
	dsn := sqliteDSN(t)
	st := openStore(t, dsn, nil)
	o.enrol(t, st, o.Addr(), crm.PolicyAll)
	db := openDatabase(t, dsn)
	user := o.staff[2].User()
	c := o.Dial(user)
	if _, err := c.Select("Archive", &imap.SelectOptions{ReadOnly: true}).Wait(); err == nil {
		t.Fatal("the server opens the folder: this test tests nothing")
	}
	readable := 0
	for _, tr := range o.truths {
		if tr.Folder != "Archive" {
			readable++
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), soon)
	defer cancel()
	if _, err := ingest.New(quick(t, st)).Sync(ctx, nil, nil); err == nil {
		t.Error("the sync says that all is well")
	} else {
		t.Logf("sync: %v", err)
	}
	if n := db.number(`SELECT count(*) FROM sightings`); n != readable {
		t.Errorf("%d mails are stored, want the %d of the other folders", n, readable)
	}
	boxes, err := st.FollowedMailboxes(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	counts, err := ingest.New(quick(t, st)).Census(t.Context(), boxes[2])
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range counts {
		if (c.FolderName == "Archive") != (c.Error != "") {
			t.Errorf("census: %+v", c)
		}
	}

	events := st.Subscribe(t.Context())
	serve(t, quick(t, st))
	at := time.Now()
	o.seed(t, st)
	o.Append(user, "INBOX", mail("auki", o.customers[0].Addresses[0], o.staff[2].Addresses[0], "Auki", "Hei!"), at)
	t.Logf("new mail beside a closed folder: %v", arrives(t, events, db, at, "Auki", "INBOX"))
	eventually(t, soon, "the mailbox is followed", func() bool { return mailboxOf(t, st, user).State == crm.MailboxFollowed })
}
