package outbound_test

import (
	"bufio"
	"context"
	"io"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"kaveri/crm"
	"kaveri/internal/testpg"
	"kaveri/internal/testproxy"
	"kaveri/internal/testsmtp"
	"kaveri/outbound"
	"kaveri/store"
)

// filling is a mailing on its way while something befalls the ledger.
type filling struct {
	t     *testing.T
	st    *store.Store
	id    crm.MailingID
	file  string
	n     int
	taken atomic.Int64
	some  chan struct{} // closed when a part of the mails is taken
}

const fillingConnections = 4

func newFilling(t *testing.T, dsn string) *filling {
	f := &filling{t: t, n: 1000, some: make(chan struct{}), file: filepath.Join(t.TempDir(), "accepted")}
	sink := testsmtp.Start(t, testsmtp.Options{File: f.file, Taken: func(testsmtp.Mail) error {
		if f.taken.Add(1) == int64(f.n/5) {
			close(f.some)
		}
		return nil
	}})
	f.st = openStore(t, dsn, nil)
	f.id = mailing(t, f.st, sink, fillingConnections, f.n, nil)
	return f
}

// still checks that nothing more is sent; the sink had taken so many when the
// ledger could not be written any more. What was armed by then, and what was
// being armed, may still have gone.
func (f *filling) still(then int64) {
	f.t.Helper()
	time.Sleep(200 * time.Millisecond) // what was under way
	now := f.taken.Load()
	if more := now - then; more > 2*fillingConnections {
		f.t.Errorf("%d mails were sent after the ledger could not be written", more)
	}
	time.Sleep(200 * time.Millisecond) // whoever still sent would have by now
	if again := f.taken.Load(); again != now || again == int64(f.n) {
		f.t.Errorf("it said that mail waits after %d mails, and sent %d", now, again)
	}
}

// whole checks that everybody got one mail and nobody is in doubt: the process
// lived, and it knew.
func (f *filling) whole() {
	f.t.Helper()
	counts := waitFor(f.t, f.st, f.id, onlyDoubts)
	if counts[crm.Sent] != f.n {
		f.t.Errorf("in the end: %v", counts)
	}
	got := accepted(f.t, f.file)
	for i := range f.n {
		if k := got[recipient(i)]; k != 1 {
			f.t.Errorf("%s got %d mails", recipient(i), k)
		}
	}
}

// Scenario 4: the disk fills in the middle of a mailing. Sending stops within
// one batch, it is said why, and when there is room it goes on: nobody gets two
// mails, and nobody is in doubt.
func TestScenario4DiskFull(t *testing.T) {
	if testing.Short() {
		t.Skip("starts processes")
	}
	dsn := "sqlite://" + filepath.ToSlash(filepath.Join(t.TempDir(), "kaveri.db"))
	f := newFilling(t, dsn)
	said, log := io.Pipe()
	p := childSaying(t, dsn, log)
	lines := bufio.NewScanner(said)
	until := func(what string) string {
		t.Helper()
		for lines.Scan() {
			if strings.Contains(lines.Text(), what) {
				return lines.Text()
			}
		}
		t.Fatalf("the child does not say %q", what)
		return ""
	}
	<-f.some
	tell := func(s syscall.Signal) {
		t.Helper()
		if err := syscall.Kill(p.PID(), s); err != nil {
			t.Fatal(err)
		}
		until("the disk is told: ")
	}
	tell(diskFull)
	then := f.taken.Load()
	if why := until("mail waits"); !strings.Contains(why, "the disk is full, or a limit keeps files from growing; make room and everything goes on by itself") {
		t.Errorf("it says %s", why)
	}
	f.still(then)
	tell(diskRoom)
	go io.Copy(io.Discard, said) // the rest of what it says
	f.whole()
}

// sending sends in this process until the test ends.
func (f *filling) sending() *outbound.Service {
	courier := outbound.NewCourier(outbound.CourierOptions{})
	service := newService(f.st, courier, time.Now)
	ctx, stop := context.WithCancel(f.t.Context())
	ended := make(chan error, 1)
	go func() { ended <- service.Run(ctx) }()
	f.t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			f.t.Error(err)
		}
		courier.Close()
	})
	return service
}

// The same with a database that can only be read for a while.
func TestScenario4ReadOnly(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a PostgreSQL server")
	}
	dsn := testpg.DSN(t)
	f := newFilling(t, dsn)
	service := f.sending()
	<-f.some
	testpg.Admin(t, dsn, `ALTER DATABASE %s SET default_transaction_read_only = on`)
	then := f.taken.Load()
	for why := ""; !strings.Contains(why, "the database can only be read just now"); why = service.Status().Problem {
		time.Sleep(10 * time.Millisecond)
	}
	f.still(then)
	testpg.Admin(t, dsn, `ALTER DATABASE %s RESET default_transaction_read_only`)
	f.whole()
	if st := service.Status(); !st.Sending || st.Problem != "" {
		t.Errorf("in the end it says %+v", st)
	}
}

// The connection to the database breaks again and again, anywhere in a
// transaction, while mail is sent: nobody gets two mails, nobody none, and
// nobody is in doubt.
func TestLostDatabase(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a PostgreSQL server")
	}
	var proxy *testproxy.Proxy
	f := newFilling(t, testpg.Through(t, func(socket string) string {
		proxy = testproxy.Start(t, socket)
		return proxy.Addr()
	}))
	f.sending()
	<-f.some
	cuts := 0
	proxy.CutEach(func() int64 {
		if cuts++; cuts > 12 {
			return 0
		}
		return int64(cuts) * 1777 // of what the server says, anywhere
	})
	if err := proxy.WaitCuts(t.Context(), 12); err != nil {
		t.Fatal(err)
	}
	f.whole()
}
