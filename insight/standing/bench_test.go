package standing_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"syscall"
	"testing"
	"time"

	"kaveri/crm"
)

// processorTime gives what this process has used so far, which others on the
// machine do not lengthen.
func processorTime(tb testing.TB) time.Duration {
	tb.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		tb.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkNight finds the standings of as many customers as KAVERI_CUSTOMERS
// says, 20,000 without it, of five orders each: the first night, and a later one
// in which little has changed.
func BenchmarkNight(b *testing.B) {
	n := 20_000
	if s := os.Getenv("KAVERI_CUSTOMERS"); s != "" {
		var err error
		if n, err = strconv.Atoi(s); err != nil {
			b.Fatal(err)
		}
	}
	p := newShop(b)
	r := rand.New(rand.NewPCG(1, 2))
	var list []crm.Order
	for c := range n {
		last := r.IntN(600)
		for range 1 + r.IntN(9) {
			list = append(list, crm.Order{Buyer: crm.Buyer{Number: fmt.Sprint(c)}, At: p.now.AddDate(0, 0, -last), Total: crm.Money(10_000 * (5 + r.Int64N(90)))})
			last += 1 + r.IntN(120)
		}
		if len(list) >= 2000 {
			p.orders(list...)
			list = list[:0]
		}
	}
	p.orders(list...)
	timed := func(name string, work func()) {
		b.Run(name, func(b *testing.B) {
			before := processorTime(b)
			for b.Loop() {
				work()
			}
			b.ReportMetric((processorTime(b)-before).Seconds()/float64(b.N), "cpu-s/op")
		})
	}
	timed("first", func() { p.night() })
	timed("later", func() {
		p.now = p.now.AddDate(0, 0, 1)
		p.night()
	})
	b.Run("order", func(b *testing.B) {
		for b.Loop() {
			p.order("1", 0, 10)
			p.check(p.k.Catch(p.ctx))
		}
	})
}
