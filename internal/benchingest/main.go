package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
)

func main() {
	var o options
	child := flag.String("child", "", "internal: capture into this folder and print one line")
	flag.StringVar(&o.dsn, "dsn", "", "capture into this database instead of a fresh SQLite file")
	flag.StringVar(&o.policy, "policy", "all", "internal: capture policy of the child")
	flag.StringVar(&o.users, "users", "", "internal: folder with one sub-folder a user")
	flag.IntVar(&o.port, "port", 14311, "port of the private Dovecot on 127.0.0.1")
	flag.StringVar(&o.profile, "profile", "", "write a CPU profile of the child here")
	flag.StringVar(&o.shared, "shared", os.Getenv("KAVERI_SHARED"), "folder that holds bench/ (KAVERI_SHARED)")
	flag.StringVar(&o.work, "work", filepath.Join(os.TempDir(), "kaveri-bench"), "scratch folder; mailbox sets are kept there for the next run")
	flag.IntVar(&o.mails, "n", 20000, "mails in the mailbox set")
	flag.IntVar(&o.rounds, "rounds", 3, "how often each is measured, in turn")
	flag.BoolVar(&o.peers, "peers", true, "measure mbsync and notmuch too, when they are installed")
	flag.Parse()
	var err error
	if *child != "" {
		err = capture(*child, o)
	} else {
		err = compare(o)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "benchingest:", err)
		os.Exit(1)
	}
}
