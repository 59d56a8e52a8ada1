package main

import (
	"bufio"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"kaveri/store"
)

func (p *program) backupCommand() *cobra.Command {
	return p.reads(&cobra.Command{
		Use: "backup FILE", Short: "Write a backup of the database to a file, also while Kaveri is serving",
		Long: "Write a backup of the database to a new file, also while Kaveri is serving; - is standard output.\n" +
			"The key file is not in it: without the key, the mailbox passwords in a backup are worth nothing. Keep a copy of the key elsewhere.",
		Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error { return p.backup(c.Context(), args[0]) },
	})
}

// backupJSON is what a backup wrote, in JSON.
type backupJSON struct {
	File    string           `json:"file"`
	Bytes   int64            `json:"bytes"`
	Seconds float64          `json:"seconds"`
	Schema  int64            `json:"schema"`
	SHA256  string           `json:"sha256"` // of the content
	Rows    map[string]int64 `json:"rows"`   // by table
}

func rowsOf(m store.Manifest) map[string]int64 {
	rows := map[string]int64{}
	for _, t := range m.Tables {
		rows[t.Name] = t.Rows
	}
	return rows
}

func (p *program) backup(ctx context.Context, name string) error {
	began := p.now()
	s, err := p.openExisting(ctx)
	if err != nil {
		return err
	}
	defer s.Close()
	b := p.bar("backup")
	if name == "-" {
		w := bufio.NewWriterSize(p.stdout, 1<<20)
		_, err := s.Backup(ctx, w, b.of)
		b.end()
		return errors.Join(err, w.Flush())
	}
	if _, err := os.Lstat(name); err == nil {
		return fileError(name, fs.ErrExist)
	}
	var m store.Manifest
	size, err := writeWhole(name, func(f *os.File) error {
		m, err = s.Backup(ctx, f, b.of)
		return err
	})
	b.end()
	if err != nil {
		return err
	}
	if p.json {
		return p.printJSON(backupJSON{name, size, p.now().Sub(began).Seconds(), m.Schema, m.SHA256, rowsOf(m)})
	}
	p.printf("%s holds the database (%s). The key file is not in it; keep a copy of that elsewhere.\n", name, bytesOf(size))
	return nil
}

// writeWhole writes a file that is either complete or not there: it gets its
// name when its bytes are on the disk. Only its owner can read it.
func writeWhole(name string, write func(*os.File) error) (size int64, err error) {
	f, err := os.CreateTemp(filepath.Dir(name), "."+filepath.Base(name)+"-*")
	if err != nil {
		return 0, fileError(name, err)
	}
	defer os.Remove(f.Name())
	defer f.Close()
	if err := write(f); err != nil {
		return 0, err
	}
	info, err := f.Stat()
	if err == nil {
		err = errors.Join(f.Sync(), f.Close())
	}
	if err == nil {
		// Link, not rename: a file that came into being meanwhile is not replaced.
		if err = os.Link(f.Name(), name); err != nil && !errors.Is(err, fs.ErrExist) {
			err = os.Rename(f.Name(), name)
		}
	}
	if err != nil {
		return 0, fileError(name, err)
	}
	return info.Size(), nil
}
