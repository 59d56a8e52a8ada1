package dropbox

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"

	"kaveri/crm"
)

// session is one connection, or what comes of it after STARTTLS.
type session struct {
	s       *Service
	conn    *smtp.Conn
	visitor *visitor
	by      crm.Staff // who has signed in; zero: nobody

	from  string
	wants []want
}

var (
	_ smtp.LMTPSession = (*session)(nil)
	_ smtp.AuthSession = (*session)(nil)
)

func (s *Service) newSession(c *smtp.Conn) (smtp.Session, error) {
	nc := c.Conn()
	if t, ok := nc.(*tls.Conn); ok {
		nc = t.NetConn()
	}
	return &session{s: s, conn: c, visitor: nc.(*visitor)}, nil
}

// refuse makes a reply (RFC 3463 for the enhanced code).
func refuse(code, class, subject, detail int, text string) error {
	return &smtp.SMTPError{Code: code, EnhancedCode: smtp.EnhancedCode{class, subject, detail}, Message: text}
}

// answer turns an error of the house into the client's reply. The house's own
// words stay inside unless they were written for people.
func answer(err error) error {
	var reply *smtp.SMTPError
	if err == nil || errors.As(err, &reply) {
		return err
	}
	var e *crm.Error
	switch crm.KindOf(err) {
	case crm.KindInvalid, crm.KindNotFound, crm.KindForbidden:
		if errors.As(err, &e) {
			return refuse(550, 5, 7, 1, e.Text)
		}
	}
	return refuse(451, 4, 3, 0, "this cannot be stored just now, try again later")
}

// AuthMechanisms offers to sign in over TLS only (RFC 4954 §4).
func (c *session) AuthMechanisms() []string {
	if _, encrypted := c.conn.TLSConnectionState(); !encrypted {
		return nil
	}
	return []string{sasl.Plain}
}

// Auth checks a colleague's name and password.
func (c *session) Auth(mech string) (sasl.Server, error) {
	if len(c.AuthMechanisms()) == 0 || mech != sasl.Plain {
		return nil, smtp.ErrAuthUnknownMechanism
	}
	return sasl.NewPlainServer(func(_, name, password string) error {
		if !c.s.mayTry(name, c.visitor.from) {
			return refuse(454, 4, 7, 0, "too many tries, try again later")
		}
		by, err := c.s.o.Keeper.SignIn(c.s.ctx, name, password)
		switch {
		case crm.KindOf(err) == crm.KindForbidden:
			return smtp.ErrAuthFailed
		case err != nil:
			return refuse(454, 4, 7, 0, "nobody can be signed in just now, try again later")
		}
		c.by = by
		return nil
	}), nil
}

// Reset forgets the mail that was begun.
func (c *session) Reset() { c.from, c.wants = "", nil }

// Logout ends the session.
func (c *session) Logout() error { return nil }

// Mail begins a mail.
func (c *session) Mail(from string, _ *smtp.MailOptions) error {
	c.Reset()
	if !c.s.allow(c.visitor.from) {
		return refuse(450, 4, 7, 0, "too much mail in a minute, try again later")
	}
	c.from = from
	return nil
}

// Rcpt takes a recipient whose address means something to us.
func (c *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	a, err := crm.ParseAddress(to)
	if err != nil {
		return refuse(553, 5, 1, 3, "this is no address")
	}
	w := wanted(a, c.s.o.Domains, c.s.o.Keyring)
	w.to, w.written = a, to
	switch {
	case w.kind == wantNothing:
		return refuse(550, 5, 1, 1, "nobody reads mail to this address")
	case w.kind == wantJournal && !c.s.trusts(c.visitor.from):
		return refuse(550, 5, 7, 1, "the journal is taken from the firm's own mail servers")
	}
	c.wants = append(c.wants, w)
	return nil
}

// Data takes the mail for all recipients, or for none.
func (c *session) Data(r io.Reader) error {
	return c.receive(r, func(ctx context.Context, m *drop) error {
		for _, w := range c.wants { // nothing is kept before it is clear that all may be
			if err := m.check(ctx, w); err != nil {
				return err
			}
		}
		for _, w := range c.wants {
			if err := m.take(ctx, w); err != nil {
				return err
			}
		}
		return nil
	})
}

// LMTPData takes the mail for each recipient apart (RFC 2033 §4.2).
func (c *session) LMTPData(r io.Reader, status smtp.StatusCollector) error {
	return c.receive(r, func(ctx context.Context, m *drop) error {
		for _, w := range c.wants {
			err := m.check(ctx, w)
			if err == nil {
				err = m.take(ctx, w)
			}
			status.SetStatus(w.written, answer(err))
		}
		return nil
	})
}

// receive reads a mail and hands it on.
func (c *session) receive(r io.Reader, take func(context.Context, *drop) error) error {
	c.visitor.taking(true)
	defer c.visitor.taking(false)
	c.visitor.Conn.SetReadDeadline(time.Now().Add(c.s.o.MailTime))
	b := &budgeted{r: r, s: c.s}
	defer b.release()
	raw, err := io.ReadAll(b)
	if err != nil {
		return unread(err)
	}
	if err := wellFormed(raw); err != nil {
		return err
	}
	err = answer(take(c.s.ctx, newDrop(c, raw)))
	if err != nil {
		c.s.o.Log.Info("a mail was refused at the dropbox", "client", c.visitor.from, "why", err)
	}
	return err
}

// unread tells the client why its mail could not be read.
func unread(err error) error {
	var timeout net.Error
	if errors.As(err, &timeout) && timeout.Timeout() {
		return refuse(421, 4, 4, 2, "the mail took too long, try again later")
	}
	return err
}

// budgeted reads a mail within the memory for all of them.
type budgeted struct {
	r    io.Reader
	s    *Service
	n    int64 // bytes read
	held int64
}

// budgetStep is how much memory is taken at a time.
const budgetStep = 64 << 10

func (b *budgeted) Read(p []byte) (int, error) {
	n, err := b.r.Read(p)
	b.n += int64(n)
	for b.held < b.n {
		step := min(budgetStep, b.s.o.Memory)
		if !b.s.memory.TryAcquire(step) {
			return n, refuse(452, 4, 3, 1, "too much mail at a time, try again later")
		}
		b.held += step
	}
	return n, err
}

func (b *budgeted) release() { b.s.memory.Release(b.held) }

// maxHops is where a loop is assumed (RFC 5321 §6.3: at least 100).
const maxHops = 100

// wellFormed refuses what no mail server should pass on.
func wellFormed(raw []byte) error {
	if !wireLines(raw) {
		return refuse(554, 5, 6, 0, "a line ends in a bare CR or LF (RFC 5321 section 2.3.8)")
	}
	if hops(raw) > maxHops {
		return refuse(554, 5, 4, 6, "this mail goes round in circles")
	}
	return nil
}

// wireLines reports that every line ends in CRLF and no CR or LF stands alone.
func wireLines(b []byte) bool {
	n := bytes.Count(b, []byte("\r\n"))
	return bytes.Count(b, []byte{'\n'}) == n && bytes.Count(b, []byte{'\r'}) == n
}

// hops counts the Received fields.
func hops(raw []byte) int { return fields(raw, "received") }

// fields counts the fields of a name, given in lower case, in the header.
func fields(raw []byte, name string) (n int) {
	for line := range bytes.Lines(raw) {
		if len(line) <= 2 {
			break
		}
		field, _, found := bytes.Cut(line, []byte{':'})
		if found && bytes.EqualFold(bytes.TrimRight(field, " \t"), []byte(name)) {
			n++
		}
	}
	return n
}
