package parse

import (
	"bytes"
	"strings"

	"kaveri/crm"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// hint says what the structure of HTML tells about a piece of its text: that it
// is a quote, what introduces one, or a signature.
type hint struct {
	from, to int // bytes of the text
	kind     lineKind
}

// mailPart is an element by which a mail program marks a quote or a signature.
type mailPart struct {
	name string // of the class or the id
	kind lineKind
	rest bool // everything after its start, not only the element
}

// mailParts is what programs write; names are whole words of class or id.
// QUIRK: there is no standard, these are what is found in mail.
var mailParts = []mailPart{
	{"gmail_quote", lineQuote, false}, // Gmail and many that follow it
	{"gmail_attr", lineHead, false},
	{"gmail_signature", lineSign, false},
	{"moz-cite-prefix", lineHead, false}, // Thunderbird
	{"moz-forward-container", lineQuote, false},
	{"moz-signature", lineSign, false},
	{"divRplyFwdMsg", lineQuote, true}, // Outlook on the web
	{"appendonsend", lineQuote, true},
	{"stopSpelling", lineQuote, true}, // Hotmail
	{"mail-editor-reference-message-container", lineQuote, true},
	{"OLK_SRC_BODY_SECTION", lineQuote, true}, // Outlook for Mac
	{"ms-outlook-mobile-signature", lineFoot, false},
	{"yahoo_quoted", lineQuote, false},
	{"yahoo-quoted-begin", lineQuote, true},
	{"protonmail_quote", lineQuote, false},
	{"protonmail_signature_block", lineSign, false},
	{"tutanota_quote", lineQuote, false},
	{"zmail_extra", lineQuote, false},
	{"isForwardContent", lineQuote, false}, // NetEase
	{"isReplyContent", lineQuote, false},
	{"AppleMailSignature", lineSign, false},
	{"Signature", lineSign, false}, // Outlook on the web
}

// element is what is asked of the attributes of an element.
type element struct {
	names []byte // class and id
	style []byte
	cite  bool // type=cite
}

func elementOf(z *html.Tokenizer, more bool, room []byte) (e element) {
	e.names = room
	for more {
		var k, v []byte
		k, v, more = z.TagAttr()
		switch string(k) {
		case "class", "id":
			e.names = append(append(e.names, v...), ' ')
		case "style":
			e.style = v
		case "type":
			e.cite = bytes.EqualFold(v, []byte("cite"))
		}
	}
	return e
}

// part finds which part of a mail the element is.
func (e *element) part() (mailPart, bool) {
	names := e.names
	for len(names) > 0 {
		word, rest, _ := bytes.Cut(names, []byte(" "))
		names = rest
		// QUIRK: Outlook puts x_ before the names of the mail that it quotes
		// or passes on, once for each time.
		for bytes.HasPrefix(word, []byte("x_")) {
			word = word[2:]
		}
		if len(word) < len("Signature") {
			continue
		}
		for i := range mailParts {
			if string(word) == mailParts[i].name {
				return mailParts[i], true
			}
		}
	}
	// QUIRK: Outlook and Word draw a line above the header of the old mail.
	if bytes.Contains(e.style, []byte("border-top:solid")) && bytes.Contains(e.style, []byte("padding:3.0pt 0")) {
		return mailPart{"", lineQuote, true}, true
	}
	return mailPart{}, false
}

// mailPart begins a part of a mail at an element.
func (w *textWriter) mailPart(a atom.Atom, e *element) {
	if w.within != 0 {
		return
	}
	if p, ok := e.part(); ok {
		w.part, w.within, w.depth = hint{w.out.Len(), -1, p.kind}, a, 0
		if p.rest {
			w.within = restOfMail
		}
	}
}

// restOfMail is no element: the part that has begun ends with the mail.
const restOfMail atom.Atom = 1

// endPart ends the part of a mail that is open here.
func (w *textWriter) endPart() {
	if w.part.to = w.out.Len(); w.part.to > w.part.from {
		w.hints = append(w.hints, w.part)
	}
	w.within = 0
}

// indents reports a blockquote that only moves text to the right: so the
// editors of mail programs write it.
func (e *element) indents() bool {
	return !e.cite && bytes.Contains(e.style, []byte("border:none")) && bytes.Contains(e.style, []byte("40px"))
}

// LooksLikeHTML reports whether a text without a Content-Type is HTML: it
// begins with a tag, or has tags that structure it.
func LooksLikeHTML(s string) bool {
	s = strings.TrimSpace(s[:min(len(s), 64<<10)])
	low := strings.ToLower(s[:min(len(s), 100)])
	for _, p := range []string{"<!doctype html", "<html", "<head", "<body", "<div", "<p>", "<p ", "<table", "<span", "<br", "<meta", "<style", "<font", "<blockquote"} {
		if strings.HasPrefix(low, p) {
			return true
		}
	}
	z := html.NewTokenizer(strings.NewReader(s))
	n := 0
	for {
		switch z.Next() {
		case html.ErrorToken:
			return false
		case html.StartTagToken, html.EndTagToken, html.SelfClosingTagToken:
			name, _ := z.TagName()
			switch atom.Lookup(name) {
			case atom.Br, atom.Div, atom.P, atom.Blockquote, atom.Table, atom.Html, atom.Body:
				if n++; n >= 4 {
					return true
				}
			}
		}
	}
}

// Body reads a bare body, text or HTML, that came without the header of its
// mail.
func Body(body []byte) *crm.Message {
	typ := "text/plain"
	if LooksLikeHTML(string(body[:min(len(body), 64<<10)])) {
		typ = "text/html"
	}
	return Message(append([]byte("Content-Type: "+typ+"\n\n"), body...))
}
