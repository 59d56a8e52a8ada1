package campaigns

import (
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"kaveri/crm"
)

// turn is the handling of a batch of members who follow one version of a plan.
type turn struct {
	r       *Runner
	c       *crm.Campaign
	plan    *crm.Plan
	version int
	now     time.Time
	firm    *crm.Firm
	members []crm.Member
	facts   []crm.MemberCheck
	fields  []crm.MemberFacts
	rules   map[string]map[crm.CustomerID]bool
	writers map[crm.StaffID]crm.CampaignWriter
	inName  map[crm.StaffID]int // mails in their name today
}

// batch handles members that are due, and gives how many.
func (r *Runner) batch(ctx context.Context, c *crm.Campaign) (int, error) {
	now := r.o.Now()
	ms, err := r.o.Store.DueMembers(ctx, c.ID, now, r.o.Batch)
	if err != nil || len(ms) == 0 {
		return 0, err
	}
	if r.o.Recount != nil {
		if err := r.o.Recount(ctx); err != nil {
			return 0, err
		}
	}
	firm, err := r.o.Store.Firm(ctx)
	if err != nil {
		return 0, err
	}
	by := map[int][]crm.Member{}
	for _, m := range ms {
		by[m.Version] = append(by[m.Version], m)
	}
	done := 0
	for _, version := range slices.Sorted(maps.Keys(by)) {
		plan, err := r.o.Store.CampaignPlan(ctx, c.ID, version)
		if err != nil {
			return done, err
		}
		t := &turn{r: r, c: c, plan: &plan, version: version, now: now, firm: &firm, members: by[version]}
		if err := t.read(ctx); err != nil {
			return done, err
		}
		ds, err := t.deeds(ctx)
		if err != nil {
			return done, err
		}
		n, err := r.o.Store.Act(ctx, r.lease, ds)
		if done += n; err != nil {
			return done, err
		}
	}
	return done, nil
}

// read reads what the whole batch needs.
func (t *turn) read(ctx context.Context) (err error) {
	if t.facts, err = t.r.o.Store.CheckFacts(ctx, t.plan.Whom.Topic, t.members, nil); err != nil {
		return err
	}
	if t.fields, err = t.r.o.Store.MemberFields(ctx, t.members); err != nil {
		return err
	}
	if t.rules, err = rulesOf(ctx, t.r.o.Segments, t.plan, t.members, t.facts, t.now); err != nil {
		return err
	}
	settle(t.plan, t.members, t.facts, t.rules)
	if !t.plan.From.Known {
		return nil
	}
	if t.writers, err = t.r.writers(ctx); err == nil && t.plan.From.PerDay > 0 {
		local := t.now.In(t.firm.Zone())
		y, m, d := local.Date()
		t.inName, err = t.r.o.Store.SentInName(ctx, time.Date(y, m, d, 0, 0, 0, 0, local.Location()))
	}
	return err
}

// rulesOf finds who is in the rules that a plan asks about: branches, the goal,
// and for those who have written to us since they came in whether they are whom
// the campaign is for.
func rulesOf(ctx context.Context, s Segments, p *crm.Plan, ms []crm.Member, fs []crm.MemberCheck, now time.Time) (map[string]map[crm.CustomerID]bool, error) {
	var all, wrote []crm.CustomerID
	for i := range fs {
		all = append(all, fs[i].Customer)
		if fs[i].Replied.After(ms[i].Entered) {
			wrote = append(wrote, fs[i].Customer)
		}
	}
	out := map[string]map[crm.CustomerID]bool{}
	ask := func(rule string, of []crm.CustomerID) (err error) {
		if rule != "" && len(of) > 0 && out[rule] == nil {
			out[rule], err = s.Among(ctx, rule, of, now)
		}
		return err
	}
	if err := ask(p.Exits.Rule, all); err != nil {
		return nil, err
	}
	for i := range p.Steps {
		if p.Steps[i].Kind == crm.StepBranch {
			if err := ask(p.Steps[i].Rule, all); err != nil {
				return nil, err
			}
		}
	}
	return out, ask(p.Whom.Rule, wrote)
}

// settle says what of the facts counts for a member. Until they have got a mail, or
// would have got one, a mail of theirs is no reply to the campaign: who is still
// whom it is for stays in it, and an open question holds the mail; the others
// leave. After that each mail of theirs is one.
func settle(p *crm.Plan, ms []crm.Member, fs []crm.MemberCheck, rules map[string]map[crm.CustomerID]bool) {
	for i := range fs {
		f, m := &fs[i], &ms[i]
		f.Reached = p.Exits.Rule != "" && rules[p.Exits.Rule][f.Customer]
		switch reached := f.Written || m.Arm == crm.ArmHeldOut && !m.Exposed.IsZero(); {
		case reached && !m.Exposed.IsZero():
			f.Since = m.Exposed
		case f.Replied.After(m.Entered) && rules[p.Whom.Rule][f.Customer]:
			f.Replied = time.Time{}
		}
	}
}

// deeds decides for all members of the batch.
func (t *turn) deeds(ctx context.Context) ([]crm.Deed, error) {
	out := make([]crm.Deed, 0, len(t.members))
	for i := range t.members {
		d, err := t.deed(ctx, i)
		if err != nil {
			return nil, err
		}
		out = append(out, d)
	}
	return out, nil
}

// zone is whose clock the schedule goes by for a member.
func (t *turn) zone(i int) *time.Location { return t.plan.When.ZoneFor(t.facts[i].TheirZone) }

// deed decides what becomes of a member.
func (t *turn) deed(ctx context.Context, i int) (crm.Deed, error) {
	m, f := &t.members[i], &t.facts[i]
	c := check(t.plan, f)
	if c.Do == crm.CheckLeave {
		return crm.Deed{Was: *m, Next: crm.MemberGone, Step: m.Step, Reason: c.Reason, Writer: m.Writer, Touch: crm.TouchLeft, Why: c.Reason}, nil
	}
	step, ok := t.plan.Step(m.Step)
	switch {
	case !ok: // the plan has lost it
		return t.arrive(i, crm.StepEnd), nil
	case step.Kind == crm.StepWait:
		return t.arrive(i, t.plan.After(m.Step)), nil
	case step.Kind == crm.StepBranch:
		return t.arrive(i, m.Step), nil
	}
	if next, open := t.plan.When.Next(t.now, t.zone(i)); !open || next.After(t.now) {
		return t.putOff(i, crm.Checked{Do: crm.CheckLater, Reason: crm.Reason{Code: crm.ReasonWindow, At: next}, Again: next}), nil
	}
	switch c.Do {
	case crm.CheckLater:
		return t.putOff(i, c), nil
	case crm.CheckDrop:
		return t.dropped(i, c.Reason), nil
	}
	return t.send(ctx, i, step)
}

// check is the last-moment check, and that a customer who was joined with another
// one of the campaign gets each mail once.
func check(p *crm.Plan, f *crm.MemberCheck) crm.Checked {
	if f.Twin {
		return crm.Checked{Do: crm.CheckLeave, Reason: crm.Reason{Code: crm.ReasonMerged}}
	}
	return p.Check(&f.CheckFacts)
}

// send makes the mail of a member, or notes that it would have been made.
func (t *turn) send(ctx context.Context, i int, step *crm.Step) (crm.Deed, error) {
	m := &t.members[i]
	writer, full := t.writer(m.Writer)
	if full {
		again := nextDay(t.now, t.firm.Zone())
		return t.putOff(i, crm.Checked{Reason: crm.Reason{Code: crm.ReasonWriterFull}, Again: again}), nil
	}
	text, err := t.r.text(ctx, t, step, m, t.language(i), writer)
	if err != nil {
		return crm.Deed{}, err
	}
	mail := crm.DeedMail{Mailing: text.mailing.ID, Name: t.fields[i].Name, Fields: t.fieldsOf(i, writer), Due: t.now, Expires: t.now.Add(mailPatience)}
	if _, err := text.renderer.Render(ctx, &text.mailing, &crm.Dispatch{Address: m.Address, Name: mail.Name, Fields: mail.Fields}); err != nil {
		var wrong ValueErrors
		if !errors.As(err, &wrong) {
			return crm.Deed{}, err
		}
		return t.dropped(i, crm.Reason{Code: crm.ReasonNoField, What: wrong[0].Field}), nil
	}
	d := t.arrive(i, t.plan.After(step.Name))
	d.Exposed, d.Writer = true, writer.Staff
	if m.Arm == crm.ArmHeldOut {
		d.Touch, d.Why = crm.TouchWouldSend, crm.Reason{Code: crm.ReasonHeldOut}
		return d, nil
	}
	d.Touch, d.Mail = crm.TouchSent, &mail
	if writer.Staff != 0 && t.inName != nil {
		t.inName[writer.Staff]++
	}
	return d, nil
}

// mailPatience is how long after its time a mail of a campaign is still tried.
const mailPatience = 48 * time.Hour

// writer gives in whose name to write: the one the customer knows, unless they
// have left or are away, and else the firm (the zero value). Full says that they
// have as many mails today as they can answer.
func (t *turn) writer(id crm.StaffID) (w crm.CampaignWriter, full bool) {
	w, ok := t.writers[id]
	if !ok || w.Disabled || w.Address == "" || w.Away.After(t.now) {
		return crm.CampaignWriter{}, false
	}
	return w, t.plan.From.PerDay > 0 && t.inName[id] >= t.plan.From.PerDay
}

// fieldsOf gives what the texts may say, with the colleague who writes.
func (t *turn) fieldsOf(i int, w crm.CampaignWriter) map[string]string {
	out := maps.Clone(t.fields[i].Fields)
	addWriter(out, w, t.plan, t.firm)
	return out
}

// addWriter adds the fields of who writes.
func addWriter(to map[string]string, w crm.CampaignWriter, p *crm.Plan, firm *crm.Firm) {
	name := w.Name
	if name == "" {
		name = p.From.Name
	}
	to["colleague"], to["firm"] = name, firm.Name
	to["signature"] = name
	if w.Staff != 0 {
		to["colleague_address"] = string(w.Address)
		to["signature"] = name + ", " + firm.Name
	}
}

func (t *turn) language(i int) string { return t.fields[i].Language }

// dropped leaves a step out.
func (t *turn) dropped(i int, why crm.Reason) crm.Deed {
	d := t.arrive(i, t.plan.After(t.members[i].Step))
	d.Touch, d.Why = crm.TouchLeftOut, why
	if d.Next == crm.MemberDone {
		d.Reason = why
	}
	return d
}

// putOff lets a member wait at their step.
func (t *turn) putOff(i int, c crm.Checked) crm.Deed {
	m := &t.members[i]
	due := latest(c.Again, t.now.Add(time.Minute))
	if next, ok := t.plan.When.Next(due, t.zone(i)); ok {
		due = next
	}
	d := crm.Deed{Was: *m, Next: crm.MemberWaiting, Step: m.Step, Due: due, Reason: c.Reason, Writer: m.Writer}
	if c.Reason.Code != crm.ReasonWindow && c.Reason.Code != m.Reason.Code {
		d.Touch, d.Why = crm.TouchPutOff, c.Reason
	}
	return d
}

// arrive brings a member to a step: to the end of a wait, through branches, to the
// next time at which mail may go out.
func (t *turn) arrive(i int, name string) crm.Deed {
	m, f := &t.members[i], &t.facts[i]
	d := crm.Deed{Was: *m, Next: crm.MemberWaiting, Writer: m.Writer}
	for {
		step, ok := t.plan.Step(name)
		if !ok {
			d.Next, d.Step, d.Due = crm.MemberDone, crm.StepEnd, time.Time{}
			return d
		}
		d.Step, d.Due = name, t.now
		switch step.Kind {
		case crm.StepSend:
			if next, ok := t.plan.When.Next(t.now, t.zone(i)); ok && next.After(t.now) {
				d.Due, d.Reason = next, crm.Reason{Code: crm.ReasonWindow, At: next}
			}
			return d
		case crm.StepWait:
			d.Due = waitUntil(&step.Wait, t.now, dueDay(t.fields[i].Fields), t.firm.Zone())
			return d
		}
		to := step.Else
		if t.rules[step.Rule][f.Customer] {
			to = step.Then
		}
		if name = to; to == "" {
			name = t.plan.After(step.Name)
		}
	}
}

// dueDay reads the day of the next order from the fields of texts.
func dueDay(fields map[string]string) crm.Day {
	at, err := time.Parse(time.DateOnly, fields["due"])
	if err != nil {
		return 0
	}
	return crm.DayOf(at)
}

// nextDay is the beginning of the next day on a clock.
func nextDay(t time.Time, zone *time.Location) time.Time {
	y, m, d := t.In(zone).Date()
	return time.Date(y, m, d+1, 0, 0, 0, 0, zone)
}
