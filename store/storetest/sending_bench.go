package storetest

import (
	"fmt"
	"iter"
	"syscall"
	"testing"
	"time"

	"kaveri/crm"
	"kaveri/store"
)

// audience gives n recipients, with fields as a letter has them.
func audience(n int) iter.Seq2[crm.Recipient, error] {
	return func(yield func(crm.Recipient, error) bool) {
		for i := range n {
			r := crm.Recipient{Row: i + 1, Address: crm.Address(fmt.Sprintf("reader%07d@kunde%d.example", i, i%997)), Name: fmt.Sprintf("Reader %d", i),
				Fields: map[string]string{"first name": "Reader", "last name": fmt.Sprint(i), "town": "Hämeenlinna", "last trip": "Lofoten, seven days, September 2025"}}
			if !yield(r, nil) {
				return
			}
		}
	}
}

func letterTo(name string) crm.Mailing {
	return crm.Mailing{Kind: crm.MailingAudience, Name: name, From: crm.Party{Name: "Matkatoimisto Kaukoranta", Address: "news@kaukoranta.example"},
		Template: crm.Template{Subject: "Autumn in Lofoten", Text: "Dear {first name}, ..."}}
}

// cpu gives the CPU time that this process has used, of user and system.
func cpu() time.Duration {
	var r syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &r) != nil {
		return 0
	}
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}

// perOp reports CPU time beside the time that passes, which on a machine that
// others use as well says little.
func perOp(b *testing.B, from time.Duration, ops int) {
	b.ReportMetric(float64((cpu()-from).Microseconds())/float64(ops), "cpu-us/op")
}

// Enlist measures putting 50,000 recipients on the ledger.
func Enlist(b *testing.B, s *store.Store) {
	w := newWorld(b, s)
	const n = 50_000
	from := cpu()
	ops := 0
	for b.Loop() {
		_, sum, err := s.AddMailing(w.ctx, w.anna, letterTo(fmt.Sprint("letter ", ops)), audience(n), nil)
		w.check(err)
		if sum.Queued != n {
			b.Fatalf("%+v", sum)
		}
		ops++
	}
	perOp(b, from, ops)
}

// sending gives a running mailing of n recipients and the lease to send it.
func sending(w *world, n int) (crm.Mailing, crm.Lease) {
	w.Helper()
	m, _, err := w.s.AddMailing(w.ctx, w.anna, letterTo("letter"), audience(n), nil)
	w.check(err)
	w.check(w.s.StartMailing(w.ctx, w.anna, m.ID))
	l, err := w.s.AcquireLease(w.ctx, "test", time.Hour)
	w.check(err)
	return m, l
}

// Claim measures claiming 500 of 50,000.
func Claim(b *testing.B, s *store.Store) {
	w := newWorld(b, s)
	const n = 500
	_, l := sending(w, 50_000)
	var used time.Duration
	ops := 0
	for b.Loop() {
		from := cpu()
		got, err := s.Claim(w.ctx, l, n)
		used += cpu() - from
		ops++
		w.check(err)
		if len(got) != n {
			b.Fatalf("%d are claimed", len(got))
		}
		b.StopTimer()
		var back []crm.Return
		for _, d := range got {
			back = append(back, crm.Return{Dispatch: d.ID})
		}
		w.check(s.Return(w.ctx, l, back))
		b.StartTimer()
	}
	b.ReportMetric(float64(used.Microseconds())/float64(ops), "cpu-us/op")
}

// Settle measures recording 64 attempts and arming 64 dispatches, as a sending
// process with 64 connections does for each round.
func Settle(b *testing.B, s *store.Store) {
	w := newWorld(b, s)
	const round = 64
	sender, err := s.AddSender(w.ctx, w.ritva, crm.Sender{Name: "relay", Host: "127.0.0.1", Security: crm.SecurityNone})
	w.check(err)
	_, l := sending(w, 100_000)
	var claimed []crm.Dispatch
	next := func() []crm.DispatchID {
		if len(claimed) < round {
			more, err := s.Claim(w.ctx, l, 512)
			w.check(err)
			if len(more) < 512 {
				_, _, err := s.AddMailing(w.ctx, w.anna, letterTo("more"), nil, nil)
				w.check(err)
				m, _, err := s.AddMailing(w.ctx, w.anna, letterTo("more"), audience(100_000), nil)
				w.check(err)
				w.check(s.StartMailing(w.ctx, w.anna, m.ID))
			}
			claimed = append(claimed, more...)
		}
		ids := make([]crm.DispatchID, round)
		for i := range ids {
			ids[i] = claimed[i].ID
		}
		claimed = claimed[round:]
		return ids
	}
	armed := next()
	_, err = s.Settle(w.ctx, l, nil, armed)
	w.check(err)
	var used time.Duration
	ops := 0
	for b.Loop() {
		b.StopTimer()
		ids := next()
		attempts := make([]crm.Attempt, round)
		for i, d := range armed {
			attempts[i] = crm.Attempt{Dispatch: d, Token: l.Token, Sender: sender.ID, Server: "mx1.relay.example", Stage: crm.StageDot, At: time.Now(), Took: 87 * time.Millisecond,
				Reply: crm.Reply{Code: 250, Enhanced: "2.0.0", Text: fmt.Sprintf("Ok: queued as 4F2A%08XBC", d)}, State: crm.Sent}
		}
		b.StartTimer()
		from := cpu()
		refused, err := s.Settle(w.ctx, l, attempts, ids)
		used += cpu() - from
		ops++
		if err != nil || len(refused) > 0 {
			b.Fatal(err, refused)
		}
		armed = ids
	}
	b.ReportMetric(float64(used.Microseconds())/float64(ops), "cpu-us/op")
	b.StopTimer()
	w.check(s.Integrity(w.ctx))
}
