package parse

import (
	"bytes"
	"strconv"
	"strings"
)

// visitor receives the parts of a mail in order.
type visitor interface {
	leaf(*leaf)
	// alternative is called when a multipart/alternative begins; what it
	// returns is called when it ends.
	alternative() func()
}

// leaf is a part that is not a multipart. It is only valid during the call.
type leaf struct {
	path        string // IMAP numbering (RFC 9051 §6.4.5.1), "1" for a mail of one part
	h           *header
	typ         string // media type in lower case
	params      params
	body        []byte // as it stands, still encoded
	encoding    encodingKind
	disposition string // in lower case, "" when absent
	disp        params
	text        bool // a text type
	inline      bool // part of the body, not an attachment
	toText      bool // of an inline part: belongs to the text body
	toHTML      bool // of an inline part: belongs to the HTML body
}

// walker walks the MIME tree of one mail within the limits.
type walker struct {
	visit visitor
	top   header // of the mail
	part  header // of the part being looked at
	def   defects
	parts int
	stop  bool // the visitor has what it wants
	body  int  // where the body of the mail starts
}

// place says where in the tree a part stands.
type place struct {
	path   string
	depth  int
	index  int    // among its siblings
	parent string // subtype of the multipart around it, "" for the root
	inAlt  bool   // somewhere inside a multipart/alternative
	toText bool
	toHTML bool
}

// root reads the header of the mail and gives the bytes to walk.
func (w *walker) root(raw []byte) []byte {
	raw = oneLineEnd(raw, &w.def)
	w.body = w.top.read(raw, true, &w.def)
	return raw
}

// walk visits the parts; root has been called.
func (w *walker) walk(raw []byte) {
	w.entity(&w.top, raw[w.body:], place{toText: true, toHTML: true}, "text/plain")
}

// entity looks at one part. It gives back whether siblings of it inside an
// alternative may still go to the text and to the HTML body.
func (w *walker) entity(h *header, body []byte, at place, fallback string) (toText, toHTML bool) {
	w.parts++
	typ, ps := fallback, params(nil)
	if h.Has("Content-Type") {
		typ, ps = w.mediaType(h, fallback)
	}
	if sub, ok := strings.CutPrefix(typ, "multipart/"); ok {
		if at.depth >= maxDepth {
			w.def.add(defDepth)
			w.opaque(h, body, at, typ)
			return at.toText, at.toHTML
		}
		boundary, guessed := boundaryOf(ps, body)
		if guessed {
			w.def.add(defBoundary)
		}
		if boundary != "" && w.multipart(h, body, boundary, sub, at) {
			return at.toText, at.toHTML
		}
		// RFC 7103 §8.2: nothing inside can be told apart; show it as text.
		w.def.add(defBoundary)
		if isBlank(bytes.ReplaceAll(body[:min(len(body), 4096)], []byte{'\n'}, nil)) && len(body) < 4096 {
			return at.toText, at.toHTML
		}
		typ, ps = "text/plain", nil
	}
	l := leaf{path: at.path, h: h, typ: typ, params: ps, body: body}
	if l.path == "" {
		l.path = "1"
	}
	return w.sort(&l, at)
}

// mediaType reads a Content-Type. RFC 2045 §5.2: what cannot be read is text.
func (w *walker) mediaType(h *header, fallback string) (string, params) {
	typ, ps := h.contentType()
	major, minor, ok := strings.Cut(typ, "/")
	switch {
	case ok && major != "" && minor != "":
		if i := strings.IndexByte(minor, '/'); i > 0 {
			typ = major + "/" + minor[:i]
		}
		return validText(typ), ps
	case typ == "":
		return fallback, ps
	case typ == "text" || typ == "plain":
		return "text/plain", ps
	case typ == "html":
		return "text/html", ps
	case typ == "multipart" && ps["boundary"] != "":
		return "multipart/mixed", ps
	}
	w.def.add(defContentType)
	if ps["name"] != "" {
		return "application/octet-stream", ps
	}
	return fallback, ps
}

// sort decides whether a leaf is body or attachment, as RFC 8621 §4.1.4 does:
// text is body unless it says it is an attachment, or stands behind the first
// part and bears a name; only the first part of a multipart/related is body.
func (w *walker) sort(l *leaf, at place) (toText, toHTML bool) {
	toText, toHTML = at.toText, at.toHTML
	kind, known := encodingOf(l.h.Get("Content-Transfer-Encoding"))
	if !known {
		w.def.add(defEncoding)
	}
	l.encoding = kind
	l.text = strings.HasPrefix(l.typ, "text/")
	l.disposition, l.disp = l.h.disposition()
	l.disposition = validText(l.disposition)
	plain, html := l.typ == "text/plain", l.typ == "text/html"
	if (plain || html) && l.disposition != "attachment" {
		l.inline = at.index == 0 || at.parent != "related" && l.disp["filename"] == "" && l.params["name"] == ""
		if at.parent == "" {
			l.inline = true
		}
	}
	if l.inline {
		switch {
		case at.parent == "alternative":
			l.toText, l.toHTML = plain && toText, html && toHTML
		case at.inAlt && plain:
			toHTML = false
			l.toText = toText
		case at.inAlt && html:
			toText = false
			l.toHTML = toHTML
		default:
			l.toText, l.toHTML = toText, toHTML
		}
	}
	w.visit.leaf(l)
	return toText, toHTML
}

// opaque visits bytes that are not looked into.
func (w *walker) opaque(h *header, body []byte, at place, typ string) {
	w.visit.leaf(&leaf{path: at.path, h: h, typ: typ, body: body})
}

// multipart visits the parts of a multipart; false when there are none.
func (w *walker) multipart(h *header, body []byte, boundary, subtype string, at place) bool {
	second := secondText(h)
	sp := splitter{body: body, delim: append([]byte("--"), boundary...)}
	if !sp.first() {
		return false
	}
	if second != "" && sp.preamble > 0 {
		// QUIRK: a second Content-Type, of a text: the delimiter before the
		// first part was lost, and what looks like preamble is that part.
		typ, ps := parseParams(h.clean(second), h.def)
		w.def.add(defBoundary)
		w.sort(&leaf{path: strings.TrimPrefix(at.path+".0", "."), h: h, typ: typ, params: ps, body: body[:sp.preamble]},
			place{parent: "mixed", depth: at.depth, toText: at.toText, toHTML: at.toHTML && subtype != "alternative"})
	}
	if subtype == "alternative" {
		defer w.visit.alternative()()
		at.inAlt = true
	}
	fallback := "text/plain"
	if subtype == "digest" { // RFC 2046 §5.1.5
		fallback = "message/rfc822"
	}
	prefix := at.path
	if prefix != "" {
		prefix += "."
	}
	at.parent = subtype
	at.depth++
	for at.index = 0; !w.stop; at.index++ {
		from := sp.pos
		part, ok := sp.next()
		if !ok {
			break
		}
		at.path = prefix + strconv.Itoa(at.index+1)
		if w.parts >= maxParts {
			w.def.add(defParts)
			w.part = header{def: &w.def}
			w.opaque(&w.part, body[from:], at, "application/octet-stream")
			return true
		}
		start := w.part.read(part, false, &w.def)
		at.toText, at.toHTML = w.entity(&w.part, part[start:], at, fallback)
	}
	if sp.open {
		w.def.add(defNoEnd)
	}
	return true
}

// secondText gives the value of a further Content-Type of a multipart that is
// a text type.
func secondText(h *header) string {
	for i, v := range h.Values("Content-Type") {
		if i > 0 && len(v) >= 5 && strings.EqualFold(v[:5], "text/") {
			return v
		}
	}
	return ""
}

// boundaryOf gives the boundary of a multipart. When none is declared the
// first line that looks like one is taken.
func boundaryOf(ps params, body []byte) (boundary string, guessed bool) {
	b := strings.TrimRight(ps["boundary"], " \t")
	if b != "" && len(b) <= maxBoundary {
		return b, false
	}
	for pos, n := 0, 0; pos < len(body) && n < 200; n++ {
		eol, next := lineEnd(body, pos)
		line := bytes.TrimRight(body[pos:eol], " \t")
		if len(line) > 4 && len(line) < 80 && line[0] == '-' && line[1] == '-' && looksLikeHeader(body[next:]) && bytes.IndexByte(line, ' ') < 0 {
			return string(line[2:]), true
		}
		pos = next
	}
	return "", true
}

// splitter cuts a multipart body at its delimiter lines (RFC 2046 §5.1.1).
type splitter struct {
	body     []byte
	delim    []byte
	pos      int  // start of the next part
	preamble int  // bytes before the first delimiter
	ended    bool // the close delimiter was seen
	open     bool // the body ended without one
}

// first passes the preamble.
func (s *splitter) first() bool {
	start, next, closed, ok := s.find(0)
	s.preamble, s.pos, s.ended = start, next, closed
	return ok && !closed
}

// next gives the next part. The line end before a delimiter belongs to it.
func (s *splitter) next() ([]byte, bool) {
	if s.ended {
		return nil, false
	}
	from := s.pos
	start, next, closed, ok := s.find(from)
	if !ok {
		s.ended, s.open = true, true
		return s.body[from:], from < len(s.body)
	}
	s.pos, s.ended = next, closed
	end := max(start, from)
	if end > from && s.body[end-1] == '\n' {
		end--
		if end > from && s.body[end-1] == '\r' {
			end--
		}
	}
	return s.body[from:end], true
}

// find gives the next delimiter line at or after from: where it starts, where
// the line after it starts, and whether it is the close delimiter. RFC 2046
// §5.1.1 allows white space behind it, and nothing else: a longer boundary may
// begin with this one.
func (s *splitter) find(from int) (start, next int, closed, ok bool) {
	for from < len(s.body) {
		i := bytes.Index(s.body[from:], s.delim)
		if i < 0 {
			return 0, 0, false, false
		}
		i += from
		from = i + len(s.delim)
		if i > 0 && s.body[i-1] != '\n' {
			continue
		}
		eol, next := lineEnd(s.body, from)
		rest := s.body[from:eol]
		if isBlank(rest) {
			return i, next, false, true
		}
		if len(rest) >= 2 && rest[0] == '-' && rest[1] == '-' && isBlank(rest[2:]) {
			return i, next, true, true
		}
	}
	return 0, 0, false, false
}
