package dropbox

import (
	"bytes"
	"context"
	"net"
	"strings"
	"time"

	"blitiri.com.ar/go/spf"
	"github.com/emersion/go-msgauth/dkim"

	"kaveri/crm"
)

// Resolver answers the questions that proofs ask of DNS; *net.Resolver does.
type Resolver interface {
	LookupTXT(ctx context.Context, name string) ([]string, error)
	LookupMX(ctx context.Context, name string) ([]*net.MX, error)
	LookupIPAddr(ctx context.Context, host string) ([]net.IPAddr, error)
	LookupAddr(ctx context.Context, addr string) ([]string, error)
}

// proofTime is how long DNS may take to prove somebody.
const proofTime = 20 * time.Second

// proven reports whether a mail comes from the organisation that its From field
// names: SPF for the envelope's sender (RFC 7208 §2.4) or a DKIM signature
// (RFC 6376 §6.1), aligned with it as DMARC asks (RFC 9989 §4.4: relaxed). A
// signature of a part of the body only is none, the library sees to that.
func proven(ctx context.Context, dns Resolver, client net.IP, helo, envelope string, from crm.Address, raw []byte) bool {
	ctx, cancel := context.WithTimeout(ctx, proofTime)
	defer cancel()
	return bySPF(ctx, dns, client, helo, envelope, from) || byDKIM(ctx, dns, raw, from)
}

func bySPF(ctx context.Context, dns Resolver, client net.IP, helo, envelope string, from crm.Address) bool {
	sender, err := crm.ParseAddress(envelope)
	if err != nil || client == nil || !aligned(sender.Domain(), from) {
		return false
	}
	result, _ := spf.CheckHostWithSender(client, helo, envelope, spf.WithContext(ctx), spf.WithResolver(dns))
	return result == spf.Pass
}

func byDKIM(ctx context.Context, dns Resolver, raw []byte, from crm.Address) bool {
	vs, err := dkim.VerifyWithOptions(bytes.NewReader(raw), &dkim.VerifyOptions{
		LookupTXT:        func(name string) ([]string, error) { return dns.LookupTXT(ctx, name) },
		MaxVerifications: 5,
	})
	if err != nil && len(vs) == 0 {
		return false
	}
	for _, v := range vs {
		if v.Err == nil && aligned(strings.ToLower(v.Domain), from) {
			return true
		}
	}
	return false
}

// aligned reports that a proven domain is of the organisation that the address
// is of.
func aligned(domain string, from crm.Address) bool {
	if domain == from.Domain() {
		return true
	}
	org := crm.Address("x@" + domain).Organisation()
	return org != "" && org == from.Organisation()
}
