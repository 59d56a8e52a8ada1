package main

import (
	"context"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"kaveri/crm"
	"kaveri/store"
)

func (p *program) mailCommand() *cobra.Command {
	return group("mail", "Correct where a mail belongs; a colleague's word outranks every rule",
		p.mailCorrectCommand("link", "Say that a mail belongs to a customer or contact (number or address)", true),
		p.mailCorrectCommand("unlink", "Say that a mail does not belong to a customer or contact (number or address)", false))
}

func (p *program) mailCorrectCommand(name, short string, belongs bool) *cobra.Command {
	var as string
	c := &cobra.Command{
		Use: name + " MAIL WHO", Short: short, Args: cobra.ExactArgs(2),
		RunE: func(c *cobra.Command, args []string) error {
			return p.correct(c.Context(), args[0], args[1], belongs, as)
		},
	}
	asFlag(c, &as)
	return c
}

func (p *program) correct(ctx context.Context, which, who string, belongs bool, as string) error {
	s, v, m, err := p.openMail(ctx, which, as)
	if err != nil {
		return err
	}
	defer s.Close()
	contacts := linkedContacts(m, who)
	if belongs || len(contacts) == 0 {
		contact, err := contactID(ctx, s, v, who)
		if err != nil {
			return err
		}
		contacts = []crm.ContactID{contact}
	}
	for _, contact := range contacts {
		if err := s.Correct(ctx, v, m.ID, contact, belongs); err != nil {
			return err
		}
	}
	if m, err = s.Mail(ctx, v, m.ID); err != nil {
		return err
	}
	if len(m.Links) == 0 {
		p.printf("Mail %d is on nobody's page now.\n", m.ID)
	}
	for _, l := range m.Links {
		p.printf("Mail %d belongs to %s, customer %d: %s\n", m.ID, printable(whoIs(l.ContactName, l.CustomerName)), l.Customer, printable(whyText(l.Link, l.ContactName)))
	}
	return nil
}

// linkedContacts gives the contacts of a customer to whom a mail is linked, by
// the customer's number.
func linkedContacts(m crm.MailView, who string) []crm.ContactID {
	var out []crm.ContactID
	for _, l := range m.Links {
		if strconv.FormatInt(int64(l.Customer), 10) == who {
			out = append(out, l.Contact)
		}
	}
	return out
}

// contactID reads the number of a contact, or of a customer with one contact,
// or finds whose an address is. No two things have the same number.
func contactID(ctx context.Context, s *store.Store, v crm.Viewer, who string) (crm.ContactID, error) {
	c, err := customerID(ctx, s, v, who)
	if err != nil {
		return 0, err
	}
	cu, err := s.Customer(ctx, v, c)
	if crm.KindOf(err) == crm.KindNotFound {
		return crm.ContactID(c), nil
	}
	if err != nil {
		return 0, err
	}
	if len(cu.Contacts) == 1 {
		return cu.Contacts[0].ID, nil
	}
	var choice []string
	for _, k := range cu.Contacts {
		for _, a := range k.Addresses {
			if strings.EqualFold(string(a.Address), who) {
				return k.ID, nil
			}
		}
		choice = append(choice, strconv.FormatInt(int64(k.ID), 10)+" "+k.Name)
	}
	return 0, crm.Invalid("contact", "customer %d has %d contacts; name one of them: %s", cu.ID, len(cu.Contacts), strings.Join(choice, ", "))
}
