package crm

import "fmt"

// Signal is a kind of evidence of a customer's attitude (docs/loyalty.md §8.4).
type Signal uint8

// The signals. Each counts successes among opportunities of the last 24 months.
const (
	SignalFullPrice  Signal = iota // orders without discount, of orders
	SignalUnprompted               // orders with no campaign or offer sent in the 7 days before, of orders
	SignalBreadth                  // product groups bought, of the core groups
	SignalReply                    // personal mails answered within 7 days, of such mails
	SignalInitiative               // threads the customer began, complaints excluded, of threads
	SignalVoice                    // survey answers 9-10 (or 4-5 of 5), of answers
	SignalForgive                  // solved problems followed by an order within two cycles, of those old enough
	signals
)

// SignalCount is the number of signals.
const SignalCount = int(signals)

// signalNames are the names in files, and what people read of the signal.
var signalNames = [SignalCount]struct{ name, words string }{
	{"fullprice", "pays full price"},
	{"unprompted", "orders unprompted"},
	{"breadth", "buys of the core groups"},
	{"reply", "answers personal mail"},
	{"initiative", "begins the threads"},
	{"voice", "is glad in surveys"},
	{"forgive", "orders again after a problem"},
}

// String gives the name in files.
func (s Signal) String() string { return signalNames[s].name }

// SignalNamed finds a signal by its name in files.
func SignalNamed(name string) (Signal, bool) {
	for s, n := range signalNames {
		if n.name == name {
			return Signal(s), true
		}
	}
	return 0, false
}

// Tally counts successes among opportunities.
type Tally struct{ Successes, Of float64 }

// Evidence is what one signal says of a customer, and its arithmetic.
type Evidence struct {
	Signal Signal
	Tally
	Typical float64 // the business's own rate
	Shrunk  float64 // the customer's rate, drawn towards the typical one
	Points  float64 // the difference of the log-odds, at most 2 either way
	Weight  float64
}

// String gives the arithmetic for people: "pays full price 5 of 5, typical
// 60 %: +1.13".
func (e Evidence) String() string {
	return fmt.Sprintf("%s %g of %g, typical %.0f %%: %+.2f", signalNames[e.Signal].words, e.Successes, e.Of, 100*e.Typical, e.Weight*e.Points)
}

// Attitude is the index of docs/loyalty.md §8.4. Zero points are no evidence,
// not a bad attitude.
type Attitude struct {
	Evidence   []Evidence     // signals with opportunities, in their order
	Facts      []AttitudeFact `json:",omitempty"` // single facts, each with its points
	Adjustment float64        // their points together
	Points     float64        // L: weighted evidence and adjustment
	Index      float64        // A, from 0 to 1; .5 without evidence
	Enough     bool           // evidence for a label
}

// AttitudeFact is a single fact that moves the attitude, with its points.
type AttitudeFact struct {
	Kind   AttitudeFactKind
	Count  int `json:",omitempty"` // of recommendations
	Points float64
}

// AttitudeFactKind is what a fact says.
type AttitudeFactKind string

// The kinds.
const (
	FactRecommended  AttitudeFactKind = "recommended"  // somebody came by their word
	FactCompetitor   AttitudeFactKind = "competitor"   // they said that they buy elsewhere
	FactComplaint    AttitudeFactKind = "complaint"    // a problem of theirs is unsolved
	FactUnsubscribed AttitudeFactKind = "unsubscribed" // from mailings
)

// AttitudeFacts lists the kinds.
var AttitudeFacts = []AttitudeFactKind{FactRecommended, FactCompetitor, FactComplaint, FactUnsubscribed}

var factWords = map[AttitudeFactKind]string{
	FactRecommended: "customers came by their word", FactCompetitor: "says to buy elsewhere", FactComplaint: "has an unsolved problem", FactUnsubscribed: "unsubscribed from mailings",
}

// String gives the fact for people: "2 customers came by their word: +2.00".
func (f AttitudeFact) String() string {
	words := factWords[f.Kind]
	if f.Kind == FactRecommended {
		if words = fmt.Sprintf("%d %s", f.Count, words); f.Count == 1 {
			words = "a customer came by their word"
		}
	}
	return fmt.Sprintf("%s: %+.2f", words, f.Points)
}

// Arithmetic gives the lines that add up to the points.
func (a *Attitude) Arithmetic() []string {
	out := make([]string, 0, len(a.Evidence)+len(a.Facts))
	for _, e := range a.Evidence {
		out = append(out, e.String())
	}
	for _, f := range a.Facts {
		out = append(out, f.String())
	}
	return out
}
