package warehouse

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/parquet-go/parquet-go"

	"kaveri/crm"
	"kaveri/store"
)

// sourced gives the rows that the store has of a table.
func sourced[R any](o *office, t *table[R]) (rows []R) {
	o.Helper()
	o.check(o.s.Export(o.ctx, o.ritva, func(e *store.Exported) error {
		x := reading{Source: e, currency: e.Firm().Currency}
		var err error
		if x.zone, err = time.LoadLocation(e.Firm().TimeZone); err != nil {
			return err
		}
		return t.rows(&x, 0, 0, func(r *R) error {
			rows = append(rows, *r)
			return nil
		})
	}))
	return rows
}

// same checks that a table reads as the store has it.
func same[R any](o *office, name string) []R {
	o.Helper()
	i := slices.IndexFunc(tables, func(t exporter) bool { return t.describe().Name == name })
	want, got := sourced(o, tables[i].(*table[R])), read[R](o, name)
	if len(got) != len(want) {
		o.Fatalf("%s has %d rows, want %d", name, len(got), len(want))
	}
	for i := range want {
		if !alike(reflect.ValueOf(got[i]), reflect.ValueOf(want[i])) {
			o.Errorf("%s row %d is %+v, want %+v", name, i, got[i], want[i])
		}
	}
	return got
}

// alike compares rows; a list without entries reads as none.
func alike(a, b reflect.Value) bool {
	return string(appendRow(a)) == string(appendRow(b))
}

func appendRow(v reflect.Value) (b []byte) {
	for i := range v.NumField() {
		b = appendValue(b, v.Field(i))
	}
	return b
}

func TestRoundTrip(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	dora := o.write()
	o.export()
	people := same[customerRow](o, "customer")
	same[colleagueRow](o, "colleague")
	same[productRow](o, "product")
	lines := same[lineRow](o, "order_line")
	mails := same[messageRow](o, "message")
	sent := same[deliveryRow](o, "delivery")
	stood := same[standingRow](o, "standing")

	if len(people) != 3 || people[1].Name != "Dora" || *people[1].Spent != 90_000 || people[1].Rung != "OCCASIONAL" || people[2].Kind != "person" {
		t.Errorf("customers: %+v", people)
	}
	var told []string
	for _, l := range lines {
		q := "none"
		if l.Quantity != nil {
			q = crm.Quantity(*l.Quantity).String()
		}
		told = append(told, fmt.Sprintf("%s/%d %s %s %s = %s %s", l.Number, l.Line, q, crm.Money(l.Amount), l.Currency, crm.Money(l.Value), l.ValueCurrency))
	}
	if want := []string{"1/1 2 8.00 EUR = 8.00 EUR", "1/2 1 2.00 EUR = 2.00 EUR",
		"2/1 1 33.33 SEK = 2.943 EUR", "2/2 1 33.33 SEK = 2.9431 EUR", "2/3 1 33.35 SEK = 2.9448 EUR",
		"3/1 1 8.00 EUR = 8.00 EUR", "3/0 none -1.00 EUR = -1.00 EUR", "4/0 none 5.00 EUR = 5.00 EUR"}; !slices.Equal(told, want) {
		t.Errorf("order lines:\n%s\nwant\n%s", strings.Join(told, "\n"), strings.Join(want, "\n"))
	}
	if len(mails) != 3 || mails[1].Customer != int64(dora) || mails[1].Direction != "out" || mails[1].Colleague != int64(o.anna.Staff) || mails[0].Reply != nil {
		t.Errorf("mails: %+v", mails)
	}
	if len(sent) != 2 || sent[0].Customer != int64(dora) || sent[1].Customer != 0 || sent[0].MailingName != "spring" || sent[0].Sent != 0 {
		t.Errorf("deliveries: %+v", sent)
	}
	if len(stood) != 3 || stood[0].From != 20500 || stood[0].To != 20560 || stood[1].To != 0 {
		t.Errorf("standings: %+v", stood)
	}
	o.agrees(dora, lines, mails)
}

// agrees compares sums with what the pages show.
func (o *office) agrees(dora crm.CustomerID, lines []lineRow, mails []messageRow) {
	o.Helper()
	orders, _, err := o.s.Orders(o.ctx, o.ritva, store.OrderQuery{})
	o.check(err)
	var want, got crm.Money
	for _, order := range orders {
		want += order.Value
	}
	for _, l := range lines {
		got += crm.Money(l.Value)
	}
	if got != want {
		o.Errorf("the lines are worth %s, the orders %s", got, want)
	}
	rows, _, err := o.s.Customers(o.ctx, o.ritva, crm.CustomerQuery{})
	o.check(err)
	for _, r := range rows {
		n := 0
		for _, m := range mails {
			if m.Customer == int64(r.ID) {
				n++
			}
		}
		if n != r.Mails {
			o.Errorf("%s has %d mails in the export and %d on the page", r.Name, n, r.Mails)
		}
	}
}

// Every key of a fact is in its dimension.
func TestStarJoins(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	dora := o.write()
	other := o.customer("Dora at home", "dora@home.example")
	o.order("9", "2026-05-05", "dora@home.example", "EUR", "1.00")
	if _, err := o.s.Merge(o.ctx, o.ritva, dora, other, true); err != nil {
		t.Fatal(err)
	}
	o.export()
	customers, colleagues, products, days := keys(read[customerRow](o, "customer"), func(r customerRow) int64 { return r.Customer }),
		keys(read[colleagueRow](o, "colleague"), func(r colleagueRow) int64 { return r.Colleague }),
		keys(read[productRow](o, "product"), func(r productRow) int64 { return r.Product }),
		keys(read[dateRow](o, "date"), func(r dateRow) int64 { return int64(r.Date) })
	has := func(what string, in map[int64]bool, key int64) {
		t.Helper()
		if !in[key] {
			t.Errorf("%s: %d is not in its dimension", what, key)
		}
	}
	for _, r := range read[customerRow](o, "customer") {
		has("owner", colleagues, r.Owner)
	}
	for _, r := range read[lineRow](o, "order_line") {
		has("order line's customer", customers, r.Customer)
		has("order line's product", products, r.Product)
		has("order line's date", days, int64(r.Date))
	}
	for _, r := range read[messageRow](o, "message") {
		has("mail's customer", customers, r.Customer)
		has("mail's colleague", colleagues, r.Colleague)
		has("mail's date", days, int64(r.Date))
	}
	for _, r := range read[deliveryRow](o, "delivery") {
		has("delivery's customer", customers, r.Customer)
		has("delivery's date", days, int64(r.Date))
		has("mailing's date", days, int64(r.MailingDate))
	}
	for _, r := range read[standingRow](o, "standing") {
		has("standing's customer", customers, r.Customer)
		has("standing's first day", days, int64(r.From))
		if r.To != 0 {
			has("standing's last day", days, int64(r.To))
		}
	}
}

// keys gives the keys of a dimension, which are unique.
func keys[R any](rows []R, key func(R) int64) map[int64]bool {
	out := map[int64]bool{}
	for _, r := range rows {
		if out[key(r)] {
			panic(fmt.Sprintf("the key %d stands twice", key(r)))
		}
		out[key(r)] = true
	}
	return out
}

func TestWritesWhatChanged(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	dora := o.write()
	first := o.export()
	if !first.Changed || first.State != "state-000001" || wrote(first) != "colleague 1, customer 1, product 1, order_line 3, message 2, delivery 1, standing 2, date 1" {
		t.Errorf("the first export: %s, %s", first.State, wrote(first))
	}
	o.now = o.now.Add(time.Hour)
	if again := o.export(); again.Changed || again.State != first.State || wrote(again) != "" || again.Manifest.Made != first.Manifest.Made {
		t.Errorf("nothing has changed: %+v", again)
	}

	january := o.stat("order_line/2026-01.parquet")
	o.order("2", "2026-02-14", "dora@acme.example", "SEK", "120.00", "1 tea 120.00")
	if changed := o.export(); wrote(changed) != "order_line 1" || changed.State != "state-000002" {
		t.Errorf("an order has changed: %s", wrote(changed))
	}
	if !os.SameFile(january, o.stat("order_line/2026-01.parquet")) {
		t.Error("another month was written anew")
	}
	if got := o.states(); !slices.Equal(got, []string{"KAVERI", "current", "state-000002"}) {
		t.Errorf("in the folder: %q", got)
	}
	same[lineRow](o, "order_line")

	// Of two months, with one between them.
	o.order("1", "2026-01-14", "dora@acme.example", "EUR", "11.00")
	o.order("3", "2026-03-14", "carl@home.example", "EUR", "8.00", "1 tea 8.00")
	if changed := o.export(); wrote(changed) != "order_line 2" {
		t.Errorf("two orders have changed: %s", wrote(changed))
	}
	same[lineRow](o, "order_line")

	// A month begins, a standing ends in another one.
	o.order("5", "2026-05-14", "dora@acme.example", "EUR", "1.00", "1 tea 1.00")
	o.stand(dora, 20600, crm.RungFrequent)
	if changed := o.export(); wrote(changed) != "customer 1, order_line 1, standing 2" {
		t.Errorf("a month more: %s", wrote(changed))
	}
	same[standingRow](o, "standing")

	// A file that somebody has damaged is written anew; other terms are noted.
	o.check(os.Truncate(filepath.Join(o.dir, "current", "order_line", "2026-02.parquet"), 10))
	o.check(os.Remove(filepath.Join(o.dir, "current", "product", "all.parquet")))
	if mended := o.export(); wrote(mended) != "product 1, order_line 1" {
		t.Errorf("damaged files: %s", wrote(mended))
	}
	same[lineRow](o, "order_line")
	if other, err := o.exports(o.anna, Options{}); err != nil || !other.Changed || wrote(other) != "" {
		t.Errorf("for somebody else: %+v, %v", other, err)
	}
}

func (o *office) stat(name string) os.FileInfo {
	o.Helper()
	info, err := os.Stat(filepath.Join(o.dir, "current", name))
	o.check(err)
	return info
}

// What is removed from Kaveri is not in the export any more, nor beside it.
func TestRemoved(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.write()
	o.export()
	before := o.stat("message/2026-04.parquet")
	_, effect, err := o.s.AddExclusion(o.ctx, o.ritva, crm.Exclusion{Kind: crm.ExcludedAddress, Value: "carl@home.example"})
	o.check(err)
	if effect.Removed == 0 {
		t.Fatalf("nothing was removed: %+v", effect)
	}
	if sum := o.export(); !strings.Contains(wrote(sum), "message 1") || len(sum.Left) != 0 {
		t.Errorf("after the removal: %s, left %q", wrote(sum), sum.Left)
	}
	if os.SameFile(before, o.stat("message/2026-04.parquet")) || len(read[messageRow](o, "message")) != 2 {
		t.Errorf("the mail is still there: %+v", read[messageRow](o, "message"))
	}
	// And the only mails of a month.
	_, _, err = o.s.AddExclusion(o.ctx, o.ritva, crm.Exclusion{Kind: crm.ExcludedAddress, Value: "dora@acme.example"})
	o.check(err)
	if sum := o.export(); !strings.Contains(wrote(sum), "message 1 -2") {
		t.Errorf("after the second removal: %s", wrote(sum))
	}
	if left := read[messageRow](o, "message"); len(left) != 0 {
		t.Errorf("mails: %+v", left)
	}
	if got := o.states(); !slices.Equal(got, []string{"KAVERI", "current", "state-000003"}) {
		t.Errorf("in the folder: %q", got)
	}
}

const canary = "Zwergkanarienvogel"

// No word of a mail and no address is in any column, and of a private mail
// nothing at all, unless its holder exports.
func TestPrivate(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	dora := o.write()
	o.order("8", "2026-05-03", "nameless@acme.example", "EUR", "3.00")
	o.mail("2026-05-01", "dora@acme.example", "anna@oy.example", canary+" for all", "The "+canary+" sings.")
	secret := o.mail("2026-05-02", "dora@acme.example", "anna@oy.example", canary+" in secret", "A secret "+canary+".")
	o.check(o.s.SetPrivate(o.ctx, o.anna, secret, true))
	for v, want := range map[crm.Viewer]bool{o.ritva: false, o.anna: true} {
		_, err := o.exports(v, Options{})
		o.check(err)
		found := slices.ContainsFunc(read[messageRow](o, "message"), func(m messageRow) bool {
			return m.Message == int64(secret) && m.Private && m.Customer == int64(dora)
		})
		if found != want {
			t.Errorf("viewer %d: the private mail is there: %v", v.Staff, found)
		}
		n := o.eachValue(func(file, value string) {
			for _, word := range []string{canary, "Lakes", "acme.example", "@"} {
				if strings.Contains(value, word) {
					t.Errorf("%s holds %q", file, value)
				}
			}
		})
		if n < 100 {
			t.Errorf("only %d values were looked at", n)
		}
	}
}

// eachValue calls f with every value of text in every file.
func (o *office) eachValue(f func(file, value string)) (n int) {
	o.Helper()
	files, err := filepath.Glob(filepath.Join(o.dir, "current", "*", "*.parquet"))
	o.check(err)
	for _, name := range files {
		r, err := os.Open(name)
		o.check(err)
		defer r.Close()
		p := parquet.NewReader(r)
		for rows := make([]parquet.Row, 50); ; {
			k, err := p.ReadRows(rows)
			for _, row := range rows[:k] {
				for _, v := range row {
					n++
					f(name, v.String())
				}
			}
			if err == io.EOF {
				break
			}
			o.check(err)
		}
	}
	return n
}
