package main

import (
	"context"

	"github.com/spf13/cobra"

	"kaveri/crm"
	"kaveri/ingest"
)

// newMailbox is what the flags of mailbox add say.
type newMailbox struct {
	owner, host, security, username, label string
	port                                   int
	include, exclude                       []string
	noTest                                 bool
}

func (p *program) mailboxAddCommand() *cobra.Command {
	var n newMailbox
	c := p.reads(&cobra.Command{
		Use: "add ADDRESS --owner STAFF", Short: "Connect a staff mailbox: finds the server, asks for the password, tests the login",
		Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error { return p.addMailbox(c.Context(), args[0], n) },
	})
	f := c.Flags()
	f.StringVar(&n.owner, "owner", "", "whose mailbox it is: address or number of a colleague")
	f.StringVar(&n.host, "host", "", "IMAP server (default: found from the address)")
	f.IntVar(&n.port, "port", 0, "port (default 993, with starttls 143)")
	f.StringVar(&n.security, "security", "", "tls (default) or starttls; none for this machine only")
	f.StringVar(&n.username, "username", "", "user name there (default: what the provider says, else the address)")
	f.StringVar(&n.label, "label", "", "name shown to people (default: the address)")
	f.StringSliceVar(&n.include, "include-folder", nil, "capture this folder although it is left out by default (Trash, Junk, Drafts)")
	f.StringSliceVar(&n.exclude, "exclude-folder", nil, "leave this folder out")
	f.BoolVar(&n.noTest, "no-test", false, "do not sign in now")
	return c
}

func (p *program) addMailbox(ctx context.Context, address string, n newMailbox) error {
	a, err := crm.ParseAddress(address)
	if err != nil {
		return err
	}
	if n.owner == "" {
		return misused("--owner: say whose mailbox it is, by address or number of a colleague")
	}
	if n.host == "" && (n.port != 0 || n.security != "") {
		return misused("--port and --security need --host")
	}
	s, err := p.open(ctx)
	if err != nil {
		return err
	}
	defer s.Close()
	owner, err := findStaff(ctx, s, "owner", n.owner)
	if err != nil {
		return err
	}
	candidates, err := p.candidates(ctx, a, n)
	if err != nil {
		return err
	}
	p.notef("The server of %s is %s, port %d (%s).\n", a, printable(candidates[0].Host), candidates[0].Port, candidates[0].Security)
	if advice := ingest.Advice(candidates[0]); advice != "" {
		p.notef("Note: %s.\n", advice)
	}
	password, err := p.readPassword(ctx, "Password of "+string(a), false)
	if err != nil {
		return err
	}
	m := candidates[0]
	if !n.noTest {
		if m, err = p.firstThatWorks(ctx, candidates, password); err != nil {
			return err
		}
	}
	m.Staff, m.Password, m.State, m.Created = owner.ID, password, crm.MailboxNew, p.now()
	if m, err = s.AddMailbox(ctx, crm.SystemViewer, m); err != nil {
		return err
	}
	if p.json {
		return p.printJSON(mailboxOf(crm.MailboxHealth{Mailbox: m, Owner: owner.Name}))
	}
	p.printf("%s is connected for %s. A running kaveri serve follows it within seconds; kaveri mailbox sync fetches it now.\n", a, printable(owner.Name))
	return nil
}

// candidates are the servers to try: the one that was named, or those found.
func (p *program) candidates(ctx context.Context, a crm.Address, n newMailbox) ([]crm.Mailbox, error) {
	named := crm.Mailbox{Address: a, Host: n.host, Port: n.port, Security: crm.Security(n.security)}
	list := []crm.Mailbox{named}
	if n.host == "" {
		var err error
		if list, err = ingest.Discover(ctx, a); err != nil {
			return nil, hostHint(err)
		}
	}
	var able []crm.Mailbox
	for _, m := range list {
		if m.Problem != "" {
			continue
		}
		if m.Security == "" {
			m.Security = crm.SecurityTLS
		}
		if m.Port == 0 {
			m.Port = 993
			if m.Security != crm.SecurityTLS {
				m.Port = 143
			}
		}
		if n.username != "" {
			m.Username = n.username
		}
		if m.Username == "" {
			m.Username = string(a)
		}
		if m.Label = n.label; m.Label == "" {
			m.Label = string(a)
		}
		m.Folders = crm.FolderChoice{Include: n.include, Exclude: n.exclude}
		able = append(able, m)
	}
	switch {
	case len(able) > 0:
		return able, nil
	case len(list) > 0:
		return nil, &crm.Error{Kind: crm.KindUnavailable, Field: "server", Text: list[0].Problem}
	}
	return nil, missing("host", "no IMAP server was found for %s; name it with --host", a.Domain())
}

// hostHint says how a server is named on the command line.
func hostHint(err error) error {
	kind := crm.KindOf(err)
	if kind != crm.KindNotFound && kind != crm.KindUnavailable {
		return err
	}
	return &crm.Error{Kind: kind, Field: "server", Text: sentence(err) + " (--host)", Err: err}
}

// firstThatWorks signs in. Only a server that cannot be reached gives way to
// the next: a refused password is not carried from server to server.
func (p *program) firstThatWorks(ctx context.Context, candidates []crm.Mailbox, password string) (crm.Mailbox, error) {
	var first error
	for _, m := range candidates {
		m.Password = password
		err := ingest.Try(ctx, m)
		if err == nil {
			return m, nil
		}
		if first == nil {
			first = advised(m, err)
		}
		if kind := crm.KindOf(err); kind == crm.KindForbidden || ctx.Err() != nil {
			return m, advised(m, err)
		}
		p.log.Info("this server does not do", "host", m.Host, "port", m.Port, "error", err)
	}
	return crm.Mailbox{}, first
}
