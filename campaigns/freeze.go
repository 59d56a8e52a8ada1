package campaigns

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"kaveri/crm"
	"kaveri/insight"
)

// Frozen counts what became of the customers of a segment.
type Frozen struct {
	Customers int                    `json:"customers"` // in the segment
	Treated   int                    `json:"treated"`
	HeldOut   int                    `json:"held_out"`
	LeftOut   map[crm.ReasonCode]int `json:"left_out,omitempty"` // who cannot be written to, by why
}

// freezeBatch is how many customers are read and written at once.
const freezeBatch = 4096

// Freeze makes the audience of a draft: a member for each customer of its segment,
// with person, arm and variant. What was cut short goes on; done again it changes
// nothing. A segment without anybody is an error of kind [crm.KindInvalid] that
// names whom.rule.
func (r *Runner) Freeze(ctx context.Context, id crm.CampaignID) (Frozen, error) {
	c, done, err := r.o.Store.BeginFreeze(ctx, id)
	if err != nil {
		return Frozen{}, err
	}
	if !done {
		from, err := r.o.Store.LastMember(ctx, id)
		if err != nil {
			return Frozen{}, err
		}
		t, err := r.taking(ctx, &c, c.Version, c.Frozen)
		if err != nil {
			return Frozen{}, err
		}
		t.from = from
		if _, err := t.all(ctx); err != nil {
			return Frozen{}, err
		}
	}
	f, err := r.frozen(ctx, id)
	if err != nil {
		return f, err
	}
	if f.Treated+f.HeldOut == 0 {
		if f.Customers == 0 && c.Plan.Whom.Entry != crm.EntryOnce {
			return f, r.looked(ctx, &c) // they come later
		}
		return f, emptyAudience(f)
	}
	return f, r.looked(ctx, &c)
}

func (r *Runner) looked(ctx context.Context, c *crm.Campaign) error {
	c.Looked = c.Frozen
	return r.o.Store.Looked(ctx, *c)
}

func emptyAudience(f Frozen) error {
	if f.Customers == 0 {
		return crm.Invalid("whom.rule", "nobody is in this segment now; the campaign would reach nobody")
	}
	worst, n := crm.ReasonCode(""), 0
	for code, k := range f.LeftOut {
		if k > n || k == n && code < worst {
			worst, n = code, k
		}
	}
	return crm.Invalid("whom.rule", "%d customers are in this segment, and none can be written to (%d: %s)", f.Customers, n, crm.Reason{Code: worst}.Text(nil))
}

// frozen counts the members that there are.
func (r *Runner) frozen(ctx context.Context, id crm.CampaignID) (Frozen, error) {
	f := Frozen{LeftOut: map[crm.ReasonCode]int{}}
	counts, err := r.o.Store.MemberCounts(ctx, crm.SystemViewer, id)
	for _, k := range counts {
		f.Customers += k.N
		switch k.Arm {
		case crm.ArmTreated:
			f.Treated += k.N
		case crm.ArmHeldOut:
			f.HeldOut += k.N
		default:
			f.LeftOut[k.Reason] += k.N
		}
	}
	return f, err
}

// taking takes customers into a campaign.
type taking struct {
	r       *Runner
	c       *crm.Campaign
	plan    crm.Plan
	version int
	at      time.Time // they come in
	firm    crm.Firm
	key     string // of the draw
	able    map[crm.StaffID]crm.CampaignWriter
	from    crm.CustomerID // those up to it are in already
	again   bool           // it is not the first time
}

func (r *Runner) taking(ctx context.Context, c *crm.Campaign, version int, at time.Time) (*taking, error) {
	t := &taking{r: r, c: c, version: version, at: at}
	var err error
	if t.plan, err = r.o.Store.CampaignPlan(ctx, c.ID, version); err != nil {
		return nil, err
	}
	if t.firm, err = r.o.Store.Firm(ctx); err != nil {
		return nil, err
	}
	t.key = drawKey(c.ID, &t.plan, at.In(t.firm.Zone()))
	if t.plan.From.Known {
		t.able, err = r.writers(ctx)
	}
	return t, err
}

// drawKey names the experiment (docs/loyalty.md §9): the campaign's own, or the
// ring of the quarter, in which the same people are held out of all campaigns.
func drawKey(id crm.CampaignID, p *crm.Plan, at time.Time) string {
	if p.Proof.Ring {
		return fmt.Sprintf("ring:%d-q%d", at.Year(), (int(at.Month())+2)/3)
	}
	return fmt.Sprintf("campaign:%d", id)
}

// all takes in whom the rule names, and gives how many are new. While one batch is
// written the next one is read.
func (t *taking) all(ctx context.Context) (added int, err error) {
	batch := make([]crm.CustomerID, 0, freezeBatch)
	w := writing{store: t.r.o.Store}
	defer w.wait()
	take := func() error {
		ms, err := t.take(ctx, batch)
		batch = batch[:0]
		if err != nil {
			return err
		}
		return w.write(ctx, ms)
	}
	for id, err := range t.r.o.Segments.CustomersOf(ctx, t.plan.Whom.Rule, t.at) {
		if err != nil {
			return 0, crm.Of("whom.rule", err)
		}
		if id <= t.from {
			continue
		}
		if batch = append(batch, id); len(batch) == cap(batch) {
			if err := take(); err != nil {
				return 0, err
			}
		}
	}
	if err := take(); err != nil {
		return 0, err
	}
	err = w.wait()
	return w.added, err
}

// writing writes one batch of members at a time, beside whoever makes the next.
type writing struct {
	store Store
	under chan error // the batch under way; nil: none
	added int
}

// write waits for the batch before, and begins this one.
func (w *writing) write(ctx context.Context, ms []crm.Member) error {
	if err := w.wait(); err != nil || len(ms) == 0 {
		return err
	}
	under := make(chan error, 1)
	w.under = under
	go func() {
		n, err := w.store.AddMembers(ctx, ms)
		w.added += n // read after wait
		under <- err
	}()
	return nil
}

// wait ends the batch under way.
func (w *writing) wait() error {
	if w.under == nil {
		return nil
	}
	err := <-w.under
	w.under = nil
	return err
}

// take makes the members of a batch.
func (t *taking) take(ctx context.Context, ids []crm.CustomerID) ([]crm.Member, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	o := crm.EntrantsOptions{Topic: t.plan.Whom.Topic, Since: t.at.AddDate(0, 0, -t.plan.Proof.Days), Until: t.at}
	if t.again {
		o.Campaign = t.c.ID
	}
	es, err := t.r.o.Store.Entrants(ctx, ids, o)
	if err != nil {
		return nil, err
	}
	known := map[crm.CustomerID]knownWriter{}
	if t.plan.From.Known {
		written, err := t.r.o.Store.WrittenBy(ctx, ids, t.at.Add(-writerMemory))
		if err != nil {
			return nil, err
		}
		known = knownWriters(written, t.able, t.at)
	}
	ms := make([]crm.Member, 0, len(es))
	for i := range es {
		if m, ok := t.member(&es[i], known[es[i].Customer]); ok {
			ms = append(ms, m)
		}
	}
	return ms, nil
}

// member makes the row of a customer; false when they do not come in now. Nothing
// of it but the data themselves changes from one run to the next.
func (t *taking) member(e *crm.Entrant, known knownWriter) (m crm.Member, ok bool) {
	if e.Round > 0 && (e.Open || t.plan.Whom.Again == 0 || t.at.Before(e.Last.AddDate(0, 0, t.plan.Whom.Again))) {
		return m, false
	}
	m = crm.Member{MemberKey: crm.MemberKey{Campaign: t.c.ID, Customer: e.Customer, Round: e.Round + 1}, Version: t.version, Rung: e.Rung, Timing: e.Timing, Before: e.Before,
		Entered: t.at, Step: t.plan.Steps[0].Name, Why: crm.MemberWhy{Rule: t.plan.Whom.Rule, Share: t.plan.Proof.Holdout, Key: t.key}}
	name := strconv.FormatInt(int64(e.Customer), 10)
	m.Why.Draw = insight.ArmDraw(t.key, name)
	p, why, no := choosePerson(e, t.plan.Whom.Topic)
	if no.Code != "" {
		m.Arm, m.State, m.Reason, m.Left = crm.ArmLeftOut, crm.MemberGone, no, t.at
		return m, true
	}
	m.Arm, m.State, m.Contact, m.Address = crm.ArmTreated, crm.MemberWaiting, p.Contact, p.Address
	if m.Why.Draw < t.plan.Proof.Holdout {
		m.Arm = crm.ArmHeldOut
	}
	m.Variant = int(insight.ArmDraw(t.key+":variant", name) * float64(variants(&t.plan)))
	m.Why.Person, m.Why.Consent, m.Why.Agreed = why, p.Consent.Source, p.Consent.At
	m.Writer, m.Why.Writer = known.staff, known.why
	if w, ok := t.able[e.Owner]; ok && m.Writer == 0 && !w.Disabled && w.Address != "" {
		m.Writer, m.Why.Writer = e.Owner, "owner of the customer; nobody has exchanged mail with them lately"
	}
	m.Due = t.begin(e, p.Zone)
	return m, true
}

// variants is the number of texts of the step that has most.
func variants(p *crm.Plan) int {
	n := 1
	for i := range p.Steps {
		n = max(n, len(p.Steps[i].Letters))
	}
	return n
}

// begin gives when the first step is due.
func (t *taking) begin(e *crm.Entrant, theirs string) time.Time {
	zone := t.plan.When.ZoneFor(theirs)
	at := t.at
	if start := t.plan.When.StartIn(zone); start.After(at) {
		at = start
	}
	first := &t.plan.Steps[0]
	switch first.Kind {
	case crm.StepWait:
		return waitUntil(&first.Wait, at, e.DueDay, t.firm.Zone())
	case crm.StepSend:
		if next, ok := t.plan.When.Next(at, zone); ok {
			return next
		}
	}
	return at
}

// waitUntil gives the end of a wait that begins at a time: some days later at the
// same time of day; when their next order is due, but no more than that; a day.
func waitUntil(w *crm.Wait, at time.Time, due crm.Day, zone *time.Location) time.Time {
	day := func(d crm.Day) time.Time {
		y, m, n := d.Time().Date()
		return time.Date(y, m, n, 0, 0, 0, 0, zone)
	}
	local := at.In(zone)
	days := local.AddDate(0, 0, w.Days)
	switch {
	case w.Until != 0:
		return latest(at, day(w.Until))
	case !w.Due:
		return days
	case due == 0:
		return days // nobody knows when that is
	case w.Days > 0 && day(due).After(days):
		return days
	}
	return latest(at, day(due))
}

func latest(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}
