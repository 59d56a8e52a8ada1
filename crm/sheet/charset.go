package sheet

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/korean"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/traditionalchinese"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"

	"kaveri/crm"
)

// scan is what one look at all bytes of a file has found.
type scan struct {
	head       []byte // its first bytes
	size       int
	zeros      bool
	zeroLine   int // of the first zero byte, as an editor counts
	odd        int // control characters that no text has, zeros among them
	letters    int // sequences of UTF-8 of more than one byte
	broken     int // bytes that are no UTF-8
	feeds, crs int // line ends
}

// scanAll reads a file once: a guess from its beginning is wrong when the first
// ä comes late.
func scanAll(f io.Reader) (scan, error) {
	var s scan
	buf := make([]byte, 64<<10)
	kept := 0 // bytes of a sequence that a block has cut
	for {
		n, err := io.ReadFull(f, buf[kept:])
		end := errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
		if err != nil && !end {
			return s, err
		}
		b := buf[:kept+n]
		if s.head == nil {
			s.head = bytes.Clone(b[:min(len(b), 4096)])
		}
		rest := s.block(b, end)
		if end {
			return s, nil
		}
		kept = copy(buf, b[len(b)-rest:])
	}
}

// block counts in a block and gives how many bytes at its end need the next.
func (s *scan) block(b []byte, last bool) (rest int) {
	if i := bytes.IndexByte(b, 0); i >= 0 && !s.zeros {
		s.zeros, s.zeroLine = true, s.feeds+bytes.Count(b[:i], []byte{'\n'})+1
	}
	s.feeds += bytes.Count(b, []byte{'\n'})
	s.crs += bytes.Count(b, []byte{'\r'})
	for i := 0; i < len(b); {
		if b[i] < utf8.RuneSelf {
			if b[i] < ' ' && strings.IndexByte(blanks, b[i]) < 0 {
				s.odd++
			}
			i++
			continue
		}
		if !last && !utf8.FullRune(b[i:]) {
			s.size += i
			return len(b) - i
		}
		r, n := utf8.DecodeRune(b[i:])
		if r == utf8.RuneError && n == 1 {
			s.broken++
		} else {
			s.letters++
		}
		i += n
	}
	s.size += len(b)
	return 0
}

// blanks are the control characters that texts have; the last one ends a file of
// old programs.
const blanks = "\t\n\v\f\r\x1a"

// mixed reports text of windows-1252 with some UTF-8 in it, as files have that
// were joined.
func (s *scan) mixed() bool { return s.letters > 0 && s.broken > 0 }

// charset names what a file is written in and gives what decodes it, nil for
// UTF-8; sure is false for what nothing in the file says. A table may have a few
// zero bytes, of which its reader tells row by row; what has many control
// characters is no text at all.
func (s *scan) charset(table bool) (name string, sure bool, decode transform.Transformer, err error) {
	order, wide := s.wide()
	switch {
	case bytes.HasPrefix(s.head, []byte("PK\x03\x04")):
		return "", false, nil, crm.Invalid("encoding", "this is a spreadsheet's own file; save the sheet as CSV and name that")
	case bytes.HasPrefix(s.head, []byte("\xff\xfe")), bytes.HasPrefix(s.head, []byte("\xfe\xff")):
		return "UTF-16", true, unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewDecoder(), nil
	case s.zeros && wide:
		return "UTF-16", false, unicode.UTF16(order, unicode.IgnoreBOM).NewDecoder(), nil
	case s.zeros && (!table || s.odd*20 > s.size):
		return "", false, nil, crm.Invalid("encoding", "this is not a text file, or a damaged one: it has zero bytes, the first in line %d; export the list as CSV again", s.zeroLine)
	// Windows text has hardly any sequence that could be UTF-8: a few bad bytes
	// among many good letters are damage.
	case s.broken*4 <= s.letters:
		return "UTF-8", true, nil, nil
	}
	return assumed, false, charmap.Windows1252.NewDecoder(), nil
}

// assumed is the charset of what is no UTF-8, when nothing shows another.
const assumed = "windows-1252"

// regional are the charsets in which programs elsewhere write their tables.
var regional = []struct {
	name string
	encoding.Encoding
}{
	{assumed, charmap.Windows1252}, {"windows-1250", charmap.Windows1250}, {"windows-1251", charmap.Windows1251}, {"windows-1253", charmap.Windows1253}, {"windows-1254", charmap.Windows1254},
	{"windows-1257", charmap.Windows1257}, {"Shift_JIS", japanese.ShiftJIS}, {"GB18030", simplifiedchinese.GB18030}, {"Big5", traditionalchinese.Big5}, {"EUC-KR", korean.EUCKR},
}

// byTitles finds the charset in which most titles are known ones.
func (s *scan) byTitles(known func(title string) bool) (string, transform.Transformer) {
	line, _, _ := bytes.Cut(s.head, []byte{'\n'})
	line, _, _ = bytes.Cut(line, []byte{'\r'})
	best, most := 0, -1
	for i, c := range regional {
		head, err := c.NewDecoder().String(string(line))
		if err != nil {
			continue
		}
		n := 0
		for title := range strings.SplitSeq(unquoted(head), string(delimiterOf(head, known))) {
			if known(title) {
				n++
			}
		}
		if n > most {
			best, most = i, n
		}
	}
	return regional[best].name, regional[best].NewDecoder()
}

// wide reports UTF-16 without a mark: most characters of a table are ASCII, so
// that every other byte is zero.
func (s *scan) wide() (unicode.Endianness, bool) {
	var zeros [2]int
	for i, c := range s.head {
		if c == 0 {
			zeros[i%2]++
		}
	}
	half := len(s.head) / 2
	switch {
	case zeros[0] == 0 && zeros[1]*2 > half:
		return unicode.LittleEndian, true
	case zeros[1] == 0 && zeros[0]*2 > half:
		return unicode.BigEndian, true
	}
	return unicode.LittleEndian, false
}

// Decode gives the text of a file that is no table, by the same guess, and the
// name of the charset.
func Decode(data []byte) (text, charset string, err error) {
	s, err := scanAll(bytes.NewReader(data))
	if err != nil {
		return "", "", err
	}
	name, _, decode, err := s.charset(false)
	if err != nil {
		return "", "", err
	}
	if decode != nil {
		data, _, err = transform.Bytes(decode, data)
	}
	return string(bytes.TrimPrefix(data, []byte("\ufeff"))), name, err
}
