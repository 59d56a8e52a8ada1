package web

import (
	"fmt"
	"net/http"
	"time"

	"kaveri/crm"
)

// DispatchPage is one mail to one recipient: what was tried, what the servers
// said, what came back.
type DispatchPage struct {
	Shell
	RecipientLine
	Mailing  MailingLine
	Foreign  bool
	Attempts []AttemptLine
	Events   []EventLine
	Retry    bool
}

// AttemptLine is one try, with the server's words.
type AttemptLine struct {
	crm.Attempt
	When        Stamp
	Badge, Tone string
	Stage       string
	Took        string
}

// EventLine is something that was reported later.
type EventLine struct {
	crm.DispatchEvent
	When Stamp
	Text string
}

func (s *Server) dispatchPage(w http.ResponseWriter, r *http.Request, c *call) error {
	d, err := s.dispatch(r, c)
	if err != nil {
		return err
	}
	row, err := s.Ledger.ReadMailing(r.Context(), c.viewer, d.Mailing)
	if err != nil {
		return err
	}
	p := DispatchPage{Shell: s.shell(c, "mailings", string(d.Address)), RecipientLine: c.recipientLine(d), Mailing: c.mailingLine(row), Foreign: c.lang != "en"}
	p.Retry = row.State != crm.MailingStopped && (d.State == crm.Failed || d.State == crm.Expired || d.State == crm.Suppressed)
	attempts, err := s.Ledger.Attempts(r.Context(), c.viewer, d.ID)
	if err != nil {
		return err
	}
	for _, a := range attempts {
		p.Attempts = append(p.Attempts, c.attemptLine(a))
	}
	events, err := s.Ledger.DispatchEvents(r.Context(), c.viewer, d.ID)
	if err != nil {
		return err
	}
	for _, e := range events {
		l := EventLine{DispatchEvent: e, When: c.clock.stamp(e.At), Text: c.t(Key("event." + string(e.Kind)))}
		if e.Machine {
			l.Text = c.t("mailing.by-machines", l.Text)
		}
		p.Events = append(p.Events, l)
	}
	s.render(w, r, c, http.StatusOK, "dispatch", p)
	return nil
}

func (s *Server) dispatch(r *http.Request, c *call) (crm.Dispatch, error) {
	id, err := routeID[crm.DispatchID](r, "id", "mail")
	if err != nil {
		return crm.Dispatch{}, err
	}
	return s.Ledger.Dispatch(r.Context(), c.viewer, id)
}

func (c *call) attemptLine(a crm.Attempt) AttemptLine {
	l := AttemptLine{Attempt: a, When: c.clock.stamp(a.At), Badge: c.dispatchState(a.State), Tone: "calm", Stage: c.t(Key("stage." + string(a.Stage)))}
	if t := dispatchTones[a.State]; t != "" {
		l.Tone = t
	}
	if a.Took >= time.Second {
		l.Took = c.n("attempt.took", int(a.Took/time.Second))
	}
	return l
}

// settleDispatch takes a person's word on a mail in doubt: it arrived, send it
// again, or let it be.
func (s *Server) settleDispatch(w http.ResponseWriter, r *http.Request, c *call) error {
	d, err := s.dispatch(r, c)
	if err != nil {
		return err
	}
	state, err := crm.ParseDispatchState(r.PostFormValue("state"))
	if err == nil {
		err = s.Ledger.ResolveUnknown(r.Context(), c.viewer, d.ID, state)
	}
	if err != nil {
		return err
	}
	return go303(w, r, fmt.Sprintf("/mailings/%d", d.Mailing), "settled")
}

func (s *Server) retryDispatch(w http.ResponseWriter, r *http.Request, c *call) error {
	d, err := s.dispatch(r, c)
	if err != nil {
		return err
	}
	if err := s.Ledger.RetryDispatch(r.Context(), c.viewer, d.ID); err != nil {
		return err
	}
	return go303(w, r, fmt.Sprintf("/dispatches/%d", d.ID), "mailing-retry")
}
