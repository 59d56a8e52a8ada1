package main

import (
	"fmt"
	"os"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"

	"kaveri/ingest"
)

// isTerminal reports whether a stream is somebody's terminal.
func isTerminal(stream any) bool {
	f, ok := stream.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// bar shows progress on standard error when that is a terminal; else it is
// silent. The zero value is silent too.
type bar struct{ b *progressbar.ProgressBar }

func (p *program) bar(what string) *bar {
	if !isTerminal(p.stderr) {
		return &bar{}
	}
	return &bar{progressbar.NewOptions64(-1,
		progressbar.OptionSetWriter(p.stderr),
		progressbar.OptionSetDescription(what),
		progressbar.OptionThrottle(100*time.Millisecond),
		progressbar.OptionSetWidth(30),
		progressbar.OptionClearOnFinish(),
		progressbar.OptionSpinnerType(14),
		progressbar.OptionSetElapsedTime(false),
	)}
}

// of shows done of total; a total of 0 is unknown.
func (b *bar) of(done, total int64) {
	if b.b == nil {
		return
	}
	if total > 0 && b.b.GetMax64() != total {
		b.b.ChangeMax64(total)
	}
	b.b.Set64(done)
}

// say changes the words beside the bar.
func (b *bar) say(format string, args ...any) {
	if b.b != nil {
		b.b.Describe(fmt.Sprintf(format, args...))
	}
}

func (b *bar) end() {
	if b.b != nil {
		b.b.Finish()
	}
}

// ingesting gives a function that shows how mail comes in.
func (b *bar) ingesting(began time.Time) func(ingest.Progress) {
	return func(g ingest.Progress) {
		if b.b == nil {
			return
		}
		rate := float64(g.Messages) / max(time.Since(began).Seconds(), 0.001)
		b.say("%s: %d mails, %s, %.0f/s", g.Phase, g.Messages, bytesOf(g.Bytes), rate)
		b.of(g.Messages, g.Listed)
	}
}
