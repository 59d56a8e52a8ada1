package ingest_test

import (
	"bytes"
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"kaveri/crm"
	"kaveri/ingest"
	"kaveri/store"
)

// failing is a store that refuses deliveries on command.
type failing struct {
	*store.Store
	poison    func(*crm.Delivery) bool // fails for good
	full      atomic.Bool              // the disk is full: nothing can be written
	delivered atomic.Int64
	refusals  atomic.Int64
	writes    sync.RWMutex
	room      atomic.Int64 // deliveries until the disk is full, when positive
}

var errDisk = crm.Unavailable(errors.New("no space left"), "the disk is full")

// down reports, and counts, that nothing can be written just now.
func (f *failing) down() bool {
	if f.full.Load() {
		f.refusals.Add(1)
		return true
	}
	return false
}

func (f *failing) Deliver(ctx context.Context, ds []crm.Delivery) ([]crm.Outcome, error) {
	f.writes.Lock() // the disk fills up when nothing is being written
	defer f.writes.Unlock()
	if room := f.room.Load(); room > 0 && f.delivered.Load() >= room {
		f.room.Store(0)
		f.full.Store(true)
	}
	if f.down() {
		return nil, errDisk
	}
	for i := range ds {
		if f.poison != nil && f.poison(&ds[i]) {
			return nil, errors.New("this mail is poison")
		}
	}
	f.delivered.Add(int64(len(ds)))
	return f.Store.Deliver(ctx, ds)
}

func (f *failing) Listed(ctx context.Context, folder crm.FolderID, c crm.Cursor, list []crm.Listed) error {
	f.writes.RLock()
	defer f.writes.RUnlock()
	if f.down() {
		return errDisk
	}
	return f.Store.Listed(ctx, folder, c, list)
}

func (f *failing) Fail(ctx context.Context, folder crm.FolderID, epoch uint32, failures []crm.Failure) (int, error) {
	f.writes.RLock()
	defer f.writes.RUnlock()
	if f.down() {
		return 0, errDisk
	}
	return f.Store.Fail(ctx, folder, epoch, failures)
}

func (f *failing) Reconcile(ctx context.Context, folder crm.FolderID, epoch uint32, present []uint32) ([]uint32, error) {
	f.writes.RLock()
	defer f.writes.RUnlock()
	if f.down() {
		return nil, errDisk
	}
	return f.Store.Reconcile(ctx, folder, epoch, present)
}

func (f *failing) SyncFolders(ctx context.Context, m crm.MailboxID, listed []crm.Folder) ([]crm.Folder, error) {
	if f.down() {
		return nil, errDisk
	}
	return f.Store.SyncFolders(ctx, m, listed)
}

func (f *failing) SetMailboxState(ctx context.Context, m crm.MailboxID, s crm.MailboxState, problem string, seen time.Time) error {
	if f.down() {
		return errDisk
	}
	return f.Store.SetMailboxState(ctx, m, s, problem, seen)
}

// A mail that cannot be stored is tried three times, with rests, and then kept
// aside with its bytes and the reason; it costs no other mail anything.
func TestQuarantine(t *testing.T) {
	t.Parallel()
	o := newOffice(t, 13, 200, 3)
	user := o.staff[2].User()
	poison := mail("myrkky", o.customers[0].Addresses[0], o.staff[2].Addresses[0], "Myrkky", "Tämä ei mene alas.")
	uid := uint32(o.Append(user, "INBOX", poison, time.Now()))
	snaps := o.snapshots()
	all := len(onServer(snaps))
	onBothEngines(t, func(t *testing.T, dsn string) {
		c := &clock{at: time.Now()}
		st := openStore(t, dsn, c.now)
		o.enrol(t, st, o.Addr(), crm.PolicyAll)
		db := openDatabase(t, dsn)
		sick := &failing{Store: st, poison: func(d *crm.Delivery) bool { return d.Message.Subject == "Myrkky" }}

		quarantined := func() []crm.Quarantined {
			q, err := st.Quarantine(t.Context(), crm.SystemViewer)
			if err != nil {
				t.Fatal(err)
			}
			return q
		}
		for try := 1; try <= store.MaxTries; try++ {
			if sum := syncAll(t, sick); sum.Failed != 1 {
				t.Errorf("try %d: %+v", try, sum)
			}
			if again := syncAll(t, sick); again.Failed != 0 || again.Bytes != 0 {
				t.Errorf("it was tried again without a rest: %+v", again)
			}
			if n := db.number(`SELECT count(*) FROM sightings`); n != all-1 {
				t.Fatalf("try %d: %d mails are stored, want %d", try, n, all-1)
			}
			if n := len(quarantined()); (n == 1) != (try == store.MaxTries) || n > 1 {
				t.Fatalf("after try %d, %d mails are in quarantine", try, n)
			}
			c.advance(10 * time.Minute)
		}
		if again := syncAll(t, sick); again.Failed != 0 || again.Bytes != 0 {
			t.Errorf("a quarantined mail was fetched again: %+v", again)
		}
		q := quarantined()[0]
		if q.UID != uid || q.MailboxName != user || q.FolderName != "INBOX" || q.Tries != store.MaxTries || q.Reason != "this mail is poison" {
			t.Errorf("quarantine: %+v", q)
		}
		if raw, err := st.QuarantinedRaw(t.Context(), crm.SystemViewer, q.Folder, q.UID); err != nil || !bytes.Equal(raw, poison) {
			t.Errorf("its bytes: %q, %v", raw, err)
		}
		checkCensus(t, st, snaps)

		if err := st.RetryQuarantined(t.Context(), crm.SystemViewer, q.Folder, q.UID); err != nil {
			t.Fatal(err)
		}
		if sum := syncAll(t, st); sum.Stored != 1 || sum.Failed != 0 {
			t.Errorf("after the cure: %+v", sum)
		}
		db.checkSightings(snaps)
		db.checkConsistent()
		if n := len(quarantined()) + db.number(`SELECT count(*) FROM quarantine`) + db.number(`SELECT count(*) FROM uids`); n != 0 {
			t.Errorf("%d rows are left of it", n)
		}
		checkCensus(t, st, snaps)
	})
}

// The disk fills up in the middle of capture: nothing advances, no mail is
// blamed, and when there is room everything goes on by itself.
func TestDiskFull(t *testing.T) {
	t.Parallel()
	o := newOffice(t, 14, 300, 3)
	snaps := o.snapshots()
	onBothEngines(t, func(t *testing.T, dsn string) {
		st := openStore(t, dsn, nil)
		o.enrol(t, st, o.Addr(), crm.PolicyAll)
		db := openDatabase(t, dsn)
		sick := &failing{Store: st}
		sick.room.Store(50)
		opts := quick(t, sick)
		opts.Workers = 1 // one batch at a time, so that the disk is full before all is stored
		opts.Log = nil
		serve(t, opts)
		eventually(t, soon, "the disk is full", sick.full.Load)
		rows := func() [3]int {
			return [3]int{db.number(`SELECT count(*) FROM sightings`), db.number(`SELECT count(*) FROM uids`), db.number(`SELECT count(*) FROM quarantine`)}
		}
		before := rows()
		seen := sick.refusals.Load()
		eventually(t, soon, "it is tried again", func() bool { return sick.refusals.Load() >= seen+3 })
		if after := rows(); after != before || before[0] >= 300 || before[2] != 0 {
			t.Errorf("sightings, UIDs waiting, failures: %v when the disk filled up, then %v", before, after)
		}
		sick.full.Store(false)
		took := eventually(t, soon, "everything is stored", func() bool { return db.number(`SELECT count(*) FROM sightings`) == 300 })
		t.Logf("%d mails stored before, %d refusals, all stored %v after there was room", before[0], sick.refusals.Load(), took.Round(time.Millisecond))
		db.checkWhole(o, snaps)
		checkCensus(t, st, snaps)
	})
}

// A service that is stopped while the disk is full stops, says that it has not
// finished, and loses nothing.
func TestDiskFullStops(t *testing.T) {
	t.Parallel()
	o := newOffice(t, 15, 100, 3)
	dsn := sqliteDSN(t)
	st := openStore(t, dsn, nil)
	o.enrol(t, st, o.Addr(), crm.PolicyAll)
	sick := &failing{Store: st}
	sick.room.Store(10)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	opts := quick(t, sick)
	opts.Log = nil
	go func() {
		_, err := ingest.New(opts).Sync(ctx, nil, nil)
		done <- err
	}()
	eventually(t, soon, "the disk is full", sick.full.Load)
	cancel()
	select {
	case err := <-done:
		if err == nil {
			t.Error("the sync says that all is well")
		}
	case <-time.After(soon):
		t.Fatal("the sync does not return")
	}
	syncAll(t, st)
	openDatabase(t, dsn).checkWhole(o, o.snapshots())
}
