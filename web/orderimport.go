package web

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"kaveri/crm"
	"kaveri/crm/orders"
)

// ImportsPage brings files of orders in, and lists those that were.
type ImportsPage struct {
	Shell
	Source  string
	Imports []ImportRow
	Faults  Faults
}

// ImportRow is one file that was brought in.
type ImportRow struct {
	crm.OrderImport
	When, TakenBack Stamp
	Undone          bool
}

func (s *Server) importsPage(w http.ResponseWriter, r *http.Request, c *call) error {
	return s.showImports(w, r, c, ImportsPage{}, http.StatusOK)
}

func (s *Server) showImports(w http.ResponseWriter, r *http.Request, c *call, p ImportsPage, status int) error {
	list, err := s.Intake.OrderImports(r.Context(), c.viewer)
	if err != nil {
		return err
	}
	for _, i := range list {
		p.Imports = append(p.Imports, ImportRow{i, c.clock.stamp(i.At), c.clock.stamp(i.Undone), !i.Undone.IsZero()})
	}
	p.Shell = s.shell(c, "loyalty", c.t("imports.title"))
	s.render(w, r, c, status, "imports", p)
	return nil
}

// orderFileTime is how long a file may take to arrive.
const orderFileTime = 10 * time.Minute

// uploadOrders takes a file, to be looked at.
func (s *Server) uploadOrders(w http.ResponseWriter, r *http.Request, c *call) error {
	if c := http.NewResponseController(w); c != nil {
		c.SetReadDeadline(time.Now().Add(orderFileTime)) // of the connection, not of our clock
	}
	u, err := receive(r)
	if err != nil {
		f, ok := c.faults(err, "file", "source")
		if !ok {
			return err
		}
		p := ImportsPage{Faults: f}
		if u != nil {
			p.Source = u.source
		}
		return s.showImports(w, r, c, p, statusOf[crm.KindOf(err)])
	}
	u.staff = c.me.ID
	s.uploads.add(u)
	return go303(w, r, "/orders/import/file/"+u.id, "")
}

// MappingPage shows how a file is understood, and what would become of it.
type MappingPage struct {
	Shell
	ID, Name, Source string
	Read             string // charset and delimiter
	Columns          []ColumnChoice
	Head             []string
	Dates            orders.Dates // as chosen; "": as the file shows
	DatesAre         string       // as they are read
	Decimal          string
	DecimalIs        string
	Currency         string
	Replace          bool
	Unsure           []string
	Rows, Orders     int
	Looked           int // orders that were looked at one by one
	Sample           []SampleOrder
	Bad              []BadRow
	Ready            bool // it can be brought in
	Result           *ImportResult
	Faults           Faults
}

// ColumnChoice is a field of an order and the column that holds it, -1 for none.
type ColumnChoice struct {
	Field  orders.Field
	Label  string
	Column int
	Fault  string
}

// SampleOrder is an order as it would be kept.
type SampleOrder struct {
	Number, Buyer, Total, State string
	When                        string
	Lines                       int
}

// BadRow is a row that is kept aside, and why.
type BadRow struct {
	Row           int
	Order, Reason string
}

// ImportResult is what became of a file.
type ImportResult struct {
	orders.Tally
	Import crm.ImportID // 0: it has brought nothing
	Bad    []BadRow     // the first of them
	More   int          // kept aside besides those
}

// badRowsShown bounds the rows kept aside that a page tells one by one.
const badRowsShown = 20

func (s *Server) mappingPage(w http.ResponseWriter, r *http.Request, c *call) error {
	u, err := s.uploads.hold(r.PathValue("upload"), c.me.ID)
	if err != nil {
		return err
	}
	defer u.mu.Unlock()
	p := MappingPage{ID: u.id, Name: u.name, Source: u.source, Result: u.result}
	if u.result == nil {
		if _, err := s.look(r, c, u, &p); err != nil {
			f, ok := c.faults(err)
			if !ok {
				return err
			}
			p.Faults = f
		}
	}
	return s.showMapping(w, r, c, p, http.StatusOK)
}

func (s *Server) showMapping(w http.ResponseWriter, r *http.Request, c *call, p MappingPage, status int) error {
	p.Shell = s.shell(c, "loyalty", c.t("mapping.title", p.Name))
	s.render(w, r, c, status, "order-mapping", p)
	return nil
}

// look reads a file as the form says, and fills the page with what was found.
// What is wrong with the choices stands at them; without a fault the table can be
// brought in.
func (s *Server) look(r *http.Request, c *call, u *upload, p *MappingPage) (*orders.Table, error) {
	head, read, err := orders.Titles(u.file)
	if err != nil {
		return nil, err
	}
	p.Head, p.Read = head, c.t(delimiterWords(read.Delimiter), read.Charset)
	p.Dates, p.Decimal, p.Currency, p.Replace = orders.Dates(r.FormValue("dates")), r.FormValue("decimal"), strings.ToUpper(strings.TrimSpace(r.FormValue("currency"))), r.FormValue("replace") != ""
	if p.Currency == "" {
		p.Currency = c.firm.Currency
	}
	m := chosenColumns(r, head)
	for _, f := range orders.Fields {
		k := ColumnChoice{Field: f, Label: c.t(Key("field." + string(f))), Column: -1}
		if i, ok := m[f]; ok {
			k.Column = i
		}
		p.Columns = append(p.Columns, k)
	}
	o, err := p.options(c, m)
	if err != nil {
		return nil, err
	}
	t, err := orders.Look(u.file, o)
	if err != nil {
		return nil, p.atColumn(c, m, head, err)
	}
	p.found(r, c, t)
	return t, nil
}

// delimiterWords says what stands between columns.
func delimiterWords(d rune) Key {
	switch d {
	case '\t':
		return "delimiter.tab"
	case ';':
		return "delimiter.semicolon"
	case ',':
		return "delimiter.comma"
	case '|':
		return "delimiter.bar"
	}
	return "delimiter.other"
}

// chosenColumns reads the selects of the form; without them, the titles tell.
func chosenColumns(r *http.Request, head []string) orders.Mapping {
	if !slices.ContainsFunc(orders.Fields, func(f orders.Field) bool { return r.FormValue("col-"+string(f)) != "" }) {
		return orders.GuessMapping(head)
	}
	m := orders.Mapping{}
	for _, f := range orders.Fields {
		if i, err := strconv.Atoi(r.FormValue("col-" + string(f))); err == nil && i >= 0 && i < len(head) {
			m[f] = i
		}
	}
	return m
}

// options gives what the form says of the file.
func (p *MappingPage) options(c *call, m orders.Mapping) (o orders.Options, err error) {
	o = orders.Options{Source: p.Source, Mapping: m, Zone: c.clock.loc}
	if o.Currency, err = crm.ParseCurrency(p.Currency); err != nil {
		return o, err
	}
	if p.Dates != "" {
		if o.Dates, err = orders.ParseDates(string(p.Dates)); err != nil {
			return o, err
		}
	}
	switch p.Decimal {
	case "comma":
		o.Decimal = ','
	case "point":
		o.Decimal = '.'
	}
	return o, nil
}

// atColumn places the error about a column that is missing at its select.
func (p *MappingPage) atColumn(c *call, m orders.Mapping, head []string, err error) error {
	if m.Check(head) == nil {
		return err
	}
	field := orders.Field(crm.FieldOf(err))
	for i := range p.Columns {
		if p.Columns[i].Field == field {
			p.Columns[i].Fault = c.t(Key("mapping.missing." + string(field)))
			return c.fault("", "mapping.missing")
		}
	}
	return err
}

// found fills in how the table is read.
func (p *MappingPage) found(r *http.Request, c *call, t *orders.Table) {
	p.Ready, p.Rows, p.Orders, p.Looked = t.Rows > 0, t.Rows, t.Orders, len(t.Sample)
	if !p.Ready {
		p.Unsure = append(p.Unsure, c.t("mapping.empty"))
	}
	p.DatesAre, p.DecimalIs = c.t(Key("dates."+string(t.Dates))), c.t("decimal."+Key(map[byte]string{',': "comma", '.': "point"}[t.Decimal]))
	if p.Dates == "" && t.UnsureDates() {
		k := Key("mapping.unsure.dates")
		if t.MixedDates() {
			k = "mapping.unsure.mixed"
		}
		p.Unsure = append(p.Unsure, c.t(k))
	}
	for _, d := range t.Mapping.Doubled(t.Head) {
		if r.FormValue("col-"+string(d.Field)) == "" {
			p.Unsure = append(p.Unsure, c.t("mapping.unsure.doubled", d.Columns, d.Title, t.Mapping[d.Field]+1, c.t(Key("field."+string(d.Field)))))
		}
	}
	if t.MixedAmounts() {
		p.Unsure = append(p.Unsure, c.t("mapping.unsure.amounts", p.DecimalIs))
	}
	if cell, read := t.OpenAmount(); cell != "" {
		p.Unsure = append(p.Unsure, c.t("mapping.unsure.decimal", cell, read))
	}
	for i := range t.Sample {
		g := &t.Sample[i]
		if g.Err == nil {
			o := g.Order // looked at only
			g.Err = o.Validate(c.clock.now)
		}
		if g.Err != nil {
			p.Bad = append(p.Bad, c.badRow(g, g.Err))
			continue
		}
		o := &g.Order
		if doubt := o.Doubt(); doubt != "" {
			p.Unsure = append(p.Unsure, c.t("mapping.unsure.total", o.Number, o.Total.String()+" "+o.Currency))
		}
		k := SampleOrder{Number: o.Number, Buyer: o.Buyer.Display(), Total: o.Total.String() + " " + o.Currency, When: c.orderDay(o.At), Lines: len(o.Lines)}
		if o.State == crm.OrderCancelled {
			k.State = c.t("mapping.cancelled")
		}
		p.Sample = append(p.Sample, k)
	}
}

// orderDay writes when an order was made, with the time when there is one.
func (c *call) orderDay(t time.Time) string {
	t = t.In(c.clock.loc)
	day := c.calendarDay(t)
	if t.Hour() == 0 && t.Minute() == 0 {
		return day
	}
	return day + " " + c.clock.hour(t)
}

func (c *call) badRow(g *orders.Group, err error) BadRow {
	return BadRow{g.Rows[0].Number, g.Order.Number, c.orderFault(err)}
}

// orderFault says what is wrong with an order of a file.
func (c *call) orderFault(err error) string {
	if c.lang != "en" {
		if k := Key("order.fault." + crm.FieldOf(err)); words[k].has() {
			return c.t(k)
		}
		if crm.KindOf(err) == crm.KindConflict {
			return c.t("order.fault.known")
		}
	}
	return c.sentence(err)
}

// importOrders brings a file in. Who closes the page meanwhile does not stop it
// half way.
func (s *Server) importOrders(w http.ResponseWriter, r *http.Request, c *call) error {
	u, err := s.uploads.hold(r.PathValue("upload"), c.me.ID)
	if err != nil {
		return err
	}
	defer u.mu.Unlock()
	if u.result == nil { // pressed twice: it is done
		p := MappingPage{ID: u.id, Name: u.name, Source: u.source}
		t, err := s.look(r, c, u, &p)
		if err == nil {
			err = s.bring(context.WithoutCancel(r.Context()), c, u, t, p.Replace)
		}
		if err != nil {
			f, ok := c.faults(err)
			if !ok {
				return err
			}
			p.Faults = f
			return s.showMapping(w, r, c, p, statusOf[crm.KindOf(err)])
		}
	}
	return go303(w, r, "/orders/import/file/"+u.id, "")
}

// bring brings the orders of a table in and notes what became of them.
func (s *Server) bring(ctx context.Context, c *call, u *upload, t *orders.Table, replace bool) error {
	aside, err := unnamed()
	if err != nil {
		return err
	}
	how := crm.OrderOptions{Replace: replace}
	if how.Import, err = s.Intake.BeginOrderImport(ctx, c.viewer, u.source, u.name); err != nil {
		discard(aside)
		return err
	}
	result := &ImportResult{Import: how.Import}
	rejects := orders.NewRejects(aside, t.Head)
	result.Tally, err = t.Bring(orders.Bringing{
		Keep: func(list []crm.Order) ([]crm.OrderResult, error) {
			return s.Intake.SaveOrders(ctx, c.viewer, list, how)
		},
		Bad: func(g *orders.Group, err error) {
			row := c.badRow(g, err)
			rejects.Add(g.Rows, row.Reason)
			if len(result.Bad) < badRowsShown {
				result.Bad = append(result.Bad, row)
			} else {
				result.More++
			}
		},
	})
	brought, e := s.Intake.EndOrderImport(ctx, c.viewer, how.Import)
	if !brought {
		result.Import = 0
	}
	if err == nil {
		err = e
	}
	if err == nil {
		err = rejects.Flush()
	}
	if err != nil || result.KeptAside == 0 {
		discard(aside)
		aside = nil
	}
	if err != nil {
		return err
	}
	u.result, u.rejects = result, aside
	discard(u.file)
	u.file = nil
	return nil
}

// rejectedRows gives the rows that were kept aside as a file.
func (s *Server) rejectedRows(w http.ResponseWriter, r *http.Request, c *call) error {
	u, err := s.uploads.hold(r.PathValue("upload"), c.me.ID)
	if err != nil {
		return err
	}
	defer u.mu.Unlock()
	if u.rejects == nil {
		return errNoUpload
	}
	h := w.Header()
	h.Set("Content-Type", "text/csv; charset=utf-8")
	h.Set("Content-Disposition", `attachment; filename="`+c.t("mapping.rejects.name")+`"`)
	h.Set("Cache-Control", "no-store")
	http.ServeContent(w, r, "", time.Time{}, u.rejects)
	return nil
}

// undoOrders takes a file back.
func (s *Server) undoOrders(w http.ResponseWriter, r *http.Request, c *call) error {
	id, err := routeID[crm.ImportID](r, "id", "import")
	if err != nil {
		return err
	}
	if _, _, err := s.Intake.UndoOrderImport(r.Context(), c.viewer, id); err != nil {
		return err
	}
	return go303(w, r, "/orders/import", "import-undone")
}
