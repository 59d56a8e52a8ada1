// Package parse turns the bytes of a mail into a [crm.Message].
//
// It never fails on content. What cannot be read faithfully sets Lossy and is
// named in Defects, a fixed vocabulary of short words ([Defects] lists it); the
// raw bytes are kept elsewhere and remain the truth.
//
// # How a mail is read
//
// Mail in the wild breaks every rule, so a strict parser loses whole messages.
// The package reads in this order:
//
//  1. header.go repairs the header block: mbox lines, leading blank lines,
//     lines without a colon, missing separators, bare CR.
//  2. walk.go walks the MIME tree over the one slice of bytes, within limits
//     (limits.go), and sorts the parts into body and attachments.
//  3. transfer.go undoes the transfer encoding, charset.go brings text to UTF-8,
//     flowed.go and html.go make it readable text.
//  4. word.go, address.go, date.go and id.go read the header fields.
//  5. class.go says from the header alone who wrote: a person or a robot.
//
// Attachments are never kept: their size and SHA-256 are taken while they
// stream through a small buffer, and [Part] cuts them from the raw mail again
// when somebody opens one. Part and Message number the tree by the same code.
//
// [Hash] is the identity of a mail; hash.go lists the transport fields that it
// leaves out. That list is a format: changing it makes old mail look new.
//
// # Invariants
//
//   - Every string that comes out is valid UTF-8 without NUL.
//   - The work is linear in the size of the mail; every table is bounded.
//   - Strings do not pin the raw bytes: a mail can be let go of once parsed.
//
// Start reading at [Message] in parse.go, then walk.go.
package parse
