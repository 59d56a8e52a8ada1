package samplecompany

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"kaveri/crm"
)

// buyers is how many people order without ever writing: most of a shop's do.
const buyers = 380

// orderYears is how far back orders go.
const orderYears = 2

// product is what the company sells.
type product struct {
	name, group string
	price       float64
}

var products = []product{
	{"Revontuliretki, ilta", "Revontulet", 98}, {"Revontuliretki, yö kodassa", "Revontulet", 185}, {"Lasi-iglu, yö", "Majoitus", 310}, {"Erämökki, viikonloppu", "Majoitus", 260}, {"Erämökki, viikko", "Majoitus", 690},
	{"Huskysafari, 2 tuntia", "Safarit", 120}, {"Huskysafari, päivä", "Safarit", 240}, {"Porosafari", "Safarit", 95}, {"Lumikenkäretki", "Retket", 55}, {"Hiihtokoulu, päivä", "Retket", 70}, {"Melontaretki", "Retket", 80},
	{"Talvivarusteet, vuorokausi", "Varusteet", 35}, {"Sukset, vuorokausi", "Varusteet", 28}, {"Saunalautta, ilta", "Sauna", 150}, {"Savusauna", "Sauna", 110}, {"Lahjakortti 100 €", "Lahjakortit", 100}, {"Villasukat", "Kauppa", 32}, {"Poronnahka", "Kauppa", 120}, {"Saariston kartta", "Kauppa", 18},
}

var (
	givenNames  = strings.Fields("Aada Aatu Anja Armas Elli Eemeli Hilla Ilona Iiro Jaana Joonas Kaisa Kalle Lauri Leena Maija Matti Niilo Noora Oili Olavi Paavo Pirjo Reino Riikka Saara Sampo Taina Topi Veera Ville Vuokko")
	familyNames = strings.Fields("Aho Ahola Ekman Eskola Forsman Hakala Heino Hiltunen Ikonen Jalonen Juntunen Kallio Karhu Kauppi Kivi Koivu Laakso Lahti Lampi Lehto Mattila Mustonen Niemi Nurmi Oja Paju Pesonen Rinne Ruusu Salmi Sirola Suvanto Tamminen Toivonen Uusitalo Vainio Virta Ylinen")
)

// shopper is how somebody orders.
type shopper struct {
	buyer crm.Buyer
	pace  float64 // days between orders
	leave float64 // probability to come no more, after each order
	full  float64 // share of orders at full price
	spend float64 // how many things at a time
}

// Orders gives what customers have ordered over two years, the oldest first: of
// those who write, and of many who never do. The same seed and time give the same
// orders.
func (c *Company) Orders() []crm.Order {
	r := rand.New(rand.NewPCG(c.options.Seed, 91))
	now := c.options.Now()
	var list []crm.Order
	for i, s := range c.shoppers(r) {
		end := now.Add(-3 * time.Hour)
		if s.buyer.Number != "" { // strangers did not order just now: the newest are people whose mail one can read
			end = now.AddDate(0, 0, -2)
		}
		begin := now.AddDate(-orderYears, 0, r.IntN(orderYears*365))
		if i%7 == 0 {
			begin = now.AddDate(-orderYears, 0, r.IntN(60))
		}
		for at := begin; at.Before(end); {
			list = append(list, s.order(r, at))
			if r.Float64() < s.leave {
				break
			}
			at = at.Add(time.Duration((.4 + r.ExpFloat64()*.6) * s.pace * float64(24*time.Hour)))
		}
	}
	regular := shopper{buyer: list[0].Buyer, full: 1, spend: 1}
	for _, days := range []int{0, 33, 70, 102, 139} {
		list = append(list, regular.order(r, now.AddDate(0, 0, -days).Add(-3*time.Hour)))
	}
	slices.SortStableFunc(list, func(a, b crm.Order) int { return a.At.Compare(b.At) })
	for i := range list {
		list[i].Number = fmt.Sprint(10001 + i)
	}
	return withOddities(list)
}

// shoppers are those who order, the company's correspondents first.
func (c *Company) shoppers(r *rand.Rand) (list []shopper) {
	manner := func(b crm.Buyer) shopper {
		s := shopper{buyer: b, pace: 40 + 140*r.Float64(), leave: .5, full: .25 + .6*r.Float64(), spend: 1}
		switch r.IntN(4) {
		case 0: // steady, for its own sake
			s.pace, s.leave, s.full, s.spend = 25+35*r.Float64(), .04, .95, 1.6
		case 1: // steady, for the price
			s.pace, s.leave, s.full = 30+40*r.Float64(), .06, .1
		}
		return s
	}
	for _, p := range c.firm.Customers[:max(0, len(c.firm.Customers)-6)] { // the last may not have written yet
		list = append(list, manner(crm.Buyer{Name: p.Name, Address: crm.Address(p.Addresses[0]), Phone: p.Phone}))
	}
	for i := range buyers {
		name := givenNames[i%len(givenNames)] + " " + familyNames[(i*7+i/len(givenNames))%len(familyNames)]
		list = append(list, manner(crm.Buyer{Name: name, Number: fmt.Sprint(4000 + i), Address: crm.Address(fmt.Sprintf("%s%d@ostaja.example", strings.NewReplacer(" ", ".", "ä", "a", "ö", "o").Replace(strings.ToLower(name)), i))}))
	}
	return list
}

// order makes one order.
func (s *shopper) order(r *rand.Rand, at time.Time) crm.Order {
	o := crm.Order{Source: "verkkokauppa", Currency: "EUR", Buyer: s.buyer, At: at.Truncate(time.Second), State: crm.OrderPlaced}
	cheaper := r.Float64() > s.full
	for range 1 + min(4, int(r.ExpFloat64()*s.spend)) {
		p := products[r.IntN(len(products))]
		n := 1 + r.IntN(3)
		l := crm.OrderLine{Product: crm.Product{SKU: sku(p.name), Name: p.name, Group: p.group}, Quantity: crm.Quantity(n * 1000)}
		price := p.price * float64(n)
		if cheaper {
			l.Discount = crm.MoneyOf(math.Round(price*.15*100) / 100)
		}
		l.Total = crm.MoneyOf(price) - l.Discount
		o.Lines, o.Total, o.Discount = append(o.Lines, l), o.Total+l.Total, o.Discount+l.Discount
	}
	if cheaper {
		o.Offers = []string{fmt.Sprintf("%s-%d", []string{"KEVÄT", "KESÄ", "SYKSY", "TALVI"}[(int(at.Month())-1)/3], at.Year())}
	}
	return o
}

func sku(name string) string {
	words := strings.FieldsFunc(name, func(r rune) bool { return strings.ContainsRune(" ,-", r) })
	s := ""
	for _, w := range words {
		s += strings.ToUpper(string([]rune(w)[:min(3, len([]rune(w)))]))
	}
	return s
}

// withOddities adds what every shop has: refunds, orders that were called off,
// and orders at the desk that name nobody.
func withOddities(list []crm.Order) []crm.Order {
	last := list[len(list)-1].At
	for i := range len(list) {
		o := list[i]
		switch {
		case i%37 == 5:
			back := o.Lines[0]
			back.Quantity, back.Total, back.Discount = -back.Quantity, -back.Total, 0
			at := o.At.AddDate(0, 0, 6)
			if at.After(last) {
				at = last
			}
			list = append(list, crm.Order{Source: o.Source, Number: o.Number + "-P", Refunds: o.Number, Currency: o.Currency, Buyer: o.Buyer, At: at, Total: back.Total, Lines: []crm.OrderLine{back}})
		case i%53 == 9:
			list[i].State = crm.OrderCancelled
		case i%61 == 7:
			list[i].Buyer = crm.Buyer{}
		}
	}
	slices.SortStableFunc(list, func(a, b crm.Order) int { return a.At.Compare(b.At) })
	return list
}
