package main

import (
	"bufio"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// writeOrders writes a table of made-up orders with at least so many lines, as it is
// made: about five products to an order, 3,000 products, some 50,000 buyers to a
// million lines. Each line has a remark of so many bytes besides.
func writeOrders(tb testing.TB, lines, remark int) string {
	tb.Helper()
	name := filepath.Join(tb.TempDir(), "orders.csv")
	f, err := os.Create(name)
	if err != nil {
		tb.Fatal(err)
	}
	w := bufio.NewWriterSize(f, 1<<20)
	r := rand.New(rand.NewPCG(1, 2))
	fmt.Fprintln(w, "order,date,customer id,name,email,sku,product,quantity,price,remark")
	filler := strings.Repeat("r", remark)
	day := time.Date(2023, 1, 2, 9, 0, 0, 0, time.UTC)
	for n, order := 0, 1; n < lines; order++ {
		buyer := int(float64(lines/17+1) * r.Float64() * r.Float64())
		at := day.Add(time.Duration(order) * time.Duration(36*30*24*int(time.Hour)/(lines/5+1))).Format("2006-01-02 15:04:05")
		for range 1 + r.IntN(9) {
			product := int(3000 * r.Float64() * r.Float64())
			fmt.Fprintf(w, "%d,%s,%d,Buyer %d,b%d@buyers.example,P%04d,Product number %d,%d,%d.%02d,%s\n", order, at, buyer, buyer, buyer, product, product, 1+r.IntN(3), 1+product%90, product%100, filler)
			n++
		}
	}
	if err := w.Flush(); err != nil {
		tb.Fatal(err)
	}
	if err := f.Close(); err != nil {
		tb.Fatal(err)
	}
	return name
}

// BenchmarkImportOrders brings in as many lines as KAVERI_LINES says, 100,000
// without it, as the command does.
func BenchmarkImportOrders(b *testing.B) {
	lines := 100_000
	if s := os.Getenv("KAVERI_LINES"); s != "" {
		var err error
		if lines, err = strconv.Atoi(s); err != nil {
			b.Fatal(err)
		}
	}
	file := writeOrders(b, lines, 0)
	for b.Loop() {
		if code, told := kaveri(b, "import", "orders", file, "--data", b.TempDir()); code != exitDone {
			b.Fatalf("%d: %s", code, told)
		}
	}
	b.ReportMetric(float64(lines)*float64(b.N)/b.Elapsed().Seconds(), "lines/s")
}
