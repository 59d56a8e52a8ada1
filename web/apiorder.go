package web

import (
	"net/http"
	"time"

	"kaveri/crm"
)

// APIOrder is an order as programs get it. Amounts are decimal strings.
type APIOrder struct {
	ID         crm.OrderID    `json:"id"`
	Source     string         `json:"source"`
	Number     string         `json:"number"`
	At         time.Time      `json:"at"`
	State      crm.OrderState `json:"state"`
	Customer   crm.CustomerID `json:"customer"` // 0: it is not known whose it is
	Currency   string         `json:"currency"`
	Total      string         `json:"total"`
	Discount   string         `json:"discount"`
	Net        string         `json:"net"` // in the firm's currency, less what was given back
	Offers     []string       `json:"offers"`
	Refunds    string         `json:"refunds"`
	RefundedBy []string       `json:"refunded_by"`
	Lines      []APILine      `json:"lines"`
}

// APILine is one product of an order.
type APILine struct {
	SKU      string `json:"sku"`
	Name     string `json:"name"`
	Group    string `json:"group"`
	Quantity string `json:"quantity"`
	Total    string `json:"total"`
	Discount string `json:"discount"`
}

// APIOrderOf gives an order as programs get it.
func APIOrderOf(o *crm.Order) APIOrder {
	out := APIOrder{ID: o.ID, Source: o.Source, Number: o.Number, At: o.At.UTC(), State: o.State, Customer: o.Customer, Currency: o.Currency, Total: o.Total.String(), Discount: o.Discount.String(),
		Net: o.Net().String(), Offers: append([]string{}, o.Offers...), Refunds: o.Refunds, RefundedBy: append([]string{}, o.RefundedBy...), Lines: []APILine{}}
	for _, l := range o.Lines {
		out.Lines = append(out.Lines, APILine{l.Product.SKU, l.Product.Name, l.Product.Group, l.Quantity.String(), l.Total.String(), l.Discount.String()})
	}
	return out
}

// apiOrder gives the order that a source numbers so.
func (s *Server) apiOrder(w http.ResponseWriter, r *http.Request, c *apiCall) error {
	source, number := r.URL.Query().Get("source"), r.URL.Query().Get("number")
	if source == "" || number == "" {
		return crm.Invalid("number", "say which order: ?source=SOURCE&number=NUMBER")
	}
	o, err := s.Intake.OrderNumbered(r.Context(), c.viewer, source, number)
	if err != nil {
		return err
	}
	writeJSON(w, http.StatusOK, "application/json", APIOrderOf(&o))
	return nil
}
