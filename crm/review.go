package crm

import (
	"fmt"
	"time"
)

// ReviewKind says what a colleague is asked.
type ReviewKind string

// The questions.
const (
	ReviewMail         ReviewKind = "mail"         // does this mail belong to this contact?
	ReviewAddress      ReviewKind = "address"      // does this contact use this address too?
	ReviewOrganisation ReviewKind = "organisation" // are all at this domain of one organisation?
	ReviewMerge        ReviewKind = "merge"        // are these two contacts the same person?
)

// ReviewState is what became of a question.
type ReviewState string

// The states. What was confirmed or dismissed is not asked again.
const (
	ReviewOpen      ReviewState = "open"
	ReviewConfirmed ReviewState = "confirmed"
	ReviewDismissed ReviewState = "dismissed"
	ReviewSettled   ReviewState = "settled" // the rules have found the answer
)

// Review is a question for a colleague: what the rules can propose and not
// decide.
type Review struct {
	ID       ReviewID
	Kind     ReviewKind
	Message  MessageID // the mail in question, or the one that raised it
	Contact  ContactID
	Other    ContactID
	Subject  string // the address or the domain
	Reason   Rule
	Evidence string
	State    ReviewState
	At       time.Time

	// For people, filled when read.
	ContactName, OtherName string
	Customer, OtherOf      CustomerID
	Mail                   *MailRow
}

// Mark names what is proposed: the same question has the same mark. A domain
// is asked about once.
func (r *Review) Mark() string {
	switch r.Kind {
	case ReviewMail:
		return fmt.Sprintf("mail %d %d", r.Message, r.Contact)
	case ReviewAddress:
		return fmt.Sprintf("address %d %s", r.Contact, r.Subject)
	case ReviewOrganisation:
		return "organisation " + r.Subject
	}
	return fmt.Sprintf("merge %d %d", min(r.Contact, r.Other), max(r.Contact, r.Other))
}

// MergeRow is a merge as it stands in a list: which customer went into the one
// at hand, and who said so.
type MergeRow struct {
	ID    MergeID
	Other CustomerID
	Name  string
	Staff string // "" when it was done on the machine itself
	At    time.Time
}
