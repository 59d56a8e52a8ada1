package crm

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"
)

// wallFormat is how a schedule's start is written.
const wallFormat = "2006-01-02T15:04"

// span is a window of one day, in minutes of its clock.
type span struct{ from, to int }

// Validate normalises a schedule. Errors are of kind [KindInvalid] and name the
// field as in "when.windows.1".
func (s *Schedule) Validate() error {
	if _, err := s.location(); err != nil {
		return err
	}
	s.Start = strings.TrimSpace(s.Start)
	if s.Start != "" {
		if _, err := time.Parse(wallFormat, s.Start); err != nil {
			return Invalid("when.start", "%q is not a day and time; write it like 2026-11-26T09:00", s.Start)
		}
	}
	for i := range s.Windows {
		if err := s.Windows[i].validate(fmt.Sprintf("when.windows.%d", i+1)); err != nil {
			return err
		}
	}
	if s.Holidays != "" && holidaySets[s.Holidays] == nil {
		s.Holidays = "" // of a country that we have no set of
	}
	slices.Sort(s.Except)
	s.Except = slices.Compact(s.Except)
	if len(s.Except) > 1000 {
		return Invalid("when.except", "there can be 1000 days without mail")
	}
	if s.LateHours < 0 || s.LateHours > 24*30 {
		return Invalid("when.late_hours", "%d hours are not between 0 and %d", s.LateHours, 24*30)
	}
	return nil
}

func (w *Window) validate(field string) error {
	if len(w.Days) == 0 {
		return Invalid(field, "choose at least one day of the week")
	}
	for _, d := range w.Days {
		if d < time.Sunday || d > time.Saturday {
			return Invalid(field, "%d is not a day of the week; Sunday is 0, Saturday is 6", int(d))
		}
	}
	from, err := minuteOf(w.From)
	if err != nil {
		return Invalid(field+".from", "%q is not a time of day; write it like 09:00", w.From)
	}
	to, err := minuteOf(w.To)
	if err != nil {
		return Invalid(field+".to", "%q is not a time of day; write it like 17:00, or 24:00 for the end of the day", w.To)
	}
	if from >= to {
		return Invalid(field, "it ends at %s, before it begins; write a night as two windows", w.To)
	}
	return nil
}

// minuteOf reads a time of day; 24:00 is its end.
func minuteOf(s string) (int, error) {
	if s == "24:00" {
		return 24 * 60, nil
	}
	t, err := time.Parse("15:04", s)
	return t.Hour()*60 + t.Minute(), err
}

func (s *Schedule) location() (*time.Location, error) {
	if s.Zone == "" || s.Zone == "Local" {
		return nil, Invalid("when.zone", "say whose clock it is; write a zone like Europe/Helsinki")
	}
	zone, err := loadZone(s.Zone)
	if err != nil {
		return nil, Invalid("when.zone", "%q is not a time zone; write one like Europe/Helsinki", s.Zone)
	}
	return zone, nil
}

// zones are those that were read: reading one is reading a file.
var zones sync.Map

func loadZone(name string) (*time.Location, error) {
	if zone, ok := zones.Load(name); ok {
		return zone.(*time.Location), nil
	}
	zone, err := time.LoadLocation(name)
	if err == nil {
		zones.Store(name, zone)
	}
	return zone, err
}

// ZoneFor gives the zone that the schedule goes by for a recipient: theirs, when
// it asks for that and theirs is known, and else its own.
func (s *Schedule) ZoneFor(theirs string) *time.Location {
	if s.PerRecipient && theirs != "" && theirs != "Local" {
		if zone, err := loadZone(theirs); err == nil {
			return zone
		}
	}
	zone, err := s.location()
	if err != nil {
		return time.UTC
	}
	return zone
}

// StartIn gives the start on the clock of a zone, and the zero time when there is
// none. An hour that the clock leaves out begins when it goes on; of one that it
// shows twice the first is meant.
func (s *Schedule) StartIn(zone *time.Location) time.Time {
	t, err := time.Parse(wallFormat, s.Start)
	if err != nil {
		return time.Time{}
	}
	return wall(DayOf(t), t.Hour()*60+t.Minute(), zone)
}

// horizon bounds the days in which a window is looked for.
const horizon = 400

// Next gives the first moment from t on at which mail may go out, by the clock of
// a zone. Without one within a year it is t itself and false: every day is a
// holiday.
func (s *Schedule) Next(t time.Time, zone *time.Location) (time.Time, bool) {
	if len(s.Windows) == 0 && s.Holidays == "" && len(s.Except) == 0 {
		return t, true
	}
	day := DayOf(t.In(zone))
	for d := day; d < day+horizon; d++ {
		for _, w := range s.open(d) {
			from, to := wall(d, w.from, zone), wall(d, w.to, zone)
			if !t.Before(to) || !from.Before(to) { // the clock may leave out a whole window
				continue
			}
			if t.Before(from) {
				return from, true
			}
			return t, true
		}
	}
	return t, false
}

// Open reports whether mail may go out at t.
func (s *Schedule) Open(t time.Time, zone *time.Location) bool {
	next, ok := s.Next(t, zone)
	return ok && next.Equal(t)
}

// open gives the windows of a day, in order and apart.
func (s *Schedule) open(d Day) []span {
	if s.closed(d) {
		return nil
	}
	if len(s.Windows) == 0 {
		return []span{{0, 24 * 60}}
	}
	var out []span
	weekday := d.Time().Weekday()
	for _, w := range s.Windows {
		if !slices.Contains(w.Days, weekday) {
			continue
		}
		from, err1 := minuteOf(w.From)
		to, err2 := minuteOf(w.To)
		if err1 == nil && err2 == nil {
			out = append(out, span{from, to})
		}
	}
	slices.SortFunc(out, func(a, b span) int { return a.from - b.from })
	joined := out[:0]
	for _, w := range out {
		if n := len(joined); n > 0 && w.from <= joined[n-1].to {
			joined[n-1].to = max(joined[n-1].to, w.to)
			continue
		}
		joined = append(joined, w)
	}
	return joined
}

// closed reports a day without mail.
func (s *Schedule) closed(d Day) bool {
	if _, found := slices.BinarySearch(s.Except, d); found {
		return true
	}
	return HolidayName(s.Holidays, d, "en") != ""
}

// Finish gives when so many mails will have gone out that begin at start, with so
// many in an hour while a window is open; false when that is more than a year
// away.
func (s *Schedule) Finish(start time.Time, mails int, perHour float64, zone *time.Location) (time.Time, bool) {
	left := time.Duration(float64(mails) / perHour * float64(time.Hour))
	if perHour <= 0 || left < 0 {
		return start, mails <= 0
	}
	t := start
	for range 4 * horizon {
		from, ok := s.Next(t, zone)
		if !ok {
			return t, false
		}
		to := s.until(from, zone)
		if to.IsZero() || to.Sub(from) >= left {
			return from.Add(left), true
		}
		left -= to.Sub(from)
		t = to
	}
	return t, false
}

// until gives the end of the window that is open at t; zero when it has none.
func (s *Schedule) until(t time.Time, zone *time.Location) time.Time {
	if len(s.Windows) == 0 && s.Holidays == "" && len(s.Except) == 0 {
		return time.Time{}
	}
	d := DayOf(t.In(zone))
	for _, w := range s.open(d) {
		if to := wall(d, w.to, zone); t.Before(to) {
			return to
		}
	}
	return wall(d, 24*60, zone)
}

// wall gives the moment at which a zone's clock shows a minute of a day. Of a
// minute that it shows twice this is the first time; a minute that it leaves out
// gives the moment at which it goes on.
func wall(d Day, minute int, zone *time.Location) time.Time {
	shown := d.Time().Add(time.Duration(minute) * time.Minute) // as if the clock were UTC
	offset := func(t time.Time) time.Duration {
		_, s := t.In(zone).Zone()
		return time.Duration(s) * time.Second
	}
	// The offsets on both sides of any change that could matter here.
	early, late := shown.Add(-offset(shown.Add(-26*time.Hour))), shown.Add(-offset(shown.Add(26*time.Hour)))
	if late.Before(early) {
		early, late = late, early
	}
	for _, t := range []time.Time{early, late} {
		if t.Add(offset(t)).Equal(shown) {
			return t.In(zone)
		}
	}
	// Left out: the change lies between the two.
	from := offset(early)
	for late.Sub(early) > time.Second {
		mid := early.Add(late.Sub(early) / 2).Truncate(time.Second)
		if offset(mid) == from {
			early = mid
		} else {
			late = mid
		}
	}
	return late.In(zone)
}
