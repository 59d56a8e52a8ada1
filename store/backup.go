package store

import (
	"bufio"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash"
	"io"
	"math"
	"slices"
	"syscall"
	"time"

	"github.com/klauspost/compress/zstd"
)

// A backup is one file that either engine writes and either engine reads:
//
//	"kaveri backup 1\n"          16 bytes, so that people and file(1) know it
//	one zstd stream of records:
//	  'H' header                 JSON: schema, time, rows to come
//	  'T' table                  JSON: name and columns; then its rows
//	  'R' row                    a value for each column: 'n' null,
//	                             'i' integer, 's' text, 'b' bytes
//	  'E' end of table           the number of its rows
//	  'M' manifest               JSON, as returned by [Store.Backup]
//	  'S' SHA-256                of the first line and every record before
//
// Numbers are varints, JSON, text and bytes follow their length. The search
// index and what baskets show are not in it, since they are made from the rest;
// sessions are not in it,
// since after a restore people sign in anew; the key is not in it, ever: the
// passwords and keyed hashes within open only with the key file beside it.
const backupMagic = "kaveri backup 1\n"

// backupTables are the tables of a backup, each after those it refers to.
var backupTables = []string{
	"id_blocks", "settings", "staff", "mailboxes", "folders", "uids", "uid_keys", "wanted_keys", "correspondents", "quarantine", "census",
	"organisations", "customers", "contacts", "customer_words", "phones", "addresses", "contact_addresses",
	"conversations", "thread_ids", "messages", "raws", "sightings", "participants", "attachments", "links", "notes",
	"organisation_domains", "corrections", "reviews", "merges", "contact_imports", "contact_import_changes", "stale", "topics",
	"signed_details", "contact_details",
	"senders", "mailings", "dispatches", "recipients", "dispatch_counts", "attempts", "dispatch_events", "unmatched_reports", "suppressions", "consents", "dkim_keys", "paces", "warm_ups", "leases",
	"mailing_links", "visits",
	"drafts", "draft_files", "snippets",
	"order_imports", "product_groups", "products", "offers", "buyers", "orders", "order_lines", "order_offers", "import_contacts", "order_versions", "rates",
	"wishes", "wish_steps", "wish_words", "sayings", "surveys", "votes", "ballots", "feedback", "recommendations", "standings", "loyalty", "ladders", "rung_counts", "moves", "movements", "weight_changes", "unranked",
	"exclusions",
	"api_tokens", "api_answers", "webhooks", "webhook_orders", "order_mails",
	"tags", "customer_tags", "correspondence", "open_questions", "uncounted", "closed_questions", "segments", "segment_members", "segment_days",
	"campaigns", "campaign_versions", "members", "touches", "campaign_mailings",
}

// notInBackup are the tables that stay behind, with why in [backupMagic].
var notInBackup = []string{"sessions", "erasures", "findings"}

// Manifest says what a backup holds.
type Manifest struct {
	Schema  int64        `json:"schema"` // the newest migration
	Engine  string       `json:"engine"` // where it was made
	Created time.Time    `json:"created"`
	Key     string       `json:"key"` // tells keys apart, gives none away
	Tables  []TableCount `json:"tables"`
	SHA256  string       `json:"-"` // of the content, in hex
}

// TableCount is how many rows a table has.
type TableCount struct {
	Name string `json:"name"`
	Rows int64  `json:"rows"`
}

// Rows gives the number of rows of a table, 0 when it is not there.
func (m *Manifest) Rows(table string) int64 {
	for _, t := range m.Tables {
		if t.Name == table {
			return t.Rows
		}
	}
	return 0
}

func (m *Manifest) total() int64 {
	var n int64
	for _, t := range m.Tables {
		n += t.Rows
	}
	return n
}

// keyMark tells whether a key is the one a backup was made with.
func (k keys) mark() string { return fmt.Sprintf("%016x", uint64(k.of("backup", "key mark"))) }

// Backup writes a consistent copy of everything, while others go on reading
// and writing. progress, which may be nil, hears how many rows are done.
func (s *Store) Backup(ctx context.Context, w io.Writer, progress func(done, total int64)) (Manifest, error) {
	schema, err := s.schema(ctx)
	if err != nil {
		return Manifest{}, err
	}
	release, _, err := s.segments.hold(syscall.LOCK_SH) // what is removed from now on is still read here
	if err != nil {
		return Manifest{}, err
	}
	defer release()
	m := Manifest{Schema: schema, Engine: s.engine.name, Created: fromMicros(micros(s.now())), Key: s.key.mark()}
	err = s.view(ctx, func(x *tx) error {
		for _, table := range backupTables {
			t := TableCount{Name: table}
			if err := x.row(`SELECT count(*) FROM ` + table).Scan(&t.Rows); err != nil {
				return err
			}
			m.Tables = append(m.Tables, t)
		}
		b, err := newBackupWriter(w)
		if err != nil {
			return err
		}
		defer b.z.Close()
		b.tick = ticker(ctx, progress, m.total())
		if err := b.json('H', m); err != nil {
			return err
		}
		for _, t := range m.Tables {
			if err := b.table(x, t); err != nil {
				return fmt.Errorf("backup of %s: %w", t.Name, err)
			}
		}
		m.SHA256, err = b.finish(m)
		return err
	})
	return m, err
}

// ticker counts rows for progress, and notices that ctx has ended.
func ticker(ctx context.Context, progress func(done, total int64), total int64) func(rows int64) error {
	var done, told int64
	return func(rows int64) error {
		done += rows
		if done-told < 256 && done != total {
			return nil
		}
		told = done
		if progress != nil {
			progress(done, total)
		}
		return ctx.Err()
	}
}

func (s *Store) schema(ctx context.Context) (int64, error) {
	p, err := s.provider()
	if err != nil {
		return 0, err
	}
	return p.GetDBVersion(ctx)
}

// backupWriter writes records.
type backupWriter struct {
	z    *zstd.Encoder
	out  *bufio.Writer
	sum  hash.Hash
	buf  []byte
	tick func(rows int64) error
}

func newBackupWriter(w io.Writer) (*backupWriter, error) {
	if _, err := io.WriteString(w, backupMagic); err != nil {
		return nil, err
	}
	// Most of it, the raw mails, is compressed already.
	z, err := zstd.NewWriter(w, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(1<<20))
	if err != nil {
		return nil, err
	}
	b := &backupWriter{z: z, sum: sha256.New()}
	b.out = bufio.NewWriterSize(io.MultiWriter(z, b.sum), 64<<10)
	b.sum.Write([]byte(backupMagic))
	return b, nil
}

func (b *backupWriter) json(kind byte, v any) error {
	j, err := json.Marshal(v)
	if err != nil {
		return err
	}
	b.buf = binary.AppendUvarint(append(b.buf[:0], kind), uint64(len(j)))
	_, err = b.out.Write(append(b.buf, j...))
	return err
}

// tableHead names a table and its columns.
type tableHead struct {
	Name    string   `json:"name"`
	Columns []string `json:"columns"`
}

func (b *backupWriter) table(x *tx, t TableCount) error {
	rows, err := x.query(`SELECT * FROM ` + t.Name)
	if err != nil {
		return err
	}
	columns, err := rows.Columns()
	if err != nil {
		rows.Close()
		return err
	}
	if err := b.json('T', tableHead{t.Name, columns}); err != nil {
		rows.Close()
		return err
	}
	values := make([]any, len(columns))
	into := make([]any, len(columns))
	for i := range values {
		into[i] = &values[i]
	}
	var n int64
	if err := scanAll(rows, func(r *sql.Rows) error {
		n++
		if err := r.Scan(into...); err != nil {
			return err
		}
		if err := x.selfContained(t.Name, columns, values); err != nil {
			return err
		}
		if err := b.row(values); err != nil {
			return err
		}
		return b.tick(1)
	}); err != nil {
		return err
	}
	if n != t.Rows {
		return fmt.Errorf("%d rows were counted and %d read", t.Rows, n)
	}
	_, err = b.out.Write(binary.AppendUvarint(append(b.buf[:0], 'E'), uint64(n)))
	return err
}

// selfContained puts the mail itself where the row has a reference to it: a
// backup is one file.
func (x *tx) selfContained(table string, columns []string, values []any) (err error) {
	if table != "raws" {
		return nil
	}
	i := slices.Index(columns, "zstd")
	kept, _ := values[i].([]byte)
	values[i], err = x.s.frame(context.Background(), kept)
	return err
}

func (b *backupWriter) row(values []any) error {
	b.buf = append(b.buf[:0], 'R')
	for _, v := range values {
		switch v := v.(type) {
		case nil:
			b.buf = append(b.buf, 'n')
		case int64:
			b.buf = binary.AppendVarint(append(b.buf, 'i'), v)
		case string:
			b.buf = append(binary.AppendUvarint(append(b.buf, 's'), uint64(len(v))), v...)
		case []byte:
			b.buf = append(binary.AppendUvarint(append(b.buf, 'b'), uint64(len(v))), v...)
		default:
			return fmt.Errorf("a value of type %T cannot be kept", v)
		}
	}
	_, err := b.out.Write(b.buf)
	if cap(b.buf) > 1<<20 { // after a very large mail
		b.buf = nil
	}
	return err
}

// finish writes the manifest and the sum, and gives the sum.
func (b *backupWriter) finish(m Manifest) (string, error) {
	if err := b.json('M', m); err != nil {
		return "", err
	}
	if err := b.out.Flush(); err != nil {
		return "", err
	}
	sum := b.sum.Sum(nil)
	if _, err := b.z.Write(append([]byte{'S'}, sum...)); err != nil {
		return "", err
	}
	return hex.EncodeToString(sum), b.z.Close()
}

// backupReader reads records and sums what it has read.
type backupReader struct {
	z    *zstd.Decoder
	in   *bufio.Reader
	sum  hash.Hash
	lone []byte // single bytes that sum has still to take
}

func newBackupReader(r io.Reader) (*backupReader, error) {
	var magic [len(backupMagic)]byte
	if _, err := io.ReadFull(r, magic[:]); err != nil || string(magic[:]) != backupMagic {
		return nil, errNoBackup
	}
	z, err := zstd.NewReader(r, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(8<<20))
	if err != nil {
		return nil, damaged(err)
	}
	b := &backupReader{z: z, in: bufio.NewReaderSize(z, 64<<10), sum: sha256.New()}
	b.sum.Write(magic[:])
	return b, nil
}

// ReadByte lets binary.ReadUvarint read here.
func (b *backupReader) ReadByte() (byte, error) {
	c, err := b.in.ReadByte()
	if b.lone = append(b.lone, c); len(b.lone) >= 4<<10 {
		b.add(nil)
	}
	return c, err
}

// add sums bytes that were read, after the single ones before them.
func (b *backupReader) add(p []byte) {
	b.sum.Write(b.lone)
	b.lone = b.lone[:0]
	b.sum.Write(p)
}

func (b *backupReader) uvarint() (uint64, error) { return binary.ReadUvarint(b) }

// bytes reads a length and so many bytes. A damaged length asks for no more
// memory than there are bytes.
func (b *backupReader) bytes() ([]byte, error) {
	n, err := b.uvarint()
	if err != nil {
		return nil, err
	}
	if n > math.MaxInt32 {
		return nil, fmt.Errorf("a value of %d bytes", n)
	}
	const step = 1 << 20
	out := make([]byte, min(n, step))
	for got := 0; ; {
		if _, err := io.ReadFull(b.in, out[got:]); err != nil {
			return nil, err
		}
		b.add(out[got:])
		if got = len(out); uint64(got) == n {
			return out, nil
		}
		out = append(out, make([]byte, min(n-uint64(got), uint64(got)))...)
	}
}

func (b *backupReader) json(v any) error {
	j, err := b.bytes()
	if err != nil {
		return err
	}
	return json.Unmarshal(j, v)
}

func (b *backupReader) value() (any, error) {
	kind, err := b.ReadByte()
	if err != nil {
		return nil, err
	}
	switch kind {
	case 'n':
		return nil, nil
	case 'i':
		return binary.ReadVarint(b)
	case 's':
		v, err := b.bytes()
		return string(v), err
	case 'b':
		return b.bytes()
	}
	return nil, fmt.Errorf("a value of kind %q", kind)
}
