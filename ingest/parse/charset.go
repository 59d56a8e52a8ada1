package parse

import (
	"bytes"
	"encoding/base64"
	"io"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/emersion/go-message"
	"github.com/emersion/go-message/charset"
	"github.com/wlynxg/chardet"
	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/korean"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/traditionalchinese"
	"golang.org/x/text/encoding/unicode"
)

// aliases are the names that mail uses for charsets, beyond what the tables of
// go-message/charset know, and the common ones for speed. A superset stands
// for the set that mail names: browsers do the same (windows-1252 for
// iso-8859-1, GB 18030 for GB 2312).
var aliases = map[string]encoding.Encoding{
	"iso-8859-1": charmap.Windows1252, "iso8859-1": charmap.Windows1252, "iso_8859-1": charmap.Windows1252, "latin1": charmap.Windows1252, "latin-1": charmap.Windows1252, "l1": charmap.Windows1252,
	"windows-1252": charmap.Windows1252, "cp1252": charmap.Windows1252, "cp-1252": charmap.Windows1252, "win-1252": charmap.Windows1252, "win1252": charmap.Windows1252, "x-ansi": charmap.Windows1252, "ansi": charmap.Windows1252, "ansi_x3.110-1983": charmap.Windows1252, "3diso-8859-1": charmap.Windows1252, "x-cp1252": charmap.Windows1252,
	"iso-8859-2": charmap.ISO8859_2, "iso8859-2": charmap.ISO8859_2, "latin2": charmap.ISO8859_2, "iso-8859-15": charmap.ISO8859_15, "iso8859-15": charmap.ISO8859_15, "iso_8859-15": charmap.ISO8859_15, "latin-9": charmap.ISO8859_15, "latin9": charmap.ISO8859_15,
	"iso8859-4": charmap.ISO8859_4, "iso8859-5": charmap.ISO8859_5, "iso8859-7": charmap.ISO8859_7, "iso8859-9": charmap.Windows1254, "iso-8859-9": charmap.Windows1254, "iso8859-13": charmap.ISO8859_13,
	"iso-8859-6-e": charmap.ISO8859_6, "iso-8859-6-i": charmap.ISO8859_6, "iso-8859-8-e": charmap.ISO8859_8, "iso-8859-8-i": charmap.ISO8859_8, "visual": charmap.ISO8859_8, "logical": charmap.ISO8859_8,
	"iso-8859-11": charmap.Windows874, "tis-620": charmap.Windows874, "cp874": charmap.Windows874, "windows-874": charmap.Windows874,
	"cp1250": charmap.Windows1250, "cp1251": charmap.Windows1251, "cp1253": charmap.Windows1253, "cp1254": charmap.Windows1254, "cp1255": charmap.Windows1255, "cp1256": charmap.Windows1256, "cp1257": charmap.Windows1257, "cp1258": charmap.Windows1258, "win-1251": charmap.Windows1251, "win1251": charmap.Windows1251,
	"koi8-r": charmap.KOI8R, "koi8r": charmap.KOI8R, "koi8-u": charmap.KOI8U, "cp866": charmap.CodePage866, "cp437": charmap.CodePage437, "cp850": charmap.CodePage850, "cp852": charmap.CodePage852, "cp858": charmap.CodePage858,
	"macintosh": charmap.Macintosh, "mac": charmap.Macintosh, "x-mac-roman": charmap.Macintosh, "x-mac-cyrillic": charmap.MacintoshCyrillic,
	"gb2312": simplifiedchinese.GB18030, "gbk": simplifiedchinese.GB18030, "x-gbk": simplifiedchinese.GB18030, "gb_2312-80": simplifiedchinese.GB18030, "gb18030": simplifiedchinese.GB18030, "cp936": simplifiedchinese.GB18030, "euc-cn": simplifiedchinese.GB18030, "gb-2312": simplifiedchinese.GB18030, "chinesesimp": simplifiedchinese.GB18030, "hz-gb-2312": simplifiedchinese.HZGB2312, "hz": simplifiedchinese.HZGB2312,
	"big5": traditionalchinese.Big5, "big-5": traditionalchinese.Big5, "bog5": traditionalchinese.Big5, "cp950": traditionalchinese.Big5, "big5-hkscs": traditionalchinese.Big5, "big5hkscs": traditionalchinese.Big5, "chinesebig5": traditionalchinese.Big5,
	"shift_jis": japanese.ShiftJIS, "shift-jis": japanese.ShiftJIS, "sjis": japanese.ShiftJIS, "x-sjis": japanese.ShiftJIS, "cp932": japanese.ShiftJIS, "windows-31j": japanese.ShiftJIS, "ms_kanji": japanese.ShiftJIS,
	"iso-2022-jp": japanese.ISO2022JP, "iso-2022-jp-1": japanese.ISO2022JP, "iso-2022-jp-2": japanese.ISO2022JP, "iso-2022-jp-3": japanese.ISO2022JP, "iso-2022-jp-ms": japanese.ISO2022JP, "cp50220": japanese.ISO2022JP, "cp50221": japanese.ISO2022JP, "euc-jp": japanese.EUCJP, "x-euc-jp": japanese.EUCJP, "eucjp": japanese.EUCJP,
	"euc-kr": korean.EUCKR, "ks_c_5601-1987": korean.EUCKR, "ks_c_5601": korean.EUCKR, "ksc5601": korean.EUCKR, "ksc_5601": korean.EUCKR, "cp949": korean.EUCKR, "windows-949": korean.EUCKR, "uhc": korean.EUCKR, "5601": korean.EUCKR,
	"utf-16": unicode.UTF16(unicode.BigEndian, unicode.UseBOM), "utf16": unicode.UTF16(unicode.BigEndian, unicode.UseBOM), "utf-16le": unicode.UTF16(unicode.LittleEndian, unicode.UseBOM), "utf-16be": unicode.UTF16(unicode.BigEndian, unicode.UseBOM),
}

func init() { message.CharsetReader = readCharset }

// readCharset is how go-message reads a charset: as decodeBytes does, and all
// at once. The readers of go-message/charset allocate 8 kB, and the standard
// library copies an encoded word out of them through another 32 kB, where the
// whole of a mail costs 20 kB.
func readCharset(name string, r io.Reader) (io.Reader, error) {
	var b bytes.Buffer
	if sized, ok := r.(*bytes.Reader); ok {
		b.Grow(sized.Len() + bytes.MinRead)
	}
	if _, err := b.ReadFrom(r); err != nil {
		return nil, err
	}
	s, _ := decodeBytes(b.Bytes(), name)
	return strings.NewReader(s), nil
}

// utf8Names and asciiNames need no conversion; unknownNames say nothing.
var (
	utf8Names    = map[string]bool{"utf-8": true, "utf8": true, "utf_8": true, "unicode-1-1-utf-8": true, "x-utf-8": true, "x-utf_8j": true, "utf-8mb4": true, "utf8mb4": true, "cp65001": true, "unicode": true}
	asciiNames   = map[string]bool{"us-ascii": true, "ascii": true, "usascii": true, "ansi_x3.4-1968": true, "iso646-us": true, "us_ascii": true, "7bit": true, "iso-ir-6": true}
	unknownNames = map[string]bool{"": true, "unknown-8bit": true, "x-unknown": true, "unknown": true, "x-user-defined": true, "default": true, "default_charset": true, "_autodetect": true, "binary": true, "none": true, "null": true, "8bit": true}
)

// charsetName tidies what stands as a charset.
func charsetName(s string) string {
	s = strings.ToLower(strings.Trim(s, " \t\"'<>;,="))
	s = strings.TrimPrefix(s, "charset=")
	if i := strings.IndexAny(s, " \t;,("); i > 0 {
		s = s[:i]
	}
	return s
}

// isASCII looks at eight bytes at a time.
func isASCII(b []byte) bool {
	for len(b) >= 8 {
		if (b[0]|b[1]|b[2]|b[3]|b[4]|b[5]|b[6]|b[7])&0x80 != 0 {
			return false
		}
		b = b[8:]
	}
	for _, c := range b {
		if c >= 0x80 {
			return false
		}
	}
	return true
}

// decodeBytes brings b to UTF-8. fine is false when the declared charset was
// missing, unknown or wrong for these bytes and another was used.
func decodeBytes(b []byte, name string) (s string, fine bool) {
	if len(name) == 5 && strings.EqualFold(name, "utf-8") && utf8.Valid(b) {
		return string(b), true
	}
	name = charsetName(name)
	switch {
	case utf8Names[name]:
		if utf8.Valid(b) {
			return string(b), true
		}
		return guess(b, true)
	case asciiNames[name], unknownNames[name]:
		if isASCII(b) && bytes.IndexByte(b, 0x1b) < 0 {
			return string(b), true
		}
		return guess(b, false)
	case name == "utf-7" || name == "unicode-1-1-utf-7" || name == "x-unicode-2-0-utf-7":
		if s, ok := decodeUTF7(b); ok {
			return s, true
		}
		return guess(b, false)
	}
	enc, known := aliases[name]
	if isASCII(b) && !stateful(name) {
		return string(b), known || charsetKnown(name)
	}
	if known {
		if out, err := enc.NewDecoder().Bytes(b); err == nil {
			return fallbackIfUTF8(b, out)
		}
		return guess(b, false)
	}
	if r, err := charset.Reader(name, bytes.NewReader(b)); err == nil {
		if out, err := io.ReadAll(r); err == nil {
			return fallbackIfUTF8(b, out)
		}
	}
	return guess(b, false)
}

// stateful charsets encode other letters in 7-bit bytes.
func stateful(name string) bool {
	return strings.HasPrefix(name, "iso-2022") || strings.HasPrefix(name, "cp5022") || strings.HasPrefix(name, "hz") || strings.HasPrefix(name, "utf-16") || strings.HasPrefix(name, "utf16") || strings.HasPrefix(name, "utf-32")
}

func charsetKnown(name string) bool {
	_, err := charset.Reader(name, strings.NewReader(""))
	return err == nil
}

// fallbackIfUTF8 takes the decoded text unless the bytes are UTF-8 in truth:
// text in an 8-bit charset that is valid UTF-8 by chance hardly exists, and
// programs that declare the wrong one do.
func fallbackIfUTF8(b, out []byte) (string, bool) {
	if looksUTF8(b) {
		return string(b), false
	}
	return string(out), true
}

// looksUTF8 reports valid UTF-8 with at least one sequence of several bytes
// that no 8-bit text would hold by accident.
func looksUTF8(b []byte) bool {
	if !utf8.Valid(b) {
		return false
	}
	multi := 0
	for i := 0; i < len(b); {
		if b[i] < 0x80 {
			i++
			continue
		}
		r, n := utf8.DecodeRune(b[i:])
		if n >= 3 && r != utf8.RuneError || n == 2 && (b[i] == 0xc3 || b[i] == 0xc2 || b[i] == 0xc4 || b[i] == 0xc5) {
			multi++
		}
		i += n
	}
	return multi >= 2
}

// guess finds the charset of bytes whose label does not help: UTF-8 when they
// are, else windows-1252 for Western text, else what the detector says.
// mostlyUTF8 keeps the label UTF-8 when only a few bytes are broken.
func guess(b []byte, mostlyUTF8 bool) (string, bool) {
	if bytes.IndexByte(b, 0x1b) >= 0 && (bytes.Contains(b, []byte("\x1b$")) || bytes.Contains(b, []byte("\x1b(J"))) {
		if out, err := japanese.ISO2022JP.NewDecoder().Bytes(b); err == nil && !bytes.ContainsRune(out, utf8.RuneError) {
			return string(out), false
		}
	}
	if isASCII(b) || utf8.Valid(b) {
		return string(b), false
	}
	good, bad := countUTF8(b)
	if good > 4*bad || mostlyUTF8 && good > 0 && good >= bad {
		return strings.ToValidUTF8(string(b), "\uFFFD"), false
	}
	if enc := detect(b); enc != nil {
		if out, err := enc.NewDecoder().Bytes(b); err == nil {
			return string(out), false
		}
	}
	out, err := charmap.Windows1252.NewDecoder().Bytes(b)
	if err != nil {
		return strings.ToValidUTF8(string(b), "\uFFFD"), false
	}
	return string(out), false
}

// countUTF8 counts sequences of several bytes and bytes that are in none.
func countUTF8(b []byte) (good, bad int) {
	for i := 0; i < len(b); {
		if b[i] < utf8.RuneSelf {
			i++
			continue
		}
		r, n := utf8.DecodeRune(b[i:])
		if r == utf8.RuneError && n == 1 {
			bad++
		} else {
			good++
		}
		i += n
	}
	return good, bad
}

// detect asks the detector about text that is not Western: where 8-bit bytes
// stand in runs. Single ones between letters are accents.
func detect(b []byte) encoding.Encoding {
	high, pairs := 0, 0
	for i, c := range b {
		if c >= 0x80 {
			high++
			if i > 0 && b[i-1] >= 0x80 {
				pairs++
			}
		}
		if i >= maxGuess {
			b = b[:i]
			break
		}
	}
	if pairs < 4 || pairs*3 < high {
		return nil
	}
	r := chardet.Detect(b)
	if r.Confidence < 0.6 {
		return nil
	}
	return aliases[charsetName(r.Encoding)]
}

// decodeUTF7 is RFC 2152. ok is false when it is no UTF-7.
func decodeUTF7(b []byte) (string, bool) {
	var out strings.Builder
	for i := 0; i < len(b); i++ {
		c := b[i]
		if c >= 0x80 {
			return "", false
		}
		if c != '+' {
			out.WriteByte(c)
			continue
		}
		j := i + 1
		for j < len(b) && (isLetter(b[j]) || '0' <= b[j] && b[j] <= '9' || b[j] == '+' || b[j] == '/') {
			j++
		}
		if j == i+1 {
			out.WriteByte('+')
		} else {
			bits, err := base64.RawStdEncoding.DecodeString(string(b[i+1 : j]))
			if err != nil && len(bits) == 0 {
				return "", false
			}
			u := make([]uint16, len(bits)/2)
			for k := range u {
				u[k] = uint16(bits[2*k])<<8 | uint16(bits[2*k+1])
			}
			for _, r := range utf16.Decode(u) {
				out.WriteRune(r)
			}
		}
		if j < len(b) && b[j] == '-' {
			j++
		}
		i = j - 1
	}
	return out.String(), true
}

// headerText brings a raw header value to UTF-8; guessed says that its bytes
// were not UTF-8 and no encoded word declared them.
func headerText(b []byte, declared string) (s string, guessed bool) {
	if utf8.Valid(b) && bytes.IndexByte(b, 0x1b) < 0 {
		return string(b), false
	}
	name := charsetName(declared)
	if !asciiNames[name] && !utf8Names[name] && !unknownNames[name] {
		s, _ = decodeBytes(b, name)
		return s, true
	}
	s, _ = guess(b, false)
	return s, true
}

// mojibake reports text that is UTF-8 in truth and was read as windows-1252 or
// iso-8859-1.
func mojibake(s string) bool {
	pair, before := false, 'a'
	for _, r := range s {
		pair = pair || r >= 0x80 && before >= 0x80
		before = r
	}
	if !pair {
		return false
	}
	b := make([]byte, 0, len(s))
	for _, r := range s {
		c, ok := charmap.Windows1252.EncodeRune(r)
		if !ok {
			return false
		}
		b = append(b, c)
	}
	return looksUTF8(b)
}

// validText makes s safe to store: UTF-8 without NUL.
func validText(s string) string {
	if !utf8.ValidString(s) {
		s = strings.ToValidUTF8(s, "\uFFFD")
	}
	if strings.IndexByte(s, 0) >= 0 {
		s = strings.ReplaceAll(s, "\x00", "")
	}
	return s
}
