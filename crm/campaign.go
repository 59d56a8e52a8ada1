package crm

import "time"

// Campaign writes to customers by a plan, and compares what came of it with
// those it did not write to.
type Campaign struct {
	ID       CampaignID
	Name     string
	State    CampaignState
	Reason   string // why it is paused, for people
	Version  int    // of the plan, the newest
	Plan     Plan   // of that version
	Staff    StaffID
	Created  time.Time
	Changed  time.Time
	Frozen   time.Time // its audience was first frozen; zero: not yet
	Launched time.Time
	Looked   time.Time // people were last taken in
	Ended    time.Time
}

// CampaignState is whether a campaign acts.
type CampaignState string

// The states.
const (
	CampaignDraft     CampaignState = "draft"     // its plan is being made
	CampaignScheduled CampaignState = "scheduled" // frozen; its start lies ahead
	CampaignRunning   CampaignState = "running"
	CampaignPaused    CampaignState = "paused"    // by a person or a guardrail; Reason says which
	CampaignFinished  CampaignState = "finished"  // nothing is left to do; its results still grow
	CampaignCancelled CampaignState = "cancelled" // called off
)

// campaignSteps are the legal steps.
var campaignSteps = map[CampaignState][]CampaignState{
	CampaignDraft:     {CampaignScheduled, CampaignRunning, CampaignCancelled},
	CampaignScheduled: {CampaignDraft, CampaignRunning, CampaignPaused, CampaignCancelled},
	CampaignRunning:   {CampaignPaused, CampaignFinished, CampaignCancelled},
	CampaignPaused:    {CampaignRunning, CampaignScheduled, CampaignCancelled, CampaignFinished},
	CampaignFinished:  {CampaignRunning}, // a recurring one that takes people in again
	CampaignCancelled: {},
}

// Become gives next, or an error of kind [KindConflict] when the step is not
// legal.
func (s CampaignState) Become(next CampaignState) (CampaignState, error) {
	for _, n := range campaignSteps[s] {
		if n == next {
			return n, nil
		}
	}
	return s, Conflict("a campaign that is %s cannot become %s", s, next)
}

// Active reports a state in which members are acted upon.
func (s CampaignState) Active() bool { return s == CampaignRunning }

// Arm is what a campaign does with a customer, decided by the hash of
// docs/loyalty.md §9 and nothing else.
type Arm string

// The arms. Who is left out was never randomised: nobody of that customer can be
// written to.
const (
	ArmTreated Arm = "treated"
	ArmHeldOut Arm = "held-out"
	ArmLeftOut Arm = "left-out"
)

// MemberKey names a member: a customer in a campaign, for the first time or
// again.
type MemberKey struct {
	Campaign CampaignID
	Customer CustomerID
	Round    int // from 1
}

// Member is a customer in a campaign, with the one next thing to be done.
type Member struct {
	MemberKey
	Contact ContactID // who gets the mail; 0: nobody can
	Address Address
	Arm     Arm
	Variant int // of an A/B/n test, from 0
	Version int // of the plan that they follow
	Writer  StaffID
	Rung    Rung // when they came in
	Timing  Timing
	Before  Money // value in the time before, in the firm's currency
	State   MemberState
	Step    string    // the next one, by its name in the plan
	Due     time.Time // of it
	Reason  Reason    // why they are where they are
	Why     MemberWhy
	Entered time.Time
	Exposed time.Time // the first mail, or when it would have been; zero: not yet
	Left    time.Time
}

// MemberState is how far a member is.
type MemberState string

// The states.
const (
	MemberWaiting MemberState = "waiting" // Step is due at Due
	MemberDone    MemberState = "done"    // nothing is left to do
	MemberGone    MemberState = "left"    // Reason says why before the end: a reply, an order ...
)

// MemberWhy is why somebody is in a campaign, as it was when they came in.
type MemberWhy struct {
	Rule    string    `json:"rule"` // of the segment
	Consent string    `json:"consent,omitempty"`
	Agreed  time.Time `json:"agreed,omitzero"`
	Person  string    `json:"person,omitempty"` // why this one of the customer
	Writer  string    `json:"writer,omitempty"` // why in this colleague's name
	Draw    float64   `json:"draw"`             // u of docs/loyalty.md §9: held out below the share
	Share   float64   `json:"share"`            // held out
	Key     string    `json:"key"`              // of the draw
}

// Touch is what was done with a member.
type Touch struct {
	ID CampaignTouchID
	MemberKey
	Step     string
	Version  int
	Kind     TouchKind
	Reason   Reason
	Dispatch DispatchID // of the mail; 0: none
	At       time.Time
}

// CampaignTouchID names a touch.
type CampaignTouchID int64

// TouchKind is what was done.
type TouchKind string

// The kinds.
const (
	TouchEntered   TouchKind = "entered"
	TouchSent      TouchKind = "sent"       // put on the ledger
	TouchWouldSend TouchKind = "would-send" // held out: it would have been put there now
	TouchPutOff    TouchKind = "put-off"
	TouchLeftOut   TouchKind = "left-out" // of this step
	TouchMoved     TouchKind = "moved"    // to another step
	TouchLeft      TouchKind = "left"     // the campaign
)
