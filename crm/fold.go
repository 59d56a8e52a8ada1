package crm

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// MaxToken bounds a search token in bytes; longer runs are cut.
const MaxToken = 64

// letters that do not decompose into a base letter and a mark
var plainLetters = map[rune]string{
	'ß': "ss", 'ẞ': "ss", 'æ': "ae", 'Æ': "ae", 'œ': "oe", 'Œ': "oe", 'ø': "o", 'Ø': "o",
	'đ': "d", 'Đ': "d", 'ð': "d", 'Ð': "d", 'ł': "l", 'Ł': "l", 'þ': "th", 'Þ': "th", 'ı': "i",
}

// AppendTokens appends to dst the search tokens of s, each followed by one
// space: runs of letters and digits, lower case, diacritics folded (ä is a,
// ß is ss). Both database engines index and match exactly these tokens, so
// that a search means the same in both. At most limit bytes are appended.
func AppendTokens(dst []byte, s string, limit int) []byte {
	end := len(dst) + limit
	start := len(dst) // of the token being built
	flush := func() {
		if len(dst) > start {
			dst = append(dst, ' ')
		}
		start = len(dst)
	}
	for i := 0; i < len(s) && len(dst) < end; {
		c := s[i]
		if c < utf8.RuneSelf {
			i++
			switch {
			case 'a' <= c && c <= 'z' || '0' <= c && c <= '9':
			case 'A' <= c && c <= 'Z':
				c += 'a' - 'A'
			default:
				flush()
				continue
			}
			if len(dst)-start < MaxToken {
				dst = append(dst, c)
			}
			continue
		}
		r, n := utf8.DecodeRuneInString(s[i:])
		i += n
		switch {
		case unicode.Is(unicode.Mn, r): // a combining mark belongs to its letter
		case unicode.IsLetter(r) || unicode.IsDigit(r):
			if len(dst)-start < MaxToken-utf8.UTFMax {
				dst = appendFolded(dst, r)
			}
		default:
			flush()
		}
	}
	flush()
	return dst
}

// latin holds the folded form of the runes up to Latin Extended-B, which are
// most of the non-ASCII text in mail.
var latin = func() (table [0x250]string) {
	for r := rune(0x80); r < 0x250; r++ {
		table[r] = string(fold1(nil, r))
	}
	return table
}()

func appendFolded(dst []byte, r rune) []byte {
	if r < rune(len(latin)) {
		return append(dst, latin[r]...)
	}
	return fold1(dst, r)
}

func fold1(dst []byte, r rune) []byte {
	if p, ok := plainLetters[r]; ok {
		return append(dst, p...)
	}
	r = unicode.ToLower(r)
	if d := norm.NFKD.PropertiesString(string(r)).Decomposition(); d != nil {
		for len(d) > 0 { // the first rune is the base letter; marks are dropped
			b, n := utf8.DecodeRune(d)
			d = d[n:]
			if !unicode.Is(unicode.Mn, b) {
				dst = utf8.AppendRune(dst, unicode.ToLower(b))
			}
		}
		return dst
	}
	return utf8.AppendRune(dst, r)
}

// Tokens gives the search tokens of s.
func Tokens(s string) []string {
	return strings.Fields(string(AppendTokens(nil, s, 1<<20)))
}

// SortKey gives a byte-sortable key for names: their tokens.
func SortKey(name string) string {
	return strings.TrimSpace(string(AppendTokens(nil, name, 256)))
}

// NameKey is the same for names that say the same: their folded words. A name
// without letters and digits is its own key.
func NameKey(name string) string {
	if key := SortKey(name); key != "" {
		return key
	}
	return strings.ToLower(strings.TrimSpace(name))
}

// Cut gives the beginning of a text: at most n bytes, and whole characters.
func Cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}
