// Package compose makes the bytes of a mail from a draft, and signs them.
//
//	crm.Draft, Message-ID, time -> header, parts -> DKIM signatures -> bytes
//
// [Composer] satisfies outbound.Composer. The same draft, Message-ID, time and
// keys give the same bytes, at every attempt and after every restart.
//
// # What a mail is made of
//
// Text and HTML as alternatives, the text made from the HTML when there is none
// ([Text]); pictures that the HTML shows related to it; files beside it. All of
// it is quoted-printable or base64, so that a mail is ASCII with lines of at
// most 78 bytes (998 where there is no place to fold), ends every line with
// CRLF, and no server on the way has a reason to change it. Only an address with
// a local part beyond ASCII needs SMTPUTF8.
//
// Header fields come in one order, are folded at spaces, and read back to what
// the draft says: names and subjects by RFC 2047, file names by RFC 2231,
// domains as A-labels. CR, LF and NUL in anything that goes into a header are
// refused, and the error names the field: nothing is repaired in silence.
//
// # What the library does, and what is done here
//
// github.com/jordan-wright/email builds the tree of a mail with files: which
// part is in which, base64, quoted-printable, the frames. This is done here:
//
//   - Every header field, of the mail and of its files. The library writes an
//     address that it cannot parse, and any file name, as they are, line breaks
//     and all; splits a display name at its comma; encodes a Reply-To together
//     with its address; folds nothing; and orders fields by chance. So it is
//     given no field at all, and its own header is cut off.
//   - Boundaries. The library's are random. They are replaced by such as follow
//     from the Message-ID, and hold "=_", which no encoded part can.
//   - Message-ID and Date. Without one the library tells the host's name and the
//     process id to the world.
//   - Mail without files, which is every campaign. The bytes are those that the
//     library would make (a test holds it to that), in a quarter of its time:
//     6 instead of 22 microseconds for text and HTML of 5 kB.
//   - Mails as files are sent as mere bytes, because the library encodes all
//     files in base64 and RFC 2046 §5.2.1 forbids that for a mail.
//
// Sending is no business of this package, and the library's is not used at all.
//
// # Signatures
//
// Each mail is signed twice, by RSA-2048 and by Ed25519 (RFC 8463), over the
// relaxed form of header and body (RFC 6376 §3.4), after the last fold. What
// readers see is oversigned: a second From or Subject, added on the way, breaks
// the signature. Fields of lists are oversigned in mail to many only, since a
// mailing list may rightly add its own to a colleague's mail.
//
// The signatures are made here and verified in tests by two that are not ours,
// go-msgauth and dkimpy. go-msgauth signs as well, but hands the mail through a
// pipe to another goroutine, once for each key: 50 microseconds a mail and key
// where the signature by Ed25519 itself takes 24. Here the body is hashed once
// for all keys and both passes together take 5.
//
// What bounds the rate of a campaign is RSA: 0.8 to 1.0 ms a signature by Go,
// 0.28 by OpenSSL, on one core. So compose/libcrypto has the machine's OpenSSL
// sign, where there is one. Composing and signing are done by whichever
// goroutine calls; a sender that wants all cores calls from as many.
//
// # Keys
//
// [NewKeys] makes a pair, the store keeps it sealed, [Keys] gives the keys that
// sign now. They are read again every minute, so that a rotation by the command
// line reaches a process that runs. Keys that cannot be read keep mail waiting;
// it does not leave unsigned. A domain without keys is not signed: its mail
// server may do that.
//
// Start reading at compose.go, then header.go and sign.go.
package compose
