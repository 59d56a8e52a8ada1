package main

import (
	"context"

	"github.com/spf13/cobra"

	"kaveri/crm"
	"kaveri/insight"
	"kaveri/store"
)

func (p *program) questionCommand() *cobra.Command {
	return group("question", "What customers have asked and nobody has answered",
		p.questionListCommand(),
		p.questionCommandFor("close", "Say that mails need no answer", "closed", "needs no answer", (*store.Store).CloseQuestion),
		p.questionCommandFor("reopen", "Take back that mails need no answer", "reopened", "waits for an answer", (*store.Store).ReopenQuestion))
}

// waitingJSON is what of a customer waits in one conversation, in JSON.
type waitingJSON struct {
	Customer crm.CustomerID `json:"customer"`
	Name     string         `json:"name"`
	Rung     crm.Rung       `json:"rung"` // "" while none was found
	Owner    string         `json:"owner"`
	Writer   string         `json:"writer"` // who writes to them most
	Since    jsonTime       `json:"since"`
	First    crm.MessageID  `json:"first"`
	Newest   crm.MessageID  `json:"newest"`
	Mails    int            `json:"mails"`
	AskedBy  string         `json:"asked_by"`
	Subject  string         `json:"subject"`
	Preview  string         `json:"preview"`
	Private  bool           `json:"private"`
}

func (p *program) questionListCommand() *cobra.Command {
	var limit int
	var as string
	c := p.reads(&cobra.Command{
		Use: "list [CUSTOMER]", Short: "List what waits for our answer: advocates first, then the loyal, and who has waited longest", Args: cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error { return p.listQuestions(c.Context(), args, limit, as) },
	})
	c.Flags().IntVar(&limit, "limit", 50, "how many at most")
	asFlag(c, &as)
	return c
}

func (p *program) listQuestions(ctx context.Context, args []string, limit int, as string) error {
	if err := checkLimit(limit); err != nil {
		return err
	}
	s, v, err := p.openAs(ctx, as)
	if err != nil {
		return err
	}
	defer s.Close()
	var customer crm.CustomerID
	if len(args) > 0 {
		if customer, err = customerID(ctx, s, v, args[0]); err != nil {
			return err
		}
		cu, err := s.Customer(ctx, v, customer)
		if err != nil {
			return err
		}
		customer = cu.ID
	}
	rows, err := s.Waiting(ctx, v, customer)
	if err != nil {
		return err
	}
	insight.ByService(rows)
	all := len(rows)
	rows = rows[:min(all, limit)]
	if err := p.printQuestions(ctx, s, v, rows); err != nil {
		return err
	}
	switch {
	case p.json:
	case all == 0:
		p.notef("nobody waits for an answer\n")
	case all > len(rows):
		p.notef("%d of %d; --limit shows more\n", len(rows), all)
	}
	return nil
}

func (p *program) printQuestions(ctx context.Context, s *store.Store, v crm.Viewer, rows []crm.WaitingRow) error {
	var of []crm.CustomerID
	for _, w := range rows {
		of = append(of, w.Customer)
	}
	knows, err := s.Knowers(ctx, v, of)
	if err != nil || len(rows) == 0 {
		return err
	}
	l := p.listing("MAIL", "SINCE", "CUSTOMER", "RUNG", "OWNER", "WRITER", "SUBJECT")
	for _, w := range rows {
		writer := knows[w.Customer].Name
		j := waitingJSON{w.Customer, w.Name, w.Rung, w.Owner, writer, jsonTime(w.Since), w.First, w.Newest, w.Mails, w.Contact, w.Subject, w.Preview, w.Private}
		if err := l.entry(j, w.Newest, w.Since, w.Name, string(w.Rung), w.Owner, writer, shorten(w.Subject, 60)); err != nil {
			return err
		}
	}
	return l.end()
}

// questionCommandFor does something with the mails that are named.
func (p *program) questionCommandFor(name, short, done, said string, do func(*store.Store, context.Context, crm.Viewer, crm.MessageID) error) *cobra.Command {
	var as string
	c := &cobra.Command{
		Use: name + " MAIL...", Short: short + " (the numbers of question list)", Args: cobra.MinimumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			return decideEach(c.Context(), p, args, as, decision[crm.MessageID]{"mail", "mails", done, func(s *store.Store, v crm.Viewer, id crm.MessageID) (string, error) {
				return said, do(s, c.Context(), v, id)
			}})
		},
	}
	asFlag(c, &as)
	return c
}
