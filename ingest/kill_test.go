package ingest_test

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"kaveri/crm"
	"kaveri/ingest"
	"kaveri/internal/testproc"
	"kaveri/store"
)

// childDSN names the database of a test binary that runs as a child.
const childDSN = "KAVERI_CAPTURE_CHILD"

// TestMain lets the test binary be its own victim: with a database in its
// environment it captures into it, and is killed.
func TestMain(m *testing.M) {
	dsn := os.Getenv(childDSN)
	if dsn == "" {
		// The tests wait for disks and timers more than for processors.
		flag.Parse()
		if n := flag.Lookup("test.parallel"); n.Value.String() == n.DefValue {
			if err := n.Value.Set("5"); err != nil {
				panic(err) // it is a number
			}
		}
		os.Exit(m.Run())
	}
	if err := captureUntilKilled(dsn); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func captureUntilKilled(dsn string) error {
	ctx := context.Background()
	st, err := store.Open(ctx, dsn, store.Options{Key: storeKey})
	if err != nil {
		return err
	}
	log := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	_, err = ingest.New(ingest.Options{Store: &pulsing{Store: st}, Log: log, Backoff: 10 * time.Millisecond}).Sync(ctx, nil, nil)
	return errors.Join(err, st.Close())
}

// pulsing writes a byte to standard output around each write to the store, so
// that whoever listens can kill at every stage, however fast the machine is.
type pulsing struct{ *store.Store }

const (
	pulseListing  = 'l'
	pulseDelivery = 'd'
)

func pulse(b byte) { os.Stdout.Write([]byte{b}) }

func (p *pulsing) NewEpoch(ctx context.Context, f crm.FolderID, c crm.Cursor) error {
	pulse(pulseListing)
	return p.Store.NewEpoch(ctx, f, c)
}

func (p *pulsing) Listed(ctx context.Context, f crm.FolderID, c crm.Cursor, list []crm.Listed) error {
	pulse(pulseListing)
	return p.Store.Listed(ctx, f, c, list)
}

func (p *pulsing) Reconcile(ctx context.Context, f crm.FolderID, epoch uint32, present []uint32) ([]uint32, error) {
	pulse(pulseListing)
	return p.Store.Reconcile(ctx, f, epoch, present)
}

// killBatch is how many mails a child delivers at once: few, so that there are
// many transactions to be killed in.
const killBatch = 8

func (p *pulsing) Deliver(ctx context.Context, ds []crm.Delivery) ([]crm.Outcome, error) {
	var all []crm.Outcome
	for len(ds) > 0 {
		n := min(killBatch, len(ds))
		pulse(pulseDelivery)
		out, err := p.Store.Deliver(ctx, ds[:n])
		if err != nil {
			return nil, err
		}
		pulse(pulseDelivery)
		all, ds = append(all, out...), ds[n:]
	}
	return all, nil
}

// newSeed gives the seed of a test's random moments: that of the environment,
// to run a failure again, or a new one. It is printed.
func newSeed(t testing.TB) *rand.Rand {
	t.Helper()
	seed := uint64(time.Now().UnixNano())
	if s := os.Getenv("KAVERI_SEED"); s != "" {
		var err error
		if seed, err = strconv.ParseUint(s, 10, 64); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("KAVERI_SEED=%d", seed)
	return rand.New(rand.NewPCG(seed, 0))
}

// Killed at random moments while it captures, and started again: nothing is
// lost, nothing doubled.
func TestKill(t *testing.T) {
	t.Parallel()
	kills, deliveries := sized(8, 30), sized(600, 5000)
	o := newOffice(t, 5, deliveries, 4)
	snaps := o.snapshots()
	onBothEngines(t, func(t *testing.T, dsn string) {
		r := newSeed(t)
		st := openStore(t, dsn, nil)
		o.enrol(t, st, o.Addr(), crm.PolicyAll)
		o.seed(t, st)
		if err := st.Close(); err != nil {
			t.Fatal(err)
		}
		db := openDatabase(t, dsn)
		killed, early := 0, 0
		var left []int
		for range kills {
			// One kill in four falls anywhere, also while folders are listed, the
			// others while mail is stored, after as many pulses as will bring most
			// of the load in.
			what, after := string(pulseDelivery), 1+r.IntN(deliveries/killBatch*4/kills)
			if r.IntN(4) == 0 {
				what, after = string(pulseListing)+string(pulseDelivery), 1+r.IntN(60)
			}
			if runAndKill(t, dsn, what, after, time.Duration(r.IntN(3000))*time.Microsecond) {
				killed++
			} else {
				early++
			}
			left = append(left, deliveries-db.number(`SELECT count(*) FROM sightings`))
		}
		if early > kills/2 {
			t.Errorf("%d of %d runs ended before they were killed: the load is too small", early, kills)
		}
		st = openStore(t, dsn, nil)
		sum := syncAll(t, st)
		db.checkWhole(o, snaps)
		db.checkAttached(o, func(string) bool { return true })
		checkCensus(t, st, snaps)
		t.Logf("killed %d times with %v mails left; %d left to the last run; 0 lost, 0 doubled; %s", killed, left, sum.Stored, db.counts())
	})
}

// runAndKill runs a child, counts its pulses of the given kinds, and kills it a
// moment after so many of them. It reports whether the child was still running.
func runAndKill(t *testing.T, dsn, kinds string, after int, moment time.Duration) bool {
	t.Helper()
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer read.Close()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	var said strings.Builder
	cmd := exec.Command(exe)
	cmd.Env = append(os.Environ(), childDSN+"="+dsn)
	cmd.Stdout, cmd.Stderr = write, &said
	proc, err := testproc.Start(cmd, nil, syscall.SIGKILL)
	if err != nil {
		t.Fatal(err)
	}
	defer proc.Kill()
	write.Close()
	pulses := bufio.NewReader(read)
	for after > 0 {
		b, err := pulses.ReadByte()
		if errors.Is(err, io.EOF) {
			if err := proc.Err(); err != nil {
				t.Errorf("a child ended by itself: %v\n%s", err, said.String())
			}
			return false
		}
		if err != nil {
			t.Fatal(err)
		}
		if strings.IndexByte(kinds, b) >= 0 {
			after--
		}
	}
	go io.Copy(io.Discard, pulses) // or the child would stop at a full pipe
	select {
	case <-time.After(moment):
		proc.Kill()
		return true
	case <-proc.Done():
		return false
	}
}
