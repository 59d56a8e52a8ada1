package crm

import (
	"strings"
	"time"
)

// DetailKind says what a detail of a contact is.
type DetailKind string

// The kinds.
const (
	DetailPhone   DetailKind = "phone" // E.164
	DetailTitle   DetailKind = "title" // what somebody does at work
	DetailCompany DetailKind = "company"
	DetailAddress DetailKind = "address" // postal, on one line
)

// MaxDetail bounds the value of a detail in bytes.
const MaxDetail = 300

// Several reports whether a contact has several of the kind at a time: a new
// phone stands beside the old one, a new title in its place.
func (k DetailKind) Several() bool { return k == DetailPhone }

// Detail is what somebody can be reached by, or is.
type Detail struct {
	Kind  DetailKind
	Value string
}

// Key is the same for values that say the same: case, accents and commas say
// nothing.
func (d Detail) Key() string {
	if d.Kind == DetailPhone {
		return d.Value
	}
	return strings.Join(Tokens(d.Value), " ")
}

// KnownDetail is a detail that a colleague has accepted.
type KnownDetail struct {
	Detail
	Staff string // who accepted it; "" when it was done on the machine itself
	At    time.Time
}

// DetailProposal is a detail that a signature shows and nobody has decided
// about.
type DetailProposal struct {
	ID DetailID
	Detail
	Contact     ContactID
	ContactName string
	Customer    CustomerID
	Message     MessageID // the newest mail that is signed so
	At          time.Time // of that mail
	Now         string    // what is known instead, "" when nothing is
}

// Reading is what was read from a stored mail after its capture.
type Reading struct {
	ID       MessageID
	Language string   // ISO 639-1; "" when it cannot be told
	Details  []Detail // of the author, by the signature
	Sayings  []Saying // of the author, in what they wrote anew
}
