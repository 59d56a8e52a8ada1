package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
	"time"

	_ "time/tzdata" // the firm's time zone is known on machines without a zone database

	"kaveri/ingest"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	// A second signal ends the program at once; not one that comes with the
	// first, as from tools that signal a process and then its group.
	context.AfterFunc(ctx, func() { time.AfterFunc(time.Second, stop) })
	ingest.Tune()
	os.Exit(run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr, os.Getenv))
}
