package compose

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// disposition gives the value of Content-Disposition (RFC 2183) with a file
// name, folded.
func disposition(kind, filename string) string {
	if filename == "" {
		return kind
	}
	return kind + param("filename", filename)
}

// A parameter's value that is longer than this is cut into several.
const paramRoom = 54

// token are the bytes of a file name that every reader takes within quotes.
var token = setOf(" !#$&'()+,-.;@[]^_`{}~")

// attribute are the bytes that stand for themselves in an extended parameter
// (RFC 2231 §7: attribute-char).
var attribute = setOf("!#$&+-.^_`{|}~")

// param gives "; name=value" on a line of its own: quoted when it is short and
// plain, else in the form of RFC 2231 §4, cut by §3 where it is long.
func param(name, value string) string {
	if len(value) <= paramRoom && all(value, &token) {
		return ";\r\n " + name + `="` + value + `"`
	}
	pieces := extended(validText(value))
	if len(pieces) == 1 {
		return ";\r\n " + name + "*=" + pieces[0]
	}
	var b strings.Builder
	for i, p := range pieces {
		b.WriteString(";\r\n " + name + "*" + strconv.Itoa(i) + "*=" + p)
	}
	return b.String()
}

// extended gives the value percent-encoded, in pieces of whole runes.
func extended(s string) []string {
	var pieces []string
	b := []byte("utf-8''")
	for i, r := range s {
		size := utf8.RuneLen(r)
		if len(b)+3*size > paramRoom {
			pieces, b = append(pieces, string(b)), b[:0]
		}
		for _, c := range []byte(s[i : i+size]) {
			if attribute[c] {
				b = append(b, c)
			} else {
				b = append(b, '%', hexDigits[c>>4], hexDigits[c&15])
			}
		}
	}
	return append(pieces, string(b))
}
