package sheet

import (
	"encoding/csv"
	"io"
	"math"
	"strconv"
	"time"

	"kaveri/crm"
)

// Writer writes a table, row by row, in memory that does not grow with it. A
// write that fails is told by the rows after it or by Close, which must be
// called.
type Writer interface {
	Row(cells ...Cell) error
	Close() error
}

// Format is a kind of file that spreadsheets open.
type Format string

// The formats.
const (
	FormatCSV  Format = "csv"  // RFC 4180, UTF-8 with the mark that spreadsheets know it by
	FormatXLSX Format = "xlsx" // Office Open XML (ECMA-376)
)

// MediaType gives what a file of the format is sent as.
func (f Format) MediaType() string {
	if f == FormatXLSX {
		return "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
	}
	return "text/csv; charset=utf-8"
}

// NewWriter begins a table with its titles.
func NewWriter(w io.Writer, f Format, titles ...string) Writer {
	if f == FormatXLSX {
		return newXLSX(w, titles)
	}
	io.WriteString(w, "\ufeff") // a failure comes back with the rows
	c := &csvWriter{csv.NewWriter(w)}
	c.w.Write(titles)
	return c
}

// Cell is one value of a table. The zero value is an empty cell.
type Cell struct {
	kind cellKind
	text string  // as CSV has it; for numbers and dates what they are
	num  float64 // of days and times: days since the epoch of spreadsheets
}

type cellKind int

const (
	cellEmpty cellKind = iota
	cellText
	cellNumber
	cellMoney
	cellDay
	cellTime
)

// Text is a cell of words. It is never a formula, whatever it begins with.
func Text[T ~string](s T) Cell {
	if s == "" {
		return Cell{}
	}
	return Cell{kind: cellText, text: string(s)}
}

// Int is a whole number, also an id.
func Int[T ~int | ~int64](n T) Cell {
	return Cell{kind: cellNumber, text: strconv.FormatInt(int64(n), 10)}
}

// Number is a number with so many places; what is no number is an empty cell.
func Number(f float64, places int) Cell {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return Cell{}
	}
	return Cell{kind: cellNumber, text: strconv.FormatFloat(f, 'f', places, 64)}
}

// Money is an amount, exactly.
func Money(m crm.Money) Cell { return Cell{kind: cellMoney, text: m.String()} }

// Day is a day of the calendar; 0 is an empty cell.
func Day(d crm.Day) Cell {
	if d == 0 {
		return Cell{}
	}
	return Cell{kind: cellDay, text: d.String(), num: float64(d) + unixSerial}
}

// Time is a moment. A spreadsheet knows no zones: XLSX shows what the clock
// showed in that of t, CSV has the offset too.
func Time(t time.Time) Cell {
	if t.IsZero() {
		return Cell{}
	}
	_, offset := t.Zone()
	return Cell{kind: cellTime, text: t.Format(time.RFC3339), num: float64(t.Unix()+int64(offset))/86400 + unixSerial}
}

// unixSerial is 1 January 1970 in days since the epoch of spreadsheets, 30
// December 1899 (ECMA-376 Part 1 §18.17.4.1, the 1900 date system).
const unixSerial = 25569

type csvWriter struct{ w *csv.Writer }

func (c *csvWriter) Row(cells ...Cell) error {
	row := make([]string, len(cells))
	for i, cell := range cells {
		if row[i] = cell.text; cell.kind == cellText {
			row[i] = Safe(cell.text)
		}
	}
	return c.w.Write(row)
}

func (c *csvWriter) Close() error {
	c.w.Flush()
	return c.w.Error()
}
