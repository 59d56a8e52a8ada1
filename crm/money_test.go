package crm

import "testing"

func TestMoney(t *testing.T) {
	for _, c := range []struct {
		in   string
		want Money
		out  string
	}{
		{"12.34", 123_400, "12.34"}, {"12", 120_000, "12.00"}, {"-0.5", -5_000, "-0.50"}, {"+3", 30_000, "3.00"}, {"0.00005", 1, "0.0001"},
		{" 1.2345 ", 12_345, "1.2345"}, {"1.234", 12_340, "1.234"}, {".5", 5_000, "0.50"}, {"7.", 70_000, "7.00"}, {"-0.00004", 0, "0.00"}, {"100000000000", MaxMoney, "100000000000.00"},
	} {
		got, err := ParseMoney("total", c.in)
		if err != nil || got != c.want || got.String() != c.out {
			t.Errorf("%q: got %d %q %v, want %d %q", c.in, got, got, err, c.want, c.out)
		}
	}
	for _, bad := range []string{"", "-", ".", "1,5", "1e3", "12.3.4", "EUR 5", "100000000000.01", "99999999999999999999", "--1", "NaN"} {
		if got, err := ParseMoney("total", bad); KindOf(err) != KindInvalid {
			t.Errorf("%q is read as %s", bad, got)
		}
	}
}

func TestQuantity(t *testing.T) {
	for in, want := range map[string]string{"2": "2", "0.5": "0.5", "-3.250": "-3.25", "10": "10", "0": "0"} {
		if q, err := ParseQuantity("quantity", in); err != nil || q.String() != want {
			t.Errorf("%q: got %q %v, want %q", in, q, err, want)
		}
	}
}

func TestCurrency(t *testing.T) {
	for in, want := range map[string]string{"eur": "EUR", " SEK ": "SEK", "GBP": "GBP"} {
		if got, err := ParseCurrency(in); err != nil || got != want {
			t.Errorf("%q: got %q %v", in, got, err)
		}
	}
	for _, bad := range []string{"", "EU", "EURO", "ZZZ", "€"} {
		if got, err := ParseCurrency(bad); KindOf(err) != KindInvalid {
			t.Errorf("%q is read as %q", bad, got)
		}
	}
}

func TestRate(t *testing.T) {
	r, err := ParseRate("0.0881")
	if err != nil || r.String() != "0.0881" {
		t.Fatal(r, err)
	}
	for in, want := range map[Money]Money{1_000_000: 88_100, -1_000_000: -88_100, 1: 0, 6: 1} {
		if got := in.At(r); got != want {
			t.Errorf("%d at %s: got %d, want %d", in, r, got, want)
		}
	}
	for _, bad := range []string{"0", "-1", "x", ""} {
		if _, err := ParseRate(bad); KindOf(err) != KindInvalid {
			t.Errorf("%q is taken for a rate", bad)
		}
	}
}
