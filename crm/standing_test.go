package crm

import (
	"testing"
	"time"
)

// A day is the one that the clock on the wall shows, not that of UTC.
func TestDayOf(t *testing.T) {
	helsinki := time.FixedZone("", 2*3600)
	for _, c := range []struct {
		at   time.Time
		want string
	}{
		{time.Date(1970, 1, 1, 23, 0, 0, 0, time.UTC), "1970-01-01"},
		{time.Date(2026, 3, 31, 22, 30, 0, 0, time.UTC).In(helsinki), "2026-04-01"},
		{time.Date(1969, 12, 31, 12, 0, 0, 0, time.UTC), "1969-12-31"},
		{time.Date(1, 1, 1, 0, 0, 0, 0, helsinki), "0001-01-01"},
	} {
		if d := DayOf(c.at); d.String() != c.want || DayOf(d.Time()) != d {
			t.Errorf("%v: %v", c.at, d)
		}
	}
	if DayOf(time.Unix(0, 0).UTC()) != 0 {
		t.Error("days are counted from 1970-01-01")
	}
}

func TestSignalNames(t *testing.T) {
	for s := range Signal(SignalCount) {
		if got, ok := SignalNamed(s.String()); !ok || got != s {
			t.Errorf("%d: %q", s, s)
		}
	}
	if _, ok := SignalNamed("opens"); ok {
		t.Error("opens never count")
	}
}
