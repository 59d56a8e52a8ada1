package compose

import (
	"bytes"
	"mime"
	"net/textproto"
	"strconv"
	"strings"

	"github.com/jordan-wright/email"

	"kaveri/crm"
)

// body is the text of a mail, in UTF-8.
type body struct {
	text, html string // either may be empty
	files      []crm.File
	messageID  string
	boundary   string // see boundaryOf
}

const (
	typeText = "text/plain; charset=UTF-8"
	typeHTML = "text/html; charset=UTF-8"
)

// write appends the rest of a mail behind its other fields: Content-Type, the
// empty line, the parts. Mail without files, which is nearly all and every
// campaign, is written here; with files the library builds the tree.
func (w *body) write(b []byte) ([]byte, error) {
	switch {
	case len(w.files) > 0:
		return w.withFiles(b)
	case w.html == "":
		return single(b, typeText, w.text), nil
	case w.text == "":
		return single(b, typeHTML, w.html), nil
	}
	return w.alternative(b), nil
}

func single(b []byte, mediaType, text string) []byte {
	b = append(b, "Content-Type: "...)
	b = append(b, mediaType...)
	b = append(b, "\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"...)
	b = appendQuoted(b, text)
	if !bytes.HasSuffix(b, crlf) {
		b = append(b, '\r', '\n') // DATA ends the last line in any case (RFC 5321 §4.1.1.4)
	}
	return b
}

// alternative writes text and HTML, the better one last (RFC 2046 §5.1.4).
func (w *body) alternative(b []byte) []byte {
	boundary := w.boundary + "0"
	b = append(b, "Content-Type: multipart/alternative;\r\n boundary=\""...)
	b = append(b, boundary...)
	b = append(b, "\"\r\n\r\n--"...)
	b = part(b, boundary, typeText, w.text)
	b = append(b, "\r\n--"...)
	b = part(b, boundary, typeHTML, w.html)
	b = append(b, "\r\n--"...)
	b = append(b, boundary...)
	return append(b, "--\r\n"...)
}

func part(b []byte, boundary, mediaType, text string) []byte {
	b = append(b, boundary...)
	b = append(b, "\r\nContent-Transfer-Encoding: quoted-printable\r\nContent-Type: "...)
	b = append(b, mediaType...)
	b = append(b, "\r\n\r\n"...)
	return appendQuoted(b, text)
}

// withFiles has the library build the parts, and gives them boundaries of ours.
func (w *body) withFiles(b []byte) ([]byte, error) {
	e := email.NewEmail()
	e.Text, e.HTML = []byte(lineFeeds(w.text)), []byte(lineFeeds(w.html))
	e.Headers.Set("Message-Id", w.messageID) // else it asks the host for its name
	for i, f := range w.files {
		a, err := w.attachment(i, f)
		if err != nil {
			return nil, err
		}
		e.Attachments = append(e.Attachments, a)
	}
	built, err := e.Bytes()
	if err != nil {
		return nil, err
	}
	return w.graft(b, built)
}

// lineFeeds spares mime/quotedprintable the carriage returns: behind one that
// stands alone it can lose a line feed.
func lineFeeds(s string) string {
	if !strings.Contains(s, "\r") {
		return s
	}
	return strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(s)
}

// attachment gives a file with all its fields made, since the library writes a
// name into them as it is.
func (w *body) attachment(i int, f crm.File) (*email.Attachment, error) {
	if err := clean("file name", f.Name); err != nil {
		return nil, err
	}
	mediaType, err := typeOf(f)
	if err != nil {
		return nil, err
	}
	// A picture needs a text that shows it.
	inline, id := f.ContentID != "" && w.html != "", f.ContentID
	kind := "attachment"
	if inline {
		kind = "inline"
	}
	if id == "" {
		id = strconv.Itoa(i+1) + "." + strings.Trim(w.boundary, "=_") + w.messageID[strings.LastIndexByte(w.messageID, '@'):]
	}
	if err := clean("content id", id); err != nil {
		return nil, err
	}
	if !isID(id) {
		return nil, crm.Invalid("content id", "%q cannot be a Content-ID; use letters, digits, dots and one @", id)
	}
	return &email.Attachment{
		ContentType: mediaType,
		Content:     f.Data,
		HTMLRelated: inline,
		Header: textproto.MIMEHeader{
			"Content-Disposition": {disposition(kind, f.Name)},
			"Content-Id":          {"<" + id + ">"},
		},
	}, nil
}

const anyType = "application/octet-stream"

// typeOf gives a file's media type as it may stand in a field. A mail as a file
// must not be encoded (RFC 2046 §5.2.1), and unencoded it might have long lines,
// so it goes as mere bytes; so does what calls itself a multipart.
func typeOf(f crm.File) (string, error) {
	if f.Type == "" {
		return anyType, nil
	}
	if err := clean("file type", f.Type); err != nil {
		return "", err
	}
	name, params, err := mime.ParseMediaType(f.Type)
	written := mime.FormatMediaType(name, params)
	if err != nil || !strings.Contains(name, "/") || written == "" || len(written) > longestBit {
		return "", crm.Invalid("file type", "%q is not a media type; write it like application/pdf", f.Type)
	}
	if strings.HasPrefix(name, "multipart/") || strings.HasPrefix(name, "message/") {
		return anyType, nil
	}
	return written, nil
}

var crlf = []byte("\r\n")

// graft appends the parts of what the library built. Its header is left out but
// for Content-Type, since it comes in an order that changes from time to time.
// Its boundaries are random, and are replaced: the same mail has the same bytes
// at every attempt. Nothing of them is looked for but what nobody can have
// written into a text: the random words themselves.
func (w *body) graft(b, built []byte) ([]byte, error) {
	head, parts, ok := bytes.Cut(built, []byte("\r\n\r\n"))
	_, field, found := bytes.Cut(head, []byte("Content-Type: multipart/"))
	if !ok || !found {
		return nil, crm.Unavailable(nil, "the mail with its files could not be built")
	}
	top := readBranch(field)
	all := []branch{top}
	for i := 0; i < len(all); i++ { // a multipart has at most one within it
		mark := []byte("--" + all[i].boundary + "\r\nContent-Type: multipart/")
		if _, field, ok := bytes.Cut(parts, mark); ok {
			all = append(all, readBranch(field))
		}
	}
	for i, m := range all {
		ours := branch{m.subtype, w.boundary + strconv.Itoa(i)}
		if i == 0 {
			b = append(b, "Content-Type: multipart/"+ours.field()+"\r\n\r\n"...)
		} else {
			parts = bytes.Replace(parts, []byte(m.subtype+bounding+m.boundary), []byte(ours.field()), 1)
		}
		parts = bytes.ReplaceAll(parts, []byte("--"+m.boundary), []byte("--"+ours.boundary))
	}
	return append(b, parts...), nil
}

// branch is a part that has parts.
type branch struct{ subtype, boundary string }

const bounding = ";\r\n boundary="

// readBranch reads the rest of a Content-Type field of the library's.
func readBranch(field []byte) branch {
	subtype, rest, _ := bytes.Cut(field, []byte(bounding))
	boundary, _, _ := bytes.Cut(rest, crlf)
	return branch{string(subtype), string(boundary)}
}

// field gives it as we write it.
func (m branch) field() string {
	quoted := bounding + `"` + m.boundary + `"`
	if m.subtype == "related" {
		// RFC 2387 §3.1: the type of the part that the others belong to is required.
		return m.subtype + `; type="text/html"` + quoted
	}
	return m.subtype + quoted
}
