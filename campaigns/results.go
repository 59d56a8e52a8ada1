package campaigns

import (
	"context"
	"fmt"
	"math"
	"time"

	"kaveri/crm"
	"kaveri/crm/segment"
	"kaveri/insight"
)

// ResultStore is what results are read from.
type ResultStore interface {
	Campaign(ctx context.Context, v crm.Viewer, id crm.CampaignID) (crm.Campaign, error)
	Firm(ctx context.Context) (crm.Firm, error)
	MemberCounts(ctx context.Context, v crm.Viewer, id crm.CampaignID) ([]crm.MemberCount, error)
	CampaignMailings(ctx context.Context, v crm.Viewer, id crm.CampaignID) ([]crm.CampaignMailing, []crm.MailingRow, error)
	Outcomes(ctx context.Context, id crm.CampaignID, days int, page crm.PageKey, limit int) ([]crm.MemberOutcome, crm.PageKey, error)
	ReplyReasons(ctx context.Context, mails []crm.MessageID) (map[crm.WishKind]int, error)
}

// What results are made of, under short names: package crm has them, since pages
// show them too.
type (
	// Results is what a campaign has come to.
	Results = crm.CampaignResults
	// Effect is what treated and held out did, and the difference.
	Effect = crm.CampaignEffect
	// DeliveryResult is what became of the mails of a step and version.
	DeliveryResult = crm.DeliveryResult
	// PooledResults is what campaigns show together.
	PooledResults = crm.PooledResults

	figure = crm.Figure
	spread = crm.Range
)

func rangeOf(i insight.Interval) spread { return spread{figure(i.Low), figure(i.High)} }

// outcomePage is how many members are read at once.
const outcomePage = 2000

// ReadResults measures a campaign.
func ReadResults(ctx context.Context, s ResultStore, v crm.Viewer, id crm.CampaignID, now time.Time) (Results, error) {
	c, err := s.Campaign(ctx, v, id)
	if err != nil {
		return Results{}, err
	}
	firm, err := s.Firm(ctx)
	if err != nil {
		return Results{}, err
	}
	m := newMeasuring(&c)
	for page := (crm.PageKey{}); ; {
		list, next, err := s.Outcomes(ctx, id, c.Plan.Proof.Days, page, outcomePage)
		if err != nil {
			return Results{}, err
		}
		for i := range list {
			m.add(&list[i])
		}
		if page = next; next == (crm.PageKey{}) {
			break
		}
	}
	r := Results{Campaign: id, Name: c.Name, State: c.State, At: now, Days: c.Plan.Proof.Days, Currency: firm.Currency, Notes: []string{}}
	if err := countPeople(ctx, &r, s, v, m); err != nil {
		return r, err
	}
	m.tell(&r)
	if r.Replies.Reasons, err = s.ReplyReasons(ctx, m.answers); err != nil {
		return r, err
	}
	keys, rows, err := s.CampaignMailings(ctx, v, id)
	deliver(&r, keys, rows)
	return r, err
}

// countPeople counts who does not take part.
func countPeople(ctx context.Context, r *Results, s ResultStore, v crm.Viewer, m *measuring) error {
	r.People = m.people
	counts, err := s.MemberCounts(ctx, v, r.Campaign)
	all := 0
	for _, c := range counts {
		if c.Arm == crm.ArmLeftOut {
			r.People.LeftOut += c.N
		} else {
			all += c.N
		}
	}
	m.planned = all
	r.People.Waiting = all - m.seen
	return err
}

// deliver adds the mails up by step and version.
func deliver(r *Results, keys []crm.CampaignMailing, rows []crm.MailingRow) {
	at := map[sentAt]int{}
	for i, k := range keys {
		n, ok := at[sentAt{k.Version, k.Step}]
		if !ok {
			n = len(r.Delivery)
			at[sentAt{k.Version, k.Step}] = n
			r.Delivery = append(r.Delivery, DeliveryResult{Step: k.Step, Version: k.Version, Recipients: crm.Recipients{}})
		}
		for state, count := range rows[i].Recipients {
			r.Delivery[n].Recipients[state] += count
		}
	}
}

// measuring gathers the outcomes of both arms.
type measuring struct {
	c       *crm.Campaign
	people  crm.CampaignPeople
	planned int // members in both arms
	seen    int // exposed

	orders, value [2]insight.Sample // treated, held out
	rungs         map[crm.Rung]*crm.RungMovement
	variants      []crm.VariantResult
	replies       [2]int
	answers       []crm.MessageID
	attributed    crm.AttributedOrders
}

func newMeasuring(c *crm.Campaign) *measuring {
	m := &measuring{c: c, rungs: map[crm.Rung]*crm.RungMovement{}}
	for i := range c.Plan.Steps {
		for j, v := range c.Plan.Steps[i].Letters {
			if j == len(m.variants) {
				m.variants = append(m.variants, crm.VariantResult{Name: v.Name})
			}
		}
	}
	return m
}

// add counts one member where they were drawn, whatever became of their mail. Who
// was joined with a customer of the other arm can be counted in neither; of two of
// one arm one is.
func (m *measuring) add(o *crm.MemberOutcome) {
	m.seen++
	switch {
	case o.OtherArm:
		m.people.Merged++
		return
	case o.Twin:
		return
	}
	arm := 0
	if o.Arm == crm.ArmHeldOut {
		arm = 1
		m.people.HeldOut++
	} else {
		m.people.Treated++
		m.attributed.Orders += o.Orders
		m.attributed.Value += o.Value
		m.variant(o)
		if o.FirstMail != 0 {
			m.answers = append(m.answers, o.FirstMail)
		}
	}
	before := o.Before.Float()
	m.orders[arm].Y, m.orders[arm].X = append(m.orders[arm].Y, float64(o.Orders)), append(m.orders[arm].X, before)
	m.value[arm].Y, m.value[arm].X = append(m.value[arm].Y, o.Value.Float()), append(m.value[arm].X, before)
	if o.Replied {
		m.replies[arm]++
	}
	m.move(o, arm)
}

func (m *measuring) variant(o *crm.MemberOutcome) {
	if len(m.variants) == 0 {
		return
	}
	v := &m.variants[o.Variant%len(m.variants)]
	v.People++
	if m.c.Plan.Proof.Goal == crm.GoalReplies && o.Replied || m.c.Plan.Proof.Goal != crm.GoalReplies && o.Orders > 0 {
		v.Reached++
	}
}

func (m *measuring) move(o *crm.MemberOutcome, arm int) {
	s := m.rungs[o.Rung]
	if s == nil {
		s = &crm.RungMovement{Rung: o.Rung}
		m.rungs[o.Rung] = s
	}
	height := func(r crm.Rung) int { return segment.Height("rung", crm.RungChange{Rung: r}) }
	risen := 0
	if height(o.Now) > height(o.Rung) {
		risen = 1
	}
	if arm == 0 {
		s.Treated, s.TreatedRisen = s.Treated+1, s.TreatedRisen+risen
	} else {
		s.HeldOut, s.HeldOutRisen = s.HeldOut+1, s.HeldOutRisen+risen
	}
}

// tell writes what was measured.
func (m *measuring) tell(r *Results) {
	r.Replies.Treated, r.Replies.HeldOut = m.replies[0], m.replies[1]
	r.Attributed, r.Verdict = m.attributed, string(insight.VerdictUnknown)
	r.Variants = []crm.VariantResult{}
	if len(m.variants) > 1 {
		r.Variants = compared(m.variants)
	}
	share := m.c.Plan.Proof.Holdout
	if share == 0 {
		r.Notes = append(r.Notes, "nobody is held out, so nobody can say what the campaign caused")
		return
	}
	var err error
	if r.Orders, err = effect(m.orders, share, m.planned); err == nil {
		r.Value, err = effect(m.value, share, m.planned)
	}
	if err != nil {
		r.Notes = append(r.Notes, "too few people have been written to so far: "+err.Error())
		return
	}
	r.Verdict, r.Needed = r.Value.Verdict, r.Value.Needed
	r.Movement = m.movement()
	if m.people.Merged > 0 {
		r.Notes = append(r.Notes, fmt.Sprintf("%d members were joined with a customer of the other arm; they count for neither", m.people.Merged))
	}
	if r.Value.Alarm {
		r.Notes = append(r.Notes, "the arms do not have the sizes that they were drawn with: people were lost from one of them, and nothing here can be believed")
	}
}

// effect compares the arms.
func effect(arms [2]insight.Sample, holdout float64, plan int) (*Effect, error) {
	e, err := insight.Measure(arms[0], arms[1], insight.ExperimentOptions{Holdout: holdout, Plan: plan})
	if err != nil {
		return nil, err
	}
	best := e.Best()
	total, each := best.Total(best.Interval)
	out := &Effect{Treated: figure(best.Treated.Mean), HeldOut: figure(best.Holdout.Mean), Difference: figure(best.Difference), SE: figure(best.SE), Interval: rangeOf(best.Interval), AlwaysValid: rangeOf(best.AlwaysValid),
		Raw: figure(e.Raw.Difference), RawInterval: rangeOf(e.Raw.Interval), Kept: 1, Capped: figure(e.Capped.Difference), CappedRange: rangeOf(e.Capped.Interval), Cap: figure(e.Capped.Cap),
		Total: figure(total), TotalRange: rangeOf(each), SampleRatio: figure(e.SampleRatio), Alarm: e.SampleRatio > insight.SampleRatioLimit, Verdict: string(e.Verdict), Needed: crm.CampaignNeeds{Difference: figure(e.Needed.Difference), People: e.Needed.People, AnyTime: e.Needed.AnyTime}}
	if e.Adjusted != nil {
		out.Adjusted, out.Kept = true, figure(e.Adjusted.VarianceFactor)
	}
	if out.Alarm {
		out.Verdict = string(insight.VerdictUnknown)
	}
	return out, nil
}

// compared compares the variants with the first one.
func compared(vs []crm.VariantResult) []crm.VariantResult {
	moments := func(v *crm.VariantResult) insight.Moments {
		n, p := float64(v.People), float64(v.Reached)/float64(v.People)
		return insight.Moments{N: v.People, Mean: p, Variance: p * (1 - p) * n / (n - 1)}
	}
	for i := range vs {
		m := moments(&vs[i])
		vs[i].Share = figure(m.Mean)
		if i == 0 || vs[i].People < 2 || vs[0].People < 2 {
			vs[i].Against, vs[i].Interval = figure(math.NaN()), spread{figure(math.NaN()), figure(math.NaN())}
			continue
		}
		e := insight.Difference(m, moments(&vs[0]), 0)
		vs[i].Against, vs[i].Interval = figure(e.Difference), rangeOf(e.AlwaysValid)
	}
	return vs
}

// movement weighs the strata by their sizes: the rung at which people came in is no
// part of the draw, so it may be, and takes out what was foreseeable.
func (m *measuring) movement() *crm.LadderMovement {
	out := &crm.LadderMovement{}
	all, sum, variance := 0, 0.0, 0.0
	for _, rung := range crm.Rungs {
		if s := m.rungs[rung]; s != nil {
			out.Rungs = append(out.Rungs, *s)
			if s.Treated > 0 && s.HeldOut > 0 {
				all += s.Treated + s.HeldOut
			}
		}
	}
	if all == 0 {
		out.Difference, out.Interval, out.ExtraRisen = figure(math.NaN()), spread{figure(math.NaN()), figure(math.NaN())}, figure(math.NaN())
		return out
	}
	for _, s := range out.Rungs {
		if s.Treated == 0 || s.HeldOut == 0 {
			continue
		}
		t, h := float64(s.Treated), float64(s.HeldOut)
		w := (t + h) / float64(all)
		p, q, pooled := float64(s.TreatedRisen)/t, float64(s.HeldOutRisen)/h, float64(s.TreatedRisen+s.HeldOutRisen)/(t+h)
		sum += w * (p - q)
		variance += w * w * pooled * (1 - pooled) * (1/t + 1/h)
	}
	half := insight.NormalQuantile(.975) * math.Sqrt(variance)
	out.Difference, out.Interval = figure(sum), spread{figure(sum - half), figure(sum + half)}
	out.ExtraRisen = figure(sum * float64(m.people.Treated))
	return out
}

// Pool takes campaigns that were measured apart together: many small ones can say
// what none of them can say alone.
func Pool(rs []Results) PooledResults {
	var p PooledResults
	var es []insight.Estimate
	for _, r := range rs {
		if r.Value != nil && r.Value.SE > 0 && !r.Value.Alarm {
			p.Campaigns = append(p.Campaigns, r.Campaign)
			es = append(es, insight.Estimate{Difference: float64(r.Value.Difference), SE: float64(r.Value.SE)})
		}
	}
	if len(es) == 0 {
		p.Mean, p.Interval, p.Tau2 = figure(math.NaN()), spread{figure(math.NaN()), figure(math.NaN())}, figure(math.NaN())
		return p
	}
	all := insight.Pool(es)
	p.Mean, p.Interval, p.Tau2 = figure(all.Mean), rangeOf(all.Interval), figure(all.Tau2)
	for _, v := range all.Shrunk {
		p.Shrunk = append(p.Shrunk, figure(v))
	}
	return p
}
