package crm

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

func TestParseAddress(t *testing.T) {
	for in, want := range map[string]Address{
		"Dora@Acme.Example":                "dora@acme.example",
		" <dora@acme.example> ":            "dora@acme.example",
		"mailto:dora@acme.example":         "dora@acme.example",
		"ÄITI@Yritys.Example":              "äiti@yritys.example",
		"a\u0308iti@yritys.example":        "äiti@yritys.example", // decomposed
		"jukka@xn--hmeenlinna-q5a.example": "jukka@hämeenlinna.example",
		"jukka@Hämeenlinna.example.":       "jukka@hämeenlinna.example",
		`"john"@acme.example`:              "john@acme.example",
		`"john doe"@acme.example`:          `"john doe"@acme.example`,
		"a_b@c_d.example":                  "a_b@c_d.example",
		"dora@[192.0.2.1]":                 "dora@[192.0.2.1]",
		`"a@b"@c.example`:                  `"a@b"@c.example`,
		"o'brien+x@acme.example":           "o'brien+x@acme.example",
	} {
		got, err := ParseAddress(in)
		if err != nil || got != want {
			t.Errorf("ParseAddress(%q) = %q, %v; want %q", in, got, err, want)
		}
	}
	for _, in := range []string{"", "dora", "@acme.example", "dora@", "do ra@acme.example", "dora@ac me.example", "a\x00b@acme.example", "x@y\r\nz", strings.Repeat("x", 900) + "@y.example", "d\xffra@acme.example", "foo@@bar.example", "x@foo@bar.example"} {
		if got, err := ParseAddress(in); KindOf(err) != KindInvalid {
			t.Errorf("ParseAddress(%q) = %q, %v; want an invalid address", in, got, err)
		}
	}
}

func FuzzParseAddress(f *testing.F) {
	for _, s := range []string{"Dora@Acme.Example", "ÄITI@xn--hmeenlinna-q5a.example", `"a b"@c`, "0@..", "İ@İ.example", "ẞ@ß.example", "a@b@c", "x@xn--xn---epa.example"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		a, err := ParseAddress(s)
		if err != nil {
			return
		}
		again, err := ParseAddress(string(a))
		if err != nil || again != a {
			t.Fatalf("%q gives %q, and that gives %q, %v", s, a, again, err)
		}
		if !utf8.ValidString(string(a)) || strings.ContainsAny(string(a), "\r\n\x00") {
			t.Fatalf("%q gives %q", s, a)
		}
	})
}

func TestAddressLooksRobotic(t *testing.T) {
	for a, want := range map[Address]bool{"noreply@x.example": true, "no-reply+17@x.example": true, "mailer-daemon@x.example": true, "bounces-5@x.example": true,
		"bouncer@x.example": false, "norep@x.example": false, "postmasters.anna@x.example": false, "dora@noreply.example": false} {
		if got := a.LooksRobotic(); got != want {
			t.Errorf("%s looks robotic: %v, want %v", a, got, want)
		}
	}
}

func TestTokensFoldAlikeEverywhere(t *testing.T) {
	for in, want := range map[string]string{
		"Päivällinen, KLO 18:00!":  "paivallinen klo 18 00",
		"Straße GROẞ Øresund Łódź": "strasse gross oresund lodz",
		"pa\u0308iva\u0308":        "paiva",
		"dora.p@acme.example":      "dora p acme example",
		"東京 Привет":                "東京 привет",
		"":                         "",
		"ǅ ﬁ":                      "dz fi",
	} {
		if got := strings.Join(Tokens(in), " "); got != want {
			t.Errorf("Tokens(%q) = %q, want %q", in, got, want)
		}
	}
	if got := len(AppendTokens(nil, strings.Repeat("sana ", 1000), 100)); got > 110 {
		t.Errorf("a limit of 100 gave %d bytes", got)
	}
}

func TestCorrespondenceCountsPeopleOnly(t *testing.T) {
	f := Firm{Domains: []string{"firm.example"}}
	in := Envelope{Class: ClassHuman, From: party("dora@acme.example"), To: party("anna@firm.example"), Cc: party("x@else.example")}
	wrote, answered := f.Correspondence(&in)
	if len(wrote) != 1 || wrote[0].Address != "dora@acme.example" || len(answered) != 0 {
		t.Errorf("incoming: wrote %v answered %v", wrote, answered)
	}
	out := Envelope{Class: ClassHuman, From: party("anna@firm.example"), To: append(party("dora@acme.example"), party("noreply@shop.example")...)}
	if wrote, answered = f.Correspondence(&out); len(wrote) != 0 || len(answered) != 1 || answered[0].Address != "dora@acme.example" {
		t.Errorf("outgoing: wrote %v answered %v", wrote, answered)
	}
	in.Class = ClassAutoReply
	if wrote, answered = f.Correspondence(&in); wrote != nil || answered != nil {
		t.Errorf("an auto-reply counts as correspondence: %v %v", wrote, answered)
	}
}

func TestPlausibleDate(t *testing.T) {
	seen := time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)
	internal := seen.Add(-time.Hour)
	for name, c := range map[string][3]time.Time{
		"the Date field":          {seen.Add(-2 * time.Hour), internal, seen.Add(-2 * time.Hour)},
		"from the future":         {seen.AddDate(3, 0, 0), internal, internal},
		"1970":                    {time.Unix(0, 0), internal, internal},
		"none":                    {{}, internal, internal},
		"nothing can be believed": {{}, time.Unix(0, 0), seen},
		"the server is in 2099":   {seen.AddDate(0, 0, -9), seen.AddDate(73, 0, 0), seen.AddDate(0, 0, -9)},
	} {
		if got := PlausibleDate(c[0], c[1], seen); !got.Equal(c[2]) {
			t.Errorf("%s: %v, want %v", name, got, c[2])
		}
	}
}

func TestMaySee(t *testing.T) {
	private := Visibility{Private: true, Holders: []StaffID{7}}
	for _, c := range []struct {
		who  string
		v    Viewer
		m    Visibility
		want bool
	}{
		{"nobody sees nothing", Viewer{}, Visibility{}, false},
		{"a colleague sees the firm's mail", Viewer{Staff: 8}, Visibility{Holders: []StaffID{7}}, true},
		{"but not a private one", Viewer{Staff: 8}, private, false},
		{"nor does an administrator", Viewer{Staff: 9, Role: StaffAdmin}, private, false},
		{"its holder does", Viewer{Staff: 7}, private, true},
		{"the program itself reads all", SystemViewer, private, true},
	} {
		if got := c.v.MaySee(c.m); got != c.want {
			t.Errorf("%s: got %v", c.who, got)
		}
	}
}

func TestFirmValidate(t *testing.T) {
	f := Firm{Domains: []string{"Lumipolku.Example"}}
	if err := f.Validate(); err != nil || f.Domains[0] != "lumipolku.example" || f.Policy != PolicyKnown || f.Currency != "EUR" {
		t.Fatalf("%v, %+v", err, f)
	}
	for field, bad := range map[string]Firm{
		"own domain":     {Domains: []string{"gmail.com"}},
		"capture policy": {Policy: "everything"},
		"time zone":      {TimeZone: "Helsinki time"},
		"currency":       {Currency: "euro"},
		"language":       {Language: "xx"},
	} {
		err := bad.Validate()
		if KindOf(err) != KindInvalid || !strings.HasPrefix(err.Error(), field+": ") {
			t.Errorf("%s: %v", field, err)
		}
	}
}

func TestFirmZone(t *testing.T) {
	for name, want := range map[string]string{"": "Europe/Helsinki", "America/New_York": "America/New_York", "Nowhere/Land": "UTC"} {
		if got := (&Firm{TimeZone: name}).Zone().String(); got != want {
			t.Errorf("%q is %s, want %s", name, got, want)
		}
	}
}

func TestFolderUse(t *testing.T) {
	for _, c := range []struct {
		name  string
		attrs []string
		want  string
	}{
		{"Sent", nil, "sent"}, {"INBOX/Lähetetyt", nil, "sent"}, {"Gesendete Elemente", nil, "sent"}, {"Whatever", []string{`\HasNoChildren`, `\Sent`}, "sent"},
		{"Roskakori", nil, "trash"}, {"Asiakkaat", nil, ""}, {"Sent", []string{`\Junk`}, "junk"},
	} {
		if got := FolderUse(c.name, '/', c.attrs); got != c.want {
			t.Errorf("FolderUse(%s, %v) = %q, want %q", c.name, c.attrs, got, c.want)
		}
	}
	choice := FolderChoice{Include: []string{"Junk"}, Exclude: []string{"Secret"}}
	for name, want := range map[string]bool{"Junk": true, "Secret": false, "INBOX": true} {
		if got := choice.Capture(name, FolderUse(name, '/', nil)); got != want {
			t.Errorf("Capture(%s) = %v", name, got)
		}
	}
	if (FolderChoice{}).Capture("Trash", "trash") {
		t.Error("Trash is captured unasked")
	}
}
