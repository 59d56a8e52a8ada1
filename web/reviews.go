package web

import (
	"errors"
	"fmt"
	"net/http"

	"kaveri/crm"
)

// reviewsPerPage is how many questions stand on the page; the next ones come
// when these are answered.
const reviewsPerPage = 40

// ReviewsPage is the queue of questions.
type ReviewsPage struct {
	Shell
	Questions []Question
	More      int // open beside those shown
	Faults    Faults
}

// Question is what a colleague is asked, in words.
type Question struct {
	ID       crm.ReviewID
	Text     string
	Reason   string
	Evidence string // "" when the sentences say it all
	Then     string // what follows from an answer
	Mail     *MailCard
	People   []crm.Customer
	Back     string // the page to come back to
	See      string // where to look at what came of it
}

func (s *Server) reviewsPage(w http.ResponseWriter, r *http.Request, c *call) error {
	return s.showReviews(w, r, c, Faults{}, http.StatusOK)
}

func (s *Server) showReviews(w http.ResponseWriter, r *http.Request, c *call, f Faults, status int) error {
	open, err := s.Store.Reviews(r.Context(), c.viewer, reviewsPerPage)
	if err == nil && isFragment(r) {
		err = s.countQuestions(r, c)
	}
	if err != nil {
		return err
	}
	p := ReviewsPage{Shell: s.shell(c, "reviews", c.t("reviews.title")), Faults: f}
	p.More = max(0, c.questions-len(open))
	if p.Questions, err = s.questions(r, c, open, true); err != nil {
		return err
	}
	for i := range p.Questions { // the next question moves to where this one was
		p.Questions[i].Back = "/reviews"
		if i > 0 && i+1 < len(p.Questions) {
			p.Questions[i].Back += fmt.Sprintf("#review-%d", p.Questions[i+1].ID)
		}
	}
	if isFragment(r) {
		return s.renderPart(w, r, c, "reviews", "queue", p)
	}
	s.render(w, r, c, status, "reviews", p)
	return nil
}

// openQuestionsPart gives the count beside the entry of the navigation.
func (s *Server) openQuestionsPart(w http.ResponseWriter, r *http.Request, c *call) error {
	if err := s.countQuestions(r, c); err != nil {
		return err
	}
	return s.renderPart(w, r, c, "reviews", "open-questions", c.questions)
}

// questions puts reviews into words; withMail adds the mail in question.
func (s *Server) questions(r *http.Request, c *call, open []crm.Review, withMail bool) ([]Question, error) {
	known := map[crm.CustomerID]*crm.Customer{}
	out := make([]Question, 0, len(open))
	for _, v := range open {
		q := c.question(v)
		if v.Mail != nil && withMail {
			card := c.mailCard(*v.Mail, c.clock.stamp(v.Mail.At))
			q.Mail = &card
		}
		for _, id := range []crm.CustomerID{v.Customer, v.OtherOf} {
			cu, err := s.known(r, c, known, id)
			if err != nil {
				return nil, err
			}
			if cu != nil && (len(q.People) == 0 || q.People[0].ID != cu.ID) {
				q.People = append(q.People, *cu)
			}
		}
		out = append(out, q)
	}
	return out, nil
}

// known gives a customer, nil when there is none.
func (s *Server) known(r *http.Request, c *call, have map[crm.CustomerID]*crm.Customer, id crm.CustomerID) (*crm.Customer, error) {
	if cu, ok := have[id]; ok || id == 0 {
		return cu, nil
	}
	cu, err := s.Store.Customer(r.Context(), c.viewer, id)
	switch {
	case crm.KindOf(err) == crm.KindNotFound && err != nil:
		have[id] = nil
	case err != nil:
		return nil, err
	default:
		have[id] = &cu
	}
	return have[id], nil
}

// question says what is asked, why, and what follows.
func (c *call) question(v crm.Review) Question {
	q := Question{ID: v.ID, Then: c.t(Key("then." + string(v.Kind)))}
	g := crm.GroundsOf(v.Evidence)
	switch v.Kind {
	case crm.ReviewMail:
		q.Text, q.Reason, q.See = c.t("review.mail", c.author(v.Mail), v.ContactName), c.reason(v, g), mailPath(v.Message)
		if v.Reason != crm.ReasonPhone && v.Reason != crm.ReasonOrder {
			q.Evidence = v.Evidence
		}
	case crm.ReviewAddress:
		q.Text, q.See, q.Evidence = c.t("review.address", v.ContactName, v.Subject), customerPath(v.Customer), v.Evidence
		q.Reason = join(c.t("reason.address", v.ContactName), c.proof(g))
	case crm.ReviewOrganisation:
		q.Text, q.See = c.t("review.organisation", v.Subject), customerPath(v.Customer)
		q.Reason = c.t("reason.organisation", v.ContactName, v.OtherName)
	default:
		q.Text, q.See = c.t("review.merge", v.ContactName, v.OtherName), customerPath(v.Customer)
		q.Reason = c.whyOne(v, g)
	}
	return q
}

// whyOne says why two contacts may be the same person.
func (c *call) whyOne(v crm.Review, g crm.Grounds) string {
	switch v.Reason {
	case crm.ReasonPhone:
		return c.t("reason.merge-phone", phone(g.Value))
	case crm.ReasonBuyer:
		return c.t("reason.merge-buyer", v.Evidence)
	case crm.ReasonAnswer:
		return join(c.t("reason.merge-thread", v.OtherName, v.ContactName), c.proof(g))
	}
	return c.t("reason.merge")
}

// author names who wrote a mail, with the address: a name alone anybody can
// write.
func (c *call) author(m *crm.MailRow) string {
	switch {
	case m == nil || m.From.Display() == "":
		return c.t("mail.unknown-sender")
	case m.From.Name == "" || m.From.Address == "":
		return m.From.Display()
	}
	return m.From.Name + " (" + string(m.From.Address) + ")"
}

// reason says why nobody but a colleague can tell whose a mail is.
func (c *call) reason(v crm.Review, g crm.Grounds) string {
	switch v.Reason {
	case crm.ReasonThread:
		return c.t("reason.unproven-thread", v.ContactName)
	case crm.ReasonSeveral:
		return c.t("reason.several-customers", g.Value)
	case crm.ReasonPhone:
		return c.t("reason.same-phone", phone(g.Value), v.ContactName)
	case crm.ReasonOrder:
		return c.t("reason.order-number", g.Value, v.ContactName)
	case crm.ReasonName:
		return c.t("reason.same-name")
	case crm.ReasonUnverified:
		return c.t("reason.unverified-sender", v.ContactName)
	}
	return c.t("why.rule", string(v.Reason))
}

// answeredBefore reports that a question was answered while it stood on the
// page, and not that its answer leads to what cannot be.
func answeredBefore(err error) bool {
	var e *crm.Error
	return errors.As(err, &e) && e.Kind == crm.KindConflict && e.Field == "question"
}

// decide answers a question.
func (s *Server) decide(w http.ResponseWriter, r *http.Request, c *call) error {
	id, err := routeID[crm.ReviewID](r, "id", "question")
	if err != nil {
		return err
	}
	answer, back := r.PostFormValue("answer"), ownPath(r.PostFormValue("back"))
	if back == "/" {
		back = "/reviews"
	}
	if answer != "yes" && answer != "no" {
		return crm.Invalid("answer", "answer with yes or no")
	}
	err = s.Store.DecideReview(r.Context(), c.viewer, id, answer == "yes")
	if answeredBefore(err) {
		return go303(w, r, back, "answered-before")
	}
	if err != nil {
		f, ok := c.faults(err)
		if !ok {
			return err
		}
		return s.showReviews(w, r, c, f, statusOf[crm.KindOf(err)])
	}
	if see := ownPath(r.PostFormValue("see")); see != "/" && see != back {
		back = withSight(back, see)
	}
	return go303(w, r, back, "answered")
}
