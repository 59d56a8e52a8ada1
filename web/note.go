package web

import (
	"fmt"
	"net/http"

	"kaveri/crm"
)

// addNote keeps a note, a call or a wish about a customer.
func (s *Server) addNote(w http.ResponseWriter, r *http.Request, c *call) error {
	id, err := routeID[crm.CustomerID](r, "id", "customer")
	if err != nil {
		return err
	}
	if r.PostFormValue("kind") == noteKindWish {
		return s.addWish(w, r, c, id)
	}
	n := crm.Note{Customer: id, Staff: c.me.ID, Kind: r.PostFormValue("kind"), Body: r.PostFormValue("body"), At: s.Now()}
	var kept crm.Note
	if err = n.Validate(); err == nil {
		kept, err = s.Store.AddNote(r.Context(), c.viewer, n)
	}
	if err != nil { // what was written stays in the form
		f, ok := c.faults(err, "note")
		if !ok {
			return err
		}
		return s.showCustomer(w, r, c, NoteForm{Kind: n.Kind, Body: n.Body, Faults: f}, CustomerDesk{}, statusOf[crm.KindOf(err)])
	}
	return go303(w, r, fmt.Sprintf("/customers/%d#note-%d", kept.Customer, kept.ID), "note")
}
