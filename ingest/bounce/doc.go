// Package bounce reads mail that tells of other mail: bounces, complaints and
// automatic answers.
//
// Whether a mail is one of these is decided by its class (kaveri/ingest/parse),
// from the header alone; for all other mail [Read] costs a comparison. What the
// mail says is then read in the order of trust:
//
//  1. The fields of the standard: delivery status notifications (RFC 3464 in
//     the frame of RFC 6522, addresses in all scripts by RFC 6533) in dsn.go,
//     feedback reports (RFC 5965, RFC 6591) in complaint.go.
//  2. The notifications of Amazon SES, JSON in a mail, in notification.go.
//  3. The text that mail systems write for people. notice.go cuts it from the
//     mail that comes back below; recipients.go finds who failed by a handful
//     of layouts, of which the first that finds somebody counts. No layout
//     belongs to one program: hundreds wrote such notices, and they write
//     alike.
//
// reason.go concludes why, with stage.go, which finds the command that was
// refused. Words count before codes, since servers give one
// code for everything and say in words what they mean; what stands near the
// recipient counts before what the notice says at large. Four tables hold what
// is known: phrases.go what servers say, families.go what they say in ever other
// words, as the name of a thing and its state; hosts.go the codes that single
// providers publish, codes.go the codes of RFC 3463 and RFC 5321. A new server
// is a new row, not new code.
//
// # Invariants
//
//   - Nothing that a mail holds makes Read fail. What cannot be told is empty,
//     and its reason is [crm.BounceOnHold] or [crm.BounceUndefined].
//   - Only recipients with the action "failed" have failed; a delay is no
//     failure, whatever its code.
//   - The work is bounded by the limits in bounce.go, however long the mail.
//
// Start reading at [Read].
package bounce
