package web

import (
	"context"
	"encoding/json"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"kaveri/crm"
	"kaveri/insight"
	"kaveri/insight/standing"
)

// Loyalty is what the pages about orders and the loyalty ladder read and change.
// Every read takes a viewer and returns only what that viewer may see.
type Loyalty interface {
	// Ladder gives what the standings of today have in common; ok is false
	// before the first were found.
	Ladder(ctx context.Context) (f crm.LadderFacts, ok bool, err error)
	LadderCounts(ctx context.Context, v crm.Viewer) ([]crm.RungCount, error)
	// RungMoves counts who moved over one of [crm.MoveSpans]; ok is false while
	// nobody has told it.
	RungMoves(ctx context.Context, v crm.Viewer, span int) (m crm.Movement, list []crm.RungMove, ok bool, err error)
	// RungDays gives how many stood on each rung on the days since one that were
	// counted, the oldest first.
	RungDays(ctx context.Context, v crm.Viewer, since crm.Day) ([]crm.RungDay, error)
	// OrderWeeks sums orders by week, the oldest first.
	OrderWeeks(ctx context.Context, v crm.Viewer, since crm.Day) ([]crm.OrderWeek, error)
	// WeightChanges lists who put which weights of the signs in use, the newest first.
	WeightChanges(ctx context.Context, v crm.Viewer) ([]crm.WeightChange, error)
	// Standings lists customers by the value awaited of them, the highest first,
	// with the key of the next page, 0 at the end.
	Standings(ctx context.Context, v crm.Viewer, q crm.LoyaltyQuery) ([]crm.LoyaltyRow, int64, error)
	// Validity gives a [standing.Trial] as JSON, nil before the first.
	Validity(ctx context.Context, v crm.Viewer) ([]byte, error)
	// Loyalty gives where a customer stands; ok is false while that is unknown.
	Loyalty(ctx context.Context, v crm.Viewer, id crm.CustomerID) (l crm.LoyaltyRow, ok bool, err error)
	// LoyaltyHistory gives where they stood, the oldest first.
	LoyaltyHistory(ctx context.Context, v crm.Viewer, id crm.CustomerID) ([]crm.RungChange, error)

	Order(ctx context.Context, v crm.Viewer, id crm.OrderID) (crm.Order, error)
	Orders(ctx context.Context, v crm.Viewer, q crm.OrderQuery) ([]crm.Order, crm.PageKey, error)
	// AssignOrder says whose an order is; 0: nobody's.
	AssignOrder(ctx context.Context, v crm.Viewer, id crm.OrderID, customer crm.CustomerID, contact crm.ContactID) error
}

// Clock takes what the ladder proposes and a person accepts: another business
// clock, other weights of the signs. TableWeights takes the latter back.
type Clock interface {
	AcceptClock(ctx context.Context) (crm.LadderFacts, error)
	AcceptWeights(ctx context.Context, v crm.Viewer) (crm.LadderFacts, error)
	TableWeights(ctx context.Context, v crm.Viewer) (crm.LadderFacts, error)
}

// LoyaltyPage is the ladder: who stands where, who moved, who is awaited, and
// whether the labels are true.
type LoyaltyPage struct {
	Shell
	Ready     bool // a ladder was found
	Bought    bool // somebody has ordered
	Day       string
	Rungs     []RungLine
	Contacts  int
	Customers int // who have ordered
	Value     string
	Pace      Pace
	Nobodys   bool // there are orders of nobody
	Moves     Moves
	Second    *Second
	Overdue   []AwaitedLine
	Due       []AwaitedLine
	Trial     TrialView
	Weights   WeightsView
	Time      *Chart // nil: there are too few days
}

// RungLine is a rung of the picture.
type RungLine struct {
	Rung               crm.Rung
	Name, Text         string
	Off                bool // beside the ladder: who has left it
	N                  int
	OnTime, Late, Long int // late is due, long overdue
	Notes              []NoteCount
	Bar                []BarPart
	Value              string
}

// NoteCount is how many bear a note.
type NoteCount struct {
	Note crm.RungNote
	Text string
	N    int
}

// Pace is the business clock in words.
type Pace struct {
	Text     string
	Model    string
	Proposed string // another one is proposed; "" when not
}

// onLadder are the rungs from the highest down, with those who have left it last.
var onLadder = []crm.Rung{crm.RungAdvocate, crm.RungLoyal, crm.RungFrequent, crm.RungOccasional, crm.RungOneTime, crm.RungQuiet, crm.RungLapsed}

// awaitedShown is how many of those who are due and overdue stand on the page.
const awaitedShown = 10

func (s *Server) loyaltyPage(w http.ResponseWriter, r *http.Request, c *call) error {
	p := LoyaltyPage{Shell: s.shell(c, "loyalty", c.t("loyalty.title"))}
	f, ok, err := s.Loyalty.Ladder(r.Context())
	if err != nil {
		return err
	}
	if p.Ready = ok; ok {
		if err := s.fillLoyalty(r, c, &f, &p); err != nil {
			return err
		}
	}
	if isFragment(r) {
		return s.renderPart(w, r, c, "loyalty", "loyalty", p)
	}
	s.render(w, r, c, http.StatusOK, "loyalty", p)
	return nil
}

func (s *Server) fillLoyalty(r *http.Request, c *call, f *crm.LadderFacts, p *LoyaltyPage) error {
	counts, err := s.Loyalty.LadderCounts(r.Context(), c.viewer)
	if err != nil {
		return err
	}
	c.ladder(counts, p)
	p.Bought, p.Day, p.Pace = p.Customers > 0, c.day(f.Day), c.pace(f)
	stray, _, err := s.Loyalty.Orders(r.Context(), c.viewer, crm.OrderQuery{Nobody: true, Limit: 1})
	if err != nil {
		return err
	}
	p.Nobodys = len(stray) > 0
	if !p.Bought {
		return nil
	}
	p.Second = c.second(f)
	if p.Moves, err = s.moves(r, c, f); err != nil {
		return err
	}
	if p.Time, err = s.ladderTime(r, c, f.Day); err != nil {
		return err
	}
	if p.Overdue, err = s.awaited(r, c, crm.TimingOverdue); err != nil {
		return err
	}
	if p.Due, err = s.awaited(r, c, crm.TimingDue); err != nil {
		return err
	}
	body, err := s.Loyalty.Validity(r.Context(), c.viewer)
	if err != nil || body == nil {
		return err
	}
	var t standing.Trial
	if err := json.Unmarshal(body, &t); err != nil {
		return err
	}
	p.Trial = c.trial(&t)
	p.Weights, err = s.weights(r, c, f, &t)
	return err
}

// ladder makes the picture of the counts.
func (c *call) ladder(counts []crm.RungCount, p *LoyaltyPage) {
	by, most := map[crm.Rung]*crm.RungCount{}, 0
	var value crm.Money
	for i := range counts {
		n := &counts[i]
		by[n.Rung] = n
		if n.Rung == crm.RungContact {
			p.Contacts = n.Customers
			continue
		}
		p.Customers += n.Customers
		most = max(most, n.Customers)
		value += n.Value
	}
	p.Value = c.rounded(value)
	for _, rung := range onLadder {
		n := by[rung]
		if n == nil {
			n = &crm.RungCount{Rung: rung}
		}
		l := RungLine{Rung: rung, Name: c.rung(rung), Text: c.t(Key("rung-text." + string(rung))), Off: !rung.Active(), N: n.Customers,
			OnTime: n.Timings[crm.TimingOnTime], Late: n.Timings[crm.TimingDue], Long: n.Timings[crm.TimingOverdue], Value: c.rounded(n.Value)}
		for _, note := range []crm.RungNote{crm.NoteUnproven, crm.NoteBound, crm.NoteWellWisher} {
			if k := n.Notes[note]; k > 0 {
				l.Notes = append(l.Notes, NoteCount{note, c.note(note), k})
			}
		}
		l.Bar = rungBar(n, most)
		p.Rungs = append(p.Rungs, l)
	}
}

// timingTones colours the timings; the words say the same.
var timingTones = map[crm.Timing]string{crm.TimingOnTime: "good", crm.TimingDue: "wait", crm.TimingOverdue: "bad", crm.TimingLapsed: "calm"}

// rungBar lays out a rung, in thousandths of the fullest one. Nobody is too few to
// be seen.
func rungBar(n *crm.RungCount, most int) (bar []BarPart) {
	x := 0
	for _, t := range crm.Timings {
		if k := n.Timings[t]; k > 0 {
			width := min(max(6, k*1000/most), 1000-x)
			bar = append(bar, BarPart{X: x, Width: width, Tone: timingTones[t]})
			x += width
		}
	}
	return bar
}

// pace says how fast customers order.
func (c *call) pace(f *crm.LadderFacts) Pace {
	p := Pace{Text: c.t("pace.told", c.days(f.Clock), f.Customers), Model: c.t("pace.starter")}
	if f.Assumed {
		p.Text = c.t("pace.assumed", c.days(f.Clock), f.Customers)
	}
	if !f.Starter {
		p.Model = c.t("pace.fitted", c.day(f.Fitted))
	}
	if f.Proposed != 0 {
		p.Proposed = c.days(f.Proposed)
	}
	return p
}

// acceptPace takes the clock that is proposed.
func (s *Server) acceptPace(w http.ResponseWriter, r *http.Request, c *call) error {
	if _, err := s.Clock.AcceptClock(r.Context()); err != nil {
		return err
	}
	return go303(w, r, "/loyalty", "pace")
}

// AwaitedLine is somebody who should have ordered, and what to do.
type AwaitedLine struct {
	crm.LoyaltyRow
	Stands string
	Do     string
	Last   string
	Worth  string
}

// awaited gives those of a timing, in the order in which they are worth a call:
// who is overdue by rung x value, who is due by service order and value. The best
// of each rung by value hold the best of all.
func (s *Server) awaited(r *http.Request, c *call, t crm.Timing) ([]AwaitedLine, error) {
	type ranked struct {
		crm.LoyaltyRow
		order int
		worth float64
	}
	var all []ranked
	for _, rung := range onLadder {
		if !rung.Active() {
			continue
		}
		rows, _, err := s.Loyalty.Standings(r.Context(), c.viewer, crm.LoyaltyQuery{Rungs: []crm.Rung{rung}, Timings: []crm.Timing{t}, Limit: awaitedShown})
		if err != nil {
			return nil, err
		}
		for _, row := range rows {
			st := row.Standing()
			k := ranked{row, 0, insight.AlertWorth(&st, row.Value.Float())}
			if t != crm.TimingOverdue {
				k.order, k.worth = insight.ServiceOrder(&st), row.Value.Float()
			}
			all = append(all, k)
		}
	}
	slices.SortStableFunc(all, func(a, b ranked) int {
		switch {
		case a.order != b.order:
			return a.order - b.order
		case a.worth > b.worth:
			return -1
		case a.worth < b.worth:
			return 1
		}
		return 0
	})
	var out []AwaitedLine
	for _, k := range all[:min(len(all), awaitedShown)] {
		st := k.Standing()
		out = append(out, AwaitedLine{k.LoyaltyRow, c.stands(k.Rung, k.Note), c.action(&st), c.day(k.Last), c.rounded(k.Value)})
	}
	return out, nil
}

// The words of the ladder.

func (c *call) rung(r crm.Rung) string { return c.t(Key("rung." + string(r))) }

func (c *call) timing(t crm.Timing) string {
	if t == "" {
		return ""
	}
	return c.t(Key("timing." + string(t)))
}

func (c *call) note(n crm.RungNote) string {
	for _, r := range crm.Rungs {
		if n == crm.NoteWas(r) {
			return c.t("note.was", lower(c.rung(r)))
		}
	}
	if n == crm.NoteNone {
		return ""
	}
	return c.t(Key("rung-note." + string(n)))
}

// stands says rung and note.
func (c *call) stands(r crm.Rung, n crm.RungNote) string {
	if text := c.note(n); text != "" {
		return c.rung(r) + ", " + text
	}
	return c.rung(r)
}

func (c *call) action(s *crm.Standing) string {
	return c.t(Key("action." + string(insight.NextAction(s))))
}

func (c *call) day(d crm.Day) string {
	if d == 0 {
		return ""
	}
	return c.clock.date(d.Time())
}

// days writes a number of days; a clock of a few days has a fraction.
func (c *call) days(d float64) string {
	if d >= 10 {
		return number(c.lang, int64(math.Round(d)))
	}
	return c.decimal(d, 1)
}

func (c *call) rounded(m crm.Money) string { return amount(c.lang, m, c.firm.Currency, true) }

func (c *call) decimal(f float64, places int) string {
	return decimalComma(c.lang, strconv.FormatFloat(f, 'f', places, 64))
}

// listPath is the address of the people behind a number.
func listPath(pairs ...string) string {
	v := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			v.Set(pairs[i], pairs[i+1])
		}
	}
	return "/loyalty/list?" + v.Encode()
}
