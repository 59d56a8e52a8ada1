package storetest

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"kaveri/crm"
	"kaveri/store"
)

// enrich reads what was not read yet; each line of a signature is a detail,
// "kind: value".
func (w *world) enrich() {
	w.Helper()
	list, err := w.s.Unenriched(w.ctx, 1000)
	w.check(err)
	readings := make([]crm.Reading, len(list))
	for i, t := range list {
		readings[i].ID = t.ID
		for l := range strings.Lines(t.Signature) {
			kind, value, _ := strings.Cut(strings.TrimSpace(l), ": ")
			readings[i].Details = append(readings[i].Details, crm.Detail{Kind: crm.DetailKind(kind), Value: value})
		}
	}
	w.check(w.s.Enrich(w.ctx, readings))
}

// proposed gives what is proposed of a customer, as "kind: value (now)".
func (w *world) proposed(v crm.Viewer, c crm.CustomerID) (said []string, ids []crm.DetailID) {
	w.Helper()
	ps, err := w.s.DetailProposals(w.ctx, v, c, 100)
	w.check(err)
	said = []string{}
	for _, p := range ps {
		line := string(p.Kind) + ": " + p.Value
		if p.Now != "" {
			line += " (" + p.Now + ")"
		}
		said, ids = append(said, line), append(ids, p.ID)
	}
	return said, ids
}

func (w *world) proposes(v crm.Viewer, c crm.CustomerID, want ...string) []crm.DetailID {
	w.Helper()
	got, ids := w.proposed(v, c)
	if !equal(got, want) {
		w.Errorf("proposed: %q, want %q", got, want)
	}
	return ids
}

// knows gives what is known of a customer's first contact.
func (w *world) knows(c crm.CustomerID, want ...string) {
	w.Helper()
	cu, err := w.s.Customer(w.ctx, w.anna, c)
	w.check(err)
	got := []string{}
	got = append(got, cu.Contacts[0].Phones...)
	for _, d := range cu.Contacts[0].Details {
		got = append(got, fmt.Sprintf("%s: %s by %s", d.Kind, d.Value, d.Staff))
	}
	if !equal(got, want) {
		w.Errorf("known: %q, want %q", got, want)
	}
}

// What a signature shows is proposed to the contact whose own address wrote it,
// with the newest mail; decided, it stays decided.
func testDetails(t *testing.T, s *store.Store) {
	w := newWorld(t, s)
	dora := w.customer("Dora Dorsey", "dora@acme.example").ID
	says := func(sign string) crm.MessageID {
		return w.arrives(letter{From: "dora@acme.example", To: "anna@kaukoranta.example", Subject: "s", Sign: sign}, w.anna)
	}
	says("phone: +358401234567\ntitle: Manager\ncompany: Acme Oy")
	newest := says("phone: +358401234567\ntitle: Director")
	// Robots, strangers, ourselves, and what a colleague forwards show nothing.
	for _, l := range []letter{
		{From: "dora@acme.example", Class: crm.ClassAutoReply}, {From: "x@else.example"}, {From: "anna@kaukoranta.example"},
	} {
		l.To, l.Sign = "pekka@kaukoranta.example, dora@acme.example", "phone: +358409999999"
		w.arrives(l, w.anna)
	}
	ctx, cancel := context.WithCancel(w.ctx)
	defer cancel()
	events := s.Subscribe(ctx)
	w.enrich()
	if e := <-events; e != (crm.Event{Kind: "detail", Customer: dora}) {
		t.Errorf("told of %+v", e)
	}
	ids := w.proposes(w.pekka, dora, "title: Director", "phone: +358401234567", "company: Acme Oy")
	ps, err := s.DetailProposals(w.ctx, w.anna, 0, 1)
	w.check(err)
	if len(ps) != 1 || ps[0].Message != newest || ps[0].ContactName != "Dora Dorsey" || ps[0].Customer != dora || !ps[0].At.Equal(w.clock.Add(-3*time.Minute)) {
		t.Errorf("of all, one: %+v", ps)
	}

	w.check(s.DecideDetail(w.ctx, w.anna, ids[0], true))
	w.check(s.DecideDetail(w.ctx, w.pekka, ids[1], true))
	w.check(s.DecideDetail(w.ctx, w.anna, ids[2], false))
	w.refused(s.DecideDetail(w.ctx, w.anna, ids[2], true), crm.KindNotFound, "")
	w.refused(s.DecideDetail(w.ctx, crm.Viewer{}, ids[2], true), crm.KindForbidden, "")
	w.proposes(w.anna, dora)
	w.knows(dora, "+358401234567", "phone: +358401234567 by Pekka", "title: Director by Anna")

	// The same again is no news; another title is shown beside the known one.
	says("phone: +358401234567\ntitle: Director\ncompany: ACME OY")
	w.enrich()
	w.proposes(w.anna, dora)
	says("title: Managing Director\nphone: +358409876543")
	w.enrich()
	ids = w.proposes(w.anna, dora, "phone: +358409876543", "title: Managing Director (Director)")
	w.knows(dora, "+358401234567", "phone: +358401234567 by Pekka", "title: Director by Anna")
	w.check(s.DecideDetail(w.ctx, w.pekka, ids[1], true))
	w.knows(dora, "+358401234567", "title: Managing Director by Pekka", "phone: +358401234567 by Pekka")
	w.proposes(w.anna, dora, "phone: +358409876543")

	contact := contactOf(w, dora)
	w.check(s.RemoveDetail(w.ctx, w.anna, contact, crm.Detail{Kind: crm.DetailTitle, Value: "Managing Director"}))
	w.check(s.RemoveDetail(w.ctx, w.anna, contact, crm.Detail{Kind: crm.DetailPhone, Value: "+358401234567"}))
	w.refused(s.RemoveDetail(w.ctx, w.anna, contact, crm.Detail{Kind: crm.DetailPhone, Value: "+358401234567"}), crm.KindNotFound, "")
	w.refused(s.RemoveDetail(w.ctx, w.anna, 1<<40, crm.Detail{Kind: crm.DetailTitle, Value: "x"}), crm.KindNotFound, "")
	w.refused(s.RemoveDetail(w.ctx, crm.Viewer{}, contact, crm.Detail{}), crm.KindForbidden, "")
	w.knows(dora)
	w.proposes(w.anna, dora, "phone: +358409876543", "title: Manager")

	// An address of two says nothing of either; one who turned out to be another
	// has what was decided of both.
	carl := w.customer("Carl", "carl@home.example")
	w.check(s.AddAddress(w.ctx, w.anna, carl.Contacts[0].ID, crm.ContactAddress{Address: "dora@acme.example"}))
	w.proposes(w.anna, dora)
	w.check(s.RemoveAddress(w.ctx, w.anna, carl.Contacts[0].ID, "dora@acme.example"))
	w.arrives(letter{From: "carl@home.example", To: "anna@kaukoranta.example", Subject: "s", Sign: "title: Buyer\naddress: Katu 1, 00100 Helsinki"}, w.anna)
	w.enrich()
	ids = w.proposes(w.anna, carl.ID, "address: Katu 1, 00100 Helsinki", "title: Buyer")
	w.check(s.DecideDetail(w.ctx, w.anna, ids[0], true))
	w.check(s.DecideDetail(w.ctx, w.anna, ids[1], false))
	merge, err := s.Merge(w.ctx, w.anna, dora, carl.ID, true)
	w.check(err)
	w.knows(dora, "address: Katu 1, 00100 Helsinki by Anna")
	w.proposes(w.anna, dora, "phone: +358409876543", "title: Manager")
	w.check(s.Unmerge(w.ctx, w.anna, merge))
	w.knows(dora)
	w.knows(carl.ID, "address: Katu 1, 00100 Helsinki by Anna")
}

func contactOf(w *world, c crm.CustomerID) crm.ContactID {
	w.Helper()
	cu, err := w.s.Customer(w.ctx, w.anna, c)
	w.check(err)
	return cu.Contacts[0].ID
}

// What only a private mail shows is for those who may read it, and raises no
// question for others.
func testDetailsPrivate(t *testing.T, s *store.Store) {
	w := newWorld(t, s)
	dora := w.customer("Dora Dorsey", "dora@acme.example").ID
	m := w.arrives(letter{From: "dora@acme.example", To: "anna@kaukoranta.example", Subject: "s", Sign: "phone: +358401234567"}, w.anna)
	w.check(s.SetPrivate(w.ctx, w.anna, m, true))
	stranger := w.arrives(letter{From: "x@else.example", To: "pekka@kaukoranta.example", Subject: "s", Sign: "phone: +358401234567"}, w.pekka)
	w.enrich()
	id := w.proposes(w.anna, dora, "phone: +358401234567")[0]
	w.proposes(w.pekka, dora)
	w.refused(s.DecideDetail(w.ctx, w.pekka, id, true), crm.KindNotFound, "")
	if open := w.open(); len(open) != 0 {
		t.Errorf("asked about: %+v", open)
	}
	w.check(s.SetPrivate(w.ctx, w.anna, m, false))
	if open := w.open(); len(open) != 1 || open[0].Message != stranger || open[0].Reason != crm.ReasonPhone || open[0].Evidence != "phone: +358401234567" {
		t.Errorf("asked about: %+v", open)
	}
	w.check(s.SetPrivate(w.ctx, w.anna, m, true))
	if open := w.open(); len(open) != 0 {
		t.Errorf("asked about: %+v", open)
	}
	// Once somebody has accepted it, it is the firm's.
	w.check(s.DecideDetail(w.ctx, w.anna, id, true))
	if open := w.open(); len(open) != 1 {
		t.Errorf("asked about: %+v", open)
	}
	// A later mail that everybody may see is named in its place.
	pekkas := w.arrives(letter{From: "x@else.example", To: "pekka@kaukoranta.example", Subject: "later", Sign: "phone: +358401234567"}, w.pekka)
	w.enrich()
	if open := w.open(); len(open) != 2 || open[0].Message != pekkas {
		t.Errorf("asked about: %+v", open)
	}
}

// A mail of nobody's whose author signs with a contact's phone is asked about,
// whatever was known first; and not any more when that ends.
func testPhoneClues(t *testing.T, s *store.Store) {
	w := newWorld(t, s)
	dora := w.customer("Dora Dorsey", "dora@acme.example")
	from := func(a, sign string) crm.MessageID {
		return w.arrives(letter{From: a, To: "anna@kaukoranta.example", Subject: "from " + a, Sign: sign}, w.anna)
	}
	asked := func(want ...crm.MessageID) []crm.Review {
		w.Helper()
		var got []crm.Review
		for _, q := range w.open() {
			if q.Kind == crm.ReviewMail {
				got = append(got, q)
			}
		}
		if len(got) != len(want) {
			w.Errorf("asked about %+v, want %v", got, want)
		}
		for i := range min(len(got), len(want)) {
			if got[i].Message != want[i] || got[i].Customer != dora.ID || got[i].Reason != crm.ReasonPhone {
				w.Errorf("asked about %+v, want mail %d", got[i], want[i])
			}
		}
		return got
	}
	early := from("d.privat@gmx.example", "phone: +358401234567")
	w.enrich()
	asked()
	hers := from("dora@acme.example", "phone: +358401234567")
	asked()
	w.enrich()
	asked(early)
	late := from("d.privat@gmx.example", "")
	asked(early)
	w.enrich()
	asked(late, early)

	// Her address gone, nobody has the phone.
	contact := dora.Contacts[0].ID
	w.check(s.RemoveAddress(w.ctx, w.anna, contact, "dora@acme.example"))
	asked()
	w.check(s.AddAddress(w.ctx, w.anna, contact, crm.ContactAddress{Address: "dora@acme.example"}))
	asked(late, early)
	// Accepted, the phone is hers whatever address she has.
	id := w.proposes(w.anna, dora.ID, "phone: +358401234567")[0]
	w.check(s.DecideDetail(w.ctx, w.anna, id, true))
	w.check(s.RemoveAddress(w.ctx, w.anna, contact, "dora@acme.example"))
	questions := asked(hers, late, early)
	w.check(s.DecideReview(w.ctx, w.anna, questions[0].ID, false))
	w.check(s.DecideReview(w.ctx, w.anna, questions[1].ID, false))
	w.check(s.DecideReview(w.ctx, w.anna, questions[2].ID, true))
	w.linked(early, "Dora Dorsey: by-hand: said by Anna")
	w.check(s.Rematch(w.ctx))
	asked()
	w.check(s.RemoveDetail(w.ctx, w.anna, contact, crm.Detail{Kind: crm.DetailPhone, Value: "+358401234567"}))

	// A switchboard points at nobody.
	for i := range 5 {
		a := fmt.Sprintf("p%d@big.example", i)
		w.customer(a, crm.Address(a))
		from(a, "phone: +358912345")
	}
	from("sixth@big.example", "phone: +358912345")
	w.enrich()
	asked()
}

// Two customers with one phone may be one person; the question says why, stands
// on the mail that shows it, and stays dismissed.
func testSamePhone(t *testing.T, s *store.Store) {
	w := newWorld(t, s)
	merges := func() []crm.Review {
		w.Helper()
		var out []crm.Review
		for _, q := range w.open() {
			if q.Kind == crm.ReviewMerge {
				out = append(out, q)
			}
		}
		return out
	}
	dora, privat := w.customer("Dora Dorsey", "dora@acme.example"), w.customer("D. Privat", "d.privat@gmx.example")
	_, _, err := s.ImportCustomers(w.ctx, w.anna, []store.CustomerImport{{Name: "Third", Addresses: []crm.Address{"third@else.example"}, Phones: []string{"+358401111111"}}})
	w.check(err)
	sign := func(a, phone string) crm.MessageID {
		return w.arrives(letter{From: a, To: "anna@kaukoranta.example", Subject: "from " + a, Sign: "phone: " + phone}, w.anna)
	}
	sign("dora@acme.example", "+358401234567")
	w.enrich()
	if q := merges(); len(q) != 0 {
		t.Fatalf("the queue has %+v", q)
	}
	shows := sign("d.privat@gmx.example", "+358401234567")
	w.enrich()
	q := merges()
	if len(q) != 1 || q[0].Reason != crm.ReasonPhone || q[0].Evidence != "phone: +358401234567" || q[0].Customer != dora.ID || q[0].OtherOf != privat.ID || q[0].Message != shows || q[0].Mail == nil {
		t.Fatalf("the queue has %+v", q)
	}
	w.check(s.DecideReview(w.ctx, w.anna, q[0].ID, false))
	sign("dora@acme.example", "+358401234567")
	w.enrich()
	if q := merges(); len(q) != 0 {
		t.Errorf("asked again: %+v", q)
	}

	// A phone from a list, and one that is accepted.
	sign("dora@acme.example", "+358401111111")
	w.enrich()
	if q := merges(); len(q) != 1 || q[0].OtherName != "Third" && q[0].ContactName != "Third" {
		t.Fatalf("the queue has %+v", q)
	}
	// A newcomer whose address was known to sign so, with several contacts on
	// the other side: the company keeps its contacts and gains the address.
	w.arrives(letter{From: "Eve <eve@acme.example>", To: "anna@kaukoranta.example", Subject: "e1", ID: "e1"}, w.anna)
	w.arrives(letter{From: "anna@kaukoranta.example", To: "eve@acme.example", Subject: "Re: e1", ID: "e2"}, w.anna)
	_, err = s.ConfirmOrganisation(w.ctx, w.anna, "acme.example", "Acme")
	w.check(err)
	sign("new@gmx.example", "+358401234567")
	w.enrich()
	w.arrives(letter{From: "anna@kaukoranta.example", To: "new@gmx.example", Subject: "Hello"}, w.anna)
	var found crm.Review
	for _, r := range merges() {
		if r.OtherName == "New" && r.ContactName == "Dora Dorsey" {
			found = r
		}
	}
	if found.ID == 0 {
		t.Fatalf("the queue has %+v", merges())
	}
	w.check(s.DecideReview(w.ctx, w.anna, found.ID, true))
	cu, err := s.Customer(w.ctx, w.anna, found.OtherOf)
	w.check(err)
	if cu.Name != "Acme" || len(cu.Contacts) != 2 || len(cu.Contacts[0].Addresses) != 2 {
		t.Errorf("after the merge: %+v", cu)
	}
	rows, err := s.Merges(w.ctx, w.anna, cu.ID)
	w.check(err)
	w.check(s.Unmerge(w.ctx, w.anna, rows[0].ID))
	if cu, err := s.Customer(w.ctx, w.anna, found.OtherOf); err != nil || cu.ID != found.OtherOf || len(cu.Contacts[0].Addresses) != 1 {
		t.Errorf("after it was undone: %+v, %v", cu, err)
	}
}

// Whoever answers one customer's mail as another customer, under the same name,
// may be both.
func testSameThread(t *testing.T, s *store.Store) {
	w := newWorld(t, s)
	dora, privat := w.customer("Dora Dorsey", "dora@acme.example"), w.customer("D. Privat", "d.privat@gmx.example")
	// The answer comes first, as when history is read backwards.
	answer := w.arrives(letter{From: "Dora Dorsey <d.privat@gmx.example>", To: "anna@kaukoranta.example", Subject: "Re: Trip", ID: "t2", ReplyTo: "t1"}, w.anna)
	w.enrich()
	if q := w.open(); len(q) != 0 {
		t.Fatalf("the queue has %+v", q)
	}
	w.arrives(letter{From: "anna@kaukoranta.example", To: "dora@acme.example", Subject: "Trip", ID: "t1"}, w.anna)
	w.enrich()
	q := w.open()
	if len(q) != 1 || q[0].Kind != crm.ReviewMerge || q[0].Reason != crm.ReasonAnswer || q[0].Evidence != "in-reply-to: t1 (signed Dora Dorsey)" || q[0].Message != answer || q[0].Customer != dora.ID || q[0].OtherOf != privat.ID {
		t.Fatalf("the queue has %+v", q)
	}
	w.check(s.DecideReview(w.ctx, w.anna, q[0].ID, true))
	if items := w.timeline(w.anna, dora.ID, 10); len(items) != 2 {
		t.Errorf("Dora's timeline has %d mails, want 2", len(items))
	}
	rows, err := s.Merges(w.ctx, w.anna, dora.ID)
	w.check(err)
	w.check(s.Unmerge(w.ctx, w.anna, rows[0].ID))

	// A customer who comes to be known later: the question comes with the address.
	w.arrives(letter{From: "anna@kaukoranta.example", To: "dora@acme.example", Subject: "Ship", ID: "s1"}, w.anna)
	w.arrives(letter{From: "Dora D Dorsey <dd@else.example>", To: "anna@kaukoranta.example", Subject: "Re: Ship", ID: "s2", ReplyTo: "s1"}, w.anna)
	w.enrich()
	w.customer("Else Oy", "dd@else.example")
	var found bool
	for _, r := range w.open() {
		found = found || r.Kind == crm.ReviewMerge && r.OtherName == "Else Oy" && r.Reason == crm.ReasonAnswer
	}
	if !found {
		t.Errorf("the queue has %+v", w.open())
	}
}
