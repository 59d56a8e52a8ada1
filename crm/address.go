package crm

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/idna"
	"golang.org/x/net/publicsuffix"
	"golang.org/x/text/unicode/norm"
)

// Address is a mail address in the form in which it is matched and stored:
// NFC, lower case, the domain as Unicode (U-labels), without display name,
// comments or surrounding space. The zero value is no address.
//
// RFC 5321 §2.4 lets a host tell Local from local; no host in use does, and
// customers write their own address in every case, so the local part is folded
// as well. What the header said is kept beside it in [Party.Written].
type Address string

// maxAddress bounds an address in bytes: RFC 5321 §4.5.3.1 allows 64 for the
// local part and 255 for the domain; U-labels of RFC 6532 may take more bytes.
const maxAddress = 640

// lenient accepts what mail in the wild uses (a_b.example) and only maps.
var lenient = idna.New(idna.MapForLookup(), idna.Transitional(false), idna.StrictDomainName(false), idna.CheckHyphens(false))

// ParseAddress normalises a bare address (addr-spec). It fails with
// [KindInvalid] on field "address" when s cannot be an address at all; it is
// idempotent: the result parses to itself.
func ParseAddress(s string) (Address, error) {
	s = strings.TrimSpace(strings.Trim(strings.TrimSpace(s), "<>"))
	s = strings.TrimPrefix(s, "mailto:")
	at := strings.LastIndexByte(s, '@')
	switch {
	case s == "":
		return "", Invalid("address", "the address is empty; write it like name@example.com")
	case len(s) > maxAddress:
		return "", Invalid("address", "the address is longer than %d bytes", maxAddress)
	case !utf8.ValidString(s):
		return "", Invalid("address", "the address is not valid UTF-8")
	case at <= 0 || at == len(s)-1:
		return "", Invalid("address", "%q has no name or no domain; write it like name@example.com", s)
	}
	local, err := normalLocal(s[:at])
	if err != nil {
		return "", err
	}
	domain, err := ParseDomain(s[at+1:])
	if err != nil {
		return "", err
	}
	a := local + "@" + domain
	if len(a) > maxAddress {
		return "", Invalid("address", "the address is longer than %d bytes", maxAddress)
	}
	return Address(a), nil
}

// Deliverable says why no mail could reach an address, by its form alone: an
// error of kind [KindInvalid] on field "address". [ParseAddress] takes any that
// a header may hold; a domain without a dot or with an empty label is nowhere.
func (a Address) Deliverable() error {
	domain := a.Domain()
	switch {
	case len(a.Local()) > 64: // RFC 5321 §4.5.3.1.1
		return Invalid("address", "%q has more than 64 bytes before the @", a)
	case strings.HasPrefix(domain, "["):
		return nil
	case !strings.Contains(domain, "."):
		return Invalid("address", "%q has no dot behind the @; write it like name@example.com", a)
	}
	for label := range strings.SplitSeq(domain, ".") {
		if label == "" || len(label) > 252 || label[0] == '-' || label[len(label)-1] == '-' || strings.ContainsAny(label, "!\"#$%&'*+/=?^`{|}~:[]") {
			return Invalid("address", "%q has no domain behind the @; write it like name@example.com", a)
		}
	}
	return nil
}

func normalLocal(local string) (string, error) {
	// "john"@x and john@x are the same mailbox (RFC 5321 §4.1.2).
	if n := len(local); n > 2 && local[0] == '"' && local[n-1] == '"' && !strings.ContainsAny(local[1:n-1], " \"\\()<>[]:;@,") {
		local = local[1 : n-1]
	}
	for _, r := range local {
		if unicode.IsControl(r) || r == '<' || r == '>' {
			return "", Invalid("address", "the name before @ has a control character or angle bracket")
		}
	}
	if strings.ContainsAny(local, " \t") && !strings.HasPrefix(local, `"`) {
		return "", Invalid("address", "there is a space before @; remove it")
	}
	if strings.Contains(local, "@") && !strings.HasPrefix(local, `"`) {
		return "", Invalid("address", "there is more than one @; write it like name@example.com")
	}
	return fold(local), nil
}

// fold is NFC over lower case, applied until nothing changes: a few runes
// (ẞ, İ) need two rounds, and the result must be a fixed point to be a key.
func fold(s string) string {
	if isLowerASCII(s) {
		return s
	}
	for range 4 {
		t := norm.NFC.String(strings.ToLower(norm.NFC.String(s)))
		if t == s {
			break
		}
		s = t
	}
	return s
}

func isLowerASCII(s string) bool {
	for i := range len(s) {
		if c := s[i]; c >= utf8.RuneSelf || 'A' <= c && c <= 'Z' {
			return false
		}
	}
	return true
}

// ParseDomain normalises a domain: NFC, lower case, A-labels to U-labels,
// no trailing dot. A domain literal such as [192.0.2.1] is kept as it is.
func ParseDomain(s string) (string, error) {
	s = strings.TrimRight(strings.TrimSpace(s), ".")
	if s == "" {
		return "", Invalid("domain", "the domain is empty")
	}
	for _, r := range s {
		if unicode.IsControl(r) || unicode.IsSpace(r) || strings.ContainsRune("<>@,;\"\\()", r) {
			return "", Invalid("domain", "%q is not a domain; write it like example.com", s)
		}
	}
	if s[0] == '[' || isPlainDomain(s) {
		return fold(s), nil
	}
	d := fold(s)
	for range 3 { // mapping may reveal an A-label, so go on to the fixed point
		u, err := lenient.ToUnicode(d)
		if u = strings.TrimRight(fold(u), "."); err != nil || u == "" || u == d || strings.ContainsAny(u, "@<> ") {
			break
		}
		d = u
	}
	return d, nil
}

// ASCIIDomain gives a domain as DNS and servers without SMTPUTF8 know it: with
// A-labels. It fails with [KindInvalid] on field "domain" when there is no such
// form.
func ASCIIDomain(domain string) (string, error) {
	if isHostName(domain) || isLiteral(domain) {
		return domain, nil
	}
	ascii, err := lenient.ToASCII(domain)
	if err != nil || !utf8.ValidString(domain) || !isHostName(ascii) {
		return "", Invalid("domain", "%q is not a domain; write it like example.com", domain)
	}
	return ascii, nil
}

// isHostName reports letters, digits, hyphens, dots, and underscores, which are
// in use.
func isHostName(s string) bool {
	for i := range len(s) {
		if c := s[i]; !isAlphanumeric(c) && c != '-' && c != '.' && c != '_' {
			return false
		}
	}
	return s != ""
}

// isLiteral reports a domain literal (RFC 5321 §4.1.3).
func isLiteral(s string) bool {
	if len(s) < 3 || s[0] != '[' || s[len(s)-1] != ']' {
		return false
	}
	for i := 1; i < len(s)-1; i++ {
		if c := s[i]; !isAlphanumeric(c) && c != '.' && c != ':' {
			return false
		}
	}
	return true
}

func isAlphanumeric(c byte) bool {
	return 'a' <= c && c <= 'z' || '0' <= c && c <= '9' || 'A' <= c && c <= 'Z'
}

// isPlainDomain reports ASCII without an A-label: nothing for IDNA to do.
func isPlainDomain(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return !strings.Contains(strings.ToLower(s), "xn--")
}

// Domain gives the part after the last @.
func (a Address) Domain() string {
	return string(a[strings.LastIndexByte(string(a), '@')+1:])
}

// Local gives the part before the last @.
func (a Address) Local() string {
	return string(a[:max(0, strings.LastIndexByte(string(a), '@'))])
}

// Canonical gives the form in which addresses that reach the same mailbox are
// alike: without the tag after a plus sign (RFC 5233 §4), and where the
// provider is known to ignore dots, without these. Most addresses are their own
// canonical form.
func (a Address) Canonical() Address {
	at := strings.LastIndexByte(string(a), '@')
	if at <= 0 || a[0] == '"' {
		return a
	}
	local, domain := string(a[:at]), string(a[at+1:])
	if i := strings.IndexByte(local, '+'); i > 0 {
		local = local[:i]
	}
	if domain == "googlemail.com" {
		domain = "gmail.com"
	}
	if domain == "gmail.com" {
		local = strings.ReplaceAll(local, ".", "")
	}
	if local == "" || len(local)+len(domain)+1 == len(a) {
		return a
	}
	return Address(local + "@" + domain)
}

// Organisation gives the domain by which the address's organisation is known:
// the one that was registered ("mail.acme.co.uk" is of "acme.co.uk"), or "" when
// it says nothing, because a mail provider or a public suffix shares it among
// strangers.
func (a Address) Organisation() string {
	d := a.Domain()
	if d == "" || d[0] == '[' {
		return ""
	}
	registered, err := publicsuffix.EffectiveTLDPlusOne(d)
	if err != nil || FreeMail(registered) || FreeMail(d) {
		return ""
	}
	return registered
}

// robotLocals are local parts behind which no human reads; a bare word or a
// word followed by - + . or _ counts.
var robotLocals = []string{"noreply", "no-reply", "no_reply", "donotreply", "do-not-reply", "do_not_reply", "mailer-daemon", "postmaster",
	"bounce", "bounces", "eivastata", "ei-vastata", "alavastaa", "ala-vastaa", "nepasrepondre", "keineantwort"}

// LooksRobotic reports addresses that announce that nobody reads them
// (no-reply@, mailer-daemon@). They never become contacts by themselves.
func (a Address) LooksRobotic() bool {
	l := a.Local()
	for _, r := range robotLocals {
		if rest, ok := strings.CutPrefix(l, r); ok && (rest == "" || strings.IndexByte("-+._=", rest[0]) >= 0) {
			return true
		}
	}
	return false
}

// Party is one named address of a header field ("mailbox" in RFC 5322 §3.4).
type Party struct {
	Name    string  // decoded display name, "" when none
	Address Address // as matched
	Written string  // the address as the header has it
}

// Display gives the name, or the address when there is none.
func (p Party) Display() string {
	if p.Name != "" {
		return p.Name
	}
	return string(p.Address)
}
