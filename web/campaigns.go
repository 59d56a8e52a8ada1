package web

import (
	"context"

	"kaveri/crm"
)

// Campaigns is what the pages about campaigns read and change.
type Campaigns interface {
	// Campaigns lists campaigns, the newest first.
	Campaigns(ctx context.Context, v crm.Viewer, states []crm.CampaignState, page crm.PageKey, limit int) ([]crm.Campaign, crm.PageKey, error)
	// Campaign gives a campaign with its newest plan.
	Campaign(ctx context.Context, v crm.Viewer, id crm.CampaignID) (crm.Campaign, error)
	// SaveCampaign keeps a plan as it is written, complete or not. One that was
	// changed meanwhile by somebody else is refused with [crm.KindConflict].
	SaveCampaign(ctx context.Context, v crm.Viewer, c crm.Campaign) (crm.Campaign, error)
	// PreviewPeople gives some of those whom a campaign would write to.
	PreviewPeople(ctx context.Context, v crm.Viewer, id crm.CampaignID, n int) ([]crm.Contact, error)
}

// Previews shows what campaign mails come to.
type Previews interface {
	// Fields lists what texts may name.
	Fields() []crm.LetterField
	// Preview makes a text for somebody as a campaign would; contact 0 is an
	// example.
	Preview(ctx context.Context, v crm.Viewer, id crm.CampaignID, t crm.Template, language string, contact crm.ContactID) (crm.LetterPreview, error)
}
