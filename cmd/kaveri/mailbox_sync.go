package main

import (
	"context"
	"errors"
	"time"

	"github.com/spf13/cobra"

	"kaveri/crm"
	"kaveri/ingest"
	"kaveri/ingest/enrich"
	"kaveri/store"
)

func (p *program) mailboxSyncCommand() *cobra.Command {
	var all bool
	c := p.reads(&cobra.Command{
		Use: "sync [ADDRESS...]", Short: "Fetch everything that is in the mailboxes now, then end",
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) == 0 && !all {
				return misused("name the mailboxes, or say --all")
			}
			if len(args) > 0 && all {
				return misused("either name mailboxes or say --all")
			}
			return p.syncMailboxes(c.Context(), args)
		},
	})
	c.Flags().BoolVar(&all, "all", false, "all mailboxes")
	return c
}

// summaryJSON is what an ingest did, in JSON.
type summaryJSON struct {
	Mailboxes      int     `json:"mailboxes,omitempty"`
	Messages       int64   `json:"messages"` // bodies fetched
	Listed         int64   `json:"listed"`
	Stored         int64   `json:"stored"`
	New            int64   `json:"new"`
	Withheld       int64   `json:"withheld"`
	Failed         int64   `json:"failed"`
	Bytes          int64   `json:"bytes"`
	Seconds        float64 `json:"seconds"`
	MessagesPerSec float64 `json:"messages_per_second"`
	BytesPerSec    float64 `json:"bytes_per_second"`
}

func summaryOf(s ingest.Summary) summaryJSON {
	seconds := max(s.Elapsed.Seconds(), 1e-6)
	n := s.Stored + s.Withheld
	return summaryJSON{Messages: n, Listed: s.Listed, Stored: s.Stored, New: s.New, Withheld: s.Withheld, Failed: s.Failed, Bytes: s.Bytes,
		Seconds: seconds, MessagesPerSec: float64(n) / seconds, BytesPerSec: float64(s.Bytes) / seconds}
}

func (p *program) printSummary(j summaryJSON) error {
	if p.json {
		return p.printJSON(j)
	}
	t := p.table("LISTED", "FETCHED", "STORED", "NEW", "WITHHELD", "FAILED", "SIZE", "SECONDS", "MAILS/S", "MB/S")
	t.row(j.Listed, j.Messages, j.Stored, j.New, j.Withheld, j.Failed, bytesOf(j.Bytes), round(j.Seconds), round(j.MessagesPerSec), round(j.BytesPerSec/1e6))
	return t.end()
}

func (p *program) syncMailboxes(ctx context.Context, who []string) error {
	s, err := p.openExisting(ctx)
	if err != nil {
		return err
	}
	defer s.Close()
	ids, err := mailboxIDs(ctx, s, who)
	if err != nil {
		return err
	}
	if len(ids) == 0 {
		return missing("mailbox", "no mailbox is connected yet; kaveri mailbox add connects one")
	}
	b := p.bar("mailboxes")
	sum, err := ingest.New(ingest.Options{Store: s, Log: p.log}).Sync(ctx, ids, b.ingesting(p.now()))
	b.end()
	j := summaryOf(sum)
	j.Mailboxes = len(ids)
	if perr := p.printSummary(j); perr != nil {
		return perr
	}
	p.enrich(ctx, s)
	return p.outcome(ctx, err, len(ids), sum.Failed)
}

// enrichTime bounds what a command adds to read again the mails that it has
// brought; serve goes on with the rest.
const enrichTime = 5 * time.Second

func (p *program) enrich(ctx context.Context, s *store.Store) {
	ctx, cancel := context.WithTimeout(ctx, enrichTime)
	defer cancel()
	if _, err := enrich.CatchUp(ctx, s); err != nil {
		p.log.Warn("what was read from mails could not be noted", "err", err)
	}
}

// outcome tells apart: all done, some mailboxes or mails not, none.
func (p *program) outcome(ctx context.Context, err error, boxes int, failed int64) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	errs := parts(err)
	switch {
	case len(errs) > 0 && len(errs) >= boxes:
		for _, e := range errs[1:] {
			p.notef("kaveri: %s\n", sentence(e))
		}
		return errs[0]
	case len(errs) > 0:
		for _, e := range errs {
			p.notef("kaveri: %s\n", sentence(e))
		}
		return partly("%d of %s could not be read to the end", len(errs), plural(boxes, "mailbox", "mailboxes"))
	case failed > 0:
		return partly("%s could not be stored and will be tried again; kaveri quarantine list shows those given up", plural(int(failed), "mail", "mails"))
	}
	return nil
}

// parts takes joined errors apart.
func parts(err error) []error {
	var joined interface{ Unwrap() []error }
	switch {
	case err == nil:
		return nil
	case errors.As(err, &joined):
		return joined.Unwrap()
	}
	return []error{err}
}

// mailboxIDs gives the mailboxes that are named, or all that have a server.
func mailboxIDs(ctx context.Context, s *store.Store, who []string) ([]crm.MailboxID, error) {
	var ids []crm.MailboxID
	for _, w := range who {
		m, err := findMailbox(ctx, s, w)
		if err != nil {
			return nil, err
		}
		if _, err := withPassword(ctx, s, m); err != nil {
			return nil, err
		}
		ids = append(ids, m.ID)
	}
	if len(who) > 0 {
		return ids, nil
	}
	all, err := s.FollowedMailboxes(ctx)
	for _, m := range all {
		ids = append(ids, m.ID)
	}
	return ids, err
}
