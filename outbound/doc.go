// Package outbound sends mail: it claims dispatches from the ledger, has them
// rendered and composed, hands them to a mail server, and records what came of
// it.
//
// # The promise
//
// Nobody is silently skipped, nobody silently gets a mail twice, and after a
// crash at most one mail for each open connection is in doubt, each listed by
// name. More cannot be promised: a server that took a mail and a server that
// did not are the same to a client that died between the final dot and the
// reply (RFC 1047, RFC 5321 §6.1).
//
// # The life of a dispatch
//
//	queued -> claimed -> ready -> ARMED -> sent | deferred | failed | unknown
//
// [crm.DispatchState] says which steps are legal. Three rules make the promise:
//
//   - A dispatch is armed, durably, before its final dot leaves, and the dot
//     leaves within five seconds of that, or not at all. So whatever is not armed
//     is certainly unsent, and after a crash only what is armed is in doubt.
//   - A connection's next mail is armed in the transaction that records the one
//     before it, or later. So each connection has at most one mail in doubt.
//   - Whoever arms holds the lease whose token the dispatch was claimed under
//     ([crm.Lease]). A process that was stopped and comes back arms nothing.
//
// When the ledger cannot be written the term ends: nothing more is armed, and
// what servers have answered is written first under the next lease. So a
// process that lives, and takes up its own work again, leaves no doubt.
//
// Arming and recording are group commits: what all connections have to say
// while one transaction commits goes into the next one together.
//
// # Whose fault a failure is
//
// [crm.Refuse] says at the point of failure whether it is temporary or
// permanent, and whom it concerns: the recipient, the provider's patience, or
// our own domain. A sender (an account at a mail server) that cannot be reached
// or refuses its login keeps its mail waiting and is named on screen; the
// recipients are not at fault.
//
// # How fast
//
// A provider that asks for patience gets it ([pace]): half of what it got, and
// slowly more. A domain that is new to the world has a plan ([crm.WarmUp]): a
// ceiling a day at each provider, which grows with what was really sent. The
// ledger counts that in the transaction that records the attempts; what is over
// goes back to it with the day on which it can go and the reason, and people
// who wrote or bought last are claimed first.
//
// # The courier
//
// [Courier] keeps connections to mail servers and [Session.Send] gives one mail
// to one of them. go-smtp sets a session up: greeting, EHLO, AUTH, and QUIT at
// the end. The transactions are ours, on the connection that we gave it, for
// three reasons: it waits for each reply by itself where RFC 2920 needs one
// round trip, it has no deadline while a mail is written, and it has no place
// between a mail and its dot, where the mail is armed. STARTTLS is ours as well,
// since go-smtp says EHLO localhost before it and keeps the encrypted
// connection to itself.
//
// What is believed of a mail is certainly no, yes, or unknown, and never more
// than is known:
//
//   - Certainly no, while the kernel has not taken a byte of the dot: bytes are
//     counted beneath TLS, so a failed write shows whether any has left. Also
//     when the server has answered the dot by 4xx or 5xx.
//   - Yes, when a 2xx has come as the only answer to the dot. Just before the
//     dot whatever the server has said unasked is read: a reply that comes early
//     is an answer to nothing, and the connection is closed.
//   - Unknown in every other case: no answer, half an answer, two answers.
//
// A mail is looked through before its first byte leaves: bare CR and LF, by
// which one mail becomes two at a server that reads line ends in another way,
// NUL, long lines, and addresses that could be read as more than an address.
//
// # What colleagues write
//
// A colleague's mail goes the same way ([crm.MailingDirect]): its text is
// rendered as it was written ([Direct]), without list fields and without a link
// to unsubscribe. To several people it is one mail, with one Message-ID and one
// Date, sent to each by a transaction of its own with a return path of its own.
// Once a server has taken it, [Filer] puts the same bytes into the author's Sent
// folder. After that the folder proves nothing of the others' mail any more, and
// the ledger knows that.
//
// # The gate
//
// What was right when a campaign put a mail on the ledger may not be so any more
// when its turn comes: they have written, ordered, left. So a [Gate] is asked about
// the mails of campaigns when they are claimed, and again when one has waited for
// its connection. What must not go now is given back with a due time and a reason,
// or called off. Other mail passes without a question.
//
// # Who knows whom
//
// outbound knows neither campaigns nor the store: it states what it needs as
// [Ledger], [Renderer] and their like. Start reading there.
package outbound
