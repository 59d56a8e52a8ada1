package storetest

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"kaveri/crm"
	"kaveri/store"
)

// moved keeps who moved over a month, and lets go of it.
func moved(w *world, dora, carl crm.CustomerID) {
	w.Helper()
	if _, _, ok, err := w.s.RungMoves(w.ctx, w.anna, 30); ok || err != nil {
		w.Errorf("before anybody told it: %v %v", ok, err)
	}
	says := func(want string) {
		w.Helper()
		m, list, ok, err := w.s.RungMoves(w.ctx, w.anna, 30)
		w.check(err)
		if got := fmt.Sprint(list); !ok || m.Clock != 49 || got != want {
			w.Errorf("who moved: %s, %+v, want %s", got, m, want)
		}
	}
	w.check(w.s.SaveMovement(w.ctx, crm.Movement{Span: 30, Since: 20, Until: 50, Clock: 49}))
	last := max(dora, carl)
	w.check(w.s.SaveMoves(w.ctx, 30, 0, last, []crm.Moved{{Customer: dora, Was: crm.RungOneTime, Now: crm.RungQuiet}, {Customer: carl, Was: crm.RungContact, Now: crm.RungOneTime}}))
	w.check(w.s.SaveMoves(w.ctx, 30, last, last+10, []crm.Moved{{Customer: last + 1, Was: crm.RungContact, Now: crm.RungOneTime}})) // gone meanwhile
	says("[{CONTACT ONE-TIME 1} {ONE-TIME QUIET 1}]")
	for _, was := range []crm.Rung{crm.RungContact, crm.RungOneTime, crm.RungLoyal} {
		rows, _, err := w.s.Standings(w.ctx, w.anna, crm.LoyaltyQuery{Span: 30, Was: []crm.Rung{was}, Rungs: []crm.Rung{crm.RungOneTime, crm.RungQuiet}})
		w.check(err)
		if len(rows) > 1 || (len(rows) == 0) != (was == crm.RungLoyal) || len(rows) == 1 && (rows[0].Customer == carl) != (was == crm.RungContact) {
			w.Errorf("who was %s: %+v", was, rows)
		}
	}
	w.check(w.s.SaveMoves(w.ctx, 30, 0, last, []crm.Moved{{Customer: dora, Was: crm.RungOneTime, Now: crm.RungOccasional}}))
	says("[{ONE-TIME OCCASIONAL 1}]")
}

// testWeights changes the weights of the signs and counts by rung and by week.
func testWeights(t *testing.T, s *store.Store) {
	w := newWorld(t, s)
	f := crm.LadderFacts{Day: today, Clock: 60}
	w.check(s.SaveLadder(w.ctx, f))
	w.check(s.SaveLadder(w.ctx, crm.LadderFacts{Day: today - 40, Clock: 50, Afterwards: true}))
	for day, want := range map[crm.Day]float64{today: 60, today - 1: 50, today - 40: 50, today - 41: 0} {
		if g, ok, err := s.LadderOn(w.ctx, day); err != nil || g.Clock != want || ok != (want != 0) {
			t.Errorf("on %s the clock was %v, %v, %v", day, g.Clock, ok, err)
		}
	}
	f.Weights = []float64{1, 2, .5, 1, 1, 1, 0}
	if err := s.ChangeWeights(w.ctx, w.anna, f, nil); crm.KindOf(err) != crm.KindForbidden {
		t.Errorf("a colleague without the right: %v", err)
	}
	w.check(s.ChangeWeights(w.ctx, crm.SystemViewer, f, nil))
	if g, _, err := s.Ladder(w.ctx); err != nil || !slices.Equal(g.Weights, f.Weights) {
		t.Errorf("the ladder has %v, %v", g.Weights, err)
	}
	was := f.Weights
	f.Weights = nil
	w.check(s.ChangeWeights(w.ctx, crm.SystemViewer, f, was))
	list, err := s.WeightChanges(w.ctx, w.anna)
	w.check(err)
	if len(list) != 2 || list[0].Weights != nil || !slices.Equal(list[0].Was, was) || !slices.Equal(list[1].Weights, was) || list[1].At.IsZero() {
		t.Errorf("noted are %+v", list)
	}

	w.check(s.SaveRungCounts(w.ctx, []crm.RungDay{{Day: 5, Rung: crm.RungLoyal, Customers: 3}, {Day: 6, Rung: crm.RungLoyal, Customers: 4}}))
	w.check(s.SaveRungCounts(w.ctx, []crm.RungDay{{Day: 6, Rung: crm.RungLoyal, Customers: 5}}))
	if days, err := s.RungDays(w.ctx, w.anna, 6); err != nil || len(days) != 1 || days[0].Customers != 5 {
		t.Errorf("counted are %v, %v", days, err)
	}
}

// testOrderWeeks sums orders by week: what is called off counts nowhere, what is
// given back where it was given back.
func testOrderWeeks(t *testing.T, s *store.Store) {
	w := newWorld(t, s)
	monday := (today - 30).Monday()
	at := func(number string, day crm.Day, total string) crm.Order {
		o := order(number, "aino@home.example", total)
		o.At = day.Time().Add(12 * time.Hour)
		return o
	}
	off := at("4", monday-1, "100")
	off.State = crm.OrderCancelled
	back := at("5", monday, "-4")
	back.Refunds = "1"
	w.orders(store.OrderOptions{}, at("1", monday-7, "10"), at("2", monday-1, "20.50"), at("3", monday, "5"), off, back, at("6", monday-22, "7"))
	list, err := s.OrderWeeks(w.ctx, w.anna, monday-14)
	w.check(err)
	if got, want := fmt.Sprint(list), fmt.Sprintf("[{%s 2 30.50} {%s 1 1.00}]", monday-7, monday); got != want {
		t.Errorf("by week: %s, want %s", got, want)
	}
}
