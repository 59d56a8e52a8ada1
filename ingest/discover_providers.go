package ingest

import (
	"slices"
	"strings"

	"kaveri/crm"
)

// provider is a mail service whose server is known without asking.
type provider struct {
	host    string
	domains []string // addresses there; an entry that ends in "." stands for every country (yahoo.)
	mx      []string // how the names of its mail exchangers end, for firms with a domain of their own
	sure    bool     // the provider documents the server: nothing else is asked
	problem string   // why it cannot be connected by this version
	advice  string   // what people must do there first
}

const (
	microsoftProblem = "Microsoft takes no password for IMAP, only OAuth2 sign-in, which a later version brings; until then import its mail from files"
	noIMAP           = "this provider offers no IMAP of its own; run its bridge program and name that server, or import the mail from files"
)

var providers = []provider{
	{host: "imap.gmail.com", domains: []string{"gmail.com", "googlemail.com"}, mx: []string{".google.com", ".googlemail.com"}, sure: true,
		advice: "Google takes an app password, not the account's own: switch on 2-step verification, then make one under App passwords in the Google account"},
	{host: "outlook.office365.com", domains: []string{"outlook.", "hotmail.", "live.", "msn.com", "windowslive.com"},
		mx: []string{".mail.protection.outlook.com", ".olc.protection.outlook.com", ".mx.microsoft"}, sure: true, problem: microsoftProblem},
	{host: "imap.mail.me.com", domains: []string{"icloud.com", "me.com", "mac.com"}, mx: []string{".mail.icloud.com"}, sure: true,
		advice: "Apple takes an app-specific password, not the account's own: make one on account.apple.com under Sign-In and Security"},
	{host: "imap.mail.yahoo.com", domains: []string{"yahoo.", "ymail.com", "rocketmail.com", "myyahoo.com"}, mx: []string{".yahoodns.net"}, sure: true,
		advice: "Yahoo takes an app password, not the account's own: make one under Account security"},
	{host: "imap.aol.com", domains: []string{"aol.com", "aim.com"}, sure: true,
		advice: "AOL takes an app password, not the account's own: make one under Account security"},
	{host: "imap.gmx.com", domains: []string{"gmx.com", "gmx.us", "gmx.co.uk"}, sure: true, advice: "switch on POP3 and IMAP access in the settings of GMX first"},
	{host: "imap.gmx.net", domains: []string{"gmx.net", "gmx.de", "gmx.at", "gmx.ch", "gmx.eu"}, sure: true, advice: "switch on POP3 and IMAP access in the settings of GMX first"},
	{host: "imap.web.de", domains: []string{"web.de"}, sure: true, advice: "switch on POP3 and IMAP access in the settings of web.de first"},
	{host: "imap.fastmail.com", domains: []string{"fastmail.com", "fastmail.fm", "sent.com"}, mx: []string{".messagingengine.com"}, sure: true,
		advice: "Fastmail takes an app password, not the account's own: make one under Privacy and security"},
	{host: "imap.zoho.com", domains: []string{"zoho.com", "zohomail.com"}, sure: true, advice: "switch on IMAP access in the settings of Zoho first"},
	{host: "imap.zoho.eu", domains: []string{"zoho.eu", "zohomail.eu"}, sure: true, advice: "switch on IMAP access in the settings of Zoho first"},
	{host: "imappro.zoho.com", mx: []string{".zoho.com"}, advice: "switch on IMAP access in the settings of Zoho first"},
	{host: "imappro.zoho.eu", mx: []string{".zoho.eu"}, advice: "switch on IMAP access in the settings of Zoho first"},
	{host: "imap.mailbox.org", domains: []string{"mailbox.org"}, mx: []string{".mailbox.org"}, sure: true},
	{host: "posteo.de", domains: []string{"posteo.de", "posteo.net"}, sure: true},
	{host: "secureimap.t-online.de", domains: []string{"t-online.de", "magenta.de"}, sure: true,
		advice: "Telekom takes the password for e-mail programs, which is set in the customer centre"},
	{host: "mx.freenet.de", domains: []string{"freenet.de"}},
	{host: "imap.ionos.de", mx: []string{".kundenserver.de"}},
	{host: "imap.ionos.com", mx: []string{".perfora.net", ".1and1.com", ".ionos.com"}},
	{host: "ssl0.ovh.net", mx: []string{".ovh.net"}},
	{host: "mail.gandi.net", mx: []string{".gandi.net"}},
	{host: "imap.one.com", mx: []string{".one.com"}},
	{host: "imap.migadu.com", mx: []string{".migadu.com"}},
	{host: "mail.infomaniak.com", domains: []string{"ik.me", "etik.com"}, mx: []string{".infomaniak.ch"}},
	{host: "proton.me", domains: []string{"proton.me", "protonmail.com", "pm.me"}, mx: []string{".protonmail.ch"}, sure: true, problem: noIMAP},
	{host: "tuta.com", domains: []string{"tuta.io", "tutanota.com", "tuta.com", "tutamail.com"}, mx: []string{".tutanota.de"}, sure: true, problem: noIMAP},
	{host: "hey.com", domains: []string{"hey.com"}, sure: true, problem: noIMAP},

	// Finnish operators. Their servers move when firms merge, so the names are
	// tried beside what the domain itself says.
	{host: "mail.inet.fi", domains: []string{"inet.fi", "pp.inet.fi", "sonera.fi"}},
	{host: "mail.kolumbus.fi", domains: []string{"kolumbus.fi"}},
	{host: "imap.saunalahti.fi", domains: []string{"saunalahti.fi", "jippii.fi"}},
	{host: "imap.elisa.fi", domains: []string{"elisanet.fi", "elisa.fi", "netikka.fi", "anvianet.fi"}},
	{host: "imap.dnainternet.net", domains: []string{"dnainternet.net", "dnainternet.fi"}},
	{host: "mail.welho.com", domains: []string{"welho.com"}},
	{host: "imap.telia.com", domains: []string{"telia.com"}},
}

func (p provider) mailbox(a crm.Address) crm.Mailbox {
	return crm.Mailbox{Address: a, Host: p.host, Port: 993, Security: crm.SecurityTLS, Username: string(a), Problem: p.problem}
}

// providerOfDomain finds the provider whose addresses end in domain.
func providerOfDomain(domain string) (provider, bool) {
	label, suffix, _ := strings.Cut(domain, ".")
	country := !strings.Contains(suffix, ".") || slices.Contains([]string{"co.uk", "co.jp", "co.in", "co.nz", "com.au", "com.br", "com.mx"}, suffix)
	for _, p := range providers {
		if slices.Contains(p.domains, domain) || country && slices.Contains(p.domains, label+".") {
			return p, true
		}
	}
	return provider{}, false
}

// providerOfExchanger finds the provider that receives mail at an MX host.
func providerOfExchanger(host string) (provider, bool) {
	host = "." + strings.ToLower(strings.TrimSuffix(host, "."))
	for _, p := range providers {
		for _, end := range p.mx {
			if strings.HasSuffix(host, end) {
				return p, true
			}
		}
	}
	return provider{}, false
}

func providerOfHost(host string) (provider, bool) {
	for _, p := range providers {
		if p.host == host {
			return p, true
		}
	}
	return provider{}, false
}

// Advice is one sentence about what the mailbox's provider wants before a
// password works there, "" when nothing is known.
func Advice(m crm.Mailbox) string {
	p, _ := providerOfHost(m.Host)
	return p.advice
}
