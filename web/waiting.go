package web

import (
	"cmp"
	"context"
	"net/http"
	"time"

	"kaveri/crm"
	"kaveri/insight"
)

// Questions is what waits for our answer.
type Questions interface {
	// Waiting gives what waits, as far as the viewer may see it: of a customer, or
	// (0) of all.
	Waiting(ctx context.Context, v crm.Viewer, customer crm.CustomerID) ([]crm.WaitingRow, error)
	// Closed gives what colleagues have said since then to need no answer.
	Closed(ctx context.Context, v crm.Viewer, customer crm.CustomerID, since time.Time) ([]crm.ClosedRow, error)
	// CloseQuestion says that a mail needs no answer, ReopenQuestion takes it back.
	CloseQuestion(ctx context.Context, v crm.Viewer, id crm.MessageID) error
	ReopenQuestion(ctx context.Context, v crm.Viewer, id crm.MessageID) error
	// Knowers gives who writes to these customers most.
	Knowers(ctx context.Context, v crm.Viewer, customers []crm.CustomerID) (map[crm.CustomerID]crm.Knower, error)
}

const (
	waitingOnTop   = 5   // above the list of customers
	waitingPerPage = 100 // the next ones come when these are answered
	closedShown    = 24 * time.Hour
	closedPerPage  = 10
)

// WaitingPage is what waits for our answer, in the order of service.
type WaitingPage struct {
	Shell
	Part   WaitingPart
	Closed []ClosedLine
}

// WaitingPart is the list itself.
type WaitingPart struct {
	Rows []WaitingLine
	All  int // that wait
	More int // of them that are not shown
}

// WaitingLine is one of them.
type WaitingLine struct {
	crm.WaitingRow
	Came   Stamp
	Stands string // the rung; "" while that was not found
	Tone   string
	Asks   string // who, when that is not the customer's name
	Knows  string // who looks after them, or writes to them most
	Back   string
}

// ClosedLine is a mail that was said to need no answer.
type ClosedLine struct {
	crm.ClosedRow
	When Stamp
	Text string
	Back string
}

func (s *Server) waitingPage(w http.ResponseWriter, r *http.Request, c *call) error {
	top := r.URL.Query().Get("top") != ""
	limit, back := waitingPerPage, "/waiting"
	if top {
		limit, back = waitingOnTop, "/customers"
	}
	part, err := s.waitingPart(r, c, limit, back)
	if err != nil {
		return err
	}
	if top {
		return s.renderPart(w, r, c, "customers", "waiting-top", part)
	}
	p := WaitingPage{Shell: s.shell(c, "customers", c.t("waiting.title")), Part: part}
	if p.Closed, err = s.closed(r, c, 0, "/waiting"); err != nil {
		return err
	}
	if isFragment(r) {
		return s.renderPart(w, r, c, "waiting", "waiting-list", p)
	}
	s.render(w, r, c, http.StatusOK, "waiting", p)
	return nil
}

// waitingPart gives what waits: advocates first, then the loyal and so on, and on
// each step who has waited longest.
func (s *Server) waitingPart(r *http.Request, c *call, limit int, back string) (p WaitingPart, err error) {
	rows, err := s.Store.Waiting(r.Context(), c.viewer, 0)
	if err != nil {
		return p, err
	}
	insight.ByService(rows)
	p.All = len(rows)
	rows = rows[:min(len(rows), limit)]
	p.More = p.All - len(rows)
	var of []crm.CustomerID
	for _, w := range rows {
		of = append(of, w.Customer)
	}
	knows, err := s.Store.Knowers(r.Context(), c.viewer, of)
	for _, w := range rows {
		l := c.waitingLine(w, knows[w.Customer])
		l.Back = back
		p.Rows = append(p.Rows, l)
	}
	return p, err
}

// waitingTones colour the rungs of those who come first.
var waitingTones = map[crm.Rung]string{crm.RungAdvocate: "good", crm.RungLoyal: "good", crm.RungFrequent: "wait"}

func (c *call) waitingLine(w crm.WaitingRow, k crm.Knower) WaitingLine {
	l := WaitingLine{WaitingRow: w, Came: c.clock.since(w.Since)}
	if w.Rung != "" {
		l.Stands, l.Tone = c.stands(w.Rung, w.Note), cmp.Or(waitingTones[w.Rung], "calm")
	}
	if w.Contact != w.Name {
		l.Asks = w.Contact
	}
	if l.Subject == "" {
		l.Subject = c.t("mail.no-subject")
	}
	switch {
	case w.Owner != "":
		l.Knows = c.t("customer.owner", w.Owner)
	case k.Name != "":
		l.Knows = c.t("waiting.knows", k.Name)
	}
	return l
}

// waitingOf gives what waits of a customer, and what was said lately not to.
func (s *Server) waitingOf(r *http.Request, c *call, id crm.CustomerID) (open []WaitingLine, closed []ClosedLine, err error) {
	rows, err := s.Store.Waiting(r.Context(), c.viewer, id)
	for _, w := range rows {
		l := c.waitingLine(w, crm.Knower{})
		l.Back = customerPath(id)
		open = append(open, l)
	}
	if err == nil {
		closed, err = s.closed(r, c, id, customerPath(id))
	}
	return open, closed, err
}

// closed gives what was said lately to need no answer.
func (s *Server) closed(r *http.Request, c *call, customer crm.CustomerID, back string) (out []ClosedLine, err error) {
	rows, err := s.Store.Closed(r.Context(), c.viewer, customer, s.Now().Add(-closedShown))
	for _, row := range rows[:min(len(rows), closedPerPage)] {
		l := ClosedLine{ClosedRow: row, When: c.clock.since(row.At), Back: back, Text: c.t("waiting.closed-line")}
		if row.Staff != "" {
			l.Text = c.t("waiting.closed-by", row.Staff)
		}
		if l.Subject == "" {
			l.Subject = c.t("mail.no-subject")
		}
		out = append(out, l)
	}
	return out, err
}

// closeQuestion says that a mail needs no answer, or takes that back.
func (s *Server) closeQuestion(w http.ResponseWriter, r *http.Request, c *call) error {
	id, err := routeID[crm.MessageID](r, "id", "mail")
	if err != nil {
		return err
	}
	back := ownPath(r.PostFormValue("back"))
	if back == "/" {
		back = "/waiting"
	}
	done := "no-answer"
	switch r.PostFormValue("answer") {
	case "none":
		err = s.Store.CloseQuestion(r.Context(), c.viewer, id)
	case "undo":
		done = "no-answer-undone"
		err = s.Store.ReopenQuestion(r.Context(), c.viewer, id)
	default:
		err = crm.Invalid("answer", "say none or undo")
	}
	if crm.KindOf(err) == crm.KindConflict && err != nil { // somebody was faster
		return go303(w, r, back, "answered-before")
	}
	if err != nil {
		return err
	}
	return go303(w, r, back, done)
}
