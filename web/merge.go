package web

import (
	"net/http"
	"strings"

	"kaveri/crm"
)

// pickLimit bounds the customers to pick one from.
const pickLimit = 12

// MergePage merges a customer with another one: first that one is found, then
// what will happen is said and confirmed.
type MergePage struct {
	Shell
	Keep       crm.Customer
	Text       string // searched for
	Rows       []CustomerLine
	With       *crm.Customer // found
	KeepName   string        // told from WithName even when they are called alike
	WithName   string
	OnePerson  bool // each has one contact, so that they may be one human
	SamePerson bool // chosen
	Faults     Faults
}

func (s *Server) mergePage(w http.ResponseWriter, r *http.Request, c *call) error {
	keep, err := s.customer(r, c)
	if err != nil {
		return err
	}
	p := MergePage{Keep: keep, Text: strings.TrimSpace(r.URL.Query().Get("q"))}
	if with := r.URL.Query().Get("with"); with != "" {
		if err := s.pairUp(r, c, &p, with); err != nil {
			return err
		}
		p.SamePerson = p.OnePerson && crm.SameName(keep.Name, p.With.Name)
		s.showMerge(w, r, c, p, http.StatusOK)
		return nil
	}
	rows, _, err := s.Store.Customers(r.Context(), c.viewer, crm.CustomerQuery{Text: p.Text, Limit: pickLimit})
	for _, row := range rows {
		if row.ID != keep.ID {
			p.Rows = append(p.Rows, c.customerLine(row))
		}
	}
	if err != nil {
		return err
	}
	s.showMerge(w, r, c, p, http.StatusOK)
	return nil
}

// pairUp finds the other customer.
func (s *Server) pairUp(r *http.Request, c *call, p *MergePage, with string) error {
	id, err := crm.ParseID[crm.CustomerID]("customer", with)
	if err != nil {
		return crm.NotFound("no such customer")
	}
	other, err := s.Store.Customer(r.Context(), c.viewer, id)
	if err != nil {
		return err
	}
	p.KeepName, p.WithName = p.Keep.Name, other.Name
	if p.KeepName == p.WithName {
		p.KeepName, p.WithName = withAddress(p.Keep), withAddress(other)
	}
	p.With, p.OnePerson = &other, len(other.Contacts) == 1 && len(p.Keep.Contacts) == 1
	return nil
}

// Both gives the two customers, the one that stays first.
func (p MergePage) Both() []crm.Customer { return []crm.Customer{p.Keep, *p.With} }

// withAddress names a customer with the first address.
func withAddress(cu crm.Customer) string {
	for _, k := range cu.Contacts {
		for _, a := range k.Addresses {
			return cu.Name + " (" + string(a.Address) + ")"
		}
	}
	return cu.Name
}

func (s *Server) showMerge(w http.ResponseWriter, r *http.Request, c *call, p MergePage, status int) {
	p.Shell = s.shell(c, "customers", c.t("merge.title"))
	s.render(w, r, c, status, "merge", p)
}

func (s *Server) merge(w http.ResponseWriter, r *http.Request, c *call) error {
	keep, err := s.customer(r, c)
	if err != nil {
		return err
	}
	p := MergePage{Keep: keep, SamePerson: r.PostFormValue("same") == "yes"}
	if err := s.pairUp(r, c, &p, r.PostFormValue("with")); err != nil {
		return err
	}
	if _, err := s.Store.Merge(r.Context(), c.viewer, keep.ID, p.With.ID, p.SamePerson); err != nil {
		f, ok := c.faults(err)
		if !ok {
			return err
		}
		p.Faults = f
		s.showMerge(w, r, c, p, statusOf[crm.KindOf(err)])
		return nil
	}
	return go303(w, r, deskPath(keep.ID), "merged")
}

// unmerge undoes a merge. When a later one rests on it, the customer's page
// says which.
func (s *Server) unmerge(w http.ResponseWriter, r *http.Request, c *call) error {
	id, err := routeID[crm.MergeID](r, "merge", "merge")
	if err != nil {
		return err
	}
	cu, err := s.customer(r, c)
	if err != nil {
		return err
	}
	if err := s.Store.Unmerge(r.Context(), c.viewer, id); err != nil {
		f, ok := c.faults(err)
		if !ok {
			return err
		}
		return s.showCustomer(w, r, c, NoteForm{}, CustomerDesk{Faults: f}, statusOf[crm.KindOf(err)])
	}
	return go303(w, r, deskPath(cu.ID), "unmerged")
}
