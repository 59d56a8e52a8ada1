package outbound

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"

	"blitiri.com.ar/go/spf"

	"kaveri/crm"
)

// Finding is what the check of a sender has found, with the mend.
type Finding struct {
	Subject string // SPF, DKIM, DMARC, PTR, TLS, return path
	Domain  string
	Grade   Grade
	Text    string // one sentence: what is, and what to do about it
}

// Grade says how bad a finding is.
type Grade string

// The grades.
const (
	GradeGood Grade = "good"
	GradeWarn Grade = "warning" // mail goes out; some of it is distrusted
	GradeBad  Grade = "bad"     // large providers refuse such mail
)

// DNS is what the check asks of DNS; *net.Resolver does.
type DNS interface {
	LookupTXT(ctx context.Context, name string) ([]string, error)
	LookupMX(ctx context.Context, name string) ([]*net.MX, error)
	LookupIPAddr(ctx context.Context, host string) ([]net.IPAddr, error)
	LookupAddr(ctx context.Context, addr string) ([]string, error)
}

// Linter checks whether the world will trust what a sender sends: what the
// large providers ask of everybody who writes to many.
type Linter struct {
	DNS DNS
	// Try opens a session with the sender and closes it; see [Courier.Try].
	Try func(ctx context.Context, s crm.Sender) error
	// Keys gives all DKIM keys.
	Keys func(ctx context.Context) ([]crm.DKIMKey, error)
}

// Check looks at a sender and at the domains that it writes for.
func (l *Linter) Check(ctx context.Context, s *crm.Sender, domains []string) []Finding {
	fs := []Finding{l.session(ctx, s)}
	hosts, err := l.DNS.LookupIPAddr(ctx, s.Host)
	if err != nil {
		fs = append(fs, Finding{"PTR", s.Host, GradeBad, s.Host + " has no address in DNS: " + dnsReason(err)})
	} else {
		fs = append(fs, l.reverse(ctx, s.Host, hosts))
	}
	for _, d := range domains {
		fs = append(fs, l.spf(ctx, d, hosts), l.dkim(ctx, d), l.dmarc(ctx, d))
	}
	if s.Bounce != "" {
		fs = append(fs, l.returnPath(ctx, s.Bounce))
	}
	return fs
}

func (l *Linter) session(ctx context.Context, s *crm.Sender) Finding {
	f := Finding{"TLS", s.Host, GradeGood, fmt.Sprintf("%s port %d takes our login over a verified connection", s.Host, s.Port)}
	if s.Security == crm.SecurityNone {
		f.Grade, f.Text = GradeWarn, s.Host+" is reached without encryption: right for this machine only"
	}
	if err := l.Try(ctx, *s); err != nil {
		f.Grade, f.Text = GradeBad, sentence(err)
	}
	return f
}

// reverse checks that the server's address has a name that leads back to it.
// Where the server is a relay its own outgoing addresses may be others.
func (l *Linter) reverse(ctx context.Context, host string, ips []net.IPAddr) Finding {
	f := Finding{"PTR", host, GradeGood, ""}
	for _, ip := range ips {
		names, err := l.DNS.LookupAddr(ctx, ip.String())
		if err != nil || len(names) == 0 {
			f.Grade, f.Text = GradeWarn, fmt.Sprintf("%s has no reverse name; if it sends from this address, ask its operator for one", ip.String())
			return f
		}
		if !l.leadsBack(ctx, names[0], ip.IP) {
			f.Grade, f.Text = GradeWarn, fmt.Sprintf("the reverse name of %s is %s, which does not lead back to it", ip.String(), strings.TrimSuffix(names[0], "."))
			return f
		}
		f.Text = fmt.Sprintf("%s is %s, forth and back", ip.String(), strings.TrimSuffix(names[0], "."))
	}
	return f
}

func (l *Linter) leadsBack(ctx context.Context, name string, ip net.IP) bool {
	back, err := l.DNS.LookupIPAddr(ctx, strings.TrimSuffix(name, "."))
	if err != nil {
		return false
	}
	for _, b := range back {
		if b.IP.Equal(ip) {
			return true
		}
	}
	return false
}

// spf checks that the domain says who may send for it (RFC 7208), and that
// the server is among them.
func (l *Linter) spf(ctx context.Context, domain string, ips []net.IPAddr) Finding {
	f := Finding{Subject: "SPF", Domain: domain}
	record, n, err := l.record(ctx, domain, "v=spf1")
	switch {
	case err != nil:
		f.Grade, f.Text = GradeBad, domain+" cannot be looked up: "+dnsReason(err)
	case n == 0:
		f.Grade, f.Text = GradeBad, domain+" has no SPF record; publish a TXT record that begins with v=spf1 and names your mail server"
	case n > 1:
		f.Grade, f.Text = GradeBad, domain+" has several SPF records, which counts as none; keep one (RFC 7208 section 3.2)"
	default:
		f.Grade, f.Text = GradeWarn, "the SPF record does not name this server; right only if it sends from other addresses: "+record
		for _, ip := range ips {
			if r, _ := spf.CheckHostWithSender(ip.IP, domain, "postmaster@"+domain, spf.WithContext(ctx), spf.WithResolver(l.DNS)); r == spf.Pass {
				f.Grade, f.Text = GradeGood, "the SPF record names this server"
			}
		}
	}
	return f
}

func (l *Linter) dkim(ctx context.Context, domain string) Finding {
	f := Finding{Subject: "DKIM", Domain: domain}
	all, err := l.Keys(ctx)
	keys := crm.SignersOf(all, domain)
	if err != nil || len(keys) == 0 {
		f.Grade, f.Text = GradeBad, "mail from "+domain+" is not signed; make keys: kaveri dkim new "+domain
		return f
	}
	for _, k := range keys {
		found, err := l.DNS.LookupTXT(ctx, k.RecordName())
		switch {
		case err != nil && !notFound(err):
			f.Grade, f.Text = GradeBad, k.RecordName()+" cannot be looked up: "+dnsReason(err)
			return f
		case k.RecordIn(found) == crm.DKIMRecordMissing:
			f.Grade, f.Text = GradeBad, "DNS does not show the key "+k.RecordName()+"; publish it: kaveri dkim show "+k.Domain
			return f
		case k.RecordIn(found) == crm.DKIMRecordOther:
			f.Grade, f.Text = GradeBad, "DNS shows another key at "+k.RecordName()+" than mail is signed with; publish the record of kaveri dkim show "+k.Domain
			return f
		}
	}
	f.Grade, f.Text = GradeGood, "mail is signed, and DNS shows the keys"
	return f
}

func (l *Linter) dmarc(ctx context.Context, domain string) Finding {
	f := Finding{Subject: "DMARC", Domain: domain}
	at := domain
	record, n, err := l.record(ctx, "_dmarc."+at, "v=DMARC1")
	if org := crm.Address("x@" + domain).Organisation(); n == 0 && org != "" && org != domain {
		at = org
		record, n, err = l.record(ctx, "_dmarc."+at, "v=DMARC1")
	}
	switch {
	case n == 1:
		f.Grade, f.Text = GradeGood, "the DMARC record of "+at+" is: "+record
	case n > 1:
		f.Grade, f.Text = GradeBad, "there are several DMARC records at _dmarc."+at+"; keep one"
	case err != nil && !notFound(err):
		f.Grade, f.Text = GradeWarn, "_dmarc."+at+" cannot be looked up: "+dnsReason(err)
	default:
		f.Grade, f.Text = GradeBad, "there is no DMARC record; publish at _dmarc."+domain+" at least: v=DMARC1; p=none"
	}
	return f
}

func (l *Linter) returnPath(ctx context.Context, domain string) Finding {
	f := Finding{"return path", domain, GradeGood, "bounces come back to " + domain}
	if mx, err := l.DNS.LookupMX(ctx, domain); err != nil || len(mx) == 0 {
		f.Grade, f.Text = GradeBad, "no server takes mail for "+domain+": bounces are lost, and some providers refuse such mail; publish an MX record that leads to the dropbox"
	}
	return f
}

// record gives the TXT record that begins so, and how many there are.
func (l *Linter) record(ctx context.Context, name, begins string) (record string, n int, err error) {
	list, err := l.DNS.LookupTXT(ctx, name)
	if err != nil {
		if notFound(err) {
			return "", 0, nil
		}
		return "", 0, err
	}
	for _, r := range list {
		if len(r) >= len(begins) && strings.EqualFold(r[:len(begins)], begins) {
			record, n = r, n+1
		}
	}
	return record, n, nil
}

func notFound(err error) bool {
	var e *net.DNSError
	return errors.As(err, &e) && e.IsNotFound
}

func dnsReason(err error) string {
	var e *net.DNSError
	if errors.As(err, &e) {
		if e.IsNotFound {
			return "DNS does not know it"
		}
		return "DNS does not answer"
	}
	return err.Error()
}
