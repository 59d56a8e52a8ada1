package web

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"kaveri/crm"
	"kaveri/crm/segment"
)

// Segments is what the pages about segments read and change.
type Segments interface {
	Segments(ctx context.Context, v crm.Viewer, archived bool) ([]segment.Saved, error)
	// ReadSegment gives a saved segment; [crm.KindNotFound].
	ReadSegment(ctx context.Context, v crm.Viewer, id crm.SegmentID) (segment.Saved, error)
	// SaveSegment keeps a new one, or another name or rule for one that is there.
	SaveSegment(ctx context.Context, v crm.Viewer, g segment.Saved) (segment.Saved, error)
	ArchiveSegment(ctx context.Context, v crm.Viewer, id crm.SegmentID, archived bool) error
	// SegmentDays gives who came and who went, the oldest day first.
	SegmentDays(ctx context.Context, v crm.Viewer, id crm.SegmentID, since crm.Day) ([]segment.Day, error)
	CountSegment(ctx context.Context, v crm.Viewer, r segment.Rule, at time.Time) (int, error)
	SegmentSample(ctx context.Context, v crm.Viewer, r segment.Rule, at time.Time, n int) ([]segment.Member, error)
	// ExplainCustomer says step by step whether a rule holds for a customer.
	ExplainCustomer(ctx context.Context, v crm.Viewer, r segment.Rule, c crm.CustomerID, at time.Time) (segment.Step, error)
}

// SegmentsPage lists the saved segments.
type SegmentsPage struct {
	Shell
	List   []SegmentLine
	Old    []SegmentLine // in the archive
	Name   string        // as written into the form, as is the rule
	Rule   string
	Count  SegmentCount
	Fields []FieldHelp
	Faults Faults
}

// SegmentLine is a saved segment in the list.
type SegmentLine struct {
	segment.Saved
	Size string
	When Stamp
}

// FieldHelp is one thing that rules can ask, with how it is written.
type FieldHelp struct {
	Help     string
	Examples []string
}

// SegmentPage is one segment: its rule, who is in it, and how that changes.
type SegmentPage struct {
	Shell
	Segment segment.Saved
	Count   SegmentCount
	Sample  []segment.Member
	Chart   *Chart
	Why     *WhyIn
	Asked   string // the customer's number as it was asked for
	Name    string
	Rule    string
	Faults  Faults
	Fields  []FieldHelp
}

// WhyIn is why a customer is in a segment or is not.
type WhyIn struct {
	ID   crm.CustomerID
	Name string
	In   bool
	Step WhyStep
}

// WhyStep is one part of a rule, with what was found.
type WhyStep struct {
	Text, Found string
	Holds       bool
	Of          []WhyStep
}

const (
	sampleOnPage = 25
	movementDays = 400
)

func (s *Server) segmentsPage(w http.ResponseWriter, r *http.Request, c *call) error {
	return s.showSegments(w, r, c, SegmentsPage{}, http.StatusOK)
}

func (s *Server) showSegments(w http.ResponseWriter, r *http.Request, c *call, p SegmentsPage, status int) error {
	for _, archived := range []bool{false, true} {
		list, err := s.Segments.Segments(r.Context(), c.viewer, archived)
		if err != nil {
			return err
		}
		for _, g := range list {
			l := SegmentLine{Saved: g, When: c.clock.stamp(g.Counted)}
			if !g.Counted.IsZero() {
				l.Size = c.n("segment.count", g.Members)
			}
			switch {
			case !archived:
				p.List = append(p.List, l)
			case !g.Archived.IsZero():
				p.Old = append(p.Old, l)
			}
		}
	}
	p.Fields, p.Count = c.fieldHelp(), s.countRule(r, c, p.Rule)
	p.Shell = s.shell(c, "mailings", c.t("segments.title"))
	s.render(w, r, c, status, "segments", p)
	return nil
}

// fieldHelp says what rules can ask.
func (c *call) fieldHelp() []FieldHelp {
	var out []FieldHelp
	for _, f := range segment.Fields() {
		out = append(out, FieldHelp{f.Help.In(c.lang), f.Examples})
	}
	return out
}

// saveSegment keeps a new segment, or a changed one.
func (s *Server) saveSegment(w http.ResponseWriter, r *http.Request, c *call) error {
	g := segment.Saved{Name: strings.TrimSpace(r.PostFormValue("name")), Text: strings.TrimSpace(unix(r.PostFormValue("rule")))}
	var old segment.Saved
	if r.PathValue("id") != "" {
		id, err := routeID[crm.SegmentID](r, "id", "segment")
		if err == nil {
			old, err = s.Segments.ReadSegment(r.Context(), c.viewer, id)
		}
		if err != nil {
			return err
		}
		g.ID = id
	}
	kept, err := s.Segments.SaveSegment(r.Context(), c.viewer, g)
	if err != nil {
		f, ok := segmentFaults(c, err)
		switch {
		case !ok:
			return err
		case g.ID != 0:
			return s.showSegment(w, r, c, SegmentPage{Segment: old, Name: g.Name, Rule: g.Text, Faults: f}, statusOf[crm.KindOf(err)])
		}
		return s.showSegments(w, r, c, SegmentsPage{Name: g.Name, Rule: g.Text, Faults: f}, statusOf[crm.KindOf(err)])
	}
	return go303(w, r, segmentPath(kept.ID), "segment")
}

// segmentFaults places an error of a segment; what is wrong with the rule stands
// beside its count already.
func segmentFaults(c *call, err error) (Faults, bool) {
	var wrong *segment.Error
	if errors.As(err, &wrong) {
		return Faults{Fields: map[string]string{"rule": wrong.Text}}, true
	}
	if crm.KindOf(err) == crm.KindConflict {
		err = c.fault("name", "segments.taken")
	}
	return c.faults(err, "name", "rule")
}

func segmentPath(id crm.SegmentID) string { return "/segments/" + strconv.FormatInt(int64(id), 10) }

func (s *Server) segmentPage(w http.ResponseWriter, r *http.Request, c *call) error {
	id, err := routeID[crm.SegmentID](r, "id", "segment")
	if err != nil {
		return err
	}
	g, err := s.Segments.ReadSegment(r.Context(), c.viewer, id)
	if err != nil {
		return err
	}
	return s.showSegment(w, r, c, SegmentPage{Segment: g, Name: g.Name, Rule: g.Text}, http.StatusOK)
}

func (s *Server) showSegment(w http.ResponseWriter, r *http.Request, c *call, p SegmentPage, status int) error {
	p.Count, p.Fields = s.countRule(r, c, p.Rule), c.fieldHelp()
	if rule, err := p.Segment.Rule(); err == nil {
		if p.Sample, err = s.Segments.SegmentSample(r.Context(), c.viewer, rule, s.Now(), sampleOnPage); err != nil {
			return err
		}
		if p.Why, err = s.whyIn(r, c, rule, &p); err != nil {
			return err
		}
	}
	days, err := s.Segments.SegmentDays(r.Context(), c.viewer, p.Segment.ID, crm.DayOf(c.clock.now)-movementDays)
	if err != nil {
		return err
	}
	p.Chart = c.movementChart(days)
	p.Shell = s.shell(c, "mailings", p.Segment.Name)
	s.render(w, r, c, status, "segment", p)
	return nil
}

// whyIn answers why a customer is in the segment, when the page is asked.
func (s *Server) whyIn(r *http.Request, c *call, rule segment.Rule, p *SegmentPage) (*WhyIn, error) {
	p.Asked = strings.TrimSpace(r.URL.Query().Get("why"))
	if p.Asked == "" {
		return nil, nil
	}
	customer, err := s.customerAsked(r, c, p.Asked)
	if err != nil {
		if k := crm.KindOf(err); k == crm.KindNotFound || k == crm.KindInvalid {
			p.Faults = Faults{Fields: map[string]string{"why": c.t("segment.why.nobody")}}
			return nil, nil
		}
		return nil, err
	}
	step, err := s.Segments.ExplainCustomer(r.Context(), c.viewer, rule, customer.ID, s.Now())
	return &WhyIn{customer.ID, customer.Name, step.Holds, c.whyStep(step)}, err
}

// customerAsked finds the customer that somebody has written: a number, or the
// beginning of a name, or an address.
func (s *Server) customerAsked(r *http.Request, c *call, text string) (crm.Customer, error) {
	if id, err := crm.ParseID[crm.CustomerID]("customer", text); err == nil {
		return s.Store.Customer(r.Context(), c.viewer, id)
	}
	rows, _, err := s.Store.Customers(r.Context(), c.viewer, crm.CustomerQuery{Text: text, Limit: 1})
	if err == nil && len(rows) == 0 {
		err = crm.NotFound("no customer is called so")
	}
	if err != nil {
		return crm.Customer{}, err
	}
	return s.Store.Customer(r.Context(), c.viewer, rows[0].ID)
}

func (c *call) whyStep(s segment.Step) WhyStep {
	out := WhyStep{Text: s.Text, Holds: s.Holds, Found: s.Found.In(c.lang)}
	for _, of := range s.Of {
		out.Of = append(out.Of, c.whyStep(of))
	}
	return out
}

// movementChart draws how many were in the segment, came and went; nil while it was
// counted on one day only.
func (c *call) movementChart(days []segment.Day) *Chart {
	if len(days) < 2 {
		return nil
	}
	chart := &Chart{ID: "movement", Kind: "lines", Title: c.t("segment.movement"), First: c.t("time.day")}
	chart.Series = []ChartSeries{{c.t("segment.in"), "loyal", false}, {c.t("segment.came"), "frequent", false}, {c.t("segment.went"), "lapsed", false}}
	for _, d := range days {
		row := c.chartRow(d.Day)
		for _, n := range []int{d.Members, d.Came, d.Went} {
			row.add(chart, float64(n), number(c.lang, int64(n)))
		}
		chart.Rows = append(chart.Rows, row)
	}
	first, last := days[0], days[len(days)-1]
	chart.Text = c.t("segment.movement.text", c.day(first.Day), number(c.lang, int64(first.Members)), c.day(last.Day), number(c.lang, int64(last.Members)))
	return chart
}

// archiveSegment puts a segment away, or takes it out again.
func (s *Server) archiveSegment(w http.ResponseWriter, r *http.Request, c *call) error {
	id, err := routeID[crm.SegmentID](r, "id", "segment")
	if err == nil {
		err = s.Segments.ArchiveSegment(r.Context(), c.viewer, id, r.PostFormValue("back") == "")
	}
	if err != nil {
		return err
	}
	return go303(w, r, "/segments", "segment")
}
