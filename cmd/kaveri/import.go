package main

import (
	"context"
	"os"

	"github.com/spf13/cobra"

	"kaveri/crm"
	"kaveri/ingest"
)

func (p *program) importCommand() *cobra.Command {
	var owner, policy string
	c := p.reads(&cobra.Command{
		Use: "import mbox|maildir|eml PATH --owner STAFF", Short: "Import mail from files, by the same rules as mail from a mailbox",
		Long: "Import mail from files: an mbox file, a Maildir folder, an eml file or a folder of them.\n" +
			"It goes the way of mail from a mailbox: who wrote to whom first, then the bodies of what belongs to a customer. Importing the same again changes nothing.",
		Args: cobra.ExactArgs(2),
		RunE: func(c *cobra.Command, args []string) error {
			return p.importMail(c.Context(), args[0], args[1], owner, policy)
		},
	})
	c.AddCommand(p.importOrdersCommand())
	c.Flags().StringVar(&owner, "owner", "", "whose mail it is: address or number of a colleague")
	c.Flags().StringVar(&policy, "policy", "", "what is kept: known, external or all (default: the firm's policy)")
	return c
}

func (p *program) importMail(ctx context.Context, kind, path, owner, policy string) error {
	switch kind {
	case "mbox", "maildir", "eml":
	default:
		return misused("%q is not a kind of mail file; choose mbox, maildir or eml", kind)
	}
	switch crm.Policy(policy) {
	case "", crm.PolicyKnown, crm.PolicyExternal, crm.PolicyAll:
	default:
		return misused("--policy: %q is unknown; choose known, external or all", policy)
	}
	if owner == "" {
		return misused("--owner: say whose mail it is, by address or number of a colleague")
	}
	info, err := os.Stat(path)
	if err != nil {
		return ingest.FileError(path, err)
	}
	if info.IsDir() != (kind == "maildir") && kind != "eml" {
		return crm.Invalid("file", "%s is not what %s means; an mbox is a file, a Maildir a folder", path, kind)
	}
	s, err := p.openExisting(ctx)
	if err != nil {
		return err
	}
	defer s.Close()
	u, err := findStaff(ctx, s, "owner", owner)
	if err != nil {
		return err
	}
	b := p.bar("import")
	bad := 0
	sum, err := ingest.Import(ctx, s, ingest.ImportOptions{Kind: kind, Path: path, Owner: u.ID, Policy: crm.Policy(policy), Progress: b.ingesting(p.now()), Bad: func(err error) {
		bad++
		p.notef("kaveri: %s\n", sentence(err))
	}, Service: ingest.Options{Log: p.log, Now: p.now}})
	b.end()
	if err != nil {
		return err
	}
	if err := p.printSummary(summaryOf(sum)); err != nil {
		return err
	}
	p.enrich(ctx, s)
	if err := p.outcome(ctx, nil, 1, sum.Failed); err != nil {
		return err
	}
	return readOutcome(int(sum.Listed), bad)
}
