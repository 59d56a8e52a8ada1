package main

import (
	"context"

	"github.com/spf13/cobra"

	"kaveri/crm"
	"kaveri/store"
)

func (p *program) reviewCommand() *cobra.Command {
	return group("review", "What waits for a colleague's decision: mails, addresses, organisations, merges",
		p.reviewListCommand(),
		p.reviewDecideCommand("confirm", "Answer questions with yes", true),
		p.reviewDecideCommand("dismiss", "Answer questions with no; they are not asked again", false))
}

// reviewJSON is a question in JSON.
type reviewJSON struct {
	ID       crm.ReviewID   `json:"id"`
	Kind     crm.ReviewKind `json:"kind"`
	Question string         `json:"question"`
	Reason   crm.Rule       `json:"reason"`
	Evidence string         `json:"evidence"`
	Subject  string         `json:"subject"` // the address or the domain
	Contact  *namedJSON     `json:"contact"`
	Other    *namedJSON     `json:"other"`
	Mail     *mailJSON      `json:"mail"`
	At       jsonTime       `json:"at"`
}

// namedJSON is a contact in JSON.
type namedJSON struct {
	ID       crm.ContactID  `json:"id"`
	Name     string         `json:"name"`
	Customer crm.CustomerID `json:"customer"`
}

func named(id crm.ContactID, name string, c crm.CustomerID) *namedJSON {
	if id == 0 {
		return nil
	}
	return &namedJSON{id, name, c}
}

func reviewOf(q crm.Review) reviewJSON {
	j := reviewJSON{q.ID, q.Kind, questionText(q), q.Reason, q.Evidence, q.Subject,
		named(q.Contact, q.ContactName, q.Customer), named(q.Other, q.OtherName, q.OtherOf), nil, jsonTime(q.At)}
	if q.Mail != nil {
		m := mailOf(*q.Mail)
		j.Mail = &m
	}
	return j
}

func (p *program) reviewListCommand() *cobra.Command {
	var limit int
	var as string
	c := p.reads(&cobra.Command{
		Use: "list", Short: "List the open questions, the newest first", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return p.listReviews(c.Context(), limit, as) },
	})
	c.Flags().IntVar(&limit, "limit", 50, "how many at most")
	asFlag(c, &as)
	return c
}

func (p *program) listReviews(ctx context.Context, limit int, as string) error {
	if err := checkLimit(limit); err != nil {
		return err
	}
	s, v, err := p.openAs(ctx, as)
	if err != nil {
		return err
	}
	defer s.Close()
	all, err := s.Reviews(ctx, v, limit)
	if err != nil {
		return err
	}
	for _, q := range all {
		if p.json {
			err = p.printJSON(reviewOf(q))
		} else {
			p.printReview(q)
		}
		if err != nil {
			return err
		}
	}
	if len(all) == 0 && !p.json {
		p.notef("nothing to decide\n")
	}
	return nil
}

func (p *program) printReview(q crm.Review) {
	p.printf("%d  %s\n    %s\n", q.ID, printable(questionText(q)), printable(reasonText(q)))
}

func (p *program) reviewDecideCommand(name, short string, yes bool) *cobra.Command {
	var as string
	c := &cobra.Command{
		Use: name + " ID...", Short: short, Args: cobra.MinimumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error { return p.decideReviews(c.Context(), args, yes, as) },
	}
	asFlag(c, &as)
	return c
}

// decideReviews answers each question.
func (p *program) decideReviews(ctx context.Context, args []string, yes bool, as string) error {
	return decideEach(ctx, p, args, as, decision[crm.ReviewID]{"question", "questions", "answered", func(s *store.Store, v crm.Viewer, id crm.ReviewID) (string, error) {
		return cell(yes), s.DecideReview(ctx, v, id, yes)
	}})
}
