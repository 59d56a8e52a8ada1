package insight

// ProductDay is how often a product was bought on a day.
type ProductDay struct {
	Product string
	Day     int
	Baskets int
	Cheaper int // of them, below the usual price
}

// SeenOffer is an offer that prices show.
type SeenOffer struct {
	Offer
	Baskets int // of its days, with the product
	Cheaper int // of them, below the usual price
}

// What makes an offer of cheaper sales ([OfferFinder]).
const (
	offerBaskets = 5  // cheaper ones at least: fewer are a favour to somebody
	offerGap     = 7  // days without a sale that do not end one
	offerDays    = 56 // what goes on for longer is the price
)

// OfferFinder tells from sales when a product was on offer: the days in a row on
// which half of its baskets and more had it below its usual price. Days on which
// nobody bought it do not count. Single favours are no offers, nor is a discount
// without an end. The zero value has seen nothing.
//
// Add takes the days of one product one after the other, in order. What only the
// shop's list says, such as a lower price for all that leaves no discount on the
// order, is not seen.
type OfferFinder struct {
	run  SeenOffer
	seen []SeenOffer
}

// Add takes a day.
func (f *OfferFinder) Add(d ProductDay) {
	if d.Product != f.run.Product || d.Day-f.run.To > offerGap || 2*d.Cheaper < d.Baskets {
		f.end()
	}
	if 2*d.Cheaper < d.Baskets || d.Cheaper == 0 {
		return
	}
	if f.run.Cheaper == 0 {
		f.run.Offer = Offer{Product: d.Product, From: d.Day}
	}
	f.run.To = d.Day
	f.run.Baskets += d.Baskets
	f.run.Cheaper += d.Cheaper
}

func (f *OfferFinder) end() {
	if f.run.Cheaper >= offerBaskets && f.run.To-f.run.From < offerDays {
		f.seen = append(f.seen, f.run)
	}
	f.run = SeenOffer{}
}

// Offers gives what was seen, in the order of the days that were added.
func (f *OfferFinder) Offers() []SeenOffer {
	f.end()
	return f.seen
}
