package orders

import (
	"fmt"
	"os"
	"testing"

	"kaveri/crm"
)

// hears reads a file of a shop's words.
func hears(t *testing.T, kind crm.ShopKind, topic, file string) (crm.ShopWord, bool) {
	t.Helper()
	body, err := os.ReadFile("testdata/" + file)
	if err != nil {
		t.Fatal(err)
	}
	read := ReadShopify
	if kind == crm.ShopWooCommerce {
		read = ReadWooCommerce
	}
	w, ok, err := read(topic, body)
	if err != nil {
		t.Fatal(err)
	}
	return w, ok
}

// says tells an order in one line.
func says(o *crm.Order) string {
	s := fmt.Sprintf("%s %s %s %s %s -%s %v %s %s %s:", o.Number, o.At.UTC().Format("2006-01-02T15:04"), o.State, o.Currency, o.Total, o.Discount, o.Offers, o.Buyer.Number, o.Buyer.Name, o.Buyer.Address)
	for _, l := range o.Lines {
		s += fmt.Sprintf(" %s x%s=%s-%s", l.Product.SKU, l.Quantity, l.Total, l.Discount)
	}
	return s
}

func TestWooCommerce(t *testing.T) {
	w, ok := hears(t, crm.ShopWooCommerce, "order.updated", "woocommerce_order.json")
	if !ok || w.ShopID != "8801" || w.Version.Format("15:04") != "08:15" {
		t.Errorf("%+v", w)
	}
	// Two teas at 10 less 10 % with 14 % tax, a mug of 5 with 25.5 % tax; shipping stays out.
	if got := says(w.Order); got != "8801 2026-11-17T06:30 placed EUR 26.795 -2.28 [syksy10] 41 Matti Meikäläinen matti@koti.example: TEA-1 x2=20.52-2.28  x1=6.275-0.00" {
		t.Error(got)
	}
	if len(w.Refunds) != 1 || w.Refunds[0].ID != "8850" || w.Refunds[0].Amount.String() != "10.26" || w.Refunds[0].At != w.Version {
		t.Errorf("%+v", w.Refunds)
	}
	if w, ok := hears(t, crm.ShopWooCommerce, "order.deleted", "woocommerce_order.json"); !ok || !w.Gone || w.Order != nil {
		t.Errorf("%+v", w)
	}
	if _, ok := hears(t, crm.ShopWooCommerce, "product.updated", "woocommerce_order.json"); ok {
		t.Error("a product was taken for an order")
	}
	for body, want := range map[string]bool{`{"id":1,"status":"checkout-draft"}`: false, `{"id":1,"status":"cancelled","currency":"EUR"}`: true} {
		w, ok, err := ReadWooCommerce("order.created", []byte(body))
		if ok != want || err != nil || ok && w.Order.State != crm.OrderCancelled {
			t.Errorf("%s: %+v %t %v", body, w, ok, err)
		}
	}
	for _, bad := range []string{``, `[]`, `{"id":{}}`, `{"id":1,"line_items":[{"total":"a lot"}]}`, `{"id":1,"refunds":[{"id":2,"total":"x"}]}`} {
		if _, ok, err := ReadWooCommerce("order.created", []byte(bad)); ok || crm.KindOf(err) != crm.KindInvalid {
			t.Errorf("%s: %t %v", bad, ok, err)
		}
	}
}

func TestShopify(t *testing.T) {
	w, ok := hears(t, crm.ShopShopify, "orders/updated", "shopify_order.json")
	if !ok || w.ShopID != "5500000000001" || w.Taxed {
		t.Errorf("%+v", w)
	}
	// Two teas at 10 less 2, with 1.80 of tax; a mug of 5 with 0.50.
	if got := says(w.Order); got != "#1042 2026-11-17T06:30 placed EUR 25.30 -2.00 [AUTUMN] 7700000000001 Maija Meikäläinen maija@koti.example: TEA-1 x2=19.80-2.00  x1=5.50-0.00" {
		t.Error(got)
	}
	if len(w.Refunds) != 1 || w.Refunds[0].Amount.String() != "5.00" || w.Refunds[0].Tax.String() != "0.50" || w.Refunds[0].At.IsZero() {
		t.Errorf("%+v", w.Refunds)
	}
	r, ok := hears(t, crm.ShopShopify, "refunds/create", "shopify_refund.json")
	if !ok || r.ShopID != w.ShopID || r.Order != nil || r.Refunds[0].Amount.String() != "3.00" { // 8 less 5 for shipping
		t.Errorf("%+v", r)
	}
	if g, ok := hears(t, crm.ShopShopify, "orders/delete", "shopify_order.json"); !ok || !g.Gone {
		t.Errorf("%+v", g)
	}
	if _, ok := hears(t, crm.ShopShopify, "draft_orders/create", "shopify_order.json"); ok {
		t.Error("a draft was taken for an order")
	}
	for body, want := range map[string]string{
		`{"id":1,"test":true}`: "", `{"id":1,"financial_status":"paid"}`: "placed", `{"id":1,"financial_status":"paid","cancelled_at":"2026-11-17T06:30:00Z"}`: "cancelled", `{"id":1,"financial_status":"voided"}`: "cancelled",
	} {
		w, ok, err := ReadShopify("orders/create", []byte(body))
		if ok != (want != "") || err != nil || ok && string(w.Order.State) != want {
			t.Errorf("%s: %+v %t %v", body, w, ok, err)
		}
	}
	taxed, _, err := ReadShopify("orders/create", []byte(`{"id":1,"taxes_included":true,"line_items":[{"sku":"A","quantity":1,"price":"12.55","total_discount":"1.00","tax_lines":[{"price":"2.00"}]}]}`))
	if err != nil || taxed.Order.Total.String() != "11.55" {
		t.Errorf("%+v %v", taxed.Order, err)
	}
	for _, bad := range []string{``, `{"id":true}`, `{"id":1,"line_items":[{"price":"dear"}]}`, `{"id":1,"refunds":[{"transactions":[{"kind":"refund","status":"success","amount":"x"}]}]}`} {
		if _, ok, err := ReadShopify("orders/create", []byte(bad)); ok || crm.KindOf(err) != crm.KindInvalid {
			t.Errorf("%s: %t %v", bad, ok, err)
		}
	}
}

func FuzzShops(f *testing.F) {
	f.Add([]byte(`{"id":1,"refunds":[{"id":2,"total":"-1"}],"line_items":[{"price":"1","quantity":2}]}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		for _, topic := range []string{"order.updated", "order.deleted"} {
			if w, ok, err := ReadWooCommerce(topic, body); ok && (err != nil || w.Order == nil && !w.Gone) {
				t.Errorf("%q: %+v %v", body, w, err)
			}
		}
		for _, topic := range []string{"orders/updated", "orders/delete", "refunds/create"} {
			if _, ok, err := ReadShopify(topic, body); ok && err != nil {
				t.Errorf("%q: %v", body, err)
			}
		}
	})
}
