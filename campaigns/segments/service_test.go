package segments_test

import (
	"bytes"
	"context"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"kaveri/campaigns/segments"
	"kaveri/crm"
	"kaveri/crm/segment"
	"kaveri/store"
)

// office is a store with a service and a clock.
type office struct {
	*testing.T
	ctx context.Context
	s   *store.Store
	k   *segments.Service
	now time.Time
}

func newOffice(t *testing.T) *office {
	o := &office{T: t, ctx: context.Background(), now: time.Date(2026, 6, 1, 9, 0, 0, 0, time.UTC)}
	clock := func() time.Time { return o.now }
	s, err := store.Open(o.ctx, "sqlite://"+filepath.Join(t.TempDir(), "kaveri.db"), store.Options{Key: bytes.Repeat([]byte{7}, store.KeySize), Now: clock})
	o.check(err)
	t.Cleanup(func() { s.Close() })
	o.s, o.k = s, segments.New(segments.Options{Store: s, Now: clock})
	o.check(s.SaveFirm(o.ctx, crm.SystemViewer, crm.Firm{Name: "Matkatoimisto Kaukoranta", Language: "fi"}))
	return o
}

func (o *office) check(err error) {
	o.Helper()
	if err != nil {
		o.Fatal(err)
	}
}

func (o *office) stand(c crm.CustomerID, rung crm.Rung) {
	o.Helper()
	st := crm.Standing{Day: crm.DayOf(o.now), Rung: rung, Events: 1}
	o.check(o.s.SaveStandings(o.ctx, []crm.Ranked{{Customer: c, Standing: st}}))
}

// ladder has the night's look at where customers stand done.
func (o *office) ladder() {
	o.Helper()
	o.check(o.s.SaveLadder(o.ctx, crm.LadderFacts{Day: crm.DayOf(o.now)}))
}

func (o *office) days(id crm.SegmentID, want ...string) {
	o.Helper()
	days, err := o.s.SegmentDays(o.ctx, crm.SystemViewer, id, 0)
	o.check(err)
	var got []string
	for _, d := range days {
		got = append(got, fmt.Sprintf("%s %d +%d -%d", d.Day, d.Members, d.Came, d.Went))
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		o.Errorf("days %q, want %q", got, want)
	}
}

func TestMovement(t *testing.T) {
	o := newOffice(t)
	var people []crm.CustomerID
	for i := range 6 {
		c, err := o.s.AddCustomer(o.ctx, crm.SystemViewer, fmt.Sprint("Dora ", i), nil)
		o.check(err)
		people = append(people, c.ID)
		o.stand(c.ID, crm.RungOneTime)
	}
	g, err := o.s.SaveSegment(o.ctx, crm.SystemViewer, segment.Saved{Name: "Once", Text: "RUNG is one time"})
	o.check(err)
	turn := func() { o.Helper(); o.check(o.k.Turn(o.ctx)) }
	turn() // before the first ladder nobody stands anywhere
	o.days(g.ID)
	o.ladder()
	turn()
	o.days(g.ID, "2026-06-01 6 +0 -0")
	o.stand(people[0], crm.RungQuiet)
	turn() // counted today already
	o.days(g.ID, "2026-06-01 6 +0 -0")

	o.now = o.now.AddDate(0, 0, 1)
	o.stand(people[1], crm.RungQuiet)
	c, err := o.s.AddCustomer(o.ctx, crm.SystemViewer, "Carl", nil)
	o.check(err)
	o.stand(c.ID, crm.RungOneTime)
	o.ladder()
	turn()
	turn()
	o.days(g.ID, "2026-06-01 6 +0 -0", "2026-06-02 5 +1 -2")

	// while the night's ladder is awaited nobody is counted
	o.now = o.now.AddDate(0, 0, 1)
	o.stand(people[2], crm.RungQuiet)
	turn()
	o.days(g.ID, "2026-06-01 6 +0 -0", "2026-06-02 5 +1 -2")
	o.ladder()
	turn()
	o.days(g.ID, "2026-06-01 6 +0 -0", "2026-06-02 5 +1 -2", "2026-06-03 4 +0 -1")

	// another rule is no movement of people
	g.Text = "rung is quiet"
	g, err = o.s.SaveSegment(o.ctx, crm.SystemViewer, g)
	o.check(err)
	turn()
	o.days(g.ID, "2026-06-01 6 +0 -0", "2026-06-02 5 +1 -2", "2026-06-03 3 +0 -1")
	of, err := o.s.SegmentsOf(o.ctx, crm.SystemViewer, people[2])
	o.check(err)
	if len(of) != 2 || of[0].Starter != "quiet" || of[1].Name != "Once" {
		t.Errorf("%+v", of)
	}
}

func TestStarters(t *testing.T) {
	o := newOffice(t)
	o.ladder()
	o.check(o.k.Turn(o.ctx))
	list, err := o.s.Segments(o.ctx, crm.SystemViewer, false)
	o.check(err)
	if len(list) != 11 {
		t.Fatalf("%d segments are ready", len(list))
	}
	for i := range list {
		g := &list[i]
		r, err := g.Rule()
		o.check(err)
		if r.String() != g.Text {
			t.Errorf("%s is written %s", g.Text, r)
		}
		if g.Title("fi") != g.Name || g.Title("en") == g.Name || g.Counted.IsZero() {
			t.Errorf("%+v, in English %s", g, g.Title("en"))
		}
	}
	o.check(o.s.ArchiveSegment(o.ctx, crm.SystemViewer, list[0].ID, true))
	o.check(o.k.Turn(o.ctx))
	if list, err = o.s.Segments(o.ctx, crm.SystemViewer, false); err != nil || len(list) != 10 {
		t.Errorf("%d segments are in use after one went to the archive, %v", len(list), err)
	}
}
