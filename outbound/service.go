package outbound

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"sync"
	"time"

	"kaveri/crm"
)

// Options say how a [Service] works. The zero values of the lower half are
// replaced by the defaults that stand beside them.
type Options struct {
	Ledger   Ledger
	Renderer Renderer
	Composer Composer
	Keyring  crm.Keyring
	Courier  *Courier
	Log      *slog.Logger

	Owner    string                     // who sends, for people; host and process id
	Now      func() time.Time           // time.Now
	Spread   func() float64             // between 0 and 1: lengthens retries; none
	Provider func(domain string) string // who takes the mail of a domain; the domain itself
	Claim    int                        // dispatches claimed at once; 500
	Poll     time.Duration              // how often the ledger is asked when nothing was due; 1 s
	Lease    time.Duration              // how long the right to send lasts unless renewed; 60 s
}

// Service sends what is due until its context ends. It is one value of a
// process; where several processes share a ledger, one of them sends and the
// others stand by.
type Service struct {
	o Options

	paces  paces
	warmth warmth
	owed   []crm.Attempt // that earlier terms could not record
	back   []crm.Return  // that they could not give back
	kept   *crm.Lease    // that the last term could not give up

	mu     sync.Mutex
	status Status
}

// Status is what people are told about the service.
type Status struct {
	Sending bool   // this process has the right to send
	Problem string // why not, or why mail waits, one sentence
	Other   bool   // another process has the right to send, and mail does not wait
}

// lacking notes that a mailing's mail waits for a sender.
func (s *Service) lacking(m *crm.Mailing, senders []crm.Sender, routed bool) {
	domain := m.From.Address.Domain()
	why := "no sender that is switched on may send for " + domain + "; its mail waits until there is one"
	if i := slices.IndexFunc(senders, func(k crm.Sender) bool { return k.Disabled && k.Fits(m.From.Address) }); i >= 0 {
		why = "no sender that is switched on may send for " + domain + "; its mail waits until " + senders[i].Name + " is switched on (kaveri sender set " + senders[i].Name + " --on), or there is another"
	}
	if routed {
		why = "the senders for " + domain + " are in trouble (kaveri sender list says which); its mail waits"
	}
	s.say(Status{Sending: true, Problem: why})
}

// New gives a service; nothing happens before [Service.Run].
func New(o Options) *Service {
	host, _ := os.Hostname()
	o.Owner = cmp.Or(o.Owner, fmt.Sprintf("%s, process %d", host, os.Getpid()))
	o.Claim = cmp.Or(o.Claim, 500)
	o.Poll = cmp.Or(o.Poll, time.Second)
	o.Lease = cmp.Or(o.Lease, time.Minute)
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Spread == nil {
		o.Spread = func() float64 { return 0 }
	}
	if o.Provider == nil {
		o.Provider = func(domain string) string { return domain }
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return &Service{o: o, paces: paces{all: map[paceKey]*pace{}, dirty: map[paceKey]bool{}}}
}

// Status tells whether this process sends, and if not, why.
func (s *Service) Status() Status {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.status
}

func (s *Service) say(st Status) {
	s.mu.Lock()
	changed := s.status != st
	s.status = st
	s.mu.Unlock()
	switch {
	case !changed || st.Problem == "":
	case st.Other:
		s.o.Log.Info("another process sends", "which", st.Problem)
	default:
		s.o.Log.Warn("mail waits", "why", st.Problem)
	}
}

// Run sends until ctx ends; then it lets transactions that are under way come
// to their end, gives back what is not sent, and returns. It returns an error
// only for a fault of ours.
func (s *Service) Run(ctx context.Context) error {
	tended, end := context.WithCancel(context.WithoutCancel(ctx))
	var beside sync.WaitGroup
	beside.Go(func() { s.tend(tended) })
	beside.Go(func() { s.keepPaces(tended) })
	defer beside.Wait() // what was learned last is kept before the ledger is closed
	defer end()
	for ctx.Err() == nil {
		if err := s.turn(ctx); err != nil && ctx.Err() == nil {
			s.say(Status{Problem: sentence(err), Other: crm.KindOf(err) == crm.KindConflict})
			pause(ctx, 5*s.o.Poll)
		}
	}
	if len(s.owed) > 0 {
		s.o.Log.Warn("the ledger cannot be written, so the answers of mail servers are not recorded; these mails will be in doubt", "mails", len(s.owed))
	}
	s.say(Status{})
	return nil
}

// turn takes the right to send and uses it as long as it can.
func (s *Service) turn(ctx context.Context) error {
	if s.kept != nil {
		if err := s.o.Ledger.ReleaseLease(ctx, *s.kept); err != nil {
			return err
		}
		s.kept = nil
	}
	lease, err := s.o.Ledger.AcquireLease(ctx, s.o.Owner, s.o.Lease)
	if err != nil {
		return err
	}
	s.say(Status{Sending: true})
	return s.term(ctx, lease)
}

// settleOwed records what earlier terms could not, before it is doubted.
func (s *Service) settleOwed(ctx context.Context, lease crm.Lease) error {
	if len(s.owed) > 0 {
		point("settle")
		_, err := s.o.Ledger.Settle(ctx, lease, s.owed, nil)
		point("settled")
		if err != nil {
			return err
		}
		s.o.Log.Info("the ledger can be written again; the last answers of mail servers are recorded", "mails", len(s.owed))
		s.owed = nil
	}
	if len(s.back) > 0 {
		if err := s.o.Ledger.Return(ctx, lease, s.back); err != nil {
			return err
		}
		s.back = nil
	}
	return nil
}

// tend keeps the courier's connections in order.
func (s *Service) tend(ctx context.Context) {
	for ctx.Err() == nil {
		s.o.Courier.Tend()
		pause(ctx, 3*time.Second)
	}
}

// sentence is what may be told of an error.
func sentence(err error) string {
	var e *crm.Error
	if errors.As(err, &e) {
		return e.Text
	}
	return "the ledger cannot be read: " + err.Error()
}

// repeat does one pass after another until ctx ends. One that fails is told to the
// log as failed says.
func repeat(ctx context.Context, every time.Duration, pass func(context.Context) error, log *slog.Logger, failed string) error {
	for ctx.Err() == nil {
		if err := pass(ctx); err != nil && ctx.Err() == nil {
			log.Error(failed, "err", err)
		}
		pause(ctx, every)
	}
	return nil
}

func pause(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	}
}

// term is the time of one lease.
func (s *Service) term(ctx context.Context, lease crm.Lease) error {
	if err := s.begin(ctx, lease); err != nil {
		s.release(ctx, lease) // or nobody could send until it runs out
		return err
	}
	// held ends when the lease is lost: then sockets are closed at once. It
	// outlives ctx, so that what is under way can come to its end.
	held, lost := context.WithCancelCause(context.WithoutCancel(ctx))
	defer lost(nil)
	renewed := make(chan struct{})
	go func() {
		defer close(renewed)
		s.renew(held, lease, lost)
	}()

	t := s.newTerm(ctx, held, lease)
	err := t.send(ctx)
	if err != nil { // what is under way may take minutes to end
		s.say(Status{Problem: sentence(err)})
	}
	t.close()
	s.owed, s.back = append(s.owed, t.settle.owed...), append(s.back, t.settle.back...)
	s.savePaces(context.WithoutCancel(ctx))

	gone := context.Cause(held)
	lost(nil)
	<-renewed
	if gone != nil {
		return gone
	}
	s.release(ctx, lease)
	return err
}

// begin settles what an earlier process had in hand, and takes over what was
// learned.
func (s *Service) begin(ctx context.Context, lease crm.Lease) error {
	if err := s.settleOwed(ctx, lease); err != nil {
		return err
	}
	point("recover")
	found, err := s.o.Ledger.Recover(ctx, lease)
	point("recovered")
	if err != nil {
		return err
	}
	if found.Queued+found.Unknown > 0 {
		s.o.Log.Info("an earlier process had mail in hand", "unsent", found.Queued, "in doubt", found.Unknown)
	}
	saved, err := s.o.Ledger.Paces(ctx)
	if err != nil {
		return err
	}
	s.paces.load(saved)
	s.warmth.load(nil, time.Time{}) // what was on its way when the last lease ended is known now
	return nil
}

// release gives the right to send up. When that cannot be written it is tried
// again before the next turn: nobody is to wait for ourselves.
func (s *Service) release(ctx context.Context, lease crm.Lease) {
	if err := s.o.Ledger.ReleaseLease(context.WithoutCancel(ctx), lease); err != nil {
		s.kept = &lease
		s.o.Log.Warn("the right to send is not given up, it runs out by itself", "err", err)
	}
}

// renew holds the lease. When it cannot be renewed in time it is lost, whatever
// the ledger thinks: a monotonic clock of our own says so.
func (s *Service) renew(ctx context.Context, lease crm.Lease, lost context.CancelCauseFunc) {
	until := time.Now().Add(s.o.Lease * 5 / 6)
	for {
		pause(ctx, s.o.Lease/3)
		if ctx.Err() != nil {
			return
		}
		asked := time.Now()
		try, cancel := context.WithDeadline(ctx, until)
		_, err := s.o.Ledger.RenewLease(try, lease, s.o.Lease)
		cancel()
		switch {
		case err == nil:
			until = asked.Add(s.o.Lease * 5 / 6)
		case ctx.Err() != nil:
			return
		case crm.KindOf(err) == crm.KindConflict || time.Now().After(until):
			lost(fmt.Errorf("the right to send was lost: %w", err))
			return
		}
	}
}
