package web

import (
	"net/http"
	"strings"

	"kaveri/crm"
)

// CustomerWishes are the wishes that stand beside a customer's timeline.
type CustomerWishes struct {
	Customer crm.CustomerID
	Open     []WishLine
	Knows    []WishLine // praise, preferences and the like that wait for nothing
}

// noteKindWish is the third kind of the form beside the timeline.
const noteKindWish = "wish"

const (
	maxWishesBeside = 30
	maxAsksBeside   = 4
)

// wishesBeside reads what a customer wishes.
func (s *Server) wishesBeside(r *http.Request, c *call, id crm.CustomerID) (CustomerWishes, error) {
	out := CustomerWishes{Customer: id}
	rows, _, err := s.Wishes.Wishes(r.Context(), c.viewer, crm.WishQuery{Customer: id, States: append([]crm.WishState{crm.WishDone}, crm.OpenWishStates...), Limit: maxWishesBeside})
	for _, l := range c.wishLines(rows, customerPath(id)) {
		if l.Kind == crm.WishPraise || l.Kind == crm.WishPreference || l.Kind == crm.WishSwitch {
			out.Knows = append(out.Knows, l)
		} else {
			out.Open = append(out.Open, l)
		}
	}
	return out, err
}

// addWish keeps what the form says as a wish.
func (s *Server) addWish(w http.ResponseWriter, r *http.Request, c *call, id crm.CustomerID) error {
	f := NoteForm{Kind: noteKindWish, Body: r.PostFormValue("body"), Topic: r.PostFormValue("topic"), Before: r.PostFormValue("not-before")}
	wish := crm.Wish{Customer: id, Quote: f.Body, Topic: f.Topic, At: s.Now()}
	err := wish.Validate()
	if err == nil && f.Before != "" {
		err = wish.NotBefore.UnmarshalJSON([]byte(`"` + f.Before + `"`))
	}
	if err == nil {
		wish, err = s.Wishes.AddWish(r.Context(), c.viewer, wish)
	}
	if err != nil { // what was written stays in the form
		var ok bool
		if f.Faults, ok = c.faults(err, "wish", "wish topic", "day"); !ok {
			return err
		}
		return s.showCustomer(w, r, c, f, CustomerDesk{}, statusOf[crm.KindOf(err)])
	}
	return go303(w, r, customerPath(wish.Customer)+"#wishes", "wish")
}

// recommendedBy says by whose word the customer's first contact came; the
// form names that customer by an address or by the name.
func (s *Server) recommendedBy(w http.ResponseWriter, r *http.Request, c *call) error {
	cu, err := s.customer(r, c)
	if err != nil {
		return err
	}
	if len(cu.Contacts) == 0 {
		return crm.NotFound("no such contact")
	}
	text := strings.TrimSpace(r.PostFormValue("by"))
	var by crm.ContactID
	if text != "" {
		by, err = s.findRecommender(r, c, cu.ID, text)
	}
	if err == nil {
		err = s.Wishes.Recommend(r.Context(), c.viewer, cu.Contacts[0].ID, by)
	}
	if err != nil {
		f, ok := c.faults(err, "recommended by")
		if !ok {
			return err
		}
		return s.showCustomer(w, r, c, NoteForm{}, CustomerDesk{Open: true, By: text, Faults: f}, statusOf[crm.KindOf(err)])
	}
	return go303(w, r, deskPath(cu.ID), "recommended")
}

// findRecommender finds the one customer who is called so or has the address.
func (s *Server) findRecommender(r *http.Request, c *call, but crm.CustomerID, text string) (crm.ContactID, error) {
	rows, _, err := s.Store.Customers(r.Context(), c.viewer, crm.CustomerQuery{Text: text, Limit: pickLimit})
	if err != nil {
		return 0, err
	}
	var found []crm.CustomerRow
	for _, row := range rows {
		if row.ID == but {
			continue
		}
		if strings.EqualFold(row.Name, text) || strings.EqualFold(string(row.Address), text) {
			found = []crm.CustomerRow{row}
			break
		}
		found = append(found, row)
	}
	if len(found) != 1 {
		return 0, c.fault("recommended by", map[bool]Key{true: "recommended.none", false: "recommended.several"}[len(found) == 0], text)
	}
	cu, err := s.Store.Customer(r.Context(), c.viewer, found[0].ID)
	if err != nil || len(cu.Contacts) == 0 {
		return 0, err
	}
	for _, k := range cu.Contacts {
		for _, a := range k.Addresses {
			if strings.EqualFold(string(a.Address), text) {
				return k.ID, nil
			}
		}
	}
	return cu.Contacts[0].ID, nil
}
