package outbound

import (
	"errors"
	"net"
	"time"

	"github.com/emersion/go-smtp"

	"kaveri/crm"
)

// Patience is how long the stages of a session may take. What is 0 is as
// RFC 5321 §4.5.3.2 has it; less is for tests, and less for the dot makes
// mails of which nobody knows whether they were taken.
type Patience struct {
	Connect time.Duration // to connect, and again for TLS; 1 min
	Command time.Duration // the greeting, and each reply but the next two; 5 min
	Data    time.Duration // the reply to DATA; 2 min
	Block   time.Duration // until a block of the mail is written; 3 min
	Dot     time.Duration // the reply to the final dot; 10 min
}

func (p Patience) withDefaults() Patience {
	def := func(d *time.Duration, v time.Duration) {
		if *d <= 0 {
			*d = v
		}
	}
	def(&p.Connect, time.Minute)
	def(&p.Command, 5*time.Minute)
	def(&p.Data, 2*time.Minute)
	def(&p.Block, 3*time.Minute)
	def(&p.Dot, 10*time.Minute)
	return p
}

// Session is a connection to a sender's server that is ready for mail. One
// goroutine owns it, from [Courier.Session] to [Session.Release].
type Session struct {
	Sender crm.SenderID
	Server string // the name by which the server calls itself

	wire   *wire
	cut    func()       // the wire's
	conn   net.Conn     // the wire, or TLS over it
	client *smtp.Client // greeting, EHLO, AUTH, QUIT; transactions are ours
	offers offers
	o      *CourierOptions

	in    replies
	await time.Duration // for the reply that is read; 0: its deadline is set
	out   []byte        // commands
	ends  []int         // where each of them ends
	body  []byte        // a mail whose dots had to be doubled
	from  string        // of the transaction: the return path,
	paths []string      // the recipients, "" for one who is not tried,
	open  []int         // and those whom nothing speaks against

	used  int       // transactions on this connection
	reset bool      // a transaction was left open: RSET comes first
	dead  bool      // of no more use
	told  crm.Reply // a 421 that came, the zero Reply if none
	since time.Time // given back, when idle

	home *roster
}

// unasked is how long the rest of a reply is awaited that came by itself.
const unasked = time.Second

// setUp makes replies come from the connection.
func (s *Session) setUp() {
	s.in.from, s.cut = s.conn, s.wire.cut
	s.in.wait = func() {
		if s.await > 0 {
			s.conn.SetReadDeadline(time.Now().Add(s.await))
			s.await = 0 // for the whole reply: a server that drips does not gain time
		}
	}
}

// write sends b within the time.
func (s *Session) write(b []byte, within time.Duration) error {
	s.conn.SetWriteDeadline(time.Now().Add(within))
	_, err := s.conn.Write(b)
	return err
}

// hear reads a reply within the time. After a 421 the server closes
// (RFC 5321 §3.8), whatever was asked.
func (s *Session) hear(within time.Duration) (int, error) {
	s.await = within
	code, err := s.in.next()
	if err != nil {
		s.drop()
		return 0, err
	}
	if code == 421 {
		s.told = s.in.reply()
		s.drop()
	}
	return code, nil
}

// drop closes the connection without a word. A transaction without its dot is
// forgotten by the server (RFC 5321 §4.1.1.10).
func (s *Session) drop() {
	s.dead = true
	s.wire.cut()
}

// Close drops the session. It may be called from any goroutine: what waits for
// a reply ends at once, and a mail whose dot has left is in doubt.
func (s *Session) Close() { s.wire.cut() }

// quit says good-bye and closes; it waits for no answer for long.
func (s *Session) quit() {
	if !s.dead {
		s.client.CommandTimeout = min(s.o.Command, 2*time.Second)
		s.client.Quit() // an error is no news: the connection is closed below
	}
	s.drop()
}

// silent reports whether the server has said nothing that nobody asked for,
// and not closed either. It does not wait.
func (s *Session) silent() bool {
	if s.in.buffered() {
		return false
	}
	s.wire.nowait = true
	n, err := s.conn.Read(s.in.room())
	s.wire.nowait = false
	s.in.w += n
	return n == 0 && errors.Is(err, errNothing)
}

// fit reports whether an idle session can be used. A server that has spoken
// has closed, or is out of order; a 421 is kept.
func (s *Session) fit() bool {
	if s.dead || s.silent() {
		return !s.dead
	}
	s.hear(unasked)
	s.drop()
	return false
}

// alive asks the server whether it is there (RFC 5321 §4.1.1.9).
func (s *Session) alive() bool {
	if s.write([]byte("NOOP\r\n"), s.o.Command) != nil {
		s.drop()
		return false
	}
	code, err := s.hear(min(s.o.Command, 10*time.Second))
	if err == nil && code/100 == 2 && !s.in.buffered() {
		return !s.dead
	}
	s.drop()
	return false
}
