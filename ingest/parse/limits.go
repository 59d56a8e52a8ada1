package parse

// Limits on foreign input. Beyond them the raw mail still has everything; the
// parsed form is cut and says so in Defects.
const (
	maxDepth     = 50        // multiparts within each other; deeper is one opaque attachment
	maxParts     = 1000      // the rest of a multipart is one opaque attachment
	maxHeader    = 256 << 10 // bytes of one header block that are looked at
	maxFields    = 1000      // fields of one header block
	maxField     = 64 << 10  // bytes of one field
	maxAddresses = 10000     // parties of one mail
	maxIDs       = 1000      // Message-IDs of one field: the first and the newest
	maxID        = 998       // bytes of one Message-ID: a line of RFC 5322 §2.1.1
	maxBoundary  = 2048      // bytes; RFC 2046 §5.1.1 allows 70
	maxText      = 8 << 20   // bytes of text kept for reading and searching
	maxName      = 200       // bytes of an attachment's display name
	maxParams    = 100       // parameters of one Content-Type
	maxScratch   = 1 << 20   // bytes of a buffer that is kept for the next mail
	maxGuess     = 4 << 10   // bytes shown to the charset detector, which is slow
)

// defect is one oddity; defects is a set of them.
type (
	defect  uint8
	defects uint64
)

const (
	defMboxLine defect = iota
	defBareCR
	defHeaderLine
	defNoSeparator
	defHeaderCut
	defHeader8bit
	defAddress
	defAddressCut
	defDate
	defEncodedWord
	defContentType
	defBoundary
	defNoEnd
	defDepth
	defParts
	defEncoding
	defBase64
	defQuoted
	defCharset
	defUndecodable
	defNUL
	defTextCut
	numDefects
)

// Defects is the vocabulary of [crm.Message] Defects that this package uses.
var Defects = [numDefects]string{
	defMboxLine:    "mbox-line",         // a From_ line stood before or in the header
	defBareCR:      "bare-cr",           // lines end in CR alone
	defHeaderLine:  "header-line",       // a header line that is no field was dropped
	defNoSeparator: "no-header-end",     // the body began without an empty line
	defHeaderCut:   "header-cut",        // more header than the limits allow
	defHeader8bit:  "header-8bit",       // undeclared 8-bit bytes that are not UTF-8
	defAddress:     "bad-address",       // something in an address field is no address
	defAddressCut:  "addresses-cut",     // more addresses than the limit allows
	defDate:        "bad-date",          // a Date that cannot be read
	defEncodedWord: "bad-encoded-word",  // an encoded word that does not decode
	defContentType: "bad-content-type",  // a Content-Type that is no media type
	defBoundary:    "no-boundary",       // a multipart without usable boundary
	defNoEnd:       "no-end-boundary",   // a multipart that is not closed
	defDepth:       "too-deep",          // nesting beyond the limit
	defParts:       "too-many-parts",    // parts beyond the limit
	defEncoding:    "unknown-encoding",  // a transfer encoding nobody knows
	defBase64:      "bad-base64",        // bytes in base64 that do not belong there
	defQuoted:      "bad-quoted-print",  // a broken escape in quoted-printable
	defCharset:     "charset-guessed",   // charset missing, unknown or wrong
	defUndecodable: "undecodable-bytes", // bytes became U+FFFD
	defNUL:         "nul",               // NUL bytes were taken out of the text
	defTextCut:     "text-cut",          // more text than the limit allows
}

// lossy are the defects that lose something of what the author sent. The
// others were repaired.
const lossy defects = 1<<defHeaderCut | 1<<defAddressCut | 1<<defDepth | 1<<defParts | 1<<defEncoding |
	1<<defBase64 | 1<<defUndecodable | 1<<defTextCut | 1<<defEncodedWord

func (d *defects) add(x defect) { *d |= 1 << x }

func (d defects) words() []string {
	var out []string
	for i := range numDefects {
		if d&(1<<i) != 0 {
			out = append(out, Defects[i])
		}
	}
	return out
}
