package compose

import (
	"bytes"
	"errors"
	"io"
	"mime/quotedprintable"
	"strings"
	"testing"

	"github.com/emersion/go-msgauth/dkim"

	"kaveri/crm"
)

// Headers out are headers in, whatever people are called and write; what cannot
// be written is refused by name, and no line is longer than it may be.
func FuzzHeaders(f *testing.F) {
	f.Add("Dora Lind", "Tarjous", "tarjous.pdf", "a@b", "text")
	f.Add("Møller, \"Søren\"\\", "=?utf-8?q?trick?= ä", "Tarjous № 7.pdf", strings.Repeat("x", 80)+"@b", "a  b\t\r\n.\n")
	f.Add(" spaces  within ", strings.Repeat("long ", 300), strings.Repeat("ä", 200), "", "\x00")
	f.Add("a\r\nBcc: evil@x", strings.Repeat("x", 2000), "a\nb", "a b", "x")
	f.Add("\xff", "\t", "..\\;\"*'%", "<>", "\xff")
	f.Fuzz(func(t *testing.T, name, subject, filename, reference, text string) {
		d := &crm.Draft{
			From: crm.Party{Name: name, Address: "a@kaukoranta.example"}, To: []crm.Party{{Name: name, Address: "b@x.example"}, {Name: name, Address: "c@x.example"}},
			Subject: subject, References: []string{reference, "known@x.example"}, Text: text, HTML: "<p>" + text, Files: []crm.File{{Name: filename, Data: []byte(text)}},
		}
		raw, err := New(nil, clock).Compose(d, messageID, at)
		if field := firstBad(d, reference); field != "" {
			refusedField(t, err, field)
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		checkLines(t, raw)
		r := readMail(t, raw)
		for field, n := range map[string]int{"From": 1, "To": 2} {
			for _, p := range r.partiesOf(t, field) {
				if n--; p.Name != validText(name) {
					t.Errorf("%s: the name %q became %q", field, name, p.Name)
				}
			}
			if n != 0 {
				t.Errorf("%s has %d addresses too few", field, n)
			}
		}
		if got := r.decoded(t, "Subject"); got != validText(subject) {
			t.Errorf("the subject %q became %q", subject, got)
		}
		if got := r.parts[len(r.parts)-1]; got.name != validText(filename) || got.body != text {
			t.Errorf("the file %q became %q", filename, got.name)
		}
		if len(r.header) > 10 {
			t.Errorf("there are fields too many: %v", r.header)
		}
	})
}

// firstBad names the first field that has what no header may have.
func firstBad(d *crm.Draft, reference string) string {
	for _, f := range [][2]string{{"from", d.From.Name}, {"subject", d.Subject}, {"references", reference}, {"file name", d.Files[0].Name}} {
		if strings.ContainsAny(f[1], "\r\n\x00") {
			return f[0]
		}
	}
	return ""
}

// Our quoted-printable is that of the standard library, and reads back.
func FuzzQuoted(f *testing.F) {
	f.Add("a b \n\tä=\r\n" + strings.Repeat("x", 77))
	f.Add(strings.Repeat("x", 75) + " \n" + strings.Repeat("x", 74) + "\t")
	f.Fuzz(func(t *testing.T, s string) {
		ours := appendQuoted(nil, s)
		s = lineFeeds(s)
		var theirs bytes.Buffer
		w := quotedprintable.NewWriter(&theirs)
		if _, err := w.Write([]byte(s)); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(ours, theirs.Bytes()) {
			t.Errorf("%q: %q, the library %q", s, ours, theirs.Bytes())
		}
		back, err := io.ReadAll(quotedprintable.NewReader(bytes.NewReader(ours)))
		if err != nil || strings.ReplaceAll(string(back), "\r\n", "\n") != s {
			t.Errorf("%q reads back as %q, %v", s, back, err)
		}
	})
}

// Any mail that we sign, go-msgauth verifies, and a changed one it does not.
func FuzzSign(f *testing.F) {
	f.Add("Tarjous", "text \r\n\r\n a\t b  c\r\n\r\n")
	f.Add("a  b", "")
	f.Add("", " \t\r\n\r\n")
	keys := keysFor(f, "kaukoranta.example")[1:]
	signers, err := New(keys, clock).keys.of("kaukoranta.example")
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, subject, body string) {
		if strings.ContainsAny(subject, "\r\n") || strings.Contains(strings.ReplaceAll(body, "\r\n", ""), "\r") || strings.Contains(strings.ReplaceAll(body, "\r\n", ""), "\n") {
			return // not what we send
		}
		raw := "From: a@kaukoranta.example\r\nSubject:" + subject + "\r\nX-Other: x\r\n\r\n" + body
		signed, err := sign([]byte(raw), signers, false, at)
		if err != nil {
			t.Fatal(err)
		}
		if err := verify(signed, keys, 1); err != nil {
			t.Errorf("%v\n%q", err, signed)
		}
		if verify(append(signed, "more\r\n"...), keys, 1) == nil {
			t.Errorf("a longer mail is verified\n%q", signed)
		}
	})
}

// verify checks the signatures of a mail by go-msgauth, with the records that
// the keys ask for.
func verify(raw []byte, keys []crm.DKIMKey, want int) error {
	all, err := dkim.VerifyWithOptions(bytes.NewReader(raw), &dkim.VerifyOptions{LookupTXT: func(name string) ([]string, error) {
		for _, k := range keys {
			if k.RecordName() == name {
				return []string{k.Record()}, nil
			}
		}
		return nil, errors.New("no such record: " + name)
	}})
	if err != nil {
		return err
	}
	if len(all) != want {
		return errors.New("the number of signatures is wrong")
	}
	for _, v := range all {
		if v.Err != nil {
			return v.Err
		}
	}
	return nil
}
