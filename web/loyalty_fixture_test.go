package web

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"time"

	"kaveri/crm"
	"kaveri/insight"
	"kaveri/insight/standing"
)

// register is a small Loyalty and Clock in memory.
type register struct {
	mu      sync.Mutex
	facts   *crm.LadderFacts
	rows    []crm.LoyaltyRow // by value, the highest first
	was     map[int]map[crm.CustomerID]crm.Rung
	past    map[crm.CustomerID][]crm.RungChange
	orders  []crm.Order // the newest first
	trial   []byte
	counted int // how often who moved was counted
	weights []crm.WeightChange
}

// register gives the ladder of the company: customers whose events are drawn, and
// whose standings are found by the arithmetic of Kaveri itself. The first of them
// is Aino, who is loyal and overdue.
func registerOf(customers int) *register {
	g := &register{was: map[int]map[crm.CustomerID]crm.Rung{30: {}, 91: {}, 365: {}}, past: map[crm.CustomerID][]crm.RungChange{}}
	if customers == 0 {
		return g
	}
	today, r := crm.DayOf(now), rand.New(rand.NewPCG(4, 7))
	f := crm.LadderFacts{Day: today, Fitted: today - 3, Clock: 49, Customers: customers / 2, Proposed: 61, Starter: customers < 300, Seconds: customers / 3}
	for d := range 401 {
		f.Silent = append(f.Silent, .54+.46/(1+float64(d)/60))
	}
	g.facts = &f
	m := insight.Starter(f.Clock)
	var was []crm.Standing
	var came []insight.Outcome
	for i := range customers {
		id, name := crm.CustomerID(5000+i), fmt.Sprintf("Asiakas %d", i+1)
		days, signs := drawn(r, today)
		switch i {
		case 0:
			id, name, days = 11, "Aino Virtanen", []crm.Day{today - 420, today - 360, today - 300, today - 240, today - 180, today - 120}
			signs = crm.Signs{Recommendations: 1}
			signs.Tallies[crm.SignalFullPrice], signs.Tallies[crm.SignalReply] = crm.Tally{Successes: 6, Of: 6}, crm.Tally{Successes: 4, Of: 5}
		case 1:
			name = `=HYPERLINK("http://evil.example")`
		}
		stand := func(day crm.Day) crm.Standing { return insight.NewLadder(day, f.Clock, m, nil).Stand(days, &signs) }
		st := stand(today)
		for span := range g.was {
			g.was[span][id] = stand(today - crm.Day(span)).Rung
		}
		if before := stand(today - 98); before.Events > 0 {
			was, came = append(was, before), append(came, insight.Outcome{Active: days[len(days)-1] > before.Day})
		}
		g.rows = append(g.rows, crm.LoyaltyRow{Customer: id, Name: name, Rung: st.Rung, Timing: st.Timing, Note: st.Note, Since: today - 40, Events: st.Events, Filled: st.Filled, Cycles: st.Cycles, First: st.First, Last: st.Last,
			Due: st.Last + crm.Day(st.DueDay), Overdue: st.Last + crm.Day(st.OverdueDay), Lapsed: st.Last + crm.Day(st.LapsedDay), PAlive: st.PAlive, POrder: st.POrder, Spent: crm.MoneyOf(float64(len(days)) * 80), Value: crm.MoneyOf(float64(r.IntN(900)) * st.PAlive), Attitude: st.Attitude})
		for day := today - 400; day <= today; day += 20 {
			if s := stand(day); s.Events > 0 {
				g.past[id] = append(g.past[id], crm.RungChange{Day: day, Rung: s.Rung, Timing: s.Timing, Note: s.Note})
			}
		}
	}
	slices.SortFunc(g.rows, func(a, b crm.LoyaltyRow) int {
		return cmp.Or(cmp.Compare(b.Value, a.Value), cmp.Compare(b.Customer, a.Customer))
	})
	t := standing.Trial{First: today - 700, Asked: today - 98, Until: today, Clock: f.Clock, Customers: len(was)}
	if customers >= 100 {
		t.Validity = insight.HoldAgainst(was, came, f.Clock)
	} else {
		t.First = today - 120
	}
	g.trial, _ = json.Marshal(t)
	g.orders = someOrders()
	return g
}

// drawn gives the events and signs of somebody.
func drawn(r *rand.Rand, today crm.Day) (days []crm.Day, signs crm.Signs) {
	if r.IntN(9) == 0 {
		return nil, signs
	}
	steady := r.IntN(3) == 0
	day := today - crm.Day(30+r.IntN(600))
	for day <= today {
		days = append(days, day)
		switch {
		case !steady && r.IntN(2) == 0:
			day = today + 1
		case steady:
			day += crm.Day(25 + r.IntN(40))
		default:
			day += crm.Day(20 + r.IntN(200))
		}
	}
	n := float64(len(days))
	full, mails := float64(r.IntN(len(days)+1)), float64(r.IntN(6))
	signs.Tallies[crm.SignalFullPrice], signs.Tallies[crm.SignalUnprompted] = crm.Tally{Successes: full, Of: n}, crm.Tally{Successes: full, Of: n}
	signs.Tallies[crm.SignalReply] = crm.Tally{Successes: float64(r.IntN(int(mails) + 1)), Of: mails}
	return days, signs
}

func someOrders() []crm.Order {
	line := func(name, group string, q crm.Quantity, total, off float64) crm.OrderLine {
		return crm.OrderLine{Product: crm.Product{SKU: "T-" + strings.ToUpper(name[:3]), Name: name, Group: group}, Quantity: q * 1000, Total: crm.MoneyOf(total), Discount: crm.MoneyOf(off)}
	}
	order := func(id crm.OrderID, customer crm.CustomerID, days int, total float64, rule crm.Rule, evidence string, lines ...crm.OrderLine) crm.Order {
		m := crm.MoneyOf(total)
		return crm.Order{ID: id, Source: "verkkokauppa", Number: fmt.Sprintf("V-%d", id), At: now.AddDate(0, 0, -days), State: crm.OrderPlaced, Currency: "EUR", Total: m, Value: m, Customer: customer, Rule: rule, Evidence: evidence, Lines: lines}
	}
	a := order(904, 11, 2, 412.5, crm.RuleExact, "buyer: aino.virtanen@postia.example", line("Kökar, rantamökki", "Mökit", 2, 360, 0), line("Polkupyörä <vuokra>", "Välineet", 3, 52.5, 7.5))
	a.Buyer, a.Refunded, a.RefundedBy, a.Offers, a.Discount = crm.Buyer{Name: "Aino Virtanen", Address: "aino.virtanen@postia.example", Number: "1042"}, crm.MoneyOf(-120), []string{"V-905"}, []string{"SYKSY"}, crm.MoneyOf(7.5)
	b := order(903, 0, 6, 89, crm.ReasonNoBuyer, "", line("Lahjakortti", "", 1, 89, 0))
	d := order(902, 0, 9, 35, crm.ReasonSeveral, "buyer: toimisto@yhtio.example", line("Saaristokartta", "Kartat", 1, 35, 0))
	d.Buyer = crm.Buyer{Address: "toimisto@yhtio.example"}
	e := order(901, 12, 12, -40, crm.RuleByHand, "Sari Koskinen")
	e.Refunds, e.Currency = "V-880", "SEK"
	return []crm.Order{a, b, d, e}
}

func (g *register) Ladder(context.Context) (crm.LadderFacts, bool, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.facts == nil {
		return crm.LadderFacts{}, false, nil
	}
	return *g.facts, true, nil
}

func (g *register) AcceptClock(context.Context) (crm.LadderFacts, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.facts.Proposed == 0 {
		return *g.facts, crm.Conflict("clock: no other clock is proposed")
	}
	g.facts.Clock, g.facts.Proposed = g.facts.Proposed, 0
	return *g.facts, nil
}

func (g *register) LadderCounts(context.Context, crm.Viewer) (out []crm.RungCount, _ error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, rung := range crm.Rungs {
		n := crm.RungCount{Rung: rung, Timings: map[crm.Timing]int{}, Notes: map[crm.RungNote]int{}}
		for _, l := range g.rows {
			if l.Rung == rung {
				n.Customers++
				n.Timings[l.Timing]++
				n.Notes[l.Note]++
				n.Value += l.Value
			}
		}
		out = append(out, n)
	}
	return out, nil
}

func (g *register) RungMoves(_ context.Context, _ crm.Viewer, span int) (m crm.Movement, out []crm.RungMove, ok bool, _ error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.counted++
	for _, l := range g.rows {
		out = append(out, crm.RungMove{Was: g.was[span][l.Customer], Now: l.Rung, Customers: 1})
	}
	return crm.Movement{Span: span, Since: g.facts.Day - crm.Day(span), Until: g.facts.Day, Clock: g.facts.Clock, Kept: span < 365}, out, len(g.rows) > 1, nil
}

// RungDays counts by what everybody's past says, each twenty days.
func (g *register) RungDays(_ context.Context, _ crm.Viewer, since crm.Day) (out []crm.RungDay, _ error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.facts == nil {
		return nil, nil
	}
	for day := g.facts.Day - 400; day <= g.facts.Day; day += 20 {
		n := map[crm.Rung]int{}
		for _, past := range g.past {
			for i := len(past) - 1; i >= 0; i-- {
				if past[i].Day <= day {
					n[past[i].Rung]++
					break
				}
			}
		}
		for _, r := range crm.Rungs {
			if day >= since {
				out = append(out, crm.RungDay{Day: day, Rung: r, Customers: n[r]})
			}
		}
	}
	return out, nil
}

func (g *register) OrderWeeks(_ context.Context, _ crm.Viewer, since crm.Day) (out []crm.OrderWeek, _ error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.facts == nil {
		return nil, nil
	}
	for i, day := 0, since; day <= crm.DayOf(now); i, day = i+1, day+7 {
		if i%9 != 4 { // a week without any
			out = append(out, crm.OrderWeek{Monday: day, Orders: 20 + i*7%31, Value: crm.MoneyOf(float64(2000 + i*i%1700))})
		}
	}
	return out, nil
}

func (g *register) WeightChanges(context.Context, crm.Viewer) ([]crm.WeightChange, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.weights, nil
}

func (g *register) AcceptWeights(_ context.Context, v crm.Viewer) (crm.LadderFacts, error) {
	var t standing.Trial
	if err := json.Unmarshal(g.trial, &t); err != nil {
		return crm.LadderFacts{}, err
	}
	if t.Offer == nil || !t.Offer.Better() {
		return crm.LadderFacts{}, crm.Conflict("weights: no other weights are offered")
	}
	return g.weigh(v, t.Offer.Weights[:])
}

func (g *register) TableWeights(_ context.Context, v crm.Viewer) (crm.LadderFacts, error) {
	return g.weigh(v, nil)
}

func (g *register) weigh(v crm.Viewer, weights []float64) (crm.LadderFacts, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.weights = append([]crm.WeightChange{{Staff: v.Staff, Name: "Mikko Laine", Weights: weights, Was: g.facts.Weights, At: now}}, g.weights...)
	g.facts.Weights = weights
	return *g.facts, nil
}

// offered makes the panel one on which LOYAL does not prove itself, and offers
// weights by which it would.
func (g *register) offered(better bool) {
	var t standing.Trial
	if err := json.Unmarshal(g.trial, &t); err != nil {
		panic(err)
	}
	t.Validity.Loyal = insight.ProofNone
	o := &insight.WeightOffer{Weights: insight.Weights{.21, 1.4, .1, 2.2, 1.9, .8, 1}, Up: 31, Down: 84,
		Before: insight.WeightProof{Loyal: insight.ProportionOf(61, 130), Unproven: insight.ProportionOf(98, 211), Proof: insight.ProofNone},
		After:  insight.WeightProof{Loyal: insight.ProportionOf(58, 77), Unproven: insight.ProportionOf(101, 264), Proof: insight.ProofBetter}}
	if !better {
		o.After.Proof = insight.ProofNone
	}
	t.Offer = o
	g.trial, _ = json.Marshal(t)
}

func (g *register) Standings(_ context.Context, _ crm.Viewer, q crm.LoyaltyQuery) (out []crm.LoyaltyRow, next int64, _ error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	begun := q.After == 0
	for _, l := range g.rows {
		ok := (len(q.Rungs) == 0 || slices.Contains(q.Rungs, l.Rung)) && (len(q.Timings) == 0 || slices.Contains(q.Timings, l.Timing)) && (q.Note == "" || q.Note == l.Note)
		if len(q.Was) > 0 {
			ok = ok && slices.Contains(q.Was, g.was[q.Span][l.Customer])
		}
		if begun && ok {
			if len(out) == q.Limit {
				return out, int64(out[len(out)-1].Customer), nil
			}
			out = append(out, l)
		}
		begun = begun || int64(l.Customer) == q.After
	}
	return out, 0, nil
}

func (g *register) Validity(context.Context, crm.Viewer) ([]byte, error) { return g.trial, nil }

func (g *register) Loyalty(_ context.Context, _ crm.Viewer, id crm.CustomerID) (crm.LoyaltyRow, bool, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	i := slices.IndexFunc(g.rows, func(l crm.LoyaltyRow) bool { return l.Customer == id })
	if i < 0 {
		return crm.LoyaltyRow{}, false, nil
	}
	return g.rows[i], true, nil
}

func (g *register) LoyaltyHistory(_ context.Context, _ crm.Viewer, id crm.CustomerID) ([]crm.RungChange, error) {
	return g.past[id], nil
}

func (g *register) Order(_ context.Context, _ crm.Viewer, id crm.OrderID) (crm.Order, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, o := range g.orders {
		if o.ID == id {
			return o, nil
		}
	}
	return crm.Order{}, crm.NotFound("no order has the id %d", id)
}

func (g *register) Orders(_ context.Context, _ crm.Viewer, q crm.OrderQuery) ([]crm.Order, crm.PageKey, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	var out []crm.Order
	for _, o := range g.orders {
		if (q.Customer == 0 || o.Customer == q.Customer) && (!q.Nobody || o.Customer == 0) {
			out = append(out, o)
		}
	}
	return page(out, func(o crm.Order) crm.PageKey { return crm.PageKey{At: o.At, ID: int64(o.ID)} }, q.After, q.Limit)
}

func (g *register) AssignOrder(_ context.Context, v crm.Viewer, id crm.OrderID, customer crm.CustomerID, _ crm.ContactID) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	for i := range g.orders {
		if g.orders[i].ID == id {
			g.orders[i].Customer, g.orders[i].Rule, g.orders[i].Evidence = customer, crm.RuleByHand, "Mikko Laine"
			return nil
		}
	}
	return crm.NotFound("no order has the id %d", id)
}

// orderOn puts an order on a timeline.
func (m *memory) orderOn(o crm.Order) {
	m.insert(o.Customer, crm.TimelineItem{Kind: "order", At: o.At.Add(-time.Minute), Order: &o})
}
