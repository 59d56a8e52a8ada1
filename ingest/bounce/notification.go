package bounce

import (
	"strings"

	"kaveri/crm"
)

// notification reads what Amazon SES writes to a mailbox about a bounce or a
// delivery: JSON as the text of a mail. QUIRK: mail systems break its one long
// line anywhere, in strings as well, so no JSON decoder reads it.
func (d *document) notification(b *crm.Bounce) []*finding {
	text := unbroken(d.text)
	if !strings.HasPrefix(text, `{"`) {
		return nil
	}
	kind := strings.ToLower(stringOf(text, "notificationType"))
	b.ReportingMTA = typed(stringOf(text, "reportingMTA"))
	b.OriginalMessageID = sesMessageID(text)
	switch kind {
	case "bounce":
		return bouncedRecipients(listOf(text, "bouncedRecipients"))
	case "delivery":
		var found []*finding
		for _, p := range addressesIn(listOf(text, "recipients")) {
			found = append(found, &finding{address: p.address, action: "delivered", diagnostic: stringOf(text, "smtpResponse")})
		}
		return found
	}
	return nil
}

// bouncedRecipients reads the objects of a list, each of which has an address.
func bouncedRecipients(list string) []*finding {
	var found []*finding
	for _, object := range strings.SplitAfter(list, "}") {
		if a := stringOf(object, "emailAddress"); a != "" && len(found) < maxRecipients {
			found = append(found, &finding{address: bare(a), action: strings.ToLower(stringOf(object, "action")), status: stringOf(object, "status"), diagnostic: typed(stringOf(object, "diagnosticCode"))})
		}
	}
	return found
}

// sesComplaint reads the complaint that a notification tells of into c.
func (d *document) sesComplaint(c *crm.Complaint) {
	text := unbroken(d.text)
	if !strings.HasPrefix(text, `{"`) {
		return
	}
	if t := stringOf(text, "complaintFeedbackType"); t != "" {
		c.FeedbackType = strings.ToLower(t)
	}
	c.Recipient = bare(stringOf(listOf(text, "complainedRecipients"), "emailAddress"))
	c.UserAgent = stringOf(text, "userAgent")
	c.SourceIP = stringOf(text, "sourceIp")
	c.OriginalMailFrom = stringOf(text, "source")
	c.Date = stringOf(text, "arrivalDate")
	c.OriginalMessageID = sesMessageID(text)
}

// sesMessageID gives the Message-ID field of the mail, else what SES calls it.
func sesMessageID(text string) string {
	for _, key := range [...]string{`"Message-ID","value":"`, `"Message-Id","value":"`} {
		if _, rest, ok := strings.Cut(text, key); ok {
			id, _, _ := strings.Cut(rest, `"`)
			return strings.Trim(unescape.Replace(id), "<>")
		}
	}
	return stringOf(text, "messageId")
}

// unbroken undoes the line breaks of a transport.
func unbroken(s string) string { return lineBreaks.Replace(strings.TrimSpace(s)) }

var (
	lineBreaks = strings.NewReplacer("!\n ", "", "\n ", "", "\n", "")
	unescape   = strings.NewReplacer(`\"`, `"`, `\\`, `\`, `\/`, `/`, `\n`, "\n", `\r`, "", `\t`, " ", `\u003c`, "<", `\u003e`, ">", `\u0026`, "&")
)

// stringOf gives the string behind the first key of this name, "" when there
// is none.
func stringOf(text, key string) string {
	i := strings.Index(text, `"`+key+`"`)
	if i < 0 {
		return ""
	}
	rest := strings.TrimLeft(text[i+len(key)+2:], " :")
	if rest == "" || rest[0] != '"' {
		return ""
	}
	for j := 1; j < len(rest); j++ {
		switch rest[j] {
		case '\\':
			j++
		case '"':
			return unescape.Replace(rest[1:j])
		}
	}
	return ""
}

// listOf gives what is inside the brackets behind a key.
func listOf(text, key string) string {
	i := strings.Index(text, `"`+key+`"`)
	if i < 0 {
		return ""
	}
	rest := text[i:]
	open := strings.IndexByte(rest, '[')
	if open < 0 || open > len(key)+6 {
		return ""
	}
	list, _, _ := strings.Cut(rest[open+1:], "]")
	return list
}
