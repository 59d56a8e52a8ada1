package web

import (
	"net/http"
	"slices"
	"strconv"

	"kaveri/crm"
)

// CoveragePage tells the firm how much of what goes on with customers is captured,
// and lets it say whether colleagues are compared.
type CoveragePage struct {
	Shell
	Facts   []string
	Days    []DayMails
	Any     bool   // there is something to draw
	Empty   string // days of the last ones on which nothing was captured
	Compare bool
	Team    []TeamLine
	Since   string
}

// DayMails is a day of the chart.
type DayMails struct {
	Day       string
	N         int
	X, Y, Bar int // of its column, in a picture of 30 by 100
}

// TeamLine is a colleague beside others.
type TeamLine struct {
	Name                                       string
	In, Out, Calls, Notes, Customers, Answered int
	Half                                       string
}

// coverageDays is over how many days coverage is told, daysNamed how many of them
// are named.
const (
	coverageDays = 30
	daysNamed    = 8
)

func (s *Server) coveragePage(w http.ResponseWriter, r *http.Request, c *call) error {
	span := crm.Span{Since: c.clock.midnight(1 - coverageDays), Until: c.clock.midnight(1)}
	got, err := s.Team.Coverage(r.Context(), c.viewer, span, c.clock.loc)
	if err != nil {
		return err
	}
	p := CoveragePage{Shell: s.shell(c, "settings", c.t("coverage.title")), Facts: c.coverage(&got), Compare: c.firm.CompareColleagues, Since: c.dated(span.Since)}
	p.Days, p.Empty = c.dayMails(&got)
	p.Any = slices.Max(got.Mails) > 0
	if p.Compare {
		if p.Team, err = s.team(r, c, span); err != nil {
			return err
		}
	}
	s.render(w, r, c, http.StatusOK, "coverage", p)
	return nil
}

// coverage puts the counts into sentences.
func (c *call) coverage(got *crm.Coverage) []string {
	out := []string{c.t("coverage.no-customers")}
	if got.Customers > 0 {
		out[0] = c.t("coverage.reached", got.Reached, got.Customers, c.percent(float64(got.Reached)/float64(got.Customers)))
	}
	out = append(out, c.t("coverage.boxes", got.Followed, got.Colleagues))
	if got.Troubled > 0 {
		out = append(out, c.n("coverage.troubled", got.Troubled))
	}
	switch all := got.ByItself + got.ByHand; {
	case all == 0:
		out = append(out, c.t("coverage.no-mail", coverageDays))
	default:
		out = append(out, c.t("coverage.placed", coverageDays, all, got.ByItself, c.percent(float64(got.ByItself)/float64(all)), got.ByHand))
	}
	if got.Asked > 0 {
		out = append(out, c.n("coverage.asked", got.Asked))
	}
	return out
}

// dayMails draws the days, and names those on which nothing was captured.
func (c *call) dayMails(got *crm.Coverage) (out []DayMails, empty string) {
	most := 1
	for _, n := range got.Mails {
		most = max(most, n)
	}
	var without []string
	working := 0
	for i, n := range got.Mails {
		day := got.First.In(c.clock.loc).AddDate(0, 0, i)
		height := n * 96 / most
		if n > 0 {
			height = max(height, 2)
		} else {
			without = append(without, c.clock.date(day))
			if d := day.Weekday(); d != 0 && d != 6 {
				working++
			}
		}
		out = append(out, DayMails{Day: c.clock.date(day), N: n, X: i * 10, Y: 100 - height, Bar: height})
	}
	switch n := len(without); {
	case n == 0:
		return out, c.t("coverage.every-day", len(got.Mails))
	case n > daysNamed:
		return out, c.t("coverage.empty-many", n, len(got.Mails), working)
	}
	return out, c.t("coverage.empty-days", len(without), len(got.Mails), working, listOf(c.lang, without))
}

// team puts colleagues beside each other, as the firm wants it.
func (s *Server) team(r *http.Request, c *call, span crm.Span) (out []TeamLine, err error) {
	list, err := s.Team.TeamCaptured(r.Context(), c.viewer, span)
	if err != nil {
		return nil, err
	}
	all, err := s.Store.Staff(r.Context())
	if err != nil {
		return nil, err
	}
	staff := byNumber(all)
	for _, k := range list {
		l := TeamLine{Name: staff[k.Staff].Name, In: k.In, Out: k.Out, Calls: k.Calls, Notes: k.Notes, Customers: k.Customers, Answered: len(k.Answers), Half: "–"}
		if n := len(k.Answers); n > 0 {
			l.Half = c.lasted(k.Answers[(n-1)/2])
		}
		out = append(out, l)
	}
	return out, nil
}

// saveCompare keeps whether colleagues are compared.
func (s *Server) saveCompare(w http.ResponseWriter, r *http.Request, c *call) error {
	on, err := strconv.ParseBool(r.PostFormValue("compare"))
	if err != nil {
		return crm.Invalid("compare", "choose on or off")
	}
	f := c.firm
	f.CompareColleagues = on
	if err := s.Store.SaveFirm(r.Context(), c.viewer, f); err != nil {
		return err
	}
	return go303(w, r, "/settings/capture", "settings")
}
