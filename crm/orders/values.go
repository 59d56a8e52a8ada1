package orders

import (
	"cmp"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode"

	"kaveri/crm"
)

// Dates says in which order the parts of a date stand.
type Dates string

// The orders.
const (
	DatesUnknown Dates = ""
	YearFirst    Dates = "year-month-day"
	DayFirst     Dates = "day.month.year"
	MonthFirst   Dates = "month/day/year"
)

// ParseDates reads the name of an order of parts, or its initials.
func ParseDates(s string) (Dates, error) {
	switch strings.ToLower(strings.TrimSpace(s)) {
	case "ymd", string(YearFirst):
		return YearFirst, nil
	case "dmy", string(DayFirst):
		return DayFirst, nil
	case "mdy", string(MonthFirst):
		return MonthFirst, nil
	}
	return "", crm.Invalid("dates", "%q is unknown; write ymd, dmy or mdy", s)
}

// numericDate is a date in digits, with what follows it.
var numericDate = regexp.MustCompile(`^(\d{1,4})([-./ ])(\d{1,2})([-./ ])(\d{1,4})\.?(.*)$`)

// dateSeen keeps what all dates of a column leave possible.
type dateSeen struct {
	day, month bool // one cannot be a month first, or a day first
	year, any  bool
	dots       bool // between its parts
}

// see takes one cell into account.
func (d *dateSeen) see(cell string) {
	m := numericDate.FindStringSubmatch(strings.TrimSpace(cell))
	if m == nil {
		return
	}
	d.any = true
	d.dots = d.dots || m[2] == "."
	first, _ := strconv.Atoi(m[1])
	second, _ := strconv.Atoi(m[3])
	switch {
	case len(m[1]) > 2:
		d.year = true
	case first > 12:
		d.day = true
	case second > 12:
		d.month = true
	}
}

// dates gives the order that fits all; where both do, dots and dashes stand
// between a day and a month in most of the world, and the caller is told that it
// is a guess.
func (d *dateSeen) dates() (order Dates, sure bool) {
	switch {
	case d.year && !d.day && !d.month:
		return YearFirst, true
	case d.day && !d.month:
		return DayFirst, true
	case d.month && !d.day:
		return MonthFirst, true
	}
	return DayFirst, !d.any
}

// words are forms of dates with the name of the month.
var worded = []string{"2 Jan 2006", "Jan 2, 2006", "January 2, 2006", "2 January 2006", "2-Jan-2006", "2-Jan-06", "Mon, 2 Jan 2006"}

// clocks are forms of the time of day.
var clocks = []string{"15:04:05.999999999Z07:00", "15:04:05Z0700", "15:04:05 Z0700", "15:04:05 MST", "15:04:05.999999999", "15:04:05", "15.04.05", "15:04", "15.04", "3:04:05 PM", "3:04 PM", "3:04PM", "15"}

// parseDate reads a date with or without time of day; without a zone it is of
// the firm's.
func parseDate(s string, order Dates, zone *time.Location) (time.Time, bool) {
	s = strings.TrimSpace(s)
	if m := numericDate.FindStringSubmatch(s); m != nil {
		y, mo, d := m[1], m[3], m[5]
		switch {
		case len(m[1]) > 2: // the year first, whatever the others are
		case order == MonthFirst:
			y, mo, d = m[5], m[1], m[3]
		default:
			y, mo, d = m[5], m[3], m[1]
		}
		day, ok := calendarDay(y, mo, d)
		if !ok {
			return time.Time{}, false
		}
		return withClock(day, m[6], zone)
	}
	if n, err := strconv.ParseInt(s, 10, 64); err == nil {
		return numberedDate(s, n, zone)
	}
	for _, form := range worded {
		if t, err := time.ParseInLocation(form, s, zone); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}

// calendarDay gives a day that is in the calendar.
func calendarDay(y, m, d string) (time.Time, bool) {
	year, _ := strconv.Atoi(y)
	month, _ := strconv.Atoi(m)
	day, _ := strconv.Atoi(d)
	switch {
	case len(y) == 2 && year < 70:
		year += 2000
	case len(y) == 2:
		year += 1900
	case len(y) != 4:
		return time.Time{}, false
	}
	t := time.Date(year, time.Month(month), day, 0, 0, 0, 0, time.UTC)
	return t, t.Year() == year && int(t.Month()) == month && t.Day() == day
}

// withClock adds the time of day that stands behind a day.
func withClock(day time.Time, rest string, zone *time.Location) (time.Time, bool) {
	rest = strings.TrimSpace(rest)
	if r, ok := strings.CutPrefix(rest, "T"); ok && r != "" {
		rest = r
	}
	rest = strings.TrimSpace(strings.TrimPrefix(strings.TrimPrefix(rest, "klo"), ","))
	if rest == "" {
		return time.Date(day.Year(), day.Month(), day.Day(), 0, 0, 0, 0, zone), true
	}
	for _, form := range clocks {
		if t, err := time.ParseInLocation("2006-01-02 "+form, day.Format("2006-01-02 ")+strings.ToUpper(rest), zone); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}

// numberedDate reads what programs write as one number: 20260131, days since
// 1899-12-30 as spreadsheets count, seconds since 1970.
func numberedDate(s string, n int64, zone *time.Location) (time.Time, bool) {
	switch {
	case len(s) == 8:
		day, ok := calendarDay(s[:4], s[4:6], s[6:])
		return time.Date(day.Year(), day.Month(), day.Day(), 0, 0, 0, 0, zone), ok
	case len(s) == 5 && n > 20_000:
		return time.Date(1899, 12, 30+int(n), 0, 0, 0, 0, zone), true
	case len(s) == 10 && n > 0:
		return time.Unix(n, 0).UTC(), true
	}
	return time.Time{}, false
}

// amountSeen keeps what all amounts of a table say about the decimal sign.
type amountSeen struct {
	comma, point             int    // amounts that can only be read with one of them
	eitherComma, eitherPoint string // the first 1,234 and 1.234, which can be read with both
}

// see takes one cell into account.
func (a *amountSeen) see(cell string) {
	s := bareAmount(cell)
	c, p := strings.LastIndexByte(s, ','), strings.LastIndexByte(s, '.')
	switch {
	case c < 0 && p < 0:
	case c >= 0 && p >= 0 && c > p: // 1.234,56
		a.comma++
	case c >= 0 && p >= 0:
		a.point++
	case c >= 0 && strings.Count(s, ",") > 1:
		a.point++
	case p >= 0 && strings.Count(s, ".") > 1:
		a.comma++
	case groups(s, max(c, p)) && c >= 0:
		a.eitherComma = cmp.Or(a.eitherComma, s)
	case groups(s, max(c, p)):
		a.eitherPoint = cmp.Or(a.eitherPoint, s)
	case c >= 0:
		a.comma++
	default:
		a.point++
	}
}

// groups reports that the only sign of an amount, at i, may stand before a group of
// three digits: 1,234, but neither 0,234 nor 12,50.
func groups(s string, i int) bool {
	return len(s)-i-1 == 3 && leads(s[:i])
}

// leads reports digits that may stand before a group.
func leads(s string) bool {
	s = strings.TrimPrefix(s, "-")
	return len(s) >= 1 && len(s) <= 3 && s[0] != '0'
}

// mixed reports that some amounts can only have a decimal comma, others only a point.
func (a *amountSeen) mixed() bool { return a.comma > 0 && a.point > 0 }

// open gives an amount that can be read with both signs, where no other tells which;
// "" when there is none.
func (a *amountSeen) open() string {
	if a.comma > 0 || a.point > 0 {
		return ""
	}
	return cmp.Or(a.eitherComma, a.eitherPoint)
}

// finer gives an amount that has three decimals when read with this sign.
func (a *amountSeen) finer(sign byte) string {
	if sign == ',' {
		return a.eitherComma
	}
	return a.eitherPoint
}

// decimal gives the decimal sign that most amounts have. Where they do not tell,
// what stands between them and in their dates does: with semicolons between columns
// and dots in dates, as in most of Europe, the comma is the decimal sign.
func (a *amountSeen) decimal(european bool) byte {
	switch {
	case a.comma > a.point:
		return ','
	case a.point > a.comma:
		return '.'
	case european:
		return ','
	}
	return '.'
}

// minuses are the signs that stand for a minus. One replacer is made for all: to make
// it takes longer than to use it.
var minuses = strings.NewReplacer("\u2212", "-", "\u2013", "-")

// bareAmount gives an amount without currency, spaces and other dress; one in
// parentheses is below zero, as accountants write.
func bareAmount(cell string) string {
	s := strings.TrimSpace(cell)
	inner, open := strings.CutPrefix(s, "(")
	inner, closed := strings.CutSuffix(inner, ")")
	negative := open && closed
	if negative {
		s = inner
	}
	s = minuses.Replace(s)
	sign := ""
	if rest, ok := strings.CutPrefix(s, "-"); ok {
		sign, s = "-", rest
	}
	s = strings.TrimLeftFunc(s, dress)
	s = strings.TrimLeft(strings.TrimPrefix(s, ". "), " ") // "kr. 12"
	s = sign + strings.TrimRightFunc(strings.TrimRight(strings.TrimSpace(s), "."), dress)
	s = strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || r == '\'' || r == '\u2019' {
			return -1
		}
		return r
	}, s)
	if whole, ok := strings.CutSuffix(s, ",-"); ok { // 5,- as prices are written
		s = whole
	}
	if minus, ok := strings.CutSuffix(s, "-"); ok { // 5.00- as some registers print it
		s = "-" + minus
	}
	s = strings.TrimRight(s, ".,")
	if negative {
		s = "-" + strings.TrimPrefix(s, "-")
	}
	return s
}

// dress is what stands around an amount: a currency by its sign or letters.
func dress(r rune) bool {
	return unicode.IsSpace(r) || unicode.Is(unicode.Sc, r) || unicode.IsLetter(r)
}

// plainDecimal makes of an amount one that [crm.ParseMoney] reads.
func plainDecimal(cell string, sign byte) string {
	s := bareAmount(cell)
	if s == "" || s == "-" {
		return cell
	}
	group := ","
	if sign == ',' {
		group = "."
	}
	i := strings.IndexByte(s, sign)
	if i < 0 {
		i = len(s)
	}
	if strings.Contains(s[i:], group) || !inThrees(s[:i], group) {
		return cell // the sign is wrong, or it is no amount
	}
	return strings.ReplaceAll(s[:i], group, "") + strings.Replace(s[i:], string(sign), ".", 1)
}

// inThrees reports that behind each sign of groups stand two digits at least, and
// three behind the last: 1,234 and, as in India, 12,34,567, but not 13,75.
func inThrees(s, group string) bool {
	parts := strings.Split(s, group)
	for i, part := range parts[1:] {
		if n := len(part); n != 3 && (n != 2 || i == len(parts)-2) {
			return false
		}
	}
	return len(parts) == 1 || leads(parts[0])
}

// states are what shops call orders that were called off before they were paid
// for. All other words stand for one that counts.
var states = map[string]crm.OrderState{"cancelled": crm.OrderCancelled, "canceled": crm.OrderCancelled, "voided": crm.OrderCancelled, "failed": crm.OrderCancelled,
	"pending": crm.OrderCancelled, "draft": crm.OrderCancelled, "checkout-draft": crm.OrderCancelled, "trash": crm.OrderCancelled, "expired": crm.OrderCancelled, "unpaid": crm.OrderCancelled,
	"peruttu": crm.OrderCancelled, "peruutettu": crm.OrderCancelled, "keskeytetty": crm.OrderCancelled, "avbruten": crm.OrderCancelled, "annullerad": crm.OrderCancelled, "storniert": crm.OrderCancelled, "abgebrochen": crm.OrderCancelled}

// stateOf reads what a shop says about an order.
func stateOf(s string) crm.OrderState {
	if state, ok := states[strings.ToLower(strings.TrimPrefix(strings.TrimSpace(s), "wc-"))]; ok {
		return state
	}
	return crm.OrderPlaced
}
