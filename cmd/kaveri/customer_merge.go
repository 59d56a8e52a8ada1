package main

import (
	"context"

	"github.com/spf13/cobra"

	"kaveri/crm"
)

func (p *program) customerMergeCommand() *cobra.Command {
	var same bool
	var as string
	c := p.reads(&cobra.Command{
		Use: "merge KEEP OTHER", Short: "Make two customers (number or address) one; KEEP takes over all that OTHER has", Args: cobra.ExactArgs(2),
		RunE: func(c *cobra.Command, args []string) error {
			return p.mergeCustomers(c.Context(), args[0], args[1], same, as)
		},
	})
	c.Flags().BoolVar(&same, "same-person", false, "the contacts of both are one human")
	asFlag(c, &as)
	return c
}

// mergeJSON is a merge in JSON.
type mergeJSON struct {
	ID       crm.MergeID    `json:"id"`
	Customer crm.CustomerID `json:"customer"` // which went into the one at hand
	Name     string         `json:"name"`
	Staff    string         `json:"staff"`
	At       jsonTime       `json:"at"`
}

func mergeOf(m crm.MergeRow) mergeJSON {
	return mergeJSON{m.ID, m.Other, m.Name, m.Staff, jsonTime(m.At)}
}

func (p *program) mergeCustomers(ctx context.Context, keep, other string, same bool, as string) error {
	s, v, err := p.openAs(ctx, as)
	if err != nil {
		return err
	}
	defer s.Close()
	a, err := customerID(ctx, s, v, keep)
	if err != nil {
		return err
	}
	b, err := customerID(ctx, s, v, other)
	if err != nil {
		return err
	}
	id, err := s.Merge(ctx, v, a, b, same)
	if err != nil {
		return err
	}
	if p.json {
		merges, err := s.Merges(ctx, v, a)
		for _, m := range merges {
			if m.ID == id {
				return p.printJSON(mergeOf(m))
			}
		}
		return err
	}
	p.printf("Customer %d is customer %d now. To undo it: kaveri customer unmerge %d\n", b, a, id)
	return nil
}

func (p *program) customerUnmergeCommand() *cobra.Command {
	var as string
	c := &cobra.Command{
		Use: "unmerge MERGE", Short: "Undo a merge: everything goes back to where it was", Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error { return p.unmerge(c.Context(), args[0], as) },
	}
	asFlag(c, &as)
	return c
}

func (p *program) unmerge(ctx context.Context, which, as string) error {
	id, err := crm.ParseID[crm.MergeID]("merge", which)
	if err != nil {
		return err
	}
	s, v, err := p.openAs(ctx, as)
	if err != nil {
		return err
	}
	defer s.Close()
	if err := s.Unmerge(ctx, v, id); err != nil {
		return err
	}
	p.printf("Merge %d is undone.\n", id)
	return nil
}
