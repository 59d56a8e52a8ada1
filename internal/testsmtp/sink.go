package testsmtp

import (
	"bytes"
	"crypto/subtle"
	"crypto/tls"
	"fmt"
	"io"
	"log"
	"net"
	"net/mail"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"

	"kaveri/crm"
)

// Options set up a [Sink]. Nothing is needed.
type Options struct {
	TLS      *tls.Config // nil: no encryption
	Implicit bool        // TLS from the first byte; else STARTTLS is offered
	// Username and Password are asked for, when set: MAIL without login gets
	// 502. PLAIN is offered, without TLS too: this is loopback.
	Username, Password string
	File               string // acceptances are synced to it before each 250
	Keep               bool   // keep the bytes of mails
	MaxBytes           int64  // of a mail, announced as SIZE; 0: no limit
	// Refuse gives the reply to a RCPT, nil to take it.
	Refuse func(recipient string) *smtp.SMTPError
	// Taken is called with each mail once it is recorded, before its 250; an
	// [*smtp.SMTPError] is said instead of that.
	Taken func(Mail) error
}

// Mail is one that the sink took.
type Mail struct {
	At        time.Time
	From      string
	To        []string
	MessageID string // without angle brackets
	Size      int
	Raw       []byte // only with [Options.Keep]
	UTF8      bool   // MAIL said SMTPUTF8
	Eight     bool   // MAIL said BODY=8BITMIME
	Declared  int64  // SIZE of MAIL
}

// Sink is a mail server that takes everything.
type Sink struct {
	o        Options
	listener net.Listener
	server   *smtp.Server
	journal  *journal // nil without a file
	done     sync.WaitGroup

	mutex sync.Mutex
	mails []Mail
	conns int
}

// Start starts a sink that ends with the test.
func Start(t testing.TB, o Options) *Sink {
	t.Helper()
	s, err := Listen("127.0.0.1:0", o)
	if err != nil {
		t.Fatalf("testsmtp: %v", err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// Listen starts a sink on a loopback address and port.
func Listen(addr string, o Options) (*Sink, error) {
	at, err := netip.ParseAddrPort(addr)
	if err != nil || !at.Addr().IsLoopback() {
		return nil, fmt.Errorf("%q is not a loopback address and port", addr)
	}
	s := &Sink{o: o}
	if o.File != "" {
		if s.journal, err = openJournal(o.File); err != nil {
			return nil, err
		}
	}
	if s.listener, err = net.Listen("tcp", addr); err != nil {
		return nil, err
	}
	s.listener = &counting{Listener: s.listener, sink: s}
	if o.Implicit {
		s.listener = tls.NewListener(s.listener, o.TLS)
	}
	s.server = smtp.NewServer(smtp.BackendFunc(s.session))
	s.server.Domain = "sink.example"
	s.server.AllowInsecureAuth = true
	s.server.EnableSMTPUTF8 = true
	s.server.MaxMessageBytes = o.MaxBytes
	s.server.TLSConfig = o.TLS
	s.server.ErrorLog = log.New(io.Discard, "", 0) // clients that went away
	s.done.Go(func() { s.server.Serve(s.listener) })
	return s, nil
}

// Close ends the sink and cuts its connections.
func (s *Sink) Close() error {
	err := s.server.Close()
	s.listener.Close() // the server knows it only once it serves
	s.done.Wait()
	if s.journal != nil {
		s.journal.close()
	}
	return err
}

// Addr is where the sink listens, as "127.0.0.1:port".
func (s *Sink) Addr() string { return s.listener.Addr().String() }

// Sender gives the settings of an account at the sink, by its address.
func (s *Sink) Sender() crm.Sender {
	sender := senderAt(s.listener.Addr())
	sender.Username, sender.Password = s.o.Username, s.o.Password
	switch {
	case s.o.Implicit:
		sender.Security = crm.SecurityTLS
	case s.o.TLS != nil:
		sender.Security = crm.SecurityStartTLS
	}
	return sender
}

func senderAt(a net.Addr) crm.Sender {
	tcp := a.(*net.TCPAddr)
	return crm.Sender{ID: 1, Name: "test", Host: tcp.IP.String(), Port: tcp.Port, Security: crm.SecurityNone, Connections: 1}
}

// Mails are the mails taken so far.
func (s *Sink) Mails() []Mail {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return append([]Mail(nil), s.mails...)
}

// Connections counts those that were made so far.
func (s *Sink) Connections() int {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return s.conns
}

// session begins what follows an EHLO.
func (s *Sink) session(*smtp.Conn) (smtp.Session, error) { return &visit{sink: s}, nil }

// counting counts the connections that it takes.
type counting struct {
	net.Listener
	sink *Sink
}

// Accept waits for the next client.
func (l *counting) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err == nil {
		l.sink.mutex.Lock()
		l.sink.conns++
		l.sink.mutex.Unlock()
	}
	return c, err
}

// take records a mail; it is durable when take returns, where there is a file.
func (s *Sink) take(m Mail) error {
	if s.journal != nil {
		if err := s.journal.add(m); err != nil {
			return err
		}
	}
	s.mutex.Lock()
	s.mails = append(s.mails, m)
	s.mutex.Unlock()
	if s.o.Taken != nil {
		return s.o.Taken(m)
	}
	return nil
}

// visit is one connection.
type visit struct {
	sink   *Sink
	signed bool
	mail   Mail
}

var _ smtp.AuthSession = (*visit)(nil)

// AuthMechanisms offers a login where one is wanted.
func (v *visit) AuthMechanisms() []string {
	if v.sink.o.Username == "" {
		return nil
	}
	return []string{sasl.Plain}
}

// Auth takes the one user and password.
func (v *visit) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, password string) error {
		if user != v.sink.o.Username || subtle.ConstantTimeCompare([]byte(password), []byte(v.sink.o.Password)) != 1 {
			return smtp.ErrAuthFailed
		}
		v.signed = true
		return nil
	}), nil
}

// Mail begins an envelope.
func (v *visit) Mail(from string, o *smtp.MailOptions) error {
	if v.sink.o.Username != "" && !v.signed {
		return smtp.ErrAuthRequired
	}
	v.mail = Mail{From: from, UTF8: o.UTF8, Eight: o.Body == smtp.Body8BitMIME, Declared: o.Size}
	return nil
}

// Rcpt adds a recipient.
func (v *visit) Rcpt(to string, _ *smtp.RcptOptions) error {
	if v.sink.o.Refuse != nil {
		if err := v.sink.o.Refuse(to); err != nil {
			return err
		}
	}
	v.mail.To = append(v.mail.To, to)
	return nil
}

// Data takes the mail.
func (v *visit) Data(r io.Reader) error {
	raw, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	m := v.mail
	m.At, m.Size, m.MessageID = time.Now(), len(raw), messageID(raw)
	if v.sink.o.Keep {
		m.Raw = raw
	}
	return v.sink.take(m)
}

// Reset forgets the envelope.
func (v *visit) Reset() { v.mail = Mail{} }

// Logout has nothing to free.
func (v *visit) Logout() error { return nil }

func messageID(raw []byte) string {
	m, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		return ""
	}
	return strings.Trim(m.Header.Get("Message-ID"), "<> ")
}
