package storetest

import (
	"slices"
	"testing"
	"time"

	"kaveri/crm"
	"kaveri/store"
)

const doctor = "doctor@clinic.example"

// tries delivers a letter into the mailboxes of these colleagues and gives what
// became of it in each.
func (w *world) tries(l letter, at ...crm.Viewer) []crm.Outcome {
	w.Helper()
	w.clock = w.clock.Add(time.Minute)
	var ds []crm.Delivery
	for _, v := range at {
		d := w.delivery(l, w.clock)
		w.uid++
		d.Folder, d.UIDValidity, d.UID = w.boxes[v.Staff], 1, w.uid
		ds = append(ds, d)
	}
	out, err := w.s.Deliver(w.ctx, ds)
	w.check(err)
	return out
}

func (w *world) box(v crm.Viewer) crm.MailboxID {
	w.Helper()
	all, err := w.s.Mailboxes(w.ctx, crm.SystemViewer)
	w.check(err)
	for _, b := range all {
		if b.Staff == v.Staff {
			return b.ID
		}
	}
	w.Fatal("this colleague has no mailbox")
	return 0
}

// exclude adds an exclusion, which must do what its preview says.
func (w *world) exclude(v crm.Viewer, box crm.MailboxID, kind crm.ExclusionKind, value string, want crm.ExclusionEffect) crm.Exclusion {
	w.Helper()
	e := crm.Exclusion{Mailbox: box, Kind: kind, Value: value}
	said, err := w.s.PreviewExclusion(w.ctx, v, e)
	w.check(err)
	e, did, err := w.s.AddExclusion(w.ctx, v, e)
	w.check(err)
	if did != want || said != want {
		w.Errorf("excluding %s: %+v, the preview said %+v, want %+v", value, did, said, want)
	}
	return e
}

// withheld counts the UIDs that a rule withholds in a colleague's INBOX, and what
// is stored and waits there.
func (w *world) withheld(v crm.Viewer, rule crm.Rule) (n, stored, waiting int) {
	w.Helper()
	counts, err := w.s.FolderCounts(w.ctx, w.box(v))
	w.check(err)
	for _, c := range counts {
		if c.Folder == w.boxes[v.Staff] {
			return c.Withheld[rule], c.Stored, c.Waiting
		}
	}
	return 0, 0, 0
}

func (w *world) inBox(v crm.Viewer, excluded, stored, waiting int) {
	w.Helper()
	if e, s, n := w.withheld(v, crm.RuleExcluded); e != excluded || s != stored || n != waiting {
		w.Errorf("%d are excluded, %d stored, %d wait, want %d, %d and %d", e, s, n, excluded, stored, waiting)
	}
}

// gone checks that a mail is nowhere.
func (w *world) gone(ids ...crm.MessageID) {
	w.Helper()
	for _, id := range ids {
		_, err := w.s.Mail(w.ctx, crm.SystemViewer, id)
		w.refused(err, crm.KindNotFound, "")
	}
}

// What is excluded for the firm goes with all that was made from it, and stays
// away; mail in which a customer takes part stays, without the one who is
// excluded. The end of the exclusion fetches it again.
func testExclusions(t *testing.T, s *store.Store) {
	w := newWorld(t, s)
	dora := w.customer("Dora", "dora@acme.example")
	from := w.arrives(letter{From: "Dr Who <" + doctor + ">", To: "anna@kaukoranta.example", Subject: "Your results", Text: "positively zebrafish", ID: "d1"}, w.anna)
	to := w.arrives(letter{From: "anna@kaukoranta.example", To: doctor, Subject: "Re: Your results", ID: "d2", ReplyTo: "d1"}, w.anna)
	copied := w.arrives(letter{From: doctor, To: "anna@kaukoranta.example, dora@acme.example", Subject: "Copied to a customer"}, w.anna)
	hers := w.arrives(letter{From: "dora@acme.example", To: "anna@kaukoranta.example, doctor+x@clinic.example", Subject: "For you both"}, w.anna)
	if rows, _, err := s.Customers(w.ctx, w.anna, crm.CustomerQuery{Text: "doctor"}); err != nil || len(rows) != 1 {
		t.Fatalf("two-way mail has made %+v, %v", rows, err)
	}
	e := w.exclude(w.ritva, 0, crm.ExcludedDomain, "Clinic.example", crm.ExclusionEffect{Removed: 3})
	w.gone(from, to, copied)
	w.linked(hers, "Dora: exact-address: from: dora@acme.example")
	if rows, _, err := s.Customers(w.ctx, w.anna, crm.CustomerQuery{}); err != nil || len(rows) != 1 || rows[0].ID != dora.ID {
		t.Errorf("the customers are %+v, %v", rows, err)
	}
	if hits, err := s.Search(w.ctx, crm.SystemViewer, "zebrafish", 10); err != nil || len(hits) != 0 {
		t.Errorf("found: %v, %v", subjects(hits), err)
	}
	w.inBox(w.anna, 3, 1, 0)

	later := w.tries(letter{From: doctor, To: "anna@kaukoranta.example", Subject: "Bill"}, w.anna)
	sub := w.tries(letter{From: "anna@kaukoranta.example", To: "desk@mail.clinic.example", Subject: "Bill"}, w.anna)
	if later[0].Rule != crm.RuleExcluded || sub[0].Rule != crm.RuleExcluded {
		t.Errorf("later mail: %+v, %+v", later, sub)
	}
	w.inBox(w.anna, 5, 1, 0)
	w.uid++
	envelope := w.delivery(letter{From: doctor, To: "anna@kaukoranta.example", Subject: "Listed"}, w.clock).Message.Envelope
	w.check(s.Listed(w.ctx, w.boxes[w.anna.Staff], crm.Cursor{UIDValidity: 1, High: w.uid, Low: 1}, []crm.Listed{{UID: w.uid, Internal: w.clock, Size: 9, Envelope: &envelope}}))
	w.inBox(w.anna, 6, 1, 0)

	_, _, err := s.AddExclusion(w.ctx, w.ritva, crm.Exclusion{Kind: crm.ExcludedDomain, Value: "clinic.example"})
	w.refused(err, crm.KindConflict, "exclusion")
	w.check(s.Rematch(w.ctx))
	w.inBox(w.anna, 6, 1, 0)
	w.check(s.RemoveExclusion(w.ctx, w.ritva, e.ID))
	w.inBox(w.anna, 0, 1, 6)
	w.refused(s.RemoveExclusion(w.ctx, w.ritva, e.ID), crm.KindNotFound, "")
	if out := w.tries(letter{From: doctor, To: "anna@kaukoranta.example", Subject: "Again"}, w.anna); out[0].Rule != "" {
		t.Errorf("after the exclusion: %+v", out)
	}
}

// What one colleague excludes goes from that mailbox only: a copy of a colleague
// is theirs.
func testMailboxExclusions(t *testing.T, s *store.Store) {
	w := newWorld(t, s)
	mine := w.arrives(letter{From: doctor, To: "anna@kaukoranta.example", Subject: "For Anna"}, w.anna)
	both := w.arrives(letter{From: doctor, To: "anna@kaukoranta.example, pekka@kaukoranta.example", Subject: "For both"}, w.anna, w.pekka)
	theirs := w.arrives(letter{From: doctor, To: "pekka@kaukoranta.example", Subject: "For Pekka"}, w.pekka)
	e := w.exclude(w.anna, w.box(w.anna), crm.ExcludedAddress, doctor, crm.ExclusionEffect{Removed: 1, Shared: 1})
	w.gone(mine)
	v, err := s.Mail(w.ctx, w.pekka, both)
	w.check(err)
	if len(v.Sightings) != 1 || v.Sightings[0].Mailbox != "Pekka's mail" {
		t.Errorf("the mail of both is seen at %+v", v.Sightings)
	}
	_, err = s.Mail(w.ctx, w.pekka, theirs)
	w.check(err)
	w.inBox(w.anna, 2, 0, 0)
	w.inBox(w.pekka, 0, 2, 0)
	out := w.tries(letter{From: doctor, To: "anna@kaukoranta.example", Subject: "Again"}, w.anna, w.pekka)
	if out[0].Rule != crm.RuleExcluded || out[1].Message == 0 {
		t.Errorf("again: %+v", out)
	}
	// A copy of which only the bytes are known must be read before it is judged.
	copied := w.delivery(letter{From: doctor, To: "anna@kaukoranta.example", Subject: "Again"}, w.clock)
	w.uid++
	copied.Folder, copied.UIDValidity, copied.UID, copied.Message, copied.Copy = w.boxes[w.anna.Staff], 1, w.uid, nil, true
	if out, err = s.Deliver(w.ctx, []crm.Delivery{copied}); err != nil || !out[0].Unknown {
		t.Errorf("a copy: %+v, %v", out, err)
	}
	for _, who := range []crm.Viewer{w.ritva, w.pekka, {}} {
		_, err := s.Exclusions(w.ctx, who, w.box(w.anna))
		w.refused(err, crm.KindForbidden, "")
		_, err = s.PreviewExclusion(w.ctx, who, crm.Exclusion{Mailbox: w.box(w.anna), Kind: crm.ExcludedAddress, Value: "x@y.example"})
		w.refused(err, crm.KindForbidden, "")
		_, _, err = s.AddExclusion(w.ctx, who, crm.Exclusion{Mailbox: w.box(w.anna), Kind: crm.ExcludedAddress, Value: "x@y.example"})
		w.refused(err, crm.KindForbidden, "")
		w.refused(s.RemoveExclusion(w.ctx, who, e.ID), crm.KindForbidden, "")
	}
	_, _, err = s.AddExclusion(w.ctx, w.pekka, crm.Exclusion{Kind: crm.ExcludedAddress, Value: "x@y.example"})
	w.refused(err, crm.KindForbidden, "")
	list, err := s.Exclusions(w.ctx, w.anna, w.box(w.anna))
	w.check(err)
	if len(list) != 1 || list[0] != e || e.Staff != w.anna.Staff {
		t.Errorf("the list is %+v", list)
	}
	w.check(s.RemoveExclusion(w.ctx, w.anna, e.ID))
	w.inBox(w.anna, 0, 0, 3)
}

// A mail that somebody has said belongs to a customer stays, and goes when that
// is taken back.
func testExclusionsByHand(t *testing.T, s *store.Store) {
	w := newWorld(t, s)
	dora := w.customer("Dora", "dora@acme.example").Contacts[0].ID
	said := w.arrives(letter{From: doctor, To: "anna@kaukoranta.example", Subject: "Dora's certificate"}, w.anna)
	other := w.arrives(letter{From: doctor, To: "anna@kaukoranta.example", Subject: "Anna's"}, w.anna)
	w.check(s.Correct(w.ctx, w.anna, said, dora, true))
	w.exclude(w.ritva, 0, crm.ExcludedAddress, doctor, crm.ExclusionEffect{Removed: 1, ByHand: 1})
	w.gone(other)
	w.linked(said, "Dora: by-hand: said by Anna")
	w.check(s.Rematch(w.ctx))
	w.linked(said, "Dora: by-hand: said by Anna")
	w.check(s.Correct(w.ctx, w.anna, said, dora, false))
	w.gone(said)
	w.inBox(w.anna, 2, 0, 0)
}

// An excluded folder is not followed; what lies in it and nowhere else goes.
func testFolderExclusions(t *testing.T, s *store.Store) {
	w := newWorld(t, s)
	w.customer("Dora", "dora@acme.example")
	box := w.box(w.anna)
	listed := []crm.Folder{{Name: "INBOX", Enabled: true}, {Name: "INBOX.Private", Enabled: true}, {Name: "INBOX.Private.Deep", Enabled: true}, {Name: "INBOX.Privateer", Enabled: true}}
	folders, err := s.SyncFolders(w.ctx, box, listed)
	w.check(err)
	inbox := w.boxes[w.anna.Staff]
	put := func(subject string, in ...crm.FolderID) (id crm.MessageID) {
		for _, f := range in {
			w.boxes[w.anna.Staff] = f
			id = w.arrives(letter{From: "dora@acme.example", To: "anna@kaukoranta.example", Subject: subject}, w.anna)
			w.clock = w.clock.Add(-time.Minute) // the same mail
		}
		w.clock = w.clock.Add(time.Minute)
		w.boxes[w.anna.Staff] = inbox
		return id
	}
	for _, f := range folders[1:] {
		w.check(s.NewEpoch(w.ctx, f.ID, crm.Cursor{UIDValidity: 1, High: 100, Low: 1}))
	}
	private, deep, privateer := folders[1].ID, folders[2].ID, folders[3].ID
	alone, below := put("Only there", private), put("Deeper", deep)
	twice, near := put("In two folders", inbox, private), put("Near it", privateer)
	e := w.exclude(w.anna, box, crm.ExcludedFolder, "private", crm.ExclusionEffect{Removed: 2, Shared: 1})
	w.gone(alone, below)
	v, err := s.Mail(w.ctx, w.anna, twice)
	w.check(err)
	if len(v.Sightings) != 1 || v.Sightings[0].Folder != "INBOX" {
		t.Errorf("it is seen at %+v", v.Sightings)
	}
	_, err = s.Mail(w.ctx, w.anna, near)
	w.check(err)
	enabled := func() (out []string) {
		all, err := s.Folders(w.ctx, box)
		w.check(err)
		for _, f := range all {
			if f.Enabled {
				out = append(out, f.Name)
			}
		}
		return out
	}
	if got := enabled(); !slices.Equal(got, []string{"INBOX", "INBOX.Privateer"}) {
		t.Errorf("followed: %q", got)
	}
	followed, err := s.FollowedMailboxes(w.ctx)
	w.check(err)
	for _, m := range followed {
		if m.ID == box && (m.Folders.Capture("INBOX.Private", "") || !m.Folders.Capture("INBOX.Privateer", "")) || m.ID != box && !m.Folders.Capture("INBOX.Private", "") {
			t.Errorf("mailbox %d is followed by %+v", m.ID, m.Folders)
		}
	}
	// Whoever still follows the folder stores nothing from it.
	w.boxes[w.anna.Staff] = private
	if out := w.tries(letter{From: "dora@acme.example", To: "anna@kaukoranta.example", Subject: "Late"}, w.anna); out[0].Rule != crm.RuleExcluded {
		t.Errorf("late: %+v", out)
	}
	w.boxes[w.anna.Staff] = inbox
	w.check(s.RemoveExclusion(w.ctx, w.anna, e.ID))
	all, err := s.SyncFolders(w.ctx, box, listed)
	w.check(err)
	if all[1].UIDValidity != 0 || all[3].UIDValidity != 1 {
		t.Errorf("the folder is not read anew: %+v", all)
	}
}

// Nobody excludes colleagues, strangers' providers, or nothing.
func testExclusionsRefused(t *testing.T, s *store.Store) {
	w := newWorld(t, s)
	for value, kind := range map[string]crm.ExclusionKind{
		"anna@kaukoranta.example": crm.ExcludedAddress, "kaukoranta.example": crm.ExcludedDomain, "gmail.com": crm.ExcludedDomain, "com": crm.ExcludedDomain,
		"co.uk": crm.ExcludedDomain, "": crm.ExcludedAddress, "INBOX": crm.ExcludedFolder, " ": crm.ExcludedFolder, "x.example": "sort"} {
		_, err := s.PreviewExclusion(w.ctx, w.ritva, crm.Exclusion{Kind: kind, Value: value})
		w.refused(err, crm.KindInvalid, "exclusion")
		_, _, err = s.AddExclusion(w.ctx, w.ritva, crm.Exclusion{Kind: kind, Value: value})
		w.refused(err, crm.KindInvalid, "exclusion")
	}
	_, _, err := s.AddExclusion(w.ctx, w.ritva, crm.Exclusion{Mailbox: 1 << 40, Kind: crm.ExcludedAddress, Value: doctor})
	w.refused(err, crm.KindNotFound, "")
}

// A mail that has left every mailbox goes when the policy says so, not before;
// what others rest on it is decided anew.
func testFollowDeletions(t *testing.T, s *store.Store) {
	w := newWorld(t, s)
	dora := w.customer("Dora Dorsey", "dora@acme.example").Contacts[0].ID
	trip := w.arrives(letter{From: "anna@kaukoranta.example", To: "dora@acme.example", Subject: "Trip", ID: "t1"}, w.anna)
	answer := w.arrives(letter{From: "Dora Dorsey <d@home.example>", To: "anna@kaukoranta.example", Subject: "Re: Trip", ID: "t2", ReplyTo: "t1"}, w.anna)
	both := w.arrives(letter{From: "dora@acme.example", To: "anna@kaukoranta.example, pekka@kaukoranta.example", Subject: "Both"}, w.anna, w.pekka)
	said := w.arrives(letter{From: "x@y.example", To: "anna@kaukoranta.example", Subject: "Said"}, w.anna)
	w.check(s.Correct(w.ctx, w.anna, said, dora, true))
	w.linked(answer, "Dora Dorsey: thread: in-reply-to: t1 (signed Dora Dorsey)")
	if _, err := s.Reconcile(w.ctx, w.boxes[w.anna.Staff], 1, []uint32{2}); err != nil { // only the answer is left
		t.Fatal(err)
	}
	now := time.Now()
	follow := func(days, want int) {
		t.Helper()
		f, err := s.Firm(w.ctx)
		w.check(err)
		f.FollowDeletions = days
		w.check(s.SaveFirm(w.ctx, w.ritva, f))
		for _, preview := range []bool{true, false} {
			if n, err := s.FollowDeletions(w.ctx, now, preview); err != nil || n != want {
				t.Errorf("after %d days: %d removed (preview %v), %v, want %d", days, n, preview, err, want)
			}
		}
	}
	follow(0, 0)
	follow(1, 0)
	now = now.AddDate(0, 0, 40)
	follow(60, 0)
	follow(30, 1)
	w.gone(trip)
	w.linked(answer)
	for _, id := range []crm.MessageID{both, said} {
		_, err := s.Mail(w.ctx, w.anna, id)
		w.check(err)
	}
	if _, err := s.Reconcile(w.ctx, w.boxes[w.pekka.Staff], 1, nil); err != nil {
		t.Fatal(err)
	}
	follow(60, 0)
	follow(30, 1) // it has left Pekka's too
	w.gone(both)
}

// When the mail goes that a draft answers, what its author has written stays,
// without the quote; what nobody has written in goes. What was sent stays, and an
// answer to a private mail stays its author's.
func testDraftsOfRemoved(t *testing.T, d *desk) {
	begun := d.answer("dora@acme.example") // as it stands on the page, nothing of it saved
	e := d.exclude(d.ritva, 0, crm.ExcludedAddress, "dora@acme.example", crm.ExclusionEffect{Removed: 1})
	_, err := d.s.Draft(d.ctx, d.me, begun.ID)
	d.refused(err, crm.KindNotFound, "")
	d.check(d.s.RemoveExclusion(d.ctx, d.ritva, e.ID))

	d.mail = d.arrives(letter{From: "Dora <dora@acme.example>", To: "anna@kaukoranta.example", Subject: "Lofoten", Text: "When?", ID: "q1"}, d.me)
	d.check(d.s.SetPrivate(d.ctx, d.me, d.mail, true))
	sent := d.sent("dora@acme.example")
	written, err := d.s.SaveDraft(d.ctx, d.me, d.answer("dora@acme.example"))
	d.check(err)
	d.now = d.now.Add(time.Minute)
	d.settles(d.lease("sender"), map[crm.Address]crm.DispatchState{"dora@acme.example": crm.Sent})
	d.exclude(d.ritva, 0, crm.ExcludedAddress, "dora@acme.example", crm.ExclusionEffect{Removed: 1})
	d.gone(d.mail)
	if is, err := d.s.Draft(d.ctx, d.me, written.ID); err != nil || is.Text != "In May." || is.Quote != "" || is.Answers != 0 {
		t.Errorf("the written draft is %+v, %v", is, err)
	}
	for who, want := range map[crm.Viewer]int{d.me: 1, d.pekka: 0, d.ritva: 0} {
		list, err := d.s.Outgoing(d.ctx, who, crm.Correspondence{Customer: d.dora.ID})
		d.check(err)
		if len(list) != want || want > 0 && list[0].ID != sent.ID {
			t.Errorf("%+v sees %+v", who, list)
		}
	}
}
