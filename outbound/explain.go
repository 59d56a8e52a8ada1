package outbound

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net"

	"kaveri/crm"
)

// unreached says why there is no connection.
func (p *opening) unreached(err error) error {
	host, port := p.sender.Host, p.sender.Port
	var dns *net.DNSError
	if errors.As(err, &dns) && dns.IsNotFound {
		return &crm.Error{Kind: crm.KindInvalid, Field: "server", Text: fmt.Sprintf("there is no server named %s; check the spelling", host), Err: err}
	}
	if timedOut(err) {
		return crm.Unavailable(err, "%s port %d does not answer; check server and port, or try again later", host, port)
	}
	return crm.Unavailable(err, "%s refuses connections on port %d; check server and port, or try again later", host, port)
}

// explain says for people why a connection could not be made ready.
func (p *opening) explain(err error, reply crm.Reply) *crm.Error {
	e := &crm.Error{Kind: crm.KindUnavailable, Err: err}
	switch {
	case reply.Code != 0 && p.stage == crm.StageAuth:
		p.explainLogin(e, reply)
	case reply.Code != 0:
		e.Text = fmt.Sprintf("%s does not take mail just now. It says: %s", p.sender.Host, reply)
	case p.stage == crm.StageTLS:
		p.explainTLS(e, err)
	case timedOut(err):
		e.Text = fmt.Sprintf("%s takes the connection and says nothing; check port and security (465 is tls, 587 is starttls)", p.sender.Host)
	default:
		e.Text = fmt.Sprintf("%s answers, but not as a mail server does", p.sender.Host)
	}
	return e
}

// explainLogin tells a refusal, for which a human is needed, from trouble that
// passes (RFC 4954 §6: 454 is temporary, 534 and 538 are about the mechanism).
func (p *opening) explainLogin(e *crm.Error, reply crm.Reply) {
	switch {
	case reply.Code < 500:
		e.Text = fmt.Sprintf("%s cannot take the login just now. It says: %s", p.sender.Host, reply)
	case reply.Code == 538 || reply.Code == 530:
		e.Kind, e.Field = crm.KindInvalid, "security"
		e.Text = fmt.Sprintf("%s wants an encrypted connection; choose tls or starttls. It says: %s", p.sender.Host, reply)
	default:
		e.Kind, e.Field = crm.KindForbidden, "password"
		e.Text = fmt.Sprintf("%s refuses the login of %s; check user name and password (many providers want an app password here). It says: %s", p.sender.Host, p.sender.Username, reply)
	}
}

func (p *opening) explainTLS(e *crm.Error, err error) {
	host, port := p.sender.Host, p.sender.Port
	var record tls.RecordHeaderError
	certificate := crm.CertificateTrouble(err, host, ", or name a file with it in KAVERI_ROOTS", p.o.Now())
	switch {
	case certificate != nil:
		*e = *certificate
	case errors.As(err, &record):
		e.Kind, e.Field = crm.KindInvalid, "security"
		e.Text = fmt.Sprintf("%s does not speak TLS on port %d; choose starttls, usually port 587", host, port)
	case errors.Is(err, errTampered):
		e.Text = fmt.Sprintf("the connection to %s was tampered with before encryption began; nothing was sent", host)
	default:
		e.Text = fmt.Sprintf("no secure connection to %s could be made", host)
	}
}

func timedOut(err error) bool {
	var timeout net.Error
	return errors.As(err, &timeout) && timeout.Timeout()
}
