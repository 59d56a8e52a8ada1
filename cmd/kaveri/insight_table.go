package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"

	"kaveri/crm"
	"kaveri/crm/sheet"
	"kaveri/insight"
)

// maxFigures bounds a file of figures, in bytes.
const maxFigures = 1 << 30

// maxNamedRows is how many rows that are left out are named; of the rest, their
// number is told.
const maxNamedRows = 20

// jsonNumber is a number in JSON, null when it is none or infinite.
type jsonNumber float64

// MarshalJSON writes the number with all its digits.
func (f jsonNumber) MarshalJSON() ([]byte, error) {
	if math.IsNaN(float64(f)) || math.IsInf(float64(f), 0) {
		return []byte("null"), nil
	}
	return json.Marshal(float64(f))
}

// intervalJSON is an interval in JSON: [low, high].
type intervalJSON [2]jsonNumber

func intervalOf(i insight.Interval) intervalJSON {
	return intervalJSON{jsonNumber(i.Low), jsonNumber(i.High)}
}

// figureFile is a table of figures: CSV whose titles name the columns.
type figureFile struct {
	p      *program
	name   string
	reader *sheet.Reader
	column map[string]int
	row    sheet.Row
	left   int // rows left out
}

// openFigures reads the titles. A column that is needed and missing is an error
// of kind [crm.KindInvalid] that names those that are there.
func (p *program) openFigures(ctx context.Context, name string, needed ...string) (*figureFile, error) {
	data, err := p.readFile(ctx, name, maxFigures)
	if err != nil {
		return nil, err
	}
	r, err := sheet.NewReader(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	f := &figureFile{p: p, name: name, reader: r, column: map[string]int{}}
	for i, title := range r.Head() {
		title = strings.ToLower(title)
		if _, twice := f.column[title]; twice && slices.Contains(needed, title) {
			return nil, crm.Invalid("file", "%s has two columns %q", name, title)
		}
		f.column[title] = i
	}
	for _, title := range needed {
		if !f.has(title) {
			return nil, crm.Invalid("file", "%s has no column %q; it has %s", name, title, strings.Join(r.Head(), ", "))
		}
	}
	return f, nil
}

func (f *figureFile) has(title string) bool { _, ok := f.column[title]; return ok }

// each calls do for each row that is not empty. A row that do refuses is named
// and left out.
func (f *figureFile) each(do func() error) error {
	for {
		row, err := f.reader.Next()
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		case !slices.ContainsFunc(row.Cells, func(c string) bool { return strings.TrimSpace(c) != "" }) && row.Problem == "":
			continue
		}
		f.row = row
		err = nil
		switch {
		case row.Problem != "":
			err = crm.Invalid("row", "%s", row.Problem)
		case len(row.Cells) != len(f.reader.Head()):
			err = crm.Invalid("row", "it has %s, and there are %s", plural(len(row.Cells), "cell", "cells"), plural(len(f.reader.Head()), "title", "titles"))
		default:
			err = do()
		}
		if err != nil {
			f.leave(err)
		}
	}
}

// leave names the row and goes on without it.
func (f *figureFile) leave(err error) {
	if f.left++; f.left > maxNamedRows {
		return
	}
	place := fmt.Sprintf("row %d", f.row.Number)
	if f.row.Line != f.row.Number {
		place += fmt.Sprintf(" (line %d)", f.row.Line)
	}
	f.p.notef("%s: %s: %s\n", printable(f.name), place, sentence(err))
}

// cell gives a value of the row.
func (f *figureFile) cell(title string) string {
	return strings.TrimSpace(f.row.Cells[f.column[title]])
}

// number reads a value of the row. A file that does not separate by commas may
// have them for the decimals.
func (f *figureFile) number(title string) (float64, error) {
	text := f.cell(title)
	plain := text
	if f.reader.Guess().Delimiter != ',' && strings.Count(text, ",") == 1 && !strings.Contains(text, ".") {
		plain = strings.Replace(text, ",", ".", 1)
	}
	v, err := strconv.ParseFloat(plain, 64)
	if err != nil || math.IsNaN(v) || math.IsInf(v, 0) || strings.ContainsAny(plain, "xX_") {
		return 0, crm.Invalid(title, "%q is no number", text)
	}
	return v, nil
}

// count reads a whole number that is not negative and at most most.
func (f *figureFile) count(title string, most int) (int, error) {
	v, err := f.number(title)
	switch {
	case err != nil:
		return 0, err
	case v < 0 || v != math.Trunc(v):
		return 0, crm.Invalid(title, "%q is no count", f.cell(title))
	case v > float64(most):
		return 0, crm.Invalid(title, "%q is more than the %d baskets", f.cell(title), most)
	}
	return int(v), nil
}

// figuresWithout is how a verb ends that read rows, some of which were left out.
func figuresWithout(left int, what string) error {
	if left == 0 {
		return nil
	}
	return partly("%s left out; the figures are those of the rest", plural(left, what+" was", what+"s were"))
}

// thousands writes a count with commas.
func thousands(n int) string {
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// inPercent writes a share of 1 in percent.
func inPercent(v float64) string { return strconv.FormatFloat(100*v, 'f', 1, 64) + " %" }

// fixed writes a number for people: two decimals, more when it is small, and a
// dash for none.
func fixed(v float64) string { return fixedLike(v, v) }

// fixedLike writes v with as many decimals as a number of another size has.
func fixedLike(v, like float64) string {
	switch size := math.Abs(like); {
	case math.IsNaN(v):
		return "-"
	case math.IsInf(v, 0):
		return "unlimited"
	case size == 0 || size >= .1:
		return strconv.FormatFloat(v, 'f', 2, 64)
	case size >= .001:
		return strconv.FormatFloat(v, 'f', 4, 64)
	}
	return strconv.FormatFloat(v, 'g', 2, 64)
}

// span writes an interval for people.
func span(i insight.Interval) string {
	if math.IsNaN(i.Low) || math.IsNaN(i.High) {
		return "-"
	}
	size := max(math.Abs(i.Low), math.Abs(i.High))
	return fixedLike(i.Low, size) + " to " + fixedLike(i.High, size)
}
