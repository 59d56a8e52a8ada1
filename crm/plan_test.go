package crm

import (
	"errors"
	"math"
	"testing"
	"time"
)

// winBack is a plan of three mails with a branch.
func winBack() Plan {
	p := DefaultPlan(&Firm{Name: "Aurora Oy", TimeZone: "Europe/Helsinki", Language: "fi"})
	p.Whom.Rule, p.Whom.Topic, p.From.Address = "rung is quiet", "news", "news@aurora.example"
	mail := []Variant{{Name: "A", Letters: map[string]Template{"en": {Subject: "We miss you", Text: "Hello"}}}}
	p.Steps = []Step{
		{Name: "hello", Kind: StepSend, Letters: mail},
		{Name: "rest", Kind: StepWait, Wait: Wait{Days: 14}},
		{Name: "loyal", Kind: StepBranch, Rule: "orders >= 2", Then: "thanks", Else: StepEnd},
		{Name: "thanks", Kind: StepSend, Letters: mail},
	}
	return p
}

func TestPlanValidate(t *testing.T) {
	p := winBack()
	if err := p.Validate(); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		field  string
		change func(*Plan)
	}{
		{"whom.rule", func(p *Plan) { p.Whom.Rule = " " }},
		{"whom.entry", func(p *Plan) { p.Whom.Entry = "hourly" }},
		{"whom.again", func(p *Plan) { p.Whom.Again = -1 }},
		{"steps", func(p *Plan) { p.Steps = nil }},
		{"steps", func(p *Plan) { p.Steps = p.Steps[1:3] }}, // nothing is sent
		{"steps.4.name", func(p *Plan) { p.Steps[3].Name = "hello" }},
		{"steps.1.name", func(p *Plan) { p.Steps[0].Name = StepEnd }},
		{"steps.1.kind", func(p *Plan) { p.Steps[0].Kind = "shout" }},
		{"steps.1.letters", func(p *Plan) { p.Steps[0].Letters = nil }},
		{"steps.1.letters", func(p *Plan) { p.Steps[0].Letters = []Variant{{Name: "A"}} }},
		{"steps.2.wait", func(p *Plan) { p.Steps[1].Wait = Wait{} }},
		{"steps.2.wait", func(p *Plan) { p.Steps[1].Wait.Days = -3 }},
		{"steps.3.rule", func(p *Plan) { p.Steps[2].Rule = "" }},
		{"steps.3", func(p *Plan) { p.Steps[2].Then = "nowhere" }},
		{"steps.1", func(p *Plan) { p.Steps[2].Else = "hello" }}, // a circle
		{"proof.holdout", func(p *Plan) { p.Proof.Holdout = 1 }},
		{"proof.holdout", func(p *Plan) { p.Proof.Holdout = math.NaN() }},
		{"proof.days", func(p *Plan) { p.Proof.Days = 0 }},
		{"proof.goal", func(p *Plan) { p.Proof.Goal = "opens" }},
		{"care", func(p *Plan) { p.Care.Question = "maybe" }},
		{"from", func(p *Plan) { p.From.Address = "" }},
		{"from.per_day", func(p *Plan) { p.From.PerDay = -1 }},
		{"when.zone", func(p *Plan) { p.When.Zone = "" }},
	} {
		p := winBack()
		c.change(&p)
		var e *Error
		if err := p.Validate(); !errors.As(err, &e) || e.Kind != KindInvalid || e.Field != c.field {
			t.Errorf("want a fault of %s, got %v", c.field, err)
		}
	}
}

func TestPlanAfter(t *testing.T) {
	p := winBack()
	for name, want := range map[string]string{"hello": "rest", "rest": "loyal", "thanks": StepEnd, "nobody": StepEnd} {
		if got := p.After(name); got != want {
			t.Errorf("after %s comes %s, want %s", name, got, want)
		}
	}
	if p.Steps[0].Next = StepEnd; p.After("hello") != StepEnd {
		t.Error("a step that ends the campaign goes on")
	}
}

// TestCheck holds one fact after another against a plan, each beside all that
// speaks for the mail.
func TestCheck(t *testing.T) {
	now := time.Date(2026, 11, 26, 9, 0, 0, 0, time.UTC)
	ago := func(d time.Duration) time.Time { return now.Add(-d) }
	const day = 24 * time.Hour
	midnight := time.Date(2026, 11, 26, 22, 0, 0, 0, time.UTC) // in Helsinki
	helsinki := in(t, "Europe/Helsinki")
	for _, c := range []struct {
		what  string
		want  CheckDecision
		code  ReasonCode
		again time.Time
		facts func(*CheckFacts)
		plan  func(*Plan)
	}{
		{"nothing speaks against it", CheckSend, "", time.Time{}, nil, nil},
		{"held out", CheckHold, ReasonHeldOut, time.Time{}, func(f *CheckFacts) { f.Arm = ArmHeldOut }, nil},
		{"nobody can be written to", CheckLeave, ReasonNoAddress, time.Time{}, func(f *CheckFacts) { f.Arm = ArmLeftOut }, nil},
		{"no address is left", CheckLeave, ReasonNoAddress, time.Time{}, func(f *CheckFacts) { f.Address = "" }, nil},
		{"erased", CheckLeave, ReasonErased, time.Time{}, func(f *CheckFacts) { f.Erased = true }, nil},
		{"suppressed", CheckLeave, ReasonSuppressed, time.Time{}, func(f *CheckFacts) { f.Suppressed = "complaint" }, nil},
		{"consent taken back", CheckLeave, ReasonNoConsent, time.Time{}, func(f *CheckFacts) { f.Consented = false }, nil},
		{"an earlier mail bounced", CheckLeave, ReasonBounced, time.Time{}, func(f *CheckFacts) { f.Bounced = true }, nil},
		{"they replied", CheckLeave, ReasonReplied, time.Time{}, func(f *CheckFacts) { f.Replied = ago(time.Second) }, nil},
		{"they had written before", CheckSend, "", time.Time{}, func(f *CheckFacts) { f.Replied = ago(40 * day) }, nil},
		{"they replied, and the plan goes on", CheckSend, "", time.Time{}, func(f *CheckFacts) { f.Replied = ago(time.Second) }, func(p *Plan) { p.Exits.Reply = false }},
		{"they ordered", CheckLeave, ReasonOrdered, time.Time{}, func(f *CheckFacts) { f.Ordered = ago(day) }, nil},
		{"they are where they should be", CheckLeave, ReasonGoal, time.Time{}, func(f *CheckFacts) { f.Reached = true }, func(p *Plan) { p.Exits.Rule = "orders >= 2" }},
		{"a complaint is open", CheckLater, ReasonComplaint, now.Add(recheck), func(f *CheckFacts) { f.Complaint = ago(3 * day) }, nil},
		{"a question is open", CheckLater, ReasonQuestion, now.Add(recheck), func(f *CheckFacts) { f.Question = ago(time.Hour) }, nil},
		{"a question is open, and they are dropped", CheckDrop, ReasonQuestion, time.Time{}, func(f *CheckFacts) { f.Question = ago(time.Hour) }, func(p *Plan) { p.Care.Question = GiveUp }},
		{"a question is open, and it does not matter", CheckSend, "", time.Time{}, func(f *CheckFacts) { f.Question = ago(time.Hour) }, func(p *Plan) { p.Care.Question = GiveNot }},
		{"not before March", CheckLater, ReasonNotBefore, now.Add(95 * day), func(f *CheckFacts) { f.NotBefore = now.Add(95 * day) }, nil},
		{"before that day has come it was asked for", CheckSend, "", time.Time{}, func(f *CheckFacts) { f.NotBefore = ago(day) }, nil},
		{"a colleague wrote this morning", CheckLater, ReasonWrote, midnight, func(f *CheckFacts) { f.Wrote = ago(2 * time.Hour) }, nil},
		{"a colleague wrote yesterday", CheckSend, "", time.Time{}, func(f *CheckFacts) { f.Wrote = ago(12 * time.Hour) }, nil}, // 23:00 in Helsinki
		{"two mails this week", CheckLater, ReasonCap, ago(6 * day).Add(week), func(f *CheckFacts) { f.Mails = []time.Time{ago(6 * day), ago(2 * day)} }, nil},
		{"three mails this week", CheckLater, ReasonCap, ago(5 * day).Add(week), func(f *CheckFacts) { f.Mails = []time.Time{ago(6 * day), ago(5 * day), ago(2 * day)} }, nil},
		{"two mails, one of which is old", CheckSend, "", time.Time{}, func(f *CheckFacts) { f.Mails = []time.Time{ago(week), ago(2 * day)} }, nil},
		{"no cap", CheckSend, "", time.Time{}, func(f *CheckFacts) { f.Mails = []time.Time{ago(day), ago(day)} }, func(p *Plan) { p.Care.PerWeek = 0 }},
		{"put off for too long", CheckDrop, ReasonPatience, time.Time{}, func(f *CheckFacts) { f.Question, f.Held = ago(14*day), ago(14*day) }, nil},
		{"held out, and a question is open", CheckLater, ReasonQuestion, now.Add(recheck), func(f *CheckFacts) { f.Arm, f.Question = ArmHeldOut, ago(time.Hour) }, nil},
		{"held out, and they ordered", CheckLeave, ReasonOrdered, time.Time{}, func(f *CheckFacts) { f.Arm, f.Ordered = ArmHeldOut, ago(time.Hour) }, nil},
	} {
		p := winBack()
		if c.plan != nil {
			c.plan(&p)
		}
		f := CheckFacts{Now: now, Zone: helsinki, Arm: ArmTreated, Address: "dora@customer.example", Topic: "news", Consented: true, Since: ago(30 * day)}
		if c.facts != nil {
			c.facts(&f)
		}
		got := p.Check(&f)
		if got.Do != c.want || got.Reason.Code != c.code || !got.Again.Equal(c.again) {
			t.Errorf("%s: %s for %q, again %s; want %s for %q, again %s", c.what, got.Do, got.Reason, got.Again, c.want, c.code, c.again)
		}
	}
}

func TestReason(t *testing.T) {
	when := time.Date(2026, 11, 24, 7, 12, 0, 0, time.UTC)
	for _, r := range []Reason{{}, {Code: ReasonQuestion, At: when}, {Code: ReasonWrote, At: when, What: "Anna Aalto"}, {Code: ReasonNoConsent, What: "news"}, {Code: ReasonGoal}} {
		if got := ParseReason(r.String()); got != r {
			t.Errorf("%+v is stored as %q and read as %+v", r, r.String(), got)
		}
	}
	if got := ParseReason("the disk is full"); got.What != "the disk is full" || got.Code != "" {
		t.Errorf("a text of old became %+v", got)
	}
}

func TestCampaignState(t *testing.T) {
	for _, c := range []struct {
		from, to CampaignState
		legal    bool
	}{
		{CampaignDraft, CampaignScheduled, true}, {CampaignScheduled, CampaignRunning, true}, {CampaignRunning, CampaignPaused, true},
		{CampaignDraft, CampaignFinished, false}, {CampaignCancelled, CampaignRunning, false}, {CampaignFinished, CampaignDraft, false},
	} {
		if _, err := c.from.Become(c.to); (err == nil) != c.legal {
			t.Errorf("from %s to %s: %v", c.from, c.to, err)
		}
	}
}
