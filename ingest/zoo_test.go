package ingest_test

import (
	"database/sql"
	"fmt"
	"strings"
	"testing"
	"time"

	"kaveri/crm"
	"kaveri/ingest"
	"kaveri/internal/testdovecot"
	"kaveri/store"
)

// ledger is the send ledger as these tests write and read it, by SQL of their
// own.
type ledger struct {
	*sql.DB
	t testing.TB
	n int64
}

func openLedger(t testing.TB, dsn string) *ledger {
	t.Helper()
	db, err := sql.Open("sqlite3", "file:"+strings.TrimPrefix(dsn, "sqlite://")+"?_busy_timeout=10000&_txlock=immediate")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return &ledger{DB: db, t: t, n: 1 << 40}
}

// put puts a mail on the ledger, in a mailing of its own.
func (l *ledger) put(kind crm.MailingKind, from, to crm.Address, state crm.DispatchState) crm.DispatchID {
	l.t.Helper()
	l.n++
	for _, q := range []string{
		fmt.Sprintf(`INSERT INTO mailings (id, kind, name, from_address, subject, body_text, body_html, doubt, state, start_us, patience_us, created_us) VALUES (%d, '%s', 'x', '%s', 'x', 'x', '', 'hold', 'running', 0, 0, 1)`, l.n, kind, from),
		fmt.Sprintf(`INSERT INTO dispatches (id, mailing_id, state, due_us, changed_us) VALUES (%d, %d, '%s', 0, 0)`, l.n, l.n, state),
		fmt.Sprintf(`INSERT INTO recipients (dispatch_id, mailing_id, address) VALUES (%d, %d, '%s')`, l.n, l.n, to),
		fmt.Sprintf(`INSERT INTO dispatch_counts (mailing_id, state, n) VALUES (%d, '%s', 1)`, l.n, state),
	} {
		if _, err := l.Exec(q); err != nil {
			l.t.Fatal(err)
		}
	}
	return crm.DispatchID(l.n)
}

// words joins what a query gives.
func (l *ledger) words(query string, args ...any) string {
	l.t.Helper()
	var s string
	if err := l.QueryRow(`SELECT COALESCE(group_concat(w, ' '), '') FROM (`+query+`)`, args...).Scan(&s); err != nil {
		l.t.Fatal(err)
	}
	return s
}

// fate tells the state of a mail, what was reported of it, and why its address
// is suppressed.
func (l *ledger) fate(d crm.DispatchID) string {
	l.t.Helper()
	return strings.TrimSpace(l.words(`SELECT state AS w FROM dispatches WHERE id = $1`, d) + " | " +
		l.words(`SELECT kind AS w FROM dispatch_events WHERE dispatch_id = $1 ORDER BY id`, d) + " | " +
		l.words(`SELECT reason AS w FROM suppressions WHERE dispatch_id = $1 ORDER BY id`, d))
}

// zoo is a firm that has sent mail, and to which mail systems answer.
type zoo struct {
	t      testing.TB
	st     *store.Store
	ledger *ledger
	keeper *ingest.Keeper
	owner  crm.Staff
}

func newZoo(t testing.TB) *zoo {
	t.Helper()
	dsn := sqliteDSN(t)
	st := openStore(t, dsn, nil)
	o := &office{domain: "kauppa.example"}
	o.found(t, st, crm.PolicyKnown)
	staff, err := st.Staff(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return &zoo{t, st, openLedger(t, dsn), ingest.NewKeeper(ingest.New(quick(t, st)), st), staff[0]}
}

// sent is a mail that was sent.
type sent struct {
	id            crm.DispatchID
	to            crm.Address
	message, path string // Message-ID and return path
	envelope      string // ENVID
}

func (z *zoo) sent(to crm.Address, state crm.DispatchState) sent {
	z.t.Helper()
	d := z.ledger.put(crm.MailingAudience, "info@kauppa.example", to, state)
	keys := z.st.Keyring()
	return sent{id: d, to: to, message: keys.MessageID(d, "kauppa.example"), path: string(keys.ReturnPath(d, "bounce.kauppa.example")), envelope: keys.Make(crm.TokenReturnPath, int64(d))}
}

// hears captures what a mail system says. It reports whether it was kept.
func (z *zoo) hears(raw string) bool {
	z.t.Helper()
	out, err := z.keeper.Keep(z.t.Context(), ingest.Dropped{Raw: []byte(raw), Owner: z.owner, At: time.Now()})
	if err != nil {
		z.t.Fatal(err)
	}
	return out.Message != 0
}

func crlf(s string) string { return strings.ReplaceAll(s, "\n", "\r\n") }

// notification writes a notification by RFC 3464 as a host does.
func notification(s sent, to, action, status, words string, returned bool, fields string) string {
	m := "From: MAILER-DAEMON@mx.asiakas.example\nTo: " + to + "\nSubject: Delivery Status Notification\nAuto-Submitted: auto-replied\nMIME-Version: 1.0\n" +
		"Content-Type: multipart/report; report-type=delivery-status; boundary=raja\n\n--raja\n\nYour mail: " + words + "\n\n" +
		"--raja\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.asiakas.example\n" + fields + "\nFinal-Recipient: rfc822; " + string(s.to) + "\nAction: " + action + "\nStatus: " + status + "\nDiagnostic-Code: smtp; " + words + "\n\n"
	if returned {
		m += "--raja\nContent-Type: text/rfc822-headers\n\nFrom: info@kauppa.example\nTo: " + string(s.to) + "\nMessage-ID: <" + s.message + ">\nSubject: Uutuuksia\n\n"
	}
	return crlf(m + "--raja--\n")
}

// home is where reports come to that do not come to a return path.
const home = "info@kauppa.example"

// exhibit is something that a mail system or a person says of a mail, and what
// becomes of that.
type exhibit struct {
	name  string
	state crm.DispatchState // of the mail, before
	write func(s sent) string
	want  string // see fate
}

// exhibits are of every kind.
var exhibits = []exhibit{
	{"to the return path", crm.Sent, func(s sent) string {
		return notification(s, s.path, "failed", "5.1.1", "550 5.1.1 User unknown", false, "")
	}, "failed | bounced | bounced"},
	{"delivered to the return path", crm.Sent, func(s sent) string {
		return "Delivered-To: " + s.path + "\r\n" + notification(s, home, "failed", "5.1.1", "550 5.1.1 User unknown", false, "")
	}, "failed | bounced | bounced"},
	{"with our envelope id", crm.Sent, func(s sent) string {
		return notification(s, home, "failed", "5.1.1", "550 5.1.1 User unknown", false, "Original-Envelope-Id: "+s.envelope+"\n")
	}, "failed | bounced | bounced"},
	{"with the header that came back", crm.Sent, func(s sent) string {
		return notification(s, home, "failed", "5.1.1", "550 5.1.1 User unknown", true, "")
	}, "failed | bounced | bounced"},
	{"a full mailbox", crm.Sent, func(s sent) string {
		return notification(s, s.path, "failed", "4.2.2", "452 4.2.2 Mailbox full", true, "")
	}, "failed | bounced |"},
	{"unknown for now", crm.Sent, func(s sent) string {
		return notification(s, s.path, "failed", "4.1.1", "450 4.1.1 User unknown", true, "")
	}, "failed | bounced |"},
	{"our bad name", crm.Sent, func(s sent) string {
		return notification(s, s.path, "failed", "5.7.1", "550 5.7.1 Blocked: poor reputation of 192.0.2.1", true, "")
	}, "failed | bounced |"},
	{"a delay", crm.Unknown, func(s sent) string {
		return notification(s, s.path, "delayed", "4.4.1", "Connection timed out", true, "")
	}, "sent | delayed |"},
	{"it arrived", crm.Unknown, func(s sent) string {
		return notification(s, s.path, "delivered", "2.0.0", "250 OK", true, "")
	}, "sent | delivered |"},
	{"a doubt that bounces", crm.Unknown, func(s sent) string {
		return notification(s, s.path, "failed", "5.1.1", "550 5.1.1 User unknown", true, "")
	}, "failed | bounced | bounced"},
	{"text alone", crm.Sent, func(s sent) string {
		return crlf("From: MAILER-DAEMON@mx.asiakas.example\nTo: " + home + "\nX-Failed-Recipients: " + string(s.to) + "\nAuto-Submitted: auto-replied\nSubject: Mail delivery failed\n\n" +
			"A mail could not be delivered:\n\n  " + string(s.to) + "\n    550 5.1.1 User unknown\n\n------ This is a copy of the message, including all the headers. ------\n\n" +
			"Return-path: <" + s.path + ">\nMessage-ID: <" + s.message + ">\nFrom: " + home + "\nTo: " + string(s.to) + "\nSubject: Uutuuksia\n\nHei!\n")
	}, "failed | bounced | bounced"},
	{"a complaint", crm.Sent, func(s sent) string {
		return crlf("From: fbl@isp.example\nTo: abuse@kauppa.example\nSubject: complaint\nMIME-Version: 1.0\nContent-Type: multipart/report; report-type=feedback-report; boundary=raja\n\n" +
			"--raja\n\nA complaint.\n\n--raja\nContent-Type: message/feedback-report\n\nFeedback-Type: abuse\nUser-Agent: Loop/1.0\nVersion: 1\nOriginal-Mail-From: <" + s.path + ">\n\n" +
			"--raja\nContent-Type: message/rfc822\n\nFrom: " + home + "\nTo: " + string(s.to) + "\nMessage-ID: <" + s.message + ">\nSubject: Uutuuksia\n\nHei!\n--raja--\n")
	}, "sent | complained | complained"},
	{"an absence", crm.Unknown, func(s sent) string {
		return crlf("From: " + string(s.to) + "\nTo: " + s.path + "\nSubject: Automatic reply: Uutuuksia\nAuto-Submitted: auto-replied\nIn-Reply-To: <" + s.message + ">\n\nI am away until Monday.\n")
	}, "sent | auto-answered |"},
	{"an answer from elsewhere", crm.Unknown, func(s sent) string {
		return crlf("From: Maija <maija@koti.example>\nTo: " + home + "\nSubject: Re: Uutuuksia\nMessage-ID: <answer@koti.example>\nIn-Reply-To: <" + s.message + ">\n\nKiitos!\n")
	}, "sent | answered |"},
}

// about sends a mail for an exhibit.
func (z *zoo) about(e *exhibit) sent {
	z.t.Helper()
	return z.sent(crm.Address(strings.ReplaceAll(e.name, " ", "-")+"@asiakas.example"), e.state)
}

// Scenario 10 of the campaigns, with bounces that are made here: each is about
// the mail that it is about, nobody is suppressed for what may pass, and what is
// about nothing of ours is in sight.
func TestCampaignScenario10BounceZoo(t *testing.T) {
	z := newZoo(t)
	z.sent("somebody@asiakas.example", crm.Sent) // something has been sent
	for _, e := range exhibits {
		s := z.about(&e)
		if !z.hears(e.write(s)) {
			t.Errorf("%s: not kept", e.name)
		}
		if got := z.ledger.fate(s.id); got != e.want {
			t.Errorf("%s: %s, want %s", e.name, got, e.want)
		}
	}
	if n := z.ledger.words(`SELECT count(*) AS w FROM unmatched_reports`); n != "0" {
		t.Errorf("%s reports are nobody's: %s", n, z.ledger.words(`SELECT reason AS w FROM unmatched_reports`))
	}
	z.strangers(home)
}

// inbox gives the firm a mailbox in a real Dovecot, where reports come to. The
// function that it returns captures it, and checks that it is as it was: read
// mail read, unread mail unread.
func (z *zoo) inbox() (deliver func(raw []byte), capture func()) {
	z.t.Helper()
	server := testdovecot.Start(z.t)
	server.AddUser("info")
	o := &office{Server: server, domain: "kauppa.example"}
	o.addMailbox(z.t, z.st, z.owner.ID, server.Addr(), "info", testdovecot.Password)
	n := 0
	deliver = func(raw []byte) {
		n++
		server.Fill("info", "INBOX", []testdovecot.Mail{{Raw: raw, At: time.Now(), Flags: []string{"", "S", "FS"}[n%3]}})
	}
	return deliver, func() {
		before := server.Snapshot("info")
		syncAll(z.t, z.st)
		if after := server.Snapshot("info"); !sameSnapshot(before, after) || len(after["INBOX"].Mails) != n {
			z.t.Errorf("the inbox has changed from %+v to %+v", before, after)
		}
	}
}

// The same by IMAP: what is found in an inbox is about the mails that it is
// about, and no mail there has changed a flag.
func TestCampaignScenario10InDovecot(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a Dovecot")
	}
	z := newZoo(t)
	deliver, capture := z.inbox()
	var all []sent
	for i := range exhibits {
		all = append(all, z.about(&exhibits[i]))
		deliver([]byte(exhibits[i].write(all[i])))
	}
	capture()
	for i, e := range exhibits {
		if got := z.ledger.fate(all[i].id); got != e.want {
			t.Errorf("%s: %s, want %s", e.name, got, e.want)
		}
	}
}

// strangers tells of bounces that prove nothing.
func (z *zoo) strangers(home string) {
	z.t.Helper()
	s := z.sent("uhri@asiakas.example", crm.Sent)
	fake := s
	fake.message = s.message[:13] + strings.Repeat("a", 26) + "@kauppa.example"
	fake.path = "b-" + s.envelope[:13] + strings.Repeat("a", 26) + "@bounce.kauppa.example"
	if _, err := z.st.AddCustomer(z.t.Context(), crm.SystemViewer, "Uhri", []crm.Address{s.to}); err != nil { // so that it is kept
		z.t.Fatal(err)
	}
	z.hears(notification(fake, fake.path, "failed", "5.1.1", "550 5.1.1 User unknown", true, ""))
	if got := z.ledger.fate(s.id); got != "sent |  |" {
		z.t.Errorf("a forged bounce: %s", got)
	}
	if n := z.ledger.words(`SELECT count(*) AS w FROM unmatched_reports`); n != "1" {
		z.t.Errorf("%s reports are in sight", n)
	}
}
