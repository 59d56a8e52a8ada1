//go:build unix

package outbound_test

import (
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
)

func notify(c chan os.Signal) { signal.Notify(c, syscall.SIGTERM) }

// What a child is told about its disk.
const (
	diskFull = syscall.SIGUSR1
	diskRoom = syscall.SIGUSR2
)

// onDisk lets a child's SQLite files grow no more while it is told that the
// disk is full, and says so. A write beyond the limit fails with EFBIG, as one
// fails with ENOSPC where there is no room.
func onDisk(dsn string) {
	path, ok := strings.CutPrefix(dsn, "sqlite://")
	if !ok {
		return
	}
	signal.Ignore(syscall.SIGXFSZ)
	told := make(chan os.Signal, 1)
	signal.Notify(told, diskFull, diskRoom)
	go func() {
		for which := range told {
			limit := syscall.Rlimit{Max: 1 << 62}
			if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
				panic(err)
			}
			limit.Cur = limit.Max
			if info, err := os.Stat(path + "-wal"); which == diskFull && err == nil {
				limit.Cur = uint64(info.Size())
			}
			if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
				panic(err)
			}
			fmt.Fprintln(os.Stderr, "the disk is told:", which)
		}
	}()
}
