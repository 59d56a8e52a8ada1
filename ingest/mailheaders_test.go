package ingest_test

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"kaveri/ingest"
)

// headers reads a stream: the Message-IDs with the dates of their From lines,
// and what was bad.
func headers(t *testing.T, raw string) (found, bad []string) {
	t.Helper()
	h := ingest.HeaderReader{
		Stdin: strings.NewReader(raw),
		Found: func(f ingest.FoundMail) error {
			at := ""
			if !f.At.IsZero() {
				at = " " + f.At.UTC().Format("2006-01-02 15:04")
			}
			found = append(found, cmp.Or(f.Envelope.MessageID, "no Message-ID")+at)
			return nil
		},
		Bad: func(err error) { bad = append(bad, err.Error()) },
	}
	if err := h.Read(context.Background(), "-"); err != nil {
		t.Fatal(err)
	}
	return found, bad
}

func TestHeaderReader(t *testing.T) {
	long := strings.Repeat("x", 3<<20)
	for _, c := range []struct{ name, raw, found, bad string }{
		{"one mail", "Message-ID: <a@b>\n\nText\n", "a@b", ""},
		{"a From line before it", "From a@b Tue Nov  3 10:00:00 2026\nMessage-ID: <a@b>\n\nText without end", "a@b 2026-11-03 10:00", ""},
		{"an mbox", "From a@b Tue Nov  3 10:00:00 2026\nMessage-ID: <a@b>\n\nText\n\nFrom a@b Tue Nov  3 11:00 MET 2026\nMessage-ID: <b@b>\n\nText\n", "a@b 2026-11-03 10:00|b@b 2026-11-03 11:00", ""},
		{"line ends of CRLF", "From a@b Tue Nov  3 10:00:00 2026\r\nMessage-ID: <a@b>\r\n\r\nText\r\n\r\nFrom a@b Tue Nov  3 11:00:00 2026 +0200\r\nMessage-ID: <b@b>\r\n\r\n", "a@b 2026-11-03 10:00|b@b 2026-11-03 09:00", ""},
		{"prose that begins with From", "From a@b Tue Nov  3 10:00:00 2026\nMessage-ID: <a@b>\n\nText\n\nFrom here on it is text.\nAnd more.\n", "a@b 2026-11-03 10:00", ""},
		{"a From line without a date", "From a\nMessage-ID: <a@b>\n\nText\n\nFrom b\nMessage-ID: <b@b>\n\nText\n", "a@b|b@b", ""},
		{"a line longer than the buffer", "From a\nMessage-ID: <a@b>\n\n" + long + "\n\nFrom b\nMessage-ID: <b@b>\n\n" + long + "\n", "a@b|b@b", ""},
		{"cut off", "From a\nMessage-ID: <a@b>\n\nText\n\nFrom b\nMessage-ID: <b@b>\n\nTex", "a@b|b@b", "ends in the middle of a line"},
		{"a mail without header", "From a@b Tue Nov  3 10:00:00 2026\nMessage-ID: <a@b>\n\nText\n\nFrom a@b Tue Nov  3 10:00:00 2026\n\nText\n", "a@b 2026-11-03 10:00", "1 mails without a header"},
		{"nothing", "", "", "standard input is empty"},
		{"a picture", "\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", "", "is not a mail"},
		{"text whose header was lost", "Dear all,\nthis is a text: of two lines.\n", "no Message-ID", ""},
	} {
		found, bad := headers(t, c.raw)
		if got := strings.Join(found, "|"); got != c.found {
			t.Errorf("%s: found %s, want %s", c.name, got, c.found)
		}
		if got := strings.Join(bad, "|"); c.bad == "" && got != "" || !strings.Contains(got, c.bad) {
			t.Errorf("%s: %q, want %q", c.name, got, c.bad)
		}
	}
}

// TestHeaderReaderStops: an error of Found ends the reading, and so does the
// end of the context.
func TestHeaderReaderStops(t *testing.T) {
	file := filepath.Join(t.TempDir(), "a.eml")
	if err := os.WriteFile(file, []byte("Message-ID: <a@b>\n\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	enough := errors.New("enough")
	h := ingest.HeaderReader{Found: func(ingest.FoundMail) error { return enough }, Bad: func(err error) { t.Error(err) }}
	if err := h.Read(context.Background(), filepath.Dir(file)); err != enough {
		t.Errorf("%v, want the error of Found", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := h.Read(ctx, file); err != context.Canceled {
		t.Errorf("%v, want that of the context", err)
	}
}

func FuzzHeaderReader(f *testing.F) {
	f.Add([]byte("From a@b Tue Nov  3 10:00:00 2026\nMessage-ID: <a@b>\n\nText\n\nFrom a\nSubject: x\n"))
	f.Add([]byte("Subject: x\n\n\x00"))
	f.Add([]byte("From \n\nFrom \n\nFrom x:\n"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		answers, last := 0, int64(-1)
		h := ingest.HeaderReader{
			Stdin: bytes.NewReader(raw),
			Found: func(m ingest.FoundMail) error {
				answers++
				if m.Offset <= last && m.Offset != 0 || m.Offset > int64(len(raw)) {
					t.Errorf("a mail at %d after one at %d of %d", m.Offset, last, len(raw))
				}
				last = m.Offset
				return nil
			},
			Bad: func(error) { answers++ },
		}
		if err := h.Read(context.Background(), "-"); err != nil || answers == 0 {
			t.Errorf("%d answers, %v", answers, err)
		}
	})
}

func BenchmarkHeaderReader(b *testing.B) {
	mbox := strings.Repeat("From a@b Tue Nov  3 10:00:00 2026\nFrom: a@b.example\nMessage-ID: <a@b>\nSubject: Offer\n\n"+strings.Repeat(strings.Repeat("text ", 14)+"\n", 60)+"\n", 1000)
	b.SetBytes(int64(len(mbox)))
	b.ReportAllocs()
	for b.Loop() {
		h := ingest.HeaderReader{Stdin: strings.NewReader(mbox), Found: func(ingest.FoundMail) error { return nil }, Bad: func(err error) { b.Error(err) }}
		if err := h.Read(context.Background(), "-"); err != nil {
			b.Fatal(err)
		}
	}
}
