package standing

import (
	"context"
	"encoding/json"
	"math"

	"kaveri/crm"
	"kaveri/insight"
)

const (
	traceDays  = 730 // how far back past standings are found
	traceEvery = 30  // and for which days: each so many before today
	trialClock = 2   // clocks for which labels are held against what came
)

// Review does what rests on a night and may take longer: it finds past standings
// for customers whose orders came with a history, tells who moved, and holds the
// labels of two clocks ago against what came since.
func (s *Service) Review(ctx context.Context, f crm.LadderFacts) error {
	if f.Clock == 0 {
		return nil
	}
	traced, err := s.trace(ctx, &f)
	if err != nil {
		return err
	}
	if traced > 0 {
		if err := s.countPast(ctx, &f, traced); err != nil {
			return err
		}
	}
	if err := s.move(ctx, &f); err != nil {
		return err
	}
	return s.prove(ctx, &f)
}

// trace finds past standings, by the clock and the model of today, so that nobody
// seems to have moved who has not. It gives how many customers it was found for.
func (s *Service) trace(ctx context.Context, f *crm.LadderFacts) (traced int, err error) {
	for last := crm.CustomerID(0); ; {
		ids, err := s.o.Store.Untraced(ctx, last, f.Day-traceDays, chunk)
		if err != nil || len(ids) == 0 {
			return traced, err
		}
		n := 1 // of them that lie close together
		for n < len(ids) && ids[n]-ids[0] < chunk {
			n++
		}
		if err := s.traceThese(ctx, f, ids[:n]); err != nil {
			return traced, err
		}
		last, traced = ids[n-1], traced+n
	}
}

// countPast counts how many stood on each rung in the months that were traced:
// those that nobody has counted; all, when many customers have got a past.
func (s *Service) countPast(ctx context.Context, f *crm.LadderFacts, traced int) error {
	kept, err := s.o.Store.RungDays(ctx, crm.SystemViewer, f.Day-traceDays)
	if err != nil {
		return err
	}
	counted := map[crm.Day]bool{}
	for _, c := range kept {
		counted[c.Day] = 20*traced < f.Ranked
	}
	for day := (f.Day - traceDays + traceEvery) / traceEvery * traceEvery; day < f.Day; day += traceEvery {
		if counted[day] {
			continue
		}
		list, err := s.o.Store.RungsCounted(ctx, day)
		if err == nil {
			err = s.o.Store.SaveRungCounts(ctx, list)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (s *Service) traceThese(ctx context.Context, f *crm.LadderFacts, ids []crm.CustomerID) error {
	at := map[crm.CustomerID]*crm.Traced{}
	list := make([]crm.Traced, len(ids))
	for i, id := range ids {
		list[i].Customer = id
		at[id] = &list[i]
	}
	for day := f.Day - traceDays/traceEvery*traceEvery; day < f.Day; day += traceEvery {
		r := rankerOn(f, day)
		accounts, err := s.o.Store.Accounts(ctx, ids[0]-1, ids[len(ids)-1], r.observation)
		if err != nil {
			return err
		}
		for i := range accounts {
			if t := at[accounts[i].Customer]; t != nil {
				follow(t, r.ladder.Stand(accounts[i].Days, &accounts[i].Signs))
			}
		}
	}
	return s.o.Store.SaveTraced(ctx, list)
}

// rankerOn finds standings as they were at the end of a past day.
func rankerOn(f *crm.LadderFacts, day crm.Day) *ranker {
	on := *f
	on.Day = day
	r := newRanker(&on)
	r.observation.Until = (day + 1).Time()
	return r
}

// follow adds a standing when it differs from the one before.
func follow(t *crm.Traced, s crm.Standing) {
	if s.Events == 0 {
		return
	}
	c := crm.RungChange{Day: s.Day, Rung: s.Rung, Timing: s.Timing, Note: s.Note}
	if n := len(t.Changes); n > 0 {
		if was := t.Changes[n-1]; was.Rung == c.Rung && was.Timing == c.Timing && was.Note == c.Note {
			return
		}
	}
	t.Changes = append(t.Changes, c)
}

// Trial is how the labels of a day have proved themselves (docs/loyalty.md §8.8).
// They are told by the model of today, which has seen what came: a little in their
// favour.
type Trial struct {
	First     crm.Day // of all orders
	Asked     crm.Day // the day of the labels
	Until     crm.Day // the last day of what came
	Clock     float64
	Customers int               // who had ordered by then
	Validity  *insight.Validity // nil: it is too early to tell
	Weights   insight.Weights   // by which the labels were told

	// Offer is of other weights, when LOYAL does not prove itself by these; nil: it
	// does, or there are too few customers to learn from.
	Offer *insight.WeightOffer
}

// Ready gives the day from which it can be told: there are two clocks of orders
// before the labels, and two after.
func (t *Trial) Ready() crm.Day {
	return t.First + crm.Day(math.Ceil(2*trialClock*t.Clock))
}

// prove holds the standings of two clocks ago against what came since.
func (s *Service) prove(ctx context.Context, f *crm.LadderFacts) error {
	t := Trial{Until: f.Day, Asked: f.Day - crm.Day(math.Ceil(trialClock*f.Clock)), Clock: f.Clock, Weights: weightsOf(f)}
	before := rankerOn(f, t.Asked)
	after := crm.Observation{Today: f.Day, Clock: f.Clock, Since: before.observation.Until}
	var standings []crm.Standing
	var outcomes []insight.Outcome
	for lists, err := range s.chunks(ctx, before.observation, after) {
		if err != nil {
			return err
		}
		was, came := lists[0], lists[1]
		for i := range was {
			if d := came[i].Days; len(d) > 0 && (t.First == 0 || d[0] < t.First) {
				t.First = d[0]
			}
			if len(was[i].Days) == 0 {
				continue
			}
			st := before.ladder.Stand(was[i].Days, &was[i].Signs)
			if !st.Rung.Steady() {
				st.Attitude.Evidence = nil // of a million customers, too much to keep
			}
			standings = append(standings, st)
			outcomes = append(outcomes, outcomeOf(&came[i], t.Asked))
		}
	}
	if t.Customers = len(standings); t.Customers > 0 && f.Day >= t.Ready() {
		t.Validity = insight.HoldAgainst(standings, outcomes, f.Clock)
		if p := t.Validity.Loyal; p == insight.ProofNone || p == insight.ProofWorse {
			t.Offer = insight.OfferWeights(standings, outcomes, t.Weights)
		}
		for _, auc := range []*float64{&t.Validity.AUCAlive, &t.Validity.AUCSilence, &t.Validity.AUCCount} {
			if math.IsNaN(*auc) { // everybody came, or nobody
				*auc = 0
			}
		}
	}
	body, err := json.Marshal(t)
	if err != nil {
		return err
	}
	return s.o.Store.SaveValidity(ctx, f.Day, body)
}

// outcomeOf gives what somebody did after a day, from signs that are counted
// since then.
func outcomeOf(a *crm.Account, asked crm.Day) insight.Outcome {
	n := len(a.Days)
	return insight.Outcome{Active: n > 0 && a.Days[n-1] > asked, FullPrice: a.Signs.Tallies[crm.SignalFullPrice], Recommended: a.Signs.Recommendations > 0}
}
