package insight

import (
	"math"
	"slices"

	"kaveri/crm"
)

// What sells exceptionally well when sugar is on offer is not what usually lies
// beside sugar: it is what stood in more baskets during the offer than before and
// after, by more than all that has nothing to do with sugar. docs/loyalty.md,
// "Baskets and promotions".

// ProductSales are the baskets that a product stood in.
type ProductSales struct {
	Product  string
	Category string // "" is unknown, and no other product's
	Promo    int    // baskets during the offer
	Base     int    // baskets of the base: comparable days without the offer
	// BaseBaskets is the size of this product's base when it has one of its own,
	// because it was on offer itself on some of the days; 0: that of all.
	BaseBaskets int
	After       int  // baskets right after the offer; see [Promotion.AfterBaskets]
	OwnOffer    bool // it was on offer at the same time, so what it did is its own doing
	// Dispersion is how many times more than by chance its share varies from week
	// to week without any offer; below 1, also 0: no more than by chance.
	Dispersion float64
}

// Promotion is an offer and what was sold.
type Promotion struct {
	Promoted     string
	PromoBaskets int // all baskets during the offer
	BaseBaskets  int
	AfterBaskets int      // all baskets for as many days after; 0: not looked at
	Affine       []string // products known to go with it, which tell nothing of the rest
	Sales        []ProductSales
}

// PromotionQ is the share of the products called significant that may be so by
// chance (Benjamini and Hochberg).
const PromotionQ = .10

// Part is what a product had to do with an offer.
type Part string

// The parts.
const (
	PartPromoted     Part = "promoted"
	PartHalo         Part = "halo"         // sold more with the offer
	PartCannibalised Part = "cannibalised" // of the same category, sold less
	PartDisplaced    Part = "displaced"    // of another category, sold less
	PartOwnOffer     Part = "own offer"    // on offer itself, so nothing can be told
	PartNone         Part = "no evidence"
)

// ProductLift is what an offer did to a product. Ratios compare shares of
// baskets; NaN is what cannot be told.
type ProductLift struct {
	ProductSales
	Ratio            float64 // share during the offer over share in the base
	Interval         Interval
	AdjustedRatio    float64 // Ratio over that of the control
	AdjustedInterval Interval
	Shrunk           float64 // AdjustedRatio drawn towards 1 by how little is known: the best guess
	Extra            float64 // baskets beyond those that would have held it anyway
	P                float64 // that AdjustedRatio is 1
	AdjustedP        float64 // for the number of products; NaN of the promoted one
	Significant      bool
	Part             Part
	AfterRatio       float64 // after the offer over the base and over the control then; below 1: bought ahead
	AfterInterval    Interval
	AfterMissing     float64 // baskets fewer afterwards than would have been usual
}

// PromotionLift is what an offer did.
type PromotionLift struct {
	ControlRatio    float64 // what all else did meanwhile; NaN without control
	ControlInterval Interval
	ControlProducts int
	Products        []ProductLift // in the order of the sales
}

// Measure compares each product with what it sells otherwise and with what the
// control did meanwhile: a difference of differences, on the scale of ratios.
//
// Control are the products of other categories that are neither affine to the
// promoted one nor on offer themselves. The promoted product must be among the
// sales, and no count above the number of baskets; an error is of kind
// [crm.KindInvalid].
func (p Promotion) Measure() (PromotionLift, error) {
	promoted, err := p.check()
	if err != nil {
		return PromotionLift{}, err
	}
	var out PromotionLift
	var during, later sums
	for _, s := range p.Sales {
		if p.controls(s, promoted) {
			out.ControlProducts++
			during.add(s.Promo, p.PromoBaskets, s.Base, p.base(s))
			later.add(s.After, p.AfterBaskets, s.Base, p.base(s))
		}
	}
	control, after := during.ratio(), later.ratio()
	out.ControlRatio, out.ControlInterval = control.ratio(), control.interval()
	var net []logRatio
	for _, s := range p.Sales {
		own := p.compare(s, s.Promo, p.PromoBaskets)
		net = append(net, own.over(control))
		out.Products = append(out.Products, p.lift(s, own, control, after))
	}
	p.judge(out.Products, net, promoted)
	return out, nil
}

func (p Promotion) check() (promoted ProductSales, err error) {
	if p.PromoBaskets <= 0 || p.BaseBaskets <= 0 || p.AfterBaskets < 0 {
		return promoted, crm.Invalid("baskets", "there must be baskets during the offer and in the base; they are %d and %d", p.PromoBaskets, p.BaseBaskets)
	}
	found := false
	for _, s := range p.Sales {
		if s.Promo < 0 || s.Base < 0 || s.After < 0 || s.Promo > p.PromoBaskets || s.Base > p.base(s) || s.After > p.AfterBaskets {
			return promoted, crm.Invalid("product", "%s stands in more baskets than there are, or in fewer than none", s.Product)
		}
		if s.Product == p.Promoted {
			promoted, found = s, true
		}
	}
	if !found {
		return promoted, crm.Invalid("promoted", "%q is not among the products", p.Promoted)
	}
	return promoted, nil
}

// compare sets a count against the base. What varies from week to week anyway
// may vary as much during an offer.
func (p Promotion) compare(s ProductSales, n, baskets int) logRatio {
	r := shares(n, baskets, s.Base, p.base(s))
	r.variance *= max(1, s.Dispersion)
	return r
}

func (p Promotion) base(s ProductSales) int {
	if s.BaseBaskets > 0 {
		return s.BaseBaskets
	}
	return p.BaseBaskets
}

// controls reports whether a product tells what would have happened without the
// offer.
func (p Promotion) controls(s, promoted ProductSales) bool {
	return s.Product != p.Promoted && !s.OwnOffer && !sameCategory(s, promoted) && !slices.Contains(p.Affine, s.Product)
}

func sameCategory(a, b ProductSales) bool { return a.Category == b.Category && a.Category != "" }

// logRatio is the logarithm of a ratio of shares with its variance.
type logRatio struct{ log, variance float64 }

func (r logRatio) ratio() float64 { return math.Exp(r.log) }

func (r logRatio) interval() Interval {
	half := z975 * math.Sqrt(r.variance)
	return Interval{math.Exp(r.log - half), math.Exp(r.log + half)}
}

// p is the chance of a ratio as far from 1 when it is 1 in truth.
func (r logRatio) p() float64 { return 2 * NormalCDF(-math.Abs(r.log)/math.Sqrt(r.variance)) }

// over divides two ratios of different baskets.
func (r logRatio) over(s logRatio) logRatio {
	return logRatio{r.log - s.log, r.variance + s.variance}
}

// shares compares n of baskets with m of other baskets. Half a basket is added
// to both when one is 0: a ratio of 0 has no logarithm, yet a product that stood
// in 200 baskets and now in none tells something.
func shares(n, baskets, m, others int) logRatio {
	a, b := float64(n), float64(m)
	if n == 0 || m == 0 {
		a, b = a+.5, b+.5
	}
	all, rest := float64(baskets), float64(others)
	return logRatio{math.Log(a / all / (b / rest)), max(0, 1/a-1/all) + max(0, 1/b-1/rest)}
}

// sums add up the products of the control. A basket may hold several, so the
// counts are added and not the baskets.
type sums struct{ seen, seenVariance, expected, expectedVariance float64 }

func (s *sums) add(n, baskets, m, others int) {
	all, rest := float64(baskets), float64(others)
	s.seen += float64(n)
	s.expected += float64(m) * all / rest
	if baskets > 0 {
		s.seenVariance += float64(n) * (1 - float64(n)/all)
		s.expectedVariance += square(all/rest) * float64(m) * (1 - float64(m)/rest)
	}
}

// ratio is NaN when nothing was sold then or otherwise.
func (s sums) ratio() logRatio {
	if s.seen == 0 || s.expected == 0 {
		return logRatio{math.NaN(), math.NaN()}
	}
	return logRatio{math.Log(s.seen / s.expected), s.seenVariance/square(s.seen) + s.expectedVariance/square(s.expected)}
}

// lift tells all of a product that needs no other product.
func (p Promotion) lift(s ProductSales, own, control, after logRatio) ProductLift {
	base, net := p.base(s), own.over(control)
	expected := float64(s.Base) * float64(p.PromoBaskets) / float64(base)
	l := ProductLift{ProductSales: s, Ratio: float64(s.Promo) / expected, Interval: own.interval(), AdjustedInterval: net.interval(), P: net.p()}
	l.AdjustedRatio = l.Ratio / control.ratio()
	l.Extra = float64(s.Promo) - expected*control.ratio()
	l.AfterRatio, l.AfterInterval, l.AfterMissing = math.NaN(), Interval{math.NaN(), math.NaN()}, math.NaN()
	if p.AfterBaskets > 0 {
		usual := float64(s.Base) * float64(p.AfterBaskets) / float64(base) * after.ratio()
		l.AfterRatio, l.AfterMissing = float64(s.After)/usual, usual-float64(s.After)
		l.AfterInterval = p.compare(s, s.After, p.AfterBaskets).over(after).interval()
	}
	return l
}

// judge decides which products the offer had to do with. All but the promoted one
// and those on offer themselves were asked, so all of these count.
func (p Promotion) judge(products []ProductLift, net []logRatio, promoted ProductSales) {
	var asked []logRatio
	values := make([]float64, len(products))
	for i, l := range products {
		values[i] = math.NaN()
		if l.Product != p.Promoted && !l.OwnOffer {
			values[i], asked = l.P, append(asked, net[i])
		}
	}
	spread := spreadOf(asked)
	for i, adjusted := range BenjaminiHochberg(values) {
		l := &products[i]
		l.AdjustedP = adjusted
		l.Shrunk = math.Exp(shrunkTo(Estimate{net[i].log, math.Sqrt(net[i].variance)}, 0, spread))
		if l.Product == p.Promoted { // not one of many
			l.Part, l.Significant, l.Shrunk = PartPromoted, l.P <= alpha, l.AdjustedRatio
			continue
		}
		l.Part = partOf(*l, promoted)
		l.Significant = l.Part != PartNone && l.Part != PartOwnOffer
	}
}

func partOf(l ProductLift, promoted ProductSales) Part {
	switch {
	case l.OwnOffer:
		return PartOwnOffer
	case !(l.AdjustedP <= PromotionQ):
		return PartNone
	case l.AdjustedRatio > 1:
		return PartHalo
	case sameCategory(l.ProductSales, promoted):
		return PartCannibalised
	}
	return PartDisplaced
}

// spreadOf gives the variance of the true effects of an offer on other products,
// around none: what they vary more than chance has them vary. Most offers touch
// few products, so it is small and draws most ratios to 1.
func spreadOf(asked []logRatio) float64 {
	q, weights := 0.0, 0.0
	for _, r := range asked {
		q, weights = q+square(r.log)/r.variance, weights+1/r.variance
	}
	if len(asked) == 0 || math.IsNaN(q) {
		return 0
	}
	return max(0, (q-float64(len(asked)))/weights)
}

// Margin is what one basket with a product earns, at the price it was sold at,
// and what the offer gave away on it.
type Margin struct{ Earned, Discount float64 }

// Profit gives what an offer earned: the margin of all that was sold because of
// it, less the discount on what would have been sold anyway. Products that show
// no evidence count as untouched.
func (l PromotionLift) Profit(margins map[string]Margin) float64 {
	sum := 0.0
	for _, s := range l.Products {
		m := margins[s.Product]
		if s.Significant {
			sum += s.Extra * m.Earned
		}
		if s.Part == PartPromoted && m.Discount > 0 {
			anyway := max(0, min(float64(s.Promo), float64(s.Promo)-s.Extra))
			sum -= anyway * m.Discount
		}
	}
	return sum
}
