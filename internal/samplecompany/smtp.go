package samplecompany

import (
	"crypto/subtle"
	"io"
	"log"
	"sync"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

// Limits of the SMTP server; the library has none unless told.
const (
	maxMessage    = 25 << 20
	maxRecipients = 100
	maxLine       = 2000 // RFC 5321 §4.5.3.1.6 asks for 1000
	idleLimit     = time.Minute
	keepMails     = 200
	keepBytes     = 64 << 20 // of all kept mails together
)

// Accepted is a mail that the SMTP server took.
type Accepted struct {
	From string // the reverse-path of the envelope
	To   []string
	Raw  []byte
	At   time.Time
}

// sink takes every mail, counts it, and keeps the last ones.
type sink struct {
	now      func() time.Time
	accounts []Account

	mutex sync.Mutex
	count int
	bytes int // of the mails kept
	kept  []Accepted
}

func newSink(now func() time.Time, accounts []Account) *sink {
	return &sink{now: now, accounts: accounts}
}

func newSMTP(s *sink, domain string) *smtp.Server {
	server := smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return &visit{sink: s}, nil }))
	server.Domain = "mx." + domain
	server.MaxMessageBytes, server.MaxRecipients, server.MaxLineLength = maxMessage, maxRecipients, maxLine
	server.ReadTimeout, server.WriteTimeout = idleLimit, idleLimit
	server.AllowInsecureAuth = true // loopback
	server.EnableSMTPUTF8, server.EnableDSN = true, true
	server.ErrorLog = log.New(io.Discard, "", 0) // it speaks of clients that went away
	return server
}

func (s *sink) take(m Accepted) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.count++
	s.kept = append(s.kept, m)
	s.bytes += len(m.Raw)
	for len(s.kept) > keepMails || s.bytes > keepBytes {
		s.bytes -= len(s.kept[0].Raw)
		s.kept[0] = Accepted{} // let go of its bytes before the slice moves on
		s.kept = s.kept[1:]
	}
}

// SentCount is how many mails the SMTP server has taken since the start.
func (c *Company) SentCount() int {
	c.sink.mutex.Lock()
	defer c.sink.mutex.Unlock()
	return c.sink.count
}

// Sent are the last mails that the SMTP server took, oldest first: at most 200, and at most 64 MiB of them.
func (c *Company) Sent() []Accepted {
	c.sink.mutex.Lock()
	defer c.sink.mutex.Unlock()
	return append([]Accepted{}, c.sink.kept...)
}

// visit is one SMTP connection.
type visit struct {
	sink *sink
	mail Accepted
}

var _ smtp.AuthSession = (*visit)(nil)

// AuthMechanisms is PLAIN: whoever wants to log in may, nobody has to.
func (v *visit) AuthMechanisms() []string { return []string{sasl.Plain} }

// Auth takes the username and password of an account.
func (v *visit) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, username, password string) error {
		for _, a := range v.sink.accounts {
			if a.Username == username && subtle.ConstantTimeCompare([]byte(a.Password), []byte(password)) == 1 {
				return nil
			}
		}
		return smtp.ErrAuthFailed
	}), nil
}

// Mail begins an envelope.
func (v *visit) Mail(from string, _ *smtp.MailOptions) error {
	v.mail = Accepted{From: from}
	return nil
}

// Rcpt adds a recipient; the library holds to the limit.
func (v *visit) Rcpt(to string, _ *smtp.RcptOptions) error {
	v.mail.To = append(v.mail.To, to)
	return nil
}

// Data takes the mail; the library reports one that is too large as the error of the read.
func (v *visit) Data(r io.Reader) error {
	raw, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	v.mail.Raw, v.mail.At = raw, v.sink.now()
	v.sink.take(v.mail)
	v.mail = Accepted{}
	return nil
}

// Reset forgets the envelope.
func (v *visit) Reset() { v.mail = Accepted{} }

// Logout has nothing to free.
func (v *visit) Logout() error { return nil }
