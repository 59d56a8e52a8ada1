package main

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"kaveri/crm"
)

func (p *program) rateCommand() *cobra.Command {
	list := p.reads(&cobra.Command{
		Use: "list", Short: "List what currencies are worth in the firm's", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return p.listRates(c.Context()) },
	})
	var as, from string
	set := &cobra.Command{
		Use: "set CURRENCY RATE", Short: "Say what one unit of a currency is worth in the firm's; orders in it are counted anew", Args: cobra.ExactArgs(2),
		RunE: func(c *cobra.Command, args []string) error { return p.setRate(c.Context(), as, args[0], args[1], from) },
	}
	set.Flags().StringVar(&from, "from", "", "the first day on which it counts, like 2026-01-31 (default: always, until one with a day)")
	asFlag(set, &as)
	return group("rate", "What currencies are worth in the firm's", list, set)
}

func (p *program) listRates(ctx context.Context) error {
	s, err := p.openExisting(ctx)
	if err != nil {
		return err
	}
	defer s.Close()
	rates, err := s.Rates(ctx)
	if err != nil {
		return err
	}
	l := p.listing("CURRENCY", "FROM", "RATE")
	for _, r := range rates {
		if err := l.entry(struct {
			Currency string `json:"currency"`
			From     string `json:"from"`
			Rate     string `json:"rate"`
		}{r.Currency, r.From.Format(time.DateOnly), r.Rate.String()}, r.Currency, r.From.Format(time.DateOnly), r.Rate.String()); err != nil {
			return err
		}
	}
	return l.end()
}

func (p *program) setRate(ctx context.Context, as, currency, rate, from string) error {
	r := crm.CurrencyRate{From: time.Unix(0, 0).UTC()}
	var err error
	if r.Currency, err = crm.ParseCurrency(currency); err != nil {
		return err
	}
	if r.Rate, err = crm.ParseRate(rate); err != nil {
		return err
	}
	if from != "" {
		if r.From, err = time.Parse(time.DateOnly, from); err != nil {
			return crm.Invalid("from", "%q is not a day; write it like 2026-01-31", from)
		}
	}
	s, v, err := p.openAs(ctx, as)
	if err != nil {
		return err
	}
	defer s.Close()
	if err := s.SetRate(ctx, v, r); err != nil {
		return err
	}
	p.printf("One %s is worth %s from %s on.\n", r.Currency, r.Rate, r.From.Format(time.DateOnly))
	return nil
}
