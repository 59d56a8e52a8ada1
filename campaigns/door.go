package campaigns

import (
	"context"
	"iter"
	"time"

	"kaveri/crm"
)

// Store keeps campaigns. What a call with a lease does fails with
// [crm.KindConflict] when the lease is not held any more.
type Store interface {
	Firm(ctx context.Context) (crm.Firm, error)

	Campaign(ctx context.Context, v crm.Viewer, id crm.CampaignID) (crm.Campaign, error)
	Campaigns(ctx context.Context, v crm.Viewer, states []crm.CampaignState, page crm.PageKey, limit int) ([]crm.Campaign, crm.PageKey, error)
	CampaignPlan(ctx context.Context, id crm.CampaignID, version int) (crm.Plan, error)
	Followed(ctx context.Context, id crm.CampaignID) (version int, err error)
	TurnCampaign(ctx context.Context, id crm.CampaignID, to crm.CampaignState, reason string) error

	// BeginFreeze notes since when an audience is frozen; done: it is already.
	BeginFreeze(ctx context.Context, id crm.CampaignID) (c crm.Campaign, done bool, err error)
	Looked(ctx context.Context, c crm.Campaign) error
	LastMember(ctx context.Context, id crm.CampaignID) (crm.CustomerID, error)
	Entrants(ctx context.Context, customers []crm.CustomerID, o crm.EntrantsOptions) ([]crm.Entrant, error)
	AddMembers(ctx context.Context, ms []crm.Member) (added int, err error)
	Members(ctx context.Context, v crm.Viewer, q crm.MemberQuery) ([]crm.MemberRow, crm.PageKey, error)
	MemberCounts(ctx context.Context, v crm.Viewer, id crm.CampaignID) ([]crm.MemberCount, error)
	MemberFields(ctx context.Context, ms []crm.Member) ([]crm.MemberFacts, error)

	AcquireCampaigns(ctx context.Context, owner string, ttl time.Duration) (crm.Lease, error)
	RenewCampaigns(ctx context.Context, l crm.Lease, ttl time.Duration) (crm.Lease, error)
	ReleaseCampaigns(ctx context.Context, l crm.Lease) error
	DueMembers(ctx context.Context, id crm.CampaignID, now time.Time, n int) ([]crm.Member, error)
	NextDue(ctx context.Context, id crm.CampaignID) (time.Time, error)
	CheckFacts(ctx context.Context, topic string, ms []crm.Member, own []crm.DispatchID) ([]crm.MemberCheck, error)
	CampaignMailing(ctx context.Context, k crm.CampaignMailing, m crm.Mailing) (crm.MailingID, error)
	Act(ctx context.Context, l crm.Lease, ds []crm.Deed) (done int, err error)
	// CampaignTrouble says why a mailing of a campaign was paused by what watches
	// over mailings, "" when none was; and how many of its mails are open.
	CampaignTrouble(ctx context.Context, id crm.CampaignID) (reason string, open int, err error)

	CampaignWriters(ctx context.Context) ([]crm.CampaignWriter, error)
	WrittenBy(ctx context.Context, customers []crm.CustomerID, since time.Time) ([]crm.WrittenBy, error)
	SentInName(ctx context.Context, since time.Time) (map[crm.StaffID]int, error)
}

// Segments finds the customers of rules.
type Segments interface {
	// CheckRule compiles a rule and gives its canonical form. What is wrong with it
	// is an error of kind [crm.KindInvalid].
	CheckRule(ctx context.Context, rule string) (canonical string, err error)
	// CustomersOf gives for whom a rule holds at a time, by ascending id.
	CustomersOf(ctx context.Context, rule string, at time.Time) iter.Seq2[crm.CustomerID, error]
	// Among gives those of these customers for whom a rule holds.
	Among(ctx context.Context, rule string, customers []crm.CustomerID, at time.Time) (map[crm.CustomerID]bool, error)
}
