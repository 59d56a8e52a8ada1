package crm

import (
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Contact is one human.
type Contact struct {
	ID        ContactID
	Customer  CustomerID
	Name      string
	Addresses []ContactAddress
	Phones    []string      // E.164, or as a list of the firm's own has them
	Details   []KnownDetail // that colleagues have accepted: phones, and the newest of each other kind
	Created   time.Time
	Origin    string // how we came to know: "two-way mail", "added by hand", "import"
}

// ContactAddress says that a contact uses an address, and when. An address may
// belong to several contacts (info@), and then Shared is set.
type ContactAddress struct {
	Address Address
	From    time.Time // zero: always
	Until   time.Time // zero: still
	Shared  bool
}

// Customer is the account we do business with: a confirmed organisation with
// its contacts, or one contact alone (then Organisation is 0).
type Customer struct {
	ID           CustomerID
	Name         string
	Organisation OrganisationID
	Domains      []string // at which everybody is of that organisation
	Owner        StaffID  // the colleague who looks after it, 0 when nobody
	Language     string   // in which to write to it, by its ISO 639-1 code; "" when unknown
	LanguageSaid bool     // a colleague said so, and mail does not change it
	Contacts     []Contact
	Tags         []string // as they are shown, in order
	Created      time.Time
}

// Note is what a colleague wrote down about a customer.
type Note struct {
	ID       NoteID
	Customer CustomerID
	Contact  ContactID // 0: about the customer as a whole
	Staff    StaffID
	Kind     string // NoteKindNote or NoteKindCall
	Body     string
	At       time.Time
}

// The kinds of note.
const (
	NoteKindNote = "note"
	NoteKindCall = "call"
)

// MaxNote bounds the body of a note in bytes.
const MaxNote = 20_000

// Validate checks a note before it is kept.
func (n *Note) Validate() error {
	n.Body = strings.TrimSpace(strings.ToValidUTF8(strings.ReplaceAll(n.Body, "\x00", ""), "�"))
	switch {
	case n.Body == "":
		return Invalid("note", "the note is empty; write a few words")
	case len(n.Body) > MaxNote:
		return Invalid("note", "the note is longer than %d characters; attach long texts as a mail", MaxNote)
	case n.Kind != NoteKindNote && n.Kind != NoteKindCall:
		return Invalid("kind", "%q is unknown; choose note or call", n.Kind)
	}
	return nil
}

// NameFromAddress makes a readable name for a correspondent whose mails carry
// none: the words of the local part, capitalised ("aino.virtanen" becomes
// "Aino Virtanen"); digits at the end are dropped.
func NameFromAddress(a Address) string {
	words := strings.FieldsFunc(a.Local(), func(r rune) bool { return strings.ContainsRune("._-+", r) })
	for i, w := range words {
		if t := strings.TrimRightFunc(w, unicode.IsDigit); t != "" {
			w = t
		}
		r, n := utf8.DecodeRuneInString(w)
		words[i] = string(unicode.ToUpper(r)) + w[n:]
	}
	if len(words) == 0 {
		return string(a)
	}
	return strings.Join(words, " ")
}
