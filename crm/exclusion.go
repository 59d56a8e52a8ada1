package crm

import (
	"slices"
	"strings"
	"time"
	"unicode"
)

// ExclusionKind says what an exclusion names.
type ExclusionKind string

// The kinds of exclusion.
const (
	ExcludedAddress ExclusionKind = "address" // in any of its forms
	ExcludedDomain  ExclusionKind = "domain"  // with its subdomains
	ExcludedFolder  ExclusionKind = "folder"  // with the folders in it
)

// Exclusion names mail that is not kept: with an address, with a domain, or in
// a folder; of one mailbox or of all.
type Exclusion struct {
	ID      ExclusionID
	Mailbox MailboxID // 0: the whole firm
	Kind    ExclusionKind
	Value   string  // normalised
	Staff   StaffID // who said so; 0: on the machine itself
	At      time.Time
}

// ExclusionEffect is what an exclusion does, or would do, to mail that is stored.
type ExclusionEffect struct {
	Removed int // mails that go for good
	Shared  int // mails that stay, because a colleague whose mailbox is not excluded has them too
	ByHand  int // mails that stay, because a colleague has said whose they are
}

// ParseExclusion reads what people write: an address, or a domain with or
// without an @ before it. It reports an error of kind [KindInvalid].
func ParseExclusion(s string) (Exclusion, error) {
	s = strings.TrimSpace(s)
	bare := strings.TrimPrefix(strings.TrimPrefix(s, "*"), "@")
	if strings.Contains(bare, "@") {
		return NewExclusion(ExcludedAddress, bare)
	}
	return NewExclusion(ExcludedDomain, strings.TrimPrefix(bare, "."))
}

// NewExclusion normalises and checks what an exclusion names.
func NewExclusion(kind ExclusionKind, value string) (Exclusion, error) {
	value = strings.TrimSpace(value)
	switch kind {
	case ExcludedAddress:
		a, err := ParseAddress(value)
		if err != nil {
			return Exclusion{}, Invalid("exclusion", "%q is neither an address nor a domain; write it like name@example.com or example.com", value)
		}
		return Exclusion{Kind: kind, Value: string(a)}, nil
	case ExcludedDomain:
		d, err := ParseDomain(value)
		if err != nil || !strings.Contains(d, ".") {
			return Exclusion{}, Invalid("exclusion", "%q is neither an address nor a domain; write it like name@example.com or example.com", value)
		}
		if Address("x@"+d).Organisation() == "" {
			return Exclusion{}, Invalid("exclusion", "%s is shared by strangers, customers among them; exclude single addresses there", d)
		}
		return Exclusion{Kind: kind, Value: d}, nil
	case ExcludedFolder:
		value = strings.Trim(value, "/")
		if value == "" || len(value) > 1000 || strings.ContainsFunc(value, unicode.IsControl) {
			return Exclusion{}, Invalid("exclusion", "give the name of a folder as your mail program shows it")
		}
		if strings.EqualFold(value, "INBOX") {
			return Exclusion{}, Invalid("exclusion", "INBOX holds all folders of some servers; disconnect the mailbox instead")
		}
		return Exclusion{Kind: kind, Value: value}, nil
	}
	return Exclusion{}, Invalid("exclusion", "%q is no kind of exclusion; choose address, domain or folder", string(kind))
}

// Exclusions are the addresses and domains whose mail is not kept. The zero
// value and nil exclude nobody.
type Exclusions struct {
	addresses, domains map[string]bool
}

// Add adds an exclusion. One of a folder names no address, and adds nothing.
func (x *Exclusions) Add(e Exclusion) {
	if x.addresses == nil {
		x.addresses, x.domains = map[string]bool{}, map[string]bool{}
	}
	switch e.Kind {
	case ExcludedAddress:
		x.addresses[string(Address(e.Value).Canonical())] = true
	case ExcludedDomain:
		x.domains[e.Value] = true
	}
}

// Empty reports whether nobody is excluded.
func (x *Exclusions) Empty() bool { return x == nil || len(x.addresses)+len(x.domains) == 0 }

// Has reports whether an address is excluded.
func (x *Exclusions) Has(a Address) bool {
	if x.Empty() || a == "" {
		return false
	}
	if x.addresses[string(a.Canonical())] {
		return true
	}
	for d := a.Domain(); d != ""; {
		if x.domains[d] {
			return true
		}
		_, d, _ = strings.Cut(d, ".")
	}
	return false
}

// Excludes reports whether exclusions cover a mail: its author is excluded,
// whoever else got it, or all outside whom it names are. A relay's author is
// whom it writes for; a bounce is about its recipients, not its robot. A mail in
// which a customer takes part beside somebody excluded is the customer's.
func (f *Firm) Excludes(x *Exclusions, m *Facts) bool {
	if x.Empty() {
		return false
	}
	has := func(p Party) bool { return x.Has(p.Address) && !f.Internal(p.Address) }
	for _, authors := range [2][]Party{m.From, f.WritesFor(m.Envelope)} {
		if slices.ContainsFunc(authors, has) {
			return true
		}
	}
	named := 0
	for _, p := range f.about(m) {
		if !has(p) {
			return false
		}
		named++
	}
	return named > 0
}

// about gives all outside whom a mail concerns.
func (f *Firm) about(m *Facts) []Party {
	report := len(m.Bounced) > 0 && (m.Class == ClassBounce || m.Class == ClassComplaint)
	var out []Party
	for _, p := range f.Outsiders(m.Envelope) {
		if p.Role != RoleFrom || !report {
			out = append(out, p.Party)
		}
	}
	out = append(out, f.WritesFor(m.Envelope)...)
	for _, p := range m.Forwarded {
		if !f.Internal(p.Address) {
			out = append(out, p)
		}
	}
	for _, a := range m.Bounced {
		if !f.Internal(a) {
			out = append(out, Party{Address: a})
		}
	}
	return out
}

// Considered gives the outsiders of a mail whom the firm does not exclude: the
// rules look at nobody else.
func (f *Firm) Considered(e *Envelope) []Participant {
	out := f.Outsiders(e)
	if f.Excluded.Empty() {
		return out
	}
	return slices.DeleteFunc(out, func(p Participant) bool { return f.Excluded.Has(p.Address) })
}

// InFolder reports whether a folder is one of those named, or lies in one. The
// letters' case does not matter, nor the INBOX under which some servers keep all
// folders; / and . part the names of a path, as servers have it.
func InFolder(name string, named []string) bool {
	if len(named) == 0 {
		return false
	}
	name = folderPath(name)
	for _, n := range named {
		n = folderPath(n)
		if name == n || strings.HasPrefix(name, n) && name[len(n)] == '/' {
			return true
		}
	}
	return false
}

func folderPath(name string) string {
	name = fold(strings.ReplaceAll(name, ".", "/"))
	if rest, ok := strings.CutPrefix(name, "inbox/"); ok {
		return rest
	}
	return name
}
