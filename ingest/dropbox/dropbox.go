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
	"golang.org/x/sync/semaphore"
	"golang.org/x/time/rate"

	"kaveri/crm"
)

// Keeper is what the dropbox asks of the rest of the house. What it has taken
// is durable when it returns, and what it has taken before it takes again
// without a trace. Its errors are the client's answer: of kind
// [crm.KindInvalid], [crm.KindNotFound] and [crm.KindForbidden] for good, any
// other for now.
type Keeper interface {
	// Keep captures a mail for the timeline.
	Keep(ctx context.Context, m Mail) error
	// Note adds a note to a customer.
	Note(ctx context.Context, customer crm.CustomerID, by crm.StaffID, text string, at time.Time) error
	// Colleague finds who writes from an address; false when nobody of ours.
	Colleague(ctx context.Context, a crm.Address) (crm.Staff, bool, error)
	// Forged reports whether the firm's receiving server has noted that a mail
	// is not from where its From says.
	Forged(ctx context.Context, noted []crm.AuthResult) (bool, error)
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
	Memory        int64         // bytes of all mails that are being read; four of the largest
	MaxRecipients int           // of a mail; 50
	MaxConns      int           // at once; 100, a quarter of them from one address
	PerMinute     int           // mails of one address; 60; trusted networks 100 times as many
	Patience      time.Duration // for each command; 5 min (RFC 5321 §4.5.3.2.7)
	MailTime      time.Duration // for the bytes of a mail; 10 min
}

func (o Options) withDefaults() Options {
	o.MaxSize = cmp.Or(o.MaxSize, 50<<20)
	o.Memory = max(cmp.Or(o.Memory, 4*o.MaxSize), o.MaxSize)
	o.MaxRecipients = cmp.Or(o.MaxRecipients, 50)
	o.MaxConns = cmp.Or(o.MaxConns, 100)
	o.PerMinute = cmp.Or(o.PerMinute, 60)
	o.Patience = cmp.Or(o.Patience, 5*time.Minute)
	o.MailTime = cmp.Or(o.MailTime, 10*time.Minute)
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
	return o
}

// Service listens until its context ends.
type Service struct {
	o      Options
	server *smtp.Server
	memory *semaphore.Weighted
	ctx    context.Context // of the sessions: ends when their time to end is over

	mu     sync.Mutex
	open   map[netip.Prefix]int
	inside map[*visitor]bool
	ending bool
	rates  map[string]*rate.Limiter
}

// maxLine bounds a line, in bytes. Mail has longer ones than RFC 5321
// §4.5.3.1.6 allows, and some servers send them on as they are.
const maxLine = 256 << 10

// New gives a service; nothing happens before [Service.Serve].
func New(o Options) *Service {
	o = o.withDefaults()
	s := &Service{o: o, memory: semaphore.NewWeighted(o.Memory), ctx: context.Background(),
		open: map[netip.Prefix]int{}, inside: map[*visitor]bool{}, rates: map[string]*rate.Limiter{}}
	s.server = smtp.NewServer(smtp.BackendFunc(s.newSession))
	s.server.Domain, s.server.LMTP, s.server.TLSConfig = o.Name, o.LMTP, o.TLS
	s.server.MaxMessageBytes, s.server.MaxRecipients, s.server.MaxLineLength = o.MaxSize, o.MaxRecipients, maxLine
	s.server.ReadTimeout, s.server.WriteTimeout = o.Patience, o.Patience
	s.server.EnableSMTPUTF8 = true
	s.server.ErrorLog = slog.NewLogLogger(o.Log.Handler(), slog.LevelDebug)
	return s
}

// grace is how long mails that are being taken may last when the end has come.
const grace = 10 * time.Second

// Serve takes mail from the listener until ctx ends. Who is waiting for nothing
// is sent away at once then; what is being taken is taken to its end.
func (s *Service) Serve(ctx context.Context, ln net.Listener) error {
	var cancel context.CancelFunc
	s.ctx, cancel = context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	stopped := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(stopped)
		ln.Close()
		s.end()
		wait, done := context.WithTimeout(s.ctx, grace)
		defer done()
		if s.server.Shutdown(wait) != nil {
			cancel()
			s.server.Close()
			s.hangUp()
		}
	})
	err := s.server.Serve(&gate{ln, s})
	if stop() { // the listener broke by itself
		return err
	}
	<-stopped
	return nil
}
