package crm

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

// Facts are what the rules know of a mail: who writes to whom, and what its
// body and its traces say beside. They are kept with the mail, so that the
// rules can be applied again when the firm knows more.
type Facts struct {
	*Envelope
	At        time.Time // plausible date
	Forwarded []Party   // authors of the mails that it carries along, attached or quoted
	Bounced   []Address // recipients that it reports as failed
	Forged    bool      // the receiving server found the author's address forged
	Mail      MessageID // 0 while it is not stored
	Held      bool      // a colleague has said whose it is, or has written down a wish of it: no exclusion removes it
}

// Directory is what the rules may ask about the firm's knowledge.
type Directory interface {
	// ContactsOf gives the contacts that used the address at that time.
	ContactsOf(a Address, at time.Time) []Person
	// ContactsLike gives the contacts that used another form of the address.
	ContactsLike(a Address, at time.Time) []Person
	// ContactsNamed gives the contacts who are called so.
	ContactsNamed(name string) []Person
	// Clues gives the contacts to whom something in a mail points that proves
	// nothing, the strongest first: whose order it names by its number, who has a
	// phone with which its author signs.
	Clues(m *Facts) []Candidate
	// CustomerOfDomain gives the customer that is a confirmed organisation
	// with this registered domain, else 0.
	CustomerOfDomain(domain string) CustomerID
	// Parent gives the contacts that the nearest known one of these ancestors
	// is linked to, and its Message-ID; "" when none is known.
	Parent(messageIDs []string) (p Parent, via string)
	// Quotes reports whether the mail repeats words of that ancestor's.
	Quotes(via string) bool
	// TwoWay reports whether human mail has gone both ways between the firm
	// and the address.
	TwoWay(a Address) bool
	// Corrections gives what colleagues have said about the mail.
	Corrections(m MessageID) []Correction
}

// Person is a contact as the rules see it.
type Person struct {
	Contact  ContactID
	Customer CustomerID
	Name     string // "" when it is not known
	Domains  []string
}

// Parent is a mail that was answered.
type Parent struct {
	People []Person
	Author Address
}

// Correction is a colleague's word on whether a mail belongs to a contact.
type Correction struct {
	Contact  ContactID
	Customer CustomerID // the contact's
	Belongs  bool
	Staff    string // the colleague's name
}

// Verdict is what the rules say about a mail.
type Verdict struct {
	Keep       bool
	Rule       Rule   // why it is not kept, "" when it is
	Links      []Link // Contact, Customer, Rule, Evidence, Confidence
	Newcomers  []Newcomer
	Candidates []Candidate // for a colleague to decide
	// Unproven says that it claims to belong to a thread, and nothing shows it
	// or a colleague says no: it stays out of the conversation as well.
	Unproven bool
	// Loose says that no address, only its thread, can place the mail: it is
	// looked at again when the thread becomes known better.
	Loose bool
}

// Newcomer is somebody who becomes a contact.
type Newcomer struct {
	Party
	Customer CustomerID // of a confirmed organisation; 0: a customer of their own
}

// Candidate is a contact to whom a mail may belong, and why nobody but a
// colleague can say.
type Candidate struct {
	Person
	Reason   Rule
	Evidence string
}

// Decide applies the rules to one mail, after its [Firm.Correspondence] has
// been noted.
func Decide(f *Firm, m *Facts, dir Directory) Verdict {
	d := decision{f: f, m: m, dir: dir, outsiders: f.Considered(m.Envelope)}
	if rule := f.Screen(m.Envelope); rule != "" {
		return Verdict{Rule: rule}
	}
	if f.Excludes(f.Excluded, m) && !m.Held {
		return Verdict{Rule: RuleExcluded}
	}
	d.addresses()
	d.relays()
	d.carried()
	d.thread()
	v := &d.v
	// Somebody whom the thread shows to be a contact is no newcomer: the
	// address is proposed as that contact's instead.
	if len(v.Links) == 0 {
		v.Newcomers = append(v.Newcomers, d.twoWay...)
	}
	if len(v.Newcomers) > 0 {
		v.Candidates = nil
	}
	d.clues()
	d.namesakes()
	d.corrections()
	v.Unproven = v.Unproven && len(v.Links) == 0
	placed := len(v.Links) > 0 || len(v.Newcomers) > 0 || slices.ContainsFunc(v.Candidates, func(c Candidate) bool { return !c.Reason.guess() })
	v.Keep = placed || f.Policy == PolicyAll || f.Policy == PolicyExternal && len(d.outsiders) > 0
	switch {
	case v.Keep:
	case len(m.Participants()) == 0:
		v.Rule = RuleNobody
	case len(d.outsiders) == 0:
		v.Rule = RuleInternal
	default:
		v.Rule = RuleNoCustomer
	}
	return *v
}

type decision struct {
	f         *Firm
	m         *Facts
	dir       Directory
	outsiders []Participant
	twoWay    []Newcomer // who become customers of their own, unless the thread places them
	v         Verdict
}

// addresses links everybody outside whose address is known, and finds who is to
// become a contact.
func (d *decision) addresses() {
	for _, p := range d.outsiders {
		hits, rule, confidence := d.dir.ContactsOf(p.Address, d.m.At), RuleExact, 1.0
		if len(hits) == 0 {
			hits, rule, confidence = d.dir.ContactsLike(p.Address, d.m.At), RuleAlias, 0.95
		}
		evidence := string(p.Role) + ": " + string(p.Address)
		if len(hits) > 0 {
			d.link(hits, rule, evidence, confidence)
			continue
		}
		if d.m.Class != ClassHuman || p.Address.LooksRobotic() {
			continue
		}
		// A person who writes from a confirmed organisation belongs to it at
		// once; anybody else when mail has gone both ways.
		if domain := p.Address.Organisation(); domain != "" && !d.m.Forged {
			if c := d.dir.CustomerOfDomain(domain); c != 0 {
				d.v.Newcomers = append(d.v.Newcomers, Newcomer{p.Party, c})
				continue
			}
		}
		if d.dir.TwoWay(p.Address) {
			d.twoWay = append(d.twoWay, Newcomer{Party: p.Party})
		}
	}
}

// link links a mail to those who use an address. When they are of customers
// that have nothing to do with each other, a colleague decides.
func (d *decision) link(hits []Person, rule Rule, evidence string, confidence float64) {
	for _, h := range hits[1:] {
		if h.Customer != hits[0].Customer {
			for _, h := range hits {
				d.candidate(h, ReasonSeveral, evidence)
			}
			return
		}
	}
	if len(hits) > 1 {
		evidence += " (shared)"
		confidence /= float64(len(hits))
	}
	for _, h := range hits {
		if !slices.ContainsFunc(d.v.Links, func(l Link) bool { return l.Contact == h.Contact }) {
			d.v.Links = append(d.v.Links, Link{Contact: h.Contact, Customer: h.Customer, Rule: rule, Evidence: evidence, Confidence: confidence})
		}
	}
}

func (d *decision) candidate(p Person, reason Rule, evidence string) {
	if !slices.ContainsFunc(d.v.Candidates, func(c Candidate) bool { return c.Contact == p.Contact }) {
		d.v.Candidates = append(d.v.Candidates, Candidate{p, reason, evidence})
	}
}

// known links the contacts of an address found elsewhere than in From, To, Cc
// and Bcc.
func (d *decision) known(a Address, rule Rule, evidence string, confidence float64) {
	if d.f.Excluded.Has(a) {
		return
	}
	hits := d.dir.ContactsOf(a, d.m.At)
	if len(hits) == 0 {
		hits = d.dir.ContactsLike(a, d.m.At)
	}
	if len(hits) > 0 {
		d.link(hits, rule, evidence, confidence)
	}
}

// relays follows Reply-To, where the author writes for others.
func (d *decision) relays() {
	for _, p := range d.f.WritesFor(d.m.Envelope) {
		d.known(p.Address, RuleReplyTo, "reply-to: "+string(p.Address), 0.9)
	}
}

// WritesFor gives whom a relay of the firm's writes for. The firm's own robots
// are relays without being named.
func (f *Firm) WritesFor(e *Envelope) []Party {
	author := e.Author().Address
	if len(e.ReplyTo) == 0 || author == "" || !slices.Contains(f.Relays, author) && (e.Class != ClassSystem || !f.Internal(author)) {
		return nil
	}
	var out []Party
	for _, p := range e.ReplyTo {
		if p.Address != "" && p.Address != author && !f.Internal(p.Address) {
			out = append(out, p)
		}
	}
	return out
}

// carried links whom a forwarded mail is from, and to whom a mail failed.
func (d *decision) carried() {
	if d.f.Outgoing(d.m.Envelope) {
		for _, p := range d.m.Forwarded {
			if !d.f.Internal(p.Address) {
				d.known(p.Address, RuleForwarded, "forwarded from: "+string(p.Address), 0.85)
			}
		}
	}
	for _, a := range d.m.Bounced {
		if !d.f.Internal(a) {
			d.known(a, RuleBounced, "not delivered to: "+string(a), 0.9)
		}
	}
}

// MayForward reports whether a colleague's mail may carry somebody else's
// along.
func (f *Firm) MayForward(e *Envelope) bool { return f.Outgoing(e) && Forwards(e.Subject) }

// BodyTells reports whether only the body of a mail can say whose it is: one
// that a colleague forwards, and what mail systems say about other mail.
func (f *Firm) BodyTells(e *Envelope) bool {
	return f.MayForward(e) || e.Class == ClassBounce || e.Class == ClassComplaint
}

// thread follows the answered mail, when no address is known. Anybody can write
// an In-Reply-To; so there must be proof that the author has to do with the
// contact, or has seen the mail: the same organisation, the same name, or words
// of that mail. Else a colleague decides.
func (d *decision) thread() {
	v := &d.v
	if len(v.Links) > 0 || len(v.Newcomers) > 0 || len(v.Candidates) > 0 || len(d.outsiders) == 0 || !inherits(d.m.Class) {
		return
	}
	chain := d.m.Chain()
	if len(chain) == 0 {
		return
	}
	v.Loose = true
	parent, via := d.dir.Parent(chain)
	if len(parent.People) == 0 {
		return
	}
	evidence := "in-reply-to: " + via
	if d.m.Forged {
		v.Unproven = true
		for _, p := range parent.People {
			d.candidate(p, ReasonUnverified, evidence)
		}
		return
	}
	var proven []Person
	how := ""
	for _, p := range parent.People {
		switch w := d.proof(p, parent); {
		case w == "":
		case how == "" || strings.HasPrefix(w, byName) && !strings.HasPrefix(how, byName): // of two, who bears the name
			proven, how = append([]Person{p}, proven...), w
		default:
			proven = append(proven, p)
		}
	}
	if len(proven) == 0 && oneCustomer(parent.People) && !d.f.Outgoing(d.m.Envelope) && d.dir.Quotes(via) {
		proven, how = parent.People, "quotes it"
	}
	if len(proven) > 0 && oneCustomer(proven) {
		d.link(proven[:1], RuleThread, evidence+" ("+how+")", 0.75)
		return
	}
	if d.m.Class == ClassHuman && !d.f.Outgoing(d.m.Envelope) {
		v.Unproven = true
		for _, p := range parent.People {
			d.candidate(p, ReasonThread, evidence)
		}
	}
}

// byName begins the proof that an author bears a contact's name.
const byName = "signed "

// proof says what shows that somebody outside has to do with a contact of the
// answered mail, "" when nothing does.
func (d *decision) proof(p Person, parent Parent) string {
	outgoing := d.f.Outgoing(d.m.Envelope)
	for _, o := range d.outsiders {
		if !outgoing && o.Role != RoleFrom {
			continue
		}
		switch domain := o.Address.Organisation(); {
		case outgoing && o.Address == parent.Author:
			return "answers its author"
		case bearsName(o.Name, p.Name):
			return byName + o.Name
		case domain != "" && slices.Contains(p.Domains, domain):
			return "also of " + domain
		case bearsName(NameFromAddress(o.Address), p.Name):
			return "named like it: " + string(o.Address)
		}
	}
	return ""
}

func oneCustomer(ps []Person) bool {
	for _, p := range ps {
		if p.Customer != ps[0].Customer {
			return false
		}
	}
	return true
}

// corrections let a colleague's word outrank the rules.
func (d *decision) corrections() {
	if d.m.Mail == 0 {
		return
	}
	v := &d.v
	for _, c := range d.dir.Corrections(d.m.Mail) {
		v.Links = slices.DeleteFunc(v.Links, func(l Link) bool {
			v.Unproven = v.Unproven || l.Contact == c.Contact && l.Rule == RuleThread
			return l.Contact == c.Contact
		})
		v.Candidates = slices.DeleteFunc(v.Candidates, func(p Candidate) bool { return p.Contact == c.Contact })
		if c.Belongs {
			v.Links = append(v.Links, Link{Contact: c.Contact, Customer: c.Customer, Rule: RuleByHand, Evidence: "said by " + cmp.Or(c.Staff, "an administrator"), Confidence: 1})
			v.Candidates = nil
		}
	}
}

// inherits reports whether mail of this class follows its thread: a bulk
// mailing or a list post that quotes a thread is not part of it.
func inherits(c Class) bool {
	switch c {
	case ClassHuman, ClassAutoReply, ClassCalendar:
		return true
	}
	return false
}
