package ingest

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"kaveri/crm"
	"kaveri/ingest/parse"
)

// FoundMail is a mail in a file, of which only the header was read.
type FoundMail struct {
	File     string
	Offset   int64     // where it begins in an mbox, else 0
	At       time.Time // when it came, by its From line; zero when nothing says so
	Envelope *crm.Envelope
}

// HeaderReader reads the headers of mails in files, without their bodies and
// without a database: an mbox of any size takes no more memory than its longest
// header.
type HeaderReader struct {
	Stdin io.Reader             // what the name "-" stands for
	Found func(FoundMail) error // an error of it ends the reading
	Bad   func(error)           // what cannot be read, a sentence each; the rest is read nevertheless
	r     *bufio.Reader         // reused: most files are small
}

// Read reads what name means: an mbox, a mail, a Maildir, or a folder of such,
// told apart by what is in them. Files of a folder come in the order of their
// names. The error is that of ctx or of Found.
func (h *HeaderReader) Read(ctx context.Context, name string) error {
	if h.r == nil {
		h.r = bufio.NewReaderSize(nil, 1<<20)
	}
	if name == "-" {
		return h.stream(ctx, name, "standard input", UntilDone(ctx, h.Stdin))
	}
	info, err := os.Stat(name)
	switch {
	case err != nil:
		h.Bad(FileError(name, err))
		return nil
	case info.IsDir():
		return h.folder(ctx, name)
	}
	return h.file(ctx, name)
}

// folder reads all files beneath a folder. Of a Maildir the mails count, and
// not what a server keeps beside them.
func (h *HeaderReader) folder(ctx context.Context, root string) error {
	keeper := map[string]bool{} // the folders that are a Maildir
	return filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			h.Bad(FileError(path, err))
			if d != nil && d.IsDir() {
				return fs.SkipDir
			}
			return nil
		case d.IsDir():
			if d.Name() == "tmp" && isMaildir(filepath.Dir(path)) { // not delivered yet
				return fs.SkipDir
			}
			keeper[path] = isMaildir(path)
			return nil
		case !d.Type().IsRegular() || keeper[filepath.Dir(path)]:
			return nil
		}
		return h.file(ctx, path)
	})
}

// isMaildir reports a folder with the subfolders of a Maildir.
func isMaildir(dir string) bool {
	for _, sub := range []string{"cur", "new"} {
		if info, err := os.Stat(filepath.Join(dir, sub)); err != nil || !info.IsDir() {
			return false
		}
	}
	return true
}

func (h *HeaderReader) file(ctx context.Context, path string) error {
	f, err := OpenFile(ctx, path)
	if err != nil {
		return h.unread(ctx, path, err)
	}
	defer f.Close()
	return h.stream(ctx, path, path, f)
}

// stream reads one file, called called in a sentence.
func (h *HeaderReader) stream(ctx context.Context, name, called string, r io.Reader) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	h.r.Reset(r)
	start, err := h.r.Peek(5)
	switch {
	case err != nil && err != io.EOF:
		return h.unread(ctx, called, err)
	case len(start) == 0:
		h.Bad(empty(called))
		return nil
	case string(start) == "From ":
		return h.mbox(ctx, name, called)
	}
	raw, err := io.ReadAll(io.LimitReader(h.r, maxHeader))
	if err != nil {
		return h.unread(ctx, called, err)
	}
	if err := NoMail(called, raw); err != nil {
		h.Bad(err)
		return nil
	}
	return h.Found(FoundMail{File: name, Envelope: parse.Header(headerOf(raw))})
}

// unread tells of a file that cannot be read, unless ctx has ended the reading.
func (h *HeaderReader) unread(ctx context.Context, called string, err error) error {
	if ctx.Err() == nil {
		h.Bad(FileError(called, err))
	}
	return ctx.Err()
}

func (h *HeaderReader) mbox(ctx context.Context, name, called string) error {
	var stop error
	read := 0
	end, err := readMbox(h.r, time.Time{}, maxHeader, func(m mboxMail) error {
		if stop = ctx.Err(); stop == nil && parse.HasHeader(m.head) {
			read++
			stop = h.Found(FoundMail{File: name, Offset: m.offset, At: m.at, Envelope: parse.Header(m.head)})
		}
		return stop
	})
	switch {
	case stop != nil:
		return stop
	case err != nil:
		return h.unread(ctx, called, err)
	case read == 0:
		h.Bad(noHeader(called))
	case end.mails > read:
		h.Bad(crm.Invalid("file", "%s has %d mails without a header", called, end.mails-read))
	case end.cut && end.mails > 1: // a single mail with a From line may end anywhere
		h.Bad(cutOff(called))
	}
	return nil
}

// MboxMails counts the mails of an mbox, and says whether the last is cut off.
// Bytes that are none, or one mail behind a From line, have one.
func MboxMails(raw []byte) (mails int, cut bool) {
	if !bytes.HasPrefix(raw, []byte("From ")) {
		return 1, false
	}
	end, err := readMbox(bufio.NewReader(bytes.NewReader(raw)), time.Time{}, 0, func(mboxMail) error { return nil })
	if err != nil || end.mails < 2 {
		return 1, false
	}
	return end.mails, end.cut
}

// cutOff says that a file ends too early.
func cutOff(name string) error {
	return crm.Invalid("file", "%s ends in the middle of a line: its last mail is cut off", name)
}

// Binary reports bytes that no text has: NULs, or many control characters.
func Binary(raw []byte) bool {
	head := raw[:min(len(raw), 8<<10)]
	control := 0
	for _, c := range head {
		switch {
		case c == 0:
			return true
		case c < ' ' && c != '\t' && c != '\n' && c != '\r' && c != '\f' && c != 0x1b: // escape: ISO-2022
			control++
		}
	}
	return control > len(head)/20
}

// NoMail says why the beginning of a file is no mail, called so in the sentence;
// nil when it may be one. Text without a header is a mail whose header was lost.
func NoMail(called string, raw []byte) error {
	switch {
	case len(raw) == 0:
		return empty(called)
	case !parse.HasHeader(raw) && Binary(raw):
		return noHeader(called)
	}
	return nil
}

func empty(name string) error { return crm.Invalid("file", "%s is empty", name) }

func noHeader(name string) error {
	return crm.Invalid("file", "%s is not a mail: it has no header field", name)
}
