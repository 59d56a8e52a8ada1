package parse

import (
	"strings"

	"kaveri/crm"
)

// reclassify looks at the body where the header leaves a bounce or complaint
// open: the header of a mail that bounced may stand over its bounce, and some
// systems send reports from an address that says nothing. A person's mail is
// not looked at unless its subject begins as mail systems begin theirs.
func reclassify(m *crm.Message) {
	var class crm.Class
	var why string
	switch m.Class {
	case crm.ClassSystem:
		class, why = notification(m.Text)
		if class == "" {
			class, why = returned(m)
		}
	case crm.ClassHuman, crm.ClassList, crm.ClassNewsletter:
		if subject := strings.ToLower(m.Subject); beginsWithAny(subject, bounceSubjects) {
			class, why = returned(m)
		}
	}
	if class != "" {
		m.Class, m.ClassReasons = class, []string{why}
	}
}

// returned reports a mail that brings back another one, or its delivery
// status, and says at the beginning that it was not delivered.
func returned(m *crm.Message) (crm.Class, string) {
	opening := strings.ToLower(m.Text[:min(len(m.Text), maxOpening)])
	for i := range m.Attachments {
		switch t := m.Attachments[i].Type; t {
		case "message/delivery-status", "message/global-delivery-status":
			if m.Author().Address == "" || m.Class == crm.ClassSystem || containsAny(opening, bounceOpenings) {
				return crm.ClassBounce, "a part of the type " + t
			}
		case "message/feedback-report":
			return crm.ClassComplaint, "a part of the type " + t
		case "message/rfc822", "text/rfc822-headers":
			if containsAny(opening, bounceOpenings) {
				return crm.ClassBounce, "a part of the type " + t + ", and the text"
			}
		}
	}
	if m.Class != crm.ClassSystem && containsAny(strings.ToLower(firstLines(m.Text)), bounceOpenings) && len(m.InReplyTo) == 0 {
		return crm.ClassBounce, "Subject and the beginning of the text"
	}
	return "", ""
}

// maxOpening is how much of a text counts as its beginning, in bytes.
const maxOpening = 1024

// firstLines gives the first few lines of a text.
func firstLines(s string) string {
	s = s[:min(len(s), maxOpening/4)]
	for i, n := 0, 0; i < len(s); i++ {
		if s[i] == '\n' {
			if n++; n == 4 {
				return s[:i]
			}
		}
	}
	return s
}

// bounceOpenings are what the text of a bounce says at its beginning, in lower
// case. They count only together with a sign in the header.
var bounceOpenings = []string{"could not be delivered", "cannot be delivered", "can not be delivered", "was not delivered", "not be delivered", "undeliverable", "undelivered", "could not deliver", "unable to deliver", "delivery failed", "delivery has failed", "delivery failure", "failed to deliver", "non-delivery report", "did not reach", "delivery problems", "wasn't delivered", "delivery to the following", "user unknown", "no such user", "permanent fatal errors", "mailbox is full", "returned to sender"}

func beginsWithAny(s string, words []string) bool {
	for _, w := range words {
		if strings.HasPrefix(s, w) {
			return true
		}
	}
	return false
}

// notification tells the notifications of Amazon SES, which a mailbox gets as
// JSON from an address that sends all kinds of notices.
func notification(text string) (crm.Class, string) {
	if !strings.HasPrefix(text, `{"`) {
		return "", ""
	}
	head := text[:min(len(text), maxOpening)]
	for _, n := range [...]struct {
		key   string
		class crm.Class
	}{
		{`"notificationType":"Bounce"`, crm.ClassBounce},
		{`"notificationType":"Delivery"`, crm.ClassBounce},
		{`"notificationType":"Complaint"`, crm.ClassComplaint},
	} {
		if strings.Contains(head, n.key) {
			return n.class, "JSON with " + n.key
		}
	}
	return "", ""
}
