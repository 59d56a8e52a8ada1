package main

import (
	"context"

	"github.com/spf13/cobra"

	"kaveri/crm"
)

func (p *program) contactsImportsCommand() *cobra.Command {
	var as string
	c := p.reads(&cobra.Command{
		Use: "imports", Short: "List the address books that were imported, the newest first", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return p.listImports(c.Context(), as) },
	})
	asFlag(c, &as)
	return c
}

// contactBookJSON is an address book that was imported, in JSON.
type contactBookJSON struct {
	ID        crm.ImportID `json:"id"`
	File      string       `json:"file"`
	Staff     string       `json:"staff"`
	At        jsonTime     `json:"at"`
	Undone    jsonTime     `json:"undone"`
	Customers int          `json:"customers"`
	Addresses int          `json:"addresses"`
	Phones    int          `json:"phones"`
}

func (p *program) listImports(ctx context.Context, as string) error {
	s, v, err := p.openAs(ctx, as)
	if err != nil {
		return err
	}
	defer s.Close()
	all, err := s.ContactImports(ctx, v)
	if err != nil {
		return err
	}
	l := p.listing("ID", "FILE", "BY", "AT", "CUSTOMERS", "ADDRESSES", "PHONES", "UNDONE")
	for _, b := range all {
		if err := l.entry(contactBookJSON{b.ID, b.Source, b.Staff, jsonTime(b.At), jsonTime(b.Undone), b.Customers, b.Addresses, b.Phones}, b.ID, b.Source, b.Staff, b.At, b.Customers, b.Addresses, b.Phones, b.Undone); err != nil {
			return err
		}
	}
	return l.end()
}

func (p *program) contactsUndoCommand() *cobra.Command {
	var as string
	c := p.reads(&cobra.Command{
		Use: "undo IMPORT", Short: "Take back what an import has changed; what somebody has built on since stays, and is named", Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error { return p.undoImport(c.Context(), args[0], as) },
	})
	asFlag(c, &as)
	return c
}

// importUndoneJSON is what undoing an import has taken back, in JSON.
type importUndoneJSON struct {
	Import    crm.ImportID `json:"import"`
	Customers int          `json:"customers"`
	Addresses int          `json:"addresses"`
	Phones    int          `json:"phones"`
	Notes     int          `json:"notes"`
	Kept      []string     `json:"kept"` // a sentence each
}

func (p *program) undoImport(ctx context.Context, which, as string) error {
	id, err := crm.ParseID[crm.ImportID]("import", which)
	if err != nil {
		return err
	}
	s, v, err := p.openAs(ctx, as)
	if err != nil {
		return err
	}
	defer s.Close()
	u, err := s.UndoContactImport(ctx, v, id)
	if err != nil {
		return err
	}
	if p.json {
		err = p.printJSON(importUndoneJSON{id, u.Customers, u.Addresses, u.Phones, u.Notes, orEmpty(u.Kept)})
	} else {
		p.printf("Taken back: %s, %s, %s, %s.\n", plural(u.Customers, "customer", "customers"), plural(u.Addresses, "address", "addresses"), plural(u.Phones, "phone", "phones"), plural(u.Notes, "note", "notes"))
	}
	if err != nil || len(u.Kept) == 0 {
		return err
	}
	for _, k := range u.Kept {
		p.notef("kaveri: %s\n", printable(k))
	}
	return partly("%s; their addresses of the import are taken back", plural(len(u.Kept), "customer stays", "customers stay"))
}
