package insight

import (
	"slices"
	"strings"

	"kaveri/crm"
)

// Sale is a basket with its day.
type Sale struct {
	Day      int // any count of days; only differences matter
	Products []string
}

// Offer is a time during which a product was on offer, both days included.
type Offer struct {
	Product  string
	From, To int
}

func (o Offer) on(day int) bool { return o.From <= day && day <= o.To }

// matchWeeks is how far the base reaches on each side of an offer.
const matchWeeks = 4

// AffineLift is how much more often than by chance a product lies beside the
// promoted one, at the lower end of the interval, to be called affine. Most
// products have some lift with most others, since large baskets hold more of
// everything.
const AffineLift = 2

// MatchPromotion counts what was sold during an offer, right after it, and in a
// base of like days: the days of the offer, moved by whole weeks, four weeks to
// either side (or once, when the offer is longer). So each weekday counts as
// often in the base as in the offer. The first such copy after the offer is not
// base: what people bought ahead is missing there.
//
// Of the other offers, those of the same product take their days out of the
// base, and those of another product take them out of its own base. Affine
// products are those of the base; see [AffineLift]. An offer or a base without
// baskets is an error of kind [crm.KindInvalid].
func MatchPromotion(sales []Sale, categories map[string]string, offer Offer, others []Offer) (Promotion, error) {
	if offer.To < offer.From {
		return Promotion{}, crm.Invalid("offer", "the offer for %s ends before it begins", offer.Product)
	}
	m := matcher{offer: offer, others: others, categories: categories, sales: map[string]*ProductSales{}, perDay: map[int]int{}}
	for _, s := range sales {
		m.count(s)
	}
	if m.promo == 0 || m.base.Len() == 0 {
		return Promotion{}, crm.Invalid("offer", "there are %d baskets during the offer for %s and %d on days to compare with", m.promo, offer.Product, m.base.Len())
	}
	return m.promotion(), nil
}

// matcher counts baskets by what their day is to an offer.
type matcher struct {
	offer        Offer
	others       []Offer
	categories   map[string]string
	sales        map[string]*ProductSales
	perDay       map[int]int // baskets of each day of the base
	promo, after int
	base         Baskets
}

func (m *matcher) count(s Sale) {
	during, after, base := m.kind(s.Day)
	switch {
	case during:
		m.promo++
	case after:
		m.after++
	case base:
		m.perDay[s.Day]++
		m.base.Add(s.Products...)
	default:
		return
	}
	for i, product := range s.Products {
		if product == "" || slices.Contains(s.Products[:i], product) {
			continue
		}
		p := m.sales[product]
		if p == nil {
			p = &ProductSales{Product: product, Category: m.categories[product]}
			m.sales[product] = p
		}
		switch {
		case during:
			p.Promo++
		case after:
			p.After++
		case !m.offered(product, s.Day):
			p.Base++
		}
	}
}

// kind says whether a day is of the offer, right after it, or of its base.
func (m *matcher) kind(day int) (during, after, base bool) {
	if m.offer.on(day) {
		return true, false, false
	}
	if m.offered(m.offer.Product, day) {
		return false, false, false
	}
	length := m.offer.To - m.offer.From + 1
	step := 7 * ((length + 6) / 7) // days between copies
	copies := max(1, 7*matchWeeks/step)
	for k := 1; k <= copies; k++ {
		base = base || m.offer.on(day+k*step) || m.offer.on(day-(k+1)*step)
	}
	return false, m.offer.on(day - step), base
}

// offered reports another offer of a product.
func (m *matcher) offered(product string, day int) bool {
	return slices.ContainsFunc(m.others, func(o Offer) bool { return o.Product == product && o.on(day) })
}

func (m *matcher) promotion() Promotion {
	p := Promotion{Promoted: m.offer.Product, PromoBaskets: m.promo, BaseBaskets: m.base.Len(), AfterBaskets: m.after}
	if m.sales[m.offer.Product] == nil {
		m.sales[m.offer.Product] = &ProductSales{Product: m.offer.Product, Category: m.categories[m.offer.Product]}
	}
	for _, c := range m.base.Companions(m.offer.Product, 10) {
		if c.LiftLow >= AffineLift {
			p.Affine = append(p.Affine, c.Item)
		}
	}
	for product, s := range m.sales {
		m.ownOffers(product, s)
		p.Sales = append(p.Sales, *s)
	}
	slices.SortFunc(p.Sales, func(a, b ProductSales) int { return strings.Compare(a.Product, b.Product) })
	return p
}

// ownOffers gives a product that was on offer at times a base of its own.
func (m *matcher) ownOffers(product string, s *ProductSales) {
	if product == m.offer.Product || !slices.ContainsFunc(m.others, func(o Offer) bool { return o.Product == product }) {
		return
	}
	own := 0
	for day, baskets := range m.perDay {
		if !m.offered(product, day) {
			own += baskets
		}
	}
	s.BaseBaskets = own
	for day := m.offer.From; day <= m.offer.To; day++ {
		s.OwnOffer = s.OwnOffer || m.offered(product, day)
	}
	if own == 0 {
		s.OwnOffer = true // it always is: there is nothing to compare with
	}
}
