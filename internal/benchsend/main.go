package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
)

// options of the command.
type options struct {
	shared, work, sink, profile, dkim string
	only, links                       string
	recipients, rounds, connections   int
}

func main() {
	var o options
	child := flag.String("child", "", "internal: send from this folder and print one line")
	flag.IntVar(&o.recipients, "n", 50000, "recipients")
	flag.IntVar(&o.rounds, "rounds", 3, "how often each is measured, in turn")
	flag.IntVar(&o.connections, "connections", 256, "connections of Kaveri; smtpblast has 64")
	flag.StringVar(&o.dkim, "dkim", "", "internal: sign with ed25519 or both")
	flag.StringVar(&o.only, "only", "", "measure only what has this in its name")
	flag.StringVar(&o.links, "links", "", "internal: the letter has ten links (plain), and clicks of them are counted (counted)")
	flag.StringVar(&o.sink, "sink", "127.0.0.1:12525", "where the sink listens; its control port is the next one")
	flag.StringVar(&o.profile, "profile", "", "write a CPU profile of the unsigned child here")
	flag.StringVar(&o.shared, "shared", os.Getenv("KAVERI_SHARED"), "folder that holds bench/ (KAVERI_SHARED)")
	flag.StringVar(&o.work, "work", filepath.Join(os.TempDir(), "kaveri-bench"), "scratch folder")
	flag.Parse()
	var err error
	if *child != "" {
		err = send(*child, o)
	} else {
		err = compare(o)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "benchsend:", err)
		os.Exit(1)
	}
}
