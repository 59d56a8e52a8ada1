package bounce

import (
	"strings"

	"kaveri/crm"
)

// bareNames finds recipients whom a notice lists without a domain, below the
// line that announces them: hosts of one domain know their users by name. The
// domain is that of who wrote the notice.
func (n *notice) bareNames(d *document, first int) []candidate {
	if len(d.m.From) == 0 || first >= len(n.lines) || !announces(n.lines[first]) {
		return nil
	}
	_, domain, ok := strings.Cut(d.m.From[0].Written, "@")
	if !ok {
		return nil
	}
	var found []candidate
	for i := first + 1; i < len(n.lines) && len(found) < maxRecipients; i++ {
		name := strings.Trim(n.lines[i], " \t*-<>\"")
		if name == "" && len(found) == 0 {
			continue
		}
		a := name + "@" + domain
		if _, err := crm.ParseAddress(a); err != nil || strings.IndexFunc(name, func(r rune) bool { return r > 0x7f || !isAtom(byte(r)) }) >= 0 {
			break
		}
		found = append(found, candidate{place: place{address: a, end: len(n.lines[i])}, line: i})
	}
	return found
}

// originalRecipient finds to whom the mail went that came back: by the return
// address, where its sender wrote the recipient into it; by the trace that
// hosts left; by its To field.
func (d *document) originalRecipient(n *notice) string {
	for _, p := range d.m.To {
		if a := variable(p.Written); a != "" {
			return a
		}
	}
	headers := make([][]string, 0, len(d.original)+1)
	for _, o := range d.original {
		headers = append(headers, strings.Split(o, "\n"))
	}
	headers = append(headers, n.returned)
	bystanders := d.bystanders()
	for _, of := range [...]func([]string) string{tracedRecipient, recipientField} {
		for _, h := range headers {
			if a := of(h); a != "" && !bystanders[strings.ToLower(a)] {
				return a
			}
		}
	}
	return ""
}

// maxHeader bounds the lines of a header that are looked at.
const maxHeader = 200

// variable decodes a variable envelope return path, as mailing lists write it:
// list-bounces+name=domain@host stands for name@domain. What else has "=" in
// it, such as tags of SRS and BATV or the numbers of a campaign, is none.
func variable(returnPath string) string {
	local, _, _ := strings.Cut(returnPath, "@")
	_, local, ok := strings.Cut(local, "+")
	name, domain, equals := strings.Cut(local, "=")
	if !ok || !equals || strings.ContainsAny(name, "+-") || !strings.Contains(domain, ".") || strings.Contains(domain, "=") {
		return ""
	}
	a := name + "@" + domain
	if _, err := crm.ParseAddress(a); err != nil {
		return ""
	}
	return a
}

// tracedRecipient finds the recipient in the newest Received field that names
// one (RFC 5321 §4.4, the clause "for").
func tracedRecipient(lines []string) string {
	for _, l := range lines[:min(len(lines), maxHeader)] {
		low := strings.ToLower(l)
		i := strings.Index(low, " for <")
		if i < 0 && strings.HasPrefix(low, "\tfor <") {
			i = 0
		}
		if i < 0 {
			continue
		}
		if at := addressesIn(l[i:]); len(at) == 1 {
			return at[0].address
		}
	}
	return ""
}

// recipientField finds the only address of a To field among the lines of a
// header.
func recipientField(lines []string) string {
	for _, l := range lines[:min(len(lines), maxHeader)] {
		if name, value, ok := fieldOf(l); ok && name == "to" {
			if at := addressesIn(value); len(at) == 1 {
				return at[0].address
			}
		}
	}
	return ""
}
