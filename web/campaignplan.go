package web

import (
	"errors"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"kaveri/crm"
	"kaveri/crm/segment"
	"kaveri/insight"
)

// PlanPage is where a campaign's plan is written, from why to proof.
type PlanPage struct {
	Shell
	Campaign crm.Campaign
	Plan     crm.Plan
	Live     bool           // it has been launched: what is saved counts for the rest
	Moves    []crm.StepMove // to be confirmed
	Steps    []StepForm
	Segments []SegmentChoice
	Count    SegmentCount
	Topics   []crm.Topic
	Senders  []crm.Sender
	Windows  []WindowForm
	Weekdays []string // Monday first
	Except   string   // days, apart by blanks
	Holdout  int      // in per cent
	Need     string   // how many people the proof needs
	Holidays []string // the next ones
	Faults   Faults
}

// StepForm is a step with its fields.
type StepForm struct {
	crm.Step
	N           int // from 1
	Path        string
	First, Last bool
	Letters     []VariantForm
	Others      []string // steps that it may lead to
	Fault       string
	Until       string
}

// VariantForm is a text of a sending step with the ways to edit it.
type VariantForm struct {
	N     int
	Name  string
	Texts []TextForm
	Alone bool
}

// TextForm is a text in one language.
type TextForm struct {
	Language, Subject, To string
	Begun, Ready          bool
}

// WindowForm is a window with its days ticked, Monday first.
type WindowForm struct {
	N        int
	On       [7]bool
	From, To string
}

// SegmentChoice is a saved segment that a campaign may be for.
type SegmentChoice struct{ Name, Rule string }

// SegmentCount is how many a rule names, or what is wrong with it.
type SegmentCount struct {
	N      int
	Text   string // "1 204 customers"
	Fault  string
	Caret  string // the rule with a mark under the place
	Sample []segment.Member
}

// readPlan reads the form into a plan and takes the step that a button asks for:
// add-send, add-wait, add-branch, up-N, down-N, drop-N, variant-N, unvary-N-V,
// window, unwindow-N.
func readPlan(form url.Values, p *crm.Plan) {
	get := func(name string) string { return strings.TrimSpace(unix(form.Get(name))) }
	number := func(name string) int { n, _ := strconv.Atoi(get(name)); return n } // none is 0, which Validate judges
	p.Why = get("why")
	p.Whom.Rule, p.Whom.Topic, p.Whom.Entry, p.Whom.Again = get("rule"), get("topic"), crm.Entry(get("entry")), number("again")
	if saved := get("segment"); saved != "" {
		p.Whom.Rule = saved
	}
	for i := range p.Steps {
		readStep(get, number, &p.Steps[i], "s."+strconv.Itoa(i+1)+".")
	}
	w := &p.When
	w.Start, w.Zone, w.PerRecipient, w.Holidays = get("start"), get("zone"), form.Has("per_recipient"), get("holidays")
	w.Windows = nil
	for i := 1; form.Has("w." + strconv.Itoa(i) + ".from"); i++ {
		at := "w." + strconv.Itoa(i) + "."
		win := crm.Window{From: get(at + "from"), To: get(at + "to")}
		for d := range 7 {
			if form.Has(at + strconv.Itoa(d)) {
				win.Days = append(win.Days, time.Weekday((d+1)%7))
			}
		}
		w.Windows = append(w.Windows, win)
	}
	w.Except = nil
	for _, s := range strings.Fields(get("except")) {
		if t, err := time.Parse(time.DateOnly, s); err == nil {
			w.Except = append(w.Except, crm.DayOf(t))
		}
	}
	p.Exits = crm.Exits{Reply: form.Has("exit_reply"), Order: form.Has("exit_order"), Rule: get("exit_rule")}
	p.Care = crm.Care{PerWeek: number("per_week"), Question: crm.GiveWay(get("question")), Wrote: crm.GiveWay(get("wrote")), Patience: number("patience")}
	p.Proof.Holdout, p.Proof.Ring, p.Proof.Days, p.Proof.Goal = float64(number("holdout"))/100, form.Has("ring"), number("days"), crm.Goal(get("goal"))
	p.From.Known, p.From.Address, p.From.Name, p.From.ReplyTo, p.From.PerDay = form.Has("known"), crm.Address(get("from")), get("from_name"), crm.Address(get("reply_to")), number("per_day")
	if id, err := crm.ParseID[crm.SenderID]("sender", get("sender")); err == nil {
		p.From.Sender = id
	} else {
		p.From.Sender = 0
	}
}

func readStep(get func(string) string, number func(string) int, s *crm.Step, at string) {
	switch s.Kind {
	case crm.StepWait:
		s.Wait = crm.Wait{Days: number(at + "days"), Due: get(at+"until") == "due"}
		if t, err := time.Parse(time.DateOnly, get(at+"day")); err == nil && get(at+"until") == "day" {
			s.Wait.Until = crm.DayOf(t)
		}
	case crm.StepBranch:
		s.Rule, s.Then, s.Else = get(at+"rule"), get(at+"then"), get(at+"else")
	case crm.StepSend:
		for i := range s.Letters {
			if name := get(at + "variant." + strconv.Itoa(i)); name != "" {
				s.Letters[i].Name = name
			}
		}
	}
}

// changeSteps takes a step of the editor.
func changeSteps(p *crm.Plan, do, arg string) {
	n, _ := strconv.Atoi(arg)
	i := n - 1
	within := i >= 0 && i < len(p.Steps)
	switch {
	case do == "add":
		p.Steps = append(p.Steps, newStep(p, crm.StepKind(arg)))
	case do == "up" && within && i > 0:
		p.Steps[i], p.Steps[i-1] = p.Steps[i-1], p.Steps[i]
	case do == "down" && within && i+1 < len(p.Steps):
		p.Steps[i], p.Steps[i+1] = p.Steps[i+1], p.Steps[i]
	case do == "drop" && within:
		gone := p.Steps[i].Name
		p.Steps = slices.Delete(p.Steps, i, i+1)
		for j := range p.Steps { // nothing leads there any more
			for _, to := range []*string{&p.Steps[j].Then, &p.Steps[j].Else, &p.Steps[j].Next} {
				if *to == gone {
					*to = ""
				}
			}
		}
	case do == "variant" && within:
		s := &p.Steps[i]
		s.Letters = append(s.Letters, crm.Variant{Name: string(rune('A' + len(s.Letters)))})
	case do == "window":
		p.When.Windows = append(p.When.Windows, crm.Window{Days: []time.Weekday{1, 2, 3, 4, 5}, From: "09:00", To: "17:00"})
	case do == "unwindow" && i >= 0 && i < len(p.When.Windows):
		p.When.Windows = slices.Delete(p.When.Windows, i, i+1)
	}
	if step, v, ok := strings.Cut(arg, "-"); do == "unvary" && ok {
		i, _ := strconv.Atoi(step)
		j, _ := strconv.Atoi(v)
		if i >= 1 && i <= len(p.Steps) && j >= 0 && j < len(p.Steps[i-1].Letters) && len(p.Steps[i-1].Letters) > 1 {
			p.Steps[i-1].Letters = slices.Delete(p.Steps[i-1].Letters, j, j+1)
		}
	}
}

// newStep gives a step whose name is not in use. Names stay when a plan is edited,
// so a number is never used again while a higher one is there.
func newStep(p *crm.Plan, kind crm.StepKind) crm.Step {
	highest := 0
	for _, s := range p.Steps {
		if n, err := strconv.Atoi(strings.TrimLeft(s.Name, "abcdefghijklmnopqrstuvwxyz-")); err == nil {
			highest = max(highest, n)
		}
	}
	s := crm.Step{Name: string(kind) + "-" + strconv.Itoa(highest+1), Kind: kind}
	switch kind {
	case crm.StepSend:
		s.Letters = []crm.Variant{{Name: "A"}}
	case crm.StepWait:
		s.Wait.Days = 14
	}
	return s
}

// planPage fills in what the form shows.
func (s *Server) planPage(r *http.Request, c *call, cp crm.Campaign, f Faults) (PlanPage, error) {
	p := PlanPage{Campaign: cp, Plan: cp.Plan, Live: cp.State != crm.CampaignDraft, Topics: c.firm.Topics, Faults: f}
	p.Holdout = int(math.Round(100 * cp.Plan.Proof.Holdout))
	p.Weekdays = c.weekdays()
	for i := range cp.Plan.Steps {
		p.Steps = append(p.Steps, c.stepForm(&cp, i, f))
	}
	for i, w := range cp.Plan.When.Windows {
		form := WindowForm{N: i + 1, From: w.From, To: w.To}
		for _, d := range w.Days {
			form.On[(int(d)+6)%7] = true
		}
		p.Windows = append(p.Windows, form)
	}
	var except []string
	for _, d := range cp.Plan.When.Except {
		except = append(except, d.String())
	}
	p.Except = strings.Join(except, " ")
	p.Holidays = c.nextHolidays(cp.Plan.When.Holidays, crm.DayOf(c.clock.now), 3)
	p.Count = s.countRule(r, c, cp.Plan.Whom.Rule)
	p.Need = c.needFor(&cp.Plan, p.Count.N)
	saved, err := s.Segments.Segments(r.Context(), c.viewer, false)
	if err != nil {
		return p, err
	}
	for _, g := range saved {
		p.Segments = append(p.Segments, SegmentChoice{g.Name, g.Text})
	}
	if p.Senders, err = s.Ledger.ListSenders(r.Context(), c.viewer); err != nil {
		return p, err
	}
	p.Shell = s.shell(c, "mailings", cp.Name)
	return p, nil
}

// weekdays names the days, Monday first, by their first letters.
func (c *call) weekdays() []string {
	letters := map[string]int{"en": 3, "fi": 2}[c.lang]
	names := strings.Fields(c.t("date.weekdays"))
	out := make([]string, 7)
	for i := range out {
		out[i] = capital(names[(i+1)%7][:letters]) // ASCII in both languages
	}
	return out
}

// nextHolidays names the next days without mail of a set.
func (c *call) nextHolidays(set string, from crm.Day, n int) []string {
	var out []string
	for d := from; set != "" && d < from+400 && len(out) < n; d++ {
		if name := crm.HolidayName(set, d, c.lang); name != "" {
			out = append(out, name+" "+c.clock.date(d.Time()))
		}
	}
	return out
}

func (c *call) stepForm(cp *crm.Campaign, i int, f Faults) StepForm {
	st := cp.Plan.Steps[i]
	out := StepForm{Step: st, N: i + 1, Path: "s." + strconv.Itoa(i+1) + ".", First: i == 0, Last: i == len(cp.Plan.Steps)-1}
	for _, field := range []string{"", ".name", ".kind", ".letters", ".wait", ".rule"} {
		if text := f.On("steps." + strconv.Itoa(i+1) + field); text != "" {
			out.Fault = text
		}
	}
	if st.Wait.Until != 0 {
		out.Until = st.Wait.Until.String()
	}
	for _, other := range cp.Plan.Steps[i+1:] {
		out.Others = append(out.Others, other.Name)
	}
	for v, variant := range st.Letters {
		form := VariantForm{N: v, Name: variant.Name, Alone: len(st.Letters) == 1}
		for _, l := range languages {
			place := letterPlace{campaign: *cp, step: &cp.Plan.Steps[i], variant: v, language: l}
			d, _ := place.document()
			form.Texts = append(form.Texts, TextForm{l, d.Subject, place.path(), variant.Blocks[l] != "", variant.Letters[l] != (crm.Template{})})
		}
		out.Letters = append(out.Letters, form)
	}
	return out
}

// faultsOfPlan places an error of a plan at its field.
func faultsOfPlan(err error) (Faults, bool) {
	var e *crm.Error
	if !errors.As(err, &e) || e.Kind != crm.KindInvalid && e.Kind != crm.KindConflict {
		return Faults{}, false
	}
	if e.Field == "" || e.Kind == crm.KindConflict {
		return Faults{General: e.Text}, true
	}
	return Faults{Fields: map[string]string{e.Field: e.Text}}, true
}

// countPart counts the rule that somebody is writing.
func (s *Server) countPart(w http.ResponseWriter, r *http.Request, c *call) error {
	return s.renderPart(w, r, c, "campaign-plan", "segment-count", s.countRule(r, c, strings.TrimSpace(unix(r.PostFormValue("rule")))))
}

// countRule counts a rule, or says where it cannot be read.
func (s *Server) countRule(r *http.Request, c *call, text string) (out SegmentCount) {
	if text == "" {
		return out
	}
	rule, err := segment.Parse(text)
	var wrong *segment.Error
	if errors.As(err, &wrong) {
		return SegmentCount{Fault: wrong.Text, Caret: wrong.Caret(text)}
	}
	if err == nil {
		now := s.Now()
		if out.N, err = s.Segments.CountSegment(r.Context(), c.viewer, rule, now); err == nil {
			out.Sample, err = s.Segments.SegmentSample(r.Context(), c.viewer, rule, now, 5)
		}
	}
	if err != nil {
		return SegmentCount{Fault: c.sentence(err)}
	}
	out.Text = c.n("segment.count", out.N)
	return out
}

// needFor says how many people it takes to see that two points more order, from
// ten in a hundred.
func (c *call) needFor(p *crm.Plan, have int) string {
	h := p.Proof.Holdout
	if h <= 0 {
		return c.t("plan.holdout.none")
	}
	n := int(float64(insight.PeopleNeededShares(.10, .12)) / (2 * h * (1 - h)))
	return c.t("plan.holdout.need", number(c.lang, int64(n)), number(c.lang, int64(have)))
}
