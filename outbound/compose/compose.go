package compose

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"net/url"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"kaveri/crm"
)

// Composer makes the bytes of drafts and signs them. It may be used by many
// goroutines at once, and is meant to be: signing is the work.
type Composer struct{ keys *keyring }

// New makes a composer that signs with the keys that source gives; nil signs
// nothing. now says when the keys are read again.
func New(source Keys, now func() time.Time) *Composer {
	return &Composer{&keyring{source: source, now: now}}
}

// Compose gives the mail as it goes over the wire but for dot-stuffing, signed
// by the keys of the From domain, or of the nearest domain above it that has
// any. messageID stands without angle brackets; at is the Date, and the time of
// the signatures. The same draft, messageID, at and keys give the same bytes.
//
// What cannot be written is an error of kind [crm.KindInvalid] that names the
// field; keys that cannot be read are one of kind [crm.KindUnavailable].
//
// The mail is ASCII throughout, unless the local part of an address is not:
// then the server must offer SMTPUTF8 (RFC 6531).
func (c *Composer) Compose(d *crm.Draft, messageID string, at time.Time) ([]byte, error) {
	signers, err := c.keys.of(d.From.Address.Domain())
	if err != nil {
		return nil, err
	}
	scratch := buffers.Get().(*[]byte)
	defer func() {
		if cap(*scratch) <= largestScratch {
			buffers.Put(scratch)
		}
	}()
	mail, err := write((*scratch)[:0], d, messageID, at)
	if err != nil {
		return nil, err
	}
	*scratch = mail
	return sign(mail, signers, d.Bulk, at)
}

// buffers are where mails are written, before their signatures go in front.
var buffers = sync.Pool{New: func() any { b := make([]byte, 0, 16<<10); return &b }}

// largestScratch keeps the room of a mail with great files from staying.
const largestScratch = 256 << 10

// write appends the unsigned mail.
func write(b []byte, d *crm.Draft, messageID string, at time.Time) ([]byte, error) {
	id, err := ownID(messageID)
	if err != nil {
		return nil, err
	}
	h := header{b: b}
	if err := h.common(d, id, at); err != nil {
		return nil, err
	}
	if err := h.list(d); err != nil {
		return nil, err
	}
	h.simple("MIME-Version", "1.0")
	w := body{
		text: validText(d.Text), html: validText(d.HTML),
		files: d.Files, messageID: id, boundary: boundaryOf(id),
	}
	if w.text == "" && w.html != "" {
		w.text = Text(cmp.Or(validText(d.Plain), w.html))
	}
	return w.write(h.b)
}

// validText gives text whose bytes are all UTF-8, as its charset says.
func validText(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	return strings.ToValidUTF8(s, "\uFFFD")
}

// common writes the fields of every mail (RFC 5322 §3.6).
func (h *header) common(d *crm.Draft, id string, at time.Time) error {
	if d.From.Address == "" {
		return crm.Invalid("from", "nobody is named as the author; the mail needs an address in From")
	}
	h.simple("Date", at.Format("Mon, 2 Jan 2006 15:04:05 -0700"))
	for _, f := range []struct {
		name, what string
		list       []crm.Party
	}{{"From", "from", []crm.Party{d.From}}, {"Reply-To", "reply-to", d.ReplyTo}, {"To", "to", d.To}, {"Cc", "cc", d.Cc}} {
		if len(f.list) == 0 {
			continue
		}
		if err := h.parties(f.name, f.what, f.list); err != nil {
			return err
		}
	}
	if len(d.To)+len(d.Cc) == 0 {
		h.simple("To", "undisclosed-recipients:;") // RFC 5322 §3.4: a group of nobody
	}
	if err := clean("subject", d.Subject); err != nil {
		return err
	}
	h.text("Subject", d.Subject)
	h.simple("Message-ID", "<"+id+">")
	if err := h.ids("In-Reply-To", "in-reply-to", d.InReplyTo); err != nil {
		return err
	}
	return h.ids("References", "references", d.References)
}

// Most Message-IDs that a field names: the first, which began the conversation,
// and the last, among which a reader finds one that it has (RFC 5322 §3.6.4).
const lastIDs = 8

// ids writes a field of Message-IDs. One that is not fit to be written (some
// programs make them with spaces) is left out: the others tell the thread.
func (h *header) ids(name, what string, list []string) error {
	var fit []string
	for _, id := range list {
		if err := clean(what, id); err != nil {
			return err
		}
		if isID(id) {
			fit = append(fit, id)
		}
	}
	if len(fit) == 0 {
		return nil
	}
	if n := len(fit); n > 1+lastIDs {
		fit = append(fit[:1:1], fit[n-lastIDs:]...)
	}
	h.begin(name)
	for _, id := range fit {
		h.bit("<" + id + ">")
	}
	h.end()
	return nil
}

// isID reports what may stand between angle brackets: printable ASCII without
// spaces and brackets.
func isID(id string) bool {
	for i := range len(id) {
		if c := id[i]; c <= ' ' || c > '~' || c == '<' || c == '>' {
			return false
		}
	}
	return id != "" && len(id) <= longestBit
}

// ownID gives our Message-ID with its domain as A-labels: beyond ASCII it would
// need a server with SMTPUTF8.
func ownID(id string) (string, error) {
	if err := clean("message-id", id); err != nil {
		return "", err
	}
	left, domain, ok := strings.Cut(id, "@")
	host, err := hostOf("message-id", domain)
	if err != nil || !ok || left == "" || !isID(left+"@"+host) {
		return "", crm.Invalid("message-id", "%q is not a Message-ID; it is like word@example.com", id)
	}
	return left + "@" + host, nil
}

// list writes the fields of mail to many and of answers by programs.
func (h *header) list(d *crm.Draft) error {
	if d.AutoAnswer {
		h.simple("Auto-Submitted", "auto-replied") // RFC 3834 §5
	}
	if d.Bulk {
		h.simple("Precedence", "bulk") // RFC 3834 §2: not to be answered by programs
	}
	if d.ListID != "" {
		if !listID(d.ListID) {
			return crm.Invalid("list-id", "%q is not a list's identifier; it is like autumn.example.com", d.ListID)
		}
		h.simple("List-Id", "<"+d.ListID+">") // RFC 2919 §3
	}
	if d.Unsubscribe != "" {
		if !webAddress(d.Unsubscribe) {
			return crm.Invalid("list-unsubscribe", "%q is not an https address (RFC 8058 requires one)", d.Unsubscribe)
		}
		h.simple("List-Unsubscribe", "<"+d.Unsubscribe+">") // RFC 2369 §3.2
		h.simple("List-Unsubscribe-Post", "List-Unsubscribe=One-Click")
	}
	if d.FeedbackID != "" {
		if !isID(d.FeedbackID) {
			return crm.Invalid("feedback-id", "%q has what cannot stand there; use letters, digits, - and :", d.FeedbackID)
		}
		h.simple("Feedback-ID", d.FeedbackID)
	}
	return nil
}

// listID reports a list's identifier: a dot-atom of at least two words and 255
// letters at most (RFC 2919 §3).
func listID(id string) bool {
	for i := range len(id) {
		if id[i] > '~' {
			return false
		}
	}
	return len(id) <= 255 && strings.Contains(id, ".") && dotAtom(id)
}

// webAddress reports an absolute address of https that may stand between angle
// brackets (RFC 8058 §3.1).
func webAddress(s string) bool {
	if !isID(s) || !strings.HasPrefix(s, "https://") {
		return false
	}
	u, err := url.Parse(s)
	return err == nil && u.Host != ""
}

// boundaryOf gives what the boundaries of a mail begin with. "=_" occurs
// neither in quoted-printable nor in base64 (RFC 2045 §6.7), so no part can hold
// a boundary, whatever its text.
func boundaryOf(messageID string) string {
	sum := sha256.Sum256([]byte(messageID))
	return "=_" + hex.EncodeToString(sum[:12]) + "_"
}
