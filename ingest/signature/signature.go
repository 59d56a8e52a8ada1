package signature

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"kaveri/crm"
)

// Kind says what a fact is.
type Kind string

// The kinds, a closed vocabulary.
const (
	Phone      Kind = "phone" // E.164
	Fax        Kind = "fax"   // E.164
	Title      Kind = "title" // what somebody does at work
	Company    Kind = "company"
	Street     Kind = "street" // with the number, or a post box
	PostalCode Kind = "postal_code"
	City       Kind = "city"
	Site       Kind = "site" // an address of the web, as written
)

// Fact is a proposal: what a signature seems to say, and where.
type Fact struct {
	Kind  Kind   `json:"kind"`
	Value string `json:"value"`
	Line  string `json:"line"`
}

// Limits on what is looked at.
const (
	maxLines = 40
	maxLine  = 200 // bytes; a longer line is prose
	maxWords = 9   // of a title or the name of a company
)

// Of reads the facts of a mail's signature, none of a robot's.
func Of(m *crm.Message, language string) []Fact {
	if m.Class != crm.ClassHuman || m.Signature == "" {
		return nil
	}
	a := m.Author()
	return Read(m.Signature, a.Name, Region(a.Address, language, ""))
}

// Read reads the facts of a signature. author is the name of who signs, region
// the country of phones without its code (ISO 3166), "" when nobody knows.
func Read(signature, author, region string) []Fact {
	r := &reader{author: strings.ToLower(author), region: region, seen: map[Fact]bool{}}
	n := 0
	for l := range strings.Lines(signature) {
		l = strings.TrimSpace(strings.TrimLeft(strings.ToValidUTF8(l, ""), "> \t"))
		if l == "" || len(l) > maxLine {
			continue
		}
		if n++; n > maxLines {
			break
		}
		r.line(l)
	}
	return r.facts
}

type reader struct {
	author, region string
	facts          []Fact
	seen           map[Fact]bool // without lines
	row            string
	named          bool // the line of the author's name has been
}

func (r *reader) add(k Kind, value string) {
	value = strings.Trim(value, " \t,;:|-–•·")
	key := Fact{Kind: k, Value: strings.ToLower(value)}
	if value == "" || r.seen[key] {
		return
	}
	r.seen[key] = true
	r.facts = append(r.facts, Fact{k, value, r.row})
}

// line reads a line: its phones first, since they may stand among anything.
func (r *reader) line(l string) {
	r.row = l
	rest, from := "", 0
	found := phones(l, r.region)
	for i, p := range found {
		behind := l[p.to:]
		if i+1 < len(found) {
			behind = l[p.to:found[i+1].from]
		}
		k := Phone
		if isFax(strings.ToLower(l[from:p.from]), strings.ToLower(behind)) {
			k = Fax
		}
		r.add(k, p.number)
		rest += l[from:p.from] + " | "
		from = p.to
	}
	for _, piece := range pieces(rest + l[from:]) {
		r.piece(piece)
	}
}

// isFax reports that a number is one: by the words before it, or by those
// behind it when they stand in brackets or there are none before.
func isFax(before, behind string) bool {
	label := before
	if behind = strings.TrimLeft(behind, " "); strings.HasPrefix(behind, "(") {
		label, _, _ = strings.Cut(behind, ")")
	} else if strings.IndexFunc(before, unicode.IsLetter) < 0 {
		label = behind
	}
	for _, f := range faxes {
		if strings.Contains(label, f) && !strings.Contains(label, "phone") {
			return true
		}
	}
	words := strings.FieldsFunc(label, func(c rune) bool { return !unicode.IsLetter(c) })
	return len(words) > 0 && (words[len(words)-1] == "f" || words[len(words)-1] == "fx")
}

// pieces cuts a line where people put two facts on one.
func pieces(l string) []string {
	return strings.FieldsFunc(l, func(c rune) bool {
		return c == '|' || c == '•' || c == '·' || c == '\t' || c == ';' || c == '●' || c == '▪' || c == '*'
	})
}

func (r *reader) piece(p string) {
	if p = strings.TrimSpace(p); p == "" || r.site(p) || r.street(p) {
		return
	}
	parts := strings.Split(p, ", ")
	for i := 0; i < len(parts); i++ {
		r.part(strings.TrimSpace(parts[i]), p)
	}
}

// part is a piece between two commas. Titles go on behind one ("Director,
// Research").
func (r *reader) part(s, whole string) {
	words := strings.Fields(s)
	switch {
	case len(words) == 0 || r.site(s) || r.postal(words) || r.street(s) || strings.Contains(s, "@"):
	case len(words) > maxWords || !startsUpper(words[0]) && !isTitle(words) || strings.HasSuffix(s, "?"):
	case r.isAuthor(words):
		r.named = true
	case isCompany(words):
		if before, ok := strings.CutSuffix(whole, ", "+s); ok && len(words) == 1 && !isTitle(strings.Fields(before)) {
			s = whole // Example Foods, Inc.
		}
		r.add(Company, s)
	case isTitle(words):
		r.add(Title, s)
	}
}

func (r *reader) isAuthor(words []string) bool {
	if r.author == "" || r.named {
		return false
	}
	for _, w := range words {
		if !strings.Contains(r.author, strings.ToLower(strings.Trim(w, ".,"))) {
			return false
		}
	}
	return true
}

// site takes the addresses of the web.
func (r *reader) site(s string) bool {
	found := false
	for w := range strings.FieldsSeq(s) {
		w = strings.Trim(w, "<>()[],;\"'")
		w = strings.TrimRight(w, ".")
		low := strings.ToLower(w)
		if strings.HasPrefix(low, "www.") && len(w) > 7 || strings.HasPrefix(low, "http://") || strings.HasPrefix(low, "https://") {
			r.add(Site, w)
			found = true
		}
	}
	return found
}

// street takes a street with its number, and a post box.
func (r *reader) street(s string) bool {
	first, rest, _ := strings.Cut(s, ",")
	words := strings.Fields(first)
	if len(words) < 2 || len(words) > 6 || !isStreet(words) {
		return false
	}
	r.add(Street, first)
	for p := range strings.SplitSeq(rest, ",") {
		r.postal(strings.Fields(p))
	}
	return true
}

func isStreet(words []string) bool {
	if boxes[strings.ToLower(words[0])] {
		return hasDigit(words[len(words)-1])
	}
	numbered := hasDigit(words[0])
	for i, w := range words {
		low := strings.ToLower(strings.Trim(w, ","))
		if numbered && i > 0 && streetWords[low] {
			return true
		}
		if i+1 < len(words) && hasDigit(words[i+1]) && (streetWords[low] && i > 0 || endsIn(low, streetEnds)) {
			return true
		}
	}
	return false
}

// postal takes a postal code with its city, in the orders of Europe (code
// first, with or without country) and of Britain and America (code last).
func (r *reader) postal(words []string) bool {
	if len(words) < 2 || len(words) > 6 {
		return false
	}
	if code, n := codeFirst(words); n > 0 && n < len(words) && isCity(words[n:]) {
		r.add(PostalCode, code)
		r.add(City, strings.Join(words[n:], " "))
		return true
	}
	n := len(words)
	if last := words[n-1]; n >= 2 && isUSCode(last) && isState(words[n-2]) {
		r.add(PostalCode, last)
		r.add(City, strings.Join(words[:n-2], " "))
		return true
	}
	if n >= 3 && isBritish(words[n-2], words[n-1]) && isCity(words[:n-2]) {
		r.add(PostalCode, words[n-2]+" "+words[n-1])
		r.add(City, strings.Join(words[:n-2], " "))
		return true
	}
	return false
}

// codeFirst reads "00100", "FI-00100", "114 55", "1012 AB".
func codeFirst(words []string) (code string, n int) {
	w := words[0]
	if i := strings.IndexByte(w, '-'); i >= 1 && i <= 2 && isUpper(w[:i]) {
		w = w[i+1:]
	}
	switch {
	case len(w) == 5 && allDigits(w) || len(w) == 6 && w[2] == '-' && allDigits(w[:2]+w[3:]):
		return words[0], 1
	case len(w) == 3 && allDigits(w) && len(words) > 2 && len(words[1]) == 2 && allDigits(words[1]):
		return words[0] + " " + words[1], 2
	case len(w) == 4 && allDigits(w) && len(words) > 2 && len(words[1]) == 2 && isUpper(words[1]):
		return words[0] + " " + words[1], 2
	case len(w) == 4 && allDigits(w) && (w < "1900" || w > "2100"):
		return words[0], 1
	}
	return "", 0
}

func isCity(words []string) bool {
	for _, w := range words {
		if !startsUpper(w) || hasDigit(w) || strings.ContainsAny(w, "@:") {
			return false
		}
	}
	return len(words) > 0 && len(words) <= 3
}

func isUSCode(w string) bool {
	return len(w) == 5 && allDigits(w) || len(w) == 10 && w[5] == '-' && allDigits(w[:5]+w[6:])
}

func isState(w string) bool {
	w = strings.Trim(w, ".,")
	return len(w) == 2 && isUpper(w) || w == "Texas" || w == "California"
}

// isBritish reports the two halves of a British postal code.
func isBritish(out, in string) bool {
	return len(out) >= 2 && len(out) <= 4 && 'A' <= out[0] && out[0] <= 'Z' && hasDigit(out) && len(in) == 3 && '0' <= in[0] && in[0] <= '9' && isUpper(in[1:])
}

func isCompany(words []string) bool {
	formed, upper := false, 0
	for i, w := range words {
		low := strings.ToLower(strings.Trim(w, ",()"))
		if startsUpper(w) {
			upper++
		}
		// A form by itself is a word ("as", "co") that needs a name.
		formed = formed || (i > 0 || len(words) == 1 && len(low) > 2) && (forms[low] || forms[strings.TrimRight(low, ".")]) && startsUpper(w) || companyWords[low] && len(words) > 1
	}
	return formed && upper > 0
}

func isTitle(words []string) bool {
	for _, w := range words {
		low := strings.ToLower(strings.Trim(w, ",.()&"))
		if titles[low] || endsIn(low, titleEnds) {
			return true
		}
		for part := range strings.SplitSeq(low, "-") {
			if titles[part] {
				return true
			}
		}
	}
	return false
}

func endsIn(w string, ends []string) bool {
	for _, e := range ends {
		if len(w) > len(e)+1 && strings.HasSuffix(w, e) {
			return true
		}
	}
	return false
}

func startsUpper(w string) bool {
	c, _ := utf8.DecodeRuneInString(strings.TrimLeft(w, "(\"&"))
	return unicode.IsUpper(c)
}

func hasDigit(s string) bool { return strings.ContainsAny(s, "0123456789") }

func allDigits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}

func isUpper(s string) bool {
	for i := range len(s) {
		if s[i] < 'A' || s[i] > 'Z' {
			return false
		}
	}
	return s != ""
}

func set(list string) map[string]bool {
	m := map[string]bool{}
	for w := range strings.FieldsSeq(list) {
		m[w] = true
	}
	return m
}
