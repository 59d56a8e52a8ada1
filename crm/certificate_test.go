package crm

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"math/big"
	"net"
	"strings"
	"testing"
	"time"
)

// signed makes a certificate that the authority has signed, itself when there
// is none.
func signed(t *testing.T, c x509.Certificate, by *x509.Certificate, key *ecdsa.PrivateKey) (*x509.Certificate, *ecdsa.PrivateKey) {
	t.Helper()
	own, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c.SerialNumber = big.NewInt(1)
	if by == nil {
		by, key = &c, own
	}
	der, err := x509.CreateCertificate(rand.Reader, &c, by, &own.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	out, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return out, own
}

// handshake connects to a server with this certificate and gives the client's
// error.
func handshake(t *testing.T, c *x509.Certificate, key *ecdsa.PrivateKey, host string, roots *x509.CertPool, now time.Time) error {
	t.Helper()
	l, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{c.Raw}, PrivateKey: key}}})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() {
		if server, err := l.Accept(); err == nil {
			server.(*tls.Conn).Handshake() // fails with the client
			server.Close()
		}
	}()
	client, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	return tls.Client(client, &tls.Config{ServerName: host, RootCAs: roots, Time: func() time.Time { return now }}).Handshake()
}

// Each certificate that is not believed is said to be so for its own reason,
// with what mends it.
func TestCertificateTrouble(t *testing.T) {
	now := time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)
	span := x509.Certificate{NotBefore: now.Add(-time.Hour), NotAfter: now.Add(time.Hour), ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}}
	authority := span
	authority.Subject, authority.IsCA, authority.BasicConstraintsValid, authority.KeyUsage = pkix.Name{CommonName: "Kauppa Oy CA"}, true, true, x509.KeyUsageCertSign
	ca, caKey := signed(t, authority, nil, nil)
	roots := x509.NewCertPool()
	roots.AddCert(ca)
	named := func(names ...string) x509.Certificate {
		c := span
		c.DNSNames = names
		return c
	}
	many := []string{"a.example", "b.example", "c.example", "d.example", "e.example", "f.example", "g.example"}
	for name, c := range map[string]struct {
		cert  x509.Certificate
		alone bool // signed by itself
		roots *x509.CertPool
		at    time.Time
		want  string
	}{
		"good":                 {cert: named("mail.example"), roots: roots, at: now, want: ""},
		"an unknown authority": {cert: named("mail.example"), roots: x509.NewCertPool(), at: now, want: "the certificate of mail.example is signed by an authority that this machine does not know (Kauppa Oy CA); add the authority to the certificates of the system, or ask"},
		"itself":               {cert: named("mail.example"), alone: true, roots: roots, at: now, want: "the certificate of mail.example is signed by an authority that this machine does not know (itself); add the authority to the certificates of the system, or ask"},
		"another name":         {cert: named("imap.example", "www.example"), roots: roots, at: now, want: "the certificate of mail.example is for other names: imap.example, www.example; write one of them as the server"},
		"many names":           {cert: named(many...), roots: roots, at: now, want: "the certificate of mail.example is for other names: a.example, b.example, c.example, d.example, e.example, and 2 more; write one of them as the server"},
		"no name":              {cert: named(), roots: roots, at: now, want: "the certificate of mail.example names no server at all; whoever runs it has to get another one"},
		"expired":              {cert: named("mail.example"), roots: roots, at: now.Add(48 * time.Hour), want: "the certificate of mail.example expired on 2 November 2026 10:00 UTC; whoever runs the server has to renew it"},
		"not yet":              {cert: named("mail.example"), roots: roots, at: now.Add(-48 * time.Hour), want: "the certificate of mail.example is valid only from 2 November 2026 08:00 UTC; check the clock of this machine"},
	} {
		by, key := ca, caKey
		if c.alone {
			by, key = nil, nil
		}
		cert, own := signed(t, c.cert, by, key)
		err := handshake(t, cert, own, "mail.example", c.roots, c.at)
		got := CertificateTrouble(err, "mail.example", ", or ask", c.at)
		switch {
		case c.want == "" && (err != nil || got != nil):
			t.Errorf("%s: %v", name, err)
		case c.want != "" && (got == nil || got.Text != c.want || got.Kind != KindInvalid || got.Field != "server" || !errors.Is(got, err)):
			t.Errorf("%s: %v, want %s", name, got, c.want)
		}
	}
	if e := CertificateTrouble(errors.New("broken pipe"), "mail.example", "", now); e != nil {
		t.Errorf("of another error: %v", e)
	}
	odd := fmt.Errorf("handshake: %w", &tls.CertificateVerificationError{Err: x509.CertificateInvalidError{Reason: x509.NotAuthorizedToSign}})
	if e := CertificateTrouble(odd, "mail.example", "", now); e == nil || !strings.Contains(e.Text, "is not believed: x509") {
		t.Errorf("of another reason: %v", e)
	}
}
