package main

import (
	"context"
	"strconv"

	"github.com/spf13/cobra"

	"kaveri/crm"
	"kaveri/insight"
)

// modelGammaGamma is the model of what orders are worth, in --model of fit.
const modelGammaGamma = "gammagamma"

// fitFlags are those of "insight fit".
type fitFlags struct {
	orderFlags
	model, calEnd, holdEnd, unit, k string
}

func (p *program) insightFitCommand() *cobra.Command {
	var f fitFlags
	c := p.reads(&cobra.Command{
		Use: "fit FILE", Short: "Fit a model to the orders up to a day, and hold it to those that came after",
		Long: ordersLong,
		Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error { return p.insightFit(c.Context(), args[0], f) },
	})
	c.Flags().StringVar(&f.model, "model", "", "bgnbd, mbgnbd, mbgcnbd (how often) or gammagamma (worth how much)")
	c.Flags().StringVar(&f.calEnd, "cal-end", "", "the last day that the model sees")
	c.Flags().StringVar(&f.holdEnd, "hold-end", "", "the last day of what it is held to (default: it is not)")
	c.Flags().StringVar(&f.unit, "unit", "day", "the unit of time of parameters and likelihood: day or week")
	c.Flags().StringVar(&f.k, "k", "auto", "stages to an order, of mbgcnbd: a number, or auto for the likeliest")
	for _, name := range []string{"model", "cal-end"} {
		c.MarkFlagRequired(name)
	}
	f.add(c)
	return c
}

// fitJSON is a fitted model in JSON.
type fitJSON struct {
	Model           string             `json:"model"`
	Unit            string             `json:"unit"`
	Customers       int                `json:"customers"`
	RepeatCustomers int                `json:"repeat_customers"`
	K               *int               `json:"k"`
	Params          map[string]float64 `json:"params"`
	LogLikelihood   float64            `json:"loglik"`
	Holdout         *holdoutJSON       `json:"holdout"`
	AtBound         bool               `json:"at_bound"`
	Spend           *spendJSON         `json:"spend,omitempty"`
}

// spendJSON is what is told of gammagamma besides.
type spendJSON struct {
	Customers   int     `json:"customers"`
	Worthless   int     `json:"worthless"`
	Correlation float64 `json:"correlation"`
	Mean        float64 `json:"mean"`
}

// holdoutJSON is a forecast beside what came.
type holdoutJSON struct {
	forecastJSON
	Baselines map[string]forecastJSON `json:"baselines"`
}

type forecastJSON struct {
	Orders   float64 `json:"orders"`
	Expected float64 `json:"expected"`
	MAE      float64 `json:"mae"`
	RMSE     float64 `json:"rmse"`
}

func forecastOf(f insight.Forecast) forecastJSON {
	return forecastJSON{f.Actual, f.Expected, f.MAE, f.RMSE}
}

// period is what the flags say, understood.
type period struct {
	calEnd, holdEnd crm.Day
	holds           bool
	k               int // 0: the likeliest
	unit            float64
}

func (f fitFlags) understand() (p period, err error) {
	switch f.model {
	case string(insight.BGNBD), string(insight.MBGNBD), string(insight.MBGCNBD), modelGammaGamma:
	default:
		return p, misused("--model: %q is unknown; choose bgnbd, mbgnbd, mbgcnbd or gammagamma", f.model)
	}
	switch f.unit {
	case "day":
		p.unit = 1
	case "week":
		p.unit = 7
	default:
		return p, misused("--unit: %q is unknown; choose day or week", f.unit)
	}
	if f.k != "auto" {
		if p.k, err = strconv.Atoi(f.k); err != nil || p.k < 1 {
			return p, misused("--k: %q is neither auto nor a number from 1 on", f.k)
		}
	}
	if p.k > 1 && f.model != string(insight.MBGCNBD) {
		return p, misused("--k: only mbgcnbd has stages")
	}
	if p.calEnd, err = dayFlag("cal-end", f.calEnd); err != nil || f.holdEnd == "" {
		return p, err
	}
	p.holds = true
	if p.holdEnd, err = dayFlag("hold-end", f.holdEnd); err == nil && p.holdEnd <= p.calEnd {
		return p, misused("--hold-end: %s is not after --cal-end", p.holdEnd)
	}
	return p, err
}

func (p *program) insightFit(ctx context.Context, name string, f fitFlags) error {
	per, err := f.understand()
	if err != nil {
		return err
	}
	file, err := p.readOrders(ctx, name, f.orderFlags)
	if err != nil {
		return err
	}
	fit := fitOrders
	if f.model == modelGammaGamma {
		fit = fitSpend
	}
	j, err := fit(file.histories(), f, per)
	if err != nil {
		return err
	}
	if p.json {
		err = p.printJSON(j)
	} else {
		err = p.printFit(j)
	}
	if err != nil {
		return err
	}
	return file.outcome()
}

func fitOrders(h *insight.Histories, f fitFlags, per period) (fitJSON, error) {
	cells := h.CellsOf(per.calEnd)
	var fit insight.Fit
	var err error
	switch family := insight.Family(f.model); {
	case family == insight.MBGCNBD && per.k == 0:
		fit, err = cells.FitRegularity()
	default:
		fit, err = cells.Fit(family, max(1, per.k))
	}
	if err != nil {
		return fitJSON{}, err
	}
	j := fitJSON{
		Model: f.model, Unit: f.unit, Customers: fit.Customers, RepeatCustomers: fit.Repeaters, K: &fit.K,
		Params:        map[string]float64{"r": fit.R, "alpha": fit.Alpha / per.unit, "a": fit.A, "b": fit.B},
		LogLikelihood: fit.LogLikelihoodIn(per.unit), AtBound: fit.AtBound,
	}
	if per.holds {
		held := insight.HoldOut(h, per.calEnd, per.holdEnd)
		j.Holdout = &holdoutJSON{forecastOf(held.Model(fit.Model)), map[string]forecastJSON{
			"own_rate": forecastOf(held.OwnRate()), "recent_rate": forecastOf(held.RecentRate())}}
	}
	return j, nil
}

func fitSpend(h *insight.Histories, f fitFlags, per period) (fitJSON, error) {
	spends := h.Spends(per.calEnd)
	fit, err := insight.FitSpend(spends)
	if err != nil {
		return fitJSON{}, err
	}
	repeaters := 0
	for _, s := range spends {
		if s.Repeats > 0 {
			repeaters++
		}
	}
	return fitJSON{
		Model: f.model, Unit: f.unit, Customers: len(spends), RepeatCustomers: repeaters,
		Params:        map[string]float64{"p": fit.P, "q": fit.Q, "gamma": fit.Gamma},
		LogLikelihood: fit.LogLikelihood, AtBound: fit.AtBound,
		Spend: &spendJSON{fit.Customers, fit.Worthless, fit.Correlation, fit.Mean()},
	}, nil
}

func (p *program) printFit(j fitJSON) error {
	p.printf("%s, %s of whom %d ordered again\n", j.Model, plural(j.Customers, "customer", "customers"), j.RepeatCustomers)
	t := p.table("PARAMETER", "VALUE")
	for _, name := range []string{"r", "alpha", "a", "b", "p", "q", "gamma"} {
		if v, ok := j.Params[name]; ok {
			t.row(name, figure(v))
		}
	}
	if j.K != nil {
		t.row("k", *j.K)
	}
	t.row("log-likelihood", figure(j.LogLikelihood))
	if err := t.end(); err != nil {
		return err
	}
	if j.AtBound {
		p.printf("\nA parameter ended at the edge of what is allowed: these orders do not tell it.\n")
	}
	if s := j.Spend; s != nil {
		p.printf("\nAn order of somebody unknown is worth %s.", figure(s.Mean))
		if s.Worthless > 0 {
			p.printf(" Left out: %s whose repeats were worth nothing.", plural(s.Worthless, "customer", "customers"))
		}
		if s.Correlation > insight.CorrelationWarning {
			p.printf(" How often and how much go together (correlation %.2f), which the model does not expect.", s.Correlation)
		}
		p.printf("\n")
	}
	if j.Holdout == nil {
		return nil
	}
	p.printf("\nWhat came after: %s\n", plural(int(j.Holdout.Orders), "order event", "order events"))
	t = p.table("FORECAST", "EXPECTED", "MAE", "RMSE")
	for _, row := range []struct {
		name string
		f    forecastJSON
	}{{j.Model, j.Holdout.forecastJSON}, {"as often as before", j.Holdout.Baselines["own_rate"]}, {"the same, who ordered lately", j.Holdout.Baselines["recent_rate"]}} {
		t.row(row.name, figure(row.f.Expected), figure(row.f.MAE), figure(row.f.RMSE))
	}
	return t.end()
}

// figure shows a number of a model to people.
func figure(f float64) string { return strconv.FormatFloat(f, 'g', 7, 64) }
