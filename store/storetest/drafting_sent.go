package storetest

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"kaveri/crm"
)

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
	d.check(d.s.Undelivered(d.ctx, n.Lead, "550 5.1.1 no such user"))
	if list, err := d.s.Outgoing(d.ctx, d.me, crm.Correspondence{Customer: d.dora.ID}); err != nil || len(list) != 1 || !list[0].Captured || list[0].Unsent || list[0].Recipients[0].State != crm.Failed {
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
		if _, stopped, err := d.s.IsSuppressed(d.ctx, a, crm.MailingDirect, ""); err != nil || stopped != want {
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
