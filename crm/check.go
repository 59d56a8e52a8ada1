package crm

import (
	"cmp"
	"strconv"
	"strings"
	"time"
)

// Reason is why something was put off, left out or ended. It is kept as a code
// and what goes with it, so that each page says it in its own language.
type Reason struct {
	Code ReasonCode
	At   time.Time // what it is about happened then, or ends then; zero: nothing to tell
	What string    // a name, an address, a number; "" nothing
}

// ReasonCode names a reason. The empty one is none.
type ReasonCode string

// The reasons. The first are those of the last-moment check, in its order.
const (
	ReasonHeldOut     ReasonCode = "held-out"
	ReasonErased      ReasonCode = "erased"
	ReasonNoAddress   ReasonCode = "no-address"   // nobody of the customer can be written to
	ReasonSuppressed  ReasonCode = "suppressed"   // What: why
	ReasonNoConsent   ReasonCode = "no-consent"   // What: the topic
	ReasonReplied     ReasonCode = "replied"      // At: when they wrote to us
	ReasonOrdered     ReasonCode = "ordered"      // At: when
	ReasonGoal        ReasonCode = "goal"         // they are where they were meant to come
	ReasonBounced     ReasonCode = "bounced"      // an earlier mail came back for good
	ReasonComplaint   ReasonCode = "complaint"    // a problem of theirs is unsolved; At: since when
	ReasonQuestion    ReasonCode = "question"     // a question of theirs is open; At: since when
	ReasonNotBefore   ReasonCode = "not-before"   // they asked not to be written to before At
	ReasonWrote       ReasonCode = "wrote"        // a colleague wrote to them; At: when, What: who
	ReasonCap         ReasonCode = "cap"          // they got What mails in seven days; At: when there is room again
	ReasonWriterFull  ReasonCode = "writer-full"  // the writer has as many as can be answered today
	ReasonWriterAway  ReasonCode = "writer-away"  // What: who
	ReasonWindow      ReasonCode = "window"       // mail goes out from At on
	ReasonPatience    ReasonCode = "patience"     // put off for too long; What: the reason that it was for
	ReasonNoField     ReasonCode = "no-field"     // the text has no value for What
	ReasonMerged      ReasonCode = "merged"       // joined with a customer of the other arm
	ReasonOtherRound  ReasonCode = "other-round"  // is in the campaign already
	ReasonCancelled   ReasonCode = "cancelled"    // the campaign was called off
	ReasonNotAnymore  ReasonCode = "not-any-more" // is not in the segment any more
	ReasonUnsubscribe ReasonCode = "unsubscribed" // At: when
	ReasonEdited      ReasonCode = "edited"       // the plan was changed; What: where they were
)

// ReasonCodes lists them.
var ReasonCodes = []ReasonCode{ReasonHeldOut, ReasonErased, ReasonNoAddress, ReasonSuppressed, ReasonNoConsent, ReasonReplied, ReasonOrdered, ReasonGoal, ReasonBounced, ReasonComplaint, ReasonQuestion, ReasonNotBefore, ReasonWrote, ReasonCap, ReasonWriterFull, ReasonWriterAway, ReasonWindow, ReasonPatience, ReasonNoField, ReasonMerged, ReasonOtherRound, ReasonCancelled, ReasonNotAnymore, ReasonUnsubscribe, ReasonEdited}

// String gives the reason as it is stored: the code, the time in microseconds
// (0: none) and the rest, apart by blanks.
func (r Reason) String() string {
	if r.Code == "" {
		return ""
	}
	at := int64(0)
	if !r.At.IsZero() {
		at = r.At.UnixMicro()
	}
	return strings.TrimRight(string(r.Code)+" "+strconv.FormatInt(at, 10)+" "+r.What, " ")
}

// ParseReason reads what [Reason.String] gives; anything else becomes a reason
// whose What is the text.
func ParseReason(s string) Reason {
	if s == "" {
		return Reason{}
	}
	code, rest, _ := strings.Cut(s, " ")
	at, what, _ := strings.Cut(rest, " ")
	us, err := strconv.ParseInt(at, 10, 64)
	if err != nil {
		return Reason{What: s}
	}
	r := Reason{Code: ReasonCode(code), What: what}
	if us != 0 {
		r.At = time.UnixMicro(us).UTC()
	}
	return r
}

// CheckFacts are what the last-moment check looks at, as it is at that moment.
type CheckFacts struct {
	Now        time.Time
	Zone       *time.Location // whose day it is for "today"
	Arm        Arm
	Erased     bool
	Address    Address
	Suppressed string    // why, "" when not
	Topic      string    // of the campaign
	Consented  bool      // to the topic, and did not take it back
	Since      time.Time // they came in: a reply or an order after it counts
	Replied    time.Time // the last mail of theirs to any of us
	Ordered    time.Time // the last order
	Reached    bool      // the plan's [Exits.Rule] holds
	Bounced    bool      // an earlier mail of the campaign came back for good
	Complaint  time.Time // a problem has been open since; zero: none
	Question   time.Time // a question has been open since; zero: none
	NotBefore  time.Time // they asked not to be written to before; zero: they did not
	Wrote      time.Time // the last personal mail of a colleague to them
	WroteBy    string
	Mails      []time.Time // to that person in the last seven days, of every kind, in order
	Held       time.Time   // since when they are put off; zero: they are not
	HeldFor    ReasonCode  // and for what
}

// CheckDecision is what the check comes to.
type CheckDecision string

// The decisions.
const (
	CheckSend  CheckDecision = "send"
	CheckLater CheckDecision = "later" // at Reason.At, or when it is looked at again
	CheckDrop  CheckDecision = "drop"  // this mail, and the campaign goes on for them
	CheckLeave CheckDecision = "leave" // the campaign
	CheckHold  CheckDecision = "hold"  // held out: it would be sent now
)

// Checked is the result of a check.
type Checked struct {
	Do     CheckDecision
	Reason Reason
	Again  time.Time // of CheckLater: not before
}

// recheck is how soon somebody is looked at again whose reason to be put off has
// no end that is known.
const recheck = 15 * time.Minute

const week = 7 * 24 * time.Hour

// Check decides, at the last moment, whether a mail of a plan goes to somebody.
// Those who are held out pass the same check, so that both arms are looked at at
// the same times and for the same reasons.
func (p *Plan) Check(f *CheckFacts) Checked {
	if c, done := p.checkPerson(f); done {
		return c
	}
	if c, done := p.checkExits(f); done {
		return c
	}
	c, wait := p.checkCareFor(f)
	switch {
	case !wait && f.Arm == ArmHeldOut:
		return Checked{Do: CheckHold, Reason: Reason{Code: ReasonHeldOut}}
	case !wait:
		return Checked{Do: CheckSend}
	case c.Do == CheckLater && p.tired(f):
		return Checked{Do: CheckDrop, Reason: Reason{Code: ReasonPatience, What: string(c.Reason.Code)}}
	}
	return c
}

// tired reports that somebody has been put off for longer than the plan waits.
func (p *Plan) tired(f *CheckFacts) bool {
	patience := cmp.Or(p.Care.Patience, 14)
	return !f.Held.IsZero() && f.Now.Sub(f.Held) >= time.Duration(patience)*24*time.Hour
}

// checkPerson looks at who must never get this mail.
func (p *Plan) checkPerson(f *CheckFacts) (Checked, bool) {
	switch {
	case f.Arm == ArmLeftOut, f.Address == "":
		return Checked{Do: CheckLeave, Reason: Reason{Code: ReasonNoAddress}}, true
	case f.Erased:
		return Checked{Do: CheckLeave, Reason: Reason{Code: ReasonErased}}, true
	case f.Suppressed != "":
		return Checked{Do: CheckLeave, Reason: Reason{Code: ReasonSuppressed, What: f.Suppressed}}, true
	case f.Bounced:
		return Checked{Do: CheckLeave, Reason: Reason{Code: ReasonBounced}}, true
	case !f.Consented:
		return Checked{Do: CheckLeave, Reason: Reason{Code: ReasonNoConsent, What: f.Topic}}, true
	}
	return Checked{}, false
}

// checkExits looks at what ends the campaign for them. What happened in the very
// second in which they came in is among what brought them there.
func (p *Plan) checkExits(f *CheckFacts) (Checked, bool) {
	switch {
	case p.Exits.Reply && f.Replied.After(f.Since):
		return Checked{Do: CheckLeave, Reason: Reason{Code: ReasonReplied, At: f.Replied}}, true
	case p.Exits.Order && f.Ordered.After(f.Since):
		return Checked{Do: CheckLeave, Reason: Reason{Code: ReasonOrdered, At: f.Ordered}}, true
	case p.Exits.Rule != "" && f.Reached:
		return Checked{Do: CheckLeave, Reason: Reason{Code: ReasonGoal}}, true
	}
	return Checked{}, false
}

// checkCareFor looks at what the mail gives way to.
func (p *Plan) checkCareFor(f *CheckFacts) (Checked, bool) {
	if !f.Complaint.IsZero() {
		return giveWay(GiveLater, Reason{Code: ReasonComplaint, At: f.Complaint}, f.Now.Add(recheck))
	}
	if !f.Question.IsZero() && p.Care.Question != GiveNot {
		return giveWay(p.Care.Question, Reason{Code: ReasonQuestion, At: f.Question}, f.Now.Add(recheck))
	}
	if f.NotBefore.After(f.Now) {
		return giveWay(GiveLater, Reason{Code: ReasonNotBefore, At: f.NotBefore}, f.NotBefore)
	}
	if tomorrow := nextMidnight(f.Wrote, f.Zone); p.Care.Wrote != GiveNot && !f.Wrote.IsZero() && tomorrow.After(f.Now) {
		return giveWay(p.Care.Wrote, Reason{Code: ReasonWrote, At: f.Wrote, What: f.WroteBy}, tomorrow)
	}
	if again, n := p.capped(f); n > 0 {
		return giveWay(GiveLater, Reason{Code: ReasonCap, At: again, What: strconv.Itoa(n)}, again)
	}
	return Checked{}, false
}

// capped gives when there is room for one more mail, and how many there were;
// 0 when there is room now.
func (p *Plan) capped(f *CheckFacts) (time.Time, int) {
	recent := f.Mails
	for len(recent) > 0 && f.Now.Sub(recent[0]) >= week {
		recent = recent[1:]
	}
	if p.Care.PerWeek == 0 || len(recent) < p.Care.PerWeek {
		return time.Time{}, 0
	}
	return recent[len(recent)-p.Care.PerWeek].Add(week), len(recent)
}

func giveWay(how GiveWay, why Reason, again time.Time) (Checked, bool) {
	if how == GiveUp {
		return Checked{Do: CheckDrop, Reason: why}, true
	}
	return Checked{Do: CheckLater, Reason: why, Again: again}, true
}

// nextMidnight gives the end of a time's day.
func nextMidnight(t time.Time, zone *time.Location) time.Time {
	if zone == nil {
		zone = time.UTC
	}
	y, m, d := t.In(zone).Date()
	return time.Date(y, m, d+1, 0, 0, 0, 0, zone)
}
