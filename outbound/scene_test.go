package outbound_test

import (
	"context"
	"flag"
	"fmt"
	"io"
	"iter"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"kaveri/campaigns"
	"kaveri/crm"
	"kaveri/internal/testpg"
	"kaveri/internal/testproc"
	"kaveri/internal/testsmtp"
	"kaveri/outbound"
	"kaveri/outbound/compose"
	"kaveri/store"
)

// childDSN names the database of a test binary that runs as a child.
const childDSN = "KAVERI_SEND_CHILD"

// TestMain lets the test binary be its own victim: with a database in its
// environment it sends from it, and is killed.
func TestMain(m *testing.M) {
	dsn := os.Getenv(childDSN)
	if dsn == "" {
		flag.Parse()
		os.Exit(m.Run())
	}
	if err := sendUntilKilled(dsn); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

var storeKey = []byte("a key of 32 bytes for the tests.")

// childLease is short, so that on PostgreSQL nobody waits for the dead long.
const childLease = time.Second

// crashAt names the point at which a child dies, 0 none.
const crashAt = "KAVERI_SEND_CRASH_AT"

func sendUntilKilled(dsn string) error {
	if k, err := strconv.ParseInt(os.Getenv(crashAt), 10, 64); err == nil {
		var n atomic.Int64
		outbound.AtPoints(func(where string) {
			if n.Add(1) == k {
				fmt.Fprintln(os.Stderr, "crashed at", where)
				syscall.Kill(os.Getpid(), syscall.SIGKILL)
				select {}
			}
		})
	}
	st, err := store.Open(context.Background(), dsn, store.Options{Key: storeKey})
	if err != nil {
		return err
	}
	defer st.Close()
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	signals := make(chan os.Signal, 1)
	notify(signals)
	go func() { <-signals; stop() }()
	onDisk(dsn)
	courier := outbound.NewCourier(outbound.CourierOptions{})
	defer courier.Close()
	log := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	return serviceWith(st, courier, outbound.Options{Now: time.Now, Lease: childLease, Poll: 20 * time.Millisecond, Log: log}).Run(ctx)
}

func newService(st *store.Store, courier *outbound.Courier, now func() time.Time) *outbound.Service {
	lease := childLease
	if time.Since(now()).Abs() > time.Minute {
		lease = 100 * time.Hour // the clock is the test's, and makes leaps
	}
	return serviceWith(st, courier, outbound.Options{Now: now, Lease: lease, Poll: 20 * time.Millisecond})
}

// serviceWith makes a service with these options and the tests' own parts.
func serviceWith(st *store.Store, courier *outbound.Courier, o outbound.Options) *outbound.Service {
	renderer, err := campaigns.NewRenderer(campaigns.RendererOptions{Keys: st.Keyring(), PublicURL: "https://mail.firm.example"})
	if err != nil {
		panic(err) // the options are constants
	}
	o.Ledger, o.Renderer, o.Composer, o.Keyring, o.Courier = st, renderer, compose.New(nil, o.Now), st.Keyring(), courier
	if o.Log == nil {
		o.Log = slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError}))
	}
	return outbound.New(o)
}

// engines runs a test on both databases.
func engines(t *testing.T, test func(t *testing.T, dsn string)) {
	if testing.Short() {
		t.Skip("needs PostgreSQL, and kills processes")
	}
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		test(t, "sqlite://"+filepath.ToSlash(filepath.Join(t.TempDir(), "kaveri.db")))
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		test(t, testpg.DSN(t))
	})
}

func openStore(t *testing.T, dsn string, now func() time.Time) *store.Store {
	t.Helper()
	st, err := store.Open(t.Context(), dsn, store.Options{Key: storeKey, Now: now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { st.Close() })
	return st
}

// mailing puts an audience of n on the ledger and starts it.
func mailing(t *testing.T, st *store.Store, sink *testsmtp.Sink, connections, n int, change func(*crm.Mailing)) crm.MailingID {
	t.Helper()
	return mailingBy(t, st, sink.Sender(), connections, n, change)
}

// mailingBy is mailing by way of this sender.
func mailingBy(t *testing.T, st *store.Store, s crm.Sender, connections, n int, change func(*crm.Mailing)) crm.MailingID {
	t.Helper()
	s.Name, s.Bounce, s.Connections = "sink", "bounce.firm.example", connections
	if _, err := st.AddSender(t.Context(), crm.SystemViewer, s); err != nil {
		t.Fatal(err)
	}
	m := crm.Mailing{Kind: crm.MailingAudience, Name: "autumn", From: crm.Party{Name: "Aino", Address: "aino@firm.example"},
		Template: crm.Template{Subject: "{{ name }}, autumn is here", Text: "Hello {{ name }},\n\nautumn is here.\n"}}
	if change != nil {
		change(&m)
	}
	m, sum, err := st.AddMailing(t.Context(), crm.SystemViewer, m, audience(n), nil)
	if err != nil || sum.Queued != n {
		t.Fatalf("%+v, %v", sum, err)
	}
	if err := st.StartMailing(t.Context(), crm.SystemViewer, m.ID); err != nil {
		t.Fatal(err)
	}
	return m.ID
}

func recipient(i int) crm.Address {
	return crm.Address(fmt.Sprintf("c%d@shop%d.example", i, i%20))
}

func audience(n int) iter.Seq2[crm.Recipient, error] {
	return func(yield func(crm.Recipient, error) bool) {
		for i := range n {
			if !yield(crm.Recipient{Row: i + 2, Address: recipient(i), Name: fmt.Sprintf("Customer %d", i)}, nil) {
				return
			}
		}
	}
}

// child starts the test binary as a sending process.
func child(t *testing.T, dsn string, env ...string) *testproc.Process {
	t.Helper()
	return childSaying(t, dsn, io.Discard, env...)
}

// childSaying is a child whose log is written to said.
func childSaying(t *testing.T, dsn string, said io.Writer, env ...string) *testproc.Process {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(exe)
	cmd.Env = append(append(os.Environ(), childDSN+"="+dsn), env...)
	cmd.Stderr = said
	p, err := testproc.Start(cmd, nil, syscall.SIGKILL)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Kill() })
	return p
}

// finish sends in this process until done says so of the counts.
func finish(t *testing.T, st *store.Store, id crm.MailingID, now func() time.Time, done func(crm.Recipients) bool) crm.Recipients {
	t.Helper()
	courier := outbound.NewCourier(outbound.CourierOptions{})
	defer courier.Close()
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- newService(st, courier, now).Run(ctx) }()
	counts := waitFor(t, st, id, done)
	stop()
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	return counts
}

func waitFor(t *testing.T, st *store.Store, id crm.MailingID, done func(crm.Recipients) bool) crm.Recipients {
	t.Helper()
	limit := time.After(2 * time.Minute)
	for {
		counts, err := st.MailingCounts(t.Context(), crm.SystemViewer, id)
		if err != nil && crm.KindOf(err) != crm.KindUnavailable { // a test may have cut the connection
			t.Fatal(err)
		}
		if err == nil && done(counts) {
			return counts
		}
		select {
		case <-limit:
			t.Fatalf("it goes on and on: %v", counts)
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// onlyDoubts reports that nothing is open but what waits for a person.
func onlyDoubts(r crm.Recipients) bool { return r.Open() == r[crm.Unknown] }

// inState lists the addresses in a state.
func inState(t *testing.T, st *store.Store, id crm.MailingID, state crm.DispatchState) map[crm.Address]crm.Dispatch {
	t.Helper()
	out := map[crm.Address]crm.Dispatch{}
	var page crm.PageKey
	for {
		list, next, err := st.Dispatches(t.Context(), crm.SystemViewer, id, state, page, 500)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range list {
			out[d.Address] = d
		}
		if next == (crm.PageKey{}) {
			return out
		}
		page = next
	}
}

// accepted counts what the sink took, by recipient.
func accepted(t *testing.T, file string) map[crm.Address]int {
	t.Helper()
	lines, err := testsmtp.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	out := map[crm.Address]int{}
	for _, l := range lines {
		out[crm.Address(l.Recipient)]++
	}
	return out
}

// removeSenders takes the senders of an earlier round away.
func removeSenders(t *testing.T, st *store.Store) {
	t.Helper()
	all, err := st.Senders(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range all {
		if err := st.RemoveSender(t.Context(), crm.SystemViewer, s.ID); err != nil {
			t.Fatal(err)
		}
	}
}
