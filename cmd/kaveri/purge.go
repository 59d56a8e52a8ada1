package main

import (
	"context"

	"github.com/spf13/cobra"
)

func (p *program) purgeCommand() *cobra.Command {
	var preview bool
	c := p.reads(&cobra.Command{
		Use: "purge", Short: "Remove mail that has left the mailboxes for longer than your firm keeps it (serve does so every night)", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return p.purge(c.Context(), preview) },
	})
	c.Flags().BoolVar(&preview, "preview", false, "say how much it would be, and remove nothing")
	return c
}

// purgedJSON is what was removed, in JSON.
type purgedJSON struct {
	Mails   int  `json:"mails"`
	Days    int  `json:"days"` // 0: the firm does not follow deletions
	Preview bool `json:"preview"`
}

func (p *program) purge(ctx context.Context, preview bool) error {
	s, err := p.openExisting(ctx)
	if err != nil {
		return err
	}
	defer s.Close()
	f, err := s.Firm(ctx)
	if err != nil {
		return err
	}
	n, err := s.FollowDeletions(ctx, p.now(), preview)
	if err != nil {
		return err
	}
	mails := plural(n, "mail", "mails")
	switch {
	case p.json:
		return p.printJSON(purgedJSON{n, f.FollowDeletions, preview})
	case f.FollowDeletions == 0:
		p.printf("The firm keeps what has left the mailboxes; kaveri firm set --follow-deletions 30d changes that.\n")
	case preview:
		p.printf("%s would be removed: gone from every mailbox for %s.\n", mails, plural(f.FollowDeletions, "day", "days"))
	default:
		p.printf("%s removed: gone from every mailbox for %s.\n", mails, plural(f.FollowDeletions, "day", "days"))
	}
	return nil
}
