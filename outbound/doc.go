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
// # Who knows whom
//
// outbound knows neither campaigns nor the store: it states what it needs as
// [Ledger] and [Renderer]. Start reading there.
package outbound
