// Package bounce reads mail that tells of other mail: bounces, complaints and
// automatic answers.
//
// Whether a mail is one of these is decided by its class (kaveri/ingest/parse):
// from the header, and for what the header leaves open from the types of the
// parts and the beginning of the text, since many servers return mail under a
// header like any other. For all other mail [Read] costs a comparison. What the
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
// Who a notice names without a layout, or not at all, original.go finds from
// the mail that came back and from the return address.
//
// reason.go concludes why, with stage.go, which finds the command that was
// refused. Words count before codes, since servers give one
// code for everything and say in words what they mean; what stands near the
// recipient counts before what the notice says at large. The evidence, from
// the surest on:
//
//  1. hosts.go: codes and sentences of single providers and programs.
//  2. codes.go: the status codes that nobody gives by accident.
//  3. families.go, those that are firm: the name of a thing and its state, in
//     the grammar of grammar.go ("TLS ... not offered", "no PTR").
//  4. phrases.go, sayings: what can only mean one thing.
//  5. codes.go: the other status codes of RFC 3463, without the doubtful.
//  6. grammar.go: for how long delivery was tried.
//  7. families.go, the others ("mailbox ... is full", "unknown user").
//  8. phrases.go, mild: what is said in passing.
//  9. codes.go: the doubtful codes, the replies of RFC 5321, the command that
//     was refused.
//
// A server that says what is known in other words needs a name or a state in a
// family; a new thing is a new row; neither is new code. What servers say and
// what it means is in testdata/diagnostics.txt.
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
