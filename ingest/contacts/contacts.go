package contacts

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"

	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"

	"kaveri/crm"
)

// Format says what an entry was written as.
type Format string

// The formats. FormatCSV is a table of no program that is known.
const (
	FormatVCard       Format = "vcard" // it names no version
	FormatVCard21     Format = "vcard-2.1"
	FormatVCard3      Format = "vcard-3.0"
	FormatVCard4      Format = "vcard-4.0"
	FormatGoogle      Format = "google-csv"
	FormatOutlook     Format = "outlook-csv"
	FormatThunderbird Format = "thunderbird-csv"
	FormatCSV         Format = "csv"
)

// Contact is an entry of an address book. Its texts are as written, decoded,
// without blanks around them; none is checked.
type Contact struct {
	Name         string   // for display: of a card FN, else made of the parts of the name
	Organisation string   // without its departments
	Emails       []string // in the order of the file, each once
	Phones       []string // faxes and pagers too
	Notes        string   // several are joined by line ends, which are \n
	Format       Format
}

// blank reports an entry that says nothing.
func (c *Contact) blank() bool {
	return c.Name == "" && c.Organisation == "" && c.Notes == "" && len(c.Emails) == 0 && len(c.Phones) == 0
}

// Report says how reading went.
type Report struct {
	Contacts int    // that were given
	Damaged  int    // places that could not be read
	Line     int    // of the first of them, 1 is the first line of the file
	Problem  string // what is wrong there
}

// damage notes a place that cannot be read.
func (r *Report) damage(line int, format string, args ...any) {
	if r.Damaged++; r.Damaged == 1 {
		r.Line, r.Problem = line, fmt.Sprintf(format, args...)
	}
}

// headSize is how much of a file is looked at to tell what it is, in bytes.
const headSize = 64 << 10

// Read reads an address book and calls each for every entry; an error of each
// ends reading and is given. A file that is no address book is an error of kind
// [crm.KindInvalid]; it may come after entries only when the file cannot be
// read on.
func Read(f io.ReadSeeker, each func(*Contact) error) (Report, error) {
	head := make([]byte, headSize)
	n, err := io.ReadFull(f, head)
	if err != nil && err != io.EOF && err != io.ErrUnexpectedEOF {
		return Report{}, err
	}
	if n == 0 {
		return Report{}, crm.Invalid("file", "it is empty")
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return Report{}, err
	}
	head = head[:n]
	decode := wide(head)
	from := io.Reader(f)
	if decode != nil {
		head, _, _ = transform.Bytes(decode, head) // a character that the head cuts does not matter
		decode.Reset()
		from = transform.NewReader(f, decode)
	}
	if !cardsIn(head) {
		return readTable(f, head, each)
	}
	r := cardReader{lines: newLines(bufio.NewReaderSize(from, headSize), head), each: each}
	err = r.read()
	return r.report, err
}

// wide gives what decodes UTF-16, by its mark or by the zeros of its first
// letters; nil for everything else.
func wide(head []byte) transform.Transformer {
	le, be := unicode.UTF16(unicode.LittleEndian, unicode.UseBOM), unicode.UTF16(unicode.BigEndian, unicode.UseBOM)
	switch {
	case bytes.HasPrefix(head, []byte("\xff\xfe")), bytes.HasPrefix(head, []byte("B\x00E\x00")):
		return le.NewDecoder()
	case bytes.HasPrefix(head, []byte("\xfe\xff")), bytes.HasPrefix(head, []byte("\x00B\x00E")):
		return be.NewDecoder()
	}
	return nil
}

// cardsIn reports a line that begins a card.
func cardsIn(head []byte) bool {
	for rest := bytes.ToUpper(head); ; {
		i := bytes.Index(rest, []byte("BEGIN:"))
		if i < 0 {
			return false
		}
		value, _, _ := bytes.Cut(rest[i+len("BEGIN:"):], []byte("\n"))
		if bytes.HasPrefix(bytes.TrimSpace(value), []byte("VCARD")) {
			return true
		}
		rest = rest[i+len("BEGIN:"):]
	}
}

// add adds a value unless it is blank or there already.
func add(list []string, value string) []string {
	value = strings.TrimSpace(value)
	if value == "" || slices.Contains(list, value) {
		return list
	}
	return append(list, value)
}

// addNote adds a text to the notes.
func (c *Contact) addNote(text string) {
	text = strings.TrimSpace(strings.ReplaceAll(strings.ReplaceAll(text, "\r\n", "\n"), "\r", "\n"))
	switch {
	case text == "":
	case c.Notes == "":
		c.Notes = text
	default:
		c.Notes += "\n" + text
	}
}

// mailAddress takes an address out of what stands around it: a scheme, a name
// with angle brackets. The names by which Exchange knows its own users are no
// addresses of mail.
func mailAddress(s string) string {
	s = strings.TrimSpace(s)
	if len(s) > len("mailto:") && strings.EqualFold(s[:len("mailto:")], "mailto:") {
		s = s[len("mailto:"):]
	}
	if open := strings.LastIndexByte(s, '<'); open >= 0 && strings.HasSuffix(s, ">") {
		s = s[open+1 : len(s)-1]
	}
	if strings.HasPrefix(strings.ToLower(s), "/o=") {
		return ""
	}
	return s
}

// joined joins the parts of a name by single blanks.
func joined(parts ...string) string {
	return strings.Join(strings.Fields(strings.Join(parts, " ")), " ")
}
