// Package store keeps all persistent state: SQLite by default, PostgreSQL for
// many nodes. [Store] is one concrete type; ingest, web and the others state
// at their own door the few methods they need.
//
// # One SQL text
//
// SQL is written once, in PostgreSQL's spelling, in the subset that both
// engines run. What differs lives in the engine value of engine.go and nowhere
// else. Ids and times are made in Go (times as BIGINT microseconds UTC), what
// is matched is stored normalised, what is sorted as text has a byte sort key,
// every ORDER BY ends in an id, pages are keyset pages, JSON is TEXT.
//
// # Writing
//
// All writes go through one goroutine that runs everything waiting for it in
// one transaction (group.go): the callers block until their part is durable, so
// a commit is shared by all who came meanwhile. One part that fails is rolled
// back alone. Readers have connections of their own and never wait. What a
// transaction has changed is told to subscribers once it is durable (events.go).
//
// # The life of a mail here
//
// The envelope pass calls [Store.Listed]: each UID of a folder becomes a row of
// uids, waiting to be fetched or withheld by a rule, in the transaction that
// moves the folder's cursor. The body pass asks [Store.Due] and hands what it
// fetched to [Store.Deliver], which in one transaction decides by [crm.Decide],
// stores message, raw, links and search text, writes the sighting and removes
// the uids row. So every UID listed is at all times in exactly one place, and a
// kill at any moment loses and doubles nothing. [Store.Reconcile] compares the
// sets with the mailbox and reports what is nowhere.
//
// The mails themselves, compressed, lie beside an SQLite database in segments
// (segments.go) and with PostgreSQL in their rows; a reference that is durable
// always leads to bytes that are.
//
// # Where mail belongs
//
// Links are what the rules say today and never the truth: match.go answers what
// [crm.Decide] asks, rematch.go asks again and writes the difference. Whatever
// changes what the rules rest on (corrections.go, merge.go, organisations.go, [Store.SaveFirm])
// notes the mails that it may move as stale, in its own transaction; they are
// decided right after, or by the next process. What the rules leave to people
// is a row of reviews.
//
// # Removing mail
//
// Exclusions (exclusions.go) are judged where mail comes in and, by expel.go,
// when stored mail is decided anew. What goes, goes by remove.go with all that
// was made from it, and erase.go takes its bytes from the files. Of mail of one
// mailbox that is not kept there, only the sighting goes.
//
// # What signatures say
//
// [Store.Enrich] keeps what was read from stored mail: by address and value, with
// the newest mail that shows it (signed_details). Proposals for a contact are
// read from that through its addresses (details.go), so they follow when an
// address or a contact moves; what colleagues decide is kept beside
// (contact_details) and nothing is overwritten. Who has a phone is asked by the
// rules and for merges (clues.go), of mail that everybody may see only.
//
// # The send ledger
//
// A dispatch, one recipient of one mailing, is a narrow row of dispatches with
// its state; address, name and fields stand in recipients, whose unique rules
// let nobody get a mailing twice. A mail writes its row three times (claimed,
// armed, sent), so no index has what changes with each of these steps but the
// one of what waits. Every state is left by a statement that names it and the
// claim (ledger.go), every step is one that [crm.DispatchState.MayBecome]
// allows, and dispatch_counts changes in the same transaction;
// [Store.Integrity] counts all anew.
//
// [Store.Claim] (dispatches.go) steps through the mailings of which something
// waits; what has expired or is suppressed goes where it belongs on the way.
// [Store.Settle] (settle.go) records what has come of some and arms the next, in
// one transaction; suppressions and the mailing's state are looked at once more
// by the statement that arms. [Store.Recover] settles what a process that died
// had in hand. Doubts are settled in doubts.go: by evidence, a person, or once
// by sending again.
//
// All of it happens under one lease (leases.go). Its token only grows; the first
// statement of each transaction compares it and the end of the lease, by the
// database's clock where several machines may send. An instance file outside
// the database (instance.go) refuses the lease to a copy or a restored backup
// until a person confirms it.
//
// # What colleagues write
//
// A draft is read by its author alone (drafts.go). [Store.SendDraft] makes of it
// a mailing with its dispatches in one transaction, and [Store.UndoSend] takes
// all of it back in one, or nothing. From then until capture finds the mail,
// pages read it here (outgoing.go), and its copy for the Sent folder waits here
// (filing.go).
//
// # What waits for our answer
//
// What the mail of a customer comes to ([crm.ExchangeOf]) is kept in
// correspondence and open_questions. Whatever changes what that rests on (links,
// threads, calls, mail sent from here, a colleague's word) marks the customers in
// its transaction ([tx.mark]), in one statement however many they are;
// [Store.Recount] reads the marked ones anew (recount.go), and every read calls it
// first. [Store.Correspondence] asks the mail itself. [Store.Integrity] compares
// both.
//
// # Orders and standings
//
// Orders of every source are saved by orders.go: [crm.Firm.PlaceOrder] says whose
// each is (orders_place.go). What a file has brought can be taken back
// (orders_import.go): an order that was replaced leaves its version before. Who
// has ordered, or of whom something else has come to be known, is unranked, in the
// same transaction, until [Store.SaveStandings] says where they stand. A standing
// is a row of the day on which it changed (standings.go), so any past day can be
// asked for (standings_read.go).
//
// # Wishes and surveys
//
// A sentence that may be a wish waits for a colleague (wishes.go); answers to
// surveys and to the public form stand in feedback (surveys.go).
//
// # Who knows whom
//
// talks.go tells from mail and calls who of us was in touch with a customer;
// briefs.go what is to be known of one on paper; captured.go what was captured
// for a colleague and what followed, coverage.go how much for the firm. All of it
// counts what the viewer may see. [Store.TeamCaptured], which puts colleagues
// beside each other, refuses unless the firm wants it.
//
// # Privacy
//
// Mail that belongs to no customer leaves only keyed hashes (uid_keys,
// correspondents), made with a key that lives outside the database. Every read
// takes a [crm.Viewer] and passes policy.go, the SQL form of
// [crm.Viewer.MaySee].
//
// What leaves for an analyst's own programs is read by [Store.Export]
// (exported.go): row by row in one transaction, by the same policy, and without
// the text of any mail.
//
// Start reading at store.go, then deliver.go.
package store
