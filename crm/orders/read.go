package orders

import (
	"cmp"
	"strings"
	"time"

	"kaveri/crm"
	"kaveri/crm/sheet"
)

// group makes an order of its rows. One that cannot be read keeps its rows.
func (t *Table) group(number string, rows []sheet.Row) Group {
	g := Group{Rows: rows, Order: crm.Order{Source: t.options.Source, Number: number, Currency: t.options.Currency}}
	g.Err = t.fill(&g.Order, rows)
	return g
}

// fill reads the rows of an order.
func (t *Table) fill(o *crm.Order, rows []sheet.Row) error {
	for _, row := range rows {
		if row.Problem != "" {
			return crm.Invalid("row", "row %d cannot be read: %s", row.Number, row.Problem)
		}
	}
	if o.Number == "" {
		return crm.Invalid("order", "the row has no number of an order")
	}
	if err := t.agree(rows); err != nil {
		return err
	}
	if err := t.fillHead(o, rows); err != nil {
		return err
	}
	var sum crm.Money
	for _, row := range rows {
		l, ok, err := t.line(row.Cells)
		if err != nil {
			return err
		}
		sum += l.Total
		o.Discount += l.Discount
		if ok {
			o.Lines = append(o.Lines, l)
		}
	}
	total := t.first(rows, FieldTotal)
	if total == "" {
		o.Total = sum
		return t.checkTotal(rows)
	}
	var err error
	o.Total, err = t.money(FieldTotal, total)
	return err
}

// agreeing are the fields of which the rows of one order say the same, or nothing.
var agreeing = []Field{FieldDate, FieldTotal, FieldCurrency, FieldBuyer, FieldEmail}

// agree refuses rows that contradict each other: two orders under one number, of
// which one would be lost.
func (t *Table) agree(rows []sheet.Row) error {
	for _, f := range agreeing {
		first, at := "", 0
		for _, row := range rows {
			switch cell := t.cell(row.Cells, f); {
			case cell == "" || cell == first:
			case first == "":
				first, at = cell, row.Number
			case t.differ(f, first, cell):
				return crm.Invalid(string(f), "rows %d and %d bear the same number of an order and differ in their %s, %q and %q; give one of them another number%s", at, row.Number, f, first, cell, hintOf(f))
			}
		}
	}
	return nil
}

// hintOf adds what else may be the matter.
func hintOf(f Field) string {
	if f == FieldTotal {
		return ", or read the column as the amount of a line"
	}
	return ""
}

// differ reports two cells that say different things. The lines of an order may
// bear times that are a little apart.
func (t *Table) differ(f Field, a, b string) bool {
	switch f {
	case FieldDate:
		x, ok := parseDate(a, t.Dates, t.options.Zone)
		y, also := parseDate(b, t.Dates, t.options.Zone)
		return ok && also && x.Sub(y).Abs() >= 24*time.Hour
	case FieldTotal:
		x, err := t.money(f, a)
		y, also := t.money(f, b)
		return err == nil && also == nil && x != y
	case FieldBuyer:
		return plainNumber(a) != plainNumber(b)
	}
	return !strings.EqualFold(a, b)
}

// checkTotal refuses an order of whose value the file says nothing.
func (t *Table) checkTotal(rows []sheet.Row) error {
	if t.first(rows, FieldAmount) == "" && t.first(rows, FieldPrice) == "" {
		return crm.Invalid("total", "the order has no total, and none of its lines an amount or a price")
	}
	return nil
}

// fillHead reads what is said of the order as a whole: many programs say it in
// its first row only.
func (t *Table) fillHead(o *crm.Order, rows []sheet.Row) error {
	date := t.first(rows, FieldDate)
	if date == "" {
		return crm.Invalid("date", "the order has no date")
	}
	at, ok := parseDate(date, t.Dates, t.options.Zone)
	if !ok {
		return crm.Invalid("date", "%q is not a date that is written as %s, as the others are", date, t.Dates)
	}
	o.At = at
	o.Buyer = crm.Buyer{Number: plainNumber(t.first(rows, FieldBuyer)), Name: t.first(rows, FieldName), Phone: t.first(rows, FieldPhone)}
	if email := t.first(rows, FieldEmail); email != "" {
		a, err := crm.ParseAddress(email)
		if err != nil {
			return err
		}
		o.Buyer.Address = a
	}
	o.Currency = cmp.Or(t.first(rows, FieldCurrency), o.Currency)
	o.State, o.Refunds = stateOf(t.first(rows, FieldState)), t.first(rows, FieldRefunds)
	for code := range strings.FieldsFuncSeq(t.first(rows, FieldOffer), func(r rune) bool { return strings.ContainsRune(",;|\n", r) }) {
		if code = strings.TrimSpace(code); code != "" {
			o.Offers = append(o.Offers, code)
		}
	}
	if discount := t.first(rows, FieldDiscount); discount != "" {
		d, err := t.money(FieldDiscount, discount)
		if err != nil {
			return err
		}
		o.Discount = max(d, -d) // some write what was taken off as below zero
	}
	return nil
}

// first gives the first cell of a field that is not empty.
func (t *Table) first(rows []sheet.Row, f Field) string {
	for _, row := range rows {
		if s := t.cell(row.Cells, f); s != "" {
			return s
		}
	}
	return ""
}

// money reads an amount. One that only fits the other decimal sign, and one of a file of
// both that fits both, is an error that names the mend.
func (t *Table) money(f Field, cell string) (crm.Money, error) {
	plain := plainDecimal(cell, t.Decimal)
	m, err := crm.ParseMoney(string(f), plain)
	if err == nil && t.unsure.amounts && openAmount(cell) {
		return 0, crm.Invalid(string(f), "%q may be thousands or decimals, and the file is written in two ways; write it without sign between thousands, or say which sign is the decimal one (--decimal)", cell)
	}
	if err == nil && !(plain == cell && t.Decimal == ',' && strings.Contains(plain, ".")) {
		return m, nil
	}
	other := otherSign(t.Decimal)
	if _, e := crm.ParseMoney(string(f), plainDecimal(cell, other)); e == nil {
		sign, wrong := signNames[t.Decimal], signNames[other]
		return 0, crm.Invalid(string(f), "%q has a decimal %s, and the file is read with a decimal %s; write it with a %s, or say that all have a %s (--decimal %s)", cell, wrong, sign, sign, wrong, wrong)
	}
	return m, err
}

// openAmount reports 1,234 and 1.234.
func openAmount(cell string) bool {
	s := bareAmount(cell)
	i := strings.IndexAny(s, ",.")
	return i >= 0 && i == strings.LastIndexAny(s, ",.") && groups(s, i)
}

// signNames name the decimal signs.
var signNames = map[byte]string{',': "comma", '.': "point"}

func otherSign(sign byte) byte {
	if sign == ',' {
		return '.'
	}
	return ','
}

// quantity reads a quantity. Registers write some with a decimal point beside amounts
// with a comma; one that fits only that is read so.
func (t *Table) quantity(cell string) (crm.Quantity, error) {
	q, err := crm.ParseQuantity(string(FieldQuantity), plainDecimal(cell, t.Decimal))
	if err != nil {
		if other, e := crm.ParseQuantity(string(FieldQuantity), plainDecimal(cell, otherSign(t.Decimal))); e == nil {
			return other, nil
		}
	}
	return q, err
}

// line reads a row's product; ok is false when it names none.
func (t *Table) line(cells []string) (l crm.OrderLine, ok bool, err error) {
	l.Product = crm.Product{SKU: plainNumber(t.cell(cells, FieldProduct)), Name: t.cell(cells, FieldProductName), Group: t.cell(cells, FieldGroup)}
	l.Quantity = 1000
	if s := t.cell(cells, FieldQuantity); s != "" {
		if l.Quantity, err = t.quantity(s); err != nil {
			return l, false, err
		}
	}
	if s := t.cell(cells, FieldLineDiscount); s != "" {
		d, err := t.money(FieldLineDiscount, s)
		if err != nil {
			return l, false, err
		}
		l.Discount = max(d, -d)
	}
	if s := t.cell(cells, FieldAmount); s != "" {
		l.Total, err = t.money(FieldAmount, s)
	} else if s := t.cell(cells, FieldPrice); s != "" {
		var price crm.Money
		price, err = t.money(FieldPrice, s)
		l.Total = price.Times(l.Quantity) - l.Discount
	}
	return l, l.Product.SKU != "" || l.Product.Name != "", err
}

// plainNumber takes from a number the decimals that spreadsheets give it.
func plainNumber(s string) string {
	if whole, ok := strings.CutSuffix(s, ".0"); ok && whole != "" && strings.Trim(whole, "0123456789") == "" {
		return whole
	}
	return s
}
