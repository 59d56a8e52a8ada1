package absence

import (
	"strconv"
	"strings"
	"time"
)

// day is a day as it is written; without a year year is 0.
type day struct{ year, month, day int }

// readDay reads a day that begins at word i, and gives how many words it has.
func readDay(words []word, i int) (day, int) {
	w := words[i].text
	if i > 0 && clock[words[i-1].text] {
		return day{}, 0
	}
	if d, ok := digitsOnly(w); ok {
		return d, 1
	}
	if n, rest := number(w); n >= 1 && n <= 31 && ordinal(rest) {
		return dayFirst(words, i, n)
	}
	if m := month(w); m > 0 && i+1 < len(words) {
		if n, rest := number(words[i+1].text); n >= 1 && n <= 31 && ordinal(rest) {
			if end := rangeEnd(words, i+2); end > n {
				return withYear(words, i+4, day{month: m, day: end}, 4) // July 10-31
			}
			return withYear(words, i+2, day{month: m, day: n}, 2)
		}
	}
	return day{}, 0
}

// rangeEnd gives the day behind a dash at word i, when no month of its own
// follows; 0 when there is none.
func rangeEnd(words []word, i int) int {
	if i+1 >= len(words) || words[i].text != "-" || i+2 < len(words) && month(words[i+2].text) > 0 {
		return 0
	}
	if n, rest := number(words[i+1].text); n <= 31 && ordinal(rest) {
		return max(n, 0)
	}
	return 0
}

// dayFirst reads "5 May", "5th of May 2026".
func dayFirst(words []word, i, n int) (day, int) {
	j := i + 1
	if j < len(words) && (words[j].text == "of" || words[j].text == "de") {
		j++
	}
	if j >= len(words) {
		return day{}, 0
	}
	m := month(words[j].text)
	if m == 0 && words[j].text == "mail" && strings.HasSuffix(words[i].text, ".") {
		m = 5 // Estonian: 11. mail
	}
	if m == 0 {
		return day{}, 0
	}
	return withYear(words, j+1, day{month: m, day: n}, j+1-i)
}

func withYear(words []word, i int, d day, n int) (day, int) {
	if i+1 < len(words) && words[i].text == "de" {
		if y, _ := number(words[i+1].text); y >= 1990 {
			i, n = i+1, n+1 // de 2026
		}
	}
	if i < len(words) {
		if y, rest := number(words[i].text); y >= 1990 && y < 2100 && strings.Trim(rest, ".") == "" {
			d.year = y
			n++
		}
	}
	return d, n
}

// digitsOnly reads 5.5., 05.05.2026, 5/5/26 and 2026-05-05 (ISO 8601).
func digitsOnly(w string) (day, bool) {
	sep := "."
	switch {
	case len(w) == 10 && w[4] == '-':
		sep = "-"
	case strings.Contains(w, "/"):
		sep = "/"
	}
	if w == "24/7" {
		return day{}, false
	}
	parts := strings.Split(strings.TrimRight(w, "."), sep)
	if len(parts) < 2 || len(parts) > 3 {
		return day{}, false
	}
	var n [3]int
	for i, p := range parts {
		v, rest := number(p)
		if v < 0 || rest != "" {
			return day{}, false
		}
		n[i] = v
	}
	d := day{n[2], n[1], n[0]}
	switch {
	case sep == "-":
		d = day{n[0], n[1], n[2]}
	case len(parts) == 3 && len(parts[2]) == 2:
		d.year += 2000
	}
	if d.month > 12 && d.day <= 12 && sep == "/" {
		d.month, d.day = d.day, d.month // month first, as in America
	}
	if d.month < 1 || d.month > 12 || d.day < 1 || d.day > 31 || d.year != 0 && (d.year < 1990 || d.year > 2100) {
		return day{}, false
	}
	return d, true
}

// number reads the digits at the beginning of a word, four at most; -1: none.
func number(w string) (n int, rest string) {
	i := 0
	for i < len(w) && '0' <= w[i] && w[i] <= '9' {
		i++
	}
	if i == 0 || i > 4 {
		return -1, w
	}
	n, _ = strconv.Atoi(w[:i])
	return n, w[i:]
}

func ordinal(rest string) bool {
	switch rest {
	case "", ".", "st", "nd", "rd", "th", ":e", ":a", ":nde", ":de":
		return true
	}
	return false
}

func month(w string) int {
	w = strings.TrimRight(w, ".")
	if m := months[w]; m > 0 {
		return m
	}
	for i, stems := range inflected {
		for _, stem := range stems {
			if strings.HasPrefix(w, stem) {
				return i + 1
			}
		}
	}
	return 0
}

// How far a day may lie from the mail.
const (
	behind = 45  // days: the answer was not switched off
	ahead  = 730 // days: the longest leaves
)

// on makes a time of a day, in the year that fits the time of the mail; zero
// when none does.
func (d day) on(sent time.Time) time.Time {
	from, to := sent.AddDate(0, 0, -behind), sent.AddDate(0, 0, ahead)
	years := []int{d.year}
	if d.year == 0 {
		if sent.IsZero() {
			return time.Time{}
		}
		years = []int{sent.Year() - 1, sent.Year(), sent.Year() + 1}
	}
	for _, y := range years {
		t := time.Date(y, time.Month(d.month), d.day, 0, 0, 0, 0, time.UTC)
		if t.Day() == d.day && (sent.IsZero() || t.After(from) && t.Before(to)) {
			return t
		}
	}
	return time.Time{}
}

// nextWeekday gives the day of that name after the mail.
func nextWeekday(sent time.Time, weekday int) time.Time {
	t := time.Date(sent.Year(), sent.Month(), sent.Day(), 0, 0, 0, 0, time.UTC)
	return t.AddDate(0, 0, (weekday-int(t.Weekday())+6)%7+1)
}
