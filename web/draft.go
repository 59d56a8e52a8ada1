package web

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"kaveri/crm"
)

// DraftPage is where a mail is written.
type DraftPage struct {
	Shell
	Draft    crm.SavedDraft
	Heading  string
	Back     string // the page it was begun on
	Customer string // name; "" when the answered mail is nobody's
	Answered *MailCard
	From     []crm.Identity
	NoBox    bool // the author has no mailbox to write from
	Lacking  string
	To, Cc   []PartyLine
	Snippets []crm.Snippet
	Named    string // whom {{ name }} stands for
	State    DraftState
	Ask      string // what is asked before it goes: it has no text
	Faults   Faults
	Writing  Writers
}

// DraftState is what changes while somebody writes: the files, and when it was
// kept.
type DraftState struct {
	Files  []crm.DraftFile
	Saved  string
	Fault  string // why it was not
	Failed bool   // of the attempt to keep it just now
}

// PartyLine is somebody a mail can go to.
type PartyLine struct {
	crm.Party
	On      bool
	Tone    string // known, colleague, outside: told by Tag in words too
	Tag     string
	Stopped string // why the address must not be written to
	Hint    string // what to know before writing
}

func (s *Server) draftPage(w http.ResponseWriter, r *http.Request, c *call) error {
	d, err := s.draft(r, c)
	if err != nil {
		return err
	}
	if d.Mailing != 0 { // it was sent: shown where it belongs
		return go303(w, r, s.homeOf(r, c, &d), "")
	}
	return s.showDraft(w, r, c, DraftPage{Draft: d}, http.StatusOK)
}

func (s *Server) draft(r *http.Request, c *call) (crm.SavedDraft, error) {
	id, err := routeID[crm.DraftID](r, "id", "draft")
	if err != nil {
		return crm.SavedDraft{}, err
	}
	return s.Drafts.Draft(r.Context(), c.viewer, id)
}

// homeOf gives the page on which a draft was begun.
func (s *Server) homeOf(r *http.Request, c *call, d *crm.SavedDraft) string {
	if d.Answers != 0 {
		if m, err := s.Store.Mail(r.Context(), c.viewer, d.Answers); err == nil && m.Conversation != 0 {
			return fmt.Sprintf("/conversations/%d#writing", m.Conversation)
		}
	}
	if d.Customer != 0 {
		return customerPath(d.Customer) + "#writing"
	}
	return "/customers"
}

// showDraft shows the page with the draft as it was given, which may be as it
// was sent in a form with something wrong.
func (s *Server) showDraft(w http.ResponseWriter, r *http.Request, c *call, p DraftPage, status int) error {
	d := &p.Draft
	p.Back = s.homeOf(r, c, d)
	if d.Customer != 0 {
		cu, err := s.Store.Customer(r.Context(), c.viewer, d.Customer)
		if err != nil {
			return err
		}
		p.Customer = cu.Name
	}
	p.Heading = c.t("draft.new", p.Customer)
	var err error
	if d.Answers != 0 {
		if err = s.fillAnswered(r, c, &p); err != nil {
			return err
		}
	}
	if p.To, p.Cc, err = s.partyLines(r, c, d); err != nil {
		return err
	}
	if d.Answers != 0 && len(p.To) > 0 {
		p.Heading = c.t("draft.answer", p.To[0].Display())
	}
	if p.From, _, err = s.identities(r, c); err != nil {
		return err
	}
	p.lacking(c)
	if p.Snippets, err = s.Drafts.Snippets(r.Context(), c.viewer); err != nil {
		return err
	}
	p.Named = firstName(d)
	p.State = c.draftState(d, "")
	var answered crm.ConversationID
	if p.Answered != nil {
		answered = p.Answered.Conversation
	}
	if p.Writing, err = s.writersBeside(r, c, d, answered); err != nil {
		return err
	}
	p.Shell = s.shell(c, "customers", p.Heading)
	s.render(w, r, c, status, "draft", p)
	return nil
}

// fillAnswered shows the mail that is answered below the answer. One that the
// author may not see any more is not shown, and cannot be answered.
func (s *Server) fillAnswered(r *http.Request, c *call, p *DraftPage) error {
	m, err := s.Store.Mail(r.Context(), c.viewer, p.Draft.Answers)
	if err != nil {
		return err
	}
	k := c.mailCard(m.MailRow, c.clock.stamp(m.At))
	if k.Text, err = s.Store.MailText(r.Context(), c.viewer, m.ID); err != nil {
		return err
	}
	k.Shown, k.Open = true, true
	p.Answered, p.Heading = &k, c.t("draft.answer", m.From.Display())
	return nil
}

// lacking says what keeps the author from sending.
func (p *DraftPage) lacking(c *call) {
	if p.NoBox = len(p.From) == 0; p.NoBox {
		p.Lacking = c.t("draft.no-mailbox")
		return
	}
	i := slices.IndexFunc(p.From, func(i crm.Identity) bool { return i.Mailbox == p.Draft.Mailbox })
	if i < 0 {
		i = 0
	}
	switch chosen := p.From[i]; {
	case !chosen.Ready():
		p.Lacking = c.t("draft.no-sender", chosen.Party.Address.Domain())
	case chosen.Trouble != "":
		p.Lacking = c.t("draft.sender-trouble", chosen.Trouble)
	}
}

// partyLines gives whom the draft can go to: of an answer the people of the
// answered mail, of a new mail the customer's.
func (s *Server) partyLines(r *http.Request, c *call, d *crm.SavedDraft) (to, cc []PartyLine, err error) {
	known := map[crm.Address]bool{}
	var first, others []crm.Party
	var customers []crm.CustomerID
	if d.Answers != 0 {
		m, err := s.Store.Mail(r.Context(), c.viewer, d.Answers)
		if err != nil {
			return nil, nil, err
		}
		if first, others, err = s.replyParties(r, c, m); err != nil {
			return nil, nil, err
		}
		for _, l := range m.Links {
			customers = append(customers, l.Customer)
		}
	}
	if d.Customer != 0 && !slices.Contains(customers, d.Customer) {
		customers = append(customers, d.Customer)
	}
	for _, id := range customers {
		cu, err := s.Store.Customer(r.Context(), c.viewer, id)
		if err != nil {
			return nil, nil, err
		}
		for _, p := range s.knownAddresses(cu) {
			known[p.Address] = true
			if d.Answers == 0 && id == d.Customer {
				first = append(first, p)
			}
		}
	}
	for _, set := range []struct {
		from   []crm.Party
		chosen []crm.Party
		out    *[]PartyLine
	}{{first, d.To, &to}, {others, d.Cc, &cc}} {
		for _, p := range set.from {
			l, err := s.partyLine(r.Context(), c, p, known)
			if err != nil {
				return nil, nil, err
			}
			l.On = hasParty(set.chosen, p.Address)
			*set.out = append(*set.out, l)
		}
	}
	return to, cc, nil
}

func (s *Server) partyLine(ctx context.Context, c *call, p crm.Party, known map[crm.Address]bool) (PartyLine, error) {
	l := PartyLine{Party: p, Tone: "outside", Tag: c.t("draft.outsider")}
	switch {
	case known[p.Address]:
		l.Tone, l.Tag = "known", ""
	case c.firm.Internal(p.Address):
		l.Tone, l.Tag = "colleague", c.t("draft.colleague")
	}
	all, err := s.Drafts.SuppressionsOf(ctx, c.viewer, p.Address)
	for _, stop := range all {
		switch {
		case !stop.Lifted.IsZero():
		case stop.Reason.Stops(crm.MailingDirect):
			l.Stopped = c.t("draft.stopped", c.t(Key("stopped."+string(stop.Reason))))
		default:
			l.Hint = c.t("draft.opted-out")
		}
	}
	return l, err
}

// firstName is the name of the first recipient, for texts that name them.
func firstName(d *crm.SavedDraft) string {
	for _, p := range d.To {
		return p.Name
	}
	return ""
}

func (c *call) draftState(d *crm.SavedDraft, fault string) DraftState {
	st := DraftState{Files: d.Files, Fault: fault, Failed: fault != ""}
	if d.Touched {
		st.Saved = c.t("draft.saved", c.clock.at(d.Changed).Text)
	}
	return st
}

// draftWriters gives again who else is writing, for a page that is open.
func (s *Server) draftWriters(w http.ResponseWriter, r *http.Request, c *call) error {
	d, err := s.draft(r, c)
	if err != nil {
		return err
	}
	var answered crm.ConversationID
	if d.Answers != 0 {
		m, err := s.Store.Mail(r.Context(), c.viewer, d.Answers)
		if err != nil {
			return err
		}
		answered = m.Conversation
	}
	ws, err := s.writersBeside(r, c, &d, answered)
	if err != nil {
		return err
	}
	return s.renderPart(w, r, c, "draft", "writers", ws)
}

// writersBeside says who else writes to the same customer, or in the same
// conversation.
func (s *Server) writersBeside(r *http.Request, c *call, d *crm.SavedDraft, answered crm.ConversationID) (Writers, error) {
	ws, err := s.writers(r, c, crm.Correspondence{Customer: d.Customer, Conversation: answered})
	ws.Refresh = draftPath(d.ID) + "/writers"
	return ws, err
}

// insertSnippet puts a text at the end of what was written.
func insertSnippet(d *crm.SavedDraft, t *crm.Snippet) {
	text := t.For(firstName(d))
	if was := strings.TrimRight(d.Text, "\n "); was != "" {
		text = was + "\n\n" + text
	}
	d.Text = text
}
