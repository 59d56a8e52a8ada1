package segment_test

import (
	"strings"
	"testing"
	"time"

	"kaveri/crm"
	"kaveri/crm/segment"
)

func moment(t *testing.T, s string) time.Time {
	t.Helper()
	at, err := time.Parse("2006-01-02 15:04 -0700", s)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

func day(t *testing.T, s string) crm.Day { return crm.DayOf(moment(t, s+" 12:00 +0000")) }

// dora bought twice, wishes for lake cruises, and writes. It is ten past midnight
// of 1 June in Helsinki, and still 31 May in UTC.
func dora(t *testing.T) *segment.Facts {
	zone, err := time.LoadLocation("Europe/Helsinki")
	if err != nil {
		t.Fatal(err)
	}
	at := func(s string) time.Time { return moment(t, s) }
	return &segment.Facts{
		Clock: segment.Clock{Now: at("2026-05-31 21:10 +0000"), Zone: zone}, Customer: 7, Name: "Dora", Language: "fi", Owner: "anna@firm.example",
		Stands: crm.RungChange{Day: day(t, "2026-03-03"), Rung: crm.RungOccasional, Timing: crm.TimingDue, Note: crm.NoteWellWisher},
		History: []crm.RungChange{
			{Day: day(t, "2025-12-01"), Rung: crm.RungOneTime, Timing: crm.TimingOnTime},
			{Day: day(t, "2026-03-03"), Rung: crm.RungOccasional, Timing: crm.TimingOnTime, Note: crm.NoteWellWisher},
			{Day: day(t, "2026-05-20"), Rung: crm.RungOccasional, Timing: crm.TimingDue, Note: crm.NoteWellWisher},
		},
		Due: day(t, "2026-05-18"), Overdue: day(t, "2026-06-15"), Value: 120_0000,
		Orders: []segment.Order{
			{At: at("2025-12-01 10:00 +0000"), Net: 100_0000, Full: true, Lines: []segment.Product{{SKU: "EG-1", Name: "Earl Grey", Group: "Tea"}}},
			{At: at("2026-03-02 22:30 +0000"), Net: 19_9000, Lines: []segment.Product{{SKU: "MUG", Name: "Mug"}}, Offers: []string{"SPRING"}},
		},
		Wrote: at("2026-05-24 21:00 +0000"), Written: at("2026-05-24 20:59 +0000"), Open: at("2026-05-29 06:00 +0000"),
		Wishes: []segment.Wish{
			{State: crm.WishNew, Words: []string{"i", "want", "lake", "cruises"}, Said: at("2026-01-05 09:00 +0000")},
			{State: crm.WishDone, Words: []string{"larger", "mugs"}, Said: at("2026-01-05 09:00 +0000"), Done: at("2026-05-30 09:00 +0000")},
		},
		Addresses: []segment.Address{
			{Address: "dora@acme.example", Stopped: true},
			{Address: "dora@home.example", Consents: []crm.Consent{
				{Topic: "offers", Given: true, Source: "form"}, {Topic: "", Given: false, Source: "one-click"}, {Topic: "offers", Given: true, Source: crm.ConsentImport},
				{Topic: "news", Given: true, Source: "colleague"}}},
		},
		Tags:     []string{"fair 2026"},
		Rounds:   []segment.Round{{Campaign: "win back", Treated: true, Exposed: at("2026-02-01 09:00 +0000")}, {Campaign: "summer", HeldOut: true, Entered: at("2026-05-01 09:00 +0000")}},
		Received: []segment.Touch{{Campaign: "win back", At: at("2026-02-01 09:00 +0000")}},
		CameBy:   []time.Time{at("2025-11-30 09:00 +0000")},
	}
}

func TestHolds(t *testing.T) {
	f := dora(t)
	for _, c := range []struct{ holds, fails string }{
		{"rung is occasional", "rung is one-time"},
		{"rung is one of quiet, occasional", "rung is not one of quiet, occasional"},
		{"rung was one-time on 2026-03-02", "rung was one-time on 2026-03-03"},
		{"rung was contact on 2025-11-30", "rung was ever loyal"},
		{"rung was ever one-time", "rung changed in the last 89 days"},
		{"rung changed in the last 90 days", "rung rose in the last 90 days"}, // 90 days ago was 3 March itself
		{"rung rose in the last 91 days", "rung fell in the last 1 year"},
		{"timing fell in the last 13 days", "timing fell in the last 12 days"},
		{"note is well-wisher and not note was well-wisher on 2026-01-01", "note is unproven"},
		{"due since 14 days", "due since 15 days"},
		{"overdue after 13 days", "overdue after 14 days"},
		{"overdue within 14 days", "overdue within 13 days"},
		{"due on 2026-05-18", "due before 2026-05-18"},
		{"not lapsed after 0 days", "lapsed before 2099-01-01"},
		{"orders exactly 2", "orders exactly 2 in the last 3 months"},
		{"spent at least 119.90", "spent more than 119.90"},
		{"spent between 19 and 20 in the last 91 days", "spent at least 1 in the last 89 days"},
		{"last order more than 89 days ago", "last order more than 90 days ago"}, // 3 March in Helsinki
		{"last order in the last 90 days", "last order in the last 89 days"},
		{"first order on 2025-12-01", "first order after 2025-12-01"},
		{`bought "earl grey"`, `bought "earl grey" in the last 90 days`},
		{`bought "MUG" and bought group "tea" at full price`, `bought "mug" at full price`},
		{"full-price share exactly 50 %", "full-price share at least 51 %"},
		{`used offer "spring"`, `used offer "autumn"`},
		{"value between 100 and 120", "value less than 120"},
		{"wrote in the last 7 days", "wrote in the last 6 days"}, // at midnight of 25 May in Helsinki
		{"we last wrote more than 7 days ago", "we wrote in the last 7 days"},
		{"not began a conversation", "last began a conversation before 2026-01-01"},
		{"waiting for our answer since 3 days", "waiting for our answer since 4 days"},
		{"silent for 6 days", "silent for 7 days"},
		{`wishes about "LAKE cruis"`, `wishes about "lakes"`},
		{"wishes fulfilled in the last 1 week", "wishes told"},
		{`wishes about "mugs" fulfilled`, `wishes about "mugs" open`},
		{"not complaint open", "complaint open"},
		{`consents to "news"`, `consents to "offers"`}, // withdrawn with all, and an import does not give it back
		{"reachable", "suppressed"},
		{`tagged "FAIR 2026"`, `tagged "fair"`},
		{"language is fi and owner is anna@firm.example", "owner is nobody or language is unknown"},
		{"not is an organisation", `organisation is "Dora"`},
		{`received "Win back"`, "received a campaign in the last 30 days"},
		{`bought after "win back"`, `bought after "summer"`},
		{"held out of a campaign in the last 31 days", `held out of "win back"`},
		{"came by recommendation and not recommended", `replied to "win back"`},
		{"everybody", "not everybody"},
	} {
		for text, want := range map[string]bool{c.holds: true, c.fails: false} {
			r, err := segment.Parse(text)
			if err != nil {
				t.Errorf("%s: %v", text, err)
			} else if got := r.Holds(f); got != want {
				t.Errorf("%s: %v\n%+v", text, got, r.Explain(f))
			}
		}
	}
}

func TestExplain(t *testing.T) {
	r, err := segment.Parse(`rung is occasional and (due after 14 days or not wishes about "lake cruises")`)
	if err != nil {
		t.Fatal(err)
	}
	step := r.Explain(dora(t))
	if step.Holds || len(step.Of) != 2 || step.Of[0].Found.English != "OCCASIONAL since 3 Mar 2026" || step.Of[0].Found.Finnish != "OCCASIONAL alkaen 3.3.2026" {
		t.Errorf("%+v", step)
	}
	var because []string
	for _, s := range step.Because() {
		because = append(because, s.Text+": "+s.Found.English)
	}
	want := `due after 14 days: 18 May 2026; wishes about "lake cruises": 1 of 2 wishes`
	if got := strings.Join(because, "; "); got != want {
		t.Errorf("because %s\nwant %s", got, want)
	}
	for _, f := range segment.Fields() {
		for _, e := range f.Examples {
			r, err := segment.Parse(e)
			if err != nil {
				t.Fatal(err)
			}
			for _, facts := range []*segment.Facts{dora(t), {Clock: dora(t).Clock, Stands: segment.Nowhere}} {
				for _, s := range r.Explain(facts).Because() {
					if s.Found.English == "" || s.Found.Finnish == "" || strings.Contains(s.Found.English, "0001") {
						t.Errorf("%s: found %+v", e, s.Found)
					}
				}
			}
		}
	}
}
