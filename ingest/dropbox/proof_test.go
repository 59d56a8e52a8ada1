package dropbox

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"strings"
	"testing"

	"github.com/emersion/go-msgauth/dkim"
)

// signer signs for domains and gives what DNS says about its key.
type signer struct {
	key crypto.Signer
	txt string
}

func newSigner(t testing.TB) signer {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	public, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	return signer{key, "v=DKIM1; k=rsa; p=" + base64.StdEncoding.EncodeToString(public)}
}

func (s signer) sign(t testing.TB, domain, mail string) string {
	t.Helper()
	var b bytes.Buffer
	err := dkim.Sign(&b, strings.NewReader(mail), &dkim.SignOptions{Domain: domain, Selector: "s", Signer: s.key, HeaderKeys: []string{"From", "To", "Subject"}})
	if err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// A colleague's mail is taken when DKIM or SPF shows that it comes from there.
// A From field alone proves nothing, and a stranger proves nothing of interest.
func TestProofs(t *testing.T) {
	s := newSigner(t)
	d := open(t, knowing(map[string][]string{
		"s._domainkey.firm.example":      {s.txt},
		"s._domainkey.mail.firm.example": {s.txt},
		"s._domainkey.evil.example":      {s.txt},
		"firm.example":                   {"v=spf1 ip4:127.0.0.0/8 -all"},
		"bulk.firm.example":              {"v=spf1 ip4:127.0.0.0/8 -all"},
		"evil.example":                   {"v=spf1 ip4:127.0.0.0/8 -all"},
	}))
	const from, stranger = "Anna <anna@firm.example>", "dora@acme.example"
	for _, c := range []struct {
		name, envelope, mail string
		code                 int
	}{
		{"signed", "x@relay.example", s.sign(t, "firm.example", letter(from)), 0},
		{"signed for the organisation", "x@relay.example", s.sign(t, "mail.firm.example", letter(from)), 0},
		{"signed by somebody else", "x@relay.example", s.sign(t, "evil.example", letter(from)), 550},
		{"signed and changed", "x@relay.example", strings.Replace(s.sign(t, "firm.example", letter(from)), "Hei Dora", "Hei Boss", 1), 550},
		{"signed, with a second author on top", "x@relay.example", "From: anna@firm.example\r\n" + s.sign(t, "firm.example", letter("news@firm.example")), 550},
		{"from our servers", "anna@firm.example", letter(from), 0},
		{"from a server of the organisation", "return@bulk.firm.example", letter(from), 0},
		{"from servers of somebody else", "x@evil.example", letter(from), 550},
		{"from nobody", "", letter(from), 550},
		{"unproven", "anna@relay.example", letter(from), 550},
		{"a stranger", "dora@acme.example", letter(stranger), 550},
		{"a stranger who is proven", "x@evil.example", s.sign(t, "evil.example", letter("x@evil.example")), 550},
		{"several authors", "anna@firm.example", letter(from + ", boss@firm.example"), 550},
		{"no author", "anna@firm.example", "Subject: Hei\r\n\r\nHei!\r\n", 550},
	} {
		before, _ := d.kept()
		wantCode(t, c.name, d.send(c.envelope, copyTo, c.mail), c.code)
		if after, _ := d.kept(); (len(after) > len(before)) != (c.code == 0) {
			t.Errorf("%s: %d mails kept, %d before", c.name, len(after), len(before))
		}
	}
	wantCode(t, "a proven note", d.send("x@relay.example", noteTo, s.sign(t, "firm.example", letter(from))), 0)
	wantCode(t, "an unproven note", d.send("anna@relay.example", noteTo, letter(from)), 550)
	if _, notes := d.kept(); len(notes) != 1 {
		t.Errorf("%q", notes)
	}
}

// The firm's own servers are believed, unless they say themselves that a mail
// is forged.
func TestTrustedNetwork(t *testing.T) {
	d := open(t, trusting("127.0.0.0/8"))
	const from = "Anna <anna@firm.example>"
	wantCode(t, "from our server", d.send("x@y.example", copyTo, letter(from)), 0)
	wantCode(t, "found to be forged", d.send("x@y.example", copyTo, letter(from, "Authentication-Results: mx.firm.example; dmarc=fail\r\n")), 550)
	wantCode(t, "a stranger", d.send("x@y.example", copyTo, letter("dora@acme.example")), 550)
	d.wantKept(1, 0)
}

const inner = "From: dora@acme.example\r\nTo: anna@firm.example\r\nSubject: Hei\r\n\r\nHei Anna!\r\n"

const report = "From: journal@firm.example\r\nTo: journal@drop.firm.example\r\nX-MS-Journal-Report:\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n" +
	"--b\r\nContent-Type: text/plain\r\n\r\nSender: dora@acme.example\r\nSubject: Hei\r\nRecipient: anna@firm.example\r\n\r\n--b\r\nContent-Type: message/rfc822\r\n\r\n" + inner + "\r\n--b--\r\n"

// The journal is taken from configured networks only.
func TestJournal(t *testing.T) {
	d := open(t)
	wantCode(t, "a stranger's journal", d.send("x@y.example", journalTo, report), 550, 5, 7, 1)
	d.wantKept(0, 0)
	d = open(t, trusting("127.0.0.1/32"))
	wantCode(t, "a report", d.send("", journalTo, report), 0)
	wantCode(t, "a blind copy", d.send("dora@acme.example", journalTo, inner), 0)
	mails, _ := d.kept()
	if len(mails) != 2 {
		t.Fatalf("%d mails", len(mails))
	}
	for _, m := range mails {
		if string(m.Raw) != inner || m.Kind != KindJournal || m.By != 0 {
			t.Errorf("%s by %d:\n%s", m.Kind, m.By, m.Raw)
		}
	}
}
