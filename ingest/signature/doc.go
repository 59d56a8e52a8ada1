// Package signature reads from how people sign what a firm wants to know about
// them: phones, title, company, postal address, web site.
//
// Each fact is a proposal with the line it stands in: signatures are prose, and
// a colleague decides. A line is cut at the marks that people put between two
// facts on one line; a piece that is a phone, an address or a site is that, and
// of the others the words of words.go say what they are. What fits nothing is
// left alone.
//
// Phones go by the rules of libphonenumber, in E.164 with the country that the
// caller supposes; a number that no such country has is no phone. [Region] says
// how to suppose one.
//
// # Invariants
//
//   - Reading is pure: the same signature has the same facts.
//   - The work is bounded: forty lines of two hundred bytes.
//   - A mail that is captured does not come here: the rules for phones cost more
//     than parsing a mail. ingest/enrich reads what is stored.
//
// Start reading at [Read].
package signature
