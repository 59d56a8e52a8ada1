package contacts

import (
	"errors"
	"io"
	"strings"

	"kaveri/crm"
	"kaveri/crm/sheet"
)

// readTable reads an exported table.
func readTable(f io.ReadSeeker, head []byte, each func(*Contact) error) (Report, error) {
	var report Report
	t, err := sheet.NewReaderKnowing(f, func(title string) bool { return kindOf(title) != other }, "name and email")
	if err != nil {
		return report, noAddressBook(head, err)
	}
	c, err := columnsOf(t.Head())
	if err != nil {
		return report, err
	}
	for {
		row, err := t.Next()
		if errors.Is(err, io.EOF) {
			return report, nil
		}
		if err != nil {
			return report, err
		}
		if row.Problem != "" {
			report.damage(row.Line, "the row cannot be read: %s", row.Problem)
			continue
		}
		one := c.contact(row.Cells)
		if one.blank() {
			continue
		}
		report.Contacts++
		if err := each(&one); err != nil {
			return report, err
		}
	}
}

// noAddressBook says what a file is not, unless the reader of tables says more.
func noAddressBook(head []byte, err error) error {
	if strings.HasPrefix(string(head), "PK\x03\x04") || crm.KindOf(err) != crm.KindInvalid {
		return err
	}
	return crm.Invalid("file", "it is neither a vCard nor a table; export the address book as vCard or CSV")
}

// contact makes an entry of a row.
func (c *columns) contact(cells []string) Contact {
	out := Contact{Format: c.format}
	person := [kinds]string{}
	for i, cell := range cells {
		if cell = strings.TrimSpace(cell); cell == "" || i >= len(c.kinds) {
			continue
		}
		switch kind := c.kinds[i]; kind {
		case other:
		case mail:
			for _, s := range several(cell) {
				out.Emails = add(out.Emails, mailAddress(s))
			}
		case phone:
			for s := range strings.SplitSeq(cell, joint) {
				out.Phones = add(out.Phones, phoneOf(joined(s)))
			}
		case notes:
			out.addNote(cell)
		default:
			if person[kind] == "" {
				person[kind] = joined(cell)
			}
		}
	}
	out.Organisation = person[organisation]
	out.Name = nameIn(&person, &out)
	return out
}

// nameIn gives the name of a row: of its own column, made of its parts, or, as
// address books show an entry that has neither, the first address.
func nameIn(person *[kinds]string, c *Contact) string {
	name := person[full]
	if name == "" {
		name = joined(person[prefix], person[first], person[middle], person[last], person[suffix])
	}
	if name == "" {
		name = person[filed]
	}
	if name == "" && c.Organisation == "" && len(c.Emails) > 0 {
		name = c.Emails[0]
	}
	return name
}

// joint is how Google joins several values of a cell.
const joint = " ::: "

// several cuts a cell of mail addresses. Names before angle brackets go.
func several(cell string) []string {
	if strings.Count(cell, "@") < 2 {
		return []string{cell}
	}
	return strings.FieldsFunc(strings.ReplaceAll(cell, joint, ";"), func(r rune) bool { return strings.ContainsRune(",;|\n\r\t", r) })
}
