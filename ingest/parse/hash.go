package parse

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"hash"
	"sync"
)

// Transport fields are written on the way or by the mailbox, not by the
// author: they differ between the copies of one mail in several mailboxes and
// are left out of the content hash. The list is a stored format: a change makes
// every mail that has such a field look new.
//
//   - the trace of RFC 5321 §4.4: Received, Return-Path, and what servers add
//     beside it for the mailbox (Delivered-To, X-Original-To, Envelope-To ...);
//   - results of checks: Authentication-Results (RFC 8601), Received-SPF, ARC-*
//     (RFC 8617), DKIM-Signature (RFC 6376: mailing systems sign each copy),
//     spam and virus scanners;
//   - Bcc: only the sender's own copy has it;
//   - notes of mail stores: Status, X-UID, X-Mozilla-*, X-Gmail-Labels ...;
//   - X-MS-Exchange-*: Exchange writes them for each mailbox.
var transportFields = map[string]bool{
	"received": true, "x-received": true, "return-path": true, "delivered-to": true, "x-delivered-to": true, "x-original-to": true, "envelope-to": true,
	"x-envelope-to": true, "x-envelope-from": true, "old-return-path": true, "delivery-date": true, "received-spf": true,
	"authentication-results": true, "authentication-results-original": true, "x-authentication-results": true, "x-original-authentication-results": true,
	"dkim-signature": true, "x-google-dkim-signature": true, "domainkey-signature": true, "dkim-filter": true,
	"bcc": true, "status": true, "x-status": true, "x-keywords": true, "content-length": true, "lines": true, "xref": true,
	"x-uid": true, "x-uidl": true, "x-gmail-labels": true, "x-account-key": true, "x-sieve": true, "x-antivirus": true, "x-antivirus-status": true,
	"x-originalarrivaltime": true, "x-microsoft-antispam": true, "x-microsoft-antispam-mailbox-delivery": true, "x-microsoft-antispam-message-info": true,
	"x-forefront-antispam-report": true, "x-rspamd-server": true, "x-rspamd-queue-id": true, "x-bogosity": true, "x-barracuda-spam-score": true,
}

// transportPrefixes are families of such fields.
var transportPrefixes = []string{"arc-", "x-spam", "x-virus", "x-mozilla-", "x-imap", "x-gm-", "x-ms-exchange-", "x-evolution", "x-amavis-"}

const maxTransportName = 48

// transport reports a field name of the lists above; it must be lower case.
func transport(name []byte) bool {
	if transportFields[string(name)] {
		return true
	}
	if len(name) > 3 && (name[0] == 'a' && name[1] == 'r' || name[0] == 'x') {
		for _, p := range transportPrefixes {
			if len(name) >= len(p) && string(name[:len(p)]) == p {
				return true
			}
		}
	}
	return false
}

// Hash gives two SHA-256 values. sum names the bytes: two mails have the same
// only when every byte is the same. content names what the author sent: the
// header without transport fields and From_ line, and the body, all line ends
// CRLF as on the wire, line ends at the end dropped; copies of one mail that
// differ only in transport have the same.
//
// Both are trees over the hash of the body, which is nine tenths of the bytes:
// content is the hash of the canonical header and of the canonical body's hash;
// sum that of lengths, header, line ends at the end, and the body's hash. So a
// body in wire form, as servers send it, is hashed once.
func Hash(raw []byte) (sum, content [32]byte) {
	c := takeCanonical()
	at := c.header(raw)
	body := bytes.TrimRight(raw[at:], "\r\n")
	asSent := sha256.Sum256(body)
	folded := asSent
	if !wireForm(body) {
		f := takeCanonical()
		f.write(body)
		folded = f.finish()
	}
	c.lines = 0 // the line end of the header's last field
	c.put(headerEnd)
	c.put(folded[:])
	content = c.finish()

	s := takeCanonical()
	s.put(binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(nil, uint64(len(raw))), uint64(at)))
	s.put(raw[:at])
	s.put(raw[at+len(body):])
	s.put(asSent[:])
	return s.finish(), content
}

var headerEnd = []byte{0}

func takeCanonical() *canonical {
	c := canonicals.Get().(*canonical)
	c.sum.Reset()
	c.n, c.lines = 0, 0
	return c
}

// finish gives the hash; c must not be used any more.
func (c *canonical) finish() (sum [32]byte) {
	c.sum.Write(c.buf[:c.n])
	c.sum.Sum(sum[:0])
	canonicals.Put(c)
	return sum
}

// canonical writes the canonical form into a hash through a buffer.
type canonical struct {
	sum   hash.Hash
	n     int // bytes in buf
	lines int // line ends that wait for something to follow them
	buf   [16 << 10]byte
}

var canonicals = sync.Pool{New: func() any { return &canonical{sum: sha256.New()} }}

// header writes the fields that are not transport and gives where the body
// begins.
func (c *canonical) header(raw []byte) int {
	keep := true
	start := 0
	for start < len(raw) && (raw[start] == '\r' || raw[start] == '\n') { // nothing
		start++
	}
	for pos := start; pos < len(raw); {
		eol, next := lineEnd(raw, pos)
		line := raw[pos:eol]
		if len(line) == 0 {
			return pos
		}
		if line[0] != ' ' && line[0] != '\t' {
			keep = !(pos == start && isFromLine(line)) && !isTransport(line)
		}
		if keep {
			c.write(raw[pos:next])
		}
		pos = next
	}
	return len(raw)
}

func isTransport(line []byte) bool {
	i := bytes.IndexByte(line[:min(len(line), maxTransportName)], ':')
	if i <= 0 {
		return false
	}
	var low [maxTransportName]byte
	for j, ch := range line[:i] {
		if 'A' <= ch && ch <= 'Z' {
			ch += 'a' - 'A'
		}
		low[j] = ch
	}
	return transport(bytes.TrimRight(low[:i], " \t"))
}

var crlf = []byte("\r\n")

// wireForm reports that every line of b ends in one CRLF and that no CR stands
// elsewhere.
func wireForm(b []byte) bool {
	n := bytes.Count(b, crlf[1:])
	if n != bytes.Count(b, crlf[:1]) {
		return false
	}
	// As many CR as LF: each LF needs its own before it. Lines of base64 are of
	// one length, so an LF is looked for where the last line's would be; lines
	// that were passed over so are missing in the end.
	guess := true
	for rest, i := b, 0; n > 0; n-- {
		if !guess || i >= len(rest) || rest[i] != '\n' {
			if i = bytes.IndexByte(rest, '\n'); i < 0 {
				guess, rest, n = false, b, bytes.Count(b, crlf[1:])
				i = bytes.IndexByte(rest, '\n')
			}
		}
		if i == 0 || rest[i-1] != '\r' {
			return false
		}
		rest = rest[i+1:]
	}
	return true
}

// write adds bytes with their line ends folded; line ends are held back until
// something follows them.
func (c *canonical) write(b []byte) {
	for len(b) > 0 {
		i := bytes.IndexByte(b, '\n')
		line, ends := b, 0
		if i >= 0 {
			line, ends = b[:i], 1
			b = b[i+1:]
		} else {
			b = nil
		}
		for len(line) > 0 && line[len(line)-1] == '\r' {
			line = line[:len(line)-1]
		}
		if len(line) > 0 {
			for ; c.lines > 0; c.lines-- {
				c.put(crlf)
			}
			c.put(line)
		}
		c.lines += ends
	}
}

func (c *canonical) put(b []byte) {
	for len(b) > 0 {
		if c.n == len(c.buf) {
			c.sum.Write(c.buf[:])
			c.n = 0
		}
		k := copy(c.buf[c.n:], b)
		c.n += k
		b = b[k:]
	}
}
