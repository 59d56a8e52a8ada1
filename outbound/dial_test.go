package outbound

import (
	"context"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-sasl"

	"kaveri/crm"
	"kaveri/internal/testsmtp"
)

const password = "s3cret-of-anna"

// A mail goes out under each kind of security, with the login where one is
// wanted.
func TestSecurity(t *testing.T) {
	authority := testsmtp.NewAuthority(t)
	for name, o := range map[string]testsmtp.Options{
		"none":           {},
		"none and login": {Username: "anna", Password: password},
		"starttls":       {TLS: authority.Server("127.0.0.1"), Username: "anna", Password: password},
		"tls":            {TLS: authority.Server("127.0.0.1"), Implicit: true, Username: "anna", Password: password},
		"tls, no login":  {TLS: authority.Server("127.0.0.1"), Implicit: true},
	} {
		t.Run(name, func(t *testing.T) {
			sink := testsmtp.Start(t, o)
			c := NewCourier(CourierOptions{Roots: authority.Roots()})
			defer c.Close()
			for range 3 {
				s, err := c.Session(t.Context(), sink.Sender())
				if err != nil {
					t.Fatal(err)
				}
				if _, secure := s.conn.(*tls.Conn); secure != (o.TLS != nil) {
					t.Errorf("encrypted: %v", secure)
				}
				if got := summary(s.letter(t.Context(), armed, "dora@customer.example")); got != "sent dot 250" {
					t.Error(got)
				}
				s.Release()
			}
			if m := sink.Mails(); len(m) != 3 || m[0].MessageID != "1@firm.example" || m[0].From != "anna@firm.example" || sink.Connections() != 1 {
				t.Errorf("%d connections brought %+v", sink.Connections(), m)
			}
		})
	}
}

// secured plays a server with STARTTLS.
func secured(c *tls.Config, after func(*testsmtp.Peer)) func(*testsmtp.Peer) {
	return func(p *testsmtp.Peer) {
		p.Greet("STARTTLS", "AUTH PLAIN LOGIN", "PIPELINING")
		p.Answer("STARTTLS", "220 go on")
		p.Secure(c)
		after(p)
	}
}

// Each way in which a session cannot be had says what is wrong, whose turn it
// is, and at which stage; and no password was said on the way.
func TestNoSession(t *testing.T) {
	a := testsmtp.NewAuthority(t)
	good := a.Server("127.0.0.1")
	signIn := func(reply string) func(*testsmtp.Peer) {
		return func(p *testsmtp.Peer) {
			p.Greet("AUTH PLAIN")
			p.Answer("AUTH PLAIN", reply, "*", "501 5.5.2 nothing to cancel")
			p.Hang()
		}
	}
	for name, c := range map[string]struct {
		security crm.Security
		script   func(*testsmtp.Peer)
		kind     crm.Kind
		stage    crm.Stage
		code     int
		says     string
		login    bool // the password may have been said
	}{
		"greeting refuses": {crm.SecurityNone, say("554 5.3.2 no service"), crm.KindUnavailable, crm.StageConnect, 554, "no service", false},
		"greeting closes":  {crm.SecurityNone, say("421 4.7.0 too many connections"), crm.KindUnavailable, crm.StageConnect, 421, "too many connections", false},
		"another protocol": {crm.SecurityNone, say("* OK IMAP4rev1"), crm.KindUnavailable, crm.StageConnect, 0, "not as a mail server", false},
		"silence":          {crm.SecurityNone, hang, crm.KindUnavailable, crm.StageConnect, 0, "says nothing", false},
		"silence for TLS":  {crm.SecurityTLS, hang, crm.KindUnavailable, crm.StageTLS, 0, "no secure connection", false},
		"closes at once":   {crm.SecurityNone, leave, crm.KindUnavailable, crm.StageConnect, 0, "not as a mail server", false},
		"a greeting without end": {crm.SecurityNone, func(p *testsmtp.Peer) {
			for {
				p.Raw(strings.Repeat("220-x\r\n", 1000))
			}
		}, crm.KindUnavailable, crm.StageConnect, 0, "not as a mail server", false},
		"a line without end": {crm.SecurityNone, func(p *testsmtp.Peer) {
			for {
				p.Raw(strings.Repeat("220 x", 1000))
			}
		}, crm.KindUnavailable, crm.StageConnect, 0, "not as a mail server", false},
		"an EHLO without end": {crm.SecurityNone, func(p *testsmtp.Peer) {
			p.Say("220 hi")
			for {
				p.Raw(strings.Repeat("250-X\r\n", 1000))
			}
		}, crm.KindUnavailable, crm.StageConnect, 0, "not as a mail server", false},
		"EHLO refused": {crm.SecurityNone, func(p *testsmtp.Peer) { p.Say("220 hi"); p.Answer("EHLO", "550 5.7.1 bad name"); p.Hang() },
			crm.KindUnavailable, crm.StageConnect, 550, "bad name", false},
		"more than EHLO asked for": {crm.SecurityNone, func(p *testsmtp.Peer) {
			p.Say("220 hi")
			p.Answer("EHLO", "250-x\r\n250 HELP\r\n250 2.0.0 queued")
			p.Hang()
		},
			crm.KindUnavailable, crm.StageConnect, 0, "not as a mail server", false},

		"no STARTTLS":       {crm.SecurityStartTLS, func(p *testsmtp.Peer) { p.Greet("AUTH PLAIN"); p.Hang() }, crm.KindInvalid, crm.StageTLS, 0, "offers no encryption", false},
		"STARTTLS refused":  {crm.SecurityStartTLS, func(p *testsmtp.Peer) { p.Greet("STARTTLS"); p.Answer("STARTTLS", "454 4.7.0 not now"); p.Hang() }, crm.KindUnavailable, crm.StageTLS, 454, "not now", false},
		"TLS that is none":  {crm.SecurityTLS, say("220 plain text here"), crm.KindInvalid, crm.StageTLS, 0, "does not speak TLS", false},
		"leaves before TLS": {crm.SecurityStartTLS, func(p *testsmtp.Peer) { p.Greet("STARTTLS"); p.Answer("STARTTLS", "220 go on") }, crm.KindUnavailable, crm.StageTLS, 0, "no secure connection", false},
		"words put before TLS": {crm.SecurityStartTLS, func(p *testsmtp.Peer) {
			p.Greet("STARTTLS", "AUTH PLAIN")
			p.Answer("STARTTLS", "220 go on\r\n250-evil\r\n250 AUTH PLAIN")
			p.Hang()
		}, crm.KindUnavailable, crm.StageTLS, 0, "tampered", false},
		"out of date":       {crm.SecurityStartTLS, secured(a.ServerUntil("127.0.0.1", time.Now().Add(-time.Hour)), hang), crm.KindInvalid, crm.StageTLS, 0, " UTC; whoever runs the server has to renew it", false},
		"another name":      {crm.SecurityStartTLS, secured(a.Server("mail.example"), hang), crm.KindInvalid, crm.StageTLS, 0, "for other names: mail.example; write one of them", false},
		"another authority": {crm.SecurityStartTLS, secured(testsmtp.NewAuthority(t).Server("127.0.0.1"), hang), crm.KindInvalid, crm.StageTLS, 0, "does not know (test authority); add the authority to the certificates of the system, or name a file with it in KAVERI_ROOTS", false},

		"no login offered":     {crm.SecurityNone, func(p *testsmtp.Peer) { p.Greet(); p.Hang() }, crm.KindInvalid, crm.StageAuth, 0, "offers no login", false},
		"no login under TLS":   {crm.SecurityStartTLS, secured(good, func(p *testsmtp.Peer) { p.Hello(); p.Hang() }), crm.KindInvalid, crm.StageAuth, 0, "offers no login", false},
		"login by other means": {crm.SecurityNone, func(p *testsmtp.Peer) { p.Greet("AUTH GSSAPI"); p.Hang() }, crm.KindInvalid, crm.StageAuth, 0, "no login by password", false},
		"login refused":        {crm.SecurityNone, signIn("535 5.7.8 bad credentials"), crm.KindForbidden, crm.StageAuth, 535, "bad credentials", true},
		"login not now":        {crm.SecurityNone, signIn("454 4.7.0 database down"), crm.KindUnavailable, crm.StageAuth, 454, "database down", true},
		"login wants TLS":      {crm.SecurityNone, signIn("538 5.7.11 encryption required"), crm.KindInvalid, crm.StageAuth, 538, "encryption required", true},
		"login repeated": {crm.SecurityNone, func(p *testsmtp.Peer) {
			p.Greet("AUTH PLAIN")
			p.Say("500 5.5.2 what is " + p.Hear() + " with " + password)
			p.Answer("*", "501 5.5.2 nothing to cancel")
			p.Hang()
		}, crm.KindForbidden, crm.StageAuth, 500, "[password]", true},
		"security unknown": {"ssl", hang, crm.KindInvalid, crm.StageConnect, 0, "choose tls or starttls", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := testsmtp.Serve(t, c.script)
			sender := server.Sender()
			sender.Security, sender.Username, sender.Password = c.security, "anna", password
			o := CourierOptions{Roots: a.Roots()}
			if strings.HasPrefix(name, "silence") {
				o.Patience = Patience{Command: 200 * time.Millisecond, Connect: 200 * time.Millisecond}
			}
			_, err := NewCourier(o).Session(t.Context(), sender)
			var e *OpenError
			if !errors.As(err, &e) {
				t.Fatalf("no OpenError: %v", err)
			}
			if crm.KindOf(err) != c.kind || e.Stage != c.stage || e.Reply.Code != c.code || !strings.Contains(err.Error(), c.says) {
				t.Errorf("kind %d, stage %s, reply %s: %s; want %d, %s, %d, %q", crm.KindOf(err), e.Stage, e.Reply, err, c.kind, c.stage, c.code, c.says)
			}
			said := strings.Join(server.Heard(), "\n")
			for _, secret := range []string{password, base64.StdEncoding.EncodeToString([]byte("\x00anna\x00" + password))} {
				if strings.Contains(err.Error(), secret) || strings.Contains(e.Reply.Text, secret) || e.Err.Err != nil && strings.Contains(e.Err.Err.Error(), secret) {
					t.Errorf("the password is in the error: %+v", e)
				}
				if strings.Contains(said, secret) && !c.login {
					t.Errorf("the password was said: %q", said)
				}
			}
		})
	}
}

// Without a server there is a sentence as well.
func TestNoServer(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	nobody := crm.Sender{Host: "127.0.0.1", Port: l.Addr().(*net.TCPAddr).Port, Security: crm.SecurityNone}
	l.Close()
	for _, c := range []struct {
		sender crm.Sender
		kind   crm.Kind
		says   string
	}{
		{nobody, crm.KindUnavailable, "refuses connections"},
		{crm.Sender{Host: "127.0.0.1", Port: 0, Security: crm.SecurityTLS}, crm.KindInvalid, "0 is not a port"},
	} {
		err := NewCourier(CourierOptions{}).Try(t.Context(), c.sender)
		if crm.KindOf(err) != c.kind || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%v", err)
		}
	}
}

// Stopping ends a session that is being opened.
func TestStoppedWhileOpening(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	server := testsmtp.Serve(t, func(p *testsmtp.Peer) {
		p.Say("220 hi")
		p.Expect("EHLO")
		cancel()
		p.Hang()
	})
	c := NewCourier(CourierOptions{})
	if _, err := c.Session(ctx, server.Sender()); !errors.Is(err, context.Canceled) || !Stopped(err) {
		t.Error(err)
	}
}

// elsewhere is a connection whose other end is not on this machine.
type elsewhere struct{ net.Conn }

func (elsewhere) RemoteAddr() net.Addr { return &net.TCPAddr{IP: net.IPv4(192, 0, 2, 1), Port: 25} }

// Beyond this machine nothing is said without encryption, unless the owner of
// the sender wants it, and a password not even then.
func TestNothingInTheClear(t *testing.T) {
	for _, c := range []struct {
		plain         bool
		user          string
		secure, login string // the errors' texts
	}{
		{false, "anna", "allowed to this machine only", "unencrypted"},
		{false, "", "allowed to this machine only", ""},
		{true, "anna", "", "unencrypted"},
		{true, "", "", ""},
	} {
		server := testsmtp.Serve(t, func(p *testsmtp.Peer) { p.Greet("AUTH PLAIN LOGIN"); p.Hang() })
		sender := server.Sender()
		sender.Username, sender.Password = c.user, password
		o := NewCourier(CourierOptions{Plain: func(crm.Sender) bool { return c.plain }}).o
		p := &opening{Session: &Session{o: &o}, sender: sender}
		if err := p.connect(t.Context()); err != nil {
			t.Fatal(err)
		}
		p.wire.Conn = elsewhere{p.wire.Conn}
		secure := p.secure(t.Context())
		if text(secure) != c.secure && !strings.Contains(text(secure), c.secure) || (secure == nil) != (c.secure == "") {
			t.Errorf("%+v: %v", c, secure)
		}
		login := p.signIn()
		if (login == nil) != (c.login == "") || !strings.Contains(text(login), c.login) {
			t.Errorf("%+v: %v", c, login)
		}
		p.drop()
		server.Stop()
		for _, said := range server.Heard() {
			if !c.plain || !strings.HasPrefix(said, "EHLO ") {
				t.Errorf("%+v: said %q", c, said)
			}
		}
	}
}

func text(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// The login is PLAIN where there is a choice, else LOGIN, and what the seam
// gives comes before both.
func TestMechanisms(t *testing.T) {
	b64 := base64.StdEncoding.EncodeToString
	for _, c := range []struct {
		offers string
		login  func(crm.Sender) (sasl.Client, error)
		play   []string // what is said, and the answer
	}{
		{"AUTH LOGIN PLAIN", nil, []string{"AUTH PLAIN " + b64([]byte("\x00anna\x00"+password)), "235 2.7.0 welcome"}},
		{"auth login", nil, []string{"AUTH LOGIN " + b64([]byte("anna")), "334 " + b64([]byte("Password:")), b64([]byte(password)), "235 2.7.0 welcome"}},
		{"AUTH PLAIN XOAUTH2", func(s crm.Sender) (sasl.Client, error) { return token(s.Username), nil }, []string{"AUTH XOAUTH2 " + b64([]byte("token of anna")), "235 2.7.0 welcome"}},
		{"AUTH PLAIN", func(crm.Sender) (sasl.Client, error) { return nil, nil }, []string{"AUTH PLAIN ", "235 2.7.0 welcome"}},
	} {
		server := testsmtp.Serve(t, func(p *testsmtp.Peer) {
			p.Greet(c.offers)
			p.Answer(c.play...)
			p.Answer("QUIT", "221 bye")
		})
		sender := server.Sender()
		sender.Username, sender.Password = "anna", password
		if err := NewCourier(CourierOptions{Login: c.login}).Try(t.Context(), sender); err != nil {
			t.Errorf("%s: %v", c.offers, err)
		}
		server.Stop()
	}
}

// token is a mechanism of one message.
type token string

func (t token) Start() (string, []byte, error) { return "XOAUTH2", []byte("token of " + t), nil }
func (t token) Next([]byte) ([]byte, error)    { return nil, nil }

// We call ourselves by a full name, or by the address that we speak from.
func TestOurName(t *testing.T) {
	for addr, want := range map[string]string{"192.0.2.7": "[192.0.2.7]", "2001:db8::1": "[IPv6:2001:db8::1]"} {
		got := ourName(&net.TCPAddr{IP: net.ParseIP(addr)})
		if got != want && !strings.Contains(got, ".") {
			t.Errorf("%s gives %s", addr, got)
		}
	}
	server := testsmtp.Serve(t, func(p *testsmtp.Peer) { p.Greet(); p.Answer("QUIT", "221 bye") })
	if err := NewCourier(CourierOptions{Name: "crm.firm.example"}).Try(t.Context(), server.Sender()); err != nil {
		t.Fatal(err)
	}
	if got := server.Heard()[0]; got != "EHLO crm.firm.example" {
		t.Error(got)
	}
}

// An old server that knows no EHLO takes mail as well.
func TestHelo(t *testing.T) {
	server := testsmtp.Serve(t, func(p *testsmtp.Peer) {
		p.Say("220 old")
		p.Answer("EHLO", "502 what", "HELO us.example", "250 old.example")
		p.Offered()
		p.Mail()
		p.Take("250 queued")
	})
	s, err := NewCourier(CourierOptions{Name: "us.example"}).Session(t.Context(), server.Sender())
	if err != nil {
		t.Fatal(err)
	}
	r := s.letter(t.Context(), armed, "a@x.example")
	if got := summary(r); got != "sent dot 250" || r.Server != "old.example" {
		t.Error(got, r.Server)
	}
	ends(s, server)
}
