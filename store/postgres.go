package store

import (
	"context"
	"database/sql"
	"errors"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"

	"kaveri/crm"
)

var postgresEngine = &engine{
	name: "postgres",
	bind: same,
	ddl:  same,
	open: openPostgres,
	// SQLite has one writer by nature; here the row lock makes it one, over
	// all nodes. Group commit keeps it cheap.
	begin: `SELECT next FROM id_blocks WHERE id = 1 FOR UPDATE`,
	// Not now(): that is when the transaction began, which may have waited.
	clock: `CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS BIGINT)`,
	take:  ` FOR UPDATE`,
	share: ` FOR KEY SHARE`, // makes who takes the row wait, and not the owner's own renewal
	place: func(ctx context.Context, _ string, db *sql.DB) (string, error) {
		var oid int64
		err := db.QueryRowContext(ctx, `SELECT CAST(oid AS BIGINT) FROM pg_database WHERE datname = current_database()`).Scan(&oid)
		return strconv.FormatInt(oid, 10), err
	},
	retryable: func(err error) bool {
		code := pgCode(err)
		// serialization failure, deadlock, server shutting down, too many clients
		return code == "40001" || code == "40P01" || code == "57P01" || code == "53300"
	},
	unique: func(err error) bool { return pgCode(err) == "23505" },
	// A text cast to tsquery is taken as it stands: to_tsquery would cut words in
	// its own way, and the tokens are made already. id + 0 keeps the planner from
	// walking the table by id, reading every vector on the way to a rare word.
	match: `SELECT id, ts_rank('{0.1,0.2,0.5,1.0}', vector, CAST(CAST($1 AS TEXT) AS tsquery))::float8 AS r
FROM (SELECT id, vector FROM search WHERE vector @@ CAST(CAST($1 AS TEXT) AS tsquery) ORDER BY id + 0 DESC LIMIT $2) AS newest ORDER BY r DESC, id DESC LIMIT $3`,
	matchQuery: matchTSQuery,
	index:      `INSERT INTO search (id, vector) VALUES `,
	indexCols:  2,
	indexRows:  64,
	indexValues: func(d document) []any {
		return []any{d.vector()}
	},
	unindex: `DELETE FROM search WHERE id = $1`,
	purge:   purgePostgres,
}

func pgCode(err error) string {
	var e *pgconn.PgError
	if errors.As(err, &e) {
		return e.Code
	}
	return ""
}

// openPostgres opens postgres://user@host/database.
func openPostgres(ctx context.Context, dsn string) (writer, reader *sql.DB, err error) {
	db, err := sql.Open("pgx", dsn)
	if err != nil {
		return nil, nil, crm.Invalid("database", "the address is not understood: %v", err)
	}
	db.SetMaxOpenConns(12)
	db.SetMaxIdleConns(6)
	if err := db.PingContext(ctx); err != nil {
		db.Close()
		if strings.Contains(err.Error(), "password") {
			return nil, nil, crm.Invalid("database", "PostgreSQL refused the password")
		}
		return nil, nil, crm.Unavailable(err, "PostgreSQL cannot be reached: %v", err)
	}
	return db, db, nil
}
