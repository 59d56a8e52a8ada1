package storetest

import (
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"kaveri/crm"
	"kaveri/store"
)

// list gives recipients by their addresses.
func list(addresses ...crm.Address) iter.Seq2[crm.Recipient, error] {
	return func(yield func(crm.Recipient, error) bool) {
		for i, a := range addresses {
			if !yield(crm.Recipient{Row: i + 1, Address: a, Name: a.Local()}, nil) {
				return
			}
		}
	}
}

// mailing makes a mailing to these addresses and starts it.
func (w *world) mailing(m crm.Mailing, addresses ...crm.Address) crm.MailingID {
	w.Helper()
	m, _, err := w.s.AddMailing(w.ctx, w.anna, m, list(addresses...), nil)
	w.check(err)
	w.check(w.s.StartMailing(w.ctx, w.anna, m.ID))
	return m.ID
}

// lease takes the right to send; who held it before has lost it.
func (w *world) lease(owner string) crm.Lease {
	w.Helper()
	l, err := w.s.AcquireLease(w.ctx, owner, time.Hour)
	w.check(err)
	return l
}

// claims claims up to n dispatches and gives them by address.
func (w *world) claims(l crm.Lease, n int) map[crm.Address]crm.Dispatch {
	w.Helper()
	ds, err := w.s.Claim(w.ctx, l, n)
	w.check(err)
	out := map[crm.Address]crm.Dispatch{}
	for _, d := range ds {
		out[d.Address] = d
	}
	return out
}

func (w *world) arms(l crm.Lease, ds ...crm.Dispatch) []crm.Refused {
	w.Helper()
	var ids []crm.DispatchID
	for _, d := range ds {
		ids = append(ids, d.ID)
	}
	refused, err := w.s.Settle(w.ctx, l, nil, ids)
	w.check(err)
	return refused
}

// attempt is what a server answered.
func attempt(d crm.Dispatch, state crm.DispatchState, code int) crm.Attempt {
	return crm.Attempt{Dispatch: d.ID, Token: d.Token, Sender: 9, Server: "mx.example", Stage: crm.StageDot, At: time.Now(), Took: 30 * time.Millisecond,
		Reply: crm.Reply{Code: code, Enhanced: fmt.Sprintf("%d.0.0", code/100), Text: "said the server"}, State: state}
}

// counts checks the counts of a mailing, written like "sent 2, queued 1", and
// the ledger against itself.
func (w *world) counts(id crm.MailingID, want string) {
	w.Helper()
	n, err := w.s.MailingCounts(w.ctx, crm.SystemViewer, id)
	w.check(err)
	var parts []string
	for _, state := range crm.DispatchStates {
		if n[state] != 0 {
			parts = append(parts, fmt.Sprintf("%s %d", state, n[state]))
		}
	}
	if got := strings.Join(parts, ", "); got != want {
		w.Errorf("the mailing has %q, want %q", got, want)
	}
	w.check(w.s.Integrity(w.ctx))
}

func testLease(t *testing.T, s *store.Store) {
	w := newWorld(t, s)
	l := w.lease("host/1")
	_, err := s.AcquireLease(w.ctx, "host/2", time.Minute)
	if w.refused(err, crm.KindConflict, ""); !strings.Contains(err.Error(), "host/1") {
		t.Errorf("%q names no owner", err)
	}
	renewed, err := s.RenewLease(w.ctx, l, 2*time.Hour)
	w.check(err)
	if renewed.Token != l.Token || !renewed.Expires.After(l.Expires) {
		t.Errorf("renewed %+v from %+v", renewed, l)
	}
	w.check(s.ReleaseLease(w.ctx, l))
	w.check(s.ReleaseLease(w.ctx, l)) // twice is no error
	second := w.lease("host/2")
	if second.Token <= l.Token {
		t.Errorf("the token went from %d to %d", l.Token, second.Token)
	}
	// The first one writes nothing any more.
	_, err = s.RenewLease(w.ctx, l, time.Hour)
	w.refused(err, crm.KindConflict, "")
	_, err = s.Claim(w.ctx, l, 1)
	w.refused(err, crm.KindConflict, "")
	_, err = s.Settle(w.ctx, l, nil, nil)
	w.refused(err, crm.KindConflict, "")
	_, err = s.Recover(w.ctx, l)
	w.check(err) // nothing to do
	w.refused(s.Return(w.ctx, l, nil), crm.KindConflict, "")

	// One that has run out is lost, also when nobody has taken it.
	w.check(s.ReleaseLease(w.ctx, second))
	short, err := s.AcquireLease(w.ctx, "host/3", -time.Second)
	w.check(err)
	_, err = s.RenewLease(w.ctx, short, time.Hour)
	w.refused(err, crm.KindConflict, "")
	if last := w.lease("host/4"); last.Token != short.Token+1 || short.Token != second.Token+1 {
		t.Errorf("tokens %d, %d, %d", second.Token, short.Token, last.Token)
	}
}

func testSendOnce(t *testing.T, s *store.Store) {
	w := newWorld(t, s)
	id := w.mailing(letterTo("autumn"), "a@x.example", "b@x.example", "c@x.example", "d@x.example")
	l := w.lease("test")
	got := w.claims(l, 3)
	if len(got) != 3 || len(w.claims(l, 0)) != 0 {
		t.Fatalf("claimed %v", got)
	}
	a, b, c := got["a@x.example"], got["b@x.example"], got["c@x.example"]
	if a.State != crm.Claimed || a.Token != l.Token || a.Name != "a" || a.Mailing != id || a.Expires.IsZero() {
		t.Errorf("claimed %+v", a)
	}
	w.counts(id, "queued 1, claimed 3")
	if r := w.arms(l, a, b); len(r) != 0 {
		t.Errorf("refused %v", r)
	}
	w.counts(id, "queued 1, claimed 1, armed 2")

	// What the two came to, and the third armed, in one go.
	later := attempt(b, crm.Deferred, 451)
	later.Due, later.Reason = time.Now().Add(time.Hour), "greylisted"
	refused, err := s.Settle(w.ctx, l, []crm.Attempt{attempt(a, crm.Sent, 250), later}, []crm.DispatchID{c.ID, a.ID, 424242})
	w.check(err)
	if len(refused) != 2 || refused[0].State != crm.Sent && refused[1].State != crm.Sent {
		t.Errorf("what is sent, or nowhere, was armed: %+v", refused)
	}
	w.counts(id, "queued 1, armed 1, sent 1, deferred 1")

	// Said twice, or under another claim: nothing changes.
	stranger := attempt(c, crm.Sent, 250)
	stranger.Token++
	_, err = s.Settle(w.ctx, l, []crm.Attempt{attempt(a, crm.Sent, 250), attempt(a, crm.Failed, 550), later, stranger}, nil)
	w.check(err)
	w.counts(id, "queued 1, armed 1, sent 1, deferred 1")
	_, err = s.Settle(w.ctx, l, []crm.Attempt{attempt(c, crm.Failed, 550)}, nil)
	w.check(err)

	left := w.claims(l, 10) // b is not due
	if _, ok := left["d@x.example"]; !ok || len(left) != 1 {
		t.Errorf("claimed %v", left)
	}
	// Before it is armed nothing can have been sent.
	_, err = s.Settle(w.ctx, l, []crm.Attempt{attempt(left["d@x.example"], crm.Sent, 250)}, nil)
	w.check(err)
	w.counts(id, "claimed 1, sent 1, deferred 1, failed 1")

	tries, err := s.Attempts(w.ctx, w.pekka, b.ID)
	w.check(err)
	if len(tries) != 1 || tries[0].Reply.String() != "451 4.0.0 said the server" || tries[0].State != crm.Deferred || tries[0].Took != 30*time.Millisecond || tries[0].Reason != "greylisted" {
		t.Errorf("the attempts are %+v", tries)
	}
	d, err := s.Dispatch(w.ctx, w.pekka, b.ID)
	w.check(err)
	if d.Tries != 1 || d.Reason != "greylisted" || d.Due.Before(time.Now().Add(50*time.Minute)) || d.Expires.Before(time.Now().Add(47*time.Hour)) {
		t.Errorf("deferred as %+v", d)
	}
	_, err = s.Settle(w.ctx, l, []crm.Attempt{attempt(b, crm.Claimed, 0)}, nil)
	w.refused(err, crm.KindInvalid, "attempt")
}

func testReturn(t *testing.T, s *store.Store) {
	w := newWorld(t, s)
	id := w.mailing(letterTo("autumn"), "a@x.example", "b@x.example", "c@x.example", "d@x.example")
	l := w.lease("test")
	got := w.claims(l, 4)
	a, b, c := got["a@x.example"], got["b@x.example"], got["c@x.example"]
	w.arms(l, b, c)
	_, err := s.Settle(w.ctx, l, []crm.Attempt{attempt(c, crm.Sent, 250)}, nil)
	w.check(err)
	later := time.Now().Add(time.Hour)
	w.check(s.Return(w.ctx, l, []crm.Return{{Dispatch: a.ID}, {Dispatch: b.ID, Due: later}, {Dispatch: c.ID}, {Dispatch: 424242}}))
	w.counts(id, "queued 2, claimed 1, sent 1")
	again := w.claims(l, 10)
	if _, ok := again["a@x.example"]; !ok || len(again) != 1 {
		t.Errorf("claimed again %v", again)
	}
	w.check(s.StopMailing(w.ctx, w.anna, id))
	w.counts(id, "claimed 2, sent 1, cancelled 1")
	w.check(s.Return(w.ctx, l, []crm.Return{{Dispatch: a.ID}}))
	w.counts(id, "claimed 1, sent 1, cancelled 2")
}

// A process that could not write for a while gives back under its next lease
// what it knows to be unsent, before the rest is doubted.
func testReturnLate(t *testing.T, s *store.Store) {
	w := newWorld(t, s)
	id := w.mailing(letterTo("autumn"), "a@x.example", "b@x.example", "c@x.example")
	l := w.lease("test")
	got := w.claims(l, 3)
	a, b, c := got["a@x.example"], got["b@x.example"], got["c@x.example"]
	w.arms(l, a, b)
	w.check(s.ReleaseLease(w.ctx, l))
	next := w.lease("test")
	w.check(s.Return(w.ctx, next, []crm.Return{{Dispatch: b.ID}, {Dispatch: c.ID, Token: next.Token}})) // other claims than theirs
	w.counts(id, "claimed 1, armed 2")
	w.check(s.Return(w.ctx, next, []crm.Return{{Dispatch: a.ID, Token: l.Token}, {Dispatch: c.ID, Token: l.Token}}))
	w.counts(id, "queued 2, armed 1")
	_, err := s.Recover(w.ctx, next)
	w.check(err)
	w.counts(id, "queued 2, unknown 1")
}

func testRecover(t *testing.T, s *store.Store) {
	w := newWorld(t, s)
	for _, k := range []crm.Sender{{Name: "relay", Host: "smtp.relay.example", Order: 1}, {Name: "spare", Host: "spare.relay.example", Order: 2},
		{Name: "off", Host: "off.relay.example", Disabled: true}, {Name: "other", Host: "other.relay.example", Domains: []string{"other.example"}}} {
		k.Port, k.Security = 465, crm.SecurityTLS
		_, err := s.AddSender(w.ctx, w.ritva, k)
		w.check(err)
	}
	id := w.mailing(letterTo("autumn"), "a@x.example", "b@x.example", "c@x.example", "d@x.example", "e@x.example")
	l := w.lease("first")
	got := w.claims(l, 4)
	a, b, c, d := got["a@x.example"], got["b@x.example"], got["c@x.example"], got["d@x.example"]
	w.arms(l, a, b, c)
	_, err := s.Settle(w.ctx, l, []crm.Attempt{attempt(a, crm.Sent, 250)}, nil)
	w.check(err)
	if r, err := s.Recover(w.ctx, l); err != nil || r != (crm.Recovered{}) {
		t.Errorf("its own are recovered: %+v, %v", r, err)
	}
	w.check(s.ReleaseLease(w.ctx, l))

	next := w.lease("second")
	r, err := s.Recover(w.ctx, next)
	w.check(err)
	if r != (crm.Recovered{Queued: 1, Unknown: 2}) {
		t.Errorf("recovered %+v", r)
	}
	w.counts(id, "queued 2, sent 1, unknown 2")
	// When, and to which server, is on the ledger.
	tries, err := s.Attempts(w.ctx, w.pekka, b.ID)
	w.check(err)
	if len(tries) != 1 || tries[0].State != crm.Unknown || tries[0].Server != "smtp.relay.example or spare.relay.example" || tries[0].At.IsZero() || tries[0].Reason == "" {
		t.Errorf("the doubt says %+v", tries)
	}
	if r, err := s.Recover(w.ctx, next); err != nil || r != (crm.Recovered{}) {
		t.Errorf("a second time: %+v, %v", r, err)
	}
	// The one that was stopped comes back and knows what the server said.
	_, err = s.Settle(w.ctx, next, []crm.Attempt{attempt(b, crm.Sent, 250), attempt(d, crm.Sent, 250)}, nil)
	w.check(err)
	w.counts(id, "queued 2, sent 2, unknown 1")
	list, _, err := s.UnknownOf(w.ctx, w.pekka, id, crm.PageKey{}, 0)
	w.check(err)
	if len(list) != 1 || list[0].Dispatch.Address != "c@x.example" || list[0].Policy != crm.DoubtHold || list[0].Dispatch.Reason == "" {
		t.Errorf("in doubt are %+v", list)
	}
	if again := w.claims(next, 10); len(again) != 2 {
		t.Errorf("claimed %v", again)
	}
}

func testDoubts(t *testing.T, s *store.Store) {
	w := newWorld(t, s)
	m := letterTo("autumn")
	m.Doubt = crm.DoubtResend
	id := w.mailing(m, "a@x.example", "b@x.example", "c@x.example", "d@x.example", "e@x.example")
	doubt := func() map[crm.Address]crm.Dispatch {
		l := w.lease("test")
		got := w.claims(l, 10)
		w.arms(l, slices.Collect(maps.Values(got))...)
		w.check(s.ReleaseLease(w.ctx, l))
		l = w.lease("next")
		_, err := s.Recover(w.ctx, l)
		w.check(err)
		w.check(s.ReleaseLease(w.ctx, l))
		return got
	}
	got := doubt()
	if list, _, err := s.Doubts(w.ctx, time.Now().Add(-crm.DoubtWait), crm.PageKey{}, 0); err != nil || len(list) != 0 {
		t.Errorf("a doubt that is young is settled: %v %v", list, err)
	}
	var seen []crm.DispatchID
	for page := (crm.PageKey{}); ; {
		list, next, err := s.Doubts(w.ctx, time.Now().Add(time.Minute), page, 2)
		w.check(err)
		for _, d := range list {
			seen = append(seen, d.Dispatch.ID)
			if d.Policy != crm.DoubtResend || d.Resent {
				t.Errorf("%+v", d)
			}
		}
		if page = next; page == (crm.PageKey{}) {
			break
		}
	}
	if len(seen) != 5 || len(slices.Compact(seen)) != 5 {
		t.Errorf("in doubt are %v", seen)
	}
	w.check(s.ResendOnce(w.ctx, got["a@x.example"].ID))
	w.check(s.SettleUnknown(w.ctx, got["b@x.example"].ID, crm.Sent, "it is in the Sent folder"))
	w.check(s.SettleUnknown(w.ctx, got["c@x.example"].ID, crm.Failed, "550 no such user"))
	w.check(s.ResolveUnknown(w.ctx, w.anna, got["d@x.example"].ID, crm.Cancelled))
	w.check(s.ResolveUnknown(w.ctx, w.anna, got["e@x.example"].ID, crm.Queued))
	w.counts(id, "queued 2, sent 1, failed 1, cancelled 1")
	w.refused(s.SettleUnknown(w.ctx, got["b@x.example"].ID, crm.Sent, "again"), crm.KindConflict, "")
	w.refused(s.ResolveUnknown(w.ctx, w.anna, got["b@x.example"].ID, crm.Failed), crm.KindInvalid, "state")
	w.refused(s.ResolveUnknown(w.ctx, crm.Viewer{}, got["b@x.example"].ID, crm.Sent), crm.KindForbidden, "")
	d, err := s.Dispatch(w.ctx, w.anna, got["d@x.example"].ID)
	w.check(err)
	if d.Reason != "said by Anna" {
		t.Errorf("given up because %q", d.Reason)
	}
	if es, err := s.DispatchEvents(w.ctx, w.anna, d.ID); err != nil || len(es) != 1 || es[0].Evidence != "cancelled: said by Anna" {
		t.Errorf("noted %+v %v", es, err)
	}

	// In doubt a second time: the policy sends no third one.
	doubt()
	w.refused(s.ResendOnce(w.ctx, got["a@x.example"].ID), crm.KindConflict, "")
	w.counts(id, "sent 1, failed 1, unknown 2, cancelled 1")
	list, _, err := s.UnknownOf(w.ctx, w.anna, id, crm.PageKey{}, 0)
	w.check(err)
	for _, d := range list {
		if !d.Resent {
			t.Errorf("%s was sent again and does not say so", d.Dispatch.Address)
		}
	}
	// A report says that what was sent did not arrive; a person tries again.
	w.check(s.Undelivered(w.ctx, got["b@x.example"].ID, "550 mailbox is closed"))
	w.check(s.Undelivered(w.ctx, got["b@x.example"].ID, "550 mailbox is closed"))
	w.refused(s.Undelivered(w.ctx, got["d@x.example"].ID, "550"), crm.KindConflict, "")
	w.counts(id, "failed 2, unknown 2, cancelled 1")
	n, err := s.RetryFailed(w.ctx, w.anna, id)
	w.check(err)
	if n != 2 {
		t.Errorf("%d are tried again", n)
	}
	w.counts(id, "queued 2, unknown 2, cancelled 1")
}

// A colleague's mail does not wait behind a newsletter, and of newsletters the
// longest due comes first.
func testClaimOrder(t *testing.T, s *store.Store) {
	w := newWorld(t, s)
	l := w.lease("test")
	old, young := letterTo("old"), letterTo("young")
	old.Start, young.Start = time.Now().Add(-20*time.Minute), time.Now().Add(-10*time.Minute)
	w.mailing(young, "y1@x.example", "y2@x.example", "y3@x.example")
	w.mailing(old, "o1@x.example", "o2@x.example", "o3@x.example")
	own := letterTo("re: your trip")
	own.Kind, own.Start = crm.MailingDirect, time.Now()
	w.mailing(own, "aino@x.example")
	var got []string
	for _, n := range []int{2, 3, 5} {
		ds, err := s.Claim(w.ctx, l, n)
		w.check(err)
		for _, d := range ds {
			got = append(got, d.Address.Local())
		}
		got = append(got, "|")
	}
	if order := strings.Join(got, " "); order != "aino o1 | o2 o3 y1 | y2 y3 |" {
		t.Errorf("claimed in the order %s", order)
	}
}
