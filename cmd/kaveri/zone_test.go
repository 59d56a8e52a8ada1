package main

import (
	"errors"
	"net"
	"regexp"
	"strings"
	"sync"

	"github.com/rogpeppe/go-internal/testscript"
	"golang.org/x/net/dns/dnsmessage"
)

// zone is a DNS server on loopback that knows TXT records: $DNS in scripts.
type zone struct {
	conn net.PacketConn

	mu  sync.Mutex
	txt map[string][][]string // by name in lower case, with its last dot: records of strings
}

type zoneKey struct{}

// startZone starts the server of a script.
func startZone(e *testscript.Env) error {
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	z := &zone{conn: conn, txt: map[string][][]string{}}
	e.Values[zoneKey{}] = z
	e.Setenv("DNS", conn.LocalAddr().String())
	e.Defer(func() { conn.Close() })
	go z.serve()
	return nil
}

func (z *zone) serve() {
	b := make([]byte, 1500)
	for {
		n, from, err := z.conn.ReadFrom(b)
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if answer, ok := z.answer(b[:n]); err == nil && ok {
			_, _ = z.conn.WriteTo(answer, from) // who does not get it asks again
		}
	}
}

func (z *zone) answer(query []byte) ([]byte, bool) {
	var m dnsmessage.Message
	if m.Unpack(query) != nil || len(m.Questions) != 1 {
		return nil, false
	}
	q := m.Questions[0]
	m.Response, m.Authoritative, m.Additionals = true, true, nil
	z.mu.Lock()
	records, known := z.txt[strings.ToLower(q.Name.String())]
	z.mu.Unlock()
	if !known {
		m.RCode = dnsmessage.RCodeNameError
	}
	for _, r := range records {
		if q.Type == dnsmessage.TypeTXT {
			m.Answers = append(m.Answers, dnsmessage.Resource{
				Header: dnsmessage.ResourceHeader{Name: q.Name, Type: q.Type, Class: q.Class, TTL: 1}, Body: &dnsmessage.TXTResource{TXT: r}})
		}
	}
	packed, err := m.Pack()
	return packed, err == nil
}

var (
	zoneLine   = regexp.MustCompile(`(?m)^(\S+\.) IN TXT \( (.*) \)$`)
	zoneString = regexp.MustCompile(`"([^"]*)"`)
)

// publish has DNS show exactly the TXT records of a file: publish stdout; with !
// none.
func publish(ts *testscript.TestScript, neg bool, args []string) {
	txt := map[string][][]string{}
	if !neg {
		for _, m := range zoneLine.FindAllStringSubmatch(ts.ReadFile(args[0]), -1) {
			var list []string
			for _, s := range zoneString.FindAllStringSubmatch(m[2], -1) {
				if len(s[1]) > 255 {
					ts.Fatalf("a string of a TXT record has %d bytes", len(s[1]))
				}
				list = append(list, s[1])
			}
			txt[strings.ToLower(m[1])] = append(txt[strings.ToLower(m[1])], list)
		}
		if len(txt) == 0 {
			ts.Fatalf("%s has no TXT record", args[0])
		}
	}
	z := ts.Value(zoneKey{}).(*zone)
	z.mu.Lock()
	z.txt = txt
	z.mu.Unlock()
}
