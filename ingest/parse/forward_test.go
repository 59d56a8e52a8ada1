package parse

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"kaveri/crm"
)

func TestForwarded(t *testing.T) {
	for name, c := range map[string]struct{ subject, body, want string }{
		"gmail":            {"Fwd: Offer", "See below.\n\n---------- Forwarded message ---------\nFrom: Dora Dorsey <dora@acme.example>\nDate: Mon, 2 Mar 2026\nSubject: Offer\nTo: anna@firm.example\n\nHello", "dora@acme.example"},
		"outlook, Finnish": {"VL: Tarjous", "Katso tätä\n________________________________\nLähettäjä: Dora Dorsey <dora@acme.example>\nLähetetty: maanantai 2. maaliskuuta 2026\nVastaanottaja: Anna\nAihe: Tarjous\n\nHei", "dora@acme.example"},
		"outlook, mailto":  {"WG: Angebot", "*Von:* Dora Dorsey [mailto:dora@acme.example]\n*Gesendet:* Montag\n*An:* Anna\n*Betreff:* Angebot", "dora@acme.example"},
		"quoted":           {"FW: Offer", "> From: dora@acme.example\n> Subject: Offer\n>\n> Hello", "dora@acme.example"},
		"foxmail":          {"转发: 报价", "发件人：dora@acme.example\n发送时间：2026-03-02 10:11\n收件人：anna\n主题：报价", "dora@acme.example"},
		"no subject line":  {"FW: Offer", "From: dora@acme.example\nis what I wrote", ""},
		"not forwarded":    {"Re: Offer", "From: Dora <dora@acme.example>\nSubject: Offer\n", ""},
		"no address":       {"FW: Offer", "From: Dora Dorsey\nSubject: Offer\n", ""},
	} {
		m := Message([]byte("From: anna@firm.example\r\nSubject: " + c.subject + "\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n" + strings.ReplaceAll(c.body, "\n", "\r\n")))
		var got string
		for _, p := range m.Forwarded {
			got += string(p.Address)
		}
		if got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
	m := Message([]byte("From: anna@firm.example\r\nSubject: look\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nHi\r\n--b\r\nContent-Type: message/rfc822\r\n\r\nFrom: Dora <dora@acme.example>\r\nSubject: Offer\r\n\r\nHello\r\n--b--\r\n"))
	if len(m.Forwarded) != 1 || m.Forwarded[0].Address != "dora@acme.example" {
		t.Errorf("attached: %v", m.Forwarded)
	}
	m = Message([]byte("From: anna@firm.example\r\nSubject: look\r\nContent-Type: message/rfc822\r\n\r\nFrom: Undisclosed\r\nSubject: Offer\r\n\r\nHello\r\n"))
	if len(m.Forwarded) != 0 {
		t.Errorf("an attached mail without an address names %v", m.Forwarded)
	}
}

func TestAuthResults(t *testing.T) {
	m := Message([]byte("Authentication-Results: mx.Firm.example; dkim=fail header.d=x.example; dkim=pass header.d=acme.example;\r\n spf=softfail smtp.mailfrom=acme.example; dmarc=pass header.from=acme.example\r\n" +
		"Authentication-Results: spf=pass (sender IP is 192.0.2.1) smtp.mailfrom=x.example\r\nAuthentication-Results: elsewhere.example; dmarc=fail\r\nAuthentication-Results: ;;;\r\nFrom: dora@acme.example\r\n\r\nHi"))
	want := []crm.AuthResult{{Server: "mx.firm.example", DMARC: "pass", SPF: "softfail", DKIM: "pass"}, {Server: "elsewhere.example", DMARC: "fail"}}
	if diff := cmp.Diff(want, m.Auth); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
