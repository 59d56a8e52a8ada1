package main

import (
	"flag"
	"fmt"
	"io"
	"os"
)

func main() {
	skips := flag.Bool("skips", false, "allow skipped tests")
	flag.Parse()
	ok, err := run(os.Stdin, os.Stdout, *skips)
	if err != nil {
		fmt.Fprintln(os.Stderr, "testreport:", err)
	}
	if err != nil || !ok {
		os.Exit(1)
	}
}

// run reports the events of in on out, and whether all is well.
func run(in io.Reader, out io.Writer, skips bool) (bool, error) {
	r := newReport(out, skips)
	if err := r.readAll(in); err != nil {
		return false, err
	}
	return r.summary(), nil
}
