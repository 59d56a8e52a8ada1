package campaigns

import (
	"cmp"
	"context"
	"iter"
	"slices"

	"kaveri/crm"
)

// Report is what came of rendering every recipient of a mailing.
type Report struct {
	Recipients int
	Good       int
	Fields     []FieldReport // the worst first
	First      *crm.Draft    // the first good mail
	Largest    int           // bytes of the largest HTML part, or text when there is none
}

// FieldReport is a field that some mails cannot be made with.
type FieldReport struct {
	Field   string   `json:"field"`
	Problem Problem  `json:"problem"`
	Count   int      `json:"count"`  // of recipients
	Rows    []int    `json:"rows"`   // the first of them
	Values  []string `json:"values"` // what these have; "" when it is missing
}

// maxExamples is how many rows a report names for each field.
const maxExamples = 5

// ClipSize is how large the HTML of a mail may be before Gmail shows only its
// beginning and hides the link to unsubscribe.
const ClipSize = 102 << 10

// Check renders every recipient of a mailing before it is launched. The pairs are
// a row, or another number that finds the recipient, and the dispatch. An error
// that is not the recipients' own ends it.
func (r *Renderer) Check(ctx context.Context, m *crm.Mailing, recipients iter.Seq2[int, *crm.Dispatch]) (Report, error) {
	c := r.NewCheck(m)
	for row, d := range recipients {
		if err := c.Try(ctx, row, d); err != nil && crm.KindOf(err) != crm.KindInvalid {
			return Report{}, err
		}
	}
	return c.Report(), nil
}

// Check collects what comes of rendering recipients one by one.
type Check struct {
	renderer *Renderer
	mailing  *crm.Mailing
	report   Report
}

// NewCheck begins a check.
func (r *Renderer) NewCheck(m *crm.Mailing) *Check { return &Check{renderer: r, mailing: m} }

// Try renders one recipient and notes what came of it. Its error is that of
// [Renderer.Render].
func (c *Check) Try(ctx context.Context, row int, d *crm.Dispatch) error {
	draft, err := c.renderer.Render(ctx, c.mailing, d)
	wrong, ownFault := err.(ValueErrors)
	if err != nil && !ownFault {
		return err
	}
	c.report.Recipients++
	for _, e := range wrong {
		c.report.add(row, e)
	}
	if err != nil {
		return err
	}
	c.report.Good++
	size := len(draft.HTML)
	if draft.HTML == "" {
		size = len(draft.Text)
	}
	c.report.Largest = max(c.report.Largest, size)
	if c.report.First == nil {
		c.report.First = draft
	}
	return nil
}

func (r *Report) add(row int, e *ValueError) {
	i := slices.IndexFunc(r.Fields, func(f FieldReport) bool { return f.Field == e.Field && f.Problem == e.Problem })
	if i < 0 {
		i = len(r.Fields)
		r.Fields = append(r.Fields, FieldReport{Field: e.Field, Problem: e.Problem})
	}
	f := &r.Fields[i]
	if f.Count++; len(f.Rows) < maxExamples {
		f.Rows, f.Values = append(f.Rows, row), append(f.Values, clip(e.Value))
	}
}

// Report gives what was found so far.
func (c *Check) Report() Report {
	out := c.report
	out.Fields = slices.Clone(out.Fields)
	slices.SortFunc(out.Fields, func(a, b FieldReport) int {
		return cmp.Or(b.Count-a.Count, cmp.Compare(a.Field, b.Field), cmp.Compare(a.Problem, b.Problem))
	})
	return out
}
