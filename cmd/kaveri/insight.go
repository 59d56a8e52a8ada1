package main

import (
	"time"

	"github.com/spf13/cobra"

	"kaveri/crm"
	"kaveri/insight"
)

func (p *program) insightCommand() *cobra.Command {
	return group("insight", "Say what a file of orders tells, without a database; baskets and promo also what the database tells",
		p.insightFitCommand(), p.insightTimingCommand(), p.insightLadderCommand(), p.insightTransitionsCommand(), p.insightBasketsCommand(), p.insightExperimentCommand(), p.insightPromoCommand())
}

// ordersLong describes the files that the verbs about customers read.
const ordersLong = "FILE is a table with the columns customer, date and amount, one order a row, in any order of rows; - is standard input.\n" +
	"Orders of one customer on one day are one event. An amount below 0 is a refund and no event."

// orderFlags are those of every verb that reads orders.
type orderFlags struct {
	zone     string
	paidOnly bool
}

func (o *orderFlags) add(c *cobra.Command) {
	c.Flags().StringVar(&o.zone, "time-zone", "", "zone of the business, for dates with a time and an offset (default: the day as it is written)")
	c.Flags().BoolVar(&o.paidOnly, "paid-only", false, "orders of value 0 are no events either")
}

// dayFlag reads a date of the command line. "" is an error.
func dayFlag(flag, text string) (crm.Day, error) {
	d, err := parseDay(text, nil)
	if err != nil {
		return 0, misused("--%s: %q is not a date such as 2026-03-31", flag, text)
	}
	return d, nil
}

// The values of --model of ladder and transitions.
const (
	modelAuto    = "auto"
	modelStarter = "starter"
	modelFitted  = "fitted"
)

// rhythm is what standings are told by: where the model is from, and what it
// is.
type rhythm struct {
	source  string // modelStarter or modelFitted
	model   insight.Model
	seconds *insight.Curve // nil: not used
}

// rhythmOf chooses what tells the timing on a day (docs/loyalty.md §8.2).
func rhythmOf(choice string, h *insight.Histories, today crm.Day, clock float64) (rhythm, error) {
	r := rhythm{modelStarter, insight.Starter(clock), nil}
	if choice == modelStarter {
		return r, nil
	}
	r.seconds = insight.KaplanMeier(h.Spells(1, today))
	if choice == modelFitted {
		fit, err := h.CellsOf(today).FitRegularity()
		r.source, r.model = modelFitted, fit.Model
		return r, err
	}
	m, fitted, err := insight.Usual(h, today, clock)
	if r.model = m; fitted {
		r.source = modelFitted
	}
	return r, err
}

// checkModelChoice refuses an unknown --model.
func checkModelChoice(choice string) error {
	switch choice {
	case modelAuto, modelStarter, modelFitted:
		return nil
	}
	return misused("--model: %q is unknown; choose auto, starter or fitted", choice)
}

// zoneOf finds the zone of --time-zone, nil when none is named.
func (o *orderFlags) zoneOf() (*time.Location, error) {
	if o.zone == "" {
		return nil, nil
	}
	zone, err := time.LoadLocation(o.zone)
	if err != nil {
		return nil, misused("--time-zone: %q is unknown; write it like Europe/Helsinki", o.zone)
	}
	return zone, nil
}
