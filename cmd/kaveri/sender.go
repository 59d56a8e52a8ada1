package main

import (
	"context"
	"net"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"kaveri/crm"
	"kaveri/outbound"
	"kaveri/store"
)

func (p *program) senderCommand() *cobra.Command {
	list := p.reads(&cobra.Command{
		Use: "list", Short: "List the mail servers that take our mail, and how they fare", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return p.listSenders(c.Context()) },
	})
	show := p.reads(&cobra.Command{
		Use: "show NAME", Short: "Show a sender, and how far the domains that warm up on it have come", Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error { return p.showSender(c.Context(), args[0]) },
	})
	test := &cobra.Command{
		Use: "test NAME", Short: "Sign in to a sender and say in one sentence what is wrong", Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error { return p.testSender(c.Context(), args[0]) },
	}
	var domains []string
	check := p.reads(&cobra.Command{
		Use: "check NAME", Short: "Say whether the world will trust what a sender sends: SPF, DKIM, DMARC, PTR, TLS", Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error { return p.checkSender(c.Context(), args[0], domains) },
	})
	check.Flags().StringSliceVar(&domains, "domain", nil, "domains of From fields to check (default: the sender's, else the firm's own)")
	remove := &cobra.Command{
		Use: "remove NAME", Short: "Remove a sender and forget its password; what it has sent stays on the ledger", Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error { return p.removeSender(c.Context(), args[0]) },
	}
	confirm := &cobra.Command{
		Use: "confirm", Short: "Say that this database is the only one of its kind, so that it may send: a copy or a restored backup may not until then", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return p.confirmInstance(c.Context()) },
	}
	return group("sender", "The mail servers that take our mail", p.senderAddCommand(), p.senderSetCommand(), list, show, test, check, remove, confirm)
}

// confirmInstance lets a copy send.
func (p *program) confirmInstance(ctx context.Context) error {
	s, err := p.openExisting(ctx)
	if err != nil {
		return err
	}
	defer s.Close()
	why, err := s.SendingHeld(ctx)
	if err != nil {
		return err
	}
	if why == "" {
		p.printf("Nothing holds sending.\n")
		return nil
	}
	if err := s.ConfirmInstance(ctx, crm.SystemViewer); err != nil {
		return err
	}
	p.printf("This database sends from now on. No other copy of it may.\n")
	return nil
}

// senderJSON is a sender in JSON; the password never leaves.
type senderJSON struct {
	ID          crm.SenderID    `json:"id"`
	Name        string          `json:"name"`
	Host        string          `json:"host"`
	Port        int             `json:"port"`
	Security    crm.Security    `json:"security"`
	Username    string          `json:"username"`
	Domains     []string        `json:"domains"`
	Bounce      string          `json:"bounce_domain"`
	Connections int             `json:"connections"`
	Rate        float64         `json:"rate"`
	Disabled    bool            `json:"disabled"`
	State       crm.SenderState `json:"state"`
	Problem     string          `json:"problem"`
	Since       jsonTime        `json:"since"`
	WarmUp      *warmUpJSON     `json:"warm_up"` // null: no plan
}

// warmUpJSON is the plan by which the domains of a sender earn trust.
type warmUpJSON struct {
	Start  int        `json:"start"`
	Factor float64    `json:"factor"`
	Full   int        `json:"full"`
	Days   []warmJSON `json:"days"`
}

// warmJSON is how far a domain has come with a provider.
type warmJSON struct {
	Domain   string `json:"domain"`
	Provider string `json:"provider"`
	Today    int    `json:"today"`
	Ceiling  int    `json:"ceiling"` // of today; 0: none
	Best     int    `json:"best"`    // on one day before
}

// withWarmUp adds how far the domains of a sender have come.
func (j senderJSON) withWarmUp(m *crm.Sender, all []crm.WarmUpCount) senderJSON {
	if j.WarmUp == nil {
		return j
	}
	for _, n := range all {
		if len(m.Domains) > 0 && !slices.Contains(m.Domains, n.Domain) {
			continue
		}
		most, _ := m.WarmUp.Ceiling(n.Best)
		j.WarmUp.Days = append(j.WarmUp.Days, warmJSON{n.Domain, n.Provider, n.Today, most, n.Best})
	}
	return j
}

func senderOf(s crm.Sender) senderJSON {
	var w *warmUpJSON
	if s.WarmUp.Start > 0 {
		w = &warmUpJSON{s.WarmUp.Start, s.WarmUp.Factor, s.WarmUp.Full, []warmJSON{}}
	}
	return senderJSON{s.ID, s.Name, s.Host, s.Port, s.Security, s.Username, orEmpty(s.Domains), s.Bounce, s.Connections, s.Rate, s.Disabled, s.State, s.Problem, jsonTime(s.Since), w}
}

func (p *program) listSenders(ctx context.Context) error {
	s, err := p.openExisting(ctx)
	if err != nil {
		return err
	}
	defer s.Close()
	all, err := s.ListSenders(ctx, crm.SystemViewer)
	if err != nil {
		return err
	}
	warm, err := s.WarmUps(ctx)
	if err != nil {
		return err
	}
	if p.json {
		for _, m := range all {
			if err := p.printJSON(senderOf(m).withWarmUp(&m, warm)); err != nil {
				return err
			}
		}
		return nil
	}
	t := p.table("NAME", "SERVER", "PORT", "SECURITY", "DOMAINS", "CONNECTIONS", "WARM-UP", "STATE", "PROBLEM")
	for _, m := range all {
		state := string(m.State)
		if m.Disabled {
			state = "switched off"
		}
		t.row(m.Name, m.Host, m.Port, string(m.Security), strings.Join(m.Domains, " "), m.Connections, m.WarmUp.String(), state, m.Problem)
	}
	return t.end()
}

func (p *program) showSender(ctx context.Context, name string) error {
	s, err := p.openExisting(ctx)
	if err != nil {
		return err
	}
	defer s.Close()
	m, err := findSender(ctx, s, name)
	if err != nil {
		return err
	}
	warm, err := s.WarmUps(ctx)
	if err != nil {
		return err
	}
	j := senderOf(m).withWarmUp(&m, warm)
	if p.json {
		return p.printJSON(j)
	}
	p.printf("%s\nserver    %s:%d\ndomains   %s\nstate     %s\n", printable(m.Name), m.Host, m.Port, strings.Join(m.Domains, " "), m.State)
	if m.Problem != "" {
		p.printf("problem   %s\n", printable(m.Problem))
	}
	if j.WarmUp == nil {
		return nil
	}
	p.printf("warm-up   %s\n", m.WarmUp)
	t := p.table("FROM", "TO", "TODAY", "CEILING", "BEST DAY")
	for _, d := range j.WarmUp.Days {
		ceiling := any(d.Ceiling)
		if d.Ceiling == 0 {
			ceiling = "none"
		}
		t.row(d.Domain, d.Provider, d.Today, ceiling, d.Best)
	}
	return t.end()
}

// findSender finds a sender by its name, with its password.
func findSender(ctx context.Context, s *store.Store, name string) (crm.Sender, error) {
	all, err := s.Senders(ctx)
	if err != nil {
		return crm.Sender{}, err
	}
	i := slices.IndexFunc(all, func(m crm.Sender) bool { return strings.EqualFold(m.Name, name) })
	if i < 0 {
		return crm.Sender{}, &crm.Error{Kind: crm.KindNotFound, Field: "sender", Text: "no sender is called " + name + "; kaveri sender list shows those that are"}
	}
	return all[i], nil
}

func (p *program) senderCourier() *outbound.Courier {
	return outbound.NewCourier(outbound.CourierOptions{Roots: p.roots(), Now: p.now})
}

// onSender opens the store and finds the sender that an argument names.
func (p *program) onSender(ctx context.Context, name string, do func(*store.Store, crm.Sender) error) error {
	s, err := p.openExisting(ctx)
	if err != nil {
		return err
	}
	defer s.Close()
	m, err := findSender(ctx, s, name)
	if err != nil {
		return err
	}
	return do(s, m)
}

func (p *program) testSender(ctx context.Context, name string) error {
	return p.onSender(ctx, name, func(_ *store.Store, m crm.Sender) error {
		if err := p.senderCourier().Try(ctx, m); err != nil {
			return err
		}
		p.printf("%s: signing in to %s works.\n", printable(m.Name), m.Host)
		return nil
	})
}

// findingJSON is a finding in JSON.
type findingJSON struct {
	Subject string         `json:"subject"`
	Domain  string         `json:"domain"`
	Grade   outbound.Grade `json:"grade"`
	Text    string         `json:"text"`
}

// checkTime is how long DNS and the server may take.
const checkTime = time.Minute

func (p *program) checkSender(ctx context.Context, name string, domains []string) error {
	return p.onSender(ctx, name, func(s *store.Store, m crm.Sender) error { return p.lintSender(ctx, s, m, domains) })
}

func (p *program) lintSender(ctx context.Context, s *store.Store, m crm.Sender, domains []string) error {
	if len(domains) == 0 {
		if domains = m.Domains; len(domains) == 0 {
			firm, err := s.Firm(ctx)
			if err != nil {
				return err
			}
			domains = firm.Domains
		}
	}
	ctx, cancel := context.WithTimeout(ctx, checkTime)
	defer cancel()
	linter := outbound.Linter{DNS: net.DefaultResolver, Try: p.senderCourier().Try, Keys: func(ctx context.Context) ([]crm.DKIMKey, error) {
		return s.DKIMKeys(ctx, crm.SystemViewer, "")
	}}
	bad := 0
	l := p.listing("CHECK", "OF", "", "")
	for _, f := range linter.Check(ctx, &m, domains) {
		if f.Grade == outbound.GradeBad {
			bad++
		}
		if err := l.entry(findingJSON{f.Subject, f.Domain, f.Grade, f.Text}, f.Subject, f.Domain, string(f.Grade), f.Text); err != nil {
			return err
		}
	}
	if err := l.end(); err != nil {
		return err
	}
	if bad > 0 {
		return partly("%s would make large providers refuse the mail", plural(bad, "finding", "findings"))
	}
	return nil
}

func (p *program) removeSender(ctx context.Context, name string) error {
	return p.onSender(ctx, name, func(s *store.Store, m crm.Sender) error {
		if err := s.RemoveSender(ctx, crm.SystemViewer, m.ID); err != nil {
			return err
		}
		p.printf("%s is removed, and its password forgotten.\n", printable(m.Name))
		return nil
	})
}
