package store_test

import (
	"bytes"
	"path/filepath"
	"testing"

	"kaveri/internal/testpg"
	"kaveri/store"
	"kaveri/store/storetest"
)

var options = store.Options{Key: bytes.Repeat([]byte{7}, store.KeySize)}

func sqliteDSN(t testing.TB) string {
	return "sqlite://" + filepath.Join(t.TempDir(), "kaveri.db")
}

func postgresDSN(t testing.TB) string {
	if testing.Short() {
		t.Skip("starts a PostgreSQL server")
	}
	return testpg.DSN(t)
}

func opener(dsn func(testing.TB) string) func(testing.TB) *store.Store {
	return func(t testing.TB) *store.Store {
		s, err := store.Open(t.Context(), dsn(t), options)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { s.Close() })
		return s
	}
}

func TestSQLite(t *testing.T)   { storetest.Run(t, opener(sqliteDSN)) }
func TestPostgres(t *testing.T) { storetest.Run(t, opener(postgresDSN)) }

func TestDraftsSQLite(t *testing.T)   { storetest.Drafts(t, options, sqliteDSN) }
func TestDraftsPostgres(t *testing.T) { storetest.Drafts(t, options, postgresDSN) }

func TestSegmentsSQLite(t *testing.T)   { storetest.Segments(t, options, sqliteDSN) }
func TestSegmentsPostgres(t *testing.T) { storetest.Segments(t, options, postgresDSN) }

func TestWaitingSQLite(t *testing.T)   { storetest.Waiting(t, options, sqliteDSN) }
func TestWaitingPostgres(t *testing.T) { storetest.Waiting(t, options, postgresDSN) }

func TestBackupSQLite(t *testing.T)   { storetest.Backup(t, options, sqliteDSN, sqliteDSN) }
func TestBackupPostgres(t *testing.T) { storetest.Backup(t, options, postgresDSN, postgresDSN) }

// A firm that grows moves to PostgreSQL, and may move back.
func TestMoveToPostgres(t *testing.T) { storetest.Backup(t, options, sqliteDSN, postgresDSN) }
func TestMoveToSQLite(t *testing.T)   { storetest.Backup(t, options, postgresDSN, sqliteDSN) }

func BenchmarkRematchSQLite(b *testing.B)   { storetest.Rematch(b, opener(sqliteDSN)(b)) }
func BenchmarkRematchPostgres(b *testing.B) { storetest.Rematch(b, opener(postgresDSN)(b)) }

func BenchmarkDeliverSQLite(b *testing.B)   { storetest.Deliver(b, opener(sqliteDSN)(b)) }
func BenchmarkDeliverPostgres(b *testing.B) { storetest.Deliver(b, opener(postgresDSN)(b)) }

func BenchmarkImportSQLite(b *testing.B)   { storetest.Import(b, opener(sqliteDSN)(b)) }
func BenchmarkImportPostgres(b *testing.B) { storetest.Import(b, opener(postgresDSN)(b)) }

func BenchmarkEnlistSQLite(b *testing.B)   { storetest.Enlist(b, opener(sqliteDSN)(b)) }
func BenchmarkEnlistPostgres(b *testing.B) { storetest.Enlist(b, opener(postgresDSN)(b)) }
func BenchmarkClaimSQLite(b *testing.B)    { storetest.Claim(b, opener(sqliteDSN)(b)) }
func BenchmarkClaimPostgres(b *testing.B)  { storetest.Claim(b, opener(postgresDSN)(b)) }
func BenchmarkSettleSQLite(b *testing.B)   { storetest.Settle(b, opener(sqliteDSN)(b)) }
func BenchmarkSettlePostgres(b *testing.B) { storetest.Settle(b, opener(postgresDSN)(b)) }
