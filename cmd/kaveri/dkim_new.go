package main

import (
	"context"
	"slices"

	"github.com/spf13/cobra"

	"kaveri/crm"
	"kaveri/outbound/compose"
	"kaveri/store"
)

func (p *program) dkimNewCommand() *cobra.Command {
	return p.reads(&cobra.Command{
		Use: "new DOMAIN", Short: "Make the first keys of a domain and print their DNS records; its mail is signed from now on", Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error { return p.newDKIM(c.Context(), args[0]) },
	})
}

func (p *program) newDKIM(ctx context.Context, domain string) error {
	d, err := mailDomain(domain)
	if err != nil {
		return err
	}
	if crm.Address("x@"+d).Organisation() == "" {
		return crm.Invalid("domain", "%s is shared by strangers, and only its provider can publish keys there; mail from it is signed by the provider's own server, or write from a domain of your own", d)
	}
	s, err := p.openExisting(ctx)
	if err != nil {
		return err
	}
	defer s.Close()
	signing, err := keysIn(ctx, s, d, crm.DKIMSigning)
	if err != nil {
		return err
	}
	if len(signing) > 0 {
		return inConflict("domain", "%s has keys already; kaveri dkim rotate %s replaces them", d, d)
	}
	waiting, err := keysIn(ctx, s, d, crm.DKIMWaiting)
	if err == nil && len(waiting) == 0 { // else an earlier run was interrupted
		err = p.makeKeys(ctx, s, d)
	}
	if err != nil {
		return err
	}
	// A signature that nobody can verify yet is treated as none (RFC 6376
	// §6.1), so the first keys need not wait.
	if err := s.UseDKIMKeys(ctx, crm.SystemViewer, d); err != nil {
		return err
	}
	keys, err := keysIn(ctx, s, d, crm.DKIMSigning)
	if err != nil {
		return err
	}
	if p.json {
		return p.printDKIM(d, unasked(keys))
	}
	p.notef("Add these records to the DNS of %s. Its mail is signed with both keys from now on;\nkaveri dkim show %s says whether DNS shows them.\n\n", d, d)
	for _, k := range keys {
		p.printRecord(k)
	}
	return nil
}

// makeKeys makes a pair of keys that wait.
func (p *program) makeKeys(ctx context.Context, s *store.Store, domain string) error {
	all, err := s.DKIMKeys(ctx, crm.SystemViewer, domain)
	if err != nil {
		return err
	}
	keys, err := compose.NewKeys(domain, p.now(), func(selector string) bool {
		return slices.ContainsFunc(all, func(k crm.DKIMKey) bool { return k.Selector == selector })
	})
	if err != nil {
		return err
	}
	return s.AddDKIMKeys(ctx, crm.SystemViewer, keys)
}
