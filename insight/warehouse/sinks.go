package warehouse

import (
	"bufio"
	"errors"
	"io"
	"os"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/compress/zstd"
)

// comparing finds the fingerprint of a part.
type comparing[R any] struct {
	parts map[string]Part
	file  string
	print *fingerprint
	rows  int64
}

func newComparing[R any](table string, parts map[string]Part, file string) *comparing[R] {
	return &comparing[R]{parts, file, newFingerprint(table), 0}
}

func (c *comparing[R]) add(row *R) error {
	c.rows++
	c.print.add(row)
	return nil
}

func (c *comparing[R]) end() error {
	c.parts[c.file] = Part{Rows: c.rows, Fingerprint: c.print.String()}
	return nil
}

func (c *comparing[R]) drop() {}

// file is where a part is written.
type file interface {
	io.WriteCloser
	Sync() error
}

// The sizes by which a part is written. A row group is what a reader skips or
// reads at once, and what is in memory here.
const (
	rowsPerGroup = 50_000
	rowsAtOnce   = 512
	fileBuffer   = 1 << 18
)

// writing writes a part.
type writing[R any] struct {
	comparing[R]
	name   string
	f      file
	size   *counter
	b      *bufio.Writer
	w      *parquet.GenericWriter[R]
	buffer []R
}

// codec is one for all parts: it keeps its encoders, which are large.
var codec = &zstd.Codec{Level: zstd.SpeedDefault}

// QUIRK: a GenericWriter that is Reset leaves the names of the columns out of the
// metadata of the next file (parquet-go v0.32.0), so each part has a writer of its
// own.
func writer[R any](to io.Writer) *parquet.GenericWriter[R] {
	return parquet.NewGenericWriter[R](to, parquet.Compression(codec), parquet.MaxRowsPerRowGroup(rowsPerGroup),
		parquet.WriteBufferSize(0), parquet.CreatedBy("kaveri", "", ""))
}

func newWriting[R any](w *run, table string, parts map[string]Part, name string) (*writing[R], error) {
	if err := w.step("write " + table + "/" + name); err != nil {
		return nil, err
	}
	full := w.in(w.state, table, name)
	f, err := w.make(full)
	if err != nil {
		return nil, fileError(full, err)
	}
	size := &counter{w: f}
	b := bufio.NewWriterSize(size, fileBuffer)
	return &writing[R]{*newComparing[R](table, parts, name), full, f, size, b, writer[R](b), make([]R, 0, rowsAtOnce)}, nil
}

func (w *run) make(name string) (file, error) {
	if w.o.create != nil {
		return w.o.create(name)
	}
	return os.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, fileMode)
}

func (p *writing[R]) add(row *R) error {
	p.comparing.add(row)
	if p.buffer = append(p.buffer, *row); len(p.buffer) < rowsAtOnce {
		return nil
	}
	return p.flush()
}

func (p *writing[R]) flush() error {
	_, err := p.w.Write(p.buffer)
	clear(p.buffer)
	p.buffer = p.buffer[:0]
	return fileError(p.name, err)
}

// end has the part on the disk.
func (p *writing[R]) end() error {
	err := p.flush()
	if err == nil {
		err = p.w.Close()
	}
	if err == nil {
		err = p.b.Flush()
	}
	err = errors.Join(err, p.f.Sync(), p.f.Close())
	if err != nil {
		return fileError(p.name, err)
	}
	p.parts[p.file] = Part{Rows: p.rows, Bytes: p.size.n, Fingerprint: p.print.String()}
	return nil
}

func (p *writing[R]) drop() { p.f.Close() }

// counter counts what is written.
type counter struct {
	w io.Writer
	n int64
}

func (c *counter) Write(b []byte) (int, error) {
	n, err := c.w.Write(b)
	c.n += int64(n)
	return n, err
}
