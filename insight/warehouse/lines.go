package warehouse

import "kaveri/crm"

// lines gives the lines of orders, and one more for an order whose lines are not
// all of it.
func lines(x *reading, from, to crm.Day, yield func(*lineRow) error) error {
	return x.Orders(from, to, func(o *crm.ExportedOrder) error {
		for row := range linesOf(o, x.currency) {
			if err := yield(&row); err != nil {
				return err
			}
		}
		return nil
	})
}

// linesOf gives the rows of an order. Line by line what was paid so far is
// counted in the reporting currency, and a line has what that has grown by: so
// the values sum to that of the order, and no rounding is lost.
func linesOf(o *crm.ExportedOrder, currency string) func(func(lineRow) bool) {
	return func(yield func(lineRow) bool) {
		var paid, discount, value crm.Money
		for i := range o.Lines {
			l := &o.Lines[i]
			paid, discount = paid+l.Total, discount+l.Discount
			grown := paid.At(o.Rate) - value
			value += grown
			row, quantity := head(o, currency), int64(l.Quantity)
			row.Line, row.Product, row.Quantity = int32(l.N), int64(l.Product), &quantity
			row.Amount, row.Discount, row.Value = int64(l.Total), int64(l.Discount), int64(grown)
			if !yield(row) {
				return
			}
		}
		rest := head(o, currency)
		rest.Amount, rest.Discount, rest.Value = int64(o.Total-paid), int64(max(o.Discount-discount, 0)), int64(o.Value-value)
		if len(o.Lines) == 0 || rest.Amount != 0 || rest.Discount != 0 || rest.Value != 0 {
			yield(rest)
		}
	}
}

// head gives what all rows of an order have in common.
func head(o *crm.ExportedOrder, currency string) lineRow {
	return lineRow{Order: int64(o.ID), Source: o.Source, Number: o.Number, Customer: int64(o.Customer), Date: int32(o.Day), At: o.At.UnixMicro(), State: string(o.State),
		Refund: o.Total < 0, Refunds: o.Refunds, Currency: o.Currency, ValueCurrency: currency, Offers: o.Offers}
}
