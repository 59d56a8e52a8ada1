package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"kaveri/crm"
	"kaveri/store"
)

func (p *program) detailCommand() *cobra.Command {
	return group("detail", "What signatures show of contacts: phones, titles, companies, addresses",
		p.detailListCommand(),
		p.detailDecideCommand("accept", "Give contacts what their signatures show; a title, company or address in place of the one known", true),
		p.detailDecideCommand("dismiss", "Say that it is nothing; it is not proposed again", false),
		p.detailRemoveCommand())
}

// detailKinds are the kinds that a contact has details of.
var detailKinds = []string{string(crm.DetailPhone), string(crm.DetailTitle), string(crm.DetailCompany), string(crm.DetailAddress)}

// proposalJSON is what a signature shows, in JSON.
type proposalJSON struct {
	ID      crm.DetailID   `json:"id"`
	Kind    crm.DetailKind `json:"kind"` // phone, title, company or address
	Value   string         `json:"value"`
	Now     string         `json:"now"` // what is known instead, "" when nothing is
	Contact namedJSON      `json:"contact"`
	Mail    crm.MessageID  `json:"mail"` // the newest that is signed so
	At      jsonTime       `json:"at"`   // of that mail
}

// detailJSON is what a colleague has accepted, in JSON.
type detailJSON struct {
	Kind  crm.DetailKind `json:"kind"`
	Value string         `json:"value"`
	Staff string         `json:"staff"` // who accepted it
	At    jsonTime       `json:"at"`
}

func detailsOf(known []crm.KnownDetail) []detailJSON {
	out := []detailJSON{}
	for _, d := range known {
		out = append(out, detailJSON{d.Kind, d.Value, d.Staff, jsonTime(d.At)})
	}
	return out
}

func (p *program) detailListCommand() *cobra.Command {
	var limit int
	var as string
	c := p.reads(&cobra.Command{
		Use: "list [CUSTOMER]", Short: "List what signatures show and nobody has decided about, of all customers or one (number or address), the newest first", Args: cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error { return p.listDetails(c.Context(), args, limit, as) },
	})
	c.Flags().IntVar(&limit, "limit", 50, "how many at most")
	c.Flags().StringVar(&as, "as", "", "read as this colleague (default: the first administrator)")
	return c
}

func (p *program) listDetails(ctx context.Context, args []string, limit int, as string) error {
	if err := checkLimit(limit); err != nil {
		return err
	}
	s, v, err := p.openAs(ctx, as)
	if err != nil {
		return err
	}
	defer s.Close()
	var customer crm.CustomerID
	for _, who := range args {
		if customer, err = presentCustomer(ctx, s, v, who); err != nil {
			return err
		}
	}
	all, err := s.DetailProposals(ctx, v, customer, limit)
	if err != nil {
		return err
	}
	for _, d := range all {
		if p.json {
			err = p.printJSON(proposalJSON{d.ID, d.Kind, d.Value, d.Now, *named(d.Contact, d.ContactName, d.Customer), d.Message, jsonTime(d.At)})
		} else {
			p.printf("%d  %s\n    %s\n", d.ID, printable(proposalText(d)), printable(fmt.Sprintf("From the signature of mail %d, %s.", d.Message, p.when(d.At))))
		}
		if err != nil {
			return err
		}
	}
	if len(all) == 0 && !p.json {
		p.notef("nothing to decide\n")
	}
	return nil
}

// proposalText puts what a signature shows into words.
func proposalText(d crm.DetailProposal) string {
	text := fmt.Sprintf("%s (customer %d): %s %s", d.ContactName, d.Customer, d.Kind, d.Value)
	if d.Now != "" {
		text += fmt.Sprintf(", so far %s", d.Now)
	}
	return text
}

func (p *program) detailDecideCommand(name, short string, yes bool) *cobra.Command {
	var as string
	c := &cobra.Command{
		Use: name + " ID...", Short: short, Args: cobra.MinimumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error { return p.decideDetails(c.Context(), args, yes, as) },
	}
	c.Flags().StringVar(&as, "as", "", "decide as this colleague (default: the first administrator)")
	return c
}

// decideDetails decides about each.
func (p *program) decideDetails(ctx context.Context, args []string, yes bool, as string) error {
	return decideEach(ctx, p, args, as, decision[crm.DetailID]{"detail", "details", "decided", func(s *store.Store, v crm.Viewer, id crm.DetailID) (string, error) {
		return map[bool]string{true: "accepted", false: "dismissed"}[yes], s.DecideDetail(ctx, v, id, yes)
	}})
}

func (p *program) detailRemoveCommand() *cobra.Command {
	var as string
	c := &cobra.Command{
		Use: "remove WHO KIND VALUE", Short: "Take a detail from a contact (number or address): phone, title, company or address", Args: cobra.ExactArgs(3),
		RunE: func(c *cobra.Command, args []string) error {
			if !slices.Contains(detailKinds, args[1]) {
				return misused("%q is no kind of detail; choose one of %s", args[1], strings.Join(detailKinds, ", "))
			}
			return p.removeDetail(c.Context(), args[0], crm.Detail{Kind: crm.DetailKind(args[1]), Value: args[2]}, as)
		},
	}
	c.Flags().StringVar(&as, "as", "", "as this colleague (default: the first administrator)")
	return c
}

func (p *program) removeDetail(ctx context.Context, who string, d crm.Detail, as string) error {
	s, v, err := p.openAs(ctx, as)
	if err != nil {
		return err
	}
	defer s.Close()
	contact, err := contactID(ctx, s, v, who)
	if err != nil {
		return err
	}
	if err := s.RemoveDetail(ctx, v, contact, d); err != nil {
		return err
	}
	p.printf("The %s is removed.\n", printable(string(d.Kind)))
	return nil
}
