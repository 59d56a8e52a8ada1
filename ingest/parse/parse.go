package parse

import (
	"bytes"
	"slices"
	"strings"
	"sync"
	"time"

	"kaveri/crm"
)

// Message reads a mail. It never fails: see the package comment for what
// happens to content that is broken.
func Message(raw []byte) *crm.Message { return read(raw, true) }

// Captured is Message without the hashes of the attachments: a tenth of the
// work, for what can be cut out of the kept mail and hashed at any time.
func Captured(raw []byte) *crm.Message { return read(raw, false) }

func read(raw []byte, sums bool) *crm.Message {
	m := &crm.Message{TextSource: crm.TextNone}
	p := parser{m: m, sums: sums}
	p.w.visit = &p
	raw = p.w.root(raw)
	readEnvelope(&p.w.top, &m.Envelope)
	p.w.walk(raw)
	p.finish()
	reclassify(m)
	m.Auth = authResults(&p.w.top)
	m.Delivered = deliveredTo(&p.w.top)
	m.Forwarded = p.forwarded()
	d := p.w.def
	m.Defects = d.words()
	m.Lossy = d&lossy != 0
	m.CharsetGuessed = d&(1<<defCharset|1<<defHeader8bit) != 0
	return m
}

// Header reads a header block, or the fields [HeaderFields] of one, and
// classifies the mail by them. What follows the block is not looked at.
func Header(block []byte) *crm.Envelope {
	var h header
	var d defects
	e := new(crm.Envelope)
	h.read(oneLineEnd(block, &d), true, &d)
	readEnvelope(&h, e)
	return e
}

// oneLineEnd gives mail whose lines end in CR alone (old Macintosh programs)
// with LF; all other mail is given as it is.
func oneLineEnd(raw []byte, def *defects) []byte {
	if bytes.IndexByte(raw, '\n') >= 0 || bytes.IndexByte(raw, '\r') < 0 {
		return raw
	}
	def.add(defBareCR)
	return bytes.ReplaceAll(raw, []byte{'\r'}, []byte{'\n'})
}

// readEnvelope fills e from the header and classifies it. Of senders the first
// field with content counts; recipients of several fields are put together
// (RFC 7103 §7.6).
func readEnvelope(h *header, e *crm.Envelope) {
	room := maxAddresses
	parties := func(name string, all bool) []crm.Party {
		var out []crm.Party
		for _, v := range h.Values(name) {
			if len(out) == 0 || all {
				ps := h.parties(v, room)
				room -= len(ps)
				out = append(out, ps...)
			}
		}
		return out
	}
	e.From = parties("From", false)
	e.Sender = parties("Sender", false)
	e.ReplyTo = parties("Reply-To", false)
	e.To = parties("To", true)
	e.Cc = parties("Cc", true)
	e.Bcc = parties("Bcc", true)
	e.Subject = crm.Cut(h.subject(), crm.MaxSubject)
	e.MessageID = h.messageID()
	e.InReplyTo = h.messageIDs("In-Reply-To")
	e.BareReply = len(e.InReplyTo) > 0 && strings.IndexByte(h.Get("In-Reply-To"), '<') < 0
	e.References = h.messageIDs("References")
	if s := h.get("Date"); s != "" {
		t, ok := parseDate(s)
		if !ok {
			h.def.add(defDate)
			t = time.Time{}
		}
		e.Date = t
	}
	classify(h, e)
}

// piece is a part of the body.
type piece struct {
	html bool
	text string
}

// parser collects what the walker finds in a mail.
type parser struct {
	w          walker
	m          *crm.Message
	sums       bool // hash the attachments
	text, html []piece
	spare      []leafText  // text parts of other kinds, body when there is no other
	attached   []crm.Party // authors of attached mails
}

type leafText struct {
	piece
	attachment int
}

// leaf sorts one part into body or attachments.
func (p *parser) leaf(l *leaf) {
	if l.inline {
		t := piece{l.typ == "text/html", p.decodeText(l)}
		if l.toText {
			p.text = append(p.text, t)
		}
		if l.toHTML || !l.toText {
			p.html = append(p.html, t)
		}
		return
	}
	a := crm.Attachment{Part: l.path, Name: l.displayName(), Type: l.typ, Inline: l.disposition == "inline", ContentID: contentID(l.h)}
	a.Size, a.SHA256 = digest(l.body, l.encoding, p.sums, &p.w.def)
	if l.text && l.disposition != "attachment" && len(p.text)+len(p.html) == 0 && readable(l.typ) {
		p.spare = append(p.spare, leafText{piece{l.typ != "text/plain", p.decodeText(l)}, len(p.m.Attachments)})
	}
	p.m.Attachments = append(p.m.Attachments, a)
	if (l.typ == "message/rfc822" || l.typ == "message/global") && len(p.attached) < maxForwarded {
		h := innerHeader(l)
		for _, a := range h.parties(h.Get("From"), 1) {
			if a.Address != "" {
				p.attached = append(p.attached, a)
			}
		}
	}
}

// readable reports text types that people can read as they are, unlike data
// in text form (text/calendar, text/csv).
func readable(typ string) bool {
	switch typ {
	case "text/plain", "text/html", "text/enriched", "text/richtext", "text/x-html", "text/xhtml":
		return true
	}
	return false
}

// alternative begins and ends a multipart/alternative: when it gave text for
// only one of the two bodies, that stands for the other as well (RFC 8621
// §4.1.4).
func (p *parser) alternative() func() {
	nt, nh := len(p.text), len(p.html)
	return func() {
		switch {
		case len(p.text) == nt && len(p.html) > nh:
			p.text = append(p.text, p.html[nh:]...)
		case len(p.html) == nh && len(p.text) > nt:
			p.html = append(p.html, p.text[nt:]...)
		}
	}
}

// scratch holds a text part between its encoding and its charset.
var scratch = sync.Pool{New: func() any { return new([]byte) }}

// decodeText gives a text part as UTF-8 with LF line ends.
func (p *parser) decodeText(l *leaf) string {
	b := l.body
	if len(b) > maxText {
		b = b[:maxText]
		p.w.def.add(defTextCut)
	}
	buf := scratch.Get().(*[]byte)
	defer func() {
		if cap(*buf) <= maxScratch {
			scratch.Put(buf)
		}
	}()
	*buf = slices.Grow((*buf)[:0], len(b)+8)
	var tail []byte
	switch l.encoding {
	case encBase64:
		b, tail = decodeBase64Text(*buf, b, &p.w.def)
	case encQuoted:
		b = decodeQuoted(*buf, b, &p.w.def)
	default:
		b = decodeTransfer(b, l.encoding, &p.w.def)
	}
	charset := l.params["charset"]
	if !stateful(charsetName(charset)) {
		b = foldLineEnds(*buf, b)
	}
	if charset == "" && l.typ == "text/html" {
		charset = metaCharset(b)
	}
	s, fine := decodeBytes(b, charset)
	if !fine {
		p.w.def.add(defCharset)
	}
	if len(tail) > 0 {
		t, _ := decodeBytes(tail, "")
		s += "\n" + t
	}
	s = p.tidy(s)
	if l.typ == "text/plain" && strings.EqualFold(l.params["format"], "flowed") {
		s = unflow(s, strings.EqualFold(l.params["delsp"], "yes"))
	}
	return s
}

// tidy makes line ends LF, takes NUL out and reports characters that were lost.
func (p *parser) tidy(s string) string {
	if strings.IndexByte(s, '\r') >= 0 { // from a charset of other bytes
		s = string(foldLineEnds(nil, []byte(s)))
	}
	if strings.IndexByte(s, 0) >= 0 {
		p.w.def.add(defNUL)
		s = strings.ReplaceAll(s, "\x00", "")
	}
	if strings.Contains(s, "\uFFFD") {
		p.w.def.add(defUndecodable)
	}
	return s
}

// foldLineEnds turns CRLF, CR CR LF and a lone CR into LF. It writes into dst,
// which may be the same memory as b, or gives b when there is nothing to do.
func foldLineEnds(dst, b []byte) []byte {
	if bytes.IndexByte(b, '\r') < 0 {
		return b
	}
	dst = dst[:0]
	for {
		i := bytes.IndexByte(b, '\r')
		if i < 0 {
			return append(dst, b...)
		}
		dst = append(dst, b[:i]...)
		b = bytes.TrimLeft(b[i:], "\r")
		if len(b) == 0 || b[0] != '\n' {
			dst = append(dst, '\n')
		}
	}
}

// finish makes text and HTML of the pieces and settles which attachments the
// HTML shows.
func (p *parser) finish() {
	m := p.m
	if len(p.text) == 0 && len(p.html) == 0 && len(p.spare) > 0 {
		s := p.spare[0]
		i := s.attachment
		m.Attachments = append(m.Attachments[:i], m.Attachments[i+1:]...)
		p.text = append(p.text, s.piece)
		if s.piece.html {
			p.html = append(p.html, s.piece)
		}
	}
	m.HTML = joinHTML(p.html)
	var hints []hint
	m.Text, m.TextSource, hints = joinText(p.text)
	if m.TextSource != crm.TextHTML && m.HTML != "" && strings.TrimSpace(m.Text) == "" {
		// An empty text part beside HTML says nothing.
		if t, h := htmlTextHints(m.HTML); strings.TrimSpace(t) != "" {
			m.Text, m.TextSource, hints = t, crm.TextHTML, h
		}
	}
	if len(m.Text) > maxText {
		m.Text = crm.Cut(m.Text, maxText)
		p.w.def.add(defTextCut)
	}
	author := m.Author()
	if author.Name == "" {
		author.Name, _, _ = strings.Cut(author.Written, "@")
	}
	r := trim(m.Text, hints, author.Name, m.TextSource != crm.TextHTML)
	m.NewText, m.Quoted, m.Signature = r.New, r.Quoted, r.Signature
	p.markInline()
}

// joinText makes the text of its pieces, with what HTML among them said.
func joinText(ps []piece) (text, source string, hints []hint) {
	source = crm.TextNone
	var parts []string
	n := 0 // bytes of the parts before
	for i, t := range ps {
		s := t.text
		if t.html {
			var hs []hint
			s, hs = htmlTextHints(s)
			for _, h := range hs {
				hints = append(hints, hint{h.from + n, h.to + n, h.kind})
			}
		}
		if source == crm.TextNone || !t.html {
			source = crm.TextPlain
			if t.html {
				source = crm.TextHTML
			}
		}
		s = strings.TrimRight(s, "\n")
		if i == 0 {
			s = strings.TrimLeft(s, "\n")
		}
		parts = append(parts, s)
		n += len(s) + 2
	}
	switch len(parts) {
	case 0:
		return "", source, nil
	case 1:
		return parts[0], source, hints
	}
	if parts[0] == "" {
		hints = nil // what is trimmed below would move them
	}
	return strings.Trim(strings.Join(parts, "\n\n"), "\n"), source, hints
}

// joinHTML gives the HTML body; plain parts that stand between or after HTML
// parts (list footers) are shown as they are.
func joinHTML(ps []piece) string {
	n, last := 0, 0
	for i, t := range ps {
		if t.html {
			n++
			last = i
		}
	}
	if n == 0 {
		return ""
	}
	if len(ps) == 1 {
		return ps[last].text
	}
	var b strings.Builder
	for _, t := range ps {
		switch {
		case t.html:
			b.WriteString(t.text)
		case strings.TrimSpace(t.text) != "":
			b.WriteString("<pre>" + htmlEscaper.Replace(t.text) + "</pre>")
		default:
			continue
		}
		b.WriteByte('\n')
	}
	return b.String()
}

var htmlEscaper = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")

// markInline marks the attachments that the HTML shows (RFC 2392 §2).
func (p *parser) markInline() {
	html := p.m.HTML
	if html == "" {
		return
	}
	for i := range p.m.Attachments {
		if a := &p.m.Attachments[i]; !a.Inline && a.ContentID != "" {
			a.Inline = refersTo(html, a.ContentID)
		}
	}
}

func refersTo(html, cid string) bool {
	for {
		i := strings.Index(html, cid)
		if i < 0 {
			return false
		}
		if i >= 4 && strings.EqualFold(html[i-4:i], "cid:") {
			return true
		}
		html = html[i+len(cid):]
	}
}
