package store

import (
	"database/sql"
	"strconv"
	"strings"
	"sync"
)

// Statements over many rows come in few sizes, so that each is prepared once.
var (
	insertSizes = []int{64, 32, 16, 8, 4, 2, 1}
	lookUpSizes = []int{64, 16, 4, 1}
)

// insertTexts caches the texts of multi-row inserts by head, columns, rows.
var insertTexts sync.Map

type insertText struct {
	head, tail string
	cols, rows int
}

func (k insertText) sql() string {
	if q, ok := insertTexts.Load(k); ok {
		return q.(string)
	}
	var b strings.Builder
	b.WriteString(k.head)
	n := 0
	for i := range k.rows {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteByte('(')
		for j := range k.cols {
			if j > 0 {
				b.WriteByte(',')
			}
			n++
			b.WriteByte('$')
			b.WriteString(strconv.Itoa(n))
		}
		b.WriteByte(')')
	}
	b.WriteString(k.tail)
	q := b.String()
	insertTexts.Store(k, q)
	return q
}

// insert writes rows, whose values stand one after another in args, cols to a
// row. head is the statement up to VALUES, tail what follows the values.
func (x *tx) insert(head string, cols int, args []any, tail string) error {
	_, err := x.inserted(head, cols, args, tail)
	return err
}

// inserted is insert that gives how many rows are new or changed.
func (x *tx) inserted(head string, cols int, args []any, tail string) (all int64, err error) {
	for len(args) > 0 {
		rows := len(args) / cols
		n := insertSizes[0]
		for i := 1; n > rows; i++ {
			n = insertSizes[i]
		}
		changed, err := x.changed(insertText{head, tail, cols, n}.sql(), args[:n*cols]...)
		if err != nil {
			return all, err
		}
		all += changed
		args = args[n*cols:]
	}
	return all, nil
}

// each runs query once for every chunk of vals, which it names by the word IN:
// "... WHERE id IN (IN)". fixed values come first ($1...). scan is called for
// each row. A chunk is filled up to its size with its last value, which changes
// nothing in such a list.
func each[T any](x *tx, query string, fixed []any, vals []T, scan func(*sql.Rows) error) error {
	for len(vals) > 0 {
		n := min(len(vals), lookUpSizes[0])
		size := lookUpSizes[0]
		for _, s := range lookUpSizes {
			if s >= n {
				size = s
			}
		}
		args := append(make([]any, 0, len(fixed)+size), fixed...)
		for i := range size {
			args = append(args, vals[min(i, n-1)])
		}
		rows, err := x.query(inText(query, len(fixed), size), args...)
		if err != nil {
			return err
		}
		if err := scanAll(rows, scan); err != nil {
			return err
		}
		vals = vals[n:]
	}
	return nil
}

func inText(query string, fixed, n int) string {
	k := insertText{head: query, cols: fixed, rows: n, tail: "IN"}
	if q, ok := insertTexts.Load(k); ok {
		return q.(string)
	}
	var b strings.Builder
	for i := range n {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteByte('$')
		b.WriteString(strconv.Itoa(fixed + i + 1))
	}
	q := strings.Replace(query, "(IN)", "("+b.String()+")", 1)
	insertTexts.Store(k, q)
	return q
}

// scanAll calls scan for each row and closes rows.
func scanAll(rows *sql.Rows, scan func(*sql.Rows) error) error {
	defer rows.Close()
	for rows.Next() {
		if err := scan(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

// collect reads rows into a slice.
func collect[T any](rows *sql.Rows, err error, scan func(*sql.Rows, *T) error) ([]T, error) {
	if err != nil {
		return nil, err
	}
	var out []T
	err = scanAll(rows, func(r *sql.Rows) error {
		var v T
		if err := scan(r, &v); err != nil {
			return err
		}
		out = append(out, v)
		return nil
	})
	return out, err
}

// column reads the one column that a query gives.
func column[T any](x *tx, query string, args ...any) ([]T, error) {
	rows, err := x.query(query, args...)
	return collect(rows, err, func(r *sql.Rows, v *T) error { return r.Scan(v) })
}
