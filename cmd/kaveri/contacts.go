package main

import (
	"bufio"
	"context"
	"strings"

	"github.com/spf13/cobra"

	"kaveri/crm"
	"kaveri/ingest"
	"kaveri/ingest/contacts"
)

func (p *program) contactsCommand() *cobra.Command {
	return group("contacts", "Address books of other programs: vCard, and CSV of Google, Outlook and Thunderbird",
		p.contactsReadCommand(), p.contactsImportCommand(), p.contactsImportsCommand(), p.contactsUndoCommand())
}

func (p *program) contactsReadCommand() *cobra.Command {
	return p.reads(&cobra.Command{
		Use: "read FILE...", Short: "Say what Kaveri reads from address books, without a database; - too",
		Long: "Say what Kaveri reads from address books, without a database: vCard 2.1, 3.0 and 4.0, and the CSV files that Google, Outlook and Thunderbird export.\n" +
			"What a file is shows in its beginning. What cannot be read is named, and the rest is given. FILE may be - for standard input.",
		Args: cobra.MinimumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error { return p.readContacts(c.Context(), args) },
	})
}

// addressBookJSON is an entry of an address book in JSON.
type addressBookJSON struct {
	Name         string          `json:"name"`
	Organisation string          `json:"organisation"`
	Emails       []string        `json:"emails"`
	Phones       []string        `json:"phones"`
	Notes        string          `json:"notes"`
	RawFormat    contacts.Format `json:"raw_format"`
}

// readContacts reads address books. One that is damaged or none does not hold
// up the others.
func (p *program) readContacts(ctx context.Context, names []string) error {
	out := bufio.NewWriterSize(p.stdout, 64<<10)
	shown := *p
	shown.stdout = out
	t := table{}
	if !p.json {
		t = shown.table("NAME", "ORGANISATION", "ADDRESSES", "PHONES", "FORMAT")
	}
	var damaged []error
	for _, name := range names {
		err := p.readAddressBook(ctx, name, func(c *contacts.Contact) error {
			if err := ctx.Err(); err != nil {
				return err
			}
			if p.json {
				return shown.printJSON(addressBookJSON{c.Name, c.Organisation, orEmpty(c.Emails), orEmpty(c.Phones), c.Notes, c.Format})
			}
			t.row(c.Name, c.Organisation, strings.Join(c.Emails, ", "), strings.Join(c.Phones, ", "), string(c.Format))
			return nil
		})
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			damaged = append(damaged, err)
		}
	}
	if !p.json {
		t.end()
	}
	if err := out.Flush(); err != nil {
		return err
	}
	return p.damagedBooks(damaged, len(names))
}

// damagedBooks is how reading ends: with the sentence of the one address book
// there is, or with a line for each that is damaged.
func (p *program) damagedBooks(damaged []error, all int) error {
	switch {
	case len(damaged) == 0:
		return nil
	case all == 1:
		return damaged[0]
	}
	for _, err := range damaged {
		p.notef("kaveri: %s\n", sentence(err))
	}
	return partly("%d of %d files could not be read whole", len(damaged), all)
}

// readAddressBook reads one file. What is wrong with its bytes is a
// [partlyError]; that there is no such file is not.
func (p *program) readAddressBook(ctx context.Context, name string, each func(*contacts.Contact) error) error {
	f, err := p.openTwice(ctx, "file", "an address book", name)
	if err != nil {
		return err
	}
	defer f.Close()
	report, err := contacts.Read(f, each)
	switch {
	case crm.KindOf(err) == crm.KindInvalid:
		return partly("%s: %s", shownName(name), strings.TrimPrefix(sentence(err), "file: "))
	case err != nil:
		return ingest.FileError(name, err)
	case report.Damaged == 1:
		return partly("%s: line %d: %s; %s read", shownName(name), report.Line, report.Problem, plural(report.Contacts, "contact was", "contacts were"))
	case report.Damaged > 1:
		return partly("%s: %d places could not be read, the first in line %d: %s; %s read", shownName(name), report.Damaged, report.Line, report.Problem, plural(report.Contacts, "contact was", "contacts were"))
	}
	return nil
}
