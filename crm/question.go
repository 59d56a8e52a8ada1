package crm

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

// The rules of this file say what the mail between a customer and us comes to:
// when they wrote last, when we did, and which mails of theirs wait for our answer.

// QuestionRests is after how long a mail that nobody has answered does not wait
// any more: whoever asked has found another way by then. It also keeps the mail
// of ten years, once imported, from becoming ten years of questions.
const QuestionRests = 90 * 24 * time.Hour

// Side is who speaks in a mail, as seen from one customer.
type Side int

// The sides.
const (
	SideOthers Side = iota // neither: they only get a copy, or the mail is about them
	SideTheirs             // the customer wrote it
	SideOurs               // somebody of us wrote it to them
)

// Side tells who speaks in a mail that a rule has linked to a contact. The
// evidence of an address begins with the field in which it stands ("from: ..."),
// and From is looked at first. A mail that a relay of ours wrote for them is
// theirs; one in which we pass on theirs is no answer to them.
func (l *Link) Side(d Direction) Side {
	switch {
	case l.Rule == RuleReplyTo:
		return SideTheirs
	case l.Rule == RuleForwarded || l.Rule == RuleBounced || d == Internal:
		return SideOthers
	case d == Out:
		return SideOurs
	case l.Rule == RuleThread, l.Rule == RuleByHand, strings.HasPrefix(l.Evidence, string(RoleFrom)+": "):
		return SideTheirs
	}
	return SideOthers
}

// Said is one mail of a person between a customer and us, or a call.
type Said struct {
	Mail         MessageID // 0: a call, or a mail that was sent and is not captured yet
	Contact      ContactID // of the customer, who wrote it or got it; of a call: with whom, 0: not said
	Conversation ConversationID
	At           time.Time
	Side         Side
	Call         bool
	Asks         bool // of theirs: it calls for an answer
	Closed       bool // a colleague has said that it needs none
}

// Exchange is what the mail between a customer and us comes to. Times are zero
// for what never was.
type Exchange struct {
	Customer CustomerID
	Wrote    time.Time  // they wrote last
	Written  time.Time  // somebody of us wrote to them last
	Began    time.Time  // they began a conversation last
	Waiting  []Question // the longest waiting first
}

// Question is a mail that waits for our answer.
type Question struct {
	Mail         MessageID
	Conversation ConversationID
	Contact      ContactID // who asks
	At           time.Time
}

// Since gives since when a question of theirs waits, zero when none does.
func (e *Exchange) Since() time.Time {
	if len(e.Waiting) == 0 {
		return time.Time{}
	}
	return e.Waiting[0].At
}

// ExchangeOf reads what was said, in any order. A mail of theirs waits when it
// calls for an answer, nobody has said that it needs none, and since it came no
// mail of ours in its conversation has gone to them, and nobody has called: a
// call with nobody named, or with whoever asked, answers all that they had asked
// before. Two mails of one moment stand in the order in which they were captured.
func ExchangeOf(said []Said, now time.Time) Exchange {
	said = slices.Clone(said)
	slices.SortStableFunc(said, func(a, b Said) int {
		return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.Mail, b.Mail))
	})
	var e Exchange
	begun := map[ConversationID]bool{}
	for _, s := range said {
		if s.Call {
			continue
		}
		first := !begun[s.Conversation]
		begun[s.Conversation] = true
		switch s.Side {
		case SideOurs:
			e.Written = s.At
		case SideTheirs:
			e.Wrote = s.At
			if first {
				e.Began = s.At
			}
		}
	}
	e.Waiting = waiting(said, now)
	return e
}

// waiting walks back from the newest: what came after a mail is known when the
// mail is looked at.
func waiting(said []Said, now time.Time) (out []Question) {
	answered := map[ConversationID]bool{}
	called := map[ContactID]bool{}
	for _, s := range slices.Backward(said) {
		switch {
		case s.Call:
			called[s.Contact] = true
		case s.Side == SideOurs:
			if s.Conversation != 0 {
				answered[s.Conversation] = true
			}
		case s.Side != SideTheirs, !s.Asks, s.Closed, answered[s.Conversation], called[0], called[s.Contact]:
		case now.Sub(s.At) >= QuestionRests:
		default:
			out = append(out, Question{Mail: s.Mail, Conversation: s.Conversation, Contact: s.Contact, At: s.At})
		}
	}
	slices.Reverse(out)
	return out
}

// WaitingRow is what of one customer waits in one conversation, as far as the
// viewer may see it.
type WaitingRow struct {
	Customer     CustomerID
	Name         string // the customer's
	Owner        string // the colleague who looks after it, "" when nobody
	Conversation ConversationID
	First        MessageID // waits longest
	Newest       MessageID // waits, too: what a colleague has seen when the row is shown
	Mails        int       // that wait
	Since        time.Time // First came
	Contact      string    // who asks
	Subject      string    // of Newest
	Preview      string    // of Newest
	Private      bool      // Newest is
	Rung         Rung      // where they stand; "" while that was not found
	Note         RungNote
	Timing       Timing
}

// ClosedRow is a mail of which a colleague has said that it needs no answer.
type ClosedRow struct {
	Mail         MessageID
	Conversation ConversationID
	Customer     CustomerID
	Name         string // the customer's
	Subject      string
	Staff        string // who said so, "" when it was said on the machine itself
	At           time.Time
}

// Knower is the colleague who writes to a customer most.
type Knower struct {
	Name  string
	Mails int // of theirs, among the newest ones that went to the customer
	Of    int
}
