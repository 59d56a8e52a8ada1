package ingest

import (
	"encoding/base64"
	"strings"
	"unicode/utf16"
)

// decodeUTF7 decodes the modified UTF-7 of folder names on disk (RFC 3501
// §5.1.3): "T&AOQ-rke&AOQ-t" is "Tärkeät". What does not decode is kept.
func decodeUTF7(s string) string {
	var b strings.Builder
	for {
		i := strings.IndexByte(s, '&')
		if i < 0 {
			b.WriteString(s)
			return b.String()
		}
		b.WriteString(s[:i])
		j := strings.IndexByte(s[i:], '-')
		if j < 0 {
			b.WriteString(s[i:])
			return b.String()
		}
		word := s[i+1 : i+j]
		s = s[i+j+1:]
		if word == "" {
			b.WriteByte('&')
			continue
		}
		raw, err := base64.RawStdEncoding.DecodeString(strings.ReplaceAll(word, ",", "/"))
		if err != nil || len(raw)%2 != 0 {
			b.WriteString("&" + word + "-")
			continue
		}
		units := make([]uint16, len(raw)/2)
		for k := range units {
			units[k] = uint16(raw[2*k])<<8 | uint16(raw[2*k+1])
		}
		b.WriteString(string(utf16.Decode(units)))
	}
}
