package campaigns_test

import (
	"context"
	"crypto/sha256"
	"fmt"
	"net/mail"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"

	"kaveri/campaigns"
	"kaveri/crm"
	"kaveri/internal/testpg"
	"kaveri/internal/testsmtp"
	"kaveri/outbound"
	"kaveri/outbound/compose"
	"kaveri/store"
)

// firm is a small firm with customers who agreed to its news, a store, a mail
// server that takes everything, and a clock that can be set.
type firm struct {
	testing.TB
	ctx    context.Context
	s      *store.Store
	sink   *testsmtp.Sink
	now    time.Time
	r      *campaigns.Runner
	gate   *campaigns.Gate
	anna   crm.Viewer
	inbox  crm.FolderID
	people map[string]crm.Customer
	uid    uint32
	orders int
	plans  int
}

func address(name string) crm.Address {
	return crm.Address(strings.ToLower(name) + "@posti.example")
}

func newFirm(t *testing.T) *firm {
	t.Helper()
	if strings.Contains(t.Name(), "/postgres") {
		return newFirmAt(t, testpg.DSN(t))
	}
	return newFirmAt(t, "sqlite://"+filepath.Join(t.TempDir(), "kaveri.db"))
}

func newFirmAt(t testing.TB, dsn string) *firm {
	t.Helper()
	f := &firm{TB: t, ctx: context.Background(), now: time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC), people: map[string]crm.Customer{}} // Monday, 10:00 in Helsinki
	s, err := store.Open(f.ctx, dsn, store.Options{Key: make([]byte, store.KeySize), Now: f.clock})
	f.check(err)
	t.Cleanup(func() { s.Close() })
	f.s = s
	f.check(s.SaveFirm(f.ctx, crm.SystemViewer, crm.Firm{Name: "Matkatoimisto", Domains: []string{"matkat.example"}, TimeZone: "Europe/Helsinki", Policy: crm.PolicyAll, PublicURL: "https://posti.matkat.example", Topics: []crm.Topic{{Name: "news", English: "News"}}}))
	f.anna = f.colleague("Anna")
	f.sink = testsmtp.Start(t, testsmtp.Options{Keep: true})
	sender := f.sink.Sender()
	sender.Name, sender.Connections = "sink", 2
	_, err = s.AddSender(f.ctx, crm.SystemViewer, sender)
	f.check(err)
	f.r = campaigns.NewRunner(campaigns.RunnerOptions{Store: s, Segments: s, Edits: s, Now: f.clock, Renderer: f.renderer, Recount: s.Recount, Lease: time.Hour})
	f.gate = &campaigns.Gate{Store: s, Segments: s, Recount: s.Recount, Now: f.clock}
	return f
}

func (f *firm) clock() time.Time { return f.now }

func (f *firm) renderer(context.Context) (*campaigns.Renderer, error) {
	return campaigns.NewRenderer(campaigns.RendererOptions{Keys: f.s.Keyring(), PublicURL: "https://posti.matkat.example", Language: "en"})
}

func (f *firm) check(err error) {
	f.Helper()
	if err != nil {
		f.Fatal(err)
	}
}

func (f *firm) colleague(name string) crm.Viewer {
	f.Helper()
	a := crm.Address(strings.ToLower(name) + "@matkat.example")
	m, err := f.s.AddStaff(f.ctx, crm.SystemViewer, crm.Staff{Name: name, Address: a, Role: crm.StaffMember}, "kesämökki järvellä")
	f.check(err)
	box, err := f.s.AddMailbox(f.ctx, crm.SystemViewer, crm.Mailbox{Staff: m.ID, Address: a, Label: name, Host: "imap.matkat.example", Password: "secret"})
	f.check(err)
	folders, err := f.s.SyncFolders(f.ctx, box.ID, []crm.Folder{{Mailbox: box.ID, Name: "INBOX", Enabled: true}})
	f.check(err)
	f.inbox = folders[0].ID
	f.check(f.s.NewEpoch(f.ctx, f.inbox, crm.Cursor{UIDValidity: 1}))
	return crm.ViewerOf(m)
}

// customers adds customers who have agreed to the news.
func (f *firm) customers(names ...string) {
	f.Helper()
	for _, n := range names {
		c, err := f.s.AddCustomer(f.ctx, crm.SystemViewer, n, []crm.Address{address(n)})
		f.check(err)
		f.people[n] = c
		f.tag(n)
		f.check(f.s.AddConsent(f.ctx, crm.Consent{Address: address(n), Topic: "news", Given: true, Source: "form", At: f.now.AddDate(0, -1, 0)}))
	}
}

// tag puts a word on somebody by which rules can name them.
func (f *firm) tag(name string) {
	f.Helper()
	_, err := f.s.AddTag(f.ctx, f.anna, f.people[name].ID, name)
	f.check(err)
}

// named is a rule that names people.
func named(names ...string) string {
	return "tagged \"" + strings.Join(names, "\" or tagged \"") + "\""
}

// many adds n customers called C0001 and so on, and gives their names.
func (f *firm) many(n int) (names []string) {
	f.Helper()
	for i := range n {
		names = append(names, fmt.Sprintf("C%04d", i+1))
	}
	f.customers(names...)
	return names
}

// plan is a mail to everybody, at once.
func (f *firm) plan(steps ...crm.Step) crm.Plan {
	if len(steps) == 0 {
		steps = []crm.Step{letter("hello")}
	}
	return crm.Plan{Why: "to see", Whom: crm.Whom{Rule: "everybody", Topic: "news", Entry: crm.EntryOnce}, Steps: steps, When: crm.Schedule{Zone: "Europe/Helsinki"}, Exits: crm.Exits{Reply: true, Order: true},
		Care: crm.Care{Question: crm.GiveLater, Wrote: crm.GiveLater}, Proof: crm.Experiment{Days: 60}, From: crm.Writer{Address: "news@matkat.example", Name: "Matkatoimisto"}}
}

func letter(name string) crm.Step {
	return crm.Step{Name: name, Kind: crm.StepSend, Letters: []crm.Variant{{Name: "a", Letters: map[string]crm.Template{"en": {Subject: name + " {{ first_name | default: \"you\" }}", Text: "Text of " + name + ".\n"}}}}}
}

func wait(name string, days int) crm.Step {
	return crm.Step{Name: name, Kind: crm.StepWait, Wait: crm.Wait{Days: days}}
}

// campaign keeps a plan.
func (f *firm) campaign(p crm.Plan) crm.Campaign {
	f.Helper()
	f.plans++
	c, err := f.s.SaveCampaign(f.ctx, f.anna, crm.Campaign{Name: fmt.Sprintf("campaign %d", f.plans), Plan: p})
	f.check(err)
	return c
}

// launch keeps a plan and launches it.
func (f *firm) launch(p crm.Plan) crm.Campaign {
	f.Helper()
	c := f.campaign(p)
	_, err := f.r.Launch(f.ctx, f.anna, c.ID, campaigns.LaunchOptions{})
	f.check(err)
	return f.read(c.ID)
}

func (f *firm) read(id crm.CampaignID) crm.Campaign {
	f.Helper()
	c, err := f.s.Campaign(f.ctx, f.anna, id)
	f.check(err)
	return c
}

// turn runs campaigns once.
func (f *firm) turn() int {
	f.Helper()
	n, err := f.r.Turn(f.ctx)
	f.check(err)
	return n
}

// passes lets the clock go on.
func (f *firm) passes(d time.Duration) { f.now = f.now.Add(d) }

// send runs campaigns, and what is due on the ledger goes out.
func (f *firm) send() {
	f.Helper()
	f.turn()
	courier := outbound.NewCourier(outbound.CourierOptions{})
	defer courier.Close()
	renderer, err := f.renderer(f.ctx)
	f.check(err)
	service := outbound.New(outbound.Options{Ledger: f.s, Renderer: renderer, Composer: compose.New(nil, f.clock), Keyring: f.s.Keyring(), Courier: courier, Gate: f.gate, Now: f.clock, Lease: time.Hour, Poll: 5 * time.Millisecond})
	ctx, stop := context.WithCancel(f.ctx)
	ended := make(chan error, 1)
	go func() { ended <- service.Run(ctx) }()
	limit := time.After(time.Minute)
	for f.waiting() > 0 {
		select {
		case <-limit:
			f.Fatal("the ledger is never done")
		case <-time.After(2 * time.Millisecond):
		}
	}
	stop()
	f.check(<-ended)
	f.turn()
}

// waiting counts the mails of all campaigns that are due and have not left.
func (f *firm) waiting() (n int) {
	f.Helper()
	list, _, err := f.s.Campaigns(f.ctx, f.anna, nil, crm.PageKey{}, 500)
	f.check(err)
	for _, c := range list {
		_, rows, err := f.s.CampaignMailings(f.ctx, f.anna, c.ID)
		f.check(err)
		for _, m := range rows {
			if m.State != crm.MailingRunning {
				continue
			}
			for _, state := range []crm.DispatchState{crm.Queued, crm.Deferred} {
				ds, _, err := f.s.Dispatches(f.ctx, f.anna, m.ID, state, crm.PageKey{}, 500)
				f.check(err)
				for _, d := range ds {
					if !d.Due.After(f.now) {
						n++
					}
				}
			}
			counts, err := f.s.MailingCounts(f.ctx, f.anna, m.ID) // after them: what is claimed meanwhile is there
			f.check(err)
			n += counts[crm.Claimed] + counts[crm.Ready] + counts[crm.Armed]
		}
	}
	return n
}

// got counts the mails that somebody got with a subject that begins so.
func (f *firm) got(name, subject string) (n int) {
	f.Helper()
	for _, m := range f.sink.Mails() {
		if !slices.Contains(m.To, string(address(name))) {
			continue
		}
		read, err := mail.ReadMessage(strings.NewReader(string(m.Raw)))
		f.check(err)
		if strings.HasPrefix(read.Header.Get("Subject"), subject) {
			n++
		}
	}
	return n
}

// member gives the newest row of somebody in a campaign.
func (f *firm) member(c crm.Campaign, name string) crm.Member {
	f.Helper()
	ms, err := f.s.MembersOf(f.ctx, f.anna, c.ID, f.people[name].ID)
	f.check(err)
	if len(ms) == 0 {
		f.Fatalf("%s is not in the campaign", name)
	}
	return ms[len(ms)-1].Member
}

// touches gives what was done with somebody, the oldest first: "sent hello".
func (f *firm) touches(c crm.Campaign, name string) (out []string) {
	f.Helper()
	ts, _, err := f.s.Touches(f.ctx, f.anna, crm.TouchQuery{Campaign: c.ID, Customer: f.people[name].ID})
	f.check(err)
	for _, t := range ts {
		out = append(out, strings.TrimSpace(fmt.Sprintf("%s %s %s", t.Kind, t.Step, t.Reason.Code)))
	}
	slices.Reverse(out)
	return out
}

// letterIn is a mail that comes into or leaves a mailbox of the firm.
type letterIn struct {
	From, To, Subject, Text string
	Class                   crm.Class
	ID, Answers             string
	At                      time.Time
}

// arrives captures a mail, now unless it says when.
func (f *firm) arrives(l letterIn) crm.MessageID {
	f.Helper()
	if l.At.IsZero() {
		l.At = f.now
	}
	if l.Class == "" {
		l.Class = crm.ClassHuman
	}
	f.uid++
	m := &crm.Message{Text: l.Text, TextSource: crm.TextPlain}
	m.Subject, m.Date, m.Class, m.MessageID = l.Subject, l.At, l.Class, l.ID
	if l.Answers != "" {
		m.InReplyTo = []string{l.Answers}
	}
	m.From, m.To = []crm.Party{{Address: crm.Address(l.From)}}, []crm.Party{{Address: crm.Address(l.To)}}
	raw := fmt.Sprintf("From: %s\r\nTo: %s\r\nSubject: %s\r\nX-N: %d\r\n\r\n%s", l.From, l.To, l.Subject, f.uid, l.Text)
	out, err := f.s.Deliver(f.ctx, []crm.Delivery{{Folder: f.inbox, UIDValidity: 1, UID: f.uid, Internal: l.At, Message: m, Raw: crm.Raw{Sum: sha256.Sum256([]byte(raw)), Content: sha256.Sum256([]byte(raw)), Size: int64(len(raw)), Zstd: packed.EncodeAll([]byte(raw), nil)}}})
	f.check(err)
	return out[0].Message
}

var packed, _ = zstd.NewWriter(nil)

// order lets somebody order now.
func (f *firm) order(name string, total int64, at time.Time) {
	f.Helper()
	f.orders++
	_, err := f.s.SaveOrders(f.ctx, crm.SystemViewer, []crm.Order{{Source: "shop", Number: fmt.Sprint(f.orders), Currency: "EUR", At: at, Total: crm.Money(total * 10_000), Buyer: crm.Buyer{Address: address(name), Name: name}}}, store.OrderOptions{})
	f.check(err)
}

// asks lets a question of somebody come.
func (f *firm) asks(name string, at time.Time) {
	f.Helper()
	f.arrives(letterIn{From: string(address(name)), To: "anna@matkat.example", Subject: "A question", Text: "Dear Anna, when does the boat leave on Friday?", ID: "q-" + name + "@posti.example", At: at})
}

// answered lets Anna answer the question of somebody.
func (f *firm) answered(name string) {
	f.Helper()
	f.arrives(letterIn{From: "anna@matkat.example", To: string(address(name)), Subject: "Re: A question", Text: "At nine.", ID: "a-" + name + "@matkat.example", Answers: "q-" + name + "@posti.example"})
}

// contact gives the one contact of a customer.
func (f *firm) contact(name string) crm.ContactID {
	f.Helper()
	c, err := f.s.Customer(f.ctx, f.anna, f.people[name].ID)
	f.check(err)
	return c.Contacts[0].ID
}
