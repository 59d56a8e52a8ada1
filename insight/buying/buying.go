package buying

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"sync"
	"time"

	"kaveri/crm"
)

// Store is what the service needs of the store.
type Store interface {
	Firm(ctx context.Context) (crm.Firm, error)
	// Baskets gives the orders of some days, the newest first, with what was
	// bought; an error of yield ends the reading.
	Baskets(ctx context.Context, v crm.Viewer, first, last crm.Day, yield func(*crm.Basket) error) error
	// ProductDays gives, of each product that was ever cheaper, its sales day by
	// day.
	ProductDays(ctx context.Context, v crm.Viewer, since crm.Day, yield func(crm.ProductDay) error) error
	OfferUses(ctx context.Context, v crm.Viewer, since crm.Day, limit int) ([]crm.OfferUse, error)
	// OfferProducts gives what was bought most by those who used a code.
	OfferProducts(ctx context.Context, v crm.Viewer, code string, limit int) ([]crm.ProductUse, error)
	// Products gives all of them.
	Products(ctx context.Context, v crm.Viewer, yield func(crm.Product) error) error
	// OrderMark grows with each order that comes in.
	OrderMark(ctx context.Context) (int64, error)
	SaveFindings(ctx context.Context, at time.Time, body []byte) error
	// FindingsSince gives what was kept; body is nil when that is not after since.
	FindingsSince(ctx context.Context, v crm.Viewer, since time.Time) (body []byte, at time.Time, err error)
}

// Options set up a [Service]. Only Store is needed.
type Options struct {
	Store    Store
	Log      *slog.Logger
	Now      func() time.Time
	Wake     <-chan struct{} // orders came: look soon
	Every    time.Duration   // how often it is looked for work; 30 s
	Patience time.Duration   // how long who asks for a study waits; 2 s
	Longest  time.Duration   // a study may take; 2 min
}

// How much of the time may go into looking again because orders came.
const (
	again     = time.Minute
	againPart = 100 // the time that it took, so many times
)

// Service finds what is bought together and measures offers. Make one by [New].
type Service struct {
	o     Options
	queue chan *job

	mu      sync.Mutex
	kept    *Findings
	running bool
	orders  int
	jobs    map[studyKey]*job
	asked   []studyKey // the oldest first
}

// New gives a service that does nothing in the background before it runs.
func New(o Options) *Service {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Every <= 0 {
		o.Every = 30 * time.Second
	}
	if o.Patience <= 0 {
		o.Patience = 2 * time.Second
	}
	if o.Longest <= 0 {
		o.Longest = 2 * time.Minute
	}
	return &Service{o: o, queue: make(chan *job, keptStudies), jobs: map[studyKey]*job{}}
}

// Run finds and measures until ctx ends.
func (s *Service) Run(ctx context.Context) error {
	var measuring sync.WaitGroup
	measuring.Go(func() { s.work(ctx) })
	defer measuring.Wait()
	for {
		if err := s.turn(ctx); err != nil && ctx.Err() == nil && !errors.Is(err, context.Canceled) {
			s.o.Log.Error("what is bought together cannot be found just now; trying again", "err", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-s.o.Wake:
		case <-time.After(s.o.Every):
		}
	}
}

// turn looks at the orders when that is due.
func (s *Service) turn(ctx context.Context) error {
	due, err := s.due(ctx)
	if err == nil && due {
		_, err = s.Find(ctx)
	}
	return err
}

// due reports that it is time: nothing was found yet, a day has begun, or orders
// have come since a look that was cheap.
func (s *Service) due(ctx context.Context) (bool, error) {
	mark, err := s.o.Store.OrderMark(ctx)
	if err != nil || mark == 0 {
		return false, err
	}
	f, err := s.Findings(ctx, crm.SystemViewer)
	if err != nil || f == nil {
		return err == nil, err
	}
	zone, err := s.zone(ctx)
	if err != nil {
		return false, err
	}
	now := s.o.Now()
	if crm.DayOf(f.At.In(zone)) != crm.DayOf(now.In(zone)) {
		return true, nil
	}
	return f.Mark != mark && now.Sub(f.At) >= max(again, againPart*f.Took), nil
}

func (s *Service) zone(ctx context.Context) (*time.Location, error) {
	firm, err := s.o.Store.Firm(ctx)
	if err != nil {
		if crm.KindOf(err) == crm.KindNotFound { // nobody has set one up
			return time.UTC, nil
		}
		return nil, err
	}
	zone, err := time.LoadLocation(firm.TimeZone)
	if err != nil {
		return time.UTC, nil
	}
	return zone, nil
}

// today gives the day in the firm's time zone.
func (s *Service) today(ctx context.Context) (crm.Day, error) {
	zone, err := s.zone(ctx)
	return crm.DayOf(s.o.Now().In(zone)), err
}

// Findings gives what was found last, nil before the first time. It is not to be
// changed.
func (s *Service) Findings(ctx context.Context, v crm.Viewer) (*Findings, error) {
	if !mayRead(v) {
		return nil, nil
	}
	s.mu.Lock()
	kept := s.kept
	s.mu.Unlock()
	var since time.Time
	if kept != nil {
		since = kept.At
	}
	body, _, err := s.o.Store.FindingsSince(ctx, v, since)
	if err != nil || body == nil {
		return kept, err
	}
	f := new(Findings)
	if err := json.Unmarshal(body, f); err != nil {
		return nil, err
	}
	s.mu.Lock()
	s.kept = f
	s.mu.Unlock()
	return f, nil
}

// mayRead guards what is kept in memory as the store guards the orders that it is
// made of: every colleague may read them.
func mayRead(v crm.Viewer) bool { return v.System || v.Staff != 0 }

// Status is what the service is doing.
type Status struct {
	Running bool
	Orders  int // looked at so far
}

// Status says whether it is looking at the orders now, in this process.
func (s *Service) Status() Status {
	s.mu.Lock()
	defer s.mu.Unlock()
	return Status{s.running, s.orders}
}

func (s *Service) begin() { s.setStatus(true, 0) }

func (s *Service) end() { s.setStatus(false, 0) }

func (s *Service) seen(orders int) { s.setStatus(true, orders) }

func (s *Service) setStatus(running bool, orders int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.running, s.orders = running, orders
}
