package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strings"

	"kaveri/crm"
)

const campaignCols = `c.id, c.name, c.state, c.reason, c.version, COALESCE(c.staff_id, 0), c.created_us, c.changed_us, c.frozen_us, c.launched_us, c.looked_us, c.ended_us, v.plan`

// campaignFrom joins the newest version.
const campaignFrom = ` FROM campaigns c JOIN campaign_versions v ON v.campaign_id = c.id AND v.version = c.version`

func scanCampaign(r interface{ Scan(...any) error }, c *crm.Campaign) error {
	var created, changed, frozen, launched, looked, ended int64
	var plan string
	if err := r.Scan(&c.ID, &c.Name, &c.State, &c.Reason, &c.Version, &c.Staff, &created, &changed, &frozen, &launched, &looked, &ended, &plan); err != nil {
		return err
	}
	c.Created, c.Changed, c.Frozen = fromMicros(created), fromMicros(changed), fromMicros(frozen)
	c.Launched, c.Looked, c.Ended = fromMicros(launched), fromMicros(looked), fromMicros(ended)
	return readPlan(plan, &c.Plan)
}

func readPlan(j string, p *crm.Plan) error {
	if err := json.Unmarshal([]byte(j), p); err != nil {
		return fmt.Errorf("a campaign's plan cannot be read: %w", err)
	}
	return nil
}

func noCampaign(id crm.CampaignID) error {
	return crm.Of("campaign", crm.NotFound("no campaign has the number %d", id))
}

func (x *tx) campaign(id crm.CampaignID) (c crm.Campaign, err error) {
	err = scanCampaign(x.row(`SELECT `+campaignCols+campaignFrom+` WHERE c.id = $1`, int64(id)), &c)
	if errors.Is(err, sql.ErrNoRows) {
		err = noCampaign(id)
	}
	return c, err
}

// Campaign gives a campaign with the newest version of its plan.
func (s *Store) Campaign(ctx context.Context, v crm.Viewer, id crm.CampaignID) (c crm.Campaign, err error) {
	if !mayRead(v) {
		return c, noCampaign(id)
	}
	err = s.view(ctx, func(x *tx) error {
		c, err = x.campaign(id)
		return err
	})
	return c, err
}

// CampaignNamed finds a campaign by its name, whatever the case of its letters.
func (s *Store) CampaignNamed(ctx context.Context, v crm.Viewer, name string) (c crm.Campaign, err error) {
	if !mayRead(v) {
		return c, errNobody
	}
	err = s.view(ctx, func(x *tx) error {
		return scanCampaign(x.row(`SELECT `+campaignCols+campaignFrom+` WHERE c.name_key = $1`, campaignKey(name)), &c)
	})
	if errors.Is(err, sql.ErrNoRows) {
		err = crm.Of("campaign", crm.NotFound("no campaign is called %q", name))
	}
	return c, err
}

// CampaignPlan gives a version of a campaign's plan.
func (s *Store) CampaignPlan(ctx context.Context, id crm.CampaignID, version int) (p crm.Plan, err error) {
	var j string
	err = s.view(ctx, func(x *tx) error {
		return x.row(`SELECT plan FROM campaign_versions WHERE campaign_id = $1 AND version = $2`, int64(id), version).Scan(&j)
	})
	if errors.Is(err, sql.ErrNoRows) {
		return p, crm.Of("campaign", crm.NotFound("campaign %d has no version %d", id, version))
	}
	if err != nil {
		return p, err
	}
	return p, readPlan(j, &p)
}

// Campaigns lists campaigns, the newest first, in these states (all when none is
// named), and gives the key of the next page, zero at the end.
func (s *Store) Campaigns(ctx context.Context, v crm.Viewer, states []crm.CampaignState, page crm.PageKey, limit int) (list []crm.Campaign, next crm.PageKey, err error) {
	if !mayRead(v) {
		return nil, next, nil
	}
	limit = pageLimit(limit, 50)
	before := page.ID
	if before == 0 {
		before = math.MaxInt64
	}
	args, condition := []any{before, limit + 1}, ""
	if len(states) > 0 {
		var marks []string
		for _, st := range states {
			args = append(args, string(st))
			marks = append(marks, fmt.Sprintf("$%d", len(args)))
		}
		condition = ` AND c.state IN (` + strings.Join(marks, ", ") + `)`
	}
	err = s.view(ctx, func(x *tx) error {
		rows, err := x.query(`SELECT `+campaignCols+campaignFrom+` WHERE c.id < $1`+condition+` ORDER BY c.id DESC LIMIT $2`, args...)
		list, err = collect(rows, err, func(r *sql.Rows, c *crm.Campaign) error { return scanCampaign(r, c) })
		return err
	})
	if len(list) > limit {
		list = list[:limit]
		next = crm.PageKey{At: list[limit-1].Created, ID: int64(list[limit-1].ID)}
	}
	return list, next, err
}

// campaignKey is the same for names that people take for one.
func campaignKey(name string) string { return crm.NameKey(name) }

// SaveCampaign keeps a plan: of a new campaign, or when the ID is set the next
// version of one. c.Version says which version was changed; when there is a newer
// one that is an error of kind [crm.KindConflict]. A version that was never
// launched is replaced; one that was stays as it is, and a new one is made, which
// nobody follows before [Store.AdoptPlan].
func (s *Store) SaveCampaign(ctx context.Context, v crm.Viewer, c crm.Campaign) (crm.Campaign, error) {
	if err := c.Plan.Validate(); err != nil {
		return c, err
	}
	return s.savePlan(ctx, v, c, false)
}

// SaveDraftPlan keeps the plan of a draft as it is written, complete or not: it is
// judged when the campaign is launched. A campaign that is no draft is an error of
// kind [crm.KindConflict].
func (s *Store) SaveDraftPlan(ctx context.Context, v crm.Viewer, c crm.Campaign) (crm.Campaign, error) {
	return s.savePlan(ctx, v, c, true)
}

func (s *Store) savePlan(ctx context.Context, v crm.Viewer, c crm.Campaign, draft bool) (crm.Campaign, error) {
	if !mayRead(v) {
		return c, errNobody
	}
	c.Name = strings.Join(strings.Fields(clean(c.Name, 200)), " ")
	if campaignKey(c.Name) == "" {
		return c, crm.Invalid("name", "give the campaign a name")
	}
	plan, err := json.Marshal(c.Plan)
	if err != nil {
		return c, err
	}
	err = s.write(ctx, func(x *tx) error {
		id := c.ID
		if id == 0 {
			id, err = x.newCampaign(v, &c, string(plan))
		} else {
			err = x.changeCampaign(v, &c, string(plan), draft)
		}
		if err != nil {
			if s.engine.unique(err) {
				err = crm.Invalid("name", "another campaign is called %q", c.Name)
			}
			return err
		}
		c, err = x.campaign(id)
		return err
	})
	s.campaignsChanged(err, c.ID)
	return c, err
}

func (x *tx) newCampaign(v crm.Viewer, c *crm.Campaign, plan string) (crm.CampaignID, error) {
	id, err := x.id()
	if err != nil {
		return 0, err
	}
	now := micros(x.s.now())
	if err := x.exec(`INSERT INTO campaigns (id, name, name_key, state, version, staff_id, created_us, changed_us) VALUES ($1, $2, $3, $4, 1, $5, $6, $7)`,
		id, c.Name, campaignKey(c.Name), string(crm.CampaignDraft), orNull(v.Staff), now, now); err != nil {
		return 0, err
	}
	return crm.CampaignID(id), x.putVersion(v, crm.CampaignID(id), 1, plan)
}

func (x *tx) putVersion(v crm.Viewer, id crm.CampaignID, version int, plan string) error {
	return x.exec(`INSERT INTO campaign_versions (campaign_id, version, plan, staff_id, at_us) VALUES ($1, $2, $3, $4, $5)`, int64(id), version, plan, orNull(v.Staff), micros(x.s.now()))
}

func (x *tx) changeCampaign(v crm.Viewer, c *crm.Campaign, plan string, draft bool) error {
	was, err := x.campaign(c.ID)
	if err != nil {
		return err
	}
	switch {
	case was.Version != c.Version:
		return crm.Of("version", crm.Conflict("somebody else has changed the campaign meanwhile; read it again (version %d)", was.Version))
	case draft && was.State != crm.CampaignDraft:
		return crm.Of("campaign", crm.Conflict("the campaign is %s, and no draft any more", was.State))
	case was.State == crm.CampaignCancelled:
		return crm.Of("campaign", crm.Conflict("the campaign was called off; make a new one"))
	case was.State != crm.CampaignDraft && !sameExperiment(&was.Plan, &c.Plan):
		return crm.Invalid("proof.holdout", "who is held out was drawn when the campaign was launched, and stays; make a new campaign for another share or another ring")
	}
	var launched int64
	if err := x.row(`SELECT launched_us FROM campaign_versions WHERE campaign_id = $1 AND version = $2`, int64(c.ID), c.Version).Scan(&launched); err != nil {
		return err
	}
	now := micros(x.s.now())
	if was.State == crm.CampaignDraft && !was.Frozen.IsZero() { // it was tried with another plan
		if err := x.thaw(c.ID); err != nil {
			return err
		}
	}
	if launched == 0 {
		if err := x.exec(`UPDATE campaign_versions SET plan = $1, staff_id = $2, at_us = $3 WHERE campaign_id = $4 AND version = $5`, plan, orNull(v.Staff), now, int64(c.ID), c.Version); err != nil {
			return err
		}
	} else if err := x.putVersion(v, c.ID, c.Version+1, plan); err != nil {
		return err
	} else {
		c.Version++
	}
	return x.exec(`UPDATE campaigns SET name = $1, name_key = $2, version = $3, changed_us = $4 WHERE id = $5`, c.Name, campaignKey(c.Name), c.Version, now, int64(c.ID))
}

// sameExperiment reports that two plans draw the arms alike.
func sameExperiment(a, b *crm.Plan) bool {
	return a.Proof.Holdout == b.Proof.Holdout && a.Proof.Ring == b.Proof.Ring
}

// TurnCampaign takes a campaign into another state, with the reason for people.
// A step that is not legal is an error of kind [crm.KindConflict].
func (s *Store) TurnCampaign(ctx context.Context, id crm.CampaignID, to crm.CampaignState, reason string) error {
	err := s.write(ctx, func(x *tx) error { return x.turnCampaign(id, to, reason) })
	s.campaignsChanged(err, id)
	return err
}

func (x *tx) turnCampaign(id crm.CampaignID, to crm.CampaignState, reason string) error {
	c, err := x.campaign(id)
	if err != nil {
		return err
	}
	if _, err := c.State.Become(to); err != nil {
		return crm.Of("campaign", err)
	}
	now := micros(x.s.now())
	ended, launched := int64(0), micros(c.Launched)
	if to == crm.CampaignFinished || to == crm.CampaignCancelled {
		ended = now
	}
	if to == crm.CampaignRunning && launched == 0 {
		launched = now
	}
	if err := x.exec(`UPDATE campaigns SET state = $1, reason = $2, ended_us = $3, launched_us = $4, changed_us = $5 WHERE id = $6`,
		string(to), clean(reason, 500), ended, launched, now, int64(id)); err != nil {
		return err
	}
	if to == crm.CampaignScheduled || to == crm.CampaignRunning { // from here on the version is what people follow
		return x.exec(`UPDATE campaign_versions SET launched_us = $1 WHERE campaign_id = $2 AND version = (SELECT version FROM campaigns WHERE id = $3) AND launched_us = 0
AND NOT EXISTS (SELECT 1 FROM campaign_versions o WHERE o.campaign_id = $4 AND o.launched_us > 0)`, now, int64(id), int64(id), int64(id))
	}
	return nil
}

// Followed gives the version of a campaign's plan that members follow who come in
// now: the newest that was launched, 0 when none was.
func (s *Store) Followed(ctx context.Context, id crm.CampaignID) (version int, err error) {
	err = s.view(ctx, func(x *tx) error {
		return x.row(`SELECT COALESCE(max(version), 0) FROM campaign_versions WHERE campaign_id = $1 AND launched_us > 0`, int64(id)).Scan(&version)
	})
	return version, err
}

// campaignsChanged tells subscribers of a change, unless it failed.
func (s *Store) campaignsChanged(err error, id crm.CampaignID) {
	if err == nil {
		s.events.send(crm.Event{Kind: "campaign", Campaign: id})
	}
}
