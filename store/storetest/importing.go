package storetest

import (
	"fmt"
	"strings"
	"testing"

	"kaveri/crm"
	"kaveri/store"
)

// entry is an entry of an address book as a test tells it.
func entry(name string, phones []string, addresses ...crm.Address) store.ContactImport {
	return store.ContactImport{CustomerImport: store.CustomerImport{Name: name, Organisation: "Metsä Oy", Addresses: addresses, Phones: phones}}
}

// told puts steps into words.
func told(steps []crm.ImportStep) string {
	var out []string
	for _, s := range steps {
		out = append(out, strings.TrimSpace(fmt.Sprintf("%s %s %v %v %s", s.Verb, s.Name, s.Addresses, s.Phones, s.Reason)))
	}
	return strings.Join(out, "\n")
}

// everything counts all that an import could leave behind.
func (w *world) everything() string {
	w.Helper()
	var out []string
	for after := (crm.PageKey{}); ; {
		rows, next, err := w.s.Customers(w.ctx, w.anna, crm.CustomerQuery{After: after, Limit: 100})
		w.check(err)
		for _, r := range rows {
			cu, err := w.s.Customer(w.ctx, w.anna, r.ID)
			w.check(err)
			for _, c := range cu.Contacts {
				out = append(out, fmt.Sprintf("%s %s %v %v %d mails %d notes", cu.Name, c.Name, c.Addresses, c.Phones, r.Mails, r.Notes))
			}
		}
		if len(rows) == 0 || next == (crm.PageKey{}) {
			return strings.Join(out, "\n")
		}
		after = next
	}
}

// testImport: what is shown is what is done, and undoing it leaves what was.
func testImport(t *testing.T, s *store.Store) {
	w := newWorld(t, s)
	w.customer("Dora", "dora@acme.example", "dora@home.example")
	w.customer("Eve", "eve@acme.example")
	w.arrives(letter{From: "Carl <carl@shop.example>", To: "anna@kaukoranta.example", Subject: "Trip"}, w.anna)
	before := w.everything()
	list := []store.ContactImport{
		entry("Carl Berg", []string{"+358401"}, "carl@shop.example", "carl@work.example"),
		entry("Dora Dorsey", []string{"+358402"}, "dora@acme.example", "d.dorsey@new.example"),
		entry("", nil, "aino.ek@x.example"),
		entry("Carl B", []string{"+358401"}, "carl@work.example"), // met above
		entry("Two at once", nil, "eve@acme.example", "dora@home.example"),
		entry("Only a phone", []string{"1"}),
		entry("Anna", nil, "anna@kaukoranta.example"),
	}
	list[2].Note = "met in Oulu"
	want := `add Carl Berg [carl@shop.example carl@work.example] [+358401]
extend Dora Dorsey [d.dorsey@new.example] [+358402]
add Aino Ek [aino.ek@x.example] []
known Carl B [] []
known Two at once [] []
refuse Only a phone [] [1] it has no mail address
refuse Anna [] [] anna@kaukoranta.example is one of your own addresses`
	want = strings.ReplaceAll(want, "[] [1] it", "[] [] it")
	plan, err := s.PlanContactImport(w.ctx, w.anna, list)
	w.check(err)
	if got := told(plan); got != want {
		t.Errorf("planned\n%s\nwant\n%s", got, want)
	}
	if len(plan[4].Elsewhere) != 1 || plan[4].Elsewhere[0] != "dora@home.example" || plan[4].Owner != "Eve" {
		t.Errorf("of two people at once: %+v", plan[4])
	}
	if got := w.everything(); got != before {
		t.Errorf("planning has changed\n%s\ninto\n%s", before, got)
	}

	var done []crm.ImportStep
	id, err := s.ImportContacts(w.ctx, w.anna, "book.vcf", list, func(steps []crm.ImportStep) { done = append(done, steps...) })
	w.check(err)
	if got := told(done); got != want {
		t.Errorf("done\n%s\nwant\n%s", got, want)
	}
	after := w.everything()
	for _, line := range []string{"Carl Berg Carl Berg ", "1 mails", "aino.ek@x.example", "1 notes", "d.dorsey@new.example", "+358402"} {
		if !strings.Contains(after, line) {
			t.Errorf("%q is missing in\n%s", line, after)
		}
	}
	plan, err = s.PlanContactImport(w.ctx, w.anna, list)
	w.check(err)
	for _, p := range plan {
		if p.Verb == crm.ImportAdd || p.Verb == crm.ImportExtend {
			t.Errorf("once more would %+v", p)
		}
	}
	books, err := s.ContactImports(w.ctx, w.anna)
	w.check(err)
	if b := books[0]; len(books) != 1 || b.ID != id || b.Source != "book.vcf" || b.Staff != "Anna" || b.Customers != 2 || b.Addresses != 4 || b.Phones != 2 || !b.Undone.IsZero() {
		t.Errorf("imports %+v", books)
	}

	undone, err := s.UndoContactImport(w.ctx, w.anna, id)
	w.check(err)
	if undone.Customers != 2 || undone.Addresses != 4 || undone.Phones != 2 || undone.Notes != 1 || len(undone.Kept) > 0 {
		t.Errorf("undone %+v", undone)
	}
	if got := w.everything(); got != before {
		t.Errorf("undone, there is\n%s\nand was\n%s", got, before)
	}
	_, err = s.UndoContactImport(w.ctx, w.anna, id)
	w.refused(err, crm.KindConflict, "import")
	_, err = s.UndoContactImport(w.ctx, w.anna, 1<<40)
	w.refused(err, crm.KindNotFound, "import")
	_, err = s.ImportContacts(w.ctx, crm.Viewer{}, "", list, nil)
	w.refused(err, crm.KindForbidden, "")
	w.check(s.Integrity(w.ctx))
}

// testImportBuiltOn: undoing leaves what somebody has built on.
func testImportBuiltOn(t *testing.T, s *store.Store) {
	w := newWorld(t, s)
	id, err := s.ImportContacts(w.ctx, w.anna, "book.vcf", []store.ContactImport{entry("Noted", nil, "n@x.example"), entry("Kept", nil, "k@x.example"), entry("Merged", nil, "m@x.example"), entry("Gone", nil, "g@x.example")}, func([]crm.ImportStep) {})
	w.check(err)
	find := func(name string) crm.Customer {
		rows, _, err := s.Customers(w.ctx, w.anna, crm.CustomerQuery{Text: name, Limit: 5})
		w.check(err)
		if len(rows) != 1 {
			t.Fatalf("%d are called %s", len(rows), name)
		}
		c, err := s.Customer(w.ctx, w.anna, rows[0].ID)
		w.check(err)
		return c
	}
	_, err = s.AddNote(w.ctx, w.anna, crm.Note{Customer: find("Noted").ID, Body: "called"})
	w.check(err)
	_, err = s.Merge(w.ctx, w.anna, find("Kept").ID, find("Merged").ID, false)
	w.check(err)
	undone, err := s.UndoContactImport(w.ctx, w.anna, id)
	w.check(err)
	if undone.Customers != 1 || len(undone.Kept) != 3 {
		t.Errorf("undone %+v", undone)
	}
	if c := find("Noted"); len(c.Contacts) != 1 {
		t.Errorf("%+v", c)
	}
	w.check(s.Integrity(w.ctx))
}

// testImportRevivesNobody: whoever has opted out is not written to because of an
// import, by no address that it brings, and not after it is undone.
func testImportRevivesNobody(t *testing.T, s *store.Store) {
	w := newWorld(t, s)
	w.customer("Dora", "dora@acme.example")
	for _, p := range []crm.Suppression{{Address: "dora@acme.example", Reason: crm.SuppressedUnsubscribed}, {Address: "once@x.example", Reason: crm.SuppressedComplained}, {Address: "dead@x.example", Reason: crm.SuppressedBounced},
		{Address: "partly@x.example", Reason: crm.SuppressedUnsubscribed, Topic: "offers"}} {
		w.check(s.Suppress(w.ctx, p))
	}
	list := []store.ContactImport{
		entry("Dora", nil, "dora@acme.example", "dora@new.example"),
		entry("Dora again", nil, "dora@new.example", "dora@third.example"),
		entry("Once", nil, "once@x.example", "once@work.example"),
		entry("Moved", nil, "dead@x.example", "alive@x.example"),
		entry("Partly", nil, "partly@x.example", "also@x.example"),
	}
	plan, err := s.PlanContactImport(w.ctx, w.anna, list)
	w.check(err)
	id, err := s.ImportContacts(w.ctx, w.anna, "book.vcf", list, func(done []crm.ImportStep) {
		for i := range done {
			if fmt.Sprint(done[i].Stopped) != fmt.Sprint(plan[i].Stopped) {
				t.Errorf("%s: planned not to write to %v, done %v", done[i].Name, plan[i].Stopped, done[i].Stopped)
			}
		}
	})
	w.check(err)
	stopped := func() {
		t.Helper()
		for a, want := range map[crm.Address]bool{"dora@acme.example": true, "dora@new.example": true, "dora@third.example": true, "once@x.example": true, "once@work.example": true, "dead@x.example": true, "alive@x.example": false, "also@x.example": false} {
			if _, is, err := s.IsSuppressed(w.ctx, a, crm.MailingAudience, ""); err != nil || is != want {
				t.Errorf("%s: not written to: %t, %v; want %t", a, is, err, want)
			}
		}
		if _, is, err := s.IsSuppressed(w.ctx, "also@x.example", crm.MailingAudience, "offers"); err != nil || !is {
			t.Errorf("offers go to another address of who wants none: %v", err)
		}
	}
	stopped()
	undone, err := s.UndoContactImport(w.ctx, w.anna, id)
	w.check(err)
	if undone.Customers != 3 || len(undone.Kept) > 0 {
		t.Errorf("%+v", undone)
	}
	stopped()
	w.check(s.Integrity(w.ctx))
}

// Import measures an address book of 20,000 entries: what it would change
// (plan), doing it (import) and taking it back (undo).
func Import(b *testing.B, s *store.Store) {
	w := newWorld(b, s)
	const n = 20_000
	list := make([]store.ContactImport, n)
	for i := range list {
		list[i] = entry(fmt.Sprintf("Aino Väki %d", i), []string{fmt.Sprintf("+35840%07d", i)}, crm.Address(fmt.Sprintf("aino%d@x%d.example", i, i%3000)))
	}
	run := func(name string, f func()) {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				f()
			}
			b.ReportMetric(n*float64(b.N)/b.Elapsed().Seconds(), "contacts/s")
		})
	}
	run("plan", func() {
		_, err := s.PlanContactImport(w.ctx, w.anna, list)
		w.check(err)
	})
	run("import and undo", func() {
		id, err := s.ImportContacts(w.ctx, w.anna, "book.vcf", list, func([]crm.ImportStep) {})
		w.check(err)
		_, err = s.UndoContactImport(w.ctx, w.anna, id)
		w.check(err)
	})
	run("import", func() {
		for i := range list { // others each time
			list[i].Addresses[0] = "n" + list[i].Addresses[0]
		}
		_, err := s.ImportContacts(w.ctx, w.anna, "book.vcf", list, func([]crm.ImportStep) {})
		w.check(err)
	})
}
