package bounce

import (
	"strings"

	"kaveri/crm"
)

// readComplaint reads a feedback report (RFC 5965 §3, RFC 6591 §3). Older
// feedback loops send no fields: then the mail complained about tells, and its
// header always tells what the fields leave out.
func readComplaint(d *document) *crm.Complaint {
	var g fields
	if len(d.feedback) > 0 {
		g = oneGroup(d.feedback[0])
	}
	var o fields
	if len(d.original) > 0 {
		o = oneGroup(d.original[0])
	}
	c := &crm.Complaint{
		FeedbackType:     strings.ToLower(firstWord(g["feedback-type"])),
		Recipient:        bare(g.get("original-rcpt-to", "removal-recipient", "redacted-address")),
		OriginalMailFrom: bare(g["original-mail-from"]),
		SourceIP:         sourceIP(g.get("source-ip", "source")),
		UserAgent:        g["user-agent"],
		ReportingMTA:     typed(g["reporting-mta"]),
		Date:             g.get("arrival-date", "received-date"),
	}
	if c.FeedbackType == "" {
		c.FeedbackType = "abuse" // RFC 5965 §7.3: what a complaint is when nothing else is said
	}
	if !strings.Contains(c.Recipient, "@") {
		if a := bare(o.get("x-hmxmroriginalrecipient", "x-original-to", "delivered-to", "x-rcpt-to")); strings.Contains(a, "@") {
			c.Recipient = a
		} else if at := addressesIn(o["to"]); len(at) == 1 {
			c.Recipient = at[0].address
		}
	}
	if c.OriginalMailFrom == "" {
		c.OriginalMailFrom = bare(o.get("return-path", "x-original-mail-from"))
	}
	if c.SourceIP == "" {
		c.SourceIP = sourceIP(o.get("x-originating-ip", "x-sid-result", "x-reporter-source-ip"))
		if c.SourceIP == "" {
			c.SourceIP = addressOfHost(d.m.Subject) // "complaint about message from 192.0.2.1"
		}
	}
	c.OriginalMessageID = strings.Trim(firstWord(g.get("original-message-id", "message-id")), "<>")
	if id := strings.Trim(firstWord(o["message-id"]), "<>"); id != "" {
		c.OriginalMessageID = id
	}
	d.sesComplaint(c)
	return c
}

// oneGroup reads a block of fields as one group, up to the first empty line
// behind a field.
func oneGroup(s string) fields {
	g := fields{}
	last := ""
	for i, l := range strings.Split(s, "\n") {
		switch {
		case i > maxLines || strings.TrimSpace(l) == "" && len(g) > 0:
			return g
		case l == "":
			continue
		case (l[0] == ' ' || l[0] == '\t') && last != "":
			if len(g[last]) < maxLine {
				g[last] = strings.TrimSpace(g[last] + " " + strings.TrimSpace(l))
			}
			continue
		}
		name, value, ok := fieldOf(strings.TrimSpace(l))
		if last = ""; ok && g[name] == "" {
			g[name], last = value, name
		}
	}
	return g
}

// sourceIP takes the address out of forms like "dns 192.0.2.1" and
// "[192.0.2.1]". RFC 5965 §3.2 has it bare; redacted ones are kept as written.
func sourceIP(v string) string {
	v = strings.Trim(v, "[]() \t")
	if i := strings.LastIndexAny(v, " ;"); i >= 0 {
		v = v[i+1:]
	}
	return strings.Trim(v, "[]()")
}

// addressOfHost finds an IPv4 address among words.
func addressOfHost(s string) string {
	for _, w := range strings.FieldsFunc(s, func(r rune) bool { return r == ' ' || r == '[' || r == ']' || r == '(' || r == ')' }) {
		if strings.Count(w, ".") == 3 && strings.Trim(w, "0123456789.") == "" {
			return w
		}
	}
	return ""
}
