package bounce

import (
	"slices"
	"strings"
)

// notice is the text that a mail system wrote for people, cut from the mail
// that it returns below.
type notice struct {
	lines    []string
	at       [][]place // the addresses of each line
	returned []string
	text     string   // the lines, normalized
	refusals []string // of a transcript: "<<< 550 ...", without the 503 that follow from another
	action   string   // of the whole: "failed", "delayed", "delivered"
}

// readNotice takes the notice out of the text of a mail.
func readNotice(d *document) *notice {
	lines := strings.Split(d.text, "\n")
	if len(lines) > maxLines {
		lines = lines[:maxLines]
	}
	for i, l := range lines {
		if len(l) > maxLine {
			l = strings.ToValidUTF8(l[:maxLine], "")
		}
		lines[i] = strings.TrimRight(l, " \t\r")
	}
	n := &notice{lines: lines}
	if at := returnedAt(lines); at > 0 {
		n.lines, n.returned = lines[:at], lines[at:]
	}
	n.lines = n.lines[:disclaimedAt(n.lines)]
	n.at = make([][]place, len(n.lines))
	for i, room := 0, maxAddresses; i < len(n.lines) && room > 0; i++ {
		if strings.IndexByte(n.lines[i], '@') >= 0 {
			n.at[i] = addressesIn(n.lines[i])
			room -= len(n.at[i])
		}
	}
	for _, l := range n.lines {
		if a, ok := strings.CutPrefix(strings.TrimSpace(l), "<<< "); ok && a != "" && (a[0] == '4' || a[0] == '5') && !strings.HasPrefix(a, "503") && len(n.refusals) < maxSegment {
			n.refusals = append(n.refusals, a)
		}
	}
	n.text = normalize(strings.Join(n.lines, "\n"))
	n.action = actionOf(n.text, strings.ToLower(d.m.Subject))
	return n
}

// returnedMarks are what mail systems write over the mail that they return, in
// lower case.
var returnedMarks = []string{
	"this is a copy of the message", "this is a copy of your message", "below this line is a copy of", "below is a copy of", "copy of the original message",
	"copy of your message",
	"header of the original message", "headers of the original message", "headers of the message", "original message follow", "original message header",
	"original headers follow", "original message below", "original mail follow",
	"message headers follow", "message header follow", "headers follow", "message follows", "unsent message", "undelivered message follow", "returned message",
	"returned content", "start of returned", "begin returned", "begin original",
	"original message -", "- original message", "--original message", "original message:", "original mail header", "text of your message", "text of the message",
	"message text follows", "enclosed are the original", "message contents:", "your message was:", "original text:", "original mail:",
	"nondelivered message", "undelivered message:", "message body follow", "the message that caused", "your original message", "message that was not delivered",
	"message transcript", "received message:", "rejected message",
}

// disclaimers begin what firms write below all their mail, in lower case. Its
// words of prohibition are of no bounce.
var disclaimers = []string{"not the intended recipient", "not an intended recipient", "designated recipient only", "confidentiality notice", "is confidential",
	"are confidential", "privileged", "vertraulich", "confidentiel", "confidencial", "luottamuksell"}

// disclaimedAt finds the line where a disclaimer begins below the first
// address, the number of lines when there is none.
func disclaimedAt(lines []string) int {
	named := false
	for i, l := range lines {
		named = named || strings.IndexByte(l, '@') >= 0
		if !named || len(l) < 30 {
			continue
		}
		low := strings.ToLower(l)
		for _, d := range disclaimers {
			if strings.Contains(low, d) {
				return i
			}
		}
	}
	return len(lines)
}

// returnedAt finds the line where the returned mail begins, 0 when it is not
// part of the text: the line that says so, or the first of its header.
func returnedAt(lines []string) int {
	seen := false // a line of the notice
	for i, l := range lines {
		if l == "" {
			continue
		}
		if seen && (traceField(l) || len(l) < 120 && saysReturned(l)) {
			return i
		}
		seen = true
	}
	return 0
}

func saysReturned(l string) bool {
	low := strings.ToLower(l)
	if strings.Contains(low, "attempts") || strings.Contains(low, "session") {
		return false // "a transcript of the attempts to send the message follows"
	}
	for _, m := range returnedMarks {
		if strings.Contains(low, m) {
			// A line about it, not the line above it: "the original message
			// was received at". The latter ends, or is ruled.
			return strings.HasSuffix(low, m) || strings.Contains(low, "--") || strings.HasSuffix(low, ":") || strings.HasSuffix(low, ".") && strings.Contains(low,
				"follow") || strings.Contains(low, "below this line") || strings.Contains(low, "**")
		}
	}
	return false
}

// traceField reports a field that only the header of a mail has.
func traceField(l string) bool {
	for _, f := range [...]string{"Received: ", "Return-Path:", "Return-path:", "DKIM-Signature:", "X-Received:", "MIME-Version: ", "Delivered-To: ",
		"Message-ID: <", "Message-Id: <", "Content-Type: message/rfc822", "Content-Type: text/rfc822-headers"} {
		if strings.HasPrefix(l, f) {
			return true
		}
	}
	return false
}

// actions are what a notice says when nothing is lost yet, or nothing at all.
// Phrases are normalized.
var actions = []struct {
	action  string
	phrases []string
}{
	{"delayed", []string{
		"this is a warning message only", "you do not need to resend", "do not need to re-send", "not need to resend your", "no action is required on your part",
		"has not yet been delivered", "have not yet been delivered", "not been delivered yet", "will continue to try", "will keep trying", "will be retried",
		"still trying to deliver", "still being retried", "delivery has been delayed", "has been delayed", "is delayed for more than", "delayed delivery",
		"delivery delayed", "message delayed", "transient non-fatal errors", "will try again", "message still undelivered after", "delivery will be attempted",
		"delivery attempts will continue", "temporary failure report", "wird weiter versucht", "warning: could not send", "warning: message", "warning: delayed",
		"delivery status notification (delay)", "status notification: delayed", "could not be delivered for", "not yet delivered",
		"attempts to deliver the message will continue",
		"is delayed", "continue trying", "going on trying", "goes on trying", "will retry for", "try again for", "temporary problem delivering",
		"temporarily undeliverable", "hasn't been delivered yet", "haven't been delivered yet", "not been delivered so far",
		"noch nicht zugestellt", "verzögert", "pas encore été remis", "pas encore pu", "retardé", "aún no se ha", "todavía no", "se ha retrasado", "non è stato ancora",
		"in ritardo", "ainda não", "viivästy", "ei ole vielä", "ännu inte", "försenad", "forsink", "nog niet bezorgd", "vertraagd", "opóźni", "задерж", "еще не достав",
		"まだ配信", "遅延", "延迟"}},
	{"delivered", []string{"was successfully delivered", "successfully delivered to", "has been successfully delivered", "successful mail delivery report",
		"successfully relayed to", "status notification (success)", "return receipt"}},
}

// finals are what a notice says when the time of trying is over.
var finals = []string{"permanent error", "permanent fatal", "permanently", "given up", "giving up", "gave up", "will not be retried", "cannot be delivered",
	"failure", "delivery failed", "returned mail", "undeliverable", "undelivered mail"}

// actionOf concludes what happened from the words of notice and subject. Where
// a notice says both, what is final counts.
func actionOf(text, subject string) string {
	head := text[:min(len(text), 4<<10)]
	for _, a := range actions {
		switch {
		case !saysAny(head, a.phrases) && !saysAny(subject, a.phrases):
		case a.action == "delayed" && saysAny(subject, finals) && !says(subject, "(delay)"):
			return "failed"
		default:
			return a.action
		}
	}
	return "failed"
}

func saysAny(text string, phrases []string) bool {
	return slices.ContainsFunc(phrases, func(p string) bool { return says(text, p) })
}
