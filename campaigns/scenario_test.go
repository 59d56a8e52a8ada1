package campaigns_test

import (
	"slices"
	"testing"
	"time"

	"kaveri/campaigns"
	"kaveri/crm"
)

// Scenario 6, the half of it that is about time: a campaign that would begin late
// waits for a person. (A copy elsewhere has no right to run campaigns at all.)
func TestScenario6LateStart(t *testing.T) {
	f := newFirm(t)
	f.customers("Dora")
	p := f.plan()
	p.When.Start = "2026-11-24T09:00"
	c := f.launch(p)
	if c.State != crm.CampaignScheduled {
		t.Fatalf("it is %s", c.State)
	}
	f.send()
	f.now = time.Date(2026, 11, 24, 8, 0, 0, 0, time.UTC) // 10:00: an hour late
	f.send()
	if c = f.read(c.ID); c.State != crm.CampaignPaused || len(f.sink.Mails()) != 0 {
		t.Fatalf("it is %s (%s), %d sent", c.State, c.Reason, len(f.sink.Mails()))
	}
	f.check(f.s.ResumeCampaign(f.ctx, f.anna, c.ID))
	f.send()
	if f.got("Dora", "hello") != 1 {
		t.Error("a person let it go on, and it did not")
	}
	on := f.plan()
	on.When.Start = "2026-11-25T09:00"
	on.Whom.Rule = named("Dora")
	next := f.launch(on)
	f.now = time.Date(2026, 11, 25, 7, 10, 0, 0, time.UTC) // ten minutes late
	f.send()
	if f.got("Dora", "hello") != 2 || f.read(next.ID).State != crm.CampaignFinished {
		t.Errorf("ten minutes are not late: %d, %s", f.got("Dora", "hello"), f.read(next.ID).State)
	}
}

// Scenario 6, the other half: where sending is held, no campaign moves.
func TestScenario6Copy(t *testing.T) {
	f := newFirm(t)
	f.customers("Dora")
	p := f.plan()
	p.Whom.Entry = crm.EntryDaily
	f.launch(p)
	other := campaigns.NewRunner(campaigns.RunnerOptions{Store: f.s, Segments: f.s, Now: f.clock, Renderer: f.renderer, Owner: "another"})
	f.turn()
	if _, err := other.Turn(f.ctx); crm.KindOf(err) != crm.KindConflict {
		t.Errorf("two processes run campaigns: %v", err)
	}
}

// Scenario 16: an answer stops a series, in plain text without a quote, from
// another address that is known as theirs; an automatic answer does not.
func TestScenario16ReplyStopsIt(t *testing.T) {
	f := newFirm(t)
	f.customers("Dora", "Eero", "Frans")
	f.check(f.s.AddAddress(f.ctx, f.anna, f.contact("Dora"), crm.ContactAddress{Address: "dora@elsewhere.example"}))
	c := f.launch(f.plan(letter("one"), wait("rest", 3), letter("two"), wait("rest2", 3), letter("three"), letter("four")))
	f.send()
	f.passes(24 * time.Hour)
	f.arrives(letterIn{From: "dora@elsewhere.example", To: "anna@matkat.example", Subject: "Spring", Text: "We would rather come in May."})
	f.arrives(letterIn{From: "eero@posti.example", To: "anna@matkat.example", Subject: "Automatic reply: one", Text: "I am away until Friday.", Class: crm.ClassAutoReply})
	f.passes(72 * time.Hour)
	f.send()
	f.passes(96 * time.Hour)
	f.send()
	for name, want := range map[string]int{"Dora": 1, "Eero": 4, "Frans": 4} {
		n := f.got(name, "one") + f.got(name, "two") + f.got(name, "three") + f.got(name, "four")
		if n != want {
			t.Errorf("%s got %d mails, want %d: %v", name, n, want, f.touches(c, name))
		}
	}
	if m := f.member(c, "Dora"); m.State != crm.MemberGone || m.Reason.Code != crm.ReasonReplied || m.Reason.At.IsZero() {
		t.Errorf("Dora: %+v", m)
	}
}

// Scenario 17: a question that came an hour before the send holds one person, and
// nobody else; closed, they get the mail, or do not, as the campaign says.
func TestScenario17OpenQuestion(t *testing.T) {
	for how, want := range map[crm.GiveWay]int{crm.GiveLater: 1, crm.GiveUp: 0, crm.GiveNot: 1} {
		f := newFirm(t)
		f.customers("Dora", "Eero")
		p := f.plan()
		p.When.Start, p.Care.Question = "2026-11-24T09:12", how
		c := f.launch(p)
		asked := time.Date(2026, 11, 24, 6, 12, 0, 0, time.UTC)
		f.now = asked
		f.asks("Dora", asked)
		f.now = asked.Add(time.Hour)
		f.send()
		if f.got("Eero", "hello") != 1 {
			t.Errorf("%s: Eero got %d", how, f.got("Eero", "hello"))
		}
		m := f.member(c, "Dora")
		if how == crm.GiveLater && (m.State != crm.MemberWaiting || m.Reason.Code != crm.ReasonQuestion || !m.Reason.At.Equal(asked) || m.Reason.Text(time.UTC) != "question open since Tue 24 Nov 06:12") {
			t.Errorf("%s: %+v (%s)", how, m, m.Reason.Text(time.UTC))
		}
		f.passes(2 * time.Hour)
		f.answered("Dora")
		f.send()
		f.passes(24 * time.Hour)
		f.send()
		if n := f.got("Dora", "hello"); n != want {
			t.Errorf("%s: Dora got %d, want %d: %v", how, n, want, f.touches(c, "Dora"))
		}
	}
}

// A mail that comes when theirs is on the ledger already still counts.
func TestScenario17JustBeforeTheirTurn(t *testing.T) {
	f := newFirm(t)
	f.customers("Dora", "Eero")
	c := f.launch(f.plan())
	f.turn() // both are on the ledger
	f.passes(time.Second)
	f.asks("Dora", f.now)
	f.passes(time.Second)
	f.send()
	if f.got("Dora", "hello") != 0 || f.got("Eero", "hello") != 1 {
		t.Fatalf("Dora %d, Eero %d", f.got("Dora", "hello"), f.got("Eero", "hello"))
	}
	if got := f.touches(c, "Dora"); !slices.Equal(got, []string{"sent hello", "put-off hello question"}) {
		t.Errorf("%v", got)
	}
	if m := f.member(c, "Dora"); m.Reason.Code != crm.ReasonQuestion {
		t.Errorf("%+v", m)
	}
	f.answered("Dora")
	f.passes(25 * time.Hour)
	f.send()
	if f.got("Dora", "hello") != 1 || f.member(c, "Dora").Reason.Code != "" || f.read(c.ID).State != crm.CampaignFinished {
		t.Errorf("%d, %+v, %s", f.got("Dora", "hello"), f.member(c, "Dora"), f.read(c.ID).State)
	}
}

// What ends it between the ledger and the wire: an order, an unsubscription.
func TestGateEndsIt(t *testing.T) {
	f := newFirm(t)
	f.customers("Dora", "Eero", "Frans")
	c := f.launch(f.plan())
	f.turn()
	f.passes(time.Second)
	f.order("Dora", 80, f.now)
	f.check(f.s.AddConsent(f.ctx, crm.Consent{Address: address("Eero"), Topic: "news", Source: crm.ConsentPreferences, At: f.now}))
	f.send()
	if n := len(f.sink.Mails()); n != 1 || f.got("Frans", "hello") != 1 {
		t.Errorf("%d mails", n)
	}
	if m := f.member(c, "Dora"); m.State != crm.MemberGone || m.Reason.Code != crm.ReasonOrdered {
		t.Errorf("Dora: %+v", m)
	}
	_, rows, err := f.s.CampaignMailings(f.ctx, f.anna, c.ID)
	f.check(err)
	if rows[0].Recipients[crm.Cancelled] != 1 || rows[0].Recipients[crm.Suppressed] != 1 || rows[0].Recipients[crm.Sent] != 1 {
		t.Errorf("%v", rows[0].Recipients)
	}
}

// Scenario 18: each gets it at nine o'clock of their own clock, within the window,
// over a change of the clock.
func TestScenario18ZonesAndDST(t *testing.T) {
	f := newFirm(t)
	f.now = time.Date(2026, 10, 22, 6, 0, 0, 0, time.UTC) // Thursday; the clocks of Europe change on Sunday the 25th
	zones := map[string]string{"York": "America/New_York", "Wien": "Europe/Vienna", "Kolkata": "Asia/Kolkata", "Auckland": "Pacific/Auckland", "Unknown": ""}
	for name := range zones {
		f.customers(name)
	}
	for name, zone := range zones {
		f.check(f.s.SetZone(f.ctx, f.anna, f.contact(name), zone))
	}
	p := f.plan()
	p.When = crm.Schedule{Zone: "Europe/Helsinki", PerRecipient: true, Start: "2026-10-26T09:00", Windows: []crm.Window{{Days: []time.Weekday{1, 2, 3, 4, 5}, From: "08:00", To: "20:00"}}}
	f.launch(p)
	at := map[string]time.Time{}
	for f.now.Before(time.Date(2026, 10, 27, 0, 0, 0, 0, time.UTC)) {
		f.passes(15 * time.Minute)
		f.send()
		for name := range zones {
			if at[name].IsZero() && f.got(name, "hello") > 0 {
				at[name] = f.now
			}
		}
	}
	for name, zone := range zones {
		if zone == "" {
			zone = "Europe/Helsinki"
		}
		in, err := time.LoadLocation(zone)
		f.check(err)
		if got := at[name].In(in).Format("2006-01-02 15:04"); got != "2026-10-26 09:00" || f.got(name, "hello") != 1 {
			t.Errorf("%s got %d, at %s of their clock", name, f.got(name, "hello"), got)
		}
	}
}

// Customer relations 17: Dora writes between the freeze and the send, and is not
// silent any more; the others get their mail.
func TestCampaignMeetsConversation(t *testing.T) {
	f := newFirm(t)
	f.customers("Dora", "Eero")
	p := f.plan()
	p.Whom.Rule = named("Dora", "Eero")
	p.When.Start = "2026-11-23T10:10"
	c := f.launch(p)
	f.passes(5 * time.Minute)
	f.arrives(letterIn{From: "dora@posti.example", To: "anna@matkat.example", Subject: "Hello again", Text: "It was lovely."})
	f.check(f.s.RemoveTag(f.ctx, f.anna, f.people["Dora"].ID, "Dora")) // stands for a rule such as: silent for 180 days
	f.passes(5 * time.Minute)
	f.send()
	if f.got("Dora", "") != 0 || f.got("Eero", "hello") != 1 {
		t.Errorf("Dora %d, Eero %d", f.got("Dora", ""), f.got("Eero", "hello"))
	}
	if m := f.member(c, "Dora"); m.State != crm.MemberGone || m.Reason.Code != crm.ReasonReplied {
		t.Errorf("%+v", m)
	}
}

// Customer relations 18: the answer comes to another colleague, from an address
// that is known as hers; the second mail is not sent.
func TestReplyLandsElsewhere(t *testing.T) {
	f := newFirm(t)
	f.customers("Dora")
	f.check(f.s.AddAddress(f.ctx, f.anna, f.contact("Dora"), crm.ContactAddress{Address: "dora@gmx.example"}))
	ben := f.colleague("Ben")
	c := f.launch(f.plan(letter("one"), wait("rest", 7), letter("two")))
	f.send()
	f.passes(48 * time.Hour)
	f.arrives(letterIn{From: "dora@gmx.example", To: "ben@matkat.example", Subject: "your letter", Text: "Yes please.\n\n> Text of one."})
	f.passes(10 * 24 * time.Hour)
	f.send()
	if f.got("Dora", "one") != 1 || f.got("Dora", "two") != 0 {
		t.Errorf("one %d, two %d", f.got("Dora", "one"), f.got("Dora", "two"))
	}
	if m := f.member(c, "Dora"); m.Reason.Code != crm.ReasonReplied {
		t.Errorf("%+v", m)
	}
	_ = ben
}

// Scenario 7: paused when some have it, changed, and resumed by another process:
// the rest get the new text, nobody gets two, and the counts tell two versions.
func TestScenario7PauseAndResume(t *testing.T) {
	f := newFirm(t)
	names := f.many(10)
	p := f.plan(letter("one"), wait("rest", 2), letter("two"))
	p.Proof.Holdout = .2
	c := f.launch(p)
	f.turn() // all of them are on the ledger
	l, err := f.s.AcquireLease(f.ctx, "by hand", time.Hour)
	f.check(err)
	ds, err := f.s.Claim(f.ctx, l, 3)
	f.check(err)
	var ids []crm.DispatchID
	var sent []crm.Attempt
	early := map[crm.Address]bool{}
	for _, d := range ds {
		early[d.Address] = true
		ids = append(ids, d.ID)
		sent = append(sent, crm.Attempt{Dispatch: d.ID, Token: d.Token, Sender: 1, Server: "mx", Stage: crm.StageDot, At: f.now, State: crm.Sent})
	}
	_, err = f.s.Settle(f.ctx, l, nil, ids)
	f.check(err)
	_, err = f.s.Settle(f.ctx, l, sent, nil)
	f.check(err)
	f.check(f.s.ReleaseLease(f.ctx, l))

	f.check(f.s.PauseCampaign(f.ctx, f.anna, c.ID, "a typing error"))
	f.send()
	if n := len(f.sink.Mails()); n != 0 {
		t.Fatalf("%d mails went out of a campaign that is paused", n)
	}
	p.Steps[0] = letter("one")
	p.Steps[0].Letters[0].Letters["en"] = crm.Template{Subject: "better {{ first_name }}", Text: "Better."}
	c = f.read(c.ID)
	c.Plan = p
	if c, _, err = f.r.Edit(f.ctx, f.anna, c); err != nil || c.Version != 2 {
		t.Fatalf("%+v, %v", c, err)
	}
	first, err := f.s.CampaignPlan(f.ctx, c.ID, 1)
	if err != nil || first.Steps[0].Letters[0].Letters["en"].Subject != letter("one").Letters[0].Letters["en"].Subject {
		t.Errorf("what was launched has changed: %+v, %v", first, err)
	}
	f.check(f.s.ResumeCampaign(f.ctx, f.anna, c.ID))
	f.send()
	treated := 0
	for _, name := range names {
		m := f.member(c, name)
		old, new := f.got(name, "one"), f.got(name, "better")
		want := 1
		if m.Arm == crm.ArmHeldOut || early[address(name)] {
			want = 0
		}
		if m.Arm == crm.ArmTreated {
			treated++
		}
		if old != 0 || new != want || m.Version != 2 || m.Step != "rest" {
			t.Errorf("%s (%s): old %d, new %d, want %d; %+v", name, m.Arm, old, new, want, m)
		}
	}
	keys, rows, err := f.s.CampaignMailings(f.ctx, f.anna, c.ID)
	f.check(err)
	counts := map[int]int{}
	for i, k := range keys {
		counts[k.Version] += rows[i].Recipients[crm.Sent]
	}
	if counts[1] != 3 || counts[2] != treated-3 {
		t.Errorf("by version %v of %d", counts, treated)
	}
	c.Version--
	if _, err := f.s.SaveCampaign(f.ctx, f.anna, c); crm.KindOf(err) != crm.KindConflict {
		t.Errorf("an older version was changed: %v", err)
	}
	c.Version++
	c.Plan.Proof.Holdout = .5
	if _, err := f.s.SaveCampaign(f.ctx, f.anna, c); crm.FieldOf(err) != "proof.holdout" {
		t.Errorf("the arms were drawn anew: %v", err)
	}
}

// A step that goes: who waits there goes on to the next one that stays.
func TestEditMovesMembers(t *testing.T) {
	f := newFirm(t)
	f.customers("Dora", "Eero")
	c := f.launch(f.plan(letter("one"), wait("rest", 5), letter("two"), wait("more", 5), letter("three")))
	f.send()
	c = f.read(c.ID)
	c.Plan.Steps = []crm.Step{letter("one"), letter("three")}
	moves, err := f.r.PreviewEdit(f.ctx, c.ID, c.Plan)
	f.check(err)
	if len(moves) != 1 || moves[0] != (crm.StepMove{Version: 1, From: "rest", To: "three", Members: 2}) {
		t.Errorf("%+v", moves)
	}
	if f.member(c, "Dora").Step != "rest" {
		t.Error("a preview moved somebody")
	}
	_, _, err = f.r.Edit(f.ctx, f.anna, c)
	f.check(err)
	f.passes(5 * 24 * time.Hour)
	f.send()
	if f.got("Dora", "two") != 0 || f.got("Dora", "three") != 1 || f.got("Eero", "three") != 1 {
		t.Errorf("%v", f.touches(c, "Dora"))
	}
	f.check(f.s.CancelCampaign(f.ctx, f.anna, f.launch(f.plan(wait("a", 1), letter("b"))).ID))
	f.passes(48 * time.Hour)
	f.send()
	if f.got("Dora", "b") != 0 {
		t.Error("what was called off was sent")
	}
}
