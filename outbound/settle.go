package outbound

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"kaveri/crm"
)

// maxRound bounds how much one transaction settles.
const maxRound = 256

// errNotArmed says that a dispatch must not be sent (any more).
var errNotArmed = errors.New("not armed")

// settler makes the group commits. All connections hand in what they have: an
// attempt that is over, or a dispatch that wants to be armed; what comes while
// one transaction commits goes into the next one together. It is all settled in
// the order in which it came, and a connection hands in its last attempt before
// it arms the next dispatch: so it never has more than one that is armed and not
// recorded.
//
// When the ledger cannot be written (disk full, database away, lease lost) that
// is the end of the term: nothing more is armed, and what is over is kept in
// owed, for the term that comes when the ledger can be written again.
type settler struct {
	ledger Ledger
	lease  crm.Lease
	in     chan *settling
	busy   atomic.Int64 // connections with a mail on its way: who may come yet

	broken chan struct{} // closed when the ledger could not be written
	once   sync.Once
	err    error         // why; to be read when broken is closed
	owed   []crm.Attempt // of run alone, until it has ended

	mu   sync.Mutex
	back []crm.Return // that could not be given back
}

// linger is how long a commit waits for connections that will want to arm in a
// moment: what comes just after it has begun waits for the next one, and half
// as many mails go with each.
const linger = 400 * time.Microsecond

// settling is what one connection hands in.
type settling struct {
	attempt *crm.Attempt   // that is over, or
	arm     crm.DispatchID // to be armed
	done    chan error     // of arm: nil, errNotArmed or what went wrong
}

func newSettler(l Ledger, lease crm.Lease) *settler {
	return &settler{ledger: l, lease: lease, in: make(chan *settling, maxRound), broken: make(chan struct{})}
}

// trouble is why the ledger cannot be written, nil as long as it can.
func (s *settler) trouble() error {
	select {
	case <-s.broken:
		return s.err
	default:
		return nil
	}
}

// fail ends the term: the ledger could not be written.
func (s *settler) fail(err error) {
	s.once.Do(func() {
		s.err = err
		close(s.broken)
	})
}

// keep keeps what could not be given back: some of it may be armed, by a COMMIT
// whose answer was lost.
func (s *settler) keep(rs []crm.Return) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range rs {
		r.Token = s.lease.Token
		s.back = append(s.back, r)
	}
}

// run settles until in is closed. When ctx ends, what comes is refused.
func (s *settler) run(ctx context.Context) {
	for first := range s.in {
		s.settle(ctx, s.company(first))
	}
	if len(s.owed) == 0 {
		return
	}
	if _, err := s.ledger.Settle(context.WithoutCancel(ctx), s.lease, s.owed, nil); err == nil { // the ledger may be back
		s.owed = nil
	}
}

func (s *settler) company(first *settling) []*settling {
	round := []*settling{first}
	for len(round) < maxRound {
		select {
		case next, open := <-s.in:
			if !open {
				return round
			}
			round = append(round, next)
		default:
			return s.wait(round)
		}
	}
	return round
}

// wait lets a round grow while there is somebody to wait for.
func (s *settler) wait(round []*settling) []*settling {
	var late <-chan time.Time
	for {
		arms := int64(0)
		for _, r := range round {
			if r.arm != 0 {
				arms++
			}
		}
		if arms >= s.busy.Load() || len(round) >= maxRound {
			return round
		}
		if late == nil {
			late = time.After(linger)
		}
		select {
		case next, open := <-s.in:
			if !open {
				return round
			}
			round = append(round, next)
		case <-late:
			return round
		}
	}
}

// settle writes one round. What is over must not be forgotten: when the ledger
// cannot be written it is owed. Arming does not wait: those mails are not sent.
func (s *settler) settle(ctx context.Context, round []*settling) {
	var attempts []crm.Attempt
	var arm []crm.DispatchID
	for _, r := range round {
		if r.attempt != nil {
			attempts = append(attempts, *r.attempt)
		}
		if r.arm != 0 {
			arm = append(arm, r.arm)
		}
	}
	err := s.trouble()
	no := map[crm.DispatchID]bool{}
	if err == nil {
		var refused []crm.Refused
		point("settle")
		refused, err = s.ledger.Settle(ctx, s.lease, attempts, arm)
		point("settled")
		for _, r := range refused {
			no[r.Dispatch] = true
		}
	}
	if err != nil {
		s.owed = append(s.owed, attempts...)
		s.fail(err)
	}
	for _, r := range round {
		switch {
		case r.arm == 0:
		case err != nil:
			r.done <- err
		case no[r.arm]:
			r.done <- errNotArmed
		default:
			r.done <- nil
		}
	}
}

// record hands in an attempt that is over, and does not wait: what is handed in
// later is settled later, or in the same transaction.
func (s *settler) record(a *crm.Attempt) {
	s.in <- &settling{attempt: a}
}

// arm returns nil when the dispatch is durably armed.
func (s *settler) arm(d crm.DispatchID) error {
	r := &settling{arm: d, done: make(chan error, 1)}
	s.in <- r
	return <-r.done
}
