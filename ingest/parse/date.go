package parse

import (
	"strings"
	"time"
)

// parseDate reads a Date field. First as RFC 5322 §3.3 has it, then whatever
// can be understood: ISO 8601, obsolete zones (§4.3), two-digit years, the
// asctime order, full names, comments, missing seconds or zones, dots for
// colons. The answer is in UTC; ok is false when no date is there.
func parseDate(s string) (t time.Time, ok bool) {
	var d dateParts
	d.day, d.month, d.year = -1, -1, -1
	if !d.scan(s) {
		return time.Time{}, false
	}
	return d.time()
}

type dateParts struct {
	day, month, year  int
	hour, min, sec    int
	offset            int // seconds east
	clock, zone, pm   bool
	am                bool
	numbers           [4]int // numbers without a meaning yet
	digits            [4]int
	count             int
	monthFirst, slash bool
}

var months = [...]string{"jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"}

// otherMonths are names of some programs that localise what they must not.
var otherMonths = map[string]int{"mai": 5, "okt": 10, "dez": 12, "mär": 3, "maj": 5, "mei": 5, "mrt": 3, "ago": 8, "ene": 1, "abr": 4, "dic": 12, "gen": 1, "mag": 5, "giu": 6, "lug": 7, "set": 9, "ott": 10, "fév": 2, "avr": 4, "aoû": 8, "déc": 12}

// zones of RFC 5322 §4.3 and some that are common, in hours times 100.
var zones = map[string]int{"ut": 0, "utc": 0, "gmt": 0, "z": 0, "wet": 0, "bst": 100, "ist": 530, "west": 100,
	"est": -500, "edt": -400, "cst": -600, "cdt": -500, "mst": -700, "mdt": -600, "pst": -800, "pdt": -700, "akst": -900, "akdt": -800, "hst": -1000,
	"cet": 100, "cest": 200, "met": 100, "mest": 200, "mez": 100, "mesz": 200, "eet": 200, "eest": 300, "msk": 300, "msd": 400,
	"jst": 900, "kst": 900, "hkt": 800, "sgt": 800, "aest": 1000, "aedt": 1100, "nzst": 1200, "nzdt": 1300}

func (d *dateParts) scan(s string) bool {
	if len(s) > 200 {
		s = s[:200]
	}
	for i := 0; i < len(s); {
		c := s[i]
		switch {
		case c == '(':
			text, rest, _ := cutComment(s[i:])
			if !d.zone && d.clock {
				d.setZone(strings.ToLower(strings.TrimSpace(text)))
			}
			s, i = rest, 0
		case c >= '0' && c <= '9':
			i = d.number(s, i)
		case (c == '+' || c == '-') && d.clock && i+1 < len(s) && s[i+1] >= '0' && s[i+1] <= '9':
			i = d.numericZone(s, i)
		case isLetter(c) || c >= 0x80:
			j := i
			for j < len(s) && (isLetter(s[j]) || s[j] >= 0x80) {
				j++
			}
			d.word(strings.ToLower(s[i:j]))
			i = j
		default:
			if c == '/' {
				d.slash = true
			}
			i++
		}
	}
	return d.settle()
}

func isLetter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }

// number reads a number, or a clock when a colon follows.
func (d *dateParts) number(s string, i int) int {
	n, j := digits(s, i)
	if !d.clock && j < len(s) && j-i <= 2 && (s[j] == ':' || s[j] == '.' && d.count+d.known() >= 3) && j+1 < len(s) && s[j+1] >= '0' && s[j+1] <= '9' {
		return d.readClock(s, n, j)
	}
	if j-i == 8 && d.count == 0 { // 20060102
		d.year, d.month, d.day = n/10000, n/100%100, n%100
	} else if j-i == 6 && d.year >= 0 && !d.clock { // 150405
		d.clock, d.hour, d.min, d.sec = true, n/10000, n/100%100, n%100
	} else if d.count < len(d.numbers) {
		d.numbers[d.count], d.digits[d.count] = n, j-i
		d.count++
	}
	return j
}

func (d *dateParts) known() int {
	k := 0
	if d.month > 0 {
		k++
	}
	if d.year >= 0 {
		k += 2
	}
	return k
}

// readClock reads h:m[:s[.fraction]]; i is at the first separator.
func (d *dateParts) readClock(s string, hour, i int) int {
	d.clock, d.hour = true, hour
	d.min, i = digits(s, i+1)
	if i+1 < len(s) && (s[i] == ':' || s[i] == '.') && s[i+1] >= '0' && s[i+1] <= '9' {
		d.sec, i = digits(s, i+1)
		if i+1 < len(s) && (s[i] == '.' || s[i] == ',') {
			_, i = digits(s, i+1)
		}
	}
	return i
}

// digits reads a number; a long one stays out of every range.
func digits(s string, i int) (n, end int) {
	for ; i < len(s) && s[i] >= '0' && s[i] <= '9'; i++ {
		if n < 1e9 {
			n = n*10 + int(s[i]-'0')
		}
	}
	return n, i
}

// numericZone reads +hhmm, +hh:mm or +hh.
func (d *dateParts) numericZone(s string, i int) int {
	sign := 1
	if s[i] == '-' {
		sign = -1
	}
	n, j := digits(s, i+1)
	switch {
	case j-i-1 <= 2 && j+2 < len(s) && s[j] == ':':
		m, k := digits(s, j+1)
		n, j = n*100+m, k
	case j-i-1 <= 2:
		n *= 100
	case j-i-1 > 4: // +00000
		n = 0
	}
	if n/100 <= 14 && n%100 < 60 {
		d.offset, d.zone = sign*(n/100*3600+n%100*60), true
	}
	return j
}

func (d *dateParts) word(w string) {
	if d.month < 0 || d.monthFirst {
		for i, m := range months {
			if strings.HasPrefix(w, m) && d.month < 0 {
				d.month = i + 1
				d.monthFirst = d.count == 0
				return
			}
		}
		r := []rune(w)
		if len(r) >= 3 && d.month < 0 {
			if m, ok := otherMonths[string(r[:3])]; ok {
				d.month = m
				d.monthFirst = d.count == 0
				return
			}
		}
	}
	switch {
	case w == "pm" && d.clock:
		d.pm = true
	case w == "am" && d.clock:
		d.am = true
	case d.clock:
		d.setZone(w)
	}
}

func (d *dateParts) setZone(w string) {
	if z, ok := zones[w]; ok && !d.zone {
		sign := 1
		if z < 0 {
			sign, z = -1, -z
		}
		d.offset, d.zone = sign*(z/100*3600+z%100*60), z != 0 || w == "z"
	}
}

// settle gives the loose numbers their meaning.
func (d *dateParts) settle() bool {
	n, g := d.numbers, d.digits
	switch {
	case d.year >= 0:
	case d.month > 0 && d.count >= 2:
		if g[0] >= 3 || n[0] > 31 { // 2006 Jan 2
			d.year, d.day = n[0], n[1]
		} else {
			d.day, d.year = n[0], n[1]
		}
		if g[0] >= 3 {
			g[1] = 4
		}
		d.year = fullYear(d.year, max(g[1], 2))
	case d.month < 0 && d.count >= 3:
		switch {
		case g[0] == 4: // ISO
			d.year, d.month, d.day = n[0], n[1], n[2]
		case d.slash && n[0] <= 12: // 1/2/2006 as Americans write
			d.month, d.day, d.year = n[0], n[1], fullYear(n[2], g[2])
			if d.day <= 12 && n[0] > 12 || d.month > 12 {
				d.month, d.day = d.day, d.month
			}
		default:
			d.day, d.month, d.year = n[0], n[1], fullYear(n[2], g[2])
		}
	default:
		return false
	}
	return true
}

// fullYear is RFC 5322 §4.3: 00 to 49 are 2000 on, 50 to 999 are 1900 on.
func fullYear(y, digits int) int {
	switch {
	case digits >= 4:
		return y
	case digits <= 2 && y < 50:
		return 2000 + y
	case y < 1000:
		return 1900 + y
	}
	return y
}

func (d *dateParts) time() (time.Time, bool) {
	if d.pm && d.hour < 12 {
		d.hour += 12
	} else if d.am && d.hour == 12 {
		d.hour = 0
	}
	if d.month < 1 || d.month > 12 || d.day < 1 || d.day > 31 || d.year < 1 || d.year > 9999 || d.hour > 24 || d.min > 59 || d.sec > 60 {
		return time.Time{}, false
	}
	t := time.Date(d.year, time.Month(d.month), d.day, d.hour, d.min, d.sec, 0, time.UTC)
	return t.Add(-time.Duration(d.offset) * time.Second), true
}
