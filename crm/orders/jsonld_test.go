package orders

import (
	"strings"
	"testing"
	"time"
)

func TestReadMail(t *testing.T) {
	helsinki, err := time.LoadLocation("Europe/Helsinki")
	if err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 11, 17, 9, 0, 0, 0, time.UTC)
	script := func(s string) string {
		return `<html><head><script type="application/ld+json">` + s + `</script></head><body>Kiitos <b>tilauksesta</b></body></html>`
	}
	for name, c := range map[string]struct {
		html string
		want []string
	}{
		"whole": {script(`{"@context":"http://schema.org","@type":"Order","orderNumber":"A-17","orderDate":"2026-11-16T20:00:00+02:00","orderStatus":"http://schema.org/OrderProcessing",
"customer":{"@type":"Person","name":"Matti","email":"matti@koti.example"},"priceCurrency":"EUR","price":"29.90","discountCode":"AUTUMN","discount":"-2.00",
"acceptedOffer":[{"@type":"Offer","itemOffered":{"@type":"Product","name":"Tea","sku":"TEA-1"},"price":"10.00","priceCurrency":"EUR","eligibleQuantity":{"@type":"QuantitativeValue","value":"2"}},
{"@type":"Offer","itemOffered":{"name":"Mug"},"price":5}]}`), []string{"A-17 2026-11-16T18:00 placed EUR 25.00 -2.00 [AUTUMN]  Matti matti@koti.example: TEA-1 x2=20.00-0.00  x1=5.00-0.00"}},
		"graph, no date, a price only": {script(`{"@graph":[{"@type":"Organization"},{"@type":["schema:Order"],"orderNumber":17,"price":12.5,"orderStatus":"OrderCancelled"}]}`), []string{"17 2026-11-17T09:00 cancelled SEK 12.50 -0.00 []   :"}},
		"two in a list, a day":         {script(`[{"@type":"Order","orderNumber":"1","orderDate":"2026-11-17","price":"1"},{"@type":"https://schema.org/Order","orderNumber":"2","price":"2"}]`), []string{"1 2026-11-16T22:00 placed SEK 1.00 -0.00 []   :", "2 2026-11-17T09:00 placed SEK 2.00 -0.00 []   :"}},
		"no number":                    {script(`{"@type":"Order","price":"1"}`), nil},
		"no price":                     {script(`{"@type":"Order","orderNumber":"1"}`), nil},
		"below zero":                   {script(`{"@type":"Order","orderNumber":"1","price":"-5"}`), nil},
		"of something else":            {script(`{"@type":"ParcelDelivery","partOfOrder":{"@type":"Order","orderNumber":"1","price":"1"}}`), nil},
		"damaged":                      {script(`{"@type":"Order",`), nil},
		"another script":               {`<script>{"@type":"Order","orderNumber":"1","price":"1"}</script>`, nil},
		"as text":                      {`<p>&lt;script type="application/ld+json"&gt;{"@type":"Order","orderNumber":"1","price":"1"}&lt;/script&gt;</p>`, nil},
		"deep":                         {script(strings.Repeat(`[`, 5000) + strings.Repeat(`]`, 5000)), nil},
	} {
		var got []string
		for _, o := range ReadMail(c.html, at, helsinki, "SEK") {
			got = append(got, says(&o))
		}
		if strings.Join(got, "\n") != strings.Join(c.want, "\n") {
			t.Errorf("%s:\n%s\nwant\n%s", name, strings.Join(got, "\n"), strings.Join(c.want, "\n"))
		}
	}
}

func FuzzReadMail(f *testing.F) {
	f.Add(`<script type="application/ld+json">{"@type":"Order","orderNumber":"1","price":"1"}</script>`)
	f.Fuzz(func(t *testing.T, html string) {
		for _, o := range ReadMail(html, time.Unix(0, 0), time.UTC, "EUR") {
			if o.Number == "" || o.Total < 0 {
				t.Errorf("%q gives %+v", html, o)
			}
		}
	})
}
