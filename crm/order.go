package crm

import (
	"cmp"
	"fmt"
	"strings"
	"time"
)

// Order is what a customer bought at once, or gave back.
type Order struct {
	ID       OrderID
	Source   string // the shop or register that numbers it; Source and Number name one order
	Number   string
	At       time.Time
	State    OrderState
	Buyer    Buyer // as the shop knows them
	Currency string
	Total    Money // paid for goods: after discounts, lines that were given back taken off
	Discount Money // below the usual price, of the whole order and of its lines; never negative
	Offers   []string
	Refunds  string // the number of the order for which an order of negative total gives money back
	Lines    []OrderLine

	// Filled by the store.
	Customer   CustomerID // 0: nobody that could be told
	Contact    ContactID  // 0: an address that several people of the customer use
	Rule       Rule       // why it is theirs, or why it is nobody's
	Evidence   string
	Value      Money // Total in the firm's currency
	Refunded   Money // what refunds of it have taken off again, in the firm's currency; never positive
	RefundedBy []string
}

// OrderState is whether an order stands.
type OrderState string

// The states.
const (
	OrderPlaced    OrderState = "placed"
	OrderCancelled OrderState = "cancelled" // called off: it never counts
)

// Net is what is left of an order in the firm's currency; 0 of one that was
// called off.
func (o *Order) Net() Money {
	if o.State == OrderCancelled {
		return 0
	}
	return o.Value + o.Refunded
}

// OrderLine is one product of an order. A line that gives back what was bought
// before has a negative quantity or total.
type OrderLine struct {
	Product  Product
	Quantity Quantity
	Total    Money // after its discount
	Discount Money
}

// Product is what is sold, by its stock number.
type Product struct {
	ID    ProductID
	SKU   string
	Name  string
	Group string // by which the firm sorts its products; "" when it does not
}

// Buyer is who ordered, as the shop knows them. Any of the fields may be empty.
type Buyer struct {
	Number  string // in the shop's list of customers
	Name    string
	Address Address
	Phone   string // E.164, or as the shop has it
}

// Anonymous reports that nobody is named by whom a buyer could be found again.
func (b *Buyer) Anonymous() bool { return b.Number == "" && b.Address == "" && b.Phone == "" }

// Display names who bought as the shop knows them best, "" when it says nothing.
func (b *Buyer) Display() string { return cmp.Or(b.Name, string(b.Address), b.Number, b.Phone) }

// The caps of an order, in bytes and lines.
const (
	maxOrderText  = 300
	MaxOrderLines = 10_000
)

// earliestOrder and orderAhead bound the date of an order: what lies outside is
// a mistake in reading it.
var earliestOrder = time.Date(1970, 1, 1, 0, 0, 0, 0, time.UTC)

const orderAhead = 48 * time.Hour

// Validate checks an order before it is kept and fills what follows from the
// rest: the total of its lines, the state. Its errors, of kind [KindInvalid],
// name the field.
func (o *Order) Validate(now time.Time) error {
	o.Source, o.Number, o.Refunds = tidy(o.Source), tidy(o.Number), tidy(o.Refunds)
	o.Buyer.Number, o.Buyer.Name, o.Buyer.Phone = tidy(o.Buyer.Number), tidy(o.Buyer.Name), tidy(o.Buyer.Phone)
	switch {
	case o.Number == "":
		return Invalid("order", "the order has no number; without it, it would be counted again each time it comes in")
	case o.Source == "":
		return Invalid("source", "say which shop or register numbers the order")
	case o.At.IsZero():
		return Invalid("date", "order %s has no date", o.Number)
	case o.At.Before(earliestOrder), o.At.After(now.Add(orderAhead)):
		return Invalid("date", "order %s is of %s; that is not a day on which it can have been made", o.Number, o.At.Format(time.DateOnly))
	case len(o.Lines) > MaxOrderLines:
		return Invalid("lines", "order %s has more than %d lines", o.Number, MaxOrderLines)
	case o.Discount < 0:
		return Invalid("discount", "order %s has a discount below zero; write it as an amount that was taken off", o.Number)
	case o.Refunds == o.Number:
		return Invalid("refunds", "order %s cannot refund itself", o.Number)
	}
	var err error
	if o.Currency, err = ParseCurrency(o.Currency); err != nil {
		return err
	}
	switch o.State {
	case "":
		o.State = OrderPlaced
	case OrderPlaced, OrderCancelled:
	default:
		return Invalid("state", "%q is unknown; write placed or cancelled", o.State)
	}
	if err := o.validateLines(); err != nil {
		return err
	}
	if o.Total > MaxMoney || o.Total < -MaxMoney || o.Discount > MaxMoney {
		return Invalid("total", "order %s is of more money than Kaveri counts with", o.Number)
	}
	return nil
}

func (o *Order) validateLines() error {
	for i := range o.Lines {
		l := &o.Lines[i]
		l.Product.SKU, l.Product.Name, l.Product.Group = tidy(l.Product.SKU), tidy(l.Product.Name), tidy(l.Product.Group)
		if l.Product.SKU == "" { // many shops number nothing
			l.Product.SKU = l.Product.Name
		}
		switch {
		case l.Product.SKU == "":
			return Invalid("product", "line %d of order %s names no product", i+1, o.Number)
		case l.Discount < 0:
			return Invalid("discount", "line %d of order %s has a discount below zero; write it as an amount that was taken off", i+1, o.Number)
		case l.Total > MaxMoney || l.Total < -MaxMoney || l.Discount > MaxMoney:
			return Invalid("total", "line %d of order %s is of more money than Kaveri counts with", i+1, o.Number)
		}
	}
	return nil
}

// Doubt says what is odd about an order that is kept all the same: its lines come to
// more than its total by more than a discount explains: less the discount that is said
// they are still more than twice as much. "" when nothing is, and of one that was called off.
func (o *Order) Doubt() string {
	var sum Money
	for i := range o.Lines {
		sum += o.Lines[i].Total
	}
	if o.State == OrderCancelled || sum <= 0 || sum-o.Discount <= max(2*o.Total, 0) {
		return ""
	}
	return fmt.Sprintf("the lines of order %s come to %s and its total is %s; a discount hardly explains that", o.Number, sum, o.Total)
}

// tidy makes text of the outside one that can be stored and compared.
func tidy(s string) string {
	s = strings.TrimSpace(strings.ToValidUTF8(strings.ReplaceAll(s, "\x00", ""), "\uFFFD"))
	for len(s) > maxOrderText {
		s = strings.ToValidUTF8(s[:maxOrderText], "")
	}
	return s
}

// Buyers is what [Firm.PlaceOrder] asks.
type Buyers interface {
	// ContactsOf gives who uses an address at a time.
	ContactsOf(a Address, at time.Time) []Person
	// ContactsLike gives who uses another form of it.
	ContactsLike(a Address, at time.Time) []Person
	// CustomerOfDomain gives the customer to whom all at a domain belong, 0 for
	// none.
	CustomerOfDomain(domain string) CustomerID
	// ContactNumbered gives whom a shop has under a number.
	ContactNumbered(source, number string) (Person, bool)
}

// Placement says whose an order is.
type Placement struct {
	Customer CustomerID
	Contact  ContactID
	Rule     Rule
	Evidence string
	New      bool // the buyer is to be made a contact: of Customer, or a new customer when that is 0
}

// PlaceOrder decides whose an order is, as mail is placed: by an address that is
// in use at its date, by another form of one, by the number that its shop has
// for somebody, by the domain of a confirmed organisation. Somebody who is not
// known yet becomes a customer: who buys is one. Several hits are never resolved
// by chance.
func (f *Firm) PlaceOrder(o *Order, dir Buyers) Placement {
	b := &o.Buyer
	if b.Anonymous() {
		return Placement{Rule: ReasonNoBuyer}
	}
	if b.Address != "" && f.Internal(b.Address) {
		return Placement{Rule: RuleInternal, Evidence: "buyer: " + string(b.Address)}
	}
	if b.Address != "" {
		if hits := dir.ContactsOf(b.Address, o.At); len(hits) > 0 {
			return placed(hits, RuleExact, string(b.Address))
		}
	}
	if b.Number != "" {
		if p, ok := dir.ContactNumbered(o.Source, b.Number); ok {
			return Placement{Customer: p.Customer, Contact: p.Contact, Rule: RuleBuyerNumber, Evidence: "buyer: " + b.Number}
		}
	}
	if b.Address != "" {
		if hits := dir.ContactsLike(b.Address, o.At); len(hits) > 0 {
			return placed(hits, RuleAlias, string(b.Address))
		}
		if d := b.Address.Organisation(); d != "" {
			if c := dir.CustomerOfDomain(d); c != 0 {
				return Placement{Customer: c, Rule: RuleDomain, Evidence: "buyer: " + string(b.Address), New: true}
			}
		}
	}
	return Placement{Rule: RuleBuyer, Evidence: "buyer: " + b.says(), New: true}
}

// says gives what names a buyer best.
func (b *Buyer) says() string {
	for _, s := range []string{string(b.Address), b.Number, b.Phone} {
		if s != "" {
			return s
		}
	}
	return b.Name
}

// placed is a placement by an address. Several people of one customer leave
// open which of them it was, those of several customers leave open all.
func placed(hits []Person, rule Rule, address string) Placement {
	p := Placement{Customer: hits[0].Customer, Contact: hits[0].Contact, Rule: rule, Evidence: "buyer: " + address}
	for _, h := range hits[1:] {
		p.Contact = 0
		if h.Customer != p.Customer {
			return Placement{Rule: ReasonSeveral, Evidence: p.Evidence}
		}
	}
	if len(hits) > 1 {
		p.Evidence += " (shared)"
	}
	return p
}

// OrderQuery selects orders.
type OrderQuery struct {
	Customer CustomerID // of this customer; 0: of all
	Nobody   bool       // only those of nobody
	After    PageKey
	Limit    int
}

// OrderOutcome is what became of an order that came in.
type OrderOutcome string

// The outcomes.
const (
	OrderAdded    OrderOutcome = "added"
	OrderSame     OrderOutcome = "same"     // it was here, just like this
	OrderReplaced OrderOutcome = "replaced" // it was here with other content
	OrderRefused  OrderOutcome = "refused"
)

// OrderResult is the outcome of one order, with the reason when it was refused.
type OrderResult struct {
	Outcome  OrderOutcome
	Order    OrderID
	Customer CustomerID
	Made     bool  // the customer is new
	Err      error // of a refused one
}

// OrderImport is one file or batch of orders, which can be taken back.
type OrderImport struct {
	ID       ImportID
	Source   string
	Name     string // of the file
	Staff    StaffID
	Added    int
	Replaced int
	At       time.Time
	Undone   time.Time // zero: it stands
}
