package main

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"

	"kaveri/crm"
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
	text, charset, err := toUTF8(data)
	if err != nil {
		return customerList{}, err
	}
	comma, name := delimiter(text)
	reader := func(text string) *csv.Reader {
		r := csv.NewReader(strings.NewReader(text))
		r.Comma, r.FieldsPerRecord, r.LazyQuotes = comma, -1, comma == '\t'
		return r
	}
	r := reader(text)
	head, err := r.Read()
	if err != nil {
		return customerList{}, crm.Invalid("file", "the file has no header row; the first row must name the columns, such as name and email")
	}
	cols, err := columnsOf(head)
	if err != nil {
		return customerList{}, err
	}
	list := customerList{seen: fmt.Sprintf("%s, %s-separated; %s", charset, name, cols.describe(head))}
	before, rest := 0, text // lines before what r reads, and that
	for {
		cells, err := r.Read()
		if errors.Is(err, io.EOF) {
			return list, nil
		}
		list.total++
		var broken *csv.ParseError
		if errors.As(err, &broken) {
			// An unclosed quote swallows the rows after it: only its own line is
			// bad, and reading goes on with the next.
			line, after := lineAt(rest, broken.StartLine)
			list.bad = append(list.bad, badRow{before + broken.StartLine, "the row cannot be read: " + broken.Err.Error(), []string{line}})
			before, rest = before+broken.StartLine, after
			r = reader(rest)
			continue
		}
		if err != nil {
			return list, err
		}
		line, _ := r.FieldPos(0)
		line += before
		c, err := cols.customer(cells, internal)
		if err != nil {
			list.bad = append(list.bad, badRow{line, sentence(err), cells})
			continue
		}
		list.rows = append(list.rows, c)
	}
}

// lineAt gives the n-th line of text, from 1, and what follows it.
func lineAt(text string, n int) (line, after string) {
	for ; n > 0; n-- {
		line, after, _ = strings.Cut(text, "\n")
		text = after
	}
	return strings.TrimSuffix(line, "\r"), after
}

// toUTF8 guesses the charset: a byte order mark says it, what is valid UTF-8
// is UTF-8, and the rest comes from Windows in Western Europe.
func toUTF8(data []byte) (text, charset string, err error) {
	switch {
	case bytes.HasPrefix(data, []byte("\xef\xbb\xbf")):
		data = data[3:]
	case bytes.HasPrefix(data, []byte("\xff\xfe")), bytes.HasPrefix(data, []byte("\xfe\xff")):
		b, err := unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewDecoder().Bytes(data)
		return string(b), "UTF-16", err
	}
	if bytes.IndexByte(data, 0) >= 0 {
		return "", "", crm.Invalid("file", "this is not a text file; export the list as CSV")
	}
	if utf8.Valid(data) {
		return string(data), "UTF-8", nil
	}
	b, err := charmap.Windows1252.NewDecoder().Bytes(data)
	return string(b), "windows-1252", err
}

// delimiter is the one that the header has most of, outside quotes.
func delimiter(text string) (rune, string) {
	head, _, _ := strings.Cut(text, "\n")
	count := map[rune]int{}
	quoted := false
	for _, c := range head {
		if c == '"' {
			quoted = !quoted
		}
		if !quoted {
			count[c]++
		}
	}
	switch {
	case count['\t'] > 0:
		return '\t', "tab"
	case count[';'] > 0 && count[';'] >= count[',']:
		return ';', "semicolon"
	}
	return ',', "comma"
}

// columns says which columns hold what.
type columns struct{ name, first, last, organisation, address, phone []int }

// columnWords are the names of columns, folded, in the order of preference.
var columnWords = struct{ name, first, last, organisation, address, weakAddress, phone []string }{
	name:         []string{"name", "full name", "display name", "contact", "contact name", "contact person", "customer", "customer name", "nimi", "asiakas", "asiakkaan nimi", "yhteyshenkilo", "namn", "kund", "kontaktperson", "kunde", "ansprechpartner"},
	first:        []string{"first name", "firstname", "given name", "etunimi", "fornamn", "vorname"},
	last:         []string{"last name", "lastname", "surname", "family name", "sukunimi", "efternamn", "nachname"},
	organisation: []string{"organisation", "organization", "company", "company name", "organisation name", "organization name", "firm", "account", "account name", "yritys", "yrityksen nimi", "organisaatio", "firma", "foretag", "unternehmen"},
	address:      []string{"email", "emails", "e mail", "e mails", "email address", "email addresses", "e mail address", "e mail addresses", "mail", "sahkoposti", "sahkopostit", "sahkopostiosoite", "sahkopostiosoitteet", "epost", "e post", "epostadress", "e postadress", "e mail adresse", "email adresse"},
	weakAddress:  []string{"address", "addresses", "osoite", "osoitteet", "adress", "adresse"}, // mail or street: used when nothing says e-mail
	phone:        []string{"phone", "phones", "phone number", "telephone", "tel", "mobile", "mobile phone", "gsm", "puhelin", "puhelinnumero", "matkapuhelin", "telefon", "mobil", "handy"},
}

func columnsOf(head []string) (columns, error) {
	var c columns
	var weak []int
	for i, h := range head {
		if strings.Contains(h, "@") {
			return c, crm.Invalid("file", "the first row must name the columns, such as name and email; here it holds an address already")
		}
		h = strings.Join(crm.Tokens(h), " ")
		// Exports number their columns: "E-mail 2 - Value", "Phone 1".
		h = strings.TrimSpace(strings.TrimRight(strings.TrimSuffix(h, " value"), " 0123456789"))
		for _, k := range []struct {
			words []string
			to    *[]int
		}{{columnWords.name, &c.name}, {columnWords.first, &c.first}, {columnWords.last, &c.last}, {columnWords.organisation, &c.organisation},
			{columnWords.address, &c.address}, {columnWords.weakAddress, &weak}, {columnWords.phone, &c.phone}} {
			if slices.Contains(k.words, h) {
				*k.to = append(*k.to, i)
				break
			}
		}
	}
	if len(c.address) == 0 {
		c.address = weak
	}
	if len(c.address) == 0 {
		return c, crm.Invalid("file", "no column is named email or addresses; the columns are: %s", shorten(printable(strings.Join(head, ", ")), 200))
	}
	return c, nil
}

// describe says which column was taken for what.
func (c columns) describe(head []string) string {
	var out []string
	for _, k := range []struct {
		what string
		at   []int
	}{{"name", c.name}, {"first name", c.first}, {"last name", c.last}, {"organisation", c.organisation}, {"addresses", c.address}, {"phones", c.phone}} {
		var names []string
		for _, i := range k.at {
			names = append(names, printable(strings.TrimSpace(head[i])))
		}
		if len(names) > 0 {
			out = append(out, k.what+" from "+strings.Join(names, ", "))
		}
	}
	return strings.Join(out, "; ")
}

// customer reads a row. A row with anything wrong is kept aside whole: mended
// and imported again it meets itself by its addresses.
func (c columns) customer(cells []string, internal func(crm.Address) bool) (store.CustomerImport, error) {
	first := func(at []int) string {
		for _, i := range at {
			if i < len(cells) && strings.TrimSpace(cells[i]) != "" {
				return strings.TrimSpace(cells[i])
			}
		}
		return ""
	}
	out := store.CustomerImport{Name: first(c.name), Organisation: first(c.organisation)}
	if out.Name == "" {
		out.Name = strings.TrimSpace(first(c.first) + " " + first(c.last))
	}
	for _, i := range c.address {
		if i >= len(cells) {
			continue
		}
		for _, s := range strings.FieldsFunc(cells[i], func(r rune) bool { return strings.ContainsRune(",;|\n\r\t ", r) }) {
			if s == ":::" { // how Google joins several
				continue
			}
			a, err := crm.ParseAddress(s)
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
	for _, i := range c.phone {
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
