package campaigns

import (
	"math"
	"strconv"
	"strings"
	"time"
)

// language is how days and numbers are written.
type language struct {
	long, short     string // forms of a day, as of [time.Time.Format]; "January" is replaced
	months          [12]string
	thousand, point string
}

// The no-break space keeps a number on one line.
const noBreak = "\u00a0"

var languages = map[string]*language{
	"en": {"2 January 2006", "02/01/2006", [12]string{"January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"}, ",", "."},
	"fi": {"2. January 2006", "2.1.2006", [12]string{"tammikuuta", "helmikuuta", "maaliskuuta", "huhtikuuta", "toukokuuta", "kesäkuuta", "heinäkuuta", "elokuuta", "syyskuuta", "lokakuuta", "marraskuuta", "joulukuuta"}, noBreak, ","},
	"sv": {"2 January 2006", "2006-01-02", [12]string{"januari", "februari", "mars", "april", "maj", "juni", "juli", "augusti", "september", "oktober", "november", "december"}, noBreak, ","},
	"de": {"2. January 2006", "02.01.2006", [12]string{"Januar", "Februar", "März", "April", "Mai", "Juni", "Juli", "August", "September", "Oktober", "November", "Dezember"}, ".", ","},
}

// languageOf gives a language by its code, "fi" or "fi-FI"; English when it is
// unknown.
func languageOf(code string) *language {
	if l := languages[code]; l != nil {
		return l
	}
	code, _, _ = strings.Cut(strings.ToLower(strings.TrimSpace(code)), "-")
	if l := languages[code]; l != nil {
		return l
	}
	return languages["en"]
}

func knownLanguage(code string) bool { return languages[code] != nil }

func (l *language) day(t time.Time, form string) string {
	switch form {
	case "iso":
		return t.Format(time.DateOnly)
	case "short":
		return t.Format(l.short)
	}
	return strings.Replace(t.Format(l.long), t.Month().String(), l.months[t.Month()-1], 1)
}

// number groups by thousands; decimals below 0 are as many as needed.
func (l *language) number(n float64, decimals int) string {
	s := strconv.FormatFloat(math.Abs(n), 'f', decimals, 64)
	whole, rest, hasRest := strings.Cut(s, ".")
	var b strings.Builder
	if n < 0 && strings.ContainsAny(s, "123456789") {
		b.WriteString("-")
	}
	for i, digit := range whole {
		if i > 0 && (len(whole)-i)%3 == 0 {
			b.WriteString(l.thousand)
		}
		b.WriteRune(digit)
	}
	if hasRest {
		b.WriteString(l.point + rest)
	}
	return b.String()
}

// dayForms are the days that files hold: ISO 8601, with or without time, and
// the day first, as it is written in most of Europe.
var dayForms = []string{time.DateOnly, "2.1.2006", "2/1/2006", "2006/1/2"}

// parseDay reads a day. A time behind it is left away, without moving the day to
// another zone: it is the day that whoever wrote it meant.
func parseDay(s string) (time.Time, bool) {
	if len(s) < 6 || len(s) > 40 || !isDigit(s[0]) {
		return time.Time{}, false
	}
	day := s
	if i := strings.IndexAny(s, "T "); i > 0 {
		if i+1 == len(s) || !isDigit(s[i+1]) {
			return time.Time{}, false
		}
		day = s[:i]
	}
	for _, form := range dayForms {
		if t, err := time.Parse(form, day); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}

// parseNumber reads a number as files hold it: 1234.5, 1,234.50, "1 234,50",
// 1.234,50. Where one sign stands before three digits it parts thousands, unless
// it is the language's own decimal sign.
func parseNumber(s, code string) (float64, bool) {
	if s == "" || len(s) > 40 || !isDigit(s[len(s)-1]) {
		return 0, false
	}
	var b strings.Builder
	point := decimalSign(s, languageOf(code).point[0])
	for i, r := range s {
		switch {
		case r >= '0' && r <= '9', r == '-' && i == 0:
			b.WriteRune(r)
		case r == '+' && i == 0, r == ' ', r == '\u00a0', r == '\u202f', r == '\'':
		case i == point:
			b.WriteByte('.')
		case r == '.', r == ',':
		default:
			return 0, false
		}
	}
	n, err := strconv.ParseFloat(b.String(), 64)
	return n, err == nil
}

// decimalSign gives where the decimal sign of a number stands, -1 nowhere.
func decimalSign(s string, own byte) int {
	last := strings.LastIndexAny(s, ".,")
	if last < 0 {
		return -1
	}
	switch n := strings.Count(s, s[last:last+1]); {
	case n > 1:
		return -1 // 1.234.567
	case len(s)-last-1 == 3 && s[last] != own && !strings.ContainsAny(s[:last], ".,") && s[0] != '0':
		return -1 // 1,234 in English; 0,125 can be no thousands
	}
	return last
}
