package crm

// Basket is what was bought in one order that stands.
type Basket struct {
	Order    OrderID
	Day      Day
	Products []ProductID // ascending, each once; may be none
}

// ProductDay is how often a product was bought on a day.
type ProductDay struct {
	Product ProductID
	Day     Day
	Orders  int
	Cheaper int // of them, those in which its line had a discount
}

// OfferUse is how an offer or coupon was used.
type OfferUse struct {
	Code        string
	First, Last Day
	Orders      int
}

// ProductUse is how often a product was bought by those who used an offer.
type ProductUse struct {
	Product Product
	Orders  int
	Cheaper int // of them, those in which its line had a discount
}
