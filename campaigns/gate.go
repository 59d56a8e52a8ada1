package campaigns

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"kaveri/crm"
)

// GateStore is what a [Gate] asks of who keeps campaigns.
type GateStore interface {
	Firm(ctx context.Context) (crm.Firm, error)
	Posted(ctx context.Context, ids []crm.DispatchID) ([]crm.Posted, error)
	CampaignPlan(ctx context.Context, id crm.CampaignID, version int) (crm.Plan, error)
	CheckFacts(ctx context.Context, topic string, ms []crm.Member, own []crm.DispatchID) ([]crm.MemberCheck, error)
	Hear(ctx context.Context, ds []crm.Deed) error
}

// Gate asks once more, just before a campaign's mails are composed, whether they
// may go: between the ledger and the wire may lie hours. It satisfies outbound's
// interface of that name, and any number of goroutines may use it.
type Gate struct {
	Store    GateStore
	Segments Segments
	Recount  func(ctx context.Context) error // nil: what is counted is up to date
	Now      func() time.Time

	mu    sync.Mutex
	plans map[planKey]*crm.Plan
}

type planKey struct {
	id      crm.CampaignID
	version int
}

// Ask gives those of the mails that must not go now: to be asked about later, or
// called off. Their members, and what is told of them, learn of it before it
// returns. All others may go.
func (g *Gate) Ask(ctx context.Context, ids []crm.DispatchID) ([]crm.Gated, error) {
	if g.Recount != nil {
		if err := g.Recount(ctx); err != nil {
			return nil, err
		}
	}
	posted, err := g.Store.Posted(ctx, ids)
	if err != nil {
		return nil, err
	}
	by := map[planKey][]crm.Posted{}
	for _, p := range posted {
		k := planKey{p.Member.Campaign, p.Version}
		by[k] = append(by[k], p)
	}
	keys := slices.SortedFunc(maps.Keys(by), func(a, b planKey) int { return int(a.id-b.id)*1000 + a.version - b.version })
	var out []crm.Gated
	for _, k := range keys {
		gated, err := g.ask(ctx, k, by[k])
		if err != nil {
			return nil, err
		}
		out = append(out, gated...)
	}
	return out, nil
}

// plan reads a version of a plan, which never changes.
func (g *Gate) plan(ctx context.Context, k planKey) (*crm.Plan, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if p := g.plans[k]; p != nil {
		return p, nil
	}
	p, err := g.Store.CampaignPlan(ctx, k.id, k.version)
	if err != nil {
		return nil, err
	}
	if g.plans == nil || len(g.plans) > 1000 {
		g.plans = map[planKey]*crm.Plan{}
	}
	g.plans[k] = &p
	return &p, nil
}

// ask looks at the mails of one version of a plan.
func (g *Gate) ask(ctx context.Context, k planKey, posted []crm.Posted) ([]crm.Gated, error) {
	plan, err := g.plan(ctx, k)
	if err != nil {
		return nil, err
	}
	firm, err := g.Store.Firm(ctx)
	if err != nil {
		return nil, err
	}
	ms, own := make([]crm.Member, len(posted)), make([]crm.DispatchID, len(posted))
	for i, p := range posted {
		ms[i], own[i] = p.Member, p.Dispatch
		ms[i].Step = p.Step
	}
	fs, err := g.Store.CheckFacts(ctx, plan.Whom.Topic, ms, own)
	if err != nil {
		return nil, err
	}
	now := g.Now()
	rules, err := rulesOf(ctx, g.Segments, plan, ms, fs, now)
	if err != nil {
		return nil, err
	}
	settle(plan, ms, fs, rules)
	var out []crm.Gated
	var heard []crm.Deed
	for i := range posted {
		c := g.look(plan, &posted[i], &fs[i], now)
		if c.Do != crm.CheckSend {
			out = append(out, crm.Gated{Dispatch: posted[i].Dispatch, Due: dueOf(plan, c, &fs[i], now), Reason: c.Reason.Text(firm.Zone())})
		}
		if d, ok := told(&posted[i], c); ok {
			heard = append(heard, d)
		}
	}
	if len(heard) == 0 {
		return out, nil
	}
	return out, g.Store.Hear(ctx, heard)
}

// look decides about one mail.
func (g *Gate) look(plan *crm.Plan, p *crm.Posted, f *crm.MemberCheck, now time.Time) crm.Checked {
	switch {
	case p.State == crm.CampaignCancelled:
		return crm.Checked{Do: crm.CheckDrop, Reason: crm.Reason{Code: crm.ReasonCancelled}}
	case p.Member.State == crm.MemberGone:
		return crm.Checked{Do: crm.CheckLeave, Reason: p.Member.Reason}
	case p.Member.Arm != crm.ArmTreated: // it never has a mail; if it had, here it would end
		return crm.Checked{Do: crm.CheckDrop, Reason: crm.Reason{Code: crm.ReasonHeldOut}}
	}
	c := check(plan, f)
	if c.Do != crm.CheckSend {
		return c
	}
	zone := plan.When.ZoneFor(f.TheirZone)
	if next, ok := plan.When.Next(now, zone); !ok || next.After(now) {
		return crm.Checked{Do: crm.CheckLater, Reason: crm.Reason{Code: crm.ReasonWindow, At: next}, Again: next}
	}
	return c
}

// dueOf gives when a mail is asked about again; zero when it is called off.
func dueOf(plan *crm.Plan, c crm.Checked, f *crm.MemberCheck, now time.Time) time.Time {
	if c.Do != crm.CheckLater {
		return time.Time{}
	}
	due := latest(c.Again, now.Add(time.Minute))
	if next, ok := plan.When.Next(due, plan.When.ZoneFor(f.TheirZone)); ok {
		return next
	}
	return due
}

// told gives what the member and the campaign learn of the look; false when that is
// nothing new.
func told(p *crm.Posted, c crm.Checked) (crm.Deed, bool) {
	m := p.Member
	d := crm.Deed{Was: m, Next: m.State, Step: m.Step, Due: m.Due, Reason: m.Reason, Writer: m.Writer, About: p.Step, Why: c.Reason}
	switch {
	case m.State == crm.MemberGone:
		return d, false
	case c.Do == crm.CheckLeave:
		d.Next, d.Reason, d.Touch = crm.MemberGone, c.Reason, crm.TouchLeft
	case c.Do == crm.CheckDrop:
		d.Reason, d.Touch = c.Reason, crm.TouchLeftOut
	case c.Do == crm.CheckLater && c.Reason.Code == m.Reason.Code:
		return d, false
	case c.Do == crm.CheckLater:
		d.Reason = c.Reason
		if c.Reason.Code != crm.ReasonWindow {
			d.Touch = crm.TouchPutOff
		}
	case m.Reason.Code == "" || m.Reason.Code == crm.ReasonWindow && m.State == crm.MemberWaiting:
		return d, false // it goes, and nothing held it
	default:
		d.Reason = crm.Reason{}
	}
	return d, true
}
