// Package parse turns the bytes of a mail into a [crm.Message].
//
// It never fails on content. What cannot be read faithfully sets Lossy and is
// named in Defects, a fixed vocabulary of short words ([Defects] lists it); the
// raw bytes are kept elsewhere and remain the truth.
//
// # How a mail is read
//
// Mail in the wild breaks every rule, and go-message, which is strict, loses
// whole messages over it. So the package repairs first, lets go-message read,
// and where that refuses or spoils something reads by itself; each such place
// says QUIRK: the rule, and what the wild does.
//
//  1. header.go repairs the header block: mbox lines, leading blank lines,
//     lines without a colon, missing separators, bare CR. Each field that the
//     package reads goes into a go-message header.
//  2. walk.go walks the MIME tree over the one slice of bytes, within limits
//     (limits.go), and sorts the parts into body and attachments. go-message's
//     own walk reads each level through all levels above it: 5,000 nested
//     multiparts in 342 kB took it 5 s.
//  3. transfer.go undoes the transfer encoding, charset.go brings text to UTF-8
//     (it also is the charset reader of go-message), flowed.go and html.go make
//     it readable text.
//  4. go-message reads subject, addresses, ids, Content-Type and
//     Content-Disposition; word.go, address.go, id.go and params.go read what
//     it cannot. date.go reads dates.
//  5. class.go says from the header alone who wrote: a person or a robot;
//     class_body.go looks at the body where bounces and complaints hide behind
//     a header that says nothing.
//  6. [Reply] is the text taken apart into what is new, quotes and signature.
//
// # What is new in a mail
//
// reply.go sorts the lines of a text: marked quotes (>), what introduces a
// quote (reply_intro.go: "On Monday Anna wrote:", broken wherever a line grew too
// long; reply_quote.go: "From: ... Sent: ...", "-----Original Message-----"),
// signatures (reply_sign.go). A quote that is not marked goes on to the end. The
// words of some thirty languages are tables in reply_words.go, one for each kind
// of phrase; html_quote.go adds what the structure of HTML says. Where labels of
// other programs disagree, the rule is: lines that the author wrote stay, wherever
// they stand, closing and name included; what a separator, a phone or a list adds
// goes. Marked lines that nothing introduces and that the author answers below
// are cited by hand (a question, the output of a program) and stay with the
// answer. A mail without any of it costs no allocation, one of 5 kB some 7 µs.
// testdata/reply has mails of many programs, and says of each line what it is.
//
// # What go-message does not do here, and the price
//
// A mail of 35 kB costs some 55 µs in all, a generated one of 5 kB 35 µs. On
// the same machine:
//
//   - 27 kB of base64 cost 70 µs by message.New and 28 µs by transfer.go, hash
//     included; FuzzBase64 holds the two against each other. For text parts of
//     generated mail alone message.New made the whole a tenth slower.
//   - 3.4 kB of quoted-printable cost 13 to 24 µs by message.New, 3 to 4 by
//     transfer.go.
//   - a Date costs 4 µs by mail.Header.Date, which tries one layout after the
//     other, and 0.3 by date.go. It also takes EST for UTC.
//   - a header with ten such fields costs 7 µs by textproto.ReadHeader, which
//     copies each line, and 3.8 by Header.AddRaw, with the repair.
//   - comments in addresses and ids take it quadratic time: they are ours.
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
