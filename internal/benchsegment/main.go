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
	flag.StringVar(&o.profile, "profile", "", "write a CPU profile here")
	flag.IntVar(&o.rounds, "rounds", 3, "how often each is measured; the median counts")
	flag.Parse()
	if err := run(context.Background(), o); err != nil {
		fmt.Fprintln(os.Stderr, "benchsegment:", err)
		os.Exit(1)
	}
}

type options struct {
	customers, rounds  int
	dir, only, profile string
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

// measure counts a rule and reads its members, and prints how long both took.
func measure(ctx context.Context, s *store.Store, text string, rounds int) error {
	r, err := segment.Parse(text)
	if err != nil {
		return err
	}
	var counted, read []time.Duration
	n := 0
	for range rounds {
		begun := time.Now()
		if n, err = s.CountSegment(ctx, crm.SystemViewer, r, now); err != nil {
			return err
		}
		counted = append(counted, time.Since(begun))
	}
	for range min(rounds, 1) {
		begun, members := time.Now(), 0
		for _, err := range s.SegmentCustomers(ctx, crm.SystemViewer, r, now) {
			if err != nil {
				return err
			}
			members++
		}
		if read = append(read, time.Since(begun)); members != n {
			return fmt.Errorf("%s: %d are counted and %d are read", r, n, members)
		}
	}
	fmt.Printf("%9d customers  count %7.2f s  read %7.2f s  %s\n", n, median(counted), median(read), r)
	return nil
}

func median(times []time.Duration) float64 {
	slices.Sort(times)
	return times[len(times)/2].Seconds()
}
