package ingest

import (
	"context"
	"errors"
	"log/slog"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"kaveri/crm"
)

// Store is what capture needs of the store.
type Store interface {
	Firm(ctx context.Context) (crm.Firm, error)
	FollowedMailboxes(ctx context.Context) ([]crm.Mailbox, error)
	SetMailboxState(ctx context.Context, id crm.MailboxID, state crm.MailboxState, problem string, seen time.Time) error

	SyncFolders(ctx context.Context, mailbox crm.MailboxID, listed []crm.Folder) ([]crm.Folder, error)
	Folders(ctx context.Context, mailbox crm.MailboxID) ([]crm.Folder, error)
	NewEpoch(ctx context.Context, folder crm.FolderID, c crm.Cursor) error
	CloseEpochs(ctx context.Context, folder crm.FolderID, epoch uint32) error
	Listed(ctx context.Context, folder crm.FolderID, c crm.Cursor, list []crm.Listed) error
	Due(ctx context.Context, folder crm.FolderID, epoch uint32, limit int) ([]crm.Due, error)
	DueBelow(ctx context.Context, folder crm.FolderID, epoch, below uint32, limit int) ([]crm.Due, error)
	Deliver(ctx context.Context, ds []crm.Delivery) ([]crm.Outcome, error)
	Fail(ctx context.Context, folder crm.FolderID, epoch uint32, failures []crm.Failure) (quarantined int, err error)
	Reconcile(ctx context.Context, folder crm.FolderID, epoch uint32, present []uint32) (missing []uint32, err error)

	FolderCounts(ctx context.Context, mailbox crm.MailboxID) ([]crm.FolderCount, error)
	SaveCensus(ctx context.Context, counts []crm.FolderCount) error
	FollowDeletions(ctx context.Context, at time.Time, preview bool) (removed int, err error)
}

// Options set up a [Service]. Only Store is needed.
type Options struct {
	Store Store
	Log   *slog.Logger
	Now   func() time.Time

	Poll    time.Duration // how often every folder is looked at; 20 s
	Idle    time.Duration // how long an IDLE lasts before it is issued anew; 9 min at most, 5 min
	Backoff time.Duration // the first wait after a failure; 1 s, doubling to 5 min
	Patience
	MaxSize int64 // a mail over this many bytes is stored without its attachments; 50 MB
	Memory  int64 // bytes of mail in flight, twice for what it shrinks to; 32 MB
	Workers int   // parsers; as many as cores
}

// Patience is how long the stages of talk with a server may take.
type Patience struct {
	Dial  time.Duration // to connect, TLS and login included; 60 s
	Quiet time.Duration // without a byte while an answer is due; 60 s
}

func (o Options) withDefaults() Options {
	def := func(d *time.Duration, v time.Duration) {
		if *d <= 0 {
			*d = v
		}
	}
	def(&o.Poll, 20*time.Second)
	def(&o.Idle, 5*time.Minute)
	o.Idle = min(o.Idle, 9*time.Minute)
	def(&o.Backoff, time.Second)
	def(&o.Dial, time.Minute)
	def(&o.Quiet, time.Minute)
	if o.MaxSize <= 0 {
		o.MaxSize = 50 << 20
	}
	if o.Memory <= 0 {
		o.Memory = 32 << 20
	}
	if o.Workers <= 0 {
		o.Workers = runtime.NumCPU()
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return o
}

// Service captures mail. Make it with [New], then call Run once, or Sync.
type Service struct {
	o    Options
	pipe *pipeline
	wake chan struct{}

	counts counters
}

// New makes a service.
func New(o Options) *Service {
	s := &Service{o: o.withDefaults(), wake: make(chan struct{}, 1)}
	s.pipe = newPipeline(s)
	return s
}

// Wake tells a running service that a mailbox was added, changed or removed.
func (s *Service) Wake() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// Busy reports that mail waits to be parsed: what is less urgent should wait.
func (s *Service) Busy() bool { return len(s.pipe.live)+len(s.pipe.jobs) > 0 }

// counters count what was done since the service was made.
type counters struct {
	listed, stored, fresh, withheld, failed, bytes atomic.Int64
}

// Progress is how far a sync or an import has come.
type Progress struct {
	Phase    string // "envelopes" or "bodies"
	Messages int64  // bodies fetched
	Listed   int64  // envelopes read
	Stored   int64
	Withheld int64
	Bytes    int64
}

// Summary is what a sync or an import did.
type Summary struct {
	Listed   int64 // UIDs whose envelope was read
	Stored   int64 // mails stored, further sightings of known ones included
	New      int64 // mails not known before
	Withheld int64 // fetched and not kept
	Failed   int64 // to be tried again, or quarantined
	Bytes    int64
	Elapsed  time.Duration
}

func (s *Service) progress(phase string) Progress {
	c := &s.counts
	return Progress{Phase: phase, Messages: c.stored.Load() + c.withheld.Load(), Listed: c.listed.Load(),
		Stored: c.stored.Load(), Withheld: c.withheld.Load(), Bytes: c.bytes.Load()}
}

func (s *Service) summary(since time.Time) Summary {
	c := &s.counts
	return Summary{Listed: c.listed.Load(), Stored: c.stored.Load(), New: c.fresh.Load(), Withheld: c.withheld.Load(),
		Failed: c.failed.Load(), Bytes: c.bytes.Load(), Elapsed: time.Since(since)}
}

// Run follows all mailboxes until ctx ends, and returns when what was in
// flight is stored or dropped unrecorded. Mailboxes added, changed or removed
// meanwhile are noticed within ten seconds, or at once by [Service.Wake].
func (s *Service) Run(ctx context.Context) error {
	stop := s.pipe.start(ctx)
	defer stop()
	go s.nightly(ctx)
	running := map[crm.MailboxID]*follower{}
	defer func() {
		for _, f := range running {
			f.cancel()
		}
		for _, f := range running {
			<-f.done
		}
	}()
	for {
		if boxes, err := s.o.Store.FollowedMailboxes(ctx); err != nil {
			if ctx.Err() == nil {
				s.o.Log.Error("the mailboxes cannot be read", "err", err)
			}
		} else {
			s.supervise(ctx, boxes, running)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-s.wake:
		case <-time.After(10 * time.Second):
		}
	}
}

// supervise starts and stops followers so that each mailbox has one.
func (s *Service) supervise(ctx context.Context, boxes []crm.Mailbox, running map[crm.MailboxID]*follower) {
	wanted := map[crm.MailboxID]bool{}
	for _, m := range boxes {
		wanted[m.ID] = true
		if f := running[m.ID]; f != nil {
			if f.same(m) {
				continue
			}
			f.cancel()
			<-f.done
		}
		running[m.ID] = s.follow(ctx, m)
	}
	for id, f := range running {
		if !wanted[id] {
			f.cancel()
			<-f.done
			delete(running, id)
		}
	}
}

// Sync reads the mailboxes (all when ids is empty) until nothing is left to
// fetch, and returns. progress may be nil; it is called about twice a second.
// The error joins those of the mailboxes that could not be finished; the
// others are.
func (s *Service) Sync(ctx context.Context, ids []crm.MailboxID, progress func(Progress)) (Summary, error) {
	start := time.Now()
	boxes, err := s.o.Store.FollowedMailboxes(ctx)
	if err != nil {
		return Summary{}, err
	}
	stop := s.pipe.start(ctx)
	defer stop()
	done := make(chan struct{})
	if progress != nil {
		go s.report(done, progress)
	}
	if len(ids) > 0 {
		boxes = slices.DeleteFunc(boxes, func(m crm.Mailbox) bool { return !contains(ids, m.ID) })
	}
	var errs []error
	// A body read last may have shown that a mail withheld in another mailbox is
	// a customer's: further rounds fetch it, as long as they get anywhere.
	failed := map[crm.MailboxID]bool{}
	for left, was := boxes, int64(-1); len(left) > 0 && s.handled() != was; {
		was = s.handled()
		for i, err := range s.round(ctx, left) {
			if err != nil {
				errs, failed[left[i].ID] = append(errs, err), true
			}
		}
		if left, err = s.withDue(ctx, boxes, failed); err != nil {
			errs = append(errs, err)
		}
	}
	close(done)
	if progress != nil {
		progress(s.progress("done"))
	}
	return s.summary(start), errors.Join(errs...)
}

// round reads mailboxes at the same time, each as far as it goes now.
func (s *Service) round(ctx context.Context, boxes []crm.Mailbox) []error {
	var wg sync.WaitGroup
	errs := make([]error, len(boxes))
	for i, m := range boxes {
		wg.Go(func() { errs[i] = s.once(ctx, m) })
	}
	wg.Wait()
	return errs
}

// withDue gives those of the mailboxes that have something to fetch, without
// those that have failed.
func (s *Service) withDue(ctx context.Context, boxes []crm.Mailbox, failed map[crm.MailboxID]bool) ([]crm.Mailbox, error) {
	var out []crm.Mailbox
	for _, m := range boxes {
		if failed[m.ID] {
			continue
		}
		folders, err := s.o.Store.Folders(ctx, m.ID)
		if err != nil {
			return nil, err
		}
		for _, f := range folders {
			if !f.Enabled {
				continue
			}
			due, err := s.o.Store.Due(ctx, f.ID, f.UIDValidity, 1)
			if err != nil {
				return nil, err
			}
			if len(due) > 0 {
				out = append(out, m)
				break
			}
		}
	}
	return out, nil
}

// handled counts the mails of which something has become.
func (s *Service) handled() int64 {
	return s.counts.stored.Load() + s.counts.withheld.Load() + s.counts.failed.Load()
}

func (s *Service) report(done chan struct{}, progress func(Progress)) {
	t := time.NewTicker(500 * time.Millisecond)
	defer t.Stop()
	for {
		select {
		case <-t.C:
			phase := "bodies"
			if s.counts.stored.Load()+s.counts.withheld.Load() == 0 {
				phase = "envelopes"
			}
			progress(s.progress(phase))
		case <-done:
			return
		}
	}
}

func contains[T comparable](list []T, v T) bool {
	for _, x := range list {
		if x == v {
			return true
		}
	}
	return false
}
