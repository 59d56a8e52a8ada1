package web

import (
	"net/http"

	"github.com/nyaruka/phonenumbers"

	"kaveri/crm"
)

// maxProposals bounds what is proposed on one page; the next come when these
// are decided.
const maxProposals = 12

// ProposalLine is a detail that a signature shows, with what is known instead.
type ProposalLine struct {
	crm.DetailProposal
	Customer crm.CustomerID
	Who      string // of several contacts, the one it is about
	From     string // "From the signature of a mail of 3 May"
	What     string // "phone +358 40 123 4567"
	Instead  string // "so far: Director", "" when nothing is known
}

// proposals puts into words what signatures show of a customer.
func (s *Server) proposals(r *http.Request, c *call, cu crm.Customer) ([]ProposalLine, error) {
	ps, err := s.Store.DetailProposals(r.Context(), c.viewer, cu.ID, maxProposals)
	var out []ProposalLine
	for _, p := range ps {
		l := ProposalLine{DetailProposal: p, Customer: cu.ID, From: c.t("detail.from", c.clock.date(p.At.In(c.clock.loc))), What: c.detail(p.Detail)}
		if len(cu.Contacts) > 1 {
			l.Who = p.ContactName
		}
		if p.Now != "" {
			l.Instead = c.t("detail.now", p.Now)
		}
		out = append(out, l)
	}
	return out, err
}

// detail says what a detail is: "phone +358 40 123 4567".
func (c *call) detail(d crm.Detail) string {
	value := d.Value
	if d.Kind == crm.DetailPhone {
		value = phone(value)
	}
	return c.t(Key("detail."+string(d.Kind))) + " " + value
}

// phone writes a number in E.164 as people read it (ITU-T E.123); any other as
// it is.
func phone(number string) string {
	n, err := phonenumbers.Parse(number, "")
	if err != nil {
		return number
	}
	return phonenumbers.Format(n, phonenumbers.INTERNATIONAL)
}

// DetailLine is what a colleague has accepted, or a phone of a list.
type DetailLine struct {
	crm.Detail
	Text string // "title Director"
	By   string // who accepted it and when, "" when nobody did
}

// details lists what can be taken from a contact again.
func (c *call) details(k crm.Contact) []DetailLine {
	var out []DetailLine
	accepted := map[string]bool{}
	for _, d := range k.Details {
		who := d.Staff
		if who == "" {
			who = c.t("why.administrator")
		}
		accepted[d.Value] = true
		out = append(out, DetailLine{d.Detail, c.detail(d.Detail), c.t("detail.by", who, c.clock.date(d.At.In(c.clock.loc)))})
	}
	for _, p := range k.Phones {
		if d := (crm.Detail{Kind: crm.DetailPhone, Value: p}); !accepted[p] {
			out = append(out, DetailLine{d, c.detail(d), ""})
		}
	}
	return out
}

// decideDetail takes over what a signature shows, or says that it is nothing.
func (s *Server) decideDetail(w http.ResponseWriter, r *http.Request, c *call) error {
	cu, err := s.customer(r, c)
	if err != nil {
		return err
	}
	id, err := crm.ParseID[crm.DetailID]("detail", r.PathValue("detail"))
	if err != nil {
		return crm.NotFound("no such detail")
	}
	answer, done := r.PostFormValue("answer"), map[string]string{"yes": "detail-added", "no": "detail-dismissed"}
	if done[answer] == "" {
		return crm.Invalid("answer", "answer with yes or no")
	}
	err = s.Store.DecideDetail(r.Context(), c.viewer, id, answer == "yes")
	if err != nil && crm.KindOf(err) == crm.KindNotFound {
		return go303(w, r, customerPath(cu.ID), "answered-before")
	}
	if err != nil {
		return err
	}
	return go303(w, r, customerPath(cu.ID), done[answer])
}

// removeDetail takes a detail from a contact.
func (s *Server) removeDetail(w http.ResponseWriter, r *http.Request, c *call) error {
	id, contact, err := s.contactOf(r, c)
	if err != nil {
		return err
	}
	d := crm.Detail{Kind: crm.DetailKind(r.PostFormValue("kind")), Value: r.PostFormValue("value")}
	if err := s.Store.RemoveDetail(r.Context(), c.viewer, contact, d); err != nil {
		return err
	}
	return go303(w, r, deskPath(id), "detail-removed")
}
