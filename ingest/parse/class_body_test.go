package parse

import (
	"strings"
	"testing"

	"kaveri/crm"
)

// Where the header leaves it open the body decides, and never against a person.
func TestClassOfBody(t *testing.T) {
	returned := "Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/plain\n\nYour mail could not be delivered.\n--b\nContent-Type: message/rfc822\n\nSubject: Offer\n\nHello\n--b--\n"
	for name, c := range map[string]struct {
		mail string
		want crm.Class
	}{
		"a report from no-reply":            {"From: no-reply@isp.example\nSubject: Error\n" + returned, crm.ClassBounce},
		"a report from nobody":              {"From: <>\nSubject: failure notice\n\n<liisa@asiakas.example>: no such user\n", crm.ClassBounce},
		"a bounce under the list's header":  {"From: admin@asiakas.example\nSubject: Non-Delivery: Offer\nList-Id: <l.example>\nList-Post: <mailto:l@l.example>\n\n--- Non-Delivery Report ---\n", crm.ClassBounce},
		"status fields without an author":   {"Subject: Delivery Status\nContent-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: message/delivery-status\n\nAction: failed\n--b--\n", crm.ClassBounce},
		"a notification in JSON":            {"From: no-reply@sns.amazonaws.com\nSubject: AWS Notification Message\n\n{\"notificationType\":\"Bounce\"}", crm.ClassBounce},
		"a complaint in JSON":               {"From: no-reply@sns.amazonaws.com\nSubject: AWS Notification Message\n\n{\"notificationType\":\"Complaint\"}", crm.ClassComplaint},
		"a complaint of an older loop":      {"From: staff@hotmail.com\nSubject: complaint about message from 192.0.2.1\n\n", crm.ClassComplaint},
		"a filter that refuses":             {"From: Mail Delivery Subsystem <postmaster@x.example>\nSubject: Automatically rejected mail\nContent-Type: multipart/report; report-type=disposition-notification; boundary=b\n\n--b--\n", crm.ClassBounce},
		"a receipt":                         {"From: liisa@asiakas.example\nSubject: Read: Offer\nContent-Type: multipart/report; report-type=disposition-notification; boundary=b\n\n--b--\n", crm.ClassSystem},
		"a DMARC report":                    {"From: DMARC <reports@isp.example>\nSubject: Report Domain: oy.example Submitter: isp.example Report-ID: 1\n\n", crm.ClassSystem},
		"a notice":                          {"From: no-reply@shop.example\nSubject: Your parcel could not be delivered\n\nWe were unable to deliver your parcel.\n", crm.ClassSystem},
		"a person who asks":                 {"From: liisa@asiakas.example\nSubject: My mails are not delivered\n\nMy mail could not be delivered. Why?\n", crm.ClassHuman},
		"a person who forwards a bounce":    {"From: liisa@asiakas.example\nSubject: Fwd: Undelivered Mail Returned to Sender\n" + returned, crm.ClassHuman},
		"a person who answers about one":    {"From: liisa@asiakas.example\nSubject: RE: Undeliverable: Offer\n\ndelivery failed, it says\n", crm.ClassHuman},
		"a person who forwards as they can": {"From: liisa@asiakas.example\nSubject: Offer\n" + returned, crm.ClassHuman},
	} {
		t.Run(name, func(t *testing.T) {
			if m := Message([]byte(c.mail)); m.Class != c.want {
				t.Errorf("class %s (%s), want %s", m.Class, strings.Join(m.ClassReasons, ", "), c.want)
			}
		})
	}
}
