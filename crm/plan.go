package crm

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Plan is what a campaign does: why, whom, what, when, and how it is proved.
// What goes out once has one step.
type Plan struct {
	Why   string     `json:"why"` // for colleagues
	Whom  Whom       `json:"whom"`
	Steps []Step     `json:"steps"` // the first is where people come in
	When  Schedule   `json:"when"`
	Exits Exits      `json:"exits"`
	Care  Care       `json:"care"`
	Proof Experiment `json:"proof"`
	From  Writer     `json:"from"`
}

// Whom says who is taken in.
type Whom struct {
	Rule  string `json:"rule"`  // of package segment, canonical
	Topic string `json:"topic"` // of the firm's list: who gets mail has consented to it
	Entry Entry  `json:"entry"`
	// Again is after how many days somebody may be taken in once more; 0: never.
	Again int `json:"again,omitempty"`
}

// Entry says when people are taken in.
type Entry string

// The entries.
const (
	EntryOnce  Entry = "once"  // who is in the segment when it starts
	EntryDaily Entry = "daily" // who comes into it, looked for each day in the window
	EntryLive  Entry = "live"  // the same, within minutes: after an order, a wish
)

// Step is one thing that a campaign does with a member.
type Step struct {
	Name string   `json:"name"` // unique in the plan; stays when the plan is edited
	Kind StepKind `json:"kind"`
	// Letters of a sending step: one for each variant, in each language.
	Letters []Variant `json:"letters,omitempty"`
	// Wait of a waiting step.
	Wait Wait `json:"wait,omitzero"`
	// Rule of a branching step: who is in it goes on at Then, others at Else.
	Rule string `json:"rule,omitempty"`
	Then string `json:"then,omitempty"`
	Else string `json:"else,omitempty"`
	// Next is the step after this one; "": the next in the list, and after the
	// last one the end. [StepEnd] is the end.
	Next string `json:"next,omitempty"`
}

// StepKind is what a step does.
type StepKind string

// The kinds.
const (
	StepSend   StepKind = "send"
	StepWait   StepKind = "wait"
	StepBranch StepKind = "branch"
)

// StepEnd is the name of what comes after the last step.
const StepEnd = "end"

// Variant is a text that is tested against others.
type Variant struct {
	Name    string              `json:"name"`
	Letters map[string]Template `json:"letters"` // by language
	Blocks  map[string]string   `json:"blocks,omitempty"`
}

// Wait says until when a member waits.
type Wait struct {
	Days  int  `json:"days,omitempty"` // from when they came to this step
	Due   bool `json:"due,omitempty"`  // until their next order is due (at most Days after that)
	Until Day  `json:"until,omitzero"` // a day
}

// Exits say what ends a campaign for somebody before its end. An unsubscription,
// a mail that bounces for good and an erasure always do.
type Exits struct {
	Reply bool   `json:"reply"` // a mail of theirs to any of us
	Order bool   `json:"order"`
	Rule  string `json:"rule,omitempty"` // of package segment: they are where they were meant to come
}

// Care says what a campaign's mails give way to.
type Care struct {
	// PerWeek is how many mails a person may get within seven days, those of
	// colleagues counted; 0: no limit.
	PerWeek int `json:"per_week"`
	// Question is what becomes of somebody whose question is open, Wrote of
	// somebody to whom a colleague has written today.
	Question GiveWay `json:"question"`
	Wrote    GiveWay `json:"wrote"`
	// Patience is for how many days somebody is put off before they are left out.
	Patience int `json:"patience"`
}

// GiveWay is what a campaign does with somebody whom it should not write to now.
type GiveWay string

// The ways.
const (
	GiveLater GiveWay = "later" // they get it when the reason is gone
	GiveUp    GiveWay = "drop"  // they do not get it
	GiveNot   GiveWay = "send"  // they get it all the same
)

// Experiment says how the effect is measured.
type Experiment struct {
	Holdout float64 `json:"holdout"` // share of the customers who are not written to
	Ring    bool    `json:"ring"`    // by the ring of the quarter, so that the same people are held out of all campaigns
	Days    int     `json:"days"`    // of orders that count, from the first mail on
	Goal    Goal    `json:"goal"`    // by which variants are told apart
}

// Goal is what variants are told apart by.
type Goal string

// The goals. Opens are none.
const (
	GoalOrders  Goal = "orders"
	GoalReplies Goal = "replies"
)

// Writer says in whose name a campaign writes.
type Writer struct {
	Known   bool     `json:"known"` // the colleague whom the customer knows
	Address Address  `json:"address"`
	Name    string   `json:"name"`
	ReplyTo Address  `json:"reply_to,omitempty"`
	Sender  SenderID `json:"sender,omitempty"` // 0: by the domain
	// PerDay bounds the mails in the name of one colleague, who has to answer
	// what comes back; 0: no limit.
	PerDay int `json:"per_day,omitempty"`
}

// Schedule says when a campaign may write. Times are on the clock of the zone, or
// of the recipient's.
type Schedule struct {
	Start        string   `json:"start,omitempty"` // "2026-11-26T09:00" on that clock; "": at once
	Zone         string   `json:"zone"`            // IANA
	PerRecipient bool     `json:"per_recipient,omitempty"`
	Windows      []Window `json:"windows,omitempty"`  // none: at any time
	Holidays     string   `json:"holidays,omitempty"` // a set of days without mail: "fi"
	Except       []Day    `json:"except,omitempty"`   // and these
	// LateHours is how late the start may be before a person is asked; 0: the
	// usual half an hour.
	LateHours int `json:"late_hours,omitempty"`
}

// Window is a time of day on some days of the week in which mail may go out.
type Window struct {
	Days []time.Weekday `json:"days"` // Sunday is 0
	From string         `json:"from"` // "09:00"
	To   string         `json:"to"`   // "17:00"; not included
}

// The bounds of a plan.
const (
	maxSteps    = 50
	maxVariants = 5
	maxWaitDays = 730
	maxHoldout  = 0.9
)

// DefaultPlan gives what a new campaign starts from: a fifth is held out, a
// reply or an order ends it, and it gives way to people.
func DefaultPlan(f *Firm) Plan {
	return Plan{
		Whom:  Whom{Entry: EntryOnce},
		When:  Schedule{Zone: f.TimeZone, Windows: []Window{{Days: []time.Weekday{1, 2, 3, 4, 5}, From: "09:00", To: "17:00"}}, Holidays: holidaysIn(f.TimeZone)},
		Exits: Exits{Reply: true, Order: true},
		Care:  Care{PerWeek: 2, Question: GiveLater, Wrote: GiveLater, Patience: 14},
		Proof: Experiment{Holdout: 0.2, Days: 60, Goal: GoalOrders},
		From:  Writer{Name: f.Name},
	}
}

// Step finds a step by its name.
func (p *Plan) Step(name string) (*Step, bool) {
	i := slices.IndexFunc(p.Steps, func(s Step) bool { return s.Name == name })
	if i < 0 {
		return nil, false
	}
	return &p.Steps[i], true
}

// After gives the name of the step that follows one, [StepEnd] at the end.
func (p *Plan) After(name string) string {
	i := slices.IndexFunc(p.Steps, func(s Step) bool { return s.Name == name })
	switch {
	case i < 0:
		return StepEnd
	case p.Steps[i].Next != "":
		return p.Steps[i].Next
	case i+1 < len(p.Steps):
		return p.Steps[i+1].Name
	}
	return StepEnd
}

// Validate normalises a plan so far as that needs nothing but the plan: rules and
// texts are compiled by those who know their languages. Errors are of kind
// [KindInvalid] and name the field as in "steps.1.wait".
func (p *Plan) Validate() error {
	p.Why = strings.TrimSpace(p.Why)
	for _, check := range []func(*Plan) error{(*Plan).checkWhom, (*Plan).checkSteps, (*Plan).checkFlow, (*Plan).checkProof, (*Plan).checkCare, (*Plan).checkFrom} {
		if err := check(p); err != nil {
			return err
		}
	}
	return p.When.Validate()
}

func (p *Plan) checkWhom() error {
	switch p.Whom.Entry {
	case "":
		p.Whom.Entry = EntryOnce
	case EntryOnce, EntryDaily, EntryLive:
	default:
		return Invalid("whom.entry", "%q is none of once, daily, live", p.Whom.Entry)
	}
	if strings.TrimSpace(p.Whom.Rule) == "" {
		return Invalid("whom.rule", "choose a segment, or write a rule such as: rung is one-time and timing is due")
	}
	if p.Whom.Again < 0 || p.Whom.Again > 3650 {
		return Invalid("whom.again", "%d days are not between 0 and 3650", p.Whom.Again)
	}
	return nil
}

func (p *Plan) checkSteps() error {
	if len(p.Steps) == 0 {
		return Invalid("steps", "a campaign does something; add a mail")
	}
	if len(p.Steps) > maxSteps {
		return Invalid("steps", "there can be %d steps", maxSteps)
	}
	seen, sends := map[string]bool{}, 0
	for i := range p.Steps {
		s := &p.Steps[i]
		field := fmt.Sprintf("steps.%d", i+1)
		if s.Name == "" || s.Name == StepEnd || seen[s.Name] {
			return Invalid(field+".name", "each step needs a name of its own, and none is called %s", StepEnd)
		}
		seen[s.Name] = true
		if s.Kind == StepSend {
			sends++
		}
		if err := s.validate(field); err != nil {
			return err
		}
	}
	if sends == 0 {
		return Invalid("steps", "no step sends anything; add a mail")
	}
	return nil
}

func (s *Step) validate(field string) error {
	switch s.Kind {
	case StepSend:
		if len(s.Letters) == 0 || len(s.Letters) > maxVariants {
			return Invalid(field+".letters", "a mail has one text, or up to %d that are compared", maxVariants)
		}
		for _, v := range s.Letters {
			if len(v.Letters) == 0 {
				return Invalid(field+".letters", "variant %q has no text", v.Name)
			}
		}
	case StepWait:
		w := s.Wait
		if w.Days < 0 || w.Days > maxWaitDays {
			return Invalid(field+".wait", "%d days are not between 0 and %d", w.Days, maxWaitDays)
		}
		if w.Days == 0 && !w.Due && w.Until == 0 {
			return Invalid(field+".wait", "say how long: for days, until a day, or until their next order is due")
		}
	case StepBranch:
		if strings.TrimSpace(s.Rule) == "" {
			return Invalid(field+".rule", "a branch needs a rule")
		}
	default:
		return Invalid(field+".kind", "%q is none of send, wait, branch", s.Kind)
	}
	return nil
}

// checkFlow holds that steps lead to steps, and that a member who goes on comes
// to an end: a loop would write to them for ever.
func (p *Plan) checkFlow() error {
	for i, s := range p.Steps {
		for _, to := range []string{s.Then, s.Else, s.Next} {
			if _, ok := p.Step(to); to != "" && to != StepEnd && !ok {
				return Invalid(fmt.Sprintf("steps.%d", i+1), "it leads to %q, and no step is called so", to)
			}
		}
	}
	on := map[string]int{} // 1: being walked, 2: leads to the end
	var walk func(name string) bool
	walk = func(name string) bool {
		if name == StepEnd || on[name] == 2 {
			return true
		}
		if on[name] == 1 {
			return false
		}
		on[name] = 1
		for _, to := range p.leadsTo(name) {
			if !walk(to) {
				return false
			}
		}
		on[name] = 2
		return true
	}
	for i, s := range p.Steps {
		if !walk(s.Name) {
			return Invalid(fmt.Sprintf("steps.%d", i+1), "its steps lead in a circle; whoever comes in would never get out")
		}
	}
	return nil
}

// leadsTo gives where a member may go on after a step.
func (p *Plan) leadsTo(name string) []string {
	s, _ := p.Step(name)
	if s.Kind != StepBranch {
		return []string{p.After(name)}
	}
	out := []string{s.Then, s.Else}
	for i := range out {
		if out[i] == "" {
			out[i] = p.After(name)
		}
	}
	return out
}

func (p *Plan) checkProof() error {
	q := &p.Proof
	switch {
	case !(q.Holdout >= 0 && q.Holdout <= maxHoldout): // NaN is neither
		return Invalid("proof.holdout", "hold out between 0 and %d %%", int(100*maxHoldout))
	case q.Days < 1 || q.Days > 730:
		return Invalid("proof.days", "count orders for 1 to 730 days")
	case q.Goal == "":
		q.Goal = GoalOrders
	case q.Goal != GoalOrders && q.Goal != GoalReplies:
		return Invalid("proof.goal", "%q is none of orders, replies", q.Goal)
	}
	return nil
}

func (p *Plan) checkCare() error {
	c := &p.Care
	if c.PerWeek < 0 || c.Patience < 0 || c.Patience > 365 {
		return Invalid("care", "mails a week are not below 0, and people are put off for at most 365 days")
	}
	for _, g := range []*GiveWay{&c.Question, &c.Wrote} {
		switch *g {
		case "":
			*g = GiveLater
		case GiveLater, GiveUp, GiveNot:
		default:
			return Invalid("care", "%q is none of later, drop, send", *g)
		}
	}
	return nil
}

func (p *Plan) checkFrom() (err error) {
	w := &p.From
	if w.Address, err = ParseAddress(string(w.Address)); err != nil {
		return Invalid("from", "%s", err.(*Error).Text)
	}
	if strings.ContainsAny(w.Name, "\r\n\x00") {
		return Invalid("from", "the name has a line break or NUL; write it on one line")
	}
	if w.ReplyTo != "" {
		if w.ReplyTo, err = ParseAddress(string(w.ReplyTo)); err != nil {
			return Invalid("from.reply_to", "%s", err.(*Error).Text)
		}
	}
	if w.PerDay < 0 {
		return Invalid("from.per_day", "mails a day are not below 0")
	}
	return nil
}
