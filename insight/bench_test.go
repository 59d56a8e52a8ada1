package insight

import (
	"math/rand/v2"
	"sync"
	"testing"

	"kaveri/crm"
)

// Everything here is at the size that docs/loyalty.md asks for: a million
// customers, or a million orders of 200,000. "make bench-insight" runs it.
const million = 1_000_000

// millionOrders are orders of 200,000 customers over three years; few order
// often, most seldom.
var millionOrders = sync.OnceValue(func() []Order {
	r := rand.New(rand.NewPCG(1, 1))
	orders := make([]Order, million)
	for i := range orders {
		u := r.Float64()
		orders[i] = Order{int32(u * u * 200_000), crm.Day(20_000 + r.IntN(1095)), float64(r.IntN(20_000)) / 100}
	}
	return orders
})

// millionSummaries are drawn from the model fitted to CDNOW, in days.
var millionSummaries = sync.OnceValue(func() []Summary {
	r := rand.New(rand.NewPCG(2, 2))
	m := Model{MBGNBD, .525, 43.3, .891, 1.614, 1}
	list := make([]Summary, million)
	for i := range list {
		rate, leave := gammaDraw(r, m.R)/m.Alpha, betaDraw(r, m.A, m.B)
		s := Summary{0, 0, float64(180 + r.IntN(180))}
		for at := 0.0; r.Float64() >= leave; {
			if at += 1 + r.ExpFloat64()/rate; at > s.Age {
				break
			}
			s.Repeats++
			s.Span = float64(int(at))
		}
		list[i] = s
	}
	return list
})

// RFM of a million orders of 200,000 customers: aggregated and scored.
func BenchmarkRFMOfAMillionOrders(b *testing.B) {
	orders := millionOrders()
	for b.Loop() {
		ScoreRFM(AggregateRFM(orders, 200_000, Paid, 30_000))
	}
}

// The same orders sorted into events by day.
func BenchmarkCollectAMillionOrders(b *testing.B) {
	orders := millionOrders()
	for b.Loop() {
		Collect(orders, 200_000, Paid)
	}
}

func BenchmarkFitAMillionCustomers(b *testing.B) {
	list := millionSummaries()
	for b.Loop() {
		fit, err := Collapse(list).Fit(MBGNBD, 1)
		if err != nil || fit.AtBound {
			b.Fatal(fit, err)
		}
		b.ReportMetric(float64(fit.Cells), "cells")
		b.ReportMetric(float64(fit.Rounds), "rounds")
	}
}

func BenchmarkScoreAMillionCustomers(b *testing.B) {
	list := millionSummaries()
	m := Model{MBGNBD, .525, 43.3, .891, 1.614, 1}
	alive, expected := make([]float64, million), make([]float64, million)
	for b.Loop() {
		m.Score(list, 364, alive, expected)
	}
}

// The same with k = 2, whose expectations are sums over stages.
func BenchmarkScoreAMillionRegularCustomers(b *testing.B) {
	list := millionSummaries()
	m := Model{MBGCNBD, 1.3, 20, .5, 1.5, 2}
	alive, expected := make([]float64, million), make([]float64, million)
	for b.Loop() {
		m.Score(list, 364, alive, expected)
	}
}

// Standings of a million customers with signs, from their event days.
func BenchmarkLadderOfAMillionCustomers(b *testing.B) {
	h := Collect(millionOrders(), 200_000, Paid)
	l := NewLadder(21_000, 60, Model{MBGCNBD, 1.2, 80, .8, 2, 2}, KaplanMeier(h.Spells(1, 21_000)))
	signs := examples()[4].signs
	for b.Loop() {
		for range 5 {
			inParallel(100, func(block int) {
				for i := block * 2000; i < (block+1)*2000; i++ {
					l.Stand(h.Days(i), &signs)
				}
			})
		}
	}
}

// One new order of one customer.
func BenchmarkOneOrder(b *testing.B) {
	l := NewLadder(1000, 90, Model{MBGCNBD, 1.2, 80, .8, 2, 2}, nil)
	e := examples()[6]
	for b.Loop() {
		l.Stand(Insert(e.days, 999), &e.signs)
	}
}
