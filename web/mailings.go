package web

import (
	"net/http"

	"kaveri/crm"
)

// MailingsPage lists mailings, the newest first.
type MailingsPage struct {
	Shell
	Rows []MailingLine
	Next string // address of the next page
}

// MailingLine is a mailing with what has become of it.
type MailingLine struct {
	crm.MailingRow
	Heading string
	Badge   string // the state in words
	Tone    string // good, wait, bad or calm
	When    Stamp
	Bar     []BarPart
	Sums    []Sum
	Total   int
}

// BarPart is a stretch of the progress bar, in thousandths of its width.
type BarPart struct {
	X, Width int
	Tone     string
}

// Sum is one figure beside the bar.
type Sum struct {
	Text, Tone string
}

const mailingsPerPage = 30

func (s *Server) mailingsPage(w http.ResponseWriter, r *http.Request, c *call) error {
	after, err := parseKey(r.URL.Query().Get("after"))
	if err != nil {
		return err
	}
	p := MailingsPage{Shell: s.shell(c, "mailings", c.t("mailings.title"))}
	next := after
	for more := true; more && len(p.Rows) < mailingsPerPage; more = (next != crm.PageKey{}) {
		var rows []crm.MailingRow
		if rows, next, err = s.Ledger.Mailings(r.Context(), c.viewer, nil, next, mailingsPerPage); err != nil {
			return err
		}
		for _, row := range rows {
			if row.Kind.Bulk() { // one's own single mails stand with their customers
				p.Rows = append(p.Rows, c.mailingLine(row))
			}
		}
	}
	if (next != crm.PageKey{}) {
		p.Next = "/mailings?after=" + formatKey(next)
	}
	if isFragment(r) {
		return s.renderPart(w, r, c, "mailings", "mailing-list", p)
	}
	s.render(w, r, c, http.StatusOK, "mailings", p)
	return nil
}

// mailingTones colours the states of a mailing; the words say the same.
var mailingTones = map[crm.MailingState]string{
	crm.MailingDraft: "calm", crm.MailingRunning: "good", crm.MailingPaused: "wait", crm.MailingHeld: "bad", crm.MailingStopped: "calm",
}

// barGroup is what the bar tells apart.
type barGroup struct {
	tone, key string // no tone: the bar is empty there
	states    []crm.DispatchState
}

func (g *barGroup) of(r crm.Recipients) (n int) {
	for _, state := range g.states {
		n += r[state]
	}
	return n
}

// barGroups stand in the order of the bar, from its left end.
var barGroups = []barGroup{
	{"good", "mailing.sum.sent", []crm.DispatchState{crm.Sent}},
	{"wait", "mailing.sum.unknown", []crm.DispatchState{crm.Unknown}},
	{"bad", "mailing.sum.failed", []crm.DispatchState{crm.Failed, crm.Expired}},
	{"calm", "mailing.sum.out", []crm.DispatchState{crm.Suppressed, crm.Cancelled}},
	{"", "mailing.sum.waiting", []crm.DispatchState{crm.Queued, crm.Claimed, crm.Ready, crm.Armed, crm.Deferred}},
}

func (c *call) mailingLine(row crm.MailingRow) MailingLine {
	l := MailingLine{MailingRow: row, Heading: row.Name, Tone: mailingTones[row.State], Badge: c.t(Key("state.mailing." + string(row.State))), When: c.clock.stamp(row.Created), Total: row.Recipients.Total()}
	if !row.Start.IsZero() {
		l.When = c.clock.stamp(row.Start)
	}
	if l.Heading == "" {
		l.Heading = c.t("mail.no-subject")
	}
	switch {
	case row.State == crm.MailingRunning && row.Finished():
		l.Badge, l.Tone = c.t("state.mailing.finished"), "good"
	case row.State == crm.MailingRunning && row.Recipients.Open() == row.Recipients[crm.Unknown]:
		l.Badge, l.Tone = c.t("state.mailing.doubt"), "wait" // not finished: somebody has to say
	}
	l.measure()
	for _, g := range barGroups {
		if n := g.of(row.Recipients); n > 0 {
			l.Sums = append(l.Sums, Sum{c.n(Key(g.key), n), g.tone})
		}
	}
	return l
}

// measure lays out the bar. What there is can be seen, be it one in a million:
// the widest part makes room for it.
func (l *MailingLine) measure() {
	const whole, least = 1000, 6
	widest, sum := 0, 0
	for _, g := range barGroups {
		n := g.of(l.Recipients)
		if n == 0 || g.tone == "" {
			continue
		}
		l.Bar = append(l.Bar, BarPart{Width: max(least, n*whole/l.Total), Tone: g.tone})
		if last := len(l.Bar) - 1; l.Bar[last].Width > l.Bar[widest].Width {
			widest = last
		}
		sum += l.Bar[len(l.Bar)-1].Width
	}
	if sum > whole {
		l.Bar[widest].Width -= sum - whole
	}
	for i := 1; i < len(l.Bar); i++ {
		l.Bar[i].X = l.Bar[i-1].X + l.Bar[i-1].Width
	}
}
