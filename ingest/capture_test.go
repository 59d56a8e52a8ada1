package ingest_test

import (
	"reflect"
	"testing"

	"kaveri/crm"
)

// Capture is complete and read-only: what the mailboxes hold is in the store,
// byte for byte and each mail once, and the mailboxes are as they were.
func TestCapture(t *testing.T) {
	t.Parallel()
	o := newOffice(t, 1, sized(1000, 20_000), 12)
	before := o.snapshots()
	onBothEngines(t, func(t *testing.T, dsn string) {
		st := openStore(t, dsn, nil)
		o.enrol(t, st, o.Addr(), crm.PolicyAll)
		o.seed(t, st)
		if err := st.Integrity(t.Context()); err != nil { // its connections remember an empty database now
			t.Error(err)
		}
		sum := syncAll(t, st)
		if n := int64(len(onServer(before))); sum.Stored != n || sum.New != int64(o.letters) || sum.Listed != n || sum.Failed != 0 || sum.Withheld != 0 || sum.Bytes != o.bytes {
			t.Errorf("%+v; there are %d mails, %d different, of %d bytes", sum, n, o.letters, o.bytes)
		}
		db := openDatabase(t, dsn)
		db.checkWhole(o, before)
		checkCensus(t, st, before)
		linked := db.checkAttached(o, func(string) bool { return true })
		if n := db.number(`SELECT count(*) FROM customers`); n != len(o.customers) {
			t.Errorf("%d customers; %d were seeded, and nobody else is one", n, len(o.customers))
		}
		t.Logf("%d mails in %v; %s; %d copies name a customer", sum.Stored, sum.Elapsed.Round(1e6), db.counts(), linked)

		links := db.linkRows()
		if again := syncAll(t, st); again.Stored != 0 || again.New != 0 || again.Bytes != 0 || again.Listed != 0 || again.Failed != 0 {
			t.Errorf("a second sync did something: %+v", again)
		}
		db.checkWhole(o, before)
		if err := st.Integrity(t.Context()); err != nil {
			t.Error(err)
		}
		if !reflect.DeepEqual(links, db.linkRows()) {
			t.Error("a second sync changed the links")
		}
	})
	if after := o.snapshots(); !reflect.DeepEqual(before, after) {
		for user := range before {
			for folder, f := range before[user] {
				if g := after[user][folder]; !reflect.DeepEqual(f, g) {
					t.Errorf("capture changed %s %s: UIDVALIDITY %d, UIDNEXT %d, %d mails; then %d, %d, %d", user, folder, f.UIDValidity, f.UIDNext, len(f.Mails), g.UIDValidity, g.UIDNext, len(g.Mails))
				}
			}
		}
		t.Error("capture changed the mailboxes")
	}
}
