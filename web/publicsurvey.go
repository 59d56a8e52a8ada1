package web

import (
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"kaveri/crm"
)

// The public pages of surveys and of the firm's form. Scanners open every link of a mail
// and some press buttons, so opening a page never votes, and what no person does
// makes a vote void (crm.CountedBallot).

// trapField is the name of the input that no person sees.
const trapField = "website"

// survey wraps a handler of the page of a survey.
func (p *public) survey(h publicHandler) http.Handler {
	return p.open(func(w http.ResponseWriter, r *http.Request, c *publicCall) error {
		d, id, ok := p.Keys.ReadSurvey(r.PathValue("token"))
		if !ok {
			return errNoPage
		}
		to, err := p.Store.PublicRecipient(r.Context(), d)
		if err != nil {
			return err
		}
		if c.survey, err = p.Store.PublicSurvey(r.Context(), id); err != nil {
			return err
		}
		c.to, c.lang = to, publicLanguage(to.Language, c.firm.Language)
		return h(w, r, c)
	})
}

// surveyPage shows the question. An answer in the address is only chosen
// beforehand.
func (p *public) surveyPage(w http.ResponseWriter, r *http.Request, c *publicCall) error {
	p.visited(r, c, c.to.Dispatch, crm.LinkSurvey)
	chosen := -1
	if text := r.PathValue("score"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || !c.survey.Kind.Takes(n) {
			return errNoPage
		}
		chosen = n
		if err := p.Store.Ballot(r.Context(), c.to.Dispatch, c.survey.ID, crm.Ballot{Score: n, At: c.at}, ""); err != nil {
			return err
		}
	}
	p.showSurvey(w, r, c, chosen, "", false)
	return nil
}

// SurveyChoice is one answer of the page.
type SurveyChoice struct {
	Score  int
	Chosen bool
}

func (p *public) showSurvey(w http.ResponseWriter, r *http.Request, c *publicCall, chosen int, kind string, missing bool) {
	d := PublicPage{Lang: c.lang, Firm: c.firm.Name, Token: r.PathValue("token"), Title: c.survey.In(c.lang), Kind: kind, Missing: missing}
	if !c.survey.Closed.IsZero() {
		d.Kind, d.Title = "closed", c.t("survey.closed")
	}
	low, high := c.survey.Kind.Scale()
	for n := low; n <= high; n++ {
		d.Scores = append(d.Scores, SurveyChoice{n, n == chosen})
	}
	d.Low, d.High = c.t(Key("survey.low."+string(c.survey.Kind))), c.t(Key("survey.high."+string(c.survey.Kind)))
	if kind == "thanks" {
		d.Title = c.t("survey.thanks")
	}
	p.render(w, r, http.StatusOK, "public-survey", d)
}

// vote keeps the answer; the last one of a mail counts. A machine is thanked as
// anybody is.
func (p *public) vote(w http.ResponseWriter, r *http.Request, c *publicCall) error {
	score, err := strconv.Atoi(r.PostFormValue("score"))
	if err != nil || !c.survey.Kind.Takes(score) {
		p.showSurvey(w, r, c, -1, "", true)
		return nil
	}
	words := r.PostFormValue("words")
	b := crm.Ballot{Score: score, Posted: true, Trapped: r.PostFormValue(trapField) != "", At: c.at}
	if err := p.Store.Ballot(r.Context(), c.to.Dispatch, c.survey.ID, b, words[:min(len(words), crm.MaxFeedback)]); err != nil {
		return err
	}
	p.showSurvey(w, r, c, score, "thanks", false)
	return nil
}

// A network address may send the firm's form five times at once and then once a
// minute.
const feedbackBurst, feedbackEvery = 5, time.Minute

// feedbackPage shows the firm's form, when it is open.
func (p *public) feedbackPage(w http.ResponseWriter, r *http.Request, c *publicCall) error {
	if !c.firm.FeedbackForm {
		return errNoPage
	}
	p.showFeedback(w, r, c, http.StatusOK, PublicPage{})
	return nil
}

func (p *public) showFeedback(w http.ResponseWriter, r *http.Request, c *publicCall, status int, d PublicPage) {
	d.Lang, d.Firm, d.Title = c.lang, c.firm.Name, c.t("feedback.title")
	if d.Kind == "thanks" {
		d.Title = c.t("survey.thanks")
	}
	p.render(w, r, status, "public-feedback", d)
}

// feedback keeps what somebody wrote. What the trap has caught is thanked for and
// thrown away.
func (p *public) feedback(w http.ResponseWriter, r *http.Request, c *publicCall) error {
	if !c.firm.FeedbackForm {
		return errNoPage
	}
	if r.PostFormValue(trapField) != "" {
		p.showFeedback(w, r, c, http.StatusOK, PublicPage{Kind: "thanks"})
		return nil
	}
	if wait := p.tries.one("feedback "+c.ip, feedbackBurst, feedbackEvery); wait > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(max(1, int(wait/time.Second))))
		p.showFeedback(w, r, c, http.StatusTooManyRequests, PublicPage{Kind: "wait", Said: r.PostFormValue("words")})
		return nil
	}
	f := crm.Feedback{Name: r.PostFormValue("name"), Address: crm.Address(r.PostFormValue("address")), Words: r.PostFormValue("words")}
	err := p.Store.AddFeedback(r.Context(), f)
	var known *crm.Error
	if errors.As(err, &known) && known.Kind == crm.KindInvalid {
		d := PublicPage{Kind: "wrong", Said: f.Words, Name: f.Name, Address: string(f.Address)}
		d.Fault = c.feedbackFault(f, known.Field)
		p.showFeedback(w, r, c, http.StatusUnprocessableEntity, d)
		return nil
	}
	if err != nil {
		return err
	}
	p.showFeedback(w, r, c, http.StatusOK, PublicPage{Kind: "thanks"})
	return nil
}

// feedbackFault says what is wrong with what was written into the firm's form.
func (c *publicCall) feedbackFault(f crm.Feedback, field string) string {
	switch {
	case field == "words" && strings.TrimSpace(f.Words) != "":
		return c.t("feedback.too-long", crm.MaxFeedback)
	case field == "words":
		return c.t("feedback.no-words")
	case field == "name":
		return c.t("feedback.long-name", crm.MaxFeedbackName)
	}
	return c.t("feedback.wrong-address")
}
