package main

import (
	"context"

	"github.com/spf13/cobra"

	"kaveri/crm"
)

func (p *program) organisationCommand() *cobra.Command {
	var name, as string
	confirm := p.reads(&cobra.Command{
		Use: "confirm DOMAIN", Short: "Say that everybody at a domain is of one organisation: they become one customer, and so does who writes from there later", Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			return p.confirmOrganisation(c.Context(), args[0], name, as)
		},
	})
	confirm.Flags().StringVar(&name, "name", "", "its name (default: made from the domain)")
	remove := &cobra.Command{
		Use: "remove DOMAIN", Short: "Take that back; who is a contact already stays one", Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error { return p.removeDomain(c.Context(), args[0], as) },
	}
	for _, c := range []*cobra.Command{confirm, remove} {
		asFlag(c, &as)
	}
	return group("organisation", "Domains at which everybody is of one organisation", confirm, remove)
}

func (p *program) confirmOrganisation(ctx context.Context, domain, name, as string) error {
	s, v, err := p.openAs(ctx, as)
	if err != nil {
		return err
	}
	defer s.Close()
	id, err := s.ConfirmOrganisation(ctx, v, domain, name)
	if err != nil {
		return err
	}
	cu, err := s.Customer(ctx, v, id)
	if err != nil {
		return err
	}
	if p.json {
		return p.printJSON(accountOf(cu))
	}
	p.printf("Everybody at %s belongs to %s, customer %d, with %s.\n", domain, printable(cu.Name), cu.ID, plural(len(cu.Contacts), "contact", "contacts"))
	return nil
}

func (p *program) removeDomain(ctx context.Context, domain, as string) error {
	d, err := crm.ParseDomain(domain)
	if err != nil {
		return err
	}
	s, v, err := p.openAs(ctx, as)
	if err != nil {
		return err
	}
	defer s.Close()
	if err := s.RemoveDomain(ctx, v, d); err != nil {
		return err
	}
	p.printf("%s is no organisation's domain any more.\n", d)
	return nil
}
