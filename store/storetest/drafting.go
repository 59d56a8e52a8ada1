package storetest

import (
	"fmt"
	"slices"
	"strings"
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

// Undo takes all back and gives the draft again.
func testUndo(t *testing.T, d *desk) {
	n := d.sent("dora@acme.example", "eve@else.example")
	d.check(d.s.UndoSend(d.ctx, d.me, n.ID))
	d.counts(n.Mailing, "cancelled 2")
	back, err := d.s.Draft(d.ctx, d.me, n.ID)
	d.check(err)
	if back.Mailing != 0 || back.MessageID != "" || back.Text != "In May." || len(back.To) != 2 || !back.Sent.IsZero() {
		t.Errorf("came back as %+v", back)
	}
	d.refused(d.s.UndoSend(d.ctx, d.me, n.ID), crm.KindConflict, "")
	again, err := d.s.SendDraft(d.ctx, d.me, back)
	d.check(err)
	d.now = d.now.Add(crm.UndoTime)
	ds := d.claims(d.lease("sender"), 10)
	if len(ds) != 2 || ds["dora@acme.example"].Mailing != again.Mailing || again.Mailing == n.Mailing || again.MessageID == n.MessageID {
		t.Errorf("claimed %+v", ds)
	}
	if err := d.s.Integrity(d.ctx); err != nil {
		t.Error(err)
	}
}

// Once anything of it was in hand, nothing is taken back.
func testUndoOrClaim(t *testing.T, d *desk) {
	l := d.lease("sender")
	for name, c := range map[string]struct {
		reach func(crm.SavedDraft, map[crm.Address]crm.Dispatch)
		late  bool
		want  string
	}{
		"one is claimed":    {func(crm.SavedDraft, map[crm.Address]crm.Dispatch) {}, true, "queued 1, claimed 1"},
		"given back unsent": {func(_ crm.SavedDraft, ds map[crm.Address]crm.Dispatch) { d.giveBack(l, ds) }, false, "cancelled 2"},
		"one was sent":      {func(_ crm.SavedDraft, ds map[crm.Address]crm.Dispatch) { d.settle(l, ds, crm.Sent) }, true, "queued 1, sent 1"},
		"one is in doubt":   {func(_ crm.SavedDraft, ds map[crm.Address]crm.Dispatch) { d.settle(l, ds, crm.Unknown) }, true, "queued 1, unknown 1"},
		"tried again by us": {func(_ crm.SavedDraft, ds map[crm.Address]crm.Dispatch) { d.settle(l, ds, crm.Unknown); d.again(ds) }, true, "queued 2"},
		"refused for now":   {func(_ crm.SavedDraft, ds map[crm.Address]crm.Dispatch) { d.settle(l, ds, crm.Deferred) }, false, "cancelled 2"},
		"refused for good":  {func(_ crm.SavedDraft, ds map[crm.Address]crm.Dispatch) { d.settle(l, ds, crm.Failed) }, false, "failed 1, cancelled 1"},
		"bounced":           {func(_ crm.SavedDraft, ds map[crm.Address]crm.Dispatch) { d.settle(l, ds, crm.Sent); d.undelivered(ds) }, true, "queued 1, failed 1"},
		"given up in doubt": {func(_ crm.SavedDraft, ds map[crm.Address]crm.Dispatch) { d.arm(l, ds); d.crashed(&l); d.givenUp(ds) }, true, "queued 1, cancelled 1"},
		"called off already": {func(n crm.SavedDraft, ds map[crm.Address]crm.Dispatch) {
			d.giveBack(l, ds)
			d.check(d.s.StopMailing(d.ctx, d.me, n.Mailing))
		}, false, "cancelled 2"},
	} {
		n := d.sent("dora@acme.example", "eve@else.example")
		d.now = d.now.Add(crm.UndoTime)
		c.reach(n, d.claims(l, 1))
		err := d.s.UndoSend(d.ctx, d.me, n.ID)
		if c.late {
			d.refused(err, crm.KindConflict, "undo")
		} else if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		d.counts(n.Mailing, c.want)
		if is, err := d.s.Draft(d.ctx, d.me, n.ID); err != nil || (is.Mailing != 0) != c.late {
			t.Errorf("%s: the draft is %+v, %v", name, is, err)
		}
		if c.late { // out of the way of the next one
			_, err := d.s.Claim(d.ctx, l, 100)
			d.check(err)
			d.check(d.s.StopMailing(d.ctx, d.me, n.Mailing))
		} else {
			d.check(d.s.DiscardDraft(d.ctx, d.me, n.ID))
		}
	}
}

func (d *desk) giveBack(l crm.Lease, ds map[crm.Address]crm.Dispatch) {
	for _, x := range ds {
		d.check(d.s.Return(d.ctx, l, []crm.Return{{Dispatch: x.ID}}))
	}
}

func (d *desk) settle(l crm.Lease, ds map[crm.Address]crm.Dispatch, state crm.DispatchState) {
	for _, x := range ds {
		d.arms(l, x)
		a := attempt(x, state, 250)
		a.Due = d.now.Add(time.Hour)
		_, err := d.s.Settle(d.ctx, l, []crm.Attempt{a}, nil)
		d.check(err)
	}
}

func (d *desk) undelivered(ds map[crm.Address]crm.Dispatch) {
	for _, x := range ds {
		d.check(d.s.Undelivered(d.ctx, x.ID, "550 5.1.1"))
	}
}

func (d *desk) arm(l crm.Lease, ds map[crm.Address]crm.Dispatch) {
	for _, x := range ds {
		d.arms(l, x)
	}
}

// crashed lets the process die that has the lease; another one has it then.
func (d *desk) crashed(l *crm.Lease) {
	d.check(d.s.ReleaseLease(d.ctx, *l))
	*l = d.lease("next")
	_, err := d.s.Recover(d.ctx, *l)
	d.check(err)
}

func (d *desk) givenUp(ds map[crm.Address]crm.Dispatch) {
	for _, x := range ds {
		d.check(d.s.ResolveUnknown(d.ctx, d.me, x.ID, crm.Cancelled))
	}
}

func (d *desk) again(ds map[crm.Address]crm.Dispatch) {
	for _, x := range ds {
		d.check(d.s.ResolveUnknown(d.ctx, d.me, x.ID, crm.Queued))
	}
}

// An answer that was begun while the first one waited is not lost when that one
// comes back.
func testUndoAfterAnother(t *testing.T, d *desk) {
	n := d.sent("dora@acme.example")
	other, err := d.s.NewDraft(d.ctx, d.me, crm.SavedDraft{Answers: d.mail, Customer: d.dora.ID})
	d.check(err)
	if other.ID == n.ID {
		t.Fatal("a mail that was sent is gone on with")
	}
	other.Text = "And June too."
	_, err = d.s.SaveDraft(d.ctx, d.me, other)
	d.check(err)
	d.check(d.s.AddDraftFile(d.ctx, d.me, other.ID, crm.DraftFile{Name: "june.pdf", Data: []byte("x")}))
	d.check(d.s.UndoSend(d.ctx, d.me, n.ID))
	back, err := d.s.Draft(d.ctx, d.me, n.ID)
	d.check(err)
	if back.Text != "In May.\n\nAnd June too." || len(back.Files) != 1 {
		t.Errorf("came back as %+v", back)
	}
}

// Colleagues see that somebody writes, and since when, but not what.
func testWriters(t *testing.T, d *desk) {
	of := []crm.Correspondence{{Customer: d.dora.ID}, {Conversation: d.conversation(d.mail)}}
	says := func(v crm.Viewer) (out []string) {
		for _, of := range of {
			list, err := d.s.Writers(d.ctx, v, of)
			d.check(err)
			out = append(out, fmt.Sprint(len(list)))
			for _, w := range list {
				out = append(out, fmt.Sprint(w.Name, " ", d.now.Sub(w.Since).Round(time.Second), " ", w.Sent))
			}
		}
		return out
	}
	want := func(what string, v crm.Viewer, lines ...string) {
		t.Helper()
		if got := says(v); !slices.Equal(got, lines) {
			t.Errorf("%s: %v, want %v", what, got, lines)
		}
	}
	n := d.answer("dora@acme.example")
	want("begun", d.pekka, "1", "Anna 0s false", "1", "Anna 0s false")
	want("herself", d.me, "0", "0")
	want("a stranger", crm.Viewer{}, "0", "0")
	d.now = d.now.Add(9 * time.Minute)
	_, err := d.s.SaveDraft(d.ctx, d.me, n)
	d.check(err)
	d.now = d.now.Add(9 * time.Minute)
	want("goes on", d.pekka, "1", "Anna 18m0s false", "1", "Anna 18m0s false")
	d.now = d.now.Add(2 * time.Minute)
	want("rests", d.pekka, "0", "0")
	_, err = d.s.SaveDraft(d.ctx, d.me, n)
	d.check(err)
	want("anew", d.pekka, "1", "Anna 0s false", "1", "Anna 0s false")
	d.check(d.s.SetPrivate(d.ctx, d.me, d.mail, true))
	want("of a private mail", d.pekka, "0", "0")
	d.check(d.s.SetPrivate(d.ctx, d.me, d.mail, false))
	_, err = d.s.SendDraft(d.ctx, d.me, n)
	d.check(err)
	want("on its way", d.pekka, "1", "Anna 0s true", "1", "Anna 0s true")
	events := d.s.Subscribe(t.Context())
	d.answer()
	e := <-events
	if e.Kind != "draft" || e.Customer != d.dora.ID || e.Conversation == 0 || e.Message != d.mail {
		t.Errorf("told %+v", e)
	}
}

// The copy of a sent mail waits in the database until it is filed, by one
// process at a time.
func testFiling(t *testing.T, d *desk) {
	l := d.lease("sender")
	n := d.sent("dora@acme.example", "eve@else.example")
	claims := func(want int) []crm.Filing {
		t.Helper()
		list, err := d.s.ClaimFilings(d.ctx, 10)
		if err != nil || len(list) != want {
			t.Fatalf("to be filed: %+v, %v; want %d", list, err, want)
		}
		return list
	}
	d.now = d.now.Add(time.Minute)
	claims(0) // not sent
	d.settles(l, map[crm.Address]crm.DispatchState{"eve@else.example": crm.Sent, "dora@acme.example": crm.Unknown})
	claims(0) // its provider may file it
	d.now = d.now.Add(20 * time.Second)
	f := claims(1)[0]
	if f.Draft != n.ID || f.Mailing != n.Mailing || f.Lead != n.Lead || f.Mailbox != d.anna.ID || f.Tries != 0 {
		t.Errorf("%+v", f)
	}
	claims(0) // another process
	d.check(d.s.FilingFailed(d.ctx, f.Draft, d.now.Add(time.Minute), "the server is away"))
	claims(0)
	shown, err := d.s.Outgoing(d.ctx, d.me, crm.Correspondence{Customer: d.dora.ID})
	if err != nil || len(shown) != 1 || shown[0].Trouble != "the server is away" || shown[0].Captured {
		t.Errorf("%+v, %v", shown, err)
	}
	d.now = d.now.Add(time.Minute)
	if f := claims(1)[0]; f.Tries != 1 {
		t.Errorf("%+v", f)
	}
	// Our own copy proves nothing: neither that Dora has the mail nor that the
	// provider files.
	ours, err := d.s.Appended(d.ctx, n.MessageID)
	if err != nil || ours {
		t.Fatal(ours, err)
	}
	d.check(d.s.NoteAppending(d.ctx, n.MessageID))
	if ours, err = d.s.Appended(d.ctx, n.MessageID); err != nil || !ours {
		t.Error(ours, err)
	}
	d.arrives(letter{From: "Anna <anna@kaukoranta.example>", To: "dora@acme.example", Subject: "Re: Lofoten", Text: "In May.", ID: n.MessageID}, d.me)
	d.counts(n.Mailing, "sent 1, unknown 1")
	// The process died; the next one goes on when that one's time is up.
	d.now = d.now.Add(20 * time.Minute)
	claims(1)
	d.check(d.s.Filed(d.ctx, n.ID))
	d.now = d.now.Add(24 * time.Hour)
	claims(0)
}

// What was sent is shown from the ledger until it is captured, and then on the
// timeline only.
func testOutgoing(t *testing.T, d *desk) {
	l := d.lease("sender")
	n := d.sent("dora@acme.example")
	shown := func(v crm.Viewer) string {
		t.Helper()
		var out []string
		for _, of := range []crm.Correspondence{{Customer: d.dora.ID}, {Conversation: d.conversation(d.mail)}} {
			list, err := d.s.Outgoing(d.ctx, v, of)
			d.check(err)
			for _, o := range list {
				out = append(out, fmt.Sprint(o.Author, " ", o.From, " ", o.Recipients[0].State))
			}
		}
		return strings.Join(out, ", ")
	}
	want := func(what string, v crm.Viewer, state crm.DispatchState) {
		t.Helper()
		line := ""
		if state != "" {
			line = fmt.Sprintf("Anna anna@kaukoranta.example %s, Anna anna@kaukoranta.example %s", state, state)
		}
		if got := shown(v); got != line {
			t.Errorf("%s: %s, want %s", what, got, line)
		}
	}
	want("waits", d.me, crm.Queued)
	want("of another", d.pekka, "")
	d.now = d.now.Add(time.Minute)
	d.settles(l, map[crm.Address]crm.DispatchState{"dora@acme.example": crm.Sent})
	want("sent", d.me, crm.Sent)
	want("sent, of another", d.pekka, crm.Sent)
	want("a stranger", crm.Viewer{}, "")
	d.check(d.s.SetPrivate(d.ctx, d.me, d.mail, true))
	want("a private mail's answer", d.pekka, "")
	d.check(d.s.SetPrivate(d.ctx, d.me, d.mail, false))
	d.arrives(letter{From: "Anna <anna@kaukoranta.example>", To: "dora@acme.example", Subject: "Re: Lofoten", Text: "In May.", ID: n.MessageID, ReplyTo: "q1"}, d.me)
	want("captured", d.me, "")
	list, err := d.s.Outgoing(d.ctx, d.me, crm.Correspondence{Customer: d.dora.ID})
	d.check(err)
	d.check(d.s.Undelivered(d.ctx, n.Lead, "550 5.1.1 no such user"))
	if list, err = d.s.Outgoing(d.ctx, d.me, crm.Correspondence{Customer: d.dora.ID}); err != nil || len(list) != 1 || !list[0].Captured || list[0].Unsent || list[0].Recipients[0].State != crm.Failed {
		t.Errorf("of what does not arrive its author sees %+v, %v", list, err)
	}
	want("another's that does not arrive", d.pekka, "")
	items := d.timeline(d.pekka, d.dora.ID, 10)
	if len(items) != 2 || items[0].Mail.Subject != "Re: Lofoten" || items[0].Mail.Conversation != items[1].Mail.Conversation {
		t.Errorf("the timeline is %+v", items)
	}
}

// One mail to several bears one Message-ID: a report by that is about whom it
// names, and where it names nobody it decides nothing.
func testSharedMail(t *testing.T, d *desk) {
	l := d.lease("sender")
	n := d.sent("dora@acme.example", "eve@else.example")
	d.now = d.now.Add(time.Minute)
	d.settles(l, map[crm.Address]crm.DispatchState{"dora@acme.example": crm.Unknown, "eve@else.example": crm.Sent})
	bounce := func(to string) {
		d.told(letter{From: "mailer-daemon@relay.example", To: "anna@kaukoranta.example", Subject: "failed " + to, ID: "b" + to}, crm.ClassBounce, func(m *crm.Message) {
			m.Bounce = &crm.Bounce{OriginalMessageID: n.MessageID, Recipients: []crm.BouncedRecipient{{Address: to, Action: crm.BounceFailed, Status: "5.1.1", Permanent: true, Reason: crm.BounceUserUnknown}}}
		})
	}
	bounce("stranger@list.example")
	d.counts(n.Mailing, "sent 1, unknown 1")
	bounce("eve@else.example")
	d.counts(n.Mailing, "failed 1, unknown 1")
	for a, want := range map[crm.Address]bool{"dora@acme.example": false, "eve@else.example": true} {
		if _, stopped, err := d.s.IsSuppressed(d.ctx, a, crm.MailingDirect); err != nil || stopped != want {
			t.Errorf("%s is suppressed: %v, %v", a, stopped, err)
		}
	}
}

// Drafts follow their customer through a merge and back.
func testDraftsOfMerged(t *testing.T, d *desk) {
	n := d.answer("dora@acme.example")
	_, err := d.s.SaveDraft(d.ctx, d.me, n)
	d.check(err)
	keep := d.customer("Acme", "office@acme.example")
	id, err := d.s.Merge(d.ctx, d.me, keep.ID, d.dora.ID, false)
	d.check(err)
	count := func(c crm.CustomerID) int {
		list, err := d.s.OwnDrafts(d.ctx, d.me, crm.Correspondence{Customer: c})
		d.check(err)
		return len(list)
	}
	if count(keep.ID) != 1 {
		t.Error("a merge has lost a draft")
	}
	d.check(d.s.Unmerge(d.ctx, d.me, id))
	if count(keep.ID) != 0 || count(d.dora.ID) != 1 {
		t.Errorf("after undoing it %d and %d", count(keep.ID), count(d.dora.ID))
	}
}

func testSnippets(t *testing.T, d *desk) {
	a, err := d.s.SaveSnippet(d.ctx, d.me, crm.Snippet{Name: "Öisin auki", Text: "x"})
	d.check(err)
	b, err := d.s.SaveSnippet(d.ctx, d.pekka, crm.Snippet{Name: "Kiitos", Text: "Kiitos {{ name }}!"})
	d.check(err)
	_, err = d.s.SaveSnippet(d.ctx, d.me, crm.Snippet{Name: "KIITOS", Text: "y"})
	d.refused(err, crm.KindConflict, "name")
	a.Text = "z"
	_, err = d.s.SaveSnippet(d.ctx, d.pekka, a)
	d.check(err)
	_, err = d.s.SaveSnippet(d.ctx, crm.Viewer{}, a)
	d.refused(err, crm.KindForbidden, "")
	list, err := d.s.Snippets(d.ctx, d.ritva)
	d.check(err)
	if len(list) != 2 || list[0].ID != b.ID || list[1].Text != "z" || list[1].Staff != d.pekka.Staff {
		t.Errorf("%+v", list)
	}
	d.check(d.s.RemoveSnippet(d.ctx, d.me, b.ID))
	d.refused(d.s.RemoveSnippet(d.ctx, d.me, b.ID), crm.KindNotFound, "")
	_, err = d.s.SaveSnippet(d.ctx, d.me, b)
	d.refused(err, crm.KindNotFound, "")
	if list, err := d.s.Snippets(d.ctx, crm.Viewer{}); err != nil || len(list) != 0 {
		t.Errorf("a stranger sees %v, %v", list, err)
	}
}
