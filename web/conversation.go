package web

import (
	"fmt"
	"net/http"

	"kaveri/crm"
)

// ConversationPage is a conversation, oldest mail first.
type ConversationPage struct {
	Shell
	Subject string
	Mails   []MailCard
	Span    string    // from when to when
	Last    *MailCard // what is answered; nil when robots have written all of it
	LastTo  string    // who gets the answer
	Writing WritingPart
}

func (s *Server) conversationPage(w http.ResponseWriter, r *http.Request, c *call) error {
	id, err := routeID[crm.ConversationID](r, "id", "conversation")
	if err != nil {
		return err
	}
	rows, err := s.Store.Conversation(r.Context(), c.viewer, id)
	if err != nil {
		return err
	}
	if len(rows) == 0 {
		return crm.NotFound("no such conversation")
	}
	p := ConversationPage{}
	for i, m := range rows {
		k := c.mailCard(m, c.clock.stamp(m.At))
		if i == len(rows)-1 { // the latest is what people come for
			if k.Text, err = s.Store.MailText(r.Context(), c.viewer, m.ID); err != nil {
				return err
			}
			k.Open, k.Shown = true, true
		}
		k.Topics, k.Back = i > 0, r.URL.Path
		k.Replies = answerable(&m)
		p.Mails = append(p.Mails, k)
	}
	for i := len(p.Mails) - 1; i >= 0 && p.Last == nil; i-- {
		if p.Mails[i].Replies {
			p.Last, p.LastTo = &p.Mails[i], p.Mails[i].From.Display()
			if p.Last.Direction == crm.Out && len(p.Last.To) > 0 {
				p.LastTo = p.Last.To[0].Display()
			}
		}
	}
	if p.Writing, err = s.writing(r, c, crm.Correspondence{Conversation: id}); err != nil {
		return err
	}
	p.Subject = p.Mails[0].Title
	first, last := c.clock.stamp(rows[0].At), c.clock.stamp(rows[len(rows)-1].At)
	p.Span = c.n("count.mails", len(rows))
	if first.Text != last.Text {
		p.Span += " · " + first.Text + " – " + last.Text
	} else {
		p.Span += " · " + first.Text
	}
	p.Shell = s.shell(c, "customers", p.Subject)
	s.render(w, r, c, http.StatusOK, "conversation", p)
	return nil
}

// setTopic notes a colleague's word on whether a new topic begins with a mail.
func (s *Server) setTopic(w http.ResponseWriter, r *http.Request, c *call) error {
	m, err := s.mail(r, c)
	if err != nil {
		return err
	}
	begins := r.PostFormValue("begins") == "yes"
	if err := s.Store.SetTopic(r.Context(), c.viewer, m.ID, begins); err != nil {
		return err
	}
	done := "topic-joined"
	if begins {
		done = "topic-begun"
	}
	return go303(w, r, fmt.Sprintf("/conversations/%d#mail-%d", m.Conversation, m.ID), done)
}
