package web

import (
	"net/http"
	"slices"

	"kaveri/crm"
)

// CustomerDesk is what can be put right about a customer: the addresses of its
// contacts, and merges.
type CustomerDesk struct {
	Customer crm.CustomerID
	Open     bool // shown at once
	Contacts []DeskContact
	Domains  []string // at which everybody is of this customer
	Language []LanguageChoice
	Auto     bool // the language is that of their mail
	Merges   []MergeLine
	By       string        // who recommended us to them, or what was written there
	Contact  crm.ContactID // whose form was sent
	Address  string        // what was written there
	Faults   Faults
}

// DeskContact is a contact with what can be taken from it again.
type DeskContact struct {
	crm.Contact
	Details []DetailLine
}

// MergeLine is a merge that can be undone.
type MergeLine struct {
	crm.MergeRow
	When Stamp
	Text string
}

func (s *Server) fillDesk(r *http.Request, c *call, cu crm.Customer, d *CustomerDesk) error {
	d.Customer, d.Domains, d.Auto = cu.ID, cu.Domains, !cu.LanguageSaid
	for _, k := range cu.Contacts {
		d.Contacts = append(d.Contacts, DeskContact{k, c.details(k)})
	}
	d.Language = c.languageChoices(cu.Language)
	d.Open = d.Open || d.Faults.Any()
	if d.By == "" && len(cu.Contacts) > 0 {
		came, err := s.Wishes.RecommendedBy(r.Context(), c.viewer, cu.ID)
		if err != nil {
			return err
		}
		for _, p := range came {
			if p.Contact == cu.Contacts[0].ID {
				d.By = p.ByName
			}
		}
	}
	merges, err := s.Store.Merges(r.Context(), c.viewer, cu.ID)
	for _, m := range merges {
		l := MergeLine{MergeRow: m, When: c.clock.stamp(m.At), Text: c.t("desk.merged", m.Name)}
		if m.Staff != "" {
			l.Text = c.t("desk.merged-by", m.Name, m.Staff)
		}
		d.Merges = append(d.Merges, l)
	}
	return err
}

// deskPath is the page of a customer with its desk open. It begins at the top,
// where what was done is said.
func deskPath(id crm.CustomerID) string { return customerPath(id) + "?desk=1" }

// addAddress gives a contact an address.
func (s *Server) addAddress(w http.ResponseWriter, r *http.Request, c *call) error {
	id, contact, err := s.contactOf(r, c)
	if err != nil {
		return err
	}
	a, err := crm.ParseAddress(r.PostFormValue("address"))
	if err == nil {
		err = s.Store.AddAddress(r.Context(), c.viewer, contact, crm.ContactAddress{Address: a})
	}
	if err != nil {
		f, ok := c.faults(err, "address")
		if !ok {
			return err
		}
		d := CustomerDesk{Contact: contact, Address: r.PostFormValue("address"), Faults: f}
		return s.showCustomer(w, r, c, NoteForm{}, d, statusOf[crm.KindOf(err)])
	}
	return go303(w, r, deskPath(id), "address-added")
}

// removeAddress takes an address from a contact.
func (s *Server) removeAddress(w http.ResponseWriter, r *http.Request, c *call) error {
	id, contact, err := s.contactOf(r, c)
	if err != nil {
		return err
	}
	a, err := crm.ParseAddress(r.PostFormValue("address"))
	if err != nil {
		return err
	}
	if err := s.Store.RemoveAddress(r.Context(), c.viewer, contact, a); err != nil {
		return err
	}
	return go303(w, r, deskPath(id), "address-removed")
}

// removeDomain takes back that everybody at a domain is of this customer.
func (s *Server) removeDomain(w http.ResponseWriter, r *http.Request, c *call) error {
	cu, err := s.customer(r, c)
	if err != nil {
		return err
	}
	domain := r.PostFormValue("domain")
	if !slices.Contains(cu.Domains, domain) {
		return crm.NotFound("no such domain")
	}
	if err := s.Store.RemoveDomain(r.Context(), c.viewer, domain); err != nil {
		return err
	}
	return go303(w, r, deskPath(cu.ID), "domain-removed")
}

// contactOf gives the customer of the address, and which of its contacts the
// form is about.
func (s *Server) contactOf(r *http.Request, c *call) (crm.CustomerID, crm.ContactID, error) {
	cu, err := s.customer(r, c)
	if err != nil {
		return 0, 0, err
	}
	contact, err := crm.ParseID[crm.ContactID]("contact", r.PostFormValue("contact"))
	if err != nil {
		return 0, 0, err
	}
	for _, k := range cu.Contacts {
		if k.ID == contact {
			return cu.ID, contact, nil
		}
	}
	return 0, 0, crm.NotFound("no such contact")
}

// customer gives the customer of the address.
func (s *Server) customer(r *http.Request, c *call) (crm.Customer, error) {
	id, err := routeID[crm.CustomerID](r, "id", "customer")
	if err != nil {
		return crm.Customer{}, err
	}
	return s.Store.Customer(r.Context(), c.viewer, id)
}
