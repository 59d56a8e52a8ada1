package main

import (
	"bytes"
	"context"
	"encoding/json"
	"strconv"

	"github.com/spf13/cobra"

	"kaveri/campaigns"
	"kaveri/crm"
	"kaveri/store"
)

func (p *program) campaignCommand() *cobra.Command {
	return group("campaign", "Campaigns: whom they write to, what, when, and whether it worked",
		p.campaignNewCommand(), p.campaignEditCommand(), p.campaignListCommand(), p.campaignShowCommand(), p.campaignPreviewCommand(), p.campaignLaunchCommand(),
		p.campaignTurnCommand("pause", "Send nothing more of a campaign for now", "is paused", func(ctx context.Context, s *store.Store, v crm.Viewer, id crm.CampaignID) error {
			return s.PauseCampaign(ctx, v, id, "paused on the command line")
		}),
		p.campaignTurnCommand("resume", "Go on with a campaign that is paused", "goes on", func(ctx context.Context, s *store.Store, v crm.Viewer, id crm.CampaignID) error {
			return s.ResumeCampaign(ctx, v, id)
		}),
		p.campaignTurnCommand("cancel", "Call a campaign off: what is not sent never is", "is called off", func(ctx context.Context, s *store.Store, v crm.Viewer, id crm.CampaignID) error {
			return s.CancelCampaign(ctx, v, id)
		}),
		p.campaignStatusCommand(), p.campaignResultsCommand(), p.campaignWhyCommand())
}

// campaignJSON is a campaign in JSON.
type campaignJSON struct {
	ID       crm.CampaignID    `json:"id"`
	Name     string            `json:"name"`
	State    crm.CampaignState `json:"state"`
	Reason   string            `json:"reason"`
	Version  int               `json:"version"`
	Created  jsonTime          `json:"created"`
	Launched jsonTime          `json:"launched"`
	Ended    jsonTime          `json:"ended"`
	Plan     *crm.Plan         `json:"plan,omitempty"`
}

func campaignOf(c *crm.Campaign) campaignJSON {
	return campaignJSON{ID: c.ID, Name: c.Name, State: c.State, Reason: c.Reason, Version: c.Version, Created: jsonTime(c.Created), Launched: jsonTime(c.Launched), Ended: jsonTime(c.Ended)}
}

// onCampaign opens the store, on behalf of a colleague, and finds the campaign that
// an argument names, by number or name.
func (p *program) onCampaign(ctx context.Context, as, which string, do func(*store.Store, crm.Viewer, crm.Campaign) error) error {
	s, v, err := p.openAs(ctx, as)
	if err != nil {
		return err
	}
	defer s.Close()
	var c crm.Campaign
	if n, bad := strconv.ParseInt(which, 10, 64); bad == nil {
		c, err = s.Campaign(ctx, v, crm.CampaignID(n))
	} else {
		c, err = s.CampaignNamed(ctx, v, which)
	}
	if err != nil {
		return err
	}
	return do(s, v, c)
}

// readPlan reads a plan from a file, over what a new campaign starts from.
func (p *program) readPlan(ctx context.Context, file string, base crm.Plan) (crm.Plan, error) {
	data, err := p.readFile(ctx, file, maxPlan)
	if err != nil {
		return base, err
	}
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(&base); err != nil {
		return base, crm.Invalid("file", "%s is no plan of a campaign: %s; kaveri campaign show ID prints one", file, lastPart(err))
	}
	return base, nil
}

// maxPlan bounds a plan's file.
const maxPlan = 8 << 20

// runnerOf makes a runner that launches and changes, and runs nothing.
func (p *program) runnerOf(ctx context.Context, s *store.Store) (*campaigns.Runner, error) {
	mailings, err := newRenderer(ctx, s)
	if err != nil {
		return nil, err
	}
	return newRunner(s, mailings, p.log, p.now), nil
}

func (p *program) campaignNewCommand() *cobra.Command {
	var file, as string
	c := p.reads(&cobra.Command{
		Use: "new NAME --file PLAN", Short: "Make a campaign of a plan; nothing is sent before it is launched", Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error { return p.newCampaign(c.Context(), args[0], file, as) },
	})
	c.Flags().StringVar(&file, "file", "", "the plan as JSON; - for standard input")
	c.Flags().StringVar(&as, "as", "", "address of the colleague whose campaign it is")
	c.MarkFlagRequired("file")
	return c
}

func (p *program) newCampaign(ctx context.Context, name, file, as string) error {
	s, v, err := p.openAs(ctx, as)
	if err != nil {
		return err
	}
	defer s.Close()
	firm, err := s.Firm(ctx)
	if err != nil {
		return err
	}
	plan, err := p.readPlan(ctx, file, crm.DefaultPlan(&firm))
	if err != nil {
		return err
	}
	r, err := p.runnerOf(ctx, s)
	if err != nil {
		return err
	}
	if plan, err = r.CheckPlan(ctx, plan); err != nil {
		return err
	}
	c, err := s.SaveCampaign(ctx, v, crm.Campaign{Name: name, Plan: plan})
	if err != nil {
		return err
	}
	if p.json {
		return p.printJSON(campaignOf(&c))
	}
	p.printf("Campaign %d, %s, is a draft. Next: kaveri campaign preview %d\n", c.ID, c.Name, c.ID)
	return nil
}

func (p *program) campaignEditCommand() *cobra.Command {
	var file, as string
	var dry bool
	c := p.reads(&cobra.Command{
		Use: "edit CAMPAIGN --file PLAN", Short: "Change a campaign's plan; one that runs, for all that is not sent yet", Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			return p.onCampaign(c.Context(), as, args[0], func(s *store.Store, v crm.Viewer, was crm.Campaign) error {
				return p.editCampaign(c.Context(), s, v, was, file, dry)
			})
		},
	})
	c.Flags().StringVar(&file, "file", "", "the plan as JSON; - for standard input")
	c.Flags().StringVar(&as, "as", "", "address of the colleague who changes it")
	c.Flags().BoolVar(&dry, "dry-run", false, "say who would move where, and change nothing")
	c.MarkFlagRequired("file")
	return c
}

func (p *program) editCampaign(ctx context.Context, s *store.Store, v crm.Viewer, c crm.Campaign, file string, dry bool) error {
	plan, err := p.readPlan(ctx, file, crm.Plan{})
	if err != nil {
		return err
	}
	r, err := p.runnerOf(ctx, s)
	if err != nil {
		return err
	}
	var moves []crm.StepMove
	if c.Plan = plan; dry {
		moves, err = r.PreviewEdit(ctx, c.ID, plan)
	} else {
		c, moves, err = r.Edit(ctx, v, c)
	}
	if err != nil {
		return err
	}
	if p.json {
		return p.printJSON(struct {
			campaignJSON
			Moves []crm.StepMove `json:"moves"`
		}{campaignOf(&c), orEmpty(moves)})
	}
	for _, m := range moves {
		p.printf("%s at %s (version %d) -> %s; %s made anew\n", plural(m.Members, "member", "members"), m.From, m.Version, m.To, plural(m.Unsent, "mail is", "mails are"))
	}
	if !dry {
		p.printf("Campaign %d has version %d of its plan.\n", c.ID, c.Version)
	}
	return nil
}

func (p *program) campaignListCommand() *cobra.Command {
	return p.reads(&cobra.Command{
		Use: "list", Short: "List the campaigns, the newest first", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return p.listCampaigns(c.Context()) },
	})
}

func (p *program) listCampaigns(ctx context.Context) error {
	s, err := p.openExisting(ctx)
	if err != nil {
		return err
	}
	defer s.Close()
	l := p.listing("ID", "CAMPAIGN", "STATE", "VERSION", "LAUNCHED", "WHY")
	err = eachPage(func(page crm.PageKey) ([]crm.Campaign, crm.PageKey, error) {
		return s.Campaigns(ctx, crm.SystemViewer, nil, page, 100)
	}, func(c crm.Campaign) error {
		return l.entry(campaignOf(&c), c.ID, c.Name, c.State, c.Version, c.Launched, c.Reason)
	})
	if err != nil {
		return err
	}
	return l.end()
}

func (p *program) campaignShowCommand() *cobra.Command {
	return p.reads(&cobra.Command{
		Use: "show CAMPAIGN", Short: "Print a campaign's plan, as --file takes it; with --json what else is known", Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			return p.onCampaign(c.Context(), "", args[0], func(_ *store.Store, _ crm.Viewer, c crm.Campaign) error {
				if p.json {
					j := campaignOf(&c)
					j.Plan = &c.Plan
					return p.printJSON(j)
				}
				e := json.NewEncoder(p.stdout)
				e.SetEscapeHTML(false)
				e.SetIndent("", "  ")
				return e.Encode(&c.Plan)
			})
		},
	})
}

// campaignTurnCommand makes a verb that takes a campaign into another state.
func (p *program) campaignTurnCommand(verb, short, done string, f func(context.Context, *store.Store, crm.Viewer, crm.CampaignID) error) *cobra.Command {
	var as string
	c := &cobra.Command{
		Use: verb + " CAMPAIGN", Short: short, Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			return p.onCampaign(c.Context(), as, args[0], func(s *store.Store, v crm.Viewer, is crm.Campaign) error {
				if err := f(c.Context(), s, v, is.ID); err != nil {
					return err
				}
				p.printf("Campaign %d, %s, %s.\n", is.ID, is.Name, done)
				return nil
			})
		},
	}
	c.Flags().StringVar(&as, "as", "", "address of the colleague who decides it")
	return c
}
