package web

import (
	"net/http"

	"kaveri/crm"
)

// weeksShown is how many weeks of orders are drawn, this one among them.
const weeksShown = 53

// orderWeeks draws the orders of each week; nil when there are none of this year.
func (s *Server) orderWeeks(r *http.Request, c *call) (*Chart, error) {
	monday := crm.DayOf(c.clock.now.In(c.clock.loc)).Monday()
	since := monday - 7*(weeksShown-1)
	list, err := s.weeks.get(since, s.Now(), func() ([]crm.OrderWeek, error) {
		return s.Loyalty.OrderWeeks(r.Context(), c.viewer, since)
	})
	if err != nil || len(list) == 0 {
		return nil, err
	}
	by, orders := map[crm.Day]crm.OrderWeek{}, 0
	var value crm.Money
	for _, w := range list {
		by[w.Monday] = w
		orders += w.Orders
		value += w.Value
	}
	chart := &Chart{ID: "weeks", Kind: "weeks", Title: c.t("weeks.title"), First: c.t("weeks.week"),
		Series: []ChartSeries{{Name: c.t("weeks.orders"), Tone: "count"}, {Name: c.t("weeks.value", c.firm.Currency), Tone: "value"}},
		Text:   c.t("weeks.text", orders, c.rounded(value))}
	for day := max(since, list[0].Monday); day <= monday; day += 7 {
		w, row := by[day], c.chartRow(day)
		row.add(chart, float64(w.Orders), number(c.lang, int64(w.Orders)))
		row.add(chart, w.Value.Float(), c.rounded(w.Value))
		chart.Rows = append(chart.Rows, row)
	}
	return chart, nil
}
