package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"kaveri/crm"
	"kaveri/store"
)

func (p *program) tagCommand() *cobra.Command {
	return group("tag", "Words that colleagues put on customers",
		p.tagListCommand(),
		p.tagCommandFor("add", "Put tags on a customer", "now has", func(ctx context.Context, s *store.Store, v crm.Viewer, id crm.CustomerID, tag string) (string, error) {
			return s.AddTag(ctx, v, id, tag)
		}),
		p.tagCommandFor("remove", "Take tags from a customer", "no longer has", func(ctx context.Context, s *store.Store, v crm.Viewer, id crm.CustomerID, tag string) (string, error) {
			return tag, s.RemoveTag(ctx, v, id, tag)
		}))
}

// tagJSON is a tag in JSON.
type tagJSON struct {
	Tag       string `json:"tag"`
	Customers int    `json:"customers"`
}

func (p *program) tagListCommand() *cobra.Command {
	var as string
	c := p.reads(&cobra.Command{
		Use: "list", Short: "List the tags in use, and how many customers have each; customer list --tag shows who", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return p.listTags(c.Context(), as) },
	})
	asFlag(c, &as)
	return c
}

func (p *program) listTags(ctx context.Context, as string) error {
	s, v, err := p.openAs(ctx, as)
	if err != nil {
		return err
	}
	defer s.Close()
	tags, err := s.Tags(ctx, v)
	if err != nil {
		return err
	}
	if len(tags) == 0 && !p.json {
		p.notef("no customer has a tag\n")
		return nil
	}
	l := p.listing("TAG", "CUSTOMERS")
	for _, t := range tags {
		if err := l.entry(tagJSON{t.Name, t.Customers}, t.Name, t.Customers); err != nil {
			return err
		}
	}
	return l.end()
}

// tagCommandFor does something with the tags of a customer that are named.
func (p *program) tagCommandFor(name, short, said string, do func(context.Context, *store.Store, crm.Viewer, crm.CustomerID, string) (string, error)) *cobra.Command {
	var as string
	c := &cobra.Command{
		Use: name + " CUSTOMER TAG...", Short: short + " (number or address)", Args: cobra.MinimumNArgs(2),
		RunE: func(c *cobra.Command, args []string) error {
			return p.changeTags(c.Context(), args[0], args[1:], as, said, do)
		},
	}
	asFlag(c, &as)
	return c
}

func (p *program) changeTags(ctx context.Context, who string, tags []string, as, said string, do func(context.Context, *store.Store, crm.Viewer, crm.CustomerID, string) (string, error)) error {
	s, v, err := p.openAs(ctx, as)
	if err != nil {
		return err
	}
	defer s.Close()
	id, err := customerID(ctx, s, v, who)
	if err != nil {
		return err
	}
	cu, err := s.Customer(ctx, v, id)
	if err != nil {
		return err
	}
	for _, t := range tags {
		shown, err := do(ctx, s, v, cu.ID, t)
		if err != nil {
			return err
		}
		p.printf("%s\n", printable(fmt.Sprintf("%s %s %s", cu.Name, said, shown)))
	}
	return nil
}
