package orders

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"kaveri/crm"
)

// wooOrder is what we read of an order of WooCommerce's REST API. Its amounts are
// without tax, which stands beside each.
type wooOrder struct {
	ID       text   `json:"id"`
	Number   text   `json:"number"`
	Status   string `json:"status"`
	Currency string `json:"currency"`
	Created  string `json:"date_created_gmt"`
	Changed  string `json:"date_modified_gmt"`
	Customer text   `json:"customer_id"`
	Billing  struct {
		First   string `json:"first_name"`
		Last    string `json:"last_name"`
		Company string `json:"company"`
		Email   string `json:"email"`
		Phone   string `json:"phone"`
	} `json:"billing"`
	Lines []struct {
		SKU         text   `json:"sku"`
		Name        string `json:"name"`
		Quantity    text   `json:"quantity"`
		Subtotal    text   `json:"subtotal"`
		SubtotalTax text   `json:"subtotal_tax"`
		Total       text   `json:"total"`
		TotalTax    text   `json:"total_tax"`
	} `json:"line_items"`
	Coupons []struct {
		Code string `json:"code"`
	} `json:"coupon_lines"`
	Refunds []struct {
		ID    text `json:"id"`
		Total text `json:"total"`
	} `json:"refunds"`
}

// wooDrafts are states of what is no order yet.
var wooDrafts = []string{"checkout-draft", "auto-draft", "draft"}

// ReadWooCommerce reads what a shop of WooCommerce tells. ok is false for what is
// not about an order, and for drafts. The total is that of the products with
// tax; shipping and fees are left out.
func ReadWooCommerce(topic string, body []byte) (w crm.ShopWord, ok bool, err error) {
	switch topic {
	case "order.created", "order.updated", "order.restored", "order.deleted":
	default:
		return w, false, nil
	}
	var j wooOrder
	if err := json.Unmarshal(body, &j); err != nil {
		return w, false, unreadable(err)
	}
	w.ShopID, w.Number = string(j.ID), cmp.Or(string(j.Number), string(j.ID))
	if topic == "order.deleted" {
		w.Gone = true
		return w, w.ShopID != "", nil
	}
	if slices.Contains(wooDrafts, j.Status) {
		return w, false, nil
	}
	w.Version, w.Taxed = wooTime(j.Changed), true
	o, err := j.order()
	if err != nil {
		return w, false, err
	}
	w.Order = &o
	for _, r := range j.Refunds {
		amount, err := amountOf("refunds", r.Total)
		if err != nil {
			return w, false, err
		}
		w.Refunds = append(w.Refunds, crm.ShopRefund{ID: string(r.ID), At: w.Version, Amount: max(amount, -amount)})
	}
	return w, true, nil
}

func (j *wooOrder) order() (crm.Order, error) {
	o := crm.Order{Number: string(j.Number), At: wooTime(j.Created), State: stateOf(j.Status), Currency: j.Currency}
	if o.Number == "" {
		o.Number = string(j.ID)
	}
	o.Buyer = buyerOf(string(j.Customer), j.Billing.First+" "+j.Billing.Last, j.Billing.Email, j.Billing.Phone)
	if o.Buyer.Name == "" {
		o.Buyer.Name = j.Billing.Company
	}
	if o.Buyer.Number == "0" { // a guest
		o.Buyer.Number = ""
	}
	for _, l := range j.Lines {
		var sum [4]crm.Money
		for i, t := range []text{l.Total, l.TotalTax, l.Subtotal, l.SubtotalTax} {
			var err error
			if sum[i], err = amountOf("line_items", t); err != nil {
				return o, err
			}
		}
		line := crm.OrderLine{Product: crm.Product{SKU: string(l.SKU), Name: l.Name}, Quantity: 1000, Total: sum[0] + sum[1]}
		line.Discount = max(0, sum[2]+sum[3]-line.Total)
		if l.Quantity != "" {
			var err error
			if line.Quantity, err = crm.ParseQuantity("line_items", string(l.Quantity)); err != nil {
				return o, err
			}
		}
		o.Lines = append(o.Lines, line)
		o.Total, o.Discount = o.Total+line.Total, o.Discount+line.Discount
	}
	for _, c := range j.Coupons {
		o.Offers = append(o.Offers, c.Code)
	}
	return o, nil
}

// wooTime reads a time without a zone, which is UTC; zero for what is none.
func wooTime(s string) time.Time {
	t, err := time.Parse("2006-01-02T15:04:05", strings.TrimSuffix(s, "Z"))
	if err != nil {
		return time.Time{}
	}
	return t
}

// buyerOf makes a buyer of what a shop has; an address that is none is left out,
// since the order counts without it.
func buyerOf(number, name, email, phone string) crm.Buyer {
	b := crm.Buyer{Number: number, Name: strings.TrimSpace(name), Phone: phone}
	if a, err := crm.ParseAddress(email); err == nil {
		b.Address = a
	}
	return b
}

// amountOf reads an amount of a shop, 0 for none.
func amountOf(field string, t text) (crm.Money, error) {
	if t == "" {
		return 0, nil
	}
	return crm.ParseMoney(field, string(t))
}

func unreadable(err error) error {
	return crm.Invalid("", "the shop's words cannot be read: %s", strings.TrimPrefix(err.Error(), "json: "))
}
