package bounce

import (
	"cmp"
	"strconv"
	"strings"

	"kaveri/crm"
)

// finding is what is known about one recipient before it is judged.
type finding struct {
	address    string
	action     string
	status     string   // as the Status field has it
	diagnostic string   // the Diagnostic-Code, or what stands beside the address
	local      bool     // a program said so, no host (Diagnostic-Code of type x-unix)
	around     []string // what else the notice says about this recipient
}

// fields are those of one group of a delivery-status or feedback-report, by
// their name in lower case. The first one counts.
type fields map[string]string

func (f fields) get(names ...string) string {
	for _, n := range names {
		if v := f[n]; v != "" {
			return v
		}
	}
	return ""
}

// deliveryStatus reads the fields of RFC 3464, from their own part or, where a
// mail has none, from the text, where many systems write them.
func (d *document) deliveryStatus(b *crm.Bounce) []*finding {
	for _, s := range d.status {
		if found := readStatus(strings.Split(s, "\n"), b); len(found) > 0 {
			return found
		}
	}
	lines := strings.Split(d.text, "\n")
	if len(lines) > maxLines {
		lines = lines[:maxLines]
	}
	if start := statusBlock(lines); start >= 0 {
		return readStatus(lines[start:], b)
	}
	return nil
}

// statusBlock finds where the fields begin in a text: some lines before a
// Final-Recipient, at the first line of its paragraph.
func statusBlock(lines []string) int {
	for i, l := range lines {
		name, _, ok := fieldOf(strings.TrimSpace(l))
		if !ok || name != "final-recipient" && name != "original-recipient" {
			continue
		}
		for i > 0 {
			if _, _, ok := fieldOf(strings.TrimSpace(lines[i-1])); !ok && strings.TrimSpace(lines[i-1]) != "" {
				break
			}
			i--
		}
		return i
	}
	return -1
}

// readStatus reads groups of fields. RFC 3464 §2.1 parts them by empty lines;
// QUIRK: some systems write none, or several within one group, so a field
// that names a recipient begins a group as well when the group has one.
func readStatus(lines []string, b *crm.Bounce) []*finding {
	var found []*finding
	var group fields
	blank := true
	flush := func() {
		b.EnvelopeID = cmp.Or(b.EnvelopeID, strings.TrimSpace(group.get("original-envelope-id")))
		if b.ReportingMTA == "" {
			b.ReportingMTA = typed(group.get("reporting-mta"))
		}
		if b.OriginalMessageID == "" {
			b.OriginalMessageID = strings.Trim(firstWord(group.get("original-message-id", "x-original-message-id")), "<>")
		}
		if f := recipientOf(group); f != nil && len(found) < maxRecipients {
			found = append(found, f)
		}
		group = nil
	}
	last := ""
	for _, l := range lines {
		if len(l) > maxLine {
			l = l[:maxLine]
		}
		trimmed := strings.TrimSpace(l)
		name, value, ok := fieldOf(trimmed)
		switch {
		case trimmed == "":
			blank, last = true, ""
			continue
		case !blank && last != "" && (l[0] == ' ' || l[0] == '\t') || last == "diagnostic-code" && !ok:
			// QUIRK: RFC 3464 §2.1.1 folds as RFC 5322 does; the lines of
			// some diagnostics begin at the margin all the same.
			if len(group[last]) < maxLine {
				group[last] += " " + trimmed
			}
			continue
		case !ok:
			continue
		}
		if group != nil && (blank && group.begun(name) || !blank && group[name] != "" && startsGroup[name]) {
			flush()
		}
		if group == nil {
			group = fields{}
		}
		if group[name] == "" {
			group[name] = value
		}
		blank, last = false, name
	}
	flush()
	return found
}

// startsGroup are the fields that name a recipient.
var startsGroup = map[string]bool{"final-recipient": true, "original-recipient": true, "x-actual-recipient": true}

// begun reports that a field after an empty line belongs to a new group: the
// one before is that of the message, or has its recipient and its action.
func (f fields) begun(name string) bool {
	if f.get("final-recipient", "original-recipient") == "" {
		return f["reporting-mta"] != "" || startsGroup[name]
	}
	return f[name] != "" || f["action"] != "" && startsGroup[name]
}

// fieldOf reads a line as a field.
func fieldOf(l string) (name, value string, ok bool) {
	name, value, ok = strings.Cut(l, ":")
	name = strings.TrimRight(name, " \t")
	if !ok || name == "" || len(name) > 60 {
		return "", "", false
	}
	for i := range len(name) {
		if c := name[i] | 0x20; (c < 'a' || c > 'z') && name[i] != '-' && (name[i] < '0' || name[i] > '9') {
			return "", "", false
		}
	}
	return strings.ToLower(name), strings.TrimSpace(value), true
}

// recipientOf makes a finding of a group, nil when it names no recipient. What
// the sender wrote (RFC 3461 §4.2, ORCPT) comes before what it was turned into
// on the way, since that is what the sender knows.
func recipientOf(g fields) *finding {
	final, original := typed(g["final-recipient"]), typed(g["original-recipient"])
	address := decodeXtext(original)
	if !isAddress(address) {
		address = final
	}
	if !isAddress(address) {
		if x := typed(g["x-actual-recipient"]); isAddress(x) {
			address = x
		}
	}
	if address == "" {
		return nil
	}
	f := &finding{address: bare(address), action: strings.ToLower(firstWord(strings.TrimSpace(g["action"]))), status: g["status"],
		diagnostic: typed(g["diagnostic-code"]), local: strings.HasPrefix(strings.ToLower(g["diagnostic-code"]), "x-unix")}
	if _, comment, ok := strings.Cut(g["status"], "("); ok {
		f.around = append(f.around, comment) // RFC 3464 §2.3.4 allows a comment
	}
	for _, extra := range [...]string{"x-display-name", "x-supplementary-info", "x-mailer-diagnostic", "x-notes", "reason", "x-powermta-bouncecategory"} {
		if v := g[extra]; v != "" {
			f.around = append(f.around, v)
		}
	}
	return f
}

// typed gives the value of a field without its type: "rfc822; a@b" (RFC 3464
// §2.1.2), and decodes the form of RFC 6533 §3.
func typed(v string) string {
	if kind, rest, ok := strings.Cut(v, ";"); ok && len(kind) < 30 && !strings.ContainsAny(kind, "@<\"") {
		v = strings.TrimSpace(rest)
		if strings.EqualFold(strings.TrimSpace(kind), "utf-8") {
			v = decodeUnitext(v)
		}
	}
	return strings.TrimSpace(v)
}

// bare takes brackets, quotes and comments away from an address.
func bare(s string) string {
	s = strings.TrimSpace(s)
	if i := strings.IndexByte(s, '<'); i >= 0 {
		if j := strings.IndexByte(s[i:], '>'); j > 0 {
			s = s[i+1 : i+j]
		}
	}
	s = strings.Trim(s, "<>' \t,;")
	if i := strings.IndexAny(s, " \t"); i > 0 && !strings.HasPrefix(s, `"`) {
		s = s[:i]
	}
	return strings.TrimPrefix(s, "mailto:")
}

func isAddress(s string) bool {
	_, err := crm.ParseAddress(bare(s))
	return err == nil
}

// decodeXtext undoes xtext, RFC 3461 §4. QUIRK: many hosts do not write it, and
// then "+20" is part of the name; only the two characters that xtext must
// escape, "+" and "=", are taken for escaped ones.
func decodeXtext(s string) string { return xtext.Replace(s) }

var xtext = strings.NewReplacer("+2B", "+", "+3D", "=")

// decodeUnitext undoes the escapes of RFC 6533 §3: \x{F6}.
func decodeUnitext(s string) string {
	var b strings.Builder
	for {
		i := strings.Index(s, `\x{`)
		if i < 0 {
			break
		}
		j := strings.IndexByte(s[i:], '}')
		if j < 0 || j > 10 {
			break
		}
		b.WriteString(s[:i])
		if n, err := strconv.ParseUint(s[i+3:i+j], 16, 32); err == nil && n >= ' ' && n <= 0x10ffff {
			b.WriteRune(rune(n))
		}
		s = s[i+j+1:]
	}
	b.WriteString(s)
	return b.String()
}
