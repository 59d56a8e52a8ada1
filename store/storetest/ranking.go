package storetest

import (
	"fmt"
	"testing"
	"time"

	"kaveri/crm"
	"kaveri/store"
)

// today is a day after all that the tests of signs tell of.
var today = crm.DayOf(time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC))

// account gives one customer's account, by the groups that count as core.
func (w *world) account(c crm.CustomerID, core ...crm.GroupID) crm.Account {
	w.Helper()
	list, err := w.s.Accounts(w.ctx, c-1, c, crm.Observation{Today: today, Clock: 30, Core: core})
	w.check(err)
	if len(list) != 1 || list[0].Customer != c {
		w.Fatalf("accounts: %+v", list)
	}
	return list[0]
}

func tallies(a *crm.Account) (told []string) {
	for j, t := range a.Signs.Tallies {
		if t.Of > 0 {
			told = append(told, fmt.Sprintf("%s %g/%g", crm.Signal(j), t.Successes, t.Of))
		}
	}
	return told
}

func testAccounts(t *testing.T, s *store.Store) {
	w := newWorld(t, s)
	dora := w.customer("Dora", "dora@acme.example")
	w.customer("Carl", "carl@home.example")
	day := func(o crm.Order, month, d int) crm.Order {
		o.At = time.Date(2026, time.Month(month), d, 12, 0, 0, 0, time.UTC)
		return o
	}
	full := day(order("1", "dora@acme.example", "10.00", "1 tea 10.00"), 1, 10)
	twice := day(order("2", "dora@acme.example", "5.00", "1 tea 5.00"), 1, 10)
	cheap := day(order("3", "dora@acme.example", "8.00", "1 mug 8.00"), 3, 1)
	cheap.Discount = money("2.00")
	offered := day(order("4", "dora@acme.example", "7.00"), 4, 1)
	offered.Offers = []string{"SPRING"}
	back := day(order("5", "dora@acme.example", "9.00"), 5, 1)
	refund := day(order("6", "dora@acme.example", "-9.00"), 5, 2)
	refund.Refunds = "5"
	ancient := day(order("7", "dora@acme.example", "3.00"), 1, 1)
	ancient.At = ancient.At.AddDate(-3, 0, 0)
	future := day(order("8", "dora@acme.example", "3.00"), 7, 1)
	w.orders(store.OrderOptions{}, full, twice, cheap, offered, back, refund, ancient, future)

	a := w.account(dora.ID)
	if got := fmt.Sprint(a.Days, a.Values); got != fmt.Sprint([]crm.Day{crm.DayOf(ancient.At), crm.DayOf(full.At), crm.DayOf(cheap.At), crm.DayOf(offered.At)}, []crm.Money{money("3.00"), money("15.00"), money("8.00"), money("7.00")}) {
		t.Errorf("events: %s", got)
	}
	if got := tallies(&a); !equal(got, []string{"fullprice 2/4"}) {
		t.Errorf("signs: %q", got)
	}
	if len(a.Groups) != 1 {
		t.Fatalf("groups: %v", a.Groups)
	}
	a = w.account(dora.ID, a.Groups[0], a.Groups[0]+1)
	if got := tallies(&a); !equal(got, []string{"fullprice 2/4", "breadth 1/2"}) {
		t.Errorf("signs with core groups: %q", got)
	}
}

// Orders are unprompted when nobody asked for them; before the firm first wrote
// to many, nobody ever did.
func testPromptedOrders(t *testing.T, s *store.Store) {
	w := newWorld(t, s)
	dora, carl := w.customer("Dora", "dora@acme.example"), w.customer("Carl", "carl@home.example")
	now := time.Now()
	at := func(number, buyer string, when time.Time) crm.Order {
		o := order(number, buyer, "5.00")
		o.At = when
		return o
	}
	w.orders(store.OrderOptions{}, at("1", "dora@acme.example", now.AddDate(0, 0, -10)))
	w.mailing(letterTo("autumn"), "dora@acme.example")
	l := w.lease("before")
	d := w.claims(l, 9)["dora@acme.example"]
	w.arms(l, d)
	_, err := s.Settle(w.ctx, l, []crm.Attempt{attempt(d, crm.Sent, 250)}, nil)
	w.check(err)
	w.orders(store.OrderOptions{}, at("2", "dora@acme.example", now.Add(time.Hour)), at("3", "carl@home.example", now.Add(time.Hour)))
	for c, want := range map[crm.CustomerID]string{dora.ID: "unprompted 0/1", carl.ID: "unprompted 1/1"} {
		list, err := s.Accounts(w.ctx, c-1, c, crm.Observation{Today: crm.DayOf(now.AddDate(0, 0, 2)), Clock: 30})
		w.check(err)
		if got := tallies(&list[0]); !equal(got, []string{want}) {
			t.Errorf("customer %d: %q, want %q", c, got, want)
		}
	}
}

func testMailSigns(t *testing.T, s *store.Store) {
	w := newWorld(t, s)
	dora := w.customer("Dora", "dora@acme.example")
	at := func(month, day int) { w.clock = time.Date(2026, time.Month(month), day, 9, 0, 0, 0, time.UTC) }
	at(1, 5) // she begins, is answered, and answers within the week
	w.arrives(letter{From: "dora@acme.example", To: "anna@kaukoranta.example", Subject: "Lakes", ID: "a@acme.example"}, w.anna)
	w.arrives(letter{From: "anna@kaukoranta.example", To: "dora@acme.example", Subject: "Re: Lakes", ID: "b@kaukoranta.example", ReplyTo: "a@acme.example"}, w.anna)
	at(1, 9)
	w.arrives(letter{From: "dora@acme.example", To: "anna@kaukoranta.example", Subject: "Re: Lakes", ID: "c@acme.example", ReplyTo: "b@kaukoranta.example"}, w.anna)
	at(2, 1) // we begin; the answer comes too late
	w.arrives(letter{From: "anna@kaukoranta.example", To: "dora@acme.example", Subject: "Offer", ID: "d@kaukoranta.example"}, w.anna)
	at(2, 20)
	w.arrives(letter{From: "dora@acme.example", To: "anna@kaukoranta.example", Subject: "Re: Offer", ID: "e@acme.example", ReplyTo: "d@kaukoranta.example"}, w.anna)
	at(3, 1) // a program writes
	w.arrives(letter{From: "dora@acme.example", To: "anna@kaukoranta.example", Subject: "Away", ID: "f@acme.example", Class: crm.ClassAutoReply}, w.anna)
	at(5, 30) // she may still answer
	w.arrives(letter{From: "anna@kaukoranta.example", To: "dora@acme.example", Subject: "Summer", ID: "g@kaukoranta.example"}, w.anna)

	a := w.account(dora.ID)
	if got := tallies(&a); !equal(got, []string{"reply 1/2", "initiative 1/3"}) {
		t.Errorf("signs: %q", got)
	}
}

func testStandings(t *testing.T, s *store.Store) {
	w := newWorld(t, s)
	if _, ok, err := s.Ladder(w.ctx); err != nil || ok {
		t.Fatalf("a ladder before the first: %v, %v", ok, err)
	}
	facts := crm.LadderFacts{Day: today, Clock: 30, Typical: []float64{.5}}
	w.check(s.SaveLadder(w.ctx, facts))
	if f, ok, err := s.Ladder(w.ctx); err != nil || !ok || f.Clock != 30 || f.Typical[0] != .5 {
		t.Fatalf("the ladder is %+v, %v", f, err)
	}
	dora, carl := w.customer("Dora", "dora@acme.example"), w.customer("Carl", "carl@home.example")
	w.orders(store.OrderOptions{}, order("1", "dora@acme.example", "1.00"))
	unranked := func(want ...crm.CustomerID) {
		t.Helper()
		if got, err := s.Unranked(w.ctx, 10); err != nil || fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("unranked: %v, %v, want %v", got, err, want)
		}
	}
	unranked(dora.ID)
	stand := func(c crm.CustomerID, day crm.Day, rung crm.Rung, timing crm.Timing, value string) {
		t.Helper()
		st := crm.Standing{Day: day, Rung: rung, Timing: timing, Events: 2, First: 10, Last: 20, DueDay: 30.2, PAlive: .25, Attitude: crm.Attitude{Index: .5, Points: 1.5}}
		w.check(s.SaveStandings(w.ctx, []crm.Ranked{{Customer: c, Standing: st, Value: money(value)}}))
	}
	stand(dora.ID, today, crm.RungOccasional, crm.TimingOnTime, "5.00")
	unranked()
	stand(carl.ID, today, crm.RungLoyal, crm.TimingDue, "50.00")
	stand(dora.ID, today+1, crm.RungOccasional, crm.TimingOnTime, "5.00") // the same: no row
	stand(dora.ID, today+2, crm.RungOccasional, crm.TimingDue, "6.00")
	stand(dora.ID, today+3, crm.RungFrequent, crm.TimingDue, "60.00")

	l, ok, err := s.Loyalty(w.ctx, w.anna, dora.ID)
	w.check(err)
	if !ok || l.Rung != crm.RungFrequent || l.Since != today+3 || l.Due != 51 || l.PAlive != .25 || l.Attitude.Points != 1.5 || l.Value != money("60.00") || l.Name != "Dora" {
		t.Errorf("Dora stands %+v", l)
	}
	if h, err := s.LoyaltyHistory(w.ctx, w.anna, dora.ID); err != nil || len(h) != 3 || h[0].Timing != crm.TimingOnTime || h[1].Day != today+2 {
		t.Errorf("her history: %+v, %v", h, err)
	}
	names := func(q store.LoyaltyQuery, want ...string) {
		t.Helper()
		var got []string
		for {
			rows, next, err := s.Standings(w.ctx, w.anna, q)
			w.check(err)
			for _, r := range rows {
				got = append(got, r.Name+" "+string(r.Rung))
			}
			if q.After = next; next == 0 {
				break
			}
		}
		if !equal(got, want) {
			t.Errorf("%+v: %q, want %q", q, got, want)
		}
	}
	names(store.LoyaltyQuery{Limit: 1}, "Dora FREQUENT", "Carl LOYAL")
	names(store.LoyaltyQuery{Rungs: []crm.Rung{crm.RungLoyal}}, "Carl LOYAL")
	names(store.LoyaltyQuery{Timings: []crm.Timing{crm.TimingDue}, Rungs: []crm.Rung{crm.RungFrequent, crm.RungLoyal}}, "Dora FREQUENT", "Carl LOYAL")
	names(store.LoyaltyQuery{Day: today + 2}, "Dora OCCASIONAL", "Carl LOYAL")
	names(store.LoyaltyQuery{Day: today, Rungs: []crm.Rung{crm.RungLoyal}}, "Carl LOYAL")
	names(store.LoyaltyQuery{Day: today - 1})
	if on, err := s.RungsOn(w.ctx, w.anna, today); err != nil || len(on) != 2 || on[dora.ID] != crm.RungOccasional {
		t.Errorf("on that day: %v, %v", on, err)
	}
	counts, err := s.LadderCounts(w.ctx, w.anna)
	w.check(err)
	if len(counts) != len(crm.Rungs) || counts[4].Rung != crm.RungFrequent || counts[4].Customers != 1 || counts[4].Timings[crm.TimingDue] != 1 || counts[4].Value != money("60.00") {
		t.Errorf("counts: %+v", counts)
	}

	pastStandings(w, dora.ID, carl.ID)

	// Merged, they are one; what they were is kept.
	merge, err := s.Merge(w.ctx, w.anna, dora.ID, carl.ID, false)
	w.check(err)
	unranked(dora.ID, carl.ID)
	stand(dora.ID, today+4, crm.RungLoyal, crm.TimingDue, "99.00")
	stand(carl.ID, today+4, crm.RungLoyal, crm.TimingDue, "99.00")
	names(store.LoyaltyQuery{}, "Dora LOYAL")
	w.check(s.Unmerge(w.ctx, w.anna, merge))
	unranked(dora.ID, carl.ID)
}

// pastStandings finds the past of Dora, whose first order is of long before her
// first standing, and counts who moved. Carl has no orders.
func pastStandings(w *world, dora, carl crm.CustomerID) {
	w.Helper()
	untraced := func(want ...crm.CustomerID) {
		w.Helper()
		if got, err := w.s.Untraced(w.ctx, 0, 5, 10); err != nil || fmt.Sprint(got) != fmt.Sprint(want) {
			w.Errorf("untraced: %v, %v, want %v", got, err, want)
		}
	}
	untraced(dora, carl)
	past := func(c crm.CustomerID, day crm.Day, rung crm.Rung) crm.Traced {
		return crm.Traced{Customer: c, Changes: []crm.RungChange{{Day: day, Rung: rung, Timing: crm.TimingOnTime}}}
	}
	w.check(w.s.SaveTraced(w.ctx, []crm.Traced{past(dora, 12, crm.RungOneTime), past(carl, 30, crm.RungLoyal)}))
	untraced()
	if l, _, err := w.s.Loyalty(w.ctx, w.anna, carl); err != nil || l.Since != 30 {
		w.Errorf("Carl is loyal since %v, %v", l.Since, err)
	}
	rungs, err := w.s.RungsCounted(w.ctx, 20)
	w.check(err)
	if got := fmt.Sprint(rungs); got != "[{"+crm.Day(20).String()+" ONE-TIME 1}]" {
		w.Errorf("on day 20 stood %s", got)
	}
	moved(w, dora, carl)
	w.check(w.s.SaveValidity(w.ctx, today, []byte(`{"Clock": 30}`)))
	if body, err := w.s.Validity(w.ctx, w.anna); err != nil || string(body) != `{"Clock": 30}` {
		w.Errorf("validity: %q, %v", body, err)
	}
}
