package web

import (
	"fmt"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"kaveri/crm"
)

// CampaignPage is how far a campaign is, and what it has come to.
type CampaignPage struct {
	Shell
	Campaign crm.Campaign
	State    string
	Tone     string
	Topic    string
	Refresh  string
	Stages   []StageLine
	Results  *ResultLines
	Pause    bool
	Resume   bool
	Cancel   bool
}

// StageLine is how many members stand somewhere, and why.
type StageLine struct {
	Text, Why string
	N         int
	Per       int // of the most, in per cent
	To        string
	Tone      string
}

// ResultLines are results in words, in the order in which they are to be read.
type ResultLines struct {
	crm.CampaignResults
	Verdict  string
	Tone     string
	Headline string
	Between  string
	Need     string
	Rows     []ResultRow
	Axis     Axis
	Moved    string
	Rungs    []RungRow
	Replies  string
	Reasons  []string
	Texts    []TextRow
	Mails    []string
	Caused   string // what it is not
	Notes    []string
}

// ResultRow is a measure with its interval, as a bar.
type ResultRow struct {
	Name, Value, Between    string
	From, To, At            int // of the axis, 0 to 1000
	Treated, HeldOut, Total string
}

// Axis is where zero lies, 0 to 1000.
type Axis struct{ Zero int }

// RungRow is who rose from a rung, in both arms.
type RungRow struct{ Name, Treated, HeldOut string }

// TextRow is a variant.
type TextRow struct{ Name, People, Reached, Against string }

func (s *Server) campaignPage(w http.ResponseWriter, r *http.Request, c *call) error {
	cp, err := s.campaign(r, c)
	if err != nil {
		return err
	}
	if cp.State == crm.CampaignDraft {
		return go303(w, r, campaignPath(cp.ID)+"/plan", r.URL.Query().Get("done"))
	}
	p := CampaignPage{Campaign: cp, State: c.t(Key("state.campaign." + string(cp.State))), Tone: campaignTones[cp.State], Refresh: campaignPath(cp.ID)}
	p.Topic = c.firm.TopicTitle(cp.Plan.Whom.Topic, c.lang)
	p.Pause = cp.State == crm.CampaignRunning || cp.State == crm.CampaignScheduled
	p.Resume = cp.State == crm.CampaignPaused
	p.Cancel = p.Pause || p.Resume
	counts, err := s.Campaigns.MemberCounts(r.Context(), c.viewer, cp.ID)
	if err != nil {
		return err
	}
	p.Stages = c.stages(&cp, counts)
	results, err := s.Campaigner.Results(r.Context(), c.viewer, cp.ID)
	if err != nil {
		return err
	}
	p.Results = c.resultLines(&results)
	p.Shell = s.shell(c, "mailings", cp.Name)
	if isFragment(r) {
		return s.renderPart(w, r, c, "campaign", "campaign-now", p)
	}
	s.render(w, r, c, http.StatusOK, "campaign", p)
	return nil
}

// stages says where members stand: who waits at which step and why, who is done,
// who has left and why.
func (c *call) stages(cp *crm.Campaign, counts []crm.MemberCount) []StageLine {
	type key struct {
		state  crm.MemberState
		arm    crm.Arm
		step   string
		reason crm.ReasonCode
	}
	sums := map[key]int{}
	for _, k := range counts {
		at := key{state: k.State, reason: k.Reason}
		if k.State == crm.MemberWaiting {
			at.step = k.Step
		}
		if k.Arm == crm.ArmHeldOut {
			at = key{arm: k.Arm, state: k.State}
		}
		sums[at] += k.N
	}
	most := 1
	for _, n := range sums {
		most = max(most, n)
	}
	var out []StageLine
	for k, n := range sums {
		l := StageLine{N: n, Per: max(100*n/most, 1), Text: c.stageText(cp, k.state, k.arm, k.step), Tone: map[crm.MemberState]string{crm.MemberWaiting: "busy", crm.MemberDone: "good"}[k.state]}
		if k.reason != "" {
			l.Why = c.t(Key("reason." + string(k.reason)))
		}
		l.To = fmt.Sprintf("%s/members?state=%s&step=%s&reason=%s&arm=%s", campaignPath(cp.ID), k.state, k.step, k.reason, k.arm)
		out = append(out, l)
	}
	slices.SortFunc(out, func(a, b StageLine) int {
		if a.N != b.N {
			return b.N - a.N
		}
		return strings.Compare(a.Text+a.Why, b.Text+b.Why)
	})
	return out
}

func (c *call) stageText(cp *crm.Campaign, state crm.MemberState, arm crm.Arm, step string) string {
	switch {
	case arm == crm.ArmHeldOut:
		return c.t("campaign.held-out")
	case state == crm.MemberDone:
		return c.t("campaign.done")
	case state == crm.MemberGone:
		return c.t("campaign.left")
	}
	for i, s := range cp.Plan.Steps {
		if s.Name == step {
			return c.t("campaign.waits", number(c.lang, int64(i+1)), c.t(Key("step."+string(s.Kind))))
		}
	}
	return c.t("campaign.waiting")
}

// resultLines puts results into words.
func (c *call) resultLines(r *crm.CampaignResults) *ResultLines {
	l := &ResultLines{CampaignResults: *r, Verdict: c.t("verdict.unknown"), Tone: "busy"}
	switch r.Verdict {
	case "works":
		l.Verdict, l.Tone = c.t("verdict.works"), "good"
	case "harms":
		l.Verdict, l.Tone = c.t("verdict.harms"), "bad"
	}
	money := func(f crm.Figure) string { return c.gain(float64(f), r.Currency, false) }
	if v := r.Value; v != nil {
		l.Headline = c.t("results.total", c.gain(float64(v.Total), r.Currency, true))
		l.Between = c.t("results.between", c.gain(float64(v.TotalRange[0]), r.Currency, true), c.gain(float64(v.TotalRange[1]), r.Currency, true))
		l.Rows = append(l.Rows, ResultRow{Name: c.t("results.value"), Value: money(v.Difference), Between: c.t("results.between", money(v.AlwaysValid[0]), money(v.AlwaysValid[1])),
			Treated: money(v.Treated), HeldOut: money(v.HeldOut), Total: c.gain(float64(v.Total), r.Currency, true)})
		l.Rows = append(l.Rows, ResultRow{Name: c.t("results.capped", money(v.Cap)), Value: money(v.Capped), Between: c.t("results.between", money(v.CappedRange[0]), money(v.CappedRange[1]))})
		l.Axis = place(l.Rows, []crm.Range{v.AlwaysValid, v.CappedRange}, []crm.Figure{v.Difference, v.Capped})
	}
	if o := r.Orders; o != nil {
		per := func(f crm.Figure) string { return c.figure(100*float64(f), 1) }
		l.Rows = append(l.Rows, ResultRow{Name: c.t("results.orders"), Value: per(o.Difference), Between: c.t("results.between", per(o.AlwaysValid[0]), per(o.AlwaysValid[1])), Treated: per(o.Treated), HeldOut: per(o.HeldOut), Total: c.figure(float64(o.Total), 0), From: -1})
	}
	if n := r.Needed; n.People > 0 && r.Verdict == "cannot tell yet" {
		l.Need = c.t("results.need", number(c.lang, int64(n.AnyTime)), number(c.lang, int64(r.People.Treated+r.People.HeldOut)))
	}
	if m := r.Movement; m != nil && !math.IsNaN(float64(m.Difference)) {
		l.Moved = c.t("results.moved", c.figure(float64(m.ExtraRisen), 0), c.figure(100*float64(m.Difference), 1), c.figure(100*float64(m.Interval[0]), 1), c.figure(100*float64(m.Interval[1]), 1))
		for _, g := range m.Rungs {
			l.Rungs = append(l.Rungs, RungRow{c.rungName(g.Rung), fmt.Sprintf("%d / %d", g.TreatedRisen, g.Treated), fmt.Sprintf("%d / %d", g.HeldOutRisen, g.HeldOut)})
		}
	}
	l.Replies = c.t("results.replies", number(c.lang, int64(r.Replies.Treated)), number(c.lang, int64(r.Replies.HeldOut)))
	for _, k := range crm.WishKinds {
		if n := r.Replies.Reasons[k]; n > 0 {
			l.Reasons = append(l.Reasons, c.t(Key("wish.kind."+string(k)))+" "+number(c.lang, int64(n)))
		}
	}
	for i, v := range r.Variants {
		row := TextRow{Name: v.Name, People: number(c.lang, int64(v.People)), Reached: c.figure(100*float64(v.Share), 1) + " %"}
		if i > 0 && !math.IsNaN(float64(v.Against)) {
			row.Against = c.figure(100*float64(v.Against), 1) + " (" + c.t("results.between", c.figure(100*float64(v.Interval[0]), 1), c.figure(100*float64(v.Interval[1]), 1)) + ")"
		}
		l.Texts = append(l.Texts, row)
	}
	for _, d := range r.Delivery {
		l.Mails = append(l.Mails, c.t("results.mail", d.Step, strconv.Itoa(d.Version), number(c.lang, int64(d.Recipients[crm.Sent])), number(c.lang, int64(d.Recipients.Total()))))
	}
	l.Caused = c.t("results.attributed", number(c.lang, int64(r.Attributed.Orders)), amount(c.lang, r.Attributed.Value, r.Currency, true), number(c.lang, int64(r.Days)))
	return l
}

// place lays intervals along one axis that shows zero.
func place(rows []ResultRow, ranges []crm.Range, middles []crm.Figure) Axis {
	low, high := 0.0, 0.0
	for _, g := range ranges {
		low, high = min(low, float64(g[0])), max(high, float64(g[1]))
	}
	if !(high-low > 0) || math.IsInf(high-low, 0) {
		return Axis{}
	}
	margin := (high - low) * .05
	at := func(f float64) int { return int(math.Round(1000 * (f - low + margin) / (high - low + 2*margin))) }
	for i := range rows {
		rows[i].From, rows[i].To, rows[i].At = at(float64(ranges[i][0])), at(float64(ranges[i][1])), at(float64(middles[i]))
	}
	return Axis{at(0)}
}

// gain writes an amount with its sign.
func (c *call) gain(f float64, currency string, round bool) string {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return "–"
	}
	s := amount(c.lang, crm.MoneyOf(f), currency, round)
	if f > 0 {
		s = "+" + s
	}
	return s
}

// figure writes a number with some decimals, "–" when it cannot be told.
func (c *call) figure(f float64, places int) string {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return "–"
	}
	return strings.Replace(c.decimal(f, places), "-", "−", 1)
}

func (c *call) rungName(r crm.Rung) string {
	if r == "" {
		return c.t(Key("rung." + string(crm.RungContact)))
	}
	return c.t(Key("rung." + string(r)))
}

// CheckPage is what a launch would come to.
type CheckPage struct {
	Shell
	Campaign crm.Campaign
	Report   *crm.LaunchReport
	LeftOut  []string
	Mails    []MailCheck
	Begins   string
	Ends     string
	Missing  int
	Faults   Faults
	Field    string // where the fault lies
}

// MailCheck is a step's mail, made for everybody.
type MailCheck struct {
	Step         string
	Good, All    int
	Large        string // "" when it is small enough
	Fields       []FieldCheck
	AllAreMade   bool
	AllRecipient string
}

// FieldCheck is something that some recipients lack.
type FieldCheck struct {
	Field, Text string
	People      []crm.CustomerID
}

func (s *Server) campaignCheckPage(w http.ResponseWriter, r *http.Request, c *call) error {
	cp, err := s.campaign(r, c)
	if err != nil {
		return err
	}
	report, err := s.Campaigner.Check(r.Context(), c.viewer, cp.ID)
	return s.showCheck(w, r, c, cp, &report, err)
}

func (s *Server) showCheck(w http.ResponseWriter, r *http.Request, c *call, cp crm.Campaign, report *crm.LaunchReport, wrong error) error {
	p := CheckPage{Campaign: cp}
	status := http.StatusOK
	if wrong != nil {
		f, ok := faultsOfPlan(wrong)
		if !ok {
			return wrong
		}
		p.Faults, status = f, statusOf[crm.KindOf(wrong)]
		for field, text := range f.Fields {
			p.Field, p.Faults.General = sectionOf(field), text
		}
	} else {
		p.Report, p.Missing = report, report.Missing()
		for _, code := range sortedReasons(report.LeftOut) {
			p.LeftOut = append(p.LeftOut, c.t(Key("reason."+string(code)))+": "+number(c.lang, int64(report.LeftOut[code])))
		}
		for _, m := range report.Mails {
			p.Mails = append(p.Mails, c.mailCheck(&m))
		}
		p.Begins = c.clock.stamp(report.Begins).Full
		if !report.Ends.IsZero() {
			p.Ends = c.clock.stamp(report.Ends).Full
		}
	}
	p.Shell = s.shell(c, "mailings", cp.Name)
	s.render(w, r, c, status, "campaign-check", p)
	return nil
}

// clipSize is how large a mail may be before Gmail cuts it.
const clipSize = 102 << 10

func (c *call) mailCheck(m *crm.LaunchMail) MailCheck {
	out := MailCheck{Step: m.Step, Good: m.Good, All: m.Recipients, AllAreMade: m.Good == m.Recipients}
	if m.Largest > clipSize {
		out.Large = c.t("check.large", size(c.lang, int64(m.Largest)))
	}
	for _, f := range m.Fields {
		out.Fields = append(out.Fields, FieldCheck{f.Field, c.t("check.field", f.Field, number(c.lang, int64(f.Count))), f.People})
	}
	return out
}

func sortedReasons(m map[crm.ReasonCode]int) []crm.ReasonCode {
	var out []crm.ReasonCode
	for code := range m {
		out = append(out, code)
	}
	slices.SortFunc(out, func(a, b crm.ReasonCode) int {
		if m[a] != m[b] {
			return m[b] - m[a]
		}
		return strings.Compare(string(a), string(b))
	})
	return out
}

// sectionOf gives the part of the plan's page where a field stands.
func sectionOf(field string) string {
	head, _, _ := strings.Cut(field, ".")
	switch head {
	case "whom", "when", "care", "proof", "from":
		return head
	case "steps", "exits":
		return "what"
	}
	return "why"
}

// launchCampaign lets a draft begin.
func (s *Server) launchCampaign(w http.ResponseWriter, r *http.Request, c *call) error {
	cp, err := s.campaign(r, c)
	if err != nil {
		return err
	}
	report, err := s.Campaigner.Launch(r.Context(), c.viewer, cp.ID, r.PostFormValue("without") != "")
	if err != nil {
		return s.showCheck(w, r, c, cp, &report, err)
	}
	return go303(w, r, campaignPath(cp.ID), "launched")
}

// turnCampaign pauses, resumes or calls off.
func (s *Server) turnCampaign(w http.ResponseWriter, r *http.Request, c *call) error {
	cp, err := s.campaign(r, c)
	if err != nil {
		return err
	}
	switch do := r.PostFormValue("do"); do {
	case "pause":
		err = s.Campaigns.PauseCampaign(r.Context(), c.viewer, cp.ID, c.t("campaign.paused-by", c.me.Name))
	case "resume":
		err = s.Campaigns.ResumeCampaign(r.Context(), c.viewer, cp.ID)
	case "cancel":
		err = s.Campaigns.CancelCampaign(r.Context(), c.viewer, cp.ID)
	default:
		err = crm.Invalid("do", "%q is none of pause, resume, cancel", do)
	}
	if err != nil {
		return err
	}
	return go303(w, r, campaignPath(cp.ID), "campaign-turned")
}

// MembersPage lists members of a campaign.
type MembersPage struct {
	Shell
	Campaign crm.Campaign
	Title2   string
	List     []MemberLine
	Next     string
}

// MemberLine is a member in the list.
type MemberLine struct {
	crm.MemberRow
	Where, Why string
	Due        Stamp
	To         string
}

const membersPerPage = 50

func (s *Server) membersPage(w http.ResponseWriter, r *http.Request, c *call) error {
	cp, err := s.campaign(r, c)
	if err != nil {
		return err
	}
	q := r.URL.Query()
	after, err := parseKey(q.Get("after"))
	if err != nil {
		return err
	}
	list, next, err := s.Campaigns.Members(r.Context(), c.viewer, crm.MemberQuery{Campaign: cp.ID, Arm: crm.Arm(q.Get("arm")), State: crm.MemberState(q.Get("state")), Step: q.Get("step"), Reason: crm.ReasonCode(q.Get("reason")), After: after, Limit: membersPerPage})
	if err != nil {
		return err
	}
	p := MembersPage{Campaign: cp}
	for _, m := range list {
		p.List = append(p.List, c.memberLine(&cp, m))
	}
	if (next != crm.PageKey{}) {
		q.Set("after", formatKey(next))
		p.Next = campaignPath(cp.ID) + "/members?" + q.Encode()
	}
	p.Shell = s.shell(c, "mailings", c.t("members.title", cp.Name))
	s.render(w, r, c, http.StatusOK, "members", p)
	return nil
}

func (c *call) memberLine(cp *crm.Campaign, m crm.MemberRow) MemberLine {
	l := MemberLine{MemberRow: m, Where: c.stageText(cp, m.State, m.Arm, m.Step), To: fmt.Sprintf("%s/members/%d", campaignPath(cp.ID), m.Customer)}
	l.Why = c.reasonText(m.Reason)
	if m.State == crm.MemberWaiting {
		l.Due = c.clock.stamp(m.Due)
	}
	return l
}

// reasonText says a reason with what it is about.
func (c *call) reasonText(r crm.Reason) string {
	if r.Code == "" {
		return r.What
	}
	s := c.t(Key("reason." + string(r.Code)))
	if r.What != "" && r.Code != crm.ReasonPatience {
		s += " (" + r.What + ")"
	}
	if !r.At.IsZero() {
		s += ", " + c.clock.stamp(r.At).Full
	}
	return s
}

// WhyPage is the card of one member: why they are in a campaign, every check, all
// that was done.
type WhyPage struct {
	Shell
	Campaign crm.Campaign
	Rounds   []WhyRound
	Touches  []TouchLine
}

// WhyRound is one time that a customer was in a campaign.
type WhyRound struct {
	MemberLine
	Facts []WhyFact
}

// WhyFact is one line of the card.
type WhyFact struct{ Name, Text string }

// TouchLine is something that was done.
type TouchLine struct {
	When      Stamp
	Text, Why string
	Dispatch  crm.DispatchID
}

func (s *Server) whyCardPage(w http.ResponseWriter, r *http.Request, c *call) error {
	cp, err := s.campaign(r, c)
	if err != nil {
		return err
	}
	id, err := routeID[crm.CustomerID](r, "customer", "customer")
	if err != nil {
		return err
	}
	rounds, err := s.Campaigns.MembersOf(r.Context(), c.viewer, cp.ID, id)
	if err != nil {
		return err
	}
	if len(rounds) == 0 {
		return crm.NotFound("this customer is not in the campaign")
	}
	p := WhyPage{Campaign: cp}
	for _, m := range rounds {
		p.Rounds = append(p.Rounds, WhyRound{c.memberLine(&cp, m), c.whyFacts(&m)})
	}
	touches, _, err := s.Campaigns.Touches(r.Context(), c.viewer, crm.TouchQuery{Campaign: cp.ID, Customer: id, Limit: 200})
	if err != nil {
		return err
	}
	for _, t := range touches {
		p.Touches = append(p.Touches, TouchLine{c.clock.stamp(t.At), c.t(Key("touch." + string(t.Kind))), c.reasonText(t.Reason), t.Dispatch})
	}
	p.Shell = s.shell(c, "mailings", c.t("why-card.title", rounds[0].CustomerName))
	s.render(w, r, c, http.StatusOK, "why-card", p)
	return nil
}

func (c *call) whyFacts(m *crm.MemberRow) []WhyFact {
	w := &m.Why
	arm := c.t(Key("arm." + string(m.Arm)))
	if m.Arm != crm.ArmLeftOut {
		arm = c.t("why-card.draw", arm, c.figure(w.Draw, 4), c.figure(w.Share, 2))
	}
	out := []WhyFact{{c.t("why-card.rule"), w.Rule}, {c.t("why-card.rung"), c.rungName(m.Rung)}, {c.t("why-card.arm"), arm}, {c.t("why-card.person"), joined(m.ContactName, string(m.Address), w.Person)}}
	agreed := w.Consent
	if !w.Agreed.IsZero() {
		agreed = joined(agreed, c.clock.stamp(w.Agreed).Full)
	}
	out = append(out, WhyFact{c.t("why-card.consent"), agreed}, WhyFact{c.t("why-card.writer"), joined(m.WriterName, w.Writer)}, WhyFact{c.t("why-card.entered"), c.clock.stamp(m.Entered).Full})
	if !m.Exposed.IsZero() {
		out = append(out, WhyFact{c.t("why-card.exposed"), c.clock.stamp(m.Exposed).Full})
	}
	return slices.DeleteFunc(out, func(f WhyFact) bool { return f.Text == "" })
}

// joined joins what is not empty.
func joined(parts ...string) string {
	return strings.Join(slices.DeleteFunc(parts, func(s string) bool { return s == "" }), " · ")
}
