package outbound

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"

	"kaveri/crm"
)

// OpenError says why no session could be had. Its text is for people; its kind
// is [crm.KindForbidden] when the login was refused and [crm.KindInvalid] when
// a setting is wrong, so that a human must act, and [crm.KindUnavailable] when
// trying again may help. Recipients are never at fault.
type OpenError struct {
	Stage crm.Stage // connect, tls or auth
	Reply crm.Reply // the zero Reply when the server said none
	Err   *crm.Error
}

func (e *OpenError) Error() string { return e.Err.Error() }

func (e *OpenError) Unwrap() error { return e.Err }

// opening is a session that is being made.
type opening struct {
	*Session
	sender crm.Sender
	name   string // ours, for EHLO
	stage  crm.Stage
}

// open connects to a sender's server, secures the connection, and signs in.
// Its errors are [OpenError]s, or ctx's own.
func open(ctx context.Context, sender crm.Sender, o *CourierOptions) (*Session, error) {
	p := &opening{Session: &Session{Sender: sender.ID, Server: sender.Host, o: o}, sender: sender, stage: crm.StageConnect}
	if err := p.connect(ctx); err != nil {
		return nil, p.failed(ctx, err)
	}
	stop := context.AfterFunc(ctx, p.wire.cut)
	err := p.secure(ctx)
	if err == nil {
		p.stage = crm.StageAuth
		err = p.signIn()
	}
	if !stop() || err != nil {
		p.drop()
		return nil, p.failed(ctx, err)
	}
	p.wire.allow = -1 // replies have limits of their own from here on
	p.setUp()
	return p.Session, nil
}

// failed makes an OpenError of whatever went wrong.
func (p *opening) failed(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	reply := replyOf(err)
	if reply.Code != 0 {
		p.hide(&reply)
		err = &saidNo{reply}
	}
	var said *crm.Error
	if !errors.As(err, &said) {
		said = p.explain(err, reply)
	}
	return &OpenError{Stage: p.stage, Reply: reply, Err: said}
}

func (p *opening) connect(ctx context.Context) error {
	if p.sender.Port < 1 || p.sender.Port > 65535 {
		return crm.Invalid("port", "%d is not a port; it is 465 or 587 almost everywhere", p.sender.Port)
	}
	dial := p.o.Dial
	if dial == nil {
		d := net.Dialer{Timeout: p.o.Connect, KeepAliveConfig: net.KeepAliveConfig{Enable: true, Idle: time.Minute, Interval: 15 * time.Second, Count: 4}}
		dial = d.DialContext
	}
	nc, err := dial(ctx, "tcp", net.JoinHostPort(p.sender.Host, strconv.Itoa(p.sender.Port)))
	if err != nil {
		return p.unreached(err)
	}
	p.wire = newWire(nc)
	p.conn, p.name = p.wire, p.o.Name
	if p.name == "" {
		p.name = ourName(nc.LocalAddr())
	}
	return nil
}

// ourName is the name of this machine, or where it has no full one the address
// that we speak from (RFC 5321 §4.1.4).
func ourName(local net.Addr) string {
	if host, err := os.Hostname(); err == nil && strings.Contains(host, ".") {
		if name, err := pathDomain(host); err == nil {
			return name
		}
	}
	tcp, ok := local.(*net.TCPAddr)
	switch {
	case !ok:
		return "localhost"
	case tcp.IP.To4() != nil:
		return "[" + tcp.IP.To4().String() + "]"
	}
	return "[IPv6:" + tcp.IP.String() + "]"
}

// secure brings the connection to where EHLO has been answered under the
// protection that the sender asks for. There is no falling back to less
// (RFC 8314 §3, §5.1).
func (p *opening) secure(ctx context.Context) error {
	switch p.sender.Security {
	case crm.SecurityTLS:
		if err := p.startTLS(ctx); err != nil {
			return err
		}
		return p.hello(p.conn)
	case crm.SecurityStartTLS:
		if err := p.hello(p.conn); err != nil {
			return err
		}
		if err := p.askTLS(); err != nil {
			return err
		}
		if err := p.startTLS(ctx); err != nil {
			return err
		}
		// RFC 3207 §4.2: what was said before is forgotten, and no second
		// greeting comes; go-smtp waits for one, so it gets one of ours.
		return p.hello(&greeted{Conn: p.conn, greeting: strings.NewReader("220 secure\r\n")})
	case crm.SecurityNone:
		if !p.wire.loopback() && (p.o.Plain == nil || !p.o.Plain(p.sender)) {
			return crm.Invalid("security", "a connection without encryption is allowed to this machine only; choose tls or starttls")
		}
		return p.hello(p.conn)
	}
	return crm.Invalid("security", "%q is unknown; choose tls or starttls", p.sender.Security)
}

// hello has go-smtp read the greeting and say EHLO.
func (p *opening) hello(conn net.Conn) error {
	p.client = smtp.NewClient(conn)
	p.client.CommandTimeout = p.o.Command
	var talk bytes.Buffer // bounded by what the wire allows
	p.client.DebugWriter = &talk
	err := p.client.Hello(p.name)
	p.client.DebugWriter = nil
	if err != nil {
		return err
	}
	p.offers, err = readOffers(talk.Bytes())
	if name := p.offers.name; name != "" {
		p.Server = cleanText(name)
	}
	return err
}

// askTLS sends STARTTLS (RFC 3207 §4). Whatever comes in the clear behind its
// answer was put there to be read as said under TLS.
func (p *opening) askTLS() error {
	p.stage = crm.StageTLS
	if !p.offers.startTLS {
		return crm.Invalid("security", "%s offers no encryption (STARTTLS) on port %d; choose tls, usually port 465", p.sender.Host, p.sender.Port)
	}
	p.setUp()
	if err := p.write([]byte("STARTTLS\r\n"), p.o.Command); err != nil {
		return err
	}
	code, err := p.hear(p.o.Command)
	switch {
	case err != nil:
		return err
	case code != 220:
		return &saidNo{p.in.reply()}
	case p.in.buffered():
		return errTampered
	}
	return nil
}

func (p *opening) startTLS(ctx context.Context) error {
	p.stage = crm.StageTLS
	t := tls.Client(p.wire, &tls.Config{ServerName: p.sender.Host, RootCAs: p.o.Roots, MinVersion: tls.VersionTLS12})
	p.wire.SetDeadline(time.Now().Add(p.o.Connect))
	if err := t.HandshakeContext(ctx); err != nil {
		return err
	}
	p.wire.SetDeadline(time.Time{})
	p.conn = t
	p.stage = crm.StageConnect // the greeting is still to come
	return nil
}

// greeted is a connection whose greeting was read before.
type greeted struct {
	net.Conn
	greeting io.Reader
}

func (g *greeted) Read(b []byte) (int, error) {
	if n, err := g.greeting.Read(b); err == nil {
		return n, nil
	}
	return g.Conn.Read(b)
}

// signIn authenticates (RFC 4954) where the sender has a user name. A
// password crosses no network unencrypted, whatever the settings.
func (p *opening) signIn() error {
	if p.sender.Username == "" {
		return nil
	}
	if _, secure := p.conn.(*tls.Conn); !secure && !p.wire.loopback() {
		return crm.Invalid("security", "the password would cross the network unencrypted; choose tls or starttls")
	}
	mechanism, err := p.mechanism()
	if err != nil {
		return err
	}
	return p.client.Auth(mechanism)
}

func (p *opening) mechanism() (sasl.Client, error) {
	if p.o.Login != nil {
		if c, err := p.o.Login(p.sender); c != nil || err != nil {
			return c, err
		}
	}
	switch {
	case p.offers.auth[sasl.Plain]:
		return sasl.NewPlainClient("", p.sender.Username, p.sender.Password), nil
	case p.offers.auth[sasl.Login]:
		return sasl.NewLoginClient(p.sender.Username, p.sender.Password), nil
	case len(p.offers.auth) == 0:
		return nil, crm.Invalid("username", "%s offers no login here; leave the user name empty, or use another port", p.sender.Host)
	}
	return nil, crm.Invalid("username", "%s offers no login by password", p.sender.Host)
}

// hide takes our own password out of a server's words: some repeat what they
// did not understand.
func (p *opening) hide(r *crm.Reply) {
	if p.sender.Password == "" {
		return
	}
	b64 := base64.StdEncoding.EncodeToString
	user, pass := p.sender.Username, p.sender.Password
	for _, secret := range []string{b64([]byte("\x00" + user + "\x00" + pass)), b64([]byte(pass)), pass} {
		r.Text = strings.ReplaceAll(r.Text, secret, "[password]")
	}
}

// saidNo is a reply that refuses, read by ourselves.
type saidNo struct{ reply crm.Reply }

func (e *saidNo) Error() string { return e.reply.String() }

var errTampered = errors.New("something was said between STARTTLS and TLS")

// replyOf gives the reply that an error of go-smtp or of ours was made of.
func replyOf(err error) crm.Reply {
	var no *saidNo
	if errors.As(err, &no) {
		return no.reply
	}
	var e *smtp.SMTPError
	if !errors.As(err, &e) {
		return crm.Reply{}
	}
	r := crm.Reply{Code: e.Code, Text: cleanText(e.Message)}
	if c := e.EnhancedCode; c[0] == e.Code/100 && c[0] > 0 {
		r.Enhanced = fmt.Sprintf("%d.%d.%d", c[0], c[1], c[2])
	}
	return r
}
