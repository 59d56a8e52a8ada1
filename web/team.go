package web

import (
	"cmp"
	"context"
	"time"

	"kaveri/crm"
)

// Acquaintances tell who of us knows whom, and what is to be known of them. Every
// read takes a viewer and returns only what that viewer may see.
type Acquaintances interface {
	// KnownCustomers gives whom a colleague looks after or has been in touch with.
	KnownCustomers(ctx context.Context, v crm.Viewer, staff crm.StaffID) ([]crm.Known, error)
	// Talks gives who was in touch with customers.
	Talks(ctx context.Context, v crm.Viewer, customers []crm.CustomerID) (map[crm.CustomerID][]crm.Talk, error)
	// Briefs gives what is to be known of customers, in the order asked for.
	Briefs(ctx context.Context, v crm.Viewer, customers []crm.CustomerID) ([]crm.CustomerBrief, error)
}

// Team is what the pages about colleagues, and what was captured for them, read
// and change.
type Team interface {
	Acquaintances
	// Worths gives the newest standings of customers, of those who have one.
	Worths(ctx context.Context, v crm.Viewer, customers []crm.CustomerID) (map[crm.CustomerID]crm.LoyaltyRow, error)
	// GiveCustomers says who looks after customers: all of them or none.
	GiveCustomers(ctx context.Context, v crm.Viewer, list []crm.Ownership) error
	// Captured gives what was captured for the viewer.
	Captured(ctx context.Context, v crm.Viewer, span crm.Span) (crm.Captured, error)
	// TeamCaptured gives that of all colleagues; [crm.KindForbidden] unless the
	// firm compares them.
	TeamCaptured(ctx context.Context, v crm.Viewer, span crm.Span) ([]crm.Captured, error)
	Coverage(ctx context.Context, v crm.Viewer, span crm.Span, zone *time.Location) (crm.Coverage, error)
}

// atATime is how many customers are asked about at once.
const atATime = 500

// byNumber gives colleagues by their number.
func byNumber(all []crm.Staff) map[crm.StaffID]crm.Staff {
	out := make(map[crm.StaffID]crm.Staff, len(all))
	for _, s := range all {
		out[s.ID] = s
	}
	return out
}

// here reports a colleague who has not left.
func here(staff map[crm.StaffID]crm.Staff) func(crm.StaffID) bool {
	return func(id crm.StaffID) bool { return id != 0 && staff[id].ID == id && !staff[id].Disabled }
}

// midnight gives the first moment of a day, so many days from that of t.
func (c clock) midnight(days int) time.Time {
	y, m, d := c.now.Date()
	return time.Date(y, m, d+days, 0, 0, 0, 0, c.loc)
}

// periods are the periods that pages offer.
var periods = []string{"week", "last-week", "month", "last-month"}

// span gives a period by its name: the week begins on Monday, and what has begun
// ends now.
func (c clock) span(name string) crm.Span {
	monday := -(int(c.now.Weekday()) + 6) % 7
	first := 1 - c.now.Day()
	y, m, _ := c.now.Date()
	switch name {
	case "last-week":
		return crm.Span{Since: c.midnight(monday - 7), Until: c.midnight(monday)}
	case "month":
		return crm.Span{Since: c.midnight(first), Until: c.midnight(1)}
	case "last-month":
		return crm.Span{Since: time.Date(y, m-1, 1, 0, 0, 0, 0, c.loc), Until: c.midnight(first)}
	}
	return crm.Span{Since: c.midnight(monday), Until: c.midnight(1)}
}

// spanLinks are the links to the periods.
func (c *call) spanLinks(path, chosen string) (out []SpanLink) {
	for _, name := range periods {
		out = append(out, SpanLink{c.t(Key("span." + name)), path + "?span=" + name, name == cmp.Or(chosen, periods[0])})
	}
	return out
}

// lasted writes for how long something took, in the largest unit that it fills.
func (c *call) lasted(d time.Duration) string {
	switch {
	case d < time.Hour:
		return c.n("lasted.minutes", max(1, int(d.Round(time.Minute)/time.Minute)))
	case d < 48*time.Hour:
		return c.n("lasted.hours", int(d.Round(time.Hour)/time.Hour))
	}
	return c.n("lasted.days", int(d.Round(24*time.Hour)/(24*time.Hour)))
}
