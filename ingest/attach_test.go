package ingest_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"kaveri/crm"
	"kaveri/internal/mailgen"
)

// Under the policy "known" the mail of customers on a list comes in whole and
// right, and nobody else's: neither newsletters nor robots nor strangers.
func TestAttachKnownCustomers(t *testing.T) {
	t.Parallel()
	o := newOffice(t, 2, sized(600, 10_000), 6)
	onBothEngines(t, func(t *testing.T, dsn string) {
		st := openStore(t, dsn, nil)
		o.enrol(t, st, o.Addr(), crm.PolicyKnown)
		o.seed(t, st)
		syncAll(t, st)
		db := openDatabase(t, dsn)
		db.checkConsistent()
		linked := db.checkAttached(o, func(string) bool { return true })
		links := db.links()
		for sum, tr := range o.truths {
			if s := links[sum]; s != nil && len(s.links) == 0 {
				t.Errorf("stored although it belongs to nobody: %s mail from %s, %q", tr.Kind, tr.From, tr.Subject)
			}
		}
		if n := db.number(`SELECT count(*) FROM customers`); n != len(o.customers) {
			t.Errorf("%d customers; %d were seeded, and nobody else is one", n, len(o.customers))
		}
		checkCensus(t, st, o.snapshots())
		t.Logf("%d copies of customers' mails on the right customer, 0 on a wrong one; %s", linked, db.counts())
	})
}

// Customers that come by a list after their mail was withheld: it is fetched
// now, and as if they had been known before.
func TestAttachCustomersAddedLater(t *testing.T) {
	t.Parallel()
	o := newOffice(t, 3, sized(300, 5000), 4)
	onBothEngines(t, func(t *testing.T, dsn string) {
		st := openStore(t, dsn, nil)
		o.enrol(t, st, o.Addr(), crm.PolicyKnown)
		before := syncAll(t, st)
		o.seed(t, st)
		after := syncAll(t, st)
		db := openDatabase(t, dsn)
		db.checkConsistent()
		linked := db.checkAttached(o, func(string) bool { return true })
		checkCensus(t, st, o.snapshots())
		t.Logf("%d mails stored before the list, %d after; %d copies of customers' mails", before.Stored, after.Stored, linked)
	})
}

// twoWay gives the customers' addresses with which human mail has gone both
// ways, by the truth.
func (o *office) twoWay() map[string]bool {
	wrote, answered := map[string]bool{}, map[string]bool{}
	for _, tr := range o.truths {
		if tr.Kind != mailgen.KindCase {
			continue
		}
		for _, a := range tr.addresses {
			switch {
			case strings.HasSuffix(a, "@"+o.domain):
			case tr.Direction == mailgen.In:
				wrote[a] = true
			default:
				answered[a] = true
			}
		}
	}
	for a := range wrote {
		if !answered[a] {
			delete(wrote, a)
		}
	}
	return wrote
}

// Nobody is known at first. Those with whom people correspond become customers
// by themselves; of everybody else's mail nothing is kept, not a word of it in
// the database file; and when a stranger is answered, the mail is fetched.
func TestAttachByCorrespondence(t *testing.T) {
	t.Parallel()
	o := newOffice(t, 4, sized(600, 10_000), 6)
	const canaries = 5
	staff := o.staff[2]
	for i := range canaries {
		from := fmt.Sprintf("Kanarialintu%d Tuntematon <kanaria%d@vieraskaupunki.example>", i, i)
		o.Deliver(staff.User(), "INBOX", mail(fmt.Sprintf("lintu%d", i), from, staff.Addresses[0], fmt.Sprintf("Laulukilpailu%d", i), fmt.Sprintf("Sirkutus%d kaikuu.", i)), time.Now())
	}
	before := o.snapshots()
	twoWay := o.twoWay()
	onBothEngines(t, func(t *testing.T, dsn string) {
		st := openStore(t, dsn, nil)
		o.enrol(t, st, o.Addr(), crm.PolicyKnown)
		sum := syncAll(t, st)
		db := openDatabase(t, dsn)
		db.checkConsistent()
		if n := db.number(`SELECT count(*) FROM uids WHERE state <> 'withheld'`); n != 0 {
			t.Errorf("the sync left %d UIDs waiting", n)
		}
		var contacts []string
		for _, r := range db.each(1, `SELECT a.address FROM contact_addresses c JOIN addresses a ON a.id = c.address_id`) {
			contacts = append(contacts, r[0])
			if !twoWay[r[0]] {
				t.Errorf("%s became a contact without correspondence", r[0])
			}
		}
		for a := range twoWay {
			if !slices.Contains(contacts, a) {
				t.Errorf("%s corresponds with us and is no contact", a)
			}
		}
		linked := db.checkAttached(o, func(a string) bool { return twoWay[a] })
		checkCensus(t, st, before)
		t.Logf("%d correspondents became customers; %d copies of their mails on the right one; %d mails stored, %d withheld unfetched", len(contacts), linked, sum.Stored, db.number(`SELECT count(*) FROM uids`))

		subject := o.storedSubject(t, db)
		absent := []string{"tuntematon", "kanarialintu", "kanaria", "vieraskaupunki", "laulukilpailu", "sirkutus", "lintu0@test"}
		checkBytes(t, db, dsn, []string{subject}, absent)

		// Somebody answers number 0.
		answer := mail("vastaus-"+st.Engine(), staff.Addresses[0], "kanaria0@vieraskaupunki.example", "VS: Laulukilpailu0", "Kiitos sirkutuksesta.",
			"In-Reply-To: <lintu0@test.example>\r\n", "References: <lintu0@test.example>\r\n")
		uid := o.Append(staff.User(), "Sent", answer, time.Now())
		defer o.Expunge(staff.User(), "Sent", uid)
		syncAll(t, st)
		db.checkConsistent()
		if n := db.number(`SELECT count(*) FROM links l JOIN contact_addresses c ON c.contact_id = l.contact_id JOIN addresses a ON a.id = c.address_id WHERE a.address = 'kanaria0@vieraskaupunki.example'`); n != 2 {
			t.Errorf("the stranger who was answered has %d mails, want the question and the answer", n)
		}
		checkBytes(t, db, dsn, []string{"laulukilpailu0", "kanaria0"}, []string{"laulukilpailu1", "kanaria1", "laulukilpailu4", "sirkutus3"})
	})
}

// storedSubject gives a subject that is stored and plain ASCII.
func (o *office) storedSubject(t *testing.T, db database) string {
	for _, r := range db.each(1, `SELECT subject FROM messages ORDER BY id`) {
		if len(r[0]) > 8 && strings.IndexFunc(r[0], func(c rune) bool { return c > 126 }) < 0 {
			return r[0]
		}
	}
	t.Fatal("no subject is stored")
	return ""
}

// checkBytes looks for texts in the bytes of the database, whatever the case:
// in the files of an SQLite, in every row of a PostgreSQL, and in what is kept
// compressed.
func checkBytes(t *testing.T, db database, dsn string, present, absent []string) {
	t.Helper()
	var all []byte
	if path, ok := strings.CutPrefix(dsn, "sqlite://"); ok {
		files, err := filepath.Glob(path + "*")
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			if info, err := os.Stat(file); err != nil || !info.Mode().IsRegular() {
				continue
			}
			b, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, b...)
		}
	} else {
		for _, table := range db.each(1, `SELECT CAST(table_name AS TEXT) FROM information_schema.tables WHERE table_schema = 'public'`) {
			for _, row := range db.each(1, `SELECT CAST(x.* AS TEXT) FROM `+table[0]+` x`) {
				all = append(append(all, row[0]...), '\n')
			}
		}
	}
	for _, compressed := range []string{`SELECT id, zstd FROM raws`, `SELECT id, body FROM messages`} {
		for _, text := range db.unpacked(compressed) {
			all = append(all, text...)
		}
	}
	all = bytes.ToLower(all)
	for _, s := range present {
		if !bytes.Contains(all, []byte(strings.ToLower(s))) {
			t.Errorf("the database does not hold %q: this test looks in the wrong place", s)
		}
	}
	for _, s := range absent {
		if i := bytes.Index(all, []byte(s)); i >= 0 {
			t.Errorf("the database holds %q: %q", s, all[max(0, i-40):min(len(all), i+60)])
		}
	}
}
