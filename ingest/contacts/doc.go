// Package contacts reads the address books that people bring along: vCards of
// every version, and the tables that Google, Outlook and Thunderbird export.
//
// [Read] tells what a file is by its beginning and gives its entries one at a
// time, in memory that does not grow with the file. An entry is what a customer
// relationship begins with: a name, an organisation, addresses of mail, phones
// and notes; pictures, keys and birthdays are passed over. Values are given as
// the file has them, without checking: whoever stores them decides which
// address is one.
//
// # vCard
//
// One reader serves 2.1, 3.0 (RFC 2426) and 4.0 (RFC 6350), because real files
// mix them: exporters write VERSION:2.1 above the escapes of 3.0, quoted-printable
// into 3.0, and parameters without a name everywhere. lines.go makes logical
// lines of folded ones, property.go cuts one into name, parameters and value
// and decodes it, vcard.go makes contacts of them. A card within a card (AGENT)
// is somebody else and is passed over.
//
// go-vcard is the judge in the tests and not the reader: it cuts a value of
// quoted-printable at its first line, ends a card at the END of its AGENT, and
// takes a card that is cut off for one with the next.
//
// # Tables
//
// columns.go finds by the titles what the columns hold, in the languages in
// which the programs write them: first by words that mean one thing, then, for
// mail and phones, by the stems that their titles have in common in most
// languages. crm/sheet reads the rows and guesses delimiter and charset.
//
// # What is damaged
//
// Whatever the bytes are, what can be read is given, and [Report] says what
// could not, with the line of the first such place: a card without its end, a
// line that is no property, a row whose quotes do not close.
package contacts
