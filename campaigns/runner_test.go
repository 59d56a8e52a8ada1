package campaigns_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"kaveri/campaigns"
	"kaveri/crm"
)

func TestOneMailToEverybody(t *testing.T) {
	f := newFirm(t)
	f.customers("Dora", "Eero", "Frans")
	c := f.launch(f.plan())
	if c.State != crm.CampaignRunning || c.Launched.IsZero() {
		t.Errorf("launched: %+v", c)
	}
	f.send()
	for _, name := range []string{"Dora", "Eero", "Frans"} {
		if n := f.got(name, "hello "+name); n != 1 {
			t.Errorf("%s got %d mails", name, n)
		}
		if m := f.member(c, name); m.State != crm.MemberDone || m.Exposed.IsZero() || m.Arm != crm.ArmTreated {
			t.Errorf("%s: %+v", name, m)
		}
	}
	if c = f.read(c.ID); c.State != crm.CampaignFinished {
		t.Errorf("it is %s", c.State)
	}
	if n := f.turn(); n != 0 {
		t.Errorf("%d more", n)
	}
}

// The held-out get nothing, and a row at the same second as the others.
func TestHoldout(t *testing.T) {
	f := newFirm(t)
	names := f.many(60)
	p := f.plan(letter("first"), wait("rest", 3), letter("second"))
	p.Proof.Holdout = .4
	c := f.launch(p)
	f.send()
	f.passes(73 * time.Hour)
	f.send()
	held, touched := 0, map[crm.Arm][]time.Time{}
	for _, name := range names {
		m := f.member(c, name)
		touched[m.Arm] = append(touched[m.Arm], m.Exposed)
		want, n := 1, f.got(name, "first")+f.got(name, "second")
		if m.Arm == crm.ArmHeldOut {
			held++
			want = 0
			if got := f.touches(c, name); !slices.Equal(got, []string{"would-send first held-out", "would-send second held-out"}) {
				t.Errorf("%s: %v", name, got)
			}
		}
		if n != 2*want {
			t.Errorf("%s (%s) got %d mails", name, m.Arm, n)
		}
		if m.Why.Draw < .4 != (m.Arm == crm.ArmHeldOut) || m.Why.Key != fmt.Sprintf("campaign:%d", c.ID) {
			t.Errorf("%s: %+v", name, m)
		}
	}
	if held < 12 || held > 36 {
		t.Errorf("%d of 60 held out", held)
	}
	for _, at := range slices.Concat(touched[crm.ArmTreated], touched[crm.ArmHeldOut]) {
		if !at.Equal(touched[crm.ArmTreated][0]) {
			t.Errorf("exposed at %s and %s", at, touched[crm.ArmTreated][0])
		}
	}
}

// Freezing twice, or once more after it was cut short, gives the same rows.
func TestFreezeIsTheSameAgain(t *testing.T) {
	f := newFirm(t)
	names := f.many(40)
	p := f.plan()
	p.Proof.Holdout = .3
	p.Steps[0].Letters = append(p.Steps[0].Letters, crm.Variant{Name: "b", Letters: map[string]crm.Template{"en": {Subject: "b", Text: "b"}}})
	c := f.campaign(p)
	first, err := f.r.Freeze(f.ctx, c.ID)
	f.check(err)
	rows := map[string]crm.Member{}
	variants := map[int]int{}
	for _, n := range names {
		rows[n] = f.member(c, n)
		variants[rows[n].Variant]++
	}
	if variants[0] == 0 || variants[1] == 0 || variants[0]+variants[1] != 40 {
		t.Errorf("variants %v", variants)
	}
	f.passes(time.Hour)
	second, err := f.r.Freeze(f.ctx, c.ID)
	f.check(err)
	f.check(f.s.Thaw(f.ctx, f.anna, c.ID))
	third, err := f.r.Freeze(f.ctx, c.ID)
	f.check(err)
	if first.Treated != second.Treated || first.HeldOut != third.HeldOut || first.Customers != 40 {
		t.Errorf("%+v, %+v, %+v", first, second, third)
	}
	for _, n := range names {
		if m := f.member(c, n); m.Arm != rows[n].Arm || m.Variant != rows[n].Variant || m.Contact != rows[n].Contact {
			t.Errorf("%s was %+v and is %+v", n, rows[n], m)
		}
	}
}

func TestWhoCannotBeWrittenTo(t *testing.T) {
	f := newFirm(t)
	f.customers("Dora", "Out", "Stopped")
	f.check(f.s.AddConsent(f.ctx, crm.Consent{Address: address("Out"), Topic: "news", Source: "form", At: f.now}))
	f.check(f.s.Suppress(f.ctx, crm.Suppression{Address: address("Stopped"), Reason: crm.SuppressedBounced, Evidence: "550"}))
	for _, n := range []string{"Silent", "Nowhere"} {
		var as []crm.Address
		if n == "Silent" {
			as = append(as, address(n))
		}
		c, err := f.s.AddCustomer(f.ctx, crm.SystemViewer, n, as)
		f.check(err)
		f.people[n] = c
		f.tag(n)
	}
	c := f.campaign(f.plan())
	l, err := f.r.Preview(f.ctx, f.anna, c.ID, campaigns.LaunchOptions{})
	f.check(err)
	for code, n := range map[crm.ReasonCode]int{crm.ReasonSuppressed: 2, crm.ReasonNoConsent: 1, crm.ReasonNoAddress: 1} {
		if l.Frozen.LeftOut[code] != n {
			t.Errorf("%s: %d, want %d (%v)", code, l.Frozen.LeftOut[code], n, l.Frozen.LeftOut)
		}
	}
	if l.Frozen.Treated != 1 || l.Rendered[0].Good != 1 {
		t.Errorf("%+v", l)
	}
	p := f.plan()
	p.Whom.Rule = named("Silent")
	none := f.campaign(p)
	if _, err := f.r.Launch(f.ctx, f.anna, none.ID, campaigns.LaunchOptions{}); crm.FieldOf(err) != "whom.rule" {
		t.Errorf("nobody can be written to: %v", err)
	}
}

// A text that has no value for somebody is told before anything is sent, and then
// leaves them out of it.
func TestMissingFields(t *testing.T) {
	f := newFirm(t)
	f.customers("Dora", "Eero")
	f.order("Dora", 50, f.now.AddDate(0, 0, -40))
	p := f.plan()
	p.Steps[0].Letters[0].Letters["en"] = crm.Template{Subject: "{{ days }} days", Text: "Since {{ last_order | date: \"long\" }}."}
	c := f.campaign(p)
	l, err := f.r.Launch(f.ctx, f.anna, c.ID, campaigns.LaunchOptions{})
	if crm.KindOf(err) != crm.KindConflict || l.Missing() != 1 || l.Rendered[0].Missing[0].Field != "days" && l.Rendered[0].Missing[0].Field != "last_order" {
		t.Fatalf("%+v, %v", l, err)
	}
	f.send()
	if len(f.sink.Mails()) != 0 {
		t.Error("it was sent")
	}
	_, err = f.r.Launch(f.ctx, f.anna, c.ID, campaigns.LaunchOptions{Accept: true})
	f.check(err)
	f.send()
	if f.got("Dora", "40 days") != 1 || f.got("Eero", "") != 0 {
		t.Errorf("got %d and %d", f.got("Dora", "40 days"), f.got("Eero", ""))
	}
	if got := f.touches(c, "Eero"); !slices.Equal(got, []string{"left-out hello no-field"}) {
		t.Errorf("%v", got)
	}
}
