package insight

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"kaveri/crm"
)

// The toy of docs/loyalty.md, "Baskets and promotions".
var toyPromotion = Promotion{Promoted: "sugar", PromoBaskets: 1200, BaseBaskets: 3600, Affine: []string{"flour", "baking powder"}, Sales: []ProductSales{
	{Product: "sugar", Category: "sugar", Promo: 180, Base: 216},
	{Product: "flour", Category: "baking", Promo: 66, Base: 99},
	{Product: "baking powder", Category: "baking", Promo: 40, Base: 60},
	{Product: "coffee", Category: "drinks", Promo: 150, Base: 450},
	{Product: "jam sugar", Category: "sugar", Promo: 12, Base: 48},
}}

func TestPromotionToy(t *testing.T) {
	l, err := toyPromotion.Measure()
	if err != nil {
		t.Fatal(err)
	}
	about(t, "control", l.ControlRatio, 1, 1e-12)
	if l.ControlProducts != 1 {
		t.Errorf("%d products are control", l.ControlProducts)
	}
	for i, want := range []struct {
		ratio, low, high, extra float64
		part                    Part
	}{
		{2.50, 2.074, 3.013, 108, PartPromoted},
		{2.00, 1.475, 2.712, 33, PartHalo},
		{2.00, 1.348, 2.968, 20, PartHalo},
		{1.00, .841, 1.189, 0, PartNone},
		{.75, .400, 1.407, -4, PartNone},
	} {
		p := l.Products[i]
		about(t, p.Product+" ratio", p.Ratio, want.ratio, 1e-9)
		about(t, p.Product+" low", p.Interval.Low, want.low, 5e-4)
		about(t, p.Product+" high", p.Interval.High, want.high, 5e-4)
		about(t, p.Product+" extra", p.Extra, want.extra, 1e-9)
		about(t, p.Product+" adjusted", p.AdjustedRatio, want.ratio, 1e-9)
		if p.Part != want.part || p.Significant != (want.part != PartNone) {
			t.Errorf("%s: %s, significant %v", p.Product, p.Part, p.Significant)
		}
		if p.AdjustedInterval.Low >= p.Interval.Low || p.AdjustedInterval.High <= p.Interval.High {
			t.Errorf("%s: the control adds no doubt", p.Product)
		}
		if p.Part != PartPromoted && math.Abs(math.Log(p.Shrunk)) > math.Abs(math.Log(p.AdjustedRatio))+1e-12 {
			t.Errorf("%s: %.3f is drawn away from 1, to %.3f", p.Product, p.AdjustedRatio, p.Shrunk)
		}
	}
	// 33 + 20 more baskets of baking goods, 108 of sugar of which 72 would have been bought anyway.
	got := l.Profit(map[string]Margin{"sugar": {.10, .30}, "flour": {.50, 0}, "baking powder": {.40, 0}, "coffee": {9, 0}})
	about(t, "profit", got, 108*.10-72*.30+33*.50+20*.40, 1e-9)
}

// A trend that all products share is the control's, not the offer's.
func TestPromotionTrend(t *testing.T) {
	p := toyPromotion
	p.Sales = slices.Clone(p.Sales)
	p.Sales[3].Promo = 300
	l, err := p.Measure()
	if err != nil {
		t.Fatal(err)
	}
	about(t, "control", l.ControlRatio, 2, 1e-12)
	about(t, "flour", l.Products[1].AdjustedRatio, 1, 1e-12)
	about(t, "extra flour", l.Products[1].Extra, 0, 1e-9)
	if l.Products[1].Part != PartNone || l.Products[4].Part != PartCannibalised {
		t.Errorf("flour %s, jam sugar %s", l.Products[1].Part, l.Products[4].Part)
	}
}

func TestPromotionZeros(t *testing.T) {
	p := Promotion{Promoted: "a", PromoBaskets: 1000, BaseBaskets: 1000, AfterBaskets: 500, Sales: []ProductSales{
		{Product: "a", Category: "x", Promo: 100, Base: 50, After: 5},
		{Product: "gone", Category: "y", Promo: 0, Base: 40, After: 20},
		{Product: "new", Category: "y", Promo: 40, Base: 0, After: 0},
		{Product: "never", Category: "y"},
		{Product: "steady", Category: "z", Promo: 800, Base: 800, After: 400},
		{Product: "own", Category: "z", Promo: 500, Base: 50, OwnOffer: true},
	}}
	l, err := p.Measure()
	if err != nil {
		t.Fatal(err)
	}
	parts := []Part{}
	for _, s := range l.Products {
		parts = append(parts, s.Part)
		if math.IsNaN(s.Interval.Low) || math.IsInf(s.Interval.High, 0) || math.IsNaN(s.P) {
			t.Errorf("%s: %+v", s.Product, s)
		}
	}
	if want := []Part{PartPromoted, PartDisplaced, PartHalo, PartNone, PartNone, PartOwnOffer}; !slices.Equal(parts, want) {
		t.Errorf("parts %v, want %v", parts, want)
	}
	if !math.IsInf(l.Products[2].Ratio, 1) || l.Products[1].Ratio != 0 {
		t.Errorf("ratios %v and %v", l.Products[2].Ratio, l.Products[1].Ratio)
	}
	// 25 would have been usual afterwards, and the control did as usual.
	if a := l.Products[0]; a.AfterRatio > .25 || a.AfterInterval.High > 1 || a.AfterMissing < 15 {
		t.Errorf("bought ahead: %+v", a)
	}
}

// Without a control nothing is said of the offer, only of the shares.
func TestPromotionWithoutControl(t *testing.T) {
	p := Promotion{Promoted: "a", PromoBaskets: 1000, BaseBaskets: 1000, Sales: []ProductSales{
		{Product: "a", Category: "x", Promo: 100, Base: 50}, {Product: "b", Category: "x", Promo: 10, Base: 50}}}
	l, err := p.Measure()
	if err != nil {
		t.Fatal(err)
	}
	b := l.Products[1]
	if !math.IsNaN(l.ControlRatio) || !math.IsNaN(b.AdjustedRatio) || b.Part != PartNone || b.Significant || b.Ratio != .2 {
		t.Errorf("%v %+v", l.ControlRatio, b)
	}
}

func TestPromotionRefuses(t *testing.T) {
	for name, change := range map[string]func(*Promotion){
		"no baskets":        func(p *Promotion) { p.PromoBaskets = 0 },
		"unknown product":   func(p *Promotion) { p.Promoted = "salt" },
		"more than baskets": func(p *Promotion) { p.BaseBaskets = 100 },
	} {
		p := toyPromotion
		change(&p)
		if _, err := p.Measure(); err == nil || crm.KindOf(err) != crm.KindInvalid {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestMatchPromotionDays(t *testing.T) {
	kinds := func(offer Offer, others ...Offer) (during, after, base []int) {
		m, err := NewMatch(nil, offer, others)
		if err != nil {
			t.Fatal(err)
		}
		first, last := m.Days()
		for day := range 300 {
			place := m.place(day)
			if place != placeNone && (day < first || day > last) {
				t.Errorf("%v: day %d lies outside %d to %d", offer, day, first, last)
			}
			switch place {
			case placeOffer:
				during = append(during, day)
			case placeAfter:
				after = append(after, day)
			case placeNone:
			default:
				base = append(base, day)
			}
		}
		return during, after, base
	}
	_, after, base := kinds(Offer{"sugar", 100, 102})
	if fmt.Sprint(after) != "[107 108 109]" ||
		fmt.Sprint(base) != "[72 73 74 79 80 81 86 87 88 93 94 95 114 115 116 121 122 123 128 129 130 135 136 137]" {
		t.Errorf("three days: after %v, base %v", after, base)
	}
	// Ten days: copies two weeks apart, so that each weekday counts alike.
	during, after, base := kinds(Offer{"sugar", 100, 109})
	if len(during) != 10 || after[0] != 114 || len(base) != 40 || base[0] != 72 || base[39] != 151 {
		t.Errorf("ten days: after %v, base %v", after, base)
	}
	// Another offer of sugar takes its days away.
	_, _, base = kinds(Offer{"sugar", 100, 102}, Offer{"sugar", 70, 80}, Offer{"salt", 90, 96})
	if base[0] != 81 || !slices.Contains(base, 93) {
		t.Errorf("another offer: base %v", base)
	}
	// Longer than four weeks: one copy each side.
	_, _, base = kinds(Offer{"sugar", 100, 134})
	if len(base) != 70 {
		t.Errorf("five weeks: %d days of base", len(base))
	}
}

// A made-up shop: weekends are busier, all grows, sugar is on offer for a week.
// Sugar then sells 2.5 times, flour twice, and forty products as ever.
func shop(r *rand.Rand) []Sale {
	var sales []Sale
	for day := range 140 {
		baskets := 120 + day
		if day%7 >= 5 {
			baskets *= 2
		}
		offer := day >= 70 && day < 77
		for range baskets {
			s := Sale{Day: day}
			put := func(product string, share float64) bool {
				if r.Float64() < share {
					s.Products = append(s.Products, product)
					return true
				}
				return false
			}
			sugar, flour, cake := .06, .03, .05
			if offer {
				sugar, flour, cake = 2.5*sugar, 2*flour, .4*cake
			}
			put("flour", flour)
			put("sugar", sugar)
			put("cane sugar", cake)
			for i := range 40 {
				put(fmt.Sprint("other ", i), .02+.005*float64(i))
			}
			if offer {
				put("salt", .30)
			} else {
				put("salt", .10)
			}
			sales = append(sales, s)
		}
	}
	return sales
}

func TestMatchPromotion(t *testing.T) {
	sales := shop(rand.New(rand.NewPCG(3, 9)))
	p, err := MatchPromotion(sales, map[string]string{"sugar": "sweet", "cane sugar": "sweet"}, Offer{"sugar", 70, 76}, []Offer{{"salt", 70, 76}, {"flour", 40, 47}})
	if err != nil {
		t.Fatal(err)
	}
	l, err := p.Measure()
	if err != nil {
		t.Fatal(err)
	}
	found := map[Part]int{}
	for _, s := range l.Products {
		found[s.Part]++
		want, ok := map[string]struct {
			ratio float64
			part  Part
		}{"sugar": {2.5, PartPromoted}, "flour": {2, PartHalo}, "cane sugar": {.4, PartCannibalised}}[s.Product]
		if ok && (s.Part != want.part || !s.AdjustedInterval.Contains(want.ratio)) {
			t.Errorf("%s: %s, %.2f [%.2f, %.2f], want %s, %v", s.Product, s.Part, s.AdjustedRatio, s.AdjustedInterval.Low, s.AdjustedInterval.High, want.part, want.ratio)
		}
		if s.Product == "flour" && (s.BaseBaskets == 0 || s.BaseBaskets >= p.BaseBaskets) {
			t.Errorf("flour was on offer itself: its base is %d of %d", s.BaseBaskets, p.BaseBaskets)
		}
	}
	if found[PartOwnOffer] != 1 || found[PartNone] < 38 {
		t.Errorf("parts: %v", found)
	}
	if l.ControlProducts < 38 || math.Abs(l.ControlRatio-1) > .05 {
		t.Errorf("control: %d products, ratio %.3f", l.ControlProducts, l.ControlRatio)
	}
}

// What varies from week to week as by chance has a dispersion of about 1; a
// product that comes and goes has a large one, and a wide interval.
func TestDispersion(t *testing.T) {
	even := dispersion(map[int]int{-1: 10, -2: 10, 2: 10}, map[int]int{-1: 100, -2: 100, 2: 100}, .1)
	about(t, "even", even, 0, 0)
	// 0, 10 and 20 of 100, expected 10 with variance 9: (100 + 0 + 100)/9 over 2.
	about(t, "uneven", dispersion(map[int]int{-2: 10, 2: 20}, map[int]int{-1: 100, -2: 100, 2: 100}, .1), 200./18, 1e-12)
	about(t, "in no basket", dispersion(nil, map[int]int{1: 5, 2: 5}, 0), 1, 0)
	p := toyPromotion
	p.Sales = slices.Clone(p.Sales)
	p.Sales[1].Dispersion = 9
	l, err := p.Measure()
	if err != nil {
		t.Fatal(err)
	}
	about(t, "low", l.Products[1].Interval.Low, 2*math.Exp(-3*math.Log(2/1.4749404677638918)), 1e-9)
	if l.Products[1].Part != PartNone {
		t.Errorf("flour: %s", l.Products[1].Part)
	}
}

func TestMatchPromotionRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		offer Offer
		sales []Sale
	}{
		"backwards":  {Offer{"a", 5, 4}, nil},
		"no baskets": {Offer{"a", 5, 6}, nil},
		"no base":    {Offer{"a", 5, 6}, []Sale{{5, []string{"a"}}}},
	} {
		if _, err := MatchPromotion(c.sales, nil, c.offer, nil); err == nil || crm.KindOf(err) != crm.KindInvalid {
			t.Errorf("%s: %v", name, err)
		}
	}
}
