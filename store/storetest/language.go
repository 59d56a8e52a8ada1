package storetest

import (
	"reflect"
	"testing"
	"time"

	"kaveri/crm"
	"kaveri/store"
)

// testLanguages: mails of people to the firm are looked at once, and their
// customer has the language of most of the last, unless somebody has said it.
func testLanguages(t *testing.T, s *store.Store) {
	w := newWorld(t, s)
	c := w.customer("Liisa", "liisa@l.example")
	language := func() string {
		cu, err := s.Customer(w.ctx, w.anna, c.ID)
		w.check(err)
		return cu.Language
	}
	from := func(text string) crm.MessageID {
		return w.arrives(letter{From: "liisa@l.example", To: "anna@kaukoranta.example", Subject: text, Text: text}, w.anna)
	}
	one, two := from("Hei"), from("Hei\n> hello")
	ours := w.arrives(letter{From: "anna@kaukoranta.example", To: "liisa@l.example", Subject: "s", Text: "Terve"}, w.anna)
	w.arrives(letter{From: "liisa@l.example", To: "anna@kaukoranta.example", Subject: "s", Text: "Poissa", Class: crm.ClassAutoReply}, w.anna)
	list, err := s.Unenriched(w.ctx, 10)
	w.check(err)
	for i := range list {
		list[i].At = time.Time{}
	}
	liisa := crm.Party{Address: "liisa@l.example"}
	if len(list) != 3 || list[0] != (crm.WrittenText{ID: one, Text: "Hei", Author: liisa}) || list[1] != (crm.WrittenText{ID: two, Text: "Hei\n       ", Author: liisa}) || list[2] != (crm.WrittenText{ID: ours}) {
		t.Fatalf("to be looked at: %v", list)
	}
	w.check(s.Enrich(w.ctx, []crm.Reading{{ID: one, Language: "sv"}, {ID: two}, {ID: ours}}))
	if list, err := s.Unenriched(w.ctx, 10); err != nil || len(list) != 0 {
		t.Errorf("looked at and still to be: %v, %v", list, err)
	}
	for id, want := range map[crm.MessageID]string{one: "sv", two: ""} {
		if m, err := s.Mail(w.ctx, w.anna, id); err != nil || m.Language != want {
			t.Errorf("the mail's language is %q (%v), want %q", m.Language, err, want)
		}
	}
	if language() != "sv" {
		t.Errorf("after one Swedish mail: %q", language())
	}
	w.check(s.Enrich(w.ctx, []crm.Reading{{ID: from("a"), Language: "fi"}}))
	if language() != "fi" {
		t.Errorf("of equals the last: %q", language())
	}
	if _, err := s.SetCustomerLanguage(w.ctx, w.anna, c.ID, "Suomi"); err != nil {
		w.refused(err, crm.KindInvalid, "language")
	}
	cu, err := s.SetCustomerLanguage(w.ctx, w.anna, c.ID, "en")
	w.check(err)
	w.check(s.Enrich(w.ctx, []crm.Reading{{ID: from("b"), Language: "fi"}, {ID: from("c"), Language: "fi"}}))
	if language() != "en" || !cu.LanguageSaid {
		t.Errorf("what a person said was overwritten: %q", language())
	}
	if cu, err = s.SetCustomerLanguage(w.ctx, w.anna, c.ID, ""); err != nil || cu.Language != "fi" || cu.LanguageSaid {
		t.Errorf("left to the mail again: %q, %v", cu.Language, err)
	}
	if _, err := s.SetCustomerLanguage(w.ctx, crm.Viewer{}, c.ID, "de"); crm.KindOf(err) != crm.KindNotFound {
		t.Errorf("a stranger set it: %v", err)
	}
}

// testAbsence: what an automatic answer tells is kept with it.
func testAbsence(t *testing.T, s *store.Store) {
	w := newWorld(t, s)
	w.customer("Liisa", "liisa@l.example")
	d := w.delivery(letter{From: "liisa@l.example", To: "anna@kaukoranta.example", Subject: "Poissa", Text: "Palaan 5.5.", Class: crm.ClassAutoReply}, w.clock)
	d.Folder, d.UIDValidity, d.UID = w.boxes[w.anna.Staff], 1, 1
	want := &crm.Absence{Until: time.Date(2026, 5, 5, 0, 0, 0, 0, time.UTC), Left: true, Instead: []crm.Address{"olli@l.example"}, Line: "Palaan 5.5."}
	d.Message.Absence = want
	out, err := s.Deliver(w.ctx, []crm.Delivery{d})
	w.check(err)
	m, err := s.Mail(w.ctx, w.anna, out[0].Message)
	w.check(err)
	if !reflect.DeepEqual(m.Absence, want) {
		t.Errorf("kept: %+v, want %+v", m.Absence, want)
	}
}
