package mailgen

import (
	"strings"
	"time"
)

// Kind says what sort of mail a delivery is; it is the truth that a classifier is measured against.
type Kind string

// The kinds of mail.
const (
	KindCase         Kind = "case"         // a customer and the staff, in either direction
	KindAutoReply    Kind = "autoreply"    // a customer's out-of-office notice
	KindBounce       Kind = "bounce"       // a delivery status notification (RFC 3464) about a mail to a customer
	KindInternal     Kind = "internal"     // between members of staff
	KindNewsletter   Kind = "newsletter"   // one to many, with List-* fields
	KindNotification Kind = "notification" // a program writes; Reply-To may name a customer
	KindStranger     Kind = "stranger"     // somebody writes once, is no customer and gets no answer
)

// Direction says which way a mail crossed the border of the firm.
type Direction string

// The directions.
const (
	In       Direction = "in"
	Out      Direction = "out"
	Internal Direction = "internal"
)

// Defect names what is deliberately wrong with a mail; the empty defect means that nothing is.
type Defect string

// The defects.
const (
	NoEndBoundary      Defect = "no-end-boundary"      // the last multipart delimiter is missing
	RawHeader          Defect = "raw-8bit-header"      // Subject and From in unencoded 8-bit text
	LyingCharset       Defect = "lying-charset"        // windows-1252 bytes labelled us-ascii
	NoMessageID        Defect = "no-message-id"        // no Message-ID field
	DuplicateMessageID Defect = "duplicate-message-id" // the Message-ID of an earlier, different mail
	AbsurdDate         Defect = "absurd-date"          // a Date that cannot be true, or no date at all
)

// A Person is a member of staff or a customer's contact.
type Person struct {
	ID        int    // from 1, within its own list
	Name      string // as its owner writes it
	Company   string // the organisation, empty for private people
	Role      string // what the person does there, may be empty
	Language  string // "fi", "en", "sv" or "de"
	Addresses []string
	Phone     string

	client client // which mail program, and therefore which habits
	logo   bool   // has a picture in the signature
}

// First is the given name.
func (p Person) First() string {
	first, _, _ := strings.Cut(p.Name, " ")
	return first
}

// User is the name of the person's mailbox: the local part of the first address.
func (p Person) User() string {
	local, _, _ := strings.Cut(p.Addresses[0], "@")
	return local
}

// A Delivery is one copy of one mail in one folder of one mailbox, together with the truth about it.
type Delivery struct {
	User      string    // whose mailbox: the local part of a member of staff's address
	Folder    string    // IMAP name in UTF-8, levels separated by "/"
	Raw       []byte    // RFC 5322 with CRLF line ends
	Date      time.Time // when it arrived (INTERNALDATE), also where the Date field lies
	Seen      bool      // whether its owner has read it
	MessageID string    // without angle brackets; empty when the mail has none
	Message   int       // the number of the mail, from 1: copies of one mail share it
	Thread    int       // the number of the conversation, from 1
	Kind      Kind
	Direction Direction
	Customer  int    // Person.ID of the customer it belongs to, 0 when it belongs to none
	From      string // the address in From, as written
	Subject   string // decoded
	Attached  int    // how many attachments, pictures of signatures not counted
	Defect    Defect
}

// Folders of every mailbox, by IMAP name. The last one exists in a load only.
var Folders = []string{"INBOX", "Sent", "Archive", "Asiakkaat", "Asiakkaat/Tärkeät"}

const (
	inbox     = "INBOX"
	sent      = "Sent"
	archive   = "Archive"
	customers = "Asiakkaat"
	important = "Asiakkaat/Tärkeät"
)

// client is a mail program, known by its habits in encoding, quoting and naming.
type client int

const (
	desktop client = iota // UTF-8 in 8bit, format=flowed, quotes with ">"
	office                // windows-1252, alternative, Thread-Index, quotes under a rule
	webmail               // UTF-8 in base64, alternative
	phone                 // UTF-8 in quoted-printable, few words
	ancient               // ISO-8859-1 or -15, text only, knows In-Reply-To but not References
	kiosk                 // HTML only
)
