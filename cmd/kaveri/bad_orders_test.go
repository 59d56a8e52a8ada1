package main

import (
	"bytes"
	"fmt"
	"html"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"

	"kaveri/crm"
	"kaveri/store"
)

// encoded writes a text in another charset.
func encoded(e encoding.Encoding, s string) string {
	out, err := e.NewEncoder().String(s)
	if err != nil {
		panic(err)
	}
	return out
}

const (
	plainHead = "order,date,email,total\n"
	goodRow   = "1,2026-01-31,a@b.example,5\n"
	finnish   = "Tilausnumero;Pvm;Nimi;Yhteensä\n1;31.1.2026;Määttä Öberg;5,00\n2;1.2.2026;Järvi;1 250,50\n"
)

// badFiles are files of orders as they should not be. cli is what the command says,
// page what the page says of the same file before or after it was brought in; kept
// is how many orders each keeps.
var badFiles = []struct {
	name, file string
	exit       int
	cli, page  []string
	kept       int
}{
	{"no date", plainHead + goodRow + "2,,a@b.example,6\n", 3, []string{"row 3: date: the order has no date"}, []string{"Row 3 (2): The order has no date"}, 1},
	{"no column of dates", "order,email,total\n1,a@b.example,5\n", 2, []string{"date: no column is known to hold the date; say which with date=COLUMN; the columns are: order, email, total"},
		[]string{"Which column has the date?"}, 0},
	{"a day that is none", plainHead + "1,31.2.2026,a@b.example,5\n", 3, []string{`row 2: date: "31.2.2026" is not a date that is written as day.month.year`}, []string{`"31.2.2026" is not a date`}, 0},
	{"a day to come", plainHead + "1,2199-01-31,a@b.example,5\n", 3, []string{"row 2: date: order 1 is of 2199-01-31; that is not a day on which it can have been made"}, []string{"is of 2199-01-31"}, 0},
	{"below zero, refunds nothing", plainHead + "1,2026-01-31,c@b.example,-5\n", 3, []string{"row 2: total: order 1 has a total below zero, names no order that it refunds", "name that order"},
		[]string{"has a total below zero", "name that order"}, 0},
	{"refunds, and not below zero", "order,date,total,refunds\n1,2026-01-31,5,7\n", 3, []string{"row 2: refunds: order 1 gives money back for 7, but its total is not below zero"}, []string{"gives money back for 7"}, 0},
	{"a currency without a rate", "order,date,total,currency\n1,2026-01-31,5,SEK\n", 3, []string{"row 2: currency: order 1 is in SEK, and what that is worth in EUR at 2026-01-31 is not known; set its rate first"}, []string{"set its rate first"}, 0},
	{"no currency", "order,date,total,currency\n1,2026-01-31,5,XQZ\n2,2026-01-31,5,EUR\n", 3, []string{`row 2: currency: "XQZ" is no currency; write the three letters of ISO 4217, like EUR`}, []string{`"XQZ" is no currency`}, 1},
	{"one number, two orders", "order,date,total\n7,2026-01-31,5\n8,2026-01-31,1\n7,2026-01-31,9\n", 3, []string{`row 2: total: rows 2 and 4 bear the same number of an order and differ in their total, "5" and "9"; give one of them another number`},
		[]string{"ows 2 and 4 bear the same number", "give one of them another number"}, 1},
	{"one number, two days", "order,date,total\n7,2026-01-31,5\n7,2026-02-03,5\n", 3, []string{"rows 2 and 3 bear the same number of an order and differ in their date"}, []string{"differ in their date"}, 0},
	{"UTF-16 LE with a mark", encoded(unicode.UTF16(unicode.LittleEndian, unicode.UseBOM), finnish), 0, []string{"Read as UTF-16, semicolon-separated"}, []string{"UTF-16, columns apart by semicolons", "Määttä Öberg", "1250.50 EUR"}, 2},
	{"UTF-16 BE with a mark", encoded(unicode.UTF16(unicode.BigEndian, unicode.UseBOM), finnish), 0, []string{"Read as UTF-16"}, []string{"Määttä Öberg"}, 2},
	{"UTF-16 LE without", encoded(unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM), finnish), 0, []string{"Read as UTF-16"}, []string{"Määttä Öberg"}, 2},
	{"UTF-16 BE without", encoded(unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM), finnish), 0, []string{"Read as UTF-16"}, []string{"Määttä Öberg"}, 2},
	{"windows-1252", encoded(charmap.Windows1252, strings.Replace(finnish, "Öberg", "Öberg €", 1)), 0, []string{"Read as windows-1252"}, []string{"Määttä Öberg €"}, 2},
	{"latin-1", encoded(charmap.ISO8859_1, finnish), 0, []string{"Read as windows-1252"}, []string{"Määttä Öberg"}, 2},
	{"UTF-8 with a row of latin-1", finnish + "3;2.2.2026;M\xe4ki;7,00\n", 3, []string{"row 4 cannot be read: it has characters that are damaged, or written otherwise than the rest; save the whole file as UTF-8"}, []string{"save the whole file as UTF-8"}, 2},
	{"latin-1 with a row of UTF-8", encoded(charmap.ISO8859_1, finnish) + "3;2.2.2026;Mäki;7,00\n", 3, []string{"row 4 cannot be read: it is written in UTF-8, and the rest of the file in windows-1252; save the whole file as UTF-8"}, []string{"save the whole file as UTF-8"}, 2},
	{"a zero byte", plainHead + goodRow + "2,2026-01\x00-31,a@b.example,6\n", 3, []string{"row 3 cannot be read: it has a zero byte, as a damaged file has; export the file again"}, []string{"zero byte"}, 1},
	{"zeros at its end", plainHead + goodRow + strings.Repeat("\x00", 4000), 2, []string{"encoding: this is not a text file, or a damaged one: it has zero bytes, the first in line 3; export the list as CSV again"}, []string{"This is not a text file, or a damaged one"}, 0},
	{"a spreadsheet's own file", "PK\x03\x04 and more", 2, []string{"encoding: this is a spreadsheet's own file; save the sheet as CSV and name that"}, []string{"save the sheet as CSV"}, 0},
	{"titles only", plainHead, 0, []string{"there are no rows below the titles"}, []string{"There are no rows below the titles"}, 0},
	{"no titles", goodRow + "2,2026-01-31,a@b.example,6\n", 2, []string{"titles: the first row must name the columns, such as order, date and total; here it holds an order already; put a row of titles above it"},
		[]string{"here it holds an order already"}, 0},
	{"nothing but line ends", "\n\n\n", 2, []string{"titles: the file has no header row; the first row must name the columns, such as order, date and total"}, []string{"no header row"}, 0},
	{"a title twice", "order,date,total,Total\n1,2026-01-31,5,6\n", 0, []string{"Not sure: 2 columns are named total; column 3 is read as total", "--map FIELD=#COLUMN"}, []string{"2 columns are called total: column 3 is read as: Total of the order"}, 1},
	{"one giant line", "order,date,total," + strings.Repeat("x", 3<<20), 2, []string{"titles: the first row, which must name the columns, cannot be read: it is longer than 1 MB"}, []string{"it is longer than 1 MB"}, 0},
	{"a giant row", plainHead + goodRow + "2,2026-01-31," + strings.Repeat("x", 3<<20) + ",5\n3,2026-01-31,a@b.example,5\n", 3, []string{"row 3 cannot be read: it is longer than 1 MB"}, []string{"longer than 1 MB"}, 2},
	{"a row too short", plainHead + goodRow + "2,2026-01-31\n", 3, []string{"row 3: total: the order has no total"}, []string{"The order has no total"}, 1},
	{"a row too long", plainHead + goodRow + "2,2026-01-31,a@b.example,1,234\n3,2026-01-31,a@b.example,5,,\n", 3, []string{"row 3 cannot be read: it has 5 cells, and there are 4 titles; a cell that holds a delimiter must stand in quotes"}, []string{"must stand in quotes"}, 2},
	{"a quote never closed", plainHead + goodRow + "2,2026-01-31,\"a@b.example,5\n3,2026-01-31,a@b.example,5\n", 3, []string{"row 3 cannot be read: a quote is not closed"}, []string{"a quote is not closed"}, 2},
	{"semicolons and decimal commas", "order;date;email;total\n1;31.1.2026;a@b.example;1.234,50\n2;1.2.2026;a@b.example;0,99\n", 0, []string{"semicolon-separated"}, []string{"1234.50 EUR", "0.99 EUR", "comma: 12,50"}, 2},
	{"days that may be months", plainHead + "1,03/04/2025,a@b.example,5\n", 0, []string{"Not sure: dates are read as day.month.year; the file fits month/day/year as well", "--dates dmy or mdy"}, []string{"The dates could be the other way round"}, 1},
	{"days of both kinds", plainHead + "1,13/04/2025,a@b.example,5\n2,04/25/2025,a@b.example,5\n", 3, []string{`row 3: date: "04/25/2025" is not a date that is written as day.month.year`, "and some fit only month/day/year"}, []string{"The dates are written in two ways"}, 1},
	{"amounts that may be thousands", "order;date;total\n1;2026-01-31;1,234\n", 0, []string{"Not sure: 1,234 is read as 1234, with a decimal point"}, []string{"1,234 is read as 1234"}, 1},
	{"no amount", plainHead + "1,2026-01-31,a@b.example,free\n", 3, []string{`row 2: total: "free" is not an amount; write it like 12.34`}, []string{`"free"`}, 0},
	{"no mail address", plainHead + "1,2026-01-31,nobody,5\n", 3, []string{`row 2: address: "nobody"`, "write it like name@example.com"}, []string{"write it like name@example.com"}, 0},
	{"no number", plainHead + ",2026-01-31,a@b.example,5\n", 3, []string{"row 2: order: the row has no number of an order"}, []string{"no number of an order"}, 0},
}

// TestBadFilesOfOrders brings each of them in by the command and by the page. Each
// says which field is wrong and how it is mended, and keeps whole orders only.
func TestBadFilesOfOrders(t *testing.T) {
	dir, f := t.TempDir(), newShopfront(t)
	data := filepath.Join(dir, "data")
	if code, told := kaveri(t, "firm", "set", "--name", "Oy", "--domain", "oy.example", "--data", data); code != exitDone {
		t.Fatal(told)
	}
	b := f.browser()
	all := 0
	for _, c := range badFiles {
		t.Run(c.name, func(t *testing.T) {
			file := filepath.Join(dir, "orders.csv")
			f.check(os.WriteFile(file, []byte(c.file), 0o600))
			code, told := kaveri(t, "import", "orders", file, "--source", c.name, "--data", data)
			if code != c.exit {
				t.Errorf("the command ends with %d, want %d: %s", code, c.exit, told)
			}
			page := b.bring(c.name, c.file)
			for _, s := range []struct {
				where, told string
				want        []string
			}{{"the command", told, c.cli}, {"the page", page, c.page}} {
				for _, want := range s.want {
					if !strings.Contains(s.told, want) {
						t.Errorf("%s does not say %q:\n%.2000s", s.where, want, s.told)
					}
				}
			}
			if n := f.keptOf(c.name); n != c.kept {
				t.Errorf("the page keeps %d orders, want %d", n, c.kept)
			}
			all += c.kept
			_, listed := kaveri(t, "order", "list", "--json", "--data", data)
			if n := strings.Count(listed, `"source":`); n != all {
				t.Errorf("the command keeps %d orders in all, want %d", n, all)
			}
		})
	}
}

// badWords are orders as programs and shops should not tell them. api is an order
// of a batch and shop what is changed in one of WooCommerce's, "" where it does not
// apply; field and says are what the API answers, hook what stands at the webhook.
var badWords = []struct {
	name, api, field, says string
	shop                   [2]string
	hook                   string
}{
	{"no date", `{"number":"1","total":"5"}`, "at", "the order has no date; write it like", [2]string{"2026-11-17T06:30:00", ""}, "has no date"},
	{"a day that is none", `{"number":"1","total":"5","at":"2026-02-31"}`, "at", "is not a date; write it like", [2]string{"2026-11-17T06:30:00", "2026-02-31T06:30:00"}, "has no date"},
	{"below zero, refunds nothing", `{"number":"1","total":"-5","at":"2026-11-17"}`, "total", "name that order", [2]string{`"total": "18.00"`, `"total": "-90"`}, "has a total below zero"},
	{"a currency without a rate", `{"number":"1","total":"5","at":"2026-11-17","currency":"SEK"}`, "currency", "set its rate first", [2]string{`"currency": "EUR"`, `"currency": "SEK"`}, "set its rate first"},
	{"no currency", `{"number":"1","total":"5","at":"2026-11-17","currency":"XQZ"}`, "currency", "write the three letters of ISO 4217", [2]string{`"currency": "EUR"`, `"currency": "XQZ"`}, "write the three letters of ISO 4217"},
	{"one number, two orders", `{"number":"good","total":"7","at":"2026-11-17"}`, "", "it is here already, with other content; say that it is to be replaced", [2]string{}, ""},
	{"no number", `{"total":"5","at":"2026-11-17"}`, "number", "no number", [2]string{}, ""},
	{"zeros", `{"number":"\u0000","total":"5","at":"2026-11-17"}`, "number", "no number", [2]string{}, ""},
	{"another charset", "{\"number\":\"1\",\"total\":\"5\",\"at\":\"M\xe4ki\"}", "at", "is not a date", [2]string{}, ""},
	{"no JSON", `"order"`, "", "does not go here", [2]string{`"currency"`, `currency`}, "cannot be read"},
}

// TestBadWordsOfOrders sends each of them, and a good one beside it, which is kept.
func TestBadWordsOfOrders(t *testing.T) {
	f := newShopfront(t)
	s := f.shop(crm.ShopWooCommerce)
	good := `{"number":"good","total":"1","at":"2026-11-17"}`
	f.answers(f.send("POST", "/api/v1/orders", `{"source":"api","orders":[`+good+`]}`), 200)
	order := payload(t, "woocommerce_order.json")
	for _, c := range badWords {
		a := f.answers(f.send("POST", "/api/v1/orders", `{"source":"api","orders":[`+c.api+`,`+good+`]}`), 207)
		if e := a.Orders[0].Error; e == nil || e.Field != c.field || !strings.Contains(strings.ToLower(e.Detail), strings.ToLower(c.says)) || a.Orders[1].Error != nil || a.Refused != 1 {
			t.Errorf("%s: %+v", c.name, a.Orders)
		}
		if c.hook == "" {
			continue
		}
		changed := strings.ReplaceAll(order, c.shop[0], c.shop[1])
		if changed == order {
			t.Fatalf("%s: the shop's order has no %s", c.name, c.shop[0])
		}
		s.tells("order.created", changed)
		w, err := f.s.Webhook(t.Context(), s.hook.ID)
		f.check(err)
		if !strings.Contains(w.Problem, c.hook) {
			t.Errorf("%s: the webhook says %q, want %q", c.name, w.Problem, c.hook)
		}
	}
	if api, shop := f.keptOf("api"), f.keptOf(string(crm.ShopWooCommerce)); api != 1 || shop != 0 {
		t.Errorf("%d and %d orders were kept, want the good one", api, shop)
	}
}

// kaveri runs a command and gives its exit code and all that it says.
func kaveri(tb testing.TB, args ...string) (int, string) {
	tb.Helper()
	var told bytes.Buffer
	code := run(tb.Context(), args, nil, &told, &told, func(string) string { return "" })
	return code, told.String()
}

// keptOf counts the orders of a source.
func (f *shopfront) keptOf(source string) (n int) {
	f.Helper()
	list, _, err := f.s.Orders(f.Context(), f.boss, store.OrderQuery{Limit: 500})
	f.check(err)
	for _, o := range list {
		if o.Source == source {
			n++
		}
	}
	return n
}

// tab is a browser without its screen.
type tab struct {
	*shopfront
	cookies []*http.Cookie
}

func (f *shopfront) browser() *tab {
	f.Helper()
	w := f.send("POST", "/signin", "address=aino%40lumipolku.example&password=a+long+password", "Authorization", "", "Content-Type", "application/x-www-form-urlencoded")
	if len(w.Result().Cookies()) == 0 {
		f.Fatal(w.Code)
	}
	return &tab{f, w.Result().Cookies()}
}

// does makes a request and gives the address that it leads to, or the page.
func (b *tab) does(method, target, kind, body string) (to, page string) {
	b.Helper()
	var cookies []string
	for _, c := range b.cookies {
		cookies = append(cookies, c.Name+"="+c.Value)
	}
	w := b.send(method, target, body, "Authorization", "", "Content-Type", kind, "Cookie", strings.Join(cookies, "; "))
	return w.Header().Get("Location"), plainText(w)
}

var tags = regexp.MustCompile(`<[^>]*>`)

// plainText gives a page as people read it.
func plainText(w *httptest.ResponseRecorder) string {
	return strings.Join(strings.Fields(html.UnescapeString(tags.ReplaceAllString(w.Body.String(), " "))), " ")
}

// bring sends a file, looks at it and brings it in; it gives all that the pages say.
func (b *tab) bring(source, file string) string {
	b.Helper()
	var body bytes.Buffer
	m := multipart.NewWriter(&body)
	b.check(m.WriteField("source", source))
	p, err := m.CreateFormFile("file", "orders.csv")
	b.check(err)
	fmt.Fprint(p, file)
	b.check(m.Close())
	to, said := b.does("POST", "/orders/import", m.FormDataContentType(), body.String())
	if to == "" {
		return said
	}
	_, seen := b.does("GET", to, "", "")
	_, refused := b.does("POST", to, "application/x-www-form-urlencoded", "")
	_, done := b.does("GET", to, "", "")
	return said + seen + refused + done
}
