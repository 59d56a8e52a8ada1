package storetest

import (
	"slices"
	"testing"
	"time"

	"kaveri/crm"
	"kaveri/store"
)

// plan is a mail to everybody.
func planOf(topic string) crm.Plan {
	return crm.Plan{Whom: crm.Whom{Rule: "everybody", Topic: topic}, Steps: []crm.Step{{Name: "hello", Kind: crm.StepSend, Letters: []crm.Variant{{Name: "a", Letters: map[string]crm.Template{"en": {Subject: "Hello", Text: "Hello."}}}}}},
		When: crm.Schedule{Zone: "Europe/Helsinki"}, Proof: crm.Experiment{Holdout: .5, Days: 30}, From: crm.Writer{Address: "news@kaukoranta.example"}}
}

func testCampaignPlans(t *testing.T, s *store.Store) {
	w := newWorld(t, s)
	c, err := s.SaveCampaign(w.ctx, w.anna, crm.Campaign{Name: " Second  try ", Plan: planOf("")})
	w.check(err)
	if c.Name != "Second try" || c.State != crm.CampaignDraft || c.Version != 1 || c.Staff != w.anna.Staff || c.Plan.Whom.Entry != crm.EntryOnce {
		t.Errorf("%+v", c)
	}
	_, err = s.SaveCampaign(w.ctx, w.pekka, crm.Campaign{Name: "second try", Plan: planOf("")})
	w.refused(err, crm.KindInvalid, "name")
	named, err := s.CampaignNamed(w.ctx, w.pekka, "SECOND TRY")
	w.check(err)
	list, _, err := s.Campaigns(w.ctx, w.pekka, []crm.CampaignState{crm.CampaignDraft}, crm.PageKey{}, 10)
	w.check(err)
	if named.ID != c.ID || len(list) != 1 || list[0].ID != c.ID {
		t.Errorf("%+v, %+v", named, list)
	}
	_, err = s.Campaign(w.ctx, crm.Viewer{}, c.ID)
	w.refused(err, crm.KindNotFound, "")

	// A draft is replaced; what was launched never changes.
	c.Plan.Why = "to see"
	c, err = s.SaveCampaign(w.ctx, w.anna, c)
	w.check(err)
	if c.Version != 1 || c.Plan.Why != "to see" {
		t.Errorf("%+v", c)
	}
	w.refused(s.TurnCampaign(w.ctx, c.ID, crm.CampaignFinished, ""), crm.KindConflict, "campaign")
	w.check(s.TurnCampaign(w.ctx, c.ID, crm.CampaignRunning, ""))
	stale := c
	c.Plan.Why = "to see again"
	c, err = s.SaveCampaign(w.ctx, w.anna, c)
	w.check(err)
	first, err := s.CampaignPlan(w.ctx, c.ID, 1)
	w.check(err)
	followed, err := s.Followed(w.ctx, c.ID)
	w.check(err)
	if c.Version != 2 || first.Why != "to see" || followed != 1 {
		t.Errorf("version %d, the first says %q, %d is followed", c.Version, first.Why, followed)
	}
	_, err = s.SaveCampaign(w.ctx, w.pekka, stale)
	w.refused(err, crm.KindConflict, "version")
	w.check(s.AdoptPlan(w.ctx, w.anna, c.ID, 2, nil))
	if followed, err = s.Followed(w.ctx, c.ID); followed != 2 || err != nil {
		t.Errorf("%d, %v", followed, err)
	}
}

// members makes a campaign that runs, with one member of each arm, and a mailing.
func (w *world) members() (c crm.Campaign, treated, held crm.Member, mailing crm.MailingID) {
	w.Helper()
	c, err := w.s.SaveCampaign(w.ctx, w.anna, crm.Campaign{Name: "autumn", Plan: planOf("")})
	w.check(err)
	c, done, err := w.s.BeginFreeze(w.ctx, c.ID)
	w.check(err)
	if done {
		w.Error("it is frozen before anybody has frozen it")
	}
	member := func(name string, a crm.Address, arm crm.Arm) crm.Member {
		who := w.customer(name, a)
		return crm.Member{MemberKey: crm.MemberKey{Campaign: c.ID, Customer: who.ID, Round: 1}, Contact: who.Contacts[0].ID, Address: a, Arm: arm, Version: 1, Rung: crm.RungContact, State: crm.MemberWaiting, Step: "hello",
			Due: c.Frozen, Entered: c.Frozen, Why: crm.MemberWhy{Rule: "everybody", Draw: .25, Share: .5, Key: "k"}}
	}
	treated, held = member("Dora", "dora@posti.example", crm.ArmTreated), member("Eero", "eero@posti.example", crm.ArmHeldOut)
	for _, want := range []int{2, 0} { // the second time nobody is new
		n, err := w.s.AddMembers(w.ctx, []crm.Member{treated, held})
		if w.check(err); n != want {
			w.Errorf("%d came in, want %d", n, want)
		}
	}
	c.Looked = c.Frozen
	w.check(w.s.Looked(w.ctx, c))
	w.check(w.s.TurnCampaign(w.ctx, c.ID, crm.CampaignRunning, ""))
	k := crm.CampaignMailing{Campaign: c.ID, Version: 1, Step: "hello", Language: "en"}
	made := crm.Mailing{From: crm.Party{Address: "news@kaukoranta.example"}, Template: crm.Template{Subject: "Hello", Text: "Hello."}}
	mailing, err = w.s.CampaignMailing(w.ctx, k, made)
	w.check(err)
	if again, err := w.s.CampaignMailing(w.ctx, k, made); again != mailing || err != nil {
		w.Errorf("two mailings for one text: %d and %d, %v", mailing, again, err)
	}
	return c, treated, held, mailing
}

func testCampaignMembers(t *testing.T, s *store.Store) {
	w := newWorld(t, s)
	c, treated, held, mailing := w.members()
	l, err := s.AcquireCampaigns(w.ctx, "test", time.Hour)
	w.check(err)
	_, err = s.AcquireCampaigns(w.ctx, "another", time.Hour)
	w.refused(err, crm.KindConflict, "")
	due, err := s.DueMembers(w.ctx, c.ID, time.Now().Add(time.Minute), 10)
	w.check(err)
	if len(due) != 2 || due[0].Why.Draw != .25 || due[0].Customer != treated.Customer || due[1].Arm != crm.ArmHeldOut {
		t.Fatalf("%+v", due)
	}
	send := crm.Deed{Was: due[0], Next: crm.MemberDone, Step: crm.StepEnd, Exposed: true, Touch: crm.TouchSent, Mail: &crm.DeedMail{Mailing: mailing, Name: "Dora", Fields: map[string]string{"a": "b"}, Due: time.Now(), Expires: time.Now().Add(time.Hour)}}
	would := crm.Deed{Was: due[1], Next: crm.MemberDone, Step: crm.StepEnd, Exposed: true, Touch: crm.TouchWouldSend, Why: crm.Reason{Code: crm.ReasonHeldOut}}
	stale := l
	stale.Token--
	_, err = s.Act(w.ctx, stale, []crm.Deed{send})
	w.refused(err, crm.KindConflict, "")
	for _, want := range []int{2, 0} { // they have moved on
		n, err := s.Act(w.ctx, l, []crm.Deed{send, would})
		if w.check(err); n != want {
			t.Errorf("did something with %d, want %d", n, want)
		}
	}
	w.counts(mailing, "queued 1")
	for _, m := range []crm.Member{treated, held} {
		rows, err := s.MembersOf(w.ctx, w.pekka, c.ID, m.Customer)
		w.check(err)
		if len(rows) != 1 || rows[0].State != crm.MemberDone || rows[0].Exposed.IsZero() {
			t.Errorf("%+v", rows)
		}
	}
	touches, _, err := s.Touches(w.ctx, w.pekka, crm.TouchQuery{Campaign: c.ID})
	w.check(err)
	if len(touches) != 2 || !touches[0].At.Equal(touches[1].At) || slices.ContainsFunc(touches, func(t crm.Touch) bool { return (t.Dispatch != 0) != (t.Kind == crm.TouchSent) }) {
		t.Errorf("%+v", touches)
	}
	counts, err := s.MemberCounts(w.ctx, w.pekka, c.ID)
	w.check(err)
	if len(counts) != 2 || counts[0].N != 1 || counts[1].State != crm.MemberDone {
		t.Errorf("%+v", counts)
	}
	posted, err := s.Posted(w.ctx, []crm.DispatchID{max(touches[0].Dispatch, touches[1].Dispatch)})
	w.check(err)
	if len(posted) != 1 || posted[0].Member.Customer != treated.Customer || posted[0].Step != "hello" || posted[0].State != crm.CampaignRunning {
		t.Errorf("%+v", posted)
	}
	w.refused(s.Thaw(w.ctx, w.anna, c.ID), crm.KindConflict, "campaign")
	w.check(s.CancelCampaign(w.ctx, w.anna, c.ID))
	w.counts(mailing, "cancelled 1")
}

// Who is held out is never on the ledger, whoever asks for it and by whichever door.
func testHeldOutNeverSent(t *testing.T, s *store.Store) {
	w := newWorld(t, s)
	_, _, held, mailing := w.members()
	l, err := s.AcquireCampaigns(w.ctx, "test", time.Hour)
	w.check(err)
	deed := crm.Deed{Was: held, Next: crm.MemberDone, Step: crm.StepEnd, Touch: crm.TouchSent, Mail: &crm.DeedMail{Mailing: mailing, Due: time.Now(), Expires: time.Now().Add(time.Hour)}}
	_, err = s.Act(w.ctx, l, []crm.Deed{deed})
	w.refused(err, crm.KindForbidden, "")
	deed.Was.Arm = crm.ArmTreated // somebody says that they are not
	_, err = s.Act(w.ctx, l, []crm.Deed{deed})
	w.refused(err, crm.KindForbidden, "")
	w.counts(mailing, "")
	touches, _, err := s.Touches(w.ctx, w.pekka, crm.TouchQuery{})
	w.check(err)
	if len(touches) != 0 {
		t.Errorf("%+v", touches)
	}
}
