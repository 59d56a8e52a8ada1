package main

import (
	"context"

	"github.com/spf13/cobra"

	"kaveri/store"
)

func (p *program) migrateCommand() *cobra.Command {
	status := p.reads(&cobra.Command{
		Use: "status", Short: "List the steps of the database's schema and which are applied", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return p.migrateStatus(c.Context()) },
	})
	up := p.reads(&cobra.Command{
		Use: "up", Short: "Bring the schema up to date (serving does it by itself)", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return p.migrateUp(c.Context()) },
	})
	return group("migrate", "The schema of the database", status, up)
}

// migrationJSON is a step of the schema in JSON.
type migrationJSON struct {
	Version int64    `json:"version"`
	Name    string   `json:"name"`
	Applied jsonTime `json:"applied"` // null: pending
}

// openUnmigrated opens an existing database with its schema as it is.
func (p *program) openUnmigrated(ctx context.Context) (*store.Store, error) {
	dsn, keyFile, err := p.places()
	if err != nil {
		return nil, err
	}
	if err := mustExist(dsn); err != nil {
		return nil, err
	}
	return p.openAt(ctx, dsn, keyFile, store.OpenUnmigrated)
}

func (p *program) migrateStatus(ctx context.Context) error {
	s, err := p.openUnmigrated(ctx)
	if err != nil {
		return err
	}
	defer s.Close()
	steps, err := s.Migrations(ctx)
	if err != nil {
		return err
	}
	return p.printMigrations(steps)
}

func (p *program) printMigrations(steps []store.Migration) error {
	if p.json {
		for _, m := range steps {
			if err := p.printJSON(migrationJSON{m.Version, m.Name, jsonTime(m.Applied)}); err != nil {
				return err
			}
		}
		return nil
	}
	t := p.table("VERSION", "NAME", "APPLIED")
	for _, m := range steps {
		t.row(m.Version, m.Name, m.Applied)
	}
	return t.end()
}

func (p *program) migrateUp(ctx context.Context) error {
	s, err := p.openUnmigrated(ctx)
	if err != nil {
		return err
	}
	defer s.Close()
	steps, err := s.Migrate(ctx)
	if err != nil {
		return err
	}
	if len(steps) == 0 && !p.json {
		p.printf("The schema is up to date.\n")
		return nil
	}
	return p.printMigrations(steps)
}
