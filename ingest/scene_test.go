package ingest_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"kaveri/crm"
	"kaveri/ingest"
	"kaveri/ingest/parse"
	"kaveri/internal/mailgen"
	"kaveri/internal/testdovecot"
	"kaveri/internal/testpg"
	"kaveri/store"
)

// The tests of capture run scaled down; with KAVERI_SOAK=1 at full size.
var soak = os.Getenv("KAVERI_SOAK") == "1"

func sized(test, full int) int {
	if soak {
		return full
	}
	return test
}

// onBothEngines runs a test over an empty SQLite and an empty PostgreSQL.
func onBothEngines(t *testing.T, run func(t *testing.T, dsn string)) {
	t.Run("sqlite", func(t *testing.T) { run(t, sqliteDSN(t)) })
	t.Run("postgres", func(t *testing.T) {
		if testing.Short() {
			t.Skip("starts a PostgreSQL server")
		}
		run(t, testpg.DSN(t))
	})
}

func sqliteDSN(t testing.TB) string { return "sqlite://" + filepath.Join(t.TempDir(), "kaveri.db") }

// storeKey is the key outside the database, the same for a test and its children.
var storeKey = bytes.Repeat([]byte{3}, store.KeySize)

// openStore opens a store that is closed with the test. now may be nil.
func openStore(t testing.TB, dsn string, now func() time.Time) *store.Store {
	t.Helper()
	st, err := store.Open(context.Background(), dsn, store.Options{Key: storeKey, Now: now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { st.Close() })
	return st
}

// quick are options under which everything that waits waits briefly.
func quick(t testing.TB, st ingest.Store) ingest.Options {
	return ingest.Options{Store: st, Log: testLog(t), Poll: 100 * time.Millisecond, Idle: 5 * time.Second, Backoff: 10 * time.Millisecond,
		Patience: ingest.Patience{Dial: 20 * time.Second, Quiet: 20 * time.Second}}
}

func testLog(t testing.TB) *slog.Logger {
	return slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelWarn}))
}

// office is a firm with its mail server: Dovecot filled with the mail of a load.
type office struct {
	*testdovecot.Server
	domain    string
	staff     []mailgen.Person
	customers []mailgen.Person
	truths    map[[32]byte]*truth // by the hash of the raw mail
	letters   int                 // different mails
	bytes     int64               // of all copies
}

// truth is what the generator knows about a mail, and the addresses that its
// From, To and Cc hold, read here without the help of the parser under test.
type truth struct {
	mailgen.Delivery // without Raw
	size             int
	addresses        []string
}

// newOffice fills a Dovecot with the mail of a load. deliveries may be 0: an
// office with mailboxes and no mail.
func newOffice(t testing.TB, seed uint64, deliveries, mailboxes int, options ...testdovecot.Option) *office {
	t.Helper()
	if testing.Short() {
		t.Skip("starts a Dovecot")
	}
	a := mailgen.Load(mailgen.Config{Seed: seed, Deliveries: deliveries, Mailboxes: mailboxes})
	o := &office{Server: testdovecot.Start(t, options...), domain: a.Domain, staff: a.Staff, customers: a.Customers, truths: map[[32]byte]*truth{}}
	for _, p := range a.Staff {
		o.AddUser(p.User())
	}
	if deliveries == 0 {
		return o
	}
	letters := map[int]bool{}
	for d := range a.All() {
		flags := ""
		if d.Seen {
			flags = "S"
		}
		o.Fill(d.User, d.Folder, []testdovecot.Mail{{Raw: d.Raw, At: d.Date, Flags: flags}})
		letters[d.Message] = true
		o.know(d)
	}
	o.letters = len(letters)
	return o
}

// know notes the truth about a delivery.
func (o *office) know(d mailgen.Delivery) {
	tr := &truth{Delivery: d, size: len(d.Raw), addresses: headerAddresses(d.Raw)}
	tr.Raw = nil
	name, _ := parse.Hash(d.Raw)
	o.truths[name] = tr
	o.bytes += int64(len(d.Raw))
}

// post adds a stranger's mail of the test's own, less what is cut from it.
func (o *office) post(user, folder string, raw []byte, cut string) {
	raw = bytes.Replace(raw, []byte(cut), nil, 1)
	d := mailgen.Delivery{User: user, Folder: folder, Raw: raw, Date: time.Now(), Kind: mailgen.KindStranger, Direction: mailgen.In}
	o.Deliver(user, folder, raw, d.Date)
	o.know(d)
	o.letters++
}

var addressPattern = regexp.MustCompile(`[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+[A-Za-z0-9]`)

// headerAddresses finds the addresses of From, To and Cc by their looks: the
// generator writes no others than dot-atoms in ASCII.
func headerAddresses(raw []byte) []string {
	header, _, _ := bytes.Cut(raw, []byte("\r\n\r\n"))
	header = bytes.ReplaceAll(bytes.ReplaceAll(header, []byte("\r\n "), []byte(" ")), []byte("\r\n\t"), []byte(" "))
	var out []string
	for line := range strings.Lines(string(header)) {
		name, value, _ := strings.Cut(line, ":")
		switch strings.ToLower(name) {
		case "from", "to", "cc":
			for _, a := range addressPattern.FindAllString(value, -1) {
				out = append(out, strings.ToLower(a))
			}
		}
	}
	return out
}

// enrol makes the firm, a colleague who owns everything, and one mailbox for
// each of the staff at the IMAP server addr.
func (o *office) enrol(t testing.TB, st *store.Store, addr string, policy crm.Policy) crm.StaffID {
	t.Helper()
	owner := o.found(t, st, policy)
	for _, p := range o.staff {
		o.addMailbox(t, st, owner, addr, p.User(), testdovecot.Password)
	}
	return owner
}

// found makes the firm and its first colleague.
func (o *office) found(t testing.TB, st *store.Store, policy crm.Policy) crm.StaffID {
	t.Helper()
	firm := crm.Firm{Name: "Kauppa Oy", Domains: []string{o.domain}, Policy: policy}
	if err := st.SaveFirm(t.Context(), crm.SystemViewer, firm); err != nil {
		t.Fatal(err)
	}
	owner, err := st.AddStaff(t.Context(), crm.SystemViewer, crm.Staff{Name: "Olli Omistaja", Address: crm.Address("olli@" + o.domain), Role: crm.StaffAdmin}, "a long password for tests")
	if err != nil {
		t.Fatal(err)
	}
	return owner.ID
}

func (o *office) addMailbox(t testing.TB, st *store.Store, owner crm.StaffID, addr, user, password string) crm.MailboxID {
	t.Helper()
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		t.Fatal(err)
	}
	n, err := strconv.Atoi(port)
	if err != nil {
		t.Fatal(err)
	}
	m, err := st.AddMailbox(t.Context(), crm.SystemViewer, crm.Mailbox{Staff: owner, Address: crm.Address(user + "@" + o.domain), Label: user,
		Host: host, Port: n, Security: crm.SecurityNone, Username: user, Password: password})
	if err != nil {
		t.Fatal(err)
	}
	return m.ID
}

// seed makes the generator's customers customers of the firm.
func (o *office) seed(t testing.TB, st *store.Store) {
	t.Helper()
	var list []store.CustomerImport
	for _, p := range o.customers {
		c := store.CustomerImport{Name: p.Name, Phones: []string{p.Phone}}
		for _, a := range p.Addresses {
			c.Addresses = append(c.Addresses, address(t, a))
		}
		list = append(list, c)
	}
	known, err := st.Counts(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	// Those who are known already are found again by an address.
	added, matched, err := st.ImportCustomers(t.Context(), crm.SystemViewer, list)
	if err != nil || added+matched != len(list) || int64(matched) > known.Customers {
		t.Fatalf("%d customers added, %d found, of %d: %v", added, matched, len(list), err)
	}
}

func address(t testing.TB, s string) crm.Address {
	t.Helper()
	a, err := crm.ParseAddress(s)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// snapshots reads all mailboxes.
func (o *office) snapshots() map[string]testdovecot.Snapshot {
	all := map[string]testdovecot.Snapshot{}
	for _, p := range o.staff {
		all[p.User()] = o.Snapshot(p.User())
	}
	return all
}

// syncAll runs a new service until nothing is left to fetch.
func syncAll(t testing.TB, st ingest.Store) ingest.Summary {
	t.Helper()
	sum, err := ingest.New(quick(t, st)).Sync(t.Context(), nil, nil)
	if err != nil {
		t.Fatalf("sync: %v", err)
	}
	return sum
}

// checkCensus takes the census of all mailboxes: no difference, nothing waits,
// and as many mails in each folder as the snapshots say.
func checkCensus(t testing.TB, st *store.Store, snaps map[string]testdovecot.Snapshot) {
	t.Helper()
	s := ingest.New(quick(t, st))
	boxes, err := st.FollowedMailboxes(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range boxes {
		counts, err := s.Census(t.Context(), m)
		if err != nil {
			t.Errorf("census of %s: %v", m.Username, err)
			continue
		}
		for _, c := range counts {
			have := len(snaps[m.Username][c.FolderName].Mails)
			if c.Error != "" || c.Captured && (c.Difference() != 0 || c.InMailbox != have || c.Waiting != 0) {
				t.Errorf("census of %s %s: %+v; difference %d, the folder holds %d", m.Username, c.FolderName, c, c.Difference(), have)
			}
		}
	}
}

// serve runs a service until the test ends or stop is called.
func serve(t testing.TB, o ingest.Options) (s *ingest.Service, stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	s = ingest.New(o)
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		select {
		case err := <-done:
			if err != nil {
				t.Errorf("Run: %v", err)
			}
		case <-time.After(2 * time.Minute):
			t.Error("Run does not return within 30 s of its end")
		}
	})
	t.Cleanup(stop)
	return s, stop
}

// eventually asks until done holds, and fails after the limit. It gives how
// long that took.
func eventually(t testing.TB, limit time.Duration, what string, done func() bool) time.Duration {
	t.Helper()
	begin := time.Now()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !done() {
		if time.Since(begin) > limit {
			t.Fatalf("not within %v: %s", limit, what)
		}
		<-tick.C
	}
	return time.Since(begin)
}

// mail writes a plain mail. extra are further header lines, each with CRLF.
func mail(id, from, to, subject, body string, extra ...string) []byte {
	return fmt.Appendf(nil, "Message-ID: <%s@test.example>\r\nDate: %s\r\nFrom: %s\r\nTo: %s\r\nSubject: %s\r\n%sMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n%s\r\n",
		id, time.Now().UTC().Format(time.RFC1123Z), from, to, subject, strings.Join(extra, ""), body)
}

// clock is a clock that a test moves on.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) now() time.Time { c.mu.Lock(); defer c.mu.Unlock(); return c.at }

func (c *clock) advance(d time.Duration) { c.mu.Lock(); defer c.mu.Unlock(); c.at = c.at.Add(d) }
