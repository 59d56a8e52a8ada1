package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"runtime/pprof"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"kaveri/crm"
	"kaveri/crm/segment"
	"kaveri/store"
)

// rules are what is measured, the first of them against the bound of five
// conditions in two seconds.
var rules = []string{
	`rung is one-time and due after 14 days and wishes about "lake cruises"`,
	`rung is one-time and timing is one of due, overdue and last order more than 60 days ago and consents to "offers" and not wrote in the last 30 days`,
	`rung is one of one-time, occasional and spent at least 100 and bought group "group 7" and language is fi and not received a campaign in the last 30 days`,
	`timing is overdue and orders at least 3 and full-price share at least 60 % and reachable and not complaint open`,
	`silent for 180 days and orders at least 1`,
	`rung is one of one-time, occasional`,
	`orders at least 5`,
	`spent more than 500 in the last 365 days`,
	`bought "product 17" in the last 2 years`,
	`bought group "group 7" at full price`,
	`consents to "offers" and reachable`,
	`rung fell in the last 90 days`,
	`last order more than 365 days ago or not orders at least 1`,
	`wishes about "lake cruises" open and not wrote in the last 30 days`,
	`not bought group "group 7" and not consents to "offers" and not silent for 90 days`,
	`everybody`,
}

func main() {
	o := options{}
	flag.IntVar(&o.customers, "customers", fromEnv("KAVERI_CUSTOMERS", 100_000), "how many customers (KAVERI_CUSTOMERS); ten orders each")
	flag.StringVar(&o.dir, "dir", "tmp/bench-segment", "folder that keeps the generated database")
	flag.StringVar(&o.only, "only", "", "measure only rules that have this in their text")
	flag.StringVar(&o.rule, "rule", "", "measure this rule instead")
	flag.StringVar(&o.profile, "profile", "", "write a CPU profile here")
	flag.IntVar(&o.rounds, "rounds", 3, "how often each is measured; the median counts")
	flag.Parse()
	if err := run(context.Background(), o); err != nil {
		fmt.Fprintln(os.Stderr, "benchsegment:", err)
		os.Exit(1)
	}
}

type options struct {
	customers, rounds        int
	dir, only, rule, profile string
}

func fromEnv(name string, usual int) int {
	if n, err := strconv.Atoi(os.Getenv(name)); err == nil && n > 0 {
		return n
	}
	return usual
}

// now is when the rules are asked, the day after the last order.
var now = time.Date(2026, 6, 1, 9, 0, 0, 0, time.UTC)

func run(ctx context.Context, o options) error {
	path, err := generated(ctx, o)
	if err != nil {
		return err
	}
	s, err := store.Open(ctx, "sqlite://"+path, storeOptions)
	if err != nil {
		return err
	}
	defer s.Close()
	if o.profile != "" {
		f, err := os.Create(o.profile)
		if err != nil {
			return err
		}
		defer f.Close()
		if err := pprof.StartCPUProfile(f); err != nil {
			return err
		}
		defer pprof.StopCPUProfile()
	}
	if o.rule != "" {
		rules = []string{o.rule}
	}
	for _, text := range rules {
		if !strings.Contains(text, o.only) {
			continue
		}
		if err := measure(ctx, s, text, o.rounds); err != nil {
			return err
		}
	}
	return nil
}

// times are how long something took, by the wall and of the processors: the second
// says the same on a machine that has other work.
type times struct{ wall, busy []time.Duration }

func (t *times) take(f func() error) error {
	var before, after syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &before); err != nil {
		return err
	}
	begun := time.Now()
	if err := f(); err != nil {
		return err
	}
	t.wall = append(t.wall, time.Since(begun))
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &after); err != nil {
		return err
	}
	busy := after.Utime.Nano() + after.Stime.Nano() - before.Utime.Nano() - before.Stime.Nano()
	t.busy = append(t.busy, time.Duration(busy))
	return nil
}

func (t *times) String() string {
	return fmt.Sprintf("%6.2f s (%5.2f)", median(t.wall), median(t.busy))
}

func median(list []time.Duration) float64 {
	list = slices.Sorted(slices.Values(list))
	return list[len(list)/2].Seconds()
}

// measure counts a rule and reads its members, and prints how long both took.
func measure(ctx context.Context, s *store.Store, text string, rounds int) error {
	r, err := segment.Parse(text)
	if err != nil {
		return err
	}
	var count, read times
	n := 0
	for range rounds {
		if err := count.take(func() (err error) {
			n, err = s.CountSegment(ctx, crm.SystemViewer, r, now)
			return err
		}); err != nil {
			return err
		}
	}
	members := 0
	if err := read.take(func() error {
		for _, err := range s.SegmentCustomers(ctx, crm.SystemViewer, r, now) {
			if err != nil {
				return err
			}
			members++
		}
		return nil
	}); err != nil {
		return err
	}
	if members != n {
		return fmt.Errorf("%s: %d are counted and %d are read", r, n, members)
	}
	fmt.Printf("%9d customers  count %s  read %s  %s\n", n, &count, &read, r)
	return nil
}
