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
	m, err := NewMatch(categories, offer, others)
	if err != nil {
		return Promotion{}, err
	}
	for _, s := range sales {
		m.Add(s)
	}
	return m.Promotion()
}

// Match counts baskets by what their day is to an offer, as they come: what
// [MatchPromotion] does, without all sales in memory. Make one by [NewMatch].
type Match struct {
	offer        Offer
	others       map[string][]Offer // by product
	categories   map[string]string
	sales        map[string]*matched
	perDay       map[int]int // baskets of each day of the base
	promo, after int
	base         Baskets
}

// NewMatch begins to count; the arguments are those of [MatchPromotion].
func NewMatch(categories map[string]string, offer Offer, others []Offer) (*Match, error) {
	if offer.To < offer.From {
		return nil, crm.Invalid("offer", "the offer for %s ends before it begins", offer.Product)
	}
	m := &Match{offer: offer, others: map[string][]Offer{}, categories: categories, sales: map[string]*matched{}, perDay: map[int]int{}}
	for _, o := range others {
		m.others[o.Product] = append(m.others[o.Product], o)
	}
	return m, nil
}

// Days gives the first and the last day that count; sales of other days change
// nothing.
func (m *Match) Days() (first, last int) {
	n, weeks := m.copies()
	return m.offer.From - 7*n*weeks, m.offer.To + 7*(n+1)*weeks
}

// copies gives how many copies of the offer the base has on each side, and how
// many weeks lie between them.
func (m *Match) copies() (n, weeks int) {
	weeks = (m.offer.To - m.offer.From + 7) / 7
	return max(1, matchWeeks/weeks), weeks
}

// Promotion gives what was counted.
func (m *Match) Promotion() (Promotion, error) {
	if m.promo == 0 || m.base.Len() == 0 {
		return Promotion{}, crm.Invalid("offer", "there are %d baskets during the offer for %s and %d on days to compare with", m.promo, m.offer.Product, m.base.Len())
	}
	return m.promotion(), nil
}

// matched is a product with its baskets in each copy of the base.
type matched struct {
	ProductSales
	copies map[int]int
}

// The places of a day that is in no copy of the base. Copies are numbered by the
// weeks that they lie away.
const (
	placeNone = iota - 1000
	placeOffer
	placeAfter
)

// Add counts a basket.
func (m *Match) Add(s Sale) {
	place := m.place(s.Day)
	switch place {
	case placeNone:
		return
	case placeOffer:
		m.promo++
	case placeAfter:
		m.after++
	default:
		m.perDay[s.Day]++
		m.base.Add(s.Products...)
	}
	for i, product := range s.Products {
		if product != "" && !slices.Contains(s.Products[:i], product) {
			m.hold(product, s.Day, place)
		}
	}
}

// hold counts a basket that holds a product.
func (m *Match) hold(product string, day, place int) {
	p := m.product(product)
	switch {
	case place == placeOffer:
		p.Promo++
	case place == placeAfter:
		p.After++
	case product == m.offer.Product || !m.offered(product, day):
		p.Base++
		p.copies[place]++
	}
}

func (m *Match) product(name string) *matched {
	p := m.sales[name]
	if p == nil {
		p = &matched{ProductSales{Product: name, Category: m.categories[name]}, map[int]int{}}
		m.sales[name] = p
	}
	return p
}

// place says what a day is to the offer.
func (m *Match) place(day int) int {
	if m.offer.on(day) {
		return placeOffer
	}
	if m.offered(m.offer.Product, day) {
		return placeNone
	}
	n, weeks := m.copies()
	if m.offer.on(day - 7*weeks) {
		return placeAfter
	}
	for k := 1; k <= n; k++ {
		switch {
		case m.offer.on(day + 7*k*weeks):
			return -k * weeks
		case m.offer.on(day - 7*(k+1)*weeks):
			return (k + 1) * weeks
		}
	}
	return placeNone
}

// offered reports another offer of a product.
func (m *Match) offered(product string, day int) bool {
	return slices.ContainsFunc(m.others[product], func(o Offer) bool { return o.on(day) })
}

func (m *Match) promotion() Promotion {
	p := Promotion{Promoted: m.offer.Product, PromoBaskets: m.promo, BaseBaskets: m.base.Len(), AfterBaskets: m.after}
	for _, c := range m.base.Companions(m.offer.Product, 10) {
		if c.LiftLow >= AffineLift {
			p.Affine = append(p.Affine, c.Item)
		}
	}
	m.product(m.offer.Product) // also when nobody bought it
	for _, s := range m.sales {
		m.ownBase(s)
		p.Sales = append(p.Sales, s.ProductSales)
	}
	slices.SortFunc(p.Sales, func(a, b ProductSales) int { return strings.Compare(a.Product, b.Product) })
	return p
}

// ownBase leaves a product's own offers out of its base, and tells how much it
// varies between the copies.
func (m *Match) ownBase(s *matched) {
	baskets, own := map[int]int{}, 0
	for day, n := range m.perDay {
		if s.Product == m.offer.Product || !m.offered(s.Product, day) {
			baskets[m.place(day)] += n
			own += n
		}
	}
	if own < m.base.Len() {
		s.BaseBaskets = own
	}
	for day := m.offer.From; day <= m.offer.To && s.Product != m.offer.Product; day++ {
		s.OwnOffer = s.OwnOffer || m.offered(s.Product, day)
	}
	if own == 0 {
		s.OwnOffer = true // it always is: there is nothing to compare with
		return
	}
	s.Dispersion = dispersion(s.copies, baskets, float64(s.Base)/float64(own))
}

// dispersion is Pearson's chi-squared of the copies over its degrees of freedom:
// about 1 when the share is the same in all of them.
func dispersion(counts, baskets map[int]int, share float64) float64 {
	if share == 0 || share == 1 || len(baskets) < 2 {
		return 1
	}
	sum := 0.0
	for place, n := range baskets {
		expected := float64(n) * share
		sum += square(float64(counts[place])-expected) / (expected * (1 - share))
	}
	return sum / float64(len(baskets)-1)
}
