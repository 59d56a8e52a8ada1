package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strconv"

	"github.com/spf13/cobra"

	"kaveri/crm"
	"kaveri/insight"
)

// ladderFlags are those of "insight ladder".
type ladderFlags struct {
	orderFlags
	today, model string
}

func (p *program) insightLadderCommand() *cobra.Command {
	var f ladderFlags
	c := p.reads(&cobra.Command{
		Use: "ladder FILE", Short: "Say on which rung of the ladder each customer stands, and whether they are due",
		Long: ordersLong + "\nA file that begins with { is JSON, with the orders and what else is known of the customers (docs/cli.md).",
		Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error { return p.insightLadder(c.Context(), args[0], f) },
	})
	c.Flags().StringVar(&f.today, "today", "", "the day to stand on; what comes after it is not known (needed unless JSON says it)")
	c.Flags().StringVar(&f.model, "model", modelAuto, "starter (the prior alone), fitted, or auto: fitted when there is enough to fit")
	f.add(c)
	return c
}

// standingJSON is a customer's standing in JSON.
type standingJSON struct {
	ID         any          `json:"id"`
	Events     int          `json:"n"`
	Filled     int          `json:"m"`
	Cycles     int          `json:"K"`
	Rung       crm.Rung     `json:"rung"`
	Note       crm.RungNote `json:"note"`
	Timing     *crm.Timing  `json:"timing"`
	Silence    *float64     `json:"S"`
	Waiting    *float64     `json:"S_H"`
	PAlive     *float64     `json:"p_alive"`
	POrder     *float64     `json:"p_order_90"`
	DueDay     *float64     `json:"due_day"`
	OverdueDay *float64     `json:"overdue_day"`
	LapsedDay  *float64     `json:"lapsed_day"`
	Points     float64      `json:"L"`
	Index      float64      `json:"A"`
	Enough     bool         `json:"enough"`
	Model      string       `json:"model"`
	Curve      string       `json:"curve"`
	Arithmetic []string     `json:"arithmetic"`
}

// The values of curve: what told the timing.
const (
	curveModel   = "model"
	curveSeconds = "second orders"
)

func standingOf(id any, s *crm.Standing, model string) standingJSON {
	j := standingJSON{ID: id, Events: s.Events, Filled: s.Filled, Cycles: s.Cycles, Rung: s.Rung, Note: s.Note,
		Points: s.Attitude.Points, Index: s.Attitude.Index, Enough: s.Attitude.Enough, Model: model, Curve: curveModel, Arithmetic: s.Attitude.Arithmetic()}
	if s.BySecondOrders {
		j.Curve = curveSeconds
	}
	if s.Events > 0 {
		j.Timing, j.Silence, j.Waiting, j.PAlive, j.POrder = &s.Timing, &s.Silence, &s.Waiting, &s.PAlive, &s.POrder
		j.DueDay, j.OverdueDay, j.LapsedDay = &s.DueDay, &s.OverdueDay, &s.LapsedDay
	}
	return j
}

func (p *program) insightLadder(ctx context.Context, name string, f ladderFlags) error {
	if err := checkModelChoice(f.model); err != nil {
		return err
	}
	zone, err := f.zoneOf()
	if err != nil {
		return err
	}
	data, err := p.readFile(ctx, name, maxOrders)
	if err != nil {
		return err
	}
	if bytes.HasPrefix(bytes.TrimLeft(data, " \t\r\n\ufeff"), []byte("{")) {
		return p.ladderOfJSON(data, f)
	}
	if f.today == "" {
		return misused("needed: --today; the verb with --help says what it is")
	}
	today, err := dayFlag("today", f.today)
	if err != nil {
		return err
	}
	file, err := p.parseOrders(data, zone, !insight.Counting(f.paidOnly))
	if err != nil {
		return err
	}
	return p.ladderOfOrders(file, today, f.model)
}

// ladderOfOrders answers for each customer with a row up to today.
func (p *program) ladderOfOrders(file *orderFile, today crm.Day, choice string) error {
	h := file.histories()
	clock := insight.BusinessClock(h, today)
	r, err := rhythmOf(choice, h, today, clock.Days)
	if err != nil {
		return err
	}
	ladder := insight.NewLadder(today, clock.Days, r.model, r.seconds)
	out := p.standings(r.source)
	if !p.json {
		p.printf("%s: clock %s days from %s, %s model\n\n", today, figure(clock.Days), plural(clock.Customers, "customer", "customers"), r.source)
	}
	for i, id := range file.ids {
		if file.since[i] > today {
			continue // not known yet
		}
		s := ladder.Stand(h.Days(i), nil)
		if err := out.add(id, &s); err != nil {
			return err
		}
	}
	if err := out.end(); err != nil {
		return err
	}
	return file.outcome()
}

// standingsOut prints standings as they come.
type standingsOut struct {
	model  string
	buffer *bufio.Writer
	json   *json.Encoder // nil: a table
	table  table
}

func (p *program) standings(model string) standingsOut {
	o := standingsOut{model: model, buffer: bufio.NewWriterSize(p.stdout, 64<<10)}
	if p.json {
		o.json = json.NewEncoder(o.buffer)
		o.json.SetEscapeHTML(false)
	} else {
		o.table = p.tableOn(o.buffer, "CUSTOMER", "ORDERS", "RUNG", "NOTE", "TIMING", "ALIVE", "ORDER IN 90 D", "DUE", "OVERDUE", "LAPSED", "ATTITUDE")
	}
	return o
}

func (o *standingsOut) add(id any, s *crm.Standing) error {
	if o.json != nil {
		return o.json.Encode(standingOf(id, s, o.model))
	}
	if s.Events == 0 {
		o.table.row(fmt.Sprint(id), 0, string(s.Rung), "", "", "", "", "", "", "", fmt.Sprintf("%.2f", s.Attitude.Index))
		return nil
	}
	o.table.row(fmt.Sprint(id), s.Events, string(s.Rung), string(s.Note), string(s.Timing), share(s.PAlive), share(s.POrder),
		dayAfter(s, s.DueDay), dayAfter(s, s.OverdueDay), dayAfter(s, s.LapsedDay), fmt.Sprintf("%.2f", s.Attitude.Index))
	return nil
}

// dayAfter gives the calendar day, so many days after the last event.
func dayAfter(s *crm.Standing, days float64) string { return (s.Last + crm.Day(days+.5)).String() }

func (o *standingsOut) end() error {
	if o.json == nil {
		if err := o.table.end(); err != nil {
			return err
		}
	}
	return o.buffer.Flush()
}

// share shows a probability to people.
func share(f float64) string { return strconv.FormatFloat(100*f, 'f', 1, 64) + " %" }
