package orders

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"kaveri/crm"
)

// told reads a table and tells its orders in one line each, and what went wrong.
func told(t *testing.T, file string, o Options) (orders, wrong []string, table *Table) {
	t.Helper()
	if o.Source == "" {
		o.Source = "shop"
	}
	table, err := Look(strings.NewReader(file), o)
	if err != nil {
		t.Fatal(err)
	}
	err = table.Each(func(g Group) error {
		if g.Err != nil {
			wrong = append(wrong, fmt.Sprintf("%d: %v", g.Rows[0].Number, g.Err))
			return nil
		}
		orders = append(orders, tell(&g.Order))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return orders, wrong, table
}

func tell(o *crm.Order) string {
	s := fmt.Sprintf("%s %s %s %s", o.Number, o.At.Format("2006-01-02T15:04"), o.Total, o.Currency)
	for _, part := range []string{o.Buyer.Number, o.Buyer.Name, string(o.Buyer.Address), o.Refunds, strings.Join(o.Offers, "+")} {
		if part != "" {
			s += " " + part
		}
	}
	if o.Discount != 0 {
		s += " less " + o.Discount.String()
	}
	if o.State == crm.OrderCancelled {
		s += " cancelled"
	}
	for _, l := range o.Lines {
		s += fmt.Sprintf(" [%s x %s%s %s]", l.Quantity, l.Product.SKU, l.Product.Name, l.Total)
	}
	return s
}

func same(t *testing.T, what string, got []string, want ...string) {
	t.Helper()
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("%s:\n got %s\nwant %s", what, strings.Join(got, "\n     "), strings.Join(want, "\n     "))
	}
}

func TestTables(t *testing.T) {
	for _, c := range []struct{ name, file, want string }{
		{"a row for an order", "order,date,email,total\n1,2026-01-31,Aino@Home.example,12.50\n2,2026-02-01T10:30:00Z,,7\n",
			"1 2026-01-31T00:00 12.50 EUR aino@home.example\n2 2026-02-01T10:30 7.00 EUR"},
		{"lines", "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n" +
			"536367,84879,BIRD,32,2010-12-01 08:34:00,1.69,13047.0,United Kingdom\n536367,22745,HOUSE ,6,2010-12-01 08:34:00,2.1,13047.0,United Kingdom\nC536379,D,Discount,-1,2010-12-01 09:41:00,27.5,14527.0,United Kingdom\n",
			"536367 2010-12-01T08:34 66.68 EUR 13047 [32 x 84879BIRD 54.08] [6 x 22745HOUSE 12.60]\nC536379 2010-12-01T09:41 -27.50 EUR 14527 [-1 x DDiscount -27.50]"},
		{"Finnish", "Tilausnumero;Pvm;Asiakas;Sähköposti;Tuote;Kpl;Hinta;Valuutta\n77;31.1.2026 klo 14.05;Matti;matti@koti.example;Kahvi;2;4,50;eur\n77;31.1.2026 klo 14.05;;;Pulla;10;1 250,00 €;\n",
			"77 2026-01-31T14:05 12509.00 eur Matti matti@koti.example [2 x Kahvi 9.00] [10 x Pulla 12500.00]"},
		{"month first", "order,date,total\n1,01/31/2026,\"1,234.50\"\n2,02/03/2026 3:04 PM,$5\n", "1 2026-01-31T00:00 1234.50 EUR\n2 2026-02-03T15:04 5.00 EUR"},
		{"day first", "order,date,total\n1,31/01/2026,\"1.234,50\"\n2,02/03/2026,(5)\n3,1.2.26,\"7,-\"\n", "1 2026-01-31T00:00 1234.50 EUR\n2 2026-03-02T00:00 -5.00 EUR\n3 2026-02-01T00:00 7.00 EUR"},
		{"numbers for dates", "order,date,total\n1,20260131,1\n2,46053,2\n3,1769860800,3\n", "1 2026-01-31T00:00 1.00 EUR\n2 2026-01-31T00:00 2.00 EUR\n3 2026-01-31T12:00 3.00 EUR"},
		{"one shop's export", "Name,Email,Financial Status,Paid at,Currency,Total,Discount Code,Discount Amount,Lineitem quantity,Lineitem name,Lineitem price,Lineitem sku,Billing Name\n" +
			"#1001,a@b.example,paid,2026-01-02 10:00:00 +0200,USD,20.00,SPRING,2.50,1,Tea,12.50,T1,Ann\n#1001,,,,,,,,2,Mug,5.00,M1,\n#1002,c@d.example,voided,2026-01-03 10:00:00 +0200,USD,9.00,,,1,Tea,9.00,T1,\n",
			"#1001 2026-01-02T10:00 20.00 USD Ann a@b.example SPRING less 2.50 [1 x T1Tea 12.50] [2 x M1Mug 10.00]\n#1002 2026-01-03T10:00 9.00 USD c@d.example cancelled [1 x T1Tea 9.00]"},
		{"refunds", "order,date,total,refunds,customer id\n9,2026-01-01,-5.00,7,C1\n", "9 2026-01-01T00:00 -5.00 EUR C1 7"},
		{"discounts of lines", "order,date,sku,qty,price,line discount,coupons\n1,2026-01-01,a,2,10,5,\"X, Y\"\n", "1 2026-01-01T00:00 15.00 EUR X+Y less 5.00 [2 x a 15.00]"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, wrong, _ := told(t, c.file, Options{Currency: "EUR"})
			same(t, "orders", got, strings.Split(c.want, "\n")...)
			same(t, "wrong", wrong)
		})
	}
}

// A row that cannot be read keeps its order aside, and no other.
func TestBadRows(t *testing.T) {
	got, wrong, table := told(t, strings.Join([]string{
		"order,date,email,sku,qty,price",
		"1,2026-01-01,a@b.example,tea,1,5",
		"1,2026-01-01,,mug,many,5",
		"2,2026-02-30,,tea,1,5",
		"3,,,tea,1,5",
		"4,2026-01-01,a b@c.example,tea,1,5",
		",2026-01-01,,tea,1,5",
		"5,2026-01-01,,tea,1,1e3",
		"6,2026-01-01,,tea,1,",
		`7,2026-01-01,,"tea,1,5`,
		`7,2026-01-01,,mug,1,5`,
		"8,2026-01-01,,tea,1,5",
	}, "\n"), Options{})
	same(t, "orders", got, "8 2026-01-01T00:00 5.00  [1 x tea 5.00]")
	same(t, "wrong", wrong,
		`2: quantity: "many" is not a quantity; write it like 2 or 0.5`,
		`4: date: "2026-02-30" is not a date that is written as year-month-day, as the others are`,
		`5: date: the order has no date`,
		`6: address: there is a space before @; remove it`,
		`7: order: the row has no number of an order`,
		`8: price: "1e3" is not an amount; write it like 12.34`,
		`9: total: the order has no total, and none of its lines an amount or a price`,
		`10: row: row 10 cannot be read: a quote is not closed`)
	if table.Rows != 11 || len(table.Sample) != sampled {
		t.Errorf("%d rows, %d samples", table.Rows, len(table.Sample))
	}
}

// Rows of one order may lie apart; none is lost and none counted twice.
func TestScattered(t *testing.T) {
	file := "order,date,sku,qty,price\n"
	for _, sku := range []string{"a", "b", "c"} {
		for n := range 50 {
			file += fmt.Sprintf("%d,2026-01-01,%s,1,2\n", n, sku)
		}
	}
	got, wrong, table := told(t, file+"50,2026-01-01,d,1,2\n", Options{})
	if len(got) != 51 || len(wrong) != 0 || table.Orders != 51 || table.scatters != 150 {
		t.Fatalf("%d orders, %d wrong, %d counted, %d rows apart", len(got), len(wrong), table.Orders, table.scatters)
	}
	same(t, "the first", got[:1], "0 2026-01-01T00:00 6.00  [1 x a 2.00] [1 x b 2.00] [1 x c 2.00]")
}

func TestWhatIsMissing(t *testing.T) {
	for file, want := range map[string]string{
		"date,total\n":                    "order: no column is known to hold the number of the order; say which with order=COLUMN; the columns are: date, total",
		"order,total\n":                   "date: no column is known to hold the date; say which with date=COLUMN; the columns are: order, total",
		"order,date,sku,qty\n":            "total: no column is known to hold an amount; say which with total=COLUMN (of an order), amount=COLUMN (of a line), or quantity=COLUMN and price=COLUMN; the columns are: order, date, sku, qty",
		"":                                "titles: the file has no header row; the first row must name the columns, such as order, date and total",
		"order,date,total\n1,2026-01-01,": "",
	} {
		_, err := Look(strings.NewReader(file), Options{})
		if got := fmt.Sprint(err); err != nil && got != want || err == nil && want != "" {
			t.Errorf("%q: %v", file, err)
		}
	}
}

func TestMapping(t *testing.T) {
	file := "Nro,Päivä,Raha\n1,2026-01-01,5\n"
	got, _, table := told(t, file, Options{Map: "order=nro, date=Päivä, total=Raha"})
	same(t, "orders", got, "1 2026-01-01T00:00 5.00 ")
	if d := table.Mapping.Describe(table.Head); d != "order from Nro, date from Päivä, total from Raha" {
		t.Error(d)
	}
	for text, want := range map[string]string{
		"orders=Nro": `map: "orders=Nro" is no field of an order; write field=column, with a field out of ` + fieldNames(),
		"order=Nr":   `map: order: the file has no column "Nr"; its columns are Nro, Päivä, Raha`,
		"order":      `map: "order" is no field of an order; write field=column, with a field out of ` + fieldNames(),
	} {
		if _, err := Look(strings.NewReader(file), Options{Map: text}); fmt.Sprint(err) != want {
			t.Errorf("%q: %v", text, err)
		}
	}
}

// Titles in Finnish tell their columns.
func TestFinnishTitles(t *testing.T) {
	if m := GuessMapping([]string{"Tilaus", "Päivä", "Yhteensä"}); m[FieldOrder] != 0 || m[FieldDate] != 1 || m[FieldTotal] != 2 || len(m) != 3 {
		t.Error(m)
	}
}

// What the file leaves open is said.
func TestUnsure(t *testing.T) {
	_, _, table := told(t, "order,date,total\n1,03/04/2026,\"1,234\"\n", Options{})
	if len(table.Unsure) != 2 || table.Dates != DayFirst || table.Decimal != '.' {
		t.Errorf("%q, %s, %c", table.Unsure, table.Dates, table.Decimal)
	}
	got, _, table := told(t, "order,date,total\n1,03/04/2026,\"1,234\"\n", Options{Dates: MonthFirst, Decimal: ','})
	same(t, "orders", got, "1 2026-03-04T00:00 1.234 ")
	if len(table.Unsure) != 0 {
		t.Error(table.Unsure)
	}
	for s, want := range map[string]Dates{"dmy": DayFirst, "MDY": MonthFirst, "ymd": YearFirst} {
		if d, err := ParseDates(s); err != nil || d != want {
			t.Errorf("%s: %s %v", s, d, err)
		}
	}
	if _, err := ParseDates("ydm"); crm.KindOf(err) != crm.KindInvalid {
		t.Error(err)
	}
}

func TestAmounts(t *testing.T) {
	for _, c := range []struct {
		cell string
		sign byte
		want string
	}{
		{"1 234,50", ',', "1234.50"}, {"1\u00a0234,50 €", ',', "1234.50"}, {"EUR 12.50", '.', "12.50"}, {"12,50 kr.", ',', "12.50"}, {"kr. 12,50", ',', "12.50"},
		{"−5", '.', "-5"}, {"5.00-", '.', "-5.00"}, {"-€5.00", '.', "-5.00"}, {"1'234.50", '.', "1234.50"}, {"1.234.567", ',', "1234567"}, {"5,-", ',', "5"},
		{"1.234,5", '.', "1.234,5"}, {"1e3", '.', "1e3"}, {"free", '.', "free"}, {"", '.', ""},
	} {
		if got := plainDecimal(c.cell, c.sign); got != c.want {
			t.Errorf("%q: got %q, want %q", c.cell, got, c.want)
		}
	}
}

func FuzzDates(f *testing.F) {
	for _, s := range []string{"31.1.2026 klo 14.05", "2026-01-31T10:00:00Z", "1/2/3", "99999999", "2 Jan 2026"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for _, order := range []Dates{YearFirst, DayFirst, MonthFirst} {
			if at, ok := parseDate(s, order, time.UTC); ok && at.IsZero() && !strings.Contains(s, "1") {
				t.Errorf("%q is the zero time", s)
			}
		}
	})
}
