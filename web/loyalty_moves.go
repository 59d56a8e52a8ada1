package web

import (
	"fmt"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"kaveri/crm"
	"kaveri/insight"
	"kaveri/insight/standing"
)

// Moves is who went from which rung to which.
type Moves struct {
	Spans   []SpanLink
	Since   string
	Told    string // by what
	Columns []string
	Rows    []MoveRow
	Rates   []string // the five rates in words
}

// SpanLink chooses over what time is looked back.
type SpanLink struct {
	Text, Link string
	Here       bool
}

// MoveRow is those who stood on one rung.
type MoveRow struct {
	Name  string
	N     int
	Few   bool
	Cells []MoveCell
}

// MoveCell is those of a row who stand on one rung now.
type MoveCell struct {
	Column string
	N      int
	Link   string
	Share  string
	Range  string // of 95 %
	Class  string // heat, and up or down
}

// usualSpan is over how many days it is told who moved, when nothing is chosen.
const usualSpan = 91

func spanOf(r *http.Request) int {
	n, err := strconv.Atoi(r.URL.Query().Get("days"))
	if err != nil || !slices.Contains(crm.MoveSpans, n) {
		return usualSpan
	}
	return n
}

// movement is who moved over a span; ok is false while nobody has told it.
type movement struct {
	crm.Movement
	moves []crm.RungMove
	ok    bool
}

// height orders the rungs: who moves to a higher one has climbed.
var height = map[crm.Rung]int{crm.RungLapsed: 0, crm.RungQuiet: 0, crm.RungOneTime: 1, crm.RungOccasional: 2, crm.RungFrequent: 3, crm.RungLoyal: 4, crm.RungAdvocate: 5}

func (s *Server) moves(r *http.Request, c *call, f *crm.LadderFacts) (Moves, error) {
	span := spanOf(r)
	told, err := s.moved.get([2]int{int(f.Day), span}, s.Now(), func() (m movement, err error) {
		m.Movement, m.moves, m.ok, err = s.Loyalty.RungMoves(r.Context(), c.viewer, span)
		return m, err
	})
	if err != nil || !told.ok {
		return Moves{}, err
	}
	m := Moves{Since: c.day(told.Since), Told: c.t("moves.told", c.days(told.Clock))}
	if !told.Kept {
		m.Told = c.t("moves.told-later", c.days(told.Clock))
	}
	for _, n := range crm.MoveSpans {
		m.Spans = append(m.Spans, SpanLink{c.n("moves.days", n), fmt.Sprintf("/loyalty?days=%d#moves", n), n == span})
	}
	t := insight.SumTransitions(told.moves)
	for _, column := range t.Columns {
		m.Columns = append(m.Columns, c.rung(crm.Rung(column)))
	}
	for i := range t.Rows {
		m.Rows = append(m.Rows, c.moveRow(t, i, span))
	}
	for _, name := range insight.Movements() {
		if p := t.Rate(name); p.Of > 0 {
			m.Rates = append(m.Rates, c.t(Key("move."+string(name)), p.Count, p.Of, c.share(p), c.between(p)))
		}
	}
	return m, nil
}

func (c *call) moveRow(t *insight.Transitions, row int, span int) MoveRow {
	was := crm.Rung(t.Rows[row])
	out := MoveRow{N: t.RowSum(row), Few: t.Few(row)}
	if t.Rows[row] == insight.RowNew {
		was, out.Name = crm.RungContact, c.t("moves.new")
	} else {
		out.Name = c.rung(was)
	}
	for j, column := range t.Columns {
		now := crm.Rung(column)
		cell := MoveCell{Column: c.rung(now), N: t.Counts[row][j]}
		if cell.N > 0 {
			p := t.Share(row, j)
			cell.Share, cell.Range = c.share(p), c.between(p)
			cell.Link = listPath("days", strconv.Itoa(span), "was", string(was), "rung", column)
			cell.Class = moveClass(was, now, p.Rate())
		}
		out.Cells = append(out.Cells, cell)
	}
	return out
}

// moveClass colours a cell: the more of the row, the stronger.
func moveClass(was, now crm.Rung, share float64) string {
	way := "same"
	switch {
	case was == crm.RungContact:
		way = "up"
	case height[now] > height[was]:
		way = "up"
	case height[now] < height[was]:
		way = "down"
	}
	return fmt.Sprintf("%s heat%d", way, min(4, int(share*5)))
}

func (c *call) percent(f float64) string {
	return c.decimal(100*f, 0) + "\u00a0%"
}

func (c *call) share(p insight.Proportion) string {
	if p.Of == 0 {
		return ""
	}
	return c.percent(p.Rate())
}

func (c *call) between(p insight.Proportion) string {
	return fmt.Sprintf("%.0f–%.0f\u00a0%%", 100*p.Low, 100*p.High)
}

// Second is how many who order once come again, as a curve.
type Second struct {
	Text  string
	From  string
	Curve string // points of the line, 0 to 400 by 0 to 120
	End   int    // days at its right end
	Marks []CurveMark
}

// CurveMark is a row of the curve's table.
type CurveMark struct {
	Days, X, Y int
	When       string
	Share      string
}

// second makes the curve of second orders, up to a year or as far as is known;
// nil while there are none.
func (c *call) second(f *crm.LadderFacts) *Second {
	last := min(365, len(f.Silent)-1)
	if f.Seconds == 0 || last < 7 {
		return nil
	}
	const width, height = 400, 120
	came := func(day int) float64 { return 1 - f.Silent[day] }
	y := func(day int) int { return height - int(math.Round(came(day)*height)) }
	s := &Second{End: last, Text: c.t("second.within", int(math.Round(100*came(last))), last), From: c.t("second.from", f.Seconds)}
	if last == 365 {
		s.Text = c.t("second.year", int(math.Round(100*came(last))))
	}
	var points []string
	for day := range last + 1 {
		points = append(points, fmt.Sprintf("%d,%d", day*width/last, y(day)))
	}
	s.Curve = strings.Join(slices.Compact(points), " ")
	for _, day := range []int{30, 91, 182, 365} {
		if day <= last {
			s.Marks = append(s.Marks, CurveMark{day, day * width / last, y(day), c.n("moves.days", day), c.percent(came(day))})
		}
	}
	return s
}

// TrialView says whether the labels are true.
type TrialView struct {
	Early  string // it is too early to tell: until when
	Asked  string
	Until  string
	N      int
	Proof  string
	Tone   string
	Scores string
	Tables []TrialTable
}

// TrialTable is what those under some labels did.
type TrialTable struct {
	Title string
	Plain bool // anybody could make these groups
	Rows  []TrialRow
}

// TrialRow is one label.
type TrialRow struct {
	Name        string
	N           int
	Active      string
	Range       string
	FullPrice   string
	Low, Width  int // the interval, in thousandths
	At          int
	Recommended int
	Few         bool
}

// proofTones colours what the panel says.
var proofTones = map[insight.Proof]string{insight.ProofTooFew: "calm", insight.ProofNone: "wait", insight.ProofBetter: "good", insight.ProofWorse: "bad"}

// proofWords are the keys of what it says.
var proofWords = map[insight.Proof]Key{insight.ProofTooFew: "trial.too-few", insight.ProofNone: "trial.none", insight.ProofBetter: "trial.better", insight.ProofWorse: "trial.worse"}

func (c *call) trial(t *standing.Trial) TrialView {
	v := TrialView{Asked: c.day(t.Asked), Until: c.day(t.Until), N: t.Customers}
	if t.Validity == nil {
		if v.Early = c.t("trial.nothing"); t.First != 0 {
			v.Early = c.t("trial.early", c.day(t.Ready()))
		}
		return v
	}
	p := t.Validity
	loyal, plain := p.Notes[0].Active, p.Notes[1].Active
	v.Proof, v.Tone = c.t(proofWords[p.Loyal], loyal.Of, plain.Of), proofTones[p.Loyal]
	v.Scores = c.t("trial.scores", c.decimal(p.AUCSilence, 2), c.decimal(p.AUCCount, 2), c.decimal(p.AUCAlive, 2))
	for _, g := range []struct {
		title  Key
		plain  bool
		prefix string
		rows   []insight.ValidityRow
	}{{"trial.rungs", false, "rung.", p.Rungs}, {"trial.notes", false, "label.", p.Notes}, {"trial.timings", false, "timing.", p.Timings}, {"trial.silence", true, "band.", p.BySilence}, {"trial.count", true, "band.", p.ByCount}} {
		table := TrialTable{Title: c.t(g.title), Plain: g.plain}
		for _, row := range g.rows {
			if row.Active.Of > 0 {
				table.Rows = append(table.Rows, c.trialRow(c.t(Key(g.prefix+row.Label)), &row))
			}
		}
		v.Tables = append(v.Tables, table)
	}
	return v
}

func (c *call) trialRow(name string, r *insight.ValidityRow) TrialRow {
	per := func(f float64) int { return int(math.Round(1000 * f)) }
	return TrialRow{Name: name, N: r.Active.Of, Active: c.share(r.Active), Range: c.between(r.Active), FullPrice: c.share(r.FullPrice), Recommended: r.Recommended.Count,
		Low: per(r.Active.Low), Width: max(4, per(r.Active.High-r.Active.Low)), At: per(r.Active.Rate()), Few: r.Active.Of < 30}
}
