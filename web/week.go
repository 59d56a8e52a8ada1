package web

import (
	"net/http"
	"strings"

	"kaveri/crm"
)

// WeekPage shows a colleague what was captured for them in a while, and what it
// led to. It judges nobody and compares with nobody.
type WeekPage struct {
	Shell
	Lead     string
	Spans    []SpanLink
	From     string // the first and the last day
	Nothing  bool
	Boxes    bool // they have a mailbox here
	Captured []Fact
	Led      []string
	Followed []FollowedLine
	Note     string // what followed does not mean
	Known    string
}

// Fact is a number and what it counts.
type Fact struct{ N, Text string }

// FollowedLine is an order that followed a conversation.
type FollowedLine struct {
	crm.Followed
	When string
}

func (s *Server) weekPage(w http.ResponseWriter, r *http.Request, c *call) error {
	name := r.URL.Query().Get("span")
	span := c.clock.span(name)
	got, err := s.Team.Captured(r.Context(), c.viewer, span)
	if err != nil {
		return err
	}
	known, err := s.Team.KnownCustomers(r.Context(), c.viewer, c.me.ID)
	if err != nil {
		return err
	}
	boxes, err := s.Drafts.OwnMailboxes(r.Context(), c.viewer)
	if err != nil {
		return err
	}
	p := WeekPage{Shell: s.shell(c, "", c.t("week.title")), Spans: c.spanLinks("/week", name), From: c.spanText(span), Known: c.n("week.known", len(known)), Lead: c.t("week.lead.own")}
	if c.firm.CompareColleagues {
		p.Lead = c.t("week.lead.compared")
	}
	p.Boxes = len(boxes) > 0
	p.Captured = c.captured(&got)
	p.Nothing = got.In+got.Out+got.Calls+got.Notes == 0
	p.Led, p.Followed = c.ledTo(&got)
	if len(p.Followed) > 0 {
		p.Note = c.t("week.followed.note")
	}
	s.render(w, r, c, http.StatusOK, "week", p)
	return nil
}

// spanText names the first and the last day of a span.
func (c *call) spanText(span crm.Span) string {
	first, last := c.dated(span.Since), c.dated(span.Until.Add(-1))
	if first == last {
		return first
	}
	return c.t("week.days", first, last)
}

func (c *call) captured(got *crm.Captured) (out []Fact) {
	for _, f := range []struct {
		key Key
		n   int
	}{{"week.in", got.In}, {"week.out", got.Out}, {"week.calls", got.Calls}, {"week.notes", got.Notes}, {"week.customers", got.Customers}} {
		n, text, _ := strings.Cut(c.n(f.key, f.n), " ")
		out = append(out, Fact{n, text})
	}
	return out
}

// ledTo says what came of it. What did not happen is left out.
func (c *call) ledTo(got *crm.Captured) (out []string, followed []FollowedLine) {
	add := func(k Key, n int) {
		if n > 0 {
			out = append(out, c.n(k, n))
		}
	}
	if n := len(got.Answers); n == 1 {
		out = append(out, c.t("week.answered-one", c.lasted(got.Answers[0])))
	} else if n > 1 {
		out = append(out, c.t("week.answered", n, c.lasted(got.Answers[(n-1)/2]), c.lasted(got.Answers[n-1])))
	}
	add("week.waiting", got.Waiting)
	add("week.confirmed", got.Confirmed)
	add("week.met", got.Met)
	if got.Inherited > 0 {
		out = append(out, c.t("week.inherited", c.n("week.inherited.mails", got.Inherited), c.n("week.inherited.customers", got.Inheriting)))
	}
	add("week.followed", got.Orders)
	for _, f := range got.Followed {
		followed = append(followed, FollowedLine{f, c.t("week.followed.line", c.dated(f.Talked), c.dated(f.Ordered))})
	}
	return out, followed
}
