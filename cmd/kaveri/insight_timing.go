package main

import (
	"context"
	"math"

	"github.com/spf13/cobra"

	"kaveri/insight"
)

func (p *program) insightTimingCommand() *cobra.Command {
	var o orderFlags
	var today string
	var order int
	c := p.reads(&cobra.Command{
		Use: "timing FILE", Short: "Say how long customers take from one order to the next (Kaplan-Meier)",
		Long: ordersLong,
		Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			return p.insightTiming(c.Context(), args[0], today, order, o)
		},
	})
	c.Flags().StringVar(&today, "today", "", "the last day that is looked at")
	c.Flags().IntVar(&order, "from-order", 1, "from the order of this number to the next")
	c.MarkFlagRequired("today")
	o.add(c)
	return c
}

// timingJSON is the silence curve in JSON.
type timingJSON struct {
	Clock          float64      `json:"clock"`
	ClockCustomers int          `json:"clock_customers"`
	DueDay         *int         `json:"due_day"`
	OverdueDay     *int         `json:"overdue_day"`
	LapsedDay      *int         `json:"lapsed_day"`
	Curve          [][2]float64 `json:"curve"`
	ClockAssumed   bool         `json:"clock_assumed"`
	Horizon        float64      `json:"horizon"`
	FromOrder      int          `json:"from_order"`
	Spells         int          `json:"spells"`
	Orders         int          `json:"orders"`
}

func (p *program) insightTiming(ctx context.Context, name, today string, order int, o orderFlags) error {
	day, err := dayFlag("today", today)
	if err != nil {
		return err
	}
	if order < 1 {
		return misused("--from-order: %d is not a number from 1 on", order)
	}
	file, err := p.readOrders(ctx, name, o)
	if err != nil {
		return err
	}
	h := file.histories()
	clock := insight.BusinessClock(h, day)
	curve := insight.KaplanMeier(h.Spells(order, day))
	j := timingOf(clock, curve)
	j.FromOrder = order
	if p.json {
		err = p.printJSON(j)
	} else {
		err = p.printTiming(j)
	}
	if err != nil {
		return err
	}
	return file.outcome()
}

func timingOf(clock insight.Clock, curve *insight.Curve) timingJSON {
	j := timingJSON{
		Clock: clock.Days, ClockCustomers: clock.Customers, ClockAssumed: clock.Assumed, Horizon: insight.Horizon(clock.Days),
		Spells: curve.Spells, Orders: curve.Events, Curve: [][2]float64{},
	}
	if curve.Spells > 0 {
		for d := range curve.Last() + 1 {
			j.Curve = append(j.Curve, [2]float64{float64(d), curve.Returned(d)})
		}
	}
	if due, overdue, lapsed, ok := curve.Days(int(math.Ceil(j.Horizon))); ok {
		j.DueDay, j.OverdueDay, j.LapsedDay = &due, &overdue, &lapsed
	}
	return j
}

func (p *program) printTiming(j timingJSON) error {
	p.printf("Business clock: %s days", figure(j.Clock))
	if j.ClockAssumed {
		p.printf(", assumed: only %s ordered again", plural(j.ClockCustomers, "customer", "customers"))
	} else {
		p.printf(", from %s", plural(j.ClockCustomers, "customer", "customers"))
	}
	p.printf("\nFrom order %d to the next: %d of %d came\n", j.FromOrder, j.Orders, j.Spells)
	if j.DueDay != nil {
		p.printf("Due after %d days, overdue after %d, lapsed after %d\n", *j.DueDay, *j.OverdueDay, *j.LapsedDay)
	}
	t := p.table("DAY", "CAME BY THEN")
	for _, d := range []int{7, 14, 28, 56, 91, 182, 273, 365, 548, 730} {
		if d < len(j.Curve) {
			t.row(d, share(j.Curve[d][1]))
		}
	}
	return t.end()
}
