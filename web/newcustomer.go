package web

import (
	"fmt"
	"net/http"
	"strings"

	"kaveri/crm"
)

// NewCustomerPage is the form that adds a customer by hand.
type NewCustomerPage struct {
	Shell
	Name, Addresses string
	Faults          Faults
}

func (s *Server) newCustomerPage(w http.ResponseWriter, r *http.Request, c *call) error {
	s.showNewCustomer(w, r, c, NewCustomerPage{Name: r.URL.Query().Get("name")}, http.StatusOK)
	return nil
}

func (s *Server) showNewCustomer(w http.ResponseWriter, r *http.Request, c *call, p NewCustomerPage, status int) {
	p.Shell = s.shell(c, "customers", c.t("new-customer.title"))
	s.render(w, r, c, status, "new-customer", p)
}

func (s *Server) addCustomer(w http.ResponseWriter, r *http.Request, c *call) error {
	p := NewCustomerPage{Name: strings.TrimSpace(r.PostFormValue("name")), Addresses: r.PostFormValue("addresses")}
	addresses, err := parseAddresses(p.Addresses)
	if p.Name == "" {
		err = c.fault("name", "fault.name")
	}
	var made crm.Customer
	if err == nil {
		made, err = s.Store.AddCustomer(r.Context(), c.viewer, p.Name, addresses)
	}
	if err != nil {
		f, ok := c.faults(err, "name", "address")
		if !ok {
			return err
		}
		p.Faults = f
		s.showNewCustomer(w, r, c, p, statusOf[crm.KindOf(err)])
		return nil
	}
	return go303(w, r, fmt.Sprintf("/customers/%d", made.ID), "customer")
}

// parseAddresses reads addresses apart by white space, commas or semicolons.
func parseAddresses(s string) ([]crm.Address, error) {
	var out []crm.Address
	for _, f := range strings.FieldsFunc(s, func(r rune) bool { return strings.ContainsRune(" ,;\t\r\n", r) }) {
		a, err := crm.ParseAddress(f)
		if err != nil {
			return nil, err
		}
		out = append(out, a)
	}
	return out, nil
}
