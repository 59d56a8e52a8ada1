package main

import (
	"context"
	"fmt"
	"math"

	"github.com/spf13/cobra"

	"kaveri/crm"
	"kaveri/insight"
)

func (p *program) insightExperimentCommand() *cobra.Command {
	var o insight.ExperimentOptions
	c := p.reads(&cobra.Command{
		Use: "experiment FILE.csv", Short: "Say what a campaign brought beyond its holdout, from a table with the columns id, arm, y and perhaps x",
		Long: "Say what a campaign brought beyond its holdout, from a table with the columns id, arm (T was written to, C was held out), y (what each brought, net of refunds)\n" +
			"and perhaps x (the same in an equally long time before, empty for those who are new). Everybody who was assigned belongs in it, mail that bounced included.",
		Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			switch changed := c.Flags().Changed; {
			case changed("plan-n") && o.Plan < 1:
				return misused("--plan-n: it must be above 0; it is %d", o.Plan)
			case changed("worth") && (!(o.Worth > 0) || math.IsInf(o.Worth, 0)):
				return misused("--worth: it must be a number above 0; it is %v", o.Worth)
			}
			return p.experiment(c.Context(), args[0], o)
		},
	})
	f := c.Flags()
	f.Float64Var(&o.Holdout, "holdout", 0, "share that was to be held out, such as 0.1")
	f.IntVar(&o.Plan, "plan-n", 0, "people that the campaign is to have in the end (default those in the file)")
	f.Float64Var(&o.Cap, "cap", .99, "quantile of both arms that the capped row cuts each y at")
	f.Float64Var(&o.Worth, "worth", 0, "smallest difference for each person that would matter (default the one seen)")
	c.MarkFlagRequired("holdout")
	return c
}

// effectJSON is the comparison of two arms, in JSON.
type effectJSON struct {
	Difference  jsonNumber   `json:"difference"`
	SE          jsonNumber   `json:"se"`
	CI          intervalJSON `json:"ci"`
	AlwaysValid intervalJSON `json:"always_valid_ci"`
	WelchDF     jsonNumber   `json:"welch_df"`
	P           jsonNumber   `json:"p"`
	Treated     jsonNumber   `json:"treated_mean"`
	Holdout     jsonNumber   `json:"holdout_mean"`
}

type cupedJSON struct {
	Theta          jsonNumber `json:"theta"`
	VarianceFactor jsonNumber `json:"variance_factor"`
	New            int        `json:"new"`
	effectJSON
}

type cappedJSON struct {
	Cap jsonNumber `json:"cap"`
	effectJSON
}

type neededJSON struct {
	Difference jsonNumber `json:"difference"`
	People     int        `json:"people"`
	AnyTime    int        `json:"people_any_time"`
}

// experimentJSON is what came of an experiment, in JSON.
type experimentJSON struct {
	Treated     int             `json:"n_treated"`
	Holdout     int             `json:"n_holdout"`
	SRM         jsonNumber      `json:"srm_chi2"`
	SRMP        jsonNumber      `json:"srm_p"`
	SRMOK       bool            `json:"srm_ok"`
	Raw         effectJSON      `json:"raw"`
	CUPED       *cupedJSON      `json:"cuped"`
	Capped      cappedJSON      `json:"capped"`
	Verdict     insight.Verdict `json:"verdict"`
	VerdictFrom string          `json:"verdict_from"`
	Needed      neededJSON      `json:"needed"`
}

func (p *program) experiment(ctx context.Context, name string, o insight.ExperimentOptions) error {
	if !(o.Holdout > 0 && o.Holdout < 1) {
		return misused("--holdout: it must lie between 0 and 1, such as 0.1; it is %v", o.Holdout)
	}
	if !(o.Cap > 0 && o.Cap <= 1) {
		return misused("--cap: it is a quantile between 0 and 1, such as 0.99; it is %v", o.Cap)
	}
	treated, holdout, left, err := p.readArms(ctx, name)
	if err != nil {
		return err
	}
	e, err := insight.Measure(treated, holdout, o)
	if err != nil {
		return err
	}
	if p.json {
		if err := p.printJSON(experimentOf(e)); err != nil {
			return err
		}
	} else {
		p.printExperiment(e, o)
	}
	return figuresWithout(left, "row")
}

// readArms reads who was in which arm and what they brought. Somebody who stands
// in the file twice counts once: whoever is counted twice seems two people who
// agree.
func (p *program) readArms(ctx context.Context, name string) (treated, holdout insight.Sample, left int, err error) {
	f, err := p.openFigures(ctx, name, "id", "arm", "y")
	if err != nil {
		return treated, holdout, 0, err
	}
	seen := map[string]int{}
	err = f.each(func() error {
		id := f.cell("id")
		if first, twice := seen[id]; twice && id != "" {
			return crm.Invalid("id", "%q stands in row %d already", id, first)
		}
		arm, err := f.arm(&treated, &holdout)
		if err != nil {
			return err
		}
		y, err := f.number("y")
		if err != nil {
			return err
		}
		if f.has("x") {
			x := math.NaN() // new, without a history
			if f.cell("x") != "" {
				if x, err = f.number("x"); err != nil {
					return err
				}
			}
			arm.X = append(arm.X, x)
		}
		arm.Y = append(arm.Y, y)
		seen[id] = f.row.Number
		return nil
	})
	return treated, holdout, f.left, err
}

// arm gives the arm that the row belongs to.
func (f *figureFile) arm(treated, holdout *insight.Sample) (*insight.Sample, error) {
	switch text := f.cell("arm"); text {
	case string(insight.ArmTreated), "t":
		return treated, nil
	case string(insight.ArmHoldout), "c":
		return holdout, nil
	default:
		return nil, crm.Invalid("arm", "%q is no arm; T was written to, C was held out", text)
	}
}

func effectOf(e insight.Effect) effectJSON {
	return effectJSON{jsonNumber(e.Difference), jsonNumber(e.SE), intervalOf(e.Interval), intervalOf(e.AlwaysValid), jsonNumber(e.DF), jsonNumber(e.P()), jsonNumber(e.Treated.Mean), jsonNumber(e.Holdout.Mean)}
}

func experimentOf(e insight.Experiment) experimentJSON {
	j := experimentJSON{Treated: e.Raw.Treated.N, Holdout: e.Raw.Holdout.N, SRM: jsonNumber(e.SampleRatio), SRMP: jsonNumber(e.SampleP), SRMOK: e.SampleRatio <= insight.SampleRatioLimit,
		Raw: effectOf(e.Raw), Capped: cappedJSON{jsonNumber(e.Capped.Cap), effectOf(e.Capped.Effect)}, Verdict: e.Verdict, VerdictFrom: "raw",
		Needed: neededJSON{jsonNumber(e.Needed.Difference), e.Needed.People, e.Needed.AnyTime}}
	if a := e.Adjusted; a != nil {
		j.VerdictFrom, j.CUPED = "cuped", &cupedJSON{jsonNumber(a.Theta), jsonNumber(a.VarianceFactor), a.New, effectOf(a.Effect)}
	}
	return j
}

// printExperiment prints the incremental value first, then what to make of it.
func (p *program) printExperiment(e insight.Experiment, o insight.ExperimentOptions) {
	n := e.Raw.Treated.N + e.Raw.Holdout.N
	p.printf("%s people were written to and %s held out: %s, where %s were to be.\n", thousands(e.Raw.Treated.N), thousands(e.Raw.Holdout.N),
		inPercent(float64(e.Raw.Holdout.N)/float64(n)), inPercent(o.Holdout))
	if e.SampleRatio > insight.SampleRatioLimit {
		p.printf("These numbers do not fit (chi-squared %.1f, above %.2f). People were lost from one arm only: believe nothing below before you know why.\n", e.SampleRatio, insight.SampleRatioLimit)
	}
	p.printf("\nEach of those written to brought %s, each held out %s.\n", fixed(e.Raw.Treated.Mean), fixed(e.Raw.Holdout.Mean))
	line := func(what string, x insight.Effect) {
		p.printf("%-24s %s for each, %s (one look), %s (looking at any time)\n", what, signed(x.Difference), span(x.Interval), span(x.AlwaysValid))
	}
	line("the mail brought", e.Raw)
	if a := e.Adjusted; a != nil {
		line("adjusted by x", a.Effect)
	}
	if e.Capped.Cap > 0 {
		line("capped at "+fixed(e.Capped.Cap), e.Capped.Effect)
	} else {
		p.printf("%-24s nothing to tell: too few brought anything for a cap at the quantile %v\n", "capped", o.Cap)
	}
	total, interval := e.Best().Total(e.Best().Interval)
	p.printf("%-24s %s, %s\n", "from all written to", signed(total), span(interval))
	p.printf("\n%s\n", verdictText(e))
}

// signed writes a difference for people.
func signed(v float64) string {
	if v > 0 {
		return "+" + fixed(v)
	}
	return fixed(v)
}

// verdictText says the verdict, and what would help when there is none.
func verdictText(e insight.Experiment) string {
	switch {
	case e.Verdict != insight.VerdictUnknown:
		return fmt.Sprintf("%s: the interval for looking at any time leaves out zero.", e.Verdict)
	case e.Needed.People == 0:
		return fmt.Sprintf("%s.", e.Verdict)
	}
	return fmt.Sprintf("%s: needs about %s people to see a difference of %s for each, looking once at the end; %s when one looks at any time.", e.Verdict,
		thousands(e.Needed.People), fixed(e.Needed.Difference), thousands(e.Needed.AnyTime))
}
