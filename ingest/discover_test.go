package ingest_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"maps"
	"math/big"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"kaveri/crm"
	"kaveri/ingest"
)

// internet is a small one: names, and what answers at an IP and port.
type internet struct {
	srv   map[string][]*net.SRV // "_imaps._tcp.example.org"
	mx    map[string][]*net.MX
	hosts map[string]string // name to IP
	down  bool              // no name server answers
	serve map[string]func(net.Conn)

	mu     sync.Mutex
	dialed []string
}

func (n *internet) miss(name string) error {
	return &net.DNSError{Err: "no such host", Name: name, IsNotFound: !n.down, IsTemporary: n.down}
}

func (n *internet) LookupSRV(_ context.Context, service, proto, name string) (string, []*net.SRV, error) {
	key := "_" + service + "._" + proto + "." + strings.TrimSuffix(name, ".")
	if r, ok := n.srv[key]; ok && !n.down {
		return key, r, nil
	}
	return "", nil, n.miss(key)
}

func (n *internet) LookupMX(_ context.Context, name string) ([]*net.MX, error) {
	if r, ok := n.mx[strings.TrimSuffix(name, ".")]; ok && !n.down {
		return r, nil
	}
	return nil, n.miss(name)
}

func (n *internet) LookupNetIP(_ context.Context, _, host string) ([]netip.Addr, error) {
	if ip, ok := n.hosts[strings.TrimSuffix(host, ".")]; ok && !n.down {
		return []netip.Addr{netip.MustParseAddr(ip)}, nil
	}
	return nil, n.miss(host)
}

func (n *internet) dial(_ context.Context, _, addr string) (net.Conn, error) {
	n.mu.Lock()
	n.dialed = append(n.dialed, addr)
	n.mu.Unlock()
	f, ok := n.serve[addr]
	if !ok {
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: fmt.Errorf("connection refused")}
	}
	ours, theirs := net.Pipe()
	go f(theirs)
	return ours, nil
}

// ca makes certificates that the finder of the test trusts.
type ca struct {
	key  *ecdsa.PrivateKey
	cert *x509.Certificate
	pool *x509.CertPool
}

func newCA(t *testing.T) *ca {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	tmpl := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(cert)
	return &ca{key, cert, pool}
}

func (c *ca) config(t *testing.T, names ...string) *tls.Config {
	t.Helper()
	tmpl := &x509.Certificate{SerialNumber: big.NewInt(2), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), DNSNames: names}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, c.cert, &c.key.PublicKey, c.key)
	if err != nil {
		t.Fatal(err)
	}
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: c.key}}}
}

// greets is a server that says hello as an IMAP server does.
func greets(conn net.Conn) {
	defer conn.Close()
	io.WriteString(conn, "* OK ready\r\n")
	io.Copy(io.Discard, conn)
}

func greetsTLS(config *tls.Config) func(net.Conn) {
	return func(conn net.Conn) { greets(tls.Server(conn, config)) }
}

// answers is an https server with one answer to everything.
func answers(config *tls.Config, status int, body []byte, location string) func(net.Conn) {
	return func(conn net.Conn) {
		l := &oneConn{conn: tls.Server(conn, config), done: make(chan struct{})}
		http.Serve(l, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if location != "" {
				w.Header().Set("Location", location)
			}
			w.WriteHeader(status)
			w.Write(body)
		}))
	}
}

// oneConn is a listener with one connection.
type oneConn struct {
	conn net.Conn
	once sync.Once
	done chan struct{}
}

func (l *oneConn) Accept() (net.Conn, error) {
	var c net.Conn
	l.once.Do(func() { c = l.conn })
	if c != nil {
		return c, nil
	}
	return nil, io.EOF
}
func (l *oneConn) Close() error   { return nil }
func (l *oneConn) Addr() net.Addr { return l.conn.LocalAddr() }

func places(found []crm.Mailbox) string {
	var out []string
	for _, m := range found {
		out = append(out, fmt.Sprintf("%s:%d/%s", m.Host, m.Port, m.Security))
	}
	return strings.Join(out, " ")
}

const autoconfigXML = `<?xml version="1.0"?><clientConfig version="1.1"><emailProvider id="yritys.fi">
<incomingServer type="pop3"><hostname>pop.yritys.fi</hostname><port>995</port><socketType>SSL</socketType></incomingServer>
<incomingServer type="imap"><hostname>plain.yritys.fi</hostname><port>143</port><socketType>plain</socketType></incomingServer>
<incomingServer type="imap"><hostname>posti.%EMAILDOMAIN%</hostname><port>993</port><socketType>SSL</socketType><username>%EMAILLOCALPART%</username><authentication>password-cleartext</authentication></incomingServer>
<incomingServer type="imap"><hostname>token.yritys.fi</hostname><port>993</port><socketType>SSL</socketType><username>%EMAILADDRESS%</username><authentication>OAuth2</authentication></incomingServer>
<incomingServer type="imap"><hostname>odd name</hostname><port>99999</port><socketType>SSL</socketType></incomingServer>
</emailProvider></clientConfig>`

func TestDiscover(t *testing.T) {
	c := newCA(t)
	const ip = "93.184.216.34"
	for _, tc := range []struct {
		name, address string
		net           *internet
		want          string // host:port/security, best first
		problem       string // of the first
		user          string // of the first, when not the address
		fails         crm.Kind
		says          string
		quiet         bool // nothing may be dialled
	}{
		{name: "a large provider needs no network", address: "aino@gmail.com", net: &internet{down: true}, want: "imap.gmail.com:993/tls", quiet: true},
		{name: "every country of a provider", address: "aino@hotmail.fi", net: &internet{down: true}, want: "outlook.office365.com:993/tls", problem: "OAuth2", quiet: true},
		{name: "a provider without IMAP", address: "aino@proton.me", net: &internet{down: true}, want: "proton.me:993/tls", problem: "no IMAP", quiet: true},
		{name: "a firm at Google, by its mail exchanger", address: "aino@yritys.fi",
			net:  &internet{mx: map[string][]*net.MX{"yritys.fi": {{Host: "ASPMX.L.GOOGLE.com.", Pref: 1}}}},
			want: "imap.gmail.com:993/tls"},
		{name: "a firm at Microsoft, by its mail exchanger", address: "aino@yritys.fi",
			net:  &internet{mx: map[string][]*net.MX{"yritys.fi": {{Host: "yritys-fi.mail.protection.outlook.com.", Pref: 1}}}},
			want: "outlook.office365.com:993/tls", problem: "OAuth2"},
		{name: "service records, TLS first", address: "aino@yritys.fi",
			net: &internet{srv: map[string][]*net.SRV{
				"_imap._tcp.yritys.fi":  {{Target: "a.posti.fi.", Port: 143}},
				"_imaps._tcp.yritys.fi": {{Target: "b.posti.fi.", Port: 9993, Priority: 50}},
			}},
			want: "b.posti.fi:9993/tls a.posti.fi:143/starttls"},
		{name: "the domain says that it has no IMAP", address: "aino@yritys.fi",
			net:   &internet{srv: map[string][]*net.SRV{"_imap._tcp.yritys.fi": {{Target: "."}}, "_imaps._tcp.yritys.fi": {{Target: "."}}}},
			fails: crm.KindNotFound, says: "offers no IMAP"},
		{name: "usual names, when a trusted server greets there", address: "aino@yritys.fi",
			net: &internet{hosts: map[string]string{"imap.yritys.fi": ip, "mail.yritys.fi": ip, "yritys.fi": ip},
				serve: map[string]func(net.Conn){ip + ":993": greetsTLS(c.config(t, "mail.yritys.fi")), ip + ":143": greets}},
			want: "mail.yritys.fi:993/tls imap.yritys.fi:143/starttls mail.yritys.fi:143/starttls yritys.fi:143/starttls"},
		{name: "something that is no IMAP server", address: "aino@yritys.fi",
			net: &internet{hosts: map[string]string{"mail.yritys.fi": ip},
				serve: map[string]func(net.Conn){ip + ":143": func(c net.Conn) { io.WriteString(c, "SSH-2.0-x\r\n"); c.Close() }}},
			fails: crm.KindNotFound, says: "no IMAP server was found"},
		{name: "the domain's own configuration", address: "aino.virtanen@yritys.fi",
			net: &internet{hosts: map[string]string{"autoconfig.yritys.fi": ip},
				serve: map[string]func(net.Conn){ip + ":443": answers(c.config(t, "autoconfig.yritys.fi"), 200, []byte(autoconfigXML), "")}},
			want: "posti.yritys.fi:993/tls token.yritys.fi:993/tls", user: "aino.virtanen"},
		{name: "a configuration without end", address: "aino@yritys.fi",
			net: &internet{hosts: map[string]string{"autoconfig.yritys.fi": ip},
				serve: map[string]func(net.Conn){ip + ":443": answers(c.config(t, "autoconfig.yritys.fi"), 200, bytes.Repeat([]byte("<a>"), 1<<20), "")}},
			fails: crm.KindNotFound},
		{name: "a configuration that leads inside", address: "aino@yritys.fi",
			net: &internet{hosts: map[string]string{"autoconfig.yritys.fi": ip, "inside.yritys.fi": "10.0.0.7"},
				serve: map[string]func(net.Conn){ip + ":443": answers(c.config(t, "autoconfig.yritys.fi"), 302, nil, "https://inside.yritys.fi/")}},
			fails: crm.KindNotFound},
		{name: "private addresses are not asked", address: "aino@yritys.fi",
			net: &internet{hosts: map[string]string{"imap.yritys.fi": "10.1.2.3", "autoconfig.yritys.fi": "169.254.169.254", "mail.yritys.fi": "::ffff:127.0.0.1", "yritys.fi": "64:ff9b::a00:1"},
				serve: map[string]func(net.Conn){"10.1.2.3:143": greets, "127.0.0.1:143": greets}},
			fails: crm.KindNotFound, says: "inside a private network", quiet: true},
		{name: "this very machine, when the address says so", address: "aino@localhost",
			net:  &internet{hosts: map[string]string{"localhost": "127.0.0.1"}, serve: map[string]func(net.Conn){"127.0.0.1:143": greets}},
			want: "localhost:143/starttls"},
		{name: "this very machine as a literal", address: "aino@[127.0.0.1]",
			net:  &internet{serve: map[string]func(net.Conn){"127.0.0.1:143": greets}},
			want: "127.0.0.1:143/starttls"},
		{name: "another machine as a literal", address: "aino@[93.184.216.34]", net: &internet{}, fails: crm.KindInvalid, quiet: true},
		{name: "no network", address: "aino@yritys.fi", net: &internet{down: true}, fails: crm.KindUnavailable, says: "no name server answers", quiet: true},
		{name: "a Finnish operator, tried beside the usual names", address: "aino@kolumbus.fi",
			net:  &internet{hosts: map[string]string{"imap.kolumbus.fi": ip}, serve: map[string]func(net.Conn){ip + ":143": greets}},
			want: "mail.kolumbus.fi:993/tls imap.kolumbus.fi:143/starttls"},
		{name: "a domain in Finnish letters", address: "aino@ääkköset.fi",
			net:  &internet{srv: map[string][]*net.SRV{"_imaps._tcp.xn--kkset-fraa0m.fi": {{Target: "posti.fi.", Port: 993}}}},
			want: "posti.fi:993/tls"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			a, err := crm.ParseAddress(tc.address)
			if err != nil {
				t.Fatal(err)
			}
			f := &ingest.Finder{Resolver: tc.net, Dial: tc.net.dial, Roots: c.pool}
			found, err := f.Find(t.Context(), a)
			if tc.want == "" {
				if err == nil || crm.KindOf(err) != tc.fails || !strings.Contains(err.Error(), tc.says) {
					t.Errorf("got %v and %v, want an error of kind %d that says %q", places(found), err, tc.fails, tc.says)
				}
			} else if err != nil || places(found) != tc.want {
				t.Fatalf("got  %s, %v\nwant %s", places(found), err, tc.want)
			}
			if len(found) > 0 {
				user := tc.user
				if user == "" {
					user = string(a)
				}
				if m := found[0]; m.Username != user || m.Address != a || (m.Problem != "") != (tc.problem != "") || !strings.Contains(m.Problem, tc.problem) {
					t.Errorf("got user %q, address %q, problem %q", m.Username, m.Address, m.Problem)
				}
			}
			tc.net.mu.Lock()
			defer tc.net.mu.Unlock()
			if tc.quiet && len(tc.net.dialed) > 0 {
				t.Errorf("dialled %v", tc.net.dialed)
			}
			for _, d := range tc.net.dialed {
				if strings.HasPrefix(d, "10.") || strings.HasPrefix(d, "169.254.") {
					t.Errorf("dialled the private address %s", d)
				}
			}
		})
	}
}

// FuzzAutoconfig: whatever a stranger's server answers, discovery ends with
// few, well-formed candidates.
func FuzzAutoconfig(f *testing.F) {
	f.Add([]byte(autoconfigXML))
	f.Add([]byte("<clientConfig><emailProvider><incomingServer type='imap'>"))
	f.Fuzz(func(t *testing.T, doc []byte) {
		for _, m := range ingest.ReadAutoconfig("aino@yritys.fi", doc) {
			if m.Host == "" || m.Port < 1 || m.Port > 65535 || m.Security != crm.SecurityTLS && m.Security != crm.SecurityStartTLS || strings.ContainsAny(m.Host+m.Username, "\r\n\x00 ") && !strings.Contains(m.Username, " ") {
				t.Errorf("candidate %+v", m)
			}
		}
	})
}

func TestAdvice(t *testing.T) {
	want := map[string]string{"imap.gmail.com": "app password", "imap.mail.me.com": "app-specific password", "imap.example.com": ""}
	for _, host := range slices.Sorted(maps.Keys(want)) {
		if got := ingest.Advice(crm.Mailbox{Host: host}); !strings.Contains(got, want[host]) || want[host] == "" && got != "" {
			t.Errorf("%s: %q", host, got)
		}
	}
}
