package store

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"

	"kaveri/crm"
)

func openSegmented(t *testing.T, dir string) *Store {
	t.Helper()
	s, err := Open(context.Background(), "sqlite://"+filepath.Join(dir, "kaveri.db"), Options{Key: make([]byte, KeySize)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// putAll writes frames in one transaction, which fails when fail is set.
func putAll(s *Store, fail error, frames ...[]byte) (refs [][]byte, err error) {
	err = s.write(context.Background(), func(x *tx) error {
		refs = nil
		for _, f := range frames {
			ref, err := x.put(f)
			if err != nil {
				return err
			}
			refs = append(refs, ref)
		}
		x.syncPut()
		return fail
	})
	return refs, err
}

func frameOf(text string) []byte {
	e, _ := zstd.NewWriter(nil)
	return e.EncodeAll([]byte(text), nil)
}

func TestSegmentsKeepWhatIsPut(t *testing.T) {
	s := openSegmented(t, t.TempDir())
	var frames [][]byte
	for i := range 600 { // more than wait in the queue at once
		frames = append(frames, frameOf(fmt.Sprint("mail ", i)))
	}
	refs, err := putAll(s, nil, frames...)
	if err != nil {
		t.Fatal(err)
	}
	for i, ref := range refs {
		got, err := s.frame(context.Background(), ref)
		if err != nil || !bytes.Equal(got, frames[i]) {
			t.Fatalf("mail %d: %q, %v", i, got, err)
		}
	}
	if own, err := s.frame(context.Background(), frames[0]); err != nil || !bytes.Equal(own, frames[0]) {
		t.Errorf("a mail in its row: %q, %v", own, err)
	}
}

func TestSegmentsForgetWhatIsRolledBack(t *testing.T) {
	s := openSegmented(t, t.TempDir())
	if _, err := putAll(s, crm.Conflict("no"), frameOf("never")); crm.KindOf(err) != crm.KindConflict {
		t.Fatal(err)
	}
	end := s.segments.end
	if end != 0 {
		t.Errorf("%d bytes of a rolled back transaction stay", end)
	}
	refs, err := putAll(s, nil, frameOf("kept"))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := s.frame(context.Background(), refs[0]); err != nil || !bytes.Equal(got, frameOf("kept")) {
		t.Errorf("%q, %v", got, err)
	}
}

// Two processes with one database never write into one segment.
func TestSegmentsAreHeldByOneProcess(t *testing.T) {
	dir := t.TempDir()
	a, b := openSegmented(t, dir), openSegmented(t, dir)
	ra, err := putAll(a, nil, frameOf("from a"))
	if err != nil {
		t.Fatal(err)
	}
	rb, err := putAll(b, nil, frameOf("from b"))
	if err != nil {
		t.Fatal(err)
	}
	if a.segments.id == b.segments.id {
		t.Errorf("both append to segment %d", a.segments.id)
	}
	for _, s := range []*Store{a, b} { // and both read both
		for i, ref := range [][]byte{ra[0], rb[0]} {
			if got, err := s.frame(context.Background(), ref); err != nil || !bytes.Equal(got, frameOf([]string{"from a", "from b"}[i])) {
				t.Errorf("%q, %v", got, err)
			}
		}
	}
}

func delivered(t *testing.T, s *Store, text string) crm.MessageID {
	t.Helper()
	ctx := context.Background()
	staff, err := s.Staff(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if len(staff) == 0 {
		anna, err := s.AddStaff(ctx, crm.SystemViewer, crm.Staff{Name: "Anna", Address: "anna@firm.example", Role: crm.StaffAdmin}, "a long password")
		if err != nil {
			t.Fatal(err)
		}
		staff = []crm.Staff{anna}
	}
	if _, err := s.AddMailbox(ctx, crm.SystemViewer, crm.Mailbox{Staff: staff[0].ID, Address: "anna@firm.example", Host: "127.0.0.1", Security: crm.SecurityNone, Password: "secret"}); err != nil && crm.KindOf(err) != crm.KindConflict {
		t.Fatal(err)
	}
	boxes, err := s.Mailboxes(ctx, crm.SystemViewer)
	if err != nil {
		t.Fatal(err)
	}
	folders, err := s.SyncFolders(ctx, boxes[0].ID, []crm.Folder{{Name: "INBOX", Enabled: true}})
	if err != nil {
		t.Fatal(err)
	}
	m := crm.Message{Text: text, TextSource: crm.TextPlain}
	m.Class = crm.ClassHuman
	d := crm.Delivery{Folder: folders[0].ID, UIDValidity: 1, UID: uint32(len(text)), Internal: time.Now(), Message: &m, Policy: crm.PolicyAll}
	copy(d.Raw.Sum[:], text)
	copy(d.Raw.Content[:], text)
	d.Raw.Zstd, d.Raw.Size = frameOf(text), int64(len(text))
	out, err := s.Deliver(ctx, []crm.Delivery{d})
	if err != nil {
		t.Fatal(err)
	}
	return out[0].Message
}

// After a restart the segment goes on behind the last mail that a row refers
// to, whatever a crash left there.
func TestSegmentsGoOnAfterACrash(t *testing.T) {
	dir := t.TempDir()
	s := openSegmented(t, dir)
	first := delivered(t, s, "the first mail")
	end := s.segments.end
	s.Close()
	f, err := os.OpenFile(s.segments.path(s.segments.id), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	f.WriteString("half a mail that no row refers to")
	f.Close()
	s = openSegmented(t, dir)
	second := delivered(t, s, "the second mail, longer")
	if s.segments.id != 1 || s.segments.end <= end {
		t.Errorf("segment %d ends at %d, had ended at %d", s.segments.id, s.segments.end, end)
	}
	for id, want := range map[crm.MessageID]string{first: "the first mail", second: "the second mail, longer"} {
		if raw, err := s.RawMail(context.Background(), crm.SystemViewer, id); err != nil || string(raw) != want {
			t.Errorf("%q, %v", raw, err)
		}
	}
	if err := s.Integrity(context.Background()); err != nil {
		t.Error(err)
	}
}

func TestMissingSegmentIsSaid(t *testing.T) {
	dir := t.TempDir()
	s := openSegmented(t, dir)
	id := delivered(t, s, "a mail")
	if err := os.Truncate(s.segments.path(1), 3); err != nil {
		t.Fatal(err)
	}
	if err := s.Integrity(context.Background()); err == nil {
		t.Error("a segment cut short is not noticed")
	}
	if _, err := s.RawMail(context.Background(), crm.SystemViewer, id); err == nil {
		t.Error("a mail that is not there is given")
	}
	if err := os.Remove(s.segments.path(1)); err != nil {
		t.Fatal(err)
	}
	if err := s.Integrity(context.Background()); err == nil {
		t.Error("a missing segment is not noticed")
	}
}
