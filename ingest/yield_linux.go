package ingest

import (
	"runtime"
	"syscall"
)

// yielding is how much the parsers give way, as a nice value.
const yielding = 10

// giveWay ties the goroutine to a thread that runs behind the others: the
// writer, on which everybody waits, and the connections. On Linux priorities
// belong to threads, and lowering one's own needs no right. The thread ends
// with the goroutine.
func giveWay() {
	runtime.LockOSThread()
	syscall.Setpriority(syscall.PRIO_PROCESS, syscall.Gettid(), yielding) // a refusal costs speed only
}
