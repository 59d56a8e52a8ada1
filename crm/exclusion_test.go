package crm

import (
	"strings"
	"testing"
)

func TestExclusionsHave(t *testing.T) {
	var x Exclusions
	for _, w := range []string{"Dr.Who+x@clinic.example", "@bank.example", "first.last@gmail.com"} {
		e, err := ParseExclusion(w)
		if err != nil {
			t.Fatal(err)
		}
		x.Add(e)
	}
	for address, want := range map[Address]bool{"dr.who@clinic.example": true, "dr.who+y@clinic.example": true, "desk@clinic.example": false,
		"a@bank.example": true, "a@mail.bank.example": true, "a@notbank.example": false, "a@bank.example.org": false, "firstlast@googlemail.com": true, "": false} {
		if x.Has(address) != want {
			t.Errorf("%s is excluded: %v, want %v", address, !want, want)
		}
	}
	if (*Exclusions)(nil).Has("a@bank.example") {
		t.Error("nobody excludes somebody")
	}
}

// A mail is written "from > to, to; class; forwarded/bounced".
func TestExcludes(t *testing.T) {
	f := &Firm{Domains: []string{"firm.example"}, Relays: []Address{"shop@kauppa.example"}}
	x := &Exclusions{}
	x.Add(Exclusion{Kind: ExcludedDomain, Value: "clinic.example"})
	parties := func(s string) (out []Party) {
		for _, a := range strings.Fields(s) {
			out = append(out, Party{Address: Address(a)})
		}
		return out
	}
	for _, c := range []struct {
		what, from, to, replyTo string
		class                   Class
		forwarded, bounced      string
		want                    bool
	}{
		{what: "their mail", from: "d@clinic.example", to: "anna@firm.example", want: true},
		{what: "their mail to a customer too", from: "d@clinic.example", to: "anna@firm.example dora@acme.example", want: true},
		{what: "ours to them", from: "anna@firm.example", to: "d@clinic.example", want: true},
		{what: "ours to them and a customer", from: "anna@firm.example", to: "d@clinic.example dora@acme.example"},
		{what: "a customer's with them in copy", from: "dora@acme.example", to: "anna@firm.example d@clinic.example"},
		{what: "among us", from: "anna@firm.example", to: "ben@firm.example"},
		{what: "nobody's"},
		{what: "the shop's for them", from: "shop@kauppa.example", to: "anna@firm.example", replyTo: "d@clinic.example", want: true},
		{what: "the shop's for a customer", from: "shop@kauppa.example", to: "anna@firm.example", replyTo: "dora@acme.example"},
		{what: "forwarded among us", from: "anna@firm.example", to: "ben@firm.example", forwarded: "d@clinic.example", want: true},
		{what: "a customer's, forwarded to them", from: "anna@firm.example", to: "d@clinic.example", forwarded: "dora@acme.example"},
		{what: "a bounce of mail to them", from: "mailer-daemon@mx.example", to: "anna@firm.example", class: ClassBounce, bounced: "d@clinic.example", want: true},
		{what: "a bounce of mail to them and a customer", from: "mailer-daemon@mx.example", to: "anna@firm.example", class: ClassBounce, bounced: "d@clinic.example dora@acme.example"},
	} {
		m := &Facts{Envelope: &Envelope{From: parties(c.from), To: parties(c.to), ReplyTo: parties(c.replyTo), Class: c.class}, Forwarded: parties(c.forwarded)}
		if m.Class == "" {
			m.Class = ClassHuman
		}
		for _, a := range strings.Fields(c.bounced) {
			m.Bounced = append(m.Bounced, Address(a))
		}
		if got := f.Excludes(x, m); got != c.want {
			t.Errorf("%s: excluded %v, want %v", c.what, got, c.want)
		}
	}
}

func TestInFolder(t *testing.T) {
	named := []string{"Private", "INBOX.Own/Things"}
	for name, want := range map[string]bool{"Private": true, "private": true, "INBOX.Private": true, "INBOX/Private/Deep": true, "Private.2025": true, "Privateer": false,
		"Own/Things/x": true, "Own": false, "INBOX": false, "Work/Private": false} {
		if InFolder(name, named) != want {
			t.Errorf("%s: %v, want %v", name, !want, want)
		}
	}
}
