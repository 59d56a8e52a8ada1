package bounce

import (
	"strings"

	"kaveri/crm"
)

// layout is a way in which a line of a notice names a recipient who failed. A
// notice uses one of them; the first in the list that finds somebody counts,
// since what comes later also finds bystanders.
type layout func(line string, at []place) []place

var layouts = []layout{standsAlone, beginsLine, isLabelled, inReply, inSentence, anywhere}

// layoutReply is the place of inReply in layouts.
const layoutReply = 3

// standsAlone: "<a@b.example>:", "  a@b.example (reason: ...)", "Name <a@b.example>".
func standsAlone(line string, at []place) []place {
	before, after := strings.Trim(line[:at[0].start], " \t>*-•\"'("), strings.TrimLeft(line[at[0].end:], " \t\"')>")
	switch {
	case before != "":
		if at[0].bracketed && len(at) == 1 && after == "" && len(before) < 60 && !strings.ContainsAny(before, ":.!?<@") && !inProse(before) {
			return at
		}
		return nil
	case after == "" || strings.IndexByte(":;,([.-<=|", after[0]) >= 0:
		if onlyAddresses(line, at) {
			return at
		}
		return at[:1]
	}
	return nil
}

// inProse reports words that nobody's name has.
func inProse(s string) bool {
	for _, w := range strings.Fields(strings.ToLower(s)) {
		switch w {
		case "to", "from", "for", "by", "at", "of", "with", "contact", "is", "the", "please", "via", "and", "or":
			return true
		}
	}
	return false
}

// onlyAddresses reports a line that lists addresses.
func onlyAddresses(line string, at []place) bool {
	from := 0
	for _, p := range at {
		if strings.Trim(line[from:p.start], " \t,;<>\"'") != "" {
			return false
		}
		from = p.end
	}
	return strings.Trim(line[from:], " \t,;<>\"'") == ""
}

// beginsLine: "a@b.example on Thu, 29 Apr", "a@b.example Invalid Address".
func beginsLine(line string, at []place) []place {
	if strings.Trim(line[:at[0].start], " \t>*-") != "" {
		return nil
	}
	return at[:1]
}

// labels stand before a colon and a recipient, in lower case.
var labels = []string{"recipient", "addressed to", "address", "failed", "user unknown", "unknown user", "user", "undeliverable", "undelivered", "dda", "delivered to", "delivery to", "userid", "mailbox", "not be delivered", "bounced", "unreachable", "deliver", "invalid", "rejected", "not found", "rcpt"}

// isLabelled: "Recipient address: a@b.example".
func isLabelled(line string, at []place) []place {
	label, _, ok := strings.Cut(line[:at[0].start], ":")
	if !ok || len(label) > 80 || strings.HasPrefix(line, ">>>") || strings.HasPrefix(line, "<<<") {
		return nil
	}
	label = strings.ToLower(label)
	if strings.Contains(label, "sender") || strings.Contains(label, "from") || strings.Contains(label, "message-id") {
		return nil
	}
	for _, l := range labels {
		if strings.Contains(label, l) {
			return at
		}
	}
	return nil
}

// inReply: "550 <a@b.example>... User unknown".
func inReply(line string, at []place) []place {
	before := strings.ToLower(strings.TrimSpace(line[:at[0].start]))
	if len(before) >= 3 && replyCode(before) != "" && (len(before) < 4 || enhancedStatus(before) != "" && len(before) < 14) {
		return at[:1]
	}
	return nil
}

// failing are words of sentences that name a recipient, in lower case.
var failing = []string{"deliver", "unknown", "reject", "fail", "not found", "not exist", "no such", "invalid", "unable", "could not", "couldn't", "wasn't", "not reach", "undeliverable", "bounce", "refuse", "disabled", "full", "quota", "no longer", "not a valid", "not listed", "not accept", "not recogni", "error", "returned", "unreachable", "not allowed", "blocked",
	"nicht zugestellt", "unzustellbar", "n'a pas pu", "non distribu", "no se pudo", "no ha podido", "non è stato", "impossibile", "não foi possível", "não pôde", "ei voitu", "kunde inte", "kunne ikke", "kon niet", "nie można", "nie mogła", "не удалось", "не может", "できません", "できなかった", "无法", "失败"}

// inSentence: "Your message to a@b.example could not be delivered".
func inSentence(line string, at []place) []place {
	low := strings.ToLower(line)
	for _, w := range failing {
		if strings.Contains(low, w) {
			for _, p := range at {
				if !bystander(low[:p.start]) {
					return []place{p}
				}
			}
		}
	}
	return nil
}

// bystander reports that the words before an address name somebody else than
// the recipient.
func bystander(before string) bool {
	before = strings.TrimRight(before, " \t<\"'(")
	if endsIn(before, "generated from") {
		return false // Exim names an alias so, where it hides what is behind it
	}
	for _, w := range [...]string{"from", "from:", "sender", "sender:", "contact", "contact:", "reply-to:", "by", "envelope-from", "write to", "help", "message-id:", "message-id", "id", "mail from:", "report to", "return-path:", "x-sender:", "mailto:", "e-mail", "postmaster:"} {
		if endsIn(before, w) {
			return true
		}
	}
	return (endsIn(before, "mail to") || endsIn(before, "message to")) && asks(before)
}

// asks reports words by which a notice asks its reader to write to somebody:
// "please send mail to", unlike "the following mail to".
func asks(before string) bool {
	for _, w := range [...]string{"please", "send", "question", "assist", "if you", "forward", "report", "help"} {
		if strings.Contains(before, w) {
			return true
		}
	}
	return false
}

// endsIn reports that a text ends in whole words.
func endsIn(text, words string) bool {
	rest, ok := strings.CutSuffix(text, words)
	return ok && (rest == "" || !isWord(rest[len(rest)-1]))
}

// anywhere is the last resort.
func anywhere(line string, at []place) []place {
	low := strings.ToLower(line)
	for _, p := range at {
		if !bystander(low[:p.start]) && !strings.Contains(low, "message-id") {
			return []place{p}
		}
	}
	return nil
}

// candidate is a recipient whom a layout found.
type candidate struct {
	place
	line   int
	action string // of the section, "" for that of the notice
	below  bool   // what happened stands above the line, as in a transcript
}

// recipients finds who failed. X-Failed-Recipients is what Exim and Gmail
// write for programs; the text then tells what happened to them.
func (n *notice) recipients(d *document) []*finding {
	said := n.candidates(d)
	if len(d.failed) > 0 {
		return n.declared(d.failed, said)
	}
	var found []*finding
	seen := map[string]int{}
	for i, c := range said {
		key := strings.ToLower(c.address)
		f := &finding{address: c.address, action: c.action, diagnostic: n.beside(said, i)}
		if at, twice := seen[key]; twice {
			found[at].around = append(found[at].around, f.diagnostic)
			continue
		}
		seen[key] = len(found)
		if len(found) < maxRecipients {
			found = append(found, f)
		}
	}
	if len(found) == 0 {
		if a := d.originalRecipient(n); a != "" {
			found = append(found, &finding{address: a})
		}
	}
	n.transcribe(found)
	return found
}

// declared joins the addresses of X-Failed-Recipients with the text.
func (n *notice) declared(failed []string, said []candidate) []*finding {
	var found []*finding
	for _, a := range failed {
		f := &finding{address: a}
		for i, c := range said {
			if strings.EqualFold(c.address, a) {
				f.diagnostic = n.beside(said, i)
				break
			}
		}
		found = append(found, f)
	}
	n.transcribe(found)
	return found
}

// addTo puts what the notice says about the recipients of a report beside
// their fields.
func (n *notice) addTo(found []*finding) {
	var said []candidate
	for i, at := range n.at {
		if len(at) > 0 {
			if at = standsAlone(n.lines[i], at); len(at) > 0 {
				said = append(said, candidate{place: at[0], line: i})
			}
		}
	}
	for i, c := range said {
		for _, f := range found {
			if strings.EqualFold(f.address, c.address) {
				f.around = append(f.around, n.beside(said, i))
			}
		}
	}
	n.transcribe(found)
}

// candidates are the recipients by the first layout that finds somebody who is
// neither the sender nor one who is only asked for help.
func (n *notice) candidates(d *document) []candidate {
	bystanders := d.bystanders()
	var spare []candidate
	first := n.announced()
	for kind, fits := range layouts {
		var found, others []candidate
		action := ""
		for i := first; i < len(n.lines); i++ {
			l := n.lines[i]
			if heading(l) {
				action = sectionAction(l)
			}
			if len(n.at[i]) == 0 {
				continue
			}
			for _, p := range fits(l, n.at[i]) {
				c := candidate{p, i, action, kind == layoutReply}
				if bystanders[strings.ToLower(p.address)] || isHelp(p.address) && !n.accused(c) {
					others = append(others, c)
				} else {
					found = append(found, c)
				}
			}
		}
		if len(found) > 0 {
			if kind == len(layouts)-1 {
				found = found[:1] // who comes later is asked for help
			}
			return found
		}
		if spare == nil {
			spare = others
		}
	}
	if named := n.bareNames(d, first); len(named) > 0 {
		return named
	}
	return spare
}

// announcements are sentences after which those who failed are listed, in
// lower case.
var announcements = []string{"following recipient", "following address", "following user", "following e-mail", "following email", "following destination", "addresses had", "address had", "recipient(s):", "intended recipients", "recipients of this", "failed recipients", "an folgende", "folgende empf", "destinataires suivants", "adresses suivantes", "siguientes destinatarios", "siguientes direcciones", "not be delivered to", "not delivered to"}

// announced gives the line that announces who failed when addresses follow it,
// or no address stands in the notice at all, else the first.
func (n *notice) announced() int {
	none := true
	for _, at := range n.at {
		none = none && len(at) == 0
	}
	for i, l := range n.lines {
		if !announces(l) {
			continue
		}
		if none {
			return i
		}
		for _, follows := range n.at[i:min(len(n.at), i+8)] {
			if len(follows) > 0 {
				return i
			}
		}
	}
	return 0
}

func announces(l string) bool {
	low := strings.ToLower(l)
	for _, a := range announcements {
		if strings.Contains(low, a) {
			return true
		}
	}
	return false
}

// heading reports the lines that part a notice into sections.
func heading(l string) bool {
	l = strings.TrimSpace(l)
	return strings.HasPrefix(l, "---") || strings.HasPrefix(l, "===") || strings.HasPrefix(l, "***")
}

func sectionAction(l string) string {
	if a := actionOf(normalize(l), ""); a != "failed" {
		return a
	}
	return ""
}

// isHelp reports addresses of people who help with mail: they are named in
// notices and hardly ever written to by a firm.
func isHelp(a string) bool {
	local, _, _ := strings.Cut(strings.ToLower(a), "@")
	switch local {
	case "postmaster", "mailer-daemon", "abuse", "support", "help", "helpdesk", "hostmaster", "webmaster", "admin", "administrator":
		return true
	}
	return false
}

// accused reports that what stands right behind a candidate tells of a failure:
// then it is no help that is offered.
func (n *notice) accused(c candidate) bool {
	for _, l := range [...]string{n.lines[c.line][c.end:], n.lineAt(c.line + 1)} {
		if replyCode(l) != "" {
			return true
		}
		low := strings.ToLower(l)
		for _, w := range failing {
			if strings.Contains(low, w) {
				return true
			}
		}
	}
	return false
}

func (n *notice) lineAt(i int) string {
	if i < len(n.lines) {
		return n.lines[i]
	}
	return ""
}

// bystanders are the sender of the mail that bounced, to whom the notice goes,
// and the system that wrote it.
func (d *document) bystanders() map[string]bool {
	out := map[string]bool{}
	for _, list := range [...][]crm.Party{d.m.To, d.m.From, d.m.ReplyTo} {
		for _, p := range list {
			out[strings.ToLower(p.Written)] = true
		}
	}
	return out
}

// beside gives what stands with a candidate: the rest of its line and the
// lines below, up to the next candidate or section.
func (n *notice) beside(all []candidate, i int) string {
	c := all[i]
	end := min(len(n.lines), c.line+maxSegment)
	if i+1 < len(all) && all[i+1].line > c.line {
		end = min(end, all[i+1].line)
	}
	var b strings.Builder
	b.WriteString(strings.Trim(n.lines[c.line][c.end:], " \t:"))
	if c.below {
		start := max(0, c.line-maxSegment)
		if i > 0 {
			start = max(start, all[i-1].line+1)
		}
		for _, l := range n.lines[min(start, c.line):c.line] {
			if l = strings.TrimSpace(l); l != "" && !heading(l) && b.Len() < maxDiagnostic {
				b.WriteString("\n" + l)
			}
		}
		return b.String()
	}
	n.rest(&b, c.line+1, end)
	if b.Len() == 0 {
		return n.reasonAbove(c.line)
	}
	return b.String()
}

// rest writes the lines up to end, the next section or the second empty line.
func (n *notice) rest(b *strings.Builder, start, end int) {
	blank := 0
	for _, l := range n.lines[start:end] {
		if l == "" {
			if blank++; blank > 1 && b.Len() > 0 {
				return
			}
			continue
		}
		if heading(l) {
			return
		}
		blank = 0
		if b.Len() > 0 {
			b.WriteByte('\n')
		}
		b.WriteString(strings.TrimLeft(l, " \t"))
		if b.Len() > maxDiagnostic {
			return
		}
	}
}

// reasonAbove gives the line over a recipient below whom nothing is said, when
// it is a line by itself: some write the reason before the recipient.
func (n *notice) reasonAbove(line int) string {
	if line < 1 || len(n.at[line-1]) > 0 || line > 1 && n.lines[line-2] != "" && len(n.at[line-2]) == 0 {
		return ""
	}
	l := strings.TrimSpace(n.lines[line-1])
	if heading(l) || strings.HasSuffix(l, ":") {
		return ""
	}
	return l
}

// transcribe adds to each recipient what the transcript of the session says of
// it: the lines with its address, and the reply to the command that named it.
func (n *notice) transcribe(found []*finding) {
	if len(found) > 20 {
		return // each line would be looked at for each of them
	}
	for i, l := range n.lines {
		if len(n.at[i]) == 0 {
			continue
		}
		low := strings.ToLower(l)
		for _, f := range found {
			if !strings.Contains(low, strings.ToLower(f.address)) {
				continue
			}
			t := strings.TrimSpace(l)
			if strings.HasPrefix(t, ">>>") && i+1 < len(n.lines) && strings.HasPrefix(n.lines[i+1], "<<<") {
				t += "\n" + n.lines[i+1]
			}
			if len(f.around) < maxSegment && t != "" && (replyCode(t) != "" || strings.Contains(t, "... ")) {
				f.around = append(f.around, t)
			}
		}
	}
}
