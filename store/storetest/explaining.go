package storetest

import (
	"testing"

	"kaveri/crm"
	"kaveri/store"
)

// What is open about a mail, and what a colleague has said against a rule, can
// be told; nothing of it to whoever may not see the mail.
func testExplanations(t *testing.T, s *store.Store) {
	w := newWorld(t, s)
	dora := w.customer("Dora Dorsey", "dora@acme.example")
	mine := w.arrives(letter{From: "anna@kaukoranta.example", To: "dora@acme.example", Subject: "Offer", Text: "The cabin on deck seven costs 240 euros.", ID: "o1"}, w.anna)
	forged := w.arrives(letter{From: "Mallory <m@evil.example>", To: "anna@kaukoranta.example", Subject: "Re: Offer", ID: "m1", ReplyTo: "o1"}, w.anna)
	w.questions(w.ritva, forged, 1, 1)
	if id, err := s.MailNamed(w.ctx, w.ritva, "m1"); err != nil || id != forged {
		t.Errorf("m1 is mail %d, %v; want %d", id, err, forged)
	}
	_, err := s.MailNamed(w.ctx, w.ritva, "no-such-id")
	w.refused(err, crm.KindNotFound, "")

	w.check(s.SetPrivate(w.ctx, w.anna, forged, true))
	w.questions(w.ritva, forged, 0, 0)
	w.questions(w.anna, forged, 1, 1)
	w.questions(crm.SystemViewer, forged, 1, 1)
	_, err = s.MailNamed(w.ctx, w.ritva, "m1")
	w.refused(err, crm.KindNotFound, "")
	for _, read := range []func() error{
		func() error { _, err := s.OpenReviews(w.ctx, crm.Viewer{}); return err },
		func() error { _, err := s.MailReviews(w.ctx, crm.Viewer{}, forged); return err },
	} {
		w.refused(read(), crm.KindForbidden, "")
	}

	w.check(s.Correct(w.ctx, w.anna, forged, dora.Contacts[0].ID, false))
	w.questions(w.anna, forged, 0, 0)
	w.check(s.Correct(w.ctx, w.anna, mine, dora.Contacts[0].ID, false))
	v, err := s.Mail(w.ctx, w.anna, mine)
	w.check(err)
	if len(v.Denied) != 1 || v.Denied[0].Contact != dora.Contacts[0].ID || v.Denied[0].CustomerName != "Dora Dorsey" || v.Denied[0].Staff != "Anna" || v.Denied[0].At.IsZero() {
		t.Errorf("denied: %+v", v.Denied)
	}
	if v.Unplaced(false) != crm.UnplacedDenied {
		t.Errorf("it is on nobody's page because %q", v.Unplaced(false))
	}

	// Who was merged into somebody else is that one.
	keep := w.customer("D. Dorsey", "d.dorsey@home.example")
	_, err = s.Merge(w.ctx, w.anna, keep.ID, dora.ID, true)
	w.check(err)
	v, err = s.Mail(w.ctx, w.anna, mine)
	w.check(err)
	if len(v.Denied) != 1 || v.Denied[0].Contact != keep.Contacts[0].ID || v.Denied[0].Customer != keep.ID {
		t.Errorf("after a merge denied: %+v", v.Denied)
	}
	w.check(s.Correct(w.ctx, w.anna, mine, keep.Contacts[0].ID, true))
	w.linked(mine, "D. Dorsey: by-hand: said by Anna")
	if v, err = s.Mail(w.ctx, w.anna, mine); err != nil || len(v.Denied) != 0 {
		t.Errorf("taken back: %+v, %v", v.Denied, err)
	}
}

// questions checks how many are open for a viewer in all, and about a mail.
func (w *world) questions(v crm.Viewer, m crm.MessageID, all, about int) {
	w.Helper()
	n, err := w.s.OpenReviews(w.ctx, v)
	w.check(err)
	of, err := w.s.MailReviews(w.ctx, v, m)
	w.check(err)
	if n != all || len(of) != about {
		w.Errorf("%d questions are open, %d of them about mail %d; want %d and %d", n, len(of), m, all, about)
	}
}

// A question about somebody who has become somebody else is one about that one;
// whether two are the same is not asked when they are.
func testQuestionsAfterMerge(t *testing.T, s *store.Store) {
	w := newWorld(t, s)
	dora, keep := w.customer("Dora Dorsey", "dora@acme.example"), w.customer("D. Dorsey", "d.dorsey@home.example")
	w.arrives(letter{From: "anna@kaukoranta.example", To: "dora@acme.example", Subject: "Trip", ID: "t1"}, w.anna)
	m := w.arrives(letter{From: "Dora Dorsey <d.privat@gmx.example>", To: "anna@kaukoranta.example", Subject: "Re: Trip", ID: "t2", ReplyTo: "t1"}, w.anna)
	w.questions(w.anna, m, 1, 1)
	_, err := s.Merge(w.ctx, w.anna, keep.ID, dora.ID, true)
	w.check(err)
	var question crm.Review
	for _, q := range w.open() {
		if q.Kind == crm.ReviewAddress {
			question = q
		}
		if q.Customer != keep.ID || q.Contact != keep.Contacts[0].ID {
			t.Errorf("asked about somebody who is gone: %+v", q)
		}
	}
	w.check(s.DecideReview(w.ctx, w.anna, question.ID, true))
	w.linked(m, "D. Dorsey: exact-address: from: d.privat@gmx.example")

	// Somebody of the same name becomes a customer, and is merged by hand.
	for _, l := range []letter{{From: "D. Dorsey <dd@else.example>", To: "anna@kaukoranta.example", Subject: "Ship"}, {From: "anna@kaukoranta.example", To: "dd@else.example", Subject: "Re: Ship"}} {
		w.arrives(l, w.anna)
	}
	rows, _, err := s.Customers(w.ctx, w.anna, crm.CustomerQuery{Text: "dd@else.example", Limit: 2})
	w.check(err)
	if len(rows) != 1 {
		t.Fatalf("customers: %+v", rows)
	}
	before := len(w.open())
	_, err = s.Merge(w.ctx, w.anna, keep.ID, rows[0].ID, false)
	w.check(err)
	for _, q := range w.open() {
		if q.Kind == crm.ReviewMerge {
			t.Errorf("asked whether one customer is one: %+v", q)
		}
	}
	if n, err := s.OpenReviews(w.ctx, w.anna); err != nil || n != len(w.open()) || n > before {
		t.Errorf("%d questions are counted, %d listed, %d were before; %v", n, len(w.open()), before, err)
	}

	// The domains of an organisation stand with its customer.
	id, err := s.ConfirmOrganisation(w.ctx, w.anna, "acme.example", "Acme")
	w.check(err)
	c, err := s.Customer(w.ctx, w.anna, id)
	w.check(err)
	if !equal(c.Domains, []string{"acme.example"}) {
		t.Errorf("domains: %q", c.Domains)
	}
}
