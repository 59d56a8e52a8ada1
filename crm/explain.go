package crm

import "strings"

// Proof is what shows that a mail which answers another one has to do with
// whom that one is about.
type Proof string

// The proofs.
const (
	ProofAuthor  Proof = "author"  // one of us answers whoever wrote it
	ProofDomain  Proof = "domain"  // its author is of the same organisation
	ProofName    Proof = "name"    // its author is called so
	ProofAddress Proof = "address" // its author's address is named so
	ProofQuote   Proof = "quote"   // it repeats words of the other one
)

// proofs are the words in which [Decide] notes a proof in the evidence.
var proofs = []struct {
	words string
	proof Proof
}{
	{"answers its author", ProofAuthor},
	{"also of ", ProofDomain},
	{"signed ", ProofName},
	{"named like it: ", ProofAddress},
	{"quotes it", ProofQuote},
}

// Grounds are the evidence of a link or of a question taken apart, so that
// pages and commands can say it in whole sentences.
type Grounds struct {
	Field  string // what names the value: "from", "forwarded from", "in-reply-to"; "" when nothing does
	Value  string // an address, a Message-ID or a name
	Shared bool   // several people use the address
	Proof  Proof  // of a thread
	Detail string // what the proof rests on: a domain, a name, an address
}

// GroundsOf takes evidence apart. What it does not know stays in Value.
func GroundsOf(evidence string) Grounds {
	field, value, ok := strings.Cut(evidence, ": ")
	if !ok {
		return Grounds{Value: evidence}
	}
	g := Grounds{Field: field, Value: value}
	// Neither an address nor a Message-ID has a space in it.
	value, remark, ok := strings.Cut(value, " (")
	remark, closed := strings.CutSuffix(remark, ")")
	if !ok || !closed {
		return g
	}
	if remark == "shared" {
		g.Value, g.Shared = value, true
		return g
	}
	for _, p := range proofs {
		if detail, ok := strings.CutPrefix(remark, p.words); ok {
			g.Value, g.Proof, g.Detail = value, p.proof, detail
			return g
		}
	}
	return g
}

// Unplaced says why a mail is on nobody's page.
type Unplaced string

// The reasons, the first that fits counts.
const (
	UnplacedAsked    Unplaced = "asked"      // a colleague is asked whose it is
	UnplacedDenied   Unplaced = "denied"     // a colleague said whose it is not
	UnplacedInternal Unplaced = "internal"   // only colleagues write and read it
	UnplacedRobot    Unplaced = "robot"      // a program wrote it: robots make no customers
	UnplacedNobody   Unplaced = "no-address" // it names nobody
	UnplacedIn       Unplaced = "unanswered" // they wrote, and none of us has answered
	UnplacedOut      Unplaced = "one-way"    // we wrote, and they have never written
)

// Unplaced says why the mail is on nobody's page, "" when it is on one; asked
// says that a question about it is open.
func (m *MailView) Unplaced(asked bool) Unplaced {
	switch {
	case len(m.Links) > 0:
		return ""
	case asked:
		return UnplacedAsked
	case len(m.Denied) > 0:
		return UnplacedDenied
	case len(m.Participants) == 0:
		return UnplacedNobody
	case m.Direction == Internal:
		return UnplacedInternal
	case m.Class != ClassHuman || m.From.Address.LooksRobotic():
		return UnplacedRobot
	case m.Direction == Out:
		return UnplacedOut
	}
	return UnplacedIn
}
