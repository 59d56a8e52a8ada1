package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/mail"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"kaveri/crm"
	"kaveri/ingest"
	"kaveri/internal/testdovecot"
	"kaveri/internal/testsmtp"
	"kaveri/outbound"
	"kaveri/outbound/compose"
	"kaveri/store"
	"kaveri/web"
)

// study is Anna's firm: her mailbox on a real Dovecot, a server that takes mail,
// and a Kaveri whose clock the test can put on.
type study struct {
	*testing.T
	imap *testdovecot.Server
	sink *testsmtp.Sink
	s    *store.Store
	p    *program
	lead atomic.Int64 // how far the clock is ahead, in nanoseconds
	anna crm.Staff
	box  crm.Mailbox
	dora crm.Customer
	mail crm.MessageID // Dora's

	base string
	c    *http.Client
	end  func()
}

const annasPassword = "a long password for Anna"

func (y *study) now() time.Time { return time.Now().Add(time.Duration(y.lead.Load())) }

// pass puts the clock on.
func (y *study) pass(d time.Duration) { y.lead.Add(int64(d)) }

func (y *study) check(err error) {
	y.Helper()
	if err != nil {
		y.Fatal(err)
	}
}

func newStudy(t *testing.T) *study {
	t.Helper()
	if testing.Short() {
		t.Skip("starts a Dovecot")
	}
	y := &study{T: t, imap: testdovecot.Start(t), sink: testsmtp.Start(t, testsmtp.Options{Keep: true})}
	y.imap.AddUser("anna", "Sent", "Drafts")
	ctx := t.Context()
	var err error
	y.s, err = store.Open(ctx, "sqlite://"+filepath.Join(t.TempDir(), "kaveri.db"), store.Options{Key: bytes.Repeat([]byte{7}, store.KeySize), Now: y.now})
	y.check(err)
	t.Cleanup(func() { y.s.Close() })
	y.p = &program{stdin: strings.NewReader(""), stdout: io.Discard, stderr: io.Discard, getenv: os.Getenv, now: y.now, log: slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelWarn}))}
	y.check(y.s.SaveFirm(ctx, crm.SystemViewer, crm.Firm{Name: "Oy", Domains: []string{"oy.example"}, Language: "en", Policy: crm.PolicyKnown}))
	y.anna, err = y.s.AddStaff(ctx, crm.SystemViewer, crm.Staff{Name: "Anna Äärelä", Address: "anna@oy.example", Role: crm.StaffAdmin}, annasPassword)
	y.check(err)
	host, port, err := net.SplitHostPort(y.imap.Addr())
	y.check(err)
	n, err := strconv.Atoi(port)
	y.check(err)
	y.box, err = y.s.AddMailbox(ctx, crm.SystemViewer, crm.Mailbox{Staff: y.anna.ID, Address: "anna@oy.example", Label: "Anna", Host: host, Port: n, Security: crm.SecurityNone, Username: "anna", Password: testdovecot.Password})
	y.check(err)
	sender := y.sink.Sender()
	sender.ID, sender.Domains, sender.Bounce = 0, []string{"oy.example"}, "bounce.oy.example"
	_, err = y.s.AddSender(ctx, crm.SystemViewer, sender)
	y.check(err)
	y.dora, err = y.s.AddCustomer(ctx, crm.SystemViewer, "Dora", []crm.Address{"dora@acme.example"})
	y.check(err)
	y.imap.Deliver("anna", "INBOX", letterOf("Dora <dora@acme.example>", "Anna <anna@oy.example>", "q1@acme.example", "Utön matka", "Milloin lautta lähtee?", "Cc: Eve <eve@else.example>", "References: <q0@acme.example>", "In-Reply-To: <q0@acme.example>"), time.Now())
	y.serve()
	y.mail = y.captured(1)[0].Mail.ID
	return y
}

// letterOf writes a plain mail; fields are further lines of its header.
func letterOf(from, to, id, subject, text string, fields ...string) []byte {
	more := ""
	for _, f := range fields {
		more += f + "\r\n"
	}
	return fmt.Appendf(nil, "Message-ID: <%s>\r\nDate: %s\r\nFrom: %s\r\nTo: %s\r\nSubject: %s\r\n%sMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n%s\r\n",
		id, time.Now().UTC().Format(time.RFC1123Z), from, to, subject, more, text)
}

// serve starts a Kaveri over the store and signs in; end stops it in order.
func (y *study) serve() {
	y.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	y.check(err)
	site, err := newSite(y.s, l, y.p.log, y.now, web.Options{Courier: courier{y.s, y.p.senderCourier()}})
	y.check(err)
	site.post, err = y.p.newPost(y.Context(), y.s)
	y.check(err)
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- site.run(ctx) }()
	ended := false
	y.end = func() {
		if ended {
			return
		}
		ended = true
		stop()
		if err := <-done; err != nil {
			y.Errorf("the site has ended: %v", err)
		}
	}
	y.Cleanup(y.end)
	y.base, y.c = "http://"+l.Addr().String(), browser(y.T)
	y.post("/signin", "address", "anna@oy.example", "password", annasPassword)
}

// post sends a form and gives the page that it leads to.
func (y *study) post(path string, pairs ...string) (at, text string) {
	y.Helper()
	form := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		form.Add(pairs[i], pairs[i+1])
	}
	res, err := y.c.PostForm(y.base+path, form)
	text = page(y.T, res, err)
	if res.StatusCode >= 400 && res.StatusCode != 422 && res.StatusCode != 409 {
		y.Fatalf("%s: %s\n%s", path, res.Status, text)
	}
	return res.Request.URL.Path, text
}

func (y *study) get(path string) string {
	y.Helper()
	res, err := y.c.Get(y.base + path)
	return page(y.T, res, err)
}

// until waits for something that other processes do.
func (y *study) until(what string, done func() bool) {
	y.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for limit := time.After(2 * time.Minute); !done(); {
		select {
		case <-tick.C:
		case <-limit:
			y.Fatalf("never: %s", what)
		}
	}
}

// captured waits until Dora's timeline has n mails.
func (y *study) captured(n int) (items []crm.TimelineItem) {
	y.Helper()
	y.until(fmt.Sprintf("%d mails on the timeline", n), func() bool {
		var err error
		items, _, err = y.s.Timeline(y.Context(), crm.SystemViewer, y.dora.ID, crm.PageKey{}, 50)
		y.check(err)
		return len(items) == n
	})
	return items
}

func (y *study) sent(n int) []testsmtp.Mail {
	y.Helper()
	y.until(fmt.Sprintf("%d mails at the server", n), func() bool { return len(y.sink.Mails()) == n })
	return y.sink.Mails()
}

// accepted waits until the ledger knows what the server took.
func (y *study) accepted(draft crm.DraftID) crm.SavedDraft {
	y.Helper()
	d, err := y.s.Draft(y.Context(), crm.ViewerOf(y.anna), draft)
	y.check(err)
	y.until("the answer of the server on the ledger", func() bool {
		n, err := y.s.MailingCounts(y.Context(), crm.SystemViewer, d.Mailing)
		y.check(err)
		return n[crm.Sent] == n.Total()
	})
	return d
}

func (y *study) inSent() []testdovecot.UIDFlags { return y.imap.Snapshot("anna")["Sent"].Mails }

var draftNumber = regexp.MustCompile(`^/drafts/(\d+)$`)

// begin presses a button that begins a draft.
func (y *study) begin(path string, pairs ...string) crm.DraftID {
	y.Helper()
	at, text := y.post(path, pairs...)
	m := draftNumber.FindStringSubmatch(at)
	if m == nil {
		y.Fatalf("%s leads to %s\n%s", path, at, text)
	}
	id, err := strconv.ParseInt(m[1], 10, 64)
	y.check(err)
	return crm.DraftID(id)
}

func (y *study) boxID() string { return strconv.FormatInt(int64(y.box.ID), 10) }

// TestReplyEndToEnd: an answer from the page arrives with the right header, lies
// in Anna's Sent folder once and on the timeline once, and Dora's next mail
// belongs to it.
func TestReplyEndToEnd(t *testing.T) {
	y := newStudy(t)
	const secret = "allergic to nuts, tell nobody"
	y.post(fmt.Sprintf("/customers/%d/notes", y.dora.ID), "kind", "note", "body", secret)
	id := y.begin(fmt.Sprintf("/mails/%d/reply", y.mail), "all", "yes")
	form := []string{"do", "send", "from", y.boxID(), "to", "dora@acme.example", "cc", "eve@else.example", "subject", "Re: Utön matka", "text", "Yhdeltä, laiturista 2.\n.\nAnna", "quoted", "yes"}
	at, text := y.post(fmt.Sprintf("/drafts/%d", id), form...)
	if !strings.HasPrefix(at, "/conversations/") || !strings.Contains(text, "data-leaves=") || !strings.Contains(text, "Yhdeltä, laiturista 2.") {
		t.Fatalf("sending leads to %s\n%s", at, text)
	}
	// Taken back, and sent again.
	if at, text := y.post(fmt.Sprintf("/drafts/%d/undo", id)); at != fmt.Sprintf("/drafts/%d", id) || !strings.Contains(text, "nothing was sent") {
		t.Fatalf("undo leads to %s", at)
	}
	y.pass(crm.UndoTime)
	conversation, _ := y.post(fmt.Sprintf("/drafts/%d", id), form...)
	if n := len(y.sink.Mails()); n != 0 {
		t.Fatalf("%d mails have left although they wait", n)
	}
	y.pass(crm.UndoTime)
	mails := y.sent(2)
	d := y.accepted(id)
	if _, text := y.post(fmt.Sprintf("/drafts/%d/undo", id)); !strings.Contains(text, "too late") {
		t.Errorf("undo after that: %s", text)
	}
	checkReply(t, y, &d, mails)
	// The ledger shows it until it is captured; then the timeline does.
	if text := y.get(conversation); strings.Count(text, `class="outgoing"`) != 1 || !strings.Contains(text, ">Sent</p>") {
		t.Errorf("before it is captured:\n%s", text)
	}
	y.pass(20 * time.Second)
	items := y.captured(3) // two mails and a note
	if sent := y.inSent(); len(sent) != 1 || sent[0].SHA256 != sum(mails[0].Raw) {
		t.Errorf("the Sent folder has %+v", sent)
	}
	i := slices.IndexFunc(items, func(it crm.TimelineItem) bool { return it.Mail != nil && it.Mail.ID != y.mail })
	m := items[i].Mail
	view, err := y.s.Mail(t.Context(), crm.SystemViewer, m.ID)
	y.check(err)
	if m.Direction != crm.Out || fmt.Sprintf("/conversations/%d", m.Conversation) != conversation || view.MessageID != d.MessageID || view.Raws != 1 {
		t.Errorf("captured as %+v", view)
	}
	text = y.get(conversation)
	if strings.Contains(text, `class="outgoing"`) || strings.Count(text, `id="mail-`) != 2 {
		t.Errorf("after it is captured:\n%s", text)
	}
	// Dora answers, and that is known of her mail.
	y.imap.Deliver("anna", "INBOX", letterOf("Dora <dora@acme.example>", "Anna <anna@oy.example>", "q2@acme.example", "Re: Utön matka", "Kiitos!", "In-Reply-To: <"+d.MessageID+">", "References: <q1@acme.example> <"+d.MessageID+">"), time.Now())
	y.captured(4)
	if text := y.get(conversation); strings.Count(text, `id="mail-`) != 3 {
		t.Errorf("her answer is elsewhere:\n%s", text)
	}
	events, err := y.s.DispatchEvents(t.Context(), crm.SystemViewer, d.Lead)
	y.check(err)
	if !slices.ContainsFunc(events, func(e crm.DispatchEvent) bool { return e.Kind == crm.EventAnswered }) {
		t.Errorf("the ledger knows %+v", events)
	}
	for _, m := range mails {
		if bytes.Contains(m.Raw, []byte("allergic")) {
			t.Error("a note has left in a mail")
		}
	}
	y.end()
	if n := len(y.inSent()); n != 1 {
		t.Errorf("%d copies in the Sent folder", n)
	}
}

func sum(b []byte) string {
	h := sha256.Sum256(b)
	return hex.EncodeToString(h[:])
}

// checkReply holds what the server took against what it must be: one mail, two
// envelopes.
func checkReply(t *testing.T, y *study, d *crm.SavedDraft, mails []testsmtp.Mail) {
	t.Helper()
	if !bytes.Equal(mails[0].Raw, mails[1].Raw) || mails[0].MessageID != d.MessageID {
		t.Errorf("the recipients got different mails:\n%s\n%s", mails[0].Raw, mails[1].Raw)
	}
	to := []string{mails[0].To[0], mails[1].To[0]}
	slices.Sort(to)
	if !slices.Equal(to, []string{"dora@acme.example", "eve@else.example"}) {
		t.Errorf("went to %v", to)
	}
	for _, m := range mails {
		disp, ok := y.s.Keyring().Returned(crm.Address(m.From))
		got, err := y.s.Dispatch(t.Context(), crm.SystemViewer, disp)
		if !ok || err != nil || len(m.To) != 1 || string(got.Address) != m.To[0] {
			t.Errorf("the return path of %v is %s: %+v, %v", m.To, m.From, got, err)
		}
	}
	m, err := mail.ReadMessage(bytes.NewReader(mails[0].Raw))
	y.check(err)
	for field, want := range map[string]string{
		"In-Reply-To": "<q1@acme.example>", "References": "<q0@acme.example> <q1@acme.example>", "To": "Dora <dora@acme.example>", "Cc": "Eve <eve@else.example>",
		"List-Unsubscribe": "", "List-Id": "", "Precedence": "", "Feedback-ID": "", "Auto-Submitted": "",
	} {
		if got := m.Header.Get(field); got != want {
			t.Errorf("%s is %q, want %q", field, got, want)
		}
	}
	from, err := m.Header.AddressList("From")
	if err != nil || len(from) != 1 || from[0].Name != "Anna Äärelä" || from[0].Address != "anna@oy.example" {
		t.Errorf("From is %v, %v", from, err)
	}
	parsed := reader{}.Open(mails[0].Raw)
	if parsed.Subject != "Re: Utön matka" || !strings.HasPrefix(parsed.Text, "Yhdeltä, laiturista 2.\n.\nAnna\n\n") || !strings.HasSuffix(strings.TrimSpace(parsed.Text), "Dora wrote:\n> Milloin lautta lähtee?") {
		t.Errorf("%q: %q", parsed.Subject, parsed.Text)
	}
}

// TestFiledAfterACrash: whatever moment the program dies at between the server's
// yes and the note that the copy lies in the Sent folder, the next one makes it
// one copy; and it learns nothing false of the provider.
func TestFiledAfterACrash(t *testing.T) {
	y := newStudy(t)
	v := crm.ViewerOf(y.anna)
	send := func(text string, n int) crm.SavedDraft {
		t.Helper()
		id := y.begin(fmt.Sprintf("/customers/%d/write", y.dora.ID))
		y.post(fmt.Sprintf("/drafts/%d", id), "do", "send", "from", y.boxID(), "to", "dora@acme.example", "subject", text, "text", text)
		y.pass(crm.UndoTime)
		y.sent(n)
		return y.accepted(id)
	}
	// It dies before it has looked.
	send("first", 1)
	y.end()
	if n := len(y.inSent()); n != 0 {
		t.Fatalf("%d copies already", n)
	}
	y.pass(20 * time.Second)
	y.serve()
	y.captured(2)
	// It dies when the copy lies there and before that is noted.
	second := send("second", 2)
	y.end()
	y.pass(20 * time.Second)
	filer := y.filer(dying{y.s})
	if err := filer.Pass(t.Context()); !errors.Is(err, errDied) {
		t.Fatal(err)
	}
	if n := len(y.inSent()); n != 2 {
		t.Fatalf("%d copies in the Sent folder", n)
	}
	y.pass(20 * time.Minute) // until nobody has it in hand
	filer.Ledger = y.s
	y.check(filer.Pass(t.Context()))
	y.pass(time.Hour)
	y.check(filer.Pass(t.Context()))
	if n := len(y.inSent()); n != 2 {
		t.Fatalf("%d copies in the Sent folder", n)
	}
	// Nor does it prove that a recipient in doubt has the mail.
	folders := &ingest.SentFolders{Store: y.s, Now: y.now}
	if found, known, err := folders.Filed(t.Context(), "anna@oy.example", second.MessageID); err != nil || found || known {
		t.Errorf("our own copy is a proof: found %v, known %v, %v", found, known, err)
	}
	events, err := y.s.DispatchEvents(t.Context(), crm.SystemViewer, second.Lead)
	y.check(err)
	if slices.ContainsFunc(events, func(e crm.DispatchEvent) bool { return e.Mark == "provider" }) {
		t.Errorf("our own copy is taken for the provider's: %+v", events)
	}
	// A login that fails is told, and made up for once it works.
	bad := y.box
	bad.Password = "wrong"
	y.check(y.s.UpdateMailbox(t.Context(), v, bad))
	y.serve()
	third := send("third", 3)
	y.pass(20 * time.Second)
	of := crm.Correspondence{Customer: y.dora.ID}
	y.until("the trouble to be told", func() bool {
		out, err := y.s.Outgoing(t.Context(), v, of)
		y.check(err)
		return slices.ContainsFunc(out, func(o crm.Outgoing) bool { return o.ID == third.ID && o.Trouble != "" })
	})
	if text := y.get(fmt.Sprintf("/customers/%d", y.dora.ID)); !strings.Contains(text, "It is not in your Sent folder yet") {
		t.Errorf("the page does not say so:\n%s", text)
	}
	bad.Password = testdovecot.Password
	y.check(y.s.UpdateMailbox(t.Context(), v, bad))
	y.pass(time.Hour)
	y.until("the copy", func() bool { return len(y.inSent()) == 3 })
	y.captured(4)
	y.end()
}

var errDied = errors.New("the program has died")

// dying is a store whose process dies before it notes that a copy was filed.
type dying struct{ *store.Store }

// Filed never comes to its end.
func (dying) Filed(context.Context, crm.DraftID) error { return errDied }

// filer is the service that files, without its loop.
func (y *study) filer(l outbound.FilingLedger) *outbound.Filer {
	return &outbound.Filer{Ledger: l, Sent: &ingest.SentFolders{Store: y.s, Now: y.now}, Renderer: outbound.Direct{Drafts: y.s}, Composer: compose.New(y.s, y.now), Keyring: y.s.Keyring(), Now: y.now, Log: y.p.log}
}

// TestProviderFiles: where the provider files what is submitted, nothing is put
// there a second time.
func TestProviderFiles(t *testing.T) {
	y := newStudy(t)
	id := y.begin(fmt.Sprintf("/customers/%d/write", y.dora.ID))
	y.post(fmt.Sprintf("/drafts/%d", id), "do", "send", "from", y.boxID(), "to", "dora@acme.example", "subject", "x", "text", "y")
	y.pass(crm.UndoTime)
	raw := y.sent(1)[0].Raw
	d := y.accepted(id)
	y.imap.Deliver("anna", "Sent", raw, time.Now())
	y.captured(2)
	y.pass(20 * time.Second)
	y.until("that it is known to file", func() bool {
		ours, err := y.s.Appended(t.Context(), d.MessageID)
		y.check(err)
		events, err := y.s.DispatchEvents(t.Context(), crm.SystemViewer, d.Lead)
		y.check(err)
		return !ours && slices.ContainsFunc(events, func(e crm.DispatchEvent) bool { return e.Kind == crm.EventFiled && e.Mark == "provider" })
	})
	y.end()
	if n := len(y.inSent()); n != 1 {
		t.Errorf("%d copies in the Sent folder", n)
	}
}

// TestMoveDraft: a draft goes into the Drafts folder as it is, with its file and
// thread, and is neither captured nor sent.
func TestMoveDraft(t *testing.T) {
	y := newStudy(t)
	id := y.begin(fmt.Sprintf("/mails/%d/reply", y.mail))
	v := crm.ViewerOf(y.anna)
	y.check(y.s.AddDraftFile(t.Context(), v, id, crm.DraftFile{Name: "lautat.pdf", Type: "application/pdf", Data: []byte("%PDF")}))
	at, text := y.post(fmt.Sprintf("/drafts/%d", id), "do", "move", "from", y.boxID(), "to", "dora@acme.example", "subject", "Re: Utön matka", "text", "Kesken")
	if !strings.HasPrefix(at, "/conversations/") || !strings.Contains(text, "Drafts folder of your mailbox") {
		t.Fatalf("leads to %s\n%s", at, text)
	}
	drafts := y.imap.Snapshot("anna")["Drafts"].Mails
	if len(drafts) != 1 {
		t.Fatalf("the Drafts folder has %+v", drafts)
	}
	if _, err := y.s.Draft(t.Context(), v, id); crm.KindOf(err) != crm.KindNotFound {
		t.Errorf("it is here as well: %v", err)
	}
	y.imap.Stop()
	id = y.begin(fmt.Sprintf("/mails/%d/reply", y.mail))
	if _, text := y.post(fmt.Sprintf("/drafts/%d", id), "do", "move", "from", y.boxID(), "to", "dora@acme.example", "subject", "x", "text", "Kesken"); !strings.Contains(text, "cannot be reached just now") || !strings.Contains(text, "Kesken</textarea>") {
		t.Errorf("without a server:\n%s", text)
	}
	y.imap.Restart()
	bad := y.box
	bad.Password = "wrong"
	y.check(y.s.UpdateMailbox(t.Context(), v, bad))
	if _, text := y.post(fmt.Sprintf("/drafts/%d", id), "do", "move", "from", y.boxID(), "to", "dora@acme.example", "subject", "x", "text", "Kesken"); !strings.Contains(text, "does not let Kaveri in") {
		t.Errorf("with a wrong password:\n%s", text)
	}
	if n := len(y.sink.Mails()); n != 0 {
		t.Errorf("%d mails have left", n)
	}
	y.end()
}
