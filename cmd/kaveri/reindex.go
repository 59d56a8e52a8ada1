package main

import (
	"context"
	"time"

	"github.com/spf13/cobra"
)

func (p *program) reindexCommand() *cobra.Command {
	return p.reads(&cobra.Command{
		Use: "reindex", Short: "Make the search index of all mail anew, should a search miss what is there; reading and capture go on", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return p.reindex(c.Context()) },
	})
}

// reindexedJSON is what making the index anew took, in JSON.
type reindexedJSON struct {
	Mails   int64   `json:"mails"`
	Seconds float64 `json:"seconds"`
}

func (p *program) reindex(ctx context.Context) error {
	s, err := p.openExisting(ctx)
	if err != nil {
		return err
	}
	defer s.Close()
	b, begin, j := p.bar("reindex"), time.Now(), reindexedJSON{}
	err = s.Reindex(ctx, func(done, total int64) {
		j.Mails = done
		b.of(done, total)
	})
	b.end()
	if err != nil {
		return err
	}
	j.Seconds = time.Since(begin).Seconds()
	if p.json {
		return p.printJSON(j)
	}
	p.printf("%s indexed anew in %.1f s.\n", plural(int(j.Mails), "mail", "mails"), j.Seconds)
	return nil
}
