package store

import (
	"context"
	"database/sql"
	"io"
	"log/slog"
	"regexp"
	"strings"
	"sync"
)

// engine is everything in which the two databases differ. Asking anywhere
// else which one it is, is a defect.
type engine struct {
	name string

	// bind rewrites a statement from PostgreSQL's spelling.
	bind func(query string) string

	// ddl rewrites a migration.
	ddl func(text string) string

	// open gives the writing and the reading pool.
	open func(ctx context.Context, dsn string) (writer, reader *sql.DB, err error)

	// segments gives the folder in which raw mail is kept; nil: in its rows.
	segments func(dsn string) (dir string, err error)

	// tend, when not nil, runs beside the store until ctx ends.
	tend func(ctx context.Context, dsn string, log *slog.Logger, between func(func(*sql.DB)))

	// begin is run first in every write transaction: with one writer at a
	// time, lookups made in the transaction stay true until it commits.
	begin string

	// clock is an expression that gives the database's clock in microseconds,
	// for leases: the clocks of several machines differ. "0" where the database
	// has one process, whose clock is as good.
	clock string

	// take and share end a SELECT whose rows are to be changed by this
	// transaction, or to stay as they are until it ends.
	take, share string

	// alone, when not nil, gives a lock that one process has at a time and that
	// ends with it; nil while another process has it.
	alone func(dsn string) (io.Closer, error)

	// place says where the database lies, so that a copy of it is told apart.
	place func(ctx context.Context, dsn string, db *sql.DB) (string, error)

	// retryable reports errors after which the transaction may be run again.
	retryable func(error) bool

	// unique reports violations of a uniqueness rule.
	unique func(error) bool

	// match searches the index: ids and ranks, best first. $1 is the query in
	// the form that matchQuery makes, $2 how many of the mails that match, the
	// newest, are ranked, $3 the limit.
	match      string
	matchQuery func(terms []term) string

	// index adds a message to the search index: $1 its id, then what
	// indexValues makes of its tokens, indexCols values each.
	index       string
	indexCols   int
	indexRows   int // mails to a statement
	indexValues func(d document) []any
	unindex     string

	// purgeIndex, when not nil, takes a step of dropping from the index the words
	// of rows that are deleted, and reports whether there is more to do; first
	// begins. nil: they are gone with the row.
	purgeIndex func(x *tx, first bool) (more bool, err error)

	// purge takes what deleted rows have left in files, when no transaction is
	// open. clean is false while somebody still reads an old state.
	purge func(ctx context.Context, w *sql.DB) (clean bool, err error)

	// integrity gives "ok" for a sound database; "" where the engine has no
	// such check.
	integrity string

	// refresh is asked before it, on the same connection.
	refresh string
}

var placeholder = regexp.MustCompile(`\$(\d+)`)

// bindNumbered turns $n into ?n. SQLite takes $n for a name, and the driver
// then binds names in order of first appearance: silently wrong for $2,$1.
func bindNumbered(query string) string { return placeholder.ReplaceAllString(query, "?$1") }

// ddlSQLite turns types: only INTEGER PRIMARY KEY is SQLite's row id, so that
// the row lies where its key says; tables marked clustered are stored by key
// instead of twice, as row and as index. BYTEA would have numeric affinity.
// Text is compared by bytes there anyway, which PostgreSQL does when asked.
func ddlSQLite(text string) string {
	return strings.NewReplacer(
		"BIGINT PRIMARY KEY", "INTEGER PRIMARY KEY",
		") /* clustered */", ") WITHOUT ROWID",
		"BYTEA", "BLOB",
		` COLLATE "C"`, "",
	).Replace(text)
}

func same(text string) string { return text }

// bound caches rewritten statements: there are a few hundred, made once.
type bound struct {
	rewrite func(string) string
	done    sync.Map
}

func (b *bound) sql(query string) string {
	if q, ok := b.done.Load(query); ok {
		return q.(string)
	}
	q := b.rewrite(query)
	b.done.Store(query, q)
	return q
}
