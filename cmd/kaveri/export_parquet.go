package main

import (
	"context"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"kaveri/crm"
	"kaveri/insight/warehouse"
	"kaveri/store"
)

var _ warehouse.Source = (*store.Exported)(nil)

func (p *program) exportParquetCommand() *cobra.Command {
	var as string
	c := p.reads(&cobra.Command{
		Use: "parquet DIR", Short: "Write a star schema of Parquet files for analysts, or bring one up to date",
		Long: "Write customers, orders, mails, deliveries and standings to a folder of Parquet files, as a star schema that DuckDB and others open; docs/warehouse.md has the columns.\n" +
			"A second export writes only the months that have changed. Read what is in DIR/current: it is complete at any moment, also while an export runs or after one that failed.\n" +
			"No row holds the text or subject of a mail. Mail that another colleague has marked private is not in it, and what was removed from Kaveri is not any more after the next export.",
		Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error { return p.exportParquet(c.Context(), args[0], as) },
	})
	c.Flags().StringVar(&as, "as", "", "as this colleague sees it (default: the first administrator)")
	return c
}

// warehouseJSON is what an export did, in JSON.
type warehouseJSON struct {
	Folder   string               `json:"folder"`
	State    string               `json:"state"` // the folder in it that holds the current files
	Schema   int                  `json:"schema"`
	Changed  bool                 `json:"changed"` // false: nothing was written
	Made     jsonTime             `json:"made"`    // when the current files were
	As       string               `json:"as"`
	Currency string               `json:"currency"`
	TimeZone string               `json:"time_zone"`
	Seconds  float64              `json:"seconds"`
	Tables   []warehouseTableJSON `json:"tables"`
	Left     []string             `json:"left"` // folders of old states that could not be removed
}

type warehouseTableJSON struct {
	Name    string `json:"table"`
	Rows    int64  `json:"rows"`
	Bytes   int64  `json:"bytes"`
	Files   int    `json:"files"`
	Written int    `json:"written"` // of the files, now
	Removed int    `json:"removed"` // files that are no more
}

func (p *program) exportParquet(ctx context.Context, dir, as string) error {
	began := p.now()
	s, v, err := p.openAs(ctx, as)
	if err != nil {
		return err
	}
	defer s.Close()
	who, err := nameOf(ctx, s, v)
	if err != nil {
		return err
	}
	bar := p.bar("export")
	var sum warehouse.Summary
	err = s.Export(ctx, v, func(e *store.Exported) (err error) {
		sum, err = warehouse.Write(dir, e, warehouse.Options{As: who, Now: p.now, Progress: func(table string, rows int64) {
			bar.say("%s: row %d", table, rows)
			bar.of(rows, 0)
		}})
		return err
	})
	bar.end()
	if err != nil {
		return err
	}
	j := warehouseJSON{sum.Folder, sum.State, sum.Manifest.Schema, sum.Changed, jsonTime(sum.Manifest.Made), sum.Manifest.As, sum.Manifest.Currency, sum.Manifest.TimeZone, p.now().Sub(began).Seconds(), []warehouseTableJSON{}, orEmpty(sum.Left)}
	for _, t := range sum.Tables {
		j.Tables = append(j.Tables, warehouseTableJSON(t))
	}
	if err := p.printWarehouse(&j); err != nil {
		return err
	}
	if len(sum.Left) > 0 {
		return partly("%s could not be removed, because something else lies there or it may not be written by you; what was erased in Kaveri may still be in it", strings.Join(sum.Left, ", "))
	}
	return nil
}

// nameOf gives the address of a viewer.
func nameOf(ctx context.Context, s *store.Store, v crm.Viewer) (string, error) {
	staff, err := s.Staff(ctx)
	for _, u := range staff {
		if u.ID == v.Staff {
			return string(u.Address), nil
		}
	}
	return "the program itself", err // nobody works here yet
}

func (p *program) printWarehouse(j *warehouseJSON) error {
	if p.json {
		return p.printJSON(j)
	}
	t := p.table("TABLE", "ROWS", "SIZE", "FILES", "WRITTEN", "REMOVED")
	written, files := 0, 0
	for _, s := range j.Tables {
		t.row(s.Name, s.Rows, bytesOf(s.Bytes), s.Files, s.Written, s.Removed)
		written, files = written+s.Written, files+s.Files
	}
	if err := t.end(); err != nil {
		return err
	}
	if !j.Changed {
		p.printf("Nothing has changed since %s; nothing was written.\n", cell(time.Time(j.Made)))
		return nil
	}
	p.printf("%s written, %d kept as they were; all lie in %s/current.\n", plural(written, "file", "files"), files-written, strings.TrimRight(j.Folder, "/"))
	return nil
}
