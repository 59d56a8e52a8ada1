package storetest

import (
	"fmt"
	"testing"
	"time"

	"kaveri/crm"
	"kaveri/store"
)

// Rematch measures how long it takes to decide anew where mail with 100,000
// links belongs: nothing changed (keep), and after the one change that moves
// them all (move): everybody turns out to be a colleague, and then not.
func Rematch(b *testing.B, s *store.Store) {
	w := newWorld(b, s)
	const customers, mails, chunk = 2000, 100_000, 500
	for i := range customers {
		_, err := s.AddCustomer(w.ctx, w.anna, fmt.Sprintf("Customer %d", i), []crm.Address{crm.Address(fmt.Sprintf("c%d@kunde%d.example", i, i%50))})
		w.check(err)
	}
	for from := 0; from < mails; from += chunk {
		var ds []crm.Delivery
		for i := from; i < from+chunk; i++ {
			w.clock = w.clock.Add(time.Minute)
			w.uid++
			customer := fmt.Sprintf("c%d@kunde%d.example", i%customers, i%customers%50)
			l := letter{From: customer, To: "anna@kaukoranta.example", Subject: fmt.Sprintf("Trip %d", i), ID: fmt.Sprintf("m%d", i), Text: "A short letter about a trip."}
			if i%2 == 1 {
				l.From, l.To = l.To, l.From
				l.ReplyTo = fmt.Sprintf("m%d", i-1)
			}
			d := w.delivery(l, w.clock)
			d.Folder, d.UIDValidity, d.UID = w.boxes[w.anna.Staff], 1, w.uid
			ds = append(ds, d)
		}
		_, err := s.Deliver(w.ctx, ds)
		w.check(err)
	}
	b.Run("keep", func(b *testing.B) {
		for b.Loop() {
			w.check(s.Rematch(w.ctx))
		}
		b.ReportMetric(mails, "links/op")
	})
	b.Run("move", func(b *testing.B) {
		own := []string{"kaukoranta.example"}
		all := []string{"kaukoranta.example"}
		for i := range 50 {
			all = append(all, fmt.Sprintf("kunde%d.example", i))
		}
		for i := 0; b.Loop(); i++ {
			f, err := s.Firm(w.ctx)
			w.check(err)
			if f.Domains = own; i%2 == 0 {
				f.Domains = all
			}
			w.check(s.SaveFirm(w.ctx, crm.SystemViewer, f))
		}
		b.ReportMetric(mails, "links/op")
	})
}

// Deliver measures how long mail of known customers takes to be stored, and how
// long its customers then take to be counted anew (recount).
func Deliver(b *testing.B, s *store.Store) {
	w := newWorld(b, s)
	const customers, chunk = 2000, 100
	for i := range customers {
		_, err := s.AddCustomer(w.ctx, w.anna, fmt.Sprintf("Customer %d", i), []crm.Address{crm.Address(fmt.Sprintf("c%d@kunde%d.example", i, i%50))})
		w.check(err)
	}
	n := 0
	for b.Loop() {
		b.StopTimer()
		var ds []crm.Delivery
		for range chunk {
			w.clock = w.clock.Add(time.Minute)
			w.uid++
			customer := fmt.Sprintf("c%d@kunde%d.example", n*7%customers, n*7%customers%50)
			l := letter{From: customer, To: "anna@kaukoranta.example", Subject: fmt.Sprintf("Trip %d", n), ID: fmt.Sprintf("m%d", n), Text: "A short letter about a trip. When does it begin?"}
			if n%2 == 1 {
				l.From, l.To, l.ReplyTo = l.To, l.From, fmt.Sprintf("m%d", n-1)
			}
			n++
			d := w.delivery(l, w.clock)
			d.Folder, d.UIDValidity, d.UID = w.boxes[w.anna.Staff], 1, w.uid
			ds = append(ds, d)
		}
		b.StartTimer()
		_, err := s.Deliver(w.ctx, ds)
		w.check(err)
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "mails/s")
	began := time.Now()
	w.check(s.Recount(w.ctx))
	b.ReportMetric(float64(time.Since(began).Microseconds())/float64(min(n, customers)), "recount-µs/customer")
}
