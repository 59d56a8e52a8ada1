package parse

import (
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"
)

// Reply is the text of a mail taken apart: what its author wrote anew, and how
// the author signs.
type Reply struct {
	// New is the text without quotes, without what introduces them and without
	// the signature. Of a mail that has none of these it is the text itself.
	New string
	// Quoted says that the text holds another mail or a part of one.
	Quoted bool
	// Signature is the block after a signature separator, else the closing of
	// New ("Regards, Anna"), which stays in New, since people sign letters too,
	// else what a phone or a list adds.
	Signature string
}

// maxTrim bounds the bytes that are looked at: nobody writes more by hand. What
// comes after them is taken for what the last line is.
const maxTrim = 1 << 20

// maxSpareLines bounds the table of lines that is kept for the next mail.
const maxSpareLines = 10_000

// lineKind says what a line is.
type lineKind uint8

const (
	lineText  lineKind = iota
	lineBlank          // nothing on it
	lineRule           // only dashes, underscores or the like
	lineQuote          // another mail, marked by > or by its place
	lineHead           // introduces a quote: "On Monday Anna wrote:"
	lineSign           // signature
	lineFoot           // what a phone, a list or a firm adds
)

// line is one line of the text, without the white space around it.
type line struct {
	start    int32 // where the line begins
	from, to int32 // where its words begin and end
	kind     lineKind
	colon    bool // has a colon early on: may be "From: ..."
	verbatim bool // inside a fenced block of code: nothing there means anything
}

// trimmer holds a text while it is taken apart.
type trimmer struct {
	text  string
	lines []line
	// quoted: there is a quote; headed: something says where it is from.
	quoted, headed bool
	looks          int // lines looked at for header blocks
	marks          int // people whose initials mark quotes
}

// trim takes the text of a mail apart, with what the HTML said about it and the
// name or address of its author; typed says that the marks of quotes are those of
// a plain text. Answers below or between quotes are kept. Quoted lines with no
// word of where they are from, and an answer below them, are cited by the author
// and kept with it; so is a text of nothing but such lines. A forwarded mail
// without a comment has nothing new.
func trim(text string, hints []hint, author string, typed bool) Reply {
	t := trimmers.Get().(*trimmer)
	t.text = text
	t.split()
	t.obey(hints)
	t.findQuotes()
	t.wrapped()
	t.findSignatures()
	if typed && t.quoted && !t.headed && !t.introduced() {
		t.cite(t.answer(author))
	}
	r := t.reply(author)
	if cap(t.lines) <= maxSpareLines {
		*t = trimmer{lines: t.lines[:0]}
		trimmers.Put(t)
	}
	return r
}

var trimmers = sync.Pool{New: func() any { return new(trimmer) }}

// split finds the lines and what shows at their ends.
func (t *trimmer) split() {
	s := t.text
	fence := -1
	for pos := 0; pos < len(s); {
		end := len(s)
		if pos < maxTrim {
			if i := strings.IndexByte(s[pos:], '\n'); i >= 0 {
				end = pos + i
			}
		}
		from, to := bare(s, pos, end)
		l := line{start: int32(pos), from: int32(from), to: int32(to)}
		switch {
		case from == to:
			l.kind = lineBlank
		case s[from] == '>':
			if isQuote(s[from:to]) && !t.isOrnament(s[from:to]) {
				l.kind = lineQuote
			}
		case s[from] == '`':
			if strings.HasPrefix(s[from:to], "```") {
				fence = t.fence(fence)
			}
		case ruleByte[s[from]] && isRule(s[from:to]):
			l.kind = lineRule
		}
		if l.kind == lineText {
			l.colon = strings.IndexByte(s[from:min(to, from+maxLabel)], ':') >= 0 || s[from] >= 0x80 && strings.Contains(s[from:min(to, from+maxLabel)], "：")
		}
		t.lines = append(t.lines, l)
		pos = end + 1
	}
}

// obey marks the lines that begin within a hint.
func (t *trimmer) obey(hints []hint) {
	i := 0
	for _, h := range hints {
		for i < len(t.lines) && int(t.lines[i].from) < h.from {
			i++
		}
		for ; i < len(t.lines) && int(t.lines[i].from) < h.to; i++ {
			l := &t.lines[i]
			if l.kind == lineBlank || l.kind == lineQuote {
				continue
			}
			l.kind = h.kind
			t.quoted = t.quoted || h.kind != lineSign && h.kind != lineFoot
			t.headed = t.headed || t.quoted
		}
	}
}

// fence opens or closes a block of code at the line that comes next. Only a
// block that is closed is one.
func (t *trimmer) fence(open int) int {
	if open < 0 {
		return len(t.lines)
	}
	for i := open; i < len(t.lines); i++ {
		if l := &t.lines[i]; l.kind != lineBlank {
			l.verbatim, l.kind = true, lineText
		}
	}
	return -1
}

// bare gives where the words of a line begin and end.
func bare(s string, from, to int) (int, int) {
	for from < to && (s[from] == ' ' || s[from] == '\t' || s[from] == '\r') {
		from++
	}
	for from < to && (s[to-1] == ' ' || s[to-1] == '\t' || s[to-1] == '\r') {
		to--
	}
	if from < to && (s[from] >= 0xc2 || s[to-1] >= 0x80) { // perhaps a no-break space
		v := strings.TrimLeftFunc(s[from:to], invisible)
		from = to - len(v)
		to = from + len(strings.TrimRightFunc(v, invisible))
	}
	return from, to
}

// invisible reports the characters that programs put around lines unseen.
func invisible(r rune) bool {
	return unicode.IsSpace(r) || r >= 0x200b && r <= 0x200f || r >= 0x202a && r <= 0x202e || r == 0xfeff
}

// isQuote reports a line that begins with quote marks, unless it is how
// GroupWise introduces what it then does not mark:
// ">>> Anna Berg <anna@berg.example> 3/5/2024 10:11 AM >>>".
func isQuote(s string) bool {
	return s[0] == '>' && !(strings.HasPrefix(s, ">>> ") && (strings.HasSuffix(s, " >>>") || strings.HasSuffix(s, ", in message")))
}

// isOrnament reports ">>> here <<<", which stands by itself.
func (t *trimmer) isOrnament(s string) bool {
	if !strings.HasPrefix(s, ">>") || !strings.HasSuffix(s, "<<") {
		return false
	}
	n := len(t.lines)
	return n == 0 || t.lines[n-1].kind != lineQuote
}

// ruleByte are the characters that separating lines are made of.
var ruleByte = [256]bool{'-': true, '_': true, '=': true, '*': true, '~': true, '#': true, '+': true, 0xe2: true} // 0xe2 begins – — ─

// ruleSet are the same characters, with the dashes that are not ASCII, and the
// space between them.
const ruleSet = "-_=*~#+ ‐‑–—―─━═"

// isRule reports a line of such characters alone.
func isRule(s string) bool {
	n := 0
	for _, r := range s {
		switch {
		case r == ' ':
		case strings.ContainsRune(ruleSet, r):
			n++
		default:
			return false
		}
	}
	return n > 1 || s == "—"
}

// str gives the words of line i.
func (t *trimmer) str(i int) string {
	l := &t.lines[i]
	return t.text[l.from:l.to]
}

// mark makes lines from to to (excluded) of a kind; what is blank stays blank.
func (t *trimmer) mark(from, to int, kind lineKind) {
	for i := from; i < to; i++ {
		if l := &t.lines[i]; l.kind != lineBlank {
			l.kind = kind
		}
	}
}

// next gives the first line at or after i that is not blank.
func (t *trimmer) next(i int) int {
	for i < len(t.lines) && t.lines[i].kind == lineBlank {
		i++
	}
	return i
}

// wrapped finds lines that were quoted before a program on the way broke them:
// one line between two of a quote that goes on as the first one ended.
func (t *trimmer) wrapped() {
	for i := 1; i+1 < len(t.lines); i++ {
		l := &t.lines[i]
		if (l.kind == lineText || l.kind == lineRule) && t.lines[i-1].kind == lineQuote && t.lines[i+1].kind == lineQuote && goesOn(t.str(i)) {
			l.kind = lineQuote
		}
	}
}

// goesOn reports text that does not look like the beginning of a sentence.
func goesOn(s string) bool {
	r, _ := utf8.DecodeRuneInString(s)
	return unicode.IsLower(r) || r == '_' || r == '(' || r == '<' || strings.HasPrefix(s, "http")
}

// reply puts the answer together. How a person signs counts before what a phone
// or a list adds.
func (t *trimmer) reply(author string) Reply {
	text, last := t.collect()
	r := Reply{New: text, Quoted: t.quoted, Signature: t.signature(lineSign)}
	if r.Signature == "" {
		_, r.Signature = SignatureOf(last, author)
	}
	if r.Signature == "" {
		r.Signature = t.signature(lineFoot)
	}
	if text == "" && t.quoted && !t.headed && r.Signature == "" {
		r.New = t.text
	}
	return r
}

// answer gives where the last run of new lines begins when it is more than a
// closing, which programs also put below a quote; else 0.
func (t *trimmer) answer(author string) int {
	from, to := 0, 0
	for i := 0; ; {
		a, b := t.segment(i)
		if a == b {
			break
		}
		from, to, i = a, b, b
	}
	if from == to {
		return 0
	}
	if body, _ := SignatureOf(t.text[t.lines[from].start:t.lines[to-1].to], author); strings.TrimSpace(body) == "" {
		return 0
	}
	return from
}

// introduced reports whether a quote has its introduction within the marks, in
// its first lines: "> On Monday Anna wrote:", "> From: ... > To: ...".
func (t *trimmer) introduced() bool {
	for i := 0; i < len(t.lines); i++ {
		if t.lines[i].kind != lineQuote {
			continue
		}
		if t.introducesItself(i) {
			return true
		}
		for i+1 < len(t.lines) && t.lines[i+1].kind == lineQuote {
			i++
		}
	}
	return false
}

// introducesItself looks at the first lines of the quote that begins at line i.
func (t *trimmer) introducesItself(i int) bool {
	var all evidence
	fields := 0
	for k := range 4 {
		s := t.unmarked(i + k)
		if s == "" {
			continue
		}
		if fieldOf(s, false) != 0 {
			fields++
		}
		var room [maxBanner + 50]byte
		if fields > 1 || len(s) < maxBanner && banners[string(lower(room[:0], strings.Trim(s, ruleSet)))] {
			return true
		}
		ev := evidenceOf(s)
		all |= ev &^ evEnd
		if _, strong := all.attribution(all, ev); strong && s[len(s)-1] == ':' && all&(evDate|evTime) != 0 {
			return true
		}
	}
	return false
}

// unmarked gives line i of a quote without its marks, "" when it is none.
func (t *trimmer) unmarked(i int) string {
	if i >= len(t.lines) || t.lines[i].kind != lineQuote || t.lines[i].to-t.lines[i].from > maxAttribution {
		return ""
	}
	return strings.TrimLeft(t.str(i), "> ")
}

// cite makes the quotes above line i text again.
func (t *trimmer) cite(i int) {
	for k := range t.lines[:i] {
		if l := &t.lines[k]; l.kind == lineQuote {
			l.kind = lineText
		}
	}
}

// collect gives the new lines: the text itself, a piece of it, or a copy when
// quotes stand between them. last is the last of the pieces.
func (t *trimmer) collect() (text, last string) {
	var out strings.Builder
	n := 0
	for i := 0; ; n++ {
		from, to := t.segment(i)
		if from == to {
			break
		}
		i = to
		if n == 1 {
			out.WriteString(last)
		}
		last = t.text[t.lines[from].start:t.lines[to-1].to]
		if n > 0 {
			out.WriteString("\n\n")
			out.WriteString(last)
		}
	}
	switch {
	case n > 1:
		return out.String(), last
	case n == 1 && len(last) == len(strings.TrimSpace(t.text)):
		return t.text, last
	}
	return last, last
}

// segment gives the next run of new lines at or after i, without the blank
// lines around it.
func (t *trimmer) segment(i int) (from, to int) {
	for i < len(t.lines) && t.lines[i].kind != lineText && t.lines[i].kind != lineRule {
		i++
	}
	from, to = i, i
	for ; i < len(t.lines) && t.lines[i].kind <= lineRule; i++ {
		if t.lines[i].kind != lineBlank {
			to = i + 1
		}
	}
	return from, to
}
