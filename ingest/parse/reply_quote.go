package parse

import (
	"bytes"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Bounds on what introduces a quote.
const (
	maxLabel        = 40     // bytes up to the colon of "From:"
	maxAttribution  = 400    // bytes of one line of "On Monday Anna wrote:"
	maxAttrLines    = 5      // lines that it is broken into
	maxMarks        = 3      // people whose initials are marks
	maxBlock        = 40     // lines of a block "From: ... Sent: ..."
	maxWrapped      = 15     // lines of a list of recipients in it
	maxLooks        = 20_000 // lines of all blocks that are tried
	maxForwardWords = 60     // bytes of "Begin forwarded message:"
	maxBanner       = 200    // bytes of "-----Original Message-----"
)

// findQuotes marks what is another mail and what introduces it.
func (t *trimmer) findQuotes() {
	for i := 0; i < len(t.lines); {
		l := &t.lines[i]
		if l.verbatim || l.kind == lineBlank || l.kind > lineQuote {
			i++
			continue
		}
		t.quoted = t.quoted || l.kind == lineQuote
		from, to, intro := t.opening(i)
		if from == to {
			i++
			continue
		}
		fresh := !t.headed && from == t.next(0) // nothing is above
		if !t.headed {
			t.cite(from)
		}
		t.quoted, t.headed = true, true
		t.mark(from, to, lineHead)
		t.mark(t.above(from), from, lineHead)
		// A quote that is marked ends where its marks end; any other goes on
		// to the end. But when "Anna wrote:" opens the mail, her words have
		// lost their marks or are gone, and the answer is below.
		n := t.next(to)
		if t.text[t.lines[from].from] == '|' {
			t.quoteFollows(n) // bars around the header too
		}
		if n < len(t.lines) && t.lines[n].kind != lineQuote && !(intro && fresh) {
			t.mark(n, len(t.lines), lineQuote)
			return
		}
		i = to
	}
}

// opening finds what introduces a quote in the lines that begin or end with i:
// lines from to to, nothing when they are equal. intro says that it is a line
// like "Anna wrote:", which people also write above pieces of a mail.
func (t *trimmer) opening(i int) (from, to int, intro bool) {
	l := &t.lines[i]
	s := t.text[l.from:l.to]
	switch {
	case l.kind == lineRule:
		return i, i, false
	case l.kind == lineQuote:
		if t.endsBracket(i) {
			if from, _ := t.attribution(i); from < i {
				return from, i + 1, true
			}
		}
		return i, i, false
	case len(s) <= maxBanner:
		if b := t.bannerOf(i); b != noBanner {
			if end := t.bannerEnd(i, b); end > i {
				return i, end, false
			}
		}
	}
	at := strings.IndexByte(s, '@') >= 0
	if l.colon {
		if end := t.headerBlock(i, false); end > i {
			return t.blockStart(i), end, false
		}
		if at && fieldOf(s, false) == fieldFrom && t.quoteFollows(i+1) {
			return i, i + 1, true
		}
	}
	if at && joinsQuote(s) {
		return i, i + 1, false
	}
	last := s[len(s)-1]
	if last == '>' && i+1 < len(t.lines) && t.endsBracket(i+1) {
		return i, i, false // the next line has the verb
	}
	bare := strings.HasSuffix(s, " wrote") // by programs of the 1990s
	if last != ':' && last != '-' && last != '>' && last != '*' && !bare && !strings.HasSuffix(s, "：") || len(s) > maxAttribution {
		return i, i, false
	}
	from, strong := t.attribution(i)
	if from > i {
		return i, i, false
	}
	marked := t.quoteFollows(i + 1)
	if !marked && from == i && isSentence(s) {
		return i, i, false
	}
	if !marked && (!strong || last == '>' || bare) {
		return i, i, false
	}
	return from, i + 1, true
}

// joinsQuote reports a line with an introduction and what it introduces.
// QUIRK: Yahoo's program for Android sets the old mail behind the colon.
func joinsQuote(s string) bool {
	cut := strings.Index(s[:min(len(s), maxAttribution)], ":  ")
	const all = evOpening | evVerb | evAddress | evTime
	return cut > 0 && evidenceOf(s[:cut+1])&all == all
}

// endsBracket reports the line "> wrote:": the address before it was too long
// for its line, and the mark is the bracket that is open there.
func (t *trimmer) endsBracket(i int) bool {
	l := &t.lines[i]
	if l.kind != lineQuote || l.to-l.from > maxBroken || i == 0 || t.lines[i-1].kind != lineText {
		return false
	}
	if s := t.str(i); !strings.HasSuffix(s, ":") && !strings.HasSuffix(s, "：") {
		return false
	}
	above := t.str(i - 1)
	return len(above) <= maxAttribution && strings.LastIndexByte(above, '<') > strings.LastIndexByte(above, '>') || strings.IndexByte(above, '@') >= 0
}

// quoteFollows reports whether the next line is a marked quote. QUIRK: some
// programs mark with a bar, others with the initials of the author ("AB> "); that
// is believed only here, and marks the lines.
func (t *trimmer) quoteFollows(i int) bool {
	n := t.next(i)
	if n >= len(t.lines) || t.lines[n].kind != lineText {
		return n < len(t.lines) && t.lines[n].kind == lineQuote
	}
	if m := initials(t.str(n)); m != "" && t.marks < maxMarks {
		t.marks++
		t.markAll(n, m)
		return true
	}
	bars := n
	for bars < len(t.lines) && t.lines[bars].kind == lineText && t.text[t.lines[bars].from] == '|' {
		bars++
	}
	t.mark(n, bars, lineQuote)
	return bars > n
}

// initials gives the mark "AB>" at the start of a line, "" when there is none.
func initials(s string) string {
	i := strings.IndexByte(s[:min(len(s), 5)], '>')
	for k := range max(i, 0) {
		if s[k]|0x20 < 'a' || s[k]|0x20 > 'z' {
			return ""
		}
	}
	return s[:i+1]
}

// markAll makes quotes of all lines from i on that begin with a mark.
func (t *trimmer) markAll(i int, mark string) {
	for ; i < len(t.lines); i++ {
		if l := &t.lines[i]; l.kind == lineText && strings.HasPrefix(t.str(i), mark) {
			l.kind = lineQuote
		}
	}
}

// above gives the first of the blank lines and rules right over line i.
func (t *trimmer) above(i int) int {
	for i > 0 && (t.lines[i-1].kind == lineBlank || t.lines[i-1].kind == lineRule) {
		i--
	}
	return i
}

// bannerKind says how sure a line is to be "-----Original Message-----".
type bannerKind uint8

const (
	noBanner    bannerKind = iota
	maybeBanner            // words between dashes, or known ones before a colon
	clearBanner            // known words between dashes
)

// bannerOf judges "-----Original Message-----" and "Begin forwarded message:".
func (t *trimmer) bannerOf(i int) bannerKind {
	s := t.str(i)
	last := s[len(s)-1]
	if !ruleByte[s[0]] && s[0] != '>' && last != ':' && last != "："[2] {
		return noBanner
	}
	dashes := len(s) - len(strings.TrimLeft(s, ruleSet))
	colon := last == ':' || strings.HasSuffix(s, "：")
	if isGroupWise(s) || strings.HasPrefix(s, "##-") && strings.HasSuffix(s, "-##") {
		return clearBanner
	}
	if dashes < 2 && !colon {
		return noBanner
	}
	inner := strings.Trim(s, ruleSet+"><：:")
	var room [maxBanner + 50]byte
	low := lower(room[:0], inner)
	_, more := begins(low, bannerBegins)
	known := banners[string(low)]
	switch {
	case dashes > 1 && (known || more):
		return clearBanner
	case known, colon && t.mayHead(t.next(i+1)) && saysForward(low):
		return maybeBanner
	case dashes >= 4 && inner != "" && len(strings.TrimRight(s, ruleSet)) <= len(s)-4:
		return maybeBanner
	}
	return noBanner
}

// mayHead reports a line that may be the first of a quoted header.
func (t *trimmer) mayHead(i int) bool {
	return i < len(t.lines) && (t.lines[i].colon || t.lines[i].kind == lineQuote)
}

// isGroupWise reports the line ">>> Anna Berg <anna@berg.example> 3/5/2024
// 10:11 AM >>>", below which Novell's program marks nothing.
func isGroupWise(s string) bool {
	return len(s) > 8 && strings.HasPrefix(s, ">>> ") && strings.HasSuffix(s, " >>>")
}

// saysForward reports a short line with a word for passing a mail on.
func saysForward(low []byte) bool {
	if len(low) > maxForwardWords || bytes.IndexByte(low, '@') >= 0 {
		return false
	}
	for _, stem := range forwardStems {
		if bytes.Contains(low, stem) {
			return true
		}
	}
	return false
}

// bannerEnd takes the banner at line i with the header that follows it, in a
// language that we may not know, and gives where they end, i when the line is
// no banner.
func (t *trimmer) bannerEnd(i int, kind bannerKind) int {
	n := t.next(i + 1)
	if n < len(t.lines) {
		if end := t.headerBlock(n, true); end > n {
			return end
		}
	}
	if kind == clearBanner || n < len(t.lines) && t.lines[n].kind == lineQuote {
		return i + 1
	}
	return i
}

// headerBlock takes the lines "From: ...", "Sent: ..." and so on from line i on
// and gives where they end, i when they are none. Between them may be blank
// lines and the further lines of a long field. loose is set behind a banner:
// there two fields are enough, and fields without a known name count.
func (t *trimmer) headerBlock(i int, loose bool) int {
	end := i
	var seen fieldSet
	address, unknown, gap := false, 0, 0
	for j := i; j < len(t.lines) && j < i+maxBlock && t.looks < maxLooks; j++ {
		t.looks++
		l := &t.lines[j]
		switch {
		case l.kind == lineBlank:
			if seen&(1<<fieldSubject) != 0 && seen&(1<<fieldFrom) != 0 {
				gap = 3 // what the subject ends with
			}
			if gap++; gap > 3 {
				j = len(t.lines)
			}
			continue
		case l.kind != lineText || l.verbatim:
			j = len(t.lines)
			continue
		}
		s := t.str(j)
		f := field(0)
		if l.colon {
			f = fieldOf(s, loose)
		}
		switch {
		case f == 0 && j == i:
			return i
		case f == 0:
			list := s[len(s)-1] == ',' || s[len(s)-1] == ';' || strings.Contains(s, "@")
			if !list || end < j-maxWrapped {
				gap++
			}
			if gap > 2 {
				j = len(t.lines)
			}
			address = address || end == j && strings.Contains(s, "@")
			continue
		case f == fieldUnknown:
			unknown++
		default:
			seen |= 1 << f
			if f == fieldFrom && j == i {
				seen |= moreFields(s)
			}
		}
		gap, end = 0, j+1
		address = address || strings.Contains(s, "@")
	}
	if seen.block(address) || loose && (seen != 0 && end > i+1 || unknown >= 3 && address) {
		return end
	}
	return i
}

// field is one of the fields that programs copy above a quoted mail.
type field uint8

const (
	fieldFrom field = iota + 1
	fieldTo
	fieldDate
	fieldCc
	fieldSubject
	fieldReplyTo
	fieldUnknown
)

// fieldSet is a set of fields.
type fieldSet uint8

// block reports whether fields are those of a mail. A journey has From, To and
// Date too: without a subject an address must be there.
func (f fieldSet) block(address bool) bool {
	party := f&(1<<fieldFrom|1<<fieldTo) != 0
	subject, date := f&(1<<fieldSubject) != 0, f&(1<<fieldDate) != 0
	switch {
	case !party:
		return false
	case address:
		return subject || date || f&(1<<fieldFrom) != 0 && f&(1<<fieldTo) != 0
	}
	return subject && (date || f&(1<<fieldFrom) != 0)
}

// fieldOf gives which field a line "*Label* : value" is. With loose a label
// that nobody knows counts as fieldUnknown.
func fieldOf(s string, loose bool) field {
	i := strings.IndexByte(s[:min(len(s), maxLabel)], ':')
	if j := strings.Index(s[:min(len(s), maxLabel)], "："); i < 0 || j >= 0 && j < i {
		i = j
	}
	if i <= 0 {
		return 0
	}
	label := strings.TrimFunc(s[:i], func(r rune) bool { return r == '*' || r == '_' || r == '|' || invisible(r) })
	if label == "" {
		return 0
	}
	var room [maxLabel + 20]byte
	f := fields[string(lower(room[:0], label))]
	if f == 0 && loose {
		if r, _ := utf8.DecodeRuneInString(label); unicode.IsUpper(r) && strings.Count(label, " ") < 3 {
			f = fieldUnknown
		}
	}
	return f
}

// moreFields gives the fields that follow the first one on its line, as in text
// of HTML that lost its line ends.
func moreFields(s string) (seen fieldSet) {
	s = s[:min(len(s), maxAttribution)]
	for i := strings.IndexByte(s, ':') + 1; i < len(s); i++ {
		if s[i] == ':' {
			word := strings.LastIndexByte(s[:i], ' ') + 1
			if f := fieldOf(s[word:i+1], false); f != 0 {
				seen |= 1 << f
			}
		}
	}
	return seen
}

// blockStart gives where a header block that begins at line i really begins:
// QUIRK: Lotus Notes writes the sender and the time in lines without a label
// above "To:".
func (t *trimmer) blockStart(i int) int {
	f := fieldOf(t.str(i), false)
	if f != fieldTo && f != fieldCc {
		return i
	}
	j := i
	for n := 0; n < 3 && t.next(j) == j && j > 0; n++ {
		for j > 0 && t.lines[j-1].kind == lineBlank && n == 0 {
			j--
		}
		if j == 0 || t.lines[j-1].kind != lineText {
			break
		}
		j--
		if ev := evidenceOf(t.str(j)); ev&(evDate|evTime) == evDate|evTime && len(t.str(j)) < 80 {
			if j > 0 && t.lines[j-1].kind == lineText && len(t.str(j-1)) < 80 && digitFirst(t.str(j)) {
				j--
			}
			return j
		}
	}
	return i
}

func digitFirst(s string) bool { return s[0] >= '0' && s[0] <= '9' }
