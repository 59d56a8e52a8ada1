package web

import (
	"net/http"

	"kaveri/crm"
)

// SuppressionsPage lists the addresses that are not to be written to, with why.
type SuppressionsPage struct {
	Shell
	Rows    []SuppressionLine
	Next    string
	Address string // what was written into the form
	Note    string
	Faults  Faults
}

// SuppressionLine is one of them.
type SuppressionLine struct {
	crm.Suppression
	Why  string
	What string // the topic that alone is not wanted, "" all
	When Stamp
}

const suppressionsPerPage = 50

func (s *Server) suppressionsPage(w http.ResponseWriter, r *http.Request, c *call) error {
	return s.showSuppressions(w, r, c, SuppressionsPage{}, http.StatusOK)
}

func (s *Server) showSuppressions(w http.ResponseWriter, r *http.Request, c *call, p SuppressionsPage, status int) error {
	after, err := parseKey(r.URL.Query().Get("after"))
	if err != nil {
		return err
	}
	list, next, err := s.Ledger.Suppressions(r.Context(), c.viewer, after, suppressionsPerPage)
	if err != nil {
		return err
	}
	for _, x := range list {
		p.Rows = append(p.Rows, SuppressionLine{x, c.t(Key("suppressed." + string(x.Reason))), c.firm.TopicTitle(x.Topic, c.lang), c.clock.stamp(x.At)})
	}
	if (next != crm.PageKey{}) {
		p.Next = "/suppressions?after=" + formatKey(next)
	}
	p.Shell = s.shell(c, "mailings", c.t("suppressions.title"))
	s.render(w, r, c, status, "suppressions", p)
	return nil
}

// suppress enters an address by hand.
func (s *Server) suppress(w http.ResponseWriter, r *http.Request, c *call) error {
	p := SuppressionsPage{Address: r.PostFormValue("address"), Note: r.PostFormValue("note")}
	a, err := crm.ParseAddress(p.Address)
	if err == nil {
		err = s.Ledger.Suppress(r.Context(), crm.Suppression{Address: a, Reason: crm.SuppressedByHand, Evidence: p.Note, At: s.Now(), Staff: c.me.ID})
	}
	if err == nil {
		return go303(w, r, "/suppressions", "suppressed")
	}
	f, ok := c.faults(err, "address")
	if !ok {
		return err
	}
	p.Faults = f
	return s.showSuppressions(w, r, c, p, statusOf[crm.KindOf(err)])
}

// liftSuppression lets an address be written to again; the evidence stays.
func (s *Server) liftSuppression(w http.ResponseWriter, r *http.Request, c *call) error {
	a, err := crm.ParseAddress(r.PostFormValue("address"))
	if err == nil {
		err = s.Ledger.LiftSuppression(r.Context(), c.viewer, a, crm.SuppressionReason(r.PostFormValue("reason")), r.PostFormValue("topic"))
	}
	if err != nil {
		return err
	}
	return go303(w, r, "/suppressions", "lifted")
}

// ReportsPage lists reports of mail that did not arrive which name no mail of
// ours.
type ReportsPage struct {
	Shell
	Rows []ReportLine
	Next string
}

// ReportLine is one of them.
type ReportLine struct {
	crm.UnmatchedReport
	When    Stamp
	Foreign bool
}

func (s *Server) reportsPage(w http.ResponseWriter, r *http.Request, c *call) error {
	after, err := parseKey(r.URL.Query().Get("after"))
	if err != nil {
		return err
	}
	list, next, err := s.Ledger.UnmatchedReports(r.Context(), c.viewer, after, suppressionsPerPage)
	if err != nil {
		return err
	}
	p := ReportsPage{Shell: s.shell(c, "mailings", c.t("reports.title"))}
	for _, u := range list {
		if u.Subject == "" {
			u.Subject = c.t("mail.no-subject")
		}
		u.Reason = capital(u.Reason)
		p.Rows = append(p.Rows, ReportLine{u, c.clock.stamp(u.At), c.lang != "en"})
	}
	if (next != crm.PageKey{}) {
		p.Next = "/reports?after=" + formatKey(next)
	}
	s.render(w, r, c, http.StatusOK, "reports", p)
	return nil
}

// seenReport notes that a colleague has looked at a report.
func (s *Server) seenReport(w http.ResponseWriter, r *http.Request, c *call) error {
	id, err := routeID[crm.MessageID](r, "id", "report")
	if err != nil {
		return err
	}
	if err := s.Ledger.SeenUnmatched(r.Context(), c.viewer, id); err != nil {
		return err
	}
	return go303(w, r, "/reports", "seen")
}
