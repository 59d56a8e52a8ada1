package storetest

import (
	"slices"
	"testing"
	"time"

	"kaveri/crm"
	"kaveri/store"
)

// Drafts runs the suite of what colleagues write, with a clock of its own: mail
// waits after it was let go.
func Drafts(t *testing.T, o store.Options, dsn func(testing.TB) string) {
	for _, test := range []struct {
		name string
		run  func(*testing.T, *desk)
	}{
		{"OfTheirAuthor", testDraftsOfTheirAuthor},
		{"Recipients", testDraftRecipients},
		{"Files", testDraftFiles},
		{"Send", testSendDraft},
		{"SendRefused", testSendRefused},
		{"Undo", testUndo},
		{"UndoOrClaim", testUndoOrClaim},
		{"UndoAfterAnother", testUndoAfterAnother},
		{"Writers", testWriters},
		{"Filing", testFiling},
		{"Outgoing", testOutgoing},
		{"SharedMail", testSharedMail},
		{"MergedCustomer", testDraftsOfMerged},
		{"OfRemovedMail", testDraftsOfRemoved},
		{"Snippets", testSnippets},
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

// desk is the world with Dora of Acme, who has written to Anna, and a sender.
type desk struct {
	*world
	now  time.Time
	dora crm.Customer
	mail crm.MessageID
	anna crm.Mailbox // Anna's
	me   crm.Viewer
}

func (d *desk) set(t testing.TB, s *store.Store) {
	d.world = newWorld(t, s)
	d.me = d.world.anna
	d.clock = d.now.Add(-2 * time.Hour)
	_, err := s.AddSender(d.ctx, d.ritva, crm.Sender{Name: "relay", Host: "127.0.0.1", Security: crm.SecurityNone, Domains: []string{"kaukoranta.example"}})
	d.check(err)
	d.dora = d.customer("Dora", "dora@acme.example", "d.privat@gmx.example")
	d.mail = d.arrives(letter{From: "Dora <dora@acme.example>", To: "anna@kaukoranta.example, eve@else.example", Subject: "Lofoten", Text: "When?", ID: "q1"}, d.me)
	boxes, err := s.OwnMailboxes(d.ctx, d.me)
	d.check(err)
	d.anna = boxes[0]
}

// answer is an answer to Dora's mail by Anna.
func (d *desk) answer(to ...crm.Address) crm.SavedDraft {
	d.Helper()
	n, err := d.s.NewDraft(d.ctx, d.me, crm.SavedDraft{Answers: d.mail, Customer: d.dora.ID, Mailbox: d.anna.ID, Subject: "Re: Lofoten", InReplyTo: []string{"q1"}, References: []string{"q0", "q1"},
		Quote: "Dora:\n> When?", Quoted: true})
	d.check(err)
	for _, a := range to {
		n.To = append(n.To, crm.Party{Address: a})
	}
	n.Text = "In May."
	return n
}

func (d *desk) sent(to ...crm.Address) crm.SavedDraft {
	d.Helper()
	n, err := d.s.SendDraft(d.ctx, d.me, d.answer(to...))
	d.check(err)
	return n
}

// settles brings the dispatches that are due to these states.
func (d *desk) settles(l crm.Lease, states map[crm.Address]crm.DispatchState) map[crm.Address]crm.Dispatch {
	d.Helper()
	ds := d.claims(l, 100)
	for a, state := range states {
		x, ok := ds[a]
		if !ok {
			d.Fatalf("nothing for %s is due: %v", a, ds)
		}
		if refused := d.arms(l, x); len(refused) > 0 {
			d.Fatal(refused)
		}
		if state == crm.Armed {
			continue
		}
		at := attempt(x, state, 250)
		at.At = d.now
		_, err := d.s.Settle(d.ctx, l, []crm.Attempt{at}, nil)
		d.check(err)
	}
	return ds
}

// A draft is read, changed, sent and thrown away by its author alone.
func testDraftsOfTheirAuthor(t *testing.T, d *desk) {
	n := d.answer("dora@acme.example")
	n.Text = "Only Anna reads this."
	n, err := d.s.SaveDraft(d.ctx, d.me, n)
	d.check(err)
	if again, err := d.s.NewDraft(d.ctx, d.me, crm.SavedDraft{Answers: d.mail, Customer: d.dora.ID, Text: "anew"}); err != nil || again.ID != n.ID || again.Text != n.Text {
		t.Errorf("a second answer is %+v, %v", again, err)
	}
	list, err := d.s.OwnDrafts(d.ctx, d.me, crm.Correspondence{Customer: d.dora.ID})
	d.check(err)
	same, err := d.s.OwnDrafts(d.ctx, d.me, crm.Correspondence{Conversation: d.conversation(d.mail)})
	d.check(err)
	if len(list) != 1 || len(same) != 1 || list[0].Text != n.Text || !slices.Equal(list[0].References, []string{"q0", "q1"}) || !list[0].Quoted || list[0].Mailbox != d.anna.ID {
		t.Errorf("listed %+v and %+v", list, same)
	}
	for name, v := range map[string]crm.Viewer{"Pekka": d.pekka, "an administrator": d.ritva, "a stranger": {}, "the program": crm.SystemViewer} {
		_, err := d.s.Draft(d.ctx, v, n.ID)
		d.refused(err, crm.KindNotFound, "")
		_, err = d.s.FullDraft(d.ctx, v, n.ID)
		d.refused(err, crm.KindNotFound, "")
		_, err = d.s.SaveDraft(d.ctx, v, n)
		d.refused(err, crm.KindNotFound, "")
		_, err = d.s.SendDraft(d.ctx, v, n)
		d.refused(err, crm.KindNotFound, "")
		d.refused(d.s.AddDraftFile(d.ctx, v, n.ID, crm.DraftFile{Name: "x", Data: []byte("x")}), crm.KindNotFound, "")
		d.refused(d.s.RemoveDraftFile(d.ctx, v, n.ID, 1), crm.KindNotFound, "")
		d.refused(d.s.DiscardDraft(d.ctx, v, n.ID), crm.KindNotFound, "")
		d.refused(d.s.UndoSend(d.ctx, v, n.ID), crm.KindNotFound, "")
		if list, err := d.s.OwnDrafts(d.ctx, v, crm.Correspondence{Customer: d.dora.ID}); err != nil || len(list) != 0 {
			t.Errorf("%s sees %+v, %v", name, list, err)
		}
	}
	d.check(d.s.DiscardDraft(d.ctx, d.me, n.ID))
	_, err = d.s.Draft(d.ctx, d.me, n.ID)
	d.refused(err, crm.KindNotFound, "")
	// Who may not see a mail cannot answer it.
	hidden := d.arrives(letter{From: "Dora <dora@acme.example>", To: "anna@kaukoranta.example", Subject: "secret", ID: "q9"}, d.me)
	d.check(d.s.SetPrivate(d.ctx, d.me, hidden, true))
	_, err = d.s.NewDraft(d.ctx, d.pekka, crm.SavedDraft{Answers: hidden, Customer: d.dora.ID})
	d.refused(err, crm.KindNotFound, "")
	_, err = d.s.NewDraft(d.ctx, crm.Viewer{}, crm.SavedDraft{Customer: d.dora.ID})
	d.refused(err, crm.KindForbidden, "")
	_, err = d.s.NewDraft(d.ctx, d.me, crm.SavedDraft{})
	d.refused(err, crm.KindNotFound, "")
}

// Recipients come from the answered mail only; a new mail goes to known
// addresses of the customer.
func testDraftRecipients(t *testing.T, d *desk) {
	n := d.answer("dora@acme.example", "eve@else.example")
	_, err := d.s.SaveDraft(d.ctx, d.me, n)
	d.check(err)
	for _, bad := range []crm.Address{"d.privat@gmx.example", "somebody@else.example"} {
		n.To = []crm.Party{{Address: bad}}
		_, err = d.s.SaveDraft(d.ctx, d.me, n)
		d.refused(err, crm.KindInvalid, "to")
	}
	n.To, n.Cc = []crm.Party{{Address: "dora@acme.example"}}, []crm.Party{{Address: "dora@acme.example"}}
	_, err = d.s.SaveDraft(d.ctx, d.me, n)
	d.refused(err, crm.KindInvalid, "to")
	fresh, err := d.s.NewDraft(d.ctx, d.me, crm.SavedDraft{Customer: d.dora.ID})
	d.check(err)
	if again, err := d.s.NewDraft(d.ctx, d.me, crm.SavedDraft{Customer: d.dora.ID}); err != nil || again.ID != fresh.ID {
		t.Errorf("an untouched draft is not gone on with: %v, %v", again.ID, err)
	}
	fresh.To = []crm.Party{{Address: "dora@acme.example"}, {Address: "d.privat@gmx.example"}}
	_, err = d.s.SaveDraft(d.ctx, d.me, fresh)
	d.check(err)
	if again, err := d.s.NewDraft(d.ctx, d.me, crm.SavedDraft{Customer: d.dora.ID}); err != nil || again.ID == fresh.ID {
		t.Errorf("a new mail is the old one: %v, %v", again.ID, err)
	}
	fresh.To = []crm.Party{{Address: "eve@else.example"}}
	_, err = d.s.SaveDraft(d.ctx, d.me, fresh)
	d.refused(err, crm.KindInvalid, "to")
	fresh.To, fresh.Subject = nil, "a\r\nBcc: eve@else.example"
	_, err = d.s.SaveDraft(d.ctx, d.me, fresh)
	d.refused(err, crm.KindInvalid, "subject")
	pekkas, err := d.s.OwnMailboxes(d.ctx, d.pekka)
	d.check(err)
	fresh.Subject, fresh.Mailbox = "a", pekkas[0].ID
	_, err = d.s.SaveDraft(d.ctx, d.me, fresh)
	d.refused(err, crm.KindInvalid, "from")
}

func testDraftFiles(t *testing.T, d *desk) {
	n := d.answer("dora@acme.example")
	for _, name := range []string{"a.pdf", "b.pdf"} {
		d.check(d.s.AddDraftFile(d.ctx, d.me, n.ID, crm.DraftFile{Name: name, Type: "application/pdf", Data: []byte(name)}))
	}
	d.refused(d.s.AddDraftFile(d.ctx, d.me, n.ID, crm.DraftFile{Name: "c\r\n.pdf", Data: []byte("x")}), crm.KindInvalid, "files")
	d.refused(d.s.AddDraftFile(d.ctx, d.me, n.ID, crm.DraftFile{Name: "huge", Data: make([]byte, crm.MaxDraftFiles)}), crm.KindInvalid, "files")
	d.check(d.s.RemoveDraftFile(d.ctx, d.me, n.ID, 1))
	full, err := d.s.FullDraft(d.ctx, d.me, n.ID)
	d.check(err)
	seen, err := d.s.Draft(d.ctx, d.me, n.ID)
	d.check(err)
	if len(full.Files) != 1 || string(full.Files[0].Data) != "b.pdf" || full.Files[0].N != 2 || len(seen.Files) != 1 || seen.Files[0].Data != nil || seen.Files[0].Size != 5 || !seen.Touched {
		t.Errorf("%+v and %+v", full.Files, seen.Files)
	}
	n, err = d.s.SendDraft(d.ctx, d.me, n2(n, "dora@acme.example"))
	d.check(err)
	sent, err := d.s.SentDraft(d.ctx, n.Mailing)
	d.check(err)
	if len(sent.Files) != 1 || string(sent.Files[0].Data) != "b.pdf" {
		t.Errorf("%+v", sent.Files)
	}
	d.refused(d.s.AddDraftFile(d.ctx, d.me, n.ID, crm.DraftFile{Name: "late", Data: []byte("x")}), crm.KindConflict, "draft")
	d.refused(d.s.RemoveDraftFile(d.ctx, d.me, n.ID, 2), crm.KindConflict, "draft")
	d.refused(d.s.DiscardDraft(d.ctx, d.me, n.ID), crm.KindConflict, "draft")
}

func n2(n crm.SavedDraft, to crm.Address) crm.SavedDraft {
	n.To = []crm.Party{{Address: to}}
	return n
}

// A draft becomes a mailing with one row a recipient, which leaves in ten
// seconds.
func testSendDraft(t *testing.T, d *desk) {
	l := d.lease("sender")
	n := d.answer("dora@acme.example")
	n.Cc = []crm.Party{{Name: "Eve", Address: "eve@else.example"}}
	n, err := d.s.SendDraft(d.ctx, d.me, n)
	d.check(err)
	if n.Mailing == 0 || n.Lead == 0 || n.Sent != d.now || n.MessageID != d.s.Keyring().MessageID(n.Lead, "kaukoranta.example") {
		t.Errorf("sent %+v", n)
	}
	if ds := d.claims(l, 10); len(ds) != 0 {
		t.Errorf("claimed at once: %v", ds)
	}
	d.now = d.now.Add(crm.UndoTime - time.Microsecond)
	if ds := d.claims(l, 10); len(ds) != 0 {
		t.Errorf("claimed early: %v", ds)
	}
	d.now = d.now.Add(time.Microsecond)
	ds := d.claims(l, 10)
	if len(ds) != 2 || ds["dora@acme.example"].ID != n.Lead || ds["eve@else.example"].Name != "Eve" || ds["dora@acme.example"].Contact == 0 {
		t.Errorf("claimed %+v", ds)
	}
	m, err := d.s.Mailing(d.ctx, n.Mailing)
	d.check(err)
	if m.Kind != crm.MailingDirect || m.From.Name != "Anna" || m.From.Address != "anna@kaukoranta.example" || m.Template.Text != "In May.\n\nDora:\n> When?\n" || m.Template.Subject != "Re: Lofoten" || m.Doubt != crm.DoubtHold || m.Staff != d.me.Staff {
		t.Errorf("the mailing is %+v", m)
	}
	_, err = d.s.SendDraft(d.ctx, d.me, n)
	d.refused(err, crm.KindConflict, "draft")
	_, err = d.s.SaveDraft(d.ctx, d.me, n)
	d.refused(err, crm.KindConflict, "draft")
	d.counts(n.Mailing, "claimed 2")
	if err := d.s.Integrity(d.ctx); err != nil {
		t.Error(err)
	}
	// Two addresses of one person get a mail each: the author chose both.
	both, err := d.s.NewDraft(d.ctx, d.me, crm.SavedDraft{Customer: d.dora.ID, Mailbox: d.anna.ID, Subject: "x", Text: "y"})
	d.check(err)
	both.To = []crm.Party{{Address: "dora@acme.example"}, {Address: "d.privat@gmx.example"}}
	both, err = d.s.SendDraft(d.ctx, d.me, both)
	d.check(err)
	d.counts(both.Mailing, "queued 2")
}

func testSendRefused(t *testing.T, d *desk) {
	_, err := d.s.SendDraft(d.ctx, d.me, d.answer())
	d.refused(err, crm.KindInvalid, "to")
	n := d.answer("dora@acme.example")
	n.Mailbox = 0
	_, err = d.s.SendDraft(d.ctx, d.me, n)
	d.refused(err, crm.KindInvalid, "from")
	// A person who has opted out of mailings is answered all the same.
	d.check(d.s.Suppress(d.ctx, crm.Suppression{Address: "dora@acme.example", Reason: crm.SuppressedUnsubscribed}))
	d.check(d.s.Suppress(d.ctx, crm.Suppression{Address: "eve@else.example", Reason: crm.SuppressedBounced}))
	n = d.answer("dora@acme.example", "eve@else.example")
	_, err = d.s.SendDraft(d.ctx, d.me, n)
	d.refused(err, crm.KindInvalid, "to")
	if list, _, err := d.s.Mailings(d.ctx, d.me, nil, crm.PageKey{}, 0); err != nil || len(list) != 0 {
		t.Errorf("what was refused is on the ledger: %+v, %v", list, err)
	}
	n.To = n.To[:1]
	senders, err := d.s.Senders(d.ctx)
	d.check(err)
	d.check(d.s.RemoveSender(d.ctx, d.ritva, senders[0].ID))
	_, err = d.s.SendDraft(d.ctx, d.me, n)
	d.refused(err, crm.KindInvalid, "from")
	_, err = d.s.AddSender(d.ctx, d.ritva, crm.Sender{Name: "any", Host: "127.0.0.1", Security: crm.SecurityNone})
	d.check(err)
	// The answered mail has become private of another.
	d.check(d.s.SetPrivate(d.ctx, d.me, d.mail, true))
	sent, err := d.s.SendDraft(d.ctx, d.me, n)
	d.check(err)
	if sent.Mailing == 0 {
		t.Error("its holder cannot answer a private mail")
	}
	ben := d.arrives(letter{From: "Dora <dora@acme.example>", To: "pekka@kaukoranta.example", Subject: "Sauna", ID: "q7"}, d.pekka)
	other, err := d.s.NewDraft(d.ctx, d.me, crm.SavedDraft{Answers: ben, Customer: d.dora.ID, Mailbox: d.anna.ID, To: []crm.Party{{Address: "dora@acme.example"}}, Text: "x"})
	d.check(err)
	d.check(d.s.SetPrivate(d.ctx, d.pekka, ben, true))
	_, err = d.s.SendDraft(d.ctx, d.me, other)
	d.refused(err, crm.KindNotFound, "")
}
