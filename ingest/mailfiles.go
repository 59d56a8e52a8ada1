package ingest

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"kaveri/crm"
)

// fileFolder is a folder of mail in files.
type fileFolder struct {
	name   string
	folder crm.Folder
	mails  []fileMail
}

// fileMail is one mail: a file, or a stretch of an mbox.
type fileMail struct {
	path   string
	offset int64
	size   int64 // bytes in the file
	at     time.Time
	mbox   bool
}

// name names the mail for people.
func (m fileMail) name() string {
	if m.mbox {
		return fmt.Sprintf("the mail of %s that begins at byte %d", m.path, m.offset)
	}
	return m.path
}

// scan finds the mails of a path and their order, without reading bodies. bad
// is told of what is empty or cut off.
func scan(kind, path string, bad func(error)) ([]fileFolder, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, FileError(path, err)
	}
	switch {
	case kind == "mbox" && !info.IsDir():
		mails, err := scanMbox(path, info.ModTime(), bad)
		return []fileFolder{{name: "mbox", mails: mails}}, err
	case kind == "maildir" && info.IsDir():
		return scanMaildir(path)
	case kind == "eml":
		return scanEml(path, info)
	}
	return nil, crm.Invalid("path", "%s is not what %q means: an mbox is a file, a Maildir a folder", path, kind)
}

// scanMbox finds the mails of an mbox.
func scanMbox(path string, fallback time.Time, bad func(error)) ([]fileMail, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, FileError(path, err)
	}
	defer f.Close()
	var mails []fileMail
	end, err := readMbox(bufio.NewReaderSize(f, 1<<20), fallback, 0, func(m mboxMail) error {
		mails = append(mails, fileMail{path: path, offset: m.offset, size: m.size, at: m.at, mbox: true})
		return nil
	})
	if err != nil {
		return nil, FileError(path, err)
	}
	switch {
	case len(mails) == 0 && end.size > 0:
		return nil, crm.Invalid("path", "%s is no mbox: it has no line that begins with \"From \"", path)
	case len(mails) == 0:
		bad(empty(path))
	case end.cut && end.mails > 1: // a single mail with a From line may end anywhere
		bad(cutOff(path))
	}
	return mails, nil
}

// scanMaildir finds the folders of a Maildir++ tree: the root is INBOX, .Sent
// is Sent, .Archive.2025 is Archive/2025.
func scanMaildir(root string) ([]fileFolder, error) {
	var folders []fileFolder
	add := func(dir, name string) error {
		f := fileFolder{name: name}
		for _, sub := range []string{"cur", "new"} {
			mails, err := filesIn(filepath.Join(dir, sub), func(string) bool { return true })
			if err != nil && !os.IsNotExist(err) {
				return FileError(filepath.Join(dir, sub), err)
			}
			f.mails = append(f.mails, mails...)
		}
		sortByTime(f.mails)
		folders = append(folders, f)
		return nil
	}
	if _, err := os.Stat(filepath.Join(root, "cur")); err != nil {
		return nil, crm.Invalid("path", "%s is no Maildir: it has no folder cur", root)
	}
	if err := add(root, "INBOX"); err != nil {
		return nil, err
	}
	entries, err := os.ReadDir(root)
	if err != nil {
		return nil, FileError(root, err)
	}
	for _, e := range entries {
		if e.IsDir() && strings.HasPrefix(e.Name(), ".") {
			if err := add(filepath.Join(root, e.Name()), strings.ReplaceAll(decodeUTF7(e.Name()[1:]), ".", "/")); err != nil {
				return nil, err
			}
		}
	}
	return folders, nil
}

func scanEml(path string, info fs.FileInfo) ([]fileFolder, error) {
	if !info.IsDir() {
		return []fileFolder{{name: "eml", mails: []fileMail{{path: path, size: info.Size(), at: info.ModTime()}}}}, nil
	}
	f := fileFolder{name: "eml"}
	err := filepath.WalkDir(path, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			mails, err := filesIn(p, func(name string) bool { return strings.EqualFold(filepath.Ext(name), ".eml") })
			f.mails = append(f.mails, mails...)
			return err
		}
		return nil
	})
	if err != nil {
		return nil, FileError(path, err)
	}
	if len(f.mails) == 0 {
		return nil, crm.Invalid("path", "%s holds no .eml files", path)
	}
	sortByTime(f.mails)
	return []fileFolder{f}, nil
}

func filesIn(dir string, want func(name string) bool) ([]fileMail, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var mails []fileMail
	for _, e := range entries {
		info, err := e.Info()
		if err != nil || !info.Mode().IsRegular() || !want(e.Name()) {
			continue
		}
		mails = append(mails, fileMail{path: filepath.Join(dir, e.Name()), size: info.Size(), at: info.ModTime()})
	}
	return mails, nil
}

func sortByTime(mails []fileMail) {
	slices.SortFunc(mails, func(a, b fileMail) int {
		if c := a.at.Compare(b.at); c != 0 {
			return c
		}
		return strings.Compare(a.path, b.path)
	})
}

// read gives at most limit bytes of the mail as it was before it was put into
// an mbox: without the empty line that parts it from the next, and with the
// quoting of From lines undone.
func (m fileMail) read(limit int64) ([]byte, error) {
	f, err := os.Open(m.path)
	if err != nil {
		return nil, FileError(m.path, err)
	}
	defer f.Close()
	raw := make([]byte, min(limit, m.size))
	n, err := io.ReadFull(io.NewSectionReader(f, m.offset, m.size), raw)
	if err != nil && err != io.ErrUnexpectedEOF && err != io.EOF {
		return nil, FileError(m.path, err)
	}
	raw = raw[:n]
	if !m.mbox {
		return raw, nil
	}
	if int64(n) == m.size {
		raw = bytes.TrimSuffix(bytes.TrimSuffix(raw, []byte("\n")), []byte("\r"))
		if len(raw) > 0 && raw[len(raw)-1] != '\n' {
			raw = append(raw, '\n')
		}
	}
	return unquoteFrom(raw), nil
}

// unquoteFrom turns ">From " at the beginning of a line into "From ", and
// ">>From " into ">From " (mboxrd).
func unquoteFrom(raw []byte) []byte {
	if !bytes.Contains(raw, []byte("\n>")) {
		return raw
	}
	out := make([]byte, 0, len(raw))
	for line := range bytes.Lines(raw) {
		if rest := bytes.TrimLeft(line, ">"); len(rest) < len(line) && bytes.HasPrefix(rest, []byte("From ")) {
			line = line[1:]
		}
		out = append(out, line...)
	}
	return out
}
