// Package testsmtp is the other side of sending in tests: a server that takes
// mail and remembers it, and one that misbehaves by script. Both listen on
// loopback and end with the test.
//
// # The sink
//
// [Start] gives a [Sink], a proper mail server (go-smtp's) that takes every
// mail and records it before it says 250. With [Options.File] the record is a
// line in a file, synced before the 250, so that it outlives the process that
// is killed and can be compared with what the ledger says: every recipient in
// the file was accepted, and no other. [ReadFile] reads it; [Listen] starts a
// sink without a test, for a process of its own.
//
// # The script
//
// [Serve] runs a function for each connection that comes: it says and expects
// what it wants, through a [Peer]. So a test spells out how a server fails -
// which reply at which command, a reset after the dot, replies without end -
// and [Server] tells afterwards what truly happened: how many mails were
// complete, dot included, and how many of them the server has said yes to.
// That is the oracle for what the sender believes.
//
// # Certificates
//
// [NewAuthority] signs certificates for the length of a test, good ones and
// ones that are out of date or for another name.
package testsmtp
