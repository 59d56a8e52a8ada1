package orders

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"kaveri/crm"
)

// Field is what a column of a table of orders holds.
type Field string

// The fields. Those of the order stand in one of its rows or in all.
const (
	FieldOrder    Field = "order"    // its number
	FieldDate     Field = "date"     //
	FieldBuyer    Field = "buyer"    // the shop's number for who bought
	FieldName     Field = "name"     // of who bought
	FieldEmail    Field = "email"    //
	FieldPhone    Field = "phone"    //
	FieldTotal    Field = "total"    // of the whole order, after discounts
	FieldDiscount Field = "discount" // of the whole order
	FieldCurrency Field = "currency" // ISO 4217
	FieldOffer    Field = "offer"    // codes of offers or coupons
	FieldState    Field = "state"    // placed, cancelled, and what shops call it
	FieldRefunds  Field = "refunds"  // the number of the order for which money is given back

	FieldProduct      Field = "product"       // its stock number
	FieldProductName  Field = "product-name"  //
	FieldGroup        Field = "group"         // by which products are sorted
	FieldQuantity     Field = "quantity"      //
	FieldPrice        Field = "price"         // of one
	FieldAmount       Field = "amount"        // of the line, after its discount; without it quantity times price, less the discount
	FieldLineDiscount Field = "line-discount" //
)

// Fields lists all of them, in the order in which people are told of them.
var Fields = []Field{FieldOrder, FieldDate, FieldBuyer, FieldName, FieldEmail, FieldPhone, FieldTotal, FieldDiscount, FieldCurrency, FieldOffer, FieldState, FieldRefunds,
	FieldProduct, FieldProductName, FieldGroup, FieldQuantity, FieldPrice, FieldAmount, FieldLineDiscount}

// titles are the titles of columns, as [crm.Tokens] gives their words, joined.
var titles = map[Field][]string{
	FieldOrder:        {"order", "order id", "order no", "order nr", "order number", "orderid", "ordernumber", "invoice", "invoice no", "invoice number", "invoiceno", "invoice id", "receipt", "receipt no", "receipt number", "transaction id", "basket id", "tilaus", "tilausnumero", "tilausnro", "tilaus id", "tilauksen numero", "laskunumero", "kuittinumero", "ordernummer", "bestallning", "bestallningsnummer", "kvittonummer", "fakturanummer", "bestellung", "bestellnummer", "bestell nr", "auftragsnummer", "rechnungsnummer"},
	FieldDate:         {"date", "order date", "orderdate", "invoice date", "invoicedate", "created at", "created", "date created", "paid at", "purchased at", "purchase date", "transaction timestamp", "timestamp", "time", "day", "paivamaara", "pvm", "paiva", "tilauspaiva", "tilauspvm", "paivays", "ostopaiva", "datum", "orderdatum", "bestallningsdatum", "bestelldatum", "rechnungsdatum", "kaufdatum"},
	FieldBuyer:        {"customer id", "customerid", "customer no", "customer number", "customer nr", "client id", "buyer id", "user id", "account id", "household id", "member", "member id", "asiakasnumero", "asiakasnro", "asiakas id", "kundnummer", "kundnr", "kund id", "kundennummer", "kunden nr", "kunden id"},
	FieldName:         {"name", "customer", "customer name", "buyer", "buyer name", "billing name", "full name", "client", "asiakas", "asiakkaan nimi", "nimi", "ostaja", "kund", "kundnamn", "namn", "kunde", "kundenname"},
	FieldEmail:        {"email", "e mail", "email address", "e mail address", "mail", "customer email", "billing email", "buyer email", "sahkoposti", "sahkopostiosoite", "epost", "e post", "epostadress", "e postadress", "e mail adresse", "email adresse"},
	FieldPhone:        {"phone", "phone number", "telephone", "mobile", "billing phone", "puhelin", "puhelinnumero", "telefon", "mobil"},
	FieldTotal:        {"total", "order total", "grand total", "order amount", "total amount", "total paid", "invoice total", "summa yhteensa", "yhteensa", "tilauksen summa", "loppusumma", "totalt", "totalsumma", "ordersumma", "gesamt", "gesamtsumme", "gesamtbetrag"},
	FieldDiscount:     {"discount", "order discount", "discount amount", "discount total", "total discount", "alennus", "rabatt", "rabattbelopp"},
	FieldCurrency:     {"currency", "order currency", "currency code", "valuutta", "valuta", "wahrung", "waehrung"},
	FieldOffer:        {"coupon", "coupons", "coupon code", "coupon codes", "discount code", "discount codes", "offer", "campaign", "promotion", "promo code", "voucher", "kuponki", "kampanja", "tarjous", "alennuskoodi", "rabattkod", "kampanj", "gutschein", "gutscheincode"},
	FieldState:        {"status", "state", "order status", "financial status", "payment status", "tila", "tilauksen tila", "orderstatus", "bestellstatus"},
	FieldRefunds:      {"refunds", "refund of", "refunded order", "credit of", "original order", "hyvittaa", "hyvitettava tilaus", "alkuperainen tilaus", "krediterar", "erstattet", "ursprungsbestellung"},
	FieldProduct:      {"sku", "product id", "productid", "product code", "product no", "product number", "item id", "item no", "item code", "item number", "stock code", "stockcode", "lineitem sku", "item sku", "ean", "gtin", "tuotekoodi", "tuotenumero", "tuote id", "artikkelinumero", "artikelnummer", "artikelnr", "produkt id", "produktnummer", "artikel nr"},
	FieldProductName:  {"product", "product name", "item", "item name", "description", "title", "lineitem name", "article", "tuote", "tuotenimi", "tuotteen nimi", "kuvaus", "artikkeli", "produkt", "produktnamn", "artikel", "beskrivning", "produktname", "bezeichnung", "beschreibung"},
	FieldGroup:        {"group", "product group", "category", "product category", "product type", "department", "tuoteryhma", "ryhma", "kategoria", "osasto", "produktgrupp", "kategori", "avdelning", "produktgruppe", "warengruppe", "kategorie", "abteilung"},
	FieldQuantity:     {"quantity", "qty", "count", "units", "pieces", "lineitem quantity", "item quantity", "maara", "kpl", "lukumaara", "antal", "menge", "anzahl", "stuck"},
	FieldPrice:        {"price", "unit price", "unitprice", "item price", "lineitem price", "price each", "hinta", "yksikkohinta", "a hinta", "kappalehinta", "pris", "styckpris", "a pris", "preis", "einzelpreis", "stuckpreis"},
	FieldAmount:       {"amount", "line total", "line amount", "item total", "sales value", "sum", "subtotal", "net amount", "revenue", "spend", "rivisumma", "summa", "rivin summa", "radsumma", "belopp", "zeilensumme", "betrag", "summe", "umsatz"},
	FieldLineDiscount: {"line discount", "item discount", "lineitem discount", "rivialennus", "radrabatt", "zeilenrabatt"},
}

// Mapping says in which column, from 0, each field stands.
type Mapping map[Field]int

// isTitle reports a title by which a column of orders is known.
func isTitle(title string) bool {
	folded := strings.Join(crm.Tokens(title), " ")
	for _, f := range Fields {
		if slices.Contains(titles[f], folded) {
			return true
		}
	}
	return false
}

// untitled reports a first row that is an order: none of its cells is a title that
// anybody uses, and one is a date or a mail address.
func untitled(head []string) bool {
	return !slices.ContainsFunc(head, isTitle) && slices.ContainsFunc(head, func(c string) bool {
		_, date := parseDate(c, DayFirst, time.UTC)
		return date && numericDate.MatchString(c) || strings.Contains(c, "@")
	})
}

// Doubled is a title that several columns bear, of which one holds a field.
type Doubled struct {
	Field   Field
	Title   string
	Columns int
}

// Doubled lists the fields that could stand in another column as well, which bears
// the same title.
func (m Mapping) Doubled(head []string) (out []Doubled) {
	for _, f := range Fields {
		at, ok := m[f]
		if !ok {
			continue
		}
		d := Doubled{Field: f, Title: head[at]}
		for _, title := range head {
			if strings.EqualFold(title, d.Title) {
				d.Columns++
			}
		}
		if d.Columns > 1 {
			out = append(out, d)
		}
	}
	return out
}

// GuessMapping reads the titles of a table. Where several columns could hold a
// field, the one whose title comes first in the order of preference does.
func GuessMapping(head []string) Mapping {
	m := Mapping{}
	var folded []string
	for _, title := range head {
		folded = append(folded, strings.Join(crm.Tokens(title), " "))
	}
	for _, f := range Fields {
		for _, title := range titles[f] {
			if i := slices.Index(folded, title); i >= 0 {
				m[f] = i
				break
			}
		}
	}
	m.settle(folded)
	return m
}

// settle resolves what titles leave open. A table with one row for an order may
// call its total an amount; one shop's export calls the number of the order its
// name.
func (m Mapping) settle(folded []string) {
	_, lines := m.firstOf(FieldProduct, FieldProductName, FieldQuantity)
	_, total := m[FieldTotal]
	if amount, ok := m[FieldAmount]; ok && !lines && !total {
		m[FieldTotal] = amount
		delete(m, FieldAmount)
	}
	if _, ok := m[FieldOrder]; !ok && slices.Contains(folded, "lineitem quantity") && slices.Contains(folded, "name") {
		m[FieldOrder] = slices.Index(folded, "name")
		if m[FieldName] == m[FieldOrder] {
			delete(m, FieldName)
		}
		if i := slices.Index(folded, "billing name"); i >= 0 {
			m[FieldName] = i
		}
	}
}

func (m Mapping) firstOf(fs ...Field) (int, bool) {
	for _, f := range fs {
		if i, ok := m[f]; ok {
			return i, true
		}
	}
	return 0, false
}

// ParseMapping changes a mapping by what somebody wrote: "order=Invoice no,
// date=Day, total=#7": field and title, or the number of the column, from 1; an
// empty title for none. Its errors, of kind [crm.KindInvalid], name what is unknown and what there is.
func (m Mapping) ParseMapping(text string, head []string) error {
	for pair := range strings.SplitSeq(text, ",") {
		name, title, ok := strings.Cut(pair, "=")
		f := Field(strings.ToLower(strings.TrimSpace(name)))
		if !ok || !slices.Contains(Fields, f) {
			return crm.Invalid("map", "%q is no field of an order; write field=column, with a field out of %s", strings.TrimSpace(pair), fieldNames())
		}
		title = strings.TrimSpace(title)
		if title == "" {
			delete(m, f)
			continue
		}
		i := slices.IndexFunc(head, func(h string) bool { return strings.EqualFold(strings.TrimSpace(h), title) })
		if n, err := strconv.Atoi(strings.TrimPrefix(title, "#")); i < 0 && err == nil && title[0] == '#' && n >= 1 && n <= len(head) {
			i = n - 1
		}
		if i < 0 {
			return crm.Invalid("map", "%s: the file has no column %q; its columns are %s", f, title, columnsOf(head))
		}
		m[f] = i
	}
	return nil
}

// columnsOf lists titles for people; a line of a megabyte is cut.
func columnsOf(head []string) string {
	s := []rune(strings.Join(head, ", "))
	if len(s) > 300 {
		return string(s[:300]) + "..."
	}
	return string(s)
}

func fieldNames() string {
	var out []string
	for _, f := range Fields {
		out = append(out, string(f))
	}
	return strings.Join(out, ", ")
}

// Check says what is missing before orders can be read at all.
func (m Mapping) Check(head []string) error {
	columns := "the columns are: " + columnsOf(head)
	if _, ok := m[FieldOrder]; !ok {
		return crm.Invalid("order", "no column is known to hold the number of the order; say which with order=COLUMN; %s", columns)
	}
	if _, ok := m[FieldDate]; !ok {
		return crm.Invalid("date", "no column is known to hold the date; say which with date=COLUMN; %s", columns)
	}
	_, priced := m[FieldPrice]
	_, counted := m[FieldQuantity]
	if _, ok := m.firstOf(FieldTotal, FieldAmount); !ok && !(priced && counted) {
		return crm.Invalid("total", "no column is known to hold an amount; say which with total=COLUMN (of an order), amount=COLUMN (of a line), or quantity=COLUMN and price=COLUMN; %s", columns)
	}
	return nil
}

// Describe says which column was taken for what.
func (m Mapping) Describe(head []string) string {
	var out []string
	for _, f := range Fields {
		if i, ok := m[f]; ok {
			out = append(out, fmt.Sprintf("%s from %s", f, strings.TrimSpace(head[i])))
		}
	}
	return strings.Join(out, ", ")
}
