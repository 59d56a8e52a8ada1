package contacts

import (
	"bytes"
	"errors"
	"io"
	"strings"

	"golang.org/x/text/encoding"
)

// cardReader reads a file of cards.
type cardReader struct {
	lines   *lines
	each    func(*Contact) error
	charset encoding.Encoding // that the file named last: some name it but once
	report  Report

	card   *card // that is being read, nil between cards
	begins int   // the line where it begins
	depth  int   // of cards within it
	binary bool  // lines of base64 with no blank before them may follow
	agent  bool  // the card of an AGENT may follow
}

// card is a contact being read.
type card struct {
	contact Contact
	parts   string // the name that N makes
	name    choice
	org     choice
}

// choice keeps the value that is preferred, the first of equal ones.
type choice struct {
	value string
	pref  int
}

func (c *choice) offer(value string, pref int) {
	if pref == 0 {
		pref = 101 // RFC 6350 §5.3: not said is the least
	}
	if value = strings.TrimSpace(value); value != "" && (c.value == "" || pref < c.pref) {
		c.value, c.pref = value, pref
	}
}

// read reads all cards.
func (r *cardReader) read() error {
	for {
		l, err := r.lines.read()
		if errors.Is(err, io.EOF) {
			return r.cutOff("the file ends within a card")
		}
		if err != nil {
			return err
		}
		if err := r.line(l); err != nil {
			return err
		}
	}
}

// line takes a logical line.
func (r *cardReader) line(l logical) error {
	if r.card != nil && l.passed {
		r.binary, r.agent = true, false
		return nil
	}
	p, ok := parse(l.text)
	switch {
	case !ok:
		r.noProperty(l)
		return nil
	case p.name == "BEGIN" && isCard(p.value):
		return r.begin(l.line)
	case r.card == nil:
		return nil
	case p.name == "END" && isCard(p.value):
		return r.end()
	case r.depth > 0:
		return nil
	}
	if l.cut && p.name != "AGENT" {
		r.report.damage(l.line, "a %s is longer than 1 MB and was cut", p.name)
	}
	r.binary, r.agent = p.base64, p.name == "AGENT"
	if r.agent && bounds(bytes.TrimSpace(p.value)) && !bytes.Contains(bytes.ToUpper(p.value), []byte("END:VCARD")) {
		r.depth++ // the card begins on this line and is not folded
	}
	r.property(&p)
	return nil
}

// isCard reports the value of BEGIN or END that is of a card.
func isCard(value []byte) bool { return strings.EqualFold(string(bytes.TrimSpace(value)), "VCARD") }

// noProperty takes a line without a colon.
func (r *cardReader) noProperty(l logical) {
	if r.card == nil || r.depth > 0 || r.binary || len(bytes.TrimSpace(l.text)) == 0 {
		return
	}
	r.report.damage(l.line, "the line is no property of a card")
}

// begin begins a card: one within the AGENT of another, or a new one. A card
// that has not ended by then is cut off.
func (r *cardReader) begin(line int) error {
	if r.card != nil && (r.agent || r.depth > 0) {
		r.agent = false
		r.depth++
		return nil
	}
	if err := r.cutOff("a card has no END"); err != nil {
		return err
	}
	r.card, r.begins, r.binary = &card{contact: Contact{Format: FormatVCard}}, line, false
	return nil
}

// end ends a card.
func (r *cardReader) end() error {
	r.agent = false
	if r.depth > 0 {
		r.depth--
		return nil
	}
	return r.give()
}

// cutOff gives a card that has not ended, if there is one, and says so.
func (r *cardReader) cutOff(why string) error {
	if r.card == nil {
		return nil
	}
	r.report.damage(r.begins, "%s", why)
	return r.give()
}

// give gives the card that was read.
func (r *cardReader) give() error {
	c := r.card.contact
	c.Name, c.Organisation = r.card.name.value, r.card.org.value
	if c.Name == "" {
		c.Name = r.card.parts
	}
	r.card, r.depth, r.agent = nil, 0, false
	r.report.Contacts++
	return r.each(&c)
}

// property enters a property into the card.
func (r *cardReader) property(p *property) {
	c := &r.card.contact
	switch p.name {
	case "VERSION":
		c.Format = versionOf(string(bytes.TrimSpace(p.value)))
	case "FN":
		r.card.name.offer(joined(r.text(p)), p.pref)
	case "N":
		if r.card.parts == "" {
			r.card.parts = personOf(r.parts(p), c.Format)
		}
	case "ORG":
		for _, part := range r.parts(p) {
			if part = joined(unescaped(part)); part != "" {
				r.card.org.offer(part, p.pref)
				break
			}
		}
	case "EMAIL":
		c.Emails = add(c.Emails, mailAddress(r.text(p)))
	case "TEL":
		c.Phones = add(c.Phones, phoneOf(r.text(p)))
	case "NOTE":
		c.addNote(r.text(p))
	}
}

func versionOf(v string) Format {
	switch v {
	case "2.1":
		return FormatVCard21
	case "3.0":
		return FormatVCard3
	case "4.0":
		return FormatVCard4
	}
	return FormatVCard
}

// personOf makes a name for display of the parts of N: family, given,
// additional, prefixes, suffixes (RFC 6350 §6.2.2). A part may be a list, but
// not in 2.1.
func personOf(parts []string, f Format) string {
	at := func(i int) string {
		if i >= len(parts) {
			return ""
		}
		if f == FormatVCard21 {
			return unescaped(parts[i])
		}
		list := split(parts[i], ',')
		for k := range list {
			list[k] = unescaped(list[k])
		}
		return strings.Join(list, " ")
	}
	return joined(at(3), at(1), at(2), at(0), at(4))
}

// phoneOf takes the scheme from a phone that is a URI (RFC 3966).
func phoneOf(s string) string {
	s = strings.TrimSpace(s)
	if len(s) > len("tel:") && strings.EqualFold(s[:len("tel:")], "tel:") {
		return s[len("tel:"):]
	}
	return s
}
