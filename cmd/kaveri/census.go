package main

import (
	"context"

	"github.com/spf13/cobra"

	"kaveri/crm"
	"kaveri/ingest"
	"kaveri/store"
)

func (p *program) censusCommand() *cobra.Command {
	var last bool
	c := p.reads(&cobra.Command{
		Use: "census [ADDRESS...]", Short: "Ask every mailbox what it holds and say where each mail went; differences must be 0",
		RunE: func(c *cobra.Command, args []string) error { return p.census(c.Context(), args, last) },
	})
	c.Flags().BoolVar(&last, "last", false, "show the last census without asking the servers")
	return c
}

// folderJSON is the census of one folder in JSON.
type folderJSON struct {
	Mailbox     string           `json:"mailbox"`
	MailboxID   crm.MailboxID    `json:"mailbox_id"`
	Folder      string           `json:"folder"`
	FolderID    crm.FolderID     `json:"folder_id"`
	Captured    bool             `json:"captured"`
	InMailbox   int              `json:"in_mailbox"`
	Stored      int              `json:"stored"`
	Excluded    map[crm.Rule]int `json:"excluded"`
	Waiting     int              `json:"waiting"`
	Quarantined int              `json:"quarantined"`
	Difference  int              `json:"difference"`
	At          jsonTime         `json:"at"`
	Error       string           `json:"error"`
}

// censusJSON is the whole census in JSON.
type censusJSON struct {
	Folders     []folderJSON `json:"folders"`
	Difference  int          `json:"difference"` // sum of the absolute differences
	Unreachable int          `json:"unreachable"`
}

func censusOf(counts []crm.FolderCount) censusJSON {
	j := censusJSON{Folders: []folderJSON{}}
	for _, c := range counts {
		f := folderJSON{c.MailboxName, c.Mailbox, c.FolderName, c.Folder, c.Captured, c.InMailbox, c.Stored, c.Withheld, c.Waiting, c.Quarantined, 0, jsonTime(c.At), c.Error}
		if f.Excluded == nil {
			f.Excluded = map[crm.Rule]int{}
		}
		switch {
		case c.Error != "":
			j.Unreachable++
		case c.Captured:
			f.Difference = c.Difference()
			j.Difference += max(f.Difference, -f.Difference)
		}
		j.Folders = append(j.Folders, f)
	}
	return j
}

func (p *program) census(ctx context.Context, who []string, last bool) error {
	s, err := p.openExisting(ctx)
	if err != nil {
		return err
	}
	defer s.Close()
	boxes, err := p.censusBoxes(ctx, s, who)
	if err != nil {
		return err
	}
	var counts []crm.FolderCount
	if last {
		counts, err = s.LastCensus(ctx, crm.SystemViewer)
		counts = ofMailboxes(counts, boxes)
	} else {
		counts, err = p.takeCensus(ctx, s, boxes)
	}
	if err != nil {
		return err
	}
	j := censusOf(counts)
	if err := p.printCensus(j, counts); err != nil {
		return err
	}
	switch {
	case j.Difference != 0:
		return failure("%s with no known place; if it stays at the next census, please report it", plural(j.Difference, "mail is", "mails are"))
	case j.Unreachable > 0:
		return partly("%s could not be asked", plural(j.Unreachable, "folder or mailbox", "folders or mailboxes"))
	}
	return nil
}

func (p *program) censusBoxes(ctx context.Context, s *store.Store, who []string) ([]crm.Mailbox, error) {
	all, err := s.FollowedMailboxes(ctx)
	if err != nil || len(who) == 0 {
		return all, err
	}
	var out []crm.Mailbox
	for _, w := range who {
		m, err := findMailbox(ctx, s, w)
		if err == nil {
			m, err = withPassword(ctx, s, m)
		}
		if err != nil {
			return nil, err
		}
		out = append(out, m)
	}
	return out, nil
}

// takeCensus asks the servers, one mailbox after the other, and keeps the
// answers. A mailbox that does not answer is a row with its error.
func (p *program) takeCensus(ctx context.Context, s *store.Store, boxes []crm.Mailbox) ([]crm.FolderCount, error) {
	b := p.bar("census")
	defer b.end()
	taker := ingest.New(ingest.Options{Store: s, Log: p.log, Now: p.now})
	var counts []crm.FolderCount
	for i, m := range boxes {
		b.say("census of %s", m.Address)
		got, err := taker.Census(ctx, m)
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if err != nil {
			got = []crm.FolderCount{{Mailbox: m.ID, MailboxName: string(m.Address), Captured: true, At: p.now(), Error: sentence(err)}}
		}
		counts = append(counts, got...)
		b.of(int64(i+1), int64(len(boxes)))
	}
	return counts, nil
}

func ofMailboxes(counts []crm.FolderCount, boxes []crm.Mailbox) []crm.FolderCount {
	wanted := map[crm.MailboxID]bool{}
	for _, m := range boxes {
		wanted[m.ID] = true
	}
	var out []crm.FolderCount
	for _, c := range counts {
		if wanted[c.Mailbox] {
			out = append(out, c)
		}
	}
	return out
}

func (p *program) printCensus(j censusJSON, counts []crm.FolderCount) error {
	if p.json {
		return p.printJSON(j)
	}
	t := p.table("MAILBOX", "FOLDER", "IN MAILBOX", "STORED", "INTERNAL", "NO CUSTOMER", "OTHER", "WAITING", "QUARANTINED", "DIFFERENCE", "ASKED")
	for i, c := range counts {
		switch {
		case c.Error != "":
			t.row(c.MailboxName, c.FolderName, "not asked: "+c.Error)
		case !c.Captured:
			t.row(c.MailboxName, c.FolderName, "left out")
		default:
			internal, nobody := c.Withheld[crm.RuleInternal], c.Withheld[crm.RuleNoCustomer]
			t.row(c.MailboxName, c.FolderName, c.InMailbox, c.Stored, internal, nobody, c.Excluded()-internal-nobody, c.Waiting, c.Quarantined, j.Folders[i].Difference, c.At)
		}
	}
	return t.end()
}
