package crm

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"strings"
	"time"
)

// CertificateTrouble says for people why a server's certificate is not
// believed, and how that is mended; roots ends the
// sentence about an unknown authority, with another way to make it known. It
// gives nil for errors that are not about a certificate.
func CertificateTrouble(err error, host, roots string, now time.Time) *Error {
	var unverified *tls.CertificateVerificationError
	if !errors.As(err, &unverified) {
		return nil
	}
	e := &Error{Kind: KindInvalid, Field: "server", Err: err}
	var unknown x509.UnknownAuthorityError
	var name x509.HostnameError
	var invalid x509.CertificateInvalidError
	switch {
	case errors.As(err, &unknown):
		e.Text = fmt.Sprintf("the certificate of %s is signed by an authority that this machine does not know%s; add the authority to the certificates of the system%s", host, signer(unverified), roots)
	case errors.As(err, &name):
		e.Text = fmt.Sprintf("the certificate of %s is for other names: %s; write one of them as the server", host, namesOf(name.Certificate))
		if namesOf(name.Certificate) == "" {
			e.Text = fmt.Sprintf("the certificate of %s names no server at all; whoever runs it has to get another one", host)
		}
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired && invalid.Cert != nil:
		e.Text = outOfDate(host, invalid.Cert, now)
	default:
		e.Text = fmt.Sprintf("the certificate of %s is not believed: %v", host, unverified.Err)
	}
	return e
}

// signer names who signed the certificate that nobody vouches for.
func signer(e *tls.CertificateVerificationError) string {
	if len(e.UnverifiedCertificates) == 0 {
		return ""
	}
	last := e.UnverifiedCertificates[len(e.UnverifiedCertificates)-1]
	switch {
	case len(e.UnverifiedCertificates) == 1 && last.CheckSignature(last.SignatureAlgorithm, last.RawTBSCertificate, last.Signature) == nil:
		return " (itself)"
	case last.Issuer.CommonName == "":
		return ""
	}
	return " (" + last.Issuer.CommonName + ")"
}

// maxNames bounds how many names of a certificate are told: some have hundreds.
const maxNames = 5

func namesOf(c *x509.Certificate) string {
	names := append([]string(nil), c.DNSNames...)
	for _, ip := range c.IPAddresses {
		names = append(names, ip.String())
	}
	if len(names) > maxNames {
		names = append(names[:maxNames], fmt.Sprintf("and %d more", len(names)-maxNames))
	}
	return strings.Join(names, ", ")
}

// outOfDate says of which day a certificate is. It may be one further up.
func outOfDate(host string, c *x509.Certificate, now time.Time) string {
	const form = "2 January 2006 15:04 MST"
	if now.Before(c.NotBefore) {
		return fmt.Sprintf("the certificate of %s is valid only from %s; check the clock of this machine", host, c.NotBefore.UTC().Format(form))
	}
	return fmt.Sprintf("the certificate of %s expired on %s; whoever runs the server has to renew it", host, c.NotAfter.UTC().Format(form))
}
