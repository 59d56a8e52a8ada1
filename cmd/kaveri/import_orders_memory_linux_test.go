package main

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

// TestLargeFileOfOrders brings in a file that is larger than the page takes (2 GB
// with KAVERI_SOAK=1): the command takes any size, in memory that does not grow
// with it. That the page refuses it is TestBadFiles of package web.
func TestLargeFileOfOrders(t *testing.T) {
	const remark = 8000
	lines := 40 << 20 / remark
	if os.Getenv("KAVERI_SOAK") != "" {
		lines = 2 << 30 / remark
	}
	file := writeOrders(t, lines, remark)
	before := peakMemory(t)
	code, told := kaveri(t, "import", "orders", file, "--data", t.TempDir())
	if code != exitDone || !strings.Contains(told, "0 kept aside") {
		t.Fatalf("%d: %s", code, told)
	}
	grown := peakMemory(t) - before
	t.Logf("%d lines, peak memory grew by %d MB", lines, grown>>20)
	if grown > 160<<20 {
		t.Errorf("peak memory grew by %d MB", grown>>20)
	}
}

// peakMemory gives the most memory that this process has had, in bytes.
func peakMemory(t *testing.T) (n int) {
	t.Helper()
	b, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(b), "VmHWM:")
	if _, err := fmt.Sscan(rest, &n); err != nil {
		t.Fatal(err)
	}
	return n << 10
}
