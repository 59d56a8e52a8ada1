package crm

// WishKind says what a customer's words are.
type WishKind string

// The kinds.
const (
	WishWish       WishKind = "wish"
	WishPreference WishKind = "preference"
	WishProblem    WishKind = "problem"
	WishPraise     WishKind = "praise"
	WishQuestion   WishKind = "question"
	WishPlan       WishKind = "plan"   // with a date
	WishSwitch     WishKind = "switch" // they have gone to a competitor, or will
)

// WishState is what becomes of a wish.
type WishState string

// The states.
const (
	WishProposed    WishState = "proposed"  // found in a mail; a colleague is asked
	WishDismissed   WishState = "dismissed" // it was none
	WishNew         WishState = "new"
	WishConsidering WishState = "considering"
	WishPromised    WishState = "promised"
	WishDone        WishState = "done" // and they do not know yet
	WishTold        WishState = "told" // they know
	WishDeclined    WishState = "declined"
)

// Open reports a state in which the customer still waits.
func (s WishState) Open() bool { return s == WishNew || s == WishConsidering || s == WishPromised }

// SurveyKind says how a survey is answered.
type SurveyKind string

// The kinds.
const (
	SurveyNPS  SurveyKind = "nps"  // 0 to 10: would you recommend us
	SurveyCSAT SurveyKind = "csat" // 1 to 5: are you content
)

// Glad reports an answer of somebody who is more than content.
func (k SurveyKind) Glad(score int) bool {
	if k == SurveyNPS {
		return score >= 9
	}
	return score >= 4
}
