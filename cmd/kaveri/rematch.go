package main

import (
	"context"
	"time"

	"github.com/spf13/cobra"
)

func (p *program) rematchCommand() *cobra.Command {
	return p.reads(&cobra.Command{
		Use: "rematch", Short: "Apply the rules to every stored mail again; what colleagues said stays", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return p.rematch(c.Context()) },
	})
}

// rematchedJSON is what applying the rules again took, in JSON.
type rematchedJSON struct {
	Mails   int64   `json:"mails"`
	Seconds float64 `json:"seconds"`
}

func (p *program) rematch(ctx context.Context) error {
	s, err := p.openExisting(ctx)
	if err != nil {
		return err
	}
	defer s.Close()
	n, err := s.Counts(ctx)
	if err != nil {
		return err
	}
	begin := time.Now()
	if err := s.Rematch(ctx); err != nil {
		return err
	}
	j := rematchedJSON{n.Messages, time.Since(begin).Seconds()}
	if p.json {
		return p.printJSON(j)
	}
	p.printf("%s decided again in %.1f s.\n", plural(int(j.Mails), "mail", "mails"), j.Seconds)
	return nil
}
