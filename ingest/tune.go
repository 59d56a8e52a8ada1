package ingest

import (
	"os"
	"runtime"
	"runtime/debug"
)

// memoryLimit is the soft limit of the Go heap while capturing, in bytes; the
// caches of SQLite come on top, and together they stay under 200 MB.
const memoryLimit = 130 << 20

// Tune sets up the Go runtime of a process that captures. What the environment
// says (GOMEMLIMIT, GOMAXPROCS) is left alone.
//
// The collector works harder instead of letting the heap double near the limit,
// and seldom far below it: sending needs little memory, and a collection for
// every few megabytes was a tenth of its work. And there is
// one more running goroutine than there are cores: the store's writer comes back
// from a call into SQLite thousands of times a second, and with one place a core
// it would wait each time until a parser gives up its own; the parsers run with
// less priority instead.
func Tune() {
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(memoryLimit)
	}
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(400)
	}
	if os.Getenv("GOMAXPROCS") == "" {
		runtime.GOMAXPROCS(runtime.NumCPU() + 1)
	}
}
