package web

import (
	"testing"
	"time"

	"kaveri/crm"
)

func TestStamps(t *testing.T) {
	at := func(s string) time.Time {
		x, err := time.Parse(time.RFC3339, s)
		if err != nil {
			t.Fatal(err)
		}
		return x
	}
	for _, c := range []struct{ at, en, fi, ago, sitten string }{
		{"2026-11-18T07:05:00Z", "today at 09:05", "tänään klo 09.05", "today", "tänään"},
		{"2026-11-17T22:30:00Z", "today at 00:30", "tänään klo 00.30", "today", "tänään"}, // by the firm's midnight
		{"2026-11-17T21:59:00Z", "yesterday at 23:59", "eilen klo 23.59", "yesterday", "eilen"},
		{"2026-11-10T10:00:00Z", "10 Nov", "10.11.", "8 days ago", "8 päivää sitten"},
		{"2026-10-25T00:30:00Z", "25 Oct", "25.10.", "3 weeks ago", "3 viikkoa sitten"}, // within the hour that comes twice
		{"2024-01-02T10:00:00Z", "2 Jan 2024", "2.1.2024", "2 years ago", "2 vuotta sitten"},
	} {
		en, fi := newClock("en", &crm.Firm{TimeZone: "Europe/Helsinki"}, now), newClock("fi", &crm.Firm{TimeZone: "Europe/Helsinki"}, now)
		if got := en.stamp(at(c.at)).Text; got != c.en {
			t.Errorf("%s: %q, want %q", c.at, got, c.en)
		}
		if got := fi.stamp(at(c.at)).Text; got != c.fi {
			t.Errorf("%s: %q, want %q", c.at, got, c.fi)
		}
		if got := en.ago(at(c.at)).Text; got != c.ago {
			t.Errorf("%s: %q, want %q", c.at, got, c.ago)
		}
		if got := fi.ago(at(c.at)).Text; got != c.sitten {
			t.Errorf("%s: %q, want %q", c.at, got, c.sitten)
		}
	}
	fi := newClock("fi", &crm.Firm{}, now)
	if got := fi.stamp(now).Full; got != "keskiviikkona 18. marraskuuta 2026 klo 14.40" {
		t.Error(got)
	}
	if got := fi.day(at("2025-03-30T10:00:00Z")); got != "Sunnuntai 30. maaliskuuta 2025" {
		t.Error(got)
	}
	if !fi.stamp(time.Time{}).Zero() {
		t.Error("the zero time is shown")
	}
}

func TestNumbers(t *testing.T) {
	for _, c := range []struct {
		n      int64
		en, fi string
	}{{0, "0", "0"}, {999, "999", "999"}, {1204, "1,204", "1\u00a0204"}, {-12345, "−12,345", "−12\u00a0345"}, {1234567, "1,234,567", "1\u00a0234\u00a0567"}} {
		if number("en", c.n) != c.en || number("fi", c.n) != c.fi {
			t.Error(c.n, number("en", c.n), number("fi", c.n))
		}
	}
	if size("en", 183_204) != "183\u00a0kB" || size("fi", 1_240_000) != "1,2\u00a0Mt" || size("en", 12) != "12\u00a0B" || size("en", 999_700) != "1.0\u00a0MB" {
		t.Error(size("en", 183_204), size("fi", 1_240_000), size("en", 12), size("en", 999_700))
	}
	if listOf("fi", []string{"A", "B", "C"}) != "A, B ja C" || initials("Eeva-Liisa Rantanen") != "EL" || initials("") != "" {
		t.Error("names")
	}
}

func TestKeysSurviveTheTrip(t *testing.T) {
	for _, s := range []string{"0.7", "1763470800000001.44"} {
		k, err := parseKey(s)
		if err != nil || formatKey(k) != s {
			t.Error(s, k, err)
		}
	}
}
