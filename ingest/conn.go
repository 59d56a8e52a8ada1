package ingest

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"mime"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
	"github.com/emersion/go-message/charset"

	"kaveri/crm"
)

// watched is a connection with deadlines of our own. The library sets
// absolute ones (five minutes for a body, however long the line) or none
// (while it waits for an answer); here a read fails after a time without a
// byte, and how long that is the owner says: short while an answer is due,
// long during IDLE.
type watched struct {
	net.Conn
	quiet atomic.Int64 // nanoseconds
	set   atomic.Int64 // when the read deadline was last set, unix nanoseconds
}

// expect sets how long the server may be silent from now on, also for a read
// that is waiting already.
func (c *watched) expect(d time.Duration) {
	now := time.Now()
	c.quiet.Store(int64(d))
	c.set.Store(now.UnixNano())
	c.Conn.SetReadDeadline(now.Add(d))
}

// Read extends the deadline at most once a second: a body comes in thousands
// of reads, and timers cost.
func (c *watched) Read(p []byte) (int, error) {
	if now := time.Now(); now.UnixNano()-c.set.Load() > int64(time.Second) {
		c.set.Store(now.UnixNano())
		c.Conn.SetReadDeadline(now.Add(time.Duration(c.quiet.Load())))
	}
	return c.Conn.Read(p)
}

func (c *watched) Write(p []byte) (int, error) {
	c.Conn.SetWriteDeadline(time.Now().Add(time.Duration(c.quiet.Load())))
	return c.Conn.Write(p)
}

// The library's own deadlines are not wanted.
func (c *watched) SetDeadline(time.Time) error      { return nil }
func (c *watched) SetReadDeadline(time.Time) error  { return nil }
func (c *watched) SetWriteDeadline(time.Time) error { return nil }

// session is a logged-in connection. One goroutine owns it.
type session struct {
	*imapclient.Client
	conn  *watched
	p     Patience
	news  chan struct{} // the selected folder has changed
	where string        // the examined folder
	stop  func() bool   // releases the context's hold
}

// dial connects, secures, logs in. Errors are [crm.Error]s with a sentence for
// people: KindForbidden when the login was refused and a human must act,
// KindInvalid when the settings are wrong, KindUnavailable when trying again
// may help.
func dial(ctx context.Context, m crm.Mailbox, p Patience) (*session, error) {
	switch { // before a password, or even a greeting, crosses the network
	case m.Port < 1 || m.Port > 65535:
		return nil, crm.Invalid("port", "%d is not a port; it is 993 almost everywhere", m.Port)
	case m.Security == crm.SecurityNone && !loopback(m.Host):
		return nil, crm.Invalid("security", "a connection without encryption is allowed to this machine only; choose tls or starttls")
	}
	addr := net.JoinHostPort(m.Host, strconv.Itoa(m.Port))
	d := net.Dialer{Timeout: p.Dial, KeepAliveConfig: net.KeepAliveConfig{Enable: true, Idle: time.Minute, Interval: 15 * time.Second, Count: 4}}
	nc, err := d.DialContext(ctx, "tcp", addr)
	if err != nil {
		return nil, dialError(err, m)
	}
	conn := &watched{Conn: nc}
	conn.expect(p.Dial)
	s := &session{conn: conn, p: p, news: make(chan struct{}, 1)}
	// Closing the connection is what ends a blocked command when ctx ends.
	s.stop = context.AfterFunc(ctx, func() { nc.Close() })
	if err := s.open(m); err != nil {
		s.close()
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, err
	}
	conn.expect(resting)
	return s, nil
}

func (s *session) open(m crm.Mailbox) error {
	o := &imapclient.Options{
		WordDecoder: &mime.WordDecoder{CharsetReader: charset.Reader},
		UnilateralDataHandler: &imapclient.UnilateralDataHandler{
			Mailbox: func(d *imapclient.UnilateralDataMailbox) { s.notify() },
			Expunge: func(uint32) { s.notify() },
		},
	}
	switch m.Security {
	case crm.SecurityTLS:
		t := tls.Client(s.conn, &tls.Config{ServerName: m.Host, MinVersion: tls.VersionTLS12, NextProtos: []string{"imap"}})
		if err := t.Handshake(); err != nil {
			return tlsError(err, m)
		}
		s.Client = imapclient.New(t, o)
	case crm.SecurityStartTLS:
		o.TLSConfig = &tls.Config{ServerName: m.Host, MinVersion: tls.VersionTLS12}
		c, err := imapclient.NewStartTLS(s.conn, o)
		if err != nil {
			return tlsError(err, m)
		}
		s.Client = c
	case crm.SecurityNone:
		s.Client = imapclient.New(s.conn, o)
	default:
		return crm.Invalid("security", "%q is unknown; choose tls or starttls", m.Security)
	}
	if err := s.WaitGreeting(); err != nil {
		return crm.Unavailable(err, "%s answers, but not as an IMAP server", m.Host)
	}
	if s.State() == imap.ConnStateAuthenticated {
		return nil // PREAUTH
	}
	if err := s.Login(m.Username, m.Password).Wait(); err != nil {
		return loginError(err, m)
	}
	return nil
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// resting is how long a connection may be silent while nothing is asked of it.
const resting = 30 * time.Minute

// await says that an answer is due, until the returned function is called.
func (s *session) await() (done func()) {
	s.conn.expect(s.p.Quiet)
	return func() { s.conn.expect(resting) }
}

func (s *session) notify() {
	select {
	case s.news <- struct{}{}:
	default:
	}
}

// place is a folder that can be opened.
type place struct {
	Name    string
	Use     string // as in [crm.Folder]
	special bool   // the server says what it is used for; else its name does
}

// list gives the mailbox's folders.
func (s *session) list() ([]place, error) {
	defer s.await()()
	var o *imap.ListOptions
	if s.Caps().Has(imap.CapSpecialUse) && s.Caps().Has(imap.CapListExtended) {
		o = &imap.ListOptions{ReturnSpecialUse: true}
	}
	data, err := s.List("", "*", o).Collect()
	if err != nil {
		return nil, fmt.Errorf("list folders: %w", err)
	}
	var out []place
	for _, d := range data {
		if slices.Contains(d.Attrs, imap.MailboxAttrNoSelect) || slices.Contains(d.Attrs, imap.MailboxAttrNonExistent) {
			continue
		}
		attrs := make([]string, len(d.Attrs))
		for i, a := range d.Attrs {
			attrs[i] = string(a)
		}
		p := place{Name: d.Mailbox, Use: crm.FolderUse(d.Mailbox, d.Delim, attrs)}
		p.special = p.Use != "" && slices.ContainsFunc(attrs, func(a string) bool { return strings.EqualFold(a, `\`+p.Use) })
		out = append(out, p)
	}
	return out, nil
}

// close ends the connection without ceremony.
func (s *session) close() {
	if s.stop != nil {
		s.stop()
	}
	if s.Client != nil {
		s.Client.Close()
	}
	s.conn.Conn.Close()
}

// logout says good-bye, briefly, and closes.
func (s *session) logout() {
	s.conn.expect(2 * time.Second)
	s.Logout().Wait()
	s.close()
}

func dialError(err error, m crm.Mailbox) error {
	var dns *net.DNSError
	if errors.As(err, &dns) && dns.IsNotFound {
		return &crm.Error{Kind: crm.KindInvalid, Field: "server", Text: fmt.Sprintf("there is no server named %s; check the spelling", m.Host), Err: err}
	}
	var timeout net.Error
	if errors.As(err, &timeout) && timeout.Timeout() {
		return crm.Unavailable(err, "%s port %d does not answer; check server and port, or try again later", m.Host, m.Port)
	}
	return crm.Unavailable(err, "%s refuses connections on port %d; check server and port, or try again later", m.Host, m.Port)
}

func tlsError(err error, m crm.Mailbox) error {
	if e := crm.CertificateTrouble(err, m.Host, "", time.Now()); e != nil {
		return e
	}
	var record tls.RecordHeaderError
	if errors.As(err, &record) {
		return &crm.Error{Kind: crm.KindInvalid, Field: "security", Text: fmt.Sprintf("%s does not speak TLS on port %d; choose starttls, usually port 143", m.Host, m.Port), Err: err}
	}
	return crm.Unavailable(err, "no secure connection to %s could be made", m.Host)
}

// loginError tells a refusal, for which a human is needed, from trouble that
// passes. RFC 5530 §3 has the codes; servers that give none mean a refusal.
func loginError(err error, m crm.Mailbox) error {
	var e *imap.Error
	if !errors.As(err, &e) {
		return crm.Unavailable(err, "the connection to %s broke during login", m.Host)
	}
	switch e.Code {
	case imap.ResponseCodeUnavailable, imap.ResponseCodeInUse, imap.ResponseCodeLimit, imap.ResponseCodeServerBug, imap.ResponseCodeOverQuota, "THROTTLED":
		return crm.Unavailable(err, "%s cannot take the login just now: %s", m.Host, e.Text)
	case imap.ResponseCodePrivacyRequired:
		return &crm.Error{Kind: crm.KindInvalid, Field: "security", Text: m.Host + " wants an encrypted connection; choose tls or starttls", Err: err}
	}
	if e.Type == imap.StatusResponseTypeBye {
		return crm.Unavailable(err, "%s closed the connection during login: %s", m.Host, e.Text)
	}
	return &crm.Error{Kind: crm.KindForbidden, Field: "password",
		Text: fmt.Sprintf("%s refuses the login of %s; check user name and password (many providers want an app password here). It says: %s", m.Host, m.Username, e.Text), Err: err}
}

// Try logs in to a mailbox and out again. A nil error means that it works and
// INBOX can be opened.
func Try(ctx context.Context, m crm.Mailbox) error {
	s, err := dial(ctx, m, Patience{Dial: 20 * time.Second, Quiet: 20 * time.Second})
	if err != nil {
		return err
	}
	defer s.logout()
	if _, err := s.Select("INBOX", &imap.SelectOptions{ReadOnly: true}).Wait(); err != nil {
		return crm.Unavailable(err, "the login works, but %s does not open the inbox", m.Host)
	}
	return nil
}
