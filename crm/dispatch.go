package crm

import (
	"fmt"
	"slices"
	"time"
)

// Dispatch is one mail to one recipient: a row of the send ledger, unique for
// its mailing and recipient. What happened to it is its state and nothing
// else; no cursor says how far a mailing has come.
type Dispatch struct {
	ID      DispatchID
	Mailing MailingID
	Contact ContactID         // 0: the recipient is nobody we know
	Address Address           // the envelope's recipient
	Name    string            // for the To field; may be empty
	Fields  map[string]string // what the mailing's text may name
	State   DispatchState
	Token   int64     // of the claim it is under, 0 when under none
	Tries   int       // attempts that were recorded
	Due     time.Time // not to be tried before
	Expires time.Time // not to be tried after
	Changed time.Time // when it came into its state
	Reason  string    // why it is in its state, for people; "" where the state says it
}

// DispatchState is what is known of a dispatch.
type DispatchState string

// The states. Everything before armed is certainly unsent: RFC 5321 §4.1.1.10
// lets a server forget a transaction whose final dot it has not seen. Armed is
// durable before the dot leaves; what is found armed after a crash may have been
// taken by the server or not, and nobody can tell (RFC 1047).
const (
	Queued     DispatchState = "queued"     // waits for its turn
	Claimed    DispatchState = "claimed"    // a sending process has it
	Ready      DispatchState = "ready"      // its bytes are made
	Armed      DispatchState = "armed"      // the final dot leaves within seconds
	Sent       DispatchState = "sent"       // the server took it
	Deferred   DispatchState = "deferred"   // refused for now; tried again when due
	Failed     DispatchState = "failed"     // refused for good
	Unknown    DispatchState = "unknown"    // taken or not: evidence, or a person, has to say
	Suppressed DispatchState = "suppressed" // not to be written to
	Expired    DispatchState = "expired"    // refused until its time was up
	Cancelled  DispatchState = "cancelled"  // called off before it was sent
)

// dispatchSteps are the legal steps. All that is not listed is refused, by the
// store too: its statements name the state that they leave.
var dispatchSteps = map[DispatchState][]DispatchState{
	Queued: {Claimed, Suppressed, Expired, Cancelled},
	// A claim ends without an attempt (Queued), before there is a text to send
	// (Failed: a field has no value), or with a server that did not take it.
	Claimed: {Ready, Queued, Deferred, Failed, Suppressed, Expired, Cancelled},
	Ready:   {Armed, Queued, Deferred, Failed, Suppressed, Expired, Cancelled},
	// Ready: the dot has provably not left.
	Armed:    {Sent, Deferred, Failed, Unknown, Ready},
	Deferred: {Claimed, Suppressed, Expired, Cancelled, Queued},
	// By evidence, or by the mailing's policy, or by a person.
	Unknown: {Sent, Failed, Queued, Cancelled},
	// A person tries again what has failed; a report that comes later says
	// that what the server took did not arrive.
	Failed:     {Queued},
	Expired:    {Queued},
	Sent:       {Failed},
	Suppressed: {Queued}, // the suppression was lifted
	Cancelled:  {},
}

// DispatchStates lists all states, in the order in which a mail passes them.
var DispatchStates = []DispatchState{Queued, Claimed, Ready, Armed, Sent, Deferred, Failed, Unknown, Suppressed, Expired, Cancelled}

// MayBecome reports whether the step from s to next is legal.
func (s DispatchState) MayBecome(next DispatchState) bool {
	return slices.Contains(dispatchSteps[s], next)
}

// Become gives next, or an error of kind [KindConflict] that names both when
// the step is not legal.
func (s DispatchState) Become(next DispatchState) (DispatchState, error) {
	if !s.MayBecome(next) {
		return s, Conflict("a mail that is %s cannot become %s", s, next)
	}
	return next, nil
}

// Open reports a state that is not the end: a mailing is finished only when
// none of its dispatches is open.
func (s DispatchState) Open() bool {
	switch s {
	case Queued, Claimed, Ready, Armed, Deferred, Unknown:
		return true
	}
	return false
}

// AfterCrash gives the state of a dispatch whose process has died: what was not
// armed is certainly unsent, what was armed is in doubt.
func (s DispatchState) AfterCrash() DispatchState {
	switch s {
	case Claimed, Ready:
		return Queued
	case Armed:
		return Unknown
	}
	return s
}

// ParseDispatchState reads a state as it stands in a filter.
func ParseDispatchState(s string) (DispatchState, error) {
	if slices.Contains(DispatchStates, DispatchState(s)) {
		return DispatchState(s), nil
	}
	return "", Invalid("state", "%q is none of %s", s, choices(DispatchStates))
}

// Attempt is what one try at a dispatch has come to. It is recorded with the
// server's own words.
type Attempt struct {
	Dispatch DispatchID
	Token    int64 // of the claim
	Sender   SenderID
	Server   string // host that answered, "" when none did
	Stage    Stage
	At       time.Time
	Took     time.Duration
	Reply    Reply
	State    DispatchState // what the dispatch has become
	Due      time.Time     // of a deferred one
	Reason   string        // for people
	WarmUp   WarmUpKey     // of which it is counted when it was sent; zero: of none
}

// Reply is an SMTP reply (RFC 5321 §4.2). The zero Reply is none at all.
type Reply struct {
	Code     int    // 250, 451, 550 ...
	Enhanced string // "5.1.1" (RFC 3463), "" when not told
	Text     string // the server's words, lines joined by blanks
}

// String gives the reply as the server wrote it, on one line.
func (r Reply) String() string {
	switch {
	case r.Code == 0:
		return r.Text
	case r.Enhanced == "":
		return fmt.Sprintf("%d %s", r.Code, r.Text)
	}
	return fmt.Sprintf("%d %s %s", r.Code, r.Enhanced, r.Text)
}

// Stage is where in a session an attempt has ended.
type Stage string

// The stages. Up to body a broken connection is certainly not sent.
const (
	StageRender  Stage = "render"  // no bytes could be made
	StageConnect Stage = "connect" // and greeting
	StageTLS     Stage = "tls"
	StageAuth    Stage = "auth"
	StageMail    Stage = "mail"
	StageRcpt    Stage = "rcpt"
	StageData    Stage = "data" // the DATA command
	StageBody    Stage = "body"
	StageDot     Stage = "dot" // the final dot has left
)

// Lease is the right to send, which one process has at a time. Its token only
// grows and is checked in every transaction made under it: a process that was
// stopped for longer than the lease lasted can write nothing any more.
type Lease struct {
	Token   int64
	Owner   string // host and process, for people
	Expires time.Time
}

// Return gives a claimed dispatch back unsent.
type Return struct {
	Dispatch DispatchID
	Due      time.Time // not to be claimed before; zero: at once
	Token    int64     // of the claim it was made under; 0: of the lease it is given back under
	Reason   string    // why it waits, for people: it does not expire while it does
	Cancel   bool      // it is called off instead, for that reason
}

// Refused is a dispatch that may not be armed any more, with its state: called
// off or suppressed since it was claimed, or under another claim.
type Refused struct {
	Dispatch DispatchID
	State    DispatchState
	Reason   string
}

// Recovered counts what a process that died had in hand.
type Recovered struct {
	Queued  int // certainly unsent
	Unknown int // armed: taken or not
}

// Recipients counts the dispatches of a mailing by state.
type Recipients map[DispatchState]int

// Open counts those that are not at their end.
func (r Recipients) Open() int {
	n := 0
	for s, k := range r {
		if s.Open() {
			n += k
		}
	}
	return n
}

// Total counts all.
func (r Recipients) Total() int {
	n := 0
	for _, k := range r {
		n += k
	}
	return n
}
