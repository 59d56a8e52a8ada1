package ingest_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"

	"kaveri/crm"
	"kaveri/ingest"
	"kaveri/internal/testdovecot"
	"kaveri/internal/testproxy"
	"kaveri/store"
)

// sending is an office with one mailbox of somebody who sends with Kaveri.
type sending struct {
	*office
	t      *testing.T
	st     *store.Store
	ledger *ledger
	user   string
	from   crm.Address
	box    crm.MailboxID
	folder *ingest.SentFolders
}

func newSending(t *testing.T, folders ...string) *sending {
	t.Helper()
	s := &sending{t: t, office: newOffice(t, 61, 0, 1)}
	dsn := sqliteDSN(t)
	s.st = openStore(t, dsn, nil)
	s.user = s.staff[0].User()
	if len(folders) > 0 {
		s.user = "toinen"
		s.AddUser(s.user, folders...)
	}
	s.from = crm.Address(s.user + "@" + s.domain)
	owner := s.found(t, s.st, crm.PolicyAll)
	s.box = s.addMailbox(t, s.st, owner, s.Addr(), s.user, testdovecot.Password)
	s.ledger = openLedger(t, dsn)
	s.folder = &ingest.SentFolders{Store: s.st, Patience: ingest.Patience{Dial: 20 * time.Second, Quiet: 20 * time.Second}}
	return s
}

// dispatched puts a mail on the ledger and gives its Message-ID and bytes.
func (s *sending) dispatched(kind crm.MailingKind) (id string, raw []byte) {
	s.t.Helper()
	n := s.ledger.put(kind, s.from, "dora@acme.example", crm.Unknown)
	id = s.st.Keyring().MessageID(n, s.domain)
	raw = mail("x", string(s.from), "dora@acme.example", fmt.Sprint("Kirje ", n), "Hei Dora!")
	return id, []byte(strings.Replace(string(raw), "x@test.example", id, 1))
}

func (s *sending) wantFiled(what, id string, found, known bool) {
	s.t.Helper()
	f, k, err := s.folder.Filed(s.t.Context(), s.from, id)
	if err != nil || f != found || k != known {
		s.t.Errorf("%s: found %v, known %v, %v; want %v, %v", what, f, k, err, found, known)
	}
}

// The Sent folder proves that a mail was sent. That it lacks one proves nothing
// until it is known that it would not.
func TestFiled(t *testing.T) {
	s := newSending(t)
	ours, raw := s.dispatched(crm.MailingAudience)
	other, otherRaw := s.dispatched(crm.MailingAudience)
	direct, directRaw := s.dispatched(crm.MailingDirect)
	before := s.Snapshot(s.user)
	s.wantFiled("nothing is known", ours, false, false)
	if f, k, err := s.folder.Filed(t.Context(), "nobody@elsewhere.example", ours); f || k || err != nil {
		t.Errorf("somebody without mailbox: %v, %v, %v", f, k, err)
	}
	if after := s.Snapshot(s.user); !sameSnapshot(before, after) {
		t.Errorf("the mailbox has changed from %+v to %+v", before, after)
	}
	s.Deliver(s.user, "Sent", otherRaw, time.Now())
	before = s.Snapshot(s.user)
	s.wantFiled("in the folder", other, true, true)
	s.wantFiled("before it was captured", ours, false, false)
	if after := s.Snapshot(s.user); !sameSnapshot(before, after) {
		t.Errorf("the mailbox has changed from %+v to %+v", before, after)
	}
	syncAll(t, s.st)
	s.wantFiled("after another was seen there", ours, false, true)
	s.wantFiled("one of another kind", direct, false, false)
	// What lies there of the kind that we append ourselves shows nothing.
	second, _ := s.dispatched(crm.MailingDirect)
	s.Deliver(s.user, "Sent", directRaw, time.Now())
	syncAll(t, s.st)
	s.wantFiled("direct", direct, true, true)
	s.wantFiled("another direct one", second, false, false)
	s.Deliver(s.user, "Sent", raw, time.Now())
	s.wantFiled("filed late", ours, true, true)
}

func sameSnapshot(a, b testdovecot.Snapshot) bool {
	return fmt.Sprintf("%+v", a) == fmt.Sprintf("%+v", b)
}

// A folder is told by its name where the server does not say what it is for.
func TestSentFolderByName(t *testing.T) {
	s := newSending(t, "Lähetetyt", "Luonnokset")
	id, raw := s.dispatched(crm.MailingDirect)
	if err := s.folder.Append(t.Context(), s.box, raw); err != nil {
		t.Fatal(err)
	}
	s.wantFiled("by name", id, true, true)
	if err := s.folder.SaveDraft(t.Context(), s.box, raw); err != nil {
		t.Error(err)
	}
	if snap := s.Snapshot(s.user); len(snap["Lähetetyt"].Mails) != 1 || len(snap["Luonnokset"].Mails) != 1 {
		t.Errorf("%+v", snap)
	}
	bare := newSending(t, "Muut")
	_, raw = bare.dispatched(crm.MailingDirect)
	if err := bare.folder.Append(t.Context(), bare.box, raw); crm.KindOf(err) != crm.KindNotFound {
		t.Errorf("without a folder: %v", err)
	}
	bare.wantFiled("without a folder", id, false, false)
}

// What a colleague sent lies in the Sent folder once, as read, and is one mail
// on the timeline however often it was captured.
func TestAppendToSent(t *testing.T) {
	s := newSending(t)
	_, raw := s.dispatched(crm.MailingDirect)
	staff, err := s.st.Staff(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	kept, err := ingest.NewKeeper(ingest.New(quick(t, s.st)), s.st).Keep(t.Context(), ingest.Dropped{Raw: raw, Owner: staff[0], At: time.Now()})
	if err != nil || kept.Message == 0 {
		t.Fatalf("%+v: %v", kept, err)
	}
	for range 2 {
		if err := s.folder.Append(t.Context(), s.box, raw); err != nil {
			t.Fatal(err)
		}
	}
	sent := s.Snapshot(s.user)["Sent"].Mails
	if len(sent) != 1 || !slices.Contains(sent[0].Flags, imap.FlagSeen) {
		t.Fatalf("the Sent folder has %+v", sent)
	}
	if sum := syncAll(t, s.st); sum.Stored != 1 || sum.New != 0 {
		t.Errorf("captured anew: %+v", sum)
	}
	m, err := s.st.Mail(t.Context(), crm.SystemViewer, kept.Message)
	if err != nil || len(m.Sightings) != 2 || m.Raws != 1 {
		t.Errorf("%d raws, %+v: %v", m.Raws, m.Sightings, err)
	}
	if err := s.folder.Append(t.Context(), s.box, []byte("Subject: no id\r\n\r\n")); crm.KindOf(err) != crm.KindInvalid {
		t.Errorf("without Message-ID: %v", err)
	}
	if err := s.folder.Append(t.Context(), s.box+1000, raw); crm.KindOf(err) != crm.KindNotFound {
		t.Errorf("no such mailbox: %v", err)
	}
}

// A provider that files by itself is left to it.
func TestAppendWhereTheProviderFiles(t *testing.T) {
	s := newSending(t)
	first, firstRaw := s.dispatched(crm.MailingDirect)
	_, raw := s.dispatched(crm.MailingDirect)
	s.Deliver(s.user, "Sent", firstRaw, time.Now())
	if err := s.folder.Append(t.Context(), s.box, firstRaw); err != nil {
		t.Fatal(err)
	}
	s.wantFiled("filed by the provider", first, true, true)
	if err := s.folder.Append(t.Context(), s.box, raw); crm.KindOf(err) != crm.KindUnavailable {
		t.Errorf("not filed yet: %v", err)
	}
	s.Deliver(s.user, "Sent", raw, time.Now())
	if err := s.folder.Append(t.Context(), s.box, raw); err != nil {
		t.Error(err)
	}
	if n := len(s.Snapshot(s.user)["Sent"].Mails); n != 2 {
		t.Errorf("%d mails in the Sent folder", n)
	}
}

// A draft lies among the drafts, which are not captured.
func TestSaveDraft(t *testing.T) {
	s := newSending(t, "Sent", "Drafts")
	_, raw := s.dispatched(crm.MailingDirect)
	if err := s.folder.SaveDraft(t.Context(), s.box, raw); err != nil {
		t.Fatal(err)
	}
	drafts := s.Snapshot(s.user)["Drafts"].Mails
	if len(drafts) != 1 || !slices.Contains(drafts[0].Flags, imap.FlagDraft) {
		t.Errorf("%+v", drafts)
	}
	if sum := syncAll(t, s.st); sum.Stored != 0 {
		t.Errorf("a draft was captured: %+v", sum)
	}
}

// A server that falls silent, breaks off or refuses is an error in bounded time,
// and proves nothing.
func TestSentFolderUnreachable(t *testing.T) {
	s := newSending(t)
	id, raw := s.dispatched(crm.MailingDirect)
	proxy := testproxy.Start(t, s.Addr())
	owner, err := s.st.Staff(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	s.box = s.addMailbox(t, s.st, owner[0].ID, proxy.Addr(), s.user, testdovecot.Password)
	boxes, err := s.st.FollowedMailboxes(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := s.st.RemoveMailbox(t.Context(), crm.SystemViewer, boxes[0].ID); err != nil {
		t.Fatal(err)
	}
	s.folder.Patience = ingest.Patience{Dial: 200 * time.Millisecond, Quiet: 200 * time.Millisecond}
	for name, trouble := range map[string]func(on bool){
		"silent":  proxy.Stall,
		"refused": proxy.Refuse,
	} {
		trouble(true)
		if found, known, err := s.folder.Filed(t.Context(), s.from, id); err == nil || found || known {
			t.Errorf("%s: %v, %v, %v", name, found, known, err)
		}
		if err := s.folder.Append(t.Context(), s.box, raw); crm.KindOf(err) != crm.KindUnavailable {
			t.Errorf("%s: %v", name, err)
		}
		trouble(false)
		proxy.CutAll()
	}
	s.folder.Patience = ingest.Patience{}
	// Broken off at any point, and tried again: it lies there once.
	for cut := int64(200); ; cut += 150 {
		before := proxy.Cuts()
		proxy.CutAfter(cut)
		err := s.folder.Append(t.Context(), s.box, raw)
		if err == nil && proxy.Cuts() == before {
			break
		}
		if err != nil && crm.KindOf(err) != crm.KindUnavailable {
			t.Errorf("cut after %d bytes: %v", cut, err)
		}
	}
	if n := len(s.Snapshot(s.user)["Sent"].Mails); n != 1 {
		t.Errorf("%d mails in the Sent folder", n)
	}
}
