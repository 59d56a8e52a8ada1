package campaigns

import (
	"strings"
	"unicode/utf8"
)

// escaper is how data is made harmless where it stands.
type escaper int

const (
	escapePlain   escaper = iota // plain text
	escapeSubject                // one line of a header
	escapeHTML                   // HTML text and quoted attributes
	escapeComment                // the same, within a conditional comment
	escapeLink                   // a whole URL
	escapePath                   // part of a URL's path
	escapeMailbox                // the address behind mailto:
	escapeQuery                  // part of a URL's query or host
)

// append appends s, escaped, or says why it cannot stand there.
func (e escaper) append(dst []byte, s string) ([]byte, Problem) {
	switch e {
	case escapeSubject:
		// Folding would hide an attempt to write a header field of one's own;
		// a value with a line break is refused and the row named.
		if strings.ContainsAny(s, "\r\n\x00") {
			return dst, LineBreak
		}
		return appendText(dst, s, false), ""
	case escapePlain:
		return appendText(dst, s, true), ""
	case escapeHTML:
		return appendHTML(dst, s, false), ""
	case escapeComment:
		return appendHTML(dst, s, true), ""
	case escapeLink:
		if s = strings.TrimSpace(s); !goodLink(s) {
			return dst, NoLink
		}
		return appendURL(dst, s, linkSigns), ""
	case escapePath:
		return appendURL(dst, s, pathSigns), ""
	case escapeMailbox:
		return appendURL(dst, s, "@"), "" // RFC 6068 §2
	}
	return appendURL(dst, s, ""), ""
}

// control reports what has no place in a mail: C0 and C1 controls and DEL.
func control(r rune) bool { return r < ' ' || r >= 0x7F && r <= 0x9F }

// appendText appends text without control characters; line breaks become LF
// where they may stand and tabs blanks. What is not UTF-8 becomes U+FFFD.
func appendText(dst []byte, s string, lines bool) []byte {
	for _, r := range s {
		switch {
		case r == '\n' && lines:
			dst = append(dst, '\n')
		case r == '\t':
			dst = append(dst, ' ')
		case !control(r):
			dst = utf8.AppendRune(dst, r)
		}
	}
	return dst
}

// appendHTML appends text as HTML, safe in text and in quoted attributes. In a
// comment dashes are references too, since two of them could end it.
func appendHTML(dst []byte, s string, comment bool) []byte {
	for _, r := range s {
		switch r {
		case '&':
			dst = append(dst, "&amp;"...)
		case '<':
			dst = append(dst, "&lt;"...)
		case '>':
			dst = append(dst, "&gt;"...)
		case '"':
			dst = append(dst, "&#34;"...)
		case '\'':
			dst = append(dst, "&#39;"...)
		case '`': // a quote to old versions of Internet Explorer
			dst = append(dst, "&#96;"...)
		case '\n', '\t':
			dst = append(dst, byte(r))
		case '-':
			if comment {
				dst = append(dst, "&#45;"...)
				continue
			}
			dst = append(dst, '-')
		default:
			if !control(r) {
				dst = utf8.AppendRune(dst, r)
			}
		}
	}
	return dst
}

// The signs that stay as they are in a URL, besides letters, digits and -._~
// (RFC 3986 §2). The three that HTML reads are written as references.
const (
	linkSigns = ":/?#[]@!$&'()*+,;=%"
	pathSigns = "/@:,;=!$()*"
)

// appendURL appends s for an attribute: bytes other than those of signs are
// written as %XX (RFC 3986 §2.1).
func appendURL(dst []byte, s, signs string) []byte {
	const hex = "0123456789ABCDEF"
	for i := range len(s) {
		switch c := s[i]; {
		case isLetter(c), isDigit(c), c == '.', c == '_', c == '~', c == '-':
			dst = append(dst, c)
		case strings.IndexByte(signs, c) >= 0:
			switch c {
			case '&':
				dst = append(dst, "&amp;"...)
			case '\'':
				dst = append(dst, "%27"...)
			default:
				dst = append(dst, c)
			}
		default:
			dst = append(dst, '%', hex[c>>4], hex[c&15])
		}
	}
	return dst
}
