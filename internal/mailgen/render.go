package mailgen

import (
	"bytes"
	"fmt"
	"html"
	"mime"
	"net/textproto"
	"regexp"
	"strings"
	"time"

	"github.com/jordan-wright/email"
)

// attachments makes the files that a step names.
func (f *Firm) attachments(t *telling, st step, n *note) []file {
	var files []file
	for _, kind := range []string{"pdf", "png", "ics", "csv"} {
		name := f.tell(t, n.date, st.options[kind])
		if name == "" {
			continue
		}
		a := file{name: name}
		switch kind {
		case "pdf":
			title := strings.TrimSuffix(name, ".pdf")
			a.mediaType, a.data = "application/pdf", pdf(title, []string{n.from.Name, n.from.Company, n.date.Format("2.1.2006"), "",
				fmt.Sprintf("Viite / Reference: LP-%d", t.number), t.customer.Name, t.customer.Company})
		case "png":
			a.mediaType, a.data = "image/png", picture(320, 200, t.number)
		case "ics":
			a.mediaType = "text/calendar; charset=utf-8; method=REQUEST"
			day := n.date.AddDate(0, 0, 5)
			start := helsinki(time.Date(day.Year(), day.Month(), day.Day(), 10, 0, 0, 0, n.date.Location()))
			a.data = invitation(fmt.Sprintf("lp-%d@%s", t.number, f.Domain), n.subject, n.fromAddr, plainAddress(n.to[0]), start)
		case "csv":
			a.mediaType, a.data = "text/csv; charset=utf-8", participants(f.r, 18)
		}
		files = append(files, a)
	}
	return files
}

func plainAddress(mailbox string) string {
	if _, addr, ok := strings.Cut(mailbox, "<"); ok {
		return strings.TrimSuffix(addr, ">")
	}
	return mailbox
}

// render writes the bytes. The library builds the MIME structure; the header is ours, because the library writes it
// in the order of a map and unfolded, and its boundaries are random where the same seed must give the same bytes.
func (f *Firm) render(n *note) {
	if n.kind == KindBounce {
		return // written whole by composeBounce
	}
	n.id = messageID(f.r, n.from.client, domainOf(n.fromAddr))
	body, err := f.mimeBody(n)
	if err != nil {
		panic("mailgen: " + err.Error()) // not reachable: HTML pictures come only with HTML
	}
	c := n.from.client
	h := []field{{"From", c.mailbox(n.from.Name, n.fromAddr)}, {"To", strings.Join(n.to, ",\r\n ")}}
	if len(n.cc) > 0 {
		h = append(h, field{"Cc", strings.Join(n.cc, ",\r\n ")})
	}
	h = append(h, field{"Subject", c.headerText(n.subject)}, field{"Date", n.date.Format(time.RFC1123Z)}, field{"Message-ID", "<" + n.id + ">"})
	h = append(h, n.references()...)
	h = append(h, n.extra...)
	var b bytes.Buffer
	writeFields(&b, append(h, field{"MIME-Version", "1.0"}))
	b.Write(body)
	n.raw = b.Bytes()
}

// mimeBody is the content, from Content-Type on.
func (f *Firm) mimeBody(n *note) ([]byte, error) {
	full := n.text
	if n.sign != "" {
		full += "\n\n-- \n" + n.sign
	}
	n.display = full
	if n.quote != "" {
		full += "\n\n" + n.quote
		n.display = full
	}
	e := &email.Email{Text: []byte(full + "\n"), Headers: textproto.MIMEHeader{}}
	if n.rich {
		e.HTML = []byte(f.page(n))
	}
	for _, a := range n.files {
		attach(e, a, false)
	}
	if n.rich && n.signed {
		attach(e, file{name: "lumipolku.png", mediaType: "image/png", data: logo(), contentID: "lumipolku@" + f.Domain}, true)
	}
	raw, err := e.Bytes()
	if err != nil {
		return nil, err
	}
	return f.settle(raw), nil
}

// attach adds a file; its name goes through mime.FormatMediaType (RFC 2231), since the library writes names raw.
func attach(e *email.Email, a file, shown bool) {
	disposition := "attachment"
	h := textproto.MIMEHeader{}
	if shown {
		disposition = "inline"
		h.Set("Content-ID", "<"+a.contentID+">")
	}
	h.Set("Content-Disposition", mime.FormatMediaType(disposition, map[string]string{"filename": a.name}))
	e.Attachments = append(e.Attachments, &email.Attachment{Filename: a.name, ContentType: a.mediaType, Header: h, Content: a.data, HTMLRelated: shown})
}

var boundary = regexp.MustCompile(`boundary=([0-9a-f]{60})`)

// settle keeps of the library's header only what describes the content, in a fixed order, and replaces its random
// boundaries.
func (f *Firm) settle(raw []byte) []byte {
	head, body, _ := bytes.Cut(raw, []byte("\r\n\r\n"))
	var out bytes.Buffer
	lines := strings.Split(strings.ReplaceAll(string(head), "\r\n ", " "), "\r\n")
	for _, name := range []string{"Content-Type: ", "Content-Transfer-Encoding: "} {
		for _, l := range lines {
			if strings.HasPrefix(l, name) {
				out.WriteString(strings.Replace(l, "; boundary=", ";\r\n boundary=", 1) + "\r\n")
			}
		}
	}
	out.WriteString("\r\n")
	out.Write(body)
	settled := out.Bytes()
	for _, m := range boundary.FindAllSubmatch(settled, -1) {
		settled = bytes.ReplaceAll(settled, m[1], []byte(f.r.hex(60)))
	}
	return settled
}

// page is the HTML: paragraphs, the signature with its logo, the quote; for newsletters a frame and a way out.
func (f *Firm) page(n *note) string {
	var b strings.Builder
	b.WriteString("<!DOCTYPE html>\n<html><head><meta charset=\"utf-8\"></head><body style=\"font-family:Calibri,Arial,sans-serif;font-size:15px\">\n")
	if n.kind == KindNewsletter {
		fmt.Fprintf(&b, "<div style=\"background:#12344d;color:#ffffff;padding:16px\"><h1>%s</h1></div>\n", html.EscapeString(n.from.Name))
	}
	b.WriteString(htmlParagraphs(n.text, ""))
	if n.sign != "" {
		fmt.Fprintf(&b, "<p style=\"color:#456\">%s</p>\n", strings.ReplaceAll(html.EscapeString(n.sign), "\n", "<br>\n"))
	}
	if n.signed {
		fmt.Fprintf(&b, "<p><img src=\"cid:lumipolku@%s\" alt=\"Lumipolku\" width=\"96\" height=\"32\"></p>\n", f.Domain)
	}
	if n.kind == KindNewsletter {
		fmt.Fprintf(&b, "<p style=\"font-size:12px\"><a href=\"https://%s/peru\">Peru tilaus</a></p>\n", domainOf(n.fromAddr))
	}
	if n.quote != "" {
		b.WriteString("<blockquote type=\"cite\" style=\"border-left:2px solid #ccc;margin-left:4px;padding-left:8px\">\n" + htmlParagraphs(n.quote, "") + "</blockquote>\n")
	}
	b.WriteString("</body></html>\n")
	return b.String()
}

func (f *Firm) composeBounce(t *telling, n *note) *note {
	mta := "mx." + f.Domain
	n.kind, n.fromAddr, n.subject, n.id = KindBounce, "MAILER-DAEMON@"+mta, bounceSubject, f.r.hex(18)+"@"+mta
	n.from = Person{Name: "Mail Delivery System"}
	var b bytes.Buffer
	writeFields(&b, bounceFields(mta, t.answer.fromAddr, n.id, n.date))
	b.Write(bounceBody(f.r.hex(24), mta, t.addr, n.date, t.answer.raw))
	n.raw = b.Bytes()
	return n
}

// distribute makes the copies: to the receivers' folders, and to Sent.
func (f *Firm) distribute(t *telling, st step, n *note, now time.Time) []Delivery {
	d := Delivery{MessageID: n.id, Message: n.number, Thread: t.thread, Kind: n.kind, Direction: n.direction, Customer: n.customer,
		From: n.fromAddr, Subject: n.subject, Attached: n.attached}
	old := now.Sub(n.date) > 20*24*time.Hour
	var out []Delivery
	if n.direction != In {
		d.User, d.Folder, d.Date, d.Seen, d.Raw = n.from.User(), sent, n.date, true, n.raw
		out = append(out, d)
	}
	for _, to := range f.receivers(t, st, n) {
		d.User, d.Folder, d.Date, d.Seen = to.User(), inbox, n.date.Add(time.Duration(2+f.r.IntN(5))*time.Second), now.Sub(n.date) > 30*time.Hour
		if old && n.kind == KindCase {
			d.Folder = t.folder
		}
		d.Raw = append(transport(f.r, to.Addresses[0], &n.letter), n.raw...)
		out = append(out, d)
	}
	return out
}

// receivers are the members of staff in whose mailbox a copy lands.
func (f *Firm) receivers(t *telling, st step, n *note) []Person {
	by := func(key string) Person { return f.Staff[f.staffKeys[key]] }
	var out []Person
	switch {
	case n.kind == KindInternal, t.story.from != "":
		for _, key := range t.story.with {
			if key != st.actor {
				out = append(out, by(key))
			}
		}
	case n.kind == KindBounce:
		out = append(out, t.answer.from)
	case n.direction == In && n.to[0] == f.Shared:
		out = append(out, by("mikko"), by("antti"))
	case n.direction == In:
		out = append(out, by(t.owner(st)))
	}
	if cc := st.options["cc"]; cc != "" {
		out = append(out, by(cc))
	}
	return out
}
