package main

import (
	"context"
	"strings"

	"github.com/spf13/cobra"

	"kaveri/crm"
)

func (p *program) suppressionCommand() *cobra.Command {
	var all bool
	list := p.reads(&cobra.Command{
		Use: "list", Short: "List who is not written to, and why", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return p.listSuppressions(c.Context(), all) },
	})
	list.Flags().BoolVar(&all, "all", false, "also those that were lifted")
	var as, why string
	add := &cobra.Command{
		Use: "add ADDRESS --why TEXT", Short: "Write to an address no more", Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error { return p.suppress(c.Context(), args[0], why) },
	}
	add.Flags().StringVar(&why, "why", "", "who said so, for the record")
	add.MarkFlagRequired("why")
	lift := &cobra.Command{
		Use: "lift ADDRESS", Short: "Write to an address again; what was noted stays on record", Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error { return p.liftSuppressions(c.Context(), as, args[0]) },
	}
	asFlag(lift, &as)
	return group("suppression", "Who is not written to", list, add, lift)
}

// suppressionJSON is a suppression in JSON.
type suppressionJSON struct {
	Address  crm.Address           `json:"address"`
	Reason   crm.SuppressionReason `json:"reason"`
	Topic    string                `json:"topic"` // "": all mailings
	Evidence string                `json:"evidence"`
	At       jsonTime              `json:"at"`
	Lifted   jsonTime              `json:"lifted"`
}

func (p *program) listSuppressions(ctx context.Context, all bool) error {
	s, err := p.openExisting(ctx)
	if err != nil {
		return err
	}
	defer s.Close()
	read := s.Suppressions
	if all {
		read = s.AllSuppressions
	}
	l := p.listing("ADDRESS", "WHY", "TOPIC", "EVIDENCE", "SINCE", "LIFTED")
	err = eachPage(func(page crm.PageKey) ([]crm.Suppression, crm.PageKey, error) {
		return read(ctx, crm.SystemViewer, page, 500)
	}, func(m crm.Suppression) error {
		return l.entry(suppressionJSON{m.Address, m.Reason, m.Topic, m.Evidence, jsonTime(m.At), jsonTime(m.Lifted)}, string(m.Address), string(m.Reason), m.Topic, m.Evidence, m.At, m.Lifted)
	})
	if err != nil {
		return err
	}
	return l.end()
}

func (p *program) suppress(ctx context.Context, address, why string) error {
	if why = strings.TrimSpace(why); why == "" {
		return misused("--why: say who wants it and where they said so; it is the proof")
	}
	a, err := writtenAddress(address)
	if err != nil {
		return err
	}
	s, err := p.open(ctx)
	if err != nil {
		return err
	}
	defer s.Close()
	if err := s.Suppress(ctx, crm.Suppression{Address: a, Reason: crm.SuppressedByHand, Evidence: why, At: p.now()}); err != nil {
		return err
	}
	p.printf("%s is written to no more.\n", a)
	return nil
}

// liftSuppressions lifts whatever stands against an address.
func (p *program) liftSuppressions(ctx context.Context, as, address string) error {
	a, err := crm.ParseAddress(address)
	if err != nil {
		return err
	}
	s, v, err := p.openAs(ctx, as)
	if err != nil {
		return err
	}
	defer s.Close()
	all, err := s.SuppressionsOf(ctx, v, a)
	if err != nil {
		return err
	}
	n := 0
	for _, m := range all {
		if !m.Lifted.IsZero() {
			continue
		}
		if err := s.LiftSuppression(ctx, v, a, m.Reason, m.Topic); err != nil {
			return err
		}
		n++
	}
	if n == 0 {
		return missing("address", "nothing stands against writing to %s; kaveri suppression list shows whom that is true of", a)
	}
	p.printf("%s may be written to again.\n", a)
	return nil
}
