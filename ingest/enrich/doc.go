// Package enrich reads from stored mail what capture has no time for: in which
// language somebody writes (ingest/language), what they say that they want
// (ingest/wishes), and what they say of themselves when they sign
// (ingest/signature).
//
// Telling a language and a phone costs more than parsing a mail, so capture
// stores where the signature stands and no more. [Run] follows behind it, in
// small transactions and only while no mail is being captured; [CatchUp] does
// the same for a command that has just brought mail.
//
// Order confirmations carry their order for programs (schema.org, as JSON-LD,
// see crm/orders). It is read from mail of the firm's relays only, and of that
// only what the firm's own mail server has verified or a Sent folder holds.
//
// The store keeps what was read and draws the conclusions: the language of a
// customer, details and wishes that are proposed, and questions that rest on a phone or a
// thread.
//
// # Invariants
//
//   - A mail is read once. What is left when the process ends is found by the
//     next one.
//   - A forged mail tells nothing of whom it claims to be from, and makes no order.
//
// Start reading at [Run].
package enrich
