package outbound

import (
	"bytes"
	"strconv"
	"strings"
)

// offers are the extensions that a server has announced. go-smtp knows them as
// well, but only when they are written in capitals (RFC 5321 §2.4: they need
// not be).
type offers struct {
	name     string          // by which the server calls itself
	auth     map[string]bool // mechanisms, RFC 4954 §3
	startTLS bool            // RFC 3207
	pipeline bool            // RFC 2920
	eight    bool            // 8BITMIME, RFC 6152
	utf8     bool            // SMTPUTF8, RFC 6531
	sized    bool            // SIZE, RFC 1870
	size     int64           // the largest mail in bytes; 0: not told
}

// readOffers reads the answer to the last EHLO out of what was said on both
// sides. Words behind that answer came before anything was asked.
func readOffers(talk []byte) (offers, error) {
	// HELO follows EHLO where a server is old. No line of a reply begins so.
	asked := max(bytes.LastIndex(talk, []byte("\nEHLO ")), bytes.LastIndex(talk, []byte("\nHELO ")))
	if asked < 0 {
		return offers{}, errReplyForm
	}
	_, talk, _ = bytes.Cut(talk[asked+1:], []byte{'\n'})
	var o offers
	first := true
	for len(talk) > 0 {
		var line []byte
		line, talk, _ = bytes.Cut(talk, []byte{'\n'})
		text := strings.TrimSpace(string(line[min(4, len(line)):]))
		if first {
			o.name, _, _ = strings.Cut(text, " ")
		} else {
			o.add(text)
		}
		first = false
		if len(line) > 3 && line[3] == ' ' && len(bytes.TrimSpace(talk)) > 0 {
			return o, errReplyForm
		}
	}
	return o, nil
}

func (o *offers) add(text string) {
	keyword, rest, _ := strings.Cut(text, " ")
	switch strings.ToUpper(keyword) {
	case "STARTTLS":
		o.startTLS = true
	case "PIPELINING":
		o.pipeline = true
	case "8BITMIME":
		o.eight = true
	case "SMTPUTF8":
		o.utf8 = true
	case "SIZE":
		o.sized = true
		o.size, _ = strconv.ParseInt(strings.TrimSpace(rest), 10, 64) // what is no number sets no limit
		o.size = max(o.size, 0)
	case "AUTH":
		o.auth = map[string]bool{}
		for _, m := range strings.Fields(strings.ToUpper(rest)) {
			o.auth[m] = true
		}
	}
}
