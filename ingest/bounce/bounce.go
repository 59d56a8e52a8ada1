package bounce

import (
	"bytes"
	"strings"

	"kaveri/crm"
	"kaveri/ingest/parse"
)

// Read gives what a mail says about delivery, or the complaint it makes; nil
// for what it does not. m is the parsed form of raw. For mail of people it
// looks at nothing but the class.
func Read(raw []byte, m *crm.Message) (*crm.Bounce, *crm.Complaint) {
	switch m.Class {
	case crm.ClassBounce:
		return readBounce(gather(raw, m), 0), nil
	case crm.ClassComplaint:
		c := readComplaint(gather(raw, m))
		return &crm.Bounce{OriginalMessageID: c.OriginalMessageID, ReportingMTA: c.ReportingMTA,
			Recipients: []crm.BouncedRecipient{{Address: c.Recipient, Reason: crm.BounceFeedback}}}, c
	case crm.ClassAutoReply:
		return readAnswer(m), nil
	}
	return nil, nil
}

// readAnswer tells of an automatic answer: its author is away.
func readAnswer(m *crm.Message) *crm.Bounce {
	b := &crm.Bounce{Recipients: []crm.BouncedRecipient{{Address: m.Author().Written, Reason: crm.BounceVacation}}}
	if len(m.InReplyTo) > 0 {
		b.OriginalMessageID = m.InReplyTo[0]
	}
	return b
}

// readBounce asks the readers in the order of their trust: the fields of the
// standard, a notification in JSON, then the text. A bounce may come back
// inside of another mail; it is read instead when the outer one names nobody.
func readBounce(d *document, depth int) *crm.Bounce {
	b := &crm.Bounce{}
	found := d.deliveryStatus(b)
	if len(found) == 0 && depth < maxNested {
		if inner := d.nested(depth); inner != nil {
			return inner
		}
	}
	if len(found) == 0 {
		found = d.notification(b)
	}
	n := readNotice(d)
	if len(found) == 0 {
		found = n.recipients(d)
	} else {
		n.addTo(found)
	}
	found = found[:min(len(found), maxRecipients)]
	for _, f := range found {
		if len(found) > manyAt {
			f.diagnostic, f.around = cut(f.diagnostic, maxOfMany), []string{cut(strings.Join(f.around, "\n"), maxOfMany)}
		}
		r, because := f.conclude(n, len(found) == 1)
		b.Recipients, d.because = append(b.Recipients, r), append(d.because, because)
	}
	if b.OriginalMessageID == "" {
		b.OriginalMessageID = d.originalID(n)
	}
	return b
}

// nested reads the first mail that came back when it is a bounce with fields.
func (d *document) nested(depth int) *crm.Bounce {
	if len(d.original) == 0 || !strings.Contains(d.original[0], "Final-Recipient:") {
		return nil
	}
	raw := []byte(d.original[0])
	m := parse.Captured(raw)
	if m.Class != crm.ClassBounce {
		return nil
	}
	inner := gather(raw, m)
	b := readBounce(inner, depth+1)
	d.because = inner.because
	return b
}

// Limits on foreign input. A notice is short; what is beyond them is the mail
// that came back.
const (
	maxText       = 256 << 10 // bytes of one part that are looked at
	maxParts      = 8         // attachments that are looked at
	maxLines      = 2000      // lines of a notice
	maxLine       = 2000      // bytes of one line
	maxPart       = 64 << 20  // bytes of an attachment; a larger one is not cut out
	maxAddresses  = 4000      // addresses of one notice
	maxRecipients = 500       // recipients of one bounce
	maxDiagnostic = 2000      // bytes of what is kept of a diagnostic
	maxNested     = 3         // bounces within each other
	maxSegment    = 30        // lines that are looked at for one recipient
	manyAt        = 20        // recipients from which on less is looked at for each:
	maxOfMany     = 512       // bytes of what is said of one of many
)

// document is a mail cut into what a bounce is made of.
type document struct {
	m        *crm.Message
	text     string   // what is written for people
	status   []string // message/delivery-status
	feedback []string // message/feedback-report
	original []string // the mail that came back, or its header
	failed   []string // X-Failed-Recipients
	because  []string // for each recipient, the phrase that told the reason
}

// kinds says what the parts of a report are, by media type (RFC 6522 §3 and
// §4, RFC 3464 §2, RFC 5965 §2, RFC 6533 §4 to §6).
var kinds = map[string]func(*document) *[]string{
	"message/delivery-status":          func(d *document) *[]string { return &d.status },
	"message/global-delivery-status":   func(d *document) *[]string { return &d.status },
	"message/disposition-notification": func(d *document) *[]string { return &d.status },
	"message/feedback-report":          func(d *document) *[]string { return &d.feedback },
	"message/rfc822":                   func(d *document) *[]string { return &d.original },
	"message/global":                   func(d *document) *[]string { return &d.original },
	"text/rfc822-headers":              func(d *document) *[]string { return &d.original },
	"text/rfc822-header":               func(d *document) *[]string { return &d.original },
	"message/global-headers":           func(d *document) *[]string { return &d.original },
	"message/partial":                  func(d *document) *[]string { return &d.original },
}

// gather cuts the parts of a report from the mail. Text in attachments is read
// as well: some systems give their notice a file name.
func gather(raw []byte, m *crm.Message) *document {
	d := &document{m: m, text: head(m.Text), failed: failedRecipients(raw)}
	for i, n := 0, 0; i < len(m.Attachments) && n < maxParts; i++ {
		a := &m.Attachments[i]
		kind, known := kinds[a.Type]
		if !known && !strings.HasPrefix(a.Type, "text/") || a.Size > maxPart {
			continue
		}
		n++
		body, _, err := parse.Part(raw, a.Part)
		if err != nil {
			continue
		}
		if s := readable(body); known {
			into := kind(d)
			*into = append(*into, s)
		} else {
			d.text += "\n" + s
		}
	}
	return d
}

// failedRecipients reads the X-Failed-Recipients fields of a header.
func failedRecipients(raw []byte) []string {
	block := readable(raw[:min(len(raw), maxText)])
	if i := strings.Index(strings.TrimLeft(block, "\n"), "\n\n"); i >= 0 {
		block = strings.TrimLeft(block, "\n")[:i]
	}
	var failed []string
	open := false // the field before is one of them
	for l := range strings.Lines(block) {
		if l[0] != ' ' && l[0] != '\t' {
			name, _, _ := strings.Cut(l, ":")
			open = strings.EqualFold(strings.TrimSpace(name), "X-Failed-Recipients")
		}
		if open && len(failed) < maxRecipients {
			for _, p := range addressesIn(strings.TrimSpace(l)) {
				failed = append(failed, p.address)
			}
		}
	}
	return failed
}

// readable makes the bytes of a part a string of valid UTF-8 with LF ends.
func readable(b []byte) string {
	if len(b) > maxText {
		b = b[:maxText]
	}
	s := strings.ToValidUTF8(string(b), "\uFFFD")
	if bytes.IndexByte(b, '\r') >= 0 {
		s = strings.ReplaceAll(strings.ReplaceAll(s, "\r\n", "\n"), "\r", "\n")
	}
	return s
}

// head cuts a text to what is looked at.
func head(s string) string { return cut(s, maxText) }

func cut(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	return strings.ToValidUTF8(s[:limit], "")
}

// originalID finds the Message-ID of the mail that bounced: in what came back,
// in the notice, or in the fields by which mail systems thread their notices.
func (d *document) originalID(n *notice) string {
	for _, o := range d.original {
		if id := parse.Header([]byte(strings.TrimLeft(o, "\n"))).MessageID; id != "" {
			return id
		}
	}
	if id := fieldID(n.returned); id != "" {
		return id
	}
	if id := fieldID(n.lines); id != "" {
		return id
	}
	for _, ids := range [...][]string{d.m.InReplyTo, d.m.References} {
		if len(ids) > 0 {
			return ids[len(ids)-1]
		}
	}
	return ""
}

// fieldID finds a Message-ID field among lines of text.
func fieldID(lines []string) string {
	for i, l := range lines {
		name, value, ok := strings.Cut(strings.TrimLeft(l, " >|*-\t"), ":")
		if !ok || !strings.EqualFold(strings.TrimSpace(name), "Message-ID") {
			continue
		}
		if value = strings.TrimSpace(value); value == "" && i+1 < len(lines) {
			value = strings.TrimSpace(lines[i+1])
		}
		if value = strings.Trim(firstWord(value), "<>"); value != "" {
			return value
		}
	}
	return ""
}

func firstWord(s string) string {
	if i := strings.IndexAny(s, " \t"); i >= 0 {
		return s[:i]
	}
	return s
}
