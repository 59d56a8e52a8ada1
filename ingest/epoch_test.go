package ingest_test

import (
	"reflect"
	"testing"

	"kaveri/crm"
	"kaveri/internal/testdovecot"
	"kaveri/internal/testproxy"
)

// The server renumbers folders: every mail is found again under its new UID,
// by its envelope and almost without fetching, and stays where it was.
func TestEpoch(t *testing.T) {
	t.Parallel()
	o := newOffice(t, 7, sized(400, 5000), 3)
	user := o.staff[2].User()
	// Without Message-ID a mail cannot be recognised by its envelope: it is fetched again.
	o.post(user, "INBOX", mail("x", "Tunnukseton <t@toinen.example>", o.staff[2].Addresses[0], "Ilman tunnusta", "Hei!"), "Message-ID: <x@test.example>\r\n")
	onBothEngines(t, func(t *testing.T, dsn string) {
		proxy := testproxy.Start(t, o.Addr())
		st := openStore(t, dsn, nil)
		o.enrol(t, st, proxy.Addr(), crm.PolicyAll)
		o.seed(t, st)
		first := syncAll(t, st)
		passed := proxy.Passed()
		db := openDatabase(t, dsn)
		db.checkWhole(o, o.snapshots())
		links := db.linkRows()

		var renumbered int
		before := o.Snapshot(user)
		for _, folder := range testdovecot.StandardFolders {
			renumbered += len(before[folder].Mails)
			o.BumpUIDValidity(user, folder)
		}
		snaps := o.snapshots()
		for _, folder := range testdovecot.StandardFolders {
			if snaps[user][folder].UIDValidity == before[folder].UIDValidity {
				t.Fatalf("the server has not renumbered %s", folder)
			}
		}
		var size int64
		for _, tr := range o.truths {
			if tr.User == user {
				size += int64(tr.size)
			}
		}

		second := syncAll(t, st)
		db.checkWhole(o, snaps)
		checkCensus(t, st, snaps)
		if !reflect.DeepEqual(links, db.linkRows()) {
			t.Error("the links have changed")
		}
		if second.Stored == 0 {
			t.Error("the mail without Message-ID was not fetched again: this test tests less than it should")
		}
		if n, m := db.number(`SELECT count(*) FROM sightings`), len(onServer(snaps)); n != m {
			t.Errorf("%d sightings of %d mails: those of the earlier epoch are still there", n, m)
		}
		if second.New != 0 || second.Bytes*20 >= size {
			t.Errorf("%d mails are new and %d bytes were fetched again, of %d", second.New, second.Bytes, size)
		}
		t.Logf("%d of %d mails renumbered: %d bodies, %.2f %% of their bytes fetched again (%d bytes over the line at first, %d then, listings included)",
			renumbered, first.Stored, second.Stored, 100*float64(second.Bytes)/float64(size), passed, proxy.Passed()-passed)

		if third := syncAll(t, st); third.Stored != 0 || third.Bytes != 0 {
			t.Errorf("the next sync fetched again: %+v", third)
		}
	})
}
