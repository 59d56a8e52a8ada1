package storetest

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"kaveri/crm"
	"kaveri/store"
)

// under switches the firm's capture policy.
func (w *world) under(p crm.Policy) {
	w.Helper()
	firm, err := w.s.Firm(w.ctx)
	w.check(err)
	firm.Policy = p
	w.check(w.s.SaveFirm(w.ctx, crm.SystemViewer, firm))
}

// conversation gives the conversation a message is in.
func (w *world) conversation(id crm.MessageID) crm.ConversationID {
	w.Helper()
	m, err := w.s.Mail(w.ctx, crm.SystemViewer, id)
	w.check(err)
	return m.Conversation
}

// listed hands one envelope to the first pass, at the next UID of Anna's INBOX.
func (w *world) listed(l letter, chain ...string) uint32 {
	w.Helper()
	w.uid++
	w.clock = w.clock.Add(time.Minute)
	d := w.delivery(l, w.clock)
	d.Message.References = chain
	w.check(w.s.Listed(w.ctx, w.boxes[w.anna.Staff], crm.Cursor{UIDValidity: 1, High: w.uid, Low: 1}, []crm.Listed{{UID: w.uid, Internal: w.clock, Size: d.Raw.Size, Envelope: &d.Message.Envelope}}))
	return w.uid
}

// due gives the UIDs of Anna's INBOX that wait for their body, newest first.
func (w *world) due() []uint32 {
	w.Helper()
	due, err := w.s.Due(w.ctx, w.boxes[w.anna.Staff], 1, 100)
	w.check(err)
	uids := []uint32{}
	for _, d := range due {
		uids = append(uids, d.UID)
	}
	return uids
}

func (w *world) wantDue(when string, want ...uint32) {
	w.Helper()
	got := w.due()
	same := len(got) == len(want)
	for i := range want {
		same = same && got[i] == want[i]
	}
	if !same {
		w.Errorf("%s: UIDs %v wait for their body, want %v", when, got, want)
	}
}

// A thread holds together through a parent that nobody has seen, and two
// threads become one when a mail belongs to both.
func testThreads(t *testing.T, s *store.Store) {
	w := newWorld(t, s)
	w.customer("Dora", "dora@acme.example")
	a := w.arrives(letter{From: "dora@acme.example", To: "anna@kaukoranta.example", Subject: "Re: Lapland", ID: "a", ReplyTo: "unseen"}, w.anna)
	b := w.arrives(letter{From: "dora@acme.example", To: "pekka@kaukoranta.example", Subject: "Re: Lapland", ID: "b", ReplyTo: "unseen"}, w.pekka)
	other := w.arrives(letter{From: "dora@acme.example", To: "anna@kaukoranta.example", Subject: "Invoice", ID: "c"}, w.anna)
	if w.conversation(a) != w.conversation(b) {
		t.Error("two answers to an unseen mail, in two mailboxes, are not one conversation")
	}
	if w.conversation(a) == w.conversation(other) {
		t.Error("a mail without references joined a thread")
	}
	// Pekka's answer names both threads.
	w.clock = w.clock.Add(time.Minute)
	d := w.delivery(letter{From: "pekka@kaukoranta.example", To: "dora@acme.example", Subject: "Both", ID: "d"}, w.clock)
	d.Message.References = []string{"a", "c"}
	w.uid++
	d.Folder, d.UIDValidity, d.UID = w.boxes[w.pekka.Staff], 1, w.uid
	out, err := w.s.Deliver(w.ctx, []crm.Delivery{d})
	w.check(err)
	for _, m := range []crm.MessageID{a, b, other} {
		if w.conversation(m) != w.conversation(out[0].Message) {
			t.Errorf("message %d stayed outside the joined conversation", m)
		}
	}
	if parent := w.arrives(letter{From: "anna@kaukoranta.example", To: "dora@acme.example", Subject: "Lapland", ID: "unseen"}, w.anna); w.conversation(parent) != w.conversation(a) {
		t.Error("the parent that came last is not in its own conversation")
	}
}

// The same mail in two mailboxes is one message with two sightings; another
// mail with the same Message-ID is another message.
func testIdentity(t *testing.T, s *store.Store) {
	w := newWorld(t, s)
	dora := w.customer("Dora", "dora@acme.example")
	m := w.arrives(letter{From: "dora@acme.example", To: "anna@kaukoranta.example", Subject: "One", ID: "same", Variant: "hop"}, w.anna, w.pekka)
	view, err := w.s.Mail(w.ctx, w.anna, m)
	w.check(err)
	if len(view.Sightings) != 2 || view.Raws != 2 {
		t.Errorf("%d sightings and %d raws, want 2 and 2", len(view.Sightings), view.Raws)
	}
	again := w.arrives(letter{From: "dora@acme.example", To: "anna@kaukoranta.example", Subject: "Another", ID: "same"}, w.anna)
	if again == m || len(w.timeline(w.anna, dora.ID, 10)) != 2 {
		t.Error("a mail with a Message-ID that was used before is hidden")
	}
	// A copy by its hash alone.
	d := w.delivery(letter{From: "x@y.example", To: "anna@kaukoranta.example", Subject: "?"}, w.clock)
	d.Copy, d.Message, d.Raw.Zstd = true, nil, nil
	d.Folder, d.UIDValidity, d.UID = w.boxes[w.anna.Staff], 1, 999
	out, err := w.s.Deliver(w.ctx, []crm.Delivery{d})
	w.check(err)
	if !out[0].Unknown {
		t.Errorf("a copy of what was never stored is %+v", out[0])
	}
}

// Whichever way the first mail went, the second makes a customer, and the
// first is on the timeline too.
func testTwoWayMail(t *testing.T, s *store.Store) {
	w := newWorld(t, s)
	in := letter{From: "Aino Virtanen <aino@gmx.example>", To: "anna@kaukoranta.example", Subject: "Question"}
	out := letter{From: "anna@kaukoranta.example", To: "aino@gmx.example", Subject: "Answer"}
	w.arrives(in, w.anna)
	if rows, _, err := s.Customers(w.ctx, w.anna, crm.CustomerQuery{}); err != nil || len(rows) != 0 {
		t.Fatalf("one mail made %d customers, %v", len(rows), err)
	}
	w.arrives(out, w.anna)
	out.To, in.From = "veikko@gmx.example", "veikko@gmx.example"
	w.arrives(out, w.pekka)
	w.arrives(in, w.pekka)
	rows, _, err := s.Customers(w.ctx, w.anna, crm.CustomerQuery{})
	w.check(err)
	names := map[string]int{}
	for _, r := range rows {
		names[r.Name] = r.Mails
	}
	if len(names) != 2 || names["Aino Virtanen"]+names["Aino"] != 2 || names["Veikko"] != 2 {
		t.Errorf("customers and their mails: %v", names)
	}
	// A name made from the address gives way to the first real one, and that stays.
	in.From, in.Subject = "Veikko Salo <veikko@gmx.example>", "More"
	w.arrives(in, w.pekka)
	in.From, in.Subject = "VS <veikko@gmx.example>", "Still more"
	w.arrives(in, w.pekka)
	found, _, err := s.Customers(w.ctx, w.anna, crm.CustomerQuery{Text: "salo"})
	w.check(err)
	if len(found) != 1 || found[0].Name != "Veikko Salo" || found[0].Mails != 4 {
		t.Errorf("found by the name he signs with: %+v", found)
	}
	w.arrives(letter{From: "news@shop.example", To: "anna@kaukoranta.example", Subject: "Sale", Class: crm.ClassNewsletter}, w.anna)
	w.arrives(letter{From: "anna@kaukoranta.example", To: "news@shop.example", Subject: "stop"}, w.anna)
	if rows, _, err = s.Customers(w.ctx, w.anna, crm.CustomerQuery{}); err != nil || len(rows) != 2 {
		t.Errorf("a newsletter that was answered became a customer: %d, %v", len(rows), err)
	}
}

// Under the policy "known", a stranger's mail waits as a keyed hash and is due
// as soon as it turns out to be a customer's: by address, or by thread.
func testWithheldMailWakes(t *testing.T, s *store.Store) {
	w := newWorld(t, s)
	w.under(crm.PolicyKnown)
	first := w.listed(letter{From: "aino@gmx.example", To: "anna@kaukoranta.example", Subject: "Question", ID: "q"})
	w.listed(letter{From: "somebody@else.example", To: "anna@kaukoranta.example", Subject: "Spam", ID: "s"})
	w.listed(letter{From: "pekka@kaukoranta.example", To: "anna@kaukoranta.example", Subject: "Lunch", ID: "l"})
	inThread := w.listed(letter{From: "aino.work@office.example", To: "anna@kaukoranta.example", Subject: "Re: Question", ID: "q2"}, "q")
	w.wantDue("strangers and colleagues only")
	answer := w.listed(letter{From: "anna@kaukoranta.example", To: "aino@gmx.example", Subject: "Re: Question", ID: "r"}, "q")
	w.wantDue("Anna has answered", answer, first)
	w.deliver(letter{From: "aino@gmx.example", To: "anna@kaukoranta.example", Subject: "Question", ID: "q"}, first)
	w.wantDue("her thread is known", answer, inThread)
	counts, err := s.FolderCounts(w.ctx, w.mailboxOf(w.anna))
	w.check(err)
	if c := counts[0]; c.Stored != 1 || c.Waiting != 2 || c.Withheld[crm.RuleNoCustomer] != 1 || c.Withheld[crm.RuleInternal] != 1 {
		t.Errorf("the folder counts %+v", c)
	}
	// Whoever owns the mailbox, and an administrator, learn why a mail is not here.
	for _, c := range []struct {
		who  crm.Viewer
		id   string
		want int
	}{{w.anna, "s", 1}, {w.ritva, "s", 1}, {w.pekka, "s", 0}, {w.anna, "q", 0}, {crm.Viewer{}, "s", 0}} {
		rows, err := s.Withheld(w.ctx, c.who, c.id)
		w.check(err)
		if len(rows) != c.want || c.want > 0 && (rows[0].Rule != crm.RuleNoCustomer || rows[0].Folder != "INBOX" || rows[0].Mailbox != "Anna's mail") {
			t.Errorf("%q for %d: %+v", c.id, c.who.Staff, rows)
		}
	}
}

// What a rule has withheld is judged anew when the firm's rules change.
func testPolicyReachesBack(t *testing.T, s *store.Store) {
	w := newWorld(t, s)
	w.under(crm.PolicyKnown)
	stranger := w.listed(letter{From: "somebody@else.example", To: "anna@kaukoranta.example", Subject: "Hello", ID: "h"})
	w.wantDue("a stranger")
	w.under(crm.PolicyExternal)
	w.wantDue("everything with anyone outside is wanted now", stranger)
	if out := w.deliver(letter{From: "somebody@else.example", To: "anna@kaukoranta.example", Subject: "Hello", ID: "h"}, stranger); out.Message == 0 {
		t.Errorf("it is withheld by %q", out.Rule)
	}
}

func (w *world) mailboxOf(v crm.Viewer) crm.MailboxID {
	w.Helper()
	boxes, err := w.s.Mailboxes(w.ctx, crm.SystemViewer)
	w.check(err)
	for _, b := range boxes {
		if b.Staff == v.Staff {
			return b.ID
		}
	}
	w.Fatal("no mailbox")
	return 0
}

// deliver hands in the body of a UID of Anna's INBOX.
func (w *world) deliver(l letter, uid uint32) crm.Outcome {
	w.Helper()
	d := w.delivery(l, w.clock)
	d.Folder, d.UIDValidity, d.UID = w.boxes[w.anna.Staff], 1, uid
	out, err := w.s.Deliver(w.ctx, []crm.Delivery{d})
	w.check(err)
	return out[0]
}

// A mail that fails is tried again later, and set aside the third time with
// its bytes; the others go on.
func testFailures(t *testing.T, s *store.Store) {
	w := newWorld(t, s)
	uid := w.listed(letter{From: "dora@acme.example", To: "anna@kaukoranta.example", Subject: "Poison"})
	folder := w.boxes[w.anna.Staff]
	for try := 1; try <= store.MaxTries; try++ {
		n, err := s.Fail(w.ctx, folder, 1, []crm.Failure{{UID: uid, Reason: "the parser failed", Raw: []byte("bytes")}})
		w.check(err)
		if want := try / store.MaxTries; n != want {
			t.Errorf("try %d: %d quarantined, want %d", try, n, want)
		}
		w.wantDue("it rests after a failure")
	}
	list, err := s.Quarantine(w.ctx, w.ritva)
	w.check(err)
	if len(list) != 1 || list[0].Reason != "the parser failed" || list[0].Tries != store.MaxTries {
		t.Fatalf("the quarantine holds %+v", list)
	}
	w.refused(s.RetryQuarantined(w.ctx, w.pekka, folder, uid), crm.KindForbidden, "")
	w.check(s.RetryQuarantined(w.ctx, w.ritva, folder, uid))
	w.wantDue("it is tried once more", uid)
	if out := w.deliver(letter{From: "dora@acme.example", To: "anna@kaukoranta.example", Subject: "Poison"}, uid); out.Message == 0 {
		t.Errorf("it is withheld by %q", out.Rule)
	}
	if list, err = s.Quarantine(w.ctx, w.ritva); err != nil || len(list) != 0 {
		t.Errorf("stored, and still in quarantine: %+v, %v", list, err)
	}
}

// A folder is held against what the server lists: what left is closed and what
// is nowhere is named; the mail itself stays.
func testReconcile(t *testing.T, s *store.Store) {
	w := newWorld(t, s)
	dora := w.customer("Dora", "dora@acme.example")
	m := w.arrives(letter{From: "dora@acme.example", To: "anna@kaukoranta.example", Subject: "Kept"}, w.anna)
	waiting := w.listed(letter{From: "dora@acme.example", To: "anna@kaukoranta.example", Subject: "Gone before it was read"})
	missing, err := s.Reconcile(w.ctx, w.boxes[w.anna.Staff], 1, []uint32{500, 501})
	w.check(err)
	if len(missing) != 2 || missing[0] != 500 || missing[1] != 501 {
		t.Errorf("nowhere with us: %v", missing)
	}
	w.wantDue("the server lists it no more")
	view, err := s.Mail(w.ctx, w.anna, m)
	w.check(err)
	if len(view.Sightings) != 1 || view.Sightings[0].Gone.IsZero() {
		t.Errorf("the sighting of a mail that left: %+v (UID %d was waiting)", view.Sightings, waiting)
	}
	if len(w.timeline(w.anna, dora.ID, 10)) != 1 {
		t.Error("the mail left the customer with the mailbox")
	}
}

// When the server renumbers a folder, a mail is known again by its envelope
// and needs no second fetch; what was only listed is listed anew.
func testNewEpoch(t *testing.T, s *store.Store) {
	w := newWorld(t, s)
	w.customer("Dora", "dora@acme.example")
	l := letter{From: "dora@acme.example", To: "anna@kaukoranta.example", Subject: "Known", ID: "k"}
	m := w.arrives(l, w.anna)
	folder := w.boxes[w.anna.Staff]
	w.check(s.NewEpoch(w.ctx, folder, crm.Cursor{UIDValidity: 2, High: 2, Low: 3}))
	d := w.delivery(l, w.clock)
	fresh := w.delivery(letter{From: "dora@acme.example", To: "anna@kaukoranta.example", Subject: "New", ID: "n"}, w.clock)
	w.check(s.Listed(w.ctx, folder, crm.Cursor{UIDValidity: 2, High: 2, Low: 1}, []crm.Listed{
		{UID: 1, Internal: w.clock, Size: d.Raw.Size, Envelope: &d.Message.Envelope},
		{UID: 2, Internal: w.clock, Size: fresh.Raw.Size, Envelope: &fresh.Message.Envelope}}))
	due, err := s.Due(w.ctx, folder, 2, 10)
	w.check(err)
	if len(due) != 1 || due[0].UID != 2 {
		t.Errorf("to be fetched after renumbering: %v, want UID 2 alone", due)
	}
	w.check(s.CloseEpochs(w.ctx, folder, 2))
	view, err := s.Mail(w.ctx, w.anna, m)
	w.check(err)
	if len(view.Sightings) != 1 || view.Sightings[0].UID != 1 || !view.Sightings[0].Gone.IsZero() {
		t.Errorf("sightings after renumbering: %+v", view.Sightings)
	}
}

// The marks of a cursor only widen, whoever writes last.
func testCursor(t *testing.T, s *store.Store) {
	w := newWorld(t, s)
	folder := w.boxes[w.anna.Staff]
	for _, c := range []crm.Cursor{{UIDValidity: 1, High: 50, Low: 51}, {UIDValidity: 1, High: 60, Low: 20}, {UIDValidity: 1, High: 55, Low: 40}} {
		w.check(s.Listed(w.ctx, folder, c, nil))
	}
	folders, err := s.Folders(w.ctx, w.mailboxOf(w.anna))
	w.check(err)
	if c := folders[0].Cursor; c.High != 60 || c.Low != 20 || c.UIDValidity != 1 {
		t.Errorf("the cursor is %+v", c)
	}
	w.check(s.NewEpoch(w.ctx, folder, crm.Cursor{UIDValidity: 7, High: 3, Low: 4}))
	if folders, err = s.Folders(w.ctx, w.mailboxOf(w.anna)); err != nil || folders[0].Cursor != (crm.Cursor{UIDValidity: 7, High: 3, Low: 4}) {
		t.Errorf("the cursor of the new epoch is %+v, %v", folders[0].Cursor, err)
	}
}

// Callers who deliver at once share a transaction; one whose mail cannot be
// stored fails alone, and each is told of its own mail.
func testTogether(t *testing.T, s *store.Store) {
	w := newWorld(t, s)
	w.customer("Kati Salonen", "kati@salonen.example")
	const callers = 40
	ds := make([]crm.Delivery, callers)
	for i := range ds {
		ds[i] = w.delivery(letter{From: "kati@salonen.example", To: "pekka@kaukoranta.example", Subject: fmt.Sprintf("wish%d", i), Text: "A cabin, please."}, w.clock)
		ds[i].Folder, ds[i].UIDValidity, ds[i].UID = w.boxes[w.pekka.Staff], 1, uint32(1000+i)
	}
	const bad = 17
	ds[bad].Folder = 1 << 40 // there is no such folder
	got := make([]crm.MessageID, callers)
	errs := make([]error, callers)
	var all sync.WaitGroup
	for i := range ds {
		all.Go(func() {
			var out []crm.Outcome
			if out, errs[i] = s.Deliver(w.ctx, ds[i:i+1]); errs[i] == nil {
				got[i] = out[0].Message
			}
		})
	}
	all.Wait()
	for i, err := range errs {
		if (err != nil) != (i == bad) {
			t.Errorf("delivery %d: error %v", i, err)
			continue
		}
		if i == bad {
			continue
		}
		m, err := s.Mail(w.ctx, w.pekka, got[i])
		if err != nil || m.Subject != fmt.Sprintf("wish%d", i) {
			t.Errorf("delivery %d was told of mail %d, %q: %v", i, got[i], m.Subject, err)
		}
		if hits, err := s.Search(w.ctx, w.pekka, fmt.Sprintf(`"wish%d"`, i), 10); err != nil || len(hits) != 1 || hits[0].ID != got[i] {
			t.Errorf("search finds wish%d as %v: %v", i, hits, err)
		}
	}
	if hits, err := s.Search(w.ctx, w.pekka, fmt.Sprintf(`"wish%d"`, bad), 10); err != nil || len(hits) != 0 {
		t.Errorf("the failed mail is found: %v, %v", hits, err)
	}
}
