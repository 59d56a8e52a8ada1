package mailgen

import (
	"bytes"
	"fmt"
	"time"
)

// bounceBody is a delivery status notification (RFC 3464): a sentence for people, the report for programs, and the
// header of the mail that came back.
func bounceBody(boundary, mta, recipient string, at time.Time, returned []byte) []byte {
	header, _, _ := bytes.Cut(returned, []byte("\r\n\r\n"))
	const reason = "550 5.1.1 User unknown"
	told := fmt.Sprintf("This is the mail system at host %s.\r\n\r\nI'm sorry to have to inform you that your message could\r\n"+
		"not be delivered to one or more recipients.\r\n\r\n<%s>: host mx.%s said:\r\n    %s (in reply to RCPT TO command)\r\n",
		mta, recipient, domainOf(recipient), reason)
	report := fmt.Sprintf("Reporting-MTA: dns; %s\r\nArrival-Date: %s\r\n\r\nFinal-Recipient: rfc822; %s\r\nAction: failed\r\n"+
		"Status: 5.1.1\r\nRemote-MTA: dns; mx.%s\r\nDiagnostic-Code: smtp; %s\r\n",
		mta, at.Format(time.RFC1123Z), recipient, domainOf(recipient), reason)
	return multipart("multipart/report; report-type=delivery-status", boundary, "This is a MIME-encapsulated message.\r\n\r\n",
		part([]field{{"Content-Description", "Notification"}, {"Content-Type", "text/plain; charset=us-ascii"}}, told),
		part([]field{{"Content-Description", "Delivery report"}, {"Content-Type", "message/delivery-status"}}, report),
		part([]field{{"Content-Description", "Undelivered Message Headers"}, {"Content-Type", "text/rfc822-headers"},
			{"Content-Transfer-Encoding", "8bit"}}, string(header)+"\r\n"))
}

// bounceFields is the header of a notification, without the content fields.
func bounceFields(mta, to, id string, at time.Time) []field {
	return []field{
		{"Date", at.Format(time.RFC1123Z)},
		{"From", "MAILER-DAEMON@" + mta + " (Mail Delivery System)"},
		{"Subject", bounceSubject},
		{"To", to},
		{"Auto-Submitted", "auto-replied"}, // RFC 3834 §5
		{"Message-ID", "<" + id + ">"},
		{"MIME-Version", "1.0"},
	}
}

const bounceSubject = "Undelivered Mail Returned to Sender"

func domainOf(addr string) string {
	for i := len(addr) - 1; i >= 0; i-- {
		if addr[i] == '@' {
			return addr[i+1:]
		}
	}
	return ""
}
