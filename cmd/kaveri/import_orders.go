package main

import (
	"context"
	"fmt"
	"io"
	"path/filepath"

	"github.com/spf13/cobra"

	"kaveri/crm"
	"kaveri/crm/orders"
	"kaveri/store"
)

// badShown bounds the rows kept aside that are told one by one.
const badShown = 20

// orderImportFlags say what a file of orders does not.
type orderImportFlags struct {
	source, mapping, dates, decimal, currency, rejects string
	preview, replace                                   bool
}

func (p *program) importOrdersCommand() *cobra.Command {
	var o orderImportFlags
	c := p.reads(&cobra.Command{
		Use: "orders FILE", Short: "Import orders from CSV or TSV with a header; bad orders are kept aside, the rest imported",
		Long: "Import orders from CSV or TSV: a row for each order, or for each of its lines. The titles tell the columns, in English, Finnish, Swedish and German;\n" +
			"--map says what they do not. How dates and decimals are written is found by looking at all of them. --preview shows how the file is understood and keeps nothing.\n" +
			"An order is known by its number in its source: importing the same file again changes nothing. kaveri order undo takes a file back.\n" +
			"Who bought is found by address or by the shop's number for them; whom nobody knows becomes a customer.",
		Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error { return p.importOrders(c.Context(), args[0], o) },
	})
	f := c.Flags()
	f.StringVar(&o.source, "source", "shop", "the shop or register that numbers the orders")
	f.StringVar(&o.mapping, "map", "", "columns by field, such as order=Receipt,date=Day,total=#7 (the 7th); an empty one for none")
	f.StringVar(&o.dates, "dates", "", "how dates are written: ymd, dmy or mdy (default: as the file shows)")
	f.StringVar(&o.decimal, "decimal", "", "the decimal sign: comma or point (default: as the file shows)")
	f.StringVar(&o.currency, "currency", "", "of orders that name none (default: the firm's)")
	f.BoolVar(&o.preview, "preview", false, "show how the file is understood, and keep nothing")
	f.BoolVar(&o.replace, "replace", false, "let orders that are here with other content be replaced")
	f.StringVar(&o.rejects, "rejects", "", "write the rows kept aside to this CSV file, with row and reason in front")
	return c
}

// options gives what the flags and the firm say about a file.
func (o *orderImportFlags) options(firm *crm.Firm) (orders.Options, error) {
	out := orders.Options{Source: o.source, Map: o.mapping, Currency: firm.Currency, Zone: firm.Zone()}
	var err error
	if o.currency != "" {
		if out.Currency, err = crm.ParseCurrency(o.currency); err != nil {
			return out, err
		}
	}
	if o.dates != "" {
		if out.Dates, err = orders.ParseDates(o.dates); err != nil {
			return out, err
		}
	}
	switch o.decimal {
	case "":
	case "comma", ",":
		out.Decimal = ','
	case "point", ".":
		out.Decimal = '.'
	default:
		return out, misused("--decimal: %q is unknown; write comma or point", o.decimal)
	}
	return out, nil
}

func (p *program) importOrders(ctx context.Context, file string, o orderImportFlags) error {
	f, err := p.openTwice(ctx, "file", "a file", file)
	if err != nil {
		return err
	}
	defer f.Close()
	s, err := p.open(ctx)
	if err != nil {
		return err
	}
	defer s.Close()
	firm, err := s.Firm(ctx)
	if err != nil {
		return err
	}
	options, err := o.options(&firm)
	if err != nil {
		return err
	}
	t, err := orders.Look(f, options)
	if err != nil {
		return err
	}
	if o.preview {
		return p.printOrderPreview(t, &options)
	}
	run := orderRun{p: p, s: s, how: store.OrderOptions{Replace: o.replace}, j: orderImportJSON{Source: o.source, Read: t.Read.String(), Columns: t.Mapping.Describe(t.Head), Unsure: orEmpty(t.Unsure), Rows: t.Rows, Reasons: map[string]int{}, Bad: []badOrderJSON{}}}
	if err := run.rejectsTo(o.rejects, file, t.Head); err != nil {
		return err
	}
	if run.how.Import, err = s.BeginOrderImport(ctx, crm.SystemViewer, o.source, shownName(filepath.Base(file))); err != nil {
		return err
	}
	run.j.Import = run.how.Import
	p.notef("%s\n", writtenAs(t, &options))
	return run.all(ctx, t)
}

// orderImportJSON is what an import of orders did, in JSON.
type orderImportJSON struct {
	Import       crm.ImportID   `json:"import"` // 0: nothing was brought
	Source       string         `json:"source"`
	Read         string         `json:"read"`    // how the file was understood
	Columns      string         `json:"columns"` // which column was taken for what
	Unsure       []string       `json:"unsure"`  // what could be read otherwise
	Rows         int            `json:"rows"`
	Added        int            `json:"added"`
	Same         int            `json:"same"`
	Replaced     int            `json:"replaced"`
	NewCustomers int            `json:"new_customers"`
	Nobody       int            `json:"without_customer"`
	KeptAside    int            `json:"kept_aside"` // orders
	Reasons      map[string]int `json:"reasons"`    // of those, by the field at fault
	Bad          []badOrderJSON `json:"bad"`        // the first of them
}

type badOrderJSON struct {
	Row    int    `json:"row"` // as a spreadsheet counts; the titles are row 1
	Order  string `json:"order"`
	Reason string `json:"reason"`
}

// orderRun is an import of orders under way.
type orderRun struct {
	p        *program
	s        *store.Store
	how      store.OrderOptions
	j        orderImportJSON
	rejects  *orders.Rejects
	file     io.Closer
	oddities int // orders that were kept and are odd
}

// rejectsTo opens the file for what is kept aside, before anything is imported.
func (r *orderRun) rejectsTo(name, input string, head []string) error {
	if name == "" {
		return nil
	}
	f, err := createFile(name, input)
	if err != nil {
		return err
	}
	r.rejects, r.file = orders.NewRejects(f, head), f
	return nil
}

func (r *orderRun) all(ctx context.Context, t *orders.Table) error {
	bar := r.p.bar("orders")
	n, err := t.Bring(orders.Bringing{
		Keep: func(list []crm.Order) ([]crm.OrderResult, error) {
			return r.s.SaveOrders(ctx, crm.SystemViewer, list, r.how)
		},
		Bad:      r.bad,
		Odd:      r.odd,
		Progress: func(rows int) { bar.of(int64(rows), int64(t.Rows)) },
	})
	bar.end()
	if more := r.oddities - badShown; more > 0 {
		r.p.notef("and %s like that\n", plural(more, "more order", "more orders"))
	}
	r.j.Added, r.j.Same, r.j.Replaced, r.j.KeptAside, r.j.NewCustomers, r.j.Nobody = n.Added, n.Same, n.Replaced, n.KeptAside, n.NewCustomers, n.Nobody
	if r.rejects != nil {
		if e := r.rejects.Flush(); e != nil && err == nil {
			err = e
		}
		r.file.Close()
	}
	brought, e := r.s.EndOrderImport(context.WithoutCancel(ctx), crm.SystemViewer, r.how.Import)
	if !brought {
		r.j.Import = 0
	}
	if err != nil {
		if n := n.Added + n.Replaced; n > 0 {
			r.p.notef("%s imported before this; importing the file again goes on\n", plural(n, "order was", "orders were"))
		}
		return err
	}
	if e != nil {
		return e
	}
	return r.end()
}

// bad keeps an order aside.
func (r *orderRun) bad(g *orders.Group, err error) {
	r.j.Reasons[countedAs(err)]++
	reason := sentence(err)
	if len(r.j.Bad) < badShown {
		r.j.Bad = append(r.j.Bad, badOrderJSON{g.Rows[0].Number, g.Order.Number, reason})
		r.p.notef("row %d: %s\n", g.Rows[0].Number, reason)
	}
	if r.rejects != nil {
		r.rejects.Add(g.Rows, reason)
	}
}

// odd tells of an order that was kept, and is to be looked at.
func (r *orderRun) odd(g *orders.Group, doubt string) {
	if r.oddities++; r.oddities <= badShown {
		r.p.notef("row %d: not sure: %s\n", g.Rows[0].Number, printable(doubt))
	}
}

// countedAs gives the field at fault, as the summary counts it.
func countedAs(err error) string {
	if crm.KindOf(err) == crm.KindConflict {
		return "known already"
	}
	if f := crm.FieldOf(err); f != "" {
		return f
	}
	return "other"
}

func (r *orderRun) end() error {
	if r.p.json {
		if err := r.p.printJSON(r.j); err != nil {
			return err
		}
	} else {
		r.p.printOrderImport(&r.j)
	}
	if r.j.KeptAside > 0 {
		return partly("%s kept aside; mend and import them again", plural(r.j.KeptAside, "order was", "orders were"))
	}
	return nil
}

func (p *program) printOrderImport(j *orderImportJSON) {
	p.printf("Read as %s; %s.\n", j.Read, printable(j.Columns))
	p.printUnsure(j.Unsure)
	if j.Rows == 0 {
		p.notef("there are no rows below the titles: nothing was imported\n")
	}
	p.printf("%d rows: %d orders added, %d known already, %d replaced, %d kept aside. %s new, %s of nobody.\n",
		j.Rows, j.Added, j.Same, j.Replaced, j.KeptAside, plural(j.NewCustomers, "customer is", "customers are"), plural(j.Nobody, "order is", "orders are"))
	if j.Import != 0 {
		p.printf("Import %d; kaveri order undo %d takes it back.\n", j.Import, j.Import)
	}
	if more := j.KeptAside - len(j.Bad); more > 0 {
		p.notef("and %d more; --rejects FILE writes them all\n", more)
	}
}

// printUnsure says what could be read otherwise, and how to settle it.
func (p *program) printUnsure(list []string) {
	for _, u := range list {
		p.printf("Not sure: %s.\n", printable(u))
	}
	if len(list) > 0 {
		p.printf("--dates dmy or mdy, --decimal comma or point and --map FIELD=#COLUMN settle it; --preview shows what comes of it.\n")
	}
}

// orderPreviewJSON is how a file of orders is understood, in JSON.
type orderPreviewJSON struct {
	Read     string                  `json:"read"`
	Columns  map[orders.Field]string `json:"columns"`
	Dates    orders.Dates            `json:"dates"`
	Decimal  string                  `json:"decimal"`
	Currency string                  `json:"currency"`
	Unsure   []string                `json:"unsure"`
	Rows     int                     `json:"rows"`
	Orders   int                     `json:"orders"`
	Looked   int                     `json:"looked_at"` // of those, one by one: in sample and bad
	Sample   []orderJSON             `json:"sample"`
	Bad      []badOrderJSON          `json:"bad"`
}

// writtenAs says how dates and amounts are read.
func writtenAs(t *orders.Table, o *orders.Options) string {
	return fmt.Sprintf("Dates are %s, decimals follow %q, amounts without currency are %s.", t.Dates, string(rune(t.Decimal)), o.Currency)
}

func (p *program) printOrderPreview(t *orders.Table, o *orders.Options) error {
	j := orderPreviewJSON{Read: t.Read.String(), Columns: map[orders.Field]string{}, Dates: t.Dates, Decimal: string(rune(t.Decimal)), Currency: o.Currency,
		Unsure: orEmpty(t.Unsure), Rows: t.Rows, Orders: t.Orders, Looked: len(t.Sample), Sample: []orderJSON{}, Bad: []badOrderJSON{}}
	for f, i := range t.Mapping {
		j.Columns[f] = t.Head[i]
	}
	for i := range t.Sample {
		g := &t.Sample[i]
		if g.Err != nil {
			j.Bad = append(j.Bad, badOrderJSON{g.Rows[0].Number, g.Order.Number, sentence(g.Err)})
			continue
		}
		j.Sample = append(j.Sample, orderJSONOf(&g.Order))
	}
	if p.json {
		return p.printJSON(j)
	}
	p.printf("Read as %s; %s.\n%s %d rows, %d orders. Nothing was kept.\n", j.Read, printable(t.Mapping.Describe(t.Head)), writtenAs(t, o), j.Rows, j.Orders)
	if j.Looked < j.Orders {
		p.printf("Only the first %d orders were looked at; others may be kept aside.\n", j.Looked)
	}
	p.printUnsure(j.Unsure)
	table := p.table("ORDER", "DATE", "BUYER", "TOTAL", "LINES")
	for _, s := range j.Sample {
		table.row(s.Number, p.when(s.At), (*crm.Buyer)(&s.Buyer).Display(), s.Total+" "+s.Currency, len(s.Lines))
	}
	if err := table.end(); err != nil {
		return err
	}
	for _, b := range j.Bad {
		p.notef("row %d: %s\n", b.Row, b.Reason)
	}
	return nil
}
