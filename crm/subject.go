package crm

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// BaseSubject gives what a subject is about: RFC 5256 §2.1, the subject without
// the marks that programs put around it when they reply and forward, and with
// the names of lists in brackets taken from its front. replies and forwards
// count those marks ("Re[4]:" counts 4). The marks of other languages than
// English count as well: see marks. The case of letters is kept; compare
// with [SubjectKey].
//
// It is idempotent, and takes time linear in the subject.
func BaseSubject(subject string) (base string, replies, forwards int) {
	r := subjectReader{rest: oneSpace(subject)}
	for {
		r.trailer()
		r.leader()
		if !r.wrapped() {
			return r.rest, r.replies, r.forwards
		}
	}
}

// Forwards reports whether a subject says that a mail carries another along: its
// first mark is one of forwarding.
func Forwards(subject string) bool {
	r := subjectReader{rest: oneSpace(subject)}
	return (r.mark() || r.wrapped()) && r.forwards > 0
}

// SubjectKey gives the form in which base subjects are compared (RFC 5256 §2.1
// has i;unicode-casemap, which lower case over NFC comes close enough to).
func SubjectKey(base string) string { return fold(base) }

// marks are the words that mail programs write before a colon. RFC 5256 §5
// knows the first row; the others are what programs in those languages write
// of themselves, whoever reads it.
var marks = []struct{ language, reply, forward string }{
	{"English", "re", "fw fwd"},
	{"Finnish", "vs", "vl"},
	{"Swedish", "sv", "vb"},
	{"Danish, Norwegian", "sv", "vs videresendt"}, // VS is a reply in Finnish: of the two it counts as that
	{"Icelandic", "sv", "fs"},
	{"German", "aw antw antwort", "wg"},
	{"Dutch", "antw antwoord", "doorst"},
	{"French", "ré rép", "tr"},
	{"Italian", "r rif", "i"},
	{"Spanish", "re", "rv"},
	{"Portuguese", "res", "enc"},
	{"Polish", "odp", "pd"},
	{"Hungarian", "vá", "továbbítás"},
	{"Latvian", "atb", "pārsūtīts"},
	{"Lithuanian", "ats", "fw"},
	{"Turkish", "ynt", "ilt i̇lt"}, // İ in lower case is two characters
	{"Greek", "απ σχετ", "πρθ"},
	{"Russian", "отв ответ на", "пересл"},
	{"Indonesian", "bls", "trs"},
	{"Chinese", "回复 答复 回覆 答覆", "转发 轉寄 轉發"},
	{"Japanese", "返信", "転送"},
	{"Korean", "답장 회신", "전달"},
	{"Hebrew", "השב תגובה", "הועבר"},
	{"Arabic", "رد", "توجيه"},
}

// markKind says which of the two a mark is.
type markKind int

const (
	noMark markKind = iota
	replyMark
	forwardMark
)

// markKinds has the words of marks in lower case.
var markKinds = func() map[string]markKind {
	kinds := map[string]markKind{}
	for _, m := range marks {
		for _, w := range strings.Fields(m.forward) {
			kinds[w] = forwardMark
		}
	}
	for _, m := range marks {
		for _, w := range strings.Fields(m.reply) {
			kinds[w] = replyMark
		}
	}
	return kinds
}()

const (
	maxMark    = 32   // bytes of a mark before its colon; the longest word above is shorter
	maxReplies = 1000 // what a count such as Re[4] is believed
)

// subjectReader takes marks from a subject, RFC 5256 §2.1.
type subjectReader struct {
	rest              string
	replies, forwards int
}

// trailer is step 2: "(fwd)" at the end.
func (r *subjectReader) trailer() {
	for {
		r.rest = strings.TrimRight(r.rest, " ")
		rest, ok := cutSuffixFold(r.rest, "(fwd)")
		if !ok {
			return
		}
		r.rest = rest
		r.forwards++
	}
}

// leader is steps 3 to 5: marks, and bracketed blobs before more of a subject.
// A blob that stands before a mark and one that stands before other text both
// go, so each is looked at once.
func (r *subjectReader) leader() {
	for {
		r.rest = strings.TrimLeft(r.rest, " ")
		if r.mark() {
			continue
		}
		n := blob(r.rest)
		if n == 0 || n == len(r.rest) {
			return
		}
		r.rest = r.rest[n:]
	}
}

// wrapped is step 6: "[fwd: ...]" around all of it.
func (r *subjectReader) wrapped() bool {
	rest, ok := cutPrefixFold(r.rest, "[fwd:")
	if !ok || !strings.HasSuffix(rest, "]") {
		return false
	}
	r.rest = rest[:len(rest)-1]
	r.forwards++
	return true
}

// mark takes one word of a reply or forward with its colon: "Re:", "RE :",
// "Re[4]:", "Re: [list]" and so on (subj-refwd of RFC 5256 §5).
func (r *subjectReader) mark() bool {
	word := r.rest[:wordEnd(r.rest)]
	if word == "" {
		return false
	}
	kind := markKinds[strings.ToLower(word)]
	if kind == noMark {
		return false
	}
	rest := strings.TrimLeft(r.rest[len(word):], " ")
	count, n := markCount(rest)
	rest = strings.TrimLeft(rest[n:], " ")
	colon := colonLen(rest)
	if colon == 0 {
		return false
	}
	r.rest = rest[colon:]
	if kind == replyMark {
		r.replies += count
	} else {
		r.forwards++
	}
	return true
}

// wordEnd gives the end of the letters (and marks on letters) at the start of
// s, 0 when there are none or more than a mark has.
func wordEnd(s string) int {
	for i, c := range s {
		if i > maxMark {
			return 0
		}
		if !unicode.IsLetter(c) && !unicode.Is(unicode.Mn, c) || c == utf8.RuneError {
			return i
		}
	}
	return 0 // no colon can follow
}

// markCount reads what may stand between mark and colon: a blob (RFC 5256 §5),
// or the other ways in which programs write how often: Re(2), Re^2. What is no
// number counts once.
func markCount(s string) (count, n int) {
	if n = blob(s); n == 0 {
		n = countEnd(s)
	}
	count, err := strconv.Atoi(strings.Trim(s[:n], "[]()^ "))
	if err != nil || count < 1 || count > maxReplies {
		count = 1
	}
	return count, n
}

// countEnd gives the length of "(2)" or "^2" at the start of s.
func countEnd(s string) int {
	if s == "" || s[0] != '(' && s[0] != '^' {
		return 0
	}
	n := 1
	for n < len(s) && n < 5 && '0' <= s[n] && s[n] <= '9' {
		n++
	}
	switch {
	case n == 1:
		return 0
	case s[0] == '^':
		return n
	case n < len(s) && s[n] == ')':
		return n + 1
	}
	return 0
}

// blob gives the length of "[...]" at the start of s with the space after it,
// 0 when there is none (subj-blob of RFC 5256 §5: no bracket within).
func blob(s string) int {
	if s == "" || s[0] != '[' {
		return 0
	}
	i := strings.IndexAny(s[1:], "[]") + 1
	if i == 0 || s[i] == '[' {
		return 0
	}
	for i++; i < len(s) && s[i] == ' '; i++ {
	}
	return i
}

// colonLen gives the length of the colon at the start of s; East Asian programs
// write a wide one.
func colonLen(s string) int {
	for _, c := range [...]string{":", "：", "﹕"} {
		if strings.HasPrefix(s, c) {
			return len(c)
		}
	}
	return 0
}

// oneSpace is the end of step 1: runs of white space become one space, and the
// ends have none. Encoded words are decoded before (package ingest/parse).
func oneSpace(s string) string {
	clean := true
	for i := 0; i < len(s) && clean; i++ {
		c := s[i]
		clean = c > ' ' && c < utf8.RuneSelf || c == ' ' && i > 0 && s[i-1] != ' '
	}
	if clean {
		return strings.TrimRight(s, " ")
	}
	return strings.Join(strings.Fields(s), " ")
}

func cutPrefixFold(s, prefix string) (string, bool) {
	if len(s) < len(prefix) || !strings.EqualFold(s[:len(prefix)], prefix) {
		return s, false
	}
	return s[len(prefix):], true
}

func cutSuffixFold(s, suffix string) (string, bool) {
	n := len(s) - len(suffix)
	if n < 0 || !strings.EqualFold(s[n:], suffix) {
		return s, false
	}
	return s[:n], true
}
