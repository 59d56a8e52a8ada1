package storetest

import (
	"fmt"
	"testing"
	"time"

	"kaveri/crm"
	"kaveri/store"
)

// exported reads for a colleague.
func (w *world) exported(v crm.Viewer, read func(*store.Exported) error) {
	w.Helper()
	w.check(w.s.Export(w.ctx, v, read))
}

// mails tells the mails that a colleague may export, as "customer subject ...":
// exports have no subjects, so they are known by their ids.
func (w *world) mails(v crm.Viewer, names map[crm.MessageID]string, from, to crm.Day) (told []string) {
	w.Helper()
	w.exported(v, func(e *store.Exported) error {
		return e.Mails(from, to, func(m *crm.ExportedMail) error {
			s := fmt.Sprintf("%s %s to %d by %d", names[m.ID], m.Direction, m.Customer, m.Colleague)
			if m.Answered != nil {
				s += " after " + m.Answered.String()
			}
			if !m.First {
				s += " again"
			}
			told = append(told, s)
			return nil
		})
	})
	return told
}

func testExportedMails(t *testing.T, s *store.Store) {
	w := newWorld(t, s)
	dora, carl := w.customer("Dora", "dora@acme.example", "d@home.example"), w.customer("Carl", "carl@home.example")
	begun := crm.DayOf(w.clock)
	names := map[crm.MessageID]string{}
	arrives := func(name string, l letter, at ...crm.Viewer) crm.MessageID {
		l.Subject, l.ID = name, name+"@id"
		id := w.arrives(l, at...)
		names[id] = name
		return id
	}
	arrives("a", letter{From: "dora@acme.example", To: "anna@kaukoranta.example"}, w.anna)
	arrives("b", letter{From: "dora@acme.example", To: "anna@kaukoranta.example", ReplyTo: "a@id"}, w.anna)
	secret := arrives("c", letter{From: "dora@acme.example", To: "anna@kaukoranta.example", ReplyTo: "b@id"}, w.anna)
	arrives("d", letter{From: "anna@kaukoranta.example", To: "dora@acme.example, carl@home.example, d@home.example", ReplyTo: "c@id"}, w.pekka, w.anna)
	arrives("e", letter{From: "dora@acme.example", To: "anna@kaukoranta.example", ReplyTo: "d@id", Class: crm.ClassAutoReply}, w.anna)
	w.clock = w.clock.AddDate(0, 1, 0)
	arrives("f", letter{From: "carl@home.example", To: "pekka@kaukoranta.example"}, w.pekka)
	w.check(s.SetPrivate(w.ctx, w.anna, secret, true))

	anna, pekka := w.anna.Staff, w.pekka.Staff
	want := []string{
		fmt.Sprintf("a in to %d by %d", dora.ID, anna), fmt.Sprintf("b in to %d by %d", dora.ID, anna),
		fmt.Sprintf("d out to %d by %d after 3m0s", dora.ID, anna), fmt.Sprintf("d out to %d by %d after 3m0s again", carl.ID, anna),
		fmt.Sprintf("e in to %d by %d", dora.ID, anna), fmt.Sprintf("f in to %d by %d", carl.ID, pekka)}
	if got := w.mails(w.ritva, names, 0, 0); !equal(got, want) {
		t.Errorf("Ritva exports %q, want %q", got, want)
	}
	own := append(append(append([]string{}, want[:2]...), fmt.Sprintf("c in to %d by %d", dora.ID, anna)), want[2:]...)
	if got := w.mails(w.anna, names, 0, 0); !equal(got, own) {
		t.Errorf("Anna exports %q, want %q", got, own)
	}
	if got := w.mails(w.ritva, names, begun, begun+1); !equal(got, want[:5]) {
		t.Errorf("on the first day Ritva exports %q", got)
	}
	if got := w.mails(w.ritva, names, begun+1, 0); !equal(got, want[5:]) {
		t.Errorf("after the first day Ritva exports %q", got)
	}

	// What is removed is gone, and what is excluded never comes.
	_, _, err := s.AddExclusion(w.ctx, w.ritva, crm.Exclusion{Kind: crm.ExcludedAddress, Value: "carl@home.example"})
	w.check(err)
	if got := w.mails(w.ritva, names, begun+1, 0); len(got) != 0 {
		t.Errorf("after the exclusion Ritva exports %q", got)
	}
	if err := s.Export(w.ctx, crm.Viewer{Role: crm.StaffAdmin}, func(*store.Exported) error { return nil }); crm.KindOf(err) != crm.KindForbidden {
		t.Errorf("a stranger exports: %v", err)
	}
}

func testExportedOrders(t *testing.T, s *store.Store) {
	w := newWorld(t, s)
	rate, err := crm.ParseRate("0.1")
	w.check(err)
	w.check(s.SetRate(w.ctx, w.ritva, crm.CurrencyRate{Currency: "SEK", From: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), Rate: rate}))
	dora := w.customer("Dora", "dora@acme.example")
	first := order("1", "dora@acme.example", "10.00", "2 tea 8.00", "1 mug 2.00")
	first.Offers = []string{"FREE"}
	first.At = time.Date(2026, 1, 31, 23, 30, 0, 0, time.UTC) // February in Helsinki
	kronor := order("2", "", "50.00")
	kronor.Currency = "SEK"
	w.orders(store.OrderOptions{}, first, kronor)
	w.exported(w.pekka, func(e *store.Exported) error {
		february := crm.DayOf(time.Date(2026, 2, 1, 0, 0, 0, 0, time.UTC))
		var got []crm.ExportedOrder
		err := e.Orders(february, february+28, func(o *crm.ExportedOrder) error {
			got = append(got, *o)
			return nil
		})
		if len(got) != 2 || got[0].Number != "1" || got[0].Customer != dora.ID || got[0].Day != february || got[0].Rate != crm.SameRate || !equal(got[0].Offers, first.Offers) || len(got[0].Lines) != 2 || got[0].Lines[1].N != 2 {
			t.Errorf("orders: %+v", got)
		} else if got[1].Rate != rate || got[1].Value != money("5.00") || got[1].Customer != 0 || got[1].Currency != "SEK" {
			t.Errorf("the order in kronor: %+v", got[1])
		}
		if err := e.Orders(0, february, func(*crm.ExportedOrder) error { t.Error("an order of January"); return nil }); err != nil {
			return err
		}
		var products []crm.Product
		if err := e.Products(func(p *crm.Product) error { products = append(products, *p); return nil }); err != nil {
			return err
		}
		if len(products) != 2 || products[0].Group != "drinks" {
			t.Errorf("products: %+v", products)
		}
		return err
	})
}

func testExportedPeople(t *testing.T, s *store.Store) {
	w := newWorld(t, s)
	dora, carl, gone := w.customer("Dora", "dora@acme.example"), w.customer("Carl", "carl@home.example"), w.customer("Dora D", "dd@home.example")
	_, err := s.Merge(w.ctx, w.ritva, dora.ID, gone.ID, true)
	w.check(err)
	stands := func(day crm.Day, rung crm.Rung) {
		w.check(s.SaveStandings(w.ctx, []crm.Ranked{{Customer: dora.ID, Standing: crm.Standing{Day: day, Rung: rung, Timing: crm.TimingOnTime, Attitude: crm.Attitude{Index: .7}}, Spent: money("9.00")}}))
	}
	stands(today-60, crm.RungOccasional)
	stands(today-10, crm.RungFrequent)
	w.exported(w.pekka, func(e *store.Exported) error {
		var people []crm.ExportedCustomer
		if err := e.Customers(func(c *crm.ExportedCustomer) error { people = append(people, *c); return nil }); err != nil {
			return err
		}
		if len(people) != 2 || people[0].ID != dora.ID || people[0].Contacts != 1 || people[0].Standing == nil || people[0].Standing.Rung != crm.RungFrequent || people[0].Standing.Attitude.Index != .7 || people[1].ID != carl.ID || people[1].Standing != nil {
			t.Errorf("customers: %+v", people)
		}
		var told []string
		tell := func(st *crm.ExportedStanding) error {
			told = append(told, fmt.Sprintf("%v %s %v %v", st.Customer == dora.ID, st.Rung, today-st.Day, st.Until))
			return nil
		}
		if err := e.Standings(0, 0, tell); err != nil {
			return err
		}
		if want := []string{fmt.Sprintf("true OCCASIONAL %v %v", crm.Day(60), today-10), fmt.Sprintf("true FREQUENT %v %v", crm.Day(10), crm.Day(0))}; !equal(told, want) {
			t.Errorf("standings: %q, want %q", told, want)
		}
		told = nil
		if err := e.Standings(today-59, today, tell); err != nil || len(told) != 1 {
			t.Errorf("standings of two months: %q, %v", told, err)
		}
		staff := 0
		err := e.Colleagues(func(st *crm.Staff) error { staff++; return nil })
		if staff != 3 {
			t.Errorf("%d colleagues", staff)
		}
		return err
	})
}

func testExportedDeliveries(t *testing.T, s *store.Store) {
	w := newWorld(t, s)
	dora := w.customer("Dora", "dora@acme.example")
	w.mailing(letterTo("autumn"), "dora@acme.example", "stranger@home.example")
	direct := letterTo("to Dora alone")
	direct.Kind = crm.MailingDirect
	direct.Staff = w.anna.Staff
	w.mailing(direct, "dora@acme.example")
	l := w.lease("here")
	for _, d := range w.claims(l, 9) {
		if d.Address == "dora@acme.example" {
			w.arms(l, d)
			_, err := s.Settle(w.ctx, l, []crm.Attempt{attempt(d, crm.Sent, 250)}, nil)
			w.check(err)
		}
	}
	for _, v := range []crm.Viewer{w.anna, w.ritva} {
		var told []string
		w.exported(v, func(e *store.Exported) error {
			return e.Deliveries(0, 0, func(d *crm.ExportedDelivery) error {
				told = append(told, fmt.Sprintf("%s %s %v %v", d.Name, d.State, d.Customer == dora.ID, d.Sent.IsZero()))
				return nil
			})
		})
		if len(told) != 2 || told[0] != "autumn sent true false" {
			t.Errorf("deliveries: %q", told)
		}
	}
}

// An answer is told of with its delivery, as long as it is nobody's private mail.
func testExportedAnswers(t *testing.T, s *store.Store) {
	w := newWorld(t, s)
	d := w.dispatched(crm.Sent)
	out := w.told(letter{From: "dora@acme.example", To: "anna@kaukoranta.example", Subject: "Re: Letter"}, crm.ClassHuman, func(m *crm.Message) {
		m.InReplyTo = []string{s.Keyring().MessageID(d, "kaukoranta.example")}
	})
	for _, private := range []bool{false, true} {
		w.check(s.SetPrivate(w.ctx, w.anna, out.Message, private))
		n := 0
		w.exported(w.ritva, func(e *store.Exported) error {
			return e.Deliveries(0, 0, func(got *crm.ExportedDelivery) error {
				n++
				if got.ID != d || got.Answered.IsZero() != private || !got.Clicked.IsZero() {
					t.Errorf("with a private answer %v: %+v", private, got)
				}
				return nil
			})
		})
		if n != 1 {
			t.Errorf("%d deliveries", n)
		}
	}
}
