package storetest

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"kaveri/crm"
	"kaveri/store"
)

// Liisa, a customer, tells Anna something that is nobody else's business. Anna
// marks the mail private, and from then on it is as if it were not there: not
// for Pekka, and not for Ritva, who administrates.
func testPrivateMail(t *testing.T, s *store.Store) {
	w := newWorld(t, s)
	liisa := w.customer("Liisa Lahtinen", "liisa@lahtinen.example")
	before := w.arrives(letter{From: "Liisa Lahtinen <liisa@lahtinen.example>", To: "anna@kaukoranta.example", Subject: "Matka Lappiin", Text: "Varataan mökki.", ID: "1@l"}, w.anna)
	secret := w.arrives(letter{From: "Liisa Lahtinen <liisa@lahtinen.example>", To: "anna@kaukoranta.example", Subject: "Sairaus", Text: "Leikkaus on toukokuussa.", ID: "2@l", ReplyTo: "1@l"}, w.anna)

	// Those without a copy cannot decide about it, be they administrators.
	w.refused(s.SetPrivate(w.ctx, w.pekka, secret, true), crm.KindForbidden, "")
	w.refused(s.SetPrivate(w.ctx, w.ritva, secret, true), crm.KindForbidden, "")
	w.refused(s.SetPrivate(w.ctx, crm.SystemViewer, secret, true), crm.KindForbidden, "")
	w.refused(s.SetPrivate(w.ctx, crm.Viewer{}, secret, true), crm.KindNotFound, "")
	for _, v := range []crm.Viewer{w.anna, w.pekka, w.ritva} {
		if got := w.sees(v, secret, liisa.ID); got != "everything" {
			t.Errorf("before it is private, %d sees %s", v.Staff, got)
		}
	}

	w.check(s.SetPrivate(w.ctx, w.anna, secret, true))
	for _, v := range []crm.Viewer{w.pekka, w.ritva, {}} {
		if got := w.sees(v, secret, liisa.ID); got != "nothing" {
			t.Errorf("of a private mail, %d sees %s", v.Staff, got)
		}
		w.refused(s.SetPrivate(w.ctx, v, secret, false), crm.KindNotFound, "")
	}
	for _, v := range []crm.Viewer{w.anna, crm.SystemViewer} {
		if got := w.sees(v, secret, liisa.ID); got != "everything" {
			t.Errorf("of her own private mail, %d sees %s", v.Staff, got)
		}
	}
	if got := w.sees(w.pekka, before, liisa.ID); got != "everything" {
		t.Errorf("of the mail before, Pekka sees %s", got)
	}
	mail, err := s.Mail(w.ctx, w.anna, secret)
	w.check(err)
	if !mail.Private {
		t.Error("Anna does not see that it is private")
	}

	// The order of the list tells nothing of it either.
	other := w.customer("Olli Oja", "olli@oja.example")
	w.arrives(letter{From: "olli@oja.example", To: "anna@kaukoranta.example", Subject: "Hei", Text: "Hei"}, w.anna)
	last := w.arrives(letter{From: "liisa@lahtinen.example", To: "anna@kaukoranta.example", Subject: "Vielä", Text: "yksi asia"}, w.anna)
	order := func() (ids []crm.CustomerID) {
		rows, _, err := s.Customers(w.ctx, w.pekka, crm.CustomerQuery{})
		w.check(err)
		for _, r := range rows {
			ids = append(ids, r.ID)
		}
		return ids
	}
	if got := order(); !slices.Equal(got, []crm.CustomerID{liisa.ID, other.ID}) {
		t.Errorf("the order is %v", got)
	}
	w.check(s.SetPrivate(w.ctx, w.anna, last, true))
	if got := order(); !slices.Equal(got, []crm.CustomerID{other.ID, liisa.ID}) {
		t.Errorf("with a private mail the order is %v", got)
	}

	// Liisa sends the same mail to Pekka too: now he holds a copy.
	again := w.delivery(letter{From: "Liisa Lahtinen <liisa@lahtinen.example>", To: "anna@kaukoranta.example", Subject: "Sairaus", Text: "Leikkaus on toukokuussa.", ID: "2@l", ReplyTo: "1@l"}, mail.At)
	w.uid++
	again.Folder, again.UIDValidity, again.UID = w.boxes[w.pekka.Staff], 1, w.uid
	if _, err := s.Deliver(w.ctx, []crm.Delivery{again}); err != nil {
		t.Fatal(err)
	}
	if got := w.sees(w.pekka, secret, liisa.ID); got != "everything" {
		t.Errorf("with a copy of his own, Pekka sees %s", got)
	}
	w.check(s.SetPrivate(w.ctx, w.pekka, secret, false)) // and may lift the mark
	if got := w.sees(w.ritva, secret, liisa.ID); got != "everything" {
		t.Errorf("after the mark was lifted, Ritva sees %s", got)
	}
}

// sees tries every way of reading a mail and tells what it gives: "everything",
// "nothing", or, which is a leak, the ways that work.
func (w *world) sees(v crm.Viewer, id crm.MessageID, customer crm.CustomerID) string {
	w.Helper()
	full, err := w.s.Mail(w.ctx, crm.SystemViewer, id)
	w.check(err)
	denied := func(err error) bool {
		if err != nil && crm.KindOf(err) != crm.KindNotFound {
			w.Fatal(err)
		}
		return err != nil
	}
	has := func(ids []crm.MessageID) bool { return slices.Contains(ids, id) }
	var ways, not []string
	note := func(way string, ok bool) {
		if ok {
			ways = append(ways, way)
		} else {
			not = append(not, way)
		}
	}
	_, err = w.s.Mail(w.ctx, v, id)
	note("mail", !denied(err))
	_, err = w.s.RawMail(w.ctx, v, id)
	note("raw", !denied(err))
	_, err = w.s.MailText(w.ctx, v, id)
	note("text", !denied(err))

	rows, err := w.s.Conversation(w.ctx, v, full.Conversation)
	denied(err)
	note("conversation", has(idsOf(rows, func(r crm.MailRow) crm.MessageID { return r.ID })))

	items, _, err := w.s.Timeline(w.ctx, v, customer, crm.PageKey{}, 500)
	denied(err)
	note("timeline", has(idsOf(items, func(i crm.TimelineItem) crm.MessageID { return i.Link.Message })))

	hits, err := w.s.Search(w.ctx, v, full.Subject, 500)
	denied(err)
	note("search", has(idsOf(hits, func(h crm.SearchHit) crm.MessageID { return h.ID })))
	switch {
	case len(not) == 0:
		return "everything"
	case len(ways) == 0:
		return "nothing"
	}
	return fmt.Sprint(ways, " but not ", not)
}

func idsOf[T any](list []T, id func(T) crm.MessageID) []crm.MessageID {
	out := make([]crm.MessageID, len(list))
	for i, e := range list {
		out[i] = id(e)
	}
	return out
}

// The policy exists twice, as crm.Viewer.MaySee and in SQL. Here both answer
// the same random questions.
func testPolicyDifferential(t *testing.T, s *store.Store) {
	w := newWorld(t, s)
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	rnd := rand.New(rand.NewPCG(seed, 0))
	customer := w.customer("Kalle Korpi", "kalle@korpi.example")
	staff := []crm.Viewer{w.ritva, w.anna, w.pekka, w.colleague("Sanna", crm.StaffMember)}

	type mail struct {
		id crm.MessageID
		crm.Visibility
	}
	var mails []mail
	for i := range 60 {
		var holders []crm.Viewer
		for _, v := range staff {
			if rnd.IntN(3) == 0 {
				holders = append(holders, v)
			}
		}
		if len(holders) == 0 {
			holders = staff[rnd.IntN(len(staff)):][:1]
		}
		m := mail{id: w.arrives(letter{From: "kalle@korpi.example", To: "anna@kaukoranta.example", Subject: fmt.Sprintf("aihe%d", i), Text: "sama teksti", ID: fmt.Sprintf("%d@k", i), ReplyTo: "root@k"}, holders...)}
		for _, h := range holders {
			m.Holders = append(m.Holders, h.Staff)
		}
		if m.Private = rnd.IntN(2) == 0; m.Private {
			w.check(s.SetPrivate(w.ctx, holders[0], m.id, true))
		}
		mails = append(mails, m)
	}
	// A mail that has left the mailbox was seen there all the same, and so was
	// one in a mailbox that is no longer followed.
	_, err := s.Reconcile(w.ctx, w.boxes[w.pekka.Staff], 1, nil)
	w.check(err)
	boxes, err := s.Mailboxes(w.ctx, w.ritva)
	w.check(err)
	for _, b := range boxes {
		if b.Staff == w.anna.Staff {
			w.check(s.RemoveMailbox(w.ctx, w.ritva, b.ID))
		}
	}

	for _, v := range append(staff, crm.Viewer{}, crm.Viewer{Role: crm.StaffAdmin}, crm.SystemViewer, crm.Viewer{Staff: 1 << 40, Role: crm.StaffMember}) {
		expected := 0
		for _, m := range mails {
			want := "nothing"
			if v.MaySee(m.Visibility) {
				want = "everything"
				expected++
			}
			if got := w.sees(v, m.id, customer.ID); got != want {
				t.Errorf("viewer %+v, mail %+v: sees %s, want %s", v, m, got, want)
			}
		}
		rows, _, err := s.Customers(w.ctx, v, crm.CustomerQuery{})
		w.check(err)
		if v.Staff == 0 && !v.System {
			if len(rows) != 0 {
				t.Errorf("nobody sees customers: %+v", rows)
			}
		} else if rows[0].Mails != expected {
			t.Errorf("viewer %+v is told of %d mails, may see %d", v, rows[0].Mails, expected)
		}
		hits, err := s.Search(w.ctx, v, "sama teksti", 500)
		w.check(err)
		if len(hits) != expected {
			t.Errorf("viewer %+v finds %d mails, may see %d", v, len(hits), expected)
		}
	}
}

// Who is not signed in, whatever role the viewer claims, sees nothing.
func testStrangers(t *testing.T, s *store.Store) {
	w := newWorld(t, s)
	c := w.customer("Liisa", "liisa@l.example")
	m := w.arrives(letter{From: "liisa@l.example", To: "anna@kaukoranta.example", Subject: "Hei", Text: "Hei"}, w.anna)
	for _, v := range []crm.Viewer{{}, {Role: crm.StaffMember}} {
		if got := w.sees(v, m, c.ID); got != "nothing" {
			t.Errorf("a stranger sees %s", got)
		}
		_, err := s.Customer(w.ctx, v, c.ID)
		w.refused(err, crm.KindNotFound, "")
		_, err = s.AddNote(w.ctx, v, crm.Note{Customer: c.ID, Body: "hello"})
		w.refused(err, crm.KindForbidden, "")
		boxes, err := s.Mailboxes(w.ctx, v)
		w.check(err)
		health, err := s.Health(w.ctx, v)
		w.check(err)
		census, err := s.LastCensus(w.ctx, v)
		w.check(err)
		aside, err := s.Quarantine(w.ctx, v)
		w.check(err)
		if len(boxes)+len(health)+len(census)+len(aside) > 0 {
			t.Errorf("a stranger is shown %v %v %v %v", boxes, health, census, aside)
		}
		_, err = s.AddMailbox(w.ctx, v, crm.Mailbox{Address: "x@y.example", Host: "h"})
		w.refused(err, crm.KindForbidden, "")
	}
}
