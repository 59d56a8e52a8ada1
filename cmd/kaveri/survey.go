package main

import (
	"context"

	"github.com/spf13/cobra"

	"kaveri/crm"
	"kaveri/insight"
	"kaveri/store"
)

func (p *program) surveyCommand() *cobra.Command {
	results := p.reads(&cobra.Command{
		Use: "results NAME", Short: "Show what a survey has brought, with its interval", Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error { return p.surveyResults(c.Context(), args[0]) },
	})
	list := p.reads(&cobra.Command{
		Use: "list", Short: "List the surveys, the newest first", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return p.listSurveys(c.Context()) },
	})
	end := &cobra.Command{
		Use: "close NAME", Short: "End a survey: its page takes no answer any more", Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error { return p.closeSurvey(c.Context(), args[0]) },
	}
	return group("survey", "Surveys of one question, asked by mail", p.surveyAddCommand(), list, results, end)
}

// surveyJSON is a survey in JSON.
type surveyJSON struct {
	ID       crm.SurveyID      `json:"id"`
	Name     string            `json:"name"`
	Kind     crm.SurveyKind    `json:"kind"`     // nps or csat
	Question map[string]string `json:"question"` // by language; "" is for all others
	Created  jsonTime          `json:"created"`
	Closed   jsonTime          `json:"closed"`
	Votes    int               `json:"votes"`
}

func surveyOf(n crm.Survey) surveyJSON {
	return surveyJSON{n.ID, n.Name, n.Kind, n.Question, jsonTime(n.Created), jsonTime(n.Closed), n.Votes}
}

func (p *program) surveyAddCommand() *cobra.Command {
	var kind, question, en, fi, as string
	c := p.reads(&cobra.Command{
		Use: "add NAME", Short: "Make a survey; letters ask it with {{ survey_NAME }}, hyphens written as _", Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			return p.addSurvey(c.Context(), crm.Survey{Name: args[0], Kind: crm.SurveyKind(kind), Question: map[string]string{"": question, "en": en, "fi": fi}}, as)
		},
	})
	c.Flags().StringVar(&kind, "kind", string(crm.SurveyNPS), "nps: 0 to 10, would they recommend you; csat: 1 to 5, are they content")
	c.Flags().StringVar(&question, "question", "", "the question, for every language without its own")
	c.Flags().StringVar(&en, "en", "", "the question in English")
	c.Flags().StringVar(&fi, "fi", "", "the question in Finnish")
	asFlag(c, &as)
	return c
}

func (p *program) addSurvey(ctx context.Context, n crm.Survey, as string) error {
	s, v, err := p.openAs(ctx, as)
	if err != nil {
		return err
	}
	defer s.Close()
	if n, err = s.AddSurvey(ctx, v, n); err != nil {
		return err
	}
	if p.json {
		return p.printJSON(surveyOf(n))
	}
	p.printf("The survey %s is ready; letters ask it with {{ %s }}.\n", n.Name, n.Tag())
	return nil
}

func (p *program) listSurveys(ctx context.Context) error {
	s, err := p.openExisting(ctx)
	if err != nil {
		return err
	}
	defer s.Close()
	list, err := s.Surveys(ctx, crm.SystemViewer)
	if err != nil {
		return err
	}
	l := p.listing("NAME", "KIND", "ANSWERS", "MADE", "CLOSED", "QUESTION")
	for _, n := range list {
		if err := l.entry(surveyOf(n), n.Name, string(n.Kind), n.Votes, n.Created, n.Closed, n.In("")); err != nil {
			return err
		}
	}
	return l.end()
}

func (p *program) closeSurvey(ctx context.Context, name string) error {
	s, err := p.openExisting(ctx)
	if err != nil {
		return err
	}
	defer s.Close()
	id, err := s.SurveyID(ctx, name)
	if err != nil {
		return err
	}
	if err := s.CloseSurvey(ctx, crm.SystemViewer, id); err != nil {
		return err
	}
	p.printf("%s is closed.\n", printable(name))
	return nil
}

// surveyResultJSON is what a survey has brought. The score of an nps is from -100
// to 100, that of a csat the share of 4 and 5 in per cent; low and high bound it
// with 95 % confidence.
type surveyResultJSON struct {
	surveyJSON
	Score  *float64   `json:"score"` // null without answers
	SE     *float64   `json:"se"`    // of an nps
	Low    *float64   `json:"low"`
	High   *float64   `json:"high"`
	Few    bool       `json:"few"` // fewer than 30 answers
	Counts []int      `json:"counts"`
	Said   []saidJSON `json:"said"`
}

type saidJSON struct {
	Score    int            `json:"score"`
	Words    string         `json:"words"`
	Customer crm.CustomerID `json:"customer"`
	At       jsonTime       `json:"at"`
}

func (p *program) surveyResults(ctx context.Context, name string) error {
	s, err := p.openExisting(ctx)
	if err != nil {
		return err
	}
	defer s.Close()
	r, err := resultsOf(ctx, s, name)
	if err != nil {
		return err
	}
	n, glad, sad := r.Sums()
	score := surveyScore(&r)
	if p.json {
		low, high := r.Kind.Scale()
		j := surveyResultJSON{surveyJSON: surveyOf(r.Survey), Few: n < crm.FewAnswers, Counts: r.Counts[low : high+1], Said: []saidJSON{}}
		if n > 0 {
			j.Score, j.Low, j.High = &score.Value, &score.Low, &score.High
			if r.Kind == crm.SurveyNPS {
				j.SE = &score.SE
			}
		}
		for _, w := range r.Said {
			j.Said = append(j.Said, saidJSON{w.Score, w.Words, w.Customer, jsonTime(w.At)})
		}
		return p.printJSON(j)
	}
	p.printf("%s: %s\n", r.Name, printable(r.In("")))
	if n == 0 {
		p.printf("Nobody has answered yet.\n")
		return nil
	}
	if r.Kind == crm.SurveyNPS {
		p.printf("NPS %.0f, between %.0f and %.0f (95 %%); %s: %d promoters, %d detractors.\n", score.Value, score.Low, score.High, plural(n, "answer", "answers"), glad, sad)
	} else {
		p.printf("%.0f %% are content, between %.0f %% and %.0f %% (95 %%); %s.\n", score.Value, score.Low, score.High, plural(n, "answer", "answers"))
	}
	if n < crm.FewAnswers {
		p.printf("These are few answers: they tell of those who gave them, and little of the others.\n")
	}
	for _, w := range r.Said {
		p.printf("  %d  %s\n", w.Score, printable(w.Words))
	}
	return nil
}

func resultsOf(ctx context.Context, s *store.Store, name string) (crm.SurveyResult, error) {
	id, err := s.SurveyID(ctx, name)
	if err != nil {
		return crm.SurveyResult{}, err
	}
	return s.SurveyResults(ctx, crm.SystemViewer, id)
}

// surveyScore gives the score of a survey with its interval.
func surveyScore(r *crm.SurveyResult) insight.Score {
	n, glad, sad := r.Sums()
	if r.Kind == crm.SurveyNPS {
		return insight.NPS(glad, sad, n)
	}
	return insight.Content(glad, n)
}
