package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"
	"unicode"

	"kaveri/crm"
)

// printJSON prints one document, or one line of JSON Lines.
func (p *program) printJSON(v any) error {
	e := json.NewEncoder(p.stdout)
	e.SetEscapeHTML(false)
	return e.Encode(v)
}

func (p *program) printf(format string, args ...any) { fmt.Fprintf(p.stdout, format, args...) }

// notef prints a remark for people, beside the data.
func (p *program) notef(format string, args ...any) { fmt.Fprintf(p.stderr, format, args...) }

// jsonTime is RFC 3339 in UTC, null for the zero time.
type jsonTime time.Time

// MarshalJSON writes the time.
func (t jsonTime) MarshalJSON() ([]byte, error) {
	if time.Time(t).IsZero() {
		return []byte("null"), nil
	}
	return []byte(strconv.Quote(time.Time(t).UTC().Format(time.RFC3339))), nil
}

// when tells people a time, in the firm's zone as the pages do; without a database,
// in the machine's. "-" is the zero time.
func (p *program) when(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return t.In(p.place()).Format("2006-01-02 15:04")
}

// dayOf tells people on which day a time is.
func (p *program) dayOf(t time.Time) string { return t.In(p.place()).Format(time.DateOnly) }

func (p *program) place() *time.Location { return cmp.Or(p.zone, time.Local) }

// party is a name with an address in JSON.
type party struct {
	Name    string `json:"name"`
	Address string `json:"address"`
}

func partyOf(q crm.Party) party { return party{q.Name, addressOf(q)} }

// addressOf gives the address as matched, or as written when it is none.
func addressOf(q crm.Party) string {
	if q.Address != "" {
		return string(q.Address)
	}
	return q.Written
}

func partiesOf(qs []crm.Party) []party {
	out := make([]party, len(qs))
	for i, q := range qs {
		out[i] = partyOf(q)
	}
	return out
}

// orEmpty keeps null out of JSON where a list is meant.
func orEmpty[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

// printable makes foreign text fit for a terminal: one line, no control
// characters (mail must not move the cursor or set a title), no bidi overrides.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case unicode.IsControl(r), r >= 0x202A && r <= 0x202E, r >= 0x2066 && r <= 0x2069, r == 0xFEFF:
			return -1
		}
		return r
	}, s)
}

// shorten cuts to n runes.
func shorten(s string, n int) string {
	r := []rune(s)
	if len(r) <= n {
		return s
	}
	return string(r[:n-1]) + "…"
}

// table prints rows under a head, in columns.
type table struct {
	p      *program
	w      *tabwriter.Writer
	widest int // cell, in characters
}

// The widest cells: on a terminal lines should not break, elsewhere nothing should
// be missing.
const (
	shortCell = 60
	wholeCell = 2000
)

func (p *program) table(head ...string) table { return p.tableOn(p.stdout, head...) }

func (p *program) tableOn(w io.Writer, head ...string) table {
	t := table{p, tabwriter.NewWriter(w, 0, 0, 2, ' ', 0), wholeCell}
	if isTerminal(w) {
		t.widest = shortCell
	}
	t.row(toAny(head)...)
	return t
}

// listing prints a list: each entry as a line of JSON Lines, or as a row.
type listing struct {
	p *program
	t table
}

func (p *program) listing(head ...string) listing {
	if p.json {
		return listing{p: p}
	}
	return listing{p, p.table(head...)}
}

// entry prints one entry: j in JSON, the cells in a table.
func (l listing) entry(j any, cells ...any) error {
	if l.p.json {
		return l.p.printJSON(j)
	}
	l.t.row(cells...)
	return nil
}

func (l listing) end() error {
	if l.p.json {
		return nil
	}
	return l.t.end()
}

func toAny(list []string) []any {
	out := make([]any, len(list))
	for i, s := range list {
		out[i] = s
	}
	return out
}

func (t table) row(cells ...any) {
	for i, c := range cells {
		if i > 0 {
			io.WriteString(t.w, "\t")
		}
		if at, ok := c.(time.Time); ok {
			c = t.p.when(at)
		}
		io.WriteString(t.w, cellOf(c, t.widest))
	}
	io.WriteString(t.w, "\n")
}

func (t table) end() error { return t.w.Flush() }

func cell(c any) string { return cellOf(c, shortCell) }

func cellOf(c any, widest int) string {
	switch c := c.(type) {
	case bool:
		if c {
			return "yes"
		}
		return "no"
	case string:
		if c == "" {
			return "-"
		}
		return shorten(printable(c), widest)
	}
	return printable(fmt.Sprint(c))
}

// eachPage goes through the pages of a list and calls do for each entry. read
// gives a page and the key of the next one, zero at the end.
func eachPage[T any](read func(crm.PageKey) ([]T, crm.PageKey, error), do func(T) error) error {
	for page := (crm.PageKey{}); ; {
		list, next, err := read(page)
		if err != nil {
			return err
		}
		for _, one := range list {
			if err := do(one); err != nil {
				return err
			}
		}
		if len(list) == 0 || next == (crm.PageKey{}) {
			return nil
		}
		page = next
	}
}

// bytesOf names a size for people.
func bytesOf(n int64) string {
	switch {
	case n < 1000:
		return fmt.Sprintf("%d B", n)
	case n < 1000_000:
		return fmt.Sprintf("%.1f kB", float64(n)/1e3)
	case n < 1000_000_000:
		return fmt.Sprintf("%.1f MB", float64(n)/1e6)
	}
	return fmt.Sprintf("%.1f GB", float64(n)/1e9)
}

// plural joins a count and its noun.
func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return strconv.Itoa(n) + " " + many
}

// round keeps numbers in tables short.
func round(f float64) string {
	if f >= 100 {
		return strconv.FormatFloat(f, 'f', 0, 64)
	}
	return strconv.FormatFloat(f, 'f', 1, 64)
}
