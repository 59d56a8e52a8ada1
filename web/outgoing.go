package web

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"kaveri/crm"
)

// WritingPart is what stands beside a timeline: who is writing, what is on its
// way, and the viewer's own drafts.
type WritingPart struct {
	Writers
	Outgoing []OutgoingLine
	Drafts   []DraftLine
	Moving   bool // the page looks again by itself
}

// Writers says which colleagues are writing.
type Writers struct {
	Lines   []string
	Refresh string // address that gives it again
	Events  string // names of the events after which it is asked for
}

// OutgoingLine is a mail that was sent from here and is not captured yet.
type OutgoingLine struct {
	crm.Outgoing
	Who     string
	Title   string
	When    Stamp
	Mine    bool
	Left    int    // milliseconds until it leaves; 0: it may have left
	Seconds int    // the same, for people
	Undo    bool   // it can be taken back
	State   string // in words
	Tone    string
	Each    []RecipientLine // when they differ, or need a word
	Filing  string          // why it is not in the Sent folder
}

// DraftLine is a draft in a list.
type DraftLine struct {
	ID      crm.DraftID
	Title   string
	Preview string
	When    Stamp
}

// writing gathers what stands beside the timeline of a customer or the mails of
// a conversation.
func (s *Server) writing(r *http.Request, c *call, of crm.Correspondence) (WritingPart, error) {
	p := WritingPart{}
	var err error
	if p.Writers, err = s.writers(r, c, of); err != nil {
		return p, err
	}
	out, err := s.Drafts.Outgoing(r.Context(), c.viewer, of)
	if err != nil {
		return p, err
	}
	for _, o := range out {
		l := c.outgoingLine(o, s.Now())
		p.Outgoing = append(p.Outgoing, l)
		p.Moving = p.Moving || o.Moving()
	}
	drafts, err := s.Drafts.OwnDrafts(r.Context(), c.viewer, of)
	for _, d := range drafts {
		l := DraftLine{ID: d.ID, Title: d.Subject, Preview: preview(d.Text), When: c.clock.stamp(d.Changed)}
		if strings.TrimSpace(l.Title) == "" {
			l.Title = c.t("mail.no-subject")
		}
		p.Drafts = append(p.Drafts, l)
	}
	return p, err
}

// preview gives the first words of a text.
func preview(s string) string {
	const most = 160
	s = strings.Join(strings.Fields(s), " ")
	for i := range s {
		if i >= most {
			return s[:i] + " …"
		}
	}
	return s
}

func (s *Server) writers(r *http.Request, c *call, of crm.Correspondence) (Writers, error) {
	w := Writers{Refresh: fmt.Sprintf("/customers/%d/writing", of.Customer), Events: "mailings from:body, hello from:body"}
	if of.Customer != 0 {
		w.Events = fmt.Sprintf("writing-%d from:body, customer-%d from:body, ", of.Customer, of.Customer) + w.Events
	}
	if of.Conversation != 0 {
		w.Refresh = fmt.Sprintf("/conversations/%d/writing", of.Conversation)
		w.Events = fmt.Sprintf("answering-%d from:body, customers from:body, ", of.Conversation) + w.Events
	}
	list, err := s.Drafts.Writers(r.Context(), c.viewer, of)
	for _, l := range list {
		k := Key("writing.since")
		if l.Sent {
			k = "writing.sent"
		}
		w.Lines = append(w.Lines, c.t(k, l.Name, c.clock.at(l.Since).Text))
	}
	return w, err
}

// outgoingLine says how a mail fares that was sent from here.
func (c *call) outgoingLine(o crm.Outgoing, now time.Time) OutgoingLine {
	l := OutgoingLine{Outgoing: o, Title: o.Subject, When: c.clock.stamp(o.Sent), Mine: o.Staff == c.me.ID}
	if strings.TrimSpace(l.Title) == "" {
		l.Title = c.t("mail.no-subject")
	}
	to := append(o.To[:len(o.To):len(o.To)], o.Cc...)
	l.Who = c.t("mail.from-to", o.Author, to[0].Display())
	if more := len(to) - 1; more > 0 {
		l.Who += " " + c.t("mail.and-more", more)
	}
	l.State, l.Tone = c.outgoingState(&o)
	if left := o.Sent.Add(crm.UndoTime).Sub(now); l.Mine && o.Unsent {
		l.Undo = true
		if left > 0 && o.Waiting() {
			l.Left, l.Seconds = int(left.Milliseconds()), int((left+time.Second-1)/time.Second)
			l.State, l.Tone = "", "wait"
		}
	}
	alike := !slices.ContainsFunc(o.Recipients, func(d crm.Dispatch) bool { return d.State != o.Recipients[0].State })
	for _, d := range o.Recipients {
		if !alike || d.Reason != "" || d.State == crm.Deferred {
			l.Each = append(l.Each, c.recipientLine(d))
		}
	}
	if o.Trouble != "" && l.Mine {
		l.Filing = o.Trouble
	}
	return l
}

// outgoingState sums up the recipients: the worst is said first.
func (c *call) outgoingState(o *crm.Outgoing) (text, tone string) {
	n := crm.Recipients{}
	for _, d := range o.Recipients {
		n[d.State]++
	}
	switch all := len(o.Recipients); {
	case o.State == crm.MailingHeld || o.State == crm.MailingPaused:
		return c.t("outgoing.held"), "wait"
	case n[crm.Failed]+n[crm.Expired]+n[crm.Suppressed] > 0:
		return c.t("outgoing.failed"), "bad"
	case n[crm.Unknown] > 0:
		return c.t("outgoing.unknown"), "wait"
	case n[crm.Deferred] > 0:
		return c.t("outgoing.deferred"), "wait"
	case n[crm.Sent] == all:
		return c.t("outgoing.sent"), "good"
	case n[crm.Cancelled] > 0 && n[crm.Cancelled]+n[crm.Sent] == all:
		return c.t("outgoing.cancelled"), "calm"
	}
	return c.t("outgoing.sending"), "wait"
}

// customerWriting gives the part again for a customer's page that is open.
func (s *Server) customerWriting(w http.ResponseWriter, r *http.Request, c *call) error {
	cu, err := s.customer(r, c)
	if err != nil {
		return err
	}
	return s.writingPart(w, r, c, crm.Correspondence{Customer: cu.ID})
}

// conversationWriting gives it for a conversation's.
func (s *Server) conversationWriting(w http.ResponseWriter, r *http.Request, c *call) error {
	id, err := routeID[crm.ConversationID](r, "id", "conversation")
	if err != nil {
		return err
	}
	if _, err := s.Store.Conversation(r.Context(), c.viewer, id); err != nil {
		return err
	}
	return s.writingPart(w, r, c, crm.Correspondence{Conversation: id})
}

func (s *Server) writingPart(w http.ResponseWriter, r *http.Request, c *call, of crm.Correspondence) error {
	p, err := s.writing(r, c, of)
	if err != nil {
		return err
	}
	return s.renderPart(w, r, c, "customer", "writing", p)
}
