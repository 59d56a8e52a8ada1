package orders

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"time"

	"kaveri/crm"
)

// MaxBatch is how many orders a batch in JSON may have.
const MaxBatch = 1000

// Batch is a batch of orders in JSON, as the API takes it; docs/api.md describes
// the form.
type Batch struct {
	Replace bool
	Orders  []Read
}

// Read is one order of a batch, or why it cannot be read.
type Read struct {
	Order crm.Order
	Err   error // of kind [crm.KindInvalid]; it names the field
}

type jsonBatch struct {
	Source  string            `json:"source"`
	Replace bool              `json:"replace"`
	Orders  []json.RawMessage `json:"orders"`
}

type jsonOrder struct {
	Source   string     `json:"source"`
	Number   text       `json:"number"`
	At       string     `json:"at"`
	State    string     `json:"state"`
	Buyer    jsonBuyer  `json:"buyer"`
	Currency string     `json:"currency"`
	Total    text       `json:"total"`
	Discount text       `json:"discount"`
	Offers   []string   `json:"offers"`
	Refunds  text       `json:"refunds"`
	Lines    []jsonLine `json:"lines"`
}

type jsonBuyer struct {
	Number  text   `json:"number"`
	Name    string `json:"name"`
	Address string `json:"address"`
	Phone   string `json:"phone"`
}

type jsonLine struct {
	SKU      text   `json:"sku"`
	Name     string `json:"name"`
	Group    string `json:"group"`
	Quantity text   `json:"quantity"`
	Total    text   `json:"total"`
	Discount text   `json:"discount"`
}

// text is a string, or a number as it was written: "12.30" and 12.30 are read
// alike, and neither passes through binary floating point.
type text string

// UnmarshalJSON takes a string, a number or null.
func (t *text) UnmarshalJSON(b []byte) error {
	var s string
	switch {
	case string(b) == "null":
	case b[0] == '"':
		if err := json.Unmarshal(b, &s); err != nil {
			return err
		}
	case b[0] == '{' || b[0] == '[' || b[0] == 't' || b[0] == 'f':
		return errNoText
	default:
		s = string(b)
	}
	*t = text(s)
	return nil
}

var errNoText = errors.New("neither text nor a number")

// ReadBatch reads a batch. What is wrong with it as a whole is an error of kind
// [crm.KindInvalid]; what is wrong with one order stands in that. Days without a
// time are of zone, orders without a currency of currency. Fields that nobody
// knows are refused: a misspelt one would be lost unseen.
func ReadBatch(data []byte, zone *time.Location, currency string) (*Batch, error) {
	var j jsonBatch
	if err := strict(data, &j); err != nil {
		return nil, err
	}
	switch n := len(j.Orders); {
	case n == 0:
		return nil, crm.Invalid("orders", "there are no orders in it; write {\"source\": ..., \"orders\": [...]}")
	case n > MaxBatch:
		return nil, crm.Invalid("orders", "%d orders are too many at once; send at most %d", n, MaxBatch)
	}
	b := &Batch{Replace: j.Replace, Orders: make([]Read, len(j.Orders))}
	for i, raw := range j.Orders {
		r := &b.Orders[i]
		o := jsonOrder{Source: j.Source, Currency: currency}
		if r.Err = strict(raw, &o); r.Err == nil {
			r.Order, r.Err = o.order(zone)
		}
		r.Order.Source, r.Order.Number = o.Source, string(o.Number) // also of what cannot be read
	}
	return b, nil
}

// strict reads one value, and nothing but what v has fields for.
func strict(data []byte, v any) error {
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	err := d.Decode(v)
	if err == nil {
		if _, err = d.Token(); errors.Is(err, io.EOF) {
			return nil
		}
		return crm.Invalid("", "behind the JSON stands something else")
	}
	var typed *json.UnmarshalTypeError
	name, unknown := strings.CutPrefix(err.Error(), "json: unknown field ")
	switch {
	case errors.As(err, &typed):
		return crm.Invalid(typed.Field, "a %s does not go here", typed.Value)
	case unknown:
		return crm.Invalid("", "%s is no field of it; docs/api.md lists those that there are", name)
	case errors.Is(err, errNoText):
		return crm.Invalid("", "where a text or a number belongs stands something else")
	}
	return crm.Invalid("", "this is not JSON: %s", strings.TrimPrefix(err.Error(), "json: "))
}

// order makes an order of what was read.
func (j *jsonOrder) order(zone *time.Location) (crm.Order, error) {
	o := crm.Order{Source: j.Source, Number: string(j.Number), State: crm.OrderState(j.State), Currency: j.Currency, Offers: j.Offers, Refunds: string(j.Refunds),
		Buyer: crm.Buyer{Number: string(j.Buyer.Number), Name: j.Buyer.Name, Phone: j.Buyer.Phone}}
	var err error
	if o.At, err = readTime(j.At, zone); err != nil {
		return o, err
	}
	if j.Buyer.Address != "" {
		if o.Buyer.Address, err = crm.ParseAddress(j.Buyer.Address); err != nil {
			return o, err
		}
	}
	for i := range j.Lines {
		l, err := j.Lines[i].line()
		if err != nil {
			return o, err
		}
		o.Lines = append(o.Lines, l)
		o.Total, o.Discount = o.Total+l.Total, o.Discount+l.Discount
	}
	switch {
	case j.Total != "":
		o.Total, err = crm.ParseMoney("total", string(j.Total))
	case len(j.Lines) == 0:
		err = crm.Invalid("total", "the order has neither a total nor lines")
	}
	if err == nil && j.Discount != "" {
		o.Discount, err = crm.ParseMoney("discount", string(j.Discount))
	}
	return o, err
}

// readTime reads a time of RFC 3339, or a day of zone.
func readTime(s string, zone *time.Location) (time.Time, error) {
	if s == "" {
		return time.Time{}, crm.Invalid("date", "the order has no date; write it like 2026-01-31T12:30:00Z or 2026-01-31")
	}
	if at, err := time.Parse(time.RFC3339Nano, s); err == nil {
		return at, nil
	}
	if at, err := time.ParseInLocation(time.DateOnly, s, zone); err == nil {
		return at, nil
	}
	return time.Time{}, crm.Invalid("date", "%q is not a date; write it like 2026-01-31T12:30:00Z or 2026-01-31", s)
}

func (j *jsonLine) line() (l crm.OrderLine, err error) {
	l.Product, l.Quantity = crm.Product{SKU: string(j.SKU), Name: j.Name, Group: j.Group}, 1000
	if j.Quantity != "" {
		if l.Quantity, err = crm.ParseQuantity("quantity", string(j.Quantity)); err != nil {
			return l, err
		}
	}
	if j.Discount != "" {
		if l.Discount, err = crm.ParseMoney("discount", string(j.Discount)); err != nil {
			return l, err
		}
	}
	if j.Total == "" {
		return l, crm.Invalid("total", "a line has no total")
	}
	l.Total, err = crm.ParseMoney("total", string(j.Total))
	return l, err
}
