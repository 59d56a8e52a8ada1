package insight

import (
	"fmt"
	"testing"
)

// Sugar is on offer for a week, with a day on which nobody bought it; one buyer
// gets salt cheaper now and then; tea is always cheaper, so that is its price.
func TestFindOffers(t *testing.T) {
	var f OfferFinder
	for day := range 100 {
		switch {
		case day == 42:
		case day >= 40 && day < 47:
			f.Add(ProductDay{"sugar", day, 6, 4})
		default:
			f.Add(ProductDay{"sugar", day, 3, 1})
		}
	}
	f.Add(ProductDay{"salt", 10, 1, 1})
	f.Add(ProductDay{"salt", 12, 2, 0})
	f.Add(ProductDay{"salt", 13, 4, 4})
	for day := range 100 {
		f.Add(ProductDay{"tea", day, 2, 2})
	}
	f.Add(ProductDay{"jam", 3, 5, 5}) // one day
	f.Add(ProductDay{"jam", 20, 5, 5})
	if got := fmt.Sprint(f.Offers()); got != "[{{sugar 40 46} 36 24} {{jam 3 3} 5 5} {{jam 20 20} 5 5}]" {
		t.Errorf("offers: %s", got)
	}
}
