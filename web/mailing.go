package web

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"kaveri/crm"
)

// MailingPage is one mailing: how far it is, who is in which state, and what a
// person has to decide.
type MailingPage struct {
	Shell
	MailingLine
	Why                 string // it is paused or held, in the program's words
	Foreign             bool   // Why and the reasons are English on a page that is not
	Counts              []StateCount
	Of                  crm.DispatchState // whose recipients are shown, "" all
	Doubts              []DoubtLine
	MoreDoubts          bool
	Recipients          []RecipientLine
	Next                string
	Back                []ResponseLine
	Topic               string // in the reader's language, "" none
	Links               []ClickLine
	Wait                crm.MailingWait
	WaitNext, WaitUntil Stamp
	Retry               int // that can be sent again
	Start, Pause, Resume,
	Stop bool // what can be done now
	Refresh string
}

// StateCount is how many recipients are in a state.
type StateCount struct {
	Text string
	N    int
	Link string
	Here bool
}

// DoubtLine is somebody who may have the mail or not.
type DoubtLine struct {
	crm.Doubt
	Since Stamp
}

// RecipientLine is somebody a mailing goes to.
type RecipientLine struct {
	crm.Dispatch
	Badge, Tone string
	When, Again Stamp
}

// ResponseLine is what came back of a mailing.
type ResponseLine struct {
	Text string
	N    int
}

// ClickLine is what came of one link of a mailing.
type ClickLine struct {
	crm.LinkClicks
	Shown string // the address without its scheme
}

const recipientsPerPage, doubtsPerPage = 50, 50

func (s *Server) mailingPage(w http.ResponseWriter, r *http.Request, c *call) error {
	row, err := s.mailing(r, c)
	if err != nil {
		return err
	}
	p := MailingPage{MailingLine: c.mailingLine(row), Why: capital(row.Reason), Foreign: c.lang != "en", Refresh: r.URL.RequestURI()}
	p.Shell = s.shell(c, "mailings", p.Heading)
	if err := s.fillMailing(r, c, &p); err != nil {
		return err
	}
	if isFragment(r) {
		return s.renderPart(w, r, c, "mailing", "mailing", p)
	}
	s.render(w, r, c, http.StatusOK, "mailing", p)
	return nil
}

// mailing reads the mailing that the address names.
func (s *Server) mailing(r *http.Request, c *call) (crm.MailingRow, error) {
	id, err := routeID[crm.MailingID](r, "id", "mailing")
	if err != nil {
		return crm.MailingRow{}, err
	}
	return s.Ledger.ReadMailing(r.Context(), c.viewer, id)
}

func (s *Server) fillMailing(r *http.Request, c *call, p *MailingPage) error {
	n := p.MailingRow.Recipients
	open := n.Open()
	p.Start = p.State == crm.MailingDraft && p.Total > 0
	p.Pause = p.State == crm.MailingRunning && open > n[crm.Unknown]
	p.Resume = p.State == crm.MailingPaused || p.State == crm.MailingHeld
	p.Stop = p.State != crm.MailingStopped && open > n[crm.Unknown]
	if p.State != crm.MailingStopped && p.State != crm.MailingDraft {
		p.Retry = n[crm.Failed] + n[crm.Expired]
	}
	if err := s.fillRecipients(r, c, p); err != nil {
		return err
	}
	if n[crm.Unknown] > 0 {
		doubts, next, err := s.Ledger.UnknownOf(r.Context(), c.viewer, p.ID, crm.PageKey{}, doubtsPerPage)
		if err != nil {
			return err
		}
		for _, d := range doubts {
			p.Doubts = append(p.Doubts, DoubtLine{d, c.clock.stamp(d.Dispatch.Changed)})
		}
		p.MoreDoubts = next != crm.PageKey{}
	}
	if err := s.fillLinks(r, c, p); err != nil {
		return err
	}
	back, err := s.Ledger.Responses(r.Context(), c.viewer, p.ID)
	for _, b := range back {
		if k := Key("event." + string(b.Kind)); words[k].has() {
			text := c.t(k)
			if b.Machine {
				text = c.t("mailing.by-machines", text)
			}
			p.Back = append(p.Back, ResponseLine{text, b.Mails})
		}
	}
	return err
}

// fillLinks reads what was opened, and what is put off.
func (s *Server) fillLinks(r *http.Request, c *call, p *MailingPage) (err error) {
	if p.MailingRow.Topic != "" {
		p.Topic = c.firm.TopicTitle(p.MailingRow.Topic, c.lang)
	}
	if p.Wait, err = s.Ledger.MailingWaits(r.Context(), c.viewer, p.ID); err != nil {
		return err
	}
	p.Wait.Reason = capital(p.Wait.Reason)
	p.WaitNext, p.WaitUntil = c.clock.stamp(p.Wait.Next), c.clock.stamp(p.Wait.Until)
	clicks, err := s.Ledger.LinkClicks(r.Context(), c.viewer, p.ID)
	for _, l := range clicks {
		_, shown, _ := strings.Cut(l.URL, "://")
		p.Links = append(p.Links, ClickLine{l, strings.TrimSuffix(shown, "/")})
	}
	return err
}

// fillRecipients reads a page of the recipients in the state that is asked for.
func (s *Server) fillRecipients(r *http.Request, c *call, p *MailingPage) error {
	q := r.URL.Query()
	after, err := parseKey(q.Get("after"))
	if err != nil {
		return err
	}
	base := fmt.Sprintf("/mailings/%d", p.ID)
	if state := q.Get("state"); state != "" {
		if p.Of, err = crm.ParseDispatchState(state); err != nil {
			return err
		}
	}
	p.Counts = append(p.Counts, StateCount{c.t("mailing.all"), p.Total, base, p.Of == ""})
	for _, state := range crm.DispatchStates {
		if n := p.MailingRow.Recipients[state]; n > 0 || state == p.Of {
			p.Counts = append(p.Counts, StateCount{c.dispatchState(state), n, base + "?state=" + string(state), state == p.Of})
		}
	}
	list, next, err := s.Ledger.Dispatches(r.Context(), c.viewer, p.ID, p.Of, after, recipientsPerPage)
	for _, d := range list {
		p.Recipients = append(p.Recipients, c.recipientLine(d))
	}
	if (next != crm.PageKey{}) {
		v := url.Values{"after": {formatKey(next)}}
		if p.Of != "" {
			v.Set("state", string(p.Of))
		}
		p.Next = base + "?" + v.Encode()
	}
	return err
}

func (c *call) dispatchState(s crm.DispatchState) string {
	return c.t(Key("state.dispatch." + string(s)))
}

// dispatchTones colours what is not on its way; the words say the same.
var dispatchTones = map[crm.DispatchState]string{crm.Sent: "good", crm.Failed: "bad", crm.Expired: "bad", crm.Unknown: "wait", crm.Deferred: "wait"}

func (c *call) recipientLine(d crm.Dispatch) RecipientLine {
	l := RecipientLine{Dispatch: d, Badge: c.dispatchState(d.State), Tone: "calm", When: c.clock.stamp(d.Changed)}
	if t := dispatchTones[d.State]; t != "" {
		l.Tone = t
	}
	if d.State == crm.Deferred || d.State == crm.Queued && d.Reason != "" {
		l.Again = c.clock.stamp(d.Due)
	}
	return l
}

// turnMailing starts, pauses or resumes a mailing, or sends again what failed.
func (s *Server) turnMailing(w http.ResponseWriter, r *http.Request, c *call) error {
	row, err := s.mailing(r, c)
	if err != nil {
		return err
	}
	act := r.PostFormValue("act")
	switch act {
	case "start":
		err = s.Ledger.StartMailing(r.Context(), c.viewer, row.ID)
	case "pause":
		err = s.Ledger.PauseMailing(r.Context(), row.ID, "paused by "+c.me.Name)
	case "resume":
		err = s.Ledger.ResumeMailing(r.Context(), c.viewer, row.ID)
	case "retry":
		_, err = s.Ledger.RetryFailed(r.Context(), c.viewer, row.ID)
	default:
		err = crm.Invalid("act", "this form says nothing that can be done")
	}
	if err != nil {
		return err
	}
	return go303(w, r, fmt.Sprintf("/mailings/%d", row.ID), "mailing-"+act)
}

// StopMailingPage asks before a mailing is called off.
type StopMailingPage struct {
	Shell
	MailingLine
	Waiting int
}

func (s *Server) stopMailingPage(w http.ResponseWriter, r *http.Request, c *call) error {
	row, err := s.mailing(r, c)
	if err != nil {
		return err
	}
	p := StopMailingPage{MailingLine: c.mailingLine(row), Waiting: row.Recipients.Open() - row.Recipients[crm.Unknown]}
	p.Shell = s.shell(c, "mailings", c.t("mailing.stop"))
	s.render(w, r, c, http.StatusOK, "stop-mailing", p)
	return nil
}

func (s *Server) stopMailing(w http.ResponseWriter, r *http.Request, c *call) error {
	row, err := s.mailing(r, c)
	if err != nil {
		return err
	}
	if err := s.Ledger.StopMailing(r.Context(), c.viewer, row.ID); err != nil {
		return err
	}
	return go303(w, r, fmt.Sprintf("/mailings/%d", row.ID), "mailing-stop")
}

// confirmSending says that this copy of the database may send.
func (s *Server) confirmSending(w http.ResponseWriter, r *http.Request, c *call) error {
	if err := s.Ledger.ConfirmInstance(r.Context(), c.viewer); err != nil {
		return err
	}
	to := ownPath(r.PostFormValue("next"))
	if strings.Contains(to, "done=") {
		to = "/mailings"
	}
	return go303(w, r, to, "sending")
}
