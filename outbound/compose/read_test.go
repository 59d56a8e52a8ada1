package compose

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"net/textproto"
	"strings"
	"testing"

	"kaveri/crm"
)

// read is a mail as the standard library reads it.
type read struct {
	header mail.Header
	parts  []readPart
}

type readPart struct {
	kind, name, id, disposition string // media type, file name
	path                        string // types of what it is in
	body                        string
}

func readMail(t testing.TB, raw []byte) read {
	t.Helper()
	m, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		t.Fatalf("%v\n%s", err, raw)
	}
	r := read{header: m.Header}
	r.walk(t, textproto.MIMEHeader(m.Header), m.Body, "")
	return r
}

func (r *read) walk(t testing.TB, h textproto.MIMEHeader, body io.Reader, path string) {
	t.Helper()
	kind, params, err := mime.ParseMediaType(h.Get("Content-Type"))
	if err != nil {
		t.Fatalf("Content-Type %q: %v", h.Get("Content-Type"), err)
	}
	if strings.HasPrefix(kind, "multipart/") {
		parts := multipart.NewReader(body, params["boundary"])
		for {
			p, err := parts.NextRawPart()
			if err == io.EOF {
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			r.walk(t, p.Header, p, path+kind+" ")
		}
	}
	var decoder io.Reader
	switch code := h.Get("Content-Transfer-Encoding"); code {
	case "quoted-printable":
		decoder = quotedprintable.NewReader(body)
	case "base64":
		decoder = base64.NewDecoder(base64.StdEncoding, body)
	default:
		t.Fatalf("a part is encoded as %q", code)
	}
	content, err := io.ReadAll(decoder)
	if err != nil {
		t.Fatal(err)
	}
	p := readPart{kind: kind, id: strings.Trim(h.Get("Content-Id"), "<>"), path: strings.TrimSpace(path), body: string(content)}
	if d := h.Get("Content-Disposition"); d != "" {
		var params map[string]string
		if p.disposition, params, err = mime.ParseMediaType(d); err != nil {
			t.Fatalf("Content-Disposition %q: %v", d, err)
		}
		p.name = params["filename"]
	}
	r.parts = append(r.parts, p)
}

// decoded gives an unstructured field as text.
func (r read) decoded(t testing.TB, name string) string {
	t.Helper()
	s, err := new(mime.WordDecoder).DecodeHeader(r.header.Get(name))
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return s
}

// checkLines refuses a mail whose bytes may not go over the wire: RFC 5322
// §2.1.1 and §2.3, and folding wherever there is a space to fold at.
func checkLines(t testing.TB, raw []byte) {
	t.Helper()
	if err := badLine(raw); err != nil {
		t.Fatalf("%v\n%q", err, raw)
	}
}

func badLine(raw []byte) error {
	if !bytes.HasSuffix(raw, crlf) {
		return fmt.Errorf("the mail does not end with a line end")
	}
	header := true
	for i, line := range bytes.Split(bytes.TrimSuffix(raw, crlf), crlf) {
		if len(line) == 0 {
			header = false
		}
		switch {
		case len(line) > 998:
			return fmt.Errorf("line %d has %d bytes", i+1, len(line))
		case bytes.ContainsAny(line, "\r\n\x00"):
			return fmt.Errorf("line %d has a bare CR, LF or a NUL", i+1)
		case header && len(line) > 78 && bytes.ContainsAny(bytes.TrimLeft(cutName(line), " "), " \t"):
			return fmt.Errorf("line %d could be folded: %q", i+1, line)
		case header && len(line) > 76 && bytes.Contains(line, []byte("=?utf-8?")):
			return fmt.Errorf("line %d has an encoded word and is too long: %q", i+1, line)
		case header && len(line) > 0 && len(bytes.TrimSpace(line)) == 0:
			return fmt.Errorf("line %d of the header is white", i+1)
		case !header && len(line) > 78:
			return fmt.Errorf("line %d of the body has %d bytes", i+1, len(line))
		}
	}
	return nil
}

func cutName(line []byte) []byte {
	if name, value, ok := bytes.Cut(line, []byte(":")); ok && len(name) > 0 && name[0] != ' ' {
		return value
	}
	return line
}

// partiesOf reads a field of addresses back.
func (r read) partiesOf(t testing.TB, name string) []crm.Party {
	t.Helper()
	list, err := r.header.AddressList(name)
	if err != nil {
		t.Fatalf("%s %q: %v", name, r.header.Get(name), err)
	}
	out := make([]crm.Party, len(list))
	for i, a := range list {
		address, err := crm.ParseAddress(a.Address)
		if err != nil { // a local part that needs its quotes
			at := strings.LastIndexByte(a.Address, '@')
			address = crm.Address(`"` + a.Address[:at] + `"` + a.Address[at:])
		}
		out[i] = crm.Party{Name: a.Name, Address: address}
	}
	return out
}
