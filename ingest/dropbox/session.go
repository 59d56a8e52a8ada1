package dropbox

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/netip"
	"strings"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"

	"kaveri/crm"
	"kaveri/ingest/parse"
)

// session is one connection.
type session struct {
	s      *Service
	conn   *smtp.Conn
	client netip.Addr
	by     crm.Staff // who has signed in; zero: nobody

	from  string
	wants []want
}

func (s *Service) newSession(c *smtp.Conn) (smtp.Session, error) {
	var client netip.Addr
	if a, ok := c.Conn().RemoteAddr().(*net.TCPAddr); ok {
		client = a.AddrPort().Addr().Unmap()
	}
	if !s.admit(client) {
		return nil, refuse(421, 4, 3, 2, "too many connections, try again later")
	}
	return &session{s: s, conn: c, client: client}, nil
}

// refuse makes a reply (RFC 3463 for the enhanced code).
func refuse(code, class, subject, detail int, text string) error {
	return &smtp.SMTPError{Code: code, EnhancedCode: smtp.EnhancedCode{class, subject, detail}, Message: text}
}

// answer turns an error of the house into the client's reply. The house's own
// words stay inside unless they were written for people.
func answer(err error) error {
	switch crm.KindOf(err) {
	case crm.KindInvalid, crm.KindNotFound, crm.KindForbidden:
		return refuse(550, 5, 7, 1, err.Error())
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
		by, err := c.s.o.Keeper.SignIn(context.Background(), name, password)
		if err != nil {
			return smtp.ErrAuthFailed
		}
		c.by = by
		return nil
	}), nil
}

func (c *session) Reset() { c.from, c.wants = "", nil }

func (c *session) Logout() error {
	c.s.gone(c.client)
	return nil
}

func (c *session) Mail(from string, _ *smtp.MailOptions) error {
	c.Reset()
	if !c.s.allow(c.client) {
		return refuse(450, 4, 7, 0, "too much mail in a minute, try again later")
	}
	c.from = from
	return nil
}

func (c *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	a, err := crm.ParseAddress(to)
	if err != nil {
		return refuse(553, 5, 1, 3, "this is no address")
	}
	w := wanted(a, c.s.o.Domains, c.s.o.Keyring)
	switch {
	case w.kind == wantNothing:
		return refuse(550, 5, 1, 1, "nobody reads mail to this address")
	case w.kind == wantJournal && !c.s.trusts(c.client):
		return refuse(550, 5, 7, 1, "journal reports are taken from the firm's own mail servers")
	}
	c.wants = append(c.wants, w)
	return nil
}

// Data takes the mail for all recipients, or for none: a client that is told
// to try again sends to all of them again, and what was kept is known then.
func (c *session) Data(r io.Reader) error {
	raw, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	if !wireLines(raw) {
		return refuse(554, 5, 6, 0, "a line ends in a bare CR or LF (RFC 5321 section 2.3.8)")
	}
	if bytes.Count(headerOf(raw), []byte("\nReceived:")) > maxHops {
		return refuse(554, 5, 4, 6, "this mail goes round in circles")
	}
	ctx := context.Background()
	m := parse.Captured(raw)
	for _, w := range c.wants {
		if err := c.take(ctx, w, raw, m); err != nil {
			return err
		}
	}
	return nil
}

// maxHops is where a loop is assumed (RFC 5321 §6.3: at least 100 there; mail
// to us passes few servers).
const maxHops = 50

func (c *session) take(ctx context.Context, w want, raw []byte, m *crm.Message) error {
	o := &c.s.o
	mail := Mail{Raw: raw, At: o.Now()}
	switch w.kind {
	case wantBounce:
		mail.Kind = KindBounce
	case wantJournal:
		mail.Kind = KindJournal
		inner, err := journaled(raw, m)
		if err != nil {
			return answer(err)
		}
		mail.Raw = inner
	default:
		by, err := c.colleague(ctx, raw, m)
		if err != nil {
			return err
		}
		if w.kind == wantNote {
			text := strings.TrimSpace(m.NewText)
			if text == "" {
				return refuse(554, 5, 6, 0, "the note is empty")
			}
			if err := o.Keeper.Note(ctx, w.customer, by.ID, text, o.Now()); err != nil {
				return answer(err)
			}
			return nil
		}
		mail.Kind, mail.By = KindCopy, by.ID
	}
	if err := o.Keeper.Keep(ctx, mail); err != nil {
		o.Log.Error("a dropped mail was not kept", "err", err)
		return answer(err)
	}
	return nil
}

// colleague finds out who of us has sent the mail, and refuses everybody else.
func (c *session) colleague(ctx context.Context, raw []byte, m *crm.Message) (crm.Staff, error) {
	if c.by.ID != 0 {
		return c.by, nil
	}
	from := m.Author().Address
	by, ours, err := c.s.o.Keeper.Colleague(ctx, from)
	if err != nil {
		return by, answer(err)
	}
	if !ours {
		return by, refuse(550, 5, 7, 1, "only colleagues may write to this address")
	}
	if c.s.trusts(c.client) || proven(ctx, c.s.o.DNS, c.client.AsSlice(), c.conn.Hostname(), c.from, from, raw) {
		return by, nil
	}
	return by, refuse(550, 5, 7, 1, "nothing proves that this comes from "+string(from)+": sign in, or send it through your mail server with SPF or DKIM")
}

// journaled cuts the mail out of a journal report: the first attached one.
func journaled(raw []byte, m *crm.Message) ([]byte, error) {
	for _, a := range m.Attachments {
		if a.Type == "message/rfc822" || a.Type == "message/global" {
			b, _, err := parse.Part(raw, a.Part)
			return b, err
		}
	}
	return nil, crm.Invalid("mail", "a journal report carries the mail as an attachment, and this one has none")
}

// wireLines reports that every line ends in CRLF and no CR or LF stands alone.
func wireLines(b []byte) bool {
	n := bytes.Count(b, []byte("\r\n"))
	return bytes.Count(b, []byte{'\n'}) == n && bytes.Count(b, []byte{'\r'}) == n
}

// headerOf gives the header block.
func headerOf(raw []byte) []byte {
	if i := bytes.Index(raw, []byte("\r\n\r\n")); i >= 0 {
		return raw[:i]
	}
	return raw
}
