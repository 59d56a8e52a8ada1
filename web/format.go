package web

import (
	"fmt"
	"math"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	// Kaveri runs where no time zones are installed.
	_ "time/tzdata"

	"kaveri/crm"
)

// clock writes times in the firm's zone and the reader's language, seen from now.
type clock struct {
	loc  *time.Location
	lang string
	now  time.Time
}

func newClock(lang string, f *crm.Firm, now time.Time) clock {
	return clock{loc: f.Zone(), lang: lang, now: now.In(f.Zone())}
}

// Stamp is a time ready for a page.
type Stamp struct {
	ISO  string // for <time datetime>
	Text string // short: "14:05", "yesterday at 9:12", "17 Nov"
	Full string // the whole date and time
}

// Zero reports that there is no time to show.
func (s Stamp) Zero() bool { return s.ISO == "" }

func (c clock) word(k Key) string { s, _ := say(c.lang, k); return s }

// days counts calendar days from t to now in the firm's zone.
func (c clock) days(t time.Time) int {
	day := func(t time.Time) time.Time {
		y, m, d := t.In(c.loc).Date()
		return time.Date(y, m, d, 12, 0, 0, 0, time.UTC)
	}
	return int(day(c.now).Sub(day(t)).Hours() / 24)
}

func (c clock) month(m time.Month) string { return strings.Fields(c.word("date.months"))[m-1] }

func (c clock) hour(t time.Time) string {
	if c.lang == "fi" {
		return t.Format("15.04")
	}
	return t.Format("15:04")
}

// date writes the day; with the year when it is not this one.
func (c clock) date(t time.Time) string {
	switch {
	case c.lang == "fi" && t.Year() == c.now.Year():
		return fmt.Sprintf("%d.%d.", t.Day(), t.Month())
	case c.lang == "fi":
		return fmt.Sprintf("%d.%d.%d", t.Day(), t.Month(), t.Year())
	case t.Year() == c.now.Year():
		return fmt.Sprintf("%d %s", t.Day(), c.month(t.Month())[:3])
	}
	return fmt.Sprintf("%d %s %d", t.Day(), c.month(t.Month())[:3], t.Year())
}

func (c clock) full(t time.Time) string {
	weekday := strings.Fields(c.word("date.weekdays-on"))[t.Weekday()]
	if c.lang == "fi" {
		return fmt.Sprintf("%s %d. %s %d klo %s", weekday, t.Day(), c.month(t.Month()), t.Year(), c.hour(t))
	}
	return fmt.Sprintf("%s %d %s %d at %s", weekday, t.Day(), c.month(t.Month()), t.Year(), c.hour(t))
}

// stamp writes a time for a list: the hour when it is today or yesterday,
// else the day.
func (c clock) stamp(t time.Time) Stamp {
	if t.IsZero() {
		return Stamp{}
	}
	t = t.In(c.loc)
	s := Stamp{ISO: t.Format(time.RFC3339), Full: c.full(t)}
	switch c.days(t) {
	case 0:
		s.Text, _ = say(c.lang, "date.today-at", c.hour(t))
	case 1:
		s.Text, _ = say(c.lang, "date.yesterday-at", c.hour(t))
	default:
		s.Text = c.date(t)
	}
	return s
}

// since writes since when somebody waits: the hour, with the day of the week when
// it was not today; of what is longer ago the day.
func (c clock) since(t time.Time) Stamp {
	s := c.stamp(t)
	if d := c.days(t); d > 1 && d < 7 {
		t = t.In(c.loc)
		weekday, letters := strings.Fields(c.word("date.weekdays"))[t.Weekday()], 3
		if c.lang == "fi" {
			letters = 2
		}
		s.Text = weekday[:letters] + " " + c.hour(t)
	}
	return s
}

// at writes only the hour: for lists that are grouped by day.
func (c clock) at(t time.Time) Stamp {
	t = t.In(c.loc)
	return Stamp{ISO: t.Format(time.RFC3339), Full: c.full(t), Text: c.hour(t)}
}

// ago writes how long ago, for "last contact".
func (c clock) ago(t time.Time) Stamp {
	if t.IsZero() {
		return Stamp{}
	}
	s := c.stamp(t)
	switch d := c.days(t); {
	case d <= 0:
		s.Text = c.word("date.today")
	case d == 1:
		s.Text = c.word("date.yesterday")
	case d < 14:
		s.Text, _ = count(c.lang, "date.days-ago", d)
	case d < 60:
		s.Text, _ = count(c.lang, "date.weeks-ago", d/7)
	case d < 730:
		s.Text, _ = count(c.lang, "date.months-ago", d/30)
	default:
		s.Text, _ = count(c.lang, "date.years-ago", d/365)
	}
	return s
}

// day heads the entries of one day.
func (c clock) day(t time.Time) string {
	t = t.In(c.loc)
	weekday := strings.Fields(c.word("date.weekdays"))[t.Weekday()]
	var text string
	switch d := c.days(t); {
	case d == 0:
		return capital(c.word("date.today"))
	case d == 1:
		return capital(c.word("date.yesterday"))
	case c.lang == "fi":
		text = fmt.Sprintf("%s %d. %s", weekday, t.Day(), c.month(t.Month()))
	default:
		text = fmt.Sprintf("%s %d %s", weekday, t.Day(), c.month(t.Month()))
	}
	if t.Year() != c.now.Year() {
		text += fmt.Sprintf(" %d", t.Year())
	}
	return capital(text)
}

func (c clock) dayID(t time.Time) string { return t.In(c.loc).Format("day-2006-01-02") }

// number writes an integer with the thousands apart.
func number(lang string, n int64) string {
	s, sign := fmt.Sprint(n), ""
	if n < 0 {
		s, sign = s[1:], "−"
	}
	gap := ","
	if lang == "fi" {
		gap = "\u00a0"
	}
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + gap + s[i:]
	}
	return sign + s
}

// size writes bytes for people.
func size(lang string, n int64) string {
	units := []string{"B", "kB", "MB", "GB"}
	if lang == "fi" {
		units = []string{"t", "kt", "Mt", "Gt"}
	}
	f, i := float64(n), 0
	for f >= 999.5 && i < len(units)-1 {
		f, i = f/1000, i+1
	}
	s := fmt.Sprintf("%.0f", f)
	if f < 10 && i > 0 {
		s = fmt.Sprintf("%.1f", f)
	}
	if lang == "fi" {
		s = strings.Replace(s, ".", ",", 1)
	}
	return s + "\u00a0" + units[i]
}

// capital makes the first letter upper case, but of an address.
func capital(s string) string {
	r, n := utf8.DecodeRuneInString(s)
	if first, _, _ := strings.Cut(s, " "); n == 0 || strings.Contains(first, "@") {
		return s
	}
	return string(unicode.ToUpper(r)) + s[n:]
}

// initials gives at most two letters for a round mark beside a name.
func initials(name string) string {
	var out []rune
	for _, w := range strings.FieldsFunc(name, func(r rune) bool { return !unicode.IsLetter(r) && r != '\'' }) {
		r, _ := utf8.DecodeRuneInString(w)
		out = append(out, unicode.ToUpper(r))
		if len(out) == 2 {
			break
		}
	}
	return string(out)
}

// listOf joins names as a sentence does: "A, B and C".
func listOf(lang string, names []string) string {
	and, _ := say(lang, "and")
	switch n := len(names); n {
	case 0:
		return ""
	case 1:
		return names[0]
	default:
		return strings.Join(names[:n-1], ", ") + " " + and + " " + names[n-1]
	}
}

// amount writes money for people: whole units when round is set, else with the
// decimals that it has.
func amount(lang string, m crm.Money, currency string, round bool) string {
	sign := ""
	if m < 0 {
		sign, m = "−", -m
	}
	whole, rest := int64(m.Float()), ""
	if round {
		whole = int64(math.Round(m.Float()))
	} else if _, rest, _ = strings.Cut(m.String(), "."); strings.Trim(rest, "0") == "" {
		rest = ""
	} else {
		rest = decimalComma(lang, "."+rest)
	}
	text := number(lang, whole) + rest
	switch symbol := currencySigns[currency]; {
	case symbol == "" || lang == "fi" && currency != "EUR":
		return sign + text + "\u00a0" + currency
	case lang == "fi":
		return sign + text + "\u00a0" + symbol
	default:
		return sign + symbol + text
	}
}

// currencySigns are those that everybody reads.
var currencySigns = map[string]string{"EUR": "€", "USD": "$", "GBP": "£"}

// decimalComma writes a decimal as the language does.
func decimalComma(lang, s string) string {
	if lang == "fi" {
		return strings.Replace(s, ".", ",", 1)
	}
	return s
}

// lower makes the first letter lower case: for a word that stood alone and now
// stands in a sentence.
func lower(s string) string {
	r, n := utf8.DecodeRuneInString(s)
	if n == 0 {
		return s
	}
	return string(unicode.ToLower(r)) + s[n:]
}
