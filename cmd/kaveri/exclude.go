package main

import (
	"cmp"
	"context"
	"strings"

	"github.com/spf13/cobra"

	"kaveri/crm"
	"kaveri/store"
)

// excluding is what the flags of exclude say.
type excluding struct {
	mailbox              string
	folder, yes, preview bool
}

func (p *program) excludeCommand() *cobra.Command {
	var o excluding
	where := func(c *cobra.Command) *cobra.Command {
		c.Flags().StringVar(&o.mailbox, "mailbox", "", "in this mailbox only: its address or number (default: in the whole firm)")
		return p.reads(c)
	}
	list := where(&cobra.Command{
		Use: "list", Short: "List what is excluded, in the firm and in mailboxes", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return p.listExclusions(c.Context(), o) },
	})
	add := where(&cobra.Command{
		Use: "add WHAT", Short: "Exclude an address, a domain or a folder: its mail is not kept, and what is stored is removed", Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error { return p.addExclusion(c.Context(), args[0], o) },
	})
	remove := where(&cobra.Command{
		Use: "remove WHAT", Short: "Take an exclusion back; its mail is fetched again from the mailboxes", Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error { return p.removeExclusion(c.Context(), args[0], o) },
	})
	for _, c := range []*cobra.Command{add, remove} {
		c.Flags().BoolVar(&o.folder, "folder", false, "WHAT is the name of a folder")
	}
	add.Flags().BoolVar(&o.yes, "yes", false, "remove the stored mail that it concerns, for good")
	add.Flags().BoolVar(&o.preview, "preview", false, "say how much stored mail it concerns, and change nothing")
	return group("exclude", "Whose mail is not kept: addresses, domains and folders", list, add, remove)
}

// exclusionJSON is an exclusion in JSON.
type exclusionJSON struct {
	ID      crm.ExclusionID   `json:"id"`
	Mailbox string            `json:"mailbox"` // its address; "" for the whole firm
	Kind    crm.ExclusionKind `json:"kind"`
	Value   string            `json:"value"`
	Staff   string            `json:"staff"`
	At      jsonTime          `json:"at"`
}

// excludedJSON is an exclusion that was added, or would be, with what it does.
type excludedJSON struct {
	exclusionJSON
	Removed int  `json:"removed"`
	Shared  int  `json:"shared"`
	ByHand  int  `json:"by_hand"`
	Preview bool `json:"preview"`
}

// mailboxOf gives the mailbox that the flag names, or none.
func (o excluding) mailboxOf(ctx context.Context, s *store.Store) (crm.Mailbox, error) {
	if o.mailbox == "" {
		return crm.Mailbox{}, nil
	}
	return findMailbox(ctx, s, o.mailbox)
}

// parse reads what is to be excluded.
func (o excluding) parse(what string) (crm.Exclusion, error) {
	if o.folder {
		return crm.NewExclusion(crm.ExcludedFolder, what)
	}
	return crm.ParseExclusion(what)
}

func (p *program) listExclusions(ctx context.Context, o excluding) error {
	s, err := p.openExisting(ctx)
	if err != nil {
		return err
	}
	defer s.Close()
	boxes := []crm.Mailbox{{}} // the firm
	if o.mailbox != "" {
		m, err := findMailbox(ctx, s, o.mailbox)
		if err != nil {
			return err
		}
		boxes[0] = m
	} else {
		all, err := s.Mailboxes(ctx, crm.SystemViewer)
		if err != nil {
			return err
		}
		boxes = append(boxes, all...)
	}
	names, err := staffNames(ctx, s)
	if err != nil {
		return err
	}
	l := p.listing("ID", "WHERE", "KIND", "EXCLUDED", "SINCE", "BY")
	for _, m := range boxes {
		list, err := s.Exclusions(ctx, crm.SystemViewer, m.ID)
		if err != nil {
			return err
		}
		for _, e := range list {
			j := exclusionJSON{e.ID, string(m.Address), e.Kind, e.Value, names[e.Staff], jsonTime(e.At)}
			if err := l.entry(j, e.ID, cmp.Or(j.Mailbox, "everywhere"), string(e.Kind), e.Value, e.At, names[e.Staff]); err != nil {
				return err
			}
		}
	}
	return l.end()
}

func staffNames(ctx context.Context, s *store.Store) (map[crm.StaffID]string, error) {
	all, err := s.Staff(ctx)
	names := map[crm.StaffID]string{}
	for _, u := range all {
		names[u.ID] = u.Name
	}
	return names, err
}

func (p *program) addExclusion(ctx context.Context, what string, o excluding) error {
	e, err := o.parse(what)
	if err != nil {
		return err
	}
	s, err := p.openExisting(ctx)
	if err != nil {
		return err
	}
	defer s.Close()
	m, err := o.mailboxOf(ctx, s)
	if err != nil {
		return err
	}
	e.Mailbox = m.ID
	effect, err := s.PreviewExclusion(ctx, crm.SystemViewer, e)
	switch {
	case err != nil:
		return err
	case o.preview:
	case effect.Removed > 0 && !o.yes:
		return crm.Conflict("%s that are stored would be removed for good; say so with --yes", plural(effect.Removed, "mail", "mails"))
	default:
		if e, effect, err = s.AddExclusion(ctx, crm.SystemViewer, e); err != nil {
			return err
		}
	}
	if p.json {
		return p.printJSON(excludedJSON{exclusionJSON{e.ID, string(m.Address), e.Kind, e.Value, "", jsonTime(e.At)}, effect.Removed, effect.Shared, effect.ByHand, o.preview})
	}
	p.printf("%s\n", printable(effectText(e, effect, o.preview)))
	return nil
}

// effectText says what an exclusion did, or would do.
func effectText(e crm.Exclusion, effect crm.ExclusionEffect, preview bool) string {
	verb, removed := " is excluded: ", " removed"
	if preview {
		verb, removed = " would be excluded: ", " would be removed"
	}
	parts := []string{plural(effect.Removed, "mail", "mails") + removed}
	if effect.Shared > 0 {
		parts = append(parts, plural(effect.Shared, "mail stays", "mails stay")+" in a place that keeps them")
	}
	if effect.ByHand > 0 {
		parts = append(parts, plural(effect.ByHand, "mail stays", "mails stay")+" because a colleague said whose they are")
	}
	return e.Value + verb + strings.Join(parts, ", ") + "."
}

func (p *program) removeExclusion(ctx context.Context, what string, o excluding) error {
	e, err := o.parse(what)
	if err != nil {
		return err
	}
	s, err := p.openExisting(ctx)
	if err != nil {
		return err
	}
	defer s.Close()
	m, err := o.mailboxOf(ctx, s)
	if err != nil {
		return err
	}
	list, err := s.Exclusions(ctx, crm.SystemViewer, m.ID)
	if err != nil {
		return err
	}
	for _, x := range list {
		if x.Kind == e.Kind && x.Value == e.Value {
			if err := s.RemoveExclusion(ctx, crm.SystemViewer, x.ID); err != nil {
				return err
			}
			p.printf("%s is not excluded any more; its mail comes back as far as the mailboxes hold it.\n", printable(e.Value))
			return nil
		}
	}
	return crm.NotFound("%s is not excluded there; kaveri exclude list shows what is", e.Value)
}
