package store

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"

	"kaveri/crm"
)

// erasing is a store on SQLite whose files are looked through.
type erasing struct {
	*testing.T
	*Store
	dir    string
	folder crm.FolderID
	uid    uint32
}

func newErasing(t *testing.T) *erasing {
	e := &erasing{T: t, dir: t.TempDir()}
	e.open()
	e.must(e.SaveFirm(t.Context(), crm.SystemViewer, crm.Firm{Name: "Firm", Domains: []string{"firm.example"}, Policy: crm.PolicyAll}))
	staff, err := e.AddStaff(t.Context(), crm.SystemViewer, crm.Staff{Name: "Anna", Address: "anna@firm.example", Role: crm.StaffAdmin}, "a long password for tests")
	e.must(err)
	box, err := e.AddMailbox(t.Context(), crm.SystemViewer, crm.Mailbox{Staff: staff.ID, Address: "anna@firm.example", Host: "imap.firm.example", Password: "x"})
	e.must(err)
	folders, err := e.SyncFolders(t.Context(), box.ID, []crm.Folder{{Name: "INBOX", Enabled: true}})
	e.must(err)
	e.folder = folders[0].ID
	e.must(e.NewEpoch(t.Context(), e.folder, crm.Cursor{UIDValidity: 1}))
	return e
}

func (e *erasing) open() {
	e.Helper()
	var err error
	e.Store, err = Open(e.Context(), "sqlite://"+filepath.Join(e.dir, "kaveri.db"), Options{Key: bytes.Repeat([]byte{7}, KeySize)})
	e.must(err)
	s := e.Store
	e.Cleanup(func() { s.Close() })
}

func (e *erasing) must(err error) {
	e.Helper()
	if err != nil {
		e.Fatal(err)
	}
}

// mail delivers a mail, every third of them large.
func (e *erasing) mail(from, subject, text string) {
	e.Helper()
	e.uid++
	a, err := crm.ParseAddress(from)
	e.must(err)
	m := &crm.Message{Text: text, TextSource: crm.TextPlain}
	m.Subject, m.MessageID, m.Class, m.Date = subject, fmt.Sprintf("m%d.%s", e.uid, from), crm.ClassHuman, time.Now()
	m.From, m.To = []crm.Party{{Name: "The author of " + subject, Address: a}}, []crm.Party{{Address: "anna@firm.example"}}
	m.Attachments = []crm.Attachment{{Part: "2", Name: subject + ".pdf", Type: "application/pdf", Size: 1}}
	raw := fmt.Appendf(nil, "Subject: %s\r\nFrom: %s\r\nX: %d\r\n\r\n%s", subject, from, e.uid, text)
	_, err = e.Deliver(e.Context(), []crm.Delivery{{Folder: e.folder, UIDValidity: 1, UID: e.uid, Internal: time.Now(), Message: m,
		Raw: crm.Raw{Sum: sha256.Sum256(raw), Content: sha256.Sum256(raw), Size: int64(len(raw)), Zstd: textEncoder.EncodeAll(raw, nil)}}})
	e.must(err)
}

// traces looks for words in every file of the data folder: as they are, in the
// tokens of the index, and in every zstd frame that there is.
func (e *erasing) traces(words ...string) (found []string) {
	e.Helper()
	d, err := zstd.NewReader(nil)
	e.must(err)
	look := func(where string, b []byte) {
		b = bytes.ToLower(b)
		for _, w := range words {
			if bytes.Contains(b, []byte(w)) {
				found = append(found, w+" in "+where)
			}
		}
	}
	e.must(filepath.Walk(e.dir, func(path string, info os.FileInfo, err error) error {
		if err != nil || info.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		look(filepath.Base(path), b)
		for frames := bytes.Split(b, frameMark)[1:]; len(frames) > 0; frames = frames[1:] {
			plain, _ := d.DecodeAll(append(bytes.Clone(frameMark), frames[0]...), nil)
			look(filepath.Base(path)+", compressed", plain)
		}
		return err
	}))
	return found
}

// filler is text of n words from a small vocabulary.
func filler(r *rand.Rand, n int) string {
	var b strings.Builder
	for range n {
		fmt.Fprintf(&b, "word%d ", r.IntN(5000))
	}
	return b.String()
}

// What is excluded is in no file any more: not in rows, freed pages, the index,
// the log, nor in the segments; what others wrote is untouched.
func TestErasedFromEveryFile(t *testing.T) {
	e := newErasing(t)
	r := rand.New(rand.NewPCG(1, 2))
	for i := range 400 {
		size := 40
		if i%3 == 0 {
			size = 4000
		}
		if i%10 == 5 {
			e.mail(fmt.Sprintf("d%d@zebrafinch.example", i), fmt.Sprintf("Quokkasubject %d", i), filler(r, size)+" numbatbody numbatbody"+fmt.Sprint(i)+" "+filler(r, size))
		} else {
			e.mail(fmt.Sprintf("c%d@acme.example", i), "Trip", filler(r, size)+" keptword")
		}
	}
	words := []string{"quokkasubject", "numbatbody", "zebrafinch"}
	if got := e.traces(words...); len(got) < 5 {
		t.Fatalf("before, the words are found in %q only", got)
	}
	_, effect, err := e.AddExclusion(t.Context(), crm.SystemViewer, crm.Exclusion{Kind: crm.ExcludedDomain, Value: "zebrafinch.example"})
	e.must(err)
	if effect.Removed != 40 {
		t.Errorf("%+v", effect)
	}
	for _, f := range e.traces(words...) {
		if !strings.HasPrefix(f, "zebrafinch in kaveri.db") { // the exclusion itself names it
			t.Error(f)
		}
	}
	e.must(e.Integrity(t.Context()))
	hits, err := e.Search(t.Context(), crm.SystemViewer, "keptword", 1000)
	e.must(err)
	if len(hits) != 360 {
		t.Errorf("%d of 360 mails are found", len(hits))
	}
	for _, h := range hits {
		if raw, err := e.RawMail(t.Context(), crm.SystemViewer, h.ID); err != nil || !bytes.Contains(raw, []byte("keptword")) {
			t.Fatalf("the raw mail of %d: %v", h.ID, err)
		}
	}
	if n := len(e.backup(t).String()); n == 0 {
		t.Error("no backup")
	}
}

// backup writes one into memory.
func (s *Store) backup(t *testing.T) *bytes.Buffer {
	t.Helper()
	var b bytes.Buffer
	if _, err := s.Backup(t.Context(), &b, nil); err != nil {
		t.Fatal(err)
	}
	return &b
}

// A process that dies between removing and erasing leaves a note; the next one
// erases, and never what has come to that place since.
func TestErasedAfterCrash(t *testing.T) {
	e := newErasing(t)
	e.mail("a@acme.example", "First", "keptword")
	e.mail("d@clinic.example", "Last of the segment", "numbatbody")
	ctx := context.Background()
	// As AddExclusion does it, up to where the process dies.
	e.must(e.write(ctx, func(x *tx) error {
		b, err := x.newBatch(e.now())
		if err != nil {
			return err
		}
		ids, err := column[int64](x, `SELECT id FROM messages WHERE subject = 'Last of the segment'`)
		if err != nil {
			return err
		}
		mails, err := x.storedMails(ids, &b.firm)
		if err != nil {
			return err
		}
		if err := b.forget(mails); err != nil {
			return err
		}
		return b.finish()
	}))
	unlock, free, err := e.segments.hold(2 /* LOCK_EX */)
	if err != nil || !free {
		t.Fatal(err)
	}
	e.must(e.Close())
	e.open() // somebody holds the segments: nothing is erased yet
	e.mail("b@acme.example", "After it", "anotherword anotherword")
	if got := e.traces("numbatbody"); len(got) == 0 {
		t.Error("erased while the segments are held")
	}
	unlock()
	e.must(e.Close())
	e.open()
	if got := e.traces("numbatbody"); len(got) > 0 {
		t.Errorf("left: %q", got)
	}
	hits, err := e.Search(ctx, crm.SystemViewer, "anotherword", 10)
	e.must(err)
	if len(hits) != 1 {
		t.Fatalf("found %d", len(hits))
	}
	raw, err := e.RawMail(ctx, crm.SystemViewer, hits[0].ID)
	if err != nil || !bytes.Contains(raw, []byte("anotherword")) {
		t.Errorf("what came to the erased place: %v", err)
	}
	var left int
	e.must(e.r.QueryRow(`SELECT (SELECT count(*) FROM erasures) + (SELECT count(*) FROM settings WHERE name = 'to be erased')`).Scan(&left))
	if left != 0 {
		t.Errorf("%d notes are left", left)
	}
	e.must(e.Integrity(ctx))
}
