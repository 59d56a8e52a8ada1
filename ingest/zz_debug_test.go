package ingest_test
import ("testing";"time";"fmt";"kaveri/crm";"kaveri/internal/testdovecot")
func TestZZ(t *testing.T){
	o := newOffice(t, 10, 0, 3)
	user, ours, theirs := o.staff[2].User(), o.staff[2].Addresses[0], o.customers[0].Addresses[0]
	dsn := sqliteDSN(t)
	st := openStore(t, dsn, nil)
	owner := o.found(t, st, crm.PolicyAll)
	o.addMailbox(t, st, owner, o.Addr(), user, testdovecot.Password)
	o.seed(t, st)
	db := openDatabase(t, dsn)
	events := st.Subscribe(t.Context())
	opts := quick(t, st)
	serve(t, opts)
	eventually(t, soon, "the folders are listed", func() bool { return db.number(`SELECT count(*) FROM folders WHERE low = 1`) == len(testdovecot.StandardFolders) })
	for i := range 30 {
		subject := fmt.Sprintf("Käväisy %d", i)
		at := time.Now()
		uid := o.Append(user, "INBOX", mail(fmt.Sprint("kay", i), theirs, ours, subject, "Hei!"), at)
		arrives(t, events, db, at, subject, "INBOX")
		o.Expunge(user, "INBOX", uid)
		b:=time.Now()
		for db.number(`SELECT count(*) FROM sightings WHERE gone_us = 0`) != 0 && time.Since(b)<3*time.Second { time.Sleep(20*time.Millisecond)}
		if time.Since(b)>2*time.Second {
			t.Fatal(i, uid, db.each(5, `SELECT name, uidvalidity, high, low, present FROM folders`), db.each(3,`SELECT uid, seen_us, gone_us FROM sightings`), o.Snapshot(user)["INBOX"])
		}
	}
}
