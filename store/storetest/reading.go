package storetest

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"kaveri/crm"
	"kaveri/store"
)

func testCustomerList(t *testing.T, s *store.Store) {
	w := newWorld(t, s)
	const n = 130
	var want []crm.CustomerID
	for i := range n {
		a := crm.Address(fmt.Sprintf("c%d@example.org", i))
		c := w.customer(fmt.Sprintf("Customer %d", i), a)
		if i%3 > 0 { // a third has never written: all at time zero
			w.arrives(letter{From: string(a), To: "anna@kaukoranta.example", Subject: "s", Text: fmt.Sprint(i)}, w.anna)
		}
		want = append(want, c.ID)
	}
	key := func(id crm.CustomerID) (bool, crm.CustomerID) { i := slices.Index(want, id); return i%3 > 0, id }
	sorted := slices.SortedFunc(slices.Values(want), func(a, b crm.CustomerID) int {
		aWrote, _ := key(a)
		bWrote, _ := key(b)
		if aWrote != bWrote {
			if aWrote {
				return -1
			}
			return 1
		}
		return int(b - a)
	})
	var got []crm.CustomerID
	for page := (crm.PageKey{}); ; {
		rows, next, err := s.Customers(w.ctx, w.anna, crm.CustomerQuery{After: page, Limit: 17})
		w.check(err)
		for _, r := range rows {
			got = append(got, r.ID)
		}
		if next == (crm.PageKey{}) {
			break
		}
		page = next
	}
	if !slices.Equal(got, sorted) {
		t.Errorf("%d customers on the pages, want %d, in the order of the newest contact:\n%v\n%v", len(got), n, got, sorted)
	}
	rows, _, err := s.Customers(w.ctx, w.anna, crm.CustomerQuery{})
	w.check(err)
	if len(rows) != 50 {
		t.Errorf("a page has %d rows by default, want 50", len(rows))
	}
}

func testCustomerSearch(t *testing.T, s *store.Store) {
	w := newWorld(t, s)
	names := map[string]crm.Address{"Päivi Mäkinen": "paivi.makinen@firma.example", "Jürgen Groß": "j.gross@reise.example", "Mäki Oy": "info@maki.example", "Zoë Zzz": "zoe@zzz.example"}
	for n, a := range names {
		w.customer(n, a)
	}
	for query, want := range map[string]string{
		"":               "Jürgen Groß, Mäki Oy, Päivi Mäkinen, Zoë Zzz",
		"mäk":            "Mäki Oy, Päivi Mäkinen",
		"MAKI":           "Mäki Oy, Päivi Mäkinen",
		"paivi mak":      "Päivi Mäkinen",
		"mäkinen päivi":  "Päivi Mäkinen",
		"gross":          "Jürgen Groß",
		"Groß":           "Jürgen Groß",
		"reise.example":  "Jürgen Groß",
		"info@maki":      "Mäki Oy",
		"z":              "Zoë Zzz",
		"zz":             "Zoë Zzz",
		"akinen":         "", // in the middle of a word
		"!?":             "",
		"päivi jürgen":   "",
		"\U0010FFFF":     "",
		"' OR 1=1 --":    "",
		"example makine": "Päivi Mäkinen",
	} {
		rows, _, err := s.Customers(w.ctx, w.anna, crm.CustomerQuery{Text: query})
		w.check(err)
		got := []string{}
		for _, r := range rows {
			got = append(got, r.Name)
		}
		slices.Sort(got)
		if strings.Join(got, ", ") != want {
			t.Errorf("%q finds %v, want %s", query, got, want)
		}
	}
}

func testCustomerCounts(t *testing.T, s *store.Store) {
	w := newWorld(t, s)
	c := w.customer("Liisa", "liisa@l.example", "liisa@home.example")
	row := func(v crm.Viewer) crm.CustomerRow {
		rows, _, err := s.Customers(w.ctx, v, crm.CustomerQuery{})
		w.check(err)
		return rows[0]
	}
	if r := row(w.anna); r.Contacts != 1 || r.Address != "liisa@l.example" || r.Mails != 0 || !r.LastIn.IsZero() || r.WroteLast() {
		t.Errorf("a new customer: %+v", r)
	}
	w.arrives(letter{From: "anna@kaukoranta.example", To: "liisa@l.example", Subject: "Tarjous", Text: "1"}, w.anna, w.pekka)
	out := w.clock
	w.arrives(letter{From: "liisa@home.example", To: "anna@kaukoranta.example", Subject: "Kiitos", Text: "2"}, w.anna)
	in := w.clock
	w.arrives(letter{From: "liisa@l.example", To: "anna@kaukoranta.example", Subject: "Poissa", Text: "3", Class: crm.ClassAutoReply}, w.anna)
	w.arrives(letter{From: "anna@kaukoranta.example", To: "liisa@l.example", Subject: "Poissa", Text: "4", Class: crm.ClassAutoReply}, w.anna)
	_, err := s.AddNote(w.ctx, w.pekka, crm.Note{Customer: c.ID, Body: "soittaa huomenna"})
	w.check(err)
	if r := row(w.pekka); r.Mails != 4 || r.Notes != 1 || !r.LastIn.Equal(in) || !r.LastOut.Equal(out) || !r.WroteLast() {
		t.Errorf("after two letters and two robots: %+v", r)
	}

	private := w.arrives(letter{From: "liisa@l.example", To: "anna@kaukoranta.example", Subject: "Sairas", Text: "5"}, w.anna)
	w.check(s.SetPrivate(w.ctx, w.anna, private, true))
	if r := row(w.pekka); r.Mails != 4 || !r.LastIn.Equal(in) {
		t.Errorf("Pekka's row tells of a private mail: %+v", r)
	}
	if r := row(w.anna); r.Mails != 5 || !r.LastIn.Equal(w.clock) {
		t.Errorf("Anna's row does not tell of her mail: %+v", r)
	}

	full, err := s.Customer(w.ctx, w.anna, c.ID)
	w.check(err)
	if len(full.Contacts) != 1 || len(full.Contacts[0].Addresses) != 2 || full.Contacts[0].Addresses[1].Address != "liisa@home.example" {
		t.Errorf("the customer is %+v", full)
	}
	_, err = s.Customer(w.ctx, w.anna, 1<<40)
	w.refused(err, crm.KindNotFound, "")
}

func testTimeline(t *testing.T, s *store.Store) {
	w := newWorld(t, s)
	c := w.customer("Liisa", "liisa@l.example")
	other := w.customer("Olli", "olli@o.example")
	w.arrives(letter{From: "olli@o.example", To: "anna@kaukoranta.example", Subject: "Ollin asia", Text: "x"}, w.anna)
	var want []string
	for i := range 40 {
		subject := fmt.Sprintf("Kirje %d", i)
		w.arrives(letter{From: "Liisa <liisa@l.example>", To: "anna@kaukoranta.example, olli@o.example", Subject: subject, Text: "teksti"}, w.anna, w.pekka)
		want = append(want, subject)
		if i%5 == 0 {
			body := fmt.Sprintf("Muistio %d", i)
			_, err := s.AddNote(w.ctx, w.pekka, crm.Note{Customer: c.ID, Contact: c.Contacts[0].ID, Kind: crm.NoteKindCall, Body: body, At: w.clock}) // at the very moment of the mail
			w.check(err)
			want = append(want, body)
		}
	}
	slices.Reverse(want)
	for _, size := range []int{1, 7, 500} {
		var got []string
		for _, i := range w.timeline(w.anna, c.ID, size) {
			switch i.Kind {
			case "mail":
				got = append(got, i.Mail.Subject)
				if i.Link.Rule != crm.RuleExact || i.Link.Evidence != "from: liisa@l.example" || i.Link.Confidence != 1 || i.Contact != "Liisa" || i.Link.Customer != c.ID {
					t.Fatalf("why is it here? %+v", i)
				}
				if len(i.Mail.Through) != 2 || i.Mail.Through[0] != "Anna's mail" || i.Mail.From.Name != "Liisa" || len(i.Mail.To) != 2 || i.Mail.Direction != crm.In || i.Mail.Preview != "teksti" {
					t.Fatalf("the row is %+v", *i.Mail)
				}
			case "note":
				got = append(got, i.Note.Body)
				if i.Staff != "Pekka" || i.Note.Kind != crm.NoteKindCall || i.Contact != "Liisa" {
					t.Fatalf("the note is %+v", i)
				}
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("pages of %d:\n%v\nwant\n%v", size, got, want)
		}
	}
	if n := len(w.timeline(w.anna, other.ID, 10)); n != 41 {
		t.Errorf("Olli's timeline has %d items, want 41", n)
	}
	_, _, err := s.Timeline(w.ctx, w.anna, 1<<40, crm.PageKey{}, 10)
	w.refused(err, crm.KindNotFound, "")
}

func testMail(t *testing.T, s *store.Store) {
	w := newWorld(t, s)
	w.customer("Liisa Lahtinen", "liisa@l.example")
	l := letter{From: "Liisa L <Liisa@L.example>", To: "Anna <anna@kaukoranta.example>, info@hotelli.example", Subject: "Matka", Text: "Hei Anna,\n\nterveisin Liisa\n", ID: "abc@l.example", File: "passi.pdf", Variant: "through two servers"}
	id := w.arrives(l, w.anna, w.pekka)
	m, err := s.Mail(w.ctx, w.ritva, id)
	w.check(err)
	if m.Subject != "Matka" || m.MessageID != "abc@l.example" || !m.Sent.Equal(w.clock) || !m.At.Equal(w.clock) || m.Raws != 2 || m.Attachments != 1 || m.Size == 0 {
		t.Errorf("the mail is %+v", m)
	}
	if len(m.Participants) != 3 || m.Participants[0].Written != "Liisa@L.example" || m.Participants[0].Address != "liisa@l.example" || m.Participants[2].Written != "info@hotelli.example" {
		t.Errorf("the participants are %+v", m.Participants)
	}
	if len(m.Files) != 1 || m.Files[0].Name != "passi.pdf" {
		t.Errorf("the files are %+v", m.Files)
	}
	if len(m.Links) != 1 || m.Links[0].CustomerName != "Liisa Lahtinen" || m.Links[0].Rule != crm.RuleExact {
		t.Errorf("the links are %+v", m.Links)
	}
	if len(m.Sightings) != 2 || m.Sightings[0].Mailbox != "Anna's mail" || m.Sightings[0].Folder != "INBOX" || !m.Sightings[0].Gone.IsZero() {
		t.Errorf("the sightings are %+v", m.Sightings)
	}
	text, err := s.MailText(w.ctx, w.anna, id)
	w.check(err)
	if text.Text != l.Text {
		t.Errorf("the text is %q", text)
	}
	raw, err := s.RawMail(w.ctx, w.anna, id)
	w.check(err)
	if !strings.HasPrefix(string(raw), "Received: through two servers1\r\n") || !strings.HasSuffix(string(raw), l.Text) {
		t.Errorf("the newest raw is %q", raw)
	}
	_, err = s.Mail(w.ctx, w.anna, 1<<40)
	w.refused(err, crm.KindNotFound, "")
}

func testConversation(t *testing.T, s *store.Store) {
	w := newWorld(t, s)
	w.customer("Liisa", "liisa@l.example")
	first := w.arrives(letter{From: "liisa@l.example", To: "anna@kaukoranta.example", Subject: "1", Text: "a", ID: "1@x"}, w.anna)
	w.arrives(letter{From: "anna@kaukoranta.example", To: "liisa@l.example", Subject: "2", Text: "b", ID: "2@x", ReplyTo: "1@x"}, w.anna)
	w.arrives(letter{From: "liisa@l.example", To: "pekka@kaukoranta.example", Subject: "3", Text: "c", ID: "3@x", ReplyTo: "2@x"}, w.pekka)
	m, err := s.Mail(w.ctx, w.anna, first)
	w.check(err)
	rows, err := s.Conversation(w.ctx, w.ritva, m.Conversation)
	w.check(err)
	var got []string
	for _, r := range rows {
		got = append(got, r.Subject)
	}
	if strings.Join(got, "") != "123" {
		t.Errorf("the conversation is %v", got)
	}
	_, err = s.Conversation(w.ctx, w.ritva, 1<<40)
	w.refused(err, crm.KindNotFound, "")
}

func testNotes(t *testing.T, s *store.Store) {
	w := newWorld(t, s)
	c := w.customer("Liisa", "liisa@l.example")
	other := w.customer("Olli", "olli@o.example")
	n, err := s.AddNote(w.ctx, w.anna, crm.Note{Customer: c.ID, Staff: w.pekka.Staff, Body: "  Ikkunapaikka, aina. ", At: time.Now().Add(time.Hour)})
	w.check(err)
	if n.ID == 0 || n.Staff != w.anna.Staff || n.Kind != crm.NoteKindNote || n.Body != "Ikkunapaikka, aina." || n.At.After(time.Now()) {
		t.Errorf("the note is %+v", n)
	}
	again, err := s.AddNote(w.ctx, w.anna, crm.Note{Customer: c.ID, Body: n.Body, At: n.At})
	w.check(err)
	if again.ID != n.ID {
		t.Errorf("the same note again is %+v", again)
	}
	_, err = s.AddNote(w.ctx, w.anna, crm.Note{Customer: c.ID, Body: " \n"})
	w.refused(err, crm.KindInvalid, "note")
	_, err = s.AddNote(w.ctx, w.anna, crm.Note{Customer: c.ID, Kind: "gossip", Body: "x"})
	w.refused(err, crm.KindInvalid, "kind")
	_, err = s.AddNote(w.ctx, w.anna, crm.Note{Customer: 1 << 40, Body: "x"})
	w.refused(err, crm.KindNotFound, "")
	_, err = s.AddNote(w.ctx, w.anna, crm.Note{Customer: c.ID, Contact: other.Contacts[0].ID, Body: "x"})
	w.refused(err, crm.KindInvalid, "contact")
	gone := w.customer("Elisa", "elisa@l.example")
	_, err = s.Merge(w.ctx, w.anna, other.ID, gone.ID, false)
	w.check(err)
	late, err := s.AddNote(w.ctx, w.anna, crm.Note{Customer: gone.ID, Body: "from a page that was open"})
	w.check(err)
	if items := w.timeline(w.pekka, other.ID, 10); late.Customer != other.ID || len(items) != 1 {
		t.Errorf("a note on a merged customer is on %d; the kept one has %+v", late.Customer, items)
	}
	if items := w.timeline(w.pekka, c.ID, 10); len(items) != 1 || items[0].Note.Body != n.Body || items[0].Staff != "Anna" {
		t.Errorf("the timeline has %+v", items)
	}
}

// What changes is told to those who listen, after it can be read.
func testEvents(t *testing.T, s *store.Store) {
	w := newWorld(t, s)
	c := w.customer("Liisa", "liisa@l.example")
	events := s.Subscribe(t.Context())
	next := func() crm.Event {
		select {
		case e := <-events:
			return e
		case <-time.After(10 * time.Second):
			t.Fatal("nothing was told")
			return crm.Event{}
		}
	}
	m := w.arrives(letter{From: "liisa@l.example", To: "anna@kaukoranta.example", Subject: "s", Text: "t"}, w.anna)
	if e := next(); e != (crm.Event{Kind: "mail", Customer: c.ID, Message: m}) {
		t.Errorf("of a mail: %+v", e)
	}
	w.check(s.SetPrivate(w.ctx, w.anna, m, true))
	if e := next(); e != (crm.Event{Kind: "mail", Customer: c.ID}) {
		t.Errorf("of a mark: %+v", e)
	}
	_, err := s.AddNote(w.ctx, w.anna, crm.Note{Customer: c.ID, Body: "b"})
	w.check(err)
	if e := next(); e != (crm.Event{Kind: "note", Customer: c.ID}) {
		t.Errorf("of a note: %+v", e)
	}
	boxes, err := s.Mailboxes(w.ctx, w.anna)
	w.check(err)
	w.check(s.SetMailboxState(w.ctx, boxes[0].ID, crm.MailboxFollowed, "", time.Now()))
	if e := next(); e != (crm.Event{Kind: "mailbox", Mailbox: boxes[0].ID}) {
		t.Errorf("of a mailbox: %+v", e)
	}
	w.check(s.SetMailboxState(w.ctx, boxes[0].ID, crm.MailboxFollowed, "", time.Now())) // nothing new: nothing told
	w.check(s.RemoveMailbox(w.ctx, w.ritva, boxes[1].ID))
	if e := next(); e.Mailbox != boxes[1].ID {
		t.Errorf("of nothing: %+v", e)
	}
}

// What colleagues change is told even where no mail moves.
func testEventsOfChanges(t *testing.T, s *store.Store) {
	w := newWorld(t, s)
	a, b := w.customer("Liisa", "liisa@l.example"), w.customer("Lasse", "lasse@l.example")
	merge := crm.MergeID(0)
	for what, change := range []func() error{
		func() error {
			return s.AddAddress(w.ctx, w.anna, a.Contacts[0].ID, crm.ContactAddress{Address: "l@home.example"})
		},
		func() error { return s.RemoveAddress(w.ctx, w.anna, a.Contacts[0].ID, "l@home.example") },
		func() (err error) { _, err = s.SetCustomerLanguage(w.ctx, w.anna, a.ID, "fi"); return err },
		func() (err error) { merge, err = s.Merge(w.ctx, w.anna, a.ID, b.ID, false); return err },
		func() error { return s.Unmerge(w.ctx, w.anna, merge) },
		func() (err error) { _, err = s.ConfirmOrganisation(w.ctx, w.anna, "l.example", "L"); return err },
		func() error { return s.RemoveDomain(w.ctx, w.anna, "l.example") },
	} {
		told := s.Subscribe(t.Context())
		w.check(change())
		found := false
		for len(told) > 0 {
			found = <-told == crm.Event{Kind: "mail", Customer: a.ID} || found
		}
		if !found {
			t.Errorf("nothing is told of change %d", what)
		}
	}
}

// A question that is opened or closed is told, one about a private mail only
// with its number, so that nobody hears of it who may not see it; one that is
// asked already is not told again.
func testEventsOfQuestions(t *testing.T, s *store.Store) {
	w := newWorld(t, s)
	w.customer("Dora Dorsey", "dora@acme.example")
	w.arrives(letter{From: "anna@kaukoranta.example", To: "dora@acme.example", Subject: "Offer", ID: "o1"}, w.anna)
	events := s.Subscribe(t.Context())
	told := func(want ...crm.Event) {
		t.Helper()
		var got []crm.Event
		for len(events) > 0 {
			if e := <-events; e.Kind == "question" {
				got = append(got, e)
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("of questions is told %+v, want %+v", got, want)
		}
	}
	plain := crm.Event{Kind: "question"}
	m := w.arrives(letter{From: "Mallory <m@evil.example>", To: "anna@kaukoranta.example", Subject: "Re: Offer", ID: "m1", ReplyTo: "o1"}, w.anna)
	told(plain)
	w.check(s.Rematch(w.ctx))
	told()
	w.check(s.SetPrivate(w.ctx, w.anna, m, true))
	told(plain)
	w.check(s.SetPrivate(w.ctx, w.anna, m, true)) // as it was
	told()
	if open := w.open(); len(open) != 0 { // Ritva, who asks, does not hold it
		t.Fatalf("the queue has %+v", open)
	}
	mine, err := s.Reviews(w.ctx, w.anna, 10)
	w.check(err)
	w.check(s.DecideReview(w.ctx, w.anna, mine[0].ID, false))
	told(crm.Event{Kind: "question", Message: m})
	w.check(s.SetPrivate(w.ctx, w.anna, m, false))
	told() // none is open any more
}
