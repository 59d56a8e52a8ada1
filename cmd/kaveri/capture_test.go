package main

import (
	"bytes"
	"encoding/json"
	"net"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"kaveri/internal/samplecompany"
	"kaveri/internal/testpg"
)

// cli runs one command and gives what it printed.
type cli struct {
	t    *testing.T
	data string
	dsn  string
}

func (c cli) run(stdin string, want int, args ...string) string {
	c.t.Helper()
	env := map[string]string{"KAVERI_DATA": c.data, "KAVERI_DATABASE": c.dsn}
	var out, log bytes.Buffer
	if code := run(c.t.Context(), args, strings.NewReader(stdin), &out, &log, func(name string) string { return env[name] }); code != want {
		c.t.Fatalf("kaveri %s: exit code %d, want %d\n%s%s", strings.Join(args, " "), code, want, &out, &log)
	}
	return out.String()
}

func (c cli) json(to any, args ...string) {
	c.t.Helper()
	if err := json.Unmarshal([]byte(c.run("", exitDone, append(args, "--json")...)), to); err != nil {
		c.t.Fatal(err)
	}
}

// TestCapture goes from an empty folder to a customer's timeline over real
// IMAP, and through a backup to another database, on both engines.
func TestCapture(t *testing.T) {
	for _, engine := range []struct {
		name string
		dsn  func(t *testing.T) string
	}{
		{"sqlite", func(*testing.T) string { return "" }},
		{"postgres", func(t *testing.T) string { return testpg.DSN(t) }},
	} {
		t.Run(engine.name, func(t *testing.T) {
			company, err := samplecompany.Start(t.Context(), samplecompany.Options{Seed: 1, Every: time.Hour})
			if err != nil {
				t.Fatal(err)
			}
			defer company.Close()
			k := cli{t, t.TempDir(), engine.dsn(t)}
			captured(k, company)
			restored(k, cli{t, t.TempDir(), engine.dsn(t)})
		})
	}
}

func captured(k cli, company *samplecompany.Company) {
	k.t.Helper()
	host, port, err := net.SplitHostPort(company.IMAPAddr())
	if err != nil {
		k.t.Fatal(err)
	}
	k.run("", exitDone, "firm", "set", "--name", company.FirmName(), "--domain", company.Domain())
	a := company.Accounts()[1]
	server := []string{"mailbox", "add", a.Address, "--owner", a.Address, "--host", host, "--port", port, "--security", "none"}
	k.run("correct-horse-battery\n", exitDone, "user", "add", a.Address, "--name", a.Name)
	k.run("wrong\n", exitFailed, server...)
	k.run(a.Password+"\n", exitDone, server...)
	k.run("", exitDone, "mailbox", "test", a.Address)

	var sum summaryJSON
	k.json(&sum, "mailbox", "sync", a.Address)
	if sum.Stored == 0 || sum.Listed < sum.Stored || sum.Failed != 0 || sum.Bytes == 0 {
		k.t.Errorf("sync: %+v", sum)
	}
	k.json(&sum, "mailbox", "sync", "--all")
	if sum.Messages != 0 {
		k.t.Errorf("the second sync fetched %d mails again", sum.Messages)
	}
	var census censusJSON
	k.json(&census, "census")
	stored := 0
	for _, f := range census.Folders {
		stored += f.Stored
	}
	if census.Difference != 0 || census.Unreachable != 0 || stored == 0 {
		k.t.Errorf("census: %+v", census)
	}
	k.json(&census, "census", "--last")
	if len(census.Folders) == 0 {
		k.t.Error("the census was not kept")
	}
	var first customerJSON
	k.json(&first, "customer", "list", "--limit", "1")
	var shown shownJSON
	k.json(&shown, "customer", "show", string(first.Address), "--limit", "1000")
	if len(shown.Timeline) != first.Mails || shown.More || shown.Timeline[0].Why.Rule == "" {
		k.t.Errorf("%d mails on the timeline of %+v", len(shown.Timeline), first)
	}
	var ok doctorJSON
	k.json(&ok, "doctor")
	k.run("", exitDone, "mailbox", "remove", a.Address)
	k.json(&shown, "customer", "show", string(first.Address))
	if len(shown.Timeline) == 0 {
		k.t.Error("removing the mailbox has removed its mail")
	}
}

func restored(from, to cli) {
	from.t.Helper()
	file := filepath.Join(from.t.TempDir(), "full.kaveri")
	var saved backupJSON
	from.json(&saved, "backup", file)
	var back restoredJSON
	to.json(&back, "restore", file, "--key", filepath.Join(from.data, "kaveri.key"))
	if back.SHA256 != saved.SHA256 || back.Rows["messages"] != saved.Rows["messages"] || saved.Rows["messages"] == 0 {
		to.t.Errorf("saved %+v\nrestored %+v", saved, back)
	}
	if a, b := from.run("", exitDone, "customer", "list", "--json", "--limit", "0"), to.run("", exitDone, "customer", "list", "--json", "--limit", "0", "--key", filepath.Join(from.data, "kaveri.key")); a != b {
		to.t.Error("the restored customers differ")
	}
}

// UnmarshalJSON reads what MarshalJSON writes.
func (t *jsonTime) UnmarshalJSON(b []byte) error { return (*time.Time)(t).UnmarshalJSON(b) }
