package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"kaveri/crm"
	"kaveri/crm/sheet"
	"kaveri/store"
)

// customerList is a list of customers as it was read.
type customerList struct {
	rows  []store.CustomerImport
	bad   []badRow
	seen  string // how the file was understood, for people
	total int    // rows without the header
}

// badRow is a row that is kept aside.
type badRow struct {
	line   int // in the file, 1 is the header
	reason string
	cells  []string
}

// readCustomers reads a CSV or TSV file. The header names the columns, in
// English, Finnish, Swedish or German; delimiter and charset are guessed.
// internal reports addresses of the firm itself.
func readCustomers(data []byte, internal func(crm.Address) bool) (customerList, error) {
	r, err := sheet.NewReader(bytes.NewReader(data))
	if err != nil {
		return customerList{}, err
	}
	cols, err := sheet.ColumnsOf(r.Head())
	if err != nil {
		return customerList{}, err
	}
	list := customerList{seen: fmt.Sprintf("%s; %s", r.Guess(), printable(cols.Describe(r.Head())))}
	for {
		row, err := r.Next()
		if errors.Is(err, io.EOF) {
			return list, nil
		}
		if err != nil {
			return list, err
		}
		if len(row.Cells) == 0 {
			continue
		}
		list.total++
		if row.Problem != "" {
			list.bad = append(list.bad, badRow{row.Line, "the row cannot be read: " + row.Problem, row.Cells})
			continue
		}
		c, err := customerOf(&cols, row.Cells, internal)
		if err != nil {
			list.bad = append(list.bad, badRow{row.Line, sentence(err), row.Cells})
			continue
		}
		list.rows = append(list.rows, c)
	}
}

// customerOf reads a row. A row with anything wrong is kept aside whole: mended
// and imported again it meets itself by its addresses.
func customerOf(c *sheet.Columns, cells []string, internal func(crm.Address) bool) (store.CustomerImport, error) {
	out := store.CustomerImport{Name: c.Person(cells), Organisation: c.First(sheet.Organisation, cells)}
	for _, i := range c[sheet.Address] {
		if i >= len(cells) {
			continue
		}
		for _, s := range strings.FieldsFunc(cells[i], func(r rune) bool { return strings.ContainsRune(",;|\n\r\t ", r) }) {
			if s == ":::" { // how Google joins several
				continue
			}
			a, err := writtenAddress(s)
			if err != nil {
				return out, err
			}
			if internal(a) {
				return out, crm.Invalid("address", "%s is one of your own addresses", a)
			}
			if !slices.Contains(out.Addresses, a) {
				out.Addresses = append(out.Addresses, a)
			}
		}
	}
	for _, i := range c[sheet.Phone] {
		if i < len(cells) {
			for _, s := range strings.FieldsFunc(cells[i], func(r rune) bool { return strings.ContainsRune(",;|\n\r\t", r) }) {
				if s = strings.TrimSpace(s); s != "" && s != ":::" {
					out.Phones = append(out.Phones, s)
				}
			}
		}
	}
	if len(out.Addresses) == 0 {
		return out, crm.Invalid("address", "the row has no mail address")
	}
	return out, nil
}
