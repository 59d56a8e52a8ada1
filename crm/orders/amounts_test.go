package orders

import (
	"strings"
	"testing"
)

// An amount that does not fit the decimal sign of the others is never read a hundred
// times too large: its order is kept aside, with the mend.
func TestMixedAmounts(t *testing.T) {
	file := "order,date,total\n1,2026-01-01,\"12,50\"\n2,2026-01-01,13.75\n3,2026-01-01,\"9,10\"\n4,2026-01-01,\"1,234\"\n5,2026-01-01,\"1.234,50\"\n"
	got, wrong, table := told(t, file, Options{})
	same(t, "orders", got, "1 2026-01-01T00:00 12.50 ", "3 2026-01-01T00:00 9.10 ", "5 2026-01-01T00:00 1234.50 ")
	same(t, "wrong", wrong,
		`3: total: "13.75" has a decimal point, and the file is read with a decimal comma; write it with a comma, or say that all have a point (--decimal point)`,
		`5: total: "1,234" may be thousands or decimals, and the file is written in two ways; write it without sign between thousands, or say which sign is the decimal one (--decimal)`)
	same(t, "unsure", table.Unsure, "amounts are written in two ways; they are read with a decimal comma, and those that do not fit are kept aside")
	if !table.MixedAmounts() {
		t.Error("the amounts are mixed")
	}
	_, wrong, table = told(t, "order,date,total\n1,2026-01-01,\"12,50\"\n2,2026-01-01,13.75\n", Options{})
	if len(wrong) != 1 || !table.MixedAmounts() {
		t.Errorf("a tie: %q, %q", wrong, table.Unsure)
	}
	got, wrong, _ = told(t, file, Options{Decimal: '.'})
	same(t, "as said", got, "2 2026-01-01T00:00 13.75 ", "4 2026-01-01T00:00 1234.00 ")
	if len(wrong) != 3 {
		t.Error(wrong)
	}
}

// What is said of amounts that fit both signs is what was chosen.
func TestOpenAmounts(t *testing.T) {
	for _, c := range []struct{ name, file, total, unsure, more string }{
		{"as in Europe", "order;date;total\n1;31.1.2026;1.234\n2;1.2.2026;2.500\n", "1234.00", "1.234 is read as 1234, with a decimal comma; the file fits a decimal point as well", ""},
		{"point", "order,date,total\n1,2026-01-31,1.234\n", "1.234", "1.234 is read as 1.234, with a decimal point; the file fits a decimal comma as well", "1.234 is read with three decimals, and EUR has 2"},
		{"comma", "order,date,total\n1,2026-01-31,\"1,234\"\n", "1234.00", "1,234 is read as 1234, with a decimal point; the file fits a decimal comma as well", ""},
		{"told by another", "order,date,total\n1,2026-01-31,1.234\n2,2026-01-31,1.50\n", "1.234", "", "1.234 is read with three decimals, and EUR has 2"},
	} {
		_, _, table := told(t, c.file, Options{Currency: "EUR"})
		var want []string
		for _, s := range []string{c.unsure, c.more} {
			if s != "" {
				want = append(want, s)
			}
		}
		same(t, c.name, table.Unsure, want...)
		if got := table.Sample[0].Order.Total.String(); got != c.total {
			t.Errorf("%s: %s", c.name, got)
		}
	}
}

// Lines that contradict the total are kept, and said.
func TestDoubt(t *testing.T) {
	head := "order,date,sku,amount,discount,total\n"
	for row, want := range map[string]string{
		"1,2026-01-01,a,50,,5":    "the lines of order 1 come to 50.00 and its total is 5.00; a discount hardly explains that",
		"2,2026-01-01,a,10,,0":    "the lines of order 2 come to 10.00 and its total is 0.00; a discount hardly explains that",
		"3,2026-01-01,a,50,45,5":  "",
		"4,2026-01-01,a,10,,9":    "",
		"5,2026-01-01,a,10,,14.9": "",
		"6,2026-01-01,a,-10,,-10": "",
	} {
		got, _, table := told(t, head+row+"\n", Options{Currency: "EUR"})
		if len(got) != 1 || strings.Join(table.Unsure, ", ") != want {
			t.Errorf("%s: %q, %q", row, got, table.Unsure)
		}
	}
}

// A sign before one or two digits, or behind more than three, parts no thousands.
func TestGroups(t *testing.T) {
	for cell, want := range map[string]string{"13,75": "13,75", "13,7": "13,7", "1234,567": "1234,567", "0,234": "0,234", "1,234": "1234", "-1,234.5": "-1234.5", "12,34,567": "1234567", "1,23,45": "1,23,45", ",234": ",234"} {
		if got := plainDecimal(cell, '.'); got != want {
			t.Errorf("%q: got %q, want %q", cell, got, want)
		}
	}
}
