package store

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"kaveri/crm"
)

var errNoBackup = crm.Invalid("backup", "this file is not a backup of Kaveri")

// damaged says that a backup cannot be used, and keeps why for the log.
func damaged(why error) error {
	text := "the backup is damaged; nothing was restored"
	if errors.Is(why, io.EOF) || errors.Is(why, io.ErrUnexpectedEOF) {
		text = "the backup is cut short; nothing was restored"
	}
	return &crm.Error{Kind: crm.KindInvalid, Field: "backup", Text: text, Err: why}
}

// Restore fills the empty database at dsn from a backup, on either engine, and
// verifies it: the sum of what was read, the rows of every table, every
// reference between them, and the soundness of the database. All of it is one
// transaction: a backup that is damaged or cut short leaves the database empty.
// The key must be the one the backup was made with. progress may be nil.
func Restore(ctx context.Context, dsn string, o Options, r io.Reader, progress func(done, total int64)) (Manifest, error) {
	b, err := newBackupReader(r)
	if err != nil {
		return Manifest{}, err
	}
	defer b.z.Close()
	var head Manifest
	if kind, err := b.ReadByte(); err != nil || kind != 'H' {
		return Manifest{}, damaged(err)
	}
	if err := b.json(&head); err != nil || head.Schema < 1 {
		return Manifest{}, damaged(err)
	}
	s, err := OpenUnmigrated(ctx, dsn, o)
	if err != nil {
		return Manifest{}, err
	}
	defer s.Close()
	if err := s.fit(ctx, &head); err != nil {
		return Manifest{}, err
	}
	m, err := s.restore(ctx, b, &head, progress)
	if err != nil {
		return Manifest{}, err
	}
	_, err = s.Migrate(ctx) // an older backup is brought up to date
	return m, err
}

// fit brings the empty database to the schema of the backup.
func (s *Store) fit(ctx context.Context, head *Manifest) error {
	if head.Key != s.key.mark() {
		return crm.Invalid("key", "the backup was made with another key; put the key file that belongs to it in place first")
	}
	p, err := s.provider()
	if err != nil {
		return err
	}
	sources := p.ListSources()
	if newest := sources[len(sources)-1].Version; head.Schema > newest {
		return crm.Of("backup", crm.Conflict("the backup is of a newer Kaveri (schema %d, this one knows %d); use that version", head.Schema, newest))
	}
	unlock, err := s.migrationLock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	have, err := p.GetDBVersion(ctx)
	if err != nil {
		return err
	}
	if have != 0 && have != head.Schema {
		return crm.Of("database", crm.Conflict("the database has another schema (%d) than the backup (%d); restore into one that does not exist yet", have, head.Schema))
	}
	_, err = p.UpTo(ctx, head.Schema)
	return err
}

// restore reads the tables, makes the search index, verifies, and commits.
func (s *Store) restore(ctx context.Context, b *backupReader, head *Manifest, progress func(done, total int64)) (m Manifest, err error) {
	// Not through the group: a part of it may be run twice, and a stream is
	// read once. Nobody else writes to an empty database.
	t, err := s.w.BeginTx(ctx, nil)
	if err != nil {
		return m, err
	}
	defer func() {
		if err != nil {
			t.Rollback()
			s.segments.rewind()
		}
		if err != nil && ctx.Err() != nil {
			err = ctx.Err()
		}
	}()
	x := &tx{s: s, t: t}
	s.segments.begin()
	if q := s.engine.begin; q != "" {
		if err := x.exec(q); err != nil {
			return m, err
		}
	}
	// The backup brings its own: the key's mark is the same.
	if err := x.exec(`DELETE FROM settings WHERE name IN ('key mark', $1)`, settingInstance); err != nil {
		return m, err
	}
	if err := x.mustBeEmpty(); err != nil {
		return m, err
	}
	if err := x.exec(`DELETE FROM id_blocks`); err != nil {
		return m, err
	}
	// Indexing a mail is work too: it counts like a row.
	tick := ticker(ctx, progress, head.total()+head.Rows("messages"))
	if m, err = x.readTables(b, tick); err != nil {
		return m, err
	}
	if err := x.anotherInstance(); err != nil {
		return m, err
	}
	if err := x.reindexAll(tick); err != nil {
		return m, err
	}
	if err := x.verify(&m); err != nil {
		return m, err
	}
	x.syncPut()
	if err := s.segments.settle(); err != nil {
		return m, err
	}
	return m, passing(t.Commit())
}

// mustBeEmpty refuses a database in which anything stands.
func (x *tx) mustBeEmpty() error {
	for _, table := range append(slices.Clone(backupTables), notInBackup...) {
		if table == "id_blocks" {
			continue // the migration fills it
		}
		var n int
		if err := x.row(`SELECT count(*) FROM (SELECT 1 AS one FROM ` + table + ` LIMIT 1) AS rows_there`).Scan(&n); err != nil {
			return err
		}
		if n > 0 {
			return crm.Of("database", crm.Conflict("the database is not empty; a backup is restored into a new one only"))
		}
	}
	return nil
}

// readTables reads every record up to the sum, and writes the rows.
func (x *tx) readTables(b *backupReader, tick func(int64) error) (Manifest, error) {
	var counts []TableCount
	for {
		kind, err := b.ReadByte()
		if err != nil {
			return Manifest{}, damaged(err)
		}
		switch kind {
		case 'T':
			c, err := x.readTable(b, tick)
			if err != nil {
				return Manifest{}, err
			}
			counts = append(counts, c)
		case 'M':
			m, err := b.readEnd()
			if err == nil && !slices.Equal(m.Tables, counts) {
				err = damaged(errors.New("the manifest names other tables or rows"))
			}
			return m, err
		default:
			return Manifest{}, damaged(fmt.Errorf("a record of kind %q", kind))
		}
	}
}

// readEnd reads the manifest and the sum, after which nothing may come.
func (b *backupReader) readEnd() (Manifest, error) {
	var m Manifest
	if err := b.json(&m); err != nil {
		return m, damaged(err)
	}
	b.add(nil)
	want := b.sum.Sum(nil)
	last := make([]byte, 1+len(want))
	if _, err := io.ReadFull(b.in, last); err != nil {
		return m, damaged(err)
	}
	if last[0] != 'S' || !bytes.Equal(last[1:], want) {
		return m, damaged(errors.New("the sum does not match"))
	}
	if _, err := b.in.ReadByte(); err != io.EOF {
		return m, damaged(errors.New("something follows the end"))
	}
	m.SHA256 = hex.EncodeToString(want)
	return m, nil
}

var columnName = regexp.MustCompile(`^[a-z][a-z0-9_]*$`)

// readTable reads a table's rows and writes them, some at a time: no more than
// fit into one statement, and few when they are large.
func (x *tx) readTable(b *backupReader, tick func(int64) error) (TableCount, error) {
	const maxRows, maxBytes = 64, 4 << 20
	var head tableHead
	if err := b.json(&head); err != nil {
		return TableCount{}, damaged(err)
	}
	c := TableCount{Name: head.Name}
	if !slices.Contains(backupTables, head.Name) || len(head.Columns) == 0 || slices.ContainsFunc(head.Columns, func(s string) bool { return !columnName.MatchString(s) }) {
		return c, damaged(fmt.Errorf("a table %q", head.Name))
	}
	insert := `INSERT INTO ` + head.Name + ` (` + strings.Join(head.Columns, ", ") + `) VALUES `
	var args []any
	size := 0
	flush := func() error {
		if err := x.insert(insert, len(head.Columns), args, ""); err != nil {
			if d := passing(err); crm.KindOf(d) == crm.KindUnavailable {
				return d
			}
			return damaged(fmt.Errorf("%s: %w", head.Name, err)) // a reference to nothing, or a row twice
		}
		n := int64(len(args) / len(head.Columns))
		args, size = args[:0], 0
		return tick(n)
	}
	for {
		kind, err := b.ReadByte()
		if err != nil {
			return c, damaged(err)
		}
		switch kind {
		case 'R':
			for range head.Columns {
				v, err := b.value()
				if err != nil {
					return c, damaged(err)
				}
				size += sizeOf(v)
				args = append(args, v)
			}
			if err := x.placed(head, args[len(args)-len(head.Columns):]); err != nil {
				return c, err
			}
			if c.Rows++; len(args) >= maxRows*len(head.Columns) || size > maxBytes {
				if err := flush(); err != nil {
					return c, err
				}
			}
		case 'E':
			n, err := b.uvarint()
			if err != nil || int64(n) != c.Rows {
				return c, damaged(errors.Join(err, fmt.Errorf("%s has %d rows of %d", head.Name, c.Rows, n)))
			}
			if len(args) > 0 {
				err = flush()
			}
			return c, err
		default:
			return c, damaged(fmt.Errorf("a record of kind %q in a table", kind))
		}
	}
}

// placed puts a mail where this engine keeps it.
func (x *tx) placed(head tableHead, row []any) error {
	i := slices.Index(head.Columns, "zstd")
	if head.Name != "raws" || i < 0 {
		return nil
	}
	frame, ok := row[i].([]byte)
	if !ok || !bytes.HasPrefix(frame, frameMark) {
		return damaged(errors.New("raws has a mail that is not a zstd frame"))
	}
	kept, err := x.put(frame)
	row[i] = kept
	return err
}

func sizeOf(v any) int {
	switch v := v.(type) {
	case string:
		return len(v)
	case []byte:
		return len(v)
	}
	return 8
}

// verify holds the database against the manifest. References were checked by
// the engine with each row.
func (x *tx) verify(m *Manifest) error {
	for _, table := range backupTables {
		var n int64
		if err := x.row(`SELECT count(*) FROM ` + table).Scan(&n); err != nil {
			return err
		}
		if n != m.Rows(table) {
			return damaged(errors.New(table + " has " + strconv.FormatInt(n, 10) + " rows, the manifest names " + strconv.FormatInt(m.Rows(table), 10)))
		}
	}
	return x.integrity()
}
