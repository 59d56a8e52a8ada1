package campaigns

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"os"
	"time"

	"kaveri/crm"
)

// RunnerOptions say how a [Runner] works. What stands in the lower half has the
// defaults that stand beside it.
type RunnerOptions struct {
	Store    Store
	Segments Segments
	Edits    EditStore // what changes campaigns needs it
	// Renderer gives the renderer by the settings of now.
	Renderer func(ctx context.Context) (*Renderer, error)
	// Recount, when not nil, reads anew the correspondence of customers in whose
	// mail something has changed; it is called before each look.
	Recount func(ctx context.Context) error

	Log   *slog.Logger     // silent
	Now   func() time.Time // time.Now
	Owner string           // who runs campaigns, for people; host and process id
	Every time.Duration    // how often it looks for what is due; 2 s
	Batch int              // members that are handled at once; 2000
	Lease time.Duration    // how long the right to run campaigns lasts unless renewed; 30 s
}

// Runner runs campaigns: it starts them, takes people in, and takes each member
// that is due to the next step. One process of several does.
type Runner struct {
	o        RunnerOptions
	mailings map[string]readyMailing // by mark
	lease    crm.Lease
	held     time.Time // until when the lease is ours
}

// NewRunner gives a runner; nothing happens before [Runner.Run] or [Runner.Turn].
func NewRunner(o RunnerOptions) *Runner {
	host, _ := os.Hostname()
	o.Owner = cmp.Or(o.Owner, fmt.Sprintf("%s, process %d", host, os.Getpid()))
	o.Every, o.Batch, o.Lease = cmp.Or(o.Every, 2*time.Second), cmp.Or(o.Batch, 2000), cmp.Or(o.Lease, 30*time.Second)
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return &Runner{o: o, mailings: map[string]readyMailing{}}
}

// Run runs campaigns until ctx ends. What cannot be read or written just now is
// tried again.
func (r *Runner) Run(ctx context.Context) error {
	said := ""
	for ctx.Err() == nil {
		if _, err := r.Turn(ctx); err != nil && ctx.Err() == nil {
			if text := err.Error(); text != said && crm.KindOf(err) != crm.KindConflict {
				said = text
				r.o.Log.Warn("campaigns wait", "why", text)
			}
		} else {
			said = ""
		}
		wait := time.NewTimer(r.o.Every)
		select {
		case <-ctx.Done():
		case <-wait.C:
		}
		wait.Stop()
	}
	return r.o.Store.ReleaseCampaigns(context.WithoutCancel(ctx), r.lease)
}

// hold takes or keeps the right to run campaigns.
func (r *Runner) hold(ctx context.Context) (err error) {
	now := r.o.Now()
	switch {
	case r.lease.Token != 0 && now.Before(r.held):
		return nil
	case r.lease.Token != 0:
		if r.lease, err = r.o.Store.RenewCampaigns(ctx, r.lease, r.o.Lease); err == nil {
			r.held = now.Add(r.o.Lease / 3)
			return nil
		}
		if crm.KindOf(err) != crm.KindConflict {
			return err
		}
		r.lease = crm.Lease{}
	}
	if r.lease, err = r.o.Store.AcquireCampaigns(ctx, r.o.Owner, r.o.Lease); err == nil {
		r.held = now.Add(r.o.Lease / 3)
	}
	return err
}

// active are the states of campaigns that a runner looks at.
var active = []crm.CampaignState{crm.CampaignScheduled, crm.CampaignRunning, crm.CampaignFinished}

// Turn does all that is due now, and gives with how many members it did something.
func (r *Runner) Turn(ctx context.Context) (done int, err error) {
	if err := r.hold(ctx); err != nil {
		return 0, err
	}
	for page := (crm.PageKey{}); ; {
		list, next, err := r.o.Store.Campaigns(ctx, crm.SystemViewer, active, page, 100)
		if err != nil {
			return done, err
		}
		for i := range list {
			n, err := r.one(ctx, &list[i])
			done += n
			if err != nil {
				return done, fmt.Errorf("campaign %d (%s): %w", list[i].ID, list[i].Name, err)
			}
		}
		if page = next; next == (crm.PageKey{}) {
			return done, nil
		}
	}
}

// one does what is due of a campaign.
func (r *Runner) one(ctx context.Context, c *crm.Campaign) (done int, err error) {
	version, err := r.o.Store.Followed(ctx, c.ID)
	if err != nil {
		return 0, err
	}
	plan, err := r.o.Store.CampaignPlan(ctx, c.ID, version)
	if err != nil {
		return 0, err
	}
	if c.State == crm.CampaignScheduled {
		if ok, err := r.start(ctx, c, &plan); err != nil || !ok {
			return 0, err
		}
	}
	if err := r.takeIn(ctx, c, &plan, version); err != nil {
		return 0, err
	}
	if c.State != crm.CampaignRunning {
		return 0, nil
	}
	why, open, err := r.o.Store.CampaignTrouble(ctx, c.ID)
	if err != nil {
		return 0, err
	}
	if why != "" {
		return 0, r.o.Store.TurnCampaign(ctx, c.ID, crm.CampaignPaused, why)
	}
	for ctx.Err() == nil {
		n, err := r.batch(ctx, c)
		done += n
		if err != nil {
			return done, err
		}
		if n == 0 {
			break
		}
		if err := r.hold(ctx); err != nil {
			return done, err
		}
	}
	return done, r.finish(ctx, c, &plan, open, done)
}

// start lets a campaign begin whose time has come. One that would begin late asks
// a person: a machine that was off must not fire what was meant for another day.
func (r *Runner) start(ctx context.Context, c *crm.Campaign, p *crm.Plan) (ok bool, err error) {
	at, err := r.o.Store.NextDue(ctx, c.ID)
	if err != nil {
		return false, err
	}
	if at.IsZero() {
		at = p.When.StartIn(p.When.ZoneFor(""))
	}
	now := r.o.Now()
	if now.Before(at) {
		return false, nil
	}
	patience := crm.LateStart
	if p.When.LateHours > 0 {
		patience = time.Duration(p.When.LateHours) * time.Hour
	}
	if late := now.Sub(at); late > patience {
		reason := fmt.Sprintf("it was to begin %s before anything could run it; let it go on now, or call it off", late.Round(time.Minute))
		return false, r.o.Store.TurnCampaign(ctx, c.ID, crm.CampaignPaused, reason)
	}
	if err := r.o.Store.TurnCampaign(ctx, c.ID, crm.CampaignRunning, ""); err != nil {
		return false, err
	}
	c.State = crm.CampaignRunning
	return true, nil
}

// liveEvery is how often a live campaign looks for people.
const liveEvery = 2 * time.Minute

// takeIn looks for people when it is time to.
func (r *Runner) takeIn(ctx context.Context, c *crm.Campaign, p *crm.Plan, version int) error {
	now := r.o.Now()
	zone := p.When.ZoneFor("")
	due := false
	switch p.Whom.Entry {
	case crm.EntryLive:
		due = now.Sub(c.Looked) >= liveEvery
	case crm.EntryDaily:
		due = crm.DayOf(now.In(zone)) > crm.DayOf(c.Looked.In(zone)) && p.When.Open(now, zone)
	default:
		due = p.Whom.Again > 0 && !now.Before(c.Looked.AddDate(0, 0, p.Whom.Again)) && p.When.Open(now, zone)
	}
	if !due {
		return nil
	}
	t, err := r.taking(ctx, c, version, now)
	if err != nil {
		return err
	}
	t.again = true
	added, err := t.all(ctx)
	if err != nil {
		return err
	}
	c.Looked = now
	if err := r.o.Store.Looked(ctx, *c); err != nil || added == 0 {
		return err
	}
	r.o.Log.Info("people came into a campaign", "campaign", int64(c.ID), "people", added)
	if c.State == crm.CampaignFinished {
		c.State = crm.CampaignRunning
		return r.o.Store.TurnCampaign(ctx, c.ID, crm.CampaignRunning, "")
	}
	return nil
}

// finish notes that nothing is left to do. What takes people in goes on.
func (r *Runner) finish(ctx context.Context, c *crm.Campaign, p *crm.Plan, open, done int) error {
	if p.Whom.Entry != crm.EntryOnce || open > 0 || done > 0 {
		return nil
	}
	at, err := r.o.Store.NextDue(ctx, c.ID)
	if err != nil || !at.IsZero() {
		return err
	}
	return r.o.Store.TurnCampaign(ctx, c.ID, crm.CampaignFinished, "")
}

// writers gives the colleagues by their number.
func (r *Runner) writers(ctx context.Context) (map[crm.StaffID]crm.CampaignWriter, error) {
	list, err := r.o.Store.CampaignWriters(ctx)
	out := make(map[crm.StaffID]crm.CampaignWriter, len(list))
	for _, w := range list {
		out[w.Staff] = w
	}
	return out, err
}
