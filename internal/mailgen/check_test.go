package mailgen

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/mail"
	"strings"
	"testing"

	"github.com/emersion/go-message"
	_ "github.com/emersion/go-message/charset"
)

// seen is what a strict reader finds in a mail.
type seen struct {
	header   mail.Header
	text     string // every text part that is not attached
	attached []string
	inline   int
}

// read parses a mail with the standard library and with go-message, and complains about anything they complain about.
func read(raw []byte) (*seen, error) {
	m, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		return nil, err
	}
	s := &seen{header: m.Header}
	if _, err := m.Header.Date(); err != nil {
		return nil, fmt.Errorf("date: %w", err)
	}
	for _, name := range []string{"From", "To", "Cc", "Reply-To"} {
		if m.Header.Get(name) == "" {
			continue
		}
		if _, err := parser.ParseList(m.Header.Get(name)); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	if m.Header.Get("Message-ID") == "" {
		return nil, errors.New("no Message-ID")
	}
	if bytes.Contains(bytes.ReplaceAll(raw, []byte("\r\n"), nil), []byte("\n")) {
		return nil, errors.New("a bare LF")
	}
	e, err := message.Read(bytes.NewReader(raw))
	if err != nil {
		return nil, err
	}
	return s, e.Walk(s.part)
}

var parser = mail.AddressParser{WordDecoder: decoder}

func (s *seen) part(path []int, e *message.Entity, err error) error {
	if err != nil {
		return err
	}
	kind, params, err := e.Header.ContentType()
	if err != nil {
		return fmt.Errorf("content type: %w", err)
	}
	if strings.HasPrefix(kind, "multipart/") {
		return nil
	}
	body, err := io.ReadAll(e.Body)
	if err != nil {
		return fmt.Errorf("part %v: %w", path, err)
	}
	disposition, dparams, _ := e.Header.ContentDisposition()
	switch {
	case disposition == "attachment":
		name := dparams["filename"]
		if decoded, err := decoder.DecodeHeader(name); err == nil {
			name = decoded
		}
		if name == "" {
			return fmt.Errorf("part %v: an attachment with no name: %v", path, params)
		}
		s.attached = append(s.attached, name)
	case disposition == "inline":
		s.inline++
	case strings.HasPrefix(kind, "text/"):
		s.text += string(body)
	}
	return nil
}

// ids gives the ids of a References or In-Reply-To field.
func ids(value string) []string {
	var out []string
	for _, f := range strings.Fields(value) {
		out = append(out, strings.Trim(f, "<>"))
	}
	return out
}

// checkAll verifies what holds for every set of deliveries, and returns how many there were of each kind.
func checkAll(t *testing.T, deliveries func(func(Delivery) bool), users map[string]bool) map[Kind]int {
	t.Helper()
	kinds := map[Kind]int{}
	ambiguous := map[string]bool{} // Message-IDs of two mails
	threadOf := map[string]int{}   // Message-ID: thread
	contentOf := map[int]string{}  // message: what follows the transport fields
	n, broken, answers, bad := 0, 0, 0, 0
	for d := range deliveries {
		n++
		kinds[d.Kind]++
		if !users[d.User] {
			t.Fatalf("delivered to %q, who has no mailbox", d.User)
		}
		content := withoutTransport(d.Raw)
		if was, ok := contentOf[d.Message]; ok && was != content {
			t.Fatalf("two copies of mail %d differ in more than transport fields", d.Message)
		}
		contentOf[d.Message] = content
		if d.Defect != "" {
			broken++
			threadOf[d.MessageID] = d.Thread
			if d.Defect == DuplicateMessageID {
				ambiguous[d.MessageID] = true
			}
			continue
		}
		s, err := read(d.Raw)
		if err != nil {
			if bad++; bad < 5 {
				t.Errorf("mail %d (%s) in %s/%s: %v\n%.1500s", d.Message, d.Kind, d.User, d.Folder, err, d.Raw)
			}
			continue
		}
		checkTruth(t, d, s)
		threadOf[d.MessageID] = d.Thread
		for _, id := range append(ids(s.header.Get("In-Reply-To")), ids(s.header.Get("References"))...) {
			answers++
			if got, ok := threadOf[id]; !ok || got != d.Thread && !ambiguous[id] {
				t.Errorf("mail %d of thread %d refers to <%s>, of thread %d", d.Message, d.Thread, id, got)
			}
		}
	}
	t.Logf("%d deliveries, %d mails, %d broken, %d references, kinds %v", n, len(contentOf), broken, answers, kinds)
	return kinds
}

// checkTruth compares what a reader sees with what the delivery says about itself.
func checkTruth(t *testing.T, d Delivery, s *seen) {
	t.Helper()
	if got := ids(s.header.Get("Message-ID")); len(got) != 1 || got[0] != d.MessageID {
		t.Errorf("Message-ID %v, the truth says %q", got, d.MessageID)
	}
	if got, err := decoder.DecodeHeader(s.header.Get("Subject")); err != nil || got != d.Subject {
		t.Errorf("subject %q (%v), the truth says %q", got, err, d.Subject)
	}
	if from, err := parser.ParseList(s.header.Get("From")); err != nil || from[0].Address != d.From {
		t.Errorf("from %v, the truth says %q", from, d.From)
	}
	if len(s.attached) != d.Attached {
		t.Errorf("mail %d: attachments %q, the truth says %d", d.Message, s.attached, d.Attached)
	}
	if strings.Contains(s.text, "�") || strings.Contains(s.text, "Ã¤") {
		t.Errorf("mail %d: its text does not decode:\n%.300s", d.Message, s.text)
	}
	auto := s.header.Get("Auto-Submitted") != ""
	if want := d.Kind == KindAutoReply || d.Kind == KindBounce || d.Kind == KindNotification; auto != want {
		t.Errorf("%s with Auto-Submitted %t", d.Kind, auto)
	}
	if list := s.header.Get("List-Unsubscribe") != ""; list != (d.Kind == KindNewsletter) {
		t.Errorf("%s with List-Unsubscribe %t", d.Kind, list)
	}
}

// withoutTransport cuts the fields that differ between copies; they stand first.
func withoutTransport(raw []byte) string {
	s := string(raw)
	for {
		name, _, _ := strings.Cut(s, ":")
		switch name {
		case "Return-Path", "X-Original-To", "Delivered-To", "Received", "Authentication-Results":
		default:
			return s
		}
		for {
			_, rest, ok := strings.Cut(s, "\r\n")
			s = rest
			if !ok || !strings.HasPrefix(s, " ") && !strings.HasPrefix(s, "\t") {
				break
			}
		}
	}
}
