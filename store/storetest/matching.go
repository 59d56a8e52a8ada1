package storetest

import (
	"testing"

	"kaveri/crm"
	"kaveri/store"
)

// linksOf gives the links of a mail as contact name, rule and evidence.
func (w *world) linksOf(m crm.MessageID) []string {
	w.Helper()
	v, err := w.s.Mail(w.ctx, w.ritva, m)
	w.check(err)
	out := []string{}
	for _, l := range v.Links {
		out = append(out, l.ContactName+": "+string(l.Rule)+": "+l.Evidence)
	}
	return out
}

func (w *world) linked(m crm.MessageID, want ...string) {
	w.Helper()
	if got := w.linksOf(m); !equal(got, want) {
		w.Errorf("mail %d is linked by %q, want %q", m, got, want)
	}
}

func equal(a, b []string) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}

// open gives the open questions as kind, reason and subject.
func (w *world) open() []crm.Review {
	w.Helper()
	rs, err := w.s.Reviews(w.ctx, w.ritva, 100)
	w.check(err)
	return rs
}

// An unknown address in a customer's thread belongs to that customer when
// something shows it, and says what; outside the thread it does not. The
// address is proposed, and once confirmed its other mails follow.
func testThreadInheritance(t *testing.T, s *store.Store) {
	w := newWorld(t, s)
	dora := w.customer("Dora Dorsey", "dora@acme.example")
	w.arrives(letter{From: "dora@acme.example", To: "anna@kaukoranta.example", Subject: "Trip", ID: "t1"}, w.anna)
	early := w.arrives(letter{From: "d.privat@gmx.example", To: "anna@kaukoranta.example", Subject: "Hello", ID: "x"}, w.anna)
	m := w.arrives(letter{From: "Dora Dorsey <d.privat@gmx.example>", To: "anna@kaukoranta.example", Subject: "Re: Trip", ID: "t2", ReplyTo: "t1"}, w.anna)
	w.linked(early)
	w.linked(m, "Dora Dorsey: thread: in-reply-to: t1 (signed Dora Dorsey)")
	answer := w.arrives(letter{From: "anna@kaukoranta.example", To: "d.privat@gmx.example", Subject: "Re: Trip", ID: "t3", ReplyTo: "t2"}, w.anna)
	w.linked(answer, "Dora Dorsey: thread: in-reply-to: t2 (answers its author)")

	open := w.open()
	if len(open) != 1 || open[0].Kind != crm.ReviewAddress || open[0].Subject != "d.privat@gmx.example" || open[0].ContactName != "Dora Dorsey" {
		t.Fatalf("the queue has %+v", open)
	}
	w.check(s.DecideReview(w.ctx, w.anna, open[0].ID, true))
	for _, id := range []crm.MessageID{early, m} {
		w.linked(id, "Dora Dorsey: exact-address: from: d.privat@gmx.example")
	}
	w.linked(answer, "Dora Dorsey: exact-address: to: d.privat@gmx.example")
	if items := w.timeline(w.anna, dora.ID, 10); len(items) != 4 {
		t.Errorf("Dora's timeline has %d mails, want 4", len(items))
	}
	if len(w.open()) != 0 {
		t.Errorf("the queue still has %+v", w.open())
	}
}

// A reply that comes before the mail it answers finds its place when that comes.
func testParentComesLater(t *testing.T, s *store.Store) {
	w := newWorld(t, s)
	w.customer("Dora Dorsey", "dora@acme.example")
	first := w.arrives(letter{From: "Dora Dorsey <d.privat@gmx.example>", To: "anna@kaukoranta.example", Subject: "Re: Trip", ID: "t2", ReplyTo: "t1"}, w.anna)
	w.linked(first)
	w.arrives(letter{From: "anna@kaukoranta.example", To: "dora@acme.example", Subject: "Trip", ID: "t1"}, w.anna)
	w.linked(first, "Dora Dorsey: thread: in-reply-to: t1 (signed Dora Dorsey)")

	// Two-way mail before the parent makes a customer; who is called alike is
	// then asked about.
	w.arrives(letter{From: "anna@kaukoranta.example", To: "dd@else.example", Subject: "Re: Ship", ID: "s3", ReplyTo: "s2"}, w.anna)
	w.arrives(letter{From: "Dora Dorsey <dd@else.example>", To: "anna@kaukoranta.example", Subject: "Re: Ship", ID: "s2", ReplyTo: "s1"}, w.anna)
	var question crm.Review
	for _, r := range w.open() {
		if r.Kind == crm.ReviewMerge {
			question = r
		}
	}
	if question.ContactName != "Dora Dorsey" || question.OtherName != "Dora Dorsey" || question.Customer == question.OtherOf {
		t.Fatalf("the queue has %+v", w.open())
	}
	w.check(s.DecideReview(w.ctx, w.anna, question.ID, true))
	if c, err := s.Customer(w.ctx, w.anna, question.OtherOf); err != nil || len(c.Contacts) != 1 || len(c.Contacts[0].Addresses) != 2 {
		t.Errorf("after the merge: %+v, %v", c, err)
	}
}

// A stranger who writes into a thread is on nobody's timeline and in nobody's
// conversation; a colleague decides, and is remembered.
func testStrangerInThread(t *testing.T, s *store.Store) {
	w := newWorld(t, s)
	dora := w.customer("Dora Dorsey", "dora@acme.example")
	mine := w.arrives(letter{From: "anna@kaukoranta.example", To: "dora@acme.example", Subject: "Offer", Text: "The cabin on deck seven costs 240 euros.", ID: "o1"}, w.anna)
	forged := w.arrives(letter{From: "Mallory <m@evil.example>", To: "anna@kaukoranta.example", Subject: "Re: Offer", ID: "m1", ReplyTo: "o1"}, w.anna)
	quoting := w.arrives(letter{From: "x@home.example", To: "anna@kaukoranta.example", Subject: "Re: Offer", Text: "Yes!\n> The cabin on deck seven costs 240 euros.", ID: "q1", ReplyTo: "o1"}, w.anna)
	w.linked(forged)
	w.linked(quoting, "Dora Dorsey: thread: in-reply-to: o1 (quotes it)")
	if w.conversation(forged) == w.conversation(mine) || w.conversation(quoting) != w.conversation(mine) {
		t.Error("the stranger's mail is in the conversation, or the one that quotes it is not")
	}
	var question crm.Review
	for _, r := range w.open() {
		if r.Kind == crm.ReviewMail {
			question = r
		}
	}
	if question.Message != forged || question.Reason != crm.ReasonThread || question.Customer != dora.ID || question.Mail == nil || question.Mail.Subject != "Re: Offer" {
		t.Fatalf("the queue has %+v", w.open())
	}
	w.check(s.DecideReview(w.ctx, w.anna, question.ID, false))
	w.check(s.Rematch(w.ctx))
	w.linked(forged)
	if w.conversation(forged) == w.conversation(mine) {
		t.Error("a colleague has said no, and the stranger's mail came into the conversation")
	}
	for _, r := range w.open() {
		if r.Kind == crm.ReviewMail {
			t.Errorf("asked again: %+v", r)
		}
	}
	w.refused(s.DecideReview(w.ctx, w.anna, question.ID, true), crm.KindConflict, "question")

	// The other way round: a colleague says it is hers, against the rules.
	w.check(s.Correct(w.ctx, w.anna, forged, dora.Contacts[0].ID, true))
	w.linked(forged, "Dora Dorsey: by-hand: said by Anna")
	if w.conversation(forged) != w.conversation(mine) {
		t.Error("a mail that belongs to the thread stays outside its conversation")
	}
	w.check(s.Correct(w.ctx, w.anna, mine, dora.Contacts[0].ID, false))
	w.check(s.Rematch(w.ctx))
	w.linked(mine)
	w.linked(forged, "Dora Dorsey: by-hand: said by Anna")
	w.refused(s.Correct(w.ctx, crm.Viewer{}, mine, dora.Contacts[0].ID, true), crm.KindForbidden, "")
	w.refused(s.Correct(w.ctx, w.anna, 1<<40, dora.Contacts[0].ID, true), crm.KindNotFound, "")
	w.refused(s.Correct(w.ctx, w.anna, mine, 1<<40, true), crm.KindNotFound, "")
}

// A mail that a colleague takes out of a thread takes its answers along, and
// stays out when the rules are applied again; with another word all come back.
func testAnswersGoAlong(t *testing.T, s *store.Store) {
	w := newWorld(t, s)
	dora := w.customer("Dora Dorsey", "dora@acme.example")
	ours := w.arrives(letter{From: "anna@kaukoranta.example", To: "dora@acme.example", Subject: "Offer", ID: "o1"}, w.anna)
	taken := w.arrives(letter{From: "Dora Dorsey <m@evil.example>", To: "anna@kaukoranta.example", Subject: "Re: Offer", ID: "m1", ReplyTo: "o1"}, w.anna)
	answer := w.arrives(letter{From: "anna@kaukoranta.example", To: "m@evil.example", Subject: "Re: Offer", ID: "o2", ReplyTo: "m1"}, w.anna)
	further := w.arrives(letter{From: "Dora Dorsey <m@evil.example>", To: "anna@kaukoranta.example", Subject: "Re: Offer", ID: "m2", ReplyTo: "o2"}, w.anna)
	hers := w.arrives(letter{From: "dora@acme.example", To: "anna@kaukoranta.example", Subject: "Re: Offer", ID: "d1", ReplyTo: "o1"}, w.anna)
	lie := func(when string, apart bool) {
		t.Helper()
		for _, m := range []crm.MessageID{answer, further} {
			if w.conversation(m) != w.conversation(taken) {
				t.Errorf("%s, mail %d is not with the one that it answers", when, m)
			}
		}
		if w.conversation(hers) != w.conversation(ours) || (w.conversation(taken) != w.conversation(ours)) != apart {
			t.Errorf("%s, apart is %v, want %v", when, !apart, apart)
		}
	}
	lie("at first", false)
	w.linked(answer, "Dora Dorsey: thread: in-reply-to: m1 (answers its author)")
	w.check(s.Correct(w.ctx, w.anna, taken, dora.Contacts[0].ID, false))
	lie("after the word no", true)
	w.linked(answer)
	w.linked(further)
	w.linked(hers, "Dora Dorsey: exact-address: from: dora@acme.example")
	w.check(s.Rematch(w.ctx))
	lie("after the rules were applied again", true)
	w.check(s.Correct(w.ctx, w.anna, taken, dora.Contacts[0].ID, true))
	lie("after the word yes", false)
}

// An old mail answered with another subject begins a new topic in its
// conversation; a colleague may join and split, and later mails follow.
func testTopics(t *testing.T, s *store.Store) {
	w := newWorld(t, s)
	w.customer("Dora", "dora@acme.example")
	say := func(subject, id, replyTo string) crm.MessageID {
		return w.arrives(letter{From: "dora@acme.example", To: "anna@kaukoranta.example", Subject: subject, ID: id, ReplyTo: replyTo}, w.anna)
	}
	trip := say("Trip to Tallinn", "t1", "")
	w.clock = w.clock.AddDate(1, 0, 0)
	bikes := say("Bicycles in May", "b1", "t1")
	late := say("Re: Trip to Tallinn", "t2", "t1")
	helmets := say("Re: Bicycles in May", "b2", "b1")
	topics := func() string {
		rows, err := s.Conversation(w.ctx, w.anna, w.conversation(trip))
		w.check(err)
		out := ""
		for _, r := range rows {
			if r.Begins {
				out += "| "
			}
			out += r.Subject + "; "
		}
		return out
	}
	if w.conversation(bikes) != w.conversation(trip) {
		t.Error("an answer is in another conversation than what it answers")
	}
	const apart = "Trip to Tallinn; Re: Trip to Tallinn; | Bicycles in May; Re: Bicycles in May; "
	if got := topics(); got != apart {
		t.Errorf("topics: %s", got)
	}
	w.check(s.SetTopic(w.ctx, w.anna, bikes, false))
	if got := topics(); got != "Trip to Tallinn; Bicycles in May; Re: Trip to Tallinn; Re: Bicycles in May; " {
		t.Errorf("joined: %s", got)
	}
	w.check(s.SetTopic(w.ctx, w.anna, helmets, true))
	say("Re: Bicycles in May", "b3", "b2")
	if got := topics(); got != "Trip to Tallinn; Bicycles in May; Re: Trip to Tallinn; | Re: Bicycles in May; Re: Bicycles in May; " {
		t.Errorf("split, and a later mail follows: %s", got)
	}
	w.check(s.SetTopic(w.ctx, w.anna, bikes, true))
	w.check(s.SetTopic(w.ctx, w.anna, helmets, false))
	if got := topics(); got != apart+"Re: Bicycles in May; " {
		t.Errorf("as before: %s", got)
	}
	w.refused(s.SetTopic(w.ctx, crm.Viewer{}, late, true), crm.KindForbidden, "")
	w.refused(s.SetTopic(w.ctx, w.anna, 1<<40, true), crm.KindNotFound, "")
}

// Two people of one domain are asked about; once confirmed they are one
// customer, and whoever writes from there next is of it. Nobody is asked about
// a mail provider.
func testOrganisations(t *testing.T, s *store.Store) {
	w := newWorld(t, s)
	twoWay := func(a string) {
		w.arrives(letter{From: a, To: "anna@kaukoranta.example", Subject: "Hello from " + a}, w.anna)
		w.arrives(letter{From: "anna@kaukoranta.example", To: a, Subject: "Re: Hello from " + a}, w.anna)
	}
	for _, a := range []string{"Dora <dora@acme.example>", "one@gmail.com", "two@gmail.com", "Eve <eve@mail.acme.example>"} {
		twoWay(a)
	}
	open := w.open()
	if len(open) != 1 || open[0].Kind != crm.ReviewOrganisation || open[0].Subject != "acme.example" || open[0].ContactName != "Eve" || open[0].OtherName != "Dora" {
		t.Fatalf("the queue has %+v", open)
	}
	w.check(s.DecideReview(w.ctx, w.anna, open[0].ID, true))
	rows, _, err := s.Customers(w.ctx, w.anna, crm.CustomerQuery{Text: "acme", Limit: 10})
	w.check(err)
	if len(rows) != 1 || rows[0].Contacts != 2 || rows[0].Name != "Acme" {
		t.Fatalf("customers of Acme: %+v", rows)
	}
	acme := rows[0].ID
	if items := w.timeline(w.anna, acme, 10); len(items) != 4 {
		t.Errorf("Acme's timeline has %d mails, want 4", len(items))
	}
	fred := w.arrives(letter{From: "Fred <fred@acme.example>", To: "anna@kaukoranta.example", Subject: "I am new"}, w.anna)
	w.linked(fred, "Fred: exact-address: from: fred@acme.example")
	w.arrives(letter{From: "news@acme.example", To: "anna@kaukoranta.example", Subject: "Our news", Class: crm.ClassNewsletter}, w.anna)
	if c, err := s.Customer(w.ctx, w.anna, acme); err != nil || len(c.Contacts) != 3 || c.Organisation == 0 {
		t.Errorf("Acme is %+v, %v", c, err)
	}
	if len(w.open()) != 0 {
		t.Errorf("the queue has %+v", w.open())
	}
	for domain, kind := range map[string]crm.Kind{"gmail.com": crm.KindInvalid, "kaukoranta.example": crm.KindInvalid, "acme.example": crm.KindConflict, "nobody.example": crm.KindNotFound, "mail.acme.example": crm.KindInvalid, "@": crm.KindInvalid} {
		_, err := s.ConfirmOrganisation(w.ctx, w.anna, domain, "")
		w.refused(err, kind, "")
	}
	w.check(s.RemoveDomain(w.ctx, w.anna, "acme.example"))
	w.refused(s.RemoveDomain(w.ctx, w.anna, "acme.example"), crm.KindNotFound, "")
	gina := w.arrives(letter{From: "Gina <gina@acme.example>", To: "anna@kaukoranta.example", Subject: "And me"}, w.anna)
	w.linked(gina)
}

// Two records of one person become one and two again; every mail and note is
// then where it was, and mail that came meanwhile is where its address says.
func testMerge(t *testing.T, s *store.Store) {
	w := newWorld(t, s)
	dora, privat := w.customer("Dora Dorsey", "dora@acme.example"), w.customer("D. Privat", "d.privat@gmx.example")
	other := w.customer("Carl", "carl@home.example")
	w.arrives(letter{From: "dora@acme.example", To: "anna@kaukoranta.example", Subject: "Work"}, w.anna)
	home := w.arrives(letter{From: "d.privat@gmx.example", To: "anna@kaukoranta.example", Subject: "Home"}, w.anna)
	for _, c := range []crm.Customer{dora, privat} {
		_, err := s.AddNote(w.ctx, w.anna, crm.Note{Customer: c.ID, Contact: c.Contacts[0].ID, Body: "about " + c.Name})
		w.check(err)
	}
	w.check(s.Correct(w.ctx, w.anna, home, other.Contacts[0].ID, true))
	before := [][]string{w.story(dora.ID), w.story(privat.ID)}

	id, err := s.Merge(w.ctx, w.anna, dora.ID, privat.ID, true)
	w.check(err)
	c, err := s.Customer(w.ctx, w.anna, privat.ID) // its number leads to the other
	w.check(err)
	if c.ID != dora.ID || len(c.Contacts) != 1 || len(c.Contacts[0].Addresses) != 2 {
		t.Errorf("merged: %+v", c)
	}
	if got := w.story(dora.ID); len(got) != 4 {
		t.Errorf("the merged timeline: %q", got)
	}
	w.linked(home, "Dora Dorsey: exact-address: from: d.privat@gmx.example", "Carl: by-hand: said by Anna")
	if rows, _, err := s.Customers(w.ctx, w.anna, crm.CustomerQuery{Text: "privat", Limit: 10}); err != nil || len(rows) != 1 || rows[0].ID != dora.ID {
		t.Errorf("the merged customer is found as %+v, %v", rows, err)
	}
	w.arrives(letter{From: "d.privat@gmx.example", To: "anna@kaukoranta.example", Subject: "Meanwhile"}, w.anna)
	w.refused(w.merge(dora.ID, privat.ID), crm.KindConflict, "")
	w.refused(w.merge(dora.ID, dora.ID), crm.KindInvalid, "customer")
	w.refused(w.merge(dora.ID, 1<<40), crm.KindNotFound, "")
	if merges, err := s.Merges(w.ctx, w.anna, dora.ID); err != nil || len(merges) != 1 || merges[0].ID != id || merges[0].Name != "D. Privat" || merges[0].Staff != "Anna" {
		t.Errorf("merges: %+v, %v", merges, err)
	}

	w.check(s.Unmerge(w.ctx, w.anna, id))
	if after := w.story(dora.ID); !equal(after, before[0]) {
		t.Errorf("Dora's timeline is %q, was %q", after, before[0])
	}
	if after := w.story(privat.ID); !equal(after, []string{before[1][0], "mail Meanwhile", before[1][1]}) {
		t.Errorf("the other timeline is %q, was %q", after, before[1])
	}
	w.refused(s.Unmerge(w.ctx, w.anna, id), crm.KindConflict, "")
	w.refused(s.Unmerge(w.ctx, w.anna, 1<<40), crm.KindNotFound, "")

	// One merge that rests on another is undone first.
	first, err := s.Merge(w.ctx, w.anna, dora.ID, privat.ID, false)
	w.check(err)
	second, err := s.Merge(w.ctx, w.anna, other.ID, dora.ID, false)
	w.check(err)
	w.refused(s.Unmerge(w.ctx, w.anna, first), crm.KindConflict, "")
	w.check(s.Unmerge(w.ctx, w.anna, second))
	w.check(s.Unmerge(w.ctx, w.anna, first))
	if after := w.story(dora.ID); !equal(after, before[0]) {
		t.Errorf("after two merges undone, Dora's timeline is %q, was %q", after, before[0])
	}
}

func (w *world) merge(keep, other crm.CustomerID) error {
	_, err := w.s.Merge(w.ctx, w.anna, keep, other, false)
	return err
}

// story gives a timeline in words, newest first.
func (w *world) story(c crm.CustomerID) []string {
	w.Helper()
	out := []string{}
	for _, i := range w.timeline(w.anna, c, 50) {
		if i.Mail != nil {
			out = append(out, "mail "+i.Mail.Subject)
		} else {
			out = append(out, "note "+i.Note.Body)
		}
	}
	return out
}

// Addresses come and go: each change moves the mail that names them, at once,
// and forms of an address count as the address.
func testAddressesOfAContact(t *testing.T, s *store.Store) {
	w := newWorld(t, s)
	dora := w.customer("Dora Dorsey", "dora@acme.example").Contacts[0].ID
	old := w.arrives(letter{From: "dora@old.example", To: "anna@kaukoranta.example", Subject: "Old"}, w.anna)
	moved := w.clock.Add(30 * 1e9)
	late := w.arrives(letter{From: "dora+tag@old.example", To: "anna@kaukoranta.example", Subject: "Not hers any more"}, w.anna)
	w.check(s.AddAddress(w.ctx, w.anna, dora, crm.ContactAddress{Address: "dora@old.example"}))
	w.linked(old, "Dora Dorsey: exact-address: from: dora@old.example")
	w.linked(late, "Dora Dorsey: address-form: from: dora+tag@old.example")
	w.check(s.AddAddress(w.ctx, w.anna, dora, crm.ContactAddress{Address: "dora@old.example", Until: moved}))
	w.linked(old, "Dora Dorsey: exact-address: from: dora@old.example")
	w.linked(late)
	w.check(s.RemoveAddress(w.ctx, w.anna, dora, "dora@old.example"))
	w.linked(old)
	w.refused(s.RemoveAddress(w.ctx, w.anna, dora, "dora@old.example"), crm.KindNotFound, "")
	w.refused(s.AddAddress(w.ctx, w.anna, dora, crm.ContactAddress{Address: "anna@kaukoranta.example"}), crm.KindInvalid, "address")
	w.refused(s.AddAddress(w.ctx, w.anna, dora, crm.ContactAddress{Address: "d@x.example", From: moved, Until: moved}), crm.KindInvalid, "until")
	w.refused(s.AddAddress(w.ctx, w.anna, 1<<40, crm.ContactAddress{Address: "d@x.example"}), crm.KindNotFound, "")

	// An address of two customers: nobody gets its mail by chance.
	carl := w.customer("Carl", "carl@home.example").Contacts[0].ID
	for _, c := range []crm.ContactID{dora, carl} {
		w.check(s.AddAddress(w.ctx, w.anna, c, crm.ContactAddress{Address: "home@isp.example"}))
	}
	shared := w.arrives(letter{From: "home@isp.example", To: "anna@kaukoranta.example", Subject: "Whose?"}, w.anna)
	w.linked(shared)
	open := w.open()
	if len(open) != 2 || open[0].Reason != crm.ReasonSeveral || open[0].Message != shared {
		t.Fatalf("the queue has %+v", open)
	}
	w.check(s.DecideReview(w.ctx, w.anna, open[0].ID, true))
	w.linked(shared, "Carl: by-hand: said by Anna")
	if len(w.open()) != 0 {
		t.Errorf("the queue has %+v", w.open())
	}
}

// What is as it was is not written again: three who share an address have a
// third of its mail each, which no integer holds exactly.
func testRematchOfNothing(t *testing.T, s *store.Store) {
	w := newWorld(t, s)
	first := w.customer("Dora", "dora@acme.example")
	contacts := []crm.ContactID{first.Contacts[0].ID}
	for _, address := range []crm.Address{"carl@acme.example", "ines@acme.example"} {
		c := w.customer("", address)
		contacts = append(contacts, c.Contacts[0].ID)
		_, err := s.Merge(w.ctx, w.anna, first.ID, c.ID, false)
		w.check(err)
	}
	for _, c := range contacts {
		w.check(s.AddAddress(w.ctx, w.anna, c, crm.ContactAddress{Address: "office@acme.example"}))
	}
	m := w.arrives(letter{From: "office@acme.example", To: "anna@kaukoranta.example", Subject: "From all of us"}, w.anna)
	if v, err := s.Mail(w.ctx, w.anna, m); err != nil || len(v.Links) != 3 || v.Links[0].Confidence != 0.333333 {
		t.Fatalf("the mail is linked by %+v, %v", v.Links, err)
	}
	events := s.Subscribe(t.Context())
	w.check(s.Rematch(w.ctx))
	select {
	case e := <-events:
		t.Errorf("nothing has changed, and %+v is told", e)
	default:
	}
}
