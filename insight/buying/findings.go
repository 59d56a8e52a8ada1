package buying

import (
	"cmp"
	"context"
	"encoding/json"
	"math"
	"slices"
	"time"

	"kaveri/crm"
	"kaveri/insight"
)

// Findings is what is bought together, and what offers were seen, as it is kept.
type Findings struct {
	At       time.Time      `json:"at"`
	Took     time.Duration  `json:"took"`
	Mark     int64          `json:"mark"` // of the newest order
	First    crm.Day        `json:"first"`
	Last     crm.Day        `json:"last"`
	Orders   int            `json:"orders"`  // that stand
	Baskets  int            `json:"baskets"` // of them, those that list products
	Several  int            `json:"several"` // of these, those of two products and more
	Large    int            `json:"large"`   // left out: of more than 100 products
	Cut      bool           `json:"cut"`     // older ones were too many to look at
	Items    int            `json:"items"`   // different products
	Least    int            `json:"least"`   // orders in which a rule must stand
	Sure     int            `json:"sure"`    // rules that may be relied on; Rules has the first 1,500 by each order
	Rules    []Rule         `json:"rules"`
	Offers   []SeenOffer    `json:"offers"` // the newest first
	Uses     []crm.OfferUse `json:"uses"`   // codes, the last used first
	Products []crm.Product  `json:"products"`
}

// Rule says that whoever buys the left side often buys the right one too, with
// the measures of [insight.Rule].
type Rule struct {
	Left       []crm.ProductID `json:"l"`
	Right      crm.ProductID   `json:"r"`
	Count      int             `json:"n"`
	WithLeft   int             `json:"nl"`
	WithRight  int             `json:"nr"`
	Support    float64         `json:"s"`
	Confidence float64         `json:"c"`
	Lift       float64         `json:"lift"`
	LiftLow    float64         `json:"low"`
	LiftHigh   float64         `json:"high"`
	Leverage   float64         `json:"lev"`
	Conviction float64         `json:"conv"` // 0: it never fails
	Adjusted   float64         `json:"p"`
}

// SeenOffer is a product that was below its usual price on a run of days.
type SeenOffer struct {
	Product crm.ProductID `json:"product"`
	From    crm.Day       `json:"from"`
	To      crm.Day       `json:"to"`
	Orders  int           `json:"orders"`  // of these days, with the product
	Cheaper int           `json:"cheaper"` // of them, below the usual price
}

// Find looks at the orders of the two years before the newest and keeps what it finds.
func (s *Service) Find(ctx context.Context) (*Findings, error) {
	mark, err := s.o.Store.OrderMark(ctx)
	if err != nil {
		return nil, err
	}
	begun := s.o.Now()
	s.begin()
	defer s.end()
	g, err := Gather(ctx, s.o.Store, crm.SystemViewer, s.seen)
	if err != nil {
		return nil, err
	}
	f := g.findings(insight.MineUsual(&g.Baskets))
	f.Mark = mark
	if err := s.offers(ctx, f, g.Last-lookBack); err != nil {
		return nil, err
	}
	if f.Products, err = s.named(ctx, f); err != nil {
		return nil, err
	}
	f.At, f.Took = s.o.Now().UTC(), s.o.Now().Sub(begun)
	body, err := json.Marshal(f)
	if err != nil {
		return nil, err
	}
	return f, s.o.Store.SaveFindings(ctx, f.At, body)
}

// findings keeps the surest rules.
func (g *Gathered) findings(found insight.Found) *Findings {
	f := &Findings{First: g.First, Last: g.Last, Orders: g.Orders, Baskets: g.Baskets.Len(), Several: g.Several, Large: g.Large, Cut: g.Cut, Items: found.Items, Least: found.MinCount}
	sure := insight.OwnRules(insight.RankRules(found.Rules), found.Rules)
	f.Sure = len(sure)
	for _, r := range firstRules(sure, KeptRules) {
		k := Rule{Right: productOf(r.RHS), Count: r.Count, WithLeft: r.WithLHS, WithRight: r.WithRHS, Support: r.Support, Confidence: r.Confidence, Lift: r.Lift, LiftLow: r.LiftLow, LiftHigh: r.LiftHigh, Leverage: r.Leverage, Adjusted: r.Adjusted}
		for _, item := range r.LHS {
			k.Left = append(k.Left, productOf(item))
		}
		if !math.IsInf(r.Conviction, 0) { // JSON has no infinity
			k.Conviction = r.Conviction
		}
		f.Rules = append(f.Rules, k)
	}
	return f
}

// firstRules gives the first n rules by each order in which people look at them:
// by how sure they are, by lift, by what is beyond chance and by count. They stay
// in the order in which they come.
func firstRules(rules []insight.Rule, n int) []insight.Rule {
	kept := make([]bool, len(rules))
	by := make([]int, len(rules))
	for i := range by {
		by[i] = i
	}
	for _, value := range []func(r *insight.Rule) float64{
		func(r *insight.Rule) float64 { return r.LiftLow },
		func(r *insight.Rule) float64 { return r.Lift },
		func(r *insight.Rule) float64 { return r.Leverage },
		func(r *insight.Rule) float64 { return float64(r.Count) },
	} {
		slices.SortStableFunc(by, func(a, b int) int { return cmp.Compare(value(&rules[b]), value(&rules[a])) })
		for _, i := range by[:min(n, len(by))] {
			kept[i] = true
		}
	}
	var out []insight.Rule
	for i, r := range rules {
		if kept[i] {
			out = append(out, r)
		}
	}
	return out
}

// offers sees what was on offer.
func (s *Service) offers(ctx context.Context, f *Findings, since crm.Day) error {
	var finder insight.OfferFinder
	err := s.o.Store.ProductDays(ctx, crm.SystemViewer, since, func(d crm.ProductDay) error {
		finder.Add(insight.ProductDay{Product: ItemOf(d.Product), Day: int(d.Day), Baskets: d.Orders, Cheaper: d.Cheaper})
		return nil
	})
	if err != nil {
		return err
	}
	for _, o := range finder.Offers() {
		f.Offers = append(f.Offers, SeenOffer{productOf(o.Product), crm.Day(o.From), crm.Day(o.To), o.Baskets, o.Cheaper})
	}
	slices.SortFunc(f.Offers, func(a, b SeenOffer) int {
		return cmp.Or(cmp.Compare(b.To, a.To), cmp.Compare(b.Cheaper, a.Cheaper), cmp.Compare(a.Product, b.Product))
	})
	f.Offers = f.Offers[:min(len(f.Offers), keptOffers)]
	f.Uses, err = s.o.Store.OfferUses(ctx, crm.SystemViewer, since, keptOffers)
	return err
}

// named gives the products that are named.
func (s *Service) named(ctx context.Context, f *Findings) (out []crm.Product, err error) {
	needed := map[crm.ProductID]bool{}
	for _, r := range f.Rules {
		needed[r.Right] = true
		for _, p := range r.Left {
			needed[p] = true
		}
	}
	for _, o := range f.Offers {
		needed[o.Product] = true
	}
	err = s.o.Store.Products(ctx, crm.SystemViewer, func(p crm.Product) error {
		if needed[p.ID] {
			out = append(out, p)
		}
		return nil
	})
	return out, err
}
