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
	// SaveDraftPlan keeps the plan of a draft as it is written, complete or not.
	// One that was changed meanwhile is refused with [crm.KindConflict].
	SaveDraftPlan(ctx context.Context, v crm.Viewer, c crm.Campaign) (crm.Campaign, error)
	// Thaw forgets the audience of a campaign that has not begun.
	Thaw(ctx context.Context, v crm.Viewer, id crm.CampaignID) error
	PauseCampaign(ctx context.Context, v crm.Viewer, id crm.CampaignID, reason string) error
	ResumeCampaign(ctx context.Context, v crm.Viewer, id crm.CampaignID) error
	CancelCampaign(ctx context.Context, v crm.Viewer, id crm.CampaignID) error

	MemberCounts(ctx context.Context, v crm.Viewer, id crm.CampaignID) ([]crm.MemberCount, error)
	Members(ctx context.Context, v crm.Viewer, q crm.MemberQuery) ([]crm.MemberRow, crm.PageKey, error)
	MembersOf(ctx context.Context, v crm.Viewer, id crm.CampaignID, customer crm.CustomerID) ([]crm.MemberRow, error)
	// Touches lists what was done, the newest first.
	Touches(ctx context.Context, v crm.Viewer, q crm.TouchQuery) ([]crm.Touch, crm.PageKey, error)
}

// Campaigner does what campaigns do.
type Campaigner interface {
	// Check says what a launch would come to, and lets nothing begin.
	Check(ctx context.Context, v crm.Viewer, id crm.CampaignID) (crm.LaunchReport, error)
	// Launch lets a draft begin. Mails that cannot be made are refused with
	// [crm.KindConflict], unless without says to leave these people out.
	Launch(ctx context.Context, v crm.Viewer, id crm.CampaignID, without bool) (crm.LaunchReport, error)
	// Moves says where those go who are in a running campaign when its plan becomes
	// this one; Edit makes it that.
	Moves(ctx context.Context, id crm.CampaignID, p crm.Plan) ([]crm.StepMove, error)
	Edit(ctx context.Context, v crm.Viewer, c crm.Campaign) (crm.Campaign, error)
	// Results measures a campaign.
	Results(ctx context.Context, v crm.Viewer, id crm.CampaignID) (crm.CampaignResults, error)

	// TextFields lists what texts may name.
	TextFields() []crm.LetterField
	// PreviewPeople gives some of those whom a campaign would write to.
	PreviewPeople(ctx context.Context, v crm.Viewer, id crm.CampaignID, n int) ([]crm.PreviewPerson, error)
	// PreviewLetter makes a text for somebody; for the zero person an example.
	PreviewLetter(ctx context.Context, v crm.Viewer, id crm.CampaignID, t crm.Template, language string, who crm.PreviewPerson) (crm.LetterPreview, error)
}
