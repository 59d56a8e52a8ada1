package main

import (
	"cmp"
	"context"
	"math"
	"slices"

	"github.com/spf13/cobra"

	"kaveri/crm"
	"kaveri/insight"
)

func (p *program) insightPromoCommand() *cobra.Command {
	var o insight.Promotion
	var from, to string
	var group bool
	c := p.reads(&cobra.Command{
		Use: "promo [FILE.csv]", Short: "Say what an offer did to other products, from a table of counts or from the orders in the database",
		Long: "Say what an offer did to other products, from a table with the columns product, category, promo_count and base_count: the baskets that held the product during the offer\n" +
			"and on comparable days without it; after_count, those right after the offer, may stand there too. Control are the products of other categories.\n" +
			"Without a file the orders in the database are counted: say what was on offer and on which days.",
		Args: cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			stored := c.Flags().Changed("from") || c.Flags().Changed("to") || group
			switch {
			case o.Promoted == "":
				return misused("needed: --promoted; the verb with --help says what it is")
			case len(args) == 0:
				return p.storedPromo(c.Context(), o.Promoted, group, from, to)
			case stored:
				return misused("--from, --to and --group are for the database; a table has the counts of the offer already")
			}
			for _, name := range []string{"promo-baskets", "base-baskets"} {
				if !c.Flags().Changed(name) {
					return misused("needed: --%s; the verb with --help says what it is", name)
				}
			}
			return p.promo(c.Context(), args[0], o)
		},
	})
	f := c.Flags()
	f.StringVar(&o.Promoted, "promoted", "", "the product that was on offer")
	f.IntVar(&o.PromoBaskets, "promo-baskets", 0, "all baskets during the offer")
	f.IntVar(&o.BaseBaskets, "base-baskets", 0, "all baskets on the comparable days")
	f.IntVar(&o.AfterBaskets, "after-baskets", 0, "all baskets right after the offer, for after_count")
	f.StringArrayVar(&o.Affine, "affine", nil, "product that goes with the promoted one, hence is no control (several allowed)")
	f.StringVar(&from, "from", "", "of the database: the first day of the offer, like 2026-03-02")
	f.StringVar(&to, "to", "", "of the database: its last day")
	f.BoolVar(&group, "group", false, "of the database: the whole group of that name was on offer")
	return c
}

// promoJSON is what an offer did, in JSON.
type promoJSON struct {
	Control         jsonNumber        `json:"control_ratio"`
	ControlCI       intervalJSON      `json:"control_ci"`
	ControlProducts int               `json:"control_products"`
	Products        []productLiftJSON `json:"products"`
}

type productLiftJSON struct {
	Product     string       `json:"product"`
	Ratio       jsonNumber   `json:"ratio"`
	CI          intervalJSON `json:"ci"`
	Adjusted    jsonNumber   `json:"adjusted_ratio"`
	AdjustedCI  intervalJSON `json:"adjusted_ci"`
	Shrunk      jsonNumber   `json:"shrunk_ratio"`
	Extra       jsonNumber   `json:"extra"`
	P           jsonNumber   `json:"p"`
	PAdjusted   jsonNumber   `json:"p_adjusted"`
	Significant bool         `json:"significant"`
	Part        insight.Part `json:"part"`
	After       *afterJSON   `json:"after"`
}

// afterJSON is what was sold right after the offer, in JSON.
type afterJSON struct {
	Ratio   jsonNumber   `json:"ratio"`
	CI      intervalJSON `json:"ci"`
	Missing jsonNumber   `json:"missing"`
}

func (p *program) promo(ctx context.Context, name string, o insight.Promotion) error {
	for _, n := range []struct {
		flag  string
		value int
		least int
	}{{"promo-baskets", o.PromoBaskets, 1}, {"base-baskets", o.BaseBaskets, 1}, {"after-baskets", o.AfterBaskets, 0}} {
		if n.value < n.least {
			return misused("--%s: it must be above 0; it is %d", n.flag, n.value)
		}
	}
	left, err := p.readSales(ctx, name, &o)
	if err != nil {
		return err
	}
	l, err := o.Measure()
	if err != nil {
		return err
	}
	if l.ControlProducts == 0 {
		p.notef("no product is of another category, so nothing tells what would have happened without the offer\n")
	}
	if p.json {
		err = p.printJSON(promoOf(l, o.AfterBaskets > 0))
	} else {
		err = p.printPromo(l, o)
	}
	if err != nil {
		return err
	}
	return figuresWithout(left, "row")
}

// readSales reads the products of an offer.
func (p *program) readSales(ctx context.Context, name string, o *insight.Promotion) (left int, err error) {
	needed := []string{"product", "category", "promo_count", "base_count"}
	if o.AfterBaskets > 0 {
		needed = append(needed, "after_count")
	}
	f, err := p.openFigures(ctx, name, needed...)
	if err != nil {
		return 0, err
	}
	seen := map[string]int{}
	err = f.each(func() error {
		s := insight.ProductSales{Product: f.cell("product"), Category: f.cell("category")}
		if s.Product == "" {
			return crm.Invalid("product", "it has no name")
		}
		if first, twice := seen[s.Product]; twice {
			return crm.Invalid("product", "%q stands in row %d already", s.Product, first)
		}
		if s.Promo, err = f.count("promo_count", o.PromoBaskets); err != nil {
			return err
		}
		if s.Base, err = f.count("base_count", o.BaseBaskets); err != nil {
			return err
		}
		if o.AfterBaskets > 0 {
			if s.After, err = f.count("after_count", o.AfterBaskets); err != nil {
				return err
			}
		}
		seen[s.Product] = f.row.Number
		o.Sales = append(o.Sales, s)
		return nil
	})
	return f.left, err
}

func promoOf(l insight.PromotionLift, after bool) promoJSON {
	j := promoJSON{Control: jsonNumber(l.ControlRatio), ControlCI: intervalOf(l.ControlInterval), ControlProducts: l.ControlProducts, Products: []productLiftJSON{}}
	for _, s := range l.Products {
		one := productLiftJSON{s.Product, jsonNumber(s.Ratio), intervalOf(s.Interval), jsonNumber(s.AdjustedRatio), intervalOf(s.AdjustedInterval), jsonNumber(s.Shrunk),
			jsonNumber(s.Extra), jsonNumber(s.P), jsonNumber(s.AdjustedP), s.Significant, s.Part, nil}
		if after {
			one.After = &afterJSON{jsonNumber(s.AfterRatio), intervalOf(s.AfterInterval), jsonNumber(s.AfterMissing)}
		}
		j.Products = append(j.Products, one)
	}
	return j
}

// printPromo prints the promoted product first, then the surest.
func (p *program) printPromo(l insight.PromotionLift, o insight.Promotion) error {
	if l.ControlProducts > 0 {
		p.printf("All else (%s of other categories) sold %s times as often as usual, %s.\n\n", plural(l.ControlProducts, "product", "products"), fixed(l.ControlRatio), span(l.ControlInterval))
	}
	slices.SortStableFunc(l.Products, func(a, b insight.ProductLift) int {
		first := func(s insight.ProductLift) float64 {
			if s.Part == insight.PartPromoted {
				return -1
			}
			return s.P
		}
		return cmp.Compare(first(a), first(b))
	})
	head := []string{"PRODUCT", "WHAT IT DID", "TIMES AS OFTEN", "BETWEEN", "LIKELY", "EXTRA BASKETS"}
	if o.AfterBaskets > 0 {
		head = append(head, "AFTERWARDS", "BETWEEN")
	}
	t := p.table(head...)
	for _, s := range l.Products {
		row := []any{s.Product, string(s.Part), fixed(s.AdjustedRatio), span(s.AdjustedInterval), fixed(s.Shrunk), baskets(s.Extra)}
		if o.AfterBaskets > 0 {
			row = append(row, fixed(s.AfterRatio), span(s.AfterInterval))
		}
		t.row(row...)
	}
	return t.end()
}

// baskets writes a number of baskets that need not be whole.
func baskets(n float64) string {
	if math.IsNaN(n) {
		return "-"
	}
	return round(n)
}
