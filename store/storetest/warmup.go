package storetest

import (
	"slices"
	"strings"
	"testing"
	"time"

	"kaveri/crm"
	"kaveri/store"
)

// bulk is a mailing to many.
func bulk() crm.Mailing {
	return crm.Mailing{Kind: crm.MailingAudience, Name: "bulk", From: crm.Party{Address: "news@new.example"}, Template: crm.Template{Subject: "News", Text: "News"}}
}

// What a domain that warms up has sent is counted with the attempts, day by
// day, and outlives the process.
func testWarmUpCounts(t *testing.T, s *store.Store) {
	w := newWorld(t, s)
	l := w.lease("host/1")
	w.mailing(bulk(), "a@x.example", "b@x.example", "c@x.example", "d@x.example", "e@y.example", "f@x.example")
	claimed := w.claims(l, 10)
	today := time.Now()
	send := func(a crm.Address, state crm.DispatchState, at time.Time, domain, provider string) {
		w.arms(l, claimed[a])
		try := attempt(claimed[a], state, 250)
		try.At, try.Due, try.WarmUp = at, at.Add(time.Hour), crm.WarmUpKey{Domain: domain, Provider: provider}
		_, err := s.Settle(w.ctx, l, []crm.Attempt{try}, nil)
		w.check(err)
	}
	send("a@x.example", crm.Sent, today, "new.example", "x.example")
	send("b@x.example", crm.Unknown, today, "new.example", "x.example") // it may have gone
	send("c@x.example", crm.Deferred, today, "new.example", "x.example")
	send("d@x.example", crm.Sent, today.AddDate(0, 0, -2), "new.example", "x.example")
	send("e@y.example", crm.Sent, today.AddDate(0, 0, -crm.WarmUpMemory), "new.example", "y.example")
	send("f@x.example", crm.Sent, today, "", "") // of no plan
	want := []crm.WarmUpCount{{WarmUpKey: crm.WarmUpKey{Domain: "new.example", Provider: "x.example"}, Today: 2, Best: 1}}
	for range 2 {
		got, err := s.WarmUps(w.ctx)
		w.check(err)
		if !slices.Equal(got, want) {
			t.Errorf("%+v, want %+v", got, want)
		}
		w.check(s.ForgetWarmUps(w.ctx))
	}
}

// Mail that is put off with a reason shows it, and does not expire meanwhile.
func testWaitsForAReason(t *testing.T, s *store.Store) {
	w := newWorld(t, s)
	l := w.lease("host/1")
	m := bulk()
	m.Patience = time.Hour
	id := w.mailing(m, "a@x.example", "b@x.example")
	got := w.claims(l, 10)
	later := time.Now().Add(3 * 24 * time.Hour)
	w.check(s.Return(w.ctx, l, []crm.Return{{Dispatch: got["a@x.example"].ID, Due: later, Reason: "warm-up: 1 of 1"}, {Dispatch: got["b@x.example"].ID, Due: time.Now().Add(-time.Minute)}}))
	d, err := s.Dispatch(w.ctx, w.anna, got["a@x.example"].ID)
	w.check(err)
	if d.State != crm.Queued || d.Reason != "warm-up: 1 of 1" || d.Due.Sub(later).Abs() > time.Millisecond {
		t.Errorf("put off: %+v", d)
	}
	wait, err := s.MailingWaits(w.ctx, w.anna, id)
	w.check(err)
	if wait.N != 1 || wait.Reason != "warm-up: 1 of 1" || wait.Until.Sub(later).Abs() > time.Millisecond || wait.Next != wait.Until {
		t.Errorf("the mailing waits: %+v", wait)
	}
	if d := w.claims(l, 10)["b@x.example"]; d.Expires.Before(later) {
		t.Errorf("it expires %v", d.Expires)
	}
	other, err := s.MailingWaits(w.ctx, w.anna, w.mailing(bulk(), "c@x.example"))
	if err != nil || other.N != 0 {
		t.Errorf("%+v, %v", other, err)
	}
}

// Of those that are due together, the people who wrote to us or bought last go
// first, whatever their order in the list.
func testLastWritersFirst(t *testing.T, s *store.Store) {
	w := newWorld(t, s)
	for _, x := range []struct {
		name string
		days int
	}{{"silent", 0}, {"old", 200}, {"new", 2}} {
		a := crm.Address(x.name + "@acme.example")
		w.customer(x.name, a)
		if x.days > 0 {
			w.clock = time.Now().AddDate(0, 0, -x.days)
			w.arrives(letter{From: string(a), To: "anna@kaukoranta.example", Subject: "Hei", Text: "Hei"}, w.anna)
		}
	}
	w.customer("buyer", "buyer@acme.example")
	bought, off := order("1", "buyer@acme.example", "10.00"), order("2", "buyer@acme.example", "10.00")
	bought.At, off.At, off.State = time.Now().AddDate(0, 0, -20), time.Now(), crm.OrderCancelled
	w.orders(store.OrderOptions{}, bought, off)
	l := w.lease("host/1")
	m := bulk()
	m.Start = time.Now().Add(-time.Minute)
	w.mailing(m, "stranger@x.example", "silent@acme.example", "old@acme.example", "buyer@acme.example", "new@acme.example")
	var claimed []string
	for range 5 {
		ds, err := s.Claim(w.ctx, l, 1)
		w.check(err)
		for _, d := range ds {
			claimed = append(claimed, d.Address.Local())
		}
	}
	if got := strings.Join(claimed, " "); got != "new buyer old stranger silent" {
		t.Errorf("the order is %s", got)
	}
}

// When a plan changes, what it has put off is looked at again.
func testPlanChanges(t *testing.T, s *store.Store) {
	w := newWorld(t, s)
	relay, err := s.AddSender(w.ctx, w.ritva, crm.Sender{Name: "relay", Host: "smtp.relay.example", WarmUp: crm.WarmUp{Start: 1}})
	w.check(err)
	l := w.lease("host/1")
	w.mailing(bulk(), "a@x.example")
	d := w.claims(l, 10)["a@x.example"]
	w.check(s.Return(w.ctx, l, []crm.Return{{Dispatch: d.ID, Due: time.Now().Add(24 * time.Hour), Reason: "warm-up: 1 of 1"}}))
	relay.Name = "relay of ours"
	w.check(s.UpdateSender(w.ctx, w.ritva, relay))
	if got := w.claims(l, 10); len(got) != 0 {
		t.Errorf("claimed before the plan has changed: %v", got)
	}
	relay.WarmUp = crm.WarmUp{}
	w.check(s.UpdateSender(w.ctx, w.ritva, relay))
	if got := w.claims(l, 10); len(got) != 1 {
		t.Errorf("claimed when there is no plan any more: %v", got)
	}
}
