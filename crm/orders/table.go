package orders

import (
	"errors"
	"fmt"
	"hash/maphash"
	"io"
	"slices"
	"strings"
	"time"

	"golang.org/x/text/currency"

	"kaveri/crm"
	"kaveri/crm/sheet"
)

// Options say what a table does not.
type Options struct {
	Source   string         // the shop or register that numbers the orders
	Map      string         // changes to the mapping, see [Mapping.ParseMapping]
	Mapping  Mapping        // instead of one that is guessed; nil: guessed
	Dates    Dates          // "": as the dates show
	Decimal  byte           // ',' or '.'; 0: as the amounts show
	Currency string         // of orders that name none
	Zone     *time.Location // of times that name none
}

// Table is a file of orders that was looked at once.
type Table struct {
	Head      []string
	Read      sheet.Guess
	Mapping   Mapping
	Dates     Dates
	Decimal   byte
	Unsure    []string // what could be read otherwise, for people
	unsure    struct{ dates, mixed, amounts bool }
	open      string // an amount that fits both signs, where nothing tells which
	Rows      int    // behind the titles
	Orders    int
	Sample    []Group // the first few, to be looked at
	options   Options
	file      io.ReadSeeker
	scatter   map[uint64]int // orders whose rows lie apart -> rows
	scatters  int            // rows of those
	scattered int            // bytes of those
}

// Group is an order with the rows that it is of.
type Group struct {
	Order crm.Order
	Rows  []sheet.Row
	Err   error // why it cannot be read
}

// Doubt says what is odd about an order that can be read, see [crm.Order.Doubt].
func (g *Group) Doubt() string {
	if g.Err != nil {
		return ""
	}
	return g.Order.Doubt()
}

// The bounds of what is held in memory.
const (
	sampled        = 5
	maxScatter     = 1 << 20   // rows of orders that lie apart
	maxScatterText = 256 << 20 // bytes of those
)

var seed = maphash.MakeSeed()

// Look looks through a whole file. What makes it no table of orders at all is an
// error of kind [crm.KindInvalid].
func Look(f io.ReadSeeker, o Options) (*Table, error) {
	if o.Zone == nil {
		o.Zone = time.UTC
	}
	t := &Table{options: o, file: f}
	if err := t.survey(); err != nil {
		return nil, err
	}
	if t.scatters > maxScatter || t.scattered > maxScatterText {
		return nil, crm.Invalid("file", "the rows of %d orders lie far apart; sort the file by the number of the order and bring it in again", len(t.scatter))
	}
	var enough = errors.New("enough")
	err := t.Each(func(g Group) error {
		t.Sample = append(t.Sample, g)
		if len(t.Sample) == sampled {
			return enough
		}
		return nil
	})
	if errors.Is(err, enough) {
		err = nil
	}
	for i := range t.Sample {
		if doubt := t.Sample[i].Doubt(); doubt != "" {
			t.Unsure = append(t.Unsure, doubt)
		}
	}
	return t, err
}

// survey reads all rows once, for what must be known before any is an order.
func (t *Table) survey() error {
	r, err := t.reader()
	if err != nil {
		return err
	}
	t.Head, t.Read, t.Mapping = r.Head(), r.Guess(), GuessMapping(r.Head())
	if untitled(t.Head) {
		return crm.Invalid("titles", "the first row must name the columns, such as order, date and total; here it holds an order already; put a row of titles above it")
	}
	if t.options.Mapping != nil {
		t.Mapping = t.options.Mapping
	}
	if t.options.Map != "" {
		if err := t.Mapping.ParseMapping(t.options.Map, t.Head); err != nil {
			return err
		}
	}
	if err := t.Mapping.Check(t.Head); err != nil {
		return err
	}
	var dates dateSeen
	var amounts amountSeen
	var runs []uint64
	var sizes []extent
	last, have := "", false
	for {
		row, err := t.next(r)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		if len(row.Cells) == 0 {
			continue
		}
		t.Rows++
		number := t.numberOf(row)
		if !have || number != last {
			runs, sizes, last, have = append(runs, maphash.String(seed, number)), append(sizes, extent{}), number, true
		}
		sizes[len(sizes)-1].rows++
		sizes[len(sizes)-1].text += uint32(textOf(&row))
		if row.Problem != "" {
			continue
		}
		dates.see(t.cell(row.Cells, FieldDate))
		for _, f := range []Field{FieldTotal, FieldAmount, FieldPrice, FieldDiscount} {
			amounts.see(t.cell(row.Cells, f))
		}
	}
	t.spread(runs, sizes)
	t.settle(&dates, &amounts)
	for _, d := range t.Mapping.Doubled(t.Head) {
		t.Unsure = append(t.Unsure, fmt.Sprintf("%d columns are named %s; column %d is read as %s", d.Columns, d.Title, t.Mapping[d.Field]+1, d.Field))
	}
	return nil
}

// extent is how much a run of rows is.
type extent struct{ rows, text uint32 }

// spread finds the orders whose rows lie apart: those with more than one run.
func (t *Table) spread(runs []uint64, sizes []extent) {
	sorted := slices.Clone(runs)
	slices.Sort(sorted)
	t.scatter = map[uint64]int{}
	for i := 1; i < len(sorted); i++ {
		if sorted[i] == sorted[i-1] {
			t.scatter[sorted[i]] = 0
		}
	}
	t.Orders = len(slices.Compact(sorted))
	if len(t.scatter) == 0 {
		return
	}
	for i, h := range runs {
		if _, ok := t.scatter[h]; ok {
			t.scatter[h] += int(sizes[i].rows)
			t.scatters += int(sizes[i].rows)
			t.scattered += int(sizes[i].text)
		}
	}
}

// settle decides how dates and decimals are read.
func (t *Table) settle(dates *dateSeen, amounts *amountSeen) {
	var sure bool
	if t.Dates = t.options.Dates; t.Dates == DatesUnknown {
		if t.Dates, sure = dates.dates(); !sure {
			t.unsure.dates, t.unsure.mixed = true, dates.day && dates.month
			said := "; the file fits " + string(MonthFirst) + " as well"
			if t.unsure.mixed {
				said = ", and some fit only " + string(MonthFirst)
			}
			t.Unsure = append(t.Unsure, "dates are read as "+string(t.Dates)+said)
		}
	}
	t.settleAmounts(amounts, t.Read.Delimiter == ';' && t.Dates == DayFirst && dates.dots)
}

// settleAmounts decides how decimals are read; european says that the rest of the file is
// written as where the comma is the decimal sign.
func (t *Table) settleAmounts(amounts *amountSeen, european bool) {
	if t.Decimal = t.options.Decimal; t.Decimal != 0 {
		return
	}
	t.Decimal = amounts.decimal(european)
	if t.unsure.amounts = amounts.mixed(); t.unsure.amounts {
		t.Unsure = append(t.Unsure, fmt.Sprintf("amounts are written in two ways; they are read with a decimal %s, and those that do not fit are kept aside", signNames[t.Decimal]))
	}
	if t.open = amounts.open(); t.open != "" {
		t.Unsure = append(t.Unsure, fmt.Sprintf("%s is read as %s, with a decimal %s; the file fits a decimal %s as well", t.open, plainDecimal(t.open, t.Decimal), signNames[t.Decimal], signNames[otherSign(t.Decimal)]))
	}
	if finer := amounts.finer(t.Decimal); finer != "" && t.decimals() < 3 {
		t.Unsure = append(t.Unsure, fmt.Sprintf("%s is read with three decimals, and %s has %d", finer, t.options.Currency, t.decimals()))
	}
}

// decimals gives how many the currency has of orders that name none; 3 when it is
// not known, or each order names its own.
func (t *Table) decimals() int {
	unit, err := currency.ParseISO(t.options.Currency)
	if _, named := t.Mapping[FieldCurrency]; named || err != nil {
		return 3
	}
	scale, _ := currency.Standard.Rounding(unit)
	return scale
}

// UnsureDates reports that the dates could be read in another order as well.
func (t *Table) UnsureDates() bool { return t.unsure.dates }

// MixedDates reports that some dates fit only one order and others only another.
func (t *Table) MixedDates() bool { return t.unsure.mixed }

// MixedAmounts reports that some amounts fit only a decimal comma and others only a
// decimal point.
func (t *Table) MixedAmounts() bool { return t.unsure.amounts }

// OpenAmount gives an amount of the file that could be read otherwise as well, and how
// it is read; "" when there is none.
func (t *Table) OpenAmount() (cell, read string) {
	if t.open == "" {
		return "", ""
	}
	return t.open, plainDecimal(t.open, t.Decimal)
}

// reader begins at the first row.
func (t *Table) reader() (*sheet.Reader, error) {
	if _, err := t.file.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	return readerOf(t.file)
}

// readerOf reads a table of orders from where f stands.
func readerOf(f io.ReadSeeker) (*sheet.Reader, error) {
	return sheet.NewReaderKnowing(f, isTitle, "order, date and total")
}

// next gives the next row. One that has more cells than there are titles was cut in
// the wrong places, and would be read wrongly: 1,234 as 1. Empty cells at its end
// are no harm.
func (t *Table) next(r *sheet.Reader) (sheet.Row, error) {
	row, err := r.Next()
	if err == nil && row.Problem == "" && len(row.Cells) > len(t.Head) && slices.ContainsFunc(row.Cells[len(t.Head):], func(c string) bool { return strings.TrimSpace(c) != "" }) {
		row.Problem = fmt.Sprintf("it has %d cells, and there are %d titles; a cell that holds a delimiter must stand in quotes", len(row.Cells), len(t.Head))
	}
	return row, err
}

func (t *Table) cell(cells []string, f Field) string {
	if i, ok := t.Mapping[f]; ok && i < len(cells) {
		return strings.TrimSpace(cells[i])
	}
	return ""
}

// numberOf gives the number of a row's order. Of a row that cannot be read, it is
// what stands in that place, so that its order is kept aside with it.
func (t *Table) numberOf(row sheet.Row) string {
	cells := row.Cells
	if row.Problem != "" && len(cells) == 1 {
		cells = strings.Split(cells[0], string(t.Read.Delimiter))
	}
	return strings.Trim(t.cell(cells, FieldOrder), `"`)
}

// Each gives the orders of the file one after another, those whose rows lie apart
// where their last one does. It ends with the first error of yield.
func (t *Table) Each(yield func(Group) error) error {
	r, err := t.reader()
	if err != nil {
		return err
	}
	var run []sheet.Row
	number := ""
	apart := map[uint64][]sheet.Row{}
	flush := func() error {
		if len(run) == 0 {
			return nil
		}
		rows := run
		run = nil
		h := maphash.String(seed, number)
		if n, ok := t.scatter[h]; ok {
			if rows = append(apart[h], rows...); len(rows) < n {
				apart[h] = rows
				return nil
			}
			delete(apart, h)
		}
		return yield(t.group(number, rows))
	}
	for {
		row, err := t.next(r)
		if errors.Is(err, io.EOF) {
			return flush()
		}
		if err != nil {
			return err
		}
		if len(row.Cells) == 0 {
			continue
		}
		if n := t.numberOf(row); n != number || len(run) == 0 {
			if err := flush(); err != nil {
				return err
			}
			number = n
		}
		run = append(run, row)
	}
}
