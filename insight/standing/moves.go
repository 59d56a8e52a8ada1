package standing

import (
	"context"
	"slices"

	"kaveri/crm"
	"kaveri/insight"
)

// sight is one of the spans over which it is told who moved: the ladders of its
// two days, and which of the observations of a pass are theirs.
type sight struct {
	crm.Movement
	before, after *ranker
	was, now      int
}

// move tells who moved, over each span. Both days are told by clock and model of
// the first (docs/loyalty.md §8.6): a clock that was set anew in between moves
// nobody.
func (s *Service) move(ctx context.Context, f *crm.LadderFacts) error {
	list, as, err := s.sights(ctx, f)
	if err != nil {
		return err
	}
	from := crm.CustomerID(0)
	for lists, err := range s.chunks(ctx, as...) {
		if err != nil {
			return err
		}
		n := len(lists[0])
		if n == 0 {
			continue
		}
		to := lists[0][n-1].Customer
		for i := range list {
			if err := s.o.Store.SaveMoves(ctx, list[i].Span, from, to, list[i].moved(lists)); err != nil {
				return err
			}
		}
		from = to
	}
	for i := range list {
		if err := s.o.Store.SaveMovement(ctx, list[i].Movement); err != nil {
			return err
		}
	}
	return nil
}

// moved finds where the customers of a chunk stood on both days. Who has not
// ordered by the second is left out.
func (g *sight) moved(lists [][]crm.Account) (out []crm.Moved) {
	for i := range lists[g.now] {
		was, now := &lists[g.was][i], &lists[g.now][i]
		m := crm.Moved{Customer: now.Customer, Was: g.before.ladder.Stand(was.Days, &was.Signs).Rung, Now: g.after.ladder.Stand(now.Days, &now.Signs).Rung}
		if m.Now != crm.RungContact {
			out = append(out, m)
		}
	}
	return out
}

// sights prepares the spans, and gives the observations that they need, each once:
// as long as nothing was told anew, today is seen alike by all of them.
func (s *Service) sights(ctx context.Context, f *crm.LadderFacts) (list []sight, as []crm.Observation, err error) {
	place := func(o crm.Observation) int {
		i := slices.IndexFunc(as, func(a crm.Observation) bool { return sameObservation(&a, &o) })
		if i < 0 {
			i = len(as)
			as = append(as, o)
		}
		return i
	}
	var h *insight.Histories
	for _, span := range crm.MoveSpans {
		since := f.Day - crm.Day(span)
		first, err := s.factsOn(ctx, since, f, &h)
		if err != nil {
			return nil, nil, err
		}
		last := first
		last.Day = f.Day
		g := sight{Movement: crm.Movement{Span: span, Since: since, Until: f.Day, Clock: first.Clock, Starter: first.Starter, Kept: !first.Afterwards},
			before: rankerOn(&first, since), after: newRanker(&last)}
		g.was, g.now = place(g.before.observation), place(g.after.observation)
		list = append(list, g)
	}
	return list, as, nil
}

func sameObservation(a, b *crm.Observation) bool {
	return a.Today == b.Today && a.Clock == b.Clock && slices.Equal(a.Core, b.Core) && a.Since.Equal(b.Since) && a.Until.Equal(b.Until)
}

// factsOn gives clock and model of a past day: those in use then; before there were
// any, those that the orders until then tell. These are kept, and told again as
// seldom as those in use are. h holds all orders once they were read.
func (s *Service) factsOn(ctx context.Context, day crm.Day, f *crm.LadderFacts, h **insight.Histories) (crm.LadderFacts, error) {
	g, ok, err := s.o.Store.LadderOn(ctx, day)
	if err != nil || ok && (!g.Afterwards || !old(&g, day)) {
		return g, err
	}
	if *h == nil {
		if *h, _, _, err = s.histories(ctx); err != nil {
			return g, err
		}
	}
	g = crm.LadderFacts{Day: day, Core: f.Core, Typical: f.Typical, Weights: f.Weights, Afterwards: true}
	clock := insight.BusinessClock(*h, day)
	g.Clock, g.Customers, g.Assumed = clock.Days, clock.Customers, clock.Assumed
	if err := tellModel(&g, *h, day); err != nil {
		return g, err
	}
	return g, s.o.Store.SaveLadder(ctx, g)
}
