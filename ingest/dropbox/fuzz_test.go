package dropbox

import (
	"strings"
	"testing"
	"time"

	"kaveri/crm"
	"kaveri/ingest/parse"
)

// Whatever client and mail say, the trace adds three fields and nothing else,
// and the mail stays the one that it is.
func FuzzTrace(f *testing.F) {
	f.Add("anna@firm.example", "mx.firm.example", "Subject: x\r\n\r\ntext\r\n")
	f.Add("a@b>\r\nFrom: boss@firm.example", "x)\r\n\r\n", report)
	f.Add("", "", " folded\r\nReceived: x\r\n\r\n.\r\n")
	f.Fuzz(func(t *testing.T, from, helo, raw string) {
		trace := traceOf(from, "kaveri@drop.firm.example", helo, "[192.0.2.1]", "drop.firm.example", "ESMTP", time.Unix(0, 0))
		if n := strings.Count(trace, "\r\n"); n != 5 || strings.Count(trace, "\n") != n || strings.Count(trace, "\r") != n {
			t.Fatalf("the trace is broken: %q", trace)
		}
		m := parse.Captured([]byte(trace + "Subject: x\r\n\r\n"))
		if len(m.Delivered) != 1 || m.Delivered[0] != "kaveri@drop.firm.example" || len(m.From) != 0 || m.Subject != "x" {
			t.Fatalf("%q is read as %+v", trace, m)
		}
		_ = wellFormed([]byte(raw))
		d := &drop{raw: []byte(raw), m: parse.Captured([]byte(raw))}
		if inner := d.journaled(); len(inner) == 0 && len(raw) > 0 {
			t.Fatal("the journal has lost a mail")
		}
	})
}

// A recipient means something only with a token of ours or one of three names.
func FuzzWanted(f *testing.F) {
	f.Add(copyTo)
	f.Add(noteTo)
	f.Add(path())
	f.Fuzz(func(t *testing.T, s string) {
		a, err := crm.ParseAddress(s)
		if err != nil {
			return
		}
		w := wanted(a, []string{"drop.firm.example"}, keys)
		if w.kind != wantNothing && a.Domain() != "drop.firm.example" {
			t.Errorf("%s means something", a)
		}
		if _, ours := keys.Returned(a); w.kind == wantBounce && !ours {
			t.Errorf("%s is a return path", a)
		}
	})
}
