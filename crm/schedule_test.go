package crm

import (
	"testing"
	"time"
	_ "time/tzdata"
)

func officeHours(zone string) Schedule {
	return Schedule{Zone: zone, Windows: []Window{{Days: []time.Weekday{1, 2, 3, 4, 5}, From: "09:00", To: "17:00"}}}
}

func at(t *testing.T, s string) time.Time {
	t.Helper()
	out, err := time.Parse(time.RFC3339, s)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func in(t *testing.T, name string) *time.Location {
	t.Helper()
	zone, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return zone
}

// TestScheduleNext has the windows of an office around weekends, holidays and the
// changes of the clock.
func TestScheduleNext(t *testing.T) {
	for _, c := range []struct {
		what, zone, from, want string
		change                 func(*Schedule)
	}{
		{"within the window", "Europe/Helsinki", "2026-11-26T10:30:00Z", "2026-11-26T10:30:00Z", nil},
		{"before it", "Europe/Helsinki", "2026-11-26T03:00:00Z", "2026-11-26T07:00:00Z", nil},
		{"at its end", "Europe/Helsinki", "2026-11-26T15:00:00Z", "2026-11-27T07:00:00Z", nil},
		{"on a Friday evening", "Europe/Helsinki", "2026-11-27T16:00:00Z", "2026-11-30T07:00:00Z", nil},
		{"over Christmas", "Europe/Helsinki", "2026-12-23T16:00:00Z", "2026-12-28T07:00:00Z", func(s *Schedule) { s.Holidays = "fi" }},
		{"over Midsummer", "Europe/Helsinki", "2026-06-18T15:00:00Z", "2026-06-22T06:00:00Z", func(s *Schedule) { s.Holidays = "fi" }},
		{"on a day that is left out", "Europe/Helsinki", "2026-11-26T08:00:00Z", "2026-11-27T07:00:00Z", func(s *Schedule) {
			s.Except = []Day{DayOf(time.Date(2026, 11, 26, 0, 0, 0, 0, time.UTC))}
		}},
		{"in summer time", "Europe/Vienna", "2026-10-23T20:00:00Z", "2026-10-26T08:00:00Z", nil}, // after the change of the 25th
		{"a half-hour zone", "Asia/Kolkata", "2026-11-26T00:00:00Z", "2026-11-26T03:30:00Z", nil},
		{"beyond the date line", "Pacific/Auckland", "2026-11-26T19:00:00Z", "2026-11-26T20:00:00Z", nil},
		{"a window within the missing hour", "Europe/Helsinki", "2026-03-28T23:00:00Z", "2026-04-05T00:00:00Z", func(s *Schedule) {
			s.Windows = []Window{{Days: []time.Weekday{0}, From: "03:00", To: "04:00"}} // 29 March has no such hour
		}},
		{"a window that begins in the missing hour", "Europe/Helsinki", "2026-03-28T23:00:00Z", "2026-03-29T01:00:00Z", func(s *Schedule) {
			s.Windows = []Window{{Days: []time.Weekday{0}, From: "03:30", To: "06:00"}} // at 04:00 of summer time
		}},
		{"an hour that comes twice", "Europe/Helsinki", "2026-10-24T22:00:00Z", "2026-10-25T00:30:00Z", func(s *Schedule) {
			s.Windows = []Window{{Days: []time.Weekday{0}, From: "03:30", To: "06:00"}} // the first 03:30
		}},
		{"two windows of a day", "Europe/Helsinki", "2026-11-26T11:00:00Z", "2026-11-26T13:00:00Z", func(s *Schedule) {
			s.Windows = []Window{{Days: []time.Weekday{4}, From: "15:00", To: "17:00"}, {Days: []time.Weekday{4}, From: "09:00", To: "12:00"}}
		}},
	} {
		s := officeHours(c.zone)
		if c.change != nil {
			c.change(&s)
		}
		if err := s.Validate(); err != nil {
			t.Errorf("%s: %v", c.what, err)
			continue
		}
		got, ok := s.Next(at(t, c.from), in(t, c.zone))
		if !ok || !got.Equal(at(t, c.want)) {
			t.Errorf("%s: next after %s is %s (%t), want %s", c.what, c.from, got.UTC().Format(time.RFC3339), ok, c.want)
		}
		if again, _ := s.Next(got, in(t, c.zone)); !again.Equal(got) {
			t.Errorf("%s: %s is not within the window that it begins", c.what, got)
		}
	}
}

// TestScheduleZones is what a schedule by the recipient's clock comes to: nine in
// the morning of each, also where the clock has just changed.
func TestScheduleZones(t *testing.T) {
	s := officeHours("Europe/Helsinki")
	s.PerRecipient, s.Start = true, "2026-10-26T09:00"
	for zone, want := range map[string]string{
		"America/New_York": "2026-10-26T13:00:00Z", // still summer time there
		"Europe/Vienna":    "2026-10-26T08:00:00Z",
		"Asia/Kolkata":     "2026-10-26T03:30:00Z",
		"Pacific/Auckland": "2026-10-25T20:00:00Z",
		"":                 "2026-10-26T07:00:00Z", // unknown: the firm's
		"Mars/Olympus":     "2026-10-26T07:00:00Z",
	} {
		where := s.ZoneFor(zone)
		start := s.StartIn(where)
		if !start.Equal(at(t, want)) {
			t.Errorf("in %q it starts %s, want %s", zone, start.UTC().Format(time.RFC3339), want)
		}
		if !s.Open(start, where) {
			t.Errorf("in %q the start is not within a window", zone)
		}
	}
	for start, want := range map[string]string{
		"2026-03-29T03:30": "2026-03-29T01:00:00Z", // the clock goes from 03:00 to 04:00
		"2026-10-25T03:30": "2026-10-25T00:30:00Z", // it shows 03:30 twice
	} {
		s := Schedule{Zone: "Europe/Helsinki", Start: start}
		if got := s.StartIn(in(t, "Europe/Helsinki")); !got.Equal(at(t, want)) {
			t.Errorf("%s is %s, want %s", start, got.UTC().Format(time.RFC3339), want)
		}
	}
}

func TestScheduleFinish(t *testing.T) {
	helsinki := in(t, "Europe/Helsinki")
	s := officeHours("Europe/Helsinki")
	for _, c := range []struct {
		mails   int
		perHour float64
		want    string
	}{
		{0, 100, "2026-11-26T12:00:00Z"},
		{300, 100, "2026-11-26T15:00:00Z"},
		{301, 100, "2026-11-27T07:00:36Z"},
		{1200, 100, "2026-11-30T08:00:00Z"}, // three hours, eight, and one after the weekend
	} {
		got, ok := s.Finish(at(t, "2026-11-26T12:00:00Z"), c.mails, c.perHour, helsinki)
		if !ok || !got.Equal(at(t, c.want)) {
			t.Errorf("%d mails are out %s (%t), want %s", c.mails, got.UTC().Format(time.RFC3339), ok, c.want)
		}
	}
	if _, ok := s.Finish(at(t, "2026-11-26T12:00:00Z"), 1, 0, helsinki); ok {
		t.Error("mails that do not move are said to be out some day")
	}
	open := Schedule{Zone: "Europe/Helsinki"}
	if got, ok := open.Finish(at(t, "2026-11-26T12:00:00Z"), 50, 100, helsinki); !ok || !got.Equal(at(t, "2026-11-26T12:30:00Z")) {
		t.Errorf("without windows it is out %s", got)
	}
}

// TestScheduleNever is a schedule that has no window at all.
func TestScheduleNever(t *testing.T) {
	s := officeHours("Europe/Helsinki")
	for d := range Day(horizon + 10) {
		s.Except = append(s.Except, DayOf(at(t, "2026-11-26T00:00:00Z"))+d)
	}
	if next, ok := s.Next(at(t, "2026-11-26T08:00:00Z"), in(t, "Europe/Helsinki")); ok {
		t.Errorf("mail goes out %s", next)
	}
}

func TestScheduleRefusals(t *testing.T) {
	for want, change := range map[string]func(*Schedule){
		"when.zone":           func(s *Schedule) { s.Zone = "Europe/Helsingfors" },
		"when.start":          func(s *Schedule) { s.Start = "26.11. at nine" },
		"when.windows.1":      func(s *Schedule) { s.Windows[0].Days = nil },
		"when.windows.1.from": func(s *Schedule) { s.Windows[0].From = "9 o'clock" },
		"when.windows.1.to":   func(s *Schedule) { s.Windows[0].To = "25:00" },
		"when.late_hours":     func(s *Schedule) { s.LateHours = -1 },
	} {
		s := officeHours("Europe/Helsinki")
		change(&s)
		err := s.Validate()
		e, ok := err.(*Error)
		if !ok || e.Field != want || e.Kind != KindInvalid {
			t.Errorf("want a fault of %s, got %v", want, err)
		}
	}
	s := officeHours("Europe/Helsinki")
	s.Windows[0].From, s.Windows[0].To = "22:00", "06:00"
	if s.Validate() == nil {
		t.Error("a window that ends before it begins is taken")
	}
}

// TestHolidays has the days of a year whose Easter is early and of one whose
// Midsummer is late.
func TestHolidays(t *testing.T) {
	for day, want := range map[string]string{
		"2024-03-29": "Good Friday", "2024-04-01": "Easter Monday", "2024-05-09": "Ascension Day", "2024-05-19": "Whit Sunday",
		"2026-06-19": "Midsummer Eve", "2026-06-20": "Midsummer Day", "2026-10-31": "All Saints' Day", "2026-12-06": "Independence Day",
		"2027-06-25": "Midsummer Eve", "2027-06-26": "Midsummer Day", "2027-11-06": "All Saints' Day", "2026-11-26": "",
		"2038-04-25": "Easter Day", "2000-04-23": "Easter Day", "1961-04-02": "Easter Day",
	} {
		d, err := time.Parse(time.DateOnly, day)
		if err != nil {
			t.Fatal(err)
		}
		if got := HolidayName("fi", DayOf(d), "en"); got != want {
			t.Errorf("%s is %q, want %q", day, got, want)
		}
	}
	if got := HolidayName("fi", DayOf(time.Date(2026, 6, 19, 0, 0, 0, 0, time.UTC)), "fi"); got != "juhannusaatto" {
		t.Errorf("in Finnish it is %q", got)
	}
}
