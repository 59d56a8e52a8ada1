package web

import (
	"net/http"
	"strings"

	"kaveri/crm"
)

// ColleaguesPage lists who works here, and lets administrators add somebody.
type ColleaguesPage struct {
	Shell
	Staff                   []crm.Staff
	Name, Address, Language string
	Role                    crm.StaffRole
	Faults                  Faults
}

// minPassword is the shortest password we accept for our own accounts.
const minPassword = 10

func (s *Server) colleaguesPage(w http.ResponseWriter, r *http.Request, c *call) error {
	return s.showColleagues(w, r, c, ColleaguesPage{Role: crm.StaffMember, Language: c.firm.Language}, http.StatusOK)
}

func (s *Server) showColleagues(w http.ResponseWriter, r *http.Request, c *call, p ColleaguesPage, status int) error {
	all, err := s.Store.Staff(r.Context())
	if err != nil {
		return err
	}
	p.Staff, p.Shell = all, s.shell(c, "colleagues", c.t("colleagues.title"))
	s.render(w, r, c, status, "colleagues", p)
	return nil
}

func (s *Server) addColleague(w http.ResponseWriter, r *http.Request, c *call) error {
	p := ColleaguesPage{Name: strings.TrimSpace(r.PostFormValue("name")), Address: strings.TrimSpace(r.PostFormValue("address")), Role: crm.StaffMember, Language: r.PostFormValue("language")}
	if r.PostFormValue("role") == string(crm.StaffAdmin) {
		p.Role = crm.StaffAdmin
	}
	password := r.PostFormValue("password")
	a, err := crm.ParseAddress(p.Address)
	switch {
	case p.Name == "":
		err = c.fault("name", "fault.name")
	case err != nil:
	case len(password) < minPassword:
		err = c.fault("password", "fault.own-password", minPassword)
	default:
		_, err = s.Store.AddStaff(r.Context(), c.viewer, crm.Staff{Name: p.Name, Address: a, Role: p.Role, Language: p.Language, Created: s.Now()}, password)
	}
	if err != nil {
		f, ok := c.faults(err, "name", "address", "password")
		if !ok {
			return err
		}
		p.Faults = f
		return s.showColleagues(w, r, c, p, statusOf[crm.KindOf(err)])
	}
	return go303(w, r, "/colleagues", "colleague")
}

// colleagueLeft takes away the way in of somebody who has left, and goes on to
// their customers. One's own stays, else nobody might be left to undo it.
func (s *Server) colleagueLeft(w http.ResponseWriter, r *http.Request, c *call) error {
	id, err := routeID[crm.StaffID](r, "id", "colleague")
	if err == nil && id == c.me.ID {
		err = c.fault("colleague", "colleagues.left.self")
	}
	if err == nil {
		err = s.Store.DisableStaff(r.Context(), c.viewer, id, true)
	}
	if err != nil {
		return err
	}
	return go303(w, r, "/colleagues/"+r.PathValue("id")+"/handover", "left")
}

// colleagueBack gives the way in back.
func (s *Server) colleagueBack(w http.ResponseWriter, r *http.Request, c *call) error {
	id, err := routeID[crm.StaffID](r, "id", "colleague")
	if err == nil {
		err = s.Store.DisableStaff(r.Context(), c.viewer, id, false)
	}
	if err != nil {
		return err
	}
	return go303(w, r, "/colleagues", "back")
}
