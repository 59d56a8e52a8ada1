package store

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"kaveri/crm"
)

// segments keeps compressed mails beside an SQLite database, in files that are
// only appended to; the row keeps a reference. Inside the database each would
// be written three times (log, log's copy, pages) and fill the page cache:
// docs/decisions/0001 has the figures. PostgreSQL keeps them in their rows: its
// nodes share nothing but the database.
//
// A transaction's mails are written and synced before it commits, while its
// statements run, so a reference that is durable always leads to bytes that
// are. What a rolled back transaction or a crash has left behind the last
// referenced byte is overwritten. Each process appends to a segment of its own,
// which it holds by a lock.
//
// The writer's goroutine alone appends; everybody may read.
type segments struct {
	dir string

	file      *os.File
	id        int64
	end, mark int64 // where the next mail goes; where the transaction began

	queue chan func() error // writes and syncs, in order, beside the statements
	errs  chan error        // the result of each
	due   int               // results not taken yet
}

// maxSegment is where a new segment is begun, in bytes.
const maxSegment = 512 << 20

// A reference stands where a compressed mail would: the mark, then segment,
// offset and length as big-endian 64-bit numbers. A zstd frame begins
// otherwise (RFC 8878 §3.1.1).
var (
	referenceMark = []byte("KSEG")
	frameMark     = []byte{0x28, 0xb5, 0x2f, 0xfd}
)

func newSegments(dir string) (*segments, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("the folder for raw mail: %w", err)
	}
	g := &segments{dir: dir, queue: make(chan func() error, 256), errs: make(chan error, 256)}
	go func() {
		for f := range g.queue {
			g.errs <- f()
		}
	}()
	return g, nil
}

func (g *segments) close() {
	if g == nil {
		return
	}
	close(g.queue)
	if g.file != nil {
		g.file.Close()
	}
}

func (g *segments) path(id int64) string {
	return filepath.Join(g.dir, fmt.Sprintf("%08d.seg", id))
}

// begin remembers where a transaction starts.
func (g *segments) begin() {
	if g != nil {
		g.mark = g.end
	}
}

// put writes a compressed mail and gives its reference. Without segments the
// mail itself is what the row keeps. The bytes must stay as they are until the
// transaction has ended.
func (x *tx) put(frame []byte) ([]byte, error) {
	g := x.s.segments
	if g == nil {
		return frame, nil
	}
	if g.file == nil || g.end >= maxSegment {
		if err := g.open(x); err != nil {
			return nil, err
		}
	}
	file, at := g.file, g.end
	g.end += int64(len(frame))
	g.enqueue(func() error { _, err := file.WriteAt(frame, at); return err })
	ref := append(make([]byte, 0, 28), referenceMark...)
	ref = binary.BigEndian.AppendUint64(ref, uint64(g.id))
	ref = binary.BigEndian.AppendUint64(ref, uint64(at))
	return binary.BigEndian.AppendUint64(ref, uint64(len(frame))), nil
}

func (g *segments) enqueue(f func() error) {
	if g.due >= cap(g.errs)-1 { // take results, so that the writer never blocks on them
		if err := g.drain(); err != nil {
			g.queue <- func() error { return err } // keep it for the end
			g.due++
		}
	}
	g.due++
	g.queue <- f
}

func (g *segments) drain() (err error) {
	for ; g.due > 0; g.due-- {
		err = errors.Join(err, <-g.errs)
	}
	return err
}

// sync begins to make durable what was put so far, beside what follows.
func (x *tx) syncPut() {
	if g := x.s.segments; g != nil && g.file != nil && g.end > g.mark {
		file := g.file
		g.enqueue(func() error { return syscall.Fdatasync(int(file.Fd())) })
	}
}

// settle waits until everything put is durable.
func (g *segments) settle() error {
	if g == nil {
		return nil
	}
	if err := g.drain(); err != nil {
		return passing(fmt.Errorf("raw mail cannot be written: %w", err))
	}
	return nil
}

// rewind forgets what a rolled back transaction has put.
func (g *segments) rewind() {
	if g != nil {
		g.drain()
		g.end = min(g.end, max(g.mark, 0))
	}
}

// open takes a segment to append to: the newest that is not full and that no
// other process holds, else a new one.
func (g *segments) open(x *tx) error {
	if err := g.drain(); err != nil {
		return passing(err)
	}
	if g.file != nil {
		g.file.Close() // what it holds is synced: settle and drain see to it
		g.file = nil
	}
	names, err := filepath.Glob(filepath.Join(g.dir, "*.seg"))
	if err != nil {
		return err
	}
	var newest int64
	for i := len(names) - 1; i >= 0; i-- {
		id, err := strconv.ParseInt(strings.TrimSuffix(filepath.Base(names[i]), ".seg"), 10, 64)
		if err != nil {
			continue
		}
		newest = max(newest, id)
		if ok, err := g.take(x, id, os.O_RDWR); err != nil || ok {
			return err
		}
	}
	for id := newest + 1; ; id++ {
		if ok, err := g.take(x, id, os.O_RDWR|os.O_CREATE|os.O_EXCL); ok || err != nil && !errors.Is(err, os.ErrExist) {
			return err
		}
	}
}

// take locks a segment and finds its end. A segment that is full or held by
// another process is not taken.
func (g *segments) take(x *tx, id int64, flags int) (bool, error) {
	f, err := os.OpenFile(g.path(id), flags, 0o600)
	if err != nil {
		return false, passing(err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		f.Close()
		return false, nil
	}
	end, err := x.segmentEnd(id)
	if err != nil || end >= maxSegment {
		f.Close()
		return false, err
	}
	if flags&os.O_CREATE != 0 { // the name must be as durable as the bytes
		if err := syncDir(g.dir); err != nil {
			f.Close()
			return false, passing(err)
		}
	}
	g.file, g.id, g.end, g.mark = f, id, end, end
	return true, nil
}

// segmentEnd gives the end of the last mail of a segment that a row refers to, or
// that is still to be erased.
func (x *tx) segmentEnd(id int64) (int64, error) {
	from, to := segmentRange(id)
	end := int64(0)
	for _, q := range []string{
		`SELECT max(zstd) FROM raws WHERE zstd >= $1 AND zstd < $2`,
		`SELECT max(place) FROM erasures WHERE place >= $1 AND place < $2`, // or what comes there would be overwritten
	} {
		var last []byte
		if err := x.row(q, from, to).Scan(&last); err != nil {
			return 0, err
		}
		if len(last) == 28 {
			end = max(end, int64(binary.BigEndian.Uint64(last[12:])+binary.BigEndian.Uint64(last[20:])))
		}
	}
	return end, nil
}

// segmentsComplete checks that each segment reaches as far as rows refer to it,
// and that no row refers to one that is not there.
func (x *tx) segmentsComplete() error {
	g := x.s.segments
	if g == nil {
		return nil
	}
	var inSegments, found int64
	first, last := segmentsRange()
	if err := x.row(`SELECT count(*) FROM raws WHERE zstd >= $1 AND zstd < $2`, first, last).Scan(&inSegments); err != nil {
		return err
	}
	names, err := filepath.Glob(filepath.Join(g.dir, "*.seg"))
	if err != nil {
		return err
	}
	for _, name := range names {
		id, err := strconv.ParseInt(strings.TrimSuffix(filepath.Base(name), ".seg"), 10, 64)
		if err != nil {
			continue
		}
		st, err := os.Stat(name)
		if err != nil {
			return errors.Join(errNoSegment, err)
		}
		end, err := x.segmentEnd(id)
		if err != nil {
			return err
		}
		if st.Size() < end {
			return errNoSegment
		}
		var n int64
		from, to := segmentRange(id)
		if err := x.row(`SELECT count(*) FROM raws WHERE zstd >= $1 AND zstd < $2`, from, to).Scan(&n); err != nil {
			return err
		}
		found += n
	}
	if found != inSegments {
		return errNoSegment
	}
	return nil
}

// segmentRange gives the bounds of the references into a segment: they sort as
// their numbers do.
func segmentRange(id int64) (from, to []byte) {
	from = binary.BigEndian.AppendUint64(bytes.Clone(referenceMark), uint64(id))
	return from, binary.BigEndian.AppendUint64(bytes.Clone(referenceMark), uint64(id+1))
}

// segmentsRange gives the bounds of all references.
func segmentsRange() (from, to []byte) { return referenceMark, []byte("KSEH") }

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}

var errNoSegment = &crm.Error{Kind: crm.KindInternal, Text: "the folder with raw mail beside the database is missing or cut short; restore it together with the database, or restore the last backup"}

// frame gives the compressed mail that a row keeps, by itself or by reference.
func (s *Store) frame(ctx context.Context, kept []byte) ([]byte, error) {
	if !bytes.HasPrefix(kept, referenceMark) || len(kept) != 28 {
		return kept, nil
	}
	if s.segments == nil {
		return nil, errNoSegment
	}
	f, err := os.Open(s.segments.path(int64(binary.BigEndian.Uint64(kept[4:]))))
	if err != nil {
		return nil, errors.Join(errNoSegment, err)
	}
	defer f.Close()
	frame := make([]byte, binary.BigEndian.Uint64(kept[20:]))
	if _, err := f.ReadAt(frame, int64(binary.BigEndian.Uint64(kept[12:]))); err != nil {
		return nil, errors.Join(errNoSegment, err)
	}
	if bytes.HasPrefix(frame, []byte{0, 0, 0, 0}) {
		return nil, errErased
	}
	if !bytes.HasPrefix(frame, frameMark) {
		return nil, errNoSegment
	}
	return frame, ctx.Err()
}
