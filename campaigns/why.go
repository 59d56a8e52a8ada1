package campaigns

import (
	"context"
	"slices"

	"kaveri/crm"
)

// CardStore is what a why-card is read from.
type CardStore interface {
	MembersOf(ctx context.Context, v crm.Viewer, id crm.CampaignID, customer crm.CustomerID) ([]crm.MemberRow, error)
	Touches(ctx context.Context, v crm.Viewer, q crm.TouchQuery) ([]crm.Touch, crm.PageKey, error)
	CampaignPlan(ctx context.Context, id crm.CampaignID, version int) (crm.Plan, error)
	CheckFacts(ctx context.Context, topic string, ms []crm.Member, own []crm.DispatchID) ([]crm.MemberCheck, error)
}

// Card says of one customer why they are in a campaign and what was done, as it was
// then, and what the check says now.
type Card struct {
	Rounds []CardRound // the oldest first
	Facts  crm.MemberCheck
	Now    crm.Checked // of the newest round
}

// CardRound is one time that they were in it.
type CardRound struct {
	crm.MemberRow
	Touches []crm.Touch // the oldest first, beginning with how they came in
}

// WhyCard reads the card of a customer; who is not in the campaign is an error of
// kind [crm.KindNotFound].
func WhyCard(ctx context.Context, s CardStore, v crm.Viewer, id crm.CampaignID, customer crm.CustomerID) (Card, error) {
	rows, err := s.MembersOf(ctx, v, id, customer)
	if err != nil {
		return Card{}, err
	}
	if len(rows) == 0 {
		return Card{}, crm.Of("customer", crm.NotFound("customer %d is not in campaign %d", customer, id))
	}
	touches, _, err := s.Touches(ctx, v, crm.TouchQuery{Campaign: id, Customer: customer, Limit: 500})
	if err != nil {
		return Card{}, err
	}
	var card Card
	for _, m := range rows {
		r := CardRound{m, []crm.Touch{{MemberKey: m.MemberKey, Step: m.Step, Version: m.Version, Kind: crm.TouchEntered, At: m.Entered}}}
		for _, t := range slices.Backward(touches) {
			if t.Round == m.Round {
				r.Touches = append(r.Touches, t)
			}
		}
		card.Rounds = append(card.Rounds, r)
	}
	m := rows[len(rows)-1].Member
	plan, err := s.CampaignPlan(ctx, id, m.Version)
	if err != nil {
		return card, err
	}
	fs, err := s.CheckFacts(ctx, plan.Whom.Topic, []crm.Member{m}, nil)
	if err != nil {
		return card, err
	}
	settle(&plan, []crm.Member{m}, fs, map[string]map[crm.CustomerID]bool{plan.Whom.Rule: {fs[0].Customer: true}})
	card.Facts, card.Now = fs[0], check(&plan, &fs[0])
	return card, nil
}
