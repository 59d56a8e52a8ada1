package ingest_test

import (
	"context"
	"math/rand/v2"
	"testing"
	"time"

	"kaveri/crm"
	"kaveri/ingest"
	"kaveri/internal/testproxy"
)

// cuts gives n distances in bytes between cuts: many fall into a greeting or a
// listing, the others into the bodies.
func cuts(r *rand.Rand, n int, most int64) func() int64 {
	return func() int64 {
		if n--; n < 0 {
			return 0
		}
		if r.IntN(3) == 0 {
			return 1 + r.Int64N(3000)
		}
		return 1 + r.Int64N(most)
	}
}

// The line breaks at random bytes while capture goes on: nothing is lost,
// nothing doubled, nothing cut short.
func TestCut(t *testing.T) {
	t.Parallel()
	n := sized(20, 50)
	o := newOffice(t, 6, sized(500, 3000), 3)
	snaps := o.snapshots()
	distance := o.bytes / int64(n)

	onBothEngines(t, func(t *testing.T, dsn string) {
		r := newSeed(t)
		proxy := testproxy.Start(t, o.Addr())
		st := openStore(t, dsn, nil)
		o.enrol(t, st, proxy.Addr(), crm.PolicyAll)
		o.seed(t, st)
		db := openDatabase(t, dsn)

		// First with Sync: it gives up after three tries and is called again.
		proxy.CutEach(cuts(r, n, distance))
		syncs := 0
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
		defer cancel()
		opts := quick(t, st)
		opts.Backoff = time.Millisecond
		for done := false; !done; syncs++ {
			_, err := ingest.New(opts).Sync(ctx, nil, nil)
			if ctx.Err() != nil {
				t.Fatalf("no end after %d syncs and %d cuts: %v", syncs, proxy.Cuts(), err)
			}
			done = err == nil
		}
		hit := proxy.Cuts()
		proxy.CutEach(nil)
		if last := syncAll(t, st); last.Stored != 0 {
			t.Errorf("a sync after a successful one stored %d mails", last.Stored)
		}
		db.checkWhole(o, snaps)
		db.checkAttached(o, func(string) bool { return true })
		checkCensus(t, st, snaps)
		if hit < n*3/4 {
			t.Errorf("only %d of %d cuts hit a connection", hit, n)
		}
		t.Logf("%d cuts, %d syncs, %d bytes fetched for %d of mail; %s", hit, syncs, proxy.Passed(), o.bytes, db.counts())
	})

	// Then under Run, which goes on by itself. Its wait doubles with each cut, so
	// there are fewer.
	t.Run("run", func(t *testing.T) {
		r := newSeed(t)
		proxy := testproxy.Start(t, o.Addr())
		dsn := sqliteDSN(t)
		st := openStore(t, dsn, nil)
		o.enrol(t, st, proxy.Addr(), crm.PolicyAll)
		o.seed(t, st)
		db := openDatabase(t, dsn)
		proxy.CutEach(cuts(r, 8, o.bytes/16))
		opts := quick(t, st)
		opts.Backoff = time.Millisecond
		_, stop := serve(t, opts)
		took := eventually(t, time.Minute, "all mail is stored", func() bool {
			return db.number(`SELECT count(*) FROM sightings`) == len(onServer(snaps))
		})
		stop()
		db.checkWhole(o, snaps)
		db.checkAttached(o, func(string) bool { return true })
		t.Logf("%d cuts; all stored after %v", proxy.Cuts(), took.Round(time.Millisecond))
	})
}
