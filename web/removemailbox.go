package web

import (
	"net/http"

	"kaveri/crm"
)

// RemoveMailboxPage asks before a mailbox is disconnected.
type RemoveMailboxPage struct {
	Shell
	Box BoxCard
}

func (s *Server) removeMailboxPage(w http.ResponseWriter, r *http.Request, c *call) error {
	id, err := routeID[crm.MailboxID](r, "id", "mailbox")
	if err != nil {
		return err
	}
	boxes, err := s.Store.Health(r.Context(), c.viewer)
	if err != nil {
		return err
	}
	for _, b := range boxes {
		if b.ID == id {
			p := RemoveMailboxPage{Shell: s.shell(c, "mailboxes", c.t("remove-mailbox.title")), Box: c.boxCard(b)}
			s.render(w, r, c, http.StatusOK, "remove-mailbox", p)
			return nil
		}
	}
	return crm.NotFound("no such mailbox")
}

func (s *Server) removeMailbox(w http.ResponseWriter, r *http.Request, c *call) error {
	id, err := routeID[crm.MailboxID](r, "id", "mailbox")
	if err != nil {
		return err
	}
	if err := s.Store.RemoveMailbox(r.Context(), c.viewer, id); err != nil {
		return err
	}
	return go303(w, r, "/mailboxes", "removed")
}
