package crm

import "time"

// The types of this file are what leaves for an analyst's own programs, a
// customer, an order, a mail each. None holds the text of a mail.

// ExportedCustomer is a customer as analysts count them: without addresses and
// phones.
type ExportedCustomer struct {
	ID           CustomerID
	Name         string
	Organisation bool
	Contacts     int
	Language     string  // in which to write to them, ISO 639-1; "" when it is not known
	Owner        StaffID // 0: nobody's
	Created      time.Time
	Standing     *LoyaltyRow // the newest; nil before the first
}

// ExportedOrder is an order with its lines, without who bought by name.
type ExportedOrder struct {
	ID       OrderID
	Source   string
	Number   string
	Customer CustomerID // 0: nobody that could be told
	At       time.Time
	Day      Day // in the firm's time zone
	State    OrderState
	Currency string
	Total    Money
	Discount Money  // of the whole order and of its lines
	Value    Money  // Total in the firm's currency
	Rate     Rate   // by which Value was counted
	Refunds  string // the number of the order for which it gives money back
	Offers   []string
	Lines    []ExportedOrderLine
}

// ExportedOrderLine is one product of an order.
type ExportedOrderLine struct {
	N        int // of the order, from 1
	Product  ProductID
	Quantity Quantity
	Total    Money // after its discount
	Discount Money
}

// ExportedMail is what is known of a mail besides what it says, once for each
// customer whom it belongs to.
type ExportedMail struct {
	ID           MessageID
	Customer     CustomerID // 0: it is nobody's
	First        bool       // of the rows of this mail
	Conversation ConversationID
	Colleague    StaffID // who wrote it; of mail that came in, in whose mailbox it was seen first; 0: nobody known
	At           time.Time
	Direction    Direction
	Class        Class
	Private      bool
	Attachments  int
	Size         int64
	Language     string
	// Answered is the time since the first mail of the other side that waited for
	// this one, nil when none did.
	Answered *time.Duration
}

// ExportedDelivery is one mail of a mailing to many, and what came of it.
type ExportedDelivery struct {
	ID       DispatchID
	Mailing  MailingID
	Name     string // of the mailing
	Kind     MailingKind
	Topic    string
	Start    time.Time  // of the mailing
	Customer CustomerID // 0: the recipient is nobody we know
	State    DispatchState
	Changed  time.Time // when it came into its state
	Tries    int
	// The first time that each happened, zero for never. What scanners did does
	// not count, nor what a private mail tells.
	Sent, Bounced, Complained, Answered, Clicked, Opened, Unsubscribed time.Time
}

// ExportedStanding is where a customer stood from a day on.
type ExportedStanding struct {
	Customer CustomerID
	RungChange
	Until Day // the day on which they stood elsewhere; 0: they still stand there
}
