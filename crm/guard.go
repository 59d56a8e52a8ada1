package crm

import "fmt"

// MailingHealth is what the world has answered to a mailing so far.
type MailingHealth struct {
	Mailing    MailingID
	Sent       int // taken by a server
	Bounced    int // refused for good, or reported as undelivered
	Complained int // taken for spam by their recipients
}

// The limits at which a mailing stops by itself. Large providers ask for fewer
// than 0.3 % complaints and better than 0.1 %; a few mails prove nothing.
const (
	complaintShare = 0.001
	complaintFloor = 3
	bounceShare    = 0.05
	bounceFloor    = 50 // mails, before the share of bounces says anything
)

// Alarm gives why a mailing must pause, "" when it may go on. A person decides
// whether it resumes.
func (h *MailingHealth) Alarm() string {
	tried := h.Sent + h.Bounced
	switch {
	case h.Complained >= complaintFloor && float64(h.Complained) >= complaintShare*float64(max(h.Sent, 1)):
		return fmt.Sprintf("%d of %d recipients took it for spam (%.2f %%; the limit is %.2f %%)",
			h.Complained, h.Sent, 100*float64(h.Complained)/float64(max(h.Sent, 1)), 100*complaintShare)
	case tried >= bounceFloor && float64(h.Bounced) >= bounceShare*float64(tried):
		return fmt.Sprintf("%d of %d mails came back (%.1f %%; the limit is %.0f %%): is the list old?",
			h.Bounced, tried, 100*float64(h.Bounced)/float64(tried), 100*bounceShare)
	}
	return ""
}
