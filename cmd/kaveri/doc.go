// Command kaveri is an e-mail hub and collaborative CRM in one binary.
//
// This package is the only one that knows all others. It holds no rules of the
// business: a verb reads its arguments, opens the store, calls one thing, and
// prints what came back.
//
// # Shape
//
// [run] is the program as a function: arguments and streams in, exit code out.
// One file holds one verb (mailbox_add.go is "kaveri mailbox add"). Shared by
// all: open.go (where data lies, the key), file.go (files that the user
// names), exit.go (errors to exit codes), output.go (JSON, tables, times),
// progress.go, password.go.
//
// site.go introduces the services to each other and stops them in order: first
// the pages, then the followers of the mailboxes; whoever opened the store
// closes it after that. serve.go runs such a site, demo.go another one for the
// sample company, in a folder of its own that is removed at the end.
//
// # Contract
//
// docs/cli.md documents every verb with its JSON and its exit codes; the
// scripts in testdata/script hold it to that. Data goes to standard output,
// everything else to standard error. Keys of JSON may be added, never renamed.
//
// Start reading at run.go, then serve.go and site.go.
package main
