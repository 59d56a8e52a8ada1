package crm

import (
	"slices"
	"time"
)

// Rule names why a mail is where it is, or why it is not kept. Rules are
// stored with each link and each withheld mail, and explained to people.
type Rule string

// The rules that link a mail to a contact.
const (
	// RuleExact: an address of the contact, valid at the mail's date, stands
	// in From, To, Cc or Bcc.
	RuleExact Rule = "exact-address"
	// RuleThread: no address is known, but the mail belongs to a conversation
	// (References, In-Reply-To) that is linked to the contact.
	RuleThread Rule = "thread"
)

// The rules by which a mail is not kept.
const (
	// RuleInternal: only colleagues write and read it.
	RuleInternal Rule = "internal"
	// RuleNoCustomer: somebody outside, but no customer of ours.
	RuleNoCustomer Rule = "no-customer"
	// RuleNobody: it names no address at all.
	RuleNobody Rule = "no-address"
)

// Link joins a message to a contact, and says why.
type Link struct {
	Message    MessageID
	Contact    ContactID
	Customer   CustomerID // of the contact; filled when read
	Rule       Rule
	Evidence   string  // the header field, or the mail, that shows it
	Confidence float64 // 0 to 1
}

// Directory is what the rules may ask about the firm's knowledge.
type Directory interface {
	// ContactsOf gives the contacts that used the address at that time.
	ContactsOf(a Address, at time.Time) []ContactID
	// ThreadContacts gives the contacts that the conversations of these
	// Message-IDs are linked to, and the Message-ID that led there.
	ThreadContacts(messageIDs []string) (contacts []ContactID, via string)
	// TwoWay reports whether human mail has gone both ways between the firm
	// and the address.
	TwoWay(a Address) bool
}

// Verdict is what the rules say about a mail.
type Verdict struct {
	Keep      bool
	Rule      Rule   // why it is not kept, "" when it is
	Links     []Link // Contact, Rule, Evidence, Confidence
	Newcomers []Party
}

// Outgoing reports whether one of us wrote the mail.
func (f *Firm) Outgoing(e *Envelope) bool {
	a := e.Author().Address
	return a != "" && f.Internal(a)
}

// Outsiders lists the parties of From, To, Cc and Bcc that are not us, each
// address once. Sender and Reply-To grant nothing: they name relays.
func (f *Firm) Outsiders(e *Envelope) []Participant {
	var out []Participant
	var seen map[Address]bool // only when they are many: most mails name two or three
	for _, p := range e.Participants() {
		if p.Role == RoleSender || p.Role == RoleReplyTo || f.Internal(p.Address) {
			continue
		}
		switch {
		case seen != nil:
			if seen[p.Address] {
				continue
			}
			seen[p.Address] = true
		case slices.ContainsFunc(out, func(o Participant) bool { return o.Address == p.Address }):
			continue
		case len(out) >= 16:
			seen = make(map[Address]bool, 64)
			for _, o := range out {
				seen[o.Address] = true
			}
			seen[p.Address] = true
		}
		out = append(out, p)
	}
	return out
}

// Correspondence says, of one mail, which outsiders wrote to us and to whom we
// wrote. Only human mail counts, and never an address behind which no human
// reads, so robots create no customer.
func (f *Firm) Correspondence(e *Envelope) (wrote, answered []Party) {
	if e.Class != ClassHuman {
		return nil, nil
	}
	outgoing := f.Outgoing(e)
	for _, p := range f.Outsiders(e) {
		switch {
		case p.Address.LooksRobotic():
		case outgoing && p.Role != RoleFrom:
			answered = append(answered, p.Party)
		case !outgoing && p.Role == RoleFrom:
			wrote = append(wrote, p.Party)
		}
	}
	return wrote, answered
}

// Screen says, from the envelope alone, whether a mail can be kept under the
// firm's policy by whom it names: "" when it can, else the rule that withholds
// it for good. A mail that Screen lets pass is kept or not by [Decide].
func (f *Firm) Screen(e *Envelope) Rule {
	if f.Policy == PolicyAll || len(f.Outsiders(e)) > 0 {
		return ""
	}
	if len(e.Participants()) == 0 {
		return RuleNobody
	}
	return RuleInternal
}

// Decide applies the rules to one mail, after its [Firm.Correspondence] has
// been noted. at is the mail's plausible date.
func Decide(f *Firm, e *Envelope, at time.Time, dir Directory) Verdict {
	var v Verdict
	if rule := f.Screen(e); rule != "" {
		v.Rule = rule
		return v
	}
	outsiders := f.Outsiders(e)
	linked := map[ContactID]bool{}
	for _, p := range outsiders {
		hits := dir.ContactsOf(p.Address, at)
		if len(hits) == 0 && e.Class == ClassHuman && !p.Address.LooksRobotic() && dir.TwoWay(p.Address) {
			v.Newcomers = append(v.Newcomers, p.Party)
		}
		for _, c := range hits {
			if linked[c] {
				continue
			}
			linked[c] = true
			l := Link{Contact: c, Rule: RuleExact, Evidence: string(p.Role) + ": " + string(p.Address), Confidence: 1}
			if len(hits) > 1 { // a shared address: everybody who uses it, said with less certainty
				l.Confidence = 1 / float64(len(hits))
				l.Evidence += " (shared)"
			}
			v.Links = append(v.Links, l)
		}
	}
	if len(v.Links) == 0 && len(v.Newcomers) == 0 && len(outsiders) > 0 && inherits(e.Class) {
		if chain := e.Chain(); len(chain) > 0 {
			contacts, via := dir.ThreadContacts(append(chain, e.MessageID))
			for _, c := range contacts {
				v.Links = append(v.Links, Link{Contact: c, Rule: RuleThread, Evidence: "References: " + via, Confidence: 0.8})
			}
		}
	}
	v.Keep = len(v.Links) > 0 || len(v.Newcomers) > 0 || f.Policy == PolicyAll || f.Policy == PolicyExternal && len(outsiders) > 0
	if !v.Keep {
		v.Rule = RuleNoCustomer
	}
	return v
}

// inherits reports whether mail of this class follows its thread: a bulk
// mailing or a list post that quotes a thread is not part of it.
func inherits(c Class) bool {
	switch c {
	case ClassHuman, ClassAutoReply, ClassBounce, ClassCalendar:
		return true
	}
	return false
}

// PlausibleDate gives the time a mail is sorted by: its Date field when that
// can be true, that is, not before 1980 and not after it was received (a day
// of clock error allowed), else the server's time, else when we first saw it.
func PlausibleDate(date, internal, seen time.Time) time.Time {
	if internal.Year() < 1980 || internal.After(seen.Add(24*time.Hour)) {
		internal = seen
	}
	if date.Year() < 1980 || date.After(internal.Add(24*time.Hour)) {
		return internal.UTC()
	}
	return date.UTC()
}
