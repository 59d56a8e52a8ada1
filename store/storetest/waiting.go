package storetest

import (
	"slices"
	"testing"
	"time"

	"kaveri/crm"
	"kaveri/store"
)

// Waiting runs the suite of what waits for our answer, with a clock of its own.
func Waiting(t *testing.T, o store.Options, dsn func(testing.TB) string) {
	for _, test := range []struct {
		name string
		run  func(*testing.T, *desk)
	}{
		{"Questions", testQuestions},
		{"Closed", testQuestionsClosed},
		{"Private", testPrivateQuestions},
		{"SentFromHere", testAnsweredFromHere},
		{"Called", testAnsweredByCall},
		{"Rests", testQuestionsRest},
		{"Moves", testQuestionsMove},
		{"Merged", testQuestionsOfMerged},
		{"Removed", testQuestionsOfRemoved},
		{"Correspondence", testCorrespondence},
		{"Knowers", testKnowers},
		{"Random", testWaitingRandom},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			d := &desk{now: time.Now().UTC().Truncate(time.Second)}
			own := o
			own.Now = func() time.Time { return d.now }
			s, err := store.Open(t.Context(), dsn(t), own)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { s.Close() })
			d.set(t, s)
			test.run(t, d)
		})
	}
}

// waits checks the subjects of what waits, as a viewer sees it, the longest
// waiting first; and that nobody was forgotten.
func (d *desk) waits(v crm.Viewer, want ...string) []crm.WaitingRow {
	d.Helper()
	all, err := d.s.Waiting(d.ctx, v, 0)
	d.check(err)
	var got []string
	for _, w := range all {
		got = append(got, w.Subject)
	}
	if !slices.Equal(got, want) {
		d.Errorf("%q wait, want %q", got, want)
	}
	d.check(d.s.Integrity(d.ctx))
	return all
}

// A question waits until one of us answers it in its conversation, from whatever
// mailbox.
func testQuestions(t *testing.T, d *desk) {
	first := d.waits(d.me, "Lofoten")
	if w := first[0]; w.Customer != d.dora.ID || w.First != d.mail || w.Newest != d.mail || w.Mails != 1 || w.Contact != "Dora" || w.Preview != "When?" {
		t.Errorf("the row is %+v", w)
	}
	again := d.arrives(letter{From: "dora@acme.example", To: "anna@kaukoranta.example", Subject: "Re: Lofoten", Text: "Have you seen it?", ID: "q2", ReplyTo: "q1"}, d.me)
	if w := d.waits(d.me, "Re: Lofoten")[0]; w.First != d.mail || w.Newest != again || w.Mails != 2 || !w.Since.Equal(first[0].Since) {
		t.Errorf("after a reminder the row is %+v", w)
	}
	d.arrives(letter{From: "dora@acme.example", To: "pekka@kaukoranta.example", Subject: "Invoice", Text: "Please send it again."}, d.pekka)
	d.arrives(letter{From: "news@acme.example", To: "anna@kaukoranta.example", Subject: "News", Class: crm.ClassNewsletter}, d.me)
	d.arrives(letter{From: "dora@acme.example", To: "anna@kaukoranta.example", Subject: "Automatic reply: Lofoten", Class: crm.ClassAutoReply, ReplyTo: "q2"}, d.me)
	d.arrives(letter{From: "eve@else.example", To: "anna@kaukoranta.example, dora@acme.example", Subject: "Of others"}, d.me)
	d.waits(d.me, "Re: Lofoten", "Invoice")
	d.arrives(letter{From: "pekka@kaukoranta.example", To: "dora@acme.example", Subject: "Re: Lofoten", Text: "In May.", ID: "a1", ReplyTo: "q2"}, d.pekka)
	d.waits(d.me, "Invoice")
	d.arrives(letter{From: "dora@acme.example", To: "pekka@kaukoranta.example", Subject: "Re: Lofoten", Text: "Thanks!", ReplyTo: "a1"}, d.pekka)
	d.waits(d.me, "Invoice")
}

// "No answer needed" closes what its author has seen, and can be taken back.
func testQuestionsClosed(t *testing.T, d *desk) {
	d.arrives(letter{From: "dora@acme.example", To: "anna@kaukoranta.example", Subject: "Re: Lofoten", Text: "Hello?", ID: "q2", ReplyTo: "q1"}, d.me)
	newest := d.waits(d.me, "Re: Lofoten")[0].Newest
	d.refused(d.s.CloseQuestion(d.ctx, crm.Viewer{}, newest), crm.KindForbidden, "")
	d.check(d.s.CloseQuestion(d.ctx, d.pekka, newest))
	d.check(d.s.CloseQuestion(d.ctx, d.pekka, newest)) // said twice
	d.waits(d.me)
	closed, err := d.s.Closed(d.ctx, d.me, d.dora.ID, d.now.Add(-time.Hour))
	d.check(err)
	if len(closed) != 1 || closed[0].Mail != newest || closed[0].Staff != "Pekka" || closed[0].Name != "Dora" {
		t.Errorf("closed: %+v", closed)
	}
	d.check(d.s.ReopenQuestion(d.ctx, d.me, newest))
	if w := d.waits(d.me, "Re: Lofoten")[0]; w.Mails != 2 {
		t.Errorf("reopened: %+v", w)
	}
	d.refused(d.s.ReopenQuestion(d.ctx, d.me, newest), crm.KindConflict, "mail")
	d.check(d.s.CloseQuestion(d.ctx, d.pekka, d.mail)) // only the first
	d.waits(d.me, "Re: Lofoten")
	d.check(d.s.CloseQuestion(d.ctx, d.pekka, newest))
	d.arrives(letter{From: "dora@acme.example", To: "anna@kaukoranta.example", Subject: "Re: Lofoten", Text: "And the price?", ID: "q3", ReplyTo: "q2"}, d.me)
	d.waits(d.me, "Re: Lofoten")
	d.arrives(letter{From: "anna@kaukoranta.example", To: "dora@acme.example", Subject: "Re: Lofoten", ID: "a1", ReplyTo: "q3"}, d.me)
	d.waits(d.me)
	d.refused(d.s.CloseQuestion(d.ctx, d.me, d.mail+1_000_000), crm.KindNotFound, "")
}

// Private mail waits like any other, and nobody but its holders hears of it.
func testPrivateQuestions(t *testing.T, d *desk) {
	private := d.arrives(letter{From: "dora@acme.example", To: "anna@kaukoranta.example", Subject: "Re: Lofoten", Text: "Between us: why?", ID: "q2", ReplyTo: "q1"}, d.me)
	d.check(d.s.SetPrivate(d.ctx, d.me, private, true))
	if w := d.waits(d.me, "Re: Lofoten")[0]; w.Mails != 2 || !w.Private {
		t.Errorf("its holder sees %+v", w)
	}
	if w := d.waits(d.pekka, "Lofoten")[0]; w.Mails != 1 || w.Newest != d.mail || w.Preview != "When?" {
		t.Errorf("another one sees %+v", w)
	}
	d.refused(d.s.CloseQuestion(d.ctx, d.pekka, private), crm.KindNotFound, "")
	d.check(d.s.CloseQuestion(d.ctx, d.pekka, d.mail))
	d.waits(d.pekka)
	d.waits(d.me, "Re: Lofoten")
	e := d.exchange(d.dora.ID)
	if len(e.Waiting) != 1 || e.Waiting[0].Mail != private {
		t.Errorf("for the check before a mail: %+v", e)
	}
	d.check(d.s.CloseQuestion(d.ctx, d.me, private))
	closed, err := d.s.Closed(d.ctx, d.pekka, 0, time.Time{})
	d.check(err)
	if len(closed) != 1 || closed[0].Mail != d.mail {
		t.Errorf("another one is told of %+v", closed)
	}
	d.refused(d.s.ReopenQuestion(d.ctx, d.pekka, private), crm.KindNotFound, "")

	// The words of private mail are not looked at: mere thanks wait, too.
	d.arrives(letter{From: "anna@kaukoranta.example", To: "dora@acme.example", Subject: "Re: Lofoten", ID: "a1", ReplyTo: "q2"}, d.me)
	thanks := d.arrives(letter{From: "dora@acme.example", To: "anna@kaukoranta.example", Subject: "Re: Lofoten", Text: "Thanks!", ReplyTo: "a1"}, d.me)
	d.waits(d.me)
	d.check(d.s.SetPrivate(d.ctx, d.me, thanks, true))
	d.waits(d.me, "Re: Lofoten")
	d.check(d.s.SetPrivate(d.ctx, d.me, thanks, false))
	d.waits(d.me)
}

// An answer that was sent from here counts as soon as a server has it.
func testAnsweredFromHere(t *testing.T, d *desk) {
	d.sent("dora@acme.example")
	d.waits(d.me, "Lofoten")
	d.now = d.now.Add(crm.UndoTime)
	l := d.lease("sender")
	ds := d.settles(l, map[crm.Address]crm.DispatchState{"dora@acme.example": crm.Unknown})
	d.waits(d.me, "Lofoten")
	d.check(d.s.ResolveUnknown(d.ctx, d.me, ds["dora@acme.example"].ID, crm.Sent))
	d.waits(d.me)
	d.undelivered(ds)
	d.waits(d.me, "Lofoten")
}

// A call answers what was asked before it, of whoever was called.
func testAnsweredByCall(t *testing.T, d *desk) {
	note := func(kind string, contact crm.ContactID) {
		d.now = d.now.Add(time.Minute)
		_, err := d.s.AddNote(d.ctx, d.me, crm.Note{Customer: d.dora.ID, Contact: contact, Kind: kind, Body: "In May, I said."})
		d.check(err)
	}
	note(crm.NoteKindNote, 0)
	d.waits(d.me, "Lofoten")
	note(crm.NoteKindCall, d.dora.Contacts[0].ID)
	d.waits(d.me)
	d.clock = d.now
	d.arrives(letter{From: "dora@acme.example", To: "anna@kaukoranta.example", Subject: "Price", Text: "How much?"}, d.me)
	d.waits(d.me, "Price")
	note(crm.NoteKindCall, 0)
	note(crm.NoteKindCall, 0)
	d.waits(d.me)
}

// A question does not wait for ever; which one has waited longest is found anew
// when the first one rests.
func testQuestionsRest(t *testing.T, d *desk) {
	d.clock = d.now.Add(23 * time.Hour)
	d.arrives(letter{From: "dora@acme.example", To: "anna@kaukoranta.example", Subject: "Price", Text: "How much?"}, d.me)
	d.now = d.now.Add(24 * time.Hour)
	d.waits(d.me, "Lofoten", "Price")
	d.now = d.now.Add(crm.QuestionRests - 25*time.Hour)
	if e := d.exchange(d.dora.ID); len(e.Waiting) != 1 {
		t.Errorf("waiting: %+v", e.Waiting)
	}
	d.waits(d.me, "Price")
	d.now = d.now.Add(48 * time.Hour)
	d.waits(d.me)
}

// A mail that turns out to be somebody else's waits there; one that turns out to
// be ours waits no more.
func testQuestionsMove(t *testing.T, d *desk) {
	d.arrives(letter{From: "dodo@gmx.example", To: "anna@kaukoranta.example", Subject: "Cabins", Text: "Which are free?"}, d.me)
	don := d.customer("Don", "don@acme.example")
	d.waits(d.me, "Lofoten")
	d.check(d.s.AddAddress(d.ctx, d.me, don.Contacts[0].ID, crm.ContactAddress{Address: "dodo@gmx.example"}))
	if w := d.waits(d.me, "Lofoten", "Cabins")[1]; w.Customer != don.ID {
		t.Errorf("waits at %s", w.Name)
	}
	d.check(d.s.RemoveAddress(d.ctx, d.me, don.Contacts[0].ID, "dodo@gmx.example"))
	d.waits(d.me, "Lofoten")
	d.check(d.s.AddAddress(d.ctx, d.me, d.dora.Contacts[0].ID, crm.ContactAddress{Address: "dodo@gmx.example"}))
	if w := d.waits(d.me, "Lofoten", "Cabins")[1]; w.Customer != d.dora.ID {
		t.Errorf("waits at %s", w.Name)
	}
	d.check(d.s.Correct(d.ctx, d.me, d.mail, d.dora.Contacts[0].ID, false))
	d.check(d.s.Correct(d.ctx, d.me, d.mail, don.Contacts[0].ID, true))
	if w := d.waits(d.me, "Lofoten", "Cabins")[0]; w.Customer != don.ID {
		t.Errorf("waits at %s", w.Name)
	}
	firm, err := d.s.Firm(d.ctx)
	d.check(err)
	firm.Domains = append(firm.Domains, "gmx.example")
	d.check(d.s.SaveFirm(d.ctx, crm.SystemViewer, firm))
	d.waits(d.me, "Lofoten")
}

func testQuestionsOfMerged(t *testing.T, d *desk) {
	don := d.customer("Don", "don@acme.example")
	d.arrives(letter{From: "don@acme.example", To: "anna@kaukoranta.example", Subject: "Cabins", Text: "Which are free?"}, d.me)
	d.waits(d.me, "Lofoten", "Cabins")
	id, err := d.s.Merge(d.ctx, d.me, d.dora.ID, don.ID, false)
	d.check(err)
	for _, w := range d.waits(d.me, "Lofoten", "Cabins") {
		if w.Customer != d.dora.ID {
			t.Errorf("%s waits at %d", w.Subject, w.Customer)
		}
	}
	d.check(d.s.Unmerge(d.ctx, d.me, id))
	if w := d.waits(d.me, "Lofoten", "Cabins")[1]; w.Customer != don.ID {
		t.Errorf("after the merge was undone it waits at %d", w.Customer)
	}
	if e := d.exchange(don.ID); e.Wrote.IsZero() || len(e.Waiting) != 1 {
		t.Errorf("Don's mail comes to %+v", e)
	}
}

// What is removed waits no more, and its answer does not answer any more.
func testQuestionsOfRemoved(t *testing.T, d *desk) {
	d.arrives(letter{From: "don@acme.example", To: "anna@kaukoranta.example", Subject: "Cabins", Text: "Which are free?"}, d.me)
	d.customer("Don", "don@acme.example")
	d.waits(d.me, "Lofoten", "Cabins")
	d.check(d.s.CloseQuestion(d.ctx, d.me, d.mail))
	_, _, err := d.s.AddExclusion(d.ctx, crm.SystemViewer, crm.Exclusion{Kind: crm.ExcludedAddress, Value: "dora@acme.example"})
	d.check(err)
	d.waits(d.me, "Cabins")
	if e := d.exchange(d.dora.ID); !e.Wrote.IsZero() {
		t.Errorf("Dora's mail comes to %+v", e)
	}
}

// exchange reads what the mail of one customer comes to now.
func (d *desk) exchange(id crm.CustomerID) crm.Exchange {
	d.Helper()
	all, err := d.s.Correspondence(d.ctx, []crm.CustomerID{id})
	d.check(err)
	if len(all) != 1 || all[0].Customer != id {
		d.Fatalf("asked for %d, got %+v", id, all)
	}
	return all[0]
}

func testCorrespondence(t *testing.T, d *desk) {
	don := d.customer("Don", "don@acme.example")
	asked := d.clock
	d.arrives(letter{From: "anna@kaukoranta.example", To: "don@acme.example, dora@acme.example", Subject: "Cabins", ID: "c1"}, d.me)
	written := d.clock
	d.arrives(letter{From: "don@acme.example", To: "anna@kaukoranta.example", Subject: "Re: Cabins", ReplyTo: "c1", Text: "Thanks!"}, d.me)
	wrote := d.clock
	all, err := d.s.Correspondence(d.ctx, []crm.CustomerID{don.ID, d.dora.ID})
	d.check(err)
	for i, want := range []crm.Exchange{
		{Customer: don.ID, Wrote: wrote, Written: written},
		{Customer: d.dora.ID, Wrote: asked, Written: written, Began: asked, Waiting: []crm.Question{{At: asked}}},
	} {
		got := all[i]
		if got.Customer != want.Customer || !got.Wrote.Equal(want.Wrote) || !got.Written.Equal(want.Written) || !got.Began.Equal(want.Began) || !got.Since().Equal(want.Since()) {
			t.Errorf("got %+v, want %+v", got, want)
		}
	}
}

// Who has written most of our mails to a customer knows them; of one mail alone
// nobody says so.
func testKnowers(t *testing.T, d *desk) {
	knows := func() crm.Knower {
		t.Helper()
		of, err := d.s.Knowers(d.ctx, d.me, []crm.CustomerID{d.dora.ID})
		d.check(err)
		return of[d.dora.ID]
	}
	write := func(by crm.Viewer, from string) {
		d.arrives(letter{From: from, To: "dora@acme.example, d.privat@gmx.example", Subject: "News of " + from + d.clock.String()}, by)
	}
	write(d.me, "Anna <anna@kaukoranta.example>")
	if k := knows(); k.Name != "" {
		t.Errorf("after one mail %+v knows her", k)
	}
	write(d.me, "Anna <anna@kaukoranta.example>")
	write(d.pekka, "Pekka <pekka@kaukoranta.example>")
	if k := knows(); k != (crm.Knower{Name: "Anna", Mails: 2, Of: 3}) {
		t.Errorf("%+v knows her", k)
	}
	write(d.pekka, "Pekka <pekka@kaukoranta.example>")
	if k := knows(); k.Name != "" {
		t.Errorf("of two halves %+v knows her", k)
	}
}
