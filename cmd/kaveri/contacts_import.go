package main

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"

	"github.com/spf13/cobra"

	"kaveri/crm"
	"kaveri/ingest/contacts"
	"kaveri/ingest/signature"
	"kaveri/store"
)

func (p *program) contactsImportCommand() *cobra.Command {
	var preview bool
	var as string
	c := p.reads(&cobra.Command{
		Use: "import FILE", Short: "Make customers of an address book: shows what changes, then does it; kaveri contacts undo takes it back",
		Long: "Make customers of an address book (vCard, CSV of Google, Outlook or Thunderbird). Each entry is shown with what becomes of it: a new customer,\n" +
			"what a known one gains, or why it is left out. --preview stops there. Nothing that is known is overwritten, and nobody who has opted out is\n" +
			"written to again. FILE may be - for standard input.",
		Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			return p.importContacts(c.Context(), args[0], preview, as)
		},
	})
	c.Flags().BoolVar(&preview, "preview", false, "only show what would change")
	asFlag(c, &as)
	return c
}

// contactsImportedJSON is what an import of an address book does, in JSON.
type contactsImportedJSON struct {
	File     string           `json:"file"`
	Import   crm.ImportID     `json:"import"` // for undo; 0: a preview
	Entries  int              `json:"entries"`
	Added    int              `json:"added"`    // customers
	Extended int              `json:"extended"` // contacts that gain something
	Known    int              `json:"known"`
	Refused  int              `json:"refused"`
	Stopped  int              `json:"stopped"` // addresses that come in and are not written to
	Steps    []importStepJSON `json:"steps"`
}

type importStepJSON struct {
	Entry     int            `json:"entry"` // from 1
	Verb      crm.ImportVerb `json:"verb"`
	Name      string         `json:"name"`
	Customer  crm.CustomerID `json:"customer"` // 0: one that is not there yet
	Owner     string         `json:"owner"`
	Addresses []crm.Address  `json:"addresses"`
	Phones    []string       `json:"phones"`
	Note      string         `json:"note"`
	Elsewhere []crm.Address  `json:"elsewhere"` // somebody else's, who keeps them
	Stopped   []crm.Address  `json:"stopped"`   // of addresses, those that are not written to
	Reason    string         `json:"reason"`    // why it is left out, or what of it
}

func (p *program) importContacts(ctx context.Context, name string, preview bool, as string) error {
	s, v, err := p.openAs(ctx, as)
	if err != nil {
		return err
	}
	defer s.Close()
	firm, err := s.Firm(ctx)
	if err != nil {
		return err
	}
	list, wrong, damaged := p.entriesOf(ctx, name, signature.Home(&firm))
	if partly := (partlyError{}); damaged != nil && (!errors.As(damaged, &partly) || len(list) == 0) {
		return damaged
	}
	plan, err := s.PlanContactImport(ctx, v, list)
	if err != nil {
		return err
	}
	for i := range plan {
		if wrong[i] != "" {
			plan[i].Reason = wrong[i]
		}
	}
	j := contactsImportedOf(name, plan)
	if !p.json {
		p.printSteps(plan)
	}
	if !preview && j.Added+j.Extended > 0 {
		if err := p.carryOut(ctx, s, v, name, list, &j); err != nil {
			return err
		}
	}
	if err := p.printContactsImported(j, preview); err != nil {
		return err
	}
	switch {
	case damaged != nil:
		return damaged
	case j.Refused > 0:
		return partly("%s left out; each is named above with the reason", plural(j.Refused, "entry was", "entries were"))
	}
	return nil
}

// carryOut does what was shown.
func (p *program) carryOut(ctx context.Context, s *store.Store, v crm.Viewer, name string, list []store.ContactImport, j *contactsImportedJSON) error {
	b := p.bar("contacts")
	defer b.end()
	var done []crm.ImportStep
	id, err := s.ImportContacts(ctx, v, shownName(name), list, func(steps []crm.ImportStep) {
		done = append(done, steps...)
		b.of(int64(len(done)), int64(len(list)))
	})
	if err != nil && id != 0 {
		return failure("the import was cut short after %s: %s; kaveri contacts undo %d takes back what was done", plural(len(done), "entry", "entries"), sentence(err), id)
	}
	j.Import = id
	for i := range done { // what has become a customer has a number now
		j.Steps[i].Customer, j.Steps[i].Owner = done[i].Customer, done[i].Owner
	}
	return err
}

// entriesOf reads an address book as it is imported, and says of entries what is
// wrong with an address of theirs. The error is that of [program.readAddressBook].
func (p *program) entriesOf(ctx context.Context, name, home string) (list []store.ContactImport, wrong map[int]string, err error) {
	wrong = map[int]string{}
	err = p.readAddressBook(ctx, name, func(c *contacts.Contact) error {
		e := store.ContactImport{CustomerImport: store.CustomerImport{Name: c.Name, Organisation: c.Organisation}, Note: c.Notes}
		if strings.Contains(e.Name, "@") { // called after its address
			e.Name = ""
		}
		for _, m := range c.Emails {
			if a, err := writtenAddress(m); err == nil {
				e.Addresses = append(e.Addresses, a)
			} else {
				wrong[len(list)] = strings.TrimPrefix(sentence(err), "address: ")
			}
		}
		for _, phone := range c.Phones {
			e.Phones = append(e.Phones, shorten(phone, 60))
		}
		list = append(list, e)
		return nil
	})
	allInE164(list, home)
	return list, wrong, err
}

// allInE164 is inE164 for a whole address book. That takes longer than all else
// that is looked at, so all cores share it.
func allInE164(list []store.ContactImport, home string) {
	var g sync.WaitGroup
	for part := range slices.Chunk(list, max(len(list)/runtime.GOMAXPROCS(0), 1000)) {
		g.Go(func() {
			for i := range part {
				inE164(part[i].Phones, home)
			}
		})
	}
	g.Wait()
}

func contactsImportedOf(name string, plan []crm.ImportStep) contactsImportedJSON {
	j := contactsImportedJSON{File: name, Entries: len(plan), Steps: make([]importStepJSON, 0, len(plan))}
	for _, s := range plan {
		*map[crm.ImportVerb]*int{crm.ImportAdd: &j.Added, crm.ImportExtend: &j.Extended, crm.ImportKnown: &j.Known, crm.ImportRefuse: &j.Refused}[s.Verb]++
		j.Stopped += len(s.Stopped)
		j.Steps = append(j.Steps, importStepJSON{s.Entry + 1, s.Verb, s.Name, s.Customer, s.Owner, orEmpty(s.Addresses), orEmpty(s.Phones), s.Note, orEmpty(s.Elsewhere), orEmpty(s.Stopped), s.Reason})
	}
	return j
}

// maxSteps bounds how much of a plan is printed for people.
const maxSteps = 1000

// printSteps shows what changes, as a comparison does: + is new, ! is left out.
func (p *program) printSteps(plan []crm.ImportStep) {
	shown := 0
	for i := range plan {
		text := stepText(&plan[i])
		if text == "" {
			continue
		}
		if shown++; shown <= maxSteps {
			p.printf("%s\n", printable(text))
		}
	}
	if shown > maxSteps {
		p.printf("... and %d more; --json has all\n", shown-maxSteps)
	}
}

// stepText puts a step into a line, "" when it changes nothing.
func stepText(s *crm.ImportStep) string {
	gains := strings.Join(slices.Concat(addressTexts(s), s.Phones), ", ")
	var text string
	switch s.Verb {
	case crm.ImportAdd:
		text = fmt.Sprintf("+ %s: %s", s.Name, gains)
	case crm.ImportExtend:
		text = fmt.Sprintf("  %s: + %s", s.Owner, gains)
		if s.Customer != 0 {
			text = fmt.Sprintf("  %s (customer %d): + %s", s.Owner, s.Customer, gains)
		}
	case crm.ImportRefuse:
		return fmt.Sprintf("! entry %d, %s: %s", s.Entry+1, cell(s.Name), s.Reason)
	}
	for _, a := range s.Elsewhere {
		if text == "" {
			text = "  " + s.Owner
		}
		text += fmt.Sprintf("; %s is somebody else's and stays there", a)
	}
	if s.Reason != "" {
		if text == "" {
			text = "  " + s.Owner
		}
		text += "; left out: " + s.Reason
	}
	return text
}

func addressTexts(s *crm.ImportStep) []string {
	var out []string
	for _, a := range s.Addresses {
		text := string(a)
		if slices.Contains(s.Stopped, a) {
			text += " (not written to)"
		}
		out = append(out, text)
	}
	return out
}

func (p *program) printContactsImported(j contactsImportedJSON, preview bool) error {
	if p.json {
		return p.printJSON(j)
	}
	p.printf("%s: %d new customers, %d that gain something, %d known already, %d left out.\n", plural(j.Entries, "entry", "entries"), j.Added, j.Extended, j.Known, j.Refused)
	switch {
	case preview:
		p.printf("Nothing was changed.\n")
	case j.Import != 0:
		p.printf("Done as import %d; kaveri contacts undo %d takes it back.\n", j.Import, j.Import)
	}
	return nil
}
