package main

import (
	"context"

	"github.com/spf13/cobra"
)

func (p *program) customerSetCommand() *cobra.Command {
	var language, as string
	c := p.reads(&cobra.Command{
		Use: "set CUSTOMER", Short: "Change what is known about a customer (number or address): the language to write in", Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			if !c.Flags().Changed("language") {
				return misused("say what to change: --language")
			}
			return p.setCustomer(c.Context(), args[0], language, as)
		},
	})
	c.Flags().StringVar(&language, "language", "", "two letters (ISO 639-1) such as fi, which mail does not change; empty: that of the customer's last mails")
	asFlag(c, &as)
	return c
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
