package crm

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

// Policy says which mail the firm captures.
type Policy string

// The capture policies.
const (
	PolicyKnown    Policy = "known"    // mail with customers (the default)
	PolicyExternal Policy = "external" // all mail with anyone outside
	PolicyAll      Policy = "all"      // internal mail too
)

// Firm is the company that runs Kaveri.
type Firm struct {
	Name      string    `json:"name"`
	Domains   []string  `json:"domains"`   // own domains: mail among them is internal
	Addresses []Address `json:"addresses"` // own addresses at domains that are not ours
	Relays    []Address `json:"relays"`    // senders that write for others, named in Reply-To: the shop, a form
	// AuthServer is the authserv-id of the firm's own receiving server: only
	// its Authentication-Results are believed. "": none is.
	AuthServer string `json:"auth_server"`
	TimeZone   string `json:"time_zone"` // IANA name
	Currency   string `json:"currency"`  // ISO 4217
	Language   string `json:"language"`  // en or fi
	Policy     Policy `json:"policy"`
	// PublicURL is where the links in mail lead, without a slash at its end; ""
	// and mail bears none.
	PublicURL string `json:"public_url"`
	// TrackOpens has a picture in new mailings that tells when it was fetched. It
	// says little, since many mail programs fetch all pictures or none.
	TrackOpens bool `json:"track_opens"`
	// FeedbackForm opens a form on the public pages that anybody may fill in.
	FeedbackForm bool `json:"feedback_form"`
	// TrackClicks leads the links of new mailings over the public address, so
	// that clicks are counted.
	TrackClicks bool    `json:"track_clicks"`
	Topics      []Topic `json:"topics"` // that mailings can be about
	// FollowDeletions is for how many days a mail that has left every mailbox is
	// kept; 0 keeps it for good.
	FollowDeletions int `json:"follow_deletions"`
	// CompareColleagues lets administrators see beside each other, in numbers,
	// what was captured for each colleague. Nobody asked for a race: it is off.
	CompareColleagues bool `json:"compare_colleagues"`
	// Excluded are those whose mail is not kept, filled in where the rules are
	// applied.
	Excluded *Exclusions `json:"-"`
}

// MaxFollowDeletions bounds the days of [Firm.FollowDeletions].
const MaxFollowDeletions = 3650

// Internal reports whether a is one of us: at an own domain (or a subdomain of
// one), or an own address.
func (f *Firm) Internal(a Address) bool {
	if slices.Contains(f.Addresses, a) {
		return true
	}
	d := a.Domain()
	for _, own := range f.Domains {
		if d == own || strings.HasSuffix(d, own) && d[len(d)-len(own)-1] == '.' {
			return true
		}
	}
	return false
}

// Forged reports whether the firm's own server has found that a mail does not
// come from where its From says.
func (f *Firm) Forged(auth []AuthResult) bool {
	r, ok := f.verdict(auth)
	return ok && r.DMARC == "fail"
}

// Verified reports whether the firm's own server has found that a mail does come
// from where its From says, and whether it has looked at all.
func (f *Firm) Verified(auth []AuthResult) (verified, checked bool) {
	r, ok := f.verdict(auth)
	return r.DMARC == "pass", ok
}

// verdict gives what the firm's own server has noted; it stands first, above
// what others may have written before (RFC 8601 §5).
func (f *Firm) verdict(auth []AuthResult) (AuthResult, bool) {
	if f.AuthServer == "" {
		return AuthResult{}, false
	}
	for _, r := range auth {
		if strings.EqualFold(r.Server, f.AuthServer) {
			return r, true
		}
	}
	return AuthResult{}, false
}

// defaultZone is the time zone of a firm that has named none.
const defaultZone = "Europe/Helsinki"

// Zone gives the firm's time zone, in which its days begin and in which people
// are told times. A firm that was not set up yet has the default one; a name that
// this machine does not know, which [Firm.Validate] refuses, is UTC.
func (f *Firm) Zone() *time.Location {
	zone, err := time.LoadLocation(cmp.Or(f.TimeZone, defaultZone))
	if err != nil {
		return time.UTC
	}
	return zone
}

// Validate checks the settings and names the field at fault.
func (f *Firm) Validate() error {
	for i, d := range f.Domains {
		n, err := ParseDomain(d)
		if err != nil {
			return Invalid("own domain", "%q is not a domain; write it like example.com", d)
		}
		if FreeMail(n) {
			return Invalid("own domain", "%s is a free-mail provider shared by strangers; give your own address there as an own address instead", n)
		}
		f.Domains[i] = n
	}
	switch f.Policy {
	case PolicyKnown, PolicyExternal, PolicyAll:
	case "":
		f.Policy = PolicyKnown
	default:
		return Invalid("capture policy", "%q is unknown; choose known, external or all", f.Policy)
	}
	if f.TimeZone == "" {
		f.TimeZone = defaultZone
	}
	if _, err := time.LoadLocation(f.TimeZone); err != nil {
		return Invalid("time zone", "%q is not an IANA time zone; write it like Europe/Helsinki", f.TimeZone)
	}
	if f.Currency == "" {
		f.Currency = "EUR"
	}
	if len(f.Currency) != 3 || strings.ToUpper(f.Currency) != f.Currency {
		return Invalid("currency", "%q is not an ISO 4217 code; write it like EUR", f.Currency)
	}
	if f.FollowDeletions < 0 || f.FollowDeletions > MaxFollowDeletions {
		return Invalid("follow deletions", "give 1 to %d days, or 0 to keep what has left the mailboxes", MaxFollowDeletions)
	}
	var err error
	if f.PublicURL, err = ParsePublicURL(f.PublicURL); err != nil {
		return err
	}
	if err := validateTopics(f.Topics); err != nil {
		return err
	}
	switch f.Language {
	case "":
		f.Language = "en"
	case "en", "fi":
	default:
		return Invalid("language", "%q is not offered; choose en or fi", f.Language)
	}
	return nil
}

// freeMail are providers whose domains say nothing about who somebody works
// for. The list is short on purpose: the providers of Europe and the large
// ones; it only guards the firm's own domains and, later, organisations.
var freeMail = []string{
	"gmail.com", "googlemail.com", "outlook.com", "hotmail.com", "live.com", "msn.com", "outlook.fi", "hotmail.fi", "live.fi", "hotmail.co.uk", "live.co.uk", "outlook.de", "hotmail.de", "hotmail.fr", "live.fr", "live.se", "hotmail.se",
	"yahoo.com", "ymail.com", "rocketmail.com", "yahoo.co.uk", "yahoo.fr", "yahoo.de", "yahoo.es", "yahoo.it", "yahoo.se", "yahoo.co.jp",
	"icloud.com", "me.com", "mac.com", "aol.com", "proton.me", "protonmail.com", "pm.me", "tutanota.com", "tuta.io", "fastmail.com", "fastmail.fm", "zoho.com", "hey.com", "mail.com", "gmx.com", "gmx.de", "gmx.net", "gmx.at", "gmx.ch", "web.de", "t-online.de", "freenet.de", "posteo.de", "mailbox.org", "arcor.de",
	"luukku.com", "kolumbus.fi", "elisanet.fi", "saunalahti.fi", "netti.fi", "suomi24.fi", "pp.inet.fi", "inet.fi", "dnainternet.net", "welho.com", "jippii.fi", "sci.fi", "nic.fi", "phnet.fi", "mbnet.fi", "surffi.net",
	"telia.com", "spray.se", "bredband.net", "comhem.se", "online.no", "mail.ee", "hot.ee", "inbox.lv", "orange.fr", "wanadoo.fr", "free.fr", "laposte.net", "sfr.fr", "libero.it", "virgilio.it", "tiscali.it", "btinternet.com", "sky.com", "virginmedia.com", "ntlworld.com", "comcast.net", "verizon.net", "att.net", "cox.net", "sbcglobal.net", "mail.ru", "yandex.ru", "bk.ru", "list.ru", "inbox.ru", "rambler.ru", "qq.com", "163.com", "126.com", "naver.com", "seznam.cz", "wp.pl", "o2.pl", "onet.pl", "interia.pl", "ukr.net", "bigpond.com", "shaw.ca", "rogers.com", "telenet.be", "skynet.be", "ziggo.nl", "kpnmail.nl", "xs4all.nl", "planet.nl", "bluewin.ch",
}

var freeMailSet = func() map[string]bool {
	set := make(map[string]bool, len(freeMail))
	for _, d := range freeMail {
		set[d] = true
	}
	return set
}()

// FreeMail reports whether domain is a public mail provider.
func FreeMail(domain string) bool { return freeMailSet[domain] }
