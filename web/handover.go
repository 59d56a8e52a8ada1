package web

import (
	"net/http"
	"slices"
	"strings"

	"kaveri/crm"
	"kaveri/insight"
)

// HandoverPage lists the customers of somebody who leaves, in order of what is at
// risk, and gives them to others in one go.
type HandoverPage struct {
	Shell
	Of      crm.Staff
	Heading string
	Sum     string
	Kept    string // of others whom somebody here looks after
	Lines   []HandoverLine
	More    string // behind those shown
	Others  []crm.Staff
}

// HandoverLine is a customer to be handed over.
type HandoverLine struct {
	Customer  crm.CustomerID
	Name      string
	Stands    string
	Share     string // of the relationship
	AtRisk    string
	Open      []string // what waits for somebody
	Next      string   // when they are expected to order
	Last      string   // their last words
	Suggested crm.StaffID
	Choices   []HandoverChoice
}

// HandoverChoice is somebody who may take a customer over.
type HandoverChoice struct {
	ID     crm.StaffID
	Text   string
	Chosen bool
}

// handoverShown is how many are handed over at a time; the rest follow.
const handoverShown = 50

func (s *Server) handoverPage(w http.ResponseWriter, r *http.Request, c *call) error {
	p, err := s.handover(r, c)
	if err != nil {
		return err
	}
	s.render(w, r, c, http.StatusOK, "handover", p)
	return nil
}

func (s *Server) handover(r *http.Request, c *call) (p HandoverPage, err error) {
	all, err := s.Store.Staff(r.Context())
	if err != nil {
		return p, err
	}
	staff := byNumber(all)
	id, err := routeID[crm.StaffID](r, "id", "colleague")
	if err != nil {
		return p, err
	}
	if p.Of = staff[id]; p.Of.ID == 0 {
		return p, crm.NotFound("no such colleague")
	}
	for _, st := range all {
		if st.ID != id && !st.Disabled {
			p.Others = append(p.Others, st)
		}
	}
	left, kept, err := s.leaving(r, c, id, staff)
	if err != nil {
		return p, err
	}
	p.Heading = c.t("handover.title", p.Of.Name)
	p.Shell = s.shell(c, "colleagues", p.Heading)
	sum := 0.0
	for _, l := range left {
		sum += l.AtRisk
	}
	if len(left) > 0 {
		p.Sum = c.t("handover.sum", c.n("handover.customers", len(left)), c.rounded(crm.MoneyOf(sum)))
	}
	if kept > 0 {
		p.Kept = c.n("handover.kept", kept)
	}
	shown := left[:min(len(left), handoverShown)]
	if n := len(left) - len(shown); n > 0 {
		p.More = c.n("handover.more", n)
	}
	p.Lines, err = s.handoverLines(r, c, shown, p.Others)
	return p, err
}

// leaving gives the customers of somebody who leaves: whom they look after, and
// whom they have talked with and nobody who stays looks after. kept counts the
// rest.
func (s *Server) leaving(r *http.Request, c *call, of crm.StaffID, staff map[crm.StaffID]crm.Staff) (left []insight.Leaving, kept int, err error) {
	known, err := s.Team.KnownCustomers(r.Context(), c.viewer, of)
	if err != nil {
		return nil, 0, err
	}
	owned := map[crm.CustomerID]bool{}
	var ids []crm.CustomerID
	for _, k := range known {
		if k.Owner != 0 && k.Owner != of {
			kept++
			continue
		}
		ids = append(ids, k.Customer)
	}
	var accounts []insight.LeaverAccount
	stays := here(staff)
	for chunk := range slices.Chunk(ids, atATime) {
		worths, err := s.Team.Worths(r.Context(), c.viewer, chunk)
		if err != nil {
			return nil, 0, err
		}
		talks, err := s.Team.Talks(r.Context(), c.viewer, chunk)
		if err != nil {
			return nil, 0, err
		}
		for _, id := range chunk {
			l := worths[id]
			l.Customer = id
			exchanges := slices.DeleteFunc(insight.Exchanges(talks[id], s.Now()), func(e insight.Exchange) bool { return e.Staff != of && !stays(e.Staff) })
			accounts = append(accounts, insight.LeaverAccountOf(&l, exchanges))
			owned[id] = true
		}
	}
	left = insight.Handover(of, accounts)
	for _, l := range left {
		delete(owned, l.Customer)
	}
	for _, id := range ids { // with whom they never exchanged a word
		if owned[id] {
			left = append(left, insight.Leaving{Customer: id})
		}
	}
	return left, kept, nil
}

func (s *Server) handoverLines(r *http.Request, c *call, left []insight.Leaving, others []crm.Staff) (out []HandoverLine, err error) {
	ids := make([]crm.CustomerID, len(left))
	at := map[crm.CustomerID]insight.Leaving{}
	for i, l := range left {
		ids[i], at[l.Customer] = l.Customer, l
	}
	briefs, err := s.Team.Briefs(r.Context(), c.viewer, ids)
	for i := range briefs {
		b := &briefs[i]
		out = append(out, c.handoverLine(b, at[b.Customer], others))
	}
	return out, err
}

func (c *call) handoverLine(b *crm.CustomerBrief, l insight.Leaving, others []crm.Staff) HandoverLine {
	line := HandoverLine{Customer: b.Customer, Name: b.Name, AtRisk: c.rounded(crm.MoneyOf(l.AtRisk)), Suggested: l.Successor, Last: c.words(b.Said), Share: c.t("handover.no-share")}
	if l.Share > 0 {
		line.Share = c.t("handover.share", c.percent(l.Share))
	}
	if b.Standing.Rung != "" {
		line.Stands = c.stands(b.Standing.Rung, b.Standing.Note)
	}
	if !b.Owed.IsZero() {
		line.Open = append(line.Open, c.t("handover.owed", c.dated(b.Owed)))
	}
	for i := range b.Wishes {
		line.Open = append(line.Open, c.wishOnPaper(&b.Wishes[i]))
	}
	if b.Standing.Due != 0 {
		line.Next = c.t("list.due", c.day(b.Standing.Due))
	}
	line.Choices = append(line.Choices, HandoverChoice{Text: c.t("handover.nobody"), Chosen: l.Successor == 0})
	for _, o := range others {
		text := o.Name
		if o.ID == l.Successor {
			text = c.t("handover.suggested", o.Name)
		}
		line.Choices = append(line.Choices, HandoverChoice{o.ID, text, o.ID == l.Successor})
	}
	return line
}

// handOver gives the customers of a form to those chosen; where nobody is chosen
// for one, to who is chosen for the rest, if anybody is.
func (s *Server) handOver(w http.ResponseWriter, r *http.Request, c *call) error {
	of, err := routeID[crm.StaffID](r, "id", "colleague")
	if err != nil {
		return err
	}
	if err := r.ParseForm(); err != nil {
		return crm.Invalid("form", "the form cannot be read")
	}
	var list []crm.Ownership
	for field, values := range r.PostForm {
		number, ok := strings.CutPrefix(field, "to-")
		if !ok {
			continue
		}
		customer, err := crm.ParseID[crm.CustomerID]("customer", number)
		if err != nil {
			return err
		}
		to := values[0]
		if to == "" || to == "0" {
			to = r.PostFormValue("rest")
		}
		if to == "" || to == "0" {
			continue
		}
		staff, err := crm.ParseID[crm.StaffID]("colleague", to)
		if err != nil {
			return err
		}
		if staff == of {
			return crm.Invalid("colleague", "choose somebody else than who leaves")
		}
		list = append(list, crm.Ownership{Customer: customer, Staff: staff})
	}
	if err := s.Team.GiveCustomers(r.Context(), c.viewer, list); err != nil {
		return err
	}
	return go303(w, r, "/colleagues/"+r.PathValue("id")+"/handover", "handed-over")
}
