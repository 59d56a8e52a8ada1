package storetest

import (
	"fmt"
	"testing"
	"time"

	"kaveri/crm"
	"kaveri/store"
)

// at sets the time of the next letter.
func (w *world) at(month, day int) {
	w.clock = time.Date(2026, time.Month(month), day, 8, 0, 0, 0, time.UTC)
}

// asks and answers are mails between Dora and a colleague in one thread.
func (w *world) asks(id, replyTo string, to crm.Viewer, subject, text string) crm.MessageID {
	return w.arrives(letter{From: "dora@acme.example", To: w.name(to) + "@kaukoranta.example", Subject: subject, Text: text, ID: id, ReplyTo: replyTo}, to)
}

func (w *world) answers(id, replyTo string, from crm.Viewer, subject, text string) crm.MessageID {
	return w.arrives(letter{From: w.name(from) + "@kaukoranta.example", To: "dora@acme.example", Subject: subject, Text: text, ID: id, ReplyTo: replyTo}, from)
}

// name gives the local part of a colleague's address.
func (w *world) name(v crm.Viewer) string {
	return map[crm.StaffID]string{w.anna.Staff: "anna", w.pekka.Staff: "pekka", w.ritva.Staff: "ritva"}[v.Staff]
}

// acquainted checks whom a colleague knows, as "customer:owner".
func (w *world) acquainted(v crm.Viewer, staff crm.StaffID, want ...string) {
	w.Helper()
	list, err := w.s.KnownCustomers(w.ctx, v, staff)
	w.check(err)
	got := []string{}
	for _, k := range list {
		got = append(got, fmt.Sprint(k.Customer, ":", k.Owner))
	}
	if !equal(got, want) {
		w.Errorf("colleague %d knows %q, want %q", staff, got, want)
	}
}

func testTalks(t *testing.T, s *store.Store) {
	w := newWorld(t, s)
	dora, carl := w.customer("Dora", "dora@acme.example"), w.customer("Carl", "carl@home.example")
	w.at(3, 2)
	w.asks("a@acme.example", "", w.anna, "Lakes", "Which lake?")
	w.answers("b@kaukoranta.example", "a@acme.example", w.anna, "Re: Lakes", "The large one.")
	w.asks("c@acme.example", "b@kaukoranta.example", w.anna, "Re: Lakes", "Thanks.")
	w.answers("d@kaukoranta.example", "", w.pekka, "Offer", "Ten per cent off.")
	private := w.answers("e@kaukoranta.example", "c@acme.example", w.pekka, "Re: Lakes", "Between us.")
	w.check(s.SetPrivate(w.ctx, w.pekka, private, true))
	w.arrives(letter{From: "carl@home.example", To: "anna@kaukoranta.example", Subject: "Away", Class: crm.ClassAutoReply}, w.anna)
	_, err := s.AddNote(w.ctx, w.ritva, crm.Note{Customer: carl.ID, Kind: crm.NoteKindCall, Body: "He will think about it."})
	w.check(err)

	talks := func(v crm.Viewer, want string) {
		t.Helper()
		got, err := s.Talks(w.ctx, v, []crm.CustomerID{dora.ID, carl.ID})
		w.check(err)
		told := ""
		for _, c := range []crm.CustomerID{dora.ID, carl.ID} {
			by := map[crm.StaffID][2]int{}
			for _, talk := range got[c] {
				n := by[talk.Staff]
				if talk.Answered {
					n[1]++
				} else {
					n[0]++
				}
				by[talk.Staff] = n
			}
			for _, who := range []crm.Viewer{w.ritva, w.anna, w.pekka} {
				if n, ok := by[who.Staff]; ok {
					told += fmt.Sprint(w.name(who), n)
				}
			}
			told += ";"
		}
		if told != want {
			t.Errorf("who talked: %s, want %s", told, want)
		}
	}
	talks(w.ritva, "anna[3 2]pekka[1 0];ritva[0 1];")
	talks(w.pekka, "anna[3 2]pekka[2 1];ritva[0 1];") // and what he keeps to himself
	if got, err := s.Talks(w.ctx, w.ritva, nil); err != nil || len(got) != 0 {
		t.Errorf("of nobody: %v, %v", got, err)
	}

	w.acquainted(w.ritva, w.anna.Staff, fmt.Sprint(dora.ID, ":0"))
	w.acquainted(w.ritva, w.ritva.Staff, fmt.Sprint(carl.ID, ":0"))
	w.check(s.GiveCustomers(w.ctx, w.ritva, []crm.Ownership{{Customer: carl.ID, Staff: w.anna.Staff}, {Customer: dora.ID, Staff: w.pekka.Staff}}))
	w.acquainted(w.ritva, w.anna.Staff, fmt.Sprint(dora.ID, ":", w.pekka.Staff), fmt.Sprint(carl.ID, ":", w.anna.Staff))
	w.refused(s.GiveCustomers(w.ctx, w.anna, []crm.Ownership{{Customer: carl.ID}}), crm.KindForbidden, "")
	w.check(s.DisableStaff(w.ctx, w.ritva, w.anna.Staff, true)) // who has left looks after nobody
	w.acquainted(w.ritva, w.anna.Staff, fmt.Sprint(dora.ID, ":", w.pekka.Staff), fmt.Sprint(carl.ID, ":0"))
	w.refused(s.GiveCustomers(w.ctx, w.ritva, []crm.Ownership{{Customer: dora.ID, Staff: w.ritva.Staff}, {Customer: carl.ID, Staff: w.anna.Staff}}), crm.KindInvalid, "colleague")
	w.acquainted(w.ritva, w.pekka.Staff, fmt.Sprint(dora.ID, ":", w.pekka.Staff)) // none of both was given
	_, err = s.Talks(w.ctx, crm.Viewer{}, []crm.CustomerID{dora.ID})
	w.refused(err, crm.KindForbidden, "")
}

func testBriefs(t *testing.T, s *store.Store) {
	w := newWorld(t, s)
	dora, carl := w.customer("Dora", "dora@acme.example"), w.customer("Carl", "carl@home.example")
	w.at(3, 2)
	w.asks("a@acme.example", "", w.anna, "Lakes", "Which lake?\n\nDora")
	w.answers("b@kaukoranta.example", "a@acme.example", w.anna, "Re: Lakes", "The large one.")
	w.at(3, 9)
	w.asks("c@acme.example", "b@kaukoranta.example", w.anna, "Re: Lakes", "And how deep is it?")
	w.asks("d@acme.example", "c@acme.example", w.anna, "Re: Lakes", "Are you there?")
	w.arrives(letter{From: "anna@kaukoranta.example", To: "dora@acme.example", Subject: "Away", Text: "Back on Monday", Class: crm.ClassAutoReply}, w.anna)
	private := w.answers("e@kaukoranta.example", "", w.pekka, "Between us", "Do not tell Anna.")
	w.check(s.SetPrivate(w.ctx, w.pekka, private, true))
	_, err := s.AddNote(w.ctx, w.anna, crm.Note{Customer: dora.ID, Kind: crm.NoteKindCall, Body: "She likes\nwindow seats."})
	w.check(err)
	w.wish(dora, crm.Wish{Quote: "A cabin with a stove", NotBefore: 20_600})
	w.orders(store.OrderOptions{}, order("1", "dora@acme.example", "10.00"), order("2", "dora@acme.example", "11.00"), order("3", "dora@acme.example", "12.00"), order("4", "dora@acme.example", "13.00"))
	w.check(s.SaveStandings(w.ctx, []crm.Ranked{{Customer: dora.ID, Standing: crm.Standing{Day: today, Rung: crm.RungLoyal, Timing: crm.TimingDue, Events: 4, Last: 20, DueDay: 30}, Value: money("50.00")}}))

	brief := func(v crm.Viewer) crm.CustomerBrief {
		t.Helper()
		list, err := s.Briefs(w.ctx, v, []crm.CustomerID{carl.ID, dora.ID, 999_999})
		w.check(err)
		if len(list) != 2 || list[0].Name != "Carl" || list[1].Name != "Dora" {
			t.Fatalf("briefs: %+v", list)
		}
		if c := list[0]; len(c.Orders)+len(c.Wishes) != 0 || !c.Said.At.IsZero() || !c.Owed.IsZero() || len(c.Contacts) != 1 {
			t.Errorf("of Carl nothing is known but %+v", c)
		}
		return list[1]
	}
	d := brief(w.anna)
	if got := d.Owed.Format(time.DateOnly); got != "2026-03-09" || d.Owed.Minute() != 1 {
		t.Errorf("an answer is owed since %v", d.Owed)
	}
	if d.Said.Text != "Are you there?" || d.Wrote.Text != "The large one." || d.Wrote.By != "anna@kaukoranta.example" || d.Said.Subject != "Re: Lakes" {
		t.Errorf("last words: %+v; %+v", d.Said, d.Wrote)
	}
	if d.Noted.Text != "She likes window seats." || d.Noted.By != "Anna" || d.Noted.Kind != crm.NoteKindCall {
		t.Errorf("noted: %+v", d.Noted)
	}
	if len(d.Wishes) != 1 || d.Wishes[0].NotBefore != 20_600 || len(d.Orders) != 3 || d.Standing.Rung != crm.RungLoyal || d.Standing.Due != 50 || d.Contacts[0].Addresses[0].Address != "dora@acme.example" {
		t.Errorf("brief: %+v", d)
	}
	p := brief(w.pekka) // he may see his own, which has answered her
	if p.Wrote.Text != "Do not tell Anna." || !p.Owed.IsZero() {
		t.Errorf("Pekka's brief: %+v", p)
	}
	_, err = s.Briefs(w.ctx, crm.Viewer{}, []crm.CustomerID{dora.ID})
	w.refused(err, crm.KindForbidden, "")
}

// march is the span that the tests of what was captured ask about.
var march = crm.Span{Since: time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC), Until: time.Date(2026, 4, 1, 0, 0, 0, 0, time.UTC)}

// inMarch tells of Dora: she asks, is answered two hours later, calls, and orders.
func inMarch(w *world) (dora, carl crm.Customer) {
	w.Helper()
	dora, carl = w.customer("Dora", "dora@acme.example"), w.customer("Carl", "carl@home.example")
	w.at(2, 27)
	w.asks("a@acme.example", "", w.anna, "Lakes", "Which lake?")
	w.at(3, 2)
	w.answers("b@kaukoranta.example", "a@acme.example", w.anna, "Re: Lakes", "The large one.")
	w.at(3, 3)
	w.asks("c@acme.example", "b@kaukoranta.example", w.anna, "Re: Lakes", "How deep?")
	w.clock = w.clock.Add(2*time.Hour - time.Minute)
	w.answers("d@kaukoranta.example", "c@acme.example", w.anna, "Re: Lakes", "Very.")
	w.arrives(letter{From: "carl@home.example", To: "pekka@kaukoranta.example, anna@kaukoranta.example", Subject: "Hello", Text: "Hi"}, w.anna, w.pekka)
	for _, n := range []crm.Note{{Customer: carl.ID, Kind: crm.NoteKindCall, Body: "Called", At: march.Since.AddDate(0, 0, 20)}, {Customer: carl.ID, Body: "Noted", At: march.Since.AddDate(0, 0, 21)}, {Customer: carl.ID, Body: "Earlier", At: march.Since.AddDate(0, 0, -1)}} {
		_, err := w.s.AddNote(w.ctx, w.anna, n)
		w.check(err)
	}
	buys := func(number, buyer string, day int) crm.Order {
		o := order(number, buyer, "10.00")
		o.At = march.Since.AddDate(0, 0, day)
		return o
	}
	w.orders(store.OrderOptions{}, buys("1", "dora@acme.example", 10), buys("2", "dora@acme.example", 25), buys("3", "carl@home.example", 1), buys("4", "carl@home.example", 22))
	return dora, carl
}

func testCaptured(t *testing.T, s *store.Store) {
	w := newWorld(t, s)
	dora, carl := inMarch(w)
	c, err := s.Captured(w.ctx, w.anna, march)
	w.check(err)
	if c.In != 2 || c.Out != 2 || c.Calls != 1 || c.Notes != 1 || c.Customers != 2 || c.Staff != w.anna.Staff {
		t.Errorf("captured: %+v", c)
	}
	if len(c.Answers) != 2 || c.Answers[0] != 2*time.Hour || c.Answers[1] != 3*24*time.Hour {
		t.Errorf("answered after %v", c.Answers)
	}
	if c.Waiting != 1 || c.Inherited != 0 {
		t.Errorf("waiting %d, inherited %d", c.Waiting, c.Inherited)
	}
	if c.Orders != 2 || len(c.Followed) != 2 || c.Followed[0].Customer.ID != carl.ID || c.Followed[1].Customer.Name != "Dora" || c.Followed[1].Talked.Day() != 3 {
		t.Errorf("followed: %+v", c.Followed)
	}
	p, err := s.Captured(w.ctx, w.pekka, march)
	w.check(err)
	if p.In != 1 || p.Out+p.Calls+p.Notes+p.Orders+len(p.Answers) != 0 || p.Customers != 1 {
		t.Errorf("of Pekka: %+v", p)
	}
	if none, err := s.Captured(w.ctx, w.anna, crm.Span{Since: march.Until, Until: march.Until.AddDate(0, 1, 0)}); err != nil || none.In+none.Out+none.Customers != 0 {
		t.Errorf("in April: %+v, %v", none, err)
	}
	_, err = s.Captured(w.ctx, crm.SystemViewer, march)
	w.refused(err, crm.KindForbidden, "")

	// What he keeps to himself counts for him and for nobody else.
	w.at(3, 20)
	mine := w.answers("p@kaukoranta.example", "", w.pekka, "Between us", "Well?")
	w.check(s.SetPrivate(w.ctx, w.pekka, mine, true))
	if p, err = s.Captured(w.ctx, w.pekka, march); err != nil || p.Out != 1 {
		t.Errorf("of Pekka: %+v, %v", p, err)
	}
	// Who comes after a colleague reads what was left.
	w.check(s.DisableStaff(w.ctx, w.ritva, w.anna.Staff, true))
	_, err = s.AddNote(w.ctx, w.pekka, crm.Note{Customer: dora.ID, Body: "Mine now", At: march.Since.AddDate(0, 0, 28)})
	w.check(err)
	if p, err = s.Captured(w.ctx, w.pekka, march); err != nil || p.Inherited != 4 || p.Inheriting != 1 {
		t.Errorf("inherited: %+v, %v", p, err)
	}
}

func testCapturedWishes(t *testing.T, s *store.Store) {
	w := newWorld(t, s)
	dora := w.customer("Dora", "dora@acme.example")
	wish := w.wish(dora, crm.Wish{Quote: "A cabin with a stove"})
	w.wish(dora, crm.Wish{Quote: "Two cabins"})
	w.check(s.StepWish(w.ctx, w.pekka, wish.ID, crm.WishDone, ""))
	now := crm.Span{Since: time.Now().Add(-time.Hour), Until: time.Now().Add(time.Hour)}
	c, err := s.Captured(w.ctx, crm.Viewer{Staff: wish.Staff}, now)
	w.check(err)
	if c.Confirmed != 2 || c.Met != 1 {
		t.Errorf("wishes: %+v", c)
	}
	if c, err = s.Captured(w.ctx, crm.Viewer{Staff: wish.Staff}, crm.Span{Since: now.Since.AddDate(0, -1, 0), Until: now.Since}); err != nil || c.Confirmed+c.Met != 0 {
		t.Errorf("before: %+v, %v", c, err)
	}
}

// Nobody is compared with anybody unless the firm says so.
func testCompared(t *testing.T, s *store.Store) {
	w := newWorld(t, s)
	inMarch(w)
	_, err := s.TeamCaptured(w.ctx, w.ritva, march)
	w.refused(err, crm.KindForbidden, "")
	f, err := s.Firm(w.ctx)
	w.check(err)
	f.CompareColleagues = true
	w.check(s.SaveFirm(w.ctx, w.ritva, f))
	_, err = s.TeamCaptured(w.ctx, w.anna, march)
	w.refused(err, crm.KindForbidden, "")
	list, err := s.TeamCaptured(w.ctx, w.ritva, march)
	w.check(err)
	if len(list) != 3 || list[0].Staff != w.ritva.Staff || list[1].Out != 2 || list[2].In != 1 {
		t.Errorf("beside each other: %+v", list)
	}
}

func testCoverage(t *testing.T, s *store.Store) {
	w := newWorld(t, s)
	inMarch(w)
	w.customer("Silent", "silent@home.example")
	helsinki, err := time.LoadLocation("Europe/Helsinki")
	w.check(err)
	span := crm.Span{Since: time.Date(2026, 3, 1, 0, 0, 0, 0, helsinki), Until: time.Date(2026, 4, 1, 0, 0, 0, 0, helsinki)}
	c, err := s.Coverage(w.ctx, w.ritva, span, helsinki)
	w.check(err)
	if c.Customers != 3 || c.Reached != 2 || c.Colleagues != 3 || c.Followed != 3 || c.Boxes != 3 || c.Troubled != 0 {
		t.Errorf("coverage: %+v", c)
	}
	if len(c.Mails) != 31 || c.Mails[1] != 1 || c.Mails[2] != 3 || c.ByItself != 4 || c.ByHand != 0 || c.Asked != 0 {
		t.Errorf("in March: %+v", c)
	}
	_, err = s.Coverage(w.ctx, crm.Viewer{}, span, helsinki)
	w.refused(err, crm.KindForbidden, "")
}

// Who looks after a customer still does so after a merge, and no longer when the
// merge is undone.
func testOwnerOfMerged(t *testing.T, s *store.Store) {
	w := newWorld(t, s)
	dora, carl := w.customer("Dora", "dora@acme.example"), w.customer("Carl", "carl@home.example")
	owner := func(c crm.CustomerID, want crm.StaffID) {
		t.Helper()
		if got, err := s.Customer(w.ctx, w.anna, c); err != nil || got.Owner != want {
			t.Errorf("customer %d is looked after by %d, want %d; %v", c, got.Owner, want, err)
		}
	}
	w.check(s.GiveCustomers(w.ctx, w.ritva, []crm.Ownership{{Customer: carl.ID, Staff: w.anna.Staff}}))
	merge, err := s.Merge(w.ctx, w.anna, dora.ID, carl.ID, false)
	w.check(err)
	owner(dora.ID, w.anna.Staff)
	w.check(s.GiveCustomers(w.ctx, w.ritva, []crm.Ownership{{Customer: carl.ID, Staff: w.pekka.Staff}})) // it is the other one now
	owner(dora.ID, w.pekka.Staff)
	w.check(s.GiveCustomers(w.ctx, w.ritva, []crm.Ownership{{Customer: dora.ID, Staff: w.anna.Staff}}))
	w.check(s.Unmerge(w.ctx, w.anna, merge))
	owner(dora.ID, 0)
	owner(carl.ID, w.anna.Staff)

	// An owner of one's own stays.
	w.check(s.GiveCustomers(w.ctx, w.ritva, []crm.Ownership{{Customer: dora.ID, Staff: w.pekka.Staff}}))
	merge, err = s.Merge(w.ctx, w.anna, dora.ID, carl.ID, false)
	w.check(err)
	owner(dora.ID, w.pekka.Staff)
	w.check(s.Unmerge(w.ctx, w.anna, merge))
	owner(dora.ID, w.pekka.Staff)
}
