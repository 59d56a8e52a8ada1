package main

import (
	"context"

	"github.com/spf13/cobra"

	"kaveri/crm"
	"kaveri/ingest/dropbox"
)

func (p *program) dropboxCommand() *cobra.Command {
	var domain, as string
	address := p.reads(&cobra.Command{
		Use: "address [CUSTOMER]", Short: "Show the addresses of the dropbox: for copies, and for notes about a customer", Args: cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			return p.showDropbox(c.Context(), domain, as, append(args, "")[0])
		},
	})
	address.Flags().StringVar(&domain, "domain", "", "the domain that serve takes mail for (--dropbox-domain)")
	address.Flags().StringVar(&as, "as", "", "the colleague who asks")
	return group("dropbox", "The addresses to which mail is dropped", address)
}

// dropboxJSON are the addresses in JSON.
type dropboxJSON struct {
	Copy crm.Address `json:"copy"`
	Note crm.Address `json:"note,omitempty"`
}

func (p *program) showDropbox(ctx context.Context, domain, as, who string) error {
	d, err := crm.ParseDomain(domain)
	if err != nil {
		return misused("--domain: name the domain of the dropbox, such as drop.example.com")
	}
	out := dropboxJSON{Copy: dropbox.CopyAddress(d)}
	if who != "" {
		s, v, err := p.openAs(ctx, as)
		if err != nil {
			return err
		}
		defer s.Close()
		id, err := customerID(ctx, s, v, who)
		if err != nil {
			return err
		}
		out.Note = dropbox.NoteAddress(s.Keyring(), id, d)
	}
	if p.json {
		return p.printJSON(out)
	}
	t := p.table("FOR", "ADDRESS")
	t.row("copies (Bcc) and forwarded mail", string(out.Copy))
	if out.Note != "" {
		t.row("notes about the customer", string(out.Note))
	}
	return t.end()
}
