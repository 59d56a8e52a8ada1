package main

import (
	"context"
	"strings"

	"github.com/spf13/cobra"

	"kaveri/crm"
	"kaveri/ingest"
	"kaveri/store"
)

func (p *program) mailboxCommand() *cobra.Command {
	list := p.reads(&cobra.Command{
		Use: "list", Short: "List the mailboxes and how they fare", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return p.listMailboxes(c.Context()) },
	})
	test := &cobra.Command{
		Use: "test ADDRESS", Short: "Sign in to a mailbox and say in one sentence what is wrong", Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error { return p.testMailbox(c.Context(), args[0]) },
	}
	remove := &cobra.Command{
		Use: "remove ADDRESS", Short: "Stop following a mailbox and forget its password; captured mail stays", Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error { return p.removeMailbox(c.Context(), args[0]) },
	}
	return group("mailbox", "The staff mailboxes that are captured", p.mailboxAddCommand(), p.mailboxSetCommand(), list, test, p.mailboxSyncCommand(), remove)
}

// mailboxJSON is a mailbox in JSON; the password never leaves.
type mailboxJSON struct {
	ID          crm.MailboxID    `json:"id"`
	Address     crm.Address      `json:"address"`
	Label       string           `json:"label"`
	Owner       string           `json:"owner"`
	Host        string           `json:"host"`
	Port        int              `json:"port"`
	Security    crm.Security     `json:"security"`
	Username    string           `json:"username"`
	State       crm.MailboxState `json:"state"`
	Problem     string           `json:"problem"`
	Since       jsonTime         `json:"since"`
	LastSeen    jsonTime         `json:"last_seen"`
	Include     []string         `json:"folders_included"`
	Exclude     []string         `json:"folders_excluded"`
	Stored      int              `json:"stored"`
	Waiting     int              `json:"waiting"`
	Quarantined int              `json:"quarantined"`
}

func mailboxOf(h crm.MailboxHealth) mailboxJSON {
	return mailboxJSON{h.ID, h.Address, h.Label, h.Owner, h.Host, h.Port, h.Security, h.Username, h.State, h.Problem, jsonTime(h.Since), jsonTime(h.LastSeen),
		orEmpty(h.Mailbox.Folders.Include), orEmpty(h.Mailbox.Folders.Exclude), h.Stored, h.Waiting, h.Quarantined}
}

func (p *program) listMailboxes(ctx context.Context) error {
	s, err := p.openExisting(ctx)
	if err != nil {
		return err
	}
	defer s.Close()
	all, err := s.Health(ctx, crm.SystemViewer)
	if err != nil {
		return err
	}
	if p.json {
		for _, h := range all {
			if err := p.printJSON(mailboxOf(h)); err != nil {
				return err
			}
		}
		return nil
	}
	t := p.table("ID", "MAILBOX", "OWNER", "SERVER", "STATE", "LAST SEEN", "STORED", "WAITING", "QUARANTINED", "PROBLEM")
	for _, h := range all {
		t.row(h.ID, string(h.Address), h.Owner, h.Host, string(h.State), h.LastSeen, h.Stored, h.Waiting, h.Quarantined, h.Problem)
	}
	return t.end()
}

// findMailbox finds a connected mailbox by address or number.
func findMailbox(ctx context.Context, s *store.Store, who string) (crm.Mailbox, error) {
	all, err := s.Mailboxes(ctx, crm.SystemViewer)
	if err != nil {
		return crm.Mailbox{}, err
	}
	var matches func(crm.Mailbox) bool
	if strings.Contains(who, "@") {
		a, err := crm.ParseAddress(who)
		if err != nil {
			return crm.Mailbox{}, err
		}
		matches = func(m crm.Mailbox) bool { return m.Address == a && m.State != crm.MailboxImported }
	} else {
		id, err := crm.ParseID[crm.MailboxID]("mailbox", who)
		if err != nil {
			return crm.Mailbox{}, err
		}
		matches = func(m crm.Mailbox) bool { return m.ID == id }
	}
	for _, m := range all {
		if matches(m) {
			return m, nil
		}
	}
	return crm.Mailbox{}, &crm.Error{Kind: crm.KindNotFound, Field: "mailbox", Text: who + " is not connected; kaveri mailbox list shows those that are"}
}

// withPassword gives the mailbox as the followers get it.
func withPassword(ctx context.Context, s *store.Store, m crm.Mailbox) (crm.Mailbox, error) {
	all, err := s.FollowedMailboxes(ctx)
	if err != nil {
		return m, err
	}
	for _, f := range all {
		if f.ID == m.ID {
			return f, nil
		}
	}
	return m, &crm.Error{Kind: crm.KindConflict, Field: "mailbox", Text: string(m.Address) + " is not followed now: it is paused, imported from files, or its password does not open with this key; kaveri mailbox set --resume or --password mends that"}
}

func (p *program) testMailbox(ctx context.Context, who string) error {
	s, err := p.openExisting(ctx)
	if err != nil {
		return err
	}
	defer s.Close()
	m, err := findMailbox(ctx, s, who)
	if err == nil {
		m, err = withPassword(ctx, s, m)
	}
	if err != nil {
		return err
	}
	if err := ingest.Try(ctx, m); err != nil {
		return advised(m, err)
	}
	p.printf("%s: signing in to %s works.\n", m.Address, m.Host)
	return nil
}

// advised adds to a refused login what the provider is known to want.
func advised(m crm.Mailbox, err error) error {
	advice := ingest.Advice(m)
	if advice == "" || crm.KindOf(err) != crm.KindForbidden {
		return err
	}
	return &crm.Error{Kind: crm.KindForbidden, Field: "password", Text: m.Host + " refuses the login; " + advice, Err: err}
}

func (p *program) removeMailbox(ctx context.Context, who string) error {
	s, err := p.openExisting(ctx)
	if err != nil {
		return err
	}
	defer s.Close()
	m, err := findMailbox(ctx, s, who)
	if err != nil {
		return err
	}
	if err := s.RemoveMailbox(ctx, crm.SystemViewer, m.ID); err != nil {
		return err
	}
	p.printf("%s is no longer followed; what was captured from it stays.\n", m.Address)
	return nil
}
