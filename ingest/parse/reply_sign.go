package parse

import (
	"bytes"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Bounds of a signature, in lines that are not blank. RFC 3676 §4.3 asks for
// the separator "-- "; four lines are good manners, a firm's disclaimer is not.
const (
	maxSignature = 40 // after "-- "
	maxFooter    = 20 // after underscores
	maxCard      = 8  // after another rule
	maxClosing   = 12 // from "Regards," to the end
	maxSignLine  = 80 // bytes of a line of it
	maxDevice    = 120
)

// findSignatures marks the signatures: each stands at the end of a run of new
// lines, before a quote or before the end.
func (t *trimmer) findSignatures() {
	for i := 0; i < len(t.lines); {
		from, to := t.segment(i)
		i = to
		if from == to {
			return
		}
		to = t.devices(from, to)
		if s, kind := t.separator(from, to); s < to {
			foot := t.footer(s, to)
			t.mark(s, foot, kind)
			t.mark(foot, to, lineFoot)
			t.devices(from, s)
		}
	}
}

// separator finds the line in a run of new lines from which on there is only
// signature.
func (t *trimmer) separator(from, to int) (int, lineKind) {
	rest := 0 // lines after i
	found, kind := to, lineSign
	for i := to - 1; i >= from && rest <= maxSignature; i-- {
		l := &t.lines[i]
		switch {
		case l.kind == lineBlank || l.verbatim:
			if l.verbatim {
				return found, kind
			}
			continue
		case l.kind == lineRule:
			if k, ok := t.separates(i, from, rest); ok {
				found, kind = i, k
			}
		}
		rest++
	}
	return found, kind
}

// footer finds where a list adds its own below a signature.
func (t *trimmer) footer(from, to int) int {
	for i := from; i < to; i++ {
		if s := t.str(i); len(s) > 20 && s[0] == '_' && isRule(s) {
			return i
		}
	}
	return to
}

// separates reports whether the rule at line i, with rest lines after it, has
// a signature or a footer behind it.
func (t *trimmer) separates(i, from, rest int) (lineKind, bool) {
	s := t.str(i)
	switch {
	case s == "--" || s == "––":
		trailing := strings.HasPrefix(t.text[t.lines[i].to:], " ")
		return lineSign, trailing || rest <= maxFooter
	case rest == 0:
		return lineFoot, true
	case s[0] == '_':
		return lineFoot, rest <= maxFooter
	case s == "—":
		return lineSign, false // people write it above their name: a closing
	}
	return lineSign, rest <= maxCard && i > from && t.lines[i-1].kind == lineBlank && t.isCard(i+1)
}

// isCard reports whether there is a way to reach somebody from line i on, an
// address or a number, or what a list or a scanner of mail adds: behind a rule
// that may also part two thoughts.
func (t *trimmer) isCard(i int) bool {
	for ; i < len(t.lines) && t.lines[i].kind <= lineRule; i++ {
		s := t.str(i)
		if isFooter(s) {
			return true
		}
		if len(s) > maxSignLine {
			return false
		}
		if reaches(s) {
			return true
		}
	}
	return false
}

// reaches reports a line with a number or an address by which somebody is
// reached, and little else.
func reaches(s string) bool {
	digits := 0
	for k := range len(s) {
		switch {
		case s[k] >= '0' && s[k] <= '9':
			digits++
		case s[k] == ':' && digits > 0 && k+1 < len(s) && s[k+1] >= '0' && s[k+1] <= '9':
			return false // a time of day
		}
	}
	return digits >= 7 && digits*2 > len(s)-8 || strings.IndexByte(s, '@') > 0 && !strings.Contains(s, " ")
}

// isFooter reports a line of what a list, a scanner of mail or a firm adds.
func isFooter(s string) bool {
	var room [maxDevice + 16]byte
	low := lower(room[:0], s[:min(len(s), maxDevice)])
	for _, f := range footers {
		if bytes.Contains(low, f) {
			return true
		}
	}
	return false
}

// devices marks the lines at the end of a run that a phone or a mail program
// added, and gives where the run ends without them.
func (t *trimmer) devices(from, to int) int {
	for i := to - 1; i >= from; i-- {
		l := &t.lines[i]
		if l.kind == lineBlank {
			continue
		}
		alone := i > from && t.lines[i-1].kind == lineBlank
		if l.verbatim || l.kind != lineText || !isDevice(t.str(i), alone) {
			return to
		}
		l.kind, to = lineFoot, i
	}
	return to
}

// signature gives the first block of lines of a kind, without the rule above.
func (t *trimmer) signature(kind lineKind) string {
	for i := range t.lines {
		if t.lines[i].kind != kind || isRule(t.str(i)) {
			continue
		}
		to := i
		for k := i; k < len(t.lines) && (t.lines[k].kind == kind || t.lines[k].kind == lineBlank); k++ {
			if t.lines[k].kind == lineBlank {
				continue
			}
			if isRule(t.str(k)) {
				break // what is below is not of the same hand
			}
			to = k
		}
		return t.text[t.lines[i].start:t.lines[to].to]
	}
	return ""
}

// isDevice reports a line that a phone or a mail program adds to what is
// written on it. One that stands alone may name a thing that nobody knows:
// "Sent from a magnificent typewriter".
func isDevice(s string, alone bool) bool {
	s = strings.Trim(s, " <>()[]*_-–—.!")
	if len(s) == 0 || len(s) > maxDevice {
		return false
	}
	var room [maxDevice + 16]byte
	low := lower(room[:0], s)
	if _, ok := begins(low, adverts); ok {
		return true
	}
	if what, ok := begins(low, sentFromMy); ok {
		return isGadget(string(what)) && !goesOnAbout(what, maxGadgetWords) || !goesOnAbout(what, 4)
	}
	if what, ok := begins(low, getOutlook); ok {
		return !goesOnAbout(what, maxGadgetWords)
	}
	if what, ok := begins(low, sentFrom); ok {
		return isGadget(string(what)) || alone && upperFirst(s) && bytes.HasPrefix(low, []byte("sent from a")) && !goesOnAbout(what, 6)
	}
	if ends(low, sentFromEnds) {
		return isGadget(string(low))
	}
	// "Anna, from mobile"
	before, after, found := bytes.Cut(low, []byte("from "))
	return found && bytes.Count(before, []byte(" ")) <= 2 && onTheRoad[string(after)]
}

// maxGadgetWords bounds the name of a phone with its maker and its network.
const maxGadgetWords = 9

// goesOnAbout reports more than some words, or something behind a comma that is
// neither an excuse nor a gadget: a sentence that only begins like a phone's.
func goesOnAbout(what []byte, most int) bool {
	name, rest := what, []byte(nil)
	if i := bytes.IndexAny(what, ",.;!:?"); i >= 0 && i+1 < len(what) && what[i+1] == ' ' {
		name, rest = what[:i], what[i+1:]
	}
	if bytes.Count(bytes.TrimSpace(name), []byte(" ")) >= most {
		return true
	}
	if len(rest) == 0 || isGadget(string(rest)) && bytes.Count(rest, []byte(" ")) <= 4 {
		return false
	}
	for _, e := range excuses {
		if bytes.Contains(rest, []byte(e)) {
			return false
		}
	}
	return true
}

// begins gives what follows the first of the phrases that s begins with.
func begins(s []byte, phrases []string) ([]byte, bool) {
	for _, p := range phrases {
		if len(s) >= len(p) && string(s[:len(p)]) == p {
			return s[len(p):], true
		}
	}
	return nil, false
}

// ends reports whether s ends with one of the phrases.
func ends(s []byte, phrases []string) bool {
	for _, p := range phrases {
		if len(s) >= len(p) && string(s[len(s)-len(p):]) == p {
			return true
		}
	}
	return false
}

// isGadget reports whether one of the words is that of a gadget.
func isGadget(s string) bool {
	for w := range strings.FieldsFuncSeq(s, func(r rune) bool { return r != '-' && r != '.' && !unicode.IsLetter(r) }) {
		for _, g := range gadgets {
			if stem, ok := strings.CutSuffix(g, "*"); w == g || ok && strings.HasPrefix(w, stem) || len(w) > len(g) && w[len(g)] == '-' && w[:len(g)] == g {
				return true
			}
		}
	}
	return false
}

// SignatureOf splits a text at its closing: the line "Regards," or the like
// near its end, a name after it or instead of it, or a last paragraph with a
// number or an address. What is behind, names and numbers, belongs to it.
// Without a closing the signature is "". author is the author's name or address
// as the header has it, "" when nobody knows.
func SignatureOf(text, author string) (body, signature string) {
	s := strings.TrimRight(text, " \t\r\n")
	end := len(s)
	found := -1
	prose, card := false, false // below is text, or how to reach somebody
	last := true                // this is the last paragraph
	gap := false                // the line below is the first of its paragraph
	for n := 0; end > 0 && n < maxClosing; {
		start := strings.LastIndexByte(s[:end], '\n') + 1
		from, to := bare(s, start, end)
		end = max(start-1, 0)
		if from == to {
			if gap && found < 0 && n > 0 {
				break // the last paragraph is none
			}
			gap, last = true, n == 0
			continue
		}
		if to-from > maxSignLine {
			break
		}
		n++
		l := s[from:to]
		below := start > 0 && blankBefore(s, start)
		first := below || isNamed(l, author) || n == 1 && start > 1 && sentenceEnd(s[start-2])
		prose, card = prose || isProse(l), card || reaches(l)
		switch {
		case n > 1 && (isClosing(l) || l == "—"), closesWithName(l):
			found = start
		case found < 0 && start > 0 && (n <= 3 && isDashName(l) || !prose && (first && isName(l) || below && last && card && n > 1)):
			found = start
		}
		gap = false
		if start == 0 {
			break
		}
	}
	if found < 0 {
		return text, ""
	}
	return strings.TrimRight(s[:found], " \t\r\n"), s[found:]
}

func sentenceEnd(c byte) bool { return c == '.' || c == '!' || c == '?' }

// blankBefore reports whether the line that starts at i has a blank line above
// it.
func blankBefore(s string, i int) bool {
	prev := strings.LastIndexByte(s[:i-1], '\n') + 1
	from, to := bare(s, prev, i-1)
	return from == to
}

// isName reports a line that may be the name of a person and nothing else.
func isName(s string) bool {
	s = strings.Trim(s, "*_,")
	if len(s) < 2 || len(s) > 40 || strings.ContainsAny(s, "?!:;@<>/()0123456789") || strings.HasSuffix(s, "..") {
		return false
	}
	n := 0
	if last := s[strings.LastIndexByte(s, ' ')+1:]; strings.IndexByte(last, '.') == len(last)-1 && len(last) > 3 {
		return false // "In May."; "Jr." and "Ph.D." are of names
	}
	for w := range strings.FieldsSeq(s) {
		if r, _ := utf8.DecodeRuneInString(w); !unicode.IsUpper(r) && !particles[w] {
			return false
		}
		n++
	}
	return n > 0 && n <= 4
}

// isNamed reports a line that has a word of the author's name in it.
func isNamed(s, author string) bool {
	if author == "" {
		return false
	}
	for w := range strings.FieldsFuncSeq(s, notLetter) {
		for n := range strings.FieldsFuncSeq(author[:min(len(author), maxSignLine)], notLetter) {
			if len(w) > 2 && strings.EqualFold(w, n) {
				return true
			}
		}
	}
	return false
}

func notLetter(r rune) bool { return !unicode.IsLetter(r) }

// isDashName reports "-Anna" and "-- Anna Berg"; "- Milk" is of a list.
func isDashName(s string) bool {
	name := strings.TrimLeft(s, "-")
	if n := len(s) - len(name); n == 0 || n > 3 || n == 1 && strings.HasPrefix(name, " ") {
		return false
	}
	return isName(strings.Trim(name, " ."))
}

// isClosing reports a line that is nothing but a formula of farewell or of
// thanks.
func isClosing(s string) bool {
	if len(s) > 60 {
		return false
	}
	s = strings.TrimRight(s, " ,.!-;:…")
	var room [80]byte
	low := lower(room[:0], s)
	return farewells[string(low)] || gratitude[string(low)]
}

// closesWithName reports a line like "T: Olli" or "Best regards, Olli Salo".
func closesWithName(s string) bool {
	if len(s) > 60 || strings.IndexByte(".!?,:", s[len(s)-1]) >= 0 || !upperFirst(s[strings.LastIndexByte(s, ' ')+1:]) {
		return false
	}
	var room [80]byte
	low := lower(room[:0], s)
	for i := 1; i < len(low) && len(low) == len(s); i++ {
		if c := low[i]; (c == ' ' || c == ',' || c == ':' || c == '.') && farewells[string(low[:i])] && isName(strings.TrimLeft(s[i:], " ,:.")) {
			return true
		}
	}
	return false
}

// isProse reports a line of text rather than of a card: it ends a sentence of
// some words, is cited, or draws a line.
func isProse(s string) bool {
	if s[0] == '>' || isRule(s) && s != "—" {
		return true
	}
	if !sentenceEnd(s[len(s)-1]) || strings.Count(s, " ") < 3 {
		return false
	}
	last := s[strings.LastIndexByte(s, ' ')+1:]
	dot := strings.IndexByte(last, '.')
	return dot < 0 || dot == len(last)-1 // Ph.D.
}
