package web

import (
	"fmt"
	"net/http"

	"kaveri/crm"
)

// addNote keeps a note or a call about a customer.
func (s *Server) addNote(w http.ResponseWriter, r *http.Request, c *call) error {
	id, err := crm.ParseID[crm.CustomerID]("customer", r.PathValue("id"))
	if err != nil {
		return crm.NotFound("no such customer")
	}
	n := crm.Note{Customer: id, Staff: c.me.ID, Kind: r.PostFormValue("kind"), Body: r.PostFormValue("body"), At: s.Now()}
	if err = n.Validate(); err == nil {
		n, err = s.Store.AddNote(r.Context(), c.viewer, n)
	}
	if err != nil {
		f, ok := c.faults(err, "note")
		if !ok {
			return err
		}
		return s.showCustomer(w, r, c, NoteForm{Kind: n.Kind, Body: n.Body, Faults: f}, CustomerDesk{}, statusOf[crm.KindOf(err)])
	}
	return go303(w, r, fmt.Sprintf("/customers/%d#note-%d", id, n.ID), "note")
}
