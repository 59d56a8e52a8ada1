package web

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"kaveri/crm"
)

// BelongsPage finds the customer to whom a mail belongs.
type BelongsPage struct {
	Shell
	Card    MailCard
	Text    string // searched for
	Choices []Choice
}

// Choice is a customer with the contacts of whom one is picked.
type Choice struct {
	crm.Customer
	Address crm.Address
}

func (s *Server) belongsPage(w http.ResponseWriter, r *http.Request, c *call) error {
	m, err := s.mail(r, c)
	if err != nil {
		return err
	}
	p := BelongsPage{Shell: s.shell(c, "customers", c.t("belongs.title")), Card: c.mailCard(m.MailRow, c.clock.stamp(m.At)), Text: strings.TrimSpace(r.URL.Query().Get("q"))}
	if p.Text != "" {
		if p.Choices, err = s.choices(r, c, p.Text); err != nil {
			return err
		}
	}
	s.render(w, r, c, http.StatusOK, "belongs", p)
	return nil
}

func (s *Server) choices(r *http.Request, c *call, text string) ([]Choice, error) {
	rows, _, err := s.Store.Customers(r.Context(), c.viewer, crm.CustomerQuery{Text: text, Limit: pickLimit})
	if err != nil {
		return nil, err
	}
	var out []Choice
	for _, row := range rows {
		cu, err := s.Store.Customer(r.Context(), c.viewer, row.ID)
		if err != nil {
			return nil, err
		}
		out = append(out, Choice{cu, row.Address})
	}
	return out, nil
}

// belongs notes a colleague's word on whether a mail belongs to a contact, or
// that it belongs to nobody of a customer.
func (s *Server) belongs(w http.ResponseWriter, r *http.Request, c *call) error {
	m, err := s.mail(r, c)
	if err != nil {
		return err
	}
	yes := r.PostFormValue("belongs") == "yes"
	contacts, err := concerned(r, m, yes)
	if err != nil {
		return err
	}
	for _, k := range contacts {
		if err := s.Store.Correct(r.Context(), c.viewer, m.ID, k, yes); err != nil {
			return err
		}
	}
	done, to := "belongs-not", mailPath(m.ID)
	if yes {
		done = "belongs"
	}
	if back := ownPath(r.PostFormValue("back")); back != "/" && back != to {
		to = withSight(back, to)
	}
	return go303(w, r, to, done)
}

// concerned gives the contacts that a form about a mail names: one, or all of a
// customer's to whom the mail belongs.
func concerned(r *http.Request, m crm.MailView, yes bool) ([]crm.ContactID, error) {
	if name := r.PostFormValue("customer"); name != "" && !yes {
		id, err := crm.ParseID[crm.CustomerID]("customer", name)
		var out []crm.ContactID
		for _, l := range m.Links {
			if l.Customer == id {
				out = append(out, l.Contact)
			}
		}
		return out, err
	}
	id, err := crm.ParseID[crm.ContactID]("contact", r.PostFormValue("contact"))
	return []crm.ContactID{id}, err
}

func mailPath(id crm.MessageID) string { return fmt.Sprintf("/mails/%d", id) }

// withSight adds to a page where people can see what came of what they did,
// and undo it.
func withSight(page, see string) string {
	page, fragment, _ := strings.Cut(page, "#")
	sep := "?"
	if strings.Contains(page, "?") {
		sep = "&"
	}
	page += sep + "see=" + url.QueryEscape(see)
	if fragment != "" {
		page += "#" + fragment
	}
	return page
}
