package orders

import (
	"cmp"
	"encoding/json"
	"strings"
	"time"

	"golang.org/x/net/html"

	"kaveri/crm"
)

// The bounds of what is read from one mail.
const (
	maxLinked      = 1 << 20 // bytes of one script
	maxLinkedDepth = 8
)

// ReadMail reads the orders that the HTML of an order confirmation carries for
// programs: schema.org Order as JSON-LD. at is the date of orders that name none,
// zone of days without one, currency of orders without one. Source and, where the
// mail says nothing of the buyer, Buyer are left to the caller. Orders that
// cannot be read are left out, as is markup that is damaged.
func ReadMail(htm string, at time.Time, zone *time.Location, currency string) (out []crm.Order) {
	for _, text := range linkedScripts(htm) {
		var v any
		d := json.NewDecoder(strings.NewReader(text))
		d.UseNumber()
		if d.Decode(&v) != nil {
			continue
		}
		for _, n := range linkedOrders(v, 0) {
			if o, ok := n.order(at, zone, currency); ok {
				out = append(out, o)
			}
		}
	}
	return out
}

// linkedScripts gives the JSON-LD of a page.
func linkedScripts(htm string) (out []string) {
	z := html.NewTokenizer(strings.NewReader(htm))
	inside := false
	for {
		switch z.Next() {
		case html.ErrorToken:
			return out
		case html.StartTagToken:
			t := z.Token()
			inside = false
			for _, a := range t.Attr {
				inside = inside || t.Data == "script" && a.Key == "type" && strings.EqualFold(strings.TrimSpace(a.Val), "application/ld+json")
			}
		case html.TextToken:
			if text := string(z.Raw()); inside && len(text) <= maxLinked {
				out = append(out, text)
			}
		default:
			inside = false
		}
	}
}

// node is an object of JSON-LD.
type node map[string]any

// linkedOrders finds the orders in a value: alone, in a list, in a graph.
func linkedOrders(v any, depth int) (out []node) {
	if depth > maxLinkedDepth {
		return nil
	}
	switch v := v.(type) {
	case []any:
		for _, e := range v {
			out = append(out, linkedOrders(e, depth+1)...)
		}
	case map[string]any:
		if n := node(v); n.is("Order") {
			return []node{n}
		}
		out = linkedOrders(v["@graph"], depth+1)
	}
	return out
}

// is reports a type of schema.org.
func (n node) is(kind string) bool {
	for _, t := range list(n["@type"]) {
		if s, ok := t.(string); ok && strings.TrimPrefix(strings.TrimPrefix(strings.TrimPrefix(s, "http://schema.org/"), "https://schema.org/"), "schema:") == kind {
			return true
		}
	}
	return false
}

// list gives a value that may stand alone as a list.
func list(v any) []any {
	switch v := v.(type) {
	case nil:
		return nil
	case []any:
		return v
	}
	return []any{v}
}

// of gives the first object of a property.
func (n node) of(name string) node {
	for _, v := range list(n[name]) {
		if m, ok := v.(map[string]any); ok {
			return m
		}
	}
	return nil
}

// says gives a property as text.
func (n node) says(names ...string) string {
	for _, name := range names {
		for _, v := range list(n[name]) {
			switch v := v.(type) {
			case string:
				if s := strings.TrimSpace(v); s != "" {
					return s
				}
			case json.Number:
				return v.String()
			}
		}
	}
	return ""
}

// order makes an order of an object; false when it lacks what an order needs.
func (n node) order(at time.Time, zone *time.Location, currency string) (crm.Order, bool) {
	o := crm.Order{Number: n.says("orderNumber", "confirmationNumber"), At: at, State: linkedState(n.says("orderStatus"))}
	if when, err := readTime(n.says("orderDate"), zone); err == nil {
		o.At = when
	}
	who := n.of("customer")
	o.Buyer = buyerOf("", who.says("name"), who.says("email"), who.says("telephone"))
	for _, v := range append(list(n["acceptedOffer"]), list(n["orderedItem"])...) {
		if offer, ok := v.(map[string]any); ok {
			if l, ok := node(offer).offer(); ok {
				o.Lines = append(o.Lines, l)
				o.Total += l.Total
			}
			currency = cmp.Or(node(offer).says("priceCurrency"), currency)
		}
	}
	o.Currency = cmp.Or(n.says("priceCurrency"), currency)
	if code := n.says("discountCode"); code != "" {
		o.Offers = []string{code}
	}
	if d, err := crm.ParseMoney("discount", n.says("discount")); err == nil {
		o.Discount = max(d, -d)
	}
	if price := cmp.Or(n.says("price"), n.of("partOfInvoice").of("totalPaymentDue").says("price", "value")); price != "" && len(o.Lines) == 0 {
		total, err := crm.ParseMoney("total", plainDecimal(price, '.'))
		if err != nil {
			return o, false
		}
		o.Total = total
	} else if len(o.Lines) == 0 {
		return o, false
	}
	return o, o.Number != "" && o.Total >= 0
}

// offer reads a product of an order: an Offer of what is sold, or an OrderItem. A
// price is of one piece.
func (n node) offer() (l crm.OrderLine, ok bool) {
	item := n.of("itemOffered")
	if item == nil {
		item = n.of("orderedItem")
	}
	l.Product, l.Quantity = crm.Product{SKU: cmp.Or(item.says("sku", "productID", "gtin", "gtin13"), n.says("sku")), Name: cmp.Or(item.says("name"), n.says("name")), Group: item.says("category")}, 1000
	if s := cmp.Or(n.of("eligibleQuantity").says("value"), n.says("eligibleQuantity", "orderQuantity")); s != "" {
		if q, err := crm.ParseQuantity("quantity", s); err == nil && q > 0 {
			l.Quantity = q
		}
	}
	price, err := crm.ParseMoney("price", plainDecimal(cmp.Or(n.says("price"), n.of("priceSpecification").says("price"), item.of("offers").says("price")), '.'))
	l.Total = price.Times(l.Quantity)
	return l, err == nil && (l.Product.SKU != "" || l.Product.Name != "")
}

// linkedState reads schema.org's OrderStatus.
func linkedState(s string) crm.OrderState {
	switch s[strings.LastIndexByte(s, '/')+1:] {
	case "OrderCancelled", "OrderPaymentDue", "OrderProblem":
		return crm.OrderCancelled
	}
	return crm.OrderPlaced
}
