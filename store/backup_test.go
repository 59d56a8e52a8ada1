package store

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
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

// Every table that refers to mail is thought of when mail is removed.
func TestRemovalKnowsEveryTable(t *testing.T) {
	statements := strings.Join(removal, "\n")
	table := regexp.MustCompile(`(?s)CREATE TABLE (\w+) \((.*?)\n\)`)
	for _, dir := range []string{"both", "sqlite", "postgres"} {
		names, err := filepath.Glob("migrations/" + dir + "/*.sql")
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range table.FindAllStringSubmatch(string(text), -1) {
				mails, raws := strings.Contains(m[2], "REFERENCES messages"), strings.Contains(m[2], "REFERENCES raws")
				if (mails || raws) && m[1] != "reviews" && !strings.Contains(statements, m[1]) { // of reviews see withdraw
					t.Errorf("%s: %s refers to mail, and nothing of it goes with removed mail", name, m[1])
				}
			}
		}
	}
}
