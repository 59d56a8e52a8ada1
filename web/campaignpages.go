package web

import (
	"net/http"
	"strconv"
	"strings"

	"kaveri/crm"
)

// CampaignsPage lists campaigns.
type CampaignsPage struct {
	Shell
	List   []CampaignLine
	Next   string
	Name   string // as written into the form
	Faults Faults
}

// CampaignLine is a campaign in the list.
type CampaignLine struct {
	crm.Campaign
	State string
	Tone  string
	When  Stamp
}

const campaignsPerPage = 50

// campaignTones are the colours of states.
var campaignTones = map[crm.CampaignState]string{
	crm.CampaignDraft: "", crm.CampaignScheduled: "busy", crm.CampaignRunning: "good", crm.CampaignPaused: "bad", crm.CampaignFinished: "", crm.CampaignCancelled: "",
}

func (s *Server) campaignsPage(w http.ResponseWriter, r *http.Request, c *call) error {
	return s.showCampaigns(w, r, c, CampaignsPage{}, http.StatusOK)
}

func (s *Server) showCampaigns(w http.ResponseWriter, r *http.Request, c *call, p CampaignsPage, status int) error {
	after, err := parseKey(r.URL.Query().Get("after"))
	if err != nil {
		return err
	}
	list, next, err := s.Campaigns.Campaigns(r.Context(), c.viewer, nil, after, campaignsPerPage)
	if err != nil {
		return err
	}
	for _, cp := range list {
		p.List = append(p.List, CampaignLine{cp, c.t(Key("state.campaign." + string(cp.State))), campaignTones[cp.State], c.clock.stamp(cp.Changed)})
	}
	if (next != crm.PageKey{}) {
		p.Next = "/campaigns?after=" + formatKey(next)
	}
	p.Shell = s.shell(c, "mailings", c.t("campaigns.title"))
	s.render(w, r, c, status, "campaigns", p)
	return nil
}

// addCampaign begins a campaign with the usual plan.
func (s *Server) addCampaign(w http.ResponseWriter, r *http.Request, c *call) error {
	p := CampaignsPage{Name: strings.TrimSpace(r.PostFormValue("name"))}
	plan := crm.DefaultPlan(&c.firm)
	if len(c.firm.Topics) > 0 {
		plan.Whom.Topic = c.firm.Topics[0].Name
	}
	cp, err := s.Campaigns.SaveDraftPlan(r.Context(), c.viewer, crm.Campaign{Name: p.Name, Plan: plan})
	if err != nil {
		var ok bool
		if p.Faults, ok = c.faults(err, "name"); !ok {
			return err
		}
		return s.showCampaigns(w, r, c, p, statusOf[crm.KindOf(err)])
	}
	return go303(w, r, campaignPath(cp.ID), "")
}

func campaignPath(id crm.CampaignID) string {
	return "/campaigns/" + strconv.FormatInt(int64(id), 10)
}

// campaign reads the campaign that a request is about.
func (s *Server) campaign(r *http.Request, c *call) (crm.Campaign, error) {
	id, err := routeID[crm.CampaignID](r, "id", "campaign")
	if err != nil {
		return crm.Campaign{}, err
	}
	return s.Campaigns.Campaign(r.Context(), c.viewer, id)
}

func (s *Server) campaignPlanPage(w http.ResponseWriter, r *http.Request, c *call) error {
	cp, err := s.campaign(r, c)
	if err != nil {
		return err
	}
	return s.showPlan(w, r, c, cp, Faults{}, nil, http.StatusOK)
}

func (s *Server) showPlan(w http.ResponseWriter, r *http.Request, c *call, cp crm.Campaign, f Faults, moves []crm.StepMove, status int) error {
	p, err := s.planPage(r, c, cp, f)
	if err != nil {
		return err
	}
	p.Moves = moves
	if isFragment(r) {
		return s.renderPart(w, r, c, "campaign-plan", "plan-editor", p)
	}
	s.render(w, r, c, status, "campaign-plan", p)
	return nil
}

// savePlan keeps the plan and does what a button says; see [readPlan]. What was
// written stays on the page, also where it is wrong.
func (s *Server) savePlan(w http.ResponseWriter, r *http.Request, c *call) error {
	cp, err := s.campaign(r, c)
	if err != nil {
		return err
	}
	if err := r.ParseForm(); err != nil {
		return crm.Invalid("form", "the form did not arrive whole")
	}
	if v, err := strconv.Atoi(r.PostFormValue("version")); err == nil {
		cp.Version = v
	}
	cp.Name = strings.TrimSpace(r.PostFormValue("name"))
	readPlan(r.PostForm, &cp.Plan)
	do, arg, _ := strings.Cut(r.PostFormValue("do"), "-")
	changeSteps(&cp.Plan, do, arg)
	kept, moves, err := s.changePlan(r, c, cp, do)
	if err != nil || len(moves) > 0 {
		f, ok := faultsOfPlan(err)
		if err != nil && !ok {
			return err
		}
		return s.showPlan(w, r, c, cp, f, moves, statusOf[crm.KindOf(err)])
	}
	if do == "check" {
		return go303(w, r, campaignPath(kept.ID)+"/check", "")
	}
	if isFragment(r) {
		return s.showPlan(w, r, c, kept, Faults{}, nil, http.StatusOK)
	}
	return go303(w, r, campaignPath(kept.ID)+"/plan", map[bool]string{true: "plan"}[do == "save"])
}

// changePlan keeps the plan of a draft. That of a campaign that runs counts at once
// for all that is not sent yet: so it is first said where people go.
func (s *Server) changePlan(r *http.Request, c *call, cp crm.Campaign, do string) (crm.Campaign, []crm.StepMove, error) {
	if cp.State == crm.CampaignDraft {
		kept, err := s.keepPlan(r, c, cp)
		return kept, nil, err
	}
	if do != "adopt" {
		moves, err := s.Campaigner.Moves(r.Context(), cp.ID, cp.Plan)
		if err != nil || len(moves) > 0 {
			return cp, moves, err
		}
	}
	kept, err := s.Campaigner.Edit(r.Context(), c.viewer, cp)
	return kept, nil, err
}

// keepPlan keeps a draft; an audience that was frozen to look at it is drawn anew.
func (s *Server) keepPlan(r *http.Request, c *call, cp crm.Campaign) (crm.Campaign, error) {
	if cp.State != crm.CampaignDraft {
		return s.Campaigner.Edit(r.Context(), c.viewer, cp)
	}
	if !cp.Frozen.IsZero() {
		if err := s.Campaigns.Thaw(r.Context(), c.viewer, cp.ID); err != nil {
			return cp, err
		}
	}
	return s.Campaigns.SaveDraftPlan(r.Context(), c.viewer, cp)
}
