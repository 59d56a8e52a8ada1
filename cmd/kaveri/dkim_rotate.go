package main

import (
	"context"

	"github.com/spf13/cobra"

	"kaveri/crm"
	"kaveri/store"
)

func (p *program) dkimRotateCommand() *cobra.Command {
	var dns dnsFlags
	c := p.reads(&cobra.Command{
		Use: "rotate DOMAIN", Short: "Replace a domain's keys in two steps: make new ones, and when DNS shows them, use them", Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error { return p.rotateDKIM(c.Context(), args[0], dns) },
	})
	dns.add(c)
	c.Flags().BoolVar(&dns.off, "no-dns", false, "use the new keys without asking DNS whether it shows them")
	return c
}

// rotateDKIM makes new keys, or has those that wait take over. The old ones go
// on until DNS shows the new: a signature that cannot be verified is worse than
// an old key.
func (p *program) rotateDKIM(ctx context.Context, domain string, dns dnsFlags) error {
	d, err := mailDomain(domain)
	if err != nil {
		return err
	}
	s, err := p.openExisting(ctx)
	if err != nil {
		return err
	}
	defer s.Close()
	waiting, err := keysIn(ctx, s, d, crm.DKIMWaiting)
	if err != nil {
		return err
	}
	if len(waiting) > 0 {
		return p.useKeys(ctx, s, d, waiting, dns)
	}
	signing, err := keysIn(ctx, s, d, crm.DKIMSigning)
	if err != nil {
		return err
	}
	if len(signing) == 0 {
		return missing("domain", "%s has no keys; kaveri dkim new %s makes them", d, d)
	}
	if err := p.makeKeys(ctx, s, d); err != nil {
		return err
	}
	if waiting, err = keysIn(ctx, s, d, crm.DKIMWaiting); err != nil {
		return err
	}
	if p.json {
		return p.printDKIM(d, unasked(waiting))
	}
	p.notef("Add these records to the DNS of %s and leave the old ones there. When DNS shows them, say\nkaveri dkim rotate %s again; until then mail is signed with the old keys.\n\n", d, d)
	for _, k := range waiting {
		p.printRecord(k)
	}
	return nil
}

// useKeys has the waiting keys take over, if DNS shows them.
func (p *program) useKeys(ctx context.Context, s *store.Store, domain string, waiting []crm.DKIMKey, dns dnsFlags) error {
	seen, err := p.lookUp(ctx, waiting, dns)
	if err != nil {
		return err
	}
	for _, k := range seen {
		switch k.dns {
		case string(crm.DKIMRecordShown), recordUnasked:
		case recordUnreachable:
			return &crm.Error{Kind: crm.KindUnavailable, Field: "dns", Text: "DNS does not answer for " + k.RecordName() + "; the old keys sign on. Try later, name a server with --resolver, or say --no-dns"}
		case string(crm.DKIMRecordMissing):
			return &crm.Error{Kind: crm.KindConflict, Field: "dns", Text: "DNS does not show " + k.RecordName() + " yet; the old keys sign on. kaveri dkim show " + domain + " prints the record"}
		default:
			return &crm.Error{Kind: crm.KindConflict, Field: "dns", Text: "what DNS shows at " + k.RecordName() + " is not this key; the old keys sign on. kaveri dkim show " + domain + " prints the record"}
		}
	}
	if err := s.UseDKIMKeys(ctx, crm.SystemViewer, domain); err != nil {
		return err
	}
	all, err := s.DKIMKeys(ctx, crm.SystemViewer, domain)
	if err != nil {
		return err
	}
	if p.json {
		return p.printDKIM(domain, unasked(all))
	}
	p.printf("%s signs with the new keys now. Leave the records of the old ones in DNS until %s, for mail that is under way.\n",
		domain, p.dayOf(p.now().Add(crm.DKIMKeep)))
	return nil
}
