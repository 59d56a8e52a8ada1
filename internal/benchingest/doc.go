// Command benchingest measures capture from a private Dovecot on loopback, in
// turn with the floor of any ingest that stores (the bench set's imapdrain
// -save, which fetches every body and appends it to a file with fsync) and
// with mbsync and notmuch where they are installed.
//
// All figures of a table come from one run on one machine, because machines
// are noisy: what counts is the ratio. Each capture is a process of its own
// with a fresh database, so that its memory is its own too. See make
// bench-ingest; the bench set is found through KAVERI_SHARED.
package main
