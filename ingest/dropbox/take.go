package dropbox

import (
	"context"
	"fmt"
	"strings"
	"time"

	"kaveri/crm"
	"kaveri/ingest/parse"
)

// drop is a mail whose bytes have come.
type drop struct {
	c   *session
	raw []byte
	m   *crm.Message
	at  time.Time

	known bool // by and refused are found out
	by    crm.Staff
	why   error
}

func newDrop(c *session, raw []byte) *drop {
	return &drop{c: c, raw: raw, m: parse.Captured(raw), at: c.s.o.Now()}
}

// check says whether the mail may go to a recipient.
func (d *drop) check(ctx context.Context, w want) error {
	switch w.kind {
	case wantNote:
		if d.note() == "" {
			return refuse(554, 5, 6, 0, "the note is empty")
		}
		fallthrough
	case wantCopy:
		_, err := d.colleague(ctx)
		return err
	}
	return nil
}

// take does what a recipient asks for; check has allowed it.
func (d *drop) take(ctx context.Context, w want) error {
	keeper := d.c.s.o.Keeper
	switch w.kind {
	case wantNote:
		// The date is the mail's own, so that one sent again is the same note.
		return d.failed(keeper.Note(ctx, w.customer, d.by.ID, d.note(), crm.PlausibleDate(d.m.Date, d.at, d.at)))
	case wantCopy:
		return d.failed(keeper.Keep(ctx, Mail{Raw: d.traced(w.to), By: d.by.ID, Kind: KindCopy, At: d.at}))
	case wantJournal:
		return d.failed(keeper.Keep(ctx, Mail{Raw: d.journaled(), Kind: KindJournal, At: d.at}))
	}
	return d.failed(keeper.Keep(ctx, Mail{Raw: d.traced(w.to), Kind: KindBounce, At: d.at}))
}

// failed logs what is our own fault.
func (d *drop) failed(err error) error {
	if err != nil && crm.KindOf(err) != crm.KindInvalid && crm.KindOf(err) != crm.KindNotFound {
		d.c.s.o.Log.Error("a dropped mail was not kept; its sender tries again", "client", d.c.visitor.from, "err", err)
	}
	return err
}

// note gives what the author wrote anew.
func (d *drop) note() string { return strings.TrimSpace(d.m.NewText) }

// colleague finds out who of us has sent the mail, and refuses everybody else.
func (d *drop) colleague(ctx context.Context) (crm.Staff, error) {
	if !d.known {
		d.known = true
		d.by, d.why = d.author(ctx)
	}
	return d.by, d.why
}

func (d *drop) author(ctx context.Context) (crm.Staff, error) {
	c := d.c
	if c.by.ID != 0 {
		return c.by, nil
	}
	from := d.m.Author().Address
	// One field with one address: where there are more, what is proved and what
	// is shown may be different ones.
	if fields(d.raw, "from") != 1 || len(d.m.From) != 1 || from == "" {
		return crm.Staff{}, refuse(550, 5, 7, 1, "the From field has to name one colleague")
	}
	by, ours, err := c.s.o.Keeper.Colleague(ctx, from)
	if err != nil {
		return by, err
	}
	if !ours {
		return by, refuse(550, 5, 7, 1, "only colleagues may write to this address")
	}
	if c.s.trusts(c.visitor.from) {
		forged, err := c.s.o.Keeper.Forged(ctx, d.m.Auth)
		if err == nil && forged {
			err = refuse(550, 5, 7, 1, "your mail server has found that this does not come from "+string(from))
		}
		return by, err
	}
	if proven(ctx, c.s.o.DNS, c.visitor.from.AsSlice(), c.conn.Hostname(), c.from, from, d.raw) {
		return by, nil
	}
	return by, refuse(550, 5, 7, 1, "nothing proves that this comes from "+string(from)+": sign in, or send it through your mail server with SPF or DKIM")
}

// traced gives the mail as the last server on its way writes it (RFC 5321
// §4.4).
func (d *drop) traced(to crm.Address) []byte {
	c := d.c
	with := "ESMTP"
	if c.s.o.LMTP {
		with = "LMTP"
	}
	if _, encrypted := c.conn.TLSConnectionState(); encrypted { // RFC 3848
		with += "S"
	}
	if c.by.ID != 0 {
		with += "A"
	}
	client := "this machine"
	if c.visitor.from.IsValid() {
		client = "[" + c.visitor.from.String() + "]"
	}
	return append([]byte(traceOf(c.from, string(to), c.conn.Hostname(), client, c.s.o.Name, with, d.at)), d.raw...)
}

func traceOf(from, to, helo, client, name, with string, at time.Time) string {
	return fmt.Sprintf("Return-Path: <%s>\r\nDelivered-To: %s\r\nReceived: from %s (%s)\r\n\tby %s (Kaveri dropbox) with %s;\r\n\t%s\r\n",
		harmless(from), harmless(to), harmless(helo), client, harmless(name), with, at.Format(time.RFC1123Z))
}

// harmless leaves out what would end a field or a comment, and cuts what is
// longer than an address can be (RFC 5321 §4.5.3.1.3).
func harmless(s string) string {
	s = strings.Map(func(r rune) rune {
		if r <= ' ' || r == 0x7f || strings.ContainsRune("()<>;,\"\\", r) {
			return -1
		}
		return r
	}, s)
	return s[:min(len(s), 320)]
}

// journaled gives the mail that the journal is about. Exchange wraps it in a
// report (the first attached mail of one with X-MS-Journal-Report); servers
// that send a blind copy of each mail send the mail itself.
func (d *drop) journaled() []byte {
	if fields(d.raw, "x-ms-journal-report") == 0 {
		return d.raw
	}
	for _, a := range d.m.Attachments {
		if a.Type == "message/rfc822" || a.Type == "message/global" {
			if b, _, err := parse.Part(d.raw, a.Part); err == nil && len(b) > 0 {
				return b
			}
		}
	}
	return d.raw
}
