package parse

import (
	"bytes"
	"crypto/sha256"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"kaveri/crm"
)

// quick fails when a parser took more than 2 µs a byte (and a start for the
// scheduler of a busy machine).
func quick(t *testing.T, n int, f func()) {
	t.Helper()
	start := time.Now()
	f()
	if took, limit := time.Since(start), time.Second+time.Duration(n)*2*time.Microsecond; took > limit {
		t.Errorf("%v for %d bytes", took, n)
	}
}

func FuzzMessage(f *testing.F) {
	files, _ := filepath.Glob("testdata/mail/*.eml")
	for _, file := range files {
		_, raw := readCase(f, file)
		f.Add(raw)
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		keep := bytes.Clone(raw)
		quick(t, len(raw), func() {
			m := Message(raw)
			if err := wellFormed(m); err != nil {
				t.Error(err)
			}
			for i, a := range m.Attachments {
				if i > 5 {
					break
				}
				b, got, err := Part(raw, a.Part)
				if err != nil || got.SHA256 != a.SHA256 || sha256.Sum256(b) != a.SHA256 || int64(len(b)) != a.Size {
					t.Errorf("part %s cannot be cut again: %v", a.Part, err)
				}
			}
			Hash(raw)
		})
		if !bytes.Equal(raw, keep) {
			t.Error("the raw mail was changed")
		}
	})
}

func FuzzHeader(f *testing.F) {
	f.Add([]byte("From: a@b.example\r\nSubject: =?utf-8?Q?=C3=A4?=\r\n\r\n"))
	f.Add([]byte("From x\nSubject : y\n z\nno colon\nTo: \"q\" <a@b>, c@d;\n"))
	f.Add([]byte("Content-Type: multipart/report; report-type=\"delivery-status\"\nReturn-Path: <>\n"))
	f.Add([]byte("References: <a@b>\n\t<c@d\n e> f@g\nIn-Reply-To: x\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		quick(t, len(b), func() {
			e := Header(b)
			if e.MessageID != "" && len(b) < maxHeader && !HasHeader(b) {
				t.Error("a mail with a Message-ID is taken for none")
			}
			if err := wellFormed(&crm.Message{Envelope: *e}); err != nil {
				t.Error(err)
			}
		})
	})
}

func FuzzAddressList(f *testing.F) {
	for _, c := range addressCases {
		f.Add(c.in)
	}
	f.Fuzz(func(t *testing.T, s string) {
		var d defects
		quick(t, len(s), func() {
			h := header{def: &d}
			for _, p := range append(h.parties(s, maxAddresses), addressList(s, maxAddresses, &d)...) {
				if utf8.ValidString(s) && !utf8.ValidString(p.Name+p.Written) {
					t.Errorf("not UTF-8: %q", p)
				}
				if p.Name == "" && p.Written == "" {
					t.Error("an empty party")
				}
				if p.Address != "" && p.Written == "" {
					t.Errorf("address from nowhere: %+v", p)
				}
			}
		})
	})
}

func FuzzDate(f *testing.F) {
	for _, c := range dateCases {
		f.Add(c.in)
	}
	f.Fuzz(func(t *testing.T, s string) {
		d, ok := parseDate(s)
		if ok && (d.Year() < 0 || d.Year() > 10000 || d.Location() != time.UTC) {
			t.Errorf("%q gave %v", s, d)
		}
	})
}

// TestLinear builds what makes careless parsers slow.
func TestLinear(t *testing.T) {
	nested := func(n int) string {
		var b strings.Builder
		for range n {
			b.WriteString("Content-Type: multipart/mixed; boundary=b\n\n--b\n")
		}
		return b.String()
	}
	for name, raw := range map[string]string{
		"nested":       nested(5000),
		"parts":        "Content-Type: multipart/mixed; boundary=b\n\n" + strings.Repeat("--b\n\nx\n", 200_000),
		"near":         "Content-Type: multipart/mixed; boundary=" + strings.Repeat("-", 60) + "x\n\n" + strings.Repeat("-", 1<<20),
		"words":        "Subject: " + strings.Repeat("=?utf-8?q?a?=", 4000) + "\nTo: " + strings.Repeat("=?", 30_000) + "\n\n",
		"commas":       "To: " + strings.Repeat("a,", 30_000) + "\n\n",
		"quotes":       "To: " + strings.Repeat(`"a" `, 15_000) + "\n\n",
		"brackets":     "To: " + strings.Repeat(`<`, 60_000) + "\nCc: " + strings.Repeat("(", 60_000) + "\nReferences: " + strings.Repeat("<a", 30_000) + "\n\n",
		"fields":       strings.Repeat("To: a@b.example\n", 100_000) + "\n",
		"folds":        "Subject: x\n" + strings.Repeat(" y\n", 200_000) + "\n",
		"params":       "Content-Type: text/plain" + strings.Repeat("; name*9=x", 6000) + "\n\nx",
		"html":         "Content-Type: text/html\n\n" + strings.Repeat("<blockquote><ul><li>x", 50_000),
		"links":        "Content-Type: text/html\n\n" + strings.Repeat("<a href=http://x.example/>y", 50_000),
		"base64":       "Content-Transfer-Encoding: base64\n\n" + strings.Repeat("=A", 500_000),
		"blank lines":  strings.Repeat("\r\n", 500_000) + "Subject: x\n\n",
		"cid":          "Content-Type: multipart/related; boundary=b\n\n--b\nContent-Type: text/html\n\n" + strings.Repeat("cid:x ", 100_000) + strings.Repeat("\n--b\nContent-Type: image/png\nContent-ID: <q>\n\nx", 900),
		"no separator": strings.Repeat("word\n", 200_000),
	} {
		t.Run(name, func(t *testing.T) {
			quick(t, len(raw), func() {
				m := Message([]byte(raw))
				if err := wellFormed(m); err != nil {
					t.Error(err)
				}
				Hash([]byte(raw))
			})
		})
	}
}
