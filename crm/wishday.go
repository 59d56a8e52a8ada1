package crm

import (
	"strconv"
	"strings"
	"time"
)

// FirstDay reads from when on something is wanted or planned: the first day of
// "March", "12 March", "week 34", "12.3.", "2026-03-12", "next month" and of the
// same in Finnish, in the year that comes next after at. bound says that the text
// sets it as a bound ("not before March", "vasta viikolla 34"); without, it is
// only a time that is named. 0 when there is none, and for a time before which
// something is wanted ("by March", "before March").
func FirstDay(text string, at Day) (d Day, bound bool) {
	ws := dayWords(text)
	for i := range ws {
		if ws[i].text == "" {
			continue
		}
		f, n := ws.dateAt(i, at)
		if n == 0 {
			continue
		}
		switch cue := ws.cue(i, n); {
		case cue == cueNone || cue == cueDeadline:
		case cue == cueAfter:
			return f.next, true
		case cue == cueBound:
			return f.first, true
		case d == 0:
			d = f.first
		}
	}
	return d, false
}

// dayWord is a word as written and as it is looked up.
type dayWord struct{ written, text string }

type dayText []dayWord

func dayWords(text string) dayText {
	var out dayText
	for _, w := range strings.Fields(text) {
		w = strings.TrimLeft(w, "(\"'“”„")
		written := strings.TrimRight(w, ",;:!?)\"'“”")
		out = append(out, dayWord{written, strings.Join(Tokens(written), "")})
	}
	return out
}

// found is a span of days: its first, and the first behind it.
type found struct{ first, next Day }

// dateAt reads a date that begins at word i, and gives how many words it has.
func (ws dayText) dateAt(i int, at Day) (found, int) {
	if f, ok := digitDate(ws[i].written, at); ok {
		return f, 1
	}
	next := func(k int) dayWord {
		if i+k < len(ws) {
			return ws[i+k]
		}
		return dayWord{}
	}
	w, after := ws[i].text, next(1)
	if n, ok := smallNumber(ws[i].written, 31); ok {
		if m := monthOf(after.text); m != 0 { // 12 March, 12. maaliskuuta
			return dayOfMonth(n, m, yearIn(next(2)), at), 2
		}
	}
	if m := monthOf(w); m != 0 {
		if n, ok := smallNumber(after.written, 31); ok { // March 12
			return dayOfMonth(n, m, yearIn(next(2)), at), 2
		}
		return wholeMonth(m, yearIn(after), at), 1
	}
	if strings.HasPrefix(w, "viiko") || w == "viikko" || w == "week" || w == "vk" || w == "vko" {
		if n, ok := smallNumber(after.written, 53); ok {
			return isoWeek(n, at), 2
		}
	}
	if w == "next" || w == "ensi" {
		return relative(after.text, at)
	}
	return found{}, 0
}

// relative reads "next month" and its like, at the word behind "next".
func relative(w string, at Day) (found, int) {
	t := at.Time()
	month := func(y int, m time.Month, months int) found {
		first := time.Date(y, m, 1, 0, 0, 0, 0, time.UTC)
		return found{DayOf(first), DayOf(first.AddDate(0, months, 0))}
	}
	for season, m := range map[string]time.Month{"spring": 3, "kevaa": 3, "summer": 6, "kesa": 6, "autumn": 9, "fall": 9, "syksy": 9, "winter": 12, "talve": 12} {
		if strings.HasPrefix(w, season) && !strings.HasPrefix(w, "kesaku") {
			y := t.Year()
			if m <= t.Month() {
				y++
			}
			return month(y, m, 3), 2
		}
	}
	switch {
	case strings.HasPrefix(w, "month") || strings.HasPrefix(w, "kuu"):
		return month(t.Year(), t.Month()+1, 1), 2
	case strings.HasPrefix(w, "year") || strings.HasPrefix(w, "vuo") || strings.HasPrefix(w, "vuen"):
		return month(t.Year()+1, 1, 12), 2
	case strings.HasPrefix(w, "week") || strings.HasPrefix(w, "viiko"):
		monday := at + Day(8-isoWeekday(t))
		return found{monday, monday + 7}, 2
	}
	return found{}, 0
}

// dateCue is what stands before or behind a date.
type dateCue int

const (
	cueNone     dateCue = iota
	cueNamed            // in, on, the Finnish endings
	cueBound            // not before, from ... on
	cueAfter            // not within it either
	cueDeadline         // by, before
)

// cue reads what the words around a date of n words at i make of it.
func (ws dayText) cue(i, n int) dateCue {
	last := ws[i+n-1].text
	if i+n < len(ws) {
		switch ws[i+n].text {
		case "jalkeen":
			return cueAfter
		case "alkaen", "lahtien", "onwards", "onward":
			return cueBound
		case "mennessa", "asti", "saakka":
			return cueDeadline
		}
	}
	for j, far := i-1, 0; j >= 0 && far < 4; j, far = j-1, far+1 {
		w := ws[j].text
		switch w {
		case "the", "of", "early", "mid", "late", "beginning", "start", "end", "about", "around", "week", "on", "noin", "alun", "viela":
			if w == "on" && far == 0 {
				if ws.negated(j, "until", "before") {
					return cueBound
				}
				return cueNamed
			}
			continue
		case "before", "until", "till", "than", "ennen":
			if ws.negated(j) {
				return cueBound
			}
			return cueDeadline
		case "by", "viimeistaan":
			return cueDeadline
		case "after":
			return cueAfter
		case "from", "starting", "earliest", "vasta", "aikaisintaan", "alkaen":
			return cueBound
		case "in", "during", "for", "this":
			if j > 0 && ws[j-1].text == "only" || j > 0 && ws[j-1].text == "earliest" {
				return cueBound
			}
			return cueNamed
		case "last", "viime":
			return cueNone
		}
		break
	}
	if w := ws[i].text; w == "next" || w == "ensi" {
		return cueNamed
	}
	switch { // Finnish says it by an ending
	case strings.HasSuffix(last, "kuusta"), strings.HasSuffix(last, "viikosta"):
		return cueBound
	case strings.HasSuffix(last, "kuussa"), strings.HasSuffix(last, "kuulle"), strings.HasPrefix(ws[i].text, "viikol"), strings.HasSuffix(last, "kuuta") && n > 1:
		return cueNamed
	case strings.HasPrefix(ws[i].text, "viikosta"):
		return cueBound
	}
	return cueNone
}

// negated reports a "not" not far before word j.
func (ws dayText) negated(j int, after ...string) bool {
	for k := j - 1; k >= 0 && k >= j-8; k-- {
		switch ws[k].text {
		case "not", "no", "never", "dont", "doesnt", "wont", "cant", "cannot", "ei", "en", "emme", "et", "ette", "eivat", "eika", "enka", "emmeka", "vasta", "aikaisintaan":
			return true
		case "don", "won", "doesn", "can":
			return true
		}
	}
	return false
}

// monthOf reads the name of a month; Finnish ones in any case.
func monthOf(w string) time.Month {
	if m, ok := englishMonths[w]; ok {
		return m
	}
	for i, stem := range [...]string{"tammiku", "helmiku", "maalisku", "huhtiku", "toukoku", "kesaku", "heinaku", "eloku", "syysku", "lokaku", "marrasku", "jouluku"} {
		if strings.HasPrefix(w, stem) {
			return time.Month(i + 1)
		}
	}
	return 0
}

var englishMonths = map[string]time.Month{"january": 1, "jan": 1, "february": 2, "feb": 2, "march": 3, "april": 4, "may": 5, "june": 6, "july": 7,
	"august": 8, "aug": 8, "september": 9, "sept": 9, "october": 10, "oct": 10, "november": 11, "nov": 11, "december": 12, "dec": 12}

// smallNumber reads the digits that a word begins with.
func smallNumber(w string, most int) (int, bool) {
	digits := strings.TrimRight(w, ".stndrh")
	n, err := strconv.Atoi(digits)
	return n, err == nil && len(digits) <= 2 && n >= 1 && n <= most
}

func yearIn(w dayWord) int {
	if y, err := strconv.Atoi(strings.TrimRight(w.written, ".")); err == nil && y >= 2000 && y < 2100 {
		return y
	}
	return 0
}

// digitDate reads 12.3., 12.3.2026 and 2026-03-12 (ISO 8601).
func digitDate(w string, at Day) (found, bool) {
	if t, err := time.Parse(time.DateOnly, w); err == nil {
		return found{DayOf(t), DayOf(t) + 1}, true
	}
	parts := strings.Split(strings.TrimSuffix(w, "."), ".")
	if len(parts) != 3 && (len(parts) != 2 || !strings.HasSuffix(w, ".")) { // 12.3 may be a price
		return found{}, false
	}
	d, ok1 := smallNumber(parts[0], 31)
	m, ok2 := smallNumber(parts[1], 12)
	year := 0
	if len(parts) == 3 && parts[2] != "" {
		year, _ = strconv.Atoi(parts[2])
		if year < 2000 || year > 2100 {
			return found{}, false
		}
	}
	return dayOfMonth(d, time.Month(m), year, at), ok1 && ok2
}

// dayOfMonth gives the day, without a year the next one.
func dayOfMonth(d int, m time.Month, year int, at Day) found {
	if year == 0 {
		year = at.Time().Year()
		if DayOf(time.Date(year, m, d, 0, 0, 0, 0, time.UTC)) < at {
			year++
		}
	}
	day := DayOf(time.Date(year, m, d, 0, 0, 0, 0, time.UTC))
	return found{day, day + 1}
}

// wholeMonth gives the month, without a year this one or the next of its name.
func wholeMonth(m time.Month, year int, at Day) found {
	if year == 0 {
		year = at.Time().Year()
		if m < at.Time().Month() {
			year++
		}
	}
	first := time.Date(year, m, 1, 0, 0, 0, 0, time.UTC)
	return found{DayOf(first), DayOf(first.AddDate(0, 1, 0))}
}

// isoWeek gives the week of this year, or of the next when it is over (ISO 8601:
// week 1 has 4 January).
func isoWeek(n int, at Day) found {
	year := at.Time().Year()
	for {
		fourth := time.Date(year, 1, 4, 0, 0, 0, 0, time.UTC)
		monday := DayOf(fourth) - Day(isoWeekday(fourth)-1) + Day(7*(n-1))
		if monday+7 > at {
			return found{monday, monday + 7}
		}
		year++
	}
}

// isoWeekday counts from Monday, 1.
func isoWeekday(t time.Time) int { return (int(t.Weekday())+6)%7 + 1 }
