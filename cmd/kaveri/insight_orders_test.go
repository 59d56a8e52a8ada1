package main

import (
	"io"
	"strings"
	"testing"
	"time"

	"kaveri/crm"
	"kaveri/insight"
)

func TestParseDay(t *testing.T) {
	helsinki, err := time.LoadLocation("Europe/Helsinki")
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]string{
		"2026-03-31": "2026-03-31", "20260331": "2026-03-31", "2026-090": "2026-03-31", "2026090": "2026-03-31",
		"2026-W14-2": "2026-03-31", "2026W142": "2026-03-31", "2020-W53-7": "2021-01-03", "2024-02-29": "2024-02-29",
		"2026-03-31T23:59:59": "2026-03-31", "2026-03-31 23:59": "2026-03-31", "2026-03-31T23:59:59.123456Z": "2026-03-31",
		"20260331T235959+0200": "2026-03-31", "2026-03-31 23:30:00 +02:00": "2026-03-31", "2026-03-31t10": "2026-03-31",
		"2026-02-29": "", "2026-13-01": "", "2026-3-1": "", "31.3.2026": "", "03/31/2026": "", "2026-W54-1": "", "2026-W14-8": "",
		"2025-366": "", "2026-03-31T": "", "2026-03-31T25:00": "", "2026-03-31 noon": "", "": "", "T": "", "yesterday": "",
	} {
		d, err := parseDay(text, nil)
		if want == "" {
			if crm.KindOf(err) != crm.KindInvalid {
				t.Errorf("%q: %v, %v", text, d, err)
			}
		} else if err != nil || d.String() != want {
			t.Errorf("%q: %v, %v, want %s", text, d, err, want)
		}
	}
	for text, want := range map[string]string{
		"2026-03-31T22:30:00Z": "2026-04-01", "2026-03-31T22:30:00": "2026-03-31", "2026-03-31T23:30:00+03:00": "2026-03-31",
		"2026-12-31T22:30Z": "2027-01-01", "2026-03-31T01:00:00+10:00": "2026-03-30", "2026-03-31": "2026-03-31",
	} {
		if d, err := parseDay(text, helsinki); err != nil || d.String() != want {
			t.Errorf("%q in Helsinki: %v, %v, want %s", text, d, err, want)
		}
	}
}

func TestParseAmount(t *testing.T) {
	for text, want := range map[string]float64{"12": 12, "12.50": 12.5, "-3.5": -3.5, "12,5": 12.5, "0": 0, "1e3": 1000, "12,50": 12.5, "+4": 4, "0,1234": .1234} {
		if f, err := parseAmount(text); err != nil || f != want {
			t.Errorf("%q: %v, %v", text, f, err)
		}
	}
	for _, text := range []string{"1,234", "1,234.50", "1.234,50", "NaN", "Inf", "-inf", "0x1p4", "1_000", "1e999", "12 EUR", "--1", "1,2,3"} {
		if f, err := parseAmount(text); crm.KindOf(err) != crm.KindInvalid {
			t.Errorf("%q: %v, %v", text, f, err)
		}
	}
}

// Whatever the file holds, it is read without a fault, and each customer's days
// ascend.
func FuzzOrders(f *testing.F) {
	f.Add("customer,date,amount\na,2026-01-01,1\nb,20260102T10:00Z,-2\na,2026-W01-1,0\n")
	f.Add("date;AMOUNT;customer\n2026-01-01 10:00 +0200;1,5;\"x;y\"\n\n2026-366;3;z")
	f.Fuzz(func(t *testing.T, text string) {
		p := &program{stderr: io.Discard}
		file, err := p.parseOrders([]byte(text), time.UTC, insight.PaidOrFree)
		if err != nil {
			return
		}
		h := file.histories()
		for i := range h.Len() {
			days := h.Days(i)
			for j := 1; j < len(days); j++ {
				if days[j] <= days[j-1] {
					t.Fatalf("days %v", days)
				}
			}
		}
	})
}

// Whatever the JSON holds, it is answered or refused.
func FuzzLadderJSON(f *testing.F) {
	f.Add(`{"C":90,"today":1000,"model":{"r":1,"alpha":90,"a":1,"b":3,"k":2},"base":{"reply":0},"customers":[{"id":"a","orders":[960,900],"signals":{"reply":[1,2]},"referrals":1,"unsub":1}]}`)
	f.Add(`{"today":"2026-01-01","customers":[{"id":[],"orders":["2025-W01-1"]},3]}`)
	f.Fuzz(func(t *testing.T, text string) {
		var out strings.Builder
		p := &program{stdout: &out, stderr: io.Discard, json: true}
		if err := p.ladderOfJSON([]byte(text), ladderFlags{}); err != nil {
			return
		}
		if strings.Contains(out.String(), "NaN") {
			t.Fatal(out.String())
		}
	})
}
