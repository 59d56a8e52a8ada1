//go:build score

package insight

import (
	"encoding/csv"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
)

// retail gives the invoices of UCI Online Retail as baskets, without
// cancellations.
func retail(t *testing.T) []Sale {
	rows, err := csv.NewReader(strings.NewReader(orders(t, "online_retail.dev.csv.gz"))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	at := map[string]int{}
	var sales []Sale
	for _, row := range rows[1:] {
		invoice := row[0]
		if strings.HasPrefix(invoice, "C") {
			continue
		}
		i, known := at[invoice]
		if !known {
			day, err := time.Parse(time.DateTime, row[4])
			if err != nil {
				t.Fatal(err)
			}
			i = len(sales)
			at[invoice] = i
			sales = append(sales, Sale{Day: int(day.Unix() / 86400)})
		}
		sales[i].Products = append(sales[i].Products, row[1])
	}
	return sales
}

// usualProducts are those that stand in many baskets, by name.
func usualProducts(sales []Sale) (usual []string) {
	counts := map[string]int{}
	for _, s := range sales {
		for _, p := range s.Products {
			counts[p]++
		}
	}
	for p, n := range counts {
		if n >= 150 {
			usual = append(usual, p)
		}
	}
	slices.Sort(usual)
	return usual
}

// TestScorePlacebo pretends offers, in weeks of the shop in which there was none
// that anybody knows of. What is found then is false, or at least no offer's
// doing. Without [ProductSales.Dispersion] half of these offers would seem to
// have moved something.
func TestScorePlacebo(t *testing.T) {
	sales := retail(t)
	usual := usualProducts(sales)
	for i := range sales {
		sales[i].Products = slices.DeleteFunc(sales[i].Products, func(p string) bool { _, there := slices.BinarySearch(usual, p); return !there })
	}
	first, last := sales[0].Day, sales[len(sales)-1].Day
	r := rand.New(rand.NewPCG(5, 5))
	offers, asked, found, touched := 0, 0, 0, 0
	for range 100 {
		from := first + 35 + r.IntN(last-first-90)
		p, err := MatchPromotion(sales, nil, Offer{usual[r.IntN(len(usual))], from, from + 6}, nil)
		if err != nil {
			continue // the shop was closed
		}
		l, err := p.Measure()
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		for _, s := range l.Products {
			if s.Significant && s.Part != PartPromoted {
				n++
			}
		}
		offers, asked, found = offers+1, asked+len(l.Products)-1, found+n
		if n > 0 {
			touched++
		}
	}
	t.Logf("offers that were none: %d; products asked %d, called significant %d reached, 0 expected; in %d offers (%.0f %%, about 10 %% expected)",
		offers, asked, found, touched, 100*float64(touched)/float64(offers))
	if offers < 80 || touched*5 > offers || found*1000 > asked {
		t.Errorf("offers that were none seem to move too much")
	}
}
