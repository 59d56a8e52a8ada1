package main

import (
	"strings"
	"time"

	"kaveri/crm"
)

// bounceJSON is what a bounce says, in JSON; of complaints and automatic
// answers who complains or is away.
type bounceJSON struct {
	Recipients        []bouncedJSON `json:"recipients"`
	OriginalMessageID string        `json:"original_message_id"`
	ReportingMTA      string        `json:"reporting_mta"`
}

type bouncedJSON struct {
	Address    string           `json:"address"`
	Action     crm.BounceAction `json:"action"`
	Status     string           `json:"status"`
	ReplyCode  string           `json:"reply_code"`
	Permanent  bool             `json:"permanent"`
	Reason     crm.BounceReason `json:"reason"`
	Diagnostic string           `json:"diagnostic"`
}

type complaintJSON struct {
	FeedbackType      string `json:"feedback_type"`
	Recipient         string `json:"recipient"`
	OriginalMessageID string `json:"original_message_id"`
	SourceIP          string `json:"source_ip"`
	UserAgent         string `json:"user_agent"`
}

func bounceOf(b *crm.Bounce) *bounceJSON {
	if b == nil {
		return nil
	}
	j := &bounceJSON{Recipients: []bouncedJSON{}, OriginalMessageID: b.OriginalMessageID, ReportingMTA: b.ReportingMTA}
	for _, r := range b.Recipients {
		j.Recipients = append(j.Recipients, bouncedJSON{r.Address, r.Action, r.Status, r.ReplyCode, r.Permanent, r.Reason, r.Diagnostic})
	}
	return j
}

func complaintOf(c *crm.Complaint) *complaintJSON {
	if c == nil {
		return nil
	}
	return &complaintJSON{c.FeedbackType, c.Recipient, c.OriginalMessageID, c.SourceIP, c.UserAgent}
}

// each gives a line for each recipient to a person who reads along.
func (j *bounceJSON) each(line func(what, text string)) {
	if j == nil {
		return
	}
	for _, r := range j.Recipients {
		line("bounce", strings.Join(strings.Fields(strings.Join([]string{string(r.Reason), string(r.Action), r.Status, r.ReplyCode, r.Address}, " ")), " "))
	}
}

// absenceJSON is what an automatic answer says about who gave it, in JSON.
type absenceJSON struct {
	Until   string        `json:"until"` // a day, "" when none is told
	Left    bool          `json:"left"`
	Instead []crm.Address `json:"instead"`
	Line    string        `json:"line"` // where it stands
}

func absenceOf(a *crm.Absence) *absenceJSON {
	if a == nil {
		return nil
	}
	j := &absenceJSON{Left: a.Left, Instead: orEmpty(a.Instead), Line: a.Line}
	if !a.Until.IsZero() {
		j.Until = a.Until.Format(time.DateOnly)
	}
	return j
}

// each gives a line to a person who reads along.
func (j *absenceJSON) each(line func(what, text string)) {
	if j == nil {
		return
	}
	line("away until", j.Until)
	if j.Left {
		line("absence", "gone for good")
	}
	for _, a := range j.Instead {
		line("write to", string(a))
	}
}
