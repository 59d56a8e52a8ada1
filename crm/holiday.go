package crm

import "time"

// holiday is a day on which people are not written to.
type holiday struct {
	english, finnish string
	on               func(year int) Day
}

// holidaySets are the days without mail, by country. Finland's are those of the
// law on church holidays and the days on which offices are closed beside them.
var holidaySets = map[string][]holiday{"fi": {
	{"New Year's Day", "uudenvuodenpäivä", fixed(time.January, 1)},
	{"Epiphany", "loppiainen", fixed(time.January, 6)},
	{"Good Friday", "pitkäperjantai", easter(-2)},
	{"Easter Day", "pääsiäispäivä", easter(0)},
	{"Easter Monday", "toinen pääsiäispäivä", easter(1)},
	{"May Day", "vappu", fixed(time.May, 1)},
	{"Ascension Day", "helatorstai", easter(39)},
	{"Whit Sunday", "helluntaipäivä", easter(49)},
	{"Midsummer Eve", "juhannusaatto", weekdayFrom(time.June, 19, time.Friday)},
	{"Midsummer Day", "juhannuspäivä", weekdayFrom(time.June, 20, time.Saturday)},
	{"All Saints' Day", "pyhäinpäivä", weekdayFrom(time.October, 31, time.Saturday)},
	{"Independence Day", "itsenäisyyspäivä", fixed(time.December, 6)},
	{"Christmas Eve", "jouluaatto", fixed(time.December, 24)},
	{"Christmas Day", "joulupäivä", fixed(time.December, 25)},
	{"Boxing Day", "tapaninpäivä", fixed(time.December, 26)},
}}

// HolidaySets lists the sets of holidays that there are.
var HolidaySets = []string{"fi"}

// holidaysIn gives the set of the country of a time zone, "" when there is none.
func holidaysIn(zone string) string {
	return map[string]string{"Europe/Helsinki": "fi", "Europe/Mariehamn": "fi"}[zone]
}

// HolidayName gives what a day of a set is called in a language (en, fi), "" when
// it is no holiday.
func HolidayName(set string, d Day, language string) string {
	year := d.Time().Year()
	for _, h := range holidaySets[set] {
		if h.on(year) != d {
			continue
		}
		if language == "fi" {
			return h.finnish
		}
		return h.english
	}
	return ""
}

func fixed(m time.Month, day int) func(int) Day {
	return func(year int) Day { return DayOf(time.Date(year, m, day, 0, 0, 0, 0, time.UTC)) }
}

// weekdayFrom gives the first such weekday from a day on.
func weekdayFrom(m time.Month, day int, weekday time.Weekday) func(int) Day {
	return func(year int) Day {
		t := time.Date(year, m, day, 0, 0, 0, 0, time.UTC)
		return DayOf(t) + Day((int(weekday)-int(t.Weekday())+7)%7)
	}
}

// easter gives the day so many days after Easter Day.
func easter(after Day) func(int) Day {
	return func(year int) Day { return easterOf(year) + after }
}

// easterOf gives Easter Day of the Gregorian calendar (Meeus, Astronomical
// Algorithms, chapter 8).
func easterOf(year int) Day {
	a, b, c := year%19, year/100, year%100
	d, e := b/4, b%4
	g := (8*b + 13) / 25
	h := (19*a + b - d - g + 15) % 30
	j, k := c/4, c%4
	m := (a + 11*h) / 319
	r := (2*e + 2*j - k - h + m + 32) % 7
	month := (h - m + r + 90) / 25
	day := (h - m + r + month + 19) % 32
	return DayOf(time.Date(year, time.Month(month), day, 0, 0, 0, 0, time.UTC))
}
