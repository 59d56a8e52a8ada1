package contacts

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/emersion/go-vcard"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"golang.org/x/text/encoding/charmap"

	"kaveri/crm"
)

// readAll gives the entries of a file as text.
func readAll(data []byte) ([]string, Report, error) {
	var out []string
	report, err := Read(bytes.NewReader(data), func(c *Contact) error {
		out = append(out, shown(c))
		return nil
	})
	return out, report, err
}

func shown(c *Contact) string {
	return fmt.Sprintf("%s|%s|%s|%s|%s", c.Name, c.Organisation, strings.Join(c.Emails, ","), strings.Join(c.Phones, ","), c.Notes)
}

// judged gives a card as go-vcard reads it, in the form of [shown].
func judged(card vcard.Card) string {
	c := Contact{Name: joined(plain(card.Value(vcard.FieldFormattedName)))}
	if n := card.Name(); c.Name == "" && n != nil {
		c.Name = joined(plain(strings.ReplaceAll(strings.Join([]string{n.HonorificPrefix, n.GivenName, n.AdditionalName, n.FamilyName, n.HonorificSuffix}, " "), ",", " ")))
	}
	for _, f := range card[vcard.FieldOrganization] {
		org, _, _ := strings.Cut(f.Value, ";")
		if org = joined(plain(org)); org != "" && c.Organisation == "" {
			c.Organisation = org
		}
	}
	for _, v := range card.Values(vcard.FieldEmail) {
		c.Emails = add(c.Emails, plain(v))
	}
	for _, v := range card.Values(vcard.FieldTelephone) {
		c.Phones = add(c.Phones, strings.TrimPrefix(plain(v), "tel:"))
	}
	for _, v := range card.Values(vcard.FieldNote) {
		c.addNote(plain(strings.ReplaceAll(v, `\r`, "\r")))
	}
	return shown(&c)
}

// plain undoes the one escape that go-vcard leaves.
func plain(s string) string { return strings.ReplaceAll(s, `\;`, ";") }

func crlf(lines ...string) string { return strings.Join(lines, "\r\n") + "\r\n" }

// TestRead: what programs write, and what is made of it.
func TestRead(t *testing.T) {
	const begin, end = "BEGIN:VCARD", "END:VCARD"
	for _, c := range []struct {
		name, file string
		want       []Contact
	}{
		{"3.0 with groups, several values and a scheme", crlf(begin, "VERSION:3.0", "N:Doe;Jane;Mary,Ann;Dr.;M.D.", "FN:Dr. Jane\\, Doe", "ORG:Acme\\; Inc.;Sales", "item1.EMAIL;TYPE=INTERNET:jane@x.example",
			"item1.X-ABLabel:Work", "EMAIL:mailto:jd@y.example", "EMAIL:jane@x.example", "TEL;TYPE=CELL:+1 555 0100", "TEL;VALUE=uri:tel:+1-555-0101;ext=7", "NOTE:one\\ntwo\\, three", end),
			[]Contact{{"Dr. Jane, Doe", "Acme; Inc.", []string{"jane@x.example", "jd@y.example"}, []string{"+1 555 0100", "+1-555-0101;ext=7"}, "one\ntwo, three", FormatVCard3}}},
		{"a name made of its parts; lists within them", crlf(begin, "VERSION:4.0", "N:Doe;Jane;Mary\\,Ann,Liz;Dr.;M.D.,Ph.D.", end),
			[]Contact{{Name: "Dr. Jane Mary,Ann Liz Doe M.D. Ph.D.", Format: FormatVCard4}}},
		{"in 2.1 a comma is a comma", crlf(begin, "VERSION:2.1", "N:Public;John;Q.;;Jr., Esq.", "ORG:Company, The;Dept", end),
			[]Contact{{Name: "John Q. Public Jr., Esq.", Organisation: "Company, The", Format: FormatVCard21}}},
		{"2.1 with quoted-printable over lines, also of a property that is passed over", crlf(begin, "VERSION:2.1", "ADR;WORK;ENCODING=QUOTED-PRINTABLE:=", "TEL:no phone=", "END", "FN;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:Mi=", "ka=C3=", "=A4", "NOTE;QUOTED-PRINTABLE:a=0D=0Ab", end),
			[]Contact{{Name: "Mikaä", Notes: "a\nb", Format: FormatVCard21}}},
		{"quoted-printable that is cut off by the end", crlf(begin, "VERSION:2.1", "FN;ENCODING=QUOTED-PRINTABLE:Mika=", end), []Contact{{Name: "Mika=", Format: FormatVCard21}}},
		{"the encoded semicolon is text", crlf(begin, "VERSION:2.1", "N;ENCODING=QUOTED-PRINTABLE:Doe=3B=20x;J;;;", end), []Contact{{Name: "J Doe; x", Format: FormatVCard21}}},
		{"charsets by name", crlf(begin, "VERSION:2.1", "FN;CHARSET=windows-1251:\xc8\xe2\xe0\xed", "ORG;CHARSET=Shift_JIS:\x83\x5c\x83\x6a\x81\x5b;x", "NOTE;CHARSET=ISO-2022-JP:\x1b$B;3\x1b(B", end),
			[]Contact{{Name: "Иван", Organisation: "ソニー", Notes: "山", Format: FormatVCard21}}},
		{"a charset that nobody names, and one that is named but once", crlf(begin, "VERSION:2.1", "FN:J\xf6rg", end, begin, "VERSION:2.1", "NOTE;CHARSET=koi8-r:\xf0", "FN:\xe9\xf7\xe1\xee", end),
			[]Contact{{Name: "Jörg", Format: FormatVCard21}, {Name: "ИВАН", Notes: "П", Format: FormatVCard21}}},
		{"folds, within names of properties too", "BEGIN:VCARD\nVERSION:3.0\nFN:Ja\n ne\n\t Doe\nEMA\n IL:j@\n x.example\nEND:VCARD\n", []Contact{{Name: "Jane Doe", Emails: []string{"j@x.example"}, Format: FormatVCard3}}},
		{"a colon within quotes", crlf(begin, "VERSION:4.0", `EMAIL;X-A="a:b;c";PREF=1:j@x.example`, `TEL;X-B="open:1`, end), []Contact{{Emails: []string{"j@x.example"}, Phones: []string{"1"}, Format: FormatVCard4}}},
		{"a card within a card is somebody else: on lines of its own, escaped, on the same line", crlf(begin, "VERSION:2.1", "AGENT:", begin, "FN:Other", "TEL:1", end, "FN:One", end,
			begin, "VERSION:3.0", "AGENT:BEGIN:VCARD\\nFN:Other\\nEND:VCARD", "FN:Two", end, begin, "VERSION:2.1", "AGENT:BEGIN:VCARD", "FN:Other", end, "FN:Three", end),
			[]Contact{{Name: "One", Format: FormatVCard21}, {Name: "Two", Format: FormatVCard3}, {Name: "Three", Format: FormatVCard21}}},
		{"pictures in every form", crlf(begin, "VERSION:2.1", "PHOTO;BASE64:", "  SGVsbG8=", "", "LOGO;ENCODING=BASE64;TYPE=GIF:SGVs", "bG8gaGVsbG8=", "", "KEY;ENCODING=b:AAAA", " BBBB", "FN:Jane", end), []Contact{{Name: "Jane", Format: FormatVCard21}}},
		{"text in base64", crlf(begin, "VERSION:3.0", "FN;ENCODING=b:SsO2cmc=", end), []Contact{{Name: "Jörg", Format: FormatVCard3}}},
		{"the name that is preferred", crlf(begin, "VERSION:4.0", "FN:First", "FN;PREF=2:Second", "FN;PREF=1:Third", "ORG:", "ORG:;Unit", "ORG:Firm", end), []Contact{{Name: "Third", Organisation: "Unit", Format: FormatVCard4}}},
		{"no version, small letters, a group before BEGIN", "home.begin:vcard\nfn:Jane\nend:vcard\n", []Contact{{Name: "Jane", Format: FormatVCard}}},
		{"cards that say nothing are cards", crlf(begin, end, begin, "TEL:", end), []Contact{{Format: FormatVCard}, {Format: FormatVCard}}},
		{"old Macintoshes, a mark, zeros", "\ufeffBEGIN:VCARD\rFN:Ja\x00ne\rEND:VCARD\r", []Contact{{Name: "Jane", Format: FormatVCard}}},
		{"UTF-16", "\xff\xfe" + wideText("BEGIN:VCARD\r\nFN:Jörg\r\nEND:VCARD\r\n"), []Contact{{Name: "Jörg", Format: FormatVCard}}},
		{"an address with a name around it; one that is none", crlf(begin, "EMAIL:Jane <j@x.example>", "EMAIL:/o=Exchange/cn=jane", end), []Contact{{Emails: []string{"j@x.example"}, Format: FormatVCard}}},

		{"Google until 2024", "Name,Given Name,Additional Name,Family Name,Yomi Name,Notes,Group Membership,E-mail 1 - Type,E-mail 1 - Value,E-mail 2 - Type,E-mail 2 - Value,Phone 1 - Type,Phone 1 - Value,Organization 1 - Name\n" +
			"Jane Doe,Jane,,Doe,,\"a\nb\",* myContacts,* Home,j@x.example ::: k@x.example,Work,w@x.example,Mobile,1 ::: 2,Acme\n",
			[]Contact{{"Jane Doe", "Acme", []string{"j@x.example", "k@x.example", "w@x.example"}, []string{"1", "2"}, "a\nb", FormatGoogle}}},
		{"Google since", "First Name,Middle Name,Last Name,Phonetic First Name,Name Prefix,Name Suffix,Nickname,File As,Organization Name,Organization Title,Notes,Labels,E-mail 1 - Label,E-mail 1 - Value,Phone 1 - Label,Phone 1 - Value\n" +
			"Jane,M,Doe,Dschejn,Dr.,Jr.,JD,\"Doe, Jane\",Acme,Boss,n,* myContacts,* Work,j@x.example,Work,1\n,,,,,,,Somebody,,,,,,,,\n",
			[]Contact{{"Dr. Jane M Doe Jr.", "Acme", []string{"j@x.example"}, []string{"1"}, "n", FormatGoogle}, {Name: "Somebody", Format: FormatGoogle}}},
		{"Outlook", "Title,First Name,Middle Name,Last Name,Suffix,Company,Job Title,Business Street,Business Fax,Business Phone,Mobile Phone,E-mail Address,E-mail Type,E-mail Display Name,E-mail 2 Address,Notes\r\n" +
			"\"Mr.\",Jim,,Doe,III,Acme,Boss,Street 1,9,1,2,j@x.example,SMTP,Jim (j@x.example),/o=Acme/cn=Jim,n\r\n",
			[]Contact{{"Mr. Jim Doe III", "Acme", []string{"j@x.example"}, []string{"9", "1", "2"}, "n", FormatOutlook}}},
		{"Outlook in German, in its charset", "Anrede;Vorname;Nachname;Suffix;Firma;Position;Stra\xdfe gesch\xe4ftlich;Fax gesch\xe4ftlich;Telefon gesch\xe4ftlich;Mobiltelefon;E-Mail-Adresse;E-Mail-Typ;E-Mail: Angezeigter Name;Notizen\r\n" +
			"Herr;J\xf6rg;Vo\xdf;;M\xfcller GmbH;Chef;Weg 1;9;1;2;j@x.example;SMTP;x@y (j@x.example);n\r\n",
			[]Contact{{"Herr Jörg Voß", "Müller GmbH", []string{"j@x.example"}, []string{"9", "1", "2"}, "n", FormatOutlook}}},
		{"Outlook in Russian, in its charset", cyrillic("Имя;Фамилия;Организация;Рабочий телефон;Адрес эл. почты;Тип эл. почты;Заметки\r\nИван;Петров;ООО;1;i@x.example;SMTP;з\r\n"),
			[]Contact{{"Иван Петров", "ООО", []string{"i@x.example"}, []string{"1"}, "з", FormatOutlook}}},
		{"Thunderbird", "First Name,Last Name,Display Name,Nickname,Primary Email,Secondary Email,Screen Name,Work Phone,Home Phone,Fax Number,Pager Number,Mobile Number,Home Address,Organization,Notes,\n" +
			"Jane,Doe,Jane Doe,JD,j@x.example,k@x.example,scr,1,2,3,4,5,Street,Acme,n,\n",
			[]Contact{{"Jane Doe", "Acme", []string{"j@x.example", "k@x.example"}, []string{"1", "2", "3", "4", "5"}, "n", FormatThunderbird}}},
		{"Thunderbird in Finnish", "Etunimi,Sukunimi,Näyttönimi,Lempinimi,Ensisijainen sähköpostiosoite,Toissijainen sähköpostiosoite,Työpuhelin,Kotipuhelin,Faksi,Matkapuhelin,Organisaatio,Muistiinpanot\n" +
			"Aino,Ek,Aino Ek,,a@x.example,b@x.example,1,2,,3,Oy Ab,m\n", []Contact{{"Aino Ek", "Oy Ab", []string{"a@x.example", "b@x.example"}, []string{"1", "2", "3"}, "m", FormatThunderbird}}},
		{"family name and first name", "Name,Vorname,E-Mail\nVoß,Jörg,j@x.example\n", []Contact{{Name: "Jörg Voß", Emails: []string{"j@x.example"}, Format: FormatCSV}}},
		{"an entry without a name goes by its address; blank rows are none", "Primary Email\nj@x.example\n\n\"\"\n", []Contact{{Name: "j@x.example", Emails: []string{"j@x.example"}, Format: FormatThunderbird}}},
	} {
		var got []Contact
		report, err := Read(strings.NewReader(c.file), func(c *Contact) error {
			got = append(got, *c)
			return nil
		})
		if err != nil || report.Damaged > 0 || report.Contacts != len(c.want) {
			t.Errorf("%s: %+v, %v", c.name, report, err)
		}
		if diff := cmp.Diff(c.want, got, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
	}
}

func wideText(s string) string {
	var b strings.Builder
	for _, r := range utf16.Encode([]rune(s)) {
		b.Write([]byte{byte(r), byte(r >> 8)})
	}
	return b.String()
}

func cyrillic(s string) string {
	out, _ := charmap.Windows1251.NewEncoder().String(s)
	return out
}

// TestKinds: titles that must not be taken for what they resemble.
func TestKinds(t *testing.T) {
	for title, want := range map[string]kind{
		"E-mail Display Name": other, "E-mail 2 Type": other, "E-mail 1 - Label": other, "Mailing Street": other, "Phonetic First Name": other, "Phone 1 - Type": other, "MobileRelType": other, "Home Postal Code": other,
		"Home Address": other, "Web Page 1": other, "Preferred Mail Format": other, "Company Yomi": other, "Nom complet de l'adresse de messagerie": other, "Tipo de correo electrónico": other,
		"Adresse de messagerie": mail, "Dirección de correo electrónico": mail, "Indirizzo posta elettronica": mail, "E-postadress": mail, "E-posta Adresi": mail, "E-mailadres": mail, "電子メール アドレス": mail, "Adres e-mail": mail, "e mail 3 address": mail,
		"Téléphone (bureau)": phone, "Teléfono móvil": phone, "Cellulare": phone, "Puhelin (työ)": phone, "Telefone comercial": phone, "Mobilní telefon": phone, "携帯電話": phone, "TTY/TDD Phone": phone, "Telex": phone, "Handy": phone, "Callback": phone,
		"Prénom": first, "Apellidos": last, "Sobrenome": last, "Society": other, "Société": organisation, "Företag": organisation, "Bemærkninger": notes, "Organization 1 - Name": organisation, "Organization 1 - Title": other,
	} {
		if got := kindOf(title); got != want {
			t.Errorf("%s: kind %d, want %d", title, got, want)
		}
	}
}

// TestDamage: what cannot be read is told with its place, the rest is given.
func TestDamage(t *testing.T) {
	long := strings.Repeat("x", maxLine+10)
	for _, c := range []struct {
		name, file, names string
		line              int
		problem           string
	}{
		{"cut off", "BEGIN:VCARD\nFN:A\nEND:VCARD\nBEGIN:VCARD\nFN:B\nTE", "A B", 6, "the line is no property of a card"},
		{"cut off behind a line", "BEGIN:VCARD\nFN:A\nEND:VCARD\nBEGIN:VCARD\nFN:B\n", "A B", 4, "the file ends within a card"},
		{"no END", "BEGIN:VCARD\nFN:A\nBEGIN:VCARD\nFN:B\nEND:VCARD\n", "A B", 1, "a card has no END"},
		{"a line that is none", "BEGIN:VCARD\nFN:A\nrubbish\nEND:VCARD\n", "A", 3, "the line is no property of a card"},
		{"a long note", "BEGIN:VCARD\nFN:A\nNOTE:" + long + "\nEND:VCARD\nBEGIN:VCARD\nFN:B\nPHOTO:" + long + "\nEND:VCARD\n", "A B", 3, "a NOTE is longer than 1 MB and was cut"},
		{"a note folded too long", "BEGIN:VCARD\nFN:A\nNOTE:a" + strings.Repeat("\n "+long[:60], 20000) + "\nEND:VCARD\n", "A", 3, "a NOTE is longer than 1 MB and was cut"},
		{"a row", "Name,E-mail\nA,a@x.example\n\"B,b\nC,c@x.example\n", "A C", 3, "the row cannot be read: a quote is not closed"},
	} {
		var names []string
		report, err := Read(strings.NewReader(c.file), func(c *Contact) error {
			names = append(names, c.Name)
			return nil
		})
		if err != nil || report.Line != c.line || report.Problem != c.problem || strings.Join(names, " ") != c.names {
			t.Errorf("%s: %q, %+v, %v", c.name, names, report, err)
		}
	}
}

// TestNoAddressBook: each is refused in one sentence, without an entry.
func TestNoAddressBook(t *testing.T) {
	for file, want := range map[string]string{
		"":                                 "it is empty",
		"\x00\x01\x02binary\x00":           "neither a vCard nor a table",
		"PK\x03\x04 a spreadsheet":         "spreadsheet",
		"Kind regards\nJane\n":             "no column of the table is named",
		"a,b,c\n1,2,3\n":                   "no column of the table is named",
		"jane@x.example,Jane\n":            "holds an address already",
		"BEGIN:VCALENDAR\nEND:VCALENDAR\n": "no column of the table is named",
		strings.Repeat("\x00", 1<<20):      "neither a vCard nor a table",
		strings.Repeat("x", maxLine+1):     "neither a vCard nor a table",
		"\n\n\n":                           "neither a vCard nor a table",
	} {
		got, _, err := readAll([]byte(file))
		if err == nil || !strings.Contains(err.Error(), want) || crm.KindOf(err) != crm.KindInvalid || len(got) > 0 {
			t.Errorf("%.20q: %q, %v", file, got, err)
		}
	}
}

// TestRoundTrip: what go-vcard writes of any texts is read as it was.
func TestRoundTrip(t *testing.T) {
	const seed = 7
	rnd := rand.New(rand.NewPCG(seed, seed))
	signs := []rune("aZ9 ,;:\\\"\n=äß語.")
	text := func() string {
		out := make([]rune, rnd.IntN(120))
		for i := range out {
			out[i] = signs[rnd.IntN(len(signs))]
		}
		return strings.TrimSpace(string(out))
	}
	for range 2000 {
		var file bytes.Buffer
		want := Contact{Name: joined(text()), Notes: text(), Format: FormatVCard4}
		card := vcard.Card{}
		card.SetValue(vcard.FieldVersion, "4.0")
		card.SetValue(vcard.FieldFormattedName, want.Name)
		card.SetValue(vcard.FieldNote, want.Notes)
		for range rnd.IntN(4) {
			mail := fmt.Sprintf("m%d@x.example", rnd.IntN(1000))
			want.Emails = add(want.Emails, mail)
			card.AddValue(vcard.FieldEmail, mail)
		}
		if err := vcard.NewEncoder(&file).Encode(card); err != nil {
			t.Fatal(err)
		}
		written := fold(file.String(), 12+rnd.IntN(70))
		got, report, err := readAll([]byte(written))
		if err != nil || report.Damaged > 0 || !slices.Equal(got, []string{shown(&want)}) {
			t.Fatalf("%q\n got  %q, %+v, %v\n want %q", written, got, report, err, shown(&want))
		}
	}
}

// fold folds lines at so many bytes, which may be within a letter (RFC 6350
// §3.2 forbids it, RFC 2426 does not).
func fold(s string, at int) string {
	var b strings.Builder
	for line := range strings.Lines(s) {
		line = strings.TrimRight(line, "\r\n")
		for len(line) > at {
			b.WriteString(line[:at] + "\r\n ")
			line = line[at:]
		}
		b.WriteString(line + "\r\n")
	}
	return b.String()
}

// FuzzRead: whatever the bytes are, nothing breaks, every text is UTF-8, and
// the same bytes give the same.
func FuzzRead(f *testing.F) {
	for _, s := range []string{"", "BEGIN:VCARD\nVERSION:2.1\nN;ENCODING=QUOTED-PRINTABLE;CHARSET=windows-1251:=C8=\n=E2;x;;;\nAGENT:\nBEGIN:VCARD\nEND:VCARD\nPHOTO;BASE64:\n AAAA\n\nTEL;\"a:b\":1\nEND:VCARD",
		"BEGIN:VCARD\nFN;CHARSET=ISO-2022-JP:\x1b$B;3\nNOTE;ENCODING=b:SsO2cmc=\nORG:a\\;b;\\", "Name,E-mail 1 - Value,Phone\n\"a\nb\",j@x ::: k@x,1\n\"x", "\xff\xfeB\x00E\x00G\x00I\x00N\x00:\x00V\x00C\x00A\x00R\x00D\x00"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		got, report, err := readAll(data)
		if report.Contacts != len(got) {
			t.Fatalf("%d given, %+v", len(got), report)
		}
		for _, s := range got {
			if !utf8.ValidString(s) {
				t.Fatalf("%q is not UTF-8", s)
			}
		}
		again, _, againErr := readAll(data)
		if !slices.Equal(got, again) || (err == nil) != (againErr == nil) {
			t.Fatalf("%q, %v; then %q, %v", got, err, again, againErr)
		}
	})
}

// BenchmarkRead measures address books of 20,000 entries.
func BenchmarkRead(b *testing.B) {
	const n = 20000
	var cards, table bytes.Buffer
	table.WriteString("First Name,Middle Name,Last Name,Organization Name,Notes,E-mail 1 - Label,E-mail 1 - Value,Phone 1 - Label,Phone 1 - Value\r\n")
	for i := range n {
		fmt.Fprintf(&cards, "BEGIN:VCARD\r\nVERSION:2.1\r\nN;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:V=C3=A4ki%d;Aino;;;\r\nFN:Aino Väki%d\r\nORG:Metsä Oy;Myynti\r\nEMAIL;INTERNET:aino%d@x.example\r\nTEL;CELL:+358 40 %d\r\nPHOTO;ENCODING=BASE64;JPEG:%s\r\n\r\nEND:VCARD\r\n", i, i, i, i,
			strings.Repeat("\r\n "+strings.Repeat("A", 72), 20))
		fmt.Fprintf(&table, "Aino,,Väki%d,Metsä Oy,\"a note, of words\",* Work,aino%d@x.example,Mobile,+358 40 %d\r\n", i, i, i)
	}
	for name, file := range map[string][]byte{"vcard": cards.Bytes(), "csv": table.Bytes()} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(file)))
			b.ReportAllocs()
			for b.Loop() {
				if r, err := Read(bytes.NewReader(file), func(*Contact) error { return nil }); err != nil || r.Contacts != n {
					b.Fatalf("%+v, %v", r, err)
				}
			}
			b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "contacts/s")
		})
	}
}
