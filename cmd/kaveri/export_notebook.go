package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"kaveri/crm"
	"kaveri/store"
	"kaveri/web"
)

func (p *program) exportNotebookCommand() *cobra.Command {
	var of string
	c := p.reads(&cobra.Command{
		Use: "notebook PATH", Short: "Print the customers of each colleague as a PDF, for the day on which the power is out",
		Long: "Print the customers of each colleague as a PDF, for the day on which the power is out: who they are, where they stand, their last words,\n" +
			"open wishes, phone and address. PATH is a folder that gets a file for each colleague, or with --for the file of one.\n" +
			"A colleague's customers are those whom they look after, and of those without an owner those who correspond most with them.\n" +
			"Each file holds what that colleague may see; it is personal data on paper, so keep it locked away.",
		Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			return p.exportNotebook(c.Context(), args[0], of)
		},
	})
	c.Flags().StringVar(&of, "for", "", "only that of this colleague: address or number")
	return c
}

// notebookJSON is a notebook in JSON. Pages and customers are told of one alone:
// a list of colleagues with numbers would compare them.
type notebookJSON struct {
	Colleague crm.Address `json:"colleague"`
	File      string      `json:"file"`
	Pages     *int        `json:"pages,omitempty"`
	Customers *int        `json:"customers,omitempty"`
}

func (p *program) exportNotebook(ctx context.Context, path, of string) error {
	s, err := p.openExisting(ctx)
	if err != nil {
		return err
	}
	defer s.Close()
	if of == "" {
		return p.exportNotebooks(ctx, s, path)
	}
	u, err := findStaff(ctx, s, "for", of)
	if err != nil {
		return err
	}
	if u.Disabled {
		return crm.Conflict("%s has left; their customers are in the notebooks of those who look after them now, or correspond with them", printable(u.Name))
	}
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		return misused("%s is a folder; with --for, name the file that is to be written, such as %s", path, filepath.Join(path, notebookName(u.Address)))
	}
	out, err := p.writeNotebook(ctx, s, u, path)
	if err != nil {
		return err
	}
	n := len(out.Customers)
	if p.json {
		return p.printJSON(notebookJSON{u.Address, path, &out.Pages, &n})
	}
	p.printf("%s: %s of %s on %s.\n", path, plural(n, "customer", "customers"), printable(u.Name), plural(out.Pages, "page", "pages"))
	return nil
}

// exportNotebooks prints one for each colleague who has not left.
func (p *program) exportNotebooks(ctx context.Context, s *store.Store, dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return crm.Invalid("path", "the folder cannot be made: %v", err)
	}
	staff, err := s.Staff(ctx)
	if err != nil {
		return err
	}
	in := map[crm.CustomerID]bool{}
	for _, u := range staff {
		if u.Disabled {
			continue
		}
		path := filepath.Join(dir, notebookName(u.Address))
		out, err := p.writeNotebook(ctx, s, u, path)
		if err != nil {
			return err
		}
		for _, c := range out.Customers {
			in[c] = true
		}
		if p.json {
			err = p.printJSON(notebookJSON{Colleague: u.Address, File: path})
		} else {
			p.printf("%s\n", path)
		}
		if err != nil {
			return err
		}
	}
	return p.sayUnprinted(ctx, s, len(in))
}

// sayUnprinted tells of customers who are in no notebook: paper that looks whole
// and is not would be found out on the worst of days.
func (p *program) sayUnprinted(ctx context.Context, s *store.Store, printed int) error {
	now := p.now()
	c, err := s.Coverage(ctx, crm.SystemViewer, crm.Span{Since: now, Until: now.Add(time.Second)}, time.UTC)
	if err != nil {
		return err
	}
	if n := c.Customers - printed; n > 0 {
		p.notef("kaveri: %s in no notebook: nobody looks after them, and no mail or call with them shows who knows them\n", plural(n, "customer is", "customers are"))
	}
	return nil
}

// notebookName is the name of a colleague's file: their address, without what a
// file system takes for something else.
func notebookName(a crm.Address) string {
	name := strings.Map(func(r rune) rune {
		if strings.ContainsRune(`/\:*?"<>|`, r) || r < ' ' {
			return '_'
		}
		return r
	}, string(a))
	return strings.TrimLeft(name, ".") + ".pdf"
}

// writeNotebook writes a colleague's file, whole or not at all. Nobody else on the
// machine may read it.
func (p *program) writeNotebook(ctx context.Context, s *store.Store, u crm.Staff, path string) (out web.NotebookPrinted, err error) {
	tmp, err := os.CreateTemp(filepath.Dir(path), ".notebook-*")
	if errors.Is(err, fs.ErrNotExist) {
		return out, crm.Invalid("path", "there is no folder %s", filepath.Dir(path))
	}
	if err != nil {
		return out, crm.Invalid("path", "the file cannot be written: %v", err)
	}
	defer os.Remove(tmp.Name())
	out, err = web.PrintNotebook(ctx, s, u, p.now(), tmp)
	if err != nil {
		tmp.Close()
		return out, err
	}
	if err := errors.Join(tmp.Chmod(0o600), tmp.Sync(), tmp.Close(), os.Rename(tmp.Name(), path)); err != nil {
		return out, fmt.Errorf("the notebook cannot be written: %w", err)
	}
	return out, nil
}
