package main

import (
	"context"
	"maps"
	"slices"

	"github.com/spf13/cobra"

	"kaveri/campaigns"
	"kaveri/crm"
	"kaveri/store"
)

// launching is what the flags of preview and launch say.
type launching struct {
	as       string
	accept   bool
	unsigned bool
	perHour  float64
	launch   bool
}

func (p *program) campaignPreviewCommand() *cobra.Command {
	return p.launchVerb("preview CAMPAIGN", "Freeze a draft's audience and render every mail of it; nothing is sent", false)
}

func (p *program) campaignLaunchCommand() *cobra.Command {
	return p.launchVerb("launch CAMPAIGN", "Launch a draft, after everything that preview looks at; kaveri serve sends it", true)
}

func (p *program) launchVerb(use, short string, launch bool) *cobra.Command {
	o := launching{launch: launch}
	c := p.reads(&cobra.Command{
		Use: use, Short: short, Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			return p.onCampaign(c.Context(), o.as, args[0], func(s *store.Store, v crm.Viewer, is crm.Campaign) error {
				return p.launchCampaign(c.Context(), s, v, is, o)
			})
		},
	})
	c.Flags().StringVar(&o.as, "as", "", "address of the colleague who launches it")
	c.Flags().Float64Var(&o.perHour, "per-hour", 0, "mails an hour, for the forecast (default 3600)")
	c.Flags().BoolVar(&o.unsigned, "signed-by-relay", false, "the mail server signs the mail (DKIM), so no key of ours is needed")
	if launch {
		c.Flags().BoolVar(&o.accept, "accept", false, "launch although some mails cannot be made; those people are left out of that step")
	}
	return c
}

// mayLeave refuses a campaign whose mail no server may send, or nobody would sign.
func (p *program) mayLeave(ctx context.Context, s *store.Store, c *crm.Campaign, unsigned bool) error {
	firm, err := s.Firm(ctx)
	if err != nil {
		return err
	}
	room := &mailroom{p: p, s: s, firm: firm}
	if _, err := room.Route(ctx, c.Plan.From.Address, ""); err != nil {
		return crm.Of("from", err)
	}
	if _, known := firm.Topic(c.Plan.Whom.Topic); c.Plan.Whom.Topic != "" && !known {
		return crm.Of("whom.topic", noTopic(&firm, c.Plan.Whom.Topic))
	}
	if unsigned {
		return nil
	}
	keys, err := s.DKIMKeys(ctx, crm.SystemViewer, "")
	if err != nil {
		return err
	}
	if domain := c.Plan.From.Address.Domain(); len(crm.SignersOf(keys, domain)) == 0 {
		return crm.Invalid("from", "mail from %s is not signed (DKIM): kaveri dkim new %s makes the keys; if the mail server signs it, say so by --signed-by-relay", domain, domain)
	}
	return nil
}

func (p *program) launchCampaign(ctx context.Context, s *store.Store, v crm.Viewer, c crm.Campaign, o launching) error {
	if err := p.mayLeave(ctx, s, &c, o.unsigned); err != nil {
		return err
	}
	r, err := p.runnerOf(ctx, s)
	if err != nil {
		return err
	}
	do := r.Preview
	if o.launch {
		do = r.Launch
	}
	l, err := do(ctx, v, c.ID, campaigns.LaunchOptions{Accept: o.accept, PerHour: o.perHour})
	if err != nil && len(l.Rendered) == 0 {
		return err
	}
	if p.json {
		if e := p.printJSON(l); e != nil {
			return e
		}
		return err
	}
	p.printLaunch(&l)
	if err == nil && o.launch {
		p.printf("Campaign %d is %s.\n", c.ID, l.State)
	}
	return err
}

func (p *program) printLaunch(l *campaigns.Launched) {
	p.printf("In the segment   %d\nGet it           %d\nHeld out         %d\n", l.Frozen.Customers, l.Frozen.Treated, l.Frozen.HeldOut)
	for _, code := range slices.Sorted(maps.Keys(l.Frozen.LeftOut)) {
		p.printf("Left out         %d: %s\n", l.Frozen.LeftOut[code], crm.Reason{Code: code}.Text(nil))
	}
	for _, r := range l.Rendered {
		p.printf("Mail %-11s %d of %d can be made\n", r.Step, r.Good, r.Mails)
		for _, f := range r.Missing {
			p.printf("                 %d without %s, such as customer %d\n", f.Count, f.Field, f.Rows[0])
		}
	}
	p.printf("Begins           %s\n", p.when(l.Begins))
	if !l.Ends.IsZero() {
		p.printf("First mails end  %s\n", p.when(l.Ends))
	}
}
