package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"kaveri/crm"
	"kaveri/insight/standing"
	"kaveri/store"
)

func (p *program) ladderCommand() *cobra.Command {
	c := p.reads(&cobra.Command{
		Use: "ladder", Short: "The loyalty ladder: how many customers stand on which rung", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return p.countLadder(c.Context()) },
	})
	var f ladderListFlags
	list := p.reads(&cobra.Command{
		Use: "list", Short: "List customers by the value awaited of them, with rung and timing", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return p.listLadder(c.Context(), f) },
	})
	list.Flags().StringSliceVar(&f.rungs, "rung", nil, "only these, such as LOYAL,ADVOCATE")
	list.Flags().StringSliceVar(&f.timings, "timing", nil, "only these, such as DUE,OVERDUE")
	list.Flags().StringVar(&f.note, "note", "", "only these: unproven, bound, well-wisher, or of who lapsed \"was LOYAL\"")
	list.Flags().StringVar(&f.at, "at", "", "as they stood on this day, like 2026-03-31 (default: now)")
	show := p.reads(&cobra.Command{
		Use: "show CUSTOMER", Short: "Show where a customer stands and why, and where they stood", Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error { return p.showLadder(c.Context(), args[0]) },
	})
	var accept bool
	run := p.reads(&cobra.Command{
		Use: "run", Short: "Find the standings of all customers now; a running Kaveri does so each night", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return p.runLadder(c.Context(), accept) },
	})
	run.Flags().BoolVar(&accept, "accept-clock", false, "use the business clock that was proposed")
	c.AddCommand(list, show, run, p.ladderMovesCommand(), p.ladderWeightsCommand())
	return c
}

// ladderJSON is the ladder in JSON.
type ladderJSON struct {
	Day       crm.Day         `json:"day"`
	Clock     float64         `json:"clock"`
	Customers int             `json:"clock_customers"`
	Assumed   bool            `json:"clock_assumed"`
	Proposed  float64         `json:"clock_proposed"`
	Model     ladderModelJSON `json:"model"`
	Rungs     []rungJSON      `json:"rungs"`
}

type ladderModelJSON struct {
	Source string  `json:"source"` // starter or fitted
	R      float64 `json:"r"`
	Alpha  float64 `json:"alpha"`
	A      float64 `json:"a"`
	B      float64 `json:"b"`
	K      int     `json:"k"`
}

type rungJSON struct {
	Rung      crm.Rung           `json:"rung"`
	Customers int                `json:"customers"`
	Timings   map[crm.Timing]int `json:"timings"`
	Value     string             `json:"value_12m"`
}

// ladderOf gives the newest ladder, and says what to do when there is none.
func ladderOf(ctx context.Context, s *store.Store) (crm.LadderFacts, error) {
	f, ok, err := s.Ladder(ctx)
	if err == nil && !ok {
		err = crm.NotFound("no ladder was found yet; kaveri ladder run finds one")
	}
	return f, err
}

func (p *program) countLadder(ctx context.Context) error {
	s, err := p.openExisting(ctx)
	if err != nil {
		return err
	}
	defer s.Close()
	f, err := ladderOf(ctx, s)
	if err != nil {
		return err
	}
	return p.printLadder(ctx, s, &f)
}

func (p *program) printLadder(ctx context.Context, s *store.Store, f *crm.LadderFacts) error {
	counts, err := s.LadderCounts(ctx, crm.SystemViewer)
	if err != nil {
		return err
	}
	j := ladderJSON{Day: f.Day, Clock: f.Clock, Customers: f.Customers, Assumed: f.Assumed, Proposed: f.Proposed, Rungs: []rungJSON{},
		Model: ladderModelJSON{modelFitted, f.Params[0], f.Params[1], f.Params[2], f.Params[3], f.K}}
	if f.Starter {
		j.Model.Source = modelStarter
	}
	for _, c := range counts {
		j.Rungs = append(j.Rungs, rungJSON{c.Rung, c.Customers, c.Timings, c.Value.String()})
	}
	if p.json {
		return p.printJSON(j)
	}
	p.printf("On %s. A typical customer orders every %s days (told from %s); %s model.\n", f.Day, figure(f.Clock), plural(f.Customers, "customer", "customers"), j.Model.Source)
	if f.Proposed != 0 {
		p.printf("The pace has changed to %s days; kaveri ladder run --accept-clock uses it, and moves customers who did nothing.\n", figure(f.Proposed))
	}
	t := p.table("RUNG", "CUSTOMERS", "ON TIME", "DUE", "OVERDUE", "LAPSED", "VALUE IN 12 MONTHS")
	for _, c := range counts {
		t.row(string(c.Rung), c.Customers, c.Timings[crm.TimingOnTime], c.Timings[crm.TimingDue], c.Timings[crm.TimingOverdue], c.Timings[crm.TimingLapsed], c.Value.String())
	}
	return t.end()
}

// ladderListFlags select customers.
type ladderListFlags struct {
	rungs, timings []string
	note, at       string
}

// query reads the flags.
func (f *ladderListFlags) query() (q store.LoyaltyQuery, err error) {
	for _, s := range f.rungs {
		rung := crm.Rung(strings.ToUpper(strings.TrimSpace(s)))
		if !slices.Contains(crm.Rungs, rung) {
			return q, misused("--rung: %q is none; choose of %s", s, wordsOf(crm.Rungs))
		}
		q.Rungs = append(q.Rungs, rung)
	}
	for _, s := range f.timings {
		timing := crm.Timing(strings.ToUpper(strings.TrimSpace(s)))
		if !slices.Contains(crm.Timings, timing) {
			return q, misused("--timing: %q is none; choose of %s", s, wordsOf(crm.Timings))
		}
		q.Timings = append(q.Timings, timing)
	}
	if q.Note, err = rungNote(f.note); err != nil {
		return q, err
	}
	q.Limit = 500
	if f.at != "" {
		t, err := time.Parse(time.DateOnly, f.at)
		if err != nil {
			return q, misused("--at: %q is not a day; write it like 2026-03-31", f.at)
		}
		q.Day = crm.DayOf(t)
	}
	return q, nil
}

// rungNote reads a note; "" is any.
func rungNote(s string) (crm.RungNote, error) {
	notes := []crm.RungNote{crm.NoteUnproven, crm.NoteBound, crm.NoteWellWisher}
	for _, r := range crm.Rungs {
		notes = append(notes, crm.NoteWas(r))
	}
	asked := strings.Join(strings.Fields(s), " ")
	if asked == "" {
		return crm.NoteNone, nil
	}
	for _, n := range notes {
		if strings.EqualFold(string(n), asked) {
			return n, nil
		}
	}
	return "", misused("--note: %q is none; choose of %s", s, wordsOf(notes))
}

// wordsOf lists the values of a vocabulary.
func wordsOf[T ~string](list []T) string {
	out := make([]string, len(list))
	for i, v := range list {
		out[i] = string(v)
	}
	return strings.Join(out, ", ")
}

// loyaltyJSON is a customer's standing in JSON. Days are dates, null for none.
type loyaltyJSON struct {
	Customer   crm.CustomerID `json:"customer"`
	Name       string         `json:"name"`
	Rung       crm.Rung       `json:"rung"`
	Timing     crm.Timing     `json:"timing"`
	Note       crm.RungNote   `json:"note"`
	Since      *string        `json:"since"`
	Events     int            `json:"n"`
	Filled     int            `json:"m"`
	Cycles     int            `json:"K"`
	First      *string        `json:"first"`
	Last       *string        `json:"last"`
	Due        *string        `json:"due"`
	Overdue    *string        `json:"overdue"`
	Lapsed     *string        `json:"lapsed"`
	PAlive     float64        `json:"p_alive"`
	POrder     float64        `json:"p_order_90"`
	Spent      string         `json:"spent"`
	Value      string         `json:"value_12m"`
	Points     float64        `json:"L"`
	Index      float64        `json:"A"`
	Enough     bool           `json:"enough"`
	Arithmetic []string       `json:"arithmetic"`
}

func loyaltyJSONOf(l *crm.LoyaltyRow) loyaltyJSON {
	day := func(d crm.Day) *string {
		if d == 0 {
			return nil
		}
		s := d.String()
		return &s
	}
	j := loyaltyJSON{l.Customer, l.Name, l.Rung, l.Timing, l.Note, day(l.Since), l.Events, l.Filled, l.Cycles, day(l.First), day(l.Last), day(l.Due), day(l.Overdue), day(l.Lapsed),
		l.PAlive, l.POrder, l.Spent.String(), l.Value.String(), l.Attitude.Points, l.Attitude.Index, l.Attitude.Enough, l.Attitude.Arithmetic()}
	return j
}

func (p *program) listLadder(ctx context.Context, f ladderListFlags) error {
	q, err := f.query()
	if err != nil {
		return err
	}
	s, err := p.openExisting(ctx)
	if err != nil {
		return err
	}
	defer s.Close()
	if err := p.notAhead(ctx, s, q.Day); err != nil {
		return err
	}
	if q.Day != 0 && !p.json {
		p.printf("As they stood on %s; what else is known is of today and left out.\n", q.Day)
	}
	l := p.listing("ID", "NAME", "RUNG", "NOTE", "TIMING", "LAST ORDER", "DUE", "VALUE IN 12 MONTHS")
	for {
		rows, next, err := s.Standings(ctx, crm.SystemViewer, q)
		if err != nil {
			return err
		}
		for i := range rows {
			if q.Day != 0 {
				j := stoodJSONOf(&rows[i], q.Day)
				if err := l.entry(j, int64(j.Customer), j.Name, string(j.Rung), string(j.Note), string(j.Timing), "", "", ""); err != nil {
					return err
				}
				continue
			}
			j := loyaltyJSONOf(&rows[i])
			if err := l.entry(j, int64(j.Customer), j.Name, string(j.Rung), string(j.Note), string(j.Timing), orDash(j.Last), orDash(j.Due), j.Value); err != nil {
				return err
			}
		}
		if q.After = next; next == 0 {
			break
		}
	}
	return l.end()
}

// notAhead refuses a day that is still to come in the firm's zone.
func (p *program) notAhead(ctx context.Context, s *store.Store, day crm.Day) error {
	firm, err := s.Firm(ctx)
	if err == nil && day > crm.DayOf(p.now().In(firm.Zone())) {
		err = misused("--at: %s is still to come; nobody stands anywhere yet on that day", day)
	}
	return err
}

// stoodJSON is what is known of where a customer stood on a day, in JSON.
type stoodJSON struct {
	Customer crm.CustomerID `json:"customer"`
	Name     string         `json:"name"`
	At       string         `json:"at"`
	Rung     crm.Rung       `json:"rung"`
	Timing   crm.Timing     `json:"timing"`
	Note     crm.RungNote   `json:"note"`
	Since    *string        `json:"since"` // null: they have changed their rung since
}

// stoodJSONOf leaves out what is known of today alone. The rung on which somebody
// stands since that day or longer is that of the day.
func stoodJSONOf(l *crm.LoyaltyRow, day crm.Day) stoodJSON {
	j := stoodJSON{Customer: l.Customer, Name: l.Name, At: day.String(), Rung: l.Rung, Timing: l.Timing, Note: l.Note}
	if l.Since != 0 && l.Since <= day {
		since := l.Since.String()
		j.Since = &since
	}
	return j
}

func orDash(s *string) string {
	if s == nil {
		return "-"
	}
	return *s
}

func (p *program) showLadder(ctx context.Context, customer string) error {
	s, err := p.openExisting(ctx)
	if err != nil {
		return err
	}
	defer s.Close()
	id, err := presentCustomer(ctx, s, crm.SystemViewer, customer)
	if err != nil {
		return err
	}
	l, ok, err := s.Loyalty(ctx, crm.SystemViewer, id)
	if err != nil {
		return err
	}
	if !ok {
		return crm.NotFound("where customer %d stands was not found yet; kaveri ladder run finds it", id)
	}
	history, err := s.LoyaltyHistory(ctx, crm.SystemViewer, id)
	if err != nil {
		return err
	}
	j := struct {
		loyaltyJSON
		History []rungChangeJSON `json:"history"`
	}{loyaltyJSONOf(&l), []rungChangeJSON{}}
	for _, c := range history {
		j.History = append(j.History, rungChangeJSON{c.Day.String(), c.Rung, c.Timing, c.Note})
	}
	if p.json {
		return p.printJSON(j)
	}
	p.printf("%s: %s, since %s.\n", printable(l.Name), standingText(l.Rung, l.Note, l.Timing), l.Since)
	p.printf("%s, %d of the last %d cycles; spent %s, awaited in 12 months %s.\n", plural(l.Events, "order day", "order days"), l.Filled, l.Cycles, l.Spent, l.Value)
	for _, line := range j.Arithmetic {
		p.printf("  %s\n", line)
	}
	p.printf("Attitude %.2f.\n", l.Attitude.Index)
	for _, c := range history {
		p.printf("%s  %s\n", c.Day, standingText(c.Rung, c.Note, c.Timing))
	}
	return nil
}

type rungChangeJSON struct {
	Day    string       `json:"day"`
	Rung   crm.Rung     `json:"rung"`
	Timing crm.Timing   `json:"timing"`
	Note   crm.RungNote `json:"note"`
}

// standingText says where somebody stands: "FREQUENT (bound), OVERDUE".
func standingText(r crm.Rung, n crm.RungNote, t crm.Timing) string {
	s := string(r)
	if n != "" {
		s += fmt.Sprintf(" (%s)", n)
	}
	if t != "" {
		s += ", " + string(t)
	}
	return s
}

func (p *program) runLadder(ctx context.Context, accept bool) error {
	s, err := p.openExisting(ctx)
	if err != nil {
		return err
	}
	defer s.Close()
	bar := p.bar("customers")
	k := standing.New(standing.Options{Store: s, Log: p.log, Now: p.now, Progress: func(done, total int) { bar.of(int64(done), int64(total)) }})
	run := k.Night
	if accept {
		run = k.AcceptClock
	}
	f, err := run(ctx)
	bar.end()
	if err == nil {
		err = k.Review(ctx, f)
	}
	if err != nil {
		return err
	}
	return p.printLadder(ctx, s, &f)
}
