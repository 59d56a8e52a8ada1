// Package mailgen writes the mail of companies that do not exist.
//
// Kaveri is tested and shown on mail, and real mail belongs to the people who wrote it. So this package makes some:
// deterministic (the same arguments give the same bytes, on every machine), in memory, and needing no file from
// outside. It has two faces.
//
// [Load] is volume. It streams as many deliveries as a test asks for into the mailboxes of a shop's staff, with the
// truth beside each one: which customer it belongs to, which thread, what kind of mail it is, and whether it is broken
// on purpose. It is written by hand, byte by byte, because its value lies in what a good library refuses to produce:
// eight-bit text in five charsets and three transfer encodings, replies without References, quoted conversations in
// four styles, the same mail in several mailboxes under different Received fields, and about one mail in two hundred
// that no standard allows. Its sentences are grammatical but say nothing; nobody should read them.
//
// [Company] is the sample company that `kaveri demo` shows: Lumipolku Matkat Oy, a travel firm of four people. Its mail
// is meant to be read. Every conversation is a story written by hand in stories/*.txt, played by a named customer and
// a named member of staff, and dated so that the last of them arrived a few minutes ago. [Firm.Next] goes on telling
// for as long as somebody listens.
//
// # Invariants
//
//   - A [Delivery] is one copy in one folder. Copies of one mail share Delivery.Message and differ only in transport
//     fields: Return-Path, Delivered-To, X-Original-To, Received and Authentication-Results.
//   - Delivery.Defect is empty for every mail that follows the standards: those parse, their dates and addresses
//     parse, and their In-Reply-To names a mail of the same thread that was delivered before (an answer to a mail
//     with a duplicate Message-ID names two mails: that cannot be avoided, in life either).
//   - Every address is under .example (RFC 2606 §3), so that no accident can reach a real person.
//   - Nothing depends on the clock, the machine's zone database, or the order of a map.
//
// Read delivery.go for the vocabulary, then load.go or company.go. The format of the stories is told in story.go.
package mailgen
