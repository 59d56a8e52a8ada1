package campaigns

import (
	"context"

	"kaveri/crm"
)

// EditStore is what changing a campaign needs besides [Store].
type EditStore interface {
	SaveCampaign(ctx context.Context, v crm.Viewer, c crm.Campaign) (crm.Campaign, error)
	CampaignMailings(ctx context.Context, v crm.Viewer, id crm.CampaignID) ([]crm.CampaignMailing, []crm.MailingRow, error)
	AdoptPlan(ctx context.Context, v crm.Viewer, id crm.CampaignID, version int, moves []crm.StepMove) error
}

// PreviewEdit says where those go who are in a campaign when its plan becomes this
// one: who is at a step that stays, stays there, who is at one that goes, goes on
// to the next of the old plan that stays. Nothing is changed.
func (r *Runner) PreviewEdit(ctx context.Context, id crm.CampaignID, p crm.Plan) ([]crm.StepMove, error) {
	if _, err := r.CheckPlan(ctx, p); err != nil {
		return nil, err
	}
	counts, err := r.o.Store.MemberCounts(ctx, crm.SystemViewer, id)
	if err != nil {
		return nil, err
	}
	keys, rows, err := r.o.Edits.CampaignMailings(ctx, crm.SystemViewer, id)
	if err != nil {
		return nil, err
	}
	var moves []crm.StepMove
	at := map[sentAt]int{}
	place := func(version int, from string) *crm.StepMove {
		k := sentAt{version, from}
		i, ok := at[k]
		if !ok {
			i = len(moves)
			at[k], moves = i, append(moves, crm.StepMove{Version: version, From: from})
		}
		return &moves[i]
	}
	for _, c := range counts {
		if c.State == crm.MemberWaiting {
			place(c.Version, c.Step).Members += c.N
		}
	}
	for i, k := range keys {
		if n := rows[i].Recipients[crm.Queued] + rows[i].Recipients[crm.Deferred]; n > 0 {
			place(k.Version, k.Step).Unsent += n
		}
	}
	for i := range moves {
		was, err := r.o.Store.CampaignPlan(ctx, id, moves[i].Version)
		if err != nil {
			return nil, err
		}
		moves[i].To = survivor(&was, &p, moves[i].From)
	}
	return moves, nil
}

// sentAt is a step of a version.
type sentAt struct {
	version int
	step    string
}

// survivor gives the first step from one on that the new plan has too.
func survivor(was, now *crm.Plan, from string) string {
	for from != crm.StepEnd {
		if _, ok := now.Step(from); ok {
			return from
		}
		if _, ok := was.Step(from); !ok {
			break
		}
		from = was.After(from)
	}
	return crm.StepEnd
}

// Edit makes a plan the one that everybody follows who is in a campaign or comes
// into it: as a new version, since what was launched stays as it is. Mail that has
// not left is made anew.
func (r *Runner) Edit(ctx context.Context, v crm.Viewer, c crm.Campaign) (crm.Campaign, []crm.StepMove, error) {
	var err error
	if c.Plan, err = r.CheckPlan(ctx, c.Plan); err != nil {
		return c, nil, err
	}
	if c, err = r.o.Edits.SaveCampaign(ctx, v, c); err != nil || c.State == crm.CampaignDraft {
		return c, nil, err
	}
	moves, err := r.PreviewEdit(ctx, c.ID, c.Plan)
	if err != nil {
		return c, nil, err
	}
	return c, moves, r.o.Edits.AdoptPlan(ctx, v, c.ID, c.Version, moves)
}
