package crm

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// directory is a Directory out of maps.
type directory struct {
	contacts map[Address][]Person
	domains  map[string]CustomerID
	named    map[string][]Person
	parents  map[string]Parent
	twoWay   map[Address]bool
	said     []Correction
	quotes   bool
	clues    map[Address][]Candidate
}

func (d directory) ContactsOf(a Address, _ time.Time) []Person { return d.contacts[a] }
func (d directory) ContactsLike(a Address, _ time.Time) []Person {
	var out []Person
	for other, ps := range d.contacts {
		if other != a && other.Canonical() == a.Canonical() {
			out = append(out, ps...)
		}
	}
	return out
}
func (d directory) ContactsNamed(name string) []Person        { return d.named[name] }
func (d directory) CustomerOfDomain(domain string) CustomerID { return d.domains[domain] }
func (d directory) Clues(m *Facts) []Candidate                { return d.clues[m.Author().Address] }
func (d directory) TwoWay(a Address) bool                     { return d.twoWay[a] }
func (d directory) Quotes(string) bool                        { return d.quotes }
func (d directory) Corrections(MessageID) []Correction        { return d.said }
func (d directory) Parent(ids []string) (Parent, string) {
	for i := len(ids) - 1; i >= 0; i-- {
		if p, ok := d.parents[ids[i]]; ok {
			return p, ids[i]
		}
	}
	return Parent{}, ""
}

func party(a string) []Party { return []Party{{Address: Address(a)}} }

func called(name, a string) []Party { return []Party{{Name: name, Address: Address(a)}} }

var (
	dora = Person{Contact: 1, Customer: 11, Name: "Dora Dorsey", Domains: []string{"acme.example"}}
	eve  = Person{Contact: 2, Customer: 11, Name: "Eve Early", Domains: []string{"acme.example"}}
	carl = Person{Contact: 3, Customer: 13, Name: "Carl Cook"}
)

// office is a firm with three contacts: Dora and Eve of Acme, and Carl.
func office() directory {
	return directory{
		contacts: map[Address][]Person{"dora@acme.example": {dora}, "eve@acme.example": {eve}, "info@acme.example": {dora, eve}, "carl@gmail.com": {carl}, "home@isp.example": {dora, carl}},
		domains:  map[string]CustomerID{"acme.example": 11},
		named:    map[string][]Person{"Carl Cook": {carl}},
		parents: map[string]Parent{
			"to-dora":  {People: []Person{dora}, Author: "anna@firm.example"},
			"to-both":  {People: []Person{dora, carl}, Author: "anna@firm.example"},
			"supplier": {Author: "anna@firm.example"},
			"private":  {People: []Person{dora}, Author: "d.privat@gmx.com"},
		},
		twoWay: map[Address]bool{"new@gmx.com": true, "noreply@shop.example": true},
		clues: map[Address][]Candidate{
			"dd@gmx.com":        {{dora, ReasonPhone, "phone: +358401234567"}, {eve, ReasonPhone, "phone: +358401234567"}, {carl, ReasonPhone, "phone: +358409876543"}},
			"dora@acme.example": {{carl, ReasonPhone, "phone: +358409876543"}},
			"new@gmx.com":       {{carl, ReasonPhone, "phone: +358409876543"}},
		},
	}
}

// TestDecide goes through the rules in their order.
func TestDecide(t *testing.T) {
	link := func(p Person, rule Rule, evidence string, confidence float64) Link {
		return Link{Contact: p.Contact, Customer: p.Customer, Rule: rule, Evidence: evidence, Confidence: confidence}
	}
	const anna = "anna@firm.example"
	for _, c := range []struct {
		name    string
		policy  Policy
		relays  []Address
		mail    Envelope
		facts   Facts
		said    []Correction
		quotes  bool
		keep    bool
		rule    Rule
		links   []Link
		newOne  Address
		company CustomerID
		asked   Rule // why a colleague is asked
		loose   bool
	}{
		{name: "from a customer", mail: Envelope{From: party("dora@acme.example"), To: party(anna)},
			keep: true, links: []Link{link(dora, RuleExact, "from: dora@acme.example", 1)}},
		{name: "to a customer in Cc", mail: Envelope{From: party(anna), To: party("x@else.example"), Cc: party("dora@acme.example")},
			keep: true, links: []Link{link(dora, RuleExact, "cc: dora@acme.example", 1)}},
		{name: "all customers in To, not only the first", mail: Envelope{From: party(anna), To: append(party("dora@acme.example"), party("carl@gmail.com")...)},
			keep: true, links: []Link{link(dora, RuleExact, "to: dora@acme.example", 1), link(carl, RuleExact, "to: carl@gmail.com", 1)}},
		{name: "a tag after plus", mail: Envelope{From: party("dora+shop@acme.example"), To: party(anna)},
			keep: true, links: []Link{link(dora, RuleAlias, "from: dora+shop@acme.example", 0.95)}},
		{name: "dots that the provider ignores", mail: Envelope{From: party("c.a.rl@googlemail.com"), To: party(anna)},
			keep: true, links: []Link{link(carl, RuleAlias, "from: c.a.rl@googlemail.com", 0.95)}},
		{name: "dots that another provider does not ignore", mail: Envelope{From: party("d.ora@other.example"), To: party(anna)}, rule: RuleNoCustomer},
		{name: "an address of two of one customer", mail: Envelope{From: party("info@acme.example"), To: party(anna)}, keep: true,
			links: []Link{link(dora, RuleExact, "from: info@acme.example (shared)", 0.5), link(eve, RuleExact, "from: info@acme.example (shared)", 0.5)}},
		{name: "an address of two customers is not resolved by chance", mail: Envelope{From: party("home@isp.example"), To: party(anna)}, keep: true, asked: ReasonSeveral},
		{name: "Reply-To of anybody grants nothing", mail: Envelope{From: party("shop@relay.example"), ReplyTo: party("dora@acme.example"), To: party(anna)}, rule: RuleNoCustomer},
		{name: "Reply-To of a relay", relays: []Address{"shop@relay.example"}, mail: Envelope{Class: ClassSystem, From: party("shop@relay.example"), ReplyTo: party("dora@acme.example"), To: party(anna)},
			keep: true, links: []Link{link(dora, RuleReplyTo, "reply-to: dora@acme.example", 0.9)}},
		{name: "Reply-To of the firm's own form", mail: Envelope{Class: ClassSystem, From: party("form@firm.example"), ReplyTo: party("carl@gmail.com"), To: party(anna)},
			keep: true, links: []Link{link(carl, RuleReplyTo, "reply-to: carl@gmail.com", 0.9)}},
		{name: "a colleague forwards a customer's mail", mail: Envelope{Subject: "FW: offer", From: party(anna), To: party("ben@firm.example")}, facts: Facts{Forwarded: party("dora@acme.example")},
			keep: true, links: []Link{link(dora, RuleForwarded, "forwarded from: dora@acme.example", 0.85)}},
		{name: "a colleague forwards what is nobody's", mail: Envelope{Subject: "VL: vitsi", From: party(anna), To: party("ben@firm.example")}, facts: Facts{Forwarded: party("x@else.example")}, rule: RuleInternal},
		{name: "a stranger forwards", mail: Envelope{Subject: "FW: offer", From: party("x@else.example"), To: party(anna)}, facts: Facts{Forwarded: party("dora@acme.example")}, rule: RuleNoCustomer},
		{name: "a mail to a customer failed", mail: Envelope{Class: ClassBounce, From: party("mailer-daemon@mx.example"), To: party(anna)}, facts: Facts{Bounced: []Address{"dora@acme.example"}},
			keep: true, links: []Link{link(dora, RuleBounced, "not delivered to: dora@acme.example", 0.9)}},
		{name: "somebody new at a confirmed organisation", mail: Envelope{From: party("fred@mail.acme.example"), To: party(anna)}, keep: true, newOne: "fred@mail.acme.example", company: 11},
		{name: "but not when the address is forged", mail: Envelope{From: party("fred@mail.acme.example"), To: party(anna)}, facts: Facts{Forged: true}, rule: RuleNoCustomer},
		{name: "nor a robot there", mail: Envelope{Class: ClassNewsletter, From: party("news@acme.example"), To: party(anna)}, rule: RuleNoCustomer},
		{name: "two-way mail makes a customer", mail: Envelope{From: party("new@gmx.com"), To: party(anna)}, keep: true, newOne: "new@gmx.com"},
		{name: "but not of an address that nobody reads", mail: Envelope{From: party("noreply@shop.example"), To: party(anna)}, rule: RuleNoCustomer},
		{name: "her name in her thread", mail: Envelope{From: called("Dora Dorsey", "d.privat@gmx.com"), To: party(anna), InReplyTo: []string{"to-dora"}},
			keep: true, loose: true, links: []Link{link(dora, RuleThread, "in-reply-to: to-dora (signed Dora Dorsey)", 0.75)}},
		{name: "her name in the address", mail: Envelope{From: party("dora.dorsey@gmx.com"), To: party(anna), InReplyTo: []string{"to-dora"}},
			keep: true, loose: true, links: []Link{link(dora, RuleThread, "in-reply-to: to-dora (named like it: dora.dorsey@gmx.com)", 0.75)}},
		{name: "her first name alone proves nothing", mail: Envelope{From: called("Dora", "d.privat@gmx.com"), To: party(anna), InReplyTo: []string{"to-dora"}}, keep: true, loose: true, asked: ReasonThread},
		{name: "nor does it in the address", mail: Envelope{From: party("dora@gmx.com"), To: party(anna), InReplyTo: []string{"to-dora"}}, keep: true, loose: true, asked: ReasonThread},
		{name: "her words in her thread", quotes: true, mail: Envelope{From: party("d.privat@gmx.com"), To: party(anna), InReplyTo: []string{"to-dora"}},
			keep: true, loose: true, links: []Link{link(dora, RuleThread, "in-reply-to: to-dora (quotes it)", 0.75)}},
		{name: "words of a thread of two customers prove neither", quotes: true, mail: Envelope{From: party("x@gmx.com"), To: party(anna), InReplyTo: []string{"to-both"}}, keep: true, loose: true, asked: ReasonThread},
		{name: "her name among two customers", mail: Envelope{From: called("Dorsey, Dora", "d.privat@gmx.com"), To: party(anna), InReplyTo: []string{"to-both"}},
			keep: true, loose: true, links: []Link{link(dora, RuleThread, "in-reply-to: to-both (signed Dorsey, Dora)", 0.75)}},
		{name: "a colleague answers her other address", mail: Envelope{From: party(anna), To: party("d.privat@gmx.com"), InReplyTo: []string{"private"}},
			keep: true, loose: true, links: []Link{link(dora, RuleThread, "in-reply-to: private (answers its author)", 0.75)}},
		{name: "two-way mail with her other address makes no second customer", mail: Envelope{From: called("Dora Dorsey", "new@gmx.com"), To: party(anna), InReplyTo: []string{"to-dora"}},
			keep: true, loose: true, links: []Link{link(dora, RuleThread, "in-reply-to: to-dora (signed Dora Dorsey)", 0.75)}},
		{name: "two-way mail with somebody else in her thread does", mail: Envelope{From: called("Mallory", "new@gmx.com"), To: party(anna), InReplyTo: []string{"to-dora"}}, keep: true, loose: true, newOne: "new@gmx.com"},
		{name: "a stranger in her thread", mail: Envelope{From: called("Mallory", "m@evil.example"), To: party(anna), InReplyTo: []string{"to-dora"}}, keep: true, loose: true, asked: ReasonThread},
		{name: "her name, but forged", facts: Facts{Forged: true}, mail: Envelope{From: called("Dora Dorsey", "d.privat@gmx.com"), To: party(anna), InReplyTo: []string{"to-dora"}}, keep: true, loose: true, asked: ReasonUnverified},
		{name: "a supplier answers where she takes no part any more", mail: Envelope{From: party("s@supplier.example"), To: party(anna), References: []string{"to-dora", "supplier"}}, rule: RuleNoCustomer, loose: true},
		{name: "a newsletter does not inherit", mail: Envelope{Class: ClassNewsletter, From: party("news@else.example"), To: party(anna), References: []string{"to-dora"}}, rule: RuleNoCustomer},
		{name: "a namesake is proposed", policy: PolicyExternal, mail: Envelope{From: called("Carl Cook", "cc@isp.example"), To: party(anna)}, keep: true, asked: ReasonName},
		{name: "and no reason to keep a mail", mail: Envelope{From: called("Carl Cook", "cc@isp.example"), To: party(anna)}, rule: RuleNoCustomer, asked: ReasonName},
		{name: "a phone in the signature is a question, before the name is", policy: PolicyExternal, mail: Envelope{From: called("Carl Cook", "dd@gmx.com"), To: party(anna)}, keep: true, asked: ReasonPhone},
		{name: "and no reason to keep a mail, either", mail: Envelope{From: party("dd@gmx.com"), To: party(anna)}, rule: RuleNoCustomer, asked: ReasonPhone},
		{name: "nor is anybody asked about our own mail", policy: PolicyExternal, mail: Envelope{From: party(anna), To: party("dd@gmx.com")}, keep: true},
		{name: "a colleague has said no", facts: Facts{Mail: 7}, said: []Correction{{Contact: 1, Staff: "Anna"}}, policy: PolicyAll, mail: Envelope{From: party("dora@acme.example"), To: party(anna)}, keep: true},
		{name: "a colleague has said yes", facts: Facts{Mail: 7}, said: []Correction{{Contact: 3, Customer: 13, Belongs: true, Staff: "Anna"}}, policy: PolicyAll, mail: Envelope{From: party("home@isp.example"), To: party(anna)}, keep: true,
			links: []Link{{Contact: 3, Customer: 13, Rule: RuleByHand, Evidence: "said by Anna", Confidence: 1}}},
		{name: "internal", mail: Envelope{From: party(anna), To: party("ben@sub.firm.example")}, rule: RuleInternal},
		{name: "internal in a customer's thread", mail: Envelope{From: party(anna), To: party("ben@firm.example"), References: []string{"to-dora"}}, rule: RuleInternal},
		{name: "internal under policy all", policy: PolicyAll, mail: Envelope{From: party(anna), To: party("ben@firm.example")}, keep: true},
		{name: "a stranger under policy external", policy: PolicyExternal, mail: Envelope{From: party("x@else.example"), To: party(anna)}, keep: true},
		{name: "internal under policy external", policy: PolicyExternal, mail: Envelope{From: party(anna), To: party("ben@firm.example")}, rule: RuleInternal},
		{name: "nobody at all", mail: Envelope{Subject: "?"}, rule: RuleNobody},
	} {
		f := Firm{Domains: []string{"firm.example"}, Policy: PolicyKnown, Relays: c.relays}
		if c.policy != "" {
			f.Policy = c.policy
		}
		if c.mail.Class == "" {
			c.mail.Class = ClassHuman
		}
		dir := office()
		dir.said, dir.quotes = c.said, c.quotes
		c.facts.Envelope = &c.mail
		v := Decide(&f, &c.facts, dir)
		if v.Keep != c.keep || v.Rule != c.rule || v.Loose != c.loose {
			t.Errorf("%s: keep %v rule %q loose %v, want %v %q %v", c.name, v.Keep, v.Rule, v.Loose, c.keep, c.rule, c.loose)
		}
		if diff := cmp.Diff(c.links, v.Links); diff != "" && len(c.links)+len(v.Links) > 0 {
			t.Errorf("%s: links (-want +got):\n%s", c.name, diff)
		}
		var newcomer Newcomer
		if len(v.Newcomers) > 0 {
			newcomer = v.Newcomers[0]
		}
		if newcomer.Address != c.newOne || newcomer.Customer != c.company {
			t.Errorf("%s: newcomer %+v, want %q of %d", c.name, newcomer, c.newOne, c.company)
		}
		var asked Rule
		if len(v.Candidates) > 0 {
			asked = v.Candidates[0].Reason
		}
		if asked != c.asked {
			t.Errorf("%s: asked because of %q, want %q", c.name, asked, c.asked)
		}
	}
}

// TestClues: of a customer one contact is asked about, of several each.
func TestClues(t *testing.T) {
	f := Firm{Domains: []string{"firm.example"}, Policy: PolicyExternal}
	v := Decide(&f, &Facts{Envelope: &Envelope{Class: ClassHuman, From: party("dd@gmx.com"), To: party("anna@firm.example")}}, office())
	want := []Candidate{{dora, ReasonPhone, "phone: +358401234567"}, {carl, ReasonPhone, "phone: +358409876543"}}
	if diff := cmp.Diff(want, v.Candidates); diff != "" {
		t.Errorf("candidates (-want +got):\n%s", diff)
	}
}

func TestTwin(t *testing.T) {
	const anna = "anna@firm.example"
	// Carl is a contact of his own, and answers mails that are about Dora.
	for _, c := range []struct {
		name   string
		mail   Envelope
		forged bool
		quotes bool
		want   string
	}{
		{name: "called as she is", mail: Envelope{From: called("Dora Dorsey", "carl@gmail.com"), To: party(anna), InReplyTo: []string{"to-dora"}}, want: "in-reply-to: to-dora (signed Dora Dorsey)"},
		{name: "words of hers, and no name", quotes: true, mail: Envelope{From: party("carl@gmail.com"), To: party(anna), InReplyTo: []string{"to-dora"}}, want: "in-reply-to: to-dora (quotes it)"},
		{name: "words of hers, but called otherwise", quotes: true, mail: Envelope{From: called("Carl Cook", "carl@gmail.com"), To: party(anna), InReplyTo: []string{"to-dora"}}},
		{name: "words of hers, and she gets a copy", quotes: true, mail: Envelope{From: party("carl@gmail.com"), To: party(anna), Cc: party("dora@acme.example"), InReplyTo: []string{"to-dora"}}},
		{name: "the mail is about both", mail: Envelope{From: called("Dora Dorsey", "carl@gmail.com"), To: party(anna), InReplyTo: []string{"to-both"}}},
		{name: "no proof", mail: Envelope{From: party("carl@gmail.com"), To: party(anna), InReplyTo: []string{"to-dora"}}},
		{name: "no answer", mail: Envelope{From: called("Dora Dorsey", "carl@gmail.com"), To: party(anna)}},
		{name: "forged", forged: true, mail: Envelope{From: called("Dora Dorsey", "carl@gmail.com"), To: party(anna), InReplyTo: []string{"to-dora"}}},
		{name: "an address of several", mail: Envelope{From: called("Dora Dorsey", "home@isp.example"), To: party(anna), InReplyTo: []string{"to-dora"}}},
		{name: "nobody's address", mail: Envelope{From: called("Dora Dorsey", "x@gmx.com"), To: party(anna), InReplyTo: []string{"to-dora"}}},
		{name: "a colleague of hers", mail: Envelope{From: called("Dora Dorsey", "eve@acme.example"), To: party(anna), InReplyTo: []string{"to-dora"}}},
	} {
		c.mail.Class = ClassHuman
		dir := office()
		dir.quotes = c.quotes
		self, other, evidence, ok := Twin(&Firm{Domains: []string{"firm.example"}}, &Facts{Envelope: &c.mail, Forged: c.forged}, dir)
		if evidence != c.want || ok != (c.want != "") {
			t.Errorf("%s: %q %v, want %q", c.name, evidence, ok, c.want)
		}
		if ok && (self.Contact != carl.Contact || other.Contact != dora.Contact) {
			t.Errorf("%s: %d is %d", c.name, self.Contact, other.Contact)
		}
	}
}

func TestDetailKey(t *testing.T) {
	for _, c := range []struct {
		a, b Detail
		same bool
	}{
		{Detail{DetailAddress, "Mannerheimintie 5 A 12, 00100 Helsinki"}, Detail{DetailAddress, "Mannerheimintie 5 A 12 00100 HELSINKI"}, true},
		{Detail{DetailTitle, "Verkaufsleiter"}, Detail{DetailTitle, "Vertriebsleiter"}, false},
		{Detail{DetailPhone, "+358401234567"}, Detail{DetailPhone, "358401234567"}, false},
	} {
		if (c.a.Key() == c.b.Key()) != c.same {
			t.Errorf("%v and %v: want same %v", c.a, c.b, c.same)
		}
	}
}

func TestSameName(t *testing.T) {
	for _, c := range []struct {
		a, b string
		same bool
	}{
		{"Dora Dorsey", "Dorsey, Dora", true}, {"Dora", "Dora Dorsey", true}, {"Åke Öberg", "Ake Oberg", true},
		{"Bo", "Bo Ek", false}, {"Ek, Bo", "Bo Ek", true}, {"D E", "D E F", false}, {"Åk", "Åk Ö", false}, {"Ян", "Ян Ли", false}, {"王芳", "王芳", true}, {"王", "王 芳", false}, {"Dora Miller", "Dora Dorsey", false}, {"D", "Dora D", false}, {"", "Dora", false}, {"", "", false},
	} {
		if SameName(c.a, c.b) != c.same {
			t.Errorf("%q and %q: want %v", c.a, c.b, c.same)
		}
	}
}

// A name proves something when it is more than a first name.
func TestBearsName(t *testing.T) {
	for _, c := range []struct {
		a, b   string
		proves bool
	}{
		{"Dora Dorsey", "Dorsey, Dora", true}, {"Dora M. Dorsey", "Dora Dorsey", true}, {"Dora", "Dora Dorsey", false}, {"Dora", "Dora", false},
		{"田中太郎", "田中太郎", true}, {"김철수", "김철수", true}, {"田中", "田中太郎", false}, {"王芳", "王芳", false}, {"", "", false},
	} {
		if bearsName(c.a, c.b) != c.proves || bearsName(c.b, c.a) != c.proves {
			t.Errorf("%q and %q: want %v", c.a, c.b, c.proves)
		}
	}
}

func TestSharesLine(t *testing.T) {
	const ours = "Hello Dora,\n\nthe cabin on deck seven is free in May.\n\nBest regards\nAnna\n"
	for text, want := range map[string]bool{
		"Thanks!\n\n> the cabin on deck seven is free in May.\n": true,
		"Thanks!\n>> the cabin  on deck seven is free in May. ":  true,
		"Hello Dora,\nBest regards\nAnna":                        false,
		"":                                                       false,
	} {
		if SharesLine(text, ours) != want {
			t.Errorf("%q: want %v", text, want)
		}
	}
}

func TestAddressForms(t *testing.T) {
	for a, want := range map[Address][2]string{
		"dora@acme.example":        {"dora@acme.example", "acme.example"},
		"dora+x+y@mail.acme.co.uk": {"dora@mail.acme.co.uk", "acme.co.uk"},
		"d.o.ra+x@googlemail.com":  {"dora@gmail.com", ""},
		"d.ora@gmx.de":             {"d.ora@gmx.de", ""},
		"+tag@acme.example":        {"+tag@acme.example", "acme.example"},
		"dora@[192.0.2.1]":         {"dora@[192.0.2.1]", ""},
		"dora@co.uk":               {"dora@co.uk", ""},
		"dora@example":             {"dora@example", ""},
		"\"a+b\"@acme.example":     {"\"a+b\"@acme.example", "acme.example"},
	} {
		if got := [2]string{string(a.Canonical()), a.Organisation()}; got != want {
			t.Errorf("%s: %q, want %q", a, got, want)
		}
	}
}

// What everybody writes proves nothing; a sentence does.
func TestTellingLines(t *testing.T) {
	for line, want := range map[string]bool{
		"Ystävällisin terveisin":                                    false,
		"Mit freundlichen Grüßen":                                   false,
		"------------------------------":                            false,
		"-----Original Message-----":                                false,
		"Добрый день всем":                                          false,
		"> Thank you":                                               false,
		"We would like to come with two children at the end of":     true,
		"Tulisimme kahden lapsen kanssa toukokuun lopussa viikoksi": true,
		"私たちは五月の終わりに二人の子供と一緒に行きたいです": true,
	} {
		if got := SharesLine("Hi,\n> "+line+"\nyes", "Dear all,\n"+line+"\nAnna"); got != want {
			t.Errorf("%q: %v", line, got)
		}
	}
}
