package testdovecot

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"slices"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
)

// Snapshot is what a mailbox holds: one Folder for each folder name. Compare two with reflect.DeepEqual or go-cmp.
type Snapshot map[string]Folder

// Folder is one folder of a Snapshot, mails in the order of UID.
type Folder struct {
	UIDValidity uint32
	UIDNext     imap.UID
	Mails       []UIDFlags
}

// UIDFlags is one mail of a Folder.
type UIDFlags struct {
	UID    imap.UID
	Flags  []imap.Flag // sorted; \Recent among them, since a client that is not read-only takes it away
	SHA256 string      // of the whole mail, hex
}

// Dial opens a session as the user. The session ends with the test, or earlier with Close.
func (s *Server) Dial(user string) *imapclient.Client {
	s.t.Helper()
	c, err := imapclient.DialInsecure(s.Addr(), nil)
	if err != nil {
		s.t.Fatalf("testdovecot: %v", err)
	}
	s.t.Cleanup(func() { c.Close() })
	if err := c.Login(user, Password).Wait(); err != nil {
		s.t.Fatalf("testdovecot: login as %s: %v", user, err)
	}
	return c
}

// Append puts a mail into a folder over IMAP and returns its UID; sessions that IDLE in the folder hear of it at once.
func (s *Server) Append(user, folder string, raw []byte, at time.Time, flags ...imap.Flag) imap.UID {
	s.t.Helper()
	c := s.Dial(user)
	defer c.Close()
	cmd := c.Append(folder, int64(len(raw)), &imap.AppendOptions{Time: at, Flags: flags})
	_, err := cmd.Write(raw)
	s.must(err)
	s.must(cmd.Close())
	data, err := cmd.Wait()
	s.must(err)
	return data.UID
}

// Expunge removes mails from a folder for good.
func (s *Server) Expunge(user, folder string, uids ...imap.UID) {
	s.t.Helper()
	c := s.Dial(user)
	defer c.Close()
	_, err := c.Select(folder, nil).Wait()
	s.must(err)
	set := imap.UIDSetNum(uids...)
	deleted := &imap.StoreFlags{Op: imap.StoreFlagsAdd, Silent: true, Flags: []imap.Flag{imap.FlagDeleted}}
	s.must(c.Store(set, deleted, nil).Close())
	s.must(c.UIDExpunge(set).Close())
}

// Move moves mails to another folder of the same user.
func (s *Server) Move(user, from, to string, uids ...imap.UID) {
	s.t.Helper()
	c := s.Dial(user)
	defer c.Close()
	_, err := c.Select(from, nil).Wait()
	s.must(err)
	_, err = c.Move(imap.UIDSetNum(uids...), to).Wait()
	s.must(err)
}

// Snapshot reads everything that the user has, without changing it.
func (s *Server) Snapshot(user string) Snapshot {
	s.t.Helper()
	c := s.Dial(user)
	defer c.Close()
	list, err := c.List("", "*", nil).Collect()
	s.must(err)
	snap := Snapshot{}
	for _, m := range list {
		if slices.Contains(m.Attrs, imap.MailboxAttrNoSelect) || slices.Contains(m.Attrs, imap.MailboxAttrNonExistent) {
			continue
		}
		selected := examine(s.t, c, m.Mailbox)
		f := Folder{UIDValidity: selected.UIDValidity, UIDNext: selected.UIDNext}
		if selected.NumMessages > 0 {
			f.Mails = s.mails(c)
		}
		snap[m.Mailbox] = f
	}
	return snap
}

func examine(t testing.TB, c *imapclient.Client, folder string) *imap.SelectData {
	t.Helper()
	data, err := c.Select(folder, &imap.SelectOptions{ReadOnly: true}).Wait()
	if err != nil {
		t.Fatalf("testdovecot: EXAMINE %s: %v", folder, err)
	}
	return data
}

// mails reads the selected folder, hashing each mail as it streams by.
func (s *Server) mails(c *imapclient.Client) []UIDFlags {
	s.t.Helper()
	all := imap.UIDSet{imap.UIDRange{Start: 1, Stop: 0}}
	cmd := c.Fetch(all, &imap.FetchOptions{UID: true, Flags: true, BodySection: []*imap.FetchItemBodySection{{Peek: true}}})
	var mails []UIDFlags
	for m := cmd.Next(); m != nil; m = cmd.Next() {
		var mail UIDFlags
		for item := m.Next(); item != nil; item = m.Next() {
			switch item := item.(type) {
			case imapclient.FetchItemDataUID:
				mail.UID = item.UID
			case imapclient.FetchItemDataFlags:
				mail.Flags = slices.Sorted(slices.Values(item.Flags))
			case imapclient.FetchItemDataBodySection:
				h := sha256.New()
				_, err := io.Copy(h, item.Literal)
				s.must(err)
				mail.SHA256 = hex.EncodeToString(h.Sum(nil))
			}
		}
		mails = append(mails, mail)
	}
	s.must(cmd.Close())
	slices.SortFunc(mails, func(a, b UIDFlags) int { return cmp.Compare(a.UID, b.UID) })
	return mails
}
