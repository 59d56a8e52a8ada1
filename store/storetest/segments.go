package storetest

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"kaveri/crm"
	"kaveri/crm/segment"
	"kaveri/internal/testsegment"
	"kaveri/store"
)

// Segments runs the suite of segments. Its customers are written as rows: the
// store's functions would take minutes for what a rule can ask about, and some of
// it is written by nothing yet.
func Segments(t *testing.T, o store.Options, dsn func(testing.TB) string) {
	for _, test := range []struct {
		name string
		run  func(*testing.T, *crowd)
	}{
		{"RulesInSQLAndGo", testRules},
		{"Saved", testSavedSegments},
		{"Counted", testCountedSegments},
		{"OfOrders", testSegmentsOfOrders},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			own, address := o, dsn(t)
			own.Now = func() time.Time { return crowdNow }
			s, err := store.Open(t.Context(), address, own)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { s.Close() })
			test.run(t, newCrowd(t, s, address))
		})
	}
}

// The statement of a rule finds the customers for whom the rule holds, and no
// others: random rules over random customers.
func testRules(t *testing.T, c *crowd) {
	var people []crm.CustomerID
	c.written(func() {
		all := c.things()
		for range 81 {
			people = append(people, c.person(&all))
		}
		_, err := c.rows.Exec(c.bind(`UPDATE customers SET merged_into = $1 WHERE id = $2`), int64(people[0]), int64(people[80]))
		c.check(err)
	})
	gone := people[80]
	var known []segment.Facts
	for _, id := range people[:80] {
		f, err := c.s.CustomerFacts(c.ctx, c.ritva, id, crowdNow)
		c.check(err)
		if f.Customer != id {
			t.Fatalf("the facts of %d are of %d", id, f.Customer)
		}
		known = append(known, f)
	}
	pairs, in := 0, 0
	rapid.Check(t, func(rt *rapid.T) {
		for _, r := range rapid.SliceOfN(testsegment.Rules(), 6, 6).Draw(rt, "rules") {
			found := c.found(rt, r)
			for i := range known {
				f := &known[i]
				if want := r.Holds(f); found[f.Customer] != want {
					rt.Fatalf("%s\nholds for customer %d: %v, the statement says %v\n%+v\n%+v", r, f.Customer, want, found[f.Customer], r.Explain(f), *f)
				} else if want {
					in++
				}
				pairs++
			}
			if found[gone] {
				rt.Fatalf("%s\nfinds a customer that was merged into another", r)
			}
		}
	})
	t.Logf("%d pairs of rule and customer, in %d of them it holds", pairs, in)
}

// found gives the customers that the statement of a rule finds, in ways that must
// agree.
func (c *crowd) found(t *rapid.T, r segment.Rule) map[crm.CustomerID]bool {
	found := map[crm.CustomerID]bool{}
	last := crm.CustomerID(0)
	for m, err := range c.s.SegmentCustomers(c.ctx, c.anna, r, crowdNow) {
		if err != nil {
			t.Fatalf("%s\n%v", r, err)
		}
		if m.Customer <= last {
			t.Fatalf("%s\n%d comes after %d", r, m.Customer, last)
		}
		last = m.Customer
		found[m.Customer] = true
	}
	if n, err := c.s.CountSegment(c.ctx, c.anna, r, crowdNow); err != nil || n != len(found) {
		t.Fatalf("%s\nis counted as %d, %v, and lists %d", r, n, err, len(found))
	}
	sample, err := c.s.SegmentSample(c.ctx, c.anna, r, crowdNow, 5)
	if err != nil || len(sample) != min(5, len(found)) {
		t.Fatalf("%s\na sample of %d of %d, %v", r, len(sample), len(found), err)
	}
	for _, m := range sample {
		if !found[m.Customer] {
			t.Fatalf("%s\n%d is in the sample only", r, m.Customer)
		}
	}
	return found
}

func testSavedSegments(t *testing.T, c *crowd) {
	save := func(g segment.Saved) (segment.Saved, error) { return c.s.SaveSegment(c.ctx, c.anna, g) }
	g, err := save(segment.Saved{Name: "  Lake  cruises ", Text: `RUNG is one time AND wishes about "lake cruises"`})
	c.check(err)
	if g.Name != "Lake cruises" || g.Text != `rung is one-time and wishes about "lake cruises"` || g.Maker != "Anna" || !g.Created.Equal(crowdNow) {
		t.Errorf("%+v", g)
	}
	for field, bad := range map[string]segment.Saved{"name": {Text: "everybody"}, "segment": {Name: "Bad", Text: "rang is one-time"}} {
		if _, err := save(bad); crm.KindOf(err) != crm.KindInvalid || crm.FieldOf(err) != field {
			t.Errorf("%+v: %v", bad, err)
		}
	}
	if _, err := save(segment.Saved{Name: "LAKE CRUISES!", Text: "everybody"}); crm.KindOf(err) != crm.KindConflict || crm.FieldOf(err) != "name" {
		t.Errorf("a name twice: %v", err)
	}
	c.check(c.s.ArchiveSegment(c.ctx, c.anna, g.ID, true))
	if list, err := c.s.Segments(c.ctx, c.pekka, false); err != nil || len(list) != 0 {
		t.Errorf("in use: %+v, %v", list, err)
	}
	if list, err := c.s.Segments(c.ctx, c.pekka, true); err != nil || len(list) != 1 || !list[0].Archived.Equal(crowdNow) {
		t.Errorf("in the archive: %+v, %v", list, err)
	}
	if _, err := save(segment.Saved{Name: "Lake cruises", Text: "everybody"}); crm.KindOf(err) != crm.KindConflict {
		t.Errorf("a name of the archive: %v", err)
	}
	c.check(c.s.ArchiveSegment(c.ctx, c.anna, g.ID, false))
	g.Name = "Cruises"
	if g, err = save(g); err != nil || g.Name != "Cruises" {
		t.Errorf("another name: %+v, %v", g, err)
	}
	if found, err := c.s.SegmentNamed(c.ctx, c.pekka, "cruises"); err != nil || found.ID != g.ID {
		t.Errorf("found %+v, %v", found, err)
	}
	if _, err := c.s.ReadSegment(c.ctx, c.pekka, g.ID+1000); crm.KindOf(err) != crm.KindNotFound {
		t.Errorf("no such segment: %v", err)
	}
	if _, err := save(segment.Saved{ID: g.ID + 1000, Name: "None", Text: "everybody"}); crm.KindOf(err) != crm.KindNotFound {
		t.Errorf("no such segment: %v", err)
	}
	for name, err := range map[string]error{
		"save":  func() error { _, err := c.s.SaveSegment(c.ctx, crm.Viewer{}, g); return err }(),
		"list":  func() error { _, err := c.s.Segments(c.ctx, crm.Viewer{}, false); return err }(),
		"read":  func() error { _, err := c.s.ReadSegment(c.ctx, crm.Viewer{}, g.ID); return err }(),
		"count": func() error { _, err := c.s.CountSegment(c.ctx, crm.Viewer{}, segment.Rule{}, crowdNow); return err }(),
		"who": func() error {
			for _, err := range c.s.SegmentCustomers(c.ctx, crm.Viewer{}, segment.Rule{}, crowdNow) {
				return err
			}
			return nil
		}(),
	} {
		if err == nil {
			t.Errorf("%s: nobody may", name)
		}
	}
}

// A count goes over more members than are read at once, tells what moved, and no
// movement twice.
func testCountedSegments(t *testing.T, c *crowd) {
	const many = 9000
	c.written(func() {
		for i := range many {
			c.row("customers", map[string]any{"id": 1<<30 + i, "name": "Dora", "sort_key": "dora", "language": one(c, "fi", "sv"), "created_us": 1})
		}
	})
	g, err := c.s.SaveSegment(c.ctx, c.anna, segment.Saved{Name: "Swedish", Text: "language is sv"})
	c.check(err)
	r, err := g.Rule()
	c.check(err)
	before, err := c.s.CountSegment(c.ctx, c.anna, r, crowdNow)
	c.check(err)
	counted := func(at time.Time, want segment.Day) {
		t.Helper()
		got, err := c.s.CountMembers(c.ctx, g.ID, at)
		c.check(err)
		if got != want {
			t.Errorf("counted %+v, want %+v", got, want)
		}
	}
	today := crm.DayOf(crowdNow.In(c.zone))
	counted(crowdNow, segment.Day{Day: today, Members: before})
	update := func(query string, args ...any) int {
		t.Helper()
		done, err := c.db.Exec(c.bind(query), args...)
		c.check(err)
		n, err := done.RowsAffected()
		c.check(err)
		return int(n)
	}
	went := update(`UPDATE customers SET language = 'en' WHERE language = 'sv' AND id % 3 = 0`)
	came := update(`UPDATE customers SET language = 'sv' WHERE language = 'fi' AND id % 2 = 0`)
	tomorrow := crowdNow.AddDate(0, 0, 1)
	want := segment.Day{Day: today + 1, Members: before + came - went, Came: came, Went: went}
	counted(tomorrow, want)
	counted(tomorrow, want) // again: nothing has moved
	back := update(`UPDATE customers SET language = 'sv' WHERE language = 'en' AND id % 5 = 0`)
	want.Members, want.Came = want.Members+back, want.Came+back
	counted(tomorrow, want)
	if g, err = c.s.ReadSegment(c.ctx, c.anna, g.ID); err != nil || g.Members != want.Members || !g.Counted.Equal(tomorrow) {
		t.Errorf("%+v, %v", g, err)
	}
	if list, err := c.s.Uncounted(c.ctx, tomorrow); err != nil || len(list) != 0 {
		t.Errorf("uncounted %+v, %v", list, err)
	}
}

// What the store's own functions keep is what rules find.
func testSegmentsOfOrders(t *testing.T, c *crowd) {
	dora := c.customer("Dora", "dora@acme.example")
	at := func(o crm.Order, back int) crm.Order {
		o.At = crowdNow.AddDate(0, 0, -back)
		return o
	}
	cheap := at(order("2", "dora@acme.example", "8.00", "1 mug 8.00"), 20)
	cheap.Discount = money("2.00")
	offered := at(order("3", "dora@acme.example", "7.00", "1 mug 7.00"), 10)
	offered.Offers = []string{"SPRING"}
	gone := at(order("4", "dora@acme.example", "9.00", "1 tea 9.00"), 5)
	refund := at(order("5", "dora@acme.example", "-9.00"), 4)
	refund.Refunds = "4"
	c.orders(store.OrderOptions{}, at(order("1", "dora@acme.example", "10.00", "1 tea 10.00"), 100), cheap, offered, gone, refund)
	w, err := c.s.AddWish(c.ctx, c.anna, crm.Wish{Customer: dora.ID, Quote: "A cruise on the lakes", Topic: "Lake cruises"})
	c.check(err)
	c.check(c.s.AddConsent(c.ctx, crm.Consent{Address: "dora@acme.example", Topic: "news", Given: true, Source: "form"}))
	holds := func(text string, want bool) {
		t.Helper()
		r, err := segment.Parse(text)
		c.check(err)
		n, err := c.s.CountSegment(c.ctx, c.anna, r, crowdNow)
		c.check(err)
		step, err := c.s.ExplainCustomer(c.ctx, c.anna, r, dora.ID, crowdNow)
		c.check(err)
		if n != map[bool]int{true: 1}[want] || step.Holds != want {
			t.Errorf("%s: %d, %+v", text, n, step)
		}
	}
	holds("orders exactly 3 and spent exactly 25", true)
	holds("full-price share exactly 33 %", false)
	holds("full-price share between 33 and 34 %", true)
	holds(`bought "MUG" and not bought "mug" at full price and bought "tea" at full price`, true)
	holds(`bought "tea" in the last 30 days`, false) // that one was given back
	holds(`used offer "spring" in the last 10 days and last order more than 9 days ago`, true)
	holds(`wishes about "cruises lake" and consents to "news" and reachable`, true)
	c.check(c.s.StepWish(c.ctx, c.anna, w.ID, crm.WishDone, ""))
	holds("wishes fulfilled in the last 0 days and not wishes told", true)
	c.check(c.s.StepWish(c.ctx, c.anna, w.ID, crm.WishTold, ""))
	holds("wishes told and not wishes fulfilled", true)
}
