package warehouse

import (
	"crypto/sha256"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"kaveri/crm"
	"kaveri/store"
)

// BenchmarkExport exports as many order lines as KAVERI_ORDER_LINES says, 50,000
// without it, of orders of five lines: at first, when nothing has changed, and
// when one order has. SQLite and the disk are in it.
func BenchmarkExport(b *testing.B) {
	lines := sizeOf(b, "KAVERI_ORDER_LINES", 50_000)
	o := newOffice(b)
	o.sell(lines)
	size := int64(0)
	b.Run("first", func(b *testing.B) {
		for i := 0; b.Loop(); i++ {
			o.dir = filepath.Join(b.TempDir(), fmt.Sprint(i))
			size = 0
			for _, t := range o.export().Tables {
				size += t.Bytes
			}
		}
		b.ReportMetric(float64(lines)*float64(b.N)/b.Elapsed().Seconds(), "lines/s")
		b.ReportMetric(float64(size)/float64(lines), "bytes/line")
	})
	o.dir = filepath.Join(b.TempDir(), "star")
	o.export()
	b.Run("unchanged", func(b *testing.B) {
		for b.Loop() {
			if sum := o.export(); sum.Changed {
				b.Fatal(wrote(sum))
			}
		}
		b.ReportMetric(float64(lines)*float64(b.N)/b.Elapsed().Seconds(), "lines/s")
	})
	b.Run("one order", func(b *testing.B) {
		for i := 0; b.Loop(); i++ {
			o.order("changes", "2026-03-03", "b1@home.example", "EUR", fmt.Sprint(1+i))
			if sum := o.export(); sum.Tables[3].Written != 1 {
				b.Fatal(wrote(sum))
			}
		}
	})
}

// BenchmarkExportMails exports as many mails as KAVERI_MAILS says, 5,000 without it,
// in conversations of ten and one of five hundred.
func BenchmarkExportMails(b *testing.B) {
	mails := sizeOf(b, "KAVERI_MAILS", 5_000)
	o := newOffice(b)
	for c := range 100 {
		o.customer(fmt.Sprint("Customer ", c), crm.Address(fmt.Sprintf("c%d@home.example", c)))
	}
	o.correspond(mails)
	b.ResetTimer()
	for i := 0; b.Loop(); i++ {
		o.dir = filepath.Join(b.TempDir(), fmt.Sprint(i))
		o.export()
	}
	b.ReportMetric(float64(mails)*float64(b.N)/b.Elapsed().Seconds(), "mails/s")
}

func sizeOf(b *testing.B, name string, usual int) int {
	b.Helper()
	s := os.Getenv(name)
	if s == "" {
		return usual
	}
	n, err := strconv.Atoi(s)
	if err != nil {
		b.Fatal(err)
	}
	return n
}

// correspond has a hundred customers and Anna write to each other.
func (o *office) correspond(mails int) {
	o.Helper()
	var ds []crm.Delivery
	for n := range mails {
		thread, size := n/10, 10
		if n < 500 {
			thread, size = 0, 500
		}
		at := o.now.AddDate(-3, 0, 0).Add(time.Duration(n) * time.Minute * 10)
		them, us := fmt.Sprintf("c%d@home.example", thread%100), "anna@oy.example"
		m := &crm.Message{Text: "A short letter.", TextSource: crm.TextPlain}
		m.Subject, m.MessageID, m.Date, m.Class = fmt.Sprint("Trip ", thread), fmt.Sprintf("%d@id", n), at, crm.ClassHuman
		if n%size != 0 {
			m.InReplyTo = []string{fmt.Sprintf("%d@id", n-1)}
		}
		if n%3 == 2 {
			them, us = us, them
		}
		m.From, m.To = []crm.Party{{Address: crm.Address(them), Written: them}}, []crm.Party{{Address: crm.Address(us), Written: us}}
		raw := []byte(fmt.Sprint(m.Subject, n))
		sum := sha256.Sum256(raw)
		ds = append(ds, crm.Delivery{Folder: o.inbox, UIDValidity: 1, UID: uint32(n + 1), Internal: at, Message: m, Raw: crm.Raw{Sum: sum, Content: sum, Size: int64(len(raw)), Zstd: encoder.EncodeAll(raw, nil)}})
		if len(ds) == 500 || n == mails-1 {
			_, err := o.s.Deliver(o.ctx, ds)
			o.check(err)
			ds = ds[:0]
		}
	}
}

// sell has a shop of 3,000 products sell so many lines in three years.
func (o *office) sell(lines int) {
	o.Helper()
	r := rand.New(rand.NewPCG(3, 4))
	var list []crm.Order
	keep := func() {
		rs, err := o.s.SaveOrders(o.ctx, crm.SystemViewer, list, store.OrderOptions{})
		o.check(err)
		for _, r := range rs {
			o.check(r.Err)
		}
		list = list[:0]
	}
	for n := range lines / 5 {
		order := crm.Order{Source: "shop", Number: fmt.Sprint("S", n), Currency: "EUR", At: o.now.Add(-time.Duration(r.IntN(3*365*24*60)) * time.Minute), Buyer: crm.Buyer{Number: fmt.Sprint("B", r.IntN(lines/20+1))}}
		for range 5 {
			sku := r.IntN(3000)
			l := crm.OrderLine{Product: crm.Product{SKU: fmt.Sprint("P", sku), Name: fmt.Sprint("Product ", sku), Group: fmt.Sprint("Group ", sku%40)}, Quantity: crm.Quantity(1000 * (1 + r.Int64N(5))), Total: crm.Money(100 * (50 + r.Int64N(9000)))}
			order.Lines, order.Total = append(order.Lines, l), order.Total+l.Total
		}
		if list = append(list, order); len(list) == 1000 {
			keep()
		}
	}
	keep()
}
