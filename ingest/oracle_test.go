package ingest_test

import (
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"

	"kaveri/ingest/parse"
	"kaveri/internal/testdovecot"
)

// database is the store's database as the oracle reads it: by SQL of its own,
// beside the store.
type database struct {
	*sql.DB
	t      testing.TB
	sqlite bool
	path   string // of the SQLite file
}

func openDatabase(t testing.TB, dsn string) database {
	t.Helper()
	driver, name := "pgx", dsn
	path, sqlite := strings.CutPrefix(dsn, "sqlite://")
	if sqlite {
		driver, name = "sqlite3", "file:"+path+"?_query_only=1&_busy_timeout=10000"
	}
	db, err := sql.Open(driver, name)
	if err != nil {
		t.Fatal(err)
	}
	db.SetMaxOpenConns(1)
	t.Cleanup(func() { db.Close() })
	return database{db, t, sqlite, path}
}

// frame gives the compressed mail that a row of raws stands for: the row's own
// bytes, or those that it refers to in a file beside the SQLite database, by
// segment, offset and length.
func (d database) frame(kept []byte) []byte {
	d.t.Helper()
	if len(kept) != 28 || string(kept[:4]) != "KSEG" {
		return kept
	}
	number := func(i int) int64 { return int64(binary.BigEndian.Uint64(kept[4+8*i:])) }
	f, err := os.Open(filepath.Join(strings.TrimSuffix(d.path, ".db")+"-raw", fmt.Sprintf("%08d.seg", number(0))))
	if err != nil {
		d.t.Fatal(err)
	}
	defer f.Close()
	frame := make([]byte, number(2))
	if _, err := f.ReadAt(frame, number(1)); err != nil {
		d.t.Fatal(err)
	}
	return frame
}

// number reads one number.
func (d database) number(query string, args ...any) int {
	d.t.Helper()
	var n int
	if err := d.QueryRow(query, args...).Scan(&n); err != nil {
		d.t.Fatalf("%s: %v", query, err)
	}
	return n
}

// each reads rows of text, whatever their columns.
func (d database) each(columns int, query string, args ...any) [][]string {
	d.t.Helper()
	rows, err := d.Query(query, args...)
	if err != nil {
		d.t.Fatalf("%s: %v", query, err)
	}
	defer rows.Close()
	var out [][]string
	for rows.Next() {
		row := make([]string, columns)
		to := make([]any, columns)
		for i := range row {
			to[i] = &row[i]
		}
		if err := rows.Scan(to...); err != nil {
			d.t.Fatalf("%s: %v", query, err)
		}
		out = append(out, row)
	}
	if err := rows.Err(); err != nil {
		d.t.Fatalf("%s: %v", query, err)
	}
	return out
}

// place is where a mail was seen.
type place struct {
	user, folder string
	epoch, uid   uint32
}

// unpacked gives the ids and the bytes of a query's compressed mails or texts.
func (d database) unpacked(query string, args ...any) map[int64][]byte {
	d.t.Helper()
	dec, err := zstd.NewReader(nil)
	if err != nil {
		d.t.Fatal(err)
	}
	defer dec.Close()
	rows, err := d.Query(query, args...)
	if err != nil {
		d.t.Fatal(err)
	}
	defer rows.Close()
	out := map[int64][]byte{}
	for rows.Next() {
		var id int64
		var packed []byte
		if err := rows.Scan(&id, &packed); err != nil {
			d.t.Fatal(err)
		}
		if out[id], err = dec.DecodeAll(d.frame(packed), nil); err != nil {
			d.t.Fatalf("%s: row %d: %v", query, id, err)
		}
	}
	if err := rows.Err(); err != nil {
		d.t.Fatal(err)
	}
	return out
}

// sightings gives the open sightings with the hash of the bytes that the store
// has for each, decompressed here.
func (d database) sightings() map[place]string {
	d.t.Helper()
	sums := map[int64]string{}
	named := map[int64]string{}
	for id, raw := range d.unpacked(`SELECT id, zstd FROM raws`) {
		sum := sha256.Sum256(raw)
		sums[id] = hex.EncodeToString(sum[:])
		name, _ := parse.Hash(raw)
		named[id] = hex.EncodeToString(name[:])
	}
	noted, err := d.Query(`SELECT id, bytes_hash FROM raws`)
	if err != nil {
		d.t.Fatal(err)
	}
	defer noted.Close()
	for noted.Next() {
		var id int64
		var sum []byte
		if err := noted.Scan(&id, &sum); err != nil {
			d.t.Fatal(err)
		}
		if hex.EncodeToString(sum) != named[id] {
			d.t.Errorf("raw %d: its bytes hash to %s, the row says %x", id, named[id], sum)
		}
	}
	if err := noted.Err(); err != nil {
		d.t.Fatal(err)
	}
	out := map[place]string{}
	at, err := d.Query(`SELECT b.username, f.name, s.uidvalidity, s.uid, s.raw_id FROM sightings s JOIN folders f ON f.id = s.folder_id JOIN mailboxes b ON b.id = f.mailbox_id WHERE s.gone_us = 0`)
	if err != nil {
		d.t.Fatal(err)
	}
	defer at.Close()
	for at.Next() {
		var p place
		var raw int64
		if err := at.Scan(&p.user, &p.folder, &p.epoch, &p.uid, &raw); err != nil {
			d.t.Fatal(err)
		}
		if _, twice := out[p]; twice {
			d.t.Errorf("two sightings at %v", p)
		}
		out[p] = sums[raw]
	}
	if err := at.Err(); err != nil {
		d.t.Fatal(err)
	}
	return out
}

// onServer gives what the sightings must be.
func onServer(snaps map[string]testdovecot.Snapshot) map[place]string {
	out := map[place]string{}
	for user, snap := range snaps {
		for folder, f := range snap {
			for _, m := range f.Mails {
				out[place{user, folder, f.UIDValidity, uint32(m.UID)}] = m.SHA256
			}
		}
	}
	return out
}

// checkSightings holds the store against the server: each UID of each folder
// is a sighting, with the server's bytes, and there is no other; so the sets of
// UIDs and the multisets of contents differ by nothing.
func (d database) checkSightings(snaps map[string]testdovecot.Snapshot) {
	d.t.Helper()
	want, got := onServer(snaps), d.sightings()
	lost, extra, corrupt := 0, 0, 0
	for p, sum := range want {
		switch have, ok := got[p]; {
		case !ok:
			if lost++; lost <= 5 {
				d.t.Errorf("lost: %+v", p)
			}
		case have != sum:
			if corrupt++; corrupt <= 5 {
				d.t.Errorf("other bytes: %+v", p)
			}
		}
	}
	for p := range got {
		if _, ok := want[p]; !ok {
			if extra++; extra <= 5 {
				d.t.Errorf("stored, and not on the server: %+v", p)
			}
		}
	}
	if lost+extra+corrupt > 0 {
		d.t.Errorf("of %d mails: %d lost, %d too many, %d with other bytes", len(want), lost, extra, corrupt)
	}
}

// contentsOf counts the different contents among raw mails.
func contentsOf(raws ...[]byte) int {
	seen := map[[32]byte]bool{}
	for _, r := range raws {
		_, c := parse.Hash(r)
		seen[c] = true
	}
	return len(seen)
}

// checkConsistent asks for what must never be, whatever happened before.
func (d database) checkConsistent() {
	d.t.Helper()
	search := "search"
	if d.sqlite {
		search = "search_docsize" // one row for each row of the index
	}
	for what, query := range map[string]string{
		"contents with two messages":                 `SELECT count(*) FROM (SELECT content FROM messages GROUP BY content HAVING count(*) > 1) AS x`,
		"raws with two rows":                         `SELECT count(*) FROM (SELECT bytes_hash FROM raws GROUP BY bytes_hash HAVING count(*) > 1) AS x`,
		"messages without raw":                       `SELECT count(*) FROM messages m WHERE NOT EXISTS (SELECT 1 FROM raws r WHERE r.message_id = m.id)`,
		"messages never seen":                        `SELECT count(*) FROM messages m WHERE NOT EXISTS (SELECT 1 FROM sightings s WHERE s.message_id = m.id)`,
		"messages that search does not know":         `SELECT count(*) FROM messages m WHERE m.id NOT IN (SELECT id FROM ` + search + `)`,
		"search rows without message":                `SELECT count(*) FROM ` + search + ` x WHERE x.id NOT IN (SELECT id FROM messages)`,
		"sightings of another message's raw":         `SELECT count(*) FROM sightings s JOIN raws r ON r.id = s.raw_id WHERE r.message_id <> s.message_id`,
		"open sightings of an earlier epoch":         `SELECT count(*) FROM sightings s JOIN folders f ON f.id = s.folder_id WHERE s.gone_us = 0 AND s.uidvalidity <> f.uidvalidity`,
		"UIDs that are sightings and wait":           `SELECT count(*) FROM sightings s JOIN uids u ON u.folder_id = s.folder_id AND u.uidvalidity = s.uidvalidity AND u.uid = s.uid`,
		"links at another time than their mail":      `SELECT count(*) FROM links l JOIN messages m ON m.id = l.message_id WHERE l.at_us <> m.at_us`,
		"mails of a contact's address without link":  `SELECT count(*) FROM participants p JOIN contact_addresses a ON a.address_id = p.address_id WHERE p.role IN ('from', 'to', 'cc', 'bcc') AND NOT EXISTS (SELECT 1 FROM links l WHERE l.message_id = p.message_id AND l.contact_id = a.contact_id)`,
		"mails outside their Message-ID's thread":    `SELECT count(*) FROM messages m LEFT JOIN thread_ids t ON t.message_id = m.message_id WHERE m.message_id <> '' AND (t.conversation_id IS NULL OR t.conversation_id <> m.conversation_id)`,
		"links without contact":                      `SELECT count(*) FROM links l WHERE l.contact_id NOT IN (SELECT id FROM contacts)`,
		"links without message":                      `SELECT count(*) FROM links l WHERE l.message_id NOT IN (SELECT id FROM messages)`,
		"linked customers whose last mail is not so": `SELECT count(*) FROM customers c WHERE c.last_us <> (SELECT COALESCE(max(l.at_us), 0) FROM links l JOIN contacts k ON k.id = l.contact_id WHERE k.customer_id = c.id)`,
	} {
		if n := d.number(query); n != 0 {
			d.t.Errorf("%s: %d", what, n)
		}
	}
	if m, s := d.number(`SELECT count(*) FROM messages`), d.number(`SELECT count(*) FROM `+search); m != s {
		d.t.Errorf("%d messages, %d rows in the search index", m, s)
	}
	if d.sqlite {
		// FTS5 takes what another connection has written for corruption until it is asked something.
		d.number(`SELECT count(*) FROM search WHERE search MATCH 'kaveri'`)
		if said := d.each(1, `PRAGMA integrity_check`); len(said) != 1 || said[0][0] != "ok" {
			d.t.Errorf("integrity_check: %v", said)
		}
		if broken := d.each(1, `SELECT "table" FROM pragma_foreign_key_check`); len(broken) > 0 {
			d.t.Errorf("rows that refer to nothing: %v", broken)
		}
	}
}

// checkWhole is the oracle of the tests in which everything is stored: nothing
// lost, nothing doubled, nothing corrupt, nothing left to do.
func (d database) checkWhole(o *office, snaps map[string]testdovecot.Snapshot) {
	d.t.Helper()
	d.checkSightings(snaps)
	d.checkConsistent()
	if n := d.number(`SELECT count(*) FROM messages`); n != o.letters {
		d.t.Errorf("%d messages, the load has %d different mails", n, o.letters)
	}
	if n := d.number(`SELECT count(*) FROM uids`); n != 0 {
		d.t.Errorf("%d UIDs are not sightings: %v", n, d.each(2, `SELECT state, reason FROM uids u LEFT JOIN quarantine q ON q.folder_id = u.folder_id AND q.uid = u.uid LIMIT 5`))
	}
}

// stored is what the store says of a raw mail: the owners' addresses of the
// contacts its message is linked to, with the rule.
type stored struct {
	message string
	links   map[string]string // any address of the contact -> rule
}

// links gives for each stored raw what its message is linked to.
func (d database) links() map[[32]byte]*stored {
	d.t.Helper()
	byMessage := map[string]*stored{}
	out := map[[32]byte]*stored{}
	rows, err := d.Query(`SELECT bytes_hash, message_id FROM raws`)
	if err != nil {
		d.t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var sum []byte
		var m string
		if err := rows.Scan(&sum, &m); err != nil {
			d.t.Fatal(err)
		}
		if byMessage[m] == nil {
			byMessage[m] = &stored{message: m, links: map[string]string{}}
		}
		out[[32]byte(sum)] = byMessage[m]
	}
	if err := rows.Err(); err != nil {
		d.t.Fatal(err)
	}
	for _, r := range d.each(3, `SELECT CAST(l.message_id AS TEXT), a.address, l.rule FROM links l JOIN contact_addresses c ON c.contact_id = l.contact_id JOIN addresses a ON a.id = c.address_id`) {
		if byMessage[r[0]] == nil {
			d.t.Fatalf("a link to message %s, which has no raw", r[0])
		}
		byMessage[r[0]].links[r[1]] = r[2]
	}
	return out
}

// linkRows gives all links as text, to be compared before and after.
func (d database) linkRows() []string {
	var out []string
	for _, r := range d.each(5, `SELECT CAST(message_id AS TEXT), CAST(contact_id AS TEXT), rule, evidence, CAST(confidence AS TEXT) FROM links ORDER BY message_id, contact_id`) {
		out = append(out, strings.Join(r, " "))
	}
	return out
}

// people maps the customers' addresses, as matched, to their Person.ID.
func (o *office) people() map[string]int {
	out := map[string]int{}
	for _, p := range o.customers {
		for _, a := range p.Addresses {
			out[strings.ToLower(a)] = p.ID
		}
	}
	return out
}

// checkAttached holds the links against the truth, for contacts whose addresses
// are those of known: every mail that names one of them is stored and linked to
// the customer whose it is, and no mail to any other.
func (d database) checkAttached(o *office, known func(address string) bool) (linked int) {
	d.t.Helper()
	people, links := o.people(), d.links()
	complain := 0
	bad := func(format string, args ...any) {
		if complain++; complain <= 10 {
			d.t.Errorf(format, args...)
		}
	}
	for sum, tr := range o.truths {
		want := map[int]bool{}
		for _, a := range tr.addresses {
			if people[a] != 0 && known(a) {
				want[people[a]] = true
			}
		}
		s := links[sum]
		if s == nil {
			if len(want) > 0 {
				bad("not stored: %s mail from %s, %q of customers %v", tr.Kind, tr.From, tr.Subject, keys(want))
			}
			continue
		}
		got := map[int]bool{}
		for a, rule := range s.links {
			id := people[a]
			if got[id] = true; !want[id] && (rule != "thread" && rule != "bounced" || id != tr.Customer) {
				bad("%s mail from %s, %q is linked by %s to %s (customer %d); it is of %d", tr.Kind, tr.From, tr.Subject, rule, a, id, tr.Customer)
			}
		}
		for id := range want {
			if !got[id] {
				bad("%s mail from %s, %q is not linked to customer %d, only to %v", tr.Kind, tr.From, tr.Subject, id, s.links)
			}
		}
		if len(want) > 0 {
			linked++
		}
	}
	if complain > 10 {
		d.t.Errorf("and %d complaints more", complain-10)
	}
	return linked
}

func keys[K interface{ ~int | ~string }, V any](m map[K]V) []K { return slices.Sorted(maps.Keys(m)) }

// counts says how much there is, for the log.
func (d database) counts() string {
	return fmt.Sprintf("%d messages, %d raws, %d open sightings, %d links, %d customers", d.number(`SELECT count(*) FROM messages`), d.number(`SELECT count(*) FROM raws`),
		d.number(`SELECT count(*) FROM sightings WHERE gone_us = 0`), d.number(`SELECT count(*) FROM links`), d.number(`SELECT count(*) FROM customers`))
}
