package web

import (
	"context"
	"slices"
	"sync"
	"time"

	"kaveri/crm"
)

// team is a small Team in memory: who knows whom is told from the mails and notes
// of the memory, and Juho, who left, has corresponded with every third customer.
type team struct {
	mu       sync.Mutex
	m        *memory
	captured crm.Captured
	coverage crm.Coverage
	left     crm.StaffID
}

func newTeam(m *memory) *team { return &team{m: m} }

// busyTeam is that of the company.
func busyTeam(m *memory) *team {
	t := &team{m: m, left: 4}
	t.captured = crm.Captured{In: 41, Out: 37, Calls: 6, Notes: 1, Customers: 23, Answers: []time.Duration{11 * time.Minute, 50 * time.Minute, 3 * time.Hour, 20 * time.Hour, 4 * 24 * time.Hour}, Confirmed: 3, Met: 1, Waiting: 2, Inherited: 14, Inheriting: 3,
		Orders: 2, Followed: []crm.Followed{{Customer: crm.CustomerRef{ID: 11, Name: "Aino Virtanen"}, Order: 904, Ordered: now.AddDate(0, 0, -1), Talked: now.AddDate(0, 0, -3)}, {Customer: crm.CustomerRef{ID: 12, Name: "Baltic Sea Walks Ltd"}, Order: 904, Ordered: now.AddDate(0, 0, -2), Talked: now.AddDate(0, 0, -9)}}}
	t.coverage = crm.Coverage{Customers: 1200, Reached: 1068, Colleagues: 3, Followed: 2, Boxes: 2, Troubled: 1, ByItself: 402, ByHand: 11, Asked: 5, First: newClock("en", &crm.Firm{TimeZone: "Europe/Helsinki"}, now).midnight(-29)}
	for i := range 30 {
		t.coverage.Mails = append(t.coverage.Mails, (i*7)%23)
	}
	return t
}

func (t *team) owner(c crm.CustomerID) crm.StaffID {
	for _, k := range t.m.customers {
		if k.ID == c && k.Owner != t.left {
			return k.Owner
		}
	}
	return 0
}

// was reports a customer of the colleague who left.
func (t *team) was(c crm.CustomerID) bool { return t.left != 0 && c%3 == 0 }

func (t *team) KnownCustomers(_ context.Context, _ crm.Viewer, staff crm.StaffID) (out []crm.Known, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, c := range t.m.customers {
		if c.Owner == staff || staff == t.left && t.was(c.ID) || staff == 1 && len(t.m.items[c.ID]) > 0 {
			out = append(out, crm.Known{Customer: c.ID, Owner: t.owner(c.ID)})
		}
	}
	return out, t.m.broken
}

func (t *team) Talks(_ context.Context, _ crm.Viewer, ids []crm.CustomerID) (map[crm.CustomerID][]crm.Talk, error) {
	out := map[crm.CustomerID][]crm.Talk{}
	for _, id := range ids {
		if t.was(id) {
			out[id] = append(out[id], crm.Talk{Staff: t.left, At: now.AddDate(0, 0, -10), Answered: true}, crm.Talk{Staff: t.left, At: now.AddDate(0, 0, -20), Answered: true})
		}
		if id%2 == 0 {
			out[id] = append(out[id], crm.Talk{Staff: 2, At: now.AddDate(0, 0, -15), Answered: true})
		}
		if id%5 != 0 {
			out[id] = append(out[id], crm.Talk{Staff: 1, At: now.AddDate(0, 0, -30), Answered: true})
		}
	}
	return out, t.m.broken
}

func (t *team) Briefs(_ context.Context, _ crm.Viewer, ids []crm.CustomerID) (out []crm.CustomerBrief, err error) {
	for _, id := range ids {
		i := slices.IndexFunc(t.m.customers, func(c crm.Customer) bool { return c.ID == id })
		if i < 0 {
			continue
		}
		c := t.m.customers[i]
		b := crm.CustomerBrief{Customer: id, Name: c.Name, Owner: c.Owner, Contacts: c.Contacts}
		if worths, _ := t.Worths(context.Background(), crm.Viewer{}, []crm.CustomerID{id}); worths[id].Rung != "" {
			b.Standing = worths[id]
		}
		for _, it := range t.m.items[id] {
			switch {
			case it.Mail != nil && it.Mail.Direction == crm.In && b.Said.At.IsZero():
				b.Said = crm.Words{At: it.At, By: it.Mail.From.Display(), Subject: it.Mail.Subject, Text: it.Mail.Preview}
			case it.Mail != nil && it.Mail.Direction == crm.Out && b.Wrote.At.IsZero():
				b.Wrote = crm.Words{At: it.At, By: it.Mail.From.Display(), Subject: it.Mail.Subject, Text: it.Mail.Preview}
			case it.Note != nil && b.Noted.At.IsZero():
				b.Noted = crm.Words{At: it.At, By: it.Staff, Text: it.Note.Body, Kind: it.Note.Kind}
			case it.Order != nil && len(b.Orders) < 3:
				b.Orders = append(b.Orders, *it.Order)
			}
		}
		if b.Said.At.After(b.Wrote.At) || t.was(id) {
			b.Owed = b.Said.At
		}
		if id == 12 {
			b.Wishes = []crm.Wish{{Quote: "a smoke sauna for eighteen", Kind: crm.WishWish, State: crm.WishPromised, NotBefore: crm.DayOf(now) + 30, ExpiresOn: crm.DayOf(now) + 300}}
		}
		out = append(out, b)
	}
	return out, t.m.broken
}

func (t *team) Worths(_ context.Context, _ crm.Viewer, ids []crm.CustomerID) (map[crm.CustomerID]crm.LoyaltyRow, error) {
	t.m.register.mu.Lock()
	defer t.m.register.mu.Unlock()
	out := map[crm.CustomerID]crm.LoyaltyRow{}
	for i, id := range ids {
		out[id] = crm.LoyaltyRow{Customer: id, Rung: crm.RungOccasional, Timing: crm.TimingOnTime, PAlive: .5, Value: crm.MoneyOf(float64(400 - 10*i)), Due: crm.DayOf(now) + 12}
		for _, row := range t.m.register.rows {
			if row.Customer == id {
				out[id] = row
			}
		}
	}
	return out, t.m.broken
}

func (t *team) GiveCustomers(_ context.Context, v crm.Viewer, list []crm.Ownership) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !v.MayAdminister() {
		return crm.Forbidden("no")
	}
	for _, o := range list {
		for i := range t.m.customers {
			if t.m.customers[i].ID == o.Customer {
				t.m.customers[i].Owner = o.Staff
			}
		}
	}
	return nil
}

func (t *team) Captured(_ context.Context, v crm.Viewer, span crm.Span) (crm.Captured, error) {
	got := t.captured
	got.Staff = v.Staff
	if span.Until.Before(now) { // it was quiet before
		got = crm.Captured{Staff: v.Staff, In: 1, Answers: []time.Duration{90 * time.Minute}, Customers: 1}
	}
	return got, t.m.broken
}

func (t *team) TeamCaptured(ctx context.Context, v crm.Viewer, span crm.Span) (out []crm.Captured, err error) {
	f, err := t.m.Firm(ctx)
	if err != nil || !f.CompareColleagues || !v.MayAdminister() {
		return nil, crm.Forbidden("no")
	}
	for i := range 3 {
		got := t.captured
		got.Staff, got.In = crm.StaffID(i+1), got.In*(i+1)
		out = append(out, got)
	}
	out[2].Answers = nil
	return out, t.m.broken
}

func (t *team) Coverage(context.Context, crm.Viewer, crm.Span, *time.Location) (crm.Coverage, error) {
	if t.coverage.Mails == nil {
		return crm.Coverage{Colleagues: 1, Mails: make([]int, 30), First: newClock("en", &crm.Firm{}, now).midnight(-29)}, t.m.broken
	}
	return t.coverage, t.m.broken
}
