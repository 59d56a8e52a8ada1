// Package warehouse writes what the firm has done with its customers as a star
// schema of Parquet files, for an analyst's own programs: facts (order_line,
// message, delivery, standing) around dimensions (customer, colleague, product,
// date). docs/warehouse.md describes the tables, and is made from rows.go.
//
// # States
//
// An export folder holds states: folders that are complete when the link
// "current" leads to them, and are never changed then.
//
//	KAVERI            marks the folder as ours; locked while an export runs
//	current           -> state-000007
//	state-000007/
//	  manifest.json   schema, terms, and of each file its rows and fingerprint
//	  views.sql       the tables as views, with every column explained
//	  customer/all.parquet
//	  order_line/2026-03.parquet ...
//
// A new state is written beside the last one, with all of it on the disk before
// the link is replaced by a rename. So a reader's pattern (current/order_line/*)
// finds one state or the other, and a crash at any moment leaves the last one;
// files that are replaced in place, table after table, would for a while be
// orders without their customers. Then the old state is removed: what was erased
// in Kaveri is not to be found in an export either. Nothing is removed that an
// export did not write.
//
// # Only what has changed
//
// Facts are divided by months. Each export reads everything and finds a
// fingerprint of each month; files whose fingerprint is as the manifest has it
// are taken over by a hard link, the others are written. When none differs,
// nothing is written. There is no cheaper way that is right: a removed mail leaves
// no trace, and a merge, a rate, a time zone or a private mark change rows of long
// ago. Reading is the cheap half, and no row is kept in memory.
//
// The source reads in one transaction ([Source]), so every key of a fact is in its
// dimension; 0 is one, and stands for nobody.
//
// # Privacy
//
// What a viewer may see is the source's to say. Rows hold no text of a mail: not
// its subject, no address, no phone.
//
// Start reading at export.go, then parts.go.
package warehouse
