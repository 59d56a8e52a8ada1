package warehouse

import (
	"fmt"
	"reflect"
	"strings"
)

// Schema is the version of tables and columns: a folder of another one is
// written anew, or refused when it is newer.
const Schema = 1

// Table is a table for people.
type Table struct {
	Name    string
	Holds   string // a row of it
	Monthly bool   // it is divided by months
	Columns []Column
}

// Column is a column for people.
type Column struct {
	Name    string
	Type    string // of SQL, as DuckDB has it
	Null    bool   // it may be missing
	Unit    string // "" for what has none
	Meaning string
}

// Tables describes all tables.
func Tables() []Table {
	var out []Table
	for _, t := range tables {
		out = append(out, t.describe())
	}
	return out
}

func (t *table[R]) describe() Table {
	return Table{Name: t.name, Holds: t.holds, Monthly: t.day != nil, Columns: columnsOf(reflect.TypeFor[R]())}
}

// columnsOf reads the columns from the tags of a row.
func columnsOf(row reflect.Type) []Column {
	var out []Column
	for i := range row.NumField() {
		f := row.Field(i)
		name, options, _ := strings.Cut(f.Tag.Get("parquet"), ",")
		out = append(out, Column{Name: name, Type: sqlType(f.Type, options), Null: strings.Contains(options, "optional"), Unit: f.Tag.Get("unit"), Meaning: f.Tag.Get("doc")})
	}
	return out
}

// sqlType gives the type by which a column is read.
func sqlType(t reflect.Type, options string) string {
	var scale, precision int
	for option := range strings.SplitSeq(options, ",") {
		switch {
		case option == "date":
			return "DATE"
		case strings.HasPrefix(option, "timestamp"):
			return "TIMESTAMPTZ"
		case strings.HasPrefix(option, "decimal"):
			fmt.Sscanf(option, "decimal(%d:%d)", &scale, &precision)
			return fmt.Sprintf("DECIMAL(%d,%d)", precision, scale)
		}
	}
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch t.Kind() {
	case reflect.Slice:
		return sqlType(t.Elem(), "") + "[]"
	case reflect.Bool:
		return "BOOLEAN"
	case reflect.Int32:
		return "INTEGER"
	case reflect.Int64:
		return "BIGINT"
	case reflect.Float64:
		return "DOUBLE"
	}
	return "VARCHAR"
}

// views is a script for DuckDB, run in the folder of the tables: a view of each,
// with its columns explained.
func views() string {
	var b strings.Builder
	b.WriteString("-- Views of these files for DuckDB, to be run in this folder: duckdb -init views.sql\n")
	for _, t := range Tables() {
		fmt.Fprintf(&b, "CREATE OR REPLACE VIEW %s AS SELECT * FROM read_parquet('%s/*.parquet');\nCOMMENT ON VIEW %s IS %s;\n", t.Name, t.Name, t.Name, quoted(t.Holds))
		for _, c := range t.Columns {
			says := c.Meaning
			if c.Unit != "" {
				says += " [" + c.Unit + "]"
			}
			fmt.Fprintf(&b, "COMMENT ON COLUMN %s.%s IS %s;\n", t.Name, c.Name, quoted(says))
		}
	}
	return b.String()
}

func quoted(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }
