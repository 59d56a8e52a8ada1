package main

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"
)

// The verbs about baskets and offers answer for the orders in the database too,
// in the shape in which they answer for a file.
func TestInsightOfTheDatabase(t *testing.T) {
	o := &office{t, t.TempDir()}
	o.does(exitFailed, "insight", "baskets")
	o.does(exitDone, "firm", "set", "--name", "Oy", "--domain", "oy.example")
	o.does(exitFailed, "insight", "baskets")

	var table strings.Builder
	table.WriteString("order,date,product,group,quantity,total,discount\n")
	n, offer := 0, time.Date(2025, 3, 3, 12, 0, 0, 0, time.UTC)
	for day := offer.AddDate(0, 0, -35); day.Before(offer.AddDate(0, 0, 42)); day = day.AddDate(0, 0, 1) {
		cheap := !day.Before(offer) && day.Before(offer.AddDate(0, 0, 7))
		for i := range 40 {
			n++
			row := func(product, group string) {
				discount := 0
				if cheap && product == "Sugar" {
					discount = 1
				}
				fmt.Fprintf(&table, "%d,%s,%s,%s,1,4,%d\n", n, day.Format(time.DateOnly), product, group, discount)
			}
			if i%10 == 0 || cheap && i%4 == 1 {
				row("Sugar", "Baking")
				row("Flour", "Flours")
			}
			row([]string{"Tea", "Coffee", "Milk"}[i%3], "Drinks")
		}
	}
	o.does(exitDone, "import", "orders", o.file("orders.csv", table.String()), "--source", "till")
	var b basketsJSON
	if err := json.Unmarshal([]byte(o.does(exitDone, "insight", "baskets", "--json")), &b); err != nil {
		t.Fatal(err)
	}
	if b.Baskets != n || b.Items != 5 || b.MinCount != 10 || len(b.Rules) == 0 || fmt.Sprint(b.Rules[0].LHS, b.Rules[0].RHS) != "[Flour]Sugar" {
		t.Errorf("%+v", b)
	}
	if said := o.does(exitDone, "insight", "baskets", "--min-support", "0.05", "--min-confidence", "0.5"); !strings.Contains(said, "Sugar") || !strings.Contains(said, fmt.Sprintf("%s baskets of 5 items", thousands(n))) {
		t.Errorf("it says %s", said)
	}
	for _, what := range [][]string{{"--promoted", "sugar"}, {"--promoted", "Baking", "--group"}} {
		var p promoJSON
		said := o.does(exitDone, append([]string{"insight", "promo", "--from", "2025-03-03", "--to", "2025-03-09", "--json"}, what...)...)
		if err := json.Unmarshal([]byte(said), &p); err != nil {
			t.Fatal(err)
		}
		parts := map[string]string{}
		for _, one := range p.Products {
			parts[one.Product] = string(one.Part)
		}
		if p.ControlProducts != 3 || p.Products[0].Part != "promoted" || p.Products[0].Ratio < 3 || parts["Flour"] != "halo" || parts["Tea"] != "no evidence" || p.Products[0].After == nil {
			t.Errorf("%v: %s", what, said)
		}
	}
	if said := o.does(exitDone, "insight", "promo", "--promoted", "Sugar", "--from", "2025-03-03", "--to", "2025-03-09"); !strings.Contains(said, "280 orders during the offer") || !strings.Contains(said, "halo") {
		t.Errorf("it says %s", said)
	}
	o.does(exitFailed, "insight", "promo", "--promoted", "Salt", "--from", "2025-03-03", "--to", "2025-03-09")
	o.does(exitUsage, "insight", "promo", "--promoted", "Sugar")
	o.does(exitUsage, "insight", "promo", o.file("x.csv", "product\n"), "--promoted", "Sugar", "--from", "2025-03-03")
	o.does(exitUsage, "insight", "promo", "--promoted", "Sugar", "--from", "2025-03-09", "--to", "2025-03-03")
}
