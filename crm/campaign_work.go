package crm

import (
	"fmt"
	"time"
)

// The types of this file pass between who keeps campaigns and who runs them.

// Entrant is a customer whom a campaign may take in, with its people.
type Entrant struct {
	Customer CustomerID
	Rung     Rung
	Timing   Timing
	DueDay   Day    // of the next order; 0: nobody knows
	Before   Money  // net value of the orders in the time before
	Language string // in which to write to them; "": not known
	Owner    StaffID
	Round    int  // the last one they were in; 0: none
	Open     bool // they are still in it
	// Last is when they came into that round.
	Last   time.Time
	People []EntrantPerson
}

// EntrantPerson is an address of somebody of a customer, and what speaks for and against
// writing there.
type EntrantPerson struct {
	Contact    ContactID
	Name       string
	Address    Address
	Shared     bool // several people read it
	Suppressed SuppressionReason
	Consent    Consent   // the statement that counts for the topic; zero: none was made
	Wrote      time.Time // last, to us
	Ordered    time.Time // last
	Zone       string    // IANA; "": not known
}

// EntrantsOptions say what is looked at of customers whom a campaign may take in.
type EntrantsOptions struct {
	Campaign CampaignID // whose earlier rounds are told; 0: none
	Topic    string     // to which people are to have agreed; "": mailings at all
	Since    time.Time  // orders from then on count as value before
	Until    time.Time  // up to then, not included
}

// CampaignMailing names the mailing of a campaign's text: each has one, made when
// it is first needed.
type CampaignMailing struct {
	Campaign CampaignID
	Version  int
	Step     string
	Variant  int
	Language string
	Writer   StaffID // 0: the firm
}

// Mark gives the name by which the mailing is found again.
func (k CampaignMailing) Mark() string {
	return fmt.Sprintf("campaign %d v%d %s %d %s %d", k.Campaign, k.Version, k.Step, k.Variant, k.Language, k.Writer)
}

// Deed is what is done with a member: it goes from where Was says to Next, and
// nowhere when somebody else has moved it meanwhile.
type Deed struct {
	Was    Member
	Next   MemberState
	Step   string
	Due    time.Time
	Reason Reason // why they are there
	Writer StaffID
	// Exposed says that this is the first mail to them, or would be.
	Exposed bool
	Touch   TouchKind // what was done; "": nothing that is worth a row
	About   string    // the step that the touch is about; "": where they were
	Why     Reason    // of the touch
	Mail    *DeedMail // nil: none
}

// DeedMail is a mail that a deed puts on the ledger. Who is held out has none: the
// store refuses it.
type DeedMail struct {
	Mailing MailingID
	Name    string
	Fields  map[string]string
	Due     time.Time
	Expires time.Time
}

// Posted is a mail of a campaign on the ledger, with its member as they are now.
type Posted struct {
	Dispatch DispatchID
	Member   Member
	Step     string // that sent it
	Version  int    // by whose plan
	State    CampaignState
}

// Gated is what the last look at a mail, just before it is composed, has come to.
type Gated struct {
	Dispatch DispatchID
	Due      time.Time // not to be asked about before; zero: it is called off
	Reason   string    // for people
}

// MemberQuery selects members of a campaign, in the order of their customers.
type MemberQuery struct {
	Campaign CampaignID
	Arm      Arm         // "": all
	State    MemberState // "": all
	Step     string      // "": all
	Reason   ReasonCode  // "": all
	After    PageKey     // zero: the first page
	Limit    int         // 0: 50
}

// MemberRow is a member in a list.
type MemberRow struct {
	Member
	CustomerName, ContactName, WriterName string
}

// MemberCount is how many members stand somewhere, and why.
type MemberCount struct {
	Arm     Arm         `json:"arm"`
	State   MemberState `json:"state"`
	Step    string      `json:"step,omitempty"`
	Version int         `json:"version"`
	Reason  ReasonCode  `json:"reason,omitempty"`
	N       int         `json:"n"`
}

// TouchCount is how often something was done, and why.
type TouchCount struct {
	Step    string     `json:"step"`
	Version int        `json:"version"`
	Kind    TouchKind  `json:"kind"`
	Reason  ReasonCode `json:"reason,omitempty"`
	N       int        `json:"n"`
}

// TouchQuery selects touches of a campaign, the newest first.
type TouchQuery struct {
	Campaign CampaignID
	Customer CustomerID // 0: of all
	Step     string     // "": all
	Kind     TouchKind  // "": all
	Reason   ReasonCode // "": all
	After    PageKey
	Limit    int // 0: 50
}

// CampaignWriter is a colleague in whose name a campaign may write.
type CampaignWriter struct {
	Staff    StaffID
	Name     string
	Address  Address   // of their mailbox, where answers go; "": they have none
	Disabled bool      // they are not with us any more
	Away     time.Time // until when they are away; zero: they are here
}

// WrittenBy is a mail of a colleague in a conversation that a customer takes part
// in.
type WrittenBy struct {
	Customer CustomerID
	Staff    StaffID
	At       time.Time
}

// MemberFacts is what texts may say about somebody, by the fields' names.
type MemberFacts struct {
	Customer CustomerID
	Name     string // of the person
	Language string
	Fields   map[string]string
}

// MemberCheck is what the last-moment check looks at for a member.
type MemberCheck struct {
	CheckFacts
	// Written says that a mail of the campaign went to them, or was tried to.
	Written bool
	// Twin says that they were joined with another member, of the same arm, who came
	// in before them.
	Twin      bool
	Customer  CustomerID // that they are now: after a merge another than they came as
	TheirZone string     // IANA; "": not known
}

// StepMove says where the members go whose plan is changed: from a step of an older
// version to one of the new.
type StepMove struct {
	Version int    `json:"version"` // that they follow
	From    string `json:"from"`
	To      string `json:"to"`      // [StepEnd]: they are done
	Members int    `json:"members"` // who wait there
	Unsent  int    `json:"unsent"`  // mails of that step on the ledger that have not left: they are made anew
}

// MemberOutcome is what came of one member since they got, or would have got, the first
// mail.
type MemberOutcome struct {
	Customer CustomerID
	Arm      Arm
	Variant  int
	Rung     Rung  // when they came in
	Now      Rung  // on which they stand
	Before   Money // value in the time before
	Orders   int
	Value    Money // of them, net of refunds
	Replied  bool
	// Twin says that they were joined with another member: of the other arm, so
	// that neither can be counted, or of the same, who is counted.
	Twin      bool
	OtherArm  bool
	FirstMail MessageID // that they answered with; 0: none, or nobody's
}
