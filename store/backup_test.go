package store

import (
	"io/fs"
	"regexp"
	"slices"
	"testing"
)

// A table that a migration adds must be in backups, or stay behind on purpose.
func TestBackupNamesEveryTable(t *testing.T) {
	create := regexp.MustCompile(`(?m)^CREATE (?:VIRTUAL )?TABLE (\w+)`)
	known := append(append(slices.Clone(backupTables), notInBackup...), "search") // made anew
	for _, e := range []*engine{sqliteEngine, postgresEngine} {
		files, err := e.migrations()
		if err != nil {
			t.Fatal(err)
		}
		names, err := fs.Glob(files, "*.sql")
		if err != nil || len(names) == 0 {
			t.Fatalf("no migrations: %v", err)
		}
		for _, name := range names {
			text, err := fs.ReadFile(files, name)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range create.FindAllStringSubmatch(string(text), -1) {
				if !slices.Contains(known, m[1]) {
					t.Errorf("%s: the table %s is neither in backupTables nor in notInBackup", name, m[1])
				}
			}
		}
	}
}
