package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"github.com/spf13/cobra"

	"kaveri/crm"
	"kaveri/store"
)

func (p *program) doctorCommand() *cobra.Command {
	var quick bool
	c := p.reads(&cobra.Command{
		Use: "doctor", Short: "Check everything that can be wrong, and say how to mend it", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return p.doctor(c.Context(), quick) },
	})
	c.Flags().BoolVar(&quick, "quick", false, "leave out what reads the whole database")
	return c
}

// The states of a check.
const (
	stateOK      = "ok"
	stateWarning = "warning" // works, but somebody should look
	stateWrong   = "wrong"
)

// check is one finding.
type check struct {
	Name  string `json:"name"`
	State string `json:"state"`
	Text  string `json:"text"`
	Mend  string `json:"mend"`
}

// doctorJSON is the whole examination in JSON.
type doctorJSON struct {
	OK     bool    `json:"ok"`
	Checks []check `json:"checks"`
}

// examination collects findings.
type examination struct {
	p      *program
	checks []check
}

func (x *examination) ok(name, format string, args ...any) {
	x.checks = append(x.checks, check{name, stateOK, fmt.Sprintf(format, args...), ""})
}

func (x *examination) warn(name, text, mend string) {
	x.checks = append(x.checks, check{name, stateWarning, text, mend})
}

func (x *examination) wrong(name, text, mend string) {
	x.checks = append(x.checks, check{name, stateWrong, text, mend})
}

func (p *program) doctor(ctx context.Context, quick bool) error {
	x := &examination{p: p}
	dsn, keyFile, err := p.places()
	if err != nil {
		return err
	}
	v := thisVersion()
	x.ok("version", "kaveri %s, %s, SQLite %s, %s", v.Version, v.Go, v.SQLite, v.Platform)
	x.key(keyFile)
	x.disk(dsn, filepath.Dir(keyFile))
	if s := x.database(ctx, dsn, keyFile); s != nil {
		defer s.Close()
		x.inside(ctx, s, quick)
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return p.printExamination(x.checks)
}

func (p *program) printExamination(checks []check) error {
	j := doctorJSON{OK: true, Checks: checks}
	bad := 0
	for _, c := range checks {
		if c.State == stateWrong {
			bad++
			j.OK = false
		}
	}
	if p.json {
		if err := p.printJSON(j); err != nil {
			return err
		}
	} else {
		for _, c := range checks {
			p.printf("%-8s %-12s %s\n", c.State, c.Name, printable(c.Text))
			if c.Mend != "" {
				p.printf("%-8s %-12s -> %s\n", "", "", printable(c.Mend))
			}
		}
	}
	if bad > 0 {
		return failure("%s wrong", plural(bad, "thing is", "things are"))
	}
	return nil
}

func (x *examination) key(file string) {
	info, err := os.Stat(file)
	switch {
	case os.IsNotExist(err):
		x.wrong("key", "there is no key file "+file, "restore it from your copy; without it the stored passwords do not open. A new Kaveri makes one at its first start")
		return
	case err != nil:
		x.wrong("key", sentence(err), "let the user who runs Kaveri read "+file)
		return
	}
	if _, err := readKey(file); err != nil {
		x.wrong("key", sentence(err), "restore the key file from your copy")
		return
	}
	if mode := info.Mode().Perm(); mode&0o077 != 0 && runtime.GOOS != "windows" {
		x.wrong("key", fmt.Sprintf("others on this machine may read the key file (mode %04o)", mode), "chmod 600 "+file)
		return
	}
	x.ok("key", "%s, readable by its owner alone", file)
}

// Free space below which nothing is safe, and below which it is time to act.
const (
	diskWrong = 512 << 20
	diskWarn  = 2 << 30
)

func (x *examination) disk(dsn, dir string) {
	if file := databaseFile(dsn); file != "" {
		dir = filepath.Dir(file)
	}
	free, all, err := freeDisk(dir)
	switch mend := "make room on the disk, or move the data folder to a larger one"; {
	case err != nil:
		x.warn("disk", "free space is unknown: "+sentence(err), "")
	case free < diskWrong:
		x.wrong("disk", bytesOf(int64(free))+" free", mend)
	case free < diskWarn || free < all/20:
		x.warn("disk", fmt.Sprintf("%s free of %s", bytesOf(int64(free)), bytesOf(int64(all))), mend)
	default:
		x.ok("disk", "%s free of %s", bytesOf(int64(free)), bytesOf(int64(all)))
	}
}

// database opens it without changing its schema; nil when that is not possible.
func (x *examination) database(ctx context.Context, dsn, keyFile string) *store.Store {
	if err := mustExist(dsn); err != nil {
		x.wrong("database", sentence(err), "start kaveri serve once, or name the right folder with --data")
		return nil
	}
	key, err := readKey(keyFile)
	if err != nil || key == nil {
		x.wrong("database", "not looked at: the key is missing", "")
		return nil
	}
	s, err := store.OpenUnmigrated(ctx, dsn, x.p.storeOptions(key, keyFile))
	if err != nil {
		x.wrong("database", sentence(err), "check --database, and restore the last backup if the file is damaged")
		return nil
	}
	x.ok("database", "%s (%s)", shownDSN(dsn), s.Engine())
	if !x.schema(ctx, s) {
		s.Close()
		return nil
	}
	return s
}

// schema reports whether the rest can be looked at.
func (x *examination) schema(ctx context.Context, s *store.Store) bool {
	steps, err := s.Migrations(ctx)
	if err != nil {
		x.wrong("schema", sentence(err), "restore the last backup")
		return false
	}
	pending := 0
	for _, m := range steps {
		if m.Applied.IsZero() {
			pending++
		}
	}
	if pending > 0 {
		x.wrong("schema", plural(pending, "step is", "steps are")+" pending", "kaveri migrate up")
		return false
	}
	if _, err := s.Migrate(ctx); err != nil { // nothing to do: it says whether the database is newer
		x.wrong("schema", sentence(err), "install the version of Kaveri that the database is of, or a newer one")
		return false
	}
	x.ok("schema", "version %d", steps[len(steps)-1].Version)
	return true
}

// inside looks at what the database says.
func (x *examination) inside(ctx context.Context, s *store.Store, quick bool) {
	if !quick {
		if err := s.Integrity(ctx); err != nil {
			x.wrong("integrity", sentence(err), "stop Kaveri, keep a copy of the data folder, and restore the last backup")
		} else {
			x.ok("integrity", "the database is sound")
		}
	}
	x.firm(ctx, s)
	x.mailboxes(ctx, s)
	x.sending(ctx, s)
	if list, err := s.Quarantine(ctx, crm.SystemViewer); err != nil {
		x.wrong("quarantine", sentence(err), "")
	} else if len(list) > 0 {
		x.warn("quarantine", plural(len(list), "mail", "mails")+" could not be stored", "kaveri quarantine list says why; kaveri quarantine retry --all tries again")
	} else {
		x.ok("quarantine", "empty")
	}
	if c, err := s.Counts(ctx); err == nil {
		x.ok("contents", "%d mails, %d customers, %d waiting", c.Messages, c.Customers, c.Waiting)
	}
}

func (x *examination) firm(ctx context.Context, s *store.Store) {
	f, err := s.Firm(ctx)
	staff, serr := s.Staff(ctx)
	x.p.zone = f.Zone()
	switch {
	case err != nil || serr != nil:
		x.wrong("firm", "its settings cannot be read", "restore the last backup")
	case len(staff) == 0:
		x.warn("firm", "nobody can sign in yet", "kaveri serve prints the address of the first page; or kaveri user add")
	case f.Name == "" || len(f.Domains)+len(f.Addresses) == 0:
		x.warn("firm", "its name or own domains are not set, so mail among colleagues is not told from mail with customers", "kaveri firm set --name ... --domain ...")
	default:
		x.ok("firm", "%s, %s", f.Name, plural(len(staff), "colleague", "colleagues"))
	}
}

// mailboxes looks at how the followers fare, at the last census, and through
// what servers said at the clock.
func (x *examination) mailboxes(ctx context.Context, s *store.Store) {
	// Passwords that do not open with this key turn their mailbox to refused.
	if _, err := s.FollowedMailboxes(ctx); err != nil {
		x.wrong("mailboxes", sentence(err), "")
		return
	}
	all, err := s.Health(ctx, crm.SystemViewer)
	if err != nil {
		x.wrong("mailboxes", sentence(err), "")
		return
	}
	now, future := x.p.now(), false
	well := 0
	for _, h := range all {
		name := "mailbox " + string(h.Address)
		future = future || h.LastSeen.After(now.Add(time.Minute))
		switch h.State {
		case crm.MailboxRefused:
			x.wrong(name, h.Problem, "kaveri mailbox test "+string(h.Address)+"; then remove it and add it with the right password")
		case crm.MailboxRetrying:
			x.warn(name, h.Problem, "it is tried again by itself; kaveri mailbox test "+string(h.Address)+" tries now")
		case crm.MailboxPaused:
			x.warn(name, "it is paused", "")
		case crm.MailboxNew:
			x.warn(name, "it was never reached yet", "kaveri serve follows it; kaveri mailbox sync fetches it once")
		default:
			well++
		}
		x.census(name, h, now)
	}
	if len(all) == well {
		x.ok("mailboxes", "%s, all well", plural(well, "mailbox", "mailboxes"))
	}
	if now.Year() < 2026 || future {
		x.wrong("clock", "the clock of this machine is behind: "+x.p.when(now), "set the clock; switch on time synchronisation")
	} else {
		x.ok("clock", "%s", x.p.when(now))
	}
}

func (x *examination) census(name string, h crm.MailboxHealth, now time.Time) {
	if h.State == crm.MailboxImported || len(h.Folders) == 0 {
		return
	}
	j := censusOf(h.Folders)
	oldest := now
	for _, f := range h.Folders {
		if f.At.Before(oldest) {
			oldest = f.At
		}
	}
	again := "kaveri census " + string(h.Address) + " counts again"
	switch {
	case j.Difference != 0:
		x.wrong(name, plural(j.Difference, "mail has", "mails have")+" no known place by the last census", again)
	case now.Sub(oldest) > 72*time.Hour && h.State != crm.MailboxPaused:
		x.warn(name, "the last census is of "+x.p.when(oldest), again+"; serving takes it every night")
	}
}
