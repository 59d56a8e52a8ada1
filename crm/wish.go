package crm

import (
	"slices"
	"strings"
	"time"
)

// WishKind says what a customer's words are.
type WishKind string

// The kinds.
const (
	WishWish       WishKind = "wish"
	WishPreference WishKind = "preference"
	WishProblem    WishKind = "problem"
	WishPraise     WishKind = "praise"
	WishQuestion   WishKind = "question"
	WishPlan       WishKind = "plan"   // with a date
	WishSwitch     WishKind = "switch" // they have gone to a competitor, or will
)

// WishKinds lists the kinds.
var WishKinds = []WishKind{WishWish, WishPreference, WishProblem, WishPraise, WishQuestion, WishPlan, WishSwitch}

// Ranks reports a kind by which the customer's attitude is judged
// (docs/loyalty.md §8.4).
func (k WishKind) Ranks() bool { return k == WishProblem || k == WishSwitch }

// WishForce is what moves a customer towards something new or holds them back
// (the four forces of the job-to-be-done interview).
type WishForce string

// The forces; "" is not known.
const (
	ForcePush    WishForce = "push"    // what they have does not do
	ForcePull    WishForce = "pull"    // the new thing draws them
	ForceHabit   WishForce = "habit"   // what they have is what they know
	ForceAnxiety WishForce = "anxiety" // the new thing might not do
)

// WishForces lists the forces.
var WishForces = []WishForce{ForcePush, ForcePull, ForceHabit, ForceAnxiety}

// WishStrength is how much a customer wants something.
type WishStrength string

// The strengths; "" is not known.
const (
	StrengthMust  WishStrength = "must"
	StrengthWould WishStrength = "would-like"
	StrengthNice  WishStrength = "nice"
)

// WishStrengths lists the strengths, the strongest first.
var WishStrengths = []WishStrength{StrengthMust, StrengthWould, StrengthNice}

// WishState is what becomes of a wish.
type WishState string

// The states.
const (
	WishProposed    WishState = "proposed"  // found in a mail; a colleague is asked
	WishDismissed   WishState = "dismissed" // it was none
	WishNew         WishState = "new"
	WishConsidering WishState = "considering"
	WishPromised    WishState = "promised"
	WishDone        WishState = "done" // and they do not know yet
	WishTold        WishState = "told" // they know
	WishDeclined    WishState = "declined"
)

// WishStates lists the states, in the order in which a wish goes through them.
var WishStates = []WishState{WishProposed, WishDismissed, WishNew, WishConsidering, WishPromised, WishDone, WishTold, WishDeclined}

// OpenWishStates are those in which the customer still waits.
var OpenWishStates = []WishState{WishNew, WishConsidering, WishPromised}

// Open reports a state in which the customer still waits.
func (s WishState) Open() bool { return slices.Contains(OpenWishStates, s) }

// wishSteps are the steps that a wish may go. What turns out to be otherwise can
// be taken back: a wish that was not met after all is promised again.
var wishSteps = map[WishState][]WishState{
	WishProposed:    {WishNew, WishDismissed},
	WishDismissed:   {WishNew},
	WishNew:         {WishConsidering, WishPromised, WishDone, WishDeclined, WishDismissed},
	WishConsidering: {WishPromised, WishDone, WishDeclined},
	WishPromised:    {WishConsidering, WishDone, WishDeclined},
	WishDone:        {WishTold, WishPromised},
	WishTold:        {WishConsidering},
	WishDeclined:    {WishConsidering},
}

// Next lists the states that may follow.
func (s WishState) Next() []WishState { return wishSteps[s] }

// Step says whether a wish may go from one state to another; declining needs a
// reason. Its error is of kind [KindInvalid] or [KindConflict].
func (s WishState) Step(to WishState, reason string) error {
	switch {
	case !slices.Contains(WishStates, to):
		return Invalid("state", "%q is none of %s", to, choices(WishStates))
	case !slices.Contains(s.Next(), to):
		return &Error{Kind: KindConflict, Field: "state", Text: "a wish that is " + string(s) + " cannot become " + string(to)}
	case to == WishDeclined && strings.TrimSpace(reason) == "":
		return Invalid("reason", "say why it is declined; they may ask")
	}
	return nil
}

// Wish is what a customer wishes, prefers, dislikes or plans, in their words.
type Wish struct {
	ID       WishID
	Customer CustomerID
	Contact  ContactID // who said it, 0 when that is not known
	Message  MessageID // where it was said, 0 when not in a mail
	Place    int       // of the quote in that mail's text, in bytes
	Note     NoteID    // that tells of it, 0 for none
	Quote    string
	Kind     WishKind
	Topic    string    // what it is about, in the firm's own words
	Product  ProductID // that meets it, or that it is about
	Job      string    // when ... I want ... so that ...
	Force    WishForce
	Strength WishStrength
	State    WishState
	Reason   string // of the last step
	// NotBefore and ExpiresOn bound when it is of interest; 0: nobody knows.
	NotBefore, ExpiresOn Day
	Staff                StaffID // who wrote it down or confirmed it
	Asked                StaffID // who asked the customer
	At                   time.Time
	Changed              time.Time
	Done                 time.Time // zero while it is not
}

// Bounds of what a wish holds, in bytes.
const (
	MaxQuote  = 2_000
	MaxTopic  = 100
	MaxReason = 500
)

// Validate checks a wish before it is kept, and puts what is usual where nothing
// is said: a new wish.
func (w *Wish) Validate() error {
	for _, s := range []*string{&w.Quote, &w.Topic, &w.Job, &w.Reason} {
		*s = tidyLine(*s)
	}
	if w.Kind == "" {
		w.Kind = WishWish
	}
	if w.State == "" {
		w.State = WishNew
	}
	switch {
	case w.Quote == "":
		return Invalid("wish", "the wish is empty; write what they said, in a few words")
	case len(w.Quote) > MaxQuote:
		return Invalid("wish", "the wish is longer than %d characters; write the rest as a note", MaxQuote)
	case len(w.Topic) > MaxTopic:
		return Invalid("wish topic", "the topic is longer than %d characters; one or two words find more", MaxTopic)
	case len(w.Job) > MaxReason || len(w.Reason) > MaxReason:
		return Invalid("reason", "it is longer than %d characters", MaxReason)
	case !slices.Contains(WishKinds, w.Kind):
		return Invalid("kind", "%q is none of %s", w.Kind, choices(WishKinds))
	case !slices.Contains(WishStates, w.State):
		return Invalid("state", "%q is none of %s", w.State, choices(WishStates))
	case w.Force != "" && !slices.Contains(WishForces, w.Force):
		return Invalid("force", "%q is none of %s", w.Force, choices(WishForces))
	case w.Strength != "" && !slices.Contains(WishStrengths, w.Strength):
		return Invalid("strength", "%q is none of %s", w.Strength, choices(WishStrengths))
	case w.ExpiresOn != 0 && w.ExpiresOn < w.NotBefore:
		return Invalid("expires on", "%s is before %s, before which it is not wanted", w.ExpiresOn, w.NotBefore)
	}
	return nil
}

// tidyLine puts a text on one line and drops what no text has.
func tidyLine(s string) string {
	return strings.Join(strings.Fields(strings.ToValidUTF8(strings.ReplaceAll(s, "\x00", ""), "\uFFFD")), " ")
}

// TopicKey is the same for topics that say the same: case, accents and commas
// say nothing.
func TopicKey(topic string) string { return strings.Join(Tokens(topic), " ") }

// WishRow is a wish in a list.
type WishRow struct {
	Wish
	CustomerName, ContactName, StaffName, AskedName, ProductName string

	Rung     Rung      // of the customer; "" when the ladder has none yet
	Value    Money     // awaited of them in the next 12 months
	LastSeen time.Time // the last mail or order of theirs that everybody may see
}

// WishStep is a step that a wish went.
type WishStep struct {
	State  WishState
	Reason string
	Staff  string // "" when a machine did it
	At     time.Time
}

// WishQuery selects wishes, the newest first.
type WishQuery struct {
	Customer CustomerID // 0: of all
	Topic    string     // "": all
	States   []WishState
	Kind     WishKind
	Text     string // words that quote or topic begin with
	After    PageKey
	Limit    int // 0: 50
}

// Saying is what reading a mail found its author to say of what they want.
type Saying struct {
	Kind      WishKind
	Quote     string // the sentence
	Place     int    // of it in the mail's text, in bytes
	NotBefore Day
}

// WishProposal is a saying that nobody has decided about.
type WishProposal struct {
	ID WishID
	Saying
	Topic        string // proposed; "" when none of the known ones is named
	Customer     CustomerID
	CustomerName string
	Contact      ContactID
	ContactName  string
	Message      MessageID
	Subject      string
	At           time.Time
}

// TopicWishes is what is open on a topic. Weight and Value count each customer
// once, so that one who wishes often does not outweigh the rest.
type TopicWishes struct {
	Topic     string
	Wishes    int
	Customers int
	Loyal     int   // customers of those who are LOYAL or ADVOCATE
	Weight    int   // sum of [Rung.Weight]
	Value     Money // awaited of them in the next 12 months
}

// TopicOrder is by what topics are sorted.
type TopicOrder string

// The orders; the largest first.
const (
	TopicsByWeight TopicOrder = "weight"
	TopicsByValue  TopicOrder = "value"
	TopicsByCount  TopicOrder = "count"
)

// Weight is how much a wish counts for by the rung of who wishes (docs/loyalty.md
// §7): who stays tells best what is worth staying for.
func (r Rung) Weight() int {
	switch r {
	case RungAdvocate:
		return 5
	case RungLoyal:
		return 4
	case RungFrequent:
		return 3
	case RungOccasional:
		return 2
	}
	return 1
}
