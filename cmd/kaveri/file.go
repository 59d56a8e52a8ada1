package main

import (
	"bytes"
	"context"
	"io"
	"os"

	"kaveri/crm"
	"kaveri/ingest"
)

// openFile opens a file that the user names for reading, or standard input for "-";
// both stop with ctx though nothing more comes. field is what the user knows it as,
// and what is what to name instead of a folder, such as "a file". The size is 0 when
// it is not known.
func (p *program) openFile(ctx context.Context, field, what, name string) (f io.ReadCloser, size int64, err error) {
	if name == "-" {
		return io.NopCloser(ingest.UntilDone(ctx, p.stdin)), 0, nil
	}
	if f, err = ingest.OpenFile(ctx, name); err != nil {
		return nil, 0, notRead(ctx, field, name, err)
	}
	info, err := os.Stat(name)
	switch {
	case err != nil:
		f.Close()
		return nil, 0, notRead(ctx, field, name, err)
	case info.IsDir():
		f.Close()
		return nil, 0, crm.Invalid(field, "%s is a folder; name %s in it", name, what)
	}
	return f, info.Size(), nil
}

// openTwice opens a file that is read twice, as openFile does; standard input and
// pipes are read into memory.
func (p *program) openTwice(ctx context.Context, field, what, name string) (io.ReadSeekCloser, error) {
	f, size, err := p.openFile(ctx, field, what, name)
	if err != nil {
		return nil, err
	}
	if whole, ok := f.(io.ReadSeekCloser); ok {
		return whole, nil
	}
	defer f.Close()
	data, err := readAll(ctx, f, field, name, size, maxList)
	if err != nil {
		return nil, err
	}
	return struct {
		io.ReadSeeker
		io.Closer
	}{bytes.NewReader(data), io.NopCloser(nil)}, nil
}

// readFile reads a file, or standard input for "-", up to a limit.
func (p *program) readFile(ctx context.Context, name string, limit int64) ([]byte, error) {
	return p.readFileAs(ctx, "file", name, limit)
}

// readFileAs is readFile for what the user knows by another name than file.
func (p *program) readFileAs(ctx context.Context, field, name string, limit int64) ([]byte, error) {
	f, size, err := p.openFile(ctx, field, "a file", name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return readAll(ctx, f, field, name, size, limit)
}

func readAll(ctx context.Context, f io.Reader, field, name string, size, limit int64) ([]byte, error) {
	// As large as the file from the start: growing would take twice as much.
	data := bytes.NewBuffer(make([]byte, 0, min(size, limit+1)+bytes.MinRead))
	if _, err := data.ReadFrom(io.LimitReader(f, limit+1)); err != nil {
		return nil, notRead(ctx, field, name, err)
	}
	switch large := int64(data.Len()) > limit; {
	case large && field != "file" && ingest.Binary(data.Bytes()):
		return nil, crm.Invalid(field, "%s is not a text file", shownName(name))
	case large && field == "template":
		return nil, crm.Invalid(field, "%s is larger than %s; no mail that large arrives", shownName(name), bytesOf(limit))
	case large:
		return nil, crm.Invalid(field, "%s is larger than %s; split it", shownName(name), bytesOf(limit))
	}
	return data.Bytes(), nil
}

// notRead says why a file cannot be read; of reading that was ended, that it was.
func notRead(ctx context.Context, field, name string, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return inField(field, ingest.FileError(name, err))
}

// shownName names a file for people.
func shownName(name string) string {
	if name == "-" {
		return "standard input"
	}
	return name
}

// createFile makes a file that the user names for what is read from the file input:
// never in place of another, least of all of input. What is no regular file, such as
// /dev/stdout, is written to.
func createFile(name, input string) (*os.File, error) {
	if err := mayCreate(name, input); err != nil {
		return nil, err
	}
	how := os.O_CREATE | os.O_EXCL | os.O_WRONLY
	if _, err := os.Stat(name); err == nil {
		how = os.O_WRONLY
	}
	f, err := os.OpenFile(name, how, 0o600)
	if err != nil {
		return nil, fileError(name, err)
	}
	return f, nil
}

// mayCreate refuses a name under which there is a file already, and says so when it
// is the one that is read.
func mayCreate(name, input string) error {
	there, err := os.Stat(name)
	if err != nil {
		return nil // to make it says what is wrong, if anything is
	}
	if read, err := os.Stat(input); input != "-" && err == nil && os.SameFile(there, read) {
		return inConflict("file", "%s is the file that is read; name another, so that it is not written over", name)
	}
	if there.Mode().IsRegular() {
		return inConflict("file", "%s exists already; name another, or remove it", name)
	}
	return nil
}

// fileError says what is wrong with a file that the user named to be written.
func fileError(name string, err error) error {
	switch {
	case os.IsNotExist(err):
		return missing("file", "the folder of %s does not exist; make it, or name another", name)
	case os.IsPermission(err):
		return &crm.Error{Kind: crm.KindForbidden, Field: "file", Text: name + " may not be written by you; name another place"}
	case os.IsExist(err):
		return inConflict("file", "%s exists already; name another", name)
	}
	return failure("file: %v", err)
}
