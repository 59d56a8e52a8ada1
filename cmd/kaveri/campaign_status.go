package main

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"kaveri/campaigns"
	"kaveri/crm"
	"kaveri/store"
)

func (p *program) campaignStatusCommand() *cobra.Command {
	return p.reads(&cobra.Command{
		Use: "status CAMPAIGN", Short: "Count where the members of a campaign stand, why, and what was done", Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			return p.onCampaign(c.Context(), "", args[0], func(s *store.Store, v crm.Viewer, is crm.Campaign) error {
				return p.showStatus(c.Context(), s, v, &is)
			})
		},
	})
}

// statusJSON is how far a campaign is.
type statusJSON struct {
	campaignJSON
	Members []crm.MemberCount          `json:"members"`
	Done    []crm.TouchCount           `json:"done"`
	Mails   []campaigns.DeliveryResult `json:"mails"`
}

func (p *program) showStatus(ctx context.Context, s *store.Store, v crm.Viewer, c *crm.Campaign) error {
	j := statusJSON{campaignJSON: campaignOf(c)}
	var err error
	if j.Members, err = s.MemberCounts(ctx, v, c.ID); err != nil {
		return err
	}
	if j.Done, err = s.TouchCounts(ctx, v, c.ID); err != nil {
		return err
	}
	keys, rows, err := s.CampaignMailings(ctx, v, c.ID)
	if err != nil {
		return err
	}
	for i, k := range keys {
		j.Mails = append(j.Mails, campaigns.DeliveryResult{Step: k.Step, Version: k.Version, Recipients: rows[i].Recipients})
	}
	if p.json {
		j.Members, j.Done, j.Mails = orEmpty(j.Members), orEmpty(j.Done), orEmpty(j.Mails)
		return p.printJSON(j)
	}
	p.printf("Campaign %d, %s: %s", c.ID, c.Name, c.State)
	if c.Reason != "" {
		p.printf(" (%s)", c.Reason)
	}
	p.printf("\n")
	t := p.table("ARM", "STATE", "STEP", "VERSION", "WHY", "MEMBERS")
	for _, m := range j.Members {
		t.row(m.Arm, m.State, m.Step, m.Version, m.Reason, m.N)
	}
	if err := t.end(); err != nil {
		return err
	}
	t = p.table("STEP", "VERSION", "DONE", "WHY", "TIMES")
	for _, d := range j.Done {
		t.row(d.Step, d.Version, d.Kind, d.Reason, d.N)
	}
	return t.end()
}

func (p *program) campaignResultsCommand() *cobra.Command {
	return p.reads(&cobra.Command{
		Use: "results CAMPAIGN", Short: "Say what a campaign brought, against those held out", Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			return p.onCampaign(c.Context(), "", args[0], func(s *store.Store, v crm.Viewer, is crm.Campaign) error {
				r, err := campaigns.ReadResults(c.Context(), s, v, is.ID, p.now())
				if err != nil {
					return err
				}
				if p.json {
					return p.printJSON(r)
				}
				p.printResults(&r)
				return nil
			})
		},
	})
}

func (p *program) printResults(r *campaigns.Results) {
	p.printf("Campaign %d, %s: %s\n", r.Campaign, r.Name, r.State)
	p.printf("Verdict          %s\n", r.Verdict)
	for _, e := range []struct {
		name string
		*campaigns.Effect
	}{{"Orders", r.Orders}, {"Value, " + r.Currency, r.Value}} {
		if e.Effect == nil {
			continue
		}
		p.printf("%-16s %+.2f for each person, 95 %% between %+.2f and %+.2f at any time; %+.0f in all\n", e.name, e.Difference, e.AlwaysValid[0], e.AlwaysValid[1], e.Total)
	}
	if r.Needed.People > 0 {
		p.printf("To be sure       %d people at the end, %d when looking at all times; there are %d\n", r.Needed.People, r.Needed.AnyTime, r.People.Treated+r.People.HeldOut)
	}
	if m := r.Movement; m != nil {
		p.printf("On the ladder    %+.1f of 100 more rose, 95 %% between %+.1f and %+.1f\n", 100*m.Difference, 100*m.Interval[0], 100*m.Interval[1])
	}
	p.printf("People           %d treated, %d held out, %d ahead, %d left out, %d merged\n", r.People.Treated, r.People.HeldOut, r.People.Waiting, r.People.LeftOut, r.People.Merged)
	p.printf("Wrote to us      %d treated, %d held out\n", r.Replies.Treated, r.Replies.HeldOut)
	for _, v := range r.Variants {
		p.printf("Text %-11s %d of %d\n", v.Name, v.Reached, v.People)
	}
	for _, d := range r.Delivery {
		p.printf("Mail %-11s version %d: %d of %d sent\n", d.Step, d.Version, d.Recipients[crm.Sent], d.Recipients.Total())
	}
	p.printf("Not caused by it: the treated ordered %d times for %s %s in %d days; most of it would have come anyway\n", r.Attributed.Orders, r.Attributed.Value, r.Currency, r.Days)
	for _, n := range r.Notes {
		p.notef("%s.\n", n)
	}
}

func (p *program) campaignWhyCommand() *cobra.Command {
	return p.reads(&cobra.Command{
		Use: "why CAMPAIGN CUSTOMER", Short: "Say of one customer why they are in a campaign, and all that was done", Args: cobra.ExactArgs(2),
		RunE: func(c *cobra.Command, args []string) error {
			return p.onCampaign(c.Context(), "", args[0], func(s *store.Store, v crm.Viewer, is crm.Campaign) error {
				id, err := crm.ParseID[crm.CustomerID]("customer", args[1])
				if err != nil {
					return err
				}
				return p.whyMember(c.Context(), s, v, &is, id)
			})
		},
	})
}

// campaignMemberJSON is a member of a campaign in JSON.
type campaignMemberJSON struct {
	Customer crm.CustomerID  `json:"customer"`
	Round    int             `json:"round"`
	Name     string          `json:"name"`
	Address  crm.Address     `json:"address"`
	Arm      crm.Arm         `json:"arm"`
	Variant  int             `json:"variant"`
	Version  int             `json:"version"`
	Writer   string          `json:"writer"`
	Rung     crm.Rung        `json:"rung"`
	State    crm.MemberState `json:"state"`
	Step     string          `json:"step"`
	Due      jsonTime        `json:"due"`
	Reason   crm.ReasonCode  `json:"reason"`
	Text     string          `json:"reason_text"`
	Why      crm.MemberWhy   `json:"why"`
	Entered  jsonTime        `json:"entered"`
	Exposed  jsonTime        `json:"exposed"`
	Left     jsonTime        `json:"left"`
}

func (p *program) campaignMemberOf(m *crm.MemberRow) campaignMemberJSON {
	return campaignMemberJSON{m.Customer, m.Round, m.CustomerName, m.Address, m.Arm, m.Variant, m.Version, m.WriterName, m.Rung, m.State, m.Step, jsonTime(m.Due), m.Reason.Code, m.Reason.Text(p.place()), m.Why,
		jsonTime(m.Entered), jsonTime(m.Exposed), jsonTime(m.Left)}
}

// touchJSON is one thing that was done.
type touchJSON struct {
	At       jsonTime       `json:"at"`
	Kind     crm.TouchKind  `json:"kind"`
	Step     string         `json:"step"`
	Version  int            `json:"version"`
	Reason   crm.ReasonCode `json:"reason"`
	Text     string         `json:"reason_text"`
	Dispatch crm.DispatchID `json:"dispatch"`
}

func (p *program) whyMember(ctx context.Context, s *store.Store, v crm.Viewer, c *crm.Campaign, id crm.CustomerID) error {
	card, err := campaigns.WhyCard(ctx, s, v, c.ID, id)
	if err != nil {
		return err
	}
	for _, m := range card.Rounds {
		if p.json {
			var touches []touchJSON
			for _, t := range m.Touches {
				touches = append(touches, touchJSON{jsonTime(t.At), t.Kind, t.Step, t.Version, t.Reason.Code, t.Reason.Text(p.place()), t.Dispatch})
			}
			if err := p.printJSON(struct {
				campaignMemberJSON
				Touches []touchJSON `json:"touches"`
				Now     string      `json:"now"` // what the last-moment check says at this moment
			}{p.campaignMemberOf(&m.MemberRow), orEmpty(touches), saidNow(card.Now, p.place())}); err != nil {
				return err
			}
			continue
		}
		p.printMember(&m.MemberRow)
		for _, t := range m.Touches {
			p.printf("  %s  %s %s  %s\n", p.when(t.At), t.Kind, t.Step, t.Reason.Text(p.place()))
		}
	}
	if !p.json {
		p.printf("Now          %s\n", saidNow(card.Now, p.place()))
	}
	return nil
}

// saidNow says what the check decides now.
func saidNow(c crm.Checked, zone *time.Location) string {
	if why := c.Reason.Text(zone); why != "" {
		return fmt.Sprintf("%s: %s", c.Do, why)
	}
	return string(c.Do)
}

func (p *program) printMember(m *crm.MemberRow) {
	p.printf("%s (customer %d), %s, round %d\n", m.CustomerName, m.Customer, m.Arm, m.Round)
	p.printf("Rule         %s\n", m.Why.Rule)
	if m.Contact != 0 {
		p.printf("Person       %s <%s>, %s\n", m.ContactName, m.Address, m.Why.Person)
		p.printf("Consent      %s, %s\n", m.Why.Consent, p.when(m.Why.Agreed))
		p.printf("Drawn        %.6f by %s; held out below %.2f\n", m.Why.Draw, m.Why.Key, m.Why.Share)
	}
	if m.WriterName != "" {
		p.printf("Writer       %s, %s\n", m.WriterName, m.Why.Writer)
	}
	p.printf("State        %s", m.State)
	if m.State == crm.MemberWaiting {
		p.printf(" at %s until %s", m.Step, p.when(m.Due))
	}
	if why := m.Reason.Text(p.place()); why != "" {
		p.printf(", %s", why)
	}
	p.printf("\n")
}

func (p *program) journeyCommand() *cobra.Command {
	var step, state string
	steps := p.reads(&cobra.Command{
		Use: "steps CAMPAIGN", Short: "List the steps of a campaign, with how many members are at each", Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			return p.onCampaign(c.Context(), "", args[0], func(s *store.Store, v crm.Viewer, is crm.Campaign) error {
				return p.listSteps(c.Context(), s, v, &is)
			})
		},
	})
	who := p.reads(&cobra.Command{
		Use: "who CAMPAIGN", Short: "List the members of a campaign: where they are, until when, and why", Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			return p.onCampaign(c.Context(), "", args[0], func(s *store.Store, v crm.Viewer, is crm.Campaign) error {
				return p.listCampaignMembers(c.Context(), s, v, crm.MemberQuery{Campaign: is.ID, Step: step, State: crm.MemberState(state)})
			})
		},
	})
	who.Flags().StringVar(&step, "step", "", "only those at this step")
	who.Flags().StringVar(&state, "state", "", "only those in this state: waiting, done, left")
	return group("journey", "The steps of campaigns, and who is where", steps, who)
}

// journeyStepJSON is a step with its members.
type journeyStepJSON struct {
	Step    string       `json:"step"`
	Kind    crm.StepKind `json:"kind"`
	Next    string       `json:"next"`
	Waiting int          `json:"waiting"` // in both arms
	Sent    int          `json:"sent"`
	Would   int          `json:"would_send"` // to the held-out
	PutOff  int          `json:"put_off"`
	LeftOut int          `json:"left_out"`
	Left    int          `json:"left"`
}

func (p *program) listSteps(ctx context.Context, s *store.Store, v crm.Viewer, c *crm.Campaign) error {
	members, err := s.MemberCounts(ctx, v, c.ID)
	if err != nil {
		return err
	}
	touches, err := s.TouchCounts(ctx, v, c.ID)
	if err != nil {
		return err
	}
	l := p.listing("STEP", "KIND", "WAITING", "SENT", "HELD OUT", "PUT OFF", "LEFT OUT", "LEFT", "NEXT")
	for _, step := range c.Plan.Steps {
		j := journeyStepJSON{Step: step.Name, Kind: step.Kind, Next: c.Plan.After(step.Name)}
		for _, m := range members {
			if m.Step == step.Name && m.State == crm.MemberWaiting {
				j.Waiting += m.N
			}
		}
		to := map[crm.TouchKind]*int{crm.TouchSent: &j.Sent, crm.TouchWouldSend: &j.Would, crm.TouchPutOff: &j.PutOff, crm.TouchLeftOut: &j.LeftOut, crm.TouchLeft: &j.Left}
		for _, t := range touches {
			if n := to[t.Kind]; n != nil && t.Step == step.Name {
				*n += t.N
			}
		}
		if err := l.entry(j, j.Step, j.Kind, j.Waiting, j.Sent, j.Would, j.PutOff, j.LeftOut, j.Left, j.Next); err != nil {
			return err
		}
	}
	return l.end()
}

func (p *program) listCampaignMembers(ctx context.Context, s *store.Store, v crm.Viewer, q crm.MemberQuery) error {
	l := p.listing("CUSTOMER", "NAME", "ARM", "STATE", "STEP", "DUE", "WHY")
	q.Limit = 500
	err := eachPage(func(page crm.PageKey) ([]crm.MemberRow, crm.PageKey, error) {
		q.After = page
		return s.Members(ctx, v, q)
	}, func(m crm.MemberRow) error {
		return l.entry(p.campaignMemberOf(&m), m.Customer, m.CustomerName, m.Arm, m.State, m.Step, m.Due, m.Reason.Text(p.place()))
	})
	if err != nil {
		return err
	}
	return l.end()
}
