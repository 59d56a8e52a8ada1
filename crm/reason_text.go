package crm

import (
	"fmt"
	"strings"
	"time"
)

// reasonTexts say what codes mean: %s is What, and the time follows where one is
// known. What is not here is its code.
var reasonTexts = map[ReasonCode]struct {
	text string
	at   string // before the time
}{
	ReasonHeldOut:     {"held out, to compare with", ""},
	ReasonErased:      {"their data was erased", ""},
	ReasonNoAddress:   {"nobody of the customer can be written to", ""},
	ReasonSuppressed:  {"not to be written to: %s", ""},
	ReasonNoConsent:   {"has not agreed to mail about %s", ""},
	ReasonReplied:     {"wrote to us", ""},
	ReasonOrdered:     {"ordered", ""},
	ReasonGoal:        {"is where the campaign was to bring them", ""},
	ReasonBounced:     {"an earlier mail came back for good", ""},
	ReasonComplaint:   {"a problem is unsolved", "since "},
	ReasonQuestion:    {"question open", "since "},
	ReasonNotBefore:   {"asked not to be written to", "before "},
	ReasonWrote:       {"%s wrote to them", ""},
	ReasonCap:         {"got %s mails within seven days", "again from "},
	ReasonWriterFull:  {"the colleague has as many mails as can be answered today", ""},
	ReasonWriterAway:  {"%s is away", "until "},
	ReasonWindow:      {"mail goes out", "from "},
	ReasonPatience:    {"put off for too long: %s", ""},
	ReasonNoField:     {"the text has no value for %s", ""},
	ReasonMerged:      {"joined with a customer of the campaign", ""},
	ReasonOtherRound:  {"is in the campaign already", ""},
	ReasonCancelled:   {"the campaign was called off", ""},
	ReasonNotAnymore:  {"is not whom the campaign is for any more", ""},
	ReasonUnsubscribe: {"unsubscribed", ""},
	ReasonEdited:      {"the campaign was changed", ""},
}

// Text says the reason in English, times on the clock of a zone: "question open
// since Tue 09:12". Pages have words of their own.
func (r Reason) Text(zone *time.Location) string {
	if r.Code == "" {
		return r.What
	}
	t, ok := reasonTexts[r.Code]
	if !ok {
		return string(r.Code)
	}
	s := t.text
	if strings.Contains(s, "%s") {
		what := r.What
		if what == "" && r.Code == ReasonNoConsent {
			what = "anything"
		}
		s = fmt.Sprintf(s, what)
	}
	if r.At.IsZero() {
		return s
	}
	if zone == nil {
		zone = time.UTC
	}
	return s + " " + t.at + r.At.In(zone).Format("Mon 2 Jan 15:04")
}
