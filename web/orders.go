package web

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"kaveri/crm"
)

// OrdersPage lists orders, the newest first.
type OrdersPage struct {
	Shell
	Nobody bool   // only those of nobody
	Weeks  *Chart // on the first page of all orders
	Rows   []OrderCard
	Next   string
	Files  Files
}

// OrderCard is an order in a list or on a timeline.
type OrderCard struct {
	ID        crm.OrderID
	Heading   string
	When      Stamp
	Total     string
	Products  string
	Back      string // what of it was given back
	Discount  string
	Cancelled bool
	Buyer     string
	Customer  crm.CustomerID
	Why       string
}

const ordersPerPage = 50

func (s *Server) ordersPage(w http.ResponseWriter, r *http.Request, c *call) error {
	v := r.URL.Query()
	after, err := parseKey(v.Get("after"))
	if err != nil {
		return err
	}
	p := OrdersPage{Nobody: v.Get("nobody") != "", Files: filesOf("/orders", "")}
	list, next, err := s.Loyalty.Orders(r.Context(), c.viewer, crm.OrderQuery{Nobody: p.Nobody, After: after, Limit: ordersPerPage})
	if err != nil {
		return err
	}
	if !p.Nobody && after == (crm.PageKey{}) {
		if p.Weeks, err = s.orderWeeks(r, c); err != nil {
			return err
		}
	}
	title := Key("orders.title")
	if p.Nobody {
		title, p.Files = "orders.nobody", filesOf("/orders", "nobody=1")
	}
	p.Shell = s.shell(c, "loyalty", c.t(title))
	for i := range list {
		card := c.orderCard(&list[i])
		card.When = c.clock.stamp(list[i].At)
		p.Rows = append(p.Rows, card)
	}
	if (next != crm.PageKey{}) {
		more := url.Values{"after": {formatKey(next)}}
		if p.Nobody {
			more.Set("nobody", "1")
		}
		p.Next = "/orders?" + more.Encode()
	}
	s.render(w, r, c, http.StatusOK, "orders", p)
	return nil
}

// productsShown is how many products a card names.
const productsShown = 3

func (c *call) orderCard(o *crm.Order) OrderCard {
	k := OrderCard{ID: o.ID, Heading: c.t("order.heading", o.Number), Total: amount(c.lang, o.Total, o.Currency, false), Cancelled: o.State == crm.OrderCancelled, Buyer: o.Buyer.Display(), Customer: o.Customer, Why: c.orderWhy(o)}
	if o.Total < 0 {
		k.Heading = c.t("order.refund", o.Number)
		if o.Refunds != "" {
			k.Heading = c.t("order.refund-of", o.Number, o.Refunds)
		}
	}
	var names []string
	for _, l := range o.Lines[:min(len(o.Lines), productsShown)] {
		names = append(names, lineText(c.lang, l))
	}
	if more := len(o.Lines) - productsShown; more > 0 {
		names = append(names, c.n("order.more", more))
	}
	k.Products = strings.Join(names, ", ")
	if o.Refunded != 0 {
		k.Back = c.t("order.back", amount(c.lang, -o.Refunded, c.firm.Currency, false))
	}
	if o.Discount > 0 {
		k.Discount = c.t("order.discount", amount(c.lang, o.Discount, o.Currency, false))
	}
	return k
}

// lineText names a product and how much of it.
func lineText(lang string, l crm.OrderLine) string {
	name := l.Product.Name
	if name == "" {
		name = l.Product.SKU
	}
	if q := strings.TrimPrefix(l.Quantity.String(), "-"); q != "1" { // what was given back is told by its heading
		return decimalComma(lang, q) + " × " + name
	}
	return name
}

// orderWhy says why an order is whose it is.
func (c *call) orderWhy(o *crm.Order) string {
	said := strings.TrimPrefix(o.Evidence, "buyer: ")
	k := Key("order-rule." + string(o.Rule))
	switch {
	case !words[k].has():
		return c.t("why.rule", string(o.Rule))
	case !strings.Contains(words[k].en, "%s"):
		return c.t(k)
	case o.Rule == crm.RuleByHand && said == "on the machine itself":
		return c.t(k, c.t("why.administrator"))
	}
	return c.t(k, strings.TrimSuffix(said, " (shared)"))
}

// OrderPage is one order.
type OrderPage struct {
	Shell
	Card     OrderCard
	Source   string
	Owner    *crm.Customer // nil: nobody
	Buyer    []Told
	Lines    []OrderLine
	Offers   string
	Total    string
	Net      string // in the firm's currency, when that is not the total
	Refunds  string
	Returned []string // the numbers of what gave money back
	Text     string   // searched for
	Picks    []CustomerLine
	Searched bool
}

// Told is a fact as the shop tells it.
type Told struct {
	Name, Value string
}

// OrderLine is a product of the order.
type OrderLine struct {
	Name, SKU, Group, Quantity, Discount, Total string
}

func (s *Server) orderPage(w http.ResponseWriter, r *http.Request, c *call) error {
	id, err := routeID[crm.OrderID](r, "id", "order")
	if err != nil {
		return err
	}
	o, err := s.Loyalty.Order(r.Context(), c.viewer, id)
	if err != nil {
		return err
	}
	p := OrderPage{Card: c.orderCard(&o), Source: o.Source, Offers: strings.Join(o.Offers, ", "), Total: amount(c.lang, o.Total, o.Currency, false), Refunds: o.Refunds, Returned: o.RefundedBy, Text: strings.TrimSpace(r.URL.Query().Get("q"))}
	p.Shell = s.shell(c, "loyalty", p.Card.Heading)
	p.Card.When = c.clock.stamp(o.At)
	if net := o.Net(); net != o.Total || o.Currency != c.firm.Currency {
		p.Net = amount(c.lang, net, c.firm.Currency, false)
	}
	c.tellOrder(&o, &p)
	if o.Customer != 0 {
		cu, err := s.Store.Customer(r.Context(), c.viewer, o.Customer)
		if err != nil {
			return err
		}
		p.Owner = &cu
	}
	if p.Searched = r.URL.Query().Has("q"); p.Searched {
		if err := s.picks(r, c, &p, o.Customer); err != nil {
			return err
		}
	}
	s.render(w, r, c, http.StatusOK, "order", p)
	return nil
}

// tellOrder fills in buyer and lines.
func (c *call) tellOrder(o *crm.Order, p *OrderPage) {
	for _, t := range []struct {
		name  Key
		value string
	}{{"order.buyer-name", o.Buyer.Name}, {"order.buyer-address", string(o.Buyer.Address)}, {"order.buyer-number", o.Buyer.Number}, {"order.buyer-phone", o.Buyer.Phone}} {
		if t.value != "" {
			p.Buyer = append(p.Buyer, Told{c.t(t.name), t.value})
		}
	}
	for _, l := range o.Lines {
		line := OrderLine{Name: l.Product.Name, SKU: l.Product.SKU, Group: l.Product.Group, Quantity: decimalComma(c.lang, l.Quantity.String()), Total: amount(c.lang, l.Total, o.Currency, false)}
		if line.Name == "" {
			line.Name = line.SKU
		}
		if l.Discount > 0 {
			line.Discount = amount(c.lang, l.Discount, o.Currency, false)
		}
		p.Lines = append(p.Lines, line)
	}
}

// picks finds customers to whom the order may belong.
func (s *Server) picks(r *http.Request, c *call, p *OrderPage, but crm.CustomerID) error {
	rows, _, err := s.Store.Customers(r.Context(), c.viewer, crm.CustomerQuery{Text: p.Text, Limit: pickLimit})
	for _, row := range rows {
		if row.ID != but {
			p.Picks = append(p.Picks, c.customerLine(row))
		}
	}
	return err
}

// assignOrder notes a colleague's word on whose an order is.
func (s *Server) assignOrder(w http.ResponseWriter, r *http.Request, c *call) error {
	id, err := routeID[crm.OrderID](r, "id", "order")
	if err != nil {
		return err
	}
	var to crm.CustomerID
	if given := r.PostFormValue("customer"); given != "0" {
		if to, err = crm.ParseID[crm.CustomerID]("customer", given); err != nil {
			return err
		}
	}
	if err := s.Loyalty.AssignOrder(r.Context(), c.viewer, id, to, 0); err != nil {
		return err
	}
	return go303(w, r, fmt.Sprintf("/orders/%d", id), "assigned")
}
