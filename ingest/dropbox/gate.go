package dropbox

import (
	"net"
	"net/netip"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// gate is a listener that lets only so many in.
type gate struct {
	net.Listener
	s *Service
}

// Accept gives the next client for whom there is room; the others are told to
// come again.
func (g *gate) Accept() (net.Conn, error) {
	for {
		c, err := g.Listener.Accept()
		if err != nil {
			return nil, err
		}
		if v := g.s.admit(c); v != nil {
			return v, nil
		}
		c.SetWriteDeadline(time.Now().Add(time.Second))
		c.Write([]byte("421 4.3.2 too many connections, try again later\r\n"))
		c.Close()
	}
}

// visitor is the connection of a client that was let in.
type visitor struct {
	net.Conn
	s    *Service
	from netip.Addr // invalid: through a socket of this machine
	gone sync.Once

	mu     sync.Mutex
	ending bool // nothing more is read when the mail at hand is taken
	busy   bool // a mail of it is being taken
}

// Read dismisses the client for good after any failure. Otherwise the library
// would take what comes of a mail after its time was up for commands, and who
// can slow a server down could smuggle some in.
func (v *visitor) Read(p []byte) (int, error) {
	n, err := v.Conn.Read(p)
	if err != nil {
		v.mu.Lock()
		v.ending = true
		v.mu.Unlock()
	}
	return n, err
}

// network is what one client may use of the Internet: it has a whole /64 of
// version 6 for itself.
func network(a netip.Addr) netip.Prefix {
	if a.Is4() {
		return netip.PrefixFrom(a, 32)
	}
	p, _ := a.Prefix(64)
	return p
}

// admit counts a connection in, nil when there is no room.
func (s *Service) admit(c net.Conn) *visitor {
	v := &visitor{Conn: c, s: s}
	if a, ok := c.RemoteAddr().(*net.TCPAddr); ok {
		v.from = a.AddrPort().Addr().Unmap()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	n := network(v.from)
	if s.ending || len(s.inside) >= s.o.MaxConns || s.open[n] >= max(s.o.MaxConns/4, 1) && !s.trusts(v.from) {
		return nil
	}
	s.inside[v] = true
	s.open[n]++
	return v
}

// Close counts the connection out.
func (v *visitor) Close() error {
	v.gone.Do(func() {
		v.s.mu.Lock()
		defer v.s.mu.Unlock()
		delete(v.s.inside, v)
		n := network(v.from)
		if v.s.open[n]--; v.s.open[n] <= 0 {
			delete(v.s.open, n)
		}
	})
	return v.Conn.Close()
}

// SetReadDeadline sets the deadline of reading, which is over for everybody who
// waits when the end has come.
func (v *visitor) SetReadDeadline(t time.Time) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.ending && !v.busy {
		t = time.Unix(1, 0)
	}
	return v.Conn.SetReadDeadline(t)
}

// taking says that a mail is being taken from now on, or not any more.
func (v *visitor) taking(busy bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.busy = busy
}

// end sends away everybody who waits.
func (s *Service) end() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ending = true
	for v := range s.inside {
		v.mu.Lock()
		v.ending = true
		if !v.busy {
			v.Conn.SetReadDeadline(time.Unix(1, 0))
		}
		v.mu.Unlock()
	}
}

// hangUp ends all connections.
func (s *Service) hangUp() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for v := range s.inside {
		v.Conn.Close()
	}
}

// maxRates bounds the clients and accounts whose rate is remembered.
const maxRates = 10_000

// allow takes one mail from a client's rate.
func (s *Service) allow(from netip.Addr) bool {
	n := s.o.PerMinute
	if s.trusts(from) {
		n *= 100
	}
	return s.within(network(from).String(), rate.Limit(float64(n)/60), n)
}

// mayTry takes one try from the rate of guessing passwords: ten at once for an
// account and thirty for an address, then one in half a minute.
func (s *Service) mayTry(account string, from netip.Addr) bool {
	const slow = rate.Limit(1.0 / 30)
	return s.within("account "+account, slow, 10) && s.within("password "+network(from).String(), slow, 30)
}

func (s *Service) within(key string, every rate.Limit, burst int) bool {
	now := s.o.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.rates[key]
	if r == nil {
		if len(s.rates) >= maxRates {
			s.forget(now)
		}
		r = rate.NewLimiter(every, burst)
		s.rates[key] = r
	}
	return r.AllowN(now, 1)
}

// forget drops those who have used nothing of their rate, all when there are
// none.
func (s *Service) forget(now time.Time) {
	for key, r := range s.rates {
		if r.TokensAt(now) >= float64(r.Burst()) {
			delete(s.rates, key)
		}
	}
	if len(s.rates) >= maxRates {
		clear(s.rates)
	}
}

// trusts reports that a client is one of the firm's own mail servers. Who may
// use a socket of this machine is a matter of the file system.
func (s *Service) trusts(a netip.Addr) bool {
	if !a.IsValid() {
		return true
	}
	for _, p := range s.o.Trusted {
		if p.Contains(a) {
			return true
		}
	}
	return false
}
