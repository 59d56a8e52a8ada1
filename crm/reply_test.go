package crm

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

func TestReplySubject(t *testing.T) {
	for in, want := range map[string]string{
		"Utön matka":               "Re: Utön matka",
		"Re: Utön matka":           "Re: Utön matka",
		"VS: Re: AW: Utön matka":   "Re: Utön matka",
		"RE[4]: x":                 "Re: x",
		"":                         "Re:",
		"Re:":                      "Re:",
		"Fwd: x":                   "Re: Fwd: x",
		"Re: Fwd: Re: x":           "Re: Fwd: Re: x",
		"[Order 12] x":             "Re: [Order 12] x",
		"Re: [Order 12] x":         "Re: [Order 12] x",
		"Regarding: x":             "Re: Regarding: x",
		"two\r\nBcc: a@b.example":  "Re: two Bcc: a@b.example",
		"nul\x00 and tab\tand end": "Re: nul and tab and end",
	} {
		if got := ReplySubject(in); got != want || ReplySubject(got) != got {
			t.Errorf("%q is answered as %q, that as %q; want %q", in, got, ReplySubject(got), want)
		}
	}
}

func TestReplyThread(t *testing.T) {
	for _, c := range []struct {
		name string
		e    Envelope
		want string
	}{
		{"a first mail", Envelope{MessageID: "a@x"}, "[a@x] [a@x]"},
		{"with references", Envelope{MessageID: "c@x", References: []string{"a@x", "b@x"}, InReplyTo: []string{"b@x"}}, "[c@x] [a@x b@x c@x]"},
		{"with In-Reply-To alone", Envelope{MessageID: "b@x", InReplyTo: []string{"a@x"}}, "[b@x] [a@x b@x]"},
		{"that answers two", Envelope{MessageID: "c@x", InReplyTo: []string{"a@x", "b@x"}}, "[c@x] [c@x]"},
		{"without a name", Envelope{References: []string{"a@x"}}, "[] [a@x]"},
		{"that names itself", Envelope{MessageID: "a@x", References: []string{"a@x", "b@x"}}, "[a@x] [b@x a@x]"},
	} {
		in, refs := ReplyThread(&c.e)
		if got := fmt.Sprint(in, " ", refs); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
	e := Envelope{MessageID: "c@x", References: make([]string, 1, 8)}
	e.References[0] = "a@x"
	ReplyThread(&e)
	if e.References = e.References[:2]; e.References[1] != "" {
		t.Error("the answered mail's own references have grown")
	}
}

func TestReplyTo(t *testing.T) {
	ours := func(a Address) bool { return a == "anna@oy.example" }
	p := func(role Role, a Address) Participant { return Participant{role, Party{Address: a}} }
	for _, c := range []struct {
		name   string
		people []Participant
		want   string
	}{
		{"one to one", []Participant{p(RoleFrom, "dora@acme.example"), p(RoleTo, "anna@oy.example")}, "dora@acme.example | "},
		{"to several", []Participant{p(RoleFrom, "dora@acme.example"), p(RoleTo, "anna@oy.example"), p(RoleTo, "ben@oy.example"), p(RoleCc, "eve@else.example"), p(RoleBcc, "secret@else.example")},
			"dora@acme.example | ben@oy.example eve@else.example"},
		{"with Reply-To", []Participant{p(RoleFrom, "shop@acme.example"), p(RoleReplyTo, "dora@acme.example"), p(RoleTo, "anna@oy.example")}, "dora@acme.example | "},
		{"our own", []Participant{p(RoleFrom, "anna@oy.example"), p(RoleTo, "dora@acme.example"), p(RoleCc, "eve@else.example")}, "dora@acme.example | eve@else.example"},
		{"named twice", []Participant{p(RoleFrom, "dora@acme.example"), p(RoleTo, "dora@acme.example"), p(RoleCc, "dora@acme.example")}, "dora@acme.example | "},
		{"without author", []Participant{p(RoleSender, "list@acme.example"), p(RoleTo, "anna@oy.example")}, "list@acme.example | "},
		{"of nobody", nil, " | "},
	} {
		to, others := ReplyTo(c.people, ours)
		names := func(list []Party) string {
			var out []string
			for _, p := range list {
				out = append(out, string(p.Address))
			}
			return strings.Join(out, " ")
		}
		if got := names(to) + " | " + names(others); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

func TestQuoteOf(t *testing.T) {
	for _, c := range []struct {
		name string
		l    Letter
		want string
	}{
		{"what is new", Letter{Text: "Hei\n\n> vanha", New: "Hei"}, "Dora:\n> Hei"},
		{"paragraphs and quotes within", Letter{Text: "A  \n\n> old\nB\n"}, "Dora:\n> A\n>\n>> old\n> B"},
		{"without the signature", Letter{Text: "Hei\n\n-- \nDora"}, "Dora:\n> Hei"},
		{"nothing", Letter{Text: " \n"}, ""},
	} {
		if got := QuoteOf("Dora:", c.l); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
	long := QuoteOf("Dora:", Letter{Text: strings.Repeat("line\n", 200) + strings.Repeat("x", 9000)})
	if n := strings.Count(long, "\n"); n != maxQuoteLines+1 || !strings.HasSuffix(long, "[...]") {
		t.Errorf("a long mail is quoted in %d lines that end with %q", n, long[len(long)-10:])
	}
	if wide := QuoteOf("Dora:", Letter{Text: strings.Repeat("ä", 9000)}); len(wide) > maxQuoteLine+40 || !strings.HasSuffix(wide, "ä [...]") {
		t.Errorf("a long line is quoted as %d bytes", len(wide))
	}
}

func TestIdentities(t *testing.T) {
	me := Staff{ID: 1, Name: "Anna"}
	boxes := []Mailbox{
		{ID: 10, Staff: 1, Address: "anna@else.example"}, {ID: 11, Staff: 1, Address: "anna@oy.example"}, {ID: 12, Staff: 2, Address: "ben@oy.example"},
		{ID: 13, Staff: 1, Address: "old@oy.example", State: MailboxImported}, {ID: 14, Staff: 1, Address: "anna@oy.example"},
	}
	senders := []Sender{{ID: 20, Domains: []string{"oy.example"}, Disabled: true}, {ID: 21, Domains: []string{"oy.example"}, State: SenderRefused, Problem: "535"}, {ID: 22, Domains: []string{"oy.example"}}}
	got := Identities(me, boxes, senders)
	if len(got) != 2 || got[0].Mailbox != 11 || got[0].Sender != 21 || got[0].Trouble != "535" || got[0].Party.Name != "Anna" || got[1].Mailbox != 10 || got[1].Ready() {
		t.Errorf("%+v", got)
	}
}

func TestSavedDraftValidate(t *testing.T) {
	for field, d := range map[string]SavedDraft{
		"subject": {Subject: "x\r\nBcc: eve@else.example"},
		"text":    {Text: "nul \x00"},
		"to":      {To: []Party{{Name: "a\nb", Address: "a@b.example"}}},
	} {
		if e, ok := d.Validate().(*Error); !ok || e.Kind != KindInvalid || e.Field != field {
			t.Errorf("%s: %v", field, d.Validate())
		}
	}
	many := SavedDraft{To: make([]Party, MaxDraftParties+1)}
	if KindOf(many.Validate()) != KindInvalid {
		t.Error("any number of people may be written to")
	}
	d := SavedDraft{Text: "Hei\r\nDora \r\n\r\n", Quote: "Dora:\n> x", Quoted: true}
	if err := d.Validate(); err != nil || d.Body() != "Hei\nDora\n\nDora:\n> x\n" {
		t.Errorf("%q %v", d.Body(), err)
	}
	if d.Quoted = false; d.Body() != "Hei\nDora\n" {
		t.Errorf("%q", d.Body())
	}
}

func TestDraftFileValidate(t *testing.T) {
	for name, want := range map[string]string{
		"tarjous.pdf": "tarjous.pdf", `C:\Users\Anna\tarjous.pdf`: "tarjous.pdf", "../../etc/passwd": "passwd", "a\u202efdp.exe": "afdp.exe",
		"a\r\nb.pdf": "", "a\x00.pdf": "", "": "", "dir/": "", "..": "",
	} {
		f := DraftFile{Name: name, Data: []byte("x"), Type: "Application/PDF"}
		err := f.Validate()
		if (want == "") != (KindOf(err) == KindInvalid) || want != "" && (f.Name != want || f.Type != "application/pdf" || f.Size != 1) {
			t.Errorf("%q is %q, %v", name, f.Name, err)
		}
	}
	if f := (DraftFile{Name: "x"}); KindOf(f.Validate()) != KindInvalid {
		t.Error("an empty file is taken")
	}
	if f := (DraftFile{Name: strings.Repeat("ä", 300), Data: []byte("x"), Type: "x\r\ny"}); f.Validate() != nil || len(f.Name) > maxFileName || !strings.HasSuffix(f.Name, "ä") || f.Type != "application/octet-stream" {
		t.Errorf("%q %q", f.Name, f.Type)
	}
}

func TestSnippet(t *testing.T) {
	s := Snippet{Name: " Kiitos ", Text: "Hei {{ name }},\r\n\r\nkiitos!\r\n"}
	if err := s.Validate(); err != nil || s.Name != "Kiitos" {
		t.Fatal(s, err)
	}
	if got := []string{s.For("Dora"), s.For("")}; !slices.Equal(got, []string{"Hei Dora,\n\nkiitos!", "Hei,\n\nkiitos!"}) {
		t.Errorf("%q", got)
	}
	for field, bad := range map[string]Snippet{"name": {Text: "x"}, "text": {Name: "x", Text: " "}} {
		if e, ok := bad.Validate().(*Error); !ok || e.Field != field {
			t.Errorf("%s: %v", field, bad.Validate())
		}
	}
}
