package bounce

import (
	"slices"
	"strings"
	"testing"
)

const returned = "\n\n   ----- Original message -----\nReceived: from a by b; Thu, 1 Jan 2004 00:00:00 +0000\nFrom: list-bounces@oy.example\nTo: list@oy.example\nMessage-ID: <1@oy.example>\nSubject: hi\n\nwrite to someone@else.example for more\n"

// envelope is the header of a notice without parts.
const envelope = "From: Mail Delivery System <MAILER-DAEMON@k.example>\nTo: list-bounces@oy.example\nSubject: Delivery failure\nMIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\n\n"

// Notices without the fields of the standard, and whom they name.
var shapes = []struct{ want, notice string }{
	{"x@k.example", "Your message could not be delivered to the following recipients:\n\nx@k.example\n" + returned},
	{"x@k.example y@k.example", "The following addresses had delivery problems:\n\n<x@k.example>   (unrecoverable error)\n<y@k.example>   (unrecoverable error)\n" + returned},
	{"x@k.example", "Delivery to the following recipient failed permanently:\n\n     x@k.example\n\nTechnical details of permanent failure:\n550 No such user\n" + returned},
	{"x@k.example", "Message from k.example.\nUnable to deliver message to the following address(es).\n\n<x@k.example>:\nSorry, your message cannot be delivered. Mailbox disabled.\n\n--- Original message follows.\n\nReturn-Path: <list@oy.example>\n"},
	{"x@k.example y@k.example", "Your message\n\n  To:      list@oy.example\n  Subject: hello\n  Sent:    Fri, 1 Jan 2004 10:00:00\n\ndid not reach the following recipient(s):\n\nx@k.example on Fri, 1 Jan 2004 10:00:01\n    The recipient name is not recognized\ny@k.example on Fri, 1 Jan 2004 10:00:01\n    The recipient name is not recognized\n"},
	{"x@k.example", "The user(s) account is disabled.\n\n<x@k.example>: 550 account disabled\n" + returned},
	{"x@k.example", "User x@k.example is unknown here.\n" + returned},
	{"x@k.example", "   ----- The following addresses had permanent fatal errors -----\n<x@k.example>\n    (reason: 550 5.1.1 User unknown)\n\n   ----- Transcript of session follows -----\n... while talking to mx.k.example.:\n>>> DATA\n<<< 550 5.1.1 User unknown\n550 5.1.1 <x@k.example>... User unknown\n<<< 503 5.0.0 Need RCPT (recipient)\n"},
	{"x@k.example", "Hi. This is the qmail-send program at k.example.\nI'm afraid I wasn't able to deliver your message to the following addresses.\n\n<x@k.example>:\nUser is over quota\n\n--- Below this line is a copy of the message.\n\nReturn-Path: <list@oy.example>\n"},
	{"x@k.example", "This Message was undeliverable due to the following reason:\n\nYour message was not delivered because the destination computer was not reachable.\n\nThe following recipients did not receive your message:\n\n     <x@k.example>\n\nPlease reply to Postmaster@oy.example if you feel this message to be in error.\n"},
	{"x@k.example", "Unknown user: x@k.example\n\nRCPT TO generated following response:\n550 x@k.example unknown\n\nOriginal message follows.\n\nReceived: from a\n"},
	{"x@k.example", "The message you sent to x@k.example was rejected because it is too large.\n" + returned},
	{"x@k.example", "Dear Sender,\n\nYour mail with subject 'hello' sent to X Y <x@k.example> was not delivered: mailbox full.\n\nPostmaster <postmaster@k.example>\n" + returned},
	{"x@k.example", "*** Delivery failure notice ***\n\nRecipient: [SMTP:x@k.example]\nReason: 5.1.1 unknown\n" + returned},
	{"x@k.example y@k.example", "Failed addresses follow:\n---------------------\n <x@k.example>\n <y@k.example>\n---------------------\nMessage text follows:\nFrom: list@oy.example\n"},
	{"x@k.example", "Your mail message to the following address(es) could not be delivered. This\nis a permanent error. Please verify the addresses and try again.\n\nFailed address: x@k.example\n\n--- Session Transcript ---\n"},
	{"x@k.example", "Mail could not be delivered to the following address(es):\n\nx@k.example: user over quota\n\n--- Attached is the message header\n"},
	{"x@k.example", "The attached message had PERMANENT fatal delivery errors!\n\nAfter one or more unsuccessful delivery attempts the attached message has been removed from the mail queue.\n\nFailed address: x@k.example\n\n--- Session Transcript ---\nMon 2004-01-01 00:00:00: --> RCPT To:<x@k.example>\nMon 2004-01-01 00:00:00: <-- 550 No such user\n"},
	{"x@k.example", "A message that you sent could not be delivered to one or more of its\nrecipients. This is a permanent error. The following address(es) failed:\n\n  x@k.example\n    unknown local-part \"x\" in domain \"k.example\"\n\n------ This is a copy of the message, including all the headers. ------\n\nReturn-path: <list@oy.example>\n"},
	{"x@k.example", "Undeliverable Mail\n\nThe following recipient could not be reached:\n\n      'x@k.example' on 1/1/2004 10:00 AM\n            The e-mail account does not exist at the organization this message was sent to.\n"},
	{"x@k.example", "Your message was not delivered to\n    x@k.example\nfor the following reason:\n\n    Diagnostic was Unable to transfer, -1\n    Information Message timed out\n\n    The Original Message follows:\n\nReceived: by x\n"},
	{"x@k.example", "This is an automatically generated email message\n\nThe following mail to <x@k.example> could not be delivered\n\nThe reason: quota exceeded.\n"},
	{"x@k.example", "Sorry, I could not deliver your mail (from list@oy.example) to x@k.example.\nThe user has moved.\n"},
	{"x@k.example", "    ***** DELIVERY ERROR *****\n\nto:  x@k.example\nError: mailbox is full\n\n" + returned},
	{"x@k.example", "Message delivery failed.\n\nTo: x@k.example\nSubject: hi\nDate: today\n\nReason: no such account.\n"},
	{"x@k.example", "Subject: hi\nFrom: list@oy.example\nTo: list@oy.example\n\nThe above message was undeliverable to x@k.example because the mailbox is full.\n"},
	{"x@k.example", "No se pudo entregar su mensaje a las siguientes direcciones:\n\n  x@k.example\n\nEl usuario no existe.\n"},
	{"x@k.example", "Ihre Nachricht konnte an folgende Empfänger nicht zugestellt werden:\n\nx@k.example\n\nGrund: Benutzer unbekannt\n"},
	{"x@k.example", "Viestiäsi ei voitu toimittaa vastaanottajalle x@k.example.\nPostilaatikko on täynnä.\nYlläpito: yllapito@k.example\n"},
	{"x@k.example", "次のアドレスへのメールは配信できませんでした。\n\n  x@k.example\n\n管理者 kanri@k.example まで\n"},
	{"x@k.example", "550 5.1.1 x@k.example... User unknown\n"},
	{"x@k.example", "Your e-mail was sent to:\n\n\tx@k.example\n\nThis address no longer exists. Please use info@k.example instead.\n"},
	{"x@k.example y@k.example", "The following recipients were not delivered: x@k.example, y@k.example\n"},
	{"x@k.example y@k.example", "Could not deliver message to the following recipient(s):\n\nFailed Recipient: x@k.example\nReason: Remote host said: 550 Mailbox unavailable\nFailed Recipient: y@k.example\nReason: Remote host said: 550 Mailbox unavailable\n\n   -- The header and top 20 lines of the message follows --\n\nReceived: from a\n"},
	{"x@k.example", "Hello list@oy.example,\n\nyour message could not be delivered to x@k.example\n\nRegards\n"},
	{"x@k.example", "Delivery failure\n\nUser: \"X Y\" <x@k.example> not listed in Domino Directory\n"},
	{"x@k.example", "Error in delivery to user x@k.example: insufficient space\nYour message was:\n\nFrom: list@oy.example\n"},
	{"x@k.example", "The following message to <x@k.example> was undeliverable.\nThe reason for the problem:\n5.1.0 - Unknown address error 550-'Invalid recipient'\n"},
	{"x@k.example", "RCPT TO:<x@k.example>\n550 User unknown\n"},
	{"x@k.example", "We were unable to deliver your message to:\n    X Y (x@k.example)\nThe mailbox is full.\n"},
	{"x@k.example", "mailbox x@k.example: over quota\n"},
	{"support@k.example", "Hi. This is the qmail-send program at k.example.\n\n<support@k.example>:\nSorry, no mailbox here by that name. (#5.1.1)\n\nWrite to someone@k.example for help.\n\n--- Below this line is a copy of the message.\n"},
	{"x@k.example", "Your message could not be delivered to x@k.example: 550 unknown.\n\nPostmaster <postmaster@k.example>\n"},
	{"x@k.example", "Sent <<< RCPT TO:<x@k.example>\nReceived >>> 550 5.1.1 unknown\n"},
	{"x@k.example", "-----------------------\nSMTP error 550 for x@k.example: no mailbox here\n----------------------\n"},
	{"liisa@k.example pekka@k.example", "Your mail to the following recipients could not be delivered because they are not accepting mail from list@oy.example:\n\n   liisa\n   pekka\n"},
	{"x@k.example", "Your message could not be delivered.\n\nReceived: from a by mx.k.example for <x@k.example>; Thu, 1 Jan 2004 00:00:00 +0000\nTo: list@oy.example\nMessage-ID: <1@oy.example>\n"},
}

func TestShapes(t *testing.T) {
	for _, s := range shapes {
		b, _, m := read(envelope + s.notice)
		if b == nil {
			t.Errorf("a %s: %q", m.Class, s.notice)
			continue
		}
		var got []string
		for i := range b.Recipients {
			if b.Recipients[i].Failed() {
				got = append(got, b.Recipients[i].Address)
			}
		}
		slices.Sort(got)
		if strings.Join(got, " ") != s.want {
			t.Errorf("got %v, not %s: %q", got, s.want, s.notice)
		}
	}
}

// Notices without fields, whom they name and why, as the systems of firms and
// providers lay them out.
var wholes = []struct{ want, notice string }{
	{"x@k.example userunknown", "** Address not found **\n\nYour message wasn't delivered to x@k.example because the address couldn't be found, or is unable to receive mail.\n\nThe response from the remote server was:\n550 5.1.1 <x@k.example>: Recipient address rejected: User unknown\n"},
	{"x@k.example blocked", "** Message blocked **\n\nYour message to x@k.example has been blocked. See technical details below for more information.\n\nThe response from the remote server was:\n554 5.7.1 Service unavailable; Client host [192.0.2.1] blocked using zen.spamhaus.org\n"},
	{"x@k.example mesgtoobig", "** Message too large **\n\nYour message couldn't be delivered to x@k.example because it exceeds the size limit. Try reducing the message size and resending.\n"},
	{"x@k.example mailboxfull", "** Recipient inbox full **\n\nYour message couldn't be delivered to x@k.example. Their inbox is full, or it's getting too much mail right now.\n"},
	{"x@k.example expired", "** Delivery incomplete **\n\nThere was a temporary problem delivering your message to x@k.example. Gmail will retry for 47 more hours. You'll be notified if the delivery fails permanently.\n\nThe response was:\n\nThe recipient server did not accept our requests to connect. Learn more at https://support.google.com/mail/answer/7720 [k.example 192.0.2.1: timed out]\n"},
	{"x@k.example userunknown", "Delivery to the following recipient failed permanently:\n\n     x@k.example\n\nTechnical details of permanent failure: \nGoogle tried to deliver your message, but it was rejected by the server for the recipient domain k.example by mx.k.example. [192.0.2.1].\n\nThe error that the other server returned was:\n550 5.1.1 <x@k.example>... User unknown\n\n----- Original message -----\n\nReceived: by 10.0.0.1\n"},
	{"x@k.example userunknown", "Recipient address: x@k.example\nReason: Remote SMTP server has rejected address\nDiagnostic code: smtp;550 5.1.1 unknown or illegal alias: x@k.example\nRemote system: dns;mx.k.example (TCP|17.0.0.1|1|17.0.0.2|25) (mx.k.example ESMTP)\n"},
	{"x@k.example mailboxfull", "Recipient address: x@k.example\nReason: Over quota\n"},
	{"x@k.example userunknown", "The following mail was not delivered:\n\n  To: x@k.example\n\nUser x (x@k.example) not listed in Domino Directory\n"},
	{"x@k.example mailboxfull", "Your message\n\n  Subject: hi\n\nwas not delivered to:\n\n  x@k.example\n\nbecause:\n\n  Error transferring to mail.box; Maximum mailbox size / quota exceeded\n"},
	{"x@k.example rejected", "Hi, this is the fml mailing list driver.\n\nYou <x@k.example> are not a member of this mailing list.\n"},
	{"x@k.example userunknown", "Your message to x@k.example was rejected.\nI said:\n\tRCPT To:<x@k.example>\nAnd mx.k.example [192.0.2.1] responded with\n\t550 No such user here\n"},
	{"x@k.example userunknown", "Delivery has failed to these recipients or groups:\n\nx@k.example\nThe email address you entered couldn't be found. Please check the recipient's email address and try to resend the message.\n\nDiagnostic information for administrators:\n\nGenerating server: ex.k.example\n\nx@k.example\n#550 5.1.1 RESOLVER.ADR.RecipNotFound; not found ##\n"},
	{"x@k.example mailboxfull", "Delivery has failed to these recipients or groups:\n\nX Y (x@k.example)\nThe recipient's mailbox is full and can't accept messages now. Please try resending this message later, or contact the recipient directly.\n"},
	{"x@k.example userunknown", "Your message to x@k.example couldn't be delivered.\n\nx wasn't found at k.example.\n\nRecipient: x@k.example\nRemote server returned 550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address lookup\n"},
	{"x@k.example hostunknown", "Sorry, we were unable to deliver your message to the following address.\n\n<x@k.example>:\nUnable to deliver message: domain k.example not found\n"},
	{"x@k.example suspend", "Sorry, we were unable to deliver your message to the following address.\n\n<x@k.example>:\nRemote host said:\n554 delivery error: dd Sorry your message to x@k.example cannot be delivered. This account has been disabled or discontinued [#102]. [BODY]\n"},
	{"x@k.example userunknown", "Error: Message to x@k.example was not accepted by k.example\n550 - Requested action not taken; no such user here. (in reply to RCPT TO)\n"},
	{"x@k.example networkerror", "This is the Courier mail server on mx.k.example.\n\nThis is a delivery failure notice.\n\nUNDELIVERABLE MAIL\n\nYour message to the following recipients cannot be delivered:\n\n<x@k.example>:\n    mx.k.example [192.0.2.1]:\n<<< 554 5.4.6 Mail loop - too many hops\n\n---------------------------------------------------------------------------\n\nIf your message was also sent to additional recipients\n"},
	{"x@k.example mesgtoobig", "*** ATTENTION ***\n\nYour e-mail is being returned to you because there was a problem with its\ndelivery.  The address which was undeliverable is listed in the section\nlabeled: \"----- The following addresses had permanent fatal errors -----\".\n\n   ----- The following addresses had permanent fatal errors -----\n<x@k.example>\n\n   ----- Transcript of session follows -----\n... while talking to mx.k.example.:\n>>> MAIL From:<a@oy.example> SIZE=99999999\n<<< 552 Message size exceeds fixed maximum message size\n554 <x@k.example>... Service unavailable\n"},
	{"x@k.example norelaying", "Failed to deliver to 'x@k.example'\nSMTP module(domain k.example) reports:\n mx.k.example: 550 relaying mail to k.example is not allowed\n"},
	{"x@k.example blocked", "Message could not be delivered to <x@k.example>.\n\nHost mx.k.example said: 554 5.7.1 Your mail server is listed on our block list\n"},
	{"x@k.example mailboxfull", "メールを配信できませんでした。\n\n<x@k.example>\n\n受信者のメールボックスの容量が一杯です。\n"},
	{"x@k.example userunknown", "Unknown user: x@k.example\n\nOriginal message follows.\n\nReceived: from a\n"},
	{"x@k.example hostunknown", "Unknown host: x@k.example\n\nOriginal message follows.\n\nReceived: from a\n"},
	{"x@k.example expired", "Delivery failed 20 attempts: x@k.example\n\nOriginal message follows.\n\nReceived: from a\n"},
}

func TestWholes(t *testing.T) {
	for _, s := range wholes {
		b, _, m := read(envelope + s.notice)
		if b == nil {
			t.Errorf("a %s: %q", m.Class, s.notice)
			continue
		}
		var got []string
		for _, r := range b.Recipients {
			got = append(got, r.Address, string(r.Reason))
		}
		if strings.Join(got, " ") != s.want {
			t.Errorf("got %v, not %s: %q", got, s.want, s.notice)
		}
	}
}

func TestVariableReturnPath(t *testing.T) {
	for path, want := range map[string]string{
		"list-bounces+x=k.example@oy.example":            "x@k.example",
		"list-bounces@oy.example":                        "",
		"SRS0=ab=cd=k.example=first.last@oy.example":     "",
		"prvs=0123456789=first.last@oy.example":          "",
		"bounces+1234567-ab12-x=k.example@em.oy.example": "",
	} {
		if got := variable(path); got != want {
			t.Errorf("%s: %q, not %q", path, got, want)
		}
	}
}
