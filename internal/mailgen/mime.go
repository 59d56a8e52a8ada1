package mailgen

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"html"
	"io"
	"mime"
	"mime/quotedprintable"
	"net/mail"
	"net/url"
	"strings"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
)

// field is one header field, written in the order given: programs are recognised by their order, so it matters.
type field struct{ name, value string }

func writeFields(w *bytes.Buffer, fields []field) {
	for _, f := range fields {
		w.WriteString(f.name)
		w.WriteString(": ")
		w.WriteString(f.value)
		w.WriteString("\r\n")
	}
}

var charsets = map[string]*charmap.Charmap{
	"windows-1252": charmap.Windows1252, "iso-8859-1": charmap.ISO8859_1, "iso-8859-15": charmap.ISO8859_15,
}

// encodeAs gives the bytes of s in a charset; what the charset lacks becomes its substitute sign.
func encodeAs(charset, s string) string {
	m, ok := charsets[charset]
	if !ok {
		return s
	}
	out, err := encoding.ReplaceUnsupported(m.NewEncoder()).String(s)
	if err != nil {
		return s // not reachable: ReplaceUnsupported leaves no error
	}
	return strings.ReplaceAll(out, "\x1a", "?")
}

func isASCII(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return r >= 0x80 }) < 0
}

// headerText encodes unstructured text as the client would: RFC 2047, and folded between encoded words.
func (c client) headerText(s string) string {
	if isASCII(s) {
		return s
	}
	switch c {
	case office:
		return encodedWords("windows-1252", encodeAs("windows-1252", s))
	case ancient:
		return encodedWords("iso-8859-1", encodeAs("iso-8859-1", s))
	case webmail, kiosk:
		return fold(mime.BEncoding.Encode("utf-8", s))
	}
	return fold(mime.QEncoding.Encode("utf-8", s))
}

func fold(words string) string { return strings.ReplaceAll(words, "?= =?", "?=\r\n =?") }

// encodedWords is the Q encoding for one-byte charsets; mime.QEncoding splits only UTF-8, and RFC 2047 §2 allows a
// word of at most 75 characters.
func encodedWords(charset, s string) string {
	var out []string
	for len(s) > 0 {
		n := min(len(s), 17)
		var b strings.Builder
		for _, c := range []byte(s[:n]) {
			switch {
			case c == ' ':
				b.WriteByte('_')
			case c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z':
				b.WriteByte(c)
			default:
				fmt.Fprintf(&b, "=%02X", c)
			}
		}
		out = append(out, "=?"+charset+"?Q?"+b.String()+"?=")
		s = s[n:]
	}
	return strings.Join(out, "\r\n ")
}

// mailbox writes a name and an address as the client would.
func (c client) mailbox(name, addr string) string {
	switch {
	case name == "":
		return addr
	case !isASCII(name):
		return c.headerText(name) + " <" + addr + ">"
	case c == office:
		return (&mail.Address{Name: name, Address: addr}).String()
	}
	if strings.ContainsAny(name, `,.()<>@:;"[]\`) {
		return (&mail.Address{Name: name, Address: addr}).String()
	}
	return name + " <" + addr + ">"
}

// part is a MIME entity: its content fields, an empty line, and its body, ending in a line end.
func part(fields []field, body string) []byte {
	var b bytes.Buffer
	b.Grow(len(body) + 256)
	writeFields(&b, fields)
	b.WriteString("\r\n")
	b.WriteString(body)
	if !strings.HasSuffix(body, "\r\n") {
		b.WriteString("\r\n")
	}
	return b.Bytes()
}

func multipart(contentType, boundary, preamble string, parts ...[]byte) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "Content-Type: %s;\r\n boundary=\"%s\"\r\n\r\n%s", contentType, boundary, preamble)
	for _, p := range parts {
		fmt.Fprintf(&b, "--%s\r\n", boundary)
		b.Write(p)
	}
	fmt.Fprintf(&b, "--%s--\r\n", boundary)
	return b.Bytes()
}

// text is a text part in the client's charset and transfer encoding. body has LF line ends. label overrides the
// charset that is declared, for the defect.
func (c client) text(subtype, body, charset, label string) []byte {
	cte := map[client]string{desktop: "8bit", office: "quoted-printable", webmail: "base64", phone: "quoted-printable",
		ancient: "quoted-printable", kiosk: "base64"}[c]
	if c == desktop && isASCII(body) {
		cte = "7bit"
	}
	if label == "" {
		label = charset
	}
	if c == office || c == phone {
		label = `"` + label + `"`
	}
	if c == desktop && subtype == "plain" {
		label += "; format=flowed"
	}
	return part([]field{{"Content-Type", "text/" + subtype + "; charset=" + label}, {"Content-Transfer-Encoding", cte}},
		transfer(cte, encodeAs(charset, body)))
}

func (c client) charset(r random) string {
	switch c {
	case office, kiosk:
		return "windows-1252"
	case ancient:
		return pick(r, []string{"iso-8859-1", "iso-8859-15"})
	}
	return "utf-8"
}

// transfer encodes a body with LF line ends for the wire.
func transfer(cte, body string) string {
	switch cte {
	case "base64":
		return base64Lines([]byte(strings.ReplaceAll(body, "\n", "\r\n")))
	case "quoted-printable":
		var b strings.Builder
		w := quotedprintable.NewWriter(&b)
		io.WriteString(w, body) // a strings.Builder never fails, here and below
		w.Close()
		return b.String()
	}
	return strings.ReplaceAll(body, "\n", "\r\n")
}

func base64Lines(data []byte) string {
	const raw, line = 57, 76 // RFC 2045 §6.8: no more than 76 characters a line
	var b strings.Builder
	b.Grow(base64.StdEncoding.EncodedLen(len(data)) * 79 / 76)
	var buf [line]byte
	for len(data) > 0 {
		n := min(raw, len(data))
		base64.StdEncoding.Encode(buf[:], data[:n])
		b.Write(buf[:base64.StdEncoding.EncodedLen(n)])
		b.WriteString("\r\n")
		data = data[n:]
	}
	return b.String()
}

// namedFile is an attachment part. The three ways to write a name that is not ASCII are all common: RFC 2231, RFC 2047
// inside quotes (forbidden by RFC 2047 §5 and sent by most programs), and both.
func namedFile(f file, disposition string, style int) []byte {
	fields := []field{{"Content-Type", f.mediaType}, {"Content-Transfer-Encoding", "base64"}}
	extended := disposition + ";\r\n filename*=utf-8''" + url.PathEscape(f.name)
	encoded := fold(mime.BEncoding.Encode("utf-8", f.name))
	switch {
	case isASCII(f.name):
		fields[0].value += fmt.Sprintf(";\r\n name=%q", f.name)
		fields = append(fields, field{"Content-Disposition", fmt.Sprintf("%s; filename=%q", disposition, f.name)})
	case style == 0:
		fields = append(fields, field{"Content-Disposition", extended})
	case style == 1:
		fields[0].value += ";\r\n name=\"" + encoded + `"`
		fields = append(fields, field{"Content-Disposition", disposition + ";\r\n filename=\"" + encoded + `"`})
	default:
		fields[0].value += ";\r\n name=\"" + encoded + `"`
		fields = append(fields, field{"Content-Disposition", extended})
	}
	if f.contentID != "" {
		fields = append(fields, field{"Content-ID", "<" + f.contentID + ">"})
	}
	return part(fields, base64Lines(f.data))
}

// htmlParagraphs turns plain text into what a mail program makes of it: a paragraph for each block of lines.
func htmlParagraphs(text, class string) string {
	var b strings.Builder
	for _, p := range strings.Split(strings.TrimSpace(text), "\n\n") {
		fmt.Fprintf(&b, "<p%s>%s</p>\n", class, strings.ReplaceAll(html.EscapeString(p), "\n", "<br>\n"))
	}
	return b.String()
}
