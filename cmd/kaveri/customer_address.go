package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"kaveri/crm"
	"kaveri/store"
)

func (p *program) customerAddressCommand() *cobra.Command {
	var from, until, as string
	var shared bool
	add := &cobra.Command{
		Use: "add CUSTOMER ADDRESS", Short: "Give a contact an address, or change from and until when it is theirs; their mail finds its place at once", Args: cobra.ExactArgs(2),
		RunE: func(c *cobra.Command, args []string) error {
			return p.addAddress(c.Context(), args[0], args[1], from, until, shared, as)
		},
	}
	add.Flags().StringVar(&from, "from", "", "the first day on which it is theirs, like 2026-01-31 (default: always)")
	add.Flags().StringVar(&until, "until", "", "the first day on which it is not theirs any more (default: still)")
	add.Flags().BoolVar(&shared, "shared", false, "although it is somebody else's too, such as info@: mail with it stands with everybody who has it")
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
	t, err := time.ParseInLocation(time.DateOnly, text, f.Zone())
	if err != nil {
		return t, misused("--%s: %q is not a date; write it like 2026-01-31", flag, text)
	}
	return t, nil
}

func (p *program) addAddress(ctx context.Context, who, address, from, until string, shared bool, as string) error {
	a, err := writtenAddress(address)
	if err != nil {
		return err
	}
	s, v, err := p.openAs(ctx, as)
	if err != nil {
		return err
	}
	defer s.Close()
	used, err := validity(ctx, s, a, from, until)
	if err != nil {
		return err
	}
	contact, err := contactID(ctx, s, v, who)
	if err != nil {
		return err
	}
	others, err := othersWith(ctx, s, v, contact, used)
	if err != nil {
		return err
	}
	if len(others) > 0 && !shared {
		return inConflict("address", "%s belongs to %s; if several people use it say --shared, if it has changed hands say --from, and --until for whom it was", a, others[0])
	}
	if err := s.AddAddress(ctx, v, contact, used); err != nil {
		return err
	}
	p.printf("%s is an address of contact %d now.\n", a, contact)
	if len(others) > 0 {
		p.printf("It is shared with %s: mail with it stands with each, and mailings to it belong to none of them.\n", strings.Join(others, ", "))
	}
	return nil
}

// validity reads from and until when an address is somebody's.
func validity(ctx context.Context, s *store.Store, a crm.Address, from, until string) (crm.ContactAddress, error) {
	used := crm.ContactAddress{Address: a}
	f, err := s.Firm(ctx)
	if err != nil {
		return used, err
	}
	if used.From, err = day("from", from, f); err != nil {
		return used, err
	}
	used.Until, err = day("until", until, f)
	return used, err
}

// othersWith names who else has an address at the same time.
func othersWith(ctx context.Context, s *store.Store, v crm.Viewer, contact crm.ContactID, used crm.ContactAddress) ([]string, error) {
	users, err := usersOf(ctx, s, v, used.Address)
	var names []string
	for _, u := range users {
		apart := !used.Until.IsZero() && !u.use.From.Before(used.Until) || !u.use.Until.IsZero() && !used.From.Before(u.use.Until)
		if u.contact != contact && !apart {
			names = append(names, fmt.Sprintf("%s (customer %d, contact %d)", printable(u.customer.Name), u.customer.ID, u.contact))
		}
	}
	return names, err
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
