package ingest_test

import (
	"fmt"
	"maps"
	"net"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"

	"kaveri/crm"

	"kaveri/internal/testdovecot"
	"kaveri/store"
)

// The scenarios are acceptance tests: what a firm may ask of a system that
// captures its mail, played against a real mail server with nothing replaced.

// stage is a firm of three colleagues, each with a mailbox, and its customer
// Dora of Acme.
type stage struct {
	*testing.T
	mails *testdovecot.Server
	st    *store.Store
	db    database
	staff map[string]crm.Viewer
	boxes map[string]crm.MailboxID
	dora  crm.Customer
	sent  int
}

const (
	anna  = "anna@firm.example"
	ben   = "ben@firm.example"
	chloe = "chloe@firm.example"
	dora  = "dora@acme.example"
)

// onStage sets the scene on both engines and plays.
func onStage(t *testing.T, policy crm.Policy, play func(s *stage)) {
	if testing.Short() {
		t.Skip("starts a Dovecot")
	}
	t.Parallel()
	onBothEngines(t, func(t *testing.T, dsn string) {
		s := &stage{T: t, mails: testdovecot.Start(t), st: openStore(t, dsn, nil), db: openDatabase(t, dsn), staff: map[string]crm.Viewer{}, boxes: map[string]crm.MailboxID{}}
		s.check(s.st.SaveFirm(t.Context(), crm.SystemViewer, crm.Firm{Name: "Firm", Domains: []string{"firm.example"}, Policy: policy}))
		host, port, err := net.SplitHostPort(s.mails.Addr())
		s.check(err)
		n, err := strconv.Atoi(port)
		s.check(err)
		for i, a := range []string{anna, ben, chloe} {
			role := crm.StaffMember
			if i == 0 {
				role = crm.StaffAdmin
			}
			s.mails.AddUser(a, "Sent", "Archive", "Clients")
			m, err := s.st.AddStaff(t.Context(), crm.SystemViewer, crm.Staff{Name: strings.ToUpper(a[:1]) + a[1:strings.Index(a, "@")], Address: crm.Address(a), Role: role}, "a long password for tests")
			s.check(err)
			s.staff[a] = crm.ViewerOf(m)
			b, err := s.st.AddMailbox(t.Context(), crm.SystemViewer, crm.Mailbox{Staff: m.ID, Address: crm.Address(a), Host: host, Port: n, Security: crm.SecurityNone, Username: a, Password: testdovecot.Password})
			s.check(err)
			s.boxes[a] = b.ID
		}
		s.dora = s.customer("Dora Dorsey", dora)
		play(s)
	})
}

func (s *stage) check(err error) {
	s.Helper()
	if err != nil {
		s.Fatal(err)
	}
}

func (s *stage) customer(name string, addresses ...crm.Address) crm.Customer {
	s.Helper()
	c, err := s.st.AddCustomer(s.Context(), s.staff[anna], name, addresses)
	s.check(err)
	return c
}

// post puts a mail into folders of mailboxes, written "user folder".
func (s *stage) post(id, from, to, subject, body string, extra []string, at ...string) {
	s.Helper()
	s.sent++
	raw := mail(id, from, to, subject, body, extra...)
	for _, place := range at {
		user, folder, _ := strings.Cut(place, " ")
		s.mails.Append(user, folder, raw, time.Now().Add(time.Duration(s.sent)*time.Second))
	}
}

func reply(to string) []string { return []string{"In-Reply-To: <" + to + "@test.example>\r\n"} }

func (s *stage) sync() { s.Helper(); syncAll(s, s.st) }

// record gives the subjects on a customer's timeline as a colleague sees it.
func (s *stage) record(c crm.CustomerID, v crm.Viewer) []string {
	s.Helper()
	items, _, err := s.st.Timeline(s.Context(), v, c, crm.PageKey{}, 200)
	s.check(err)
	var out []string
	for _, i := range items {
		if i.Mail != nil {
			out = append(out, i.Mail.Subject)
		} else {
			out = append(out, "note: "+i.Note.Body)
		}
	}
	slices.Sort(out)
	return out
}

func (s *stage) onRecord(c crm.CustomerID, want ...string) {
	s.Helper()
	slices.Sort(want)
	if got := s.record(c, s.staff[anna]); !slices.Equal(got, want) {
		s.Errorf("on the record: %q, want %q", got, want)
	}
}

// mailOf gives the number of the mail with a subject.
func (s *stage) mailOf(subject string) crm.MessageID {
	s.Helper()
	id := s.db.number(`SELECT COALESCE(max(id), 0) FROM messages WHERE subject = $1`, subject)
	if id == 0 {
		s.Fatalf("no mail %q is stored", subject)
	}
	return crm.MessageID(id)
}

func (s *stage) open(kind crm.ReviewKind) (out []crm.Review) {
	s.Helper()
	all, err := s.st.Reviews(s.Context(), s.staff[anna], 500)
	s.check(err)
	for _, r := range all {
		if r.Kind == kind {
			out = append(out, r)
		}
	}
	return out
}

func (s *stage) mailboxes() map[string]testdovecot.Snapshot {
	all := map[string]testdovecot.Snapshot{}
	for u := range s.boxes {
		all[u] = s.mails.Snapshot(u)
	}
	return all
}

// Both directions are captured by themselves, and nothing changes in the
// mailbox.
func TestScenario01AutoCapture(t *testing.T) {
	onStage(t, crm.PolicyKnown, func(s *stage) {
		_, stop := serve(s, quick(s, s.st))
		s.post("q", "Dora <"+dora+">", anna, "Question", "When?", nil, anna+" INBOX")
		s.post("a", anna, dora, "Re: Question", "In May.", reply("q"), anna+" Sent")
		before := s.mailboxes()
		eventually(s, soon, "both mails are on the record", func() bool { return len(s.record(s.dora.ID, s.staff[anna])) == 2 })
		stop()
		s.onRecord(s.dora.ID, "Question", "Re: Question")
		if after := s.mailboxes(); fmt.Sprint(after) != fmt.Sprint(before) {
			s.Errorf("the mailbox has changed: %v, was %v", after, before)
		}
	})
}

// Of a mailbox of twelve folders exactly the mails with customers are stored,
// and the census says so itself.
func TestScenario02CompletenessProof(t *testing.T) {
	onStage(t, crm.PolicyKnown, func(s *stage) {
		folders := []string{"INBOX", "Sent", "Archive", "Clients"}
		for i := len(folders); i < 12; i++ {
			name := fmt.Sprintf("Projects %d", i)
			s.mails.CreateFolder(anna, name)
			folders = append(folders, name)
		}
		want := map[string]bool{}
		fill := map[string][]testdovecot.Mail{}
		for i := range sized(600, 20_000) {
			id, from := fmt.Sprintf("n%d", i), fmt.Sprintf("stranger%d@else.example", i)
			if i%4 == 0 {
				from = dora
				want[id+"@test.example"] = true
			}
			folder := folders[i%len(folders)]
			fill[folder] = append(fill[folder], testdovecot.Mail{Raw: mail(id, from, anna, fmt.Sprintf("Mail %d", i), "Hello"), At: time.Now()})
		}
		for folder, ms := range fill {
			s.mails.Fill(anna, folder, ms)
		}
		s.sync()
		got := map[string]bool{}
		for _, r := range s.db.each(1, `SELECT message_id FROM messages`) {
			got[r[0]] = true
		}
		if !maps.Equal(got, want) {
			s.Errorf("%d mails are stored, %d involve customers", len(got), len(want))
		}
		checkCensus(s, s.st, s.mailboxes())
	})
}

// What arrives while Kaveri is off for long is captured when it starts, read,
// moved and archived as it may be by then.
func TestScenario04LongOutage(t *testing.T) {
	onStage(t, crm.PolicyKnown, func(s *stage) {
		s.post("0", dora, anna, "Before", "Hello", nil, anna+" INBOX")
		s.sync()
		const n = 300
		var ms []testdovecot.Mail
		for i := range n {
			flags := ""
			if i%2 == 0 {
				flags = "S"
			}
			ms = append(ms, testdovecot.Mail{Raw: mail(fmt.Sprintf("o%d", i), dora, anna, fmt.Sprintf("Meanwhile %d", i), "Hello"), At: time.Now(), Flags: flags})
		}
		s.mails.Fill(anna, "INBOX", ms)
		var uids []imap.UID
		for _, m := range s.mails.Snapshot(anna)["INBOX"].Mails {
			uids = append(uids, m.UID)
		}
		s.mails.Move(anna, "INBOX", "Archive", uids[1:n/3]...)
		s.mails.Move(anna, "INBOX", "Clients", uids[n/3:n/2]...)
		s.sync()
		if got := len(s.record(s.dora.ID, s.staff[anna])); got != 200 { // the first page is full
			s.Errorf("%d mails on the first page", got)
		}
		if got := s.db.number(`SELECT count(*) FROM messages`); got != n+1 {
			s.Errorf("%d mails are stored, want %d", got, n+1)
		}
		checkCensus(s, s.st, s.mailboxes())
	})
}

// A mail that is moved through folders and deleted stays on the record, which
// says that it is no longer in the mailbox. When the firm follows deletions it
// goes, but only after the time of grace, and not while a colleague still has it.
func TestScenario06MovesAndDeletes(t *testing.T) {
	onStage(t, crm.PolicyKnown, func(s *stage) {
		s.post("m", dora, anna, "Contract", "Signed.", nil, anna+" INBOX")
		s.sync()
		m := s.mailOf("Contract")
		from := "INBOX"
		for _, to := range []string{"Archive", "Clients", "INBOX"} {
			s.mails.Move(anna, from, to, s.mails.Snapshot(anna)[from].Mails[0].UID)
			s.sync()
			from = to
		}
		s.mails.Expunge(anna, "INBOX", s.mails.Snapshot(anna)["INBOX"].Mails[0].UID)
		s.sync()
		s.onRecord(s.dora.ID, "Contract")
		v, err := s.st.Mail(s.Context(), s.staff[anna], m)
		s.check(err)
		for _, g := range v.Sightings {
			if g.Gone.IsZero() {
				s.Errorf("it is still said to be in %s", g.Folder)
			}
		}
		if len(v.Links) != 1 || v.Raws != 1 || len(v.Sightings) < 3 {
			s.Errorf("the mail has changed: %+v", v)
		}
		s.post("b", dora, anna, "For you both", "Hello", nil, anna+" INBOX", ben+" INBOX")
		s.sync()
		s.mails.Expunge(anna, "INBOX", s.mails.Snapshot(anna)["INBOX"].Mails[0].UID)
		s.sync()
		follow := func(days, after, want int) {
			s.Helper()
			f, err := s.st.Firm(s.Context())
			s.check(err)
			f.FollowDeletions = days
			s.check(s.st.SaveFirm(s.Context(), s.staff[anna], f))
			if n, err := s.st.FollowDeletions(s.Context(), time.Now().AddDate(0, 0, after), false); err != nil || n != want {
				s.Errorf("%d days later, with %d days of grace: %d removed, %v, want %d", after, days, n, err, want)
			}
		}
		follow(0, 400, 0) // without the policy
		follow(30, 29, 0)
		s.onRecord(s.dora.ID, "Contract", "For you both")
		follow(30, 31, 1)
		s.onRecord(s.dora.ID, "For you both")
		s.sync()
		s.onRecord(s.dora.ID, "For you both")
		checkCensus(s, s.st, s.mailboxes())
	})
}

// One mail to three colleagues is one message, delivered to three and counted
// once; removing a colleague's mailbox does not remove it.
func TestScenario07OneMailThreeColleagues(t *testing.T) {
	onStage(t, crm.PolicyKnown, func(s *stage) {
		s.post("m", dora, anna, "For you all", "Hello", []string{"Cc: " + ben + "\r\n"}, anna+" INBOX", ben+" INBOX", chloe+" INBOX")
		s.sync()
		v, err := s.st.Mail(s.Context(), s.staff[ben], s.mailOf("For you all"))
		s.check(err)
		if n := s.db.number(`SELECT count(*) FROM messages`); n != 1 || len(v.Sightings) != 3 || len(v.Through) != 3 {
			s.Errorf("%d messages, seen at %+v", n, v.Sightings)
		}
		rows, _, err := s.st.Customers(s.Context(), s.staff[anna], crm.CustomerQuery{})
		s.check(err)
		if len(rows) != 1 || rows[0].Mails != 1 {
			s.Errorf("the list counts %+v", rows)
		}
		s.check(s.st.RemoveMailbox(s.Context(), crm.SystemViewer, s.boxes[ben]))
		s.sync()
		s.onRecord(s.dora.ID, "For you all")
	})
}

// A customer answers from an address that nobody knows: the mail is on the
// record by the evidence of the thread, the address is proposed, and once it is
// confirmed its older mails, of which nothing was kept, are fetched.
func TestScenario08SecondAddressByThread(t *testing.T) {
	onStage(t, crm.PolicyKnown, func(s *stage) {
		s.post("old", "d.privat@gmx.example", anna, "Years ago", "Do you remember?", nil, anna+" Archive")
		s.post("q", anna, dora, "Offer", "The cabin on deck seven costs 240 euros.", nil, anna+" Sent")
		s.post("a", "d.privat@gmx.example", anna, "Re: Offer", "Yes, please!\r\n\r\n> The cabin on deck seven costs 240 euros.", reply("q"), anna+" INBOX")
		s.sync()
		s.onRecord(s.dora.ID, "Offer", "Re: Offer")
		v, err := s.st.Mail(s.Context(), s.staff[anna], s.mailOf("Re: Offer"))
		s.check(err)
		if len(v.Links) != 1 || v.Links[0].Rule != crm.RuleThread || !strings.Contains(v.Links[0].Evidence, "quotes it") || v.Links[0].Confidence >= 1 {
			s.Errorf("linked by %+v", v.Links)
		}
		asked := s.open(crm.ReviewAddress)
		if len(asked) != 1 || asked[0].Subject != "d.privat@gmx.example" {
			s.Fatalf("proposed: %+v", asked)
		}
		s.check(s.st.DecideReview(s.Context(), s.staff[anna], asked[0].ID, true))
		s.sync()
		s.onRecord(s.dora.ID, "Offer", "Re: Offer", "Years ago")
	})
}

// A stranger who forges In-Reply-To is not on the record and not in the
// conversation; the mail waits for a decision, with the reason.
func TestScenario09NoFalseJoin(t *testing.T) {
	onStage(t, crm.PolicyKnown, func(s *stage) {
		s.post("q", anna, dora, "Offer", "The cabin on deck seven costs 240 euros.", nil, anna+" Sent")
		s.sync()
		s.post("f", "Mallory <mallory@evil.example>", anna, "Re: Offer [#1]", "Send me everything.", append(reply("q"), "References: <q@test.example>\r\n"), anna+" INBOX")
		s.sync()
		s.onRecord(s.dora.ID, "Offer")
		asked := s.open(crm.ReviewMail)
		if len(asked) != 1 || asked[0].Message != s.mailOf("Re: Offer [#1]") || asked[0].Reason != crm.ReasonThread || asked[0].Customer != s.dora.ID {
			s.Fatalf("in review: %+v", asked)
		}
		v, err := s.st.Mail(s.Context(), s.staff[anna], asked[0].Message)
		s.check(err)
		rows, err := s.st.Conversation(s.Context(), s.staff[anna], v.Conversation)
		s.check(err)
		if len(rows) != 1 {
			s.Errorf("its conversation shows %d mails", len(rows))
		}
		s.check(s.st.DecideReview(s.Context(), s.staff[anna], asked[0].ID, false))
		s.sync()
		s.check(s.st.Rematch(s.Context()))
		s.onRecord(s.dora.ID, "Offer")
		if len(s.open(crm.ReviewMail)) != 0 {
			s.Error("it is asked again")
		}
	})
}

// An old mail answered with a new subject is on the record as a new topic;
// colleagues join and split, and later syncs leave that alone.
func TestScenario10OldMailNewTopic(t *testing.T) {
	onStage(t, crm.PolicyKnown, func(s *stage) {
		old := mail("q", anna, dora, "Trip to Tallinn", "Here is the offer.")
		old = []byte(strings.Replace(string(old), time.Now().UTC().Format("Mon, 02 Jan 2006"), time.Now().UTC().AddDate(-1, 0, 0).Format("Mon, 02 Jan 2006"), 1))
		s.mails.Append(anna, "Sent", old, time.Now().AddDate(-1, 0, 0))
		s.post("n", dora, anna, "Bicycles in May", "Do you have bicycles?", reply("q"), anna+" INBOX")
		s.sync()
		s.onRecord(s.dora.ID, "Bicycles in May", "Trip to Tallinn")
		v, err := s.st.Mail(s.Context(), s.staff[anna], s.mailOf("Bicycles in May"))
		s.check(err)
		begins := func() bool {
			rows, err := s.st.Conversation(s.Context(), s.staff[anna], v.Conversation)
			s.check(err)
			return rows[len(rows)-1].Begins
		}
		if !begins() {
			s.Error("no new topic")
		}
		for _, want := range []bool{false, true} {
			s.check(s.st.SetTopic(s.Context(), s.staff[anna], v.ID, want))
			s.sync()
			if begins() != want {
				s.Errorf("after a sync: begins a topic %v, want %v", begins(), want)
			}
		}
	})
}

// Customers at mail providers have a record each and no organisation; a second
// person of a company is proposed for it.
func TestScenario13FreeMail(t *testing.T) {
	onStage(t, crm.PolicyKnown, func(s *stage) {
		var list []store.CustomerImport
		var letters []testdovecot.Mail
		for i := range 200 {
			a := crm.Address(fmt.Sprintf("person%d@%s", i, []string{"gmail.com", "gmx.com"}[i%2]))
			list = append(list, store.CustomerImport{Name: fmt.Sprintf("Person %d", i), Addresses: []crm.Address{a}})
			letters = append(letters, testdovecot.Mail{Raw: mail(fmt.Sprintf("p%d", i), string(a), anna, fmt.Sprintf("Hello %d", i), "Hello"), At: time.Now()})
		}
		_, _, err := s.st.ImportCustomers(s.Context(), s.staff[anna], list)
		s.check(err)
		s.mails.Fill(anna, "INBOX", letters)
		s.post("e1", "Eve Early <eve@acme.example>", anna, "I work with Dora", "Hello", nil, anna+" INBOX")
		s.post("e2", anna, "Eve Early <eve@acme.example>", "Re: I work with Dora", "Welcome", reply("e1"), anna+" Sent")
		s.sync()
		if n := s.db.number(`SELECT count(*) FROM (SELECT l.contact_id FROM links l JOIN messages m ON m.id = l.message_id WHERE m.subject LIKE 'Hello %' GROUP BY l.contact_id HAVING count(*) = 1) AS x`); n != 200 {
			s.Errorf("%d of 200 have their one mail", n)
		}
		if n := s.db.number(`SELECT count(*) FROM organisations`); n != 0 {
			s.Errorf("%d organisations arose", n)
		}
		asked := s.open(crm.ReviewOrganisation)
		if len(asked) != 1 || asked[0].Subject != "acme.example" {
			s.Fatalf("proposed: %+v", asked)
		}
		s.check(s.st.DecideReview(s.Context(), s.staff[anna], asked[0].ID, true))
		s.onRecord(s.dora.ID, "I work with Dora", "Re: I work with Dora")
	})
}

// Robots are no contact: an absence, a bounce and a ticket system make no
// customer and count as no word from anybody.
func TestScenario14Robots(t *testing.T) {
	onStage(t, crm.PolicyKnown, func(s *stage) {
		s.post("q", anna, dora, "Offer", "Hello", nil, anna+" Sent")
		s.post("o", dora, anna, "Automatic reply: Offer", "I am away until 5 May.", append(reply("q"), "Auto-Submitted: auto-replied\r\n"), anna+" INBOX")
		s.post("b", "MAILER-DAEMON@mx.acme.example", anna, "Undelivered Mail Returned to Sender", "This is the mail system at host mx.acme.example.\r\n\r\n<"+dora+">: host mx.acme.example said: 550 5.1.1 User unknown", []string{"Return-Path: <>\r\n", "Auto-Submitted: auto-replied\r\n"}, anna+" INBOX")
		for i := range 100 {
			s.post(fmt.Sprintf("t%d", i), "support@helpdesk.example", anna, fmt.Sprintf("[Ticket %d] received", i), "Thank you", []string{"Auto-Submitted: auto-generated\r\n", "Precedence: bulk\r\n"}, anna+" INBOX")
		}
		s.post("r", anna, "support@helpdesk.example", "Re: [Ticket 1] received", "Stop it", nil, anna+" Sent")
		s.sync()
		rows, _, err := s.st.Customers(s.Context(), s.staff[anna], crm.CustomerQuery{})
		s.check(err)
		if len(rows) != 1 {
			s.Fatalf("customers: %+v", rows)
		}
		if !rows[0].LastIn.IsZero() || rows[0].Waiting() {
			s.Errorf("a robot counts as Dora's word: %+v", rows[0])
		}
		s.onRecord(s.dora.ID, "Offer", "Automatic reply: Offer", "Undelivered Mail Returned to Sender")
		if before, after := 102, len(s.mails.Snapshot(anna)["INBOX"].Mails); before != after {
			s.Errorf("the INBOX holds %d mails, %d were put there: something answers", after, before)
		}
	})
}

// Two records of Dora become one and two again, and every mail and note is back
// where it was.
func TestScenario19MergeAndUnmerge(t *testing.T) {
	onStage(t, crm.PolicyKnown, func(s *stage) {
		private := s.customer("Dora at home", "d.privat@gmx.example")
		s.post("1", dora, anna, "Work", "Hello", nil, anna+" INBOX")
		s.post("2", "d.privat@gmx.example", ben, "Home", "Hello", nil, ben+" INBOX")
		s.sync()
		for _, c := range []crm.Customer{s.dora, private} {
			_, err := s.st.AddNote(s.Context(), s.staff[ben], crm.Note{Customer: c.ID, Body: "likes " + c.Name})
			s.check(err)
		}
		before := [2][]string{s.record(s.dora.ID, s.staff[anna]), s.record(private.ID, s.staff[anna])}
		id, err := s.st.Merge(s.Context(), s.staff[anna], s.dora.ID, private.ID, true)
		s.check(err)
		s.onRecord(s.dora.ID, "Home", "Work", "note: likes Dora Dorsey", "note: likes Dora at home")
		s.sync()
		s.check(s.st.Unmerge(s.Context(), s.staff[anna], id))
		s.sync()
		if after := [2][]string{s.record(s.dora.ID, s.staff[anna]), s.record(private.ID, s.staff[anna])}; fmt.Sprint(after) != fmt.Sprint(before) {
			s.Errorf("the records are %q, were %q", after, before)
		}
	})
}
