package main

import (
	"context"
	"strconv"

	"github.com/spf13/cobra"

	"kaveri/crm"
)

func (p *program) quarantineCommand() *cobra.Command {
	list := p.reads(&cobra.Command{
		Use: "list", Short: "List the mails that could not be stored, and why", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return p.listQuarantine(c.Context()) },
	})
	var as string
	show := &cobra.Command{
		Use: "show FOLDER UID", Short: "Print the bytes of a quarantined mail; only to the owner of its mailbox", Args: cobra.ExactArgs(2),
		RunE: func(c *cobra.Command, args []string) error { return p.showQuarantined(c.Context(), args, as) },
	}
	asFlag(show, &as)
	var all bool
	retry := &cobra.Command{
		Use: "retry FOLDER UID", Short: "Put a quarantined mail, or with --all every one, back into line", Args: cobra.MaximumNArgs(2),
		RunE: func(c *cobra.Command, args []string) error {
			if all != (len(args) == 0) || len(args) == 1 {
				return misused("give the numbers of folder and UID that kaveri quarantine list shows, or --all")
			}
			return p.retryQuarantined(c.Context(), args)
		},
	}
	retry.Flags().BoolVar(&all, "all", false, "all of them")
	return group("quarantine", "Mails that failed three times: kept aside with bytes and reason", list, show, retry)
}

// quarantinedJSON is a quarantined mail in JSON.
type quarantinedJSON struct {
	Mailbox     string        `json:"mailbox"`
	MailboxID   crm.MailboxID `json:"mailbox_id"`
	Folder      string        `json:"folder"`
	FolderID    crm.FolderID  `json:"folder_id"`
	UIDValidity uint32        `json:"uidvalidity"`
	UID         uint32        `json:"uid"`
	Reason      string        `json:"reason"`
	Tries       int           `json:"tries"`
	Size        int64         `json:"size"`
	At          jsonTime      `json:"at"`
}

func (p *program) listQuarantine(ctx context.Context) error {
	s, err := p.openExisting(ctx)
	if err != nil {
		return err
	}
	defer s.Close()
	all, err := s.Quarantine(ctx, crm.SystemViewer)
	if err != nil {
		return err
	}
	if p.json {
		for _, q := range all {
			if err := p.printJSON(quarantinedJSON{q.MailboxName, q.Mailbox, q.FolderName, q.Folder, q.UIDValidity, q.UID, q.Reason, q.Tries, q.Size, jsonTime(q.At)}); err != nil {
				return err
			}
		}
		return nil
	}
	t := p.table("FOLDER", "UID", "MAILBOX", "NAME", "SINCE", "TRIES", "SIZE", "REASON")
	for _, q := range all {
		t.row(q.Folder, q.UID, q.MailboxName, q.FolderName, q.At, q.Tries, bytesOf(q.Size), q.Reason)
	}
	return t.end()
}

func placeOf(args []string) (crm.FolderID, uint32, error) {
	folder, err := crm.ParseID[crm.FolderID]("folder", args[0])
	if err != nil {
		return 0, 0, err
	}
	uid, err := strconv.ParseUint(args[1], 10, 32)
	if err != nil || uid == 0 {
		return 0, 0, crm.Invalid("uid", "%q is not a UID; kaveri quarantine list shows them", args[1])
	}
	return folder, uint32(uid), nil
}

func (p *program) showQuarantined(ctx context.Context, args []string, as string) error {
	folder, uid, err := placeOf(args)
	if err != nil {
		return err
	}
	s, v, err := p.openAs(ctx, as)
	if err != nil {
		return err
	}
	defer s.Close()
	raw, err := s.QuarantinedRaw(ctx, v, folder, uid)
	if err != nil {
		return err
	}
	if isTerminal(p.stdout) {
		p.notef("%s; send them to a file or a pager\n", bytesOf(int64(len(raw))))
	}
	_, err = p.stdout.Write(raw)
	return err
}

func (p *program) retryQuarantined(ctx context.Context, args []string) error {
	type place struct {
		folder crm.FolderID
		uid    uint32
	}
	var places []place
	if len(args) == 2 {
		folder, uid, err := placeOf(args)
		if err != nil {
			return err
		}
		places = append(places, place{folder, uid})
	}
	s, err := p.openExisting(ctx)
	if err != nil {
		return err
	}
	defer s.Close()
	if len(args) == 0 {
		all, err := s.Quarantine(ctx, crm.SystemViewer)
		if err != nil {
			return err
		}
		for _, q := range all {
			places = append(places, place{q.Folder, q.UID})
		}
	}
	for _, q := range places {
		if err := s.RetryQuarantined(ctx, crm.SystemViewer, q.folder, q.uid); err != nil {
			return err
		}
	}
	p.printf("%s will be tried again.\n", plural(len(places), "mail", "mails"))
	return nil
}
