package outbound

import (
	"context"
	"crypto/x509"
	"errors"
	"net"
	"sync"
	"time"

	"github.com/emersion/go-sasl"

	"kaveri/crm"
)

// CourierOptions set up a [Courier]. Nothing is needed.
type CourierOptions struct {
	Name     string         // ours, for EHLO; "": the host's, or its address where that is not a full name
	Roots    *x509.CertPool // whom certificates are believed from; nil: the system's
	Patience                // 0: as the standard says
	Keep     time.Duration  // how long an idle connection is kept; 60 s
	Now      func() time.Time
	// Dial makes connections, as a [net.Dialer] does; nil: directly, by TCP.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
	// Login gives the mechanism for a sender that signs in by something else
	// than a password; nil, or a nil mechanism, is PLAIN or LOGIN.
	Login func(crm.Sender) (sasl.Client, error)
	// Plain reports senders that may be reached without encryption beyond this
	// machine, by their owner's express wish. Passwords still may not.
	Plain func(crm.Sender) bool
}

// Courier keeps connections to mail servers. Who sends asks for a session of a
// sender, sends mails over it, and gives it back:
//
//	s, err := courier.Session(ctx, sender) // *OpenError: the sender is in trouble
//	defer s.Release()
//	result := s.Send(ctx, envelope, mail, arm)
//
// A session may be kept for any number of mails; once [Session.Over] reports
// so, another must be had. Pace, retries and the choice of the sender are the
// caller's.
//
// All methods may be called from any goroutine.
type Courier struct {
	o CourierOptions

	mutex   sync.Mutex
	rosters map[crm.SenderID]*roster
	closed  bool
}

// NewCourier makes a courier; it connects when it is asked to.
func NewCourier(o CourierOptions) *Courier {
	o.Patience = o.Patience.withDefaults()
	if o.Keep <= 0 {
		o.Keep = time.Minute
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return &Courier{o: o, rosters: map[crm.SenderID]*roster{}}
}

// roster is the sessions of one sender under one set of settings. Its fields
// are the courier's mutex's.
type roster struct {
	courier *Courier
	sender  crm.Sender
	idle    []*Session // the last one given back at the end
	open    int        // idle, in use, or being opened
	waiting int
	freed   chan struct{} // closed and replaced when something may have become free

	proven  bool // a session could be opened since the last failure
	opening bool // one is being opened
	retired bool // the settings have changed

	fails int       // in a row
	not   time.Time // no attempt before
	err   error     // why

	limit     int // mails a connection, as learned; 0: none
	suspected int // where the last connection was ended
}

// errClosed is what a closed courier answers.
var errClosed = &crm.Error{Kind: crm.KindUnavailable, Text: "sending stops"}

// Try opens a session and closes it: a nil error means that the sender can be
// reached and takes the login.
func (c *Courier) Try(ctx context.Context, sender crm.Sender) error {
	s, err := open(ctx, sender, &c.o)
	if err != nil {
		return err
	}
	s.quit()
	return nil
}

// Session gives a session of the sender: an idle one that still works, or a new
// one. While as many are out as the sender allows it waits. After a failure to
// open one it gives that [OpenError] again for a while, without another try:
// a refused password tried by many at once locks the account.
func (c *Courier) Session(ctx context.Context, sender crm.Sender) (*Session, error) {
	for {
		c.mutex.Lock()
		if c.closed {
			c.mutex.Unlock()
			return nil, errClosed
		}
		r := c.roster(sender)
		if n := len(r.idle); n > 0 {
			s := r.idle[n-1]
			r.idle = r.idle[:n-1]
			c.mutex.Unlock()
			if s.fit() && (c.o.Now().Sub(s.since) < c.o.Keep/2 || s.alive()) {
				return s, nil
			}
			s.Release()
			continue
		}
		rests := r.err != nil && c.o.Now().Before(r.not)
		if rests && r.open == 0 {
			err := r.err
			c.mutex.Unlock()
			return nil, err
		}
		if !rests && r.open < max(1, sender.Connections) && (r.proven || !r.opening) {
			r.open++
			r.opening = true
			c.mutex.Unlock()
			if s, err := c.opened(ctx, r); err != errEnough {
				return s, err
			}
			continue
		}
		freed := r.freed
		r.waiting++
		c.mutex.Unlock()
		err := wait(ctx, freed)
		c.mutex.Lock()
		r.waiting--
		c.mutex.Unlock()
		if err != nil {
			return nil, err
		}
	}
}

func wait(ctx context.Context, freed <-chan struct{}) error {
	select {
	case <-freed:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// opened opens a session and notes how that went.
func (c *Courier) opened(ctx context.Context, r *roster) (*Session, error) {
	s, err := open(ctx, r.sender, &c.o)
	c.mutex.Lock()
	defer c.mutex.Unlock()
	r.opening = false
	defer r.free()
	if err == nil {
		r.proven, r.fails, r.err = true, 0, nil
		s.home = r
		return s, nil
	}
	r.open--
	if ctx.Err() != nil {
		return nil, err
	}
	r.proven, r.err = false, err
	r.not = c.o.Now().Add(respite(r.fails, err))
	r.fails++
	if r.open > 0 && crm.KindOf(err) == crm.KindUnavailable {
		return nil, errEnough
	}
	return nil, err
}

// errEnough says that the server takes no further connection while others
// stand: one of these has to do.
var errEnough = errors.New("no further connection")

// respite is how long a sender is left alone after so many failures before this
// one.
func respite(fails int, err error) time.Duration {
	if crm.KindOf(err) != crm.KindUnavailable {
		return 5 * time.Minute // until a human acts; new settings count at once
	}
	return min(time.Second<<min(fails, 10), 5*time.Minute)
}

// roster gives the sender's roster; settings that have changed begin a new one.
func (c *Courier) roster(sender crm.Sender) *roster {
	r := c.rosters[sender.ID]
	if r != nil && sameAccount(&r.sender, &sender) {
		return r
	}
	if r != nil {
		r.retired = true
		go quitAll(r.idle)
		r.idle = nil
	}
	r = &roster{courier: c, sender: sender, freed: make(chan struct{})}
	c.rosters[sender.ID] = r
	return r
}

// sameAccount reports two senders that are one account of one server.
func sameAccount(a, b *crm.Sender) bool {
	return a.Host == b.Host && a.Port == b.Port && a.Security == b.Security && a.Username == b.Username && a.Password == b.Password
}

// free wakes who waits.
func (r *roster) free() {
	if r.waiting > 0 {
		close(r.freed)
		r.freed = make(chan struct{})
	}
}

// Over reports that the session takes no more mail.
func (s *Session) Over() bool {
	if s.dead || s.home == nil {
		return s.dead
	}
	c := s.home.courier
	c.mutex.Lock()
	defer c.mutex.Unlock()
	return s.home.retired || c.closed || s.home.limit > 0 && s.used >= s.home.limit
}

// Release gives the session back. It must not be used after that.
func (s *Session) Release() {
	over := s.Over()
	r := s.home
	c := r.courier
	s.since = c.o.Now()
	c.mutex.Lock()
	over = over || c.closed || r.retired
	if over {
		r.open--
		r.learn(s)
	} else {
		r.idle = append(r.idle, s)
	}
	r.free()
	c.mutex.Unlock()
	if over && !s.dead {
		go s.quit()
	}
}

// learn remembers after how many mails the server ends a connection, when two
// in a row were ended after the same number. What was ended for its silence
// (4.4.2) says nothing.
func (r *roster) learn(s *Session) {
	if s.told.Code != 421 || s.used == 0 || s.told.Enhanced == "4.4.2" {
		return
	}
	if s.used == r.suspected {
		r.limit = s.used
	}
	r.suspected = s.used
}

// Tend closes the connections that have been idle for too long, and lets those
// who wait try again where a sender has rested. It is to be called every few
// seconds and does not wait.
func (c *Courier) Tend() {
	now := c.o.Now()
	before := now.Add(-c.o.Keep)
	c.mutex.Lock()
	defer c.mutex.Unlock()
	for _, r := range c.rosters {
		if r.err != nil && !now.Before(r.not) {
			r.free()
		}
		n := 0 // the longest idle ones stand first
		for n < len(r.idle) && r.idle[n].since.Before(before) {
			n++
		}
		if n > 0 {
			go quitAll(append([]*Session(nil), r.idle[:n]...))
			r.idle = append(r.idle[:0], r.idle[n:]...)
			r.open -= n
			r.free()
		}
	}
}

// Close says good-bye on all idle connections, and on the others as they are
// given back.
func (c *Courier) Close() {
	c.mutex.Lock()
	c.closed = true
	var idle []*Session
	for _, r := range c.rosters {
		idle = append(idle, r.idle...)
		r.open -= len(r.idle)
		r.idle = nil
		r.free()
	}
	c.mutex.Unlock()
	quitAll(idle)
}

// quitAll says good-bye on many connections at once.
func quitAll(sessions []*Session) {
	var all sync.WaitGroup
	for _, s := range sessions {
		all.Go(s.quit)
	}
	all.Wait()
}

// Stopped reports an error of a session that could not be had because sending
// stops, and not because of the sender.
func Stopped(err error) bool {
	return errors.Is(err, errClosed) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
}
