package dropbox

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"math/big"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"

	"kaveri/crm"
)

// book is a keeper that writes down what it is given. Anna works here.
type book struct {
	mu     sync.Mutex
	mails  []Mail
	notes  []string
	full   error         // what keeping ends with
	inside chan struct{} // told when a mail is being kept
	wait   chan struct{} // which lasts until this is closed
}

var (
	keys = crm.NewKeyring(func(p crm.TokenPurpose) []byte { return []byte(p) })
	now  = time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)
	anna = crm.Staff{ID: 4, Name: "Anna", Address: "anna@firm.example"}
)

func (b *book) Keep(ctx context.Context, m Mail) error {
	if b.inside != nil {
		b.inside <- struct{}{}
		<-b.wait
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.full == nil {
		b.mails = append(b.mails, m)
	}
	return b.full
}

func (b *book) Note(ctx context.Context, c crm.CustomerID, by crm.StaffID, text string, at time.Time) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if c != 7 {
		return crm.NotFound("no customer has the number %d", c)
	}
	b.notes = append(b.notes, fmt.Sprintf("%d about %d at %s: %s", by, c, at.Format(time.RFC3339), text))
	return nil
}

func (b *book) Colleague(ctx context.Context, a crm.Address) (crm.Staff, bool, error) {
	return anna, a == anna.Address, nil
}

func (b *book) Forged(ctx context.Context, noted []crm.AuthResult) (bool, error) {
	return slices.ContainsFunc(noted, func(r crm.AuthResult) bool { return r.Server == "mx.firm.example" && r.DMARC == "fail" }), nil
}

func (b *book) SignIn(ctx context.Context, name, password string) (crm.Staff, error) {
	if name == string(anna.Address) && password == "a long password" {
		return anna, nil
	}
	return crm.Staff{}, crm.Forbidden("address or password is wrong")
}

// names is a DNS that knows what a test tells it.
type names struct {
	txt map[string][]string
}

func (n names) LookupTXT(ctx context.Context, name string) ([]string, error) {
	if t := n.txt[strings.TrimSuffix(name, ".")]; t != nil {
		return t, nil
	}
	return nil, &net.DNSError{Err: "no such host", Name: name, IsNotFound: true}
}

func (n names) LookupMX(ctx context.Context, name string) ([]*net.MX, error) {
	return nil, &net.DNSError{Err: "no such host", Name: name, IsNotFound: true}
}

func (n names) LookupIPAddr(ctx context.Context, host string) ([]net.IPAddr, error) {
	return nil, &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}
}

func (n names) LookupAddr(ctx context.Context, addr string) ([]string, error) {
	return nil, &net.DNSError{Err: "no such host", Name: addr, IsNotFound: true}
}

// door is a running dropbox with its keeper.
type door struct {
	*book
	t    testing.TB
	addr string
	cert *x509.CertPool
	stop func() // and wait
}

func open(t testing.TB, set ...func(*Options)) *door {
	t.Helper()
	b := &book{}
	certificate, pool := certificate(t)
	o := Options{Keeper: b, Keyring: keys, Domains: []string{"drop.firm.example"}, DNS: names{}, Now: func() time.Time { return now },
		TLS: &tls.Config{Certificates: []tls.Certificate{certificate}}, Log: slog.New(slog.NewTextHandler(t.Output(), nil))}
	for _, f := range set {
		f(&o)
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	s := New(o)
	go func() { done <- s.Serve(ctx, ln) }()
	stop := sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Serve: %v", err)
		}
	})
	t.Cleanup(stop)
	return &door{book: b, t: t, addr: ln.Addr().String(), cert: pool, stop: stop}
}

func trusting(prefix string) func(*Options) {
	return func(o *Options) { o.Trusted = []netip.Prefix{netip.MustParsePrefix(prefix)} }
}

func knowing(txt map[string][]string) func(*Options) {
	return func(o *Options) { o.DNS = names{txt} }
}

func lmtp(o *Options) { o.LMTP = true }

func certificate(t testing.TB) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), DNSNames: []string{"drop.firm.example"}, NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(parsed)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, pool
}

func (d *door) dial() *smtp.Client {
	d.t.Helper()
	c, err := smtp.Dial(d.addr)
	if err != nil {
		d.t.Fatal(err)
	}
	d.t.Cleanup(func() { c.Close() })
	return c
}

func (d *door) dialTLS() *smtp.Client {
	d.t.Helper()
	c, err := smtp.DialStartTLS(d.addr, &tls.Config{RootCAs: d.cert, ServerName: "drop.firm.example"})
	if err != nil {
		d.t.Fatal(err)
	}
	d.t.Cleanup(func() { c.Close() })
	return c
}

// send sends a mail in a session of its own.
func (d *door) send(from, to, mail string) error {
	d.t.Helper()
	return d.dial().SendMail(from, strings.Split(to, " "), strings.NewReader(mail))
}

// wantCode checks the code of a refusal, 0 when the mail is to be taken.
func wantCode(t testing.TB, what string, err error, code int, enhanced ...int) {
	t.Helper()
	var e *smtp.SMTPError
	switch {
	case code == 0 && err == nil:
	case !errors.As(err, &e) || e.Code != code:
		t.Errorf("%s: %v, want %d", what, err, code)
	case len(enhanced) == 3 && e.EnhancedCode != smtp.EnhancedCode(enhanced):
		t.Errorf("%s: enhanced code %v, want %v", what, e.EnhancedCode, enhanced)
	}
}

// kept gives how many mails and notes there are.
func (d *door) kept() (mails []Mail, notes []string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.mails), slices.Clone(d.notes)
}

func (d *door) wantKept(mails, notes int) {
	d.t.Helper()
	if m, n := d.kept(); len(m) != mails || len(n) != notes {
		d.t.Errorf("%d mails and %d notes are kept, want %d and %d", len(m), len(n), mails, notes)
	}
}

const (
	copyTo    = "kaveri@drop.firm.example"
	journalTo = "journal@drop.firm.example"
)

var noteTo = string(NoteAddress(keys, 7, "drop.firm.example"))

// letter writes a mail from an address.
func letter(from string, extra ...string) string {
	return "From: " + from + "\r\nTo: dora@acme.example\r\nDate: Mon, 02 Mar 2026 09:30:00 +0200\r\nMessage-ID: <1@firm.example>\r\nSubject: Hei\r\n" + strings.Join(extra, "") + "\r\nHei Dora!\r\n"
}

// A mail to a return path of ours is taken from anybody, one with a token that
// nobody made is refused while the client is there.
func TestReturnPaths(t *testing.T) {
	d := open(t)
	path := string(keys.ReturnPath(12, "drop.firm.example"))
	forged := string(crm.NewKeyring(func(crm.TokenPurpose) []byte { return []byte("a guess") }).ReturnPath(12, "drop.firm.example"))
	bounce := letter("mailer-daemon@mx.acme.example")
	wantCode(t, "a bounce", d.send("", strings.ToUpper(path[:20])+path[20:], bounce), 0)
	mails, _ := d.kept()
	if len(mails) != 1 || mails[0].Kind != KindBounce || mails[0].By != 0 || !mails[0].At.Equal(now) {
		t.Fatalf("%+v", mails)
	}
	raw := string(mails[0].Raw)
	want := "Return-Path: <>\r\nDelivered-To: " + path + "\r\nReceived: from localhost ([127.0.0.1])\r\n\tby drop.firm.example (Kaveri dropbox) with ESMTP;\r\n\tMon, 02 Mar 2026 08:00:00 +0000\r\n" + bounce
	if !strings.EqualFold(raw, want) || !strings.HasSuffix(raw, bounce) {
		t.Errorf("kept as\n%s\nwant\n%s", raw, want)
	}
	for name, to := range map[string]string{
		"a forged token": forged, "another domain": string(keys.ReturnPath(12, "elsewhere.example")), "anybody": "anna@drop.firm.example",
		"a token of another purpose": "b-" + keys.Make(crm.TokenNote, 12) + "@drop.firm.example",
		"a forged note":              "note+" + keys.Make(crm.TokenReturnPath, 7) + "@drop.firm.example",
	} {
		wantCode(t, name, d.send("", to, bounce), 550, 5, 1, 1)
	}
	d.wantKept(1, 0)
}

// Who has signed in may write notes and copy mail, in anybody's name.
func TestSignedIn(t *testing.T) {
	d := open(t)
	if ok, _ := d.dial().Extension("AUTH"); ok {
		t.Error("AUTH is offered without TLS")
	}
	wantCode(t, "AUTH without TLS", d.dial().Auth(sasl.NewPlainClient("", "anna@firm.example", "a long password")), 523)
	c := d.dialTLS()
	wantCode(t, "a wrong password", c.Auth(sasl.NewPlainClient("", "anna@firm.example", "a guess")), 535)
	wantCode(t, "the right password", c.Auth(sasl.NewPlainClient("", "anna@firm.example", "a long password")), 0)
	wantCode(t, "note and copy", c.SendMail("anna@home.example", []string{noteTo, copyTo}, strings.NewReader(letter("Anna <anna@home.example>"))), 0)
	mails, notes := d.kept()
	if len(mails) != 1 || mails[0].By != anna.ID || mails[0].Kind != KindCopy || !strings.Contains(string(mails[0].Raw), " with ESMTPSA;") {
		t.Errorf("%+v", mails)
	}
	if !slices.Equal(notes, []string{"4 about 7 at 2026-03-02T07:30:00Z: Hei Dora!"}) {
		t.Errorf("%q", notes)
	}
	nobody := string(NoteAddress(keys, 8, "drop.firm.example"))
	wantCode(t, "a note about nobody", c.SendMail("anna@home.example", []string{nobody}, strings.NewReader(letter("anna@home.example"))), 550)
	wantCode(t, "an empty note", c.SendMail("anna@home.example", []string{noteTo}, strings.NewReader("From: anna@home.example\r\n\r\n\r\n")), 554)
	d.wantKept(1, 1)
}

// Guessing passwords is slow.
func TestGuessing(t *testing.T) {
	d := open(t)
	var err error
	for range 11 {
		err = d.dialTLS().Auth(sasl.NewPlainClient("", "anna@firm.example", "a guess"))
	}
	wantCode(t, "the eleventh guess", err, 454, 4, 7, 0)
}

// What cannot be kept now is refused for now; what never can, for good. The
// house's own words are not for strangers.
func TestKeeperFails(t *testing.T) {
	d := open(t)
	path := string(keys.ReturnPath(12, "drop.firm.example"))
	d.full = errors.New("secret: the disk is full")
	err := d.send("", path, letter("x@y.example"))
	wantCode(t, "a full disk", err, 451, 4, 3, 0)
	if strings.Contains(fmt.Sprint(err), "secret") {
		t.Errorf("said too much: %v", err)
	}
	d.full = crm.Invalid("mail", "this is no mail")
	wantCode(t, "no mail", d.send("", path, letter("x@y.example")), 550, 5, 7, 1)
}
