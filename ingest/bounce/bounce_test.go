package bounce

import (
	"fmt"
	"strings"
	"testing"

	"kaveri/crm"
	"kaveri/ingest/parse"
)

// read reads a mail as the command line does.
func read(mail string) (*crm.Bounce, *crm.Complaint, *crm.Message) {
	m := parse.Message([]byte(mail))
	b, c := Read([]byte(mail), m)
	return b, c, m
}

// sum gives what matters of a bounce in one line a recipient.
func sum(b *crm.Bounce) string {
	if b == nil {
		return "none"
	}
	var lines []string
	for _, r := range b.Recipients {
		lines = append(lines, strings.Join([]string{r.Address, string(r.Action), r.Status, r.ReplyCode, string(r.Reason)}, " "))
	}
	return strings.Join(lines, "\n")
}

const daemon = "From: Mail Delivery System <MAILER-DAEMON@mx.oy.example>\nTo: aino@oy.example\nSubject: Undelivered Mail Returned to Sender\n"

// report makes a delivery status notification of a notice and its fields.
func report(notice, fields string) string {
	return daemon + `MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary=b

--b
Content-Type: text/plain; charset=utf-8

` + notice + `
--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.oy.example

` + fields + `
--b
Content-Type: text/rfc822-headers

Message-ID: <7@oy.example>
From: aino@oy.example
To: liisa@asiakas.example
--b--
`
}

// What the sender called the transaction comes back (RFC 3464 §2.2.1).
func TestEnvelopeID(t *testing.T) {
	raw := strings.Replace(report("sorry", "Final-Recipient: rfc822; liisa@asiakas.example\nAction: failed\nStatus: 5.1.1"),
		"Reporting-MTA:", "Original-Envelope-Id: qq314159\nReporting-MTA:", 1)
	b, _ := Read([]byte(raw), parse.Message([]byte(raw)))
	if b == nil || b.EnvelopeID != "qq314159" {
		t.Errorf("%+v", b)
	}
}

var standard = map[string]struct{ mail, want string }{
	"failed": {report("sorry", "Final-Recipient: rfc822; liisa@asiakas.example\nAction: failed\nStatus: 5.1.1\nDiagnostic-Code: smtp; 550 5.1.1 <liisa@asiakas.example>:\n  User unknown"),
		"liisa@asiakas.example failed 5.1.1 550 userunknown"},
	"what the sender wrote comes first": {report("sorry", "Original-Recipient: rfc822;liisa+2Btuki@asiakas.example\nFinal-Recipient: rfc822; u17@store.asiakas.example\nAction: failed\nStatus: 5.2.2"),
		"liisa+tuki@asiakas.example failed 5.2.2  mailboxfull"},
	"an address of RFC 6533": {report("sorry", `Final-Recipient: utf-8; \x{E4}iti@asiakas.example`+"\nAction: failed\nStatus: 5.1.1"),
		"äiti@asiakas.example failed 5.1.1  userunknown"},
	"a delay is no failure": {report("sorry", "Final-Recipient: rfc822; liisa@asiakas.example\nAction: delayed\nStatus: 4.4.7"),
		"liisa@asiakas.example delayed 4.4.7  expired"},
	"a success is told": {report("fine", "Final-Recipient: rfc822; liisa@asiakas.example\nAction: relayed\nStatus: 2.0.0"),
		"liisa@asiakas.example relayed 2.0.0  delivered"},
	"two, with and without an empty line": {report("sorry", "Final-Recipient: rfc822; a@x.example\nAction: failed\nStatus: 5.1.1\nFinal-Recipient: rfc822; b@x.example\nAction: failed\nStatus: 5.1.2\n\nFinal-Recipient: rfc822; c@x.example\nAction: failed\nStatus: 5.7.26"),
		"a@x.example failed 5.1.1  userunknown\nb@x.example failed 5.1.2  hostunknown\nc@x.example failed 5.7.26  authfailure"},
	"the notice says more than the fields": {report("<liisa@asiakas.example>: host mx said: 550 5.7.1 Mailbox of this user is over quota", "Final-Recipient: rfc822; liisa@asiakas.example\nAction: failed\nStatus: 5.0.0"),
		"liisa@asiakas.example failed 5.7.1 550 mailboxfull"},
	"fields in the text": {daemon + "\nTechnical report:\n\nReporting-MTA: dns; mx.oy.example\nAction: failed\nFinal-Recipient: rfc822; liisa@asiakas.example\nStatus: 5.1.1\n",
		"liisa@asiakas.example failed 5.1.1  userunknown"},
	"a local program": {report("sorry", "Final-Recipient: rfc822; tuki@oy.example\nAction: failed\nStatus: 5.0.0\nDiagnostic-Code: x-unix; 71"),
		"tuki@oy.example failed 5.0.0  mailererror"},
}

// The fields of the standard, RFC 3464.
func TestDeliveryStatus(t *testing.T) {
	for name, c := range standard {
		t.Run(name, func(t *testing.T) {
			b, complaint, m := read(c.mail)
			if m.Class != crm.ClassBounce || complaint != nil || sum(b) != c.want {
				t.Errorf("class %s, got\n%s\nwant\n%s", m.Class, sum(b), c.want)
			}
			if b != nil && b.OriginalMessageID != "7@oy.example" && strings.Contains(c.mail, "<7@oy.example>") {
				t.Errorf("original %q", b.OriginalMessageID)
			}
		})
	}
}

// All line ends give the same.
func TestLineEnds(t *testing.T) {
	for name, c := range standard {
		for end, mail := range map[string]string{"CRLF": strings.ReplaceAll(c.mail, "\n", "\r\n"), "CR": strings.ReplaceAll(c.mail, "\n", "\r")} {
			if b, _, _ := read(mail); sum(b) != c.want {
				t.Errorf("%s with %s: got\n%s\nwant\n%s", name, end, sum(b), c.want)
			}
		}
	}
}

// Text that mail systems write for people, by its layout.
func TestNotices(t *testing.T) {
	for name, c := range map[string]struct{ mail, want string }{
		"qmail": {"Return-Path: <>\nFrom: MAILER-DAEMON@mx.example\nTo: aino@oy.example\nSubject: failure notice\n\nHi. This is the qmail-send program at mx.example.\n\n<liisa@asiakas.example>:\n192.0.2.1 does not like recipient.\nRemote host said: 550 No such user here\nGiving up on 192.0.2.1.\n\n--- Below this line is a copy of the message.\n\nReceived: from x\nMessage-ID: <7@oy.example>\nTo: other@asiakas.example\n",
			"liisa@asiakas.example failed  550 userunknown"},
		"Exim": {"X-Failed-Recipients: liisa@asiakas.example\n" + daemon + "\nThe following address(es) failed:\n\n  liisa@asiakas.example\n    SMTP error from remote mail server after end of data:\n    host mx [192.0.2.1]: 550 User unknown\n\n------ This is a copy of the message, including all the headers. ------\n\nReturn-path: <aino@oy.example>\n",
			"liisa@asiakas.example failed  550 filtered"},
		"Exchange": {"From: System Administrator <postmaster@asiakas.example>\nTo: aino@oy.example\nSubject: Undeliverable: Offer\n\nYour message\n\n  To:      liisa@asiakas.example\n  Subject: Offer\n\ndid not reach the following recipient(s):\n\npekka@asiakas.example on Thu, 29 Apr 2004 16:51:51 -0500\n    The recipient name is not recognized\n",
			"pekka@asiakas.example failed   userunknown"},
		"a transcript of sendmail": {daemon + "\n   ----- Transcript of session follows -----\n>>> RCPT To:<liisa@asiakas.example>\n<<< 550 5.2.1 Mailbox disabled\n550 <liisa@asiakas.example>... User unknown\n\n   ----- Unsent message follows -----\nReceived: x\n",
			"liisa@asiakas.example failed 5.2.1 550 suspend"},
		"in a sentence": {daemon + "\nYour message to liisa@asiakas.example could not be delivered: host not found.\n",
			"liisa@asiakas.example failed   hostunknown"},
		"only the mail that came back tells": {daemon + "\nYour message could not be delivered.\n\nReturn-Path: <aino@oy.example>\nTo: Liisa <liisa@asiakas.example>\nMessage-ID: <7@oy.example>\n",
			"liisa@asiakas.example failed   undefined"},
		"a warning": {"From: MAILER-DAEMON@mx.example\nTo: aino@oy.example\nSubject: Warning: could not send message for past 4 hours\n\nTHIS IS A WARNING MESSAGE ONLY. You do not need to resend your message.\n\n<liisa@asiakas.example>: connection timed out\n",
			"liisa@asiakas.example delayed   expired"},
		"in JSON, broken over lines": {"From: no-reply@sns.amazonaws.com\nTo: aino@oy.example\nSubject: AWS Notification Message\n\n{\"notificationType\":\"Bounce\",\"bounce\":{\"bouncedRecipients\":[{\"emailAddress\":\"liisa@asi\nakas.example\",\"action\":\"failed\",\"status\":\"5.1.1\",\"diagnosticCode\":\"smtp; 550 5.1.1 user unknown\"}],\"reportingMTA\":\"dsn; a.example\"}}\n",
			"liisa@asiakas.example failed 5.1.1 550 userunknown"},
	} {
		t.Run(name, func(t *testing.T) {
			if b, _, m := read(c.mail); sum(b) != c.want {
				t.Errorf("class %s, got\n%s\nwant\n%s", m.Class, sum(b), c.want)
			}
		})
	}
}

// A bounce that came back inside of another mail.
func TestNested(t *testing.T) {
	inner := standard["failed"].mail
	outer := daemon + "Content-Type: multipart/mixed; boundary=o\n\n--o\nContent-Type: message/rfc822\n\n" + inner + "\n--o--\n"
	if b, _, _ := read(outer); sum(b) != standard["failed"].want {
		t.Errorf("got %s", sum(b))
	}
}

// What servers say, and what it means. Each line is a reply as it would stand
// in a Diagnostic-Code.
func TestReasons(t *testing.T) {
	for _, c := range []struct {
		reason     crm.BounceReason
		diagnostic string
	}{
		{crm.BounceUserUnknown, "550 5.1.1 User unknown"},
		{crm.BounceUserUnknown, "550 No such user (in reply to RCPT TO command)"},
		{crm.BounceFiltered, "550 No such user (in reply to end of DATA command)"},
		{crm.BounceMailboxFull, "550 5.1.1 user unknown: mailbox full"},
		{crm.BounceMailboxFull, "452 4.2.2 The email account is over quota"},
		{crm.BounceHostUnknown, "550 Host unknown"},
		{crm.BounceHasMoved, "551 5.1.6 not our user"},
		{crm.BounceNotAccept, "556 5.1.10 this domain has a null MX"},
		{crm.BounceSuspend, "554 delivery error: This account has been disabled or discontinued"},
		{crm.BounceExceedLimit, "552 5.2.3 message exceeds the maximum message size"},
		{crm.BounceMesgTooBig, "552 5.3.4 message size exceeds fixed limit"},
		{crm.BounceRejected, "550 5.1.8 sender domain must resolve"},
		{crm.BounceBlocked, "554 5.7.1 Service unavailable; client host [192.0.2.1] blocked using bl.example"},
		{crm.BounceAuthFailure, "550 5.7.26 unauthenticated email is not accepted due to the DMARC policy"},
		{crm.BounceRequirePTR, "450 4.7.1 Client host rejected: cannot find your reverse hostname"},
		{crm.BounceNoRelaying, "554 5.7.1 Relay access denied"},
		{crm.BounceFailedSTARTTLS, "530 5.7.0 Must issue a STARTTLS command first"},
		{crm.BounceSpamDetected, "550 5.7.1 message identified as spam"},
		{crm.BounceVirusDetected, "550 5.7.1 message contains a virus"},
		{crm.BouncePolicyViolation, "554 5.7.9 message not accepted for policy reasons"},
		{crm.BounceNotCompliantRFC, "550 5.7.1 message is not RFC 5322 compliant: duplicate header"},
		{crm.BounceSpeeding, "450 4.2.1 the user is receiving mail at a rate that prevents additional messages"},
		{crm.BounceTooManyConn, "421 too many concurrent connections"},
		{crm.BounceNetworkError, "554 5.4.6 too many hops"},
		{crm.BounceExpired, "4.4.7 message expired"},
		{crm.BounceSystemFull, "452 4.3.1 insufficient system storage"},
		{crm.BounceSystemError, "451 4.3.5 server configuration error"},
		{crm.BounceSyntaxError, "501 5.5.4 syntax error in parameters"},
		{crm.BounceSecurityError, "550 5.7.1 delivery not authorized"},
		{crm.BounceContentError, "554 5.6.1 media not supported"},
		{crm.BounceSpamDetected, "552 5.2.0 Mail rejete. OFR_506 [506]"},
		{crm.BounceUserUnknown, "552 5.5.0 Adresse invalide. LPN007_416"},
		{crm.BounceOnHold, "550 nobody knows what this means"},
	} {
		mail := report("sorry", "Final-Recipient: rfc822; liisa@asiakas.example\nAction: failed\nDiagnostic-Code: smtp; "+c.diagnostic)
		b, _, _ := read(mail)
		if len(b.Recipients) != 1 || b.Recipients[0].Reason != c.reason || b.Recipients[0].Permanent != c.reason.Permanent() {
			t.Errorf("%q: %s, want %s", c.diagnostic, sum(b), c.reason)
		}
	}
}

// The name of a recipient is no word of the host.
func TestReasonNotFromAddress(t *testing.T) {
	b, _, _ := read(report("sorry", "Final-Recipient: rfc822; virus-spam@asiakas.example\nAction: failed\nStatus: 5.1.1\nDiagnostic-Code: smtp; 550 5.1.1 <virus-spam@asiakas.example>: user unknown"))
	if sum(b) != "virus-spam@asiakas.example failed 5.1.1 550 userunknown" {
		t.Error(sum(b))
	}
}

func TestComplaints(t *testing.T) {
	arf := "From: loop@isp.example\nTo: abuse@oy.example\nSubject: FW: Offer\nContent-Type: multipart/report; report-type=feedback-report; boundary=b\n\n--b\nContent-Type: text/plain\n\nan abuse report\n--b\nContent-Type: message/feedback-report\n\nFeedback-Type: Abuse\nUser-Agent: Loop/1.0\nVersion: 1\nOriginal-Mail-From: <aino@oy.example>\nOriginal-Rcpt-To: <liisa@isp.example>\nSource-IP: 192.0.2.1\n--b\nContent-Type: message/rfc822\n\nMessage-ID: <7@oy.example>\n\nHello\n--b--\n"
	hotmail := "From: staff@hotmail.com\nTo: abuse@oy.example\nSubject: complaint about message from 192.0.2.1\nContent-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: message/rfc822\n\nX-HmXmrOriginalRecipient: liisa@hotmail.example\nMessage-ID: <7@oy.example>\nReturn-Path: aino@oy.example\n\nHello\n--b--\n"
	for name, c := range map[string]struct {
		mail string
		want crm.Complaint
	}{
		"RFC 5965":        {arf, crm.Complaint{FeedbackType: "abuse", Recipient: "liisa@isp.example", OriginalMessageID: "7@oy.example", OriginalMailFrom: "aino@oy.example", SourceIP: "192.0.2.1", UserAgent: "Loop/1.0"}},
		"an older report": {hotmail, crm.Complaint{FeedbackType: "abuse", Recipient: "liisa@hotmail.example", OriginalMessageID: "7@oy.example", OriginalMailFrom: "aino@oy.example", SourceIP: "192.0.2.1"}},
	} {
		b, got, m := read(c.mail)
		if m.Class != crm.ClassComplaint || got == nil || *got != c.want || b.Recipients[0].Reason != crm.BounceFeedback {
			t.Errorf("%s: class %s, got %+v", name, m.Class, got)
		}
	}
}

// People, and programs that answer for them, have not bounced.
func TestOthers(t *testing.T) {
	if b, c, m := read("From: liisa@asiakas.example\nSubject: Undeliverable?\n\nWas my mail to aino@oy.example returned with 550 5.1.1?\n"); b != nil || c != nil {
		t.Errorf("a person: %s %v, %s", m.Class, m.ClassReasons, sum(b))
	}
	b, _, m := read("From: liisa@asiakas.example\nAuto-Submitted: auto-replied\nIn-Reply-To: <7@oy.example>\nSubject: away\n\nI am away\n")
	if m.Class != crm.ClassAutoReply || sum(b) != "liisa@asiakas.example    vacation" || len(b.Failed()) != 0 || b.OriginalMessageID != "7@oy.example" {
		t.Errorf("an automatic answer: %s, %s", m.Class, sum(b))
	}
}

// Whatever a mail holds, the work is bounded.
func TestBounded(t *testing.T) {
	var many strings.Builder
	for i := range 20000 {
		fmt.Fprintf(&many, "<u%d@asiakas.example>: 550 %s\n", i, strings.Repeat("no words ", 20))
	}
	for name, mail := range map[string]string{
		"empty":           daemon,
		"many recipients": daemon + "\n" + many.String(),
		"many groups":     report("", strings.Repeat("Final-Recipient: rfc822; a@x.example\nAction: failed\n\n", 20000)),
		"one long line":   daemon + "\n" + strings.Repeat("@a.b<c@d.e>", 500000),
		"no address":      daemon + "\n" + strings.Repeat("@@@@@@@@@@\n", 200000),
		"no line end":     daemon + "\n" + strings.Repeat("x", 20<<20),
		"nested":          strings.Repeat(daemon+"Content-Type: message/rfc822\n\n", 2000) + "Final-Recipient: x",
		"folded":          report("", "Final-Recipient: a@x.example\nDiagnostic-Code: x"+strings.Repeat("\n y", 100000)),
	} {
		b, _, _ := read(mail) // by the square of its size, it would not end
		if b != nil && len(b.Recipients) > maxRecipients {
			t.Errorf("%s: %d recipients", name, len(b.Recipients))
		}
	}
}

func FuzzRead(f *testing.F) {
	for _, c := range standard {
		f.Add([]byte(c.mail))
	}
	f.Add([]byte("X-Failed-Recipients: a@b.example\nFrom: <>\nSubject: failure notice\n\n<a@b.example>: 550 \"x y\"@b.example\n"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		m := parse.Message(raw)
		for _, class := range [...]crm.Class{m.Class, crm.ClassBounce, crm.ClassComplaint} {
			m.Class = class
			b, _ := Read(raw, m)
			if b == nil {
				continue
			}
			for _, r := range b.Recipients {
				if r.Reason == "" || r.Permanent != r.Reason.Permanent() || len(r.Diagnostic) > maxDiagnostic {
					t.Errorf("%+v", r)
				}
			}
		}
	})
}

func BenchmarkRead(b *testing.B) {
	for name, mail := range map[string]string{"bounce": standard["failed"].mail, "human": "From: liisa@asiakas.example\nSubject: Hello\n\n" + strings.Repeat("Some words of a letter.\n", 200)} {
		raw := []byte(mail)
		m := parse.Message(raw)
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				Read(raw, m)
			}
		})
	}
}
