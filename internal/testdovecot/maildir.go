package testdovecot

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf16"
)

// StandardFolders are the folders that AddUser makes when it is given none: a nested one and a name that needs
// modified UTF-7 among them.
var StandardFolders = []string{"INBOX", "Sent", "Archive", "Asiakkaat", "Asiakkaat/Tärkeät"}

// Mail is one mail for Fill.
type Mail struct {
	Raw   []byte
	At    time.Time // INTERNALDATE, to the second
	Flags string    // Maildir letters: P passed on, R replied, S seen, T trashed, D draft, F flagged
}

// AddUser makes a user with the given folders, or with the StandardFolders if none are given. INBOX always exists.
func (s *Server) AddUser(name string, folders ...string) {
	s.t.Helper()
	if len(folders) == 0 {
		folders = StandardFolders
	}
	s.must(s.mkdir(filepath.Join(s.mailRoot(), name)))
	s.CreateFolder(name, "INBOX")
	for _, f := range folders {
		if f != "INBOX" {
			s.CreateFolder(name, f)
		}
	}
}

// CreateFolder makes one folder, on disk and in the list of subscriptions. It must not exist.
func (s *Server) CreateFolder(user, folder string) {
	s.t.Helper()
	dir := s.folderDir(user, folder)
	for _, d := range []string{"", "cur", "new", "tmp"} {
		s.must(s.mkdir(filepath.Join(dir, d)))
	}
	if folder == "INBOX" {
		return
	}
	s.must(s.write(filepath.Join(dir, "maildirfolder"), nil))
	list := filepath.Join(s.folderDir(user, "INBOX"), "subscriptions")
	old, err := os.ReadFile(list)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		s.t.Fatalf("testdovecot: %v", err)
	}
	// Version 2 of the file: a header, an empty line, then names with a tab between the levels.
	if len(old) == 0 {
		old = []byte("V\t2\n\n")
	}
	s.must(s.write(list, fmt.Appendf(old, "%s\n", strings.ReplaceAll(modifiedUTF7(folder), "/", "\t"))))
}

// Deliver puts one mail into a folder as a delivery agent does (into new/), received at the given time.
func (s *Server) Deliver(user, folder string, raw []byte, at time.Time) {
	s.t.Helper()
	s.must(s.deliver(s.folderDir(user, folder), "new", Mail{Raw: raw, At: at}))
}

// Fill puts many mails into a folder (into cur/), in order: the first gets the lowest UID.
func (s *Server) Fill(user, folder string, mails []Mail) {
	s.t.Helper()
	dir := s.folderDir(user, folder)
	for _, m := range mails {
		s.must(s.deliver(dir, "cur", m))
	}
}

// deliver writes to tmp/ and renames, so that the server never sees half a mail. Dovecot gives UIDs to new files in the
// order of their names, hence the counter in front.
func (s *Server) deliver(dir, sub string, m Mail) error {
	name := fmt.Sprintf("%010d.%d.kaveri", s.made.Add(1), os.Getpid())
	tmp, final := filepath.Join(dir, "tmp", name), filepath.Join(dir, sub, name)
	if sub == "cur" {
		letters := []byte(m.Flags)
		slices.Sort(letters)
		final += ":2," + string(letters)
	}
	if err := s.write(tmp, m.Raw); err != nil {
		return err
	}
	if err := os.Chtimes(tmp, m.At, m.At); err != nil { // Dovecot takes INTERNALDATE from the modification time
		return err
	}
	return os.Rename(tmp, final)
}

// BumpUIDValidity gives a folder a new, higher UIDVALIDITY and all its mails new UIDs from 1, as a server does after
// its index was lost. The server must be running; it is restarted, so open sessions end.
func (s *Server) BumpUIDValidity(user, folder string) {
	s.t.Helper()
	c := s.Dial(user)
	old := examine(s.t, c, folder).UIDValidity // also makes Dovecot write its list, if it has not yet
	c.Close()
	s.Kill() // an orderly stop would take a second
	dir := s.folderDir(user, folder)
	path := filepath.Join(dir, "dovecot-uidlist")
	list, err := os.ReadFile(path)
	s.must(err)
	header, _, _ := bytes.Cut(list, []byte("\n"))
	v := regexp.MustCompile(`\bV(\d+)\b`)
	if m := v.FindSubmatch(header); m == nil || string(m[1]) != strconv.FormatUint(uint64(old), 10) {
		s.t.Fatalf("testdovecot: the UID list of %s begins with %q, UIDVALIDITY is %d", folder, header, old)
	}
	header = v.ReplaceAll(header, fmt.Appendf(nil, "V%d", old+1))
	header = regexp.MustCompile(`\bN\d+\b`).ReplaceAll(header, []byte("N1"))
	s.must(s.write(path, append(header, '\n')))
	// The indexes remember the old value.
	for _, pattern := range []string{
		filepath.Join(dir, "dovecot.index*"), filepath.Join(s.folderDir(user, "INBOX"), "dovecot.list.index*"),
	} {
		files, err := filepath.Glob(pattern)
		s.must(err)
		for _, f := range files {
			s.must(os.Remove(f))
		}
	}
	s.boot()
}

// folderDir is where a folder lies on disk.
func (s *Server) folderDir(user, folder string) string {
	dir := filepath.Join(s.mailRoot(), user, "Maildir")
	if folder == "INBOX" {
		return dir
	}
	return filepath.Join(dir, "."+strings.ReplaceAll(modifiedUTF7(folder), "/", "."))
}

// mkdir makes a folder that belongs to the mail's owner.
func (s *Server) mkdir(path string) error {
	if err := os.MkdirAll(path, 0o700); err != nil {
		return err
	}
	return s.chown(path)
}

// write writes a file that belongs to the mail's owner.
func (s *Server) write(path string, b []byte) error {
	if err := os.WriteFile(path, b, 0o600); err != nil {
		return err
	}
	return s.chown(path)
}

func (s *Server) chown(path string) error {
	if s.own == nil {
		return nil
	}
	return os.Chown(path, int(s.own.Uid), int(s.own.Gid))
}

func (s *Server) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatalf("testdovecot: %v", err)
	}
}

// modifiedUTF7 encodes a mailbox name, RFC 3501 §5.1.3: printable ASCII stands for itself, "&" is "&-", anything else
// is UTF-16BE in base64 with "," for "/" and without padding, between "&" and "-".
func modifiedUTF7(name string) string {
	var b strings.Builder
	var wide []rune
	flush := func() {
		if len(wide) == 0 {
			return
		}
		var bytes []byte
		for _, u := range utf16.Encode(wide) {
			bytes = append(bytes, byte(u>>8), byte(u))
		}
		b.WriteString("&" + strings.ReplaceAll(base64.RawStdEncoding.EncodeToString(bytes), "/", ",") + "-")
		wide = nil
	}
	for _, r := range name {
		switch {
		case r == '&':
			flush()
			b.WriteString("&-")
		case r >= 0x20 && r <= 0x7e:
			flush()
			b.WriteRune(r)
		default:
			wide = append(wide, r)
		}
	}
	flush()
	return b.String()
}
