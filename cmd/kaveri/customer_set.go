package main

import (
	"context"

	"github.com/spf13/cobra"

	"kaveri/crm"
	"kaveri/store"
)

func (p *program) customerSetCommand() *cobra.Command {
	var language, by, owner, as string
	c := p.reads(&cobra.Command{
		Use: "set CUSTOMER", Short: "Change what is known about a customer (number or address): the language to write in, by whose word they came, who looks after them", Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			changed := false
			for _, change := range []struct {
				flag string
				do   func() error
			}{
				{"came-by", func() error { return p.recommend(c.Context(), args[0], by, as) }},
				{"owner", func() error { return p.setOwner(c.Context(), args[0], owner, as) }},
				{"language", func() error { return p.setCustomer(c.Context(), args[0], language, as) }},
			} {
				if !c.Flags().Changed(change.flag) {
					continue
				}
				if err := change.do(); err != nil {
					return err
				}
				changed = true
			}
			if !changed {
				return misused("say what to change: --language, --came-by, --owner")
			}
			return nil
		},
	})
	c.Flags().StringVar(&owner, "owner", "", "the colleague who looks after them (address or number); empty: nobody")
	c.Flags().StringVar(&language, "language", "", "two letters (ISO 639-1) such as fi, which mail does not change; empty: that of the customer's last mails")
	c.Flags().StringVar(&by, "came-by", "", "the customer who recommended us to them (number or address); empty: nobody")
	asFlag(c, &as)
	return c
}

// recommend says by whose word a customer came: the contact named by an address,
// else the first.
func (p *program) recommend(ctx context.Context, who, by, as string) error {
	s, v, err := p.openAs(ctx, as)
	if err != nil {
		return err
	}
	defer s.Close()
	came, err := someContact(ctx, s, v, who)
	if err != nil {
		return err
	}
	var from crm.Contact
	if by != "" {
		if from, err = someContact(ctx, s, v, by); err != nil {
			return err
		}
	}
	if err := s.Recommend(ctx, v, came.ID, from.ID); err != nil {
		return err
	}
	switch {
	case p.json:
		cu, err := s.Customer(ctx, v, came.Customer)
		if err != nil {
			return err
		}
		return p.printJSON(accountOf(cu))
	case by == "":
		p.printf("%s came by nobody's word.\n", printable(came.Name))
	default:
		p.printf("%s came by the word of %s.\n", printable(came.Name), printable(from.Name))
	}
	return nil
}

// setOwner says who looks after a customer.
func (p *program) setOwner(ctx context.Context, who, owner, as string) error {
	s, v, err := p.openAs(ctx, as)
	if err != nil {
		return err
	}
	defer s.Close()
	id, err := presentCustomer(ctx, s, v, who)
	if err != nil {
		return err
	}
	var u crm.Staff
	if owner != "" {
		if u, err = findStaff(ctx, s, "owner", owner); err != nil {
			return err
		}
	}
	if err := s.GiveCustomers(ctx, v, []crm.Ownership{{Customer: id, Staff: u.ID}}); err != nil {
		return err
	}
	cu, err := s.Customer(ctx, v, id)
	switch {
	case err != nil:
		return err
	case p.json:
		return p.printJSON(accountOf(cu))
	case u.ID == 0:
		p.printf("%s: nobody looks after them.\n", printable(cu.Name))
	default:
		p.printf("%s: %s looks after them.\n", printable(cu.Name), printable(u.Name))
	}
	return nil
}

// someContact gives the contact of a customer who has the address, else the first.
func someContact(ctx context.Context, s *store.Store, v crm.Viewer, who string) (crm.Contact, error) {
	id, err := customerID(ctx, s, v, who)
	if err != nil {
		return crm.Contact{}, err
	}
	cu, err := s.Customer(ctx, v, id)
	if err != nil {
		return crm.Contact{}, err
	}
	a, _ := crm.ParseAddress(who)
	for _, k := range cu.Contacts {
		for _, used := range k.Addresses {
			if used.Address == a {
				return k, nil
			}
		}
	}
	if len(cu.Contacts) == 0 {
		return crm.Contact{}, crm.NotFound("%s has no contact", cu.Name)
	}
	return cu.Contacts[0], nil
}

func (p *program) setCustomer(ctx context.Context, who, language, as string) error {
	s, v, err := p.openAs(ctx, as)
	if err != nil {
		return err
	}
	defer s.Close()
	id, err := customerID(ctx, s, v, who)
	if err != nil {
		return err
	}
	cu, err := s.SetCustomerLanguage(ctx, v, id, language)
	if err != nil {
		return err
	}
	if p.json {
		return p.printJSON(accountOf(cu))
	}
	if cu.Language == "" {
		p.printf("%s: the language is not known.\n", printable(cu.Name))
	} else {
		p.printf("%s: the language is %s.\n", printable(cu.Name), cu.Language)
	}
	return nil
}
