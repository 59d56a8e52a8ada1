package main

import (
	"context"
	"errors"
	"net"
	"strings"

	"github.com/spf13/cobra"

	"kaveri/crm"
	"kaveri/store"
)

func (p *program) dkimCommand() *cobra.Command {
	var dns dnsFlags
	show := p.reads(&cobra.Command{
		Use: "show DOMAIN", Short: "Show a domain's keys, and whether DNS shows them", Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error { return p.showDKIM(c.Context(), args[0], dns) },
	})
	dns.add(show)
	show.Flags().BoolVar(&dns.off, "no-dns", false, "do not ask DNS")
	return group("dkim", "The keys that sign mail (DKIM)", p.dkimNewCommand(), show, p.dkimRotateCommand())
}

// dkimJSON is what the verbs print.
type dkimJSON struct {
	Domain string        `json:"domain"`
	Keys   []dkimKeyJSON `json:"keys"`
}

// dkimKeyJSON is a key in JSON; the private part never leaves.
type dkimKeyJSON struct {
	Selector  string            `json:"selector"`
	Algorithm crm.DKIMAlgorithm `json:"algorithm"`
	State     crm.DKIMKeyState  `json:"state"`
	Created   jsonTime          `json:"created"`
	Active    jsonTime          `json:"active"`
	Retired   jsonTime          `json:"retired"`
	Name      string            `json:"name"`
	Value     string            `json:"value"`
	Strings   []string          `json:"strings"`
	DNS       string            `json:"dns"`
}

// What is said of a record that was not looked at, or could not be.
const (
	recordUnasked     = "unasked"
	recordUnreachable = "unreachable"
)

// shownKey is a key with what DNS says of it.
type shownKey struct {
	crm.DKIMKey
	dns string
}

func (p *program) showDKIM(ctx context.Context, domain string, dns dnsFlags) error {
	d, err := mailDomain(domain)
	if err != nil {
		return err
	}
	s, err := p.openExisting(ctx)
	if err != nil {
		return err
	}
	defer s.Close()
	keys, err := s.DKIMKeys(ctx, crm.SystemViewer, d)
	if err != nil {
		return err
	}
	if len(keys) == 0 {
		return missing("domain", "%s has no keys; kaveri dkim new %s makes them", d, d)
	}
	shown, err := p.lookUp(ctx, keys, dns)
	if err != nil {
		return err
	}
	if p.json {
		return p.printDKIM(d, shown)
	}
	t := p.table("SELECTOR", "ALGORITHM", "STATE", "CREATED", "SIGNS SINCE", "RETIRED", "DNS")
	for _, k := range shown {
		t.row(k.Selector, string(k.Algorithm), string(k.State()), k.Created, k.Active, k.Retired, p.remark(k))
	}
	if err := t.end(); err != nil {
		return err
	}
	p.printf("\n")
	for _, k := range shown {
		if k.State() != crm.DKIMRetired {
			p.printRecord(k.DKIMKey)
		}
	}
	return nil
}

// remark says in a word or two what is to be done with a record.
func (p *program) remark(k shownKey) string {
	if k.State() != crm.DKIMRetired {
		return k.dns
	}
	if until := k.Retired.Add(crm.DKIMKeep); p.now().Before(until) {
		return k.dns + ", keep until " + p.dayOf(until)
	}
	if k.dns == string(crm.DKIMRecordMissing) {
		return "removed"
	}
	return k.dns + ", may be removed"
}

// printDKIM prints the keys of a domain as JSON.
func (p *program) printDKIM(domain string, keys []shownKey) error {
	out := dkimJSON{Domain: domain}
	for _, k := range keys {
		out.Keys = append(out.Keys, dkimKeyJSON{k.Selector, k.Algorithm, k.State(), jsonTime(k.Created), jsonTime(k.Active), jsonTime(k.Retired),
			k.RecordName(), k.Record(), k.RecordStrings(), k.dns})
	}
	return p.printJSON(out)
}

// printRecord prints a record as a line of a zone file, which the pages of most
// providers take as well.
func (p *program) printRecord(k crm.DKIMKey) {
	p.printf("%s. IN TXT ( \"%s\" )\n", k.RecordName(), strings.Join(k.RecordStrings(), `" "`))
}

// unasked gives keys that DNS was not asked about.
func unasked(keys []crm.DKIMKey) []shownKey {
	out := make([]shownKey, len(keys))
	for i, k := range keys {
		out[i] = shownKey{k, recordUnasked}
	}
	return out
}

// mailDomain reads the domain of an argument.
func mailDomain(s string) (string, error) {
	d, err := crm.ParseDomain(s)
	if err != nil {
		return "", err
	}
	if _, err := crm.ASCIIDomain(d); err != nil || !strings.Contains(d, ".") {
		return "", crm.Invalid("domain", "%q is not a domain; write it like example.com", s)
	}
	return d, nil
}

// keysIn gives the keys of a domain in a state.
func keysIn(ctx context.Context, s *store.Store, domain string, state crm.DKIMKeyState) ([]crm.DKIMKey, error) {
	all, err := s.DKIMKeys(ctx, crm.SystemViewer, domain)
	var in []crm.DKIMKey
	for _, k := range all {
		if k.State() == state {
			in = append(in, k)
		}
	}
	return in, err
}

// dnsFlags say whom to ask.
type dnsFlags struct {
	resolver string
	off      bool
}

func (f *dnsFlags) add(c *cobra.Command) {
	c.Flags().StringVar(&f.resolver, "resolver", "", "ask this DNS server, HOST or HOST:PORT (default: the system's); the domain's own shows a new record first")
}

// lookUp asks DNS for the record of each key.
func (p *program) lookUp(ctx context.Context, keys []crm.DKIMKey, f dnsFlags) ([]shownKey, error) {
	out := unasked(keys)
	if f.off {
		return out, nil
	}
	resolver, err := f.dns()
	if err != nil {
		return nil, err
	}
	for i, k := range keys {
		found, err := resolver.LookupTXT(ctx, k.RecordName()+".")
		var unknown *net.DNSError
		switch {
		case err == nil:
			out[i].dns = string(k.RecordIn(found))
		case errors.As(err, &unknown) && unknown.IsNotFound:
			out[i].dns = string(crm.DKIMRecordMissing)
		case ctx.Err() != nil:
			return nil, ctx.Err()
		default:
			out[i].dns = recordUnreachable
			p.log.Info("DNS does not answer", "name", k.RecordName(), "error", err)
		}
	}
	return out, nil
}

// dns gives the resolver that the flags name.
func (f *dnsFlags) dns() (*net.Resolver, error) {
	if f.resolver == "" {
		return net.DefaultResolver, nil
	}
	address := f.resolver
	if _, _, err := net.SplitHostPort(address); err != nil {
		address = net.JoinHostPort(strings.Trim(address, "[]"), "53")
	}
	if host, port, err := net.SplitHostPort(address); err != nil || host == "" || port == "" {
		return nil, misused("--resolver: %q is not a server; write it like 192.0.2.53 or ns1.example.com:53", f.resolver)
	}
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, address)
	}}, nil
}
