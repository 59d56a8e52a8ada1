package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"kaveri/crm"
	"kaveri/crm/sheet"
	"kaveri/insight"
)

// maxOrders bounds a file of orders, in bytes.
const maxOrders = 4 << 30

// maxBadRows bounds how many bad rows are named one by one.
const maxBadRows = 1000

// orderFile is a file of orders as it was read.
type orderFile struct {
	ids      []string  // of the customers, as they first appear
	since    []crm.Day // the earliest row of each
	orders   []insight.Order
	counting insight.Counting
	bad      int
}

// readOrders reads a file of orders. A row that cannot be used is named on
// standard error and left out.
func (p *program) readOrders(ctx context.Context, name string, o orderFlags) (*orderFile, error) {
	zone, err := o.zoneOf()
	if err != nil {
		return nil, err
	}
	data, err := p.readFile(ctx, name, maxOrders)
	if err != nil {
		return nil, err
	}
	return p.parseOrders(data, zone, !insight.Counting(o.paidOnly))
}

func (p *program) parseOrders(data []byte, zone *time.Location, counting insight.Counting) (*orderFile, error) {
	r, err := sheet.NewReader(bytes.NewReader(data))
	if err != nil {
		return nil, ordersHeader(err)
	}
	columns, err := orderColumns(r.Head())
	if err != nil {
		return nil, err
	}
	f := &orderFile{counting: counting}
	known := map[string]int32{}
	for {
		row, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		if len(row.Cells) == 0 {
			continue
		}
		err = f.add(row, columns, zone, known)
		if err != nil {
			if f.bad++; f.bad <= maxBadRows {
				p.notef("kaveri: row %d: %s\n", row.Number, sentence(err))
			}
		}
	}
	if f.bad > maxBadRows {
		p.notef("kaveri: and %s more\n", plural(f.bad-maxBadRows, "row", "rows"))
	}
	if f.bad > 0 && len(f.orders) == 0 {
		return nil, failure("no row of %d could be read", f.bad)
	}
	return f, nil
}

// ordersHeader says of a file without a header which one it needs.
func ordersHeader(err error) error {
	if crm.KindOf(err) != crm.KindInvalid {
		return err
	}
	return crm.Invalid("file", "the file has no header row; the first row must name the columns customer, date and amount")
}

// orderTitles are the columns of a file of orders.
var orderTitles = [3]string{"customer", "date", "amount"}

// orderColumns finds the columns by their titles.
func orderColumns(head []string) (at [3]int, err error) {
	for i, title := range orderTitles {
		at[i] = slices.IndexFunc(head, func(h string) bool { return strings.EqualFold(h, title) })
		if at[i] < 0 {
			return at, crm.Invalid("file", "the header has no column %s; it must name customer, date and amount", title)
		}
	}
	return at, nil
}

// add takes a row.
func (f *orderFile) add(row sheet.Row, columns [3]int, zone *time.Location, known map[string]int32) error {
	if row.Problem != "" {
		return crm.Invalid("row", "%s", row.Problem)
	}
	var cells [3]string
	for i, at := range columns {
		if at < len(row.Cells) {
			cells[i] = strings.TrimSpace(row.Cells[at])
		}
		if cells[i] == "" {
			return crm.Invalid(orderTitles[i], "it is empty")
		}
	}
	day, err := parseDay(cells[1], zone)
	if err != nil {
		return err
	}
	net, err := parseAmount(cells[2])
	if err != nil {
		return err
	}
	customer, ok := known[cells[0]]
	if !ok {
		customer = int32(len(f.ids))
		id := strings.Clone(cells[0])
		known[id] = customer
		f.ids, f.since = append(f.ids, id), append(f.since, day)
	}
	f.since[customer] = min(f.since[customer], day)
	f.orders = append(f.orders, insight.Order{Customer: customer, Day: day, Net: net})
	return nil
}

// histories sorts the orders into events.
func (f *orderFile) histories() *insight.Histories {
	return insight.Collect(f.orders, len(f.ids), f.counting)
}

// outcome is how a verb ends that has answered from the rows that were good.
func (f *orderFile) outcome() error {
	if f.bad > 0 {
		return partly("%s could not be read and %s left out", plural(f.bad, "row", "rows"), wasWere(f.bad))
	}
	return nil
}

func wasWere(n int) string {
	if n == 1 {
		return "was"
	}
	return "were"
}

// parseAmount reads a number with a decimal point or comma, without signs of
// thousands.
func parseAmount(s string) (float64, error) {
	plain := s
	if i := strings.IndexByte(s, ','); i >= 0 && !strings.Contains(s, ".") && len(s)-i-1 != 3 { // 1,234 could be either
		plain = s[:i] + "." + s[i+1:]
	}
	f, err := strconv.ParseFloat(plain, 64)
	if err != nil || math.IsNaN(f) || math.IsInf(f, 0) || strings.ContainsAny(plain, "xX_pPnN") {
		return 0, crm.Invalid("amount", "%q is not a number such as 12.50", s)
	}
	return f, nil
}

// parseDay reads a date of ISO 8601, alone or with a time. A time with an offset
// is brought to the zone; without a zone the day counts that is written.
func parseDay(s string, zone *time.Location) (crm.Day, error) {
	date, clock, timed := cutTime(s)
	t, ok := parseDate(date)
	if ok && timed {
		var at time.Time
		if at, ok = parseClock(clock); ok && zone != nil && hasOffset(clock) {
			_, offset := at.Zone()
			wall := time.Date(t.Year(), t.Month(), t.Day(), at.Hour(), at.Minute(), at.Second(), 0, time.FixedZone("", offset))
			t = wall.In(zone)
		}
	}
	if !ok {
		return 0, crm.Invalid("date", "%q is not a date such as 2026-03-31", s)
	}
	return crm.DayOf(t), nil
}

// cutTime parts a date from the time behind it.
func cutTime(s string) (date, clock string, timed bool) {
	if i := strings.IndexAny(s, "T t"); i >= 0 {
		return s[:i], strings.ReplaceAll(s[i+1:], " ", ""), true
	}
	return s, "", false
}

func parseDate(s string) (time.Time, bool) {
	if strings.ContainsAny(s, "Ww") {
		return parseWeekDate(s)
	}
	for _, layout := range []string{time.DateOnly, "20060102", "2006-002", "2006002"} {
		if len(layout) == len(s) {
			t, err := time.Parse(layout, s)
			if err == nil {
				return t, true
			}
		}
	}
	return time.Time{}, false
}

// parseWeekDate reads 2026-W13-2 and 2026W132: week and day of the week.
func parseWeekDate(s string) (time.Time, bool) {
	digits := strings.ReplaceAll(strings.ToUpper(s), "-", "")
	if len(digits) != 8 || digits[4] != 'W' {
		return time.Time{}, false
	}
	year, err1 := strconv.ParseUint(digits[:4], 10, 16)
	week, err2 := strconv.ParseUint(digits[5:7], 10, 8)
	day, err3 := strconv.ParseUint(digits[7:], 10, 8)
	if err1 != nil || err2 != nil || err3 != nil || week == 0 || day == 0 || day > 7 {
		return time.Time{}, false
	}
	fourth := time.Date(int(year), time.January, 4, 0, 0, 0, 0, time.UTC) // always in week 1
	monday := fourth.AddDate(0, 0, -(int(fourth.Weekday())+6)%7)
	t := monday.AddDate(0, 0, 7*int(week-1)+int(day-1))
	y, w := t.ISOWeek()
	return t, y == int(year) && w == int(week)
}

// clockLayouts are the times that may stand behind a date; fractions of seconds
// are read too.
var clockLayouts = []string{
	"15:04:05", "15:04:05Z07:00", "15:04", "15:04Z07:00", "15:04:05Z0700", "15:04:05Z07", "15:04Z0700", "15:04Z07",
	"150405", "150405Z0700", "150405Z07:00", "150405Z07", "1504", "1504Z0700", "1504Z07:00", "1504Z07", "15", "15Z07:00", "15Z07",
}

func parseClock(s string) (time.Time, bool) {
	for _, layout := range clockLayouts {
		if t, err := time.Parse(layout, strings.ToUpper(s)); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}

func hasOffset(clock string) bool { return strings.ContainsAny(clock, "Zz+-") }
