package web

import (
	"net/http"
	"slices"

	"kaveri/crm"
)

// timeShown is how far back the ladder is drawn, in days.
const timeShown = 730

// rungTones are the colours of the rungs over time.
var rungTones = map[crm.Rung]string{crm.RungAdvocate: "advocate", crm.RungLoyal: "loyal", crm.RungFrequent: "frequent", crm.RungOccasional: "occasional", crm.RungOneTime: "one-time", crm.RungQuiet: "quiet", crm.RungLapsed: "lapsed"}

// ladderTime draws the ladder over time; nil while it was counted on one day only.
func (s *Server) ladderTime(r *http.Request, c *call, today crm.Day) (*Chart, error) {
	list, err := s.Loyalty.RungDays(r.Context(), c.viewer, today-timeShown)
	if err != nil {
		return nil, err
	}
	by := map[crm.Day]map[crm.Rung]int{}
	for _, n := range list {
		if by[n.Day] == nil {
			by[n.Day] = map[crm.Rung]int{}
		}
		by[n.Day][n.Rung] = n.Customers
	}
	days := thinned(bought(by))
	if len(days) < 2 {
		return nil, nil
	}
	chart := &Chart{ID: "time", Kind: "lines", Title: c.t("time.title"), First: c.t("time.day")}
	for _, rung := range onLadder {
		chart.Series = append(chart.Series, ChartSeries{c.rung(rung), rungTones[rung], !rung.Active()})
	}
	for _, day := range days {
		row := c.chartRow(day)
		for _, rung := range onLadder {
			n := by[day][rung]
			row.add(chart, float64(n), number(c.lang, int64(n)))
		}
		chart.Rows = append(chart.Rows, row)
	}
	first, last := days[0], days[len(days)-1]
	loyal := func(d crm.Day) int { return by[d][crm.RungLoyal] + by[d][crm.RungAdvocate] }
	chart.Text = c.t("time.text", c.day(first), loyal(first), c.day(last), loyal(last))
	return chart, nil
}

// bought gives the days, in order, from the first on which somebody had ordered.
func bought(by map[crm.Day]map[crm.Rung]int) (days []crm.Day) {
	for day, rungs := range by {
		for _, rung := range onLadder {
			if rungs[rung] > 0 {
				days = append(days, day)
				break
			}
		}
	}
	slices.Sort(days)
	return days
}

// thinned takes of the days the newest of each month; of less than half a year the
// newest of each week, of a few weeks all.
func thinned(days []crm.Day) (out []crm.Day) {
	if len(days) == 0 {
		return nil
	}
	of := func(d crm.Day) int { return int(d) }
	switch span := days[len(days)-1] - days[0]; {
	case span > 180:
		of = func(d crm.Day) int { return d.Time().Year()*12 + int(d.Time().Month()) }
	case span > 28:
		of = func(d crm.Day) int { return int(d.Monday()) }
	}
	for i, d := range days {
		if i+1 == len(days) || of(days[i+1]) != of(d) {
			out = append(out, d)
		}
	}
	return out
}
