package insight

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"

	"kaveri/internal/corpora"
)

// orders reads a file of data/orders.
func orders(t testing.TB, name string) string {
	t.Helper()
	z, err := gzip.NewReader(bytes.NewReader(corpora.Mail(t, "orders/"+name)))
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func groceries(t testing.TB) *Baskets {
	b := new(Baskets)
	for line := range strings.Lines(orders(t, "groceries.csv.gz")) {
		b.Add(strings.Split(line, ",")...)
	}
	return b
}

// At a support of .001: 13,492 itemsets. The goal is 0.2 s.
func BenchmarkInsightGroceries(b *testing.B) {
	baskets := groceries(b)
	o := BasketOptions{MinSupport: fraction(b, ".001"), MinConfidence: fraction(b, ".5")}
	for b.Loop() {
		f, err := Mine(baskets, o)
		if err != nil || len(f.Rules) != 5668 {
			b.Fatalf("%d rules, %v", len(f.Rules), err)
		}
	}
}

// A million baskets of 3,000 items, some far more usual than others.
func BenchmarkInsightMillionBaskets(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 1))
	z := rand.NewZipf(r, 1.1, 20, 2999)
	baskets := new(Baskets)
	for range 1_000_000 {
		items := make([]string, 1+r.IntN(9))
		for i := range items {
			items[i] = fmt.Sprint("item ", z.Uint64())
		}
		baskets.Add(items...)
	}
	o := BasketOptions{MinSupport: fraction(b, ".001"), MinConfidence: fraction(b, ".2")}
	for b.Loop() {
		if _, err := Mine(baskets, o); err != nil {
			b.Fatal(err)
		}
	}
}
