package crm

import (
	"slices"
	"time"
)

// Rule names why a mail is where it is, or why it is not kept. Rules are
// stored with each link and each withheld mail, and explained to people.
type Rule string

// The rules that link a mail to a contact, in the order in which they are tried.
const (
	// RuleByHand: a colleague said so. It outranks every other rule.
	RuleByHand Rule = "by-hand"
	// RuleExact: an address of the contact, valid at the mail's date, stands
	// in From, To, Cc or Bcc.
	RuleExact Rule = "exact-address"
	// RuleAlias: another form of such an address does: with a +tag, or with
	// the dots that its provider ignores.
	RuleAlias Rule = "address-form"
	// RuleReplyTo: a relay of the firm's (the web shop, a contact form) wrote
	// the mail for the contact whom Reply-To names.
	RuleReplyTo Rule = "reply-to"
	// RuleForwarded: a colleague forwarded a mail of the contact's.
	RuleForwarded Rule = "forwarded"
	// RuleBounced: the mail system says that a mail to the contact failed.
	RuleBounced Rule = "bounced"
	// RuleThread: no address is known, but the mail answers one that is linked
	// to the contact, and there is proof that it comes from there.
	RuleThread Rule = "thread"
)

// Why a mail waits for a colleague's decision instead of being linked.
const (
	// ReasonThread: it answers a mail of the contact's, but nothing shows that
	// its author has seen that mail. In-Reply-To can be written by anybody.
	ReasonThread Rule = "unproven-thread"
	// ReasonSeveral: customers who have nothing to do with each other use the
	// address.
	ReasonSeveral Rule = "several-customers"
	// ReasonName: the author is called as the contact is.
	ReasonName Rule = "same-name"
	// ReasonPhone: the author signs with a phone of the contact's; of a merge:
	// both contacts have that phone.
	ReasonPhone Rule = "same-phone"
	// ReasonOrder: it names an order of the contact's by its number.
	ReasonOrder Rule = "order-number"
	// ReasonAnswer: a contact has answered, as one customer, a mail that is
	// about the other, and there is proof that they are one person.
	ReasonAnswer Rule = "same-thread"
	// ReasonBuyer: of a merge: a shop has one number for both.
	ReasonBuyer Rule = "same-buyer"
	// ReasonDomain: two customers have addresses at one domain.
	ReasonDomain Rule = "same-domain"
	// ReasonUnverified: the receiving server says that the author's address is
	// forged.
	ReasonUnverified Rule = "unverified-sender"
)

// The rules by which a mail is not kept.
const (
	// RuleInternal: only colleagues write and read it.
	RuleInternal Rule = "internal"
	// RuleNoCustomer: somebody outside, but no customer of ours.
	RuleNoCustomer Rule = "no-customer"
	// RuleExcluded: its author, or everybody outside whom it names, is excluded,
	// or the folder it lies in is.
	RuleExcluded Rule = "excluded"
	// RuleNobody: it names no address at all.
	RuleNobody Rule = "no-address"
)

// The rules that give an order to a customer, beside [RuleByHand], [RuleExact]
// and [RuleAlias], or leave it without one, beside [ReasonSeveral] and
// [RuleInternal].
const (
	// RuleBuyerNumber: the shop has this number for somebody we know.
	RuleBuyerNumber Rule = "buyer-number"
	// RuleDomain: the buyer's address is at the domain of a confirmed
	// organisation.
	RuleDomain Rule = "confirmed-domain"
	// RuleBuyer: nobody was known, and who buys is a customer.
	RuleBuyer Rule = "new-buyer"
	// ReasonNoBuyer: the order names nobody.
	ReasonNoBuyer Rule = "no-buyer"
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
//
// A relay's mail counts as written by whom it was written for: somebody filled
// in a form. Whoever is excluded corresponds with nobody.
func (f *Firm) Correspondence(e *Envelope) (wrote, answered []Party) {
	if people := f.WritesFor(e); len(people) > 0 {
		return slices.DeleteFunc(people, func(p Party) bool { return f.Excluded.Has(p.Address) }), nil
	}
	if e.Class != ClassHuman {
		return nil, nil
	}
	outgoing := f.Outgoing(e)
	for _, p := range f.Considered(e) {
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
// it for good. A mail that Screen lets pass is kept or not by [Decide]: one
// among colleagues that may carry a customer's mail along only when it does.
func (f *Firm) Screen(e *Envelope) Rule {
	if f.Policy == PolicyAll || len(f.Outsiders(e)) > 0 || f.BodyTells(e) || len(f.WritesFor(e)) > 0 {
		return ""
	}
	if len(e.Participants()) == 0 {
		return RuleNobody
	}
	return RuleInternal
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
