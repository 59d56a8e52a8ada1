package orders

import (
	"cmp"
	"encoding/json"
	"time"

	"kaveri/crm"
)

// shopifyOrder is what we read of an order of Shopify's Admin API. Whether its
// prices have the tax in them, it says.
type shopifyOrder struct {
	ID        text            `json:"id"`
	Name      string          `json:"name"`
	Test      bool            `json:"test"`
	Created   string          `json:"created_at"`
	Processed string          `json:"processed_at"`
	Updated   string          `json:"updated_at"`
	Cancelled string          `json:"cancelled_at"`
	Financial string          `json:"financial_status"`
	Currency  string          `json:"currency"`
	Taxed     bool            `json:"taxes_included"`
	Email     string          `json:"email"`
	Contact   string          `json:"contact_email"`
	Phone     string          `json:"phone"`
	Customer  shopifyCustomer `json:"customer"`
	Billing   struct {
		Name  string `json:"name"`
		Phone string `json:"phone"`
	} `json:"billing_address"`
	Codes []struct {
		Code string `json:"code"`
	} `json:"discount_codes"`
	Lines   []shopifyLine   `json:"line_items"`
	Refunds []shopifyRefund `json:"refunds"`
}

type shopifyCustomer struct {
	ID    text   `json:"id"`
	First string `json:"first_name"`
	Last  string `json:"last_name"`
	Email string `json:"email"`
	Phone string `json:"phone"`
}

type shopifyLine struct {
	SKU         text            `json:"sku"`
	Name        string          `json:"name"`
	Title       string          `json:"title"`
	Quantity    text            `json:"quantity"`
	Price       text            `json:"price"` // of one
	Discount    text            `json:"total_discount"`
	Allocations []shopifyAmount `json:"discount_allocations"`
	Taxes       []shopifyAmount `json:"tax_lines"`
}

// shopifyAmount is an amount by either of the names that it has.
type shopifyAmount struct {
	Amount text `json:"amount"`
	Price  text `json:"price"`
}

type shopifyRefund struct {
	ID      text   `json:"id"`
	Order   text   `json:"order_id"`
	Created string `json:"created_at"`
	Lines   []struct {
		Subtotal text `json:"subtotal"`
		Tax      text `json:"total_tax"`
	} `json:"refund_line_items"`
	Adjustments []struct {
		Kind   string `json:"kind"`
		Amount text   `json:"amount"`
		Tax    text   `json:"tax_amount"`
	} `json:"order_adjustments"`
	Transactions []struct {
		Kind   string `json:"kind"`
		Status string `json:"status"`
		Amount text   `json:"amount"`
	} `json:"transactions"`
}

// ReadShopify reads what a shop of Shopify tells. ok is false for what is not
// about an order, and for tests. The total is that of the products with tax;
// shipping and tips apart from them are left out.
func ReadShopify(topic string, body []byte) (w crm.ShopWord, ok bool, err error) {
	switch topic {
	case "orders/create", "orders/updated", "orders/paid", "orders/cancelled", "orders/fulfilled", "orders/partially_fulfilled":
		return readShopifyOrder(body)
	case "orders/delete":
		var j shopifyOrder
		if err := json.Unmarshal(body, &j); err != nil {
			return w, false, unreadable(err)
		}
		return crm.ShopWord{ShopID: string(j.ID), Gone: true}, j.ID != "", nil
	case "refunds/create":
		var j shopifyRefund
		if err := json.Unmarshal(body, &j); err != nil {
			return w, false, unreadable(err)
		}
		r, err := j.refund()
		return crm.ShopWord{ShopID: string(j.Order), Refunds: []crm.ShopRefund{r}}, err == nil && j.Order != "", err
	}
	return w, false, nil
}

func readShopifyOrder(body []byte) (w crm.ShopWord, ok bool, err error) {
	var j shopifyOrder
	if err := json.Unmarshal(body, &j); err != nil {
		return w, false, unreadable(err)
	}
	if j.Test {
		return w, false, nil
	}
	w = crm.ShopWord{ShopID: string(j.ID), Number: cmp.Or(j.Name, string(j.ID)), Version: shopifyTime(j.Updated), Taxed: j.Taxed}
	o, err := j.order()
	if err != nil {
		return w, false, err
	}
	w.Order = &o
	for i := range j.Refunds {
		r, err := j.Refunds[i].refund()
		if err != nil {
			return w, false, err
		}
		w.Refunds = append(w.Refunds, r)
	}
	return w, true, nil
}

func (j *shopifyOrder) order() (crm.Order, error) {
	o := crm.Order{Number: j.Name, At: shopifyTime(cmp.Or(j.Processed, j.Created)), State: stateOf(j.Financial), Currency: j.Currency}
	if o.Number == "" {
		o.Number = string(j.ID)
	}
	if j.Cancelled != "" {
		o.State = crm.OrderCancelled
	}
	c := &j.Customer
	o.Buyer = buyerOf(string(c.ID), c.First+" "+c.Last, cmp.Or(j.Email, j.Contact, c.Email), cmp.Or(j.Phone, c.Phone, j.Billing.Phone))
	o.Buyer.Name = cmp.Or(o.Buyer.Name, j.Billing.Name)
	for i := range j.Lines {
		l, err := j.Lines[i].line(j.Taxed)
		if err != nil {
			return o, err
		}
		o.Lines = append(o.Lines, l)
		o.Total, o.Discount = o.Total+l.Total, o.Discount+l.Discount
	}
	for _, c := range j.Codes {
		o.Offers = append(o.Offers, c.Code)
	}
	return o, nil
}

// line reads a product of an order. Quantity is that of the order as it was made:
// what was taken out of it later comes as a refund.
func (j *shopifyLine) line(taxed bool) (l crm.OrderLine, err error) {
	l.Product, l.Quantity = crm.Product{SKU: string(j.SKU), Name: cmp.Or(j.Name, j.Title)}, 1000
	if j.Quantity != "" {
		if l.Quantity, err = crm.ParseQuantity("line_items", string(j.Quantity)); err != nil {
			return l, err
		}
	}
	price, err := amountOf("line_items", j.Price)
	if err != nil {
		return l, err
	}
	if l.Discount, err = sumOf(j.Allocations); err == nil && len(j.Allocations) == 0 {
		l.Discount, err = amountOf("line_items", j.Discount)
	}
	if err != nil {
		return l, err
	}
	l.Total = price.Times(l.Quantity) - l.Discount
	if !taxed {
		tax, err := sumOf(j.Taxes)
		if err != nil {
			return l, err
		}
		l.Total += tax
	}
	return l, nil
}

func sumOf(list []shopifyAmount) (sum crm.Money, err error) {
	for _, a := range list {
		m, err := amountOf("line_items", cmp.Or(a.Amount, a.Price))
		if err != nil {
			return 0, err
		}
		sum += m
	}
	return sum, nil
}

// refund reads what was given back: for products, or, when none are named, the
// money less what of it was for shipping.
func (j *shopifyRefund) refund() (r crm.ShopRefund, err error) {
	r = crm.ShopRefund{ID: string(j.ID), At: shopifyTime(j.Created)}
	add := func(to *crm.Money, t text) {
		m, e := amountOf("refunds", t)
		*to += m
		err = cmp.Or(err, e)
	}
	for _, l := range j.Lines {
		add(&r.Amount, l.Subtotal)
		add(&r.Tax, l.Tax)
	}
	if len(j.Lines) > 0 {
		return r, err
	}
	for _, t := range j.Transactions {
		if t.Kind == "refund" && t.Status == "success" {
			add(&r.Amount, t.Amount)
		}
	}
	for _, a := range j.Adjustments { // below zero, as the shop writes them
		if a.Kind == "shipping_refund" {
			add(&r.Amount, a.Amount)
			add(&r.Amount, a.Tax)
		}
	}
	r.Amount = max(r.Amount, 0)
	return r, err
}

// shopifyTime reads a time of RFC 3339; zero for what is none.
func shopifyTime(s string) time.Time {
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		return time.Time{}
	}
	return t
}
