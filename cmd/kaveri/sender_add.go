package main

import (
	"context"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"kaveri/crm"
	"kaveri/store"
)

// senderFlags are what the flags of sender add and sender set say.
type senderFlags struct {
	host, security, username, bounce string
	port, connections, order         int
	rate, warmFactor                 float64
	warmUp, warmFull                 int
	domains                          []string
	noTest, password, off, on        bool
}

func (n *senderFlags) add(f *pflag.FlagSet) {
	f.StringVar(&n.host, "host", "", "SMTP server")
	f.IntVar(&n.port, "port", 0, "port (default 465; with starttls 587, with none 25)")
	f.StringVar(&n.security, "security", "", "tls (default) or starttls; none for this machine only")
	f.StringVar(&n.username, "username", "", "user name there; without one nobody signs in")
	f.StringSliceVar(&n.domains, "domain", nil, "domain of From fields that it may send for; several with commas; none: all")
	f.StringVar(&n.bounce, "bounce-domain", "", "domain whose mail comes to the dropbox: each mail gets a return path of its own there")
	f.IntVar(&n.connections, "connections", 4, "connections at once, at most")
	f.Float64Var(&n.rate, "rate", 0, "mails a second, at most (default: no limit of ours)")
	f.IntVar(&n.order, "order", 0, "of several that could send, the lowest is used first")
	f.IntVar(&n.warmUp, "warm-up", 0, "mails a day to each provider at first, for a domain that is new to them; 0: no plan")
	f.Float64Var(&n.warmFactor, "warm-up-factor", 0, "how many times the best day so far the next may carry (default 2)")
	f.IntVar(&n.warmFull, "warm-up-full", 0, "mails a day to a provider from which on there is no ceiling (default 10000)")
	f.BoolVar(&n.noTest, "no-test", false, "do not sign in now")
}

func (p *program) senderAddCommand() *cobra.Command {
	var n senderFlags
	c := p.reads(&cobra.Command{
		Use: "add NAME --host HOST", Short: "Add a mail server that takes our mail: asks for the password, tests the login", Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			return p.addSender(c.Context(), args[0], n, c.Flags().Changed)
		},
	})
	n.add(c.Flags())
	return c
}

func (p *program) addSender(ctx context.Context, name string, n senderFlags, asked func(string) bool) error {
	if n.host == "" {
		return misused("--host: name the SMTP server")
	}
	if err := n.check(asked); err != nil {
		return err
	}
	m := crm.Sender{Name: name}
	n.apply(&m, func(string) bool { return true })
	if m.Security == "" {
		m.Security = crm.SecurityTLS
	}
	if m.Port == 0 {
		m.Port = map[crm.Security]int{crm.SecurityTLS: 465, crm.SecurityStartTLS: 587, crm.SecurityNone: 25}[m.Security]
	}
	if m.Username != "" {
		var err error
		if m.Password, err = p.readPassword(ctx, "Password of "+m.Username, false); err != nil {
			return err
		}
	}
	if !n.noTest {
		if err := p.senderCourier().Try(ctx, m); err != nil {
			return err
		}
	}
	s, err := p.open(ctx)
	if err != nil {
		return err
	}
	defer s.Close()
	if m, err = s.AddSender(ctx, crm.SystemViewer, m); err != nil {
		return err
	}
	if p.json {
		return p.printJSON(senderOf(m))
	}
	p.printf("%s takes our mail from now on. kaveri sender check %s says whether the world will trust it.\n", printable(m.Name), printable(m.Name))
	return nil
}

// changes reports a flag of the verb's own that changes what is stored.
func changes(c *cobra.Command) (found bool) {
	c.Flags().Visit(func(f *pflag.Flag) {
		found = found || f.Name != "no-test" && f.Name != "json" && c.InheritedFlags().Lookup(f.Name) == nil
	})
	return found
}

// check refuses values that would be taken for something else.
func (n *senderFlags) check(asked func(flag string) bool) error {
	switch {
	case n.off && n.on:
		return misused("--off and --on say the opposite; give one of them")
	case asked("connections") && n.connections < 1:
		return misused("--connections: %d at once send nothing; give 1 to 1000, or kaveri sender set NAME --off", n.connections)
	case asked("port") && n.port < 1:
		return misused("--port: %d is not a port; leave it out for the usual one", n.port)
	}
	switch crm.Security(n.security) {
	case "", crm.SecurityTLS, crm.SecurityStartTLS, crm.SecurityNone:
		return nil
	}
	return misused("--security: %q is unknown; choose tls, starttls, or none for a server on this machine", n.security)
}

// apply changes what was asked for.
func (n *senderFlags) apply(m *crm.Sender, asked func(flag string) bool) {
	set := func(flag string, f func()) {
		if asked(flag) {
			f()
		}
	}
	set("host", func() { m.Host = n.host })
	set("port", func() { m.Port = n.port })
	set("security", func() { m.Security = crm.Security(n.security) })
	set("username", func() { m.Username = n.username })
	set("domain", func() { m.Domains = n.domains })
	set("bounce-domain", func() { m.Bounce = n.bounce })
	set("connections", func() { m.Connections = n.connections })
	set("rate", func() { m.Rate = n.rate })
	set("order", func() { m.Order = n.order })
	set("warm-up", func() { m.WarmUp.Start = n.warmUp })
	set("warm-up-factor", func() { m.WarmUp.Factor = n.warmFactor })
	set("warm-up-full", func() { m.WarmUp.Full = n.warmFull })
	if n.off || n.on {
		m.Disabled = n.off
	}
}

func (p *program) senderSetCommand() *cobra.Command {
	var n senderFlags
	c := p.reads(&cobra.Command{
		Use: "set NAME", Short: "Change a sender: what is not named stays as it is", Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			if !changes(c) {
				return misused("nothing to change: name a setting, such as --connections 2")
			}
			return p.setSender(c.Context(), args[0], n, c.Flags().Changed)
		},
	})
	n.add(c.Flags())
	c.Flags().BoolVar(&n.password, "password", false, "ask for a new password")
	c.Flags().BoolVar(&n.off, "off", false, "send nothing through it")
	c.Flags().BoolVar(&n.on, "on", false, "send through it again")
	return c
}

func (p *program) setSender(ctx context.Context, name string, n senderFlags, asked func(string) bool) error {
	if err := n.check(asked); err != nil {
		return err
	}
	return p.onSender(ctx, name, func(s *store.Store, m crm.Sender) error { return p.changeSender(ctx, s, m, n, asked) })
}

func (p *program) changeSender(ctx context.Context, s *store.Store, m crm.Sender, n senderFlags, asked func(string) bool) (err error) {
	was := m
	n.apply(&m, asked)
	moved := m.Host != was.Host || m.Port != was.Port || m.Username != was.Username || m.Security != was.Security
	if moved && was.Password != "" && m.Username != "" && !n.password {
		return misused("--password: the server or the user changes, so give the password again")
	}
	if n.password {
		if m.Password, err = p.readPassword(ctx, "Password of "+m.Username, false); err != nil {
			return err
		}
	}
	if !n.noTest && !m.Disabled {
		if err := p.senderCourier().Try(ctx, m); err != nil {
			return err
		}
	}
	if err := s.UpdateSender(ctx, crm.SystemViewer, m); err != nil {
		return err
	}
	if p.json {
		return p.printJSON(senderOf(m))
	}
	p.printf("%s is changed.\n", printable(m.Name))
	return nil
}
