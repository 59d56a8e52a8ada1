package standing

import (
	"context"
	"math"
	"slices"

	"kaveri/crm"
	"kaveri/insight"
)

// tell tells from all orders what the standings have in common. was is what it
// was before, zero the first time.
func (s *Service) tell(ctx context.Context, today crm.Day, was crm.LadderFacts) (crm.LadderFacts, error) {
	h, spent, events, err := s.histories(ctx)
	if err != nil {
		return was, err
	}
	f := crm.LadderFacts{Day: today, Core: was.Core, Typical: was.Typical, Weights: was.Weights, Clock: was.Clock}
	clock := insight.BusinessClock(h, today)
	f.Customers, f.Assumed = clock.Customers, clock.Assumed
	switch {
	case was.Clock == 0 || was.Assumed || !clock.Moved(insight.Clock{Days: was.Clock}):
		f.Clock = clock.Days
	case !clock.Assumed:
		f.Proposed = clock.Days
	}
	if err := tellModel(&f, h, today); err != nil {
		return was, err
	}
	if events > 0 {
		f.MeanOrder = spent / crm.Money(events)
	}
	if fit, err := insight.FitSpend(h.Spends(today)); err == nil && !fit.AtBound && fit.Customers >= spendCustomers && fit.Q > 1 {
		f.Spend = &[3]float64{fit.P, fit.Q, fit.Gamma}
	}
	return f, nil
}

// tellModel tells model and curve of second orders from the orders until a day.
func tellModel(f *crm.LadderFacts, h *insight.Histories, day crm.Day) error {
	m, fitted, err := insight.Usual(h, day, f.Clock)
	if err != nil {
		return err
	}
	setModel(f, m)
	f.Fitted, f.Starter = day, !fitted
	seconds := insight.KaplanMeier(h.Spells(1, day))
	f.Seconds = seconds.Events
	f.Silent = make([]float64, min(seconds.Last(), longestCurve)+1)
	for d := range f.Silent {
		f.Silent[d] = seconds.Silent(d)
	}
	return nil
}

// old reports facts that are to be told anew.
func old(f *crm.LadderFacts, today crm.Day) bool {
	if f.Starter {
		return today-f.Fitted >= retryDays
	}
	return today-f.Fitted >= refitDays
}

const (
	longestCurve   = 3650 // days that are kept of the curve of second orders
	spendCustomers = 100  // with repeats, to tell what orders are worth
)

// histories reads all orders.
func (s *Service) histories(ctx context.Context) (h *insight.Histories, spent crm.Money, events int, err error) {
	var orders []insight.Order
	at := map[crm.CustomerID]int32{}
	err = s.o.Store.OrderDays(ctx, func(o crm.OrderDay) error {
		i, ok := at[o.Customer]
		if !ok {
			i = int32(len(at))
			at[o.Customer] = i
		}
		orders = append(orders, insight.Order{Customer: i, Day: o.Day, Net: o.Net.Float()})
		spent += o.Net
		return nil
	})
	h = insight.Collect(orders, len(at), insight.Paid)
	for i := range h.Len() {
		events += len(h.Days(i))
	}
	return h, spent, events, err
}

func setModel(f *crm.LadderFacts, m insight.Model) {
	f.Family, f.Params, f.K = string(m.Family), [4]float64{m.R, m.Alpha, m.A, m.B}, m.K
}

// modelOf gives the model of facts.
func modelOf(f *crm.LadderFacts) insight.Model {
	return insight.Model{Family: insight.Family(f.Family), R: f.Params[0], Alpha: f.Params[1], A: f.Params[2], B: f.Params[3], K: f.K}
}

// year is how far ahead the value of a customer is awaited, in days.
const year = 365

// ranker finds the standings of customers on a day. It is safe for concurrent
// use.
type ranker struct {
	facts       *crm.LadderFacts
	model       insight.Model
	ladder      *insight.Ladder
	observation crm.Observation
}

func newRanker(f *crm.LadderFacts) *ranker {
	r := &ranker{facts: f, model: modelOf(f), observation: crm.Observation{Today: f.Day, Clock: f.Clock, Core: f.Core}}
	r.ladder = insight.NewLadder(f.Day, f.Clock, r.model, insight.CurveOf(f.Silent, f.Seconds))
	if len(f.Typical) == crm.SignalCount {
		copy(r.ladder.Typical[:], f.Typical)
	}
	r.ladder.Weights = weightsOf(f)
	return r
}

// rank finds one standing.
func (r *ranker) rank(a *crm.Account) crm.Ranked {
	out := crm.Ranked{Customer: a.Customer, Standing: r.ladder.Stand(a.Days, &a.Signs)}
	for _, v := range a.Values {
		out.Spent += v
	}
	if sum, ok := insight.Summarise(a.Days, r.facts.Day); ok {
		out.Value = crm.MoneyOf(math.Round(100*r.model.Expected(sum, year)*r.worth(a)) / 100)
	}
	return out
}

// worth gives what the customer's next order event is worth: by the fitted model,
// else their own mean drawn towards that of all, as by four events of it.
func (r *ranker) worth(a *crm.Account) float64 {
	values := make([]float64, len(a.Values))
	sum := 0.0
	for i, v := range a.Values {
		values[i] = v.Float()
		sum += values[i]
	}
	if p := r.facts.Spend; p != nil {
		if v := (insight.GammaGamma{P: p[0], Q: p[1], Gamma: p[2]}).Value(insight.SpendOf(a.Days, values, r.facts.Day)); !math.IsInf(v, 0) {
			return v
		}
	}
	const prior = 4
	return (sum + prior*r.facts.MeanOrder.Float()) / (float64(len(values)) + prior)
}

// rankAll finds the standings of a chunk, on both hands.
func (r *ranker) rankAll(accounts []crm.Account) []crm.Ranked {
	out := make([]crm.Ranked, len(accounts))
	half := len(accounts) / 2
	done := make(chan struct{})
	go func() {
		defer close(done)
		for i := range half {
			out[i] = r.rank(&accounts[i])
		}
	}()
	for i := half; i < len(accounts); i++ {
		out[i] = r.rank(&accounts[i])
	}
	<-done
	return out
}

// counter counts over all customers what the next night rests on.
type counter struct {
	observed []insight.Observed
	buyers   int
	groups   map[crm.GroupID]int
	rungs    map[crm.Rung]int
}

func newCounter() *counter {
	return &counter{groups: map[crm.GroupID]int{}, rungs: map[crm.Rung]int{}}
}

// days gives how many customers stand on each rung on a day.
func (c *counter) days(day crm.Day) (out []crm.RungDay) {
	for _, r := range crm.Rungs {
		out = append(out, crm.RungDay{Day: day, Rung: r, Customers: c.rungs[r]})
	}
	return out
}

func (c *counter) add(a *crm.Account) {
	if len(a.Days) == 0 {
		return
	}
	c.buyers++
	for _, g := range a.Groups {
		c.groups[g]++
	}
	if len(a.Days) > 1 {
		c.observed = append(c.observed, insight.Observed{Events: len(a.Days), Tallies: a.Signs.Tallies})
	}
}

func (c *counter) rates() []float64 {
	r := insight.TypicalRates(c.observed)
	return r[:]
}

// core gives the groups that at least one buyer in twenty has bought of.
func (c *counter) core() []crm.GroupID {
	var out []crm.GroupID
	for g, n := range c.groups {
		if 20*n >= c.buyers {
			out = append(out, g)
		}
	}
	slices.Sort(out)
	return out
}
