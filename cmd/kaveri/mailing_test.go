package main

import (
	"strings"
	"testing"

	"kaveri/crm"
)

// TestMayTurn: a verb that would change nothing says so, with what there is to
// do instead.
func TestMayTurn(t *testing.T) {
	open, done := crm.Recipients{crm.Queued: 1}, crm.Recipients{crm.Sent: 2, crm.Failed: 1}
	for _, c := range []struct {
		verb  string
		state crm.MailingState
		n     crm.Recipients
		want  string // "": it may
	}{
		{"pause", crm.MailingRunning, open, ""},
		{"resume", crm.MailingPaused, open, ""},
		{"resume", crm.MailingHeld, open, ""},
		{"stop", crm.MailingRunning, open, ""},
		{"stop", crm.MailingPaused, open, ""},
		{"stop", crm.MailingDraft, nil, ""},
		{"pause", crm.MailingRunning, done, "is finished: nothing of it waits"},
		{"resume", crm.MailingPaused, done, "is finished"},
		{"stop", crm.MailingRunning, done, "kaveri mailing retry 7"},
		{"stop", crm.MailingStopped, done, "is called off already"},
		{"resume", crm.MailingStopped, open, "is called off already"},
		{"pause", crm.MailingPaused, open, "is paused already: lunch; kaveri mailing resume 7"},
		{"resume", crm.MailingRunning, open, "is not paused"},
		{"pause", crm.MailingDraft, open, "is not complete yet"},
	} {
		r := crm.MailingRow{Mailing: crm.Mailing{ID: 7, State: c.state, Reason: "lunch"}, Recipients: c.n}
		err := mayTurn(&r, c.verb)
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want) || !strings.HasPrefix(err.Error(), "mailing: mailing 7 ")) {
			t.Errorf("%s of one that is %s: %v, want %q", c.verb, c.state, err, c.want)
		}
	}
}
