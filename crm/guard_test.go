package crm

import (
	"strings"
	"testing"
)

func TestAlarm(t *testing.T) {
	for _, c := range []struct {
		sent, bounced, complained int
		says                      string
	}{
		{1000, 0, 0, ""},
		{1000, 0, 2, ""}, // 0.2 %, but two are not three
		{1000, 0, 3, "3 of 1000 recipients took it for spam (0.30 %; the limit is 0.10 %)"},
		{10000, 0, 9, ""},
		{10000, 0, 10, "took it for spam"},
		{40, 9, 0, ""}, // too few to say
		{45, 5, 0, "5 of 50 mails came back (10.0 %; the limit is 5 %)"},
		{1000, 52, 0, ""},
		{1000, 53, 0, "came back"},
	} {
		h := MailingHealth{Sent: c.sent, Bounced: c.bounced, Complained: c.complained}
		if got := h.Alarm(); (got == "") != (c.says == "") || !strings.Contains(got, c.says) {
			t.Errorf("%+v: %q", c, got)
		}
	}
}
