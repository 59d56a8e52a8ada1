package ingest

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/net/idna"

	"kaveri/crm"
)

// Discover finds the mail server of an address: candidates, best first, with
// Address, Host, Port, Security and Username filled. A candidate whose Problem
// is set cannot be connected by this version, and the sentence says why.
//
// RFC 6186 §6 warns that DNS may be forged. So a candidate is only a proposal:
// people see its name before they give a password, and the connection checks
// the server's certificate for that name.
func Discover(ctx context.Context, a crm.Address) ([]crm.Mailbox, error) {
	return new(Finder).Find(ctx, a)
}

// Resolver is the part of [net.Resolver] that discovery asks.
type Resolver interface {
	LookupSRV(ctx context.Context, service, proto, name string) (string, []*net.SRV, error)
	LookupMX(ctx context.Context, name string) ([]*net.MX, error)
	LookupNetIP(ctx context.Context, network, host string) ([]netip.Addr, error)
}

// Finder finds mail servers. The zero value asks the real network.
type Finder struct {
	Resolver Resolver                                                          // nil: the machine's
	Dial     func(ctx context.Context, network, addr string) (net.Conn, error) // nil: the machine's; addr is always IP:port
	Roots    *x509.CertPool                                                    // nil: the machine's
}

// Time limits of discovery: people are waiting for it.
const (
	findTimeout  = 12 * time.Second // all of it
	probeTimeout = 4 * time.Second  // one guessed server
)

// clue is what one source of knowledge gives.
type clue struct {
	found []crm.Mailbox
	// refused: the domain says itself that it has no IMAP (RFC 6186 §3.4).
	refused bool
	// silent: the source could not be asked (no network).
	silent bool
	// private: a server exists, at an address that strangers must not make us
	// connect to.
	private string
}

// Find does what [Discover] says.
func (f *Finder) Find(ctx context.Context, a crm.Address) ([]crm.Mailbox, error) {
	domain, local, err := findable(a)
	if err != nil {
		return nil, err
	}
	known, isKnown := providerOfDomain(domain)
	if isKnown && known.sure {
		return []crm.Mailbox{known.mailbox(a)}, nil
	}
	ctx, cancel := context.WithTimeout(ctx, findTimeout)
	defer cancel()

	search := finding{Finder: f, address: a, domain: domain, local: local}
	sources := []func(context.Context) clue{search.byService, search.byExchanger, search.byAutoconfig, search.byName}
	if local {
		sources = []func(context.Context) clue{search.byName}
	}
	clues := make([]clue, len(sources))
	var wg sync.WaitGroup
	for i, ask := range sources {
		wg.Go(func() { clues[i] = ask(ctx) })
	}
	wg.Wait()
	if isKnown {
		clues = append([]clue{{found: []crm.Mailbox{known.mailbox(a)}}}, clues...)
	}
	if found := distinct(clues); len(found) > 0 {
		return found, nil
	}
	return nil, search.nothing(clues)
}

// findable splits the domain off. local reports an address that names this
// very machine, as tests and trials do: only then may private addresses be asked.
func findable(a crm.Address) (domain string, local bool, err error) {
	domain = a.Domain()
	if domain == "" || a.Local() == "" {
		return "", false, crm.Invalid("address", "%q is not a mail address; write it like name@example.com", a)
	}
	literal := strings.TrimPrefix(strings.Trim(domain, "[]"), "ipv6:")
	if ip, err := netip.ParseAddr(literal); err == nil {
		if !ip.IsLoopback() {
			return "", false, crm.Invalid("address", "no server is looked for at the bare address %s; name the server yourself", literal)
		}
		return literal, true, nil
	}
	if domain == "localhost" || strings.HasSuffix(domain, ".localhost") {
		return domain, true, nil
	}
	ascii, err := idna.Lookup.ToASCII(domain)
	if err != nil || !strings.Contains(ascii, ".") {
		return "", false, crm.Invalid("address", "%q is not a domain that servers can be looked up for; name the server yourself", domain)
	}
	return ascii, false, nil
}

// finding is one search.
type finding struct {
	*Finder
	address crm.Address
	domain  string // A-labels
	local   bool
}

func (s *finding) mailbox(host string, port int, sec crm.Security) crm.Mailbox {
	m := crm.Mailbox{Address: s.address, Host: strings.ToLower(strings.TrimSuffix(host, ".")), Port: port, Security: sec, Username: string(s.address)}
	if p, ok := providerOfHost(m.Host); ok {
		m.Problem = p.problem
	}
	return m
}

// byService asks the domain's SRV records (RFC 6186 §3.4). IMAP over TLS comes
// before STARTTLS (RFC 8314 §5.1), whatever the priorities between them.
func (s *finding) byService(ctx context.Context) clue {
	var c clue
	no := 0
	for _, kind := range []struct {
		service string
		sec     crm.Security
	}{{"imaps", crm.SecurityTLS}, {"imap", crm.SecurityStartTLS}} {
		_, records, err := s.resolver().LookupSRV(ctx, kind.service, "tcp", s.domain+".")
		if err != nil {
			c.silent = c.silent || !isNotFound(err)
			continue
		}
		for _, r := range records {
			if r.Target == "." || r.Target == "" { // the service is decidedly not offered
				no++
				continue
			}
			if len(c.found) < maxCandidates {
				c.found = append(c.found, s.mailbox(r.Target, int(r.Port), kind.sec))
			}
		}
	}
	c.refused = no == 2 && len(c.found) == 0
	return c
}

// byExchanger recognises providers by where they receive the domain's mail:
// firms with a domain of their own at Google or Microsoft.
func (s *finding) byExchanger(ctx context.Context) clue {
	records, err := s.resolver().LookupMX(ctx, s.domain+".")
	if err != nil {
		return clue{silent: !isNotFound(err)}
	}
	for _, r := range records {
		if p, ok := providerOfExchanger(r.Host); ok {
			return clue{found: []crm.Mailbox{p.mailbox(s.address)}}
		}
	}
	return clue{}
}

// byName tries the names that most servers have.
func (s *finding) byName(ctx context.Context) clue {
	hosts := []string{"imap." + s.domain, "mail." + s.domain, s.domain}
	if s.local {
		hosts = []string{s.domain}
	}
	guesses := make([]crm.Mailbox, 0, 2*len(hosts))
	for _, h := range hosts {
		guesses = append(guesses, s.mailbox(h, 993, crm.SecurityTLS))
	}
	for _, h := range hosts {
		guesses = append(guesses, s.mailbox(h, 143, crm.SecurityStartTLS))
	}
	errs := make([]error, len(guesses))
	var wg sync.WaitGroup
	for i, m := range guesses {
		wg.Go(func() { errs[i] = s.probe(ctx, m) })
	}
	wg.Wait()
	var c clue
	for i, err := range errs {
		var dns *net.DNSError
		switch {
		case err == nil:
			c.found = append(c.found, guesses[i])
		case errors.Is(err, errPrivate):
			c.private = guesses[i].Host
		case errors.As(err, &dns) && !dns.IsNotFound:
			c.silent = true
		}
	}
	return c
}

// probe reports whether an IMAP server that can be trusted greets there.
func (s *finding) probe(ctx context.Context, m crm.Mailbox) error {
	ctx, cancel := context.WithTimeout(ctx, probeTimeout)
	defer cancel()
	conn, err := s.dial(ctx, m.Host, m.Port)
	if err != nil {
		return err
	}
	defer conn.Close()
	deadline, _ := ctx.Deadline()
	if err := conn.SetDeadline(deadline); err != nil {
		return err
	}
	if m.Security == crm.SecurityTLS {
		t := tls.Client(conn, &tls.Config{ServerName: m.Host, RootCAs: s.Roots})
		if err := t.HandshakeContext(ctx); err != nil {
			return err
		}
		conn = t
	}
	line, err := bufio.NewReaderSize(conn, 1024).ReadSlice('\n')
	if err != nil {
		return err
	}
	if !strings.HasPrefix(strings.ToUpper(string(line)), "* OK") { // RFC 9051 §7.1.1
		return errors.New("no IMAP server")
	}
	return nil
}

var errPrivate = errors.New("the server has a private address")

// dial connects to a public address of host. It resolves by itself and dials
// the address it has judged, so that a second answer cannot lead elsewhere.
func (s *finding) dial(ctx context.Context, host string, port int) (net.Conn, error) {
	addrs, err := s.resolve(ctx, host)
	if err != nil {
		return nil, err
	}
	private := false
	err = errors.New("no address")
	for i, ip := range addrs {
		if i == 4 {
			break
		}
		if ip = ip.Unmap(); !public(ip) && !(s.local && ip.IsLoopback()) {
			private = true
			continue
		}
		var conn net.Conn
		if conn, err = s.dialer()(ctx, "tcp", netip.AddrPortFrom(ip, uint16(port)).String()); err == nil {
			return conn, nil
		}
	}
	if private {
		return nil, errPrivate
	}
	return nil, err
}

func (s *finding) resolve(ctx context.Context, host string) ([]netip.Addr, error) {
	if ip, err := netip.ParseAddr(host); err == nil {
		return []netip.Addr{ip}, nil
	}
	return s.resolver().LookupNetIP(ctx, "ip", host+".") // the dot: no search domains
}

func (f *Finder) resolver() Resolver {
	if f.Resolver != nil {
		return f.Resolver
	}
	return net.DefaultResolver
}

func (f *Finder) dialer() func(context.Context, string, string) (net.Conn, error) {
	if f.Dial != nil {
		return f.Dial
	}
	return new(net.Dialer).DialContext
}

// notPublic are ranges that netip does not name and that lead inside: shared
// and benchmark space, documentation, and forms that carry an IPv4 address.
var notPublic = func() []netip.Prefix {
	var out []netip.Prefix
	for _, p := range []string{"0.0.0.0/8", "100.64.0.0/10", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "240.0.0.0/4",
		"::/96", "64:ff9b::/96", "64:ff9b:1::/48", "100::/64", "2001::/32", "2001:db8::/32", "2002::/16", "fec0::/10"} {
		out = append(out, netip.MustParsePrefix(p))
	}
	return out
}()

// public reports an address on the open internet: what a stranger's DNS says
// must not make us connect to machines inside the firm.
func public(ip netip.Addr) bool {
	ip = ip.Unmap()
	if !ip.IsGlobalUnicast() || ip.IsPrivate() || ip.IsLoopback() || ip.IsLinkLocalUnicast() {
		return false
	}
	for _, p := range notPublic {
		if p.Contains(ip) {
			return false
		}
	}
	return true
}

func isNotFound(err error) bool {
	var dns *net.DNSError
	return errors.As(err, &dns) && dns.IsNotFound
}

// maxCandidates bounds what is offered: people choose among few.
const maxCandidates = 8

// distinct joins the clues in order, each server once.
func distinct(clues []clue) []crm.Mailbox {
	var out []crm.Mailbox
	seen := map[string]bool{}
	for _, c := range clues {
		for _, m := range c.found {
			key := net.JoinHostPort(m.Host, strconv.Itoa(m.Port))
			if !seen[key] && len(out) < maxCandidates {
				seen[key] = true
				out = append(out, m)
			}
		}
	}
	return out
}

// nothing says why no server was found, and what to do.
func (s *finding) nothing(clues []clue) error {
	silent, private := true, ""
	for _, c := range clues {
		if c.refused {
			return crm.NotFound("%s says that it offers no IMAP; ask your provider whether it can be switched on", s.address.Domain())
		}
		silent = silent && c.silent
		if c.private != "" {
			private = c.private
		}
	}
	switch {
	case private != "":
		return crm.NotFound("%s is inside a private network and is not tried by itself; name the server yourself", private)
	case silent:
		return crm.Unavailable(nil, "the mail server of %s cannot be looked up: no name server answers; check the network, or name the server yourself", s.address.Domain())
	}
	return crm.NotFound("no IMAP server was found for %s; ask your provider for its name, and name it yourself", s.address.Domain())
}
