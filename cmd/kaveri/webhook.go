package main

import (
	"context"
	"strconv"

	"github.com/spf13/cobra"

	"kaveri/crm"
)

func (p *program) webhookCommand() *cobra.Command {
	var as string
	list := p.reads(&cobra.Command{
		Use: "list", Short: "List where shops tell of their orders, and what could not be kept", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return p.listWebhooks(c.Context(), as) },
	})
	var ask bool
	add := p.reads(&cobra.Command{
		Use: "add KIND SOURCE", Short: "Make an address at which a shop (woocommerce, shopify) tells of its orders", Args: cobra.ExactArgs(2),
		Long: "Make an address at which a shop tells of its orders. KIND is woocommerce or shopify, SOURCE the name under which its orders are kept.\n" +
			"Kaveri makes the secret by which a shop of WooCommerce signs; Shopify makes its own: give it with --secret.",
		RunE: func(c *cobra.Command, args []string) error {
			return p.addWebhook(c.Context(), as, args[0], args[1], ask)
		},
	})
	add.Flags().BoolVar(&ask, "secret", false, "ask for the secret by which the shop signs, or read it from the input")
	remove := &cobra.Command{
		Use: "remove ID", Short: "Take one away with its secret; the orders that came by it stay", Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error { return p.removeWebhook(c.Context(), as, args[0]) },
	}
	for _, c := range []*cobra.Command{list, add, remove} {
		asFlag(c, &as)
	}
	return group("webhook", "Where shops tell of their orders", list, add, remove)
}

// webhookJSON is a webhook in JSON. Secret stands only where it was just made.
type webhookJSON struct {
	ID      crm.WebhookID `json:"id"`
	Kind    crm.ShopKind  `json:"kind"`
	Source  string        `json:"source"`
	Path    string        `json:"path"` // behind the address of the pages
	Maker   string        `json:"maker"`
	Created jsonTime      `json:"created"`
	Heard   jsonTime      `json:"heard"`
	Problem string        `json:"problem"`

	Problems []crm.ShopProblem `json:"problems"` // the newest first
	Secret   string            `json:"secret,omitempty"`
}

func webhookJSONOf(w *crm.Webhook) webhookJSON {
	return webhookJSON{w.ID, w.Kind, w.Source, "/hooks/" + strconv.FormatInt(int64(w.ID), 10), w.Maker, jsonTime(w.Created), jsonTime(w.Heard), w.Problem, append([]crm.ShopProblem{}, w.Problems...), ""}
}

func (p *program) listWebhooks(ctx context.Context, as string) error {
	s, v, err := p.openAs(ctx, as)
	if err != nil {
		return err
	}
	defer s.Close()
	list, err := s.Webhooks(ctx, v)
	if err != nil {
		return err
	}
	l := p.listing("ID", "KIND", "SOURCE", "PATH", "LAST HEARD", "NOT KEPT")
	for i := range list {
		j := webhookJSONOf(&list[i])
		if err := l.entry(j, int64(j.ID), string(j.Kind), j.Source, j.Path, list[i].Heard, j.Problem); err != nil {
			return err
		}
	}
	return l.end()
}

func (p *program) addWebhook(ctx context.Context, as, kind, source string, ask bool) error {
	w := crm.Webhook{Source: source}
	var err error
	if w.Kind, err = crm.ParseShopKind(kind); err != nil {
		return err
	}
	if ask {
		if w.Secret, err = p.readPassword(ctx, "Secret", false); err != nil {
			return err
		}
	}
	s, v, err := p.openAs(ctx, as)
	if err != nil {
		return err
	}
	defer s.Close()
	if w, err = s.AddWebhook(ctx, v, w); err != nil {
		return err
	}
	j := webhookJSONOf(&w)
	if !ask {
		j.Secret = w.Secret
	}
	if p.json {
		return p.printJSON(j)
	}
	p.printf("Webhook %d for %s. Have the shop deliver to the address of the pages followed by %s.\n", w.ID, printable(w.Source), j.Path)
	if j.Secret != "" {
		p.printf("Its secret, shown this once: %s\n", j.Secret)
	}
	return nil
}

func (p *program) removeWebhook(ctx context.Context, as, number string) error {
	id, err := crm.ParseID[crm.WebhookID]("webhook", number)
	if err != nil {
		return err
	}
	s, v, err := p.openAs(ctx, as)
	if err != nil {
		return err
	}
	defer s.Close()
	if err := s.RemoveWebhook(ctx, v, id); err != nil {
		return err
	}
	p.printf("Webhook %d is removed.\n", id)
	return nil
}
