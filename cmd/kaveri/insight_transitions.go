package main

import (
	"context"
	"fmt"
	"strconv"

	"github.com/spf13/cobra"

	"kaveri/crm"
	"kaveri/insight"
)

// transitionsFlags are those of "insight transitions".
type transitionsFlags struct {
	orderFlags
	from, to, model string
	names           bool
}

func (p *program) insightTransitionsCommand() *cobra.Command {
	var f transitionsFlags
	c := p.reads(&cobra.Command{
		Use: "transitions FILE", Short: "Count who moved between the rungs of the ladder from one day to another",
		Long: ordersLong + "\nClock and model are those of the first day on both, so that nobody moves who has not moved.",
		Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error { return p.insightTransitions(c.Context(), args[0], f) },
	})
	c.Flags().StringVar(&f.from, "from", "", "the first day")
	c.Flags().StringVar(&f.to, "to", "", "the second day")
	c.Flags().StringVar(&f.model, "model", modelStarter, "starter (the prior alone, which compares any two reports), fitted, or auto")
	c.Flags().BoolVar(&f.names, "names", false, "say who stands behind each count")
	for _, name := range []string{"from", "to"} {
		c.MarkFlagRequired(name)
	}
	f.add(c)
	return c
}

// transitionsJSON is a transition matrix in JSON.
type transitionsJSON struct {
	Clock          float64             `json:"clock"`
	Rows           []string            `json:"rows"`
	Columns        []string            `json:"columns"`
	Counts         [][]int             `json:"counts"`
	Rates          map[string]rateJSON `json:"rates"`
	Shares         [][]rateJSON        `json:"shares"`
	Few            []bool              `json:"few"`
	ClockCustomers int                 `json:"clock_customers"`
	ClockAssumed   bool                `json:"clock_assumed"`
	Model          string              `json:"model"`
	From           string              `json:"from"`
	To             string              `json:"to"`
	Customers      [][][]string        `json:"customers,omitempty"`
}

// rateJSON is a share with its 95 % interval in JSON.
type rateJSON struct {
	Count int      `json:"count"`
	Of    int      `json:"of"`
	Rate  *float64 `json:"rate"` // null of nothing
	Low   *float64 `json:"low"`
	High  *float64 `json:"high"`
}

func rateOf(p insight.Proportion) rateJSON {
	j := rateJSON{Count: p.Count, Of: p.Of}
	if p.Of > 0 {
		rate := p.Rate()
		j.Rate, j.Low, j.High = &rate, &p.Low, &p.High
	}
	return j
}

func (p *program) insightTransitions(ctx context.Context, name string, f transitionsFlags) error {
	from, err := dayFlag("from", f.from)
	if err != nil {
		return err
	}
	to, err := dayFlag("to", f.to)
	if err != nil {
		return err
	}
	if to <= from {
		return misused("--to: %s is not after --from", to)
	}
	if err := checkModelChoice(f.model); err != nil {
		return err
	}
	file, err := p.readOrders(ctx, name, f.orderFlags)
	if err != nil {
		return err
	}
	h := file.histories()
	clock := insight.BusinessClock(h, from)
	r, err := rhythmOf(f.model, h, from, clock.Days)
	if err != nil {
		return err
	}
	on := func(day crm.Day) []crm.Rung {
		return rungsOn(h, insight.NewLadder(day, clock.Days, r.model, r.seconds))
	}
	t := insight.CountTransitions(on(from), on(to))
	j := transitionsOf(t, clock)
	j.Model, j.From, j.To = r.source, from.String(), to.String()
	if f.names {
		j.Customers = file.behind(t)
	}
	if p.json {
		err = p.printJSON(j)
	} else {
		err = p.printTransitions(j)
	}
	if err != nil {
		return err
	}
	return file.outcome()
}

func rungsOn(h *insight.Histories, l *insight.Ladder) []crm.Rung {
	rungs := make([]crm.Rung, h.Len())
	for i := range rungs {
		rungs[i] = l.Stand(h.Days(i), nil).Rung
	}
	return rungs
}

func transitionsOf(t *insight.Transitions, clock insight.Clock) transitionsJSON {
	j := transitionsJSON{Clock: clock.Days, ClockCustomers: clock.Customers, ClockAssumed: clock.Assumed,
		Rows: t.Rows, Columns: t.Columns, Counts: t.Counts, Rates: map[string]rateJSON{}}
	for i := range t.Rows {
		var row []rateJSON
		for k := range t.Columns {
			row = append(row, rateOf(t.Share(i, k)))
		}
		j.Shares = append(j.Shares, row)
		j.Few = append(j.Few, t.Few(i))
	}
	for _, m := range insight.Movements() {
		j.Rates[string(m)] = rateOf(t.Rate(m))
	}
	return j
}

// behind names the customers of each count.
func (f *orderFile) behind(t *insight.Transitions) [][][]string {
	out := make([][][]string, len(t.Who))
	for i, row := range t.Who {
		out[i] = make([][]string, len(row))
		for k, who := range row {
			out[i][k] = []string{}
			for _, c := range who {
				out[i][k] = append(out[i][k], f.ids[c])
			}
		}
	}
	return out
}

// movementNames are what people read of the five rates.
var movementNames = map[insight.Movement]string{
	insight.MoveSecondOrder: "second order: ONE-TIME, QUIET to higher",
	insight.MovePromotion:   "promotion: OCCASIONAL to FREQUENT or higher",
	insight.MoveProof:       "proof: FREQUENT to LOYAL or higher",
	insight.MoveWinBack:     "win-back: QUIET, LAPSED to active",
	insight.MoveLeak:        "leak: LOYAL, ADVOCATE to LAPSED",
}

func (p *program) printTransitions(j transitionsJSON) error {
	p.printf("%s to %s: clock %s days from %s, %s model\n\n", j.From, j.To, figure(j.Clock), plural(j.ClockCustomers, "customer", "customers"), j.Model)
	t := p.table(append([]string{"FROM / TO"}, j.Columns...)...)
	for i, row := range j.Counts {
		cells := []any{j.Rows[i]}
		for k, n := range row {
			text := strconv.Itoa(n)
			if n > 0 && !j.Few[i] {
				text += fmt.Sprintf(" (%.0f %%)", 100**j.Shares[i][k].Rate)
			}
			cells = append(cells, text)
		}
		t.row(cells...)
	}
	if err := t.end(); err != nil {
		return err
	}
	p.printf("\n")
	t = p.table("RATE", "", "95 % INTERVAL")
	for _, m := range insight.Movements() {
		r := j.Rates[string(m)]
		if r.Rate == nil {
			t.row(movementNames[m], "nobody", "")
			continue
		}
		t.row(movementNames[m], fmt.Sprintf("%d of %d, %s", r.Count, r.Of, share(*r.Rate)), fmt.Sprintf("%s to %s", share(*r.Low), share(*r.High)))
	}
	if err := t.end(); err != nil {
		return err
	}
	return p.printNames(j)
}

// printNames lists the customers behind the counts, when that was asked for.
func (p *program) printNames(j transitionsJSON) error {
	for i, row := range j.Customers {
		for k, names := range row {
			if len(names) == 0 {
				continue
			}
			p.printf("\n%s to %s:", j.Rows[i], j.Columns[k])
			for _, name := range names {
				p.printf(" %s", printable(name))
			}
			p.printf("\n")
		}
	}
	return nil
}
