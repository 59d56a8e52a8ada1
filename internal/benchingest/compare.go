package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

// options of the command; see main.
type options struct {
	dsn, policy, users, profile, shared, work string
	port, mails, rounds                       int
	peers                                     bool
}

// run is one measured run.
type run struct {
	mails   int
	bytes   int64
	seconds float64
	peakMB  float64
}

func (r run) rate() float64 { return float64(r.mails) / r.seconds }

// contender is one thing that is measured, round after round.
type contender struct {
	name string
	do   func(b *bench, round int) (run, error)
	runs []run
	once bool // takes minutes: measured in the first round only
}

type bench struct {
	o    options
	set  string // the mailbox set
	tool string // folder of the built tools
}

func compare(o options) error {
	if o.shared == "" {
		return fmt.Errorf("KAVERI_SHARED is not set: it names the folder that holds bench/")
	}
	b := &bench{o: o, set: filepath.Join(o.work, fmt.Sprintf("mail-%d", o.mails)), tool: filepath.Join(o.work, "tools")}
	if err := b.prepare(); err != nil {
		return err
	}
	defer b.dovecot("stop", fmt.Sprint(o.port)).Run()
	list := []*contender{
		{name: "drain-and-save", do: (*bench).drain},
		{name: "kaveri, policy all", do: func(b *bench, n int) (run, error) { return b.kaveri("all", n) }},
		{name: "kaveri, policy known", do: func(b *bench, n int) (run, error) { return b.kaveri("known", n) }},
	}
	if _, err := exec.LookPath("mbsync"); err == nil && o.peers {
		list = append(list, &contender{name: "mbsync, FSync yes, 4 processes", do: (*bench).mbsync})
		if _, err := exec.LookPath("notmuch"); err == nil {
			list = append(list, &contender{name: "mbsync + notmuch new", do: (*bench).notmuch, once: true})
		}
	}
	for round := range o.rounds {
		for _, c := range list {
			if c.once && round > 0 {
				continue
			}
			r, err := c.do(b, round)
			if err != nil {
				return fmt.Errorf("%s: %w", c.name, err)
			}
			c.runs = append(c.runs, r)
			fmt.Printf("round %d  %-32s %8.0f messages/s\n", round+1, c.name, r.rate())
		}
	}
	report(list)
	return nil
}

// report prints medians and what they are worth beside drain-and-save.
func report(list []*contender) {
	floor := median(list[0].runs, run.rate)
	fmt.Printf("\n%-32s %10s %8s %8s %22s\n", "medians", "messages/s", "MB/s", "peak MB", "ratio to drain-and-save")
	for _, c := range list {
		mb := median(c.runs, func(r run) float64 { return float64(r.bytes) / 1e6 / r.seconds })
		fmt.Printf("%-32s %10.0f %8.1f %8.0f %22.3f\n", c.name, median(c.runs, run.rate), mb,
			median(c.runs, func(r run) float64 { return r.peakMB }), median(c.runs, run.rate)/floor)
	}
}

func median(runs []run, of func(run) float64) float64 {
	var v []float64
	for _, r := range runs {
		v = append(v, of(r))
	}
	slices.Sort(v)
	return v[len(v)/2]
}

func (b *bench) script(name string) string { return filepath.Join(b.o.shared, "bench", name) }

// prepare builds the tools, makes the mailbox set when it is missing, and
// starts Dovecot over it.
func (b *bench) prepare() error {
	if err := os.MkdirAll(b.tool, 0o755); err != nil {
		return err
	}
	build := exec.Command("go", "build", "-o", b.tool, "./cmd/genmail", "./cmd/imapdrain")
	build.Dir = filepath.Join(b.o.shared, "bench")
	if out, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("building the bench set: %w\n%s", err, out)
	}
	if _, err := os.Stat(filepath.Join(b.set, "summary.json")); err != nil {
		args := []string{"-n", fmt.Sprint(b.o.mails), "-mailboxes", "12", "-customers", fmt.Sprint(max(50, b.o.mails/5)), "-seed", "1", "-out", b.set}
		if out, err := exec.Command(filepath.Join(b.tool, "genmail"), args...).CombinedOutput(); err != nil {
			return fmt.Errorf("genmail: %w\n%s", err, out)
		}
	}
	start := b.dovecot("start", b.set, fmt.Sprint(b.o.port))
	// The daemon keeps what it inherits: a pipe would never end.
	if err := start.Run(); err != nil {
		return fmt.Errorf("dovecot does not start on port %d (is one left from an earlier run?): %w", b.o.port, err)
	}
	// The first drain fills Dovecot's indexes, for all contenders alike.
	_, err := b.drain(-1)
	return err
}

// dovecot is a call of the bench set's script; start and stop must agree on
// the folder.
func (b *bench) dovecot(args ...string) *exec.Cmd {
	cmd := exec.Command("bash", append([]string{b.script("dovecot.sh")}, args...)...)
	cmd.Env = append(os.Environ(), "BENCH="+b.o.work)
	return cmd
}

func (b *bench) drain(round int) (run, error) {
	save := filepath.Join(b.o.work, fmt.Sprintf("drain-%d", round))
	defer func() {
		files, _ := filepath.Glob(save + ".*")
		for _, f := range files {
			os.Remove(f)
		}
	}()
	var r run
	var wall float64
	out, peak, err := measured(exec.Command(filepath.Join(b.tool, "imapdrain"), "-addr", fmt.Sprintf("127.0.0.1:%d", b.o.port), "-userdir", b.set, "-conns", "2", "-save", save))
	if err != nil {
		return r, err
	}
	if _, err := fmt.Sscanf(out, "msgs=%d bytes=%d wall=%fs", &r.mails, &r.bytes, &wall); err != nil {
		return r, fmt.Errorf("imapdrain printed %q", out)
	}
	r.seconds, r.peakMB = wall, peak
	return r, nil
}

func (b *bench) kaveri(policy string, round int) (run, error) {
	self, err := os.Executable()
	if err != nil {
		return run{}, err
	}
	dir, err := os.MkdirTemp(b.o.work, "kaveri-")
	if err != nil {
		return run{}, err
	}
	defer os.RemoveAll(dir)
	args := []string{"-child", dir, "-policy", policy, "-users", b.set, "-port", fmt.Sprint(b.o.port), "-dsn", b.o.dsn}
	if b.o.profile != "" && policy == "all" {
		args = append(args, "-profile", b.o.profile)
	}
	out, peak, err := measured(exec.Command(self, args...))
	if err != nil {
		return run{}, err
	}
	var r run
	var withheld int
	if _, err := fmt.Sscan(out, &r.mails, &withheld, &r.bytes, &r.seconds); err != nil {
		return r, fmt.Errorf("the child printed %q", out)
	}
	r.peakMB = peak
	if policy == "all" && r.mails != b.o.mails {
		return r, fmt.Errorf("%d of %d mails are stored", r.mails, b.o.mails)
	}
	return r, nil
}

func (b *bench) mbsync(round int) (run, error) {
	target := filepath.Join(b.o.work, fmt.Sprintf("mbsync-%d", round))
	defer os.RemoveAll(target)
	return b.pull(target)
}

func (b *bench) pull(target string) (run, error) {
	os.RemoveAll(target)
	cmd := exec.Command("bash", b.script("mbsync_run.sh"), b.set, target, "yes", "4", fmt.Sprint(b.o.port))
	cmd.Env = append(os.Environ(), "NOCOUNT=1", "BENCH="+b.o.work)
	start := time.Now()
	_, peak, err := measured(cmd)
	return run{mails: b.o.mails, bytes: 0, seconds: time.Since(start).Seconds(), peakMB: peak}, err
}

// notmuch adds the time of an index to that of a pull.
func (b *bench) notmuch(round int) (run, error) {
	target := filepath.Join(b.o.work, "mbsync-notmuch")
	index := filepath.Join(b.o.work, "notmuch")
	defer os.RemoveAll(target)
	defer os.RemoveAll(index)
	r, err := b.pull(target)
	if err != nil {
		return r, err
	}
	start := time.Now()
	_, peak, err := measured(exec.Command("bash", b.script("notmuch_run.sh"), target, index))
	r.seconds += time.Since(start).Seconds()
	r.peakMB = max(r.peakMB, peak)
	return r, err
}

// measured runs a command and gives its last line and the peak memory of its
// largest process, in MB.
func measured(cmd *exec.Cmd) (last string, peakMB float64, err error) {
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		return "", 0, fmt.Errorf("%w: %s", err, strings.TrimSpace(errs.String()))
	}
	if u, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
		peakMB = float64(u.Maxrss) / 1024
	}
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	return lines[len(lines)-1], peakMB, nil
}
