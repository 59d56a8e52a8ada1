package parse

import (
	"bytes"
	"crypto/sha256"
	"io"
	"testing"

	"github.com/emersion/go-message"
	"github.com/emersion/go-message/mail"
)

// TestAgrees holds this reader against go-message on mail that is in order:
// leniency must not change what a strict reader sees.
func TestAgrees(t *testing.T) {
	raw := benchMail(3000, 5000, 70_000)
	m := Message(raw)
	r, err := mail.CreateReader(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	if s, _ := r.Header.Subject(); s != m.Subject {
		t.Errorf("subject %q and %q", m.Subject, s)
	}
	if d, _ := r.Header.Date(); !d.Equal(m.Date) {
		t.Errorf("date %v and %v", m.Date, d)
	}
	if id, _ := r.Header.MessageID(); id != m.MessageID {
		t.Errorf("id %q and %q", m.MessageID, id)
	}
	if ids, _ := r.Header.MsgIDList("References"); len(ids) != len(m.References) || ids[2] != m.References[2] {
		t.Errorf("references %q and %q", m.References, ids)
	}
	for field, ours := range map[string][]string{"From": people(m.From), "To": people(m.To), "Cc": people(m.Cc)} {
		list, _ := r.Header.AddressList(field)
		for i, a := range list {
			if i >= len(ours) || ours[i] != a.Name+" <"+a.Address+">" {
				t.Errorf("%s: %q and %v", field, ours, list)
			}
		}
	}
	files := 0
	for {
		p, err := r.NextPart()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(p.Body)
		if err != nil {
			t.Fatal(err)
		}
		switch h := p.Header.(type) {
		case *mail.InlineHeader:
			typ, _, _ := h.ContentType()
			if typ == "text/plain" && lines(string(b)) != lines(m.Text) {
				t.Error("text differs")
			}
			if typ == "text/html" && lines(string(b)) != lines(m.HTML) {
				t.Error("html differs")
			}
		case *mail.AttachmentHeader:
			a := m.Attachments[files]
			files++
			if name, _ := h.Filename(); name != a.Name || a.Size != int64(len(b)) || a.SHA256 != sha256.Sum256(b) {
				t.Errorf("attachment %+v and %s", a, name)
			}
		}
	}
	if files != len(m.Attachments) {
		t.Errorf("%d attachments and %d", len(m.Attachments), files)
	}
}

// FuzzBase64 holds our decoder, which is faster, against that of go-message:
// what that one reads without an error ours reads the same.
func FuzzBase64(f *testing.F) {
	for _, s := range []string{"aGVsbG8gd29ybGQ=", "aGVs\r\nbG8g\n\n d29y\tbGQ=\n", "aGVsbG8=\nIHdvcmxk", "aGVsbG8", "=", "--"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var h message.Header
		h.Set("Content-Transfer-Encoding", "base64")
		e, err := message.New(h, bytes.NewReader(b))
		if err != nil {
			t.Fatal(err)
		}
		want, err := io.ReadAll(e.Body)
		if err != nil {
			return
		}
		var d defects
		if got := decodeTransfer(b, encBase64, &d); !bytes.Equal(got, want) || d != 0 {
			t.Errorf("%q: %q and %q, defects %v", b, got, want, d.words())
		}
	})
}

// lines folds line ends and drops those at the end, as Message does.
func lines(s string) string {
	return string(bytes.TrimRight(bytes.ReplaceAll([]byte(s), []byte("\r\n"), []byte("\n")), "\n"))
}
