package insight

import (
	"cmp"
	"slices"

	"kaveri/crm"
)

// Action is the next best thing to do for a customer (docs/loyalty.md §8.7): a
// code, whose words the pages have.
type Action string

// The actions.
const (
	ActionWelcome       Action = "welcome"        // a contact: nothing has been ordered
	ActionAskHow        Action = "ask-how"        // one order lately: ask how it went, no discount
	ActionSecondOrder   Action = "second-order"   // due: help towards a second order
	ActionWinBack       Action = "win-back"       // overdue: one win-back, with or without an offer by lot
	ActionAskMissing    Action = "ask-missing"    // quiet: one question, what was missing; then seldom
	ActionInvite        Action = "invite"         // a well-wisher: a personal invitation
	ActionServe         Action = "serve"          // nothing but good service
	ActionAskPreference Action = "ask-preference" // frequent, unproven: ask one preference
	ActionOtherReason   Action = "other-reason"   // frequent, bound: a reason besides the price
	ActionEarlyNews     Action = "early-news"     // loyal: early news and a wish, no discounts
	ActionThank         Action = "thank"          // an advocate: thanks first, then a way to recommend
	ActionCall          Action = "call"           // loyal or more, and overdue: call today
	ActionManagerWrites Action = "manager-writes" // lapsed from loyal: the account manager writes, not a campaign
	ActionLapsedMail    Action = "lapsed-mail"    // lapsed from less: a campaign may
)

// NextAction gives the rule that applies to a standing. Each campaign that
// follows from it has its own holdout.
func NextAction(s *crm.Standing) Action {
	overdue := s.Timing == crm.TimingOverdue
	switch s.Rung {
	case crm.RungContact:
		return ActionWelcome
	case crm.RungQuiet:
		return ActionAskMissing
	case crm.RungOneTime:
		return oneTimeAction(s)
	case crm.RungLapsed:
		if fellFromLoyal(s) {
			return ActionManagerWrites
		}
		return ActionLapsedMail
	case crm.RungLoyal, crm.RungAdvocate:
		switch {
		case overdue:
			return ActionCall
		case s.Rung == crm.RungAdvocate:
			return ActionThank
		}
		return ActionEarlyNews
	}
	switch {
	case s.Note == crm.NoteWellWisher:
		return ActionInvite
	case overdue:
		return ActionWinBack
	case s.Note == crm.NoteBound:
		return ActionOtherReason
	case s.Note == crm.NoteUnproven:
		return ActionAskPreference
	}
	return ActionServe
}

// fellFromLoyal reports a lapsed customer who was loyal or an advocate.
func fellFromLoyal(s *crm.Standing) bool {
	return s.Note == crm.NoteWas(crm.RungLoyal) || s.Note == crm.NoteWas(crm.RungAdvocate)
}

func oneTimeAction(s *crm.Standing) Action {
	switch {
	case s.Timing == crm.TimingOverdue:
		return ActionWinBack
	case s.Note == crm.NoteWellWisher:
		return ActionInvite
	case s.Timing == crm.TimingDue:
		return ActionSecondOrder
	}
	return ActionAskHow
}

// ServiceOrder gives the place in queues and reply targets, 0 first: advocates,
// the loyal, those who ordered steadily and are about to be lost, well-wishers,
// the frequent, the rest.
func ServiceOrder(s *crm.Standing) int {
	switch {
	case s.Rung == crm.RungAdvocate:
		return 0
	case s.Rung == crm.RungLoyal:
		return 1
	case s.Rung == crm.RungFrequent && s.Timing == crm.TimingOverdue, fellFromLoyal(s):
		return 2
	case s.Note == crm.NoteWellWisher:
		return 3
	case s.Rung == crm.RungFrequent:
		return 4
	}
	return 5
}

// rungWorth weighs an alert by the rung.
var rungWorth = map[crm.Rung]float64{
	crm.RungOneTime: 1, crm.RungOccasional: 2, crm.RungFrequent: 3, crm.RungLoyal: 4, crm.RungAdvocate: 5,
}

// AlertWorth orders the list of those who are overdue: rung x value of the next
// 12 months, the largest first. It is 0 for those who are not.
func AlertWorth(s *crm.Standing, value float64) float64 {
	if s.Timing != crm.TimingOverdue {
		return 0
	}
	return rungWorth[s.Rung] * value
}

// ByService sorts what waits for an answer in the order of service; at the same
// place who has waited longest comes first.
func ByService(rows []crm.WaitingRow) {
	order := func(w *crm.WaitingRow) int {
		return ServiceOrder(&crm.Standing{Rung: w.Rung, Note: w.Note, Timing: w.Timing})
	}
	slices.SortStableFunc(rows, func(a, b crm.WaitingRow) int {
		return cmp.Or(cmp.Compare(order(&a), order(&b)), a.Since.Compare(b.Since))
	})
}
