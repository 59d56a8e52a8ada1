package campaigns

import (
	"context"
	"errors"
	"fmt"
	"time"

	"kaveri/crm"
)

// CheckPlan looks at all of a plan that can be told before there are people: the
// plan itself, its rules, its texts. It gives the plan with its rules in canonical
// form. Errors are of kind [crm.KindInvalid] and name the field as in
// "steps.1.letters".
func (r *Runner) CheckPlan(ctx context.Context, p crm.Plan) (crm.Plan, error) {
	if err := p.Validate(); err != nil {
		return p, err
	}
	rule := func(field string, text *string) error {
		if *text == "" {
			return nil
		}
		canonical, err := r.o.Segments.CheckRule(ctx, *text)
		if err != nil {
			return crm.Invalid(field, "%s", err)
		}
		*text = canonical
		return nil
	}
	if err := rule("whom.rule", &p.Whom.Rule); err != nil {
		return p, err
	}
	if err := rule("exits.rule", &p.Exits.Rule); err != nil {
		return p, err
	}
	for i := range p.Steps {
		s := &p.Steps[i]
		field := fmt.Sprintf("steps.%d", i+1)
		if err := rule(field+".rule", &s.Rule); err != nil {
			return p, err
		}
		if err := checkLetters(field+".letters", s); err != nil {
			return p, err
		}
	}
	return p, nil
}

// checkLetters compiles the texts of a step.
func checkLetters(field string, s *crm.Step) error {
	for _, v := range s.Letters {
		for language, t := range v.Letters {
			if t.Subject == "" || t.Text == "" && t.HTML == "" {
				return crm.Invalid(field, "the text of %q in %q has no subject, or says nothing", v.Name, language)
			}
			if _, err := CompileTemplate(t); err != nil {
				var wrong SyntaxErrors
				if errors.As(err, &wrong) {
					return crm.Invalid(field, "%s (%s): line %d, column %d: %s", v.Name, language, wrong[0].Line, wrong[0].Col, wrong[0].Text)
				}
				return crm.Invalid(field, "%s (%s): %s", v.Name, language, err)
			}
		}
	}
	return nil
}

// Rendered is what came of rendering every recipient of a step, in both arms.
type Rendered struct {
	Step    string        `json:"step"`
	Mails   int           `json:"mails"`
	Good    int           `json:"good"`
	Missing []FieldReport `json:"missing"` // the worst first
	Largest int           `json:"largest"` // bytes of the largest one
	First   *crm.Draft    `json:"-"`       // the first good mail
}

// Launched is what a launch has come to.
type Launched struct {
	Frozen   Frozen            `json:"audience"`
	Rendered []Rendered        `json:"rendered"`
	State    crm.CampaignState `json:"state"`
	Begins   time.Time         `json:"begins,omitzero"`
	Ends     time.Time         `json:"ends,omitzero"` // forecast of the first mail to the last one; zero: cannot be told
}

// Missing counts the recipients who lack something that a text needs.
func (l *Launched) Missing() int {
	n := 0
	for _, r := range l.Rendered {
		n += r.Mails - r.Good
	}
	return n
}

// Said gives what a launch has come to as pages tell it.
func (l *Launched) Said() crm.LaunchReport {
	out := crm.LaunchReport{Customers: l.Frozen.Customers, Treated: l.Frozen.Treated, HeldOut: l.Frozen.HeldOut, LeftOut: l.Frozen.LeftOut, Begins: l.Begins, Ends: l.Ends}
	for _, r := range l.Rendered {
		m := crm.LaunchMail{Step: r.Step, Recipients: r.Mails, Good: r.Good, Largest: r.Largest}
		for _, f := range r.Missing {
			field := crm.LaunchField{Field: f.Field, Problem: string(f.Problem), Count: f.Count}
			for _, row := range f.Rows {
				field.People = append(field.People, crm.CustomerID(row))
			}
			m.Fields = append(m.Fields, field)
		}
		out.Mails = append(out.Mails, m)
	}
	return out
}

// LaunchOptions say how a campaign is launched.
type LaunchOptions struct {
	// Accept launches although some recipients lack something that a text needs:
	// they are left out of that step, in both arms.
	Accept bool
	// PerHour is how many mails go out in an hour, for the forecast; 0: 3,600.
	PerHour float64
}

// Preview freezes the audience of a draft and renders every recipient, and lets
// nothing begin.
func (r *Runner) Preview(ctx context.Context, v crm.Viewer, id crm.CampaignID, o LaunchOptions) (Launched, error) {
	var l Launched
	c, err := r.o.Store.Campaign(ctx, v, id)
	if err != nil {
		return l, err
	}
	if c.Plan, err = r.CheckPlan(ctx, c.Plan); err != nil {
		return l, err
	}
	firm, err := r.o.Store.Firm(ctx)
	if err != nil {
		return l, err
	}
	zone := c.Plan.When.ZoneFor("")
	start, now := c.Plan.When.StartIn(zone), r.o.Now()
	if !start.IsZero() && now.Sub(start) > crm.LateStart {
		return l, crm.Invalid("when.start", "%s has passed; choose a time that lies ahead, or none to begin at once", start.Format("Mon 2 Jan 2006 15:04"))
	}
	if l.Frozen, err = r.Freeze(ctx, id); err != nil {
		return l, err
	}
	if l.Rendered, err = r.renderAll(ctx, &c, &firm); err != nil {
		return l, err
	}
	l.State = crm.CampaignDraft
	if l.Begins, err = r.o.Store.NextDue(ctx, id); err != nil {
		return l, err
	}
	l.Begins = latest(l.Begins, now)
	if o.PerHour == 0 {
		o.PerHour = 3600
	}
	if end, ok := c.Plan.When.Finish(l.Begins, l.Frozen.Treated, o.PerHour, zone); ok {
		l.Ends = end
	}
	return l, nil
}

// Launch freezes the audience of a draft, renders every recipient, and lets the
// campaign begin: at its time or at once. Recipients whose text has no value for
// something it needs are an error of kind [crm.KindConflict], unless that is
// accepted; the audience stays frozen, and nothing is sent.
func (r *Runner) Launch(ctx context.Context, v crm.Viewer, id crm.CampaignID, o LaunchOptions) (Launched, error) {
	l, err := r.Preview(ctx, v, id, o)
	if err != nil {
		return l, err
	}
	if n := l.Missing(); n > 0 && !o.Accept {
		return l, crm.Of("steps", crm.Conflict("%d mails cannot be made: a text has no value for something it needs; give it a fallback ({{ %s | default: \"...\" }}), or launch without them", n, worstField(l.Rendered)))
	}
	l.State = crm.CampaignRunning
	if l.Begins.After(r.o.Now()) {
		l.State = crm.CampaignScheduled
	}
	return l, r.o.Store.TurnCampaign(ctx, id, l.State, "")
}

func worstField(rs []Rendered) string {
	name, n := "name", 0
	for _, r := range rs {
		for _, f := range r.Missing {
			if f.Count > n {
				name, n = f.Field, f.Count
			}
		}
	}
	return name
}

// renderAll renders every member of a frozen audience for each sending step.
func (r *Runner) renderAll(ctx context.Context, c *crm.Campaign, firm *crm.Firm) ([]Rendered, error) {
	renderer, err := r.o.Renderer(ctx)
	if err != nil {
		return nil, err
	}
	writers := map[crm.StaffID]crm.CampaignWriter{}
	if c.Plan.From.Known {
		if writers, err = r.writers(ctx); err != nil {
			return nil, err
		}
	}
	all := newTrial(c, firm, renderer, writers)
	for page := (crm.PageKey{}); ; {
		rows, next, err := r.o.Store.Members(ctx, crm.SystemViewer, crm.MemberQuery{Campaign: c.ID, State: crm.MemberWaiting, After: page, Limit: 500})
		if err != nil {
			return nil, err
		}
		ms := make([]crm.Member, len(rows))
		for i := range rows {
			ms[i] = rows[i].Member
		}
		facts, err := r.o.Store.MemberFields(ctx, ms)
		if err != nil {
			return nil, err
		}
		for i := range ms {
			if err := all.member(ctx, &ms[i], &facts[i]); err != nil {
				return nil, err
			}
		}
		if page = next; next == (crm.PageKey{}) {
			return all.done(), nil
		}
	}
}

// trial renders members, each with the text that they would get.
type trial struct {
	c        *crm.Campaign
	firm     *crm.Firm
	renderer *Renderer
	writers  map[crm.StaffID]crm.CampaignWriter
	mailings map[crm.CampaignMailing]*crm.Mailing
	checks   map[string]*Check // by step
}

func newTrial(c *crm.Campaign, firm *crm.Firm, renderer *Renderer, writers map[crm.StaffID]crm.CampaignWriter) *trial {
	return &trial{c: c, firm: firm, renderer: renderer, writers: writers, mailings: map[crm.CampaignMailing]*crm.Mailing{}, checks: map[string]*Check{}}
}

// member renders the mails of all steps to one member.
func (a *trial) member(ctx context.Context, m *crm.Member, facts *crm.MemberFacts) error {
	w := a.writers[m.Writer]
	if w.Disabled {
		w = crm.CampaignWriter{}
	}
	fields := facts.Fields
	addWriter(fields, w, &a.c.Plan, a.firm)
	for i := range a.c.Plan.Steps {
		step := &a.c.Plan.Steps[i]
		if step.Kind != crm.StepSend {
			continue
		}
		check := a.checks[step.Name]
		if check == nil {
			check = a.renderer.NewCheck(nil)
			a.checks[step.Name] = check
		}
		check.mailing = a.mailing(step, m, facts.Language)
		err := check.Try(ctx, int(m.Customer), &crm.Dispatch{Contact: m.Contact, Address: m.Address, Name: facts.Name, Fields: fields})
		if err != nil && crm.KindOf(err) != crm.KindInvalid {
			return err
		}
	}
	return nil
}

// mailing gives the mailing of a text. Its number only tells texts apart.
func (a *trial) mailing(step *crm.Step, m *crm.Member, language string) *crm.Mailing {
	k := crm.CampaignMailing{Campaign: a.c.ID, Step: step.Name}
	var letter crm.Template
	k.Variant, k.Language, letter = letterFor(step, m.Variant, language, a.firm.Language)
	made := a.mailings[k]
	if made == nil {
		now := mailingOf(a.c, &a.c.Plan, a.firm, k, crm.CampaignWriter{}, letter, a.renderer)
		made = &now
		made.ID = -crm.MailingID(len(a.mailings) + 1)
		a.mailings[k] = made
	}
	return made
}

// done gives the reports in the order of the steps.
func (a *trial) done() []Rendered {
	var out []Rendered
	for _, s := range a.c.Plan.Steps {
		if c := a.checks[s.Name]; c != nil {
			r := c.Report()
			out = append(out, Rendered{s.Name, r.Recipients, r.Good, r.Fields, r.Largest, r.First})
		}
	}
	return out
}
