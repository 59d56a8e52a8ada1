package web

import (
	"math"
	"net/http"

	"kaveri/crm"
	"kaveri/insight"
)

// SurveysPage lists surveys with what they have brought, and what came by the
// public form.
type SurveysPage struct {
	Shell
	Surveys  []SurveyLine
	Feedback []FeedbackLine
	Next     string
	Form     string // address of the public form, "" when it is closed
	Kind     crm.SurveyKind
	Name     string // what was written into the form, as are the questions
	En, Fi   string
	Faults   Faults
}

// SurveyLine is a survey, in words.
type SurveyLine struct {
	crm.Survey
	Question string
	Score    string // "NPS 30", "82 % are content"; "" without answers
	Range    string // "between 16 and 44"
	Answers  string
	Few      bool
	Bars     []BarLine
	Said     []SaidLine
}

// BarLine is how many gave one answer.
type BarLine struct {
	Score, Votes, Per int // Per: in per cent of the most
}

// SaidLine is an answer with words.
type SaidLine struct {
	crm.Vote
	When Stamp
}

// FeedbackLine is what somebody wrote into the public form.
type FeedbackLine struct {
	crm.Feedback
	When Stamp
	Who  string
}

const saidPerSurvey = 5

func (s *Server) surveysPage(w http.ResponseWriter, r *http.Request, c *call) error {
	return s.showSurveys(w, r, c, SurveysPage{Kind: crm.SurveyNPS}, http.StatusOK)
}

func (s *Server) showSurveys(w http.ResponseWriter, r *http.Request, c *call, p SurveysPage, status int) error {
	after, err := parseKey(r.URL.Query().Get("after"))
	if err != nil {
		return err
	}
	list, err := s.Wishes.Surveys(r.Context(), c.viewer)
	if err != nil {
		return err
	}
	for _, n := range list {
		res, err := s.Wishes.SurveyResults(r.Context(), c.viewer, n.ID)
		if err != nil {
			return err
		}
		p.Surveys = append(p.Surveys, c.surveyLine(res))
	}
	said, next, err := s.Wishes.Feedback(r.Context(), c.viewer, after, wishesPerPage)
	if err != nil {
		return err
	}
	for _, f := range said {
		l := FeedbackLine{Feedback: f, When: c.clock.stamp(f.At), Who: f.Name}
		if l.Who == "" {
			l.Who = string(f.Address)
		}
		if l.Who == "" {
			l.Who = c.t("feedback.nobody")
		}
		p.Feedback = append(p.Feedback, l)
	}
	if (next != crm.PageKey{}) {
		p.Next = "/surveys?after=" + formatKey(next)
	}
	if c.firm.FeedbackForm && c.firm.PublicURL != "" {
		p.Form = c.firm.PublicURL + crm.PathFeedback
	}
	p.Shell = s.shell(c, "wishes", c.t("surveys.title"))
	s.render(w, r, c, status, "surveys", p)
	return nil
}

// surveyLine puts results into words. No score stands without its interval.
func (c *call) surveyLine(r crm.SurveyResult) SurveyLine {
	n, glad, sad := r.Sums()
	l := SurveyLine{Survey: r.Survey, Question: r.In(c.lang), Answers: c.n("surveys.answers", n), Few: n > 0 && n < crm.FewAnswers}
	switch {
	case n == 0:
	case r.Kind == crm.SurveyNPS:
		v := insight.NPS(glad, sad, n)
		l.Score, l.Range = c.t("surveys.nps", whole(v.Value)), c.t("surveys.range", whole(v.Low), whole(v.High))
	default:
		v := insight.Content(glad, n)
		l.Score, l.Range = c.t("surveys.content", whole(v.Value)), c.t("surveys.range-share", whole(v.Low), whole(v.High))
	}
	low, high := r.Kind.Scale()
	most := 1
	for _, k := range r.Counts {
		most = max(most, k)
	}
	for score := low; score <= high; score++ {
		l.Bars = append(l.Bars, BarLine{score, r.Counts[score], 100 * r.Counts[score] / most})
	}
	for _, v := range r.Said[:min(len(r.Said), saidPerSurvey)] {
		l.Said = append(l.Said, SaidLine{v, c.clock.stamp(v.At)})
	}
	return l
}

// whole writes a number without decimals, with a true minus.
func whole(f float64) string { return number("en", int64(math.Round(f))) }

func (s *Server) addSurvey(w http.ResponseWriter, r *http.Request, c *call) error {
	p := SurveysPage{Kind: crm.SurveyKind(r.PostFormValue("kind")), Name: r.PostFormValue("name"), En: r.PostFormValue("en"), Fi: r.PostFormValue("fi")}
	_, err := s.Wishes.AddSurvey(r.Context(), c.viewer, crm.Survey{Name: p.Name, Kind: p.Kind, Question: map[string]string{"en": p.En, "fi": p.Fi}})
	if err != nil {
		var ok bool
		if p.Faults, ok = c.faults(err, "name", "question"); !ok {
			return err
		}
		return s.showSurveys(w, r, c, p, statusOf[crm.KindOf(err)])
	}
	return go303(w, r, "/surveys", "survey")
}

func (s *Server) closeSurvey(w http.ResponseWriter, r *http.Request, c *call) error {
	id, err := routeID[crm.SurveyID](r, "id", "survey")
	if err == nil {
		err = s.Wishes.CloseSurvey(r.Context(), c.viewer, id)
	}
	if err != nil {
		return err
	}
	return go303(w, r, "/surveys", "survey-closed")
}

func (s *Server) seenFeedback(w http.ResponseWriter, r *http.Request, c *call) error {
	id, err := routeID[crm.WishID](r, "id", "feedback") // any number will do
	if err == nil {
		err = s.Wishes.SeenFeedback(r.Context(), c.viewer, int64(id))
	}
	if err != nil {
		return err
	}
	return go303(w, r, "/surveys#feedback", "seen")
}
