package crm

import "testing"

func TestGroundsOf(t *testing.T) {
	for evidence, want := range map[string]Grounds{
		"from: dora@acme.example":                            {Field: "from", Value: "dora@acme.example"},
		"to: info@acme.example (shared)":                     {Field: "to", Value: "info@acme.example", Shared: true},
		"said by Anna":                                       {Value: "said by Anna"},
		"in-reply-to: t1 (signed Dora (at Acme))":            {Field: "in-reply-to", Value: "t1", Proof: ProofName, Detail: "Dora (at Acme)"},
		"in-reply-to: t1 (also of acme.example)":             {Field: "in-reply-to", Value: "t1", Proof: ProofDomain, Detail: "acme.example"},
		"in-reply-to: t1 (named like it: dora@home.example)": {Field: "in-reply-to", Value: "t1", Proof: ProofAddress, Detail: "dora@home.example"},
		"in-reply-to: t1 (quotes it)":                        {Field: "in-reply-to", Value: "t1", Proof: ProofQuote},
		"in-reply-to: t1 (answers its author)":               {Field: "in-reply-to", Value: "t1", Proof: ProofAuthor},
		"in-reply-to: t1":                                    {Field: "in-reply-to", Value: "t1"},
		"from: Dora (who else)":                              {Field: "from", Value: "Dora (who else)"},
		"not delivered to: dora@acme.example":                {Field: "not delivered to", Value: "dora@acme.example"},
		"":                                                   {},
		"in-reply-to: " + "x (quotes it":                     {Field: "in-reply-to", Value: "x (quotes it"},
	} {
		if got := GroundsOf(evidence); got != want {
			t.Errorf("%q is %+v, want %+v", evidence, got, want)
		}
	}
}

func TestUnplaced(t *testing.T) {
	ps := []Participant{{Role: RoleFrom, Party: Party{Address: "a@b.example"}}}
	row := func(d Direction, c Class, from Address) MailRow {
		return MailRow{Direction: d, Class: c, From: Party{Address: from}}
	}
	for _, c := range []struct {
		m     MailView
		asked bool
		want  Unplaced
	}{
		{MailView{Links: []MailLink{{}}}, true, ""},
		{MailView{Participants: ps}, true, UnplacedAsked},
		{MailView{Participants: ps, Denied: []MailDenial{{}}}, false, UnplacedDenied},
		{MailView{}, false, UnplacedNobody},
		{MailView{Participants: ps, MailRow: row(Internal, ClassHuman, "")}, false, UnplacedInternal},
		{MailView{Participants: ps, MailRow: row(In, ClassNewsletter, "")}, false, UnplacedRobot},
		{MailView{Participants: ps, MailRow: row(In, ClassHuman, "noreply@b.example")}, false, UnplacedRobot},
		{MailView{Participants: ps, MailRow: row(Out, ClassHuman, "")}, false, UnplacedOut},
		{MailView{Participants: ps, MailRow: row(In, ClassHuman, "")}, false, UnplacedIn},
	} {
		if got := c.m.Unplaced(c.asked); got != c.want {
			t.Errorf("%+v: %q, want %q", c.m, got, c.want)
		}
	}
}
