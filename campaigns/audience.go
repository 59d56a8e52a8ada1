package campaigns

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"net/mail"
	"slices"
	"strings"

	"kaveri/crm"
	"kaveri/crm/sheet"
)

// Audience reads recipients from a file, one row at a time. Besides what finds
// duplicates (about 30 bytes a row) its memory does not grow with the file.
type Audience struct {
	reader  *sheet.Reader
	columns sheet.Columns
	names   []string // of each column's field, "" when it is none
	notes   []string
	seen    *seenRows
	ahead   []sheet.Row // rows that wait behind empty lines
	empty   []*RowError
}

// Recipient is one row that can be written to.
type Recipient struct {
	Row     int // as a spreadsheet counts; the titles are 1
	Line    int // as an editor counts
	Address crm.Address
	Name    string
	Fields  map[string]string // by [FieldName] of the column; "language" and "first_name" also under these names
}

// RowProblem is why a row is left out.
type RowProblem string

// The problems of a row. An empty line leaves nobody out.
const (
	RowUnreadable RowProblem = "unreadable"
	RowCells      RowProblem = "cells" // not as many as there are titles
	RowNoAddress  RowProblem = "no-address"
	RowMalformed  RowProblem = "malformed-address"
	RowDuplicate  RowProblem = "duplicate"
	RowName       RowProblem = "name"
	RowEmpty      RowProblem = "empty-line"
)

// RowError is a row that gives no recipient.
type RowError struct {
	Row, Line int
	Problem   RowProblem
	Address   string // as the row has it
	First     int    // of a duplicate: the row that has the address already
	Text      string
}

// Error gives row and sentence.
func (e *RowError) Error() string {
	if e.Line != e.Row {
		return fmt.Sprintf("row %d (line %d): %s", e.Row, e.Line, e.Text)
	}
	return fmt.Sprintf("row %d: %s", e.Row, e.Text)
}

// OpenAudience reads the titles of a CSV file. A file without a column of mail
// addresses, or with two of the same title, is an error of kind
// [crm.KindInvalid] on field "audience" that names the columns it has.
func OpenAudience(f io.ReadSeeker) (*Audience, error) {
	r, err := sheet.NewReader(f)
	if err != nil {
		return nil, ofAudience(err)
	}
	a := &Audience{reader: r, seen: newSeenRows()}
	if a.columns, err = sheet.ColumnsOf(r.Head()); err != nil {
		return nil, ofAudience(err)
	}
	if err := a.oneAddress(); err != nil {
		return nil, err
	}
	a.nameFields()
	return a, nil
}

// ofAudience gives what a table is refused for as a fault of the audience.
func ofAudience(err error) error {
	var known *crm.Error
	if !errors.As(err, &known) || known.Kind != crm.KindInvalid {
		return err
	}
	return crm.Invalid("audience", "%s", known.Text)
}

// oneAddress refuses two columns of addresses that cannot be told apart, and
// notes the others: a row gets one mail.
func (a *Audience) oneAddress() error {
	head, columns := a.reader.Head(), a.columns[sheet.Address]
	for _, i := range columns[1:] {
		if FieldName(head[i]) == FieldName(head[columns[0]]) {
			return crm.Invalid("audience", "two columns are named %s; rename the one that is not to be written to", head[i])
		}
		a.notes = append(a.notes, fmt.Sprintf("column %q holds addresses too; a row gets one mail, to the address in %q", head[i], head[columns[0]]))
	}
	return nil
}

// nameFields gives each column its field, and notes columns that have none.
func (a *Audience) nameFields() {
	taken := map[string]string{fieldEmail: "the address", fieldUnsubscribe: "the link to unsubscribe"}
	a.names = make([]string, len(a.reader.Head()))
	for i, title := range a.reader.Head() {
		name := FieldName(title)
		if i == a.columns[sheet.Address][0] {
			if taken[name] == "" { // such as sähköposti
				a.names[i], taken[name] = name, title
			}
			continue
		}
		switch {
		case name == "":
			a.notes = append(a.notes, fmt.Sprintf("column %d has no title; texts cannot name it", i+1))
		case taken[name] != "":
			a.notes = append(a.notes, fmt.Sprintf("column %q cannot be named in texts: %s is %s already", title, name, taken[name]))
		case reserved[name]:
			a.notes = append(a.notes, fmt.Sprintf("column %q cannot be named in texts: %s is a word of their language", title, name))
		default:
			a.names[i], taken[name] = name, fmt.Sprintf("column %q", title)
		}
	}
}

// Guess says how the file was understood.
func (a *Audience) Guess() sheet.Guess { return a.reader.Guess() }

// Columns says which column was taken for what.
func (a *Audience) Columns() string {
	c := a.columns
	c[sheet.Address] = c[sheet.Address][:1] // one mail for a row
	return c.Describe(a.reader.Head())
}

// Fields gives the fields that texts may name, in the order of the columns.
func (a *Audience) Fields() []string {
	var out []string
	for _, name := range a.names {
		if name != "" {
			out = append(out, name)
		}
	}
	return out
}

// Notes gives remarks on the titles, for people.
func (a *Audience) Notes() []string { return a.notes }

// Next gives the next recipient, or a [*RowError] for a row that gives none;
// reading goes on behind it. [io.EOF] is the end.
func (a *Audience) Next() (Recipient, error) {
	if len(a.empty) > 0 && len(a.ahead) > 0 {
		e := a.empty[0]
		a.empty = a.empty[1:]
		return Recipient{}, e
	}
	for {
		row, err := a.row()
		if err != nil {
			return Recipient{}, err // empty lines at the end are no matter
		}
		if !blankRow(row) {
			if len(a.empty) > 0 {
				a.ahead = append(a.ahead, row)
				return a.Next()
			}
			return a.recipient(row)
		}
		a.empty = append(a.empty, &RowError{Row: row.Number, Line: row.Line, Problem: RowEmpty, Text: "the line is empty"})
	}
}

func (a *Audience) row() (sheet.Row, error) {
	if len(a.ahead) > 0 {
		row := a.ahead[0]
		a.ahead = a.ahead[:0]
		return row, nil
	}
	return a.reader.Next()
}

func blankRow(row sheet.Row) bool {
	for _, cell := range row.Cells {
		if !blank(cell) {
			return false
		}
	}
	return row.Problem == ""
}

// recipient reads a row.
func (a *Audience) recipient(row sheet.Row) (Recipient, error) {
	fail := func(p RowProblem, address, format string, args ...any) (Recipient, error) {
		return Recipient{}, &RowError{Row: row.Number, Line: row.Line, Problem: p, Address: address, Text: fmt.Sprintf(format, args...)}
	}
	if row.Problem != "" {
		return fail(RowUnreadable, "", "the row cannot be read: %s", row.Problem)
	}
	cells := row.Cells
	for len(cells) > len(a.names) && blank(cells[len(cells)-1]) {
		cells = cells[:len(cells)-1] // delimiters at the end of the line
	}
	if len(cells) != len(a.names) {
		return fail(RowCells, "", "it has %d cells and the titles are %d", len(cells), len(a.names))
	}
	written := strings.TrimSpace(cells[a.columns[sheet.Address][0]])
	if written == "" {
		return fail(RowNoAddress, "", "it has no mail address")
	}
	name, address, err := deliverable(written)
	if err != nil {
		return fail(RowMalformed, written, "%s", err)
	}
	out := Recipient{Row: row.Number, Line: row.Line, Address: address, Name: a.columns.Person(cells)}
	if out.Name == "" {
		out.Name = name
	}
	if out.Name = strings.Join(strings.Fields(out.Name), " "); strings.ContainsFunc(out.Name, control) {
		return fail(RowName, written, "the name has a control character")
	}
	if first := a.seen.first(address, row.Number); first > 0 {
		_, err := fail(RowDuplicate, written, "%s is in row %d already", address, first)
		err.(*RowError).First = first
		return Recipient{}, err
	}
	out.Fields = a.fields(cells)
	return out, nil
}

// fields gives a row's values by name; empty ones are left out, and the name,
// which the recipient has beside them.
func (a *Audience) fields(cells []string) map[string]string {
	out := make(map[string]string, len(cells))
	for i, name := range a.names {
		if v := strings.TrimSpace(cells[i]); name != "" && name != fieldName && v != "" {
			out[name] = v
		}
	}
	for kind, name := range map[sheet.Kind]string{sheet.FirstName: "first_name", sheet.LastName: "last_name", sheet.Language: fieldLanguage} {
		if v := a.columns.First(kind, cells); v != "" && out[name] == "" {
			out[name] = v
		}
	}
	return out
}

// deliverable reads an address that a mail server could take, with a name
// before it or not.
func deliverable(s string) (name string, a crm.Address, err error) {
	if open := strings.LastIndexByte(s, '<'); open > 0 && strings.HasSuffix(s, ">") {
		if p, err := mail.ParseAddress(s); err == nil {
			name, s = p.Name, p.Address
		}
	}
	if strings.Count(s, "@") > 1 && strings.ContainsAny(s, ",; |") {
		return "", "", errors.New("its cell has several addresses; give each a row of its own")
	}
	if a, err = crm.ParseAddress(s); err == nil {
		err = a.Deliverable()
	}
	var known *crm.Error
	if errors.As(err, &known) {
		err = errors.New(known.Text)
	}
	if err != nil {
		return "", "", err
	}
	return name, a, nil
}

// Dispatch gives the row as the ledger takes it.
func (r *Recipient) Dispatch() crm.Dispatch {
	return crm.Dispatch{Address: r.Address, Name: r.Name, Fields: maps.Clone(r.Fields)}
}

// Has reports a field that rows of this file can have.
func (a *Audience) Has(field string) bool {
	switch field {
	case fieldName, fieldEmail, fieldLanguage:
		return true
	case "first_name":
		return len(a.columns[sheet.FirstName]) > 0 || slices.Contains(a.names, field)
	case "last_name":
		return len(a.columns[sheet.LastName]) > 0 || slices.Contains(a.names, field)
	}
	return slices.Contains(a.names, field)
}
