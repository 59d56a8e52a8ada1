package parse

import (
	"strings"

	"kaveri/crm"
)

// Part cuts an attachment from a raw mail by its [crm.Attachment] Part path.
// It gives the decoded bytes and what Message said of it. A mail without such
// a part gives [crm.KindNotFound].
func Part(raw []byte, path string) ([]byte, crm.Attachment, error) {
	b, a, ok := cut(raw, func(l *leaf) bool { return l.path == path })
	if !ok {
		return nil, crm.Attachment{}, crm.NotFound("the mail has no part %s", path)
	}
	return b, a, nil
}

// ByContentID cuts the part that HTML refers to as cid:... (RFC 2392 §2); cid
// is given without "cid:" and brackets.
func ByContentID(raw []byte, cid string) ([]byte, crm.Attachment, error) {
	cid = strings.Trim(cid, "<>")
	b, a, ok := cut(raw, func(l *leaf) bool { return cid != "" && contentID(l.h) == cid })
	if !ok {
		return nil, crm.Attachment{}, crm.NotFound("the mail has no such picture")
	}
	return b, a, nil
}

// cutter stops at the first leaf that it wants.
type cutter struct {
	w     walker
	want  func(*leaf) bool
	found bool
	body  []byte
	att   crm.Attachment
}

func (c *cutter) alternative() func() { return func() {} }

func (c *cutter) leaf(l *leaf) {
	if c.found || !c.want(l) {
		return
	}
	c.found, c.w.stop = true, true
	c.body = decodeTransfer(l.body, l.encoding, &c.w.def)
	c.att = crm.Attachment{Part: l.path, Name: l.displayName(), Type: l.typ, Inline: l.disposition == "inline", ContentID: contentID(l.h)}
	c.att.Size, c.att.SHA256 = digest(l.body, l.encoding, true, &c.w.def)
}

func cut(raw []byte, want func(*leaf) bool) ([]byte, crm.Attachment, bool) {
	c := cutter{want: want}
	c.w.visit = &c
	raw = c.w.root(raw)
	c.w.walk(raw)
	return c.body, c.att, c.found
}
