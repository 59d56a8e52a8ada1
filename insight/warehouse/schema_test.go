package warehouse

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"kaveri/crm"
)

var update = flag.Bool("update", false, "write the tables into docs/warehouse.md")

// The part of the page that is made from rows.go.
const (
	page    = "../../docs/warehouse.md"
	opening = "<!-- from insight/warehouse/rows.go; go test ./insight/warehouse -run TestDocumented -update -->\n"
	closing = "<!-- end -->\n"
)

// markdown tells the tables.
func markdown() string {
	var b strings.Builder
	for _, t := range Tables() {
		holds := strings.ToUpper(t.Holds[:1]) + t.Holds[1:]
		if t.Monthly {
			holds += "; a file a month"
		}
		fmt.Fprintf(&b, "\n### %s\n\n%s.\n\n| column | type | unit | meaning |\n|---|---|---|---|\n", t.Name, holds)
		for _, c := range t.Columns {
			kind := c.Type
			if c.Null {
				kind += ", null"
			}
			fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", c.Name, kind, c.Unit, c.Meaning)
		}
	}
	return b.String() + "\n"
}

// The page describes each column as it is.
func TestDocumented(t *testing.T) {
	body, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(body), opening)
	was, after, ends := strings.Cut(rest, closing)
	if !ok || !ends {
		t.Fatalf("%s has no place for the tables", page)
	}
	if *update {
		if err := os.WriteFile(page, []byte(before+opening+markdown()+closing+after), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if was != markdown() {
		t.Errorf("%s describes other columns; if the schema has changed, raise Schema, and write them with -update", page)
	}
	for _, table := range Tables() {
		for _, c := range table.Columns {
			if c.Name == "" || c.Meaning == "" {
				t.Errorf("%s.%s is not explained", table.Name, c.Name)
			}
		}
	}
}

func TestViews(t *testing.T) {
	script := views()
	for _, says := range []string{
		"CREATE OR REPLACE VIEW order_line AS SELECT * FROM read_parquet('order_line/*.parquet');",
		"COMMENT ON COLUMN order_line.order_date IS '→ date; in the firm''s time zone [day]';",
	} {
		if !strings.Contains(script, says) {
			t.Errorf("the script does not say %s", says)
		}
	}
}

// What the lines leave of an order stands on a line of its own, and values sum to
// that of the order whatever is rounded.
func TestLinesOf(t *testing.T) {
	line := func(n int, total, discount crm.Money) crm.ExportedOrderLine {
		return crm.ExportedOrderLine{N: n, Product: 7, Quantity: 1000, Total: total, Discount: discount}
	}
	for name, c := range map[string]struct {
		o    crm.ExportedOrder
		want string
	}{
		"as they are":      {crm.ExportedOrder{Total: 300, Value: 300, Rate: crm.SameRate, Lines: []crm.ExportedOrderLine{line(1, 100, 0), line(2, 200, 0)}}, "1:100:0:100 2:200:0:200"},
		"less for all":     {crm.ExportedOrder{Total: 250, Value: 250, Discount: 60, Rate: crm.SameRate, Lines: []crm.ExportedOrderLine{line(1, 100, 10), line(2, 200, 0)}}, "1:100:10:100 2:200:0:200 0:-50:50:-50"},
		"without lines":    {crm.ExportedOrder{Total: 250, Value: 250, Rate: crm.SameRate}, "0:250:0:250"},
		"nothing":          {crm.ExportedOrder{Rate: crm.SameRate}, "0:0:0:0"},
		"thirds":           {crm.ExportedOrder{Total: 3, Value: 1, Rate: crm.SameRate / 3, Lines: []crm.ExportedOrderLine{line(1, 1, 0), line(2, 1, 0), line(3, 1, 0)}}, "1:1:0:0 2:1:0:1 3:1:0:0"},
		"an exchange":      {crm.ExportedOrder{Total: 0, Value: 0, Rate: crm.SameRate * 2, Lines: []crm.ExportedOrderLine{line(1, 5, 0), line(2, -5, 0)}}, "1:5:0:10 2:-5:0:-10"},
		"without its rate": {crm.ExportedOrder{Total: 10, Value: 4, Lines: []crm.ExportedOrderLine{line(1, 10, 0)}}, "1:10:0:0 0:0:0:4"},
	} {
		var told []string
		for r := range linesOf(&c.o, "EUR") {
			told = append(told, fmt.Sprintf("%d:%d:%d:%d", r.Line, r.Amount, r.Discount, r.Value))
		}
		if got := strings.Join(told, " "); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}

// No two rows look the same to a fingerprint.
func TestFingerprint(t *testing.T) {
	one, two := int64(1), int64(2)
	seen := map[string]string{}
	for _, r := range []any{
		&lineRow{}, &lineRow{Order: 1}, &lineRow{Line: 1}, &lineRow{Quantity: &one}, &lineRow{Quantity: &two}, &lineRow{Source: "ab"}, &lineRow{Number: "ab"},
		&lineRow{Source: "a", Number: "b"}, &lineRow{Offers: []string{"ab"}}, &lineRow{Offers: []string{"a", "b"}}, &lineRow{Offers: []string{""}}, &lineRow{Refund: true}, &customerRow{}, &colleagueRow{},
	} {
		f := newFingerprint("t")
		f.add(r)
		if was, ok := seen[f.String()]; ok {
			t.Errorf("%+v looks like %s", r, was)
		}
		seen[f.String()] = fmt.Sprintf("%+v", r)
	}
}
