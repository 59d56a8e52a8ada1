// Package ingest brings mail in: it follows staff mailboxes over IMAP, imports
// files, parses, and hands each mail to the store, which attaches it to its
// customer.
//
// # One mailbox, one follower
//
// [Service.Run] keeps one follower per mailbox, supervised: what goes wrong in
// one never delays another. A follower has up to three connections. The main
// one lists folders, fills in history and polls every folder; two more sit in
// IDLE on INBOX and Sent, so that new mail arrives at once and before any
// backfill. Polling alone is correct; IDLE only shortens the wait, for an IDLE
// may be dead without anybody being told.
//
// # Two passes
//
// A folder is read twice (folder.go). The envelope pass asks for a few header
// fields of every UID, newest first, and tells who writes to whom: two-way
// human correspondents become customers, and each UID is noted as waiting or as
// withheld by a rule. The body pass fetches the waiting ones, newest first.
// Under the policy "known" these are only the mails that belong to somebody.
// Under the policy "all", where every body is fetched whatever its envelope
// says, the first pass of a history lists UIDs and sizes alone.
//
// # Nothing lost, nothing doubled
//
// Every UID listed is at all times in exactly one place of the store: waiting,
// to be retried, withheld, quarantined, or a sighting. The cursor moves in the
// same transaction. A UID that is missing from an answer is asked for again;
// only a complete SEARCH that lacks it says that it is gone. A mail that fails
// three times is quarantined with its bytes and reason.
//
// # Nothing changed
//
// EXAMINE and BODY.PEEK only: no flag, folder or message of a staff mailbox
// ever changes because of capture. What its owner sends or begins to write with
// Kaveri is added to Sent or Drafts (sent.go), as any mail program does.
//
// # The pipeline
//
// Connections read bodies into memory under one budget of bytes; a few workers
// hash, compress and parse them on all cores and deliver in batches, which the
// store commits in groups (pipeline.go). Live mail has a queue of its own that
// workers look at first.
//
// # Afterwards
//
// What takes longer than parsing (language, signatures, wishes, the orders of
// confirmations) is read from stored mail when no mail is coming (package enrich).
//
// # Files
//
// An import goes the same way, with a file in place of a folder (import.go,
// mailfiles.go). [HeaderReader] only reads headers, of files of any size and
// without a database. Both find the mails of an mbox with one reader (mbox.go).
//
// # What was dropped
//
// Mail that comes by itself, over SMTP (dropbox), goes the same way one by one
// (keep.go), into a mailbox of its own for each colleague.
//
// Start reading at service.go, then follower.go and folder.go.
package ingest
