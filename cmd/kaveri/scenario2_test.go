package main

import (
	"encoding/json"
	"fmt"
	"net"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"kaveri/crm"
	"kaveri/internal/testdovecot"
	"kaveri/internal/testsmtp"
)

// Scenario 2 to its end: the program is killed when a server has read the dot
// and said nothing yet. The mails are not sent again and are listed, with time
// and server; and what comes into the sender's mailbox by IMAP settles them by
// itself: a report that one failed, one that another arrived, an answer to the
// third. The mailbox is as it was.
func TestScenario2EvidenceByIMAP(t *testing.T) {
	if testing.Short() {
		t.Skip("starts servers")
	}
	t.Parallel()
	const n = 3
	var taken sync.WaitGroup
	taken.Add(n)
	dead := make(chan struct{})
	sink := testsmtp.Start(t, testsmtp.Options{Taken: func(testsmtp.Mail) error {
		taken.Done() // panics if a mail comes again
		<-dead
		return nil
	}})
	mails := testdovecot.Start(t)
	mails.AddUser("anna@kauppa.example")
	m := &machine{t, t.TempDir()}
	id := m.schedules(sink, n, time.Now().Add(-time.Minute))
	m.says(exitDone, "sender", "set", "sink", "--connections", fmt.Sprint(n))
	m.follows(mails, "anna@kauppa.example")

	_, _, kill := m.starts()
	taken.Wait()
	kill()
	close(dead)
	_, stop, _ := m.starts()
	m.until("in doubt", func(j mailingJSON) bool { return j.Recipients[crm.Unknown] == n })
	doubts := strings.Split(strings.TrimSpace(m.says(exitDone, "mailing", "show", fmt.Sprint(id), "--state", "unknown", "--json")), "\n")
	if len(doubts) != n {
		t.Fatalf("listed are %q", doubts)
	}
	for _, line := range doubts {
		var d dispatchJSON
		if err := json.Unmarshal([]byte(line), &d); err != nil {
			t.Fatal(err)
		}
		if time.Since(time.Time(d.Changed)).Abs() > 5*time.Minute || d.Server != sink.Sender().Host || !strings.Contains(d.Reason, "interrupted after the mail had gone to the server") {
			t.Errorf("listed as %s", line)
		}
	}

	for _, mail := range sink.Mails() {
		mails.Append("anna@kauppa.example", "INBOX", []byte(evidence(mail)), time.Now())
	}
	before := mails.Snapshot("anna@kauppa.example")
	m.until("settled", func(j mailingJSON) bool { return j.Finished })
	stop()
	if j := m.mailing(); j.Recipients[crm.Failed] != 1 || j.Recipients[crm.Sent] != 2 {
		t.Errorf("in the end: %v", j.Recipients)
	}
	if failed := m.says(exitDone, "mailing", "show", fmt.Sprint(id), "--state", "failed"); !strings.Contains(failed, "c0@asiakas.example") || !strings.Contains(failed, "5.1.1") {
		t.Errorf("failed: %s", failed)
	}
	if diff := cmp.Diff(before, mails.Snapshot("anna@kauppa.example")); diff != "" {
		t.Errorf("the mailbox has changed:\n%s", diff)
	}
	m.tookOnce(sink, n)
}

// evidence is what comes back of a mail, by its recipient.
func evidence(mail testsmtp.Mail) string {
	const report = "From: MAILER-DAEMON@mx.asiakas.example\nTo: anna@kauppa.example\nSubject: Delivery Status Notification\nMessage-ID: <%[5]s@mx.asiakas.example>\nAuto-Submitted: auto-replied\nMIME-Version: 1.0\n" +
		"Content-Type: multipart/report; report-type=delivery-status; boundary=raja\n\n--raja\n\nYour mail: %[3]s\n\n" +
		"--raja\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.asiakas.example\n\nFinal-Recipient: rfc822; %[1]s\nAction: %[2]s\nStatus: %[4]s\nDiagnostic-Code: smtp; %[3]s\n\n" +
		"--raja\nContent-Type: text/rfc822-headers\n\nFrom: anna@kauppa.example\nTo: %[1]s\nMessage-ID: <%[6]s>\nSubject: Autumn\n\n--raja--\n"
	var text string
	switch to := mail.To[0]; to {
	case "c0@asiakas.example":
		text = fmt.Sprintf(report, to, "failed", "550 5.1.1 User unknown", "5.1.1", "r0", mail.MessageID)
	case "c1@asiakas.example":
		text = fmt.Sprintf(report, to, "delivered", "250 2.0.0 OK", "2.0.0", "r1", mail.MessageID)
	default:
		text = "From: " + to + "\nTo: anna@kauppa.example\nSubject: Re: Autumn\nMessage-ID: <r2@asiakas.example>\nIn-Reply-To: <" + mail.MessageID + ">\n\nThank you!\n"
	}
	return strings.ReplaceAll(text, "\n", "\r\n")
}

// follows adds a mailbox at a Dovecot, and a colleague to whom it belongs.
func (m *machine) follows(mails *testdovecot.Server, address string) {
	m.Helper()
	host, port, err := net.SplitHostPort(mails.Addr())
	if err != nil {
		m.Fatal(err)
	}
	for _, c := range []struct {
		said string
		args []string
	}{
		{"correct-horse-battery\n", []string{"user", "add", address, "--name", "Anna"}},
		{testdovecot.Password + "\n", []string{"mailbox", "add", address, "--owner", address, "--host", host, "--port", port, "--security", "none"}},
	} {
		cmd := exec.Command("kaveri", append(c.args, "--data", m.data)...)
		cmd.Stdin = strings.NewReader(c.said)
		if out, err := cmd.CombinedOutput(); err != nil {
			m.Fatalf("kaveri %v: %v\n%s", c.args, err, out)
		}
	}
}
