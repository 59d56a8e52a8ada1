package web

import (
	"cmp"
	"net/http"
	"slices"

	"kaveri/crm"
	"kaveri/insight"
)

// RiskPage lists the customers whose awaited value hangs most on one colleague.
type RiskPage struct {
	Shell
	Sum     string
	Of      string // over how many customers was looked
	Strange string // those with whom nobody has talked
	Lines   []RiskLine
}

// RiskLine is such a customer.
type RiskLine struct {
	crm.LoyaltyRow
	Stands, KnownBy, AtRisk, Worth string
}

// riskAmong is how many customers are looked at, by what is awaited of them;
// riskShown how many of them are named.
const (
	riskAmong = 500
	riskShown = 50
)

func (s *Server) riskPage(w http.ResponseWriter, r *http.Request, c *call) error {
	rows, _, err := s.Loyalty.Standings(r.Context(), c.viewer, crm.LoyaltyQuery{Limit: riskAmong})
	if err != nil {
		return err
	}
	rows = slices.DeleteFunc(rows, func(l crm.LoyaltyRow) bool { return l.Value <= 0 })
	ids := make([]crm.CustomerID, len(rows))
	for i := range rows {
		ids[i] = rows[i].Customer
	}
	talks, err := s.Team.Talks(r.Context(), c.viewer, ids)
	if err != nil {
		return err
	}
	all, err := s.Store.Staff(r.Context())
	if err != nil {
		return err
	}
	p := c.risk(rows, talks, byNumber(all))
	p.Shell = s.shell(c, "loyalty", c.t("risk.title"))
	s.render(w, r, c, http.StatusOK, "risk", p)
	return nil
}

// hanging is a customer with who knows them best, and what hangs on that.
type hanging struct {
	row    *crm.LoyaltyRow
	best   insight.Relation
	atRisk float64
}

func (c *call) risk(rows []crm.LoyaltyRow, talks map[crm.CustomerID][]crm.Talk, staff map[crm.StaffID]crm.Staff) (p RiskPage) {
	var list []hanging
	sum, strange, strangers := 0.0, crm.Money(0), 0
	for i := range rows {
		a := insight.LeaverAccountOf(&rows[i], slices.DeleteFunc(insight.Exchanges(talks[rows[i].Customer], c.clock.now), func(e insight.Exchange) bool { return !here(staff)(e.Staff) }))
		best, atRisk := insight.AtStake(&a)
		if best.Staff == 0 {
			strange += rows[i].Value
			strangers++
			continue
		}
		sum += atRisk
		list = append(list, hanging{&rows[i], best, atRisk})
	}
	slices.SortStableFunc(list, func(a, b hanging) int { return cmp.Compare(b.atRisk, a.atRisk) })
	p.Of = c.n("risk.of", len(rows))
	if len(list) > 0 {
		p.Sum = c.t("risk.sum", c.rounded(crm.MoneyOf(sum)), c.n("risk.customers", len(list)))
	}
	if strangers > 0 {
		p.Strange = c.t("risk.strange", c.n("risk.strangers", strangers), c.rounded(strange))
	}
	for _, h := range list[:min(len(list), riskShown)] {
		p.Lines = append(p.Lines, RiskLine{LoyaltyRow: *h.row, Stands: c.stands(h.row.Rung, h.row.Note), KnownBy: c.t("risk.known", staff[h.best.Staff].Name, c.percent(h.best.Share)),
			AtRisk: c.rounded(crm.MoneyOf(h.atRisk)), Worth: c.rounded(h.row.Value)})
	}
	return p
}
