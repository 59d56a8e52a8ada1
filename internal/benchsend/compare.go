package main

import (
	"bytes"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// run is one measured run.
type run struct {
	rate   float64 // messages a second
	peakMB float64
	cpu    float64 // microseconds a message, of the sender alone
}

// contender is one thing that is measured, round after round.
type contender struct {
	name string
	do   func(b *bench) (run, error)
	runs []run
}

type bench struct {
	o       options
	tools   string
	control string // of the sink
}

func compare(o options) error {
	if o.shared == "" {
		return fmt.Errorf("KAVERI_SHARED is not set: it names the folder that holds bench/")
	}
	b := &bench{o: o, tools: filepath.Join(o.work, "tools")}
	stop, err := b.prepare()
	if err != nil {
		return err
	}
	defer stop()
	list := []*contender{
		{name: "smtpblast, plain", do: func(b *bench) (run, error) { return b.blast("") }},
		{name: "kaveri, unsigned", do: func(b *bench) (run, error) { return b.kaveri("") }},
		{name: "the same by 64 connections", do: func(b *bench) (run, error) {
			few := *b
			few.o.connections = 64
			return few.kaveri("")
		}},
		{name: "unsigned, ten links", do: func(b *bench) (run, error) { return b.linked("plain") }},
		{name: "unsigned, clicks counted", do: func(b *bench) (run, error) { return b.linked("counted") }},
		{name: "kaveri, Ed25519", do: func(b *bench) (run, error) { return b.kaveri("ed25519") }},
		{name: "smtpblast, RSA", do: func(b *bench) (run, error) { return b.blast("rsa") }},
		{name: "kaveri, RSA and Ed25519", do: func(b *bench) (run, error) { return b.kaveri("both") }},
	}
	list = slices.DeleteFunc(list, func(c *contender) bool { return !strings.Contains(c.name, o.only) })
	for round := range o.rounds {
		for _, c := range list {
			r, err := c.do(b)
			if err != nil {
				return fmt.Errorf("%s: %w", c.name, err)
			}
			c.runs = append(c.runs, r)
			fmt.Printf("round %d  %-27s %8.0f messages/s  %5.0f us CPU  %4.0f MB\n", round+1, c.name, r.rate, r.cpu, r.peakMB)
		}
	}
	report(list)
	return nil
}

// report prints medians, and what each is worth beside the raw limit.
func report(list []*contender) {
	rate := func(c *contender) float64 { return median(c.runs, func(r run) float64 { return r.rate }) }
	fmt.Printf("\n%-27s %10s %8s %8s %22s\n", "medians", "messages/s", "us CPU", "peak MB", "ratio to smtpblast plain")
	for _, c := range list {
		fmt.Printf("%-27s %10.0f %8.0f %8.0f %22.3f\n", c.name, rate(c), median(c.runs, func(r run) float64 { return r.cpu }),
			median(c.runs, func(r run) float64 { return r.peakMB }), rate(c)/rate(list[0]))
	}
	named := func(name string) float64 {
		if i := slices.IndexFunc(list, func(c *contender) bool { return c.name == name }); i >= 0 {
			return rate(list[i])
		}
		return math.NaN() // left out by -only
	}
	fmt.Printf("\nEd25519 to unsigned %.2f; RSA and Ed25519 to smtpblast RSA %.2f; clicks counted to not %.2f\n", named("kaveri, Ed25519")/named("kaveri, unsigned"),
		named("kaveri, RSA and Ed25519")/named("smtpblast, RSA"), named("unsigned, clicks counted")/named("unsigned, ten links"))
}

func median(runs []run, of func(run) float64) float64 {
	var v []float64
	for _, r := range runs {
		v = append(v, of(r))
	}
	slices.Sort(v)
	return v[len(v)/2]
}

// prepare builds the tools and starts the sink.
func (b *bench) prepare() (stop func(), err error) {
	if err := os.MkdirAll(b.tools, 0o755); err != nil {
		return nil, err
	}
	build := exec.Command("go", "build", "-o", b.tools, "./cmd/smtpsink", "./cmd/smtpblast")
	build.Dir = filepath.Join(b.o.shared, "bench")
	if out, err := build.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("building the bench set: %w\n%s", err, out)
	}
	host, port, err := net.SplitHostPort(b.o.sink)
	if err != nil {
		return nil, err
	}
	n, err := strconv.Atoi(port)
	if err != nil {
		return nil, err
	}
	b.control = net.JoinHostPort(host, strconv.Itoa(n+1))
	sink := exec.Command(filepath.Join(b.tools, "smtpsink"), "-addr", b.o.sink, "-ctl", b.control)
	if err := sink.Start(); err != nil {
		return nil, err
	}
	stop = func() { sink.Process.Kill(); sink.Wait() }
	for range 100 {
		if c, err := net.Dial("tcp", b.control); err == nil {
			c.Close()
			return stop, nil
		}
		time.Sleep(50 * time.Millisecond)
	}
	stop()
	return nil, fmt.Errorf("the sink does not listen on %s", b.o.sink)
}

// ask asks the sink by its control port: /reset, /stats, /dups.
func (b *bench) ask(path string) (string, error) {
	r, err := http.Get("http://" + b.control + path)
	if err != nil {
		return "", err
	}
	defer r.Body.Close()
	body, err := io.ReadAll(r.Body)
	return strings.TrimSpace(string(body)), err
}

// linked is kaveri unsigned with ten links in the letter.
func (b *bench) linked(how string) (run, error) {
	l := *b
	l.o.links = how
	return l.kaveri("")
}

func (b *bench) kaveri(dkim string) (run, error) {
	if _, err := b.ask("/reset"); err != nil {
		return run{}, err
	}
	self, err := os.Executable()
	if err != nil {
		return run{}, err
	}
	dir, err := os.MkdirTemp(b.o.work, "kaveri-send-")
	if err != nil {
		return run{}, err
	}
	defer os.RemoveAll(dir)
	args := []string{"-child", dir, "-n", fmt.Sprint(b.o.recipients), "-connections", fmt.Sprint(b.o.connections), "-sink", b.o.sink, "-dkim", dkim, "-links", b.o.links}
	if b.o.profile != "" && dkim == "" {
		args = append(args, "-profile", b.o.profile)
	}
	out, r, err := measured(exec.Command(self, args...), b.o.recipients)
	if err != nil {
		return r, err
	}
	var n int
	var enlisted, took float64
	if _, err := fmt.Sscan(out, &n, &enlisted, &took); err != nil {
		return r, fmt.Errorf("the child printed %q", out)
	}
	r.rate = float64(n) / took
	stats, err := b.ask("/stats")
	if err == nil && (!strings.Contains(stats, fmt.Sprintf(" unique=%d ", b.o.recipients)) || !strings.Contains(stats, " duplicated_rcpts=0 ")) {
		err = fmt.Errorf("the sink says: %s", stats)
	}
	return r, err
}

func (b *bench) blast(dkim string) (run, error) {
	n := b.o.recipients
	args := []string{"-addr", b.o.sink, "-conns", "64"}
	if dkim != "" {
		args = append(args, "-dkim", dkim)
		n = max(n/5, 1000)
	}
	args = append(args, "-n", fmt.Sprint(n))
	out, r, err := measured(exec.Command(filepath.Join(b.tools, "smtpblast"), args...), n)
	if err != nil {
		return r, err
	}
	_, rate, _ := strings.Cut(out, " msgs/s=")
	if _, err := fmt.Sscan(rate, &r.rate); err != nil {
		return r, fmt.Errorf("smtpblast printed %q", out)
	}
	return r, nil
}

// measured runs a command and gives its last line, its peak memory, and its
// processor time.
func measured(cmd *exec.Cmd, mails int) (last string, r run, err error) {
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		return "", r, fmt.Errorf("%w: %s", err, strings.TrimSpace(errs.String()))
	}
	if u, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
		r.peakMB = float64(u.Maxrss) / 1024
	}
	r.cpu = float64((cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()).Microseconds()) / float64(mails)
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	return lines[len(lines)-1], r, nil
}
