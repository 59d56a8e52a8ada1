package main

import (
	"context"
	"time"

	"kaveri/campaigns"
	"kaveri/crm"
	"kaveri/store"
)

// campaigner does for the pages what campaigns do.
type campaigner struct {
	*campaigns.Runner
	store *store.Store
	now   func() time.Time
}

func (c campaigner) Check(ctx context.Context, v crm.Viewer, id crm.CampaignID) (crm.LaunchReport, error) {
	l, err := c.Runner.Preview(ctx, v, id, campaigns.LaunchOptions{})
	return l.Said(), err
}

func (c campaigner) Launch(ctx context.Context, v crm.Viewer, id crm.CampaignID, without bool) (crm.LaunchReport, error) {
	l, err := c.Runner.Launch(ctx, v, id, campaigns.LaunchOptions{Accept: without})
	return l.Said(), err
}

func (c campaigner) Moves(ctx context.Context, id crm.CampaignID, p crm.Plan) ([]crm.StepMove, error) {
	return c.Runner.PreviewEdit(ctx, id, p)
}

func (c campaigner) Edit(ctx context.Context, v crm.Viewer, cp crm.Campaign) (crm.Campaign, error) {
	kept, _, err := c.Runner.Edit(ctx, v, cp)
	return kept, err
}

func (c campaigner) Results(ctx context.Context, v crm.Viewer, id crm.CampaignID) (crm.CampaignResults, error) {
	return campaigns.ReadResults(ctx, c.store, v, id, c.now())
}

func (c campaigner) TextFields() []crm.LetterField { return campaigns.TextFields() }
