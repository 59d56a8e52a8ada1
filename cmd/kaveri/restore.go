package main

import (
	"bufio"
	"context"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"kaveri/crm"
	"kaveri/ingest"
	"kaveri/store"
)

func (p *program) restoreCommand() *cobra.Command {
	return p.reads(&cobra.Command{
		Use: "restore FILE", Short: "Make the database from a backup; there must be none yet. It is verified before it is used",
		Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error { return p.restore(c.Context(), args[0]) },
	})
}

// restoredJSON is what a restore verified, in JSON.
type restoredJSON struct {
	File   string           `json:"file"`
	Schema int64            `json:"schema"` // of the backup
	Taken  jsonTime         `json:"taken"`  // when the backup was made
	SHA256 string           `json:"sha256"`
	Rows   map[string]int64 `json:"rows"` // by table, counted in the restored database
}

func (p *program) restore(ctx context.Context, name string) error {
	dsn, keyFile, err := p.places()
	if err != nil {
		return err
	}
	f, err := os.Open(name)
	if err != nil {
		return ingest.FileError(name, err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return ingest.FileError(name, err)
	}
	if info.IsDir() {
		return crm.Invalid("file", "%s is a folder", name)
	}
	key, err := readKey(keyFile)
	if err == nil && key == nil {
		err = crm.Invalid("key", "there is no key file %s; put the one that belongs to the backup there first, or name it with --key", keyFile)
	}
	if err != nil {
		return err
	}
	fresh := nothingThere(dsn)
	b := p.bar("restore")
	m, err := store.Restore(ctx, dsn, p.storeOptions(key, keyFile), bufio.NewReaderSize(f, 1<<20), b.of)
	b.end()
	if err != nil {
		if fresh {
			removeDatabase(dsn)
		}
		return err
	}
	if p.json {
		return p.printJSON(restoredJSON{name, m.Schema, jsonTime(m.Created), m.SHA256, rowsOf(m)})
	}
	p.printf("Restored and verified: %d mails, %d customers, %d mailboxes, %d colleagues.\n",
		m.Rows("messages"), m.Rows("customers"), m.Rows("mailboxes"), m.Rows("staff"))
	return nil
}

// nothingThere reports that neither the database's file nor its folder of raw
// mail exists.
func nothingThere(dsn string) bool {
	file := databaseFile(dsn)
	if file == "" {
		return false
	}
	for _, path := range []string{file, strings.TrimSuffix(file, ".db") + "-raw"} {
		if _, err := os.Stat(path); err == nil {
			return false
		}
	}
	return true
}

// removeDatabase takes away what a restore that failed has made of a database
// that was not there before.
func removeDatabase(dsn string) {
	file := databaseFile(dsn)
	if file == "" {
		return
	}
	for _, end := range []string{"", "-wal", "-shm"} {
		os.Remove(file + end)
	}
	os.RemoveAll(strings.TrimSuffix(file, ".db") + "-raw")
}
