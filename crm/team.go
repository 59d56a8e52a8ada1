package crm

import "time"

// The types of this file say who of us knows whom, what was captured for a
// colleague, and what stands about a customer on paper.

// Known is a customer whom a colleague looks after or has been in touch with.
type Known struct {
	Customer CustomerID
	Owner    StaffID // who looks after it, 0 when nobody who is still here
}

// Talk is a contact of a colleague with a customer: a mail of people that they
// wrote, or that was addressed to them, or a call.
type Talk struct {
	Staff StaffID
	At    time.Time
	// Answered: somebody wrote and the other side answered, at this time; or it
	// was a call. The rest went one way.
	Answered bool
}

// Ownership says who looks after a customer; Staff 0 is nobody.
type Ownership struct {
	Customer CustomerID
	Staff    StaffID
}

// Words are the gist of what somebody wrote or noted.
type Words struct {
	At      time.Time // zero: there are none
	By      string    // who
	Subject string    // of a mail
	Text    string    // what its author wrote anew, on one line, cut short; a note's text
	Kind    string    // of a note: [NoteKindNote] or [NoteKindCall]
}

// CustomerBrief is what is to be known of a customer without a screen. What of
// it comes from mail, the viewer it was made for may see.
type CustomerBrief struct {
	Customer CustomerID
	Name     string
	Owner    StaffID
	Contacts []Contact
	Standing LoyaltyRow // zero while none was found
	Owed     time.Time  // since when their last mail waits for an answer; zero: none does
	Said     Words      // the last mail of people from them
	Wrote    Words      // the last one from us
	Noted    Words      // the last note or call
	Wishes   []Wish     // open, the oldest first
	Orders   []Order    // the last three, the newest first, without lines
}

// Span is a period of time: from Since until before Until.
type Span struct{ Since, Until time.Time }

// Captured is what was captured for a colleague in a [Span], and what it led to.
type Captured struct {
	Staff      StaffID
	In, Out    int // mails of people: from customers into their mailboxes, and by them to customers
	Calls      int
	Notes      int
	Customers  int             // with whom they were in touch by any of these
	Answers    []time.Duration // for how long each question waited that they answered, the shortest first
	Confirmed  int             // wishes that they wrote down or confirmed
	Met        int             // of those which they ever wrote down or confirmed: met in the span
	Orders     int             // that followed within [FollowDays] after a conversation of theirs with the customer
	Followed   []Followed      // the newest of them
	Waiting    int             // of those customers, who waits for an answer now
	Inherited  int             // mails of colleagues who left, with customers with whom they were in touch
	Inheriting int             // those customers
}

// FollowDays is within how many days after a conversation an order is said to
// have followed it. Nothing says that it came of it.
const FollowDays = 14

// Followed is an order that came after a conversation.
type Followed struct {
	Customer CustomerRef
	Order    OrderID
	Ordered  time.Time
	Talked   time.Time // the last conversation before
}

// Coverage is how much of what goes on with customers is captured.
type Coverage struct {
	Customers  int       // all
	Reached    int       // of whom there is a mail, a note or a call
	Colleagues int       // who may sign in
	Followed   int       // of them have a mailbox that is followed
	Boxes      int       // mailboxes that are followed
	Troubled   int       // of them cannot be read just now
	Mails      []int     // with customers, on each day of the span, the oldest first
	ByItself   int       // mails of the span that found their customer by a rule
	ByHand     int       // that a colleague placed
	Asked      int       // that wait for a colleague to say where they belong
	First      time.Time // of the span, midnight where the firm is
}
