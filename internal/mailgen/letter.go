package mailgen

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"strings"
	"time"
)

// letter is a mail of a load: first what it shall say, then what [writer.write] made of it.
type letter struct {
	kind      Kind
	direction Direction
	customer  int
	from      Person
	fromAddr  string
	to, cc    []string // as written
	subject   string
	date      time.Time
	parent    *letter
	text      string // what its author wrote
	quote     string // what stands under it
	html      string // the whole HTML, when it is not made from the text
	htmlOnly  bool
	plainOnly bool
	loseRefs  bool // the program knows In-Reply-To but not References
	loseAll   bool // the reply was written as a new mail
	attached  int
	extra     []field

	number int
	id     string
	refs   []string
	defect Defect
	raw    []byte // without transport fields
}

// write turns the letter into bytes, one time in two hundred with something wrong.
func (w *writer) write(l *letter) *letter {
	w.mails++
	l.number = w.mails
	if l.from.client == ancient { // its author's keyboard has no other signs than its charset
		l.subject, l.text = oldSigns.Replace(l.subject), oldSigns.Replace(l.text)
	}
	l.id = messageID(w.r, l.from.client, domainOf(l.fromAddr))
	if w.r.chance(0.005) && l.kind != KindBounce {
		l.defect = pick(w.r, []Defect{NoEndBoundary, RawHeader, LyingCharset, NoMessageID, DuplicateMessageID, AbsurdDate})
	}
	body := w.body(l)
	l.spoil(w, &body)
	var b bytes.Buffer
	b.Grow(len(body) + 2048)
	writeFields(&b, w.header(l))
	b.Write(body)
	l.raw = b.Bytes()
	return l
}

var oldSigns = strings.NewReplacer("–", "-", "€", "EUR")

// spoil settles the defect: one that does not fit the mail becomes one that does.
func (l *letter) spoil(w *writer, body *[]byte) {
	switch l.defect {
	case NoEndBoundary:
		if i := bytes.LastIndex(*body, []byte("\r\n--")); i >= 0 && bytes.HasPrefix(*body, []byte("Content-Type: multipart/")) {
			*body = (*body)[:i+2]
			return
		}
		l.defect, l.id = NoMessageID, ""
	case RawHeader:
		if isASCII(l.subject) && isASCII(l.from.Name) {
			l.subject += " – tärkeä"
		}
	case NoMessageID:
		l.id = ""
	case DuplicateMessageID:
		if w.lastID == "" {
			l.defect = ""
			return
		}
		l.id = w.lastID
	}
	if l.kind == KindCase && l.id != "" {
		w.lastID = l.id
	}
}

// messageID has the shape that the program gives it.
func messageID(r random, c client, domain string) string {
	switch c {
	case office:
		return fmt.Sprintf("%s%s@%s.prod.%s", r.base36(8), r.base36(24), r.base36(12), domain)
	case webmail:
		return fmt.Sprintf("CA%s+%s=%s@mail.%s", r.hex(20), r.hex(6), r.hex(8), domain)
	case ancient:
		return fmt.Sprintf("%s.%s@%s", r.hex(8), r.hex(6), domain)
	}
	return fmt.Sprintf("%s-%s-%s-%s-%s@%s", r.hex(8), r.hex(4), r.hex(4), r.hex(4), r.hex(12), domain)
}

func (w *writer) header(l *letter) []field {
	c := l.from.client
	encode, from := c.headerText, c.mailbox(l.from.Name, l.fromAddr)
	if l.defect == RawHeader {
		charset := c.charset(w.r)
		encode = func(s string) string { return encodeAs(charset, s) }
		from = encode(l.from.Name) + " <" + l.fromAddr + ">"
	}
	h := []field{{"From", from}}
	if len(l.to) > 0 {
		h = append(h, field{"To", strings.Join(l.to, ",\r\n\t")})
	}
	if len(l.cc) > 0 {
		h = append(h, field{"Cc", strings.Join(l.cc, ",\r\n\t")})
	}
	h = append(h, field{"Subject", encode(l.subject)})
	if date := w.dateField(l); date != "" {
		h = append(h, field{"Date", date})
	}
	if l.id != "" {
		h = append(h, field{"Message-ID", "<" + l.id + ">"})
	}
	h = append(h, l.references()...)
	h = append(h, programFields(w.r, c, l)...)
	h = append(h, l.extra...)
	return append(h, field{"MIME-Version", "1.0"})
}

func (w *writer) dateField(l *letter) string {
	if l.defect == AbsurdDate {
		return pick(w.r, []string{"Thu, 01 Jan 1970 00:00:00 +0000", "Tue, 31 Feb 2031 25:61:00 +0200", "eilen iltapäivällä", "",
			"Mon, 19 Jan 2099 03:14:07 -0700"})
	}
	switch l.from.Language {
	case "en":
		return l.date.UTC().Format(time.RFC1123Z)
	case "sv", "de":
		return l.date.In(time.FixedZone("CET", 3600)).Format(time.RFC1123Z)
	}
	return helsinki(l.date).Format(time.RFC1123Z)
}

// references follows RFC 5322 §3.6.4, and keeps the first and the latest of a long chain as programs do.
func (l *letter) references() []field {
	if l.parent == nil || l.parent.id == "" || l.loseAll {
		return nil
	}
	l.refs = append(append([]string{}, l.parent.refs...), l.parent.id)
	if len(l.refs) > 15 {
		l.refs = append(l.refs[:1:1], l.refs[len(l.refs)-14:]...)
	}
	h := []field{{"In-Reply-To", "<" + l.parent.id + ">"}}
	if !l.loseRefs {
		h = append(h, field{"References", "<" + strings.Join(l.refs, ">\r\n <") + ">"})
	}
	return h
}

// programFields is what each program leaves behind; some of it is long.
func programFields(r random, c client, l *letter) []field {
	switch c {
	case desktop:
		return []field{{"User-Agent", "Mozilla Thunderbird"}, {"Content-Language", "fi"}}
	case office:
		return []field{{"Thread-Topic", c.headerText(l.subject)}, {"Thread-Index", base64.StdEncoding.EncodeToString(r.bytes(22))},
			{"Accept-Language", "fi-FI, en-US"}, {"X-MS-Has-Attach", map[bool]string{true: "yes"}[l.attached > 0]},
			{"X-MS-Exchange-CrossTenant-Id", r.hex(32)}, {"X-Mailer", "Microsoft Outlook 16.0"}}
	case phone:
		return []field{{"X-Mailer", "iPhone Mail (21F90)"}}
	case ancient:
		return []field{{"X-Mailer", "PostMan 4.2"}, {"X-Priority", "3"}}
	}
	return nil
}

// body is the content, from Content-Type on.
func (w *writer) body(l *letter) []byte {
	content := w.content(l)
	if l.attached == 0 {
		return content
	}
	parts := [][]byte{content}
	for range l.attached {
		parts = append(parts, namedFile(randomFile(w.r), "attachment", w.r.IntN(3)))
	}
	return multipart("multipart/mixed", "mix_"+w.r.hex(24), "", parts...)
}

func (w *writer) content(l *letter) []byte {
	c, full := l.from.client, l.text
	if l.quote != "" {
		full += "\n" + l.quote
	}
	charset, label := c.charset(w.r), ""
	if l.defect == LyingCharset {
		charset, label = "windows-1252", "us-ascii"
	}
	plain := func() []byte { return c.text("plain", wrap(full, 74, c == desktop), charset, label) }
	if l.plainOnly || (c == ancient || c == desktop && !l.from.logo) && l.html == "" {
		return plain()
	}
	page := l.html
	if page == "" {
		page = pageOf(l, c)
	}
	if l.from.logo && l.html == "" {
		return multipart("multipart/alternative", "alt_"+w.r.hex(24), "", plain(), w.withLogo(c, page, charset, label))
	}
	rich := c.text("html", page, charset, label)
	if l.htmlOnly || c == kiosk {
		return rich
	}
	return multipart("multipart/alternative", "alt_"+w.r.hex(24), "This is a multi-part message in MIME format.\r\n", plain(), rich)
}

// withLogo is the HTML together with the picture it shows (RFC 2387).
func (w *writer) withLogo(c client, page, charset, label string) []byte {
	shown := w.logo
	shown.contentID = w.r.hex(16) + "@" + loadDomain
	page = strings.Replace(page, "</body>", `<img src="cid:`+shown.contentID+`" alt="logo"></body>`, 1)
	return multipart("multipart/related", "rel_"+w.r.hex(24), "", c.text("html", page, charset, label), namedFile(shown, "inline", 0))
}

func pageOf(l *letter, c client) string {
	class, style := "", ""
	if c == office {
		class = ` class="MsoNormal"`
		style = "<style><!-- p.MsoNormal {margin:0cm; font-size:11.0pt; font-family:\"Calibri\",sans-serif;} --></style>"
	}
	page := "<html><head>" + style + "</head><body lang=\"" + l.from.Language + "\">\n" + htmlParagraphs(l.text, class)
	if l.quote != "" {
		page += "<blockquote type=\"cite\" style=\"margin:0 0 0 .8ex;border-left:1px #ccc solid;padding-left:1ex\">\n" +
			htmlParagraphs(l.quote, class) + "</blockquote>\n"
	}
	return page + "</body></html>\n"
}
