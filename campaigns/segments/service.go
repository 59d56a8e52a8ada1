package segments

import (
	"context"
	"log/slog"
	"time"

	"kaveri/crm"
	"kaveri/crm/segment"
)

// Store is what the service needs of the store.
type Store interface {
	Firm(ctx context.Context) (crm.Firm, error)
	// Ladder gives the facts of the newest ladder; ok is false before the first.
	Ladder(ctx context.Context) (f crm.LadderFacts, ok bool, err error)
	// AddStarters adds the ready-made segments, once.
	AddStarters(ctx context.Context) error
	// Uncounted gives the segments in use that have not been counted since a
	// moment.
	Uncounted(ctx context.Context, since time.Time) ([]segment.Saved, error)
	// CountMembers finds who is in a segment, and keeps it. It is a conflict when
	// the segment is changed meanwhile.
	CountMembers(ctx context.Context, id crm.SegmentID, at time.Time) (segment.Day, error)
}

// Options set up a [Service]. Only Store is needed.
type Options struct {
	Store Store
	Log   *slog.Logger
	Now   func() time.Time
	Every time.Duration // how often it is looked for work; a minute
}

// Service counts segments. Make one by [New].
type Service struct {
	o      Options
	failed map[crm.SegmentID]time.Time // not counted: the change of it that cannot be
}

// New gives a service that does nothing before it runs.
func New(o Options) *Service {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Every <= 0 {
		o.Every = time.Minute
	}
	return &Service{o: o, failed: map[crm.SegmentID]time.Time{}}
}

// Run counts until ctx ends.
func (s *Service) Run(ctx context.Context) error {
	for {
		if err := s.Turn(ctx); err != nil && ctx.Err() == nil {
			s.o.Log.Error("segments cannot be counted just now; trying again", "err", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(s.o.Every):
		}
	}
}

// Turn counts what is due: segments that were made or changed, and on a new day,
// when it is known where customers stand, all of them.
func (s *Service) Turn(ctx context.Context) error {
	if err := s.o.Store.AddStarters(ctx); err != nil {
		return err
	}
	now := s.o.Now()
	since, told, err := s.since(ctx, now)
	if err != nil || !told {
		return err
	}
	due, err := s.o.Store.Uncounted(ctx, since)
	if err != nil {
		return err
	}
	for i := range due {
		if s.failed[due[i].ID].Equal(due[i].Changed) && !due[i].Changed.IsZero() {
			continue
		}
		_, err := s.o.Store.CountMembers(ctx, due[i].ID, now)
		switch crm.KindOf(err) {
		case crm.KindConflict, crm.KindNotFound: // changed meanwhile: with the next turn
			continue
		case crm.KindInvalid:
			s.o.Log.Warn("a segment has a rule that cannot be read, and is not counted", "segment", due[i].ID, "err", err)
			s.failed[due[i].ID] = due[i].Changed
			continue
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// since gives when a count must have been made to be today's; while the night's
// ladder is awaited, the earliest moment at all, so that only what is new is
// counted. Before the first ladder nobody stands anywhere, and told is false.
func (s *Service) since(ctx context.Context, now time.Time) (since time.Time, told bool, err error) {
	firm, err := s.o.Store.Firm(ctx)
	if err != nil {
		return now, false, err
	}
	clock := segment.Clock{Now: now, Zone: firm.Zone()}
	ladder, told, err := s.o.Store.Ladder(ctx)
	if err != nil || !told {
		return now, false, err
	}
	if ladder.Day < clock.Today() {
		return time.UnixMicro(segment.Ever), true, nil
	}
	return time.UnixMicro(clock.Start(clock.Today())), true, nil
}
