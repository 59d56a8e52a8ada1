package orders

import (
	"encoding/csv"
	"io"
	"strconv"

	"kaveri/crm"
	"kaveri/crm/sheet"
)

// The bounds of a transaction of orders: a waiting reader and a crash lose no
// more than that.
const (
	atOnce     = 1000
	rowsAtOnce = 10_000
	textAtOnce = 8 << 20 // bytes of their cells: a table may be wide
)

// Bringing says how the orders of a table are brought in.
type Bringing struct {
	Keep     func(list []crm.Order) ([]crm.OrderResult, error) // in one transaction
	Bad      func(g *Group, err error)                         // an order that is kept aside
	Odd      func(g *Group, doubt string)                      // an order that is kept and odd; may be nil
	Progress func(rows int)                                    // rows that are done; may be nil
}

// Tally is what became of the orders of a table.
type Tally struct {
	Added, Same, Replaced, KeptAside int
	NewCustomers                     int
	Nobody                           int // orders of which it is not known whose they are
}

// bringer is a table on its way in.
type bringer struct {
	Bringing
	Tally
	groups []Group
	rows   int // of groups
	text   int // bytes of those
	done   int
}

// Bring brings the orders of a table in, some at a time. Those that cannot be read
// or kept are told to b.Bad and the rest goes on. After an error, those that were
// kept stay: brought in again, they are the same.
func (t *Table) Bring(b Bringing) (Tally, error) {
	r := &bringer{Bringing: b}
	err := t.Each(func(g Group) error {
		r.groups, r.rows = append(r.groups, g), r.rows+len(g.Rows)
		for i := range g.Rows {
			r.text += textOf(&g.Rows[i])
		}
		if len(r.groups) < atOnce && r.rows < rowsAtOnce && r.text < textAtOnce {
			return nil
		}
		return r.save()
	})
	if err == nil {
		err = r.save()
	}
	return r.Tally, err
}

// save keeps the orders that are pending.
func (r *bringer) save() error {
	var list []crm.Order
	var of []*Group
	for i := range r.groups {
		if g := &r.groups[i]; g.Err != nil {
			r.bad(g, g.Err)
		} else {
			list, of = append(list, g.Order), append(of, g)
		}
	}
	if len(list) > 0 {
		results, err := r.Keep(list)
		if err != nil {
			return err
		}
		for i := range results {
			r.count(of[i], &results[i])
		}
	}
	r.done += r.rows
	if r.Progress != nil {
		r.Progress(r.done)
	}
	clear(r.groups) // they hold their rows
	r.groups, r.rows, r.text = r.groups[:0], 0, 0
	return nil
}

// textOf gives the bytes of a row's cells.
func textOf(row *sheet.Row) (n int) {
	for _, c := range row.Cells {
		n += len(c)
	}
	return n
}

func (r *bringer) bad(g *Group, err error) {
	r.KeptAside++
	r.Bad(g, err)
}

func (r *bringer) count(g *Group, result *crm.OrderResult) {
	switch result.Outcome {
	case crm.OrderAdded:
		r.Added++
	case crm.OrderReplaced:
		r.Replaced++
	case crm.OrderSame:
		r.Same++
	case crm.OrderRefused:
		r.bad(g, result.Err)
		return
	}
	if doubt := g.Doubt(); doubt != "" && r.Odd != nil {
		r.Odd(g, doubt)
	}
	if result.Made {
		r.NewCustomers++
	}
	if result.Customer == 0 {
		r.Nobody++
	}
}

// Rejects is a table of the rows that were kept aside, with number and reason in
// front. Mended, it can be brought in as it is.
type Rejects struct{ w *csv.Writer }

// NewRejects begins such a table for one with these titles.
func NewRejects(w io.Writer, head []string) *Rejects {
	r := &Rejects{csv.NewWriter(w)}
	r.w.Write(append([]string{"row", "reason"}, head...))
	return r
}

// Add adds the rows of an order. A cell that a spreadsheet would take for a formula
// stays as it was in the file.
func (r *Rejects) Add(rows []sheet.Row, reason string) {
	for _, row := range rows {
		r.w.Write(append([]string{strconv.Itoa(row.Number), reason}, row.Cells...))
	}
}

// Flush writes what is pending; its error is the first of all.
func (r *Rejects) Flush() error {
	r.w.Flush()
	return r.w.Error()
}

// Titles reads no more of a table than its titles and how it is written.
func Titles(f io.ReadSeeker) ([]string, sheet.Guess, error) {
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return nil, sheet.Guess{}, err
	}
	r, err := readerOf(f)
	if err != nil {
		return nil, sheet.Guess{}, err
	}
	return r.Head(), r.Guess(), nil
}
