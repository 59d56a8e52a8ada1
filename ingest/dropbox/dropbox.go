package dropbox

import (
	"cmp"
	"context"
	"crypto/tls"
	"log/slog"
	"net"
	"net/netip"
	"sync"
	"time"

	"github.com/emersion/go-smtp"
	"golang.org/x/time/rate"

	"kaveri/crm"
)

// Keeper is what the dropbox asks of the rest of the house. What it has taken
// is durable when it returns; its errors are the client's answer: of kind
// [crm.KindInvalid] and [crm.KindNotFound] for good, any other for now.
type Keeper interface {
	// Keep captures a mail for the timeline.
	Keep(ctx context.Context, m Mail) error
	// Note adds a note to a customer.
	Note(ctx context.Context, customer crm.CustomerID, by crm.StaffID, text string, at time.Time) error
	// Colleague finds who writes from an address; false when nobody of ours.
	Colleague(ctx context.Context, a crm.Address) (crm.Staff, bool, error)
	// SignIn checks a name and a password.
	SignIn(ctx context.Context, name, password string) (crm.Staff, error)
}

// Mail is one mail that was dropped.
type Mail struct {
	Raw  []byte
	By   crm.StaffID // who dropped it; 0: a mail server
	Kind Kind
	At   time.Time
}

// Kind says why a mail was dropped.
type Kind string

// The kinds.
const (
	KindBounce  Kind = "bounce"  // to a return path of ours: kept whatever the policy
	KindCopy    Kind = "copy"    // a colleague wants it on the timeline
	KindJournal Kind = "journal" // the firm's mail server reports it
)

// Options set up a [Service]. Keeper, Keyring and Domains are needed.
type Options struct {
	Keeper  Keeper
	Keyring crm.Keyring
	Domains []string       // for which it takes mail
	Name    string         // in the greeting; the first domain
	LMTP    bool           // RFC 2033 instead of SMTP
	TLS     *tls.Config    // offers STARTTLS; without it nobody can sign in
	Trusted []netip.Prefix // networks of the firm's own mail servers
	DNS     Resolver       // for proofs; the system's
	Log     *slog.Logger
	Now     func() time.Time

	MaxSize       int64         // bytes of a mail; 50 MB
	MaxRecipients int           // 50
	MaxConns      int           // at once; 100, a quarter of them from one address
	PerMinute     int           // mails of one address; 60; trusted networks 6000
	Patience      time.Duration // for each command and each piece of a mail; 5 min
}

// Service listens until its context ends.
type Service struct {
	o      Options
	server *smtp.Server

	mu    sync.Mutex
	open  map[netip.Addr]int
	total int
	rates map[netip.Addr]*rate.Limiter
}

// New gives a service; nothing happens before [Service.Serve].
func New(o Options) *Service {
	o.MaxSize = cmp.Or(o.MaxSize, 50<<20)
	o.MaxRecipients = cmp.Or(o.MaxRecipients, 50)
	o.MaxConns = cmp.Or(o.MaxConns, 100)
	o.PerMinute = cmp.Or(o.PerMinute, 60)
	o.Patience = cmp.Or(o.Patience, 5*time.Minute)
	if o.Name == "" && len(o.Domains) > 0 {
		o.Name = o.Domains[0]
	}
	if o.DNS == nil {
		o.DNS = net.DefaultResolver
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	s := &Service{o: o, open: map[netip.Addr]int{}, rates: map[netip.Addr]*rate.Limiter{}}
	s.server = smtp.NewServer(smtp.BackendFunc(s.newSession))
	s.server.Domain, s.server.LMTP, s.server.TLSConfig = o.Name, o.LMTP, o.TLS
	s.server.MaxMessageBytes, s.server.MaxRecipients, s.server.MaxLineLength = o.MaxSize, o.MaxRecipients, 2000
	s.server.ReadTimeout, s.server.WriteTimeout = o.Patience, o.Patience
	s.server.EnableSMTPUTF8 = true
	s.server.ErrorLog = slog.NewLogLogger(o.Log.Handler(), slog.LevelDebug)
	return s
}

// Serve takes mail from the listener until ctx ends; sessions that are under
// way then have a moment to end.
func (s *Service) Serve(ctx context.Context, ln net.Listener) error {
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		<-ctx.Done()
		wait, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
		defer cancel()
		if s.server.Shutdown(wait) != nil {
			s.server.Close()
		}
	}()
	err := s.server.Serve(ln)
	if ctx.Err() != nil {
		<-stopped
		return nil
	}
	return err
}

// admit counts a connection in, or refuses it.
func (s *Service) admit(from netip.Addr) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.total >= s.o.MaxConns || s.open[from] >= max(s.o.MaxConns/4, 1) && !s.trusts(from) {
		return false
	}
	s.total++
	s.open[from]++
	return true
}

func (s *Service) gone(from netip.Addr) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.total--
	if s.open[from]--; s.open[from] <= 0 {
		delete(s.open, from)
	}
}

// maxRates bounds the clients whose rate is remembered.
const maxRates = 10_000

// allow takes one mail from a client's rate.
func (s *Service) allow(from netip.Addr) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.rates[from]
	if r == nil {
		if len(s.rates) >= maxRates {
			clear(s.rates)
		}
		n := s.o.PerMinute
		if s.trusts(from) {
			n *= 100
		}
		r = rate.NewLimiter(rate.Limit(float64(n)/60), n)
		s.rates[from] = r
	}
	return r.AllowN(s.o.Now(), 1)
}

func (s *Service) trusts(a netip.Addr) bool {
	for _, p := range s.o.Trusted {
		if p.Contains(a) {
			return true
		}
	}
	return false
}
