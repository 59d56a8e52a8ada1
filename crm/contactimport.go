package crm

import "time"

// ImportVerb says what an import does with an entry of an address book.
type ImportVerb string

// The verbs.
const (
	ImportAdd    ImportVerb = "add"    // a new customer of one contact
	ImportExtend ImportVerb = "extend" // a known contact gains addresses or phones
	ImportKnown  ImportVerb = "known"  // all of it is there
	ImportRefuse ImportVerb = "refuse" // Reason says why
)

// ImportStep is what an import does with one entry, or would do. Nothing that is
// known is overwritten, and nobody who has opted out is written to again because
// of it: that is noted by address.
type ImportStep struct {
	Entry     int // its place among the entries, from 0
	Verb      ImportVerb
	Name      string
	Contact   ContactID // of extend and known; 0 for one that an earlier entry adds
	Customer  CustomerID
	Owner     string    // that customer's name
	Addresses []Address // that are new to the contact
	Phones    []string
	Note      string    // of a new customer, for its timeline
	Elsewhere []Address // that are somebody else's already and stay there
	Stopped   []Address // of Addresses, those that are not written to
	Reason    string
}

// ContactBook is an address book that was imported.
type ContactBook struct {
	ID                           ImportID
	Source                       string // the name of the file
	Staff                        string // who imported it, "" on the machine itself
	At, Undone                   time.Time
	Customers, Addresses, Phones int // that came of it
}

// ImportUndone says what undoing an import has taken back.
type ImportUndone struct {
	Customers, Addresses, Phones, Notes int
	Kept                                []string // what stays and why, a sentence each
}
