package main

import (
	"context"
	"slices"

	"github.com/spf13/cobra"

	"kaveri/crm"
	"kaveri/ingest"
	"kaveri/store"
)

// mailboxChange is what the flags of mailbox set say.
type mailboxChange struct {
	host, security, username, label string
	port                            int
	include, exclude                []string
	password, pause, resume, noTest bool
}

func (p *program) mailboxSetCommand() *cobra.Command {
	var n mailboxChange
	c := &cobra.Command{
		Use: "set ADDRESS", Short: "Change a mailbox: a new password, another server, its folders; what is not named stays as it is", Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			if !changes(c) {
				return misused("nothing to change: name a setting, such as --password")
			}
			return p.setMailbox(c.Context(), args[0], n, c.Flags().Changed)
		},
	}
	f := c.Flags()
	f.StringVar(&n.host, "host", "", "IMAP server")
	f.IntVar(&n.port, "port", 0, "port")
	f.StringVar(&n.security, "security", "", "tls or starttls; none for this machine only")
	f.StringVar(&n.username, "username", "", "user name there")
	f.StringVar(&n.label, "label", "", "name shown to people")
	f.StringSliceVar(&n.include, "include-folder", nil, "capture these folders although they are left out by default, all of them")
	f.StringSliceVar(&n.exclude, "exclude-folder", nil, "leave these folders out, all of them")
	f.BoolVar(&n.password, "password", false, "ask for a new password")
	f.BoolVar(&n.pause, "pause", false, "do not follow it for now")
	f.BoolVar(&n.resume, "resume", false, "follow it again")
	f.BoolVar(&n.noTest, "no-test", false, "do not sign in now")
	return c
}

// apply changes what was asked for.
func (n *mailboxChange) apply(m *crm.Mailbox, asked func(flag string) bool) {
	text := func(flag string, to *string, value string) {
		if asked(flag) {
			*to = value
		}
	}
	text("host", &m.Host, n.host)
	text("security", (*string)(&m.Security), n.security)
	text("username", &m.Username, n.username)
	text("label", &m.Label, n.label)
	if asked("port") {
		m.Port = n.port
	}
	if asked("include-folder") {
		m.Folders.Include = nonempty(n.include)
	}
	if asked("exclude-folder") {
		m.Folders.Exclude = nonempty(n.exclude)
	}
	switch {
	case n.pause:
		m.State = crm.MailboxPaused
	case n.resume:
		m.State = crm.MailboxNew
	}
}

// nonempty gives a list without its empty entries: ” takes all away.
func nonempty(list []string) []string {
	return slices.DeleteFunc(slices.Clone(list), func(s string) bool { return s == "" })
}

func (p *program) setMailbox(ctx context.Context, who string, n mailboxChange, asked func(string) bool) error {
	if n.pause && n.resume {
		return misused("--pause and --resume say the opposite; give one of them")
	}
	s, err := p.openExisting(ctx)
	if err != nil {
		return err
	}
	defer s.Close()
	m, err := findMailbox(ctx, s, who)
	if err != nil {
		return err
	}
	if m.State == crm.MailboxImported {
		return inConflict("mailbox", "%s was imported from files and has no server; kaveri import adds to it", who)
	}
	return p.changeMailbox(ctx, s, m, n, asked)
}

func (p *program) changeMailbox(ctx context.Context, s *store.Store, m crm.Mailbox, n mailboxChange, asked func(string) bool) (err error) {
	was := m
	n.apply(&m, asked)
	moved := m.Host != was.Host || m.Port != was.Port || m.Username != was.Username || m.Security != was.Security
	if moved && !n.password {
		return misused("--password: the server or the user changes, so give the password again")
	}
	if n.password {
		if m.Password, err = p.readPassword(ctx, "Password of "+m.Username, false); err != nil {
			return err
		}
		if !n.noTest {
			if err := ingest.Try(ctx, m); err != nil {
				return advised(m, err)
			}
		}
	}
	if err := s.UpdateMailbox(ctx, crm.SystemViewer, m); err != nil {
		return err
	}
	if m.State == crm.MailboxPaused {
		p.printf("%s is changed, and not followed for now.\n", m.Address)
		return nil
	}
	p.printf("%s is changed. A running kaveri serve follows it anew within seconds.\n", m.Address)
	return nil
}
