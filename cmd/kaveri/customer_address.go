package main

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"kaveri/crm"
)

func (p *program) customerAddressCommand() *cobra.Command {
	var from, until, as string
	add := &cobra.Command{
		Use: "add CUSTOMER ADDRESS", Short: "Give a contact an address, or change from and until when it is theirs; their mail finds its place at once", Args: cobra.ExactArgs(2),
		RunE: func(c *cobra.Command, args []string) error {
			return p.addAddress(c.Context(), args[0], args[1], from, until, as)
		},
	}
	add.Flags().StringVar(&from, "from", "", "the first day on which it is theirs, like 2026-01-31 (default: always)")
	add.Flags().StringVar(&until, "until", "", "the first day on which it is not theirs any more (default: still)")
	remove := &cobra.Command{
		Use: "remove CUSTOMER ADDRESS", Short: "Take an address from a contact; the mail that was there because of it goes", Args: cobra.ExactArgs(2),
		RunE: func(c *cobra.Command, args []string) error {
			return p.removeAddress(c.Context(), args[0], args[1], as)
		},
	}
	for _, c := range []*cobra.Command{add, remove} {
		asFlag(c, &as)
	}
	return group("address", "The addresses of a customer (number or address) or contact (number)", add, remove)
}

// day reads a date as the beginning of that day where the firm is.
func day(flag, text string, f crm.Firm) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	zone, err := time.LoadLocation(f.TimeZone)
	if err != nil {
		zone = time.UTC
	}
	t, err := time.ParseInLocation(time.DateOnly, text, zone)
	if err != nil {
		return t, misused("--%s: %q is not a date; write it like 2026-01-31", flag, text)
	}
	return t, nil
}

func (p *program) addAddress(ctx context.Context, who, address, from, until, as string) error {
	a, err := crm.ParseAddress(address)
	if err != nil {
		return err
	}
	s, v, err := p.openAs(ctx, as)
	if err != nil {
		return err
	}
	defer s.Close()
	f, err := s.Firm(ctx)
	if err != nil {
		return err
	}
	used := crm.ContactAddress{Address: a}
	if used.From, err = day("from", from, f); err != nil {
		return err
	}
	if used.Until, err = day("until", until, f); err != nil {
		return err
	}
	contact, err := contactID(ctx, s, v, who)
	if err != nil {
		return err
	}
	if err := s.AddAddress(ctx, v, contact, used); err != nil {
		return err
	}
	p.printf("%s is an address of contact %d now.\n", a, contact)
	return nil
}

func (p *program) removeAddress(ctx context.Context, who, address, as string) error {
	a, err := crm.ParseAddress(address)
	if err != nil {
		return err
	}
	s, v, err := p.openAs(ctx, as)
	if err != nil {
		return err
	}
	defer s.Close()
	c, err := customerID(ctx, s, v, who)
	if err != nil {
		return err
	}
	contact := crm.ContactID(c)
	cu, err := s.Customer(ctx, v, c)
	if err != nil && crm.KindOf(err) != crm.KindNotFound {
		return err
	}
	for _, k := range cu.Contacts { // of a customer: whoever has it
		contact = k.ID
		if uses(k, a) {
			break
		}
	}
	if err := s.RemoveAddress(ctx, v, contact, a); err != nil {
		return err
	}
	p.printf("%s is no address of contact %d any more.\n", a, contact)
	return nil
}

func uses(k crm.Contact, a crm.Address) bool {
	for _, used := range k.Addresses {
		if used.Address == a {
			return true
		}
	}
	return false
}
