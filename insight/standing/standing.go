package standing

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"kaveri/crm"
	"kaveri/insight"
)

// Store is what the service needs of the store.
type Store interface {
	Firm(ctx context.Context) (crm.Firm, error)
	// Ladder gives the newest facts; ok is false before the first.
	Ladder(ctx context.Context) (f crm.LadderFacts, ok bool, err error)
	SaveLadder(ctx context.Context, f crm.LadderFacts) error
	// OrderDays gives all orders that count, in no order.
	OrderDays(ctx context.Context, yield func(crm.OrderDay) error) error
	// CustomersAfter gives the last of the next n customers behind one, 0 at the
	// end.
	CustomersAfter(ctx context.Context, after crm.CustomerID, n int) (crm.CustomerID, error)
	// Accounts gives the accounts of customers with ids above from, up to to.
	Accounts(ctx context.Context, from, to crm.CustomerID, o crm.Observation) ([]crm.Account, error)
	// SaveStandings keeps what has changed.
	SaveStandings(ctx context.Context, list []crm.Ranked) error
	// Unranked gives customers whose standing is to be found anew.
	Unranked(ctx context.Context, n int) ([]crm.CustomerID, error)
	// Untraced gives customers, with ids above after, whose orders are older
	// than their first standing.
	Untraced(ctx context.Context, after crm.CustomerID, since crm.Day, n int) ([]crm.CustomerID, error)
	SaveTraced(ctx context.Context, list []crm.Traced) error
	// LadderOn gives the facts by which customers stood on a day.
	LadderOn(ctx context.Context, day crm.Day) (f crm.LadderFacts, ok bool, err error)
	// SaveMoves keeps who moved over a span, of customers with ids above from, up
	// to to; SaveMovement by what it was told.
	SaveMoves(ctx context.Context, span int, from, to crm.CustomerID, list []crm.Moved) error
	SaveMovement(ctx context.Context, m crm.Movement) error
	// SaveRungCounts keeps how many stood on each rung on some days, RungDays gives
	// those kept since a day, and RungsCounted counts by the standings kept.
	SaveRungCounts(ctx context.Context, list []crm.RungDay) error
	RungDays(ctx context.Context, v crm.Viewer, since crm.Day) ([]crm.RungDay, error)
	RungsCounted(ctx context.Context, day crm.Day) ([]crm.RungDay, error)
	// ChangeWeights keeps facts with other weights, and who put them in use.
	ChangeWeights(ctx context.Context, v crm.Viewer, f crm.LadderFacts, was []float64) error
	Validity(ctx context.Context, v crm.Viewer) ([]byte, error)
	// SaveValidity keeps a [Trial] as JSON.
	SaveValidity(ctx context.Context, day crm.Day, trial []byte) error
}

// Options set up a [Service]. Only Store is needed.
type Options struct {
	Store    Store
	Log      *slog.Logger
	Now      func() time.Time
	Wake     <-chan struct{}       // an order came: look at once
	Progress func(done, total int) // of a night: customers; nil: nobody watches
	Every    time.Duration         // how often it is looked for work; 30 s
}

// The bounds of the work.
const (
	atOnce    = 200 // customers that are found anew in between
	refitDays = 91  // after which clock and model are told again
	retryDays = 7   // while there is too little to tell a model from
)

// Service keeps standings. Make one by [New].
type Service struct{ o Options }

// New gives a service that does nothing before it runs.
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
	return &Service{o}
}

// Run keeps standings until ctx ends.
func (s *Service) Run(ctx context.Context) error {
	for {
		if err := s.turn(ctx); err != nil && ctx.Err() == nil && !errors.Is(err, context.Canceled) {
			s.o.Log.Error("where customers stand cannot be found just now; trying again", "err", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-s.o.Wake:
		case <-time.After(s.o.Every):
		}
	}
}

// turn does what is due: the night's work when the day has changed, else the
// customers of whom something new is known.
func (s *Service) turn(ctx context.Context) error {
	today, err := s.today(ctx)
	if err != nil {
		return err
	}
	f, ok, err := s.o.Store.Ladder(ctx)
	if err != nil {
		return err
	}
	if !ok || f.Day < today {
		if f, err = s.Night(ctx); err != nil {
			return err
		}
		return s.Review(ctx, f)
	}
	return s.Catch(ctx)
}

// today gives the day in the firm's time zone.
func (s *Service) today(ctx context.Context) (crm.Day, error) {
	firm, err := s.o.Store.Firm(ctx)
	if err != nil {
		return 0, err
	}
	return crm.DayOf(s.o.Now().In(firm.Zone())), nil
}

// Night finds the standings of all customers on this day, and gives the facts
// that they have in common. Before the first orders there is nothing to do.
func (s *Service) Night(ctx context.Context) (crm.LadderFacts, error) {
	today, err := s.today(ctx)
	if err != nil {
		return crm.LadderFacts{}, err
	}
	f, ok, err := s.o.Store.Ladder(ctx)
	if err != nil {
		return f, err
	}
	if !ok || old(&f, today) {
		if f, err = s.tell(ctx, today, f); err != nil {
			return f, err
		}
	}
	f.Day = today
	if f.Typical == nil { // the first night: only to count
		if _, err := s.pass(ctx, &f, false); err != nil {
			return f, err
		}
	}
	if f.Ranked, err = s.pass(ctx, &f, true); err != nil {
		return f, err
	}
	return f, s.o.Store.SaveLadder(ctx, f)
}

// Catch finds anew the standings of customers of whom something new is known.
func (s *Service) Catch(ctx context.Context) error {
	f, ok, err := s.o.Store.Ladder(ctx)
	if err != nil || !ok {
		return err
	}
	for {
		ids, err := s.o.Store.Unranked(ctx, atOnce)
		if err != nil || len(ids) == 0 {
			return err
		}
		if err := s.rankThese(ctx, &f, ids); err != nil {
			return err
		}
	}
}

// rankThese finds the standings of single customers, on this day.
func (s *Service) rankThese(ctx context.Context, f *crm.LadderFacts, ids []crm.CustomerID) error {
	today, err := s.today(ctx)
	if err != nil {
		return err
	}
	on := *f
	on.Day = today
	r := newRanker(&on)
	var list []crm.Ranked
	for _, id := range ids {
		accounts, err := s.o.Store.Accounts(ctx, id-1, id, r.observation)
		if err != nil {
			return err
		}
		for i := range accounts {
			list = append(list, r.rank(&accounts[i]))
		}
		if len(accounts) == 0 { // merged or forgotten meanwhile
			list = append(list, crm.Ranked{Customer: id, Standing: crm.Standing{Day: today, Rung: crm.RungContact}})
		}
	}
	return s.o.Store.SaveStandings(ctx, list)
}

// pass goes over all customers. It counts the rates and core groups of the next
// night, and keeps the standings when they are to be kept.
func (s *Service) pass(ctx context.Context, f *crm.LadderFacts, keep bool) (ranked int, err error) {
	r, count := newRanker(f), newCounter()
	for lists, err := range s.chunks(ctx, r.observation) {
		if err != nil {
			return ranked, err
		}
		for i := range lists[0] {
			count.add(&lists[0][i])
		}
		if !keep {
			continue
		}
		list := r.rankAll(lists[0])
		if err := s.o.Store.SaveStandings(ctx, list); err != nil {
			return ranked, err
		}
		for i := range list {
			count.rungs[list[i].Standing.Rung]++
		}
		if ranked += len(list); s.o.Progress != nil {
			s.o.Progress(ranked, 0)
		}
	}
	f.Typical, f.Core = count.rates(), count.core()
	if !keep {
		return 0, nil
	}
	return ranked, s.o.Store.SaveRungCounts(ctx, count.days(f.Day))
}

// AcceptClock takes the clock that was proposed: a person has agreed.
func (s *Service) AcceptClock(ctx context.Context) (crm.LadderFacts, error) {
	f, ok, err := s.o.Store.Ladder(ctx)
	if err != nil {
		return f, err
	}
	if !ok || f.Proposed == 0 {
		return f, crm.Conflict("clock: no other clock is proposed")
	}
	if f.Day, err = s.today(ctx); err != nil { // on the days before, the other one was in use
		return f, err
	}
	f.Clock, f.Proposed = f.Proposed, 0
	if f.Starter {
		setModel(&f, insight.Starter(f.Clock))
	}
	if err := s.o.Store.SaveLadder(ctx, f); err != nil {
		return f, err
	}
	return s.Night(ctx)
}
